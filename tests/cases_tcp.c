/* SPDX-License-Identifier: MIT */
/*
 * TCP below a WebSocket, but for how it ends: for each finding a conversation
 * that must show it, and the near misses that must not.
 */
#include <string.h>

#include "tests/finding_case.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

/* Packets of each scene: 0-2 SYN, SYN-ACK, ACK, 3 request, 4 ACK, 5 response,
 * 6 ACK. */
enum { PACKET_REQUEST = 3, PACKET_AFTER_REQUEST = 4, PACKET_AFTER_101 = 7 };
static const size_t first_syn[] = {0};
static const size_t last_of_three[] = {2};

static void
good_conversation(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_text(s, S, "hello");
    scene_close(s, C, 1000);
}

/* Frames of the server as octets: two texts of two letters. */
#define HI "\x81\x02hi"
#define HO "\x81\x02ho"

/* What differs of a segment of the server with HI in it. */
static void
send_hi(struct scene *s, struct scene_segment g)
{
    g.from = S;
    g.flags |= SCENE_PSH | SCENE_ACK;
    if (!g.payload) {
        g.payload = HI;
        g.payload_len = 4;
    }
    scene_segment_raw(s, &g);
}

/* ---- Opening -------------------------------------------------------- */

static void
syn_sent_again(struct scene *s)
{
    scene_syn(s);
    scene_wait_ms(s, 1000);
    scene_retransmit(s, 0);
    struct scene_segment g = {.from = S,
                              .flags = SCENE_SYN | SCENE_ACK,
                              .advances = true};
    scene_segment_raw(s, &g);
    scene_ack(s, C);
    good_conversation(s);
}

static void
many_frames(struct scene *s)
{
    scene_handshake(s);
    for (unsigned i = 0; i < 20; i++) {
        scene_text(s, C, "a text with some words in it");
        scene_text(s, S, "an answer with some words in it");
    }
    scene_close(s, C, 1000);
}

/* ---- Copies --------------------------------------------------------- */

static void
sent_again(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_wait_ms(s, 250);
    scene_retransmit(s, PACKET_AFTER_101);
    scene_ack(s, S);
    scene_close(s, C, 1000);
}

static void
request_sent_again(struct scene *s)
{
    struct scene_handshake h = {0};
    scene_request(s, &h);
    scene_wait_ms(s, 250);
    scene_retransmit(s, PACKET_REQUEST);
    scene_ack(s, S);
    scene_response(s, &h);
    scene_close(s, C, 1000);
}

static void
recorded_twice(struct scene *s)
{
    scene_handshake(s);
    send_hi(s, (struct scene_segment){.has_ip_id = true,
                                      .ip_id = 4711,
                                      .advances = true});
    scene_retransmit(s, scene_last(s));
    scene_ack(s, C);
    scene_close(s, C, 1000);
}

static void
same_id_much_later(struct scene *s)
{
    scene_handshake(s);
    send_hi(s, (struct scene_segment){.has_ip_id = true,
                                      .ip_id = 4711,
                                      .advances = true});
    scene_wait_ms(s, 5);
    scene_retransmit(s, scene_last(s));
    scene_ack(s, C);
    scene_close(s, C, 1000);
}

/* HI behind a hole, the same place as `copy`, then all from the start. */
static void
overlap(struct scene *s, const char *copy)
{
    scene_handshake(s);
    send_hi(s, (struct scene_segment){.seq_shift = 2,
                                      .payload = &HI[2],
                                      .payload_len = 2});
    send_hi(s, (struct scene_segment){.seq_shift = 2,
                                      .payload = copy,
                                      .payload_len = 2});
    send_hi(s, (struct scene_segment){.advances = true});
    scene_ack(s, C);
    scene_close(s, C, 1000);
}

static void
two_versions(struct scene *s)
{
    overlap(s, "ha");
}

static void
two_equal_copies(struct scene *s)
{
    overlap(s, "hi");
}

/* ---- Order ---------------------------------------------------------- */

/* HO is captured before HI, which comes before it. */
static void
exchanged(struct scene *s, uint16_t id_of_hi, uint64_t later_ms)
{
    scene_handshake(s);
    send_hi(s, (struct scene_segment){.seq_shift = 4,
                                      .payload = HO,
                                      .payload_len = 4,
                                      .has_ip_id = true,
                                      .ip_id = 500,
                                      .advances = true});
    scene_wait_ms(s, later_ms);
    send_hi(s, (struct scene_segment){.seq_shift = -4,
                                      .has_ip_id = true,
                                      .ip_id = id_of_hi,
                                      .advances = true});
    scene_ack(s, C);
    scene_close(s, C, 1000);
}

