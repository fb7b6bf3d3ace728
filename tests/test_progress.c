/* SPDX-License-Identifier: MIT */
#include "ui/progress.h"

#include <stdlib.h>
#include <string.h>

#include "capture/source.h"
#include "tests/check_main.h"

#define S INT64_C(1000000000)

static struct progress progress;
static struct source_info info;
static char *text;
static size_t text_len;

/* A terminal of so many columns that is a piece of memory. */
static void
setup_columns(unsigned columns)
{
    memset(&info, 0, sizeof info);
    info.name = "a.pcap";
    memset(&progress, 0, sizeof progress);
    progress.out = open_memstream(&text, &text_len);
    ck_assert_ptr_nonnull(progress.out);
    progress.columns = columns;
    progress.on = true;
    progress.next_ns = S;
}

static void
setup(void)
{
    setup_columns(80);
}

static void
teardown(void)
{
    fclose(progress.out);
    free(text);
}

static const char *
shown(void)
{
    fflush(progress.out);
    return text;
}

START_TEST(nothing_is_drawn_in_the_first_second)
{
    progress_draw(&progress, &info, 65536, S - 1);
    ck_assert_str_eq(shown(), "");
    ck_assert(!progress.shown);
    progress_clear(&progress);
    ck_assert_str_eq(shown(), "");
}
END_TEST

START_TEST(a_pipe_shows_bytes_and_packets)
{
    info.name = "-";
    info.bytes_read = 3u << 20;
    progress_draw(&progress, &info, 65536, S);
    ck_assert_str_eq(shown(), "\r-: 3.0 MiB, 65536 packets\033[K");
}
END_TEST

START_TEST(a_file_shows_its_share_and_the_time_left)
{
    info.bytes_read = 256;
    info.bytes_total = 1024;
    progress_draw(&progress, &info, 7, 2 * S);
    ck_assert_str_eq(shown(), "\ra.pcap: 25% 256 B, 7 packets, 6 s left\033[K");
}
END_TEST

START_TEST(a_file_that_grew_is_never_over_100_percent)
{
    info.bytes_read = 2048;
    info.bytes_total = 1024;
    progress_draw(&progress, &info, 7, 2 * S);
    ck_assert_str_eq(shown(), "\ra.pcap: 100% 2.0 KiB, 7 packets\033[K");
}
END_TEST

START_TEST(it_is_drawn_again_after_a_quarter_of_a_second)
{
    progress_draw(&progress, &info, 1, S);
    size_t len = strlen(shown());
    progress_draw(&progress, &info, 2, S + S / 4 - 1);
    ck_assert_uint_eq(strlen(shown()), len);
    progress_draw(&progress, &info, 3, S + S / 4);
    ck_assert_str_eq(shown() + len, "\ra.pcap: 0 B, 3 packets\033[K");
}
END_TEST

START_TEST(clear_takes_the_line_away_once)
{
    progress_draw(&progress, &info, 1, S);
    size_t len = strlen(shown());
    progress_clear(&progress);
    ck_assert_str_eq(shown() + len, "\r\033[K");
    progress_clear(&progress);
    ck_assert_uint_eq(strlen(shown()), len + 4);
}
END_TEST

START_TEST(the_name_cannot_reach_the_terminal)
{
    info.name = "\x1b]0;x\x07\xc2\x9b\n";
    progress_draw(&progress, &info, 1, S);
    ck_assert_str_eq(shown(), "\r?]0;x????: 0 B, 1 packets\033[K");
}
END_TEST

START_TEST(a_long_name_keeps_its_end)
{
    info.name = "/a/very/long/way/to/a/file/that/is/named/capture.pcapng";
    progress_draw(&progress, &info, 1, S);
    ck_assert_str_eq(
        shown(), "\r.../that/is/named/capture.pcapng: 0 B, 1 packets\033[K");
}
END_TEST

START_TEST(the_line_never_wraps)
{
    teardown();
    setup_columns(10);
    progress_draw(&progress, &info, 1, S);
    ck_assert_str_eq(shown(), "\ra.pcap: 0\033[K");
    teardown();
    setup_columns(1);
    progress_draw(&progress, &info, 1, S);
    ck_assert_str_eq(shown(), "\ra\033[K");
}
END_TEST

START_TEST(a_file_is_no_terminal)
{
    FILE *out = tmpfile();
    struct progress p;
    ck_assert_ptr_nonnull(out);
    progress_init(&p, out);
    ck_assert(!p.on);
    progress_step(&p, &info, 0);
    progress_draw(&p, &info, 1, INT64_MAX);
    progress_clear(&p);
    ck_assert_int_eq(ftell(out), 0);
    fclose(out);
}
END_TEST

static Suite *
progress_suite(void)
{
    Suite *s = suite_create("progress");
    TCase *t = tcase_create("progress");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nothing_is_drawn_in_the_first_second);
    tcase_add_test(t, a_pipe_shows_bytes_and_packets);
    tcase_add_test(t, a_file_shows_its_share_and_the_time_left);
    tcase_add_test(t, a_file_that_grew_is_never_over_100_percent);
    tcase_add_test(t, it_is_drawn_again_after_a_quarter_of_a_second);
    tcase_add_test(t, clear_takes_the_line_away_once);
    tcase_add_test(t, the_name_cannot_reach_the_terminal);
    tcase_add_test(t, a_long_name_keeps_its_end);
    tcase_add_test(t, the_line_never_wraps);
    tcase_add_test(t, a_file_is_no_terminal);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(progress_suite)
