/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/grid.h"

#include <limits.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/out_text.h"
#include "tests/safe_text.h"
#include "ui/text.h"

static struct grid grid;
static struct out_text written;

static void
setup(void)
{
    memset(&grid, 0, sizeof grid);
    grid.utf8 = true;
    ck_assert(grid_resize(&grid, 1, 10));
    out_text_init(&written);
}

static void
teardown(void)
{
    grid_fini(&grid);
    out_text_fini(&written);
}

/* Rows as text, each with its line end. */
static const char *
screen(void)
{
    grid_write(&grid, &written.out);
    return out_text_next(&written);
}

/* No half of a wide character alone; nothing that a terminal obeys. */
static bool
is_sound(const struct cell *c, int x)
{
    if (c->role >= ROLE_COUNT)
        return false;
    if (c->ch[0] == 0)
        return x > 0 && text_width(c[-1].ch[0]) == 2;
    if (text_width(c->ch[0]) == 0)
        return false;
    if (text_width(c->ch[0]) == 2 && (x + 1 == grid.cols || c[1].ch[0] != 0))
        return false;
    for (size_t i = 0; i < GRID_CHARS_MAX && c->ch[i]; i++)
        if (!safe_code_point(c->ch[i]) || (!grid.utf8 && c->ch[i] > 0x7e) ||
            (i > 0 && text_width(c->ch[i]) != 0))
            return false;
    return true;
}

static void
assert_sound(void)
{
    for (int y = 0; y < grid.rows; y++)
        for (int x = 0; x < grid.cols; x++)
            if (!is_sound(grid_cell(&grid, y, x), x))
                ck_abort_msg("row %d, column %d", y, x);
}

/* ---- texts ---- */

static const struct put_case {
    const char *name;
    struct {
        const char *ptr;
        size_t len;
    } text;
    int x, cols;
    bool more, ascii;
    const char *row;
    int used;
} put_cases[] = {
#define TEXT(s)                                                                \
    {                                                                          \
        s, sizeof(s) - 1                                                       \
    }
    {"fits", TEXT("hello"), 1, 9, false, false, " hello\n", 5},
    {"just fits", TEXT("0123456789"), 0, 10, false, false, "0123456789\n", 10},
    {"too long for the grid", TEXT("0123456789a"), 0, 99, false, false,
     "012345678~\n", 10},
    {"too long for its columns", TEXT("abcdef"), 2, 4, false, false, "  abc~\n",
     4},
    {"one column", TEXT("abc"), 0, 1, false, false, "~\n", 1},
    {"there is more", TEXT("abc"), 0, 10, true, false, "abc~\n", 4},
    {"more, and no room for the mark", TEXT("abc"), 0, 3, true, false, "ab~\n",
     3},
    {"more of nothing", TEXT(""), 0, 5, true, false, "~\n", 1},
    {"empty", TEXT(""), 0, 5, false, false, "\n", 0},
    {"no columns", TEXT("abc"), 0, 0, false, false, "\n", 0},
    {"columns below nothing", TEXT("abc"), 0, -3, false, false, "\n", 0},
    {"left of the grid", TEXT("abc"), -1, 5, false, false, "\n", 0},
    {"right of the grid", TEXT("abc"), 10, 5, false, false, "\n", 0},
    {"as many columns as there are numbers", TEXT("abc"), 9, INT_MAX, false,
     false, "         ~\n", 1},
    {"wide", TEXT("\u4e2d\u6587!"), 0, 10, false, false, "\u4e2d\u6587!\n", 5},
    {"wide cut in half", TEXT("ab\u4e2d"), 0, 3, false, false, "ab~\n", 3},
    {"wide at the border", TEXT("\u4e2d\u6587"), 7, 9, false, false,
     "       \u4e2d~\n", 3},
    {"wide without room", TEXT("\u4e2d"), 9, 9, false, false, "         ~\n",
     1},
    {"wide as ASCII", TEXT("\u4e2d"), 0, 10, false, true, "<U+4E2D>\n", 8},
    {"a mark", TEXT("e\u0301x"), 0, 10, false, false, "e\u0301x\n", 2},
    {"a mark at the border", TEXT("abcde\u0301"), 5, 9, false, false,
     "     abcde\u0301\n", 5},
    {"four marks", TEXT("e\u0301\u0302\u0303\u0304"), 0, 10, false, false,
     "e\u0301\u0302\u0303\u0304\n", 1},
    {"a mark alone", TEXT("\u0301"), 0, 10, false, false, "<U+0301>\n", 8},
    {"a mark on a wide one", TEXT("\u304b\u3099x"), 0, 10, false, false,
     "\u304b\u3099x\n", 3},
    {"escape sequence", TEXT("\033[2J\033]0;x\a"), 0, 10, false, false,
     "\u241b[2J\u241b]0;x\u2407\n", 10},
    {"escape sequence as ASCII", TEXT("\033[2J"), 0, 10, false, true,
     "<1B>[2J\n", 7},
    {"line ends and tabs", TEXT("a\r\n\tb"), 0, 10, false, false,
     "a\u240d\u240a\u2409b\n", 5},
    {"NUL and DEL", TEXT("a\0b\177"), 0, 10, false, false, "a\u2400b\u2421\n",
     4},
    {"C1", TEXT("\xc2\x9b"), 0, 10, false, false, "<U+009B>\n", 8},
    {"bidi", TEXT("\u202e"), 0, 10, false, false, "<U+202E>\n", 8},
    {"an escape that does not fit", TEXT("ab\u202e"), 0, 9, false, false,
     "ab~\n", 3},
    {"zero width joiner", TEXT("\u200d"), 0, 10, false, false, "<U+200D>\n", 8},
    {"bad UTF-8", TEXT("\xff\xc3("), 0, 10, false, false, "<FF><C3>(\n", 9},
    {"cut in a character", TEXT("ab\xc3"), 0, 10, true, false, "ab~\n", 3},
    {"cut in a character, and no more", TEXT("ab\xc3"), 0, 10, false, false,
     "ab<C3>\n", 6},
    {"emoji selector", TEXT("\u2764\ufe0fx"), 0, 10, false, false, "\u2764 x\n",
     3},
    {"emoji selector at the border", TEXT("\u2764\ufe0f"), 9, 1, false, false,
     "         ~\n", 1},
    {"text selector", TEXT("\u2764\ufe0ex"), 0, 10, false, false, "\u2764 x\n",
     3},
#undef TEXT
};

