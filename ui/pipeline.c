/* SPDX-License-Identifier: MIT */
#include "ui/pipeline.h"

#include <stdlib.h>

struct pipeline {
    struct source *source;
    struct decap *decap;
    struct flow_table *flows;
    struct dissect *dissect;
    struct budget budget; /* of flows, reassembly, connections, messages */
    enum decap_result decapped; /* of the packet at hand */
    uint64_t max_packets;       /* 0: all */
    uint64_t packets;
    uint64_t bytes;
    int64_t start_ns;          /* of the first packet */
    int64_t first_ns, last_ns; /* the earliest and the latest time */
    /* The source and the number of its interfaces last told. */
    bool told;
    uint32_t told_source;
    size_t told_ifaces;
    uint64_t unknown_ifaces; /* bit per interface; those above 63 share one */
};

/* The inflaters' part of --memory is a fourth; the budget has the rest. */
#define INFLATE_SHARE 4u

static struct flow_limits
flow_limits(const struct options *o)
{
    struct flow_limits l = flow_limits_default();
    l.early_bytes = (size_t)o->early_bytes;
    l.early_ranges = (uint32_t)o->early_ranges;
    l.memory = (size_t)o->memory;
    l.flows = (uint32_t)o->flows;
    l.half_open_ns = o->half_open_ns;
    l.idle_ns = o->idle_ns;
    l.gap_packets = (uint32_t)o->gap_packets;
    l.gap_ns = o->gap_time_ns;
    return l;
}

static struct decap_limits
decap_limits(const struct options *o)
{
    struct decap_limits l = decap_limits_default();
    l.frag.bytes = (size_t)o->fragment_bytes;
    l.frag.timeout_ns = o->fragment_timeout_ns;
    return l;
}

static struct dissect_limits
dissect_limits(const struct options *o)
{
    struct dissect_limits l = dissect_limits_default();
    l.http_head = (size_t)o->http_head_limit;
    l.message_keep = (size_t)o->message_keep;
    l.inflate_len = o->inflate_limit;
    l.midstream = !o->no_midstream;
    l.inflate_memory = (size_t)(o->memory / INFLATE_SHARE);
    l.hold = 4 * l.http_head;
    l.thresholds = o->thresholds;
    return l;
}

enum err
pipeline_new(struct pipeline **out, const struct options *options,
             struct source *source, const struct event_sink *sink)
{
    struct decap_limits decap = decap_limits(options);
    struct flow_limits flows = flow_limits(options);
    struct dissect_limits dissect = dissect_limits(options);
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p) {
        source_free(source);
        return ERR_NOMEM;
    }
    p->source = source;
    p->max_packets = options->count;
    p->budget.max = flows.memory - flows.memory / INFLATE_SHARE;
    flows.budget = dissect.budget = &p->budget;
    enum err e = decap_new(&p->decap, &decap);
    if (e == ERR_OK)
        e = dissect_new(&p->dissect, &dissect, sink);
    if (e == ERR_OK)
        e = flow_table_new(&p->flows, &flows, dissect_stream_ops(), p->dissect);
    if (e != ERR_OK) {
        pipeline_free(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

void
pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    flow_table_free(p->flows); /* its open pairs still use the dissector */
    dissect_free(p->dissect);
    decap_free(p->decap);
    source_free(p->source);
    free(p);
}

/* Tells the owner about a source, or an interface, that is new. */
static void
tell_capture(struct pipeline *p, const struct pipeline_watch *watch,
             const struct packet *packet)
{
    const struct source_info *info = source_info(p->source);
    if (p->told && p->told_source == packet->source &&
        p->told_ifaces == info->n_ifaces)
        return;
    if (!p->told || p->told_source != packet->source)
        p->unknown_ifaces = 0;
    p->told = true;
    p->told_source = packet->source;
    p->told_ifaces = info->n_ifaces;
    watch->capture(watch->ctx, info, packet->number);
}

static void
tell_unknown_link(struct pipeline *p, const struct pipeline_watch *watch,
                  const struct packet *packet)
{
    uint64_t bit = UINT64_C(1) << (packet->iface < 63 ? packet->iface : 63);
    if (p->unknown_ifaces & bit)
        return;
    p->unknown_ifaces |= bit;
    watch->unknown_link(watch->ctx, source_info(p->source), packet->link);
}

static void
take_packet(struct pipeline *p, const struct pipeline_watch *watch,
            const struct packet *packet)
{
    struct ip_packet ip;
    if (p->packets == 0)
        p->start_ns = packet->time_ns;
    tell_capture(p, watch, packet);
    if (p->packets++ == 0)
        p->first_ns = p->last_ns = packet->time_ns;
    if (packet->time_ns < p->first_ns)
        p->first_ns = packet->time_ns;
    if (packet->time_ns > p->last_ns)
        p->last_ns = packet->time_ns;
    p->bytes += packet->wire_len;
    p->decapped = decap_packet(p->decap, packet, &ip);
    switch (p->decapped) {
    case DECAP_TCP:
        flow_table_packet(p->flows, packet, &ip);
        break;
    case DECAP_UNKNOWN_LINK:
        tell_unknown_link(p, watch, packet);
        break;
    case DECAP_OTHER:
    case DECAP_FRAGMENT:
    case DECAP_MALFORMED:
    case DECAP_RESULT_COUNT:
        break;
    }
}

void
pipeline_run(struct pipeline *p, const struct pipeline_watch *watch)
{
    const struct source_info *info = source_info(p->source);
    struct source_error error;
    struct packet packet;
    while (p->max_packets == 0 || p->packets < p->max_packets) {
        enum source_step step = source_next(p->source, &packet, &error);
        if (step == SOURCE_END)
            break;
        if (step == SOURCE_ERROR) {
            watch->failed(watch->ctx, &error);
            continue;
        }
        take_packet(p, watch, &packet);
        if (!watch->packet(watch->ctx, info, &packet, p->packets))
            break;
    }
    flow_table_finish(p->flows);
}

void
pipeline_tick(struct pipeline *p, int64_t time_ns)
{
    flow_table_tick(p->flows, time_ns);
}

struct pipeline_sight
pipeline_sight(const struct pipeline *p)
{
    return (struct pipeline_sight){p->decapped, flow_table_sight(p->flows),
                                   decap_datagram(p->decap)};
}

int64_t
pipeline_start_ns(const struct pipeline *p)
{
    return p->start_ns;
}

struct pipeline_totals
pipeline_totals(const struct pipeline *p)
{
    return (struct pipeline_totals){
        .packets = p->packets,
        .bytes = p->bytes,
        .duration_ns = p->last_ns - p->first_ns,
        .flow = flow_table_stats(p->flows),
        .decap = decap_stats(p->decap),
        .dissect = dissect_stats(p->dissect),
        .secrets_dropped = source_secrets(p->source)->dropped,
        .memory_now = p->budget.used,
        .memory_peak = p->budget.peak,
        .memory_max = p->budget.max,
    };
}
