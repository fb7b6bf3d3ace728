/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a frame: the figure of RFC 6455 section 5.2 with its values, 32
 * bits a row, then the bytes, masked, unmasked or as the message they are part
 * of.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/frame_parts.h"

/* Columns of the figure: 32 bits of two columns, and its right border. */
#define FIGURE_COLS 65
#define SHOWN_MAX 4096u

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
    unsigned from, to;
    const char *name;
    char value[40];
};

struct figure_row {
    struct box box[8];
    size_t n;
};

static void add_box(struct figure_row *row, enum frame_field field,
                    unsigned from, unsigned to, const char *name,
                    const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#include <stdarg.h>

static void
add_box(struct figure_row *row, enum frame_field field, unsigned from,
        unsigned to, const char *name, const char *format, ...)
{
    struct box *b = &row->box[row->n++];
    va_list args;
    *b = (struct box){.field = field, .from = from, .to = to, .name = name};
    va_start(args, format);
    vsnprintf(b->value, sizeof b->value, format, args);
    va_end(args);
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

/* Bits in front of the payload are laid out one behind the other, 32 a row. */
struct layout {
    struct figure_row rows[5];
    size_t n;
    unsigned bit; /* next one in the last row */
};

static void
lay(struct layout *l, enum frame_field field, const char *name,
    const uint8_t *bytes, unsigned n_bytes)
{
    while (n_bytes > 0) {
        if (l->bit == 32) {
            l->n++;
            l->bit = 0;
        }
        unsigned n = (32 - l->bit) / 8;
        if (n > n_bytes)
            n = n_bytes;
        char text[40] = "";
        for (unsigned i = 0; i < n; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text),
                     i ? " %02x" : "%02x", bytes[i]);
        add_box(&l->rows[l->n], field, l->bit, l->bit + 8 * n, name, "%s",
                text);
        l->bit += 8 * n;
        bytes += n;
        n_bytes -= n;
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
    struct figure_row *first = &l->rows[0];
    memset(l, 0, sizeof *l);
    add_box(first, FRAME_FIELD_FIN, 0, 1, "F", "%u", head[0] >> 7);
    for (unsigned i = 1; i < 4; i++)
        add_box(first, FRAME_FIELD_RSV, i, i + 1, "R", "%u",
                head[0] >> (7 - i) & 1u);
    add_box(first, FRAME_FIELD_OPCODE, 4, 8, "opcode", "%s",
            spaced_bits(head[0] & 15u, 4, bits));
    add_box(first, FRAME_FIELD_MASK, 8, 9, "M", "%u", head[1] >> 7);
    add_box(first, FRAME_FIELD_LENGTH, 9, 16, "payload len", "%s",
            spaced_bits(head[1] & 127u, 7, bits));
    l->bit = 16;
    lay(l, FRAME_FIELD_LENGTH, "extended length", head + 2, more);
    lay(l, FRAME_FIELD_KEY, "masking key", head + 2 + more, masked);
    unsigned left = 32 - l->bit ? 32 - l->bit : 32;
    unsigned n = n_payload < left / 8 ? (unsigned)n_payload : left / 8;
    lay(l, FRAME_FIELD_PAYLOAD, "payload", payload, n);
    l->n++;
}

/* What stands above, or below, the border at bit b of a row. */
static bool
has_border(const struct figure_row *row, unsigned b)
{
    if (b == 0)
        return true;
    for (size_t i = 0; row && i < row->n; i++)
        if (row->box[i].to == b || row->box[i].from == b)
            return true;
    return false;
}

static unsigned
row_end(const struct figure_row *row)
{
    return row && row->n ? row->box[row->n - 1].to : 0;
}

static void
draw_border(struct grid *g, int y, int x, const struct figure_row *above,
            const struct figure_row *below)
{
    unsigned end =
        row_end(above) > row_end(below) ? row_end(above) : row_end(below);
    for (unsigned c = 0; c <= 2 * end; c++) {
        unsigned meets = (c > 0 ? 4u : 0) | (c < 2 * end ? 8u : 0);
        if (c % 2 == 0 && above && c / 2 <= row_end(above) &&
            has_border(above, c / 2))
            meets |= 1;
        if (c % 2 == 0 && below && c / 2 <= row_end(below) &&
            has_border(below, c / 2))
            meets |= 2;
        uint32_t ch = corner(meets, g->utf8);
        grid_line(g, y, x + (int)c, 1, ROLE_DIM, ch, (char)(ch & 127));
    }
}

static void
draw_boxes(struct tui *t, int y, int x, const struct figure_row *row)
{
    struct grid *g = &t->grid;
    for (size_t i = 0; i < row->n; i++) {
        const struct box *b = &row->box[i];
        int left = x + 2 * (int)b->from, cols = 2 * (int)(b->to - b->from) - 1;
        enum role role = frame_field_info(b->field)->role;
        const char *name = (int)strlen(b->name) <= cols ? b->name : "";
        for (int line = 0; line < 2; line++) {
            grid_line(g, y + line, left, 1, ROLE_DIM, corner(3, g->utf8), '|');
            grid_text(g, y + line, left + 1, cols, role,
                      line ? b->value : name);
            grid_line(g, y + line, left + 1 + cols, 1, ROLE_DIM,
                      corner(3, g->utf8), '|');
            if (b->field == t->field)
                grid_cursor(g, y + line, left + 1, cols);
        }
    }
}

/* Returns the rows it took. */
static int
draw_figure(struct tui *t, struct rect r, const struct layout *l)
{
    struct grid *g = &t->grid;
    int y = r.y, x = r.x + 1;
    int rows = 3 + 3 * (int)l->n;
    if (r.cols < FIGURE_COLS + 1 || r.rows < rows)
        return 0;
    grid_text(g, y, x, r.cols - 1, ROLE_DIM,
              " 0                   1                   2                   3");
    grid_text(
        g, y + 1, x, r.cols - 1, ROLE_DIM,
        " 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1");
    y += 2;
    for (size_t i = 0; i < l->n; i++) {
        draw_border(g, y, x, i ? &l->rows[i - 1] : NULL, &l->rows[i]);
        draw_boxes(t, y + 1, x, &l->rows[i]);
        y += 3;
    }
    draw_border(g, y, x, &l->rows[l->n - 1], NULL);
    return rows + 1;
}

/* Sixteen bytes a line, or eight where there is little room; the field that is
 * selected with the cursor.  from: of the frame, of the first byte. */
static int
draw_hex(struct tui *t, struct rect r, const uint8_t *bytes, size_t n,
         uint64_t from)
{
    struct grid *g = &t->grid;
    const struct store_frame *f = store_frame(t->store, t->frame);
    int wide = r.cols >= 74 ? 16 : 8, y = r.y;
    uint64_t first = 0, end = 0;
    frame_field_bytes(f, (enum frame_field)t->field, &first, &end);
    for (size_t at = 0; at < n && y < r.y + r.rows; at += (size_t)wide, y++) {
        grid_format(g, y, r.x + 1, 6, ROLE_DIM, "%5zu", at);
        for (int i = 0; i < wide && at + (size_t)i < n; i++) {
            size_t b = at + (size_t)i;
            int x = r.x + 8 + 3 * i + (i >= 8);
            uint64_t place = from + b;
            enum role role = ROLE_FIELD_PAYLOAD;
            for (unsigned k = 0; k < FRAME_FIELD_COUNT; k++) {
                uint64_t a, z;
                if (frame_field_bytes(f, (enum frame_field)k, &a, &z) &&
                    place >= a && place < z)
                    role = frame_field_info((enum frame_field)k)->role;
            }
            grid_format(g, y, x, 2, role, "%02x", bytes[b]);
            grid_format(g, y, r.x + 10 + 3 * wide + i, 1, role, "%c",
                        bytes[b] >= 32 && bytes[b] < 127 ? bytes[b] : '.');
            if (place >= first && place < end)
                grid_cursor(g, y, x, 2);
        }
    }
    return y - r.y;
}

/* Masked bytes, the key below them, and what comes out. */
static void
draw_xor(struct tui *t, struct rect r, const uint8_t *plain, size_t n)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    static const char *const labels[] = {"masked", "key XOR", "result", "text"};
    struct grid *g = &t->grid;
    size_t fit = r.cols > 16 ? (size_t)(r.cols - 12) / 3 : 0;
    if (r.rows < 4 || !(f->flags & STORE_MASKED) || n == 0)
        return;
    for (int line = 0; line < 4; line++) {
        grid_format(g, r.y + line, r.x + 1, 9, ROLE_DIM, "%8s", labels[line]);
        for (size_t i = 0; i < n && i < fit; i++) {
            uint8_t key = (uint8_t)(f->mask >> (8 * (3 - i % 4)));
            int x = r.x + 11 + 3 * (int)i;
            if (line < 3)
                grid_format(g, r.y + line, x, 2,
                            line == 1 ? ROLE_FIELD_KEY : ROLE_FIELD_PAYLOAD,
                            "%02x",
                            line == 0   ? (unsigned)(plain[i] ^ key)
                            : line == 1 ? (unsigned)key
                                        : (unsigned)plain[i]);
            else
                grid_format(g, r.y + line, x, 2, ROLE_FIELD_PAYLOAD, " %c",
                            plain[i] >= 32 && plain[i] < 127 ? plain[i] : '.');
        }
    }
}

static void
draw_wire(struct tui *t, struct rect r, const uint8_t *plain, size_t n)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    uint8_t wire[14 + SHOWN_MAX];
    struct layout l;
    size_t len = frame_header_bytes(f, wire);
    /* What a compressed frame held was not kept, only what came out. */
    size_t shown = f->flags & STORE_COMPRESSED ? 0 : n;
    for (size_t i = 0; i < shown; i++)
        wire[len + i] =
            (uint8_t)(plain[i] ^ (f->flags & STORE_MASKED
                                      ? (uint8_t)(f->mask >> (8 * (3 - i % 4)))
                                      : 0));
    lay_frame(&l, f, wire + len, shown);
    int used = draw_figure(t, r, &l);
    r.y += used;
    r.rows -= used;
    int xor_rows = f->flags & STORE_MASKED && shown > 0 && r.rows >= 7 ? 5 : 0;
    struct rect hex = {r.y, r.x, r.rows - xor_rows, r.cols};
    used = draw_hex(t, hex, wire, len + shown, 0);
    if (f->flags & STORE_COMPRESSED && used < r.rows)
        grid_text(&t->grid, r.y + used, r.x + 8, r.cols - 8, ROLE_DIM,
                  "(compressed payload: B shows what it inflates to)");
    if (xor_rows)
        draw_xor(t,
                 (struct rect){r.y + used + 1, r.x, r.rows - used - 1, r.cols},
                 plain, shown);
}

void
frame_bytes_draw(struct tui *t, struct rect r, bool focused)
{
    static const char *const names[] = {"wire", "unmasked", "message"};
    const struct store_frame *f = store_frame(t->store, t->frame);
    uint8_t bytes[SHOWN_MAX];
    bool whole;
    size_t n = 0;
    grid_title(&t->grid, (struct rect){r.y, r.x, 1, r.cols}, focused,
               "Bytes: %s (B changes)", names[t->source_bytes]);
    struct rect body = {r.y + 1, r.x, r.rows - 1, r.cols};
    if (f->flags & STORE_GAP)
        return;
    struct store_message m;
    if (t->source_bytes == TUI_SOURCE_MESSAGE &&
        store_message_of(t->store, t->frame, &m))
        n = store_message_payload(t->store, &m, 0, bytes, sizeof bytes);
    else
        n = store_frame_payload(t->store, f, bytes, sizeof bytes, &whole);
    if (t->source_bytes == TUI_SOURCE_WIRE)
        draw_wire(t, body, bytes, n);
    else
        draw_hex(t, body, bytes, n, f->header_len);
}
