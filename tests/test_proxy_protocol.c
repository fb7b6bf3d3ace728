/* SPDX-License-Identifier: MIT */
#include "dissect/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "tests/check_main.h"
#include "tests/edge_page.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define ADDRS4 "\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb"
#define ADDR6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"
#define S(text) text, sizeof(text) - 1

struct row {
    const char *name;
    const char *start;
    size_t start_len; /* bytes */
    enum proxy_step want;
    size_t len;       /* FOUND */
    const char *ends; /* FOUND; NULL: has none */
};

static const struct row rows[] = {
    {"v1 IPv4", S("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET /"),
     PROXY_FOUND, 45, "192.0.2.1 56324 198.51.100.2 443"},
    {"v1 IPv6", S("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n"),
     PROXY_FOUND, 44, "2001:db8::1 1 2001:db8::2 65535"},
    {"v1 unknown", S("PROXY UNKNOWN\r\nGET /"), PROXY_FOUND, 15, NULL},
    {"v1 unknown with rubbish", S("PROXY UNKNOWN a b c d\r\n"), PROXY_FOUND, 23,
     NULL},
    {"v1 port out of range", S("PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n"),
     PROXY_FOUND, 36, NULL},
    {"v1 address of the other family",
     S("PROXY TCP6 192.0.2.1 192.0.2.2 1 1\r\n"), PROXY_FOUND, 36, NULL},
    {"v1 too few words", S("PROXY TCP4 192.0.2.1\r\n"), PROXY_FOUND, 22, NULL},
    {"v1 address with a NUL", S("PROXY TCP4 192.0.2.1\0 1.2.3.4 1 1\r\n"),
     PROXY_FOUND, 35, NULL},
    {"v1 bare LF", S("PROXY TCP4 192.0.2.1 192.0.2.2 1 1\n"), PROXY_NONE, 0,
     NULL},
    {"v1 too long",
     S("PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
     PROXY_NONE, 0, NULL},
    {"a method called PROXY", S("PROXY / HTTP/1.1\r\n"), PROXY_NONE, 0, NULL},
    {"a method that begins alike", S("PROPFIND / HTTP/1.1\r\n"), PROXY_NONE, 0,
     NULL},
    {"plain HTTP", S("GET / HTTP/1.1\r\n\r\n"), PROXY_NONE, 0, NULL},
    {"nothing", S(""), PROXY_NEED_MORE, 0, NULL},
    {"v2 IPv4", S(V2 "\x21\x11\x00\x0c" ADDRS4 "GET"), PROXY_FOUND, 28,
     "192.0.2.1 56324 198.51.100.2 443"},
    {"v2 IPv4 with TLVs", S(V2 "\x21\x11\x00\x10" ADDRS4 "\x04\x00\x01x"),
     PROXY_FOUND, 32, "192.0.2.1 56324 198.51.100.2 443"},
    {"v2 IPv6",
     S(V2 "\x21\x21\x00\x24" ADDR6 "\x01" ADDR6 "\x02\x00\x01\xff\xff"),
     PROXY_FOUND, 52, "2001:db8::1 1 2001:db8::2 65535"},
    {"v2 local", S(V2 "\x20\x11\x00\x0c" ADDRS4), PROXY_FOUND, 28, NULL},
    {"v2 local, empty", S(V2 "\x20\x00\x00\x00"), PROXY_FOUND, 16, NULL},
    {"v2 Unix", S(V2 "\x21\x31\x00\x02xy"), PROXY_FOUND, 18, NULL},
    {"v2 shorter than its addresses", S(V2 "\x21\x11\x00\x0b" ADDRS4),
     PROXY_FOUND, 27, NULL},
    {"v2 with another version", S(V2 "\x31\x11\x00\x0c" ADDRS4), PROXY_NONE, 0,
     NULL},
    {"v2 with a broken signature", S("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\0"),
     PROXY_NONE, 0, NULL},
};

static void
ends_text(char *out, const struct endpoint ends[2])
{
    char text[2][INET6_ADDRSTRLEN];
    for (int i = 0; i < 2; i++)
        inet_ntop(ends[i].addr.family == 4 ? AF_INET : AF_INET6,
                  ends[i].addr.bytes, text[i], sizeof text[i]);
    sprintf(out, "%s %d %s %d", text[0], ends[0].port, text[1], ends[1].port);
}

START_TEST(a_prefix_is_found_as_soon_as_it_is_whole)
{
    const struct row *row = &rows[_i];
    struct slice start = slice_make(row->start, row->start_len);
    struct edge_page edge;
    edge_page_init(&edge, start.len);
    for (size_t n = 0; n <= start.len; n++) {
        struct endpoint ends[2];
        struct slice s = edge_page_put(&edge, slice_head(start, n));
        size_t len = 0;
        bool has_ends = false;
        enum proxy_step step = proxy_protocol_next(s, &len, ends, &has_ends);
        if (step == PROXY_NEED_MORE && n < start.len &&
            (row->want != PROXY_FOUND || n < row->len))
            continue;
        ck_assert_msg(step == row->want, "%s, %zu bytes: %d", row->name, n,
                      step);
        if (step != PROXY_FOUND)
            continue;
        ck_assert_msg(len == row->len, "%s: %zu", row->name, len);
        ck_assert_msg(has_ends == (row->ends != NULL), "%s", row->name);
        if (has_ends) {
            char got[128];
            ends_text(got, ends);
            ck_assert_msg(strcmp(got, row->ends) == 0, "%s: %s", row->name,
                          got);
        }
    }
    edge_page_fini(&edge);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("proxy_protocol");
    TCase *t = tcase_create("proxy_protocol");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_prefix_is_found_as_soon_as_it_is_whole, 0,
                        ARRAY_LEN(rows));
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
