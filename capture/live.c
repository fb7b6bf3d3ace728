/* SPDX-License-Identifier: MIT */
#include "capture/live.h"

#include "config.h"

#ifdef HAVE_PCAP

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/live_parts.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* Packets that one device may bring before the next has its turn. */
#define BATCH 256
/* How often the kernel is asked for its figures. */
#define STATS_NS (250 * NS_PER_MS)
/* libpcap has to be asked now and then whether a device that went down is
 * gone (pcap_get_required_select_timeout(3pcap) says each millisecond). */
#define DOWN_CHECK_NS (50 * NS_PER_MS)

/* For how long it has been down before that is told: one that is removed goes
 * down first. */
#define DOWN_TOLD_NS (200 * NS_PER_MS)
/* A descriptor that is ready so many times without a packet is left alone for
 * a while: whatever its reason, it must not cost a whole processor. */
#define EMPTY_MAX 16u
#define REST_NS (20 * NS_PER_MS)
/* After live_stop(): packets that the kernel still holds come within this, be
 * its timer late ... */
#define LAST_NS (5 * LIVE_RETIRE_MS * NS_PER_MS)
/* ... and nothing is waited for longer than this. */
#define LAST_MAX_NS (2 * NS_PER_S)

static int64_t
now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ----------------------------------------------------------------- figures */

static void
read_stats(struct device *d)
{
    if (d->fd < 0)
        return;
    struct live_counted now = live_counters_take(&d->counters, d->pcap);
    atomic_fetch_add_explicit(&d->received, now.received, memory_order_relaxed);
    atomic_fetch_add_explicit(&d->dropped, now.dropped, memory_order_relaxed);
    atomic_fetch_add_explicit(&d->ifdropped, now.ifdropped,
                              memory_order_relaxed);
}

static void
read_all_stats(struct live *l)
{
    for (size_t i = 0; i < l->n; i++)
        read_stats(&l->devices[i]);
}

/* -------------------------------------------------------- the capture thread
 */

/* Drops that no record has told yet. */
static uint32_t
take_dropped(struct device *d)
{
    uint64_t dropped = atomic_load_explicit(&d->dropped, memory_order_relaxed);
    uint64_t news = dropped - d->dropped_told;
    if (news > UINT32_MAX)
        news = UINT32_MAX;
    d->dropped_told += news;
    return (uint32_t)news;
}

/* pcap_handler: one packet into the queue. */
static void
on_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
    void *arg = user;
    struct device *d = arg;
    struct live *l = d->live;
    struct packet_ring_record r = {
        .time_ns = (int64_t)h->ts.tv_sec * NS_PER_S +
                   (int64_t)h->ts.tv_usec * d->ns_per_fraction,
        .wire_len = h->len,
        .caplen = h->caplen < l->snaplen ? h->caplen : l->snaplen,
        .iface = d->index,
        .link = d->link,
        .kind = PACKET_RING_PACKET,
    };
    int64_t stop_ns = atomic_load_explicit(&l->stop_ns, memory_order_relaxed);
    if (l->abandoned)
        return;
    if (stop_ns && r.time_ns > stop_ns) {
        d->past_stop = true;
        pcap_breakloop(d->pcap);
        return;
    }
    r.drops_before = take_dropped(d);
    if (!packet_ring_put(l->ring, &r, bytes)) {
        l->abandoned = true;
        pcap_breakloop(d->pcap);
    }
}

/* Tells something of the device, behind its last packet. */
static void
put_note(struct device *d, const char *text)
{
    struct packet_ring_record r = {
        .caplen = (uint32_t)strnlen(text, PCAP_ERRBUF_SIZE),
        .iface = d->index,
        .kind = PACKET_RING_NOTE,
    };
    if (!packet_ring_put(d->live->ring, &r, text))
        d->live->abandoned = true;
    packet_ring_flush(d->live->ring);
}

/* The device brings no more: tells why. */
static void
lose_device(struct device *d)
{
    read_stats(d);
    put_note(d, pcap_geterr(d->pcap));
    d->fd = -1;
    d->ready = false;
}

