/* SPDX-License-Identifier: MIT */
#include "dissect/handshake.h"

#include <stdio.h>

#include "tests/check_main.h"
#include "tests/edge_page.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

static const struct {
    const char *name, *key, *accept;
} accept_rows[] = {
    {"RFC 6455 section 1.3",
     "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
    {"a common example",
     "x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="},
    /* printf %s258EAFA5-... "" | openssl sha1 -binary | base64 */
    {"an empty key", "", "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="},
};

START_TEST(the_accept_hash_is_right)
{
    char accept[WS_ACCEPT_TEXT_MAX];
    struct edge_page edge;
    struct slice key = slice_cstr(accept_rows[_i].key);
    edge_page_init(&edge, key.len);
    handshake_accept(edge_page_put(&edge, key), accept);
    ck_assert_msg(strcmp(accept, accept_rows[_i].accept) == 0, "%s: %s",
                  accept_rows[_i].name, accept);
    edge_page_fini(&edge);
}
END_TEST

#define REQ "GET /chat HTTP/1.1\r\nHost: server.test\r\n"
#define RESP "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static const struct {
    const char *name, *head;
    bool is_request, upgrade; /* asked for, or granted */
} upgrade_rows[] = {
    {"the usual", REQ UPGRADE KEY "\r\n", true, true},
    {"only the token", REQ "upgrade: h2c, WebSocket\r\n\r\n", true, true},
    {"only the key", REQ KEY "\r\n", true, true},
    {"a key without a colon", REQ "Sec-WebSocket-Key\r\n\r\n", true, false},
    {"only the version", REQ "sec-websocket-version: 13\r\n\r\n", true, true},
    {"another protocol", REQ "Upgrade: h2c\r\n\r\n", true, false},
    {"a longer token", REQ "Upgrade: websockets\r\n\r\n", true, false},
    {"a token in the wrong header", REQ "Connection: websocket\r\n\r\n", true,
     false},
    {"a plain request", REQ "\r\n", true, false},
    {"a whole 101", RESP UPGRADE ACCEPT "\r\n", false, true},
    {"a 101 with the token only", RESP UPGRADE "\r\n", false, true},
    {"a 101 with the hash only", RESP ACCEPT "\r\n", false, true},
    {"a 101 to h2c", RESP "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", false,
     false},
    {"a 426", "HTTP/1.1 426 Upgrade Required\r\n" UPGRADE "\r\n", false, false},
};

START_TEST(both_depths_of_reading_see_the_same_upgrades)
{
    static struct http1_head head;
    struct http1 http;
    struct http1_event ev;
    struct slice s = slice_cstr(upgrade_rows[_i].head);
    bool is_request = upgrade_rows[_i].is_request;
    bool want = upgrade_rows[_i].upgrade, brief, full;
    http1_init(&http, is_request, 0);
    ck_assert_int_eq(http1_next(&http, &s, &ev), HTTP1_HEAD);
    ck_assert(http1_head_parse(&head, ev.text, is_request));
    brief = is_request ? handshake_is_upgrade_brief(&ev.brief)
                       : handshake_is_accepting_brief(&ev.brief);
    full = is_request ? handshake_is_upgrade_request(&head)
                      : handshake_is_accepting(&head);
    ck_assert_msg(brief == want, "%s: brief", upgrade_rows[_i].name);
    ck_assert_msg(full == want, "%s: full", upgrade_rows[_i].name);
    http1_fini(&http);
}
END_TEST

struct describe_row {
    const char *name, *request, *response; /* NULL: not seen */
    const char *want;
};

/* seen|host|origin|key|version|accept|expected|ok|accepted|offered
 * protocols|protocol|offered extensions|agreed|deflate; "-" is absent. */
