/* SPDX-License-Identifier: MIT */
/*
 * How frames are cut and filled, masking keys, what a receiver does about a
 * broken rule, and what costs time and packets: for each finding a
 * conversation that shows it, and the near misses.
 */
#include <stdlib.h>
#include <string.h>

#include "dissect/ws_frame.h"
#include "tests/finding_case.h"
#include "tests/rng.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

#define NO_TAKEOVER "permessage-deflate; client_no_context_takeover"

static const uint8_t zeros[(1u << 20) + 1];

static void
with_deflate(struct scene *s, const char *params)
{
    struct scene_handshake h = {.deflate = params};
    scene_handshake_with(s, &h);
}

static void
fragment(struct scene *s, uint8_t opcode, bool more, const char *text)
{
    struct scene_frame f = {.opcode = opcode, .more = more, .text = text};
    scene_frame(s, C, &f);
}

static void
keyed(struct scene *s, uint32_t key, uint8_t opcode, const char *text)
{
    struct scene_frame f = {.opcode = opcode,
                            .has_key = true,
                            .key = {(uint8_t)(key >> 24), (uint8_t)(key >> 16),
                                    (uint8_t)(key >> 8), (uint8_t)key},
                            .text = text};
    scene_frame(s, C, &f);
}

/* ---- Frames --------------------------------------------------------- */

static void
play_announced(struct scene *s, const void *data)
{
    struct scene_frame f = {.opcode = WS_OP_BINARY,
                            .has_declared_len = true,
                            .declared_len = *(const uint64_t *)data,
                            .len_form = SCENE_LEN_64,
                            .text = "the beginning"};
    scene_handshake(s);
    scene_frame(s, C, &f);
}

static void
fragments(struct scene *s)
{
    scene_handshake(s);
    fragment(s, WS_OP_TEXT, true, "a");
    scene_ping(s, C, "");
    scene_pong(s, S, "");
    fragment(s, WS_OP_CONT, true, "");
    fragment(s, WS_OP_CONT, false, "b");
    scene_close(s, C, 1000);
}

static void
no_fragments(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "");
    scene_ping(s, C, "x");
    scene_pong(s, S, "x");
    scene_text(s, S, "\xc3\xa4");
    scene_close(s, C, 1000);
}

static void
character_in_two(struct scene *s)
{
    scene_handshake(s);
    fragment(s, WS_OP_TEXT, true, "\xc3");
    fragment(s, WS_OP_CONT, false, "\xa4");
    scene_close(s, C, 1000);
}

static void
no_messages(struct scene *s)
{
    scene_handshake(s);
    scene_close(s, C, 1000);
}

static void
two_in_a_segment(struct scene *s)
{
    scene_handshake(s);
    scene_join(s, S);
    scene_text(s, S, "a");
    scene_text(s, S, "b");
    scene_flush(s, S);
    scene_close(s, C, 1000);
}

static void
one_in_two_segments(struct scene *s)
{
    scene_handshake(s);
    scene_piece_len(s, 5);
    scene_text(s, S, "hello");
    scene_piece_len(s, 0);
    scene_close(s, C, 1000);
}

/* ---- Broken rules --------------------------------------------------- */

static void
unmasked_text(struct scene *s)
{
    struct scene_frame f = {.opcode = WS_OP_TEXT,
                            .mask_on = SCENE_MASK_OFF,
                            .text = "bare"};
    scene_handshake(s);
    scene_frame(s, C, &f);
}

static void
tolerated(struct scene *s)
{
    unmasked_text(s);
    scene_text(s, S, "in time");
    scene_wait_ms(s, 2500);
    scene_text(s, S, "later");
    scene_close(s, C, 1000);
}

static void
not_yet_tolerated(struct scene *s)
{
    unmasked_text(s);
    scene_wait_ms(s, 1500);
    scene_text(s, S, "in time");
    scene_close(s, C, 1000);
}

