/* SPDX-License-Identifier: MIT */
/*
 * WSRAY_SEEDS=N in the environment: streams to cut, TRIES_PER_STREAM times
 * each (default SEEDS); WSRAY_SEED=N: the first of them.  A million trials:
 * WSRAY_SEEDS=50000 CK_FORK=no tests/test_ws_sync -v
 */
#include "dissect/ws_sync.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/check_main.h"
#include "tests/ws_traffic.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define SEEDS 320u
#define TRIES_PER_STREAM 20u

/* Where the issue asks frames to be found from, behind a hole. */
#define FAR_BYTES 65536u
#define FAR_FRAMES 20u

static struct ws_sync *
sync_new(bool sender_known, enum ws_sender from, bool rsv1_ok)
{
    struct ws_sync_config config = {.sender_known = sender_known,
                                    .from = from,
                                    .rsv1_ok = rsv1_ok};
    struct ws_sync *s = NULL;
    ck_assert_int_eq(ws_sync_new(&s, &config), ERR_OK);
    return s;
}

/* An assertion for inner loops: check writes a line for each of its own. */
#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition))                                                      \
            ck_abort_msg("%s", #condition);                                    \
    } while (0)

/* A hole in a stream, from off up to end. */
struct cut {
    size_t off, end;
};

static bool
give(struct ws_sync *s, size_t off, struct slice data,
     const struct pkt_meta *meta, size_t step)
{
    while (data.len > 0) {
        struct slice part = slice_head(data, step ? step : data.len);
        size_t n = ws_sync_data(s, off, part, meta);
        MUST(n == part.len || ws_sync_verdict(s)->believed);
        if (ws_sync_verdict(s)->believed)
            return true;
        off += n;
        data = slice_skip(data, n);
    }
    return false;
}

/* Gives the packets of t from offset `from` on, but for the hole, each cut
 * every step bytes (0: not).  Stops when s believes. */
static void
give_traffic(struct ws_sync *s, const struct traffic *t, size_t from,
             struct cut hole, size_t step)
{
    bool told = hole.off >= hole.end;
    for (size_t i = 0; i < t->n_packets; i++) {
        const struct traffic_packet *p = &t->packets[i];
        struct pkt_meta meta = {.number = i + 1,
                                .time_ns = (int64_t)i * 1000,
                                .flags = p->push ? TCP_PSH : 0};
        size_t a = p->off < from ? from : p->off, b = p->off + p->len;
        size_t stop = !told && b > hole.off ? hole.off : b;
        if (a < stop &&
            give(s, a, slice_make(t->bytes + a, stop - a), &meta, step))
            return;
        if (b <= hole.off || told)
            continue;
        told = true;
        if (ws_sync_gap(s, hole.off, hole.end - hole.off, &meta))
            return;
        from = hole.end;
        if (b > from &&
            give(s, from, slice_make(t->bytes + from, b - from), &meta, step))
            return;
    }
    ws_sync_end(s);
}

/* ---- Made-up traffic, cut anywhere ---------------------------------- */

struct tally {
    uint64_t trials, believed, far, found;
};

