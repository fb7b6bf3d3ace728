/* SPDX-License-Identifier: MIT */
/*
 * test_save.c - what is saved reads back as it was: by our own reader, and by
 * libpcap where it can; and which file it goes to.
 */
#include "config.h"

#include <dirent.h>
#include <time.h>

#ifdef HAVE_PCAP
#include <pcap/pcap.h>
#endif

#include "capture/save_pcap.h"
#include "tests/check_main.h"
#include "tests/rng.h"
#include "tests/save_run.h"

#define N_SEEDS 12

static struct run run;

/* ---- Blocks of a pcapng file ------------------------------------------ */

struct block_seen {
    uint32_t type;
    struct slice body; /* without both lengths */
};

/* Takes the next block off the file; false at its end. */
static bool
next_block(struct slice *left, struct block_seen *out)
{
    uint32_t len = 0, again = 0;
    if (!left->len)
        return false;
    if (left->len >= 12) {
        memcpy(&out->type, left->ptr, 4);
        memcpy(&len, left->ptr + 4, 4);
    }
    if (len >= 12 && len % 4 == 0 && len <= left->len)
        memcpy(&again, left->ptr + len - 4, 4);
    if (!again || again != len)
        ck_abort_msg("no block %zu bytes before the end", left->len);
    out->body = slice_make(left->ptr + 8, len - 12);
    *left = slice_skip(*left, len);
    return true;
}

/* The next block of that type. */
static struct block_seen
next_of(struct slice *left, uint32_t type)
{
    struct block_seen b;
    while (next_block(left, &b))
        if (b.type == type)
            return b;
    ck_abort_msg("no block of type %u any more", (unsigned)type);
    return (struct block_seen){.type = 0};
}

/* The n-th block of that type. */
static struct block_seen
block_of(const struct file_bytes *f, uint32_t type, unsigned n)
{
    struct slice left = slice_make(f->ptr, f->len);
    for (; n; n--)
        next_of(&left, type);
    return next_of(&left, type);
}

static unsigned
count_blocks(const struct file_bytes *f, uint32_t type)
{
    struct slice left = slice_make(f->ptr, f->len);
    struct block_seen b;
    unsigned n = 0;
    while (next_block(&left, &b))
        n += b.type == type;
    return n;
}

/* The value of an option behind fixed_len bytes; ptr NULL: not there. */
static struct slice
option_of(struct block_seen b, size_t fixed_len, uint16_t wanted)
{
    struct slice left = slice_skip(b.body, fixed_len);
    while (left.len) {
        uint16_t code, len;
        ck_assert_uint_ge(left.len, 4);
        memcpy(&code, left.ptr, 2);
        memcpy(&len, left.ptr + 2, 2);
        if (!code) {
            ck_assert_uint_eq(left.len, 4);
            break;
        }
        left = slice_skip(left, 4);
        ck_assert_uint_le(len, left.len);
        if (code == wanted)
            return slice_make(left.ptr, len);
        left = slice_skip(left, (len + 3u) & ~3u);
    }
    return slice_make(NULL, 0);
}

static uint64_t
option_u64(struct block_seen b, size_t fixed_len, uint16_t code)
{
    uint64_t v;
    struct slice s = option_of(b, fixed_len, code);
    ck_assert_uint_eq(s.len, 8);
    memcpy(&v, s.ptr, 8);
    return v;
}

/* The same for a time: upper half first. */
static int64_t
option_time(struct block_seen b, size_t fixed_len, uint16_t code)
{
    uint64_t v = option_u64(b, fixed_len, code);
    uint32_t half[2];
    memcpy(half, &v, 8);
    return (int64_t)((uint64_t)half[0] << 32 | half[1]);
}

#define SHB 0x0a0d0d0au
#define IDB 1u
#define ISB 5u
#define EPB 6u

#define SHB_FIXED 16u
#define IDB_FIXED 8u
#define ISB_FIXED 12u

/* Bytes of an EPB before its options. */
static size_t
epb_fixed(struct block_seen b)
{
    uint32_t cap_len;
    memcpy(&cap_len, b.body.ptr + 12, 4);
    return 20 + ((cap_len + 3u) & ~(size_t)3);
}

/* ---- Round trips ------------------------------------------------------ */

/* All members that a file can hold. */
static void
check_same(const struct packet *p, const struct packet *q)
{
    ck_assert(slice_equal(p->data, q->data));
    ck_assert_int_eq(p->time_ns, q->time_ns);
    ck_assert_uint_eq(p->wire_len, q->wire_len);
    ck_assert_uint_eq(p->link, q->link);
}

struct random_run {
    struct source_iface ifaces[2][6];
    struct source_info infos[2];
    struct packet list[600];
    uint8_t *copies[600];
    unsigned n;
};

static const char *const iface_names[] = {"eth0",  "any", NULL,
                                          "wlan0", "lo",  "\xc3\xa9th1"};

/* Random packets on n_ifaces interfaces of two sources, the second behind the
 * first.  links: how many different ones. */
