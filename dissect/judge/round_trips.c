/* SPDX-License-Identifier: MIT */
#include "dissect/judge/round_trips.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/histogram.h"

/* The classes of base/histogram.h for times from 2^10 to 2^35 ns; what is
 * shorter or longer counts in the first or last one. */
enum {
    OCTAVE_FIRST = 10,
    OCTAVES = 25,
    N_CLASSES = OCTAVES * (int)HISTOGRAM_SUBS,
};
#define CLASS_FIRST ((OCTAVE_FIRST - HISTOGRAM_SUB_BITS + 1u) * HISTOGRAM_SUBS)

struct round_trips_histogram {
    uint64_t n; /* all of them */
    uint32_t count[N_CLASSES];
};

void
round_trips_fini(struct round_trips *r)
{
    free(r->exact);
    free(r->histogram);
    *r = (struct round_trips){0};
}

size_t
round_trips_memory(const struct round_trips *r)
{
    return (r->exact ? budget_block(r->cap * sizeof r->exact[0]) : 0) +
           (r->histogram ? budget_block(sizeof *r->histogram) : 0);
}

static unsigned
class_of(int64_t ns)
{
    unsigned c = histogram_class((uint64_t)ns);
    if (c < CLASS_FIRST)
        return 0;
    c -= CLASS_FIRST;
    return c < N_CLASSES ? c : N_CLASSES - 1;
}

static void
count_class(struct round_trips_histogram *h, int64_t ns)
{
    uint32_t *count = &h->count[class_of(ns)];
    if (*count < UINT32_MAX) {
        ++*count;
        h->n++;
    }
}

/* The samples kept one by one become classes. */
static void
make_histogram(struct round_trips *r)
{
    r->histogram = calloc(1, sizeof *r->histogram);
    if (!r->histogram) {
        r->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < r->n_exact; i++)
        count_class(r->histogram, r->exact[i]);
    free(r->exact);
    r->exact = NULL;
    r->cap = r->n_exact = 0;
}

static void
insert_exact(struct round_trips *r, int64_t ns)
{
    if (r->n_exact == r->cap) {
        uint32_t cap = r->cap ? 2 * r->cap : 4;
        int64_t *exact = realloc(r->exact, cap * sizeof exact[0]);
        if (!exact) {
            r->no_memory = true;
            return;
        }
        r->exact = exact;
        r->cap = cap;
    }
    uint32_t i = r->n_exact++;
    for (; i > 0 && r->exact[i - 1] > ns; i--)
        r->exact[i] = r->exact[i - 1];
    r->exact[i] = ns;
}

void
round_trips_add(struct round_trips *r, int64_t ns)
{
    if (ns < 0)
        ns = 0;
    if (r->n == 0 || ns < r->min_ns)
        r->min_ns = ns;
    if (r->n == 0 || ns > r->max_ns)
        r->max_ns = ns;
    r->n++;
    if (!r->histogram && r->n_exact == ROUND_TRIPS_EXACT)
        make_histogram(r);
    if (r->histogram)
        count_class(r->histogram, ns);
    else if (r->n_exact < ROUND_TRIPS_EXACT)
        insert_exact(r, ns);
}

/* The sample of that rank, 1 being the least; 0 when none was kept. */
static int64_t
nearest_rank(const struct round_trips *r, unsigned percent)
{
    const struct round_trips_histogram *h = r->histogram;
    uint64_t n = h ? h->n : r->n_exact, sum = 0;
    if (n == 0)
        return r->min_ns;
    uint64_t rank = histogram_rank(n, percent);
    if (!h)
        return r->exact[rank - 1];
    unsigned c = 0;
    for (; c < N_CLASSES - 1; c++)
        if ((sum += h->count[c]) >= rank)
            break;
    int64_t ns = (int64_t)histogram_middle(CLASS_FIRST + c);
    if (ns < r->min_ns)
        return r->min_ns;
    return ns > r->max_ns ? r->max_ns : ns;
}

struct event_rtt
round_trips_summary(const struct round_trips *r)
{
    if (r->n == 0)
        return (struct event_rtt){0};
    return (struct event_rtt){.n = r->n,
                              .min_ns = r->min_ns,
                              .median_ns = nearest_rank(r, 50),
                              .p95_ns = nearest_rank(r, 95),
                              .max_ns = r->max_ns};
}
