/* SPDX-License-Identifier: MIT */
#include "tests/check_main.h"
#include "tests/safe_text.h"
#include "ui/text.h"

#define DOTS "\xe2\x80\xa6" /* U+2026 */

static const struct {
    const char *name;
    const char *in;
    size_t in_len;
    bool more, utf8;
    size_t max_cols;
    const char *expected;
    size_t cols;
    bool cut;
} vectors[] = {
    {"empty", "", 0, false, true, 10, "", 0, false},
    {"ascii", "Hello", 5, false, true, 10, "Hello", 5, false},
    {"just fits", "Hello", 5, false, true, 5, "Hello", 5, false},
    {"one too long", "Hello!", 6, false, true, 5, "Hell" DOTS, 5, true},
    {"ascii dots", "Hello!", 6, false, false, 5, "He...", 5, true},
    {"no room for dots", "Hello!", 6, false, false, 2, "..", 2, true},
    {"no room at all", "Hello!", 6, false, true, 0, "", 0, true},
    {"more behind it", "Hello", 5, true, true, 10, "Hello" DOTS, 6, true},
    {"more, no room", "Hello", 5, true, true, 5, "Hell" DOTS, 5, true},
    {"controls", "a\0\n\x1b\x7f", 5, false, true, 10,
     "a\xe2\x90\x80\xe2\x90\x8a\xe2\x90\x9b\xe2\x90\xa1", 5, false},
    {"controls in ascii", "a\n\x1b\x7f", 4, false, false, 20, "a<0A><1B><7F>",
     13, false},
    {"escape sequence", "\x1b[2J", 4, false, true, 10, "\xe2\x90\x9b[2J", 4,
     false},
    {"c1 control", "\xc2\x9b", 2, false, true, 10, "<U+009B>", 8, false},
    {"bidi override",
     "a\xe2\x80\xae"
     "b",
     5, false, true, 20, "a<U+202E>b", 10, false},
    {"bidi isolate", "\xe2\x81\xa6", 3, false, true, 20, "<U+2066>", 8, false},
    {"zero width joiner", "\xe2\x80\x8d", 3, false, true, 20, "<U+200D>", 8,
     false},
    {"byte order mark", "\xef\xbb\xbf", 3, false, true, 20, "<U+FEFF>", 8,
     false},
    {"tag character", "\xf3\xa0\x81\x81", 4, false, true, 20, "<U+E0041>", 9,
     false},
    {"line separator", "\xe2\x80\xa8", 3, false, true, 20, "<U+2028>", 8,
     false},
    {"noncharacter", "\xf4\x8f\xbf\xbf", 4, false, true, 20, "<U+10FFFF>", 10,
     false},
    {"invalid byte",
     "a\xff"
     "b",
     3, false, true, 20, "a<FF>b", 6, false},
    {"surrogate", "\xed\xa0\x80", 3, false, true, 20, "<ED><A0><80>", 12,
     false},
    {"overlong", "\xc0\xaf", 2, false, true, 20, "<C0><AF>", 8, false},
    {"cut character at the end", "ab\xe4\xb8", 4, false, true, 20, "ab<E4><B8>",
     10, false},
    {"cut character with more", "ab\xe4\xb8", 4, true, true, 20, "ab" DOTS, 3,
     true},
    {"two columns", "\xe4\xb8\xad\xe6\x96\x87", 6, false, true, 4,
     "\xe4\xb8\xad\xe6\x96\x87", 4, false},
    {"never half of it", "\xe4\xb8\xad\xe6\x96\x87!", 7, false, true, 4,
     "\xe4\xb8\xad" DOTS, 3, true},
    {"escape never cut",
     "a\xff"
     "bcdef",
     7, false, true, 5, "a" DOTS, 2, true},
    {"beyond ascii in ascii", "h\xc3\xa9", 3, false, false, 20, "h<U+00E9>", 9,
     false},
    {"mark on its base", "e\xcc\x81x", 4, false, true, 20, "e\xcc\x81x", 2,
     false},
    {"mark without base", "\xcc\x81x", 3, false, true, 20, "<U+0301>x", 9,
     false},
    {"mark stays at the limit", "e\xcc\x81", 3, false, true, 1, "e\xcc\x81", 1,
     false},
    {"fifth mark", "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81", 11, false, true,
     20, "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81<U+0301>", 9, false},
    {"emoji", "\xf0\x9f\x98\x80", 4, false, true, 20, "\xf0\x9f\x98\x80", 2,
     false},
    {"emoji presentation", "\xe2\x9d\xa4\xef\xb8\x8f", 6, false, true, 20,
     "\xe2\x9d\xa4\xef\xb8\x8f", 2, false},
    {"hidden selectors", "\xe2\x9d\xa4\xef\xb8\x8f\xef\xb8\x8f", 9, false, true,
     20, "\xe2\x9d\xa4\xef\xb8\x8f<U+FE0F>", 10, false},
};

