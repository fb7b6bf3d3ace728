/* SPDX-License-Identifier: MIT */
#include "ui/run.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture/link.h"
#include "capture/live.h"
#include "ui/confine.h"
#include "ui/out.h"
#include "ui/pipeline.h"
#include "ui/progress.h"
#include "ui/saving.h"
#include "ui/select.h"
#include "ui/signals.h"
#include "ui/summary.h"
#include "ui/tell.h"
#include "ui/terminal.h"
#include "ui/tui/app.h"
#include "ui/writer.h"

/* What is due now and then is done this often: while packets come, the clock is
 * looked at when their time has moved on by this, or after so many. */
#define CHORES_NS (INT64_C(20) * 1000 * 1000)
#define CHORES_MS 20
#define CHORES_PACKETS 1024u

/* What is older than this cannot be overtaken by a packet that the kernel
 * still holds (LIVE_RETIRE_MS, and the capture thread's turn). */
#define SETTLED_NS (INT64_C(30) * 1000 * 1000)

/* Descriptors beside those of the files that are read. */
#define OTHER_FILES 32u

/* How often lost packets are told, at most. */
#define TELL_NS INT64_C(1000000000)

struct run {
    const struct options *options;
    struct out out;
    struct tell tell;
    struct expect expect; /* the file of --expect */
    struct writer writer;
    struct select select;
    struct summary summary;
    struct progress progress;
    struct confine confine;
    struct saving_dir dir; /* of -w */
    struct saving *saving; /* NULL: nothing is saved */
    struct live *live;     /* NULL: files */
    struct app *app;       /* NULL: no terminal interface */
    atomic_bool left;      /* the person has left it */
    struct pipeline *pipeline;
    bool watching;     /* the input comes as it happens: a pipe, a growing file,
                          an interface */
    bool screen;       /* stats are drawn while it runs */
    bool any;          /* a packet came */
    bool idle;         /* none since idle_ns */
    int64_t packet_ns; /* time of the last packet, and ... */
    int64_t looked_ns; /* ... of the one when the clock was looked at */
    int64_t end_ns;    /* of files: packets' time when -a duration is over; 0:
                          not set */
    int64_t start_real_ns; /* since 1970 */
    int64_t start_ns;      /* of CLOCK_MONOTONIC, like all below */
    int64_t idle_ns;       /* when the last packet had been there for a while */
    int64_t chores_ns;     /* when they were done last */
    int64_t told_ns;       /* when lost packets were told last */
    int64_t redraw_ns;     /* when stats are due again */
    uint64_t told_lost;    /* packets */
    enum exit_status status;
};

static int64_t
now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

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

/* What save.c has to say. */
static void
tell_saving(struct run *r)
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

/* For the end of each file. */
static void
save_figures_of_interfaces(struct run *r)
{
    const struct source_info *info = live_info(r->live);
    for (size_t i = 0; i < info->n_ifaces; i++) {
        struct live_stats s = live_iface_stats(r->live, i);
        uint64_t dropped = s.dropped + s.ifdropped;
        struct save_pcapng_stats stats = {
            .start_ns = r->start_real_ns,
            .end_ns = now_ns(CLOCK_REALTIME),
            .received = s.received,
            .dropped = dropped,
            /* Only what the kernel dropped had been received. */
            .delivered = s.received > s.dropped ? s.received - s.dropped : 0,
        };
        save_stats(saving_save(r->saving), info, (uint32_t)i, &stats);
    }
}

/* SIGUSR1: how far it is. */
static void
tell_figures(struct run *r)
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

/* Packets that were lost since the last time. */
static void
tell_lost(struct run *r, int64_t now, bool last)
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

static struct stats_live
live_figures(const struct run *r, int64_t now)
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

static void
take_totals(struct run *r)
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

static void
redraw(struct run *r, int64_t now)
{
    struct stats_live figures = live_figures(r, now);
    if (__builtin_add_overflow(now, r->options->interval_ns, &r->redraw_ns))
        r->redraw_ns = INT64_MAX;
    take_totals(r);
    writer_redraw(&r->writer, &r->summary, &figures);
}

