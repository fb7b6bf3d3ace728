/* SPDX-License-Identifier: MIT */
#include "ui/table.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/out_text.h"

static const struct table_column columns[] = {
    {.title = "name"},
    {.title = "n", .kind = TABLE_RIGHT},
    {.title = "path", .kind = TABLE_TEXT, .leave = 1},
    {.title = "", .kind = TABLE_BAR, .leave = 2},
};

static struct out_text written;
static struct page page;
static struct table table;

static void
setup(void)
{
    out_text_init(&written);
}

static void
teardown(void)
{
    page_fini(&page);
    out_text_fini(&written);
}

static const char *
draw(size_t width, bool utf8)
{
    page_fini(&page);
    ck_assert(page_init(&page, width, false, utf8));
    page_begin(&page, &written.out);
    table_begin(&table, columns, 4);
    table_row(&table);
    table_word(&table, "first");
    table_number(&table, 1234567);
    table_text(&table, slice_cstr("/a/\x1b[31m"), false);
    table_bar(&table, 4);
    table_row(&table);
    table_word(&table, "x");
    table_number(&table, 0);
    table_text(&table, slice_cstr("/chat"), true);
    table_bar(&table, 1);
    table_row(&table);
    table_word(&table, "none");
    table_draw(&table, &page);
    return out_text_next(&written);
}

START_TEST(columns_are_as_wide_as_what_stands_in_them)
{
    ck_assert_str_eq(draw(50, false),
                     "  name           n  path\n"
                     "  first  1,234,567  /a/<1B>[31m  #################\n"
                     "  x              0  /chat...     ####\n"
                     "  none\n");
}
END_TEST

START_TEST(bars_have_eighths_where_the_terminal_has_them)
{
    ck_assert_str_eq(draw(42, true),
                     "  name           n  path\n"
                     "  first  1,234,567  /a/\xe2\x90\x9b[31m  "
                     "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88"
                     "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88"
                     "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\n"
                     "  x              0  /chat\xe2\x80\xa6    "
                     "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\n"
                     "  none\n");
}
END_TEST

START_TEST(what_matters_least_is_left_out_first)
{
    ck_assert_str_eq(draw(30, false), "  name           n  path\n"
                                      "  first  1,234,567  /a/<1B>...\n"
                                      "  x              0  /chat...\n"
                                      "  none\n");
    ck_assert_str_eq(draw(20, false), "  name           n\n"
                                      "  first  1,234,567\n"
                                      "  x              0\n"
                                      "  none\n");
}
END_TEST

START_TEST(no_line_is_wider_than_the_page)
{
    const char *text = draw((size_t)_i, false);
    for (const char *end; (end = strchr(text, '\n')); text = end + 1)
        ck_assert_int_le(end - text, _i);
}
END_TEST

START_TEST(a_screen_holds_no_more_rows_than_it_has)
{
    ck_assert(page_init(&page, 80, false, false));
    page_begin_screen(&page, 2, 5, &written.out);
    for (int i = 0; i < 4; i++) {
        line_put(&page.line, "longer");
        page_end_line(&page);
    }
    page_finish(&page);
    ck_assert_str_eq(out_text_next(&written),
                     "\033[Hlong\033[K\r\nlong\033[K\033[J");
}
END_TEST

START_TEST(pieces_go_on_below_the_first_one)
{
    ck_assert(page_init(&page, 30, false, false));
    page_begin(&page, &written.out);
    page_label(&page, "label");
    page_piece(&page, "one piece");
    page_piece(&page, "three");
    page_piece(&page, "another");
    page_end_line(&page);
    ck_assert_str_eq(out_text_next(&written), "label        one piece, three,\n"
                                              "             another\n");
}
END_TEST

static Suite *
table_suite(void)
{
    Suite *s = suite_create("table");
    TCase *t = tcase_create("table");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, columns_are_as_wide_as_what_stands_in_them);
    tcase_add_test(t, bars_have_eighths_where_the_terminal_has_them);
    tcase_add_test(t, what_matters_least_is_left_out_first);
    tcase_add_loop_test(t, no_line_is_wider_than_the_page, 1, 100);
    tcase_add_test(t, a_screen_holds_no_more_rows_than_it_has);
    tcase_add_test(t, pieces_go_on_below_the_first_one);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(table_suite)