START_TEST(text_is_shown_as_expected)
{
    uint8_t out[256];
    struct slice in = slice_make(vectors[_i].in, vectors[_i].in_len);
    struct text_fit fit = text_fit(in, vectors[_i].more, vectors[_i].utf8,
                                   vectors[_i].max_cols, out, sizeof out - 1);
    out[fit.out_len] = '\0';
    ck_assert_msg(strcmp((char *)out, vectors[_i].expected) == 0,
                  "%s: got \"%s\"", vectors[_i].name, out);
    ck_assert_msg(fit.cols == vectors[_i].cols, "%s: %zu columns",
                  vectors[_i].name, fit.cols);
    ck_assert_msg(fit.cut == vectors[_i].cut, "%s: cut", vectors[_i].name);
}
END_TEST

START_TEST(every_limit_is_kept)
{
    /* One byte behind the room must stay as it is. */
    uint8_t out[64];
    struct slice in = slice_make(vectors[_i].in, vectors[_i].in_len);
    for (size_t cols = 0; cols <= 24; cols++) {
        for (size_t cap = 0; cap < sizeof out; cap++) {
            out[cap] = 0xa5;
            struct text_fit fit = text_fit(in, vectors[_i].more,
                                           vectors[_i].utf8, cols, out, cap);
            ck_assert_uint_eq(out[cap], 0xa5);
            ck_assert_uint_le(fit.out_len, cap);
            ck_assert_uint_le(fit.cols, cols);
            ck_assert_uint_le(fit.in_len, in.len);
            ck_assert(
                safe_text(slice_make(out, fit.out_len), vectors[_i].utf8));
            ck_assert(fit.cut || fit.in_len == in.len);
        }
    }
}
END_TEST

START_TEST(text_goes_on_where_it_was_left)
{
    uint8_t whole[256], pieces[256];
    struct slice in = slice_make(vectors[_i].in, vectors[_i].in_len);
    struct text_fit all =
        text_take(in, false, false, SIZE_MAX, whole, sizeof whole);
    size_t len = 0;
    ck_assert_uint_eq(all.in_len, in.len);
    /* Ten columns hold any character; ASCII has no marks that need their
     * base in the same piece. */
    while (in.len > 0) {
        struct text_fit fit = text_take(in, false, false, TEXT_CHAR_MAX,
                                        pieces + len, sizeof pieces - len);
        ck_assert_uint_gt(fit.in_len, 0);
        len += fit.out_len;
        in = slice_skip(in, fit.in_len);
    }
    ck_assert_uint_eq(len, all.out_len);
    ck_assert_mem_eq(pieces, whole, len);
}
END_TEST

START_TEST(every_byte_alone_is_safe)
{
    uint8_t out[TEXT_CHAR_MAX];
    for (unsigned b = 0; b < 256; b++) {
        uint8_t byte = (uint8_t)b;
        for (int utf8 = 0; utf8 < 2; utf8++) {
            struct text_fit fit = text_take(slice_make(&byte, 1), false, utf8,
                                            SIZE_MAX, out, sizeof out);
            ck_assert_uint_eq(fit.in_len, 1);
            ck_assert_uint_gt(fit.out_len, 0);
            ck_assert(safe_text(slice_make(out, fit.out_len), utf8));
        }
    }
}
END_TEST

