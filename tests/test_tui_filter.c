/* SPDX-License-Identifier: MIT */
/*
 * The filter of the interface: typed, applied, run in slices, stopped, made of
 * what is selected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/tui_load.h"
#include "ui/tui/layers/pick.h"

static struct store *store;
static struct stats *stats;
static struct tui_figures figures;
static struct tui tui;
static atomic_bool loading;

static void
load(const char *sample)
{
    char name[512];
    const char *srcdir = getenv("srcdir");
    snprintf(name, sizeof name, "%s/samples/%s", srcdir ? srcdir : ".", sample);
    ck_assert(tui_load(name, store, stats));
    tui_draw(&tui);
}

static void
setup(void)
{
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    tui_init(&tui, store, stats, &figures);
    tui.slice_ns = INT64_MAX;
    tui.loading = &loading;
    atomic_store(&loading, false);
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
draw(void)
{
    tui_draw(&tui);
    const char *wrong = tui_load_wrong_grid(&tui.grid);
    wrong = wrong ? wrong : tui_load_wrong_state(&tui);
    ck_assert_msg(!wrong, "%s", wrong);
}

static void
press(const char *word)
{
    tui_key(&tui, tui_load_key(word));
    draw();
}

static void
type(const char *text)
{
    for (; *text; text++)
        tui_key(&tui, (struct tty_key){.ch = (uint8_t)*text});
    draw();
}

static void
filter(const char *text)
{
    press("F4");
    press("^U");
    type(text);
    press("Enter");
}

/* Whether a row of the screen holds text (ASCII). */
static bool
shows(const char *text)
{
    size_t len = strlen(text);
    const struct grid *g = &tui.grid;
    for (int y = 0; y < g->rows; y++)
        for (int x = 0; x + (int)len <= g->cols; x++) {
            size_t i = 0;
            while (i < len &&
                   grid_cell(g, y, x + (int)i)->ch[0] == (uint8_t)text[i])
                i++;
            if (i == len)
                return true;
        }
    return false;
}

START_TEST(enter_applies_a_valid_filter_and_an_empty_one_shows_everything)
{
    load("odd-frames.pcap");
    press("2");
    size_t all = tui.rows.n;
    filter("websocket.opcode == text");
    ck_assert_ptr_null(tui.layer);
    ck_assert_uint_gt(tui.rows.n, 0);
    ck_assert_uint_lt(tui.rows.n, all);
    ck_assert(shows("[ok] websocket.opcode == text"));
    for (size_t i = 0; i < tui.rows.n; i++)
        ck_assert_uint_eq(store_frame_opcode(
                              store_frame(store, rows_at(&tui.rows, i))),
                          WS_OP_TEXT);
    filter("");
    ck_assert(!tui_filtered(&tui));
    ck_assert_uint_eq(tui.rows.n, all);
}
END_TEST

START_TEST(what_is_no_filter_is_not_applied)
{
    load("odd-frames.pcap");
    press("2");
    filter("ws.len > 5");
    size_t shown = tui.rows.n;
    press("/");
    type(" && foo");
    ck_assert(shows("[!!]"));
    press("Enter");
    ck_assert_ptr_nonnull(tui.layer);
    press("^U");
    type("ws.len >");
    ck_assert(shows("[..]"));
    press("Enter");
    ck_assert_ptr_nonnull(tui.layer);
    press("Esc");
    ck_assert_ptr_null(tui.layer);
    ck_assert_str_eq(tui.shown.text, "ws.len > 5");
    ck_assert_uint_eq(tui.rows.n, shown);
}
END_TEST

START_TEST(tab_takes_the_candidate_that_is_chosen)
{
    press("/");
    type("websocket.op");
    press("Tab");
    ck_assert_str_eq(tui.prompt.text, "websocket.opcode ");
    press("Tab");
    ck_assert_str_eq(tui.prompt.text, "websocket.opcode == ");
    press("Down");
    press("Tab");
    ck_assert_str_eq(tui.prompt.text, "websocket.opcode == text");
    press("^U");
    press("Up"); /* the last of all */
    press("Tab");
    ck_assert_str_eq(tui.prompt.text, "upper(");
}
END_TEST

