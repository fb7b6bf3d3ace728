/* SPDX-License-Identifier: MIT */
/* Fragments put together: capture/ip_frag.h. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ip_frag.h"
#include "tests/check_main.h"

#define SECOND INT64_C(1000000000)

static uint8_t data[65536 + 64]; /* what is cut into fragments */

static void
setup(void)
{
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof data; i++) {
        x = x * 1664525u + 1013904223u;
        data[i] = (uint8_t)(x >> 24);
    }
}

static struct ip_frag_store *
make_store(const struct ip_frag_limits *limits)
{
    struct ip_frag_limits defaults = ip_frag_limits_default();
    struct ip_frag_store *s;
    ck_assert_int_eq(ip_frag_new(&s, limits ? limits : &defaults), ERR_OK);
    return s;
}

/* Which datagram; the rest of its packet follows from that. */
struct flow {
    uint8_t family;
    uint8_t host; /* last byte of the source */
    uint8_t proto;
    uint32_t id;
};

static const struct flow flow4 = {4, 1, 6, 77};
static const struct flow flow6 = {6, 1, 6, 0x12345678};

/* Adds bytes off to off + len of from, at time now_ns. */
static enum ip_frag_result
add(struct ip_frag_store *s, const struct flow *f, int64_t now_ns, uint32_t off,
    size_t len, bool more, const uint8_t *from, struct ip_packet *ip)
{
    struct ip_fragment frag = {.id = f->id, .off = off, .more = more};
    memset(ip, 0, sizeof *ip);
    ip->src.family = ip->dst.family = f->family;
    size_t last = f->family == 4 ? 3 : 15;
    ip->src.bytes[0] = ip->dst.bytes[0] = 0x20;
    ip->src.bytes[last] = f->host;
    ip->dst.bytes[last] = 200;
    ip->proto = f->proto;
    ip->ttl = off == 0 ? 64 : 63;
    ip->id = f->family == 4 ? (uint16_t)f->id : 0;
    ip->payload = slice_make(from + off, len);
    return ip_frag_add(s, now_ns, &frag, ip);
}

static enum ip_frag_result
put(struct ip_frag_store *s, const struct flow *f, uint32_t off, size_t len,
    bool more)
{
    struct ip_packet ip;
    return add(s, f, 0, off, len, more, data, &ip);
}

static void
check_whole(const struct ip_packet *ip, const struct flow *f,
            const uint8_t *want, size_t len)
{
    ck_assert_uint_eq(ip->payload.len, len);
    ck_assert(len == 0 || memcmp(ip->payload.ptr, want, len) == 0);
    ck_assert_uint_eq(ip->missing, 0);
    ck_assert_uint_eq(ip->proto, f->proto);
    ck_assert_uint_eq(ip->ttl, 64);
    ck_assert_uint_eq(ip->id, f->family == 4 ? f->id : 0);
    ck_assert_uint_eq(ip->src.family, f->family);
    ck_assert_uint_eq(ip->src.bytes[f->family == 4 ? 3 : 15], f->host);
    ck_assert_uint_eq(ip->dst.bytes[f->family == 4 ? 3 : 15], 200);
}

static void
check_empty(const struct ip_frag_store *s)
{
    ck_assert_uint_eq(ip_frag_stats(s)->waiting, 0);
    ck_assert_uint_eq(ip_frag_stats(s)->bytes, 0);
}

/* Permutation n of 0..3 (n: 0..23). */
static void
permute(int n, int out[4])
{
    int left[4] = {0, 1, 2, 3};
    for (int i = 0, size = 4; i < 4; i++, size--) {
        int pick = n % size;
        n /= size;
        out[i] = left[pick];
        for (int j = pick; j + 1 < size; j++)
            left[j] = left[j + 1];
    }
}

