/* SPDX-License-Identifier: MIT */
#include "tests/output_oracle.h"

#include <string.h>

#include "tests/check_main.h"

static void
expect(const char *wrong, const char *want, const char *text)
{
    ck_assert_msg(!wrong == !want && (!want || strstr(wrong, want)),
                  "%s: %s, not %s", text, wrong ? wrong : "nothing is wrong",
                  want ? want : "nothing");
}

/* ---- lines ---- */

static const struct {
    const char *text;
    bool utf8;
    size_t width;
    const char *want; /* part of what is wrong; NULL: nothing */
} lines[] = {
    {"", true, 0, NULL},
    {"1234\n\n", false, 4, NULL},
    {"1234\n12345\n", false, 4, "too wide"},
    {"\xe4\xb8\xad\xe4\xb8\xad\n", true, 4, NULL},
    {"\xe4\xb8\xad\xe4\xb8\xad\n", true, 3, "too wide"},
    {"\xe4\xb8\xad\n", false, 0, "not safe"},
    {"a\033[2J\n", true, 0, "not safe"},
    {"a\r\n", true, 0, "not safe"},
    {"\xe2\x80\xae\n", true, 0, "not safe"},
    {"\xff\n", true, 0, "not safe"},
    {"a\nb", true, 0, "no end"},
};

START_TEST(lines_are_judged)
{
    expect(oracle_lines(slice_cstr(lines[_i].text), lines[_i].utf8,
                        lines[_i].width),
           lines[_i].want, lines[_i].text);
}
END_TEST

/* ---- C ---- */

#define ARRAY(name, n) "static const unsigned char " name "[" n "] = {\n"

static const struct {
    const char *text, *want;
} units[] = {
    {"// 1 text\n" ARRAY("client_message_1", "2") "    0x48, 0x65,\n};\n",
     NULL},
    {ARRAY("client_message_1",
           "1") "0x48,\n};\n" ARRAY("server_message_1",
                                    "1") "0x48,\n};\n" ARRAY("client_frame_1",
                                                             "1") "0x48,\n};\n",
     NULL},
    {ARRAY("client_message_1", "2") "    0x48,\n};\n", "wrong length"},
    {ARRAY("client_message_1", "1") "    0x48, 0x65,\n};\n", "wrong length"},
    {ARRAY("client_message_1", "1") "    0x48,\n", "no end"},
    {ARRAY("client_message_1", "1") "    0x4z,\n};\n", "no number"},
    {ARRAY("client_message_1", "1") "    0x48};\n", "no number"},
    {ARRAY("client_message_1", "1") "0x48,\n};\n" ARRAY("client_message_1",
                                                        "1") "0x48,\n};\n",
     "one name"},
    {ARRAY("other_message_1", "1") "0x48,\n};\n", "strange name"},
    {ARRAY("client_other_1", "1") "0x48,\n};\n", "strange name"},
    {ARRAY("client_message_1", "0") "};\n", "declaration"},
    {"// a\nint x;\n", "neither"},
    {"\n", "neither"},
    {"// a\\\n", "goes on"},
    {"// a?\?/\n", "goes on"},
    {"// a\\.\n", NULL},
};

START_TEST(c_is_judged)
{
    expect(oracle_c(slice_cstr(units[_i].text)), units[_i].want,
           units[_i].text);
}
END_TEST

/* ---- JSON ---- */

static const struct {
    const char *text;
    uint64_t n;
    const char *want;
} json[] = {
    {"", 0, NULL},
    {"{\"a\":1}\n{}\n", 2, NULL},
    {"{\"a\":1}\n{\n", 2, "no object"},
    {"[]\n", 1, "no object"},
    {"\n", 1, "no object"},
    {"{} {}\n", 1, "no object"},
    {"{}", 0, "no end"},
    {"{\"a\":\"\xff\"}\n", 0, "UTF-8"},
    {"{\"a\":\"\x7f\"}\n", 0, "control"},
    {"{\"a\":\"\xe2\x80\xae\"}\n", 0, "control"},
    {"{\"a\":\"\xc2\x9b\"}\n", 0, "control"},
};

