/* SPDX-License-Identifier: MIT */
/*
 * digest.h - message digests by name, through OpenSSL's EVP.  The only user
 * of OpenSSL.
 */
#ifndef DISSECT_DIGEST_H
#define DISSECT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define DIGEST_MAX 64u      /* longest digest, in bytes */
#define DIGEST_SHA1_LEN 20u /* bytes */

/* What one takes, for a budget: measured with OpenSSL 3.0, the largest (SHA-3)
 * rounded up. */
#define DIGEST_MEMORY 768u

struct digest;

/*
 * Makes a digest that is ready for digest_update().  name as OpenSSL knows it,
 * in any case: "sha1", "sha256", "sha512-256", "blake2b512", ...
 *
 * ERR_USAGE: no digest of that name, or one without a fixed length.
 * ERR_NOMEM.  Either leaves *out alone.
 */
ERR_CHECK enum err digest_new(struct digest **out, const char *name);
void digest_free(struct digest *d);

/* Adds bytes, in any portions. */
void digest_update(struct digest *d, const void *ptr, size_t len);

/*
 * Writes the digest of all bytes since the start or the last reset, and its
 * length in bytes, then resets d.  ERR_NOMEM when OpenSSL failed on the way;
 * nothing is written then.
 */
ERR_CHECK enum err digest_final(struct digest *d, uint8_t out[DIGEST_MAX],
                                size_t *len);

/* Drops what was added so far. */
void digest_reset(struct digest *d);

/* SHA-1 of the n parts one behind the other, for Sec-WebSocket-Accept.  False,
 * with out untouched: no memory, or OpenSSL is set up without SHA-1. */
bool digest_sha1(const struct slice *parts, size_t n,
                 uint8_t out[DIGEST_SHA1_LEN]);

#endif /* DISSECT_DIGEST_H */