static void
make_random(struct random_run *m, struct rng *r, unsigned n_ifaces,
            unsigned links)
{
    static const uint32_t numbers[] = {1, 113, 276, 101, 0, 65535};
    static const uint32_t sizes[] = {0, 60, 60, 1514, 9000, 262144};
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned i = 0; i < n_ifaces; i++)
            m->ifaces[s][i] = (struct source_iface){
                .name = iface_names[(i + s) % 6],
                .link = numbers[rng_below(r, links)],
                .snaplen = 262144,
            };
        m->infos[s] = (struct source_info){.name = "x",
                                           .index = s,
                                           .n_ifaces = n_ifaces,
                                           .ifaces = m->ifaces[s]};
    }
    m->n = rng_range(r, 2, 600);
    for (unsigned k = 0; k < m->n; k++) {
        uint32_t source = k >= m->n / 2, iface = rng_below(r, n_ifaces);
        uint32_t size = sizes[rng_chance(r, 30000) ? 5 : rng_below(r, 5)];
        size_t len = rng_below(r, size + 1);
        m->copies[k] = malloc(len + 1);
        ck_assert_ptr_nonnull(m->copies[k]);
        rng_fill(r, m->copies[k], len);
        m->list[k] = (struct packet){
            .data = slice_make(m->copies[k], len),
            .time_ns = (int64_t)(rng_next(r) % UINT64_C(4294967295999999999)),
            .wire_len = (uint32_t)len + rng_below(r, 3),
            .source = source,
            .iface = iface,
            .link = m->ifaces[source][iface].link,
            .dropped = rng_chance(r, 50000) ? (uint32_t)rng_next(r) : 0,
        };
    }
}

static void
free_random(struct random_run *m)
{
    for (unsigned k = 0; k < m->n; k++)
        free(m->copies[k]);
}

#ifdef HAVE_PCAP
/* libpcap reads the same packets. */
static void
check_libpcap(const char *name, const struct random_run *m)
{
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *h;
    const u_char *bytes;
    pcap_t *p =
        pcap_open_offline_with_tstamp_precision(name,
                                                PCAP_TSTAMP_PRECISION_NANO,
                                                why);
    ck_assert_msg(p != NULL, "libpcap: %s", why);
    for (unsigned k = 0; k < m->n; k++) {
        ck_assert_msg(pcap_next_ex(p, &h, &bytes) == 1, "packet %u: %s", k,
                      pcap_geterr(p));
        struct packet q = {
            .data = slice_make(bytes, h->caplen),
            /* It reads the 32 bits of pcap with a sign; 2038 is near. */
            .time_ns =
                (int64_t)(uint32_t)h->ts.tv_sec * RUN_NS_PER_S + h->ts.tv_usec,
            .wire_len = h->len,
            .link = m->list[k].link,
        };
        check_same(&m->list[k], &q);
    }
    ck_assert_int_eq(pcap_next_ex(p, &h, &bytes), PCAP_ERROR_BREAK);
    pcap_close(p);
}
#else
static void
check_libpcap(const char *name, const struct random_run *m)
{
    (void)name;
    (void)m;
}
#endif

static void
save_random(const struct random_run *m, struct rng *r)
{
    for (unsigned k = 0; k < m->n; k++) {
        save_packet(run.save, &m->list[k], &m->infos[m->list[k].source]);
        if (rng_below(r, 10) == 0)
            save_flush(run.save);
        run_check_figures(&run);
    }
    run_expect_no_news(&run);
    run_close(&run, m->n, 0);
}

static void
check_own_reader(const struct random_run *m)
{
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, m->n);
    for (unsigned k = 0; k < m->n; k++)
        check_same(&r.list[k], &m->list[k]);
    reading_fini(&r);
}

START_TEST(random_packets_of_many_interfaces_read_back_from_pcapng)
{
    static struct random_run m;
    struct rng r = {(uint64_t)_i};
    make_random(&m, &r, 6, 6);
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    save_random(&m, &r);
    check_own_reader(&m);
    struct file_bytes f = run_bytes(run.name);
    ck_assert_uint_eq(count_blocks(&f, SHB), 1);
    ck_assert_uint_eq(count_blocks(&f, IDB), 12);
    for (unsigned i = 0; i < 12; i++) {
        struct block_seen b = block_of(&f, IDB, i);
        const char *name = m.ifaces[i / 6][i % 6].name;
        struct slice got = option_of(b, IDB_FIXED, 2);
        ck_assert(name ? slice_equal_cstr(got, name) : got.ptr == NULL);
        got = option_of(b, IDB_FIXED, 9);
        ck_assert(got.len == 1 && got.ptr[0] == 9);
    }
    struct slice left = slice_make(f.ptr, f.len);
    for (unsigned k = 0; k < m.n; k++) {
        struct block_seen b = next_of(&left, EPB);
        uint32_t iface, dropped = m.list[k].dropped;
        memcpy(&iface, b.body.ptr, 4);
        ck_assert_uint_eq(iface, m.list[k].source * 6 + m.list[k].iface);
        if (dropped)
            ck_assert_uint_eq(option_u64(b, epb_fixed(b), 4), dropped);
        else
            ck_assert_ptr_null(option_of(b, epb_fixed(b), 4).ptr);
    }
    file_bytes_fini(&f);
    free_random(&m);
    run_fini(&run);
}
END_TEST

START_TEST(libpcap_reads_the_same_packets_from_pcapng)
{
    static struct random_run m;
    struct rng r = {100 + (uint64_t)_i};
    make_random(&m, &r, 6, 1); /* it wants one link type */
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    save_random(&m, &r);
    check_own_reader(&m);
    check_libpcap(run.name, &m);
    free_random(&m);
    run_fini(&run);
}
END_TEST

#ifdef HAVE_PCAP
START_TEST(random_packets_read_back_from_pcap)
{
    static struct random_run m;
    struct rng r = {200 + (uint64_t)_i};
    make_random(&m, &r, 6, 1);
    struct save_options o = run_start(&run, "a.pcap");
    run_open_save(&run, &o);
    save_random(&m, &r);
    check_own_reader(&m);
    check_libpcap(run.name, &m);
    free_random(&m);
    run_fini(&run);
}
END_TEST

