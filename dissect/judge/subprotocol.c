/* SPDX-License-Identifier: MIT */
#include "dissect/judge/detail.h"
#include "dissect/judge/rules.h"
#include "dissect/ws_frame.h"

/* Kinds of messages that a subprotocol uses. */
enum {
    TEXT = 1,
    BINARY = 2,
    EITHER = TEXT | BINARY,
};

/* What its messages begin with. */
enum shape {
    SHAPE_ANY = 0,
    SHAPE_ARRAY,  /* each a JSON array (RFC 8259 section 5) */
    SHAPE_OBJECT, /* each a JSON object (RFC 8259 section 4) */
    SHAPE_XML,    /* each an element (RFC 7395 section 3.3.3) */
    SHAPE_MQTT,   /* the first one of each side a certain packet */
    SHAPE_AMQP,   /* the first one of each side the protocol header */
    SHAPE_STOMP,  /* the first one of each side a certain command */
};

/*
 * Names in the registry of IANA (RFC 6455 section 11.5), and others that are
 * widely used.  What kind of message they use is filled in only where a
 * specification demands it: MQTT 5.0 section 6, OASIS AMQP WebSocket binding,
 * RFC 6143 as registered, RFC 7395 section 3.2, RFC 8857 section 4.2, RFC 8887
 * section 4.3, OPC 10000-6 section 7.5, WAMP, OCPP-J, and the documents of the
 * GraphQL libraries.
 */
struct subprotocol {
    const char *name;
    uint8_t kinds;
    uint8_t shape; /* enum shape */
    bool is_registered;
    bool is_must;     /* of the kind: MQTT-6.0.0-1 */
    const char *what; /* NULL: the name says it */
};

#define IANA true
#define OTHER false