START_TEST(lines_of_json_are_judged)
{
    uint64_t n;
    const char *wrong = oracle_json_lines(slice_cstr(json[_i].text), &n);
    expect(wrong, json[_i].want, json[_i].text);
    ck_assert_uint_eq(n, json[_i].n);
}
END_TEST

/* ---- HAR ---- */

#define ENTRY(head, messages, findings)                                        \
    "{\"request\":{" head "},\"_webSocketMessages\":[" messages                \
    "],\"_findings\":[" findings "],\"_end\":{\"_webSocketMessages\":[{}]}}"
#define LOG(entries)                                                           \
    "{\"log\":{\"creator\":{},\"pages\":[{\"a\":{}}],\"entries\":[" entries    \
    "]}}"

static const struct {
    const char *text;
    struct oracle_har found;
    const char *want, *want_without_secrets;
} archives[] = {
    {LOG(""), {0, 0, 0}, NULL, NULL},
    {LOG(ENTRY("", "{},{\"a\":{}}", "{}") "," ENTRY("", "", "{},{},{}")),
     {2, 2, 4},
     NULL,
     NULL},
    {LOG("{\"request\":{}"), {1, 0, 0}, "not JSON", "not JSON"},
    {LOG(ENTRY("\"cookies\":[],\"headers\":[{\"name\":\"Host\"}]", "", "")),
     {1, 0, 0},
     NULL,
     NULL},
    {LOG(ENTRY("\"cookies\":[{\"name\":\"a\"}]", "", "")),
     {1, 0, 0},
     NULL,
     "secret"},
    {LOG(ENTRY("\"headers\":[{\"name\":\"Host\"},{\"name\":\"Set-COOKIE\"}]",
               "", "")),
     {1, 0, 0},
     NULL,
     "secret"},
};

START_TEST(archives_are_judged_and_counted)
{
    struct slice text = slice_cstr(archives[_i].text);
    struct oracle_har found;
    expect(oracle_har(text, true, &found), archives[_i].want_without_secrets,
           archives[_i].text);
    expect(oracle_har(text, false, &found), archives[_i].want,
           archives[_i].text);
    ck_assert_uint_eq(found.entries, archives[_i].found.entries);
    ck_assert_uint_eq(found.messages, archives[_i].found.messages);
    ck_assert_uint_eq(found.findings, archives[_i].found.findings);
}
END_TEST

/* ---- index.tsv ---- */

#define HEAD "file\tconn\n"
#define REST "\t1\tclient\t1\t2023\t1\ttext\t1\t1\tyes\t0\n"

static const struct {
    const char *text;
    uint64_t n;
    const char *want;
} lists[] = {
    {HEAD, 0, NULL},
    {HEAD "conn-0001.bin" REST "conn-0002.txt.part" REST, 2, NULL},
    {"", 0, "no head"},
    {HEAD "conn-0001.bin\t1\n", 1, "columns"},
    {HEAD "conn-../a" REST, 1, "strange name"},
    {HEAD "other" REST, 1, "strange name"},
    {HEAD "conn-0001.bin", 0, "no end"},
};

START_TEST(lists_are_judged)
{
    uint64_t n;
    const char *wrong = oracle_index(slice_cstr(lists[_i].text), &n);
    expect(wrong, lists[_i].want, lists[_i].text);
    ck_assert_uint_eq(n, lists[_i].n);
}
END_TEST

#define LEN(table) ((int)(sizeof(table) / sizeof *(table)))

static Suite *
output_oracle_suite(void)
{
    Suite *s = suite_create("output_oracle");
    TCase *tc = tcase_create("output_oracle");
    tcase_add_loop_test(tc, lines_are_judged, 0, LEN(lines));
    tcase_add_loop_test(tc, c_is_judged, 0, LEN(units));
    tcase_add_loop_test(tc, lines_of_json_are_judged, 0, LEN(json));
    tcase_add_loop_test(tc, archives_are_judged_and_counted, 0, LEN(archives));
    tcase_add_loop_test(tc, lists_are_judged, 0, LEN(lists));
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(output_oracle_suite)
