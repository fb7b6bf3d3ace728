/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect/handshake.h"
#include "dissect/judge/detail.h"
#include "dissect/judge/peers.h"
#include "tests/check_main.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define MS INT64_C(1000000)

static struct peers *
new_peers(void)
{
    struct peers *p;
    ck_assert_int_eq(peers_new(&p), ERR_OK);
    return p;
}

/* Client number n at the one server, from that port; the handshake takes a
 * millisecond. */
static struct peers_attempt
attempt(uint8_t n, uint16_t port, int64_t start_ms)
{
    struct peers_attempt a = {
        .client = {.addr = {.bytes = {192, 0, 2, n}, .family = 4}},
        .server = {.addr = {.bytes = {192, 0, 2, 80}, .family = 4}, .port = 80},
        .start_ns = start_ms * MS,
        .end_ns = (start_ms + 1) * MS,
        .packet = (uint64_t)start_ms};
    a.client.port = port;
    return a;
}

static bool
key_reused(struct peers *p, const char *key, struct peers_attempt a)
{
    uint64_t packet = 0;
    bool reused = peers_is_key_reused(p, slice_cstr(key), &a, &packet);
    ck_assert(!reused || packet > 0);
    return reused;
}

START_TEST(a_key_is_known_until_a_thousand_others_have_come)
{
    struct peers *p = new_peers();
    ck_assert(!key_reused(p, "first", attempt(1, 1, 1)));
    ck_assert(key_reused(p, "first", attempt(1, 2, 10)));
    for (unsigned i = 1; i < 4 * PEERS_MAX; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %u", i);
        ck_assert(!key_reused(p, key, attempt(1, 3, 20)));
        if (i == PEERS_MAX - 1)
            ck_assert(key_reused(p, "first", attempt(1, 4, 30)));
    }
    ck_assert(!key_reused(p, "first", attempt(1, 5, 40)));
    peers_free(p);
}
END_TEST

