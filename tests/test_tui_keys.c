/* SPDX-License-Identifier: MIT */
/*
 * action.def: every key does what it says, in every view; and what the hints
 * say is so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/rng.h"
#include "tests/tui_load.h"

START_TEST(every_key_of_an_action_means_it_in_each_of_its_views)
{
    enum action a = (enum action)_i;
    const struct action_info *info = action_info(a);
    char keys[64], *save = NULL;
    ck_assert_uint_ne(info->views, 0);
    ck_assert_uint_eq(info->views & ~EVERY_VIEW, 0);
    ck_assert_uint_lt(strlen(info->keys), sizeof keys);
    snprintf(keys, sizeof keys, "%s", info->keys);
    char *word = strtok_r(keys, " ", &save);
    ck_assert_ptr_nonnull(word);
    for (; word; word = strtok_r(NULL, " ", &save))
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            if (!(info->views >> v & 1u))
                continue;
            enum action got =
                tui_action_of((enum view_id)v, tui_load_key(word));
            ck_assert_msg(got == a, "%s in %s is for \"%s\", not \"%s\"", word,
                          view_name((enum view_id)v),
                          got < ACTION_COUNT ? action_info(got)->help : "",
                          info->help);
        }
}
END_TEST

START_TEST(every_action_has_a_sentence_of_help)
{
    const struct action_info *info = action_info((enum action)_i);
    size_t len = strlen(info->help);
    ck_assert_uint_gt(len, 3);
    ck_assert_uint_lt(len, 60);
    ck_assert(info->help[len - 1] != ' ' && info->help[len - 1] != '.');
    for (int b = 0; b < _i; b++)
        ck_assert_str_ne(action_info((enum action)b)->help, info->help);
}
END_TEST

START_TEST(every_action_has_a_command_of_its_own)
{
    const char *mine = action_info((enum action)_i)->command;
    ck_assert_uint_gt(strlen(mine), 0);
    while (*mine) {
        size_t len = strcspn(mine, " ");
        for (int b = 0; b < _i; b++) {
            const char *theirs = action_info((enum action)b)->command;
            while (*theirs) {
                size_t n = strcspn(theirs, " ");
                ck_assert_msg(n != len || memcmp(mine, theirs, n) != 0,
                              "%.*s twice", (int)n, theirs);
                theirs += n + (theirs[n] == ' ');
            }
        }
        mine += len + (mine[len] == ' ');
    }
}
END_TEST

START_TEST(hints_are_of_actions_of_their_views)
{
    const struct action_hint *h;
    unsigned help = 0, back = 0;
    for (size_t i = 0; (h = action_hint(i)); i++) {
        ck_assert_uint_ne(h->views, 0);
        ck_assert_msg((h->views & ~action_info(h->action)->views) == 0,
                      "\"%s\" in a view without it", h->text);
        ck_assert_uint_lt(strlen(h->text), 20);
        bool here = h->views >> _i & 1u;
        help += here && h->action == ACTION_HELP;
        back += here && h->action == ACTION_BACK;
    }
    ck_assert_int_eq(action_hint(0)->action, ACTION_HELP);
    ck_assert_uint_eq(help, 1);
    ck_assert_uint_eq(back, 1);
}
END_TEST

static const struct {
    const char *name;
    struct tty_key key;
} no_keys[] = {
    {"nothing", {.code = TTY_KEY_NONE}},
    {"resize", {.code = TTY_KEY_RESIZE}},
    {"beyond ASCII", {.ch = 0xe9}},
    {"beyond Unicode", {.ch = 0xffffffff}},
    {"DEL", {.ch = 127}},
    {"FS", {.ch = 28}},
    {"a code that is none", {.code = (enum tty_key_code)9999}},
};

START_TEST(other_keys_mean_nothing)
{
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        ck_assert_msg(tui_action_of((enum view_id)v, no_keys[_i].key) ==
                          ACTION_COUNT,
                      "%s in %s", no_keys[_i].name, view_name((enum view_id)v));
}
END_TEST

/* ---- on an empty store ---- */

static struct store *store;
static struct stats *stats;
static struct tui_figures figures;
static struct tui tui;

/* A seed a case; what failed is told with the step. */
START_TEST(random_keys_sizes_and_events_break_nothing)
{
    static uint8_t steps[20000];
    struct rng rng = {(uint64_t)_i};
    rng_fill(&rng, steps, sizeof steps);
    /* Most of them keys that mean something: letters and arrows. */
    for (size_t i = 0; i < sizeof steps; i++)
        if (rng_chance(&rng, 300000))
            steps[i] =
                (uint8_t) "1234567jkhlGgbBftxvdVCHoenN[]JKF\r"[rng_below(&rng,
                                                                         34)];
    tui_load_steps(steps, sizeof steps);
}
END_TEST

