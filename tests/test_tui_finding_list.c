/* SPDX-License-Identifier: MIT */
/*
 * finding_list.h, and the view that is drawn with it: what is selected stays
 * selected while findings come, fold and are left out.
 */
#include "ui/tui/views/finding_list.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/rng.h"
#include "tests/tui_load.h"

static struct store *store;
static struct stats *stats;
static struct event_sink sink;
static struct event_samples samples;
static struct finding_list list;
static struct tui_figures figures;
static struct tui tui;

static void
setup(void)
{
    list = (struct finding_list){.scanned = 0};
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    sink = store_sink(store, 0);
    event_samples_init(&samples);
    tui_init(&tui, store, stats, &figures);
    ck_assert(grid_resize(&tui.grid, 24, 80));
    sample_send_handshake(&sink, 1, &samples.handshake);
    sample_send_handshake(&sink, 2, &samples.handshake);
}

static void
teardown(void)
{
    finding_list_fini(&list);
    tui_fini(&tui);
    store_free(store);
    stats_free(stats);
}

static void
find(enum finding_id id, enum severity severity, uint64_t frame)
{
    struct event_finding f = samples.finding;
    f.id = id;
    f.severity = severity;
    f.frame = frame;
    sample_send_finding(&sink, 1, &f);
}

#define UNMASKED FINDING_FRAME_CLIENT_UNMASKED
#define PLAIN FINDING_SECURITY_PLAINTEXT
#define GAP FINDING_TCP_STREAM_GAP

/* Rows 0 to 5. */
static void
find_some(void)
{
    find(PLAIN, SEVERITY_NOTE, 0);
    find(GAP, SEVERITY_WARNING, 0);
    find(UNMASKED, SEVERITY_WARNING, 1);
    find(GAP, SEVERITY_NOTE, 0);
    find(UNMASKED, SEVERITY_ERROR, 2);
    find(GAP, SEVERITY_WARNING, 0);
}

/* "#4" a group whose first finding is row 4, "4" that finding. */
static const char *
lines(const struct finding_list *l)
{
    static char text[256];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < finding_list_n(l); i++) {
        struct finding_item item = finding_list_at(l, i);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%u", i ? " " : "",
                              item.head ? "#" : "", item.row);
        ck_assert_uint_eq(finding_list_place(l, store, item), i);
    }
    return text;
}

static void
update(void)
{
    ck_assert(finding_list_update(&list, store, store->findings.n));
}

START_TEST(groups_stand_by_their_worst_then_by_what_came_first)
{
    find_some();
    update();
    ck_assert_str_eq(lines(&list), "#2 #1 #0");
    ck_assert_uint_eq(list.group[GAP].rows.n, 3);
    ck_assert_int_eq(list.group[UNMASKED].worst, SEVERITY_ERROR);
    find(PLAIN, SEVERITY_ERROR, 0);
    update();
    ck_assert_str_eq(lines(&list), "#0 #2 #1");
}
END_TEST

START_TEST(a_group_unfolds_and_folds)
{
    find_some();
    update();
    list.group[GAP].unfolded = true;
    ck_assert_str_eq(lines(&list), "#2 #1 1 3 5 #0");
    find(GAP, SEVERITY_NOTE, 0);
    update();
    ck_assert_str_eq(lines(&list), "#2 #1 1 3 5 6 #0");
    list.group[GAP].unfolded = false;
    ck_assert_str_eq(lines(&list), "#2 #1 #0");
    /* A finding of a folded group is found where its group is. */
    ck_assert_uint_eq(finding_list_place(&list, store,
                                         (struct finding_item){false, 5}),
                      1);
}
END_TEST

START_TEST(flat_it_is_in_the_order_they_came)
{
    find_some();
    update();
    list.flat = true;
    ck_assert_str_eq(lines(&list), "0 1 2 3 4 5");
}
END_TEST

static const struct least_case {
    enum severity least;
    const char *grouped, *flat;
} least_cases[] = {
    {SEVERITY_CHAT, "#2 #1 #0", "0 1 2 3 4 5"},
    {SEVERITY_NOTE, "#2 #1 #0", "0 1 2 3 4 5"},
    {SEVERITY_WARNING, "#2 #1", "1 2 4 5"},
    {SEVERITY_ERROR, "#4", "4"},
};

