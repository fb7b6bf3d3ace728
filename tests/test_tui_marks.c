/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/marks.h"

#include "tests/check_main.h"
#include "tests/rng.h"

START_TEST(a_row_is_marked_and_its_mark_taken_away)
{
    struct marks m = {.n = 0};
    ck_assert(!marks_has(&m, 7));
    ck_assert(marks_flip(&m, 7));
    ck_assert(marks_has(&m, 7));
    ck_assert(!marks_has(&m, 6));
    ck_assert(marks_flip(&m, 7));
    ck_assert(!marks_has(&m, 7));
    ck_assert_uint_eq(m.n, 0);
    marks_fini(&m);
}
END_TEST

START_TEST(marks_are_found_from_any_row_on)
{
    static const uint32_t rows[] = {900, 3, 0, UINT32_MAX - 1, 41};
    struct marks m = {.n = 0};
    for (size_t i = 0; i < 5; i++)
        ck_assert(marks_flip(&m, rows[i]));
    ck_assert_uint_eq(m.n, 5);
    ck_assert_uint_eq(m.row[marks_place(&m, 0)], 0);
    ck_assert_uint_eq(m.row[marks_place(&m, 1)], 3);
    ck_assert_uint_eq(m.row[marks_place(&m, 41)], 41);
    ck_assert_uint_eq(m.row[marks_place(&m, 42)], 900);
    ck_assert_uint_eq(m.row[marks_place(&m, 901)], UINT32_MAX - 1);
    ck_assert_uint_eq(marks_place(&m, UINT32_MAX), 5);
    marks_fini(&m);
}
END_TEST

START_TEST(there_are_so_many_marks_and_no_more)
{
    struct marks m = {.n = 0};
    for (uint32_t i = 0; i < MARKS_MAX; i++)
        ck_assert(marks_flip(&m, 3 * i));
    ck_assert(!marks_flip(&m, 1));
    ck_assert(!marks_has(&m, 1));
    ck_assert_uint_eq(m.n, MARKS_MAX);
    /* One can still be taken away, and then there is room. */
    ck_assert(marks_flip(&m, 3));
    ck_assert(marks_flip(&m, 1));
    ck_assert(marks_has(&m, 1));
    marks_fini(&m);
}
END_TEST

START_TEST(flipping_at_random_is_as_a_table_of_all_rows_says)
{
    bool want[500] = {false};
    struct rng rng = {3};
    struct marks m = {.n = 0};
    for (int i = 0; i < 20000; i++) {
        uint32_t row = (uint32_t)rng_below(&rng, 500);
        want[row] = !want[row];
        ck_assert(marks_flip(&m, row));
    }
    size_t n = 0;
    for (uint32_t row = 0; row < 500; row++) {
        ck_assert_int_eq(marks_has(&m, row), want[row]);
        n += want[row];
    }
    ck_assert_uint_eq(m.n, n);
    marks_fini(&m);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_marks");
    TCase *tc = tcase_create("marks");
    tcase_add_test(tc, a_row_is_marked_and_its_mark_taken_away);
    tcase_add_test(tc, marks_are_found_from_any_row_on);
    tcase_add_test(tc, there_are_so_many_marks_and_no_more);
    tcase_add_test(tc, flipping_at_random_is_as_a_table_of_all_rows_says);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
