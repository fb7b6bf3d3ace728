/* SPDX-License-Identifier: MIT */
/*
 * How connections end: Close frames, TCP, and the verdicts about it; for each
 * finding a conversation that must show it, and the near misses that must not.
 */
#include <stdlib.h>
#include <string.h>

#include "dissect/ws_frame.h"
#include "tests/finding_case.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

static void
hello(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_text(s, S, "hello");
}

/* ---- Two Close frames, one after the other -------------------------- */

struct closing {
    enum ws_sender first;
    uint16_t code, answer;
    const char *reason;
    unsigned answer_ms; /* from the first to the second */
    unsigned fin_ms;    /* from the second to the first FIN */
    bool client_fin;    /* the client ends TCP first */
};

static void
play_closing(struct scene *s, const void *data)
{
    const struct closing *c = data;
    hello(s);
    scene_close_frame(s, c->first, c->code, c->reason);
    scene_wait_ms(s, c->answer_ms);
    scene_close_frame(s, !c->first, c->answer, c->reason);
    scene_wait_ms(s, c->fin_ms);
    scene_end(s, c->client_fin ? C : S);
}

#define CLOSING(...)                                                           \
    .play_with = play_closing, .data = &(const struct closing)                 \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* Both send theirs before they have read the other's. */
static void
crossing(struct scene *s)
{
    hello(s);
    scene_reads(s, S, false);
    scene_close_frame(s, C, 1000, "me first");
    scene_close_frame(s, S, 1001, "no, me");
    scene_reads(s, S, true);
    scene_end(s, S);
}

/* ---- A 101 that the client may not take ------------------------------ */

#define WRONG_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

struct unacceptable {
    struct scene_handshake h;
    bool talks;       /* the client sends a frame all the same */
    bool reset;       /* ... and ends with an RST instead of a FIN */
    unsigned wait_ms; /* before it ends */
};

static void
play_unacceptable(struct scene *s, const void *data)
{
    const struct unacceptable *u = data;
    scene_handshake_with(s, &u->h);
    if (u->talks)
        scene_text(s, C, "hello");
    scene_wait_ms(s, u->wait_ms);
    if (u->reset)
        scene_rst(s, C);
    else
        scene_end(s, C);
}

#define UNACCEPTABLE(...)                                                      \
    .play_with = play_unacceptable, .data = &(const struct unacceptable)       \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* ---- After a Close frame -------------------------------------------- */

