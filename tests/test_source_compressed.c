/* SPDX-License-Identifier: MIT */
/*
 * test_source_compressed.c - capture files in gzip, zstd, lz4 and xz, made
 * here with the libraries that this build has; the others' rows check what is
 * said without them.
 */
#include "config.h"

#include <sys/wait.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZ4
#include <lz4frame.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif

#include "tests/check_main.h"
#include "tests/source_reading.h"

/* Adds in, compressed, to out as one member, frame or stream. */
typedef void (*compress_fn)(struct file_bytes *out, struct slice in);

#if defined(HAVE_ZLIB) || defined(HAVE_ZSTD) || defined(HAVE_LZ4) ||           \
    defined(HAVE_LZMA)
static uint8_t *
room_for(struct file_bytes *out, size_t len)
{
    size_t at = out->len;
    put_zeros(out, len);
    out->len = at;
    return out->ptr + at;
}
#endif

#ifdef HAVE_ZLIB
static void
gzip(struct file_bytes *out, struct slice in)
{
    z_stream z = {.next_in = (z_const Bytef *)in.ptr, .avail_in = (uInt)in.len};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8,
                                  Z_DEFAULT_STRATEGY),
                     Z_OK);
    uLong cap = deflateBound(&z, in.len);
    z.next_out = room_for(out, cap);
    z.avail_out = (uInt)cap;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}
#else
#define gzip NULL
#endif

#ifdef HAVE_ZSTD
static void
zstd(struct file_bytes *out, struct slice in)
{
    size_t cap = ZSTD_compressBound(in.len);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(c, room_for(out, cap), cap, in.ptr, in.len);
    ck_assert(!ZSTD_isError(n));
    ZSTD_freeCCtx(c);
    out->len += n;
}
#else
#define zstd NULL
#endif

#ifdef HAVE_LZ4
static void
lz4(struct file_bytes *out, struct slice in)
{
    LZ4F_preferences_t p = {
        .frameInfo = {.blockSizeID = LZ4F_max64KB,
                      .contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    size_t cap = LZ4F_compressFrameBound(in.len, &p);
    size_t n = LZ4F_compressFrame(room_for(out, cap), cap, in.ptr, in.len, &p);
    ck_assert(!LZ4F_isError(n));
    out->len += n;
}
#else
#define lz4 NULL
#endif

#ifdef HAVE_LZMA
static void
xz(struct file_bytes *out, struct slice in)
{
    size_t cap = lzma_stream_buffer_bound(in.len), n = 0;
    uint8_t *room = room_for(out, cap);
    ck_assert_int_eq(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, in.ptr,
                                             in.len, room, &n, cap),
                     LZMA_OK);
    out->len += n;
}
#else
#define xz NULL
#endif

static const struct {
    const char *name;
    compress_fn compress; /* NULL: not in this build */
    const char *magic;
} kinds[] = {
    {"gzip", gzip, "\x1f\x8b\x08\x00"},
    {"zstd", zstd, "\x28\xb5\x2f\xfd"},
    {"lz4", lz4, "\x04\x22\x4d\x18"},
    {"xz", xz, "\xfd\x37\x7a\x58"},
};

#define N_KINDS ((int)(sizeof kinds / sizeof kinds[0]))

/* n packets of up to max bytes, hard to compress if noisy. */
static struct file_bytes
make_capture(size_t n, size_t max, bool noisy)
{
    struct file_bytes f = {0};
    uint8_t *room = malloc(max);
    uint32_t x = 1;
    put_pcap_header(&f, 0xa1b23c4d, 4, 262144, 1);
    for (size_t i = 0; i < n; i++) {
        size_t len = (i * 7919 + 13) % max;
        for (size_t k = 0; k < len; k++) {
            x = x * 1664525 + 1013904223;
            room[k] = noisy ? (uint8_t)(x >> 24) : (uint8_t)(i + k / 9);
        }
        put_pcap_packet(&f, (uint32_t)i, 5, (uint32_t)len,
                        slice_make(room, len));
    }
    free(room);
    return f;
}

static struct slice
bytes_of(const struct file_bytes *f)
{
    return slice_make(f->ptr, f->len);
}

START_TEST(compressions_are_listed_as_built)
{
    const char *list = source_compressions();
    bool listed = strstr(list, kinds[_i].name) != NULL;
    ck_assert_msg(listed == (kinds[_i].compress != NULL), "%s", list);
    ck_assert(list[0] != ',' && list[0] != ' ' && list[0] != '\0');
}
END_TEST

START_TEST(compressed_files_give_the_same_packets)
{
    if (!kinds[_i].compress)
        return;
    static const struct {
        size_t n, max;
        bool noisy;
    } rows[] = {{0, 1, false},
                {1, 60, false},
                {900, 5000, true},
                {3000, 4000, false},
                {20, 800000, true}};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct file_bytes f =
            make_capture(rows[row].n, rows[row].max, rows[row].noisy);
        struct file_bytes packed = {0};
        kinds[_i].compress(&packed, bytes_of(&f));
        struct reading plain = read_bytes(f.ptr, f.len);
        struct reading r = read_bytes(packed.ptr, packed.len);
        ck_assert_uint_eq(r.n_errors, 0);
        ck_assert_uint_eq(plain.n, rows[row].n);
        ck_assert_uint_eq(r.n, rows[row].n);
        ck_assert_same_packets(&r, &plain, r.n);
        ck_assert_uint_eq(r.last.bytes_read, packed.len);
        ck_assert_uint_eq(r.last.bytes_total, packed.len);
        ck_assert_uint_eq(r.last.n_ifaces, 1);
        reading_fini(&plain);
        reading_fini(&r);
        file_bytes_fini(&f);
        file_bytes_fini(&packed);
    }
}
END_TEST

