/* SPDX-License-Identifier: MIT */
#include "ui/tui/frame_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "dissect/close_code.h"

#define FIELD(symbol, name, role, section, filter, what, rule)                 \
    {name, role, section, filter, what, rule},
static const struct frame_field_info fields[] = {
#include "ui/tui/frame_field.def"
};
#undef FIELD

/* Of a payload, in the panes. */
#define SHOWN_MAX 4096u

const struct frame_field_info *
frame_field_info(enum frame_field f)
{
    return &fields[f];
}

/* Bytes of the header in front of the masking key. */
static unsigned
length_bytes(const struct store_frame *f)
{
    return f->header_len - 2u - (f->flags & STORE_MASKED ? 4u : 0);
}

size_t
frame_header_bytes(const struct store_frame *f, uint8_t out[14])
{
    unsigned more = length_bytes(f);
    unsigned form = more == 8   ? 127
                    : more == 2 ? 126
                                : (unsigned)f->payload_len;
    size_t at = 0;
    out[at++] = f->byte0;
    out[at++] = (uint8_t)((f->flags & STORE_MASKED ? 0x80 : 0) | form);
    for (unsigned i = 0; i < more; i++)
        out[at++] = (uint8_t)(f->payload_len >> (8 * (more - 1 - i)));
    for (unsigned i = 0; f->flags & STORE_MASKED && i < 4; i++)
        out[at++] = (uint8_t)(f->mask >> (8 * (3 - i)));
    return at;
}

bool
frame_field_bytes(const struct store_frame *f, enum frame_field field,
                  uint64_t *from, uint64_t *to)
{
    switch (field) {
    case FRAME_FIELD_FIN:
    case FRAME_FIELD_RSV:
    case FRAME_FIELD_OPCODE:
        *from = 0;
        *to = 1;
        return true;
    case FRAME_FIELD_MASK:
        *from = 1;
        *to = 2;
        return true;
    case FRAME_FIELD_LENGTH:
        *from = 1;
        *to = 2 + length_bytes(f);
        return true;
    case FRAME_FIELD_KEY:
        *from = 2 + length_bytes(f);
        *to = f->header_len;
        return f->flags & STORE_MASKED;
    case FRAME_FIELD_PAYLOAD:
        *from = f->header_len;
        *to = f->header_len + f->payload_len;
        return f->payload_len > 0;
    case FRAME_FIELD_COUNT:
        break;
    }
    return false;
}

void
frame_field_step(struct tui *t, int step)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    uint64_t from, to;
    unsigned n = FRAME_FIELD_COUNT, field = t->field;
    do
        field = (field + n + (unsigned)step) % n;
    while (!frame_field_bytes(f, (enum frame_field)field, &from, &to));
    t->field = field;
}

/* ---- detail ---- */

struct pane {
    struct grid *g;
    struct rect r; /* without the title */
    int y;         /* of the next line */
};

/* The next line, or -1 when there is no room. */
static int
next_line(struct pane *p)
{
    return p->y < p->r.y + p->r.rows ? p->y++ : -1;
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
    if (y < 0)
        return;
    put_bits(bits, byte, mask);
    int x = p->r.x;
    x += grid_format(p->g, y, x, p->r.cols, ROLE_DIM, "    %s = ", bits);
    x += grid_format(p->g, y, x, p->r.x + p->r.cols - x, fields[field].role,
                     "%s: ", fields[field].name);
    grid_text(p->g, y, x, p->r.x + p->r.cols - x, ROLE_TEXT, value);
    if (t->field == field)
        grid_cursor(p->g, y, p->r.x, p->r.cols);
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
    unsigned more = length_bytes(f), rsv = f->byte0 >> 4 & 7;
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
        if (y < 0)
            return;
        int x = p->r.x + grid_text(p->g, y, p->r.x, p->r.cols, ROLE_FIELD_KEY,
                                   "    Masking key: ");
        grid_format(p->g, y, x, p->r.x + p->r.cols - x, ROLE_TEXT,
                    "%02x %02x %02x %02x", f->mask >> 24, f->mask >> 16 & 255,
                    f->mask >> 8 & 255, f->mask & 255);
        if (t->field == FRAME_FIELD_KEY)
            grid_cursor(p->g, y, p->r.x, p->r.cols);
    }
}

static void
payload_lines(struct tui *t, struct pane *p, const struct store_frame *f)
{
    uint8_t bytes[SHOWN_MAX];
    char text[96];
    bool whole;
    size_t n = store_frame_payload(t->store, f, bytes, sizeof bytes, &whole);
    int y = next_line(p);
    if (y < 0)
        return;
    int x = p->r.x + grid_text(p->g, y, p->r.x, p->r.cols, ROLE_FIELD_PAYLOAD,
                               "    Payload: ");
    grid_format(p->g, y, x, p->r.x + p->r.cols - x, ROLE_TEXT,
                "%" PRIu64 " bytes%s%s", f->payload_len,
                f->flags & STORE_MASKED ? ", masked" : "",
                f->flags & STORE_COMPLETE ? "" : ", not all captured");
    if (t->field == FRAME_FIELD_PAYLOAD)
        grid_cursor(p->g, y, p->r.x, p->r.cols);
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
    if (m->flags & STORE_MESSAGE_BAD_UTF8) {
        snprintf(text, sizeof text,
                 "  [not valid UTF-8 from byte %" PRIu64 " on]", m->utf8_error);
        format_line(p, ROLE_BAD, text);
    }
    if (m->inflate_error) {
        snprintf(text, sizeof text, "  [inflating: %s]", m->inflate_error);
        format_line(p, ROLE_BAD, text);
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

void
frame_detail_draw(struct tui *t, struct rect r, bool focused)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    struct pane p = {&t->grid, {r.y + 1, r.x, r.rows - 1, r.cols}, r.y + 1};
    char text[160];
    enum ws_sender from = store_frame_from(f);
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, focused, "Detail");
    if (f->flags & STORE_GAP) {
        snprintf(text, sizeof text,
                 "%" PRIu64 " bytes at offset %" PRIu64
                 " of what the %s sent are not in the capture",
                 f->payload_len, f->offset, ws_sender_name(from));
        format_line(&p, ROLE_GAP, text);
        return;
    }
    snprintf(text, sizeof text,
             "frame %" PRIu32 " of the %s, %s, %" PRIu64
             " bytes, packet %" PRIu64 ", offset %" PRIu64,
             f->number, ws_sender_name(from),
             ws_opcode_name(store_frame_opcode(f)),
             f->header_len + f->payload_len, f->packet, f->offset);
    format_line(&p, ROLE_STRONG, text);
    header_lines(t, &p, f);
    payload_lines(t, &p, f);
    message_lines(t, &p);
    if (!(f->flags & STORE_SYNCED))
        format_line(&p, ROLE_WARNING,
                    "  [found again after a loss or in mid-stream]");
    finding_lines(t, &p);
}

void
frame_explain_draw(struct tui *t, struct rect r)
{
    const struct frame_field_info *info = &fields[t->field];
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, false,
               "Explain: %s (RFC 6455 section %s)", info->name, info->section);
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
