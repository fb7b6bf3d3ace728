/* SPDX-License-Identifier: MIT */
/*
 * A filter over the rows of the store against the same filter over the events
 * that they were made of (display.h): of every sample the same frames, gaps,
 * findings and connections pass.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/filter_list.h"
#include "tests/quiet_watch.h"
#include "tests/tui_load.h"
#include "ui/display.h"
#include "ui/options.h"
#include "ui/pipeline.h"
#include "ui/tui/store/refine.h"

#define SAMPLES_MAX 256
#define KEEP_LEN (256u * 1024u)

static struct {
    char names[SAMPLES_MAX][700];
    size_t n;
} samples;

static int
by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void
find_samples(void)
{
    char dir[400];
    const char *src = getenv("srcdir");
    snprintf(dir, sizeof dir, "%s/samples", src ? src : ".");
    DIR *d = opendir(dir);
    ck_assert_msg(d != NULL, "%s cannot be read", dir);
    for (struct dirent *e; (e = readdir(d)) && samples.n < SAMPLES_MAX;)
        if (strstr(e->d_name, ".pcap"))
            snprintf(samples.names[samples.n++], sizeof samples.names[0],
                     "%s/%s", dir, e->d_name);
    closedir(d);
    qsort(samples.names, samples.n, sizeof samples.names[0], by_name);
}

/* ---- what passes of the events ---- */

#define EVENTS_MAX 4096
#define LINE_MAX_LEN 96

struct passed {
    char line[EVENTS_MAX][LINE_MAX_LEN];
    size_t n;
    struct filter *filter;
    struct pipeline *pipeline;
};

static void
note(struct passed *p, const char *line)
{
    ck_assert_uint_lt(p->n, EVENTS_MAX);
    snprintf(p->line[p->n++], LINE_MAX_LEN, "%s", line);
}

static void
on_event(void *ctx, const struct event *e)
{
    struct passed *p = ctx;
    char line[LINE_MAX_LEN];
    switch (e->type) {
    case EVENT_HANDSHAKE:
        snprintf(line, sizeof line, "conn %u", e->conn);
        break;
    case EVENT_FRAME:
        snprintf(line, sizeof line, "conn %u frame %d %llu", e->conn,
                 (int)e->frame->from, (unsigned long long)e->frame->number);
        break;
    case EVENT_GAP:
        snprintf(line, sizeof line, "conn %u gap %d %llu", e->conn,
                 (int)e->gap->from, (unsigned long long)e->gap->offset);
        break;
    case EVENT_FINDING:
        if (e->finding->count > 1 || e->finding->severity < SEVERITY_NOTE)
            return;
        snprintf(line, sizeof line, "conn %u finding %s %llu at %llu", e->conn,
                 finding_info(e->finding->id)->id,
                 (unsigned long long)e->finding->at.packet,
                 (unsigned long long)e->finding->offset);
        break;
    default:
        return;
    }
    note(p, line);
}

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first)
{
    struct passed *p = ctx;
    (void)info;
    (void)first;
    filter_set_start(p->filter, pipeline_start_ns(p->pipeline));
}

static void
pass_events(struct passed *p, const char *sample, const char *text)
{
    struct filter_error error;
    struct display display = {.filter = NULL};
    struct options options;
    struct source *source;
    struct event_sink sink,
        inner = {.wants = 1u << EVENT_HANDSHAKE | 1u << EVENT_FRAME |
                          1u << EVENT_GAP | 1u << EVENT_FINDING,
                 .least = SEVERITY_NOTE,
                 .ctx = p,
                 .event = on_event};
    struct pipeline_watch watch = {.ctx = p,
                                   .capture = on_capture,
                                   .failed = quiet_failed,
                                   .unknown_link = quiet_unknown_link,
                                   .packet = quiet_packet};
    ck_assert_msg(filter_new(&p->filter, slice_cstr(text), &error) == ERR_OK,
                  "%s: %s", text, error.text);
    options_init(&options);
    ck_assert_int_eq(display_init(&display, p->filter, &options, inner, &sink),
                     ERR_OK);
    sink.wants |= 1u << EVENT_GAP; /* asked for only where they are named */
    ck_assert_int_eq(source_new(&source, &sample, 1), ERR_OK);
    ck_assert_int_eq(pipeline_new(&p->pipeline, &options, source, &sink),
                     ERR_OK);
    pipeline_run(p->pipeline, &watch);
    pipeline_free(p->pipeline);
    display_fini(&display);
    filter_free(p->filter);
    options_fini(&options);
}

/* ---- what passes of the rows ---- */

