/* SPDX-License-Identifier: MIT */
/* Findings: by rule or in the order they came, and why the one selected
 * matters. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/screen/columns.h"
#include "ui/tui/screen/panel.h"
#include "ui/tui/tui.h"
#include "ui/tui/views/finding_why.h"

/* In front of the columns: the cursor, and whether a group is unfolded. */
#define LEAD 4
#define ITEM_INDENT 6

/* From these on there is room for the reasons: on the right, or below. */
#define SIDE_COLS 140
#define SIDE_WIDTH 60
#define BELOW_ROWS 16

enum { COL_SEVERITY = 0, COL_RULE, COL_COUNT, COL_FIRST, COL_SUMMARY, N_COLS };

static const struct column columns[N_COLS] = {
    [COL_SEVERITY] = {"Sev", NULL, 7, 7, 0, false, false},
    [COL_RULE] = {"Rule", NULL, 15, 33, 1, false, false},
    [COL_COUNT] = {"Count", NULL, 6, 6, 2, true, false},
    [COL_FIRST] = {"First", NULL, 7, 7, 4, false, false},
    [COL_SUMMARY] = {"Summary", NULL, 14, 60, 3, false, true},
};

static void
fit_columns(const struct tui *t, struct rect r, struct column *c,
            struct column_place *at)
{
    int longest = 0;
    memcpy(c, columns, sizeof columns);
    for (size_t i = 0; i < t->found.n_groups; i++) {
        enum finding_id id = (enum finding_id)t->found.order[i];
        int len = (int)strlen(finding_info(id)->id);
        longest = len > longest ? len : longest;
    }
    if (longest < c[COL_RULE].most)
        c[COL_RULE].most = longest;
    if (t->found.flat) {
        c[COL_COUNT].name = "Conn";
        c[COL_FIRST].name = "Where";
    }
    columns_fit(c, N_COLS, r.x + LEAD, r.cols - LEAD, r.cols < 100 ? 1 : 2, at);
}

/* ---- the selection ---- */

static void
take_in(struct tui *t)
{
    if (t->found.least != t->least)
        finding_list_least(&t->found, t->least);
    if (!t->paused)
        t->found_end = t->store->findings.n;
    (void)finding_list_update(&t->found, t->store, t->found_end);
}

/* The list as it is now, with the cursor on the finding selected: by keys
 * here, or by e and E in another view. */
static void
keep_up(struct tui *t)
{
    struct finding_list *fl = &t->found;
    struct list *l = &t->findings;
    struct finding_item item = t->finding_item;
    bool elsewhere = t->finding != item.row && t->finding != STORE_NONE;
    if (elsewhere)
        item = (struct finding_item){false, t->finding};
    else if (l->cursor != t->finding_line && l->cursor < finding_list_n(fl))
        item = finding_list_at(fl, l->cursor);
    take_in(t);
    if (elsewhere)
        fl->group[store_finding(t->store, item.row)->id].unfolded = true;
    size_t n = finding_list_n(fl);
    size_t at = finding_list_place(fl, t->store, item);
    if (at < n && !l->follow) {
        l->n = n;
        if (elsewhere)
            list_go(l, at);
        else
            list_keep(l, at);
    }
    list_fit(l, n, l->height);
    if (n > 0)
        item = finding_list_at(fl, l->cursor);
    else
        item.row = STORE_NONE;
    t->finding = item.row;
    t->finding_item = item;
    t->finding_line = l->cursor;
}

/* The line of an item, wherever it now is. */
static void
go_to_item(struct tui *t, struct finding_item item)
{
    t->findings.n = finding_list_n(&t->found);
    list_go(&t->findings, finding_list_place(&t->found, t->store, item));
}

void
view_findings_step(struct tui *t, int step)
{
    if (t->view == VIEW_FINDINGS)
        keep_up(t);
    else
        take_in(t);
    uint32_t row = finding_list_step(&t->found, t->finding, step);
    if (row == STORE_NONE) {
        tui_say(t, "%s",
                tui_filtered(t) ? "the filter hides every finding"
                                : "nothing as severe as that was found");
        return;
    }
    const struct store_finding *f = store_finding(t->store, row);
    t->finding = row;
    t->conn = f->conn;
    if (t->rows.conn != STORE_NONE && t->rows.conn != f->conn)
        tui_set_scope(t, f->conn);
    if (f->frame != STORE_NONE)
        tui_select_frame(t, f->frame);
    tui_say(t, "%s: %s", finding_info(f->id)->id, finding_info(f->id)->text);
}

/* ---- lines ---- */

/* "F 14": a frame of its sender; "H 5": the packet of a handshake; "P 5": a
 * packet. */
static void
place_text(const struct store_finding *f, char *out, size_t size)
{
    enum finding_layer layer = finding_info(f->id)->layer;
    if (f->number > 0)
        snprintf(out, size, "F %3" PRIu32, f->number);
    else
        snprintf(out, size, "%c %3" PRIu64,
                 layer == FINDING_LAYER_HTTP || layer == FINDING_LAYER_HANDSHAKE
                     ? 'H'
                     : 'P',
                 f->packet);
}

