/* SPDX-License-Identifier: MIT */
/* Messages made by zlib are the vectors here: what it compressed must come
 * back, however it was set up and however the bytes are cut. */
#include "dissect/ws_message.h"

#include <stdio.h>

#include <zlib.h>

#include "dissect/ws_frame.h"
#include "dissect/ws_stream.h"
#include "dissect/ws_unmask.h"
#include "tests/check_main.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define PLAIN_MAX 300000u
#define WIRE_MAX 400000u

static const uint8_t mask[4] = {0x12, 0x00, 0xff, 0x80};

static uint32_t seed = 1;

static uint32_t
next_random(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 4) * below >> 28);
}

static struct ws_shared *
shared_make(size_t keep, uint64_t inflate_len, size_t inflate_memory)
{
    struct ws_shared *shared = NULL;
    struct dissect_limits limits = {.message_keep = 1 << 20,
                                    .inflate_len = inflate_len,
                                    .inflate_memory = inflate_memory};
    threshold_defaults(&limits.thresholds);
    struct event_sink sink = {.wants = 1u << EVENT_MESSAGE, .keep = keep};
    ck_assert_int_eq(ws_shared_new(&shared, &limits, &sink), ERR_OK);
    return shared;
}

/* ---- A sender ------------------------------------------------------- */

struct sender {
    z_stream z;
    bool takeover;
    uint8_t wire[WIRE_MAX];
    size_t wire_len;
};

static void
sender_init(struct sender *s, int window_bits, int level, int strategy,
            bool takeover)
{
    memset(&s->z, 0, sizeof s->z);
    ck_assert_int_eq(deflateInit2(&s->z, level, Z_DEFLATED, -window_bits, 8,
                                  strategy),
                     Z_OK);
    s->takeover = takeover;
}

static void
sender_fini(struct sender *s)
{
    deflateEnd(&s->z);
}

/* Compresses one message into s->wire as RFC 7692 section 7.2.1 says. */
static void
sender_compress(struct sender *s, struct slice plain)
{
    if (plain.len == 0) {
        /* RFC 7692 section 7.2.3.6; zlib flushes nothing twice. */
        s->wire[0] = 0;
        s->wire_len = 1;
        return;
    }
    if (!s->takeover)
        deflateReset(&s->z);
    s->z.next_in = (Bytef *)(uintptr_t)plain.ptr;
    s->z.avail_in = (uInt)plain.len;
    s->z.next_out = s->wire;
    s->z.avail_out = WIRE_MAX;
    ck_assert_int_eq(deflate(&s->z, Z_SYNC_FLUSH), Z_OK);
    s->wire_len = WIRE_MAX - s->z.avail_out;
    ck_assert_uint_ge(s->wire_len, 4);
    ck_assert(memcmp(s->wire + s->wire_len - 4, ws_inflate_tail, 4) == 0);
    s->wire_len -= 4;
}

/* Text of few words, so that it compresses, with some noise. */
static size_t
make_text(uint8_t *out, size_t len)
{
    static const char *const words[] = {"{\"price\":", "\"user\"",
                                        "Straße ",     "null,",
                                        "日本 ",       "aaaaaaaaaaaa"};
    size_t n = 0;
    while (n < len) {
        if (next_random(4) == 0) {
            n += (size_t)snprintf((char *)out + n, 16, "%u",
                                  next_random(1u << 27));
        } else {
            const char *word = words[next_random(ARRAY_LEN(words))];
            memcpy(out + n, word, strlen(word));
            n += strlen(word);
        }
    }
    return n;
}

/* ---- A receiver ----------------------------------------------------- */

/* Feeds wire bytes as frames of at most frame_len bytes that come in runs of
 * at most run_len, and ends the message. */
static unsigned
receive(struct ws_message *m, struct slice wire, bool compressed, bool masked,
        size_t frame_len, size_t run_len, struct event_message *ev)
{
    uint8_t *bytes = malloc(wire.len + 1);
    ck_assert_ptr_nonnull(bytes);
    unsigned found = ws_message_begin(m, WS_OP_TEXT, compressed, true);
    for (size_t at = 0; at < wire.len;) {
        size_t frame_end =
            at + frame_len < wire.len ? at + frame_len : wire.len;
        size_t frame = at;
        for (; at < frame_end;) {
            size_t n = run_len < frame_end - at ? run_len : frame_end - at;
            /* Only this run is readable, and right behind its end nothing. */
            ws_unmask(bytes, wire.ptr + at, n,
                      masked ? mask : (const uint8_t *)"\0\0\0\0", at - frame);
            found |=
                ws_message_data(m, slice_make(bytes, n), masked ? mask : NULL,
                                at - frame, at + n == wire.len);
            at += n;
        }
    }
    found |= ws_message_end(m, true, ev);
    /* The caller looks at what may lie in the last run. */
    static uint8_t copy[PLAIN_MAX + 64];
    ck_assert_uint_le(ev->payload.len, sizeof copy);
    if (ev->payload.len)
        memcpy(copy, ev->payload.ptr, ev->payload.len);
    ev->payload.ptr = copy;
    static struct event_range ranges[EVENT_KNOWN_MAX];
    ck_assert_uint_le(ev->n_known, EVENT_KNOWN_MAX);
    if (ev->n_known)
        memcpy(ranges, ev->known, ev->n_known * sizeof ranges[0]);
    if (ev->known)
        ev->known = ranges;
    free(bytes);
    ws_message_release(m);
    return found;
}

static void
check_same(const struct event_message *ev, struct slice plain, size_t keep,
           size_t wire_len)
{
    ck_assert(ev->complete);
    ck_assert(ev->has_len);
    ck_assert_ptr_null(ev->known);
    ck_assert_uint_eq(ev->len, plain.len);
    ck_assert_uint_eq(ev->wire_len, wire_len);
    ck_assert(!ev->has_utf8_error);
    ck_assert(slice_equal(ev->payload, slice_head(plain, keep)));
    ck_assert(ev->truncated == (plain.len > keep));
    ck_assert_ptr_null(ev->inflate_error);
}

/* ---- Round trips ---------------------------------------------------- */

static const struct setup {
    const char *name;
    int window_bits, level, strategy;
    bool takeover;
} setups[] = {
    {"15 bits", 15, 6, Z_DEFAULT_STRATEGY, true},
    {"15 bits, no takeover", 15, 6, Z_DEFAULT_STRATEGY, false},
    {"14 bits", 14, 9, Z_DEFAULT_STRATEGY, true},
    {"13 bits", 13, 6, Z_DEFAULT_STRATEGY, true},
    {"12 bits, no takeover", 12, 1, Z_DEFAULT_STRATEGY, false},
    {"11 bits", 11, 6, Z_DEFAULT_STRATEGY, true},
    {"10 bits", 10, 6, Z_DEFAULT_STRATEGY, true},
    {"9 bits", 9, 9, Z_DEFAULT_STRATEGY, true},
    {"9 bits, no takeover", 9, 6, Z_DEFAULT_STRATEGY, false},
    {"stored blocks", 15, 0, Z_DEFAULT_STRATEGY, true},
    {"fixed codes", 15, 6, Z_FIXED, true},
    {"Huffman only", 15, 6, Z_HUFFMAN_ONLY, true},
    {"run lengths", 15, 6, Z_RLE, true},
};

static uint8_t plain_bytes[PLAIN_MAX + 64];
static struct sender sender;

START_TEST(what_zlib_compressed_comes_back)
{
    static const size_t keeps[] = {0, 10, 65536, PLAIN_MAX + 64};
    const struct setup *setup = &setups[_i];
    for (size_t k = 0; k < ARRAY_LEN(keeps); k++) {
        struct ws_shared *shared = shared_make(keeps[k], 1 << 20, 1 << 20);
        struct ws_message m;
        ws_message_init(&m, shared, setup->takeover);
        sender_init(&sender, setup->window_bits, setup->level, setup->strategy,
                    setup->takeover);
        for (unsigned round = 0; round < 60; round++) {
            static const uint32_t sizes[] = {2, 50, 500, 5000, PLAIN_MAX};
            struct event_message ev = {0};
            size_t size = next_random(sizes[next_random(5)]);
            struct slice plain =
                slice_make(plain_bytes, make_text(plain_bytes, size));
            /* Messages that stay as they are do not enter the history. */
            bool compressed = next_random(5) > 0;
            struct slice wire = plain;
            if (compressed) {
                sender_compress(&sender, plain);
                wire = slice_make(sender.wire, sender.wire_len);
            }
            size_t frame_len = 1 + next_random(4) * next_random(70000);
            size_t run_len = 1 + next_random(3) * next_random(40000);
            if (wire.len < 2000 && next_random(2))
                run_len = 1;
            unsigned found = receive(&m, wire, compressed, round & 1, frame_len,
                                     run_len, &ev);
            ck_assert_msg(found == 0, "%s, round %u: %x", setup->name, round,
                          found);
            check_same(&ev, plain, keeps[k], wire.len);
        }
        ws_message_fini(&m);
        ws_shared_free(shared);
        sender_fini(&sender);
    }
}
END_TEST

