/* SPDX-License-Identifier: MIT */
/*
 * store.h - what the terminal interface shows: every event, row by row, in the
 * order of discovery.
 *
 *   connections  their handshake, counts, end
 *   frames       64 bytes a row; gaps are rows among them
 *   messages     64 bytes a row, and only of those that their frame does not
 *                tell: in fragments, cut off, not valid.  Of a message that is
 *                one frame, the frame's row says where its payload is
 *   findings
 *   TCP          what it did: store_tcp.h
 *
 * One thread writes, through store_sink(); another reads.  Who calls anything
 * here but the sink holds the lock: store_lock().  Rows never move and are
 * never taken away; those of frames never change once they are there, but for
 * the severity of what was found in them.
 *
 * Rows past max_bytes are in a file (room.h); when that is full, too, what
 * comes is only counted: n_dropped.  Payloads are in another (spool.h).
 */
#ifndef UI_TUI_STORE_H
#define UI_TUI_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "dissect/event.h"
#include "ui/known_bytes.h"
#include "ui/tui/store/chunks.h"
#include "ui/tui/store/spool.h"
#include "ui/tui/store/store_tcp.h"

/* No row. */
#define STORE_NONE UINT32_MAX

/* Seconds that the rate of a connection is kept for, and of each bucket. */
#define STORE_RATE_BUCKETS 12u
#define STORE_RATE_SECONDS 5u

enum store_frame_flag {
    STORE_GAP = 1,    /* no frame: bytes that the capture does not hold */
    STORE_SERVER = 2, /* the server sent it */
    STORE_MASKED = 4,
    STORE_COMPLETE = 8, /* every byte was captured */
    STORE_SYNCED = 16,  /* boundary known since the handshake */
    STORE_COMPRESSED = 32,
    STORE_PAYLOAD = 64, /* payload_off is set */
    STORE_SINGLE = 128, /* all of a message, which came whole and is valid, and
                           has no row of its own */
};

/* One frame, or a gap between frames. */
struct store_frame {
    int64_t time_ns;
    uint64_t packet;
    uint64_t offset;      /* in the sender's stream, bytes */
    uint64_t payload_len; /* as the header says; of a gap its length */
    uint64_t payload_off; /* in the spool, with STORE_PAYLOAD */
    uint32_t conn;        /* row */
    uint32_t message;     /* with STORE_SINGLE its number, else its row, or
                             STORE_NONE; see store_message_of() */
    uint32_t number;      /* of its sender's frames, 1 = first; 0: a gap */
    uint32_t mask;        /* masking key, as on the wire, first byte highest */
    uint32_t plain_len;   /* bytes unmasked and inflated: of a control frame,
                             or with STORE_SINGLE; with STORE_PAYLOAD they are
                             at payload_off */
    uint8_t byte0;        /* FIN, RSV1 to 3, opcode */
    uint8_t header_len;   /* bytes */
    uint8_t flags;        /* set of enum store_frame_flag */
    uint8_t severity;     /* 1 + the worst enum severity found; 0: none */
};

enum store_message_flag {
    STORE_MESSAGE_DONE = 1, /* its event came */
    STORE_MESSAGE_HAS_LEN = 2,
    STORE_MESSAGE_COMPLETE = 4,
    STORE_MESSAGE_COMPRESSED = 8,
    STORE_MESSAGE_TRUNCATED = 16, /* kept is not all of it */
    STORE_MESSAGE_BAD_UTF8 = 32,
    STORE_MESSAGE_KEPT = 64,      /* payload_off is set */
    STORE_MESSAGE_FINISHED = 128, /* by a frame that came to its end: it was
                                      not given up */
};

