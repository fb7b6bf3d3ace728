/* SPDX-License-Identifier: MIT */
#include "tests/check_main.h"
#include "tests/rng.h"
#include "ui/known_bytes.h"

#define LEN 40u

static const struct event_range two[] = {{0, 2}, {5, 6}};

START_TEST(all_is_known_without_ranges)
{
    const struct known_bytes all = {0};
    struct buf out;
    size_t i = 0;
    ck_assert(known_bytes_at(&all, 7, &i));
    ck_assert_uint_eq(known_bytes_missing(&all, 100), 0);
    buf_init(&out, SIZE_MAX);
    ck_assert(known_bytes_mark(&all, slice_cstr("a\xc3\xa4"), &out));
    ck_assert(known_bytes_tell(&all, slice_cstr("b"), &out));
    ck_assert_uint_eq(out.len, 4);
    ck_assert_mem_eq(out.ptr,
                     "a\xc3\xa4"
                     "b",
                     4);
    buf_fini(&out);
}
END_TEST

START_TEST(nothing_is_known_with_no_range)
{
    const struct known_bytes none = {two, 0, false};
    struct buf out;
    ck_assert_uint_eq(known_bytes_missing(&none, 3), 3);
    buf_init(&out, SIZE_MAX);
    ck_assert(known_bytes_tell(&none, slice_make("\0\0\0", 3), &out));
    ck_assert_uint_eq(out.len, strlen("<3 unknown>"));
    ck_assert_mem_eq(out.ptr, "<3 unknown>", out.len);
    buf_fini(&out);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
    const struct known_bytes k = {two, 2, false};
    const struct slice bytes = slice_make("ab\0\0\0f", 6);
    static const char marked[] = "ab\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                 "f";
    for (size_t max = 0; max <= sizeof marked; max++) {
        struct buf out;
        buf_init(&out, max);
        ck_assert_int_eq(known_bytes_mark(&k, bytes, &out),
                         max >= sizeof marked - 1);
        ck_assert_uint_le(out.len, max);
        /* No half marks. */
        if (out.len > 2 && out.len < sizeof marked - 1)
            ck_assert_uint_eq((out.len - 2) % KNOWN_BYTES_MARK_LEN, 0);
        if (out.len > 0)
            ck_assert_mem_eq(out.ptr, marked, out.len);
        buf_fini(&out);
    }
}
END_TEST

/* Against an array of a bool for each byte. */
START_TEST(ranges_say_what_a_table_says)
{
    struct rng rng = {(uint64_t)_i};
    struct event_range ranges[LEN];
    bool table[LEN] = {false};
    uint8_t bytes[LEN];
    size_t n = 0, missing = 0, range = 0;
    for (size_t at = rng_below(&rng, 4); at < LEN;) {
        size_t end = at + 1 + rng_below(&rng, 6);
        ranges[n++] = (struct event_range){at, end};
        for (; at < end && at < LEN; at++)
            table[at] = true;
        at = end + 1 + rng_below(&rng, 5);
    }
    const struct known_bytes k = {ranges, n, false};
    for (size_t at = 0; at < LEN; at++) {
        bytes[at] = (uint8_t)('a' + at % 26);
        ck_assert_int_eq(known_bytes_at(&k, at, &range), table[at]);
        missing += !table[at];
        ck_assert_uint_eq(known_bytes_missing(&k, at + 1), missing);
    }
    for (size_t len = 0; len <= LEN; len++) {
        struct buf out;
        size_t pos = 0;
        buf_init(&out, SIZE_MAX);
        ck_assert(known_bytes_mark(&k, slice_make(bytes, len), &out));
        for (size_t at = 0; at < len; at++) {
            if (table[at])
                ck_assert_uint_eq(out.ptr[pos++], bytes[at]);
            else
                ck_assert_mem_eq(out.ptr + pos, KNOWN_BYTES_MARK, 3);
            pos += table[at] ? 0 : 3;
        }
        ck_assert_uint_eq(pos, out.len);
        buf_fini(&out);
    }
}
END_TEST

static Suite *
known_bytes_suite(void)
{
    Suite *suite = suite_create("known_bytes");
    TCase *tcase = tcase_create("known_bytes");
    tcase_add_test(tcase, all_is_known_without_ranges);
    tcase_add_test(tcase, nothing_is_known_with_no_range);
    tcase_add_test(tcase, what_does_not_fit_is_left_out);
    tcase_add_loop_test(tcase, ranges_say_what_a_table_says, 0, 200);
    suite_add_tcase(suite, tcase);
    return suite;
}

CHECK_MAIN(known_bytes_suite)