START_TEST(every_cut_of_a_small_message_gives_the_same)
{
    for (unsigned takeover = 0; takeover < 2; takeover++) {
        struct ws_shared *shared = shared_make(1000, 1 << 20, 1 << 20);
        struct ws_message m;
        struct event_message ev = {0};
        ws_message_init(&m, shared, takeover);
        sender_init(&sender, 12, 6, Z_DEFAULT_STRATEGY, takeover);
        for (size_t cut = 1; cut < 120; cut++) {
            struct slice plain =
                slice_make(plain_bytes, make_text(plain_bytes, 100));
            sender_compress(&sender, plain);
            struct slice wire = slice_make(sender.wire, sender.wire_len);
            /* Two frames, or one in two runs. */
            ck_assert_uint_eq(receive(&m, wire, true, true,
                                      cut & 1 ? cut : 1000, cut, &ev),
                              0);
            check_same(&ev, plain, 1000, wire.len);
        }
        ws_message_fini(&m);
        ws_shared_free(shared);
        sender_fini(&sender);
    }
}
END_TEST

/* A sender that closes DEFLATE's stream with each message: BFINAL, then one
 * byte 00 (RFC 7692 section 7.2.3.4), with a history of its own making. */
START_TEST(history_lives_on_behind_a_final_block)
{
    static uint8_t history[40 * 4096];
    size_t history_len = 0;
    struct ws_shared *shared = shared_make(10000, 1 << 20, 1 << 20);
    struct ws_message m;
    ws_message_init(&m, shared, true);
    for (unsigned round = 0; round < 30; round++) {
        struct event_message ev = {0};
        size_t len = make_text(plain_bytes, next_random(4000));
        struct slice plain = slice_make(plain_bytes, len);
        size_t from = history_len > 32768 ? history_len - 32768 : 0;
        sender_init(&sender, 15, 6, Z_DEFAULT_STRATEGY, true);
        if (history_len > 0)
            ck_assert_int_eq(deflateSetDictionary(&sender.z, history + from,
                                                  (uInt)(history_len - from)),
                             Z_OK);
        sender.z.next_in = plain_bytes;
        sender.z.avail_in = (uInt)len;
        sender.z.next_out = sender.wire;
        sender.z.avail_out = WIRE_MAX;
        ck_assert_int_eq(deflate(&sender.z, Z_FINISH), Z_STREAM_END);
        sender.wire_len = WIRE_MAX - sender.z.avail_out;
        sender.wire[sender.wire_len++] = 0;
        sender_fini(&sender);
        ck_assert_uint_eq(receive(&m, slice_make(sender.wire, sender.wire_len),
                                  true, round & 1, 1 + next_random(300),
                                  1 + next_random(300), &ev),
                          WS_MESSAGE_BFINAL);
        check_same(&ev, plain, 10000, sender.wire_len);
        memcpy(history + history_len, plain.ptr, plain.len);
        history_len += plain.len;
    }
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

/* The tracker holds what it has no room for, also when only the tail is left
 * in front of it. */
START_TEST(a_small_piece_in_front_of_the_tail_changes_nothing)
{
    /* RFC 7692 section 7.2.3.4, without its last byte and with it. */
    static const uint8_t wire[] = {0xf3, 0x48, 0xcd, 0xc9,
                                   0xc9, 0x07, 0x00, 0x00};
    for (size_t out_cap = 1; out_cap <= 6; out_cap++)
        for (size_t len = 7; len <= 8; len++) {
            struct ws_shared *shared = shared_make(10, 1000, 1 << 20);
            struct ws_inflate i;
            uint8_t bytes[sizeof wire + WS_INFLATE_TAIL_LEN], out[6], got[8];
            size_t n = 0;
            memcpy(bytes, wire, len);
            memcpy(bytes + len, ws_inflate_tail, WS_INFLATE_TAIL_LEN);
            struct slice in = slice_make(bytes, len + WS_INFLATE_TAIL_LEN);
            enum ws_inflate_step step = WS_INFLATE_FULL;
            ws_inflate_init(&i, shared->pool,
                            &(struct ws_inflate_config){.takeover = true,
                                                        .window_bits = 9});
            ck_assert(ws_inflate_begin(&i));
            while (step == WS_INFLATE_FULL) {
                struct ws_track_piece piece;
                const char *error = NULL;
                step =
                    ws_inflate_run(&i, &in, true, out, out_cap, &piece, &error);
                ck_assert_msg(!error, "%zu at a time: %s", out_cap, error);
                ck_assert_uint_le(piece.bytes.len, sizeof got - n);
                memcpy(got + n, piece.bytes.ptr, piece.bytes.len);
                n += piece.bytes.len;
            }
            ck_assert_int_eq(step, WS_INFLATE_DONE);
            ck_assert_uint_eq(in.len, 0);
            ck_assert(slice_equal_cstr(slice_make(got, n), "Hello"));
            ck_assert(ws_inflate_at_border(&i));
            ws_inflate_end(&i, true);
            ws_inflate_fini(&i);
            ws_shared_free(shared);
        }
}
END_TEST

START_TEST(a_flood_of_final_blocks_is_given_up)
{
    /* 03 00 is an empty block with BFINAL; each costs a copy of the window,
     * so a megabyte of them must not be worked through. */
    static uint8_t wire[1 << 18];
    struct ws_shared *shared = shared_make(0, 1 << 20, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    ws_message_init(&m, shared, true);
    for (size_t i = 0; i < sizeof wire; i += 2) {
        wire[i] = 0x03;
        wire[i + 1] = 0x00;
    }
    ck_assert_uint_eq(receive(&m, slice_make(wire, 8), true, false, 8, 8, &ev),
                      WS_MESSAGE_BFINAL);
    ck_assert(ev.complete);
    ck_assert_uint_eq(receive(&m, slice_make(wire, sizeof wire), true, false,
                              sizeof wire, sizeof wire, &ev),
                      WS_MESSAGE_INFLATE_FAILED | WS_MESSAGE_BFINAL);
    ck_assert_str_eq(ev.inflate_error, "too many blocks with BFINAL");
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

/* ---- Limits --------------------------------------------------------- */

static unsigned
inflate_zeros(uint8_t bits, size_t len, uint64_t limit, size_t run_len,
              struct event_message *ev)
{
    struct ws_shared *shared = shared_make(100, limit, 1 << 20);
    struct ws_message m;
    uint8_t *zeros = calloc(1, len);
    ck_assert_ptr_nonnull(zeros);
    struct ws_message_config config = {.takeover = true, .window_bits = bits};
    ws_message_init_config(&m, shared, &config);
    sender_init(&sender, 15, 9, Z_DEFAULT_STRATEGY, true);
    sender_compress(&sender, slice_make(zeros, len));
    unsigned found = receive(&m, slice_make(sender.wire, sender.wire_len), true,
                             true, WIRE_MAX, run_len, ev);
    ws_message_fini(&m);
    ws_shared_free(shared);
    sender_fini(&sender);
    free(zeros);
    return found;
}

START_TEST(the_limit_of_inflated_bytes_is_exact)
{
    struct event_message ev = {0};
    /* By zlib, and by the tracker. */
    for (uint8_t bits = 9; bits <= 15; bits = (uint8_t)(bits + 6))
        for (size_t run = 1; run < 300; run += 26) {
            ck_assert_uint_eq(inflate_zeros(bits, 200000, 200000, run, &ev), 0);
            ck_assert(ev.complete);
            ck_assert_uint_eq(ev.len, 200000);
            ck_assert_uint_eq(inflate_zeros(bits, 200001, 200000, run, &ev),
                              WS_MESSAGE_TOO_LARGE);
            ck_assert(!ev.complete);
            ck_assert(!ev.has_len);
            ck_assert_uint_eq(ev.payload.len, 100);
            ck_assert_ptr_nonnull(ev.inflate_error);
        }
}
END_TEST

START_TEST(a_megabyte_from_a_kilobyte_is_a_bomb)
{
    struct event_message ev = {0};
    /* All of it inflated, and stopped at the limit. */
    ck_assert_uint_eq(inflate_zeros(15, (1 << 20) + 1, 1 << 24, WIRE_MAX, &ev),
                      WS_MESSAGE_BOMB);
    ck_assert(ev.complete);
    ck_assert_uint_eq(inflate_zeros(15, 1 << 20, 1 << 24, WIRE_MAX, &ev), 0);
    ck_assert_uint_eq(inflate_zeros(15, 1 << 24, 1 << 21, 100, &ev),
                      WS_MESSAGE_BOMB);
    ck_assert(!ev.complete);
}
END_TEST

START_TEST(behind_the_limit_history_is_unknown)
{
    for (unsigned takeover = 0; takeover < 2; takeover++) {
        struct ws_shared *shared = shared_make(100, 1000, 1 << 20);
        struct ws_message m;
        struct event_message ev = {0};
        ws_message_init(&m, shared, takeover);
        sender_init(&sender, 15, 9, Z_DEFAULT_STRATEGY, takeover);
        size_t len = make_text(plain_bytes, 2000);
        sender_compress(&sender, slice_make(plain_bytes, len));
        ck_assert_uint_eq(receive(&m, slice_make(sender.wire, sender.wire_len),
                                  true, true, WIRE_MAX, 7, &ev),
                          WS_MESSAGE_TOO_LARGE);
        /* The end of the message before, and something new. */
        sender_compress(&sender, slice_make(plain_bytes + len - 20, 20));
        unsigned found = receive(&m, slice_make(sender.wire, sender.wire_len),
                                 true, true, WIRE_MAX, 7, &ev);
        ck_assert_uint_eq(found, takeover ? WS_MESSAGE_CONTEXT_MISSING : 0);
        ck_assert(ev.complete == !takeover);
        ck_assert((ev.known == NULL) == !takeover);
        ck_assert_uint_eq(ev.len, 20);
        ws_message_fini(&m);
        ws_shared_free(shared);
        sender_fini(&sender);
    }
}
END_TEST

/* ---- The pool of inflate states ------------------------------------- */

/* RFC 7692 section 7.2.3.1 */
static const uint8_t hello_wire[7] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07};

static unsigned
hello(struct ws_message *m, struct event_message *ev)
{
    return receive(m, slice_make(hello_wire, 7), true, false, 7, 7, ev);
}

/* RFC 7692 section 7.2.3.2: "Hello" again, of which history is needed. */
static const uint8_t again_wire[5] = {0xf2, 0x00, 0x11, 0x00, 0x00};

static unsigned
again(struct ws_message *m, struct event_message *ev)
{
    return receive(m, slice_make(again_wire, 5), true, false, 5, 5, ev);
}

/* Only the H of it is certain. */
static void
check_again_unknown(const struct event_message *ev)
{
    ck_assert(!ev->complete);
    ck_assert(ev->has_len);
    ck_assert_uint_eq(ev->len, 5);
    ck_assert(slice_equal(ev->payload, slice_make("H\0\0\0\0", 5)));
    ck_assert(!ev->truncated);
    ck_assert_uint_eq(ev->n_known, 1);
    ck_assert_uint_eq(ev->known[0].start, 0);
    ck_assert_uint_eq(ev->known[0].end, 1);
    ck_assert(!ev->known_more);
    ck_assert_ptr_null(ev->inflate_error);
}

START_TEST(the_state_used_longest_ago_is_dropped_first)
{
    struct ws_shared *shared =
        shared_make(10, 1000, 2 * WS_INFLATE_STATE_LEN + 5);
    struct ws_message m[3];
    struct event_message ev = {0};
    for (unsigned i = 0; i < 3; i++)
        ws_message_init(&m[i], shared, true);
    ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 0);
    ck_assert_uint_eq(hello(&m[0], &ev), 0);
    ck_assert_uint_eq(hello(&m[1], &ev), 0);
    ck_assert_uint_eq(hello(&m[0], &ev), 0);
    ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 2);
    /* m[1] is the older one now. */
    ck_assert_uint_eq(hello(&m[2], &ev), 0);
    ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 2);
    ck_assert_uint_eq(again(&m[1], &ev), WS_MESSAGE_CONTEXT_MISSING);
    check_again_unknown(&ev);
    ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 2);
    /* That took m[0]'s, which needs no history for this. */
    ck_assert_uint_eq(again(&m[2], &ev), 0);
    ck_assert(ev.complete);
    ck_assert_uint_eq(hello(&m[0], &ev), 0);
    ck_assert(ev.complete);
    ck_assert_uint_eq(again(&m[0], &ev), 0);
    ck_assert(ev.complete);
    ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 2);
    for (unsigned i = 0; i < 3; i++)
        ws_message_fini(&m[i]);
    ws_shared_free(shared);
}
END_TEST

