/* SPDX-License-Identifier: MIT */
/*
 * The TCP header and options, and one stream alone: any cut and any order of
 * its segments gives the same bytes, also when memory runs out.
 *
 * tcp_stream.c is included, not linked, so that its allocations can fail.
 */
#include <stddef.h>
#include <stdlib.h>

static size_t allocations; /* so far */
static size_t fail_from;   /* this one and later ones fail; 0: none */
static size_t fail_only;   /* this one fails; 0: none */

static void *
counted(void *ptr)
{
    allocations++;
    if ((fail_from && allocations >= fail_from) || allocations == fail_only) {
        free(ptr);
        return NULL;
    }
    return ptr;
}

#define malloc(len) counted(malloc(len))
#define calloc(n, len) counted(calloc(n, len))
#include "capture/tcp_stream.c"
#undef malloc
#undef calloc

#include "capture/tcp.h"
#include "tests/check_main.h"

/* The header */

START_TEST(a_header_is_read_field_by_field)
{
    const uint8_t raw[] = {0x12, 0x34, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x05,
                           0x06, 0x07, 0x08, 0x60, 0x52, 0x20, 0x00, 0xff, 0xff,
                           0x00, 0x00, 1,    1,    1,    0,    'h',  'i'};
    struct tcp_header h;
    ck_assert(tcp_parse(slice_make(raw, sizeof(raw)), 7, &h));
    ck_assert_uint_eq(h.src_port, 0x1234);
    ck_assert_uint_eq(h.dst_port, 80);
    ck_assert_uint_eq(h.seq, 0x01020304);
    ck_assert_uint_eq(h.ack, 0x05060708);
    ck_assert_uint_eq(h.flags, 0x52);
    ck_assert_uint_eq(h.window, 0x2000);
    ck_assert_uint_eq(h.missing, 7);
    ck_assert_uint_eq(h.options.len, 4);
    ck_assert_ptr_eq(h.options.ptr, raw + 20);
    ck_assert(slice_equal_cstr(h.payload, "hi"));
}
END_TEST

START_TEST(a_header_cut_in_its_options_has_no_payload)
{
    uint8_t raw[20] = {0};
    raw[12] = 0x80; /* 32 bytes */
    struct tcp_header h;
    ck_assert(tcp_parse(slice_make(raw, 20), 100, &h));
    ck_assert_uint_eq(h.payload.len, 0);
    ck_assert_uint_eq(h.options.len, 0);
    ck_assert_uint_eq(h.missing, 88);
    ck_assert(!tcp_parse(slice_make(raw, 20), 11, &h));
}
END_TEST

struct option_row {
    const char *name;
    uint8_t bytes[12];
    size_t len;
    struct tcp_options want;
};

static const struct option_row option_rows[] = {
    {"none", {0}, 0, {0}},
    {"mss", {2, 4, 5, 0xb4}, 4, {.has_mss = true, .mss = 1460}},
    {"no-ops first", {1, 1, 3, 3, 7}, 5, {.has_wscale = true, .wscale = 7}},
    {"a scale over 14", {3, 3, 15}, 3, {.has_wscale = true, .wscale = 14}},
    {"sack", {4, 2}, 2, {.sack_permitted = true}},
    {"timestamps",
     {8, 10, 0, 0, 1, 0, 0, 0, 0, 2},
     10,
     {.has_timestamps = true, .ts_value = 256, .ts_echo = 2}},
    {"unknown is skipped", {254, 4, 9, 9, 4, 2}, 6, {.sack_permitted = true}},
    {"end stops", {0, 4, 2}, 3, {0}},
    {"wrong length", {2, 3, 5, 4, 2}, 5, {.sack_permitted = true}},
    {"length 0", {2, 0, 4, 2}, 4, {0}},
    {"length 1", {2, 1, 4, 2}, 4, {0}},
    {"cut", {4, 2, 2, 4, 5}, 5, {.sack_permitted = true}},
    {"length missing", {4, 2, 2}, 3, {.sack_permitted = true}},
};

START_TEST(options_are_read_until_the_first_bad_one)
{
    const struct option_row *r = &option_rows[_i];
    struct tcp_options got;
    memset(&got, 0xff, sizeof(got));
    tcp_options_parse(slice_make(r->bytes, r->len), &got);
    ck_assert_msg(got.has_mss == r->want.has_mss && got.mss == r->want.mss &&
                      got.has_wscale == r->want.has_wscale &&
                      got.wscale == r->want.wscale &&
                      got.has_timestamps == r->want.has_timestamps &&
                      got.ts_value == r->want.ts_value &&
                      got.ts_echo == r->want.ts_echo &&
                      got.sack_permitted == r->want.sack_permitted,
                  "%s", r->name);
}
END_TEST

/* One stream */

static const char text[] = "abcdefghijklmnopqrstuvwxyz";
#define TEXT_LEN (sizeof(text) - 1)

