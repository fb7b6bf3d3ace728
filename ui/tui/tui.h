/* SPDX-License-Identifier: MIT */
/*
 * tui.h - the terminal interface: what all views share, and the calls of its
 * owner.
 *
 *   decoding thread --events--> store <--reads under the lock-- views
 *                                                      |  draw
 *                                                      v
 *                       keys --> action --> view     grid --> tty.h
 *
 * Views (view_*.c) draw into a grid and know neither curses nor the thread
 * that decodes; so tests can draw them without a terminal.
 */
#ifndef UI_TUI_TUI_H
#define UI_TUI_TUI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ui/stats.h"
#include "ui/tui/hit.h"
#include "ui/tui/layers/filter_layer.h"
#include "ui/tui/layers/step.h"
#include "ui/tui/present.h"
#include "ui/tui/screen/grid.h"
#include "ui/tui/screen/list.h"
#include "ui/tui/screen/prompt.h"
#include "ui/tui/screen/tty.h"
#include "ui/tui/shown.h"
#include "ui/tui/store/recount.h"
#include "ui/tui/store/rows.h"
#include "ui/tui/store/search.h"
#include "ui/tui/store/store.h"
#include "ui/tui/views/conn_order.h"
#include "ui/tui/views/finding_list.h"
#include "ui/tui/views/ladder.h"
#include "ui/tui/views/marks.h"
#include "ui/tui/views/shake.h"
#include "ui/tui/views/talk.h"

enum view_id {
    VIEW_CONNS = 0,
    VIEW_FRAMES,
    VIEW_TALK,
    VIEW_LADDER,
    VIEW_HANDSHAKE,
    VIEW_STATS,
    VIEW_FINDINGS,
    VIEW_COUNT
};

/* As on its tab; static. */
const char *view_name(enum view_id v);

#define VIEW_BIT(symbol) (1u << VIEW_##symbol)
#define EVERY_VIEW ((1u << VIEW_COUNT) - 1u)
/* Lists that show what passes the filter. */
#define FILTERED_VIEWS                                                         \
    (VIEW_BIT(CONNS) | VIEW_BIT(FRAMES) | VIEW_BIT(STATS) | VIEW_BIT(FINDINGS))

#define ACTION(symbol, ...) ACTION_##symbol,
enum action {
#include "ui/tui/action.def"
    ACTION_COUNT
};

/* What must be so for an action. */
enum action_need {
    NEED_ANY = 0, /* nothing */
    NEED_CONN,    /* a connection is there */
    NEED_FRAME,   /* a frame is shown */
    NEED_FINDING,
    NEED_FILTER,
    NEED_TEXT,   /* something was looked for */
    NEED_FOLLOW, /* more may come, or it follows already */
    NEED_PAUSE,  /* more may come, or it stands still already */
};

/* One row of action.def; see there. */
struct action_info {
    const char *keys;
    uint32_t views;
    enum action_need need;
    const char *command;
    const char *help;
};

const struct action_info *action_info(enum action a);

/* What the last line says in these views. */
struct action_hint {
    enum action action;
    uint32_t views;
    const char *text;
};

/* The i-th row, in the order of importance; NULL: there are no more. */
const struct action_hint *action_hint(size_t i);

enum tui_time {
    TUI_TIME_RELATIVE = 0, /* since the first packet of all */
    TUI_TIME_DELTA,        /* since the row before */
    TUI_TIME_UTC,
    TUI_TIME_REFERENCE, /* since the frame that was set */
    TUI_TIME_COUNT
};

/* What the bytes pane shows. */
enum tui_source {
    TUI_SOURCE_WIRE = 0,
    TUI_SOURCE_UNMASKED,
    TUI_SOURCE_MESSAGE,
    TUI_SOURCE_COUNT
};

/* Of the view of statistics, as Tab goes through them. */
enum stats_panel {
    STATS_PANEL_CURVE = 0,
    STATS_PANEL_OPCODES,
    STATS_PANEL_SIZES,
    STATS_PANEL_TURNS,
    STATS_PANEL_CONNS,
    STATS_PANEL_CLOSES,
    STATS_PANEL_COUNT
};

struct tui;

/* What lies over a view and has the keys until it closes itself (t->layer =
 * NULL): prompts, menus, help.  Calls come with the store locked. */
