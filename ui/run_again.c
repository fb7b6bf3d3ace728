/* SPDX-License-Identifier: MIT */
#include "ui/run_parts.h"

#include "ui/signals.h"

/* The second reading. */
struct again {
    struct run *run;
    struct pipeline *pipeline;
    uint64_t max_packets; /* as many as the first time */
};

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    (void)ctx;
    (void)info;
    (void)first_packet;
}

/* What is wrong with the files was told the first time. */
static void
on_failed(void *ctx, const struct source_error *error)
{
    (void)ctx;
    (void)error;
}

static void
on_unknown_link(void *ctx, const struct source_info *info, uint32_t link)
{
    (void)ctx;
    (void)info;
    (void)link;
}

static bool
on_packet(void *ctx, const struct source_info *info,
          const struct packet *packet, uint64_t packets)
{
    struct again *a = ctx;
    struct run *r = a->run;
    struct pipeline_sight sight = pipeline_sight(a->pipeline);
    progress_step(&r->progress, info, packets);
    export_take(r->export, packet, info, &sight);
    return packets < a->max_packets && signals_stop() == 0 &&
           !export_is_over(r->export);
}

static void
on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    (void)event;
}

/* Flows have the same numbers only if there were the same packets. */
static bool
is_same(const struct again *a)
{
    struct pipeline_totals now = pipeline_totals(a->pipeline);
    struct pipeline_totals then = pipeline_totals(a->run->pipeline);
    return now.packets == then.packets && now.bytes == then.bytes &&
           now.flow.flows == then.flow.flows;
}

void
run_again(struct run *r)
{
    struct again a = {.run = r,
                      .max_packets = pipeline_totals(r->pipeline).packets};
    const struct pipeline_watch watch = {.ctx = &a,
                                         .capture = on_capture,
                                         .failed = on_failed,
                                         .unknown_link = on_unknown_link,
                                         .packet = on_packet};
    /* What is asked for decides how much memory there is for flows, and so
     * which are forgotten. */
    struct event_sink sink = r->sink;
    sink.event = on_event;
    if (signals_stop() != 0 || a.max_packets == 0)
        return;
    export_turn(r->export);
    enum err e = pipeline_new(&a.pipeline, r->options, r->again, &sink);
    r->again = NULL;
    if (e != ERR_OK) {
        tell(&r->tell, "start", err_text(e));
        r->status = EXIT_IO;
        return;
    }
    pipeline_run(a.pipeline, &watch);
    if (signals_stop() == 0 && !export_is_over(r->export) && !is_same(&a)) {
        tell(&r->tell, "export",
             "the files have changed while they were read: packets are missing "
             "or too many");
        r->status = EXIT_IO;
    }
    pipeline_free(a.pipeline);
}
