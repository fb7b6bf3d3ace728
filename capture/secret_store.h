/* SPDX-License-Identifier: MIT */
/*
 * secret_store.h - the TLS and other secrets that pcapng files bring along.
 *
 * Owns copies, at most SOURCE_SECRETS_MAX bytes in all, and wipes them.
 */
#ifndef CAPTURE_SECRET_STORE_H
#define CAPTURE_SECRET_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "capture/source.h"

/* Zeroed is empty.  Read found; the rest is for secret_store.c. */
struct secret_store {
    struct source_secrets found;
    struct source_secret *list; /* found.list */
    size_t cap;                 /* of list */
    size_t bytes;               /* of all secrets */
};

/* Wipes and frees everything; the store is empty and usable again. */
void secret_store_fini(struct secret_store *s);

/* True when one of len bytes would still be kept. */
bool secret_store_fits(const struct secret_store *s, size_t len);

/* Keeps a copy.  What does not fit, also for want of memory, is counted in
 * found.dropped. */
void secret_store_add(struct secret_store *s, uint32_t type, struct slice data);

#endif /* CAPTURE_SECRET_STORE_H */
