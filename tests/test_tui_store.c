/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/rng.h"
#include "ui/tui/tui.h"

static struct store *store;
static struct event_sink sink;
static struct event_samples samples;

static void
open_store(size_t max_bytes, uint64_t index_max, uint64_t spool_max)
{
    store_free(store);
    ck_assert_int_eq(store_new(&store, max_bytes, index_max, spool_max),
                     ERR_OK);
    sink = store_sink(store, 1000);
}

static void
setup(void)
{
    open_store(SIZE_MAX, 0, UINT64_MAX);
    event_samples_init(&samples);
}

static void
teardown(void)
{
    store_free(store);
    store = NULL;
}

/* ---- events ---- */

static void
send_handshake(uint32_t conn)
{
    sample_send_handshake(&sink, conn, &samples.handshake);
}

/* A data frame of a message, or with message 0 a control frame. */
static void
send_frame(uint32_t conn, enum ws_sender from, uint64_t number,
           uint64_t message, uint8_t opcode, bool fin, const char *payload)
{
    struct event_frame f = samples.frame;
    f.from = from;
    f.number = number;
    f.message = message;
    f.header.opcode = opcode & 15u;
    f.header.fin = fin;
    f.header.masked = from == WS_SENDER_CLIENT;
    f.header.payload_len = strlen(payload);
    f.completed = NULL;
    f.at = sample_stamp((int64_t)number * 1000000, 10 + number);
    if (opcode & 8)
        f.payload = slice_cstr(payload);
    sample_send_frame(&sink, conn, &f);
}

static void
send_message(uint32_t conn, enum ws_sender from, uint64_t number,
             const char *payload)
{
    struct event_message m = samples.message;
    m.from = from;
    m.number = number;
    m.payload = slice_cstr(payload);
    m.len = m.wire_len = m.payload.len;
    sample_send_message(&sink, conn, &m);
}

static void
send_whole(uint32_t conn, enum ws_sender from, uint64_t number,
           const char *payload)
{
    send_frame(conn, from, number, number, WS_OP_TEXT, true, payload);
    send_message(conn, from, number, payload);
}

static void
send_finding(uint32_t conn, enum ws_sender from, uint64_t frame,
             enum severity severity, const char *detail)
{
    struct event_finding f = samples.finding;
    f.from = from;
    f.frame = frame;
    f.severity = severity;
    f.detail = detail;
    sample_send_finding(&sink, conn, &f);
}

/* The message that a frame is of; there is one. */
static struct store_message
message_of(size_t frame)
{
    struct store_message m;
    ck_assert(store_message_of(store, frame, &m));
    return m;
}

static bool
has_message(size_t frame)
{
    struct store_message m;
    return store_message_of(store, frame, &m);
}

static const char *
payload_of(size_t frame, bool *whole)
{
    static char text[256];
    size_t n = store_frame_payload(store, store_frame(store, frame),
                                   (uint8_t *)text, sizeof text - 1, whole);
    text[n] = '\0';
    return text;
}

static void
assert_payload(size_t frame, const char *want, bool want_whole)
{
    bool whole;
    ck_assert_str_eq(payload_of(frame, &whole), want);
    ck_assert_int_eq(whole, want_whole);
}

/* ---- connections ---- */

