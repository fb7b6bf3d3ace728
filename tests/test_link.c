/* SPDX-License-Identifier: MIT */
/* From link types, tags and labels to the IP packet: capture/link.h. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/link.h"
#include "tests/check_main.h"
#include "tests/edge_page.h"
#include "tests/hex.h"

#define LAYERS 16u
#define PACKET_MAX 512u

#define MAC "020000000001 020000000002 "

/* Headers with an IP packet behind them. */
struct net_case {
    const char *name;
    uint32_t link;
    const char *head;
    uint16_t type;
};

static const struct net_case net_cases[] = {
    {"null little-endian IPv4", 0, "02000000", 0x0800},
    {"null big-endian IPv4", 0, "00000002", 0x0800},
    {"null Linux IPv6", 0, "0a000000", 0x86dd},
    {"null Windows IPv6", 0, "17000000", 0x86dd},
    {"null OpenBSD IPv6", 0, "18000000", 0x86dd},
    {"null FreeBSD IPv6", 0, "1c000000", 0x86dd},
    {"null macOS IPv6", 0, "1e000000", 0x86dd},
    {"loop IPv4", 108, "00000002", 0x0800},
    {"loop IPv6", 108, "00000018", 0x86dd},
    {"raw IPv4", 101, "", 0x0800},
    {"raw IPv6", 101, "", 0x86dd},
    {"raw 12", 12, "", 0x0800},
    {"raw 14", 14, "", 0x86dd},
    {"IPV4", 228, "", 0x0800},
    {"IPV6", 229, "", 0x86dd},
    {"Ethernet IPv4", 1, MAC "0800", 0x0800},
    {"Ethernet IPv6", 1, MAC "86dd", 0x86dd},
    {"802.1Q", 1, MAC "8100 0064 0800", 0x0800},
    {"802.1Q priority only", 1, MAC "8100 e000 86dd", 0x86dd},
    {"802.1ad", 1, MAC "88a8 0064 8100 0065 0800", 0x0800},
    {"QinQ 9100", 1, MAC "9100 0064 8100 0065 86dd", 0x86dd},
    {"QinQ 9200", 1, MAC "9200 0064 0800", 0x0800},
    {"three tags", 1, MAC "8100 0001 8100 0002 8100 0003 0800", 0x0800},
    {"SNAP", 1, MAC "0040 aaaa03 000000 0800", 0x0800},
    {"SNAP of 802.1H", 1, MAC "0040 aaaa03 0000f8 86dd", 0x86dd},
    {"SNAP behind a tag", 1, MAC "8100 0001 0040 aaaa03 000000 0800", 0x0800},
    {"tag behind SNAP", 1, MAC "0040 aaaa03 000000 8100 0001 0800", 0x0800},
    {"LLC IP", 1, MAC "0040 060603", 0x0800},
    {"MPLS IPv4", 1, MAC "8847 00010140", 0x0800},
    {"MPLS IPv6, two labels", 1, MAC "8847 00010040 00020140", 0x86dd},
    {"MPLS upstream", 1, MAC "8848 00010140", 0x0800},
    {"MPLS behind a tag", 1, MAC "8100 0001 8847 00010140", 0x0800},
    {"Ethernet in MPLS", 1, MAC "8847 00010140 00000000 " MAC "0800", 0x0800},
    {"PPPoE IPv4", 1, MAC "8864 11000001001a 0021", 0x0800},
    {"PPPoE IPv6", 1, MAC "8864 11000001001a 0057", 0x86dd},
    {"PPPoE compressed protocol", 1, MAC "8864 11000001001a 21", 0x0800},
    {"PPPoE behind a tag", 1, MAC "8100 0007 8864 110000010000 0021", 0x0800},
    {"PPPoE MPLS", 1, MAC "8864 110000010000 0281 00010140", 0x0800},
    {"SLL IPv4", 113, "0000 0001 0006 020000000001 0000 0800", 0x0800},
    {"SLL IPv6", 113, "0004 0304 0006 000000000000 0000 86dd", 0x86dd},
    {"SLL tag", 113, "0000 0001 0006 020000000001 0000 8100 0005 0800", 0x0800},
    {"SLL LLC", 113, "0000 0001 0006 020000000001 0000 0004 aaaa03 000000 0800",
     0x0800},
    {"SLL2 IPv4", 276, "0800 0000 00000002 0001 00 06 0200000000010000",
     0x0800},
    {"SLL2 IPv6", 276, "86dd 0000 00000001 0304 00 06 0000000000000000",
     0x86dd},
    {"SLL2 tag", 276,
     "8100 0000 00000002 0001 00 06 0200000000010000 0005 0800", 0x0800},
    {"PPP", 9, "0021", 0x0800},
    {"PPP framed", 9, "ff03 0057", 0x86dd},
    {"PPP compressed", 9, "21", 0x0800},
    {"PPP MPLS upstream", 9, "0283 00010140", 0x0800},
    {"PPP serial", 50, "ff03 0021", 0x0800},
    {"PPP serial, Cisco", 50, "0f00 0800", 0x0800},
    {"Cisco HDLC", 104, "0f00 86dd", 0x86dd},
    {"Cisco HDLC broadcast", 104, "8f00 0800", 0x0800},
    {"PPPoE without Ethernet", 51, "110000010000 0021", 0x0800},
    {"pppd", 166, "00 03 0021", 0x0800},
    {"PPP with direction", 204, "01 ff03 0057", 0x86dd},
    {"PPP with direction, bare", 204, "01 0021", 0x0800},
    {"802.11 from the station", 105,
     "0801 0000 020000000001 020000000002 020000000003 1000 "
     "aaaa03 000000 0800",
     0x0800},
    {"802.11 QoS to the station", 105,
     "8802 0000 020000000001 020000000002 020000000003 1000 0000 "
     "aaaa03 000000 86dd",
     0x86dd},
    {"802.11 four addresses", 105,
     "0803 0000 020000000001 020000000002 020000000003 1000 020000000004 "
     "aaaa03 000000 0800",
     0x0800},
    {"802.11 QoS four addresses", 105,
     "8803 0000 020000000001 020000000002 020000000003 1000 020000000004 0000 "
     "aaaa03 000000 0800",
     0x0800},
    {"802.11 QoS with HT control", 105,
     "8881 0000 020000000001 020000000002 020000000003 1000 0000 00000000 "
     "aaaa03 000000 0800",
     0x0800},
    {"radiotap without fields", 127,
     "00 00 0800 00000000 "
     "0801 0000 020000000001 020000000002 020000000003 1000 "
     "aaaa03 000000 0800",
     0x0800},
    {"radiotap flags", 127,
     "00 00 0900 02000000 10 "
     "0801 0000 020000000001 020000000002 020000000003 1000 "
     "aaaa03 000000 0800",
     0x0800},
    {"radiotap time, flags and rate", 127,
     "00 00 1200 07000000 1122334455667788 00 0c "
     "8802 0000 020000000001 020000000002 020000000003 1000 0000 "
     "aaaa03 000000 86dd",
     0x86dd},
    {"radiotap padded 802.11 header", 127,
     "00 00 0900 02000000 30 "
     "8802 0000 020000000001 020000000002 020000000003 1000 0000 0000 "
     "aaaa03 000000 0800",
     0x0800},
    {"radiotap words up to its end", 127,
     "00 00 0c00 00000080 00000000 "
     "0801 0000 020000000001 020000000002 020000000003 1000 "
     "aaaa03 000000 0800",
     0x0800},
    {"radiotap more words", 127,
     /* Time aligned to 8: four bytes of padding behind the words at 4..15. */
     "00 00 1a00 03000080 00000080 00000000 "
     "1122334455667788 00 00 "
     "0801 0000 020000000001 020000000002 020000000003 1000 "
     "aaaa03 000000 0800",
     0x0800},
};