static void
one_cut(const struct traffic *t, struct chance *c, struct tally *tally,
        uint64_t seed)
{
    bool known = !chance_one_in(c, 4);
    struct ws_sync *s =
        sync_new(known, t->from, t->profile->deflate || chance_one_in(c, 4));
    size_t from = chance_below(c, t->len * 2 / 3);
    if (chance_one_in(c, 2))
        from = t->packets[chance_below(c, t->n_packets * 2 / 3)].off;
    struct cut hole = {0, 0};
    if (chance_one_in(c, 3)) {
        hole.off = from + chance_len(c, 1, 20000);
        hole.end = hole.off + chance_len(c, 1, 5000);
        if (hole.end >= t->len)
            hole = (struct cut){0, 0};
    }
    give_traffic(s, t, from, hole, 0);
    const struct ws_sync_verdict *v = ws_sync_verdict(s);
    size_t last = hole.end ? hole.end : from;
    size_t far = traffic_frame_at(t, last + FAR_BYTES);
    size_t first = traffic_frame_at(t, last) + FAR_FRAMES;
    far = far > first ? far : first;
    tally->trials++;
    tally->far += far < t->n_starts ? t->n_starts - far : 0;
    if (v->believed) {
        bool real = v->from == t->from && traffic_is_start(t, v->offset) &&
                    traffic_is_start(t, v->at);
        ck_assert_msg(real,
                      "seed %" PRIu64 " %s: from %zu, hole %zu to %zu: "
                      "no frame at %" PRIu64 ", %.1f bits",
                      seed, t->profile->name, from, hole.off, hole.end,
                      v->offset, v->bits);
        ck_assert(v->bits >= WS_SYNC_BITS);
        ck_assert(v->first_bits >= WS_SYNC_PROOF_BITS);
        size_t at = traffic_frame_at(t, v->offset);
        at = at > far ? at : far;
        tally->found += at < t->n_starts ? t->n_starts - at : 0;
        tally->believed++;
    }
    ws_sync_free(s);
}

static uint64_t
env_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static size_t
length_for(struct chance *c, const struct traffic_profile *p)
{
    size_t len = 130000 + chance_below(c, 50000);
    return p->most > 100000 ? len * 16 : p->most > 10000 ? len * 3 : len;
}

START_TEST(frames_are_found_behind_any_hole_and_no_others)
{
    static struct tally tallies[TRAFFIC_PROFILES];
    uint64_t first = env_number("WSRAY_SEED", 1);
    uint64_t n = env_number("WSRAY_SEEDS", SEEDS);
    struct traffic t = {0};
    for (uint64_t seed = first; seed < first + n; seed++) {
        size_t k = seed % TRAFFIC_PROFILES;
        struct chance c = {seed};
        enum ws_sender from =
            chance_one_in(&c, 2) ? WS_SENDER_CLIENT : WS_SENDER_SERVER;
        traffic_make(&t, &c, &traffic_profiles[k], from,
                     length_for(&c, &traffic_profiles[k]));
        for (unsigned i = 0; i < TRIES_PER_STREAM; i++)
            one_cut(&t, &c, &tallies[k], seed);
    }
    traffic_free(&t);
    for (size_t k = 0; k < TRAFFIC_PROFILES; k++) {
        const struct tally *y = &tallies[k];
        if (getenv("WSRAY_SEEDS"))
            fprintf(stderr,
                    "# %-22s trials %" PRIu64 " believed %" PRIu64
                    " frames far behind %" PRIu64 " found %" PRIu64 "\n",
                    traffic_profiles[k].name, y->trials, y->believed, y->far,
                    y->found);
        ck_assert_msg(y->found >= y->far - y->far / 100, "%s",
                      traffic_profiles[k].name);
    }
}
END_TEST

/* ---- What is no WebSocket ------------------------------------------- */

START_TEST(data_of_other_kinds_is_never_believed)
{
    const size_t len = 400000;
    uint8_t *bytes = malloc(len);
    ck_assert_ptr_nonnull(bytes);
    for (unsigned seed = 0; seed < 6; seed++) {
        struct chance c = {(uint64_t)_i * 1000 + seed};
        traffic_fill(&c, bytes, len, (enum traffic_fill)_i);
        struct ws_sync *s = sync_new(seed % 3 < 2, seed % 3, seed > 2);
        for (size_t at = 0; at < len; at += 1448) {
            struct pkt_meta meta = {.number = at / 1448 + 1};
            struct slice all = slice_make(bytes, len);
            bool believed =
                give(s, at, slice_head(slice_skip(all, at), 1448), &meta, 0);
            if (believed)
                ck_abort_msg("kind %d seed %u", _i, seed);
        }
        ck_assert(!ws_sync_end(s));
        ws_sync_free(s);
    }
    free(bytes);
}
END_TEST

