/* SPDX-License-Identifier: MIT */
#include "ui/rates.h"

#include "tests/check_main.h"
#include "tests/rng.h"

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

static struct rates r;

static void
setup(void)
{
    r = (struct rates){0};
}

static uint64_t
curve_sum(unsigned from)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < RATES_BUCKETS; i++)
        sum += r.buckets[i].frames[from];
    return sum;
}

START_TEST(nothing_has_no_busiest_second)
{
    int64_t at;
    ck_assert_uint_eq(rates_busiest(&r, RATES_FRAMES, &at), 0);
    ck_assert_int_eq(rates_span(&r), 0);
}
END_TEST

START_TEST(seconds_are_those_of_utc)
{
    int64_t at;
    rates_frame(&r, 10 * S + 999 * MS, WS_SENDER_CLIENT, 5);
    rates_frame(&r, 11 * S, WS_SENDER_SERVER, 6);
    rates_frame(&r, 11 * S + 999 * MS, WS_SENDER_CLIENT, 7);
    rates_message(&r, 10 * S + 999 * MS);
    ck_assert_uint_eq(rates_busiest(&r, RATES_FRAMES, &at), 2);
    ck_assert_int_eq(at, 11 * S);
    ck_assert_uint_eq(rates_busiest(&r, RATES_BYTES, &at), 13);
    ck_assert_int_eq(at, 11 * S);
    ck_assert_uint_eq(rates_busiest(&r, RATES_MESSAGES, &at), 1);
    ck_assert_int_eq(at, 10 * S);
    ck_assert_int_eq(rates_span(&r), S + 0 * MS);
}
END_TEST

START_TEST(of_equal_seconds_the_first_one_is_told)
{
    int64_t at;
    for (int i = 0; i < 1000; i++)
        rates_frame(&r, (int64_t)i * S, WS_SENDER_CLIENT, 1);
    ck_assert_uint_eq(rates_busiest(&r, RATES_FRAMES, &at), 1);
    ck_assert_int_eq(at, 0);
    ck_assert_uint_eq(r.late, 0);
}
END_TEST

START_TEST(the_busiest_second_is_kept_when_it_is_long_ago)
{
    int64_t at;
    for (int i = 0; i < 5; i++)
        rates_frame(&r, -7 * S + i, WS_SENDER_CLIENT, 1);
    for (int i = 0; i < 3; i++)
        rates_frame(&r, (int64_t)100000 * S, WS_SENDER_CLIENT, 1);
    ck_assert_uint_eq(rates_busiest(&r, RATES_FRAMES, &at), 5);
    ck_assert_int_eq(at, -7 * S);
}
END_TEST

START_TEST(late_frames_find_their_second_or_are_counted)
{
    int64_t at;
    rates_frame(&r, 1000 * S, WS_SENDER_CLIENT, 1);
    rates_frame(&r, (1000 - (int64_t)RATES_SECONDS + 1) * S, WS_SENDER_CLIENT,
                1);
    rates_frame(&r, (1000 - (int64_t)RATES_SECONDS + 1) * S + 1,
                WS_SENDER_CLIENT, 1);
    ck_assert_uint_eq(r.late, 0);
    ck_assert_uint_eq(rates_busiest(&r, RATES_FRAMES, &at), 2);
    rates_frame(&r, (1000 - (int64_t)RATES_SECONDS) * S, WS_SENDER_CLIENT, 1);
    ck_assert_uint_eq(r.late, 1);
    ck_assert_uint_eq(curve_sum(0), 4);
}
END_TEST

START_TEST(the_curve_holds_every_frame_whatever_the_times)
{
    struct rng rng = {(uint64_t)_i + 1};
    uint64_t n[2] = {0};
    for (int i = 0; i < 2000; i++) {
        /* Near each other, far away, and the ends of all time. */
        int64_t t = (int64_t)(rng_next(&rng) >> (rng_next(&rng) % 64));
        if (rng_next(&rng) % 2)
            t = -t;
        if (rng_next(&rng) % 500 == 0)
            t = rng_next(&rng) % 2 ? INT64_MAX : INT64_MIN;
        enum ws_sender from =
            rng_next(&rng) % 2 ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
        rates_frame(&r, t, from, 1);
        n[from]++;
        ck_assert_uint_le(r.n_buckets, RATES_BUCKETS);
        ck_assert_uint_lt(r.bucket, r.n_buckets);
    }
    ck_assert_uint_eq(curve_sum(0), n[0]);
    ck_assert_uint_eq(curve_sum(1), n[1]);
}
END_TEST

START_TEST(the_curve_is_the_same_in_any_order)
{
    uint64_t forward[RATES_BUCKETS];
    for (int i = 0; i < 60; i++)
        for (int k = 0; k <= i; k++)
            rates_frame(&r, i * MS, WS_SENDER_CLIENT, 1);
    ck_assert_uint_eq(r.n_buckets, 60);
    ck_assert_uint_eq(r.width_ns, (uint64_t)MS);
    for (unsigned i = 0; i < RATES_BUCKETS; i++)
        forward[i] = r.buckets[i].frames[0];
    r = (struct rates){0};
    for (int i = 59; i >= 0; i--)
        for (int k = 0; k <= i; k++)
            rates_frame(&r, i * MS, WS_SENDER_CLIENT, 1);
    for (unsigned i = 0; i < RATES_BUCKETS; i++)
        ck_assert_uint_eq(r.buckets[i].frames[0], forward[i]);
}
END_TEST

START_TEST(the_curve_widens_and_stays_at_least_half_full)
{
    for (int64_t i = 0; i < 100000; i++)
        rates_frame(&r, i * MS, WS_SENDER_SERVER, 1);
    ck_assert_uint_eq(r.width_ns, 2048 * (uint64_t)MS);
    ck_assert_uint_eq(r.n_buckets, 49);
    ck_assert_uint_eq(r.buckets[0].frames[1], 2048);
    ck_assert_uint_eq(r.buckets[48].frames[1], 100000 - 48 * 2048);
}
END_TEST

START_TEST(bytes_of_a_second_do_not_wrap)
{
    int64_t at;
    rates_frame(&r, 0, WS_SENDER_CLIENT, UINT64_MAX);
    rates_frame(&r, 0, WS_SENDER_CLIENT, 3);
    ck_assert_uint_eq(rates_busiest(&r, RATES_BYTES, &at), UINT64_MAX);
}
END_TEST

static Suite *
rates_suite(void)
{
    Suite *s = suite_create("rates");
    TCase *t = tcase_create("rates");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, nothing_has_no_busiest_second);
    tcase_add_test(t, seconds_are_those_of_utc);
    tcase_add_test(t, of_equal_seconds_the_first_one_is_told);
    tcase_add_test(t, the_busiest_second_is_kept_when_it_is_long_ago);
    tcase_add_test(t, late_frames_find_their_second_or_are_counted);
    tcase_add_loop_test(t, the_curve_holds_every_frame_whatever_the_times, 0,
                        20);
    tcase_add_test(t, the_curve_is_the_same_in_any_order);
    tcase_add_test(t, the_curve_widens_and_stays_at_least_half_full);
    tcase_add_test(t, bytes_of_a_second_do_not_wrap);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(rates_suite)
