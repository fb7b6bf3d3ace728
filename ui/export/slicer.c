/* SPDX-License-Identifier: MIT */
#include "ui/export/slicer.h"

#include <stdlib.h>
#include <string.h>

/* A fragment, in the order of packets, or a datagram that became whole. */
struct part {
    uint64_t datagram;
    uint64_t value; /* packet of the fragment, flow of the datagram */
};

struct parts {
    struct part *list;
    size_t n, cap;
};

struct slicer {
    struct slicer_figures figures;
    size_t parts_max;
    uint64_t *flows; /* sorted by slicer_turn(), each once */
    size_t n_flows, flows_cap;
    struct parts fragments; /* by slicer_turn(): only those chosen */
    struct parts datagrams;
    size_t next; /* of fragments */
};

enum err
slicer_new(struct slicer **out, size_t parts_max)
{
    struct slicer *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->parts_max = parts_max;
    *out = s;
    return ERR_OK;
}

void
slicer_free(struct slicer *s)
{
    if (!s)
        return;
    free(s->flows);
    free(s->fragments.list);
    free(s->datagrams.list);
    free(s);
}

void
slicer_choose(struct slicer *s, uint64_t flow)
{
    if (s->n_flows > 0 && s->flows[s->n_flows - 1] == flow)
        return;
    if (s->n_flows == s->flows_cap) {
        size_t cap = s->flows_cap > 0 ? 2 * s->flows_cap : 16;
        uint64_t *flows = realloc(s->flows, cap * sizeof *flows);
        if (!flows) {
            s->figures.no_memory++;
            return;
        }
        s->flows = flows;
        s->flows_cap = cap;
    }
    s->flows[s->n_flows++] = flow;
}

static void
on_event(void *ctx, const struct event *event)
{
    if (event->type == EVENT_HANDSHAKE)
        slicer_choose(ctx, event->handshake->flow);
}

struct event_sink
slicer_sink(struct slicer *s)
{
    return (struct event_sink){.wants = 1u << EVENT_HANDSHAKE,
                               .least = SEVERITY_ERROR,
                               .ctx = s,
                               .event = on_event};
}

static void
add_part(struct slicer *s, struct parts *parts, struct part part)
{
    if (parts->n == parts->cap) {
        size_t cap = parts->cap > 0 ? 2 * parts->cap : 64;
        size_t all = s->fragments.cap + s->datagrams.cap - parts->cap + cap;
        if (all * sizeof part > s->parts_max) {
            s->figures.over++;
            return;
        }
        struct part *list = realloc(parts->list, cap * sizeof *list);
        if (!list) {
            s->figures.no_memory++;
            return;
        }
        parts->list = list;
        parts->cap = cap;
    }
    parts->list[parts->n++] = part;
}

void
slicer_see(struct slicer *s, uint64_t packet,
           const struct pipeline_sight *sight)
{
    if (sight->datagram == 0)
        return;
    if (sight->decap == DECAP_FRAGMENT)
        add_part(s, &s->fragments, (struct part){sight->datagram, packet});
    else if (sight->decap == DECAP_TCP && sight->flow.flow != 0)
        add_part(s, &s->datagrams,
                 (struct part){sight->datagram, sight->flow.flow});
}

static int
compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int
compare_parts(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    return (x->datagram > y->datagram) - (x->datagram < y->datagram);
}

static bool
is_chosen(const struct slicer *s, uint64_t flow)
{
    return s->n_flows > 0 && bsearch(&flow, s->flows, s->n_flows,
                                     sizeof *s->flows, compare_numbers);
}

static bool
belongs(const struct slicer *s, const struct part *fragment)
{
    const struct parts *d = &s->datagrams;
    const struct part *found =
        d->n > 0
            ? bsearch(fragment, d->list, d->n, sizeof *d->list, compare_parts)
            : NULL;
    return found && is_chosen(s, found->value);
}

void
slicer_turn(struct slicer *s)
{
    struct parts *f = &s->fragments;
    size_t n = 0;
    if (s->n_flows > 0)
        qsort(s->flows, s->n_flows, sizeof *s->flows, compare_numbers);
    for (size_t i = 0; i < s->n_flows; i++)
        if (n == 0 || s->flows[n - 1] != s->flows[i])
            s->flows[n++] = s->flows[i];
    s->n_flows = s->figures.flows = n;
    if (s->datagrams.n > 0)
        qsort(s->datagrams.list, s->datagrams.n, sizeof *s->datagrams.list,
              compare_parts);
    n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (belongs(s, &f->list[i]))
            f->list[n++] = f->list[i];
    f->n = n;
}

bool
slicer_wants(struct slicer *s, uint64_t packet,
             const struct pipeline_sight *sight)
{
    const struct parts *f = &s->fragments;
    while (s->next < f->n && f->list[s->next].value < packet)
        s->next++;
    if (s->next < f->n && f->list[s->next].value == packet)
        return true;
    return sight->decap == DECAP_TCP && is_chosen(s, sight->flow.flow);
}

const struct slicer_figures *
slicer_figures(const struct slicer *s)
{
    return &s->figures;
}
