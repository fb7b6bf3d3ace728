/* SPDX-License-Identifier: MIT */
#include "ui/tell.h"

#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "ui/text.h"

/* Of a file name in a message, and of what is said of it. */
#define NAME_COLUMNS 250u
#define TEXT_COLUMNS 512u

void
tell(const struct tell *t, const char *name, const char *text)
{
    uint8_t safe_name[NAME_COLUMNS * 4], safe_text[TEXT_COLUMNS * 4];
    out_flush(t->out);
    progress_clear(t->progress);
    struct text_fit n = text_fit(slice_cstr(name), false, t->utf8, NAME_COLUMNS,
                                 safe_name, sizeof safe_name);
    /* Ours, but for names of interfaces and files that libraries put in. */
    struct text_fit s = text_fit(slice_cstr(text), false, t->utf8, TEXT_COLUMNS,
                                 safe_text, sizeof safe_text);
    if (t->show) {
        char line[TEXT_COLUMNS];
        snprintf(line, sizeof line, "%.*s: %.*s", (int)n.out_len,
                 (const char *)safe_name, (int)s.out_len,
                 (const char *)safe_text);
        t->show(t->show_ctx, line);
        return;
    }
    fprintf(stderr, PACKAGE_NAME ": %.*s: %.*s\n", (int)n.out_len,
            (const char *)safe_name, (int)s.out_len, (const char *)safe_text);
}

void
tell_format(const struct tell *t, const char *name, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell(t, name, text);
}

/* Columns shown in front of a place, and of all of the line. */
#define PLACE_COLUMNS 48u
#define LINE_COLUMNS 76u

void
tell_place(const struct tell *t, struct slice text, size_t offset, size_t len)
{
    uint8_t line[LINE_COLUMNS * 4];
    size_t from = 0, columns = 0;
    if (offset > text.len)
        offset = text.len;
    if (offset > PLACE_COLUMNS)
        from = offset - PLACE_COLUMNS;
    /* Not in the middle of a character. */
    while (from < offset && (text.ptr[from] & 0xc0u) == 0x80u)
        from++;
    struct slice before = slice_head(slice_skip(text, from), offset - from);
    struct slice at = slice_head(slice_skip(text, offset), len);
    columns =
        text_take(before, false, t->utf8, LINE_COLUMNS - 10, line, sizeof line)
            .cols;
    size_t marks = text_take(at, false, t->utf8, LINE_COLUMNS - 2 - columns,
                             line, sizeof line)
                       .cols;
    struct text_fit fit = text_fit(slice_skip(text, from), false, t->utf8,
                                   LINE_COLUMNS, line, sizeof line);
    fprintf(stderr, "  %s%.*s\n  %*s^", from ? ".." : "", (int)fit.out_len,
            (const char *)line, (int)(columns + (from ? 2 : 0)), "");
    for (size_t i = 1; i < marks; i++)
        fputc('~', stderr);
    fputc('\n', stderr);
}

/* A limit that was reached is never silent. */
void
tell_limit(const struct tell *t, uint64_t count, const char *what,
           const char *option)
{
    if (count > 0)
        tell_format(t, "limit reached", "%llu %s (%s)",
                    (unsigned long long)count, what, option);
}

void
tell_limits(const struct tell *t, const struct pipeline_totals *totals)
{
    const struct ip_frag_stats *frag = &totals->decap->frag;
    tell_limit(t, totals->flow.evicted, "flows forgotten", "--flows");
    tell_limit(t, totals->flow.evicted_memory, "flows forgotten", "--memory");
    tell_limit(t, totals->flow.over_early, "holes given up",
               "--early-bytes, --early-ranges");
    tell_limit(t, totals->flow.over_memory, "streams gave up held bytes",
               "--memory");
    tell_limit(t, totals->dissect.long_heads, "HTTP heads too long to read",
               "--http-head-limit");
    tell_limit(t, totals->dissect.over_hold,
               "times too much had to wait for an answer",
               "4 times --http-head-limit");
    tell_limit(t, frag->expired, "IP datagrams never completed",
               "--fragment-timeout");
    tell_limit(t, frag->evicted, "IP datagrams dropped", "--fragment-bytes");
    tell_limit(t, frag->no_memory, "IP fragments dropped", "--fragment-bytes");
    tell_limit(t, totals->secrets_dropped, "secrets of the file not kept",
               "1 MiB in all");
    tell_limit(t, totals->flow.no_memory, "allocations for packets failed",
               "the system");
    tell_limit(t, totals->dissect.no_memory, "connections not followed",
               "memory of the system");
}

void
tell_oddities(const struct tell *t, const struct pipeline_totals *totals)
{
    const struct {
        uint64_t count;
        const char *what;
    } rows[] = {
        {totals->decap->packets[DECAP_MALFORMED],
         "packets with unreadable headers"},
        {totals->decap->frag.bad, "IP fragments cut or contradictory, dropped"},
        {totals->decap->frag.waiting, "IP datagrams incomplete at the end"},
        {totals->flow.malformed, "unreadable TCP headers"},
        {totals->flow.conflicts, "bytes sent again with other content"},
        {totals->flow.wild, "TCP segments far outside the window, ignored"},
        {totals->flow.acks_ignored, "impossible acknowledgements, ignored"},
        {totals->flow.resets_ignored, "RSTs that both sides ignored"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].count > 0)
            tell_format(t, "note", "%llu %s", (unsigned long long)rows[i].count,
                        rows[i].what);
    }
}
