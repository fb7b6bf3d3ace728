/* SPDX-License-Identifier: MIT */
/*
 * Looking for text in very many rows (find.h): in turns, which drawing makes.
 */
#include "ui/tui/layers/find.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/tui_load.h"

/* More than are looked at in a turn, several times. */
#define N_FRAMES 100000u

static struct store *store;
static struct tui tui;
static struct tui_figures figures;

static void
send_frames(struct event_sink *sink, struct event_samples *samples)
{
    char text[32];
    samples->frame.completed = NULL;
    for (uint32_t i = 0; i < N_FRAMES; i++) {
        int len = snprintf(text, sizeof text, "number %u.", i);
        samples->frame.number = samples->frame.message = i + 1;
        samples->frame.header.payload_len = (uint64_t)len;
        samples->message.number = i + 1;
        samples->message.payload = slice_cstr(text);
        samples->message.len = samples->message.wire_len = (uint64_t)len;
        sample_send_frame(sink, 1, &samples->frame);
        sample_send_message(sink, 1, &samples->message);
    }
}

static void
setup(void)
{
    struct event_samples samples;
    ck_assert_int_eq(store_new(&store, 0, UINT64_MAX, UINT64_MAX), ERR_OK);
    struct event_sink sink = store_sink(store, 1000);
    event_samples_init(&samples);
    sample_send_handshake(&sink, 1, &samples.handshake);
    send_frames(&sink, &samples);
    tui_init(&tui, store, NULL, &figures);
    ck_assert(grid_resize(&tui.grid, 24, 80));
    tui.slice_ns = INT64_MAX;
    tui_go(&tui, VIEW_FRAMES);
    tui_draw(&tui);
    ck_assert_uint_eq(tui.frames.n, N_FRAMES);
}

static void
teardown(void)
{
    tui_fini(&tui);
    store_free(store);
}

static void
press(const char *keys)
{
    for (; *keys; keys++)
        tui_key(&tui, (struct tty_key){.ch = (uint8_t)*keys});
}

static void
look_for(const char *text)
{
    press("\x06"); /* ^F */
    press(text);
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_ENTER});
}

/* The row of the screen as text. */
static const char *
screen_row(int y)
{
    static char text[81];
    for (int x = 0; x < 80; x++) {
        uint32_t ch = grid_cell(&tui.grid, y, x)->ch[0];
        text[x] = ch < 128 ? (char)ch : '?';
    }
    return text;
}

/* Draws until nothing is looked for any more; how often. */
static unsigned
draw_all(void)
{
    unsigned n = 0;
    do {
        tui_draw(&tui);
        n++;
    } while (tui.layer);
    return n;
}

START_TEST(what_is_near_is_found_at_once)
{
    look_for("number 7000.");
    ck_assert_ptr_null(tui.layer);
    ck_assert_uint_eq(tui.frames.cursor, 7000);
    tui_draw(&tui);
    ck_assert(!tui.busy);
}
END_TEST

START_TEST(what_is_far_is_found_in_turns)
{
    unsigned percent = 0, before = 0, turns = 0;
    look_for("number 99999.");
    while (tui.layer) {
        ck_assert_uint_eq(tui.frames.cursor, 0);
        before = percent;
        tui_draw(&tui);
        if (!tui.layer)
            break;
        ck_assert(tui.busy);
        const char *shown = screen_row(23);
        ck_assert_msg(sscanf(shown, " looking: %u %%", &percent) == 1, "%s",
                      shown);
        ck_assert_uint_gt(percent, before);
        turns++;
    }
    ck_assert_uint_gt(turns, 2);
    ck_assert_uint_eq(tui.frames.cursor, N_FRAMES - 1);
    ck_assert(!tui.busy);
    ck_assert_str_eq(tui.message, "");
    /* Backwards, over the beginning to itself. */
    press("N");
    ck_assert_uint_gt(draw_all(), 2);
    ck_assert_uint_eq(tui.frames.cursor, N_FRAMES - 1);
    ck_assert_str_eq(tui.message, "found again from the other end");
}
END_TEST

/* Only so many rows of long payloads that the store is not locked for long. */
START_TEST(a_turn_ends_when_its_time_is_over)
{
    tui.slice_ns = 0;
    look_for("number 7000.");
    ck_assert_ptr_nonnull(tui.layer);
    ck_assert_uint_eq(tui.search.looked, 256);
    (void)draw_all();
    ck_assert_uint_eq(tui.frames.cursor, 7000);
}
END_TEST

