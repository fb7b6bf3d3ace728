/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program: reads the command line, puts the chosen sink behind
 * the pipeline, says what went wrong, and knows the exit status.
 */
#include "config.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "capture/link.h"
#include "ui/check.h"
#include "ui/expect.h"
#include "ui/findings.h"
#include "ui/help.h"
#include "ui/json.h"
#include "ui/options.h"
#include "ui/out.h"
#include "ui/pipeline.h"
#include "ui/progress.h"
#include "ui/report.h"
#include "ui/select.h"
#include "ui/stats.h"
#include "ui/summary.h"
#include "ui/text.h"

/* The signals add 128. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_CHECK = 1, /* `check` has failed */
    EXIT_USAGE = 2,
    EXIT_IO = 3,
};

#define WIDTH_DEFAULT 80u
/* Of a file name in a message. */
#define NAME_COLUMNS 250u

struct run {
    const struct options *options;
    struct out out;
    struct json *json; /* one of these four */
    struct report *report;
    struct check *check;
    struct stats *stats;
    struct expect expect; /* the file of --expect */
    struct summary summary;
    struct progress progress;
    bool utf8; /* the terminal understands UTF-8 */
    enum exit_status status;
};

/* One line on standard error, after what was already decoded. */
static void
complain(struct run *r, const char *name, const char *text)
{
    uint8_t safe[NAME_COLUMNS * 4];
    out_flush(&r->out);
    progress_clear(&r->progress);
    struct text_fit fit = text_fit(slice_cstr(name), false, r->utf8,
                                   NAME_COLUMNS, safe, sizeof safe);
    fprintf(stderr, PACKAGE_NAME ": %.*s: %s\n", (int)fit.out_len,
            (const char *)safe, text);
}

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    struct run *r = ctx;
    if (r->json)
        json_capture(r->json, info, first_packet);
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    struct run *r = ctx;
    char text[sizeof error->reason + 64];
    if (error->code == ERR_DAMAGED || error->code == ERR_READ)
        snprintf(text, sizeof text, "at byte %llu: %s",
                 (unsigned long long)error->offset, error->reason);
    else
        snprintf(text, sizeof text, "%s", error->reason);
    complain(r, error->name, text);
    r->status = EXIT_IO;
}

static void
on_unknown_link(void *ctx, const struct source_info *info, uint32_t link)
{
    struct run *r = ctx;
    const char *name = link_name(link);
    char text[128];
    snprintf(text, sizeof text, "link type %lu%s%s%s cannot be read",
             (unsigned long)link, name ? " (" : "", name ? name : "",
             name ? ")" : "");
    complain(r, info->name, text);
    r->status = EXIT_IO;
}

/* From a pipe that has nothing more to read just now, events go out at once:
 * whoever watches should not wait for the next packet. */
static bool
should_flush(const struct run *r, const struct source_info *info)
{
    if (info->bytes_total != 0 || r->out.len == 0)
        return false;
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return strcmp(info->name, "-") != 0 || poll(&in, 1, 0) == 0;
}

static bool
on_packet(void *ctx, const struct source_info *info, uint64_t packets)
{
    struct run *r = ctx;
    progress_step(&r->progress, info, packets);
    if (should_flush(r, info))
        out_flush(&r->out);
    /* Whether a check fails does not depend on who reads what it says. */
    return !out_over(&r->out) ||
           (r->check && r->out.error == ERR_OK && r->out.closed);
}

static bool
use_color(const struct options *o)
{
    const char *no_color = getenv("NO_COLOR");
    if (o->color != COLOR_AUTO)
        return o->color == COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static size_t
output_width(const struct options *o)
{
    struct winsize size;
    if (o->width)
        return (size_t)o->width;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col >= 40)
        return size.ws_col;
    return WIDTH_DEFAULT;
}

static enum report_detail
report_detail(const struct options *o)
{
    if (o->quiet)
        return REPORT_QUIET;
    return o->verbose ? REPORT_VERBOSE : REPORT_NORMAL;
}

/* Findings of severity chat cost time for each frame, and few ask for them. */
static struct event_sink
with_least(const struct options *o, struct event_sink sink)
{
    sink.least = o->verbose ? SEVERITY_CHAT : SEVERITY_NOTE;
    return sink;
}

static struct check *
open_check(struct run *r)
{
    const struct options *o = r->options;
    struct check_options check = {
        .format = (enum check_format)o->format,
        .by = (enum check_by)o->by,
        .fail_on = (enum fail_on)o->fail_on,
        .verbose = o->verbose > 0,
        .max = (size_t)o->max,
        .only = o->findings,
        .ignore = o->ignore,
        .expect = o->expect ? &r->expect : NULL,
        .width = output_width(o),
        .color = use_color(o),
        .utf8 = r->utf8,
    };
    return check_new(&check, &r->out);
}

