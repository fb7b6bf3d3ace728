/* SPDX-License-Identifier: MIT */
/* The view of statistics: its panels, and where Enter leads. */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/tui_load.h"
#include "ui/tui/views/stats_panel.h"

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

/* Draws until all is counted. */
static void
draw_all(void)
{
    do
        tui_draw(&tui);
    while (tui.busy);
}

static void
filter(const char *text)
{
    filter_apply(&tui, text);
    draw_all();
}

/* The frames are shown, from the first one on, so many, by that filter. */
static void
shows(const char *text, size_t n)
{
    draw_all();
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert_str_eq(tui.shown.text, text);
    ck_assert_uint_eq(tui.rows.n, n);
    ck_assert_uint_eq(tui.frames.cursor, 0);
    ck_assert_uint_eq(tui.frame, rows_at(&tui.rows, 0));
    ck_assert_uint_eq(tui.rows.conn, STORE_NONE);
}

/* Frames of an opcode by a sender, as the panel counts them. */
static uint64_t
counted(enum stats_opcode_row row, unsigned from)
{
    struct stats_figures f;
    stats_figures(stats_panel_stats(&tui), &f);
    return f.opcode[row][from];
}

static const struct {
    const char *keys[4];
    const char *filter;
    unsigned row;
    unsigned sides; /* set of 1 << enum ws_sender */
} opcodes[] = {
    {{"Home"}, "websocket.opcode == text", STATS_ROW_TEXT, 3},
    {{"Down", "Down"},
     "websocket.opcode == continuation",
     STATS_ROW_CONTINUATION,
     3},
    {{"Right"}, "websocket.opcode == text && ws.dir == c2s", STATS_ROW_TEXT, 1},
    {{"Right", "Right", "Right"},
     "websocket.opcode == text && ws.dir == s2c",
     STATS_ROW_TEXT,
     2},
    {{"Right", "Right", "Left", "End"},
     "websocket.opcode in {3..7, 11..15} && ws.dir == c2s",
     STATS_ROW_OTHER,
     1},
    {{"Right", "Left", "End"},
     "websocket.opcode in {3..7, 11..15}",
     STATS_ROW_OTHER,
     3},
};

START_TEST(enter_on_an_opcode_filters_by_it_and_the_side_of_the_cursor)
{
    go_to_panel(STATS_PANEL_OPCODES);
    for (size_t i = 0; i < 4 && opcodes[_i].keys[i]; i++)
        press(opcodes[_i].keys[i]);
    uint64_t want = 0;
    for (unsigned d = 0; d < 2; d++)
        if (opcodes[_i].sides >> d & 1u)
            want += counted((enum stats_opcode_row)opcodes[_i].row, d);
    ck_assert_uint_gt(want, 0);
    press("Enter");
    shows(opcodes[_i].filter, want);
    press("Esc");
    ck_assert_int_eq(tui.view, VIEW_STATS);
    ck_assert_str_eq(tui.shown.text, opcodes[_i].filter);
}
END_TEST

START_TEST(enter_on_a_size_filters_by_the_length_of_messages)
{
    struct stats_figures f;
    stats_figures(stats, &f);
    go_to_panel(STATS_PANEL_SIZES);
    press_times("Down", 3); /* 0, 1, 2 to 3, 4 to 7 */
    press("Enter");
    shows("ws.msg.len in {4..7}", f.size[3]);
    filter("");
    go_to_panel(STATS_PANEL_SIZES);
    press("Home");
    press("Enter");
    shows("ws.msg.len == 0", f.size[0]);
}
END_TEST

