/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/store_tcp.h"

void
store_tcp_fill(struct store_tcp *row, uint32_t conn, const struct event_tcp *e)
{
    *row = (struct store_tcp){.time_ns = e->at.time_ns,
                              .packet = e->at.packet,
                              .conn = conn,
                              .seq = e->seq,
                              .what = (uint8_t)e->what,
                              .from = (uint8_t)e->from};
}
