/* SPDX-License-Identifier: MIT */
#include "ui/run_parts.h"

#include <stdio.h>

/* How often lost packets are told, at most. */
#define TELL_NS INT64_C(1000000000)

void
run_tell_saving(struct run *r)
{
    struct save_news news;
    while (save_next_news(saving_save(r->saving), &news)) {
        if (news.kind == SAVE_FAILED)
            tell_format(&r->tell, news.name,
                        "at byte %llu: %s: packets are not saved from here on",
                        (unsigned long long)news.offset, news.reason);
        else
            tell(&r->tell, news.name, news.reason);
        if (news.kind != SAVE_RESUMED)
            r->status = EXIT_IO;
    }
}

void
run_save_stats(struct run *r)
{
    const struct source_info *info = live_info(r->live);
    for (size_t i = 0; i < info->n_ifaces; i++) {
        struct live_stats s = live_iface_stats(r->live, i);
        uint64_t dropped = s.dropped + s.ifdropped;
        struct save_pcapng_stats stats = {
            .start_ns = r->start_real_ns,
            .end_ns = run_now_ns(CLOCK_REALTIME),
            .received = s.received,
            .dropped = dropped,
            /* Only what the kernel dropped had been received. */
            .delivered = s.received > s.dropped ? s.received - s.dropped : 0,
        };
        save_stats(saving_save(r->saving), info, (uint32_t)i, &stats);
    }
}

void
run_tell_figures(struct run *r)
{
    struct pipeline_totals t = pipeline_totals(r->pipeline);
    tell_format(&r->tell, "now",
                "%llu packets, %llu connections, %llu TCP flows open, "
                "%.1f of %.1f MiB for reassembly and messages used",
                (unsigned long long)t.packets,
                (unsigned long long)r->summary.connections,
                (unsigned long long)t.flow.flows_now,
                (double)t.memory_now / 1048576.0,
                (double)t.memory_max / 1048576.0);
    if (r->live) {
        struct live_stats s = live_stats(r->live);
        tell_format(&r->tell, "now",
                    "%llu packets dropped by the kernel, %llu by interfaces; "
                    "%.1f of %.1f MiB of the queue used, %.1f at most",
                    (unsigned long long)s.dropped,
                    (unsigned long long)s.ifdropped,
                    (double)s.queue_len / 1048576.0,
                    (double)s.queue_capacity / 1048576.0,
                    (double)s.queue_peak_len / 1048576.0);
    }
    if (r->saving) {
        const struct save_figures *f = save_figures(saving_save(r->saving));
        tell_format(&r->tell, "now",
                    "%llu packets saved, %llu not, in %llu files",
                    (unsigned long long)f->saved,
                    (unsigned long long)f->unsaved,
                    (unsigned long long)f->files);
    }
}

void
run_tell_lost(struct run *r, int64_t now, bool last)
{
    struct live_stats s = live_stats(r->live);
    uint64_t lost = s.dropped + s.ifdropped;
    if (lost == r->told_lost || (!last && now - r->told_ns < TELL_NS))
        return;
    tell_format(&r->tell, "packets lost",
                "%llu dropped by the kernel, %llu by interfaces, of %llu",
                (unsigned long long)s.dropped, (unsigned long long)s.ifdropped,
                (unsigned long long)s.received);
    r->told_lost = lost;
    r->told_ns = now;
}

struct stats_live
run_live_figures(const struct run *r, int64_t now)
{
    struct pipeline_totals t = pipeline_totals(r->pipeline);
    struct stats_live figures = {.elapsed_ns = now - r->start_ns,
                                 .received = t.packets,
                                 .memory_now = t.memory_now,
                                 .memory_peak = t.memory_peak};
    if (r->live) {
        struct live_stats s = live_stats(r->live);
        figures.received = s.received;
        figures.dropped = s.dropped + s.ifdropped;
        figures.queue_now = s.queue_len;
        figures.queue_peak = s.queue_peak_len;
        figures.queue_capacity = s.queue_capacity;
    }
    return figures;
}

void
run_take_totals(struct run *r)
{
    struct pipeline_totals t = pipeline_totals(r->pipeline);
    r->summary.packets = t.packets;
    r->summary.bytes = t.bytes;
    r->summary.flows = t.flow.flows;
    r->summary.duration_ns = t.duration_ns;
    r->summary.has_dropped = r->live != NULL;
    if (r->live) {
        struct live_stats s = live_stats(r->live);
        r->summary.dropped = s.dropped + s.ifdropped;
    }
}

void
run_tell_walls(struct run *r)
{
    char walls[256];
    bool bound = r->confine.privileges.reason == PRIVILEGES_BOUND;
    if (r->options->verbose < (bound ? 1u : 2u))
        return;
    confine_describe(&r->confine, walls, sizeof walls);
    tell(&r->tell, "note", walls);
}

/* Which one, unless it was asked for. */
static void
tell_choice(struct run *r, const struct follow_figures *f)
{
    uint64_t n = f->n_conns;
    if (f->conn == 0 && n > 0)
        tell_format(&r->tell, "note",
                    "none of %llu connections was accepted; --conn N shows one",
                    (unsigned long long)n);
    else if (f->conn == 0)
        tell(&r->tell, "note",
             r->options->conns.n > 0 ? "there is no such connection"
                                     : "no WebSocket connection was found");
    else if (r->options->conns.n == 0 && n > 1)
        tell_format(&r->tell, "note",
                    "this is connection %llu of %llu, %llu of them accepted; "
                    "--conn N shows another",
                    (unsigned long long)f->conn, (unsigned long long)n,
                    (unsigned long long)f->n_accepted);
}

void
run_tell_followed(struct run *r)
{
    struct follow_figures f = follow_figures(r->writer.follow);
    bool raw = r->options->format == OUTPUT_FORMAT_RAW;
    bool limited = r->options->given >> OPTION_ID_PAYLOAD_LIMIT & 1u;
    tell_choice(r, &f);
    tell_limit(&r->tell, f.n_cut, "messages were cut",
               raw && !limited ? "--message-keep" : "--payload-limit");
    /* Other formats mark each. */
    if (raw && f.n_partial > 0)
        tell_format(&r->tell, "note",
                    "%llu messages are not whole in the capture",
                    (unsigned long long)f.n_partial);
}

void
run_tell_listening(struct run *r)
{
    const struct source_info *info = live_info(r->live);
    char walls[256], names[128] = "";
    size_t at = 0;
    for (size_t i = 0; i < info->n_ifaces && at < sizeof names; i++)
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s",
                               i ? ", " : "", info->ifaces[i].name);
    confine_describe(&r->confine, walls, sizeof walls);
    tell_format(&r->tell, names, "listening, filter '%s'; %s",
                r->options->filter ? r->options->filter : LIVE_FILTER_DEFAULT,
                walls);
}
