/* SPDX-License-Identifier: MIT */
#include "capture/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "capture/file_pcapng.h"
#include "capture/pcapng_clock.h"
#include "tests/check_main.h"
#include "tests/source_reading.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u
#define NONE 0xff /* no if_tsresol */
#define UNKNOWN UINT64_MAX

static struct slice
text(const char *s)
{
    return slice_cstr(s);
}

/* pcap ------------------------------------------------------------------ */

static const struct {
    const char *name;
    uint32_t magic;
    bool big;
    uint32_t snaplen;
    uint32_t link;
    int64_t fraction_ns; /* of the fraction 999 */
} pcap_rows[] = {
    {"little microseconds", MAGIC_US, false, 65535, 1, 999000},
    {"big microseconds", MAGIC_US, true, 65535, 113, 999000},
    {"little nanoseconds", MAGIC_NS, false, 262144, 276, 999},
    {"big nanoseconds", MAGIC_NS, true, 262144, 0, 999},
    {"no snapshot length", MAGIC_US, false, 0, 101, 999000},
    {"snapshot length too small", MAGIC_US, false, 2, 101, 999000},
    {"endless snapshot length", MAGIC_US, true, UINT32_MAX, 228, 999000},
    {"FCS length and reserved bits", MAGIC_US, false, 96, 0x27ff0001, 999000},
};

