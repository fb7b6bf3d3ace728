/* SPDX-License-Identifier: MIT */
/*
 * inflate_only.c - what inflating alone costs: the compressed messages of the
 * deflate load (gen_load's SIDE file) through zlib, message by message, each
 * stream with its history, from memory, one call a message.
 *
 *   inflate_only SIDE
 *
 * Prints the CPU seconds of the loop alone, messages and bytes out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zlib.h>

#define N_STREAMS 400u /* 200 connections of gen_load, both directions */
#define OUT_LEN 65536u

static z_stream streams[N_STREAMS];
static uint8_t out[OUT_LEN];

static double
cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint8_t *
read_whole(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        return NULL;
    long n = ftell(f);
    rewind(f);
    uint8_t *p = n > 0 ? malloc((size_t)n) : NULL;
    if (p && fread(p, 1, (size_t)n, f) != (size_t)n) {
        free(p);
        p = NULL;
    }
    fclose(f);
    *len = (size_t)n;
    return p;
}

/* Inflates one message; returns the bytes that came out. */
static uint64_t
inflate_message(z_stream *z, const uint8_t *p, size_t len)
{
    uint64_t n = 0;
    z->next_in = (Bytef *)(uintptr_t)p;
    z->avail_in = (uInt)len;
    do {
        z->next_out = out;
        z->avail_out = OUT_LEN;
        int status = inflate(z, Z_SYNC_FLUSH);
        if (status != Z_OK && status != Z_BUF_ERROR) {
            fprintf(stderr, "inflate_only: zlib says %d\n", status);
            exit(1);
        }
        n += OUT_LEN - z->avail_out;
    } while (z->avail_out == 0);
    return n;
}

int
main(int argc, char **argv)
{
    size_t len;
    uint8_t *data = argc > 1 ? read_whole(argv[1], &len) : NULL;
    if (!data) {
        fprintf(stderr, "inflate_only: cannot read the messages\n");
        return 1;
    }
    for (size_t i = 0; i < N_STREAMS; i++)
        if (inflateInit2(&streams[i], -15) != Z_OK)
            return 1;
    uint64_t messages = 0, bytes = 0;
    double start = cpu_seconds();
    for (size_t at = 0; at + 8 <= len; messages++) {
        uint32_t rec[2];
        memcpy(rec, data + at, 8);
        at += 8;
        z_stream *z = &streams[rec[0] % N_STREAMS];
        bytes += inflate_message(z, data + at, rec[1]);
        at += rec[1];
    }
    printf("%.3f %llu %llu\n", cpu_seconds() - start,
           (unsigned long long)messages, (unsigned long long)bytes);
    for (size_t i = 0; i < N_STREAMS; i++)
        inflateEnd(&streams[i]);
    free(data);
    return 0;
}
