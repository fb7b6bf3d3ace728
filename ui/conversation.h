/* SPDX-License-Identifier: MIT */
/*
 * conversation.h - one connection as a conversation: how each piece of it looks
 * on a screen and on standard output (`wsray follow`, the view Talk).
 *
 *      0.000000     H →  GET /chat HTTP/1.1
 *      0.001234     H ←                      101 Switching Protocols  verified
 *      0.002000     1 →  Hello
 *      0.003000     1 ←                      {"answer":42}
 *      time    number    client, and a third further right the server
 *
 * Lines go to a sink, piece by piece, left to right.  Whatever a piece holds
 * has gone through text.h: it is safe on a terminal.  Knows neither events nor
 * the store; no memory of its own.
 */
#ifndef UI_CONVERSATION_H
#define UI_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "dissect/event.h"
#include "ui/known_bytes.h"
#include "ui/out.h"

enum conversation_kind {
    CONVERSATION_HEAD = 0, /* which connection it is: text */
    CONVERSATION_REQUEST,  /* text is its first line */
    CONVERSATION_ANSWER,   /* likewise, without the version of HTTP */
    CONVERSATION_DATA,     /* a message, or a frame of one */
    CONVERSATION_CONTROL,  /* a control frame */
    CONVERSATION_GAP,      /* len bytes are missing */
    CONVERSATION_END,      /* text is the verdict */
};

/* One piece; all of it is borrowed for the call. */
struct conversation_unit {
    enum conversation_kind kind;
    enum ws_sender from;
    struct slice time; /* as it is shown, right-aligned; ours, ASCII */
    uint64_t number;   /* of the sender's messages or frames; 0: none */
    struct slice text; /* of the traffic; ptr NULL: was not captured ... */
    bool unkept;       /* ... or was, but nobody has it any more */

    /* Of an answer, and of an end whether it is a good one. */
    bool accepted;
    enum tristate accept_ok;

    /* Of data, control frames and gaps. */
    uint8_t opcode;
    struct slice payload; /* the first bytes; close frames: with their code */
    uint64_t len;         /* of all of it, bytes, with has_len */
    bool has_len;
    bool is_frame;   /* number counts frames */
    bool fragment;   /* a frame whose message is not complete: no payload */
    bool incomplete; /* not everything was captured */
    bool resynced;   /* found again behind a gap, or in mid-stream */
    /* How it came; 0 and false: not told. */
    bool compressed;
    uint64_t n_frames; /* of a message */
    uint64_t wire_len; /* ... on the wire, bytes */
    bool bad_utf8;
    const char *inflate_error; /* static; NULL: none */
    struct known_bytes known;
};

/* What of a piece's payload is written, in the order of `v`. */
enum conversation_form {
    CONVERSATION_TEXT = 0, /* text as text, binary in hex */
    CONVERSATION_JSON,     /* the same, but JSON laid out over lines */
    CONVERSATION_HEX,      /* offsets, hex, ASCII */
    CONVERSATION_C,        /* arrays of C, all else as comments of C */
    CONVERSATION_FORM_COUNT
};

const char *conversation_form_name(enum conversation_form form);

enum conversation_style {
    CONVERSATION_PLAIN = 0,
    CONVERSATION_DIM,
    CONVERSATION_STRONG,
    CONVERSATION_CLIENT,
    CONVERSATION_SERVER,
    CONVERSATION_OF_CONTROL,
    CONVERSATION_KEY, /* of a JSON object */
    CONVERSATION_GOOD,
    CONVERSATION_WARNING,
    CONVERSATION_BAD,
    CONVERSATION_STYLE_COUNT
};

/* Where lines go. */
struct conversation_sink {
    void *ctx;
    /* Text of cols columns, from column col on, right of what the line has. */
    void (*put)(void *ctx, size_t col, size_t cols,
                enum conversation_style style, struct slice text);
    /* The line is complete.  False: no more lines are wanted. */
    bool (*end)(void *ctx);
};

struct conversation_look {
    enum conversation_form form;
    bool utf8;
    bool whole;       /* all of a payload; else one line, cut at the width */
    bool level;       /* the server begins where the client does */
    size_t width;     /* columns; 0: lines have no end and are not wrapped,
                         only with whole */
    size_t time_cols; /* that a time takes; 0: times are left out */
};

/* A conversation is not drawn narrower. */
#define CONVERSATION_WIDTH_MIN 38u

/* Writes one piece: a line, or with look->whole as many as it takes. */
void conversation_write(const struct conversation_look *look,
                        const struct conversation_unit *unit,
                        const struct conversation_sink *sink);

/* The first line of the head of a request, or what an answer says behind the
 * version of HTTP; ptr NULL when head is empty. */
struct slice conversation_first_line(struct slice head, bool answer);

/* ---- to standard output */

/* Embed it; the members are for conversation_out.c. */
struct conversation_out {
    struct out *out; /* borrowed */
    bool color;
    size_t col; /* where the line ends so far */
};

/* The sink that writes lines to c->out. */
struct conversation_sink conversation_out_sink(struct conversation_out *c);

#endif /* UI_CONVERSATION_H */