static const struct subprotocol table[] = {
    {"MBWS.huawei.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"MBLWS.huawei.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"soap", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"wamp", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"v10.stomp", EITHER, SHAPE_STOMP, IANA, false, NULL},
    {"v11.stomp", EITHER, SHAPE_STOMP, IANA, false, NULL},
    {"v12.stomp", EITHER, SHAPE_STOMP, IANA, false, NULL},
    {"ocpp1.2", TEXT, SHAPE_ANY, IANA, false, NULL},
    {"ocpp1.5", TEXT, SHAPE_ANY, IANA, false, NULL},
    {"ocpp1.6", TEXT, SHAPE_ARRAY, IANA, false, NULL},
    {"ocpp2.0", TEXT, SHAPE_ARRAY, IANA, false, NULL},
    {"ocpp2.0.1", TEXT, SHAPE_ARRAY, IANA, false, NULL},
    {"ocpp2.1", TEXT, SHAPE_ARRAY, OTHER, false, "Open Charge Point Protocol"},
    {"rfb", BINARY, SHAPE_ANY, IANA, false, NULL},
    {"sip", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"notificationchannel-netapi-rest.openmobilealliance.org", EITHER,
     SHAPE_ANY, IANA, false, NULL},
    {"wpcp", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"rwpcp", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"amqp", BINARY, SHAPE_AMQP, IANA, false, NULL},
    {"AMQPWSB10", BINARY, SHAPE_AMQP, OTHER, false, "AMQP 1.0"},
    {"mqtt", BINARY, SHAPE_MQTT, IANA, true, NULL},
    {"mqttv3.1", BINARY, SHAPE_MQTT, OTHER, false, "MQTT 3.1"},
    {"jsflow", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"xmpp", TEXT, SHAPE_XML, IANA, false, NULL},
    {"ship", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"mielecloudconnect", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"v10.pcp.sap.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"msrp", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"v1.saltyrtc.org", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"TLCP-2.0.0.lightstreamer.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"TLCP-2.1.0.lightstreamer.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"TLCP-2.2.0.lightstreamer.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"TLCP-2.3.0.lightstreamer.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"TLCP-2.4.0.lightstreamer.com", EITHER, SHAPE_ANY, OTHER, false,
     "Lightstreamer"},
    {"bfcp", BINARY, SHAPE_ANY, IANA, false, NULL},
    {"sldp.softvelum.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"webrtc.softvelum.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"opcua+uacp", BINARY, SHAPE_ANY, IANA, false, NULL},
    {"opcua+uajson", TEXT, SHAPE_ANY, IANA, false, NULL},
    {"v1.swindon-lattice+json", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"v1.usp", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"mles-websocket", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"coap", BINARY, SHAPE_ANY, IANA, false, NULL},
    {"sqlnet.oracle.com", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"oneM2M.R2.0.json", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"oneM2M.R2.0.xml", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"oneM2M.R2.0.cbor", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"transit", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"2016.serverpush.dash.mpeg.org", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"2018.mmt.mpeg.org", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"clue", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"t140", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"cobra.v2.json", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"drp", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"hub.bsc.bacnet.org", BINARY, SHAPE_ANY, IANA, false, NULL},
    {"dc.bsc.bacnet.org", BINARY, SHAPE_ANY, IANA, false, NULL},
    {"jmap", TEXT, SHAPE_OBJECT, IANA, false, NULL},
    {"done", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"collection-update", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"text.ircv3.net", TEXT, SHAPE_ANY, IANA, false, NULL},
    {"binary.ircv3.net", BINARY, SHAPE_ANY, IANA, false, NULL},
    {"v3.penguin-stats.live+proto", EITHER, SHAPE_ANY, IANA, false, NULL},
    {"wamp.2.json", TEXT, SHAPE_ARRAY, OTHER, false, "WAMP 2"},
    {"wamp.2.json.batched", TEXT, SHAPE_ARRAY, OTHER, false, "WAMP 2"},
    {"wamp.2.msgpack", BINARY, SHAPE_ANY, OTHER, false, "WAMP 2"},
    {"wamp.2.cbor", BINARY, SHAPE_ANY, OTHER, false, "WAMP 2"},
    {"wamp.2.ubjson", BINARY, SHAPE_ANY, OTHER, false, "WAMP 2"},
    {"wamp.2.flatbuffers", BINARY, SHAPE_ANY, OTHER, false, "WAMP 2"},
    {"graphql-transport-ws", TEXT, SHAPE_OBJECT, OTHER, false,
     "GraphQL, as the library graphql-ws speaks it"},
    {"graphql-ws", TEXT, SHAPE_OBJECT, OTHER, false,
     "GraphQL, as the older library subscriptions-transport-ws speaks it"},
    {"actioncable-v1-json", TEXT, SHAPE_OBJECT, OTHER, false,
     "Action Cable of Rails"},
    {"actioncable-unsupported", EITHER, SHAPE_ANY, OTHER, false,
     "Action Cable of Rails"},
    {"v1.kernel.websocket.jupyter.org", EITHER, SHAPE_ANY, OTHER, false,
     "Jupyter"},
    {"channel.k8s.io", EITHER, SHAPE_ANY, OTHER, false, "Kubernetes"},
    {"v4.channel.k8s.io", EITHER, SHAPE_ANY, OTHER, false, "Kubernetes"},
    {"v5.channel.k8s.io", EITHER, SHAPE_ANY, OTHER, false, "Kubernetes"},
    {"base64.channel.k8s.io", EITHER, SHAPE_ANY, OTHER, false, "Kubernetes"},
    {"base64.binary.k8s.io", EITHER, SHAPE_ANY, OTHER, false, "Kubernetes"},
    {"realtime", EITHER, SHAPE_ANY, OTHER, false, NULL},
    {"openai-beta.realtime-v1", EITHER, SHAPE_ANY, OTHER, false, NULL},
    {"json.webpubsub.azure.v1", EITHER, SHAPE_ANY, OTHER, false,
     "Azure Web PubSub"},
    {"protobuf.webpubsub.azure.v1", EITHER, SHAPE_ANY, OTHER, false,
     "Azure Web PubSub"},
    {"janus-protocol", EITHER, SHAPE_ANY, OTHER, false, "Janus"},
    {"binary", EITHER, SHAPE_ANY, OTHER, false, "TCP as websockify passes it"},
    {"base64", EITHER, SHAPE_ANY, OTHER, false, "TCP as websockify passes it"},
    {"BLIP_3+CBMobile_2", EITHER, SHAPE_ANY, OTHER, false, "Couchbase"},
    {"BLIP_3+CBMobile_3", EITHER, SHAPE_ANY, OTHER, false, "Couchbase"},
    {"tty", EITHER, SHAPE_ANY, OTHER, false, "the terminal ttyd"},
    {"webtty", EITHER, SHAPE_ANY, OTHER, false, "the terminal GoTTY"},
    {"vite-hmr", EITHER, SHAPE_ANY, OTHER, false, "Vite"},
    {"vite-ping", EITHER, SHAPE_ANY, OTHER, false, "Vite"},
    {"guacamole", EITHER, SHAPE_ANY, OTHER, false, "Apache Guacamole"},
    {"lws-minimal", EITHER, SHAPE_ANY, OTHER, false, "libwebsockets"},
    {"lws-mirror-protocol", EITHER, SHAPE_ANY, OTHER, false, "libwebsockets"},
    {"dumb-increment-protocol", EITHER, SHAPE_ANY, OTHER, false,
     "libwebsockets"},
    {"chat", EITHER, SHAPE_ANY, OTHER, false, "an example of RFC 6455"},
    {"superchat", EITHER, SHAPE_ANY, OTHER, false, "an example of RFC 6455"},
    {"echo-protocol", EITHER, SHAPE_ANY, OTHER, false, NULL},
};