#define N_NET (sizeof net_cases / sizeof net_cases[0])

/* The bytes of a case, an IP header behind them. */
static size_t
build(const struct net_case *c, uint8_t *out, size_t *head_len)
{
    *head_len = from_hex(c->head, out, PACKET_MAX);
    memset(out + *head_len, 0, 24);
    out[*head_len] = c->type == LINK_TYPE_IPV4 ? 0x45 : 0x60;
    return *head_len + 24;
}

START_TEST(the_ip_packet_is_found_and_every_cut_is_noticed)
{
    const struct net_case *c = &net_cases[_i];
    uint8_t bytes[PACKET_MAX + 24];
    size_t head_len, len = build(c, bytes, &head_len);
    struct edge_page g;
    edge_page_init(&g, PACKET_MAX + 24);
    for (size_t cut = 0; cut <= len; cut++) {
        struct slice in = edge_page_put(&g, slice_make(bytes, cut));
        const uint8_t *start = in.ptr;
        unsigned layers = LAYERS;
        uint16_t type = 0, vlan = LINK_VLAN_NONE;
        enum link_result r = link_decode(c->link, &in, &layers, &type, &vlan);
        if (cut < head_len) {
            ck_assert_msg(r == LINK_MALFORMED || r == LINK_OTHER,
                          "%s: cut at %zu gives %d", c->name, cut, r);
            continue;
        }
        /* Without a byte of it, the version of the packet is unknown. */
        if (cut == head_len && r != LINK_NET) {
            ck_assert_msg(r == LINK_MALFORMED, "%s: no IP gives %d", c->name,
                          r);
            continue;
        }
        ck_assert_msg(r == LINK_NET && type == c->type,
                      "%s: cut at %zu gives %d, type %04x", c->name, cut, r,
                      type);
        ck_assert_msg(in.ptr == start + head_len && in.len == cut - head_len,
                      "%s: IP found at %td, %zu bytes", c->name, in.ptr - start,
                      in.len);
    }
    edge_page_fini(&g);
}
END_TEST

