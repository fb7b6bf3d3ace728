/* SPDX-License-Identifier: MIT */
#include "dissect/http1.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/check_main.h"
#include "tests/edge_page.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define LOG_MAX 4096u

/*
 * A run of the decoder, written down: "H0+37 length 5;" is a head at stream
 * offset 0 of 37 bytes with a body of 5, "E42 5;" a message that ends at
 * offset 42 and had 5 body bytes, "X;" is NOT_HTTP.
 */
struct run {
    struct http1 http;
    struct slice stream; /* all of it, to compare the heads with */
    enum http1_method of_request;
    uint64_t off; /* taken so far */
    bool lost;
    char log[LOG_MAX];
    size_t log_len;
};

__attribute__((format(printf, 2, 3))) static void
run_log(struct run *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(r->log + r->log_len, LOG_MAX - r->log_len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= LOG_MAX - r->log_len)
        ck_abort_msg("the log is too long");
    r->log_len += (size_t)n;
}

static void
run_head(struct run *r, const struct http1_event *ev)
{
    static const char *const kinds[] = {"none",  "length",  "chunked",
                                        "close", "interim", "tunnel"};
    uint64_t start = r->off - ev->text.len, len;
    if (start + ev->text.len > r->stream.len ||
        memcmp(r->stream.ptr + start, ev->text.ptr, ev->text.len) != 0)
        ck_abort_msg("the head at %llu is not what was sent",
                     (unsigned long long)start);
    enum http1_body_kind kind =
        r->http.is_request
            ? http1_request_body(&ev->brief, &len)
            : http1_response_body(&ev->brief, r->of_request, &len);
    run_log(r, "H%llu+%zu %s", (unsigned long long)start, ev->text.len,
            kinds[kind]);
    if (kind == HTTP1_BODY_LENGTH)
        run_log(r, " %llu", (unsigned long long)len);
    run_log(r, ";");
    http1_body(&r->http, kind, len);
}

static void
run_feed(struct run *r, struct slice piece)
{
    for (;;) {
        struct http1_event ev;
        size_t before = piece.len;
        enum http1_step step = http1_next(&r->http, &piece, &ev);
        r->off += before - piece.len;
        if (step == HTTP1_NEED_INPUT) {
            if (piece.len)
                ck_abort_msg("%zu bytes left over", piece.len);
            return;
        }
        if (step == HTTP1_NOT_HTTP) {
            if (before != piece.len)
                ck_abort_msg("bytes taken that were not read");
            if (!r->lost)
                run_log(r, "X;");
            r->lost = true;
            return;
        }
        if (step == HTTP1_HEAD)
            run_head(r, &ev);
        else
            run_log(r, "E%llu %llu;", (unsigned long long)r->off,
                    (unsigned long long)ev.body_len);
    }
}

struct stream_row {
    const char *name;
    bool is_request;
    enum http1_method of_request;
    size_t head_max;
    const char *stream;
    const char *log;
};

#define REQ true, HTTP1_METHOD_OTHER, 0
#define RESP false, HTTP1_METHOD_GET, 0

