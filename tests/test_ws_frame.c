/* SPDX-License-Identifier: MIT */
#include "dissect/ws_frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "dissect/ws_unmask.h"
#include "tests/check_main.h"
#include "tests/edge_page.h"
#include "tests/hex.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define LOG_MAX 8192u

/*
 * A run of the decoder, written down: "H0+6 F1 5 mask 37fa213d;" is a header
 * at offset 0 of 6 bytes, FIN, opcode 1, 5 bytes of payload; "P48656c6c6f E;"
 * is its payload, as on the wire and joined over runs, E its end; "L7;" is
 * LOST, by the header at offset 7.  "rsv N" and "odd NN" (findings, hex)
 * stand only where they are not zero.
 */
struct run {
    struct ws_frame frame;
    bool in_payload;
    uint64_t payload_off;
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
run_init(struct run *r, enum ws_sender sender, uint8_t rsv_ok, uint64_t offset)
{
    memset(r, 0, sizeof *r);
    ws_frame_init(&r->frame, sender, rsv_ok, offset);
}

static void
log_header(struct run *r, const struct ws_frame_event *ev)
{
    const struct ws_frame_header *h = ev->header;
    run_log(r, "H%" PRIu64 "+%u %s%u %" PRIu64, h->offset, h->header_len,
            h->fin ? "F" : "-", h->opcode, h->payload_len);
    if (h->masked)
        run_log(r, " mask %02x%02x%02x%02x", h->mask[0], h->mask[1], h->mask[2],
                h->mask[3]);
    else
        ck_assert(memcmp(h->mask, "\0\0\0\0", 4) == 0);
    if (h->rsv)
        run_log(r, " rsv %u", h->rsv);
    if (h->findings)
        run_log(r, " odd %x", h->findings);
    run_log(r, ";");
    ck_assert(ev->end == (h->payload_len == 0));
    r->payload_off = 0;
}

/* Feeds one slice; returns false when the decoder is lost. */
static bool
run_feed(struct run *r, struct slice in)
{
    struct ws_frame_event ev;
    for (;;) {
        enum ws_frame_step step = ws_frame_next(&r->frame, &in, &ev);
        if (step == WS_FRAME_NEED_INPUT) {
            ck_assert_uint_eq(in.len, 0);
            return true;
        }
        if (step == WS_FRAME_LOST) {
            run_log(r, "L%" PRIu64 ";", ev.header->offset);
            return false;
        }
        if (step == WS_FRAME_HEADER) {
            log_header(r, &ev);
            continue;
        }
        ck_assert_uint_eq(ev.data_off, r->payload_off);
        ck_assert_uint_gt(ev.data.len, 0);
        if (r->payload_off == 0)
            run_log(r, "P");
        for (size_t i = 0; i < ev.data.len; i++)
            run_log(r, "%02x", ev.data.ptr[i]);
        r->payload_off += ev.data.len;
        ck_assert(ev.end == (r->payload_off == ev.header->payload_len));
        if (ev.end)
            run_log(r, " E;");
    }
}

/* ---- Vectors -------------------------------------------------------- */

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

static const struct {
    const char *name;
    enum ws_sender sender;
    uint8_t rsv_ok;
    const char *hex;
    const char *log;
} vectors[] = {
    /* The examples of RFC 6455 section 5.7. */
    {"unmasked Hello", S, 0, "8105 48656c6c6f", "H0+2 F1 5;P48656c6c6f E;"},
    {"masked Hello", C, 0, "8185 37fa213d 7f9f4d5158",
     "H0+6 F1 5 mask 37fa213d;P7f9f4d5158 E;"},
    {"fragmented Hello", S, 0, "0103 48656c 8002 6c6f",
     "H0+2 -1 3;P48656c E;H5+2 F0 2;P6c6f E;"},
    {"ping and masked pong", C, 0, "8a85 37fa213d 7f9f4d5158",
     "H0+6 F10 5 mask 37fa213d;P7f9f4d5158 E;"},
    {"256 bytes have a 16-bit length", S, 0, "827e 0100", "H0+4 F2 256;"},
    {"64 KiB have a 64-bit length", S, 0, "827f 0000000000010000",
     "H0+10 F2 65536;"},
    /* Lengths. */
    {"empty, unmasked", S, 0, "8100 8200", "H0+2 F1 0;H2+2 F2 0;"},
    {"empty, masked", C, 0, "8180 01020304 8180 05060708",
     "H0+6 F1 0 mask 01020304;H6+6 F1 0 mask 05060708;"},
    {"125", S, 0, "827d", "H0+2 F2 125;"},
    {"126", S, 0, "827e 007e", "H0+4 F2 126;"},
    {"127", S, 0, "827e 007f", "H0+4 F2 127;"},
    {"65535", C, 0, "82fe ffff 01020304", "H0+8 F2 65535 mask 01020304;"},
    {"65536, masked", C, 0, "82ff 0000000000010000 01020304",
     "H0+14 F2 65536 mask 01020304;"},
    {"2^32 + 5 is not 5", S, 0, "827f 0000000100000005",
     "H0+10 F2 4294967301;"},
    {"the largest length", S, 0, "827f 7fffffffffffffff",
     "H0+10 F2 9223372036854775807;"},
    {"125 in the 16-bit form", S, 0, "827e 007d", "H0+4 F2 125 odd 10;"},
    {"0 in the 16-bit form", S, 0, "827e 0000 8100",
     "H0+4 F2 0 odd 10;H4+2 F1 0;"},
    {"65535 in the 64-bit form", S, 0, "827f 000000000000ffff",
     "H0+10 F2 65535 odd 10;"},
    {"2 in the 64-bit form", C, 0, "81ff 0000000000000002 00000000 6162",
     "H0+14 F1 2 mask 00000000 odd 10;P6162 E;"},
    {"the top bit of the length", S, 0, "8100 827f 8000000000000000 8100",
     "H0+2 F1 0;L2;"},
    {"all bits of the length", C, 0, "82ff ffffffffffffffff 01020304 81",
     "L0;"},
    /* Masking, section 5.1. */
    {"unmasked client", C, 0, "8101 61", "H0+2 F1 1 odd 1;P61 E;"},
    {"masked server", S, 0, "8181 01020304 61",
     "H0+6 F1 1 mask 01020304 odd 1;P61 E;"},
    {"unmasked empty ping of a client", C, 0, "8900", "H0+2 F9 0 odd 1;"},
    /* Reserved bits, Autobahn 3. */
    {"3.1", S, 0, "9100", "H0+2 F1 0 rsv 1 odd 4;"},
    {"3.2", S, 0, "a100", "H0+2 F1 0 rsv 2 odd 4;"},
    {"3.3", S, 0, "b100", "H0+2 F1 0 rsv 3 odd 4;"},
    {"3.4", S, 0, "c100", "H0+2 F1 0 rsv 4 odd 2;"},
    {"3.5", S, 0, "d200", "H0+2 F2 0 rsv 5 odd 6;"},
    {"3.6", S, 0, "e900", "H0+2 F9 0 rsv 6 odd 6;"},
    {"3.7", S, 0, "f800", "H0+2 F8 0 rsv 7 odd 6;"},
    {"RSV1 with permessage-deflate", S, 4, "c100 4100 8000",
     "H0+2 F1 0 rsv 4;H2+2 -1 0 rsv 4;H4+2 F0 0;"},
    {"RSV1 on a continuation", S, 4, "4100 c000",
     "H0+2 -1 0 rsv 4;H2+2 F0 0 rsv 4 odd 80;"},
    {"RSV1 on control frames", S, 4, "c800 c900 ca00",
     "H0+2 F8 0 rsv 4 odd 100;H2+2 F9 0 rsv 4 odd 100;"
     "H4+2 F10 0 rsv 4 odd 100;"},
    {"RSV2 with permessage-deflate", S, 4, "e100", "H0+2 F1 0 rsv 6 odd 4;"},
    /* Reserved opcodes, Autobahn 4. */
    {"4.1", S, 0, "8300 8400 8500 8600 8700",
     "H0+2 F3 0 odd 8;H2+2 F4 0 odd 8;H4+2 F5 0 odd 8;H6+2 F6 0 odd 8;"
     "H8+2 F7 0 odd 8;"},
    {"4.2", S, 0, "8b00 8c00 8d00 8e00 8f00",
     "H0+2 F11 0 odd 8;H2+2 F12 0 odd 8;H4+2 F13 0 odd 8;H6+2 F14 0 odd 8;"
     "H8+2 F15 0 odd 8;"},
    /* Control frames, section 5.5. */
    {"5.1, 5.2: fragmented control frames", S, 0, "0900 0a00 0800",
     "H0+2 -9 0 odd 20;H2+2 -10 0 odd 20;H4+2 -8 0 odd 20;"},
    {"2.5: a ping of 126 bytes", S, 0, "897e 007e", "H0+4 F9 126 odd 40;"},
    {"2.4: a ping of 125 bytes", S, 0, "897d", "H0+2 F9 125;"},
    {"all at once", C, 0, "7b7e 0001", "H0+4 -11 1 rsv 7 odd 3f;"},
    {"a long padded ping", C, 0, "79ff 0000000000000080 01020304",
     "H0+14 -9 128 mask 01020304 rsv 7 odd 76;"},
};

#undef C
#undef S

START_TEST(every_split_gives_the_same_events)
{
    static struct run r;
    uint8_t bytes[256];
    size_t len = from_hex(vectors[_i].hex, bytes, sizeof bytes);
    struct edge_page page;
    edge_page_init(&page, sizeof bytes);
    /* cut == len: as a whole; cut > len: byte by byte. */
    for (size_t cut = 0; cut <= len + 1; cut++) {
        size_t first = cut <= len ? cut : 0;
        size_t rest = cut <= len ? len : 1;
        run_init(&r, vectors[_i].sender, vectors[_i].rsv_ok, 0);
        struct slice piece = edge_page_put(&page, slice_make(bytes, first));
        bool going = run_feed(&r, piece);
        for (size_t at = first; going && at < len; at += rest) {
            size_t n = rest < len - at ? rest : len - at;
            piece = edge_page_put(&page, slice_make(bytes + at, n));
            going = run_feed(&r, piece);
        }
        ck_assert_msg(strcmp(r.log, vectors[_i].log) == 0,
                      "%s, cut at %zu: %s, not %s", vectors[_i].name, cut,
                      r.log, vectors[_i].log);
    }
    edge_page_fini(&page);
}
END_TEST

START_TEST(an_unfinished_header_is_no_event)
{
    static struct run r;
    static const uint8_t header[14] = {0x82, 0xff, 0, 0, 0, 0, 0, 1};
    for (size_t len = 0; len < sizeof header; len++) {
        run_init(&r, WS_SENDER_CLIENT, 0, 0);
        ck_assert(run_feed(&r, slice_make(header, len)));
        ck_assert_str_eq(r.log, "");
        ck_assert(ws_frame_in_header(&r.frame) == (len > 0));
    }
}
END_TEST

START_TEST(offsets_count_from_where_decoding_began)
{
    static struct run r;
    run_init(&r, WS_SENDER_SERVER, 0, 1000);
    run_feed(&r, slice_make("\x81\x01"
                            "a\x82\x00",
                            5));
    ck_assert_str_eq(r.log, "H1000+2 F1 1;P61 E;H1003+2 F2 0;");
}
END_TEST

START_TEST(a_lost_decoder_stays_lost)
{
    static struct run r;
    run_init(&r, WS_SENDER_SERVER, 0, 0);
    ck_assert(!run_feed(&r, slice_make("\x82\x7f\xff\0\0\0\0\0\0\0", 10)));
    ck_assert(!run_feed(&r, slice_make("\x81\x00", 2)));
    ck_assert(!run_feed(&r, slice_make("", 0)));
    ck_assert_int_eq(ws_frame_gap(&r.frame, 1), WS_FRAME_HOLE_LOST);
    ck_assert_str_eq(r.log, "L0;L0;L0;");
}
END_TEST

START_TEST(the_rest_of_a_payload_can_be_taken_at_once)
{
    struct ws_frame f;
    struct ws_frame_event ev;
    struct slice in = slice_make("\x82\x03"
                                 "abc\x81\x00",
                                 7);
    ws_frame_init(&f, WS_SENDER_SERVER, 0, 0);
    ck_assert_int_eq(ws_frame_next(&f, &in, &ev), WS_FRAME_HEADER);
    ck_assert_uint_eq(ws_frame_left(&f), 3);
    ck_assert(slice_equal_cstr(ws_frame_take_rest(&f, &in), "abc"));
    ck_assert_int_eq(ws_frame_next(&f, &in, &ev), WS_FRAME_HEADER);
    ck_assert_uint_eq(ev.header->offset, 5);
    ck_assert(ev.end);
    ck_assert_int_eq(ws_frame_next(&f, &in, &ev), WS_FRAME_NEED_INPUT);
}
END_TEST

/* ---- Gaps ----------------------------------------------------------- */

static const struct {
    const char *name;
    const char *before; /* hex */
    uint64_t gap;
    enum ws_frame_hole hole;
    const char *after;
    const char *log;
} gaps[] = {
    {"inside a payload", "8105 61", 2, WS_FRAME_HOLE_INSIDE, "6465 8100",
     "H0+2 F1 5;P61"},
    {"before the first payload byte", "8105", 2, WS_FRAME_HOLE_INSIDE,
     "636465 8100", "H0+2 F1 5;"},
    {"to the end of a payload", "8105 61", 4, WS_FRAME_HOLE_TO_END, "8100",
     "H0+2 F1 5;P61H7+2 F1 0;"},
    {"a whole payload", "8105", 5, WS_FRAME_HOLE_TO_END, "8100",
     "H0+2 F1 5;H7+2 F1 0;"},
    {"one byte too far", "8105 61", 5, WS_FRAME_HOLE_LOST, "00",
     "H0+2 F1 5;P61L0;"},
    {"between two frames", "8101 61", 1, WS_FRAME_HOLE_LOST, "00",
     "H0+2 F1 1;P61 E;L0;"},
    {"at the very start", "", 1, WS_FRAME_HOLE_LOST, "8100", "L0;"},
    {"inside a header", "81", 1, WS_FRAME_HOLE_LOST, "8100", "L0;"},
    {"inside a huge payload", "827f 7fffffffffffffff", 0x7ffffffffffffffe,
     WS_FRAME_HOLE_INSIDE, "", "H0+10 F2 9223372036854775807;"},
    {"all of a huge payload", "827f 7fffffffffffffff", 0x7fffffffffffffff,
     WS_FRAME_HOLE_TO_END, "8100",
     "H0+10 F2 9223372036854775807;H9223372036854775817+2 F1 0;"},
    {"beyond a huge payload", "827f 7fffffffffffffff", UINT64_MAX,
     WS_FRAME_HOLE_LOST, "8100", "H0+10 F2 9223372036854775807;L0;"},
};

START_TEST(a_gap_keeps_step_only_inside_a_payload)
{
    static struct run r;
    uint8_t bytes[64];
    run_init(&r, WS_SENDER_SERVER, 0, 0);
    run_feed(&r,
             slice_make(bytes, from_hex(gaps[_i].before, bytes, sizeof bytes)));
    ck_assert_msg(ws_frame_gap(&r.frame, gaps[_i].gap) == gaps[_i].hole, "%s",
                  gaps[_i].name);
    if (gaps[_i].hole == WS_FRAME_HOLE_INSIDE) {
        /* The offset goes on behind the hole. */
        struct slice in =
            slice_make(bytes, from_hex(gaps[_i].after, bytes, sizeof bytes));
        struct ws_frame_event ev;
        uint64_t left = ws_frame_left(&r.frame);
        if (in.len > 0) {
            ck_assert_int_eq(ws_frame_next(&r.frame, &in, &ev),
                             WS_FRAME_PAYLOAD);
            ck_assert_uint_eq(ev.data_off, ev.header->payload_len - left);
            ck_assert(ev.end);
            ck_assert_int_eq(ws_frame_next(&r.frame, &in, &ev),
                             WS_FRAME_HEADER);
            ck_assert_uint_eq(ev.header->offset, 7);
        }
    } else {
        run_feed(&r, slice_make(bytes,
                                from_hex(gaps[_i].after, bytes, sizeof bytes)));
    }
    ck_assert_msg(strcmp(r.log, gaps[_i].log) == 0, "%s: %s", gaps[_i].name,
                  r.log);
}
END_TEST

/* ---- Masking -------------------------------------------------------- */

START_TEST(unmasking_is_right_for_every_length_offset_and_place)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t src[300], dst[300];
    struct edge_page page;
    edge_page_init(&page, sizeof src);
    for (size_t i = 0; i < sizeof src; i++)
        src[i] = (uint8_t)(i * 7 + 1);
    for (size_t len = 0; len <= 200; len++)
        for (uint64_t off = 0; off < 8; off++) {
            struct slice s = edge_page_put(&page, slice_make(src, len));
            memset(dst, 0xee, sizeof dst);
            ws_unmask(dst, s.ptr, len, mask, off);
            for (size_t i = 0; i < len; i++)
                ck_assert_uint_eq(dst[i], src[i] ^ mask[(i + off) % 4]);
            ck_assert_uint_eq(dst[len], 0xee);
            /* In place, and back. */
            ws_unmask(dst, dst, len, mask, off);
            ck_assert(len == 0 || memcmp(dst, src, len) == 0);
        }
    edge_page_fini(&page);
}
END_TEST

