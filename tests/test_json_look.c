/* SPDX-License-Identifier: MIT */
#include "ui/export/json_look.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/edge_page.h"

static const struct {
    const char *text;
    bool want;
} texts[] = {
    {"{}", true},
    {"[]", true},
    {" \t\r\n[ ] \n", true},
    {"{\"a\":1}", true},
    {"{ \"a\" : [ 1 , {\"b\":null} , true , false ] , \"c\" : \"\" }", true},
    {"[0,-0,1.5,-2.25e+10,3E-2,10]", true},
    {"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\"]", true},
    {"[\"\xc3\xa9\x7f\"]", true},
    {"[[[[]],[]],{}]", true},
    {"", false},
    {" ", false},
    {"1", false}, /* JSON, but nobody calls a file of it so */
    {"\"a\"", false},
    {"null", false},
    {"{", false},
    {"[", false},
    {"[}", false},
    {"{]", false},
    {"[]]", false},
    {"[] []", false},
    {"[1,]", false},
    {"[,1]", false},
    {"[1 2]", false},
    {"{\"a\"}", false},
    {"{\"a\":}", false},
    {"{\"a\":1,}", false},
    {"{,}", false},
    {"{1:2}", false},
    {"{\"a\" 1}", false},
    {"[01]", false},
    {"[1.]", false},
    {"[.5]", false},
    {"[+1]", false},
    {"[-]", false},
    {"[1e]", false},
    {"[1e+]", false},
    {"[NaN]", false},
    {"[tru]", false},
    {"[trueish]", false},
    {"[\"a]", false},
    {"[\"\\x\"]", false},
    {"[\"\\u12g4\"]", false},
    {"[\"\\u12", false},
    {"[\"\\", false},
    {"[\"a\nb\"]", false},
    {"['a']", false},
    {"[1]x", false},
    {"\xef\xbb\xbf[]", false}, /* RFC 8259 section 8.1 */
};

START_TEST(what_is_json_is_told)
{
    struct edge_page page;
    edge_page_init(&page, 100);
    struct slice text = edge_page_put(&page, slice_cstr(texts[_i].text));
    ck_assert_msg(json_look(text) == texts[_i].want, "%s", texts[_i].text);
    edge_page_fini(&page);
}
END_TEST

/* n times open, then n times close. */
static bool
nest(char open, char close, size_t n)
{
    char *text = malloc(2 * n);
    ck_assert_ptr_nonnull(text);
    memset(text, open, n);
    memset(text + n, close, n);
    bool is = json_look(slice_make(text, 2 * n));
    free(text);
    return is;
}

START_TEST(it_may_nest_so_deep_and_no_deeper)
{
    ck_assert(nest('[', ']', JSON_LOOK_DEPTH_MAX));
    ck_assert(!nest('[', ']', JSON_LOOK_DEPTH_MAX + 1));
    ck_assert(!nest('[', ']', 1000000));
}
END_TEST

START_TEST(no_byte_0_is_an_escape)
{
    ck_assert(!json_look(slice_make("[\"\\\0\"]", 6)));
    ck_assert(!json_look(slice_make("[]\0", 3)));
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("json_look");
    TCase *t = tcase_create("json_look");
    tcase_add_loop_test(t, what_is_json_is_told, 0,
                        sizeof texts / sizeof *texts);
    tcase_add_test(t, it_may_nest_so_deep_and_no_deeper);
    tcase_add_test(t, no_byte_0_is_an_escape);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
