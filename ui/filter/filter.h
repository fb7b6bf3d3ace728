/* SPDX-License-Identifier: MIT */
/*
 * filter.h - the filter language of -Y: the display filters of Wireshark, over
 * events.
 *
 *   or      = xor *(("||" | "or") xor)
 *   xor     = and *(("^^" | "xor") and)
 *   and     = not *(("&&" | "and") not)
 *   not     = *("!" | "not") test
 *   test    = "(" or ")" | operand [relation (operand | value)]
 *                        | operand ["not"] "in" "{" item *([","] item) "}"
 *   operand = FIELD *slice | ("len" | "lower" | "upper") "(" operand ")" *slice
 *   slice   = "[" N "]" | "[" [N] ":" [N] "]" | "[" N "-" N "]"
 *   item    = value [".." value]
 *
 * Fields: fields.def.  An operand alone asks whether it is there.  A field
 * that is not there, or has no such value, makes a test false.  A field with
 * several values (tcp.port) passes a test when one of them does, but "!=" and
 * "===" when all do; "!==" is "!=" for one of them.
 *
 * The text is read once into a flat program of tests and jumps.  Running it
 * takes no memory, does not recurse, and is linear in the bytes it looks at
 * (for matches: pattern.h).
 */
#ifndef UI_FILTER_FILTER_H
#define UI_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dissect/event.h"
#include "ui/filter/field.h"
#include "ui/filter/known.h"

/* Longest filter, bytes. */
#define FILTER_TEXT_MAX 65536u
/* Tests, and what joins them. */
#define FILTER_OPS_MAX 4096u
/* Parentheses in each other. */
#define FILTER_DEPTH_MAX 40u
/* Patterns of one filter. */
#define FILTER_PATTERNS_MAX 32u

#define FILTER_ERROR_MAX 256u

/* What is wrong with a filter. */
struct filter_error {
    size_t offset, len;          /* where, bytes; len 0: at the end */
    size_t column;               /* the same in characters; 1 = first */
    char text[FILTER_ERROR_MAX]; /* one line; printable ASCII */
};

struct filter;

/*
 * Reads text (of any bytes, not kept).  ERR_USAGE: *error says what is wrong
 * with it, ERR_NOMEM: error->text does.
 */
ERR_CHECK enum err filter_new(struct filter **out, struct slice text,
                              struct filter_error *error);
void filter_free(struct filter *f);

/* Set of enum filter_need. */
uint32_t filter_needs(const struct filter *f);

/* Whether the filter uses that field. */
bool filter_uses(const struct filter *f, enum field_id field);

/* The time of the first packet, for frame.time_relative. */
void filter_set_start(struct filter *f, int64_t start_ns);

/*
 * Whether the event, of a connection of which that much is known, passes.  Of
 * messages nothing is known here (ask about their frames): false.  Uses memory
 * inside f: not for two threads at a time.
 */
bool filter_passes(struct filter *f, const struct event *event,
                   const struct filter_conn *conn);

/*
 * Writes the filter as it was understood, NUL-terminated, at most size (at
 * least 1) bytes.  Reading it gives the same filter.  Returns the length of
 * all of it, in bytes, as snprintf() does.
 */
size_t filter_print(const struct filter *f, char *out, size_t size);

#endif /* UI_FILTER_FILTER_H */
