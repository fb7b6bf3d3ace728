/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/list.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/rng.h"

static struct list
list_of(size_t n, size_t height)
{
    struct list l = {0};
    list_fit(&l, n, height);
    return l;
}

static void
assert_sound(const struct list *l)
{
    if (l->n == 0) {
        ck_assert_uint_eq(l->cursor, 0);
        ck_assert_uint_eq(l->top, 0);
        return;
    }
    ck_assert_uint_lt(l->cursor, l->n);
    ck_assert_uint_le(l->top, l->cursor);
    if (l->height > 0)
        ck_assert_uint_lt(l->cursor - l->top, l->height);
}

START_TEST(the_cursor_scrolls_the_list_only_at_its_border)
{
    struct list l = list_of(100, 10);
    list_move(&l, 9);
    ck_assert_uint_eq(l.top, 0);
    list_move(&l, 1);
    ck_assert_uint_eq(l.cursor, 10);
    ck_assert_uint_eq(l.top, 1);
    list_move(&l, -9);
    ck_assert_uint_eq(l.top, 1);
    list_move(&l, -1);
    ck_assert_uint_eq(l.cursor, 0);
    ck_assert_uint_eq(l.top, 0);
}
END_TEST

START_TEST(moving_stops_at_both_ends)
{
    struct list l = list_of(5, 10);
    list_move(&l, LONG_MAX);
    ck_assert_uint_eq(l.cursor, 4);
    list_move(&l, LONG_MAX);
    ck_assert_uint_eq(l.cursor, 4);
    list_move(&l, -LONG_MAX);
    ck_assert_uint_eq(l.cursor, 0);
    list_go(&l, SIZE_MAX);
    ck_assert_uint_eq(l.cursor, 4);
    list_first(&l);
    ck_assert_uint_eq(l.cursor, 0);
}
END_TEST

START_TEST(an_empty_list_has_no_row_to_go_to)
{
    struct list l = list_of(0, 10);
    list_move(&l, 1);
    list_move(&l, -1);
    list_go(&l, 7);
    list_last(&l, false);
    assert_sound(&l);
    ck_assert_uint_eq(list_below(&l), 0);
}
END_TEST

START_TEST(rows_that_come_move_nothing_for_who_reads)
{
    struct list l = list_of(100, 10);
    list_go(&l, 50);
    size_t top = l.top;
    for (size_t n = 101; n < 1000; n += 7) {
        list_fit(&l, n, 10);
        ck_assert_uint_eq(l.cursor, 50);
        ck_assert_uint_eq(l.top, top);
        ck_assert_uint_eq(list_below(&l), n - top - 10);
    }
}
END_TEST

/* The last row without follow is a row like any other. */
START_TEST(rows_that_come_move_nothing_for_who_is_at_the_end_without_follow)
{
    struct list l = list_of(100, 10);
    list_last(&l, false);
    ck_assert_uint_eq(l.top, 90);
    list_fit(&l, 200, 10);
    ck_assert_uint_eq(l.cursor, 99);
    ck_assert_uint_eq(l.top, 90);
    ck_assert_uint_eq(list_below(&l), 100);
}
END_TEST

START_TEST(follow_goes_with_the_end_until_the_reader_moves)
{
    struct list l = list_of(100, 10);
    list_last(&l, true);
    list_fit(&l, 105, 10);
    ck_assert_uint_eq(l.cursor, 104);
    ck_assert_uint_eq(l.top, 95);
    ck_assert_uint_eq(list_below(&l), 0);
    list_move(&l, -1);
    ck_assert(!l.follow);
    list_fit(&l, 200, 10);
    ck_assert_uint_eq(l.cursor, 103);
    ck_assert_uint_eq(l.top, 95);
}
END_TEST

START_TEST(scrolling_moves_all_but_the_cursor)
{
    struct list l = list_of(100, 10);
    list_go(&l, 5);
    list_scroll(&l, 30);
    list_fit(&l, 100, 10);
    ck_assert_uint_eq(l.cursor, 5);
    ck_assert_uint_eq(l.top, 30);
    list_scroll(&l, LONG_MAX);
    ck_assert_uint_eq(l.top, 90);
    list_scroll(&l, -LONG_MAX);
    ck_assert_uint_eq(l.top, 0);
    list_scroll(&l, 50);
    list_move(&l, 1); /* goes on from where the cursor is */
    ck_assert_uint_eq(l.cursor, 6);
    ck_assert_uint_eq(l.top, 6);
}
END_TEST

