/* SPDX-License-Identifier: MIT */
/* The fields of a frame one below the other, and what the selected one means.
 */
#include "ui/tui/views/frame_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "dissect/close_code.h"
#include "ui/tui/present.h"

/* Of a payload, in the panes. */
#define SHOWN_MAX 4096u
/* Frames of all connections that are looked at to find the next of one. */
#define NEXT_LOOKS 10000u

struct pane {
    struct grid *g;
    struct rect r; /* without the title */
    size_t top;    /* lines above it */
    size_t n;      /* lines so far */
    size_t cursor; /* the line of the selected field */
};

/* The row of the next line; outside of the pane: -1. */
static int
next_line(struct pane *p)
{
    size_t line = p->n++;
    return line >= p->top && line - p->top < (size_t)p->r.rows
               ? p->r.y + (int)(line - p->top)
               : -1;
}

/* The line at y, the last one, is that of a field. */
static void
is_field(struct tui *t, struct pane *p, int y, enum frame_field field)
{
    if (t->field == field)
        p->cursor = p->n - 1;
    if (y < 0)
        return;
    hit_field(t, (struct rect){y, p->r.x, 1, p->r.cols}, field);
    if (t->field == field)
        grid_cursor(p->g, y, p->r.x, p->r.cols);
}

static void
put_bits(char out[10], unsigned byte, unsigned mask)
{
    int n = 0;
    for (int i = 7; i >= 0; i--) {
        char bit = byte >> i & 1 ? '1' : '0';
        out[n++] = '.';
        if (mask >> i & 1)
            out[n - 1] = bit;
        if (i == 4)
            out[n++] = ' ';
    }
    out[n] = '\0';
}

static void
bits_line(struct tui *t, struct pane *p, enum frame_field field, unsigned byte,
          unsigned mask, const char *value)
{
    char bits[10];
    int y = next_line(p);
    put_bits(bits, byte, mask);
    int x = p->r.x;
    x += grid_format(p->g, y, x, p->r.cols, ROLE_DIM, "    %s = ", bits);
    x += grid_format(p->g, y, x, p->r.x + p->r.cols - x,
                     frame_field_info(field)->role,
                     "%s: ", frame_field_info(field)->name);
    grid_text(p->g, y, x, p->r.x + p->r.cols - x, ROLE_TEXT, value);
    is_field(t, p, y, field);
}

static void
text_line(struct pane *p, const char *label, enum role role, struct slice value,
          bool more)
{
    int y = next_line(p);
    if (y < 0)
        return;
    int x = p->r.x +
            grid_format(p->g, y, p->r.x, p->r.cols, ROLE_DIM, "    %s ", label);
    grid_put(p->g, y, x, p->r.x + p->r.cols - x, role, value, more);
}

static void
format_line(struct pane *p, enum role role, const char *text)
{
    int y = next_line(p);
    if (y >= 0)
        grid_text(p->g, y, p->r.x, p->r.cols, role, text);
}

static void
header_lines(struct tui *t, struct pane *p, const struct store_frame *f)
{
    char text[96];
    unsigned more = frame_length_bytes(f), rsv = f->byte0 >> 4 & 7;
    uint8_t head[14];
    uint8_t opcode = store_frame_opcode(f);
    frame_header_bytes(f, head);
    bits_line(t, p, FRAME_FIELD_FIN, f->byte0, 0x80,
              f->byte0 & 0x80 ? "last fragment of the message"
                              : "more fragments follow");
    snprintf(text, sizeof text, "%u%u%u%s", rsv >> 2 & 1, rsv >> 1 & 1, rsv & 1,
             f->flags & STORE_COMPRESSED && rsv & 4 ? " (compressed)" : "");
    bits_line(t, p, FRAME_FIELD_RSV, f->byte0, 0x70, text);
    snprintf(text, sizeof text, "%s (%u)", ws_opcode_name(opcode), opcode);
    bits_line(t, p, FRAME_FIELD_OPCODE, f->byte0, 0x0f, text);
    bits_line(t, p, FRAME_FIELD_MASK, head[1], 0x80,
              f->flags & STORE_MASKED ? "the payload is masked"
                                      : "the payload is not masked");
    snprintf(text, sizeof text, "%" PRIu64 " (%s)", f->payload_len,
             more == 8   ? "64-bit form"
             : more == 2 ? "16-bit form"
                         : "7-bit form");
    bits_line(t, p, FRAME_FIELD_LENGTH, head[1], 0x7f, text);
    if (f->flags & STORE_MASKED) {
        int y = next_line(p);
        int x = p->r.x + grid_text(p->g, y, p->r.x, p->r.cols, ROLE_FIELD_KEY,
                                   "    Masking key: ");
        grid_format(p->g, y, x, p->r.x + p->r.cols - x, ROLE_TEXT,
                    "%02x %02x %02x %02x", f->mask >> 24, f->mask >> 16 & 255,
                    f->mask >> 8 & 255, f->mask & 255);
        is_field(t, p, y, FRAME_FIELD_KEY);
    }
}

