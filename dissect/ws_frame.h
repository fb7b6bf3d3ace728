/* SPDX-License-Identifier: MIT */
/*
 * ws_frame.h - WebSocket frame decoder (RFC 6455, section 5.2).
 *
 *   0 1 2 3 4 5 6 7   0 1 2 3 4 5 6 7
 *  +-+-+-+-+-------+ +-+-------------+
 *  |F|R|R|R| opcode| |M| payload len | [2 or 8 bytes of length, if the 7 bits
 *  |I|S|S|S|       | |S|             |  say 126 or 127] [4 bytes of masking
 *  |N|V|V|V|       | |K|             |  key, if MSK] payload ...
 *  +-+-+-+-+-------+ +-+-------------+
 *
 * One decoder per direction.  The caller owns the bytes and the decoder; the
 * decoder allocates nothing, calls nothing back, logs nothing, copies at most
 * one frame header (14 bytes), and unmasks nothing.  A rule of the RFC that
 * the peer broke is a bit in the header, not an error: an analyzer reports it
 * and goes on.
 *
 * Fragmentation, compression and UTF-8 are not known here: ws_message.h.
 * Neither is masking itself: ws_unmask.h.
 */
#ifndef DISSECT_WS_FRAME_H
#define DISSECT_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define WS_FRAME_HEADER_MAX 14u /* 2 + 8 + 4 bytes */

/* Longest payload of a control frame, RFC 6455 section 5.5. */
#define WS_FRAME_CONTROL_MAX 125u

/* The bits of ws_frame_header.rsv. */
#define WS_FRAME_RSV1 4u
#define WS_FRAME_RSV2 2u
#define WS_FRAME_RSV3 1u

/* Opcodes, RFC 6455 section 11.8; other values are reserved: 3 to 7 for data
 * frames, 11 to 15 for control frames. */
enum ws_opcode {
    WS_OP_CONT = 0x0,
    WS_OP_TEXT = 0x1,
    WS_OP_BINARY = 0x2,
    WS_OP_CLOSE = 0x8,
    WS_OP_PING = 0x9,
    WS_OP_PONG = 0xa,
};

/* Who sent this direction; decides what MASK must be (section 5.1). */
enum ws_sender {
    WS_SENDER_CLIENT = 0,
    WS_SENDER_SERVER,
};

/* Bits of ws_frame_header.findings; names and texts: dissect/finding.def. */
enum ws_frame_finding {
    WS_FRAME_BAD_MASK = 1u << 0,   /* client bare, server masked     (5.1) */
    WS_FRAME_BAD_RSV1 = 1u << 1,   /* RSV1, no extension owns it     (5.2) */
    WS_FRAME_BAD_RSV23 = 1u << 2,  /* RSV2 or RSV3, likewise         (5.2) */
    WS_FRAME_BAD_OPCODE = 1u << 3, /* reserved opcode                (5.2) */
    WS_FRAME_LEN_PADDED = 1u << 4, /* length not minimally encoded   (5.2) */
    WS_FRAME_CTL_FRAG = 1u << 5,   /* control frame without FIN      (5.5) */
    WS_FRAME_CTL_LONG = 1u << 6,   /* control payload > 125 bytes    (5.5) */
    /* RSV1 is owned by permessage-deflate and stands where it must not: on
     * a continuation or control frame (RFC 7692 section 6.1). */
    WS_FRAME_RSV1_CONT = 1u << 7,
    WS_FRAME_RSV1_CTL = 1u << 8,
};

struct ws_frame_header {
    uint64_t offset;      /* of the first header byte in the stream, bytes */
    uint64_t payload_len; /* bytes, 0 .. 2^63 - 1 */
    uint8_t header_len;   /* bytes, 2 .. WS_FRAME_HEADER_MAX */
    uint8_t opcode;       /* 0 .. 15, see enum ws_opcode */
    uint8_t rsv;          /* RSV1 = 4, RSV2 = 2, RSV3 = 1 */
    bool fin;
    bool masked;
    uint8_t mask[4];   /* as on the wire; zero when !masked */
    uint32_t findings; /* set of enum ws_frame_finding */
};

/* Control frames have the top bit of the opcode set (section 5.5). */
static inline bool
ws_opcode_is_control(uint8_t opcode)
{
    return (opcode & 8u) != 0;
}

