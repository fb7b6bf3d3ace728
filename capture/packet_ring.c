/* SPDX-License-Identifier: MIT */
#include "capture/packet_ring.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Records start at multiples of this, so that the rest before the end of the
 * memory always has room for the header of a pad. */
#define UNIT 32u
/* Threads that write to one cache line slow each other down. */
#define CACHE_LINE 64u
/* The consumer asks whether the producer sleeps each time it has given back
 * this part of the memory, so that a wake-up is worth its price. */
#define ROOM_PARTS 8u

_Static_assert(sizeof(struct packet_ring_record) == UNIT,
               "a header fills one unit");

/*
 * head and tail count all bytes ever put in and taken out.  The sleeping
 * flags are Dekker's pattern: each side first writes its own word (head or
 * tail; the flag), then reads the other's, all sequentially consistent, so
 * that at least one of the two sees the other (C11 section 7.17.3).
 */
struct packet_ring {
    /* Written by the producer. */
    alignas(CACHE_LINE) atomic_uint_least64_t head;
    atomic_uint_least64_t peak_len;
    atomic_uint_least64_t waits;
    atomic_bool ended;
    atomic_bool producer_sleeps;
    uint64_t tail_seen; /* the producer's copy */
    uint64_t head_off;  /* where head is in the memory */

    /* Written by the consumer. */
    alignas(CACHE_LINE) atomic_uint_least64_t tail;
    atomic_bool abandoned;
    atomic_bool consumer_sleeps;
    uint64_t head_seen; /* the consumer's copy */
    uint64_t tail_off;
    uint64_t held;     /* bytes of the record that is handed out */
    uint64_t returned; /* bytes since the producer was last looked after */

    /* Constant. */
    alignas(CACHE_LINE) uint8_t *bytes;
    uint64_t capacity;
    uint32_t record_max;
    int data_fd; /* the consumer sleeps here */
    int room_fd; /* the producer sleeps here */
};

/* Bytes that a record takes. */
static inline uint64_t
record_len(uint32_t caplen)
{
    return UNIT + ((uint64_t)caplen + UNIT - 1) / UNIT * UNIT;
}

static void
wake(int fd)
{
    uint64_t one = 1;
    /* Full (EAGAIN) wakes as well; nothing else can go wrong. */
    ssize_t n = write(fd, &one, sizeof one);
    (void)n;
}

/* Sleeps until woken.  False: in vain. */
static bool
sleep_on(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t count;
    if (poll(&p, 1, wait_ms) <= 0)
        return false;
    return read(fd, &count, sizeof count) > 0 || errno == EAGAIN;
}

