/* SPDX-License-Identifier: MIT */
/* The rows of the ladder, from made conversations. */
#include "ui/tui/views/ladder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"

#define MS INT64_C(1000000)

static struct store *store;
static struct event_sink sink;
static struct event_samples samples;
static struct rows rows;
static struct ladder ladder;
static uint64_t sent[2];

static void
setup(void)
{
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    sink = store_sink(store, 1000);
    event_samples_init(&samples);
    memset(&ladder, 0, sizeof ladder);
    memset(&rows, 0, sizeof rows);
    rows_start(&rows, 0);
    sent[0] = sent[1] = 0;
}

static void
teardown(void)
{
    ladder_fini(&ladder);
    rows_fini(&rows);
    store_free(store);
}

static struct stamp
at(uint64_t packet, int64_t ms)
{
    return (struct stamp){SAMPLE_START_NS + ms * MS, packet};
}

/* Request in packet 4, answer in packet 6, one millisecond between packets. */
static void
send_handshake(void)
{
    struct event_handshake h = samples.handshake;
    h.request = at(4, 4);
    h.response = h.at = at(6, 6);
    sample_send_handshake(&sink, 1, &h);
}

static void
send_midstream(void)
{
    struct event_handshake h = samples.handshake;
    h.request = h.response = (struct stamp){0, 0};
    h.at = at(1, 1);
    h.seen = HANDSHAKE_SEEN_NONE;
    h.request_head = h.response_head = NULL;
    sample_send_handshake(&sink, 1, &h);
}

static void
send_tcp(enum ws_sender from, enum event_tcp_what what, uint64_t packet)
{
    struct event_tcp e = {.from = from,
                          .what = what,
                          .at = at(packet, (int64_t)packet)};
    sample_send_tcp(&sink, 1, &e);
}

static void
send_frame_at(enum ws_sender from, uint8_t opcode, uint64_t len,
              uint64_t packet, int64_t ms)
{
    struct event_frame f = samples.frame;
    f.from = from;
    f.number = ++sent[from];
    f.message = opcode & 8 ? 0 : sent[from];
    f.header.opcode = opcode & 15u;
    f.header.fin = true;
    f.header.masked = from == WS_SENDER_CLIENT;
    f.header.payload_len = len;
    f.at = f.first = at(packet, ms);
    f.payload = slice_make(NULL, 0);
    f.complete = f.synced = true;
    f.compressed = false;
    sample_send_frame(&sink, 1, &f);
}

static void
send_frame(enum ws_sender from, uint8_t opcode, uint64_t len, uint64_t packet)
{
    send_frame_at(from, opcode, len, packet, (int64_t)packet);
}

static void
send_end(uint64_t packet)
{
    struct event_end e = samples.end;
    e.at = at(packet, (int64_t)packet);
    sample_send_end(&sink, 1, &e);
}

static void
update(void)
{
    (void)rows_update(&rows, store, store->frames.n, SIZE_MAX);
    ladder_update(&ladder, store, 0, &rows, store->tcp.n, true);
}

/* Each row as a word: "SYN", "H1", "c2" for a frame, "s3*5=." for a run of five
 * alike in length and regular, "_" for a blank one. */
static const char *
words(void)
{
    static char text[4096];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < ladder.n && n < sizeof text - 64; i++) {
        const struct ladder_row *r = &ladder.row[i];
        const struct store_frame *f = NULL;
        char *to = text + n;
        size_t room = sizeof text - n;
        const char *blank = i ? " " : "";
        if (r->kind == LADDER_FRAME || r->kind == LADDER_RUN)
            f = store_frame(store, r->ref);
        if (f)
            n += (size_t)snprintf(to, room, "%s%s%" PRIu32, blank,
                                  store_frame_from(f) ? "s" : "c", f->number);
        if (r->kind == LADDER_RUN)
            n += (size_t)snprintf(text + n, sizeof text - n, "*%" PRIu32 "%s%s",
                                  r->n, r->flags & LADDER_SAME_LEN ? "=" : "",
                                  r->flags & LADDER_REGULAR ? "." : "");
        if (r->kind == LADDER_TCP)
            n += (size_t)snprintf(
                to, room, "%s%s", blank,
                event_tcp_name(
                    (enum event_tcp_what)(
                        (struct store_tcp *)chunks_at(&store->tcp, r->ref))
                        ->what));
        else if (!f)
            n += (size_t)snprintf(to, room, "%s%s", blank,
                                  r->kind == LADDER_REQUEST     ? "H1"
                                  : r->kind == LADDER_RESPONSE  ? "H2"
                                  : r->kind == LADDER_OPEN      ? "open"
                                  : r->kind == LADDER_END       ? "end"
                                  : r->kind == LADDER_MIDSTREAM ? "midstream"
                                  : r->flags & LADDER_LONG      ? "..."
                                                                : "_");
    }
    return text;
}