/* LINKTYPE_ values, of which some are other numbers as DLT_. */
static const uint32_t links[] = {0, 1, 12, 100, 101, 113, 228, 276, 65535};

START_TEST(a_pcap_file_has_the_link_type_of_its_packets)
{
    struct save_options o = run_start(&run, "a.pcap");
    run_open_save(&run, &o);
    struct packet p = run_packet(1, 50);
    p.link = links[_i];
    save_packet(run.save, &p, run_info());
    run_close(&run, 1, 0);
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, 1);
    ck_assert_uint_eq(r.list[0].link, links[_i]);
    reading_fini(&r);
    run_fini(&run);
}
END_TEST

START_TEST(a_pcap_file_refuses_a_second_link_type_and_says_so_once)
{
    struct save_options o = run_start(&run, "a.pcap");
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 10; n++) {
        struct packet p = run_packet(n, 50);
        p.link = n % 2 ? 113 : 1;
        save_packet(run.save, &p, run_info());
    }
    run_expect_news(&run, SAVE_REFUSED);
    ck_assert_int_eq(run.news.code, ERR_UNSUPPORTED);
    ck_assert_str_eq(run.news.name, run.name);
    ck_assert_str_eq(run.news.reason,
                     "packets of link type 113 (Linux cooked v1) are not "
                     "saved: a pcap file holds one link type, here 1 "
                     "(Ethernet); a .pcapng file holds both");
    run_expect_no_news(&run);
    run_close(&run, 5, 5);
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, 5);
    for (uint64_t n = 0; n < 5; n++)
        run_check_packet(&r.list[n], 2 * n);
    reading_fini(&r);
    run_fini(&run);
}
END_TEST
#else
START_TEST(without_libpcap_pcap_files_are_refused)
{
    struct save *s = NULL;
    struct save_options o = run_start(&run, "a.pcap");
    ck_assert_int_eq(save_new(&s, &o, &run.news), ERR_UNSUPPORTED);
    ck_assert_ptr_null(s);
    ck_assert_ptr_nonnull(strstr(run.news.reason, "built without libpcap"));
    ck_assert_uint_eq(run.n_opened, 0);
    run_fini(&run);
}
END_TEST
#endif

/* A time, and what it becomes in a pcap file. */
static const struct {
    int64_t time_ns, in_pcap;
} odd_times[] = {
    {0, 0},
    {-1, 0},
    {-INT64_C(4611686018000000000), 0},
    {INT64_C(4294967295999999999), INT64_C(4294967295999999999)},
    {INT64_C(4294967296000000000), INT64_C(4294967295999999999)},
    {PACKET_TIME_MAX_NS, INT64_C(4294967295999999999)},
};

START_TEST(odd_times_and_lengths_are_kept_as_well_as_the_format_can)
{
    bool pcap = _i % 2;
    int64_t time_ns = odd_times[_i / 2].time_ns;
    int64_t want = pcap ? odd_times[_i / 2].in_pcap : time_ns;
    struct save_options o = run_start(&run, pcap ? "a.pcap" : "a.pcapng");
    if (!pcap || save_pcap_is_built_in()) {
        run_open_save(&run, &o);
        struct packet p = run_packet(1, 10);
        p.time_ns = time_ns;
        p.wire_len = UINT32_MAX;
        save_packet(run.save, &p, run_info());
        p.data = slice_make(NULL, 0);
        p.wire_len = 0;
        save_packet(run.save, &p, run_info());
        if (want != time_ns)
            run_expect_news(&run, SAVE_REFUSED);
        run_expect_no_news(&run);
        run_close(&run, 2, 0);
        struct reading r = run_read(run.name, 0);
        ck_assert_uint_eq(r.n, 2);
        ck_assert_int_eq(r.list[0].time_ns, want);
        ck_assert_int_eq(r.list[1].time_ns, want);
        ck_assert_uint_eq(r.list[0].wire_len, UINT32_MAX);
        ck_assert_uint_eq(r.list[1].wire_len, 0);
        ck_assert_uint_eq(r.list[1].data.len, 0);
        reading_fini(&r);
    }
    run_fini(&run);
}
END_TEST

START_TEST(a_packet_as_large_as_can_be_read_is_readable_again)
{
    size_t len = SOURCE_PACKET_MAX;
    uint8_t *room = calloc(1, len);
    ck_assert_ptr_nonnull(room);
    memset(room, 'x', len);
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 3; n++) {
        struct packet p = run_packet(n, 10);
        if (n == 1) {
            p.data = slice_make(room, len);
            p.wire_len = (uint32_t)len;
            p.dropped = 1;
        }
        save_packet(run.save, &p, run_info());
    }
    run_close(&run, 3, 0);
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, 3);
    ck_assert_uint_eq(r.list[1].data.len, SAVE_PCAPNG_DATA_MAX);
    ck_assert_uint_eq(r.list[1].wire_len, len);
    run_check_packet(&r.list[2], 2);
    reading_fini(&r);
    free(room);
    run_fini(&run);
}
END_TEST

START_TEST(a_link_type_without_a_number_in_any_file_is_refused)
{
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    struct packet p = run_packet(1, 10);
    p.link = 65536;
    save_packet(run.save, &p, run_info());
    save_packet(run.save, &p, NULL);
    run_expect_news(&run, SAVE_REFUSED);
    run_expect_no_news(&run);
    run_close(&run, 0, 2);
    run_fini(&run);
}
END_TEST