/* libpcap waits for an interface that is down to come up again, and asks for a
 * timeout only then. */
static void
check_down(struct device *d, int64_t now)
{
    if (!pcap_get_required_select_timeout(d->pcap)) {
        if (d->told_down)
            put_note(d, "the interface is up again");
        d->told_down = false;
        d->down_ns = 0;
    } else if (d->down_ns == 0) {
        d->down_ns = now;
    } else if (!d->told_down && now - d->down_ns >= DOWN_TOLD_NS) {
        put_note(d, "the interface went down; waiting for it to come up");
        d->told_down = true;
    }
}

/* Takes one batch from the device. */
static void
read_device(struct device *d, int64_t now)
{
    u_char *user = (void *)d;
    int n = pcap_dispatch(d->pcap, BATCH, on_packet, user);
    d->ready = n == BATCH;
    if (n > 0 || n == PCAP_ERROR_BREAK) {
        packet_ring_flush(d->live->ring);
        d->empty = 0;
    } else if (n < 0) {
        lose_device(d);
        return;
    } else if (++d->empty >= EMPTY_MAX) {
        d->empty = 0;
        d->rest_until_ns = now + REST_NS;
    }
    check_down(d, now);
}

/* Gives each device that may have packets a turn.  True: one has more. */
static bool
read_devices(struct live *l, int64_t now)
{
    bool more = false;
    for (size_t i = 0; i < l->n && !l->abandoned; i++) {
        struct device *d = &l->devices[i];
        if (d->ready && !d->past_stop)
            read_device(d, now);
        more = more || (d->ready && !d->past_stop);
    }
    return more;
}

/* Waits for packets, for live_stop() or until a time, whichever is first. */
static void
wait_for_packets(struct live *l, int64_t now, int64_t until_ns)
{
    for (size_t i = 0; i < l->n; i++) {
        struct device *d = &l->devices[i];
        bool rests = now < d->rest_until_ns;
        l->polls[i].fd = rests || d->past_stop ? -1 : d->fd;
        l->polls[i].revents = 0;
        if (rests && d->rest_until_ns < until_ns)
            until_ns = d->rest_until_ns;
        if (d->fd >= 0 && pcap_get_required_select_timeout(d->pcap)) {
            d->ready = true;
            if (now + DOWN_CHECK_NS < until_ns)
                until_ns = now + DOWN_CHECK_NS;
        }
    }
    bool stopping = atomic_load(&l->stop_ns) != 0;
    l->polls[l->n].fd = stopping ? -1 : l->stop_fd;
    int64_t wait_ms = (until_ns - now + NS_PER_MS - 1) / NS_PER_MS;
    if (poll(l->polls, (nfds_t)(l->n + 1), wait_ms > 0 ? (int)wait_ms : 0) <= 0)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->polls[i].fd >= 0 && l->polls[i].revents)
            l->devices[i].ready = true;
}

static bool
any_device(const struct live *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->devices[i].fd >= 0 && !l->devices[i].past_stop)
            return true;
    return false;
}

/* For the last turn: poll() may have ended just before a block came. */
static void
make_ready(struct live *l)
{
    for (size_t i = 0; i < l->n; i++)
        l->devices[i].ready = l->devices[i].fd >= 0;
}

static void *
capture_thread(void *arg)
{
    struct live *l = arg;
    int64_t stats_ns = 0, last_ns = INT64_MAX, last_max_ns = INT64_MAX;
    for (;;) {
        int64_t now = now_ns(CLOCK_MONOTONIC);
        if (now >= stats_ns) {
            read_all_stats(l);
            stats_ns = now + STATS_NS;
        }
        if (last_ns == INT64_MAX && atomic_load(&l->stop_ns)) {
            last_ns = now + LAST_NS;
            last_max_ns = now + LAST_MAX_NS;
        }
        if (now >= last_ns)
            make_ready(l);
        bool more = read_devices(l, now);
        if (l->abandoned || !any_device(l) || (now >= last_ns && !more) ||
            now >= last_max_ns)
            break;
        if (!more)
            wait_for_packets(l, now, stats_ns < last_ns ? stats_ns : last_ns);
    }
    read_all_stats(l);
    packet_ring_end(l->ring);
    return NULL;
}