static void
payload_lines(struct tui *t, struct pane *p, const struct store_frame *f)
{
    uint8_t bytes[SHOWN_MAX];
    char text[96];
    bool whole;
    size_t n = store_frame_text(t->store, f, bytes, sizeof bytes, &whole);
    int y = next_line(p);
    int x = p->r.x + grid_text(p->g, y, p->r.x, p->r.cols, ROLE_FIELD_PAYLOAD,
                               "    Payload: ");
    grid_format(p->g, y, x, p->r.x + p->r.cols - x, ROLE_TEXT,
                "%" PRIu64 " bytes%s%s", f->payload_len,
                f->flags & STORE_MASKED ? ", masked" : "",
                f->flags & STORE_COMPLETE ? "" : ", not all captured");
    is_field(t, p, y, FRAME_FIELD_PAYLOAD);
    if (store_frame_opcode(f) == WS_OP_CLOSE && n >= 2) {
        uint16_t code = rd_load_be16(bytes);
        const char *name = close_code_name(code);
        snprintf(text, sizeof text, "%u %s", code, name ? name : "");
        text_line(p, "  Code:", ROLE_TEXT, slice_cstr(text), false);
        text_line(p, "  Reason:", ROLE_TEXT, slice_make(bytes + 2, n - 2),
                  false);
    } else if (n > 0) {
        text_line(p, "  Text:", ROLE_FIELD_PAYLOAD, slice_make(bytes, n),
                  !whole);
    }
}

static void
message_lines(struct tui *t, struct pane *p)
{
    char text[160];
    struct store_message message, *m = &message;
    if (!store_message_of(t->store, t->frame, m))
        return;
    int n = snprintf(text, sizeof text,
                     "  [Message %" PRIu32 ": %" PRIu32 " fragment%s",
                     m->number, m->n_frames, m->n_frames == 1 ? "" : "s");
    if (m->flags & STORE_MESSAGE_HAS_LEN)
        n += snprintf(text + n, sizeof text - (size_t)n, ", %" PRIu64 " bytes",
                      m->len);
    if (m->flags & STORE_MESSAGE_COMPRESSED)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      " from %" PRIu64 " compressed", m->wire_len);
    snprintf(text + n, sizeof text - (size_t)n, "]");
    format_line(p, ROLE_DIM, text);
    if (m->opcode == WS_OP_TEXT && !(m->flags & STORE_MESSAGE_BAD_UTF8) &&
        m->flags & STORE_MESSAGE_DONE && m->flags & STORE_MESSAGE_COMPLETE)
        format_line(p, ROLE_GOOD, "  [UTF-8: valid]");
    if (m->flags & STORE_MESSAGE_BAD_UTF8) {
        snprintf(text, sizeof text,
                 "  [not valid UTF-8 from byte %" PRIu64 " on]", m->utf8_error);
        format_line(p, ROLE_BAD, text);
    }
    if (m->inflate_error) {
        snprintf(text, sizeof text, "  [inflating: %s]", m->inflate_error);
        format_line(p, ROLE_BAD, text);
    }
    if (m->partly_known) {
        struct store_known known;
        store_message_known(t->store, m, &known);
        snprintf(text, sizeof text,
                 "  [%" PRIu64 " of these bytes%s are not known: they are "
                 "copies of bytes that were not captured]",
                 known_bytes_missing(&known.bytes, m->kept),
                 known.bytes.more ? " at least" : "");
        format_line(p, ROLE_GAP, text);
    }
}

/* What was found in this frame. */
static void
finding_lines(struct tui *t, struct pane *p)
{
    const struct store *s = t->store;
    char text[256];
    if (store_frame(s, t->frame)->severity == 0)
        return;
    for (size_t i = 0; i < s->findings.n; i++) {
        const struct store_finding *f = store_finding(s, i);
        if (f->frame != t->frame)
            continue;
        const struct finding_info *info = finding_info(f->id);
        snprintf(text, sizeof text, "  %s %s: %s [%s]",
                 severity_name(f->severity), info->id, info->text,
                 info->reference);
        format_line(p, tui_severity_role(f->severity), text);
    }
}

/* The next frame of the connection; others' frames lie between. */
static void
next_lines(struct tui *t, struct pane *p, const struct store_frame *f)
{
    const struct store *s = t->store;
    char text[128];
    size_t end = store_conn(s, f->conn)->last_frame;
    for (size_t row = (size_t)t->frame + 1;
         row <= end && row - t->frame <= NEXT_LOOKS && row < s->frames.n;
         row++) {
        const struct store_frame *next = store_frame(s, row);
        if (next->conn != f->conn)
            continue;
        int64_t us = (next->time_ns - f->time_ns) / 1000;
        if (next->flags & STORE_GAP)
            snprintf(text, sizeof text,
                     "  [Next in this connection: a gap of %" PRIu64 " bytes]",
                     next->payload_len);
        else
            snprintf(text, sizeof text,
                     "  [Next in this connection: frame %" PRIu32
                     " of the %s, %" PRId64 ".%03d ms later]",
                     next->number, ws_sender_name(store_frame_from(next)),
                     us / 1000, (int)(us < 0 ? -us : us) % 1000);
        format_line(p, ROLE_DIM, text);
        return;
    }
}

