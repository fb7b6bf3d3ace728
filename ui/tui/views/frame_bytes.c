/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a frame: the figure of RFC 6455 section 5.2 with its values, 32
 * bits a row, or 16 where there is little room, then the bytes, masked,
 * unmasked or as the message they are part of, and the XOR with the masking
 * key.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/views/frame_parts.h"

/* Columns of the figure: 32 bits of two columns, and its right border. */
#define FIGURE_COLS 65
#define NARROW_COLS 33
#define XOR_ROWS 4
#define SHOWN_MAX 4096u
/* All of the figure. */
#define ALL_STEPS 99u

/* The lines of a box, by what meets: bit 0 up, 1 down, 2 left, 3 right. */
static uint32_t
corner(unsigned meets, bool utf8)
{
    static const uint16_t lines[16] = {' ',    0x2502, 0x2502, 0x2502,
                                       0x2500, 0x2518, 0x2510, 0x2524,
                                       0x2500, 0x2514, 0x250c, 0x251c,
                                       0x2500, 0x2534, 0x252c, 0x253c};
    if (utf8)
        return lines[meets];
    return meets == 3 ? '|' : (meets & 3) == 0 ? '-' : '+';
}

/* One box of a row: bits [from, to) of it. */
struct box {
    enum frame_field field;
    unsigned step; /* of lesson.def, which shows it */
    unsigned from, to;
    char name[40], value[64];
};

struct figure_row {
    struct box box[8];
    size_t n;
};

/* Bits in front of the payload are laid out one behind the other. */
struct layout {
    struct figure_row rows[9];
    size_t n;
    unsigned width; /* bits of a row */
    unsigned bit;   /* next one in the last row */
    unsigned step;  /* boxes of later ones are hidden */
};

static struct box *add_box(struct layout *l, enum frame_field field,
                           unsigned step, unsigned from, unsigned to,
                           const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* In the last row; the format is of its value. */
static struct box *
add_box(struct layout *l, enum frame_field field, unsigned step, unsigned from,
        unsigned to, const char *format, ...)
{
    struct figure_row *row = &l->rows[l->n];
    struct box *b = &row->box[row->n++];
    va_list args;
    *b = (struct box){.field = field, .step = step, .from = from, .to = to};
    va_start(args, format);
    vsnprintf(b->value, sizeof b->value, format, args);
    va_end(args);
    return b;
}

/* "1 0 0 0" of the low n bits. */
static const char *
spaced_bits(unsigned v, unsigned n, char *out)
{
    for (unsigned i = 0; i < n; i++) {
        out[2 * i] = (char)('0' + (v >> (n - 1 - i) & 1));
        out[2 * i + 1] = ' ';
    }
    out[2 * n - 1] = '\0';
    return out;
}

/* Bytes of a field, in as many boxes as they take; all of them are `all`. */
static void
lay(struct layout *l, enum frame_field field, unsigned step, const char *name,
    const uint8_t *bytes, unsigned n_bytes, uint64_t all)
{
    unsigned first = 1;
    while (n_bytes > 0) {
        if (l->bit == l->width) {
            l->n++;
            l->bit = 0;
        }
        unsigned n = (l->width - l->bit) / 8;
        if (n > n_bytes)
            n = n_bytes;
        char text[56] = "";
        /* As far apart as the bits: 16 columns a byte. */
        for (unsigned i = 0; i < n; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text),
                     i ? "%14s%02x" : "%s%02x", "", bytes[i]);
        struct box *b =
            add_box(l, field, step, l->bit, l->bit + 8 * n, "%s%s", text,
                    first + n <= all && n_bytes == n ? " ..." : "");
        if (field == FRAME_FIELD_PAYLOAD)
            snprintf(b->name, sizeof b->name, "%s, %" PRIu64 " bytes", name,
                     all);
        else if (n < all)
            snprintf(b->name, sizeof b->name, "%s, bytes %u-%u", name, first,
                     first + n - 1);
        else
            snprintf(b->name, sizeof b->name, "%s", name);
        l->bit += 8 * n;
        bytes += n;
        n_bytes -= n;
        first += n;
    }
}

