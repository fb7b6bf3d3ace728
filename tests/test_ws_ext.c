/* SPDX-License-Identifier: MIT */
#include "dissect/ws_ext.h"

#include <stdio.h>

#include "tests/check_main.h"
#include "tests/edge_page.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

/* The list as text: "name;param=value;param name"; "!" malformed, "+"
 * truncated at its end. */
static void
list_text(char *out, const struct ws_ext_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct ws_ext *ext = &list->ext[i];
        out += sprintf(out, "%s%.*s", i ? " " : "", (int)ext->name.len,
                       ext->name.ptr);
        for (size_t k = 0; k < ext->n_params; k++) {
            const struct ws_ext_param *p = &list->params[ext->first_param + k];
            out += sprintf(out, ";%.*s", (int)p->name.len, p->name.ptr);
            if (p->value.ptr)
                out += sprintf(out, "%s%.*s%s",
                               p->escaped  ? "=\\\""
                               : p->quoted ? "=\""
                                           : "=",
                               (int)p->value.len, p->value.ptr,
                               p->quoted ? "\"" : "");
        }
    }
    sprintf(out, "%s%s", list->malformed ? "!" : "",
            list->truncated ? "+" : "");
}

struct ext_row {
    const char *name, *value, *want;
};

static const struct ext_row ext_rows[] = {
    {"RFC 6455 section 9.1, one", "foo", "foo"},
    {"RFC 6455 section 9.1, two", "bar; baz=2", "bar;baz=2"},
    {"RFC 6455 section 9.1, three", "foo, bar; baz=2", "foo bar;baz=2"},
    {"RFC 6455 section 9.1, hypothetical",
     "deflate-stream, mux; max-channels=4; flow-control, deflate-stream",
     "deflate-stream mux;max-channels=4;flow-control deflate-stream"},
    {"RFC 7692 section 7.1.2.1",
     "permessage-deflate; server_max_window_bits=10",
     "permessage-deflate;server_max_window_bits=10"},
    {"RFC 7692 section 7.1.2.2",
     "permessage-deflate; client_max_window_bits, permessage-deflate",
     "permessage-deflate;client_max_window_bits permessage-deflate"},
    {"RFC 7692 section 7.1.3, fallback",
     "permessage-deflate; client_max_window_bits; server_max_window_bits=10, "
     "permessage-deflate; client_max_window_bits",
     "permessage-deflate;client_max_window_bits;server_max_window_bits=10 "
     "permessage-deflate;client_max_window_bits"},
    {"RFC 7692 section 5.1, quoted",
     "permessage-foo; use_y; x=\"a\", permessage-bar",
     "permessage-foo;use_y;x=\"a\" permessage-bar"},
    {"no white space at all", "a;b=c;d,e;f", "a;b=c;d e;f"},
    {"white space everywhere", " \ta \t; b\t = \"c\" ; d , e\t",
     "a;b=\"c\";d e"},
    {"folded lines", "a;\r\n b=1,\r\n\tc", "a;b=1 c"},
    {"empty elements", ",, a , ,b,", "a b"},
    {"nothing", "", ""},
    {"only commas and blanks", " , ,", ""},
    {"a comma and a semicolon in quotes", "a;b=\"c,d;e\";f",
     "a;b=\"c,d;e\";f!"},
    {"escapes", "a;b=\"1\\0\"", "a;b=\\\"1\\0\""},
    {"an escaped quote", "a;b=\"c\\\"d\",e", "a;b=\\\"c\\\"d\" e!"},
    {"an empty quoted string", "a;b=\"\"", "a;b=\"\"!"},
    {"quotes without an end", "a;b=\"c, d", "a;b=\"c, d\"!"},
    {"a backslash at the very end", "a;b=\"c\\", "a;b=\"c\\\"!"},
    {"a value that is missing", "a;b=,c", "a;b= c!"},
    {"a parameter that is missing", "a;;b;,c;", "a;b c!"},
    {"a parameter without a name", "a;=1;b", "a;b!"},
    {"an extension without a name", ";a=1, b", "b!"},
    {"an extension with a value", "a=1;b, c", "a;b c!"},
    {"two names without a comma", "a b;c d=1;e, f", "a;c;e f!"},
    {"two values", "a;b=1 2;c", "a;b=1;c!"},
    {"rubbish behind quotes", "a;b=\"1\"2\"x,;y\";c", "a;b=\"1\";c!"},
    {"bytes above ASCII", "a\xff;b=\x80, c", "a;b= c!"},
    {"all token characters", "!#$%&'*+-.^_`|~aZ09", "!#$%&'*+-.^_`|~aZ09"},
};

