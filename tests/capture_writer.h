/* SPDX-License-Identifier: MIT */
/*
 * capture_writer.h - makes capture files for tests: pcap and pcapng into
 * memory, right ones and (by writing any number anywhere) wrong ones.
 *
 * Lengths that do not fit or memory that is not there abort the test.
 */
#ifndef TESTS_CAPTURE_WRITER_H
#define TESTS_CAPTURE_WRITER_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"

/* A growing file. */
struct file_bytes {
    uint8_t *ptr;
    size_t len, cap;
    bool big; /* byte order of what is written next */
};

static inline void
put_bytes(struct file_bytes *f, const void *ptr, size_t len)
{
    if (f->len + len > f->cap) {
        f->cap = (f->len + len) * 2;
        f->ptr = realloc(f->ptr, f->cap);
        ck_assert_ptr_nonnull(f->ptr);
    }
    if (len)
        memcpy(f->ptr + f->len, ptr, len);
    f->len += len;
}

static inline void
put_zeros(struct file_bytes *f, size_t len)
{
    static const uint8_t zeros[64];
    for (; len > sizeof zeros; len -= sizeof zeros)
        put_bytes(f, zeros, sizeof zeros);
    put_bytes(f, zeros, len);
}

/* len lowest bytes of v in the file's byte order. */
static inline void
put_int(struct file_bytes *f, uint64_t v, unsigned len)
{
    uint8_t b[8];
    for (unsigned i = 0; i < len; i++)
        b[f->big ? len - 1 - i : i] = (uint8_t)(v >> (8 * i));
    put_bytes(f, b, len);
}

static inline void
put16(struct file_bytes *f, uint64_t v)
{
    put_int(f, v, 2);
}

static inline void
put32(struct file_bytes *f, uint64_t v)
{
    put_int(f, v, 4);
}

static inline void
put64(struct file_bytes *f, uint64_t v)
{
    put_int(f, v, 8);
}

/* Overwrites 4 bytes at off, in the file's byte order. */
static inline void
patch32(struct file_bytes *f, size_t off, uint32_t v)
{
    size_t len = f->len;
    ck_assert_uint_le(off + 4, len);
    f->len = off;
    put32(f, v);
    f->len = len;
}

static inline void
put_pcap_header(struct file_bytes *f, uint32_t magic, uint16_t minor,
                uint32_t snaplen, uint32_t link)
{
    put32(f, magic);
    put16(f, 2);
    put16(f, minor);
    put64(f, 0);
    put32(f, snaplen);
    put32(f, link);
}

static inline void
put_pcap_packet(struct file_bytes *f, uint32_t s, uint32_t fraction,
                uint32_t wire_len, struct slice data)
{
    put32(f, s);
    put32(f, fraction);
    put32(f, data.len);
    put32(f, wire_len);
    put_bytes(f, data.ptr, data.len);
}

/* Starts a block; returns its offset for put_block_end(). */
static inline size_t
put_block_start(struct file_bytes *f, uint32_t type)
{
    put32(f, type);
    put32(f, 0);
    return f->len - 8;
}

static inline void
put_block_end(struct file_bytes *f, size_t start)
{
    put_zeros(f, -f->len % 4);
    uint32_t len = (uint32_t)(f->len + 4 - start);
    patch32(f, start + 4, len);
    put32(f, len);
}

/* body NULL: zeros. */
static inline void
put_block(struct file_bytes *f, uint32_t type, const void *body, size_t len)
{
    size_t start = put_block_start(f, type);
    if (body)
        put_bytes(f, body, len);
    else
        put_zeros(f, len);
    put_block_end(f, start);
}

static inline void
put_option(struct file_bytes *f, uint16_t code, const void *value, uint16_t len)
{
    put16(f, code);
    put16(f, len);
    put_bytes(f, value, len);
    put_zeros(f, -(size_t)len % 4);
}

/* len: of the section, UINT64_MAX = not given. */
static inline void
put_section(struct file_bytes *f, bool big, uint64_t len)
{
    f->big = big;
    size_t start = put_block_start(f, 0x0a0d0d0a);
    put32(f, 0x1a2b3c4d);
    put16(f, 1);
    put16(f, 0);
    put64(f, len);
    put_block_end(f, start);
}

/* resolution: if_tsresol, 0xff = no such option; name may be NULL. */
static inline void
put_iface(struct file_bytes *f, uint16_t link, uint32_t snaplen,
          const char *name, uint8_t resolution, int64_t offset_s)
{
    size_t start = put_block_start(f, 1);
    put16(f, link);
    put16(f, 0);
    put32(f, snaplen);
    if (name)
        put_option(f, 2, name, (uint16_t)strlen(name));
    if (resolution != 0xff)
        put_option(f, 9, &resolution, 1);
    if (offset_s) {
        put16(f, 14);
        put16(f, 8);
        put64(f, (uint64_t)offset_s);
    }
    if (name || resolution != 0xff || offset_s)
        put32(f, 0);
    put_block_end(f, start);
}

static inline void
put_epb(struct file_bytes *f, uint32_t iface, uint64_t ticks, uint32_t wire_len,
        struct slice data)
{
    size_t start = put_block_start(f, 6);
    put32(f, iface);
    put32(f, ticks >> 32);
    put32(f, ticks);
    put32(f, data.len);
    put32(f, wire_len);
    put_bytes(f, data.ptr, data.len);
    put_block_end(f, start);
}

static inline void
put_opb(struct file_bytes *f, uint16_t iface, uint64_t ticks, uint32_t wire_len,
        struct slice data)
{
    size_t start = put_block_start(f, 2);
    put16(f, iface);
    put16(f, 7); /* drops */
    put32(f, ticks >> 32);
    put32(f, ticks);
    put32(f, data.len);
    put32(f, wire_len);
    put_bytes(f, data.ptr, data.len);
    put_block_end(f, start);
}

static inline void
put_spb(struct file_bytes *f, uint32_t wire_len, struct slice data)
{
    size_t start = put_block_start(f, 3);
    put32(f, wire_len);
    put_bytes(f, data.ptr, data.len);
    put_block_end(f, start);
}

static inline void
put_dsb(struct file_bytes *f, uint32_t type, struct slice data)
{
    size_t start = put_block_start(f, 10);
    put32(f, type);
    put32(f, data.len);
    put_bytes(f, data.ptr, data.len);
    put_block_end(f, start);
}

static inline void
file_bytes_fini(struct file_bytes *f)
{
    free(f->ptr);
    *f = (struct file_bytes){0};
}

#define TEMP_NAME_MAX 256u

/* Makes a temporary name out of $TMPDIR; the caller unlinks. */
static inline void
temp_template(char name[TEMP_NAME_MAX])
{
    const char *dir = getenv("TMPDIR");
    int n = snprintf(name, TEMP_NAME_MAX, "%s/wsray-test-XXXXXX",
                     dir && *dir ? dir : "/tmp");
    ck_assert_int_lt(n, (int)TEMP_NAME_MAX);
}

/* Writes a temporary file and sets name; the caller unlinks it. */
static inline void
temp_file(char name[TEMP_NAME_MAX], const void *ptr, size_t len)
{
    temp_template(name);
    int fd = mkstemp(name);
    ck_assert_int_ge(fd, 0);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const uint8_t *)ptr + done, len - done);
        ck_assert_int_gt(n, 0);
        done += (size_t)n;
    }
    ck_assert_int_eq(close(fd), 0);
}

#endif /* TESTS_CAPTURE_WRITER_H */