static void
lay_frame(struct layout *l, const struct store_frame *f, const uint8_t *payload,
          size_t n_payload)
{
    uint8_t head[14];
    char bits[20];
    size_t len = frame_header_bytes(f, head);
    unsigned masked = f->flags & STORE_MASKED ? 4 : 0;
    unsigned more = (unsigned)len - 2 - masked;
    struct box *b = add_box(l, FRAME_FIELD_FIN, 1, 0, 1, "%u", head[0] >> 7);
    snprintf(b->name, sizeof b->name, "F");
    for (unsigned i = 1; i < 4; i++) {
        b = add_box(l, FRAME_FIELD_RSV, 2, i, i + 1, "%u",
                    head[0] >> (7 - i) & 1u);
        snprintf(b->name, sizeof b->name, "R");
    }
    b = add_box(l, FRAME_FIELD_OPCODE, 3, 4, 8, "%s",
                spaced_bits(head[0] & 15u, 4, bits));
    snprintf(b->name, sizeof b->name, "opcode");
    b = add_box(l, FRAME_FIELD_MASK, 4, 8, 9, "%u", head[1] >> 7);
    snprintf(b->name, sizeof b->name, "M");
    b = add_box(l, FRAME_FIELD_LENGTH, 5, 9, 16, "%s",
                spaced_bits(head[1] & 127u, 7, bits));
    snprintf(b->name, sizeof b->name, "payload len");
    l->bit = 16;
    lay(l, FRAME_FIELD_LENGTH, 6, "extended length", head + 2, more, more);
    lay(l, FRAME_FIELD_KEY, 7, "masking key", head + 2 + more, masked, masked);
    unsigned left = l->bit < l->width ? l->width - l->bit : l->width;
    unsigned n = n_payload < left / 8 ? (unsigned)n_payload : left / 8;
    lay(l, FRAME_FIELD_PAYLOAD, 8, masked ? "payload (masked)" : "payload",
        payload, n, f->payload_len);
    l->n++;
}

/* What stands above, or below, the border at bit b of a row. */
static bool
has_border(const struct layout *l, const struct figure_row *row, unsigned b)
{
    if (b == 0)
        return true;
    for (size_t i = 0; row && i < row->n; i++) {
        const struct box *box = &row->box[i];
        bool edge = box->to == b || box->from == b;
        if (edge && (box->step <= l->step || i + 1 == row->n) &&
            (box->to == b || box->step <= l->step))
            return true;
    }
    return false;
}

static unsigned
row_end(const struct figure_row *row)
{
    return row && row->n ? row->box[row->n - 1].to : 0;
}

static void
draw_border(struct grid *g, int y, int x, const struct layout *l,
            const struct figure_row *above, const struct figure_row *below)
{
    unsigned end =
        row_end(above) > row_end(below) ? row_end(above) : row_end(below);
    for (unsigned c = 0; c <= 2 * end; c++) {
        unsigned meets = (c > 0 ? 4u : 0) | (c < 2 * end ? 8u : 0);
        if (c % 2 == 0 && above && c / 2 <= row_end(above) &&
            has_border(l, above, c / 2))
            meets |= 1;
        if (c % 2 == 0 && below && c / 2 <= row_end(below) &&
            has_border(l, below, c / 2))
            meets |= 2;
        uint32_t ch = corner(meets, g->utf8);
        grid_line(g, y, x + (int)c, 1, ROLE_DIM, ch, (char)(ch & 127));
    }
}

static void
draw_box(struct tui *t, int y, int left, const struct layout *l,
         const struct box *b)
{
    struct grid *g = &t->grid;
    int cols = 2 * (int)(b->to - b->from) - 1;
    enum role role = frame_field_info(b->field)->role;
    if (b->step > l->step) {
        for (int x = 0; x < cols; x += 2)
            grid_line(g, y, left + 1 + x, 1, ROLE_DIM, 0xb7, '.');
        return;
    }
    const char *text = b->name[0] && strlen(b->name) <= (size_t)cols ? b->name
                       : b->field == FRAME_FIELD_KEY                 ? "key"
                                                                     : "";
    grid_text(g, y, left + 1, cols, role, text);
    grid_text(g, y + 1, left + 1, cols, role, b->value);
    for (int line = 0; line < 2; line++)
        if (b->field == t->field)
            grid_cursor(g, y + line, left + 1, cols);
    hit_field(t, (struct rect){y, left + 1, 2, cols}, b->field);
}

