/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "dissect/close_code.h"
#include "ui/known_bytes.h"
#include "ui/put.h"
#include "ui/report_parts.h"
#include "ui/text.h"

/* Columns of the timeline without the time, which has its own width. */
enum {
    NUMBER_END = 8,
    TIME_START = 10,
    SENDER_COLS = 8, /* "client →" */
    OPCODE_COLS = 6, /* "binary" */
    FLAGS_COLS = 11, /* "FIN R1 MASK" */
    LENGTH_COLS = 7,
    /* What a payload gets, at the cost of other columns. */
    PAYLOAD_COLS = 16,
    /* Less room than this for a close reason is no use. */
    CLOSE_REASON_COLS = 24,
};

/* So many unknown bytes in a row are marked one by one. */
#define UNKNOWN_MARKS 3u

/* From here on dates stand in each line of the timeline. */
#define DATE_MIN_WIDTH 100u
#define DATE_LEN 11u /* "2024-05-06T" */

/* What a narrow terminal does without, the first one first. */
enum dropped {
    DROPPED_NONE = 0,
    DROPPED_FLAGS,
    DROPPED_LENGTH,
    DROPPED_SENDER, /* the word; the arrow stays */
    DROPPED_TIME,
};

struct columns {
    enum dropped dropped; /* this and those above it */
    size_t time_end, sender, opcode, flags, length_end, payload;
};

static bool
has_date(const struct report *r)
{
    return r->options.time == TIME_FORMAT_UTC ||
           r->options.time == TIME_FORMAT_LOCAL;
}

static bool
drops_date(const struct report *r)
{
    return has_date(r) && r->line.width < DATE_MIN_WIDTH;
}

static struct columns
columns_without(const struct report *r, enum dropped dropped)
{
    struct columns c = {.dropped = dropped};
    size_t time = when_columns(r->options.time);
    if (drops_date(r))
        time -= DATE_LEN;
    c.time_end = TIME_START - 1 + time;
    c.sender = dropped < DROPPED_TIME ? c.time_end + 2 : TIME_START;
    /* ASCII arrows are one column longer. */
    c.opcode = c.sender + line_arrow_cols(&r->line) +
               (dropped < DROPPED_SENDER ? SENDER_COLS - 1 + 2 : 1);
    c.flags = c.length_end = c.opcode + OPCODE_COLS;
    if (dropped < DROPPED_FLAGS)
        c.length_end = ++c.flags + FLAGS_COLS;
    if (dropped < DROPPED_LENGTH)
        c.length_end += LENGTH_COLS;
    c.payload = c.length_end + 2;
    return c;
}

static struct columns
columns_of(const struct report *r)
{
    enum dropped dropped = DROPPED_NONE;
    struct columns c = columns_without(r, dropped);
    while (r->line.width < REPORT_FULL && dropped < DROPPED_TIME &&
           c.payload + PAYLOAD_COLS > r->line.width)
        c = columns_without(r, ++dropped);
    return c;
}

void
report_timeline_heading(struct report *r)
{
    struct report_line *l = &r->line;
    if (r->timeline)
        return;
    r->timeline = true;
    struct columns c = columns_of(r);
    line_style(l, STYLE_DIM);
    line_put(l, "conn");
    line_right(l, NUMBER_END, 2, 0);
    line_put(l, "nr");
    if (c.dropped < DROPPED_TIME) {
        line_right(l, c.time_end, 4, 1);
        line_put(l, "time");
    }
    if (c.dropped < DROPPED_SENDER) {
        line_to(l, c.sender, 1);
        line_put(l, "from");
    }
    line_to(l, c.opcode, 1);
    line_put(l, "opcode");
    if (c.dropped < DROPPED_FLAGS) {
        line_to(l, c.flags, 1);
        line_put(l, "flags");
    }
    if (c.dropped < DROPPED_LENGTH) {
        line_right(l, c.length_end, 6, 1);
        line_put(l, "length");
    }
    line_to(l, c.payload, 1);
    line_put(l, "payload");
    line_end(l, r->out);
}

