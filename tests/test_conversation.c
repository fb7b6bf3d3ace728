/* SPDX-License-Identifier: MIT */
#include "tests/check_main.h"
#include "tests/edge_page.h"
#include "tests/out_text.h"
#include "tests/rng.h"
#include "tests/safe_text.h"
#include "ui/conversation.h"
#include "ui/text.h"

#define RIGHT "\xe2\x86\x92"
#define LEFT "\xe2\x86\x90"
#define DOTS "\xe2\x80\xa6"

static struct out_text written;
static struct conversation_out lines;
static struct conversation_look look;
static struct conversation_unit unit;

static void
setup(void)
{
    out_text_init(&written);
    lines = (struct conversation_out){.out = &written.out};
    look = (struct conversation_look){.utf8 = true,
                                      .whole = true,
                                      .width = 60,
                                      .time_cols = 8};
    unit = (struct conversation_unit){.kind = CONVERSATION_DATA,
                                      .from = WS_SENDER_CLIENT,
                                      .time = slice_cstr("0.001000"),
                                      .number = 7,
                                      .opcode = WS_OP_TEXT,
                                      .n_frames = 1,
                                      .has_len = true};
}

static void
teardown(void)
{
    out_text_fini(&written);
}

static void
set_payload(const char *text)
{
    unit.payload = slice_cstr(text);
    unit.len = unit.payload.len;
}

static const char *
render(void)
{
    struct conversation_sink sink = conversation_out_sink(&lines);
    conversation_write(&look, &unit, &sink);
    return out_text_next(&written);
}

static void
expect(const char *text)
{
    ck_assert_str_eq(render(), text);
}

START_TEST(the_client_is_left_and_the_server_right)
{
    set_payload("Hello");
    expect("0.001000     7 " RIGHT " Hello\n");
    unit.from = WS_SENDER_SERVER;
    expect("0.001000     7 " LEFT "               Hello\n");
    look.utf8 = false;
    expect("0.001000     7 <-               Hello\n");
    look.time_cols = 0;
    unit.number = 1234567;
    expect("1234567 <-                 Hello\n");
}
END_TEST

START_TEST(long_text_is_wrapped_under_itself)
{
    set_payload("abcdefghijklmnopqrstuvwxyz0123456789");
    expect("0.001000     7 " RIGHT " abcdefghijklmnopqrstuvwxyz012\n"
           "                 3456789\n");
    unit.from = WS_SENDER_SERVER;
    expect("0.001000     7 " LEFT
           "               abcdefghijklmnopqrstuvwxyz012\n"
           "                               3456789\n");
}
END_TEST

START_TEST(line_feeds_of_a_text_end_lines_only_where_lines_are_wrapped)
{
    set_payload("one\ntwo\n\nfour\n");
    expect("0.001000     7 " RIGHT " one\xe2\x90\x8a\n"
           "                 two\xe2\x90\x8a\n"
           "                 \xe2\x90\x8a\n"
           "                 four\xe2\x90\x8a\n");
    look.width = 0;
    expect("0.001000     7 " RIGHT " one\xe2\x90\x8atwo\xe2\x90\x8a\xe2\x90\x8a"
           "four\xe2\x90\x8a\n");
}
END_TEST

START_TEST(lines_without_end_hold_any_text)
{
    char text[5001];
    memset(text, 'x', 5000);
    text[5000] = '\0';
    look.width = 0;
    set_payload(text);
    const char *got = render();
    ck_assert_uint_eq(strlen(got),
                      strlen("0.001000     7 " RIGHT " \n") + 5000);
    ck_assert_ptr_eq(strchr(got, '\n'), got + strlen(got) - 1);
}
END_TEST

START_TEST(one_line_is_cut_with_an_ellipsis)
{
    look.whole = false;
    set_payload("abcdefghijklmnopqrstuvwxyz0123456789");
    expect("0.001000     7 " RIGHT " abcdefghijklmnopqrstuvwxyz01" DOTS "\n");
    look.form = CONVERSATION_HEX;
    expect("0.001000     7 " RIGHT " 61 62 63 64 65 66 67 68 69 6" DOTS "\n");
    look.form = CONVERSATION_C;
    expect("0.001000     7 " RIGHT " {0x61, 0x62, 0x63, 0x64, 0x6" DOTS "\n");
    set_payload("ab");
    expect("0.001000     7 " RIGHT " {0x61, 0x62}\n");
    look.form = CONVERSATION_HEX;
    expect("0.001000     7 " RIGHT " 61 62\n");
}
END_TEST