static void
draw_boxes(struct tui *t, int y, int x, const struct layout *l,
           const struct figure_row *row)
{
    uint32_t bar = corner(3, t->grid.utf8);
    for (size_t i = 0; i < row->n; i++)
        draw_box(t, y, x + 2 * (int)row->box[i].from, l, &row->box[i]);
    for (unsigned b = 0; b <= row_end(row); b++)
        if (has_border(l, row, b))
            for (int line = 0; line < 2; line++)
                grid_line(&t->grid, y + line, x + 2 * (int)b, 1, ROLE_DIM, bar,
                          '|');
}

static void
draw_ruler(struct grid *g, int y, int x, unsigned bits)
{
    for (unsigned b = 0; b < bits; b++) {
        if (b % 10 == 0)
            grid_format(g, y, x + 1 + 2 * (int)b, 1, ROLE_DIM, "%u", b / 10);
        grid_format(g, y + 1, x + 1 + 2 * (int)b, 1, ROLE_DIM, "%u", b % 10);
    }
}

/* Returns the rows it took, with a blank one below; 0: there is no room. */
static int
draw_figure(struct tui *t, struct rect r, unsigned step, const uint8_t *payload,
            size_t n)
{
    struct grid *g = &t->grid;
    struct layout l = {.step = step, .width = r.cols > FIGURE_COLS ? 32 : 16};
    int y = r.y, x = r.x + 1;
    lay_frame(&l, store_frame(t->store, t->frame), payload, n);
    int rows = 3 + 3 * (int)l.n;
    if (r.cols <= NARROW_COLS || r.rows < rows)
        return 0;
    draw_ruler(g, y, x, l.width);
    y += 2;
    for (size_t i = 0; i < l.n; i++) {
        draw_border(g, y, x, &l, i ? &l.rows[i - 1] : NULL, &l.rows[i]);
        draw_boxes(t, y + 1, x, &l, &l.rows[i]);
        y += 3;
    }
    draw_border(g, y, x, &l, &l.rows[l.n - 1], NULL);
    return rows + 1;
}

/* Bytes in a line of hexadecimal digits. */
static int
bytes_in_line(int cols)
{
    return cols >= 75 ? 16 : cols >= 43 ? 8 : 4;
}

static enum role
byte_role(const struct store_frame *f, uint64_t place)
{
    for (unsigned k = 0; k < FRAME_FIELD_COUNT; k++) {
        uint64_t a, z;
        if (frame_field_bytes(f, (enum frame_field)k, &a, &z) && place >= a &&
            place < z)
            return frame_field_info((enum frame_field)k)->role;
    }
    return ROLE_FIELD_PAYLOAD;
}

/* The line of the bytes from `at` on; the field that is selected with the
 * cursor.  from: of the frame, of the first byte. */
static void
draw_hex_line(struct tui *t, int y, struct rect r, const uint8_t *bytes,
              size_t n, size_t at, uint64_t from,
              const struct known_bytes *known)
{
    struct grid *g = &t->grid;
    const struct store_frame *f = store_frame(t->store, t->frame);
    int wide = bytes_in_line(r.cols);
    uint64_t first = 0, end = 0;
    size_t range = 0;
    frame_field_bytes(f, (enum frame_field)t->field, &first, &end);
    grid_format(g, y, r.x + 1, 6, ROLE_DIM, "%5zu", at);
    for (int i = 0; i < wide && at + (size_t)i < n; i++) {
        size_t b = at + (size_t)i;
        int x = r.x + 8 + 3 * i + (i >= 8);
        int text_x = r.x + 10 + 3 * wide + i;
        enum role role = byte_role(f, from + b);
        if (known_bytes_at(known, b, &range)) {
            grid_format(g, y, x, 2, role, "%02x", bytes[b]);
            grid_format(g, y, text_x, 1, role, "%c",
                        bytes[b] >= 32 && bytes[b] < 127 ? bytes[b] : '.');
        } else {
            grid_text(g, y, x, 2, ROLE_GAP, "??");
            grid_text(g, y, text_x, 1, ROLE_GAP, "?");
        }
        if (from + b >= first && from + b < end)
            grid_cursor(g, y, x, 2);
    }
}

