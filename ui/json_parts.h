/* SPDX-License-Identifier: MIT */
/*
 * json_parts.h - what the files of the JSON writer share: json.c (frames,
 * messages and the other events), json_handshake.c.
 */
#ifndef UI_JSON_PARTS_H
#define UI_JSON_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "dissect/event.h"
#include "ui/json.h"
#include "ui/known_bytes.h"
#include "ui/out.h"
#include "ui/put.h"
#include "ui/when.h"

struct json {
    struct json_options options;
    struct out *out; /* borrowed */
    struct when when;
    struct buf text; /* scratch: a text with its unknown bytes marked */
};

/* Room for the constant part of any line: names, numbers, times. */
#define JSON_FIXED_MAX ((size_t)2048)

static inline uint8_t *
json_put_bool(uint8_t *p, bool v)
{
    return v ? put_str(p, "true") : put_str(p, "false");
}

/* v, or null unless has. */
static inline uint8_t *
json_put_u64(uint8_t *p, bool has, uint64_t v)
{
    return has ? put_u64(p, v) : put_str(p, "null");
}

/* The time in quotes, null for a packet never seen. */
uint8_t *json_put_time(struct json *j, uint8_t *p, struct stamp at);

/* ,"NAME":"..." and, unless s is valid UTF-8, ,"NAME_hex":"..."; null when
 * s.ptr is NULL. */
void json_write_field(struct out *o, const char *name, struct slice s);

/* [[start,end],...] */
void json_write_known(struct out *o, const struct known_bytes *k);

/* For texts of any length. */
void json_write_raw(struct out *o, const char *text);

void json_handshake(struct json *j, uint32_t conn,
                    const struct event_handshake *e);

#endif /* UI_JSON_PARTS_H */