/* Makes the writer that the command asks for; false: out of memory. */
static bool
open_writer(struct run *r, struct event_sink *sink)
{
    const struct options *o = r->options;
    if (o->command == COMMAND_JSON) {
        struct json_options json = {.version = PACKAGE_VERSION,
                                    .payload_limit = (size_t)o->payload_limit,
                                    .digest = o->digest};
        r->json = json_new(&json, &r->out);
        if (r->json)
            *sink = with_least(o, json_sink(r->json));
        return r->json != NULL;
    }
    if (o->command == COMMAND_CHECK) {
        r->check = open_check(r);
        if (r->check)
            *sink = check_sink(r->check);
        return r->check != NULL;
    }
    if (o->command == COMMAND_STATS) {
        struct stats_options stats = {.width = output_width(o),
                                      .color = use_color(o),
                                      .utf8 = r->utf8};
        r->stats = stats_new(&stats);
        if (r->stats)
            *sink = stats_sink(r->stats);
        return r->stats != NULL;
    }
    struct report_options report = {
        .detail = report_detail(o),
        .time = (enum time_format)o->time,
        .width = output_width(o),
        .color = use_color(o),
        .utf8 = r->utf8,
    };
    r->report = report_new(&report, &r->out);
    if (r->report)
        *sink = with_least(o, report_sink(r->report));
    return r->report != NULL;
}

/* A limit that was reached is never silent. */
static void
tell_limit(struct run *r, uint64_t count, const char *what, const char *option)
{
    char text[160];
    if (count == 0)
        return;
    snprintf(text, sizeof text, "%llu %s (%s)", (unsigned long long)count, what,
             option);
    complain(r, "limit reached", text);
}

static void
tell_limits(struct run *r, const struct pipeline_totals *t)
{
    const struct ip_frag_stats *frag = &t->decap->frag;
    tell_limit(r, t->flow.evicted, "flows forgotten", "--flows");
    tell_limit(r, t->flow.evicted_memory, "flows forgotten", "--memory");
    tell_limit(r, t->flow.over_early, "holes given up",
               "--early-bytes, --early-ranges");
    tell_limit(r, t->flow.over_memory, "streams gave up held bytes",
               "--memory");
    tell_limit(r, t->dissect.long_heads, "HTTP heads too long to read",
               "--http-head-limit");
    tell_limit(r, t->dissect.over_hold,
               "times too much had to wait for an answer",
               "4 times --http-head-limit");
    tell_limit(r, frag->expired, "IP datagrams never completed",
               "--fragment-timeout");
    tell_limit(r, frag->evicted, "IP datagrams dropped", "--fragment-bytes");
    tell_limit(r, frag->no_memory, "IP fragments dropped", "--fragment-bytes");
    tell_limit(r, t->secrets_dropped, "secrets of the file not kept",
               "1 MiB in all");
    tell_limit(r, t->flow.no_memory, "allocations for packets failed",
               "the system");
    tell_limit(r, t->dissect.no_memory, "connections not followed",
               "memory of the system");
}

