/* SPDX-License-Identifier: MIT */
/*
 * The 517 cases of the Autobahn fuzzing test suite (groups 1-7, 9, 10, 12 and
 * 13), rebuilt from what it sends: its client against an echo server that does
 * what a good server does.  Groups 6 and below are complete; of 9, 12 and 13
 * less data of the same kind is sent, unless WSRAY_FULL is set in the
 * environment.  The files of group 12 are generated, of the same kinds and
 * lengths.
 *
 * A recipe is frames with '|' between them, each
 *
 *   OP[-][/RSV][!] PAYLOAD...        - FIN = 0, ! one octet in each frame
 *
 * OP: text bin cont close ping pong, or op3 ... op15.  Payloads, joined: H
 * ("Hello, world!"), K (Greek "kosme"), '...' as it is, xHH.. hex, N*HH one
 * octet N times, and a plain number: a close code.  "wait MS" is no frame.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "dissect/ws_frame.h"
#include "tests/finding_case.h"
#include "tests/rng.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER
#define AUTOBAHN_CASES 517u
#define ALSO_OURS 1u /* see 3.6 */
#define ID_MAX 16u

enum writing {
    ONE_WRITE = 0, /* all frames in one segment */
    PER_FRAME,
    OCTETS,
};

struct recipe {
    const char *id;
    const char *frames;
    enum writing writing;
    unsigned fail_at; /* the frame, from 1, that the server refuses; 0: none */
    uint16_t fail_code; /* with this */
    const char *expect, *also, *absent;
    int onclose; /* 0: fail_code, or 1000 */
};

static void
require(bool truth)
{
    if (!truth)
        abort();
}

static void
append(struct buf *b, const void *ptr, size_t len)
{
    if (len)
        require(buf_append(b, ptr, len) == ERR_OK);
}

/* ---- Frames of a recipe --------------------------------------------- */

struct item {
    uint8_t opcode, rsv;
    bool more, each; /* each: one octet in each frame */
    unsigned wait_ms;
    struct buf payload;
};

static unsigned
hex_digit(char c)
{
    return (unsigned)(isdigit((unsigned char)c) ? c - '0'
                                                : (c | 32) - 'a' + 10);
}

