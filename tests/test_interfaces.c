/* SPDX-License-Identifier: MIT */
#include "ui/interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"

static const struct live_address addrs_lo[] = {
    {.addr = {{127, 0, 0, 1}, 4}, .prefix_len = 8},
    {.addr = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 6},
     .prefix_len = 128},
};
static const struct live_address addrs_eth[] = {
    {.addr = {{192, 0, 2, 7}, 4}, .prefix_len = 24},
};
static const uint32_t ethernet[] = {1};
static const uint32_t cooked[] = {113, 276};
static const uint32_t strange[] = {9999};

static char *
written(const struct live_device *list, size_t n, bool utf8)
{
    struct interfaces_options o = {.utf8 = utf8};
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(f);
    interfaces_write(f, &o, list, n);
    fclose(f);
    return text;
}

static void
check(const struct live_device *list, size_t n, bool utf8, const char *want)
{
    char *got = written(list, n, utf8);
    ck_assert_str_eq(got, want);
    free(got);
}

START_TEST(one_line_a_device_in_aligned_columns)
{
    const struct live_device list[] = {
        {.name = "lo",
         .addrs = addrs_lo,
         .n_addrs = 2,
         .links = ethernet,
         .n_links = 1,
         .connection = LIVE_CONNECTION_NONE,
         .up = true,
         .running = true,
         .loopback = true},
        {.name = "wlan0",
         .description = "A radio",
         .addrs = addrs_eth,
         .n_addrs = 1,
         .connection = LIVE_DISCONNECTED,
         .up = true,
         .wireless = true},
        {.name = "any",
         .description = "All interfaces",
         .links = cooked,
         .n_links = 2,
         .up = true,
         .running = true},
        {.name = "x", .links = strange, .n_links = 1},
    };
    check(list, 4, false,
          "lo     up, loopback                             Ethernet          "
          "                127.0.0.1/8 ::1/128\n"
          "wlan0  up, not running, wireless, disconnected  -                 "
          "                192.0.2.7/24  A radio\n"
          "any    up                                       Linux cooked v1, "
          "Linux cooked v2  All interfaces\n"
          "x      down                                     link type 9999\n");
}
END_TEST

START_TEST(link_types_that_nobody_knows_get_no_column)
{
    const struct live_device list[] = {
        {.name = "eth0",
         .addrs = addrs_eth,
         .n_addrs = 1,
         .connection = LIVE_CONNECTED,
         .up = true,
         .running = true},
        {.name = "b", .description = "B", .up = true, .running = true},
    };
    check(list, 2, false,
          "eth0  up, connected  192.0.2.7/24\n"
          "b     up             B\n");
}
END_TEST

START_TEST(names_cannot_reach_the_terminal_raw)
{
    const struct live_device list[] = {
        {.name = "e\033[2J", .description = "\xff\n\xe2\x80\xae", .up = true},
        {.name = "wide \xe6\xb1\x89", .up = true, .running = true},
    };
    char *ascii = written(list, 2, false);
    ck_assert_ptr_null(strchr(ascii, '\033'));
    ck_assert_ptr_nonnull(strstr(ascii, "e<1B>[2J"));
    ck_assert_ptr_nonnull(strstr(ascii, "<FF><0A><U+202E>\n"));
    free(ascii);
    check(list, 2, true,
          "e\xe2\x90\x9b[2J    up, not running  <FF>\xe2\x90\x8a<U+202E>\n"
          "wide \xe6\xb1\x89  up\n");
}
END_TEST

START_TEST(a_device_with_many_addresses_and_long_names_is_cut)
{
    static struct live_address many[200];
    static char name[5000];
    struct live_device d = {.name = name,
                            .description = name,
                            .addrs = many,
                            .n_addrs = 200,
                            .up = true,
                            .running = true};
    memset(name, 'n', sizeof name - 1);
    for (size_t i = 0; i < 200; i++)
        many[i] = (struct live_address){.addr = {{0x20, 1, 0xd, 0xb8}, 6},
                                        .prefix_len = 64};
    char *text = written(&d, 1, true);
    ck_assert_uint_lt(strlen(text), 2048);
    ck_assert_ptr_nonnull(strstr(text, "2001:db8::/64 ...  nnn"));
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    free(text);
}
END_TEST

START_TEST(no_device_is_no_line)
{
    check(NULL, 0, true, "");
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("interfaces");
    TCase *t = tcase_create("interfaces");
    tcase_add_test(t, one_line_a_device_in_aligned_columns);
    tcase_add_test(t, link_types_that_nobody_knows_get_no_column);
    tcase_add_test(t, names_cannot_reach_the_terminal_raw);
    tcase_add_test(t, a_device_with_many_addresses_and_long_names_is_cut);
    tcase_add_test(t, no_device_is_no_line);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
