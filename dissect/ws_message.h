/* SPDX-License-Identifier: MIT */
/*
 * ws_message.h - messages of one direction (RFC 6455, section 5.4): payload
 * of data frames in; unmasked, joined, inflated (RFC 7692, section 7.2.2),
 * UTF-8-checked (section 8.1), hashed and as far as wanted kept.
 *
 * Nothing is unmasked that nobody reads: a binary message of which nothing is
 * kept or hashed costs one addition for each run of payload.
 *
 * What a compressed message copies from history that was not seen is unknown:
 * such a message has its exact length, ranges of certain bytes and zeros for
 * the others, and is not judged behind the first of them.
 *
 * Knows neither frames nor events in their order: ws_stream.h.
 */
#ifndef DISSECT_WS_MESSAGE_H
#define DISSECT_WS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "dissect/digest.h"
#include "dissect/dissect.h"
#include "dissect/event.h"
#include "dissect/ws_deflate.h"

/* Payload is unmasked and inflated in pieces of this many bytes; a message
 * that fits into one is handed on without a copy. */
#define WS_PLAIN_LEN 65536u
#define WS_INFLATED_LEN 131072u

/* First bytes of a message that are decoded whatever the sink wants, for who
 * sets want_start. */
#define WS_MESSAGE_START_LEN 16u

/*
 * Messages count what they take (buffers by what is allocated, digests) in the
 * budget, and may have this part of it (1 / WS_KEPT_SHARE) together.  When one
 * that grows would pass that, what goes is, in this order:
 *
 *   - buffers and digests that wait for their direction's next message, those
 *     used longest ago first;
 *   - what is kept of other messages in progress, those that grew longest ago
 *     first: they are truncated, with nothing left to show;
 *   - the rest of the one that grows: it is truncated.
 *
 * When the whole budget is passed, only the first go: ws_shared_relieve().
 */
#define WS_KEPT_SHARE 2u

/* Messages by when they last used what they have. */
struct ws_message_list {
    struct ws_message *oldest, *newest;
};

/* What all streams of one dissector share.  Members are for ws_message.c,
 * ws_stream.c and tests. */
struct ws_shared {
    uint64_t inflate_len; /* inflated bytes of a message, at most */
    /* Thresholds of findings: bytes, and inflated to compressed ones. */
    uint64_t large_len, bomb_len, bomb_ratio;
    size_t keep;             /* payload bytes kept of a message */
    bool want_known;         /* ranges of certain bytes are */
    const char *digest_name; /* NULL: no digests; borrowed */
    struct digest *digest;   /* for messages that come in one run */
    struct ws_inflate_pool *pool;
    struct budget *budget;       /* never NULL */
    struct budget own_budget;    /* without limit, when none was given */
    size_t kept;                 /* bytes that all messages take */
    struct ws_message_list idle; /* have memory, none in use */
    struct ws_message_list busy; /* have memory in use */
    uint8_t *plain;              /* scratch of WS_PLAIN_LEN */
    uint8_t *inflated;           /* scratch of WS_INFLATED_LEN */
    uint8_t digest_out[DIGEST_MAX];
    /* Events are built in place: clearing a new one each time costs as much
     * as all the rest of a small frame. */
    struct event_frame frame_event;
    struct event_message message_event;
};

/* What is wrong with a message; a set.  Each comes once per message. */
enum ws_message_finding {
    WS_MESSAGE_BAD_UTF8 = 1u << 0,        /* see utf8.valid           */
    WS_MESSAGE_UTF8_CUT = 1u << 1,        /* ends inside a character  */
    WS_MESSAGE_INFLATE_FAILED = 1u << 2,  /* see inflate_error        */
    WS_MESSAGE_CONTEXT_MISSING = 1u << 3, /* once for each loss       */
    WS_MESSAGE_BOMB = 1u << 4,            /* bomb_ratio, and bomb_len */
    WS_MESSAGE_TOO_LARGE = 1u << 5,       /* or inflate_len reached   */
    WS_MESSAGE_EMPTY_PAYLOAD = 1u << 6,   /* compressed to 0 bytes    */
    WS_MESSAGE_WINDOW = 1u << 7,          /* distance above the agreed */
    WS_MESSAGE_BFINAL = 1u << 8,          /* a block with BFINAL      */
    WS_MESSAGE_TAIL = 1u << 9,            /* 00 00 ff ff left in      */
    WS_MESSAGE_TAKEOVER = 1u << 10,       /* needs an earlier message */
};

/* Text for ws_message_detail(). */
#define WS_MESSAGE_DETAIL_MAX 192u

/* How messages of one direction are compressed. */
struct ws_message_config {
    bool takeover;       /* with context takeover */
    uint8_t window_bits; /* agreed, 8..15; 15 when not known */
    bool unknown;        /* earlier messages were not seen */
    /* The handshake was not seen, so that RSV1 only suggests
     * permessage-deflate: messages with it are tried first, without any
     * finding, and shown when they inflate.  Implies unknown. */
    bool inferred;
};

