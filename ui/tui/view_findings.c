/* SPDX-License-Identifier: MIT */
/* Findings: one a row, and why the one selected matters. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

#define WHY_ROWS 9
#define DETAIL_MAX 512u

static void
draw_row(struct tui *t, int y, struct rect r, const struct store_finding *f)
{
    struct grid *g = &t->grid;
    const struct finding_info *info = finding_info(f->id);
    char time[32];
    tui_time(t, f->time_ns, f->time_ns, time, sizeof time);
    int x = r.x + 1;
    grid_text(g, y, x, 8, tui_severity_role(f->severity),
              severity_name(f->severity));
    x += 9;
    grid_format(g, y, x, 7, ROLE_TEXT, "#%-5" PRIu32,
                store_conn(t->store, f->conn)->conn);
    x += 7;
    if (r.cols >= 100) {
        grid_text(g, y, x, 15, ROLE_DIM, time);
        x += 16;
    }
    int id = r.cols >= 80 ? 30 : r.cols - (x - r.x);
    grid_text(g, y, x, id, ROLE_STRONG, info->id);
    x += id + 1;
    grid_text(g, y, x, r.x + r.cols - x, ROLE_TEXT, info->text);
}

/* A sentence over as many rows as it takes; returns the row behind it. */
static int
wrapped(struct grid *g, int y, struct rect r, enum role role, const char *at)
{
    size_t room = (size_t)r.cols - 2;
    while (at && *at && y < r.y + r.rows) {
        size_t len = strlen(at);
        if (len > room) {
            len = room;
            while (len > 0 && at[len] != ' ')
                len--;
            len = len ? len : room;
        }
        grid_put(g, y++, r.x + 1, r.cols - 2, role,
                 slice_make((const uint8_t *)at, len), false);
        at += len;
        at += *at == ' ';
    }
    return y;
}

static void
draw_why(struct tui *t, struct rect r, const struct store_finding *f)
{
    struct grid *g = &t->grid;
    const struct finding_info *info = finding_info(f->id);
    uint8_t detail[DETAIL_MAX];
    grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, false, "%s [%s]",
               info->id, info->reference);
    int y = wrapped(g, r.y + 1, r, ROLE_STRONG, info->text);
    size_t n = f->detail_len < sizeof detail ? f->detail_len : sizeof detail;
    if (n > 0 && y < r.y + r.rows &&
        spool_read(&t->store->spool, f->detail_off, n, detail))
        grid_put(g, y++, r.x + 1, r.cols - 2, ROLE_WARNING,
                 slice_make(detail, n), n < f->detail_len);
    y = wrapped(g, y, r, ROLE_TEXT, info->teach);
    (void)wrapped(g, y, r, ROLE_DIM, info->unless);
}

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    size_t n = t->store->findings.n;
    int why = r.rows >= 16 && n > 0 ? WHY_ROWS : 0;
    grid_format(g, r.y, r.x, r.cols, ROLE_STRONG,
                " %" PRIu64 " errors, %" PRIu64 " warnings, %" PRIu64 " notes",
                t->store->found[SEVERITY_ERROR],
                t->store->found[SEVERITY_WARNING],
                t->store->found[SEVERITY_NOTE]);
    list_fit(&t->findings, n, (size_t)(r.rows - 1 - why));
    hit_list(t, (struct rect){r.y + 1, r.x, r.rows - 1 - why, r.cols},
             &t->findings);
    for (size_t i = 0; i < t->findings.height; i++) {
        size_t row = t->findings.top + i;
        int y = r.y + 1 + (int)i;
        if (row >= n)
            break;
        draw_row(t, y, r, store_finding(t->store, row));
        if (row == t->findings.cursor)
            grid_cursor(g, y, r.x, r.cols);
    }
    if (why)
        draw_why(t, (struct rect){r.y + r.rows - why, r.x, why, r.cols},
                 store_finding(t->store, t->findings.cursor));
}

static bool
act(struct tui *t, enum action a)
{
    if (a != ACTION_ENTER || t->store->findings.n == 0)
        return false;
    const struct store_finding *f = store_finding(t->store, t->findings.cursor);
    t->conn = f->conn;
    if (f->frame == STORE_NONE) {
        tui_go(t, VIEW_HANDSHAKE);
    } else {
        tui_set_scope(t, f->conn);
        tui_select_frame(t, f->frame);
        tui_go(t, VIEW_FRAMES);
    }
    return true;
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    const struct finding_info *info =
        finding_info(store_finding(t->store, row)->id);
    return strstr(info->id, text) || strstr(info->text, text);
}

static struct list *
list(struct tui *t)
{
    return &t->findings;
}

const struct view view_findings = {
    .draw = draw,
    .act = act,
    .match = match,
    .list = list,
};
