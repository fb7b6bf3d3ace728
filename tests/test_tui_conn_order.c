/* SPDX-License-Identifier: MIT */
/*
 * conn_order.h, and the list of connections that is drawn with it: what is
 * selected stays selected however the order changes.
 */
#include "ui/tui/views/conn_order.h"

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
static struct conn_order order;
static struct tui_figures figures;
static struct tui tui;

static void
setup(void)
{
    order = (struct conn_order){.n = 0};
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    sink = store_sink(store, 0);
    event_samples_init(&samples);
    tui_init(&tui, store, stats, &figures);
    ck_assert(grid_resize(&tui.grid, 24, 160));
}

static void
teardown(void)
{
    conn_order_fini(&order);
    tui_fini(&tui);
    store_free(store);
    stats_free(stats);
}

static void
add_conn(uint32_t number, const char *host, uint8_t client, uint16_t port)
{
    char text[64];
    struct event_handshake h = samples.handshake;
    snprintf(text, sizeof text, "/chat %s", host);
    samples.request.text = slice_cstr(text);
    samples.request.target = slice_head(samples.request.text, 5);
    h.host = slice_skip(samples.request.text, 6);
    h.client = sample_endpoint(client, port);
    sample_send_handshake(&sink, number, &h);
}

static void
add_frames(uint32_t number, enum ws_sender from, uint64_t n, uint64_t len)
{
    struct event_frame f = samples.frame;
    f.from = from;
    f.header.payload_len = len;
    for (uint64_t i = 0; i < n; i++) {
        f.number = i + 1;
        f.message = i + 1;
        f.at.time_ns += 1000;
        sample_send_frame(&sink, number, &f);
    }
}

static const char *
numbers(void)
{
    static char text[64];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < order.n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", i ? " " : "",
                              store_conn(store, order.row[i])->conn);
    return text;
}

/* Number 3 was answered first: rows are not in the order of numbers. */
static void
add_some(void)
{
    add_conn(3, "b.test", 10, 500);
    add_conn(1, "a.test.of.a.long.name.b", 10, 40);
    add_conn(2, "a.test.of.a.long.name.a", 9, 600);
    add_conn(4, "b.test", 10, 500);
    add_frames(1, WS_SENDER_CLIENT, 2, 10);
    add_frames(2, WS_SENDER_CLIENT, 1, 1000);
    add_frames(2, WS_SENDER_SERVER, 4, 1);
    add_frames(4, WS_SENDER_SERVER, 2, 5);
    struct event_finding f = samples.finding;
    sample_send_finding(&sink, 4, &f);
    f.severity = SEVERITY_WARNING;
    for (int i = 0; i < 3; i++)
        sample_send_finding(&sink, 1, &f);
    sample_send_end(&sink, 2, &samples.end);
}

static const struct sort_case {
    const char *name;
    enum conn_sort by;
    const char *want;
} sort_cases[] = {
    {"number", CONN_SORT_NUMBER, "1 2 3 4"},
    {"state: closed last", CONN_SORT_STATE, "1 3 4 2"},
    {"client: address, then port", CONN_SORT_CLIENT, "2 1 3 4"},
    {"server: all the same", CONN_SORT_SERVER, "1 2 3 4"},
    {"host, beyond its first bytes", CONN_SORT_TARGET, "2 1 3 4"},
    {"frames", CONN_SORT_FRAMES, "3 1 4 2"},
    {"of the client", CONN_SORT_FROM_CLIENT, "3 4 2 1"},
    {"of the server", CONN_SORT_FROM_SERVER, "1 3 4 2"},
    {"bytes", CONN_SORT_BYTES, "3 4 1 2"},
    {"rate", CONN_SORT_RATE, "3 1 4 2"},
    {"one error is more than three warnings", CONN_SORT_FLAGS, "2 3 1 4"},
};

START_TEST(connections_are_sorted_by_a_column)
{
    const struct sort_case *c = &sort_cases[_i];
    add_some();
    conn_order_by(&order, c->by, false);
    ck_assert(conn_order_update(&order, store, 0));
    ck_assert_msg(strcmp(numbers(), c->want) == 0, "%s: %s", c->name,
                  numbers());
}
END_TEST

START_TEST(turned_round_it_is_the_same_from_the_end)
{
    add_some();
    for (unsigned by = 0; by < CONN_SORT_COUNT; by++) {
        uint32_t up[4];
        conn_order_by(&order, (enum conn_sort)by, false);
        ck_assert(conn_order_update(&order, store, 0));
        memcpy(up, order.row, sizeof up);
        conn_order_by(&order, (enum conn_sort)by, true);
        ck_assert(conn_order_update(&order, store, 0));
        for (size_t i = 0; i < 4; i++)
            ck_assert_uint_eq(order.row[i], up[3 - i]);
    }
}
END_TEST

