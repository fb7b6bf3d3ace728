/* SPDX-License-Identifier: MIT */
/*
 * http1.h - HTTP/1.x message framing (RFC 9112): finds heads, follows bodies.
 *
 *   start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
 *
 * One decoder per direction.  It takes the bytes of its direction from the
 * front of a slice, gives out one whole head at a time and runs over the body
 * behind it.  A head that lies in one slice is read where it lies; only a head
 * cut by the slices is copied, into a buffer with a maximum.
 *
 * Two depths of reading a head: http1_next() looks at what framing and
 * upgrades need while it searches the empty line (struct http1_brief), and
 * http1_head_parse() makes the table of all headers for whoever asks.
 *
 * Read leniently, since an analyzer must see what a lenient peer sees: bare
 * LF, folded lines, empty lines before a head, white space before the colon,
 * lines without a colon, header names in any case, a missing reason phrase,
 * more blanks than one in a start-line, "get" and "http" in small letters.
 * HTTP/0.9 and HTTP/2 are not HTTP here.
 *
 * Does not know which response answers which request, nor what happens on the
 * other direction: conn.h.  What the upgrade means: handshake.h.
 */
#ifndef DISSECT_HTTP1_H
#define DISSECT_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Header lines kept of one head; more are counted, and found by name. */
#define HTTP1_HEADERS_MAX 256u

/* Longest method name that is taken for one, in bytes. */
#define HTTP1_METHOD_MAX 32u

/* Default of head_max: start-line to empty line, in bytes. */
#define HTTP1_HEAD_MAX_DEFAULT 65536u

struct http1_header {
    struct slice name;  /* as sent; a line without colon is all name */
    struct slice value; /* without white space around it, folds as sent;
                           ptr NULL: the line has no colon */
};

/* One parsed request or response head.  Slices point into `text`. */
struct http1_head {
    struct slice text; /* the whole head as sent, its empty line included */
    /* Its empty line is missing: more header lines may have been sent. */
    bool partial;
    bool is_request;
    uint8_t major, minor;        /* HTTP version digits */
    struct slice method, target; /* requests; else ptr NULL */
    uint16_t status;             /* responses; else 0 */
    struct slice reason;         /* responses; may be empty */
    size_t n_headers;            /* kept in headers[] */
    size_t n_headers_dropped;    /* beyond HTTP1_HEADERS_MAX */
    struct slice dropped;        /* the lines of these; see http1_search */
    struct http1_header headers[HTTP1_HEADERS_MAX];
};

/* Methods that change framing (RFC 9112 section 6.3), and the one that opens
 * a WebSocket. */
enum http1_method {
    HTTP1_METHOD_OTHER = 0,
    HTTP1_METHOD_GET,
    HTTP1_METHOD_HEAD,
    HTTP1_METHOD_CONNECT,
};

/* Bits of http1_brief.flags. */
enum http1_flag {
    HTTP1_UPGRADE = 1u << 0,            /* any Upgrade header */
    HTTP1_UPGRADE_WEBSOCKET = 1u << 1,  /* ... with the token "websocket" */
    HTTP1_CONNECTION_UPGRADE = 1u << 2, /* Connection has "upgrade" */
    HTTP1_CONNECTION_CLOSE = 1u << 3,   /* Connection has "close" */
    HTTP1_WS_KEY = 1u << 4,             /* Sec-WebSocket-Key */
    HTTP1_WS_VERSION = 1u << 5,         /* Sec-WebSocket-Version */
    HTTP1_WS_ACCEPT = 1u << 6,          /* Sec-WebSocket-Accept */
    HTTP1_LENGTH = 1u << 7,             /* content_length is valid */
    HTTP1_LENGTH_BAD = 1u << 8,         /* some Content-Length is no number */
    HTTP1_LENGTH_CONFLICT = 1u << 9,    /* they differ: the first one counts */
    HTTP1_TRANSFER_ENCODING = 1u << 10, /* any coding but "identity" */
    HTTP1_CHUNKED = 1u << 11,           /* ... and the last one is "chunked" */
    HTTP1_BARE_LF = 1u << 12,           /* some line ends without CR */
    HTTP1_FOLDED = 1u << 13,            /* some header has a folded line */
};

