/* SPDX-License-Identifier: MIT */
/*
 * shake_accept.h - how Sec-WebSocket-Accept comes about, in four steps (RFC
 * 6455 section 4.2.2, step 5.4).
 */
#ifndef UI_TUI_SHAKE_ACCEPT_H
#define UI_TUI_SHAKE_ACCEPT_H

#include "ui/tui/screen/lines.h"
#include "ui/tui/store/store.h"

#define SHAKE_STEPS 4u

/* Rows that the long and the short form take, with the heading. */
#define SHAKE_ACCEPT_LONG 16
#define SHAKE_ACCEPT_SHORT 9

/* From here on the short form has its names beside the values. */
#define SHAKE_ACCEPT_COLS 58

struct shake_accept {
    const struct store_handshake *h; /* its key is there */
    unsigned step;                   /* what comes behind it is not told; 0:
                                        all is */
    const char *mistake;             /* that explains a wrong answer; or NULL */
};

/* Long from SHAKE_ACCEPT_LONG rows and 80 columns on. */
void shake_accept_draw(const struct shake_accept *a, struct grid *g,
                       struct rect r);

/* Why the step is as it is: sentences; step 0: of all. */
const char *shake_accept_why(unsigned step);

/* The command that computes it; false: the key is nothing to put in a
 * command. */
bool shake_accept_command(const struct store_handshake *h, char *out,
                          size_t size);

#endif /* UI_TUI_SHAKE_ACCEPT_H */