/* Whether an inferred compression is one. */
enum ws_message_trial {
    WS_TRIAL_NONE = 0, /* it was agreed */
    WS_TRIAL_OPEN,
    WS_TRIAL_PROVED,
    WS_TRIAL_REFUTED, /* RSV1 means something else */
};

/* One direction.  Embed it; the members are for ws_message.c, ws_stream.c
 * and tests. */
struct ws_message {
    struct ws_shared *shared;
    struct ws_inflate inflate;  /* history, from message to message */
    uint8_t trial;              /* enum ws_message_trial */
    uint8_t n_tried, n_refused; /* messages that inflated, that did not */
    /* The message in progress; nothing below counts while !open. */
    bool open;
    uint8_t opcode;
    bool compressed;
    bool judging;    /* its UTF-8 is being checked */
    bool hashing;    /* its digest is being computed */
    bool inflating;  /* compressed, and no trouble yet */
    bool whole;      /* nothing is missing so far */
    bool limited;    /* shared->inflate_len was reached */
    bool ended;      /* the tail was inflated */
    bool truncated;  /* kept is not all of it */
    bool uncertain;  /* bytes of unknown history are in it */
    bool trying;     /* trial is open, findings are held back */
    unsigned held;   /* findings of a trial */
    unsigned told;   /* findings that come once per message */
    uint32_t last4;  /* the last wire bytes, big-endian */
    bool want_start; /* set between begin and data */
    uint8_t start_len;
    uint8_t start[WS_MESSAGE_START_LEN]; /* the first decoded bytes */
    uint64_t wire_len;
    uint64_t plain_len; /* decoded bytes so far */
    struct utf8 utf8;
    const char *inflate_error;
    struct buf kept;
    struct buf known; /* struct event_range, if uncertain */
    bool known_more;
    struct slice direct;   /* instead of kept: the whole message in scratch
                            * or input, until the call returns */
    struct digest *digest; /* for messages in several runs; made on demand */
    bool digest_direct;    /* shared->digest holds this message */
    /* For the budget: */
    size_t counted;                 /* bytes */
    struct ws_message_list *list;   /* the one it is in, or NULL */
    struct ws_message *prev, *next; /* in it, towards older, newer */
};

/* All earlier messages were seen, and nothing agreed about the window. */
void ws_message_init(struct ws_message *m, struct ws_shared *shared,
                     bool takeover);
void ws_message_init_config(struct ws_message *m, struct ws_shared *shared,
                            const struct ws_message_config *config);
void ws_message_fini(struct ws_message *m);

/* While the budget is passed, lets go of what no message uses. */
void ws_shared_relieve(struct ws_shared *shared);

/* None may be open.  Messages may have passed unseen: a hole over the border
 * of a frame, a continuation of which the beginning is missing. */
void ws_message_forget(struct ws_message *m);

/*
 * Begins a message; none may be open.
 *
 * compressed  its first frame has RSV1, and that is permessage-deflate as
 *             agreed or as ws_message_config.inferred has it.  Afterwards
 *             m->compressed tells whether it is taken as compressed.
 * judge       check a text message's UTF-8 (not when RSV bits of unknown
 *             meaning may have changed what it holds).
 *
 * Returns a set of enum ws_message_finding, as do the next two.
 */
unsigned ws_message_begin(struct ws_message *m, uint8_t opcode, bool compressed,
                          bool judge);

/*
 * The next run of payload (never empty) of one of its frames.
 *
 * mask  the frame's, or NULL when it is not masked.
 * off   where run starts in its frame's payload.
 * last  the run ends the message's final frame.
 */
unsigned ws_message_data(struct ws_message *m, struct slice run,
                         const uint8_t *mask, uint64_t off, bool last);

/* len bytes of payload were not captured. */
void ws_message_gap(struct ws_message *m, uint64_t len);

/*
 * Ends the message.  finished: its final frame is over; otherwise it never
 * will be.  Fills what the message itself knows into *out: opcode, wire_len,
 * compressed, has_len, len, complete, has_utf8_error, utf8_error, payload,
 * truncated, known, n_known, known_more, inflate_error, has_digest, digest.
 * payload, known and digest live until the next ws_message call for any stream
 * of m->shared or until the input of this call's ws_message_data() goes.
 */
unsigned ws_message_end(struct ws_message *m, bool finished,
                        struct event_message *out);

/* What was seen, for one finding that the last call returned: one line without
 * payload, static or in text (of WS_MESSAGE_DETAIL_MAX bytes), or NULL. */
const char *ws_message_detail(const struct ws_message *m,
                              enum ws_message_finding finding, char *text);

/* After the event: lets go of kept bytes; a small buffer waits for the next
 * message. */
void ws_message_release(struct ws_message *m);

#endif /* DISSECT_WS_MESSAGE_H */