START_TEST(a_handshake_makes_a_connection)
{
    const char request[] = "GET /chat HTTP/1.1\r\nHost: a.example\r\n\r\n";
    samples.request.text = slice_cstr(request);
    samples.request.target = slice_make((const uint8_t *)request + 4, 5);
    samples.handshake.host = slice_make((const uint8_t *)request + 26, 9);
    /* Not in the text: it must not be kept by pointer. */
    samples.handshake.key = slice_cstr("elsewhere");
    send_handshake(1);
    ck_assert_uint_eq(store->conns.n, 1);
    const struct store_conn *c = store_conn(store, 0);
    const struct store_handshake *h = &c->handshake;
    ck_assert_uint_eq(c->conn, 1);
    ck_assert_int_eq(c->state, STORE_OPEN);
    ck_assert_uint_eq(c->flow, 7);
    ck_assert_uint_eq(c->client.port, 54321);
    ck_assert_int_eq(c->start_ns, SAMPLE_START_NS);
    ck_assert_int_eq(store->first_ns, SAMPLE_START_NS);
    ck_assert_uint_eq(c->first_frame, STORE_NONE);
    ck_assert_uint_eq(h->status, 101);
    ck_assert_str_eq(h->accept_expected, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    ck_assert(slice_equal(h->request_head, slice_cstr(request)));
    ck_assert(slice_equal(h->target, slice_cstr("/chat")));
    ck_assert(slice_equal(h->host, slice_cstr("a.example")));
    ck_assert_ptr_ne(h->target.ptr, samples.request.target.ptr);
    ck_assert_ptr_null(h->key.ptr);
}
END_TEST

static const struct {
    const char *name;
    bool accepted, answered;
    enum handshake_seen seen;
    enum store_state state;
} state_cases[] = {
    {"accepted", true, true, HANDSHAKE_SEEN_BOTH, STORE_OPEN},
    {"refused", false, true, HANDSHAKE_SEEN_BOTH, STORE_FAILED},
    {"no answer", false, false, HANDSHAKE_SEEN_REQUEST, STORE_UPGRADING},
    {"mid-stream", false, false, HANDSHAKE_SEEN_NONE, STORE_OPEN},
};

START_TEST(the_state_follows_from_the_handshake)
{
    samples.handshake.accepted = state_cases[_i].accepted;
    samples.handshake.seen = state_cases[_i].seen;
    if (!state_cases[_i].answered)
        samples.handshake.response_head = NULL;
    if (state_cases[_i].seen == HANDSHAKE_SEEN_NONE)
        samples.handshake.request_head = NULL;
    send_handshake(1);
    ck_assert_msg(store_conn(store, 0)->state == state_cases[_i].state, "%s",
                  state_cases[_i].name);
}
END_TEST

START_TEST(a_close_frame_and_the_end_change_the_state)
{
    send_handshake(1);
    sample_send_frame(&sink, 1, &samples.close);
    ck_assert_int_eq(store_conn(store, 0)->state, STORE_CLOSING);
    assert_payload(0,
                   "\x03\xe8"
                   "bye",
                   true);
    sample_send_end(&sink, 1, &samples.end);
    const struct store_conn *c = store_conn(store, 0);
    ck_assert_int_eq(c->state, STORE_CLOSED);
    ck_assert(c->ended && !c->clean);
    ck_assert_uint_eq(c->onclose_code, 1000);
    ck_assert_uint_eq(c->close_code[WS_SENDER_SERVER], 1000);
    ck_assert_str_eq(c->text, samples.end.text);
    ck_assert_ptr_ne(c->text, samples.end.text);
}
END_TEST

START_TEST(a_connection_that_the_capture_outlives_stays_open)
{
    send_handshake(1);
    samples.end.verdict = VERDICT_CAPTURE_ENDED;
    sample_send_end(&sink, 1, &samples.end);
    ck_assert_int_eq(store_conn(store, 0)->state, STORE_OPEN);
    /* A second end takes the place of the first. */
    samples.end.verdict = VERDICT_RESET;
    samples.end.text = NULL;
    sample_send_end(&sink, 1, &samples.end);
    ck_assert_int_eq(store_conn(store, 0)->state, STORE_CLOSED);
    ck_assert_ptr_null(store_conn(store, 0)->text);
}
END_TEST

/* Numbers are given with the request, rows with the answer. */
START_TEST(connections_may_come_in_any_order)
{
    static const uint32_t order[] = {3, 1, 5, 4, 2};
    for (size_t i = 0; i < 5; i++)
        send_handshake(order[i]);
    for (uint32_t round = 1; round <= 3; round++)
        for (uint32_t conn = 1; conn <= 5; conn++) {
            send_whole(conn, WS_SENDER_CLIENT, round, "x");
            send_finding(conn, WS_SENDER_CLIENT, round, SEVERITY_NOTE, NULL);
        }
    ck_assert_uint_eq(store->frames.n, 15);
    for (size_t i = 0; i < 15; i++) {
        uint32_t row = store_frame(store, i)->conn;
        ck_assert_uint_eq(store_conn(store, row)->conn, i % 5 + 1);
        ck_assert_uint_eq(store_finding(store, i)->conn, row);
        ck_assert_uint_eq(store_finding(store, i)->frame, i);
    }
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(store_conn(store, i)->frames[WS_SENDER_CLIENT], 3);
}
END_TEST

START_TEST(what_no_connection_was_told_of_is_counted)
{
    send_frame(9, WS_SENDER_CLIENT, 1, 1, WS_OP_TEXT, true, "x");
    send_message(9, WS_SENDER_CLIENT, 1, "x");
    send_finding(9, WS_SENDER_CLIENT, 1, SEVERITY_ERROR, NULL);
    sample_send_gap(&sink, 9, &samples.gap);
    sample_send_end(&sink, 9, &samples.end);
    ck_assert_uint_eq(store->n_dropped, 5);
    ck_assert_uint_eq(store->frames.n + store->findings.n, 0);
}
END_TEST

/* ---- frames and messages ---- */

START_TEST(a_frame_keeps_what_its_header_says)
{
    send_handshake(1);
    samples.frame.header.rsv = 4;
    samples.frame.header.fin = false;
    samples.frame.header.payload_len = UINT64_C(1) << 40;
    samples.frame.compressed = true;
    samples.frame.complete = false;
    sample_send_frame(&sink, 1, &samples.frame);
    const struct store_frame *f = store_frame(store, 0);
    ck_assert_uint_eq(f->byte0, 0x41);
    ck_assert_uint_eq(f->mask, 0x37fa213d);
    ck_assert_uint_eq(f->header_len, 6);
    ck_assert_uint_eq(f->payload_len, UINT64_C(1) << 40);
    ck_assert_uint_eq(f->offset, 160);
    ck_assert_uint_eq(f->packet, 6);
    ck_assert_uint_eq(f->number, 1);
    ck_assert_uint_eq(f->conn, 0);
    ck_assert_uint_eq(f->severity, 0);
    ck_assert_uint_eq(f->flags, STORE_MASKED | STORE_SYNCED | STORE_COMPRESSED);
    ck_assert_int_eq(store_frame_from(f), WS_SENDER_CLIENT);
    ck_assert_uint_eq(store_conn(store, 0)->bytes[WS_SENDER_CLIENT], UINT64_C(1)
                                                                         << 40);
}
END_TEST

START_TEST(a_row_of_a_frame_is_64_bytes)
{
    ck_assert_uint_le(sizeof(struct store_frame), 64);
}
END_TEST

START_TEST(a_row_of_a_message_is_64_bytes)
{
    ck_assert_uint_le(sizeof(struct store_message), 64);
}
END_TEST

START_TEST(a_message_in_one_frame_is_in_the_row_of_that_frame)
{
    send_handshake(1);
    send_whole(1, WS_SENDER_CLIENT, 1, "Hello");
    assert_payload(0, "Hello", true);
    struct store_message m = message_of(0);
    ck_assert_uint_eq(store->messages.n, 0);
    ck_assert_uint_eq(m.flags, STORE_MESSAGE_DONE | STORE_MESSAGE_HAS_LEN |
                                   STORE_MESSAGE_COMPLETE | STORE_MESSAGE_KEPT);
    ck_assert_uint_eq(m.n_frames, 1);
    ck_assert_uint_eq(m.number, 1);
    ck_assert_uint_eq(m.opcode, WS_OP_TEXT);
    ck_assert_uint_eq(m.len, 5);
    ck_assert_uint_eq(m.wire_len, 5);
    ck_assert_uint_eq(store_conn(store, 0)->messages[WS_SENDER_CLIENT], 1);
}
END_TEST

START_TEST(a_compressed_message_in_one_frame_has_both_lengths)
{
    send_handshake(1);
    samples.frame.compressed = samples.message.compressed = true;
    samples.frame.header.payload_len = samples.message.wire_len = 7;
    samples.frame.completed = NULL;
    samples.message.payload = slice_cstr("what it was before");
    samples.message.len = samples.message.payload.len;
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_message(&sink, 1, &samples.message);
    struct store_message m = message_of(0);
    ck_assert_uint_eq(store->messages.n, 0);
    ck_assert(m.flags & STORE_MESSAGE_COMPRESSED);
    ck_assert_uint_eq(m.wire_len, 7);
    ck_assert_uint_eq(m.len, 18);
    assert_payload(0, "what it was before", true);
}
END_TEST

/* Each alone makes a row of its own necessary. */
static const char *const row_cases[] = {
    "bad UTF-8",      "inflate error", "cut off",
    "incomplete",     "no length",     "another length",
    "another opcode", "compressed",    "another length on the wire",
};

static void
change_message(struct event_message *m, int how)
{
    m->has_utf8_error = how == 0;
    m->utf8_error = 3;
    m->inflate_error = how == 1 ? "invalid block type" : NULL;
    m->truncated = how == 2;
    m->complete = how != 3;
    m->has_len = how != 4;
    m->len += how == 5;
    m->opcode = how == 6 ? WS_OP_BINARY : WS_OP_TEXT;
    m->compressed = how == 7;
    m->wire_len += how == 8;
}

START_TEST(a_message_that_its_frame_does_not_tell_has_a_row)
{
    struct event_message e = samples.message;
    send_handshake(1);
    e.wire_len = e.len = 5;
    e.payload = slice_cstr("Hello");
    send_frame(1, WS_SENDER_CLIENT, 1, 1, WS_OP_TEXT, true, "Hello");
    change_message(&e, _i);
    sample_send_message(&sink, 1, &e);
    ck_assert_msg(store->messages.n == 1, "%s", row_cases[_i]);
    struct store_message m = message_of(0);
    ck_assert_uint_eq(m.number, 1);
    ck_assert_uint_eq(m.first_frame | m.last_frame, 0);
    ck_assert_uint_eq(m.n_frames, 1);
    ck_assert_uint_eq(m.len, e.len);
    ck_assert_uint_eq(m.wire_len, e.wire_len);
    ck_assert_uint_eq(m.opcode, e.opcode);
    ck_assert_int_eq(!!(m.flags & STORE_MESSAGE_BAD_UTF8), e.has_utf8_error);
    ck_assert_int_eq(!!(m.flags & STORE_MESSAGE_TRUNCATED), e.truncated);
    ck_assert_int_eq(!!(m.flags & STORE_MESSAGE_COMPLETE), e.complete);
    ck_assert_int_eq(!!(m.flags & STORE_MESSAGE_HAS_LEN), e.has_len);
    ck_assert_int_eq(!!(m.flags & STORE_MESSAGE_COMPRESSED), e.compressed);
    ck_assert_ptr_eq(m.inflate_error, e.inflate_error);
    ck_assert_str_eq(payload_of(0, &(bool){false}), "Hello");
}
END_TEST

/* Fragments of both senders, a ping among them, two messages of each. */
START_TEST(fragments_are_joined_to_their_own_message)
{
    send_handshake(1);
    send_frame(1, WS_SENDER_CLIENT, 1, 1, WS_OP_TEXT, false, "Hel");
    send_frame(1, WS_SENDER_SERVER, 1, 1, WS_OP_TEXT, false, "Wor");
    send_frame(1, WS_SENDER_CLIENT, 2, 0, WS_OP_PING, true, "are you there");
    send_frame(1, WS_SENDER_CLIENT, 3, 1, WS_OP_CONT, true, "lo");
    send_message(1, WS_SENDER_CLIENT, 1, "Hello");
    send_frame(1, WS_SENDER_SERVER, 2, 1, WS_OP_CONT, true, "ld");
    send_message(1, WS_SENDER_SERVER, 1, "World");
    send_whole(1, WS_SENDER_CLIENT, 4, "again");
    static const uint32_t first[] = {0, 1, STORE_NONE, 0, 1, 5};
    ck_assert_uint_eq(store->frames.n, 6);
    ck_assert_uint_eq(store->messages.n, 2);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_int_eq(has_message(i), first[i] != STORE_NONE);
        if (first[i] != STORE_NONE)
            ck_assert_uint_eq(message_of(i).first_frame, first[i]);
    }
    const struct store_message one = message_of(3), *m = &one;
    ck_assert_uint_eq(m->last_frame, 3);
    ck_assert_uint_eq(m->n_frames, 2);
    uint8_t text[8];
    ck_assert_uint_eq(store_message_payload(store, m, 0, text, 8), 5);
    ck_assert_mem_eq(text, "Hello", 5);
    ck_assert_uint_eq(store_message_payload(store, m, 3, text, 8), 2);
    ck_assert_mem_eq(text, "lo", 2);
    ck_assert_uint_eq(store_message_payload(store, m, 5, text, 8), 0);
    ck_assert_uint_eq(store_message_payload(store, m, UINT64_MAX, text, 8), 0);
    assert_payload(2, "are you there", true);
    /* Which part of the message a fragment is, is not known. */
    assert_payload(0, "", false);
    assert_payload(5, "again", true);
}
END_TEST

