/* SPDX-License-Identifier: MIT */
#include "ui/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/out_text.h"
#include "tests/safe_text.h"

#define S INT64_C(1000000000)

static struct event_samples samples;
static struct out_text written;
static struct stats *stats;
static struct event_sink sink;
static struct summary summary;

static void
open_stats(struct stats_options o)
{
    stats_free(stats);
    stats = stats_new(&o);
    ck_assert_ptr_nonnull(stats);
    sink = stats_sink(stats);
}

static void
setup(void)
{
    event_samples_init(&samples);
    out_text_init(&written);
    summary = (struct summary){.packets = 33,
                               .bytes = 2744,
                               .flows = 1,
                               .duration_ns = 2 * S};
    open_stats((struct stats_options){.width = 80, .utf8 = true});
}

static void
teardown(void)
{
    stats_free(stats);
    stats = NULL;
    out_text_fini(&written);
}

static void
begin(uint32_t conn)
{
    sample_send_handshake(&sink, conn, &samples.handshake);
    summary.connections++;
}

static void
end(uint32_t conn)
{
    sample_send_end(&sink, conn, &samples.end);
}

static void
whole_connection(uint32_t conn)
{
    begin(conn);
    sample_send_frame(&sink, conn, &samples.frame);
    sample_send_message(&sink, conn, &samples.message);
    sample_send_frame(&sink, conn, &samples.close);
    sample_send_gap(&sink, conn, &samples.gap);
    sample_send_finding(&sink, conn, &samples.finding);
    end(conn);
}

static const char *
render(const struct stats_live *live)
{
    stats_set_capture(stats, &summary);
    stats_render(stats, live, &written.out);
    return out_text_next(&written);
}

static const char *
screen(size_t rows, size_t columns)
{
    static const struct stats_live live = {
        .elapsed_ns = 12 * S,
        .received = 12345,
        .dropped = 2,
        .queue_now = 1024,
        .queue_peak = 2 << 20,
        .queue_capacity = 64 << 20,
        .memory_now = 100,
        .memory_peak = 200,
    };
    stats_set_capture(stats, &summary);
    stats_screen(stats, &live, rows, columns, &written.out);
    return out_text_next(&written);
}

static void
expect_text(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text);
}

START_TEST(payload_is_never_asked_for)
{
    ck_assert_uint_eq(sink.keep, 0);
    ck_assert_ptr_null(sink.digest);
    ck_assert_int_eq(sink.least, SEVERITY_NOTE);
}
END_TEST

START_TEST(one_connection_is_counted)
{
    whole_connection(1);
    const struct stats_sender *c = &stats->sender[0], *s = &stats->sender[1];
    ck_assert_uint_eq(stats->conns, 1);
    ck_assert_uint_eq(stats->accepted, 1);
    ck_assert_uint_eq(stats->ended, 1);
    ck_assert_uint_eq(stats->clean, 0);
    ck_assert_uint_eq(stats->verdicts[VERDICT_CLOSE_UNANSWERED], 1);
    ck_assert_uint_eq(c->frames[WS_OP_TEXT], 1);
    ck_assert_uint_eq(c->payload[WS_OP_TEXT], 5);
    ck_assert_uint_eq(c->header_bytes, 6);
    ck_assert_uint_eq(c->masked, 1);
    ck_assert_uint_eq(s->frames[WS_OP_CLOSE], 1);
    ck_assert_uint_eq(s->masked, 0);
    ck_assert_uint_eq(c->messages[STATS_TEXT].n, 1);
    ck_assert_uint_eq(c->messages[STATS_TEXT].length.total, 5);
    ck_assert_uint_eq(s->gaps, 1);
    ck_assert_uint_eq(s->gap_bytes, 1448);
    ck_assert_uint_eq(stats->n_codes, 1);
    ck_assert_uint_eq(stats->codes[0].code, 1000);
    ck_assert_uint_eq(stats->codes[0].n[1], 1);
    ck_assert_uint_eq(stats->findings[FINDING_FRAME_CLIENT_UNMASKED], 1);
    ck_assert_uint_eq(stats->severities[SEVERITY_ERROR], 1);
    ck_assert_uint_eq(stats->n_open, 0);
}
END_TEST