START_TEST(pcap_is_read_in_every_byte_order_and_resolution)
{
    struct file_bytes f = {.big = pcap_rows[_i].big};
    put_pcap_header(&f, pcap_rows[_i].magic, 4, pcap_rows[_i].snaplen,
                    pcap_rows[_i].link);
    put_pcap_packet(&f, 1700000000, 999, 60, text("hello"));
    put_pcap_packet(&f, 4294967295u, 0, 0, text(""));
    char name[TEMP_NAME_MAX];
    temp_file(name, f.ptr, f.len);
    const char *names[] = {name};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    ck_assert_ptr_null(source_info(s)->name);
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
    ck_assert_uint_eq(p.number, 1);
    ck_assert_int_eq(p.time_ns,
                     1700000000000000000 + pcap_rows[_i].fraction_ns);
    ck_assert_uint_eq(p.file_off, 24);
    ck_assert_uint_eq(p.wire_len, 60);
    ck_assert_uint_eq(p.iface, 0);
    ck_assert_uint_eq(p.link, pcap_rows[_i].link & 0xffff);
    ck_assert(slice_equal_cstr(p.data, "hello"));
    const struct source_info *info = source_info(s);
    ck_assert_str_eq(info->name, name);
    ck_assert_str_eq(info->format, "pcap");
    ck_assert_uint_eq(info->n_ifaces, 1);
    ck_assert_ptr_null(info->ifaces[0].name);
    ck_assert_uint_eq(info->ifaces[0].snaplen, pcap_rows[_i].snaplen);
    ck_assert_uint_eq(info->ifaces[0].packets, 1);
    ck_assert_uint_eq(info->bytes_total, f.len);
    ck_assert_uint_eq(info->bytes_read, f.len);
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
    ck_assert_uint_eq(p.number, 2);
    ck_assert_int_eq(p.time_ns, 4294967295000000000);
    ck_assert_uint_eq(p.data.len, 0);
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_END);
    source_free(s);
    unlink(name);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(pcap_modified_records_have_8_bytes_more)
{
    struct file_bytes f = {.big = _i};
    put_pcap_header(&f, MAGIC_MODIFIED, 4, 65535, 1);
    for (int i = 0; i < 3; i++) {
        put_pcap_packet(&f, 5, 6, 100, text(""));
        patch32(&f, f.len - 8, 4);
        put_bytes(&f, "\1\2\3\4\5\6\7\0wire", 12);
    }
    struct reading r = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(r.n_errors, 0);
    ck_assert_uint_eq(r.n, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(slice_equal_cstr(r.list[i].data, "wire"));
        ck_assert_uint_eq(r.list[i].wire_len, 100);
        ck_assert_uint_eq(r.list[i].file_off, 24 + 28 * i);
    }
    reading_fini(&r);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(pcap_before_version_2_4_has_its_lengths_the_other_way_round)
{
    static const struct {
        uint16_t minor;
        bool swapped;
    } rows[] = {{2, true}, {3, true}, {3, false}, {4, false}};
    struct file_bytes f = {0};
    put_pcap_header(&f, MAGIC_US, rows[_i].minor, 65535, 1);
    put_pcap_packet(&f, 1, 2, 9, text("four"));
    if (rows[_i].swapped) {
        patch32(&f, f.len - 12, 9);
        patch32(&f, f.len - 8, 4);
    }
    struct reading r = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(r.n_errors, 0);
    ck_assert_uint_eq(r.n, 1);
    ck_assert(slice_equal_cstr(r.list[0].data, "four"));
    ck_assert_uint_eq(r.list[0].wire_len, 9);
    reading_fini(&r);
    file_bytes_fini(&f);
}
END_TEST

/* Bytes that tell where they should stand. */
static uint8_t
pattern(size_t packet, size_t i)
{
    return (uint8_t)(packet * 31 + i + (i >> 8));
}

START_TEST(packets_over_block_borders_come_whole)
{
    enum { N = 300, MAX = 90001 };
    static uint8_t room[4 << 20];
    struct file_bytes f = {0};
    bool ng = _i;
    if (ng) {
        put_section(&f, false, UNKNOWN);
        put_iface(&f, 1, 0, NULL, NONE, 0);
    } else {
        put_pcap_header(&f, MAGIC_US, 4, 0, 1);
    }
    for (size_t n = 0; n < N; n++) {
        /* Two of them are larger than the block. */
        size_t len = n == 100   ? 3000000
                     : n == 200 ? sizeof room
                                : n * 7919 * 13 % MAX;
        for (size_t i = 0; i < len; i++)
            room[i] = pattern(n, i);
        struct slice data = slice_make(room, len);
        if (ng)
            put_epb(&f, 0, n, (uint32_t)len, data);
        else
            put_pcap_packet(&f, (uint32_t)n, 0, (uint32_t)len, data);
    }
    struct reading r = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(r.n_errors, 0);
    ck_assert_uint_eq(r.n, N);
    for (size_t n = 0; n < N; n++) {
        const struct packet *p = &r.list[n];
        ck_assert_uint_eq(p->data.len, p->wire_len);
        for (size_t i = 0; i < p->data.len; i++)
            if (p->data.ptr[i] != pattern(n, i))
                ck_abort_msg("packet %zu, byte %zu", n, i);
        size_t header_len = ng ? 28 : 16;
        ck_assert_mem_eq(f.ptr + p->file_off + header_len, p->data.ptr,
                         p->data.len);
    }
    reading_fini(&r);
    file_bytes_fini(&f);
}
END_TEST

/* pcapng ---------------------------------------------------------------- */

static const struct {
    const char *name;
    uint64_t ticks;
    int64_t offset_s;
    int64_t ns;
    uint8_t resolution;
    bool fits;
} clock_rows[] = {
    {"default", 1700000000123456, 0, 1700000000123456000, 6, true},
    {"seconds", 1700000000, 0, 1700000000000000000, 0, true},
    {"milliseconds", 1700000000123, 0, 1700000000123000000, 3, true},
    {"nanoseconds", 1700000000123456789, 0, 1700000000123456789, 9, true},
    {"picoseconds", 1234567890123456789, 0, 1234567890123456, 12, true},
    {"10^-28", UINT64_MAX, 0, 1, 28, true},
    {"10^-29", UINT64_MAX, 0, 0, 29, true},
    {"10^-127", UINT64_MAX, 0, 0, 127, true},
    {"2^0", 17, 0, 17000000000, 0x80, true},
    {"2^-10", 1024 + 512, 0, 1500000000, 0x8a, true},
    {"2^-32", 0x1800000001, 0, 24000000000, 0xa0, true},
    {"2^-33, rounded down", 0x3ffffffff, 0, 1999999999, 0xa1, true},
    {"2^-63", UINT64_MAX, 0, 1999999999, 0xbf, true},
    {"2^-64", UINT64_MAX, 0, 999999999, 0xc0, true},
    {"2^-64, a half", UINT64_C(1) << 63, 0, 500000000, 0xc0, true},
    {"2^-93", UINT64_MAX, 0, 1, 0xdd, true},
    {"2^-94", UINT64_MAX, 0, 0, 0xde, true},
    {"2^-127", UINT64_MAX, 0, 0, 0xff, true},
    {"offset forward", 5, 100, 105000000000, 0, true},
    {"offset back before 1970", 5, -100, -95000000000, 0, true},
    {"last second", 4611686018, 0, 4611686018000000000, 0, true},
    {"a second too late", 4611686019, 0, 0, 0, false},
    {"last nanosecond", INT64_MAX / 2, 0, INT64_MAX / 2, 9, true},
    {"a nanosecond too late", UINT64_C(1) << 62, 0, 0, 9, false},
    {"product would wrap", UINT64_MAX, 0, 0, 6, false},
    {"offset too much", 4611686018, 1, 0, 0, false},
    {"binary, too late", 4611686019 << 2, 0, 0, 0x82, false},
    {"binary, offset too much", 4611686018 << 2, 1, 0, 0x82, false},
    {"picoseconds, offset too much", UINT64_MAX, 4611686018, 0, 12, false},
};

START_TEST(pcapng_clocks_are_exact_or_say_no)
{
    struct pcapng_clock c;
    int64_t ns = 77;
    ck_assert(pcapng_clock_init(&c, clock_rows[_i].resolution,
                                clock_rows[_i].offset_s));
    bool fits = pcapng_clock_ns(&c, clock_rows[_i].ticks, &ns);
    ck_assert_msg(fits == clock_rows[_i].fits, "%s", clock_rows[_i].name);
    ck_assert_msg(ns == (fits ? clock_rows[_i].ns : 77), "%s: %lld",
                  clock_rows[_i].name, (long long)ns);
}
END_TEST

START_TEST(pcapng_clock_offsets_beyond_2116_are_refused)
{
    struct pcapng_clock c;
    ck_assert(pcapng_clock_init(&c, 6, 4611686018));
    ck_assert(pcapng_clock_init(&c, 6, -4611686018));
    ck_assert(!pcapng_clock_init(&c, 6, 4611686019));
    ck_assert(!pcapng_clock_init(&c, 6, -4611686019));
    ck_assert(!pcapng_clock_init(&c, 6, INT64_MIN));
}
END_TEST

/* Three sections: little, big, little; each with its own interfaces. */
static void
put_three_sections(struct file_bytes *f)
{
    put_section(f, false, UNKNOWN);
    put_iface(f, 1, 65535, "eth0", NONE, 0);
    put_iface(f, 113, 96, "any", 9, 0);
    put_epb(f, 0, 1000001, 50, text("one"));
    put_epb(f, 1, 1000001, 50, text("two!"));
    put_section(f, true, UNKNOWN);
    put_iface(f, 228, 0, NULL, 0x8a, 100);
    put_epb(f, 0, 1024, 51, text("three"));
    put_block(f, 4, "names", 5);
    put_iface(f, 0, 5, "lo", 3, 0);
    put_opb(f, 1, 2000, 52, text("four"));
    put_spb(f, 7, text("fiveAAA")); /* no snapshot length: whole */
    put_section(f, false, UNKNOWN);
    put_iface(f, 101, 3, "tun0", NONE, 0);
    put_spb(f, 100, text("six"));
}

START_TEST(pcapng_sections_have_their_own_order_and_interfaces)
{
    static const struct {
        const char *data;
        int64_t time_ns;
        uint32_t iface, link, wire_len;
    } expected[] = {
        {"one", 1000001000, 0, 1, 50},       {"two!", 1000001, 1, 113, 50},
        {"three", 101000000000, 2, 228, 51}, {"four", 2000000000, 3, 0, 52},
        {"fiveAAA", 0, 2, 228, 7},           {"six", 0, 4, 101, 100},
    };
    static const char *const if_names[] = {"eth0", "any", NULL, "lo", "tun0"};
    const size_t n = sizeof expected / sizeof expected[0];
    struct file_bytes f = {0};
    put_three_sections(&f);
    char name[TEMP_NAME_MAX];
    temp_file(name, f.ptr, f.len);
    const char *names[] = {name};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
        ck_assert(slice_equal_cstr(p.data, expected[i].data));
        ck_assert_int_eq(p.time_ns, expected[i].time_ns);
        ck_assert_uint_eq(p.iface, expected[i].iface);
        ck_assert_uint_eq(p.link, expected[i].link);
        ck_assert_uint_eq(p.wire_len, expected[i].wire_len);
        ck_assert_uint_ge(source_info(s)->n_ifaces, p.iface + 1);
    }
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_END);
    const struct source_info *info = source_info(s);
    ck_assert_str_eq(info->format, "pcapng");
    ck_assert_uint_eq(info->n_ifaces, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_pstr_eq(info->ifaces[i].name, if_names[i]);
    ck_assert_uint_eq(info->ifaces[1].snaplen, 96);
    ck_assert_uint_eq(info->ifaces[2].packets, 2);
    source_free(s);
    unlink(name);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(pcapng_blocks_that_are_no_packets_are_skipped)
{
    static const uint32_t types[] = {4, 5, 0xbad, 0x40000bad, 9, 0x80000001, 0};
    static const uint8_t large[3 << 20];
    struct file_bytes f = {0};
    put_section(&f, _i, UNKNOWN);
    put_iface(&f, 1, 65535, NULL, NONE, 0);
    for (size_t i = 0; i < 7; i++) {
        put_block(&f, types[i], NULL, 0);
        put_block(&f, types[i], large, i % 2 ? 40 : sizeof large);
        put_epb(&f, 0, i, 9, text("packet"));
    }
    /* Options behind the packet: a comment. */
    size_t start = put_block_start(&f, 6);
    put_zeros(&f, 12);
    put32(&f, 3);
    put32(&f, 3);
    put_bytes(&f, "end", 4);
    put_option(&f, 1, "said something", 14);
    put32(&f, 0);
    put_block_end(&f, start);
    struct reading r = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(r.n_errors, 0);
    ck_assert_uint_eq(r.n, 8);
    for (size_t i = 0; i < 7; i++)
        ck_assert(slice_equal_cstr(r.list[i].data, "packet"));
    ck_assert(slice_equal_cstr(r.list[7].data, "end"));
    reading_fini(&r);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(pcapng_interface_names_are_cut_at_nul_and_255_bytes)
{
    char long_name[301];
    memset(long_name, 'x', 300);
    long_name[300] = '\0';
    struct file_bytes f = {0};
    put_section(&f, false, UNKNOWN);
    put_iface(&f, 1, 0, long_name, NONE, 0);
    put_iface(&f, 1, 0, "ab", NONE, 0);
    memcpy(f.ptr + f.len - 12, "c\0d\0", 4);
    put_epb(&f, 0, 0, 0, text(""));
    char name[TEMP_NAME_MAX];
    temp_file(name, f.ptr, f.len);
    const char *names[] = {name};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
    const struct source_info *info = source_info(s);
    ck_assert_uint_eq(strlen(info->ifaces[0].name), 255);
    ck_assert_str_eq(info->ifaces[1].name, "c");
    source_free(s);
    unlink(name);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(pcapng_secrets_are_kept_over_files_up_to_a_limit)
{
    static uint8_t large[SOURCE_SECRETS_MAX];
    struct file_bytes f = {0}, g = {0};
    put_section(&f, false, UNKNOWN);
    put_dsb(&f, 0x544c534b, text("CLIENT_RANDOM 01 02\n"));
    put_dsb(&f, 0x57474b4c, text(""));
    put_section(&g, true, UNKNOWN);
    put_iface(&g, 1, 0, NULL, NONE, 0);
    put_dsb(&g, 0x544c534b, slice_make(large, sizeof large));
    put_dsb(&g, 0x57474b4c, text("LOCAL_STATIC"));
    put_epb(&g, 0, 0, 4, text("last"));
    char names[2][TEMP_NAME_MAX];
    temp_file(names[0], f.ptr, f.len);
    temp_file(names[1], g.ptr, g.len);
    const char *list[] = {names[0], names[1]};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, list, 2), ERR_OK);
    ck_assert_uint_eq(source_secrets(s)->n, 0);
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
    ck_assert(slice_equal_cstr(p.data, "last"));
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_END);
    const struct source_secrets *found = source_secrets(s);
    ck_assert_uint_eq(found->n, 2);
    ck_assert_uint_eq(found->dropped, 1);
    ck_assert_uint_eq(found->list[0].type, 0x544c534b);
    ck_assert(slice_equal_cstr(found->list[0].data, "CLIENT_RANDOM 01 02\n"));
    ck_assert_uint_eq(found->list[1].type, 0x57474b4c);
    ck_assert(slice_equal_cstr(found->list[1].data, "LOCAL_STATIC"));
    source_free(s);
    for (size_t i = 0; i < 2; i++)
        unlink(names[i]);
    file_bytes_fini(&f);
    file_bytes_fini(&g);
}
END_TEST

