/* SPDX-License-Identifier: MIT */
#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/rng.h"
#include "ui/filter/filter.h"
#include "ui/filter/pattern.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- A connection, one letter an event ----
 *
 *   H handshake   packets 4, 5; 192.0.2.10:54321 to 192.0.2.20:8080
 *   N finding     frame-client-unmasked, error, of the client's frame 1
 *   F text        "Hello", client 1, packet 6, after 2 ms
 *   A binary      without FIN, server 1, packet 7, after 2.5 ms
 *   B its end     1f:8b:08 inflated, 300 bytes, server 2, packet 8, 2.6 ms
 *   P ping        "hi", client 2, packet 9, after 3 ms
 *   Q pong        "hi", server 3, packet 10, after 3.2 ms
 *   G gap         1448 bytes of the server, packet 9, after 4 ms
 *   C close       1000 "bye", server 4, packet 12, after 4.5 ms
 *   E end         close-unanswered by the server, after 5 ms
 */
static const char letters[] = "HNFABPQGCE";

struct story {
    struct event_samples s;
    struct event_frame first, last, ping, pong;
    struct event_message binary;
    struct event events[sizeof letters - 1];
};

static struct event_frame
control_frame(enum ws_sender from, uint64_t number, uint8_t opcode)
{
    return (struct event_frame){.from = from,
                                .number = number,
                                .header = {.payload_len = 2,
                                           .header_len = from ? 2 : 6,
                                           .opcode = opcode,
                                           .fin = true,
                                           .masked = from == WS_SENDER_CLIENT},
                                .complete = true,
                                .ended = true,
                                .synced = true,
                                .payload = slice_cstr("hi")};
}

static void
make_frames(struct story *t)
{
    t->binary = t->s.message;
    t->binary.from = WS_SENDER_SERVER;
    t->binary.opcode = WS_OP_BINARY;
    t->binary.payload = slice_make("\x1f\x8b\x08", 3);
    t->binary.len = 3;
    t->binary.n_frames = 2;
    t->binary.compressed = true;
    t->first = t->s.frame;
    t->first.from = WS_SENDER_SERVER;
    t->first.completed = NULL;
    t->first.compressed = true;
    t->first.header = (struct ws_frame_header){.payload_len = 125,
                                               .header_len = 2,
                                               .opcode = WS_OP_BINARY,
                                               .rsv = WS_FRAME_RSV1};
    t->first.at = sample_stamp(2500000, 7);
    t->last = t->first;
    t->last.number = 2;
    t->last.completed = &t->binary;
    t->last.complete = t->last.synced = false;
    t->last.header = (struct ws_frame_header){.payload_len = 300,
                                              .header_len = 4,
                                              .fin = true};
    t->last.at = sample_stamp(2600000, 8);
    t->ping = control_frame(WS_SENDER_CLIENT, 2, WS_OP_PING);
    t->ping.at = sample_stamp(3000000, 9);
    t->pong = control_frame(WS_SENDER_SERVER, 3, WS_OP_PONG);
    t->pong.at = sample_stamp(3200000, 10);
    t->s.close.number = 4;
    t->s.close.at = sample_stamp(4500000, 12);
}

static void
make_story(struct story *t)
{
    memset(t, 0, sizeof *t);
    event_samples_init(&t->s);
    sample_header(&t->s.request, "user-agent", "Mozilla/5.0 Chrome/1");
    make_frames(t);
    struct event events[] = {
        {.type = EVENT_HANDSHAKE, .handshake = &t->s.handshake},
        {.type = EVENT_FINDING, .finding = &t->s.finding},
        {.type = EVENT_FRAME, .frame = &t->s.frame},
        {.type = EVENT_FRAME, .frame = &t->first},
        {.type = EVENT_FRAME, .frame = &t->last},
        {.type = EVENT_FRAME, .frame = &t->ping},
        {.type = EVENT_FRAME, .frame = &t->pong},
        {.type = EVENT_GAP, .gap = &t->s.gap},
        {.type = EVENT_FRAME, .frame = &t->s.close},
        {.type = EVENT_END, .end = &t->s.end},
    };
    memcpy(t->events, events, sizeof events);
}

static struct filter *
must_compile(const char *text)
{
    struct filter *f = NULL;
    struct filter_error error;
    if (filter_new(&f, slice_cstr(text), &error) != ERR_OK)
        ck_abort_msg("%s: column %zu: %s", text, error.column, error.text);
    return f;
}

/* The letters of the events that pass. */
static void
run_story(struct filter *f, const struct story *t, char out[sizeof letters])
{
    struct filter_conn conn = {.conn = 3};
    size_t n = 0;
    filter_set_start(f, SAMPLE_START_NS);
    for (size_t i = 0; i < sizeof letters - 1; i++) {
        ck_assert(filter_conn_update(&conn, filter_needs(f), &t->events[i]));
        if (filter_passes(f, &t->events[i], &conn))
            out[n++] = letters[i];
    }
    out[n] = '\0';
    filter_conn_fini(&conn);
}

