/* SPDX-License-Identifier: MIT */
/*
 * Figures counted over the rows that pass a filter against the figures of the
 * events that pass it (display.h), as `wsray stats -Y` counts them: the same of
 * every sample.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/filter_list.h"
#include "tests/quiet_watch.h"
#include "ui/display.h"
#include "ui/options.h"
#include "ui/pipeline.h"
#include "ui/stats_figures.h"
#include "ui/tui/store/recount.h"

#define SAMPLES_MAX 256
#define KEEP_LEN (256u * 1024u)

static struct {
    char names[SAMPLES_MAX][700];
    size_t n;
} samples;

static void
find_samples(void)
{
    char dir[400];
    const char *src = getenv("srcdir");
    snprintf(dir, sizeof dir, "%s/samples", src ? src : ".");
    DIR *d = opendir(dir);
    ck_assert_msg(d != NULL, "%s cannot be read", dir);
    samples.n = 0;
    for (struct dirent *e; (e = readdir(d)) && samples.n < SAMPLES_MAX;)
        if (strstr(e->d_name, ".pcap"))
            snprintf(samples.names[samples.n++], sizeof samples.names[0],
                     "%s/%s", dir, e->d_name);
    closedir(d);
    ck_assert_uint_gt(samples.n, 20);
}

/* ---- reading a sample ---- */

struct reading {
    struct pipeline *pipeline;
    struct filter *filter; /* gets the start; or NULL */
    struct store *store;   /* likewise */
};

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first)
{
    struct reading *r = ctx;
    (void)info;
    (void)first;
    int64_t start = pipeline_start_ns(r->pipeline);
    if (r->filter)
        filter_set_start(r->filter, start);
    if (r->store)
        store_set_start(r->store, start);
}

static void
run(struct reading *r, const char *sample, const struct options *options,
    const struct event_sink *sink)
{
    struct source *source;
    struct pipeline_watch watch = {.ctx = r,
                                   .capture = on_capture,
                                   .failed = quiet_failed,
                                   .unknown_link = quiet_unknown_link,
                                   .packet = quiet_packet};
    ck_assert_int_eq(source_new(&source, &sample, 1), ERR_OK);
    ck_assert_int_eq(pipeline_new(&r->pipeline, options, source, sink), ERR_OK);
    pipeline_run(r->pipeline, &watch);
    pipeline_free(r->pipeline);
}

static struct filter *
filter_of(const char *text)
{
    struct filter *f = NULL;
    struct filter_error error;
    ck_assert_msg(filter_new(&f, slice_cstr(text), &error) == ERR_OK, "%s: %s",
                  text, error.text);
    return f;
}

/* What -Y counts. */
static struct stats *
count_events(const char *sample, const char *text)
{
    struct stats *s = stats_new(NULL);
    struct reading r = {.filter = filter_of(text)};
    struct display display = {.filter = NULL};
    struct options options;
    struct event_sink sink;
    ck_assert_ptr_nonnull(s);
    options_init(&options);
    ck_assert_int_eq(display_init(&display, r.filter, &options, stats_sink(s),
                                  &sink),
                     ERR_OK);
    run(&r, sample, &options, &sink);
    display_fini(&display);
    filter_free(r.filter);
    options_fini(&options);
    return s;
}

/* ---- counting rows ---- */

struct counting {
    struct store *store;
    struct event_sink sink;
    struct refine refine;
    struct recount recount;
    uint64_t n, every; /* events; rows are looked at behind so many */
};

static void
count_rows(struct counting *c, bool loading, int64_t slice_ns)
{
    size_t end = c->store->frames.n;
    filter_set_start(c->refine.filter, c->store->first_ns);
    while (refine_update(&c->refine, c->store, end, loading, slice_ns))
        (void)recount_update(&c->recount, &c->refine, c->store, slice_ns);
    while (recount_update(&c->recount, &c->refine, c->store, slice_ns))
        ;
}

static void
on_event(void *ctx, const struct event *event)
{
    struct counting *c = ctx;
    c->sink.event(c->sink.ctx, event);
    if (++c->n % c->every == 0)
        count_rows(c, true, 0);
}

