/* SPDX-License-Identifier: MIT */
/*
 * tui_draw.c - the terminal interface without a terminal: reads a capture, does
 * what keys say, and writes the screen as text.
 *
 *     tui_draw FILE COLSxROWS utf8|ascii [KEYS]
 *
 * KEYS: words with blanks between, as action.def spells keys; /TEXT looks for
 * it.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/options.h"
#include "ui/pipeline.h"
#include "ui/tui/tui.h"

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first)
{
    (void)ctx;
    (void)info;
    (void)first;
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    (void)ctx;
    fprintf(stderr, "%s: %s\n", error->name, error->reason);
}

static void
on_unknown_link(void *ctx, const struct source_info *info, uint32_t link)
{
    (void)ctx;
    (void)info;
    (void)link;
}

static bool
on_packet(void *ctx, const struct source_info *info,
          const struct packet *packet, uint64_t packets)
{
    (void)ctx;
    (void)info;
    (void)packet;
    (void)packets;
    return true;
}

/* Both sinks get every event. */
struct both {
    struct event_sink a, b;
};

static void
on_event(void *ctx, const struct event *event)
{
    struct both *both = ctx;
    if (both->a.wants >> event->type & 1u)
        both->a.event(both->a.ctx, event);
    if (both->b.wants >> event->type & 1u)
        both->b.event(both->b.ctx, event);
}

static void
load(const char *name, struct store *store, struct stats *stats)
{
    struct options options;
    struct source *source;
    struct pipeline *p;
    struct both both = {store_sink(store, 65536), stats_sink(stats)};
    struct event_sink sink = both.a;
    struct pipeline_watch watch = {.ctx = NULL,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = on_unknown_link,
                                   .packet = on_packet};
    sink.wants |= both.b.wants;
    sink.ctx = &both;
    sink.event = on_event;
    options_init(&options);
    if (source_new(&source, &name, 1) != ERR_OK ||
        pipeline_new(&p, &options, source, &sink) != ERR_OK)
        exit(3);
    pipeline_run(p, &watch);
    pipeline_free(p);
    options_fini(&options);
}

static struct tty_key
key_of(const char *word)
{
    static const struct {
        const char *name;
        enum tty_key_code code;
    } names[] = {
        {"Up", TTY_KEY_UP},       {"Down", TTY_KEY_DOWN},
        {"Left", TTY_KEY_LEFT},   {"Right", TTY_KEY_RIGHT},
        {"PgUp", TTY_KEY_PAGE_UP}, {"PgDn", TTY_KEY_PAGE_DOWN},
        {"Home", TTY_KEY_HOME},   {"End", TTY_KEY_END},
        {"Enter", TTY_KEY_ENTER}, {"Esc", TTY_KEY_ESCAPE},
        {"Tab", TTY_KEY_TAB},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i].name) == 0)
            return (struct tty_key){.code = names[i].code};
    return (struct tty_key){.ch = (uint8_t)word[0]};
}

static void
press(struct tui *t, const char *word)
{
    if (word[0] == '/' && word[1]) {
        tui_key(t, (struct tty_key){.ch = '/'});
        for (const char *c = word + 1; *c; c++)
            tui_key(t, (struct tty_key){.ch = (uint8_t)*c});
        tui_key(t, (struct tty_key){.code = TTY_KEY_ENTER});
    } else {
        tui_key(t, key_of(word));
    }
    tui_draw(t);
}

int
main(int argc, char **argv)
{
    int cols, rows;
    struct store *store;
    struct tui t;
    struct tui_figures figures = {0};
    struct out out;
    char *save = NULL;
    setlocale(LC_CTYPE, "");
    if (argc < 4 || sscanf(argv[2], "%dx%d", &cols, &rows) != 2)
        return 2;
    bool utf8 = strcmp(argv[3], "utf8") == 0;
    struct stats_options how = {.width = (size_t)cols, .utf8 = utf8};
    struct stats *stats = stats_new(&how);
    if (!stats || store_new(&store, SIZE_MAX, UINT64_MAX) != ERR_OK ||
        out_init(&out, STDOUT_FILENO) != ERR_OK)
        return 3;
    load(argv[1], store, stats);
    tui_init(&t, store, stats, &figures);
    t.source = "capture";
    t.grid.utf8 = utf8;
    if (!grid_resize(&t.grid, rows, cols))
        return 3;
    tui_draw(&t);
    for (char *w = argc > 4 ? strtok_r(argv[4], " ", &save) : NULL; w;
         w = strtok_r(NULL, " ", &save))
        press(&t, w);
    grid_write(&t.grid, &out);
    (void)out_flush(&out);
    out_fini(&out);
    tui_fini(&t);
    store_free(store);
    stats_free(stats);
    return 0;
}