/* What carried it, as far as that is known. */
static void
carrier_lines(struct tui *t, struct pane *p, const struct store_frame *f)
{
    const struct store_conn *c = store_conn(t->store, f->conn);
    bool server = f->flags & STORE_SERVER;
    const struct endpoint *from = server ? &c->server : &c->client;
    const struct endpoint *to = server ? &c->client : &c->server;
    const char *arrow = p->g->utf8 ? "\u2192" : "->";
    char text[200], a[ENDPOINT_TEXT_MAX], b[ENDPOINT_TEXT_MAX];
    snprintf(text, sizeof text,
             "TCP %u %s %u, offset %" PRIu64
             " of the stream, ends in packet %" PRIu64,
             from->port, arrow, to->port, f->offset, f->packet);
    format_line(p, ROLE_TEXT, text);
    present_addr(t, &from->addr, a, sizeof a);
    present_addr(t, &to->addr, b, sizeof b);
    snprintf(text, sizeof text, "%s %s %s %s", strchr(a, ':') ? "IPv6" : "IPv4",
             a, arrow, b);
    format_line(p, ROLE_TEXT, text);
}

static void
all_lines(struct tui *t, struct pane *p, const struct store_frame *f)
{
    char text[200];
    bool server = f->flags & STORE_SERVER;
    const char *dot = p->g->utf8 ? "\u00b7" : "-";
    if (f->flags & STORE_GAP) {
        snprintf(text, sizeof text,
                 "%" PRIu64 " bytes at offset %" PRIu64
                 " of what the %s sent are not in the capture",
                 f->payload_len, f->offset,
                 ws_sender_name(store_frame_from(f)));
        format_line(p, ROLE_GAP, text);
        carrier_lines(t, p, f);
        return;
    }
    snprintf(text, sizeof text,
             "WebSocket frame %" PRIu32 " %s %s %s %s %s %s %s %" PRIu64
             " bytes %s packet %" PRIu64,
             f->number, dot, server ? "server" : "client",
             p->g->utf8 ? "\u2192" : "->", server ? "client" : "server", dot,
             ws_opcode_name(store_frame_opcode(f)), dot,
             f->header_len + f->payload_len, dot, f->packet);
    format_line(p, ROLE_STRONG, text);
    header_lines(t, p, f);
    payload_lines(t, p, f);
    message_lines(t, p);
    next_lines(t, p, f);
    if (!(f->flags & STORE_SYNCED))
        format_line(p, ROLE_WARNING,
                    "  [found again after a loss or in mid-stream]");
    finding_lines(t, p);
    carrier_lines(t, p, f);
}

void
frame_detail_draw(struct tui *t, struct rect r, bool focused)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    struct list *l = &t->detail;
    struct rect body = {r.y + 1, r.x, r.rows - 1, r.cols};
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, focused, "%s",
               r.cols < t->grid.cols || t->zoom ? "Detail"
                                                : "Detail (Tab)  b bytes");
    hit_pane(t, r, FRAME_PANE_DETAIL);
    hit_scroll(t, body, l);
    /* Once to count them, then those that are shown. */
    struct pane p = {.g = &t->grid, .r = {body.y, body.x, 0, body.cols}};
    all_lines(t, &p, f);
    if (l->cursor != p.cursor) {
        l->n = p.n;
        list_go(l, p.cursor);
    }
    list_fit(l, p.n, (size_t)body.rows);
    p = (struct pane){.g = &t->grid, .r = body, .top = l->top};
    all_lines(t, &p, f);
}

void
frame_explain_draw(struct tui *t, struct rect r, bool focused)
{
    const struct frame_field_info *info =
        frame_field_info((enum frame_field)t->field);
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, focused,
               "Explain: %s (RFC 6455 section %s)", info->name, info->section);
    hit_pane(t, r, FRAME_PANE_EXPLAIN);
    const char *texts[] = {info->what, info->rule};
    int y = r.y + 1;
    for (size_t i = 0; i < 2; i++) {
        /* Broken at blanks. */
        const char *at = texts[i];
        while (*at && y < r.y + r.rows) {
            size_t len = strlen(at), room = (size_t)r.cols - 2;
            if (len > room) {
                len = room;
                while (len > 0 && at[len] != ' ')
                    len--;
                if (len == 0)
                    len = room;
            }
            grid_put(&t->grid, y++, r.x + 1, r.cols - 1, ROLE_TEXT,
                     slice_make((const uint8_t *)at, len), false);
            at += len;
            at += *at == ' ';
        }
    }
}