/* All of it can be scrolled through.  Returns the rows it took. */
static int
draw_hex(struct tui *t, struct rect r, const uint8_t *bytes, size_t n,
         uint64_t from, const struct known_bytes *known)
{
    size_t wide = (size_t)bytes_in_line(r.cols);
    struct list *l = &t->hex;
    int rows = r.rows > 0 ? r.rows : 0;
    list_fit(l, (n + wide - 1) / wide, (size_t)rows);
    int used = 0;
    for (; used < rows && (l->top + (size_t)used) * wide < n; used++)
        draw_hex_line(t, r.y + used, r, bytes, n,
                      (l->top + (size_t)used) * wide, from, known);
    hit_scroll(t, r, l);
    return used;
}

static void
draw_xor(struct tui *t, struct rect r, const uint8_t *plain, size_t n)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    static const char *const labels[XOR_ROWS] = {"masked", "key XOR", "result",
                                                 "text"};
    static const enum frame_field fields[XOR_ROWS] = {FRAME_FIELD_PAYLOAD,
                                                      FRAME_FIELD_KEY,
                                                      FRAME_FIELD_PAYLOAD,
                                                      FRAME_FIELD_PAYLOAD};
    struct grid *g = &t->grid;
    size_t fit = r.cols > 16 ? (size_t)(r.cols - 12) / 3 : 0;
    for (int line = 0; line < XOR_ROWS; line++) {
        int y = r.y + line;
        enum role role = frame_field_info(fields[line])->role;
        grid_format(g, y, r.x + 1, 9, ROLE_DIM, "%8s", labels[line]);
        for (size_t i = 0; i < n && i < fit; i++) {
            uint8_t key = (uint8_t)(f->mask >> (8 * (3 - i % 4)));
            unsigned byte = line == 0   ? (unsigned)(plain[i] ^ key)
                            : line == 1 ? (unsigned)key
                                        : (unsigned)plain[i];
            int x = r.x + 11 + 3 * (int)i;
            if (line < 3)
                grid_format(g, y, x, 2, role, "%02x", byte);
            else
                grid_format(g, y, x, 2, role, " %c",
                            byte >= 32 && byte < 127 ? (int)byte : '.');
            if (t->field == fields[line])
                grid_cursor(g, y, x, 2);
        }
    }
}

/* Masks what was unmasked. */
static void
mask(const struct store_frame *f, const uint8_t *plain, size_t n, uint8_t *out)
{
    bool masked = f->flags & STORE_MASKED;
    for (size_t i = 0; i < n; i++)
        out[i] =
            (uint8_t)(plain[i] ^
                      (masked ? (uint8_t)(f->mask >> (8 * (3 - i % 4))) : 0));
}

/* Bytes of the payload as they were before masking, of what was not
 * compressed: what a compressed frame held was not kept. */
static size_t
plain_bytes(const struct tui *t, uint8_t out[SHOWN_MAX])
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    bool whole;
    if (f->flags & (STORE_GAP | STORE_COMPRESSED))
        return 0;
    return store_frame_payload(t->store, f, out, SHOWN_MAX, &whole);
}

int
frame_figure_draw(struct tui *t, struct rect r, unsigned step)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    uint8_t plain[SHOWN_MAX], wire[SHOWN_MAX];
    size_t n = plain_bytes(t, plain);
    mask(f, plain, n, wire);
    return draw_figure(t, r, step, wire, n);
}

void
frame_xor_draw(struct tui *t, struct rect r, size_t most)
{
    uint8_t plain[SHOWN_MAX];
    size_t n = plain_bytes(t, plain);
    if (r.rows >= XOR_ROWS)
        draw_xor(t, r, plain, n < most ? n : most);
}

