/* SPDX-License-Identifier: MIT */
/* Connections: one a row; below, the last frames of the one selected. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/frame_row.h"
#include "ui/tui/tui.h"

/* From this many rows on there is a preview, this high. */
#define PREVIEW_FROM 20
#define PREVIEW_ROWS 6

/* Columns, by the width that the view must have for them. */
#define COL_STATE 6
#define COL_AGE 18

static const char *
state_text(const struct store_conn *c, char *out, size_t size)
{
    static const char *const names[] = {
        [STORE_UPGRADING] = "upgrading", [STORE_FAILED] = "failed",
        [STORE_OPEN] = "open",           [STORE_CLOSING] = "closing",
        [STORE_CLOSED] = "closed",
    };
    const char *name = names[c->state];
    if (c->state == STORE_OPEN && c->handshake.seen == HANDSHAKE_SEEN_NONE)
        name = "midstream";
    if (c->state == STORE_CLOSED)
        snprintf(out, size, "%s %u", name, c->onclose_code);
    else if (c->state == STORE_FAILED)
        snprintf(out, size, "%s %u", name, c->handshake.status);
    else
        snprintf(out, size, "%s", name);
    return out;
}

static enum role
state_role(const struct store_conn *c)
{
    if (c->state == STORE_FAILED)
        return ROLE_BAD;
    if (c->state == STORE_CLOSED)
        return c->clean ? ROLE_TEXT : ROLE_WARNING;
    return c->state == STORE_OPEN ? ROLE_GOOD : ROLE_TEXT;
}

static void
age_text(const struct store_conn *c, char *out, size_t size)
{
    int64_t ns = c->ended ? c->duration_ns : c->last_ns - c->start_ns;
    int64_t s = ns / 1000000000;
    if (s >= 3600)
        snprintf(out, size, "%" PRId64 "h%02d", s / 3600, (int)(s / 60 % 60));
    else if (s >= 60)
        snprintf(out, size, "%" PRId64 ":%02d", s / 60, (int)(s % 60));
    else
        snprintf(out, size, "%" PRId64 ".%02ds", s,
                 (int)(ns % 1000000000 / 10000000));
}

/* The last STORE_RATE_BUCKETS times STORE_RATE_SECONDS, relative to their
 * largest. */
static void
draw_rate(struct grid *g, int y, int x, const struct store_conn *c)
{
    static const char ascii[] = " .:-=+*#";
    uint16_t most = 1;
    for (size_t i = 0; i < STORE_RATE_BUCKETS; i++)
        if (c->rate[i] > most)
            most = c->rate[i];
    for (size_t i = 0; i < STORE_RATE_BUCKETS; i++) {
        unsigned level = c->rate[i] ? 1 + c->rate[i] * 7u / most : 0;
        level = level > 8 ? 8 : level;
        grid_line(g, y, x + (int)i, 1, ROLE_OP_CONTROL,
                  level ? 0x2580 + level : ' ', ascii[level ? level - 1 : 0]);
    }
}

static void
flags_text(const struct store_conn *c, char *out, size_t size)
{
    int n = 0;
    out[0] = '\0';
    if (c->found[SEVERITY_ERROR])
        n += snprintf(out, size, "%u error%s ", c->found[SEVERITY_ERROR],
                      c->found[SEVERITY_ERROR] == 1 ? "" : "s");
    else if (c->found[SEVERITY_WARNING])
        n += snprintf(out, size, "%u warning%s ", c->found[SEVERITY_WARNING],
                      c->found[SEVERITY_WARNING] == 1 ? "" : "s");
    if (c->handshake.has_deflate)
        n += snprintf(out + n, size - (size_t)n, "deflate ");
    if (c->gap_bytes)
        snprintf(out + n, size - (size_t)n, "gaps ");
}