static void
put_time(struct report *r, struct report_conn *c, const struct columns *at,
         int64_t ns)
{
    uint8_t text[WHEN_TEXT_MAX];
    if (at->dropped >= DROPPED_TIME)
        return;
    bool delta = r->options.time == TIME_FORMAT_DELTA;
    int64_t zero = delta ? c->last_ns : c->start_ns;
    uint8_t *end = when_text(&r->when, r->options.time, ns, zero, text);
    const uint8_t *start = text + (drops_date(r) ? DATE_LEN : 0);
    size_t len = (size_t)(end - start);
    line_right(&r->line, at->time_end, len, 1);
    line_put_mem(&r->line, start, len);
    c->last_ns = ns;
}

static void
put_sender(struct report *r, const struct columns *at, enum ws_sender from)
{
    struct report_line *l = &r->line;
    bool word = at->dropped < DROPPED_SENDER;
    line_to(l, at->sender, at->dropped < DROPPED_TIME ? 2 : 1);
    if (from == WS_SENDER_CLIENT) {
        line_style(l, STYLE_CLIENT);
        line_put(l, word ? "client " : "");
        line_arrow(l, true);
    } else {
        line_style(l, STYLE_SERVER);
        line_arrow(l, false);
        line_put(l, word ? " server" : "");
    }
    line_style(l, STYLE_PLAIN);
}

static void
put_opcode(struct report_line *l, uint8_t opcode)
{
    static const char digits[] = "0123456789abcdef";
    switch (opcode) {
    case WS_OP_CONT:
        line_put(l, "cont.");
        break;
    case WS_OP_TEXT:
    case WS_OP_BINARY:
    case WS_OP_CLOSE:
    case WS_OP_PING:
    case WS_OP_PONG:
        line_put(l, ws_opcode_name(opcode));
        break;
    default:
        line_style(l, STYLE_ERROR);
        line_put(l, "op 0x");
        line_put_mem(l, &digits[opcode & 15], 1);
        line_style(l, STYLE_PLAIN);
    }
}

/* "FIN R1 MASK": what is set; R1 stands for RSV1, R23 for RSV2 and RSV3. */
static void
put_flags(struct report_line *l, const struct ws_frame_header *h)
{
    size_t start = l->cols;
    line_put(l, h->fin ? "FIN " : "    ");
    if (h->rsv) {
        line_put(l, "R");
        if (h->rsv & WS_FRAME_RSV1)
            line_put(l, "1");
        if (h->rsv & WS_FRAME_RSV2)
            line_put(l, "2");
        if (h->rsv & WS_FRAME_RSV3)
            line_put(l, "3");
    }
    if (h->masked) {
        line_to(l, start + 7, 1);
        line_put(l, "MASK");
    }
}

/* "00 01 02 ..." as far as there is room, unknown bytes as "??"; more: there
 * are more bytes. */
static void
put_hex_preview(struct report_line *l, struct slice bytes, bool more,
                const struct known_bytes *known)
{
    size_t range = 0;
    size_t dots = l->utf8 ? 1 : 3;
    size_t left = line_left(l);
    /* "00 01": three columns each but the last. */
    size_t n = (left + 1) / 3;
    if (bytes.len > n || more) {
        n = left > dots ? (left - dots) / 3 : 0;
        more = true;
    }
    if (n > bytes.len)
        n = bytes.len;
    for (size_t i = 0; i < n; i++) {
        uint8_t digits[2];
        put_hex(digits, bytes.ptr + i, 1);
        if (known_bytes_at(known, i, &range))
            line_put_mem(l, digits, 2);
        else
            line_put(l, "??");
        if (i + 1 < n || more)
            line_put(l, " ");
    }
    if (more)
        line_text(l, slice_make(NULL, 0), true, SIZE_MAX); /* the ellipsis */
}