START_TEST(a_state_dropped_inside_a_message_is_told)
{
    for (unsigned takeover = 0; takeover < 2; takeover++) {
        struct ws_shared *shared = shared_make(10, 1000, WS_INFLATE_STATE_LEN);
        struct ws_message a, b;
        struct event_message ev = {0};
        ws_message_init(&a, shared, takeover);
        ws_message_init(&b, shared, takeover);
        ck_assert_uint_eq(ws_message_begin(&a, WS_OP_TEXT, true, true), 0);
        ck_assert_uint_eq(ws_message_data(&a, slice_make(hello_wire, 3), NULL,
                                          0, false),
                          0);
        ck_assert_uint_eq(hello(&b, &ev), 0);
        ck_assert_uint_eq(ws_message_data(&a, slice_make(hello_wire + 3, 4),
                                          NULL, 0, true),
                          WS_MESSAGE_INFLATE_FAILED);
        ck_assert_uint_eq(ws_message_end(&a, true, &ev), 0);
        ck_assert(!ev.complete);
        ws_message_release(&a);
        ck_assert_uint_eq(again(&a, &ev), takeover ? WS_MESSAGE_CONTEXT_MISSING
                                                   : WS_MESSAGE_TAKEOVER);
        if (takeover)
            check_again_unknown(&ev);
        ws_message_fini(&a);
        ws_message_fini(&b);
        ws_shared_free(shared);
    }
}
END_TEST

START_TEST(without_takeover_all_streams_share_one_state)
{
    struct ws_shared *shared = shared_make(10, 1000, 1 << 20);
    struct ws_message m[5];
    struct event_message ev = {0};
    for (unsigned i = 0; i < 5; i++)
        ws_message_init(&m[i], shared, false);
    for (unsigned i = 0; i < 20; i++) {
        ck_assert_uint_eq(hello(&m[i % 5], &ev), 0);
        ck_assert(slice_equal_cstr(ev.payload, "Hello"));
    }
    ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 1);
    for (unsigned i = 0; i < 5; i++)
        ws_message_fini(&m[i]);
    ws_shared_free(shared);
}
END_TEST

