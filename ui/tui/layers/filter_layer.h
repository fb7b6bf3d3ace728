/* SPDX-License-Identifier: MIT */
/*
 * filter_layer.h - the filter bar while something is typed in it: the text,
 * what is wrong with it, and what can stand there.
 */
#ifndef UI_TUI_FILTER_LAYER_H
#define UI_TUI_FILTER_LAYER_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/tui/layers/complete.h"

/* Filters of this session that are remembered. */
#define FILTER_HISTORY_MAX 32u

struct tui;

/* Embed it, zeroed; members are for filter_layer.c. */
struct filter_layer {
    enum filter_state state;
    struct filter_error error;
    struct completion completion;
    size_t chosen; /* candidate */
    bool portable; /* Wireshark understands it */
    size_t n_history, at_history;
    char *history[FILTER_HISTORY_MAX]; /* heap; the newest last */
};

/* Opens the bar with that text in it; NULL: with the filter there is. */
void filter_ask(struct tui *t, const char *text);

/* Takes the text as the filter and remembers it; says what is wrong if it is
 * none. */
void filter_apply(struct tui *t, const char *text);

void filter_layer_fini(struct filter_layer *l);

#endif /* UI_TUI_FILTER_LAYER_H */