static const struct describe_row describe_rows[] = {
    {"all of it",
     REQ UPGRADE KEY
     "Origin: http://example.test\r\nSec-WebSocket-Version: 13\r\n"
     "Sec-WebSocket-Protocol: chat, superchat\r\n"
     "sec-websocket-protocol: v3\r\n"
     "Sec-WebSocket-Extensions: permessage-deflate; "
     "client_max_window_bits\r\n\r\n",
     RESP UPGRADE ACCEPT "Sec-WebSocket-Protocol: chat\r\n"
                         "Sec-WebSocket-Extensions: permessage-deflate; "
                         "client_max_window_bits=10\r\n\r\n",
     "0|server.test|http://example.test|dGhlIHNhbXBsZSBub25jZQ==|13|"
     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|2|1|"
     "chat,superchat,v3,|chat|1|1|10/15"},
    {"nothing optional", REQ UPGRADE KEY "\r\n", RESP UPGRADE ACCEPT "\r\n",
     "0|server.test|-|dGhlIHNhbXBsZSBub25jZQ==|-|s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|"
     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|2|1||-|0|0|-"},
    {"a wrong hash", REQ UPGRADE KEY "\r\n",
     RESP UPGRADE "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
     "0|server.test|-|dGhlIHNhbXBsZSBub25jZQ==|-|S3pPLMBiTxaQ9kYGzzhZRbK+xOo=|"
     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|1|1||-|0|0|-"},
    {"no hash", REQ UPGRADE KEY "\r\n", RESP UPGRADE "\r\n",
     "0|server.test|-|dGhlIHNhbXBsZSBub25jZQ==|-|-|"
     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|1|1||-|0|0|-"},
    {"no key", REQ UPGRADE "\r\n", RESP UPGRADE ACCEPT "\r\n",
     "0|server.test|-|-|-|s3pPLMBiTxaQ9kYGzzhZRbK+xOo=||0|1||-|0|0|-"},
    {"refused, with headers as if not", REQ UPGRADE KEY "\r\n",
     "HTTP/1.1 400 Bad Request\r\n" ACCEPT
     "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
     "0|server.test|-|dGhlIHNhbXBsZSBub25jZQ==|-|s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|"
     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|0|0||-|0|1|-"},
    {"only the request", REQ UPGRADE KEY "\r\n", NULL,
     "1|server.test|-|dGhlIHNhbXBsZSBub25jZQ==|-|-|"
     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|0|0||-|0|0|-"},
    {"only the response", NULL,
     RESP UPGRADE ACCEPT "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n"
                         "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
     "2|-|-|-|-|s3pPLMBiTxaQ9kYGzzhZRbK+xOo=||0|1||-|0|2|15/15"},
    {"neither", NULL, NULL, "3|-|-|-|-|-||0|0||-|0|0|-"},
    {"absolute form without Host",
     "GET ws://joe:pw@a.test:81/chat?b HTTP/1.1\r\n" UPGRADE "\r\n", NULL,
     "1|a.test:81|-|-|-|-||0|0||-|0|0|-"},
    {"absolute form and Host", "GET ws://a.test/ HTTP/1.1\r\nHost: b\r\n\r\n",
     NULL, "1|b|-|-|-|-||0|0||-|0|0|-"},
    {"origin form with a URL in it", "GET /?u=ws://a.test/ HTTP/1.1\r\n\r\n",
     NULL, "1|-|-|-|-|-||0|0||-|0|0|-"},
    {"headers that are there but empty",
     "GET / HTTP/1.1\r\nHost:\r\nOrigin\r\nSec-WebSocket-Key:\r\n\r\n", NULL,
     "1||-||-|-|Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=|0|0||-|0|0|-"},
};

static int
put(char *out, struct slice s)
{
    return s.ptr ? sprintf(out, "%.*s|", (int)s.len, s.ptr)
                 : sprintf(out, "-|");
}

static void
describe_text(char *out, const struct event_handshake *hs)
{
    out += sprintf(out, "%d|", hs->seen);
    out += put(out, hs->host);
    out += put(out, hs->origin);
    out += put(out, hs->key);
    out += put(out, hs->version);
    out += put(out, hs->accept);
    out += sprintf(out, "%s|%d|%d|", hs->accept_expected, hs->accept_ok,
                   hs->accepted);
    for (size_t i = 0; i < hs->n_protocols_offered; i++)
        out += sprintf(out, "%.*s,", (int)hs->protocols_offered[i].len,
                       hs->protocols_offered[i].ptr);
    out += sprintf(out, "|");
    out += put(out, hs->protocol);
    out += sprintf(out, "%zu|%zu|", hs->offered.n, hs->agreed.n);
    if (hs->has_deflate)
        sprintf(out, "%d/%d", hs->deflate.client_max_window_bits,
                hs->deflate.server_max_window_bits);
    else
        sprintf(out, "-");
}

START_TEST(a_handshake_is_described_from_its_heads)
{
    static struct http1_head heads[2];
    static struct event_handshake hs;
    const struct describe_row *row = &describe_rows[_i];
    const char *texts[2] = {row->request, row->response};
    const struct http1_head *seen[2] = {NULL, NULL};
    char got[1024];
    for (int i = 0; i < 2; i++) {
        if (!texts[i])
            continue;
        ck_assert(http1_head_parse(&heads[i], slice_cstr(texts[i]), i == 0));
        seen[i] = &heads[i];
    }
    /* Whatever stood in the event before must not show. */
    memset(&hs, 0x5a, sizeof hs);
    handshake_describe(&hs, seen[0], seen[1]);
    ck_assert_ptr_eq(hs.request_head, seen[0]);
    ck_assert_ptr_eq(hs.response_head, seen[1]);
    describe_text(got, &hs);
    ck_assert_msg(strcmp(got, row->want) == 0, "%s: %s", row->name, got);
}
END_TEST

START_TEST(subprotocols_beyond_the_table_are_left_out)
{
    static struct http1_head head;
    static struct event_handshake hs;
    char text[1024];
    int n = sprintf(text, "GET / HTTP/1.1\r\nSec-WebSocket-Protocol: p");
    for (int i = 0; i < 100; i++)
        n += sprintf(text + n, ", %d", i);
    sprintf(text + n, "\r\n\r\n");
    ck_assert(http1_head_parse(&head, slice_cstr(text), true));
    handshake_describe(&hs, &head, NULL);
    ck_assert_uint_eq(hs.n_protocols_offered, HANDSHAKE_PROTOCOLS_MAX);
    ck_assert(slice_equal_cstr(hs.protocols_offered[63], "62"));
    ck_assert(hs.protocols_truncated);
    ck_assert(http1_head_parse(&head, slice_cstr(REQ "\r\n"), true));
    handshake_describe(&hs, &head, NULL);
    ck_assert(!hs.protocols_truncated);
}
END_TEST

/* Writes a head with n lines in front of the rest. */
static struct slice
flooded(char *out, const char *start, unsigned n, const char *rest)
{
    int len = sprintf(out, "%s", start);
    for (unsigned i = 0; i < n; i++)
        len += sprintf(out + len, "X-%u: y\r\n", i);
    len += sprintf(out + len, "%s\r\n", rest);
    return slice_make(out, (size_t)len);
}

START_TEST(headers_are_found_however_many_stand_before_them)
{
    static struct http1_head request, response;
    static struct event_handshake hs;
    static char texts[2][16384];
    unsigned n = _i ? 1000 : HTTP1_HEADERS_MAX;
    ck_assert(http1_head_parse(
        &request,
        flooded(texts[0], "GET / HTTP/1.1\r\n", n,
                "Host: h\r\nOrigin: o\r\n" UPGRADE KEY
                "Sec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: a,b\r\n"
                "Sec-WebSocket-Protocol: c\r\n"
                "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        true));
    ck_assert(http1_head_parse(
        &response,
        flooded(texts[1], RESP, n,
                UPGRADE ACCEPT
                "Sec-WebSocket-Protocol: c\r\n"
                "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        false));
    ck_assert_uint_gt(request.n_headers_dropped, 0);
    ck_assert(handshake_is_upgrade_request(&request));
    ck_assert(handshake_is_accepting(&response));
    handshake_describe(&hs, &request, &response);
    ck_assert(hs.accepted && hs.has_deflate);
    ck_assert_int_eq(hs.accept_ok, TRI_YES);
    ck_assert(slice_equal_cstr(hs.host, "h"));
    ck_assert(slice_equal_cstr(hs.origin, "o"));
    ck_assert(slice_equal_cstr(hs.version, "13"));
    ck_assert(slice_equal_cstr(hs.protocol, "c"));
    ck_assert_uint_eq(hs.n_protocols_offered, 3);
    ck_assert(slice_equal_cstr(hs.protocols_offered[2], "c"));
    ck_assert_uint_eq(hs.offered.n, 1);
    ck_assert(!hs.protocols_truncated && !hs.agreed.truncated);
}
END_TEST

START_TEST(what_may_not_have_been_captured_is_not_judged)
{
    static struct http1_head request, response;
    static struct event_handshake hs;
    ck_assert(
        http1_head_parse(&request, slice_cstr(REQ UPGRADE KEY "\r\n"), true));
    handshake_describe(&hs, &request, NULL);
    ck_assert_int_eq(hs.answer, ANSWER_NOT_CAPTURED);
    ck_assert(http1_head_parse(&response, slice_cstr(RESP UPGRADE), false));
    handshake_describe(&hs, &request, &response);
    ck_assert_int_eq(hs.answer, ANSWER_SEEN);
    ck_assert(hs.accepted);
    ck_assert_int_eq(hs.accept_ok, TRI_UNKNOWN);
    /* What was seen is judged. */
    ck_assert(
        http1_head_parse(&response, slice_cstr(RESP UPGRADE ACCEPT), false));
    handshake_describe(&hs, &request, &response);
    ck_assert_int_eq(hs.accept_ok, TRI_YES);
    ck_assert(http1_head_parse(&response,
                               slice_cstr(RESP UPGRADE
                                          "Sec-WebSocket-Accept: wrong\r\n"),
                               false));
    handshake_describe(&hs, &request, &response);
    ck_assert_int_eq(hs.accept_ok, TRI_NO);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("handshake");
    TCase *t = tcase_create("handshake");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, the_accept_hash_is_right, 0, ARRAY_LEN(accept_rows));
    tcase_add_loop_test(t, both_depths_of_reading_see_the_same_upgrades, 0,
                        ARRAY_LEN(upgrade_rows));
    tcase_add_loop_test(t, a_handshake_is_described_from_its_heads, 0,
                        ARRAY_LEN(describe_rows));
    tcase_add_test(t, subprotocols_beyond_the_table_are_left_out);
    tcase_add_loop_test(t, headers_are_found_however_many_stand_before_them, 0,
                        2);
    tcase_add_test(t, what_may_not_have_been_captured_is_not_judged);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
