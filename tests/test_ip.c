/* SPDX-License-Identifier: MIT */
/* IPv4 and IPv6 headers: capture/ip.h. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ip.h"
#include "tests/check_main.h"
#include "tests/edge_page.h"
#include "tests/hex.h"

#define PACKET_MAX 1024u

#define ADDR4 "c0000201 c6336402" /* 192.0.2.1, 198.51.100.2 */
#define ADDR6                                                                  \
    "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define DATA "00112233445566778899aabbccddeeff" /* 16 bytes */

struct ip_case {
    const char *name;
    const char *bytes;
    enum ip_result result;
    uint8_t proto, ttl;
    uint16_t id;
    uint16_t payload_off; /* in bytes */
    uint16_t payload_len; /* with what is missing */
    bool open_end;        /* the header does not tell the length */
    /* Of fragments. */
    uint32_t frag_id, frag_off;
    bool more;
};

/* clang-format off */
static const struct ip_case cases[] = {
    {.name = "IPv4", .bytes = "45000024 12344000 40060000 " ADDR4 DATA,
     .proto = 6, .ttl = 64, .id = 0x1234, .payload_off = 20,
     .payload_len = 16},
    {.name = "IPv4, a wrong checksum",
     .bytes = "45000024 12344000 4006dead " ADDR4 DATA,
     .proto = 6, .ttl = 64, .id = 0x1234, .payload_off = 20,
     .payload_len = 16},
    {.name = "IPv4 with padding behind",
     .bytes = "45000018 00010000 ff110000 " ADDR4 DATA,
     .proto = 17, .ttl = 255, .id = 1, .payload_off = 20, .payload_len = 4},
    {.name = "IPv4 without payload",
     .bytes = "45000014 00010000 01060000 " ADDR4 DATA,
     .proto = 6, .ttl = 1, .id = 1, .payload_off = 20, .payload_len = 0},
    {.name = "IPv4 with options",
     .bytes = "46000028 00010000 40060000 " ADDR4 "94040000" DATA,
     .proto = 6, .ttl = 64, .id = 1, .payload_off = 24, .payload_len = 16},
    {.name = "IPv4 with 40 bytes of options",
     .bytes = "4f00004c 00010000 40060000 " ADDR4
              "0101010101010101 0101010101010101 0101010101010101"
              "0101010101010101 0101010101010101" DATA,
     .proto = 6, .ttl = 64, .id = 1, .payload_off = 60, .payload_len = 16},
    {.name = "IPv4 of length 0",
     .bytes = "45000000 12344000 40060000 " ADDR4 DATA,
     .proto = 6, .ttl = 64, .id = 0x1234, .payload_off = 20,
     .payload_len = 16, .open_end = true},
    {.name = "IPv4 with AH",
     .bytes = "4500003c 00010000 40330000 " ADDR4
              "06040000 00000001 00000002 000000000000000000000000" DATA,
     .proto = 6, .ttl = 64, .id = 1, .payload_off = 44, .payload_len = 16},
    {.name = "IPv4 with an unknown protocol",
     .bytes = "45000024 00010000 402c0000 " ADDR4 DATA,
     .proto = 44, .ttl = 64, .id = 1, .payload_off = 20, .payload_len = 16},
    {.name = "IPv4 hop-by-hop means nothing",
     .bytes = "45000024 00010000 40000000 " ADDR4 DATA,
     .proto = 0, .ttl = 64, .id = 1, .payload_off = 20, .payload_len = 16},
    {.name = "IPv4 first fragment", .result = IP_FRAGMENT,
     .bytes = "45000024 abcd2000 40060000 " ADDR4 DATA,
     .proto = 6, .ttl = 64, .id = 0xabcd, .payload_off = 20,
     .payload_len = 16, .frag_id = 0xabcd, .frag_off = 0, .more = true},
    {.name = "IPv4 last fragment", .result = IP_FRAGMENT,
     .bytes = "45000024 abcd0002 40060000 " ADDR4 DATA,
     .proto = 6, .ttl = 64, .id = 0xabcd, .payload_off = 20,
     .payload_len = 16, .frag_id = 0xabcd, .frag_off = 16, .more = false},
    {.name = "IPv4 farthest fragment", .result = IP_FRAGMENT,
     .bytes = "45000024 abcd3fff 40060000 " ADDR4 DATA,
     .proto = 6, .ttl = 64, .id = 0xabcd, .payload_off = 20,
     .payload_len = 16, .frag_id = 0xabcd, .frag_off = 65528, .more = true},
    {.name = "IPv6", .bytes = "60000000 0010 06 40" ADDR6 DATA,
     .proto = 6, .ttl = 64, .payload_off = 40, .payload_len = 16},
    {.name = "IPv6 with class and flow label",
     .bytes = "6fffffff 0010 11 01" ADDR6 DATA,
     .proto = 17, .ttl = 1, .payload_off = 40, .payload_len = 16},
    {.name = "IPv6 with padding behind",
     .bytes = "60000000 0003 06 40" ADDR6 DATA,
     .proto = 6, .ttl = 64, .payload_off = 40, .payload_len = 3},
    {.name = "IPv6 of length 0", .bytes = "60000000 0000 06 40" ADDR6 DATA,
     .proto = 6, .ttl = 64, .payload_off = 40, .payload_len = 16,
     .open_end = true},
    {.name = "IPv6 jumbogram",
     .bytes = "60000000 0000 00 40" ADDR6 "0600 c204 00011170" DATA,
     .proto = 6, .ttl = 64, .payload_off = 48, .payload_len = 16,
     .open_end = true},
    {.name = "IPv6 hop-by-hop",
     .bytes = "60000000 0018 00 40" ADDR6 "0600 050200000100" DATA,
     .proto = 6, .ttl = 64, .payload_off = 48, .payload_len = 16},
    {.name = "IPv6 routing",
     .bytes = "60000000 0028 2b 40" ADDR6
              "06020400 00000000 20010db8000000000000000000000003" DATA,
     .proto = 6, .ttl = 64, .payload_off = 64, .payload_len = 16},
    {.name = "IPv6 destination options",
     .bytes = "60000000 0018 3c 40" ADDR6 "1100 010400000000" DATA,
     .proto = 17, .ttl = 64, .payload_off = 48, .payload_len = 16},
    {.name = "IPv6 mobility",
     .bytes = "60000000 0018 87 40" ADDR6 "0600 010000000000" DATA,
     .proto = 6, .ttl = 64, .payload_off = 48, .payload_len = 16},
    {.name = "IPv6 AH",
     .bytes = "60000000 0028 33 40" ADDR6
              "06040000 00000001 00000002 000000000000000000000000" DATA,
     .proto = 6, .ttl = 64, .payload_off = 64, .payload_len = 16},
    {.name = "IPv6 all of them",
     .bytes = "60000000 0048 00 40" ADDR6
              "2b00 050200000100" /* hop-by-hop */
              "3c00 000000000000" /* routing */
              "2c00 010400000000" /* destination */
              "3300 0000 00000007" /* atomic fragment */
              "8b01 0000 00000001 00000002" /* AH */
              "8c00 000000000000" /* HIP */
              "0600 000000000000" /* Shim6 */
              "12345678",
     .proto = 6, .ttl = 64, .payload_off = 100, .payload_len = 12},
    {.name = "IPv6 without next header",
     .bytes = "60000000 0010 3b 40" ADDR6 DATA,
     .proto = 59, .ttl = 64, .payload_off = 40, .payload_len = 16},
    {.name = "IPv6 ESP", .bytes = "60000000 0010 32 40" ADDR6 DATA,
     .proto = 50, .ttl = 64, .payload_off = 40, .payload_len = 16},
    {.name = "IPv6 atomic fragment",
     .bytes = "60000000 0018 2c 40" ADDR6 "0600 0000 11223344" DATA,
     .proto = 6, .ttl = 64, .payload_off = 48, .payload_len = 16},
    {.name = "IPv6 atomic fragment, reserved bits",
     .bytes = "60000000 0018 2c 40" ADDR6 "06ff 0006 11223344" DATA,
     .proto = 6, .ttl = 64, .payload_off = 48, .payload_len = 16},
    {.name = "IPv6 first fragment", .result = IP_FRAGMENT,
     .bytes = "60000000 0018 2c 40" ADDR6 "0600 0001 11223344" DATA,
     .proto = 6, .ttl = 64, .payload_off = 48, .payload_len = 16,
     .frag_id = 0x11223344, .frag_off = 0, .more = true},
    {.name = "IPv6 last fragment behind options", .result = IP_FRAGMENT,
     .bytes = "60000000 0020 3c 40" ADDR6 "2c00 010400000000"
              "3c00 0010 11223344" DATA,
     .proto = 60, .ttl = 64, .payload_off = 56, .payload_len = 16,
     .frag_id = 0x11223344, .frag_off = 16, .more = false},
};
/* clang-format on */

