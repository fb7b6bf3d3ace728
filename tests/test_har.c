/* SPDX-License-Identifier: MIT */
#include "ui/export/har.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/out_text.h"
#include "tests/rng.h"

static struct out_text text;
static struct har *har;
static struct event_sink sink;
static struct event_samples samples;

static void
open_har(const struct har_options *options)
{
    out_text_init(&text);
    ck_assert_int_eq(har_new(&har, options, &text.out), ERR_OK);
    sink = har_sink(har);
    event_samples_init(&samples);
}

static void
setup(void)
{
    const struct har_options options = {.version = "1.0",
                                        .index_max = SIZE_MAX};
    open_har(&options);
}

static void
reopen(const struct har_options *options)
{
    har_free(har);
    out_text_fini(&text);
    open_har(options);
}

static void
teardown(void)
{
    har_free(har);
    out_text_fini(&text);
}

/* ---- events ---- */

static void
send_handshake(uint32_t conn)
{
    const struct event e = {.type = EVENT_HANDSHAKE,
                            .conn = conn,
                            .handshake = &samples.handshake};
    sink.event(sink.ctx, &e);
}

static void
send_message(uint32_t conn, struct slice payload)
{
    samples.message.payload = payload;
    samples.message.len = payload.len;
    const struct event e = {.type = EVENT_MESSAGE,
                            .conn = conn,
                            .message = &samples.message};
    sink.event(sink.ctx, &e);
}

static void
send_text(uint32_t conn, const char *payload)
{
    send_message(conn, slice_cstr(payload));
}

static void
send_frame(uint32_t conn, const struct event_frame *frame)
{
    const struct event e = {.type = EVENT_FRAME, .conn = conn, .frame = frame};
    sink.event(sink.ctx, &e);
}

static void
send_finding(uint32_t conn)
{
    const struct event e = {.type = EVENT_FINDING,
                            .conn = conn,
                            .finding = &samples.finding};
    sink.event(sink.ctx, &e);
}

static void
send_end(uint32_t conn)
{
    const struct event e = {.type = EVENT_END,
                            .conn = conn,
                            .end = &samples.end};
    sink.event(sink.ctx, &e);
}

static const char *
finish(void)
{
    har_finish(har);
    return out_text_get(&text);
}

static void
expect(const char *all, const char *part)
{
    ck_assert_msg(strstr(all, part) != NULL, "no %s in %s", part, all);
}

static void
expect_no(const char *all, const char *part)
{
    ck_assert_msg(strstr(all, part) == NULL, "%s in %s", part, all);
}

/* ---- tests ---- */

START_TEST(nothing_makes_a_document_without_entries)
{
    ck_assert_str_eq(finish(),
                     "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":"
                     "\"wsray\",\"version\":\"1.0\"},\"pages\":[],"
                     "\"entries\":[\n]}}\n");
}
END_TEST

START_TEST(interleaved_connections_are_one_entry_each_as_they_end)
{
    send_handshake(1);
    send_handshake(2);
    send_text(1, "one");
    send_text(2, "two");
    send_text(1, "three");
    send_end(2);
    send_text(1, "four");
    send_end(1);
    const char *all = finish();
    const char *two = strstr(all, "\"_conn\":2,"),
               *one = strstr(all, "\"_conn\":1,");
    ck_assert(two && one && two < one);
    ck_assert(strstr(all, "\"two\"") < one);
    const char *a = strstr(one, "\"one\""), *b = strstr(one, "\"three\""),
               *c = strstr(one, "\"four\"");
    ck_assert(a && b && c && a < b && b < c);
    ck_assert_uint_eq(har_figures(har)->entries, 2);
    ck_assert_uint_eq(har_figures(har)->messages, 4);
}
END_TEST