/* "[...] " in front of a payload: what the columns cannot say. */
struct note {
    bool open;
};

/* False: there is no room for another one. */
static bool
note_begin(struct report_line *l, struct note *n)
{
    /* ", x]" */
    if (line_left(l) < 4)
        return false;
    if (!n->open)
        line_style(l, STYLE_DIM);
    line_put(l, n->open ? ", " : "[");
    n->open = true;
    return true;
}

static void
note_end(struct report_line *l, struct note *n)
{
    if (n->open)
        line_put(l, "]");
    line_style(l, STYLE_PLAIN);
    if (n->open)
        line_put(l, " ");
}

static void
note_put(struct report_line *l, struct note *n, const char *text,
         enum report_style style)
{
    if (!note_begin(l, n))
        return;
    line_style(l, style);
    line_text(l, slice_cstr(text), false, line_left(l) - 1);
    line_style(l, STYLE_DIM);
}

/* Room for the longest put_sizes(). */
#define SIZES_MAX 96u

/* "3 frames, 70→150", "3 frames: 15"; brief: without words.  "→82": one frame,
 * whose own length stands in its column, inflates to 82.  Returns the end. */
static uint8_t *
put_sizes(uint8_t *p, const struct event_message *m, bool utf8, bool brief)
{
    bool joined = m->n_frames > 1;
    if (joined) {
        p = put_u64(p, m->n_frames);
        if (!brief)
            p = put_str(p, " frames");
        p = m->compressed && !brief ? put_str(p, ", ") : put_str(p, ": ");
        p = put_u64(p, m->wire_len);
    }
    if (!m->compressed)
        return p;
    p = utf8 ? put_str(p, "\xe2\x86\x92") : put_str(p, "->");
    return m->has_len ? put_u64(p, m->len) : put_str(p, "?");
}

/* "12 unknown", bytes of the message. */
static void
put_unknown_note(struct report_line *l, struct note *n,
                 const struct event_message *m)
{
    const struct known_bytes known = known_bytes_of(m);
    uint8_t text[PUT_U64_MAX + sizeof " unknown"];
    uint8_t *end =
        put_str(put_u64(text, known_bytes_missing(&known, m->len)), " unknown");
    *end = '\0';
    note_put(l, n, (const char *)text, STYLE_WARNING);
}

/* What sets a message apart from one plain frame. */
static void
put_message_notes(struct report_line *l, struct note *n,
                  const struct event_message *m)
{
    if (m->n_frames > 1 || m->compressed) {
        uint8_t text[SIZES_MAX];
        uint8_t *end = put_sizes(text, m, l->utf8, false);
        /* Brackets, and an arrow of three bytes in one column. */
        if ((size_t)(end - text) > line_left(l))
            end = put_sizes(text, m, l->utf8, true);
        if (note_begin(l, n))
            line_text(l, slice_make(text, (size_t)(end - text)), false,
                      line_left(l) - 1);
    }
    if (m->has_utf8_error)
        note_put(l, n, "invalid UTF-8", STYLE_ERROR);
    if (m->inflate_error)
        note_put(l, n, m->inflate_error, STYLE_ERROR);
    else if (m->known && m->has_len && !m->known_more)
        put_unknown_note(l, n, m);
    else if (!m->complete)
        note_put(l, n, "incomplete", STYLE_WARNING);
}

/* Enough for any line; more is never shown. */
#define MARKED_MAX (4 * REPORT_LINE_COLUMNS_MAX)

/* n unknown bytes: each of a few has its mark, more are counted. */
static void
add_unknown(struct report *r, uint64_t n)
{
    bool utf8 = r->line.utf8;
    if (utf8 && n <= UNKNOWN_MARKS) {
        for (; n > 0; n--)
            report_add_str(r, "\xe2\x96\x91"); /* a light shade */
        return;
    }
    report_add_str(r, utf8 ? "\xe2\x9f\xa8" : "<"); /* an angle bracket */
    report_add_u64(r, n);
    report_add_str(r, utf8 ? " unknown\xe2\x9f\xa9" : " unknown>");
}

