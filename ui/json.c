/* SPDX-License-Identifier: MIT */
#include "ui/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "capture/link.h"
#include "ui/json_parts.h"
#include "ui/json_write.h"
#include "ui/text.h"

/* Message texts up to here are written with their line in one go. */
#define SHORT_TEXT_MAX ((size_t)4096)

uint8_t *
json_put_time(struct json *j, uint8_t *p, struct stamp at)
{
    if (at.packet == 0)
        return put_str(p, "null");
    *p++ = '"';
    p = when_rfc3339(&j->when, at.time_ns, p);
    *p++ = '"';
    return p;
}

void
json_write_raw(struct out *o, const char *text)
{
    out_put(o, text, strlen(text));
}

void
json_write_field(struct out *o, const char *name, struct slice s)
{
    json_write_raw(o, ",\"");
    json_write_raw(o, name);
    json_write_raw(o, "\":");
    if (!s.ptr) {
        json_write_raw(o, "null");
    } else if (!json_write_string(o, s)) {
        json_write_raw(o, ",\"");
        json_write_raw(o, name);
        json_write_raw(o, "_hex\":");
        json_write_hex(o, s);
    }
}

static uint8_t *
put_from(uint8_t *p, enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? put_str(p, ",\"from\":\"client\"")
                                    : put_str(p, ",\"from\":\"server\"");
}

/* A field of two numbers, for client and server. */
static uint8_t *
put_both(uint8_t *p, const uint64_t v[2])
{
    p = put_str(p, ":{\"client\":");
    p = put_u64(p, v[WS_SENDER_CLIENT]);
    p = put_str(p, ",\"server\":");
    p = put_u64(p, v[WS_SENDER_SERVER]);
    *p++ = '}';
    return p;
}

/* What each line of a connection begins with; type is a constant. */
__attribute__((always_inline)) static inline uint8_t *
put_event_start(uint8_t *p, const char *type, uint32_t conn)
{
    p = put_str(p, "{\"type\":\"");
    p = put_str(p, type);
    p = put_str(p, "\",\"conn\":");
    return put_u64(p, conn);
}

#define OPCODE(number, name)                                                   \
    {                                                                          \
        sizeof ",\"opcode\":" #number ",\"name\":\"" name "\"" - 1,            \
            ",\"opcode\":" #number ",\"name\":\"" name "\""                    \
    }
static const struct {
    uint8_t len;
    char text[47];
} opcode_fields[16] = {
    OPCODE(0, "continuation"), OPCODE(1, "text"),      OPCODE(2, "binary"),
    OPCODE(3, "reserved"),     OPCODE(4, "reserved"),  OPCODE(5, "reserved"),
    OPCODE(6, "reserved"),     OPCODE(7, "reserved"),  OPCODE(8, "close"),
    OPCODE(9, "ping"),         OPCODE(10, "pong"),     OPCODE(11, "reserved"),
    OPCODE(12, "reserved"),    OPCODE(13, "reserved"), OPCODE(14, "reserved"),
    OPCODE(15, "reserved"),
};
#undef OPCODE

static uint8_t *
put_opcode(uint8_t *p, uint8_t opcode)
{
    /* A copy of constant length, of which `len` bytes count. */
    memcpy(p, opcode_fields[opcode & 15].text, sizeof opcode_fields[0].text);
    return p + opcode_fields[opcode & 15].len;
}

/* Bits of evidence with two decimals; NaN and infinities are null. */
static uint8_t *
put_confidence(uint8_t *p, const struct event_frame *e)
{
    double bits = e->confidence;
    if (e->synced || !(bits > -1e9 && bits < 1e9))
        return put_str(p, "null");
    int64_t hundredths = (int64_t)(bits * 100 + (bits < 0 ? -0.5 : 0.5));
    if (hundredths < 0) {
        *p++ = '-';
        hundredths = -hundredths;
    }
    p = put_u64(p, (uint64_t)hundredths / 100);
    *p++ = '.';
    return put_digits(p, (uint32_t)(hundredths % 100), 2);
}