static void
setup(void)
{
    struct stats_options how = {.width = 80};
    stats = stats_new(&how);
    ck_assert_ptr_nonnull(stats);
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    tui_init(&tui, store, stats, &figures);
    ck_assert(grid_resize(&tui.grid, 24, 80));
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

START_TEST(every_key_works_in_every_view_where_nothing_is)
{
    char view[2] = {(char)('1' + _i), '\0'};
    for (unsigned a = 0; a < ACTION_COUNT; a++) {
        char keys[64], *save = NULL;
        snprintf(keys, sizeof keys, "%s", action_info((enum action)a)->keys);
        for (char *w = strtok_r(keys, " ", &save); w;
             w = strtok_r(NULL, " ", &save)) {
            press(view);
            press(w);
            while (tui.layer)
                press("Esc");
            tui.paused = false;
        }
    }
}
END_TEST

START_TEST(back_leads_to_the_first_view_and_out)
{
    press("2");
    press("3");
    press("7");
    for (int i = 0; i < 7 && tui.view != VIEW_CONNS; i++) {
        press("q");
        ck_assert(!tui.quit);
    }
    ck_assert_int_eq(tui.view, VIEW_CONNS);
    press("q");
    ck_assert(tui.quit);
}
END_TEST

START_TEST(what_is_pasted_is_no_command)
{
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_PASTE});
    press("q");
    press("Q");
    press("3");
    ck_assert(!tui.quit);
    ck_assert_int_eq(tui.view, VIEW_CONNS);
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_PASTE_END});
    press("3");
    ck_assert_int_eq(tui.view, VIEW_TALK);
}
END_TEST

START_TEST(text_is_pasted_into_a_prompt)
{
    press("^F");
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_PASTE});
    press("a");
    press("q");
    press("Enter"); /* a line end in it does not end the prompt */
    ck_assert(tui.layer);
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_PASTE_END});
    press("Enter");
    ck_assert(!tui.layer);
    ck_assert_str_eq(tui.find, "aq");
}
END_TEST

START_TEST(a_prompt_takes_what_fits_and_whole_characters)
{
    press("^F");
    for (int i = 0; i < 1000; i++)
        tui_key(&tui, (struct tty_key){.ch = 0x4e2d});
    ck_assert_uint_lt(tui.prompt.len, sizeof tui.prompt.text);
    ck_assert_uint_eq(tui.prompt.len % 3, 0);
    press("Bksp");
    ck_assert_uint_eq(tui.prompt.len % 3, 0);
    press("^U");
    ck_assert_uint_eq(tui.prompt.len, 0);
    press("Bksp");
    ck_assert_uint_eq(tui.prompt.len, 0);
    press("Esc");
    ck_assert(!tui.layer);
}
END_TEST

/* ---- the mouse ---- */

START_TEST(a_click_on_a_tab_goes_to_its_view)
{
    press("1");
    tui_draw(&tui);
    /* "[1 Conns] 2  3 ..." of 80 columns */
    press("click:0,10");
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert_str_eq(tui.message, "hold Shift to select text");
    press("click:0,0");
    ck_assert_int_eq(tui.view, VIEW_CONNS);
    ck_assert_str_eq(tui.message, ""); /* said once */
}
END_TEST

START_TEST(a_click_on_a_hint_is_its_key)
{
    press("7");
    press("click:23,3"); /* ? help */
    ck_assert_ptr_nonnull(tui.layer);
    press("click:0,0"); /* what lies below the help is not hit */
    ck_assert_ptr_nonnull(tui.layer);
    ck_assert_int_eq(tui.view, VIEW_FINDINGS);
    for (const char *c = "redraw"; *c; c++)
        tui_key(&tui, (struct tty_key){.ch = (uint32_t)*c});
    press("click:23,2"); /* Enter run: closes it */
    ck_assert_ptr_null(tui.layer);
}
END_TEST

static const char *const nowhere[] = {"click:1,79",      "click:-1,-1",
                                      "click:5000,5000", "twice:10,10",
                                      "wheel-up:0,0",    "wheel-down:-3,-3",
                                      "wheel-up:10,10",  "wheel-down:10,10",
                                      "click:22,1"};

START_TEST(a_click_on_nothing_does_nothing)
{
    char view[2] = {'1', '\0'};
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        view[0] = (char)('1' + v);
        press(view);
        press(nowhere[_i]);
        ck_assert_int_eq(tui.view, (enum view_id)v);
        ck_assert(!tui.layer && !tui.quit);
    }
}
END_TEST

