/* SPDX-License-Identifier: MIT */
/*
 * hash_only.c - what hashing alone costs: SHA-1 (OpenSSL EVP) of messages
 * with the lengths of the large load (gen_load's SIDE file), each in one
 * call, from memory that is larger than the caches.
 *
 *   hash_only SIDE
 *
 * Prints the CPU seconds of the loop alone, messages and bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>

#define POOL_LEN (256u << 20)

static double
cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
    uint8_t *pool = malloc(POOL_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!f || !pool || !ctx) {
        fprintf(stderr, "hash_only: cannot read the lengths\n");
        return 1;
    }
    uint64_t messages = 0, bytes = 0, at = 0, sum = 0;
    for (size_t i = 0; i < POOL_LEN; i++)
        pool[i] = (uint8_t)(i * 2654435761u >> 13);
    uint32_t len;
    uint8_t digest[EVP_MAX_MD_SIZE];
    const EVP_MD *sha1 = EVP_sha1();
    double start = cpu_seconds();
    while (fread(&len, 1, sizeof len, f) == sizeof len && len <= POOL_LEN) {
        at = at + len > POOL_LEN ? 0 : at;
        EVP_DigestInit_ex(ctx, sha1, NULL);
        EVP_DigestUpdate(ctx, pool + at, len);
        EVP_DigestFinal_ex(ctx, digest, NULL);
        sum += digest[0];
        at += len;
        bytes += len;
        messages++;
    }
    printf("%.3f %llu %llu %llu\n", cpu_seconds() - start,
           (unsigned long long)messages, (unsigned long long)bytes,
           (unsigned long long)sum);
    EVP_MD_CTX_free(ctx);
    free(pool);
    fclose(f);
    return 0;
}
