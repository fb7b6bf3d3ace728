/* SPDX-License-Identifier: MIT */
/*
 * frame_profiles.h - captures of WebSocket connections made up in memory, each
 * of one kind of traffic, with the list of what is in them.
 *
 * Each connection has its SYNs, a right handshake, segments of at most 1,448
 * bytes, acknowledgements from the receiver, and usually a close.  Connections
 * run side by side.  Everything comes from the seed.
 *
 * For tests; out of memory aborts.
 */
#ifndef TESTS_FRAME_PROFILES_H
#define TESTS_FRAME_PROFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dissect/digest.h"
#include "dissect/ws_frame.h"

enum profile {
    PROFILE_TEXT = 0,   /* small texts both ways, a segment each */
    PROFILE_PACKED,     /* many small frames in each segment */
    PROFILE_BIG_BINARY, /* random bytes, frames of up to 200 KiB */
    PROFILE_FRAGMENTS,  /* messages in pieces, pings between */
    PROFILE_TAKEOVER,   /* permessage-deflate with context takeover */
    PROFILE_NO_TAKEOVER,
    PROFILE_MANY,    /* many connections */
    PROFILE_EQUAL,   /* binary messages all of one size */
    PROFILE_ZEROS,   /* payloads of zero bytes */
    PROFILE_CONTROL, /* nothing but ping and pong */
    PROFILE_MIXED,   /* all of the above on one connection */
    PROFILE_COUNT
};

struct profile_frame {
    uint16_t port; /* the client's; names the connection */
    enum ws_sender from;
    uint32_t message;              /* index in messages + 1; 0: control */
    struct ws_frame_header header; /* findings is 0 */
};

struct profile_message {
    uint16_t port;
    enum ws_sender from;
    uint8_t opcode;
    bool compressed;
    uint32_t n_frames;
    uint64_t len; /* before compression, bytes */
    uint8_t sha1[DIGEST_SHA1_LEN];
};

struct profile_capture {
    struct buf pcap;     /* the file */
    struct buf frames;   /* struct profile_frame, in the order sent */
    struct buf messages; /* struct profile_message, likewise */
};

/* stream_len: bytes of frames to make at least, all connections together.
 * profile_fini() frees *out. */
void profile_make(struct profile_capture *out, enum profile p, uint64_t seed,
                  size_t stream_len);
void profile_fini(struct profile_capture *c);

const char *profile_name(enum profile p);

static inline size_t
profile_n_frames(const struct profile_capture *c)
{
    return c->frames.len / sizeof(struct profile_frame);
}

static inline const struct profile_frame *
profile_frames(const struct profile_capture *c)
{
    return (const struct profile_frame *)(const void *)c->frames.ptr;
}

static inline const struct profile_message *
profile_messages(const struct profile_capture *c)
{
    return (const struct profile_message *)(const void *)c->messages.ptr;
}

#endif /* TESTS_FRAME_PROFILES_H */