static void
play_plain(void)
{
    send_handshake();
    send_tcp(WS_SENDER_CLIENT, EVENT_TCP_SYN, 1);
    send_tcp(WS_SENDER_SERVER, EVENT_TCP_SYN_ACK, 2);
    send_frame(WS_SENDER_CLIENT, WS_OP_TEXT, 5, 8);
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 5, 9);
    send_frame(WS_SENDER_CLIENT, WS_OP_CLOSE, 2, 10);
    send_frame(WS_SENDER_SERVER, WS_OP_CLOSE, 2, 11);
    send_tcp(WS_SENDER_SERVER, EVENT_TCP_FIN, 11);
    send_tcp(WS_SENDER_CLIENT, EVENT_TCP_FIN, 12);
    send_end(12);
}

static void
play_request_again(void)
{
    send_handshake();
    send_tcp(WS_SENDER_CLIENT, EVENT_TCP_SYN, 1);
    send_tcp(WS_SENDER_CLIENT, EVENT_TCP_RETRANSMIT, 5);
    send_frame(WS_SENDER_CLIENT, WS_OP_TEXT, 5, 8);
}

/* The client did not wait for the 101. */
static void
play_early_frame(void)
{
    send_handshake();
    send_frame(WS_SENDER_CLIENT, WS_OP_TEXT, 5, 5);
}

static void
play_midstream(void)
{
    send_midstream();
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 5, 1);
    send_tcp(WS_SENDER_SERVER, EVENT_TCP_RST, 3);
    send_end(3);
}

static void
play_run(void)
{
    send_handshake();
    for (uint64_t i = 0; i < 5; i++)
        send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10 + i);
    send_frame(WS_SENDER_CLIENT, WS_OP_TEXT, 24, 20);
}

/* Two are no run; another length class or sender ends one. */
static void
play_short_runs(void)
{
    send_handshake();
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10);
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 11);
    send_frame(WS_SENDER_SERVER, WS_OP_BINARY, 24, 12);
    send_frame(WS_SENDER_SERVER, WS_OP_BINARY, 24, 13);
    send_frame(WS_SENDER_SERVER, WS_OP_BINARY, 200, 14);
    send_frame(WS_SENDER_SERVER, WS_OP_BINARY, 201, 15);
    send_frame(WS_SENDER_SERVER, WS_OP_BINARY, 202, 16);
    send_frame(WS_SENDER_CLIENT, WS_OP_BINARY, 202, 17);
}

static void
play_irregular(void)
{
    send_handshake();
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10);
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 11);
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 40);
}

/* One each second. */
static void
play_regular(void)
{
    send_handshake();
    for (uint64_t i = 1; i <= 3; i++)
        send_frame_at(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10 + i,
                      1000 * (int64_t)i);
}

/* What TCP did between two frames divides a run. */
static void
play_divided(void)
{
    send_handshake();
    for (uint64_t i = 0; i < 3; i++)
        send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10 + i);
    send_tcp(WS_SENDER_SERVER, EVENT_TCP_RETRANSMIT, 13);
    for (uint64_t i = 0; i < 3; i++)
        send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 14 + i);
}

