/* SPDX-License-Identifier: MIT */
#include "tests/check_main.h"
#include "tests/edge_page.h"
#include "ui/json_scan.h"

/* RFC 8259; tokens as a string of letters: o open, c close, : , k key, s
 * scalar, . end, ! not JSON. */
static const struct {
    const char *json, *tokens;
} cases[] = {
    {"{}", "oc."},
    {"[]", "oc."},
    {" [ ] ", "oc."},
    {"null", "s."},
    {"true", "s."},
    {"false", "s."},
    {"0", "s."},
    {"-0", "s."},
    {"12", "s."},
    {"-12.50e+07", "s."},
    {"1E5", "s."},
    {"1e-5", "s."},
    {"\"\"", "s."},
    {"\"a\\\"b\\\\\"", "s."},
    {"\"\\u001b\\ud83d\\uDE00\"", "s."},
    {"\"\\b\\f\\n\\r\\t\\/\"", "s."},
    {"\"\x7f\xff\xc3\"", "s."}, /* what is inside is not looked at */
    {"{\"a\":1}", "ok:sc."},
    {"{\"a\":1,\"b\":[1,2,{}]}", "ok:s,k:os,s,occc."},
    {"[[],{\"\":null}]\r\n\t", "ooc,ok:scc."},
    {"", "!"},
    {"  ", "!"},
    {"{", "o!"},
    {"[", "o!"},
    {"[1", "os!"},
    {"[1,", "os,!"},
    {"[1,]", "os,!"},
    {"[,1]", "o!"},
    {"[1 2]", "os!"},
    {"{\"a\"}", "ok!"},
    {"{\"a\":}", "ok:!"},
    {"{\"a\":1,}", "ok:s,!"},
    {"{a:1}", "o!"},
    {"{1:1}", "o!"},
    {"{]", "o!"},
    {"[}", "o!"},
    {"[1}", "os!"},
    {"}", "!"},
    {"]", "!"},
    {":", "!"},
    {",", "!"},
    {"1 2", "s!"},
    {"{}x", "oc!"},
    {"[] []", "oc!"},
    {"nul", "!"},
    {"nulll", "s!"},
    {"True", "!"},
    {"NaN", "!"},
    {"01", "!"},
    {"-", "!"},
    {"+1", "!"},
    {".5", "!"},
    {"5.", "!"},
    {"5.e1", "!"},
    {"1e", "!"},
    {"1e+", "!"},
    {"0x10", "s!"},
    {"'a'", "!"},
    {"\"", "!"},
    {"\"a", "!"},
    {"\"a\\\"", "!"},
    {"\"\\", "!"},
    {"\"\\x\"", "!"},
    {"\"\\u12\"", "!"},
    {"\"\\u12g4\"", "!"},
    {"\"\\u123", "!"},
    {"\"a\nb\"", "!"},
    {"\"\t\"", "!"},
    {"// c\n1", "!"},
    {"\xef\xbb\xbf{}", "!"},
    {"hello", "!"},
};

static char
letter(enum json_token token)
{
    static const char letters[] = ".oc:,ks!";
    return letters[token];
}

START_TEST(tokens_come_as_they_stand_there)
{
    struct edge_page page;
    char tokens[64];
    struct json_scan s;
    struct slice text, in = slice_cstr(cases[_i].json);
    size_t n = 0, seen = 0;
    edge_page_init(&page, in.len + 1);
    in = edge_page_put(&page, in);
    json_scan_init(&s, in);
    enum json_token token;
    do {
        token = json_scan_next(&s, &text);
        ck_assert_uint_lt(n, sizeof tokens - 1);
        tokens[n++] = letter(token);
        if (text.len > 0) {
            ck_assert(text.ptr >= in.ptr + seen);
            seen = (size_t)(text.ptr - in.ptr) + text.len;
            ck_assert_uint_le(seen, in.len);
        }
    } while (token != JSON_TOKEN_END && token != JSON_TOKEN_BAD);
    tokens[n] = '\0';
    ck_assert_msg(strcmp(tokens, cases[_i].tokens) == 0, "%s: %s, not %s",
                  cases[_i].json, tokens, cases[_i].tokens);
    ck_assert_int_eq(json_scan_next(&s, &text), token);
    ck_assert_int_eq(json_scan_is_json(in), token == JSON_TOKEN_END);
    edge_page_fini(&page);
}
END_TEST

START_TEST(depth_has_a_limit)
{
    char json[2 * JSON_SCAN_DEPTH_MAX + 2];
    memset(json, '[', JSON_SCAN_DEPTH_MAX);
    memset(json + JSON_SCAN_DEPTH_MAX, ']', JSON_SCAN_DEPTH_MAX);
    ck_assert(json_scan_is_json(slice_make(json, 2 * JSON_SCAN_DEPTH_MAX)));
    memset(json, '[', JSON_SCAN_DEPTH_MAX + 1);
    memset(json + JSON_SCAN_DEPTH_MAX + 1, ']', JSON_SCAN_DEPTH_MAX + 1);
    ck_assert(!json_scan_is_json(slice_make(json, sizeof json)));
}
END_TEST

/* Objects and arrays are told apart at every depth. */
START_TEST(each_level_closes_as_it_opened)
{
    char json[6 * JSON_SCAN_DEPTH_MAX];
    for (unsigned wrong = 0; wrong <= JSON_SCAN_DEPTH_MAX; wrong++) {
        size_t n = 0;
        for (unsigned i = 0; i < JSON_SCAN_DEPTH_MAX; i++) {
            memcpy(json + n, i % 3 ? "[" : "{\"\":", i % 3 ? 1 : 4);
            n += i % 3 ? 1 : 4;
        }
        json[n++] = '1';
        for (unsigned i = JSON_SCAN_DEPTH_MAX; i-- > 0;)
            json[n++] = (i % 3 != 0) != (i == wrong) ? ']' : '}';
        ck_assert_int_eq(json_scan_is_json(slice_make(json, n)),
                         wrong == JSON_SCAN_DEPTH_MAX);
    }
}
END_TEST

static Suite *
json_scan_suite(void)
{
    Suite *suite = suite_create("json_scan");
    TCase *tcase = tcase_create("json_scan");
    tcase_add_loop_test(tcase, tokens_come_as_they_stand_there, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(tcase, depth_has_a_limit);
    tcase_add_test(tcase, each_level_closes_as_it_opened);
    suite_add_tcase(suite, tcase);
    return suite;
}

CHECK_MAIN(json_scan_suite)
