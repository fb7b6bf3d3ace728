/* SPDX-License-Identifier: MIT */
/* From a captured packet to the innermost IP packet: capture/decap.h. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/decap.h"
#include "tests/check_main.h"
#include "tests/edge_page.h"

#define PACKET_MAX 4000u /* fits into a page */
#define SECOND INT64_C(1000000000)

/* A packet that grows at its front. */
struct builder {
    uint8_t bytes[PACKET_MAX];
    size_t off;
    unsigned n_ip; /* IP headers so far; they number the addresses */
};

static uint8_t *
prepend(struct builder *b, size_t len)
{
    ck_assert_uint_le(len, b->off);
    b->off -= len;
    memset(b->bytes + b->off, 0, len);
    return b->bytes + b->off;
}

static size_t
built_len(const struct builder *b)
{
    return PACKET_MAX - b->off;
}

static void
put_be16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void
prepend_hex(struct builder *b, const char *hex, size_t n_digits)
{
    uint8_t *p = prepend(b, n_digits / 2);
    for (size_t i = 0; i < n_digits / 2; i++) {
        const char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
        p[i] = (uint8_t)strtoul(two, NULL, 16);
    }
}

/* n-th IP header, counted from the innermost: 10.0.0.n to 10.0.0.100 + n. */
static void
prepend_ip4(struct builder *b, uint8_t proto)
{
    size_t len = built_len(b) + 20;
    uint8_t *p = prepend(b, 20);
    p[0] = 0x45;
    put_be16(p + 2, len);
    put_be16(p + 4, 0x4200 + b->n_ip);
    p[8] = (uint8_t)(64 - b->n_ip);
    p[9] = proto;
    p[12] = p[16] = 10;
    p[15] = (uint8_t)(1 + b->n_ip);
    p[19] = (uint8_t)(101 + b->n_ip++);
}

static void
prepend_ip6(struct builder *b, uint8_t next)
{
    size_t len = built_len(b);
    uint8_t *p = prepend(b, 40);
    p[0] = 0x60;
    put_be16(p + 4, len);
    p[6] = next;
    p[7] = (uint8_t)(64 - b->n_ip);
    p[8] = p[24] = 0xfd;
    p[23] = (uint8_t)(1 + b->n_ip);
    p[39] = (uint8_t)(101 + b->n_ip++);
}

/*
 * One layer of a recipe:
 *   e:TYPE  Ethernet      4:PROTO  IPv4       6:NEXT  IPv6
 *   u:PORT  UDP (decimal) x:HEX    bytes      (others: hexadecimal)
 */
static void
prepend_layer(struct builder *b, const char *layer)
{
    const char *arg = layer + 2;
    size_t len = strcspn(arg, " ");
    unsigned value = (unsigned)strtoul(arg, NULL, layer[0] == 'u' ? 10 : 16);
    uint8_t *p;
    ck_assert(layer[1] == ':');
    switch (layer[0]) {
    case 'e':
        p = prepend(b, 14);
        p[0] = p[6] = 2;
        put_be16(p + 12, value);
        break;
    case '4':
        prepend_ip4(b, (uint8_t)value);
        break;
    case '6':
        prepend_ip6(b, (uint8_t)value);
        break;
    case 'u':
        p = prepend(b, 8);
        put_be16(p, 50000);
        put_be16(p + 2, value);
        put_be16(p + 4, built_len(b));
        break;
    case 'x':
        prepend_hex(b, arg, len);
        break;
    default:
        ck_abort_msg("unknown layer %s", layer);
    }
}

/* Builds a recipe, outermost layer first, around a payload. */
static void
build(struct builder *b, const char *recipe, const void *payload, size_t len)
{
    b->off = PACKET_MAX;
    b->n_ip = 0;
    memcpy(prepend(b, len), payload, len);
    for (size_t end = strlen(recipe); end > 0;) {
        size_t start = end;
        while (start > 0 && recipe[start - 1] != ' ')
            start--;
        prepend_layer(b, recipe + start);
        end = start > 0 ? start - 1 : 0;
    }
}