/* Text with unknown bytes: "the price is ░░░, it was ⟨17 unknown⟩". */
static void
put_marked_text(struct report *r, const struct event_message *m)
{
    const struct known_bytes known = known_bytes_of(m);
    uint64_t at = 0, len = m->payload.len;
    size_t i = 0;
    buf_clear(&r->scratch);
    while (at < len && r->scratch.len < MARKED_MAX) {
        bool is_known;
        uint64_t end = known_bytes_run(&known, at, len, &i, &is_known);
        if (!is_known) {
            add_unknown(r, end - at);
        } else {
            end = end - at > MARKED_MAX ? at + MARKED_MAX : end;
            report_add(r, slice_make(m->payload.ptr + at, (size_t)(end - at)));
        }
        at = end;
    }
    line_text(&r->line, buf_slice(&r->scratch), m->truncated || at < len,
              SIZE_MAX);
}

static void
put_message_payload(struct report *r, const struct event_message *m)
{
    struct report_line *l = &r->line;
    const struct known_bytes known = known_bytes_of(m);
    if (m->opcode != WS_OP_TEXT)
        put_hex_preview(l, m->payload, m->truncated, &known);
    else if (m->known)
        put_marked_text(r, m);
    else
        line_text(l, m->payload, m->truncated, SIZE_MAX);
}

/* "1000 Normal Closure: reason" */
static void
put_close(struct report_line *l, const struct event_frame *f)
{
    if (!f->has_close_code) {
        line_style(l, STYLE_DIM);
        line_text(l,
                  slice_cstr(f->header.payload_len == 0 ? "no code"
                                                        : "code missing"),
                  false, SIZE_MAX);
        line_style(l, STYLE_PLAIN);
        return;
    }
    const char *name = close_code_name(f->close_code);
    uint8_t digits[PUT_U64_MAX];
    size_t n = (size_t)(put_u64(digits, f->close_code) - digits);
    /* Half a code would be another one. */
    if (n > line_left(l)) {
        line_text(l, slice_make(NULL, 0), true, SIZE_MAX);
        return;
    }
    line_put_mem(l, digits, n);
    /* The name stands at the end of the connection too: on a narrow line the
     * reason goes first. */
    if (f->close_reason.len == 0 ||
        line_left(l) >= strlen(name) + CLOSE_REASON_COLS) {
        line_put(l, " ");
        line_text(l, slice_cstr(name), false, SIZE_MAX);
    }
    if (f->close_reason.len > 0) {
        line_text(l, slice_cstr(": "), false, SIZE_MAX);
        line_text(l, f->close_reason, false, SIZE_MAX);
    }
}

static void
put_payload(struct report *r, const struct event_frame *f)
{
    struct report_line *l = &r->line;
    const struct ws_frame_header *h = &f->header;
    struct note n = {0};
    if (!f->synced)
        note_put(l, &n, "found again", STYLE_NOTE);
    /* Of a frame that ends a message, the message says so. */
    if (!f->complete && !(f->completed && !f->completed->complete))
        note_put(l, &n, "incomplete", STYLE_WARNING);
    if (f->completed)
        put_message_notes(l, &n, f->completed);
    else if (f->message && !h->fin)
        note_put(l, &n, "fragment", STYLE_DIM);
    note_end(l, &n);
    if (f->completed)
        put_message_payload(r, f->completed);
    else if (h->opcode == WS_OP_CLOSE)
        put_close(l, f);
    else if (text_is_plain(f->payload))
        line_text(l, f->payload, false, SIZE_MAX);
    else
        put_hex_preview(l, f->payload, false, &(struct known_bytes){0});
}

/* "FIN=1 RSV=000 opcode=0x1 MASK=1 len=5 key=37fa213d": the header, field by
 * field as RFC 6455 section 5.2 draws it, and where it stood. */