/* A connection that ends within a message: the event never comes. */
START_TEST(a_message_that_never_ends_stays_without_payload)
{
    send_handshake(1);
    send_frame(1, WS_SENDER_CLIENT, 1, 1, WS_OP_TEXT, false, "Hel");
    sample_send_gap(&sink, 1, &samples.gap);
    send_frame(1, WS_SENDER_CLIENT, 7, 2, WS_OP_TEXT, true, "next");
    send_message(1, WS_SENDER_CLIENT, 2, "next");
    ck_assert_uint_eq(store->messages.n, 1);
    ck_assert_uint_eq(message_of(0).flags, 0);
    assert_payload(0, "", false);
    assert_payload(2, "next", true);
}
END_TEST

START_TEST(a_frame_whose_message_is_never_told_has_one_without_payload)
{
    send_handshake(1);
    send_frame(1, WS_SENDER_CLIENT, 1, 1, WS_OP_TEXT, true, "lost");
    ck_assert(!has_message(0));
    send_message(1, WS_SENDER_SERVER, 1, "of another sender");
    send_message(1, WS_SENDER_CLIENT, 7, "another");
    send_whole(1, WS_SENDER_CLIENT, 2, "told");
    send_frame(1, WS_SENDER_CLIENT, 3, 3, WS_OP_TEXT, true, "lost, too");
    sample_send_end(&sink, 1, &samples.end);
    ck_assert_uint_eq(store->messages.n, 2);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(message_of(i).number, i + 1);
        ck_assert_uint_eq(message_of(i).first_frame, i);
        ck_assert_uint_eq(message_of(i).flags & STORE_MESSAGE_DONE, i == 1);
        assert_payload(i, i == 1 ? "told" : "", i == 1);
    }
}
END_TEST

