/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include <stdlib.h>

#include "tests/check_main.h"
#include "tests/rng.h"

static struct histogram h;

static void
setup(void)
{
    h = (struct histogram){0};
}

static int
compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

START_TEST(every_value_lies_in_its_class_and_classes_touch)
{
    for (unsigned c = 0; c < HISTOGRAM_CLASSES; c++) {
        uint64_t low = histogram_low(c), middle = histogram_middle(c);
        ck_assert_uint_eq(histogram_class(low), c);
        ck_assert_uint_eq(histogram_class(middle), c);
        ck_assert_uint_ge(middle, low);
        if (c > 0)
            ck_assert_uint_eq(histogram_class(low - 1), c - 1);
        /* Half a class is at most 1/32 of its least value. */
        ck_assert_uint_le(middle - low, low / 32);
    }
    ck_assert_uint_eq(histogram_class(UINT64_MAX), HISTOGRAM_CLASSES - 1);
}
END_TEST

START_TEST(nothing_has_no_percentile)
{
    ck_assert_uint_eq(histogram_percentile(&h, 50), 0);
}
END_TEST

START_TEST(small_values_are_exact)
{
    uint64_t sum = 0;
    for (uint64_t v = 0; v < 32; v++) {
        histogram_add(&h, v);
        sum += v;
    }
    ck_assert_uint_eq(h.n, 32);
    ck_assert_uint_eq(h.min, 0);
    ck_assert_uint_eq(h.max, 31);
    ck_assert_uint_eq(h.total, sum);
    ck_assert_uint_eq(histogram_percentile(&h, 50), 15);
    ck_assert_uint_eq(histogram_percentile(&h, 95), 30);
    ck_assert_uint_eq(histogram_percentile(&h, 100), 31);
}
END_TEST

START_TEST(percentiles_of_large_values_are_close)
{
    enum { N = 10000 };
    static uint64_t all[N];
    struct rng rng = {7};
    for (size_t i = 0; i < N; i++) {
        all[i] = rng_next(&rng) >> rng_next(&rng) % 64;
        histogram_add(&h, all[i]);
    }
    qsort(all, N, sizeof all[0], compare);
    for (unsigned p = 1; p <= 100; p++) {
        uint64_t want = all[histogram_rank(N, p) - 1];
        uint64_t got = histogram_percentile(&h, p);
        uint64_t off = got > want ? got - want : want - got;
        ck_assert_msg(off <= want / 32, "%u: %llu instead of %llu", p,
                      (unsigned long long)got, (unsigned long long)want);
    }
    ck_assert_uint_eq(h.min, all[0]);
    ck_assert_uint_eq(h.max, all[N - 1]);
}
END_TEST

START_TEST(the_total_does_not_wrap)
{
    histogram_add(&h, UINT64_MAX);
    histogram_add(&h, 2);
    ck_assert_uint_eq(h.total, UINT64_MAX);
    ck_assert_uint_eq(h.n, 2);
}
END_TEST

START_TEST(octaves_count_values_by_their_bits)
{
    static const struct {
        uint64_t v;
        unsigned bits;
    } rows[] = {{0, 0},  {1, 1},     {2, 2},     {3, 2},          {15, 4},
                {16, 5}, {1023, 10}, {1024, 11}, {UINT64_MAX, 64}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t out[HISTOGRAM_OCTAVES] = {0};
        h = (struct histogram){0};
        histogram_add(&h, rows[i].v);
        histogram_octaves(&h, out);
        for (unsigned b = 0; b < HISTOGRAM_OCTAVES; b++)
            ck_assert_uint_eq(out[b], b == rows[i].bits);
    }
}
END_TEST

static Suite *
histogram_suite(void)
{
    Suite *s = suite_create("histogram");
    TCase *t = tcase_create("histogram");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, every_value_lies_in_its_class_and_classes_touch);
    tcase_add_test(t, nothing_has_no_percentile);
    tcase_add_test(t, small_values_are_exact);
    tcase_add_test(t, percentiles_of_large_values_are_close);
    tcase_add_test(t, the_total_does_not_wrap);
    tcase_add_test(t, octaves_count_values_by_their_bits);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(histogram_suite)