START_TEST(rows_are_clicked_and_scrolled)
{
    char name[512];
    const char *srcdir = getenv("srcdir");
    snprintf(name, sizeof name, "%s/samples/good-chat.pcapng",
             srcdir ? srcdir : ".");
    ck_assert(tui_load(name, store, stats));
    press("2"); /* rows from the fourth line on */
    press("click:6,20");
    ck_assert_uint_eq(tui.frames.cursor, 3);
    ck_assert_uint_eq(tui.frame, rows_at(&tui.rows, 3));
    press("wheel-down:6,20");
    ck_assert_uint_eq(tui.frames.cursor, 3);
    ck_assert_uint_eq(tui.frames.top, 3);
    press("click:6,20");
    ck_assert_uint_eq(tui.frames.cursor, 6);
    press("wheel-up:6,20");
    ck_assert_uint_eq(tui.frames.top, 0);
    press("1");
    press("twice:3,10"); /* as Enter does */
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    press("3");
    press("click:5,20");
    ck_assert_uint_eq(tui.talk.cursor, 2);
}
END_TEST

START_TEST(enter_right_behind_another_key_opens_what_that_selected)
{
    char name[512];
    const char *srcdir = getenv("srcdir");
    snprintf(name, sizeof name, "%s/samples/odd-frames.pcap",
             srcdir ? srcdir : ".");
    ck_assert(tui_load(name, store, stats));
    ck_assert_uint_gt(store->conns.n, 1);
    tui_draw(&tui);
    tui_key(&tui, tui_load_key("Down"));
    tui_key(&tui, tui_load_key("Enter"));
    ck_assert_uint_eq(tui.conn, 1);
    ck_assert_uint_eq(tui.rows.conn, 1);
}
END_TEST

/* ---- the panes of the frames ---- */

static void
load_chat(int rows, int cols)
{
    char name[512];
    const char *srcdir = getenv("srcdir");
    snprintf(name, sizeof name, "%s/samples/good-chat.pcapng",
             srcdir ? srcdir : ".");
    ck_assert(tui_load(name, store, stats));
    ck_assert(grid_resize(&tui.grid, rows, cols));
    press("2");
}

static const int sizes[][2] = {{24, 80}, {48, 160}, {30, 100},
                               {12, 40}, {20, 60},  {10, 40}};

START_TEST(tab_goes_round_the_panes_and_back_out_of_them)
{
    load_chat(sizes[_i][0], sizes[_i][1]);
    for (unsigned pane = 1; pane <= 4; pane++) {
        press("Tab");
        ck_assert_uint_eq(tui.pane, pane % 4);
    }
    press("BackTab");
    ck_assert_uint_eq(tui.pane, 3);
    press("\\");
    ck_assert(tui.zoom);
    press("q");
    ck_assert(!tui.zoom);
    ck_assert_uint_eq(tui.pane, 3);
    press("x"); /* the pane is gone: the list has the keys */
    ck_assert_uint_eq(tui.pane, 0);
    press("BackTab");
    ck_assert_uint_eq(tui.pane, 2);
    press("q");
    ck_assert_uint_eq(tui.pane, 0);
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    press("q");
    ck_assert_int_eq(tui.view, VIEW_CONNS);
}
END_TEST

START_TEST(in_the_detail_rows_are_fields)
{
    load_chat(24, 80);
    press("Down"); /* a masked frame */
    press("Tab");
    uint32_t frame = tui.frame;
    for (unsigned field = 1; field < 7; field++) {
        press("Down");
        ck_assert_uint_eq(tui.field, field);
    }
    press("Up");
    ck_assert_uint_eq(tui.field, 5);
    ck_assert_uint_eq(tui.frame, frame);
    press("J");
    ck_assert_uint_ne(tui.frame, frame);
}
END_TEST

START_TEST(the_border_moves_and_no_pane_gets_lost)
{
    load_chat(24, 80);
    size_t before = tui.frames.height;
    press("+");
    ck_assert_uint_eq(tui.frames.height, before + 1);
    for (int i = 0; i < 100; i++)
        press("+");
    ck_assert_uint_ge(tui.detail.height, 4);
    for (int i = 0; i < 200; i++)
        press("-");
    ck_assert_uint_ge(tui.frames.height, 2);
}
END_TEST

START_TEST(times_are_since_the_reference)
{
    char text[32];
    load_chat(24, 80);
    press("Down");
    press("T");
    ck_assert_uint_eq(tui.reference, tui.frame);
    const struct store_frame *f = store_frame(store, tui.frame);
    tui_time(&tui, f->time_ns + 1500000, 0, text, sizeof text);
    ck_assert_str_eq(text, "0.001500");
    tui_time(&tui, f->time_ns - 1500000, 0, text, sizeof text);
    ck_assert_str_eq(text, "-0.001500");
    press("t"); /* round: since the first */
    ck_assert_int_eq(tui.time, TUI_TIME_RELATIVE);
    press("T");
    ck_assert_uint_eq(tui.reference, STORE_NONE);
    for (int i = 0; i < TUI_TIME_COUNT; i++) {
        press("t"); /* never that without a reference */
        ck_assert_int_ne(tui.time, TUI_TIME_REFERENCE);
    }
}
END_TEST