/* What was begun may be finished. */
static void
message_goes_on(struct scene *s)
{
    struct scene_frame first = {.opcode = WS_OP_TEXT,
                                .more = true,
                                .text = "a"};
    struct scene_frame last = {.opcode = WS_OP_CONT, .text = "b"};
    unmasked_text(s);
    scene_frame(s, S, &first);
    scene_wait_ms(s, 3000);
    scene_frame(s, S, &last);
    scene_close(s, C, 1000);
}

/* The server cannot know of it. */
static void
fault_not_delivered(struct scene *s)
{
    scene_handshake(s);
    scene_reads(s, S, false);
    struct scene_frame f = {.opcode = WS_OP_TEXT,
                            .mask_on = SCENE_MASK_OFF,
                            .text = "bare"};
    scene_frame(s, C, &f);
    scene_wait_ms(s, 5000);
    scene_text(s, S, "later");
    scene_reads(s, S, true);
    scene_close(s, C, 1000);
}

static void
play_answer(struct scene *s, const void *data)
{
    struct scene_frame f = {.opcode = WS_OP_TEXT, .text = "\xff"};
    uint16_t code = *(const uint16_t *)data;
    scene_handshake(s);
    scene_frame(s, C, &f);
    scene_close(s, S, code);
}

static void
answered_by_dropping(struct scene *s)
{
    unmasked_text(s);
    scene_rst(s, S);
}

static const uint16_t code_1007 = 1007, code_1000 = 1000;

/* ---- Messages ------------------------------------------------------- */

struct crumbs {
    unsigned n;
    const char *text;
};

static void
play_crumbs(struct scene *s, const void *data)
{
    const struct crumbs *c = data;
    scene_handshake(s);
    scene_join(s, C);
    for (unsigned i = 0; i < c->n; i++)
        fragment(s, i ? WS_OP_CONT : WS_OP_BINARY, i + 1 < c->n, c->text);
    scene_flush(s, C);
    scene_close(s, C, 1000);
}

static const struct crumbs flood = {1001, "x"};
static const struct crumbs few = {1000, "x"};
static const struct crumbs larger = {1001, "sixteen bytes ..."};

static const char *const words =
    "the history of one message is of use for the next one";

static void
two_the_same(struct scene *s)
{
    scene_deflated(s, C, WS_OP_TEXT, words, strlen(words), true);
    scene_deflated(s, C, WS_OP_TEXT, words, strlen(words), true);
    scene_deflated(s, C, WS_OP_TEXT, words, strlen(words), true);
    scene_close(s, C, 1000);
}

static void
takeover_ruled_out(struct scene *s)
{
    with_deflate(s, NO_TAKEOVER);
    two_the_same(s);
}

static void
takeover_agreed(struct scene *s)
{
    with_deflate(s, "permessage-deflate");
    two_the_same(s);
}

/* RFC 7692 section 7.1.1.2: the client's own wish binds nobody. */
static void
takeover_only_offered(struct scene *s)
{
    struct scene_handshake h = {.deflate_offer = NO_TAKEOVER,
                                .deflate_answer = "permessage-deflate"};
    scene_handshake_with(s, &h);
    two_the_same(s);
}

static void
forgotten_each_time(struct scene *s)
{
    with_deflate(s, NO_TAKEOVER);
    scene_deflated(s, C, WS_OP_TEXT, words, strlen(words), false);
    scene_deflated(s, C, WS_OP_TEXT, words, strlen(words), false);
    scene_close(s, C, 1000);
}

/* A distance before the start of the first message there is. */
static void
nothing_to_take_over(struct scene *s)
{
    struct scene_frame f = {.opcode = WS_OP_TEXT,
                            .rsv = 4,
                            .payload = "\xf2\x00\x11\x00\x00",
                            .payload_len = 5};
    with_deflate(s, NO_TAKEOVER);
    scene_frame(s, C, &f);
    scene_close(s, C, 1000);
}

static void
random_compressed(struct scene *s)
{
    uint8_t noise[200];
    struct rng rng = {7};
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)rng_next(&rng);
    with_deflate(s, "permessage-deflate");
    scene_deflated(s, S, WS_OP_BINARY, noise, sizeof noise, true);
    scene_close(s, C, 1000);
}

