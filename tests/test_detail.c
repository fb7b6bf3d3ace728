/* SPDX-License-Identifier: MIT */
/* Values from the wire in the line of a finding: harmless, and never longer
 * than there is room. */
#include "dissect/judge/detail.h"

#include <string.h>

#include "tests/check_main.h"

static const struct escape {
    const char *name, *value;
    size_t size, max;
    const char *want;
} escapes[] = {
    {"plain", "abc", 16, 9, "abc"},
    {"nothing", "", 16, 9, ""},
    {"a backslash is doubled", "a\\b", 16, 9, "a\\\\b"},
    {"bytes that are not printable", "\x01\xff~", 16, 9, "\\x01\\xff~"},
    {"cut by the maximum", "abcd", 16, 3, "abc..."},
    {"just the maximum", "abc", 16, 3, "abc"},
    {"cut by the room", "abcdefgh", 8, 99, "abcd..."},
    {"never within an escape", "ab\x01z", 9, 99, "ab..."},
    {"no room for the dots", "abc", 4, 99, ""},
    {"room for the NUL", "abc", 1, 99, ""},
};

START_TEST(what_is_escaped_fits)
{
    const struct escape *e = &escapes[_i];
    char out[32];
    memset(out, '#', sizeof out);
    size_t n = detail_escape(out, e->size, slice_cstr(e->value), e->max);
    ck_assert_msg(strcmp(out, e->want) == 0, "%s: %s", e->name, out);
    ck_assert_uint_eq(n, strlen(e->want));
    for (size_t i = e->size; i < sizeof out; i++)
        ck_assert_msg(out[i] == '#', "%s: wrote past its room", e->name);
}
END_TEST

START_TEST(a_quotation_ends_whatever_comes_before_and_in_it)
{
    char words[DETAIL_MAX], value[2 * DETAIL_MAX];
    memset(value, 1, sizeof value);
    for (size_t len = 0; len < DETAIL_MAX - 8; len++) {
        struct detail d = {0};
        memset(words, 'w', len);
        words[len] = '\0';
        detail_add_quoted(&d, words, slice_make(value, sizeof value), SIZE_MAX);
        ck_assert_uint_eq(d.len, strlen(d.text));
        ck_assert_uint_lt(d.len, DETAIL_MAX);
        ck_assert_str_eq(d.text + d.len - 4, "...\"");
    }
}
END_TEST

static Suite *
make_suite(void)
{
    Suite *s = suite_create("detail");
    TCase *tc = tcase_create("values");
    tcase_add_loop_test(tc, what_is_escaped_fits, 0,
                        (int)(sizeof escapes / sizeof escapes[0]));
    tcase_add_test(tc, a_quotation_ends_whatever_comes_before_and_in_it);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(make_suite)
