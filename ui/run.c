/* SPDX-License-Identifier: MIT */
#include "ui/run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/link.h"
#include "ui/out.h"
#include "ui/pipeline.h"
#include "ui/progress.h"
#include "ui/select.h"
#include "ui/signals.h"
#include "ui/summary.h"
#include "ui/tell.h"
#include "ui/terminal.h"
#include "ui/writer.h"

/* While packets come, what is due is done when their time has moved on by
 * this; while none come, this often. */
#define CHORES_NS (INT64_C(20) * 1000 * 1000)
#define CHORES_MS 20

/* What is older than this cannot be overtaken by a packet that the kernel
 * still holds (source_live hands it out within 20 ms). */
#define SETTLED_NS (INT64_C(30) * 1000 * 1000)

struct run {
    const struct options *options;
    struct out out;
    struct tell tell;
    struct expect expect; /* the file of --expect */
    struct writer writer;
    struct select select;
    struct summary summary;
    struct progress progress;
    struct pipeline *pipeline;
    bool watching; /* the input comes as it happens: a pipe, a growing file */
    int64_t chores_ns; /* packets' time when they are due again */
    int64_t end_ns;    /* packets' time when -a duration is over; 0: not set */
    enum exit_status status;
};

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    struct run *r = ctx;
    writer_capture(&r->writer, info, first_packet);
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    struct run *r = ctx;
    if (error->code == ERR_DAMAGED || error->code == ERR_READ)
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

/* SIGUSR1: how far it is. */
static void
tell_figures(struct run *r)
{
    struct pipeline_totals t = pipeline_totals(r->pipeline);
    tell_format(&r->tell, "now",
                "%llu packets, %llu connections, %llu TCP flows open, "
                "%.1f of %.1f MiB of --memory used",
                (unsigned long long)t.packets,
                (unsigned long long)r->summary.connections,
                (unsigned long long)t.flow.flows_now,
                (double)t.memory_now / 1048576.0,
                (double)t.memory_max / 1048576.0);
}

/* What is due now and then; false: stop reading. */
static bool
do_chores(struct run *r)
{
    out_flush(&r->out);
    if (signals_pending) {
        signals_pending = 0;
        if (signals_take_figures())
            tell_figures(r);
    }
    return signals_stop() == 0 &&
           (!out_over(&r->out) || writer_outlives(&r->writer, &r->out));
}

/* Nothing to read just now. */
static int
on_idle(void *ctx)
{
    struct run *r = ctx;
    return do_chores(r) ? CHORES_MS : -1;
}

/* Whether -a duration:N is over. */
static bool
is_over(struct run *r, int64_t time_ns)
{
    int64_t duration_ns = r->options->stop.duration_ns;
    if (duration_ns == 0)
        return false;
    if (r->end_ns == 0 &&
        __builtin_add_overflow(time_ns, duration_ns, &r->end_ns))
        r->end_ns = INT64_MAX;
    return time_ns >= r->end_ns;
}

static bool
on_packet(void *ctx, const struct source_info *info,
          const struct packet *packet, uint64_t packets)
{
    struct run *r = ctx;
    bool go_on = true;
    progress_step(&r->progress, info, packets);
    if (signals_pending || (r->watching && packet->time_ns >= r->chores_ns)) {
        r->chores_ns = packet->time_ns + CHORES_NS;
        go_on = do_chores(r);
    }
    if (packets == r->options->stop.packets || is_over(r, packet->time_ns))
        return false;
    return go_on &&
           (!out_over(&r->out) || writer_outlives(&r->writer, &r->out));
}

static void
finish(struct run *r)
{
    struct pipeline_totals t = pipeline_totals(r->pipeline);
    r->summary.packets = t.packets;
    r->summary.bytes = t.bytes;
    r->summary.flows = t.flow.flows;
    r->summary.duration_ns = t.duration_ns;
    writer_finish(&r->writer, &r->summary,
                  r->status == EXIT_DONE && signals_stop() == 0);
    progress_clear(&r->progress);
    tell_limits(&r->tell, &t);
    /* Nothing to find fault with may be the fault. */
    if (r->writer.check && r->summary.connections == 0)
        tell(&r->tell, "note", "no WebSocket connection was found");
    if (r->options->verbose)
        tell_oddities(&r->tell, &t);
}