enum ws_frame_step {
    WS_FRAME_NEED_INPUT = 0, /* *in is used up: call again with more */
    WS_FRAME_HEADER,         /* ev->header describes a new frame */
    WS_FRAME_PAYLOAD,        /* ev->data is the next run of its payload */
    WS_FRAME_LOST,           /* framing is lost; final until init */
};

struct ws_frame_event {
    /* HEADER and PAYLOAD: the current frame.  LOST: only ->offset counts, of
     * the header that could not be followed or of the one before the hole.
     * Lives in the decoder until its next header is complete. */
    const struct ws_frame_header *header;
    /* PAYLOAD: a run of it, still masked, never empty.  Borrowed from *in:
     * lives as long as the caller keeps those bytes. */
    struct slice data;
    uint64_t data_off; /* PAYLOAD: offset of data in the payload, bytes */
    bool end;          /* this event is the last of its frame */
};

/* What a hole did to the decoder. */
enum ws_frame_hole {
    WS_FRAME_HOLE_INSIDE = 0, /* more payload of the current frame follows */
    WS_FRAME_HOLE_TO_END,     /* the hole ended where the frame ends */
    WS_FRAME_HOLE_LOST,       /* a frame boundary fell into it: lost */
};

/* Decoder state.  Embed it; the members are for ws_frame.c and tests only. */
struct ws_frame {
    struct ws_frame_header cur;
    uint64_t offset; /* stream offset of the next input byte */
    uint64_t left;   /* payload bytes still to come */
    uint8_t head[WS_FRAME_HEADER_MAX];
    uint8_t have;   /* bytes in head */
    uint8_t rsv_ok; /* RSV bits an extension may set */
    uint8_t sender; /* enum ws_sender */
    bool lost;
};

/*
 * Starts decoding at a frame boundary: the first byte after the opening
 * handshake, or where boundaries were found again.
 *
 * rsv_ok   RSV bits that negotiated extensions own (permessage-deflate: RSV1,
 *          RFC 7692 section 6).
 * offset   stream offset of that first byte, in bytes.
 *
 * Cannot fail, needs no matching fini.
 */
void ws_frame_init(struct ws_frame *f, enum ws_sender sender, uint8_t rsv_ok,
                   uint64_t offset);

/*
 * Takes bytes from the front of *in until there is one event to report.
 *
 * Call it in a loop until it returns WS_FRAME_NEED_INPUT (then *in is empty)
 * or WS_FRAME_LOST (then the rest of *in has no known meaning).  How the
 * stream is cut into slices does not change the events, except that a payload
 * run ends where its slice ends.  ev is left alone on WS_FRAME_NEED_INPUT.
 *
 * WS_FRAME_LOST: a 64-bit length had its top bit set (section 5.2), or
 * ws_frame_gap() lost the boundary.  There is no other failure.
 */
enum ws_frame_step ws_frame_next(struct ws_frame *f, struct slice *in,
                                 struct ws_frame_event *ev);

/*
 * Tells the decoder that the next len (> 0) bytes of the stream were not
 * captured.  A frame whose last bytes are missing gets no .end event; the
 * answer WS_FRAME_HOLE_TO_END stands for it.
 */
enum ws_frame_hole ws_frame_gap(struct ws_frame *f, uint64_t len);

/* Some, but not all bytes of a header have arrived. */
static inline bool
ws_frame_in_header(const struct ws_frame *f)
{
    return f->have > 0;
}

/* Payload bytes of the current frame that are still to come. */
static inline uint64_t
ws_frame_left(const struct ws_frame *f)
{
    return f->left;
}

/*
 * Takes the rest of the current payload, which must lie in *in as a whole,
 * from its front without an event: what ws_frame_next() would have told with
 * one PAYLOAD event with .end set.
 */
static inline struct slice
ws_frame_take_rest(struct ws_frame *f, struct slice *in)
{
    assert(f->left <= in->len);
    struct slice rest = slice_make(in->ptr, (size_t)f->left);
    *in = slice_skip(*in, rest.len);
    f->offset += rest.len;
    f->left = 0;
    return rest;
}

#endif /* DISSECT_WS_FRAME_H */