/* The samples, as far as they are capture files. */
static bool
is_capture(const char *name)
{
    return strstr(name, ".pcap") != NULL;
}

/* Names of all interfaces of the source, one a line. */
static void
list_ifaces(const struct source_info *info, char *out, size_t len)
{
    size_t n = 0;
    *out = '\0';
    for (size_t i = 0; i < info->n_ifaces && n < len; i++)
        n += (size_t)snprintf(out + n, len - n, "%s %u %u\n",
                              info->ifaces[i].name ? info->ifaces[i].name : "-",
                              (unsigned)info->ifaces[i].link,
                              (unsigned)info->ifaces[i].snaplen);
}

/* Saves a sample and reads both side by side. */
static void
round_trip(const char *sample)
{
    struct source *a, *b;
    struct packet p, q;
    struct source_error error;
    char ifaces[2][4096];
    uint64_t n = 0;
    const char *saved = run.name;
    ck_assert_int_eq(source_new(&a, &sample, 1), ERR_OK);
    for (enum source_step step;
         (step = source_next(a, &p, &error)) != SOURCE_END;)
        if (step == SOURCE_PACKET) {
            save_packet(run.save, &p, source_info(a));
            n++;
        }
    source_free(a);
    run_expect_no_news(&run);
    run_close(&run, n, 0);
    ck_assert_int_eq(source_new(&a, &sample, 1), ERR_OK);
    ck_assert_int_eq(source_new(&b, &saved, 1), ERR_OK);
    for (uint64_t k = 0; k < n; k++) {
        ck_assert_int_eq(source_next(a, &p, &error), SOURCE_PACKET);
        ck_assert_int_eq(source_next(b, &q, &error), SOURCE_PACKET);
        check_same(&p, &q);
        ck_assert_uint_eq(p.iface, q.iface);
    }
    list_ifaces(source_info(a), ifaces[0], sizeof ifaces[0]);
    list_ifaces(source_info(b), ifaces[1], sizeof ifaces[1]);
    ck_assert_str_eq(ifaces[0], ifaces[1]);
    ck_assert_int_eq(source_next(b, &q, &error), SOURCE_END);
    source_free(a);
    source_free(b);
}

START_TEST(all_samples_survive_being_saved)
{
    const char *srcdir = getenv("srcdir");
    char dir[2048], name[4096];
    unsigned n = 0;
    snprintf(dir, sizeof dir, "%s/samples", srcdir ? srcdir : ".");
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (!is_capture(e->d_name))
            continue;
        snprintf(name, sizeof name, "%s/%s", dir, e->d_name);
        struct save_options o = run_start(&run, "a.pcapng");
        run_open_save(&run, &o);
        round_trip(name);
        run_fini(&run);
        n++;
    }
    closedir(d);
    ck_assert_uint_ge(n, 20);
}
END_TEST

/* ---- What stands around the packets ----------------------------------- */

/* A text given, and what stands in the file. */
static const struct {
    const char *given, *want;
} texts[] = {
    {"", ""},
    {"a", "a"},
    {"abc \xc3\xa9 \xf0\x9f\x98\x80", "abc \xc3\xa9 \xf0\x9f\x98\x80"},
    {"\xff", "\xef\xbf\xbd"},
    {"a\xff\xfe"
     "b",
     "a\xef\xbf\xbd\xef\xbf\xbd"
     "b"},
    {"\xe2\x82", "\xef\xbf\xbd"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\x1b[31m\n", "\x1b[31m\n"},
};

START_TEST(texts_of_the_section_are_valid_utf8)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.comment = o.application = o.filter = texts[_i].given;
    struct source_iface iface = {.name = texts[_i].given, .link = 1};
    struct source_info info = {.n_ifaces = 1, .ifaces = &iface};
    run_open_save(&run, &o);
    struct packet p = run_packet(1, 10);
    save_packet(run.save, &p, &info);
    run_close(&run, 1, 0);
    struct file_bytes f = run_bytes(run.name);
    struct block_seen shb = block_of(&f, SHB, 0), idb = block_of(&f, IDB, 0);
    const char *want = texts[_i].want;
    ck_assert(slice_equal_cstr(option_of(shb, SHB_FIXED, 1), want));
    ck_assert(slice_equal_cstr(option_of(shb, SHB_FIXED, 4), want));
    ck_assert(option_of(shb, SHB_FIXED, 3).len > 0);
    ck_assert(slice_equal_cstr(option_of(idb, IDB_FIXED, 2), want));
    struct slice filter = option_of(idb, IDB_FIXED, 11);
    ck_assert(filter.len > 0 && filter.ptr[0] == 0);
    ck_assert(slice_equal_cstr(slice_skip(filter, 1), want));
    uint64_t section_len;
    memcpy(&section_len, shb.body.ptr + 8, 8);
    ck_assert_uint_eq(section_len, UINT64_MAX);
    file_bytes_fini(&f);
    run_fini(&run);
}
END_TEST

/* Very long texts: one character repeated, and how many fit. */
static const struct {
    const char *part;
    size_t fit; /* in 65,535 bytes, as bytes written */
} long_texts[] = {
    {"x", 65535},
    {"\xc3\xa9", 65534},
    {"\xf0\x9f\x98\x80", 65532},
    {"\xff", 65535}, /* three bytes each */
};

START_TEST(long_texts_are_cut_between_characters)
{
    size_t part_len = strlen(long_texts[_i].part), len = 0;
    char *text = malloc(200001);
    ck_assert_ptr_nonnull(text);
    for (; len + part_len <= 200000; len += part_len)
        memcpy(text + len, long_texts[_i].part, part_len);
    text[len] = '\0';
    struct save_options o = run_start(&run, "a.pcapng");
    o.comment = o.application = o.filter = text;
    struct source_iface iface = {.name = text, .link = 1};
    struct source_info info = {.n_ifaces = 1, .ifaces = &iface};
    run_open_save(&run, &o);
    struct packet p = run_packet(1, 10);
    save_packet(run.save, &p, &info);
    run_close(&run, 1, 0);
    free(text);
    struct file_bytes f = run_bytes(run.name);
    struct slice comment = option_of(block_of(&f, SHB, 0), SHB_FIXED, 1);
    ck_assert_uint_eq(comment.len, long_texts[_i].fit);
    struct slice filter = option_of(block_of(&f, IDB, 0), IDB_FIXED, 11);
    ck_assert_uint_le(filter.len, 65535);
    ck_assert_uint_gt(filter.len, 65535 - 5);
    file_bytes_fini(&f);
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, 1);
    reading_fini(&r);
    run_fini(&run);
}
END_TEST

START_TEST(interfaces_that_show_up_later_are_declared_once)
{
    struct source_iface ifaces[] = {
        {.name = "eth0", .link = 1},
        {.name = "eth1", .link = 1},
        {.name = "tun0", .link = 101},
    };
    struct source_info info = {.n_ifaces = 1, .ifaces = ifaces};
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 30; n++) {
        struct packet p = run_packet(n, 20);
        info.n_ifaces = 1 + n / 10;
        p.iface = (uint32_t)(n % info.n_ifaces);
        p.link = ifaces[p.iface].link;
        save_packet(run.save, &p, &info);
        if (n % 4 == 0)
            save_flush(run.save);
    }
    run_close(&run, 30, 0);
    struct file_bytes f = run_bytes(run.name);
    ck_assert_uint_eq(count_blocks(&f, IDB), 3);
    ck_assert_uint_eq(count_blocks(&f, ISB), 0); /* nobody told any */
    file_bytes_fini(&f);
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, 30);
    for (uint64_t n = 0; n < 30; n++) {
        run_check_packet(&r.list[n], n);
        ck_assert_uint_eq(r.list[n].iface, n % (1 + n / 10));
    }
    reading_fini(&r);
    run_fini(&run);
}
END_TEST

