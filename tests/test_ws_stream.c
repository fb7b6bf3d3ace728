/* SPDX-License-Identifier: MIT */
#include "dissect/ws_stream.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "dissect/ws_unmask.h"
#include "tests/check_main.h"
#include "tests/edge_page.h"
#include "tests/ws_traffic.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define LOG_MAX 16384u
#define WANT(type) (1u << (type))
#define WANT_ALL                                                               \
    (WANT(EVENT_FRAME) | WANT(EVENT_MESSAGE) | WANT(EVENT_GAP) |               \
     WANT(EVENT_FINDING))

/* ---- A stream and the log of its events ----------------------------- */

/*
 * One line an event:
 *   f1 -4text m1 3 z cut ="hex"  frame 1, no FIN, RSV 4, of message 1, payload
 *       of 3 bytes, compressed, incomplete, kept payload; completes message 2:
 *       "> m2"; found behind a loss of boundaries: "found"
 *   M1 text 2f 10w 5 z part bad@3 short "Hello"  message 1 of 2 frames, 10
 *       payload bytes, 5 decoded, compressed, incomplete, UTF-8 error at 3,
 *       truncated; "?" instead of an unknown length
 *   G3+5 to 17                   gap; "lost" when frames do not start again
 *   ! id f1 m1 @0                finding, its frame, message and offset
 */
struct rig {
    struct dissect_limits limits;
    struct event_sink sink;
    struct emitter emit;
    struct ws_shared *shared;
    struct ws_stream *stream;
    struct pkt_meta meta;
    uint64_t off;
    char log[LOG_MAX];
    size_t log_len;
};

__attribute__((format(printf, 2, 3))) static void
rig_log(struct rig *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(r->log + r->log_len, LOG_MAX - r->log_len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= LOG_MAX - r->log_len)
        ck_abort_msg("the log is too long");
    r->log_len += (size_t)n;
}

static const char *
name_of(uint8_t opcode)
{
    static const char *const names[16] = {"cont",  "text", "bin",  "r3",
                                          "r4",    "r5",   "r6",   "r7",
                                          "close", "ping", "pong", "r11",
                                          "r12",   "r13",  "r14",  "r15"};
    return names[opcode & 15u];
}

static void
log_bytes(struct rig *r, struct slice s)
{
    rig_log(r, " \"");
    for (size_t i = 0; i < s.len && i < 40; i++)
        if (s.ptr[i] >= ' ' && s.ptr[i] < 0x7f)
            rig_log(r, "%c", s.ptr[i]);
        else
            rig_log(r, "\\%02x", s.ptr[i]);
    rig_log(r, s.len > 40 ? "...\"" : "\"");
}

static void
log_frame(struct rig *r, const struct event_frame *f)
{
    rig_log(r, "f%" PRIu64 " %s", f->number, f->header.fin ? "" : "-");
    if (f->header.rsv)
        rig_log(r, "%u", f->header.rsv);
    rig_log(r, "%s", name_of(f->header.opcode));
    if (f->message)
        rig_log(r, " m%" PRIu64, f->message);
    rig_log(r, " %" PRIu64 "%s%s", f->header.payload_len,
            f->compressed ? " z" : "", f->complete ? "" : " cut");
    if (f->has_close_code)
        rig_log(r, " code %u", f->close_code);
    if (f->close_reason.len)
        log_bytes(r, f->close_reason);
    else if (f->payload.len && !f->has_close_code)
        log_bytes(r, f->payload);
    if (f->completed)
        rig_log(r, " > m%" PRIu64, f->completed->number);
    if (!f->synced) {
        rig_log(r, " found");
        ck_assert(f->confidence >= WS_SYNC_PROOF_BITS);
    }
}

static void
log_message(struct rig *r, const struct event_message *m)
{
    rig_log(r, "M%" PRIu64 " %s %uf %" PRIu64 "w ", m->number,
            name_of(m->opcode), m->n_frames, m->wire_len);
    if (m->has_len)
        rig_log(r, "%" PRIu64, m->len);
    else
        rig_log(r, "?");
    rig_log(r, "%s%s", m->compressed ? " z" : "", m->complete ? "" : " part");
    if (m->has_utf8_error)
        rig_log(r, " bad@%" PRIu64, m->utf8_error);
    if (m->truncated && m->complete)
        rig_log(r, " short");
    if (m->payload.len)
        log_bytes(r, m->payload);
    if (m->has_digest) {
        rig_log(r, " #");
        for (size_t i = 0; i < 4; i++)
            rig_log(r, "%02x", m->digest.ptr[i]);
    }
    if (m->inflate_error)
        rig_log(r, " error");
}

static void
on_event(void *ctx, const struct event *ev)
{
    struct rig *r = ctx;
    if (ev->type == EVENT_FRAME) {
        log_frame(r, ev->frame);
    } else if (ev->type == EVENT_MESSAGE) {
        log_message(r, ev->message);
    } else if (ev->type == EVENT_GAP) {
        rig_log(r, "G%" PRIu64 "+%" PRIu64, ev->gap->offset, ev->gap->len);
        if (ev->gap->resynced)
            rig_log(r, " to %" PRIu64, ev->gap->resync_offset);
        else
            rig_log(r, " lost");
    } else {
        const struct event_finding *f = ev->finding;
        rig_log(r, "! %s", finding_info(f->id)->id);
        if (f->frame)
            rig_log(r, " f%" PRIu64, f->frame);
        if (f->message)
            rig_log(r, " m%" PRIu64, f->message);
        rig_log(r, " @%" PRIu64, f->offset);
    }
    rig_log(r, "\n");
}

static void
rig_init(struct rig *r, uint32_t wants, size_t keep)
{
    memset(r, 0, sizeof *r);
    r->limits = (struct dissect_limits){.message_keep = 1 << 20,
                                        .inflate_len = 1 << 20,
                                        .inflate_memory = 1 << 20};
    threshold_defaults(&r->limits.thresholds);
    r->sink = (struct event_sink){.wants = wants,
                                  .keep = keep,
                                  .ctx = r,
                                  .event = on_event};
}

static void
rig_open(struct rig *r, enum ws_sender from, bool deflate, bool no_takeover)
{
    emit_init(&r->emit, &r->sink, 1);
    ck_assert_int_eq(ws_shared_new(&r->shared, &r->limits, &r->sink), ERR_OK);
    struct ws_stream_config config = {.from = from,
                                      .has_deflate = deflate,
                                      .window_bits = 15,
                                      .no_context_takeover = no_takeover,
                                      .emit = &r->emit,
                                      .shared = r->shared};
    ck_assert_int_eq(ws_stream_new(&r->stream, &config, 0), ERR_OK);
}

static void
rig_close(struct rig *r)
{
    ws_stream_free(r->stream);
    ws_shared_free(r->shared);
    emit_fini(&r->emit);
    r->stream = NULL;
    r->shared = NULL;
}

static void
rig_data(struct rig *r, struct slice data)
{
    r->meta.number++;
    r->meta.time_ns += 1000;
    ws_stream_data(r->stream, r->off, data, &r->meta);
    r->off += data.len;
}

static void
rig_gap(struct rig *r, uint64_t len)
{
    r->meta.number++;
    ws_stream_gap(r->stream, r->off, len, &r->meta);
    r->off += len;
}

/* ---- Frames from a recipe ------------------------------------------- */

/*
 * Frames one behind the other: FLAGS OPCODE PAYLOAD.  Flags: '-' no FIN; '1',
 * '2', '3' that RSV bit; 'u' the MASK bit that the sender must not set.
 * Opcode: t, b, c(ontinuation), x (close), p(ing), o (pong) or # and a hex
 * digit.  Payload: ":text" up to a space ('_' is a space), "=hex" or "*N"
 * for N times 'x'.  Mask of a masked frame: its number in the last byte.
 */
static void
add_payload(struct buf *payload, const char **recipe)
{
    const char *p = *recipe;
    unsigned byte;
    if (*p == '=') {
        for (p++; sscanf(p, "%2x", &byte) == 1; p += 2) {
            uint8_t b = (uint8_t)byte;
            ck_assert_int_eq(buf_append(payload, &b, 1), ERR_OK);
            if (p[2] == ' ' || p[2] == '\0') {
                p += 2;
                break;
            }
        }
    } else if (*p == '*') {
        for (long n = strtol(p + 1, (char **)&p, 10); n > 0; n--)
            ck_assert_int_eq(buf_append(payload, "x", 1), ERR_OK);
    } else if (*p == ':') {
        for (p++; *p && *p != ' '; p++)
            ck_assert_int_eq(buf_append(payload, *p == '_' ? " " : p, 1),
                             ERR_OK);
    }
    *recipe = p;
}

static void
add_frame(struct buf *out, uint8_t byte0, bool masked, uint8_t key,
          struct slice payload)
{
    uint8_t head[14] = {byte0};
    size_t n = 2;
    if (payload.len < 126) {
        head[1] = (uint8_t)payload.len;
    } else if (payload.len < 65536) {
        head[1] = 126;
        head[2] = (uint8_t)(payload.len >> 8);
        head[3] = (uint8_t)payload.len;
        n = 4;
    } else {
        head[1] = 127;
        for (unsigned i = 0; i < 8; i++)
            head[2 + i] = (uint8_t)((uint64_t)payload.len >> (56 - 8 * i));
        n = 10;
    }
    uint8_t mask[4] = {0};
    if (masked) {
        mask[0] = 0xa1;
        mask[1] = 0x5c;
        mask[2] = 0x93;
        mask[3] = key;
        head[1] |= 0x80;
        memcpy(head + n, mask, 4);
        n += 4;
    }
    ck_assert_int_eq(buf_append(out, head, n), ERR_OK);
    uint8_t *at = buf_reserve(out, payload.len);
    ck_assert_ptr_nonnull(at);
    ws_unmask(at, payload.ptr, payload.len, mask, 0);
    out->len += payload.len;
}

