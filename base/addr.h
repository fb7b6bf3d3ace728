/* SPDX-License-Identifier: MIT */
/*
 * addr.h - IPv4 and IPv6 addresses and ports.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An IP address as on the wire.  IPv4 stands in the first four bytes, the
 * other twelve are zero, so that addresses compare with memcmp. */
struct addr {
    uint8_t bytes[16];
    uint8_t family; /* 4 or 6; 0 = none */
};

struct endpoint {
    struct addr addr;
    uint16_t port; /* host byte order */
};

/* Longest text of addr_text() with its NUL: 8 groups of 4 digits. */
#define ADDR_TEXT_MAX 48u
/* "[addr]:port" with its NUL. */
#define ENDPOINT_TEXT_MAX 56u

bool addr_equal(const struct addr *a, const struct addr *b);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/*
 * Writes the address as text (IPv6 as in RFC 5952) into out, NUL-terminated.
 * Returns its length in bytes.
 */
size_t addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);

/* "192.0.2.1:80" or "[2001:db8::1]:80"; returns the length in bytes. */
size_t endpoint_text(const struct endpoint *e, char out[ENDPOINT_TEXT_MAX]);

#endif /* BASE_ADDR_H */
