/* SPDX-License-Identifier: MIT */
/*
 * What the two heads say of extensions, of permessage-deflate and of
 * subprotocols, and whether messages then follow the subprotocol.
 */
#include <string.h>

#include "dissect/ws_frame.h"
#include "tests/finding_case.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

#define DEFLATE "permessage-deflate"

/* ---- Handshakes ----------------------------------------------------- */

static void
play_handshake(struct scene *s, const void *data)
{
    const struct scene_handshake *h = data;
    scene_handshake_with(s, h);
    if (h->no_response || h->status)
        scene_end(s, S);
    else
        scene_close(s, C, 1000);
}

#define HANDSHAKE(...)                                                         \
    .play_with = play_handshake, .data = &(const struct scene_handshake)       \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* Offered and agreed extensions. */
#define EXTENSIONS(offer, answer)                                              \
    HANDSHAKE(.deflate_offer = (offer), .deflate_answer = (answer))
#define PROTOCOLS(offer, answer)                                               \
    HANDSHAKE(.protocol_offer = (offer), .protocol_answer = (answer))

static const size_t answer_packet[] = {5};

/* ---- Messages of a subprotocol -------------------------------------- */

/* Two messages, each by one side, in a conversation with that subprotocol. */
struct talk {
    const char *protocol;
    const char *deflate;
    struct {
        enum ws_sender from;
        uint8_t opcode; /* 0: none */
        const char *text;
        size_t len;   /* 0: up to the NUL of text */
        size_t split; /* two fragments: the first of this length */
    } message[3];
};

static void
play_talk(struct scene *s, const void *data)
{
    const struct talk *t = data;
    scene_handshake_with(s, &(struct scene_handshake){.protocol = t->protocol,
                                                      .deflate = t->deflate});
    for (size_t i = 0; i < 3 && t->message[i].opcode; i++) {
        enum ws_sender from = t->message[i].from;
        const char *text = t->message[i].text;
        size_t len = t->message[i].len ? t->message[i].len : strlen(text);
        size_t split = t->message[i].split;
        uint8_t opcode = t->message[i].opcode;
        if (t->deflate) {
            scene_deflated(s, from, opcode, text, len, true);
            continue;
        }
        scene_frame(s, from,
                    &(struct scene_frame){.opcode = opcode,
                                          .more = split > 0,
                                          .payload = text,
                                          .payload_len = split ? split : len});
        if (split > 0)
            scene_frame(s, from,
                        &(struct scene_frame){.payload = text + split,
                                              .payload_len = len - split});
    }
    scene_close(s, C, 1000);
}

#define TALK(...)                                                              \
    .play_with = play_talk, .data = &(const struct talk)                       \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
#define TEXT(sender, words)                                                    \
    {                                                                          \
        .from = (sender), .opcode = WS_OP_TEXT, .text = (words)                \
    }
#define BINARY(sender, bytes)                                                  \
    {                                                                          \
        .from = (sender), .opcode = WS_OP_BINARY, .text = (bytes),             \
        .len = sizeof(bytes) - 1                                               \
    }

#define MQTT_CONNECT "\x10\x10\0\4MQTT\4\2\0\x3c\0\4test"
#define MQTT_CONNACK "\x20\2\0\0"

/* The message begins in bytes that were lost. */
static const size_t lost_message[] = {7};

