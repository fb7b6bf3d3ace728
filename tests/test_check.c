/* SPDX-License-Identifier: MIT */
#include "ui/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/out_text.h"
#include "tests/safe_text.h"

#define RIGHT "\xe2\x86\x92"

static struct event_samples samples;
static struct out_text written;
static struct check *check;
static struct event_sink sink;
static struct expect expected;

static void
open_check(const struct check_options *options)
{
    check_free(check);
    check = check_new(options, &written.out);
    ck_assert_ptr_nonnull(check);
    sink = check_sink(check);
}

/* As without options; change it and open again. */
static struct check_options
defaults(void)
{
    return (struct check_options){.max = 5, .width = 80, .utf8 = true};
}

static void
setup(void)
{
    event_samples_init(&samples);
    out_text_init(&written);
    struct check_options o = defaults();
    open_check(&o);
}

static void
teardown(void)
{
    check_free(check);
    check = NULL;
    out_text_fini(&written);
}

/* A finding as the emitter would tell it. */
static void
send_finding(uint32_t conn, enum finding_id id, enum ws_sender from,
             uint64_t count)
{
    struct event_finding f = samples.finding;
    f.id = id;
    f.severity = finding_info(id)->severity;
    f.from = from;
    f.count = count;
    if (count > 1)
        f.detail = NULL;
    if (f.severity >= sink.least)
        sample_send_finding(&sink, conn, &f);
}

static void
begin(uint32_t conn)
{
    sample_send_handshake(&sink, conn, &samples.handshake);
}

static void
end(uint32_t conn)
{
    sample_send_end(&sink, conn, &samples.end);
}

static const char *
finish(void)
{
    struct summary s = {.packets = 10};
    check_finish(check, &s, true);
    return out_text_next(&written);
}

#define NONE_FAILS "Passed: no findings on 0 connections; fails on error\n"

START_TEST(nothing_at_all_passes_and_says_so)
{
    ck_assert_str_eq(finish(), NONE_FAILS);
    ck_assert(!check_failed(check));
}
END_TEST

