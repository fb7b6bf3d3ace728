/* SPDX-License-Identifier: MIT */
/*
 * grid.h - the screen as cells: what the views draw, the terminal shows and the
 * tests compare.
 *
 * A cell holds one character as it is shown, or the right half of a wide one,
 * and a role that the theme turns into colour (role.def).  All text goes
 * through text.h on its way in: a cell never holds a control character.
 * Everything is clipped to the grid.
 */
#ifndef UI_TUI_GRID_H
#define UI_TUI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ui/out.h"

#define ROLE(symbol, ...) ROLE_##symbol,
enum role {
#include "ui/tui/screen/role.def"
    ROLE_COUNT
};
#undef ROLE

/* A character and combining marks behind it (text.h: four at most). */
#define GRID_CHARS_MAX 5u

struct cell {
    uint32_t ch[GRID_CHARS_MAX]; /* ch[0] 0: the right half of a wide one */
    uint8_t role;                /* enum role */
    bool cursor; /* the row is selected, its pane has the keys */
};

struct grid {
    int rows, cols;
    bool utf8; /* else everything is ASCII */
    struct cell *cells;
};

/* A part of the grid. */
struct rect {
    int y, x, rows, cols;
};

/* Makes it rows x cols, each 1 at least, all blank.  False: out of memory, or
 * larger than any screen, and it is as it was.  Zeroed before the first time.
 */
bool grid_resize(struct grid *g, int rows, int cols);
void grid_fini(struct grid *g);
void grid_clear(struct grid *g);

static inline struct cell *
grid_cell(const struct grid *g, int y, int x)
{
    return &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
}

/*
 * Puts text (untrusted) at y, x, at most cols columns, with an ellipsis ("~"
 * in the last column) where it does not fit or `more` stands behind it.
 * Returns the columns used.  Outside of the grid nothing is drawn.
 */
int grid_put(struct grid *g, int y, int x, int cols, enum role role,
             struct slice text, bool more);

/* The same with a text of our own, and with a format. */
int grid_text(struct grid *g, int y, int x, int cols, enum role role,
              const char *text);
int grid_format(struct grid *g, int y, int x, int cols, enum role role,
                const char *format, ...) __attribute__((format(printf, 6, 7)));

/* One character of ours cols times; ascii stands in without UTF-8. */
void grid_line(struct grid *g, int y, int x, int cols, enum role role,
               uint32_t ch, char ascii);

/* Gives the cells of a row another role, or the cursor. */
void grid_role(struct grid *g, int y, int x, int cols, enum role role);
void grid_cursor(struct grid *g, int y, int x, int cols);

/* A heading over the whole width: "-- TITLE ------". */
void grid_title(struct grid *g, struct rect r, bool focused, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* A character as UTF-8; returns its bytes. */
size_t grid_encode(uint32_t ch, uint8_t out[4]);

/* All of it as text, a line a row without blanks at its end; for tests and to
 * save a screen. */
void grid_write(const struct grid *g, struct out *o);

#endif /* UI_TUI_GRID_H */