START_TEST(members_in_a_row_are_one_file)
{
    if (!kinds[_i].compress)
        return;
    struct file_bytes f = make_capture(9, 100, true), packed = {0};
    struct slice rest = bytes_of(&f);
    for (size_t part = 0; part < 4; part++) {
        /* Cut in the middle of packets; one of them is empty. */
        size_t len = part == 3 ? rest.len : part * 97;
        kinds[_i].compress(&packed, slice_head(rest, len));
        rest = slice_skip(rest, len);
    }
    if (!strcmp(kinds[_i].name, "gzip"))
        put_zeros(&packed, 512); /* padding, as gzip(1) allows */
    struct reading plain = read_bytes(f.ptr, f.len);
    struct reading r = read_bytes(packed.ptr, packed.len);
    ck_assert_uint_eq(r.n_errors, 0);
    ck_assert_uint_eq(r.n, plain.n);
    ck_assert_same_packets(&r, &plain, r.n);
    reading_fini(&plain);
    reading_fini(&r);
    file_bytes_fini(&f);
    file_bytes_fini(&packed);
}
END_TEST

START_TEST(compressed_pcapng_is_named_so)
{
    if (!kinds[_i].compress)
        return;
    struct file_bytes f = {0}, packed = {0};
    put_section(&f, true, UINT64_MAX);
    put_iface(&f, 1, 0, "eth0", 0xff, 0);
    put_epb(&f, 0, 0, 5, slice_cstr("hello"));
    kinds[_i].compress(&packed, bytes_of(&f));
    char name[TEMP_NAME_MAX], format[32];
    temp_file(name, packed.ptr, packed.len);
    const char *names[] = {name};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
    ck_assert(slice_equal_cstr(p.data, "hello"));
    ck_assert_uint_eq(p.file_off, 28 + 32);
    snprintf(format, sizeof format, "pcapng+%s", kinds[_i].name);
    ck_assert_str_eq(source_info(s)->format, format);
    source_free(s);
    unlink(name);
    file_bytes_fini(&f);
    file_bytes_fini(&packed);
}
END_TEST

START_TEST(cut_streams_give_what_came_before_and_one_error)
{
    if (!kinds[_i].compress)
        return;
    struct file_bytes f = make_capture(5, 60, true), packed = {0};
    kinds[_i].compress(&packed, bytes_of(&f));
    struct reading whole = read_bytes(f.ptr, f.len);
    char reason[64];
    snprintf(reason, sizeof reason, "%s data is cut short", kinds[_i].name);
    for (size_t cut = 4; cut < packed.len; cut++) {
        struct reading r = read_bytes(packed.ptr, cut);
        ck_assert_msg(r.n_errors == 1, "cut at %zu", cut);
        ck_assert_int_eq(r.errors[0].code, ERR_DAMAGED);
        ck_assert_str_eq(r.errors[0].reason, reason);
        ck_assert_same_packets(&r, &whole, r.n);
        /* The offset is where the decompressed bytes end. */
        uint64_t off = r.errors[0].offset;
        ck_assert_uint_le(off, f.len);
        if (r.n < whole.n)
            ck_assert_uint_lt(off, whole.list[r.n].file_off + 16 +
                                       whole.list[r.n].data.len);
        reading_fini(&r);
    }
    reading_fini(&whole);
    file_bytes_fini(&f);
    file_bytes_fini(&packed);
}
END_TEST

