/* SPDX-License-Identifier: MIT */
#include "ui/writer.h"

#include "config.h"

#include <unistd.h>

#include "ui/terminal.h"

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

static bool
open_json(struct writer *w, struct out *out, struct event_sink *sink)
{
    const struct options *o = w->options;
    struct json_options json = {.version = PACKAGE_VERSION,
                                .payload_limit = (size_t)o->payload_limit,
                                .digest = o->digest};
    w->json = json_new(&json, out);
    if (w->json)
        *sink = with_least(o, json_sink(w->json));
    return w->json != NULL;
}

static bool
open_check(struct writer *w, const struct expect *expect, struct out *out,
           struct event_sink *sink)
{
    const struct options *o = w->options;
    struct check_options check = {
        .format = (enum output_format)o->format,
        .by = (enum check_by)o->by,
        .fail_on = (enum fail_on)o->fail_on,
        .verbose = o->verbose > 0,
        .max = (size_t)o->max,
        .only = o->findings,
        .ignore = o->ignore,
        .expect = o->expect ? expect : NULL,
        .width = terminal_width(o),
        .color = terminal_color(o),
        .utf8 = terminal_utf8(),
    };
    w->check = check_new(&check, out);
    if (w->check)
        *sink = check_sink(w->check);
    return w->check != NULL;
}

static bool
open_report(struct writer *w, struct out *out, struct event_sink *sink)
{
    const struct options *o = w->options;
    struct report_options report = {
        .detail = report_detail(o),
        .time = (enum time_format)o->time,
        .width = terminal_width(o),
        .color = terminal_color(o),
        .utf8 = terminal_utf8(),
        .partial = o->display_filter != NULL,
    };
    w->report = report_new(&report, out);
    if (w->report)
        *sink = with_least(o, report_sink(w->report));
    return w->report != NULL;
}

static bool
open_stats(struct writer *w, struct event_sink *sink)
{
    const struct options *o = w->options;
    struct stats_options stats = {.width = terminal_width(o),
                                  .color = terminal_color(o),
                                  .utf8 = terminal_utf8()};
    w->stats = stats_new(&stats);
    if (w->stats)
        *sink = stats_sink(w->stats);
    return w->stats != NULL;
}

/* Lines are wrapped for people; for programs each message is one line. */
static bool
open_follow(struct writer *w, struct out *out, struct event_sink *sink)
{
    const struct options *o = w->options;
    bool whole = o->format == OUTPUT_FORMAT_RAW &&
                 !(o->given >> OPTION_ID_PAYLOAD_LIMIT & 1u);
    struct follow_options follow = {
        .format = (enum output_format)o->format,
        .time = (enum time_format)o->time,
        .from = (enum follow_from)o->from,
        .units = (enum follow_units)o->units,
        .no_control = o->no_control,
        .any = o->conns.n > 0,
        .payload_limit = (size_t)(whole ? o->message_keep : o->payload_limit),
        .width = o->width || isatty(STDOUT_FILENO) ? terminal_width(o) : 0,
        .color = terminal_color(o),
        .utf8 = terminal_utf8(),
    };
    w->follow = follow_new(&follow, out);
    if (w->follow)
        *sink = follow_sink(w->follow);
    return w->follow != NULL;
}

enum err
writer_init(struct writer *w, const struct options *options,
            const struct expect *expect, struct out *out,
            struct event_sink *sink)
{
    bool ok;
    *w = (struct writer){.options = options, .out = out};
    if (options->command == COMMAND_JSON)
        ok = open_json(w, out, sink);
    else if (options->command == COMMAND_CHECK)
        ok = open_check(w, expect, out, sink);
    else if (options->command == COMMAND_STATS)
        ok = open_stats(w, sink);
    else if (options->command == COMMAND_FOLLOW)
        ok = open_follow(w, out, sink);
    else
        ok = open_report(w, out, sink);
    return ok ? ERR_OK : ERR_NOMEM;
}

void
writer_fini(struct writer *w)
{
    json_free(w->json);
    report_free(w->report);
    check_free(w->check);
    stats_free(w->stats);
    follow_free(w->follow);
    *w = (struct writer){.options = NULL};
}

void
writer_capture(struct writer *w, const struct source_info *info,
               uint64_t first_packet)
{
    if (w->json)
        json_capture(w->json, info, first_packet);
}

void
writer_redraw(struct writer *w, const struct summary *summary,
              const struct stats_live *live)
{
    stats_set_capture(w->stats, summary);
    stats_screen(w->stats, live, terminal_rows(), terminal_width(w->options),
                 w->out);
}

void
writer_clear(struct writer *w)
{
    static const char home_and_clear[] = "\033[H\033[J";
    out_put(w->out, home_and_clear, sizeof home_and_clear - 1);
}

void
writer_finish(struct writer *w, const struct summary *summary, bool intact)
{
    bool any = summary->packets > 0 || intact;
    if (w->json)
        json_summary(w->json, summary);
    else if (w->check && (any || w->options->format == OUTPUT_FORMAT_JSON))
        check_finish(w->check, summary, intact);
    else if (w->report && any)
        report_summary(w->report, summary);
    else if (w->stats && any) {
        stats_set_capture(w->stats, summary);
        stats_render(w->stats, NULL, w->out);
    }
}

bool
writer_failed(const struct writer *w)
{
    return w->check && check_failed(w->check);
}
