/* SPDX-License-Identifier: MIT */
/*
 * exit_status.h - what the program returns to its caller.  A signal that ends
 * it adds 128 to its number (130, 143, 129).
 */
#ifndef UI_EXIT_STATUS_H
#define UI_EXIT_STATUS_H

enum exit_status {
    EXIT_DONE = 0,
    EXIT_CHECK = 1, /* `check` has failed */
    EXIT_USAGE = 2,
    EXIT_IO = 3, /* input or output failed */
    EXIT_SIGNAL = 128,
};

#endif /* UI_EXIT_STATUS_H */
