/* SPDX-License-Identifier: MIT */
/*
 * Framing, messages, compression, and the first findings of handshake, TCP
 * and Close frames: for each a conversation that must show it, and the near
 * misses that must not.
 */
#include <stdlib.h>
#include <string.h>

#include "dissect/ws_frame.h"
#include "tests/finding_case.h"
#include "tests/rng.h"
#include "ui/options.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

#define DEFLATE "permessage-deflate"
#define RSV1 4

/* ---- One frame in a good conversation ------------------------------- */

struct one_frame {
    enum ws_sender from;
    const char *deflate; /* agreed, or NULL */
    struct scene_frame frame;
    const struct scene_frame *then; /* by the same sender, or NULL */
};

static void
play_frame(struct scene *s, const void *data)
{
    const struct one_frame *one = data;
    struct scene_handshake h = {.deflate = one->deflate};
    scene_handshake_with(s, &h);
    scene_text(s, C, "before");
    scene_frame(s, one->from, &one->frame);
    if (one->then)
        scene_frame(s, one->from, one->then);
    scene_text(s, S, "after");
    scene_close(s, C, 1000);
}

/* A case of one frame (and perhaps one behind it), as compound literal. */
#define FRAME_OF(sender, ...)                                                  \
    .play_with = play_frame, .data = &(const struct one_frame)                 \
    {                                                                          \
        .from = (sender), .frame = { __VA_ARGS__ }                             \
    }
#define DEFLATE_FRAME_OF(sender, ...)                                          \
    .play_with = play_frame, .data = &(const struct one_frame)                 \
    {                                                                          \
        .from = (sender), .deflate = DEFLATE, .frame = { __VA_ARGS__ }         \
    }
#define TWO_FRAMES_OF(sender, with, first, second)                             \
    .play_with = play_frame, .data = &(const struct one_frame)                 \
    {                                                                          \
        .from = (sender), .deflate = (with), .frame = first,                   \
        .then = &(const struct scene_frame)second                              \
    }
#define BRACES(...)                                                            \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
#define BYTES(literal) .payload = literal, .payload_len = sizeof literal - 1

static const uint8_t zeros[70000];

static void
good_conversation(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_text(s, S, "hello");
    scene_ping(s, C, "are you there?");
    scene_pong(s, S, "are you there?");
    scene_binary(s, S, "\x00\x01\x02", 3);
    scene_close(s, C, 1000);
}

static void
good_conversation_over_ipv6(struct scene *s)
{
    scene_hosts(s, "::1", 50000, "::1", 8080);
    good_conversation(s);
}

/* ---- What the capture lost ------------------------------------------ */

/* Packets of good_conversation(): 0-2 SYN, 3 request, 4 ACK, 5 response, 6
 * ACK, 7 the client's text, 8 ACK, 9 the server's. */
enum { PACKET_CLIENT_TEXT = 7 };
static const size_t client_text[] = {PACKET_CLIENT_TEXT};

static void
retransmitted(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_retransmit(s, PACKET_CLIENT_TEXT);
    scene_ack(s, S);
    scene_close(s, C, 1000);
}

/* One frame in three segments; packet 9 is the second one. */
static const size_t second_piece[] = {9};

static void
gap_in_a_frame(struct scene *s)
{
    scene_handshake(s);
    scene_piece_len(s, 1000);
    scene_binary(s, C, zeros, 2500);
    scene_piece_len(s, 0);
    scene_text(s, C, "after");
    scene_close(s, C, 1000);
}

static void
gap_over_frames(struct scene *s)
{
    scene_handshake(s);
    scene_text(s, C, "the frame that is lost");
    for (unsigned i = 0; i < 12; i++)
        scene_text(s, C, "a text with some words in it");
    scene_close(s, C, 1000);
}

/* ---- Handshake ------------------------------------------------------ */

