/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/panel.h"

#include <string.h>

#include "tests/check_main.h"
#include "tests/out_text.h"
#include "ui/tui/screen/columns.h"

static struct grid grid;
static struct out out;

static void
setup(void)
{
    ck_assert(grid_resize(&grid, 1, 24));
    grid.utf8 = true;
    ck_assert_int_eq(out_init(&out, -1), ERR_OK);
}

static void
teardown(void)
{
    grid_fini(&grid);
    out_fini(&out);
}

static void
assert_row(const char *name, const char *want)
{
    grid_write(&grid, &out);
    out_put(&out, "", 1);
    ck_assert_msg(strncmp((const char *)out.ptr, want, strlen(want)) == 0 &&
                      out.ptr[strlen(want)] == '\n',
                  "%s: \"%.*s\" is not \"%s\"", name,
                  (int)strcspn((const char *)out.ptr, "\n"),
                  (const char *)out.ptr, want);
}

static const struct count_case {
    uint64_t n;
    int cols;
    const char *want;
} count_cases[] = {
    {0, 7, "0"},
    {999, 7, "999"},
    {7920, 7, "7 920"},
    {7920, 4, "7920"},
    {1234567, 9, "1 234 567"},
    {1234567, 8, "1234567"},
    {1234567, 6, "1.2M"},
    {UINT64_MAX, 26, "18 446 744 073 709 551 615"},
    {UINT64_MAX, 7, "18E"},
};

START_TEST(numbers_are_grouped_where_there_is_room)
{
    const struct count_case *c = &count_cases[_i];
    char text[40];
    panel_count(c->n, c->cols, text, sizeof text);
    ck_assert_str_eq(text, c->want);
}
END_TEST

static const struct spark_case {
    const char *name;
    int cols;
    size_t n;
    uint64_t v[8];
    struct scale scale;
    const char *utf8, *ascii;
} spark_cases[] = {
    {"each height",
     8,
     8,
     {1, 2, 3, 4, 5, 6, 7, 8},
     {8, false},
     "▁▂▃▄▅▆▇█",
     ".:-=+*##"},
    {"nothing is blank", 4, 4, {0, 8, 0, 8}, {8, false}, " █ █", " # #"},
    {"little is something", 2, 2, {1, 1000000}, {1000000, false}, "▁█", ".#"},
    {"log", 4, 4, {1, 15, 255, 65535}, {65535, true}, "▁▂▄█", ".:=#"},
    {"wider than there are values",
     6,
     3,
     {8, 4, 1},
     {8, false},
     "██▄▄▁▁",
     "##==.."},
    {"the largest of those in a column",
     2,
     8,
     {1, 8, 1, 1, 1, 1, 4, 1},
     {8, false},
     "█▄",
     "#="},
    {"more than all", 1, 1, {9}, {8, false}, "█", "#"},
    {"no scale", 2, 2, {0, 5}, {0, false}, " █", " #"},
};

START_TEST(sparklines_show_each_value)
{
    const struct spark_case *c = &spark_cases[_i / 2];
    grid.utf8 = _i % 2 == 0;
    panel_spark(&grid, 0, 0, c->cols, ROLE_TEXT, c->v, c->n, c->scale);
    assert_row(c->name, grid.utf8 ? c->utf8 : c->ascii);
}
END_TEST

static const struct bar_case {
    const char *name;
    int cols;
    uint64_t v;
    struct scale scale;
    const char *utf8, *ascii;
} bar_cases[] = {
    {"all of it", 4, 10, {10, false}, "████", "####"},
    {"none", 4, 0, {10, false}, "", ""},
    {"half", 4, 5, {10, false}, "██", "##"},
    {"eighths", 1, 3, {8, false}, "▍", "-"},
    {"a trace", 4, 1, {UINT64_MAX, false}, "▏", "."},
    {"log", 8, 255, {65535, true}, "████", "####"},
    {"no room", 0, 10, {10, false}, "", ""},
};