START_TEST(an_empty_payload_is_whole)
{
    send_handshake(1);
    send_whole(1, WS_SENDER_CLIENT, 1, "");
    send_frame(1, WS_SENDER_SERVER, 1, 0, WS_OP_PING, true, "");
    assert_payload(0, "", true);
    assert_payload(1, "", true);
}
END_TEST

START_TEST(a_truncated_message_is_not_whole)
{
    send_handshake(1);
    samples.message.truncated = true;
    samples.message.has_utf8_error = true;
    samples.message.utf8_error = 3;
    samples.message.inflate_error = "invalid block type";
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_message(&sink, 1, &samples.message);
    assert_payload(0, "Hello", false);
    const struct store_message one = message_of(0), *m = &one;
    ck_assert(m->flags & STORE_MESSAGE_TRUNCATED);
    ck_assert(m->flags & STORE_MESSAGE_BAD_UTF8);
    ck_assert_uint_eq(m->utf8_error, 3);
    ck_assert_str_eq(m->inflate_error, "invalid block type");
}
END_TEST

START_TEST(what_is_not_known_of_a_message_is_kept_in_mind)
{
    static const struct event_range ranges[] = {{0, 1}, {3, 5}};
    static struct store_known known;
    uint8_t text[16];
    bool whole;
    send_handshake(1);
    send_whole(1, WS_SENDER_SERVER, 1, "known");
    samples.message.payload = slice_make("H\0\0lo", 5);
    samples.message.complete = false;
    samples.message.known = ranges;
    samples.message.n_known = 2;
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_message(&sink, 1, &samples.message);
    store_frame_known(store, store_frame(store, 0), &known);
    ck_assert_ptr_null(known.bytes.ranges);
    store_frame_known(store, store_frame(store, 1), &known);
    ck_assert_uint_eq(known.bytes.n, 2);
    ck_assert(!known.bytes.more);
    ck_assert_mem_eq(known.bytes.ranges, ranges, sizeof ranges);
    size_t n = store_frame_text(store, store_frame(store, 1), text, sizeof text,
                                &whole);
    ck_assert_uint_eq(n, 14);
    ck_assert_mem_eq(text, "H<2 unknown>lo", n);
    ck_assert(whole);
    /* Where it does not fit, it ends. */
    n = store_frame_text(store, store_frame(store, 1), text, 6, &whole);
    ck_assert_uint_eq(n, 1);
    ck_assert(!whole);
}
END_TEST

START_TEST(a_gap_is_a_row_among_the_frames)
{
    send_handshake(1);
    send_whole(1, WS_SENDER_CLIENT, 1, "x");
    sample_send_gap(&sink, 1, &samples.gap);
    const struct store_frame *f = store_frame(store, 1);
    ck_assert_uint_eq(f->flags, STORE_GAP | STORE_SERVER);
    ck_assert_uint_eq(f->number, 0);
    ck_assert_uint_eq(f->offset, 1234);
    ck_assert_uint_eq(f->payload_len, 1448);
    ck_assert_uint_eq(f->message, STORE_NONE);
    ck_assert_uint_eq(store_conn(store, 0)->gap_bytes, 1448);
    ck_assert_uint_eq(store_conn(store, 0)->last_frame, 1);
    ck_assert_uint_eq(store_conn(store, 0)->frames[WS_SENDER_SERVER], 0);
}
END_TEST

/* Times are not monotone: frames found again after a gap come late. */
START_TEST(the_rates_of_a_connection_take_any_time)
{
    static const int64_t times[] = {
        0, INT64_MAX, 1, INT64_MAX, SAMPLE_START_NS, 0, INT64_MAX / 2, 1};
    send_handshake(1);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        samples.frame.number = i + 1;
        samples.frame.at.time_ns = times[i];
        sample_send_frame(&sink, 1, &samples.frame);
    }
    ck_assert_int_eq(store->first_ns, 0);
    ck_assert_int_eq(store_conn(store, 0)->last_ns, INT64_MAX);
}
END_TEST

START_TEST(rates_are_of_the_last_minute)
{
    const struct store_conn *c;
    send_handshake(1);
    samples.frame.at.time_ns = INT64_C(1700000000000000000);
    for (int second = 0; second < 30; second++) {
        sample_send_frame(&sink, 1, &samples.frame);
        samples.frame.at.time_ns += INT64_C(1000000000);
    }
    c = store_conn(store, 0);
    for (size_t i = 0; i < STORE_RATE_BUCKETS; i++)
        ck_assert_uint_eq(c->rate[i],
                          i < STORE_RATE_BUCKETS - 6 ? 0 : STORE_RATE_SECONDS);
    samples.frame.at.time_ns += INT64_C(3600000000000);
    for (int i = 0; i < 70000; i++)
        sample_send_frame(&sink, 1, &samples.frame);
    for (size_t i = 0; i < STORE_RATE_BUCKETS - 1; i++)
        ck_assert_uint_eq(c->rate[i], 0);
    ck_assert_uint_eq(c->rate[STORE_RATE_BUCKETS - 1], UINT16_MAX);
}
END_TEST

