/* SPDX-License-Identifier: MIT */
/*
 * event.h - what the dissector tells its sink: the one interface to ui/.
 *
 * Everything an event points to lives until the sink's call returns.  Events
 * come in order of discovery: frames found again after a gap come late.
 */
#ifndef DISSECT_EVENT_H
#define DISSECT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/slice.h"
#include "dissect/finding.h"
#include "dissect/http1.h"
#include "dissect/ws_ext.h"
#include "dissect/ws_frame.h"

/* When something happened and the packet that showed it. */
struct stamp {
    int64_t time_ns; /* since 1970-01-01 UTC */
    uint64_t packet; /* 1 = first; 0 = never seen */
};

enum handshake_seen {
    HANDSHAKE_SEEN_BOTH = 0,
    HANDSHAKE_SEEN_REQUEST,
    HANDSHAKE_SEEN_RESPONSE,
    HANDSHAKE_SEEN_NONE, /* found in mid-stream */
};

/* What became of the answer to the upgrade request. */
enum handshake_answer {
    ANSWER_NOT_CAPTURED = 0, /* it may have been sent */
    ANSWER_SEEN,
    ANSWER_NONE, /* TCP ended without one, and no byte is missing */
};

enum tristate {
    TRI_UNKNOWN = 0,
    TRI_NO,
    TRI_YES,
};

/* Text of the 20-byte SHA-1 in base64, with its NUL (RFC 6455 section 4.2.2) */
#define WS_ACCEPT_TEXT_MAX 29u

/* Subprotocol names offered by one request that are kept. */
#define HANDSHAKE_PROTOCOLS_MAX 64u

struct event_handshake {
    uint64_t flow;
    struct stamp at;       /* the packet that completed what was seen */
    struct stamp request;  /* end of the request head */
    struct stamp response; /* end of the response head */
    struct endpoint client, server;
    enum handshake_seen seen;
    enum handshake_answer answer;
    const struct http1_head *request_head;    /* NULL: not seen */
    const struct http1_head *response_head;   /* NULL: not seen */
    struct slice host, origin;                /* ptr NULL: absent */
    struct slice key, accept, version;        /* ptr NULL: absent */
    char accept_expected[WS_ACCEPT_TEXT_MAX]; /* "": no key was seen */
    enum tristate accept_ok;
    bool accepted; /* answered with 101: frames follow */
    size_t n_protocols_offered;
    bool protocols_truncated; /* there were more than are kept */
    struct slice protocols_offered[HANDSHAKE_PROTOCOLS_MAX];
    struct slice protocol;      /* chosen; ptr NULL: none */
    struct ws_ext_list offered; /* Sec-WebSocket-Extensions of the request */
    struct ws_ext_list agreed;  /* ... of the response */
    bool has_deflate;
    struct ws_deflate_params deflate; /* agreed parameters */
};

struct event_message;

struct event_frame {
    enum ws_sender from;
    uint64_t number;    /* 1 = first of this sender */
    struct stamp first; /* packet with its first byte */
    struct stamp at;    /* packet that completed it */
    struct ws_frame_header header;
    bool complete;     /* every payload byte was captured */
    bool ended;        /* its end was reached, and so its length is real;
                          false: cut off, and only announced */
    bool synced;       /* boundary known since the handshake */
    double confidence; /* bits of evidence when !synced */
    uint64_t message;  /* its message's number; 0: control frame */
    bool compressed;   /* part of a compressed message */
    /* Unmasked payload as far as kept: control frames whole (at most 125
     * bytes), data frames none; see message. */
    struct slice payload;
    bool has_close_code;
    uint16_t close_code;       /* Close frames with 2 bytes or more */
    struct slice close_reason; /* behind the code */
    /* The message that this frame completed; its own event comes next.
     * NULL: none, or the sink does not want messages. */
    const struct event_message *completed;
};

/* Bytes [start, end) of a message, after inflating. */
struct event_range {
    uint64_t start, end;
};

#define EVENT_KNOWN_MAX 1024u

struct event_message {
    enum ws_sender from;
    uint64_t number; /* 1 = first of this sender */
    struct stamp first;
    struct stamp at;
    uint8_t opcode; /* WS_OP_TEXT or WS_OP_BINARY; reserved ones too */
    uint32_t n_frames;
    uint64_t wire_len; /* payload bytes of its frames, bytes */
    bool compressed;
    bool has_len;        /* len is known */
    uint64_t len;        /* after inflating, bytes */
    bool complete;       /* nothing missing or unknown, inflated to its end */
    bool synced;         /* as of its frames */
    bool has_utf8_error; /* text only */
    uint64_t utf8_error; /* offset of the first bad byte, after inflating */
    /* The first bytes, unmasked and inflated, at most event_sink.keep; 0
     * stands for each unknown one. */
    struct slice payload;
    bool truncated; /* payload is not all of it */
    /* Which bytes of the message are certain, in order, not touching each
     * other.  NULL: all that were decoded.  Others were copied from history
     * that was not seen (ws_track.h), though their number is exact. */
    const struct event_range *known;
    size_t n_known;  /* up to EVENT_KNOWN_MAX */
    bool known_more; /* there are more ranges; payload ends before them */
    const char *inflate_error; /* static text; NULL: none */
    bool has_digest;           /* event_sink.digest was asked, and complete */
    struct slice digest;       /* raw bytes */
};

struct event_gap {
    enum ws_sender from;
    struct stamp at;
    uint64_t offset; /* in the sender's stream, bytes */
    uint64_t len;    /* bytes */
    bool resynced;   /* frames start again at resync_offset */
    uint64_t resync_offset;
};