static void
counting_init(struct counting *c, uint64_t every)
{
    *c = (struct counting){.every = every};
    ck_assert_int_eq(store_new(&c->store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    c->sink = store_sink(c->store, KEEP_LEN);
}

static void
counting_load(struct counting *c, const char *sample)
{
    struct reading r = {.store = c->store};
    struct event_sink sink = c->sink;
    struct options options;
    sink.ctx = c;
    sink.event = on_event;
    options_init(&options);
    run(&r, sample, &options, &sink);
    options_fini(&options);
}

static void
counting_fini(struct counting *c)
{
    refine_fini(&c->refine);
    recount_reset(&c->recount);
    store_free(c->store);
}

/* ---- the same ---- */

static void
same(uint64_t want, uint64_t got, const char *what, const char *sample,
     const char *text)
{
    ck_assert_msg(want == got, "%s, %s: %s is %llu, not %llu", text,
                  strrchr(sample, '/') + 1, what, (unsigned long long)got,
                  (unsigned long long)want);
}

static void
same_array(const uint64_t *want, const uint64_t *got, size_t n,
           const char *what, const char *sample, const char *text)
{
    for (size_t i = 0; i < n; i++)
        same(want[i], got[i], what, sample, text);
}

static void
same_spread(const struct stats_spread *want, const struct stats_spread *got,
            const char *what, const char *sample, const char *text)
{
    same(want->n, got->n, what, sample, text);
    same(want->median, got->median, what, sample, text);
    same(want->p95, got->p95, what, sample, text);
    same(want->max, got->max, what, sample, text);
    same(want->total, got->total, what, sample, text);
}

static void
same_figures(const struct stats *want, const struct stats *got,
             const char *sample, const char *text)
{
    struct stats_figures w, g;
    stats_figures(want, &w);
    stats_figures(got, &g);
    same_array(&w.opcode[0][0], &g.opcode[0][0], 2 * STATS_OPCODE_ROWS,
               "frames of an opcode", sample, text);
    same_array(w.size, g.size, HISTOGRAM_OCTAVES, "messages of a size", sample,
               text);
    same_spread(&w.sizes, &g.sizes, "sizes", sample, text);
    same_array(w.turn, g.turn, STATS_TURN_ROWS, "turns", sample, text);
    same_spread(&w.turns, &g.turns, "turns", sample, text);
    same(w.n_codes, g.n_codes, "close codes", sample, text);
    for (size_t i = 0; i < w.n_codes; i++) {
        same(w.code[i].code, g.code[i].code, "a close code", sample, text);
        same_array(w.code[i].n, g.code[i].n, 2, "a code's frames", sample,
                   text);
    }
    same_array(w.close_without, g.close_without, 2, "Close without a code",
               sample, text);
    same(w.conns_unclosed, g.conns_unclosed, "without a Close frame", sample,
         text);
}

static void
same_curve(const struct rates *want, const struct rates *got,
           const char *sample, const char *text)
{
    same(want->any, got->any, "a curve", sample, text);
    if (!want->any)
        return;
    same(want->base_ns, got->base_ns, "the curve's start", sample, text);
    same(want->width_ns, got->width_ns, "the curve's step", sample, text);
    for (size_t i = 0; i < RATES_BUCKETS; i++)
        same_array(want->buckets[i].frames, got->buckets[i].frames, 2,
                   "frames in a step", sample, text);
}

static void
same_stats(const struct stats *want, const struct stats *got,
           const char *sample, const char *text)
{
    ck_assert_ptr_nonnull(got);
    same(want->conns, got->conns, "connections", sample, text);
    same(want->accepted, got->accepted, "accepted", sample, text);
    same(want->ended, got->ended, "ended", sample, text);
    same(want->clean, got->clean, "clean", sample, text);
    same_figures(want, got, sample, text);
    same_curve(&want->rates, &got->rates, sample, text);
    for (unsigned d = 0; d < 2; d++) {
        const struct stats_sender *w = &want->sender[d], *g = &got->sender[d];
        same(w->deflate.n, g->deflate.n, "compressed", sample, text);
        same(w->deflate.wire, g->deflate.wire, "compressed to", sample, text);
        same(w->deflate.inflated, g->deflate.inflated, "compressed from",
             sample, text);
        same(w->pings.n, g->pings.n, "round trips", sample, text);
        same((uint64_t)w->pings.min_ns, (uint64_t)g->pings.min_ns,
             "the shortest round trip", sample, text);
        same((uint64_t)w->pings.max_ns, (uint64_t)g->pings.max_ns,
             "the longest round trip", sample, text);
        for (unsigned k = 0; k < STATS_KIND_COUNT; k++)
            same(w->messages[k].n, g->messages[k].n, "messages", sample, text);
    }
}

START_TEST(rows_that_pass_give_the_figures_of_the_events_that_pass)
{
    struct counting c;
    find_samples();
    for (size_t i = 0; i < samples.n; i++) {
        struct stats *want = count_events(samples.names[i], filters[_i]);
        counting_init(&c, UINT64_MAX);
        counting_load(&c, samples.names[i]);
        refine_start(&c.refine, filter_of(filters[_i]));
        count_rows(&c, false, INT64_MAX);
        same_stats(want, c.recount.stats, samples.names[i], filters[_i]);
        counting_fini(&c);
        stats_free(want);
    }
}
END_TEST

/* Also what is not settled when it is looked at is counted, and once. */
START_TEST(rows_counted_as_they_come_give_the_same_figures)
{
    static const uint64_t every[] = {1, 2, 7};
    struct counting c;
    find_samples();
    for (size_t i = 0; i < samples.n; i += 2) {
        struct stats *want = count_events(samples.names[i], filters[_i]);
        for (size_t k = 0; k < sizeof every / sizeof *every; k++) {
            counting_init(&c, every[k]);
            refine_start(&c.refine, filter_of(filters[_i]));
            counting_load(&c, samples.names[i]);
            count_rows(&c, false, 0);
            same_stats(want, c.recount.stats, samples.names[i], filters[_i]);
            counting_fini(&c);
        }
        stats_free(want);
    }
}
END_TEST

START_TEST(counting_begins_anew_after_a_reset)
{
    struct counting c;
    find_samples();
    counting_init(&c, UINT64_MAX);
    counting_load(&c, samples.names[0]);
    refine_start(&c.refine, filter_of("ws.conn"));
    count_rows(&c, false, INT64_MAX);
    uint64_t conns = c.recount.stats->conns;
    ck_assert_uint_gt(conns, 0);
    recount_reset(&c.recount);
    ck_assert_ptr_null(c.recount.stats);
    ck_assert_uint_eq(c.recount.scanned, 0);
    count_rows(&c, false, INT64_MAX);
    ck_assert_uint_eq(c.recount.stats->conns, conns);
    counting_fini(&c);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_recount");
    TCase *tc = tcase_create("samples");
    tcase_add_loop_test(tc,
                        rows_that_pass_give_the_figures_of_the_events_that_pass,
                        0, sizeof filters / sizeof *filters);
    tcase_add_loop_test(tc, rows_counted_as_they_come_give_the_same_figures, 0,
                        sizeof filters / sizeof *filters);
    tcase_add_test(tc, counting_begins_anew_after_a_reset);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