static void
check_packet(const struct ip_case *c, const struct ip_packet *ip,
             const struct ip_fragment *frag, const uint8_t *start)
{
    static const uint8_t src4[16] = {192, 0, 2, 1};
    static const uint8_t dst4[16] = {198, 51, 100, 2};
    static const uint8_t src6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
    static const uint8_t dst6[16] = {0x20, 1, 0xd, 0xb8, [15] = 2};
    bool v6 = start[0] >> 4 == 6;
    ck_assert_uint_eq(ip->src.family, v6 ? 6 : 4);
    ck_assert_uint_eq(ip->dst.family, v6 ? 6 : 4);
    ck_assert_mem_eq(ip->src.bytes, v6 ? src6 : src4, 16);
    ck_assert_mem_eq(ip->dst.bytes, v6 ? dst6 : dst4, 16);
    ck_assert_msg(ip->proto == c->proto, "%s: proto %u", c->name, ip->proto);
    ck_assert_msg(ip->ttl == c->ttl, "%s: ttl %u", c->name, ip->ttl);
    ck_assert_msg(ip->id == c->id, "%s: id %u", c->name, ip->id);
    ck_assert_msg(ip->payload.ptr == start + c->payload_off,
                  "%s: payload at %td", c->name, ip->payload.ptr - start);
    if (c->result == IP_FRAGMENT) {
        ck_assert_msg(frag->id == c->frag_id && frag->off == c->frag_off &&
                          frag->more == c->more,
                      "%s: fragment %u at %u", c->name, frag->id, frag->off);
    }
}