static void
take_signals(struct run *r)
{
    signals_pending = 0;
    if (signals_take_figures())
        tell_figures(r);
    if (signals_take_rotate() && r->saving)
        save_rotate(saving_save(r->saving));
    /* What was captured so far is still decoded. */
    if (signals_stop() != 0 && r->live)
        live_stop(r->live);
}

/* What is due now and then; false: stop reading. */
static bool
do_chores(struct run *r)
{
    int64_t now = now_ns(CLOCK_MONOTONIC), most = r->options->stop.duration_ns;
    r->chores_ns = now;
    if (r->live)
        tell_lost(r, now, false);
    if (r->live && most > 0 && now - r->start_ns >= most)
        live_stop(r->live);
    if (r->screen && now >= r->redraw_ns)
        redraw(r, now);
    if (r->app) {
        take_totals(r);
        app_figures(r->app, &r->summary, r->summary.dropped);
    }
    out_flush(&r->out);
    if (signals_pending)
        take_signals(r);
    if (r->saving) {
        if (r->live)
            save_figures_of_interfaces(r);
        save_flush(saving_save(r->saving));
        tell_saving(r);
    }
    return (signals_stop() == 0 || r->live) && !atomic_load(&r->left) &&
           (!out_over(&r->out) || writer_outlives(&r->writer, &r->out));
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
    int64_t now = now_ns(CLOCK_MONOTONIC);
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
    return now_ns(CLOCK_MONOTONIC) - r->chores_ns >= CHORES_NS;
}

static void
save_one(struct run *r, const struct source_info *info,
         const struct packet *packet)
{
    struct pipeline_sight sight = pipeline_sight(r->pipeline);
    saving_packet(r->saving, packet, info, &sight);
}

static bool
on_packet(void *ctx, const struct source_info *info,
          const struct packet *packet, uint64_t packets)
{
    struct run *r = ctx;
    bool go_on = true;
    progress_step(&r->progress, info, packets);
    if (r->saving)
        save_one(r, info, packet);
    r->any = true;
    r->idle = false;
    r->packet_ns = packet->time_ns;
    if (signals_pending ||
        (r->watching && is_time(r, packet->time_ns, packets)))
        go_on = do_chores(r);
    if (packets == r->options->stop.packets || is_over(r, packet->time_ns) ||
        (r->saving && saving_is_full(r->saving)))
        return false;
    return go_on &&
           (!out_over(&r->out) || writer_outlives(&r->writer, &r->out));
}

/* The file of -w: what the system counted, and the end. */
static void
finish_saving(struct run *r)
{
    struct save *save = saving_save(r->saving);
    if (r->live)
        save_figures_of_interfaces(r);
    save_close(save);
    tell_saving(r);
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
finish(struct run *r)
{
    struct pipeline_totals t = pipeline_totals(r->pipeline);
    if (r->live)
        live_stop(r->live);
    take_totals(r);
    if (r->screen)
        writer_clear(&r->writer);
    writer_finish(&r->writer, &r->summary,
                  r->status == EXIT_DONE && (signals_stop() == 0 || r->live));
    progress_clear(&r->progress);
    if (r->live)
        tell_lost(r, now_ns(CLOCK_MONOTONIC), true);
    if (r->saving)
        finish_saving(r);
    tell_limits(&r->tell, &t);
    /* Nothing to find fault with may be the fault. */
    if (r->writer.check && r->summary.connections == 0)
        tell(&r->tell, "note", "no WebSocket connection was found");
    if (r->options->verbose)
        tell_oddities(&r->tell, &t);
}

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
    if (r->app) {
        take_totals(r);
        app_figures(r->app, &r->summary, r->summary.dropped);
    }
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
    const char *source = r->live           ? live_info(r->live)->name
                         : o->files.n == 1 ? o->files.names[0]
                                           : "several files";
    if (!app_run(r->app, source, r->live != NULL, work, leave, r))
        r->status = EXIT_SIGNAL + SIGHUP;
    r->tell.show = NULL;
}

