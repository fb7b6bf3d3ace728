/* SPDX-License-Identifier: MIT */
#include "dissect/ws_conn.h"

#include <stdlib.h>

#include "dissect/emit.h"
#include "dissect/handshake.h"
#include "dissect/judge/judge.h"
#include "dissect/judge/peers.h"
#include "dissect/tcp_tell.h"
#include "dissect/verdict.h"
#include "dissect/ws_message.h"

/* What a sink may keep for a connection; for the budget. */
#define SINK_LEN 512u

struct ws_conn {
    struct ws_stream *stream[2]; /* by enum ws_sender; NULL: no frames */
    struct judge *judge;
    struct judge_public *tally; /* the judge's */
    struct ws_conn_config config;
    struct http1_head *request; /* owned copy; NULL: not seen */
    struct verdict_facts facts;
    uint32_t response_seq; /* TCP sequence number of the response's packet */
    bool handshake_emitted;
    bool offers_deflate; /* the request, or none was seen */
    /* Holes before it was known what the bytes are; from the first one's
     * offset on, all lengths added up. */
    struct event_gap early_gap[2];
    uint64_t searched[2]; /* bytes of a search that was not adopted */
    bool stream_ended[2];
    bool failed[2]; /* no memory for that direction */
    bool finished;
    bool tells_tcp; /* the sink wants it */
    struct tcp_tell tcp;
    struct ws_stream_config stream_config[2];
    struct emitter emit;
};

static struct stamp
stamp_of(const struct pkt_meta *meta)
{
    return (struct stamp){meta->time_ns, meta->number};
}

enum err
ws_conn_new(struct ws_conn **out, const struct ws_conn_config *config)
{
    struct ws_conn *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->config = *config;
    c->offers_deflate = true;
    c->tells_tcp = (config->sink->wants >> EVENT_TCP & 1u) != 0;
    emit_init(&c->emit, config->sink, config->number);
    c->emit.budget = config->shared->budget;
    struct judge_config rules = {
        .emit = &c->emit,
        .limits = config->limits,
        .peers = config->peers,
        .pair = config->pair,
        .client_dir = config->client_dir,
        .via_connect = config->via_connect,
    };
    if (judge_new(&c->judge, &rules) != ERR_OK) {
        free(c);
        return ERR_NOMEM;
    }
    c->tally = judge_public(c->judge);
    *out = c;
    return ERR_OK;
}

void
ws_conn_free(struct ws_conn *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < 2; i++)
        ws_stream_free(c->stream[i]);
    http1_head_free(c->request);
    judge_free(c->judge);
    tcp_tell_fini(&c->tcp);
    emit_fini(&c->emit);
    free(c);
}

size_t
ws_conn_memory(const struct ws_conn *c)
{
    size_t len = budget_block(sizeof *c) + SINK_LEN + judge_memory(c->judge) +
                 tcp_tell_memory(&c->tcp);
    if (c->request)
        len += budget_block(sizeof *c->request + c->request->text.len);
    return len;
}

unsigned
ws_conn_failed(const struct ws_conn *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 2; i++)
        n += c->failed[i] ||
             (c->stream[i] && ws_stream_stats(c->stream[i])->no_memory);
    return n + c->emit.no_memory + c->tcp.no_memory + judge_failed(c->judge);
}

static void
find(struct ws_conn *c, enum finding_id id, enum ws_sender from,
     struct stamp at, uint64_t off)
{
    emit_finding(&c->emit, &(struct event_finding){.id = id,
                                                   .has_from = true,
                                                   .from = from,
                                                   .at = at,
                                                   .has_offset = true,
                                                   .offset = off});
}

