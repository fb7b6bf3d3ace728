/* SPDX-License-Identifier: MIT */
#include "ui/stats_figures.h"

#include <string.h>

static const uint64_t turn_us[STATS_TURN_ROWS - 1] = {100,   1000,   5000,
                                                      20000, 100000, 1000000};

uint64_t
stats_turn_us(size_t i)
{
    return turn_us[i];
}

enum stats_opcode_row
stats_opcode_row(uint8_t opcode)
{
    switch (opcode) {
    case WS_OP_TEXT:
        return STATS_ROW_TEXT;
    case WS_OP_BINARY:
        return STATS_ROW_BINARY;
    case WS_OP_CONT:
        return STATS_ROW_CONTINUATION;
    case WS_OP_PING:
        return STATS_ROW_PING;
    case WS_OP_PONG:
        return STATS_ROW_PONG;
    case WS_OP_CLOSE:
        return STATS_ROW_CLOSE;
    default:
        return STATS_ROW_OTHER;
    }
}

static void
merge(struct histogram *to, const struct histogram *from)
{
    if (from->n == 0)
        return;
    if (to->n == 0 || from->max > to->max)
        to->max = from->max;
    if (to->n == 0 || from->min < to->min)
        to->min = from->min;
    to->n += from->n;
    if (__builtin_add_overflow(to->total, from->total, &to->total))
        to->total = UINT64_MAX;
    for (unsigned c = 0; c < HISTOGRAM_CLASSES; c++)
        to->count[c] += from->count[c];
}

static struct stats_spread
spread_of(const struct histogram *h)
{
    return (struct stats_spread){.n = h->n,
                                 .median = histogram_percentile(h, 50),
                                 .p95 = histogram_percentile(h, 95),
                                 .max = h->n ? h->max : 0,
                                 .total = h->total};
}

static void
count_turns(const struct histogram *h, struct stats_figures *f)
{
    for (unsigned c = 0; c < HISTOGRAM_CLASSES; c++) {
        size_t row = 0;
        while (h->count[c] > 0 && row < STATS_TURN_ROWS - 1 &&
               histogram_middle(c) >= turn_us[row])
            row++;
        f->turn[row] += h->count[c];
    }
    f->turns = spread_of(h);
}

static void
sort_codes(const struct stats *s, struct stats_figures *f)
{
    for (size_t i = 0; i < s->n_codes; i++) {
        size_t to = f->n_codes++;
        for (; to > 0 && f->code[to - 1].code > s->codes[i].code; to--)
            f->code[to] = f->code[to - 1];
        f->code[to].code = s->codes[i].code;
        memcpy(f->code[to].n, s->codes[i].n, sizeof f->code[to].n);
    }
}

void
stats_figures(const struct stats *s, struct stats_figures *f)
{
    struct histogram sizes = {.n = 0};
    memset(f, 0, sizeof *f);
    for (unsigned from = 0; from < 2; from++) {
        const struct stats_sender *sender = &s->sender[from];
        for (uint8_t op = 0; op < 16; op++)
            f->opcode[stats_opcode_row(op)][from] += sender->frames[op];
        for (unsigned k = 0; k < STATS_KIND_COUNT; k++)
            merge(&sizes, &sender->messages[k].length);
        f->close_without[from] = sender->close_without;
    }
    histogram_octaves(&sizes, f->size);
    f->sizes = spread_of(&sizes);
    count_turns(&s->turns, f);
    sort_codes(s, f);
    f->conns_unclosed = s->unclosed;
}