START_TEST(pcapng_secrets_are_limited_in_number)
{
    struct file_bytes f = {0};
    put_section(&f, false, UNKNOWN);
    for (size_t i = 0; i < SOURCE_SECRETS_COUNT_MAX + 5; i++)
        put_dsb(&f, 1, text("x"));
    char name[TEMP_NAME_MAX];
    temp_file(name, f.ptr, f.len);
    const char *names[] = {name};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_END);
    ck_assert_uint_eq(source_secrets(s)->n, SOURCE_SECRETS_COUNT_MAX);
    ck_assert_uint_eq(source_secrets(s)->dropped, 5);
    source_free(s);
    unlink(name);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(pcapng_interfaces_are_limited_in_number)
{
    struct file_bytes f = {0};
    put_section(&f, false, UNKNOWN);
    for (size_t i = 0; i < FILE_PCAPNG_IFACES_MAX; i++) {
        if (i % 1000 == 999)
            put_section(&f, i / 1000 % 2, UNKNOWN);
        put_iface(&f, 1, 0, NULL, NONE, 0);
    }
    put_epb(&f, 0, 0, 0, text("last"));
    size_t off = f.len;
    struct reading good = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(good.n, 1);
    ck_assert_uint_eq(good.n_errors, 0);
    put_iface(&f, 1, 0, NULL, NONE, 0);
    struct reading bad = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(bad.n, 1);
    ck_assert_uint_eq(bad.n_errors, 1);
    ck_assert_int_eq(bad.errors[0].code, ERR_LIMIT);
    ck_assert_uint_eq(bad.errors[0].offset, off);
    ck_assert_str_eq(bad.errors[0].reason, "more than 16384 interfaces");
    reading_fini(&good);
    reading_fini(&bad);
    file_bytes_fini(&f);
}
END_TEST

/* Damage ---------------------------------------------------------------- */

/*
 * Each file starts with one good packet: pcap "abcd" (24 to 44) or, if ng,
 * section 0, interface 28, packet "abcd" 48 to 84, all little-endian.  Then
 * the function makes its damage.
 */
typedef void (*damage_fn)(struct file_bytes *f);

static void
pcap_huge(struct file_bytes *f)
{
    put_pcap_packet(f, 0, 0, 0, text(""));
    patch32(f, f->len - 8, UINT32_MAX);
}

static void
pcap_just_too_large(struct file_bytes *f)
{
    put_pcap_packet(f, 0, 0, 0, text(""));
    patch32(f, f->len - 8, SOURCE_PACKET_MAX + 1);
}

static void
pcap_cut(struct file_bytes *f)
{
    put_pcap_packet(f, 0, 0, 0, text("abcdefgh"));
    f->len -= 3;
}

static void
pcap_cut_large(struct file_bytes *f)
{
    put_pcap_packet(f, 0, 0, 0, text("abcdefgh"));
    patch32(f, f->len - 16, SOURCE_PACKET_MAX);
}