static void
overtaken(struct scene *s)
{
    exchanged(s, 499, 0);
}

static void
overtaken_by_far(struct scene *s)
{
    exchanged(s, 499, 20);
}

static void
lost_and_sent_again(struct scene *s)
{
    exchanged(s, 501, 0);
}

static void
lost_and_sent_again_later(struct scene *s)
{
    exchanged(s, 499, 250);
}

/* ---- Window --------------------------------------------------------- */

static void
acknowledge_with_no_room(struct scene *s)
{
    struct scene_segment g = {.from = C,
                              .flags = SCENE_ACK,
                              .zero_window = true};
    scene_segment_raw(s, &g);
}

static void
window_closed(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, S, "hello");
    acknowledge_with_no_room(s);
    scene_wait_ms(s, 300);
    scene_ack(s, C);
    scene_text(s, S, "hello");
    scene_close(s, C, 1000);
}

static void
window_stays_closed(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, S, "hello");
    acknowledge_with_no_room(s);
    scene_wait_ms(s, 300);
    acknowledge_with_no_room(s);
}

static void
window_closed_by_who_left(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, S, "hello");
    scene_close_frame(s, C, 1000, NULL);
    scene_close_frame(s, S, 1000, NULL);
    scene_fin(s, S);
    acknowledge_with_no_room(s);
    struct scene_segment g = {.from = C,
                              .flags = SCENE_FIN | SCENE_ACK,
                              .zero_window = true,
                              .advances = true};
    scene_segment_raw(s, &g);
    scene_ack(s, S);
}

/* ---- Urgent bytes, probes ------------------------------------------- */

static void
urgent(struct scene *s, uint16_t pointer)
{
    scene_handshake(s);
    send_hi(s, (struct scene_segment){.flags = SCENE_URG,
                                      .urgent = pointer,
                                      .advances = true});
    scene_ack(s, C);
    scene_close(s, C, 1000);
}

static void
urgent_byte(struct scene *s)
{
    urgent(s, 3);
}

static void
urgent_nowhere(struct scene *s)
{
    urgent(s, 0);
}

static void
urgent_behind_the_segment(struct scene *s)
{
    urgent(s, 5);
}

static void
probe(struct scene *s, uint64_t after_ms, size_t len)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_wait_ms(s, after_ms);
    struct scene_segment g = {.from = C,
                              .flags = SCENE_ACK,
                              .seq_shift = -1,
                              .payload = "?",
                              .payload_len = len};
    scene_segment_raw(s, &g);
    scene_ack(s, S);
    scene_text(s, C, "hello");
    scene_close(s, C, 1000);
}

static void
empty_probe(struct scene *s)
{
    probe(s, 15000, 0);
}

static void
probe_with_garbage(struct scene *s)
{
    probe(s, 15000, 1);
}

static void
acknowledgement_out_of_order(struct scene *s)
{
    probe(s, 0, 0);
}

/* ---- Snap length ---------------------------------------------------- */

static const uint8_t zeros[1000];

static void
long_message(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_binary(s, S, zeros, sizeof zeros);
    scene_text(s, S, "hello");
    scene_close(s, C, 1000);
}

#define ALL_BUT_OPENED                                                         \
    "tcp-midstream-start tcp-one-direction-only tcp-segment-truncated "        \
    "tcp-overlap-conflict tcp-retransmission tcp-out-of-order "                \
    "tcp-zero-window tcp-urgent-data tcp-keepalive-probe"

