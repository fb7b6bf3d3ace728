/* SPDX-License-Identifier: MIT */
/*
 * fuzz_source.c - capture files, whole and through a pipe in small pieces.
 *
 * Oracle: how read() cuts the file changes nothing: same packets, same error.
 * A file cut short gives the first of the same packets.  Packets lie inside
 * an uncompressed file, one behind the other.  Only how much of a broken xz,
 * lz4 or zstd stream still comes out depends on the cuts (liblzma compares the
 * length of an LZMA2 chunk when it has used up its input, liblz4 and libzstd
 * hand out what they have of a stored block before they check it): then the
 * packets that both give must be the same.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/source.h"

/* A pipe in packet mode holds this many writes (1 MiB of pages). */
#define PIECES_MAX 250u
#define PIPE_LEN (1 << 20)
#define PACKETS_MAX 4096u

/* What comparing needs of each packet. */
struct seen {
    uint64_t hash, file_off;
    int64_t time_ns;
    size_t len;
    uint32_t wire_len, iface, link;
};

struct run {
    struct seen packets[PACKETS_MAX];
    size_t n; /* may be more than PACKETS_MAX: those are only counted */
    bool failed, compressed;
    struct source_error error;
    uint64_t n_secrets;
};

static struct run whole, other;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t
hash(struct slice s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ s.ptr[i]) * 0x100000001b3u;
    return h;
}

static void
see(struct run *r, const struct packet *p)
{
    require(p->number == ++r->n);
    require(p->data.len <= SOURCE_PACKET_MAX);
    uint64_t h = hash(p->data);
    if (r->n > PACKETS_MAX)
        return;
    r->packets[r->n - 1] = (struct seen){
        .hash = h,
        .file_off = p->file_off,
        .time_ns = p->time_ns,
        .len = p->data.len,
        .wire_len = p->wire_len,
        .iface = p->iface,
        .link = p->link,
    };
}

/* Reads fd to its end. */
static void
read_all(struct run *r, int fd)
{
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    const char *names[] = {name};
    struct source *s;
    struct packet p;
    r->n = 0;
    r->failed = false;
    if (source_new(&s, names, 1) != ERR_OK)
        abort();
    for (;;) {
        enum source_step step = source_next(s, &p, &r->error);
        if (step == SOURCE_END)
            break;
        require(!r->failed); /* the error is the last thing */
        if (step == SOURCE_PACKET) {
            see(r, &p);
            require(p.iface < source_info(s)->n_ifaces);
            continue;
        }
        r->failed = true;
        require(r->error.code != ERR_OK && r->error.reason[0]);
        r->error.name = NULL; /* dies with us */
    }
    const char *format = source_info(s)->format;
    r->compressed = format && strchr(format, '+');
    r->n_secrets = source_secrets(s)->n;
    source_free(s);
}

static void
read_memory(struct run *r, const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    read_all(r, fd);
    close(fd);
}

/* Each read() gets one piece. */
static void
read_pieces(struct run *r, const uint8_t *data, size_t size, size_t piece)
{
    int fds[2];
    require(pipe2(fds, O_DIRECT | O_CLOEXEC) == 0);
    require(fcntl(fds[1], F_SETPIPE_SZ, PIPE_LEN) == PIPE_LEN);
    for (size_t at = 0; at < size; at += piece) {
        size_t len = piece < size - at ? piece : size - at;
        require(write(fds[1], data + at, len) == (ssize_t)len);
    }
    close(fds[1]); /* or there would never be an end */
    read_all(r, fds[0]);
    close(fds[0]);
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void
require_same_packets(const struct run *a, const struct run *b, size_t n)
{
    if (n > PACKETS_MAX)
        n = PACKETS_MAX;
    for (size_t i = 0; i < n; i++) {
        const struct seen *p = &a->packets[i], *q = &b->packets[i];
        require(p->hash == q->hash && p->file_off == q->file_off &&
                p->time_ns == q->time_ns && p->len == q->len &&
                p->wire_len == q->wire_len && p->iface == q->iface &&
                p->link == q->link);
    }
}

static void
require_inside(const struct run *r, size_t size)
{
    uint64_t end = 0;
    for (size_t i = 0; i < r->n && i < PACKETS_MAX; i++) {
        require(r->packets[i].file_off >= end);
        end = r->packets[i].file_off + 16 + r->packets[i].len;
    }
    require(end <= size);
    require(!r->failed || r->error.offset <= size);
}

/* By the first byte: xz, lz4, zstd, or what pzstd puts in front of it. */
static bool
is_loose(const uint8_t *data, size_t size)
{
    return size && (data[0] == 0xfd || data[0] == 0x04 || data[0] == 0x28 ||
                    (data[0] & 0xf0) == 0x50);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 60000)
        return 0;
    read_memory(&whole, data, size);
    if (!whole.compressed)
        require_inside(&whole, size);

    bool loose = is_loose(data, size);
    size_t piece = size / PIECES_MAX + 1 + (size ? data[size - 1] % 13 : 0);
    read_pieces(&other, data, size, piece);
    require(other.failed == whole.failed);
    if (!loose || !whole.failed)
        require(other.n == whole.n && other.n_secrets == whole.n_secrets);
    require_same_packets(&other, &whole, smaller(other.n, whole.n));
    if (whole.failed && !loose)
        require(other.error.code == whole.error.code &&
                other.error.offset == whole.error.offset &&
                !strcmp(other.error.reason, whole.error.reason));

    read_memory(&other, data, size / 2);
    require(loose || other.n <= whole.n);
    require_same_packets(&other, &whole, smaller(other.n, whole.n));
    return 0;
}