/* What framing and upgrades need to know of a head; plain values. */
struct http1_brief {
    uint32_t flags;          /* set of enum http1_flag */
    uint16_t status;         /* responses: 100..999; requests: 0 */
    uint8_t method;          /* enum http1_method; responses: OTHER */
    uint8_t minor;           /* of HTTP/1.minor */
    uint64_t content_length; /* with HTTP1_LENGTH, 0..2^63 - 1 */
};

/* What follows a head. */
enum http1_body_kind {
    HTTP1_BODY_NONE = 0,
    HTTP1_BODY_LENGTH,  /* len bytes */
    HTTP1_BODY_CHUNKED, /* RFC 9112 section 7.1, with trailers */
    HTTP1_BODY_CLOSE,   /* all bytes until the direction ends */
    /* An interim response (1xx but 101): no body, no MESSAGE_END; the final
     * response to the same request is the next head. */
    HTTP1_BODY_INTERIM,
    /* 101, or 2xx to CONNECT: this was the last head; what follows is not
     * HTTP any more, or HTTP of somebody else.  A caller that wants to read
     * it stops calling this decoder; if it goes on, all bytes are skipped. */
    HTTP1_BODY_TUNNEL,
};

enum http1_step {
    HTTP1_NEED_INPUT = 0, /* *in is used up: call again with more */
    HTTP1_HEAD,           /* a whole head; *in is right behind it */
    HTTP1_MESSAGE_END,    /* the body is complete; *in is right behind it */
    HTTP1_NOT_HTTP,       /* cannot be read on; final until http1_reset() */
};

struct http1_event {
    /* HEAD: from its start-line to its empty line, as sent.  Points into *in
     * or into the decoder: lives until the next call with this decoder, and
     * no longer than the bytes of *in. */
    struct slice text;
    struct http1_brief brief; /* HEAD */
    uint64_t body_len;        /* MESSAGE_END: bytes, without chunk framing */
};

/* Why a decoder cannot read on. */
enum http1_loss {
    HTTP1_LOSS_BYTES = 0, /* it is not HTTP, or a hole was too large */
    HTTP1_LOSS_LIMIT,     /* a head is longer than head_max */
    HTTP1_LOSS_MEMORY,    /* no memory for a cut head */
};

/* Decoder state.  Embed it; the members are for http1.c and tests only. */
struct http1 {
    struct buf held;          /* a head cut by the slices, up to head_max */
    struct http1_brief brief; /* of the head being read */
    uint64_t left;            /* body: bytes to come; chunk-size so far */
    uint64_t body_len;        /* body bytes run over so far */
    size_t head_max;          /* bytes */
    size_t scanned;           /* bytes of held known to have no line end */
    size_t line;              /* where the current line starts in held */
    size_t field;             /* where the line begins that field_kind names */
    uint8_t field_kind;       /* header line whose value is not read yet */
    uint8_t state;
    uint8_t line_len; /* chunk lines: digits seen; trailer: bytes of line */
    bool is_request;
    uint8_t loss; /* enum http1_loss */
};

/*
 * Starts at the first byte of a head, or at empty lines before one.
 *
 * is_request  this direction carries requests (else responses).
 * head_max    longest head that is still read, in bytes; 0 for the default.
 *
 * Allocates nothing yet.
 */
void http1_init(struct http1 *h, bool is_request, size_t head_max);

/* Frees what is held; h may be initialised again. */
void http1_fini(struct http1 *h);

/* Forgets everything but the arguments of http1_init(), to look for a head
 * again, after NOT_HTTP or a gap. */
void http1_reset(struct http1 *h);

/*
 * Takes bytes from the front of *in until there is one event.
 *
 * How the stream is cut into slices does not change the events.  ev is written
 * on HEAD and MESSAGE_END only.  After HEAD the caller must say what follows,
 * by http1_body(), before the next call.
 *
 * NOT_HTTP: no start-line, a head longer than head_max, broken chunk framing,
 * no memory for a cut head, or http1_gap() lost the boundary.  *in is then
 * left as it was at this call; bytes of a head taken before are http1_held().
 */
enum http1_step http1_next(struct http1 *h, struct slice *in,
                           struct http1_event *ev);

/* Tells what follows the head just given out; len counts for BODY_LENGTH
 * only, in bytes.  Without a body http1_next() has MESSAGE_END to tell even
 * when the slice is used up: call it until it says NEED_INPUT. */
void http1_body(struct http1 *h, enum http1_body_kind kind, uint64_t len);

