/* SPDX-License-Identifier: MIT */
/*
 * step.c: a frame in nine steps, what each shows and hides; present.c: what
 * others do not see.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/tui_load.h"
#include "ui/tui/present.h"

#define COLS 80

static struct store *store;
static struct stats *stats;
static struct tui_figures figures;
static struct tui tui;

static void
press(const char *words)
{
    char text[256], *save = NULL;
    snprintf(text, sizeof text, "%s", words);
    for (char *w = strtok_r(text, " ", &save); w;
         w = strtok_r(NULL, " ", &save)) {
        tui_key(&tui, tui_load_key(w));
        tui_draw(&tui);
        const char *wrong = tui_load_wrong_grid(&tui.grid);
        wrong = wrong ? wrong : tui_load_wrong_state(&tui);
        ck_assert_msg(!wrong, "after %s: %s", w, wrong);
    }
}

static void
open_sample(const char *name)
{
    char path[512];
    const char *srcdir = getenv("srcdir");
    struct stats_options how = {.width = COLS};
    stats = stats_new(&how);
    ck_assert_ptr_nonnull(stats);
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    snprintf(path, sizeof path, "%s/samples/%s", srcdir ? srcdir : ".", name);
    ck_assert(tui_load(path, store, stats));
    tui_init(&tui, store, stats, &figures);
    ck_assert(grid_resize(&tui.grid, 24, COLS));
    press("2");
}

static void
setup(void)
{
    open_sample("good-chat.pcapng");
}

static void
teardown(void)
{
    tui_fini(&tui);
    store_free(store);
    stats_free(stats);
}

/* Whether a row of the screen, all of it ASCII, holds the text. */
static bool
shows(const char *text)
{
    char line[COLS + 1];
    for (int y = 0; y < tui.grid.rows; y++) {
        for (int x = 0; x < COLS; x++)
            line[x] = (char)grid_cell(&tui.grid, y, x)->ch[0];
        line[COLS] = '\0';
        if (strstr(line, text))
            return true;
    }
    return false;
}

/* The second frame of the sample: of the client, masked. */
static const struct {
    const char *keys, *shown, *hidden;
} cases[] = {
    {"s", "STEP 1 of 9", "opcode"},
    {"s", "FIN = 1", "|0|0|0|"},
    {"s n", "|F|R|R|R|", "opcode"},
    {"s n n", "opcode = 1 (text)", "|M|"},
    {"s n n n", "MASK = 1", "payload len"},
    {"s n n n", "so 1 is right", "masking key, bytes 1-2"},
    {"s n n n n", "payload length = 9", "masking key, bytes"},
    {"s n n n n n", "the 7 bits are the length, 9", "masking key, bytes"},
    {"s n n n n n n", "bytes 2-5 = 04 c8 36 d5", "payload (masked)"},
    {"s n n n n n n n", "payload (masked), 9 bytes", "77 a7"},
    {"s n n n n n n n n", "masked  77", "77 a7"},
    {"s n n n n n n n n n", "masked  77 a7", "77 a7 5b"},
    {"s n n n n n n n n n n n n n", "result  73 6f 6d 65 74 68 69 6e 67",
     "STEP 9"},
    {"s n n n n n n n n n n n n n n", "STEP 9 of 9", "masked  77"},
    {"s n n n n n n n n n n n n n n", "is valid", "is wrong"},
    {"s n n n n n n n n n n n n n n n n n n", "STEP 9 of 9", "STEP 8"},
    {"s n n N", "STEP 2 of 9", "opcode"},
    {"s N", "STEP 1 of 9", "opcode"},
    {"s", "Enter shows the answer", "Only the third one"},
    {"s Enter", "Only the third one", "Which of them"},
    {"s Enter n", "Enter shows the answer", "Only the third one"},
    {"s , n n n", "so 0 is right", "so 1"},
};

START_TEST(each_step_shows_its_field_and_none_that_follows)
{
    press("Down");
    press(cases[_i].keys);
    ck_assert_msg(shows(cases[_i].shown), "%s: no \"%s\"", cases[_i].keys,
                  cases[_i].shown);
    ck_assert_msg(!shows(cases[_i].hidden), "%s: \"%s\"", cases[_i].keys,
                  cases[_i].hidden);
}
END_TEST