static uint8_t
hex_octet(const char *p)
{
    return (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
}

/* Takes one payload token; returns what is behind it. */
static const char *
take_payload(const char *p, struct buf *out)
{
    static const char hello[] = "Hello, world!";
    static const char kosme[] = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    if (*p == 'H') {
        append(out, hello, sizeof hello - 1);
        p++;
    } else if (*p == 'K') {
        append(out, kosme, sizeof kosme - 1);
        p++;
    } else if (*p == '\'') {
        size_t len = strcspn(p + 1, "'");
        append(out, p + 1, len);
        p += len + 2;
    } else if (*p == 'x') {
        for (p++; isxdigit((unsigned char)*p); p += 2)
            append(out, &(uint8_t){hex_octet(p)}, 1);
    } else {
        char *end;
        unsigned long n = strtoul(p, &end, 10);
        require(end != p);
        if (*end == '*') {
            uint8_t octet = hex_octet(end + 1);
            for (; n > 0; n--)
                append(out, &octet, 1);
            end += 3;
        } else {
            append(out, &(uint8_t){(uint8_t)(n >> 8)}, 1);
            append(out, &(uint8_t){(uint8_t)n}, 1);
        }
        p = end;
    }
    return p;
}

static uint8_t
opcode_of(const char *name, size_t len)
{
    static const char *const names[16] = {
        [WS_OP_CONT] = "cont",   [WS_OP_TEXT] = "text", [WS_OP_BINARY] = "bin",
        [WS_OP_CLOSE] = "close", [WS_OP_PING] = "ping", [WS_OP_PONG] = "pong",
    };
    for (uint8_t i = 0; i < 16; i++)
        if (names[i] && strlen(names[i]) == len &&
            memcmp(names[i], name, len) == 0)
            return i;
    require(len > 2 && memcmp(name, "op", 2) == 0);
    return (uint8_t)strtoul(name + 2, NULL, 10);
}

/* Takes the next frame off *recipe; false at the end.  item->payload is empty
 * before. */
static bool
take_item(const char **recipe, struct item *item)
{
    const char *p = *recipe + strspn(*recipe, " |");
    if (!*p)
        return false;
    size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789");
    item->wait_ms = 0;
    item->rsv = 0;
    item->more = item->each = false;
    if (len == 4 && memcmp(p, "wait", 4) == 0) {
        item->wait_ms = (unsigned)strtoul(p + 4, NULL, 10);
        *recipe = p + strcspn(p, "|");
        return true;
    }
    item->opcode = opcode_of(p, len);
    for (p += len; *p && *p != ' ' && *p != '|'; p++) {
        if (*p == '-')
            item->more = true;
        else if (*p == '!')
            item->each = true;
        else if (*p == '/')
            item->rsv = (uint8_t)(*++p - '0');
    }
    for (p += strspn(p, " "); *p && *p != '|'; p += strspn(p, " "))
        p = take_payload(p, &item->payload);
    *recipe = p;
    return true;
}

static void
send_item(struct scene *s, const struct item *item)
{
    struct scene_frame f = {.opcode = item->opcode,
                            .rsv = item->rsv,
                            .more = item->more,
                            .payload = item->payload.ptr,
                            .payload_len = item->payload.len};
    if (!item->each) {
        scene_frame(s, C, &f);
        return;
    }
    f.payload_len = 1;
    for (size_t i = 0; i < item->payload.len; i++) {
        f.payload = item->payload.ptr + i;
        f.more = i + 1 < item->payload.len;
        scene_frame(s, C, &f);
        f.opcode = WS_OP_CONT;
    }
}

/* ---- The echo server ------------------------------------------------ */

struct server {
    struct scene *scene;
    const struct recipe *recipe;
    unsigned n_frames; /* of the client, so far */
    uint8_t opcode;    /* of the message that is open */
    struct buf message;
    bool failed;
    bool client_closed, closed;
};

static void
server_close(struct server *v, uint16_t code)
{
    scene_close_frame(v->scene, S, code, NULL);
    v->closed = true;
}

static void
server_message(struct server *v, const struct item *item)
{
    if (item->opcode != WS_OP_CONT) {
        buf_clear(&v->message);
        v->opcode = item->opcode;
    }
    append(&v->message, item->payload.ptr, item->payload.len);
    if (item->more)
        return;
    struct scene_frame echo = {.opcode = v->opcode,
                               .payload = v->message.ptr,
                               .payload_len = v->message.len};
    scene_frame(v->scene, S, &echo);
}

static void
server_takes(struct server *v, const struct item *item)
{
    const uint8_t *p = item->payload.ptr;
    if (item->opcode == WS_OP_CLOSE)
        v->client_closed = true;
    if (++v->n_frames == v->recipe->fail_at && !v->closed) {
        server_close(v, v->recipe->fail_code);
        v->failed = true;
    }
    if (v->closed)
        return;
    if (item->opcode == WS_OP_CLOSE)
        server_close(v, item->payload.len < 2 ? 0 : rd_load_be16(p));
    else if (item->opcode == WS_OP_PING)
        scene_frame(v->scene, S,
                    &(struct scene_frame){.opcode = WS_OP_PONG,
                                          .payload = p,
                                          .payload_len = item->payload.len});
    else if (item->opcode != WS_OP_PONG)
        server_message(v, item);
}

/* The server's part for what was written since the last time. */
static void
server_catches_up(struct server *v, const char *from, const char *to)
{
    struct item item;
    buf_init(&item.payload, SIZE_MAX / 2);
    while (from < to && take_item(&from, &item)) {
        if (!item.wait_ms)
            server_takes(v, &item);
        buf_clear(&item.payload);
    }
    buf_fini(&item.payload);
}

static void
say_goodbye(struct server *v)
{
    struct scene *s = v->scene;
    if (!v->closed) {
        scene_close_frame(s, C, 1000, NULL);
        scene_close_frame(s, S, 1000, NULL);
    } else if (!v->client_closed) {
        scene_close_frame(s, C, v->recipe->fail_code, NULL);
    }
    scene_end(s, S);
}

static void
play_recipe(struct scene *s, const void *data)
{
    const struct recipe *r = data;
    struct server v = {.scene = s, .recipe = r};
    const char *at = r->frames, *answered = at;
    struct item item;
    buf_init(&item.payload, SIZE_MAX / 2);
    buf_init(&v.message, SIZE_MAX / 2);
    scene_handshake(s);
    scene_piece_len(s, r->writing == OCTETS ? 1 : 0);
    if (r->writing == ONE_WRITE)
        scene_join(s, C);
    while (take_item(&at, &item)) {
        if (item.wait_ms && r->writing == ONE_WRITE)
            scene_flush(s, C);
        if (item.wait_ms)
            scene_wait_ms(s, item.wait_ms);
        else
            send_item(s, &item);
        if (item.wait_ms && r->writing == ONE_WRITE)
            scene_join(s, C);
        if (r->writing == PER_FRAME && !r->fail_at) {
            server_catches_up(&v, answered, at);
            answered = at;
        }
        buf_clear(&item.payload);
    }
    if (r->writing == ONE_WRITE)
        scene_flush(s, C);
    scene_piece_len(s, 0);
    server_catches_up(&v, answered, at);
    say_goodbye(&v);
    buf_fini(&item.payload);
    buf_fini(&v.message);
}

/* ---- Groups 2 to 7 -------------------------------------------------- */

#define RSV1_SET "frame-rsv1-not-negotiated:client"
#define RSV23_SET "frame-rsv2-or-rsv3-set:client"
#define RESERVED "frame-opcode-reserved:client*1"
#define ORPHAN "frame-continuation-orphan:client"
#define INTERLEAVED "frame-message-interleaved:client"
#define CTL_FRAGMENTED "frame-control-fragmented:client"
#define CTL_LONG "frame-control-too-long:client"
#define BAD_UTF8 "message-invalid-utf8:client*1"
#define CUT_UTF8 "message-utf8-incomplete:client*1"

#define BINARY8 "x00fffefdfcfb00ff"
#define PINGS_10                                                               \
    "ping 'payload-0' | ping 'payload-1' | ping 'payload-2' | "                \
    "ping 'payload-3' | ping 'payload-4' | ping 'payload-5' | "                \
    "ping 'payload-6' | ping 'payload-7' | ping 'payload-8' | "                \
    "ping 'payload-9'"
#define FRAGMENTS(first) first "- 'fragment1' | cont 'fragment2'"
#define PING_BETWEEN "text- 'fragment1' | ping 'ping' | cont 'fragment2'"
#define ORPHAN_FIRST "cont 'no start' | text H"
#define ORPHAN_OPEN "cont- 'no start' | text H"
#define LONG_WAY                                                               \
    "text- 'fragment1' | cont- 'fragment2' | ping '1' | wait 1000 | "          \
    "cont- 'fragment3' | cont- 'fragment4' | ping '2' | cont 'fragment5'"

static const struct recipe recipes[] = {
    {"2.1", "ping", 0, 0, 0, "", NULL, "ping-unanswered", 0},
    {"2.2", "ping H", 0, 0, 0, "", NULL, "pong-payload-differs", 0},
    {"2.3", "ping " BINARY8, 0, 0, 0, "", NULL, "message-invalid-utf8", 0},
    {"2.4", "ping 125*fe", 0, 0, 0, "", NULL, "frame-control-too-long", 0},
    {"2.5", "ping 126*fe", 0, 1, 1002, CTL_LONG, NULL, NULL, 0},
    {"2.6", "ping 125*fe", OCTETS, 0, 0, "", NULL, NULL, 0},
    {"2.7", "pong", 0, 0, 0, "", "pong-unsolicited:client", NULL, 0},
    {"2.8", "pong 'unsolicited pong payload'", 0, 0, 0, "",
     "pong-unsolicited:client", "pong-payload-differs", 0},
    {"2.9", "pong 'unsolicited pong payload' | ping 'ping payload'", 0, 0, 0,
     "", "pong-unsolicited:client", "ping-unanswered", 0},
    {"2.10", PINGS_10, 0, 0, 0, "", NULL, "ping-unanswered ping-flood", 0},
    {"2.11", PINGS_10, OCTETS, 0, 0, "", NULL, "ping-flood", 0},

    {"3.1", "text/1 H", 0, 1, 1002, RSV23_SET, NULL, NULL, 0},
    {"3.2", "text H | text/2 H | ping", 0, 2, 1002, RSV23_SET, NULL,
     "ping-unanswered", 0},
    {"3.3", "text H | text/3 H | ping", PER_FRAME, 2, 1002, RSV23_SET, NULL,
     NULL, 0},
    {"3.4", "text H | text/4 H | ping", OCTETS, 2, 1002, RSV1_SET, NULL, NULL,
     0},
    {"3.5", "bin/5 " BINARY8, 0, 1, 1002, RSV1_SET " " RSV23_SET, NULL, NULL,
     0},
    {"3.6", "bin/6 H", 0, 1, 1002, RSV1_SET " " RSV23_SET, NULL, NULL, 0},
    /* What the title of 3.6 promises. */
    {"3.6 ping", "ping/6 H", 0, 1, 1002, RSV1_SET " " RSV23_SET, NULL, NULL, 0},
    {"3.7", "close/7", 0, 1, 1002, RSV1_SET " " RSV23_SET, NULL, NULL, 0},

    {"4.1.1", "op3", 0, 1, 1002, RESERVED, NULL, NULL, 0},
    {"4.1.2", "op4 H", 0, 1, 1002, RESERVED, NULL, NULL, 0},
    {"4.1.3", "text H | op5 | ping", 0, 2, 1002, RESERVED, NULL, NULL, 0},
    {"4.1.4", "text H | op6 H | ping", 0, 2, 1002, RESERVED, NULL, NULL, 0},
    {"4.1.5", "text H | op7 H | ping", OCTETS, 2, 1002, RESERVED, NULL, NULL,
     0},
    {"4.2.1", "op11", 0, 1, 1002, RESERVED, NULL, NULL, 0},
    {"4.2.2", "op12 H", 0, 1, 1002, RESERVED, NULL, NULL, 0},
    {"4.2.3", "text H | op13 | ping", 0, 2, 1002, RESERVED, NULL, NULL, 0},
    {"4.2.4", "text H | op14 H | ping", 0, 2, 1002, RESERVED, NULL, NULL, 0},
    {"4.2.5", "text H | op15 H | ping", OCTETS, 2, 1002, RESERVED, NULL, NULL,
     0},

    {"5.1", FRAGMENTS("ping"), 0, 1, 1002, CTL_FRAGMENTED " " ORPHAN, NULL,
     NULL, 0},
    {"5.2", FRAGMENTS("pong"), 0, 1, 1002, CTL_FRAGMENTED " " ORPHAN, NULL,
     NULL, 0},
    {"5.3", FRAGMENTS("text"), 0, 0, 0, "", NULL, "frame-continuation-orphan",
     0},
    {"5.4", FRAGMENTS("text"), PER_FRAME, 0, 0, "", NULL, NULL, 0},
    {"5.5", FRAGMENTS("text"), OCTETS, 0, 0, "", NULL, NULL, 0},
    {"5.6", PING_BETWEEN, 0, 0, 0, "", NULL,
     "frame-control-fragmented frame-message-interleaved", 0},
    {"5.7", PING_BETWEEN, PER_FRAME, 0, 0, "", NULL, NULL, 0},
    {"5.8", PING_BETWEEN, OCTETS, 0, 0, "", NULL, NULL, 0},
    {"5.9", ORPHAN_FIRST, 0, 1, 1002, ORPHAN "*1", NULL, NULL, 0},
    {"5.10", ORPHAN_FIRST, PER_FRAME, 1, 1002, ORPHAN "*1", NULL, NULL, 0},
    {"5.11", ORPHAN_FIRST, OCTETS, 1, 1002, ORPHAN "*1", NULL, NULL, 0},
    {"5.12", ORPHAN_OPEN, 0, 1, 1002, ORPHAN "*1", NULL,
     "frame-message-interleaved", 0},
    {"5.13", ORPHAN_OPEN, PER_FRAME, 1, 1002, ORPHAN "*1", NULL, NULL, 0},
    {"5.14", ORPHAN_OPEN, OCTETS, 1, 1002, ORPHAN "*1", NULL, NULL, 0},
    {"5.15",
     "text- 'fragment1' | cont 'fragment2' | cont- 'fragment3' | "
     "text 'fragment4'",
     0, 3, 1002, ORPHAN "*1", NULL, "frame-message-interleaved", 0},
    {"5.16",
     "cont- 'fragment1' | text- 'fragment2' | cont 'fragment3' | "
     "cont- 'fragment4' | text- 'fragment5' | cont 'fragment6'",
     0, 1, 1002, ORPHAN "*2", NULL, NULL, 0},
    {"5.17",
     "cont 'fragment1' | text- 'fragment2' | cont 'fragment3' | "
     "cont 'fragment4' | text- 'fragment5' | cont 'fragment6'",
     0, 1, 1002, ORPHAN "*2", NULL, NULL, 0},
    {"5.18", "text- 'fragment1' | text 'fragment2'", 0, 2, 1002,
     INTERLEAVED "*1", NULL, "frame-continuation-orphan", 0},
    {"5.19", LONG_WAY, 0, 0, 0, "", NULL, "message-unfinished", 0},
    {"5.20", LONG_WAY, PER_FRAME, 0, 0, "", NULL, NULL, 0},

    {"6.1.1", "text", 0, 0, 0, "", NULL, NULL, 0},
    {"6.1.2", "text- | cont- | cont", 0, 0, 0, "", NULL, NULL, 0},
    {"6.1.3", "text- | cont- 'middle frame payload' | cont", 0, 0, 0, "", NULL,
     NULL, 0},
    {"6.2.1",
     "text 'Gr\xc3\xbc\xc3\x9f"
     "e-\xc3\xa0-bient\xc3\xb4t'",
     0, 0, 0, "", NULL, "message-invalid-utf8", 0},
    {"6.2.2",
     "text- 'Gr\xc3\xbc' | cont '\xc3\x9f"
     "e-\xc3\xa0-bient\xc3\xb4t'",
     0, 0, 0, "", NULL, "message-utf8-incomplete", 0},
    {"6.2.3",
     "text! 'Gr\xc3\xbc\xc3\x9f"
     "e-\xc3\xa0-bient\xc3\xb4t'",
     0, 0, 0, "", NULL, "message-utf8-incomplete message-invalid-utf8", 0},
    {"6.2.4", "text! K", 0, 0, 0, "", NULL, "message-utf8-incomplete", 0},
    {"6.3.1", "text K xeda080 'edited'", 0, 1, 1007, BAD_UTF8, NULL, NULL, 0},
    {"6.3.2", "text! K xeda080 'edited'", 0, 1, 1007, BAD_UTF8, NULL, NULL, 0},
    {"6.4.1",
     "text- K | wait 1000 | cont- xf4908080 | wait 1000 | cont 'edited'", 0, 3,
     1007, BAD_UTF8, NULL, "message-unfinished", 0},
    {"6.4.2",
     "text- K xf4 | wait 1000 | cont- x90 | wait 1000 | "
     "cont x8080 'edited'",
     0, 3, 1007, BAD_UTF8, NULL, NULL, 0},

    {"7.1.1", "text H | close 1000", 0, 0, 0, "", NULL,
     "close-data-after-close close-reply-missing", 0},
    {"7.1.2", "close 1000 | close", 0, 0, 0, "close-duplicate:client", NULL,
     "close-data-after-close", 0},
    {"7.1.3", "close 1000 | ping", 0, 0, 0, "",
     "close-control-after-close:client",
     "close-data-after-close ping-unanswered close-duplicate", 0},
    {"7.1.4", "close 1000 | text H", 0, 0, 0, "close-data-after-close:client",
     NULL, "close-control-after-close", 0},
    {"7.1.5", "text- 'fragment1' | close 1000 | cont 'fragment2'", 0, 0, 0,
     "close-data-after-close:client message-unfinished:client", NULL, NULL, 0},
    {"7.1.6", "text 262144*42 | text H | close 1000 | ping", 0, 0, 0, "",
     "close-control-after-close:client", "close-data-after-close", 0},
    {"7.3.1", "close", 0, 0, 0, "", NULL, "close-payload-one-byte", 1005},
    {"7.3.2", "close x61", 0, 1, 1002, "close-payload-one-byte:client", NULL,
     NULL, 0},
    {"7.3.3", "close 1000", 0, 0, 0, "", NULL,
     "close-code-out-of-range close-code-unassigned close-code-reserved-sent",
     0},
    {"7.3.4", "close 1000 'Hello World!'", 0, 0, 0, "", NULL,
     "close-reason-invalid-utf8", 0},
    {"7.3.5", "close 1000 123*2a", 0, 0, 0, "", NULL, "frame-control-too-long",
     0},
    {"7.3.6", "close 1000 124*2a", 0, 1, 1002, CTL_LONG, NULL, NULL, 0},
    {"7.5.1", "close 1000 K xeda080 'edited'", 0, 1, 1007,
     "close-reason-invalid-utf8:client", NULL, NULL, 0},
};

/* ---- Groups 7.7, 7.9, 7.13: close codes ----------------------------- */

struct code_case {
    const char *id;
    uint16_t code;
    const char *expect, *also, *absent;
};

#define OUT_OF_RANGE "close-code-out-of-range:client"
#define UNASSIGNED "close-code-unassigned:client"
#define CODE_RESERVED "close-code-reserved-sent:client"
#define ERROR_CODE "close-error-code:client"
#define APPLICATION "close-code-application:client"

static const struct code_case codes[] = {
    {"7.7.1", 1000, "", NULL, "close-error-code close-code-application"},
    {"7.7.2", 1001, "", NULL, "close-error-code close-code-wrong-role"},
    {"7.7.3", 1002, "", ERROR_CODE, "close-code-unassigned"},
    {"7.7.4", 1003, "", ERROR_CODE, "close-code-unassigned"},
    {"7.7.5", 1007, "", ERROR_CODE, "close-code-reserved-sent"},
    {"7.7.6", 1008, "", ERROR_CODE, NULL},
    {"7.7.7", 1009, "", ERROR_CODE, NULL},
    /* The server says 1010 only because the client did. */
    {"7.7.8", 1010, "", ERROR_CODE, "close-code-wrong-role:client"},
    {"7.7.9", 1011, "", ERROR_CODE, "close-code-unassigned"},
    {"7.7.10", 3000, "", APPLICATION, "close-code-unassigned"},
    {"7.7.11", 3999, "", APPLICATION, NULL},
    {"7.7.12", 4000, "", APPLICATION, NULL},
    {"7.7.13", 4999, "", APPLICATION, "close-code-out-of-range"},
    {"7.9.1", 0, OUT_OF_RANGE, NULL, NULL},
    {"7.9.2", 999, OUT_OF_RANGE, NULL, "close-code-unassigned"},
    {"7.9.3", 1004, UNASSIGNED, NULL, "close-code-reserved-sent"},
    {"7.9.4", 1005, CODE_RESERVED, NULL, "close-code-unassigned"},
    {"7.9.5", 1006, CODE_RESERVED, NULL, "close-code-out-of-range"},
    {"7.9.6", 1016, UNASSIGNED, NULL, "close-code-reserved-sent"},
    {"7.9.7", 1100, UNASSIGNED, NULL, NULL},
    {"7.9.8", 2000, UNASSIGNED, NULL, NULL},
    {"7.9.9", 2999, UNASSIGNED, NULL, "close-code-application"},
    {"7.13.1", 5000, OUT_OF_RANGE, NULL, "close-code-application"},
    {"7.13.2", 65535, OUT_OF_RANGE, NULL, NULL},
};

static void
play_code(struct scene *s, const void *data)
{
    const struct code_case *c = data;
    uint8_t payload[2] = {(uint8_t)(c->code >> 8), (uint8_t)c->code};
    scene_handshake(s);
    scene_frame(s, C,
                &(struct scene_frame){.opcode = WS_OP_CLOSE,
                                      .payload = payload,
                                      .payload_len = 2});
    scene_close_frame(s, S, *c->expect ? 1002 : c->code, NULL);
    scene_end(s, S);
}

/* ---- Groups 6.5 to 6.23: UTF-8 -------------------------------------- */

/* V valid, X invalid, I ends inside a character. */
struct utf8_group {
    const char *id;
    const char *vectors;
};

static const struct utf8_group utf8_groups[] = {
    {"6.5", "V68656c6c6f24776f726c64 V68656c6c6fc2a2776f726c64 "
            "V68656c6c6fe282ac776f726c64 V68656c6c6ff0a4ada2776f726c64 "
            "Vcebae1bdb9cf83cebcceb5"},
    {"6.6", "Ice Vceba Icebae1 Icebae1bd Vcebae1bdb9 Icebae1bdb9cf "
            "Vcebae1bdb9cf83 Icebae1bdb9cf83ce Vcebae1bdb9cf83cebc "
            "Icebae1bdb9cf83cebcce Vcebae1bdb9cf83cebcceb5"},
    {"6.7", "V00 Vc280 Ve0a080 Vf0908080"},
    {"6.8", "Xf888808080 Xfc8480808080"},
    {"6.9", "V7f Vdfbf Vefbfbf Vf48fbfbf"},
    {"6.10", "Xf7bfbfbf Xfbbfbfbfbf Xfdbfbfbfbfbf"},
    {"6.11", "Ved9fbf Vee8080 Vefbfbd Vf48fbfbf Xf4908080"},
    {"6.12", "X80 Xbf X80bf X80bf80 X80bf80bf X80bf80bf80 X80bf80bf80bf "
             "X808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
             "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe"},
    {"6.13", "Xc020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20"
             "cf20d020d120d220d320d420d520d620d720d820d920da20db20dc20dd20de20 "
             "Xe020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20 "
             "Xf020f120f220f320f420f520f620 Xf820f920fa20 Xfc20"},
    {"6.14", "Xc0 Xe080 Xf08080 Xf8808080 Xfc80808080 Idf Iefbf Xf7bfbf "
             "Xfbbfbfbf Xfdbfbfbfbf"},
    {"6.15", "Xc0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"},
    {"6.16", "Xfe Xff Xfefeffff"},
    {"6.17", "Xc0af Xe080af Xf08080af Xf8808080af Xfc80808080af"},
    {"6.18", "Xc1bf Xe09fbf Xf08fbfbf Xf887bfbfbf Xfc83bfbfbfbf"},
    {"6.19", "Xc080 Xe08080 Xf0808080 Xf880808080 Xfc8080808080"},
    {"6.20", "Xeda080 Xedadbf Xedae80 Xedafbf Xedb080 Xedbe80 Xedbfbf"},
    {"6.21", "Xeda080edb080 Xeda080edbfbf Xedadbfedb080 Xedadbfedbfbf "
             "Xedae80edb080 Xedae80edbfbf Xedafbfedb080 Xedafbfedbfbf"},
    {"6.22", "Vefbfbe Vefbfbf Vf09fbfbe Vf09fbfbf Vf0afbfbe Vf0afbfbf "
             "Vf0bfbfbe Vf0bfbfbf Vf18fbfbe Vf18fbfbf Vf19fbfbe Vf19fbfbf "
             "Vf1afbfbe Vf1afbfbf Vf1bfbfbe Vf1bfbfbf Vf28fbfbe Vf28fbfbf "
             "Vf29fbfbe Vf29fbfbf Vf2afbfbe Vf2afbfbf Vf2bfbfbe Vf2bfbfbf "
             "Vf38fbfbe Vf38fbfbf Vf39fbfbe Vf39fbfbf Vf3afbfbe Vf3afbfbf "
             "Vf3bfbfbe Vf3bfbfbf Vf48fbfbe Vf48fbfbf"},
    {"6.23", "Vefbfb9 Vefbfba Vefbfbb Vefbfbc Vefbfbd Vefbfbe Vefbfbf"},
};

static void
play_vector(struct scene *s, const void *data)
{
    const char *hex = data;
    uint8_t bytes[80];
    size_t len = 0;
    for (hex++; isxdigit((unsigned char)*hex); hex += 2)
        bytes[len++] = hex_octet(hex);
    require(len < sizeof bytes);
    struct scene_frame f = {.opcode = WS_OP_TEXT,
                            .payload = bytes,
                            .payload_len = len};
    scene_handshake(s);
    scene_frame(s, C, &f);
    if (*(const char *)data == 'V') {
        scene_frame(s, S, &f);
        scene_close(s, C, 1000);
    } else {
        scene_close(s, S, 1007);
    }
}

/* 6.4.3 and 6.4.4: one frame, written in three pieces, a second apart. */
static void
play_chops(struct scene *s, const void *data)
{
    static const char text[] = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
                               "\xf4\x90\x80\x80"
                               "edited";
    const size_t *ends = data; /* of the first two pieces, in the payload */
    const uint8_t key[4] = {0x5b, 0x17, 0xe2, 0x94};
    uint8_t frame[6 + sizeof text - 1] = {0x81, 0x80 | (sizeof text - 1)};
    memcpy(frame + 2, key, 4);
    for (size_t i = 0; i < sizeof text - 1; i++)
        frame[6 + i] = (uint8_t)text[i] ^ key[i & 3];
    scene_handshake(s);
    scene_send(s, C, frame, 6 + ends[0]);
    scene_wait_ms(s, 1000);
    scene_send(s, C, frame + 6 + ends[0], ends[1] - ends[0]);
    scene_wait_ms(s, 1000);
    scene_send(s, C, frame + 6 + ends[1], sizeof text - 1 - ends[1]);
    scene_close(s, S, 1007);
}

static const size_t chops[2][2] = {{11, 15}, {12, 13}};

/* ---- Groups 1, 9 and 10: sizes -------------------------------------- */

/* Whether all of the data is sent. */
static bool
is_full(void)
{
    return getenv("WSRAY_FULL") != NULL;
}

struct size_case {
    char id[ID_MAX];
    uint8_t opcode;
    size_t len;      /* of each message */
    size_t fragment; /* 0: one frame */
    size_t piece;    /* of a write; 0: whole */
    unsigned n_messages;
    bool heavy;
};

static const size_t sizes_1[8] = {0, 125, 126, 127, 128, 65535, 65536, 65536};
static const size_t sizes_9[6] = {1u << 16, 1u << 18, 1u << 20,
                                  4u << 20, 8u << 20, 16u << 20};
static const size_t echoes_9[6] = {0, 16, 64, 256, 1024, 4096};

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void
fill_message(uint8_t *out, size_t len, uint8_t opcode)
{
    for (size_t i = 0; i < len; i++)
        out[i] = opcode == WS_OP_TEXT ? (uint8_t)('a' + i % 26) : 0xfe;
}

static void
send_in_fragments(struct scene *s, enum ws_sender from, uint8_t opcode,
                  uint8_t rsv, struct slice data, size_t fragment)
{
    size_t at = 0;
    do {
        size_t len = data.len - at;
        if (fragment)
            len = least(len, fragment);
        struct scene_frame f = {.opcode = at ? WS_OP_CONT : opcode,
                                .rsv = at ? 0 : rsv,
                                .more = at + len < data.len,
                                .payload = data.ptr + at,
                                .payload_len = len};
        scene_frame(s, from, &f);
        at += len;
    } while (at < data.len);
}

static void
play_size(struct scene *s, const void *data)
{
    const struct size_case *c = data;
    uint8_t *bytes = malloc(c->len + 1);
    require(bytes != NULL);
    struct slice message = slice_make(bytes, c->len);
    fill_message(bytes, c->len, c->opcode);
    scene_handshake(s);
    for (unsigned i = 0; i < c->n_messages; i++) {
        scene_piece_len(s, c->piece);
        send_in_fragments(s, C, c->opcode, 0, message, c->fragment);
        scene_piece_len(s, 0);
        send_in_fragments(s, S, c->opcode, 0, message, 0);
    }
    free(bytes);
    scene_close(s, C, 1000);
}

/* 9.3 and 9.4: 4 MiB in fragments; less of it, but some fragments at least. */
static size_t
fragmented_len(size_t fragment)
{
    return is_full() ? 4u << 20
                     : least(4u << 20, least(64 * fragment, 256u << 10) +
                                           fragment / 2 * 3);
}

/* The rows of groups 1, 9 and 10; returns how many. */
static size_t
make_sizes(struct size_case *out)
{
    bool full = is_full();
    size_t n = 0;
    for (unsigned half = 1; half <= 2; half++) {
        uint8_t op = half == 1 ? WS_OP_TEXT : WS_OP_BINARY;
        for (unsigned i = 0; i < 8; i++, n++) {
            out[n] =
                (struct size_case){"", op,   sizes_1[i], 0, i == 7 ? 997 : 0,
                                   1,  i > 4};
            snprintf(out[n].id, ID_MAX, "1.%u.%u", half, i + 1);
        }
        for (unsigned i = 0; i < 6; i++, n++) {
            size_t len = full ? sizes_9[i] : least(sizes_9[i], 3u << 19);
            out[n] = (struct size_case){"", op, len, 0, 0, 1, true};
            snprintf(out[n].id, ID_MAX, "9.%u.%u", half, i + 1);
        }
        for (unsigned i = 0; i < 9; i++, n++) {
            size_t fragment = (size_t)64 << 2 * i;
            out[n] = (struct size_case){"",       op, fragmented_len(fragment),
                                        fragment, 0,  1,
                                        true};
            snprintf(out[n].id, ID_MAX, "9.%u.%u", half + 2, i + 1);
        }
        for (unsigned i = 0; i < 6; i++, n++) {
            out[n] = (struct size_case){
                "", op,  full ? 1u << 20 : 1u << 16, 0, (size_t)64 << i,
                1,  true};
            snprintf(out[n].id, ID_MAX, "9.%u.%u", half + 4, i + 1);
        }
        for (unsigned i = 0; i < 6; i++, n++) {
            out[n] =
                (struct size_case){"",  op, echoes_9[i], 0, 0, full ? 1000 : 40,
                                   true};
            snprintf(out[n].id, ID_MAX, "9.%u.%u", half + 6, i + 1);
        }
    }
    out[n++] =
        (struct size_case){"10.1.1", WS_OP_TEXT, 65536, 1300, 0, 1, true};
    return n;
}

/* ---- Groups 12 and 13: permessage-deflate --------------------------- */

#define DEFLATE "permessage-deflate"
#define CLIENT_HINTS "; client_no_context_takeover; client_max_window_bits"

struct file {
    size_t len;
    uint8_t opcode;
    void (*fill)(struct rng *rng, uint8_t *out, size_t len);
};

struct negotiation {
    const char *offer, *answer;
    bool takeover; /* both the same */
    int bits;
};

struct deflate_case {
    char id[ID_MAX];
    const struct file *file;
    const struct negotiation *params;
    size_t len, fragment;
};

/* Repeats words of a list, with numbers between them, up to len octets. */
static void
fill_words(struct rng *rng, uint8_t *out, size_t len, const char *const *words,
           uint32_t n_words)
{
    for (size_t at = 0; at < len;) {
        char text[64];
        const char *word = words[rng_below(rng, n_words)];
        if (strcmp(word, "#") == 0) {
            snprintf(text, sizeof text, "%u", rng_below(rng, 100000));
            word = text;
        }
        size_t n = least(strlen(word), len - at);
        memcpy(out + at, word, n);
        at += n;
    }
}

static void
fill_json(struct rng *rng, uint8_t *out, size_t len)
{
    static const char *const words[] = {"{\"level\":\"info\",\"ms\":",
                                        "#",
                                        "},\n",
                                        ",\"path\":\"/index\"",
                                        "{\"level\":\"warn\",\"id\":",
                                        "#",
                                        ",\"ok\":true"};
    fill_words(rng, out, len, words, sizeof words / sizeof words[0]);
}

/* A gradient with some noise: 512 by 512 pixels of a grey bitmap. */
static void
fill_bitmap(struct rng *rng, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)((i / 512 + i % 512) / 4 + rng_below(rng, 2));
}

