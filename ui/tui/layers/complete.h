/* SPDX-License-Identifier: MIT */
/*
 * complete.h - what can stand where the cursor is in a filter, and what may
 * still become of one that is not whole: functions of the text alone.
 */
#ifndef UI_TUI_COMPLETE_H
#define UI_TUI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "ui/filter/filter.h"

enum filter_state {
    FILTER_STATE_EMPTY = 0,
    FILTER_STATE_OK,
    FILTER_STATE_INCOMPLETE, /* more text can make it one */
    FILTER_STATE_BAD,
};

/* What a text is.  Not OK, not EMPTY: *error tells why. */
enum filter_state filter_judge(struct slice text, struct filter_error *error);

/* Whether Wireshark has all its fields; of one that is OK. */
bool filter_is_portable(struct slice text);

#define COMPLETE_MAX 200u

enum complete_kind {
    COMPLETE_FIELDS = 0,
    COMPLETE_OPERATORS,
    COMPLETE_VALUES,
    COMPLETE_JOINERS,
};

struct candidate {
    struct slice text;   /* static */
    const char *type;    /* "number", "text", ...; static */
    const char *meaning; /* a sentence, or NULL; static */
};

struct completion {
    enum complete_kind kind;
    size_t start; /* of the word that a candidate takes the place of, bytes; it
                     ends at the cursor */
    size_t n;
    struct candidate list[COMPLETE_MAX]; /* the likely ones first */
    char expected[200]; /* "a field", "a value of ws.len: a number" */
};

/* cursor: bytes of text before it. */
void complete(struct completion *out, struct slice text, size_t cursor);

/* What to put in place of the word, with the blank behind it: at most size
 * bytes with NUL; returns its length. */
size_t complete_text(const struct completion *c, size_t i, char *out,
                     size_t size);

#endif /* UI_TUI_COMPLETE_H */