static void
data_after_close(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_text(s, C, "and another thing");
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

static void
data_before_close_in_one_segment(struct scene *s)
{
    hello(s);
    scene_join(s, C);
    scene_text(s, C, "and another thing");
    scene_close_frame(s, C, 1000, NULL);
    scene_flush(s, C);
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

static void
ping_after_close(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_ping(s, C, "still there?");
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

static void
closed_twice(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_close_frame(s, C, 1000, NULL);
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

static void
close_retransmitted(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_retransmit(s, scene_last(s));
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

static void
peer_finishes(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_text(s, S, "my last words");
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

/* What the server sends has not read the Close frame yet. */
static void
peer_data_on_its_way(struct scene *s)
{
    hello(s);
    scene_reads(s, S, false);
    scene_close_frame(s, C, 1000, NULL);
    scene_text(s, S, "my last words");
    scene_reads(s, S, true);
    scene_ack(s, S);
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

/* The answer comes late because a long message has to be ended first. */
static void
long_message_before_answer(struct scene *s)
{
    hello(s);
    scene_frame(s, S,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      .text = "once upon "});
    scene_close_frame(s, C, 1000, NULL);
    for (unsigned i = 0; i < 5; i++) {
        scene_wait_ms(s, 900);
        scene_frame(s, S,
                    &(struct scene_frame){.opcode = WS_OP_CONT,
                                          .more = i < 4,
                                          .text = "a time "});
    }
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

/* ---- No answer ------------------------------------------------------ */

static void
fin_instead_of_answer(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_end(s, S);
}

static void
rst_instead_of_answer(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_wait_ms(s, 5);
    scene_rst(s, S);
}

static void
no_answer_for_long(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_wait_ms(s, 12000);
    scene_end(s, C);
}

/* It did not wait for an answer. */
static void
closed_and_cut(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_fin(s, C);
    scene_fin(s, S);
    scene_ack(s, C);
}

static void
answer_after_the_capture(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
}

/* Hung up before it had the Close frame. */
static void
fin_crosses_close(struct scene *s)
{
    hello(s);
    scene_reads(s, S, false);
    scene_close_frame(s, C, 1000, NULL);
    scene_fin(s, S);
    scene_reads(s, S, true);
    scene_fin(s, C);
    scene_ack(s, S);
}

/* The Close frame breaks a rule: the server may hang up at once. */
static void
fin_for_a_bad_close(struct scene *s)
{
    hello(s);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_CLOSE, .text = "x"});
    scene_end(s, S);
}

/* The only packet that a scene with this lost: the answer. */
static const size_t answer_packet[] = {13};

static void
answer_lost(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    if (scene_packets(s) != 13)
        abort();
    scene_close_frame(s, S, 1000, NULL);
    scene_end(s, S);
}

/* ---- TCP without Close frames --------------------------------------- */

static void
only_fin(struct scene *s)
{
    hello(s);
    scene_end(s, C);
}

static void
only_rst(struct scene *s)
{
    hello(s);
    scene_rst(s, S);
}

static void
rst_of_another_connection(struct scene *s)
{
    hello(s);
    scene_segment_raw(s, &(struct scene_segment){.from = S,
                                                 .flags = SCENE_RST,
                                                 .seq_shift = 1000000000});
    scene_close(s, C, 1000);
}

static void
fin_then_rst(struct scene *s)
{
    hello(s);
    scene_fin(s, C);
    scene_wait_ms(s, 3);
    scene_rst(s, S);
}

static void
closed_then_rst(struct scene *s)
{
    hello(s);
    scene_close_frame(s, C, 1000, NULL);
    scene_close_frame(s, S, 1000, NULL);
    scene_rst(s, S);
}

static void
fin_in_a_frame(struct scene *s)
{
    hello(s);
    scene_frame(s, S,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .has_declared_len = true,
                                      .declared_len = 100,
                                      .text = "not all of it"});
    scene_end(s, S);
}

static void
cut_by_the_receiver(struct scene *s)
{
    hello(s);
    scene_frame(s, S,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .has_declared_len = true,
                                      .declared_len = 100,
                                      .text = "not all of it"});
    scene_rst(s, C);
}

static void
fin_in_a_message(struct scene *s)
{
    hello(s);
    scene_frame(s, S,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      .text = "once upon "});
    scene_end(s, S);
}

static void
close_in_a_message(struct scene *s)
{
    hello(s);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      .text = "once upon "});
    scene_close(s, C, 1000);
}

static void
ping_in_a_message(struct scene *s)
{
    hello(s);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      .text = "once upon "});
    scene_ping(s, C, "a");
    scene_pong(s, S, "a");
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_CONT, .text = "a time"});
    scene_close(s, C, 1000);
}

static void
capture_ends_in_a_message(struct scene *s)
{
    hello(s);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      .text = "once upon "});
}

static void
talks_on_after_fin(struct scene *s)
{
    hello(s);
    scene_fin(s, C);
    scene_wait_ms(s, 1500);
    scene_text(s, S, "are you gone?");
    scene_fin(s, S);
    scene_ack(s, C);
}

static void
data_on_its_way_at_fin(struct scene *s)
{
    hello(s);
    scene_fin(s, C);
    scene_text(s, S, "one more");
    scene_fin(s, S);
    scene_ack(s, C);
}

/* ---- Verdicts ------------------------------------------------------- */

static void
rst_from_elsewhere(struct scene *s)
{
    scene_ttl(s, S, 53);
    hello(s);
    scene_text(s, S, "more");
    scene_segment_raw(s, &(struct scene_segment){.from = S,
                                                 .flags = SCENE_RST,
                                                 .ttl = 61});
}

