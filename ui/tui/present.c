/* SPDX-License-Identifier: MIT */
#include "ui/tui/present.h"

#include <stdio.h>

#include "ui/tui/tui.h"

/* Its place in the table, where it is put if there is room. */
static size_t
place_of(struct present_addrs *all, const struct addr *addr)
{
    size_t i = 0;
    while (i < all->n && !addr_equal(&all->addr[i], addr))
        i++;
    if (i == all->n && i < PRESENT_ADDRS)
        all->addr[all->n++] = *addr;
    return i < PRESENT_ADDRS ? i : PRESENT_ADDRS - 1;
}

void
present_addr(struct tui *t, const struct addr *addr, char *out, size_t size)
{
    char text[ADDR_TEXT_MAX];
    (void)addr_text(addr, text);
    if (t->present && addr->family)
        snprintf(out, size, "192.0.2.%u",
                 (unsigned)place_of(&t->present_addrs, addr) + 1);
    else
        snprintf(out, size, "%s", text);
}

void
present_endpoint(struct tui *t, const struct endpoint *e, char *out,
                 size_t size)
{
    char text[ENDPOINT_TEXT_MAX];
    if (t->present && e->addr.family) {
        present_addr(t, &e->addr, text, sizeof text);
        snprintf(out, size, "%s:%u", text, e->port);
        return;
    }
    (void)endpoint_text(e, text);
    snprintf(out, size, "%s", text);
}