struct layer {
    void (*draw)(struct tui *t, struct rect body);
    void (*key)(struct tui *t, struct tty_key key);
    bool takes_paste; /* pasted characters come as keys; else they go nowhere */
};

/* What the interface asks of who owns the terminal and the rights. */
struct tui_owner {
    void *ctx;
    /* Makes a new file, beside the others; a descriptor to write to, or -1
     * with errno. */
    int (*create)(void *ctx, const char *name);
    /* Sends bytes (borrowed for the call) to the clipboard of the terminal,
     * soon: callers hold the lock.  False: it has none. */
    bool (*copy)(void *ctx, struct slice bytes);
    int scratch; /* a file without a name, to make things in; -1: none */
};

/* A view; all calls come with the store locked. */
struct view {
    void (*draw)(struct tui *t, struct rect r);
    /* False: it does not know what to do with that. */
    bool (*act)(struct tui *t, enum action a);
    /* What the status line says of the selection; at most size bytes. */
    void (*status)(const struct tui *t, char *out, size_t size);
    /* Row `row` of its list holds the text; NULL: nothing can be found here. */
    bool (*match)(const struct tui *t, size_t row, const char *text);
    /* Its list; NULL: none. */
    struct list *(*list)(struct tui *t);
};

extern const struct view view_conns, view_frames, view_talk, view_ladder,
    view_handshake, view_stats, view_findings;

/* What the pipeline's figures are, copied by the owner now and then. */
struct tui_figures {
    _Atomic uint64_t packets, dropped;
    _Atomic uint64_t memory; /* of the process, bytes; 0: not known */
};

#define TUI_TEXT_MAX 256u

struct tui {
    struct store *store; /* borrowed */
    struct stats *stats; /* borrowed, guarded by the store's lock; or NULL */
    const struct tui_figures *figures;
    const struct tui_owner *owner; /* NULL: nobody */
    const char *file;              /* that is read; NULL: several, or none */
    const char *source;            /* name of the capture, as given */
    bool live;
    atomic_bool *loading; /* the decoding thread still works */

    struct grid grid;
    struct hits hits; /* of what the grid shows */
    bool mouse;       /* is wanted */
    bool told_shift;  /* how to select text with it */
    enum view_id view;
    enum view_id before;       /* where BACK goes */
    const struct layer *layer; /* NULL: none */
    bool explain, paused, quit, suspend, redraw;
    bool busy; /* drawing goes on with something: frames that the rows do not
                  know yet, or find.h */

    /* The selection, which all views share. */
    uint32_t conn;  /* row, STORE_NONE: none yet */
    uint32_t frame; /* row */
    unsigned field; /* of the frame: see frame_field.h */

    enum tui_time time;
    enum tui_source source_bytes;
    bool bytes, secrets;
    bool zoom;          /* the pane with the keys takes all of the body */
    int border;         /* rows that the list has more than its share */
    uint32_t reference; /* times are since that frame; STORE_NONE: none */
    bool present;       /* others look on */
    struct lesson lesson;
    bool ascii;           /* is wanted, though the terminal has UTF-8 */
    struct list settings; /* of settings.h */
    struct present_addrs present_addrs;
    struct list detail, hex; /* lines of the frame's panes */
    uint32_t pane_frame;     /* that they are of */
    unsigned pane;
    enum severity least;

    struct list conns, frames, talk, ladder, handshake, findings, help_list;
    size_t shown_end;      /* frames before it are shown: not all, if paused */
    struct rows rows;      /* of the list of frames */
    struct rows conn_rows; /* see tui_conn_rows() */
    struct shown shown;    /* the filter */
    int64_t slice_ns;      /* that it may take between two drawings */
    struct filter_layer filter_layer; /* where it is typed */
    int64_t now_ns; /* of a clock that does not go back; 0: none */
    struct conn_order conn_order; /* of the list of connections */
    uint32_t conn_at; /* row that its cursor is on; STORE_NONE: none yet */
    struct marks conn_marks;
    enum stats_panel stats_panel; /* has the keys */
    struct list stats_lists[STATS_PANEL_COUNT];
    struct recount recount; /* of what passes the filter */
    bool stats_locked;      /* on what everything is */
    unsigned stats_side;    /* of a bar: 0 both, 1 + enum ws_sender */
    bool stats_log;         /* scale */
    unsigned stats_zoom;    /* a step of the curve is 2^it of what is counted */
    struct finding_list found;        /* of the list of findings */
    size_t found_end;                 /* those before it are shown */
    uint32_t finding;                 /* selected; STORE_NONE: none */
    struct finding_item finding_item; /* that the cursor is on, and in which */
    size_t finding_line;              /* line */
    struct ladder ladder_rows;
    struct talk talk_rows;
    size_t ladder_tcp_end; /* rows of store->tcp that it shows */
    struct shake_found shake_found;
    unsigned shake_step; /* of the computation; 0: all of it */
    bool shake_accept;   /* small screens: the computation, not the heads */