START_TEST(the_history_goes_back_through_the_filters_of_the_session)
{
    press("/");
    press("^R");
    ck_assert_str_eq(tui.prompt.text, "");
    press("Esc");
    filter("ws.len");
    filter("ws.dir");
    filter("ws.len");
    filter("");
    press("/");
    press("^R");
    ck_assert_str_eq(tui.prompt.text, "ws.len");
    press("^R");
    ck_assert_str_eq(tui.prompt.text, "ws.dir");
    press("^R");
    ck_assert_str_eq(tui.prompt.text, "ws.len");
    for (int i = 0; i < 100; i++) {
        char text[32];
        press("Esc");
        snprintf(text, sizeof text, "ws.len == %d", i);
        filter(text);
        press("/");
    }
    press("^R");
    ck_assert_str_eq(tui.prompt.text, "ws.len == 99");
    ck_assert_uint_eq(tui.filter_layer.n_history, FILTER_HISTORY_MAX);
}
END_TEST

START_TEST(a_filter_runs_in_slices_and_ctrl_c_stops_it)
{
    load("broken-lost-segment.pcap");
    press("2");
    size_t all = tui.rows.n;
    filter("ws.len");
    size_t passed = tui.rows.n;
    filter("");
    tui.slice_ns = 0;
    /* 256 rows are looked at in a slice. */
    for (int i = 0; i < 8; i++)
        load("broken-lost-segment.pcap");
    while (tui.busy)
        draw();
    ck_assert_uint_gt(store->frames.n, 2 * 256);
    press("/");
    type("ws.len");
    tui_key(&tui, tui_load_key("Enter"));
    draw();
    ck_assert(tui.busy);
    ck_assert(shows("hits"));
    ck_assert_uint_gt(tui.rows.n, 0);
    press("Down"); /* what is there can be used */
    ck_assert_uint_eq(tui.frames.cursor, 1);
    size_t before = tui.rows.n;
    tui_key(&tui, tui_load_key("^C"));
    for (int i = 0; i < 10; i++)
        draw();
    ck_assert(!tui.busy);
    ck_assert(!tui.quit && tui.view == VIEW_FRAMES);
    ck_assert_uint_eq(tui.rows.n, before);
    ck_assert(shows("stopped at"));
    press("/");
    press("Enter"); /* again, to the end */
    while (tui.busy)
        draw();
    ck_assert_uint_eq(tui.rows.n, 9 * passed);
    ck_assert_uint_lt(passed, all);
}
END_TEST

START_TEST(the_cursor_stays_on_its_frame_or_goes_to_the_nearest)
{
    load("odd-frames.pcap");
    press("2");
    filter("websocket.opcode == close");
    press("G");
    press("Up");
    uint32_t frame = tui.frame;
    filter("websocket.fin == 1 && websocket.opcode != text");
    ck_assert_uint_eq(tui.frame, frame);
    ck_assert_uint_eq(rows_at(&tui.rows, tui.frames.cursor), frame);
    filter("");
    ck_assert_uint_eq(tui.frame, frame);
    filter("websocket.opcode == text");
    uint32_t got = tui.frame;
    uint32_t away = got > frame ? got - frame : frame - got;
    for (size_t i = 0; i < tui.rows.n; i++) {
        uint32_t row = rows_at(&tui.rows, i);
        ck_assert_uint_ge(row > frame ? row - frame : frame - row, away);
    }
}
END_TEST

/* Exactly the rows that pass are listed, once each. */
static void
check_lists(void)
{
    size_t n = 0;
    press("1");
    for (size_t i = 0; i < store->conns.n; i++) {
        bool listed =
            conn_order_place(&tui.conn_order, (uint32_t)i) < tui.conn_order.n;
        ck_assert_msg(listed == refine_conn(&tui.shown.refine, i),
                      "connection row %zu", i);
        n += listed;
    }
    ck_assert_uint_eq(tui.conn_order.n, n);
    press("7");
    n = 0;
    for (size_t i = 0; i < store->findings.n; i++)
        if (refine_finding(&tui.shown.refine, store, i)) {
            ck_assert_uint_lt(n, tui.found.all.n);
            ck_assert_uint_eq(tui.found.all.row[n++], i);
        }
    ck_assert_uint_eq(tui.found.all.n, n);
    char count[64];
    snprintf(count, sizeof count, "%zu/%zu", n, store->findings.n);
    ck_assert_msg(shows(count), "%s", count);
}

static const char *const list_filters[] = {
    "ws.conn == 3",         "websocket.opcode == ping",
    "ws.severity >= error", "ws.finding == frame-client-unmasked",
    "ws.clean == 0",        "ws.len > 1000000",
    "websocket.mask",       "frame.number > 40 && frame.number < 60",
};