START_TEST(the_grammar_is_read_as_far_as_it_holds)
{
    const struct ext_row *row = &ext_rows[_i];
    struct ws_ext_list list;
    struct edge_page edge;
    char got[512];
    edge_page_init(&edge, strlen(row->value));
    memset(&list, 0x5a, sizeof list);
    ws_ext_init(&list);
    ws_ext_parse(&list, edge_page_put(&edge, slice_cstr(row->value)));
    list_text(got, &list);
    ck_assert_msg(strcmp(got, row->want) == 0, "%s: %s", row->name, got);
    edge_page_fini(&edge);
}
END_TEST

START_TEST(a_cut_value_is_never_read_past_its_end)
{
    struct slice value = slice_cstr(ext_rows[_i].value);
    struct edge_page edge;
    edge_page_init(&edge, value.len);
    for (size_t len = 0; len <= value.len; len++) {
        struct ws_ext_list list;
        ws_ext_init(&list);
        ws_ext_parse(&list, edge_page_put(&edge, slice_head(value, len)));
        ck_assert_uint_le(list.n, WS_EXT_MAX);
    }
    edge_page_fini(&edge);
}
END_TEST

START_TEST(repeated_header_lines_make_one_list)
{
    struct ws_ext_list list;
    char got[512];
    ws_ext_init(&list);
    ws_ext_parse(&list, slice_cstr("foo"));
    ws_ext_parse(&list, slice_cstr(""));
    ws_ext_parse(&list, slice_cstr("bar; baz=2, x"));
    list_text(got, &list);
    ck_assert_str_eq(got, "foo bar;baz=2 x");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_whole)
{
    struct ws_ext_list list;
    ws_ext_init(&list);
    for (unsigned i = 0; i < WS_EXT_MAX; i++)
        ws_ext_parse(&list, slice_cstr("a;b"));
    ck_assert(!list.truncated);
    ws_ext_parse(&list, slice_cstr("late;late-param"));
    ck_assert(list.truncated);
    ck_assert_uint_eq(list.n, WS_EXT_MAX);
    ck_assert_uint_eq(list.n_params, WS_EXT_MAX);
    ck_assert_uint_eq(list.ext[WS_EXT_MAX - 1].n_params, 1);

    ws_ext_init(&list);
    ws_ext_parse(&list, slice_cstr("a"));
    for (unsigned i = 0; i < WS_EXT_PARAMS_MAX / 4 + 1; i++)
        ws_ext_parse(&list, slice_cstr("x;1;2;3;4"));
    ck_assert(list.truncated && !list.malformed);
    ck_assert_uint_eq(list.n_params, WS_EXT_PARAMS_MAX);
    ck_assert_uint_eq(list.ext[9].n_params, 0);
    ck_assert(!list.has_deflate);
}
END_TEST

/* The 17th extension, or with its parameters behind the 32nd. */
START_TEST(permessage_deflate_is_found_beyond_the_table)
{
    static const char deflate[] =
        "Permessage-Deflate; server_no_context_takeover; "
        "client_max_window_bits=9, permessage-deflate; level=1";
    struct ws_ext_list list;
    struct ws_deflate_params got = {0};
    ws_ext_init(&list);
    if (_i == 0)
        for (unsigned i = 0; i < WS_EXT_MAX; i++)
            ws_ext_parse(&list, slice_cstr("a;b"));
    else
        for (unsigned i = 0; i < WS_EXT_PARAMS_MAX / 4; i++)
            ws_ext_parse(&list, slice_cstr("a;1;2;3;4"));
    ck_assert(!list.truncated && !ws_ext_deflate_agreed(&list, &got));
    ws_ext_parse(&list, slice_cstr(deflate));
    ck_assert(list.truncated);
    ck_assert(ws_ext_deflate_agreed(&list, &got));
    ck_assert_uint_eq(got.client_max_window_bits, 9);
    ck_assert_uint_eq(got.server_max_window_bits, 15);
    ck_assert(got.server_no_context_takeover);
    ck_assert(!got.client_no_context_takeover && !got.invalid);
    ws_ext_init(&list);
    ck_assert(!ws_ext_deflate_agreed(&list, &got));
}
END_TEST