/*
 * Tells that the next len bytes of the direction were not captured.
 *
 * True if the decoder is still in step: the hole lies inside a body whose end
 * is known (or comes with the end of the direction).  Otherwise it is lost,
 * and http1_next() says NOT_HTTP until http1_reset().
 */
bool http1_gap(struct http1 *h, uint64_t len);

/* True at the start of a head of which no byte was seen: nothing is open in
 * this direction. */
bool http1_idle(const struct http1 *h);

/* True in a body that only the end of the direction ends (BODY_CLOSE). */
bool http1_until_close(const struct http1 *h);

/* Bytes of an unfinished head that were taken from earlier slices; lives
 * until the next call with h. */
struct slice http1_held(const struct http1 *h);

/*
 * What is known of a head that will not become whole, since a gap or the end
 * of the direction comes next: the lines of it that are complete.  To be asked
 * before http1_gap(); *text can be read by http1_head_parse() and lives until
 * the next call with h.  False, with *text untouched: not inside a head, or
 * not even its start-line is complete.
 */
bool http1_partial(const struct http1 *h, struct slice *text);

/* Bytes allocated. */
static inline size_t
http1_memory(const struct http1 *h)
{
    return h->held.cap;
}

/* After NOT_HTTP: whether the bytes were to blame, or a limit, or memory. */
enum http1_loss http1_loss(const struct http1 *h);

/*
 * What body follows a request, RFC 9112 section 6.3; *len is set for
 * BODY_LENGTH, else 0.  A request whose last transfer coding is not chunked
 * has no known end: BODY_CLOSE.
 */
enum http1_body_kind http1_request_body(const struct http1_brief *request,
                                        uint64_t *len);

/* The same for a response; of_request is the method it answers, OTHER if that
 * was not seen. */
enum http1_body_kind http1_response_body(const struct http1_brief *response,
                                         enum http1_method of_request,
                                         uint64_t *len);

enum http1_guess {
    HTTP1_GUESS_NO = 0,
    HTTP1_GUESS_REQUEST,  /* a whole request line stands here */
    HTTP1_GUESS_RESPONSE, /* a status line starts here */
    HTTP1_GUESS_SHORT,    /* so far it could be: no line end seen yet */
};

/*
 * Do these bytes begin a head, perhaps behind empty lines?  Looks at the first
 * line only.  More bytes never turn NO, REQUEST or RESPONSE into another
 * answer.
 */
enum http1_guess http1_guess_start(struct slice start);

/*
 * Reads a head, as given out by HTTP1_HEAD or http1_partial(), into *out,
 * whose slices point into text.  False, with *out undefined, when its
 * start-line is none of that kind.
 */
bool http1_head_parse(struct http1_head *out, struct slice text,
                      bool is_request);

/*
 * Makes an owned copy of head and its text in one allocation (about 8 KiB and
 * the text); http1_head_free() frees it.  ERR_NOMEM leaves *out alone.
 */
ERR_CHECK enum err http1_head_copy(struct http1_head **out,
                                   const struct http1_head *head);
void http1_head_free(struct http1_head *head);

/* A search for all headers of one name (any case), also those beyond the
 * table.  A line without a colon is never found.  Made by http1_search(); the
 * members are for http1.c. */
struct http1_search {
    const struct http1_head *head; /* borrowed */
    struct slice name;             /* borrowed */
    size_t next;                   /* into head->headers */
    struct slice rest;             /* of head->dropped */
};

struct http1_search http1_search(const struct http1_head *head,
                                 const char *name);

/* Sets *value to that of the next one, in the order sent.  False: no more. */
bool http1_search_next(struct http1_search *s, struct slice *value);

/* The value of the first header called name, wherever it stands; ptr NULL:
 * there is none.  (A value may be empty.) */
struct slice http1_value(const struct http1_head *head, const char *name);

/* Is token (any case) an element of the comma-separated list that all headers
 * called name make together (RFC 9110 section 5.6.1)? */
bool http1_has_token(const struct http1_head *head, const char *name,
                     const char *token);

/* Takes the next element of a comma-separated list from the front of *list,
 * without white space around it; empty elements are passed over.  False: no
 * more.  Commas in quoted strings are not known here. */
bool http1_list_next(struct slice *list, struct slice *element);

#endif /* DISSECT_HTTP1_H */