static void
put_cell(struct grid *g, int y, struct column_place at, enum role role,
         const char *text)
{
    if (at.cols > 0)
        grid_text(g, y, at.x, at.cols, role, text);
}

static void
draw_rule(struct tui *t, int y, const struct column_place *at,
          const struct store_finding *f, enum severity severity)
{
    struct grid *g = &t->grid;
    const struct finding_info *info = finding_info(f->id);
    char text[32];
    put_cell(g, y, at[COL_SEVERITY], tui_severity_role(severity),
             severity_name(severity));
    put_cell(g, y, at[COL_RULE], ROLE_STRONG, info->id);
    place_text(f, text, sizeof text);
    put_cell(g, y, at[COL_FIRST], ROLE_TEXT, text);
    put_cell(g, y, at[COL_SUMMARY], ROLE_TEXT, info->text);
}

static void
draw_head(struct tui *t, int y, struct rect r, const struct column_place *at,
          const struct store_finding *f)
{
    const struct finding_group *group = &t->found.group[f->id];
    grid_line(&t->grid, y, r.x + 2, 1, ROLE_TEXT,
              group->unfolded ? 0x25be : 0x25b8, group->unfolded ? 'v' : '>');
    draw_rule(t, y, at, f, group->worst);
    if (at[COL_COUNT].cols > 0)
        panel_number(&t->grid, y, at[COL_COUNT].x, at[COL_COUNT].cols,
                     ROLE_TEXT, group->rows.n);
}

/* One finding of a group. */
static void
draw_item(struct tui *t, int y, struct rect r, const struct store_finding *f)
{
    struct grid *g = &t->grid;
    char place[32], time[32], len[16];
    int x = r.x + ITEM_INDENT, end = r.x + r.cols;
    place_text(f, place, sizeof place);
    tui_time(t, f->time_ns, f->time_ns, time, sizeof time);
    x += grid_format(g, y, x, end - x, ROLE_TEXT, "%s  ", place);
    if (r.cols >= 60)
        x += grid_format(g, y, x, end - x, ROLE_DIM, "%12s  ", time);
    x += grid_format(g, y, x, end - x, ROLE_TEXT, "conn %" PRIu32 "  ",
                     store_conn(t->store, f->conn)->conn);
    if (f->has_from)
        x += 2 + grid_text(g, y, x, end - x, tui_sender_role(f->from),
                           !g->utf8
                               ? (f->from == WS_SENDER_SERVER ? "S>C" : "C>S")
                           : f->from == WS_SENDER_SERVER ? "S\u2192C"
                                                         : "C\u2192S");
    if (f->frame == STORE_NONE)
        return;
    const struct store_frame *frame = store_frame(t->store, f->frame);
    uint8_t opcode = store_frame_opcode(frame);
    if (!(frame->flags & STORE_GAP))
        x += 1 + grid_text(g, y, x, end - x, tui_opcode_role(opcode),
                           ws_opcode_name(opcode));
    tui_bytes(frame->payload_len, len, sizeof len);
    grid_format(g, y, x, end - x, ROLE_DIM, "len %s", len);
}

static void
draw_line(struct tui *t, int y, struct rect r, const struct column_place *at,
          size_t line)
{
    struct grid *g = &t->grid;
    struct finding_item item = finding_list_at(&t->found, line);
    const struct store_finding *f = store_finding(t->store, item.row);
    if (item.head) {
        draw_head(t, y, r, at, f);
    } else if (t->found.flat) {
        draw_rule(t, y, at, f, f->severity);
        if (at[COL_COUNT].cols > 0)
            grid_format(g, y, at[COL_COUNT].x, at[COL_COUNT].cols, ROLE_TEXT,
                        "%*" PRIu32, at[COL_COUNT].cols,
                        store_conn(t->store, f->conn)->conn);
    } else {
        draw_item(t, y, r, f);
    }
    if (line == t->findings.cursor) {
        grid_text(g, y, r.x, 1, ROLE_TEXT, ">");
        grid_cursor(g, y, r.x, r.cols);
    }
}

/* "3 errors  2 warnings", and how the list is made. */
static void
draw_counts(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    int x = r.x + 1, end = r.x + r.cols;
    for (unsigned s = SEVERITY_COUNT; s-- > SEVERITY_NOTE;) {
        uint64_t n = tui_filtered(t) ? t->found.passed[s] : t->store->found[s];
        x +=
            2 + grid_format(g, r.y, x, end - x,
                            n ? tui_severity_role((enum severity)s) : ROLE_DIM,
                            "%" PRIu64 " %s%s", n,
                            severity_name((enum severity)s), n == 1 ? "" : "s");
    }
    char how[80];
    int len = snprintf(how, sizeof how, "%s (u)  from: %s (V)",
                       t->found.flat ? "in their order" : "by rule",
                       severity_name(t->least));
    if (end - x > len)
        grid_text(g, r.y, end - len - 1, len, ROLE_DIM, how);
}