static void
play_handshake(struct scene *s, const void *data)
{
    const struct scene_handshake *h = data;
    scene_handshake_with(s, h);
    if (h->no_response || h->status) {
        scene_end(s, S);
    } else {
        scene_text(s, C, "hello");
        scene_close(s, C, 1000);
    }
}

#define HANDSHAKE(...)                                                         \
    .play_with = play_handshake, .data = &(const struct scene_handshake)       \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

static void
client_speaks_before_the_101(struct scene *s)
{
    struct scene_handshake h = {0};
    scene_request(s, &h);
    scene_text(s, C, "hello");
    scene_response(s, &h);
    scene_close(s, C, 1000);
}

/* The client's frame is captured before the 101 is, but acknowledges it. */
static void
client_speaks_with_the_101(struct scene *s)
{
    struct scene_handshake h = {0};
    scene_request(s, &h);
    scene_auto_ack(s, false);
    scene_response(s, &h);
    scene_text(s, C, "hello"); /* the first acknowledgement of the 101 */
    scene_auto_ack(s, true);
    scene_close(s, C, 1000);
}

static void
request_then_capture_end(struct scene *s)
{
    scene_handshake_with(s, &(struct scene_handshake){.no_response = true});
}

/* ---- Messages ------------------------------------------------------- */

static void
character_split_between_fragments(struct scene *s)
{
    scene_handshake(s);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      BYTES("\xe2\x82")});
    scene_frame(s, C, &(struct scene_frame){BYTES("\xac")});
    scene_binary(s, C, "\xff\xfe", 2);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_PING, BYTES("\xff\xc0")});
    scene_frame(s, S,
                &(struct scene_frame){.opcode = WS_OP_PONG, BYTES("\xff\xc0")});
    scene_text(s, C, "\xef\xbb\xbf\xef\xbf\xbe"); /* BOM and U+FFFE */
    scene_close(s, C, 1000);
}

static void
ping_inside_a_message(struct scene *s)
{
    scene_handshake(s);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      .text = "one "});
    scene_text(s, S, "the other direction is another matter");
    scene_ping(s, C, "inside");
    scene_pong(s, S, "inside");
    scene_frame(s, C, &(struct scene_frame){.more = true, .text = "two "});
    scene_frame(s, C, &(struct scene_frame){.text = "three"});
    scene_close(s, C, 1000);
}

static void
small_limit(struct options *o)
{
    o->inflate_limit = 1000;
}

static void
small_message(struct options *o)
{
    o->thresholds.value[THRESHOLD_MESSAGE_LARGE] = 30;
}

static void
small_bomb(struct options *o)
{
    o->thresholds.value[THRESHOLD_BOMB_SIZE] = 1 << 18;
}

static void
message_of(struct scene *s, size_t len)
{
    scene_handshake_with(s, &(struct scene_handshake){.deflate = DEFLATE});
    scene_deflated(s, C, WS_OP_BINARY, zeros, len, true);
    scene_close(s, C, 1000);
}

static void
message_of_1001(struct scene *s)
{
    message_of(s, 1001);
}

static void
message_of_1000(struct scene *s)
{
    message_of(s, 1000);
}

/* ---- Compression ---------------------------------------------------- */

static void
noise(uint8_t *out, size_t len)
{
    struct rng rng = {7};
    rng_fill(&rng, out, len);
}

static void
compressed_right(struct scene *s)
{
    scene_handshake_with(s, &(struct scene_handshake){.deflate = DEFLATE});
    for (unsigned i = 0; i < 3; i++) {
        scene_deflated(s, C, WS_OP_TEXT, "hello hello hello", 17, true);
        scene_deflated(s, S, WS_OP_TEXT, "hello hello hello", 17, true);
    }
    scene_deflated(s, S, WS_OP_TEXT, "", 0, true);
    scene_text(s, C, "not compressed");
    scene_close(s, C, 1000);
}

