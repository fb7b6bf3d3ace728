/* SPDX-License-Identifier: MIT */
#include "tests/lossy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/decap.h"
#include "capture/tcp.h"
#include "tests/rng.h"

#define PCAP_HEADER_LEN 24u
#define PCAP_RECORD_LEN 16u
#define PCAP_MAGIC_NS 0xa1b23c4du
#define SECOND_NS INT64_C(1000000000)

/* A packet of the input that is still in. */
struct record {
    uint64_t order; /* where it goes in the output */
    uint32_t index; /* in the input */
    uint32_t len, wire_len;
    int64_t time_ns;
    const uint8_t *data;
    bool tcp;
    bool payload; /* TCP, with payload */
    bool higher;  /* sent by the higher endpoint */
    bool gone;
};

struct records {
    struct record *list;
    size_t n;
    uint32_t link;
};

static void
require(bool truth)
{
    if (!truth)
        abort();
}

static void
append(struct buf *b, const void *ptr, size_t len)
{
    require(buf_append(b, ptr, len) == ERR_OK);
}

static void
put32(struct buf *b, uint32_t v)
{
    uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                        (uint8_t)(v >> 24)};
    append(b, bytes, sizeof bytes);
}

static uint32_t
get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

void
lossy_put_header(struct buf *pcap, uint32_t link)
{
    put32(pcap, PCAP_MAGIC_NS);
    put32(pcap, 2 | 4u << 16);
    put32(pcap, 0);
    put32(pcap, 0);
    put32(pcap, 1u << 18);
    put32(pcap, link);
}

void
lossy_put_packet(struct buf *pcap, int64_t time_ns, uint32_t wire_len,
                 struct slice data)
{
    put32(pcap, (uint32_t)(time_ns / SECOND_NS));
    put32(pcap, (uint32_t)(time_ns % SECOND_NS));
    put32(pcap, (uint32_t)data.len);
    put32(pcap, wire_len);
    append(pcap, data.ptr, data.len);
}

/* Tells what a packet is. */
static void
classify(struct record *r, struct decap *decap, uint32_t link)
{
    struct ip_packet ip;
    struct tcp_header tcp;
    struct packet p = {.data = slice_make(r->data, r->len),
                       .number = r->index + 1u,
                       .time_ns = r->time_ns,
                       .wire_len = r->wire_len,
                       .link = link};
    if (decap_packet(decap, &p, &ip) != DECAP_TCP ||
        !tcp_parse(ip.payload, ip.missing, &tcp))
        return;
    r->tcp = true;
    r->payload = tcp.payload.len + tcp.missing > 0;
    int order = memcmp(&ip.src, &ip.dst, sizeof ip.src);
    r->higher = order > 0 || (order == 0 && tcp.src_port > tcp.dst_port);
}

static struct records
records_read(struct slice pcap)
{
    struct records out = {NULL, 0, 0};
    struct decap *decap;
    require(decap_new(&decap, NULL) == ERR_OK);
    require(pcap.len >= PCAP_HEADER_LEN && get32(pcap.ptr) == PCAP_MAGIC_NS);
    out.link = get32(pcap.ptr + 20);
    for (size_t at = PCAP_HEADER_LEN; at < pcap.len;) {
        require(pcap.len - at >= PCAP_RECORD_LEN);
        const uint8_t *p = pcap.ptr + at;
        if ((out.n & (out.n - 1)) == 0) {
            out.list =
                realloc(out.list, (out.n ? out.n * 2 : 1) * sizeof *out.list);
            require(out.list != NULL);
        }
        struct record *r = &out.list[out.n];
        *r = (struct record){.index = (uint32_t)out.n,
                             .time_ns = get32(p) * SECOND_NS + get32(p + 4),
                             .len = get32(p + 8),
                             .wire_len = get32(p + 12),
                             .data = p + PCAP_RECORD_LEN};
        require(pcap.len - at - PCAP_RECORD_LEN >= r->len);
        at += PCAP_RECORD_LEN + r->len;
        out.n++;
        classify(r, decap, out.link);
    }
    decap_free(decap);
    return out;
}

/* Who of a million a share of n packets is. */
static size_t
share(size_t n, uint32_t ppm)
{
    return (size_t)((uint64_t)n * ppm / 1000000);
}

static void
drop(struct records *all, const struct lossy_plan *plan, struct rng *rng)
{
    size_t first = share(all->n, plan->start_ppm);
    size_t end = all->n - share(all->n, plan->end_ppm);
    uint32_t left = 0; /* of the burst */
    for (size_t i = 0; i < all->n; i++) {
        struct record *r = &all->list[i];
        bool may = r->tcp && (r->payload || !plan->data_only) &&
                   (plan->senders >> r->higher & 1u);
        if (may && left == 0 && rng_chance(rng, plan->drop_ppm))
            left = plan->burst > 1 ? rng_range(rng, 1, 2 * plan->burst - 1) : 1;
        if (may && left > 0) {
            left--;
            r->gone = true;
        }
        if (i < first || i >= end)
            r->gone = true;
    }
}