START_TEST(text_is_clipped_and_made_safe)
{
    const struct put_case *c = &put_cases[_i];
    grid.utf8 = !c->ascii;
    int used = grid_put(&grid, 0, c->x, c->cols, ROLE_TEXT,
                        slice_make((const uint8_t *)c->text.ptr, c->text.len),
                        c->more);
    ck_assert_msg(used == c->used, "%s: %d columns", c->name, used);
    assert_sound();
    const char *row = screen();
    ck_assert_msg(strcmp(row, c->row) == 0, "%s: \"%s\"", c->name, row);
}
END_TEST

START_TEST(rows_outside_of_the_grid_are_not_drawn)
{
    static const int rows[] = {-1, 1, INT_MIN, INT_MAX};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_int_eq(grid_text(&grid, rows[i], 0, 10, ROLE_TEXT, "x"), 0);
        grid_line(&grid, rows[i], 0, 10, ROLE_TEXT, 'x', 'x');
        grid_role(&grid, rows[i], 0, 10, ROLE_BAD);
        grid_cursor(&grid, rows[i], 0, 10);
    }
    ck_assert_str_eq(screen(), "\n");
    for (int x = 0; x < 10; x++) {
        ck_assert_int_eq(grid_cell(&grid, 0, x)->role, ROLE_TEXT);
        ck_assert(!grid_cell(&grid, 0, x)->cursor);
    }
}
END_TEST

/* A long text of hostile bytes: whatever the columns, the row is sound, and
 * what is used is what was asked for at most. */
START_TEST(hostile_bytes_fill_no_more_than_their_columns)
{
    static const char bytes[] = "\033[31m\u4e2d\xff\u202e\u0301\u0301\u0301"
                                "\u0301\u0301e\u0301\ufe0f\u2764\ufe0f\0\x80"
                                "\xf0\x9f\x98\x80\u200d\u2028\xe4\xb8";
    struct slice text = slice_make((const uint8_t *)bytes, sizeof bytes - 1);
    for (int utf8 = 0; utf8 < 2; utf8++)
        for (int cols = 0; cols < 80; cols++)
            for (size_t skip = 0; skip < text.len; skip++) {
                grid.utf8 = utf8;
                ck_assert(grid_resize(&grid, 1, 90));
                int used = grid_put(&grid, 0, 5, cols, ROLE_TEXT,
                                    slice_skip(text, skip), skip & 1);
                ck_assert_int_le(used, cols);
                assert_sound();
                for (int x = 0; x < 90; x++)
                    if ((x < 5 || x >= 5 + cols) &&
                        grid_cell(&grid, 0, x)->ch[0] != ' ')
                        ck_abort_msg("%d columns: written at %d", cols, x);
            }
}
END_TEST

