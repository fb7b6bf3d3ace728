/* SPDX-License-Identifier: MIT */
/* The view of statistics: its panels, and where Enter leads. */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/tui_load.h"

static struct store *store;
static struct stats *stats;
static struct tui_figures figures;
static struct tui tui;

static void
setup(void)
{
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    tui_init(&tui, store, stats, &figures);
    ck_assert(grid_resize(&tui.grid, 48, 160));
    const char *srcdir = getenv("srcdir");
    char name[4096];
    snprintf(name, sizeof name, "%s/samples/odd-frames.pcap",
             srcdir ? srcdir : ".");
    ck_assert(tui_load(name, store, stats));
    tui_draw(&tui);
}

static void
teardown(void)
{
    tui_fini(&tui);
    store_free(store);
    stats_free(stats);
}

static void
press(const char *word)
{
    tui_key(&tui, tui_load_key(word));
    tui_draw(&tui);
    const char *wrong = tui_load_wrong_grid(&tui.grid);
    wrong = wrong ? wrong : tui_load_wrong_state(&tui);
    ck_assert_msg(!wrong, "after %s: %s", word, wrong);
}

static void
press_times(const char *word, int n)
{
    for (int i = 0; i < n; i++)
        press(word);
}

static void
go_to_panel(enum stats_panel p)
{
    press("6");
    while (tui.stats_panel != p)
        press("Tab");
}

START_TEST(tab_goes_through_all_panels_at_every_size)
{
    static const int sizes[][2] = {{48, 160}, {30, 100}, {24, 80},
                                   {20, 60},  {12, 40},  {10, 40}};
    press("6");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert(grid_resize(&tui.grid, sizes[i][0], sizes[i][1]));
        for (unsigned p = 0; p < STATS_PANEL_COUNT; p++) {
            ck_assert_uint_eq(tui.stats_panel, p);
            press("Down");
            struct list *l = tui_view(&tui)->list(&tui);
            ck_assert_uint_gt(l->n, 0);
            ck_assert_msg(l->height > 0, "panel %u of %dx%d is not there", p,
                          sizes[i][1], sizes[i][0]);
            press("Tab");
        }
    }
}
END_TEST

START_TEST(an_opcode_leads_to_its_first_frame)
{
    go_to_panel(STATS_PANEL_OPCODES);
    press_times("Down", 3); /* text, binary, continuation, ping */
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert_uint_eq(store_frame_opcode(store_frame(store, tui.frame)),
                      WS_OP_PING);
    for (uint32_t i = 0; i < tui.frame; i++)
        ck_assert_uint_ne(store_frame_opcode(store_frame(store, i)),
                          WS_OP_PING);
}
END_TEST

START_TEST(a_size_leads_to_a_message_of_that_size)
{
    go_to_panel(STATS_PANEL_SIZES);
    press_times("Down", 3); /* 0, 1, 2 to 3, 4 to 7 */
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    struct store_message m;
    ck_assert(store_message_of(store, tui.frame, &m));
    ck_assert_uint_ge(m.len, 4);
    ck_assert_uint_le(m.len, 7);
}
END_TEST

START_TEST(a_step_of_the_curve_leads_to_its_first_frame)
{
    go_to_panel(STATS_PANEL_CURVE);
    press("End");
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert_uint_gt(tui.frame, 0);
    /* In the last step, which is 4 ms wide. */
    int64_t last = store_frame(store, store->frames.n - 1)->time_ns;
    int64_t here = store_frame(store, tui.frame)->time_ns;
    ck_assert_int_le(last - here, 4000000);
    ck_assert_int_gt(here, store_frame(store, tui.frame - 1)->time_ns);
}
END_TEST

START_TEST(a_connection_and_a_close_code_lead_to_a_connection)
{
    go_to_panel(STATS_PANEL_CONNS);
    press_times("Down", 4);
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert_uint_eq(tui.rows.conn, 4);
    go_to_panel(STATS_PANEL_CLOSES);
    press("Home");
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    const struct store_conn *c = store_conn(store, tui.rows.conn);
    ck_assert(c->close_code[0] == 1002 || c->close_code[1] == 1002);
    go_to_panel(STATS_PANEL_CLOSES);
    press("End"); /* without a code: nobody */
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_STATS);
}
END_TEST

START_TEST(steps_of_the_curve_are_made_wider_and_narrower)
{
    go_to_panel(STATS_PANEL_CURVE);
    size_t n = tui.stats_lists[STATS_PANEL_CURVE].n;
    ck_assert_uint_gt(n, 30);
    press("+");
    ck_assert_uint_eq(tui.stats_lists[STATS_PANEL_CURVE].n, (n + 1) / 2);
    press_times("+", 20);
    ck_assert_uint_eq(tui.stats_lists[STATS_PANEL_CURVE].n, 1);
    press_times("-", 30);
    ck_assert_uint_eq(tui.stats_lists[STATS_PANEL_CURVE].n, n);
}
END_TEST

START_TEST(without_statistics_there_is_a_view_all_the_same)
{
    tui.stats = NULL;
    press("6");
    press("Tab");
    press("Enter");
    press("o");
    ck_assert_int_eq(tui.view, VIEW_STATS);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_stats");
    TCase *tc = tcase_create("view");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, tab_goes_through_all_panels_at_every_size);
    tcase_add_test(tc, an_opcode_leads_to_its_first_frame);
    tcase_add_test(tc, a_size_leads_to_a_message_of_that_size);
    tcase_add_test(tc, a_step_of_the_curve_leads_to_its_first_frame);
    tcase_add_test(tc, a_connection_and_a_close_code_lead_to_a_connection);
    tcase_add_test(tc, steps_of_the_curve_are_made_wider_and_narrower);
    tcase_add_test(tc, without_statistics_there_is_a_view_all_the_same);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