static struct decap *
make_decap(void)
{
    struct decap *d;
    ck_assert_int_eq(decap_new(&d, NULL), ERR_OK);
    return d;
}

static enum decap_result
feed(struct decap *d, uint32_t link, struct slice bytes, size_t wire_len,
     int64_t time_ns, struct ip_packet *out)
{
    struct packet p = {.data = bytes,
                       .number = 1,
                       .time_ns = time_ns,
                       .wire_len = (uint32_t)wire_len,
                       .link = link};
    return decap_packet(d, &p, out);
}

/* A TCP header and some data; only its place matters here. */
static const char tcp_payload[] = "..TCP header of 20b.and the data behind";
#define TCP_LEN (sizeof tcp_payload - 1)

struct recipe {
    const char *name;
    uint32_t link;
    const char *layers;
    uint8_t family;     /* of the innermost packet */
    unsigned n_tunnels; /* IP in IP included */
};

#define GRE "x:00000800"
#define VXLAN "x:0800000000002a00"

static const struct recipe recipes[] = {
    {"plain IPv4", 1, "e:0800 4:06", 4, 0},
    {"plain IPv6", 1, "e:86dd 6:06", 6, 0},
    {"IPv4 with options", 1,
     "e:0800 x:4600003f42000000400600000a0000010a00006594040000", 4, 0},
    {"802.1Q", 1, "e:8100 x:00640800 4:06", 4, 0},
    {"QinQ IPv6", 1, "e:88a8 x:00648100 x:006586dd 6:06", 6, 0},
    {"MPLS", 1, "e:8847 x:00010040 x:00020140 4:06", 4, 0},
    {"PPPoE", 1, "e:8864 x:110000010000 x:0057 6:06", 6, 0},
    {"LLC/SNAP", 1, "e:0040 x:aaaa030000000800 4:06", 4, 0},
    {"cooked", 113, "x:00000001000602000000000100000800 4:06", 4, 0},
    {"cooked v2", 276, "x:0800000000000002000100060200000000010000 4:06", 4, 0},
    {"loopback", 0, "x:02000000 4:06", 4, 0},
    {"raw", 101, "6:06", 6, 0},
    {"PPP", 9, "x:ff030021 4:06", 4, 0},
    {"802.11", 105,
     "x:0801000002000000000102000000000202000000000310" /* (header) */
     "00aaaa030000000800 4:06",
     4, 0},
    {"radiotap", 127,
     "x:000009000200000010"
     "08010000020000000001020000000002020000000003"
     "1000aaaa030000000800 4:06",
     4, 0},
    {"IP in IP", 1, "e:0800 4:04 4:06", 4, 1},
    {"6in4", 1, "e:0800 4:29 6:06", 6, 1},
    {"4in6", 1, "e:86dd 6:04 4:06", 4, 1},
    {"6in6", 101, "6:29 6:06", 6, 1},
    {"6in4 behind options", 1, "e:86dd 6:3c x:0400010400000000 4:06", 4, 1},
    {"GRE", 1, "e:0800 4:2f " GRE " 4:06", 4, 1},
    {"GRE over IPv6", 1, "e:86dd 6:2f x:000086dd 6:06", 6, 1},
    {"GRE with checksum", 1, "e:0800 4:2f x:8000080000000000 4:06", 4, 1},
    {"GRE with key", 1, "e:0800 4:2f x:2000080000000007 4:06", 4, 1},
    {"GRE with checksum, key and sequence", 1,
     "e:0800 4:2f x:b000080000000000 x:00000001 x:00000007 4:06", 4, 1},
    {"GRE with Ethernet", 1, "e:0800 4:2f x:20006558 x:00000007 e:0800 4:06", 4,
     1},
    {"GRE with tagged Ethernet", 1,
     "e:0800 4:2f x:00006558 e:8100 x:00640800 4:06", 4, 1},
    {"GRE with MPLS", 1, "e:0800 4:2f x:00008847 x:00010140 4:06", 4, 1},
    {"MPLS in IP", 1, "e:0800 4:89 x:00010140 4:06", 4, 1},
    {"VXLAN", 1, "e:0800 4:11 u:4789 " VXLAN " e:0800 4:06", 4, 1},
    {"VXLAN, Linux port", 1, "e:0800 4:11 u:8472 " VXLAN " e:86dd 6:06", 6, 1},
    {"VXLAN over IPv6 and a tag", 1,
     "e:8100 x:006486dd 6:11 u:4789 " VXLAN " e:8100 x:00640800 4:06", 4, 1},
    {"Geneve", 1, "e:0800 4:11 u:6081 x:0000655800002a00 e:0800 4:06", 4, 1},
    {"Geneve with options", 1,
     "e:0800 4:11 u:6081 x:0240655800002a00 x:0103000100000000 e:86dd 6:06", 6,
     1},
    {"Geneve without Ethernet", 1, "e:0800 4:11 u:6081 x:0000080000000100 4:06",
     4, 1},
    {"GRE in VXLAN in 6in4", 1,
     "e:0800 4:29 6:11 u:4789 " VXLAN " e:0800 4:2f " GRE " 4:06", 4, 3},
    {"16 layers", 101,
     "4:04 4:04 4:04 4:04 4:04 4:04 4:04 4:04 "
     "4:04 4:04 4:04 4:04 4:04 4:04 4:04 4:06",
     4, 15},
};