/* Payloads that look like frames: a pattern, each '?' a random byte, is
 * repeated up to len bytes and then runs into real frames. */
static const struct imitation {
    const char *name;
    enum ws_sender from;
    const char *pattern; /* hex */
    size_t len;
} imitations[] = {
    {"zeros", WS_SENDER_SERVER, "00", 300000},
    {"empty continuations and more", WS_SENDER_SERVER, "00 00 01 00", 300000},
    {"80 80", WS_SENDER_CLIENT, "80", 300000},
    {"82 82", WS_SENDER_CLIENT, "82", 300000},
    {"82 00", WS_SENDER_SERVER, "82 00", 300000},
    {"89 00 8a 00", WS_SENDER_SERVER, "89 00 8a 00", 300000},
    {"81 01", WS_SENDER_SERVER, "81 01 41", 300000},
    {"81 01, any byte", WS_SENDER_SERVER, "81 01 ??", 30000},
    {"642 as a number", WS_SENDER_SERVER, "82 02 00 00", 300000},
    {"records of 20 bytes, all the same", WS_SENDER_SERVER,
     "82 12 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12", 300000},
    {"records of 20 bytes", WS_SENDER_SERVER,
     "82 12 01 02 03 04 ?? ?? ?? ?? ?? ?? ?? ?? 00 00 ?? ?? ?? ??", 30000},
    {"records in turn", WS_SENDER_SERVER,
     "82 06 01 02 03 04 ?? ?? 82 0a ?? ?? ?? ?? ?? ?? ?? ?? ?? ??", 30000},
    {"records with what could be a mask", WS_SENDER_CLIENT,
     "82 8e ?? ?? ?? ?? ?? ?? ?? ?? 00 00 00 00 ?? ?? ?? ?? ?? ??", 30000},
    {"masked zeros", WS_SENDER_CLIENT, "81 82 33 44", 300000},
    {"a length that leads back into step", WS_SENDER_SERVER,
     "82 7e 00 84 ?? ?? ?? ??", 30000},
};

static size_t
unhex(const char *hex, uint8_t *out, bool *any)
{
    size_t n = 0;
    for (; *hex; hex += hex[2] ? 3 : 2) {
        any[n] = hex[0] == '?';
        out[n++] = (uint8_t)strtoul(hex, NULL, 16);
    }
    return n;
}

START_TEST(what_only_repeats_is_not_believed)
{
    const struct imitation *im = &imitations[_i];
    uint8_t pattern[64], *bytes = malloc(im->len);
    bool any[64];
    size_t n = unhex(im->pattern, pattern, any);
    struct traffic t = {0};
    ck_assert_ptr_nonnull(bytes);
    for (unsigned seed = 0; seed < 8; seed++) {
        struct chance c = {seed};
        size_t len = im->len - chance_below(&c, 2 * n);
        for (size_t i = 0; i < len; i++)
            bytes[i] = any[i % n] ? (uint8_t)chance_next(&c) : pattern[i % n];
        traffic_make(&t, &c, &traffic_profiles[3], im->from, 200000);
        struct ws_sync *s = sync_new(true, im->from, false);
        for (size_t at = 0; at < len; at += 1448) {
            struct pkt_meta meta = {.number = at / 1448 + 1};
            if (give(s, at, slice_head(slice_make(bytes + at, len - at), 1448),
                     &meta, 0))
                ck_abort_msg("%s", im->name);
        }
        const struct ws_sync_verdict *v = ws_sync_verdict(s);
        struct pkt_meta meta = {.number = 1000000};
        give(s, len, slice_make(t.bytes, t.len), &meta, 0);
        ck_assert_msg(v->believed, "%s", im->name);
        ck_assert_msg(v->offset >= len && traffic_is_start(&t, v->offset - len),
                      "%s", im->name);
        ws_sync_free(s);
    }
    traffic_free(&t);
    free(bytes);
}
END_TEST

/* ---- Closer looks --------------------------------------------------- */

