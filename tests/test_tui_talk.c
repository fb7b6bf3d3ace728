/* SPDX-License-Identifier: MIT */
/* The rows of a conversation, from made ones. */
#include "ui/tui/views/talk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"

static struct store *store;
static struct event_sink sink;
static struct event_samples samples;
static struct rows rows;
static struct talk talk;
static uint64_t sent[2], messages[2];

static void
setup(void)
{
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    sink = store_sink(store, 1 << 20);
    event_samples_init(&samples);
    samples.request.text = slice_cstr("GET /chat HTTP/1.1\r\nHost: a\r\n\r\n");
    samples.request.method = samples.request.target = slice_make(NULL, 0);
    samples.response.text =
        slice_cstr("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    memset(&talk, 0, sizeof talk);
    memset(&rows, 0, sizeof rows);
    rows_start(&rows, 0);
    memset(sent, 0, sizeof sent);
    memset(messages, 0, sizeof messages);
}

static void
teardown(void)
{
    talk_fini(&talk);
    rows_fini(&rows);
    store_free(store);
}

static void
send_handshake(uint32_t conn)
{
    sample_send_handshake(&sink, conn, &samples.handshake);
}

static void
send_frame(enum ws_sender from, uint8_t opcode, bool fin, uint64_t message,
           struct slice payload)
{
    struct event_frame f = samples.frame;
    f.from = from;
    f.number = ++sent[from];
    f.header.opcode = opcode;
    f.header.fin = fin;
    f.message = message;
    f.header.payload_len = payload.len;
    f.payload = opcode & 8 ? payload : slice_make(NULL, 0);
    f.completed = NULL;
    sample_send_frame(&sink, 1, &f);
}

static void
send_message(enum ws_sender from, uint64_t number, struct slice payload)
{
    struct event_message m = samples.message;
    m.from = from;
    m.number = number;
    m.payload = payload;
    m.len = m.wire_len = payload.len;
    sample_send_message(&sink, 1, &m);
}

/* A message in one frame. */
static void
send_text(enum ws_sender from, const char *text)
{
    uint64_t number = ++messages[from];
    send_frame(from, WS_OP_TEXT, true, number, slice_cstr(text));
    send_message(from, number, slice_cstr(text));
}

static void
send_ping(enum ws_sender from)
{
    send_frame(from, WS_OP_PING, true, 0, slice_cstr("mid"));
}

static void
update(void)
{
    (void)rows_update(&rows, store, store->frames.n, SIZE_MAX);
    talk_update(&talk, store, 0, &rows, true);
}

/* "H>GET / HTTP/1.1|1>Hello|gap<5|2<ping mid|end" */
static const char *
listed(void)
{
    static char out[4096];
    size_t n = 0;
    out[0] = '\0';
    for (size_t row = 0; row < talk_rows(&talk); row++) {
        uint8_t bytes[64];
        struct talk_payload room;
        int64_t time_ns = 0;
        room.bytes = bytes;
        room.cap = sizeof bytes;
        struct conversation_unit u =
            talk_unit(&talk, store, row, &room, &time_ns);
        char arrow = u.from == WS_SENDER_CLIENT ? '>' : '<';
        ck_assert_int_ge(time_ns, SAMPLE_START_NS);
        struct slice text = u.text;
        char label[32];
        snprintf(label, sizeof label, "%" PRIu64, u.number);
        if (u.kind <= CONVERSATION_ANSWER)
            snprintf(label, sizeof label, "H");
        if (u.kind == CONVERSATION_GAP)
            snprintf(label, sizeof label, "gap");
        if (u.kind == CONVERSATION_DATA || u.kind == CONVERSATION_CONTROL)
            text = u.payload;
        if (u.kind == CONVERSATION_END) {
            snprintf(label, sizeof label, "end");
            text = slice_make(NULL, 0);
        }
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s%c%s%.*s",
                              n ? "|" : "", label, arrow,
                              u.kind == CONVERSATION_CONTROL
                                  ? ws_opcode_name(u.opcode)
                              : u.fragment ? "..."
                                           : "",
                              (int)text.len,
                              text.len ? (const char *)text.ptr : "");
        ck_assert_uint_lt(n, sizeof out);
    }
    return out;
}