static void
pcap_cut_header(struct file_bytes *f)
{
    put_zeros(f, 7);
}

static void
ng_odd_len(struct file_bytes *f)
{
    put_block(f, 5, NULL, 8);
    patch32(f, f->len - 16, 21);
}

static void
ng_short_len(struct file_bytes *f)
{
    put_block(f, 5, NULL, 8);
    patch32(f, f->len - 16, 8);
}

static void
ng_short_epb(struct file_bytes *f)
{
    put_block(f, 6, "abcdefghijklmnop", 16);
}

static void
ng_short_idb(struct file_bytes *f)
{
    put_block(f, 1, "abcd", 4);
}

static void
ng_short_shb(struct file_bytes *f)
{
    put_section(f, false, UNKNOWN);
    patch32(f, f->len - 24, 24);
}

static void
ng_trailer(struct file_bytes *f)
{
    put_epb(f, 0, 0, 0, text("abcd"));
    patch32(f, f->len - 4, 40);
}

static void
ng_trailer_skipped(struct file_bytes *f)
{
    put_block(f, 5, NULL, 8);
    patch32(f, f->len - 4, 0);
}

static void
ng_trailer_section(struct file_bytes *f)
{
    put_section(f, true, UNKNOWN);
    patch32(f, f->len - 4, 32);
}

static void
ng_iface_epb(struct file_bytes *f)
{
    put_epb(f, 1, 0, 0, text("abcd"));
}

static void
ng_iface_opb(struct file_bytes *f)
{
    put_opb(f, 65535, 0, 0, text("abcd"));
}

static void
ng_iface_of_other_section(struct file_bytes *f)
{
    put_section(f, false, UNKNOWN);
    put_epb(f, 0, 0, 0, text("abcd"));
}

static void
ng_iface_spb(struct file_bytes *f)
{
    put_section(f, true, UNKNOWN);
    put_spb(f, 4, text("abcd"));
}

static void
ng_cap_len(struct file_bytes *f)
{
    put_epb(f, 0, 0, 0, text("abcd"));
    patch32(f, f->len - 16, 5);
}

static void
ng_cap_len_huge(struct file_bytes *f)
{
    put_opb(f, 0, 0, 0, text("abcd"));
    patch32(f, f->len - 16, UINT32_MAX);
}

static void
ng_spb_len(struct file_bytes *f)
{
    put_spb(f, 9, text("abcdefgh"));
}

static void
ng_time(struct file_bytes *f)
{
    put_epb(f, 0, UINT64_MAX, 0, text("abcd"));
}

static void
ng_huge_packet(struct file_bytes *f)
{
    put_epb(f, 0, 0, 0, text("abcd"));
    patch32(f, f->len - 32, 0xfffffffc);
}

static void
ng_huge_skipped(struct file_bytes *f)
{
    put_block(f, 0xbad, "abcd", 4);
    patch32(f, f->len - 12, 0xfffffffc);
}

static void
ng_cut(struct file_bytes *f)
{
    put_epb(f, 0, 0, 0, text("abcd"));
    f->len -= 4;
}

static void
ng_cut_header(struct file_bytes *f)
{
    put_zeros(f, 11);
}

static void
ng_no_magic(struct file_bytes *f)
{
    put_section(f, false, UNKNOWN);
    patch32(f, f->len - 20, 0x1a2b3c4e);
}

static void
ng_version(struct file_bytes *f)
{
    put_section(f, true, UNKNOWN);
    patch32(f, f->len - 16, 0x00020003);
}

static void
ng_option(struct file_bytes *f)
{
    put_iface(f, 1, 0, "eth0", NONE, 0);
    patch32(f, f->len - 16, 0x00090002); /* length 9 of 4 + 4 */
}

static void
ng_tsresol_len(struct file_bytes *f)
{
    put_iface(f, 1, 0, NULL, 6, 0);
    patch32(f, f->len - 16, 0x00020009);
}

static void
ng_tsoffset_len(struct file_bytes *f)
{
    put_iface(f, 1, 0, "eth0", NONE, 0);
    patch32(f, f->len - 16, 0x0004000e);
}

static void
ng_tsoffset(struct file_bytes *f)
{
    put_iface(f, 1, 0, NULL, NONE, INT64_MAX);
}

static void
ng_secrets(struct file_bytes *f)
{
    put_dsb(f, 1, text("abcd"));
    patch32(f, f->len - 12, 5);
}

static void
ng_secrets_short(struct file_bytes *f)
{
    put_block(f, 10, "abcd", 4);
}

static void
ng_secrets_cut(struct file_bytes *f)
{
    put_dsb(f, 1, text("abcd"));
    f->len -= 6;
}