/* All that is kept of a payload is searched, in the list of frames and in the
 * ladder. */
START_TEST(what_is_deep_in_a_payload_is_found)
{
    static char text[200001];
    static const enum view_id views[] = {VIEW_FRAMES, VIEW_LADDER, VIEW_TALK};
    struct event_samples samples;
    struct event_sink sink = store_sink(store, sizeof text);
    event_samples_init(&samples);
    memset(text, '.', sizeof text - 1);
    memcpy(text + 16384 - 3, "needle", 6);
    memcpy(text + sizeof text - 5, "last", 4);
    samples.frame.completed = NULL;
    samples.frame.number = samples.frame.message = N_FRAMES + 1;
    samples.frame.header.payload_len = sizeof text - 1;
    samples.message.number = N_FRAMES + 1;
    samples.message.payload = slice_cstr(text);
    samples.message.len = samples.message.wire_len = sizeof text - 1;
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_message(&sink, 1, &samples.message);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        static const char *const texts[] = {"needle", ".last"};
        for (size_t k = 0; k < 2; k++) {
            tui_go(&tui, VIEW_FRAMES);
            press("g");
            tui_draw(&tui);
            tui_go(&tui, views[i]);
            tui_draw(&tui);
            look_for(texts[k]);
            (void)draw_all();
            ck_assert_msg(tui.frame == N_FRAMES, "%s: frame %u; %s",
                          view_name(views[i]), tui.frame, tui.message);
        }
    }
}
END_TEST

START_TEST(what_is_nowhere_is_told)
{
    look_for("letter");
    ck_assert_uint_gt(draw_all(), 2);
    ck_assert_uint_eq(tui.frames.cursor, 0);
    ck_assert_str_eq(tui.message, "not found: letter");
    ck_assert(strstr(screen_row(22), "not found: letter"));
}
END_TEST

static const struct {
    const char *name;
    struct tty_key key;
} stops[] = {
    {"a letter", {.ch = 'q'}},
    {"Ctrl-C", {.ch = 3}},
    {"Escape", {.code = TTY_KEY_ESCAPE}},
    {"Down", {.code = TTY_KEY_DOWN}},
};

START_TEST(any_key_stops_it)
{
    look_for("number 99999.");
    tui_draw(&tui);
    ck_assert_ptr_nonnull(tui.layer);
    /* What changes nothing. */
    tui_key(&tui, (struct tty_key){.code = TTY_KEY_RESIZE});
    ck_assert_ptr_nonnull(tui.layer);
    tui_key(&tui, stops[_i].key);
    ck_assert_ptr_null(tui.layer);
    tui_draw(&tui);
    ck_assert(!tui.busy && !tui.quit);
    ck_assert_uint_eq(tui.view, VIEW_FRAMES);
    ck_assert_uint_eq(tui.frames.cursor, 0);
    ck_assert_msg(strstr(tui.message, "stopped after "), "%s: %s",
                  stops[_i].name, tui.message);
    /* And it can be looked for again. */
    press("n");
    (void)draw_all();
    ck_assert_uint_eq(tui.frames.cursor, N_FRAMES - 1);
}
END_TEST

/* Frames come meanwhile: they are looked at the next time. */
START_TEST(rows_may_come_meanwhile)
{
    struct event_samples samples;
    struct event_sink sink = store_sink(store, 1000);
    event_samples_init(&samples);
    look_for("number 99999.");
    send_frames(&sink, &samples);
    (void)draw_all();
    ck_assert_uint_eq(tui.frames.cursor, N_FRAMES - 1);
    ck_assert_uint_eq(tui.frames.n, 2 * N_FRAMES);
    press("n");
    (void)draw_all();
    ck_assert_uint_eq(tui.frames.cursor, 2 * N_FRAMES - 1);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_find");
    TCase *tc = tcase_create("find");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_is_near_is_found_at_once);
    tcase_add_test(tc, what_is_far_is_found_in_turns);
    tcase_add_test(tc, a_turn_ends_when_its_time_is_over);
    tcase_add_test(tc, what_is_deep_in_a_payload_is_found);
    tcase_add_test(tc, what_is_nowhere_is_told);
    tcase_add_loop_test(tc, any_key_stops_it, 0, sizeof stops / sizeof *stops);
    tcase_add_test(tc, rows_may_come_meanwhile);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
