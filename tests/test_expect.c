/* SPDX-License-Identifier: MIT */
#include "ui/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/edge_page.h"
#include "tests/rng.h"

/* What is listed, as "id=count" or "id=*" with a blank between. */
static const char *
dump(const struct expect *e)
{
    static char out[512];
    size_t at = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const struct expect_row *row = &e->row[i];
        const char *id = finding_info((enum finding_id)i)->id;
        if (row->line == 0)
            continue;
        at += (size_t)snprintf(out + at, sizeof out - at,
                               "%s%s=", at ? " " : "", id);
        at += row->any ? (size_t)snprintf(out + at, sizeof out - at, "*")
                       : (size_t)snprintf(out + at, sizeof out - at, "%ju",
                                          (uintmax_t)row->count);
    }
    return out;
}

static const struct {
    const char *text, *want;
} good[] = {
    {"", ""},
    {"\n\n \t\r\n", ""},
    {"# nothing", ""},
    {"#\n##\n", ""},
    {"deflate-bomb 3", "deflate-bomb=3"},
    {"deflate-bomb 3\n", "deflate-bomb=3"},
    {"deflate-bomb\t3\r\n", "deflate-bomb=3"},
    {"  deflate-bomb   3  # three\n", "deflate-bomb=3"},
    {"deflate-bomb 3#three", "deflate-bomb=3"},
    {"deflate-bomb 0", "deflate-bomb=0"},
    {"deflate-bomb 007", "deflate-bomb=7"},
    {"deflate-bomb *", "deflate-bomb=*"},
    {"deflate-bomb 18446744073709551615", "deflate-bomb=18446744073709551615"},
    {"# all\n\ndeflate-bomb 1\ntcp-stream-gap *\n",
     "tcp-stream-gap=* deflate-bomb=1"},
};

START_TEST(each_good_file_is_understood)
{
    struct expect e;
    struct expect_error error;
    bool ok = expect_parse(&e, slice_cstr(good[_i].text), &error);
    ck_assert_msg(ok, "%s: %s", good[_i].text, error.reason);
    ck_assert_str_eq(dump(&e), good[_i].want);
}
END_TEST

static const struct {
    const char *text;
    uint64_t line;
    const char *reason;
} bad[] = {
    {"deflate-bmob 3", 1,
     "no finding 'deflate-bmob'; did you mean 'deflate-bomb'?"},
    {"\n# x\nwhatever 3", 3, "no finding 'whatever'; see 'wsray findings'"},
    {"3 deflate-bomb", 1, "no finding '3'; see 'wsray findings'"},
    {"deflate-bomb\n3", 1,
     "no count behind 'deflate-bomb': a number, or * for any"},
    {"deflate-bomb # 3", 1,
     "no count behind 'deflate-bomb': a number, or * for any"},
    {"deflate-bomb x", 1, "'x' is not a count: a number, or * for any"},
    {"deflate-bomb -1", 1, "'-1' is not a count: a number, or * for any"},
    {"deflate-bomb 1x", 1, "'1x' is not a count: a number, or * for any"},
    {"deflate-bomb **", 1, "'**' is not a count: a number, or * for any"},
    {"deflate-bomb 18446744073709551616", 1,
     "'18446744073709551616' is not a count: a number, or * for any"},
    {"deflate-bomb 1 2", 1, "'2' is too much: a line is ID COUNT"},
    {"\ndeflate-bomb 1\n\ndeflate-bomb *", 4,
     "'deflate-bomb' stands in line 2 too"},
    {"\xef\xbb\xbf"
     "deflate-bomb 1",
     1, "no finding '<U+FEFF>deflate-bomb'; did you mean 'deflate-bomb'?"},
    {"\033[31m 1", 1, "no finding '<1B>[31m'; see 'wsray findings'"},
    {"deflate-bomb \xff\x01", 1,
     "'<FF><01>' is not a count: a number, or * for any"},
};

START_TEST(each_bad_file_is_explained_with_its_line)
{
    struct expect e;
    struct expect_error error;
    ck_assert(!expect_parse(&e, slice_cstr(bad[_i].text), &error));
    ck_assert_uint_eq(error.line, bad[_i].line);
    ck_assert_str_eq(error.reason, bad[_i].reason);
}
END_TEST

START_TEST(a_nul_in_a_word_is_not_its_end)
{
    static const char text[] = "deflate-bomb 3\0";
    struct expect e;
    struct expect_error error;
    ck_assert(!expect_parse(&e, slice_make(text, sizeof text - 1), &error));
    ck_assert_str_eq(error.reason,
                     "'3<00>' is not a count: a number, or * for any");
}
END_TEST

/* Bytes that a file is made of, and any others. */
static size_t
make_noise(struct rng *rng, uint8_t *out, size_t size)
{
    static const char *const parts[] = {"deflate-bomb",
                                        "tcp-stream-gap",
                                        " ",
                                        "\n",
                                        "*",
                                        "12",
                                        "#",
                                        "\r\n",
                                        "\t"};
    size_t len = 0;
    while (len + 16 < size) {
        uint32_t pick = rng_below(rng, 12);
        if (pick < sizeof parts / sizeof *parts) {
            size_t part = strlen(parts[pick]);
            memcpy(out + len, parts[pick], part);
            len += part;
        } else {
            out[len++] = (uint8_t)rng_below(rng, 256);
        }
        if (rng_below(rng, 40) == 0)
            break;
    }
    return len;
}