static const struct {
    const char *name;
    damage_fn damage;
    uint64_t off;
    const char *reason;
    enum err code;
} damage_rows[] = {
    {"pcap: a packet of 4 GiB", pcap_huge, 44,
     "a packet of 4294967295 bytes is more than the 16777216 that can be",
     ERR_DAMAGED},
    {"pcap: a byte too many", pcap_just_too_large, 44,
     "a packet of 16777217 bytes is more than the 16777216 that can be",
     ERR_DAMAGED},
    {"pcap: cut packet", pcap_cut, 44,
     "the file ends inside a packet (21 of 24 bytes)", ERR_DAMAGED},
    {"pcap: cut large packet", pcap_cut_large, 44,
     "the file ends inside a packet (24 of 16777232 bytes)", ERR_DAMAGED},
    {"pcap: cut header", pcap_cut_header, 44,
     "the file ends inside the header of a packet (7 of 16 bytes)",
     ERR_DAMAGED},
    {"ng: odd length", ng_odd_len, 84, "block length 21 is not a multiple of 4",
     ERR_DAMAGED},
    {"ng: length 8", ng_short_len, 84,
     "block length 8 is less than the block type needs", ERR_DAMAGED},
    {"ng: short packet block", ng_short_epb, 84,
     "block length 28 is less than the block type needs", ERR_DAMAGED},
    {"ng: short interface block", ng_short_idb, 84,
     "block length 16 is less than the block type needs", ERR_DAMAGED},
    {"ng: short section header", ng_short_shb, 84,
     "block length 24 is less than the block type needs", ERR_DAMAGED},
    {"ng: other length at the end", ng_trailer, 84,
     "block length 36 at its start, 40 at its end", ERR_DAMAGED},
    {"ng: the same in a skipped block", ng_trailer_skipped, 84,
     "block length 20 at its start, 0 at its end", ERR_DAMAGED},
    {"ng: the same in a section header", ng_trailer_section, 84,
     "block length 28 at its start, 32 at its end", ERR_DAMAGED},
    {"ng: undefined interface", ng_iface_epb, 84,
     "a packet of interface 1, but the section has defined only 1",
     ERR_DAMAGED},
    {"ng: undefined interface, OPB", ng_iface_opb, 84,
     "a packet of interface 65535, but the section has defined only 1",
     ERR_DAMAGED},
    {"ng: interface of the section before", ng_iface_of_other_section, 112,
     "a packet of interface 0, but the section has defined only 0",
     ERR_DAMAGED},
    {"ng: undefined interface, SPB", ng_iface_spb, 112,
     "a packet of interface 0, but the section has defined only 0",
     ERR_DAMAGED},
    {"ng: a byte beyond the block", ng_cap_len, 84,
     "a packet of 5 captured bytes in a block of 36", ERR_DAMAGED},
    {"ng: 4 GiB beyond the block", ng_cap_len_huge, 84,
     "a packet of 4294967295 captured bytes in a block of 36", ERR_DAMAGED},
    {"ng: SPB beyond the block", ng_spb_len, 84,
     "a packet of 9 captured bytes in a block of 24", ERR_DAMAGED},
    {"ng: time too late", ng_time, 84, "a time stamp beyond the year 2116",
     ERR_DAMAGED},
    {"ng: a packet block of 4 GiB", ng_huge_packet, 84,
     "a block of 4294967292 bytes is more than the 16777216 that can be",
     ERR_DAMAGED},
    {"ng: a skipped block of 4 GiB", ng_huge_skipped, 84,
     "the file ends inside a block (16 of 4294967292 bytes)", ERR_DAMAGED},
    {"ng: cut", ng_cut, 84, "the file ends inside a block (32 of 36 bytes)",
     ERR_DAMAGED},
    {"ng: cut header", ng_cut_header, 84,
     "the file ends inside a block (11 of 12 bytes)", ERR_DAMAGED},
    {"ng: section header without magic", ng_no_magic, 84,
     "a section header without byte-order magic", ERR_DAMAGED},
    {"ng: version", ng_version, 84, "pcapng version 2.3 is not supported",
     ERR_UNSUPPORTED},
    {"ng: option too long", ng_option, 84,
     "an option of an interface is longer than its block", ERR_DAMAGED},
    {"ng: if_tsresol of 2 bytes", ng_tsresol_len, 84,
     "an if_tsresol option that is not 1 byte long", ERR_DAMAGED},
    {"ng: if_tsoffset of 4 bytes", ng_tsoffset_len, 84,
     "an if_tsoffset option that is not 8 bytes long", ERR_DAMAGED},
    {"ng: if_tsoffset too large", ng_tsoffset, 84,
     "an if_tsoffset beyond the year 2116", ERR_DAMAGED},
    {"ng: secrets beyond the block", ng_secrets, 84,
     "secrets longer than their block", ERR_DAMAGED},
    {"ng: short secrets block", ng_secrets_short, 84,
     "block length 16 is less than the block type needs", ERR_DAMAGED},
    {"ng: cut secrets", ng_secrets_cut, 84,
     "the file ends inside a block (18 of 24 bytes)", ERR_DAMAGED},
};

START_TEST(damage_is_told_after_the_packets_before_it)
{
    const char *row = damage_rows[_i].name;
    struct file_bytes f = {0};
    if (row[0] == 'p') {
        put_pcap_header(&f, MAGIC_US, 4, 65535, 1);
        put_pcap_packet(&f, 1, 2, 4, text("abcd"));
    } else {
        put_section(&f, false, UNKNOWN);
        put_iface(&f, 1, 65535, NULL, NONE, 0);
        put_epb(&f, 0, 5, 4, text("abcd"));
    }
    struct file_bytes next = {0};
    put_bytes(&next, f.ptr, f.len);
    damage_rows[_i].damage(&f);
    char names[2][TEMP_NAME_MAX];
    temp_file(names[0], f.ptr, f.len);
    temp_file(names[1], next.ptr, next.len);
    const char *list[] = {names[0], names[1]};
    struct reading r = read_names(list, 2);
    ck_assert_msg(r.n_errors == 1, "%s: %zu errors", row, r.n_errors);
    ck_assert_msg(r.n == 2 && r.n_before[0] == 1, "%s: %zu", row, r.n);
    const struct source_error *e = &r.errors[0];
    ck_assert_msg(!strcmp(e->reason, damage_rows[_i].reason), "%s: %s", row,
                  e->reason);
    ck_assert_msg(e->offset == damage_rows[_i].off, "%s: %llu", row,
                  (unsigned long long)e->offset);
    ck_assert_msg(e->code == damage_rows[_i].code, "%s", row);
    ck_assert_ptr_eq(e->name, names[0]);
    ck_assert_uint_eq(r.list[1].number, 2);
    ck_assert_uint_eq(r.list[1].source, 1);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(slice_equal_cstr(r.list[i].data, "abcd"));
        unlink(names[i]);
    }
    reading_fini(&r);
    file_bytes_fini(&f);
    file_bytes_fini(&next);
}
END_TEST

static const struct {
    const char *name;
    uint64_t first_len; /* as the two section headers say */
    uint64_t second_len;
    uint64_t off; /* of the error; 0: none */
    const char *reason;
} section_rows[] = {
    {"right", 56, 56, 0, ""},
    {"right and not given", 56, UNKNOWN, 0, ""},
    {"first too short", 20, 56, 84,
     "the section that starts at byte 0 was to end at byte 48"},
    {"first too long", 60, UNKNOWN, 84,
     "the section that starts at byte 0 was to end at byte 88"},
    {"second too long", 56, 100, 168,
     "the section that starts at byte 84 was to end at byte 212"},
    {"second huge", 56, UINT64_MAX - 1, 168,
     "the section that starts at byte 84 was to end at byte "
     "18446744073709551614"},
    {"both, the first is told", 1, 2, 84,
     "the section that starts at byte 0 was to end at byte 29"},
};