static uint8_t *
put_frame_header(uint8_t *p, const struct ws_frame_header *h)
{
    p = put_str(p, ",\"offset\":");
    p = put_u64(p, h->offset);
    p = h->fin ? put_str(p, ",\"fin\":true,\"rsv\":")
               : put_str(p, ",\"fin\":false,\"rsv\":");
    *p++ = (uint8_t)('0' + (h->rsv & 7));
    p = put_opcode(p, h->opcode);
    if (h->masked) {
        p = put_str(p, ",\"masked\":true,\"mask\":\"");
        p = put_hex(p, h->mask, sizeof h->mask);
        p = put_str(p, "\",\"length\":");
    } else {
        p = put_str(p, ",\"masked\":false,\"mask\":null,\"length\":");
    }
    p = put_u64(p, h->payload_len);
    p = put_str(p, ",\"header_length\":");
    return put_u64(p, h->header_len);
}

/* What only some opcodes have. */
static void
write_control(struct out *o, const struct event_frame *e)
{
    switch (e->header.opcode) {
    case WS_OP_CLOSE: {
        uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
        p = put_str(p, ",\"close_code\":");
        out_commit(o, json_put_u64(p, e->has_close_code, e->close_code));
        /* A code without reason has an empty reason; no code, none. */
        struct slice reason = e->close_reason;
        if (!e->has_close_code)
            reason = slice_make(NULL, 0);
        else if (!reason.ptr)
            reason = slice_cstr("");
        json_write_field(o, "close_reason", reason);
        break;
    }
    case WS_OP_PING:
    case WS_OP_PONG:
        json_write_raw(o, ",\"payload\":");
        json_write_hex(o, e->payload);
        break;
    default:
        break;
    }
}

static void
write_frame(struct json *j, uint32_t conn, const struct event_frame *e)
{
    uint8_t *p = out_reserve(j->out, JSON_FIXED_MAX);
    p = put_event_start(p, "frame", conn);
    p = put_from(p, e->from);
    p = put_str(p, ",\"frame\":");
    p = put_u64(p, e->number);
    p = put_str(p, ",\"time\":");
    p = json_put_time(j, p, e->at);
    p = put_str(p, ",\"first_time\":");
    p = json_put_time(j, p, e->first);
    p = put_str(p, ",\"packet\":");
    p = put_u64(p, e->at.packet);
    p = put_str(p, ",\"first_packet\":");
    p = put_u64(p, e->first.packet);
    p = put_frame_header(p, &e->header);
    p = e->complete ? put_str(p, ",\"complete\":true")
                    : put_str(p, ",\"complete\":false");
    p = e->synced ? put_str(p, ",\"synced\":true,\"confidence\":")
                  : put_str(p, ",\"synced\":false,\"confidence\":");
    p = put_confidence(p, e);
    p = put_str(p, ",\"message\":");
    p = json_put_u64(p, e->message != 0, e->message);
    if (ws_opcode_is_control(e->header.opcode)) {
        out_commit(j->out, p);
        write_control(j->out, e);
        p = out_reserve(j->out, 2);
    }
    out_commit(j->out, put_str(p, "}\n"));
}

/* How the payload of a message is written. */
struct shown_payload {
    struct slice bytes;
    struct slice text; /* bytes, with unknown ones marked */
    bool as_text;      /* else base64 */
    bool none;         /* not at all */
    bool cut;          /* not all of it */
};

/* Puts s->bytes into j->text, U+FFFD for each unknown byte.  Returns false
 * when there is no memory. */
static bool
mark_unknown(struct json *j, const struct event_message *e,
             struct shown_payload *s)
{
    const struct known_bytes known = known_bytes_of(e);
    buf_clear(&j->text);
    if (!known_bytes_mark(&known, s->bytes, &j->text))
        return false;
    s->text = buf_slice(&j->text);
    /* The end may cut a character, which is left out. */
    for (size_t n = 1; s->cut && n <= 3 && n <= s->text.len; n++)
        if (text_is_unfinished(slice_skip(s->text, s->text.len - n))) {
            s->text = slice_head(s->text, s->text.len - n);
            s->bytes = slice_head(s->bytes, s->bytes.len - n);
            break;
        }
    return true;
}