START_TEST(data_is_text_or_base64_as_devtools_have_it)
{
    send_handshake(1);
    send_text(1, "a \"b\" \xf0\x9f\x91\x8b");
    samples.message.opcode = WS_OP_BINARY;
    samples.message.from = WS_SENDER_SERVER;
    send_message(1, slice_make("\0\xff", 2));
    send_frame(1, &samples.close);
    send_end(1);
    const char *all = finish();
    expect(all, "{\"type\":\"send\",\"time\":1700000000.125456789,"
                "\"opcode\":1,\"data\":\"a \\\"b\\\" \xf0\x9f\x91\x8b\",");
    expect(all, "{\"type\":\"receive\",\"time\":1700000000.125456789,"
                "\"opcode\":2,\"data\":\"AP8=\",");
    expect(all, "\"opcode\":8,\"data\":\"A+hieWU=\",");
    expect_no(all, "_complete");
}
END_TEST

START_TEST(data_frames_are_told_by_their_message_alone)
{
    send_handshake(1);
    send_frame(1, &samples.frame);
    send_end(1);
    expect(finish(), "\"_webSocketMessages\":[],");
}
END_TEST

START_TEST(invalid_text_has_its_bytes_beside_it)
{
    send_handshake(1);
    send_text(1, "a\xff");
    send_end(1);
    expect(finish(), "\"data\":\"a\xef\xbf\xbd\",\"_base64\":\"Yf8=\",");
}
END_TEST

START_TEST(what_is_missing_is_said)
{
    send_handshake(1);
    samples.message.complete = false;
    send_text(1, "Hel");
    samples.message.complete = true;
    samples.message.truncated = true;
    send_text(1, "Hello");
    send_end(1);
    const char *all = finish();
    expect(all, "\"data\":\"Hel\",\"_packet\":6,\"_complete\":false}");
    expect(all, "\"data\":\"Hello\",\"_packet\":6,\"_length\":5}");
    ck_assert_uint_eq(har_figures(har)->cut, 1);
}
END_TEST

START_TEST(findings_and_the_verdict_come_along)
{
    send_handshake(1);
    send_finding(1);
    send_finding(1);
    send_end(1);
    const char *all = finish();
    expect(all, "\"_findings\":[\n{\"type\":\"finding\",");
    expect(all, "\n,\n{\"type\":\"finding\",");
    expect(all, "\"_end\":{\"type\":\"end\",\"conn\":1,");
}
END_TEST

START_TEST(a_connection_without_handshake_has_an_entry)
{
    send_text(3, "Hello");
    send_end(3);
    const char *all = finish();
    expect(all, "\"url\":\"ws://unknown/\"");
    expect(all, "\"status\":0,");
    expect(all, "The request was not captured.");
    expect(all, "\"data\":\"Hello\"");
}
END_TEST

START_TEST(a_connection_that_does_not_end_has_an_entry)
{
    send_handshake(1);
    send_handshake(2);
    const char *all = finish();
    const char *one = strstr(all, "\"_conn\":1,"),
               *two = strstr(all, "\"_conn\":2,");
    ck_assert(one && two && one < two);
    expect(all, "\"_end\":null");
}
END_TEST

static void
add_secrets(void)
{
    sample_header(&samples.request, "cookie", "sid=1; theme=a=b;;  last");
    sample_header(&samples.request, "AUTHORIZATION", "Bearer 2");
    sample_header(&samples.request, "Proxy-Authorization", "Basic 3");
    sample_header(&samples.response, "Set-Cookie", "sid=4; Path=/; Secure");
}

START_TEST(cookies_are_taken_apart)
{
    add_secrets();
    send_handshake(1);
    send_end(1);
    const char *all = finish();
    expect(all, "\"cookies\":[{\"name\":\"sid\",\"value\":\"1\"},"
                "{\"name\":\"theme\",\"value\":\"a=b\"},"
                "{\"name\":\"last\",\"value\":\"\"}]");
    expect(all, "\"cookies\":[{\"name\":\"sid\",\"value\":\"4\"}]");
    expect(all, "Bearer 2");
}
END_TEST