/* Rows hold kilobytes, of which only what fits is looked at. */
START_TEST(a_long_text_is_cut)
{
    static uint8_t text[1 << 16];
    memset(text, 'x', sizeof text);
    ck_assert(grid_resize(&grid, 1, 5000));
    ck_assert_int_eq(grid_put(&grid, 0, 0, 5000, ROLE_TEXT,
                              slice_make(text, sizeof text), false),
                     4097);
    ck_assert_uint_eq(grid_cell(&grid, 0, 4095)->ch[0], 'x');
    ck_assert_uint_eq(grid_cell(&grid, 0, 4096)->ch[0], '~');
}
END_TEST

/* ---- over each other ---- */

static const struct over_case {
    const char *name, *below;
    int x;
    const char *above, *row;
} over_cases[] = {
    {"left half", "\u4e2d\u6587", 0, "x", "x \u6587\n"},
    {"right half", "\u4e2d\u6587", 1, "x", " x\u6587\n"},
    {"wide on two halves", "\u4e2d\u6587", 1, "\u5b57", " \u5b57\n"},
    {"wide on itself", "\u4e2d\u6587", 2, "\u5b57", "\u4e2d\u5b57\n"},
    {"the right half at the border", "12345678\u4e2d", 9, "x", "12345678 x\n"},
    {"a letter with marks", "e\u0301x", 0, "y", "yx\n"},
};

START_TEST(half_a_wide_character_leaves_a_blank)
{
    const struct over_case *c = &over_cases[_i];
    grid_text(&grid, 0, 0, 10, ROLE_TEXT, c->below);
    grid_text(&grid, 0, c->x, 10, ROLE_TEXT, c->above);
    assert_sound();
    const char *row = screen();
    ck_assert_msg(strcmp(row, c->row) == 0, "%s: \"%s\"", c->name, row);
}
END_TEST

START_TEST(lines_break_wide_characters_too)
{
    grid_text(&grid, 0, 0, 10, ROLE_TEXT, "\u4e2d\u6587\u5b57");
    grid_line(&grid, 0, 1, 2, ROLE_DIM, 0x2500, '-');
    assert_sound();
    ck_assert_str_eq(screen(), " \u2500\u2500 \u5b57\n");
}
END_TEST

START_TEST(lines_are_clipped)
{
    grid_line(&grid, 0, -3, 5, ROLE_DIM, 0x2500, '-');
    grid_line(&grid, 0, 8, 99, ROLE_DIM, 0x2500, '-');
    ck_assert_str_eq(screen(), "\u2500\u2500      \u2500\u2500\n");
    grid.utf8 = false;
    grid_line(&grid, 0, 0, 10, ROLE_DIM, 0x2500, '-');
    ck_assert_str_eq(screen(), "----------\n");
}
END_TEST

/* ---- roles and the cursor ---- */

START_TEST(text_has_its_role_and_the_mark_of_a_cut_is_dim)
{
    grid_text(&grid, 0, 1, 4, ROLE_ERROR, "a\u4e2dbcd");
    ck_assert_int_eq(grid_cell(&grid, 0, 0)->role, ROLE_TEXT);
    ck_assert_int_eq(grid_cell(&grid, 0, 1)->role, ROLE_ERROR);
    ck_assert_int_eq(grid_cell(&grid, 0, 2)->role, ROLE_ERROR);
    ck_assert_int_eq(grid_cell(&grid, 0, 3)->role, ROLE_ERROR);
    ck_assert_int_eq(grid_cell(&grid, 0, 4)->role, ROLE_DIM);
    ck_assert_int_eq(grid_cell(&grid, 0, 5)->role, ROLE_TEXT);
}
END_TEST

START_TEST(roles_and_cursor_are_given_to_what_is_there)
{
    grid_text(&grid, 0, 0, 10, ROLE_TEXT, "0123456789");
    grid_role(&grid, 0, 3, 2, ROLE_GOOD);
    grid_cursor(&grid, 0, 4, 99);
    for (int x = 0; x < 10; x++) {
        const struct cell *c = grid_cell(&grid, 0, x);
        ck_assert_int_eq(c->role, x == 3 || x == 4 ? ROLE_GOOD : ROLE_TEXT);
        ck_assert_int_eq(c->cursor, x >= 4);
    }
    ck_assert_str_eq(screen(), "0123456789\n");
    /* What is drawn next is not selected. */
    grid_text(&grid, 0, 5, 1, ROLE_TEXT, "x");
    ck_assert(!grid_cell(&grid, 0, 5)->cursor);
}
END_TEST