/* Goethe, Faust, 1808. */
static void
fill_prose(struct rng *rng, uint8_t *out, size_t len)
{
    static const char *const words[] = {"Habe nun, ach! Philosophie,\n",
                                        "Juristerei und Medizin,\n",
                                        "Und leider auch Theologie!\n",
                                        "Durchaus studiert, ",
                                        "mit Bem\xc3\xbchn.\n",
                                        "Da steh ich nun, ",
                                        "ich armer Tor!\n",
                                        "Und bin so klug als wie zuvor;\n"};
    fill_words(rng, out, len, words, sizeof words / sizeof words[0]);
}

static void
fill_html(struct rng *rng, uint8_t *out, size_t len)
{
    static const char *const words[] = {
        "<tr><td class=\"n\">", "#",      "</td></tr>\n",
        "<p>some text ",        "</p>\n", "<a href=\"/page/",
        "\">more</a>"};
    fill_words(rng, out, len, words, sizeof words / sizeof words[0]);
}

/* Like a PDF: a little text around streams that are compressed already. */
static void
fill_pdf(struct rng *rng, uint8_t *out, size_t len)
{
    static const char head[] = "\nendstream\nendobj\n7 0 obj <</Length 4000 "
                               "/Filter /FlateDecode>>\nstream\n";
    rng_fill(rng, out, len);
    for (size_t at = 0; at + sizeof head <= len; at += 4096)
        memcpy(out + at, head, sizeof head - 1);
}