static struct {
    char bytes[64]; /* what came out; '.' for a byte of a gap */
    size_t len;
    unsigned calls;
} out;

static enum stream_want
take_data(void *ctx, unsigned dir, uint64_t off, struct slice data,
          const struct pkt_meta *meta)
{
    (void)ctx;
    (void)meta;
    ck_assert_uint_eq(dir, 1);
    ck_assert_uint_eq(off, out.len);
    ck_assert_uint_lt(out.len + data.len, sizeof(out.bytes));
    memcpy(out.bytes + out.len, data.ptr, data.len);
    out.len += data.len;
    out.calls++;
    return STREAM_CONTINUE;
}

static enum stream_want
take_gap(void *ctx, unsigned dir, uint64_t off, uint64_t len,
         const struct pkt_meta *meta)
{
    (void)ctx;
    (void)meta;
    ck_assert_uint_eq(dir, 1);
    ck_assert_uint_eq(off, out.len);
    ck_assert_uint_lt(out.len + len, sizeof(out.bytes));
    memset(out.bytes + out.len, '.', (size_t)len);
    out.len += (size_t)len;
    out.calls++;
    return STREAM_CONTINUE;
}

static const struct stream_ops ops = {.data = take_data, .gap = take_gap};

static struct tcp_pool pool;
static struct budget budget;
static struct tcp_stream stream;
static struct pkt_meta meta;

static struct tcp_call
call_now(void)
{
    static enum stream_want said;
    struct tcp_call c = {.pool = &pool,
                         .said = &said,
                         .meta = &meta,
                         .owner = &stream,
                         .dir = 1};
    return c;
}

static void
begin(void)
{
    memset(&out, 0, sizeof(out));
    memset(&pool, 0, sizeof(pool));
    memset(&stream, 0, sizeof(stream));
    budget = (struct budget){.max = SIZE_MAX};
    pool.ops = &ops;
    pool.budget = &budget;
    pool.early_bytes = SIZE_MAX;
    pool.early_ranges = UINT32_MAX;
    pool.gap_packets = 64;
    pool.gap_ns = 50000000;
    pool.random = 88172645463325252u;
    allocations = fail_from = fail_only = 0;
    tcp_stream_start(&stream, UINT32_MAX - 9); /* wraps at "k" */
}

static void
feed(size_t from, size_t to)
{
    struct tcp_call c = call_now();
    ck_assert_int_eq(tcp_stream_segment(&stream, &c,
                                        UINT32_MAX - 9 + (uint32_t)from,
                                        slice_make(text + from, to - from), 0),
                     STREAM_CONTINUE);
}

static void
finish(void)
{
    struct tcp_call c = call_now();
    ck_assert_int_eq(tcp_stream_flush(&stream, &c, true), STREAM_CONTINUE);
    tcp_stream_drop(&stream, &pool);
    ck_assert_uint_eq(pool.held, 0);
    ck_assert_ptr_null(pool.oldest);
    ck_assert_ptr_null(pool.newest);
}

START_TEST(every_split_gives_the_same_bytes)
{
    for (size_t cut = 0; cut <= TEXT_LEN; cut++) {
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            begin();
            feed(backwards ? cut : 0, backwards ? TEXT_LEN : cut);
            feed(backwards ? 0 : cut, backwards ? cut : TEXT_LEN);
            ck_assert_str_eq(out.bytes, text);
            finish();
            ck_assert_uint_eq(pool.stats.gaps, 0);
        }
    }
}
END_TEST

START_TEST(byte_by_byte_gives_the_same_bytes)
{
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        begin();
        for (size_t i = 0; i < TEXT_LEN; i++) {
            size_t at = backwards ? TEXT_LEN - 1 - i : i;
            feed(at, at + 1);
        }
        ck_assert_str_eq(out.bytes, text);
        finish();
    }
}
END_TEST

/* Calls with every permutation of n numbers below n (Heap's algorithm). */
static void
permute(size_t *order, size_t n, size_t all,
        void (*call)(const size_t *order, size_t all))
{
    if (n <= 1) {
        call(order, all);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        permute(order, n - 1, all, call);
        size_t j = n % 2 ? 0 : i, swap = order[j];
        order[j] = order[n - 1];
        order[n - 1] = swap;
    }
}

static void
feed_overlapping(const size_t *order, size_t n)
{
    /* Segments of eight bytes every four. */
    begin();
    for (size_t i = 0; i < n; i++) {
        size_t end = order[i] * 4 + 8;
        feed(order[i] * 4, end < TEXT_LEN ? end : TEXT_LEN);
    }
    ck_assert_str_eq(out.bytes, text);
    ck_assert_uint_eq(pool.stats.conflicts, 0);
    finish();
}

