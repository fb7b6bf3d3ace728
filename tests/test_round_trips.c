/* SPDX-License-Identifier: MIT */
#include "dissect/judge/round_trips.h"

#include <stdlib.h>

#include "tests/check_main.h"
#include "tests/rng.h"

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The sample of the nearest rank. */
static int64_t
rank(const int64_t *sorted, size_t n, unsigned percent)
{
    return sorted[(n * percent + 99) / 100 - 1];
}

START_TEST(few_round_trips_are_exact)
{
    struct rng rng = {1};
    for (size_t n = 1; n <= ROUND_TRIPS_EXACT; n++) {
        struct round_trips r = {0};
        int64_t all[ROUND_TRIPS_EXACT];
        for (size_t i = 0; i < n; i++) {
            all[i] = (int64_t)(rng_next(&rng) % 1000000000);
            round_trips_add(&r, all[i]);
        }
        qsort(all, n, sizeof all[0], compare);
        struct event_rtt sum = round_trips_summary(&r);
        ck_assert_uint_eq(sum.n, n);
        ck_assert_int_eq(sum.min_ns, all[0]);
        ck_assert_int_eq(sum.max_ns, all[n - 1]);
        ck_assert_int_eq(sum.median_ns, rank(all, n, 50));
        ck_assert_int_eq(sum.p95_ns, rank(all, n, 95));
        round_trips_fini(&r);
    }
}
END_TEST

static void
check_close(int64_t got, int64_t want)
{
    int64_t off = got > want ? got - want : want - got;
    ck_assert_msg(off <= want / 32 + 1, "%lld instead of %lld", (long long)got,
                  (long long)want);
}

START_TEST(many_round_trips_are_close_in_bounded_memory)
{
    enum { N = 20000 };
    static int64_t all[N];
    struct rng rng = {2};
    struct round_trips r = {0};
    for (size_t i = 0; i < N; i++) {
        /* From 1 us to 16 s, each doubling as often. */
        unsigned octave = (unsigned)(rng_next(&rng) % 24);
        all[i] = (int64_t)((UINT64_C(1024) << octave) +
                           rng_next(&rng) % (UINT64_C(1024) << octave));
        round_trips_add(&r, all[i]);
        ck_assert_uint_le(round_trips_memory(&r), 2048);
    }
    qsort(all, N, sizeof all[0], compare);
    struct event_rtt sum = round_trips_summary(&r);
    ck_assert_uint_eq(sum.n, N);
    ck_assert_int_eq(sum.min_ns, all[0]);
    ck_assert_int_eq(sum.max_ns, all[N - 1]);
    check_close(sum.median_ns, rank(all, N, 50));
    check_close(sum.p95_ns, rank(all, N, 95));
    round_trips_fini(&r);
    ck_assert_uint_eq(round_trips_memory(&r), 0);
}
END_TEST

START_TEST(times_beyond_all_classes_stay_within_min_and_max)
{
    static const int64_t times[] = {0, 5, INT64_MAX, -7};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct round_trips r = {0};
        int64_t want = times[i] < 0 ? 0 : times[i];
        for (unsigned n = 0; n < 100; n++)
            round_trips_add(&r, times[i]);
        struct event_rtt sum = round_trips_summary(&r);
        ck_assert_int_eq(sum.min_ns, want);
        ck_assert_int_eq(sum.median_ns, want);
        ck_assert_int_eq(sum.p95_ns, want);
        ck_assert_int_eq(sum.max_ns, want);
        round_trips_fini(&r);
    }
}
END_TEST

START_TEST(no_round_trip_has_no_summary)
{
    struct round_trips r = {0};
    ck_assert_uint_eq(round_trips_summary(&r).n, 0);
    round_trips_fini(&r);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("round_trips");
    TCase *t = tcase_create("round_trips");
    tcase_add_test(t, few_round_trips_are_exact);
    tcase_add_test(t, many_round_trips_are_close_in_bounded_memory);
    tcase_add_test(t, times_beyond_all_classes_stay_within_min_and_max);
    tcase_add_test(t, no_round_trip_has_no_summary);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