struct deflate_row {
    const char *name, *value;
    bool agreed;
    struct ws_deflate_params want;
};

static const struct deflate_row deflate_rows[] = {
    {"bare", "permessage-deflate", true, {15, 15, false, false, false}},
    {"absent", "permessage-bzip2; client_max_window_bits=9", false, {0}},
    {"nothing", "", false, {0}},
    {"behind others",
     "x-foo, Permessage-Deflate;server_no_context_takeover",
     true,
     {15, 15, false, true, false}},
    {"all four",
     "permessage-deflate; client_max_window_bits=8; server_max_window_bits=9; "
     "client_no_context_takeover; server_no_context_takeover",
     true,
     {8, 9, true, true, false}},
    {"quoted",
     "permessage-deflate; client_max_window_bits=\"10\"",
     true,
     {10, 15, false, false, false}},
    {"quoted and escaped",
     "permessage-deflate;server_max_window_bits=\"1\\2\"",
     true,
     {15, 12, false, false, false}},
    {"the first of two counts",
     "permessage-deflate;server_max_window_bits=11, permessage-deflate",
     true,
     {15, 11, false, false, false}},
    {"15",
     "permessage-deflate; client_max_window_bits=15",
     true,
     {15, 15, false, false, false}},
    {"7",
     "permessage-deflate; client_max_window_bits=7",
     true,
     {15, 15, false, false, true}},
    {"16",
     "permessage-deflate; client_max_window_bits=16",
     true,
     {15, 15, false, false, true}},
    {"20",
     "permessage-deflate; client_max_window_bits=20",
     true,
     {15, 15, false, false, true}},
    {"a leading zero",
     "permessage-deflate; client_max_window_bits=08",
     true,
     {15, 15, false, false, true}},
    {"three digits",
     "permessage-deflate; client_max_window_bits=100",
     true,
     {15, 15, false, false, true}},
    {"no number",
     "permessage-deflate; server_max_window_bits=1x",
     true,
     {15, 15, false, false, true}},
    {"no value",
     "permessage-deflate; server_max_window_bits",
     true,
     {15, 15, false, false, true}},
    {"a value where none may be",
     "permessage-deflate; server_no_context_takeover=1",
     true,
     {15, 15, false, false, true}},
    {"a repeated parameter",
     "permessage-deflate; server_max_window_bits=9; server_max_window_bits=10",
     true,
     {15, 9, false, false, true}},
    {"an unknown parameter",
     "permessage-deflate; level=9",
     true,
     {15, 15, false, false, true}},
};

START_TEST(the_agreed_deflate_parameters_are_read)
{
    const struct deflate_row *row = &deflate_rows[_i];
    struct ws_ext_list list;
    struct ws_deflate_params got = {0};
    ws_ext_init(&list);
    ws_ext_parse(&list, slice_cstr(row->value));
    ck_assert_msg(ws_ext_deflate_agreed(&list, &got) == row->agreed, "%s",
                  row->name);
    ck_assert_msg(got.client_max_window_bits ==
                          row->want.client_max_window_bits &&
                      got.server_max_window_bits ==
                          row->want.server_max_window_bits &&
                      got.client_no_context_takeover ==
                          row->want.client_no_context_takeover &&
                      got.server_no_context_takeover ==
                          row->want.server_no_context_takeover &&
                      got.invalid == row->want.invalid,
                  "%s: %d %d %d %d %d", row->name, got.client_max_window_bits,
                  got.server_max_window_bits, got.client_no_context_takeover,
                  got.server_no_context_takeover, got.invalid);
}
END_TEST

struct offer_row {
    const char *value;
    bool response_ok, offer_ok, client_window, server_window;
    const char *fault, *offer_fault; /* NULL: none */
};