/* Names are compared with their case (RFC 7936 section 2). */
static const struct subprotocol *
lookup(struct slice name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (slice_equal_cstr(name, table[i].name))
            return &table[i];
    return NULL;
}

bool
judge_is_known_subprotocol(struct slice name)
{
    return lookup(name) != NULL;
}

static void
tell_unregistered(struct judge *j, const struct event_handshake *ev,
                  const struct subprotocol *known)
{
    struct detail d;
    if (judge_is_secret(ev->protocol))
        return;
    detail_value(&d, "", ev->protocol, "");
    if (known && known->what) {
        detail_add(&d, ": ");
        detail_add(&d, known->what);
    }
    judge_find_side(j, FINDING_SUBPROTOCOL_UNREGISTERED, WS_SENDER_SERVER,
                    judge_answered(ev), d.text);
}

void
judge_subprotocol(struct judge *j, const struct event_handshake *ev)
{
    if (!ev->accepted || !ev->response_head || ev->protocol.len == 0)
        return;
    const struct subprotocol *known = lookup(ev->protocol);
    bool list = memchr(ev->protocol.ptr, ',', ev->protocol.len) != NULL;
    if (!list && (!known || !known->is_registered))
        tell_unregistered(j, ev, known);
    j->subprotocol.known = known;
    j->pub.starts =
        known && (known->kinds != EITHER || known->shape != SHAPE_ANY);
}

/* ---- Messages ------------------------------------------------------- */

/* Whether the message begins with text, as far as its start is known. */
static bool
begins_with(struct slice start, const char *text)
{
    struct slice want = slice_cstr(text);
    size_t n = start.len < want.len ? start.len : want.len;
    return n == 0 || memcmp(start.ptr, want.ptr, n) == 0;
}

/* The first byte behind white space of JSON and XML; 0: there is none in what
 * is known. */
static uint8_t
first_mark(struct slice start)
{
    for (size_t i = 0; i < start.len; i++)
        if (!memchr(" \t\r\n", start.ptr[i], 4))
            return start.ptr[i];
    return 0;
}

/* CONNECT from the client; CONNACK, or AUTH in front of it, from the server
 * (MQTT 5.0 sections 3.1, 3.2, 4.12). */
