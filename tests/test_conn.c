/* SPDX-License-Identifier: MIT */
/*
 * The way from two byte streams to events: what is found to be a WebSocket,
 * how requests and responses meet, what waits for what.
 */
#include <stdarg.h>
#include <stdio.h>

#include "dissect/dissect.h"
#include "tests/check_main.h"

#define LOG_MAX 32768u

/* How a step's bytes are cut into data calls. */
enum cutting {
    CUT_NOT = 0,
    CUT_BYTES,  /* every byte alone */
    CUT_TWO_AT, /* in two, at `cut_at` */
};

struct bench {
    char log[LOG_MAX];
    size_t log_len;
    enum cutting cutting;
    size_t cut_at;
    uint64_t off[2];
    struct pkt_meta meta;
    void *ctx;
    struct stream_pair pair;
    bool gone; /* detached or closed */
    unsigned n_frames;
    struct stamp first_byte; /* of the first of them */
    enum verdict_id verdict;
    uint64_t evidence; /* packet of the first one */
};

static void logf_(struct bench *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
logf_(struct bench *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(b->log + b->log_len, LOG_MAX - b->log_len, format, ap);
    va_end(ap);
    ck_assert_int_ge(n, 0);
    b->log_len += (size_t)n;
    ck_assert_uint_lt(b->log_len, LOG_MAX);
}

static void
log_handshake(struct bench *b, uint32_t conn, const struct event_handshake *ev)
{
    static const char *const ok[] = {"?", "bad", "ok"};
    logf_(b, "%u handshake %s status %d accept %s%s%s\n", conn,
          handshake_seen_name(ev->seen),
          ev->response_head ? ev->response_head->status : -1, ok[ev->accept_ok],
          ev->accepted ? " open" : "", ev->has_deflate ? " deflate" : "");
}

static void
on_event(void *ctx, const struct event *ev)
{
    struct bench *b = ctx;
    switch (ev->type) {
    case EVENT_HANDSHAKE:
        log_handshake(b, ev->conn, ev->handshake);
        break;
    case EVENT_FRAME:
        if (b->n_frames++ == 0)
            b->first_byte = ev->frame->first;
        logf_(b, "%u frame %s %s %llu\n", ev->conn,
              ws_sender_name(ev->frame->from),
              ws_opcode_name(ev->frame->header.opcode),
              (unsigned long long)ev->frame->header.payload_len);
        break;
    case EVENT_MESSAGE:
        logf_(b, "%u message %s '%.*s'\n", ev->conn,
              ws_sender_name(ev->message->from), (int)ev->message->payload.len,
              (const char *)ev->message->payload.ptr);
        break;
    case EVENT_GAP:
        logf_(b, "%u gap %s %llu\n", ev->conn, ws_sender_name(ev->gap->from),
              (unsigned long long)ev->gap->len);
        break;
    case EVENT_FINDING:
        if (finding_info(ev->finding->id)->layer != FINDING_LAYER_SECURITY)
            logf_(b, "%u finding %s\n", ev->conn,
                  finding_info(ev->finding->id)->id);
        break;
    case EVENT_END:
        b->verdict = ev->end->verdict;
        if (ev->end->n_evidence > 0)
            b->evidence = ev->end->evidence[0].packet;
        logf_(b, "%u end %s\n", ev->conn, verdict_name(ev->end->verdict));
        break;
    case EVENT_TCP:
        break;
    }
}

static void
feed(struct bench *b, unsigned dir, struct slice data)
{
    const struct stream_ops *ops = dissect_stream_ops();
    b->meta.number++;
    b->meta.time_ns += 1000;
    b->meta.seq = 1000 + (uint32_t)b->off[dir];
    b->meta.ack = 1000 + (uint32_t)b->off[!dir];
    if (b->gone || data.len == 0)
        return;
    if (ops->data(b->ctx, dir, b->off[dir], data, &b->meta) == STREAM_DETACH) {
        ops->close(b->ctx);
        b->gone = true;
    }
    b->off[dir] += data.len;
}

static void
feed_cut(struct bench *b, unsigned dir, struct slice data)
{
    if (b->cutting == CUT_BYTES) {
        for (size_t i = 0; i < data.len; i++)
            feed(b, dir, slice_make(data.ptr + i, 1));
    } else if (b->cutting == CUT_TWO_AT && b->cut_at < data.len) {
        feed(b, dir, slice_head(data, b->cut_at));
        feed(b, dir, slice_skip(data, b->cut_at));
    } else {
        feed(b, dir, data);
    }
}

static void
feed_gap(struct bench *b, unsigned dir, uint64_t len)
{
    const struct stream_ops *ops = dissect_stream_ops();
    b->meta.number++;
    if (!b->gone &&
        ops->gap(b->ctx, dir, b->off[dir], len, &b->meta) == STREAM_DETACH) {
        ops->close(b->ctx);
        b->gone = true;
    }
    b->off[dir] += len;
}

/* One step of a scenario. */
struct step {
    char what;         /* 'c', 's': data; 'C', 'S': FIN; 'g': gap of the
                          server; 'r': RST of the server; 0: end of table */
    const char *bytes; /* 'c', 's' */
    size_t len;        /* 'c', 's': 0 = strlen; 'g': bytes */
};

enum {
    MIDSTREAM = 1,  /* no SYN was seen */
    SWAPPED = 2,    /* captured in another order: no acknowledgements */
    SMALL_HOLD = 4, /* hardly anything may wait */
};

struct scenario {
    const char *name;
    unsigned flags; /* set of the above */
    const struct step *steps;
    const char *log;
};

static void
end_dir(struct bench *b, unsigned dir, enum stream_end why)
{
    if (!b->gone)
        dissect_stream_ops()->end(b->ctx, dir, why, &b->meta);
}

static void
run_step(struct bench *b, const struct step *step)
{
    const struct stream_ops *ops = dissect_stream_ops();
    size_t len = step->len || !step->bytes ? step->len : strlen(step->bytes);
    switch (step->what) {
    case 'c':
    case 's':
        feed_cut(b, step->what == 's', slice_make(step->bytes, len));
        break;
    case 'C':
    case 'S':
        b->meta.number++;
        if (!b->gone)
            ops->tcp(b->ctx, step->what == 'S', STREAM_TCP_FIN, &b->meta);
        end_dir(b, step->what == 'S', STREAM_END_FIN);
        break;
    case 'g':
        feed_gap(b, 1, len);
        break;
    case 'r':
        b->meta.number++;
        if (!b->gone)
            ops->tcp(b->ctx, 1, STREAM_TCP_RST, &b->meta);
        end_dir(b, 1, STREAM_END_RST);
        end_dir(b, 0, STREAM_END_RST);
        break;
    default:
        ck_abort_msg("unknown step");
    }
}

static bool
ends_itself(const struct scenario *sc, char what)
{
    for (const struct step *s = sc->steps; s->what; s++)
        if (s->what == what || s->what == 'r')
            return true;
    return false;
}

/* An empty dissector and one pair of streams in it. */
static void
open_bench(struct bench *b, struct dissect **d, unsigned flags)
{
    bool syn = !(flags & MIDSTREAM);
    b->pair =
        (struct stream_pair){.flow = 1, .rtt_ns = -1, .syn_seen = {syn, syn}};
    struct event_sink sink = {.wants = ~0u,
                              .least = SEVERITY_NOTE,
                              .keep = 64,
                              .ctx = b,
                              .event = on_event};
    struct dissect_limits limits = dissect_limits_default();
    if (flags & SMALL_HOLD)
        limits.hold = 256;
    b->meta.flags = flags & SWAPPED ? 0 : TCP_ACK;
    ck_assert_int_eq(dissect_new(d, &limits, &sink), ERR_OK);
    b->ctx = dissect_stream_ops()->open(*d, &b->pair, &b->meta);
    ck_assert_ptr_nonnull(b->ctx);
}

static void
close_bench(struct bench *b, struct dissect *d)
{
    if (!b->gone)
        dissect_stream_ops()->close(b->ctx);
    dissect_free(d);
}

/* Runs a scenario and returns its log in b. */
static void
play(struct bench *b, const struct scenario *sc, enum cutting cutting,
     size_t cut_at)
{
    struct dissect *d;
    *b = (struct bench){.cutting = cutting, .cut_at = cut_at};
    open_bench(b, &d, sc->flags);
    for (const struct step *s = sc->steps; s->what; s++)
        run_step(b, s);
    if (!ends_itself(sc, 'C'))
        end_dir(b, 0, STREAM_END_CAPTURE);
    if (!ends_itself(sc, 'S'))
        end_dir(b, 1, STREAM_END_CAPTURE);
    close_bench(b, d);
}

/* ------------------------------------------------------------- scenarios */

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define UPGRADE                                                                \
    "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"                  \
    "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY                           \
    "\r\nSec-WebSocket-Version: 13\r\n\r\n"
#define SWITCHING(accept)                                                      \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"               \
    "Connection: Upgrade\r\nSec-WebSocket-Accept: " accept "\r\n\r\n"
#define GET "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
/* "Hello" of the server, and of the client (RFC 6455 section 5.7). */
#define HELLO_S "\x81\x05Hello"
#define HELLO_C "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
#define CLOSE_C "\x88\x82\x01\x02\x03\x04\x02\xea"
#define CLOSE_S "\x88\x02\x03\xe8"
#define LEN(bytes) (bytes), sizeof(bytes) - 1

#define OPEN "1 handshake both status 101 accept ok open\n"
#define FRAME_C "1 frame client text 5\n1 message client 'Hello'\n"
#define FRAME_S "1 frame server text 5\n1 message server 'Hello'\n"
#define CLEAN                                                                  \
    "1 frame client close 2\n1 frame server close 2\n1 end clean-close\n"

static const struct step whole_life[] = {
    {'c', UPGRADE, 0},   {'s', SWITCHING(ACCEPT), 0},
    {'s', HELLO_S, 0},   {'c', LEN(HELLO_C)},
    {'c', LEN(CLOSE_C)}, {'s', CLOSE_S, 0},
    {'S', NULL, 0},      {'C', NULL, 0},
    {0, NULL, 0},
};
static const struct step same_segment[] = {
    {'c', UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {'c', LEN(HELLO_C CLOSE_C)},
    {'s', CLOSE_S, 0},
    {0, NULL, 0},
};
static const struct step wrong_accept[] = {
    {'c', UPGRADE, 0},
    {'s', SWITCHING("AAAAAAAAAAAAAAAAAAAAAAAAAAA="), 0},
    {'s', HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step tenth_request[] = {
    {'c', GET, 0},   {'s', OK, 0},      {'c', GET GET, 0},
    {'s', OK OK, 0}, {'c', UPGRADE, 0}, {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step pipelined[] = {
    {'c', GET UPGRADE, 0},
    {'s', OK SWITCHING(ACCEPT) HELLO_S, 0},
    {'c', LEN(HELLO_C)},
    {0, NULL, 0},
};
static const struct step refused_then_open[] = {
    {'c', UPGRADE, 0},
    {'s', "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 0},
    {'c', UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step answer_captured_first[] = {
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {'c', UPGRADE, 0},
    {'c', LEN(HELLO_C)},
    {0, NULL, 0},
};
static const struct step data_before_101[] = {
    {'c', LEN(UPGRADE HELLO_C)},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step interim[] = {
    {'c', UPGRADE, 0},
    {'s', "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step tunnel[] = {
    {'c', "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", 0},
    {'s', "HTTP/1.1 200 Connection established\r\n\r\n", 0},
    {'c', UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step proxied[] = {
    {'c', "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n" UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step proxied_v2[] = {
    {'c', LEN("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2"
              "\x03\xe8\0\x50" UPGRADE)},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step other_protocol[] = {
    {'s', "SSH-2.0-OpenSSH_9.2\r\n", 0},
    {'c', "SSH-2.0-OpenSSH_9.2\r\n", 0},
    {'c', UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step h2c[] = {
    {'c',
     "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\n"
     "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
     0},
    {'s',
     "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
     "Upgrade: h2c\r\n\r\n",
     0},
    {'s', LEN("\0\0\0\4\0\0\0\0\0")},
    {0, NULL, 0},
};
static const struct step unanswered[] = {
    {'c', UPGRADE, 0},
    {'S', NULL, 0},
    {'C', NULL, 0},
    {0, NULL, 0},
};
static const struct step answer_in_a_hole[] = {
    {'c', UPGRADE, 0}, {'g', NULL, 100}, {'S', NULL, 0},
    {'C', NULL, 0},    {0, NULL, 0},
};
/* The client's half of a message, and its FIN, before the answer. */
static const struct step fin_before_101[] = {
    {'c', LEN(UPGRADE "\x01\x83\0\0\0\0Hel")},
    {'C', NULL, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step reset[] = {
    {'c', UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {'r', NULL, 0},
    {0, NULL, 0},
};
static const struct step gap_in_body[] = {
    {'c', GET, 0},
    {'s', "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 0},
    {'g', NULL, 50},
    {'c', UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
/* The server's direction was not captured. */
static const struct step only_the_client[] = {
    {'c', UPGRADE, 0},
    {'c', LEN(HELLO_C)},
    {'c', LEN(HELLO_C CLOSE_C)},
    {0, NULL, 0},
};
static const struct step only_requests[] = {
    {'c', UPGRADE, 0},
    {'c', UPGRADE, 0},
    {0, NULL, 0},
};
static const struct step much_before_the_answer[] = {
    {'c', UPGRADE, 0},   {'g', NULL, 200},    {'c', LEN(HELLO_C)},
    {'c', LEN(HELLO_C)}, {'c', LEN(HELLO_C)}, {'c', LEN(HELLO_C)},
    {'c', LEN(HELLO_C)}, {0, NULL, 0},
};
static const struct step only_the_answer[] = {
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};
static const struct step midstream_http[] = {
    {'s', "the end of some body", 0},
    {'c', UPGRADE, 0},
    {'s', SWITCHING(ACCEPT) HELLO_S, 0},
    {0, NULL, 0},
};

#define TAIL "1 end capture-ended\n"
static const struct scenario scenarios[] = {
    {"a whole life", 0, whole_life, OPEN FRAME_S FRAME_C CLEAN},
    {"frames in the segment of the 101", 0, same_segment,
     OPEN FRAME_S FRAME_C CLEAN},
    {"a wrong Accept", 0, wrong_accept,
     "1 handshake both status 101 accept bad open\n"
     "1 finding handshake-accept-mismatch\n" FRAME_S TAIL},
    {"keep-alive, then an upgrade", 0, tenth_request, OPEN FRAME_S TAIL},
    {"a pipelined upgrade", 0, pipelined, OPEN FRAME_S FRAME_C TAIL},
    {"refused, then opened", 0, refused_then_open,
     "1 handshake both status 401 accept ?\n1 finding handshake-http-answer\n"
     "1 end refused\n2 handshake both status 101 accept ok open\n"
     "2 frame server text 5\n2 message server 'Hello'\n"
     "2 end capture-ended\n"},
    {"the answer captured before the request", SWAPPED, answer_captured_first,
     OPEN FRAME_S FRAME_C TAIL},
    {"data before the 101", 0, data_before_101,
     OPEN "1 finding handshake-client-data-before-101\n" FRAME_C FRAME_S TAIL},
    {"an interim response", 0, interim, OPEN FRAME_S TAIL},
    {"a CONNECT tunnel", 0, tunnel, OPEN FRAME_S TAIL},
    {"a PROXY prefix", 0, proxied, OPEN FRAME_S TAIL},
    {"a binary PROXY prefix", 0, proxied_v2, OPEN FRAME_S TAIL},
    {"another protocol", 0, other_protocol, ""},
    {"an upgrade to something else", 0, h2c, ""},
    {"no answer", 0, unanswered,
     "1 handshake request status -1 accept ?\n"
     "1 finding handshake-no-response\n1 end no-answer\n"},
    {"an answer that was not captured is not judged", 0, answer_in_a_hole,
     "1 handshake request status -1 accept ?\n1 finding tcp-stream-gap\n"
     "1 gap server 100\n1 end no-answer\n"},
    {"a FIN before the answer", 0, fin_before_101,
     OPEN "1 finding handshake-client-data-before-101\n"
          "1 frame client text 3\n" FRAME_S
          "1 message client 'Hel'\n1 finding message-unfinished\n"
          "1 finding tcp-fin-without-close-frame\n1 end fin-without-close\n"},
    {"a reset", 0, reset,
     OPEN FRAME_S "1 finding tcp-rst-while-open\n1 end reset\n"},
    {"a hole in a body of known length", 0, gap_in_body, OPEN FRAME_S TAIL},
    {"only the client was captured", 0, only_the_client,
     "1 handshake request status -1 accept ? open\n" FRAME_C
     "1 frame client text 5\n1 message client 'Hello'\n"
     "1 frame client close 2\n1 end close-then-capture-end\n"},
    {"more than may wait for an answer", SMALL_HOLD | SWAPPED,
     much_before_the_answer,
     "1 handshake request status -1 accept ? open\n1 finding tcp-stream-gap\n"
     "1 gap server 200\n" FRAME_C FRAME_C FRAME_C FRAME_C FRAME_C
     "1 end capture-ended\n"},
    {"upgrades without any answer", 0, only_requests,
     "1 handshake request status -1 accept ?\n1 end no-answer\n"
     "2 handshake request status -1 accept ?\n2 end no-answer\n"},
    {"only the answer was captured", 0, only_the_answer,
     "1 handshake response status 101 accept ? open\n" FRAME_S TAIL},
    {"a capture that starts inside a body", MIDSTREAM, midstream_http,
     OPEN "1 finding tcp-midstream-start\n" FRAME_S TAIL},
};
#define N_SCENARIOS ((int)(sizeof scenarios / sizeof scenarios[0]))

START_TEST(a_scenario_gives_its_events)
{
    struct bench b;
    play(&b, &scenarios[_i], CUT_NOT, 0);
    ck_assert_msg(strcmp(b.log, scenarios[_i].log) == 0, "%s: got <%s>",
                  scenarios[_i].name, b.log);
}
END_TEST

START_TEST(single_bytes_give_the_same_events)
{
    struct bench b;
    play(&b, &scenarios[_i], CUT_BYTES, 0);
    /* What a piece starts with is what is searched in mid-stream, and a
     * response does not wait that many packets for its request. */
    if (scenarios[_i].flags)
        return;
    ck_assert_msg(strcmp(b.log, scenarios[_i].log) == 0, "%s: got <%s>",
                  scenarios[_i].name, b.log);
}
END_TEST

START_TEST(every_cut_gives_the_same_events)
{
    struct bench b;
    if (scenarios[_i].flags & SMALL_HOLD)
        return; /* the limit counts pieces */
    for (size_t at = 1; at < 240 && !(scenarios[_i].flags & MIDSTREAM); at++) {
        play(&b, &scenarios[_i], CUT_TWO_AT, at);
        ck_assert_msg(strcmp(b.log, scenarios[_i].log) == 0,
                      "%s, cut at %zu: got <%s>", scenarios[_i].name, at,
                      b.log);
    }
}
END_TEST

/* --------------------------------------------------------- mid-stream */

/* Text frames of a client, other masks and lengths each time as real ones
 * have, and not a single LF. */
#define CHAIN_FRAMES 40u
static uint8_t chain[CHAIN_FRAMES * (6 + 125)];
static size_t chain_len;
static size_t chain_at[CHAIN_FRAMES]; /* where each frame begins */

static void
fill_chain(void)
{
    uint32_t rng = 1;
    chain_len = 0;
    for (unsigned i = 0; i < CHAIN_FRAMES; i++) {
        uint8_t *p = chain + chain_len;
        chain_at[i] = chain_len;
        size_t len = 20 + i * 37 % 101;
        do {
            rng = rng * 1664525 + 1013904223;
            p[0] = 0x81;
            p[1] = (uint8_t)(0x80 | len);
            for (size_t k = 0; k < 4; k++)
                p[2 + k] = (uint8_t)(rng >> (8 * k));
            for (size_t k = 0; k < len; k++)
                p[6 + k] = (uint8_t)(p[2 + k % 4] ^ ('a' + (i * 7 + k) % 26));
        } while (memchr(p, '\n', 6 + len));
        chain_len += 6 + len;
    }
}

/* Payload in front of the frames, each string a segment; "": a hole. */
static const struct midstream_row {
    const char *name;
    const char *before[4];
    unsigned flags;
    size_t cut; /* the frames come in segments of so many bytes */
} midstream_rows[] = {
    {"text", {"the end of a text"}, 0, 500},
    {"no request line, until the end", {"PUT all of it"}, 0, 500},
    {"no request line, until too much waits",
     {"PUT all of it"},
     SMALL_HOLD,
     50},
    {"no request line, a segment too large to wait",
     {"PUT all of it"},
     SMALL_HOLD,
     500},
    {"no request line, a hole",
     {"PUT all of it", "", "PUT all", "of it"},
     0,
     500},
    {"empty lines", {"a text", "\r\n", "\n", "\r\n\r\n"}, 0, 500},
    {"empty lines, then no request line",
     {"a text", "\r\n", "\nPUT", " it"},
     0,
     500},
};
#define N_MIDSTREAM ((int)(sizeof midstream_rows / sizeof midstream_rows[0]))

static void
play_midstream(struct bench *b, const struct midstream_row *row, unsigned dir)
{
    struct dissect *d;
    *b = (struct bench){.cutting = CUT_NOT};
    open_bench(b, &d, row->flags | MIDSTREAM);
    for (size_t i = 0; i < 4 && row->before[i]; i++) {
        if (row->before[i][0])
            feed(b, dir, slice_cstr(row->before[i]));
        else
            feed_gap(b, dir, 10);
    }
    for (size_t at = 0; at < chain_len; at += row->cut)
        feed(b, dir,
             slice_head(slice_skip(slice_make(chain, chain_len), at),
                        row->cut));
    end_dir(b, 0, STREAM_END_CAPTURE);
    end_dir(b, 1, STREAM_END_CAPTURE);
    close_bench(b, d);
}

/* A RST, or the FIN of the one and then the other side, while what was sent
 * last still waits as an unfinished request line: the WebSocket is found only
 * by the end of the streams. */
static const struct late_row {
    const char *name;
    const char *how; /* 'r': the server's RST, 'C', 'S': FIN */
    enum verdict_id verdict;
    uint64_t evidence;
} late_rows[] = {
    {"a reset", "r", VERDICT_RESET, 6},
    {"the server's FIN first", "SC", VERDICT_FIN_WITHOUT_CLOSE, 6},
    {"the client's FIN first", "CS", VERDICT_FIN_WITHOUT_CLOSE, 6},
    {"the end of the capture", "", VERDICT_CAPTURE_ENDED, 0},
};
#define N_LATE ((int)(sizeof late_rows / sizeof late_rows[0]))

START_TEST(what_ended_the_streams_is_known_to_a_websocket_found_late)
{
    const struct late_row *row = &late_rows[_i];
    struct bench b = {.cutting = CUT_NOT};
    struct dissect *d;
    open_bench(&b, &d, MIDSTREAM);
    feed(&b, 0, slice_cstr("PUT all of it"));
    for (size_t at = 0; at < chain_len; at += 800)
        feed(&b, 0,
             slice_head(slice_skip(slice_make(chain, chain_len), at), 800));
    for (const char *how = row->how; *how; how++)
        run_step(&b, &(struct step){*how, NULL, 0});
    if (!row->how[0]) {
        end_dir(&b, 0, STREAM_END_CAPTURE);
        end_dir(&b, 1, STREAM_END_CAPTURE);
    }
    close_bench(&b, d);
    ck_assert_msg(b.n_frames >= 30, "%s: %u frames", row->name, b.n_frames);
    ck_assert_msg(b.verdict == row->verdict, "%s: %s", row->name,
                  verdict_name(b.verdict));
    ck_assert_msg(b.evidence == row->evidence, "%s: packet %llu", row->name,
                  (unsigned long long)b.evidence);
}
END_TEST

START_TEST(frames_are_found_behind_what_is_no_head)
{
    const struct midstream_row *row = &midstream_rows[_i / 2];
    struct bench b;
    play_midstream(&b, row, (unsigned)_i % 2);
    /* All behind the first ones, which are the evidence. */
    ck_assert_msg(b.n_frames >= 30 && b.n_frames <= CHAIN_FRAMES,
                  "%s: %u frames found", row->name, b.n_frames);
    size_t at = chain_at[CHAIN_FRAMES - b.n_frames];
    uint64_t packet = 1 + at / row->cut;
    for (size_t i = 0; i < 4 && row->before[i]; i++)
        packet++;
    ck_assert_msg(b.first_byte.packet == packet,
                  "%s: the first frame at packet %llu, not %llu", row->name,
                  (unsigned long long)b.first_byte.packet,
                  (unsigned long long)packet);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("conn");
    fill_chain();
    TCase *tc = tcase_create("scenarios");
    tcase_add_loop_test(tc, a_scenario_gives_its_events, 0, N_SCENARIOS);
    tcase_add_loop_test(tc, single_bytes_give_the_same_events, 0, N_SCENARIOS);
    tcase_add_loop_test(tc, every_cut_gives_the_same_events, 0, N_SCENARIOS);
    tcase_add_loop_test(tc, frames_are_found_behind_what_is_no_head, 0,
                        2 * N_MIDSTREAM);
    tcase_add_loop_test(
        tc, what_ended_the_streams_is_known_to_a_websocket_found_late, 0,
        N_LATE);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