/* ---- the grid ---- */

START_TEST(a_grid_has_a_cell_at_least_and_is_blank_after_resizing)
{
    grid_text(&grid, 0, 0, 10, ROLE_BAD, "0123456789");
    ck_assert(grid_resize(&grid, 0, -5));
    ck_assert_int_eq(grid.rows, 1);
    ck_assert_int_eq(grid.cols, 1);
    ck_assert_str_eq(screen(), "\n");
    ck_assert(grid_resize(&grid, 3, 20));
    ck_assert_str_eq(screen(), "\n\n\n");
    ck_assert_int_eq(grid_cell(&grid, 2, 19)->role, ROLE_TEXT);
}
END_TEST

START_TEST(a_grid_that_cannot_be_made_stays_as_it_was)
{
    grid_text(&grid, 0, 0, 10, ROLE_TEXT, "here");
    ck_assert(!grid_resize(&grid, INT_MAX, INT_MAX));
    ck_assert_int_eq(grid.rows, 1);
    ck_assert_int_eq(grid.cols, 10);
    ck_assert_str_eq(screen(), "here\n");
}
END_TEST

START_TEST(titles_fit)
{
    static const struct {
        int cols;
        const char *row;
    } cases[] = {
        {20, "\u2500\u2500 Title \u2500\u2500\u2500\u2500\u2500\u2500"
             "\u2500\u2500\u2500\u2500\u2500\n"},
        {9, "\u2500\u2500 Tit~ \u2500\n"},
        {7, "\u2500\u2500\u2500\u2500\u2500\u2500\u2500\n"},
        {0, "\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert(grid_resize(&grid, 1, 40));
        grid_title(&grid, (struct rect){0, 0, 1, cases[i].cols}, true, "%s",
                   "Title");
        const char *row = screen();
        ck_assert_msg(strcmp(row, cases[i].row) == 0, "%d: \"%s\"",
                      cases[i].cols, row);
    }
}
END_TEST

START_TEST(long_formats_are_cut)
{
    static char text[5000];
    memset(text, 'y', sizeof text - 1);
    ck_assert(grid_resize(&grid, 2, 1000));
    ck_assert_int_eq(grid_format(&grid, 0, 0, 1000, ROLE_TEXT, "%s", text),
                     511);
    grid_title(&grid, (struct rect){1, 0, 1, 1000}, false, "%s", text);
    assert_sound();
}
END_TEST

static const struct {
    uint32_t ch;
    const char *bytes;
} encode_cases[] = {
    {'a', "a"},
    {0x7f, "\x7f"},
    {0x80, "\xc2\x80"},
    {0x7ff, "\xdf\xbf"},
    {0x800, "\xe0\xa0\x80"},
    {0xffff, "\xef\xbf\xbf"},
    {0x10000, "\xf0\x90\x80\x80"},
    {0x10ffff, "\xf4\x8f\xbf\xbf"},
};

START_TEST(characters_are_encoded_by_rfc_3629)
{
    uint8_t out[4];
    size_t len = grid_encode(encode_cases[_i].ch, out);
    ck_assert_uint_eq(len, strlen(encode_cases[_i].bytes));
    ck_assert_mem_eq(out, encode_cases[_i].bytes, len);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_grid");
    TCase *tc = tcase_create("grid");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, text_is_clipped_and_made_safe, 0,
                        sizeof put_cases / sizeof *put_cases);
    tcase_add_test(tc, rows_outside_of_the_grid_are_not_drawn);
    tcase_add_test(tc, hostile_bytes_fill_no_more_than_their_columns);
    tcase_add_test(tc, a_long_text_is_cut);
    tcase_add_loop_test(tc, half_a_wide_character_leaves_a_blank, 0,
                        sizeof over_cases / sizeof *over_cases);
    tcase_add_test(tc, lines_break_wide_characters_too);
    tcase_add_test(tc, lines_are_clipped);
    tcase_add_test(tc, text_has_its_role_and_the_mark_of_a_cut_is_dim);
    tcase_add_test(tc, roles_and_cursor_are_given_to_what_is_there);
    tcase_add_test(tc, a_grid_has_a_cell_at_least_and_is_blank_after_resizing);
    tcase_add_test(tc, a_grid_that_cannot_be_made_stays_as_it_was);
    tcase_add_test(tc, titles_fit);
    tcase_add_test(tc, long_formats_are_cut);
    tcase_add_loop_test(tc, characters_are_encoded_by_rfc_3629, 0,
                        sizeof encode_cases / sizeof *encode_cases);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