START_TEST(by_rule_reads_from_the_worst_to_the_result)
{
    samples.finding.detail = "seen by hand";
    begin(1);
    send_finding(1, FINDING_TCP_ZERO_WINDOW, WS_SENDER_SERVER, 1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    begin(2);
    send_finding(2, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 7);
    end(1);
    samples.end.verdict = VERDICT_RESET;
    end(2);
    begin(3);
    end(3);
    ck_assert_str_eq(
        finish(),
        "error    frame-client-unmasked: 8 times on 2 connections\n"
        "  a frame of the client is not masked [RFC 6455 section 5.1]\n"
        "    #1    client, packet 6, frame 1: seen by hand (7 times)\n"
        "    #2    client, packet 6, frame 1: seen by hand\n"
        "\n"
        "note     tcp-zero-window: 1 time on 1 connection\n"
        "  a receiver has no room left for more bytes [RFC 9293 section "
        "3.8.6]\n"
        "    #1    server, packet 6, frame 1: seen by hand\n"
        "\n"
        "Verdicts\n"
        "  1  close-unanswered\n"
        "  2  reset\n"
        "\n"
        "Failed: 8 errors, 1 note on 2 of 3 connections; fails on error\n");
    ck_assert(check_failed(check));
}
END_TEST

static const struct {
    bool has_from, has_offset;
    uint64_t packet, frame;
    const char *detail;
    const char *want;
} places[] = {
    {true, true, 6, 2, NULL, "client, packet 6, frame 2"},
    {true, true, 6, 0, NULL, "client, packet 6, offset 160"},
    {true, true, 0, 0, "seen", "client, offset 160: seen"},
    {true, false, 6, 0, "seen", "client, packet 6: seen"},
    {false, false, 6, 2, "seen", "both, packet 6, frame 2: seen"},
    {false, false, 6, 0, NULL, "both, packet 6"},
    {false, false, 0, 0, NULL, "both"},
};

START_TEST(a_place_says_what_is_known_of_it)
{
    char want[80];
    samples.finding.has_from = places[_i].has_from;
    samples.finding.has_offset = places[_i].has_offset;
    samples.finding.at.packet = places[_i].packet;
    samples.finding.frame = places[_i].frame;
    samples.finding.detail = places[_i].detail;
    begin(1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    snprintf(want, sizeof want, "\n    #1    %s\n", places[_i].want);
    const char *text = finish();
    ck_assert_msg(strstr(text, want) != NULL, "no %s in %s", want, text);
}
END_TEST

START_TEST(the_rest_is_counted_when_there_are_more_than_max)
{
    static const uint64_t maxima[] = {0, 1, 5, 1000};
    for (size_t m = 0; m < 4; m++) {
        struct check_options o = defaults();
        o.max = maxima[m];
        open_check(&o);
        for (uint32_t conn = 1; conn <= 42; conn++) {
            begin(conn);
            send_finding(conn, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT,
                         1);
            send_finding(conn, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT,
                         3);
            end(conn);
        }
        const char *text = finish();
        char want[64];
        size_t shown = 0;
        for (const char *at = text; (at = strstr(at, "\n    #")); at++)
            shown++;
        ck_assert_uint_eq(shown, maxima[m] < 42 ? maxima[m] : 42);
        snprintf(want, sizeof want, "\n    and %ju more\n",
                 (uintmax_t)(42 - maxima[m]));
        ck_assert_int_eq(strstr(text, want) != NULL,
                         maxima[m] > 0 && maxima[m] < 42);
        ck_assert_ptr_nonnull(
            strstr(text, "frame-client-unmasked: 126 times on 42 "));
    }
}
END_TEST

START_TEST(both_senders_on_one_connection_are_one_connection)
{
    begin(1);
    send_finding(1, FINDING_MESSAGE_INVALID_UTF8, WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_MESSAGE_INVALID_UTF8, WS_SENDER_SERVER, 1);
    send_finding(1, FINDING_MESSAGE_INVALID_UTF8, WS_SENDER_SERVER, 4);
    const char *text = finish();
    ck_assert_ptr_nonnull(
        strstr(text, "message-invalid-utf8: 5 times on 1 connection\n"));
    ck_assert_ptr_nonnull(strstr(text, "client, packet 6, frame 1\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "server, packet 6, frame 1 (4 times)\n"));
}
END_TEST

START_TEST(verbose_says_why_each_rule_matters)
{
    struct check_options o = defaults();
    o.verbose = true;
    o.width = 1000;
    for (unsigned by = 0; by < 2; by++) {
        o.by = (enum check_by)by;
        open_check(&o);
        for (uint32_t conn = 1; conn <= 2; conn++) {
            begin(conn);
            send_finding(conn, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT,
                         1);
            end(conn);
        }
        const char *teach = finding_info(FINDING_FRAME_CLIENT_UNMASKED)->teach;
        const char *at = strstr(finish(), teach);
        ck_assert_ptr_nonnull(at);
        ck_assert_ptr_null(strstr(at + 1, teach));
    }
}
END_TEST

START_TEST(by_connection_each_that_has_findings_is_a_block)
{
    struct check_options o = defaults();
    o.by = CHECK_BY_CONNECTION;
    open_check(&o);
    begin(1);
    begin(2);
    begin(3);
    send_finding(3, FINDING_TCP_ZERO_WINDOW, WS_SENDER_SERVER, 1);
    samples.finding.detail = "seen by hand";
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    end(2);
    ck_assert_str_eq(out_text_next(&written), "");
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 3);
    end(1);
    ck_assert_str_eq(
        out_text_next(&written),
        "#1  192.0.2.10:54321 " RIGHT " 192.0.2.20:8080  /chat\n"
        "#1    end           the server closed with code 1000; the client sent "
        "no Close\n"
        "#1                  frame\n"
        "#1    ! error       frame-client-unmasked (client frame 1): a frame "
        "of the\n"
        "#1                  client is not masked: seen by hand, 3 times [RFC "
        "6455\n"
        "#1                  section 5.1]\n");
    end(3);
    ck_assert_str_eq(
        out_text_next(&written),
        "\n#3  192.0.2.10:54321 " RIGHT " 192.0.2.20:8080  /chat\n"
        "#3    end           the server closed with code 1000; the client sent "
        "no Close\n"
        "#3                  frame\n"
        "#3    ! note        tcp-zero-window (server frame 1): a receiver has "
        "no room\n"
        "#3                  left for more bytes [RFC 9293 section 3.8.6]\n");
    ck_assert_str_eq(finish(), "\nFailed: 3 errors, 1 note on 2 of 3 "
                               "connections; fails on error\n");
}
END_TEST

START_TEST(of_too_many_findings_on_a_connection_the_rest_is_counted)
{
    struct check_options o = defaults();
    o.by = CHECK_BY_CONNECTION;
    open_check(&o);
    begin(1);
    unsigned sent = 0;
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        if (finding_info((enum finding_id)i)->severity != SEVERITY_CHAT) {
            send_finding(1, (enum finding_id)i, WS_SENDER_CLIENT, 1);
            sent++;
        }
    ck_assert_uint_gt(sent, 64);
    end(1);
    char want[80];
    snprintf(want, sizeof want, "and %u more; all of them: wsray report",
             sent - 64);
    const char *text = out_text_next(&written);
    ck_assert_msg(strstr(text, want) != NULL, "no %s in %s", want, text);
}
END_TEST

/* ---- what counts ---- */

static enum finding_id
first_of(enum severity s)
{
    unsigned i = 0;
    while (finding_info((enum finding_id)i)->severity != s)
        i++;
    return (enum finding_id)i;
}

static const struct {
    enum fail_on fail_on;
    enum severity worst; /* that occurs */
    bool failed;
} levels[] = {
    {FAIL_ON_ERROR, SEVERITY_ERROR, true},
    {FAIL_ON_ERROR, SEVERITY_WARNING, false},
    {FAIL_ON_ERROR, SEVERITY_NOTE, false},
    {FAIL_ON_ERROR, SEVERITY_CHAT, false},
    {FAIL_ON_WARNING, SEVERITY_ERROR, true},
    {FAIL_ON_WARNING, SEVERITY_WARNING, true},
    {FAIL_ON_WARNING, SEVERITY_NOTE, false},
    {FAIL_ON_WARNING, SEVERITY_CHAT, false},
    {FAIL_ON_NOTE, SEVERITY_WARNING, true},
    {FAIL_ON_NOTE, SEVERITY_NOTE, true},
    {FAIL_ON_NOTE, SEVERITY_CHAT, false},
    {FAIL_ON_CHAT, SEVERITY_NOTE, true},
    {FAIL_ON_CHAT, SEVERITY_CHAT, true},
    {FAIL_ON_NEVER, SEVERITY_ERROR, false},
    {FAIL_ON_NEVER, SEVERITY_CHAT, false},
};

/* _i: the row, and once more each way to write. */
START_TEST(it_fails_from_fail_on_up)
{
    size_t row = (size_t)_i / 3;
    struct check_options o = defaults();
    o.fail_on = levels[row].fail_on;
    o.by = _i % 3 == 1 ? CHECK_BY_CONNECTION : CHECK_BY_RULE;
    o.format = _i % 3 == 2 ? OUTPUT_FORMAT_JSON : OUTPUT_FORMAT_TEXT;
    open_check(&o);
    begin(1);
    for (unsigned s = 0; s <= levels[row].worst; s++)
        send_finding(1, first_of((enum severity)s), WS_SENDER_CLIENT, 1);
    end(1);
    ck_assert_int_eq(check_failed(check), levels[row].failed);
    const char *text = finish();
    if (_i % 3 == 2)
        ck_assert_int_eq(strstr(text, "\"failed\":true") != NULL,
                         levels[row].failed);
    else
        ck_assert_int_eq(strstr(text, "Failed: ") != NULL, levels[row].failed);
}
END_TEST

/* Findings of severity chat cost time, and few ask for them. */
static const struct {
    bool verbose;
    enum fail_on fail_on;
    int only, listed; /* severity of the one; -1: none */
    enum severity least;
} asked[] = {
    {false, FAIL_ON_ERROR, -1, -1, SEVERITY_NOTE},
    {false, FAIL_ON_NOTE, -1, -1, SEVERITY_NOTE},
    {false, FAIL_ON_NEVER, SEVERITY_ERROR, SEVERITY_NOTE, SEVERITY_NOTE},
    {true, FAIL_ON_ERROR, -1, -1, SEVERITY_CHAT},
    {false, FAIL_ON_CHAT, -1, -1, SEVERITY_CHAT},
    {false, FAIL_ON_ERROR, SEVERITY_CHAT, -1, SEVERITY_CHAT},
    {false, FAIL_ON_ERROR, -1, SEVERITY_CHAT, SEVERITY_CHAT},
    {false, FAIL_ON_CHAT, -1, SEVERITY_ERROR, SEVERITY_NOTE},
};

START_TEST(chat_is_asked_for_only_where_it_counts)
{
    struct check_options o = defaults();
    expected = (struct expect){0};
    o.verbose = asked[_i].verbose;
    o.fail_on = asked[_i].fail_on;
    if (asked[_i].only >= 0) {
        o.only.n = 1;
        o.only.has[first_of((enum severity)asked[_i].only)] = true;
    }
    if (asked[_i].listed >= 0) {
        expected.row[first_of((enum severity)asked[_i].listed)].line = 1;
        o.expect = &expected;
    }
    open_check(&o);
    ck_assert_int_eq(sink.least, asked[_i].least);
}
END_TEST

START_TEST(what_is_ignored_is_only_counted)
{
    struct check_options o = defaults();
    o.ignore.n = 1;
    o.ignore.has[FINDING_FRAME_CLIENT_UNMASKED] = true;
    open_check(&o);
    begin(1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_TCP_ZERO_WINDOW, WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 9);
    ck_assert(!check_failed(check));
    const char *text = finish();
    ck_assert_ptr_null(strstr(text, "frame-client-unmasked"));
    ck_assert_ptr_nonnull(
        strstr(text, "\nPassed: 1 note on 1 of 1 connection; 9 ignored; fails "
                     "on error\n"));
}
END_TEST

START_TEST(only_the_named_findings_are_told)
{
    struct check_options o = defaults();
    o.only.n = 1;
    o.only.has[FINDING_TCP_ZERO_WINDOW] = true;
    open_check(&o);
    begin(1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_TCP_ZERO_WINDOW, WS_SENDER_CLIENT, 1);
    const char *text = finish();
    ck_assert_ptr_null(strstr(text, "frame-client-unmasked"));
    ck_assert_ptr_nonnull(
        strstr(text,
               "\nPassed: 1 note on 1 of 1 connection; fails on error\n"));
}
END_TEST

START_TEST(a_severity_that_was_lowered_is_what_counts)
{
    struct event_finding f = samples.finding;
    f.severity = SEVERITY_NOTE;
    begin(1);
    sample_send_finding(&sink, 1, &f);
    ck_assert(!check_failed(check));
    f.severity = SEVERITY_ERROR;
    begin(2);
    sample_send_finding(&sink, 2, &f);
    ck_assert(check_failed(check));
    const char *text = finish();
    ck_assert_msg(strncmp(text, "error    frame-client-unmasked: 2 times on 2",
                          44) == 0,
                  "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "Failed: 1 error, 1 note on 2 of 2 "));
}
END_TEST

/* ---- --expect ---- */

/* What occurs: frame-client-unmasked 3 times, tcp-zero-window once, and the
 * first finding of severity chat twice. */
static const struct {
    const char *file; /* CHAT stands for the id of that one */
    const char *differences;
} files[] = {
    {"frame-client-unmasked 3\ntcp-zero-window 1", ""},
    {"frame-client-unmasked *\ntcp-zero-window *\ndeflate-bomb *", ""},
    {"frame-client-unmasked 3\ntcp-zero-window 1\nCHAT 2", ""},
    {"frame-client-unmasked 3\ntcp-zero-window 1\nCHAT *", ""},
    {"frame-client-unmasked 3\ntcp-zero-window 1\nCHAT 1",
     "+ expected 1, found 2: CHAT\n"},
    {"frame-client-unmasked 3", "+ expected 0, found 1: tcp-zero-window\n"},
    {"frame-client-unmasked 4\ntcp-zero-window 1",
     "- expected 4, found 3: frame-client-unmasked\n"},
    {"", "+ expected 0, found 1: tcp-zero-window\n"
         "+ expected 0, found 3: frame-client-unmasked\n"},
    {"tcp-zero-window 2\nframe-client-unmasked 3\ndeflate-bomb 1",
     "- expected 2, found 1: tcp-zero-window\n"
     "- expected 1, found 0: deflate-bomb\n"},
};

/* With the id in place of CHAT. */
static const char *
with_chat(const char *text, char *out, size_t size)
{
    const char *at = strstr(text, "CHAT");
    if (!at)
        return text;
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text,
             finding_info(first_of(SEVERITY_CHAT))->id, at + 4);
    return out;
}

static void
open_expecting(const char *file, struct check_options o)
{
    struct expect_error error;
    char text[256];
    ck_assert(expect_parse(&expected,
                           slice_cstr(with_chat(file, text, sizeof text)),
                           &error));
    o.expect = &expected;
    open_check(&o);
    begin(1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    send_finding(1, first_of(SEVERITY_CHAT), WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_TCP_ZERO_WINDOW, WS_SENDER_CLIENT, 1);
    begin(2);
    send_finding(2, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    send_finding(2, first_of(SEVERITY_CHAT), WS_SENDER_CLIENT, 1);
    send_finding(2, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 2);
}

/* _i: the row, twice: the second time with -v, which changes nothing. */
START_TEST(differences_to_the_file_are_shown_and_fail)
{
    size_t row = (size_t)_i / 2;
    struct check_options o = defaults();
    o.verbose = _i % 2 == 1;
    o.max = 0;
    open_expecting(files[row].file, o);
    bool differs = files[row].differences[0] != '\0';
    ck_assert_int_eq(check_failed(check), differs);
    const char *text = finish();
    char got[512] = "", want[256];
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, " expected ")); at++)
        n += (size_t)snprintf(got + n, sizeof got - n, "%.*s\n",
                              (int)strcspn(at - 1, "\n"), at - 1);
    ck_assert_str_eq(got, with_chat(files[row].differences, want, sizeof want));
    ck_assert_int_eq(strstr(text, "; as expected\n") != NULL, !differs);
    ck_assert_int_eq(strstr(text, "\nFailed: ") != NULL, differs);
}
END_TEST

START_TEST(what_is_left_out_is_not_expected)
{
    struct check_options o = defaults();
    o.ignore.n = 1;
    o.ignore.has[FINDING_FRAME_CLIENT_UNMASKED] = true;
    open_expecting("frame-client-unmasked 7\ntcp-zero-window 1", o);
    ck_assert(!check_failed(check));
    o = defaults();
    o.only.n = 1;
    o.only.has[FINDING_FRAME_CLIENT_UNMASKED] = true;
    open_expecting("frame-client-unmasked 3\ntcp-zero-window 7", o);
    ck_assert(!check_failed(check));
    open_expecting("frame-client-unmasked 2\ntcp-zero-window 7", o);
    ck_assert(check_failed(check));
}
END_TEST

START_TEST(fail_on_does_not_count_with_a_file)
{
    for (unsigned f = FAIL_ON_ERROR; f <= FAIL_ON_NEVER; f++) {
        struct check_options o = defaults();
        o.fail_on = (enum fail_on)f;
        open_expecting(files[0].file, o);
        ck_assert(!check_failed(check));
        open_expecting("", o);
        ck_assert(check_failed(check));
    }
}
END_TEST

START_TEST(the_file_that_is_written_is_what_was_found)
{
    struct check_options o = defaults();
    struct expect_error error;
    o.format = OUTPUT_FORMAT_EXPECT;
    for (unsigned verbose = 0; verbose < 2; verbose++) {
        char want[256], text[256];
        o.verbose = verbose;
        open_expecting("deflate-bomb 2", o);
        ck_assert(!check_failed(check));
        snprintf(want, sizeof want,
                 "# for wsray check --expect: ID COUNT, * is any number\n%s"
                 "tcp-zero-window 1\nframe-client-unmasked 3\n",
                 verbose ? "CHAT 2\n" : "");
        const char *got = finish();
        ck_assert_str_eq(got, with_chat(want, text, sizeof text));
        ck_assert(expect_parse(&expected, slice_cstr(got), &error));
    }
}
END_TEST

/* ---- JSON ---- */

START_TEST(json_has_findings_ends_summary_and_check)
{
    struct check_options o = defaults();
    o.format = OUTPUT_FORMAT_JSON;
    o.ignore.n = 1;
    o.ignore.has[FINDING_MESSAGE_INVALID_UTF8] = true;
    open_check(&o);
    begin(1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_MESSAGE_INVALID_UTF8, WS_SENDER_CLIENT, 1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 5);
    send_finding(1, FINDING_TCP_ZERO_WINDOW, WS_SENDER_SERVER, 1);
    end(1);
    const char *text = finish();
    static const char *const lines[] = {
        "{\"type\":\"finding\",\"conn\":1,\"from\":\"client\",",
        "{\"type\":\"finding\",\"conn\":1,\"from\":\"client\",",
        "{\"type\":\"finding\",\"conn\":1,\"from\":\"server\",",
        "{\"type\":\"end\",\"conn\":1,",
        "{\"type\":\"summary\",\"packets\":10,",
        "{\"type\":\"check\",\"failed\":true,\"fail_on\":\"error\","
        "\"findings\":{\"tcp-zero-window\":1,\"frame-client-unmasked\":5},"
        "\"ignored\":1,\"unexpected\":[],\"missing\":[]}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ck_assert_msg(strncmp(text, lines[i], strlen(lines[i])) == 0,
                      "%s\n instead of %s", text, lines[i]);
        text = strchr(text, '\n') + 1;
    }
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(json_tells_differences_both_ways)
{
    struct check_options o = defaults();
    o.format = OUTPUT_FORMAT_JSON;
    open_expecting("frame-client-unmasked 4\ndeflate-bomb 2", o);
    const char *text = strstr(finish(), "{\"type\":\"check\"");
    ck_assert_str_eq(
        text, "{\"type\":\"check\",\"failed\":true,\"fail_on\":null,"
              "\"findings\":{\"tcp-zero-window\":1,"
              "\"frame-client-unmasked\":3},\"ignored\":0,"
              "\"unexpected\":[{\"id\":\"tcp-zero-window\",\"expected\":0,"
              "\"found\":1}],"
              "\"missing\":[{\"id\":\"frame-client-unmasked\",\"expected\":4,"
              "\"found\":3},"
              "{\"id\":\"deflate-bomb\",\"expected\":2,\"found\":0}]}\n");
}
END_TEST

START_TEST(input_that_was_not_read_whole_has_not_passed)
{
    struct summary s = {0};
    struct check_options o = defaults();
    check_finish(check, &s, false);
    ck_assert_str_eq(
        out_text_next(&written),
        "Not all read: no findings on 0 connections; fails on error\n");
    o.format = OUTPUT_FORMAT_JSON;
    open_check(&o);
    check_finish(check, &s, false);
    ck_assert_ptr_nonnull(strstr(out_text_next(&written), "\"failed\":null,"));
    open_check(&o);
    begin(1);
    send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
    check_finish(check, &s, false);
    ck_assert_ptr_nonnull(strstr(out_text_next(&written), "\"failed\":true,"));
}
END_TEST

/* ---- terminals ---- */

START_TEST(bytes_of_the_traffic_are_shown_not_sent)
{
    static const char evil[] = "\033]0;x\a\xe2\x80\xae\xff\r\n\x9b";
    for (unsigned i = 0; i < 8; i++) {
        struct check_options o = defaults();
        o.by = i & 1 ? CHECK_BY_CONNECTION : CHECK_BY_RULE;
        o.utf8 = i & 2;
        o.width = i & 4 ? 40 : 120;
        o.verbose = true;
        open_check(&o);
        samples.request.target = slice_cstr(evil);
        samples.finding.detail = evil;
        samples.end.text = evil;
        begin(1);
        send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
        end(1);
        /* Line feeds are ours, all else has to be safe. */
        const char *text = finish();
        ck_assert_ptr_nonnull(strstr(text, o.utf8 ? "<U+202E>" : "<1B>"));
        for (const char *line = text; *line != '\0';) {
            size_t len = strcspn(line, "\n");
            ck_assert_msg(safe_text(slice_make(line, len), o.utf8), "%s", line);
            line += len + 1;
        }
    }
}
END_TEST

START_TEST(long_details_and_targets_are_cut)
{
    static char text[5000];
    memset(text, 'y', sizeof text - 1);
    for (unsigned by = 0; by < 2; by++) {
        struct check_options o = defaults();
        o.by = (enum check_by)by;
        open_check(&o);
        samples.request.target = slice_cstr(text);
        samples.finding.detail = text;
        begin(1);
        send_finding(1, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
        end(1);
        ck_assert_uint_lt(strlen(finish()), 1500);
    }
}
END_TEST

START_TEST(a_connection_without_handshake_or_end_is_counted)
{
    for (unsigned by = 0; by < 2; by++) {
        struct check_options o = defaults();
        o.by = (enum check_by)by;
        open_check(&o);
        send_finding(9, FINDING_FRAME_CLIENT_UNMASKED, WS_SENDER_CLIENT, 1);
        if (by)
            end(9);
        ck_assert(check_failed(check));
        ck_assert_ptr_nonnull(
            strstr(finish(), "Failed: 1 error on 1 of 0 connections"));
    }
}
END_TEST

static Suite *
check_suite(void)
{
    Suite *s = suite_create("check");
    TCase *t = tcase_create("check");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nothing_at_all_passes_and_says_so);
    tcase_add_test(t, by_rule_reads_from_the_worst_to_the_result);
    tcase_add_loop_test(t, a_place_says_what_is_known_of_it, 0,
                        sizeof places / sizeof *places);
    tcase_add_test(t, the_rest_is_counted_when_there_are_more_than_max);
    tcase_add_test(t, both_senders_on_one_connection_are_one_connection);
    tcase_add_test(t, verbose_says_why_each_rule_matters);
    tcase_add_test(t, by_connection_each_that_has_findings_is_a_block);
    tcase_add_test(t, of_too_many_findings_on_a_connection_the_rest_is_counted);
    tcase_add_loop_test(t, it_fails_from_fail_on_up, 0,
                        3 * sizeof levels / sizeof *levels);
    tcase_add_loop_test(t, chat_is_asked_for_only_where_it_counts, 0,
                        sizeof asked / sizeof *asked);
    tcase_add_test(t, what_is_ignored_is_only_counted);
    tcase_add_test(t, only_the_named_findings_are_told);
    tcase_add_test(t, a_severity_that_was_lowered_is_what_counts);
    tcase_add_loop_test(t, differences_to_the_file_are_shown_and_fail, 0,
                        2 * sizeof files / sizeof *files);
    tcase_add_test(t, what_is_left_out_is_not_expected);
    tcase_add_test(t, fail_on_does_not_count_with_a_file);
    tcase_add_test(t, the_file_that_is_written_is_what_was_found);
    tcase_add_test(t, json_has_findings_ends_summary_and_check);
    tcase_add_test(t, json_tells_differences_both_ways);
    tcase_add_test(t, input_that_was_not_read_whole_has_not_passed);
    tcase_add_test(t, bytes_of_the_traffic_are_shown_not_sent);
    tcase_add_test(t, long_details_and_targets_are_cut);
    tcase_add_test(t, a_connection_without_handshake_or_end_is_counted);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(check_suite)
