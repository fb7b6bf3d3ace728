/* SPDX-License-Identifier: MIT */
/*
 * What the filter bar says while a filter is typed: valid, incomplete or
 * invalid, and what can stand where the cursor is.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/rng.h"
#include "ui/tui/layers/complete.h"

static const struct {
    const char *text;
    enum filter_state state;
} states[] = {
    {"", FILTER_STATE_EMPTY},
    {"   ", FILTER_STATE_EMPTY},
    {"ws", FILTER_STATE_INCOMPLETE},
    {"websocket.", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode", FILTER_STATE_OK},
    {"websocket.opcode ", FILTER_STATE_OK},
    {"websocket.opcode =", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode = ", FILTER_STATE_BAD},
    {"websocket.opcode ==", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode == te", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode == te ", FILTER_STATE_BAD},
    {"websocket.opcode == text", FILTER_STATE_OK},
    {"websocket.opcode == foo", FILTER_STATE_BAD},
    {"websocket.opcode == text &", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode == text &&", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode == text && w", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode == text && foo", FILTER_STATE_BAD},
    {"websocket.opcode == text an", FILTER_STATE_INCOMPLETE},
    {"websocket.opcode == text websocket.fin", FILTER_STATE_BAD},
    {"foo", FILTER_STATE_BAD},
    {"foo == 1", FILTER_STATE_BAD},
    {"foo ", FILTER_STATE_BAD},
    {"ws.len > ", FILTER_STATE_INCOMPLETE},
    {"ws.len > 1", FILTER_STATE_OK},
    {"ws.len > 0x", FILTER_STATE_INCOMPLETE},
    {"ws.len > abc", FILTER_STATE_BAD},
    {"ws.len in", FILTER_STATE_INCOMPLETE},
    {"ws.len in {", FILTER_STATE_INCOMPLETE},
    {"ws.len in {1", FILTER_STATE_INCOMPLETE},
    {"ws.len in {1..", FILTER_STATE_INCOMPLETE},
    {"ws.len in {1..2", FILTER_STATE_INCOMPLETE},
    {"ws.len in {1..2}", FILTER_STATE_OK},
    {"ws.text co", FILTER_STATE_INCOMPLETE},
    {"ws.text contains", FILTER_STATE_INCOMPLETE},
    {"ws.text contains \"", FILTER_STATE_INCOMPLETE},
    {"ws.text contains \"a", FILTER_STATE_INCOMPLETE},
    {"ws.text contains \"a\"", FILTER_STATE_OK},
    {"ws.text matches \"(a", FILTER_STATE_INCOMPLETE},
    {"ws.text matches \"[a", FILTER_STATE_INCOMPLETE},
    {"ws.text matches \"(a\"", FILTER_STATE_BAD},
    {"websocket.payload[", FILTER_STATE_INCOMPLETE},
    {"websocket.payload[0", FILTER_STATE_INCOMPLETE},
    {"websocket.payload[0:", FILTER_STATE_INCOMPLETE},
    {"websocket.payload[0:2]", FILTER_STATE_OK},
    {"websocket.payload[0:2] == 1f:", FILTER_STATE_INCOMPLETE},
    {"ip.src == 10", FILTER_STATE_INCOMPLETE},
    {"ip.src == 10.", FILTER_STATE_INCOMPLETE},
    {"ip.src == 10.0.0", FILTER_STATE_INCOMPLETE},
    {"ip.src == 10.0.0.1", FILTER_STATE_OK},
    {"ip.src == 10.0.0.1/", FILTER_STATE_INCOMPLETE},
    {"ip.src == 300.0.0.1", FILTER_STATE_BAD},
    {"ipv6.src == 2001:", FILTER_STATE_INCOMPLETE},
    {"(", FILTER_STATE_INCOMPLETE},
    {"(ws.len", FILTER_STATE_INCOMPLETE},
    {"(ws.len)", FILTER_STATE_OK},
    {"ws.len)", FILTER_STATE_BAD},
    {"!", FILTER_STATE_INCOMPLETE},
    {"not", FILTER_STATE_INCOMPLETE},
    {"not ws.rtt", FILTER_STATE_OK},
    {"len", FILTER_STATE_INCOMPLETE},
    {"len(", FILTER_STATE_INCOMPLETE},
    {"len(ws.te", FILTER_STATE_INCOMPLETE},
    {"len(ws.text", FILTER_STATE_INCOMPLETE},
    {"len(ws.text) > 5", FILTER_STATE_OK},
    {"len(ws.len)", FILTER_STATE_BAD},
    {"ws.severity >= warn", FILTER_STATE_INCOMPLETE},
    {"ws.delta > 1", FILTER_STATE_OK},
    {"ws.delta > 1.", FILTER_STATE_INCOMPLETE},
    {"'", FILTER_STATE_BAD},
    {"\x01", FILTER_STATE_BAD},
    {"ws.len == 5 |", FILTER_STATE_INCOMPLETE},
};

START_TEST(a_text_is_valid_can_become_so_or_cannot)
{
    struct filter_error error;
    enum filter_state got = filter_judge(slice_cstr(states[_i].text), &error);
    ck_assert_msg(got == states[_i].state, "\"%s\" is %d, not %d: %s",
                  states[_i].text, (int)got, (int)states[_i].state, error.text);
}
END_TEST

/* Typed letter by letter, none of these is ever called invalid. */
static const char *const typed[] = {
    "websocket.opcode == text && (ws.len > 10 || ws.dir == s2c)",
    "ws.text contains \"a b\" and not websocket.fin",
    "ip.src == 10.0.0.0/8 or ipv6.src == 2001:db8::1",
    "ws.len in {1, 3..5} && frame.time_relative < 1.5s",
    "lower(ws.text) matches \"(err|fail)[0-9]+\"",
    "websocket.payload[0:2] == 1f:8b ^^ ws.severity >= warning",
    "ws.close_code in {1006, 4000..4999} xor ws.clean == 0",
    "websocket.masking_key == 00:00:00:00",
    "len(websocket.payload) >= 5 && tcp.port in {80, 8000..8099}",
    "websocket.rsv & 4",
};

