/* SPDX-License-Identifier: MIT */
/*
 * event_samples.h - events as the dissector would make them, to be changed by
 * each test; the handshake is that of RFC 6455 section 1.3.
 */
#ifndef TESTS_EVENT_SAMPLES_H
#define TESTS_EVENT_SAMPLES_H

#include <string.h>

#include "dissect/event.h"

/* 2023-11-14T22:13:20.123456789Z */
#define SAMPLE_START_NS INT64_C(1700000000123456789)

struct event_samples {
    struct http1_head request, response;
    struct event_handshake handshake;
    struct event_message message; /* "Hello" of the client */
    struct event_frame frame;     /* its frame */
    struct event_frame close;     /* 1000 "bye" of the server */
    struct event_gap gap;
    struct event_finding finding;
    struct event_end end;
};

static inline struct stamp
sample_stamp(int64_t after_ns, uint64_t packet)
{
    return (struct stamp){SAMPLE_START_NS + after_ns, packet};
}

static inline struct endpoint
sample_endpoint(uint8_t last, uint16_t port)
{
    return (struct endpoint){.addr = {.family = 4, .bytes = {192, 0, 2, last}},
                             .port = port};
}

static inline void
sample_header(struct http1_head *head, const char *name, const char *value)
{
    head->headers[head->n_headers++] =
        (struct http1_header){slice_cstr(name), slice_cstr(value)};
}

static inline void
sample_heads(struct event_samples *s)
{
    s->request.is_request = true;
    s->request.major = s->request.minor = 1;
    s->request.method = slice_cstr("GET");
    s->request.target = slice_cstr("/chat");
    sample_header(&s->request, "Host", "server.example.com");
    sample_header(&s->request, "Upgrade", "websocket");
    s->response.major = s->response.minor = 1;
    s->response.status = 101;
    s->response.reason = slice_cstr("Switching Protocols");
    sample_header(&s->response, "Upgrade", "websocket");
}

static inline void
sample_handshake(struct event_samples *s)
{
    struct event_handshake *h = &s->handshake;
    h->flow = 7;
    h->request = sample_stamp(0, 4);
    h->at = h->response = sample_stamp(1234000, 5);
    h->client = sample_endpoint(10, 54321);
    h->server = sample_endpoint(20, 8080);
    h->request_head = &s->request;
    h->response_head = &s->response;
    h->host = slice_cstr("server.example.com");
    h->origin = slice_cstr("http://example.com");
    h->key = slice_cstr("dGhlIHNhbXBsZSBub25jZQ==");
    h->accept = slice_cstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    memcpy(h->accept_expected, h->accept.ptr, h->accept.len + 1);
    h->accept_ok = TRI_YES;
    h->version = slice_cstr("13");
    h->accepted = true;
    h->n_protocols_offered = 2;
    h->protocols_offered[0] = slice_cstr("chat");
    h->protocols_offered[1] = slice_cstr("superchat");
    h->protocol = slice_cstr("chat");
}

static inline void
sample_frames(struct event_samples *s)
{
    s->message = (struct event_message){
        .from = WS_SENDER_CLIENT,
        .number = 1,
        .first = sample_stamp(2000000, 6),
        .at = sample_stamp(2000000, 6),
        .opcode = WS_OP_TEXT,
        .n_frames = 1,
        .wire_len = 5,
        .has_len = true,
        .len = 5,
        .complete = true,
        .synced = true,
        .payload = slice_cstr("Hello"),
    };
    s->frame = (struct event_frame){
        .from = WS_SENDER_CLIENT,
        .number = 1,
        .first = sample_stamp(2000000, 6),
        .at = sample_stamp(2000000, 6),
        .header = {.offset = 160,
                   .payload_len = 5,
                   .header_len = 6,
                   .opcode = WS_OP_TEXT,
                   .fin = true,
                   .masked = true,
                   .mask = {0x37, 0xfa, 0x21, 0x3d}},
        .complete = true,
        .ended = true,
        .synced = true,
        .message = 1,
        .completed = &s->message,
    };
    s->close = (struct event_frame){
        .from = WS_SENDER_SERVER,
        .number = 1,
        .first = sample_stamp(3000000, 7),
        .at = sample_stamp(3000000, 7),
        .header = {.offset = 129,
                   .payload_len = 5,
                   .header_len = 2,
                   .opcode = WS_OP_CLOSE,
                   .fin = true},
        .complete = true,
        .ended = true,
        .synced = true,
        .payload = slice_cstr("\x03\xe8"
                              "bye"),
        .has_close_code = true,
        .close_code = 1000,
        .close_reason = slice_cstr("bye"),
    };
}

static inline void
event_samples_init(struct event_samples *s)
{
    memset(s, 0, sizeof *s);
    sample_heads(s);
    sample_handshake(s);
    sample_frames(s);
    s->gap = (struct event_gap){.from = WS_SENDER_SERVER,
                                .at = sample_stamp(4000000, 9),
                                .offset = 1234,
                                .len = 1448,
                                .resynced = true,
                                .resync_offset = 2682};
    s->finding = (struct event_finding){.id = FINDING_FRAME_CLIENT_UNMASKED,
                                        .severity = SEVERITY_ERROR,
                                        .has_from = true,
                                        .from = WS_SENDER_CLIENT,
                                        .at = sample_stamp(2000000, 6),
                                        .has_offset = true,
                                        .offset = 160,
                                        .frame = 1,
                                        .count = 1};
    s->end = (struct event_end){
        .at = sample_stamp(5000000, 10),
        .duration_ns = 5000000,
        .frames = {1, 1},
        .messages = {1, 0},
        .payload_bytes = {5, 5},
        .wire_bytes = {11, 7},
        .has_close_code = {false, true},
        .close_code = {0, 1000},
        .closed_by = CLOSED_BY_SERVER,
        .onclose_code = 1000,
        .verdict = VERDICT_CLOSE_UNANSWERED,
        .text = "the server closed with code 1000; the client sent no Close "
                "frame",
        .n_evidence = 1,
        .evidence = {{7, "first Close frame"}},
    };
}

/* sample_send_handshake() and so on: gives it to a sink that wants it. */
#define SAMPLE_SEND(type_, member)                                             \
    static inline void sample_send_##member(const struct event_sink *sink,     \
                                            uint32_t conn,                     \
                                            const struct event_##member *what) \
    {                                                                          \
        struct event event = {.type = type_, .conn = conn, .member = what};    \
        if (sink->wants >> type_ & 1u)                                         \
            sink->event(sink->ctx, &event);                                    \
    }
SAMPLE_SEND(EVENT_HANDSHAKE, handshake)
SAMPLE_SEND(EVENT_FRAME, frame)
SAMPLE_SEND(EVENT_MESSAGE, message)
SAMPLE_SEND(EVENT_GAP, gap)
SAMPLE_SEND(EVENT_FINDING, finding)
SAMPLE_SEND(EVENT_END, end)
SAMPLE_SEND(EVENT_TCP, tcp)
#undef SAMPLE_SEND

#endif /* TESTS_EVENT_SAMPLES_H */
