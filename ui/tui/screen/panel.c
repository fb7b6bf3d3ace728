/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/panel.h"

#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

/* Of a cell. */
#define EIGHTHS 8u

static const char ascii_levels[] = " .:-=+*#";

/* log2(v + 1) in sixteenths, straight between powers of two. */
static uint64_t
log_of(uint64_t v)
{
    v += v < UINT64_MAX;
    unsigned e = 63u - (unsigned)__builtin_clzll(v);
    uint64_t part = e >= 4 ? v >> (e - 4) & 15u : v << (4 - e) & 15u;
    return 16u * (uint64_t)e + part;
}

unsigned
scale_parts(struct scale s, uint64_t v, unsigned parts)
{
    if (v == 0)
        return 0;
    if (v >= s.most)
        return parts;
    if (s.log) {
        v = log_of(v);
        s.most = log_of(s.most);
    }
    double share = (double)v / (double)s.most;
    unsigned n = (unsigned)(share * (double)parts + 0.5);
    return n < 1 ? 1 : n > parts ? parts : n;
}

static char
ascii_level(unsigned eighths)
{
    return ascii_levels[eighths < EIGHTHS ? eighths : EIGHTHS - 1];
}

/* The largest of what column i of cols stands for. */
static uint64_t
column_value(const uint64_t *v, size_t n, size_t i, size_t cols)
{
    size_t from = i * n / cols, to = (i + 1) * n / cols;
    uint64_t most = v[from];
    for (size_t k = from + 1; k < to; k++)
        if (v[k] > most)
            most = v[k];
    return most;
}

void
panel_spark(struct grid *g, int y, int x, int cols, enum role role,
            const uint64_t *v, size_t n, struct scale s)
{
    for (int i = 0; i < cols && n > 0; i++) {
        uint64_t value = column_value(v, n, (size_t)i, (size_t)cols);
        unsigned level = scale_parts(s, value, EIGHTHS);
        grid_line(g, y, x + i, 1, role, level ? 0x2580 + level : ' ',
                  ascii_level(level));
    }
}

void
panel_bar(struct grid *g, int y, int x, int cols, enum role role, uint64_t v,
          struct scale s)
{
    if (cols <= 0)
        return;
    unsigned eighths = scale_parts(s, v, (unsigned)cols * EIGHTHS);
    int full = (int)(eighths / EIGHTHS);
    unsigned rest = eighths % EIGHTHS;
    grid_line(g, y, x, full, role, 0x2588, '#');
    if (rest > 0)
        grid_line(g, y, x + full, 1, role, 0x2590 - rest, ascii_level(rest));
}

/* With a blank between each three digits. */
static size_t
grouped(uint64_t n, char out[32])
{
    char digits[24];
    size_t len =
        (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ' ';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return at;
}

void
panel_count(uint64_t n, int cols, char *out, size_t size)
{
    char text[32];
    if (grouped(n, text) <= (size_t)cols)
        snprintf(out, size, "%s", text);
    else if (snprintf(text, sizeof text, "%llu", (unsigned long long)n) <= cols)
        snprintf(out, size, "%s", text);
    else
        tui_bytes(n, out, size);
}

void
panel_number(struct grid *g, int y, int x, int cols, enum role role, uint64_t n)
{
    char text[32];
    panel_count(n, cols, text, sizeof text);
    grid_format(g, y, x, cols, role, "%*s", cols, text);
}