START_TEST(a_valid_filter_is_never_called_invalid_while_it_is_typed)
{
    const char *text = typed[_i];
    struct filter_error error;
    for (size_t n = 0; n <= strlen(text); n++) {
        struct slice part = slice_make((const uint8_t *)text, n);
        ck_assert_msg(filter_judge(part, &error) != FILTER_STATE_BAD,
                      "\"%.*s\": %s", (int)n, text, error.text);
    }
    ck_assert_int_eq(filter_judge(slice_cstr(text), &error), FILTER_STATE_OK);
}
END_TEST

static const struct {
    const char *text;
    int cursor; /* -1: the end */
    const char *first;
    const char *has;
    const char *lacks;
    const char *expected;
} cases[] = {
    {"", -1, "websocket.opcode", "len(", "text", "a field"},
    {"websocket.pay", -1, "websocket.payload_length", "websocket.payload.text",
     "ws.len", "a field"},
    {"opc", -1, "websocket.opcode", NULL, "ws.len", "a field"},
    {"websocket.opcode ", -1, "==", "in", "contains", "an operator"},
    {"websocket.mask ", -1, "==", "&&", "<", "an operator"},
    {"ws.text ", -1, "==", "contains", "&", "an operator"},
    {"ws.text con", -1, "contains", NULL, "==", "an operator"},
    {"websocket.opcode == ", -1, "continuation", "ping", "websocket.fin",
     "a number, or"},
    {"websocket.opcode ==", -1, "continuation", "ping", "==", "a number, or"},
    {"ws.len >", -1, ">", ">=", "==", "an operator"},
    {"websocket.opcode == te", -1, "text", NULL, "ping", "a number, or"},
    {"ws.dir == ", -1, "c2s", "s2c", NULL, "one of c2s, s2c"},
    {"websocket.fin == ", -1, "1", "0", NULL, "0 or 1"},
    {"ws.finding == frame-client", -1, "frame-client-unmasked", NULL, "ws.len",
     "one of"},
    {"ws.finding == unmasked", -1, "frame-client-unmasked", NULL, "ws.len",
     "one of"},
    {"ws.len == 1 ", -1, "&&", "||", "ws.len", "&&, || or end"},
    {"ws.len == 1 && ", -1, "websocket.opcode", "not", "&&", "a field"},
    {"ws.len == 1 && ws.d", -1, "ws.dir", "ws.delta", "ws.len", "a field"},
    {"websocket.opcode in ", -1, NULL, NULL, "ping", "a set in { }"},
    {"websocket.opcode in {", -1, "continuation", "ping", NULL, "a number"},
    {"websocket.opcode in {ping, ", -1, "continuation", "pong", NULL,
     "a number"},
    {"websocket.opcode in {ping} ", -1, "&&", NULL, "ping", "&&, || or end"},
    {"not ", -1, "websocket.opcode", NULL, "&&", "a field"},
    {"(ws.len == 1 or ", -1, "websocket.opcode", NULL, "&&", "a field"},
    {"len(", -1, "websocket.opcode", "ws.text", "&&", "a field"},
    {"len(ws.text) ", -1, "==", "<", "contains", "an operator"},
    {"ws.text == \"a", -1, NULL, NULL, "ws.len", "a quote that"},
    {"ws.le == 1", 5, "ws.len", NULL, "ws.dir", "a field"},
};

