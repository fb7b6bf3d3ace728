/* SPDX-License-Identifier: MIT */
/*
 * tui_draw.c - the terminal interface without a terminal: reads a capture, does
 * what keys say, and writes the screen as text.
 *
 *     tui_draw FILE utf8|ascii < LINES
 *     tui_draw FILE utf8|ascii|svg COLSxROWS [KEYS]
 *
 * KEYS: words with blanks between, as action.def spells keys; /TEXT looks for
 * it, f/TEXT filters by it (where F4 does), t/TEXT types it.  The first form
 * draws a screen for each line "COLSxROWS KEYS" that it reads, behind a line
 * "== COLSxROWS KEYS".  Exit status 1: a screen is not as every screen must be
 * (tui_load.h), and standard error tells which.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tui_load.h"
#include "ui/tui/screen/picture.h"

#define LINE_MAX_LEN 4096

struct drawing {
    const char *file;
    struct store *store;
    struct stats *stats;
    struct tui_figures figures;
    struct out out;
    bool utf8, svg;
    int status;
};

static void
type(struct tui *t, const char *text)
{
    for (; *text; text++)
        tui_key(t, (struct tty_key){.ch = (uint8_t)*text});
}

static void
press(struct tui *t, const char *word)
{
    if (strncmp(word, "t/", 2) == 0) {
        type(t, word + 2);
    } else if (strncmp(word, "f/", 2) == 0) {
        tui_key(t, (struct tty_key){.code = TTY_KEY_F1 + 3});
        tui_key(t, (struct tty_key){.ch = 'U' - '@'});
        type(t, word + 2);
        tui_key(t, (struct tty_key){.code = TTY_KEY_ENTER});
    } else if (word[0] == '/' && word[1]) {
        tui_key(t, (struct tty_key){.ch = 'F' - '@'});
        type(t, word + 1);
        tui_key(t, (struct tty_key){.code = TTY_KEY_ENTER});
    } else {
        tui_key(t, tui_load_key(word));
    }
    do
        tui_draw(t);
    while (t->busy);
}

static void
load(struct drawing *d)
{
    d->stats = stats_new(NULL);
    if (!d->stats || store_new(&d->store, SIZE_MAX, 0, UINT64_MAX) != ERR_OK ||
        !tui_load(d->file, d->store, d->stats))
        exit(3);
}

static void
complain(struct drawing *d, const char *size, const char *keys,
         const char *wrong)
{
    fprintf(stderr, "%s %s, keys \"%s\": %s\n", size,
            d->utf8 ? "utf8" : "ascii", keys, wrong);
    d->status = 1;
}

/* Does what the keys say on a screen of that size, and writes it. */
static void
draw(struct drawing *d, const char *size, const char *keys)
{
    struct tui t;
    char words[LINE_MAX_LEN], *save = NULL;
    int cols, rows;
    if (sscanf(size, "%dx%d", &cols, &rows) != 2)
        exit(2);
    tui_init(&t, d->store, d->stats, &d->figures);
    const char *slash = strrchr(d->file, '/');
    t.source = slash ? slash + 1 : d->file;
    t.slice_ns = INT64_MAX;
    t.grid.utf8 = d->utf8;
    if (!grid_resize(&t.grid, rows, cols))
        exit(3);
    tui_draw(&t);
    snprintf(words, sizeof words, "%s", keys);
    for (char *w = strtok_r(words, " \n", &save); w;
         w = strtok_r(NULL, " \n", &save)) {
        press(&t, w);
        const char *wrong = tui_load_wrong_grid(&t.grid);
        wrong = wrong ? wrong : tui_load_wrong_state(&t);
        if (wrong)
            complain(d, size, keys, wrong);
    }
    if (d->svg)
        picture_write(&t.grid, &d->out);
    else
        grid_write(&t.grid, &d->out);
    tui_fini(&t);
}

static void
draw_lines(struct drawing *d)
{
    char line[LINE_MAX_LEN], size[32];
    while (fgets(line, sizeof line, stdin)) {
        int at = 0;
        if (sscanf(line, "%31s %n", size, &at) != 1)
            exit(2);
        out_put(&d->out, "== ", 3);
        out_put(&d->out, line, strlen(line));
        draw(d, size, line + at);
    }
}

int
main(int argc, char **argv)
{
    struct drawing d = {.status = 0};
    if (argc < 3)
        return 2;
    d.svg = strcmp(argv[2], "svg") == 0;
    d.utf8 = d.svg || strcmp(argv[2], "utf8") == 0;
    if (out_init(&d.out, STDOUT_FILENO) != ERR_OK)
        return 3;
    d.file = argv[1];
    load(&d);
    if (argc == 3)
        draw_lines(&d);
    else
        draw(&d, argv[3], argc > 4 ? argv[4] : "");
    if (out_flush(&d.out) != ERR_OK)
        return 3;
    out_fini(&d.out);
    store_free(d.store);
    stats_free(d.stats);
    return d.status;
}