#define ALL letters

/* Each field at least once with something that passes and something that does
 * not (every_field_selects_and_rejects). */
static const struct {
    const char *filter, *passes;
} rows[] = {
    {"websocket.opcode == text", "F"},
    {"websocket.opcode", "FABPQC"},
    {"websocket.opcode == 0x9", "P"},
    {"websocket.fin == 0", "A"},
    {"websocket.fin", "FABPQC"},
    {"websocket.rsv & 4", "A"},
    {"websocket.rsv == 0", "FBPQC"},
    {"websocket.mask == true", "FP"},
    {"websocket.mask == no", "ABQC"},
    {"websocket.masking_key", "FP"},
    {"websocket.masking_key == 37:fa:21:3d", "F"},
    {"websocket.masking_key[1-2] == fa21", "F"},
    {"websocket.payload_length == 126", "B"},
    {"websocket.payload_length < 126", "FAPQC"},
    {"websocket.payload", "FBPQC"},
    {"websocket.payload == 1f:8b:08", "B"},
    {"websocket.payload[0:2] == 1f-8b", "B"},
    {"websocket.payload contains 8b:08", "B"},
    {"websocket.payload == \"hi\"", "PQ"},
    {"websocket.payload matches \"^h\"", "FPQ"},
    {"websocket.payload[-1:] == 08", "B"},
    {"websocket.payload[4:]", "FC"},
    {"len(websocket.payload) == 3", "B"},
    {"websocket.payload.text == \"Hello\"", "F"},
    {"websocket.payload.text > \"I\"", ""},
    {"websocket.payload.close.status_code == 1000", "C"},
    {"websocket.payload.close.reason contains ye", "C"},
    {"websocket.payload.close.reason == by", ""},
    {"frame.number == 6", "NF"},
    {"frame.number == 4", "H"},
    {"frame.number == 5", "H"},
    {"frame.number in {7..8, 12}", "ABC"},
    {"frame.time_relative < 1.3ms", "H"},
    {"frame.time_relative >= 0.0045", "CE"},
    {"frame.time_epoch == 1700000000.125456789", "NF"},
    {"frame.time_epoch > 1700000001", ""},
    {"ip.src == 192.0.2.10", "HNFPE"},
    {"ip.src != 192.0.2.10", "ABQGC"},
    {"ip.src == 192.0.2.0/28", "HNFPE"},
    {"ip.dst == 192.0.2.10", "HABQGCE"},
    {"ip.addr == 192.0.2.20", ALL},
    {"ip.addr != 192.0.2.20", ""},
    {"ip.addr !== 192.0.2.20", ALL},
    {"ip.addr === 192.0.2.0/24", ALL},
    {"ip.addr === 192.0.2.20", ""},
    {"ip.addr == 10.0.0.0/8", ""},
    {"ip.src == ip.dst", "HE"},
    {"ipv6.src", ""},
    {"!ipv6.dst", ALL},
    {"ipv6.dst", ""},
    {"ipv6.addr == ::1", ""},
    {"tcp.srcport == 8080", "HABQGCE"},
    {"tcp.dstport == 8080", "HNFPE"},
    {"tcp.port == 54321 and tcp.port == 8080", ALL},
    {"tcp.port != 8080", ""},
    {"tcp.port in {1..1023}", ""},
    {"tcp.stream == 6", ALL},
    {"tcp.stream == 7", ""},
    {"http.request.method == \"GET\"", ALL},
    {"http.request.method == \"get\"", ""},
    {"lower(http.request.method) == \"get\"", ALL},
    {"http.request.uri contains chat", ALL},
    {"http.request.uri[1-4] == chat", ALL},
    {"http.request.uri == /", ""},
    {"http.host matches \"^SERVER\\\\.\"", ALL},
    {"http.host matches \"(?-i)^SERVER\"", ""},
    {"http.user_agent contains \"Chrome\"", ALL},
    {"http.user_agent contains \"Firefox\"", ""},
    {"http.response.code == 101", ALL},
    {"http.response.code != 101", ""},
    {"ws.type == frame", "FABPQC"},
    {"ws.type in {handshake, end}", "HE"},
    {"ws.conn == 3", ALL},
    {"ws.conn in {1, 4..6}", ""},
    {"ws.dir == c2s", "NFP"},
    {"ws.dir != c2s", "ABQGC"},
    {"ws.frame == 1", "NFA"},
    {"ws.frame > 3", "C"},
    {"ws.msg", "FAB"},
    {"ws.msg == 2", ""},
    {"ws.msg.len == 5", "F"},
    {"ws.msg.len < 4", "B"},
    {"ws.msg.frames > 1", "B"},
    {"ws.msg.frames == 1", "F"},
    {"ws.len == 5", "FC"},
    {"ws.len > 124", "AB"},
    {"ws.len > 1K", ""},
    {"ws.len == ws.wire_len", ""},
    {"ws.wire_len == 304", "B"},
    {"ws.wire_len < ws.len", ""},
    {"ws.delta", "ABPQC"},
    {"ws.delta == 100us", "B"},
    {"ws.delta > -1s && ws.delta < 0.2ms", "B"},
    {"ws.rtt", "Q"},
    {"ws.rtt > 200us", ""},
    {"ws.frag.index == 2", "B"},
    {"ws.frag.index == 1", "FA"},
    {"ws.deflate == 1", "AB"},
    {"ws.deflate == 0", "F"},
    {"ws.text", "F"},
    {"ws.text contains \"ell\"", "F"},
    {"ws.text contains \"ELL\"", ""},
    {"upper(ws.text) contains \"ELL\"", "F"},
    {"ws.text ~ \"l{2}o$\"", "F"},
    {"ws.text[1:3] == \"ell\"", "F"},
    {"ws.text[1:3][1] == \"l\"", "F"},
    {"ws.text[9:]", ""},
    {"ws.text == \"\\x48\\145llo\"", "F"},
    {"ws.text == r\"H\\x\"", ""},
    {"len(ws.text) in {1..4, 6}", ""},
    {"ws.complete == 0", "B"},
    {"ws.complete == 1", "FAPQC"},
    {"ws.synced == false", "B"},
    {"ws.synced == yes", "FAPQC"},
    {"ws.gap_len == 1448", "G"},
    {"ws.gap_len > 1448", ""},
    {"ws.finding == frame-client-unmasked", "N"},
    {"ws.finding == tcp-stream-gap", ""},
    {"ws.severity >= warning", "N"},
    {"ws.severity < error", ""},
    {"ws.close_code == 1000", "CE"},
    {"ws.close_code in {4000..4999}", ""},
    {"ws.closed_by == server", "E"},
    {"ws.closed_by == client", ""},
    {"ws.clean == 0", "E"},
    {"ws.clean == 1", ""},
    {"ws.verdict in {reset, close-unanswered}", "E"},
    {"ws.verdict == reset", ""},
    {"ws.duration == 5ms", "E"},
    {"ws.duration > 5ms", ""},
    {"ws.status == 101", ALL},
    {"ws.status == 200", ""},
    {"ws.accepted == 1", ALL},
    {"ws.accepted == 0", ""},
    {"ws.subprotocol == \"chat\"", ALL},
    {"ws.subprotocol == mqtt", ""},
    {"ws.origin contains example", ALL},
    {"ws.origin == example", ""},
    {"ws.client.ip == 192.0.2.10", ALL},
    {"ws.client.ip == ::1", ""},
    {"ws.client.port == 54321", ALL},
    {"ws.client.port == ws.server.port", ""},
    {"ws.server.ip == 192.0.2.20/32", ALL},
    {"ws.server.ip == 192.0.2.21", ""},
    {"ws.server.port >= 8000", ALL},
    {"ws.server.port == 80", ""},
    /* How tests are joined. */
    {"ws.rtt || ws.text && ws.gap_len", "Q"},
    {"(ws.rtt || ws.text) && ws.gap_len", ""},
    {"ws.rtt or ws.text and ws.len == 5", "FQ"},
    {"ws.text ^^ ws.msg", "AB"},
    {"ws.text xor ws.msg xor ws.msg", "F"},
    {"ws.text || ws.text ^^ ws.msg && ws.frame == 2", "FB"},
    {"!ws.text && ws.msg", "AB"},
    {"!(ws.text && ws.msg) && ws.msg", "AB"},
    {"!!ws.text", "F"},
    {"not !not ws.msg and websocket.opcode", "PQC"},
    {"!ws.msg ^^ !ws.text", "AB"},
    {"ws.text && ws.msg && ws.len && ws.frame || ws.rtt", "FQ"},
    {"websocket.opcode not in {text, ping} && websocket.opcode", "ABQC"},
    {"websocket.opcode in {text ping}", "FP"},
    {"websocket.opcode any_eq 1 && websocket.opcode all_ne 2", "F"},
};