static void
expect(const char *text)
{
    update();
    ck_assert_str_eq(listed(), text);
}

/* The same when everything is made anew. */
static void
expect_again(const char *text)
{
    expect(text);
    talk.begun = false;
    expect(text);
}

#define HEADS "H>GET /chat HTTP/1.1|H<101 Switching Protocols"

START_TEST(rows_come_as_frames_do)
{
    send_handshake(1);
    expect(HEADS);
    send_text(WS_SENDER_CLIENT, "Hello");
    expect(HEADS "|1>Hello");
    send_text(WS_SENDER_SERVER, "Hi");
    send_ping(WS_SENDER_SERVER);
    expect(HEADS "|1>Hello|1<Hi|2<pingmid");
    sample_send_gap(&sink, 1, &samples.gap);
    sample_send_end(&sink, 1, &samples.end);
    expect_again(HEADS "|1>Hello|1<Hi|2<pingmid|gap<|end>");
}
END_TEST

/* "Hel", ping, "lo": one row where its last frame stands. */
static void
send_fragments(void)
{
    send_handshake(1);
    send_frame(WS_SENDER_CLIENT, WS_OP_TEXT, false, 1, slice_cstr("Hel"));
    send_ping(WS_SENDER_CLIENT);
    send_frame(WS_SENDER_CLIENT, WS_OP_CONT, false, 1, slice_cstr("l"));
}

START_TEST(a_message_stands_where_its_last_frame_does)
{
    send_fragments();
    expect(HEADS "|2>pingmid");
    send_frame(WS_SENDER_CLIENT, WS_OP_CONT, true, 1, slice_cstr("o"));
    send_message(WS_SENDER_CLIENT, 1, slice_cstr("Hello"));
    expect_again(HEADS "|2>pingmid|1>Hello");
    ck_assert_uint_eq(talk_place(&talk, store, 0), 3);
    ck_assert_uint_eq(talk_place(&talk, store, 1), 2);
    ck_assert_uint_eq(talk_place(&talk, store, 2), 3);
    ck_assert_uint_eq(talk_place(&talk, store, 3), 3);
    ck_assert_uint_eq(talk_frame(&talk, 3), 3);
    talk.options.frames = true;
    expect_again(HEADS "|1>...|2>pingmid|3>...|4>Hello");
    ck_assert_uint_eq(talk_place(&talk, store, 2), 4);
}
END_TEST

START_TEST(a_message_without_end_is_not_lost)
{
    send_fragments();
    send_frame(WS_SENDER_SERVER, WS_OP_TEXT, false, 1, slice_cstr("ser"));
    expect(HEADS "|2>pingmid");
    /* Another one begins. */
    send_message(WS_SENDER_CLIENT, 1, slice_cstr("Hel?"));
    messages[WS_SENDER_CLIENT] = 1;
    send_text(WS_SENDER_CLIENT, "next");
    expect_again(HEADS "|2>pingmid|1>Hel?|2>next");
    sample_send_end(&sink, 1, &samples.end);
    expect_again(HEADS "|2>pingmid|1>Hel?|2>next|1<...|end>");
}
END_TEST

START_TEST(a_frame_of_no_message_has_its_row)
{
    send_handshake(1);
    send_frame(WS_SENDER_CLIENT, WS_OP_CONT, true, 0, slice_cstr("x"));
    expect_again(HEADS "|1>...");
}
END_TEST

START_TEST(what_is_not_wanted_has_no_rows)
{
    send_handshake(1);
    send_text(WS_SENDER_CLIENT, "Hello");
    send_text(WS_SENDER_SERVER, "Hi");
    send_ping(WS_SENDER_CLIENT);
    sample_send_gap(&sink, 1, &samples.gap);
    sample_send_end(&sink, 1, &samples.end);
    expect(HEADS "|1>Hello|1<Hi|2>pingmid|gap<|end>");
    talk.options.sender = TALK_CLIENT;
    expect("H>GET /chat HTTP/1.1|1>Hello|2>pingmid|end>");
    talk.options.hide_control = true;
    expect("H>GET /chat HTTP/1.1|1>Hello|end>");
    talk.options.sender = TALK_SERVER;
    expect("H<101 Switching Protocols|1<Hi|gap<|end>");
}
END_TEST

