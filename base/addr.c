/* SPDX-License-Identifier: MIT */
#include "base/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

bool
addr_equal(const struct addr *a, const struct addr *b)
{
    return a->family == b->family &&
           memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool
endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

size_t
addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
    if (a->family == 0) {
        memcpy(out, "?", 2);
        return 1;
    }
    const char *text = inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes,
                                 out, ADDR_TEXT_MAX);
    assert(text);
    return strlen(text);
}

size_t
endpoint_text(const struct endpoint *e, char out[ENDPOINT_TEXT_MAX])
{
    char text[ADDR_TEXT_MAX];
    addr_text(&e->addr, text);
    int n = snprintf(out, ENDPOINT_TEXT_MAX,
                     e->addr.family == 6 ? "[%s]:%u" : "%s:%u", text, e->port);
    assert(n > 0 && (size_t)n < ENDPOINT_TEXT_MAX);
    return (size_t)n;
}
