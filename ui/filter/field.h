/* SPDX-License-Identifier: MIT */
/*
 * field.h - the fields of the filter language, out of fields.def: names,
 * types, which events have them, names of values.
 */
#ifndef UI_FILTER_FIELD_H
#define UI_FILTER_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* What evaluating a filter needs beyond handshakes and ends; also the result
 * of filter_needs(). */
enum filter_need {
    FILTER_NEEDS_FRAMES = 1u << 0,   /* frame events */
    FILTER_NEEDS_MESSAGES = 1u << 1, /* event_frame.completed */
    FILTER_NEEDS_PAYLOAD = 1u << 2,  /* ... with its payload, all of it */
    FILTER_NEEDS_PINGS = 1u << 3,    /* pings are remembered */
};

enum field_type {
    FIELD_TYPE_UINT = 0,
    FIELD_TYPE_BOOL,
    FIELD_TYPE_TIME, /* nanoseconds, signed */
    FIELD_TYPE_BYTES,
    FIELD_TYPE_TEXT,
    FIELD_TYPE_IPV4,
    FIELD_TYPE_IPV6,
    FIELD_TYPE_ADDR, /* either */
    FIELD_TYPE_WORD, /* one of a list, in an order; kept as its number */
};

/* Which events have a field. */
enum field_on {
    ON_HANDSHAKE = 1u << 0,
    ON_FRAME = 1u << 1,
    ON_GAP = 1u << 2,
    ON_FINDING = 1u << 3,
    ON_END = 1u << 4,
    ON_CONN = 1u << 5, /* all of a connection, once its handshake was seen */
    ON_SIDE = 1u << 6, /* ... but what has a sender has the sender's */
};

#define FIELD(symbol, name, type, on, needs, values, json, example, text)      \
    FIELD_##symbol,
enum field_id {
#include "ui/filter/fields.def"
    FIELD_COUNT
};
#undef FIELD

/* One row of fields.def; see there. */
struct field_info {
    const char *name;
    enum field_type type;
    uint32_t on;        /* set of enum field_on */
    uint32_t needs;     /* set of enum filter_need */
    const char *values; /* NULL: none */
    const char *json;
    const char *example;
    const char *text;
};

/* The row of id; static. */
const struct field_info *field_info(enum field_id id);

/* Finds a row by its name; false, *out untouched: there is none. */
bool field_find(struct slice name, enum field_id *out);

/* The name that is most like one that is none; NULL: no name is. */
const char *field_nearest(struct slice name);

/* "number", "text", ... */
const char *field_type_name(enum field_type type);

/* The i-th named value of a field, i from 0 on: its name in *name, borrowed
 * for ever, its number in *value.  False: there are no more. */
bool field_value(enum field_id id, size_t i, struct slice *name,
                 uint64_t *value);

/* The number of a named value; false: no such name. */
bool field_value_find(enum field_id id, struct slice name, uint64_t *value);

/* The same for the other way round; ptr NULL: it has no name. */
struct slice field_value_name(enum field_id id, uint64_t value);

#endif /* UI_FILTER_FIELD_H */
