/* SPDX-License-Identifier: MIT */
/*
 * help.c and palette.c: what a text finds, in which group, and what Enter does
 * with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/tui_load.h"
#include "ui/tui/layers/palette.h"

static struct store *store;
static struct stats *stats;
static struct tui_figures figures;
static struct tui tui;

static void
setup(void)
{
    char name[512];
    const char *srcdir = getenv("srcdir");
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    snprintf(name, sizeof name, "%s/samples/good-chat.pcapng",
             srcdir ? srcdir : ".");
    ck_assert(tui_load(name, store, stats));
    tui_init(&tui, store, stats, &figures);
    ck_assert(grid_resize(&tui.grid, 24, 80));
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
type(const char *text)
{
    for (; *text; text++)
        tui_key(&tui, (struct tty_key){.ch = (uint8_t)*text});
    tui_draw(&tui);
}

/* ---- what fits ---- */

static const struct {
    const char *name, *text;
    enum action better, worse; /* ACTION_COUNT: must not fit at all */
} orders[] = {
    {"a command before its help", "follow", ACTION_FOLLOW, ACTION_LAST},
    {"a key before a command", "p", ACTION_PAUSE, ACTION_PANE},
    {"a key in its own case", "F", ACTION_FOLLOW, ACTION_SCOPE},
    {"the begin of a command before a word", "pa", ACTION_PAUSE,
     ACTION_NEXT_FRAME},
    {"a word before the middle of one", "con", ACTION_VIEW_CONNS, ACTION_TIME},
    {"q quits", "q", ACTION_QUIT, ACTION_BACK},
    {"q! quits", "q!", ACTION_QUIT, ACTION_COUNT},
    {"letters at the begins of words", "nfr", ACTION_NEXT_FRAME, ACTION_UP},
    {"in any case", "SEVERITY", ACTION_SEVERITY, ACTION_QUIT},
    {"the name of a key", "pgup", ACTION_PAGE_UP, ACTION_UP},
};

START_TEST(what_fits_better_has_the_higher_score)
{
    unsigned better =
        palette_score(action_info(orders[_i].better), orders[_i].text);
    unsigned worse =
        orders[_i].worse == ACTION_COUNT
            ? 0
            : palette_score(action_info(orders[_i].worse), orders[_i].text);
    ck_assert_msg(better > worse, "%s: %u, %u", orders[_i].name, better, worse);
}
END_TEST

static const char *const nothing[] = {"xyzzy", "zzzzzzzzzzzzzzzzzzzzzzzzzzzz",
                                      "\t", "follow it", "\xff"};

START_TEST(what_is_nowhere_fits_nothing)
{
    for (unsigned a = 0; a < ACTION_COUNT; a++)
        ck_assert_msg(!palette_score(action_info((enum action)a), nothing[_i]),
                      "%s finds %s", nothing[_i],
                      action_info((enum action)a)->help);
}
END_TEST

START_TEST(a_text_longer_than_any_fits_nothing)
{
    char text[1000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (unsigned a = 0; a < ACTION_COUNT; a++)
        ck_assert(!palette_score(action_info((enum action)a), text));
}
END_TEST

static const struct {
    const char *text;
    bool is;
    size_t row;
} numbers[] = {
    {"12", true, 12},
    {":12", true, 12},
    {"1", true, 1},
    {"0", false, 0},
    {"", false, 0},
    {":", false, 0},
    {"1a", false, 0},
    {"-1", false, 0},
    {" 1", false, 0},
    {"99999999999999999999999", true, SIZE_MAX},
    {"18446744073709551615", true, SIZE_MAX},
};

START_TEST(a_number_is_a_row)
{
    size_t row = 77;
    ck_assert_int_eq(palette_row(numbers[_i].text, &row), numbers[_i].is);
    if (numbers[_i].is)
        ck_assert_uint_eq(row, numbers[_i].row);
}
END_TEST

/* ---- groups ---- */

START_TEST(every_action_stands_once_below_the_right_heading)
{
    struct palette_line lines[PALETTE_LINES_MAX];
    size_t best;
    tui.view = (enum view_id)_i;
    size_t n = palette_collect(&tui, "", lines, &best);
    unsigned seen[ACTION_COUNT] = {0}, headings = 0;
    enum palette_group group = PALETTE_GROUPS;
    ck_assert_int_eq(lines[0].action, ACTION_COUNT);
    ck_assert_int_ne(lines[best].action, ACTION_COUNT);
    for (size_t i = 0; i < n; i++) {
        char reason[TUI_TEXT_MAX];
        enum action a = lines[i].action;
        if (a == ACTION_COUNT) {
            group = lines[i].group;
            headings++;
            continue;
        }
        seen[a]++;
        ck_assert_int_eq(lines[i].group, group);
        const char *why = tui_why_not(&tui, a, reason, sizeof reason);
        ck_assert_int_eq(group == PALETTE_NOT_NOW, why != NULL);
        if (group == PALETTE_HERE)
            ck_assert_uint_ne(action_info(a)->views, EVERY_VIEW);
    }
    ck_assert_uint_le(headings, PALETTE_GROUPS);
    for (unsigned a = 0; a < ACTION_COUNT; a++)
        ck_assert_uint_eq(seen[a], 1);
}
END_TEST

START_TEST(reasons_tell_what_is_missing)
{
    char reason[TUI_TEXT_MAX];
    ck_assert_str_eq(tui_why_not(&tui, ACTION_PAUSE, reason, sizeof reason),
                     "this is a file");
    tui.live = true;
    ck_assert_str_eq(tui_why_not(&tui, ACTION_FOLLOW, reason, sizeof reason),
                     "the capture has ended");
    ck_assert_str_eq(tui_why_not(&tui, ACTION_SECRETS, reason, sizeof reason),
                     "in Handshake");
    ck_assert_str_eq(tui_why_not(&tui, ACTION_CONTROL, reason, sizeof reason),
                     "in Talk");
    ck_assert_ptr_null(tui_why_not(&tui, ACTION_QUIT, reason, sizeof reason));
    /* What goes on must be ended even when nothing comes any more. */
    tui.paused = true;
    ck_assert_ptr_null(tui_why_not(&tui, ACTION_PAUSE, reason, sizeof reason));
}
END_TEST

/* ---- what Enter does ---- */

START_TEST(each_command_runs_its_action)
{
    enum action a = (enum action)_i;
    char command[64], reason[TUI_TEXT_MAX];
    snprintf(command, sizeof command, ":%s", action_info(a)->command);
    command[strcspn(command, " ")] = '\0';
    press(":");
    ck_assert_ptr_nonnull(tui.layer);
    type(command + 1);
    struct palette_line lines[PALETTE_LINES_MAX];
    size_t best;
    palette_collect(&tui, command, lines, &best);
    bool can = !tui_why_not(&tui, a, reason, sizeof reason);
    ck_assert_int_eq(lines[best].action, a);
    ck_assert_uint_eq(tui.help_list.cursor, best);
    press("Enter");
    if (!can)
        ck_assert_ptr_nonnull(strstr(tui.message, "not now: "));
}
END_TEST

START_TEST(views_are_entered_by_name)
{
    press(":");
    type("talk");
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_TALK);
    press("?");
    type(":ladder"); /* the colon may be typed again */
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_LADDER);
    press(":");
    type("q");
    press("Enter");
    ck_assert(tui.quit);
}
END_TEST