START_TEST(binary_is_a_dump)
{
    unit.opcode = WS_OP_BINARY;
    unit.payload = slice_make("\x00\x1b[2J\xff\x7f~abcdefghij", 18);
    unit.len = 18;
    expect("0.001000     7 " RIGHT " 0000  00 1b 5b 32 4a ff 7f 7e ..[2J..~\n"
           "                 0008  61 62 63 64 65 66 67 68 abcdefgh\n"
           "                 0010  69 6a                   ij\n");
    look.width = 100;
    expect("0.001000     7 " RIGHT
           " 0000  00 1b 5b 32 4a ff 7f 7e  61 62 63 64 "
           "65 66 67 68 ..[2J..~abcdefgh\n"
           "                 0010  69 6a                                    "
           "        ij\n");
}
END_TEST

START_TEST(json_is_laid_out_and_the_rest_stays_as_it_is)
{
    look.form = CONVERSATION_JSON;
    set_payload("{\"a\":[1,{\"b\":null},[],{}],\"c\":\"\\u001b\"}");
    expect("0.001000     7 " RIGHT " {\n"
           "                   \"a\": [\n"
           "                     1,\n"
           "                     {\n"
           "                       \"b\": null\n"
           "                     },\n"
           "                     [],\n"
           "                     {}\n"
           "                   ],\n"
           "                   \"c\": \"\\u001b\"\n"
           "                 }\n");
    look.whole = false;
    set_payload("{ \"a\" : [ 1 , 2 ] }");
    expect("0.001000     7 " RIGHT " {\"a\":[1,2]}\n");
    set_payload("{ \"a\" : oops }");
    expect("0.001000     7 " RIGHT " { \"a\" : oops }\n");
    look.whole = true;
    expect("0.001000     7 " RIGHT " { \"a\" : oops }\n");
}
END_TEST

START_TEST(json_that_is_cut_is_text)
{
    look.form = CONVERSATION_JSON;
    set_payload("[1,2]");
    unit.len = 9;
    expect("0.001000     7 " RIGHT " [the first 5 of 9 bytes] [1,2\n"
           "                 ]" DOTS "\n");
}
END_TEST

START_TEST(c_is_an_array_and_comments)
{
    look.form = CONVERSATION_C;
    set_payload("Hello, world!");
    expect("// 0.001000     7 " RIGHT " text, 13 bytes\n"
           "static const unsigned char client_message_7[13] = {\n"
           "    0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x2c, 0x20, 0x77, 0x6f, 0x72, "
           "0x6c, 0x64,\n"
           "    0x21,\n"
           "};\n");
    unit.kind = CONVERSATION_REQUEST;
    unit.text = slice_cstr("GET /\\");
    expect("// 0.001000     H " RIGHT " GET /\\.\n");
    unit.text = slice_cstr("GET /?"
                           "?/");
    expect("// 0.001000     H " RIGHT " GET /?"
           "?/.\n");
    unit.text = slice_cstr("GET /aaaaaaaaaaaaaaaaaaaaa\\bbb");
    expect("// 0.001000     H " RIGHT " GET /aaaaaaaaaaaaaaaaaaaaa\\.\n"
           "//                  bbb\n");
    unit.text = slice_cstr("GET /*/ int x; /\n\x1b");
    expect("// 0.001000     H " RIGHT
           " GET /*/ int x; /\xe2\x90\x8a\xe2\x90\x9b\n");
}
END_TEST

START_TEST(notes_tell_what_a_message_is)
{
    unit.n_frames = 3;
    unit.compressed = true;
    unit.wire_len = 1070;
    look.width = 0;
    set_payload("price");
    expect("0.001000     7 " RIGHT " [3 frames, 1,070" RIGHT "5] price\n");
    unit.compressed = false;
    unit.n_frames = 1;
    unit.bad_utf8 = true;
    expect("0.001000     7 " RIGHT " [invalid UTF-8] price\n");
    unit.bad_utf8 = false;
    unit.incomplete = true;
    expect("0.001000     7 " RIGHT " [incomplete] price\n");
    unit.inflate_error = "bad block";
    unit.has_len = false;
    expect("0.001000     7 " RIGHT " [bad block] price\n");
}
END_TEST