static void
play_pings_between(void)
{
    send_handshake();
    send_tcp(WS_SENDER_CLIENT, EVENT_TCP_SYN, 1);
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10);
    send_frame(WS_SENDER_SERVER, WS_OP_PING, 4, 11);
    send_frame(WS_SENDER_CLIENT, WS_OP_PONG, 4, 12);
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 13);
}

static void
play_pauses(void)
{
    send_handshake();
    send_frame_at(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10, 10);
    send_frame_at(WS_SENDER_SERVER, WS_OP_TEXT, 24, 11, 30);
    send_frame_at(WS_SENDER_SERVER, WS_OP_TEXT, 24, 12, 1500);
}

static const struct {
    const char *name;
    void (*play)(void);
    struct ladder_options options;
    const char *rows;
} cases[] = {
    {"a whole connection",
     play_plain,
     {0},
     "SYN SYN+ACK H1 H2 open c1 s1 c2 s2 FIN FIN end"},
    {"without TCP",
     play_plain,
     {.hide_tcp = true},
     "H1 H2 open c1 s1 c2 s2 end"},
    {"without control frames",
     play_plain,
     {.hide_control = true},
     "SYN SYN+ACK H1 H2 open c1 s1 FIN FIN end"},
    {"the request sent again",
     play_request_again,
     {0},
     "SYN H1 retransmission H2 open c1"},
    {"a frame before the 101", play_early_frame, {0}, "H1 c1 H2 open"},
    {"found in mid-stream", play_midstream, {0}, "midstream s1 RST end"},
    {"a run", play_run, {0}, "H1 H2 open s1*5=. c1"},
    {"a run unfolded",
     play_run,
     {.unfold = true},
     "H1 H2 open s1 s2 s3 s4 s5 c1"},
    {"no run with a scale of time",
     play_regular,
     {.time = true},
     "H1 H2 open _ _ _ _ _ ... _ _ _ _ s1 _ _ _ _ _ ... _ _ _ _ s2 _ _ _ _ _ "
     "... _ _ _ _ s3"},
    {"short runs", play_short_runs, {0}, "H1 H2 open s1 s2 s3 s4 s5*3. c1"},
    {"irregular", play_irregular, {0}, "H1 H2 open s1*3="},
    {"a divided run",
     play_divided,
     {0},
     "H1 H2 open s1*3=. retransmission s4*3=."},
    {"pings", play_pings_between, {0}, "SYN H1 H2 open s1 s2 c1 s3"},
    {"pings hidden",
     play_pings_between,
     {.hide_tcp = true, .hide_control = true},
     "H1 H2 open s1 s3"},
    {"a row is 10 ms",
     play_pauses,
     {.time = true},
     "H1 H2 open s1 s2 _ _ _ _ _ ... _ _ _ _ s3"},
};

START_TEST(rows_are_those_of_the_conversation)
{
    cases[_i].play();
    ladder.options = cases[_i].options;
    update();
    const char *got = words();
    ck_assert_msg(strcmp(got, cases[_i].rows) == 0, "%s: %s", cases[_i].name,
                  got);
}
END_TEST

/* The SYNs come behind frames when drawing comes between. */
START_TEST(what_comes_bit_by_bit_makes_the_same_rows)
{
    send_handshake();
    update();
    send_tcp(WS_SENDER_CLIENT, EVENT_TCP_SYN, 1);
    update();
    send_tcp(WS_SENDER_SERVER, EVENT_TCP_SYN_ACK, 2);
    for (uint64_t i = 0; i < 5; i++) {
        send_frame(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10 + i);
        update();
    }
    send_frame(WS_SENDER_CLIENT, WS_OP_TEXT, 24, 20);
    update();
    send_end(21);
    update();
    update();
    ck_assert_str_eq(words(), "SYN SYN+ACK H1 H2 open s1*5=. c1 end");
    ck_assert_uint_eq(ladder.folded, 5);
}
END_TEST