/* Every row once, and none before one that is less. */
static void
assert_sorted_by_bytes(void)
{
    static bool seen[20000];
    memset(seen, 0, sizeof seen);
    ck_assert_uint_eq(order.n, store->conns.n);
    for (size_t i = 0; i < order.n; i++) {
        ck_assert(!seen[order.row[i]]);
        seen[order.row[i]] = true;
        ck_assert(i == 0 || store_conn(store, order.row[i - 1])->bytes[0] <=
                                store_conn(store, order.row[i])->bytes[0]);
    }
}

START_TEST(many_are_sorted_now_and_then_and_new_ones_wait_at_the_end)
{
    struct rng rng = {11};
    uint32_t number = 0;
    while (number < CONN_ORDER_MANY + 5000) {
        number++;
        add_conn(number, "h", 1, 1);
    }
    for (size_t i = 0; i < store->conns.n; i++)
        store_conn(store, i)->bytes[0] = rng_below(&rng, 1000000);
    conn_order_by(&order, CONN_SORT_BYTES, false);
    ck_assert(conn_order_update(&order, store, INT64_C(5000000000)));
    assert_sorted_by_bytes();
    number++;
    add_conn(number, "h", 1, 1); /* 0 bytes: its place is in front */
    ck_assert(conn_order_update(&order, store, INT64_C(5000000001)));
    ck_assert_uint_eq(order.n, number);
    ck_assert_uint_eq(order.row[order.n - 1], number - 1);
    ck_assert_uint_eq(conn_order_place(&order, number - 1), number - 1);
    ck_assert(conn_order_update(&order, store, INT64_C(6000000000)));
    assert_sorted_by_bytes();
    ck_assert_uint_lt(conn_order_place(&order, number - 1), 100);
    ck_assert_uint_eq(conn_order_place(&order, number), order.n);
}
END_TEST

/* ---- the list ---- */

static void
press(const char *word)
{
    tui_key(&tui, tui_load_key(word));
    tui_draw(&tui);
    const char *wrong = tui_load_wrong_grid(&tui.grid);
    wrong = wrong ? wrong : tui_load_wrong_state(&tui);
    ck_assert_msg(!wrong, "after %s: %s", word, wrong);
}

static uint32_t
selected(void)
{
    return store_conn(store, tui.conn_order.row[tui.conns.cursor])->conn;
}

static void
add_many(uint32_t n)
{
    uint32_t number = (uint32_t)store->conns.n;
    for (uint32_t i = number + 1; i <= number + n; i++)
        add_conn(i, "h", 1, (uint16_t)i);
}

START_TEST(the_cursor_stays_on_its_connection_in_every_order)
{
    add_many(100);
    for (uint32_t i = 1; i <= 100; i++)
        add_frames(i, (enum ws_sender)(i % 2), i * 37 % 101, i);
    tui_draw(&tui);
    for (int i = 0; i < 41; i++)
        press("Down");
    ck_assert_uint_eq(selected(), 42);
    for (int i = 0; i < 2 * CONN_SORT_COUNT; i++) {
        press(i % 3 ? ">" : "I");
        ck_assert_uint_eq(selected(), 42);
        ck_assert_uint_eq(store_conn(store, tui.conn)->conn, 42);
    }
    for (int i = 0; i < CONN_SORT_COUNT; i++) {
        press("<");
        ck_assert_uint_eq(selected(), 42);
    }
}
END_TEST

START_TEST(new_ones_in_front_move_nothing_for_who_scrolled)
{
    add_many(100);
    tui_draw(&tui);
    press("I"); /* the newest first */
    press("Home");
    for (int i = 0; i < 40; i++)
        press("Down");
    uint32_t number = selected();
    size_t line = tui.conns.cursor - tui.conns.top;
    ck_assert_uint_gt(tui.conns.top, 0);
    add_many(7);
    tui_draw(&tui);
    ck_assert_uint_eq(selected(), number);
    ck_assert_uint_eq(tui.conns.cursor - tui.conns.top, line);
    /* Who looks at the beginning sees them come. */
    press("Home");
    add_many(2);
    tui_draw(&tui);
    ck_assert_uint_eq(tui.conns.top, 0);
    ck_assert_uint_eq(tui.conns.cursor, 2);
}
END_TEST