static void
put_bits(struct report *r, uint32_t conn, const struct event_frame *f)
{
    const struct ws_frame_header *h = &f->header;
    uint8_t hex[8];
    uint8_t bits[3] = {'0' + (h->rsv >> 2 & 1), '0' + (h->rsv >> 1 & 1),
                       '0' + (h->rsv & 1)};
    buf_clear(&r->scratch);
    report_add_str(r, h->fin ? "FIN=1 RSV=" : "FIN=0 RSV=");
    report_add(r, slice_make(bits, sizeof bits));
    report_add_str(r, " opcode=0x");
    put_hex(hex, &h->opcode, 1);
    report_add(r, slice_make(hex + 1, 1));
    report_add_str(r, h->masked ? " MASK=1 len=" : " MASK=0 len=");
    report_add_u64(r, h->payload_len);
    if (h->masked) {
        put_hex(hex, h->mask, sizeof h->mask);
        report_add_str(r, " key=");
        report_add(r, slice_make(hex, sizeof hex));
    }
    report_add_str(r, " header=");
    report_add_u64(r, h->header_len);
    report_add_str(r, " offset=");
    report_add_u64(r, h->offset);
    report_add_str(r, " packet=");
    if (f->first.packet != f->at.packet) {
        report_add_u64(r, f->first.packet);
        report_add_str(r, "-");
    }
    report_add_u64(r, f->at.packet);
    if (f->message) {
        report_add_str(r, " message=");
        report_add_u64(r, f->message);
    }
    if (!f->synced) {
        double bits_of_evidence = f->confidence;
        report_add_str(r, " confidence=");
        report_add_u64(r, bits_of_evidence > 0 && bits_of_evidence < 1e9
                              ? (uint64_t)bits_of_evidence
                              : 0);
        report_add_str(r, " bits");
    }
    report_field_wrap(r, conn, "", buf_slice(&r->scratch), STYLE_DIM);
}

void
report_frame(struct report *r, struct report_conn *c,
             const struct event_frame *f)
{
    struct report_line *l = &r->line;
    struct columns at = columns_of(r);
    uint8_t digits[PUT_U64_MAX];
    report_timeline_heading(r);
    report_prefix(r, c->conn);
    size_t len = (size_t)(put_u64(digits, f->number) - digits);
    line_right(l, NUMBER_END, len, 0);
    line_put_mem(l, digits, len);
    put_time(r, c, &at, f->at.time_ns);
    put_sender(r, &at, f->from);
    line_to(l, at.opcode, 1);
    put_opcode(l, f->header.opcode);
    if (at.dropped < DROPPED_FLAGS) {
        line_to(l, at.flags, 1);
        put_flags(l, &f->header);
    }
    if (at.dropped < DROPPED_LENGTH) {
        len = (size_t)(put_u64(digits, f->header.payload_len) - digits);
        line_right(l, at.length_end, len, 1);
        line_put_mem(l, digits, len);
    }
    line_to(l, at.payload, 2);
    put_payload(r, f);
    line_end(l, r->out);
    if (f->completed)
        c->shown[f->from] = f->completed->number;
    if (r->options.detail == REPORT_VERBOSE)
        put_bits(r, c->conn, f);
}

void
report_message(struct report *r, struct report_conn *c,
               const struct event_message *m)
{
    struct report_line *l = &r->line;
    struct columns at = columns_of(r);
    struct note n = {0};
    report_timeline_heading(r);
    report_prefix(r, c->conn);
    line_to(l, TIME_START - 1, 0);
    put_time(r, c, &at, m->at.time_ns);
    put_sender(r, &at, m->from);
    line_to(l, at.opcode, 1);
    line_put(l, "message ");
    line_u64(l, m->number);
    line_put(l, " ");
    line_put(l, ws_opcode_name(m->opcode));
    line_to(l, at.payload, 1);
    put_message_notes(l, &n, m);
    note_end(l, &n);
    put_message_payload(r, m);
    line_end(l, r->out);
}
