/* SPDX-License-Identifier: MIT */
#include "ui/tui/app.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/scratch.h"
#include "ui/signals.h"
#include "ui/stats.h"
#include "ui/terminal.h"
#include "ui/tui/layers/copy.h"
#include "ui/tui/screen/tty.h"
#include "ui/tui/store/store.h"
#include "ui/tui/tui.h"

/* Bytes of a message's payload that can be looked at. */
#define KEEP_LEN ((size_t)256 * 1024)
/* Bytes of the file of rows that do not fit in memory, and of that of
 * payloads. */
#define INDEX_MAX (UINT64_C(16) << 30)
#define SPOOL_MAX (UINT64_C(16) << 30)

/* Messages that are kept until the terminal is given back. */
#define SAID_MAX 16u

struct app {
    const struct options *options;
    struct store *store;
    struct stats *stats;
    struct event_sink to_store, to_stats;
    struct tui tui;
    struct tui_owner owner;
    struct broker *broker; /* NULL: files are made here */
    unsigned dir;          /* of the broker */
    struct tty *tty;
    struct tui_figures figures;
    struct summary summary; /* under the store's lock */
    atomic_bool working;
    char said[SAID_MAX][TUI_TEXT_MAX]; /* under the store's lock */
    size_t n_said;
    char news[TUI_TEXT_MAX]; /* likewise; "": none */
    uint8_t *clip; /* for the clipboard, not sent yet; NULL: nothing */
    size_t clip_len;
    void (*work)(void *ctx);
    void *ctx;
};

static int
create(void *ctx, const char *name)
{
    struct app *a = ctx;
    if (a->broker)
        return broker_create(a->broker, a->dir, name);
    return open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* The store is locked, and a terminal may take its time: sent later. */
static bool
copy(void *ctx, struct slice bytes)
{
    struct app *a = ctx;
    uint8_t *clip = malloc(bytes.len + 1);
    if (!clip)
        return false;
    if (bytes.len > 0)
        memcpy(clip, bytes.ptr, bytes.len);
    free(a->clip);
    a->clip = clip;
    a->clip_len = bytes.len;
    return true;
}

static void
send_clip(struct app *a)
{
    if (!a->clip)
        return;
    tty_copy(a->tty, slice_make(a->clip, a->clip_len));
    free(a->clip);
    a->clip = NULL;
}

enum err
app_new(struct app **out, const struct options *o)
{
    struct app *a = calloc(1, sizeof *a);
    if (!a)
        return ERR_NOMEM;
    a->options = o;
    a->stats = stats_new(NULL);
    enum err e =
        a->stats ? store_new(&a->store, (size_t)o->memory, INDEX_MAX, SPOOL_MAX)
                 : ERR_NOMEM;
    if (e != ERR_OK) {
        int error = errno;
        stats_free(a->stats);
        free(a);
        errno = error;
        return e;
    }
    a->to_store = store_sink(a->store, KEEP_LEN);
    a->to_stats = stats_sink(a->stats);
    tui_init(&a->tui, a->store, a->stats, &a->figures);
    a->owner = (struct tui_owner){.ctx = a,
                                  .create = create,
                                  .copy = copy,
                                  .scratch = scratch_open()};
    a->tui.owner = &a->owner;
    if (o->ifaces.n == 0 && o->files.n == 1 &&
        strcmp(o->files.names[0], "-") != 0)
        a->tui.file = o->files.names[0];
    a->tui.grid.utf8 = terminal_utf8();
    a->tui.mouse = !o->no_mouse;
    if (o->display_filter)
        filter_apply(&a->tui, o->display_filter);
    *out = a;
    return ERR_OK;
}

void
app_free(struct app *a)
{
    if (!a)
        return;
    app_close(a);
    free(a->clip);
    if (a->owner.scratch >= 0)
        close(a->owner.scratch);
    tui_fini(&a->tui);
    store_free(a->store);
    stats_free(a->stats);
    free(a);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct app *a = ctx;
    store_lock(a->store);
    store_take(a->store, event);
    if (a->to_stats.wants >> event->type & 1u)
        a->to_stats.event(a->to_stats.ctx, event);
    store_unlock(a->store);
}

struct event_sink
app_sink(struct app *a)
{
    struct event_sink sink = a->to_store;
    sink.wants |= a->to_stats.wants;
    sink.ctx = a;
    sink.event = on_event;
    return sink;
}

struct broker_dir
app_dir(void)
{
    return (
        struct broker_dir){.path = ".", .prefix = SAVE_PREFIX, .fresh = true};
}

void
app_set_broker(struct app *a, struct broker *broker, unsigned dir)
{
    a->broker = broker;
    a->dir = dir;
}

bool
app_open(struct app *a, char reason[APP_REASON_MAX])
{
    struct tty_options o = {.color = terminal_color(a->options),
                            .mouse = !a->options->no_mouse};
    a->tty = tty_open(&o, reason);
    signals_before_death(tty_restore);
    return a->tty != NULL;
}

void
app_close(struct app *a)
{
    if (a)
        tty_close(a->tty);
    if (a)
        a->tty = NULL;
}

static void *
run_work(void *ctx)
{
    struct app *a = ctx;
    a->work(a->ctx);
    atomic_store(&a->working, false);
    return NULL;
}

/* Signals are for the thread that waits for keys. */
static bool
start_work(struct app *a, pthread_t *thread)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&a->working, true);
    int failed = pthread_create(thread, NULL, run_work, a);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

static void
on_tick(void *ctx)
{
    struct app *a = ctx;
    store_lock(a->store);
    stats_set_capture(a->stats, &a->summary);
    if (a->news[0])
        tui_say(&a->tui, "%s", a->news);
    a->news[0] = '\0';
    store_unlock(a->store);
    send_clip(a);
    if (signals_stop() != 0)
        a->tui.quit = true;
}

bool
app_run(struct app *a, const char *source, bool live, void (*work)(void *ctx),
        void (*stop)(void *ctx), void *ctx)
{
    pthread_t thread;
    a->tui.source = source;
    a->tui.live = live;
    a->tui.loading = &a->working;
    a->tui.conns.follow = false;
    a->tui.frames.follow = live;
    a->work = work;
    a->ctx = ctx;
    if (!start_work(a, &thread))
        return false;
    bool ok = tui_loop(&a->tui, a->tty, on_tick, a);
    if (ok)
        send_clip(a);
    app_close(a);
    stop(ctx);
    (void)pthread_join(thread, NULL);
    return ok;
}

void
app_say(struct app *a, const char *line)
{
    store_lock(a->store);
    snprintf(a->news, sizeof a->news, "%s", line);
    if (a->n_said < SAID_MAX)
        snprintf(a->said[a->n_said++], sizeof *a->said, "%s", line);
    store_unlock(a->store);
}

const char *
app_said(const struct app *a, size_t i)
{
    return i < a->n_said ? a->said[i] : NULL;
}

void
app_figures(struct app *a, const struct summary *summary, uint64_t dropped,
            uint64_t memory)
{
    store_lock(a->store);
    a->summary = *summary;
    store_unlock(a->store);
    atomic_store(&a->figures.packets, summary->packets);
    atomic_store(&a->figures.dropped, dropped);
    atomic_store(&a->figures.memory, memory);
}

void
app_set_start(struct app *a, int64_t start_ns)
{
    store_lock(a->store);
    store_set_start(a->store, start_ns);
    store_unlock(a->store);
}
