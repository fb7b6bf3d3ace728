/* SPDX-License-Identifier: MIT */
#include "ui/tui/shown.h"

#include "ui/tui/tui.h"

bool
tui_filtered(const struct tui *t)
{
    (void)t;
    return false;
}

bool
tui_conn_shown(const struct tui *t, size_t row)
{
    return row < t->store->conns.n;
}

bool
tui_finding_shown(const struct tui *t, size_t row)
{
    return row < t->store->findings.n;
}

uint64_t
tui_shown_turn(const struct tui *t)
{
    (void)t;
    return 0;
}