START_TEST(each_filter_passes_the_events_that_it_should)
{
    static struct story story;
    char passed[sizeof letters];
    make_story(&story);
    struct filter *f = must_compile(rows[_i].filter);
    run_story(f, &story, passed);
    ck_assert_msg(strcmp(passed, rows[_i].passes) == 0,
                  "%s: passes %s instead of %s", rows[_i].filter, passed,
                  rows[_i].passes);
    filter_free(f);
}
END_TEST

START_TEST(every_field_selects_and_rejects)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        bool selects = false, rejects = false;
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
            struct filter *f = must_compile(rows[r].filter);
            if (filter_uses(f, (enum field_id)i)) {
                selects |= rows[r].passes[0] != '\0';
                rejects |= strcmp(rows[r].passes, ALL) != 0;
            }
            filter_free(f);
        }
        /* See both_families_of_addresses_are_known. */
        bool ipv6 =
            strncmp(field_info((enum field_id)i)->name, "ipv6.", 5) == 0;
        ck_assert_msg((selects || ipv6) && rejects, "no row for %s",
                      field_info((enum field_id)i)->name);
    }
}
END_TEST

START_TEST(both_families_of_addresses_are_known)
{
    static const struct {
        const char *filter, *passes;
    } v6[] = {
        {"ipv6.src == 2001:db8::a", "HNFPE"},
        {"ipv6.dst == 2001:db8::a", "HABQGCE"},
        {"ipv6.addr == 2001:db8::/32", ALL},
        {"ipv6.addr in {2001:db8::b..2001:db8::ff}", ALL},
        {"ipv6.addr == 2001:db8::/127", ""},
        {"ipv6.addr == 2001:db8::a/127", ALL},
        {"ip.addr", ""},
        {"ws.client.ip == 2001:db8::a", ALL},
        {"ws.server.ip == 2001:db8::a", ""},
        {"ipv6.addr == 0.0.0.0/0", NULL},
    };
    static struct story story;
    make_story(&story);
    struct endpoint *ends[2] = {&story.s.handshake.client,
                                &story.s.handshake.server};
    for (uint8_t i = 0; i < 2; i++)
        ends[i]->addr =
            (struct addr){.family = 6,
                          .bytes = {0x20, 1, 0xd,
                                    0xb8, [15] = (uint8_t)(10 + i)}};
    for (size_t i = 0; v6[i].passes; i++) {
        char passed[sizeof letters];
        struct filter *f = must_compile(v6[i].filter);
        run_story(f, &story, passed);
        ck_assert_msg(strcmp(passed, v6[i].passes) == 0, "%s: passes %s",
                      v6[i].filter, passed);
        filter_free(f);
    }
}
END_TEST