START_TEST(enter_on_a_step_of_the_curve_filters_by_its_time)
{
    uint64_t n = 0, gaps = 0;
    for (size_t i = 0; i < store->frames.n; i++)
        gaps += store_frame(store, i)->flags & STORE_GAP;
    ck_assert_uint_eq(gaps, 0);
    go_to_panel(STATS_PANEL_CURVE);
    press("+");
    size_t steps = tui.stats_lists[STATS_PANEL_CURVE].n;
    ck_assert_uint_gt(steps, 10);
    /* Every frame is in one step. */
    for (size_t i = 0; i < steps; i++) {
        filter("");
        go_to_panel(STATS_PANEL_CURVE);
        press("Home");
        press_times("Right", (int)i);
        press("Enter");
        draw_all();
        if (tui.view == VIEW_STATS) {
            ck_assert_str_eq(tui.message, "there is none");
            continue;
        }
        ck_assert_int_eq(tui.view, VIEW_FRAMES);
        ck_assert(strstr(tui.shown.text, "frame.time_relative >= "));
        ck_assert_uint_gt(tui.rows.n, 0);
        n += tui.rows.n;
    }
    ck_assert_uint_eq(n, store->frames.n);
}
END_TEST

START_TEST(enter_on_a_connection_filters_by_it)
{
    go_to_panel(STATS_PANEL_CONNS);
    press_times("Down", 4);
    press("Enter");
    const struct store_conn *c = store_conn(store, 4);
    shows("ws.conn == 5", c->frames[0] + c->frames[1]);
}
END_TEST

START_TEST(enter_on_a_close_code_filters_by_it)
{
    struct stats_figures f;
    stats_figures(stats, &f);
    ck_assert_uint_eq(f.n_codes, 1);
    go_to_panel(STATS_PANEL_CLOSES);
    press("Home");
    press("Right");
    press("Enter");
    shows("websocket.payload.close.status_code == 1002 && ws.dir == c2s",
          f.code[0].n[0]);
    filter("");
    go_to_panel(STATS_PANEL_CLOSES);
    press("End"); /* without a code: nobody */
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_STATS);
    ck_assert_str_eq(tui.message, "there is none");
    ck_assert_ptr_null(tui.shown.text);
}
END_TEST

START_TEST(times_between_sides_are_no_filter)
{
    go_to_panel(STATS_PANEL_TURNS);
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_STATS);
    ck_assert_ptr_nonnull(strstr(tui.message, "no filter knows"));
}
END_TEST

START_TEST(a_bar_narrows_the_filter_that_the_figures_follow)
{
    filter("ws.dir == c2s");
    go_to_panel(STATS_PANEL_OPCODES);
    ck_assert_uint_eq(counted(STATS_ROW_TEXT, 1), 0);
    uint64_t n = counted(STATS_ROW_TEXT, 0);
    press("Enter");
    shows("(ws.dir == c2s) && websocket.opcode == text", n);
    /* Again changes nothing. */
    go_to_panel(STATS_PANEL_OPCODES);
    press("Enter");
    shows("(ws.dir == c2s) && websocket.opcode == text", n);
    /* Figures of everything make a filter of everything. */
    go_to_panel(STATS_PANEL_OPCODES);
    press("L");
    n = counted(STATS_ROW_TEXT, 0) + counted(STATS_ROW_TEXT, 1);
    press("Enter");
    shows("websocket.opcode == text", n);
}
END_TEST

START_TEST(a_filter_that_would_be_too_long_changes_nothing)
{
    char text[PROMPT_MAX];
    size_t n = (size_t)snprintf(text, sizeof text, "ws.conn");
    for (; n + 20 < sizeof text; n += strlen(text + n))
        snprintf(text + n, sizeof text - n, " && ws.conn");
    filter(text);
    ck_assert_str_eq(tui.shown.text, text);
    go_to_panel(STATS_PANEL_OPCODES);
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_STATS);
    ck_assert_str_eq(tui.message, "that filter is too long");
    ck_assert_str_eq(tui.shown.text, text);
}
END_TEST