START_TEST(connections_and_findings_are_listed_when_they_pass)
{
    load("odd-frames.pcap");
    check_lists();
    size_t conns = tui.conn_order.n, findings = tui.found.all.n;
    filter(list_filters[_i]);
    check_lists();
    filter("websocket.opcode == close");
    check_lists();
    filter("");
    check_lists();
    ck_assert_uint_eq(tui.conn_order.n, conns);
    ck_assert_uint_eq(tui.found.all.n, findings);
}
END_TEST

START_TEST(lists_are_carried_on_while_a_filter_runs)
{
    for (int i = 0; i < 12; i++)
        load("odd-frames.pcap");
    tui.slice_ns = 0;
    press("7");
    press("F4");
    type(list_filters[_i]);
    press("Enter");
    for (int i = 0; tui.busy; i++)
        press(i % 2 ? "1" : "7");
    check_lists();
}
END_TEST

START_TEST(the_finding_selected_is_picked)
{
    load("odd-frames.pcap");
    press("7");
    press("Down");
    press("Down");
    enum finding_id id = store_finding(store, tui.finding)->id;
    press("a");
    ck_assert_ptr_nonnull(strstr(tui.shown.text, finding_info(id)->id));
    for (size_t i = 0; i < tui.found.all.n; i++)
        ck_assert_int_eq(store_finding(store, tui.found.all.row[i])->id, id);
}
END_TEST

/* ---- live ---- */

static struct event_samples events;

static void
send_frame(uint8_t opcode, uint64_t number)
{
    struct event_frame f = events.frame;
    f.from = WS_SENDER_CLIENT;
    f.number = number;
    f.message = ws_opcode_is_control(opcode) ? 0 : number;
    f.header.opcode = opcode;
    f.header.fin = true;
    f.ended = f.complete = true;
    f.completed = NULL;
    f.payload = slice_make(NULL, 0);
    f.header.payload_len = 5;
    store_take(store,
               &(struct event){.type = EVENT_FRAME, .conn = 1, .frame = &f});
}

static void
send_message(uint64_t number, const char *text)
{
    struct event_message m = events.message;
    m.from = WS_SENDER_CLIENT;
    m.number = number;
    m.opcode = WS_OP_TEXT;
    m.payload = slice_cstr(text);
    m.n_frames = 1;
    m.has_len = m.complete = true;
    m.truncated = m.compressed = m.has_utf8_error = false;
    m.inflate_error = NULL;
    m.len = m.wire_len = m.payload.len;
    store_take(store, &(struct event){.type = EVENT_MESSAGE,
                                      .conn = 1,
                                      .message = &m});
}

START_TEST(frames_that_come_are_filtered_when_their_message_is_known)
{
    event_samples_init(&events);
    atomic_store(&loading, true);
    store_take(store, &(struct event){.type = EVENT_HANDSHAKE,
                                      .conn = 1,
                                      .handshake = &events.handshake});
    press("2");
    filter("ws.text contains \"b\"");
    send_frame(WS_OP_TEXT, 1);
    draw();
    ck_assert_uint_eq(tui.rows.n, 0);
    ck_assert(!tui.busy); /* it waits, and does not spin */
    send_message(1, "a b c");
    draw();
    ck_assert_uint_eq(tui.rows.n, 1);
    send_frame(WS_OP_TEXT, 2);
    send_message(2, "nothing");
    send_frame(WS_OP_TEXT, 3);
    send_message(3, "bytes");
    draw();
    ck_assert_uint_eq(tui.rows.n, 2);
    ck_assert_uint_eq(rows_at(&tui.rows, 1), 2);
    send_frame(WS_OP_TEXT, 4);
    draw();
    atomic_store(&loading, false); /* nothing comes any more */
    draw();
    ck_assert_uint_eq(tui.shown.refine.scanned, 4);
    ck_assert_uint_eq(tui.rows.n, 2);
}
END_TEST

START_TEST(a_paused_display_takes_no_new_frames)
{
    event_samples_init(&events);
    atomic_store(&loading, true);
    store_take(store, &(struct event){.type = EVENT_HANDSHAKE,
                                      .conn = 1,
                                      .handshake = &events.handshake});
    press("2");
    filter("websocket.opcode == ping");
    send_frame(WS_OP_PING, 1);
    draw();
    ck_assert_uint_eq(tui.rows.n, 1);
    press("p");
    send_frame(WS_OP_PING, 2);
    draw();
    ck_assert_uint_eq(tui.rows.n, 1);
    press("p");
    draw();
    ck_assert_uint_eq(tui.rows.n, 2);
}
END_TEST