START_TEST(scrolling_ends_follow_and_stays_in_the_list)
{
    struct list l = list_of(100, 10);
    list_last(&l, true);
    list_scroll(&l, -3);
    ck_assert(!l.follow);
    list_fit(&l, 200, 10);
    ck_assert_uint_eq(l.top, 87);
    list_fit(&l, 4, 10);
    ck_assert_uint_eq(l.top, 0);
    ck_assert_uint_eq(l.cursor, 3);
    list_scroll(&l, 3); /* all of it is on the screen */
    ck_assert_uint_eq(l.top, 0);
    l = list_of(0, 10);
    list_scroll(&l, 3);
    ck_assert_uint_eq(l.top, 0);
}
END_TEST

START_TEST(follow_begins_on_an_empty_list)
{
    struct list l = list_of(0, 10);
    list_last(&l, true);
    list_fit(&l, 3, 10);
    ck_assert_uint_eq(l.cursor, 2);
    ck_assert_uint_eq(l.top, 0);
}
END_TEST

static const struct resize_case {
    size_t cursor, top, height, to_height, to_n, want_cursor, want_top;
} resize_cases[] = {
    /* Smaller: the cursor stays on the screen. */
    {50, 45, 10, 3, 100, 50, 48},
    /* Higher: no blank rows at the end while there are rows above. */
    {99, 90, 10, 20, 100, 99, 80},
    /* All of it fits. */
    {99, 90, 10, 200, 100, 99, 0},
    /* Fewer rows: the scope is narrower. */
    {99, 90, 10, 10, 4, 3, 0},
    {50, 45, 10, 10, 52, 50, 42},
    /* No rows on the screen at all. */
    {50, 45, 10, 0, 100, 50, 45},
    {50, 45, 10, 10, 0, 0, 0},
};

START_TEST(the_screen_and_the_list_change_their_size)
{
    const struct resize_case *c = &resize_cases[_i];
    struct list l = {.cursor = c->cursor, .top = c->top};
    list_fit(&l, 100, c->height);
    ck_assert_uint_eq(l.top, c->top);
    list_fit(&l, c->to_n, c->to_height);
    ck_assert_uint_eq(l.cursor, c->want_cursor);
    ck_assert_uint_eq(l.top, c->want_top);
    assert_sound(&l);
}
END_TEST

START_TEST(random_moves_keep_the_cursor_on_the_screen)
{
    struct rng rng = {7};
    struct list l = {0};
    size_t n = 0;
    for (int i = 0; i < 200000; i++) {
        switch (rng_below(&rng, 7)) {
        case 0:
            list_move(&l, (long)rng_below(&rng, 41) - 20);
            break;
        case 1:
            list_go(&l, rng_below(&rng, 300));
            break;
        case 2:
            list_first(&l);
            break;
        case 3:
            list_last(&l, rng_below(&rng, 2));
            break;
        case 4:
            n = rng_chance(&rng, 50000) ? rng_below(&rng, 200)
                                        : n + rng_below(&rng, 3);
            break;
        default:
            list_fit(&l, n, rng_below(&rng, 30));
            assert_sound(&l);
            ck_assert_uint_le(list_below(&l), n);
        }
    }
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_list");
    TCase *tc = tcase_create("list");
    tcase_add_test(tc, the_cursor_scrolls_the_list_only_at_its_border);
    tcase_add_test(tc, moving_stops_at_both_ends);
    tcase_add_test(tc, an_empty_list_has_no_row_to_go_to);
    tcase_add_test(tc, rows_that_come_move_nothing_for_who_reads);
    tcase_add_test(
        tc, rows_that_come_move_nothing_for_who_is_at_the_end_without_follow);
    tcase_add_test(tc, follow_goes_with_the_end_until_the_reader_moves);
    tcase_add_test(tc, scrolling_moves_all_but_the_cursor);
    tcase_add_test(tc, scrolling_ends_follow_and_stays_in_the_list);
    tcase_add_test(tc, follow_begins_on_an_empty_list);
    tcase_add_loop_test(tc, the_screen_and_the_list_change_their_size, 0,
                        sizeof resize_cases / sizeof *resize_cases);
    tcase_add_test(tc, random_moves_keep_the_cursor_on_the_screen);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