static const uint32_t cuts[][5] = {
    {0, 8, 16, 24, 32},
    {0, 1480, 2960, 4440, 5001},
    {0, 2048, 4096, 6144, 8192}, /* at the edges of pages */
    {0, 2040, 2056, 4104, 4105},
    {0, 16384, 32768, 49152, 65535},
    {0, 65504, 65512, 65520, 65528},
    {0, 8, 65520, 65528, 65528}, /* the last one is empty */
};

#define N_CUTS ((int)(sizeof cuts / sizeof cuts[0]))

START_TEST(every_order_gives_the_whole)
{
    const uint32_t *cut = cuts[_i % N_CUTS];
    const struct flow *f = _i / N_CUTS ? &flow6 : &flow4;
    struct ip_frag_store *s = make_store(NULL);
    for (int n = 0; n < 24; n++) {
        /* Twice each, except that a copy of the last one to come would begin
         * another datagram. */
        for (int copies = 1; copies <= 2; copies++) {
            int order[4];
            permute(n, order);
            struct ip_packet ip;
            for (int i = 0; i < 4; i++) {
                int k = order[i];
                for (int c = 0; c < (i < 3 ? copies : 1); c++) {
                    enum ip_frag_result r =
                        add(s, f, 0, cut[k], cut[k + 1] - cut[k], k < 3, data,
                            &ip);
                    ck_assert_int_eq(r,
                                     i < 3 ? IP_FRAG_WAITING : IP_FRAG_WHOLE);
                }
            }
            check_whole(&ip, f, data, cut[4]);
            check_empty(s);
        }
    }
    ck_assert_uint_eq(ip_frag_stats(s)->reassembled, 48);
    ck_assert_uint_eq(ip_frag_stats(s)->bad, 0);
    ip_frag_free(s);
}
END_TEST

/* The plainest thinkable reassembly, with the rules of ip_frag.h. */
struct model {
    uint8_t bytes[65536];
    bool have[8192];
    uint32_t end, total;
    uint8_t ttl;
};

static enum ip_frag_result
model_add(struct model *m, uint32_t off, uint32_t len, bool more,
          const uint8_t *from)
{
    uint32_t end = off + len;
    if (end > 65535 || (more && (len == 0 || len % 8 != 0)))
        return IP_FRAG_BAD;
    if (m->total != UINT32_MAX &&
        (end > m->total || (!more && end != m->total)))
        return IP_FRAG_BAD;
    if (m->total == UINT32_MAX && !more && end < m->end)
        return IP_FRAG_BAD;
    for (uint32_t i = off; i < end; i += 8) {
        uint32_t n = end - i < 8 ? end - i : 8;
        if (!m->have[i / 8])
            memcpy(m->bytes + i, from + i, n);
        m->have[i / 8] = true;
    }
    m->end = end > m->end ? end : m->end;
    m->total = more ? m->total : end;
    for (uint32_t i = 0; m->total != UINT32_MAX && i < m->total; i += 8) {
        if (!m->have[i / 8])
            return IP_FRAG_WAITING;
    }
    return m->total == UINT32_MAX ? IP_FRAG_WAITING : IP_FRAG_WHOLE;
}