/* A message in two fragments: the first ends in a flush that stays. */
static void
flush_inside_a_message(struct scene *s)
{
    struct slice part;
    uint8_t first[64];
    scene_handshake_with(s, &(struct scene_handshake){.deflate = DEFLATE});
    part = scene_deflate(s, C, "hello", 5, true);
    memcpy(first, part.ptr, part.len);
    memcpy(first + part.len, "\x00\x00\xff\xff", 4);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .more = true,
                                      .rsv = RSV1,
                                      .payload = first,
                                      .payload_len = part.len + 4});
    part = scene_deflate(s, C, "again", 5, true);
    scene_frame(s, C,
                &(struct scene_frame){.payload = part.ptr,
                                      .payload_len = part.len});
    scene_close(s, C, 1000);
}

static void
tail_not_removed(struct scene *s)
{
    uint8_t whole[64];
    scene_handshake_with(s, &(struct scene_handshake){.deflate = DEFLATE});
    struct slice part = scene_deflate(s, S, "hello", 5, true);
    memcpy(whole, part.ptr, part.len);
    memcpy(whole + part.len, "\x00\x00\xff\xff", 4);
    scene_frame(s, S,
                &(struct scene_frame){.opcode = WS_OP_TEXT,
                                      .rsv = RSV1,
                                      .payload = whole,
                                      .payload_len = part.len + 4});
    scene_deflated(s, S, WS_OP_TEXT, "hello", 5, true);
    scene_close(s, C, 1000);
}

/* The same 1,000 octets twice: the second copy looks 1,000 back. */
static void
copy_from_afar(struct scene *s, int bits)
{
    uint8_t bytes[1000];
    noise(bytes, sizeof bytes);
    scene_handshake_with(
        s, &(struct scene_handshake){.deflate_offer =
                                         DEFLATE "; client_max_window_bits",
                                     .deflate_answer =
                                         DEFLATE "; client_max_window_bits=9"});
    scene_deflate_window(s, C, bits);
    scene_deflated(s, C, WS_OP_BINARY, bytes, sizeof bytes, true);
    scene_deflated(s, C, WS_OP_BINARY, bytes, sizeof bytes, true);
    scene_close(s, C, 1000);
}

static void
window_exceeded(struct scene *s)
{
    copy_from_afar(s, 15);
}

static void
window_kept(struct scene *s)
{
    copy_from_afar(s, 9);
}

/* The second piece of the first message is lost, the second message is a copy
 * of the first one. */
static void
history_lost(struct scene *s, const char *deflate, bool takeover)
{
    uint8_t bytes[2500];
    noise(bytes, sizeof bytes);
    scene_handshake_with(s, &(struct scene_handshake){.deflate = deflate});
    scene_piece_len(s, 1000);
    scene_deflated(s, C, WS_OP_BINARY, bytes, sizeof bytes, takeover);
    scene_deflated(s, C, WS_OP_BINARY, bytes, sizeof bytes, takeover);
    scene_piece_len(s, 0);
    scene_close(s, C, 1000);
}

static void
history_lost_and_needed(struct scene *s)
{
    history_lost(s, DEFLATE, true);
}

static void
history_lost_and_not_needed(struct scene *s)
{
    history_lost(s, DEFLATE "; client_no_context_takeover", false);
}

static void
zeros_compressed(struct scene *s, size_t len)
{
    uint8_t *bytes = calloc(len, 1);
    if (!bytes)
        abort();
    scene_handshake_with(s, &(struct scene_handshake){.deflate = DEFLATE});
    scene_deflated(s, S, WS_OP_BINARY, bytes, len, true);
    free(bytes);
    scene_close(s, C, 1000);
}

static void
two_mebibytes_of_zeros(struct scene *s)
{
    zeros_compressed(s, 2u << 20);
}

static void
half_a_mebibyte_of_zeros(struct scene *s)
{
    zeros_compressed(s, 512u << 10);
}

/* ---- Close ---------------------------------------------------------- */

static void
play_close(struct scene *s, const void *data)
{
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_frame(s, C, data);
    scene_close_frame(s, S, 1002, NULL);
    scene_end(s, S);
}