START_TEST(the_next_connection_is_the_next_in_the_list)
{
    add_some();
    tui_draw(&tui);
    for (int i = 0; i < CONN_SORT_COUNT && tui.conn_order.by != CONN_SORT_BYTES;
         i++)
        press(">");
    ck_assert_int_eq(tui.conn_order.by, CONN_SORT_BYTES);
    press("Home");
    press("5");
    static const uint32_t want[] = {4, 1, 2, 2};
    for (size_t i = 0; i < 4; i++) {
        press("]");
        ck_assert_uint_eq(store_conn(store, tui.conn)->conn, want[i]);
    }
    press("[");
    press("1");
    ck_assert_uint_eq(selected(), 1);
}
END_TEST

START_TEST(marks_are_walked_in_the_order_shown)
{
    add_many(20);
    tui_draw(&tui);
    press("}"); /* nothing is marked */
    ck_assert_uint_eq(selected(), 1);
    press("Space");
    ck_assert_uint_eq(selected(), 2);
    press("Down");
    press("Space");
    ck_assert_uint_eq(tui.conn_marks.n, 2);
    press("}");
    ck_assert_uint_eq(selected(), 1);
    press("I");
    press("}");
    ck_assert_uint_eq(selected(), 3);
    press("{");
    ck_assert_uint_eq(selected(), 1);
    press("Space");
    ck_assert_uint_eq(tui.conn_marks.n, 1);
}
END_TEST

START_TEST(what_another_view_selects_is_selected_here)
{
    add_many(50);
    add_frames(33, WS_SENDER_CLIENT, 1, 1);
    tui_draw(&tui);
    press("2");
    press("1");
    ck_assert_uint_eq(selected(), 33);
}
END_TEST

START_TEST(paused_no_connection_comes)
{
    atomic_bool loading = true;
    tui.loading = &loading;
    add_many(5);
    tui_draw(&tui);
    press("p");
    add_many(5);
    tui_draw(&tui);
    ck_assert_uint_eq(tui.conns.n, 5);
    press("p");
    ck_assert_uint_eq(tui.conns.n, 10);
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

START_TEST(the_cursor_stays_on_its_connection_if_it_passes_else_the_nearest)
{
    add_many(100);
    tui_draw(&tui);
    for (int i = 0; i < 41; i++)
        press("Down");
    filter("ws.conn in {10..60}");
    ck_assert_uint_eq(tui.conn_order.n, 51);
    ck_assert_uint_eq(selected(), 42);
    filter("ws.conn in {1..20}");
    ck_assert_uint_eq(tui.conn_order.n, 20);
    ck_assert_uint_eq(selected(), 20);
    press("Space"); /* marks go on working */
    filter("ws.conn == 999");
    ck_assert_uint_eq(tui.conn_order.n, 0);
    press("Down");
    press("}");
    press("]");
    press("Enter");
    press("1");
    filter("");
    ck_assert_uint_eq(tui.conn_order.n, 100);
    press("Home");
    press("}");
    ck_assert_uint_eq(selected(), 20);
}
END_TEST

/* In Conns and in the panel of Stats alike. */
START_TEST(new_connections_are_followed_when_they_pass)
{
    add_many(10);
    filter("ws.conn > 5");
    press("G");
    ck_assert_uint_eq(selected(), 10);
    tui.conns.follow = true;
    add_many(5);
    filter("ws.conn > 5 && ws.conn != 15");
    ck_assert_uint_eq(tui.conn_order.n, 9);
    ck_assert_uint_eq(selected(), 14);
    press("6");
    ck_assert_uint_eq(tui.conns.n, 9);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_conn_order");
    TCase *tc = tcase_create("order");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, connections_are_sorted_by_a_column, 0,
                        sizeof sort_cases / sizeof *sort_cases);
    tcase_add_test(tc, turned_round_it_is_the_same_from_the_end);
    tcase_add_test(tc,
                   many_are_sorted_now_and_then_and_new_ones_wait_at_the_end);
    suite_add_tcase(s, tc);
    tc = tcase_create("list");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_cursor_stays_on_its_connection_in_every_order);
    tcase_add_test(tc, new_ones_in_front_move_nothing_for_who_scrolled);
    tcase_add_test(tc, the_next_connection_is_the_next_in_the_list);
    tcase_add_test(tc, marks_are_walked_in_the_order_shown);
    tcase_add_test(tc, what_another_view_selects_is_selected_here);
    tcase_add_test(tc, paused_no_connection_comes);
    tcase_add_test(
        tc, the_cursor_stays_on_its_connection_if_it_passes_else_the_nearest);
    tcase_add_test(tc, new_connections_are_followed_when_they_pass);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
