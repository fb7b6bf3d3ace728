/* SPDX-License-Identifier: MIT */
/*
 * present.h - what is shown when others look on: no addresses of machines.
 */
#ifndef UI_TUI_PRESENT_H
#define UI_TUI_PRESENT_H

#include <stddef.h>

#include "base/addr.h"

struct tui;

/* Machines that get an address of their own; all others share the last one. */
#define PRESENT_ADDRS 254u

/* Addresses in the order in which they were shown. */
struct present_addrs {
    struct addr addr[PRESENT_ADDRS];
    size_t n;
};

/* An address as text; when others look on, one of 192.0.2.0/24 that stands for
 * it (RFC 5737). */
void present_addr(struct tui *t, const struct addr *addr, char *out,
                  size_t size);

/* The same with a port. */
void present_endpoint(struct tui *t, const struct endpoint *e, char *out,
                      size_t size);

#endif /* UI_TUI_PRESENT_H */