START_TEST(a_frame_has_its_row_also_in_a_run)
{
    play_run();
    update();
    /* H1 H2 open s1*5 c1 */
    for (uint32_t f = 0; f < 5; f++)
        ck_assert_uint_eq(ladder_place(&ladder, &rows, f), 3);
    ck_assert_uint_eq(ladder_place(&ladder, &rows, 5), 4);
    ladder.options.unfold = true;
    update();
    for (uint32_t f = 0; f < 6; f++)
        ck_assert_uint_eq(ladder_place(&ladder, &rows, f), 3 + f);
    ladder.options.hide_control = true;
    update();
    ck_assert_uint_eq(ladder.n, 9);
}
END_TEST

START_TEST(a_hidden_frame_has_the_row_of_the_next_one)
{
    play_pings_between();
    ladder.options =
        (struct ladder_options){.hide_tcp = true, .hide_control = true};
    update();
    ck_assert_uint_eq(ladder_place(&ladder, &rows, 0), 3);
    ck_assert_uint_eq(ladder_place(&ladder, &rows, 1), 4);
    ck_assert_uint_eq(ladder_place(&ladder, &rows, 2), 4);
    ck_assert_uint_eq(ladder_place(&ladder, &rows, 3), 4);
}
END_TEST

START_TEST(a_row_of_the_scale_of_time_is_a_round_number)
{
    play_pauses();
    ladder.options.time = true;
    update();
    ck_assert_int_eq(ladder.step_ns, 50 * MS);
}
END_TEST

/* Each with its number, at the time of its packet. */
START_TEST(times_of_a_run_are_those_of_its_ends)
{
    play_run();
    update();
    ck_assert_int_eq(ladder_start_ns(&ladder, store, &rows, 3),
                     SAMPLE_START_NS + 10 * MS);
    ck_assert_int_eq(ladder_end_ns(&ladder, store, &rows, 3),
                     SAMPLE_START_NS + 14 * MS);
    ck_assert_uint_eq(ladder_packet(&ladder, store, 3), 10);
    ck_assert_uint_eq(ladder_packet(&ladder, store, 0), 4);
}
END_TEST

/* However long it goes on, a scale of time has a bounded number of blank rows:
 * it is chosen anew. */
START_TEST(blank_rows_are_bounded)
{
    send_handshake();
    ladder.options.time = true;
    int64_t ms = 10;
    for (uint64_t i = 0; i < 2000; i++) {
        ms += 1000;
        send_frame_at(WS_SENDER_SERVER, WS_OP_TEXT, 24, 10 + i, ms);
        if (i % 7 == 0)
            update();
    }
    update();
    ck_assert_uint_ge(ladder.n, 2000);
    ck_assert_uint_le(ladder.n, 2000 + 3 + 2 * LADDER_SCALE_ROWS_MAX);
}
END_TEST

/* What is there already is not touched by later calls. */
START_TEST(rows_are_not_made_again)
{
    send_handshake();
    for (uint64_t i = 0; i < 100000; i++)
        send_frame(i % 2 ? WS_SENDER_SERVER : WS_SENDER_CLIENT, WS_OP_TEXT, 24,
                   10 + i);
    update();
    ck_assert_uint_eq(ladder.n, 100003);
    ladder.row[50].flags = 0x80;
    send_frame(WS_SENDER_SERVER, WS_OP_BINARY, 24, 200000);
    for (unsigned i = 0; i < 1000; i++)
        update();
    ck_assert_uint_eq(ladder.row[50].flags, 0x80);
    ck_assert_uint_eq(ladder.n, 100004);
}
END_TEST

static Suite *
tui_ladder_suite(void)
{
    Suite *s = suite_create("tui_ladder");
    TCase *tc = tcase_create("rows");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, rows_are_those_of_the_conversation, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(tc, what_comes_bit_by_bit_makes_the_same_rows);
    tcase_add_test(tc, a_frame_has_its_row_also_in_a_run);
    tcase_add_test(tc, a_hidden_frame_has_the_row_of_the_next_one);
    tcase_add_test(tc, a_row_of_the_scale_of_time_is_a_round_number);
    tcase_add_test(tc, times_of_a_run_are_those_of_its_ends);
    tcase_add_test(tc, blank_rows_are_bounded);
    tcase_add_test(tc, rows_are_not_made_again);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(tui_ladder_suite)
