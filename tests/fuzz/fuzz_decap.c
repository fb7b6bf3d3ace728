/* SPDX-License-Identifier: MIT */
/*
 * fuzz_decap.c - packets of any link type, taken apart one after another.
 *
 * Input, repeated: link (1 byte, index below), time step (1, in half seconds),
 * cut (1, bytes on the wire but not captured), length (2, big-endian), bytes.
 *
 * Oracle: a TCP payload lies in the packet or, if a datagram became whole just
 * now, has at most 65,535 bytes; addresses are in their canonical form; the
 * fragment store keeps its limits; the same packets give the same results once
 * more, Ethernet frames rewritten as Linux cooked ones, which take another way
 * through the code.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "capture/decap.h"

#define HEAD_LEN 5u
#define FRAG_BYTES 20000u
#define FRAG_DATAGRAMS 6u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t links[] = {1,   101, 0,  113, 276, 9,   50,  104,
                                 105, 127, 51, 204, 166, 108, 228, 147};

static void
check(bool ok)
{
    if (!ok)
        abort();
}

static struct decap *
make_decap(void)
{
    struct decap_limits limits = decap_limits_default();
    limits.frag.bytes = FRAG_BYTES;
    limits.frag.n_datagrams = FRAG_DATAGRAMS;
    struct decap *d;
    if (decap_new(&d, &limits) != ERR_OK)
        abort();
    return d;
}

static void
check_addr(const struct addr *a)
{
    static const uint8_t zero[12];
    check(a->family == 4 || a->family == 6);
    check(a->family == 6 || memcmp(a->bytes + 4, zero, 12) == 0);
}

static void
check_tcp(const struct packet *p, const struct ip_packet *ip, bool whole)
{
    const uint8_t *end = p->data.ptr + p->data.len;
    check(ip->proto == IP_PROTO_TCP);
    check(ip->src.family == ip->dst.family);
    check_addr(&ip->src);
    check_addr(&ip->dst);
    bool inside = ip->payload.ptr >= p->data.ptr && ip->payload.ptr <= end;
    check(inside || whole);
    if (inside)
        check(ip->payload.len <= (size_t)(end - ip->payload.ptr));
    else
        check(ip->payload.len <= 65535);
    /* Everything that is handed out can be read. */
    uint8_t sum = 0;
    for (size_t i = 0; i < ip->payload.len; i++)
        sum = (uint8_t)(sum + ip->payload.ptr[i]);
    volatile uint8_t sink = sum;
    (void)sink;
}

static enum decap_result
run(struct decap *d, const struct packet *p, struct ip_packet *out)
{
    struct decap_stats before = *decap_stats(d);
    enum decap_result r = decap_packet(d, p, out);
    const struct decap_stats *after = decap_stats(d);
    check((unsigned)r < DECAP_RESULT_COUNT);
    check(after->packets[r] == before.packets[r] + 1);
    check(after->frag.bytes <= FRAG_BYTES);
    check(after->frag.waiting <= FRAG_DATAGRAMS);
    check((after->frag.waiting == 0) == (after->frag.bytes == 0));
    if (r == DECAP_TCP)
        check_tcp(p, out, after->frag.reassembled > before.frag.reassembled);
    return r;
}

/* The same packet as Linux cooked v2; other link types as they are. */
static struct packet
rewrite(const struct packet *p, uint8_t **memory)
{
    struct packet q = *p;
    bool cooked = p->link == LINK_ETHERNET && p->data.len >= 14;
    size_t len = cooked ? p->data.len + 6 : p->data.len;
    uint8_t *bytes = malloc(len ? len : 1);
    if (!bytes)
        abort();
    if (cooked) {
        uint16_t type = rd_load_be16(p->data.ptr + 12);
        memset(bytes, 0, 20);
        memcpy(bytes, p->data.ptr + 12, 2);
        if (type <= 1500) { /* 802.2 */
            bytes[0] = 0;
            bytes[1] = 4;
        }
        memcpy(bytes + 20, p->data.ptr + 14, p->data.len - 14);
        q.link = 276;
        q.wire_len += 6;
    } else if (len > 0) {
        memcpy(bytes, p->data.ptr, len);
    }
    q.data = slice_make(bytes, len);
    *memory = bytes;
    return q;
}

static void
check_same(const struct ip_packet *a, const struct ip_packet *b)
{
    check(addr_equal(&a->src, &b->src) && addr_equal(&a->dst, &b->dst));
    check(slice_equal(a->payload, b->payload));
    check(a->missing == b->missing && a->proto == b->proto);
    check(a->ttl == b->ttl && a->id == b->id);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decap *one = make_decap(), *two = make_decap();
    struct slice in = slice_make(data, size);
    int64_t now_ns = 0;
    while (in.len >= HEAD_LEN) {
        struct packet p = {.link = links[in.ptr[0] % 16]};
        uint8_t cut = in.ptr[2];
        now_ns += (int8_t)in.ptr[1] * INT64_C(500000000);
        size_t len = rd_load_be16(in.ptr + 3);
        in = slice_skip(in, HEAD_LEN);
        len = len < in.len ? len : in.len;

        /* A block of its own: reads behind it are seen. */
        uint8_t *bytes = malloc(len ? len : 1);
        if (!bytes)
            abort();
        if (len > 0)
            memcpy(bytes, in.ptr, len);
        in = slice_skip(in, len);
        p.data = slice_make(bytes, len);
        p.wire_len = (uint32_t)len + cut;
        p.time_ns = now_ns;

        struct ip_packet first, second;
        uint8_t *memory;
        struct packet q = rewrite(&p, &memory);
        enum decap_result r = run(one, &p, &first);
        check(run(two, &q, &second) == r);
        if (r == DECAP_TCP)
            check_same(&first, &second);
        free(memory);
        free(bytes);
    }
    check(memcmp(&decap_stats(one)->frag, &decap_stats(two)->frag,
                 sizeof(struct ip_frag_stats)) == 0);
    decap_free(one);
    decap_free(two);
    return 0;
}
