/* SPDX-License-Identifier: MIT */
#include "ui/text.h"

#include <string.h>

#include "base/utf8.h"

/* More on one base are there to break the screen ("Zalgo"), not to be read. */
#define MARKS_MAX 4u

struct range {
    uint32_t first, last;
};

#define HIDDEN(first, last) {first, last},
static const struct range hidden_table[] = {
#include "ui/text_ranges.def"
};
#undef HIDDEN

#define WIDE(first, last) {first, last},
static const struct range wide_table[] = {
#include "ui/text_ranges.def"
};
#undef WIDE

#define MARK(first, last) {first, last},
static const struct range mark_table[] = {
#include "ui/text_ranges.def"
};
#undef MARK

static bool
is_in(const struct range *table, size_t n, uint32_t cp)
{
    size_t low = 0;
    while (low < n) {
        size_t middle = low + (n - low) / 2;
        if (cp < table[middle].first)
            n = middle;
        else if (cp > table[middle].last)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

bool
text_is_hidden(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7f)
        return false;
    return (cp & 0xfffe) == 0xfffe || cp > 0x10ffff ||
           is_in(hidden_table, sizeof hidden_table / sizeof hidden_table[0],
                 cp);
}

static bool
is_mark(uint32_t cp)
{
    return cp >= 0x300 &&
           is_in(mark_table, sizeof mark_table / sizeof mark_table[0], cp);
}

unsigned
text_width(uint32_t cp)
{
    if (cp < 0x300)
        return 1;
    /* Variation selectors are no marks, but take no column either. */
    if (is_mark(cp) || (cp >= 0xfe00 && cp <= 0xfe0f))
        return 0;
    return is_in(wide_table, sizeof wide_table / sizeof wide_table[0], cp) ? 2
                                                                           : 1;
}

/* What one character becomes. */
struct shown {
    uint8_t bytes[TEXT_CHAR_MAX];
    size_t len;
    size_t cols;
    size_t in_len;
};

/* What stands in front of the next character. */
struct context {
    bool has_base;     /* something marks can be put on */
    bool has_selector; /* and that already has its variation selector */
    unsigned base_cols;
    unsigned marks;
};

static uint8_t
hex_digit(uint32_t v)
{
    return (uint8_t) "0123456789ABCDEF"[v & 15];
}

/* "<FF>" */
static void
show_byte(struct shown *s, uint8_t byte)
{
    s->bytes[0] = '<';
    s->bytes[1] = hex_digit(byte >> 4);
    s->bytes[2] = hex_digit(byte);
    s->bytes[3] = '>';
    s->len = s->cols = 4;
}

/* "<U+202E>" */
static void
show_code_point(struct shown *s, uint32_t cp)
{
    unsigned digits = cp > 0xfffff ? 6 : cp > 0xffff ? 5 : 4;
    memcpy(s->bytes, "<U+", 3);
    s->len = 3;
    while (digits > 0)
        s->bytes[s->len++] = hex_digit(cp >> 4 * --digits);
    s->bytes[s->len++] = '>';
    s->cols = s->len;
}

/* U+2400 and up: a picture of each C0 character, U+2421 for DEL. */
static void
show_control(struct shown *s, uint8_t c, bool utf8)
{
    if (!utf8) {
        show_byte(s, c);
        return;
    }
    s->bytes[0] = 0xe2;
    s->bytes[1] = 0x90;
    s->bytes[2] = c == 0x7f ? 0xa1 : (uint8_t)(0x80 + c);
    s->len = 3;
    s->cols = 1;
}

/* A mark or a variation selector that its base may carry. */
static bool
rides_on_base(const struct context *c, uint32_t cp)
{
    if (!c->has_base)
        return false;
    if (cp == 0xfe0e || cp == 0xfe0f)
        return !c->has_selector;
    return c->marks < MARKS_MAX && is_mark(cp);
}

static void
show_rider(struct shown *s, struct context *c, const uint8_t *ptr, uint32_t cp)
{
    memcpy(s->bytes, ptr, s->in_len);
    s->len = s->in_len;
    s->cols = 0;
    if (cp == 0xfe0e || cp == 0xfe0f) {
        c->has_selector = true;
        /* Emoji presentation: two columns on some terminals. */
        if (c->base_cols < 2) {
            s->cols = 1;
            c->base_cols = 2;
        }
    } else {
        c->marks++;
    }
}

/* Shows the character at the front of in; c is brought up to date. */
static void
show_char(struct shown *s, struct context *c, struct slice in, bool utf8)
{
    uint32_t cp;
    s->in_len = utf8_decode(in, &cp);
    if (cp != UTF8_BAD && utf8 && rides_on_base(c, cp)) {
        show_rider(s, c, in.ptr, cp);
        return;
    }
    *c = (struct context){0};
    if (cp == UTF8_BAD) {
        s->in_len = 1;
        show_byte(s, in.ptr[0]);
    } else if (cp < 0x20 || cp == 0x7f) {
        show_control(s, in.ptr[0], utf8);
    } else if (text_is_hidden(cp) || is_mark(cp) || (!utf8 && cp > 0x7f)) {
        show_code_point(s, cp);
    } else {
        memcpy(s->bytes, in.ptr, s->in_len);
        s->len = s->in_len;
        s->cols = text_width(cp);
        c->has_base = true;
        c->base_cols = (unsigned)s->cols;
    }
}

bool
text_is_unfinished(struct slice in)
{
    if (in.len == 0 || in.len > 3)
        return false;
    struct utf8 u;
    utf8_init(&u);
    return utf8_feed(&u, in.ptr, in.len) && u.valid == 0 && u.n_part > 0;
}

struct text_fit
text_take(struct slice in, bool more, bool utf8, size_t max_cols, uint8_t *out,
          size_t cap)
{
    struct text_fit fit = {0};
    struct context c = {0};
    while (fit.in_len < in.len) {
        uint8_t byte = in.ptr[fit.in_len];
        if (byte >= 0x20 && byte < 0x7f) {
            if (fit.cols == max_cols || fit.out_len == cap)
                break;
            out[fit.out_len++] = byte;
            fit.in_len++;
            fit.cols++;
            c = (struct context){.has_base = true, .base_cols = 1};
            continue;
        }
        struct slice rest = slice_skip(in, fit.in_len);
        if (more && text_is_unfinished(rest))
            break;
        struct shown s;
        show_char(&s, &c, rest, utf8);
        if (s.cols > max_cols - fit.cols || s.len > cap - fit.out_len)
            break;
        memcpy(out + fit.out_len, s.bytes, s.len);
        fit.out_len += s.len;
        fit.in_len += s.in_len;
        fit.cols += s.cols;
    }
    return fit;
}

struct text_fit
text_fit(struct slice in, bool more, bool utf8, size_t max_cols, uint8_t *out,
         size_t cap)
{
    static const uint8_t dots[] = {0xe2, 0x80, 0xa6}; /* U+2026 */
    struct text_fit fit = text_take(in, more, utf8, max_cols, out, cap);
    if (fit.in_len == in.len && !more)
        return fit;
    size_t len = 3, cols = utf8 ? 1 : 3;
    size_t left_cols = max_cols > cols ? max_cols - cols : 0;
    size_t left_cap = cap > len ? cap - len : 0;
    if (fit.cols > left_cols || fit.out_len > left_cap)
        fit = text_take(in, more, utf8, left_cols, out, left_cap);
    fit.cut = true;
    if (cap < len || (utf8 && max_cols < cols))
        return fit;
    if (cols > max_cols)
        len = cols = max_cols; /* as many dots as there is room for */
    memcpy(out + fit.out_len, utf8 ? dots : (const uint8_t *)"...", len);
    fit.out_len += len;
    fit.cols += cols;
    return fit;
}

bool
text_is_plain(struct slice in)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    return utf8_prefix(in.ptr, in.len) == in.len;
}