START_TEST(a_handshake_not_seen_is_one_row)
{
    struct event_handshake h = samples.handshake;
    h.request = h.response = (struct stamp){0, 0};
    h.seen = HANDSHAKE_SEEN_NONE;
    h.request_head = h.response_head = NULL;
    sample_send_handshake(&sink, 1, &h);
    for (unsigned i = 0; i < TALK_SENDER_COUNT; i++) {
        talk.options.sender = (enum talk_sender)i;
        expect("H>");
    }
}
END_TEST

START_TEST(the_end_waits_until_it_may_be_told)
{
    send_handshake(1);
    sample_send_end(&sink, 1, &samples.end);
    talk_update(&talk, store, 0, &rows, false);
    ck_assert_str_eq(listed(), HEADS);
    expect(HEADS "|end>");
}
END_TEST

START_TEST(another_connection_begins_anew)
{
    send_handshake(1);
    send_text(WS_SENDER_CLIENT, "Hello");
    send_handshake(2);
    expect(HEADS "|1>Hello");
    rows_start(&rows, 1);
    (void)rows_update(&rows, store, store->frames.n, SIZE_MAX);
    talk_update(&talk, store, 1, &rows, true);
    ck_assert_str_eq(listed(), HEADS);
}
END_TEST

START_TEST(text_is_found_wherever_it_stands)
{
    /* Pieces that are read are shorter than this. */
    static char text[70000];
    static const size_t places[] = {0, 16380, 16500, 32700, 69990};
    memset(text, '.', sizeof text - 1);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        memcpy(text + places[i], (char[]){'n', 'e', 'e', 'd', (char)('0' + i)},
               5);
    send_handshake(1);
    send_text(WS_SENDER_CLIENT, text);
    send_ping(WS_SENDER_SERVER);
    sample_send_gap(&sink, 1, &samples.gap);
    sample_send_end(&sink, 1, &samples.end);
    update();
    ck_assert(talk_holds(&talk, store, 0, "/chat"));
    ck_assert(!talk_holds(&talk, store, 0, "Host"));
    ck_assert(talk_holds(&talk, store, 1, "Switching"));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char needle[] = "need0";
        needle[4] = (char)('0' + i);
        ck_assert_msg(talk_holds(&talk, store, 2, needle), "%s", needle);
    }
    ck_assert(!talk_holds(&talk, store, 2, "need9"));
    ck_assert(!talk_holds(&talk, store, 2, ""));
    ck_assert(talk_holds(&talk, store, 3, "ping"));
    ck_assert(talk_holds(&talk, store, 3, "mid"));
    ck_assert(talk_holds(&talk, store, 4, "gap"));
    ck_assert(talk_holds(&talk, store, 5, "closed with code"));
    ck_assert(!talk_holds(&talk, store, 6, "gap"));
}
END_TEST

static Suite *
tui_talk_suite(void)
{
    Suite *suite = suite_create("tui_talk");
    TCase *tcase = tcase_create("tui_talk");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, rows_come_as_frames_do);
    tcase_add_test(tcase, a_message_stands_where_its_last_frame_does);
    tcase_add_test(tcase, a_message_without_end_is_not_lost);
    tcase_add_test(tcase, a_frame_of_no_message_has_its_row);
    tcase_add_test(tcase, what_is_not_wanted_has_no_rows);
    tcase_add_test(tcase, a_handshake_not_seen_is_one_row);
    tcase_add_test(tcase, the_end_waits_until_it_may_be_told);
    tcase_add_test(tcase, another_connection_begins_anew);
    tcase_add_test(tcase, text_is_found_wherever_it_stands);
    suite_add_tcase(suite, tcase);
    return suite;
}

CHECK_MAIN(tui_talk_suite)