static const struct file files[5] = {
    {194056, WS_OP_TEXT, fill_json},    {263222, WS_OP_BINARY, fill_bitmap},
    {222218, WS_OP_BINARY, fill_prose}, {263647, WS_OP_TEXT, fill_html},
    {1042328, WS_OP_BINARY, fill_pdf},
};

#define NCT "; server_no_context_takeover"
#define BOTH_NCT NCT "; client_no_context_takeover"

static const struct negotiation negotiations[7] = {
    {DEFLATE CLIENT_HINTS, DEFLATE, true, 15},
    {DEFLATE CLIENT_HINTS NCT, DEFLATE BOTH_NCT, false, 15},
    {DEFLATE CLIENT_HINTS "; server_max_window_bits=9",
     DEFLATE "; server_max_window_bits=9; client_max_window_bits=9", true, 9},
    {DEFLATE CLIENT_HINTS "; server_max_window_bits=15",
     DEFLATE "; server_max_window_bits=15; client_max_window_bits=15", true,
     15},
    {DEFLATE CLIENT_HINTS NCT "; server_max_window_bits=9",
     DEFLATE BOTH_NCT "; server_max_window_bits=9; client_max_window_bits=9",
     false, 9},
    {DEFLATE CLIENT_HINTS NCT "; server_max_window_bits=15",
     DEFLATE BOTH_NCT "; server_max_window_bits=15; client_max_window_bits=15",
     false, 15},
    {DEFLATE CLIENT_HINTS NCT
     "; server_max_window_bits=9, " DEFLATE CLIENT_HINTS NCT
     ", " DEFLATE CLIENT_HINTS,
     DEFLATE BOTH_NCT "; server_max_window_bits=9; client_max_window_bits=9",
     false, 9},
};

