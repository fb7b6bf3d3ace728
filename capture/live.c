/* SPDX-License-Identifier: MIT */
#include "capture/live.h"

#include "config.h"

#include <stdio.h>
#include <string.h>

#ifdef HAVE_PCAP
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture/live_devices.h"
#include "capture/packet_ring.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* Packets that one device may bring before the next has its turn. */
#define BATCH 256
/* What libpcap can remark on a device: its time stamps, the rest. */
#define WARNINGS_MAX 2u
/* How often the kernel is asked for its figures. */
#define STATS_NS (250 * NS_PER_MS)
/* libpcap has to be asked now and then whether a device that went down is
 * gone (pcap_get_required_select_timeout(3pcap) says each millisecond). */
#define DOWN_CHECK_NS (50 * NS_PER_MS)
/* A descriptor that is ready so many times without a packet is left alone for
 * a while: whatever its reason, it must not cost a whole processor. */
#define EMPTY_MAX 16u
#define REST_NS (20 * NS_PER_MS)
/* After live_stop(): packets that the kernel still holds come within this, be
 * its timer late ... */
#define LAST_NS (5 * LIVE_RETIRE_MS * NS_PER_MS)
/* ... and nothing is waited for longer than this. */
#define LAST_MAX_NS (2 * NS_PER_S)

/* Interface counters in sysfs that tell packets the hardware lost; those that
 * pcap_stats(3pcap) reads for ps_ifdrop. */
#define N_IFDROP_FILES 2u
static const char *const ifdrop_files[N_IFDROP_FILES] = {"rx_missed_errors",
                                                         "rx_fifo_errors"};

struct device {
    struct live *live;
    pcap_t *pcap; /* once started, the capture thread's */
    char *name;
    int fd; /* pcap's, to poll; -1: the device is gone */
    uint32_t index;
    uint32_t link;
    int64_t ns_per_fraction; /* of the time stamps: 1 or 1000 */

    /* The capture thread's. */
    bool ready;     /* may have packets */
    bool past_stop; /* brought one from after live_stop() */
    unsigned empty; /* times in a row it was ready with nothing */
    int64_t rest_until_ns;
    uint64_t dropped_told; /* of dropped, on their way in records */

    /* Written by the capture thread, read by any. */
    atomic_uint_least64_t received;
    atomic_uint_least64_t dropped;
    atomic_uint_least64_t ifdropped;

    bool socket_stats; /* ask the socket, not libpcap */
    struct pcap_stat pcap_seen;
    int ifdrop_fds[N_IFDROP_FILES];
    uint64_t ifdrop_seen[N_IFDROP_FILES];
};

struct live {
    struct device *devices;
    struct source_iface *ifaces;
    struct pollfd *polls; /* one for each device, then stop_fd */
    char **warnings;      /* WARNINGS_MAX for each device; NULL: none */
    size_t n;             /* devices */
    size_t n_open;        /* of them, pcap is set */
    struct source_info info;
    struct packet_ring *ring;
    uint32_t snaplen;
    uint64_t n_packets;
    pthread_t thread;
    bool started;
    bool abandoned; /* the capture thread's: nobody takes packets any more */
    int stop_fd;
    atomic_int_least64_t stop_ns; /* time of live_stop(); 0: not yet */
};

static int64_t
now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ----------------------------------------------------------------- figures */

/* The counter behind fd; last when it cannot be read. */
static uint64_t
read_counter(int fd, uint64_t last)
{
    char text[32];
    ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return last;
    text[n] = '\0';
    return strtoull(text, NULL, 10);
}

static void
read_ifdropped(struct device *d)
{
    for (size_t i = 0; i < N_IFDROP_FILES; i++) {
        uint64_t last = d->ifdrop_seen[i];
        uint64_t v = read_counter(d->ifdrop_fds[i], last);
        d->ifdrop_seen[i] = v;
        if (v > last)
            atomic_fetch_add_explicit(&d->ifdropped, v - last,
                                      memory_order_relaxed);
    }
}

/* What was counted since the last call.  False: it is not a packet socket.
 * packet(7): PACKET_STATISTICS; reading resets, packets include drops. */
static bool
read_socket_stats(int fd, uint64_t *received, uint64_t *dropped)
{
    struct tpacket_stats_v3 s;
    socklen_t len = sizeof s;
    memset(&s, 0, sizeof s);
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) != 0)
        return false;
    *received = s.tp_packets;
    *dropped = s.tp_drops;
    return true;
}

/* The same from libpcap, whose counters wrap at 32 bits. */
static void
read_pcap_stats(struct device *d, uint64_t *received, uint64_t *dropped)
{
    struct pcap_stat s;
    if (pcap_stats(d->pcap, &s) != 0)
        return;
    *received = (uint32_t)(s.ps_recv - d->pcap_seen.ps_recv);
    *dropped = (uint32_t)(s.ps_drop - d->pcap_seen.ps_drop);
    d->pcap_seen = s;
}