static struct shown_payload
choose_payload(struct json *j, const struct event_message *e)
{
    struct shown_payload s = {
        .bytes = slice_head(e->payload, j->options.payload_limit),
        .as_text = e->opcode == WS_OP_TEXT,
        .none = j->options.payload_limit == 0,
    };
    s.cut = e->truncated || s.bytes.len < e->payload.len;
    if (s.none || !s.as_text || s.bytes.len == 0)
        return s;
    s.text = s.bytes;
    if (e->has_utf8_error) {
        s.as_text = false;
    } else if (e->known) {
        s.as_text = mark_unknown(j, e, &s);
    } else if (s.cut || !e->complete) {
        /* Not checked to its end: what is there may stop inside a
         * character, and that one is left out. */
        size_t valid = utf8_prefix(s.bytes.ptr, s.bytes.len);
        if (valid == s.bytes.len)
            return s;
        s.as_text = text_is_unfinished(slice_skip(s.bytes, valid));
        if (s.as_text) {
            s.text = s.bytes = slice_head(s.bytes, valid);
            s.cut = true;
        }
    }
    return s;
}

/* The field with the payload, and the fields behind it. */
static void
write_payload(struct json *j, const struct event_message *e)
{
    struct out *o = j->out;
    struct shown_payload s = choose_payload(j, e);
    bool valid = true;
    uint8_t *p =
        out_reserve(o, JSON_FIXED_MAX + JSON_WRITE_AT_ROOM(SHORT_TEXT_MAX));
    p = s.as_text ? put_str(p, ",\"text\":") : put_str(p, ",\"base64\":");
    if (s.none) {
        p = put_str(p, "null");
    } else if (s.as_text && s.text.len <= SHORT_TEXT_MAX) {
        p = json_write_string_at(p, s.text, &valid);
    } else {
        out_commit(o, p);
        if (s.as_text)
            valid = json_write_string(o, s.text);
        else
            json_write_base64(o, s.bytes);
        p = out_reserve(o, JSON_FIXED_MAX);
    }
    /* Other text was checked: this one has half characters. */
    if (e->known && !valid) {
        out_commit(o, put_str(p, ",\"text_hex\":"));
        json_write_hex(o, s.bytes);
        p = out_reserve(o, JSON_FIXED_MAX);
    }
    p = s.cut ? put_str(p, ",\"truncated\":true")
              : put_str(p, ",\"truncated\":false");
    if (j->options.digest) {
        p = put_str(p, ",\"digest\":");
        out_commit(o, p);
        if (e->has_digest)
            json_write_hex(o, e->digest);
        else
            json_write_raw(o, "null");
        p = out_reserve(o, 2);
    }
    out_commit(o, put_str(p, "}\n"));
}

static uint8_t *
put_kind(uint8_t *p, uint8_t opcode)
{
    switch (opcode) {
    case WS_OP_TEXT:
        return put_str(p, ",\"kind\":\"text\"");
    case WS_OP_BINARY:
        return put_str(p, ",\"kind\":\"binary\"");
    default:
        return put_str(p, ",\"kind\":\"reserved\"");
    }
}

void
json_write_known(struct out *o, const struct known_bytes *k)
{
    json_write_raw(o, "[");
    for (size_t i = 0; i < k->n; i++) {
        uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
        p = put_str(p, i > 0 ? ",[" : "[");
        p = put_u64(p, k->ranges[i].start);
        *p++ = ',';
        p = put_u64(p, k->ranges[i].end);
        *p++ = ']';
        out_commit(o, p);
    }
    json_write_raw(o, "]");
}