static bool
is_mqtt_first(struct slice start, enum ws_sender from)
{
    if (start.len == 0)
        return true;
    if (from == WS_SENDER_SERVER)
        return start.ptr[0] == 0x20 || start.ptr[0] == 0xf0;
    if (start.ptr[0] != 0x10)
        return false;
    size_t i = 1; /* the Remaining Length, section 2.1.4 */
    while (i < start.len && i < 5 && (start.ptr[i] & 0x80))
        i++;
    if (i >= start.len)
        return true;
    if (i == 5)
        return false;
    struct slice name = slice_skip(start, i + 1);
    static const char mqtt[] = {0, 4, 'M', 'Q', 'T', 'T'};
    static const char isdp[] = {0, 6, 'M', 'Q', 'I', 's', 'd', 'p'};
    size_t n = name.len < sizeof mqtt ? name.len : sizeof mqtt;
    size_t n_isdp = name.len < sizeof isdp ? name.len : sizeof isdp;
    return n == 0 || memcmp(name.ptr, mqtt, n) == 0 ||
           memcmp(name.ptr, isdp, n_isdp) == 0;
}

/* Whether that is a first STOMP frame; line feeds in front are heart-beats
 * (STOMP 1.2, "Heart-beating"). */
static bool
is_stomp_first(struct slice start, enum ws_sender from)
{
    while (start.len > 0 && (start.ptr[0] == '\n' || start.ptr[0] == '\r'))
        start = slice_skip(start, 1);
    if (from == WS_SENDER_CLIENT)
        return begins_with(start, "CONNECT") || begins_with(start, "STOMP");
    return begins_with(start, "CONNECTED") || begins_with(start, "ERROR");
}

/* What is wrong with a message that begins so; NULL: nothing.  first: the
 * first one of its sender. */
static const char *
malformed(enum shape shape, const struct judged_payload *p, bool first)
{
    uint8_t mark = first_mark(p->start);
    bool blank = mark == 0 && p->len > p->start.len;
    switch (shape) {
    case SHAPE_ANY:
        return NULL;
    case SHAPE_ARRAY:
        return blank || mark == '[' ? NULL : "not a JSON array";
    case SHAPE_OBJECT:
        return blank || mark == '{' ? NULL : "not a JSON object";
    case SHAPE_XML:
        return mark == 0 || mark == '<' ? NULL : "not an XML element";
    case SHAPE_MQTT:
        return !first || is_mqtt_first(p->start, p->from)
                   ? NULL
                   : "the first packet is not the one that opens MQTT";
    case SHAPE_AMQP:
        return !first || begins_with(p->start, "AMQP")
                   ? NULL
                   : "the first bytes are not the protocol header of AMQP";
    case SHAPE_STOMP:
        return !first || is_stomp_first(p->start, p->from)
                   ? NULL
                   : "the first frame is not the one that opens STOMP";
    }
    return NULL;
}

static void
find_in_message(struct judge *j, enum finding_id id, bool is_error,
                const struct judged_payload *p, const char *detail)
{
    judge_find(j, &(struct event_finding){.id = id,
                                          .severity = SEVERITY_ERROR,
                                          .lowered = is_error, /* raised */
                                          .has_from = true,
                                          .from = p->from,
                                          .at = judge_stamp(p->meta),
                                          .has_offset = true,
                                          .offset = p->offset,
                                          .frame = p->frame,
                                          .message = p->message,
                                          .detail = detail});
}

void
judge_payload(struct judge *j, const struct judged_payload *p)
{
    const struct subprotocol *known = j->subprotocol.known;
    struct detail d;
    if (!known)
        return;
    unsigned kind = p->opcode == WS_OP_TEXT     ? TEXT
                    : p->opcode == WS_OP_BINARY ? BINARY
                                                : EITHER;
    if (!(known->kinds & kind)) {
        detail_init(&d);
        detail_add(&d, kind == TEXT ? "text, and " : "binary, and ");
        detail_add(&d, known->name);
        detail_add(&d, kind == TEXT ? " is binary" : " is text");
        find_in_message(j, FINDING_SUBPROTOCOL_FRAME_TYPE_WRONG, known->is_must,
                        p, d.text);
        return;
    }
    bool first = p->message == 1 && !j->side[p->from].gap;
    const char *wrong =
        p->complete ? malformed((enum shape)known->shape, p, first) : NULL;
    if (!wrong)
        return;
    detail_init(&d);
    detail_add(&d, known->name);
    detail_add(&d, ": ");
    detail_add(&d, wrong);
    find_in_message(j, FINDING_SUBPROTOCOL_PAYLOAD_MALFORMED, false, p, d.text);
}