enum err
packet_ring_new(struct packet_ring **out, uint64_t len, uint32_t record_max)
{
    uint64_t least = PACKET_RING_RECORDS_MIN * record_len(record_max);
    if (len < least)
        len = least;
    if (len > SIZE_MAX - CACHE_LINE)
        return ERR_LIMIT;
    len = (len + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    struct packet_ring *r = aligned_alloc(CACHE_LINE, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    memset(r, 0, sizeof *r);
    r->capacity = len;
    r->record_max = record_max;
    r->bytes = aligned_alloc(CACHE_LINE, (size_t)len);
    r->data_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    r->room_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!r->bytes || r->data_fd < 0 || r->room_fd < 0) {
        enum err e = r->bytes ? ERR_OPEN : ERR_NOMEM;
        packet_ring_free(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void
packet_ring_free(struct packet_ring *r)
{
    if (!r)
        return;
    if (r->data_fd >= 0)
        close(r->data_fd);
    if (r->room_fd >= 0)
        close(r->room_fd);
    free(r->bytes);
    free(r);
}

/* ------------------------------------------------------------ the producer */

static void
note_peak(struct packet_ring *r, uint64_t head)
{
    uint64_t len = head - r->tail_seen;
    if (len > atomic_load_explicit(&r->peak_len, memory_order_relaxed))
        atomic_store_explicit(&r->peak_len, len, memory_order_relaxed);
}

/* Sleeps until there is room for len bytes.  False: the consumer has gone. */
static bool
wait_for_room(struct packet_ring *r, uint64_t head, uint64_t len)
{
    packet_ring_flush(r);
    atomic_fetch_add_explicit(&r->waits, 1, memory_order_relaxed);
    for (;;) {
        atomic_store(&r->producer_sleeps, true);
        r->tail_seen = atomic_load(&r->tail);
        bool gone = atomic_load(&r->abandoned);
        if (gone || r->capacity - (head - r->tail_seen) >= len) {
            atomic_store(&r->producer_sleeps, false);
            return !gone;
        }
        sleep_on(r->room_fd, -1);
    }
}

bool
packet_ring_put(struct packet_ring *r, const struct packet_ring_record *record,
                const void *data)
{
    assert(record->caplen <= r->record_max && record->kind < PACKET_RING_PAD);
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t len = record_len(record->caplen);
    uint64_t rest = r->capacity - r->head_off;
    uint64_t pad = rest < len ? rest : 0;
    if (r->capacity - (head - r->tail_seen) < pad + len) {
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        note_peak(r, head);
        if (r->capacity - (head - r->tail_seen) < pad + len &&
            !wait_for_room(r, head, pad + len))
            return false;
    }
    if (pad) {
        struct packet_ring_record p = {.kind = PACKET_RING_PAD};
        memcpy(r->bytes + r->head_off, &p, sizeof p);
        r->head_off = 0;
    }
    memcpy(r->bytes + r->head_off, record, sizeof *record);
    if (record->caplen)
        memcpy(r->bytes + r->head_off + UNIT, data, record->caplen);
    r->head_off += len;
    if (r->head_off == r->capacity)
        r->head_off = 0;
    atomic_store_explicit(&r->head, head + pad + len, memory_order_release);
    return true;
}

static void
wake_consumer(struct packet_ring *r)
{
    if (atomic_load(&r->consumer_sleeps) &&
        atomic_exchange(&r->consumer_sleeps, false))
        wake(r->data_fd);
}

void
packet_ring_flush(struct packet_ring *r)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
    note_peak(r, head);
    atomic_store(&r->head, head);
    wake_consumer(r);
}

void
packet_ring_end(struct packet_ring *r)
{
    atomic_store(&r->ended, true);
    wake_consumer(r);
}

/* ------------------------------------------------------------ the consumer */

static void
wake_producer(struct packet_ring *r)
{
    r->returned = 0;
    atomic_store(&r->tail,
                 atomic_load_explicit(&r->tail, memory_order_relaxed));
    if (atomic_load(&r->producer_sleeps) &&
        atomic_exchange(&r->producer_sleeps, false))
        wake(r->room_fd);
}

/* Gives len bytes at the tail back. */
static void
give_back(struct packet_ring *r, uint64_t len)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    r->tail_off += len;
    if (r->tail_off == r->capacity)
        r->tail_off = 0;
    atomic_store_explicit(&r->tail, tail + len, memory_order_release);
    r->returned += len;
    if (r->returned >= r->capacity / ROOM_PARTS)
        wake_producer(r);
}

/* A record that is there; NULL: none. */
static const struct packet_ring_record *
take(struct packet_ring *r)
{
    for (;;) {
        uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
        if (r->head_seen == tail) {
            r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
            if (r->head_seen == tail)
                return NULL;
        }
        const void *at = r->bytes + r->tail_off;
        const struct packet_ring_record *record = at;
        if (record->kind != PACKET_RING_PAD) {
            r->held = record_len(record->caplen);
            return record;
        }
        give_back(r, r->capacity - r->tail_off);
    }
}

/* The ring is empty: sleeps until it no longer is.  False: in vain. */
static bool
wait_for_data(struct packet_ring *r, int wait_ms)
{
    bool woken = true;
    atomic_store(&r->consumer_sleeps, true);
    r->head_seen = atomic_load(&r->head);
    if (r->head_seen == atomic_load_explicit(&r->tail, memory_order_relaxed) &&
        !atomic_load(&r->ended))
        woken = sleep_on(r->data_fd, wait_ms);
    atomic_store(&r->consumer_sleeps, false);
    return woken;
}

enum packet_ring_step
packet_ring_next(struct packet_ring *r, const struct packet_ring_record **out,
                 int wait_ms)
{
    if (r->held) {
        give_back(r, r->held);
        r->held = 0;
    }
    for (bool wait = wait_ms != 0;;) {
        *out = take(r);
        if (*out)
            return PACKET_RING_RECORD;
        wake_producer(r);
        if (atomic_load(&r->ended)) {
            *out = take(r); /* put in just before the end */
            return *out ? PACKET_RING_RECORD : PACKET_RING_END;
        }
        if (!wait)
            return PACKET_RING_EMPTY;
        wait = wait_for_data(r, wait_ms);
    }
}

void
packet_ring_abandon(struct packet_ring *r)
{
    atomic_store(&r->abandoned, true);
    wake(r->room_fd);
}

/* -------------------------------------------------------------- any thread */

struct packet_ring_stats
packet_ring_stats(const struct packet_ring *r)
{
    struct packet_ring_stats s = {.capacity = r->capacity};
    /* The tail first: the head never falls behind it. */
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    s.len = atomic_load_explicit(&r->head, memory_order_acquire) - tail;
    if (s.len > s.capacity) /* it went on between the two */
        s.len = s.capacity;
    s.peak_len = atomic_load_explicit(&r->peak_len, memory_order_relaxed);
    s.waits = atomic_load_explicit(&r->waits, memory_order_relaxed);
    return s;
}
