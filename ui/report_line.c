/* SPDX-License-Identifier: MIT */
#include "ui/report_line.h"

#include <string.h>

#include "ui/put.h"

/* Kept free for the end of the line: reset of the style, line feed or this. */
#define TAIL 16u

/* Erase in line to its end, ECMA-48 section 8.3.41. */
#define ERASE_REST "\033[K"

/* Select Graphic Rendition, ECMA-48 section 8.3.117. */
static const char *const style_codes[STYLE_COUNT] = {
    [STYLE_PLAIN] = "\033[0m",    [STYLE_DIM] = "\033[2m",
    [STYLE_STRONG] = "\033[1m",   [STYLE_CLIENT] = "\033[36m",
    [STYLE_SERVER] = "\033[35m",  [STYLE_GOOD] = "\033[32m",
    [STYLE_WARNING] = "\033[33m", [STYLE_ERROR] = "\033[1;31m",
    [STYLE_NOTE] = "\033[34m",
};

static size_t
room(const struct report_line *l)
{
    return REPORT_LINE_BYTES - TAIL - l->len;
}

static void
append(struct report_line *l, const void *ptr, size_t len)
{
    memcpy(l->bytes + l->len, ptr, len);
    l->len += len;
}

size_t
line_left(const struct report_line *l)
{
    return l->cols < l->width ? l->width - l->cols : 0;
}

void
line_style(struct report_line *l, enum report_style style)
{
    if (!l->color || style == l->style)
        return;
    size_t len = strlen(style_codes[style]);
    if (len + strlen(style_codes[STYLE_PLAIN]) > room(l))
        return;
    if (l->style != STYLE_PLAIN && style != STYLE_PLAIN)
        append(l, style_codes[STYLE_PLAIN], strlen(style_codes[STYLE_PLAIN]));
    append(l, style_codes[style], len);
    l->style = style;
}

void
line_put_mem(struct report_line *l, const void *ptr, size_t len)
{
    if (len > room(l))
        len = room(l);
    if (l->clip && len > line_left(l))
        len = line_left(l);
    append(l, ptr, len);
    l->cols += len;
}

void
line_put(struct report_line *l, const char *text)
{
    line_put_mem(l, text, strlen(text));
}

void
line_u64(struct report_line *l, uint64_t v)
{
    uint8_t digits[PUT_U64_MAX];
    line_put_mem(l, digits, (size_t)(put_u64(digits, v) - digits));
}

void
line_count(struct report_line *l, uint64_t v, const char *noun)
{
    uint8_t digits[2 * PUT_U64_MAX];
    line_put_mem(l, digits, (size_t)(put_grouped(digits, v) - digits));
    line_put(l, " ");
    line_put(l, noun);
    if (v != 1)
        line_put(l, "s");
}

static void
spaces(struct report_line *l, size_t n)
{
    static const char blank[] = "                                ";
    while (n > 0) {
        size_t some = n < sizeof blank - 1 ? n : sizeof blank - 1;
        line_put_mem(l, blank, some);
        n -= some;
    }
}

void
line_to(struct report_line *l, size_t col, size_t gap)
{
    spaces(l, l->cols + gap < col ? col - l->cols : gap);
}

void
line_right(struct report_line *l, size_t end_col, size_t cols, size_t gap)
{
    line_to(l, end_col > cols ? end_col - cols : 0, gap);
}

size_t
line_arrow_cols(const struct report_line *l)
{
    return l->utf8 ? 1 : 2;
}

void
line_arrow(struct report_line *l, bool right)
{
    if (!l->utf8) {
        line_put(l, right ? "->" : "<-");
    } else if (room(l) >= 3) {
        append(l, right ? "\xe2\x86\x92" : "\xe2\x86\x90", 3);
        l->cols++;
    }
}

void
line_text(struct report_line *l, struct slice text, bool more, size_t max_cols)
{
    size_t left = line_left(l);
    struct text_fit fit =
        text_fit(text, more, l->utf8, max_cols < left ? max_cols : left,
                 l->bytes + l->len, room(l));
    l->len += fit.out_len;
    l->cols += fit.cols;
}

struct text_fit
line_take(struct report_line *l, struct slice text)
{
    struct text_fit fit = text_take(text, false, l->utf8, line_left(l),
                                    l->bytes + l->len, room(l));
    l->len += fit.out_len;
    l->cols += fit.cols;
    return fit;
}

/* All but what ends it. */
static void
put_line(struct report_line *l, const char *tail, struct out *o)
{
    /* No trailing spaces: they wrap, and diffs show them. */
    while (l->style == STYLE_PLAIN && l->len > 0 && l->bytes[l->len - 1] == ' ')
        l->len--;
    if (l->style != STYLE_PLAIN)
        append(l, style_codes[STYLE_PLAIN], strlen(style_codes[STYLE_PLAIN]));
    append(l, tail, strlen(tail));
    out_put(o, l->bytes, l->len);
    line_drop(l);
}

void
line_end(struct report_line *l, struct out *o)
{
    put_line(l, "\n", o);
}

void
line_end_row(struct report_line *l, struct out *o)
{
    put_line(l, ERASE_REST, o);
}

void
line_drop(struct report_line *l)
{
    l->len = 0;
    l->cols = 0;
    l->style = STYLE_PLAIN;
}