START_TEST(unknown_bytes_are_marked)
{
    static const struct event_range known[] = {{0, 2}, {5, 6}};
    look.width = 0;
    unit.known = (struct known_bytes){known, 2, false};
    unit.payload = slice_make("ab\0\0\0f\0", 7);
    unit.len = 7;
    expect("0.001000     7 " RIGHT " [4 unknown] ab<3 unknown>f<1 unknown>\n");
    look.form = CONVERSATION_HEX;
    look.width = 60;
    expect("0.001000     7 " RIGHT " [4 unknown]\n"
           "                 0000  61 62 ?? ?? ?? 66 ??    ab???f?\n");
    look.form = CONVERSATION_JSON;
    expect("0.001000     7 " RIGHT " [4 unknown] ab<3 unknown>f<1 \n"
           "                 unknown>\n");
}
END_TEST

START_TEST(empty_and_missing_payloads_are_told_apart)
{
    expect("0.001000     7 " RIGHT " empty\n");
    unit.len = 1234;
    expect("0.001000     7 " RIGHT " 1,234 bytes, not shown\n");
    unit.fragment = true;
    expect("0.001000     7 " RIGHT " text, a fragment of 1,234 byt\n"
           "                 es\n");
    unit.fragment = false;
    unit.opcode = 5;
    unit.len = 0;
    expect("0.001000     7 " RIGHT " opcode 0x05 empty\n");
}
END_TEST

START_TEST(control_frames_have_a_line)
{
    unit.kind = CONVERSATION_CONTROL;
    unit.opcode = WS_OP_PING;
    expect("0.001000     7 " RIGHT " ping\n");
    set_payload("are you there?");
    expect("0.001000     7 " RIGHT " ping are you there?\n");
    unit.payload = slice_make("\x00\x01", 2);
    unit.len = 2;
    expect("0.001000     7 " RIGHT " ping 00 01\n");
    unit.opcode = WS_OP_CLOSE;
    unit.payload = slice_make("\x03\xe8"
                              "bye\x1b",
                              6);
    unit.len = 6;
    look.width = 0;
    expect("0.001000     7 " RIGHT
           " close 1000 Normal Closure: bye\xe2\x90\x9b\n");
    unit.payload = slice_make("\x03", 1);
    unit.len = 1;
    expect("0.001000     7 " RIGHT " close half a code\n");
    unit.payload = slice_make(NULL, 0);
    unit.len = 0;
    expect("0.001000     7 " RIGHT " close no code\n");
    unit.len = 40;
    expect("0.001000     7 " RIGHT " close 40 bytes, not shown\n");
    unit.opcode = WS_OP_PING;
    expect("0.001000     7 " RIGHT " ping 40 bytes, not shown\n");
    unit.opcode = 0xb;
    set_payload("x");
    expect("0.001000     7 " RIGHT " opcode 0x0b x\n");
}
END_TEST

START_TEST(handshakes_gaps_and_ends_have_lines)
{
    look.width = 0;
    unit.kind = CONVERSATION_REQUEST;
    expect("0.001000     H " RIGHT " no request was captured\n");
    unit.unkept = true;
    expect("0.001000     H " RIGHT " the request was not kept\n");
    unit.unkept = false;
    unit.text = conversation_first_line(
        slice_cstr("\r\nGET /chat HTTP/1.1\r\nHost: a\r\n\r\n"), false);
    expect("0.001000     H " RIGHT " GET /chat HTTP/1.1\n");
    unit.kind = CONVERSATION_ANSWER;
    unit.text = conversation_first_line(
        slice_cstr("HTTP/1.1  101 Switching Protocols\nA: b\n\n"), true);
    expect("0.001000     H " RIGHT " 101 Switching Protocols  refused\n");
    unit.accepted = true;
    expect("0.001000     H " RIGHT " 101 Switching Protocols  not verified\n");
    unit.accept_ok = TRI_YES;
    expect("0.001000     H " RIGHT " 101 Switching Protocols  verified\n");
    unit.accept_ok = TRI_NO;
    expect("0.001000     H " RIGHT
           " 101 Switching Protocols  Accept is wrong\n");
    unit.text = conversation_first_line(slice_cstr("HTTP/1.1"), true);
    expect("0.001000     H " RIGHT " no answer was captured\n");
    unit.kind = CONVERSATION_GAP;
    unit.len = 1448;
    expect("0.001000   gap " RIGHT " 1,448 bytes were not captured\n");
    unit.kind = CONVERSATION_END;
    unit.text = slice_cstr("the client closed with code 1000; the server "
                           "answered with code 1000");
    look.width = 60;
    expect("0.001000   end   the client closed with code 1000; the\n"
           "                 server answered with code 1000\n");
}
END_TEST