static void
run_pipeline(struct run *r)
{
    struct pipeline_watch watch = {.ctx = r,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = on_unknown_link,
                                   .packet = on_packet};
    progress_init(&r->progress, stderr);
    /* On a terminal that fills with output, the output is the progress. */
    if (isatty(STDOUT_FILENO) && !r->options->quiet &&
        !r->writer.stats)
        r->progress.on = false;
    pipeline_run(r->pipeline, &watch);
    finish(r);
    if (out_flush(&r->out) != ERR_OK) {
        tell(&r->tell, "standard output", strerror(r->out.error_errno));
        r->status = EXIT_IO;
    }
}

/* Reads the file of --expect; false: something is wrong with it. */
static bool
read_expect(struct run *r)
{
    struct expect_error error;
    const char *name = r->options->expect;
    enum err e = name ? expect_read(&r->expect, name, &error) : ERR_OK;
    if (e == ERR_OK)
        return true;
    if (error.line > 0)
        tell_format(&r->tell, name, "line %llu: %s",
                    (unsigned long long)error.line, error.reason);
    else
        tell(&r->tell, name, error.reason);
    r->status = e == ERR_USAGE ? EXIT_USAGE : EXIT_IO;
    return false;
}

static enum err
open_files(struct run *r, struct source **source)
{
    const struct option_files *files = &r->options->files;
    enum err e = source_new(source, files->names, files->n);
    if (e != ERR_OK)
        return e;
    e = source_open_all(*source);
    if (e != ERR_OK) {
        source_free(*source);
        return e;
    }
    r->watching = r->options->tail;
    for (size_t i = 0; i < files->n; i++)
        r->watching |= strcmp(files->names[i], "-") == 0;
    if (r->options->tail)
        source_follow(*source);
    source_on_idle(*source, on_idle, r);
    return ERR_OK;
}

/* Puts all together; what fails is told. */
static bool
open_run(struct run *r)
{
    struct event_sink sink;
    struct source *source;
    summary_init(&r->summary);
    enum err e = out_init(&r->out, STDOUT_FILENO);
    if (e == ERR_OK && !read_expect(r))
        return false;
    if (e == ERR_OK)
        e = writer_init(&r->writer, r->options, &r->expect, &r->out, &sink);
    if (e == ERR_OK)
        e = open_files(r, &source);
    if (e == ERR_OK) {
        sink = select_sink(&r->select, r->options, sink);
        sink = summary_sink(&r->summary, sink);
        e = pipeline_new(&r->pipeline, r->options, source, &sink);
    }
    if (e == ERR_OK)
        return true;
    if (e == ERR_USAGE)
        tell(&r->tell, "--digest", "OpenSSL has no digest of that name");
    else
        tell(&r->tell, "start", err_text(e));
    r->status = e == ERR_USAGE ? EXIT_USAGE : EXIT_IO;
    return false;
}

/* A followed file ends with a signal and in no other way. */
static int
exit_status(const struct run *r)
{
    int number = signals_stop();
    bool usual = number == SIGINT && r->options->tail;
    if (r->status == EXIT_DONE && number != 0 && !usual)
        return EXIT_SIGNAL + number;
    return r->status == EXIT_DONE && writer_failed(&r->writer) ? EXIT_CHECK
                                                               : (int)r->status;
}

int
run_command(const struct options *o)
{
    struct run r = {.options = o};
    r.tell = (struct tell){&r.out, &r.progress, terminal_utf8()};
    signals_init(false);
    if (open_run(&r))
        run_pipeline(&r);
    int status = exit_status(&r);
    pipeline_free(r.pipeline);
    writer_fini(&r.writer);
    out_fini(&r.out);
    return status;
}
