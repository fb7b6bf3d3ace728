/* SPDX-License-Identifier: MIT */
#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "ui/select.h"
#include "ui/summary.h"

static struct event_samples samples;
static struct option_range range = {2, 3};
static char seen[64];

/* One letter for each event that came through. */
static void
note(void *ctx, const struct event *event)
{
    size_t len = strlen(seen);
    (void)ctx;
    ck_assert_uint_lt(len + 1, sizeof seen);
    seen[len] = "HFMGNE"[event->type];
}

static struct event_sink
noting_sink(uint32_t wants)
{
    return (struct event_sink){.wants = wants,
                               .keep = 7,
                               .digest = "sha1",
                               .event = note};
}

static void
setup(void)
{
    event_samples_init(&samples);
    memset(seen, 0, sizeof seen);
}

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

START_TEST(without_options_nothing_is_put_between)
{
    struct options options = {0};
    struct select filter;
    struct event_sink inner = noting_sink(0x3f);
    struct event_sink sink = select_sink(&filter, &options, inner);
    ck_assert(sink.event == inner.event && sink.ctx == inner.ctx);
}
END_TEST

START_TEST(other_connections_vanish_altogether)
{
    struct options options = {.conns = {.n = 1, .range = &range}};
    struct select filter;
    struct event_sink sink = select_sink(&filter, &options, noting_sink(0x3f));
    ck_assert_uint_eq(sink.wants, 0x3f);
    ck_assert_uint_eq(sink.keep, 7);
    ck_assert_str_eq(sink.digest, "sha1");
    send_all(&sink, 1);
    send_all(&sink, 4);
    ck_assert_str_eq(seen, "");
    send_all(&sink, 3);
    ck_assert_str_eq(seen, "HNFMGFE");
}
END_TEST

START_TEST(only_some_kinds_of_frames_pass)
{
    struct options options = {.only_opcodes = 1u << WS_OP_CLOSE};
    struct select filter;
    struct event_sink sink = select_sink(&filter, &options, noting_sink(0x3f));
    send_all(&sink, 1);
    ck_assert_str_eq(seen, "HNGFE");
}
END_TEST

START_TEST(a_continuation_passes_with_the_message_it_completes)
{
    struct options options = {.only_opcodes = 1u << WS_OP_TEXT};
    struct event event = {.type = EVENT_FRAME,
                          .conn = 1,
                          .frame = &samples.frame};
    samples.frame.header.opcode = WS_OP_CONT;
    ck_assert(select_passes(&options, &event));
    samples.message.opcode = WS_OP_BINARY;
    ck_assert(!select_passes(&options, &event));
    samples.frame.completed = NULL;
    ck_assert(!select_passes(&options, &event));
    options.only_opcodes = 1u << WS_OP_CONT;
    ck_assert(select_passes(&options, &event));
}
END_TEST

START_TEST(the_summary_counts_what_the_sink_does_not_want)
{
    struct summary s;
    summary_init(&s);
    struct event_sink sink = summary_sink(&s, noting_sink(1u << EVENT_GAP));
    /* Frames and messages are not asked for: `end` has their numbers. */
    ck_assert_uint_eq(sink.wants, 1u << EVENT_GAP | 1u << EVENT_HANDSHAKE |
                                      1u << EVENT_FINDING | 1u << EVENT_END);
    ck_assert_uint_eq(sink.keep, 7);
    samples.end.frames[0] = 10;
    samples.end.messages[1] = 20;
    send_all(&sink, 1);
    samples.handshake.accepted = false;
    send_all(&sink, 2);
    ck_assert_str_eq(seen, "GG");
    ck_assert_uint_eq(s.connections, 2);
    ck_assert_uint_eq(s.accepted, 1);
    ck_assert_uint_eq(s.frames, 22);
    ck_assert_uint_eq(s.messages, 42);
    ck_assert_uint_eq(s.findings[SEVERITY_ERROR], 2);
    ck_assert_uint_eq(s.findings[SEVERITY_WARNING], 0);
}
END_TEST

START_TEST(the_summary_in_front_of_a_filter_counts_everything)
{
    struct options options = {.conns = {.n = 1, .range = &range}};
    struct select filter;
    struct summary s;
    summary_init(&s);
    struct event_sink sink =
        summary_sink(&s, select_sink(&filter, &options, noting_sink(0x3f)));
    send_all(&sink, 1);
    send_all(&sink, 3);
    send_all(&sink, 4);
    ck_assert_str_eq(seen, "HNFMGFE");
    ck_assert_uint_eq(s.connections, 3);
    ck_assert_uint_eq(s.frames, 6);
    ck_assert_uint_eq(s.findings[SEVERITY_ERROR], 3);
}
END_TEST

static Suite *
select_suite(void)
{
    Suite *suite = suite_create("select");
    TCase *tc = tcase_create("select");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, without_options_nothing_is_put_between);
    tcase_add_test(tc, other_connections_vanish_altogether);
    tcase_add_test(tc, only_some_kinds_of_frames_pass);
    tcase_add_test(tc, a_continuation_passes_with_the_message_it_completes);
    tcase_add_test(tc, the_summary_counts_what_the_sink_does_not_want);
    tcase_add_test(tc, the_summary_in_front_of_a_filter_counts_everything);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(select_suite)
