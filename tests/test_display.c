/* SPDX-License-Identifier: MIT */
#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "ui/display.h"

#include <stdio.h>

static struct event_samples samples;
static struct display display;
static struct options options;
static struct filter *filter;
static char seen[128];
static struct event_handshake shown; /* the last one; its slices are gone */
static struct http1_head shown_request, shown_response;
static size_t shown_payload;
static bool shown_truncated, shown_completed;

/* The connection's number and a letter for each event that came through. */
static void
note(void *ctx, const struct event *event)
{
    size_t len = strlen(seen);
    (void)ctx;
    ck_assert_uint_lt(len + 3, sizeof seen);
    snprintf(seen + len, sizeof seen - len, "%u%c", event->conn,
             "HFMGNE"[event->type]);
    if (event->type == EVENT_HANDSHAKE) {
        const struct event_handshake *e = event->handshake;
        shown = *e;
        ck_assert(slice_equal_cstr(e->host, "server.example.com"));
        ck_assert(slice_equal_cstr(e->protocol, "chat"));
        shown_request = *e->request_head;
        shown_response = *e->response_head;
        ck_assert(slice_equal_cstr(e->request_head->target, "/chat"));
    }
    if (event->type == EVENT_FRAME) {
        shown_completed = event->frame->completed != NULL;
        if (shown_completed)
            ck_assert_uint_le(event->frame->completed->payload.len, 3);
    }
    if (event->type == EVENT_MESSAGE) {
        shown_payload = event->message->payload.len;
        shown_truncated = event->message->truncated;
    }
}

/* A head of which the text says the same as the table. */
static void
give_text(struct http1_head *head, const char *text)
{
    ck_assert(http1_head_parse(head, slice_cstr(text), head->is_request));
}

static void
setup(void)
{
    event_samples_init(&samples);
    give_text(&samples.request, "GET /chat HTTP/1.1\r\n"
                                "Host: server.example.com\r\n"
                                "Upgrade: websocket\r\n\r\n");
    give_text(&samples.response, "HTTP/1.1 101 Switching Protocols\r\n"
                                 "Upgrade: websocket\r\n"
                                 "Sec-WebSocket-Protocol: chat\r\n\r\n");
    memset(seen, 0, sizeof seen);
    options = (struct options){.conns = {.n = 0}};
}

static void
teardown(void)
{
    display_fini(&display);
    filter_free(filter);
    filter = NULL;
}

static struct event_sink
make_sink(const char *text, uint32_t wants)
{
    struct filter_error e;
    struct event_sink inner = {.wants = wants, .keep = 3, .event = note}, sink;
    ck_assert_int_eq(filter_new(&filter, slice_cstr(text), &e), ERR_OK);
    ck_assert_int_eq(display_init(&display, filter, &options, inner, &sink),
                     ERR_OK);
    return sink;
}

/* In the order of the dissector: what is wrong with a frame is told before it
 * is whole. */
static void
send_all(const struct event_sink *sink, uint32_t conn)
{
    sample_send_handshake(sink, conn, &samples.handshake);
    sample_send_finding(sink, conn, &samples.finding);
    sample_send_frame(sink, conn, &samples.frame);
    sample_send_message(sink, conn, &samples.message);
    sample_send_gap(sink, conn, &samples.gap);
    sample_send_frame(sink, conn, &samples.close);
    sample_send_end(sink, conn, &samples.end);
}

static const struct {
    const char *filter, *seen;
} rows[] = {
    /* All of the connection. */
    {"ip.addr == 192.0.2.10", "1H1N1F1M1G1F1E"},
    {"ws.conn == 2", ""},
    /* A frame brings its handshake, message, findings and end. */
    {"ws.text contains ell", "1H1F1N1M1E"},
    {"websocket.opcode == close", "1H1F1E"},
    {"websocket.opcode == ping", ""},
    /* So do a finding, a gap and an end. */
    {"ws.severity == error", "1H1N1E"},
    {"ws.gap_len", "1H1G1E"},
    {"ws.verdict == close-unanswered", "1H1E"},
    {"ws.verdict == reset", ""},
    {"ws.type == handshake", "1H1E"},
    /* What is not there: as in Wireshark, ! is true for all the rest. */
    {"!(ws.len > 0)", "1H1N1G1E"},
};

START_TEST(what_matches_brings_along_what_belongs_to_it)
{
    struct event_sink sink = make_sink(rows[_i].filter, 0x3f);
    send_all(&sink, 1);
    ck_assert_msg(strcmp(seen, rows[_i].seen) == 0, "%s: %s instead of %s",
                  rows[_i].filter, seen, rows[_i].seen);
    ck_assert_uint_eq(display.kept, 0);
}
END_TEST

START_TEST(a_late_handshake_is_the_one_that_came)
{
    struct event_sink sink = make_sink("websocket.opcode == close", 0x3f);
    samples.response.partial = true;
    send_all(&sink, 1);
    const struct event_handshake *was = &samples.handshake;
    ck_assert_str_eq(seen, "1H1F1E");
    ck_assert_uint_eq(shown.flow, was->flow);
    ck_assert(memcmp(&shown.at, &was->at, sizeof was->at) == 0);
    ck_assert(memcmp(&shown.request, &was->request, sizeof was->at) == 0);
    ck_assert(endpoint_equal(&shown.client, &was->client));
    ck_assert(endpoint_equal(&shown.server, &was->server));
    ck_assert_int_eq(shown.accept_ok, was->accept_ok);
    ck_assert(shown.accepted);
    ck_assert_uint_eq(shown_request.n_headers, 2);
    ck_assert_uint_eq(shown_response.status, 101);
    ck_assert(!shown_request.partial && shown_response.partial);
}
END_TEST