static const struct stream_row stream_rows[] = {
    {"a request without a body", REQ, "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     "H0+27 none;E27 0;"},
    {"three pipelined requests", REQ,
     "GET / HTTP/1.1\r\n\r\nPOST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
     "GET /b HTTP/1.0\r\n\r\n",
     "H0+18 none;E18 0;H18+39 length 3;E60 3;H60+19 none;E79 0;"},
    {"bare LF everywhere", REQ, "GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\n\n",
     "H0+24 none;E24 0;H24+16 none;E40 0;"},
    {"empty lines before and between requests", REQ,
     "\r\n\n\r\nGET / HTTP/1.1\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n",
     "H5+18 none;E23 0;H25+18 none;E43 0;"},
    {"a folded Content-Length", REQ,
     "PUT / HTTP/1.1\r\nContent-Length:\r\n  2\r\n\r\nabGET / HTTP/1.1\r\n\r\n",
     "H0+40 length 2;E42 2;H42+18 none;E60 0;"},
    {"a folded transfer coding", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
     "gzip,\r\n\tchunked\r\n\r\n0\r\n\r\n",
     "H0+55 chunked;E60 0;"},
    {"a fold behind the start-line", REQ,
     "GET / HTTP/1.1\r\n Content-Length: 5\r\n\r\nGET / HTTP/1.1\r\n\r\n",
     "H0+38 none;E38 0;H38+18 none;E56 0;"},
    {"white space before the colon", REQ,
     "PUT / HTTP/1.1\r\ncontent-LENGTH \t: 1\r\n\r\naGET / HTTP/1.1\r\n\r\n",
     "H0+39 length 1;E40 1;H40+18 none;E58 0;"},
    {"a line without a colon", REQ,
     "PUT / HTTP/1.1\r\nContent-Length\r\nrubbish\r\nContent-Length: "
     "1\r\n\r\na",
     "H0+62 length 1;E63 1;"},
    {"the same Content-Length twice and in a list", REQ,
     "PUT / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2, 2\r\n\r\nab",
     "H0+59 length 2;E61 2;"},
    {"conflicting Content-Length: the first one counts", REQ,
     "PUT / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
     "H0+56 length 2;E58 2;"},
    {"Content-Length and chunked: chunked wins", REQ,
     "PUT / HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
     "1\r\na\r\n0\r\n\r\n",
     "H0+65 chunked;E76 1;"},
    {"chunks with extensions and trailers", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5;a=b;c=\"d;e\"\r\nhello\r\n00A \r\n0123456789\r\n"
     "000;last\r\nExpires: never\r\nX:\r\n\r\n"
     "HTTP/1.1 304 Not Modified\r\n\r\n",
     "H0+47 chunked;E119 15;H119+29 none;E148 0;"},
    {"chunks with bare LF", RESP,
     "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\na: b\n\n",
     "H0+44 chunked;E58 3;"},
    {"a trailer line of one CR is the end, one of two is not", RESP,
     "HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n0\n\r\r\n\r\n",
     "H0+44 chunked;E51 0;"},
    {"chunked is not the last coding of a response", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"
     "HTTP/1.1 200 OK\r\n\r\n",
     "H0+53 close;"},
    {"identity is no coding", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n"
     "Content-Length: 1\r\n\r\na",
     "H0+67 length 1;E68 1;"},
    {"a chunk-size without digits", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;a\r\n",
     "H0+47 chunked;X;"},
    {"a chunk-size with a sign", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
     "H0+47 chunked;X;"},
    {"a chunk-size that is no number to its end", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1g\r\n",
     "H0+47 chunked;X;"},
    {"a chunk-size of 2^63", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000",
     "H0+47 chunked;X;"},
    {"a chunk-size of 2^63 - 1", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "7fffffffffffffff\r\nabc",
     "H0+47 chunked;"},
    {"a chunk longer than its size", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
     "chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
     "H0+47 chunked;X;"},
    {"two CR behind a chunk", RESP,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\r\n0\r\n",
     "H0+47 chunked;X;"},
    {"a body until close", RESP,
     "HTTP/1.0 200 OK\r\n\r\nGET / HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
     "H0+19 close;"},
    {"interim responses before the final one", RESP,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     "H0+25 interim;H25+37 interim;H62+38 length 2;E102 2;"},
    {"no reason phrase, with and without its space", RESP,
     "HTTP/1.1 204\r\n\r\nHTTP/1.1 204 \r\n\r\nHTTP/1.1 204\n\n",
     "H0+16 none;E16 0;H16+17 none;E33 0;H33+14 none;E47 0;"},
    {"the response to HEAD", false, HTTP1_METHOD_HEAD, 0,
     "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 204 \r\n\r\n",
     "H0+41 none;E41 0;H41+17 none;E58 0;"},
    {"a switch of protocols", RESP,
     "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05Hello\r\n\r\n",
     "H0+36 tunnel;"},
    {"CONNECT answered with 200", false, HTTP1_METHOD_CONNECT, 0,
     "HTTP/1.1 200 Connected\r\nContent-Length: 1\r\n\r\nHTTP/1.1 200 \r\n",
     "H0+45 tunnel;"},
    {"CONNECT refused", false, HTTP1_METHOD_CONNECT, 0,
     "HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\na", "H0+38 length 1;E39 1;"},
    {"targets of all forms", REQ,
     "OPTIONS * HTTP/1.1\r\n\r\nGET ws://h/p HTTP/1.1\r\n\r\n"
     "CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\nCONNECT [::1]:1 HTTP/1.1\n\n",
     "H0+22 none;E22 0;H22+25 none;E47 0;H47+34 none;E81 0;H81+26 none;"
     "E107 0;"},
    {"a method that nobody knows", REQ, "M-SEARCH * HTTP/1.1\r\n\r\n",
     "H0+23 none;E23 0;"},
    {"a target with spaces, and spaces behind the version", REQ,
     "GET /a b  c   HTTP/1.1 \t\r\n\r\n", "H0+28 none;E28 0;"},
    {"HTTP/0.9", REQ, "GET /\r\n", "X;"},
    {"HTTP/2", REQ, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "X;"},
    {"a TLS record", REQ, "\x16\x03\x01\x02\x01\x01\x01\xfc", "X;"},
    {"an SSH greeting", REQ, "SSH-2.0-OpenSSH_9.2p1\r\n", "X;"},
    {"get in small letters", REQ, "get / HTTP/1.1\r\n\r\n",
     "H0+18 none;E18 0;"},
    {"another method in small letters", REQ, "post / HTTP/1.1\r\n\r\n", "X;"},
    {"get in small letters, and no path", REQ, "get it HTTP/1.1\r\n\r\n", "X;"},
    {"blanks behind the method", REQ, "GET \t / HTTP/1.1\r\n\r\n",
     "H0+20 none;E20 0;"},
    {"blanks behind the method, and no path", REQ, "A  b HTTP/1.1\r\n\r\n",
     "X;"},
    {"the version in small letters, a query without path", REQ,
     "GET ?a http/1.1\r\n\r\n", "H0+19 none;E19 0;"},
    {"a request among the responses", RESP, "GET / HTTP/1.1\r\n\r\n", "X;"},
    {"a response among the requests", REQ, "HTTP/1.1 200 OK\r\n\r\n", "X;"},
    {"a status of four digits", RESP, "HTTP/1.1 2000 OK\r\n\r\n", "X;"},
    {"an empty stream", REQ, "", ""},
    {"only empty lines", REQ, "\r\n\r\n\n", ""},
    {"a head that is not complete", REQ, "GET / HTTP/1.1\r\nHost: a\r\n", ""},
    {"a start-line that is not complete", RESP, "HTTP/1.1 20", ""},
    {"a head as long as allowed", true, HTTP1_METHOD_OTHER, 27,
     "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
     "H2+27 none;E29 0;H29+18 none;E47 0;"},
    {"a head one byte too long", true, HTTP1_METHOD_OTHER, 26,
     "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n", "X;"},
};

static void
run_begin(struct run *r, const struct stream_row *row)
{
    r->stream = slice_cstr(row->stream);
    r->of_request = row->of_request;
    r->off = 0;
    r->lost = false;
    r->log[0] = '\0';
    r->log_len = 0;
    http1_init(&r->http, row->is_request, row->head_max);
}

static void
run_finish(struct run *r, const struct stream_row *row, const char *how)
{
    if (strcmp(r->log, row->log) != 0)
        ck_abort_msg("%s, %s: %s", row->name, how, r->log);
    http1_fini(&r->http);
}

START_TEST(every_split_gives_the_same_events)
{
    const struct stream_row *row = &stream_rows[_i];
    struct slice s = slice_cstr(row->stream);
    struct edge_page edge;
    static struct run r;
    edge_page_init(&edge, s.len);

    run_begin(&r, row);
    run_feed(&r, edge_page_put(&edge, s));
    run_finish(&r, row, "whole");

    run_begin(&r, row);
    for (size_t i = 0; i < s.len; i++)
        run_feed(&r, edge_page_put(&edge, slice_make(s.ptr + i, 1)));
    run_finish(&r, row, "byte by byte");

    for (size_t cut = 0; cut <= s.len; cut++) {
        run_begin(&r, row);
        run_feed(&r, edge_page_put(&edge, slice_head(s, cut)));
        run_feed(&r, edge_page_put(&edge, slice_skip(s, cut)));
        run_finish(&r, row, "cut in two");
    }
    edge_page_fini(&edge);
}
END_TEST

struct brief_row {
    const char *name;
    bool is_request;
    const char *head;
    struct http1_brief want;
};

static const struct brief_row brief_rows[] = {
    {"a plain request",
     true,
     "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nCookie: c\r\n"
     "Upgrade-Insecure-Requests: 1\r\nConnection: keep-alive\r\n\r\n",
     {0, 0, HTTP1_METHOD_GET, 1, 0}},
    {"an upgrade request",
     true,
     "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
     "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: a\r\n"
     "Sec-WebSocket-Version: 13\r\n\r\n",
     {HTTP1_UPGRADE | HTTP1_UPGRADE_WEBSOCKET | HTTP1_CONNECTION_UPGRADE |
          HTTP1_WS_KEY | HTTP1_WS_VERSION,
      0, HTTP1_METHOD_GET, 1, 0}},
    {"names and tokens in any case",
     true,
     "GET / HTTP/1.0\r\nUPGRADE: h2c, WebSocket\r\nconnection:UPGRADE,Close\r\n"
     "sec-websocket-KEY :a\r\nSEC-WEBSOCKET-VERSION:13\r\n\r\n",
     {HTTP1_UPGRADE | HTTP1_UPGRADE_WEBSOCKET | HTTP1_CONNECTION_UPGRADE |
          HTTP1_CONNECTION_CLOSE | HTTP1_WS_KEY | HTTP1_WS_VERSION,
      0, HTTP1_METHOD_GET, 0, 0}},
    {"an upgrade to something else",
     true,
     "GET / HTTP/1.1\r\nUpgrade: h2c\r\nUpgrade: websocket2, TLS/1.0\r\n\r\n",
     {HTTP1_UPGRADE, 0, HTTP1_METHOD_GET, 1, 0}},
    {"repeated and folded",
     true,
     "HEAD / HTTP/1.1\r\nUpgrade: h2c,\r\n websocket\r\nConnection: a\r\n"
     "Connection:\r\n\t upgrade \r\n\r\n",
     {HTTP1_UPGRADE | HTTP1_UPGRADE_WEBSOCKET | HTTP1_CONNECTION_UPGRADE |
          HTTP1_FOLDED,
      0, HTTP1_METHOD_HEAD, 1, 0}},
    {"a 101",
     false,
     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
     "Connection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n",
     {HTTP1_UPGRADE | HTTP1_UPGRADE_WEBSOCKET | HTTP1_CONNECTION_UPGRADE |
          HTTP1_WS_ACCEPT,
      101, HTTP1_METHOD_OTHER, 1, 0}},
    {"names that only begin alike",
     true,
     "CONNECT a:1 HTTP/1.1\r\nContent-Lengths: 1\r\nUpgrades: websocket\r\n"
     "Connection-X: close\r\nSec-WebSocket-Keys: 1\r\n\r\n",
     {0, 0, HTTP1_METHOD_CONNECT, 1, 0}},
    {"bare LF",
     true,
     "POST / HTTP/1.1\r\nContent-Length: 10\n\r\n",
     {HTTP1_LENGTH | HTTP1_BARE_LF, 0, HTTP1_METHOD_OTHER, 1, 10}},
    {"the longest Content-Length",
     false,
     "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
     {HTTP1_LENGTH, 200, HTTP1_METHOD_OTHER, 1, INT64_MAX}},
    {"one more",
     false,
     "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n",
     {HTTP1_LENGTH_BAD, 200, HTTP1_METHOD_OTHER, 1, 0}},
    {"much more",
     false,
     "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
     {HTTP1_LENGTH_BAD, 200, HTTP1_METHOD_OTHER, 1, 0}},
    {"no number, then one",
     false,
     "HTTP/1.1 999 X\r\nContent-Length: 0x10\r\nContent-Length: 7\r\n\r\n",
     {HTTP1_LENGTH | HTTP1_LENGTH_BAD, 999, HTTP1_METHOD_OTHER, 1, 7}},
    {"an empty and a negative one",
     false,
     "HTTP/1.1 200 OK\r\nContent-Length:\r\nContent-Length: -1\r\n\r\n",
     {HTTP1_LENGTH_BAD, 200, HTTP1_METHOD_OTHER, 1, 0}},
    {"a conflict inside a list",
     false,
     "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n",
     {HTTP1_LENGTH | HTTP1_LENGTH_CONFLICT, 200, HTTP1_METHOD_OTHER, 1, 5}},
    {"chunked taken back by a later line",
     false,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
     "Transfer-Encoding: gzip\r\n\r\n",
     {HTTP1_TRANSFER_ENCODING, 200, HTTP1_METHOD_OTHER, 1, 0}},
};

START_TEST(the_brief_tells_what_framing_and_upgrades_need)
{
    const struct brief_row *row = &brief_rows[_i];
    struct http1 http;
    struct http1_event ev;
    struct slice s = slice_cstr(row->head);
    http1_init(&http, row->is_request, 0);
    ck_assert_msg(http1_next(&http, &s, &ev) == HTTP1_HEAD, "%s", row->name);
    ck_assert_msg(ev.brief.flags == row->want.flags, "%s: flags %#x", row->name,
                  ev.brief.flags);
    ck_assert_msg(ev.brief.status == row->want.status, "%s", row->name);
    ck_assert_msg(ev.brief.method == row->want.method, "%s", row->name);
    ck_assert_msg(ev.brief.minor == row->want.minor, "%s", row->name);
    ck_assert_msg(ev.brief.content_length == row->want.content_length, "%s",
                  row->name);
    /* A head in one piece is read where it lies. */
    ck_assert_ptr_null(http.held.ptr);
    ck_assert_ptr_eq(ev.text.ptr, row->head);
    http1_fini(&http);
}
END_TEST

struct parse_row {
    const char *name;
    bool is_request;
    const char *head;
    const char *want; /* NULL: cannot be read */
};

static const struct parse_row parse_rows[] = {
    {"a request", true, "GET /a?b HTTP/1.1\r\nHost: x\r\nA:  b c \t\r\n\r\n",
     "1.1 GET /a?b|Host=x|A=b c|"},
    {"a response", false, "HTTP/1.0 404 Not  Found\r\nA: b\r\n\r\n",
     "1.0 404 Not  Found|A=b|"},
    {"no reason", false, "HTTP/1.1 200\r\n\r\n", "1.1 200 |"},
    {"bare LF", true, "GET / HTTP/1.1\nA:b\nC:d\n\n", "1.1 GET /|A=b|C=d|"},
    {"folds", true, "GET / HTTP/1.1\r\nA:\r\n b\r\n\tc \r\nD: e\r\n\r\n",
     "1.1 GET /|A=b\r\n\tc|D=e|"},
    {"a fold before all headers", true,
     "GET / HTTP/1.1\r\n A: b\r\nC: d\r\n\r\n", "1.1 GET /|C=d|"},
    {"blanks before the colon, no name, no value, no colon", true,
     "GET / HTTP/1.1\r\nA \t: b\r\n: c\r\nD:\r\nline\r\n\r\n",
     "1.1 GET /|A=b|=c|D=|line-|"},
    {"a fold of a line without a colon", true,
     "GET / HTTP/1.1\r\nA\r\n b: c\r\n\r\n", "1.1 GET /|A\r\n b: c-|"},
    {"colons in values", true, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
     "1.1 GET /|Host=[::1]:80|"},
    {"repeated headers", true, "GET / HTTP/1.1\r\nA: 1\r\na: 2\r\nA: 3\r\n\r\n",
     "1.1 GET /|A=1|a=2|A=3|"},
    {"absolute form", true, "GET ws://a.test:81/b HTTP/1.1\r\n\r\n",
     "1.1 GET ws://a.test:81/b|"},
    {"a cut head is read as far as it goes", true, "GET / HTTP/1.1\r\nA: b",
     "1.1 GET /|A=b|..."},
    {"a start-line alone", true, "GET / HTTP/1.1\r\n", "1.1 GET /|..."},
    {"a status-line alone", false, "HTTP/1.1 101 S\n", "1.1 101 S|..."},
    {"no empty line", false, "HTTP/1.1 101 S\r\nA: b\r\n C\r\n",
     "1.1 101 S|A=b\r\n C|..."},
    {"only folds", true, "GET / HTTP/1.1\n a\n b\n", "1.1 GET /|..."},
    {"a target of spaces only", true, "GET   HTTP/1.1\r\n\r\n", NULL},
    {"a request as response", false, "GET / HTTP/1.1\r\n\r\n", NULL},
    {"nothing", true, "", NULL},
};

START_TEST(a_head_is_read_in_full_when_asked)
{
    const struct parse_row *row = &parse_rows[_i];
    struct edge_page edge;
    static struct http1_head head;
    char got[512];
    edge_page_init(&edge, strlen(row->head));
    struct slice text = edge_page_put(&edge, slice_cstr(row->head));
    bool ok = http1_head_parse(&head, text, row->is_request);
    ck_assert_msg(ok == (row->want != NULL), "%s", row->name);
    if (ok) {
        struct slice word = row->is_request ? head.method : head.reason;
        int n = row->is_request
                    ? sprintf(got, "%d.%d %.*s %.*s|", head.major, head.minor,
                              (int)word.len, word.ptr, (int)head.target.len,
                              head.target.ptr)
                    : sprintf(got, "%d.%d %d %.*s|", head.major, head.minor,
                              head.status, (int)word.len, word.ptr);
        for (size_t i = 0; i < head.n_headers; i++) {
            struct slice name = head.headers[i].name;
            struct slice value = head.headers[i].value;
            n += sprintf(got + n, "%.*s%s%.*s|", (int)name.len, name.ptr,
                         value.ptr ? "=" : "-", (int)value.len,
                         value.ptr ? (const char *)value.ptr : "");
        }
        sprintf(got + n, "%s", head.partial ? "..." : "");
        ck_assert_msg(strcmp(got, row->want) == 0, "%s: %s", row->name, got);
    }
    edge_page_fini(&edge);
}
END_TEST

struct guess_row {
    const char *start;
    enum http1_guess want;
};

static const struct guess_row guess_rows[] = {
    {"GET / HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"GET / HTTP/1.1\n", HTTP1_GUESS_REQUEST},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost", HTTP1_GUESS_REQUEST},
    {"CONNECT a.test:443 HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"OPTIONS * HTTP/1.0\r\n", HTTP1_GUESS_REQUEST},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"HTTP/1.1 200 OK", HTTP1_GUESS_RESPONSE},
    {"HTTP/1.0 304\r", HTTP1_GUESS_RESPONSE},
    {"HTTP/1.1 101\n", HTTP1_GUESS_RESPONSE},
    {"", HTTP1_GUESS_SHORT},
    {"\r\n", HTTP1_GUESS_SHORT},
    {"G", HTTP1_GUESS_SHORT},
    {"GET", HTTP1_GUESS_SHORT},
    {"GET ", HTTP1_GUESS_SHORT},
    {"GET / HTTP/1.1", HTTP1_GUESS_SHORT},
    {"HTTP/1.1 20", HTTP1_GUESS_SHORT},
    {"HTTP/1.1 200", HTTP1_GUESS_SHORT},
    {"GET / HTTP/2.0\r\n", HTTP1_GUESS_NO},
    {"GET /\r\n", HTTP1_GUESS_NO},
    {"GET  / HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"GET\t / HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"GET                 / HTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"GET  a HTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"Get / HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"get / HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"get a HTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"gets / HTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"post / HTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"GET / http/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"GET #a HTTP/1.1\r\n", HTTP1_GUESS_REQUEST},
    {"GET {} HTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"GET / HTTP/1.x\r\n", HTTP1_GUESS_NO},
    {"GET / XHTTP/1.1\r\n", HTTP1_GUESS_NO},
    {"HTTP/2 200\r\n", HTTP1_GUESS_NO},
    {"HTTP/1.1 020 \r\n", HTTP1_GUESS_NO},
    {"HTTP/1.1 20x \r\n", HTTP1_GUESS_NO},
    {"HELO mail.test\r\n", HTTP1_GUESS_NO},
    {"USER joe\r\n", HTTP1_GUESS_NO},
    {"\x81\x05Hello", HTTP1_GUESS_NO},
    {"\x16\x03\x01", HTTP1_GUESS_NO},
};

START_TEST(more_bytes_never_change_a_guess)
{
    const struct guess_row *row = &guess_rows[_i];
    struct slice s = slice_cstr(row->start);
    struct edge_page edge;
    edge_page_init(&edge, s.len);
    for (size_t len = 0; len <= s.len; len++) {
        struct slice start = edge_page_put(&edge, slice_head(s, len));
        enum http1_guess guess = http1_guess_start(start);
        ck_assert_msg(guess == row->want ||
                          (len < s.len && guess == HTTP1_GUESS_SHORT),
                      "%s, %zu bytes: %d", row->start, len, guess);
    }
    edge_page_fini(&edge);
}
END_TEST

struct gap_row {
    const char *name;
    bool is_request;
    const char *before;
    uint64_t len;
    bool in_step;
    const char *after, *log;
};

#define CHUNKED "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"
#define FIVE "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n"

static const struct gap_row gap_rows[] = {
    {"inside a body", false, FIVE "a", 3, true, "bHTTP/1.1 204 \r\n\r\n",
     "H0+36 length 5;E38 5;H38+17 none;E55 0;"},
    {"a body to its end", false, FIVE, 5, true, "HTTP/1.1 204 \r\n\r\n",
     "H0+36 length 5;E36 5;H36+17 none;E53 0;"},
    {"one byte past the body", false, FIVE, 6, false, "", "H0+36 length 5;X;"},
    {"a gap of 2^64 - 1", false, FIVE, UINT64_MAX, false, "",
     "H0+36 length 5;X;"},
    {"inside a chunk", false, CHUNKED "5\r\na", 3, true, "b\r\n0\r\n\r\n",
     "H0+45 chunked;E57 5;"},
    {"a chunk to its end", false, CHUNKED "5\r\na", 4, true, "\r\n0\r\n\r\n",
     "H0+45 chunked;E56 5;"},
    {"over the end of a chunk", false, CHUNKED "5\r\na", 5, false, "",
     "H0+45 chunked;X;"},
    {"in a chunk-size", false, CHUNKED "5", 1, false, "", "H0+45 chunked;X;"},
    {"in a trailer", false, CHUNKED "0\r\nA", 1, false, "", "H0+45 chunked;X;"},
    {"in a body until close", false, "HTTP/1.1 200 \r\n\r\nabc", 1u << 30, true,
     "abc", "H0+17 close;"},
    {"in a tunnel", false, "HTTP/1.1 101 \r\n\r\nabc", 1u << 30, true, "abc",
     "H0+17 tunnel;"},
    {"in a head", true, "GET / HT", 1, false, "", "X;"},
    {"before a head", true, "", 1, false, "", "X;"},
    {"of nothing", true, "GET / HT", 0, true, "TP/1.1\r\n\r\n",
     "H0+18 none;E18 0;"},
};

START_TEST(a_gap_inside_a_body_keeps_the_framing)
{
    const struct gap_row *row = &gap_rows[_i];
    char stream[256];
    static struct run r;
    snprintf(stream, sizeof stream, "%s%s", row->before, row->after);
    struct stream_row as_stream = {row->name, row->is_request, HTTP1_METHOD_GET,
                                   0,         stream,          row->log};
    run_begin(&r, &as_stream);
    run_feed(&r, slice_cstr(row->before));
    ck_assert_msg(http1_gap(&r.http, row->len) == row->in_step, "%s",
                  row->name);
    run_feed(&r, slice_make(NULL, 0));
    run_feed(&r, slice_cstr(row->after));
    run_finish(&r, &as_stream, "with a gap");
}
END_TEST

START_TEST(a_lost_decoder_starts_again_after_a_reset)
{
    struct http1 http;
    struct http1_event ev;
    struct slice first = slice_cstr("GET / HTTP/1.1\r\nHo");
    struct slice bad = slice_cstr("st: a much too long value");
    struct slice good = slice_cstr("GET / HTTP/1.1\r\n\r\n");
    http1_init(&http, true, 24);
    ck_assert(http1_idle(&http));
    ck_assert_int_eq(http1_next(&http, &first, &ev), HTTP1_NEED_INPUT);
    ck_assert(!http1_idle(&http));
    ck_assert_int_eq(http1_next(&http, &bad, &ev), HTTP1_NOT_HTTP);
    ck_assert_uint_eq(bad.len, 25);
    ck_assert(slice_equal_cstr(http1_held(&http), "GET / HTTP/1.1\r\nHo"));
    ck_assert_int_eq(http1_next(&http, &good, &ev), HTTP1_NOT_HTTP);
    ck_assert(!http1_gap(&http, 0));
    http1_reset(&http);
    ck_assert_uint_eq(http1_held(&http).len, 0);
    ck_assert_int_eq(http1_next(&http, &good, &ev), HTTP1_HEAD);
    ck_assert_uint_eq(ev.text.len, 18);
    http1_body(&http, HTTP1_BODY_CLOSE, 0);
    ck_assert(http1_until_close(&http));
    http1_fini(&http);
}
END_TEST

/* Each byte is looked at once however the head arrives: if the buffer were
 * searched again for each piece, this would take hours. */
START_TEST(a_head_that_never_ends_costs_linear_time)
{
    static const char *const starts[] = {"GET / HTTP/1.1\r\n", "GET /",
                                         "GET / HTTP/1.1\r\nA:\r\n"};
    static const char fills[] = {'a', 'a', ' '};
    size_t max = 2u << 20;
    struct http1 http;
    struct http1_event ev;
    struct slice start = slice_cstr(starts[_i]);
    http1_init(&http, true, max);
    size_t len = start.len;
    ck_assert_int_eq(http1_next(&http, &start, &ev), HTTP1_NEED_INPUT);
    for (;;) {
        struct slice one = slice_make(&fills[_i], 1);
        if (http1_next(&http, &one, &ev) == HTTP1_NOT_HTTP)
            break;
        len++;
        if (http.scanned != len || len > max)
            ck_abort_msg("%zu of %zu bytes scanned", http.scanned, len);
    }
    ck_assert_uint_eq(len, max);
    http1_fini(&http);
}
END_TEST

START_TEST(many_folds_cost_linear_time)
{
    size_t len = 4u << 20;
    char *text = malloc(len);
    static struct http1_head head;
    struct http1 http;
    struct http1_event ev;
    ck_assert_ptr_nonnull(text);
    memset(text, ' ', len);
    memcpy(text, "GET / HTTP/1.1\nConnection:\n", 27);
    for (size_t i = 28; i < len; i += 2)
        text[i] = '\n';
    memcpy(text + len - 4, "\n\n\n\n", 4);
    struct slice s = slice_make(text, len);
    http1_init(&http, true, len);
    ck_assert_int_eq(http1_next(&http, &s, &ev), HTTP1_HEAD);
    ck_assert(http1_head_parse(&head, ev.text, true));
    ck_assert_uint_eq(head.n_headers, 1);
    ck_assert_uint_eq(head.headers[0].value.len, 0);
    http1_fini(&http);
    free(text);
}
END_TEST

START_TEST(a_huge_head_is_read_up_to_the_default_limit)
{
    static char text[HTTP1_HEAD_MAX_DEFAULT + 1];
    struct http1_event ev;
    for (size_t extra = 0; extra <= 1; extra++) {
        size_t len = HTTP1_HEAD_MAX_DEFAULT + extra;
        struct http1 http;
        memset(text, 'x', len);
        memcpy(text, "GET / HTTP/1.1\r\nA: ", 19);
        memcpy(text + len - 4, "\r\n\r\n", 4);
        for (size_t piece = 1000; piece <= len; piece += len - 1000) {
            http1_init(&http, true, 0);
            struct slice rest = slice_make(text, len);
            enum http1_step step = HTTP1_NEED_INPUT;
            while (rest.len && step == HTTP1_NEED_INPUT) {
                struct slice s = slice_head(rest, piece);
                rest = slice_skip(rest, s.len);
                step = http1_next(&http, &s, &ev);
            }
            ck_assert_int_eq(step, extra ? HTTP1_NOT_HTTP : HTTP1_HEAD);
            http1_fini(&http);
        }
    }
}
END_TEST

/* The table, without and with one line more, with and without an end. */
START_TEST(headers_beyond_the_table_are_counted_and_found)
{
    static char text[128 + 6 * (HTTP1_HEADERS_MAX + 10)];
    static struct http1_head head;
    struct http1_head *copy;
    struct slice value;
    unsigned dropped = (unsigned)_i / 2;
    bool whole = _i % 2;
    int n = sprintf(text, "GET / HTTP/1.1\r\n");
    for (unsigned i = 0; i < HTTP1_HEADERS_MAX; i++)
        n += sprintf(text + n, "%s: b\r\n", i == 7 ? "Z" : "A");
    for (unsigned i = 0; i < dropped; i++)
        n += sprintf(text + n, "%c:%u\r\n f\r\n", i % 2 ? 'Y' : 'z', i);
    n += sprintf(text + n, "%s", whole ? "\r\n" : "");
    ck_assert(http1_head_parse(&head, slice_make(text, (size_t)n), true));
    ck_assert_uint_eq(head.n_headers, HTTP1_HEADERS_MAX);
    ck_assert_uint_eq(head.n_headers_dropped, dropped);
    ck_assert(head.partial == !whole);
    ck_assert_int_eq(http1_head_copy(&copy, &head), ERR_OK);
    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(copy->n_headers_dropped, dropped);
    ck_assert(copy->partial == !whole);

    struct http1_search search = http1_search(copy, "Z");
    ck_assert(http1_search_next(&search, &value));
    ck_assert(slice_equal_cstr(value, "b"));
    for (unsigned i = 0; i < dropped; i += 2) {
        char want[16];
        sprintf(want, "%u\r\n f", i);
        ck_assert(http1_search_next(&search, &value));
        ck_assert_msg(slice_equal_cstr(value, want), "%u", i);
    }
    ck_assert(!http1_search_next(&search, &value));
    ck_assert(!http1_search_next(&search, &value));
    value = http1_value(copy, "y");
    ck_assert(dropped > 1 ? slice_equal_cstr(value, "1\r\n f") : !value.ptr);
    http1_head_free(copy);
}
END_TEST

struct partial_row {
    const char *name;
    bool is_request;
    const char *before; /* the bytes before the gap */
    const char *want;   /* NULL: nothing is known */
};

static const struct partial_row partial_rows[] = {
    {"nothing", true, "", NULL},
    {"empty lines", true, "\r\n", NULL},
    {"half a request-line", true, "GET / HTTP/1.", NULL},
    {"a request-line without its LF", true, "GET / HTTP/1.1\r", NULL},
    {"a request-line", true, "GET /a HTTP/1.1\r\n", "GET /a HTTP/1.1\r\n"},
    {"half a header", true, "\n\nGET /a HTTP/1.1\r\nHost: b\r\nUpg",
     "GET /a HTTP/1.1\r\nHost: b\r\n"},
    {"a status-line", false, "HTTP/1.1 101 Switch", NULL},
    {"a header of a response", false,
     "HTTP/1.1 101 \nUpgrade: websocket\nSec-WebSocket-Acc",
     "HTTP/1.1 101 \nUpgrade: websocket\n"},
    {"half of the empty line", true, "GET / HTTP/1.1\r\n\r",
     "GET / HTTP/1.1\r\n"},
    {"a whole head", true, "GET / HTTP/1.1\r\n\r\n", NULL},
    {"inside a body", false, FIVE "abc", NULL},
    {"the second head", false, FIVE "abcdeHTTP/1.1 204 \r\nA",
     "HTTP/1.1 204 \r\n"},
    {"not HTTP", true, "GET / HTTP/1.1\r\n\r\n\x81\x05", NULL},
};

/* Whole, byte by byte and at each cut. */
START_TEST(what_is_known_of_a_cut_head_is_given_out)
{
    const struct partial_row *row = &partial_rows[_i];
    struct stream_row as_stream = {.name = row->name,
                                   .is_request = row->is_request,
                                   .of_request = HTTP1_METHOD_GET,
                                   .stream = row->before};
    struct slice s = slice_cstr(row->before);
    static struct http1_head head;
    static struct run r;
    for (size_t cut = 0; cut <= s.len + 1; cut++) {
        struct slice text = slice_make(NULL, 0);
        run_begin(&r, &as_stream);
        if (cut > s.len) {
            for (size_t i = 0; i < s.len; i++)
                run_feed(&r, slice_make(s.ptr + i, 1));
        } else {
            run_feed(&r, slice_head(s, cut));
            run_feed(&r, slice_skip(s, cut));
        }
        bool some = http1_partial(&r.http, &text);
        ck_assert_msg(some == (row->want != NULL), "%s, %zu", row->name, cut);
        ck_assert_msg(!some || slice_equal_cstr(text, row->want), "%s, %zu",
                      row->name, cut);
        if (some) {
            ck_assert(http1_head_parse(&head, text, row->is_request));
            ck_assert(head.partial);
            ck_assert(!http1_gap(&r.http, 1));
            ck_assert(!http1_partial(&r.http, &text));
        }
        http1_fini(&r.http);
    }
}
END_TEST

START_TEST(a_copied_head_owns_its_text)
{
    char text[] = "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13"
                  "\r\nnothing\r\nUpgrade: a, b\r\nUpgrade: WebSocket\r\n\r\n";
    static struct http1_head head;
    struct http1_head *copy = NULL;
    ck_assert(http1_head_parse(&head, slice_cstr(text), false));
    ck_assert_int_eq(http1_head_copy(&copy, &head), ERR_OK);
    memset(text, 'x', sizeof text);
    memset(&head, 0xff, sizeof head);
    ck_assert_uint_eq(copy->text.len, sizeof text - 1);
    ck_assert_uint_eq(copy->status, 426);
    ck_assert_ptr_null(copy->method.ptr);
    ck_assert(slice_equal_cstr(copy->reason, "Upgrade Required"));
    ck_assert_uint_eq(copy->n_headers, 4);
    struct slice value = http1_value(copy, "sec-websocket-version");
    ck_assert(slice_equal_cstr(value, "13"));
    ck_assert_ptr_null(copy->headers[1].value.ptr);
    ck_assert_ptr_null(http1_value(copy, "nothing").ptr);
    struct http1_search search = http1_search(copy, "UPGRADE");
    ck_assert(http1_search_next(&search, &value));
    ck_assert(slice_equal_cstr(value, "a, b"));
    ck_assert(http1_search_next(&search, &value));
    ck_assert(slice_equal_cstr(value, "WebSocket"));
    ck_assert(!http1_search_next(&search, &value));
    ck_assert(http1_has_token(copy, "Upgrade", "B"));
    ck_assert(http1_has_token(copy, "Upgrade", "websocket"));
    ck_assert(!http1_has_token(copy, "Upgrade", "a, b"));
    ck_assert(!http1_has_token(copy, "nothing", "nothing"));
    ck_assert(!http1_has_token(copy, "Connection", "upgrade"));
    http1_head_free(copy);
    http1_head_free(NULL);
}
END_TEST

START_TEST(lists_have_empty_elements_and_blanks)
{
    struct slice list = slice_cstr(", ,a,  b c\t,\r\n d,,"), e;
    ck_assert(http1_list_next(&list, &e) && slice_equal_cstr(e, "a"));
    ck_assert(http1_list_next(&list, &e) && slice_equal_cstr(e, "b c"));
    ck_assert(http1_list_next(&list, &e) && slice_equal_cstr(e, "d"));
    ck_assert(!http1_list_next(&list, &e));
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("http1");
    TCase *t = tcase_create("http1");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_split_gives_the_same_events, 0,
                        ARRAY_LEN(stream_rows));
    tcase_add_loop_test(t, the_brief_tells_what_framing_and_upgrades_need, 0,
                        ARRAY_LEN(brief_rows));
    tcase_add_loop_test(t, a_head_is_read_in_full_when_asked, 0,
                        ARRAY_LEN(parse_rows));
    tcase_add_loop_test(t, more_bytes_never_change_a_guess, 0,
                        ARRAY_LEN(guess_rows));
    tcase_add_loop_test(t, a_gap_inside_a_body_keeps_the_framing, 0,
                        ARRAY_LEN(gap_rows));
    tcase_add_test(t, a_lost_decoder_starts_again_after_a_reset);
    tcase_add_loop_test(t, a_head_that_never_ends_costs_linear_time, 0, 3);
    tcase_add_test(t, many_folds_cost_linear_time);
    tcase_add_test(t, a_huge_head_is_read_up_to_the_default_limit);
    tcase_add_loop_test(t, headers_beyond_the_table_are_counted_and_found, 0,
                        10);
    tcase_add_loop_test(t, what_is_known_of_a_cut_head_is_given_out, 0,
                        ARRAY_LEN(partial_rows));
    tcase_add_test(t, a_copied_head_owns_its_text);
    tcase_add_test(t, lists_have_empty_elements_and_blanks);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