static uint32_t
next_random(uint32_t *x)
{
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

START_TEST(overlaps_keep_the_first_copy)
{
    static uint8_t other[sizeof data];
    static struct model m;
    uint32_t x = (uint32_t)_i + 1;
    unsigned whole = 0;
    struct ip_frag_store *s = make_store(NULL);
    for (size_t i = 0; i < sizeof other; i++)
        other[i] = (uint8_t)~data[i];

    for (unsigned round = 0; round < 60; round++) {
        const struct flow *f = round % 2 ? &flow6 : &flow4;
        uint32_t units = 1 + next_random(&x) % (_i % 2 ? 32 : 1024);
        enum ip_frag_result want = IP_FRAG_WAITING;
        memset(&m, 0, sizeof m);
        m.total = UINT32_MAX;
        struct ip_packet ip;
        for (unsigned n = 0; n < 1000 && want != IP_FRAG_WHOLE; n++) {
            uint32_t off = next_random(&x) % units * 8;
            uint32_t len = 1 + next_random(&x) % (units * 8 / 3 + 1);
            bool more = next_random(&x) % 16 != 0;
            if (more && next_random(&x) % 16 != 0)
                len = (len + 7) / 8 * 8;
            if (off == 0 && !more)
                continue;
            const uint8_t *from = next_random(&x) % 2 ? other : data;
            want = model_add(&m, off, len, more, from);
            enum ip_frag_result r = add(s, f, 0, off, len, more, from, &ip);
            /* ck_assert() is slow. */
            if (r != want)
                ck_abort_msg("round %u, fragment %u: %d", round, n, r);
        }
        if (want == IP_FRAG_WHOLE) {
            whole++;
            check_whole(&ip, f, m.bytes, m.total);
            check_empty(s);
        } else { /* the next round starts anew */
            ip_frag_free(s);
            s = make_store(NULL);
        }
    }
    ck_assert_uint_gt(whole, 10);
    ip_frag_free(s);
}
END_TEST

START_TEST(headers_come_from_the_first_fragment)
{
    struct ip_frag_store *s = make_store(NULL);
    struct flow rest = flow6;
    struct ip_packet ip;
    rest.proto = 60; /* RFC 8200 section 4.5: may differ, does not count */
    ck_assert_int_eq(put(s, &rest, 16, 5, false), IP_FRAG_WAITING);
    ck_assert_int_eq(put(s, &flow6, 0, 8, true), IP_FRAG_WAITING);
    ck_assert_int_eq(put(s, &rest, 0, 8, true), IP_FRAG_WAITING);
    ck_assert_int_eq(add(s, &rest, 0, 8, 8, true, data, &ip), IP_FRAG_WHOLE);
    check_whole(&ip, &flow6, data, 21);
    ip_frag_free(s);
}
END_TEST

START_TEST(datagrams_are_kept_apart)
{
    static const struct flow flows[] = {
        {4, 1, 6, 1},  {4, 2, 6, 1}, {4, 1, 6, 2},
        {4, 1, 17, 1}, {6, 1, 6, 1}, {6, 1, 6, 0x10001},
    };
    size_t n = sizeof flows / sizeof flows[0];
    struct ip_frag_store *s = make_store(NULL);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(put(s, &flows[i], 0, 16, true), IP_FRAG_WAITING);
    ck_assert_uint_eq(ip_frag_stats(s)->waiting, n);
    for (size_t i = 0; i < n; i++) {
        struct ip_packet ip;
        ck_assert_int_eq(add(s, &flows[i], 0, 16, i, false, data, &ip),
                         IP_FRAG_WHOLE);
        check_whole(&ip, &flows[i], data, 16 + i);
    }
    check_empty(s);
    ip_frag_free(s);
}
END_TEST

START_TEST(each_datagram_has_a_number_of_its_own)
{
    struct ip_frag_store *s = make_store(NULL);
    struct flow other = flow4;
    struct ip_packet ip;
    other.id++;
    ck_assert_uint_eq(ip_frag_datagram(s), 0);
    add(s, &flow4, 0, 0, 8, true, data, &ip);
    ck_assert_uint_eq(ip_frag_datagram(s), 1);
    add(s, &other, 0, 8, 8, false, data, &ip);
    ck_assert_uint_eq(ip_frag_datagram(s), 2);
    ck_assert_int_eq(add(s, &flow4, 0, 8, 8, false, data, &ip), IP_FRAG_WHOLE);
    ck_assert_uint_eq(ip_frag_datagram(s), 1);
    /* Not a multiple of 8 bytes: not stored. */
    ck_assert_int_eq(add(s, &other, 0, 0, 9, true, data, &ip), IP_FRAG_BAD);
    ck_assert_uint_eq(ip_frag_datagram(s), 0);
    /* The first one is gone: the same fragments are another datagram. */
    add(s, &flow4, 0, 0, 8, true, data, &ip);
    ck_assert_uint_eq(ip_frag_datagram(s), 3);
    ip_frag_free(s);
}
END_TEST

START_TEST(bad_fragments_change_nothing)
{
    struct ip_frag_store *s = make_store(NULL);
    struct ip_packet ip;
    struct ip_fragment frag = {.id = 77, .off = 0, .more = true};

    /* Cut by the snap length. */
    ip = (struct ip_packet){.src.family = 4,
                            .dst.family = 4,
                            .payload = {data, 8},
                            .missing = 8};
    ck_assert_int_eq(ip_frag_add(s, 0, &frag, &ip), IP_FRAG_BAD);
    /* Not a multiple of 8, empty, past 65,535. */
    ck_assert_int_eq(put(s, &flow4, 0, 9, true), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 8, 0, true), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 65528, 8, true), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 65528, 8, false), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 8, 65528, true), IP_FRAG_BAD);
    check_empty(s);
    ck_assert_uint_eq(ip_frag_stats(s)->bad, 6);

    /* An end before bytes that came already. */
    ck_assert_int_eq(put(s, &flow4, 16, 16, true), IP_FRAG_WAITING);
    ck_assert_int_eq(put(s, &flow4, 8, 8, false), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 24, 7, false), IP_FRAG_BAD);
    /* Behind the end, and other ends. */
    ck_assert_int_eq(put(s, &flow4, 32, 5, false), IP_FRAG_WAITING);
    ck_assert_int_eq(put(s, &flow4, 32, 8, true), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 40, 8, true), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 32, 4, false), IP_FRAG_BAD);
    ck_assert_int_eq(put(s, &flow4, 32, 6, false), IP_FRAG_BAD);
    ck_assert_uint_eq(ip_frag_stats(s)->bad, 12);
    ck_assert_int_eq(add(s, &flow4, 0, 0, 16, true, data, &ip), IP_FRAG_WHOLE);
    check_whole(&ip, &flow4, data, 37);
    ip_frag_free(s);
}
END_TEST