START_TEST(panes_and_fields_are_clicked)
{
    load_chat(24, 80);
    press("Down");
    press("click:13,20"); /* the third line of the detail: RSV */
    ck_assert_uint_eq(tui.pane, 1);
    ck_assert_uint_eq(tui.field, 1);
    press("click:5,20");
    ck_assert_uint_eq(tui.pane, 0);
    ck_assert_uint_eq(tui.frames.cursor, 2);
    press("b");
    press("click:6,10"); /* in the figure: the opcode */
    ck_assert_uint_eq(tui.field, 2);
}
END_TEST

START_TEST(settings_change_what_they_say)
{
    load_chat(24, 80);
    tui.grid.utf8 = true;
    press("F9");
    ck_assert_ptr_nonnull(tui.layer);
    press("Enter");
    ck_assert_int_eq(tui.time, TUI_TIME_DELTA);
    press("Down");
    press("Enter");
    ck_assert(!tui.grid.utf8);
    press("Enter");
    ck_assert(tui.grid.utf8);
    press("twice:5,10"); /* the third one */
    ck_assert(!tui.explain);
    press("Down");
    press("Space");
    ck_assert(tui.mouse);
    press("Down");
    press("Right");
    ck_assert(tui.secrets);
    press("Down");
    press("Enter");
    ck_assert(tui.present && !tui.secrets);
    press("Up");
    press("Enter");
    ck_assert(!tui.secrets);
    press("q");
    ck_assert_ptr_null(tui.layer);
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
}
END_TEST

START_TEST(ascii_of_the_terminal_stays)
{
    tui.grid.utf8 = false;
    press("F9");
    press("Down");
    press("Enter");
    ck_assert(!tui.grid.utf8);
}
END_TEST

START_TEST(pasted_text_that_nothing_asks_for_is_told)
{
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_PASTE});
    press("q");
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_PASTE_END});
    ck_assert_ptr_nonnull(strstr(tui.message, "pasted"));
    press("/");
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_PASTE});
    ck_assert_str_eq(tui.message, "");
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_keys");
    TCase *tc = tcase_create("table");
    tcase_add_loop_test(tc,
                        every_key_of_an_action_means_it_in_each_of_its_views, 0,
                        ACTION_COUNT);
    tcase_add_loop_test(tc, every_action_has_a_sentence_of_help, 0,
                        ACTION_COUNT);
    tcase_add_loop_test(tc, every_action_has_a_command_of_its_own, 0,
                        ACTION_COUNT);
    tcase_add_loop_test(tc, hints_are_of_actions_of_their_views, 0, VIEW_COUNT);
    tcase_add_loop_test(tc, other_keys_mean_nothing, 0,
                        sizeof no_keys / sizeof *no_keys);
    suite_add_tcase(s, tc);
    tc = tcase_create("random");
    tcase_add_loop_test(tc, random_keys_sizes_and_events_break_nothing, 0, 10);
    suite_add_tcase(s, tc);
    tc = tcase_create("pressed");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_key_works_in_every_view_where_nothing_is, 0,
                        VIEW_COUNT);
    tcase_add_test(tc, back_leads_to_the_first_view_and_out);
    tcase_add_test(tc, what_is_pasted_is_no_command);
    tcase_add_test(tc, pasted_text_that_nothing_asks_for_is_told);
    tcase_add_test(tc, a_click_on_a_tab_goes_to_its_view);
    tcase_add_test(tc, a_click_on_a_hint_is_its_key);
    tcase_add_loop_test(tc, tab_goes_round_the_panes_and_back_out_of_them, 0,
                        sizeof sizes / sizeof *sizes);
    tcase_add_test(tc, in_the_detail_rows_are_fields);
    tcase_add_test(tc, the_border_moves_and_no_pane_gets_lost);
    tcase_add_test(tc, times_are_since_the_reference);
    tcase_add_test(tc, panes_and_fields_are_clicked);
    tcase_add_test(tc, settings_change_what_they_say);
    tcase_add_test(tc, ascii_of_the_terminal_stays);
    tcase_add_loop_test(tc, a_click_on_nothing_does_nothing, 0,
                        sizeof nowhere / sizeof *nowhere);
    tcase_add_test(tc, rows_are_clicked_and_scrolled);
    tcase_add_test(tc, enter_right_behind_another_key_opens_what_that_selected);
    tcase_add_test(tc, text_is_pasted_into_a_prompt);
    tcase_add_test(tc, a_prompt_takes_what_fits_and_whole_characters);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
