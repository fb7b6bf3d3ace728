/* SPDX-License-Identifier: MIT */
#include "dissect/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

struct digest {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
    bool failed; /* until the next reset */
};

_Static_assert(EVP_MAX_MD_SIZE <= DIGEST_MAX, "digests fit");

void
digest_reset(struct digest *d)
{
    d->failed = EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1;
}

enum err
digest_new(struct digest **out, const char *name)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    if (!md)
        return ERR_USAGE;
    /* Extendable-output functions (SHAKE) have no length of their own. */
    if (EVP_MD_get_size(md) <= 0 || (EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF)) {
        EVP_MD_free(md);
        return ERR_USAGE;
    }
    struct digest *d = malloc(sizeof *d);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!d || !ctx) {
        EVP_MD_CTX_free(ctx);
        EVP_MD_free(md);
        free(d);
        return ERR_NOMEM;
    }
    d->md = md;
    d->ctx = ctx;
    digest_reset(d);
    *out = d;
    return ERR_OK;
}

void
digest_free(struct digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    EVP_MD_free(d->md);
    free(d);
}

void
digest_update(struct digest *d, const void *ptr, size_t len)
{
    if (!d->failed && EVP_DigestUpdate(d->ctx, ptr, len) != 1)
        d->failed = true;
}

enum err
digest_final(struct digest *d, uint8_t out[DIGEST_MAX], size_t *len)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    bool ok = !d->failed && EVP_DigestFinal_ex(d->ctx, bytes, &n) == 1;
    digest_reset(d);
    if (!ok)
        return ERR_NOMEM;
    memcpy(out, bytes, n);
    *len = n;
    return ERR_OK;
}

bool
digest_sha1(const struct slice *parts, size_t n, uint8_t out[DIGEST_SHA1_LEN])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, bytes, &len) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok || len != DIGEST_SHA1_LEN)
        return false;
    memcpy(out, bytes, len);
    return true;
}