START_TEST(waiting_ends_after_the_time_limit)
{
    struct ip_frag_store *s = make_store(NULL);
    struct ip_packet ip;
    const int64_t t0 = INT64_C(1700000000) * SECOND;
    struct flow later = flow4;
    later.id++;

    add(s, &flow4, t0, 0, 8, true, data, &ip);
    /* To the nanosecond; a copy does not prolong it. */
    add(s, &flow4, t0 + 29 * SECOND, 0, 8, true, data, &ip);
    ck_assert_int_eq(add(s, &flow4, t0 + 30 * SECOND, 8, 8, false, data, &ip),
                     IP_FRAG_WHOLE);

    add(s, &flow4, t0, 0, 8, true, data, &ip);
    ck_assert_int_eq(add(s, &flow4, t0 + 30 * SECOND + 1, 8, 8, false, data,
                         &ip),
                     IP_FRAG_WAITING);
    ck_assert_uint_eq(ip_frag_stats(s)->expired, 1);
    ck_assert_uint_eq(ip_frag_stats(s)->waiting, 1);

    /* Any fragment drops what is too old, bad ones too. */
    add(s, &later, t0 + 61 * SECOND, 0, 9, true, data, &ip);
    ck_assert_uint_eq(ip_frag_stats(s)->expired, 2);
    check_empty(s);
    ip_frag_free(s);
}
END_TEST