static void
cook(struct buf *out, const char *recipe, enum ws_sender from)
{
    static const char letters[] = "ctb     xpo";
    struct buf payload;
    uint8_t key = 0;
    buf_init(&payload, 1 << 21);
    buf_init(out, 1 << 22);
    for (const char *p = recipe; *p; key++) {
        uint8_t byte0 = 0x80;
        bool masked = from == WS_SENDER_CLIENT;
        for (; strchr("-123u", *p); p++) {
            if (*p == '-')
                byte0 &= 0x7f;
            else if (*p == 'u')
                masked = !masked;
            else
                byte0 |= (uint8_t)(0x80u >> (*p - '0'));
        }
        if (*p == '#') {
            byte0 |= (uint8_t)strtol((char[2]){p[1], 0}, NULL, 16);
            p += 2;
        } else {
            const char *letter = strchr(letters, *p++);
            ck_assert_msg(letter != NULL, "bad recipe: %s", recipe);
            byte0 |= (uint8_t)(letter - letters);
        }
        buf_clear(&payload);
        add_payload(&payload, &p);
        add_frame(out, byte0, masked, key, buf_slice(&payload));
        while (*p == ' ')
            p++;
    }
    buf_fini(&payload);
}

/* Runs all of bytes, cut after `first` bytes and then every `rest`. */
static void
rig_run(struct rig *r, enum ws_sender from, bool deflate, bool no_takeover,
        struct slice bytes, size_t first, size_t rest, struct edge_page *page)
{
    rig_open(r, from, deflate, no_takeover);
    for (size_t at = 0; at < bytes.len;) {
        size_t n = at == 0 && first ? first : rest;
        if (n > bytes.len - at)
            n = bytes.len - at;
        rig_data(r, edge_page_put(page, slice_make(bytes.ptr + at, n)));
        at += n;
    }
    r->meta.number++;
    ws_stream_end(r->stream, &r->meta);
}

/* ---- Vectors -------------------------------------------------------- */

enum {
    FROM_SERVER = 1,
    DEFLATE = 2,
    NO_TAKEOVER = 4,
};