/* ---- findings ---- */

START_TEST(a_finding_behind_its_frame_is_linked)
{
    send_handshake(1);
    send_whole(1, WS_SENDER_CLIENT, 1, "a");
    send_whole(1, WS_SENDER_SERVER, 1, "b");
    send_whole(1, WS_SENDER_CLIENT, 2, "c");
    send_finding(1, WS_SENDER_CLIENT, 1, SEVERITY_WARNING, "seen 1");
    const struct store_finding *f = store_finding(store, 0);
    ck_assert_uint_eq(f->frame, 0);
    ck_assert_uint_eq(store_frame(store, 0)->severity, 1 + SEVERITY_WARNING);
    ck_assert_uint_eq(store_frame(store, 1)->severity, 0);
    uint8_t detail[6];
    ck_assert_uint_eq(f->detail_len, 6);
    ck_assert(spool_read(&store->spool, f->detail_off, 6, detail));
    ck_assert_mem_eq(detail, "seen 1", 6);
    ck_assert_uint_eq(store->found[SEVERITY_WARNING], 1);
    ck_assert_uint_eq(store_conn(store, 0)->found[SEVERITY_WARNING], 1);
}
END_TEST

START_TEST(findings_in_front_of_their_frame_are_linked_when_it_comes)
{
    send_handshake(1);
    send_handshake(2);
    send_finding(1, WS_SENDER_CLIENT, 1, SEVERITY_NOTE, NULL);
    send_finding(1, WS_SENDER_CLIENT, 1, SEVERITY_ERROR, NULL);
    send_finding(1, WS_SENDER_SERVER, 1, SEVERITY_WARNING, NULL);
    /* The same number, but of another connection. */
    send_whole(2, WS_SENDER_CLIENT, 1, "other");
    ck_assert_uint_eq(store_frame(store, 0)->severity, 0);
    send_whole(1, WS_SENDER_CLIENT, 1, "this");
    send_whole(1, WS_SENDER_SERVER, 1, "and this");
    ck_assert_uint_eq(store_finding(store, 0)->frame, 1);
    ck_assert_uint_eq(store_finding(store, 1)->frame, 1);
    ck_assert_uint_eq(store_finding(store, 2)->frame, 2);
    ck_assert_uint_eq(store_frame(store, 1)->severity, 1 + SEVERITY_ERROR);
    ck_assert_uint_eq(store_frame(store, 2)->severity, 1 + SEVERITY_WARNING);
}
END_TEST

START_TEST(a_finding_without_frame_or_sender_has_no_row)
{
    send_handshake(1);
    send_whole(1, WS_SENDER_CLIENT, 1, "a");
    send_finding(1, WS_SENDER_CLIENT, 0, SEVERITY_NOTE, NULL);
    samples.finding.has_from = false;
    sample_send_finding(&sink, 1, &samples.finding);
    send_finding(1, WS_SENDER_CLIENT, 77, SEVERITY_NOTE, NULL);
    send_finding(1, WS_SENDER_CLIENT, UINT64_MAX, SEVERITY_NOTE, NULL);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(store_finding(store, i)->frame, STORE_NONE);
    ck_assert_uint_eq(store_frame(store, 0)->severity, 0);
}
END_TEST

START_TEST(sums_of_findings_are_no_findings)
{
    send_handshake(1);
    samples.finding.count = 500;
    sample_send_finding(&sink, 1, &samples.finding);
    ck_assert_uint_eq(store->findings.n, 0);
    ck_assert_uint_eq(store->found[SEVERITY_ERROR], 0);
}
END_TEST

/* ---- limits ---- */

/* Something of everything, n times. */
static void
send_traffic(uint32_t n)
{
    char text[32];
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t conn = (i - 1) / 1000 + 1;
        uint64_t number = (i - 1) % 1000 + 1;
        if (number == 1)
            send_handshake(conn);
        snprintf(text, sizeof text, "message %u", i);
        send_whole(conn, WS_SENDER_CLIENT, number, text);
        send_frame(conn, WS_SENDER_SERVER, 2 * number - 1, number, WS_OP_TEXT,
                   false, "mess");
        send_frame(conn, WS_SENDER_SERVER, 2 * number, number, WS_OP_CONT, true,
                   "age");
        send_message(conn, WS_SENDER_SERVER, number, "message");
        send_finding(conn, WS_SENDER_SERVER, number, SEVERITY_NOTE, text);
        if (number == 1000)
            sample_send_end(&sink, conn, &samples.end);
    }
}

#define TRAFFIC 40000u

/* Memory for no row, and for some. */
static const size_t small_memory[] = {100000, ROOM_PIECE_LEN * 8 / 7 + 1,
                                      7 * ROOM_PIECE_LEN};

static bool
same_rows(const struct chunks *a, const struct chunks *b)
{
    size_t same = 0;
    for (size_t i = 0; i < a->n && i < b->n; i++)
        same += memcmp(chunks_at(a, i), chunks_at(b, i), a->row_len) == 0;
    return a->n == b->n && same == a->n;
}

START_TEST(rows_in_the_file_are_as_those_in_memory)
{
    send_traffic(TRAFFIC);
    struct store *whole = store;
    store = NULL;
    open_store(small_memory[_i], UINT64_MAX, UINT64_MAX);
    send_traffic(TRAFFIC);
    ck_assert_uint_eq(whole->room.file_len, 0);
    ck_assert_uint_eq(store->n_dropped, 0);
    ck_assert_uint_ge(store->room.file_len, 8 * ROOM_PIECE_LEN);
    ck_assert_uint_le(store->room.used, store->room.max);
    ck_assert_uint_eq(store->frames.n, 3 * TRAFFIC);
    ck_assert_uint_eq(store->messages.n, TRAFFIC);
    ck_assert_uint_eq(store->findings.n, TRAFFIC);
    ck_assert_uint_eq(store->conns.n, TRAFFIC / 1000);
    /* Each row twice: as it is, and after what was written was let go. */
    for (int round = 0; round < 2; round++) {
        ck_assert(same_rows(&store->frames, &whole->frames));
        ck_assert(same_rows(&store->messages, &whole->messages));
        ck_assert(same_rows(&store->findings, &whole->findings));
        store_rest(store);
    }
    assert_payload(3 * TRAFFIC - 3, "message 40000", true);
    store_free(whole);
}
END_TEST