    char message[TUI_TEXT_MAX]; /* until the next key */
    bool pasting;               /* what comes was pasted, not typed */
    struct prompt prompt;       /* of a layer that has one */
    const char *ask_label;      /* of ask.h, as is ask_done */
    void (*ask_done)(struct tui *t);
    bool saving;           /* the menu of copy.h saves */
    unsigned clip;         /* enum clip: what is to be saved */
    char find[PROMPT_MAX]; /* what was looked for last */
    struct search search;  /* for it, while it goes on */
};

/* Ready to draw; store, stats and figures are borrowed. */
void tui_init(struct tui *t, struct store *store, struct stats *stats,
              const struct tui_figures *figures);
void tui_fini(struct tui *t);

/* Draws everything into t->grid, which has been given its size.  Takes the
 * store's lock. */
void tui_draw(struct tui *t);

/* Does what a key says.  Takes the store's lock. */
void tui_key(struct tui *t, struct tty_key key);

/* The same for who holds the lock already. */
void tui_key_locked(struct tui *t, struct tty_key key);

/* The action of a key in a view; ACTION_COUNT: none. */
enum action tui_action_of(enum view_id view, struct tty_key key);

/* The key that a word of action_info.keys names, len bytes; none: code
 * TTY_KEY_NONE and ch 0. */
struct tty_key tui_key_named(const char *word, size_t len);

/* A line for the person, until the next key; made safe. */
void tui_say(struct tui *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Runs it on the terminal until the person leaves.  tick is called before each
 * drawing.  Returns false when the terminal went away.
 */
bool tui_loop(struct tui *t, struct tty *tty, void (*tick)(void *ctx),
              void *ctx);

/* ---- for views and layers ---- */

/* tui_draw() with the store locked. */
void tui_paint(struct tui *t);

/* The view that is shown. */
const struct view *tui_view(const struct tui *t);

/* False: the action means nothing in this view. */
bool tui_act(struct tui *t, enum action a);

/* Why an action cannot be done now; NULL: it can.  out: where it is made. */
const char *tui_why_not(struct tui *t, enum action a, char *out, size_t size);

/* Takes in frames that came since the last call.  True: there are more. */
bool tui_rows_update(struct tui *t);

/* All frames of the connection selected, whatever the list of frames shows;
 * empty when none is. */
struct rows *tui_conn_rows(struct tui *t);

/* Shows only frames of that connection (row; STORE_NONE: all). */
void tui_set_scope(struct tui *t, uint32_t conn);

/* Selects a frame (row) in the list of frames, and its connection. */
void tui_select_frame(struct tui *t, uint32_t frame);

/* Brings the list of connections up to date, its cursor on the one selected. */
void view_conns_keep_up(struct tui *t);

/* Selects the next connection in the order they are listed in, or with -1 the
 * one before. */
void view_conns_step(struct tui *t, int step);

/* Selects the next finding in the order they came, or with -1 the one before,
 * and its frame. */
void view_findings_step(struct tui *t, int step);

/* Goes to another view. */
void tui_go(struct tui *t, enum view_id view);

/* The time of something in the form chosen; before_ns: of the row before. */
void tui_time(const struct tui *t, int64_t time_ns, int64_t before_ns,
              char *out, size_t size);

/* What times are: "since the first packet". */
const char *tui_time_name(enum tui_time time);

/* "1.2K", five columns at most. */
void tui_bytes(uint64_t n, char *out, size_t size);

enum role tui_opcode_role(uint8_t opcode);
enum role tui_severity_role(enum severity s);
enum role tui_sender_role(enum ws_sender from);

#endif /* UI_TUI_TUI_H */