static void
write_message(struct json *j, uint32_t conn, const struct event_message *e)
{
    uint8_t *p = out_reserve(j->out, JSON_FIXED_MAX);
    p = put_event_start(p, "message", conn);
    p = put_from(p, e->from);
    p = put_str(p, ",\"message\":");
    p = put_u64(p, e->number);
    p = put_str(p, ",\"time\":");
    p = json_put_time(j, p, e->at);
    p = put_str(p, ",\"packet\":");
    p = put_u64(p, e->at.packet);
    p = put_str(p, ",\"first_packet\":");
    p = put_u64(p, e->first.packet);
    p = put_kind(p, e->opcode);
    p = put_str(p, ",\"frames\":");
    p = put_u64(p, e->n_frames);
    p = put_str(p, ",\"wire_length\":");
    p = put_u64(p, e->wire_len);
    p = e->compressed ? put_str(p, ",\"compressed\":true,\"length\":")
                      : put_str(p, ",\"compressed\":false,\"length\":");
    p = json_put_u64(p, e->has_len, e->len);
    p = e->complete ? put_str(p, ",\"complete\":true")
                    : put_str(p, ",\"complete\":false");
    p = e->synced ? put_str(p, ",\"synced\":true")
                  : put_str(p, ",\"synced\":false");
    p = put_str(p, ",\"known\":");
    if (e->known) {
        const struct known_bytes known = known_bytes_of(e);
        out_commit(j->out, p);
        json_write_known(j->out, &known);
        p = out_reserve(j->out, JSON_FIXED_MAX);
        if (e->known_more)
            p = put_str(p, ",\"known_more\":true");
    } else {
        p = put_str(p, "null");
    }
    p = put_str(p, ",\"utf8_error\":");
    p = json_put_u64(p, e->has_utf8_error, e->utf8_error);
    out_commit(j->out, p);
    write_payload(j, e);
}

static void
write_gap(struct json *j, uint32_t conn, const struct event_gap *e)
{
    uint8_t *p = out_reserve(j->out, JSON_FIXED_MAX);
    p = put_event_start(p, "gap", conn);
    p = put_from(p, e->from);
    p = put_str(p, ",\"time\":");
    p = json_put_time(j, p, e->at);
    p = put_str(p, ",\"packet\":");
    p = json_put_u64(p, e->at.packet != 0, e->at.packet);
    p = put_str(p, ",\"offset\":");
    p = put_u64(p, e->offset);
    p = put_str(p, ",\"length\":");
    p = put_u64(p, e->len);
    p = put_str(p, ",\"resynced\":");
    p = json_put_u64(p, e->resynced, e->resync_offset);
    out_commit(j->out, put_str(p, "}\n"));
}

static void
write_finding(struct json *j, uint32_t conn, const struct event_finding *e)
{
    const struct finding_info *info = finding_info(e->id);
    uint8_t *p = out_reserve(j->out, JSON_FIXED_MAX);
    p = put_event_start(p, "finding", conn);
    p = e->has_from ? put_from(p, e->from) : put_str(p, ",\"from\":null");
    p = put_str(p, ",\"time\":");
    p = json_put_time(j, p, e->at);
    p = put_str(p, ",\"packet\":");
    p = json_put_u64(p, e->at.packet != 0, e->at.packet);
    p = put_str(p, ",\"offset\":");
    p = json_put_u64(p, e->has_offset, e->offset);
    p = put_str(p, ",\"frame\":");
    p = json_put_u64(p, e->frame != 0, e->frame);
    p = put_str(p, ",\"message\":");
    out_commit(j->out, json_put_u64(p, e->message != 0, e->message));
    json_write_field(j->out, "id", slice_cstr(info->id));
    json_write_field(j->out, "severity",
                     slice_cstr(severity_name(e->severity)));
    json_write_field(j->out, "reference", slice_cstr(info->reference));
    json_write_field(j->out, "text", slice_cstr(info->text));
    json_write_field(j->out, "detail",
                     e->detail ? slice_cstr(e->detail) : slice_make(NULL, 0));
    p = out_reserve(j->out, JSON_FIXED_MAX);
    p = put_str(p, ",\"count\":");
    p = put_u64(p, e->count);
    out_commit(j->out, put_str(p, "}\n"));
}