START_TEST(handshakes_are_accepted_refused_unanswered_or_not_seen)
{
    struct event_handshake h = samples.handshake;
    begin(1);
    h.accepted = false;
    sample_send_handshake(&sink, 2, &h);
    h.response_head = NULL;
    sample_send_handshake(&sink, 3, &h);
    h = samples.handshake;
    h.seen = HANDSHAKE_SEEN_NONE;
    h.request_head = h.response_head = NULL;
    sample_send_handshake(&sink, 4, &h);
    ck_assert_uint_eq(stats->conns, 4);
    ck_assert_uint_eq(stats->accepted, 1);
    ck_assert_uint_eq(stats->refused, 1);
    ck_assert_uint_eq(stats->unanswered, 1);
    ck_assert_uint_eq(stats->midstream, 1);
    end(3);
    const char *text = render(NULL);
    expect_text(text, "connections  4, 3 attempted, 1 accepted, 1 refused, "
                      "1 without an answer,\n");
    expect_text(text, "1 found in mid-stream, 3 open now\n");
}
END_TEST

START_TEST(announced_payload_that_never_came_does_not_count)
{
    begin(1);
    samples.frame.header.payload_len = INT64_MAX;
    samples.frame.complete = samples.frame.ended = false;
    sample_send_frame(&sink, 1, &samples.frame);
    ck_assert_uint_eq(stats->sender[0].payload[WS_OP_TEXT], 0);
    ck_assert_uint_eq(stats->sender[0].frames[WS_OP_TEXT], 1);
    ck_assert_uint_eq(stats->sender[0].incomplete, 1);
    /* Not captured, but sent. */
    samples.frame.ended = true;
    for (int i = 0; i < 3; i++)
        sample_send_frame(&sink, 1, &samples.frame);
    ck_assert_uint_eq(stats->sender[0].payload[WS_OP_TEXT], UINT64_MAX);
    ck_assert_uint_eq(stats->sender[0].incomplete, 4);
    render(NULL);
}
END_TEST

START_TEST(the_total_of_a_finding_counts_once)
{
    begin(1);
    sample_send_finding(&sink, 1, &samples.finding);
    samples.finding.count = 7;
    sample_send_finding(&sink, 1, &samples.finding);
    ck_assert_uint_eq(stats->findings[FINDING_FRAME_CLIENT_UNMASKED], 7);
    expect_text(render(NULL), "findings     7 errors\n");
}
END_TEST

START_TEST(compressed_messages_count_before_and_after)
{
    begin(1);
    struct event_message m = samples.message;
    m.compressed = true;
    m.wire_len = 25;
    m.len = 100;
    sample_send_message(&sink, 1, &m);
    m.has_len = false;
    m.n_frames = 3;
    sample_send_message(&sink, 1, &m);
    const struct stats_deflate *d = &stats->sender[0].deflate;
    ck_assert_uint_eq(d->n, 2);
    ck_assert_uint_eq(d->unknown, 1);
    ck_assert_uint_eq(d->wire, 25);
    ck_assert_uint_eq(d->inflated, 100);
    ck_assert_uint_eq(stats->sender[0].messages[STATS_TEXT].fragmented, 1);
    ck_assert_uint_eq(stats->sender[0].messages[STATS_TEXT].unknown, 1);
    expect_text(render(NULL), "4.00 : 1   25.0 %\n");
}
END_TEST

START_TEST(round_trips_of_several_connections_keep_what_is_exact)
{
    begin(1);
    begin(2);
    samples.end.rtt[0] = (struct event_rtt){3, 1000, 2000, 3000, 4000};
    end(1);
    ck_assert_ptr_null(strstr(render(NULL), "least and greatest"));
    samples.end.rtt[0] = (struct event_rtt){2, 500, 1500, 5000, 6000};
    end(2);
    const struct stats_pings *p = &stats->sender[0].pings;
    ck_assert_uint_eq(p->n, 5);
    ck_assert_int_eq(p->min_ns, 500);
    ck_assert_int_eq(p->max_ns, 6000);
    ck_assert_int_eq(p->median_ns[0], 1500);
    ck_assert_int_eq(p->median_ns[1], 2000);
    ck_assert_int_eq(p->p95_ns[0], 3000);
    ck_assert_int_eq(p->p95_ns[1], 5000);
    expect_text(render(NULL), "1.500 us - 2.000 us");
}
END_TEST