START_TEST(pcapng_section_lengths_that_lie_are_told_at_the_end)
{
    struct file_bytes f = {0};
    for (int i = 0; i < 2; i++) {
        put_section(&f, i,
                    i ? section_rows[_i].second_len
                      : section_rows[_i].first_len);
        put_iface(&f, 1, 65535, NULL, NONE, 0);
        put_epb(&f, 0, 5, 4, text("abcd"));
    }
    ck_assert_uint_eq(f.len, 168);
    struct reading r = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(r.n, 2);
    ck_assert_uint_eq(r.n_errors, section_rows[_i].off ? 1 : 0);
    if (r.n_errors) {
        ck_assert_uint_eq(r.n_before[0], 2);
        ck_assert_int_eq(r.errors[0].code, ERR_DAMAGED);
        ck_assert_uint_eq(r.errors[0].offset, section_rows[_i].off);
        ck_assert_str_eq(r.errors[0].reason, section_rows[_i].reason);
    }
    reading_fini(&r);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(cuts_at_every_byte_give_the_packets_before_and_one_error)
{
    static const uint32_t magics[] = {MAGIC_US, MAGIC_NS, MAGIC_MODIFIED};
    enum { MAX = 32 };
    size_t borders[MAX], n_packets_at[MAX], n = 0;
    struct file_bytes f = {.big = _i % 2};
    if (_i < 3) {
        put_pcap_header(&f, magics[_i], 4, 65535, 1);
        borders[n] = f.len;
        n_packets_at[n++] = 0;
        for (size_t i = 0; i < 4; i++) {
            put_pcap_packet(&f, 1, 2, 40, slice_make("abcdefghijkl", 8 + i));
            if (magics[_i] == MAGIC_MODIFIED)
                put_zeros(&f, 8);
            borders[n] = f.len;
            n_packets_at[n++] = i + 1;
        }
    } else {
        size_t packets = 0;
        put_three_sections(&f);
        bool big = false;
        for (size_t off = 0; off < f.len;) {
            const uint8_t *p = f.ptr + off;
            if (p[0] == 0x0a)
                big = p[8] == 0x1a;
            off += p[big ? 7 : 4];
            uint8_t type = p[big ? 3 : 0];
            packets += type == 2 || type == 3 || type == 6;
            ck_assert_uint_lt(n, MAX);
            borders[n] = off;
            n_packets_at[n++] = packets;
        }
    }
    struct reading whole = read_bytes(f.ptr, f.len);
    ck_assert_uint_eq(whole.n_errors, 0);
    ck_assert_uint_eq(whole.n, n_packets_at[n - 1]);
    for (size_t cut = 0, b = 0; cut <= f.len; cut++) {
        while (b < n && borders[b] <= cut)
            b++;
        bool at_border = b && borders[b - 1] == cut;
        struct reading r = read_bytes(f.ptr, cut);
        ck_assert_msg(r.n_errors == !at_border, "cut at %zu", cut);
        ck_assert_msg(r.n == (b ? n_packets_at[b - 1] : 0), "cut at %zu", cut);
        ck_assert_same_packets(&r, &whole, r.n);
        if (!at_border)
            ck_assert_uint_eq(r.errors[0].offset, b ? borders[b - 1] : 0);
        reading_fini(&r);
    }
    reading_fini(&whole);
    file_bytes_fini(&f);
}
END_TEST

/* Files that are none --------------------------------------------------- */

static const struct {
    const char *name;
    const char *bytes;
    size_t len;
    const char *reason;
    enum err code;
} foreign_rows[] = {
    {"empty", "", 0, "is empty", ERR_FORMAT},
    {"one byte", "P", 1, "is not a capture file (starts with 50)", ERR_FORMAT},
    {"three bytes of pcap", "\xd4\xc3\xb2", 3,
     "is not a capture file (starts with d4 c3 b2)", ERR_FORMAT},
    {"zip", "PK\x03\x04....", 8,
     "is not a capture file (starts with 50 4b 03 04)", ERR_FORMAT},
    {"old gzip method", "\x1f\x8b\x07\x00", 4,
     "is not a capture file (starts with 1f 8b 07 00)", ERR_FORMAT},
    {"pcap magic alone", "\xd4\xc3\xb2\xa1", 4,
     "the file ends inside its header (4 of 24 bytes)", ERR_DAMAGED},
    {"pcapng type alone", "\n\r\r\n", 4,
     "the file ends inside its header (4 of 28 bytes)", ERR_DAMAGED},
    {"pcapng type, then text", "\n\r\r\nhello, world\r\n", 18,
     "is not a capture file (starts with 0a 0d 0d 0a but has no byte-order "
     "magic)",
     ERR_FORMAT},
    {"pcap version", "\xa1\xb2\xc3\xd4\0\7\0\2................", 24,
     "pcap version 7.2 is not supported", ERR_UNSUPPORTED},
};

START_TEST(files_of_another_kind_are_named_for_what_they_are)
{
    struct reading r = read_bytes(foreign_rows[_i].bytes, foreign_rows[_i].len);
    ck_assert_uint_eq(r.n, 0);
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_str_eq(r.errors[0].reason, foreign_rows[_i].reason);
    ck_assert_int_eq(r.errors[0].code, foreign_rows[_i].code);
    reading_fini(&r);
}
END_TEST

START_TEST(files_that_cannot_be_opened_do_not_stop_the_next_ones)
{
    struct file_bytes f = {0};
    put_pcap_header(&f, MAGIC_US, 4, 65535, 1);
    put_pcap_packet(&f, 1, 2, 4, text("abcd"));
    put_pcap_packet(&f, 1, 2, 4, text("efgh"));
    char name[TEMP_NAME_MAX];
    temp_file(name, f.ptr, f.len);
    const char *list[] = {name, "/nonexistent/file.pcap", "/", name, name};
    struct reading r = read_names(list, 5);
    unlink(name);
    ck_assert_uint_eq(r.n_errors, 2);
    ck_assert_str_eq(r.errors[0].reason,
                     "cannot be opened: No such file or directory");
    ck_assert_int_eq(r.errors[0].code, ERR_OPEN);
    ck_assert_str_eq(r.errors[0].name, list[1]);
    ck_assert_str_eq(r.errors[1].reason, "is a directory");
    ck_assert_str_eq(r.errors[1].name, "/");
    ck_assert_uint_eq(r.n, 6);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(r.list[i].number, i + 1);
        ck_assert_uint_eq(r.list[i].source, i < 2 ? 0 : i < 4 ? 3 : 4);
    }
    ck_assert_uint_eq(r.last.index, 4);
    reading_fini(&r);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(no_files_are_an_end)
{
    struct reading r = read_names(NULL, 0);
    ck_assert_uint_eq(r.n + r.n_errors, 0);
    reading_fini(&r);
    source_free(NULL);
}
END_TEST

/* Pipes ----------------------------------------------------------------- */

/*
 * Writes f byte by byte into the FIFO name, and after each border waits until
 * the reader says that it has what stands before it.
 */
static void
drip(const struct file_bytes *f, const char *name, const size_t *borders,
     size_t n, int ack)
{
    FILE *out = fopen(name, "wb");
    size_t b = 0;
    if (!out)
        _exit(1);
    setvbuf(out, NULL, _IONBF, 0);
    for (size_t i = 0; i < f->len; i++) {
        char c;
        if (putc(f->ptr[i], out) == EOF)
            _exit(2);
        if (b < n && i + 1 == borders[b] && ++b && read(ack, &c, 1) != 1)
            _exit(3);
    }
    fclose(out);
    _exit(0);
}

START_TEST(fifo_packets_come_as_soon_as_they_are_complete)
{
    enum { N = 20 };
    struct file_bytes f = {0};
    size_t borders[N];
    if (_i) {
        put_section(&f, _i == 2, UNKNOWN);
        put_iface(&f, 1, 0, NULL, NONE, 0);
    } else {
        put_pcap_header(&f, MAGIC_US, 4, 0, 1);
    }
    for (size_t i = 0; i < N; i++) {
        if (_i)
            put_epb(&f, 0, i, 99, slice_make("abcdefghijklmnopqrstu", i));
        else
            put_pcap_packet(&f, 0, 0, 99,
                            slice_make("abcdefghijklmnopqrstu", i));
        borders[i] = f.len;
    }
    char name[TEMP_NAME_MAX];
    int ack[2];
    temp_file(name, "", 0);
    unlink(name);
    ck_assert_int_eq(mkfifo(name, 0600), 0);
    ck_assert_int_eq(pipe(ack), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        drip(&f, name, borders, N, ack[0]);
    const char *names[] = {name};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    for (size_t i = 0; i < N; i++) {
        /* Hangs, until the time-out of the test, if it wants more. */
        ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
        ck_assert_uint_eq(p.number, i + 1);
        ck_assert_uint_eq(p.data.len, i);
        ck_assert_uint_eq(source_info(s)->bytes_read, borders[i]);
        ck_assert_uint_eq(source_info(s)->bytes_total, 0);
        ck_assert_int_eq(write(ack[1], "", 1), 1);
    }
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_END);
    source_free(s);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    unlink(name);
    file_bytes_fini(&f);
}
END_TEST

START_TEST(standard_input_is_read_from_where_it_stands)
{
    struct file_bytes f = {0};
    put_zeros(&f, 100);
    put_pcap_header(&f, MAGIC_US, 4, 65535, 1);
    put_pcap_packet(&f, 1, 2, 4, text("abcd"));
    char name[TEMP_NAME_MAX];
    temp_file(name, f.ptr, f.len);
    ck_assert_ptr_nonnull(freopen(name, "rb", stdin));
    unlink(name);
    ck_assert_int_eq(lseek(STDIN_FILENO, 100, SEEK_SET), 100);
    const char *names[] = {"-", "-"};
    struct reading r = read_names(names, 2);
    ck_assert_uint_eq(r.n, 1);
    ck_assert(slice_equal_cstr(r.list[0].data, "abcd"));
    /* The second time there is nothing left; it was not closed. */
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_str_eq(r.errors[0].reason, "is empty");
    ck_assert_uint_eq(r.last.bytes_total, 0);
    ck_assert_int_eq(lseek(STDIN_FILENO, 0, SEEK_CUR), (off_t)f.len);
    reading_fini(&r);
    file_bytes_fini(&f);
}
END_TEST

/* A capture file that another program is still writing: each time the reader
 * has nothing to read it writes on, step bytes at a time. */
struct writer {
    struct file_bytes f;
    size_t written, step;
    int fd;
    unsigned asked; /* after the last byte was written */
    bool cut;       /* ... then cuts the file, else says stop */
};

static int
write_on(void *ctx)
{
    struct writer *w = ctx;
    size_t left = w->f.len - w->written;
    size_t len = left < w->step ? left : w->step;
    if (len > 0) {
        ck_assert_int_eq(write(w->fd, w->f.ptr + w->written, len), len);
        w->written += len;
        return 0;
    }
    if (w->cut && w->asked++ < 3)
        return ftruncate(w->fd, 10) < 0 ? -1 : 0;
    return w->asked++ < 3 ? 1 : -1;
}

static void
writer_init(struct writer *w, size_t step)
{
    *w = (struct writer){.step = step};
    put_section(&w->f, false, UNKNOWN);
    put_iface(&w->f, 1, 0, NULL, NONE, 0);
    put_epb(&w->f, 0, 0, 3, text("abc"));
    put_epb(&w->f, 0, 1, 3, text("def"));
}

static const size_t writer_steps[] = {1, 3, 28, 1000};

START_TEST(growing_files_are_followed_until_their_reader_says_stop)
{
    struct writer w;
    writer_init(&w, writer_steps[_i]);
    char name[TEMP_NAME_MAX];
    temp_file(name, "", 0);
    w.fd = open(name, O_WRONLY | O_APPEND);
    const char *names[] = {name};
    struct source *s;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    source_on_idle(s, write_on, &w);
    source_follow(s);
    struct reading r = read_source(s);
    ck_assert_uint_eq(r.n, 2);
    ck_assert_uint_eq(r.n_errors, 0);
    ck_assert(slice_equal_cstr(r.list[1].data, "def"));
    ck_assert_uint_eq(w.asked, 4);
    reading_fini(&r);
    close(w.fd);
    unlink(name);
    file_bytes_fini(&w.f);
}
END_TEST

START_TEST(a_followed_file_that_becomes_shorter_is_an_error)
{
    struct writer w;
    writer_init(&w, 1000);
    w.cut = true;
    char name[TEMP_NAME_MAX];
    temp_file(name, "", 0);
    w.fd = open(name, O_WRONLY | O_APPEND);
    const char *names[] = {name};
    struct source *s;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    source_on_idle(s, write_on, &w);
    source_follow(s);
    struct reading r = read_source(s);
    ck_assert_uint_eq(r.n, 2);
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_int_eq(r.errors[0].code, ERR_DAMAGED);
    ck_assert_str_eq(r.errors[0].reason, "was cut while it was followed");
    reading_fini(&r);
    close(w.fd);
    unlink(name);
    file_bytes_fini(&w.f);
}
END_TEST

START_TEST(idle_is_called_while_a_pipe_has_nothing_and_can_stop_anywhere)
{
    struct writer w;
    int ends[2];
    writer_init(&w, 1);
    size_t whole = w.f.len;
    for (size_t len = 0; len <= whole; len++) {
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
        w.fd = ends[1];
        w.written = 0;
        w.asked = 0;
        w.f.len = len;
        const char *names[] = {"-", "/nowhere"};
        struct source *s;
        ck_assert_int_eq(source_new(&s, names, 2), ERR_OK);
        source_on_idle(s, write_on, &w);
        struct reading r = read_source(s);
        ck_assert_uint_eq(w.asked, 4);
        ck_assert_uint_eq(r.n, (len >= whole - 36) + (len == whole));
        /* Stopped in the middle of a record is no damage, and no reason to go
         * on with the next file. */
        ck_assert_uint_eq(r.n_errors, 0);
        reading_fini(&r);
        close(ends[0]);
        close(ends[1]);
    }
    w.f.len = whole;
    file_bytes_fini(&w.f);
}
END_TEST

START_TEST(files_opened_ahead_are_read_without_opening_anything)
{
    struct file_bytes f = {0};
    put_pcap_header(&f, MAGIC_US, 4, 0, 1);
    put_pcap_packet(&f, 1, 0, 4, text("abcd"));
    char kept[TEMP_NAME_MAX], gone[TEMP_NAME_MAX];
    temp_file(kept, f.ptr, f.len);
    temp_file(gone, f.ptr, f.len);
    const char *names[] = {gone, "/nowhere", kept};
    struct source *s;
    ck_assert_int_eq(source_new(&s, names, 3), ERR_OK);
    ck_assert_int_eq(source_open_all(s), ERR_OK);
    unlink(gone);
    unlink(kept);
    struct reading r = read_source(s);
    ck_assert_uint_eq(r.n, 2);
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_uint_eq(r.n_before[0], 1);
    ck_assert_str_eq(r.errors[0].reason,
                     "cannot be opened: No such file or directory");
    reading_fini(&r);
    ck_assert_int_eq(source_new(&s, names + 1, 1), ERR_OK);
    ck_assert_int_eq(source_open_all(s), ERR_OK);
    source_free(s); /* never read */
    file_bytes_fini(&f);
}
END_TEST

static int
wait_a_little(void *ctx)
{
    (void)ctx;
    return 5;
}

/* Writes to the second one only when the first is written. */
static void
fill_fifos(const struct file_bytes *f, const char *const *names)
{
    for (size_t i = 0; i < 2; i++) {
        int fd = open(names[i], O_WRONLY);
        if (fd < 0 || write(fd, f->ptr, f->len) != (ssize_t)f->len)
            _exit(1);
        close(fd);
    }
    _exit(0);
}

START_TEST(fifos_are_opened_ahead_without_waiting_for_their_writers)
{
    struct file_bytes f = {0};
    put_pcap_header(&f, MAGIC_US, 4, 0, 1);
    put_pcap_packet(&f, 1, 0, 4, text("abcd"));
    char first[TEMP_NAME_MAX], second[TEMP_NAME_MAX];
    const char *names[] = {first, second};
    for (size_t i = 0; i < 2; i++) {
        temp_file(i ? second : first, "", 0);
        unlink(names[i]);
        ck_assert_int_eq(mkfifo(names[i], 0600), 0);
    }
    struct source *s;
    ck_assert_int_eq(source_new(&s, names, 2), ERR_OK);
    ck_assert_int_eq(source_open_all(s), ERR_OK);
    source_on_idle(s, wait_a_little, NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        fill_fifos(&f, names);
    struct reading r = read_source(s);
    ck_assert_uint_eq(r.n, 2);
    ck_assert_uint_eq(r.n_errors, 0);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    reading_fini(&r);
    unlink(first);
    unlink(second);
    file_bytes_fini(&f);
}
END_TEST

/* Counts calls and says stop. */
static int
stop_at_once(void *ctx)
{
    unsigned *calls = ctx;
    ++*calls;
    return -1;
}

/* Blocks that are no packets, for as long as you like. */
START_TEST(input_that_brings_no_packet_can_be_interrupted)
{
    struct file_bytes f = {0};
    static const uint8_t block[1 << 16];
    atomic_int interrupt = (int)_i;
    unsigned calls = 0;
    put_section(&f, false, UNKNOWN);
    put_iface(&f, 1, 0, NULL, NONE, 0);
    for (size_t i = 0; i < 64; i++)
        put_block(&f, 0xbad, block, sizeof block);
    put_epb(&f, 0, 0, 3, text("abc"));
    char name[TEMP_NAME_MAX];
    const char *names[] = {name};
    struct source *s;
    temp_file(name, f.ptr, f.len);
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    source_on_idle(s, stop_at_once, &calls);
    source_interrupt(s, &interrupt);
    struct reading r = read_source(s);
    ck_assert_uint_eq(r.n, interrupt ? 0 : 1);
    ck_assert_uint_eq(r.n_errors, 0);
    ck_assert_uint_eq(calls, interrupt ? 1 : 0);
    reading_fini(&r);
    unlink(name);
    file_bytes_fini(&f);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static Suite *
suite(void)
{
    Suite *s = suite_create("source");
    TCase *tc = tcase_create("source");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, pcap_is_read_in_every_byte_order_and_resolution, 0,
                        ROWS(pcap_rows));
    tcase_add_loop_test(tc, pcap_modified_records_have_8_bytes_more, 0, 2);
    tcase_add_loop_test(
        tc, pcap_before_version_2_4_has_its_lengths_the_other_way_round, 0, 4);
    tcase_add_loop_test(tc, packets_over_block_borders_come_whole, 0, 2);
    tcase_add_loop_test(tc, pcapng_clocks_are_exact_or_say_no, 0,
                        ROWS(clock_rows));
    tcase_add_test(tc, pcapng_clock_offsets_beyond_2116_are_refused);
    tcase_add_test(tc, pcapng_sections_have_their_own_order_and_interfaces);
    tcase_add_loop_test(tc, pcapng_blocks_that_are_no_packets_are_skipped, 0,
                        2);
    tcase_add_test(tc, pcapng_interface_names_are_cut_at_nul_and_255_bytes);
    tcase_add_test(tc, pcapng_secrets_are_kept_over_files_up_to_a_limit);
    tcase_add_test(tc, pcapng_secrets_are_limited_in_number);
    tcase_add_test(tc, pcapng_interfaces_are_limited_in_number);
    tcase_add_loop_test(tc, damage_is_told_after_the_packets_before_it, 0,
                        ROWS(damage_rows));
    tcase_add_loop_test(tc, pcapng_section_lengths_that_lie_are_told_at_the_end,
                        0, ROWS(section_rows));
    tcase_add_loop_test(
        tc, cuts_at_every_byte_give_the_packets_before_and_one_error, 0, 4);
    tcase_add_loop_test(tc, files_of_another_kind_are_named_for_what_they_are,
                        0, ROWS(foreign_rows));
    tcase_add_test(tc, files_that_cannot_be_opened_do_not_stop_the_next_ones);
    tcase_add_test(tc, no_files_are_an_end);
    tcase_add_loop_test(tc, fifo_packets_come_as_soon_as_they_are_complete, 0,
                        3);
    tcase_add_test(tc, standard_input_is_read_from_where_it_stands);
    tcase_add_loop_test(tc,
                        growing_files_are_followed_until_their_reader_says_stop,
                        0, ROWS(writer_steps));
    tcase_add_test(tc, a_followed_file_that_becomes_shorter_is_an_error);
    tcase_add_test(
        tc, idle_is_called_while_a_pipe_has_nothing_and_can_stop_anywhere);
    tcase_add_test(tc, files_opened_ahead_are_read_without_opening_anything);
    tcase_add_test(tc,
                   fifos_are_opened_ahead_without_waiting_for_their_writers);
    tcase_add_loop_test(tc, input_that_brings_no_packet_can_be_interrupted, 0,
                        2);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