static const struct traffic_profile *
profile_named(const char *name)
{
    for (size_t i = 0; i < TRAFFIC_PROFILES; i++)
        if (strcmp(traffic_profiles[i].name, name) == 0)
            return &traffic_profiles[i];
    ck_abort_msg("no profile %s", name);
}

/* Right behind the hole stands what could be a header and leads to a real
 * one: that is found by chance often enough. */
START_TEST(what_runs_into_real_frames_is_not_told_with_them)
{
    struct traffic t = {0};
    for (unsigned seed = 0; seed < 500; seed++) {
        struct chance c = {seed};
        uint8_t fake[100];
        struct pkt_meta meta = {.number = 1};
        traffic_make(&t, &c, profile_named("tiny random"),
                     seed % 2 ? WS_SENDER_CLIENT : WS_SENDER_SERVER, 10000);
        /* One to three headers, each behind the other. */
        size_t n = 0;
        for (size_t k = 1 + chance_below(&c, 3); k > 0; k--) {
            size_t len = 6 + chance_below(&c, 20);
            traffic_fill(&c, fake + n, len, FILL_RANDOM);
            fake[n] = (uint8_t)(0x81 + chance_below(&c, 2));
            fake[n + 1] =
                (uint8_t)(seed % 2 ? 0x80 + len - 6 : (unsigned)len - 2);
            n += len;
        }
        struct ws_sync *s = sync_new(true, t.from, false);
        give(s, 0, slice_make(fake, n), &meta, 0);
        meta.number = 2;
        give(s, n, slice_make(t.bytes, t.len), &meta, 0);
        const struct ws_sync_verdict *v = ws_sync_verdict(s);
        ck_assert(v->believed);
        ck_assert_msg(v->offset >= n && traffic_is_start(&t, v->offset - n),
                      "seed %u: %" PRIu64 " of %zu", seed, v->offset, n);
        ws_sync_free(s);
    }
    traffic_free(&t);
}
END_TEST

START_TEST(how_packets_are_cut_into_calls_changes_nothing)
{
    static const size_t steps[] = {1, 2, 7, 255, 257, 1000};
    struct traffic t = {0};
    for (unsigned seed = 0; seed < 2 * TRAFFIC_PROFILES; seed++) {
        struct chance c = {seed};
        traffic_make(&t, &c, &traffic_profiles[seed % TRAFFIC_PROFILES],
                     seed % 3 ? WS_SENDER_SERVER : WS_SENDER_CLIENT, 60000);
        size_t from = chance_below(&c, 5000);
        struct cut hole = {from + 700, from + 800};
        struct ws_sync *whole = sync_new(true, t.from, true);
        give_traffic(whole, &t, from, hole, 0);
        const struct ws_sync_verdict *w = ws_sync_verdict(whole);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
            struct ws_sync *s = sync_new(true, t.from, true);
            give_traffic(s, &t, from, hole, steps[i]);
            const struct ws_sync_verdict *v = ws_sync_verdict(s);
            ck_assert_uint_eq(v->believed, w->believed);
            ck_assert_uint_eq(v->offset, w->offset);
            ck_assert_uint_eq(v->at, w->at);
            ck_assert_double_eq(v->bits, w->bits);
            ck_assert_double_eq(v->first_bits, w->first_bits);
            ws_sync_free(s);
        }
        ws_sync_free(whole);
    }
    traffic_free(&t);
}
END_TEST

