/* SPDX-License-Identifier: MIT */
/* The lines of a handshake and their marks, from made heads. */
#include "ui/tui/views/shake.h"

#include <stdio.h>
#include <string.h>

#include "dissect/handshake.h"
#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "ui/tui/views/shake_accept.h"

#define REQUEST                                                                \
    "GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n"          \
    "Connection: keep-alive, Upgrade\r\n"                                      \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                          \
    "Sec-WebSocket-Version: 13\r\n"
#define ANSWER                                                                 \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n"               \
    "Connection: Upgrade\r\n"

#define RIGHT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define WRONG "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static struct store *store;
static struct event_sink sink;
static struct event_samples samples;
static struct shake_found found;
static struct shake lines;

static void
open_store(size_t max_bytes)
{
    ck_assert_int_eq(store_new(&store, max_bytes, UINT64_MAX, UINT64_MAX),
                     ERR_OK);
    sink = store_sink(store, 1000);
    event_samples_init(&samples);
    memset(&found, 0, sizeof found);
}

static void
setup(void)
{
    open_store(SIZE_MAX);
}

static void
teardown(void)
{
    store_free(store);
}

/* Either may be NULL: not seen. */
static void
send_heads(const char *request, const char *answer)
{
    struct event_handshake h = samples.handshake;
    static struct http1_head heads[2];
    static char text[2][4096];
    snprintf(text[0], sizeof text[0], "%s\r\n", request ? request : "");
    snprintf(text[1], sizeof text[1], "%s\r\n", answer ? answer : "");
    ck_assert(!request ||
              http1_head_parse(&heads[0], slice_cstr(text[0]), true));
    ck_assert(!answer ||
              http1_head_parse(&heads[1], slice_cstr(text[1]), false));
    handshake_describe(&h, request ? &heads[0] : NULL,
                       answer ? &heads[1] : NULL);
    if (!request)
        h.request.packet = 0;
    if (!answer)
        h.response.packet = 0;
    sample_send_handshake(&sink, 1, &h);
}

static void
send_finding(enum finding_id id, enum ws_sender from, const char *detail)
{
    struct event_finding f = {.id = id,
                              .severity = finding_info(id)->severity,
                              .has_from = true,
                              .from = from,
                              .at = sample_stamp(1, 5),
                              .detail = detail,
                              .count = 1};
    sample_send_finding(&sink, 1, &f);
}

static void
make(void)
{
    shake_found_update(&found, store, 0);
    shake_make(&lines, store, store_conn(store, 0), &found);
}

static const struct shake_line *
line_of(bool request, const char *start)
{
    size_t i = request ? 0 : lines.n_request;
    size_t end = request ? lines.n_request : lines.n;
    for (; i < end; i++)
        if (lines.line[i].kind == SHAKE_HEAD &&
            lines.line[i].text.len >= strlen(start) &&
            memcmp(lines.line[i].text.ptr, start, strlen(start)) == 0)
            return &lines.line[i];
    ck_abort_msg("no line %s", start);
}

static const char *
result(void)
{
    enum shake_mark mark;
    return shake_result(store_conn(store, 0), &lines, &mark);
}

static const struct {
    const char *request, *answer;
    bool of_request;
    const char *line;
    enum shake_mark mark;
} cases[] = {
    {REQUEST, ANSWER RIGHT, true, "GET ", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, true, "Host", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, true, "Upgrade", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, true, "Connection", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, true, "Sec-WebSocket-Key", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, true, "Sec-WebSocket-Version", SHAKE_OK},
    {REQUEST "X-Y: z\r\n", ANSWER RIGHT, true, "X-Y", SHAKE_NO_MARK},
    {REQUEST, ANSWER RIGHT, false, "HTTP/1.1 101", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, false, "Upgrade", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, false, "Connection", SHAKE_OK},
    {REQUEST, ANSWER RIGHT, false, "Sec-WebSocket-Accept", SHAKE_OK},
    {REQUEST, ANSWER WRONG, false, "Sec-WebSocket-Accept", SHAKE_BAD},
    {NULL, ANSWER RIGHT, false, "Sec-WebSocket-Accept", SHAKE_NO_MARK},
    {"POST /chat HTTP/1.1\r\nUpgrade: websocket\r\n", NULL, true, "POST",
     SHAKE_BAD},
    {"GET /chat HTTP/1.0\r\nUpgrade: websocket\r\n", NULL, true, "GET",
     SHAKE_BAD},
    {"GET / HTTP/1.1\r\nUpgrade: h2c\r\nSec-WebSocket-Version: 13\r\n", NULL,
     true, "Upgrade", SHAKE_BAD},
    {"GET / HTTP/1.1\r\nSec-WebSocket-Version: 8\r\n", NULL, true,
     "Sec-WebSocket-Version", SHAKE_WARN},
    {"GET / HTTP/1.1\r\nSec-WebSocket-Key: abc\r\n", NULL, true,
     "Sec-WebSocket-Key", SHAKE_BAD},
    {"GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ--\r\n", NULL,
     true, "Sec-WebSocket-Key", SHAKE_BAD},
    {REQUEST, "HTTP/1.1 403 Forbidden\r\n", false, "HTTP/1.1 403", SHAKE_NOTE},
};

