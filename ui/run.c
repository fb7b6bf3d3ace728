/* SPDX-License-Identifier: MIT */
#include "ui/run.h"

#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/link.h"
#include "ui/run_parts.h"
#include "ui/signals.h"
#include "ui/terminal.h"

/* What is due now and then is done this often: while packets come, the clock is
 * looked at when their time has moved on by this, or after so many. */
#define CHORES_NS (INT64_C(20) * 1000 * 1000)
#define CHORES_MS 20
#define CHORES_PACKETS 1024u

/* What is older than this cannot be overtaken by a packet that the kernel
 * still holds (LIVE_RETIRE_MS, and the capture thread's turn). */
#define SETTLED_NS (INT64_C(30) * 1000 * 1000)

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    struct run *r = ctx;
    if (r->filter && !r->told_start)
        filter_set_start(r->filter, pipeline_start_ns(r->pipeline));
    if (r->app)
        app_set_start(r->app, pipeline_start_ns(r->pipeline));
    r->told_start = true;
    writer_capture(&r->writer, info, first_packet);
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    struct run *r = ctx;
    if (!r->live && (error->code == ERR_DAMAGED || error->code == ERR_READ))
        tell_format(&r->tell, error->name, "at byte %llu: %s",
                    (unsigned long long)error->offset, error->reason);
    else
        tell(&r->tell, error->name, error->reason);
    r->status = EXIT_IO;
}

static void
on_unknown_link(void *ctx, const struct source_info *info, uint32_t link)
{
    struct run *r = ctx;
    const char *name = link_name(link);
    tell_format(&r->tell, info->name, "link type %lu%s%s%s cannot be read",
                (unsigned long)link, name ? " (" : "", name ? name : "",
                name ? ")" : "");
    r->status = EXIT_IO;
}

static void
redraw(struct run *r, int64_t now)
{
    struct stats_live figures = run_live_figures(r, now);
    if (__builtin_add_overflow(now, r->options->interval_ns, &r->redraw_ns))
        r->redraw_ns = INT64_MAX;
    run_take_totals(r);
    writer_redraw(&r->writer, &r->summary, &figures);
}

static void
take_signals(struct run *r)
{
    signals_pending = 0;
    if (signals_take_figures())
        run_tell_figures(r);
    if (signals_take_rotate() && r->saving)
        save_rotate(saving_save(r->saving));
    /* What was captured so far is still decoded. */
    if (signals_stop() != 0 && r->live)
        live_stop(r->live);
}

/* The figures that no event tells the terminal interface. */
static void
tell_app(struct run *r)
{
    run_take_totals(r);
    app_figures(r->app, &r->summary, r->summary.dropped,
                pipeline_totals(r->pipeline).memory_now);
}

/* Whether nothing that comes will be written any more. */
static bool
is_unheard(const struct run *r)
{
    if (r->export)
        return export_is_over(r->export);
    return out_over(&r->out) && !writer_outlives(&r->writer, &r->out);
}

/* What is due now and then; false: stop reading. */
static bool
do_chores(struct run *r)
{
    int64_t now = run_now_ns(CLOCK_MONOTONIC);
    int64_t duration_ns = r->options->stop.duration_ns;
    r->chores_ns = now;
    if (r->live)
        run_tell_lost(r, now, false);
    if (r->live && duration_ns > 0 && now - r->start_ns >= duration_ns)
        live_stop(r->live);
    if (r->screen && now >= r->redraw_ns)
        redraw(r, now);
    if (r->app)
        tell_app(r);
    out_flush(&r->out);
    if (signals_pending)
        take_signals(r);
    if (r->saving) {
        if (r->live)
            run_save_stats(r);
        save_flush(saving_save(r->saving));
        run_tell_saving(r);
    }
    return (signals_stop() == 0 || r->live) && !atomic_load(&r->left) &&
           !is_unheard(r);
}

/* Whether -a duration:N of a file is over; live it is the clock's. */
static bool
is_over(struct run *r, int64_t time_ns)
{
    int64_t duration_ns = r->options->stop.duration_ns;
    if (duration_ns == 0 || r->live)
        return false;
    if (r->end_ns == 0 &&
        __builtin_add_overflow(time_ns, duration_ns, &r->end_ns))
        r->end_ns = INT64_MAX;
    return time_ns >= r->end_ns;
}