START_TEST(broken_streams_give_what_came_before_and_one_error)
{
    if (!kinds[_i].compress)
        return;
    /* Blocks of at most 128 KiB: with 900 KiB, the last is broken alone. */
    struct file_bytes f = make_capture(300, 6000, true), packed = {0};
    kinds[_i].compress(&packed, bytes_of(&f));
    struct reading whole = read_bytes(f.ptr, f.len);
    char start[32];
    int len = snprintf(start, sizeof start, "broken %s data: ", kinds[_i].name);
    /* The check at the end; in lz4 and zstd these are its own 4 bytes. */
    bool xz_kind = !strcmp(kinds[_i].name, "xz");
    packed.ptr[packed.len - (xz_kind ? 12 : 3)] ^= 0x55;
    struct reading r = read_bytes(packed.ptr, packed.len);
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_int_eq(strncmp(r.errors[0].reason, start, (size_t)len), 0);
    ck_assert_int_eq(r.errors[0].code, ERR_DAMAGED);
    ck_assert_uint_eq(r.n, whole.n);
    ck_assert_uint_eq(r.errors[0].offset, f.len);
    ck_assert_same_packets(&r, &whole, r.n);
    reading_fini(&r);
    reading_fini(&whole);
    file_bytes_fini(&f);
    file_bytes_fini(&packed);
}
END_TEST

START_TEST(junk_behind_the_stream_is_damage_behind_all_packets)
{
    if (!kinds[_i].compress)
        return;
    struct file_bytes f = make_capture(9, 60, true), packed = {0};
    kinds[_i].compress(&packed, bytes_of(&f));
    put_bytes(&packed, "no such magic number", 20);
    struct reading r = read_bytes(packed.ptr, packed.len);
    ck_assert_uint_eq(r.n, 9);
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_int_eq(r.errors[0].code, ERR_DAMAGED);
    ck_assert_uint_eq(r.errors[0].offset, f.len);
    reading_fini(&r);
    file_bytes_fini(&f);
    file_bytes_fini(&packed);
}
END_TEST

START_TEST(other_contents_are_named_for_what_they_are)
{
    struct file_bytes empty = {0}, zip = {0}, twice = {0};
    char expected[128];
    const char *name = kinds[_i].name;
    if (!kinds[_i].compress) {
        struct reading r = read_bytes(kinds[_i].magic, 4);
        snprintf(expected, sizeof expected,
                 "is compressed with %s, which this wsray was built without",
                 name);
        ck_assert_uint_eq(r.n_errors, 1);
        ck_assert_int_eq(r.errors[0].code, ERR_UNSUPPORTED);
        ck_assert_str_eq(r.errors[0].reason, expected);
        reading_fini(&r);
        return;
    }
    kinds[_i].compress(&empty, slice_cstr(""));
    kinds[_i].compress(&zip, slice_cstr("PK\3\4 etc."));
    kinds[_i].compress(&twice, bytes_of(&zip));
    struct reading a = read_bytes(empty.ptr, empty.len);
    struct reading b = read_bytes(zip.ptr, zip.len);
    struct reading c = read_bytes(twice.ptr, twice.len);
    snprintf(expected, sizeof expected, "is empty under its %s compression",
             name);
    ck_assert_str_eq(a.errors[0].reason, expected);
    snprintf(expected, sizeof expected,
             "is not a capture file under its %s compression (starts with 50 "
             "4b 03 04)",
             name);
    ck_assert_str_eq(b.errors[0].reason, expected);
    ck_assert_int_eq(b.errors[0].code, ERR_FORMAT);
    ck_assert_int_eq(c.errors[0].code, ERR_FORMAT);
    ck_assert_uint_eq(a.n_errors + b.n_errors + c.n_errors, 3);
    file_bytes_fini(&empty);
    file_bytes_fini(&zip);
    file_bytes_fini(&twice);
}
END_TEST

#ifdef HAVE_ZSTD
START_TEST(zstd_windows_above_128_mib_are_refused)
{
    /* RFC 8878 section 3.1.1.1: no content size, window of 2^(10 + n). */
    static const uint8_t frame[] = {0x28,      0xb5, 0x2f, 0xfd, 0x00,
                                    0x18 << 3, 0x01, 0x00, 0x00};
    uint8_t allowed[sizeof frame];
    memcpy(allowed, frame, sizeof frame);
    allowed[5] = 0x11 << 3; /* 2^27, and an empty last block */
    struct reading a = read_bytes(allowed, sizeof allowed);
    ck_assert_str_eq(a.errors[0].reason, "is empty under its zstd compression");
    struct reading r = read_bytes(frame, sizeof frame);
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_str_eq(
        r.errors[0].reason,
        "broken zstd data: Frame requires too much memory for decoding");
}
END_TEST
#endif

