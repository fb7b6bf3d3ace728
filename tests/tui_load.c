/* SPDX-License-Identifier: MIT */
#include "tests/tui_load.h"
#include "tests/quiet_watch.h"

#include <stdio.h>
#include <string.h>

#include "tests/safe_text.h"
#include "ui/options.h"
#include "ui/pipeline.h"
#include "ui/text.h"

#define KEEP_LEN 65536u

/* Both sinks get every event. */
struct both {
    struct event_sink a, b;
    struct store *store;
    struct pipeline *pipeline;
};

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first)
{
    struct both *both = ctx;
    (void)info;
    (void)first;
    store_set_start(both->store, pipeline_start_ns(both->pipeline));
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    (void)ctx;
    fprintf(stderr, "%s: %s\n", error->name, error->reason);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct both *both = ctx;
    if (both->a.wants >> event->type & 1u)
        both->a.event(both->a.ctx, event);
    if (both->b.wants >> event->type & 1u)
        both->b.event(both->b.ctx, event);
}

bool
tui_load(const char *name, struct store *store, struct stats *stats)
{
    struct options options;
    struct source *source;
    struct pipeline *p;
    struct both both = {.a = store_sink(store, KEEP_LEN),
                        .b = stats_sink(stats),
                        .store = store};
    struct event_sink sink = both.a;
    struct pipeline_watch watch = {.ctx = &both,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = quiet_unknown_link,
                                   .packet = quiet_packet};
    sink.wants |= both.b.wants;
    sink.ctx = &both;
    sink.event = on_event;
    options_init(&options);
    if (source_new(&source, &name, 1) != ERR_OK ||
        pipeline_new(&p, &options, source, &sink) != ERR_OK)
        return false;
    both.pipeline = p;
    pipeline_run(p, &watch);
    pipeline_free(p);
    options_fini(&options);
    return true;
}

struct tty_key
tui_load_key(const char *word)
{
    static const struct {
        const char *name;
        enum tty_key_code code;
        bool twice;
    } events[] = {{"click:", TTY_KEY_MOUSE, false},
                  {"twice:", TTY_KEY_MOUSE, true},
                  {"wheel-up:", TTY_KEY_WHEEL_UP, false},
                  {"wheel-down:", TTY_KEY_WHEEL_DOWN, false}};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct tty_key key = {.code = events[i].code, .twice = events[i].twice};
        size_t len = strlen(events[i].name);
        if (strncmp(word, events[i].name, len) == 0 &&
            sscanf(word + len, "%d,%d", &key.y, &key.x) == 2)
            return key;
    }
    return tui_key_named(word, strlen(word));
}

static const char *
wrong_cell(const struct grid *g, int y, int x)
{
    const struct cell *c = grid_cell(g, y, x);
    if (c->role >= ROLE_COUNT)
        return "a cell has no role";
    if (c->ch[0] == 0)
        return x > 0 && text_width(grid_cell(g, y, x - 1)->ch[0]) == 2
                   ? NULL
                   : "a right half without its character";
    if (text_width(c->ch[0]) == 2 &&
        (x + 1 == g->cols || grid_cell(g, y, x + 1)->ch[0] != 0))
        return "a wide character without its right half";
    if (text_width(c->ch[0]) == 0)
        return "a mark without a base";
    for (size_t i = 0; i < GRID_CHARS_MAX && c->ch[i]; i++) {
        if (!safe_code_point(c->ch[i]) || (!g->utf8 && c->ch[i] > 0x7e))
            return "a character that is not safe";
        if (i > 0 && text_width(c->ch[i]) != 0)
            return "two characters in a cell";
    }
    return NULL;
}

const char *
tui_load_wrong_grid(const struct grid *g)
{
    for (int y = 0; y < g->rows; y++)
        for (int x = 0; x < g->cols; x++) {
            const char *wrong = wrong_cell(g, y, x);
            if (wrong)
                return wrong;
        }
    return NULL;
}

static bool
list_holds(const struct list *l)
{
    if (l->n > 0 && l->away && l->cursor < l->n && l->top < l->n)
        return true;
    return l->n == 0 || (l->cursor < l->n && l->top <= l->cursor &&
                         (l->height == 0 || l->cursor - l->top < l->height));
}

const char *
tui_load_wrong_state(const struct tui *t)
{
    const struct list *lists[] = {&t->conns,     &t->frames,    &t->talk,
                                  &t->ladder,    &t->handshake, &t->findings,
                                  &t->help_list, &t->detail,    &t->hex,
                                  &t->settings};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!list_holds(lists[i]))
            return "the cursor is not on the screen, or not in its list";
    for (size_t i = 0; i < STATS_PANEL_COUNT; i++)
        if (!list_holds(&t->stats_lists[i]))
            return "a cursor of the statistics is not in its panel";
    if (t->conn != STORE_NONE && t->conn >= t->store->conns.n)
        return "no such connection is selected";
    if (t->frame != STORE_NONE && t->frame >= t->store->frames.n)
        return "no such frame is selected";
    if (t->view >= VIEW_COUNT)
        return "no such view";
    if (t->rows.n > t->store->frames.n)
        return "more rows than frames";
    if (t->recount.scanned > t->shown.refine.scanned || t->stats_side > 2)
        return "figures of more than passed";
    if (!memchr(t->message, '\0', sizeof t->message))
        return "a message without end";
    return NULL;
}
