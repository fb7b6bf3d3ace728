/* SPDX-License-Identifier: MIT */
/*
 * stats_figures.h - what stats.h has counted, as rows that can be drawn: for
 * panels of bars.
 */
#ifndef UI_STATS_FIGURES_H
#define UI_STATS_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "ui/stats.h"

/* Rows of opcodes; the last one is all that are reserved. */
enum stats_opcode_row {
    STATS_ROW_TEXT = 0,
    STATS_ROW_BINARY,
    STATS_ROW_CONTINUATION,
    STATS_ROW_PING,
    STATS_ROW_PONG,
    STATS_ROW_CLOSE,
    STATS_ROW_OTHER,
    STATS_OPCODE_ROWS
};

/* Rows of times from a frame to the next one of the other side: below
 * stats_turn_us(0), ..., from stats_turn_us(STATS_TURN_ROWS - 2) on. */
#define STATS_TURN_ROWS 7u

/* Of values; 0 without any. */
struct stats_spread {
    uint64_t n, median, p95, max, total;
};

struct stats_code_row {
    uint16_t code;
    uint64_t n[2]; /* by enum ws_sender */
};

struct stats_figures {
    uint64_t opcode[STATS_OPCODE_ROWS][2]; /* frames, by enum ws_sender */
    /* Messages by the number of the bits of their length: 0; 1; 2, 3; ... */
    uint64_t size[HISTOGRAM_OCTAVES];
    struct stats_spread sizes; /* bytes */
    uint64_t turn[STATS_TURN_ROWS];
    struct stats_spread turns;                   /* us */
    struct stats_code_row code[STATS_CODES_MAX]; /* by their number */
    size_t n_codes;
    uint64_t close_without[2]; /* Close frames that have no code */
    uint64_t conns_unclosed;   /* ended, and no Close frame had a code */
};

/* Takes some ten microseconds, however much was counted. */
void stats_figures(const struct stats *s, struct stats_figures *f);

/* What row i begins below, us; i < STATS_TURN_ROWS - 1. */
uint64_t stats_turn_us(size_t i);

/* The row of an opcode (0 .. 15). */
enum stats_opcode_row stats_opcode_row(uint8_t opcode);

#endif /* UI_STATS_FIGURES_H */
