/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/put.h"
#include "ui/report_parts.h"
#include "ui/text.h"

void
report_prefix(struct report *r, uint32_t conn)
{
    struct report_line *l = &r->line;
    line_style(l, STYLE_DIM);
    line_put(l, "#");
    line_u64(l, conn);
    line_style(l, STYLE_PLAIN);
    line_to(l, REPORT_CONN_COLS, 1);
    r->begun = true;
}

bool
report_is_narrow(const struct report *r)
{
    return r->line.width < REPORT_NARROW;
}

size_t
report_hang_col(const struct report *r)
{
    return report_is_narrow(r) ? REPORT_NARROW_HANG_COL : REPORT_VALUE_COL;
}

void
report_label(struct report *r, uint32_t conn, const char *label,
             enum report_style style)
{
    bool narrow = report_is_narrow(r);
    report_prefix(r, conn);
    line_to(&r->line, narrow ? REPORT_NARROW_LABEL_COL : REPORT_LABEL_COL, 0);
    if (*label) {
        line_style(&r->line, style == STYLE_PLAIN ? STYLE_DIM : style);
        line_put(&r->line, label);
        line_style(&r->line, STYLE_PLAIN);
    }
    line_to(&r->line, narrow ? REPORT_NARROW_VALUE_COL : REPORT_VALUE_COL, 1);
    line_style(&r->line, style);
}

/* Takes the first word with the spaces in front of it. */
static struct slice
next_word(struct slice *text)
{
    size_t n = 0;
    while (n < text->len && text->ptr[n] == ' ')
        n++;
    while (n < text->len && text->ptr[n] != ' ')
        n++;
    struct slice word = slice_head(*text, n);
    *text = slice_skip(*text, n);
    return word;
}

static struct slice
skip_spaces(struct slice s)
{
    while (s.len > 0 && s.ptr[0] == ' ')
        s = slice_skip(s, 1);
    return s;
}

/* Whether the word fits into that many columns. */
static bool
fits(const struct report_line *l, struct slice word, size_t cols)
{
    uint8_t scratch[REPORT_LINE_COLUMNS_MAX];
    /* A byte for each column at least: what is longer cannot fit unless it
     * is in a script of few columns, and then it may as well be cut. */
    return word.len <= sizeof scratch &&
           text_take(word, false, l->utf8, cols, scratch, sizeof scratch)
                   .in_len == word.len;
}

/* Columns of a continued line in front of its text. */
static size_t
hang_cols(uint32_t conn, size_t hang)
{
    uint8_t digits[PUT_U64_MAX];
    size_t prefix = conn ? (size_t)(put_u64(digits, conn) - digits) + 2 : 0;
    return prefix > hang ? prefix : hang;
}

void
report_next_line(struct report *r, uint32_t conn, enum report_style style,
                 size_t hang)
{
    line_end(&r->line, r->out);
    if (conn)
        report_prefix(r, conn);
    line_to(&r->line, hang, 0);
    line_style(&r->line, style);
}

/* Over as many lines as it takes. */
static void
put_long_word(struct report *r, uint32_t conn, struct slice word,
              enum report_style style, size_t hang)
{
    struct report_line *l = &r->line;
    for (;;) {
        struct text_fit fit = line_take(l, word);
        word = slice_skip(word, fit.in_len);
        if (word.len == 0)
            return;
        report_next_line(r, conn, style, hang);
        if (line_left(l) < TEXT_CHAR_MAX) {
            /* Too narrow to be sure of one character a line. */
            line_text(l, word, false, SIZE_MAX);
            return;
        }
    }
}

void
report_wrap(struct report *r, uint32_t conn, struct slice value,
            enum report_style style, size_t hang)
{
    struct report_line *l = &r->line;
    size_t indent = hang_cols(conn, hang);
    size_t whole = l->width > indent ? l->width - indent : 0;
    bool fresh = true; /* nothing of the value stands in this line yet */
    line_style(l, style);
    while (value.len > 0) {
        struct slice word = next_word(&value);
        if (fits(l, word, line_left(l))) {
            line_text(l, word, false, SIZE_MAX);
            fresh = false;
            continue;
        }
        struct slice bare = skip_spaces(word);
        if (bare.len == 0)
            continue; /* spaces at the end of a line */
        bool is_long = !fits(l, bare, whole);
        if (!is_long || word.len - bare.len >= line_left(l)) {
            if (!fresh || line_left(l) < whole)
                report_next_line(r, conn, style, hang);
            word = bare;
        }
        if (is_long)
            put_long_word(r, conn, word, style, hang);
        else
            line_text(l, word, false, SIZE_MAX);
        fresh = false;
    }
}

void
report_field_wrap(struct report *r, uint32_t conn, const char *label,
                  struct slice value, enum report_style style)
{
    report_label(r, conn, label, style);
    report_wrap(r, conn, value, style, report_hang_col(r));
    line_end(&r->line, r->out);
}

void
report_field_cut(struct report *r, uint32_t conn, const char *label,
                 struct slice value, enum report_style style)
{
    struct report_line *l = &r->line;
    report_label(r, conn, label, style);
    /* On a narrow terminal a second line is better than half a value. */
    if (l->width < REPORT_FULL && value.len < REPORT_FULL)
        report_wrap(r, conn, value, style, report_hang_col(r));
    else
        line_text(l, value, false, SIZE_MAX);
    line_end(l, r->out);
}

void
report_add(struct report *r, struct slice s)
{
    (void)buf_append_some(&r->scratch, s.ptr, s.len);
}

void
report_add_str(struct report *r, const char *text)
{
    report_add(r, slice_cstr(text));
}

void
report_add_u64(struct report *r, uint64_t v)
{
    uint8_t digits[PUT_U64_MAX];
    report_add(r, slice_make(digits, (size_t)(put_u64(digits, v) - digits)));
}

static enum time_format
date_format(const struct report *r)
{
    enum time_format format = r->options.time;
    if (format == TIME_FORMAT_RELATIVE || format == TIME_FORMAT_DELTA)
        format = TIME_FORMAT_UTC;
    return format;
}

size_t
report_date_cols(const struct report *r)
{
    return when_columns(date_format(r));
}

void
report_put_date(struct report *r, int64_t ns)
{
    uint8_t text[WHEN_TEXT_MAX];
    uint8_t *end = when_text(&r->when, date_format(r), ns, 0, text);
    line_put_mem(&r->line, text, (size_t)(end - text));
}
