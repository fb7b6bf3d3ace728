/* SPDX-License-Identifier: MIT */
#include "ui/tui/bar.h"

#include <inttypes.h>

#include "ui/tui/tui.h"

void
bar_draw(struct tui *t)
{
    struct grid *g = &t->grid;
    if (t->rows.conn != STORE_NONE)
        grid_format(g, 1, 1, g->cols - 1, ROLE_DIM, "connection %" PRIu32,
                    store_conn(t->store, t->rows.conn)->conn);
}