static const struct vector {
    const char *name;
    unsigned flags;
    const char *recipe;
    const char *log;
} vectors[] = {
    {"1.1.1: an empty text", 0, "t",
     "f1 text m1 0 > m1\n"
     "M1 text 1f 0w 0\n"},
    {"a text and a binary message", 0, "t:Hello b=00ff",
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "f2 bin m2 2 > m2\n"
     "M2 bin 1f 2w 2 \"\\00\\ff\"\n"},
    {"1.1.2: 125 bytes", 0, "t*125",
     "f1 text m1 125 > m1\n"
     "M1 text 1f 125w 125 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"\n"},
    {"1.1.3: 126 bytes", 0, "t*126",
     "f1 text m1 126 > m1\n"
     "M1 text 1f 126w 126 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"\n"},
    {"1.1.6: 65535 bytes", 0, "t*65535",
     "f1 text m1 65535 > m1\n"
     "M1 text 1f 65535w 65535 short "
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"\n"},
    {"1.1.7: 65536 bytes", 0, "t*65536",
     "f1 text m1 65536 > m1\n"
     "M1 text 1f 65536w 65536 short "
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"\n"},
    {"1.2.8: 65536 bytes of a server", FROM_SERVER, "b*65536",
     "f1 bin m1 65536 > m1\n"
     "M1 bin 1f 65536w 65536 short "
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"\n"},
    {"2.1: an empty ping", 0, "p", "f1 ping 0\n"},
    {"2.2: ping Hello", FROM_SERVER, "p:Hello,_world!",
     "f1 ping 13 \"Hello, world!\"\n"},
    {"2.3: ping of bytes", 0, "p=00fffefdfcfb00ff",
     "f1 ping 8 \"\\00\\ff\\fe\\fd\\fc\\fb\\00\\ff\"\n"},
    {"2.4: a ping of 125 bytes", 0, "p*125",
     "f1 ping 125 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"\n"},
    {"2.5: a ping of 126 bytes", 0, "p*126 t:on",
     "! frame-control-too-long f1 @0\n"
     "f1 ping 126 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"\n"
     "f2 text m1 2 > m1\n"
     "M1 text 1f 2w 2 \"on\"\n"},
    {"2.7: an empty pong, then close", 0, "o x=03e8",
     "f1 pong 0\n"
     "f2 close 2 code 1000\n"},
    {"2.9: an unsolicited pong", 0, "o:unasked p:ping_payload",
     "f1 pong 7 \"unasked\"\n"
     "f2 ping 12 \"ping payload\"\n"},
    {"3.1: RSV 1", 0, "3t:Hello",
     "! frame-rsv2-or-rsv3-set f1 @0\n"
     "f1 1text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"},
    {"3.2: RSV 2", 0, "t:Hello 2t:Hello p",
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "! frame-rsv2-or-rsv3-set f2 @11\n"
     "f2 2text m2 5 > m2\n"
     "M2 text 1f 5w 5 \"Hello\"\n"
     "f3 ping 0\n"},
    {"3.3: RSV 3", 0, "t:Hello 23t:Hello p",
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "! frame-rsv2-or-rsv3-set f2 @11\n"
     "f2 3text m2 5 > m2\n"
     "M2 text 1f 5w 5 \"Hello\"\n"
     "f3 ping 0\n"},
    {"3.4: RSV 4", 0, "t:Hello 1t:Hello p",
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "! frame-rsv1-not-negotiated f2 @11\n"
     "f2 4text m2 5 > m2\n"
     "M2 text 1f 5w 5 \"Hello\"\n"
     "f3 ping 0\n"},
    {"3.5: RSV 5", 0, "13b=00fffefdfcfb00ff",
     "! frame-rsv1-not-negotiated f1 @0\n"
     "! frame-rsv2-or-rsv3-set f1 @0\n"
     "f1 5bin m1 8 > m1\n"
     "M1 bin 1f 8w 8 \"\\00\\ff\\fe\\fd\\fc\\fb\\00\\ff\"\n"},
    {"3.6: RSV 6 on a ping", 0, "12p:Hello",
     "! frame-rsv1-not-negotiated f1 @0\n"
     "! frame-rsv2-or-rsv3-set f1 @0\n"
     "f1 6ping 5 \"Hello\"\n"},
    {"3.7: RSV 7 on a close", 0, "123x=03e8",
     "! frame-rsv1-not-negotiated f1 @0\n"
     "! frame-rsv2-or-rsv3-set f1 @0\n"
     "f1 7close 2 code 1000\n"},
    {"RSV 4 without extension is not judged as text", 0, "1t=ff t=ff",
     "! frame-rsv1-not-negotiated f1 @0\n"
     "f1 4text m1 1 > m1\n"
     "M1 text 1f 1w 1 \"\\ff\"\n"
     "! message-invalid-utf8 f2 m2 @7\n"
     "f2 text m2 1 > m2\n"
     "M2 text 1f 1w 1 bad@0 \"\\ff\"\n"},
    {"4.1.1: opcode 3", 0, "#3",
     "! frame-opcode-reserved f1 @0\n"
     "f1 r3 0\n"},
    {"4.1.2: opcode 4 with payload", 0, "#4:reserved t:on",
     "! frame-opcode-reserved f1 @0\n"
     "f1 r4 8\n"
     "f2 text m1 2 > m1\n"
     "M1 text 1f 2w 2 \"on\"\n"},
    {"4.1.3: opcode 5 between others", 0, "t:Hello #5 p",
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "! frame-opcode-reserved f2 @11\n"
     "f2 r5 0\n"
     "f3 ping 0\n"},
    {"a reserved data frame inside a message", 0, "-t:a #3:x c:b",
     "f1 -text m1 1\n"
     "! frame-opcode-reserved f2 @7\n"
     "f2 r3 1\n"
     "f3 cont m1 1 > m1\n"
     "M1 text 2f 2w 2 \"ab\"\n"},
    {"a reserved data frame in two fragments", 0, "-#3:x -c:y c:z c:w",
     "! frame-opcode-reserved f1 @0\n"
     "f1 -r3 1\n"
     "f2 -cont 1\n"
     "f3 cont 1\n"
     "! frame-continuation-orphan f4 @21\n"
     "f4 cont 1\n"},
    {"4.2.1: opcode 11", 0, "#b",
     "! frame-opcode-reserved f1 @0\n"
     "f1 r11 0\n"},
    {"4.2.3: opcode 13 between others", 0, "t:Hello #d:abc p",
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "! frame-opcode-reserved f2 @11\n"
     "f2 r13 3 \"abc\"\n"
     "f3 ping 0\n"},
    {"4.2.5: opcode 15 inside a message", 0, "-t:a #f:abc c:b",
     "f1 -text m1 1\n"
     "! frame-opcode-reserved f2 @7\n"
     "f2 r15 3 \"abc\"\n"
     "f3 cont m1 1 > m1\n"
     "M1 text 2f 2w 2 \"ab\"\n"},
    {"5.1: a fragmented ping", 0, "-p:fragment1 c:fragment2",
     "! frame-control-fragmented f1 @0\n"
     "f1 -ping 9 \"fragment1\"\n"
     "! frame-continuation-orphan f2 @15\n"
     "f2 cont 9\n"},
    {"5.2: a fragmented pong", 0, "-o:fragment1 c:fragment2",
     "! frame-control-fragmented f1 @0\n"
     "f1 -pong 9 \"fragment1\"\n"
     "! frame-continuation-orphan f2 @15\n"
     "f2 cont 9\n"},
    {"5.3: a fragmented text", 0, "-t:fragment1 c:fragment2",
     "f1 -text m1 9\n"
     "f2 cont m1 9 > m1\n"
     "M1 text 2f 18w 18 \"fragment1fragment2\"\n"},
    {"5.6: with a ping between", 0, "-t:fragment1 p:ping c:fragment2",
     "f1 -text m1 9\n"
     "f2 ping 4 \"ping\"\n"
     "f3 cont m1 9 > m1\n"
     "M1 text 2f 18w 18 \"fragment1fragment2\"\n"},
    {"5.9: a continuation of nothing", 0, "c:orphan t:Hello",
     "! frame-continuation-orphan f1 @0\n"
     "f1 cont 6\n"
     "f2 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"},
    {"5.12: an unfinished continuation of nothing", 0, "-c:orphan t:Hello",
     "! frame-continuation-orphan f1 @0\n"
     "f1 -cont 6\n"
     "f2 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"},
    {"5.15: text in two, an orphan, text", 0, "-t:a c:b -c:c t:d",
     "f1 -text m1 1\n"
     "f2 cont m1 1 > m1\n"
     "M1 text 2f 2w 2 \"ab\"\n"
     "! frame-continuation-orphan f3 @14\n"
     "f3 -cont 1\n"
     "f4 text m2 1 > m2\n"
     "M2 text 1f 1w 1 \"d\"\n"},
    {"5.16: orphans around texts", 0, "-c:a -t:b c:c -c:a -t:b c:c",
     "! frame-continuation-orphan f1 @0\n"
     "f1 -cont 1\n"
     "f2 -text m1 1\n"
     "f3 cont m1 1 > m1\n"
     "M1 text 2f 2w 2 \"bc\"\n"
     "f4 -cont 1\n"
     "f5 -text m2 1\n"
     "f6 cont m2 1 > m2\n"
     "M2 text 2f 2w 2 \"bc\"\n"},
    {"5.18: two starts", 0, "-t:fragment1 t:fragment2",
     "f1 -text m1 9\n"
     "! frame-message-interleaved f2 m1 @15\n"
     "M1 text 1f 9w ? part \"fragment1\"\n"
     "f2 text m2 9 > m2\n"
     "M2 text 1f 9w 9 \"fragment2\"\n"},
    {"5.19: pings in many fragments", 0, "-t:a -c:b p:1 -c:c -c:d p:2 c:e",
     "f1 -text m1 1\n"
     "f2 -cont m1 1\n"
     "f3 ping 1 \"1\"\n"
     "f4 -cont m1 1\n"
     "f5 -cont m1 1\n"
     "f6 ping 1 \"2\"\n"
     "f7 cont m1 1 > m1\n"
     "M1 text 5f 5w 5 \"abcde\"\n"},
    {"6.1.2: three empty fragments", 0, "-t -c c",
     "f1 -text m1 0\n"
     "f2 -cont m1 0\n"
     "f3 cont m1 0 > m1\n"
     "M1 text 3f 0w 0\n"},
    {"6.1.3: only the middle is not empty", 0, "-t -c:middle c",
     "f1 -text m1 0\n"
     "f2 -cont m1 6\n"
     "f3 cont m1 0 > m1\n"
     "M1 text 3f 6w 6 \"middle\"\n"},
    {"6.2.4: kosme, one byte a frame", 0,
     "-t=ce -c=ba -c=e1 -c=bd -c=b9 -c=cf -c=83 -c=ce -c=bc -c=ce c=b5",
     "! message-utf8-split f1 m1 @0\n"
     "f1 -text m1 1\n"
     "f2 -cont m1 1\n"
     "f3 -cont m1 1\n"
     "f4 -cont m1 1\n"
     "f5 -cont m1 1\n"
     "f6 -cont m1 1\n"
     "f7 -cont m1 1\n"
     "f8 -cont m1 1\n"
     "f9 -cont m1 1\n"
     "f10 -cont m1 1\n"
     "f11 cont m1 1 > m1\n"
     "M1 text 11f 11w 11 \"\\ce\\ba\\e1\\bd\\b9\\cf\\83\\ce\\bc\\ce\\b5\"\n"},
    {"6.3.1: a surrogate", 0, "t=cebae1bdb9cf83cebcceb5eda080656469746564",
     "! message-invalid-utf8 f1 m1 @0\n"
     "f1 text m1 20 > m1\n"
     "M1 text 1f 20w 20 bad@11 "
     "\"\\ce\\ba\\e1\\bd\\b9\\cf\\83\\ce\\bc\\ce\\b5\\ed\\a0\\80edited\"\n"},
    {"6.3.2: a surrogate, cut between", 0,
     "-t=cebae1bdb9cf83cebcceb5ed c=a080656469746564",
     "! message-utf8-split f1 m1 @0\n"
     "f1 -text m1 12\n"
     "! message-invalid-utf8 f2 m1 @18\n"
     "f2 cont m1 8 > m1\n"
     "M1 text 2f 20w 20 bad@11 "
     "\"\\ce\\ba\\e1\\bd\\b9\\cf\\83\\ce\\bc\\ce\\b5\\ed\\a0\\80edited\"\n"},
    {"6.4.1: bad in the middle frame", 0,
     "-t=cebae1bdb9cf83cebcceb5 -c=f4908080 c=656469746564",
     "f1 -text m1 11\n"
     "! message-invalid-utf8 f2 m1 @17\n"
     "f2 -cont m1 4\n"
     "f3 cont m1 6 > m1\n"
     "M1 text 3f 21w 21 bad@11 "
     "\"\\ce\\ba\\e1\\bd\\b9\\cf\\83\\ce\\bc\\ce\\b5\\f4\\90\\80\\80edited\""
     "\n"},
    {"6.6.3: ends inside a character", 0, "t=cebae1",
     "! message-utf8-incomplete f1 m1 @0\n"
     "f1 text m1 3 > m1\n"
     "M1 text 1f 3w 3 bad@2 \"\\ce\\ba\\e1\"\n"},
    {"ends inside a character, cut by an empty fragment", 0, "-t=cebae1 c",
     "! message-utf8-split f1 m1 @0\n"
     "f1 -text m1 3\n"
     "! message-utf8-incomplete f2 m1 @9\n"
     "f2 cont m1 0 > m1\n"
     "M1 text 2f 3w 3 bad@2 \"\\ce\\ba\\e1\"\n"},
    {"binary is not judged", 0, "b=ff",
     "f1 bin m1 1 > m1\n"
     "M1 bin 1f 1w 1 \"\\ff\"\n"},
    {"7.1.1: text, close", 0, "t:Hello x=03e8",
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "f2 close 2 code 1000\n"},
    {"7.1.2: two closes", 0, "x=03e8 x",
     "f1 close 2 code 1000\n"
     "f2 close 0\n"},
    {"7.1.3: close, ping", 0, "x=03e8 p",
     "f1 close 2 code 1000\n"
     "f2 ping 0\n"},
    {"7.1.4: close, text", 0, "x=03e8 t:late",
     "f1 close 2 code 1000\n"
     "f2 text m1 4 > m1\n"
     "M1 text 1f 4w 4 \"late\"\n"},
    {"7.1.5: close inside a message", 0, "-t:fragment1 x=03e8 c:fragment2",
     "f1 -text m1 9\n"
     "f2 close 2 code 1000\n"
     "f3 cont m1 9 > m1\n"
     "M1 text 2f 18w 18 \"fragment1fragment2\"\n"},
    {"7.3.1: an empty close", 0, "x", "f1 close 0\n"},
    {"7.3.2: a close of one byte", 0, "x:a",
     "! close-payload-one-byte f1 @0\n"
     "f1 close 1 \"a\"\n"},
    {"7.3.4: code and reason", 0, "x=03e848656c6c6f20576f726c6421",
     "f1 close 14 code 1000 \"Hello World!\"\n"},
    {"7.3.5: code and 123 bytes", 0,
     "x="
     "03e82a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"
     "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a"
     "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"
     "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a",
     "f1 close 125 code 1000 "
     "\"****************************************...\"\n"},
    {"7.5.1: a bad reason", 0, "x=03e8cebae1bdb9cf83cebcceb5eda080656469746564",
     "! close-reason-invalid-utf8 f1 @0\n"
     "f1 close 22 code 1000 "
     "\"\\ce\\ba\\e1\\bd\\b9\\cf\\83\\ce\\bc\\ce\\b5\\ed\\a0\\80edited\"\n"},
    {"a reason that ends inside a character", 0, "x=03e8ceba x=03e8ce",
     "f1 close 4 code 1000 \"\\ce\\ba\"\n"
     "! close-reason-invalid-utf8 f2 @10\n"
     "f2 close 3 code 1000 \"\\ce\"\n"},
    {"unmasked frames of a client", 0, "ut:Hello up ux=03e8",
     "! frame-client-unmasked f1 @0\n"
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "f2 ping 0\n"
     "f3 close 2 code 1000\n"},
    {"masked frames of a server", FROM_SERVER, "ut:Hello up ux=03e8",
     "! frame-server-masked f1 @0\n"
     "f1 text m1 5 > m1\n"
     "M1 text 1f 5w 5 \"Hello\"\n"
     "f2 ping 0\n"
     "f3 close 2 code 1000\n"},
    {"the client's last message is unfinished", 0, "-t:Hel -c:lo",
     "f1 -text m1 3\n"
     "f2 -cont m1 2\n"
     "M1 text 2f 5w ? part \"Hello\"\n"},
    {"RFC 7692 7.2.3.1: one block", DEFLATE, "1t=f248cdc9c90700",
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"},
    {"RFC 7692 7.2.3.1: fragments", DEFLATE, "-1t=f248cd c=c9c90700",
     "f1 -4text m1 3 z\n"
     "f2 cont m1 4 z > m1\n"
     "M1 text 2f 7w 5 z \"Hello\"\n"},
    {"fragments with pings between", DEFLATE,
     "-1t=f248cd p:a -c=c9 p:b -c c=c90700",
     "f1 -4text m1 3 z\n"
     "f2 ping 1 \"a\"\n"
     "f3 -cont m1 1 z\n"
     "f4 ping 1 \"b\"\n"
     "f5 -cont m1 0 z\n"
     "f6 cont m1 3 z > m1\n"
     "M1 text 4f 7w 5 z \"Hello\"\n"},
    {"RFC 7692 7.2.3.2: shared window", DEFLATE,
     "1t=f248cdc9c90700 1t=f200110000",
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"
     "f2 4text m2 5 z > m2\n"
     "M2 text 1f 5w 5 z \"Hello\"\n"},
    {"an uncompressed message between", DEFLATE,
     "1t=f248cdc9c90700 t:World 1t=f200110000",
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"
     "f2 text m2 5 > m2\n"
     "M2 text 1f 5w 5 \"World\"\n"
     "f3 4text m3 5 z > m3\n"
     "M3 text 1f 5w 5 z \"Hello\"\n"},
    {"RFC 7692 7.2.3.3: a stored block", DEFLATE, "1t=000500faff48656c6c6f00",
     "f1 4text m1 11 z > m1\n"
     "M1 text 1f 11w 5 z \"Hello\"\n"},
    {"RFC 7692 7.2.3.4: BFINAL", DEFLATE, "1t=f348cdc9c9070000 1t=f200110000",
     "! deflate-bfinal f1 m1 @0\n"
     "f1 4text m1 8 z > m1\n"
     "M1 text 1f 8w 5 z \"Hello\"\n"
     "f2 4text m2 5 z > m2\n"
     "M2 text 1f 5w 5 z \"Hello\"\n"},
    {"BFINAL without the byte behind it", DEFLATE,
     "1t=f348cdc9c90700 1t=f200110000",
     "! deflate-bfinal f1 m1 @0\n"
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"
     "f2 4text m2 5 z > m2\n"
     "M2 text 1f 5w 5 z \"Hello\"\n"},
    {"RFC 7692 7.2.3.5: two blocks", DEFLATE, "1t=f24805000000ffffcac9c90700",
     "f1 4text m1 13 z > m1\n"
     "M1 text 1f 13w 5 z \"Hello\"\n"},
    {"RFC 7692 7.2.3.6: an empty message", DEFLATE, "1t=00 1t=f248cdc9c90700",
     "f1 4text m1 1 z > m1\n"
     "M1 text 1f 1w 0 z\n"
     "f2 4text m2 7 z > m2\n"
     "M2 text 1f 7w 5 z \"Hello\"\n"},
    {"a compressed message without payload", DEFLATE,
     "1t=f248cdc9c90700 1t 1t=f200110000",
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"
     "! deflate-empty-payload f2 m2 @13\n"
     "f2 4text m2 0 z > m2\n"
     "M2 text 1f 0w 0 z\n"
     "f3 4text m3 5 z > m3\n"
     "M3 text 1f 5w 5 z \"Hello\"\n"},
    {"the same, with no last byte", DEFLATE,
     "1t=f248cdc9c90700 -1t c 1t=f200110000",
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"
     "f2 -4text m2 0 z\n"
     "! deflate-empty-payload f3 m2 @19\n"
     "f3 cont m2 0 z > m2\n"
     "M2 text 2f 0w 0 z\n"
     "f4 4text m3 5 z > m3\n"
     "M3 text 1f 5w 5 z \"Hello\"\n"},
    {"no context takeover", DEFLATE | NO_TAKEOVER,
     "1t=f248cdc9c90700 1t=f248cdc9c90700",
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"
     "f2 4text m2 7 z > m2\n"
     "M2 text 1f 7w 5 z \"Hello\"\n"},
    {"takeover although refused", DEFLATE | NO_TAKEOVER,
     "1t=f248cdc9c90700 1t=f200110000 1t=f248cdc9c90700",
     "f1 4text m1 7 z > m1\n"
     "M1 text 1f 7w 5 z \"Hello\"\n"
     "! deflate-takeover-not-allowed f2 m2 @13\n"
     "f2 4text m2 5 z > m2\n"
     "M2 text 1f 5w 5 z part \"H\\00\\00\\00\\00\"\n"
     "f3 4text m3 7 z > m3\n"
     "M3 text 1f 7w 5 z \"Hello\"\n"},
    {"no takeover, and a copy from before the first message",
     DEFLATE | NO_TAKEOVER, "1t=f200110000",
     "! deflate-inflate-failed f1 m1 @0\n"
     "f1 4text m1 5 z > m1\n"
     "M1 text 1f 5w ? z part \"H\" error\n"},
    {"no takeover, and a copy from before all messages", DEFLATE | NO_TAKEOVER,
     "1t=720400 1t=f200110000",
     "f1 4text m1 3 z > m1\n"
     "M1 text 1f 3w 1 z \"A\"\n"
     "! deflate-inflate-failed f2 m2 @9\n"
     "f2 4text m2 5 z > m2\n"
     "M2 text 1f 5w ? z part \"H\" error\n"},
    {"RSV1 on a continuation", DEFLATE, "-1t=f248cd 1c=c9c90700",
     "f1 -4text m1 3 z\n"
     "! deflate-rsv1-on-continuation f2 @9\n"
     "f2 4cont m1 4 z > m1\n"
     "M1 text 2f 7w 5 z \"Hello\"\n"},
    {"RSV1 on a ping", DEFLATE, "1p:a t:b",
     "! deflate-rsv1-on-control f1 @0\n"
     "f1 4ping 1 \"a\"\n"
     "f2 text m1 1 > m1\n"
     "M1 text 1f 1w 1 \"b\"\n"},
    {"data that is no DEFLATE", DEFLATE, "1t=ffffff 1t=f248cdc9c90700 t:plain",
     "! deflate-inflate-failed f1 m1 @0\n"
     "f1 4text m1 3 z > m1\n"
     "M1 text 1f 3w ? z part error\n"
     "f2 4text m2 7 z > m2\n"
     "M2 text 1f 7w 5 z \"Hello\"\n"
     "f3 text m3 5 > m3\n"
     "M3 text 1f 5w 5 \"plain\"\n"},
    {"the same without takeover", DEFLATE | NO_TAKEOVER,
     "1t=ffffff 1t=f248cdc9c90700",
     "! deflate-inflate-failed f1 m1 @0\n"
     "f1 4text m1 3 z > m1\n"
     "M1 text 1f 3w ? z part error\n"
     "f2 4text m2 7 z > m2\n"
     "M2 text 1f 7w 5 z \"Hello\"\n"},
    {"a message that ends inside a block", DEFLATE | NO_TAKEOVER,
     "1t=f248cd 1t=f248cdc9c90700",
     "! deflate-inflate-failed f1 m1 @0\n"
     "f1 4text m1 3 z > m1\n"
     "M1 text 1f 3w ? z part \"Heh\" error\n"
     "f2 4text m2 7 z > m2\n"
     "M2 text 1f 7w 5 z \"Hello\"\n"},
    {"an unfinished compressed message, then another", DEFLATE,
     "-1t=f248cd 1t=f248cdc9c90700",
     "f1 -4text m1 3 z\n"
     "! frame-message-interleaved f2 m1 @9\n"
     "M1 text 1f 3w ? z part \"He\"\n"
     "f2 4text m2 7 z > m2\n"
     "M2 text 1f 7w 5 z \"Hello\"\n"},
    {"the same without takeover", DEFLATE | NO_TAKEOVER,
     "-1t=f248cd 1t=f248cdc9c90700",
     "f1 -4text m1 3 z\n"
     "! frame-message-interleaved f2 m1 @9\n"
     "M1 text 1f 3w ? z part \"He\"\n"
     "f2 4text m2 7 z > m2\n"
     "M2 text 1f 7w 5 z \"Hello\"\n"},
    {"bad UTF-8, compressed", DEFLATE, "1t=cacf56f8af9094980200",
     "! message-invalid-utf8 f1 m1 @0\n"
     "f1 4text m1 10 z > m1\n"
     "M1 text 1f 10w 8 z bad@3 \"ok \\ff bad\"\n"},
    {"a compressed binary message", DEFLATE, "1b=f248cdc9c90700",
     "f1 4bin m1 7 z > m1\n"
     "M1 bin 1f 7w 5 z \"Hello\"\n"},
};

static enum ws_sender
vector_sender(const struct vector *v)
{
    return v->flags & FROM_SERVER ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
}

static void
vector_run(struct rig *r, const struct vector *v, struct slice bytes,
           size_t first, size_t rest, struct edge_page *page)
{
    rig_run(r, vector_sender(v), v->flags & DEFLATE, v->flags & NO_TAKEOVER,
            bytes, first, rest, page);
}

START_TEST(every_split_gives_the_same_events)
{
    static struct rig r;
    const struct vector *v = &vectors[_i];
    struct edge_page page;
    struct buf bytes;
    cook(&bytes, v->recipe, vector_sender(v));
    edge_page_init(&page, bytes.len);
    /* Large ones are cut at their headers and packet by packet only. */
    size_t cuts = bytes.len < 1000 ? bytes.len : 20;
    size_t step = bytes.len < 1000 ? 1 : 1448;
    for (size_t cut = 0; cut <= cuts + 1; cut++) {
        rig_init(&r, WANT_ALL, 1000);
        if (cut <= cuts)
            vector_run(&r, v, buf_slice(&bytes), cut, bytes.len, &page);
        else
            vector_run(&r, v, buf_slice(&bytes), 0, step, &page);
        ck_assert_msg(strcmp(r.log, v->log) == 0,
                      "%s, cut at %zu: %s-- instead of --%s", v->name, cut,
                      r.log, v->log);
        rig_close(&r);
    }
    edge_page_fini(&page);
    buf_fini(&bytes);
}
END_TEST

/* Drops the lines of a log that do not begin with `first`. */
static void
only_lines(const char *log, char first, char *out)
{
    while (*log) {
        size_t len = (size_t)(strchr(log, '\n') - log) + 1;
        if (*log == first) {
            memcpy(out, log, len);
            out += len;
        }
        log += len;
    }
    *out = '\0';
}

START_TEST(counters_and_findings_do_not_depend_on_what_is_wanted)
{
    static struct rig full, quiet;
    static char found[LOG_MAX];
    const struct vector *v = &vectors[_i];
    struct edge_page page;
    struct buf bytes;
    cook(&bytes, v->recipe, vector_sender(v));
    edge_page_init(&page, bytes.len);
    rig_init(&full, WANT_ALL, 1000);
    vector_run(&full, v, buf_slice(&bytes), 0, bytes.len, &page);
    only_lines(full.log, '!', found);
    for (size_t rest = 1; rest <= bytes.len;
         rest = rest < 20 ? rest + 1 : rest * 3) {
        rig_init(&quiet, WANT(EVENT_FINDING), 1000);
        vector_run(&quiet, v, buf_slice(&bytes), 0, rest, &page);
        ck_assert_msg(strcmp(quiet.log, found) == 0, "%s: %s", v->name,
                      quiet.log);
        const struct ws_stream_stats *a = ws_stream_stats(full.stream);
        const struct ws_stream_stats *b = ws_stream_stats(quiet.stream);
        ck_assert_uint_eq(a->frames, b->frames);
        ck_assert_uint_eq(a->messages, b->messages);
        ck_assert_uint_eq(a->payload_bytes, b->payload_bytes);
        ck_assert_uint_eq(a->wire_bytes, bytes.len);
        ck_assert_uint_eq(b->wire_bytes, bytes.len);
        ck_assert_uint_eq(a->close_frames, b->close_frames);
        ck_assert_uint_eq(a->has_close_code, b->has_close_code);
        ck_assert_uint_eq(a->close_code, b->close_code);
        ck_assert_uint_eq(a->after_close, b->after_close);
        rig_close(&quiet);
    }
    rig_close(&full);
    edge_page_fini(&page);
    buf_fini(&bytes);
}
END_TEST

/* ---- One recipe, looked at closely ---------------------------------- */

static struct rig rig;

/* Feeds a recipe as a whole. */
static void
feed(struct rig *r, enum ws_sender from, const char *recipe)
{
    struct buf bytes;
    cook(&bytes, recipe, from);
    rig_data(r, buf_slice(&bytes));
    buf_fini(&bytes);
}

static void
expect(const char *log)
{
    ck_assert_str_eq(rig.log, log);
    rig.log_len = 0;
    rig.log[0] = '\0';
}

START_TEST(no_more_payload_is_kept_than_asked)
{
    static const size_t keeps[] = {0, 3, 5, 6};
    for (size_t i = 0; i < ARRAY_LEN(keeps); i++)
        for (unsigned deflate = 0; deflate < 2; deflate++) {
            char want[128];
            rig_init(&rig, WANT(EVENT_MESSAGE), keeps[i]);
            rig_open(&rig, WS_SENDER_CLIENT, deflate, false);
            const char *shorter = keeps[i] < 5 ? " short" : "";
            char text[16] = "";
            if (keeps[i])
                snprintf(text, sizeof text, " \"%.*s\"", (int)keeps[i],
                         "Hello");
            if (deflate) {
                feed(&rig, WS_SENDER_CLIENT, "1t=f248cdc9c90700");
                snprintf(want, sizeof want, "M1 text 1f 7w 5 z%s%s\n", shorter,
                         text);
                expect(want);
                feed(&rig, WS_SENDER_CLIENT, "-1b=f200 c=110000");
                snprintf(want, sizeof want, "M2 bin 2f 5w 5 z%s%s\n", shorter,
                         text);
            } else {
                feed(&rig, WS_SENDER_CLIENT, "t:Hello");
                snprintf(want, sizeof want, "M1 text 1f 5w 5%s%s\n", shorter,
                         text);
                expect(want);
                feed(&rig, WS_SENDER_CLIENT, "-b:He c:llo");
                snprintf(want, sizeof want, "M2 bin 2f 5w 5%s%s\n", shorter,
                         text);
            }
            expect(want);
            rig_close(&rig);
        }
}
END_TEST

START_TEST(the_limit_of_kept_bytes_holds_over_the_sinks_wish)
{
    rig_init(&rig, WANT(EVENT_MESSAGE), 100);
    rig.limits.message_keep = 2;
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    feed(&rig, WS_SENDER_SERVER, "t:Hello");
    expect("M1 text 1f 5w 5 short \"He\"\n");
    rig_close(&rig);
}
END_TEST

START_TEST(a_frame_names_the_message_it_completes_only_to_who_wants_messages)
{
    rig_init(&rig, WANT(EVENT_FRAME), 100);
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    feed(&rig, WS_SENDER_SERVER, "t:Hello p:x");
    expect("f1 text m1 5\nf2 ping 1 \"x\"\n");
    rig_close(&rig);
}
END_TEST

/* Keeps the frame events' stamps. */
struct stamps {
    struct stamp frame_first[4], frame_at[4], message_first, message_at;
};

static void
on_stamp(void *ctx, const struct event *ev)
{
    struct stamps *s = ctx;
    if (ev->type == EVENT_FRAME) {
        s->frame_first[ev->frame->number] = ev->frame->first;
        s->frame_at[ev->frame->number] = ev->frame->at;
    } else if (ev->type == EVENT_MESSAGE) {
        s->message_first = ev->message->first;
        s->message_at = ev->message->at;
    }
}

START_TEST(stamps_tell_the_first_and_the_last_packet)
{
    struct stamps s = {0};
    rig_init(&rig, WANT_ALL, 0);
    rig.sink.ctx = &s;
    rig.sink.event = on_stamp;
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    /* -t "ab" | p | c "c"; packets 1 to 6 */
    rig_data(&rig, slice_make("\x01", 1));
    rig_data(&rig, slice_make("\x02", 1));
    rig_data(&rig, slice_make("a", 1));
    rig_data(&rig, slice_make("b\x89\x00\x80", 4));
    rig_data(&rig, slice_make("\x01", 1));
    rig_data(&rig, slice_make("c", 1));
    ck_assert_uint_eq(s.frame_first[1].packet, 1);
    ck_assert_uint_eq(s.frame_at[1].packet, 4);
    ck_assert_int_eq(s.frame_at[1].time_ns, 4000);
    ck_assert_uint_eq(s.frame_first[2].packet, 4);
    ck_assert_uint_eq(s.frame_at[2].packet, 4);
    ck_assert_uint_eq(s.frame_first[3].packet, 4);
    ck_assert_uint_eq(s.frame_at[3].packet, 6);
    ck_assert_uint_eq(s.message_first.packet, 1);
    ck_assert_uint_eq(s.message_at.packet, 6);
    ck_assert_uint_eq(ws_stream_stats(rig.stream)->last_frame.packet, 6);
    rig_close(&rig);
}
END_TEST

START_TEST(the_first_close_is_remembered)
{
    rig_init(&rig, WANT(EVENT_FINDING), 0);
    rig_open(&rig, WS_SENDER_CLIENT, false, false);
    const struct ws_stream_stats *st = ws_stream_stats(rig.stream);
    feed(&rig, WS_SENDER_CLIENT, "t:a");
    ck_assert_uint_eq(st->close_frames, 0);
    ck_assert_uint_eq(st->first_close.packet, 0);
    feed(&rig, WS_SENDER_CLIENT, "x=03e9");
    feed(&rig, WS_SENDER_CLIENT, "x=03ea t:late p");
    ck_assert_uint_eq(st->close_frames, 2);
    ck_assert_uint_eq(st->first_close.packet, 2);
    ck_assert(st->has_close_code);
    ck_assert_uint_eq(st->close_code, 1001);
    ck_assert_uint_eq(st->after_close, 3);
    ck_assert_uint_eq(st->frames, 5);
    ck_assert_uint_eq(st->messages, 2);
    ck_assert_uint_eq(st->payload_bytes, 9);
    rig_close(&rig);
}
END_TEST

START_TEST(findings_are_counted_beyond_the_first)
{
    rig_init(&rig, WANT(EVENT_FINDING), 0);
    rig_open(&rig, WS_SENDER_CLIENT, false, false);
    feed(&rig, WS_SENDER_CLIENT, "ut:a ut:b up ux");
    ck_assert_uint_eq(emit_finding_count(&rig.emit,
                                         FINDING_FRAME_CLIENT_UNMASKED,
                                         WS_SENDER_CLIENT),
                      4);
    expect("! frame-client-unmasked f1 @0\n");
    rig_close(&rig);
}
END_TEST

/* ---- What is lost --------------------------------------------------- */

START_TEST(a_length_with_its_top_bit_ends_the_decoding)
{
    rig_init(&rig, WANT_ALL, 100);
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    feed(&rig, WS_SENDER_SERVER, "-t:a");
    rig_data(&rig, slice_make("\x82\x7f\xff\0\0\0\0\0\0\1\x81\0", 12));
    feed(&rig, WS_SENDER_SERVER, "t:x");
    rig_gap(&rig, 7);
    ws_stream_end(rig.stream, &rig.meta);
    expect("f1 -text m1 1\n"
           "! frame-length-high-bit @3\n"
           "M1 text 1f 1w ? part \"a\"\n"
           "! tcp-stream-gap @18\n"
           "G18+7 lost\n");
    const struct ws_stream_stats *st = ws_stream_stats(rig.stream);
    ck_assert(st->lost);
    ck_assert_uint_eq(st->frames, 1);
    ck_assert_uint_eq(st->wire_bytes, 18);
    ck_assert_uint_eq(st->gap_bytes, 7);
    ck_assert_uint_eq(st->undecoded_bytes, 15);
    rig_close(&rig);
}
END_TEST

/* Gaps of each length at each offset of a small stream. */
START_TEST(a_gap_inside_a_payload_is_survived_and_any_other_is_not)
{
    static const char *const recipe = "-t:abcd p:efg c:hi b:jklm t:last";
    /* Header and payload of its five frames, server side. */
    static const struct {
        size_t payload, end;
    } frames[] = {{2, 6}, {8, 11}, {13, 15}, {17, 21}, {23, 27}};
    struct buf bytes;
    cook(&bytes, recipe, WS_SENDER_SERVER);
    ck_assert_uint_eq(bytes.len, 27);
    for (size_t at = 0; at < bytes.len; at++)
        for (size_t len = 1; len <= bytes.len - at; len++) {
            size_t in = 0;
            while (in < 5 &&
                   !(at >= frames[in].payload && at + len <= frames[in].end))
                in++;
            rig_init(&rig, WANT_ALL, 100);
            rig_open(&rig, WS_SENDER_SERVER, false, false);
            if (at > 0)
                rig_data(&rig, slice_make(bytes.ptr, at));
            rig_gap(&rig, len);
            if (at + len < bytes.len)
                rig_data(&rig, slice_skip(buf_slice(&bytes), at + len));
            ws_stream_end(rig.stream, &rig.meta);
            const struct ws_stream_stats *st = ws_stream_stats(rig.stream);
            ck_assert_uint_eq(st->gap_bytes, len);
            ck_assert_uint_eq(st->wire_bytes, bytes.len - len);
            ck_assert_uint_eq(st->lost, in == 5);
            ck_assert((strstr(rig.log, "sync-lost") != NULL) == (in == 5));
            if (in < 5) {
                ck_assert_uint_eq(st->frames, 5);
                ck_assert_uint_eq(st->messages, 3);
                ck_assert_uint_eq(st->payload_bytes, 17 - len);
                ck_assert((strstr(rig.log, "\"last\"") != NULL) == (in < 4));
                ck_assert(strstr(rig.log, " cut") != NULL);
                /* A message that misses bytes still has its length. */
                ck_assert((strstr(rig.log, "M1 text 2f 6w 6 part") != NULL) ==
                          (in == 0 || in == 2));
                ck_assert((strstr(rig.log, "\"efg\"") != NULL) == (in != 1));
            }
            rig_close(&rig);
        }
    buf_fini(&bytes);
}
END_TEST

START_TEST(a_hole_in_text_is_not_judged)
{
    rig_init(&rig, WANT_ALL, 100);
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    rig_data(&rig, slice_make("\x81\x04"
                              "a\xc3",
                              4));
    rig_gap(&rig, 1);
    rig_data(&rig, slice_make("\xff\x81\x01"
                              "b",
                              4));
    expect("G4+1 to 6\n"
           "! tcp-stream-gap f1 @4\n"
           "f1 text m1 4 cut > m1\n"
           "M1 text 1f 4w 4 part \"a\\c3\"\n"
           "f2 text m2 1 > m2\n"
           "M2 text 1f 1w 1 \"b\"\n");
    rig_close(&rig);
}
END_TEST

static void
gap_in_compressed(bool no_takeover)
{
    rig_init(&rig, WANT_ALL, 100);
    rig_open(&rig, WS_SENDER_SERVER, true, no_takeover);
    rig_data(&rig, slice_make("\xc1\x07\xf2\x48", 4));
    rig_gap(&rig, 3);
    rig_data(&rig, slice_make("\x07\x00", 2));
    feed(&rig, WS_SENDER_SERVER, "t:plain 1t=f248cdc9c90700");
}

START_TEST(a_message_of_its_own_bytes_needs_no_lost_history)
{
    gap_in_compressed(false);
    expect("G4+3 to 9\n"
           "! tcp-stream-gap f1 @4\n"
           "f1 4text m1 7 z cut > m1\n"
           "M1 text 1f 7w ? z part \"H\"\n"
           "f2 text m2 5 > m2\n"
           "M2 text 1f 5w 5 \"plain\"\n"
           "f3 4text m3 7 z > m3\n"
           "M3 text 1f 7w 5 z \"Hello\"\n");
    rig_close(&rig);
}
END_TEST

START_TEST(without_takeover_only_the_message_with_the_hole_is_lost)
{
    gap_in_compressed(true);
    expect("G4+3 to 9\n"
           "! tcp-stream-gap f1 @4\n"
           "f1 4text m1 7 z cut > m1\n"
           "M1 text 1f 7w ? z part \"H\"\n"
           "f2 text m2 5 > m2\n"
           "M2 text 1f 5w 5 \"plain\"\n"
           "f3 4text m3 7 z > m3\n"
           "M3 text 1f 7w 5 z \"Hello\"\n");
    rig_close(&rig);
}
END_TEST

START_TEST(a_close_frame_with_a_hole_tells_no_more_than_was_seen)
{
    rig_init(&rig, WANT_ALL, 100);
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    rig_data(&rig, slice_make("\x88\x06\x03", 3));
    rig_gap(&rig, 2);
    rig_data(&rig, slice_make("\xff\xff\xff\x88\x04\x03\xe8\xc3", 8));
    rig_gap(&rig, 1);
    expect("G3+2 to 8\n"
           "! tcp-stream-gap f1 @3\n"
           "f1 close 6 cut \"\\03\"\n"
           "G13+1 to 14\n"
           "f2 close 4 cut code 1000 \"\\c3\"\n");
    ck_assert_uint_eq(ws_stream_stats(rig.stream)->close_frames, 2);
    ck_assert(!ws_stream_stats(rig.stream)->has_close_code);
    rig_close(&rig);
}
END_TEST

START_TEST(the_end_may_come_anywhere)
{
    static const char *const recipe = "-t:abcd p:efg c:hi b:jklm";
    static const size_t payloads[] = {2, 8, 13, 17}, ends[] = {6, 11, 15, 21};
    struct buf bytes;
    cook(&bytes, recipe, WS_SENDER_SERVER);
    for (size_t len = 0; len <= bytes.len; len++) {
        size_t headers = 0, whole = 0;
        for (size_t i = 0; i < 4; i++) {
            headers += len >= payloads[i];
            whole += len >= ends[i];
        }
        rig_init(&rig, WANT_ALL, 100);
        rig_open(&rig, WS_SENDER_SERVER, false, false);
        if (len > 0)
            rig_data(&rig, slice_make(bytes.ptr, len));
        const struct ws_stream_stats *st = ws_stream_stats(rig.stream);
        ck_assert_uint_eq(st->frame_open, len > (whole ? ends[whole - 1] : 0));
        ck_assert_uint_eq(st->message_open,
                          (len >= 2 && len < 15) || (len >= 17 && len < 21));
        ws_stream_end(rig.stream, &rig.meta);
        ck_assert_uint_eq(st->frames, headers);
        ck_assert((strstr(rig.log, " cut") != NULL) == (headers > whole));
        ck_assert((strstr(rig.log, " part") != NULL) ==
                  ((len >= 2 && len < 15) || (len >= 17 && len < 21)));
        rig_close(&rig);
    }
    buf_fini(&bytes);
}
END_TEST

/* ---- Found again ---------------------------------------------------- */

/* What a stream tells of made-up traffic, checked against the truth. */
struct hunt {
    const struct traffic *t;
    uint8_t *found; /* frames told, by their number in t */
    uint64_t frames, messages, gaps, lost_gaps;
    uint64_t headers; /* bytes */
    uint64_t last_gap_resync;
    uint64_t sum; /* of all events */
    bool unsynced;
    bool findings[FINDING_COUNT];
};

static void
hunt_mix(struct hunt *h, uint64_t value)
{
    h->sum = (h->sum ^ value) * 0x100000001b3u;
}

/* The packet that carried the byte at off. */
static uint64_t
packet_of(const struct traffic *t, uint64_t off)
{
    size_t a = 0, b = t->n_packets;
    while (b - a > 1) {
        size_t mid = a + (b - a) / 2;
        if (t->packets[mid].off <= off)
            a = mid;
        else
            b = mid;
    }
    return a + 1;
}

/* An assertion for inner loops: check writes a line for each of its own. */
#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition))                                                      \
            ck_abort_msg("%s", #condition);                                    \
    } while (0)

static void
hunt_frame(struct hunt *h, const struct event_frame *f)
{
    const struct traffic *t = h->t;
    const struct ws_frame_header *head = &f->header;
    const uint8_t *p = t->bytes + head->offset;
    if (!traffic_is_start(t, head->offset))
        ck_abort_msg("no frame at %" PRIu64, head->offset);
    size_t k = traffic_frame_at(t, head->offset);
    uint64_t end = head->offset + head->header_len + head->payload_len;
    MUST(end == (t->starts[k + 1]));
    MUST(head->opcode == (p[0] & 15));
    MUST(head->fin == (p[0] >> 7));
    MUST(head->rsv == (p[0] >> 4 & 7));
    MUST(head->findings == 0);
    MUST(f->number == ++h->frames);
    MUST(f->first.packet == (packet_of(t, head->offset)));
    MUST(f->first.time_ns == ((int64_t)f->first.packet * 1000));
    if (f->complete)
        MUST(f->at.packet == (packet_of(t, end - 1)));
    MUST(!(h->unsynced && f->synced));
    MUST(f->synced || f->confidence >= WS_SYNC_PROOF_BITS);
    h->unsynced = !f->synced;
    MUST(h->found[k] == 0);
    h->found[k] = 1;
    h->headers += head->header_len;
    hunt_mix(h, head->offset);
    hunt_mix(h, (uint64_t)(f->confidence * 100));
    hunt_mix(h, f->complete);
    hunt_mix(h, f->message);
    /* A message of one frame must be what that frame holds. */
    if (!f->completed || !f->completed->complete || f->completed->compressed ||
        f->completed->n_frames > 1)
        return;
    MUST(f->completed->len == head->payload_len);
    MUST(f->completed->payload.len == head->payload_len);
    for (size_t i = 0; i < head->payload_len; i++)
        MUST(f->completed->payload.ptr[i] ==
             (p[head->header_len + i] ^ head->mask[i % 4]));
}

static void
on_hunt(void *ctx, const struct event *ev)
{
    struct hunt *h = ctx;
    hunt_mix(h, ev->type);
    if (ev->type == EVENT_FRAME) {
        hunt_frame(h, ev->frame);
    } else if (ev->type == EVENT_MESSAGE) {
        MUST(ev->message->number == (++h->messages));
        hunt_mix(h, ev->message->wire_len);
        hunt_mix(h, ev->message->complete);
        if (ev->message->opcode == WS_OP_CONT)
            MUST(!ev->message->complete && !ev->message->has_len);
    } else if (ev->type == EVENT_GAP) {
        const struct event_gap *g = ev->gap;
        h->gaps++;
        h->lost_gaps += !g->resynced;
        h->last_gap_resync = g->resync_offset;
        MUST(!g->resynced || traffic_is_start(h->t, g->resync_offset));
        MUST(!g->resynced || g->resync_offset >= g->offset + g->len);
        hunt_mix(h, g->offset);
        hunt_mix(h, g->resync_offset);
    } else {
        const struct event_finding *f = ev->finding;
        h->findings[f->id] = true;
        hunt_mix(h, f->id);
        hunt_mix(h, f->offset);
    }
}

/* Loss of packets: the next `burst` ones are lost with 1 in `rate`. */
struct loss {
    uint64_t seed;
    unsigned rate, burst;
    size_t from; /* nothing before this offset is captured */
    size_t step; /* calls get at most so many bytes; 0: whole packets */
};

static void
hunt_feed(struct ws_stream *s, struct hunt *h, const struct loss *loss)
{
    const struct traffic *t = h->t;
    struct chance c = {loss->seed};
    unsigned losing = 0;
    uint64_t hole = 0;
    struct pkt_meta meta = {0};
    for (size_t i = 0; i < t->n_packets; i++) {
        size_t a = t->packets[i].off, b = a + t->packets[i].len;
        if (b <= loss->from)
            continue;
        a = a < loss->from ? loss->from : a;
        meta.number = i + 1;
        meta.time_ns = (int64_t)(i + 1) * 1000;
        meta.flags = t->packets[i].push ? TCP_PSH : 0;
        if (losing == 0 && chance_one_in(&c, loss->rate))
            losing = loss->burst;
        if (losing > 0) {
            losing--;
            hole += b - a;
            continue;
        }
        if (hole > 0)
            ws_stream_gap(s, a - hole, hole, &meta);
        hole = 0;
        for (size_t n; a < b; a += n) {
            n = loss->step && loss->step < b - a ? loss->step : b - a;
            ws_stream_data(s, a, slice_make(t->bytes + a, n), &meta);
        }
    }
    if (hole > 0)
        ws_stream_gap(s, t->len - hole, hole, &meta);
    ws_stream_end(s, &meta);
}

static void
hunt_run(struct hunt *h, const struct traffic *t, const struct loss *loss,
         struct ws_stream_stats *stats)
{
    static struct rig r;
    rig_init(&r, WANT_ALL, 1 << 20);
    *h = (struct hunt){.t = t};
    h->found = calloc(t->n_starts + 1, 1);
    ck_assert_ptr_nonnull(h->found);
    r.sink.ctx = h;
    r.sink.event = on_hunt;
    emit_init(&r.emit, &r.sink, 1);
    ck_assert_int_eq(ws_shared_new(&r.shared, &r.limits, &r.sink), ERR_OK);
    struct ws_stream_config config = {.from = t->from,
                                      .has_deflate = t->profile->deflate,
                                      .window_bits = 15,
                                      .boundary_unknown = loss->from > 0,
                                      .emit = &r.emit,
                                      .shared = r.shared};
    ck_assert_int_eq(ws_stream_new(&r.stream, &config, loss->from), ERR_OK);
    hunt_feed(r.stream, h, loss);
    *stats = *ws_stream_stats(r.stream);
    ck_assert_uint_eq(stats->frames, h->frames);
    ck_assert_uint_eq(stats->messages, h->messages);
    ck_assert_uint_eq(stats->wire_bytes + stats->gap_bytes,
                      t->len - loss->from);
    ck_assert_uint_eq(h->headers + stats->payload_bytes +
                          stats->undecoded_bytes,
                      stats->wire_bytes);
    rig_close(&r);
}

START_TEST(every_frame_told_behind_losses_is_a_real_one)
{
    const struct traffic_profile *p = &traffic_profiles[_i];
    struct traffic t = {0};
    struct ws_stream_stats stats;
    uint64_t told = 0;
    for (unsigned seed = 0; seed < 12; seed++) {
        struct chance c = {seed * 100u + (unsigned)_i};
        struct hunt h;
        traffic_make(&t, &c, p, seed % 2 ? WS_SENDER_CLIENT : WS_SENDER_SERVER,
                     p->most > 100000 ? 3000000 : 300000);
        struct loss loss = {.seed = seed,
                            .rate = seed % 3 ? 100 : 15,
                            .burst = 1 + seed % 4};
        if (seed >= 6)
            loss.from = 1 + chance_below(&c, 100000);
        hunt_run(&h, &t, &loss, &stats);
        told += h.frames;
        ck_assert(!h.findings[FINDING_FRAME_CONTINUATION_ORPHAN]);
        ck_assert(!h.findings[FINDING_FRAME_MESSAGE_INTERLEAVED]);
        /* Made-up DEFLATE may give anything. */
        ck_assert(p->deflate || !h.findings[FINDING_MESSAGE_INVALID_UTF8]);
        free(h.found);
    }
    ck_assert_uint_gt(told, 0);
    traffic_free(&t);
}
END_TEST

/* Of what lies far behind the last loss, all is found. */
START_TEST(what_lies_far_behind_a_loss_is_found)
{
    const struct traffic_profile *p = &traffic_profiles[_i];
    struct traffic t = {0};
    struct ws_stream_stats stats;
    uint64_t far = 0, found = 0;
    for (unsigned seed = 0; seed < 20; seed++) {
        struct chance c = {seed * 100u + (unsigned)_i};
        struct hunt h;
        traffic_make(&t, &c, p, seed % 2 ? WS_SENDER_CLIENT : WS_SENDER_SERVER,
                     p->most > 100000 ? 3000000 : 200000);
        struct loss loss = {.rate = UINT32_MAX,
                            .from = 1 + chance_below(&c, 10000)};
        hunt_run(&h, &t, &loss, &stats);
        size_t k = traffic_frame_at(&t, loss.from);
        size_t from = traffic_frame_at(&t, loss.from + 65536);
        for (from = from < k + 20 ? k + 20 : from; from < t.n_starts; from++) {
            far++;
            found += h.found[from];
        }
        ck_assert(!h.findings[FINDING_FRAME_SYNC_LOST]);
        ck_assert_uint_eq(h.gaps, 0);
        free(h.found);
    }
    ck_assert_msg(found >= far - far / 100, "%s: %" PRIu64 " of %" PRIu64,
                  p->name, found, far);
    traffic_free(&t);
}
END_TEST

START_TEST(cutting_packets_into_calls_changes_no_event_behind_losses)
{
    static const size_t steps[] = {1, 3, 300};
    struct traffic t = {0};
    struct ws_stream_stats a, b;
    for (unsigned seed = 0; seed < TRAFFIC_PROFILES; seed++) {
        struct chance c = {seed};
        struct hunt whole, cut;
        traffic_make(&t, &c, &traffic_profiles[seed], WS_SENDER_CLIENT, 60000);
        struct loss loss = {.seed = seed, .rate = 30, .burst = 1};
        hunt_run(&whole, &t, &loss, &a);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
            loss.step = steps[i];
            hunt_run(&cut, &t, &loss, &b);
            ck_assert_uint_eq(cut.sum, whole.sum);
            ck_assert_uint_eq(a.payload_bytes, b.payload_bytes);
            ck_assert_uint_eq(a.lost, b.lost);
            ck_assert_uint_eq(a.frame_open, b.frame_open);
            free(cut.found);
        }
        free(whole.found);
    }
    traffic_free(&t);
}
END_TEST

/* 60 texts of 10 to 69 bytes, one a packet; the fifth one's header is lost. */
static void
texts(struct rig *r, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        char recipe[100];
        snprintf(recipe, sizeof recipe, "t:%0*u", (int)(10 + i * 7 % 60), i);
        feed(r, WS_SENDER_SERVER, recipe);
    }
}

START_TEST(a_gap_is_told_when_frames_are_found_again)
{
    rig_init(&rig, WANT(EVENT_GAP) | WANT(EVENT_FINDING), 0);
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    const struct ws_stream_stats *st = ws_stream_stats(rig.stream);
    texts(&rig, 0, 4);
    rig_gap(&rig, 40);
    uint64_t gap_end = rig.off;
    expect("! tcp-stream-gap @90\n! frame-sync-lost @90\n");
    ck_assert(st->lost);
    texts(&rig, 5, 7);
    rig_gap(&rig, 9);
    expect("");
    texts(&rig, 7, 60);
    ck_assert(!st->lost);
    unsigned long long off, resync[2];
    ck_assert_int_eq(sscanf(rig.log, "G90+40 to %llu\nG%llu+9 to %llu\n",
                            &resync[0], &off, &resync[1]),
                     3);
    ck_assert_uint_eq(resync[0], resync[1]);
    ck_assert_uint_gt(resync[1], gap_end);
    /* No more than a handful of frames is needed. */
    ck_assert_uint_lt(resync[1], off + 9 + 400);
    ck_assert_uint_gt(st->frames, 4 + 40);
    ck_assert_uint_eq(st->gap_bytes, 49);
    rig_close(&rig);
}
END_TEST

START_TEST(a_length_with_its_top_bit_is_got_over)
{
    rig_init(&rig, WANT(EVENT_FRAME) | WANT(EVENT_FINDING), 0);
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    rig_data(&rig,
             slice_make("\x81\x02hi\x82\x7f\xff\0\0\0\0\0\0\1\x81\0", 16));
    ck_assert(ws_stream_stats(rig.stream)->lost);
    expect("f1 text m1 2\n! frame-length-high-bit @4\n");
    texts(&rig, 0, 60);
    ck_assert(!ws_stream_stats(rig.stream)->lost);
    ck_assert(strncmp(rig.log, "f2 text m2 ", 11) == 0);
    ck_assert_ptr_nonnull(strstr(rig.log, "found\nf3 text m3 "));
    ck_assert_ptr_null(strchr(rig.log, '!'));
    rig_close(&rig);
}
END_TEST

START_TEST(a_message_that_goes_on_behind_a_loss_is_of_unknown_kind)
{
    rig_init(&rig, WANT(EVENT_MESSAGE) | WANT(EVENT_FINDING), 100);
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    feed(&rig, WS_SENDER_SERVER, "-t:begins");
    rig_gap(&rig, 50);
    expect("! tcp-stream-gap @8\n! frame-sync-lost @8\n"
           "M1 text 1f 6w ? part \"begins\"\n");
    /* Nothing but continuations for a while. */
    for (unsigned i = 0; i < 40; i++) {
        char recipe[60];
        snprintf(recipe, sizeof recipe, "-c:%0*u", (int)(5 + i * 7 % 30), i);
        feed(&rig, WS_SENDER_SERVER, recipe);
    }
    expect("");
    feed(&rig, WS_SENDER_SERVER, "c:end t:Hello");
    for (unsigned i = 0; i < 40; i++)
        feed(&rig, WS_SENDER_SERVER, i % 3 ? "p:x" : "o:some_bytes");
    unsigned frames, bytes;
    char rest[64] = "";
    ck_assert_int_eq(sscanf(rig.log, "M2 cont %uf %uw ? part\n%63[^\n]",
                            &frames, &bytes, rest),
                     3);
    ck_assert_uint_gt(frames, 20);
    ck_assert_str_eq(rest, "M3 text 1f 5w 5 \"Hello\"");
    ck_assert_ptr_null(strchr(rig.log, '!'));
    rig_close(&rig);
}
END_TEST

START_TEST(behind_a_loss_the_context_is_missing)
{
    rig_init(&rig, WANT(EVENT_FINDING), 100);
    rig_open(&rig, WS_SENDER_SERVER, true, false);
    feed(&rig, WS_SENDER_SERVER, "t:plain");
    rig_gap(&rig, 50);
    texts(&rig, 0, 60);
    expect("! tcp-stream-gap @7\n! frame-sync-lost @7\n");
    ck_assert(!ws_stream_stats(rig.stream)->lost);
    feed(&rig, WS_SENDER_SERVER, "1t=f20011000000");
    ck_assert_ptr_nonnull(strstr(rig.log, "! deflate-context-missing"));
    rig_close(&rig);
}
END_TEST

START_TEST(a_search_begun_elsewhere_goes_on_in_the_stream)
{
    struct traffic t = {0};
    for (unsigned part = 0; part < 2; part++) {
        struct chance c = {5};
        struct ws_sync *sync;
        struct ws_sync_config config = {.rsv1_ok = true};
        traffic_make(&t, &c, &traffic_profiles[0], WS_SENDER_CLIENT, 20000);
        ck_assert_int_eq(ws_sync_new(&sync, &config), ERR_OK);
        size_t at = 0, n = 0;
        for (at = 10; !ws_sync_verdict(sync)->believed && !(part && at > 100);
             at += n) {
            rig.meta = (struct pkt_meta){.number = at};
            n = ws_sync_data(sync, at, slice_make(t.bytes + at, 50), &rig.meta);
        }
        rig_init(&rig, WANT(EVENT_FRAME), 0);
        rig_open(&rig, WS_SENDER_CLIENT, false, false);
        ws_stream_free(rig.stream);
        struct ws_stream_config sc = {.from = WS_SENDER_CLIENT,
                                      .boundary_unknown = true,
                                      .emit = &rig.emit,
                                      .shared = rig.shared};
        ck_assert_int_eq(ws_stream_new(&rig.stream, &sc, 10), ERR_OK);
        ws_stream_adopt(rig.stream, sync, at - 10);
        ck_assert_uint_eq(ws_stream_stats(rig.stream)->frames > 0, part == 0);
        rig.off = at;
        rig_data(&rig, slice_make(t.bytes + at, 3000));
        ck_assert(!ws_stream_stats(rig.stream)->lost);
        ck_assert_uint_gt(ws_stream_stats(rig.stream)->frames, 20);
        rig_close(&rig);
    }
    traffic_free(&t);
}
END_TEST

/* ---- What is shared by the streams of a dissector ------------------- */

static void
digest_run(unsigned step)
{
    struct buf bytes;
    /* By sha1sum: "Hello" f7ff9e8b..., nothing da39a3ee..., "World"
     * 70c07ec1... */
    cook(&bytes,
         "t:Hello -t:Hel p c:lo t 1t=f248cdc9c90700 -1b=f200 c=110000 "
         "1t=00 1t=ffffff t:World",
         WS_SENDER_CLIENT);
    rig_init(&rig, WANT(EVENT_MESSAGE), 0);
    rig.sink.digest = "sha1";
    rig_open(&rig, WS_SENDER_CLIENT, true, false);
    for (size_t at = 0; at < bytes.len; at += step)
        rig_data(&rig, slice_head(slice_skip(buf_slice(&bytes), at), step));
    buf_fini(&bytes);
    expect("M1 text 1f 5w 5 short #f7ff9e8b\n"
           "M2 text 2f 5w 5 short #f7ff9e8b\n"
           "M3 text 1f 0w 0 #da39a3ee\n"
           "M4 text 1f 7w 5 z short #f7ff9e8b\n"
           "M5 bin 2f 5w 5 z short #f7ff9e8b\n"
           "M6 text 1f 1w 0 z #da39a3ee\n"
           "M7 text 1f 3w ? z part error\n"
           "M8 text 1f 5w 5 short #70c07ec1\n");
    rig_close(&rig);
}

START_TEST(digests_are_of_the_decoded_payload)
{
    for (unsigned step = 1; step < 100; step++)
        digest_run(step);
}
END_TEST

START_TEST(an_unknown_digest_is_bad_usage)
{
    struct ws_shared *shared = NULL;
    rig_init(&rig, WANT_ALL, 0);
    rig.sink.digest = "no-such-digest";
    ck_assert_int_eq(ws_shared_new(&shared, &rig.limits, &rig.sink), ERR_USAGE);
    ck_assert_ptr_null(shared);
}
END_TEST

START_TEST(unfinished_messages_of_two_streams_do_not_mix)
{
    struct ws_stream *other = NULL;
    struct pkt_meta meta = {.number = 1};
    rig_init(&rig, WANT(EVENT_MESSAGE), 100);
    rig.sink.digest = "sha1";
    rig_open(&rig, WS_SENDER_SERVER, false, false);
    struct ws_stream_config config = {.from = WS_SENDER_SERVER,
                                      .emit = &rig.emit,
                                      .shared = rig.shared};
    ck_assert_int_eq(ws_stream_new(&other, &config, 0), ERR_OK);
    feed(&rig, WS_SENDER_SERVER, "-t:Hel");
    ws_stream_data(other, 0, slice_make("\x01\x02Wo", 4), &meta);
    feed(&rig, WS_SENDER_SERVER, "-c:l");
    ws_stream_data(other, 4, slice_make("\x80\x03rld", 5), &meta);
    feed(&rig, WS_SENDER_SERVER, "c:o");
    expect("M1 text 2f 5w 5 \"World\" #70c07ec1\n"
           "M1 text 3f 5w 5 \"Hello\" #f7ff9e8b\n");
    ws_stream_free(other);
    rig_close(&rig);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("ws_stream");
    TCase *t = tcase_create("ws_stream");
    int n = (int)ARRAY_LEN(vectors);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_split_gives_the_same_events, 0, n);
    tcase_add_loop_test(t,
                        counters_and_findings_do_not_depend_on_what_is_wanted,
                        0, n);
    tcase_add_test(t, no_more_payload_is_kept_than_asked);
    tcase_add_test(t, the_limit_of_kept_bytes_holds_over_the_sinks_wish);
    tcase_add_test(
        t, a_frame_names_the_message_it_completes_only_to_who_wants_messages);
    tcase_add_test(t, stamps_tell_the_first_and_the_last_packet);
    tcase_add_test(t, the_first_close_is_remembered);
    tcase_add_test(t, findings_are_counted_beyond_the_first);
    tcase_add_test(t, a_length_with_its_top_bit_ends_the_decoding);
    tcase_add_test(t, a_gap_inside_a_payload_is_survived_and_any_other_is_not);
    tcase_add_test(t, a_hole_in_text_is_not_judged);
    tcase_add_test(t, a_message_of_its_own_bytes_needs_no_lost_history);
    tcase_add_test(t, without_takeover_only_the_message_with_the_hole_is_lost);
    tcase_add_test(t, a_close_frame_with_a_hole_tells_no_more_than_was_seen);
    tcase_add_test(t, the_end_may_come_anywhere);
    tcase_add_loop_test(t, every_frame_told_behind_losses_is_a_real_one, 0,
                        (int)TRAFFIC_PROFILES);
    tcase_add_loop_test(t, what_lies_far_behind_a_loss_is_found, 0,
                        (int)TRAFFIC_PROFILES);
    tcase_add_test(t,
                   cutting_packets_into_calls_changes_no_event_behind_losses);
    tcase_add_test(t, a_gap_is_told_when_frames_are_found_again);
    tcase_add_test(t, a_length_with_its_top_bit_is_got_over);
    tcase_add_test(t, a_message_that_goes_on_behind_a_loss_is_of_unknown_kind);
    tcase_add_test(t, behind_a_loss_the_context_is_missing);
    tcase_add_test(t, a_search_begun_elsewhere_goes_on_in_the_stream);
    tcase_add_test(t, digests_are_of_the_decoded_payload);
    tcase_add_test(t, an_unknown_digest_is_bad_usage);
    tcase_add_test(t, unfinished_messages_of_two_streams_do_not_mix);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
