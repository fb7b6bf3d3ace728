/* SPDX-License-Identifier: MIT */
/*
 * source_reading.h - all that a source says about some files, for tests.
 */
#ifndef TESTS_SOURCE_READING_H
#define TESTS_SOURCE_READING_H

#include "capture/source.h"
#include "tests/capture_writer.h"

#define READING_ERRORS_MAX 4u

struct reading {
    struct packet *list; /* data is an own copy */
    size_t n, cap;
    struct source_error errors[READING_ERRORS_MAX];
    uint64_t n_before[READING_ERRORS_MAX]; /* packets before each error */
    size_t n_errors;
    struct source_info last; /* as at the end; ifaces not valid */
};

static inline void
reading_add(struct reading *r, const struct packet *p)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->list = realloc(r->list, r->cap * sizeof *r->list);
        ck_assert_ptr_nonnull(r->list);
    }
    uint8_t *copy = malloc(p->data.len + 1);
    ck_assert_ptr_nonnull(copy);
    if (p->data.len)
        memcpy(copy, p->data.ptr, p->data.len);
    r->list[r->n] = *p;
    r->list[r->n++].data.ptr = copy;
}

/* Reads s to its end and frees it. */
static inline struct reading
read_source(struct source *s)
{
    struct reading r = {.n = 0};
    struct packet p;
    for (;;) {
        struct source_error *error = &r.errors[r.n_errors];
        enum source_step step = source_next(s, &p, error);
        if (step == SOURCE_END)
            break;
        if (step == SOURCE_PACKET) {
            reading_add(&r, &p);
            continue;
        }
        ck_assert_uint_lt(r.n_errors + 1, READING_ERRORS_MAX);
        r.n_before[r.n_errors++] = r.n;
    }
    struct source_error error;
    ck_assert_int_eq(source_next(s, &p, &error), SOURCE_END);
    r.last = *source_info(s);
    source_free(s);
    return r;
}

static inline struct reading
read_names(const char *const *names, size_t n_names)
{
    struct source *s;
    ck_assert_int_eq(source_new(&s, names, n_names), ERR_OK);
    return read_source(s);
}

/* The same of one file with these bytes. */
static inline struct reading
read_bytes(const void *ptr, size_t len)
{
    char name[TEMP_NAME_MAX];
    temp_file(name, ptr, len);
    const char *names[] = {name};
    struct reading r = read_names(names, 1);
    unlink(name);
    return r;
}

static inline void
reading_fini(struct reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        free((void *)(uintptr_t)r->list[i].data.ptr);
    free(r->list);
    r->list = NULL;
}

/* The first n packets of both are the same. */
static inline void
ck_assert_same_packets(const struct reading *a, const struct reading *b,
                       size_t n)
{
    ck_assert_uint_le(n, a->n);
    ck_assert_uint_le(n, b->n);
    for (size_t i = 0; i < n; i++) {
        const struct packet *p = &a->list[i], *q = &b->list[i];
        ck_assert(slice_equal(p->data, q->data));
        ck_assert_uint_eq(p->number, q->number);
        ck_assert_int_eq(p->time_ns, q->time_ns);
        ck_assert_uint_eq(p->file_off, q->file_off);
        ck_assert_uint_eq(p->wire_len, q->wire_len);
        ck_assert_uint_eq(p->iface, q->iface);
        ck_assert_uint_eq(p->link, q->link);
    }
}

#endif /* TESTS_SOURCE_READING_H */