enum err
ws_conn_request(struct ws_conn *c, const struct http1_head *head,
                const struct pkt_meta *meta)
{
    struct event_handshake ev = {0};
    handshake_describe(&ev, head, NULL);
    peers_note_key(c->config.peers, ev.key);
    /* A cut head may offer it behind the cut. */
    c->offers_deflate = ev.offered.has_deflate || head->partial;
    if (!head->partial)
        c->facts.request = stamp_of(meta);
    c->facts.side[WS_SENDER_CLIENT].captured = true;
    return http1_head_copy(&c->request, head);
}

/* Fills and emits the handshake; response is NULL when none was seen. */
static void
emit_whole_handshake(struct ws_conn *c, const struct http1_head *response,
                     bool accepted, struct stamp at, struct event_handshake *ev)
{
    const struct stream_pair *pair = c->config.pair;
    *ev = (struct event_handshake){0};
    handshake_describe(ev, c->request, response);
    if (!response && verdict_is_unanswered(&c->facts))
        ev->answer = ANSWER_NONE;
    ev->flow = pair->flow;
    ev->at = at;
    ev->request = c->facts.request;
    ev->response = c->facts.response;
    ev->client = pair->end[c->config.client_dir];
    ev->server = pair->end[!c->config.client_dir];
    ev->accepted = accepted;
    emit_handshake(&c->emit, ev);
    c->handshake_emitted = true;
    if (c->tells_tcp)
        tcp_tell_handshake(&c->tcp, &c->emit, pair, c->config.client_dir);
    c->emit.handshake_unseen = accepted && (!response || response->partial);
    judge_handshake(c->judge, ev);
    for (unsigned i = 0; i < 2; i++)
        if (c->early_gap[i].len > 0) {
            judge_gap(c->judge, (enum ws_sender)i);
            find(c, FINDING_TCP_STREAM_GAP, (enum ws_sender)i,
                 c->early_gap[i].at, c->early_gap[i].offset);
            emit_gap(&c->emit, &c->early_gap[i]);
        }
}

/* How the frames of both directions are to be read. */
static void
configure_streams(struct ws_conn *c, const struct event_handshake *ev)
{
    const struct ws_deflate_params *d = &ev->deflate;
    for (unsigned i = 0; i < 2; i++) {
        bool client = i == WS_SENDER_CLIENT;
        c->stream_config[i] = (struct ws_stream_config){
            .from = (enum ws_sender)i,
            .has_deflate = ev->has_deflate,
            .deflate_inferred = ev->response_head->partial &&
                                !ev->has_deflate && c->offers_deflate,
            .window_bits =
                client ? d->client_max_window_bits : d->server_max_window_bits,
            .no_context_takeover = client ? d->client_no_context_takeover
                                          : d->server_no_context_takeover,
            .boundary_unknown = client ? !c->request || c->request->partial
                                       : ev->response_head->partial,
            .emit = &c->emit,
            .judge = c->judge,
            .shared = c->config.shared,
        };
    }
}

/* A direction's decoder is made at its first byte behind the handshake: only
 * then its offset is known.  False: it was not accepted, or no memory. */
static bool
open_stream(struct ws_conn *c, enum ws_sender from, uint64_t off)
{
    if (!c->facts.accepted || c->failed[from])
        return false;
    c->failed[from] =
        ws_stream_new(&c->stream[from], &c->stream_config[from], off) != ERR_OK;
    return !c->failed[from];
}

void
ws_conn_response(struct ws_conn *c, const struct http1_head *head,
                 bool accepted, const struct pkt_meta *meta)
{
    struct event_handshake ev;
    bool unkeyed = c->request && handshake_is_unkeyed(c->request);
    /* The frames of that draft are not those of RFC 6455. */
    accepted = accepted && !unkeyed;
    c->facts.answered = true;
    c->facts.accepted = accepted;
    c->facts.status = head->status;
    if (!head->partial)
        c->facts.response = stamp_of(meta);
    c->facts.side[WS_SENDER_SERVER].captured = true;
    if (!accepted)
        verdict_set_protocol(&c->facts, unkeyed ? slice_cstr("hixie-76")
                                                : http1_value(head, "Upgrade"));
    c->response_seq = meta->seq;
    emit_whole_handshake(c, head, accepted, stamp_of(meta), &ev);
    if (accepted)
        configure_streams(c, &ev);
    /* Nobody asks for it again, and it is most of what c takes. */
    http1_head_free(c->request);
    c->request = NULL;
}