static const size_t profiles[18][2] = {
    {16, 0},        {64, 0},         {256, 0},      {1024, 0},
    {4096, 0},      {8192, 0},       {16384, 0},    {32768, 0},
    {65536, 0},     {131072, 0},     {8192, 256},   {16384, 256},
    {32768, 256},   {65536, 256},    {131072, 256}, {131072, 1024},
    {131072, 4096}, {131072, 32768},
};

static unsigned
deflate_messages(size_t len)
{
    return is_full() ? 1000 : 2 + (unsigned)(least(65536, 16 * len) / len);
}

/* Message k is the next slice of the file, wrapping round. */
static void
next_slice(const uint8_t *file, size_t file_len, size_t *at, uint8_t *out,
           size_t len)
{
    for (size_t done = 0; done < len;) {
        size_t n = least(len - done, file_len - *at);
        memcpy(out + done, file + *at, n);
        *at = (*at + n) % file_len;
        done += n;
    }
}

static void
play_deflate(struct scene *s, const void *data)
{
    const struct deflate_case *c = data;
    const struct negotiation *params = c->params;
    struct rng rng = {c->file->len};
    uint8_t *file = malloc(c->file->len), *message = malloc(c->len);
    size_t at = 0;
    require(file && message);
    c->file->fill(&rng, file, c->file->len);
    scene_handshake_with(s, &(struct scene_handshake){.deflate_offer =
                                                          params->offer,
                                                      .deflate_answer =
                                                          params->answer});
    scene_deflate_window(s, C, params->bits);
    scene_deflate_window(s, S, params->bits);
    for (unsigned i = deflate_messages(c->len); i > 0; i--) {
        struct slice packed;
        next_slice(file, c->file->len, &at, message, c->len);
        packed = scene_deflate(s, C, message, c->len, params->takeover);
        send_in_fragments(s, C, c->file->opcode, 4, packed, c->fragment);
        packed = scene_deflate(s, S, message, c->len, params->takeover);
        send_in_fragments(s, S, c->file->opcode, 4, packed, 0);
    }
    free(file);
    free(message);
    scene_close(s, C, 1000);
}