static void
short_compressed(struct scene *s)
{
    with_deflate(s, "permessage-deflate");
    scene_deflated(s, S, WS_OP_TEXT, "A", 1, true);
    scene_deflated(s, S, WS_OP_BINARY, zeros, 1000, true);
    scene_close(s, C, 1000);
}

static void
plain_with_deflate(struct scene *s)
{
    with_deflate(s, "permessage-deflate");
    scene_text(s, S, "A");
    scene_close(s, C, 1000);
}

/* ---- Masking keys --------------------------------------------------- */

/* 0 ends it. */
static void
play_keys(struct scene *s, const void *data)
{
    scene_handshake(s);
    for (const uint32_t *key = data; *key; key++)
        keyed(s, *key, WS_OP_TEXT, "hello");
    scene_close(s, C, 1000);
}

static const uint32_t same_twice[] = {0x12345678, 0x9abcdef0, 0x9abcdef0, 0};
static const uint32_t same_apart[] = {0x12345678, 0x9abcdef0, 0x12345678, 0};
static const uint32_t counted_5[] = {0x10203fd, 0x10203fe, 0x10203ff,
                                     0x1020400, 0x1020401, 0x1020402,
                                     0x1020403, 0x1020404, 0};
static const uint32_t counted_3[] = {0x10203f1, 0x10203f2, 0x10203f3, 0};
static const uint32_t stamped[] = {0x5f00a1b3, 0x5f0021c9, 0x5f00b177,
                                   0x5f00e58c, 0x5f0010fe, 0x5f007703,
                                   0x5f00d2aa, 0x5f004c4c, 0x5f009e15,
                                   0x5f0068d1, 0x5f00f32f, 0x5f000b90,
                                   0x5f00c66b, 0x5f003d34, 0x5f00807e,
                                   0x5f0055e2, 0};

static void
zero_key(struct scene *s)
{
    scene_handshake(s);
    keyed(s, 0, WS_OP_TEXT, "hello");
    scene_close(s, C, 1000);
}

static void
zero_key_of_nothing(struct scene *s)
{
    scene_handshake(s);
    keyed(s, 0, WS_OP_PONG, "");
    scene_close(s, C, 1000);
}

static void
small_key(struct scene *s)
{
    scene_handshake(s);
    keyed(s, 1, WS_OP_TEXT, "hello");
    scene_close(s, C, 1000);
}

static void
same_frame_again(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_retransmit(s, scene_last(s));
    scene_close(s, C, 1000);
}

/* ---- Time and packets ----------------------------------------------- */

struct silence {
    bool ping;
    uint64_t ms;
};

static void
play_silence(struct scene *s, const void *data)
{
    const struct silence *q = data;
    scene_handshake(s);
    if (q->ping) {
        scene_ping(s, S, "");
        scene_pong(s, C, "");
    }
    scene_text(s, C, "before");
    scene_wait_ms(s, q->ms);
    scene_text(s, S, "after");
    scene_close(s, C, 1000);
}

static const struct silence long_silence = {false, 61000};
static const struct silence pinged_silence = {true, 61000};
static const struct silence short_silence = {false, 59000};

static void
ping_ends_a_silence(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "before");
    scene_wait_ms(s, 90000);
    scene_ping(s, S, "");
    scene_pong(s, C, "");
    scene_text(s, C, "after");
    scene_close(s, C, 1000);
}

static void
play_texts(struct scene *s, const void *data)
{
    unsigned n = *(const unsigned *)data;
    scene_handshake(s);
    for (unsigned i = 0; i < n; i++)
        scene_text(s, S, "x");
    scene_close(s, C, 1000);
}

static const unsigned texts_100 = 100, texts_99 = 99;

/* Packets are 100 us from each other. */
static void
play_burst(struct scene *s, const void *data)
{
    unsigned n = *(const unsigned *)data;
    scene_handshake(s);
    scene_auto_ack(s, false);
    for (unsigned i = 0; i < n; i++)
        scene_text(s, C, "a small frame");
    scene_auto_ack(s, true);
    scene_ack(s, S);
    scene_close(s, C, 1000);
}