START_TEST(time_that_steps_back_drops_what_waits)
{
    static const int64_t times[][2] = {
        {100 * SECOND, 0},
        {INT64_MAX, INT64_MIN},
        {INT64_MIN, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct ip_frag_store *s = make_store(NULL);
        struct ip_packet ip;
        add(s, &flow4, times[i][0], 0, 8, true, data, &ip);
        ck_assert_int_eq(add(s, &flow4, times[i][1], 8, 8, false, data, &ip),
                         IP_FRAG_WAITING);
        ck_assert_uint_eq(ip_frag_stats(s)->expired, 1);
        ip_frag_free(s);
    }

    /* A datagram that is too old is not taken up, even when a newer one stands
     * in front of it. */
    struct ip_frag_store *s = make_store(NULL);
    struct flow other = flow4;
    struct ip_packet ip;
    other.id++;
    add(s, &other, 40 * SECOND, 0, 8, true, data, &ip);
    add(s, &flow4, 10 * SECOND, 0, 8, true, data, &ip);
    ck_assert_int_eq(add(s, &flow4, 50 * SECOND, 8, 8, false, data, &ip),
                     IP_FRAG_WAITING);
    ck_assert_int_eq(add(s, &other, 50 * SECOND, 8, 8, false, data, &ip),
                     IP_FRAG_WHOLE);
    ip_frag_free(s);
}
END_TEST

START_TEST(a_flood_stays_within_the_byte_limit)
{
    struct ip_frag_limits limits = ip_frag_limits_default();
    limits.bytes = 100000;
    struct ip_frag_store *s = make_store(&limits);
    struct flow f = flow4;
    for (uint32_t i = 0; i < 20000; i++) {
        /* Each wants another page; so does the farthest offset. */
        f.id = i / 4;
        put(s, &f, i % 4 == 3 ? 65520 : i % 4 * 4096, 8, true);
        if (ip_frag_stats(s)->bytes > limits.bytes)
            ck_abort_msg("%" PRIu64, ip_frag_stats(s)->bytes);
    }
    ck_assert_uint_gt(ip_frag_stats(s)->evicted, 4900);
    ck_assert_uint_gt(ip_frag_stats(s)->waiting, 5);
    ck_assert_uint_eq(ip_frag_stats(s)->no_memory, 0);

    /* The newest are still there, and one that is whole is not harmed. */
    struct ip_packet ip;
    f.id = 4999;
    put(s, &f, 8, 65504, true);
    put(s, &f, 65512, 8, true);
    ck_assert_int_eq(add(s, &f, 0, 65528, 3, false, data, &ip), IP_FRAG_WHOLE);
    check_whole(&ip, &f, data, 65531);
    ip_frag_free(s);
}
END_TEST

START_TEST(the_oldest_datagram_goes_first)
{
    struct ip_frag_limits limits = ip_frag_limits_default();
    limits.n_datagrams = 8;
    struct ip_frag_store *s = make_store(&limits);
    struct flow f = flow6;
    struct ip_packet ip;
    for (f.id = 0; f.id < 12; f.id++)
        put(s, &f, 0, 8, true);
    ck_assert_uint_eq(ip_frag_stats(s)->waiting, 8);
    ck_assert_uint_eq(ip_frag_stats(s)->evicted, 4);
    for (f.id = 4; f.id < 12; f.id++) {
        ck_assert_int_eq(add(s, &f, 0, 8, 3, false, data, &ip), IP_FRAG_WHOLE);
        check_whole(&ip, &f, data, 11);
    }
    check_empty(s);
    f.id = 3;
    ck_assert_int_eq(put(s, &f, 8, 3, false), IP_FRAG_WAITING);
    ip_frag_free(s);
}
END_TEST

START_TEST(a_datagram_that_grows_does_not_push_itself_out)
{
    struct ip_frag_limits limits = ip_frag_limits_default();
    limits.bytes = 18000;
    struct ip_frag_store *s = make_store(&limits);
    struct flow newer = flow4;
    struct ip_packet ip;
    newer.id++;
    put(s, &flow4, 0, 2048, true);
    put(s, &newer, 0, 8192, true);
    /* With this the limit is passed, and flow4 is the oldest. */
    ck_assert_int_eq(put(s, &flow4, 2048, 8192, true), IP_FRAG_WAITING);
    ck_assert_uint_eq(ip_frag_stats(s)->evicted, 1);
    ck_assert_int_eq(add(s, &flow4, 0, 10240, 8, false, data, &ip),
                     IP_FRAG_WHOLE);
    check_whole(&ip, &flow4, data, 10248);
    check_empty(s);

    /* One that is too big alone goes itself. */
    put(s, &flow4, 0, 16384, true);
    put(s, &flow4, 16384, 8192, true);
    ck_assert_uint_eq(ip_frag_stats(s)->no_memory, 1);
    check_empty(s);
    ip_frag_free(s);
}
END_TEST

START_TEST(limits_too_small_for_anything_keep_nothing)
{
    for (int i = 0; i < 3; i++) {
        struct ip_frag_limits limits = ip_frag_limits_default();
        if (i == 0)
            limits.bytes = 0;
        else if (i == 1)
            limits.bytes = 1000; /* a datagram but no page */
        else
            limits.n_datagrams = 0;
        struct ip_frag_store *s = make_store(&limits);
        ck_assert_int_eq(put(s, &flow4, 0, 8, true), IP_FRAG_WAITING);
        ck_assert_int_eq(put(s, &flow4, 8, 8, false), IP_FRAG_WAITING);
        ck_assert_uint_eq(ip_frag_stats(s)->no_memory, 2);
        check_empty(s);
        ip_frag_free(s);
    }
}
END_TEST

START_TEST(a_datagram_may_come_out_of_another)
{
    /* A tunnel in fragments, which holds a fragment: the payload of the second
     * add() lies in what the first one handed out. */
    struct ip_frag_store *s = make_store(NULL);
    struct ip_packet outer, inner;
    put(s, &flow6, 0, 64, true);
    put(s, &flow4, 0, 128, true);
    ck_assert_int_eq(add(s, &flow4, 0, 128, 32, false, data, &outer),
                     IP_FRAG_WHOLE);
    ck_assert_int_eq(add(s, &flow6, 0, 64, 70, false, outer.payload.ptr,
                         &inner),
                     IP_FRAG_WHOLE);
    check_whole(&inner, &flow6, data, 134);
    ip_frag_free(s);
}
END_TEST

START_TEST(a_datagram_left_waiting_is_freed)
{
    struct ip_frag_store *s = make_store(NULL);
    put(s, &flow4, 0, 1480, true);
    put(s, &flow6, 0, 65520, true);
    ip_frag_free(s);
    ip_frag_free(NULL);
}
END_TEST

static Suite *
ip_frag_suite(void)
{
    Suite *s = suite_create("ip_frag");
    TCase *t = tcase_create("ip_frag");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_loop_test(t, every_order_gives_the_whole, 0, 2 * N_CUTS);
    tcase_add_loop_test(t, overlaps_keep_the_first_copy, 0, 6);
    tcase_add_test(t, headers_come_from_the_first_fragment);
    tcase_add_test(t, datagrams_are_kept_apart);
    tcase_add_test(t, each_datagram_has_a_number_of_its_own);
    tcase_add_test(t, bad_fragments_change_nothing);
    tcase_add_test(t, waiting_ends_after_the_time_limit);
    tcase_add_test(t, time_that_steps_back_drops_what_waits);
    tcase_add_test(t, a_flood_stays_within_the_byte_limit);
    tcase_add_test(t, the_oldest_datagram_goes_first);
    tcase_add_test(t, a_datagram_that_grows_does_not_push_itself_out);
    tcase_add_test(t, limits_too_small_for_anything_keep_nothing);
    tcase_add_test(t, a_datagram_may_come_out_of_another);
    tcase_add_test(t, a_datagram_left_waiting_is_freed);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(ip_frag_suite)