START_TEST(connections_wait_side_by_side)
{
    struct event_sink sink = make_sink("ws.conn == 2 and ws.text", 0x3f);
    for (uint32_t conn = 1; conn <= 3; conn++)
        sample_send_handshake(&sink, conn, &samples.handshake);
    ck_assert_uint_gt(display.kept, 0);
    for (uint32_t conn = 1; conn <= 3; conn++)
        sample_send_frame(&sink, conn, &samples.frame);
    for (uint32_t conn = 1; conn <= 3; conn++)
        sample_send_end(&sink, conn, &samples.end);
    ck_assert_str_eq(seen, "2H2F2E");
    ck_assert_uint_eq(display.kept, 0);
    ck_assert_ptr_null(display.all);
}
END_TEST

START_TEST(a_finding_of_a_hidden_frame_is_hidden)
{
    struct event_sink sink = make_sink("websocket.opcode == close", 0x3f);
    sample_send_handshake(&sink, 1, &samples.handshake);
    /* Before its frame, behind it, and its number at the end. */
    sample_send_finding(&sink, 1, &samples.finding);
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_finding(&sink, 1, &samples.finding);
    samples.finding.from = WS_SENDER_SERVER;
    sample_send_frame(&sink, 1, &samples.close);
    sample_send_finding(&sink, 1, &samples.finding);
    samples.finding.count = 4;
    sample_send_finding(&sink, 1, &samples.finding);
    samples.finding.from = WS_SENDER_CLIENT;
    sample_send_finding(&sink, 1, &samples.finding);
    sample_send_end(&sink, 1, &samples.end);
    ck_assert_str_eq(seen, "1H1F1N1N1E");
}
END_TEST

START_TEST(findings_that_find_no_room_to_wait_are_told)
{
    struct event_sink sink = make_sink("websocket.opcode == ping", 0x3f);
    sample_send_handshake(&sink, 1, &samples.handshake);
    for (unsigned i = 0; i < 17; i++)
        sample_send_finding(&sink, 1, &samples.finding);
    ck_assert_str_eq(seen, "1H1N");
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_end(&sink, 1, &samples.end);
    ck_assert_str_eq(seen, "1H1N1E");
}
END_TEST

START_TEST(a_handshake_without_room_to_wait_is_shown)
{
    struct event_sink sink = make_sink("websocket.opcode == ping", 0x3f);
    display.kept_max = 16;
    send_all(&sink, 1);
    ck_assert_str_eq(seen, "1H1E");
    ck_assert_uint_eq(display.not_kept, 1);
}
END_TEST

START_TEST(conn_and_only_hold_too)
{
    static struct option_range range = {2, 2};
    options.conns = (struct option_ranges){1, &range};
    options.only_opcodes = 1u << WS_OP_CLOSE;
    struct event_sink sink = make_sink("ws.len > 0", 0x3f);
    send_all(&sink, 1);
    send_all(&sink, 2);
    ck_assert_str_eq(seen, "2H2F2E");
}
END_TEST

START_TEST(payloads_are_kept_only_for_filters_that_ask)
{
    struct event_sink sink = make_sink("ws.text contains lo", 0x3f);
    ck_assert_uint_eq(sink.keep, SIZE_MAX);
    send_all(&sink, 1);
    ck_assert_str_eq(seen, "1H1F1N1M1E");
    /* The sink behind gets what it asked for. */
    ck_assert_uint_eq(shown_payload, 3);
    ck_assert(shown_truncated);
    teardown();
    sink = make_sink("ws.len > 3", 0x3f);
    ck_assert_uint_eq(sink.keep, 3);
}
END_TEST

START_TEST(a_sink_gets_only_what_it_wants)
{
    uint32_t wants = 1u << EVENT_HANDSHAKE | 1u << EVENT_END;
    struct event_sink sink = make_sink("ws.text contains lo", wants);
    ck_assert_uint_eq(sink.wants & 1u << EVENT_MESSAGE, 1u << EVENT_MESSAGE);
    ck_assert_uint_eq(sink.wants & 1u << EVENT_FRAME, 1u << EVENT_FRAME);
    send_all(&sink, 1);
    ck_assert_str_eq(seen, "1H1E");
    teardown();
    /* Frames without messages. */
    memset(seen, 0, sizeof seen);
    sink = make_sink("ws.text contains lo", 1u << EVENT_FRAME);
    send_all(&sink, 1);
    ck_assert_str_eq(seen, "1F");
    ck_assert(!shown_completed);
    teardown();
    /* What is the same for all frames asks for none. */
    sink = make_sink("http.host == a or ws.verdict == reset", wants);
    ck_assert_uint_eq(sink.wants, wants | 1u << EVENT_FINDING);
    ck_assert_uint_eq(sink.keep, 0);
}
END_TEST

static Suite *
display_suite(void)
{
    Suite *suite = suite_create("display");
    TCase *tc = tcase_create("display");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, what_matches_brings_along_what_belongs_to_it, 0,
                        sizeof rows / sizeof rows[0]);
    tcase_add_test(tc, a_late_handshake_is_the_one_that_came);
    tcase_add_test(tc, connections_wait_side_by_side);
    tcase_add_test(tc, a_finding_of_a_hidden_frame_is_hidden);
    tcase_add_test(tc, findings_that_find_no_room_to_wait_are_told);
    tcase_add_test(tc, a_handshake_without_room_to_wait_is_shown);
    tcase_add_test(tc, conn_and_only_hold_too);
    tcase_add_test(tc, payloads_are_kept_only_for_filters_that_ask);
    tcase_add_test(tc, a_sink_gets_only_what_it_wants);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(display_suite)