START_TEST(what_is_less_severe_is_left_out)
{
    const struct least_case *c = &least_cases[_i];
    find_some();
    update();
    finding_list_least(&list, c->least);
    update();
    ck_assert_str_eq(lines(&list), c->grouped);
    list.flat = true;
    ck_assert_str_eq(lines(&list), c->flat);
    ck_assert_uint_eq(finding_list_place(&list, store,
                                         (struct finding_item){false, 0}),
                      c->least <= SEVERITY_NOTE ? 0 : finding_list_n(&list));
    ck_assert_uint_eq(finding_list_place(&list, store,
                                         (struct finding_item){true,
                                                               STORE_NONE}),
                      finding_list_n(&list));
}
END_TEST

START_TEST(steps_go_through_all_and_around)
{
    static const uint32_t want[] = {1, 2, 4, 5, 1};
    find_some();
    finding_list_least(&list, SEVERITY_WARNING);
    ck_assert_uint_eq(finding_list_step(&list, STORE_NONE, 1), STORE_NONE);
    update();
    uint32_t row = STORE_NONE;
    for (size_t i = 0; i < 5; i++) {
        row = finding_list_step(&list, row, 1);
        ck_assert_uint_eq(row, want[i]);
    }
    ck_assert_uint_eq(finding_list_step(&list, 1, -1), 5);
    ck_assert_uint_eq(finding_list_step(&list, STORE_NONE, -1), 5);
    /* From one that is left out. */
    ck_assert_uint_eq(finding_list_step(&list, 3, 1), 4);
    ck_assert_uint_eq(finding_list_step(&list, 3, -1), 2);
}
END_TEST

START_TEST(every_finding_of_many_has_its_line)
{
    struct rng rng = {5};
    for (unsigned i = 0; i < 100000; i++)
        find((enum finding_id)rng_below(&rng, FINDING_COUNT),
             (enum severity)(1 + rng_below(&rng, 3)), 0);
    update();
    ck_assert_uint_eq(finding_list_n(&list), FINDING_COUNT);
    ck_assert_uint_eq(list.all.n, 100000);
    for (unsigned i = 0; i < FINDING_COUNT; i += 2)
        list.group[i].unfolded = true;
    size_t n = finding_list_n(&list);
    ck_assert_uint_gt(n, 40000);
    for (size_t i = 0; i < n; i += 7)
        ck_assert_uint_eq(finding_list_place(&list, store,
                                             finding_list_at(&list, i)),
                          i);
}
END_TEST

/* ---- the view ---- */

static void
press(const char *word)
{
    tui_key(&tui, tui_load_key(word));
    tui_draw(&tui);
    const char *wrong = tui_load_wrong_grid(&tui.grid);
    wrong = wrong ? wrong : tui_load_wrong_state(&tui);
    ck_assert_msg(!wrong, "after %s: %s", word, wrong);
}

START_TEST(the_cursor_stays_on_its_finding_while_others_come)
{
    find_some();
    press("7");
    press("Down");
    press("Enter");
    ck_assert_str_eq(lines(&tui.found), "#2 #1 1 3 5 #0");
    press("Down");
    press("Down");
    ck_assert_uint_eq(tui.finding, 3);
    find(FINDING_FRAME_SERVER_MASKED, SEVERITY_ERROR, 1);
    tui_draw(&tui);
    ck_assert_str_eq(lines(&tui.found), "#2 #6 #1 1 3 5 #0");
    ck_assert_uint_eq(tui.finding, 3);
    ck_assert_uint_eq(tui.findings.cursor, 4);
    press("u");
    ck_assert_uint_eq(tui.finding, 3);
    ck_assert_uint_eq(tui.findings.cursor, 3);
    press("u");
    ck_assert_uint_eq(tui.findings.cursor, 4);
    press("Left");
    ck_assert_str_eq(lines(&tui.found), "#2 #6 #1 #0");
    ck_assert_uint_eq(tui.findings.cursor, 2);
    press("Right");
    ck_assert_uint_eq(finding_list_n(&tui.found), 7);
}
END_TEST

START_TEST(next_and_previous_lead_from_any_view_to_the_frame)
{
    struct event_frame f = samples.frame;
    sample_send_frame(&sink, 1, &f);
    f.number = 2;
    sample_send_frame(&sink, 2, &f);
    sample_send_frame(&sink, 1, &f);
    find_some();
    tui_draw(&tui);
    press("2");
    press("e"); /* the first of all, which has no frame */
    ck_assert_uint_eq(tui.finding, 0);
    press("e");
    press("e");
    ck_assert_uint_eq(tui.finding, 2);
    ck_assert_uint_eq(tui.frame, 0);
    press("e");
    press("e");
    ck_assert_uint_eq(tui.finding, 4);
    ck_assert_uint_eq(tui.frame, 2);
    press("E");
    press("E");
    ck_assert_uint_eq(tui.frame, 0);
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    /* And there its group is unfolded. */
    press("7");
    ck_assert_uint_eq(tui.finding, 2);
    ck_assert_str_eq(lines(&tui.found), "#2 2 4 #1 #0");
    ck_assert_uint_eq(tui.findings.cursor, 1);
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert_uint_eq(tui.rows.conn, 0);
    ck_assert_uint_eq(tui.frame, 0);
}
END_TEST