START_TEST(what_is_held_is_what_came)
{
    struct traffic t = {0};
    for (unsigned seed = 0; seed < 300; seed++) {
        struct chance c = {seed};
        struct ws_sync_piece p;
        struct slice data;
        traffic_make(&t, &c, &traffic_profiles[seed % TRAFFIC_PROFILES],
                     WS_SENDER_SERVER, 200000);
        size_t from = chance_below(&c, 5000);
        struct cut hole = {from + 3000 + chance_below(&c, 20000), 0};
        hole.end = hole.off + 1 + chance_below(&c, 100);
        struct ws_sync *s = sync_new(true, t.from, true);
        give_traffic(s, &t, from, hole, 0);
        const struct ws_sync_verdict *v = ws_sync_verdict(s);
        uint64_t off = v->offset;
        for (size_t i = 0; v->believed && ws_sync_held(s, i, &p, &data); i++) {
            ck_assert_uint_eq(p.off, off);
            ck_assert_uint_eq(p.gap, off == hole.off);
            ck_assert_uint_eq(data.len, p.gap ? 0 : p.len);
            ck_assert(p.gap || memcmp(data.ptr, t.bytes + off, data.len) == 0);
            const struct traffic_packet *k = &t.packets[p.meta.number - 1];
            ck_assert(p.gap ||
                      (k->off <= off && off + p.len <= k->off + k->len));
            off += p.len;
        }
        ck_assert(!v->believed || off > v->at);
        ws_sync_free(s);
    }
    traffic_free(&t);
}
END_TEST

/* Two chains that never meet, both flawless. */
START_TEST(rivals_are_not_decided_between)
{
    struct chance c = {7};
    uint8_t bytes[60000];
    struct pkt_meta meta = {.number = 1};
    size_t at = 0;
    memset(bytes, 0x7f, sizeof bytes);
    while (at + 400 < sizeof bytes) {
        size_t step = 60 + chance_below(&c, 60);
        bytes[at] = bytes[at + 30] = 0x82;
        bytes[at + 1] = bytes[at + 31] = (uint8_t)(step - 2);
        at += step;
    }
    struct ws_sync *s = sync_new(true, WS_SENDER_SERVER, false);
    ck_assert(!give(s, 0, slice_make(bytes, at), &meta, 0));
    ck_assert(!ws_sync_end(s));
    ws_sync_free(s);
    /* Without the second one the first is believed. */
    for (at = 0; at + 32 < sizeof bytes; at += 2u + bytes[at + 1])
        bytes[at + 30] = 0x7f;
    s = sync_new(true, WS_SENDER_SERVER, false);
    ck_assert(give(s, 0, slice_make(bytes, at), &meta, 0));
    ws_sync_free(s);
}
END_TEST

START_TEST(an_unknown_sender_is_told_by_the_mask_bit)
{
    struct traffic t = {0};
    for (unsigned seed = 0; seed < 100; seed++) {
        struct chance c = {seed};
        enum ws_sender from = seed % 2 ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
        traffic_make(&t, &c, profile_named(seed % 4 < 2 ? "deflate" : "chat"),
                     from, 60000);
        struct ws_sync *s = sync_new(false, WS_SENDER_CLIENT, true);
        give_traffic(s, &t, chance_below(&c, 3000), (struct cut){0, 0}, 0);
        const struct ws_sync_verdict *v = ws_sync_verdict(s);
        ck_assert(v->believed);
        ck_assert_uint_eq(v->from, from);
        ck_assert_uint_eq(v->rsv1_seen, seed % 4 < 2);
        ws_sync_free(s);
        /* And a known one is not taken for the other. */
        s = sync_new(true, from == WS_SENDER_CLIENT, true);
        give_traffic(s, &t, 0, (struct cut){0, 0}, 0);
        ck_assert(!ws_sync_verdict(s)->believed);
        ws_sync_free(s);
    }
    traffic_free(&t);
}
END_TEST

START_TEST(frames_larger_than_what_is_held_are_told_from_a_later_one)
{
    struct chance c = {3};
    struct traffic t = {.from = WS_SENDER_SERVER};
    for (unsigned i = 0; i < 30; i++)
        traffic_frame(&t, &c, 0x82, 300000 + chance_below(&c, 9000),
                      FILL_RANDOM);
    traffic_send(&t, &c, false);
    struct ws_sync *s = sync_new(true, t.from, false);
    give_traffic(s, &t, 1000, (struct cut){0, 0}, 0);
    const struct ws_sync_verdict *v = ws_sync_verdict(s);
    ck_assert(v->believed);
    ck_assert(traffic_is_start(&t, v->offset));
    ck_assert_uint_le(traffic_frame_at(&t, v->offset), FAR_FRAMES);
    ck_assert_uint_lt(ws_sync_memory(s), 2 * WS_SYNC_HOLD_MAX);
    ws_sync_free(s);
    traffic_free(&t);
}
END_TEST