START_TEST(any_bytes_are_read_or_refused_with_a_plain_reason)
{
    struct rng rng = {(uint64_t)_i};
    struct edge_page page;
    uint8_t noise[512];
    unsigned refused = 0, taken = 0;
    edge_page_init(&page, sizeof noise);
    for (unsigned i = 0; i < 2000; i++) {
        struct expect e;
        struct expect_error error;
        size_t len = make_noise(&rng, noise, sizeof noise);
        struct slice bytes = edge_page_put(&page, slice_make(noise, len));
        if (expect_parse(&e, bytes, &error)) {
            taken++;
        } else {
            refused++;
            ck_assert_uint_gt(error.line, 0);
            ck_assert_uint_gt(strlen(error.reason), 0);
            for (const char *c = error.reason; *c != '\0'; c++)
                ck_assert(*c >= 0x20 && *c < 0x7f);
        }
    }
    edge_page_fini(&page);
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_gt(taken, 0);
}
END_TEST

START_TEST(a_long_word_is_cut_in_the_reason)
{
    static char text[100000];
    struct expect e;
    struct expect_error error;
    memset(text, 'x', sizeof text);
    ck_assert(!expect_parse(&e, slice_make(text, sizeof text), &error));
    ck_assert_uint_lt(strlen(error.reason), 100);
}
END_TEST

static enum err
read_bytes(const void *bytes, size_t len, struct expect *e,
           struct expect_error *error)
{
    char name[] = "test_expect.XXXXXX";
    int fd = mkstemp(name);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    enum err result = expect_read(e, name, error);
    unlink(name);
    return result;
}

START_TEST(files_are_read_up_to_their_maximum)
{
    struct expect e;
    struct expect_error error;
    char *text = malloc(EXPECT_FILE_MAX + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, '\n', EXPECT_FILE_MAX + 1);
    memcpy(text, "deflate-bomb 2", 14);
    ck_assert_int_eq(read_bytes(text, 15, &e, &error), ERR_OK);
    ck_assert_str_eq(dump(&e), "deflate-bomb=2");
    ck_assert_int_eq(read_bytes(text, EXPECT_FILE_MAX, &e, &error), ERR_OK);
    ck_assert_str_eq(dump(&e), "deflate-bomb=2");
    ck_assert_int_eq(read_bytes(text, EXPECT_FILE_MAX + 1, &e, &error),
                     ERR_USAGE);
    ck_assert_uint_eq(error.line, 0);
    ck_assert_str_eq(error.reason, "longer than 1 MiB");
    ck_assert_int_eq(read_bytes("x 1", 3, &e, &error), ERR_USAGE);
    ck_assert_uint_eq(error.line, 1);
    ck_assert_int_eq(read_bytes("", 0, &e, &error), ERR_OK);
    free(text);
}
END_TEST

START_TEST(what_cannot_be_read_is_another_error)
{
    struct expect e;
    struct expect_error error;
    ck_assert_int_eq(expect_read(&e, "no-such-file", &error), ERR_OPEN);
    ck_assert_str_eq(error.reason, "No such file or directory");
    ck_assert_uint_eq(error.line, 0);
    ck_assert_int_eq(expect_read(&e, ".", &error), ERR_READ);
    ck_assert_str_eq(error.reason, "Is a directory");
}
END_TEST

static const struct {
    const char *text;
    uint64_t found;
    bool allowed;
    uint64_t wanted;
} counts[] = {
    {"", 0, true, 0},
    {"", 1, false, 0},
    {"deflate-bomb 0", 0, true, 0},
    {"deflate-bomb 0", 1, false, 0},
    {"deflate-bomb 2", 2, true, 2},
    {"deflate-bomb 2", 1, false, 2},
    {"deflate-bomb 2", 3, false, 2},
    {"deflate-bomb 2", 0, false, 2},
    {"deflate-bomb *", 0, true, 0},
    {"deflate-bomb *", 99, true, 0},
    {"tcp-stream-gap *", 1, false, 0},
};

START_TEST(counts_have_to_come_exactly)
{
    struct expect e;
    struct expect_error error;
    uint64_t wanted;
    ck_assert(expect_parse(&e, slice_cstr(counts[_i].text), &error));
    ck_assert_int_eq(expect_allows(&e, FINDING_DEFLATE_BOMB, counts[_i].found,
                                   &wanted),
                     counts[_i].allowed);
    if (!counts[_i].allowed)
        ck_assert_uint_eq(wanted, counts[_i].wanted);
}
END_TEST

static Suite *
expect_suite(void)
{
    Suite *s = suite_create("expect");
    TCase *t = tcase_create("expect");
    tcase_add_loop_test(t, each_good_file_is_understood, 0,
                        sizeof good / sizeof *good);
    tcase_add_loop_test(t, each_bad_file_is_explained_with_its_line, 0,
                        sizeof bad / sizeof *bad);
    tcase_add_test(t, a_nul_in_a_word_is_not_its_end);
    tcase_add_loop_test(t, any_bytes_are_read_or_refused_with_a_plain_reason, 0,
                        4);
    tcase_add_test(t, a_long_word_is_cut_in_the_reason);
    tcase_add_test(t, files_are_read_up_to_their_maximum);
    tcase_add_test(t, what_cannot_be_read_is_another_error);
    tcase_add_loop_test(t, counts_have_to_come_exactly, 0,
                        sizeof counts / sizeof *counts);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(expect_suite)