void
ws_conn_data(struct ws_conn *c, enum ws_sender from, uint64_t off,
             struct slice data, const struct pkt_meta *meta)
{
    c->facts.side[from].captured = true;
    verdict_note_packet(&c->facts.side[from].host, meta);
    if (c->stream[from] || open_stream(c, from, off)) {
        judge_segment(c->tally, from, off, data.len, meta);
        ws_stream_data(c->stream[from], off, data, meta);
    } else if (meta->acks) {
        judge_tcp(c->judge, from, STREAM_TCP_ACK, meta);
    }
}

static void
note_early_gap(struct ws_conn *c, enum ws_sender from, uint64_t off,
               uint64_t len, const struct pkt_meta *meta)
{
    struct event_gap *gap = &c->early_gap[from];
    if (gap->len == 0)
        *gap = (struct event_gap){.from = from,
                                  .at = stamp_of(meta),
                                  .offset = off};
    gap->len += len;
}

void
ws_conn_gap(struct ws_conn *c, enum ws_sender from, uint64_t off, uint64_t len,
            const struct pkt_meta *meta)
{
    judge_gap(c->judge, from);
    if (c->stream[from] || open_stream(c, from, off))
        ws_stream_gap(c->stream[from], off, len, meta);
    else
        note_early_gap(c, from, off, len, meta);
}

void
ws_conn_infer(struct ws_conn *c, const struct pkt_meta *meta)
{
    struct event_handshake ev;
    c->facts.accepted = true;
    struct stamp at = stamp_of(meta);
    if (!c->request)
        at = (struct stamp){c->config.pair->open_ns,
                            c->config.pair->open_packet};
    emit_whole_handshake(c, NULL, true, at, &ev);
    for (unsigned i = 0; i < 2; i++)
        c->stream_config[i] = (struct ws_stream_config){
            .from = (enum ws_sender)i,
            .deflate_inferred = c->offers_deflate,
            .boundary_unknown = i == WS_SENDER_SERVER || !c->request,
            .emit = &c->emit,
            .judge = c->judge,
            .shared = c->config.shared,
        };
    http1_head_free(c->request);
    c->request = NULL;
}

void
ws_conn_adopt(struct ws_conn *c, enum ws_sender from, struct ws_sync *sync,
              uint64_t taken)
{
    const struct ws_sync_verdict *v = ws_sync_verdict(sync);
    c->stream_config[from].boundary_unknown = true;
    c->facts.side[from].captured |= taken > 0;
    if (c->failed[from] || (v->believed && v->from != from) ||
        !open_stream(c, from, 0)) {
        c->searched[from] = taken;
        ws_sync_free(sync);
        return;
    }
    ws_stream_adopt(c->stream[from], sync, taken);
}

bool
ws_conn_offers_deflate(const struct ws_conn *c)
{
    return c->offers_deflate;
}

void
ws_conn_check_early(struct ws_conn *c, uint64_t off,
                    const struct pkt_meta *meta)
{
    if ((meta->flags & TCP_ACK) && (int32_t)(meta->ack - c->response_seq) <= 0)
        judge_early_client(c->judge, off, meta);
}

bool
ws_conn_early_server(struct ws_conn *c, uint64_t off, struct slice data,
                     const struct pkt_meta *meta)
{
    return judge_early_server(c->judge, off, data.ptr[0], meta);
}