/* Gives data in packets of step bytes, a gap after each `every` of them. */
static void
flood(const char *name, struct slice data, size_t step, size_t every)
{
    struct ws_sync *s = sync_new(false, WS_SENDER_CLIENT, true);
    struct pkt_meta meta = {0};
    uint64_t off = 0;
    for (size_t at = 0; at < data.len; at += step) {
        struct slice part = slice_head(slice_skip(data, at), step);
        meta.number++;
        if (give(s, off, part, &meta, 0))
            break;
        off += part.len;
        if (every && meta.number % every == 0) {
            if (ws_sync_gap(s, off, 1000, &meta))
                break;
            off += 1000;
        }
        if (ws_sync_memory(s) >= 1 << 20)
            ck_abort_msg("%s: %zu bytes", name, ws_sync_memory(s));
    }
    ws_sync_free(s);
}

START_TEST(memory_is_bounded_whatever_comes)
{
    static const char *const patterns[] = {
        "\x82\x7e\x7f\xff", "\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff",
        "\x01\x7e\xff\xfe", "\x82\xfe\xff\xff",
        "\x00\x00",         "\x82\x01"};
    const size_t len = 300000;
    uint8_t *bytes = malloc(len);
    struct traffic t = {0};
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        size_t n = i == 1 ? 10 : i < 4 ? 4 : 2;
        struct chance c = {i};
        for (size_t k = 0; k < len; k++)
            bytes[k] = (uint8_t)patterns[i][k % n];
        for (size_t k = 3; k < len; k += n)
            if (n == 4)
                bytes[k] = (uint8_t)chance_next(&c);
        flood("whole", slice_make(bytes, len), 30000, 0);
        flood("bytes", slice_make(bytes, len), 1, 0);
        flood("bytes and gaps", slice_make(bytes, len), 1, 1);
        flood("gaps", slice_make(bytes, len), 200, 3);
    }
    /* A proven chain with a long frame at its end, in single bytes. */
    struct chance c = {1};
    for (unsigned i = 0; i < 9; i++)
        traffic_frame(&t, &c, 0x82, 20 + i, FILL_RANDOM);
    traffic_frame(&t, &c, 0x82, len, FILL_RANDOM);
    flood("long", slice_make(t.bytes, t.len), 1, 0);
    flood("long with gaps", slice_make(t.bytes, t.len), 1, 2);
    traffic_free(&t);
    free(bytes);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("ws_sync");
    TCase *t = tcase_create("ws_sync");
    tcase_set_timeout(t, getenv("WSRAY_SEEDS") ? 0 : 120);
    tcase_add_test(t, frames_are_found_behind_any_hole_and_no_others);
    tcase_add_loop_test(t, data_of_other_kinds_is_never_believed, 0,
                        FILL_COUNT);
    tcase_add_loop_test(t, what_only_repeats_is_not_believed, 0,
                        (int)ARRAY_LEN(imitations));
    tcase_add_test(t, what_runs_into_real_frames_is_not_told_with_them);
    tcase_add_test(t, how_packets_are_cut_into_calls_changes_nothing);
    tcase_add_test(t, what_is_held_is_what_came);
    tcase_add_test(t, rivals_are_not_decided_between);
    tcase_add_test(t, an_unknown_sender_is_told_by_the_mask_bit);
    tcase_add_test(t,
                   frames_larger_than_what_is_held_are_told_from_a_later_one);
    tcase_add_test(t, memory_is_bounded_whatever_comes);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
