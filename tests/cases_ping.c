/* SPDX-License-Identifier: MIT */
/* Pings and pongs, right and wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect/ws_frame.h"
#include "tests/finding_case.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

static void
answered(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    scene_pong(s, S, "are you there?");
    scene_ping(s, S, "");
    scene_pong(s, C, "");
    scene_close(s, C, 1000);
}

/* Only the last one is answered: that is allowed. */
static void
one_pong_for_three(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "1");
    scene_ping(s, C, "2");
    scene_ping(s, C, "3");
    scene_pong(s, S, "3");
    for (unsigned i = 0; i < 8; i++) {
        scene_wait_ms(s, 5000);
        scene_text(s, S, "tick");
    }
    scene_close(s, C, 1000);
}

/* The peer goes on talking, but not of the ping. */
static void
never_answered(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    for (unsigned i = 0; i < 3; i++) {
        scene_wait_ms(s, 4000);
        scene_text(s, S, "tick");
    }
    scene_close(s, C, 1000);
}

static void
never_answered_in_silence(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, S, "are you there?");
    scene_wait_ms(s, 33000);
    scene_close(s, S, 1011);
}

static void
closed_before_the_pong(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    scene_wait_ms(s, 9000);
    scene_text(s, S, "tick");
    scene_close(s, S, 1000);
}

static void
capture_ends_before_the_pong(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    scene_wait_ms(s, 9000);
    scene_text(s, S, "tick");
}

/* One message of twelve seconds is in the way. */
static void
pong_behind_a_long_frame(struct scene *s)
{
    char part[1000];
    memset(part, 'x', sizeof part);
    scene_handshake(s);
    scene_frame(s, S,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .has_declared_len = true,
                                      .declared_len = 13000,
                                      .payload = part,
                                      .payload_len = 1000});
    scene_ping(s, C, "are you there?");
    for (unsigned i = 0; i < 12; i++) {
        scene_wait_ms(s, 1000);
        scene_send(s, S, part, sizeof part);
    }
    scene_close(s, S, 1000);
}

/* It never arrived: the network is gone, not the peer. */
static void
ping_never_acknowledged(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_text(s, S, "hello");
    scene_auto_ack(s, false);
    scene_ping(s, C, "are you there?");
    size_t ping = scene_last(s);
    for (unsigned i = 0; i < 8; i++) {
        scene_wait_ms(s, 5000);
        scene_retransmit(s, ping);
    }
    scene_rst(s, C);
}

static void
another_payload(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    scene_pong(s, S, "ARE YOU THERE?");
    scene_wait_ms(s, 100);
    scene_close(s, C, 1000);
}

static void
heartbeat_before_the_pong(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    scene_pong(s, S, "heartbeat");
    scene_pong(s, S, "are you there?");
    scene_close(s, C, 1000);
}

static void
heartbeat(struct scene *s)
{
    scene_handshake(s);
    scene_pong(s, C, "");
    scene_close(s, C, 1000);
}

static void
many_pings(struct scene *s, unsigned n, unsigned ms)
{
    char text[16];
    scene_handshake(s);
    for (unsigned i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%u", i);
        scene_ping(s, C, text);
        scene_pong(s, S, text);
        scene_wait_ms(s, ms);
    }
    scene_close(s, C, 1000);
}

static void
flood(struct scene *s)
{
    many_pings(s, 100, 25);
}

static void
few_pings(struct scene *s)
{
    many_pings(s, 60, 60);
}

static void
short_burst(struct scene *s)
{
    many_pings(s, 50, 10);
}

/* More than can wait; the oldest one is answered by the last pong anyway. */
static void
more_than_can_wait(struct scene *s)
{
    char text[16];
    scene_handshake(s);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "%u", i);
        scene_ping(s, C, text);
        scene_wait_ms(s, 200);
    }
    scene_pong(s, S, "99");
    scene_close(s, C, 1000);
}

static void
slow_pong(struct scene *s)
{
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    scene_wait_ms(s, 700);
    scene_pong(s, S, "are you there?");
    scene_close(s, C, 1000);
}

static void
pong_behind_much(struct scene *s)
{
    char *much = calloc(1, 300000);
    if (!much)
        abort();
    scene_handshake(s);
    scene_ping(s, C, "are you there?");
    scene_wait_ms(s, 700);
    scene_binary(s, S, much, 300000);
    scene_pong(s, S, "are you there?");
    scene_close(s, C, 1000);
    free(much);
}

static void
equal_pings(struct scene *s)
{
    scene_handshake(s);
    for (unsigned i = 0; i < 3; i++)
        scene_ping(s, C, "the same");
    scene_pong(s, S, "the same");
    scene_ping(s, C, "another");
    scene_pong(s, S, "the same"); /* no other bytes for that ping */
    scene_pong(s, S, "another");
    scene_pong(s, S, "the same");
    scene_close(s, C, 1000);
}