static const unsigned burst_50 = 50, burst_49 = 49;

static void
talk_in_turns(struct scene *s)
{
    scene_handshake(s);
    scene_auto_ack(s, false);
    for (unsigned i = 0; i < 50; i++) {
        scene_text(s, C, "a small frame");
        scene_text(s, S, "and its answer");
    }
    scene_auto_ack(s, true);
    scene_ack(s, S);
    scene_close(s, C, 1000);
}

static void
play_split(struct scene *s, const void *data)
{
    unsigned n = *(const unsigned *)data;
    scene_handshake(s);
    for (unsigned i = 0; i < n; i++) {
        scene_send(s, S, "\x81\x05", 2);
        scene_send(s, S, "hello", 5);
    }
    scene_close(s, C, 1000);
}

static const unsigned split_3 = 3, split_2 = 2;

static void
play_binary(struct scene *s, const void *data)
{
    scene_handshake(s);
    scene_binary(s, S, zeros, *(const unsigned *)data);
    scene_close(s, C, 1000);
}

static const unsigned mebibyte = 1u << 20, above_mebibyte = (1u << 20) + 1;

static void
refused(struct scene *s)
{
    struct scene_handshake h = {.status = "404 Not Found",
                                .response_replace = "Upgrade\r\nConnection\r\n"
                                                    "Sec-WebSocket-Accept",
                                .response_headers = "Content-Length: 0\r\n"};
    scene_handshake_with(s, &h);
    scene_end(s, S);
}

static const uint64_t mib_64 = UINT64_C(64) << 20;
static const uint64_t mib_64_and_1 = (UINT64_C(64) << 20) + 1;

/* Frames of the client, each behind the acknowledgement of the one before,
 * which takes 40 ms; in between the client thinks. */
struct nagle {
    unsigned frames; /* that wait */
    uint64_t think_ms;
};

static const struct nagle nagle_3 = {3, 0}, nagle_2 = {2, 0},
                          nagle_thinks = {9, 20};

static void
play_nagle(struct scene *s, const void *data)
{
    const struct nagle *plan = data;
    scene_handshake(s);
    scene_auto_ack(s, false);
    for (unsigned i = 0; i <= plan->frames; i++) {
        scene_text(s, WS_SENDER_CLIENT, "key");
        scene_wait_ms(s, 40);
        scene_ack(s, WS_SENDER_SERVER);
        if (plan->think_ms)
            scene_wait_ms(s, plan->think_ms);
    }
    scene_auto_ack(s, true);
    scene_wait_ms(s, 5);
    scene_close(s, WS_SENDER_CLIENT, 1000);
}