START_TEST(without_memory_for_a_state_the_context_is_missing)
{
    struct ws_shared *shared = shared_make(10, 1000, WS_INFLATE_STATE_LEN - 1);
    struct ws_message m;
    struct event_message ev = {0};
    ws_message_init(&m, shared, true);
    ck_assert_uint_eq(hello(&m, &ev), WS_MESSAGE_CONTEXT_MISSING);
    ck_assert_uint_eq(hello(&m, &ev), WS_MESSAGE_CONTEXT_MISSING);
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

/* ---- Unknown history ------------------------------------------------ */

/* Every byte that ev calls certain is that of plain, the others are 0.
 * Returns how many are certain. */
static uint64_t
check_known(const struct event_message *ev, struct slice plain)
{
    uint64_t at = 0, certain = 0;
    bool right = true;
    ck_assert(ev->has_len);
    ck_assert_uint_eq(ev->len, plain.len);
    ck_assert(ev->complete == !ev->known);
    ck_assert(!ev->has_utf8_error);
    ck_assert_uint_eq(ev->payload.len, plain.len);
    if (!ev->known) {
        ck_assert(slice_equal(ev->payload, plain));
        return plain.len;
    }
    for (size_t i = 0; i <= ev->n_known; i++) {
        bool last = i == ev->n_known;
        uint64_t start = last ? plain.len : ev->known[i].start;
        uint64_t end = last ? plain.len : ev->known[i].end;
        /* In order, with a hole between any two. */
        right = right && (last || (start < end && end <= plain.len));
        right = right && (i == 0 || last || start > at);
        for (; right && at < start; at++)
            right = ev->payload.ptr[at] == 0;
        for (; right && at < end; at++, certain++)
            right = ev->payload.ptr[at] == plain.ptr[at];
    }
    ck_assert(right);
    ck_assert_uint_lt(certain, plain.len);
    return certain;
}

/* Messages go missing or have holes; what is shown of the others is true. */
START_TEST(nothing_uncertain_is_shown_as_certain)
{
    const struct setup *setup = &setups[_i];
    struct ws_shared *shared = shared_make(PLAIN_MAX, 1 << 20, 1 << 20);
    struct ws_message m;
    uint64_t certain = 0, all = 0;
    ws_message_init(&m, shared, setup->takeover);
    sender_init(&sender, setup->window_bits, setup->level, setup->strategy,
                setup->takeover);
    for (unsigned round = 0; round < 150; round++) {
        struct event_message ev = {0};
        size_t size = next_random(round % 10 ? 600 : 9000);
        struct slice plain =
            slice_make(plain_bytes, make_text(plain_bytes, size));
        sender_compress(&sender, plain);
        struct slice wire = slice_make(sender.wire, sender.wire_len);
        bool lost = next_random(8) == 0;
        if (lost && next_random(2)) {
            ws_message_forget(&m);
            continue;
        }
        if (lost) {
            uint32_t hole = next_random((uint32_t)wire.len);
            ws_message_begin(&m, WS_OP_TEXT, true, true);
            if (hole > 0)
                ws_message_data(&m, slice_head(wire, hole), NULL, 0, false);
            ws_message_gap(&m, wire.len - hole);
            ck_assert_uint_eq(ws_message_end(&m, true, &ev), 0);
            ck_assert(!ev.complete && !ev.has_len);
            ws_message_release(&m);
            continue;
        }
        unsigned found =
            receive(&m, wire, true, round & 1, 1 + next_random(900),
                    1 + next_random(900), &ev);
        ck_assert(found == 0 || found == WS_MESSAGE_CONTEXT_MISSING);
        certain += check_known(&ev, plain);
        all += plain.len;
        if (!setup->takeover || setup->strategy == Z_HUFFMAN_ONLY)
            ck_assert(ev.complete);
    }
    ck_assert_uint_gt(certain, all / 10);
    ws_message_fini(&m);
    ck_assert_uint_eq(shared->kept, 0);
    ws_shared_free(shared);
    sender_fini(&sender);
}
END_TEST

START_TEST(missing_context_is_told_once_for_each_loss)
{
    struct ws_shared *shared = shared_make(100, 1000, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    char text[WS_MESSAGE_DETAIL_MAX];
    ws_message_init(&m, shared, true);
    for (unsigned round = 0; round < 3; round++) {
        ws_message_forget(&m);
        /* Nothing of this one comes from the history. */
        ck_assert_uint_eq(receive(&m, slice_make("\x2a\xc9\x48\x05\x00", 5),
                                  true, false, 5, 5, &ev),
                          0);
        ck_assert(ev.complete);
        ck_assert(slice_equal_cstr(ev.payload, "the"));
        ws_message_forget(&m);
        ck_assert_uint_eq(again(&m, &ev), WS_MESSAGE_CONTEXT_MISSING);
        check_again_unknown(&ev);
        ck_assert_str_eq(
            ws_message_detail(&m, WS_MESSAGE_CONTEXT_MISSING, text),
            "byte 1 was copied from 5 bytes before it; what is unknown is "
            "marked, until 32768 known bytes in a row have passed");
        ck_assert_uint_eq(again(&m, &ev), 0);
        check_again_unknown(&ev);
        ck_assert_uint_eq(hello(&m, &ev), 0);
        ck_assert(ev.complete);
        ck_assert_uint_eq(again(&m, &ev), 0);
        ck_assert(ev.complete);
    }
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

START_TEST(zlib_goes_on_when_the_unknown_is_out_of_reach)
{
    struct ws_shared *shared = shared_make(PLAIN_MAX, 1 << 20, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    ws_message_init(&m, shared, true);
    sender_init(&sender, 15, 6, Z_DEFAULT_STRATEGY, true);
    sender_compress(&sender, slice_cstr("not seen, but looked back at"));
    ws_message_forget(&m);
    bool tracked = false;
    for (unsigned round = 0; round < 90; round++) {
        for (size_t i = 0; i < 1000; i++)
            plain_bytes[i] = (uint8_t)(32 + next_random(95));
        if (round < 3 || round > 50)
            memcpy(plain_bytes + 100, "not seen, but looked back at", 28);
        struct slice plain = slice_make(plain_bytes, 1000);
        sender_compress(&sender, plain);
        receive(&m, slice_make(sender.wire, sender.wire_len), true, true, 700,
                700, &ev);
        check_known(&ev, plain);
        tracked = ws_inflate_tracker(&m.inflate) != NULL;
        ck_assert(tracked || round >= 33);
        ck_assert(!ev.complete || round >= 3);
        ck_assert(ev.complete || round < 40);
    }
    ck_assert(!tracked);
    /* The tracker's block is zlib's now. */
    ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 1);
    ws_message_fini(&m);
    ws_shared_free(shared);
    sender_fini(&sender);
}
END_TEST

START_TEST(ranges_have_a_maximum)
{
    static uint8_t wire[8192];
    struct ws_shared *shared = shared_make(PLAIN_MAX, 1 << 20, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    size_t bits = 0;
    memset(wire, 0, sizeof wire);
    /* Fixed codes: "A", length 3 and distance 5, and so on: three unknown
     * bytes behind each A, and A again. */
    static const char *const pair = "01110001"
                                    "0000001"
                                    "11101"
                                    "0000000000000";
    const char *parts[] = {"010", "01110001"};
    for (size_t i = 0; i < 2; i++)
        for (const char *p = parts[i]; *p; p++, bits++)
            wire[bits / 8] |= (uint8_t)((*p == '1') << bits % 8);
    for (unsigned i = 0; i < EVENT_KNOWN_MAX + 76; i++)
        for (const char *p = pair; *p; p++, bits++)
            wire[bits / 8] |= (uint8_t)((*p == '1') << bits % 8);
    bits += 7 + 3; /* the end of the block, the head of the empty one */
    ws_message_init(&m, shared, true);
    ws_message_forget(&m);
    ck_assert_uint_eq(receive(&m, slice_make(wire, (bits + 7) / 8), true, true,
                              500, 100, &ev),
                      WS_MESSAGE_CONTEXT_MISSING);
    ck_assert_uint_eq(ev.len, 1 + 4 * (EVENT_KNOWN_MAX + 76));
    ck_assert(ev.known_more);
    ck_assert(ev.truncated);
    ck_assert_uint_eq(ev.n_known, EVENT_KNOWN_MAX);
    ck_assert_uint_eq(ev.known[0].end, 2);
    ck_assert_uint_eq(ev.known[1].start, 5);
    ck_assert_uint_eq(ev.known[1].end, 6);
    /* What is not listed is not shown. */
    ck_assert_uint_eq(ev.payload.len, 1 + 4 * EVENT_KNOWN_MAX);
    /* The next message begins anew. */
    ck_assert_uint_eq(hello(&m, &ev), 0);
    ck_assert(ev.complete);
    ck_assert_ptr_null(ev.known);
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

START_TEST(text_is_judged_up_to_the_first_unknown_byte)
{
    struct ws_shared *shared = shared_make(100, 1000, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    ws_message_init(&m, shared, true);
    sender_init(&sender, 15, 6, Z_DEFAULT_STRATEGY, true);
    sender_compress(&sender, slice_cstr("Stra\xc3\x9f"
                                        "e \xff Stra\xc3\x9f"
                                        "e"));
    ws_message_forget(&m);
    /* Bad bytes among the unknown, and half characters beside them. */
    sender_compress(&sender, slice_cstr("\xc3\x9f"
                                        "e \xff Stra\xc3!"));
    ck_assert_uint_eq(receive(&m, slice_make(sender.wire, sender.wire_len),
                              true, true, 50, 50, &ev),
                      WS_MESSAGE_CONTEXT_MISSING);
    ck_assert(!ev.has_utf8_error);
    ck_assert_uint_gt(ev.n_known, 0);
    /* Bad bytes in front of them. */
    ws_message_forget(&m);
    sender_compress(&sender, slice_cstr("<\xfe>\xc3\x9f"
                                        "e \xff Stra"));
    ck_assert_uint_eq(receive(&m, slice_make(sender.wire, sender.wire_len),
                              true, true, 50, 50, &ev),
                      WS_MESSAGE_CONTEXT_MISSING | WS_MESSAGE_BAD_UTF8);
    ck_assert_uint_eq(ev.utf8_error, 1);
    ws_message_fini(&m);
    ws_shared_free(shared);
    sender_fini(&sender);
}
END_TEST

/* ---- Rules of RFC 7692 ---------------------------------------------- */

START_TEST(distances_above_the_agreed_window_are_found)
{
    for (uint8_t bits = 8; bits <= 15; bits++) {
        struct ws_shared *shared = shared_make(10000, 1 << 20, 1 << 20);
        struct ws_message m;
        struct event_message ev = {0};
        char text[WS_MESSAGE_DETAIL_MAX];
        struct ws_message_config config = {.takeover = true,
                                           .window_bits = bits};
        ws_message_init_config(&m, shared, &config);
        sender_init(&sender, 15, 6, Z_DEFAULT_STRATEGY, true);
        for (size_t i = 0; i < 1200; i++)
            plain_bytes[i] = (uint8_t)(32 + next_random(95));
        struct slice plain = slice_make(plain_bytes, 1200);
        sender_compress(&sender, plain);
        /* A short match may lie anywhere. */
        unsigned found = receive(&m, slice_make(sender.wire, sender.wire_len),
                                 true, true, 900, 100, &ev);
        ck_assert(found == 0 || (found == WS_MESSAGE_WINDOW && bits <= 10));
        check_same(&ev, plain, 10000, sender.wire_len);
        sender_compress(&sender, plain);
        found = receive(&m, slice_make(sender.wire, sender.wire_len), true,
                        true, 900, 100, &ev);
        ck_assert_uint_eq(found, bits <= 10 ? WS_MESSAGE_WINDOW : 0);
        check_same(&ev, plain, 10000, sender.wire_len);
        if (found) {
            char want[WS_MESSAGE_DETAIL_MAX];
            const char *detail = ws_message_detail(&m, WS_MESSAGE_WINDOW, text);
            snprintf(want, sizeof want, "; %u were agreed", 1u << bits);
            ck_assert_ptr_nonnull(
                strstr(detail, "a distance of 1200 bytes at byte "));
            ck_assert_ptr_nonnull(strstr(detail, want));
        }
        ws_message_fini(&m);
        ws_shared_free(shared);
        sender_fini(&sender);
    }
}
END_TEST

START_TEST(an_empty_payload_is_told_and_harms_nothing)
{
    struct ws_shared *shared = shared_make(10, 1000, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    ws_message_init(&m, shared, true);
    for (unsigned round = 0; round < 3; round++) {
        ck_assert_uint_eq(hello(&m, &ev), 0);
        ck_assert_uint_eq(receive(&m, slice_make("", 0), true, true, 1, 1, &ev),
                          WS_MESSAGE_EMPTY_PAYLOAD);
        ck_assert(ev.complete);
        ck_assert_uint_eq(ev.len, 0);
        ck_assert_uint_eq(again(&m, &ev), 0);
        ck_assert(slice_equal_cstr(ev.payload, "Hello"));
        /* With unknown history as well. */
        if (round == 1)
            ws_message_forget(&m);
    }
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

/* The tail left in, and a stored block that only looks like it. */
START_TEST(a_tail_left_in_is_told_and_harms_nothing)
{
    static const uint8_t left[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
                                   0x00, 0x00, 0x00, 0xff, 0xff};
    static const uint8_t looks[] = {0x00, 0x04, 0x00, 0xfb, 0xff,
                                    0x00, 0x00, 0xff, 0xff, 0x00};
    for (unsigned way = 0; way < 4; way++)
        for (size_t cut = 1; cut <= sizeof left; cut++) {
            struct ws_shared *shared = shared_make(10, 1000, 1 << 20);
            struct ws_message m;
            struct event_message ev = {0};
            struct ws_message_config config = {.takeover = true,
                                               .window_bits =
                                                   way & 1 ? 15 : 10};
            ws_message_init_config(&m, shared, &config);
            ck_assert_uint_eq(receive(&m, slice_make(left, sizeof left), true,
                                      way & 2, way & 2 ? 100 : cut, cut, &ev),
                              WS_MESSAGE_TAIL);
            ck_assert(ev.complete);
            ck_assert(slice_equal_cstr(ev.payload, "Hello"));
            ck_assert_uint_eq(again(&m, &ev), 0);
            ck_assert(slice_equal_cstr(ev.payload, "Hello"));
            ck_assert_uint_eq(receive(&m, slice_make(looks, sizeof looks), true,
                                      way & 2, cut, cut, &ev),
                              WS_MESSAGE_BAD_UTF8);
            ck_assert_uint_eq(ev.len, 4);
            ck_assert_uint_eq(hello(&m, &ev), 0);
            ck_assert(ev.complete);
            ws_message_fini(&m);
            ws_shared_free(shared);
        }
}
END_TEST

START_TEST(where_a_message_breaks_is_told)
{
    /* "Hello" by fixed codes, then a block of type 3. */
    static const uint8_t wire[] = {0xf2, 0x48, 0xcd, 0xc9,
                                   0xc9, 0x07, 0x18, 0x55};
    for (unsigned way = 0; way < 2; way++) {
        struct ws_shared *shared = shared_make(10, 1000, 1 << 20);
        struct ws_message m;
        struct event_message ev = {0};
        char text[WS_MESSAGE_DETAIL_MAX];
        struct ws_message_config config = {.takeover = true,
                                           .window_bits = way ? 15 : 9};
        ws_message_init_config(&m, shared, &config);
        ck_assert_uint_eq(receive(&m, slice_make(wire, sizeof wire), true, true,
                                  3, 3, &ev),
                          WS_MESSAGE_INFLATE_FAILED);
        ck_assert_str_eq(ev.inflate_error, "invalid block type");
        const char *detail =
            ws_message_detail(&m, WS_MESSAGE_INFLATE_FAILED, text);
        ck_assert_ptr_nonnull(strstr(detail, "invalid block type: at byte 6,"));
        ck_assert_ptr_nonnull(strstr(detail, "behind 5 inflated bytes"));
        /* The next one has unknown history. */
        ck_assert_uint_eq(again(&m, &ev), WS_MESSAGE_CONTEXT_MISSING);
        check_again_unknown(&ev);
        ws_message_fini(&m);
        ws_shared_free(shared);
    }
}
END_TEST

/* ---- Compression nobody agreed on in our sight ---------------------- */

START_TEST(what_inflates_proves_that_it_is_compressed)
{
    struct ws_shared *shared = shared_make(100, 1000, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    struct ws_message_config config = {.window_bits = 15, .inferred = true};
    ws_message_init_config(&m, shared, &config);
    ck_assert_uint_eq(again(&m, &ev), WS_MESSAGE_CONTEXT_MISSING);
    check_again_unknown(&ev);
    ck_assert_int_eq(m.trial, WS_TRIAL_OPEN);
    ck_assert_uint_eq(hello(&m, &ev), 0);
    ck_assert(ev.complete && ev.compressed);
    ck_assert_int_eq(m.trial, WS_TRIAL_PROVED);
    ck_assert_uint_eq(again(&m, &ev), 0);
    ck_assert(slice_equal_cstr(ev.payload, "Hello"));
    ck_assert_uint_eq(receive(&m, slice_cstr("\xff\xff\xff"), true, true, 9, 9,
                              &ev),
                      WS_MESSAGE_INFLATE_FAILED);
    ws_message_fini(&m);
    /* One message will do if it is long. */
    ws_message_init_config(&m, shared, &config);
    sender_init(&sender, 15, 6, Z_DEFAULT_STRATEGY, true);
    sender_compress(&sender,
                    slice_make(plain_bytes, make_text(plain_bytes, 100)));
    ck_assert_uint_eq(receive(&m, slice_make(sender.wire, sender.wire_len),
                              true, true, 9, 9, &ev),
                      0);
    ck_assert_int_eq(m.trial, WS_TRIAL_PROVED);
    sender_fini(&sender);
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

START_TEST(what_does_not_inflate_is_no_finding_and_then_left_alone)
{
    struct ws_shared *shared = shared_make(100, 1000, 1 << 20);
    struct ws_message m;
    struct event_message ev = {0};
    struct ws_message_config config = {.window_bits = 15, .inferred = true};
    ws_message_init_config(&m, shared, &config);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(m.trial, WS_TRIAL_OPEN);
        ck_assert_uint_eq(receive(&m, slice_cstr("{\"id\":1,\"x\":\"yyy\"}"),
                                  true, true, 5, 5, &ev),
                          0);
        ck_assert(!ev.complete && !ev.has_len);
        ck_assert_uint_eq(ev.payload.len, 0);
        ck_assert_ptr_null(ev.inflate_error);
        ck_assert_ptr_null(ev.known);
    }
    ck_assert_int_eq(m.trial, WS_TRIAL_REFUTED);
    ck_assert_uint_eq(receive(&m, slice_cstr("\xff"), true, true, 5, 5, &ev),
                      0);
    ck_assert(ev.complete && !ev.compressed && !ev.has_utf8_error);
    ck_assert(slice_equal_cstr(ev.payload, "\xff"));
    ws_message_fini(&m);
    ck_assert_uint_eq(shared->kept, 0);
    ws_shared_free(shared);
}
END_TEST

/* ---- The budget ----------------------------------------------------- */

#define N_TALKERS 8u

/* Several directions whose messages share a budget. */
struct talk {
    struct budget budget;
    struct ws_shared *shared;
    struct ws_message m[N_TALKERS];
};

static struct talk talk;

static void
talk_begin(size_t memory, const char *digest)
{
    struct dissect_limits limits = {.message_keep = 1 << 20,
                                    .inflate_len = 1 << 20,
                                    .inflate_memory = 1 << 20,
                                    .budget = &talk.budget};
    threshold_defaults(&limits.thresholds);
    struct event_sink sink = {.wants = 1u << EVENT_MESSAGE,
                              .keep = 1 << 20,
                              .digest = digest};
    talk.budget = (struct budget){.max = memory};
    ck_assert_int_eq(ws_shared_new(&talk.shared, &limits, &sink), ERR_OK);
    for (unsigned i = 0; i < N_TALKERS; i++) {
        ws_message_init(&talk.m[i], talk.shared, true);
        ck_assert_uint_eq(ws_message_begin(&talk.m[i], WS_OP_BINARY, false,
                                           false),
                          0);
    }
}

static void
talk_end(void)
{
    for (unsigned i = 0; i < N_TALKERS; i++)
        ws_message_fini(&talk.m[i]);
    ws_shared_free(talk.shared);
    ck_assert_uint_eq(talk.budget.used, 0);
}

/* A run of len bytes, each of which is the direction's number. */
static void
say(unsigned i, size_t len)
{
    memset(plain_bytes, (int)i, len);
    ws_message_data(&talk.m[i], slice_make(plain_bytes, len), NULL, 0, false);
    ck_assert_uint_eq(talk.budget.used, talk.shared->kept);
}

/* Ends a message of len bytes; kept: how many of them are to be shown. */
static void
said(unsigned i, size_t len, size_t kept)
{
    struct event_message ev = {0};
    ck_assert_uint_eq(ws_message_end(&talk.m[i], true, &ev), 0);
    ck_assert(ev.complete);
    ck_assert_uint_eq(ev.len, len);
    ck_assert_uint_eq(ev.payload.len, kept);
    ck_assert(ev.truncated == (kept < len));
    for (size_t k = 0; k < kept; k++)
        ck_assert_uint_eq(ev.payload.ptr[k], i);
    ws_message_release(&talk.m[i]);
}

START_TEST(of_kept_messages_those_that_grew_longest_ago_go_first)
{
    /* Room for two and a half buffers of 8 KiB. */
    talk_begin(WS_KEPT_SHARE * 20480, NULL);
    for (unsigned i = 0; i < 4; i++)
        say(i, 8000);
    ck_assert_uint_le(talk.shared->kept, 20480);
    say(2, 100); /* newer than the fourth now */
    say(4, 8000);
    said(0, 8000, 0);
    said(1, 8000, 0);
    said(3, 8000, 0);
    said(2, 8100, 8100);
    said(4, 8000, 8000);
    ck_assert_uint_eq(talk.budget.used, 0);
    talk_end();
}
END_TEST

START_TEST(a_message_alone_is_cut_at_the_budget)
{
    talk_begin(WS_KEPT_SHARE * 20480, NULL);
    say(0, 1000);
    for (unsigned i = 0; i < 20; i++)
        say(1, 3000);
    ck_assert_uint_le(talk.budget.peak, 20480);
    said(0, 1000, 0);
    said(1, 60000, 16384);
    talk_end();
}
END_TEST

START_TEST(what_waits_for_the_next_message_goes_before_what_is_kept)
{
    talk_begin(WS_KEPT_SHARE * 20480, NULL);
    say(0, 4000);
    said(0, 4000, 4000);
    ck_assert_uint_eq(talk.budget.used, budget_block(4096));
    say(1, 4000);
    say(2, 8000);
    say(3, 4000);
    said(1, 4000, 4000);
    said(2, 8000, 8000);
    said(3, 4000, 4000);
    /* Two buffers of 4 KiB wait; the first one went. */
    ck_assert_ptr_null(talk.m[0].kept.ptr);
    ck_assert_uint_eq(talk.budget.used, 2 * budget_block(4096));
    talk_end();
}
END_TEST

START_TEST(past_the_budget_only_what_waits_goes)
{
    talk_begin(1 << 20, NULL);
    say(0, 3000);
    say(1, 3000);
    say(2, 3000);
    said(0, 3000, 3000);
    said(1, 3000, 3000);
    ws_shared_relieve(talk.shared);
    ck_assert_uint_eq(talk.budget.used, 3 * budget_block(4096));
    /* What others take. */
    budget_take(&talk.budget, (1 << 20) - 2 * budget_block(4096));
    ws_shared_relieve(talk.shared);
    ck_assert_ptr_null(talk.m[0].kept.ptr);
    ck_assert_ptr_nonnull(talk.m[1].kept.ptr);
    budget_take(&talk.budget, 1 << 20);
    ws_shared_relieve(talk.shared);
    ck_assert_ptr_null(talk.m[1].kept.ptr);
    budget_give(&talk.budget, (2 << 20) - 2 * budget_block(4096));
    said(2, 3000, 3000);
    talk_end();
}
END_TEST

START_TEST(digests_count_and_outlive_what_is_kept)
{
    static const uint8_t zeros[16000];
    uint8_t want[DIGEST_SHA1_LEN];
    struct slice part = slice_make(zeros, sizeof zeros);
    struct event_message ev = {0};
    talk_begin(WS_KEPT_SHARE * 20480, "sha1");
    say(0, 8000);
    ck_assert_uint_eq(talk.budget.used, budget_block(8192) + DIGEST_MEMORY);
    say(1, 8000);
    say(2, 8000);
    say(0, 8000);
    ck_assert(digest_sha1(&part, 1, want));
    ck_assert_uint_eq(ws_message_end(&talk.m[0], true, &ev), 0);
    ck_assert(ev.truncated && ev.payload.len == 0 && ev.has_digest);
    ck_assert(slice_equal(ev.digest, slice_make(want, sizeof want)));
    ws_message_release(&talk.m[0]);
    ck_assert_uint_eq(talk.m[0].counted, DIGEST_MEMORY);
    budget_take(&talk.budget, 1 << 20);
    ws_shared_relieve(talk.shared);
    ck_assert_uint_eq(talk.m[0].counted, 0);
    budget_give(&talk.budget, 1 << 20);
    talk_end();
}
END_TEST

/* A tracker's block becomes zlib's and back, all in one state. */
START_TEST(one_block_serves_both_inflaters_in_turns)
{
    struct ws_shared *shared = shared_make(100, 1000, WS_INFLATE_STATE_LEN);
    struct ws_message zlib, tracking;
    struct event_message ev = {0};
    ws_message_init(&zlib, shared, false);
    ws_message_init_config(&tracking, shared,
                           &(struct ws_message_config){.takeover = true,
                                                       .window_bits = 9});
    for (unsigned round = 0; round < 50; round++) {
        ck_assert_uint_eq(hello(&tracking, &ev), 0);
        ck_assert_ptr_nonnull(ws_inflate_tracker(&tracking.inflate));
        ck_assert_uint_eq(again(&tracking, &ev), 0);
        ck_assert(slice_equal_cstr(ev.payload, "Hello"));
        ck_assert_uint_eq(hello(&zlib, &ev), 0);
        ck_assert(slice_equal_cstr(ev.payload, "Hello"));
        ck_assert_uint_eq(ws_inflate_pool_states(shared->pool), 1);
    }
    ws_message_fini(&zlib);
    ws_message_fini(&tracking);
    ws_shared_free(shared);
}
END_TEST

/* ---- A sender that takes over although it may not ------------------- */

/* Messages behind "Hello", without takeover: H, a copy from 5 bytes before,
 * then what is told.  The known byte is the H. */
static const struct late {
    const char *name;
    uint8_t wire[12];
    size_t wire_len;
    unsigned found;
    const char *payload; /* of 5 bytes or more; "Hello" is not shown */
    size_t len;
    const char *error;
} lates[] = {
    {"the head of an empty block",
     {0xf2, 0x00, 0x11, 0x00, 0x00},
     5,
     WS_MESSAGE_TAKEOVER,
     "H\0\0\0\0",
     5,
     NULL},
    {"BFINAL, and the head of an empty block",
     {0xf3, 0x00, 0x11, 0x00, 0x00},
     5,
     WS_MESSAGE_TAKEOVER | WS_MESSAGE_BFINAL,
     "H\0\0\0\0",
     5,
     NULL},
    {"BFINAL and nothing behind",
     {0xf3, 0x00, 0x11, 0x00},
     4,
     WS_MESSAGE_TAKEOVER | WS_MESSAGE_BFINAL,
     "H\0\0\0\0",
     5,
     NULL},
    {"BFINAL twice",
     {0xf3, 0x00, 0x11, 0x00, 0x03, 0x00},
     6,
     WS_MESSAGE_TAKEOVER | WS_MESSAGE_BFINAL,
     "H\0\0\0\0",
     5,
     NULL},
    {"BFINAL, a stored block and the head of an empty one",
     {0xf3, 0x00, 0x11, 0x00, 0x00, 0x01, 0x00, 0xfe, 0xff, 'A', 0x00},
     11,
     WS_MESSAGE_TAKEOVER | WS_MESSAGE_BFINAL,
     "H\0\0\0\0A",
     6,
     NULL},
    {"BFINAL, an empty block and the tail left in",
     {0xf3, 0x00, 0x11, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff},
     9,
     WS_MESSAGE_TAKEOVER | WS_MESSAGE_BFINAL | WS_MESSAGE_TAIL,
     "H\0\0\0\0",
     5,
     NULL},
    {"BFINAL, and a stored block that goes on behind the tail",
     {0xf3, 0x00, 0x11, 0x00, 0x00, 0x09, 0x00, 0xf6, 0xff},
     9,
     WS_MESSAGE_INFLATE_FAILED | WS_MESSAGE_BFINAL,
     "H\0\0\0\0\0\0\xff\xff",
     9,
     "the message ends inside a block"},
    {"a copy from before all, then a block with BFINAL",
     {0xf2, 0x00, 0x11, 0x40, 0x71, 0xc0, 0x00},
     7,
     WS_MESSAGE_INFLATE_FAILED,
     "H\0\0\0\0",
     5,
     "invalid distance too far back"},
    {"a copy from before all, then a bad block",
     {0xf2, 0x00, 0x11, 0x40, 0x71, 0x47, 0x80, 0x01},
     8,
     WS_MESSAGE_INFLATE_FAILED,
     "H\0\0\0\0",
     5,
     "invalid distance too far back"},
};

/* "Hello", then the wire in one run of first bytes, and runs of rest. */
static unsigned
behind_hello(struct slice wire, uint8_t bits, size_t first, size_t rest,
             struct event_message *ev, char *detail)
{
    struct ws_shared *shared = shared_make(600, 1 << 20, 1 << 20);
    struct ws_message_config config = {.window_bits = bits};
    struct ws_message m;
    static uint8_t copy[600];
    ws_message_init_config(&m, shared, &config);
    ck_assert_uint_eq(hello(&m, ev), 0);
    unsigned found = ws_message_begin(&m, WS_OP_TEXT, true, false);
    for (size_t at = 0; at < wire.len;) {
        struct slice run = slice_head(slice_skip(wire, at), at ? rest : first);
        at += run.len;
        found |= ws_message_data(&m, run, NULL, 0, at == wire.len);
    }
    found |= ws_message_end(&m, true, ev);
    ck_assert_uint_le(ev->payload.len, sizeof copy);
    if (ev->payload.len)
        memcpy(copy, ev->payload.ptr, ev->payload.len);
    ev->payload.ptr = copy;
    const char *text = NULL;
    if (found & WS_MESSAGE_INFLATE_FAILED)
        text = ws_message_detail(&m, WS_MESSAGE_INFLATE_FAILED, detail);
    else if (found & WS_MESSAGE_TAKEOVER)
        text = ws_message_detail(&m, WS_MESSAGE_TAKEOVER, detail);
    if (!text)
        *detail = '\0';
    ws_message_fini(&m);
    ws_shared_free(shared);
    return found;
}

START_TEST(a_message_that_reaches_before_its_start_is_the_same_however_cut)
{
    const struct late *v = &lates[_i];
    struct slice wire = slice_make(v->wire, v->wire_len);
    for (uint8_t bits = 10; bits <= 15; bits = (uint8_t)(bits + 5)) {
        char whole[WS_MESSAGE_DETAIL_MAX], detail[WS_MESSAGE_DETAIL_MAX];
        struct event_message ev = {0};
        behind_hello(wire, bits, wire.len, wire.len, &ev, whole);
        for (size_t cut = 1; cut <= wire.len + 1; cut++) {
            size_t rest = cut <= wire.len ? wire.len : 1;
            size_t first = cut <= wire.len ? cut : 1;
            unsigned found = behind_hello(wire, bits, first, rest, &ev, detail);
            ck_assert_msg(found == v->found, "%s, %u bits, cut at %zu: %x",
                          v->name, bits, cut, found);
            ck_assert_msg(ev.has_len == !v->error, "%s", v->name);
            ck_assert_uint_eq(ev.len, v->error ? 0 : v->len);
            ck_assert(slice_equal(ev.payload, slice_make(v->payload, v->len)));
            ck_assert(!ev.complete);
            ck_assert_pstr_eq(ev.inflate_error, v->error);
            ck_assert_str_eq(detail, whole);
        }
    }
}
END_TEST

/* Inflates a message as RFC 7692 section 7.2.2 says, with history.  Blocks
 * with BFINAL are borders; behind one, the tail has nothing to end.  Returns
 * NULL, or what is wrong. */
static const char *
zlib_answer(struct slice wire, struct slice history, size_t *len)
{
    static uint8_t in[64], out[2000], window[32768];
    z_stream z = {0};
    const char *why = NULL;
    bool fresh = true, tail = false;
    ck_assert_uint_le(wire.len, sizeof in - WS_INFLATE_TAIL_LEN);
    memcpy(in, wire.ptr, wire.len);
    memcpy(in + wire.len, ws_inflate_tail, WS_INFLATE_TAIL_LEN);
    ck_assert_int_eq(inflateInit2(&z, -15), Z_OK);
    inflateSetDictionary(&z, history.ptr, (uInt)history.len);
    z.next_in = in;
    z.avail_in = (uInt)wire.len;
    z.next_out = out;
    z.avail_out = sizeof out;
    while (!why && (z.avail_in > 0 || !(tail || fresh))) {
        if (z.avail_in == 0) {
            tail = true;
            z.avail_in = WS_INFLATE_TAIL_LEN;
        }
        int e = inflate(&z, Z_SYNC_FLUSH);
        fresh = e == Z_STREAM_END;
        if (fresh) {
            uInt n = 0;
            inflateGetDictionary(&z, window, &n);
            inflateReset(&z);
            inflateSetDictionary(&z, window, n);
        } else if (e != Z_OK && e != Z_BUF_ERROR) {
            why = z.msg;
        }
    }
    if (!why && !fresh && z.data_type != 128)
        why = "the message ends inside a block";
    *len = sizeof out - z.avail_out;
    ck_assert_uint_gt(z.avail_out, 0);
    inflateEnd(&z);
    return why;
}

/* H, any byte, any end: what zlib says with "Hello" in front of it. */
START_TEST(reaching_before_the_start_comes_to_what_zlib_says)
{
    static const struct slice ends[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\0", 1},
        {(const uint8_t *)"\3\0", 2},
        {(const uint8_t *)"\1\0\0\xff\xff", 5},
        {(const uint8_t *)"\0\1\0\xfe\xff"
                          "A",
         6},
        {(const uint8_t *)"\xf3\0\x11\0\0", 5},
    };
    unsigned n_reached = 0;
    for (unsigned n = 0; n < 512 * ARRAY_LEN(ends); n++) {
        struct slice end = ends[n / 512];
        uint8_t bytes[16] = {(uint8_t)(0xf2 + n % 2), 0x00, 0x11,
                             (uint8_t)(n / 2)};
        char detail[WS_MESSAGE_DETAIL_MAX];
        size_t len = 0;
        memcpy(bytes + 4, end.ptr, end.len);
        struct slice wire = slice_make(bytes, 4 + end.len);
        const char *error = zlib_answer(wire, slice_cstr("Hello"), &len);
        n_reached += !error;
        for (size_t cut = 0; cut < wire.len; cut++) {
            struct event_message ev = {0};
            behind_hello(wire, n % 3 ? 15 : 9, cut ? cut : 1,
                         cut ? wire.len : 1, &ev, detail);
            ck_assert_msg(!ev.inflate_error == !error,
                          "end %u, byte %x, cut %zu: %s instead of %s", n / 512,
                          n % 512, cut, ev.inflate_error, error);
            ck_assert_pstr_eq(ev.inflate_error, error);
            ck_assert_uint_eq(ev.payload.len, len);
            ck_assert_uint_eq(ev.len, error ? 0 : len);
        }
    }
    ck_assert_uint_gt(n_reached, 100);
}
END_TEST

/* Inflates a message cut in two, in pieces of out_cap bytes; returns the
 * inflated length, or 0 when that fails. */
static uint64_t
inflate_in_pieces(struct ws_inflate *i, struct slice wire, size_t cut,
                  size_t out_cap)
{
    static uint8_t in[64], out[64];
    const struct slice runs[] = {slice_head(wire, cut), slice_skip(wire, cut)};
    ck_assert_uint_le(wire.len, sizeof in - WS_INFLATE_TAIL_LEN);
    ck_assert(ws_inflate_begin(i));
    for (unsigned r = 0; r < 2; r++) {
        enum ws_inflate_step step = WS_INFLATE_FULL;
        size_t len = runs[r].len;
        if (len > 0)
            memcpy(in, runs[r].ptr, len);
        if (r == 1) {
            memcpy(in + len, ws_inflate_tail, WS_INFLATE_TAIL_LEN);
            len += WS_INFLATE_TAIL_LEN;
        }
        struct slice some = slice_make(in, len);
        while (step == WS_INFLATE_FULL) {
            struct ws_track_piece piece;
            const char *error = NULL;
            step =
                ws_inflate_run(i, &some, r == 1, out, out_cap, &piece, &error);
        }
        if (step == WS_INFLATE_FAILED) {
            ws_inflate_end(i, false);
            return 0;
        }
    }
    ws_inflate_end(i, true);
    return i->out_len;
}

/* What the tracker has looked at beyond a full piece must not count as told:
 * a copy from before the message may be in it. */
START_TEST(full_pieces_do_not_hide_where_a_message_reaches_before_its_start)
{
    /* A block of codes of one and two bits, found by random trials. */
    static const uint8_t wire[] = {0xec, 0xd5, 0x01, 0x09, 0x00, 0x00,
                                   0x00, 0x80, 0xa0, 0xad, 0xfd, 0x3f,
                                   0xd1, 0x11, 0x3d, 0x61, 0x04, 0x50,
                                   0x84, 0xab, 0xab, 0x88, 0x22, 0x28,
                                   0xa8, 0x40, 0x4e, 0x35, 0x00};
    static uint8_t stored[306] = {0x00, 300 - 256, 1, 255 - (300 - 256), 254};
    struct ws_shared *shared = shared_make(10, 1000, 1 << 20);
    for (size_t out_cap = 1; out_cap <= 64; out_cap += 4)
        for (size_t cut = 0; cut <= sizeof wire; cut++) {
            struct ws_inflate i;
            const char *error = NULL;
            struct ws_track_piece piece;
            uint8_t out[300];
            struct slice past = slice_make(stored, sizeof stored - 1);
            ws_inflate_init(&i, shared->pool,
                            &(struct ws_inflate_config){.window_bits = 12});
            ck_assert(ws_inflate_begin(&i));
            ck_assert_int_eq(ws_inflate_run(&i, &past, false, out, sizeof out,
                                            &piece, &error),
                             WS_INFLATE_DONE);
            ws_inflate_end(&i, true);
            ck_assert_uint_eq(i.past_len, 300);
            uint64_t len = inflate_in_pieces(&i, slice_make(wire, sizeof wire),
                                             cut, out_cap);
            ck_assert_msg(len == 4664, "pieces of %zu, cut at %zu: %u bytes",
                          out_cap, cut, (unsigned)len);
            ck_assert(i.takes_over);
            ws_inflate_fini(&i);
        }
    ws_shared_free(shared);
}
END_TEST

/* ---- Text ----------------------------------------------------------- */

/* The first bad byte is told alike for plain and compressed text. */
START_TEST(the_offset_of_bad_text_is_exact)
{
    for (size_t keep = 0; keep <= 10000; keep += 10000)
        for (unsigned compressed = 0; compressed < 2; compressed++)
            for (size_t bad = 0; bad < 9000; bad += 97) {
                struct ws_shared *shared = shared_make(keep, 1 << 20, 1 << 20);
                struct ws_message m;
                struct event_message ev = {0};
                ws_message_init(&m, shared, true);
                memset(plain_bytes, 'a', 9000);
                plain_bytes[bad] = 0xff;
                struct slice wire = slice_make(plain_bytes, 9000);
                if (compressed) {
                    sender_init(&sender, 15, 6, Z_DEFAULT_STRATEGY, true);
                    sender_compress(&sender, wire);
                    sender_fini(&sender);
                    wire = slice_make(sender.wire, sender.wire_len);
                }
                ck_assert_uint_eq(receive(&m, wire, compressed, bad & 1, 5000,
                                          1448, &ev),
                                  WS_MESSAGE_BAD_UTF8);
                ck_assert(ev.has_utf8_error);
                ck_assert_uint_eq(ev.utf8_error, bad);
                ck_assert(ev.complete);
                ck_assert_uint_eq(ev.len, 9000);
                ws_message_fini(&m);
                ws_shared_free(shared);
            }
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("ws_message");
    TCase *t = tcase_create("ws_message");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, what_zlib_compressed_comes_back, 0,
                        (int)ARRAY_LEN(setups));
    tcase_add_test(t, every_cut_of_a_small_message_gives_the_same);
    tcase_add_test(t, history_lives_on_behind_a_final_block);
    tcase_add_test(t, a_small_piece_in_front_of_the_tail_changes_nothing);
    tcase_add_test(t, a_flood_of_final_blocks_is_given_up);
    tcase_add_test(t, the_limit_of_inflated_bytes_is_exact);
    tcase_add_test(t, a_megabyte_from_a_kilobyte_is_a_bomb);
    tcase_add_test(t, behind_the_limit_history_is_unknown);
    tcase_add_test(t, the_state_used_longest_ago_is_dropped_first);
    tcase_add_test(t, a_state_dropped_inside_a_message_is_told);
    tcase_add_test(t, without_takeover_all_streams_share_one_state);
    tcase_add_test(t, without_memory_for_a_state_the_context_is_missing);
    tcase_add_loop_test(t, nothing_uncertain_is_shown_as_certain, 0,
                        (int)ARRAY_LEN(setups));
    tcase_add_test(t, missing_context_is_told_once_for_each_loss);
    tcase_add_test(t, zlib_goes_on_when_the_unknown_is_out_of_reach);
    tcase_add_test(t, ranges_have_a_maximum);
    tcase_add_test(t, text_is_judged_up_to_the_first_unknown_byte);
    tcase_add_test(t, distances_above_the_agreed_window_are_found);
    tcase_add_test(t, an_empty_payload_is_told_and_harms_nothing);
    tcase_add_test(t, a_tail_left_in_is_told_and_harms_nothing);
    tcase_add_test(t, where_a_message_breaks_is_told);
    tcase_add_test(t, what_inflates_proves_that_it_is_compressed);
    tcase_add_test(t, what_does_not_inflate_is_no_finding_and_then_left_alone);
    tcase_add_test(t, of_kept_messages_those_that_grew_longest_ago_go_first);
    tcase_add_test(t, a_message_alone_is_cut_at_the_budget);
    tcase_add_test(t, what_waits_for_the_next_message_goes_before_what_is_kept);
    tcase_add_test(t, past_the_budget_only_what_waits_goes);
    tcase_add_test(t, digests_count_and_outlive_what_is_kept);
    tcase_add_test(t, one_block_serves_both_inflaters_in_turns);
    tcase_add_loop_test(
        t, a_message_that_reaches_before_its_start_is_the_same_however_cut, 0,
        (int)ARRAY_LEN(lates));
    tcase_add_test(t, reaching_before_the_start_comes_to_what_zlib_says);
    tcase_add_test(
        t, full_pieces_do_not_hide_where_a_message_reaches_before_its_start);
    tcase_add_test(t, the_offset_of_bad_text_is_exact);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