static size_t
encode(uint32_t cp, uint8_t out[4])
{
    if (cp < 0x80) {
        out[0] = (uint8_t)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (cp & 0x3f));
        cp >>= 6;
    }
    out[0] = (uint8_t)(lead[n] | cp);
    return n;
}

START_TEST(every_character_behind_a_letter_is_safe)
{
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        uint8_t in[5] = {'a'}, out[2 * TEXT_CHAR_MAX];
        size_t len = 1 + encode(cp, in + 1);
        struct text_fit fit = text_take(slice_make(in, len), false, true,
                                        SIZE_MAX, out, sizeof out);
        ck_assert_uint_eq(fit.in_len, len);
        ck_assert_msg(safe_text(slice_make(out, fit.out_len), true), "U+%04X",
                      (unsigned)cp);
        /* Visible or an escape: nothing vanishes but marks, on a base. */
        ck_assert_uint_ge(fit.cols, 1);
    }
}
END_TEST

static const struct {
    uint32_t cp;
    unsigned width;
} widths[] = {
    {'a', 1},     {0xe9, 1},    {0x301, 0},  {0x5d0, 1},
    {0x1100, 2},  {0x2026, 1},  {0x231a, 2}, {0x3042, 2},
    {0x4e2d, 2},  {0xac00, 2},  {0xff21, 2}, {0xff71, 1},
    {0x1f600, 2}, {0x20000, 2}, {0xe000, 1}, {0x10d0, 1},
};

START_TEST(columns_follow_east_asian_width)
{
    ck_assert_msg(text_width(widths[_i].cp) == widths[_i].width, "U+%04X: %u",
                  (unsigned)widths[_i].cp, text_width(widths[_i].cp));
}
END_TEST

START_TEST(plain_text_is_told_from_binary)
{
    ck_assert(text_is_plain(slice_cstr("")));
    ck_assert(text_is_plain(slice_cstr("a\tb\r\n")));
    ck_assert(text_is_plain(slice_cstr("h\xc3\xa9")));
    ck_assert(!text_is_plain(slice_make("a\0b", 3)));
    ck_assert(!text_is_plain(slice_cstr("\x1b[0m")));
    ck_assert(!text_is_plain(slice_cstr("\x7f")));
    ck_assert(!text_is_plain(slice_cstr("\xff")));
    ck_assert(!text_is_plain(slice_cstr("a\xe4\xb8")));
}
END_TEST

START_TEST(beginnings_of_characters_are_known)
{
    ck_assert(text_is_unfinished(slice_cstr("\xe4")));
    ck_assert(text_is_unfinished(slice_cstr("\xe4\xb8")));
    ck_assert(text_is_unfinished(slice_cstr("\xf0\x9f\x98")));
    ck_assert(!text_is_unfinished(slice_cstr("")));
    ck_assert(!text_is_unfinished(slice_cstr("a")));
    ck_assert(!text_is_unfinished(slice_cstr("\xe4\xb8\xad")));
    ck_assert(!text_is_unfinished(slice_cstr("a\xe4")));
    ck_assert(!text_is_unfinished(slice_cstr("\xff")));
    ck_assert(!text_is_unfinished(slice_cstr("\xed\xa0")));
    ck_assert(!text_is_unfinished(slice_cstr("\x80")));
}
END_TEST

static Suite *
text_suite(void)
{
    const int n = (int)(sizeof vectors / sizeof vectors[0]);
    Suite *suite = suite_create("text");
    TCase *tc = tcase_create("text");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, text_is_shown_as_expected, 0, n);
    tcase_add_loop_test(tc, every_limit_is_kept, 0, n);
    tcase_add_loop_test(tc, text_goes_on_where_it_was_left, 0, n);
    tcase_add_test(tc, every_byte_alone_is_safe);
    tcase_add_test(tc, every_character_behind_a_letter_is_safe);
    tcase_add_loop_test(tc, columns_follow_east_asian_width, 0,
                        (int)(sizeof widths / sizeof widths[0]));
    tcase_add_test(tc, plain_text_is_told_from_binary);
    tcase_add_test(tc, beginnings_of_characters_are_known);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(text_suite)