static void
one_pong_too_many(struct scene *s)
{
    scene_handshake(s);
    for (unsigned i = 0; i < 3; i++)
        scene_ping(s, C, "the same");
    for (unsigned i = 0; i < 4; i++)
        scene_pong(s, S, "the same");
    scene_close(s, C, 1000);
}

/* The request that precedes the handshake is all there is before. */
static const size_t first_ping[] = {7};

static void
ping_lost(struct scene *s)
{
    scene_handshake(s);
    if (scene_packets(s) != 7)
        abort();
    scene_ping(s, C, "lost");
    scene_pong(s, S, "lost");
    for (unsigned i = 0; i < 12; i++)
        scene_text(s, C, "a text with some words in it");
    scene_close(s, C, 1000);
}

static const struct finding_case list[] = {
    {.name = "pings and their pongs",
     .also = "frame-ping:client frame-ping:server frame-pong:client "
             "frame-pong:server perf-ping-rtt:client perf-ping-rtt:server",
     .absent = "ping-unanswered pong-payload-differs pong-unsolicited "
               "ping-flood perf-ping-rtt-high",
     .play = answered},
    {.name = "one pong for three pings",
     .also = "frame-pong:server*1 perf-ping-rtt:client",
     .absent = "ping-unanswered pong-payload-differs pong-unsolicited",
     .play = one_pong_for_three},
    {.name = "each of three pings with the same bytes has its pong",
     .also = "frame-pong:server*4 perf-ping-rtt:client",
     .absent = "ping-unanswered pong-payload-differs pong-unsolicited",
     .play = equal_pings},
    {.name = "one pong more than there were pings with the same bytes",
     .also = "frame-pong:server*3 pong-unsolicited:server*1",
     .absent = "ping-unanswered pong-payload-differs",
     .play = one_pong_too_many},
    {.name = "a ping that the talkative peer never answers",
     .expect = "ping-unanswered:server*1",
     .absent = "frame-pong perf-ping-rtt",
     .play = never_answered},
    {.name = "a ping that the silent peer never answers",
     .expect = "ping-unanswered:client*1",
     .play = never_answered_in_silence},
    {.name = "closed before the time is over",
     .absent = "ping-unanswered",
     .play = closed_before_the_pong},
    {.name = "the capture ends before the time is over",
     .absent = "ping-unanswered",
     .play = capture_ends_before_the_pong},
    {.name = "a long frame in the way of a pong",
     .absent = "ping-unanswered",
     .sampled = true,
     .play = pong_behind_a_long_frame},
    {.name = "a ping that never arrived",
     .expect = "tcp-rst-while-open:client",
     .absent = "ping-unanswered perf-idle-cut",
     .play = ping_never_acknowledged},
    {.name = "a ping behind which the server is not captured",
     .expect = "tcp-one-direction-only:both",
     .absent = "ping-unanswered",
     .options = {.drop_from = {[S] = true}},
     .play = never_answered},
    {.name = "a pong with other bytes",
     .expect = "pong-payload-differs:server*1",
     .absent = "ping-unanswered pong-unsolicited frame-pong",
     .play = another_payload},
    {.name = "a heartbeat while a ping waits",
     .absent = "pong-payload-differs pong-unsolicited",
     .play = heartbeat_before_the_pong},
    {.name = "a heartbeat",
     .also = "pong-unsolicited:client*1",
     .absent = "pong-payload-differs frame-ping",
     .play = heartbeat},
    {.name = "a pong whose ping was not captured",
     .expect = "tcp-stream-gap:client frame-sync-lost:client",
     .absent = "pong-payload-differs ping-unanswered",
     .not_cuttable = true,
     .options = {.drop = first_ping, .n_drop = 1},
     .play = ping_lost},
    {.name = "forty pings a second for more than two seconds",
     .expect = "ping-flood:client",
     .absent = "ping-unanswered",
     .sampled = true,
     .play = flood},
    {.name = "sixteen pings a second",
     .absent = "ping-flood",
     .sampled = true,
     .play = few_pings},
    {.name = "fifty pings within half a second",
     .absent = "ping-flood",
     .sampled = true,
     .play = short_burst},
    {.name = "a hundred waiting pings",
     .also = "frame-pong:server*1",
     .absent = "ping-unanswered ping-flood",
     .sampled = true,
     .play = more_than_can_wait},
    {.name = "a pong after 0.7 seconds",
     .also = "perf-ping-rtt-high:server",
     .play = slow_pong},
    {.name = "a pong behind 300,000 octets",
     .absent = "perf-ping-rtt-high",
     .sampled = true,
     .heavy = true,
     .play = pong_behind_much},
};

const struct finding_cases cases_ping = {"ping", list,
                                         sizeof list / sizeof list[0]};