START_TEST(what_is_not_known_is_not_there)
{
    static struct story story;
    char passed[sizeof letters];
    make_story(&story);
    /* Found in mid-stream. */
    story.s.handshake.request_head = story.s.handshake.response_head = NULL;
    story.s.handshake.host = slice_make(NULL, 0);
    struct filter *f = must_compile("http.host or http.request.uri or "
                                    "ws.status or http.user_agent");
    run_story(f, &story, passed);
    ck_assert_str_eq(passed, "");
    filter_free(f);
    /* Before the handshake. */
    struct filter_conn conn = {.conn = 1};
    f = must_compile("ip.addr or tcp.port or ws.accepted or tcp.stream or "
                     "ws.client.ip or ws.client.port");
    ck_assert(!filter_passes(f, &story.events[2], &conn));
    filter_free(f);
    /* Without the first packet. */
    f = must_compile("frame.time_relative");
    ck_assert(!filter_passes(f, &story.events[2], &conn));
    filter_free(f);
}
END_TEST

/* ---- What is wrong ---- */

static const struct {
    const char *filter;
    size_t column, len;
    const char *text;
} wrong[] = {
    {"", 1, 0, "the filter is empty"},
    {"   ", 1, 0, "the filter is empty"},
    {"websocket.opcode == txt", 21, 3,
     "'txt' is no value of websocket.opcode: a number, or continuation, text, "
     "binary, close, ping, pong; did you mean 'text'?"},
    {"websocket.opcod == 1", 1, 15,
     "no field 'websocket.opcod'; did you mean 'websocket.opcode'?"},
    {"ws.text && opcode == 1", 12, 6,
     "no field 'opcode'; did you mean 'websocket.opcode'?"},
    {"ws.opcode == 1", 1, 9,
     "no field 'ws.opcode'; did you mean 'websocket.opcode'?"},
    {"quite.something", 1, 15,
     "no field 'quite.something'; 'wsray fields' lists them"},
    {"ws.text = \"a\"", 9, 1, "= is written as == here"},
    {"ws.text | ws.len", 9, 1, "| is written as || here"},
    {"ws.text == 'a'", 12, 1, "text stands in double quotes"},
    {"ws.text == \"a", 12, 1, "a quote that nothing closes"},
    {"ws.text == \"\\d\"", 13, 2,
     "unknown escape; a backslash is written as \\\\, or as it is in "
     "r\"...\""},
    {"ws.text ==", 11, 0, "a value is missing"},
    {"ws.text &&", 11, 0, "a field is missing"},
    {"ws.text ws.len", 9, 6,
     "'ws.len' is not &&, ||, or the end of the filter"},
    {"(ws.text", 9, 0, "&&, || or a ) is missing"},
    {"ws.text)", 8, 1, "')' is not &&, ||, or the end of the filter"},
    {"== 1", 1, 2, "'==' is not a field"},
    {"80 == tcp.port", 1, 2, "no field '80'; 'wsray fields' lists them"},
    {"ws.len contains 1", 8, 8,
     "'contains' cannot be asked of ws.len (number)"},
    {"ip.src < 1.2.3.4", 8, 1, "'<' cannot be asked of ip.src (IPv4 address)"},
    {"ws.dir > c2s", 8, 1, "'>' cannot be asked of ws.dir (word)"},
    {"ws.text & 1", 9, 1, "'&' cannot be asked of ws.text (text)"},
    {"websocket.fin == 2", 18, 1, "'2' is no value of websocket.fin: 0 or 1"},
    {"ws.len == -1", 11, 2,
     "'-1' is no value of ws.len: a number such as 1000, 0x3e8 or 64K"},
    {"ws.len == 0x10000000000000000", 11, 19,
     "'0x10000000000000000' is no value of ws.len: a number such as 1000, "
     "0x3e8 or 64K"},
    {"ws.delta > 5parsecs", 12, 8,
     "'5parsecs' is no value of ws.delta: a time such as 1.5s or 20ms"},
    {"ip.src == 1.2.3", 11, 5,
     "'1.2.3' is no value of ip.src: an address such as 192.0.2.1 or "
     "10.0.0.0/8"},
    {"ip.src == 1.2.3.4/33", 11, 10,
     "'1.2.3.4/33' is no value of ip.src: an address such as 192.0.2.1 or "
     "10.0.0.0/8"},
    {"ipv6.src == 1.2.3.4", 13, 7,
     "'1.2.3.4' is no value of ipv6.src: an address such as ::1 or "
     "2001:db8::/32"},
    {"websocket.payload == xyz", 22, 3,
     "'xyz' is no value of websocket.payload: bytes such as 81:88:e2, or a "
     "\"text\""},
    {"ws.finding == frame-client-unmaskd", 15, 20,
     "'frame-client-unmaskd' is no value of ws.finding: one of "},
    {"ws.len[0]", 7, 3, "a slice is part of bytes or text; ws.len is neither"},
    {"ws.text[x]", 8, 3,
     "a slice is [N], [N:LENGTH], [:LENGTH], [N:] or [N-LAST]"},
    {"ws.text[5-2]", 8, 5,
     "a slice is [N], [N:LENGTH], [:LENGTH], [N:] or [N-LAST]"},
    {"ws.text[1", 8, 1, "[ without ]"},
    {"size(ws.text)", 1, 4,
     "no function 'size'; there are len, lower and upper"},
    {"lower(ws.len) == 1", 1, 5, "lower() is of text, not of ws.len (number)"},
    {"len(ws.len) == 1", 1, 3,
     "len() is of bytes and text, not of ws.len (number)"},
    {"len(ws.text == 1", 13, 2, "'==' is not the ) of a function"},
    {"tcp.port in 80", 13, 2, "'80' is not a set in { }"},
    {"tcp.port in {80", 16, 0, "a value is missing"},
    {"tcp.port in {}", 14, 1, "'}' is not a value"},
    {"tcp.port in {80,}", 17, 1, "'}' is not a value"},
    {"ws.dir in {c2s..s2c}", 15, 2, "there is no range of these values"},
    {"ws.len == ws.text", 11, 7, "ws.len and ws.text cannot be compared"},
    {"ws.dir == ws.type", 11, 7, "ws.dir and ws.type cannot be compared"},
    {"ws.text ~ \"a(b\"", 13, 1, "in the pattern: ( without )"},
    {"ws.text ~ \"[b\"", 12, 1, "in the pattern: [ without ]"},
    {"ws.text ~ \"*\"", 12, 1, "in the pattern: nothing to repeat"},
    {"ws.text ~ \"a{3,2}\"", 13, 1,
     "in the pattern: a repetition is {N}, {N,} or {N,M}"},
    {"ws.text ~ \"((a{99}){99}){99}\"", 0, 1,
     "in the pattern: the pattern is too large"},
    {"ws.text ~ r\"(a)\\1\"", 16, 1,
     "in the pattern: back-references are not supported"},
    {"ws.text == \"\xc3\xa4\xc3\xb6\" && x", 20, 1,
     "no field 'x'; 'wsray fields' lists them"},
    {"\x01", 1, 1, "unexpected character"},
};

