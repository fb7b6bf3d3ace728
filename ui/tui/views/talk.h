/* SPDX-License-Identifier: MIT */
/*
 * talk.h - the rows of the conversation of one connection: an index that is
 * carried on as frames come.
 *
 *   request, answer     unless the connection was found in mid-stream: then
 *                       the one row that says so
 *   messages or frames  with control frames and gaps between them
 *   the end
 *
 * A message has its row where its last frame stands.  One that never got its
 * last frame has it where the next one of its sender begins, or at the end.
 */
#ifndef UI_TUI_TALK_H
#define UI_TUI_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/conversation.h"
#include "ui/tui/screen/list.h"
#include "ui/tui/store/rows.h"
#include "ui/tui/store/store.h"

enum talk_sender { TALK_BOTH = 0, TALK_CLIENT, TALK_SERVER, TALK_SENDER_COUNT };

/* What has rows. */
struct talk_options {
    enum talk_sender sender;
    bool frames; /* each frame, not each message */
    bool hide_control;
};

/* Embed it, zeroed; talk_fini() frees what it holds. */
struct talk {
    struct talk_options options; /* change them freely */
    enum conversation_form form;
    bool pane;        /* all of the row selected, below the list */
    bool in_pane;     /* which has the keys */
    struct list list; /* lines of the pane */

    /* What it was made for, and how far it is. */
    bool begun, ended;
    uint32_t conn;
    struct talk_options made;
    enum conversation_kind heads[2]; /* rows of the handshake */
    size_t n_heads;
    uint32_t *row; /* frames, rows of the store */
    size_t n, cap;
    size_t pos;        /* frames of the connection looked at */
    uint32_t open[2];  /* by enum ws_sender: the last frame of a message that is
                          not complete; STORE_NONE: none */
    uint32_t selected; /* the frame that was selected at the last drawing */
    size_t shown;      /* row in the pane at the last drawing */
};

void talk_fini(struct talk *k);

/* Takes in what came since the last call.  frames: all of connection `conn`
 * (row); end: the end of the connection may be told when it is there. */
void talk_update(struct talk *k, const struct store *s, uint32_t conn,
                 const struct rows *frames, bool end);

static inline size_t
talk_rows(const struct talk *k)
{
    return k->n_heads + k->n + k->ended;
}

/* The frame of a row (row in the store); STORE_NONE: it has none. */
uint32_t talk_frame(const struct talk *k, size_t row);

/* The row of a frame (row in the store), or of the message that it is part of;
 * if these have none, the next one. */
size_t talk_place(const struct talk *k, const struct store *s, uint32_t frame);

/* Where the payload of a row goes. */
struct talk_payload {
    uint8_t *bytes;
    size_t cap;
    struct store_known known;
};

/* What a row says, but for its time, with its payload in room (NULL: without);
 * its time is *time_ns.  Borrowed until the store is unlocked. */
struct conversation_unit talk_unit(const struct talk *k, const struct store *s,
                                   size_t row, struct talk_payload *room,
                                   int64_t *time_ns);

/* Whether text stands in a row. */
bool talk_holds(const struct talk *k, const struct store *s, size_t row,
                const char *text);

#endif /* UI_TUI_TALK_H */