static struct store *store;
static struct stats *stats;

static void
pass_rows(struct passed *p, const struct refine *r)
{
    char line[LINE_MAX_LEN];
    for (size_t i = 0; i < store->conns.n; i++)
        if (refine_conn(r, i)) {
            snprintf(line, sizeof line, "conn %u", store_conn(store, i)->conn);
            note(p, line);
        }
    for (size_t i = 0; i < store->frames.n; i++) {
        const struct store_frame *f = store_frame(store, i);
        bool gap = f->flags & STORE_GAP;
        if (!refine_frame(r, i))
            continue;
        snprintf(line, sizeof line, "conn %u %s %d %llu",
                 store_conn(store, f->conn)->conn, gap ? "gap" : "frame",
                 (int)store_frame_from(f),
                 gap ? (unsigned long long)f->offset : f->number);
        note(p, line);
    }
    for (size_t i = 0; i < store->findings.n; i++) {
        const struct store_finding *f = store_finding(store, i);
        if (!refine_finding(r, store, i))
            continue;
        snprintf(line, sizeof line, "conn %u finding %s %llu at %llu",
                 store_conn(store, f->conn)->conn, finding_info(f->id)->id,
                 (unsigned long long)f->packet, (unsigned long long)f->offset);
        note(p, line);
    }
}

static void
start(struct refine *r, const char *text)
{
    struct filter *f = NULL;
    struct filter_error error;
    ck_assert_msg(filter_new(&f, slice_cstr(text), &error) == ERR_OK, "%s: %s",
                  text, error.text);
    filter_set_start(f, store->first_ns);
    refine_start(r, f);
}

static void
compare(struct passed *events, struct passed *rows, const char *sample,
        const char *text)
{
    qsort(events->line, events->n, LINE_MAX_LEN, by_name);
    qsort(rows->line, rows->n, LINE_MAX_LEN, by_name);
    size_t n = events->n > rows->n ? events->n : rows->n;
    for (size_t i = 0; i < n; i++) {
        const char *want = i < events->n ? events->line[i] : "nothing";
        const char *got = i < rows->n ? rows->line[i] : "nothing";
        ck_assert_msg(strcmp(want, got) == 0, "%s, %s: %s passes, not %s",
                      strrchr(sample, '/') + 1, text, got, want);
    }
}

START_TEST(the_rows_of_every_sample_pass_as_their_events_do)
{
    static struct passed events, rows;
    struct refine r = {.filter = NULL};
    find_samples(); /* one that is cut tells so */
    ck_assert_uint_gt(samples.n, 20);
    for (size_t s = 0; s < samples.n; s++) {
        ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
        stats = stats_new(NULL);
        ck_assert(tui_load(samples.names[s], store, stats));
        events.n = rows.n = 0;
        pass_events(&events, samples.names[s], filters[_i]);
        start(&r, filters[_i]);
        while (refine_update(&r, store, store->frames.n, false, INT64_MAX))
            ;
        pass_rows(&rows, &r);
        compare(&events, &rows, samples.names[s], filters[_i]);
        refine_fini(&r);
        store_free(store);
        stats_free(stats);
    }
}
END_TEST

/* However the rows are cut into turns, and however few of them there are at
 * first, the same pass. */
START_TEST(rows_looked_at_in_turns_pass_as_all_at_once)
{
    static struct passed whole, turns;
    find_samples();
    for (size_t s = 0; s < samples.n; s += 3) {
        struct refine r = {.filter = NULL};
        ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
        stats = stats_new(NULL);
        ck_assert(tui_load(samples.names[s], store, stats));
        whole.n = turns.n = 0;
        start(&r, filters[_i]);
        while (refine_update(&r, store, store->frames.n, false, INT64_MAX))
            ;
        pass_rows(&whole, &r);
        start(&r, filters[_i]);
        for (size_t end = 0; end < store->frames.n; end += 7)
            (void)refine_update(&r, store, end, true, 0);
        while (refine_update(&r, store, store->frames.n, false, 0))
            ;
        pass_rows(&turns, &r);
        compare(&whole, &turns, samples.names[s], filters[_i]);
        refine_fini(&r);
        store_free(store);
        stats_free(stats);
    }
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_refine");
    TCase *tc = tcase_create("samples");
    tcase_add_loop_test(tc, the_rows_of_every_sample_pass_as_their_events_do, 0,
                        sizeof filters / sizeof *filters);
    tcase_add_loop_test(tc, rows_looked_at_in_turns_pass_as_all_at_once, 0,
                        sizeof filters / sizeof *filters);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
