/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/rebuild.h"

#include <string.h>

#include "base/rd.h"
#include "dissect/handshake.h"

/* When the handshake was told. */
static struct stamp
found_at(const struct store_conn *row)
{
    const struct store_handshake *h = &row->handshake;
    struct stamp at = {row->start_ns, row->found_packet};
    if (h->response.packet)
        at.time_ns = h->response.time_ns;
    else if (h->request.packet && row->first_frame == STORE_NONE)
        at.time_ns = row->last_ns;
    return at;
}

void
rebuild_handshake(const struct store_conn *row, struct http1_head heads[2],
                  struct event_handshake *e)
{
    const struct store_handshake *h = &row->handshake;
    const struct http1_head *found[2] = {NULL, NULL};
    memset(e, 0, sizeof *e);
    if (h->request_head.ptr &&
        http1_head_parse(&heads[0], h->request_head, true))
        found[0] = &heads[0];
    if (h->response_head.ptr &&
        http1_head_parse(&heads[1], h->response_head, false))
        found[1] = &heads[1];
    handshake_describe(e, found[0], found[1]);
    e->flow = row->flow;
    e->request = h->request;
    e->response = h->response;
    e->at = found_at(row);
    e->client = row->client;
    e->server = row->server;
    e->seen = h->seen;
    e->accepted = h->accepted;
    e->has_deflate = h->has_deflate;
    e->deflate = h->deflate;
}

void
rebuild_end(const struct store_conn *row, struct event_end *e)
{
    *e = (struct event_end){.at = row->end,
                            .duration_ns = row->duration_ns,
                            .clean = row->clean,
                            .closed_by = row->closed_by,
                            .verdict = row->verdict,
                            .onclose_code = row->onclose_code};
    for (unsigned d = 0; d < 2; d++) {
        e->has_close_code[d] = row->has_close_code[d];
        e->close_code[d] = row->close_code[d];
        e->rtt[d] = row->rtt[d];
    }
}

void
rebuild_frame(const struct store_frame *f, struct event_frame *e)
{
    *e = (struct event_frame){
        .from = store_frame_from(f),
        .number = f->number,
        .at = {f->time_ns, f->packet},
        .header = {.offset = f->offset,
                   .payload_len = f->payload_len,
                   .header_len = f->header_len,
                   .opcode = store_frame_opcode(f),
                   .rsv = f->byte0 >> 4 & 7u,
                   .fin = f->byte0 >> 7,
                   .masked = f->flags & STORE_MASKED},
        .complete = f->flags & STORE_COMPLETE,
        .ended = f->flags & STORE_COMPLETE,
        .synced = f->flags & STORE_SYNCED,
        .compressed = f->flags & STORE_COMPRESSED,
    };
    for (unsigned i = 0; i < 4; i++)
        e->header.mask[i] = (uint8_t)(f->mask >> (24 - 8 * i));
}

bool
rebuild_control(const struct store *s, const struct store_frame *f,
                uint8_t bytes[REBUILD_CONTROL_MAX], struct event_frame *e)
{
    bool whole;
    size_t n = store_frame_payload(s, f, bytes, REBUILD_CONTROL_MAX, &whole);
    e->payload = n > 0 ? slice_make(bytes, n) : slice_make(NULL, 0);
    if (e->header.opcode == WS_OP_CLOSE && n >= 2) {
        e->has_close_code = true;
        e->close_code = rd_load_be16(bytes);
        e->close_reason = slice_skip(e->payload, 2);
    }
    return n >= f->plain_len;
}

void
rebuild_message(const struct store *s, const struct store_message *m,
                struct event_message *e)
{
    const struct store_frame *first = store_frame(s, m->first_frame);
    const struct store_frame *last = store_frame(s, m->last_frame);
    *e = (struct event_message){
        .from = store_frame_from(first),
        .number = m->number,
        .first = {first->time_ns, first->packet},
        .at = {last->time_ns, last->packet},
        .opcode = m->opcode,
        .n_frames = m->n_frames,
        .wire_len = m->wire_len,
        .compressed = m->flags & STORE_MESSAGE_COMPRESSED,
        .has_len = m->flags & STORE_MESSAGE_HAS_LEN,
        .len = m->len,
        .complete = m->flags & STORE_MESSAGE_COMPLETE,
        .synced = last->flags & STORE_SYNCED,
        .has_utf8_error = m->flags & STORE_MESSAGE_BAD_UTF8,
        .utf8_error = m->utf8_error,
        .truncated = m->flags & STORE_MESSAGE_TRUNCATED,
        .inflate_error = m->inflate_error,
    };
}

void
rebuild_gap(const struct store_frame *f, struct event_gap *e)
{
    *e = (struct event_gap){.from = store_frame_from(f),
                            .at = {f->time_ns, f->packet},
                            .offset = f->offset,
                            .len = f->payload_len};
}

void
rebuild_finding(const struct store_finding *f, struct event_finding *e)
{
    *e = (struct event_finding){.id = f->id,
                                .severity = f->severity,
                                .has_from = f->has_from,
                                .from = f->from,
                                .at = {f->time_ns, f->packet},
                                .has_offset = f->has_offset,
                                .offset = f->offset,
                                .frame = f->number,
                                .message = f->message,
                                .count = f->count};
}
