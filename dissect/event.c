/* SPDX-License-Identifier: MIT */
#include "dissect/event.h"

#include <assert.h>

const char *
ws_sender_name(enum ws_sender from)
{
    return from == WS_SENDER_CLIENT ? "client" : "server";
}

const char *
ws_opcode_name(uint8_t opcode)
{
    switch (opcode) {
    case WS_OP_CONT:
        return "continuation";
    case WS_OP_TEXT:
        return "text";
    case WS_OP_BINARY:
        return "binary";
    case WS_OP_CLOSE:
        return "close";
    case WS_OP_PING:
        return "ping";
    case WS_OP_PONG:
        return "pong";
    default:
        return "reserved";
    }
}

const char *
handshake_seen_name(enum handshake_seen seen)
{
    static const char *const names[] = {"both", "request", "response", "none"};
    assert((unsigned)seen < sizeof names / sizeof names[0]);
    return names[seen];
}

const char *
closed_by_name(enum closed_by by)
{
    static const char *const names[] = {NULL,   "client",  "server",
                                        "both", "unknown", "middlebox"};
    assert((unsigned)by < sizeof names / sizeof names[0]);
    return names[by];
}

const char *
event_tcp_name(enum event_tcp_what what)
{
    static const char *const names[EVENT_TCP_COUNT] = {
        [EVENT_TCP_SYN] = "SYN",
        [EVENT_TCP_SYN_ACK] = "SYN+ACK",
        [EVENT_TCP_FIN] = "FIN",
        [EVENT_TCP_RST] = "RST",
        [EVENT_TCP_RETRANSMIT] = "retransmission",
        [EVENT_TCP_ZERO_WINDOW] = "zero window",
        [EVENT_TCP_WINDOW_OPEN] = "window open again",
    };
    assert((unsigned)what < EVENT_TCP_COUNT);
    return names[what];
}
