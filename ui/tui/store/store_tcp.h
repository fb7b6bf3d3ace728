/* SPDX-License-Identifier: MIT */
/*
 * store_tcp.h - what TCP did, as rows of the store (store.h).
 */
#ifndef UI_TUI_STORE_TCP_H
#define UI_TUI_STORE_TCP_H

#include <stdint.h>

#include "dissect/event.h"

struct store_tcp {
    int64_t time_ns;
    uint64_t packet;
    uint32_t conn; /* row */
    uint32_t seq;
    uint8_t what; /* enum event_tcp_what */
    uint8_t from; /* enum ws_sender */
};

void store_tcp_fill(struct store_tcp *row, uint32_t conn,
                    const struct event_tcp *e);

#endif /* UI_TUI_STORE_TCP_H */
