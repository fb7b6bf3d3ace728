/* SPDX-License-Identifier: MIT */
#include "capture/packet_ring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/rng.h"

#define HEADER 32u /* bytes of a record without any of a packet */

static struct packet_ring *
make(uint64_t len, uint32_t record_max)
{
    struct packet_ring *r = NULL;
    ck_assert_int_eq(packet_ring_new(&r, len, record_max), ERR_OK);
    return r;
}

static bool
put_text(struct packet_ring *r, const char *text)
{
    struct packet_ring_record record = {.time_ns = 5,
                                        .wire_len = 1500,
                                        .caplen = (uint32_t)strlen(text),
                                        .iface = 1,
                                        .link = 113,
                                        .drops_before = 7,
                                        .kind = PACKET_RING_NOTE};
    return packet_ring_put(r, &record, text);
}

START_TEST(a_record_comes_out_as_it_was_put_in)
{
    struct packet_ring *r = make(0, 100);
    const struct packet_ring_record *got;
    ck_assert_int_eq(packet_ring_next(r, &got, 0), PACKET_RING_EMPTY);
    ck_assert(put_text(r, "hello"));
    ck_assert_int_eq(packet_ring_next(r, &got, 0), PACKET_RING_RECORD);
    ck_assert_int_eq(got->time_ns, 5);
    ck_assert_uint_eq(got->wire_len, 1500);
    ck_assert_uint_eq(got->caplen, 5);
    ck_assert_uint_eq(got->iface, 1);
    ck_assert_uint_eq(got->link, 113);
    ck_assert_uint_eq(got->drops_before, 7);
    ck_assert_uint_eq(got->kind, PACKET_RING_NOTE);
    ck_assert_mem_eq(packet_ring_bytes(got), "hello", 5);
    ck_assert_int_eq(packet_ring_next(r, &got, 0), PACKET_RING_EMPTY);
    packet_ring_free(r);
}
END_TEST

START_TEST(the_end_comes_after_everything_that_was_put_in)
{
    struct packet_ring *r = make(0, 100);
    const struct packet_ring_record *got;
    ck_assert(put_text(r, "a"));
    ck_assert(put_text(r, ""));
    packet_ring_end(r);
    ck_assert_int_eq(packet_ring_next(r, &got, -1), PACKET_RING_RECORD);
    ck_assert_uint_eq(got->caplen, 1);
    ck_assert_int_eq(packet_ring_next(r, &got, -1), PACKET_RING_RECORD);
    ck_assert_uint_eq(got->caplen, 0);
    ck_assert_int_eq(packet_ring_next(r, &got, -1), PACKET_RING_END);
    ck_assert_int_eq(packet_ring_next(r, &got, -1), PACKET_RING_END);
    packet_ring_free(r);
}
END_TEST

START_TEST(the_smallest_ring_holds_four_of_the_longest_records)
{
    static char text[1001];
    struct packet_ring *r = make(1, 1000);
    const struct packet_ring_record *got;
    memset(text, 'x', 1000);
    struct packet_ring_stats s = packet_ring_stats(r);
    ck_assert_uint_ge(s.capacity, 4 * (1000 + HEADER));
    for (int i = 0; i < 4; i++)
        ck_assert(put_text(r, text));
    s = packet_ring_stats(r);
    ck_assert_uint_ge(s.len, 4 * (1000 + HEADER));
    ck_assert_uint_le(s.len, s.capacity);
    ck_assert_uint_eq(s.waits, 0);
    packet_ring_flush(r);
    ck_assert_uint_eq(packet_ring_stats(r).peak_len, s.len);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(packet_ring_next(r, &got, 0), PACKET_RING_RECORD);
    ck_assert_int_eq(packet_ring_next(r, &got, 0), PACKET_RING_EMPTY);
    ck_assert_uint_eq(packet_ring_stats(r).len, 0);
    packet_ring_free(r);
}
END_TEST

START_TEST(a_length_that_no_memory_has_is_refused)
{
    struct packet_ring *r = NULL;
    ck_assert_int_eq(packet_ring_new(&r, UINT64_MAX, 100), ERR_LIMIT);
    ck_assert_ptr_null(r);
}
END_TEST

START_TEST(freeing_nothing_works)
{
    packet_ring_free(NULL);
}
END_TEST

/* ------------------------------------------------------------ two threads */

#define N_RECORDS 20000u

static const struct {
    const char *name;
    uint64_t len;
    uint32_t record_max;
    uint32_t run;   /* records until a flush, at most */
    uint32_t pause; /* the consumer waits 0 ms one time in so many; 0: never */
} cases[] = {
    {"the smallest ring", 0, 0, 1, 0},
    {"short records, smallest ring", 0, 31, 3, 0},
    {"one byte more than a unit", 0, 33, 5, 2},
    {"packets, smallest ring", 0, 1514, 64, 0},
    {"packets, odd length", 10007, 1514, 7, 3},
    {"packets, large ring", 1 << 20, 1514, 256, 0},
    {"mixed, hardly any room", 4096, 900, 1000, 5},
};

struct producer {
    struct packet_ring *ring;
    unsigned i;
    bool gone;
};

