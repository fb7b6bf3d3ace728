/* SPDX-License-Identifier: MIT */
/*
 * ws_stream.h - one direction of an upgraded connection: bytes and gaps in;
 * frame, message, gap and finding events out (struct emitter).
 *
 *   bytes -> ws_frame -> ws_message (ws_deflate, utf8) -> events
 *
 * Events of one frame come in this order: findings of its header, then of its
 * payload, then the frame, then the message that it completed.  How the bytes
 * are cut into calls changes nothing but the stamps.  Events that the sink
 * does not want are not built; counters and findings always work.
 *
 * When frame boundaries are lost (a gap over a boundary, a length with its top
 * bit set) the frame and message in progress are emitted as incomplete, and
 * new boundaries are looked for (ws_sync.h).  Once they are believed, frames
 * come out from the first proven one on, late, but with their own stamps.  All
 * frames behind a loss have .synced false; their .confidence is the evidence
 * for the first one told until the frame that brought certainty, and the
 * evidence for that one from there on.  The event of a gap that lost them comes
 * when they are found again, before the frames, or at the end.  Frame and
 * message numbers go on.  A message that goes on behind the loss is told as
 * incomplete and without its kind (opcode WS_OP_CONT) and length.
 *
 * Does not know how the connection ends (verdict.h) nor the other direction.
 */
#ifndef DISSECT_WS_STREAM_H
#define DISSECT_WS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/stream.h"
#include "dissect/dissect.h"
#include "dissect/emit.h"
#include "dissect/event.h"
#include "dissect/judge/judge.h"
#include "dissect/ws_frame.h"
#include "dissect/ws_sync.h"

struct ws_stream;
struct ws_shared; /* ws_message.h */

/*
 * What all streams of one dissector share: scratch buffers, the budget of
 * inflate states, the digest.  limits is copied, sink borrowed; free it after
 * the last of its streams.
 *
 * ERR_NOMEM, or ERR_USAGE when sink->digest names no digest.
 */
ERR_CHECK enum err ws_shared_new(struct ws_shared **out,
                                 const struct dissect_limits *limits,
                                 const struct event_sink *sink);
void ws_shared_free(struct ws_shared *shared);

struct ws_stream_config {
    enum ws_sender from;
    bool has_deflate;         /* permessage-deflate was agreed */
    uint8_t window_bits;      /* of this direction, 8..15; 0: not known */
    bool no_context_takeover; /* of this direction; with has_deflate */
    bool deflate_inferred;    /* no 101 was seen: RSV1 suggests compression */
    bool boundary_unknown;    /* starts in mid-stream: look for frames */
    struct emitter *emit;     /* borrowed until ws_stream_free() */
    struct judge *judge;      /* likewise; NULL: frames are not judged */
    struct ws_shared *shared; /* likewise */
};

/* Counters so far. */
struct ws_stream_stats {
    uint64_t frames;        /* with a complete header */
    uint64_t messages;      /* begun; each ends in one message event */
    uint64_t payload_bytes; /* of frames, captured ones only */
    uint64_t wire_bytes;    /* captured bytes, headers included */
    uint64_t gap_bytes;     /* told by ws_stream_gap() */
    /* Captured bytes that are in no frame that was told: between a loss and
     * the frames found again, or to the end; those of a header cut short. */
    uint64_t undecoded_bytes;
    uint64_t close_frames;
    /* Of the first Close frame; packet 0: none was seen. */
    struct stamp first_close;
    bool has_close_code;
    uint16_t close_code;
    uint64_t after_close;    /* frames of any kind behind the first Close */
    struct stamp last_frame; /* of the last frame that ended */
    bool lost;               /* frame boundaries are looked for */
    bool message_open;       /* a fragmented message is unfinished */
    bool frame_open;         /* bytes of the current frame are missing */
    bool no_memory;          /* boundaries could not be looked for */
};

/*
 * Makes the decoder of one direction.  offset: of the first byte behind the
 * handshake in that direction's stream.  config is copied.
 *
 * Returns ERR_OK and sets *out, or ERR_NOMEM and leaves it alone.
 */
ERR_CHECK enum err ws_stream_new(struct ws_stream **out,
                                 const struct ws_stream_config *config,
                                 uint64_t offset);

/*
 * Lets a stream that starts in mid-stream go on with a search that was begun
 * before it was known who sends, and has taken so many bytes (gaps not
 * counted); sync belongs to s from here on.  s must be new.  When sync
 * believes already, frames come out at once, and the next bytes are those
 * behind what sync has taken.
 */
void ws_stream_adopt(struct ws_stream *s, struct ws_sync *sync, uint64_t taken);

/* Emits nothing; NULL is fine. */
void ws_stream_free(struct ws_stream *s);

/* The next bytes, at stream offset off (where the last call ended).  data is
 * borrowed for the call. */
void ws_stream_data(struct ws_stream *s, uint64_t off, struct slice data,
                    const struct pkt_meta *meta);

/* len bytes at off were not captured.  Emits the findings tcp-stream-gap and,
 * when boundaries are lost by it, frame-sync-lost, and the gap event: at once
 * if it is known where frames go on. */
void ws_stream_gap(struct ws_stream *s, uint64_t off, uint64_t len,
                   const struct pkt_meta *meta);

/* The direction ended: emits the gaps behind which no frame was found, the
 * frame and the message in progress as incomplete.  Nothing but
 * ws_stream_stats() and _free() may follow. */
void ws_stream_end(struct ws_stream *s, const struct pkt_meta *meta);

/* Lives as long as s; always up to date. */
const struct ws_stream_stats *ws_stream_stats(const struct ws_stream *s);

#endif /* DISSECT_WS_STREAM_H */
