/* SPDX-License-Identifier: MIT */
/*
 * ladder.h - the rows of the ladder of one connection: an index that is
 * carried on as frames come.
 *
 * Sources, merged by packet number:
 *
 *   the heads of the handshake, "WebSocket open" or "begins in mid-stream"
 *   what TCP did                         store->tcp
 *   frames and gaps                      struct rows of the connection
 *   the end                              last
 *
 * A run of LADDER_RUN_MIN and more frames that are alike is one row when fold
 * is set.  With a scale of time blank rows stand where nothing happens, at most
 * LADDER_BLANKS_MAX in one place.
 */
#ifndef UI_TUI_LADDER_H
#define UI_TUI_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/store/rows.h"
#include "ui/tui/store/store.h"

#define LADDER_RUN_MIN 3u
#define LADDER_BLANKS_MAX 10u
/* Rows that the time of a connection is spread over with a scale of time, at
 * least and at most; in between half as many as it has frames. */
#define LADDER_SCALE_ROWS 60
#define LADDER_SCALE_ROWS_MAX 2000

enum ladder_kind {
    LADDER_MIDSTREAM = 0,
    LADDER_REQUEST,
    LADDER_RESPONSE,
    LADDER_OPEN,
    LADDER_TCP,
    LADDER_FRAME, /* or a gap */
    LADDER_RUN,
    LADDER_BLANK,
    LADDER_END,
};

enum ladder_flag {
    LADDER_SAME_LEN = 1, /* of a run: all have the same length */
    LADDER_REGULAR = 2,  /* of a run: one every so often */
    LADDER_LONG = 4,     /* blank: stands for a longer time than a row */
};

struct ladder_row {
    uint32_t pos; /* how many frames of the connection stand above it */
    uint32_t ref; /* row in the store: of the frame, the first frame of a run,
                     or of what TCP did */
    uint32_t n;   /* of a run: its frames */
    uint8_t kind; /* enum ladder_kind */
    uint8_t flags;
};

struct ladder_options {
    bool hide_tcp, hide_control;
    bool unfold; /* runs are not folded */
    bool time;   /* a scale of time; runs are not folded then */
};

/* Embed it, zeroed; ladder_fini() frees what it holds. */
struct ladder {
    struct ladder_row *row;
    size_t n, cap;
    struct ladder_options options; /* change them freely */
    int64_t step_ns;               /* of a row with a scale of time */
    size_t folded;                 /* frames in runs */

    /* What it was made for, and how far it is. */
    bool begun, ended;
    uint32_t conn;
    struct ladder_options made;
    unsigned heads;     /* of the three of the handshake */
    size_t pos;         /* frames of the connection taken */
    size_t tcp_scanned; /* rows of store->tcp looked at */
    unsigned tail;      /* how many rows at the end are frames alike */
    int64_t span_ns;    /* that step_ns was chosen for */
    uint32_t selected;  /* the frame that was selected at the last drawing */
};

void ladder_fini(struct ladder *l);

/*
 * Takes in what came since the last call.  frames: all of connection `conn`
 * (row); tcp_end: rows of store->tcp behind it are not looked at; end: the end
 * of the connection may be told when it is there.
 */
void ladder_update(struct ladder *l, const struct store *s, uint32_t conn,
                   const struct rows *frames, size_t tcp_end, bool end);

/* When the row begins and when its last frame came; of a blank one the row
 * above. */
int64_t ladder_start_ns(const struct ladder *l, const struct store *s,
                        const struct rows *frames, size_t row);
int64_t ladder_end_ns(const struct ladder *l, const struct store *s,
                      const struct rows *frames, size_t row);

/* The packet that shows what the row tells; of a run its first. */
uint64_t ladder_packet(const struct ladder *l, const struct store *s,
                       size_t row);

/* The row of a frame (row in the store), or of the next one that is shown. */
size_t ladder_place(const struct ladder *l, const struct rows *frames,
                    uint32_t frame);

/* The row above that is not blank; SIZE_MAX: none. */
size_t ladder_above(const struct ladder *l, size_t row);

#endif /* UI_TUI_LADDER_H */