START_TEST(a_single_high_bit_anywhere_is_not_ascii)
{
    static const uint8_t mask[4] = {0x80, 0x7f, 0xff, 0x00};
    uint8_t text[160];
    struct edge_page page;
    edge_page_init(&page, sizeof text);
    for (size_t len = 0; len <= 150; len++)
        for (uint64_t off = 0; off < 4; off++) {
            memset(text, 'a', sizeof text);
            ws_unmask(text, text, len, mask, off);
            struct slice s = edge_page_put(&page, slice_make(text, len));
            ck_assert(ws_unmask_is_ascii(s.ptr, len, mask, off));
            for (size_t i = 0; i < len; i++) {
                uint8_t *at = page.map + page.room - len + i;
                *at ^= 0x80;
                ck_assert(!ws_unmask_is_ascii(s.ptr, len, mask, off));
                *at ^= 0x80;
            }
        }
    edge_page_fini(&page);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("ws_frame");
    TCase *t = tcase_create("ws_frame");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_split_gives_the_same_events, 0,
                        (int)ARRAY_LEN(vectors));
    tcase_add_test(t, an_unfinished_header_is_no_event);
    tcase_add_test(t, offsets_count_from_where_decoding_began);
    tcase_add_test(t, a_lost_decoder_stays_lost);
    tcase_add_test(t, the_rest_of_a_payload_can_be_taken_at_once);
    tcase_add_loop_test(t, a_gap_keeps_step_only_inside_a_payload, 0,
                        (int)ARRAY_LEN(gaps));
    tcase_add_test(t, unmasking_is_right_for_every_length_offset_and_place);
    tcase_add_test(t, a_single_high_bit_anywhere_is_not_ascii);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