START_TEST(a_key_is_compared_as_a_whole)
{
    struct peers *p = new_peers();
    char longest[PEERS_KEY_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[PEERS_KEY_MAX + 1] = '\0';
    ck_assert(!key_reused(p, "", attempt(1, 1, 1)));
    ck_assert(!key_reused(p, "", attempt(1, 2, 10)));
    ck_assert(!key_reused(p, longest, attempt(1, 1, 1)));
    ck_assert(!key_reused(p, longest, attempt(1, 2, 10)));
    ck_assert(!key_reused(p, longest + 1, attempt(1, 1, 1)));
    ck_assert(!key_reused(p, longest + 2, attempt(1, 2, 10)));
    ck_assert(key_reused(p, longest + 1, attempt(1, 2, 10)));
    peers_free(p);
}
END_TEST

START_TEST(one_request_seen_twice_is_no_second_one)
{
    struct peers *p = new_peers();
    struct peers_attempt inner = attempt(80, 5, 1);
    ck_assert(!key_reused(p, "key", attempt(1, 1, 1)));
    ck_assert(!key_reused(p, "key", attempt(1, 1, 1)));
    /* By a proxy, to another server, while the client waits. */
    inner.server.port = 9000;
    ck_assert(!key_reused(p, "key", inner));
    inner.start_ns += 100 * MS;
    inner.end_ns += 100 * MS;
    ck_assert(key_reused(p, "key", inner));
    peers_free(p);
}
END_TEST

START_TEST(the_answer_to_one_of_the_last_keys_is_known)
{
    struct peers *p = new_peers();
    char answer[WS_ACCEPT_TEXT_MAX];
    struct slice first = slice_cstr("x3JJHMbDL1EzLkh9GBhXDw==");
    handshake_accept(first, answer);
    ck_assert(!peers_accept_of_other(p, slice_cstr(answer), slice_cstr("own")));
    peers_note_key(p, first);
    ck_assert(peers_accept_of_other(p, slice_cstr(answer), slice_cstr("own")));
    ck_assert(!peers_accept_of_other(p, slice_cstr(answer), first));
    ck_assert(!peers_accept_of_other(p, slice_cstr("else"), slice_cstr("own")));
    for (unsigned i = 0; i < PEERS_KEYS_RECENT; i++) {
        char key[16];
        ck_assert(
            peers_accept_of_other(p, slice_cstr(answer), slice_cstr("own")));
        snprintf(key, sizeof key, "key %u", i);
        peers_note_key(p, slice_cstr(key));
    }
    ck_assert(!peers_accept_of_other(p, slice_cstr(answer), slice_cstr("own")));
    peers_free(p);
}
END_TEST

START_TEST(a_server_is_new_once)
{
    struct peers *p = new_peers();
    struct endpoint server = attempt(1, 1, 1).server;
    ck_assert(peers_is_new_server(p, &server));
    ck_assert(!peers_is_new_server(p, &server));
    server.port++;
    ck_assert(peers_is_new_server(p, &server));
    for (unsigned i = 0; i < 3 * PEERS_MAX; i++) {
        server.port++;
        ck_assert(peers_is_new_server(p, &server));
    }
    peers_free(p);
}
END_TEST

START_TEST(handshakes_are_parallel_whichever_is_told_first)
{
    for (unsigned order = 0; order < 2; order++) {
        struct peers *p = new_peers();
        struct peers_attempt a[2] = {attempt(1, 1, 100), attempt(1, 2, 101)};
        struct peers_attempt other = attempt(2, 3, 100);
        uint64_t packet;
        a[1].start_ns = a[0].start_ns + 1; /* inside the first one */
        ck_assert(!peers_is_parallel(p, &a[order], &packet));
        ck_assert(!peers_is_parallel(p, &other, &packet));
        ck_assert(peers_is_parallel(p, &a[!order], &packet));
        ck_assert_uint_eq(packet, a[order].packet);
        a[0].start_ns = a[1].end_ns; /* only when both are over */
        a[0].end_ns = a[0].start_ns + 1;
        ck_assert(!peers_is_parallel(p, &a[0], &packet));
        peers_free(p);
    }
}
END_TEST

static const struct peers_storm storm = {.window_ns = 1000 * MS, .returns = 3};

/* Comings and drops at these times in ms, told in the order of `order`. */
static bool
is_storm(const int *at, const char *kinds, bool drops_last)
{
    struct peers *p = new_peers();
    bool found = false;
    for (unsigned round = 0; round < 2; round++)
        for (size_t i = 0; kinds[i]; i++) {
            struct peers_attempt a = attempt(1, (uint16_t)i, at[i]);
            bool drop = kinds[i] == 'd';
            a.end_ns = a.start_ns;
            if (drops_last ? drop != (round == 1) : round == 1)
                continue;
            found |=
                drop ? peers_dropped(p, &a, &storm) : peers_came(p, &a, &storm);
        }
    peers_free(p);
    return found;
}

static const struct storm_row {
    const char *name, *kinds; /* c: came, d: dropped */
    bool found;
    int at[16];
} storm_rows[] = {
    {"three quick returns", "cdcdcdc", true, {0, 1, 2, 3, 4, 5, 6}},
    {"two", "cdcdc", false, {0, 1, 2, 3, 4}},
    {"pauses that grow", "cdcdcdc", false, {0, 1, 61, 62, 182, 183, 423}},
    {"pauses that grow a little only",
     "cdcdcdc",
     true,
     {0, 1, 61, 62, 127, 128, 198}},
    {"a long pause between", "cdcdcdc", false, {0, 1, 2, 3, 1004, 1005, 1006}},
    {"clean ends between", "cdccdc", false, {0, 1, 2, 3, 4, 5}},
    {"several tabs",
     "ccccddddcccc",
     false,
     {0, 0, 0, 0, 5, 5, 5, 5, 6, 6, 6, 6}},
};

START_TEST(a_storm_is_found_whatever_is_told_late)
{
    const struct storm_row *row = &storm_rows[_i];
    ck_assert_msg(is_storm(row->at, row->kinds, false) == row->found, "%s",
                  row->name);
    ck_assert_msg(is_storm(row->at, row->kinds, true) == row->found,
                  "%s, drops told late", row->name);
}
END_TEST

START_TEST(a_storm_is_told_once_a_minute)
{
    struct peers *p = new_peers();
    unsigned told = 0;
    for (int i = 0; i < 610; i++) {
        struct peers_attempt a = attempt(1, 1, 200 * i);
        told += peers_came(p, &a, &storm);
        a.end_ns = a.start_ns + 100 * MS;
        told += peers_dropped(p, &a, &storm);
    }
    ck_assert_uint_eq(told, 3);
    peers_free(p);
}
END_TEST

START_TEST(times_at_the_ends_of_their_range_do_no_harm)
{
    struct peers *p = new_peers();
    const int64_t times[] = {INT64_MIN, -1, 0, INT64_MAX / 2, INT64_MAX};
    for (unsigned i = 0; i < 5; i++) {
        struct peers_attempt a = attempt(1, 1, 0);
        uint64_t packet;
        a.start_ns = a.end_ns = times[i];
        ck_assert(!peers_came(p, &a, &storm));
        ck_assert(!peers_dropped(p, &a, &storm));
        ck_assert(!peers_is_parallel(p, &a, &packet));
    }
    peers_free(p);
}
END_TEST

START_TEST(nothing_is_known_without_memory)
{
    struct peers_attempt a = attempt(1, 1, 1);
    uint64_t packet;
    peers_note_key(NULL, slice_cstr("key"));
    ck_assert(!peers_accept_of_other(NULL, slice_cstr("a"), slice_cstr("b")));
    ck_assert(!peers_is_key_reused(NULL, slice_cstr("key"), &a, &packet));
    ck_assert(!peers_is_parallel(NULL, &a, &packet));
    ck_assert(!peers_came(NULL, &a, &storm));
    ck_assert(!peers_dropped(NULL, &a, &storm));
    ck_assert(peers_is_new_server(NULL, &a.server));
    peers_free(NULL);
}
END_TEST

START_TEST(a_detail_is_printable_whatever_it_tells)
{
    struct detail d;
    detail_value(&d, "a ", slice_make("\x1b[2J\\\xff\0b", 8), " b");
    ck_assert_str_eq(d.text, "a \\x1b[2J\\\\\\xff\\x00b b");
    char text[200];
    memset(text, 1, sizeof text);
    for (unsigned i = 0; i < 3; i++) {
        detail_add_value(&d, slice_make(text, sizeof text));
        ck_assert_uint_lt(d.len, DETAIL_MAX);
        ck_assert_uint_eq(strlen(d.text), d.len);
    }
}
END_TEST

static Suite *
peers_suite(void)
{
    Suite *suite = suite_create("peers");
    TCase *t = tcase_create("peers");
    tcase_add_test(t, a_key_is_known_until_a_thousand_others_have_come);
    tcase_add_test(t, a_key_is_compared_as_a_whole);
    tcase_add_test(t, one_request_seen_twice_is_no_second_one);
    tcase_add_test(t, the_answer_to_one_of_the_last_keys_is_known);
    tcase_add_test(t, a_server_is_new_once);
    tcase_add_test(t, handshakes_are_parallel_whichever_is_told_first);
    tcase_add_loop_test(t, a_storm_is_found_whatever_is_told_late, 0,
                        ARRAY_LEN(storm_rows));
    tcase_add_test(t, a_storm_is_told_once_a_minute);
    tcase_add_test(t, times_at_the_ends_of_their_range_do_no_harm);
    tcase_add_test(t, nothing_is_known_without_memory);
    tcase_add_test(t, a_detail_is_printable_whatever_it_tells);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(peers_suite)