START_TEST(headers_are_read_and_a_cut_is_told_as_missing)
{
    const struct ip_case *c = &cases[_i];
    uint8_t bytes[PACKET_MAX];
    size_t len = from_hex(c->bytes, bytes, sizeof bytes);
    struct edge_page g;
    edge_page_init(&g, PACKET_MAX);
    for (size_t cut = 0; cut <= len; cut++) {
        struct slice in = edge_page_put(&g, slice_make(bytes, cut));
        struct ip_packet ip;
        struct ip_fragment frag;
        memset(&ip, 0xa5, sizeof ip);
        memset(&frag, 0xa5, sizeof frag);
        enum ip_result r = ip_read(in, (uint32_t)(len - cut), &ip, &frag);
        enum ip_result want = cut < c->payload_off ? IP_MALFORMED : c->result;
        ck_assert_msg(r == want, "%s: cut at %zu gives %d", c->name, cut, r);
        if (r == IP_MALFORMED)
            continue;
        check_packet(c, &ip, &frag, in.ptr);
        ck_assert_msg(ip.payload.len + ip.missing == c->payload_len,
                      "%s: cut at %zu: %zu bytes, %u missing", c->name, cut,
                      ip.payload.len, ip.missing);
        size_t have = cut - c->payload_off;
        ck_assert_uint_eq(ip.payload.len,
                          have < c->payload_len ? have : c->payload_len);
    }
    edge_page_fini(&g);
}
END_TEST