START_TEST(lines_are_marked_by_the_checks_of_the_rfc)
{
    send_heads(cases[_i].request, cases[_i].answer);
    make();
    ck_assert_msg(line_of(cases[_i].of_request, cases[_i].line)->mark ==
                      cases[_i].mark,
                  "%s: %s", cases[_i].line,
                  shake_mark_name((enum shake_mark)line_of(cases[_i].of_request,
                                                           cases[_i].line)
                                      ->mark));
}
END_TEST

START_TEST(findings_mark_their_line_and_stand_below)
{
    send_heads(REQUEST, ANSWER RIGHT);
    send_finding(FINDING_SECURITY_KEY_WEAK, WS_SENDER_CLIENT, "an example");
    send_finding(FINDING_HANDSHAKE_RESPONSE_UPGRADE_WRONG, WS_SENDER_SERVER,
                 NULL);
    /* Of another layer. */
    send_finding(FINDING_SECURITY_PLAINTEXT, WS_SENDER_CLIENT, NULL);
    make();
    ck_assert_uint_eq(found.n, 2);
    ck_assert_int_eq(line_of(true, "Sec-WebSocket-Key")->mark, SHAKE_WARN);
    ck_assert_int_eq(line_of(true, "Upgrade")->mark, SHAKE_OK);
    ck_assert_int_eq(line_of(false, "Upgrade")->mark, SHAKE_BAD);
    ck_assert_int_eq(lines.line[lines.n_request - 1].kind, SHAKE_FOUND);
    ck_assert_int_eq(lines.line[lines.n - 1].kind, SHAKE_FOUND);
    ck_assert_uint_eq(shake_found_row(&found, store,
                                      FINDING_HANDSHAKE_RESPONSE_UPGRADE_WRONG),
                      1);
    ck_assert_uint_eq(shake_found_row(&found, store,
                                      FINDING_HANDSHAKE_ACCEPT_MISMATCH),
                      STORE_NONE);
}
END_TEST

START_TEST(findings_of_other_connections_are_not_its_own)
{
    send_heads(REQUEST, ANSWER RIGHT);
    sample_send_handshake(&sink, 2, &samples.handshake);
    send_finding(FINDING_SECURITY_KEY_WEAK, WS_SENDER_CLIENT, NULL);
    shake_found_update(&found, store, 1);
    ck_assert_uint_eq(found.n, 0);
    shake_found_update(&found, store, 0);
    ck_assert_uint_eq(found.n, 1);
}
END_TEST

/* Also what is folded. */
START_TEST(secrets_are_marked)
{
    send_heads(REQUEST "cookie: a=b;\r\n c=d\r\nAuthorization: x\r\nX-Y: z\r\n",
               ANSWER RIGHT "Set-Cookie: e=f\r\n");
    make();
    ck_assert(line_of(true, "cookie")->secret);
    ck_assert_uint_eq(line_of(true, "cookie")->secret_at, 7);
    ck_assert(line_of(true, " c=d")->secret);
    ck_assert_uint_eq(line_of(true, " c=d")->secret_at, 0);
    ck_assert(line_of(true, "Authorization")->secret);
    ck_assert(line_of(false, "Set-Cookie")->secret);
    ck_assert(!line_of(true, "X-Y")->secret);
    ck_assert(!line_of(true, "GET")->secret);
}
END_TEST

START_TEST(secrets_that_were_found_are_hidden_too)
{
    send_heads("GET /a?token=12 HTTP/1.1\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Protocol: chat, sEcReT\r\n",
               NULL);
    make();
    ck_assert(!line_of(true, "GET")->secret);
    ck_assert(!line_of(true, "Sec-WebSocket-Protocol")->secret);
    send_finding(FINDING_SECURITY_TOKEN_IN_URL, WS_SENDER_CLIENT, NULL);
    send_finding(FINDING_SECURITY_TOKEN_IN_SUBPROTOCOL, WS_SENDER_CLIENT, NULL);
    make();
    ck_assert(line_of(true, "GET")->secret);
    ck_assert_uint_eq(line_of(true, "GET")->secret_at, strlen("GET /a?"));
    ck_assert(line_of(true, "Sec-WebSocket-Protocol")->secret);
}
END_TEST

START_TEST(the_result_is_a_word)
{
    static const struct {
        const char *request, *answer, *result;
    } results[] = {
        {REQUEST, ANSWER RIGHT, "VERIFIED"},
        {REQUEST, ANSWER WRONG, "FAILED"},
        {REQUEST, ANSWER, "FAILED"},
        {REQUEST, "HTTP/1.1 404 Not Found\r\n", "REFUSED"},
        {REQUEST, NULL, "no answer seen"},
        {NULL, ANSWER RIGHT, "accepted, the key was not captured"},
        {NULL, NULL, "not in the capture"},
    };
    send_heads(results[_i].request, results[_i].answer);
    make();
    ck_assert_str_eq(result(), results[_i].result);
}
END_TEST