static void
rst_after_silence(struct scene *s)
{
    hello(s);
    scene_wait_ms(s, 60300);
    scene_rst(s, S);
}

static void
fin_after_other_silence(struct scene *s)
{
    hello(s);
    scene_wait_ms(s, 75000);
    scene_end(s, S);
}

static void
closed_after_silence(struct scene *s)
{
    hello(s);
    scene_wait_ms(s, 60000);
    scene_close(s, S, 1001);
}

static void
closed_for_a_broken_rule(struct scene *s)
{
    hello(s);
    scene_frame(s, C, &(struct scene_frame){.opcode = 3, .text = "what?"});
    scene_close_frame(s, S, 1002, "reserved opcode");
    scene_close_frame(s, C, 1002, NULL);
    scene_end(s, S);
}

static void
closed_long_after_a_broken_rule(struct scene *s)
{
    hello(s);
    scene_frame(s, C, &(struct scene_frame){.opcode = 3, .text = "what?"});
    scene_wait_ms(s, 5000);
    scene_close_frame(s, S, 1002, NULL);
    scene_close_frame(s, C, 1002, NULL);
    scene_end(s, S);
}

static void
refused(struct scene *s)
{
    struct scene_handshake h = {.status = "503 Service Unavailable"};
    scene_handshake_with(s, &h);
    scene_end(s, S);
}