static const struct finding_case list[] = {
    /* Frames */
    {.name = "a frame of 64 MiB and an octet is announced",
     .expect = "frame-length-huge:client*1",
     .absent = "perf-huge-frame",
     .play_with = play_announced,
     .data = &mib_64_and_1},
    {.name = "a frame of 64 MiB is announced",
     .absent = "frame-length-huge",
     .play_with = play_announced,
     .data = &mib_64},
    {.name = "a message in three fragments, one empty, and a ping between them",
     .also = "frame-control-between-fragments:client*1 "
             "frame-empty-fragment:client*1 message-fragmented:client*1 "
             "message-complete:client*1",
     .absent = "message-utf8-split message-fragment-flood",
     .verdict = "clean-close",
     .play = fragments},
    {.name = "messages in one frame, one of them empty",
     .also = "message-complete:client*1 message-complete:server*1",
     .absent = "frame-control-between-fragments frame-empty-fragment "
               "message-fragmented message-utf8-split "
               "deflate-message-uncompressed",
     .play = no_fragments},
    {.name = "a character in two fragments",
     .also = "message-utf8-split:client*1 message-fragmented:client*1",
     .play = character_in_two},
    {.name = "no message at all",
     .absent = "message-complete",
     .play = no_messages},
    {.name = "two frames in one segment",
     .also = "frame-several-in-segment:server*1",
     .absent = "frame-across-segments",
     .play = two_in_a_segment,
     .not_cuttable = true},
    {.name = "a frame in two segments",
     .also = "frame-across-segments:server*1",
     .absent = "frame-several-in-segment perf-small-write-split",
     .play = one_in_two_segments,
     .not_cuttable = true},

    /* Broken rules */
    {.name = "the server talks on after a bare frame",
     .expect =
         "frame-client-unmasked:client frame-violation-tolerated:server*1",
     .absent = "frame-violation-answered",
     .play = tolerated},
    {.name = "the server has not had the time to mind a bare frame",
     .expect = "frame-client-unmasked:client",
     .absent = "frame-violation-tolerated frame-violation-answered",
     .play = not_yet_tolerated},
    {.name = "the server finishes a message after a bare frame",
     .expect = "frame-client-unmasked:client",
     .absent = "frame-violation-tolerated",
     .play = message_goes_on},
    {.name = "the server has not received the bare frame",
     .expect = "frame-client-unmasked:client",
     .absent = "frame-violation-tolerated",
     .play = fault_not_delivered},
    {.name = "the server closes with 1007",
     .expect = "message-invalid-utf8:client",
     .also = "frame-violation-answered:server*1",
     .absent = "frame-violation-tolerated",
     .play_with = play_answer,
     .data = &code_1007},
    {.name = "the server closes, but not because of it",
     .expect = "message-invalid-utf8:client",
     .absent = "frame-violation-tolerated frame-violation-answered",
     .play_with = play_answer,
     .data = &code_1000},
    {.name = "the server drops the connection",
     .expect = "frame-client-unmasked:client tcp-rst-while-open:server",
     .also = "frame-violation-answered:server*1",
     .play = answered_by_dropping},

    /* Messages */
    {.name = "a message in 1001 fragments of one octet",
     .expect = "message-fragment-flood:client*1",
     .play_with = play_crumbs,
     .data = &flood,
     .sampled = true},
    {.name = "a message in 1000 fragments of one octet",
     .absent = "message-fragment-flood",
     .play_with = play_crumbs,
     .data = &few,
     .sampled = true},
    {.name = "a message in 1001 fragments of 17 octets",
     .absent = "message-fragment-flood",
     .play_with = play_crumbs,
     .data = &larger,
     .sampled = true},

    /* Compression */
    {.name = "takeover that was ruled out",
     .expect = "deflate-takeover-not-allowed:client*2",
     .absent = "deflate-inflate-failed deflate-context-missing",
     .play = takeover_ruled_out},
    {.name = "takeover that was agreed",
     .absent = "deflate-takeover-not-allowed",
     .verdict = "clean-close",
     .play = takeover_agreed},
    {.name = "takeover that the client offered not to do",
     .absent = "deflate-takeover-not-allowed",
     .verdict = "clean-close",
     .play = takeover_only_offered},
    {.name = "no takeover, as agreed",
     .absent = "deflate-takeover-not-allowed deflate-inflate-failed "
               "deflate-message-uncompressed",
     .verdict = "clean-close",
     .play = forgotten_each_time},
    {.name = "a copy from before the first message",
     .expect = "deflate-inflate-failed:client",
     .absent = "deflate-takeover-not-allowed",
     .play = nothing_to_take_over},
    {.name = "random octets compressed",
     .also = "deflate-expansion:server*1",
     .play = random_compressed},
    {.name = "a single letter and many zeros compressed",
     .absent = "deflate-expansion deflate-message-uncompressed",
     .play = short_compressed},
    {.name = "a plain message although compression was agreed",
     .also = "deflate-message-uncompressed:server*1",
     .absent = "deflate-expansion",
     .play = plain_with_deflate},

    /* Masking keys */
    {.name = "a key of zeros",
     .expect = "security-mask-zero:client*1",
     .absent = "security-mask-constant security-mask-predictable",
     .play = zero_key},
    {.name = "a key of zeros for a frame without payload",
     .also = "security-mask-zero:client*1",
     .play = zero_key_of_nothing},
    {.name = "a key of almost only zeros",
     .absent = "security-mask-zero",
     .play = small_key},
    {.name = "a key used twice in a row",
     .expect = "security-mask-constant:client*1",
     .absent = "security-mask-zero security-mask-predictable",
     .play_with = play_keys,
     .data = same_twice},
    {.name = "a key used again later",
     .absent = "security-mask-constant",
     .play_with = play_keys,
     .data = same_apart},
    {.name = "a frame sent again by TCP",
     .absent = "security-mask-constant",
     .play = same_frame_again},
    {.name = "keys that count",
     .expect = "security-mask-predictable:client*1",
     .absent = "security-mask-constant",
     .play_with = play_keys,
     .data = counted_5},
    {.name = "three keys that happen to count",
     .absent = "security-mask-predictable",
     .play_with = play_keys,
     .data = counted_3},
    {.name = "keys with a time stamp in them",
     .expect = "security-mask-predictable:client*1",
     .play_with = play_keys,
     .data = stamped},

    /* Time and packets */
    {.name = "61 s without a frame, and no ping",
     .also = "perf-idle-no-keepalive:both*1 perf-summary:both*1",
     .play_with = play_silence,
     .data = &long_silence},
    {.name = "59 s without a frame",
     .absent = "perf-idle-no-keepalive",
     .play_with = play_silence,
     .data = &short_silence},
    {.name = "61 s without a frame after a ping",
     .absent = "perf-idle-no-keepalive",
     .play_with = play_silence,
     .data = &pinged_silence},
    {.name = "90 s without a frame, ended by a ping",
     .absent = "perf-idle-no-keepalive",
     .play = ping_ends_a_silence},
    {.name = "a refused handshake has no balance",
     .expect = "handshake-refused:server",
     .absent = "perf-summary perf-idle-no-keepalive",
     .play = refused},
    {.name = "a hundred messages of one octet",
     .also = "perf-tiny-messages:server*1",
     .play_with = play_texts,
     .data = &texts_100,
     .sampled = true},
    {.name = "99 messages of one octet",
     .absent = "perf-tiny-messages",
     .play_with = play_texts,
     .data = &texts_99,
     .sampled = true},
    {.name = "50 small frames in 5 ms",
     .also = "perf-one-frame-per-segment:client*1",
     .play_with = play_burst,
     .data = &burst_50,
     .not_cuttable = true},
    {.name = "49 small frames in 5 ms",
     .absent = "perf-one-frame-per-segment",
     .play_with = play_burst,
     .data = &burst_49,
     .not_cuttable = true},
    {.name = "50 small frames in 10 ms, each with its answer",
     .absent = "perf-one-frame-per-segment",
     .play = talk_in_turns,
     .not_cuttable = true},
    {.name = "three headers in packets of their own",
     .also = "perf-small-write-split:server*1",
     .play_with = play_split,
     .data = &split_3,
     .not_cuttable = true},
    {.name = "two headers in packets of their own",
     .absent = "perf-small-write-split",
     .play_with = play_split,
     .data = &split_2,
     .not_cuttable = true},
    {.name = "three small frames that wait for late acknowledgements",
     .also = "perf-nagle-delayed-ack:client*1",
     .play_with = play_nagle,
     .data = &nagle_3,
     .needs_acks = true},
    {.name = "two small frames that wait for late acknowledgements",
     .absent = "perf-nagle-delayed-ack",
     .play_with = play_nagle,
     .data = &nagle_2,
     .needs_acks = true},
    {.name = "a client that thinks longer than acknowledgements take",
     .absent = "perf-nagle-delayed-ack",
     .play_with = play_nagle,
     .data = &nagle_thinks,
     .needs_acks = true},
    {.name = "a frame of 1 MiB and an octet",
     .also = "perf-huge-frame:server*1",
     .absent = "frame-length-huge",
     .play_with = play_binary,
     .data = &above_mebibyte,
     .heavy = true},
    {.name = "a frame of 1 MiB",
     .absent = "perf-huge-frame",
     .play_with = play_binary,
     .data = &mebibyte,
     .heavy = true},
};

const struct finding_cases cases_traffic = {"frames, keys, packets", list,
                                            sizeof list / sizeof list[0]};
