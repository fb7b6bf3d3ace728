/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/search.h"

#include <stdint.h>

#include "tests/check_main.h"
#include "tests/rng.h"

#define N_MAX 40u

/* What is looked at, in its order; a hit is a row of the set. */
struct rows {
    uint64_t hits;
    size_t n_seen, seen[N_MAX + 1];
};

static bool
is_hit(void *ctx, size_t row)
{
    struct rows *r = ctx;
    ck_assert_uint_lt(r->n_seen, N_MAX);
    r->seen[r->n_seen++] = row;
    return r->hits >> row & 1u;
}

static const struct {
    const char *name;
    size_t from, n;
    bool forward;
    const char *order; /* a digit a row */
    size_t before_end; /* so many are not beyond the end */
} cases[] = {
    {"forward", 2, 6, true, "345012", 3},
    {"backward", 2, 6, false, "105432", 2},
    {"forward from the first", 0, 4, true, "1230", 3},
    {"backward from the first", 0, 4, false, "3210", 0},
    {"forward from the last", 3, 4, true, "0123", 0},
    {"backward from the last", 3, 4, false, "2103", 3},
    {"one row", 0, 1, true, "0", 0},
    {"one row, backward", 0, 1, false, "0", 0},
    {"no row", 0, 0, true, "", 0},
    {"no row, backward", 0, 0, false, "", 0},
};
#define N_CASES (sizeof cases / sizeof *cases)

/* However many rows are looked at in a call. */
START_TEST(every_row_is_looked_at_once_in_this_order)
{
    for (size_t most = 1; most <= 8; most++) {
        struct search s;
        struct rows r = {.hits = 0};
        size_t row = 99, calls = 0;
        enum search_step step;
        search_start(&s, cases[_i].from, cases[_i].n, cases[_i].forward);
        do {
            step = search_next(&s, most, is_hit, &r, &row);
            ck_assert_uint_le(r.n_seen, ++calls * most);
            ck_assert_uint_le(search_percent(&s), 100);
        } while (step == SEARCH_MORE);
        ck_assert_int_eq(step, SEARCH_NONE);
        ck_assert_uint_eq(row, 99);
        ck_assert_uint_eq(search_percent(&s), 100);
        ck_assert_uint_eq(r.n_seen, cases[_i].n);
        for (size_t i = 0; i < r.n_seen; i++)
            ck_assert_msg(r.seen[i] == (size_t)(cases[_i].order[i] - '0'),
                          "%s: %zu", cases[_i].name, i);
        /* And stays so. */
        ck_assert_int_eq(search_next(&s, most, is_hit, &r, &row), SEARCH_NONE);
        ck_assert_uint_eq(r.n_seen, cases[_i].n);
    }
}
END_TEST

START_TEST(what_is_beyond_the_end_is_told)
{
    for (size_t i = 0; i < cases[_i].n; i++) {
        struct search s;
        struct rows r = {.hits = UINT64_C(1) << (cases[_i].order[i] - '0')};
        size_t row;
        search_start(&s, cases[_i].from, cases[_i].n, cases[_i].forward);
        ck_assert_int_eq(search_next(&s, 100, is_hit, &r, &row), SEARCH_FOUND);
        ck_assert_uint_eq(row, (size_t)(cases[_i].order[i] - '0'));
        ck_assert_msg(search_wrapped(&s) == (i >= cases[_i].before_end),
                      "%s: %zu", cases[_i].name, i);
    }
}
END_TEST

START_TEST(the_first_hit_is_the_same_however_many_rows_a_call)
{
    struct rng rng = {7};
    for (int round = 0; round < 2000; round++) {
        size_t n = 1 + rng_below(&rng, N_MAX - 1);
        size_t from = rng_below(&rng, (uint32_t)n);
        bool forward = rng_below(&rng, 2);
        uint64_t hits = UINT64_C(1) << rng_below(&rng, N_MAX);
        struct rows a = {.hits = hits}, b = {.hits = hits};
        struct search whole, parts;
        size_t x = N_MAX, y = N_MAX;
        search_start(&whole, from, n, forward);
        search_start(&parts, from, n, forward);
        enum search_step got, want = search_next(&whole, n, is_hit, &a, &x);
        while ((got = search_next(&parts, 1 + rng_below(&rng, 5), is_hit, &b,
                                  &y)) == SEARCH_MORE)
            ;
        if (want != got || x != y || a.n_seen != b.n_seen)
            ck_abort_msg("round %d", round);
    }
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_search");
    TCase *tc = tcase_create("search");
    tcase_add_loop_test(tc, every_row_is_looked_at_once_in_this_order, 0,
                        N_CASES);
    tcase_add_loop_test(tc, what_is_beyond_the_end_is_told, 0, N_CASES);
    tcase_add_test(tc, the_first_hit_is_the_same_however_many_rows_a_call);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