static const struct finding_case list[] = {
    /* Offered subprotocols */
    {.name = "an offered subprotocol with a blank in it",
     .expect = "handshake-subprotocol-offer-invalid:client",
     HANDSHAKE(.protocol_offer = "chat room, chat", .protocol_answer = "chat")},
    {.name = "an offered subprotocol that is an address",
     .expect = "handshake-subprotocol-offer-invalid:client",
     .also = "handshake-subprotocol-none-chosen:server",
     HANDSHAKE(.protocol_offer = "http://example.com/chat")},
    {.name = "an offer of no subprotocol at all",
     .expect = "handshake-subprotocol-offer-invalid:client",
     HANDSHAKE(.request_headers = "Sec-WebSocket-Protocol:\r\n")},
    {.name = "an offer with a comma too many",
     .also = "handshake-subprotocol-offer-invalid:client",
     PROTOCOLS("chat,", "chat")},
    {.name = "subprotocols in two lines",
     .absent = "handshake-subprotocol-offer-invalid "
               "handshake-subprotocol-offer-duplicated "
               "handshake-subprotocol-not-offered "
               "handshake-subprotocol-multiple "
               "handshake-subprotocol-none-chosen",
     HANDSHAKE(.request_headers = "Sec-WebSocket-Protocol: a, b\r\n"
                                  "Sec-WebSocket-Protocol: chat\r\n",
               .protocol_answer = "chat")},
    {.name = "the same subprotocol twice",
     .expect = "handshake-subprotocol-offer-duplicated:client",
     HANDSHAKE(.request_headers = "Sec-WebSocket-Protocol: chat, x\r\n"
                                  "Sec-WebSocket-Protocol: chat\r\n",
               .protocol_answer = "chat")},
    {.name = "two subprotocols that differ in case",
     .absent = "handshake-subprotocol-offer-duplicated",
     PROTOCOLS("chat, Chat", "chat")},

    /* The chosen subprotocol */
    {.name = "a subprotocol that was not offered",
     .expect = "handshake-subprotocol-not-offered:server",
     PROTOCOLS("chat", "soap")},
    {.name = "a subprotocol though none was offered",
     .expect = "handshake-subprotocol-not-offered:server",
     PROTOCOLS(NULL, "soap")},
    {.name = "a subprotocol that differs in case from the offer",
     .expect = "handshake-subprotocol-not-offered:server",
     .also = "subprotocol-unregistered",
     PROTOCOLS("mqtt", "MQTT")},
    {.name = "a refusal that names a subprotocol",
     .expect = "handshake-refused",
     .absent = "handshake-subprotocol-not-offered "
               "handshake-extension-not-offered "
               "handshake-subprotocol-none-chosen deflate-declined",
     HANDSHAKE(.status = "500 Internal Server Error", .protocol_offer = "chat",
               .protocol_answer = "soap", .deflate_answer = DEFLATE)},
    {.name = "two subprotocols chosen",
     .expect = "handshake-subprotocol-multiple:server",
     PROTOCOLS("a, b", "a, b")},
    {.name = "two subprotocols chosen in two lines",
     .expect = "handshake-subprotocol-multiple:server",
     HANDSHAKE(.protocol_offer = "soap, wamp", .protocol_answer = "soap",
               .response_headers = "Sec-WebSocket-Protocol: wamp\r\n")},
    {.name = "an empty subprotocol chosen",
     .expect = "handshake-subprotocol-multiple:server",
     .absent = "handshake-subprotocol-none-chosen",
     HANDSHAKE(.protocol_offer = "soap",
               .response_headers = "Sec-WebSocket-Protocol:\r\n")},
    {.name = "no subprotocol chosen",
     .also = "handshake-subprotocol-none-chosen:server",
     PROTOCOLS("soap", NULL)},
    {.name = "no subprotocol offered and none chosen",
     .absent = "handshake-subprotocol-none-chosen subprotocol-unregistered "
               "deflate-declined deflate-negotiated",
     HANDSHAKE(0)},

    /* Extensions */
    {.name = "an extension list that breaks the grammar",
     .expect = "handshake-extension-syntax:client",
     .absent = "deflate-offer-invalid",
     EXTENSIONS(DEFLATE "; =10", NULL)},
    {.name = "an empty extension list",
     .expect = "handshake-extension-syntax:server",
     HANDSHAKE(.response_headers = "Sec-WebSocket-Extensions: \r\n")},
    {.name = "quotes, blanks, several lines, several offers",
     .absent = "handshake-extension-syntax handshake-extension-not-offered "
               "handshake-extension-unregistered "
               "handshake-extension-rsv-conflict deflate-offer-invalid "
               "deflate-invalid-offer-accepted "
               "deflate-request-not-acknowledged deflate-legacy-name",
     HANDSHAKE(.request_headers = "Sec-WebSocket-Extensions: " DEFLATE
                                  " ; server_max_window_bits = \"10\" ; "
                                  "client_max_window_bits\r\n"
                                  "Sec-WebSocket-Extensions: " DEFLATE
                                  "; client_max_window_bits\r\n",
               .deflate_answer = DEFLATE)},
    {.name = "an extension nobody registered",
     .also = "handshake-extension-unregistered:client",
     EXTENSIONS("x-own; a=1", NULL)},
    {.name = "an extension that was not offered",
     .expect = "handshake-extension-not-offered:server",
     .absent = "deflate-client-window-not-offered "
               "deflate-invalid-offer-accepted",
     EXTENSIONS(NULL, DEFLATE "; client_max_window_bits=10")},
    {.name = "two extensions for one bit",
     .expect = "handshake-extension-rsv-conflict:server",
     .also = "deflate-legacy-name:client deflate-legacy-name:server",
     EXTENSIONS(DEFLATE ", x-webkit-deflate-frame",
                DEFLATE ", x-webkit-deflate-frame")},
    {.name = "the same extension accepted twice",
     .expect = "handshake-extension-rsv-conflict:server",
     EXTENSIONS(DEFLATE ", " DEFLATE, DEFLATE ", " DEFLATE)},

    /* permessage-deflate */
    {.name = "compression is agreed",
     .also = "deflate-negotiated:both",
     .absent = "deflate-declined deflate-window-8 "
               "deflate-server-window-too-large deflate-response-invalid",
     EXTENSIONS(DEFLATE "; client_max_window_bits", DEFLATE)},
    {.name = "compression is declined",
     .also = "deflate-declined:server",
     EXTENSIONS(DEFLATE, NULL)},
    {.name = "the answer to an offer of compression was not captured",
     .expect = "tcp-stream-gap:server",
     .absent = "deflate-declined deflate-negotiated "
               "handshake-subprotocol-none-chosen",
     .not_cuttable = true,
     .options = {.drop = answer_packet, .n_drop = 1},
     HANDSHAKE(.deflate = DEFLATE, .protocol = "soap")},
    {.name = "an offer with an unknown parameter",
     .expect = "deflate-offer-invalid:client",
     .also = "deflate-declined",
     EXTENSIONS(DEFLATE "; level=9", NULL)},
    {.name = "an offer with a window of 16 bits",
     .expect = "deflate-offer-invalid:client",
     EXTENSIONS(DEFLATE "; client_max_window_bits=16", NULL)},
    {.name = "an offer with a window and no number",
     .expect = "deflate-offer-invalid:client",
     EXTENSIONS(DEFLATE "; server_max_window_bits", NULL)},
    {.name = "an offer with a doubled parameter",
     .expect = "deflate-offer-invalid:client",
     EXTENSIONS(DEFLATE "; client_max_window_bits; client_max_window_bits",
                NULL)},
    {.name = "two of three offers are faulty, and the third is taken",
     .expect = "deflate-offer-invalid:client*2",
     .absent = "deflate-invalid-offer-accepted",
     EXTENSIONS(DEFLATE "; a, " DEFLATE "; server_max_window_bits=08, " DEFLATE,
                DEFLATE)},
    {.name = "the only offer is faulty, and it is taken",
     .expect = "deflate-offer-invalid:client "
               "deflate-invalid-offer-accepted:server",
     .absent = "deflate-request-not-acknowledged",
     EXTENSIONS(DEFLATE "; server_no_context_takeover=1", DEFLATE)},
    {.name = "an answer with a window and no number",
     .expect = "deflate-response-invalid:server",
     EXTENSIONS(DEFLATE "; client_max_window_bits",
                DEFLATE "; client_max_window_bits")},
    {.name = "an answer with an unknown parameter",
     .expect = "deflate-response-invalid:server",
     .absent = "deflate-request-not-acknowledged",
     EXTENSIONS(DEFLATE "; server_max_window_bits=10",
                DEFLATE "; server_max_window_bits=x")},
    {.name = "a window of the client that it did not offer to limit",
     .expect = "deflate-client-window-not-offered:server",
     EXTENSIONS(DEFLATE, DEFLATE "; client_max_window_bits=12")},
    {.name = "a window of the client that one of two offers limits",
     .absent = "deflate-client-window-not-offered",
     EXTENSIONS(DEFLATE ", " DEFLATE "; client_max_window_bits",
                DEFLATE "; client_max_window_bits=12")},
    {.name = "a window larger than the client allows",
     .expect = "deflate-server-window-too-large:server",
     .absent = "deflate-request-not-acknowledged",
     EXTENSIONS(DEFLATE "; server_max_window_bits=10, " DEFLATE
                        "; server_max_window_bits=11",
                DEFLATE "; server_max_window_bits=12")},
    {.name = "a window as large as one of the offers allows",
     .absent = "deflate-server-window-too-large",
     EXTENSIONS(DEFLATE "; server_max_window_bits=10, " DEFLATE
                        "; server_max_window_bits=12",
                DEFLATE "; server_max_window_bits=12")},
    {.name = "a smaller window that nobody asked for",
     .absent = "deflate-server-window-too-large "
               "deflate-request-not-acknowledged",
     EXTENSIONS(DEFLATE, DEFLATE "; server_max_window_bits=9; "
                                 "server_no_context_takeover")},
    {.name = "a condition that the answer leaves out",
     .expect = "deflate-request-not-acknowledged:server",
     EXTENSIONS(DEFLATE "; server_max_window_bits=10", DEFLATE)},
    {.name = "a fresh start each time is asked for, and left out",
     .expect = "deflate-request-not-acknowledged:server",
     EXTENSIONS(DEFLATE "; server_no_context_takeover; "
                        "client_no_context_takeover",
                DEFLATE)},
    {.name = "a condition, and an offer without it",
     .absent = "deflate-request-not-acknowledged",
     EXTENSIONS(DEFLATE "; server_no_context_takeover, " DEFLATE, DEFLATE)},
    {.name = "what the client says of itself need not be repeated",
     .absent = "deflate-request-not-acknowledged",
     EXTENSIONS(DEFLATE "; client_no_context_takeover; "
                        "client_max_window_bits=10",
                DEFLATE)},
    {.name = "a window of 8 bits",
     .also = "deflate-window-8:server",
     EXTENSIONS(DEFLATE "; server_max_window_bits=8",
                DEFLATE "; server_max_window_bits=8")},
    {.name = "an old name of compression",
     .also = "deflate-legacy-name:client",
     .absent = "handshake-extension-unregistered deflate-declined",
     EXTENSIONS("x-webkit-deflate-frame", NULL)},

    /* What messages look like */
    {.name = "a subprotocol of the registry",
     .absent = "subprotocol-unregistered",
     HANDSHAKE(.protocol = "v12.stomp")},
    {.name = "a subprotocol that is not in the registry",
     .also = "subprotocol-unregistered:server",
     HANDSHAKE(.protocol = "graphql-transport-ws")},
    {.name = "MQTT as it should be",
     .absent = "subprotocol-frame-type-wrong subprotocol-payload-malformed",
     TALK("mqtt", NULL,
          {BINARY(C, MQTT_CONNECT), BINARY(S, MQTT_CONNACK),
           BINARY(C, "anything")})},
    {.name = "MQTT whose first packet spans two messages",
     .absent = "subprotocol-payload-malformed",
     TALK("mqtt", NULL,
          {BINARY(C, "\x10"), BINARY(C, "\x10\0\4MQTT"),
           BINARY(S, MQTT_CONNACK)})},
    {.name = "MQTT in text",
     .expect = "subprotocol-frame-type-wrong:client",
     .absent = "subprotocol-payload-malformed",
     TALK("mqtt", NULL, {TEXT(C, "hello"), BINARY(S, MQTT_CONNACK)})},
    {.name = "MQTT that begins with something else",
     .expect = "subprotocol-payload-malformed:client "
               "subprotocol-payload-malformed:server",
     TALK("mqtt", NULL, {BINARY(C, "\x30\1x"), BINARY(S, "{}")})},
    {.name = "MQTT 3.1 by its old name",
     .absent = "subprotocol-payload-malformed",
     TALK("mqttv3.1", NULL, {BINARY(C, "\x10\x10\0\6MQIsdp\3\2\0\x3c\0\2ab")})},
    {.name = "AMQP with its protocol header",
     .absent = "subprotocol-payload-malformed",
     TALK("amqp", NULL,
          {BINARY(C, "AMQP\3\1\0\0"), BINARY(S, "AMQP\3\1\0\0")})},
    {.name = "AMQP without its protocol header",
     .expect = "subprotocol-payload-malformed:client",
     TALK("amqp", NULL, {BINARY(C, "\0\0\0\x08")})},
    {.name = "GraphQL in binary",
     .expect = "subprotocol-frame-type-wrong:server",
     TALK("graphql-transport-ws", NULL,
          {TEXT(C, "{\"type\":\"connection_init\"}"),
           BINARY(S, "{\"type\":\"connection_ack\"}")})},
    {.name = "GraphQL that is no object",
     .expect = "subprotocol-payload-malformed:server*2",
     TALK("graphql-transport-ws", NULL,
          {TEXT(C, " \r\n{}"), TEXT(S, "[1]"), TEXT(S, "hello")})},
    {.name = "GraphQL behind many blanks, in two fragments",
     .absent = "subprotocol-payload-malformed",
     TALK("graphql-transport-ws", NULL,
          {{C, WS_OP_TEXT, "                        {}", 0, 3},
           {S, WS_OP_TEXT, "{\"a\":1}", 0, 1}})},
    {.name = "GraphQL that is no object, in two fragments",
     .expect = "subprotocol-payload-malformed:client",
     TALK("graphql-transport-ws", NULL, {{C, WS_OP_TEXT, " []", 0, 1}})},
    {.name = "compressed messages are looked at behind the compression",
     .expect = "subprotocol-payload-malformed:server",
     TALK("wamp.2.json", DEFLATE,
          {TEXT(C, "[1,\"realm\",{}]"), TEXT(S, "{\"no\":\"array\"}")})},
    {.name = "OCPP that is no array",
     .expect = "subprotocol-payload-malformed:client",
     TALK("ocpp1.6", NULL, {TEXT(C, "{}"), TEXT(S, "[3,\"1\",{}]")})},
    {.name = "XMPP that is no element",
     .expect = "subprotocol-payload-malformed:client",
     TALK("xmpp", NULL, {TEXT(C, "hello"), TEXT(S, "<open/>")})},
    {.name = "STOMP with heart-beats, in text and binary",
     .absent = "subprotocol-payload-malformed subprotocol-frame-type-wrong",
     TALK("v12.stomp", NULL,
          {TEXT(C, "\nCONNECT\n\n"), BINARY(S, "CONNECTED\n\n\0"),
           TEXT(C, "\n")})},
    {.name = "STOMP that begins with something else",
     .expect = "subprotocol-payload-malformed:client",
     TALK("v12.stomp", NULL, {TEXT(C, "SEND\n\n"), TEXT(S, "CONNECTED\n\n")})},
    {.name = "no subprotocol, whatever is said",
     .absent = "subprotocol-payload-malformed subprotocol-frame-type-wrong",
     TALK(NULL, NULL, {TEXT(C, "hello"), BINARY(S, "\1\2\3")})},
    {.name = "what comes first was not captured",
     .expect = "tcp-stream-gap:client frame-sync-lost:client",
     .absent = "subprotocol-payload-malformed",
     .not_cuttable = true,
     .options = {.drop = lost_message, .n_drop = 1},
     TALK("mqtt", NULL,
          {BINARY(C, MQTT_CONNECT), BINARY(C, "\xc0\0"),
           BINARY(C, "anything")})},
};

const struct finding_cases cases_negotiation = {"negotiation", list,
                                                sizeof list / sizeof list[0]};