/*
 * Not by pcap_stats(3pcap) where it can be helped: on Linux that opens files
 * in sysfs each time (linux_if_drops() in libpcap 1.10), which a sandbox
 * forbids.  The socket's counters are then ours alone.
 */
static void
read_stats(struct device *d)
{
    uint64_t received = 0, dropped = 0;
    if (d->fd < 0)
        return;
    if (!d->socket_stats)
        read_pcap_stats(d, &received, &dropped);
    else if (!read_socket_stats(d->fd, &received, &dropped))
        return;
    atomic_fetch_add_explicit(&d->received, received, memory_order_relaxed);
    atomic_fetch_add_explicit(&d->dropped, dropped, memory_order_relaxed);
    read_ifdropped(d);
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

/* The device brings no more: tells why, behind its last packet. */
static void
lose_device(struct device *d)
{
    const char *why = pcap_geterr(d->pcap);
    struct packet_ring_record r = {
        .caplen = (uint32_t)strnlen(why, PCAP_ERRBUF_SIZE),
        .iface = d->index,
        .kind = PACKET_RING_NOTE,
    };
    read_stats(d);
    if (!packet_ring_put(d->live->ring, &r, why))
        d->live->abandoned = true;
    packet_ring_flush(d->live->ring);
    d->fd = -1;
    d->ready = false;
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
    } else if (++d->empty >= EMPTY_MAX) {
        d->empty = 0;
        d->rest_until_ns = now + REST_NS;
    }
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

/* ----------------------------------------------------------------- opening */

/* Fills *error; the reason may be the longer one of a path. */
__attribute__((format(printf, 4, 5))) static enum err
fail(struct source_error *error, enum err code, const char *name,
     const char *format, ...)
{
    va_list args;
    memset(error, 0, sizeof *error);
    error->code = code;
    error->name = name;
    va_start(args, format);
    vsnprintf(error->reason, sizeof error->reason, format, args);
    va_end(args);
    return code;
}

static enum err
fail_memory(struct source_error *error)
{
    return fail(error, ERR_NOMEM, NULL, "%s", err_text(ERR_NOMEM));
}

static enum err
fail_rights(struct source_error *error, const char *name)
{
    char program[256];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n > 0)
        program[n] = '\0';
    return fail(error, ERR_OPEN, name,
                "no right to capture (cap_net_raw): start it as root, or "
                "give the right to it once: "
                "sudo setcap cap_net_raw,cap_net_admin=ep %s",
                n > 0 ? program : "wsray");
}

static enum err
fail_activate(struct source_error *error, const char *name, pcap_t *p,
              int status)
{
    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return fail_rights(error, name);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return fail(error, ERR_OPEN, name,
                    "no such interface; 'wsray interfaces' lists them");
    case PCAP_ERROR_IFACE_NOT_UP:
        return fail(error, ERR_OPEN, name, "the interface is not up");
    case PCAP_ERROR:
        return fail(error, ERR_OPEN, name, "%s", pcap_geterr(p));
    default:
        return fail(error, ERR_OPEN, name, "%s", pcap_statustostr(status));
    }
}

/* libpcap was content (status > 0), but has something to say: the i-th. */
static enum err
keep_warning(struct device *d, size_t i, int status, struct source_error *error)
{
    char **slot = &d->live->warnings[d->index * WARNINGS_MAX + i];
    const char *why = pcap_geterr(d->pcap);
    if (*why == '\0' || status != PCAP_WARNING)
        why = pcap_statustostr(status);
    if (asprintf(slot, "%s: %s", d->name, why) < 0) {
        *slot = NULL;
        return fail_memory(error);
    }
    return ERR_OK;
}

static enum err
set_tstamp_type(struct device *d, const char *type, struct source_error *error)
{
    int value = pcap_tstamp_type_name_to_val(type);
    if (value == PCAP_ERROR)
        return fail(error, ERR_USAGE, d->name,
                    "'%.40s' is no time stamp type; pcap-tstamp(7) has them",
                    type);
    int status = pcap_set_tstamp_type(d->pcap, value);
    if (status == PCAP_ERROR_CANTSET_TSTAMP_TYPE)
        status = PCAP_WARNING_TSTAMP_TYPE_NOTSUP; /* it goes on with its own */
    if (status < 0)
        return fail(error, ERR_USAGE, d->name, "%s", pcap_statustostr(status));
    return status > 0 ? keep_warning(d, 0, status, error) : ERR_OK;
}

