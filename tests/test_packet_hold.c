/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "capture/packet_hold.h"
#include "tests/check_main.h"
#include "tests/rng.h"

#define MIB ((size_t)1024 * 1024)

static struct packet_hold *hold;

static void
setup(void)
{
    ck_assert_int_eq(packet_hold_new(&hold, MIB, 0), ERR_OK);
}

static void
teardown(void)
{
    packet_hold_free(hold);
}

/* Packet n of the test has these bytes and members. */
static struct packet
packet_of(uint64_t n, size_t len, uint8_t *room)
{
    for (size_t i = 0; i < len; i++)
        room[i] = (uint8_t)(n * 31 + i * 7 + (i >> 8));
    return (struct packet){
        .data = slice_make(len ? room : NULL, len),
        .number = n,
        .time_ns = (int64_t)n * 1000 - 5,
        .file_off = n * 3,
        .wire_len = (uint32_t)len + 4,
        .source = (uint32_t)n % 5,
        .iface = (uint32_t)n % 3,
        .link = (uint32_t)n % 300,
        .dropped = (uint32_t)n % 7,
    };
}

/* What a release gives out, checked against packet_of(). */
struct taken {
    uint64_t numbers[20000];
    size_t n;
};

static struct taken taken;

static void
take(void *ctx, const struct packet *p)
{
    static uint8_t room[PACKET_HOLD_DATA_MAX];
    struct taken *t = ctx;
    struct packet want = packet_of(p->number, p->data.len, room);
    ck_assert(slice_equal(p->data, want.data));
    want.data = p->data;
    ck_assert_int_eq(p->time_ns, want.time_ns);
    ck_assert_uint_eq(p->file_off, want.file_off);
    ck_assert_uint_eq(p->wire_len, want.wire_len);
    ck_assert_uint_eq(p->source, want.source);
    ck_assert_uint_eq(p->iface, want.iface);
    ck_assert_uint_eq(p->link, want.link);
    ck_assert_uint_eq(p->dropped, want.dropped);
    ck_assert_uint_lt(t->n, sizeof t->numbers / sizeof t->numbers[0]);
    t->numbers[t->n++] = p->number;
}

static bool
add(uint64_t flow, uint64_t n, size_t len)
{
    static uint8_t room[PACKET_HOLD_DATA_MAX + 1];
    struct packet p = packet_of(n, len, room);
    bool added = packet_hold_add(hold, flow, &p);
    memset(room, 0xee, len); /* the copy is its own */
    return added;
}

START_TEST(packets_come_back_by_flow_in_their_order)
{
    for (uint64_t n = 0; n < 300; n++)
        ck_assert(add(n % 3, n, n * 5));
    const struct packet_hold_figures *f = packet_hold_figures(hold);
    ck_assert_uint_eq(f->packets, 300);
    ck_assert_uint_eq(f->bytes, 5 * 299 * 300 / 2);
    ck_assert_uint_eq(f->flows, 3);
    for (uint64_t flow = 0; flow < 3; flow++) {
        taken.n = 0;
        ck_assert_uint_eq(packet_hold_release(hold, flow, take, &taken), 100);
        ck_assert_uint_eq(taken.n, 100);
        for (uint64_t i = 0; i < 100; i++)
            ck_assert_uint_eq(taken.numbers[i], flow + 3 * i);
        ck_assert_uint_eq(packet_hold_release(hold, flow, take, &taken), 0);
    }
    ck_assert_uint_eq(f->packets + f->bytes + f->flows, 0);
    ck_assert_uint_eq(f->given_up_packets, 0);
}
END_TEST

START_TEST(every_length_comes_back_as_it_was)
{
    for (size_t len = 0; len < 2000; len++) {
        taken.n = 0;
        ck_assert(add(7, len, len));
        ck_assert_uint_eq(packet_hold_release(hold, 7, take, &taken), 1);
        ck_assert_uint_eq(taken.n, 1);
    }
    taken.n = 0;
    ck_assert(add(7, 1, PACKET_HOLD_DATA_MAX));
    ck_assert_uint_eq(packet_hold_release(hold, 7, take, &taken), 1);
    ck_assert(!add(7, 2, PACKET_HOLD_DATA_MAX + 1));
    const struct packet_hold_figures *f = packet_hold_figures(hold);
    ck_assert_uint_eq(f->given_up_packets, 1);
    ck_assert_uint_eq(f->given_up_bytes, PACKET_HOLD_DATA_MAX + 1);
    ck_assert_uint_eq(f->flows, 0);
}
END_TEST

START_TEST(the_oldest_are_given_up_first_whosever_they_are)
{
    uint64_t n = 0;
    const struct packet_hold_figures *f = packet_hold_figures(hold);
    for (; !f->given_up_packets; n++)
        ck_assert(add(n % 10, n, 1000));
    ck_assert_uint_eq(f->given_up_packets, 1);
    uint64_t held = n - 1;
    for (; n < 3 * held; n++)
        ck_assert(add(n % 10, n, 1000));
    ck_assert_uint_eq(f->given_up_packets, n - held);
    ck_assert_uint_eq(f->given_up_bytes, 1000 * (n - held));
    ck_assert_uint_eq(f->packets, held);
    taken.n = 0;
    for (uint64_t flow = 0; flow < 10; flow++) {
        size_t before = taken.n;
        packet_hold_release(hold, flow, take, &taken);
        ck_assert_uint_ge(taken.numbers[before], n - held);
        ck_assert_uint_lt(taken.numbers[before], n - held + 10);
    }
    ck_assert_uint_eq(taken.n, held);
}
END_TEST