#define N_RECIPES ((int)(sizeof recipes / sizeof recipes[0]))

static void
check_innermost(const struct recipe *r, const struct ip_packet *ip)
{
    struct addr src = {.family = r->family}, dst = {.family = r->family};
    src.bytes[0] = dst.bytes[0] = r->family == 4 ? 10 : 0xfd;
    src.bytes[r->family == 4 ? 3 : 15] = 1;
    dst.bytes[r->family == 4 ? 3 : 15] = 101;
    ck_assert_msg(addr_equal(&ip->src, &src) && addr_equal(&ip->dst, &dst),
                  "%s: wrong addresses", r->name);
    ck_assert_msg(ip->proto == IP_PROTO_TCP && ip->ttl == 64 &&
                      ip->id == (r->family == 4 ? 0x4200 : 0),
                  "%s: proto %u, ttl %u, id %04x", r->name, ip->proto, ip->ttl,
                  ip->id);
}

START_TEST(the_innermost_tcp_packet_is_found)
{
    const struct recipe *r = &recipes[_i];
    struct builder b;
    struct ip_packet ip;
    build(&b, r->layers, tcp_payload, TCP_LEN);
    struct decap *d = make_decap();
    memset(&ip, 0xa5, sizeof ip);
    struct slice bytes = slice_make(b.bytes + b.off, built_len(&b));
    ck_assert_msg(feed(d, r->link, bytes, bytes.len, 0, &ip) == DECAP_TCP, "%s",
                  r->name);
    check_innermost(r, &ip);
    ck_assert_ptr_eq(ip.payload.ptr, b.bytes + PACKET_MAX - TCP_LEN);
    ck_assert_uint_eq(ip.payload.len, TCP_LEN);
    ck_assert_uint_eq(ip.missing, 0);
    ck_assert_uint_eq(decap_stats(d)->packets[DECAP_TCP], 1);
    ck_assert_uint_eq(decap_stats(d)->tunnels, r->n_tunnels);
    ck_assert_uint_eq(decap_stats(d)->cut, 0);
    decap_free(d);
}
END_TEST

static uint32_t
scope_of(const char *layers)
{
    struct builder b;
    struct ip_packet ip;
    build(&b, layers, tcp_payload, TCP_LEN);
    struct decap *d = make_decap();
    memset(&ip, 0xa5, sizeof ip);
    struct slice bytes = slice_make(b.bytes + b.off, built_len(&b));
    ck_assert_msg(feed(d, 1, bytes, bytes.len, 0, &ip) == DECAP_TCP, "%s",
                  layers);
    ck_assert_uint_le(ip.scope, INT32_MAX);
    decap_free(d);
    return ip.scope;
}