START_TEST(rows_past_the_file_are_counted_and_not_kept)
{
    /* One piece for connections, one for frames. */
    const uint32_t fit = ROOM_PIECE_LEN / sizeof(struct store_frame);
    char said[200];
    open_store(0, 2 * ROOM_PIECE_LEN, UINT64_MAX);
    send_handshake(1);
    for (uint64_t i = 1; i <= fit + 500; i++)
        send_frame(1, WS_SENDER_CLIENT, i, 0, WS_OP_PING, true, "x");
    ck_assert_uint_eq(store->frames.n, fit);
    ck_assert_uint_eq(store->n_dropped, 500);
    ck_assert_int_eq(store->room.error, EFBIG);
    ck_assert_uint_eq(store_conn(store, 0)->frames[WS_SENDER_CLIENT],
                      fit + 500);
    ck_assert_uint_eq(store_conn(store, 0)->last_frame, fit - 1);
    assert_payload(fit - 1, "x", true);
    send_finding(1, WS_SENDER_CLIENT, fit + 500, SEVERITY_ERROR, "x");
    send_finding(1, WS_SENDER_CLIENT, 1, SEVERITY_ERROR, "x");
    ck_assert_uint_eq(store->found[SEVERITY_ERROR], 2);
    ck_assert_uint_eq(store->n_dropped, 502);
    send_handshake(2);
    ck_assert_uint_eq(store->conns.n, 2);
    store_losses(store, said, sizeof said, true);
    ck_assert_str_eq(said, "502 rows, 2 texts not kept: File too large");
    store_losses(store, said, sizeof said, false);
    ck_assert_str_eq(said, "502 rows, 2 texts not kept");
}
END_TEST

/* The disk is full: RLIMIT_FSIZE stands for it. */
START_TEST(rows_that_the_disk_does_not_take_are_counted)
{
    struct rlimit limit = {3 * ROOM_PIECE_LEN, 3 * ROOM_PIECE_LEN};
    signal(SIGXFSZ, SIG_IGN);
    open_store(0, UINT64_MAX, UINT64_MAX);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    send_traffic(TRAFFIC);
    ck_assert_int_eq(store->room.error, EFBIG);
    ck_assert_uint_eq(store->room.file_len, 3 * ROOM_PIECE_LEN);
    ck_assert_uint_gt(store->n_dropped, 0);
    ck_assert_uint_eq(store->frames.n,
                      ROOM_PIECE_LEN / sizeof(struct store_frame));
    for (size_t i = 0; i < store->frames.n; i += 3)
        ck_assert_uint_eq(store_frame(store, i)->number, i / 3 % 1000 + 1);
}
END_TEST

/* Peers choose how long they are. */
START_TEST(heads_count_as_memory)
{
    static const char head[60000];
    samples.request.text = slice_make((const uint8_t *)head, sizeof head);
    open_store(sizeof head + 2, UINT64_MAX, UINT64_MAX);
    send_handshake(1);
    ck_assert_uint_eq(store->room.used, sizeof head + 1);
    send_handshake(2);
    ck_assert_uint_eq(store->conns.n, 2);
    ck_assert_uint_eq(store->n_untold, 1);
    ck_assert_ptr_null(store_conn(store, 1)->handshake.request_head.ptr);
    send_handshake(3);
    ck_assert_uint_eq(store->conns.n, 3);
    ck_assert_uint_le(store->room.used, store->room.max);
}
END_TEST

START_TEST(rows_leave_memory_for_heads)
{
    open_store(16 * ROOM_PIECE_LEN, UINT64_MAX, UINT64_MAX);
    send_traffic(100000);
    ck_assert_uint_ge(store->room.max - store->room.used, ROOM_PIECE_LEN);
    ck_assert_uint_gt(store->room.file_len, 0);
    send_handshake(500);
    ck_assert_uint_eq(store->n_untold, 0);
}
END_TEST

START_TEST(a_sentence_that_is_told_again_counts_once)
{
    send_handshake(1);
    size_t before = store->room.used;
    for (int i = 0; i < 100; i++)
        sample_send_end(&sink, 1, &samples.end);
    ck_assert_uint_eq(store->room.used, before + strlen(samples.end.text) + 1);
}
END_TEST

/* There is room for a frame, but not for its message. */
START_TEST(a_message_without_a_row_changes_no_other)
{
    open_store(0, 2 * ROOM_PIECE_LEN, UINT64_MAX);
    send_handshake(1);
    send_frame(1, WS_SENDER_CLIENT, 1, 1, WS_OP_TEXT, false, "in parts");
    samples.message.truncated = true;
    send_frame(1, WS_SENDER_CLIENT, 2, 2, WS_OP_TEXT, true, "cut off");
    send_message(1, WS_SENDER_CLIENT, 2, "cut off");
    samples.message.truncated = false;
    send_whole(1, WS_SENDER_CLIENT, 3, "whole");
    ck_assert_uint_eq(store->frames.n, 3);
    ck_assert_uint_eq(store->messages.n, 0);
    ck_assert_uint_eq(store->n_dropped, 2);
    ck_assert(!has_message(0) && !has_message(1));
    assert_payload(0, "", false);
    assert_payload(1, "", false);
    assert_payload(2, "whole", true);
    ck_assert_uint_eq(store_conn(store, 0)->messages[WS_SENDER_CLIENT], 2);
}
END_TEST