/* Everything that has to be said before pcap_activate(). */
static enum err
set_up(struct device *d, const struct live_options *o,
       struct source_error *error)
{
    uint64_t buffer_len = o->buffer_len ? o->buffer_len : LIVE_BUFFER_DEFAULT;
    if (buffer_len > INT_MAX)
        buffer_len = INT_MAX;
    pcap_set_snaplen(d->pcap, (int)d->live->snaplen);
    pcap_set_promisc(d->pcap, !o->no_promisc);
    pcap_set_buffer_size(d->pcap, (int)buffer_len);
    pcap_set_timeout(d->pcap, LIVE_RETIRE_MS);
    pcap_set_immediate_mode(d->pcap, o->immediate);
    pcap_set_tstamp_precision(d->pcap, PCAP_TSTAMP_PRECISION_NANO);
    return o->tstamp_type ? set_tstamp_type(d, o->tstamp_type, error) : ERR_OK;
}

static enum err
set_filter(struct device *d, const char *filter, struct source_error *error)
{
    struct bpf_program program;
    if (pcap_compile(d->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fail(error, ERR_USAGE, d->name, "filter '%.100s': %s", filter,
                    pcap_geterr(d->pcap));
    int status = pcap_setfilter(d->pcap, &program);
    pcap_freecode(&program);
    if (status != 0)
        return fail(error, ERR_OPEN, d->name, "filter: %s",
                    pcap_geterr(d->pcap));
    return ERR_OK;
}

/*
 * A packet socket on the loopback device gets each packet twice, once on its
 * way out; libpcap throws that one away, but it takes room in the buffer and
 * counts as received and dropped.  Not asked for, it costs nothing
 * (packet(7): PACKET_IGNORE_OUTGOING, Linux 4.20).
 */
static void
ignore_loopback_copies(const struct device *d)
{
    struct ifreq request;
    int on = 1;
    size_t len = strlen(d->name);
    memset(&request, 0, sizeof request);
    if (len >= sizeof request.ifr_name)
        return;
    memcpy(request.ifr_name, d->name, len);
    if (ioctl(d->fd, SIOCGIFFLAGS, &request) == 0 &&
        (request.ifr_flags & IFF_LOOPBACK))
        (void)setsockopt(d->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
                         sizeof on);
}

/* Where the interface's own counters are, if anywhere. */
static void
open_counters(struct device *d)
{
    char path[128];
    uint64_t received, dropped;
    d->socket_stats = read_socket_stats(d->fd, &received, &dropped);
    if (d->socket_stats) { /* reading has reset them */
        atomic_store(&d->received, received);
        atomic_store(&d->dropped, dropped);
    }
    for (size_t i = 0; i < N_IFDROP_FILES; i++) {
        int n = snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s",
                         d->name, ifdrop_files[i]);
        if (n < (int)sizeof path && !strchr(d->name, '/'))
            d->ifdrop_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        d->ifdrop_seen[i] = read_counter(d->ifdrop_fds[i], 0);
    }
}

/* An activated device: filter, descriptor, facts. */
static enum err
finish_device(struct live *l, struct device *d, const struct live_options *o,
              struct source_error *error)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct source_iface *iface = &l->ifaces[d->index];
    enum err e =
        set_filter(d, o->filter ? o->filter : LIVE_FILTER_DEFAULT, error);
    if (e)
        return e;
    if (pcap_setnonblock(d->pcap, 1, text) != 0)
        return fail(error, ERR_OPEN, d->name, "%s", text);
    d->fd = pcap_get_selectable_fd(d->pcap);
    if (d->fd < 0)
        return fail(error, ERR_UNSUPPORTED, d->name,
                    "this device gives no descriptor to wait for");
    d->link = live_devices_linktype(pcap_datalink(d->pcap));
    d->ns_per_fraction =
        pcap_get_tstamp_precision(d->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1
                                                                         : 1000;
    iface->name = d->name;
    iface->link = d->link;
    iface->snaplen = l->snaplen;
    ignore_loopback_copies(d);
    open_counters(d);
    l->polls[d->index].events = POLLIN;
    d->ready = true;
    return ERR_OK;
}

/* error->name points to the options until live_open() fails. */
static enum err
open_device(struct live *l, size_t i, const struct live_options *o,
            struct source_error *error)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct device *d = &l->devices[i];
    d->live = l;
    d->index = (uint32_t)i;
    d->fd = -1;
    for (size_t k = 0; k < N_IFDROP_FILES; k++)
        d->ifdrop_fds[k] = -1;
    d->name = strdup(o->ifaces[i]);
    if (!d->name)
        return fail_memory(error);
    d->pcap = pcap_create(d->name, text);
    if (!d->pcap)
        return fail(error, ERR_OPEN, d->name, "%s", text);
    enum err e = set_up(d, o, error);
    if (e)
        return e;
    int status = pcap_activate(d->pcap);
    if (status < 0)
        return fail_activate(error, d->name, d->pcap, status);
    if (status > 0) {
        e = keep_warning(d, 1, status, error);
        if (e)
            return e;
    }
    return finish_device(l, d, o, error);
}