START_TEST(secrets_can_be_left_out)
{
    const struct har_options options = {.version = "1.0",
                                        .no_secrets = true,
                                        .index_max = SIZE_MAX};
    reopen(&options);
    add_secrets();
    send_handshake(1);
    send_end(1);
    const char *all = finish();
    expect(all, "\"cookies\":[]");
    expect(all, "{\"name\":\"Host\"");
    expect_no(all, "sid");
    expect_no(all, "Bearer");
    expect_no(all, "Basic");
    ck_assert_ptr_null(strcasestr(all, "cookie\""));
    ck_assert_ptr_null(strcasestr(all, "authorization"));
}
END_TEST

static const struct {
    const char *host, *target, *url, *query;
} urls[] = {
    {"a.test", "/x?b=1&c&&d=e=f#g", "ws://a.test/x?b=1&c&&d=e=f#g",
     "[{\"name\":\"b\",\"value\":\"1\"},{\"name\":\"c\",\"value\":\"\"},"
     "{\"name\":\"d\",\"value\":\"e=f\"}]"},
    {"a.test:81", "/", "ws://a.test:81/", "[]"},
    {NULL, "/?", "ws://192.0.2.20:8080/?", "[]"},
    {"a.test", "http://b.test/c", "http://b.test/c", "[]"},
    {"a.test", "wss://b.test/c", "wss://b.test/c", "[]"},
    {"a.test", "b.test:443", "ws://a.test/b.test:443", "[]"},
    {"a.test", "", "ws://a.test/", "[]"},
};

START_TEST(the_url_is_what_the_client_asked_for)
{
    char want[256];
    struct slice none = {NULL, 0};
    samples.handshake.host = urls[_i].host ? slice_cstr(urls[_i].host) : none;
    samples.request.target = slice_cstr(urls[_i].target);
    send_handshake(1);
    send_end(1);
    const char *all = finish();
    snprintf(want, sizeof want, "\"url\":\"%s\"", urls[_i].url);
    expect(all, want);
    snprintf(want, sizeof want, "\"queryString\":%s,", urls[_i].query);
    expect(all, want);
}
END_TEST

START_TEST(past_the_limit_messages_are_left_out_and_counted)
{
    const struct har_options options = {.version = "1.0", .index_max = 256};
    reopen(&options);
    send_handshake(1);
    send_handshake(2);
    for (int i = 0; i < 10; i++) {
        send_text(1, "odd");
        send_text(2, "even");
    }
    send_end(1);
    send_end(2);
    const char *all = finish();
    const struct har_figures *f = har_figures(har);
    ck_assert_uint_gt(f->over, 0);
    ck_assert_uint_eq(f->messages + f->left_out, 20);
    ck_assert_uint_eq(f->over, f->left_out);
    expect(all, "\"_messagesLeftOut\":");
}
END_TEST

START_TEST(heads_without_room_are_not_called_uncaptured)
{
    const struct har_options options = {.version = "1.0", .index_max = 0};
    reopen(&options);
    send_handshake(1);
    send_end(1);
    const char *all = finish();
    expect(all, "The request was left out");
    expect(all, "The response was left out");
    ck_assert_ptr_null(strstr(all, "not captured"));
}
END_TEST

START_TEST(one_connection_alone_needs_no_room_for_each_message)
{
    const struct har_options options = {.version = "1.0", .index_max = 48};
    reopen(&options);
    send_handshake(1);
    for (int i = 0; i < 10000; i++)
        send_text(1, "again");
    send_end(1);
    (void)finish();
    ck_assert_uint_eq(har_figures(har)->messages, 10000);
}
END_TEST