START_TEST(bars_are_as_long_as_their_share)
{
    const struct bar_case *c = &bar_cases[_i / 2];
    grid.utf8 = _i % 2 == 0;
    panel_bar(&grid, 0, 0, c->cols, ROLE_TEXT, c->v, c->scale);
    assert_row(c->name, grid.utf8 ? c->utf8 : c->ascii);
}
END_TEST

START_TEST(a_share_grows_with_its_value)
{
    for (int log = 0; log < 2; log++) {
        unsigned before = 0;
        for (uint64_t v = 0; v <= 5000; v++) {
            unsigned parts =
                scale_parts((struct scale){5000, log != 0}, v, 800);
            ck_assert_uint_ge(parts, before);
            ck_assert_uint_le(parts, 800);
            ck_assert((parts == 0) == (v == 0));
            before = parts;
        }
        ck_assert_uint_eq(before, 800);
    }
}
END_TEST

/* ---- columns ---- */

static const struct column columns[] = {
    {"#", NULL, 3, 3, 0, true, false},     {"Name", NULL, 4, 8, 1, false, true},
    {"C→S", "C>S", 5, 5, 2, true, false},  {"S→C", "S>C", 5, 5, 2, true, false},
    {"Much", NULL, 6, 9, 3, false, false},
};

static const struct fit_case {
    int cols;
    struct column_place want[5];
} fit_cases[] = {
    {40, {{0, 3}, {4, 14}, {19, 5}, {25, 5}, {31, 9}}},
    {30, {{0, 3}, {4, 7}, {12, 5}, {18, 5}, {24, 6}}},
    {27, {{0, 3}, {4, 4}, {9, 5}, {15, 5}, {21, 6}}},
    /* Those of one rank go together. */
    {26, {{0, 3}, {4, 10}, {15, 5}, {21, 5}, {0, 0}}},
    {19, {{0, 3}, {4, 15}, {0, 0}, {0, 0}, {0, 0}}},
    {7, {{0, 3}, {0, 0}, {0, 0}, {0, 0}, {0, 0}}},
    {1, {{0, 3}, {0, 0}, {0, 0}, {0, 0}, {0, 0}}},
};

START_TEST(columns_go_by_rank_and_grow_by_rank)
{
    const struct fit_case *c = &fit_cases[_i];
    struct column_place got[5];
    columns_fit(columns, 5, 0, c->cols, 1, got);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(got[i].cols, c->want[i].cols);
        if (got[i].cols > 0)
            ck_assert_int_eq(got[i].x, c->want[i].x);
    }
}
END_TEST

START_TEST(the_heading_tells_what_is_sorted_and_how)
{
    struct column_place place[5];
    columns_fit(columns, 5, 0, 24, 1, place);
    columns_head(&grid, 0, columns, 5, place, 1, false);
    assert_row("up", "  # Name^      C→S   S→C");
    grid_clear(&grid);
    out.len = 0;
    grid.utf8 = false;
    columns_head(&grid, 0, columns, 5, place, 3, true);
    assert_row("down", "  # Name       C>S  S>Cv");
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_panel");
    TCase *tc = tcase_create("panel");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, numbers_are_grouped_where_there_is_room, 0,
                        sizeof count_cases / sizeof *count_cases);
    tcase_add_loop_test(tc, sparklines_show_each_value, 0,
                        2 * sizeof spark_cases / sizeof *spark_cases);
    tcase_add_loop_test(tc, bars_are_as_long_as_their_share, 0,
                        2 * sizeof bar_cases / sizeof *bar_cases);
    tcase_add_test(tc, a_share_grows_with_its_value);
    tcase_add_loop_test(tc, columns_go_by_rank_and_grow_by_rank, 0,
                        sizeof fit_cases / sizeof *fit_cases);
    tcase_add_test(tc, the_heading_tells_what_is_sorted_and_how);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