START_TEST(figures_follow_the_filter_until_they_are_locked)
{
    const struct stats_sender *all = stats->sender;
    press("6");
    ck_assert_ptr_eq(stats_panel_stats(&tui), stats);
    filter("ws.dir == c2s");
    const struct stats *few = stats_panel_stats(&tui);
    ck_assert_ptr_ne(few, stats);
    ck_assert_uint_eq(few->sender[0].frames[WS_OP_TEXT],
                      all[0].frames[WS_OP_TEXT]);
    ck_assert_uint_eq(few->sender[1].frames[WS_OP_TEXT], 0);
    ck_assert_uint_eq(few->ended, stats->ended);
    press("L");
    ck_assert_ptr_eq(stats_panel_stats(&tui), stats);
    filter("ws.dir == s2c");
    ck_assert_ptr_eq(stats_panel_stats(&tui), stats);
    press("L");
    draw_all();
    few = stats_panel_stats(&tui);
    ck_assert_ptr_ne(few, stats);
    ck_assert_uint_eq(few->sender[0].frames[WS_OP_TEXT], 0);
    ck_assert_uint_eq(few->sender[1].frames[WS_OP_TEXT],
                      all[1].frames[WS_OP_TEXT]);
    filter("");
    ck_assert_ptr_eq(stats_panel_stats(&tui), stats);
}
END_TEST

/* Nothing is counted where nobody looks. */
START_TEST(figures_are_counted_in_slices_and_only_where_they_are_shown)
{
    press("1");
    filter("ws.dir == c2s");
    ck_assert_ptr_null(tui.recount.stats);
    tui.slice_ns = 0;
    press("6");
    int draws = 0;
    for (; tui.busy; draws++)
        tui_draw(&tui);
    ck_assert_int_gt(draws, 0);
    ck_assert_uint_eq(tui.recount.scanned, store->frames.n);
    ck_assert_uint_eq(tui.recount.stats->sender[1].frames[WS_OP_TEXT], 0);
    filter("ws.dir == s2c");
    ck_assert_uint_eq(tui.recount.stats->sender[0].frames[WS_OP_TEXT], 0);
}
END_TEST

START_TEST(a_filter_that_nothing_passes_leaves_empty_panels_at_every_size)
{
    static const int sizes[][2] = {{48, 160}, {24, 80}, {10, 40}};
    filter("ws.conn == 999");
    press("6");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert(grid_resize(&tui.grid, sizes[i][0], sizes[i][1]));
        for (unsigned p = 0; p < STATS_PANEL_COUNT; p++) {
            press("Down");
            press("Enter");
            ck_assert_int_eq(tui.view, VIEW_STATS);
            press("Tab");
        }
    }
    ck_assert_str_eq(tui.shown.text, "ws.conn == 999");
}
END_TEST

START_TEST(a_click_on_a_panel_gives_it_the_keys)
{
    go_to_panel(STATS_PANEL_CURVE);
    press("click:8,10"); /* the curve takes four lines */
    ck_assert_int_eq(tui.stats_panel, STATS_PANEL_OPCODES);
    press("click:3,10");
    ck_assert_int_eq(tui.stats_panel, STATS_PANEL_CURVE);
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
    tcase_add_loop_test(
        tc, enter_on_an_opcode_filters_by_it_and_the_side_of_the_cursor, 0,
        sizeof opcodes / sizeof *opcodes);
    tcase_add_test(tc, enter_on_a_size_filters_by_the_length_of_messages);
    tcase_add_test(tc, enter_on_a_step_of_the_curve_filters_by_its_time);
    tcase_add_test(tc, enter_on_a_connection_filters_by_it);
    tcase_add_test(tc, enter_on_a_close_code_filters_by_it);
    tcase_add_test(tc, times_between_sides_are_no_filter);
    tcase_add_test(tc, a_bar_narrows_the_filter_that_the_figures_follow);
    tcase_add_test(tc, a_filter_that_would_be_too_long_changes_nothing);
    tcase_add_test(tc, figures_follow_the_filter_until_they_are_locked);
    tcase_add_test(tc,
                   figures_are_counted_in_slices_and_only_where_they_are_shown);
    tcase_add_test(
        tc, a_filter_that_nothing_passes_leaves_empty_panels_at_every_size);
    tcase_add_test(tc, a_click_on_a_panel_gives_it_the_keys);
    tcase_add_test(tc, steps_of_the_curve_are_made_wider_and_narrower);
    tcase_add_test(tc, without_statistics_there_is_a_view_all_the_same);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