START_TEST(errors_say_where_and_what_was_expected)
{
    struct filter *f = NULL;
    struct filter_error e;
    const char *text = wrong[_i].filter;
    ck_assert_msg(filter_new(&f, slice_cstr(text), &e) == ERR_USAGE,
                  "%s: is taken", text);
    ck_assert_msg(strncmp(e.text, wrong[_i].text, strlen(wrong[_i].text)) == 0,
                  "%s: '%s'", text, e.text);
    ck_assert_msg(wrong[_i].column == 0 || e.column == wrong[_i].column,
                  "%s: column %zu", text, e.column);
    ck_assert_msg(e.len == wrong[_i].len, "%s: %zu bytes", text, e.len);
    ck_assert_uint_le(e.offset + e.len, strlen(text));
}
END_TEST

/* piece again and again, len bytes of it. */
static enum err
compile_many(const char *piece, size_t len, struct filter_error *e)
{
    struct filter *f = NULL;
    char *text = malloc(len);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < len; i++)
        text[i] = piece[i % strlen(piece)];
    enum err result = filter_new(&f, slice_make(text, len), e);
    free(text);
    filter_free(f);
    return result;
}

START_TEST(hostile_filters_are_refused_or_understood)
{
    static const char *const pieces[] = {
        "(",
        "!",
        "!(",
        "\"",
        "[",
        "len(",
        "a",
        "ws.len",
        "{",
        ",",
        "ws.len==1&&",
        "ws.len in {",
        "ws.text~\"a\"||",
        "ws.text~\"(\"",
        "..",
        "\\",
        "ws.text[0:1]",
        "not in ",
        "\"\\x",
        "^^",
        "\xff",
    };
    struct filter_error e;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        ck_assert_int_eq(compile_many(pieces[i], FILTER_TEXT_MAX, &e),
                         ERR_USAGE);
        ck_assert_uint_lt(strlen(e.text), sizeof e.text);
    }
    ck_assert_int_eq(compile_many(" ", FILTER_TEXT_MAX + 1, &e), ERR_USAGE);
    ck_assert_str_eq(e.text, "the filter is longer than 65536 bytes");
    /* As many as there may be. */
    ck_assert_int_eq(compile_many("ws.len==1||ws.len==1", 20 * 1000 + 9, &e),
                     ERR_USAGE);
    struct filter *f = NULL;
    char *text = malloc(FILTER_TEXT_MAX);
    ck_assert_ptr_nonnull(text);
    memset(text, '!', FILTER_TEXT_MAX);
    memcpy(text + FILTER_TEXT_MAX - 7, "ws.text", 7);
    ck_assert_int_eq(filter_new(&f, slice_make(text, FILTER_TEXT_MAX), &e),
                     ERR_OK);
    filter_free(f);
    free(text);
}
END_TEST