static void
draw_wire(struct tui *t, struct rect r)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    uint8_t plain[SHOWN_MAX], wire[14 + SHOWN_MAX];
    size_t len = frame_header_bytes(f, wire);
    size_t n = plain_bytes(t, plain);
    mask(f, plain, n, wire + len);
    int used = draw_figure(t, r, ALL_STEPS, wire + len, n);
    r.y += used;
    r.rows -= used;
    /* The masking key first, where there is room for one of both only. */
    int xor_rows =
        f->flags & STORE_MASKED && n > 0 && (used > 0 || r.rows >= XOR_ROWS + 3)
            ? XOR_ROWS
            : 0;
    if (r.rows < xor_rows)
        xor_rows = 0;
    int hex_rows = r.rows - xor_rows - (xor_rows > 0);
    used = draw_hex(t, (struct rect){r.y, r.x, hex_rows, r.cols}, wire, len + n,
                    0, &(struct known_bytes){0});
    if (f->flags & STORE_COMPRESSED && used < hex_rows)
        grid_text(&t->grid, r.y + used, r.x + 8, r.cols - 8, ROLE_DIM,
                  "(compressed payload: B shows what it inflates to)");
    used += used > 0;
    if (xor_rows)
        draw_xor(t, (struct rect){r.y + used, r.x, XOR_ROWS, r.cols}, plain, n);
}

/* The names of what can be shown, that which is in brackets. */
static void
draw_tabs(struct tui *t, struct rect r, bool focused,
          const uint64_t lens[TUI_SOURCE_COUNT], bool inflated)
{
    const char *names[TUI_SOURCE_COUNT] = {[TUI_SOURCE_WIRE] = "Wire",
                                           [TUI_SOURCE_UNMASKED] = "Unmasked",
                                           [TUI_SOURCE_MESSAGE] =
                                               inflated ? "Inflated"
                                                        : "Message"};
    char text[160];
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < TUI_SOURCE_COUNT && n < sizeof text; i++) {
        bool here = i == (unsigned)t->source_bytes;
        snprintf(text + n, sizeof text - n, "%s%s%u %s %" PRIu64 "%s%s",
                 i ? " " : "", here ? "[" : "", i + 1, names[i], lens[i],
                 r.cols >= 60 ? " B" : "", here ? "]" : "");
        n += strlen(text + n);
    }
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, focused,
               r.cols >= 60 ? "Bytes (B)  %s" : "%s", text);
    hit_key(t, (struct rect){r.y, r.x, 1, r.cols}, (struct tty_key){.ch = 'B'});
}

void
frame_bytes_draw(struct tui *t, struct rect r, bool focused)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    struct store_message message, *m = &message;
    if (!store_message_of(t->store, t->frame, m))
        m = NULL;
    struct rect body = {r.y + 1, r.x, r.rows - 1, r.cols};
    uint64_t lens[TUI_SOURCE_COUNT] = {f->header_len + f->payload_len,
                                       f->payload_len,
                                       m ? m->len : f->payload_len};
    uint8_t bytes[SHOWN_MAX];
    struct store_known known;
    bool whole;
    size_t n = 0;
    known.bytes = (struct known_bytes){0};
    hit_pane(t, r, FRAME_PANE_BYTES);
    draw_tabs(t, r, focused, lens, f->flags & STORE_COMPRESSED);
    if (f->flags & STORE_GAP)
        return;
    if (t->source_bytes == TUI_SOURCE_WIRE) {
        draw_wire(t, body);
        return;
    }
    if (t->source_bytes == TUI_SOURCE_UNMASKED)
        n = plain_bytes(t, bytes);
    else if (m)
        n = store_message_payload(t->store, m, 0, bytes, sizeof bytes);
    else
        n = store_frame_payload(t->store, f, bytes, sizeof bytes, &whole);
    if (m && t->source_bytes == TUI_SOURCE_MESSAGE)
        store_message_known(t->store, m, &known);
    if (n == 0 && f->payload_len > 0)
        grid_text(&t->grid, body.y, body.x + 2, body.cols - 2, ROLE_DIM,
                  f->flags & STORE_COMPRESSED
                      ? "(compressed: B shows what it inflates to)"
                      : "(not kept: see the message)");
    int used = draw_hex(t, body, bytes, n, f->header_len, &known.bytes);
    if (n == sizeof bytes && used < body.rows)
        grid_text(&t->grid, body.y + used, body.x + 2, body.cols - 2, ROLE_DIM,
                  "(more: w saves all of it)");
}