START_TEST(a_packet_that_was_held_back_past_its_source_keeps_its_interface)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_packets = 2;
    run_open_save(&run, &o);
    struct source_info other = *run_info();
    other.index = 1;
    for (uint64_t n = 0; n < 6; n++) {
        struct packet p = run_packet(n, 20);
        p.source = n == 2;
        save_packet(run.save, &p, n == 0 ? run_info() : &other);
    }
    run_close(&run, 6, 0);
    for (size_t i = 0; i < 3; i++) {
        struct file_bytes f = run_bytes(run.opened[i]);
        for (unsigned k = 0; k < count_blocks(&f, IDB); k++)
            ck_assert(
                slice_equal_cstr(option_of(block_of(&f, IDB, k), IDB_FIXED, 2),
                                 "eth0"));
        file_bytes_fini(&f);
    }
    run_fini(&run);
}
END_TEST

START_TEST(a_packet_of_an_unknown_interface_is_saved_without_a_name)
{
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    struct packet p = run_packet(0, 20);
    p.iface = 7;
    save_packet(run.save, &p, run_info());
    p.source = 3;
    save_packet(run.save, &p, run_info());
    save_packet(run.save, &p, NULL);
    run_close(&run, 3, 0);
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, 3);
    reading_fini(&r);
    run_fini(&run);
}
END_TEST

START_TEST(more_interfaces_than_can_be_read_are_refused_in_one_file)
{
    enum { MORE = 16384 + 10 };
    struct source_iface *ifaces = calloc(MORE, sizeof *ifaces);
    ck_assert_ptr_nonnull(ifaces);
    for (unsigned i = 0; i < MORE; i++)
        ifaces[i] = (struct source_iface){.name = "x", .link = 1};
    struct source_info info = {.n_ifaces = MORE, .ifaces = ifaces};
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_packets = _i ? 15000 : 0;
    run_open_save(&run, &o);
    for (unsigned i = 0; i < MORE; i++) {
        struct packet p = run_packet(i, 20);
        p.iface = i;
        save_packet(run.save, &p, &info);
    }
    if (!_i)
        run_expect_news(&run, SAVE_REFUSED);
    run_expect_no_news(&run);
    run_close(&run, _i ? MORE : 16384, _i ? 0 : 10);
    struct reading r = run_read(run.opened[0], 0);
    ck_assert_uint_eq(r.n, _i ? 15000 : 16384);
    reading_fini(&r);
    free(ifaces);
    run_fini(&run);
}
END_TEST