void
ws_conn_tcp(struct ws_conn *c, enum ws_sender from, enum stream_tcp what,
            const struct pkt_meta *meta)
{
    struct verdict_side *side = &c->facts.side[from];
    side->captured = true;
    if (what == STREAM_TCP_FIN && side->fin.packet == 0)
        side->fin = stamp_of(meta);
    if (what != STREAM_TCP_RST) {
        verdict_note_packet(&side->host, meta);
    } else if (side->reset.packet == 0) {
        side->reset = stamp_of(meta);
        verdict_note_reset(&side->host, meta);
    }
    judge_tcp(c->judge, from, what, meta);
    if (c->tells_tcp)
        tcp_tell(&c->tcp, &c->emit, from, what, meta);
}

static void
end_stream(struct ws_conn *c, enum ws_sender from, const struct pkt_meta *meta)
{
    if (!c->stream[from] || c->stream_ended[from])
        return;
    c->stream_ended[from] = true;
    ws_stream_end(c->stream[from], meta);
}

void
ws_conn_end(struct ws_conn *c, enum ws_sender from, enum stream_end why,
            const struct pkt_meta *meta)
{
    c->facts.side[from].ended = true;
    c->facts.side[from].why = why;
    end_stream(c, from, meta);
}

static void
take_stats(struct ws_conn *c, enum ws_sender from, struct event_end *ev)
{
    struct verdict_side *side = &c->facts.side[from];
    ev->gap_bytes[from] = c->early_gap[from].len;
    unsigned dir = c->config.client_dir ^ (from == WS_SENDER_SERVER);
    side->captured |= c->config.pair->syn_seen[dir];
    if (!c->stream[from])
        return;
    const struct ws_stream_stats *st = ws_stream_stats(c->stream[from]);
    ev->frames[from] = st->frames;
    ev->messages[from] = st->messages;
    ev->payload_bytes[from] = st->payload_bytes;
    ev->wire_bytes[from] = c->searched[from] + st->wire_bytes;
    ev->gap_bytes[from] += st->gap_bytes;
    ev->undecoded_bytes[from] = c->searched[from] + st->undecoded_bytes;
    side->sent_close = st->close_frames > 0;
    side->close = st->first_close;
    side->has_code = st->has_close_code;
    side->code = st->close_code;
    side->last_frame = st->last_frame;
    side->frame_open = st->frame_open;
    side->message_open = st->message_open;
    side->lost = st->lost;
    side->gap_bytes = st->lost ? st->gap_bytes : 0;
}

static void
emit_unanswered(struct ws_conn *c, struct stamp at)
{
    struct event_handshake ev;
    struct verdict_side *server = &c->facts.side[WS_SENDER_SERVER];
    server->captured |= c->config.pair->syn_seen[!c->config.client_dir];
    server->gap_bytes = c->early_gap[WS_SENDER_SERVER].len;
    emit_whole_handshake(c, NULL, false, at, &ev);
}

void
ws_conn_finish(struct ws_conn *c, struct stamp at)
{
    char text[VERDICT_TEXT_MAX];
    struct event_end ev = {.at = at};
    if (c->finished)
        return;
    c->finished = true;
    if (!c->handshake_emitted)
        emit_unanswered(c, at);
    for (unsigned i = 0; i < 2; i++) {
        /* A side may end before the answer tells that its bytes are frames. */
        struct pkt_meta last = {.number = at.packet, .time_ns = at.time_ns};
        end_stream(c, (enum ws_sender)i, &last);
        take_stats(c, (enum ws_sender)i, &ev);
    }
    int64_t start = c->config.pair->open_ns;
    if (c->facts.request.packet || c->facts.response.packet)
        start = c->facts.request.packet ? c->facts.request.time_ns
                                        : c->facts.response.time_ns;
    ev.duration_ns = at.time_ns - start;
    judge_end(c->judge, &c->facts, &ev);
    verdict_decide(&c->facts, &ev, text);
    judge_verdict(c->judge, &ev);
    emit_repeated_findings(&c->emit);
    emit_end(&c->emit, &ev);
}