static const struct finding_case list[] = {
    {.name = "a good closing",
     .also = "close-frame:client close-frame:server close-clean:both",
     .absent = "close-reply-slow close-reply-missing close-reply-code-differs "
               "close-crossing close-server-tcp-late close-client-tcp-first "
               "perf-slow-close close-error-code close-code-application "
               "close-duplicate tcp-fin-without-close-frame tcp-rst-while-open "
               "tcp-open-at-capture-end tcp-rst-after-close tcp-half-closed "
               "tcp-ended-mid-frame message-unfinished close-code-wrong-role",
     .verdict = "clean-close",
     .onclose = 1000,
     CLOSING(.code = 1000, .answer = 1000, .reason = "bye")},
    {.name = "by the server, which goes away",
     .absent = "close-error-code close-code-unassigned",
     .verdict = "clean-close",
     .onclose = 1001,
     CLOSING(.first = S, .code = 1001, .answer = 1001)},

    /* Codes */
    {.name = "1004 has no meaning",
     .expect = "close-code-unassigned:client*1",
     CLOSING(.code = 1004, .answer = 1004)},
    {.name = "2999 is kept for extensions",
     .expect = "close-code-unassigned:server*1",
     CLOSING(.first = S, .code = 2999, .answer = 1000)},
    {.name = "1012, 1013 and 1014 were registered later",
     .absent = "close-code-unassigned close-code-out-of-range "
               "close-code-reserved-sent",
     CLOSING(.first = S, .code = 1012, .answer = 1013)},
    {.name = "1005 is never sent",
     .expect = "close-code-reserved-sent:client",
     CLOSING(.code = 1005, .answer = 1002)},
    {.name = "1006 is never sent, nor repeated",
     .expect =
         "close-code-reserved-sent:client close-code-reserved-sent:server",
     .onclose = 1006,
     CLOSING(.code = 1006, .answer = 1006)},
    {.name = "1015 is never sent",
     .expect = "close-code-reserved-sent:server",
     CLOSING(.first = S, .code = 1015, .answer = 1002)},
    {.name = "no code at all is fine, whatever a script sees",
     .absent = "close-code-reserved-sent close-reply-code-differs",
     .onclose = 1005,
     CLOSING(.code = 0, .answer = 0)},
    {.name = "999 is below all codes",
     .expect = "close-code-out-of-range:client",
     CLOSING(.code = 999, .answer = 1002)},
    {.name = "5000 is above all codes",
     .expect = "close-code-out-of-range:client",
     CLOSING(.code = 5000, .answer = 1002)},
    {.name = "3000 and 4999 are of the application",
     .also = "close-code-application:client close-code-application:server",
     .absent = "close-code-out-of-range close-code-unassigned",
     CLOSING(.code = 3000, .answer = 4999)},
    {.name = "an error of the server",
     .also = "close-error-code:server*1",
     .absent = "close-code-wrong-role",
     .verdict = "clean-close",
     CLOSING(.first = S, .code = 1011, .answer = 1011)},
    {.name = "an error of the client, with the code of servers",
     .also = "close-error-code:client close-code-wrong-role:client",
     CLOSING(.code = 1011, .answer = 1011)},
    {.name = "an extension that only a client can miss",
     .expect = "close-code-wrong-role:server",
     CLOSING(.first = S, .code = 1010, .answer = 1010)},
    {.name = "an extension that the client misses",
     .also = "close-error-code:client",
     .absent = "close-code-wrong-role",
     CLOSING(.code = 1010, .answer = 1010)},
    {.name = "an answer with another code",
     .also = "close-reply-code-differs:server",
     CLOSING(.code = 1001, .answer = 1000)},

    /* Times */
    {.name = "an answer after two seconds",
     .expect = "close-reply-slow:server",
     .also = "perf-slow-close:both",
     CLOSING(.code = 1000, .answer = 1000, .answer_ms = 2000)},
    {.name = "an answer after 0.9 seconds",
     .absent = "close-reply-slow perf-slow-close",
     CLOSING(.code = 1000, .answer = 1000, .answer_ms = 900)},
    {.name = "an answer behind the end of a long message",
     .also = "close-peer-data-in-flight:server*5",
     .absent = "close-reply-slow perf-slow-close close-data-after-close "
               "message-unfinished",
     .play = long_message_before_answer},
    {.name = "the server keeps TCP open",
     .expect = "close-server-tcp-late:server",
     .also = "perf-slow-close:both",
     CLOSING(.code = 1000, .answer = 1000, .fin_ms = 3000)},
    {.name = "the server keeps TCP open until the client gives up",
     .expect = "close-server-tcp-late:server",
     .also = "perf-slow-close:both close-client-tcp-first:client",
     CLOSING(.code = 1000, .answer = 1000, .fin_ms = 3000, .client_fin = true)},
    {.name = "the server ends TCP within two seconds",
     .absent = "close-server-tcp-late",
     CLOSING(.code = 1000, .answer = 1000, .fin_ms = 1900)},
    {.name = "the client ends TCP first",
     .also = "close-client-tcp-first:client",
     .absent = "close-server-tcp-late",
     CLOSING(.first = S, .code = 1000, .answer = 1000, .client_fin = true)},
    {.name = "both close at once",
     .also = "close-crossing:both",
     .absent = "close-reply-code-differs close-reply-slow "
               "close-peer-data-in-flight",
     .verdict = "clean-close",
     .onclose = 1001,
     .play = crossing},

    /* After a Close frame */
    {.name = "data after the own Close frame",
     .expect = "close-data-after-close:client*1",
     .play = data_after_close},
    {.name = "data and a Close frame in one segment",
     .absent = "close-data-after-close close-peer-data-in-flight",
     .play = data_before_close_in_one_segment},
    {.name = "a ping after the own Close frame",
     .also = "close-control-after-close:client",
     .absent = "close-data-after-close ping-unanswered",
     .play = ping_after_close},
    {.name = "two Close frames of the client",
     .expect = "close-duplicate:client",
     .absent = "close-control-after-close close-data-after-close",
     .play = closed_twice},
    {.name = "a Close frame that TCP sends again",
     .absent = "close-duplicate close-control-after-close",
     .play = close_retransmitted},
    {.name = "the server finishes before it answers",
     .also = "close-peer-data-in-flight:server*1",
     .absent = "close-data-after-close",
     .play = peer_finishes},
    {.name = "data that was sent before the Close frame had come",
     .absent = "close-peer-data-in-flight close-crossing",
     .play = peer_data_on_its_way},

    /* No answer */
    {.name = "a FIN instead of an answer",
     .expect = "close-reply-missing:server",
     .absent = "tcp-fin-without-close-frame",
     .verdict = "close-unanswered",
     .onclose = 1006,
     .play = fin_instead_of_answer},
    {.name = "a RST instead of an answer",
     .expect = "close-reply-missing:server",
     .absent = "tcp-rst-while-open",
     .verdict = "close-unanswered",
     .play = rst_instead_of_answer},
    {.name = "no answer until the client gives up",
     .expect = "close-reply-missing:server",
     .verdict = "close-unanswered",
     .play = no_answer_for_long},
    {.name = "whoever closes does not wait for an answer",
     .absent = "close-reply-missing",
     .verdict = "close-unanswered",
     .play = closed_and_cut},
    {.name = "the capture ends before the answer",
     .also = "tcp-open-at-capture-end",
     .absent = "close-reply-missing",
     .verdict = "close-then-capture-end",
     .play = answer_after_the_capture},
    {.name = "a FIN that crosses the Close frame",
     .expect = "tcp-fin-without-close-frame:server",
     .absent = "close-reply-missing",
     .play = fin_crosses_close},
    {.name = "hanging up over a bad Close frame",
     .expect = "close-payload-one-byte:client",
     .absent = "close-reply-missing",
     .play = fin_for_a_bad_close},
    {.name = "the answer was not captured",
     .expect = "tcp-stream-gap:server frame-sync-lost:server",
     .absent = "close-reply-missing tcp-fin-without-close-frame "
               "close-server-tcp-late close-client-tcp-first",
     .verdict = "close-answer-not-captured",
     .not_cuttable = true,
     .options = {.drop = answer_packet, .n_drop = 1},
     .play = answer_lost},
    {.name = "one direction was not captured",
     .expect = "tcp-one-direction-only:both",
     .absent = "close-reply-missing tcp-fin-without-close-frame "
               "ping-unanswered",
     .verdict = "close-answer-not-captured",
     .options = {.drop_from = {[S] = true}},
     .play = fin_instead_of_answer},

    /* TCP */
    {.name = "a client ends TCP over a wrong Accept",
     .expect = "handshake-accept-mismatch:server",
     .absent = "tcp-fin-without-close-frame",
     .verdict = "fin-without-close",
     .onclose = 1006,
     UNACCEPTABLE(.h = {.accept = WRONG_ACCEPT})},
    {.name = "a client resets TCP over a wrong Accept",
     .expect = "handshake-accept-mismatch:server",
     .absent = "tcp-rst-while-open",
     .verdict = "reset",
     .onclose = 1006,
     UNACCEPTABLE(.h = {.accept = WRONG_ACCEPT}, .reset = true)},
    {.name = "a browser ends TCP when none of its subprotocols is chosen",
     .also = "handshake-subprotocol-none-chosen:server",
     .absent = "tcp-fin-without-close-frame",
     .verdict = "fin-without-close",
     .onclose = 1006,
     UNACCEPTABLE(.h = {.protocol_offer = "mqtt",
                        .request_headers = "Origin: http://localhost\r\n"})},
    {.name = "a program ends TCP when none of its subprotocols is chosen",
     .expect = "tcp-fin-without-close-frame:client",
     .also = "handshake-subprotocol-none-chosen:server",
     UNACCEPTABLE(.h = {.protocol_offer = "mqtt"})},
    {.name = "a client takes a wrong Accept, talks, and ends TCP",
     .expect = "handshake-accept-mismatch:server "
               "tcp-fin-without-close-frame:client",
     UNACCEPTABLE(.h = {.accept = WRONG_ACCEPT}, .talks = true)},
    {.name = "a client ends TCP long after a wrong Accept",
     .expect = "handshake-accept-mismatch:server "
               "tcp-fin-without-close-frame:client",
     UNACCEPTABLE(.h = {.accept = WRONG_ACCEPT}, .wait_ms = 3000)},
    {.name = "a FIN without a Close frame",
     .expect = "tcp-fin-without-close-frame:client",
     .absent = "tcp-rst-while-open close-frame close-clean perf-idle-cut",
     .verdict = "fin-without-close",
     .onclose = 1006,
     .play = only_fin},
    {.name = "a RST without a Close frame",
     .expect = "tcp-rst-while-open:server",
     .absent = "tcp-rst-after-close tcp-fin-without-close-frame",
     .verdict = "reset",
     .onclose = 1006,
     .play = only_rst},
    {.name = "a RST outside the window, which nobody believes",
     .absent = "tcp-rst-while-open tcp-rst-after-close",
     .verdict = "clean-close",
     .play = rst_of_another_connection},
    {.name = "a FIN, answered by a RST",
     .expect = "tcp-fin-without-close-frame:client",
     .also = "tcp-rst-after-close:server",
     .absent = "tcp-rst-while-open",
     .verdict = "fin-without-close",
     .play = fin_then_rst},
    {.name = "a RST after both Close frames",
     .also = "tcp-rst-after-close:server",
     .absent = "tcp-rst-while-open close-clean close-server-tcp-late",
     .verdict = "clean-close",
     .play = closed_then_rst},
    {.name = "a refused upgrade ends with a FIN as well",
     .expect = "handshake-refused",
     .absent = "tcp-fin-without-close-frame",
     .verdict = "refused",
     .play = refused},
    {.name = "a FIN inside a frame",
     .expect = "tcp-ended-mid-frame:server tcp-fin-without-close-frame:server",
     .absent = "message-unfinished",
     .verdict = "fin-without-close",
     .play = fin_in_a_frame},
    {.name = "a frame that its receiver cut off",
     .expect = "tcp-rst-while-open:client",
     .absent = "tcp-ended-mid-frame message-unfinished",
     .play = cut_by_the_receiver},
    {.name = "a FIN inside a message",
     .expect = "message-unfinished:server tcp-fin-without-close-frame:server",
     .absent = "tcp-ended-mid-frame",
     .play = fin_in_a_message},
    {.name = "a Close frame inside a message",
     .expect = "message-unfinished:client*1",
     .verdict = "clean-close",
     .play = close_in_a_message},
    {.name = "a ping inside a message",
     .absent = "message-unfinished",
     .play = ping_in_a_message},
    {.name = "the capture ends inside a message",
     .also = "tcp-open-at-capture-end:both",
     .absent = "message-unfinished tcp-ended-mid-frame",
     .verdict = "capture-ended",
     .play = capture_ends_in_a_message},
    {.name = "frames long after a FIN",
     .expect = "tcp-fin-without-close-frame:client",
     .also = "tcp-half-closed:client",
     .play = talks_on_after_fin},
    {.name = "a frame on its way at the FIN",
     .expect = "tcp-fin-without-close-frame:client",
     .absent = "tcp-half-closed",
     .play = data_on_its_way_at_fin},

    /* Verdicts */
    {.name = "a RST from a device in between",
     .expect = "tcp-rst-while-open:server",
     .verdict = "reset-by-middlebox",
     .onclose = 1006,
     .play = rst_from_elsewhere},
    {.name = "a RST after a minute of silence",
     .expect = "tcp-rst-while-open:server",
     .also = "perf-idle-cut:both",
     .verdict = "idle-cut",
     .play = rst_after_silence},
    {.name = "a FIN after a silence that is not round",
     .expect = "tcp-fin-without-close-frame:server",
     .absent = "perf-idle-cut",
     .verdict = "fin-without-close",
     .play = fin_after_other_silence},
    {.name = "a Close frame after a minute of silence",
     .absent = "perf-idle-cut",
     .verdict = "clean-close",
     .play = closed_after_silence},
    {.name = "closed for a broken rule",
     .expect = "frame-opcode-reserved:client",
     .also = "close-error-code:server*1",
     .verdict = "protocol-error",
     .onclose = 1002,
     .play = closed_for_a_broken_rule},
    {.name = "closed long after a broken rule",
     .expect = "frame-opcode-reserved:client",
     .verdict = "clean-close",
     .play = closed_long_after_a_broken_rule},
};

const struct finding_cases cases_close = {"close", list,
                                          sizeof list / sizeof list[0]};