#ifdef HAVE_LZMA
START_TEST(xz_dictionaries_above_128_mib_are_refused)
{
    struct file_bytes f = make_capture(9, 60, true), packed = {0};
    xz(&packed, bytes_of(&f));
    /* xz-file-format.txt section 3.1: the block header at 12, in it (after
     * optional sizes) the LZMA2 filter 0x21, 1 byte of properties, which is
     * the dictionary size (40 = 4 GiB), and last a CRC-32. */
    uint8_t *header = packed.ptr + 12;
    size_t len = (header[0] + 1u) * 4u - 4u, at = 2;
    while (at + 2 < len && (header[at] != 0x21 || header[at + 1] != 1))
        at++;
    ck_assert_uint_lt(at + 2, len);
    header[at + 2] = 40;
    patch32(&packed, 12 + len, lzma_crc32(header, len, 0));
    struct reading r = read_bytes(packed.ptr, packed.len);
    ck_assert_uint_eq(r.n_errors, 1);
    ck_assert_str_eq(r.errors[0].reason,
                     "broken xz data: needs more than 128 MiB of memory");
    file_bytes_fini(&f);
    file_bytes_fini(&packed);
}
END_TEST
#endif

#ifdef HAVE_ZLIB
/* Writes a gzip stream into fd that is flushed after each packet, and waits
 * each time until the reader has it. */
static void
drip_gzip(const struct file_bytes *f, const size_t *borders, size_t n, int fd,
          int ack)
{
    gzFile out = gzdopen(fd, "wb");
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        char c;
        unsigned len = (unsigned)(borders[i] - at);
        if (gzwrite(out, f->ptr + at, len) != (int)len ||
            gzflush(out, Z_SYNC_FLUSH) != Z_OK || read(ack, &c, 1) != 1)
            _exit(1);
        at += len;
    }
    _exit(gzclose(out) == Z_OK ? 0 : 2);
}

START_TEST(flushed_gzip_packets_come_through_a_pipe_at_once)
{
    enum { N = 20 };
    struct file_bytes f = {0};
    size_t borders[N];
    put_pcap_header(&f, 0xa1b2c3d4, 4, 0, 1);
    for (size_t i = 0; i < N; i++) {
        put_pcap_packet(&f, 0, 0, 99, slice_make("abcdefghijklmnopqrstu", i));
        borders[i] = f.len;
    }
    int data[2], ack[2];
    ck_assert_int_eq(pipe(data), 0);
    ck_assert_int_eq(pipe(ack), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(data[0]);
        drip_gzip(&f, borders, N, data[1], ack[0]);
    }
    close(data[1]);
    ck_assert_int_eq(dup2(data[0], STDIN_FILENO), STDIN_FILENO);
    const char *names[] = {"-"};
    struct source *s;
    struct packet p;
    struct source_error e;
    ck_assert_int_eq(source_new(&s, names, 1), ERR_OK);
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(source_next(s, &p, &e), SOURCE_PACKET);
        ck_assert_uint_eq(p.data.len, i);
        ck_assert_int_eq(write(ack[1], "", 1), 1);
    }
    ck_assert_int_eq(source_next(s, &p, &e), SOURCE_END);
    source_free(s);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    file_bytes_fini(&f);
}
END_TEST
#endif

static Suite *
suite(void)
{
    Suite *s = suite_create("source_compressed");
    TCase *tc = tcase_create("compressed");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, compressions_are_listed_as_built, 0, N_KINDS);
    tcase_add_loop_test(tc, compressed_files_give_the_same_packets, 0, N_KINDS);
    tcase_add_loop_test(tc, members_in_a_row_are_one_file, 0, N_KINDS);
    tcase_add_loop_test(tc, compressed_pcapng_is_named_so, 0, N_KINDS);
    tcase_add_loop_test(tc, cut_streams_give_what_came_before_and_one_error, 0,
                        N_KINDS);
    tcase_add_loop_test(tc, broken_streams_give_what_came_before_and_one_error,
                        0, N_KINDS);
    tcase_add_loop_test(tc, junk_behind_the_stream_is_damage_behind_all_packets,
                        0, N_KINDS);
    tcase_add_loop_test(tc, other_contents_are_named_for_what_they_are, 0,
                        N_KINDS);
#ifdef HAVE_ZSTD
    tcase_add_test(tc, zstd_windows_above_128_mib_are_refused);
#endif
#ifdef HAVE_LZMA
    tcase_add_test(tc, xz_dictionaries_above_128_mib_are_refused);
#endif
#ifdef HAVE_ZLIB
    tcase_add_test(tc, flushed_gzip_packets_come_through_a_pipe_at_once);
#endif
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