START_TEST(parentheses_nest_up_to_the_limit)
{
    char text[256];
    struct filter *f = NULL;
    struct filter_error e;
    static struct story story;
    char passed[sizeof letters];
    make_story(&story);
    for (unsigned depth = 1; depth <= FILTER_DEPTH_MAX + 1; depth++) {
        size_t n = 0;
        for (unsigned i = 0; i < depth; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "(");
        n += (size_t)snprintf(text + n, sizeof text - n, "ws.text");
        for (unsigned i = 0; i < depth; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, ")");
        enum err result = filter_new(&f, slice_make(text, n), &e);
        if (depth > FILTER_DEPTH_MAX) {
            ck_assert_int_eq(result, ERR_USAGE);
            break;
        }
        ck_assert_int_eq(result, ERR_OK);
        run_story(f, &story, passed);
        ck_assert_str_eq(passed, "F");
        filter_free(f);
    }
}
END_TEST

/* An answer waits in each parenthesis. */
START_TEST(exclusive_or_nests_up_to_the_limit)
{
    char text[1024];
    static struct story story;
    char passed[sizeof letters];
    size_t n = 0;
    make_story(&story);
    for (unsigned i = 0; i < FILTER_DEPTH_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "ws.msg ^^ (");
    n += (size_t)snprintf(text + n, sizeof text - n, "ws.text");
    for (unsigned i = 0; i < FILTER_DEPTH_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ")");
    struct filter *f = must_compile(text);
    run_story(f, &story, passed);
    ck_assert_str_eq(passed, "F");
    filter_free(f);
}
END_TEST

START_TEST(a_filter_is_printed_as_it_was_understood)
{
    static const struct {
        const char *text, *printed;
    } printed[] = {
        {"ws.text", "ws.text"},
        {" ( ws.text )and not ws.len eq 5 ", "(ws.text) && !ws.len == 5"},
        {"websocket.opcode in{1,2 8..9}",
         "websocket.opcode in { 1, 2 8 .. 9 }"},
        {"ws.text~r\"\\d\"or ws.text contains\"\\x41\\\"\"",
         "ws.text matches \"\\\\d\" || ws.text contains \"A\\\"\""},
        {"len( lower (ws.text))>3", "len(lower(ws.text)) > 3"},
        {"ws.text [0:2]==a xor ws.rtt", "ws.text[0:2] == a ^^ ws.rtt"},
    };
    for (size_t i = 0; i < sizeof printed / sizeof printed[0]; i++) {
        char once[256], again[256];
        struct filter *f = must_compile(printed[i].text);
        ck_assert_uint_eq(filter_print(f, once, sizeof once), strlen(once));
        ck_assert_str_eq(once, printed[i].printed);
        filter_free(f);
        f = must_compile(once);
        filter_print(f, again, sizeof again);
        ck_assert_str_eq(once, again);
        ck_assert_uint_gt(filter_print(f, again, 3), 3);
        ck_assert_uint_eq(strlen(again), 2);
        filter_free(f);
    }
}
END_TEST