START_TEST(statistics_stand_at_the_end_of_each_file)
{
    struct source_iface ifaces[] = {
        {.name = "eth0", .link = 1},
        {.name = "eth1", .link = 1},
    };
    struct source_info info = {.n_ifaces = 2, .ifaces = ifaces};
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_packets = 10;
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 20; n++) {
        struct packet p = run_packet(n, 20);
        save_packet(run.save, &p, &info);
        struct save_pcapng_stats stats = {.start_ns = RUN_START_NS,
                                          .end_ns = p.time_ns,
                                          .received = 1000 + n,
                                          .dropped = n,
                                          .delivered = n + 1};
        save_stats(run.save, &info, 0, &stats);
        stats.dropped = SAVE_PCAPNG_UNKNOWN;
        save_stats(run.save, &info, 1, &stats); /* has no packets */
        save_stats(run.save, &info, 2, &stats); /* is not there */
    }
    run_close(&run, 20, 0);
    for (uint64_t i = 0; i < 2; i++) {
        struct file_bytes f = run_bytes(run.opened[i]);
        uint64_t last = 10 * i + 9;
        ck_assert_uint_eq(count_blocks(&f, ISB), 2);
        struct block_seen b = block_of(&f, ISB, 0);
        ck_assert_int_eq(option_time(b, ISB_FIXED, 2), RUN_START_NS);
        ck_assert_int_eq(option_time(b, ISB_FIXED, 3),
                         run_packet(last, 0).time_ns);
        ck_assert_uint_eq(option_u64(b, ISB_FIXED, 4), 1000 + last);
        ck_assert_uint_eq(option_u64(b, ISB_FIXED, 5), last);
        ck_assert_uint_eq(option_u64(b, ISB_FIXED, 8), last + 1);
        b = block_of(&f, ISB, 1);
        ck_assert_uint_eq(b.body.ptr[0], 1);
        ck_assert_ptr_null(option_of(b, ISB_FIXED, 5).ptr);
        file_bytes_fini(&f);
    }
    run_fini(&run);
}
END_TEST

START_TEST(a_file_without_packets_is_a_capture_file)
{
    struct save_options o = run_start(&run, _i ? "a.pcap" : "a.pcapng");
    if (!_i || save_pcap_is_built_in()) {
        run_open_save(&run, &o);
        save_rotate(run.save); /* changes nothing */
        run_close(&run, 0, 0);
        ck_assert_uint_eq(run.n_opened, 1);
        struct reading r = read_names((const char *const[]){run.name}, 1);
        ck_assert_uint_eq(r.n_errors, 0);
        ck_assert_uint_eq(r.n, 0);
        reading_fini(&r);
    }
    run_fini(&run);
}
END_TEST

START_TEST(all_that_was_flushed_is_in_the_file)
{
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 50; n++) {
        struct packet p = run_packet(n, 100);
        save_packet(run.save, &p, run_info());
        save_flush(run.save);
        struct reading r = run_read(run.name, 0);
        ck_assert_uint_eq(r.n, n + 1);
        run_check_packet(&r.list[n], n);
        reading_fini(&r);
    }
    run_close(&run, 50, 0);
    run_fini(&run);
}
END_TEST

/* ---- Names and rotation ----------------------------------------------- */

/* What was given, and what the third file is called. */
static const struct {
    const char *given, *third;
    enum save_format format;
} names[] = {
    {"a.pcapng", "a_00003_20231114221320.pcapng", SAVE_PCAPNG},
    {"a.pcap", "a_00003_20231114221320.pcap", SAVE_PCAP},
    {"a.PCAP", "a_00003_20231114221320.PCAP", SAVE_PCAP},
    {"a.b.ntar", "a.b_00003_20231114221320.ntar", SAVE_PCAPNG},
    {"a", "a_00003_20231114221320", SAVE_PCAPNG},
    {"d.pcap/a", "d.pcap/a_00003_20231114221320", SAVE_PCAPNG},
    {"/d/.pcap", "/d/.pcap_00003_20231114221320", SAVE_PCAPNG},
    {"", "_00003_20231114221320", SAVE_PCAPNG},
};

START_TEST(names_have_number_and_time_before_their_suffix)
{
    char got[SAVE_NAME_MAX];
    ck_assert(save_name_numbered(got, names[_i].given, 3, RUN_START_NS));
    ck_assert_str_eq(got, names[_i].third);
    ck_assert_int_eq(save_name_format(names[_i].given), names[_i].format);
}
END_TEST

START_TEST(the_time_in_a_name_is_local)
{
    char got[SAVE_NAME_MAX];
    setenv("TZ", "XXX-2", 1);
    tzset();
    ck_assert(save_name_numbered(got, "a", 123456, RUN_START_NS - 1));
    ck_assert_str_eq(got, "a_123456_20231115001319");
    ck_assert(save_name_numbered(got, "a", 1, INT64_MIN));
    ck_assert(save_name_numbered(got, "a", 1, INT64_MAX));
    setenv("TZ", "UTC0", 1);
    tzset();
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused)
{
    struct save *s = NULL;
    char name[5000];
    memset(name, 'x', sizeof name);
    struct save_options o = run_start(&run, "a");
    o.name = name;
    name[SAVE_NAME_MAX] = '\0';
    ck_assert_int_eq(save_new(&s, &o, &run.news), ERR_LIMIT);
    o.name = run.name;
    o.ring_files = SAVE_RING_MAX + 1;
    ck_assert_int_eq(save_new(&s, &o, &run.news), ERR_LIMIT);
    ck_assert_str_eq(run.news.name, run.name);
    ck_assert_ptr_null(s);
    /* Without room for the number, the file cannot be opened. */
    o.ring_files = 1;
    o.name = name;
    name[SAVE_NAME_MAX - 1] = '\0';
    run_open_save(&run, &o);
    struct packet p = run_packet(0, 20);
    save_packet(run.save, &p, run_info());
    run_expect_news(&run, SAVE_FAILED);
    ck_assert_int_eq(run.news.sys_errno, ENAMETOOLONG);
    run_close(&run, 0, 1);
    run_fini(&run);
}
END_TEST

