/* SPDX-License-Identifier: MIT */
/*
 * save_run.h - what the tests of saving share: a directory of their own, the
 * callbacks, packets, and what stands in the files.
 */
#ifndef TESTS_SAVE_RUN_H
#define TESTS_SAVE_RUN_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/save.h"
#include "tests/capture_writer.h"
#include "tests/source_reading.h"

#define RUN_NAMES_MAX 4000u
#define RUN_NS_PER_S INT64_C(1000000000)

/* 2023-11-14 22:13:20 UTC */
#define RUN_START_NS (INT64_C(1700000000) * RUN_NS_PER_S)

/* The directory and what the callbacks saw. */
struct run {
    char dir[TEMP_NAME_MAX];
    char name[TEMP_NAME_MAX + 32]; /* for save_options */
    char *opened[RUN_NAMES_MAX];   /* in their order, also those removed */
    size_t n_opened;
    size_t n_removed;
    int open_errno;   /* not 0: opening fails so */
    int remove_errno; /* not 0: removing fails so */
    int fd;           /* not -1: handed out instead of opening */
    struct save *save;
    struct save_news news; /* the last */
};

static inline int
run_open(void *ctx, const char *name)
{
    struct run *r = ctx;
    int fd = -1;
    errno = r->open_errno;
    if (r->open_errno)
        return -1;
    ck_assert_uint_lt(r->n_opened, RUN_NAMES_MAX);
    r->opened[r->n_opened] = strdup(name);
    ck_assert_ptr_nonnull(r->opened[r->n_opened++]);
    if (r->fd >= 0) {
        fd = r->fd;
        r->fd = -1;
    } else {
        fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    ck_assert_int_ge(fd, 0);
    return fd;
}

static inline int
run_remove(void *ctx, const char *name)
{
    struct run *r = ctx;
    errno = r->remove_errno;
    if (r->remove_errno)
        return -1;
    r->n_removed++;
    return unlink(name);
}

/* Options of a run that saves to a file the test has, without a directory. */
static inline struct save_options
run_start_fd(struct run *r, const char *base, int fd)
{
    *r = (struct run){.fd = fd};
    snprintf(r->name, sizeof r->name, "/proc/none/%s", base);
    return (struct save_options){
        .name = r->name,
        .format = save_name_format(base),
        .open = run_open,
        .remove = run_remove,
        .ctx = r,
    };
}

/* Options of a run that saves to `base` in its directory. */
static inline struct save_options
run_start(struct run *r, const char *base)
{
    struct save_options o = run_start_fd(r, base, -1);
    temp_template(r->dir);
    ck_assert_ptr_nonnull(mkdtemp(r->dir));
    snprintf(r->name, sizeof r->name, "%s/%s", r->dir, base);
    return o;
}

static inline void
run_open_save(struct run *r, const struct save_options *o)
{
    enum err e = save_new(&r->save, o, &r->news);
    ck_assert_msg(e == ERR_OK, "%s: %s", r->news.name, r->news.reason);
}

/* Everything was given, nothing got lost without a count. */
static inline void
run_check_figures(const struct run *r)
{
    const struct save_figures *f = save_figures(r->save);
    ck_assert_uint_eq(f->given, f->saved + f->unsaved + f->waiting);
}

/* Closes and frees; saved and unsaved must be so. */
static inline void
run_close(struct run *r, uint64_t saved, uint64_t unsaved)
{
    save_close(r->save);
    run_check_figures(r);
    ck_assert_uint_eq(save_figures(r->save)->waiting, 0);
    ck_assert_uint_eq(save_figures(r->save)->saved, saved);
    ck_assert_uint_eq(save_figures(r->save)->unsaved, unsaved);
    save_free(r->save);
    r->save = NULL;
}

/* The next news must be of that kind. */
static inline void
run_expect_news(struct run *r, enum save_news_kind kind)
{
    ck_assert(save_next_news(r->save, &r->news));
    ck_assert_msg(r->news.kind == kind, "kind %d: %s", (int)r->news.kind,
                  r->news.reason);
}

static inline void
run_expect_no_news(struct run *r)
{
    ck_assert_msg(!save_next_news(r->save, &r->news), "%s: %s", r->news.name,
                  r->news.reason);
}

/* Removes all files and the directory. */
static inline void
run_fini(struct run *r)
{
    for (size_t i = 0; i < r->n_opened; i++) {
        unlink(r->opened[i]);
        free(r->opened[i]);
    }
    if (*r->dir)
        ck_assert_int_eq(rmdir(r->dir), 0);
}

/* Whether file i of those opened is still there. */
static inline bool
run_has_file(const struct run *r, size_t i)
{
    return access(r->opened[i], F_OK) == 0;
}

/* The packets of a file; an empty file has none.  At most n_errors errors. */
static inline struct reading
run_read(const char *name, size_t n_errors)
{
    struct stat st;
    ck_assert_int_eq(stat(name, &st), 0);
    if (st.st_size == 0)
        return (struct reading){.n = 0};
    struct reading r = read_names(&name, 1);
    ck_assert_msg(r.n_errors <= n_errors, "%s: %s", name, r.errors[0].reason);
    return r;
}

/* The bytes of a file. */
static inline struct file_bytes
run_bytes(const char *name)
{
    struct file_bytes f = {.len = 0};
    uint8_t part[4096];
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;)
        put_bytes(&f, part, (size_t)n);
    close(fd);
    return f;
}

/* Packet n of a test: 1 ms after the one before, its bytes made of n. */
static inline struct packet
run_packet(uint64_t n, size_t len)
{
    static uint8_t room[300000];
    ck_assert_uint_le(len, sizeof room);
    for (size_t i = 0; i < len; i++)
        room[i] = (uint8_t)(n + i * 7);
    return (struct packet){
        .data = slice_make(room, len),
        .number = n,
        .time_ns = RUN_START_NS + (int64_t)n * 1000001,
        .wire_len = (uint32_t)len,
        .link = 1,
    };
}

/* One source with one Ethernet interface. */
static inline const struct source_info *
run_info(void)
{
    static const struct source_iface iface = {.name = "eth0",
                                              .link = 1,
                                              .snaplen = 262144};
    static const struct source_info info = {.name = "x",
                                            .n_ifaces = 1,
                                            .ifaces = &iface};
    return &info;
}

/* Whether p was made by run_packet(n, ...). */
static inline void
run_check_packet(const struct packet *p, uint64_t n)
{
    struct packet want = run_packet(n, p->data.len);
    ck_assert(slice_equal(p->data, want.data));
    ck_assert_int_eq(p->time_ns, want.time_ns);
    ck_assert_uint_eq(p->wire_len, want.wire_len);
}

#endif /* TESTS_SAVE_RUN_H */