static const char *const leaving[] = {"s", "q", "Esc", "^C"};

START_TEST(it_is_left_and_the_frame_stays_selected)
{
    press("Down s n . .");
    ck_assert_ptr_nonnull(tui.layer);
    press(leaving[_i]);
    ck_assert_ptr_null(tui.layer);
    ck_assert_int_eq(tui.view, VIEW_FRAMES);
    ck_assert_uint_eq(tui.frames.cursor, 3);
    ck_assert(!tui.quit);
}
END_TEST

static const char *const samples[] = {"odd-frames.pcap",
                                      "broken-lost-segment.pcap",
                                      "good-lengths.pcapng",
                                      "good-deflate-context.pcapng",
                                      "odd-utf8.pcap",
                                      "broken-midstream.pcap"};

START_TEST(every_frame_goes_through_every_step_at_every_size)
{
    static const int sizes[][2] = {{24, 80}, {12, 40}, {10, 40}, {48, 160}};
    open_sample(samples[_i]);
    press("s");
    for (size_t i = 0; i < store->frames.n && i < 30; i++) {
        ck_assert(grid_resize(&tui.grid, sizes[i % 4][0], sizes[i % 4][1]));
        press("n n n n n n n n n n n n n n n Enter");
        press("N N N N N N N N N N N N N N N .");
    }
    teardown();
}
END_TEST

START_TEST(who_looks_on_sees_no_addresses)
{
    struct endpoint a = {{{10, 0, 0, 1}, 4}, 80}, b = {{{10, 0, 0, 2}, 4}, 81};
    char text[ENDPOINT_TEXT_MAX];
    present_endpoint(&tui, &a, text, sizeof text);
    ck_assert_str_eq(text, "10.0.0.1:80");
    tui.source = "secret.pcap";
    press("P");
    ck_assert(shows("PRESENT"));
    ck_assert(!shows("secret.pcap"));
    press("Tab PgDn");
    ck_assert(!shows("127.0.0.1"));
    ck_assert(shows("IPv4 192.0.2."));
    memset(&tui.present_addrs, 0, sizeof tui.present_addrs);
    present_endpoint(&tui, &a, text, sizeof text);
    ck_assert_str_eq(text, "192.0.2.1:80");
    present_endpoint(&tui, &b, text, sizeof text);
    ck_assert_str_eq(text, "192.0.2.2:81");
    present_endpoint(&tui, &a, text, sizeof text);
    ck_assert_str_eq(text, "192.0.2.1:80");
    press("P");
    ck_assert(shows("secret.pcap"));
}
END_TEST

START_TEST(more_addresses_than_there_are_share_the_last_one)
{
    char text[ENDPOINT_TEXT_MAX] = "";
    tui.present = true;
    for (unsigned i = 0; i < 1000; i++) {
        struct addr a = {{10, 0, (uint8_t)(i >> 8), (uint8_t)i}, 4};
        present_addr(&tui, &a, text, sizeof text);
    }
    ck_assert_str_eq(text, "192.0.2.254");
    ck_assert_uint_eq(tui.present_addrs.n, PRESENT_ADDRS);
}
END_TEST

START_TEST(who_looks_on_sees_no_secrets)
{
    press("5 H");
    ck_assert(tui.secrets);
    press("P");
    ck_assert(!tui.secrets);
    press("H");
    ck_assert(!tui.secrets);
    ck_assert_ptr_nonnull(strstr(tui.message, "not now"));
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_step");
    TCase *tc = tcase_create("chat");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, each_step_shows_its_field_and_none_that_follows, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_loop_test(tc, it_is_left_and_the_frame_stays_selected, 0,
                        sizeof leaving / sizeof *leaving);
    tcase_add_test(tc, who_looks_on_sees_no_addresses);
    tcase_add_test(tc, more_addresses_than_there_are_share_the_last_one);
    tcase_add_test(tc, who_looks_on_sees_no_secrets);
    suite_add_tcase(s, tc);
    tc = tcase_create("samples");
    tcase_add_loop_test(tc, every_frame_goes_through_every_step_at_every_size,
                        0, sizeof samples / sizeof *samples);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