/* ---- The table ------------------------------------------------------ */

static struct {
    size_t n;
    struct finding_case list[AUTOBAHN_CASES + ALSO_OURS];
    char names[AUTOBAHN_CASES + ALSO_OURS][ID_MAX];
    struct size_case sizes[80];
    struct deflate_case deflates[216];
} table;

/* A new row with its name; valid: of a client that does nothing wrong. */
static struct finding_case *
add_case(const char *id, bool valid)
{
    require(table.n < AUTOBAHN_CASES + ALSO_OURS);
    struct finding_case *c = &table.list[table.n];
    snprintf(table.names[table.n], ID_MAX, "%s", id);
    c->name = table.names[table.n++];
    c->sampled = true;
    if (valid) {
        c->verdict = "clean-close";
        c->onclose = 1000;
    }
    return c;
}

static void
add_recipes(void)
{
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        const struct recipe *r = &recipes[i];
        struct finding_case *c = add_case(r->id, !r->fail_at);
        c->expect = r->expect;
        c->also = r->also;
        c->absent = r->absent;
        if (r->fail_at || r->onclose)
            c->onclose = r->onclose ? r->onclose : r->fail_code;
        c->play_with = play_recipe;
        c->data = r;
        c->heavy = strcmp(r->id, "7.1.6") == 0;
    }
}