/* Its time is that of its last frame. */
struct store_message {
    uint64_t wire_len;
    uint64_t len; /* after inflating, with STORE_MESSAGE_HAS_LEN */
    uint64_t payload_off;
    uint64_t utf8_error;
    const char *inflate_error; /* static; NULL: none */
    uint32_t kept;             /* bytes in the spool */
    uint32_t first_frame;      /* rows */
    uint32_t last_frame;
    uint32_t n_frames;
    uint32_t number; /* of its sender, 1 = first */
    uint8_t opcode;
    uint8_t flags;
    /* Some of its bytes are not known: n_known ranges of those that are stand
     * behind the payload in the spool. */
    uint16_t partly_known : 1, known_more : 1, n_known : 14;
};

/* Which bytes of a message are known. */
struct store_known {
    struct known_bytes bytes;
    struct event_range ranges[EVENT_KNOWN_MAX]; /* room for bytes.ranges */
};

enum store_state {
    STORE_UPGRADING = 0, /* no answer yet */
    STORE_FAILED,        /* answered, but not with an upgrade */
    STORE_OPEN,
    STORE_CLOSING, /* a Close frame was sent */
    STORE_CLOSED,
};

/* Heads of a handshake as they came, and what was found out about them. */
struct store_handshake {
    struct stamp request, response;
    enum handshake_seen seen;
    enum tristate accept_ok;
    bool accepted, has_deflate;
    uint16_t status; /* 0: no answer */
    char accept_expected[WS_ACCEPT_TEXT_MAX];
    struct ws_deflate_params deflate;
    /* All of these point into `bytes`; ptr NULL: absent. */
    struct slice request_head, response_head; /* raw */
    struct slice method, target, host, key, accept, protocol;
    uint8_t *bytes; /* on the heap */
};

struct store_conn {
    uint32_t conn; /* its number, 1 = first; rows come with the answer, and so
                      not always in the order of numbers */
    uint32_t row;
    enum store_state state;
    uint64_t flow;
    struct endpoint client, server;
    int64_t start_ns, last_ns;
    struct store_handshake handshake;
    uint64_t frames[2]; /* by enum ws_sender */
    uint64_t messages[2];
    uint64_t bytes[2]; /* payload, as headers say */
    uint64_t gap_bytes;
    uint32_t found[SEVERITY_COUNT];
    uint32_t first_frame, last_frame; /* rows; STORE_NONE: none */
    uint32_t pending; /* row of the first finding whose frame did not come yet;
                         STORE_NONE: none */
    uint32_t open_message[2]; /* row of the one that is not done */
    uint32_t open_frame[2];   /* row of the frame that is all of a message which
                                 was not told yet */
    uint32_t open_number[2];  /* number of that message */
    uint16_t rate[STORE_RATE_BUCKETS]; /* frames, a ring */
    uint32_t found_packet; /* that told the handshake; 0: beyond 32 bits */
    int64_t rate_ns;       /* where the newest bucket begins */
    bool ended, clean, has_close_code[2];
    bool frame_ended[2]; /* the last data frame of a sender is the last of its
                            message, and came to its end */
    uint16_t close_code[2], onclose_code;
    enum verdict_id verdict;
    enum closed_by closed_by;
    int64_t duration_ns;
    struct stamp end;        /* with ended */
    struct event_rtt rtt[2]; /* with ended: of the pings of a sender */
    char *text;              /* the sentence; heap; NULL: none yet */
};

struct store_finding {
    int64_t time_ns;
    uint64_t packet;
    uint64_t offset;
    uint32_t count;
    uint32_t message;    /* of the sender's messages; 0: none */
    uint64_t detail_off; /* in the spool */
    uint32_t detail_len; /* bytes; 0: none */
    uint32_t conn;       /* row */
    uint32_t frame;      /* row; STORE_NONE: none, or not known */
    uint32_t number;     /* of the sender's frames; 0: none */
    enum finding_id id;
    enum severity severity;
    bool has_from, has_offset;
    enum ws_sender from;
};