static void
run_pipeline(struct run *r)
{
    progress_init(&r->progress, stderr);
    r->start_real_ns = now_ns(CLOCK_REALTIME);
    r->start_ns = now_ns(CLOCK_MONOTONIC);
    r->screen = r->watching && r->writer.stats && isatty(STDOUT_FILENO);
    /* On a terminal that fills with output, the output is the progress. */
    if (r->live || r->app ||
        (isatty(STDOUT_FILENO) && !r->options->quiet &&
         (!r->writer.stats || r->screen)))
        r->progress.on = false;
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

/* All files are open before the first one is read. */
static void
raise_limit(size_t n_files)
{
    struct rlimit limit;
    rlim_t want = (rlim_t)n_files + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return;
    limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* opening will tell */
}

static enum err
open_files(struct run *r, struct source **source)
{
    const struct option_files *files = &r->options->files;
    raise_limit(files->n);
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
    return ERR_OK;
}

/* Told, and its exit status kept. */
static bool
fail(struct run *r, enum err e, const char *name, const char *reason)
{
    tell(&r->tell, name, reason);
    r->status = e == ERR_USAGE ? EXIT_USAGE : EXIT_IO;
    return false;
}

static bool
open_live(struct run *r, struct source **source)
{
    const struct options *o = r->options;
    struct live_options live = {
        .ifaces = o->ifaces.names,
        .n_ifaces = o->ifaces.n,
        .filter = o->filter,
        .snaplen = (uint32_t)o->snaplen,
        .no_promisc = o->no_promiscuous,
        .immediate = o->immediate,
        .tstamp_type = o->tstamp_type,
        .buffer_len = o->buffer,
        .queue_len = o->queue,
    };
    struct source_error error;
    const char *warning;
    enum err e = live_open(&r->live, &live, &error);
    if (e != ERR_OK)
        return fail(r, e, error.name ? error.name : "live capture",
                    error.reason);
    for (size_t i = 0; (warning = live_warning(r->live, i)) != NULL; i++)
        tell(&r->tell, "note", warning);
    r->watching = true;
    e = source_new_live(source, r->live);
    return e == ERR_OK || fail(r, e, "start", err_text(e));
}

/* A file is emptied when it is opened for writing: not one that is read. */
static bool
check_apart(struct run *r)
{
    const struct options *o = r->options;
    struct stat out, in;
    if (option_bounds_any(&o->ring) || stat(o->write, &out) != 0 ||
        !S_ISREG(out.st_mode))
        return true;
    for (size_t i = 0; i < o->files.n; i++) {
        const char *name = o->files.names[i];
        int failed =
            strcmp(name, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(name, &in);
        if (!failed && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return fail(r, ERR_USAGE, o->write,
                        "cannot be read and written at the same time");
    }
    return true;
}

/* The file of -w. */
static bool
open_saving(struct run *r)
{
    struct save_news news;
    if (!check_apart(r))
        return false;
    enum err e =
        saving_new(&r->saving, r->options, confine_broker(&r->confine), &news);
    if (e == ERR_OK)
        return true;
    const char *reason = news.reason[0] ? news.reason : err_text(e);
    struct privileges writer = privileges_for_broker(&r->confine.privileges);
    if (news.sys_errno == EACCES && geteuid() == 0)
        tell_format(&r->tell, r->options->write,
                    "%s (to user %lu, without the rights of root; -Z USER "
                    "chooses another)",
                    reason, (unsigned long)writer.uid);
    else
        tell(&r->tell, r->options->write, reason);
    r->status = EXIT_IO;
    return false;
}

/* Who to become, and the process that writes files for it. */
static bool
plan(struct run *r)
{
    struct guard_error error;
    const struct options *o = r->options;
    enum err e = o->write ? saving_dir_init(&r->dir, o) : ERR_OK;
    if (e == ERR_LIMIT)
        return fail(r, ERR_USAGE, o->write, "is not the name of a file");
    if (e != ERR_OK)
        return fail(r, e, o->write, err_text(e));
    e = confine_plan(&r->confine, o, o->write ? &r->dir.dir : NULL, &error);
    const char *name = e == ERR_OPEN && o->write   ? o->write
                       : e == ERR_USAGE && o->user ? "-Z"
                                                   : "start";
    return e == ERR_OK || fail(r, e, name, error.reason);
}

/* Gives up all that is not needed any more. */
static bool
enter(struct run *r)
{
    struct guard_error error;
    int sockets[64];
    size_t n = r->live ? live_info(r->live)->n_ifaces : 0;
    if (n > sizeof sockets / sizeof *sockets)
        return fail(r, ERR_USAGE, "start", "more than 64 interfaces");
    for (size_t i = 0; i < n; i++)
        sockets[i] = live_socket(r->live, i);
    enum err e = confine_enter(&r->confine, r->options, sockets, n, &error);
    return e == ERR_OK || fail(r, e, "start", error.reason);
}

/* Files: with -v that root stays, with -vv what is in force. */
static void
tell_walls(struct run *r)
{
    char walls[256];
    bool bound = r->confine.privileges.reason == PRIVILEGES_BOUND;
    if (r->options->verbose < (bound ? 1u : 2u))
        return;
    confine_describe(&r->confine, walls, sizeof walls);
    tell(&r->tell, "note", walls);
}

static void
tell_listening(struct run *r)
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

static bool
open_app(struct run *r, struct event_sink *sink)
{
    enum err e = app_new(&r->app, r->options);
    if (e == ERR_OK)
        *sink = app_sink(r->app);
    return e == ERR_OK || fail(r, e, "spool file",
                               e == ERR_OPEN ? strerror(errno) : err_text(e));
}

/* What is made of the events. */
static bool
open_output(struct run *r, struct event_sink *sink)
{
    const struct options *o = r->options;
    enum err e = out_init(&r->out, STDOUT_FILENO);
    if (e == ERR_OK && o->command == COMMAND_TUI)
        return open_app(r, sink);
    if (e == ERR_OK)
        e = writer_init(&r->writer, o, &r->expect, &r->out, sink);
    return e == ERR_OK || fail(r, e, "start", err_text(e));
}

/* Puts all together; what fails is told. */
static bool
open_run(struct run *r)
{
    const struct options *o = r->options;
    struct event_sink sink;
    struct source *source = NULL;
    summary_init(&r->summary);
    if (!open_output(r, &sink))
        return false;
    enum err e;
    if (!read_expect(r) || !plan(r))
        return false;
    if (o->ifaces.n > 0) {
        if (!open_live(r, &source))
            return false;
    } else if ((e = open_files(r, &source)) != ERR_OK) {
        return fail(r, e, "start", err_text(e));
    }
    if (o->write && !open_saving(r)) {
        source_free(source);
        return false;
    }
    sink = select_sink(&r->select, o, sink);
    sink = summary_sink(&r->summary, sink);
    if (r->saving)
        sink = saving_sink(r->saving, sink);
    source_on_idle(source, on_idle, r);
    source_interrupt(source, &signals_pending);
    e = pipeline_new(&r->pipeline, o, source, &sink);
    if (e == ERR_USAGE)
        return fail(r, e, "--digest", "OpenSSL has no digest of that name");
    return e == ERR_OK || fail(r, e, "start", err_text(e));
}

static void
show_line(void *ctx, const char *line)
{
    app_say(ctx, line);
}

/* The terminal is taken over when nothing can go wrong any more. */
static bool
open_terminal(struct run *r)
{
    char reason[APP_REASON_MAX];
    if (!app_open(r->app, reason))
        return fail(r, ERR_USAGE, "terminal", reason);
    r->tell.show = show_line;
    r->tell.show_ctx = r->app;
    return true;
}

static bool
start(struct run *r)
{
    if (r->app && !open_terminal(r))
        return false;
    if (!enter(r))
        return false;
    if (!r->live) {
        tell_walls(r);
        return true;
    }
    enum err e = live_start(r->live);
    if (e != ERR_OK)
        return fail(r, e, "start", err_text(e));
    tell_listening(r);
    return true;
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
    struct run r = {.options = o};
    r.tell = (struct tell){.out = &r.out,
                           .progress = &r.progress,
                           .utf8 = terminal_utf8()};
    signals_init(o->write != NULL);
    if (open_run(&r) && start(&r))
        run_pipeline(&r);
    int status = exit_status(&r);
    app_close(r.app);
    pipeline_free(r.pipeline);
    app_free(r.app);
    live_free(r.live);
    saving_free(r.saving);
    confine_end(&r.confine);
    saving_dir_fini(&r.dir);
    writer_fini(&r.writer);
    out_fini(&r.out);
    return status;
}