static uint8_t *
put_end_counts(uint8_t *p, const struct event_end *e)
{
    p = put_str(p, ",\"duration\":");
    p = when_span9(e->duration_ns, p);
    p = put_str(p, ",\"frames\"");
    p = put_both(p, e->frames);
    p = put_str(p, ",\"messages\"");
    p = put_both(p, e->messages);
    p = put_str(p, ",\"payload_bytes\"");
    p = put_both(p, e->payload_bytes);
    p = put_str(p, ",\"wire_bytes\"");
    p = put_both(p, e->wire_bytes);
    p = put_str(p, ",\"gap_bytes\"");
    p = put_both(p, e->gap_bytes);
    p = put_str(p, ",\"undecoded_bytes\"");
    p = put_both(p, e->undecoded_bytes);
    p = put_str(p, ",\"close_code\":{\"client\":");
    p = json_put_u64(p, e->has_close_code[WS_SENDER_CLIENT],
                     e->close_code[WS_SENDER_CLIENT]);
    p = put_str(p, ",\"server\":");
    p = json_put_u64(p, e->has_close_code[WS_SENDER_SERVER],
                     e->close_code[WS_SENDER_SERVER]);
    *p++ = '}';
    return p;
}

static uint8_t *
put_rtt(uint8_t *p, const struct event_rtt *rtt)
{
    if (rtt->n == 0)
        return put_str(p, "null");
    p = put_str(p, "{\"count\":");
    p = put_u64(p, rtt->n);
    p = put_str(p, ",\"min\":");
    p = when_span9(rtt->min_ns, p);
    p = put_str(p, ",\"median\":");
    p = when_span9(rtt->median_ns, p);
    p = put_str(p, ",\"p95\":");
    p = when_span9(rtt->p95_ns, p);
    p = put_str(p, ",\"max\":");
    p = when_span9(rtt->max_ns, p);
    *p++ = '}';
    return p;
}

static void
write_end(struct json *j, uint32_t conn, const struct event_end *e)
{
    struct out *o = j->out;
    uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
    p = put_event_start(p, "end", conn);
    p = put_str(p, ",\"time\":");
    p = json_put_time(j, p, e->at);
    p = put_str(p, ",\"packet\":");
    p = json_put_u64(p, e->at.packet != 0, e->at.packet);
    out_commit(o, put_end_counts(p, e));
    const char *by = closed_by_name(e->closed_by);
    json_write_field(o, "closed_by", by ? slice_cstr(by) : slice_make(NULL, 0));
    p = out_reserve(o, JSON_FIXED_MAX);
    p = put_str(p, ",\"clean\":");
    p = json_put_bool(p, e->clean);
    p = put_str(p, ",\"onclose_code\":");
    out_commit(o, json_put_u64(p, e->onclose_code != 0, e->onclose_code));
    json_write_field(o, "verdict", slice_cstr(verdict_name(e->verdict)));
    json_write_field(o, "text", slice_cstr(e->text ? e->text : ""));
    json_write_raw(o, ",\"evidence\":[");
    for (size_t i = 0; i < e->n_evidence; i++) {
        p = out_reserve(o, JSON_FIXED_MAX);
        if (i > 0)
            *p++ = ',';
        p = put_str(p, "{\"packet\":");
        uint64_t packet = e->evidence[i].packet;
        out_commit(o, json_put_u64(p, packet != 0, packet));
        json_write_field(o, "what", slice_cstr(e->evidence[i].what));
        out_put(o, "}", 1);
    }
    p = out_reserve(o, JSON_FIXED_MAX);
    p = put_str(p, "],\"ping_rtt\":{\"client\":");
    p = put_rtt(p, &e->rtt[WS_SENDER_CLIENT]);
    p = put_str(p, ",\"server\":");
    p = put_rtt(p, &e->rtt[WS_SENDER_SERVER]);
    out_commit(o, put_str(p, "}}\n"));
}

void
json_event(struct json *j, const struct event *event)
{
    if (out_over(j->out))
        return;
    switch (event->type) {
    case EVENT_HANDSHAKE:
        json_handshake(j, event->conn, event->handshake);
        break;
    case EVENT_FRAME:
        write_frame(j, event->conn, event->frame);
        break;
    case EVENT_MESSAGE:
        write_message(j, event->conn, event->message);
        break;
    case EVENT_GAP:
        write_gap(j, event->conn, event->gap);
        break;
    case EVENT_FINDING:
        write_finding(j, event->conn, event->finding);
        break;
    case EVENT_END:
        write_end(j, event->conn, event->end);
        break;
    case EVENT_TCP:
        break;
    }
}