START_TEST(colour_surrounds_text_and_no_blanks)
{
    lines.color = true;
    set_payload("Hello");
    expect("\033[2m0.001000\033[0m     \033[2m7\033[0m \033[36m" RIGHT
           "\033[0m Hello\n");
}
END_TEST

START_TEST(forms_have_names)
{
    static const char *const names[] = {"text", "json", "hex", "c"};
    for (unsigned i = 0; i < CONVERSATION_FORM_COUNT; i++)
        ck_assert_str_eq(conversation_form_name((enum conversation_form)i),
                         names[i]);
}
END_TEST

/* ---- whatever comes ---- */

struct check {
    size_t col, n_lines;
};

static void
check_put(void *ctx, size_t col, size_t cols, enum conversation_style style,
          struct slice text)
{
    struct check *c = ctx;
    ck_assert_uint_lt(style, CONVERSATION_STYLE_COUNT);
    ck_assert_uint_ge(col, c->col);
    ck_assert_uint_gt(text.len, 0);
    ck_assert(safe_text(text, look.utf8));
    /* Arrays of C are as wide as they are. */
    if (look.width && !(look.form == CONVERSATION_C && look.whole))
        ck_assert_uint_le(col + cols, look.width);
    c->col = col + cols;
}

static bool
check_end(void *ctx)
{
    struct check *c = ctx;
    c->col = 0;
    return ++c->n_lines < 5000;
}