START_TEST(the_scope_tells_tags_and_tunnels_apart)
{
    static const char *const same[] = {"e:0800 4:06", "e:8100 x:00000800 4:06",
                                       "e:8100 x:a0000800 4:06",
                                       "e:0800 4:2f x:00000800 4:06",
                                       "e:0800 4:04 4:06"};
    static const char *const other[] = {
        "e:8100 x:000a0800 4:06",
        "e:8100 x:00140800 4:06",
        "e:88a8 x:000a8100 x:001e0800 4:06",
        "e:0800 4:2f x:20000800 x:00000007 4:06",
        "e:0800 4:2f x:20000800 x:00000008 4:06",
        "e:0800 4:2f x:a000080000000000 x:00000009 4:06",
        "e:0800 4:11 u:4789 x:0800000000000a00 e:0800 4:06",
        "e:0800 4:11 u:4789 x:0800000000000b00 e:0800 4:06",
        "e:0800 4:11 u:4789 x:0800000000000b00 e:8100 x:000a0800 4:06",
        "e:0800 4:11 u:6081 x:0000080000000c00 4:06",
    };
    const size_t n_same = sizeof same / sizeof same[0];
    const size_t n_other = sizeof other / sizeof other[0];
    for (size_t i = 0; i < n_same; i++)
        ck_assert_msg(scope_of(same[i]) == 0, "%s", same[i]);
    for (size_t i = 0; i < n_other; i++) {
        ck_assert_msg(scope_of(other[i]) != 0, "%s", other[i]);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(scope_of(other[i]) != scope_of(other[j]), "%s, %s",
                          other[i], other[j]);
    }
    /* A priority is no network; only the innermost tag counts. */
    ck_assert_uint_eq(scope_of(other[0]), scope_of("e:8100 x:e00a0800 4:06"));
    ck_assert_uint_eq(scope_of("e:88a8 x:00018100 x:000a0800 4:06"),
                      scope_of(other[0]));
}
END_TEST

START_TEST(padding_is_cut_away)
{
    const struct recipe *r = &recipes[_i];
    static const char padding[] = "padding, FCS";
    struct builder b;
    struct ip_packet ip;
    /* The whole recipe around the TCP payload alone, padding behind it. */
    build(&b, r->layers, tcp_payload, TCP_LEN);
    uint8_t padded[PACKET_MAX + sizeof padding];
    size_t len = built_len(&b);
    memcpy(padded, b.bytes + b.off, len);
    memcpy(padded + len, padding, sizeof padding);
    len += sizeof padding;
    struct decap *d = make_decap();
    ck_assert_msg(feed(d, r->link, slice_make(padded, len), len, 0, &ip) ==
                      DECAP_TCP,
                  "%s", r->name);
    ck_assert_uint_eq(ip.payload.len, TCP_LEN);
    ck_assert_mem_eq(ip.payload.ptr, tcp_payload, TCP_LEN);
    ck_assert_uint_eq(ip.missing, 0);
    decap_free(d);
}
END_TEST

START_TEST(every_cut_keeps_the_length_or_is_no_tcp)
{
    const struct recipe *r = &recipes[_i];
    struct builder b;
    struct edge_page g;
    edge_page_init(&g, PACKET_MAX);
    build(&b, r->layers, tcp_payload, TCP_LEN);
    size_t len = built_len(&b), head_len = len - TCP_LEN;
    struct decap *d = make_decap();
    for (size_t cut = 0; cut < len; cut++) {
        /* wire_len is true, or as short as the bytes that are left. */
        for (int lie = 0; lie < 2; lie++) {
            struct slice bytes =
                edge_page_put(&g, slice_make(b.bytes + b.off, cut));
            struct ip_packet ip;
            enum decap_result got =
                feed(d, r->link, bytes, lie ? cut : len, 0, &ip);
            if (cut < head_len) {
                ck_assert_msg(got == DECAP_MALFORMED || got == DECAP_OTHER,
                              "%s: cut at %zu gives %d", r->name, cut, got);
                continue;
            }
            ck_assert_msg(got == DECAP_TCP, "%s: cut at %zu gives %d", r->name,
                          cut, got);
            ck_assert_ptr_eq(ip.payload.ptr, bytes.ptr + head_len);
            ck_assert_uint_eq(ip.payload.len, cut - head_len);
            ck_assert_uint_eq(ip.missing, len - cut);
            check_innermost(r, &ip);
        }
    }
    const struct decap_stats *stats = decap_stats(d);
    ck_assert_uint_eq(stats->packets[DECAP_TCP], 2 * TCP_LEN);
    ck_assert_uint_eq(stats->cut, 2 * TCP_LEN);
    ck_assert_uint_eq(stats->packets[DECAP_UNKNOWN_LINK], 0);
    decap_free(d);
    edge_page_fini(&g);
}
END_TEST