#define CLOSE(...)                                                             \
    .play_with = play_close, .data = &(const struct scene_frame)               \
    {                                                                          \
        .opcode = WS_OP_CLOSE, __VA_ARGS__                                     \
    }

static const struct finding_case list[] = {
    {.name = "a good conversation",
     .absent = "frame-client-unmasked frame-server-masked "
               "frame-continuation-orphan handshake-accept-missing "
               "handshake-accept-mismatch handshake-client-data-before-101 "
               "handshake-no-response handshake-refused handshake-http-answer "
               "message-invalid-utf8 close-payload-one-byte",
     .verdict = "clean-close",
     .onclose = 1000,
     .play = good_conversation},
    {.name = "a good conversation over IPv6",
     .verdict = "clean-close",
     .onclose = 1000,
     .play = good_conversation_over_ipv6},

    /* TCP */
    {.name = "a packet inside a frame was not captured",
     .expect = "tcp-stream-gap:client",
     .absent = "frame-sync-lost message-invalid-utf8",
     .play = gap_in_a_frame,
     .options = {.drop = second_piece, .n_drop = 1}},
    {.name = "a frame was not captured",
     .expect = "tcp-stream-gap:client frame-sync-lost:client",
     .absent = "frame-continuation-orphan",
     .play = gap_over_frames,
     .options = {.drop = client_text, .n_drop = 1}},
    {.name = "a frame was sent twice, and captured twice",
     .absent = "tcp-stream-gap",
     .verdict = "clean-close",
     .play = retransmitted},
    {.name = "a frame was captured only when it was sent again",
     .absent = "tcp-stream-gap frame-sync-lost",
     .verdict = "clean-close",
     .play = retransmitted,
     .options = {.drop = client_text, .n_drop = 1}},

    /* Handshake */
    {.name = "no Sec-WebSocket-Accept",
     .expect = "handshake-accept-missing:server",
     .absent = "handshake-accept-mismatch",
     HANDSHAKE(.response_replace = "Sec-WebSocket-Accept")},
    {.name = "Sec-WebSocket-Accept in lower case",
     .absent = "handshake-accept-missing",
     HANDSHAKE(.response_replace = "sec-websocket-accept: {accept}")},
    {.name = "the answer to another key",
     .expect = "handshake-accept-mismatch:server",
     .absent = "handshake-accept-missing",
     HANDSHAKE(.accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")},
    {.name = "spaces around Sec-WebSocket-Key and -Accept",
     .absent = "handshake-accept-mismatch",
     HANDSHAKE(.request_replace = "Sec-WebSocket-Key: \t{key} ",
               .response_replace = "Sec-WebSocket-Accept:{accept}  \t")},
    {.name = "the client speaks before the 101",
     .expect = "handshake-client-data-before-101:client",
     .play = client_speaks_before_the_101},
    {.name = "the client's first frame acknowledges the 101",
     .absent = "handshake-client-data-before-101",
     .play = client_speaks_with_the_101},
    {.name = "the server hangs up without an answer",
     .expect = "handshake-no-response:server",
     .absent = "handshake-refused",
     .verdict = "no-answer",
     .onclose = 1006,
     HANDSHAKE(.no_response = true)},
    {.name = "the capture ends before an answer",
     .absent = "handshake-no-response",
     .play = request_then_capture_end},
    {.name = "404",
     .expect = "handshake-refused:server",
     .absent = "handshake-http-answer handshake-accept-missing",
     .verdict = "refused",
     .onclose = 1006,
     HANDSHAKE(.status = "404 Not Found",
               .response_replace = "Upgrade\r\nConnection\r\n"
                                   "Sec-WebSocket-Accept",
               .response_headers = "Content-Length: 0\r\n")},
    {.name = "401",
     .also = "handshake-http-answer:server",
     .absent = "handshake-refused",
     .verdict = "refused",
     .onclose = 1006,
     HANDSHAKE(.status = "401 Unauthorized",
               .response_replace = "Upgrade\r\nConnection\r\n"
                                   "Sec-WebSocket-Accept",
               .response_headers = "WWW-Authenticate: Basic realm=\"x\"\r\n"
                                   "Content-Length: 0\r\n")},

    /* Frames */
    {.name = "a frame of the client without mask",
     .expect = "frame-client-unmasked:client*1",
     FRAME_OF(C, .opcode = WS_OP_TEXT, .text = "x", .mask_on = SCENE_MASK_OFF)},
    {.name = "an empty frame of the client without mask",
     .expect = "frame-client-unmasked:client*1",
     FRAME_OF(C, .opcode = WS_OP_PONG, .mask_on = SCENE_MASK_OFF)},
    {.name = "a frame of the server with mask",
     .expect = "frame-server-masked:server*1",
     FRAME_OF(S, .opcode = WS_OP_TEXT, .text = "x", .mask_on = SCENE_MASK_ON)},
    {.name = "RSV1 without an extension",
     .expect = "frame-rsv1-not-negotiated:server",
     .absent = "frame-rsv2-or-rsv3-set",
     FRAME_OF(S, .opcode = WS_OP_TEXT, .rsv = RSV1, .text = "x")},
    {.name = "RSV1 with permessage-deflate",
     .absent = "frame-rsv1-not-negotiated frame-rsv2-or-rsv3-set "
               "deflate-inflate-failed deflate-bfinal "
               "deflate-tail-not-removed deflate-empty-payload "
               "deflate-rsv1-on-continuation deflate-rsv1-on-control",
     .verdict = "clean-close",
     .play = compressed_right},
    {.name = "RSV2",
     .expect = "frame-rsv2-or-rsv3-set:client",
     .absent = "frame-rsv1-not-negotiated",
     FRAME_OF(C, .opcode = WS_OP_TEXT, .rsv = 2, .text = "x")},
    {.name = "RSV3 with permessage-deflate",
     .expect = "frame-rsv2-or-rsv3-set:server",
     DEFLATE_FRAME_OF(S, .opcode = WS_OP_BINARY, .rsv = 1, .text = "x")},
    {.name = "reserved data opcode",
     .expect = "frame-opcode-reserved:client",
     FRAME_OF(C, .opcode = 3, .text = "x")},
    {.name = "reserved control opcode",
     .expect = "frame-opcode-reserved:server",
     FRAME_OF(S, .opcode = 15, .text = "x")},
    {.name = "the highest opcode in use",
     .absent = "frame-opcode-reserved",
     FRAME_OF(S, .opcode = WS_OP_PONG, .text = "x")},
    {.name = "125 in the 16-bit form",
     .expect = "frame-length-not-minimal:client",
     FRAME_OF(C, .opcode = WS_OP_BINARY, .len_form = SCENE_LEN_16,
              .payload = zeros, .payload_len = 125)},
    {.name = "65535 in the 64-bit form",
     .expect = "frame-length-not-minimal:server",
     FRAME_OF(S, .opcode = WS_OP_BINARY, .len_form = SCENE_LEN_64,
              .payload = zeros, .payload_len = 65535)},
    {.name = "126 in the 16-bit form",
     .absent = "frame-length-not-minimal",
     FRAME_OF(C, .opcode = WS_OP_BINARY, .payload = zeros, .payload_len = 126)},
    {.name = "65536 in the 64-bit form",
     .absent = "frame-length-not-minimal frame-length-high-bit",
     FRAME_OF(S, .opcode = WS_OP_BINARY, .payload = zeros,
              .payload_len = 65536)},
    {.name = "the top bit of a length",
     .expect = "frame-length-high-bit:server",
     .absent = "frame-sync-lost",
     FRAME_OF(S, .opcode = WS_OP_BINARY, .len_form = SCENE_LEN_64,
              .has_declared_len = true,
              .declared_len = UINT64_C(0x8000000000000001), .text = "x")},
    {.name = "a ping in two frames",
     .expect = "frame-control-fragmented:client",
     FRAME_OF(C, .opcode = WS_OP_PING, .more = true, .text = "x")},
    {.name = "a ping inside a fragmented message",
     .absent = "frame-control-fragmented frame-message-interleaved "
               "frame-continuation-orphan",
     .verdict = "clean-close",
     .play = ping_inside_a_message},
    {.name = "a pong of 126 octets",
     .expect = "frame-control-too-long:server",
     FRAME_OF(S, .opcode = WS_OP_PONG, .payload = zeros, .payload_len = 126)},
    {.name = "a pong of 125 octets",
     .absent = "frame-control-too-long",
     FRAME_OF(S, .opcode = WS_OP_PONG, .payload = zeros, .payload_len = 125)},
    {.name = "a continuation of nothing",
     .expect = "frame-continuation-orphan:client",
     FRAME_OF(C, .opcode = WS_OP_CONT, .text = "x")},
    {.name = "a message inside a message",
     .expect = "frame-message-interleaved:server",
     .absent = "frame-continuation-orphan",
     TWO_FRAMES_OF(S, NULL,
                   BRACES(.opcode = WS_OP_TEXT, .more = true, .text = "x"),
                   BRACES(.opcode = WS_OP_TEXT, .text = "y"))},

    /* Messages */
    {.name = "an overlong character",
     .expect = "message-invalid-utf8:client",
     .absent = "message-utf8-incomplete",
     FRAME_OF(C, .opcode = WS_OP_TEXT, BYTES("a\xc0\xaf"))},
    {.name = "a text that ends inside a character",
     .expect = "message-utf8-incomplete:server",
     .absent = "message-invalid-utf8",
     FRAME_OF(S, .opcode = WS_OP_TEXT, BYTES("a\xe2\x82"))},
    {.name = "a character split between fragments, and bytes in binary",
     .absent = "message-invalid-utf8 message-utf8-incomplete",
     .verdict = "clean-close",
     .play = character_split_between_fragments},
    {.name = "a message above the limit",
     .expect = "message-too-large:client",
     .play = message_of_1001,
     .options = {.tune = small_limit}},
    {.name = "a message at the limit",
     .absent = "message-too-large",
     .play = message_of_1000,
     .options = {.tune = small_limit}},
    {.name = "a message above the threshold",
     .expect = "message-too-large:client",
     FRAME_OF(C, .opcode = WS_OP_TEXT,
              BYTES("0123456789012345678901234567890")),
     .options = {.tune = small_message}},
    {.name = "a message at the threshold",
     .absent = "message-too-large",
     FRAME_OF(C, .opcode = WS_OP_TEXT, BYTES("012345678901234567890123456789")),
     .options = {.tune = small_message}},

    /* Compression */
    {.name = "RSV1 on a continuation",
     .expect = "deflate-rsv1-on-continuation:client",
     .absent = "frame-rsv1-not-negotiated deflate-inflate-failed",
     TWO_FRAMES_OF(C, DEFLATE,
                   BRACES(.opcode = WS_OP_TEXT, .more = true, .rsv = RSV1,
                          BYTES("\xf2\x48\xcd")),
                   BRACES(.rsv = RSV1, BYTES("\xc9\xc9\x07\x00")))},
    {.name = "RSV1 on the first fragment only",
     .absent = "deflate-rsv1-on-continuation deflate-inflate-failed",
     TWO_FRAMES_OF(C, DEFLATE,
                   BRACES(.opcode = WS_OP_TEXT, .more = true, .rsv = RSV1,
                          BYTES("\xf2\x48\xcd")),
                   BRACES(BYTES("\xc9\xc9\x07\x00")))},
    {.name = "RSV1 on a pong",
     .expect = "deflate-rsv1-on-control:server",
     .absent = "frame-rsv1-not-negotiated",
     DEFLATE_FRAME_OF(S, .opcode = WS_OP_PONG, .rsv = RSV1, .text = "x")},
    {.name = "a block of type 3",
     .expect = "deflate-inflate-failed:server",
     .absent = "deflate-bfinal deflate-empty-payload",
     DEFLATE_FRAME_OF(S, .opcode = WS_OP_TEXT, .rsv = RSV1, BYTES("\x06\x00"))},
    {.name = "a compressed message without payload",
     .expect = "deflate-empty-payload:client",
     .absent = "deflate-inflate-failed",
     DEFLATE_FRAME_OF(C, .opcode = WS_OP_TEXT, .rsv = RSV1)},
    {.name = "an empty message as one octet",
     .absent = "deflate-empty-payload deflate-inflate-failed",
     DEFLATE_FRAME_OF(C, .opcode = WS_OP_TEXT, .rsv = RSV1, BYTES("\x00"))},
    /* RFC 7692 section 7.2.3.4 */
    {.name = "a block with BFINAL",
     .also = "deflate-bfinal:server",
     .absent = "deflate-inflate-failed deflate-tail-not-removed",
     DEFLATE_FRAME_OF(S, .opcode = WS_OP_TEXT, .rsv = RSV1,
                      BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"))},
    {.name = "the tail was left on",
     .expect = "deflate-tail-not-removed:server",
     .absent = "deflate-inflate-failed",
     .play = tail_not_removed},
    {.name = "a flush between two fragments",
     .absent = "deflate-tail-not-removed deflate-inflate-failed",
     .verdict = "clean-close",
     .play = flush_inside_a_message},
    {.name = "a copy from beyond the agreed window",
     .expect = "deflate-window-exceeded:client",
     .play = window_exceeded,
     .sampled = true},
    {.name = "a compressor that keeps to the agreed window",
     .absent = "deflate-window-exceeded",
     .verdict = "clean-close",
     .play = window_kept,
     .sampled = true},
    {.name = "history that was not captured, and is needed",
     .expect = "tcp-stream-gap:client",
     .also = "deflate-context-missing:client",
     .absent = "deflate-inflate-failed frame-sync-lost",
     .play = history_lost_and_needed,
     .options = {.drop = second_piece, .n_drop = 1}},
    {.name = "history that was not captured, and is not needed",
     .expect = "tcp-stream-gap:client",
     .absent = "deflate-context-missing deflate-inflate-failed",
     .play = history_lost_and_not_needed,
     .options = {.drop = second_piece, .n_drop = 1}},
    {.name = "2 MiB of zeros in 2 KiB",
     .expect = "deflate-bomb:server",
     .absent = "message-too-large",
     .play = two_mebibytes_of_zeros,
     .sampled = true},
    {.name = "512 KiB of zeros in 512 octets, and a threshold of 256 KiB",
     .expect = "deflate-bomb:server",
     .play = half_a_mebibyte_of_zeros,
     .options = {.tune = small_bomb},
     .sampled = true},
    {.name = "512 KiB of zeros in 512 octets",
     .absent = "deflate-bomb message-too-large",
     .play = half_a_mebibyte_of_zeros,
     .sampled = true},

    /* Close */
    {.name = "a Close frame with one octet",
     .expect = "close-payload-one-byte:client",
     CLOSE(.text = "a")},
    {.name = "a Close frame without payload",
     .absent = "close-payload-one-byte close-reason-invalid-utf8",
     .onclose = 1002,
     CLOSE(.text = "")},
    {.name = "a close reason that is not UTF-8",
     .expect = "close-reason-invalid-utf8:client",
     .absent = "close-payload-one-byte",
     CLOSE(BYTES("\x03\xe8"
                 "caf\xe9"))},
    {.name = "a close reason of 123 octets in UTF-8",
     .absent = "close-reason-invalid-utf8 frame-control-too-long",
     CLOSE(BYTES("\x03\xe8"
                 "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 "
                 "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 "
                 "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 "
                 "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 "
                 "\xc3\xa9!"))},
};

const struct finding_cases cases_frame = {"frame", list,
                                          sizeof list / sizeof list[0]};
