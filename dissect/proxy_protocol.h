/* SPDX-License-Identifier: MIT */
/*
 * proxy_protocol.h - the prefix by which a proxy tells whose connection it
 * passes on (HAProxy, "The PROXY protocol, versions 1 & 2").
 *
 *   v1: "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", up to 107 bytes
 *   v2: \r \n \r \n \0 \r \n Q U I T \n | ver, cmd | family, transport |
 *       length (2 bytes, big-endian) | addresses | TLVs
 */
#ifndef DISSECT_PROXY_PROTOCOL_H
#define DISSECT_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/slice.h"

/* Longest prefix: 16 bytes and a 16-bit length. */
#define PROXY_PROTOCOL_MAX (16u + 65535u)

enum proxy_step {
    PROXY_NONE = 0,  /* no such prefix */
    PROXY_NEED_MORE, /* could be one, or is one: not all of it is there */
    PROXY_FOUND,     /* *len bytes of prefix */
};

/*
 * Reads the prefix at the first bytes of the direction of whoever opened the
 * TCP connection.  start: all of that direction so far, from its first byte.
 *
 * FOUND sets *len (bytes, at most start.len) and *has_ends; with *has_ends
 * also ends[0], the original source, and ends[1], the original destination.
 * Without: v1 UNKNOWN, v2 LOCAL, Unix sockets, or addresses that cannot be
 * read; the prefix is passed over all the same.  Otherwise nothing is written.
 */
enum proxy_step proxy_protocol_next(struct slice start, size_t *len,
                                    struct endpoint ends[2], bool *has_ends);

#endif /* DISSECT_PROXY_PROTOCOL_H */