/* Whole packets without IP in them. */
static const struct {
    const char *name;
    uint32_t link;
    const char *bytes;
    enum link_result result;
} other_cases[] = {
    {"ARP", 1, MAC "0806 0001080006040001", LINK_OTHER},
    {"spanning tree", 1, MAC "0026 424203 0000000000", LINK_OTHER},
    {"SNAP of Cisco", 1, MAC "0026 aaaa03 00000c 2000 0102", LINK_OTHER},
    {"SNAP with a length for a type", 1, MAC "0026 aaaa03 000000 0026 aaaa03",
     LINK_OTHER},
    {"between length and type", 1, MAC "05ff 4500", LINK_OTHER},
    {"PPPoE discovery", 1, MAC "8863 110900000000", LINK_OTHER},
    {"PPPoE code", 1, MAC "8864 110900000000 0021 45", LINK_OTHER},
    {"PPPoE version", 1, MAC "8864 210000000000 0021 45", LINK_MALFORMED},
    {"PPP LCP", 9, "ff03 c021 01", LINK_OTHER},
    {"MPLS with an unknown payload", 1, MAC "8847 00010140 a0", LINK_OTHER},
    {"null AppleTalk", 0, "10000000 00", LINK_OTHER},
    {"null nonsense", 0, "12345678 00", LINK_OTHER},
    {"raw nonsense", 101, "75", LINK_MALFORMED},
    {"SLL netlink", 113, "0004 0338 0000 0000000000000000 0000 4500",
     LINK_OTHER},
    {"SLL2 ARP", 276, "0806 0000 00000002 0001 00 06 0200000000010000 0001",
     LINK_OTHER},
    {"802.11 beacon", 105,
     "8000 0000 ffffffffffff 020000000002 020000000002 1000 00", LINK_OTHER},
    {"802.11 acknowledgement", 105, "d400 0000 020000000001", LINK_OTHER},
    {"802.11 null function", 105,
     "4801 0000 020000000001 020000000002 020000000003 1000", LINK_OTHER},
    {"802.11 protected", 105,
     "0841 0000 020000000001 020000000002 020000000003 1000 0011223344556677",
     LINK_OTHER},
    {"802.11 first fragment", 105,
     "0805 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 0800",
     LINK_OTHER},
    {"802.11 last fragment", 105,
     "0801 0000 020000000001 020000000002 020000000003 1100 aaaa03 000000 0800",
     LINK_OTHER},
    {"802.11 A-MSDU", 105,
     "8802 0000 020000000001 020000000002 020000000003 1000 8000 "
     "020000000001 020000000002 0010 aaaa03 000000 0800",
     LINK_OTHER},
    {"802.11 version", 105, "0901 0000", LINK_MALFORMED},
    {"radiotap version", 127, "01 00 0800 00000000 0801", LINK_MALFORMED},
    {"radiotap short length", 127, "00 00 0700 00000000 0801", LINK_MALFORMED},
    {"radiotap long length", 127, "00 00 ff00 00000000 0801", LINK_MALFORMED},
    {"radiotap endless words", 127, "00 00 0c00 00000080 00000080 0801",
     LINK_MALFORMED},
    {"radiotap flags behind its end", 127, "00 00 0800 02000000 0801",
     LINK_MALFORMED},
    {"radiotap bad FCS", 127,
     "00 00 0900 02000000 50 "
     "0801 0000 020000000001 020000000002 020000000003 1000 "
     "aaaa03 000000 0800 45",
     LINK_OTHER},
    {"token ring has a name only", 6, "1040", LINK_UNKNOWN},
    {"USER0", 147, "45", LINK_UNKNOWN},
    {"number out of the table", 65535, "45", LINK_UNKNOWN},
};