static void
add_codes(void)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct code_case *k = &codes[i];
        bool valid = !*k->expect;
        struct finding_case *c = add_case(k->id, valid);
        c->expect = k->expect;
        c->also = k->also;
        c->absent = k->absent;
        c->onclose = valid ? k->code : 1002;
        c->play_with = play_code;
        c->data = k;
    }
}

static void
add_vectors(void)
{
    char id[ID_MAX];
    for (size_t i = 0; i < sizeof utf8_groups / sizeof utf8_groups[0]; i++) {
        const char *p = utf8_groups[i].vectors;
        for (unsigned k = 1; *p; k++) {
            snprintf(id, sizeof id, "%s.%u", utf8_groups[i].id, k);
            struct finding_case *c = add_case(id, *p == 'V');
            c->play_with = play_vector;
            c->data = p;
            if (*p == 'V')
                c->absent = "message-invalid-utf8 message-utf8-incomplete";
            else
                c->onclose = 1007;
            if (*p == 'X') {
                c->expect = BAD_UTF8;
                c->absent = "message-utf8-incomplete";
            } else if (*p == 'I') {
                c->expect = CUT_UTF8;
                c->absent = "message-invalid-utf8";
            }
            p += strcspn(p, " ");
            p += strspn(p, " ");
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        snprintf(id, sizeof id, "6.4.%u", i + 3);
        struct finding_case *c = add_case(id, false);
        c->expect = BAD_UTF8;
        c->onclose = 1007;
        c->play_with = play_chops;
        c->data = chops[i];
    }
}

static void
add_sizes(void)
{
    size_t n = make_sizes(table.sizes);
    for (size_t i = 0; i < n; i++) {
        const struct size_case *z = &table.sizes[i];
        struct finding_case *c = add_case(z->id, true);
        c->play_with = play_size;
        c->data = z;
        c->heavy = z->heavy;
        /* Legal, but such that a receiver has to be ready for it. */
        if (z->fragment && z->len / z->fragment > 10000)
            c->expect = "message-fragment-flood:client";
        else
            c->absent = "message-fragment-flood message-too-large";
    }
}

static void
add_deflate(const char *group, unsigned i, const struct file *file,
            const struct negotiation *params)
{
    static size_t n;
    for (unsigned k = 0; k < 18; k++) {
        char id[ID_MAX];
        struct deflate_case *d = &table.deflates[n++];
        snprintf(id, sizeof id, "%s.%u.%u", group, i + 1, k + 1);
        snprintf(d->id, sizeof d->id, "%s", id);
        d->file = file;
        d->params = params;
        d->len = profiles[k][0];
        d->fragment = profiles[k][1];
        struct finding_case *c = add_case(id, true);
        c->play_with = play_deflate;
        c->data = d;
        c->heavy = true;
        c->absent = "deflate-inflate-failed deflate-window-exceeded "
                    "deflate-takeover-not-allowed deflate-tail-not-removed "
                    "deflate-rsv1-on-continuation deflate-offer-invalid "
                    "deflate-response-invalid "
                    "deflate-request-not-acknowledged";
    }
}

const struct finding_cases *
cases_autobahn(void)
{
    static struct finding_cases cases = {"autobahn", table.list, 0};
    if (table.n == 0) {
        add_recipes();
        add_codes();
        add_vectors();
        add_sizes();
        for (unsigned i = 0; i < 5; i++)
            add_deflate("12", i, &files[i], &negotiations[0]);
        for (unsigned i = 0; i < 7; i++)
            add_deflate("13", i, &files[0], &negotiations[i]);
        require(table.n == AUTOBAHN_CASES + ALSO_OURS);
    }
    cases.n = table.n;
    return &cases;
}