static const struct {
    const char *name;
    uint32_t link;
    const char *layers;
    enum decap_result result;
} others[] = {
    {"UDP", 1, "e:0800 4:11 u:53", DECAP_OTHER},
    {"ICMP", 1, "e:0800 4:01", DECAP_OTHER},
    {"ICMPv6", 1, "e:86dd 6:3a", DECAP_OTHER},
    {"ESP", 1, "e:0800 4:32", DECAP_OTHER},
    {"no next header", 1, "e:86dd 6:3b", DECAP_OTHER},
    {"ARP", 1, "e:0806", DECAP_OTHER},
    {"VXLAN without its flag", 1,
     "e:0800 4:11 u:4789 x:0000000000002a00 e:0800 4:06", DECAP_OTHER},
    {"VXLAN with ARP", 1, "e:0800 4:11 u:4789 " VXLAN " e:0806", DECAP_OTHER},
    {"Geneve version", 1, "e:0800 4:11 u:6081 x:4000655800002a00 e:0800 4:06",
     DECAP_OTHER},
    {"GRE version 1", 1, "e:0800 4:2f x:00010800 4:06", DECAP_OTHER},
    {"GRE with routing", 1, "e:0800 4:2f x:4000080000000000 4:06", DECAP_OTHER},
    {"GRE keep-alive", 1, "e:0800 4:2f x:00000000", DECAP_OTHER},
    {"IP version", 1, "e:0800 x:35000028", DECAP_MALFORMED},
    {"17 layers", 101,
     "4:04 4:04 4:04 4:04 4:04 4:04 4:04 4:04 4:04 "
     "4:04 4:04 4:04 4:04 4:04 4:04 4:04 4:06",
     DECAP_MALFORMED},
    {"16 tags", 1,
     "e:8100 x:00018100000181000001810000018100 "
     "x:00018100000181000001810000018100 "
     "x:00018100000181000001810000018100 "
     "x:00018100000181000001810000010800 4:06",
     DECAP_MALFORMED},
    {"unknown link", 147, "e:0800 4:06", DECAP_UNKNOWN_LINK},
    {"named but unknown link", 189, "e:0800 4:06", DECAP_UNKNOWN_LINK},
};

START_TEST(everything_else_is_told_apart)
{
    struct builder b;
    struct edge_page g;
    struct ip_packet ip, before;
    edge_page_init(&g, PACKET_MAX);
    build(&b, others[_i].layers, tcp_payload, TCP_LEN);
    struct decap *d = make_decap();
    memset(&before, 0xa5, sizeof before);
    ip = before;
    size_t len = built_len(&b);
    for (size_t cut = len + 1; cut-- > 0;) {
        struct slice bytes =
            edge_page_put(&g, slice_make(b.bytes + b.off, cut));
        enum decap_result r = feed(d, others[_i].link, bytes, len, 0, &ip);
        ck_assert_msg(r != DECAP_TCP, "%s: cut at %zu", others[_i].name, cut);
        if (cut == len)
            ck_assert_msg(r == others[_i].result, "%s: %d", others[_i].name, r);
    }
    /* Untouched unless it is TCP. */
    ck_assert_mem_eq(&ip, &before, sizeof ip);
    ck_assert_uint_eq(decap_stats(d)->packets[DECAP_TCP], 0);
    decap_free(d);
    edge_page_fini(&g);
}
END_TEST