static const struct {
    const char *name, *bytes;
} malformed[] = {
    {"version 0", "05000024 12344000 40060000 " ADDR4 DATA},
    {"version 5", "55000024 12344000 40060000 " ADDR4 DATA},
    {"version 15", "f5000024 12344000 40060000 " ADDR4 DATA},
    {"IPv4 header of 16 bytes", "44000024 12344000 40060000 " ADDR4 DATA},
    {"IPv4 header of 0 bytes", "40000024 12344000 40060000 " ADDR4 DATA},
    {"IPv4 header behind the end", "4f000024 12344000 40060000 " ADDR4 DATA},
    {"IPv4 length below its header", "45000013 12344000 40060000 " ADDR4 DATA},
    {"IPv4 length within its options",
     "46000014 12344000 40060000 " ADDR4 DATA},
    {"IPv4 AH behind the length",
     "45000024 00010000 40330000 " ADDR4 "060400000000000100000002" DATA},
    {"IPv6 extension behind the length",
     "60000000 0008 00 40" ADDR6 "0601 050200000100" DATA},
    {"IPv6 extension of 2,048 bytes",
     "60000000 0018 3c 40" ADDR6 "06ff 050200000100" DATA},
    {"IPv6 fragment header behind the length",
     "60000000 0007 2c 40" ADDR6 "0600 0001 11223344" DATA},
    {"IPv6 extension without a byte",
     "60000000 0008 3c 40" ADDR6 "3c00 010400000000"},
};

START_TEST(wrong_headers_are_malformed)
{
    uint8_t bytes[PACKET_MAX];
    size_t len = from_hex(malformed[_i].bytes, bytes, sizeof bytes);
    struct edge_page g;
    edge_page_init(&g, PACKET_MAX);
    for (size_t cut = 0; cut <= len; cut++) {
        struct ip_packet ip;
        struct ip_fragment frag;
        enum ip_result r =
            ip_read(edge_page_put(&g, slice_make(bytes, cut)), 0, &ip, &frag);
        ck_assert_msg(r == IP_MALFORMED, "%s: cut at %zu gives %d",
                      malformed[_i].name, cut, r);
    }
    edge_page_fini(&g);
}
END_TEST

START_TEST(an_extension_chain_ends_somewhere)
{
    for (unsigned n = 0; n <= IP_EXTENSIONS_MAX + 4; n++) {
        uint8_t bytes[PACKET_MAX] = {0x60};
        bytes[5] = (uint8_t)(n * 8 + 4);
        bytes[6] = n > 0 ? 60 : 6;
        for (unsigned i = 0; i < n; i++)
            bytes[40 + i * 8] = i + 1 < n ? 60 : 6;
        struct ip_packet ip;
        struct ip_fragment frag;
        enum ip_result r =
            ip_read(slice_make(bytes, 44 + n * 8), 0, &ip, &frag);
        ck_assert_int_eq(r, n <= IP_EXTENSIONS_MAX ? IP_WHOLE : IP_MALFORMED);
        if (r == IP_WHOLE) {
            ck_assert_uint_eq(ip.proto, 6);
            ck_assert_uint_eq(ip.payload.len, 4);
        }
    }
}
END_TEST

START_TEST(extensions_of_a_whole_datagram_are_skipped)
{
    static const uint8_t bytes[] = {17, 0, 1, 4, 0, 0, 0, 0, 0xaa, 0xbb};
    struct ip_fragment frag;
    struct ip_packet ip = {.src.family = 6,
                           .dst.family = 6,
                           .proto = 60,
                           .payload = {bytes, sizeof bytes}};
    ck_assert_int_eq(ip_skip_extensions(&ip, &frag), IP_WHOLE);
    ck_assert_uint_eq(ip.proto, 17);
    ck_assert_ptr_eq(ip.payload.ptr, bytes + 8);
    ck_assert_uint_eq(ip.payload.len, 2);

    ip = (struct ip_packet){.src.family = 6,
                            .dst.family = 6,
                            .proto = 60,
                            .payload = {bytes, 7}};
    ck_assert_int_eq(ip_skip_extensions(&ip, &frag), IP_MALFORMED);
}
END_TEST

static Suite *
ip_suite(void)
{
    Suite *s = suite_create("ip");
    TCase *t = tcase_create("ip");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, headers_are_read_and_a_cut_is_told_as_missing, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(t, wrong_headers_are_malformed, 0,
                        (int)(sizeof malformed / sizeof malformed[0]));
    tcase_add_test(t, an_extension_chain_ends_somewhere);
    tcase_add_test(t, extensions_of_a_whole_datagram_are_skipped);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(ip_suite)