/* Both sides make the same numbers. */
static uint32_t
make_record(struct rng *rng, struct packet_ring_record *record, uint8_t *bytes,
            uint32_t max)
{
    memset(record, 0, sizeof *record);
    record->time_ns = (int64_t)rng_next(rng);
    record->wire_len = (uint32_t)rng_next(rng);
    record->caplen = rng_below(rng, 4) ? rng_range(rng, 0, max)
                                       : (rng_below(rng, 2) ? max : 0);
    record->iface = (uint32_t)rng_next(rng);
    record->drops_before = (uint32_t)rng_next(rng);
    record->kind = rng_below(rng, 2) ? PACKET_RING_NOTE : PACKET_RING_PACKET;
    for (uint32_t i = 0; i < record->caplen; i++)
        bytes[i] = (uint8_t)(record->time_ns + i * 7);
    return record->caplen;
}

static void *
produce(void *arg)
{
    struct producer *p = arg;
    struct rng rng = {p->i}, own = {p->i + 100};
    uint32_t left = 1;
    for (unsigned n = 0; n < N_RECORDS; n++) {
        struct packet_ring_record record;
        uint8_t bytes[2048];
        make_record(&rng, &record, bytes, cases[p->i].record_max);
        if (!packet_ring_put(p->ring, &record, bytes)) {
            p->gone = true;
            break;
        }
        if (--left == 0) {
            packet_ring_flush(p->ring);
            left = rng_range(&own, 1, cases[p->i].run);
        }
    }
    packet_ring_end(p->ring);
    return NULL;
}

/* Compares the next n records. */
static void
consume(struct packet_ring *r, unsigned which, unsigned n)
{
    struct rng rng = {which}, own = {which + 200};
    for (unsigned i = 0; i < n;) {
        const struct packet_ring_record *got;
        struct packet_ring_record want;
        uint8_t bytes[2048];
        uint32_t pause = cases[which].pause;
        int wait_ms = pause && rng_below(&own, pause) == 0 ? 0 : 10000;
        enum packet_ring_step step = packet_ring_next(r, &got, wait_ms);
        if (step == PACKET_RING_EMPTY && wait_ms == 0)
            continue;
        /* An assertion that holds is a write to a file, too: none here. */
        if (step != PACKET_RING_RECORD)
            ck_abort_msg("%s: record %u: step %d", cases[which].name, i, step);
        make_record(&rng, &want, bytes, cases[which].record_max);
        if (memcmp(got, &want, sizeof want) != 0)
            ck_abort_msg("%s: header of record %u", cases[which].name, i);
        if (memcmp(packet_ring_bytes(got), bytes, want.caplen) != 0)
            ck_abort_msg("%s: bytes of record %u", cases[which].name, i);
        i++;
    }
}

START_TEST(every_byte_arrives_in_order_between_two_threads)
{
    struct packet_ring *r = make(cases[_i].len, cases[_i].record_max);
    struct producer p = {.ring = r, .i = (unsigned)_i};
    const struct packet_ring_record *got;
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, produce, &p), 0);
    consume(r, (unsigned)_i, N_RECORDS);
    ck_assert_int_eq(packet_ring_next(r, &got, -1), PACKET_RING_END);
    pthread_join(thread, NULL);
    struct packet_ring_stats s = packet_ring_stats(r);
    ck_assert_uint_eq(s.len, 0);
    ck_assert_uint_gt(s.peak_len, 0);
    ck_assert_uint_le(s.peak_len, s.capacity);
    packet_ring_free(r);
}
END_TEST

START_TEST(a_producer_without_room_waits_and_loses_nothing)
{
    unsigned which = 3;
    struct packet_ring *r = make(0, cases[which].record_max);
    struct producer p = {.ring = r, .i = which};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, produce, &p), 0);
    while (packet_ring_stats(r).waits == 0)
        sched_yield();
    consume(r, which, N_RECORDS);
    pthread_join(thread, NULL);
    ck_assert(!p.gone);
    packet_ring_free(r);
}
END_TEST

START_TEST(a_consumer_that_goes_away_frees_a_waiting_producer)
{
    unsigned which = 3;
    struct packet_ring *r = make(0, cases[which].record_max);
    struct producer p = {.ring = r, .i = which};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, produce, &p), 0);
    consume(r, which, 10);
    while (packet_ring_stats(r).waits == 0)
        sched_yield();
    packet_ring_abandon(r);
    pthread_join(thread, NULL);
    ck_assert(p.gone);
    packet_ring_free(r);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("packet_ring");
    TCase *one = tcase_create("one thread");
    tcase_add_test(one, a_record_comes_out_as_it_was_put_in);
    tcase_add_test(one, the_end_comes_after_everything_that_was_put_in);
    tcase_add_test(one, the_smallest_ring_holds_four_of_the_longest_records);
    tcase_add_test(one, a_length_that_no_memory_has_is_refused);
    tcase_add_test(one, freeing_nothing_works);
    suite_add_tcase(s, one);
    TCase *two = tcase_create("two threads");
    tcase_add_loop_test(two, every_byte_arrives_in_order_between_two_threads, 0,
                        (int)(sizeof cases / sizeof *cases));
    tcase_add_test(two, a_producer_without_room_waits_and_loses_nothing);
    tcase_add_test(two, a_consumer_that_goes_away_frees_a_waiting_producer);
    suite_add_tcase(s, two);
    return s;
}

CHECK_MAIN(suite)