/* The memory for n devices and the queue. */
static enum err
make(struct live **out, const struct live_options *o)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->n = o->n_ifaces;
    l->snaplen = o->snaplen && o->snaplen < LIVE_SNAPLEN_MAX ? o->snaplen
                                                             : LIVE_SNAPLEN_MAX;
    l->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->devices = calloc(l->n, sizeof *l->devices);
    l->ifaces = calloc(l->n, sizeof *l->ifaces);
    l->polls = calloc(l->n + 1, sizeof *l->polls);
    l->warnings = calloc(l->n * WARNINGS_MAX, sizeof *l->warnings);
    enum err e = l->stop_fd < 0 ? ERR_OPEN : ERR_OK;
    if (!l->devices || !l->ifaces || !l->polls || !l->warnings)
        e = ERR_NOMEM;
    uint32_t record_max =
        l->snaplen > PCAP_ERRBUF_SIZE ? l->snaplen : PCAP_ERRBUF_SIZE;
    if (!e)
        e = packet_ring_new(&l->ring,
                            o->queue_len ? o->queue_len : LIVE_QUEUE_DEFAULT,
                            record_max);
    if (e) {
        live_free(l);
        return e;
    }
    l->polls[l->n].events = POLLIN;
    l->info.name = "live";
    l->info.format = "live";
    l->info.n_ifaces = l->n;
    l->info.ifaces = l->ifaces;
    *out = l;
    return ERR_OK;
}

enum err
live_open(struct live **out, const struct live_options *options,
          struct source_error *error)
{
    struct live *l = NULL;
    assert(options->n_ifaces > 0 && options->n_ifaces <= INT32_MAX);
    enum err e = make(&l, options);
    if (e)
        return fail(error, e, NULL, "%s", err_text(e));
    while (l->n_open < l->n && !e)
        e = open_device(l, l->n_open++, options, error);
    if (e) {
        if (error->name)
            error->name = options->ifaces[l->n_open - 1];
        l->n = l->n_open;
        live_free(l);
        return e;
    }
    if (l->n == 1)
        l->info.name = l->devices[0].name;
    *out = l;
    return ERR_OK;
}

const char *
live_warning(const struct live *l, size_t i)
{
    for (size_t k = 0; k < l->n * WARNINGS_MAX; k++)
        if (l->warnings[k] && i-- == 0)
            return l->warnings[k];
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
        fail(error, ERR_READ, l->devices[r->iface].name, "%.*s", (int)r->caplen,
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
    for (size_t i = 0; i < N_IFDROP_FILES; i++)
        if (d->ifdrop_fds[i] >= 0)
            close(d->ifdrop_fds[i]);
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
    for (size_t i = 0; l->warnings && i < l->n_open * WARNINGS_MAX; i++)
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

const char *
live_library(void)
{
    return pcap_lib_version();
}

#else /* without libpcap there never is a struct live */

enum err
live_open(struct live **out, const struct live_options *options,
          struct source_error *error)
{
    (void)out;
    memset(error, 0, sizeof *error);
    error->code = ERR_UNSUPPORTED;
    error->name = options->n_ifaces ? options->ifaces[0] : NULL;
    snprintf(error->reason, sizeof error->reason,
             "this wsray was built without libpcap");
    return ERR_UNSUPPORTED;
}

const char *
live_warning(const struct live *l, size_t i)
{
    (void)l;
    (void)i;
    return NULL;
}

enum err
live_start(struct live *l)
{
    (void)l;
    return ERR_UNSUPPORTED;
}

enum source_step
live_next(struct live *l, struct packet *out, int wait_ms,
          struct source_error *error)
{
    (void)l;
    (void)out;
    (void)wait_ms;
    (void)error;
    return SOURCE_END;
}

void
live_stop(struct live *l)
{
    (void)l;
}

struct live_stats
live_stats(const struct live *l)
{
    (void)l;
    return (struct live_stats){0};
}

struct live_stats
live_iface_stats(const struct live *l, size_t iface)
{
    (void)iface;
    return live_stats(l);
}

int
live_socket(const struct live *l, size_t iface)
{
    (void)l;
    (void)iface;
    return -1;
}

const struct source_info *
live_info(const struct live *l)
{
    static const struct source_info none;
    (void)l;
    return &none;
}

void
live_free(struct live *l)
{
    (void)l;
}

const char *
live_library(void)
{
    return NULL;
}

#endif