struct event_finding {
    enum finding_id id;
    /* That of finding_info(), or less where the circumstances ask for it;
     * emit_finding() fills it in unless lowered is set. */
    enum severity severity;
    bool lowered;
    bool has_from; /* false: concerns both */
    enum ws_sender from;
    struct stamp at;
    bool has_offset;
    uint64_t offset;    /* in the sender's stream, bytes */
    uint64_t frame;     /* 0: none */
    uint64_t message;   /* 0: none */
    const char *detail; /* what was seen, one line without payload; or NULL */
    uint64_t
        count; /* 1: the first one; more: all of its kind, told at the end */
};

enum event_tcp_what {
    EVENT_TCP_SYN = 0,
    EVENT_TCP_SYN_ACK,
    EVENT_TCP_FIN,
    EVENT_TCP_RST,
    EVENT_TCP_RETRANSMIT, /* once for a packet */
    EVENT_TCP_ZERO_WINDOW,
    EVENT_TCP_WINDOW_OPEN, /* ... no longer */
    EVENT_TCP_COUNT
};

/* What TCP did.  The SYNs, and what was seen before the answer to the upgrade
 * request, come right behind the handshake with stamps of their own. */
struct event_tcp {
    enum ws_sender from;
    enum event_tcp_what what;
    struct stamp at;
    uint32_t seq; /* TCP sequence number of the packet */
};

/* Who ended a connection. */
enum closed_by {
    CLOSED_BY_NOBODY = 0, /* still open, or the capture ended first */
    CLOSED_BY_CLIENT,
    CLOSED_BY_SERVER,
    CLOSED_BY_BOTH,
    CLOSED_BY_UNKNOWN,
    CLOSED_BY_MIDDLEBOX, /* a device in between, in the name of a side */
};

/* How a connection ended; ids and sentences: verdict.c. */
enum verdict_id {
    VERDICT_CLEAN_CLOSE = 0,
    VERDICT_CLOSE_UNANSWERED,
    VERDICT_FIN_WITHOUT_CLOSE,
    VERDICT_RESET,
    VERDICT_REFUSED,
    VERDICT_NO_ANSWER,
    VERDICT_CAPTURE_ENDED,
    VERDICT_EVICTED,
    VERDICT_CLOSE_THEN_CAPTURE_END,
    VERDICT_ANSWER_NOT_CAPTURED, /* to a Close frame, if there was one */
    VERDICT_FIN_CLOSE_UNKNOWN,   /* a Close frame may be in what is missing */
    VERDICT_OTHER_PROTOCOL,      /* 101 to something else than WebSocket */
    VERDICT_PROTOCOL_ERROR,     /* closed for a broken rule of the other side */
    VERDICT_IDLE_CUT,           /* TCP ended after a round time of silence */
    VERDICT_RESET_BY_MIDDLEBOX, /* the RST is none of the side it names */
    VERDICT_COUNT
};

#define EVENT_EVIDENCE_MAX 8u

/* Round trips; n 0: none, and the rest says nothing.  n, min and max are exact;
 * median and 95th percentile are so up to 32 round trips and at most 3.2 % off
 * with more (judge/round_trips.h). */
struct event_rtt {
    uint64_t n;
    int64_t min_ns, median_ns, p95_ns, max_ns;
};

struct event_end {
    struct stamp at;
    int64_t duration_ns; /* since the request (or first packet) */
    uint64_t frames[2];  /* by enum ws_sender, also below */
    uint64_t messages[2];
    uint64_t payload_bytes[2]; /* frame payload as declared and seen */
    uint64_t wire_bytes[2];    /* stream bytes after the handshake */
    uint64_t gap_bytes[2];
    uint64_t undecoded_bytes[2]; /* of wire_bytes: in no frame told */
    bool has_close_code[2];
    uint16_t close_code[2];
    enum closed_by closed_by;
    bool clean; /* both sent a Close frame (RFC 6455 section 7.1.4) */
    uint16_t onclose_code; /* what a script would see; 0: still open */
    enum verdict_id verdict;
    const char *text;        /* the sentence */
    struct event_rtt rtt[2]; /* of the pings of a sender, to their pongs */
    size_t n_evidence;
    struct {
        uint64_t packet;
        const char *what; /* static text */
    } evidence[EVENT_EVIDENCE_MAX];
};

enum event_type {
    EVENT_HANDSHAKE = 0,
    EVENT_FRAME,
    EVENT_MESSAGE,
    EVENT_GAP,
    EVENT_FINDING,
    EVENT_END,
    EVENT_TCP,
};

struct event {
    enum event_type type;
    uint32_t conn; /* 1 = first */
    union {
        const struct event_handshake *handshake;
        const struct event_frame *frame;
        const struct event_message *message;
        const struct event_gap *gap;
        const struct event_finding *finding;
        const struct event_end *end;
        const struct event_tcp *tcp;
    };
};

/* What a sink wants; the rest is not computed. */
struct event_sink {
    uint32_t wants;      /* set of 1u << enum event_type */
    size_t keep;         /* payload bytes of a message to keep for the sink */
    enum severity least; /* findings below are not told */
    const char *digest;  /* OpenSSL digest name to compute, or NULL */
    void *ctx;
    void (*event)(void *ctx, const struct event *event);
};

/* Names for output: "client", "server"; "text", "ping", "reserved", ... */
const char *ws_sender_name(enum ws_sender from);
const char *ws_opcode_name(uint8_t opcode);
const char *handshake_seen_name(enum handshake_seen seen);
const char *closed_by_name(enum closed_by by); /* NULL for nobody */
const char *verdict_name(enum verdict_id id);
/* "SYN", "SYN+ACK", "FIN", "RST", "retransmission", ... */
const char *event_tcp_name(enum event_tcp_what what);

#endif /* DISSECT_EVENT_H */
