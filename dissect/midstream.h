/* SPDX-License-Identifier: MIT */
/*
 * midstream.h - is this pair of streams, whose beginning was not captured, a
 * WebSocket?  Both directions are searched for chains of frames (ws_sync.h);
 * the MASK bit tells who is the client.
 *
 * A chain alone is not enough: many protocols put a length before each of
 * their messages, and 00 LEN or 82 LEN again and again is a chain of frames
 * too.  So what was found must hold messages that start and end and nothing
 * that breaks a rule, and without masks more than one form of frame.  What
 * fails is searched again from there on, a few times.
 *
 * Sees only bytes that conn.c could not read otherwise, and gives up when a
 * direction showed too many of them.
 */
#ifndef DISSECT_MIDSTREAM_H
#define DISSECT_MIDSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/stream.h"
#include "dissect/ws_sync.h"

struct midstream;

/*
 * client_dir: the direction that the client sends, or -1 when that is not
 * known.  rsv1_ok: permessage-deflate may be on.  ERR_NOMEM.
 */
ERR_CHECK enum err midstream_new(struct midstream **out, int client_dir,
                                 bool rsv1_ok);
void midstream_free(struct midstream *m);

/*
 * The next bytes of direction dir, behind what it was given before.  Returns
 * how many were taken; fewer than data.len only when midstream_found() from
 * now on.
 */
size_t midstream_data(struct midstream *m, unsigned dir, uint64_t off,
                      struct slice data, const struct pkt_meta *meta);
void midstream_gap(struct midstream *m, unsigned dir, uint64_t off,
                   uint64_t len, const struct pkt_meta *meta);

/* Nothing more comes in dir: what is open there may be enough. */
void midstream_end(struct midstream *m, unsigned dir);

/* This is something else for sure: no use in giving it more. */
bool midstream_is_refuted(const struct midstream *m);

/* Frames were found; *client_dir is then the client's direction. */
bool midstream_found(const struct midstream *m, unsigned *client_dir);

/* Is dir so near to being found that more bytes are worth it? */
bool midstream_is_promising(const struct midstream *m, unsigned dir);

/* The search of dir, which belongs to the caller from here on; NULL when dir
 * had no bytes.  *taken: the bytes it was given. */
struct ws_sync *midstream_take(struct midstream *m, unsigned dir,
                               uint64_t *taken);

/* Directions in which memory was short for the search; m may be NULL. */
unsigned midstream_failed(const struct midstream *m);

/* Bytes allocated. */
size_t midstream_memory(const struct midstream *m);

#endif /* DISSECT_MIDSTREAM_H */