START_TEST(a_filter_asks_only_for_what_it_uses)
{
    static const struct {
        const char *text;
        uint32_t needs;
    } needs[] = {
        {"http.host == a and ip.addr == 1.2.3.4", 0},
        {"ws.verdict == reset", 0},
        {"ws.severity >= warning", 0},
        {"ip.src == 1.2.3.4", FILTER_NEEDS_FRAMES},
        {"frame.number == 1", FILTER_NEEDS_FRAMES},
        {"ws.len > 3", FILTER_NEEDS_FRAMES},
        {"ws.rtt", FILTER_NEEDS_FRAMES | FILTER_NEEDS_PINGS},
        {"ws.msg.len > 3", FILTER_NEEDS_FRAMES | FILTER_NEEDS_MESSAGES},
        {"ws.text",
         FILTER_NEEDS_FRAMES | FILTER_NEEDS_MESSAGES | FILTER_NEEDS_PAYLOAD},
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        struct filter *f = must_compile(needs[i].text);
        ck_assert_msg(filter_needs(f) == needs[i].needs, "%s: %x",
                      needs[i].text, filter_needs(f));
        filter_free(f);
    }
}
END_TEST

/* Names that people type are found, and all values have a name. */
START_TEST(named_values_are_found_by_name_and_number)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        enum field_id id = (enum field_id)i, found;
        struct slice name;
        uint64_t value, again;
        ck_assert(field_find(slice_cstr(field_info(id)->name), &found));
        ck_assert_int_eq(found, id);
        for (size_t k = 0; field_value(id, k, &name, &value); k++) {
            ck_assert(field_value_find(id, name, &again));
            ck_assert_uint_eq(value, again);
            ck_assert(slice_equal(field_value_name(id, value), name));
        }
    }
    ck_assert_ptr_null(field_value_name(FIELD_WEBSOCKET_OPCODE, 3).ptr);
}
END_TEST

/* ---- Patterns ---- */

/* regcomp(3) says what is right; of patterns in which the two agree on what is
 * allowed. */
static void
check_pattern(const char *pattern, const char *text, bool exact)
{
    char with_flag[128];
    regex_t regex;
    struct pattern *p = NULL;
    struct pattern_error e;
    snprintf(with_flag, sizeof with_flag, "%s%s", exact ? "(?-i)" : "",
             pattern);
    if (regcomp(&regex, pattern,
                REG_EXTENDED | REG_NOSUB | (exact ? 0 : REG_ICASE)) != 0)
        return;
    if (pattern_new(&p, slice_cstr(with_flag), &e) == ERR_OK) {
        bool want = regexec(&regex, text, 0, NULL, 0) == 0;
        bool got = pattern_found(p, slice_cstr(text), TEXT_AS_IS);
        ck_assert_msg(want == got, "'%s' in '%s': %d", pattern, text, got);
    }
    pattern_free(p);
    regfree(&regex);
}

static const char *const patterns[] = {
    "a",
    "abc",
    "^abc$",
    "a|b",
    "a*b",
    "(a|b)+c",
    "a{2}",
    "a{2,}",
    "a{1,3}b",
    "^(ab?c){2}$",
    "[abc]+",
    "[^abc]",
    "[a-c]x",
    "[]a]",
    "[^]a]",
    "a.c",
    "^$",
    "",
    "a||b",
    "(a|)b",
    "((a)(b))",
    "x*",
    "a+b+c+",
    "[[:digit:]]",
    "[[:alpha:]_]+9",
    "a?b?c?$",
    "(^a|b)c",
    "a{0}b",
    "a{0,2}b",
    "(a{2}){2}",
    "[[:space:]]",
    "[[:upper:]]b",
    "[^[:punct:]]!",
    "a{3,5}",
    "(a*)*b",
    "(a+)+$",
    "[a-]",
    "[a-z-]9",
    "(a|ab)(c|bcd)(d*)",
};
static const char *const texts[] = {
    "",          "a",     "abc", "ABC", "xabcx",
    "aab",       "aaa",   "b",   "cab", "abab",
    "acac",      "aXc",   "]",   "9",   "_9",
    "a9!",       "aaaab", " ",   "Ab",  "a\nc",
    "ac",        "abcd",  "-",   "z-9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
    "abcabcabc", "!!",
};

START_TEST(patterns_are_found_as_regexec_finds_them)
{
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            check_pattern(patterns[i], texts[k], true);
            check_pattern(patterns[i], texts[k], false);
        }
}
END_TEST