/* Three connections with messages of all sizes, in turns; returns a copy. */
static char *
mixed_document(size_t index_max)
{
    static char payload[30000];
    const struct har_options options = {.version = "1.0",
                                        .index_max = index_max};
    struct rng rng = {.state = 7};
    reopen(&options);
    memset(payload, 'x', sizeof payload);
    for (uint32_t conn = 1; conn <= 3; conn++)
        send_handshake(conn);
    for (uint64_t i = 0; i < 1000; i++) {
        uint32_t conn = 1 + rng_below(&rng, 3);
        size_t len = rng_below(&rng, rng_below(&rng, 20) == 0 ? 30000 : 100);
        samples.message.at.packet = i + 1;
        send_message(conn, slice_make(payload, len));
        if (i % 100 == 0)
            send_finding(conn);
    }
    for (uint32_t conn = 1; conn <= 3; conn++)
        send_end(conn);
    char *text_copy = strdup(finish());
    ck_assert_ptr_nonnull(text_copy);
    ck_assert_uint_eq(har_figures(har)->messages, 1000);
    ck_assert_uint_eq(har_figures(har)->left_out, 0);
    return text_copy;
}

START_TEST(it_does_not_matter_where_messages_wait)
{
    char *roomy = mixed_document(SIZE_MAX);
    static const size_t maxima[] = {100000, 60000, 40000};
    for (size_t i = 0; i < sizeof maxima / sizeof *maxima; i++) {
        char *tight = mixed_document(maxima[i]);
        ck_assert_msg(strcmp(roomy, tight) == 0, "with %zu bytes", maxima[i]);
        free(tight);
    }
    free(roomy);
}
END_TEST

START_TEST(a_full_disk_leaves_a_whole_document)
{
    static char payload[100000];
    struct rlimit limit;
    memset(payload, 'x', sizeof payload);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    send_handshake(1);
    send_handshake(2);
    limit.rlim_cur = 450000;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < 5; i++) {
        send_message(1, slice_make(payload, sizeof payload));
        send_message(2, slice_make(payload, sizeof payload));
    }
    limit.rlim_cur = before;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    send_end(1);
    send_end(2);
    const char *all = finish();
    const struct har_figures *f = har_figures(har);
    ck_assert_int_eq(f->spool_errno, EFBIG);
    ck_assert_uint_eq(f->entries, 2);
    ck_assert_uint_eq(f->messages + f->left_out, 10);
    ck_assert_uint_gt(f->messages, 0);
    ck_assert_uint_gt(f->left_out, 0);
    size_t n = 0;
    for (const char *at = all; (at = strstr(at, "\"type\":\"send\"")); at++)
        n++;
    ck_assert_uint_eq(n, f->messages);
    ck_assert_str_eq(all + strlen(all) - 5, "\n]}}\n");
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("har");
    TCase *t = tcase_create("har");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nothing_makes_a_document_without_entries);
    tcase_add_test(t, interleaved_connections_are_one_entry_each_as_they_end);
    tcase_add_test(t, data_is_text_or_base64_as_devtools_have_it);
    tcase_add_test(t, data_frames_are_told_by_their_message_alone);
    tcase_add_test(t, invalid_text_has_its_bytes_beside_it);
    tcase_add_test(t, what_is_missing_is_said);
    tcase_add_test(t, findings_and_the_verdict_come_along);
    tcase_add_test(t, a_connection_without_handshake_has_an_entry);
    tcase_add_test(t, a_connection_that_does_not_end_has_an_entry);
    tcase_add_test(t, cookies_are_taken_apart);
    tcase_add_test(t, secrets_can_be_left_out);
    tcase_add_loop_test(t, the_url_is_what_the_client_asked_for, 0,
                        sizeof urls / sizeof *urls);
    tcase_add_test(t, past_the_limit_messages_are_left_out_and_counted);
    tcase_add_test(t, heads_without_room_are_not_called_uncaptured);
    tcase_add_test(t, one_connection_alone_needs_no_room_for_each_message);
    tcase_add_test(t, it_does_not_matter_where_messages_wait);
    tcase_add_test(t, a_full_disk_leaves_a_whole_document);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