START_TEST(length_0_means_to_the_end)
{
    static const struct {
        const char *layers;
        size_t length_off;
    } rows[] = {
        {"e:0800 4:06", 16},
        {"e:86dd 6:06", 18},
        {"e:8100 x:00640800 4:06", 20},
        {"e:0800 4:2f " GRE " 4:06", 40},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct builder b;
        struct ip_packet ip;
        struct decap *d = make_decap();
        build(&b, rows[i].layers, tcp_payload, TCP_LEN);
        put_be16(b.bytes + b.off + rows[i].length_off, 0);
        size_t len = built_len(&b);
        for (size_t cut = len - TCP_LEN; cut <= len; cut++) {
            struct slice bytes = slice_make(b.bytes + b.off, cut);
            ck_assert_int_eq(feed(d, 1, bytes, len, 0, &ip), DECAP_TCP);
            ck_assert_uint_eq(ip.missing, len - cut);
            ck_assert_uint_eq(ip.payload.len, TCP_LEN - (len - cut));
            /* Files whose wire length is below the captured one; only a
             * header around it can tell the length then. */
            bool told = rows[i].length_off > 20;
            ck_assert_int_eq(feed(d, 1, bytes, 0, 0, &ip), DECAP_TCP);
            ck_assert_uint_eq(ip.payload.len, TCP_LEN - (len - cut));
            ck_assert_uint_eq(ip.missing, told ? len - cut : 0);
        }
        decap_free(d);
    }
}
END_TEST

/* One fragment of an IP payload, as Ethernet frame in b. */
static void
build_fragment(struct builder *b, uint8_t family, uint8_t proto,
               const uint8_t *payload, size_t off, size_t end, size_t len)
{
    bool more = end < len;
    if (family == 4) {
        char layers[32];
        snprintf(layers, sizeof layers, "e:0800 4:%02x", proto);
        build(b, layers, payload + off, end - off);
        put_be16(b->bytes + b->off + 20, (more ? 0x2000u : 0u) | off / 8);
    } else {
        char layers[64];
        snprintf(layers, sizeof layers, "e:86dd 6:2c x:%02x00%04x00000042",
                 proto, (unsigned)(off | more));
        build(b, layers, payload + off, end - off);
    }
}

/* Permutation n of 0..3 (n: 0..23). */
static void
permute(int n, int out[4])
{
    int left[4] = {0, 1, 2, 3};
    for (int i = 0, size = 4; i < 4; i++, size--) {
        int pick = n % size;
        n /= size;
        out[i] = left[pick];
        for (int j = pick; j + 1 < size; j++)
            left[j] = left[j + 1];
    }
}

/* What the fragments carry: a TCP segment, or a tunnel with one inside. */
static const struct {
    const char *name;
    uint8_t family; /* of the fragments */
    uint8_t proto;
    const char *inside; /* recipe; "": the TCP segment itself */
    uint8_t inner_family;
} cut_up[] = {
    {"TCP in IPv4", 4, 6, "", 4},
    {"TCP in IPv6", 6, 6, "", 6},
    {"options behind the fragment header", 6, 60, "x:0600010400000000", 6},
    {"IP in IP", 4, 4, "4:06", 4},
    {"VXLAN in IPv4", 4, 17, "u:4789 " VXLAN " e:86dd 6:06", 6},
    {"VXLAN in IPv6", 6, 17, "u:4789 " VXLAN " e:0800 4:06", 4},
};

#define N_CUT_UP ((int)(sizeof cut_up / sizeof cut_up[0]))

