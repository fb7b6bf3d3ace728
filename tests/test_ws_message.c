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
                          0);
        check_same(&ev, plain, 10000, sender.wire_len);
        memcpy(history + history_len, plain.ptr, plain.len);
        history_len += plain.len;
    }
    ws_message_fini(&m);
    ws_shared_free(shared);
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
                      0);
    ck_assert(ev.complete);
    ck_assert_uint_eq(receive(&m, slice_make(wire, sizeof wire), true, false,
                              sizeof wire, sizeof wire, &ev),
                      WS_MESSAGE_INFLATE_FAILED);
    ck_assert_str_eq(ev.inflate_error, "too many blocks with BFINAL");
    ws_message_fini(&m);
    ws_shared_free(shared);
}
END_TEST

/* ---- Limits --------------------------------------------------------- */

static unsigned
inflate_zeros(size_t len, uint64_t limit, size_t run_len,
              struct event_message *ev)
{
    struct ws_shared *shared = shared_make(100, limit, 1 << 20);
    struct ws_message m;
    uint8_t *zeros = calloc(1, len);
    ck_assert_ptr_nonnull(zeros);
    ws_message_init(&m, shared, true);
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
    for (size_t run = 1; run < 300; run += 13) {
        ck_assert_uint_eq(inflate_zeros(200000, 200000, run, &ev), 0);
        ck_assert(ev.complete);
        ck_assert_uint_eq(ev.len, 200000);
        ck_assert_uint_eq(inflate_zeros(200001, 200000, run, &ev),
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
    ck_assert_uint_eq(inflate_zeros((1 << 20) + 1, 1 << 24, WIRE_MAX, &ev),
                      WS_MESSAGE_BOMB);
    ck_assert(ev.complete);
    ck_assert_uint_eq(inflate_zeros(1 << 20, 1 << 24, WIRE_MAX, &ev), 0);
    ck_assert_uint_eq(inflate_zeros(1 << 24, 1 << 21, 100, &ev),
                      WS_MESSAGE_BOMB);
    ck_assert(!ev.complete);
}
END_TEST

START_TEST(behind_the_limit_only_a_fresh_context_inflates)
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
        sender_compress(&sender, slice_cstr("next"));
        unsigned found = receive(&m, slice_make(sender.wire, sender.wire_len),
                                 true, true, WIRE_MAX, 7, &ev);
        ck_assert_uint_eq(found, takeover ? WS_MESSAGE_CONTEXT_MISSING : 0);
        ck_assert(ev.complete == !takeover);
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
    ck_assert_uint_eq(hello(&m[1], &ev), WS_MESSAGE_CONTEXT_MISSING);
    ck_assert(!ev.complete);
    ck_assert_uint_eq(hello(&m[0], &ev), 0);
    ck_assert_uint_eq(hello(&m[2], &ev), 0);
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
        ck_assert_uint_eq(hello(&a, &ev),
                          takeover ? WS_MESSAGE_CONTEXT_MISSING : 0);
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
    tcase_add_test(t, a_flood_of_final_blocks_is_given_up);
    tcase_add_test(t, the_limit_of_inflated_bytes_is_exact);
    tcase_add_test(t, a_megabyte_from_a_kilobyte_is_a_bomb);
    tcase_add_test(t, behind_the_limit_only_a_fresh_context_inflates);
    tcase_add_test(t, the_state_used_longest_ago_is_dropped_first);
    tcase_add_test(t, a_state_dropped_inside_a_message_is_told);
    tcase_add_test(t, without_takeover_all_streams_share_one_state);
    tcase_add_test(t, without_memory_for_a_state_the_context_is_missing);
    tcase_add_test(t, the_offset_of_bad_text_is_exact);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