START_TEST(every_order_of_overlapping_segments_gives_the_same_bytes)
{
    size_t order[] = {0, 1, 2, 3, 4, 5};
    permute(order, 6, 6, feed_overlapping);
}
END_TEST

START_TEST(a_segment_that_comes_in_turn_is_not_copied)
{
    begin();
    feed(0, 10);
    feed(10, TEXT_LEN);
    ck_assert_uint_eq(allocations, 0);
    ck_assert_uint_eq(out.calls, 2);
}
END_TEST

START_TEST(held_runs_are_counted_as_ranges)
{
    static const struct {
        size_t from, to;
        uint32_t ranges;
    } steps[] = {{4, 6, 1},   {8, 10, 2}, {6, 7, 2}, {7, 8, 1},
                 {20, 22, 2}, {2, 24, 1}, {1, 2, 1}};
    begin();
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        feed(steps[i].from, steps[i].to);
        ck_assert_uint_eq(stream.hold->ranges, steps[i].ranges);
    }
    feed(0, 1);
    ck_assert_uint_eq(stream.off, 24);
    ck_assert_uint_eq(stream.hold->ranges, 0);
    finish();
}
END_TEST

/* Whatever fails, no byte is invented, and all but the late ones come. */
static void
feed_without_memory(void)
{
    static const uint8_t order[] = {2, 4, 1, 5, 0, 3};
    for (size_t i = 0; i < sizeof(order); i++) {
        size_t from = order[i] * 4u, to = from + 6;
        feed(from, to < TEXT_LEN ? to : TEXT_LEN);
    }
    finish();
    ck_assert_uint_eq(out.len, TEXT_LEN);
    for (size_t i = 0; i < TEXT_LEN; i++)
        ck_assert(out.bytes[i] == text[i] || out.bytes[i] == '.');
}

START_TEST(a_failed_allocation_gives_up_a_hole_and_nothing_else)
{
    begin();
    feed_without_memory();
    ck_assert_str_eq(out.bytes, text);
    const size_t all = allocations;
    ck_assert_uint_ge(all, 5);
    for (size_t i = 1; i <= all; i++) {
        begin();
        fail_only = i;
        feed_without_memory();
        ck_assert_uint_eq(pool.stats.no_memory, 1);
        begin();
        fail_from = i;
        feed_without_memory();
        ck_assert_uint_ge(pool.stats.no_memory, 1);
    }
}
END_TEST

START_TEST(without_memory_to_wait_a_hole_is_given_up_at_once)
{
    begin();
    fail_from = 1;
    feed(0, 3);
    struct tcp_call c = call_now();
    stream.flags |= TCP_STREAM_ACKED;
    stream.acked = stream.next + 5;
    ck_assert_int_eq(tcp_stream_wait(&stream, &c), STREAM_CONTINUE);
    ck_assert_str_eq(out.bytes, "abc.....");
}
END_TEST

START_TEST(a_hole_is_not_given_up_before_its_time)
{
    begin();
    feed(0, 3);
    struct tcp_call c = call_now();
    stream.flags |= TCP_STREAM_ACKED;
    stream.acked = stream.next + 5;
    ck_assert_int_eq(tcp_stream_wait(&stream, &c), STREAM_CONTINUE);
    c.packets = 63;
    c.clock_ns = 49999999;
    ck_assert_int_eq(tcp_stream_wait(&stream, &c), STREAM_CONTINUE);
    ck_assert_str_eq(out.bytes, "abc");
    c.clock_ns = 50000000;
    ck_assert_int_eq(tcp_stream_wait(&stream, &c), STREAM_CONTINUE);
    ck_assert_str_eq(out.bytes, "abc.....");
    finish();
}
END_TEST

static Suite *
tcp_stream_suite(void)
{
    Suite *s = suite_create("tcp_stream");
    TCase *t = tcase_create("header");
    tcase_add_test(t, a_header_is_read_field_by_field);
    tcase_add_test(t, a_header_cut_in_its_options_has_no_payload);
    tcase_add_loop_test(t, options_are_read_until_the_first_bad_one, 0,
                        sizeof(option_rows) / sizeof(option_rows[0]));
    suite_add_tcase(s, t);
    t = tcase_create("stream");
    tcase_add_test(t, every_split_gives_the_same_bytes);
    tcase_add_test(t, byte_by_byte_gives_the_same_bytes);
    tcase_add_test(t, every_order_of_overlapping_segments_gives_the_same_bytes);
    tcase_add_test(t, a_segment_that_comes_in_turn_is_not_copied);
    tcase_add_test(t, held_runs_are_counted_as_ranges);
    tcase_add_test(t, a_failed_allocation_gives_up_a_hole_and_nothing_else);
    tcase_add_test(t, without_memory_to_wait_a_hole_is_given_up_at_once);
    tcase_add_test(t, a_hole_is_not_given_up_before_its_time);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(tcp_stream_suite)