static bool
has(const struct completion *c, const char *text)
{
    for (size_t i = 0; i < c->n; i++)
        if (slice_equal_cstr(c->list[i].text, text))
            return true;
    return false;
}

START_TEST(candidates_are_what_can_stand_at_the_cursor)
{
    static struct completion c;
    struct slice text = slice_cstr(cases[_i].text);
    size_t cursor = cases[_i].cursor < 0 ? text.len : (size_t)cases[_i].cursor;
    complete(&c, text, cursor);
    const char *what = cases[_i].text;
    if (cases[_i].first)
        ck_assert_msg(c.n > 0 &&
                          slice_equal_cstr(c.list[0].text, cases[_i].first),
                      "\"%s\": %zu, first %.*s", what, c.n,
                      c.n ? (int)c.list[0].text.len : 0,
                      c.n ? (const char *)c.list[0].text.ptr : "");
    else
        ck_assert_uint_eq(c.n, 0);
    if (cases[_i].has)
        ck_assert_msg(has(&c, cases[_i].has), "%s: no %s", what, cases[_i].has);
    if (cases[_i].lacks)
        ck_assert_msg(!has(&c, cases[_i].lacks), "%s: %s", what,
                      cases[_i].lacks);
    ck_assert_msg(strncmp(c.expected, cases[_i].expected,
                          strlen(cases[_i].expected)) == 0,
                  "\"%s\": expected %s", what, c.expected);
}
END_TEST

/* Taking any candidate never makes an incomplete filter invalid. */
START_TEST(every_candidate_leads_on)
{
    static struct completion c;
    struct slice text = slice_cstr(cases[_i].text);
    struct filter_error error;
    char all[512], word[128];
    if (cases[_i].cursor >= 0)
        return;
    complete(&c, text, text.len);
    for (size_t i = 0; i < c.n; i++) {
        ck_assert_uint_gt(complete_text(&c, i, word, sizeof word), 0);
        snprintf(all, sizeof all, "%.*s%s", (int)c.start, cases[_i].text, word);
        /* len() is of bytes and text only. */
        if (strstr(cases[_i].text, "len(") && c.kind == COMPLETE_FIELDS)
            continue;
        ck_assert_msg(filter_judge(slice_cstr(all), &error) != FILTER_STATE_BAD,
                      "\"%s\": %s", all, error.text);
    }
}
END_TEST

START_TEST(only_fields_of_wireshark_can_be_pasted_there)
{
    ck_assert(filter_is_portable(slice_cstr("websocket.opcode == text")));
    ck_assert(filter_is_portable(slice_cstr("tcp.port == 80 && ip.src")));
    ck_assert(!filter_is_portable(slice_cstr("ws.len > 5")));
    ck_assert(
        !filter_is_portable(slice_cstr("websocket.fin && ws.dir == c2s")));
    ck_assert(!filter_is_portable(slice_cstr("nonsense")));
}
END_TEST

START_TEST(any_text_and_cursor_can_be_asked_about)
{
    static struct completion c;
    static const char letters[] = "ws.len opcode==&|!\"(){}[],.0:af<>~^ \\'r";
    struct rng rng = {(uint64_t)_i};
    struct filter_error error;
    uint8_t text[60];
    for (int round = 0; round < 60; round++) {
        size_t n = rng_below(&rng, sizeof text);
        for (size_t i = 0; i < n; i++)
            text[i] =
                rng_chance(&rng, 50000)
                    ? (uint8_t)rng_below(&rng, 256)
                    : (uint8_t)letters[rng_below(&rng, sizeof letters - 1)];
        struct slice s = slice_make(text, n);
        (void)filter_judge(s, &error);
        complete(&c, s, rng_below(&rng, (uint32_t)n + 1));
        ck_assert_uint_le(c.start, n);
        ck_assert_uint_le(c.n, COMPLETE_MAX);
    }
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_complete");
    TCase *tc = tcase_create("filter");
    tcase_add_loop_test(tc, a_text_is_valid_can_become_so_or_cannot, 0,
                        sizeof states / sizeof *states);
    tcase_add_loop_test(
        tc, a_valid_filter_is_never_called_invalid_while_it_is_typed, 0,
        sizeof typed / sizeof *typed);
    tcase_add_loop_test(tc, candidates_are_what_can_stand_at_the_cursor, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_loop_test(tc, every_candidate_leads_on, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(tc, only_fields_of_wireshark_can_be_pasted_there);
    tcase_add_loop_test(tc, any_text_and_cursor_can_be_asked_about, 0, 20);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