START_TEST(close_codes_beyond_the_maximum_share_a_row)
{
    begin(1);
    for (unsigned i = 0; i < STATS_CODES_MAX + 10; i++) {
        samples.close.close_code = (uint16_t)(3000 + i);
        sample_send_frame(&sink, 1, &samples.close);
    }
    ck_assert_uint_eq(stats->n_codes, STATS_CODES_MAX);
    ck_assert_uint_eq(stats->sender[1].close_more, 10);
    samples.close.has_close_code = false;
    sample_send_frame(&sink, 1, &samples.close);
    samples.close.header.payload_len = 0;
    sample_send_frame(&sink, 1, &samples.close);
    ck_assert_uint_eq(stats->sender[1].close_unknown, 1);
    ck_assert_uint_eq(stats->sender[1].close_without, 1);
    expect_text(render(NULL), "  other");
}
END_TEST

/* Connection `conn` ends with so many bytes. */
static void
end_with(uint32_t conn, uint64_t bytes)
{
    begin(conn);
    samples.end.payload_bytes[0] = bytes;
    samples.end.payload_bytes[1] = 0;
    end(conn);
}

START_TEST(the_ten_with_most_bytes_are_exact)
{
    const struct stats_conn *top[STATS_TOP];
    /* In an order that is neither up nor down; 37 and 101 have no factor in
     * common. */
    for (uint32_t i = 0; i < 101; i++)
        end_with(i + 1, i * 37 % 101);
    ck_assert_uint_eq(stats_top(stats, top), STATS_TOP);
    for (unsigned i = 0; i < STATS_TOP; i++)
        ck_assert_uint_eq(top[i]->bytes[0], 100 - i);
    /* Open ones stand among them. */
    begin(500);
    samples.frame.header.payload_len = 97;
    sample_send_frame(&sink, 500, &samples.frame);
    begin(501);
    ck_assert_uint_eq(stats_top(stats, top), STATS_TOP);
    ck_assert_uint_eq(top[0]->bytes[0], 100);
    bool seen = false;
    for (unsigned i = 0; i < STATS_TOP; i++)
        seen |= top[i]->conn == 500 && !top[i]->ended;
    ck_assert(seen);
    ck_assert_uint_eq(top[STATS_TOP - 1]->bytes[0], 92);
    expect_text(render(NULL), "open\n");
}
END_TEST

START_TEST(connections_beyond_the_maximum_still_count)
{
    for (uint32_t i = 1; i <= STATS_CONNS_MAX + 2; i++)
        begin(i);
    ck_assert_uint_eq(stats->n_open, STATS_CONNS_MAX);
    ck_assert_uint_eq(stats->over_limit, 2);
    ck_assert_uint_eq(stats->conns, STATS_CONNS_MAX + 2);
    sample_send_frame(&sink, STATS_CONNS_MAX + 1, &samples.frame);
    ck_assert_uint_eq(stats->sender[0].frames[WS_OP_TEXT], 1);
    samples.end.payload_bytes[0] = 1000;
    end(STATS_CONNS_MAX + 1);
    const struct stats_conn *top[STATS_TOP];
    ck_assert_uint_eq(stats_top(stats, top), 1);
    ck_assert_uint_eq(top[0]->conn, STATS_CONNS_MAX + 1);
    ck_assert(!top[0]->seen);
    expect_text(render(NULL), "  2 connections too many at a time");
    /* There is room again. */
    end(1);
    begin(STATS_CONNS_MAX + 3);
    ck_assert_uint_eq(stats->over_limit, 2);
}
END_TEST

START_TEST(a_capture_without_websockets_says_so_in_one_line)
{
    ck_assert_str_eq(
        render(NULL),
        "capture      33 packets, 2,744 bytes, 1 TCP flow, 2.000000 s\n"
        "No WebSocket connection was found.\n");
    summary.connections = 3;
    expect_text(render(NULL), "No WebSocket connection is selected.\n");
}
END_TEST

START_TEST(drawing_does_not_change_what_is_counted)
{
    whole_connection(1);
    char *first = strdup(render(NULL));
    ck_assert_ptr_nonnull(first);
    screen(10, 60);
    ck_assert_str_eq(render(NULL), first);
    free(first);
    whole_connection(2);
    expect_text(render(NULL), "connections  2, 2 attempted");
}
END_TEST

START_TEST(the_live_line_comes_first)
{
    whole_connection(1);
    const char *text = screen(50, 81);
    static const char first[] = "\033[Hlive         12 s, 12,345 received, "
                                "2 dropped,\033[K\r\n";
    ck_assert_int_eq(strncmp(text, first, strlen(first)), 0);
    expect_text(text, "queue 1.0 KiB of 64.0 MiB (at most 2.0 MiB)");
    expect_text(text, "memory 100 B (at most 200 B)");
}
END_TEST