static int
by_order(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int
by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* How many packets record i comes late, at most by `by`. */
static uint64_t
lateness(const struct records *in, size_t i, uint32_t by)
{
    size_t last = i + by < in->n ? i + by : in->n - 1;
    while (last > i &&
           in->list[last].time_ns - in->list[i].time_ns > LOSSY_LATE_NS)
        last--;
    return last - i;
}

/* Takes out what is gone, puts in what came twice, and brings all in the order
 * in which they come now. */
static struct records
rearrange(const struct records *in, const struct lossy_plan *plan,
          struct rng *rng)
{
    struct records out = {.link = in->link};
    out.list = malloc((in->n * 2 + 1) * sizeof *out.list);
    require(out.list != NULL);
    for (size_t i = 0; i < in->n; i++) {
        struct record r = in->list[i];
        if (r.gone)
            continue;
        r.order = 2 * (uint64_t)i;
        if (rng_chance(rng, plan->late_ppm))
            r.order +=
                2 * lateness(in, i, rng_range(rng, 1, plan->late_max)) + 1;
        out.list[out.n++] = r;
        if (rng_chance(rng, plan->twice_ppm)) {
            r.order +=
                2 * lateness(in, i, rng_below(rng, plan->late_max + 1)) + 1;
            out.list[out.n++] = r;
        }
    }
    if (out.n > 1 && (plan->late_ppm || plan->twice_ppm))
        qsort(out.list, out.n, sizeof *out.list, by_order);
    return out;
}

/* Clocks do not go back where packets change places. */
static void
straighten_times(struct records *all)
{
    int64_t *times = malloc((all->n + 1) * sizeof *times);
    require(times != NULL);
    for (size_t i = 0; i < all->n; i++)
        times[i] = all->list[i].time_ns;
    qsort(times, all->n, sizeof *times, by_time);
    for (size_t i = 0; i < all->n; i++)
        all->list[i].time_ns = times[i];
    free(times);
}

void
lossy_make(struct lossy *out, struct slice pcap, const struct lossy_plan *plan)
{
    struct rng rng = {plan->seed};
    struct records in = records_read(pcap);
    drop(&in, plan, &rng);
    struct records all = rearrange(&in, plan, &rng);
    if (plan->late_ppm || plan->twice_ppm)
        straighten_times(&all);
    buf_init(&out->pcap, SIZE_MAX / 2);
    out->n_packets = all.n;
    out->origin = malloc((all.n + 1) * sizeof *out->origin);
    require(out->origin != NULL);
    require(buf_reserve(&out->pcap, pcap.len) != NULL);
    lossy_put_header(&out->pcap, all.link);
    for (size_t i = 0; i < all.n; i++) {
        const struct record *r = &all.list[i];
        struct slice data = slice_make(r->data, r->len);
        if (plan->snaplen)
            data = slice_head(data, plan->snaplen);
        out->origin[i] = r->index;
        lossy_put_packet(&out->pcap, r->time_ns, r->wire_len, data);
    }
    free(all.list);
    free(in.list);
}

void
lossy_fini(struct lossy *l)
{
    buf_fini(&l->pcap);
    free(l->origin);
    l->origin = NULL;
}

void
lossy_plan_random(struct lossy_plan *plan, uint64_t seed)
{
    static const uint32_t rates[] = {1000, 3000, 10000, 30000, 100000};
    static const uint32_t snaplens[] = {60, 96, 256, 1000, 1400};
    struct rng rng = {seed ^ UINT64_C(0x6c6f737379)};
    *plan = (struct lossy_plan){
        .seed = rng_next(&rng),
        .burst = 1,
        .senders = 3,
        .late_max = 1,
    };
    plan->drop_ppm = rates[rng_below(&rng, sizeof rates / sizeof rates[0])];
    plan->data_only = rng_below(&rng, 2);
    if (rng_below(&rng, 2))
        plan->burst = rng_range(&rng, 2, 40);
    /* As many packets are lost in bursts as one by one. */
    plan->drop_ppm /= plan->burst;
    if (rng_below(&rng, 3) == 0)
        plan->senders = (uint8_t)rng_range(&rng, 1, 2);
    if (rng_below(&rng, 4) == 0) {
        plan->late_ppm = rng_range(&rng, 100, 100000);
        plan->late_max = rng_range(&rng, 1, 24);
    }
    if (rng_below(&rng, 4) == 0)
        plan->twice_ppm = rng_range(&rng, 100, 100000);
    if (rng_below(&rng, 3) == 0)
        plan->start_ppm = rng_below(&rng, 1000000);
    if (rng_below(&rng, 4) == 0)
        plan->end_ppm = rng_below(&rng, 1000000);
    if (rng_below(&rng, 12) == 0)
        plan->snaplen =
            snaplens[rng_below(&rng, sizeof snaplens / sizeof snaplens[0])];
    /* Only a late start, an early end, or a snap length. */
    if (rng_below(&rng, 8) == 0)
        plan->drop_ppm = 0;
}

void
lossy_plan_text(const struct lossy_plan *plan, char text[LOSSY_TEXT_MAX])
{
    snprintf(text, LOSSY_TEXT_MAX,
             "drop %" PRIu32 " ppm, bursts of %" PRIu32 ", %s, senders %u, "
             "late %" PRIu32 " ppm by up to %" PRIu32 ", twice %" PRIu32
             " ppm, start %" PRIu32 " ppm, end %" PRIu32
             " ppm, snaplen %" PRIu32,
             plan->drop_ppm, plan->burst,
             plan->data_only ? "data only" : "all segments",
             (unsigned)plan->senders, plan->late_ppm, plan->late_max,
             plan->twice_ppm, plan->start_ppm, plan->end_ppm, plan->snaplen);
}

int
lossy_memfd(struct slice bytes, char name[LOSSY_NAME_MAX])
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    require(fd >= 0);
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        require(n > 0);
        done += (size_t)n;
    }
    snprintf(name, LOSSY_NAME_MAX, "/proc/self/fd/%d", fd);
    return fd;
}
