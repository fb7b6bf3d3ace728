/* SPDX-License-Identifier: MIT */
#include "ui/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/conversation.h"
#include "ui/put.h"
#include "ui/when.h"

/* "connection 1  ADDRESS:PORT > ADDRESS:PORT" */
#define HEAD_MAX (32u + 2 * ENDPOINT_TEXT_MAX)

/* It did not happen, as far as the capture tells. */
#define NO_TIME INT64_MIN

struct follow {
    struct follow_options options;
    struct out *out;
    struct conversation_look look;
    struct conversation_out lines;
    struct conversation_sink sink;
    struct follow_figures figures;
    struct when when;
    int64_t start_ns, last_ns;
    uint64_t shown[2]; /* the last message, by enum ws_sender */
};

struct follow *
follow_new(const struct follow_options *options, struct out *o)
{
    static const enum conversation_form forms[] = {
        [OUTPUT_FORMAT_JSON] = CONVERSATION_JSON,
        [OUTPUT_FORMAT_HEX] = CONVERSATION_HEX,
        [OUTPUT_FORMAT_C] = CONVERSATION_C,
        [OUTPUT_FORMAT_RAW] = CONVERSATION_TEXT,
    };
    struct follow *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->options = *options;
    f->out = o;
    f->look = (struct conversation_look){
        .form = forms[options->format],
        .utf8 = options->utf8,
        .whole = true,
        .width = options->width,
        .time_cols = when_columns(options->time),
    };
    f->lines = (struct conversation_out){.out = o, .color = options->color};
    f->sink = conversation_out_sink(&f->lines);
    return f;
}

void
follow_free(struct follow *f)
{
    free(f);
}

struct follow_figures
follow_figures(const struct follow *f)
{
    return f->figures;
}

/* Whether what that sender does is shown. */
static bool
is_wanted(const struct follow *f, enum ws_sender from)
{
    return f->options.from == FOLLOW_FROM_BOTH ||
           (f->options.from == FOLLOW_FROM_CLIENT) ==
               (from == WS_SENDER_CLIENT);
}

static void
show(struct follow *f, struct conversation_unit *u, int64_t time_ns)
{
    uint8_t time[WHEN_TEXT_MAX];
    bool delta = f->options.time == TIME_FORMAT_DELTA;
    if (f->options.format == OUTPUT_FORMAT_RAW)
        return;
    if (time_ns == NO_TIME) {
        conversation_write(&f->look, u, &f->sink);
        return;
    }
    uint8_t *end = when_text(&f->when, f->options.time, time_ns,
                             delta ? f->last_ns : f->start_ns, time);
    u->time = slice_make(time, (size_t)(end - time));
    f->last_ns = time_ns;
    conversation_write(&f->look, u, &f->sink);
}

static void
show_head(struct follow *f, const struct event_handshake *e)
{
    char text[HEAD_MAX], client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];
    endpoint_text(&e->client, client);
    endpoint_text(&e->server, server);
    snprintf(text, sizeof text, "connection %lu  %s %s %s",
             (unsigned long)f->figures.conn, client,
             f->look.utf8 ? "\xe2\x86\x92" : "->", server);
    struct conversation_unit u = {.kind = CONVERSATION_HEAD,
                                  .text = slice_cstr(text)};
    show(f, &u, f->start_ns);
}

static void
show_handshake(struct follow *f, const struct event_handshake *e)
{
    struct conversation_unit request = {.kind = CONVERSATION_REQUEST,
                                        .from = WS_SENDER_CLIENT};
    struct conversation_unit answer = {.kind = CONVERSATION_ANSWER,
                                       .from = WS_SENDER_SERVER,
                                       .accepted = e->accepted,
                                       .accept_ok = e->accept_ok};
    if (e->request_head)
        request.text = conversation_first_line(e->request_head->text, false);
    if (e->response_head)
        answer.text = conversation_first_line(e->response_head->text, true);
    show_head(f, e);
    if (is_wanted(f, WS_SENDER_CLIENT))
        show(f, &request, e->request.packet ? e->request.time_ns : NO_TIME);
    if (is_wanted(f, WS_SENDER_SERVER))
        show(f, &answer, e->response.packet ? e->response.time_ns : NO_TIME);
}

static void
on_handshake(struct follow *f, uint32_t conn, const struct event_handshake *e)
{
    f->figures.n_conns++;
    f->figures.n_accepted += e->accepted;
    if (f->figures.conn || !(e->accepted || f->options.any))
        return;
    f->figures.conn = conn;
    f->start_ns = e->request.packet ? e->request.time_ns : e->at.time_ns;
    f->last_ns = f->start_ns;
    show_handshake(f, e);
}