static void
make_unit(struct rng *rng, struct edge_page *page, struct event_range *known)
{
    static const char *const pieces[] = {"{\"a\":", "[",        "]",
                                         "}",       ",",        "1",
                                         "\"",      "\x1b[2J",  "\xe2\x80\xae",
                                         "\xff",    "\xcc\x81", "\xe5\xb8\xa7",
                                         "\n",      "\\",       "?\?/",
                                         "*/",      "abc def"};
    char text[600];
    size_t len = 0, n = rng_below(rng, 40);
    for (size_t i = 0; i < n; i++) {
        const char *piece =
            pieces[rng_below(rng, sizeof pieces / sizeof *pieces)];
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    if (rng_below(rng, 4) == 0)
        len = (size_t)snprintf(text, sizeof text,
                               "{\"k\":[1,[2,[3,{\"x\":\"%0*d\"}]]]}",
                               (int)rng_below(rng, 300), 1);
    struct slice bytes = edge_page_put(page, slice_make(text, len));
    memset(&unit, 0, sizeof unit);
    unit.kind = (enum conversation_kind)rng_below(rng, CONVERSATION_END + 1);
    unit.from = (enum ws_sender)rng_below(rng, 2);
    unit.time = slice_cstr("12345678.123456");
    unit.number = rng_below(rng, 3) ? rng_next(rng) : 5;
    unit.text = bytes;
    unit.payload = bytes;
    unit.opcode = (uint8_t)rng_below(rng, 16);
    if (rng_below(rng, 2))
        unit.opcode = WS_OP_TEXT;
    unit.has_len = rng_below(rng, 4) > 0;
    unit.len = len + (rng_below(rng, 2) ? rng_below(rng, 100) : 0);
    unit.fragment = rng_below(rng, 8) == 0;
    unit.incomplete = rng_below(rng, 2);
    unit.compressed = rng_below(rng, 2);
    unit.n_frames = rng_below(rng, 4);
    unit.wire_len = rng_next(rng);
    unit.bad_utf8 = rng_below(rng, 2);
    known[0] = (struct event_range){0, rng_below(rng, (uint32_t)len + 1)};
    known[1] = (struct event_range){known[0].end + 1, known[0].end + 3};
    unit.known = (struct known_bytes){0};
    if (rng_below(rng, 3) == 0 && known[1].end <= unit.len)
        unit.known = (struct known_bytes){known, 2, rng_below(rng, 2)};
}

START_TEST(no_piece_leaves_its_columns_or_harms_a_terminal)
{
    struct rng rng = {(uint64_t)_i + 1};
    struct edge_page page;
    struct event_range known[2];
    edge_page_init(&page, 600);
    for (unsigned i = 0; i < 3000; i++) {
        struct check check = {0};
        struct conversation_sink sink = {.ctx = &check,
                                         .put = check_put,
                                         .end = check_end};
        make_unit(&rng, &page, known);
        look.form =
            (enum conversation_form)rng_below(&rng, CONVERSATION_FORM_COUNT);
        look.utf8 = rng_below(&rng, 2);
        look.whole = rng_below(&rng, 2);
        look.width = CONVERSATION_WIDTH_MIN + rng_below(&rng, 120);
        look.time_cols = rng_below(&rng, 2) ? 15 : 0;
        if (look.whole && rng_below(&rng, 4) == 0)
            look.width = 0;
        conversation_write(&look, &unit, &sink);
        ck_assert_uint_ge(check.n_lines, 1);
        ck_assert_uint_lt(check.n_lines, 2000);
        if (!look.whole)
            ck_assert_uint_eq(check.n_lines, 1);
    }
    edge_page_fini(&page);
}
END_TEST

static bool
stop_at_once(void *ctx)
{
    ++*(size_t *)ctx;
    return false;
}

static void
put_nothing(void *ctx, size_t col, size_t cols, enum conversation_style style,
            struct slice text)
{
    (void)ctx, (void)col, (void)cols, (void)style, (void)text;
}

START_TEST(a_sink_that_has_enough_gets_no_more)
{
    size_t n = 0;
    struct conversation_sink sink = {.ctx = &n,
                                     .put = put_nothing,
                                     .end = stop_at_once};
    static uint8_t payload[1 << 20];
    unit.payload = slice_make(payload, sizeof payload);
    unit.len = sizeof payload;
    look.form = (enum conversation_form)_i;
    conversation_write(&look, &unit, &sink);
    ck_assert_uint_eq(n, 1);
}
END_TEST

static Suite *
conversation_suite(void)
{
    Suite *suite = suite_create("conversation");
    TCase *tcase = tcase_create("conversation");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_client_is_left_and_the_server_right);
    tcase_add_test(tcase, long_text_is_wrapped_under_itself);
    tcase_add_test(tcase,
                   line_feeds_of_a_text_end_lines_only_where_lines_are_wrapped);
    tcase_add_test(tcase, lines_without_end_hold_any_text);
    tcase_add_test(tcase, one_line_is_cut_with_an_ellipsis);
    tcase_add_test(tcase, binary_is_a_dump);
    tcase_add_test(tcase, json_is_laid_out_and_the_rest_stays_as_it_is);
    tcase_add_test(tcase, json_that_is_cut_is_text);
    tcase_add_test(tcase, c_is_an_array_and_comments);
    tcase_add_test(tcase, notes_tell_what_a_message_is);
    tcase_add_test(tcase, unknown_bytes_are_marked);
    tcase_add_test(tcase, empty_and_missing_payloads_are_told_apart);
    tcase_add_test(tcase, control_frames_have_a_line);
    tcase_add_test(tcase, handshakes_gaps_and_ends_have_lines);
    tcase_add_test(tcase, colour_surrounds_text_and_no_blanks);
    tcase_add_test(tcase, forms_have_names);
    tcase_add_loop_test(tcase, no_piece_leaves_its_columns_or_harms_a_terminal,
                        0, 4);
    tcase_add_loop_test(tcase, a_sink_that_has_enough_gets_no_more, 0,
                        CONVERSATION_FORM_COUNT);
    suite_add_tcase(suite, tcase);
    return suite;
}

CHECK_MAIN(conversation_suite)