/* Lines of a screen, and that none is wider; with no other control. */
START_TEST(a_screen_keeps_to_its_rows_and_columns)
{
    size_t rows = (size_t)_i, columns = 20 + 7 * (size_t)_i, lines = 0;
    static const char target[] = "/\033[2J\x9b\r\n\t\x80 path";
    samples.request.target = slice_cstr(target);
    for (uint32_t i = 1; i < 30; i++)
        whole_connection(i);
    begin(30);
    const char *text = screen(rows, columns);
    ck_assert_int_eq(strncmp(text, "\033[H", 3), 0);
    text += 3;
    while (strcmp(text, "\033[J") != 0) {
        const char *end = strstr(text, "\033[K");
        ck_assert_ptr_nonnull(end);
        struct slice line = slice_make(text, (size_t)(end - text));
        ck_assert(safe_text(line, true));
        size_t cols = 0;
        for (size_t i = 0; i < line.len; i++)
            cols += (line.ptr[i] & 0xc0) != 0x80;
        ck_assert_uint_lt(cols, columns);
        lines++;
        text = end + 3;
        if (strncmp(text, "\r\n", 2) == 0)
            text += 2;
    }
    ck_assert_uint_le(lines, rows);
    /* There is more to show than on 40 rows. */
    ck_assert(rows > 40 || lines == rows);
}
END_TEST

START_TEST(paths_of_the_traffic_are_shown_not_obeyed)
{
    static const char target[] = "/\033[31m\xe2\x80\xae";
    samples.request.target = slice_cstr(target);
    open_stats((struct stats_options){.width = 120, .utf8 = false});
    whole_connection(1);
    const char *text = render(NULL);
    expect_text(text, "/<1B>[31m<U+202E>");
    ck_assert_ptr_null(strchr(text, '\033'));
}
END_TEST

START_TEST(without_utf8_everything_is_ascii)
{
    open_stats((struct stats_options){.width = 100, .utf8 = false});
    for (uint32_t i = 1; i < 5; i++)
        whole_connection(i);
    for (const char *c = render(NULL); *c; c++)
        ck_assert((*c >= 0x20 && *c < 0x7f) || *c == '\n');
}
END_TEST

START_TEST(colours_come_only_when_asked_for)
{
    whole_connection(1);
    ck_assert_ptr_null(strchr(render(NULL), '\033'));
    open_stats(
        (struct stats_options){.width = 80, .color = true, .utf8 = true});
    whole_connection(1);
    expect_text(render(NULL), "\033[1mFrames\033[0m\n");
}
END_TEST

START_TEST(counting_alone_needs_no_text)
{
    stats_free(stats);
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    sink = stats_sink(stats);
    whole_connection(1);
    ck_assert_uint_eq(stats->conns, 1);
    ck_assert_ptr_null(stats->text);
}
END_TEST

static Suite *
stats_suite(void)
{
    Suite *s = suite_create("stats");
    TCase *t = tcase_create("stats");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, payload_is_never_asked_for);
    tcase_add_test(t, one_connection_is_counted);
    tcase_add_test(t, handshakes_are_accepted_refused_unanswered_or_not_seen);
    tcase_add_test(t, announced_payload_that_never_came_does_not_count);
    tcase_add_test(t, the_total_of_a_finding_counts_once);
    tcase_add_test(t, compressed_messages_count_before_and_after);
    tcase_add_test(t, round_trips_of_several_connections_keep_what_is_exact);
    tcase_add_test(t, close_codes_beyond_the_maximum_share_a_row);
    tcase_add_test(t, the_ten_with_most_bytes_are_exact);
    tcase_add_test(t, connections_beyond_the_maximum_still_count);
    tcase_add_test(t, a_capture_without_websockets_says_so_in_one_line);
    tcase_add_test(t, drawing_does_not_change_what_is_counted);
    tcase_add_test(t, the_live_line_comes_first);
    tcase_add_loop_test(t, a_screen_keeps_to_its_rows_and_columns, 1, 70);
    tcase_add_test(t, paths_of_the_traffic_are_shown_not_obeyed);
    tcase_add_test(t, without_utf8_everything_is_ascii);
    tcase_add_test(t, colours_come_only_when_asked_for);
    tcase_add_test(t, counting_alone_needs_no_text);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(stats_suite)