/* Nothing came: time goes on from the last packet.  Not by the clock of the
 * system, which stamps of the interface (-j) need not follow. */
static void
tick(struct run *r)
{
    int64_t now = run_now_ns(CLOCK_MONOTONIC);
    if (!r->idle)
        r->idle_ns = now;
    r->idle = true;
    pipeline_tick(r->pipeline, r->packet_ns + (now - r->idle_ns) - SETTLED_NS);
}

/* Nothing to read just now. */
static int
on_idle(void *ctx)
{
    struct run *r = ctx;
    if (r->live && r->any)
        tick(r);
    return do_chores(r) ? CHORES_MS : -1;
}

/* Whether it is time for chores while packets come.  Their times may stand
 * still, jump, or run a thousand times too fast. */
static bool
is_time(struct run *r, int64_t time_ns, uint64_t packets)
{
    if ((uint64_t)time_ns - (uint64_t)r->looked_ns < (uint64_t)CHORES_NS &&
        packets % CHORES_PACKETS != 0)
        return false;
    r->looked_ns = time_ns;
    return run_now_ns(CLOCK_MONOTONIC) - r->chores_ns >= CHORES_NS;
}

static void
save_one(struct run *r, const struct source_info *info,
         const struct packet *packet)
{
    struct pipeline_sight sight = pipeline_sight(r->pipeline);
    saving_packet(r->saving, packet, info, &sight);
}

static void
see_one(struct run *r, const struct packet *packet)
{
    struct pipeline_sight sight = pipeline_sight(r->pipeline);
    export_see(r->export, packet->number, &sight);
}

/* What a run has to do behind each packet that does more than read files to
 * their end. */
static bool
attend(struct run *r, const struct source_info *info,
       const struct packet *packet, uint64_t packets)
{
    bool go_on = true;
    if (r->saving)
        save_one(r, info, packet);
    if (r->again)
        see_one(r, packet);
    r->any = true;
    r->idle = false;
    r->packet_ns = packet->time_ns;
    if (signals_pending ||
        (r->watching && is_time(r, packet->time_ns, packets)))
        go_on = do_chores(r);
    if (packets == r->options->stop.packets || is_over(r, packet->time_ns) ||
        (r->saving && saving_is_full(r->saving)))
        return false;
    return go_on;
}

static bool
on_packet(void *ctx, const struct source_info *info,
          const struct packet *packet, uint64_t packets)
{
    struct run *r = ctx;
    progress_step(&r->progress, info, packets);
    if ((!r->plain || signals_pending) && !attend(r, info, packet, packets))
        return false;
    return !is_unheard(r);
}

/* The file of -w: what the system counted, and the end. */
static void
finish_saving(struct run *r)
{
    struct save *save = saving_save(r->saving);
    if (r->live)
        run_save_stats(r);
    save_close(save);
    run_tell_saving(r);
    tell_limit(&r->tell, saving_given_up(r->saving),
               "packets of connections not known yet were not saved",
               "64 MiB of them wait for --ws-only");
    if (r->options->verbose) {
        const struct save_figures *f = save_figures(save);
        tell_format(&r->tell, r->options->write,
                    "%llu packets saved, %llu not, in %llu files",
                    (unsigned long long)f->saved,
                    (unsigned long long)f->unsaved,
                    (unsigned long long)f->files);
    }
}

static void
finish_export(struct run *r)
{
    enum exit_status status = export_finish(r->export, &r->summary);
    if (r->status == EXIT_DONE)
        r->status = status;
}