/* What a message has to tell, for its own line or that of its last frame. */
static struct conversation_unit
message_unit(const struct follow *f, const struct event_message *m)
{
    return (struct conversation_unit){
        .kind = CONVERSATION_DATA,
        .from = m->from,
        .number = m->number,
        .opcode = m->opcode,
        /* -Y may have asked for more. */
        .payload = slice_head(m->payload, f->options.payload_limit),
        .len = m->has_len ? m->len : m->payload.len,
        .has_len = m->has_len,
        .incomplete = !m->complete,
        .resynced = !m->synced,
        .bad_utf8 = m->has_utf8_error,
        .inflate_error = m->inflate_error,
        .known = known_bytes_of(m),
    };
}

static void
count_message(struct follow *f, const struct event_message *m)
{
    f->shown[m->from] = m->number;
    /* What was not captured also makes a payload shorter than its message. */
    f->figures.n_cut += m->truncated
                            ? m->payload.len >= f->options.payload_limit
                            : m->payload.len > f->options.payload_limit;
    f->figures.n_partial += !m->complete;
}

static void
on_message(struct follow *f, const struct event_message *m)
{
    if (f->shown[m->from] == m->number || !is_wanted(f, m->from))
        return; /* with its last frame */
    struct conversation_unit u = message_unit(f, m);
    count_message(f, m);
    if (f->options.format == OUTPUT_FORMAT_RAW)
        out_put(f->out, u.payload.ptr, u.payload.len);
    show(f, &u, m->at.time_ns);
}

/* A data frame by itself: one of several of a message, or one that is part of
 * none. */
static struct conversation_unit
frame_unit(const struct event_frame *e)
{
    return (struct conversation_unit){
        .kind =
            e->header.opcode & 8u ? CONVERSATION_CONTROL : CONVERSATION_DATA,
        .from = e->from,
        .number = e->number,
        .is_frame = true,
        .opcode = e->header.opcode,
        .payload = e->payload,
        .len = e->header.payload_len,
        .has_len = true,
        .fragment = !(e->header.opcode & 8u),
        .incomplete = !e->complete,
        .resynced = !e->synced,
    };
}

static void
on_frame(struct follow *f, const struct event_frame *e)
{
    bool control = e->header.opcode & 8u;
    bool frames = f->options.units == FOLLOW_UNITS_FRAMES;
    /* Raw: the message comes next. */
    if (!is_wanted(f, e->from) || (control && f->options.no_control) ||
        f->options.format == OUTPUT_FORMAT_RAW)
        return;
    if (frames && e->completed) {
        struct conversation_unit u = message_unit(f, e->completed);
        u.number = e->number;
        u.is_frame = true;
        /* How it came is of no interest to who reads messages. */
        u.n_frames = e->completed->n_frames;
        u.compressed = e->completed->compressed;
        u.wire_len = e->completed->wire_len;
        count_message(f, e->completed);
        show(f, &u, e->at.time_ns);
    } else if (control || frames || e->message == 0) {
        struct conversation_unit u = frame_unit(e);
        show(f, &u, e->at.time_ns);
    }
}

static void
on_gap(struct follow *f, const struct event_gap *e)
{
    struct conversation_unit u = {.kind = CONVERSATION_GAP,
                                  .from = e->from,
                                  .len = e->len};
    if (is_wanted(f, e->from))
        show(f, &u, e->at.time_ns);
}

static void
on_end(struct follow *f, const struct event_end *e)
{
    struct conversation_unit u = {
        .kind = CONVERSATION_END,
        .text = slice_cstr(e->text ? e->text : verdict_name(e->verdict)),
        .accepted = e->verdict == VERDICT_CLEAN_CLOSE,
    };
    show(f, &u, e->at.time_ns);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct follow *f = ctx;
    if (event->type == EVENT_HANDSHAKE)
        on_handshake(f, event->conn, event->handshake);
    else if (f->figures.conn == 0 || event->conn != f->figures.conn)
        return;
    else if (event->type == EVENT_MESSAGE)
        on_message(f, event->message);
    else if (event->type == EVENT_FRAME)
        on_frame(f, event->frame);
    else if (event->type == EVENT_GAP)
        on_gap(f, event->gap);
    else if (event->type == EVENT_END)
        on_end(f, event->end);
}

struct event_sink
follow_sink(struct follow *f)
{
    return (struct event_sink){
        .wants = 1u << EVENT_HANDSHAKE | 1u << EVENT_FRAME |
                 1u << EVENT_MESSAGE | 1u << EVENT_GAP | 1u << EVENT_END,
        .keep = f->options.payload_limit,
        .least = SEVERITY_NOTE,
        .ctx = f,
        .event = on_event,
    };
}