static void
on_event(void *ctx, const struct event *event)
{
    json_event(ctx, event);
}

struct json *
json_new(const struct json_options *options, struct out *o)
{
    struct json *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->options = *options;
    j->out = o;
    size_t limit = j->options.payload_limit;
    buf_init(&j->text, limit < SIZE_MAX / 3 ? 3 * limit : SIZE_MAX);
    return j;
}

void
json_free(struct json *j)
{
    if (j)
        buf_fini(&j->text);
    free(j);
}

struct event_sink
json_sink(struct json *j)
{
    return (struct event_sink){
        .wants = 1u << EVENT_HANDSHAKE | 1u << EVENT_FRAME |
                 1u << EVENT_MESSAGE | 1u << EVENT_GAP | 1u << EVENT_FINDING |
                 1u << EVENT_END,
        .keep = j->options.payload_limit,
        .digest = j->options.digest,
        .ctx = j,
        .event = on_event,
    };
}

static void
write_interface(struct out *o, const struct source_iface *iface)
{
    const char *link = link_name(iface->link);
    uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
    p = put_str(p, "{\"name\":");
    out_commit(o, p);
    if (iface->name)
        (void)json_write_string(o, slice_cstr(iface->name));
    else
        json_write_raw(o, "null");
    if (link) {
        json_write_field(o, "link", slice_cstr(link));
    } else {
        p = out_reserve(o, JSON_FIXED_MAX);
        p = put_str(p, ",\"link\":\"LINKTYPE_");
        p = put_u64(p, iface->link);
        *p++ = '"';
        out_commit(o, p);
    }
    p = out_reserve(o, JSON_FIXED_MAX);
    p = put_str(p, ",\"snaplen\":");
    p = put_u64(p, iface->snaplen);
    *p++ = '}';
    out_commit(o, p);
}

void
json_capture(struct json *j, const struct source_info *info,
             uint64_t first_packet)
{
    struct out *o = j->out;
    json_write_raw(o, "{\"type\":\"capture\",\"v\":1");
    json_write_field(o, "wsray", slice_cstr(j->options.version));
    json_write_field(o, "source", slice_cstr(info->name));
    json_write_field(o, "format",
                     info->format ? slice_cstr(info->format)
                                  : slice_make(NULL, 0));
    json_write_raw(o, ",\"interfaces\":[");
    for (size_t i = 0; i < info->n_ifaces; i++) {
        if (i > 0)
            out_put(o, ",", 1);
        write_interface(o, &info->ifaces[i]);
    }
    uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
    p = put_str(p, "],\"first_packet\":");
    p = put_u64(p, first_packet);
    out_commit(o, put_str(p, "}\n"));
}

void
json_summary(struct json *j, const struct summary *s)
{
    uint8_t *p = out_reserve(j->out, JSON_FIXED_MAX);
    p = put_str(p, "{\"type\":\"summary\",\"packets\":");
    p = put_u64(p, s->packets);
    p = put_str(p, ",\"bytes\":");
    p = put_u64(p, s->bytes);
    p = put_str(p, ",\"flows\":");
    p = put_u64(p, s->flows);
    p = put_str(p, ",\"connections\":");
    p = put_u64(p, s->connections);
    p = put_str(p, ",\"frames\":");
    p = put_u64(p, s->frames);
    p = put_str(p, ",\"messages\":");
    p = put_u64(p, s->messages);
    p = put_str(p, ",\"findings\":{\"error\":");
    p = put_u64(p, s->findings[SEVERITY_ERROR]);
    p = put_str(p, ",\"warning\":");
    p = put_u64(p, s->findings[SEVERITY_WARNING]);
    p = put_str(p, ",\"note\":");
    p = put_u64(p, s->findings[SEVERITY_NOTE]);
    p = put_str(p, ",\"chat\":");
    p = put_u64(p, s->findings[SEVERITY_CHAT]);
    p = put_str(p, "},\"dropped\":");
    p = json_put_u64(p, s->has_dropped, s->dropped);
    p = put_str(p, ",\"duration\":");
    p = when_span9(s->duration_ns, p);
    out_commit(j->out, put_str(p, "}\n"));
}