static void
finish(struct run *r)
{
    struct pipeline_totals t = pipeline_totals(r->pipeline);
    if (r->live)
        live_stop(r->live);
    run_take_totals(r);
    if (r->screen)
        writer_clear(&r->writer);
    writer_finish(&r->writer, &r->summary,
                  r->status == EXIT_DONE && (signals_stop() == 0 || r->live));
    progress_clear(&r->progress);
    if (r->export)
        finish_export(r);
    if (r->live)
        run_tell_lost(r, run_now_ns(CLOCK_MONOTONIC), true);
    if (r->saving)
        finish_saving(r);
    tell_limits(&r->tell, &t);
    tell_limit(&r->tell, r->display.not_kept,
               "handshakes are shown whether the filter wants them or not",
               "64 MiB of them wait for -Y");
    tell_limit(&r->tell, r->display.without_memory,
               "times there was no memory for what -Y has to know", "-Y");
    if (r->writer.follow)
        run_tell_followed(r);
    /* Nothing to find fault with may be the fault. */
    if (r->writer.check && r->summary.connections == 0)
        tell(&r->tell, "note", "no WebSocket connection was found");
    if (r->options->verbose)
        tell_oddities(&r->tell, &t);
}

/* Everything that is to be read, read. */
static void
work(void *ctx)
{
    struct run *r = ctx;
    struct pipeline_watch watch = {.ctx = r,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = on_unknown_link,
                                   .packet = on_packet};
    pipeline_run(r->pipeline, &watch);
    if (r->again)
        run_again(r);
    if (r->app)
        tell_app(r);
}

/* The person has left: the pipeline is to come to its end. */
static void
leave(void *ctx)
{
    struct run *r = ctx;
    atomic_store(&r->left, true);
    signals_pending = 1;
}

static void
show_app(struct run *r)
{
    const struct options *o = r->options;
    const char *line;
    const char *source = r->live           ? live_info(r->live)->name
                         : o->files.n == 1 ? o->files.names[0]
                                           : "several files";
    if (!app_run(r->app, source, r->live != NULL, work, leave, r))
        r->status = EXIT_SIGNAL + SIGHUP;
    r->tell.show = NULL;
    /* On the screen they are gone. */
    for (size_t i = 0; (line = app_said(r->app, i)) != NULL; i++)
        fprintf(stderr, PACKAGE_NAME ": %s\n", line);
}

static void
run_pipeline(struct run *r)
{
    progress_init(&r->progress, stderr);
    r->start_real_ns = run_now_ns(CLOCK_REALTIME);
    r->start_ns = run_now_ns(CLOCK_MONOTONIC);
    r->screen = r->watching && r->writer.stats && isatty(STDOUT_FILENO);
    /* On a terminal that fills with output, the output is the progress. */
    bool elsewhere = r->export && r->options->write;
    if (r->live || r->app ||
        (isatty(STDOUT_FILENO) && !r->options->quiet && !elsewhere &&
         (!r->writer.stats || r->screen)))
        r->progress.on = false;
    r->plain = !r->app && !r->saving && !r->again && !r->watching &&
               r->options->stop.packets == 0 &&
               r->options->stop.duration_ns == 0;
    if (r->app)
        show_app(r);
    else
        work(r);
    finish(r);
    if (out_flush(&r->out) != ERR_OK) {
        tell(&r->tell, "standard output", strerror(r->out.error_errno));
        r->status = EXIT_IO;
    }
}

/* What comes live, or is followed, ends with a signal in the usual way. */
static int
exit_status(const struct run *r)
{
    int number = signals_stop();
    bool usual = number == SIGINT && (r->options->tail || r->live);
    if (r->status == EXIT_DONE && number != 0 && !usual)
        return EXIT_SIGNAL + number;
    return r->status == EXIT_DONE && writer_failed(&r->writer) ? EXIT_CHECK
                                                               : (int)r->status;
}

int
run_command(const struct options *o)
{
    struct run r = {.options = o, .on_idle = on_idle};
    r.tell = (struct tell){.out = &r.out,
                           .progress = &r.progress,
                           .utf8 = terminal_utf8()};
    signals_init(o->write != NULL && o->command != COMMAND_EXPORT);
    if (run_open(&r) && run_start(&r))
        run_pipeline(&r);
    int status = exit_status(&r);
    app_close(r.app);
    pipeline_free(r.pipeline);
    app_free(r.app);
    live_free(r.live);
    saving_free(r.saving);
    export_free(r.export);
    source_free(r.again);
    confine_end(&r.confine);
    saving_dir_fini(&r.dir);
    display_fini(&r.display);
    filter_free(r.filter);
    writer_fini(&r.writer);
    out_fini(&r.out);
    return status;
}