START_TEST(what_is_dropped_makes_room_at_once_behind_a_packet_that_stays)
{
    const struct packet_hold_figures *f = packet_hold_figures(hold);
    ck_assert(add(1, 1, 100));
    for (uint64_t n = 2; n < 20000; n++) {
        ck_assert(add(n, n, 1500));
        ck_assert_uint_eq(packet_hold_drop(hold, n), 1);
    }
    ck_assert_uint_eq(f->given_up_packets, 0);
    taken.n = 0;
    ck_assert_uint_eq(packet_hold_release(hold, 1, take, &taken), 1);
}
END_TEST

START_TEST(the_number_of_packets_has_a_limit_of_its_own)
{
    packet_hold_free(hold);
    ck_assert_int_eq(packet_hold_new(&hold, MIB, 3), ERR_OK);
    for (uint64_t n = 1; n <= 5; n++)
        ck_assert(add(9, n, 10));
    taken.n = 0;
    ck_assert_uint_eq(packet_hold_release(hold, 9, take, &taken), 3);
    ck_assert_uint_eq(taken.numbers[0], 3);
    ck_assert_uint_eq(packet_hold_figures(hold)->given_up_packets, 2);
}
END_TEST

START_TEST(after_drop_all_it_is_as_new)
{
    for (int turn = 0; turn < 3; turn++) {
        for (uint64_t n = 0; n < 5000; n++)
            ck_assert(add(n, n, 60));
        packet_hold_drop_all(hold);
        const struct packet_hold_figures *f = packet_hold_figures(hold);
        ck_assert_uint_eq(f->packets + f->bytes + f->flows, 0);
        ck_assert_uint_eq(packet_hold_release(hold, 4999, take, &taken), 0);
    }
}
END_TEST

START_TEST(all_memory_is_within_the_limit)
{
#if defined __SANITIZE_ADDRESS__ || !defined __GLIBC__
    puts("# skipped: needs mallinfo2() of the GNU C library's malloc()");
#else
    static const size_t limits[] = {1, 4, 16};
    size_t limit = limits[_i] * MIB;
    struct mallinfo2 before = mallinfo2();
    struct packet_hold *h;
    uint8_t room[60];
    ck_assert_int_eq(packet_hold_new(&h, limit, 0), ERR_OK);
    /* One packet a flow needs the most beside the bytes. */
    for (uint64_t n = 0; !packet_hold_figures(h)->given_up_packets; n++) {
        struct packet p = packet_of(n, sizeof room, room);
        ck_assert(packet_hold_add(h, n, &p));
    }
    struct mallinfo2 now = mallinfo2();
    size_t used = now.uordblks + now.hblkhd - before.uordblks - before.hblkhd;
    ck_assert_uint_le(used, limit + 4 * 4096); /* pages that are begun */
    ck_assert_uint_ge(packet_hold_figures(h)->packets, limit / 512);
    packet_hold_free(h);
#endif
}
END_TEST

/* ---- Against a model -------------------------------------------------- */

#define MODEL_MAX 64u

struct waiting {
    uint64_t flow, number;
};

static struct waiting model[MODEL_MAX];
static size_t n_model;

/* Takes packets of the flow out of the model, comparing them with taken if
 * they were released. */
static void
model_take(uint64_t flow, bool released)
{
    size_t kept = 0, n = 0;
    for (size_t i = 0; i < n_model; i++) {
        if (model[i].flow != flow) {
            model[kept++] = model[i];
            continue;
        }
        if (released)
            ck_assert_uint_eq(taken.numbers[n], model[i].number);
        n++;
    }
    if (released)
        ck_assert_uint_eq(taken.n, n);
    n_model = kept;
}

START_TEST(random_calls_do_what_a_plain_list_does)
{
    struct rng r = {(uint64_t)_i};
    packet_hold_free(hold);
    ck_assert_int_eq(packet_hold_new(&hold, MIB, MODEL_MAX), ERR_OK);
    n_model = 0;
    for (uint64_t n = 0; n < 20000; n++) {
        uint64_t flow = rng_below(&r, 20) * UINT64_C(0x100000001);
        switch (rng_below(&r, 12)) {
        case 0:
            taken.n = 0;
            packet_hold_release(hold, flow, take, &taken);
            model_take(flow, true);
            break;
        case 1:
            packet_hold_drop(hold, flow);
            model_take(flow, false);
            break;
        default:
            ck_assert(add(flow, n, rng_below(&r, 1600)));
            if (n_model == MODEL_MAX)
                memmove(model, model + 1, --n_model * sizeof model[0]);
            model[n_model++] = (struct waiting){flow, n};
        }
        ck_assert_uint_eq(packet_hold_figures(hold)->packets, n_model);
    }
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("packet_hold");
    TCase *tc = tcase_create("hold");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, packets_come_back_by_flow_in_their_order);
    tcase_add_test(tc, every_length_comes_back_as_it_was);
    tcase_add_test(tc, the_oldest_are_given_up_first_whosever_they_are);
    tcase_add_test(
        tc, what_is_dropped_makes_room_at_once_behind_a_packet_that_stays);
    tcase_add_test(tc, the_number_of_packets_has_a_limit_of_its_own);
    tcase_add_test(tc, after_drop_all_it_is_as_new);
    tcase_add_loop_test(tc, all_memory_is_within_the_limit, 0, 3);
    tcase_add_loop_test(tc, random_calls_do_what_a_plain_list_does, 0, 8);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