START_TEST(no_row_at_all_is_fine)
{
    open_store(0, 0, 0);
    send_handshake(1);
    send_whole(1, WS_SENDER_CLIENT, 1, "x");
    send_finding(1, WS_SENDER_CLIENT, 1, SEVERITY_ERROR, "x");
    sample_send_end(&sink, 1, &samples.end);
    ck_assert_uint_eq(store->room.used, 0);
    ck_assert_uint_gt(store->n_dropped, 0);
}
END_TEST

START_TEST(payloads_past_the_spool_are_counted_and_not_kept)
{
    open_store(SIZE_MAX, 0, 10);
    send_handshake(1);
    send_whole(1, WS_SENDER_CLIENT, 1, "12345");
    send_whole(1, WS_SENDER_CLIENT, 2, "678901");
    send_whole(1, WS_SENDER_CLIENT, 3, "67890");
    send_whole(1, WS_SENDER_CLIENT, 4, "x");
    send_frame(1, WS_SENDER_CLIENT, 5, 0, WS_OP_PING, true, "y");
    send_finding(1, WS_SENDER_CLIENT, 5, SEVERITY_NOTE, "detail");
    ck_assert_uint_eq(store->n_unkept, 3);
    assert_payload(0, "12345", true);
    assert_payload(1, "", false);
    assert_payload(2, "67890", true);
    assert_payload(3, "", false);
    assert_payload(4, "", false);
    ck_assert_uint_eq(store_finding(store, 0)->detail_len, 0);
    ck_assert_uint_eq(store->n_untold, 1);
    ck_assert_uint_eq(store->frames.n, 5);
    char said[80];
    store_losses(store, said, sizeof said, true);
    ck_assert_str_eq(said, "3 payloads, 1 text not kept: the limit is reached");
}
END_TEST

/* The row of the status line of a screen with so many columns. */
static const char *
status_line(int cols)
{
    static char text[201];
    static struct tui_figures figures;
    struct tui tui;
    tui_init(&tui, store, NULL, &figures);
    ck_assert(grid_resize(&tui.grid, 24, cols));
    tui_go(&tui, VIEW_FRAMES);
    tui_draw(&tui);
    for (int x = 0; x < cols; x++)
        text[x] = (char)grid_cell(&tui.grid, 22, x)->ch[0];
    text[cols] = '\0';
    tui_fini(&tui);
    return text;
}

START_TEST(what_is_not_kept_is_on_the_status_line)
{
    static const struct {
        int cols;
        const char *text;
    } lines[] = {
        {40, "128 rows, 1 text not kept"},
        {60, "128 rows, 1 text not kept"},
        {80, "128 rows, 1 text not kept: File too large"},
        {160, "128 rows, 1 text not kept: File too large  1 of 16384"},
    };
    open_store(0, 2 * ROOM_PIECE_LEN, UINT64_MAX);
    send_handshake(1);
    /* The head of the handshake. */
    ck_assert_ptr_nonnull(
        strstr(status_line(80), " 1 text not kept: the limit is reached"));
    for (uint64_t i = 1; i <= 16384 + 128; i++)
        send_frame(1, WS_SENDER_CLIENT, i, 0, WS_OP_PING, true, "x");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *got = status_line(lines[i].cols);
        ck_assert_msg(strstr(got, lines[i].text), "%d: %s", lines[i].cols, got);
    }
}
END_TEST

/* ---- spool ---- */

static struct spool spool;

static void
fill(uint8_t *out, size_t len, uint64_t off)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)((off + i) * 31 + ((off + i) >> 8));
}

/* Any sizes, read back across the border of file and buffer. */
START_TEST(what_is_spooled_comes_back)
{
    static uint8_t in[3 * SPOOL_BUFFER_LEN], out[3 * SPOOL_BUFFER_LEN];
    static const size_t lens[] = {0,
                                  1,
                                  7,
                                  SPOOL_BUFFER_LEN - 8,
                                  1,
                                  SPOOL_BUFFER_LEN,
                                  5,
                                  SPOOL_BUFFER_LEN + 1,
                                  3 * SPOOL_BUFFER_LEN,
                                  100};
    struct rng rng = {3};
    uint64_t end = 0, off;
    ck_assert_int_eq(spool_init(&spool, UINT64_MAX), ERR_OK);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        fill(in, lens[i], end);
        ck_assert(spool_add(&spool, slice_make(in, lens[i]), &off));
        ck_assert_uint_eq(off, end);
        end += lens[i];
        for (int k = 0; k < 100; k++) {
            uint64_t at = rng_below(&rng, (uint32_t)end + 1);
            /* Half of them small, as those of rows are. */
            size_t len = rng_below(&rng, (uint32_t)(end - at) + 1);
            len = len < sizeof out ? len : sizeof out;
            len = k % 2 ? len % 5000 : len;
            ck_assert(spool_read(&spool, at, len, out));
            fill(in, len, at);
            ck_assert_mem_eq(out, in, len);
        }
        ck_assert(!spool_read(&spool, end, 1, out));
    }
    spool_fini(&spool);
    spool_fini(&spool);
}
END_TEST

START_TEST(the_spool_has_a_maximum)
{
    uint8_t bytes[100] = {0};
    uint64_t off = 7;
    ck_assert_int_eq(spool_init(&spool, 150), ERR_OK);
    ck_assert(spool_add(&spool, slice_make(bytes, 100), &off));
    ck_assert(!spool_add(&spool, slice_make(bytes, 51), &off));
    ck_assert_uint_eq(off, 0);
    ck_assert(spool_add(&spool, slice_make(bytes, 50), &off));
    ck_assert_uint_eq(off, 100);
    ck_assert(!spool_add(&spool, slice_make(bytes, 1), &off));
    ck_assert(spool_add(&spool, slice_make(bytes, 0), &off));
    spool_fini(&spool);
}
END_TEST