START_TEST(the_scope_of_a_connection_goes_with_the_filter)
{
    load("odd-frames.pcap");
    press("2");
    filter("websocket.opcode == text");
    size_t all = tui.rows.n;
    press("f");
    size_t one = tui.rows.n;
    ck_assert_uint_gt(one, 0);
    ck_assert_uint_lt(one, all);
    ck_assert(tui_filtered(&tui));
    press("f");
    ck_assert_uint_eq(tui.rows.n, all);
}
END_TEST

/* ---- out of what is selected ---- */

/* Every field of every frame makes a filter that its own frame passes. */
START_TEST(what_is_picked_is_a_filter_that_its_frame_passes)
{
    static const char *const samples[] = {"odd-frames.pcap",
                                          "good-chat.pcapng",
                                          "good-deflate-context.pcapng",
                                          "good-fragments-ping.pcapng",
                                          "broken-lost-segment.pcap",
                                          "odd-utf8.pcap"};
    char text[PICK_MAX];
    size_t n = 0;
    load(samples[_i]);
    press("2");
    for (uint32_t row = 0; row < store->frames.n && row < 60; row++)
        for (unsigned field = 0; field < 7; field++) {
            struct filter_error error;
            tui_select_frame(&tui, row);
            tui.field = field;
            if (!pick_filter(&tui, text))
                continue;
            n++;
            ck_assert_msg(tui_filter(&tui, text, &error), "%s: %s", text,
                          error.text);
            draw();
            ck_assert_msg(refine_frame(&tui.shown.refine, row),
                          "frame %u does not pass %s", row, text);
            ck_assert(tui_filter(&tui, "", &error));
            draw();
        }
    ck_assert_uint_gt(n, 20);
}
END_TEST

START_TEST(prepared_filters_are_joined_to_the_one_there_is)
{
    load("good-chat.pcapng");
    press("2");
    tui.field = 0;
    filter("ws.len or ws.dir");
    static const struct {
        const char *key, *text;
    } ways[] = {
        {"i", "websocket.fin == 1"},
        {"n", "not websocket.fin == 1"},
        {"a", "(ws.len or ws.dir) && websocket.fin == 1"},
        {"o", "(ws.len or ws.dir) || websocket.fin == 1"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        press("A");
        press(ways[i].key);
        ck_assert_str_eq(tui.prompt.text, ways[i].text);
        ck_assert_int_eq(tui.filter_layer.state, FILTER_STATE_OK);
        press("Esc");
    }
    press("a");
    ck_assert_str_eq(tui.shown.text, "websocket.fin == 1");
}
END_TEST

START_TEST(rows_are_reached_by_their_number)
{
    load("good-chat.pcapng");
    press("2");
    press("^G");
    type("5");
    press("Enter");
    ck_assert_uint_eq(tui.frames.cursor, 4);
    press("^G");
    type("9999");
    press("Enter");
    ck_assert_uint_eq(tui.frames.cursor, 4);
    ck_assert(shows("there are"));
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_filter");
    TCase *tc = tcase_create("bar");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(
        tc, enter_applies_a_valid_filter_and_an_empty_one_shows_everything);
    tcase_add_test(tc, what_is_no_filter_is_not_applied);
    tcase_add_test(tc, tab_takes_the_candidate_that_is_chosen);
    tcase_add_test(tc,
                   the_history_goes_back_through_the_filters_of_the_session);
    tcase_add_test(tc, a_filter_runs_in_slices_and_ctrl_c_stops_it);
    tcase_add_test(tc, the_cursor_stays_on_its_frame_or_goes_to_the_nearest);
    tcase_add_test(tc,
                   frames_that_come_are_filtered_when_their_message_is_known);
    tcase_add_test(tc, a_paused_display_takes_no_new_frames);
    tcase_add_loop_test(tc, connections_and_findings_are_listed_when_they_pass,
                        0, sizeof list_filters / sizeof *list_filters);
    tcase_add_loop_test(tc, lists_are_carried_on_while_a_filter_runs, 0,
                        sizeof list_filters / sizeof *list_filters);
    tcase_add_test(tc, the_finding_selected_is_picked);
    tcase_add_test(tc, the_scope_of_a_connection_goes_with_the_filter);
    tcase_add_loop_test(tc, what_is_picked_is_a_filter_that_its_frame_passes, 0,
                        6);
    tcase_add_test(tc, prepared_filters_are_joined_to_the_one_there_is);
    tcase_add_test(tc, rows_are_reached_by_their_number);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
