/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
lines_skip(struct lines *l)
{
    l->y++;
}

/* How many bytes of text go into a line. */
static size_t
fitting(const char *text, size_t room)
{
    size_t len = strlen(text);
    if (len <= room)
        return len;
    for (len = room; len > 0 && text[len] != ' ';)
        len--;
    return len ? len : room;
}

void
lines_add(struct lines *l, enum role role, int indent, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int x = 0;
    const char *at = text;
    do {
        if (lines_full(l) || x >= l->r.cols)
            return;
        size_t n = fitting(at, (size_t)(l->r.cols - x));
        grid_put(l->g, l->y++, l->r.x + x, l->r.cols - x, role,
                 slice_make((const uint8_t *)at, n), false);
        at += n;
        at += *at == ' ';
        x = indent;
    } while (*at);
}

void
lines_put(struct lines *l, enum role role, int indent, struct slice text,
          bool more)
{
    if (lines_full(l))
        return;
    grid_put(l->g, l->y++, l->r.x + indent, l->r.cols - indent, role, text,
             more);
}

void
lines_pair(struct lines *l, int name_cols, const char *name, enum role role,
           struct slice text, bool more)
{
    if (lines_full(l))
        return;
    grid_text(l->g, l->y, l->r.x, name_cols, ROLE_DIM, name);
    lines_put(l, role, name_cols, text, more);
}