static bool
says(const char *text)
{
    for (size_t i = 0; i < lines.n; i++)
        if (lines.line[i].kind == SHAKE_SAYS &&
            strstr(lines.line[i].says, text))
            return true;
    return false;
}

START_TEST(what_it_means_is_said)
{
    static const struct {
        const char *answer, *text;
    } meanings[] = {
        {ANSWER RIGHT, "no compression was agreed"},
        {ANSWER RIGHT, "no subprotocol was agreed"},
        {ANSWER RIGHT "Sec-WebSocket-Protocol: chat\r\n",
         "the server chose the subprotocol"},
        {ANSWER RIGHT "Sec-WebSocket-Extensions: permessage-deflate; "
                      "server_no_context_takeover\r\n",
         "the server compresses with a window of 32768 bytes, anew"},
        {"HTTP/1.1 403 Forbidden\r\n", "403: the server refuses"},
        {"HTTP/1.1 599 Strange\r\n", "599: the server failed"},
    };
    send_heads(REQUEST, meanings[_i].answer);
    make();
    ck_assert_msg(says(meanings[_i].text), "%s", meanings[_i].text);
}
END_TEST

START_TEST(heads_without_memory_are_not_called_uncaptured)
{
    store_free(store);
    open_store(0);
    send_heads(REQUEST, ANSWER RIGHT);
    make();
    ck_assert_str_eq(result(), "VERIFIED");
    ck_assert_uint_eq(lines.n, 2);
    ck_assert(says("not kept"));
    ck_assert(!says("not in the capture"));
    ck_assert(!says("was agreed"));
}
END_TEST

/* A head may have thousands of lines. */
START_TEST(long_heads_are_cut)
{
    static char head[4096] = REQUEST;
    for (unsigned i = 0; i < 300; i++)
        strcat(head, "A:\r\n");
    send_heads(head, ANSWER RIGHT);
    make();
    ck_assert(lines.cut);
    ck_assert_uint_eq(lines.n, SHAKE_LINES_MAX);
    ck_assert_uint_eq(lines.n_request, SHAKE_LINES_MAX);
    ck_assert(says("there are more lines"));
}
END_TEST

/* What is put in front of a person to be run in a shell. */
START_TEST(a_command_is_made_of_proper_keys_only)
{
    char command[256];
    send_heads(REQUEST, ANSWER RIGHT);
    const struct store_handshake *h = &store_conn(store, 0)->handshake;
    ck_assert(shake_accept_command(h, command, sizeof command));
    ck_assert_str_eq(command,
                     "printf %s \"dGhlIHNhbXBsZSBub25jZQ=="
                     "258EAFA5-E914-47DA-95CA-C5AB0DC85B11\" | openssl sha1 "
                     "-binary | base64");
    struct store_handshake bad = *h;
    bad.key = slice_cstr("\"; rm -rf .; \"");
    ck_assert(!shake_accept_command(&bad, command, sizeof command));
    bad.key = slice_cstr("$(id)");
    ck_assert(!shake_accept_command(&bad, command, sizeof command));
    bad.key = slice_make(NULL, 0);
    ck_assert(!shake_accept_command(&bad, command, sizeof command));
}
END_TEST

START_TEST(each_line_can_be_explained)
{
    send_heads(REQUEST "X-Y: z\r\n", ANSWER RIGHT);
    make();
    for (size_t i = 0; i < lines.n; i++)
        if (lines.line[i].kind == SHAKE_HEAD)
            ck_assert_uint_gt(strlen(shake_explain(&lines.line[i],
                                                   i < lines.n_request)),
                              20);
    ck_assert_ptr_nonnull(
        strstr(shake_explain(line_of(true, "GET"), true), "The request"));
    ck_assert_ptr_nonnull(
        strstr(shake_explain(line_of(false, "HTTP"), false), "101 means"));
    ck_assert_ptr_nonnull(
        strstr(shake_explain(line_of(true, "X-Y"), true), "No part"));
}
END_TEST

static Suite *
tui_shake_suite(void)
{
    Suite *s = suite_create("tui_shake");
    TCase *tc = tcase_create("lines");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, lines_are_marked_by_the_checks_of_the_rfc, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(tc, findings_mark_their_line_and_stand_below);
    tcase_add_test(tc, findings_of_other_connections_are_not_its_own);
    tcase_add_test(tc, secrets_are_marked);
    tcase_add_test(tc, secrets_that_were_found_are_hidden_too);
    tcase_add_loop_test(tc, the_result_is_a_word, 0, 7);
    tcase_add_loop_test(tc, what_it_means_is_said, 0, 6);
    tcase_add_test(tc, heads_without_memory_are_not_called_uncaptured);
    tcase_add_test(tc, long_heads_are_cut);
    tcase_add_test(tc, a_command_is_made_of_proper_keys_only);
    tcase_add_test(tc, each_line_can_be_explained);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(tui_shake_suite)
