/* SPDX-License-Identifier: MIT */
/*
 * Oracle: of frames made from the input, with a hole and cut into packets as
 * the input says, only real ones are believed; how packets are cut into calls
 * changes nothing; what is held is what came; memory is bounded.
 *
 * The input cannot be let to write payloads freely: it would soon hold frames
 * in frames, which nothing can tell from real ones.  So its bytes say what the
 * frames are, and payloads come from a few of them by rules.  With FLAG_RAW
 * it is the stream itself, and only the other rules are checked.
 *
 * Input: flags, where the capture begins, where the hole is (2 bytes) and its
 * length, how calls are cut, then the recipe.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "dissect/ws_sync.h"
#include "tests/ws_traffic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FLAG_SERVER = 1,
    FLAG_RAW = 2,
    FLAG_KNOWN = 4,
    FLAG_RSV1 = 8,
};

static void
must(bool ok)
{
    if (!ok)
        abort();
}

struct run {
    struct ws_sync *s;
    const struct traffic *t;
    size_t hole_off, hole_len, step;
};

/* Gives the bytes from `at` to `end`; true when s believes. */
static bool
give(const struct run *r, size_t at, size_t end, const struct pkt_meta *meta)
{
    while (at < end) {
        size_t n = r->step < end - at ? r->step : end - at;
        size_t taken =
            ws_sync_data(r->s, at, slice_make(r->t->bytes + at, n), meta);
        must(ws_sync_memory(r->s) < (size_t)1 << 20);
        if (ws_sync_verdict(r->s)->believed)
            return true;
        must(taken == n);
        at += n;
    }
    return false;
}

static void
run(struct run *r, size_t from)
{
    const struct traffic *t = r->t;
    size_t hole_end = r->hole_off + r->hole_len;
    bool told = r->hole_len == 0;
    for (size_t i = 0; i < t->n_packets; i++) {
        const struct traffic_packet *p = &t->packets[i];
        struct pkt_meta meta = {.number = i + 1,
                                .flags = p->push ? TCP_PSH : 0};
        size_t a = p->off < from ? from : p->off, b = p->off + p->len;
        size_t stop = !told && b > r->hole_off ? r->hole_off : b;
        if (a < stop && give(r, a, stop, &meta))
            return;
        if (b <= r->hole_off || told)
            continue;
        told = true;
        if (ws_sync_gap(r->s, r->hole_off, r->hole_len, &meta))
            return;
        from = hole_end;
        if (b > from && give(r, from, b, &meta))
            return;
    }
    ws_sync_end(r->s);
}

static void
check_held(const struct run *r)
{
    const struct ws_sync_verdict *v = ws_sync_verdict(r->s);
    struct ws_sync_piece p;
    struct slice data;
    uint64_t off = v->offset;
    for (size_t i = 0; ws_sync_held(r->s, i, &p, &data); i++) {
        must(p.off == off && p.len > 0);
        must(data.len == (p.gap ? 0 : p.len));
        must(p.gap || memcmp(data.ptr, r->t->bytes + off, data.len) == 0);
        must(!p.gap || off == r->hole_off);
        off += p.len;
    }
    must(off > v->at && off <= r->t->len);
}

/* Frames by recipe: kind, length (2 bytes, how they count), seed. */
static void
cook(struct traffic *t, const uint8_t *p, size_t size)
{
    static const uint8_t kinds[] = {0x81, 0x82, 0x82, 0x81, 0x89, 0x8a,
                                    0xc1, 0xc2, 0x02, 0x88, 0x82, 0x82};
    bool open = false;
    while (size >= 4 && t->len < 100000) {
        uint8_t byte0 = kinds[p[0] % sizeof kinds];
        size_t len = (size_t)(p[1] << 8 | p[2]) >> (p[0] >> 4);
        struct chance c = {(uint64_t)p[3] << 32 | t->len};
        bool text = (byte0 & 15) == 1;
        enum traffic_fill fill = text ? FILL_ASCII : FILL_RANDOM;
        if (byte0 >= 0x88 && byte0 <= 0x8a) {
            len %= 126;
            len += byte0 == 0x88 && len == 1;
        } else {
            if (!text)
                fill = (enum traffic_fill)(p[3] % FILL_STRUCTS);
            if (open && byte0 == 0x02)
                byte0 = 0x00;
            else if (open)
                byte0 = 0x80;
            open = !(byte0 & 0x80);
        }
        traffic_frame(t, &c, byte0, len, fill);
        if (p[3] & 1)
            traffic_send(t, &c, (p[3] & 2) != 0);
        p += 4;
        size -= 4;
    }
    struct chance c = {1};
    traffic_send(t, &c, false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct traffic t = {0};
    if (size < 10 || size > 1 << 15)
        return 0;
    unsigned flags = data[0];
    struct ws_sync_config config = {.sender_known = flags & FLAG_KNOWN,
                                    .from = flags & FLAG_SERVER
                                                ? WS_SENDER_SERVER
                                                : WS_SENDER_CLIENT,
                                    .rsv1_ok = true};
    t.from = config.from;
    if (flags & FLAG_RAW) {
        struct chance c = {data[1]};
        config.rsv1_ok = flags & FLAG_RSV1;
        t.len = size - 6;
        t.bytes = malloc(t.len);
        must(t.bytes != NULL);
        memcpy(t.bytes, data + 6, t.len);
        traffic_send(&t, &c, true);
    } else {
        cook(&t, data + 6, size - 6);
    }
    size_t from = data[1] % t.len;
    const size_t steps[] = {t.len, 1u + data[5], 1};
    struct ws_sync_verdict first = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct run r = {.t = &t, .step = steps[i]};
        r.hole_off = from + (size_t)(data[2] << 8 | data[3]);
        r.hole_len = data[4];
        if (r.hole_off + r.hole_len >= t.len)
            r.hole_off = r.hole_len = 0;
        /* One byte a call is slow. */
        if (i == 2 && t.len > 20000)
            break;
        must(ws_sync_new(&r.s, &config) == ERR_OK);
        run(&r, from);
        struct ws_sync_verdict v = *ws_sync_verdict(r.s);
        if (i == 0)
            first = v;
        must(v.believed == first.believed && v.offset == first.offset &&
             v.at == first.at && v.from == first.from);
        if (v.believed)
            check_held(&r);
        if (v.believed && !(flags & FLAG_RAW))
            must(v.from == t.from && traffic_is_start(&t, v.offset));
        ws_sync_free(r.s);
    }
    traffic_free(&t);
    return 0;
}
