/* SPDX-License-Identifier: MIT */
/*
 * json_scan.h - a text of others as JSON (RFC 8259), token by token.
 *
 * Strict where peers disagree about what a text means: no comments, no trailing
 * commas, no bare words.  Nothing is decoded: a token is the bytes that stand
 * there, escapes and all.  No heap, no recursion.
 */
#ifndef UI_JSON_SCAN_H
#define UI_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Objects and arrays inside each other; what goes deeper is not taken for
 * JSON. */
#define JSON_SCAN_DEPTH_MAX 64u

enum json_token {
    JSON_TOKEN_END = 0, /* the value was complete, and nothing follows it */
    JSON_TOKEN_OPEN,    /* { or [ */
    JSON_TOKEN_CLOSE,   /* } or ] */
    JSON_TOKEN_COLON,
    JSON_TOKEN_COMMA,
    JSON_TOKEN_KEY,    /* a string in front of a colon, with its quotes */
    JSON_TOKEN_SCALAR, /* a string with its quotes, a number, true, false,
                          null */
    JSON_TOKEN_BAD,    /* not JSON, or too deep; and it stays so */
};

/* Embed it; the members are for json_scan.c. */
struct json_scan {
    struct slice rest;
    unsigned expects;
    unsigned depth;
    uint64_t objects; /* bit n: level n is an object */
};

/* in is borrowed while it is read. */
void json_scan_init(struct json_scan *s, struct slice in);

/* The next token; *text gets its bytes, which lie in the input. */
enum json_token json_scan_next(struct json_scan *s, struct slice *text);

/* All of in is one value. */
bool json_scan_is_json(struct slice in);

#endif /* UI_JSON_SCAN_H */