START_TEST(a_number_goes_to_its_row)
{
    press("2");
    press(":");
    type("12");
    press("Enter");
    ck_assert_ptr_null(tui.layer);
    ck_assert_uint_eq(tui.frames.cursor, 11);
    press(":");
    type("4000");
    press("Enter");
    ck_assert_uint_eq(tui.frames.cursor, 11);
    ck_assert_ptr_nonnull(strstr(tui.message, "rows"));
}
END_TEST

static const char *const closing[] = {"Esc", "F1", "^C", "?"};

START_TEST(it_closes_and_nothing_was_done)
{
    press("2");
    press("F1");
    ck_assert_ptr_nonnull(tui.layer);
    press(closing[_i]);
    ck_assert_ptr_null(tui.layer);
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert(!tui.quit);
}
END_TEST

START_TEST(the_cursor_is_never_on_a_heading)
{
    struct palette_line lines[PALETTE_LINES_MAX];
    static const char *const keys[] = {"Down", "Up",   "PgDn",
                                       "Down", "PgUp", "Up"};
    press("?");
    for (unsigned i = 0; i < 600; i++) {
        press(keys[i / 100]);
        size_t best;
        palette_collect(&tui, "", lines, &best);
        ck_assert_int_ne(lines[tui.help_list.cursor].action, ACTION_COUNT);
    }
    ck_assert_uint_eq(tui.help_list.cursor, 1);
}
END_TEST

START_TEST(nothing_found_runs_nothing)
{
    press("?");
    type("xyzzy");
    press("Down");
    press("Enter");
    ck_assert_ptr_null(tui.layer);
    ck_assert_int_eq(tui.view, VIEW_CONNS);
    ck_assert(!tui.quit);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_palette");
    TCase *tc = tcase_create("scores");
    tcase_add_loop_test(tc, what_fits_better_has_the_higher_score, 0,
                        sizeof orders / sizeof *orders);
    tcase_add_loop_test(tc, what_is_nowhere_fits_nothing, 0,
                        sizeof nothing / sizeof *nothing);
    tcase_add_test(tc, a_text_longer_than_any_fits_nothing);
    tcase_add_loop_test(tc, a_number_is_a_row, 0,
                        sizeof numbers / sizeof *numbers);
    suite_add_tcase(s, tc);
    tc = tcase_create("pressed");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_action_stands_once_below_the_right_heading, 0,
                        VIEW_COUNT);
    tcase_add_test(tc, reasons_tell_what_is_missing);
    tcase_add_loop_test(tc, each_command_runs_its_action, 0, ACTION_COUNT);
    tcase_add_test(tc, views_are_entered_by_name);
    tcase_add_test(tc, a_number_goes_to_its_row);
    tcase_add_loop_test(tc, it_closes_and_nothing_was_done, 0,
                        sizeof closing / sizeof *closing);
    tcase_add_test(tc, the_cursor_is_never_on_a_heading);
    tcase_add_test(tc, nothing_found_runs_nothing);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