/* Host and path. */
static void
draw_target(struct grid *g, int y, int x, int cols, const struct store_conn *c)
{
    const struct store_handshake *h = &c->handshake;
    int used = 0;
    if (h->host.ptr)
        used = grid_put(g, y, x, cols, ROLE_TEXT, h->host, false);
    if (h->target.ptr && used < cols)
        grid_put(g, y, x + used, cols - used, ROLE_TEXT, h->target, false);
    if (!h->host.ptr && !h->target.ptr)
        grid_text(g, y, x, cols, ROLE_DIM, "(handshake not captured)");
}

/* With the port where there is room for it. */
static void
draw_peer(struct tui *t, int y, int x, int cols, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_MAX];
    present_endpoint(t, e, text, sizeof text);
    char *port = strrchr(text, ':');
    if (port && (int)strlen(text) > cols)
        *port = '\0';
    grid_text(&t->grid, y, x, cols, ROLE_TEXT, text);
}

/* Where each column begins; 0: left out. */
struct columns {
    int state, age, client, client_cols, server, target, target_cols, frames,
        bytes, rate, flags;
};

static struct columns
columns_of(int cols)
{
    struct columns c = {.state = COL_STATE, .age = COL_AGE};
    int x = 26, right = cols;
    if (cols >= 72) {
        c.client = x;
        c.client_cols = cols >= 100 ? 21 : 15;
        x += c.client_cols + 1;
    }
    if (cols >= 130) {
        c.server = x;
        x += 22;
    }
    c.target = x;
    if (cols >= 110)
        c.flags = right -= 20;
    if (cols >= 96)
        c.rate = right -= (int)STORE_RATE_BUCKETS + 1;
    c.bytes = right -= 7;
    c.frames = right -= 8;
    c.target_cols = right - x - 1;
    return c;
}

static void
draw_row(struct tui *t, int y, int x, const struct columns *at, size_t row)
{
    struct grid *g = &t->grid;
    const struct store_conn *c = store_conn(t->store, row);
    char text[64];
    bool bad = c->found[SEVERITY_ERROR] > 0 || c->state == STORE_FAILED;
    grid_format(g, y, x, 6, bad ? ROLE_BAD : ROLE_TEXT, "%c%4" PRIu32,
                bad ? '!' : ' ', c->conn);
    grid_text(g, y, x + at->state, 12, state_role(c),
              state_text(c, text, sizeof text));
    age_text(c, text, sizeof text);
    grid_format(g, y, x + at->age, 7, ROLE_TEXT, "%7s", text);
    if (at->client)
        draw_peer(t, y, x + at->client, at->client_cols, &c->client);
    if (at->server)
        draw_peer(t, y, x + at->server, 21, &c->server);
    draw_target(g, y, x + at->target, at->target_cols, c);
    grid_format(g, y, x + at->frames, 7, ROLE_TEXT, "%7" PRIu64,
                c->frames[0] + c->frames[1]);
    tui_bytes(c->bytes[0] + c->bytes[1], text, sizeof text);
    grid_format(g, y, x + at->bytes, 6, ROLE_TEXT, "%6s", text);
    if (at->rate)
        draw_rate(g, y, x + at->rate, c);
    flags_text(c, text, sizeof text);
    if (at->flags)
        grid_text(g, y, x + at->flags, g->cols - x - at->flags,
                  bad ? ROLE_BAD : ROLE_DIM, text);
}

static void
draw_head(struct grid *g, int y, int x, const struct columns *at)
{
    grid_text(g, y, x + 4, 1, ROLE_STRONG, "#");
    grid_text(g, y, x + at->state, 12, ROLE_STRONG, "State");
    grid_text(g, y, x + at->age + 4, 3, ROLE_STRONG, "Age");
    if (at->client)
        grid_text(g, y, x + at->client, at->client_cols, ROLE_STRONG, "Client");
    if (at->server)
        grid_text(g, y, x + at->server, 21, ROLE_STRONG, "Server");
    grid_text(g, y, x + at->target, at->target_cols, ROLE_STRONG,
              "Host / path");
    grid_text(g, y, x + at->frames + 1, 6, ROLE_STRONG, "Frames");
    grid_text(g, y, x + at->bytes + 1, 5, ROLE_STRONG, "Bytes");
    if (at->rate)
        grid_text(g, y, x + at->rate, 12, ROLE_STRONG, "Rate (60 s)");
    if (at->flags)
        grid_text(g, y, x + at->flags, 12, ROLE_STRONG, "Flags");
}