START_TEST(a_finding_of_the_handshake_leads_there)
{
    find(FINDING_HANDSHAKE_REFUSED, SEVERITY_WARNING, 0);
    press("7");
    press("Right");
    press("Down");
    press("Enter");
    ck_assert_int_eq(tui.view, VIEW_HANDSHAKE);
}
END_TEST

START_TEST(severities_are_left_out_one_after_the_other)
{
    static const size_t want[] = {2, 1, 3};
    find_some();
    press("7");
    press("End");
    for (size_t i = 0; i < 3; i++) {
        press("V");
        ck_assert_uint_eq(finding_list_n(&tui.found), want[i]);
    }
}
END_TEST

static void
filter(const char *text)
{
    filter_apply(&tui, text);
    do
        tui_draw(&tui);
    while (tui.busy);
}

START_TEST(what_the_filter_hides_is_neither_counted_nor_stepped_to)
{
    struct event_frame f = samples.frame;
    sample_send_frame(&sink, 1, &f);
    f.number = 2;
    sample_send_frame(&sink, 1, &f);
    find_some();
    press("7");
    ck_assert_uint_eq(finding_list_n(&tui.found), 3);
    char text[80];
    snprintf(text, sizeof text, "ws.finding == %s", finding_info(GAP)->id);
    filter(text);
    ck_assert_str_eq(lines(&tui.found), "#1");
    ck_assert_uint_eq(tui.found.group[GAP].rows.n, tui.found.all.n);
    ck_assert_uint_eq(tui.found.all.n, 3);
    ck_assert_uint_eq(tui.found.passed[SEVERITY_NOTE], 1);
    ck_assert_uint_eq(tui.found.passed[SEVERITY_WARNING], 2);
    ck_assert_uint_eq(tui.found.passed[SEVERITY_ERROR], 0);
    for (int i = 0; i < 5; i++) {
        press(i % 2 ? "E" : "e");
        ck_assert_int_eq(store_finding(store, tui.finding)->id, GAP);
    }
    /* Those that are left out as less severe pass all the same. */
    press("V");
    press("V");
    ck_assert_uint_eq(finding_list_n(&tui.found), 0);
    ck_assert_uint_gt(tui.found.passed[SEVERITY_WARNING], 0);
}
END_TEST

START_TEST(a_filter_that_hides_every_finding_says_so)
{
    static const char *const views[] = {"7", "2", "1"};
    find_some();
    filter("ws.conn == 2");
    for (size_t i = 0; i < 3; i++) {
        press(views[i]);
        press(i % 2 ? "E" : "e");
        ck_assert_str_eq(tui.message, "the filter hides every finding");
        ck_assert_uint_eq(tui.found.all.n, 0);
    }
    filter("");
    press("e");
    ck_assert_uint_eq(tui.finding, 0);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_finding_list");
    TCase *tc = tcase_create("list");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, groups_stand_by_their_worst_then_by_what_came_first);
    tcase_add_test(tc, a_group_unfolds_and_folds);
    tcase_add_test(tc, flat_it_is_in_the_order_they_came);
    tcase_add_loop_test(tc, what_is_less_severe_is_left_out, 0,
                        sizeof least_cases / sizeof *least_cases);
    tcase_add_test(tc, steps_go_through_all_and_around);
    tcase_add_test(tc, every_finding_of_many_has_its_line);
    suite_add_tcase(s, tc);
    tc = tcase_create("view");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_cursor_stays_on_its_finding_while_others_come);
    tcase_add_test(tc, next_and_previous_lead_from_any_view_to_the_frame);
    tcase_add_test(tc, a_finding_of_the_handshake_leads_there);
    tcase_add_test(tc, severities_are_left_out_one_after_the_other);
    tcase_add_test(tc, what_the_filter_hides_is_neither_counted_nor_stepped_to);
    tcase_add_test(tc, a_filter_that_hides_every_finding_says_so);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