/* The disk is full: RLIMIT_FSIZE stands for it. */
START_TEST(a_write_that_fails_ends_the_spool_but_not_what_is_in_it)
{
    static uint8_t in[SPOOL_BUFFER_LEN], out[SPOOL_BUFFER_LEN];
    struct rlimit limit = {SPOOL_BUFFER_LEN + 1000, SPOOL_BUFFER_LEN + 1000};
    uint64_t off;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(spool_init(&spool, UINT64_MAX), ERR_OK);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fill(in, sizeof in, 0);
    ck_assert(spool_add(&spool, slice_make(in, sizeof in), &off));
    fill(in, sizeof in, sizeof in);
    ck_assert(spool_add(&spool, slice_make(in, sizeof in), &off));
    ck_assert_int_eq(spool.error, 0);
    /* What waits would be written now. */
    ck_assert(!spool_add(&spool, slice_make(in, 1), &off));
    ck_assert_int_eq(spool.error, EFBIG);
    ck_assert(!spool_add(&spool, slice_make(in, 1), &off));
    for (uint64_t at = 0; at < 2 * SPOOL_BUFFER_LEN; at += 4099) {
        size_t len = 4099 < 2 * SPOOL_BUFFER_LEN - at
                         ? 4099
                         : (size_t)(2 * SPOOL_BUFFER_LEN - at);
        ck_assert(spool_read(&spool, at, len, out));
        fill(in, len, at);
        ck_assert_mem_eq(out, in, len);
    }
    spool_fini(&spool);
}
END_TEST

START_TEST(a_store_goes_on_when_its_disk_is_full)
{
    struct rlimit limit = {0, 0};
    static char text[SPOOL_BUFFER_LEN / 2 + 1];
    memset(text, 'x', sizeof text - 1);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    send_handshake(1);
    for (uint64_t i = 1; i <= 10; i++)
        send_whole(1, WS_SENDER_CLIENT, i, text);
    ck_assert_uint_eq(store->frames.n, 10);
    ck_assert_uint_eq(store->n_unkept, 8);
    ck_assert_int_eq(store->spool.error, EFBIG);
}
END_TEST

START_TEST(a_spool_without_a_name_leaves_nothing_behind)
{
    char dir[] = "/tmp/wsray-spool-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(setenv("TMPDIR", dir, 1), 0);
    ck_assert_int_eq(spool_init(&spool, UINT64_MAX), ERR_OK);
    ck_assert_int_eq(rmdir(dir), 0); /* it is empty */
    ck_assert_int_ne(fcntl(spool.fd, F_GETFD) & FD_CLOEXEC, 0);
    spool_fini(&spool);
    /* The folder is gone: another one is found. */
    ck_assert_int_eq(spool_init(&spool, UINT64_MAX), ERR_OK);
    spool_fini(&spool);
}
END_TEST

static void
add_events(Suite *s)
{
    TCase *tc = tcase_create("events");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_handshake_makes_a_connection);
    tcase_add_loop_test(tc, the_state_follows_from_the_handshake, 0,
                        sizeof state_cases / sizeof *state_cases);
    tcase_add_test(tc, a_close_frame_and_the_end_change_the_state);
    tcase_add_test(tc, a_connection_that_the_capture_outlives_stays_open);
    tcase_add_test(tc, connections_may_come_in_any_order);
    tcase_add_test(tc, what_no_connection_was_told_of_is_counted);
    tcase_add_test(tc, a_frame_keeps_what_its_header_says);
    tcase_add_test(tc, a_row_of_a_frame_is_64_bytes);
    tcase_add_test(tc, a_row_of_a_message_is_64_bytes);
    tcase_add_test(tc, a_message_in_one_frame_is_in_the_row_of_that_frame);
    tcase_add_test(tc, a_compressed_message_in_one_frame_has_both_lengths);
    tcase_add_loop_test(tc, a_message_that_its_frame_does_not_tell_has_a_row, 0,
                        sizeof row_cases / sizeof *row_cases);
    tcase_add_test(tc, fragments_are_joined_to_their_own_message);
    tcase_add_test(tc, a_message_that_never_ends_stays_without_payload);
    tcase_add_test(tc,
                   a_frame_whose_message_is_never_told_has_one_without_payload);
    tcase_add_test(tc, an_empty_payload_is_whole);
    tcase_add_test(tc, a_truncated_message_is_not_whole);
    tcase_add_test(tc, what_is_not_known_of_a_message_is_kept_in_mind);
    tcase_add_test(tc, a_gap_is_a_row_among_the_frames);
    tcase_add_test(tc, the_rates_of_a_connection_take_any_time);
    tcase_add_test(tc, rates_are_of_the_last_minute);
    tcase_add_test(tc, a_finding_behind_its_frame_is_linked);
    tcase_add_test(tc,
                   findings_in_front_of_their_frame_are_linked_when_it_comes);
    tcase_add_test(tc, a_finding_without_frame_or_sender_has_no_row);
    tcase_add_test(tc, sums_of_findings_are_no_findings);
    suite_add_tcase(s, tc);
}

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_store");
    add_events(s);
    TCase *tc = tcase_create("limits");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, rows_in_the_file_are_as_those_in_memory, 0,
                        sizeof small_memory / sizeof *small_memory);
    tcase_add_test(tc, rows_past_the_file_are_counted_and_not_kept);
    tcase_add_test(tc, rows_that_the_disk_does_not_take_are_counted);
    tcase_add_test(tc, rows_leave_memory_for_heads);
    tcase_add_test(tc, what_is_not_kept_is_on_the_status_line);
    tcase_add_test(tc, heads_count_as_memory);
    tcase_add_test(tc, a_sentence_that_is_told_again_counts_once);
    tcase_add_test(tc, a_message_without_a_row_changes_no_other);
    tcase_add_test(tc, no_row_at_all_is_fine);
    tcase_add_test(tc, payloads_past_the_spool_are_counted_and_not_kept);
    tcase_add_test(tc, a_store_goes_on_when_its_disk_is_full);
    suite_add_tcase(s, tc);
    tc = tcase_create("spool");
    tcase_add_test(tc, what_is_spooled_comes_back);
    tcase_add_test(tc, the_spool_has_a_maximum);
    tcase_add_test(tc, a_write_that_fails_ends_the_spool_but_not_what_is_in_it);
    tcase_add_test(tc, a_spool_without_a_name_leaves_nothing_behind);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
