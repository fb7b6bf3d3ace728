/* SPDX-License-Identifier: MIT */
/*
 * What a byte means to tui_load_steps():
 *
 *   0 - 127     that character as a key
 *   128 - 167   a key that is no character; of the mouse, row and column
 *   168 - 189   another size
 *   190 - 195   UTF-8 or ASCII, loading or not, a figure
 *   196 - 255   an event (event_steps.h)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/event_steps.h"
#include "tests/tui_load.h"

struct machine {
    struct event_steps events;
    struct tui tui;
    struct store *store;
    struct stats *stats;
    struct tui_figures figures;
    atomic_bool loading;
    struct event_sink to_store, to_stats;
    char last[96]; /* what was done, to be told */
};

static uint8_t
next(struct machine *m)
{
    return event_steps_next(&m->events);
}

static void
require(const struct machine *m, const char *wrong)
{
    if (!wrong)
        return;
    fprintf(stderr, "%s; %dx%d, view %d: %s\n", m->last, m->tui.grid.cols,
            m->tui.grid.rows, (int)m->tui.view + 1, wrong);
    abort();
}

static void
send(void *ctx, const struct event *event)
{
    struct machine *m = ctx;
    store_lock(m->store);
    store_take(m->store, event);
    if (m->to_stats.wants >> event->type & 1u)
        m->to_stats.event(m->to_stats.ctx, event);
    store_unlock(m->store);
}

/* ---- keys and sizes ---- */

static void
resize(struct machine *m, uint8_t which)
{
    static const int sizes[][2] = {{24, 80}, {48, 160}, {30, 100}, {20, 60},
                                   {12, 40}, {10, 40},  {9, 39},   {1, 1},
                                   {11, 41}, {40, 40},  {10, 200}, {70, 140},
                                   {18, 80}, {21, 80},  {24, 79},  {37, 139}};
    int rows = sizes[which & 15][0], cols = sizes[which & 15][1];
    if (which > 15) {
        rows = next(m) % 80;
        cols = next(m);
    }
    if (!grid_resize(&m->tui.grid, rows, cols))
        abort();
    snprintf(m->last, sizeof m->last, "size");
}

static void
press(struct machine *m, struct tty_key key)
{
    snprintf(m->last, sizeof m->last, "key ch %u code %d", key.ch,
             (int)key.code);
    tui_key(&m->tui, key);
    require(m, tui_load_wrong_state(&m->tui));
    m->tui.quit = m->tui.suspend = m->tui.redraw = false;
}

/* Of the mouse two bytes tell where. */
static struct tty_key
code_key(struct machine *m, enum tty_key_code code)
{
    struct tty_key key = {.code = code};
    if (code >= TTY_KEY_MOUSE && code <= TTY_KEY_WHEEL_DOWN) {
        key.y = next(m) % 80;
        key.x = next(m);
        key.twice = key.x & 1;
    }
    return key;
}

static void
step(struct machine *m)
{
    uint8_t op = next(m);
    if (op < 128) {
        press(m, (struct tty_key){.ch = op});
    } else if (op < 168) {
        press(m, code_key(m, (enum tty_key_code)(op - 128)));
    } else if (op < 190) {
        resize(m, op - 168);
    } else if (op < 192) {
        m->tui.grid.utf8 = op & 1;
    } else if (op < 194) {
        atomic_store(&m->loading, op & 1);
    } else if (op < 196) {
        atomic_store(&m->figures.dropped, op & 1);
    } else {
        snprintf(m->last, sizeof m->last, "event %u", op);
        event_steps_make(&m->events, op - 196);
    }
    tui_draw(&m->tui);
    require(m, tui_load_wrong_grid(&m->tui.grid));
    require(m, tui_load_wrong_state(&m->tui));
}

static void
open_machine(struct machine *m, bool utf8)
{
    m->stats = stats_new(NULL);
    if (!m->stats ||
        store_new(&m->store, 64u << 20, 64u << 20, 1 << 20) != ERR_OK)
        abort();
    m->to_store = store_sink(m->store, 255);
    m->to_stats = stats_sink(m->stats);
    tui_init(&m->tui, m->store, m->stats, &m->figures);
    m->tui.source = "a\033[2J.pcap";
    m->tui.loading = &m->loading;
    m->tui.grid.utf8 = utf8;
    if (!grid_resize(&m->tui.grid, 24, 80))
        abort();
}

void
tui_load_steps(const uint8_t *data, size_t size)
{
    struct machine *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    event_steps_init(&m->events, slice_make(data, size), send, m);
    open_machine(m, next(m) & 1);
    while (m->events.in.len > 0)
        step(m);
    tui_fini(&m->tui);
    store_free(m->store);
    stats_free(m->stats);
    free(m);
}