static const struct finding_case list[] = {
    {.name = "a good conversation",
     .also = "tcp-connection-opened:both*1",
     .absent = ALL_BUT_OPENED,
     .verdict = "clean-close",
     .needs_acks = true,
     .play = good_conversation},
    {.name = "a SYN that was sent again opens one connection",
     .also = "tcp-connection-opened:both*1",
     .absent = "tcp-retransmission tcp-midstream-start",
     .needs_acks = true,
     .play = syn_sent_again},
    {.name = "the SYN was not captured, its answer was",
     .absent = "tcp-connection-opened tcp-midstream-start",
     .play = good_conversation,
     .options = {.drop = first_syn, .n_drop = 1}},
    {.name = "the last of the three packets was not captured",
     .absent = "tcp-midstream-start",
     .play = good_conversation,
     .options = {.drop = last_of_three, .n_drop = 1}},
    {.name = "a capture that begins with the request",
     .also = "tcp-midstream-start:both",
     .absent = "tcp-connection-opened tcp-one-direction-only",
     .play = good_conversation,
     .options = {.first_packet = PACKET_REQUEST}},
    {.name = "a capture that begins with the frames",
     .also = "tcp-midstream-start:both",
     .absent = "tcp-connection-opened tcp-one-direction-only",
     .not_cuttable = true,
     .play = many_frames,
     .options = {.first_packet = PACKET_AFTER_101}},

    {.name = "only the client was captured",
     .expect = "tcp-one-direction-only:both",
     .absent = "tcp-midstream-start",
     .needs_acks = true,
     .play = good_conversation,
     .options = {.drop_from = {[S] = true}}},
    {.name = "only a request, and then the capture ends",
     .absent = "tcp-one-direction-only",
     .not_cuttable = true,
     .play = good_conversation,
     .options = {.drop_from = {[S] = true},
                 .end_packet = PACKET_AFTER_REQUEST}},

    {.name = "a packet cut by the snap length",
     .expect = "tcp-segment-truncated:server tcp-stream-gap:server",
     .not_cuttable = true,
     .play = long_message,
     .options = {.snaplen = 300}},
    {.name = "a snap length that cuts nothing",
     .absent = "tcp-segment-truncated tcp-stream-gap",
     .play = good_conversation,
     .options = {.snaplen = 300}},

    {.name = "a text that is sent again",
     .also = "tcp-retransmission:client*1",
     .absent = "tcp-overlap-conflict tcp-out-of-order tcp-keepalive-probe",
     .play = sent_again},
    {.name = "a request that is sent again",
     .also = "tcp-retransmission:client*1",
     .absent = "tcp-overlap-conflict",
     .play = request_sent_again},
    {.name = "a packet that was recorded twice",
     .absent = "tcp-retransmission tcp-overlap-conflict",
     .play = recorded_twice},
    {.name = "the same IP id, but much later",
     .also = "tcp-retransmission:server",
     .play = same_id_much_later},
    {.name = "two versions of the same octets",
     .expect = "tcp-overlap-conflict:server",
     .also = "tcp-retransmission:server",
     .play = two_versions},
    {.name = "two equal copies of the same octets",
     .also = "tcp-retransmission:server",
     .absent = "tcp-overlap-conflict",
     .play = two_equal_copies},

    {.name = "a segment that was overtaken",
     .also = "tcp-out-of-order:server*1",
     .absent = "tcp-retransmission tcp-stream-gap",
     .play = overtaken},
    {.name = "a segment that was overtaken by far, as its IP id tells",
     .also = "tcp-out-of-order:server*1",
     .absent = "tcp-retransmission tcp-stream-gap",
     .play = overtaken_by_far},
    {.name = "a segment that was lost and comes again",
     .absent = "tcp-out-of-order",
     .play = lost_and_sent_again},
    {.name = "a segment that was lost and comes again later",
     .absent = "tcp-out-of-order",
     .play = lost_and_sent_again_later},

    {.name = "a window that is closed for a while",
     .also = "tcp-zero-window:client*1",
     .absent = "tcp-keepalive-probe",
     .needs_acks = true,
     .play = window_closed},
    {.name = "a window that stays closed",
     .also = "tcp-zero-window:client*1",
     .needs_acks = true,
     .play = window_stays_closed},
    {.name = "no window from a client that hears no more",
     .absent = "tcp-zero-window",
     .play = window_closed_by_who_left},

    {.name = "an urgent octet",
     .expect = "tcp-urgent-data:server",
     .play = urgent_byte},
    {.name = "an urgent pointer of zero",
     .absent = "tcp-urgent-data",
     .play = urgent_nowhere},
    {.name = "an urgent pointer behind its segment",
     .absent = "tcp-urgent-data",
     .play = urgent_behind_the_segment},

    {.name = "a keep-alive probe without octets",
     .also = "tcp-keepalive-probe:client*1",
     .absent = "tcp-retransmission tcp-overlap-conflict",
     .needs_acks = true,
     .play = empty_probe},
    {.name = "a keep-alive probe with an octet of garbage",
     .also = "tcp-keepalive-probe:client*1",
     .absent = "tcp-retransmission tcp-overlap-conflict",
     .needs_acks = true,
     .play = probe_with_garbage},
    {.name = "an old acknowledgement on a busy connection",
     .absent = "tcp-keepalive-probe tcp-retransmission",
     .play = acknowledgement_out_of_order},
};

const struct finding_cases cases_tcp = {"tcp", list,
                                        sizeof list / sizeof list[0]};
