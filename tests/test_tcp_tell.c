/* SPDX-License-Identifier: MIT */
/* What TCP did, told to a sink that asks: who, what, in which packet. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/scene.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

/* Packets of a scene: 1-3 SYN, SYN-ACK, ACK, 4 request, 5 ACK, 6 response, 7
 * ACK, 8 the first segment behind them. */
enum { PACKET_REQUEST = 3, PACKET_FIRST = 7 };

static void
close_cleanly(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_close(s, C, 1000);
    scene_end(s, S);
}

static void
reset(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_rst(s, S);
}

static void
talk_and_reset(struct scene *s)
{
    scene_handshake(s);
    for (unsigned i = 0; i < 20; i++) {
        scene_text(s, C, "a text with some words in it");
        scene_text(s, S, "an answer with some words in it");
    }
    scene_rst(s, S);
}

static void
send_again(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_wait_ms(s, 250);
    scene_retransmit(s, PACKET_FIRST);
    scene_ack(s, S);
}

static void
send_request_again(struct scene *s)
{
    struct scene_handshake h = {0};
    scene_request(s, &h);
    scene_wait_ms(s, 250);
    scene_retransmit(s, PACKET_REQUEST);
    scene_response(s, &h);
}

static void
stop_reading(struct scene *s)
{
    scene_handshake(s);
    struct scene_segment g = {.from = C,
                              .flags = SCENE_ACK,
                              .zero_window = true};
    scene_segment_raw(s, &g);
    scene_wait_ms(s, 100);
    g.zero_window = false;
    scene_segment_raw(s, &g);
}

/* The second segment has the same bytes in other pieces: one packet, one
 * event. */
static void
send_two_pieces_again(struct scene *s)
{
    scene_handshake(s);
    scene_send(s, S, "\x81\x02hi", 4);
    scene_send(s, S, "\x81\x02ho", 4);
    scene_wait_ms(s, 300);
    struct scene_segment g = {.from = S,
                              .flags = SCENE_PSH | SCENE_ACK,
                              .seq_shift = -8,
                              .payload = "\x81\x02hi\x81\x02ho",
                              .payload_len = 8};
    scene_segment_raw(s, &g);
}

static void
refuse(struct scene *s)
{
    struct scene_handshake h = {
        .status = "404 Not Found",
        .response_replace = "Upgrade\r\nConnection\r\nSec-WebSocket-Accept\r\n",
        .response_headers = "Content-Length: 0\r\n"};
    scene_handshake_with(s, &h);
    scene_end(s, S);
}

static const struct {
    const char *name;
    void (*play)(struct scene *s);
    size_t first_packet; /* the capture starts here, 0 = first */
    const char *told;    /* " NAME SENDER PACKET" each */
} cases[] = {
    {"a clean close", close_cleanly, 0,
     " SYN client 1 SYN+ACK server 2 FIN server 14 FIN client 16"},
    {"a reset", reset, 0, " SYN client 1 SYN+ACK server 2 RST server 10"},
    {"a segment again", send_again, 0,
     " SYN client 1 SYN+ACK server 2 retransmission client 10"},
    {"the request again, told behind the handshake", send_request_again, 0,
     " SYN client 1 SYN+ACK server 2 retransmission client 6"},
    {"a closed window", stop_reading, 0,
     " SYN client 1 SYN+ACK server 2 zero window client 8"
     " window open again client 9"},
    {"two segments again in one", send_two_pieces_again, 0,
     " SYN client 1 SYN+ACK server 2 retransmission server 12"},
    {"a refusal ends before its FIN", refuse, 0,
     " SYN client 1 SYN+ACK server 2"},
    {"the SYN was not captured", close_cleanly, 1,
     " SYN+ACK server 1 FIN server 13 FIN client 15"},
    {"no SYN was captured", close_cleanly, 3, " FIN server 11 FIN client 13"},
    {"found in mid-stream", talk_and_reset, PACKET_FIRST, " RST server 81"},
};

START_TEST(a_sink_that_asks_is_told)
{
    struct scene *s = scene_new();
    static struct scene_result r;
    struct scene_options o = {.first_packet = cases[_i].first_packet};
    char told[512] = "";
    size_t n = 0;
    cases[_i].play(s);
    scene_run(s, &o, &r);
    for (size_t i = 0; i < r.n_tcp; i++)
        n +=
            (size_t)snprintf(told + n, sizeof told - n, " %s %s %" PRIu64,
                             event_tcp_name(r.tcp[i].what),
                             ws_sender_name(r.tcp[i].from), r.tcp[i].at.packet);
    ck_assert_msg(strcmp(told, cases[_i].told) == 0, "%s: got%s",
                  cases[_i].name, told);
    scene_free(s);
}
END_TEST

/* The request is the first byte behind the SYN, the FIN the last one. */
START_TEST(times_and_sequence_numbers_are_the_packets_own)
{
    struct scene *s = scene_new();
    static struct scene_result r;
    close_cleanly(s);
    scene_run(s, NULL, &r);
    ck_assert_uint_eq(r.n_tcp, 4);
    ck_assert_int_lt(r.tcp[0].at.time_ns, r.tcp[1].at.time_ns);
    ck_assert_int_lt(r.tcp[1].at.time_ns, r.tcp[2].at.time_ns);
    /* SYN, then all that the client sent, then FIN. */
    ck_assert_uint_ne(r.tcp[0].seq, 0);
    ck_assert_uint_ne(r.tcp[1].seq, 0);
    ck_assert_uint_gt(r.tcp[3].seq - r.tcp[0].seq, 100);
    ck_assert_uint_lt(r.tcp[3].seq - r.tcp[0].seq, 1000);
    scene_free(s);
}
END_TEST

static Suite *
tcp_tell_suite(void)
{
    Suite *s = suite_create("tcp_tell");
    TCase *tc = tcase_create("told");
    tcase_add_loop_test(tc, a_sink_that_asks_is_told, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(tc, times_and_sequence_numbers_are_the_packets_own);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(tcp_tell_suite)
