/* SPDX-License-Identifier: MIT */
/*
 * interfaces.h - what `wsray interfaces` shows: one line a device, in columns.
 *
 *     lo    up, loopback   Ethernet  127.0.0.1/8 ::1/128
 *     eth0  up, connected  Ethernet  192.0.2.7/24
 *     any   up             -         Pseudo-device that captures on all ...
 *
 * Names and descriptions go through text.h; errors of out are the caller's to
 * ask for.
 */
#ifndef UI_INTERFACES_H
#define UI_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "capture/live_devices.h"

struct interfaces_options {
    bool utf8; /* the terminal understands UTF-8 */
};

/*
 * Writes n devices in their order.  The column of link types ("-": unknown)
 * is left out when none is known; addresses come before the description.
 */
void interfaces_write(FILE *out, const struct interfaces_options *o,
                      const struct live_device *list, size_t n);

#endif /* UI_INTERFACES_H */