static const struct offer_row offer_rows[] = {
    {"permessage-deflate", true, true, false, false, NULL, NULL},
    {"permessage-deflate; client_max_window_bits", false, true, true, false,
     "client_max_window_bits", NULL},
    {"permessage-deflate; client_max_window_bits=10", true, true, true, false,
     NULL, NULL},
    {"permessage-deflate;server_max_window_bits=\"9\"", true, true, false, true,
     NULL, NULL},
    {"permessage-deflate; server_max_window_bits ; x", false, false, false,
     false, "server_max_window_bits ", "server_max_window_bits "},
    {"permessage-deflate; client_max_window_bits; level=9", false, false, true,
     false, "client_max_window_bits", "level=9"},
    {"permessage-deflate; client_max_window_bits;client_max_window_bits=9",
     false, false, true, false, "client_max_window_bits",
     "client_max_window_bits=9"},
};

static void
check_fault(const char *name, struct slice got, const char *want)
{
    ck_assert_msg(want ? slice_equal_cstr(got, want) : !got.ptr,
                  "%s: the fault is \"%.*s\"", name, (int)got.len,
                  got.len ? (const char *)got.ptr : "");
}

START_TEST(an_offer_may_say_what_an_answer_may_not)
{
    const struct offer_row *row = &offer_rows[_i];
    struct ws_ext_list list;
    ws_ext_init(&list);
    ws_ext_parse(&list, slice_cstr("x-own"));
    ws_ext_parse(&list, slice_cstr(row->value));
    const struct ws_deflate_element *d = &list.ext[1].deflate;
    ck_assert(list.n == 2 && !list.ext[0].is_deflate && list.ext[1].is_deflate);
    ck_assert_msg(d->params.invalid == !row->response_ok &&
                      d->offer_invalid == !row->offer_ok &&
                      d->has_client_window == row->client_window &&
                      d->has_server_window == row->server_window,
                  "%s", row->value);
    check_fault(row->value, d->fault, row->fault);
    check_fault(row->value, d->offer_fault, row->offer_fault);
}
END_TEST

START_TEST(each_of_several_offers_has_its_own_parameters)
{
    struct ws_ext_list list;
    ws_ext_init(&list);
    ws_ext_parse(&list,
                 slice_cstr("permessage-deflate; server_max_window_bits=9, "
                            "permessage-deflate; server_max_window_bits=12"));
    ws_ext_parse(&list, slice_cstr("permessage-deflate; oops"));
    ck_assert_uint_eq(list.n, 3);
    ck_assert_uint_eq(list.ext[0].deflate.params.server_max_window_bits, 9);
    ck_assert_uint_eq(list.ext[1].deflate.params.server_max_window_bits, 12);
    ck_assert(!list.ext[1].deflate.offer_invalid);
    ck_assert(list.ext[2].deflate.offer_invalid);
    ck_assert_uint_eq(list.deflate.server_max_window_bits, 9);
}
END_TEST

START_TEST(a_long_value_is_cut)
{
    struct ws_ext_list list;
    uint8_t out[3];
    ws_ext_init(&list);
    ws_ext_parse(&list, slice_cstr("a;b=\"\\1\\2\\3\\4\";c"));
    ck_assert_uint_eq(ws_ext_value(&list.params[0], out, sizeof out), 3);
    ck_assert(memcmp(out, "123", 3) == 0);
    ck_assert_uint_eq(ws_ext_value(&list.params[1], out, sizeof out), 0);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("ws_ext");
    TCase *t = tcase_create("ws_ext");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, the_grammar_is_read_as_far_as_it_holds, 0,
                        ARRAY_LEN(ext_rows));
    tcase_add_loop_test(t, a_cut_value_is_never_read_past_its_end, 0,
                        ARRAY_LEN(ext_rows));
    tcase_add_test(t, repeated_header_lines_make_one_list);
    tcase_add_test(t, what_does_not_fit_is_left_out_whole);
    tcase_add_loop_test(t, permessage_deflate_is_found_beyond_the_table, 0, 2);
    tcase_add_loop_test(t, the_agreed_deflate_parameters_are_read, 0,
                        ARRAY_LEN(deflate_rows));
    tcase_add_loop_test(t, an_offer_may_say_what_an_answer_may_not, 0,
                        ARRAY_LEN(offer_rows));
    tcase_add_test(t, each_of_several_offers_has_its_own_parameters);
    tcase_add_test(t, a_long_value_is_cut);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