/* Reads all files in the order they were opened; the packets must be those
 * from `first` on, and no file may be empty. */
static void
check_files(uint64_t first, uint64_t n)
{
    uint64_t k = first;
    for (size_t i = 0; i < run.n_opened; i++) {
        if (!run_has_file(&run, i))
            continue;
        struct reading r = run_read(run.opened[i], 0);
        ck_assert_uint_ge(r.n, 1);
        for (size_t j = 0; j < r.n; j++)
            run_check_packet(&r.list[j], k++);
        char want[SAVE_NAME_MAX];
        ck_assert(save_name_numbered(want, run.name, i + 1, r.list[0].time_ns));
        ck_assert_str_eq(run.opened[i], want);
        reading_fini(&r);
    }
    ck_assert_uint_eq(k, n);
}

static void
save_some(uint64_t n, size_t len)
{
    for (uint64_t k = 0; k < n; k++) {
        struct packet p = run_packet(k, len);
        save_packet(run.save, &p, run_info());
    }
}

static const char *const both[] = {"a.pcapng", "a.pcap"};

/* Starts in that format, if this build has it. */
static bool
start_format(int i, struct save_options *o)
{
    *o = run_start(&run, both[i]);
    if (o->format != SAVE_PCAP || save_pcap_is_built_in())
        return true;
    run_fini(&run);
    return false;
}

START_TEST(a_file_holds_so_many_packets)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    o.rotate_packets = 7;
    run_open_save(&run, &o);
    ck_assert_uint_eq(run.n_opened, 0);
    save_some(100, 60);
    run_close(&run, 100, 0);
    ck_assert_uint_eq(run.n_opened, 15);
    check_files(0, 100);
    run_fini(&run);
}
END_TEST

START_TEST(a_file_is_not_longer_than_asked)
{
    struct save_options o;
    int64_t limit = 4000 + _i / 2 * 17;
    if (!start_format(_i % 2, &o))
        return;
    o.rotate_bytes = (uint64_t)limit;
    run_open_save(&run, &o);
    struct save_pcapng_stats stats = {.start_ns = 1};
    save_stats(run.save, run_info(), 0, &stats);
    save_some(500, 101);
    struct packet p = run_packet(500, 10000); /* has a file of its own */
    save_packet(run.save, &p, run_info());
    run_close(&run, 501, 0);
    for (size_t i = 0; i < run.n_opened; i++) {
        struct stat st;
        ck_assert_int_eq(stat(run.opened[i], &st), 0);
        if (i == run.n_opened - 1) {
            ck_assert_int_ge(st.st_size, 10000);
            break;
        }
        ck_assert_int_le(st.st_size, limit);
        if (i < run.n_opened - 2) /* and not much shorter */
            ck_assert_int_gt(st.st_size, limit - 160);
    }
    check_files(0, 501);
    run_fini(&run);
}
END_TEST

START_TEST(a_file_covers_so_much_capture_time)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    o.rotate_ns = 10 * INT64_C(1000001);
    run_open_save(&run, &o);
    save_some(95, 60);
    run_close(&run, 95, 0);
    ck_assert_uint_eq(run.n_opened, 10);
    check_files(0, 95);
    run_fini(&run);
}
END_TEST

START_TEST(time_that_runs_backwards_begins_no_file)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_ns = 1000;
    run_open_save(&run, &o);
    for (uint64_t k = 100; k > 0; k--) {
        struct packet p = run_packet(k, 60);
        save_packet(run.save, &p, run_info());
    }
    struct packet p = run_packet(0, 60);
    p.time_ns = INT64_MIN;
    save_packet(run.save, &p, run_info());
    ck_assert_uint_eq(run.n_opened, 1);
    p.time_ns = INT64_MAX;
    save_packet(run.save, &p, run_info());
    run_close(&run, 102, 0);
    ck_assert_uint_eq(run.n_opened, 2);
    run_fini(&run);
}
END_TEST

START_TEST(a_ring_keeps_the_newest_files)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    o.rotate_packets = 5;
    o.ring_files = 3;
    run_open_save(&run, &o);
    for (uint64_t k = 0; k < 52; k++) {
        struct packet p = run_packet(k, 60);
        save_packet(run.save, &p, run_info());
        save_flush(run.save);
        size_t there = 0;
        for (size_t i = 0; i < run.n_opened; i++)
            there += run_has_file(&run, i);
        ck_assert_uint_eq(there, run.n_opened < 3 ? run.n_opened : 3);
    }
    ck_assert_uint_eq(save_figures(run.save)->removed, 8);
    run_close(&run, 52, 0);
    ck_assert_uint_eq(run.n_opened, 11);
    ck_assert_uint_eq(run.n_removed, 8);
    check_files(40, 52);
    run_fini(&run);
}
END_TEST

START_TEST(so_many_files_and_no_more)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    o.rotate_packets = 5;
    o.max_files = 2;
    run_open_save(&run, &o);
    for (uint64_t k = 0; k < 13; k++) {
        struct packet p = run_packet(k, 60);
        save_packet(run.save, &p, run_info());
        ck_assert_int_eq(save_is_over(run.save), k >= 10);
    }
    run_close(&run, 10, 3);
    ck_assert_uint_eq(run.n_opened, 2);
    check_files(0, 10);
    run_fini(&run);
}
END_TEST