static void
draw_preview(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    const struct store_conn *c = store_conn(t->store, t->conn);
    grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, false,
               "Last frames of connection %" PRIu32 " (Enter opens it)",
               c->conn);
    /* From the last frame backwards; others' frames lie between. */
    uint32_t rows[PREVIEW_ROWS], row = c->last_frame;
    int n = 0;
    for (unsigned looks = 0; row != STORE_NONE && looks < 10000 &&
                             n < r.rows - 1 && n < PREVIEW_ROWS;
         looks++) {
        if (store_frame(t->store, row)->conn == t->conn)
            rows[n++] = row;
        if (row == c->first_frame)
            break;
        row--;
    }
    for (int i = 0; i < n; i++)
        frame_row_draw(t, r.y + n - i, r.x, r.cols, rows[i], 0);
}

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    struct columns at = columns_of(r.cols);
    size_t n = t->store->conns.n;
    int preview = r.rows >= PREVIEW_FROM && n > 0 ? PREVIEW_ROWS + 1 : 0;
    int height = r.rows - 1 - preview;
    draw_head(g, r.y, r.x, &at);
    list_fit(&t->conns, n, (size_t)height);
    hit_list(t, (struct rect){r.y + 1, r.x, height, r.cols}, &t->conns);
    if (n == 0) {
        grid_text(g, r.y + 2, r.x + 2, r.cols - 4, ROLE_DIM,
                  atomic_load(t->loading) ? "no WebSocket so far"
                                          : "no WebSocket was found");
        return;
    }
    if (t->conn != t->conns.cursor) {
        t->conn = (uint32_t)t->conns.cursor;
        t->frame = store_conn(t->store, t->conn)->first_frame;
    }
    for (int i = 0; i < height && t->conns.top + (size_t)i < n; i++) {
        size_t row = t->conns.top + (size_t)i;
        draw_row(t, r.y + 1 + i, r.x, &at, row);
        if (row == t->conns.cursor)
            grid_cursor(g, r.y + 1 + i, r.x, r.cols);
    }
    if (preview)
        draw_preview(t, (struct rect){r.y + r.rows - preview, r.x, preview,
                                      r.cols});
}

static bool
act(struct tui *t, enum action a)
{
    if (a == ACTION_ENTER && t->conn != STORE_NONE) {
        tui_set_scope(t, t->conn);
        tui_go(t, VIEW_FRAMES);
        return true;
    }
    return false;
}

static void
status(const struct tui *t, char *out, size_t size)
{
    if (t->conn == STORE_NONE)
        return;
    const struct store_conn *c = store_conn(t->store, t->conn);
    const struct store_handshake *h = &c->handshake;
    snprintf(out, size, "%s%s",
             h->accept_ok == TRI_YES  ? "handshake verified"
             : h->accept_ok == TRI_NO ? "Accept is wrong"
                                      : "handshake not verified",
             c->text ? " - " : "");
    size_t len = strlen(out);
    snprintf(out + len, size - len, "%s", c->text ? c->text : "");
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    const struct store_conn *c = store_conn(t->store, row);
    const struct store_handshake *h = &c->handshake;
    size_t len = strlen(text);
    return (h->target.ptr && memmem(h->target.ptr, h->target.len, text, len)) ||
           (h->host.ptr && memmem(h->host.ptr, h->host.len, text, len));
}

static struct list *
list(struct tui *t)
{
    return &t->conns;
}

const struct view view_conns = {
    .draw = draw,
    .act = act,
    .status = status,
    .match = match,
    .list = list,
};
