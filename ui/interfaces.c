/* SPDX-License-Identifier: MIT */
#include "ui/interfaces.h"

#include <stdint.h>
#include <string.h>

#include "capture/link.h"
#include "ui/text.h"

#define GAP 2u /* blanks between two columns */
/* A name is IFNAMSIZ (16 bytes) on Linux, but pseudo-devices may be longer. */
#define NAME_COLUMNS_MAX 40u
#define DESCRIPTION_COLUMNS_MAX 160u
/* Bytes of one cell: each column may take a character of several. */
#define CELL_MAX 1024u

struct cell {
    char text[CELL_MAX];
    size_t len;  /* bytes */
    size_t cols; /* on a terminal */
};

/* Our own words: ASCII. */
static void
add(struct cell *c, const char *text)
{
    size_t len = strlen(text);
    if (len > sizeof c->text - c->len)
        len = sizeof c->text - c->len;
    memcpy(c->text + c->len, text, len);
    c->len += len;
    c->cols += len;
}

/* ", " before all but the first. */
static void
add_item(struct cell *c, const char *text)
{
    if (c->len)
        add(c, ", ");
    add(c, text);
}

/* Bytes of somebody else. */
static void
add_text(struct cell *c, const struct interfaces_options *o, const char *text,
         size_t max_cols)
{
    struct text_fit fit =
        text_fit(slice_cstr(text), false, o->utf8, max_cols,
                 (uint8_t *)c->text + c->len, sizeof c->text - c->len);
    c->len += fit.out_len;
    c->cols += fit.cols;
}

static void
make_name(struct cell *c, const struct interfaces_options *o,
          const struct live_device *d)
{
    add_text(c, o, d->name, NAME_COLUMNS_MAX);
}

static void
make_state(struct cell *c, const struct interfaces_options *o,
           const struct live_device *d)
{
    (void)o;
    add_item(c, d->up ? "up" : "down");
    if (d->up && !d->running)
        add_item(c, "not running");
    if (d->loopback)
        add_item(c, "loopback");
    if (d->wireless)
        add_item(c, "wireless");
    if (d->connection == LIVE_CONNECTED)
        add_item(c, "connected");
    if (d->connection == LIVE_DISCONNECTED)
        add_item(c, "disconnected");
}

static void
make_links(struct cell *c, const struct interfaces_options *o,
           const struct live_device *d)
{
    (void)o;
    for (size_t i = 0; i < d->n_links; i++) {
        char number[24];
        const char *name = link_description(d->links[i]);
        snprintf(number, sizeof number, "link type %u", (unsigned)d->links[i]);
        add_item(c, name ? name : number);
    }
    if (d->n_links == 0)
        add(c, "-");
}

static void
make_rest(struct cell *c, const struct interfaces_options *o,
          const struct live_device *d)
{
    for (size_t i = 0; i < d->n_addrs; i++) {
        char addr[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX + 8];
        if (sizeof c->text - c->len < CELL_MAX / 2) {
            add(c, " ...");
            break;
        }
        addr_text(&d->addrs[i].addr, addr);
        snprintf(text, sizeof text, "%s%s/%u", i ? " " : "", addr,
                 (unsigned)d->addrs[i].prefix_len);
        add(c, text);
    }
    if (!d->description)
        return;
    if (c->len)
        add(c, "  ");
    add_text(c, o, d->description, DESCRIPTION_COLUMNS_MAX);
}

typedef void (*make_fn)(struct cell *, const struct interfaces_options *,
                        const struct live_device *);

static const make_fn columns[] = {make_name, make_state, make_links, make_rest};
#define N_COLUMNS (sizeof columns / sizeof *columns)
#define LINKS_COLUMN 2u

static void
make_cell(struct cell *c, size_t column, const struct interfaces_options *o,
          const struct live_device *d)
{
    c->len = c->cols = 0;
    columns[column](c, o, d);
}

void
interfaces_write(FILE *out, const struct interfaces_options *o,
                 const struct live_device *list, size_t n)
{
    size_t widest[N_COLUMNS] = {0};
    bool links = false;
    struct cell c;
    for (size_t i = 0; i < n; i++) {
        links = links || list[i].n_links;
        for (size_t k = 0; k + 1 < N_COLUMNS; k++) {
            make_cell(&c, k, o, &list[i]);
            if (c.cols > widest[k])
                widest[k] = c.cols;
        }
    }
    for (size_t i = 0; i < n; i++) {
        size_t blanks = 0;
        for (size_t k = 0; k < N_COLUMNS; k++) {
            if (k == LINKS_COLUMN && !links)
                continue;
            make_cell(&c, k, o, &list[i]);
            if (c.len)
                fprintf(out, "%*s", (int)blanks, "");
            fwrite(c.text, 1, c.len, out);
            /* Nothing but the last column is ever empty. */
            blanks =
                widest[k] + GAP - (c.cols < widest[k] ? c.cols : widest[k]);
        }
        fputc('\n', out);
    }
}
