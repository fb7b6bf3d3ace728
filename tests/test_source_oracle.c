/* SPDX-License-Identifier: MIT */
/*
 * test_source_oracle.c - our file reader against libpcap: where both can read
 * a file, both give the same packets.
 */
#include <pcap/pcap.h>

#include "capture/source.h"
#include "tests/capture_writer.h"
#include "tests/check_main.h"

#define N_SEEDS 24

/* xorshift; the same files in every run. */
struct dice {
    uint64_t x;
};

static uint64_t
roll(struct dice *d, uint64_t n)
{
    d->x ^= d->x << 13;
    d->x ^= d->x >> 7;
    d->x ^= d->x << 17;
    return (d->x >> 11) % n;
}

static struct dice
dice_of(int seed)
{
    struct dice d = {0x9e3779b97f4a7c15u * (uint64_t)(seed + 1)};
    for (int i = 0; i < 8; i++)
        roll(&d, 2);
    return d;
}

/* A packet of mostly small, seldom large size. */
static struct slice
random_packet(struct dice *d, uint8_t *room)
{
    static const uint32_t sizes[] = {0, 60, 100, 1514, 9000, 65550, 262144};
    size_t len = roll(d, sizes[roll(d, 20) ? 1 + roll(d, 4) : roll(d, 7)] + 1);
    uint8_t first = (uint8_t)roll(d, 256);
    for (size_t i = 0; i < len; i++)
        room[i] = (uint8_t)(first + i * 7);
    return slice_make(room, len);
}

/* Reads name with both, compares packet by packet, and removes it. */
static void
compare(const char *name, unsigned n_expected)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *theirs =
        pcap_open_offline_with_tstamp_precision(name,
                                                PCAP_TSTAMP_PRECISION_NANO,
                                                why);
    ck_assert_msg(theirs != NULL, "libpcap: %s", why);
    struct source *ours;
    ck_assert_int_eq(source_new(&ours, &name, 1), ERR_OK);
    struct packet p;
    struct source_error error = {.reason = ""};
    unsigned n = 0;
    for (;; n++) {
        struct pcap_pkthdr *h;
        const u_char *bytes;
        int rc = pcap_next_ex(theirs, &h, &bytes);
        enum source_step step = source_next(ours, &p, &error);
        if (n == 0)
            unlink(name); /* both have it open; a failure leaves nothing */
        if (rc != 1) {
            ck_assert_msg(rc == PCAP_ERROR_BREAK, "libpcap: %s",
                          pcap_geterr(theirs));
            ck_assert_msg(step == SOURCE_END, "%s", error.reason);
            break;
        }
        ck_assert_msg(step == SOURCE_PACKET, "packet %u: %s", n, error.reason);
        ck_assert_uint_eq(p.number, n + 1);
        ck_assert_uint_eq(p.data.len, h->caplen);
        ck_assert_uint_eq(p.wire_len, h->len);
        ck_assert_int_eq(p.time_ns, (int64_t)h->ts.tv_sec * 1000000000 +
                                        (int64_t)h->ts.tv_usec);
        ck_assert(slice_equal(p.data, slice_make(bytes, h->caplen)));
        ck_assert_int_eq((int)p.link, pcap_datalink(theirs));
    }
    ck_assert_uint_eq(n, n_expected);
    source_free(ours);
    pcap_close(theirs);
}

/* LINKTYPE_ of what libpcap opened; Ethernet is the same in both worlds. */
#define LINK 1

static void
write_and_compare(struct file_bytes *f, unsigned n)
{
    char name[TEMP_NAME_MAX];
    temp_file(name, f->ptr, f->len);
    compare(name, n);
    file_bytes_fini(f);
}

START_TEST(pcap_files_give_the_same_packets_as_libpcap)
{
    static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
    static uint8_t room[262144];
    struct dice d = dice_of(_i);
    uint32_t magic = magics[_i % 3];
    struct file_bytes f = {.big = _i / 3 % 2};
    unsigned n = (unsigned)roll(&d, 1000);
    put_pcap_header(&f, magic, 4, 262144, LINK);
    for (unsigned i = 0; i < n; i++) {
        struct slice data = random_packet(&d, room);
        uint32_t fraction = (uint32_t)roll(&d, 1000000);
        put_pcap_packet(&f, (uint32_t)roll(&d, INT32_MAX), fraction,
                        (uint32_t)(data.len + roll(&d, 3)), data);
        if (magic == 0xa1b2cd34) {
            /* The 8 bytes more stand before the packet. */
            put_zeros(&f, 8);
            uint8_t *packet = f.ptr + f.len - 8 - data.len;
            memmove(packet + 8, packet, data.len);
            memset(packet, 0x55, 8);
        }
    }
    write_and_compare(&f, n);
}
END_TEST

/* A block that is no packet, of any kind that may stand anywhere. */
static void
put_other_block(struct dice *d, struct file_bytes *f)
{
    static const uint32_t types[] = {4, 5, 10, 0xbad, 0x40000bad, 9, 0x12345};
    static const uint8_t body[4000] = {0x4b, 0x53, 0x4c, 0x54};
    put_block(f, types[roll(d, 7)], body, 8 + 4 * roll(d, 900));
}

START_TEST(pcapng_files_give_the_same_packets_as_libpcap)
{
    static const uint8_t resolutions[] = {0xff, 6,    9,    3,    0,   12,
                                          15,   0x8a, 0x94, 0x9e, 0x80};
    static uint8_t room[262144];
    struct dice d = dice_of(_i);
    struct file_bytes f = {0};
    unsigned n_packets = 0;
    /* libpcap wants one byte order and one snapshot length in all sections. */
    for (uint64_t s = 1 + roll(&d, 3); s; s--) {
        put_section(&f, _i % 2, UINT64_MAX);
        uint32_t n_ifaces = 1 + (uint32_t)roll(&d, 4);
        for (uint32_t i = 0; i < n_ifaces; i++)
            put_iface(&f, LINK, 262144, roll(&d, 2) ? "eth0" : NULL,
                      i ? resolutions[roll(&d, 11)] : 0xff,
                      i ? (int64_t)roll(&d, 2000) - 1000 : 0);
        for (uint64_t n = roll(&d, 400); n; n--) {
            struct slice data = random_packet(&d, room);
            uint32_t wire = (uint32_t)(data.len + roll(&d, 3));
            uint64_t ticks = 1700000000 + roll(&d, 1u << 30);
            uint32_t iface = (uint32_t)roll(&d, n_ifaces);
            n_packets++;
            switch (roll(&d, 5)) {
            case 0:
                put_spb(&f, (uint32_t)data.len, data);
                break;
            case 1:
                put_opb(&f, (uint16_t)iface, ticks, wire, data);
                break;
            case 2:
                put_other_block(&d, &f);
                put_epb(&f, iface, ticks, wire, data);
                break;
            default:
                put_epb(&f, iface, ticks, wire, data);
            }
        }
    }
    write_and_compare(&f, n_packets);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("source_oracle");
    TCase *tc = tcase_create("libpcap");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, pcap_files_give_the_same_packets_as_libpcap, 0,
                        N_SEEDS);
    tcase_add_loop_test(tc, pcapng_files_give_the_same_packets_as_libpcap, 0,
                        N_SEEDS);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