START_TEST(fragments_in_every_order_equal_the_whole)
{
    uint8_t segment[600];
    struct builder whole;
    for (size_t i = 0; i < sizeof segment; i++)
        segment[i] = (uint8_t)(i * 7 + i / 256);
    build(&whole, cut_up[_i].inside, segment, sizeof segment);
    const uint8_t *payload = whole.bytes + whole.off;
    size_t len = built_len(&whole);
    const size_t cuts[5] = {0, 8, 200, 592, len};

    struct decap *d = make_decap();
    for (int n = 0; n < 24; n++) {
        int order[4];
        permute(n, order);
        struct ip_packet ip;
        for (int i = 0; i < 4; i++) {
            int k = order[i];
            struct builder b;
            build_fragment(&b, cut_up[_i].family, cut_up[_i].proto, payload,
                           cuts[k], cuts[k + 1], len);
            struct slice bytes = slice_make(b.bytes + b.off, built_len(&b));
            enum decap_result r = feed(d, 1, bytes, bytes.len, 0, &ip);
            ck_assert_msg(r == (i < 3 ? DECAP_FRAGMENT : DECAP_TCP),
                          "%s: order %d, fragment %d: %d", cut_up[_i].name, n,
                          i, r);
        }
        ck_assert_uint_eq(ip.src.family, cut_up[_i].inner_family);
        ck_assert_uint_eq(ip.proto, IP_PROTO_TCP);
        ck_assert_uint_eq(ip.missing, 0);
        ck_assert_uint_eq(ip.payload.len, sizeof segment);
        ck_assert_mem_eq(ip.payload.ptr, segment, sizeof segment);
    }
    const struct decap_stats *stats = decap_stats(d);
    ck_assert_uint_eq(stats->frag.reassembled, 24);
    ck_assert_uint_eq(stats->frag.fragments, 96);
    ck_assert_uint_eq(stats->frag.waiting, 0);
    ck_assert_uint_eq(stats->packets[DECAP_FRAGMENT], 72);
    ck_assert_uint_eq(stats->packets[DECAP_TCP], 24);
    decap_free(d);
}
END_TEST

START_TEST(fragments_within_fragments_are_put_together)
{
    /* A TCP segment in two IPv6 fragments, each in GRE, each of those in two
     * IPv4 fragments. */
    uint8_t segment[400];
    struct decap *d = make_decap();
    struct ip_packet ip;
    enum decap_result r = DECAP_FRAGMENT;
    for (size_t i = 0; i < sizeof segment; i++)
        segment[i] = (uint8_t)(i * 3);
    for (size_t k = 0; k < 2; k++) {
        struct builder inner, outer;
        char layers[64];
        snprintf(layers, sizeof layers, "x:000086dd 6:2c x:0600%04x00000042",
                 (unsigned)(k * 200 + (k == 0)));
        build(&inner, layers, segment + k * 200, 200);
        size_t len = built_len(&inner);
        for (size_t off = 0; off < len; off += 128) {
            ck_assert_int_eq(r, DECAP_FRAGMENT);
            build_fragment(&outer, 4, 47, inner.bytes + inner.off, off,
                           off + 128 < len ? off + 128 : len, len);
            struct slice bytes =
                slice_make(outer.bytes + outer.off, built_len(&outer));
            r = feed(d, 1, bytes, bytes.len, 0, &ip);
        }
    }
    ck_assert_int_eq(r, DECAP_TCP);
    ck_assert_uint_eq(ip.payload.len, sizeof segment);
    ck_assert_mem_eq(ip.payload.ptr, segment, sizeof segment);
    ck_assert_uint_eq(decap_stats(d)->frag.reassembled, 3);
    decap_free(d);
}
END_TEST

START_TEST(a_fragment_cut_by_the_snap_length_is_malformed)
{
    struct decap *d = make_decap();
    uint8_t segment[64] = {0};
    for (int family = 4; family <= 6; family += 2) {
        struct builder b;
        struct ip_packet ip;
        build_fragment(&b, (uint8_t)family, 6, segment, 0, 32, 64);
        size_t len = built_len(&b);
        struct slice bytes = slice_make(b.bytes + b.off, len - 1);
        ck_assert_int_eq(feed(d, 1, bytes, len, 0, &ip), DECAP_MALFORMED);
    }
    ck_assert_uint_eq(decap_stats(d)->frag.bad, 2);
    ck_assert_uint_eq(decap_stats(d)->frag.waiting, 0);
    decap_free(d);
}
END_TEST