struct store {
    pthread_mutex_t lock;
    size_t n_gaps; /* of the rows of frames */
    struct room room;
    struct chunks conns, frames, messages, findings, tcp;
    struct spool spool;
    struct map by_number; /* of conns, by their number */
    struct store_conn *last;
    uint64_t n_dropped; /* frames, messages and findings not kept */
    uint64_t n_unkept;  /* payloads not kept: the spool is full */
    uint64_t n_untold; /* texts not kept: heads of handshakes and sentences, for
                          which memory is full, details of findings, for which
                          the spool is */
    uint64_t found[SEVERITY_COUNT];
    uint64_t n_ended; /* connections */
    int64_t first_ns; /* of the capture, else of what came first; INT64_MAX:
                         nothing came */
    bool has_start;   /* first_ns is that of the capture */
};

/*
 * max_bytes  of memory for rows, heads and sentences
 * index_max  bytes of the file that rows are in past it
 * spool_max  bytes of the file of payloads
 * ERR_NOMEM; ERR_OPEN: no place for a file, errno tells.
 */
ERR_CHECK enum err store_new(struct store **out, size_t max_bytes,
                             uint64_t index_max, uint64_t spool_max);
void store_free(struct store *s);

/* The sink to give to the dissector; keeps keep bytes of a payload at most. */
struct event_sink store_sink(struct store *s, size_t keep);

/* The time of the first packet, from which times are counted; may come at any
 * time, the first one counts.  With the lock held. */
void store_set_start(struct store *s, int64_t start_ns);

/* What the sink does, with the lock held. */
void store_take(struct store *s, const struct event *event);

static inline void
store_lock(struct store *s)
{
    (void)pthread_mutex_lock(&s->lock);
}

static inline void
store_unlock(struct store *s)
{
    (void)pthread_mutex_unlock(&s->lock);
}

/* Texts and slices of a handshake are there, as far as they were captured;
 * else there was no memory for them. */
static inline bool
store_heads_kept(const struct store_handshake *h)
{
    return h->bytes != NULL;
}

static inline struct store_conn *
store_conn(const struct store *s, size_t row)
{
    return chunks_at(&s->conns, row);
}

static inline struct store_frame *
store_frame(const struct store *s, size_t row)
{
    return chunks_at(&s->frames, row);
}

static inline struct store_finding *
store_finding(const struct store *s, size_t row)
{
    return chunks_at(&s->findings, row);
}

static inline enum ws_sender
store_frame_from(const struct store_frame *f)
{
    return f->flags & STORE_SERVER ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
}

static inline uint8_t
store_frame_opcode(const struct store_frame *f)
{
    return f->byte0 & 15u;
}

/* The message that a frame (row) is a part of; false: none, or it is not
 * known. */
bool store_message_of(const struct store *s, size_t frame,
                      struct store_message *out);

/*
 * The payload of a frame that can be shown, unmasked and inflated: of a control
 * frame its own, of a data frame that is all of a message the message's.
 * Reads at most cap bytes; returns how many.  *whole: there is no more.
 */
size_t store_frame_payload(const struct store *s, const struct store_frame *f,
                           uint8_t *out, size_t cap, bool *whole);

/* The payload of a message, from off on. */
size_t store_message_payload(const struct store *s,
                             const struct store_message *m, uint64_t off,
                             uint8_t *out, size_t cap);

/* Fills in *out; with bytes.ranges NULL all of the message are known. */
void store_message_known(const struct store *s, const struct store_message *m,
                         struct store_known *out);

/* The same of what store_frame_payload() reads. */
void store_frame_known(const struct store *s, const struct store_frame *f,
                       struct store_known *out);

/* store_frame_payload() for who reads it: "the price is <3 unknown>, it was".
 */
size_t store_frame_text(const struct store *s, const struct store_frame *f,
                        uint8_t *out, size_t cap, bool *whole);

/* "12 rows, 3 payloads, 1 text not kept", and with why ": No space left on
 * device"; "" when all was.  Of size bytes, at least 1. */
void store_losses(const struct store *s, char *out, size_t size, bool why);

/* For who has looked at very many rows, here and there: chunks_rest(). */
void store_rest(const struct store *s);

#endif /* UI_TUI_STORE_H */