static void
draw_list(struct tui *t, struct rect r)
{
    struct column c[N_COLS];
    struct column_place at[N_COLS];
    size_t n = finding_list_n(&t->found);
    fit_columns(t, r, c, at);
    columns_head(&t->grid, r.y, c, N_COLS, at, N_COLS, false);
    list_fit(&t->findings, n, (size_t)(r.rows > 1 ? r.rows - 1 : 0));
    hit_list(t, (struct rect){r.y + 1, r.x, r.rows - 1, r.cols}, &t->findings);
    for (size_t i = 0; i < t->findings.height && t->findings.top + i < n; i++)
        draw_line(t, r.y + 1 + (int)i, r, at, t->findings.top + i);
    if (n == 0)
        grid_text(&t->grid, r.y + 1, r.x + LEAD, r.cols - LEAD, ROLE_DIM,
                  t->store->findings.n == 0 ? "nothing was found"
                  : tui_filtered(t)         ? "no finding passes the filter"
                                            : "nothing as severe as that");
}

static void
draw_why(struct tui *t, struct rect r, bool side)
{
    struct grid *g = &t->grid;
    grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, false, "Why");
    for (int y = r.y + 1; side && y < r.y + r.rows; y++)
        grid_line(g, y, r.x, 1, ROLE_DIM, 0x2502, '|');
    struct rect text = {r.y + 1, r.x + 1 + side, r.rows - 1, r.cols - 2 - side};
    finding_why_draw(t, text, t->finding);
}

static void
draw(struct tui *t, struct rect r)
{
    keep_up(t);
    draw_counts(t, r);
    r.y++;
    r.rows--;
    bool why = t->explain && t->finding != STORE_NONE;
    if (why && r.cols >= SIDE_COLS) {
        struct rect right = {r.y, r.x + r.cols - SIDE_WIDTH, r.rows,
                             SIDE_WIDTH};
        draw_list(t, (struct rect){r.y, r.x, r.rows, r.cols - SIDE_WIDTH - 1});
        draw_why(t, right, true);
    } else if (why && r.rows + 1 >= BELOW_ROWS) {
        int below = r.rows / 2;
        draw_list(t, (struct rect){r.y, r.x, r.rows - below, r.cols});
        draw_why(t, (struct rect){r.y + r.rows - below, r.x, below, r.cols},
                 false);
    } else if (why && t->pane == 1) {
        list_fit(&t->findings, finding_list_n(&t->found), (size_t)r.rows - 1);
        draw_why(t, r, false);
    } else {
        draw_list(t, r);
    }
}

/* ---- keys ---- */

/* Its frame, or the handshake that it is of. */
static void
open_finding(struct tui *t, const struct store_finding *f)
{
    t->conn = f->conn;
    if (f->frame == STORE_NONE &&
        finding_info(f->id)->layer <= FINDING_LAYER_HANDSHAKE) {
        tui_go(t, VIEW_HANDSHAKE);
        return;
    }
    tui_set_scope(t, f->conn);
    if (f->frame != STORE_NONE)
        tui_select_frame(t, f->frame);
    tui_go(t, VIEW_FRAMES);
}

static void
next_least(struct tui *t)
{
    t->least = t->least == SEVERITY_ERROR ? SEVERITY_NOTE
                                          : (enum severity)(t->least + 1);
    tui_say(t, "findings from %s on", severity_name(t->least));
}

static bool
act_on_finding(struct tui *t, enum action a)
{
    struct finding_item item = finding_list_at(&t->found, t->findings.cursor);
    const struct store_finding *f = store_finding(t->store, item.row);
    bool *unfolded = &t->found.group[f->id].unfolded;
    switch (a) {
    case ACTION_ENTER:
        if (item.head)
            *unfolded = !*unfolded;
        else
            open_finding(t, f);
        return true;
    case ACTION_RIGHT:
        *unfolded |= item.head;
        return true;
    case ACTION_LEFT:
        if (t->found.flat)
            return true;
        *unfolded = false;
        go_to_item(t, item);
        return true;
    default:
        return false;
    }
}

static bool
act(struct tui *t, enum action a)
{
    keep_up(t);
    switch (a) {
    case ACTION_GROUP:
        t->found.flat = !t->found.flat;
        if (t->finding != STORE_NONE)
            go_to_item(t, (struct finding_item){false, t->finding});
        return true;
    case ACTION_SEVERITY:
        next_least(t);
        return true;
    case ACTION_PANE:
        t->pane = !t->pane;
        return true;
    case ACTION_ENTER:
    case ACTION_LEFT:
    case ACTION_RIGHT:
        return t->finding == STORE_NONE || act_on_finding(t, a);
    default:
        return false;
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    if (t->finding == STORE_NONE)
        return;
    size_t place = 0;
    while (place < t->found.all.n && t->found.all.row[place] != t->finding)
        place++;
    snprintf(out, size,
             "finding %zu of %zu - exit status of `wsray check` would be %d",
             place + 1, t->found.all.n,
             t->store->found[SEVERITY_ERROR] > 0 ? 1 : 0);
}

static bool
match(const struct tui *t, size_t row, const char *text)
{
    struct finding_item item = finding_list_at(&t->found, row);
    const struct finding_info *info =
        finding_info(store_finding(t->store, item.row)->id);
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
    .status = status,
    .match = match,
    .list = list,
};