START_TEST(random_patterns_are_found_as_regexec_finds_them)
{
    static const char signs[] = "aabbc..|()*+?[]^$-";
    static const char text_signs[] = "abcABC-";
    struct rng rng = {7};
    for (unsigned i = 0; i < 20000; i++) {
        char pattern[16], text[16];
        uint32_t n = rng_range(&rng, 1, sizeof pattern - 1);
        for (uint32_t k = 0; k < n; k++)
            pattern[k] = signs[rng_below(&rng, sizeof signs - 1)];
        pattern[n] = '\0';
        /* What POSIX leaves undefined: repeated repetitions and anchors. */
        if (strstr(pattern, "*?") || strstr(pattern, "+?") ||
            strstr(pattern, "??") || strstr(pattern, "(?") ||
            strstr(pattern, "()") || strpbrk(pattern, "^"))
            continue;
        n = rng_below(&rng, sizeof text);
        for (uint32_t k = 0; k < n; k++)
            text[k] = text_signs[rng_below(&rng, sizeof text_signs - 1)];
        text[n] = '\0';
        check_pattern(pattern, text, rng_below(&rng, 2) != 0);
    }
}
END_TEST

START_TEST(patterns_know_more_than_posix)
{
    static const struct {
        const char *pattern, *text;
        bool found;
    } more[] = {
        {"^\\d+$", "123", true},
        {"^\\d+$", "12a", false},
        {"\\W", "a_9", false},
        {"\\S\\s\\w", "! x", true},
        {"^(?:ab)+?$", "abab", true},
        {"^.$", "\xc3\xa9", true},
        {"^..$", "\xc3\xa9", false},
        {"^[\xc3\xa0-\xc3\xbf]$", "\xc3\xa9", true},
        {"[^\xc3\xa9]", "\xc3\xa9", false},
        {"^.$", "\xff", true},
        {"[^a]", "\xff", true},
        {"\\.", "a", false},
        {"\\t", "\t", true},
        {"[\\d\\]]+$", "1]2", true},
        {"a\\{1}", "a{1}", true},
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct pattern *p = NULL;
        struct pattern_error e;
        ck_assert_int_eq(pattern_new(&p, slice_cstr(more[i].pattern), &e),
                         ERR_OK);
        ck_assert_msg(pattern_found(p, slice_cstr(more[i].text), TEXT_AS_IS) ==
                          more[i].found,
                      "%s", more[i].pattern);
        pattern_free(p);
    }
}
END_TEST

/* A library that goes back would need years for these; a compiler that writes
 * out + twice would need all memory. */
START_TEST(patterns_that_explode_elsewhere_do_not_here)
{
    static const char *const bombs[] = {
        "(a+)+$",
        "(a|a)*b",
        "(a|b)*a(a|b){20}c",
        "((((((((((a+)+)+)+)+)+)+)+)+)+)+b",
        "(.*)*(.*)*(.*)*x",
        "(a?){30}a{30}b",
    };
    static uint8_t text[PATTERN_TEXT_MAX + 10];
    memset(text, 'a', sizeof text);
    text[PATTERN_TEXT_MAX] = 'x'; /* is not looked at */
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        struct pattern *p = NULL;
        struct pattern_error e;
        ck_assert_int_eq(pattern_new(&p, slice_cstr(bombs[i]), &e), ERR_OK);
        ck_assert(pattern_found(p, slice_make(text, sizeof text), TEXT_AS_IS) ==
                  (i == 0));
        pattern_free(p);
    }
}
END_TEST

static Suite *
filter_suite(void)
{
    Suite *suite = suite_create("filter");
    TCase *tc = tcase_create("filter");
    tcase_add_loop_test(tc, each_filter_passes_the_events_that_it_should, 0,
                        sizeof rows / sizeof rows[0]);
    tcase_add_test(tc, every_field_selects_and_rejects);
    tcase_add_test(tc, both_families_of_addresses_are_known);
    tcase_add_test(tc, what_is_not_known_is_not_there);
    tcase_add_loop_test(tc, errors_say_where_and_what_was_expected, 0,
                        sizeof wrong / sizeof wrong[0]);
    tcase_add_test(tc, hostile_filters_are_refused_or_understood);
    tcase_add_test(tc, parentheses_nest_up_to_the_limit);
    tcase_add_test(tc, exclusive_or_nests_up_to_the_limit);
    tcase_add_test(tc, a_filter_is_printed_as_it_was_understood);
    tcase_add_test(tc, a_filter_asks_only_for_what_it_uses);
    tcase_add_test(tc, named_values_are_found_by_name_and_number);
    tcase_add_test(tc, patterns_are_found_as_regexec_finds_them);
    tcase_add_test(tc, random_patterns_are_found_as_regexec_finds_them);
    tcase_add_test(tc, patterns_know_more_than_posix);
    tcase_add_test(tc, patterns_that_explode_elsewhere_do_not_here);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(filter_suite)