START_TEST(other_packets_are_told_apart)
{
    uint8_t bytes[PACKET_MAX];
    size_t len = from_hex(other_cases[_i].bytes, bytes, sizeof bytes);
    struct edge_page g;
    edge_page_init(&g, PACKET_MAX);
    for (size_t cut = 0; cut <= len; cut++) {
        struct slice in = edge_page_put(&g, slice_make(bytes, cut));
        unsigned layers = LAYERS;
        uint16_t type = 0, vlan = LINK_VLAN_NONE;
        enum link_result r =
            link_decode(other_cases[_i].link, &in, &layers, &type, &vlan);
        ck_assert_msg(r != LINK_NET && r != LINK_TOO_DEEP,
                      "%s: cut at %zu gives %d", other_cases[_i].name, cut, r);
        if (cut == len)
            ck_assert_msg(r == other_cases[_i].result, "%s: %d",
                          other_cases[_i].name, r);
    }
    edge_page_fini(&g);
}
END_TEST

START_TEST(tags_and_labels_nest_as_deep_as_allowed)
{
    static const uint8_t units[2][4] = {{0, 1, 0x81, 0}, {0, 1, 0, 0x40}};
    static const uint16_t types[2] = {0x8100, 0x8847};
    for (int kind = 0; kind < 2; kind++) {
        for (unsigned n = 1; n <= LAYERS + 2; n++) {
            uint8_t bytes[PACKET_MAX] = {0};
            for (unsigned i = 0; i < n; i++)
                memcpy(bytes + i * 4, units[kind], 4);
            if (kind == 0)
                bytes[n * 4 - 2] = 0x08; /* IPv4 inside the last tag */
            else
                bytes[n * 4 - 2] = 1; /* bottom of the stack */
            bytes[n * 4] = 0x45;
            struct slice in = slice_make(bytes, n * 4 + 20);
            unsigned layers = LAYERS;
            uint16_t type = types[kind], vlan = LINK_VLAN_NONE;
            enum link_result r = link_decode_type(&in, &layers, &type, &vlan);
            ck_assert_int_eq(r, n <= LAYERS ? LINK_NET : LINK_TOO_DEEP);
            if (r == LINK_NET) {
                ck_assert_uint_eq(type, LINK_TYPE_IPV4);
                ck_assert_uint_eq(vlan, kind == 0 ? 1 : LINK_VLAN_NONE);
                ck_assert_uint_eq(layers, LAYERS - n);
                ck_assert_uint_eq(in.len, 20);
            }
        }
    }
}
END_TEST

START_TEST(every_link_type_has_its_own_number_and_a_name)
{
#define LINK(number, name, description, decoder) number,
    static const uint32_t numbers[] = {
#include "capture/link.def"
    };
#undef LINK
    size_t n = sizeof numbers / sizeof numbers[0];
    for (size_t i = 0; i < n; i++) {
        ck_assert_ptr_nonnull(link_name(numbers[i]));
        ck_assert_ptr_nonnull(link_description(numbers[i]));
        ck_assert(link_name(numbers[i])[0] && link_description(numbers[i])[0]);
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_ne(numbers[i], numbers[j]);
        bool tested = false;
        for (size_t j = 0; j < N_NET; j++)
            tested = tested || net_cases[j].link == numbers[i];
        ck_assert_msg(tested == link_supported(numbers[i]),
                      "%s needs a row in net_cases", link_name(numbers[i]));
    }
}
END_TEST

START_TEST(names_are_those_of_tcpdump)
{
    ck_assert_str_eq(link_name(1), "EN10MB");
    ck_assert_str_eq(link_description(1), "Ethernet");
    ck_assert_str_eq(link_name(276), "LINUX_SLL2");
    ck_assert_str_eq(link_name(127), "IEEE802_11_RADIO");
    ck_assert(link_supported(113));
    ck_assert_str_eq(link_name(189), "USB_LINUX");
    ck_assert(!link_supported(189));
    ck_assert_ptr_null(link_name(147));
    ck_assert_ptr_null(link_description(147));
    ck_assert(!link_supported(147));
}
END_TEST

static Suite *
link_suite(void)
{
    Suite *s = suite_create("link");
    TCase *t = tcase_create("link");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, the_ip_packet_is_found_and_every_cut_is_noticed, 0,
                        (int)N_NET);
    tcase_add_loop_test(t, other_packets_are_told_apart, 0,
                        (int)(sizeof other_cases / sizeof other_cases[0]));
    tcase_add_test(t, tags_and_labels_nest_as_deep_as_allowed);
    tcase_add_test(t, every_link_type_has_its_own_number_and_a_name);
    tcase_add_test(t, names_are_those_of_tcpdump);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(link_suite)