enum err
live_start(struct live *l)
{
    sigset_t all, before;
    assert(!l->started);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&l->thread, NULL, capture_thread, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    l->started = status == 0;
    return l->started ? ERR_OK : ERR_NOMEM;
}

/* ------------------------------------------------------ the decoding thread */

enum source_step
live_next(struct live *l, struct packet *out, int wait_ms,
          struct source_error *error)
{
    const struct packet_ring_record *r;
    switch (packet_ring_next(l->ring, &r, wait_ms)) {
    case PACKET_RING_EMPTY:
        return SOURCE_IDLE;
    case PACKET_RING_END:
        return SOURCE_END;
    case PACKET_RING_RECORD:
        break;
    }
    if (r->kind == PACKET_RING_NOTE) {
        *error = (struct source_error){.code = ERR_READ,
                                       .name = l->devices[r->iface].name};
        snprintf(error->reason, sizeof error->reason, "%.*s", (int)r->caplen,
                 (const char *)packet_ring_bytes(r));
        return SOURCE_ERROR;
    }
    *out = (struct packet){
        .data = slice_make(packet_ring_bytes(r), r->caplen),
        .number = ++l->n_packets,
        .time_ns = r->time_ns,
        .wire_len = r->wire_len,
        .iface = r->iface,
        .link = r->link,
        .dropped = r->drops_before,
    };
    l->ifaces[r->iface].packets++;
    l->info.bytes_read += r->caplen;
    return SOURCE_PACKET;
}

void
live_stop(struct live *l)
{
    int saved = errno; /* signal-safety(7) */
    int_least64_t never = 0;
    uint64_t one = 1;
    if (atomic_compare_exchange_strong(&l->stop_ns, &never,
                                       now_ns(CLOCK_REALTIME))) {
        ssize_t n = write(l->stop_fd, &one, sizeof one);
        (void)n; /* an eventfd takes its first write */
    }
    errno = saved;
}

struct live_stats
live_iface_stats(const struct live *l, size_t iface)
{
    assert(iface < l->n);
    const struct device *d = &l->devices[iface];
    return (struct live_stats){
        .received = atomic_load_explicit(&d->received, memory_order_relaxed),
        .dropped = atomic_load_explicit(&d->dropped, memory_order_relaxed),
        .ifdropped = atomic_load_explicit(&d->ifdropped, memory_order_relaxed),
    };
}

struct live_stats
live_stats(const struct live *l)
{
    struct packet_ring_stats ring = packet_ring_stats(l->ring);
    struct live_stats s = {
        .queue_len = ring.len,
        .queue_peak_len = ring.peak_len,
        .queue_capacity = ring.capacity,
        .waits = ring.waits,
    };
    for (size_t i = 0; i < l->n; i++) {
        struct live_stats one = live_iface_stats(l, i);
        s.received += one.received;
        s.dropped += one.dropped;
        s.ifdropped += one.ifdropped;
    }
    return s;
}

int
live_socket(const struct live *l, size_t iface)
{
    assert(iface < l->n);
    return l->devices[iface].fd;
}

const struct source_info *
live_info(const struct live *l)
{
    return &l->info;
}

static void
close_device(struct device *d)
{
    live_counters_close(&d->counters);
    if (d->pcap)
        pcap_close(d->pcap);
    free(d->name);
}

void
live_free(struct live *l)
{
    if (!l)
        return;
    if (l->started) {
        live_stop(l);
        packet_ring_abandon(l->ring);
        pthread_join(l->thread, NULL);
    }
    for (size_t i = 0; l->devices && i < l->n_open; i++)
        close_device(&l->devices[i]);
    for (size_t i = 0; l->warnings && i < l->n_open * LIVE_WARNINGS_MAX; i++)
        free(l->warnings[i]);
    if (l->stop_fd >= 0)
        close(l->stop_fd);
    packet_ring_free(l->ring);
    free(l->warnings);
    free(l->polls);
    free(l->ifaces);
    free(l->devices);
    free(l);
}

#endif /* HAVE_PCAP */