START_TEST(a_file_that_cannot_be_removed_is_told_and_stays)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_packets = 5;
    o.ring_files = 1;
    run_open_save(&run, &o);
    save_some(5, 60);
    run.remove_errno = EPERM;
    save_some(5, 60);
    save_flush(run.save);
    run_expect_news(&run, SAVE_NOT_REMOVED);
    ck_assert_int_eq(run.news.sys_errno, EPERM);
    ck_assert_str_eq(run.news.name, run.opened[0]);
    run.remove_errno = ENOENT; /* somebody else did: not worth a word */
    save_some(5, 60);
    save_flush(run.save);
    run_expect_no_news(&run);
    run_close(&run, 15, 0);
    run_fini(&run);
}
END_TEST

START_TEST(rotation_on_demand_gives_the_next_number)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    run_open_save(&run, &o);
    ck_assert_uint_eq(run.n_opened, 1); /* at once: no rotation was asked */
    ck_assert_str_eq(run.opened[0], run.name);
    for (uint64_t k = 0; k < 9; k++) {
        struct packet p = run_packet(k, 60);
        save_packet(run.save, &p, run_info());
        if (k % 3 == 2) {
            save_rotate(run.save);
            save_rotate(run.save); /* nothing new to rotate */
            ck_assert_uint_eq(save_figures(run.save)->saved, k + 1);
        }
    }
    run_close(&run, 9, 0);
    ck_assert_uint_eq(run.n_opened, 3);
    for (size_t i = 0; i < 3; i++) {
        char want[SAVE_NAME_MAX];
        struct reading r = run_read(run.opened[i], 0);
        ck_assert_uint_eq(r.n, 3);
        run_check_packet(&r.list[0], 3 * i);
        ck_assert(save_name_numbered(want, run.name, i + 1, r.list[0].time_ns));
        ck_assert_str_eq(run.opened[i], i ? want : run.name);
        reading_fini(&r);
    }
    run_fini(&run);
}
END_TEST

static void
add_formats(Suite *s)
{
    TCase *tc = tcase_create("formats");
    tcase_add_loop_test(tc,
                        random_packets_of_many_interfaces_read_back_from_pcapng,
                        0, N_SEEDS);
    tcase_add_loop_test(tc, libpcap_reads_the_same_packets_from_pcapng, 0,
                        N_SEEDS);
#ifdef HAVE_PCAP
    tcase_add_loop_test(tc, random_packets_read_back_from_pcap, 0, N_SEEDS);
    tcase_add_loop_test(tc, a_pcap_file_has_the_link_type_of_its_packets, 0,
                        sizeof links / sizeof links[0]);
    tcase_add_test(tc, a_pcap_file_refuses_a_second_link_type_and_says_so_once);
#else
    tcase_add_test(tc, without_libpcap_pcap_files_are_refused);
#endif
    tcase_add_loop_test(
        tc, odd_times_and_lengths_are_kept_as_well_as_the_format_can, 0,
        2 * sizeof odd_times / sizeof odd_times[0]);
    tcase_add_test(tc, a_packet_as_large_as_can_be_read_is_readable_again);
    tcase_add_test(tc, a_link_type_without_a_number_in_any_file_is_refused);
    tcase_add_test(tc, all_samples_survive_being_saved);
    tcase_add_loop_test(tc, texts_of_the_section_are_valid_utf8, 0,
                        sizeof texts / sizeof texts[0]);
    tcase_add_loop_test(tc, long_texts_are_cut_between_characters, 0,
                        sizeof long_texts / sizeof long_texts[0]);
    tcase_add_test(tc, interfaces_that_show_up_later_are_declared_once);
    tcase_add_test(
        tc, a_packet_that_was_held_back_past_its_source_keeps_its_interface);
    tcase_add_test(tc,
                   a_packet_of_an_unknown_interface_is_saved_without_a_name);
    tcase_add_loop_test(
        tc, more_interfaces_than_can_be_read_are_refused_in_one_file, 0, 2);
    tcase_add_test(tc, statistics_stand_at_the_end_of_each_file);
    tcase_add_loop_test(tc, a_file_without_packets_is_a_capture_file, 0, 2);
    tcase_add_test(tc, all_that_was_flushed_is_in_the_file);
    suite_add_tcase(s, tc);
}

static void
add_rotation(Suite *s)
{
    TCase *tc = tcase_create("rotation");
    tcase_add_loop_test(tc, names_have_number_and_time_before_their_suffix, 0,
                        sizeof names / sizeof names[0]);
    tcase_add_test(tc, the_time_in_a_name_is_local);
    tcase_add_test(tc, a_name_that_is_too_long_is_refused);
    tcase_add_loop_test(tc, a_file_holds_so_many_packets, 0, 2);
    tcase_add_loop_test(tc, a_file_is_not_longer_than_asked, 0, 16);
    tcase_add_loop_test(tc, a_file_covers_so_much_capture_time, 0, 2);
    tcase_add_test(tc, time_that_runs_backwards_begins_no_file);
    tcase_add_loop_test(tc, a_ring_keeps_the_newest_files, 0, 2);
    tcase_add_loop_test(tc, so_many_files_and_no_more, 0, 2);
    tcase_add_test(tc, a_file_that_cannot_be_removed_is_told_and_stays);
    tcase_add_loop_test(tc, rotation_on_demand_gives_the_next_number, 0, 2);
    suite_add_tcase(s, tc);
}

static Suite *
suite(void)
{
    Suite *s = suite_create("save");
    setenv("TZ", "UTC0", 1);
    add_formats(s);
    add_rotation(s);
    return s;
}

CHECK_MAIN(suite)