START_TEST(a_fragment_waits_30_seconds_of_capture_time)
{
    for (int late = 0; late < 2; late++) {
        struct decap *d = make_decap();
        uint8_t segment[64] = {0};
        struct builder b;
        struct ip_packet ip;
        build_fragment(&b, 4, 6, segment, 0, 32, 64);
        struct slice first = slice_make(b.bytes + b.off, built_len(&b));
        ck_assert_int_eq(feed(d, 1, first, first.len, SECOND, &ip),
                         DECAP_FRAGMENT);
        build_fragment(&b, 4, 6, segment, 32, 64, 64);
        struct slice last = slice_make(b.bytes + b.off, built_len(&b));
        ck_assert_int_eq(feed(d, 1, last, last.len, 31 * SECOND + late, &ip),
                         late ? DECAP_FRAGMENT : DECAP_TCP);
        ck_assert_uint_eq(decap_stats(d)->frag.expired, (unsigned)late);
        ck_assert_uint_eq(decap_stats(d)->frag.waiting, (unsigned)late);
        decap_free(d);
    }
}
END_TEST

START_TEST(fragments_of_no_interest_are_not_kept)
{
    struct decap *d = make_decap();
    uint8_t segment[64] = {0};
    struct builder b;
    struct ip_packet ip;
    build_fragment(&b, 4, 1, segment, 0, 32, 64);
    struct slice bytes = slice_make(b.bytes + b.off, built_len(&b));
    ck_assert_int_eq(feed(d, 1, bytes, bytes.len, 0, &ip), DECAP_OTHER);
    ck_assert_uint_eq(decap_stats(d)->frag.waiting, 0);
    decap_free(d);
}
END_TEST

START_TEST(limits_are_obeyed)
{
    struct decap_limits limits = decap_limits_default();
    struct decap *d;
    limits.frag.bytes = 10000;
    ck_assert_int_eq(decap_new(&d, &limits), ERR_OK);
    uint8_t segment[64] = {0};
    for (unsigned i = 0; i < 1000; i++) {
        struct builder b;
        struct ip_packet ip;
        build_fragment(&b, 4, 6, segment, 0, 32, 64);
        put_be16(b.bytes + b.off + 18, i);
        struct slice bytes = slice_make(b.bytes + b.off, built_len(&b));
        ck_assert_int_eq(feed(d, 1, bytes, bytes.len, 0, &ip), DECAP_FRAGMENT);
        ck_assert_uint_le(decap_stats(d)->frag.bytes, limits.frag.bytes);
    }
    const struct decap_stats *stats = decap_stats(d);
    ck_assert_uint_gt(stats->frag.waiting, 0);
    ck_assert_uint_eq(stats->frag.waiting + stats->frag.evicted, 1000);
    decap_free(d);
    decap_free(NULL);
}
END_TEST

static Suite *
decap_suite(void)
{
    Suite *s = suite_create("decap");
    TCase *t = tcase_create("decap");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, the_innermost_tcp_packet_is_found, 0, N_RECIPES);
    tcase_add_loop_test(t, padding_is_cut_away, 0, N_RECIPES);
    tcase_add_loop_test(t, every_cut_keeps_the_length_or_is_no_tcp, 0,
                        N_RECIPES);
    tcase_add_loop_test(t, everything_else_is_told_apart, 0,
                        (int)(sizeof others / sizeof others[0]));
    tcase_add_test(t, length_0_means_to_the_end);
    tcase_add_loop_test(t, fragments_in_every_order_equal_the_whole, 0,
                        N_CUT_UP);
    tcase_add_test(t, the_scope_tells_tags_and_tunnels_apart);
    tcase_add_test(t, fragments_within_fragments_are_put_together);
    tcase_add_test(t, a_fragment_cut_by_the_snap_length_is_malformed);
    tcase_add_test(t, a_fragment_waits_30_seconds_of_capture_time);
    tcase_add_test(t, fragments_of_no_interest_are_not_kept);
    tcase_add_test(t, limits_are_obeyed);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(decap_suite)
