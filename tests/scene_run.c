/* SPDX-License-Identifier: MIT */
/* What is found in a scene: the whole pipeline below the command line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lossy.h"
#include "tests/scene.h"
#include "ui/pipeline.h"

static void
require(bool truth)
{
    if (!truth)
        abort();
}

/* Later events of the same id and sender tell how often it was. */
static void
take_finding(struct scene_result *r, uint32_t conn,
             const struct event_finding *ev)
{
    size_t n =
        r->n_findings < SCENE_FINDINGS_MAX ? r->n_findings : SCENE_FINDINGS_MAX;
    for (size_t i = 0; i < n; i++) {
        struct scene_finding *f = &r->findings[i];
        if (f->conn == conn && f->id == ev->id && f->has_from == ev->has_from &&
            (!f->has_from || f->from == ev->from)) {
            f->count = ev->count;
            return;
        }
    }
    if (r->n_findings++ >= SCENE_FINDINGS_MAX)
        return;
    struct scene_finding *f = &r->findings[n];
    *f = (struct scene_finding){.id = ev->id,
                                .severity = ev->severity,
                                .conn = conn,
                                .has_from = ev->has_from,
                                .from = ev->from,
                                .count = ev->count,
                                .packet = ev->at.packet,
                                .offset = ev->offset,
                                .frame = ev->frame,
                                .message = ev->message};
    snprintf(f->detail, sizeof f->detail, "%s", ev->detail ? ev->detail : "");
}

static void
take_gap(struct scene_result *r, uint32_t conn, const struct event_gap *ev)
{
    if (r->n_gaps++ < SCENE_GAPS_MAX)
        r->gaps[r->n_gaps - 1] = (struct scene_gap){
            .conn = conn,
            .from = ev->from,
            .offset = ev->offset,
            .len = ev->len,
        };
}

static void
take_end(struct scene_conn *c, const struct event_end *ev)
{
    c->has_end = true;
    c->verdict = ev->verdict;
    c->closed_by = ev->closed_by;
    c->clean = ev->clean;
    c->onclose_code = ev->onclose_code;
    snprintf(c->text, sizeof c->text, "%s", ev->text);
    c->n_evidence = ev->n_evidence;
    require(ev->n_evidence <= EVENT_EVIDENCE_MAX);
    for (size_t i = 0; i < ev->n_evidence; i++) {
        c->evidence[i].packet = ev->evidence[i].packet;
        snprintf(c->evidence[i].what, sizeof c->evidence[i].what, "%s",
                 ev->evidence[i].what);
    }
}

static void
take_handshake(struct scene_conn *c, const struct event_handshake *ev)
{
    c->has_handshake = true;
    c->accepted = ev->accepted;
    c->has_deflate = ev->has_deflate;
    c->seen = ev->seen;
    c->accept_ok = ev->accept_ok;
}

static void
on_event(void *ctx, const struct event *ev)
{
    struct scene_result *r = ctx;
    static struct scene_conn rest; /* those above the limit */
    bool listed = ev->conn > 0 && ev->conn <= SCENE_CONNS_MAX;
    struct scene_conn *c = listed ? &r->conns[ev->conn - 1] : &rest;
    if (ev->conn > r->n_conns)
        r->n_conns = ev->conn;
    switch (ev->type) {
    case EVENT_HANDSHAKE:
        take_handshake(c, ev->handshake);
        break;
    case EVENT_FRAME:
        c->frames[ev->frame->from]++;
        break;
    case EVENT_MESSAGE:
        c->messages[ev->message->from]++;
        c->n_bad_utf8 += ev->message->has_utf8_error;
        break;
    case EVENT_GAP:
        take_gap(r, ev->conn, ev->gap);
        break;
    case EVENT_FINDING:
        take_finding(r, ev->conn, ev->finding);
        break;
    case EVENT_END:
        take_end(c, ev->end);
        break;
    case EVENT_TCP:
        if (r->n_tcp++ < SCENE_TCP_MAX)
            r->tcp[r->n_tcp - 1] = *ev->tcp;
        break;
    }
}

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    (void)ctx;
    (void)info;
    (void)first_packet;
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    struct scene_result *r = ctx;
    (void)error;
    r->read_errors++;
}

static void
on_unknown_link(void *ctx, const struct source_info *info, uint32_t link)
{
    (void)ctx;
    (void)info;
    (void)link;
    require(false);
}

static bool
on_packet(void *ctx, const struct source_info *info,
          const struct packet *packet, uint64_t packets)
{
    (void)packet;
    struct scene_result *r = ctx;
    (void)info;
    r->packets = packets;
    return true;
}

void
scene_run(const struct scene *s, const struct scene_options *o,
          struct scene_result *out)
{
    struct buf pcap;
    struct options options;
    struct source *source;
    struct pipeline *p;
    char name[LOSSY_NAME_MAX];
    const char *names[] = {name};
    struct event_sink sink = {.wants = ~0u,
                              .keep = 1024,
                              .ctx = out,
                              .event = on_event};
    struct pipeline_watch watch = {.ctx = out,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = on_unknown_link,
                                   .packet = on_packet};
    memset(out, 0, sizeof *out);
    buf_init(&pcap, SIZE_MAX / 2);
    scene_render(s, o, &pcap);
    int fd = lossy_memfd(buf_slice(&pcap), name);
    buf_fini(&pcap);
    options_init(&options);
    if (o && o->tune)
        o->tune(&options);
    require(source_new(&source, names, 1) == ERR_OK);
    require(pipeline_new(&p, &options, source, &sink) == ERR_OK);
    pipeline_run(p, &watch);
    pipeline_free(p);
    options_fini(&options);
    close(fd);
}

uint64_t
scene_count(const struct scene_result *r, enum finding_id id, int from)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->n_findings && i < SCENE_FINDINGS_MAX; i++) {
        const struct scene_finding *f = &r->findings[i];
        if (f->id == id &&
            (from < 0 || (f->has_from && f->from == (enum ws_sender)from)))
            sum += f->count;
    }
    return sum;
}

void
scene_findings_text(const struct scene_result *r, enum severity least,
                    char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < r->n_findings && i < SCENE_FINDINGS_MAX; i++) {
        const struct scene_finding *f = &r->findings[i];
        char count[24] = "";
        if (f->severity < least || at >= size)
            continue;
        if (f->count > 1)
            snprintf(count, sizeof count, "*%" PRIu64, f->count);
        int n = snprintf(out + at, size - at, "%s%s:%s%s", at ? " " : "",
                         finding_info(f->id)->id,
                         f->has_from ? ws_sender_name(f->from) : "both", count);
        at += n > 0 ? (size_t)n : 0;
    }
}