/* What the capture holds beside what is reported; for -v. */
static void
tell_oddities(struct run *r, const struct pipeline_totals *t)
{
    const struct {
        uint64_t count;
        const char *what;
    } rows[] = {
        {t->decap->packets[DECAP_MALFORMED], "packets with unreadable headers"},
        {t->decap->frag.bad, "IP fragments cut or contradictory, dropped"},
        {t->decap->frag.waiting, "IP datagrams incomplete at the end"},
        {t->flow.malformed, "unreadable TCP headers"},
        {t->flow.conflicts, "bytes sent again with other content"},
        {t->flow.wild, "TCP segments far outside the window, ignored"},
        {t->flow.acks_ignored, "impossible acknowledgements, ignored"},
        {t->flow.resets_ignored, "RSTs that both sides ignored"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[96];
        if (rows[i].count == 0)
            continue;
        snprintf(text, sizeof text, "%llu %s",
                 (unsigned long long)rows[i].count, rows[i].what);
        complain(r, "note", text);
    }
}

static void
write_summary(struct run *r, const struct pipeline_totals *t)
{
    r->summary.packets = t->packets;
    r->summary.bytes = t->bytes;
    r->summary.flows = t->flow.flows;
    r->summary.duration_ns = t->duration_ns;
    bool any = t->packets > 0 || r->status == EXIT_DONE;
    if (r->json)
        json_summary(r->json, &r->summary);
    else if (r->check && (any || r->options->format == CHECK_FORMAT_JSON))
        check_finish(r->check, &r->summary, r->status == EXIT_DONE);
    else if (r->report && any)
        report_summary(r->report, &r->summary);
    else if (r->stats && any) {
        stats_set_capture(r->stats, &r->summary);
        stats_render(r->stats, NULL, &r->out);
    }
}

static void
run_pipeline(struct run *r, struct pipeline *p)
{
    struct pipeline_watch watch = {.ctx = r,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = on_unknown_link,
                                   .packet = on_packet};
    progress_init(&r->progress, stderr);
    /* On a terminal that fills with output, the output is the progress. */
    if (isatty(STDOUT_FILENO) && !r->options->quiet && !r->stats)
        r->progress.on = false;
    pipeline_run(p, &watch);
    struct pipeline_totals totals = pipeline_totals(p);
    write_summary(r, &totals);
    progress_clear(&r->progress);
    tell_limits(r, &totals);
    /* Nothing to find fault with may be the fault. */
    if (r->check && r->summary.connections == 0)
        complain(r, "note", "no WebSocket connection was found");
    if (r->options->verbose)
        tell_oddities(r, &totals);
    if (out_flush(&r->out) != ERR_OK) {
        complain(r, "standard output", strerror(r->out.error_errno));
        r->status = EXIT_IO;
    }
}

/* Reads the file of --expect; false: something is wrong with it. */
static bool
read_expect(struct run *r)
{
    struct expect_error error;
    char text[sizeof error.reason + 32];
    const char *name = r->options->expect;
    enum err e = name ? expect_read(&r->expect, name, &error) : ERR_OK;
    if (e == ERR_OK)
        return true;
    if (error.line > 0)
        snprintf(text, sizeof text, "line %llu: %s",
                 (unsigned long long)error.line, error.reason);
    else
        snprintf(text, sizeof text, "%s", error.reason);
    complain(r, name, text);
    r->status = e == ERR_USAGE ? EXIT_USAGE : EXIT_IO;
    return false;
}

static void
close_run(struct run *r, struct pipeline *p)
{
    pipeline_free(p);
    json_free(r->json);
    report_free(r->report);
    check_free(r->check);
    stats_free(r->stats);
    out_fini(&r->out);
}

static enum exit_status
run_command(const struct options *o)
{
    struct run r = {
        .options = o,
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
    struct event_sink writer, counting, selected;
    struct select filter;
    struct pipeline *p = NULL;
    enum err e = out_init(&r.out, STDOUT_FILENO);
    summary_init(&r.summary);
    if (e == ERR_OK && !read_expect(&r)) {
        close_run(&r, p);
        return r.status;
    }
    if (e == ERR_OK && !open_writer(&r, &writer))
        e = ERR_NOMEM;
    if (e == ERR_OK) {
        selected = select_sink(&filter, o, writer);
        counting = summary_sink(&r.summary, selected);
        e = pipeline_new(&p, o, &counting);
    }
    if (e == ERR_OK) {
        run_pipeline(&r, p);
    } else if (e == ERR_USAGE) {
        complain(&r, "--digest", "OpenSSL has no digest of that name");
        r.status = EXIT_USAGE;
    } else {
        complain(&r, "start", err_text(e));
        r.status = EXIT_IO;
    }
    if (r.status == EXIT_DONE && r.check && check_failed(r.check))
        r.status = EXIT_CHECK;
    close_run(&r, p);
    return r.status;
}

/* Help and version are text for people: stdio will do. */
static enum exit_status
close_stdout(void)
{
    if (fflush(stdout) == 0 || errno == EPIPE)
        return EXIT_DONE;
    fprintf(stderr, PACKAGE_NAME ": standard output: %s\n", strerror(errno));
    return EXIT_IO;
}

/* One explained is prose and fits the terminal; the list is one line a
 * finding where no terminal cuts it, for grep. */
static enum exit_status
run_findings(const struct options *o)
{
    bool fit = o->files.n > 0 || o->width || isatty(STDOUT_FILENO);
    struct findings_options f = {
        .columns = fit ? output_width(o) : 0,
        .color = use_color(o),
        .thresholds = &o->thresholds,
    };
    if (o->files.n == 0)
        findings_write_list(stdout, &f);
    for (size_t i = 0; i < o->files.n; i++) {
        enum finding_id id;
        if (i > 0)
            putchar('\n');
        if (finding_find(o->files.names[i], &id))
            findings_write_one(stdout, &f, id);
    }
    return close_stdout();
}

int
main(int argc, char **argv)
{
    struct options o;
    char message[OPTIONS_MESSAGE_MAX];
    enum exit_status status = EXIT_USAGE;
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    switch (options_parse(&o, argc, argv, message, sizeof message)) {
    case OPTIONS_RUN:
        status =
            o.command == COMMAND_FINDINGS ? run_findings(&o) : run_command(&o);
        break;
    case OPTIONS_HELP:
        help_write(stdout, o.command_given ? o.command : COMMAND_COUNT);
        status = close_stdout();
        break;
    case OPTIONS_VERSION:
        help_write_version(stdout, source_compressions());
        status = close_stdout();
        break;
    case OPTIONS_USAGE:
        fprintf(stderr, PACKAGE_NAME ": %s\n", message);
        break;
    case OPTIONS_NOMEM:
        fprintf(stderr, PACKAGE_NAME ": %s\n", message);
        status = EXIT_IO;
        break;
    }
    options_fini(&o);
    return status;
}
