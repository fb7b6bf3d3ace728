/* SPDX-License-Identifier: MIT */
/*
 * The opening handshake: both heads with a mark beside each line, how the
 * Accept hash comes about step by step (RFC 6455 section 4.2.2), and what the
 * line or the step selected is for.
 *
 *     result
 *     heads, beside each other where there is room
 *     the computation          small screens: one of the two, Tab changes
 *     explanation
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ui/tui/tui.h"
#include "ui/tui/views/ladder_detail.h"
#include "ui/tui/views/shake_accept.h"

#define BESIDE_COLS 100
#define DETAIL_MAX 512u

/* What there is to show. */
struct opening {
    struct tui *t;
    const struct store_conn *c;
    struct shake lines;
    struct shake_accept accept;
    bool has_accept;
    char mistake[DETAIL_MAX];
};

static void
read_detail(const struct store *s, uint32_t row, char out[DETAIL_MAX])
{
    const struct store_finding *f = store_finding(s, row);
    size_t n = f->detail_len < DETAIL_MAX ? f->detail_len : DETAIL_MAX - 1;
    out[0] = '\0';
    if (n > 0 && spool_read(&s->spool, f->detail_off, n, (uint8_t *)out))
        out[n] = '\0';
}

static void
prepare(struct opening *s, struct tui *t)
{
    const struct store_handshake *h;
    s->t = t;
    s->c = store_conn(t->store, t->conn);
    h = &s->c->handshake;
    shake_found_update(&t->shake_found, t->store, t->conn);
    shake_make(&s->lines, t->store, s->c, &t->shake_found);
    s->has_accept = h->key.ptr && (h->accepted || !h->response_head.ptr);
    s->accept = (struct shake_accept){.h = h, .step = t->shake_step};
    uint32_t row = shake_found_row(&t->shake_found, t->store,
                                   FINDING_HANDSHAKE_ACCEPT_MISMATCH);
    if (row == STORE_NONE)
        return;
    read_detail(t->store, row, s->mistake);
    /* Else it only gives both values, and they stand there. */
    if (s->mistake[0] && s->mistake[0] != '"')
        s->accept.mistake = s->mistake;
}

static enum role
mark_role(enum shake_mark mark)
{
    static const enum role roles[] = {ROLE_DIM, ROLE_GOOD, ROLE_NOTE,
                                      ROLE_WARNING, ROLE_BAD};
    return roles[mark];
}

/* Steps are left to be told, and so is what they come to. */
static bool
is_riddle(const struct opening *s)
{
    unsigned step = s->t->shake_step;
    return s->has_accept && step > 0 && step < SHAKE_STEPS;
}

static bool
gives_away(const struct opening *s, const struct shake_line *line)
{
    static const char name[] = "Sec-WebSocket-Accept:";
    if (!is_riddle(s))
        return false;
    if (line->kind == SHAKE_FOUND)
        return store_finding(s->t->store, line->row)->id ==
               FINDING_HANDSHAKE_ACCEPT_MISMATCH;
    return line->kind == SHAKE_HEAD && line->text.len >= sizeof name - 1 &&
           strncasecmp((const char *)line->text.ptr, name, sizeof name - 1) ==
               0;
}

/* ---- Heads ---- */

static void
draw_line(struct opening *s, int y, struct rect r,
          const struct shake_line *line)
{
    struct tui *t = s->t;
    struct grid *g = &t->grid;
    bool hidden = gives_away(s, line);
    enum shake_mark mark = hidden ? SHAKE_NO_MARK : (enum shake_mark)line->mark;
    int x = r.x + 7, cols = r.cols - 7;
    if (hidden && line->kind == SHAKE_FOUND)
        return;
    grid_text(g, y, r.x + 2, 4, mark_role(mark), shake_mark_name(mark));
    if (line->kind == SHAKE_FOUND) {
        char detail[DETAIL_MAX];
        const struct store_finding *f = store_finding(t->store, line->row);
        read_detail(t->store, line->row, detail);
        int used = grid_text(g, y, x, cols, mark_role(mark),
                             finding_info(f->id)->text);
        if (detail[0] && used + 2 < cols)
            grid_format(g, y, x + used, cols - used, ROLE_DIM, ": %s", detail);
    } else if (line->kind == SHAKE_SAYS) {
        grid_text(g, y, x, cols, ROLE_TITLE, line->says);
    } else if (line->secret && !t->secrets) {
        int used = grid_put(g, y, x, cols, ROLE_DIM,
                            slice_head(line->text, line->secret_at), false);
        grid_text(g, y, x + used + 1, cols - used - 1, ROLE_DIM,
                  "[hidden; H shows]");
    } else {
        grid_put(g, y, x, cols, mark ? ROLE_TEXT : ROLE_DIM, line->text, false);
    }
}

static void
draw_title(struct opening *s, struct rect r, bool request)
{
    const struct store_handshake *h = &s->c->handshake;
    const struct stamp *at = request ? &h->request : &h->response;
    char time[32];
    tui_time(s->t, at->time_ns, at->time_ns, time, sizeof time);
    const char *name = request ? "Request" : "Response";
    struct rect title = {r.y, r.x, 1, r.cols};
    if (at->packet && r.cols >= 60)
        grid_title(&s->t->grid, title, false, "%s, packet %" PRIu64 ", %s, %s",
                   name, at->packet, time,
                   request ? "client to server" : "server to client");
    else if (at->packet)
        grid_title(&s->t->grid, title, false, "%s, packet %" PRIu64, name,
                   at->packet);
    else
        grid_title(&s->t->grid, title, false, "%s", name);
}

/* The first line with the worst mark, if that is a warning or worse. */
static size_t
worst_line(const struct opening *s, size_t from, size_t end)
{
    size_t worst = from;
    uint8_t mark = SHAKE_NOTE;
    for (size_t i = from; i < end; i++)
        if (s->lines.line[i].mark > mark) {
            worst = i;
            mark = s->lines.line[i].mark;
        }
    return worst;
}

/* Lines [from, end), as many as fit, with that of the cursor among them, or
 * what is worst. */
static void
draw_lines(struct opening *s, struct rect r, size_t from, size_t end)
{
    const struct list *l = &s->t->handshake;
    size_t top = from, rows = r.rows > 0 ? (size_t)r.rows : 0;
    size_t see = l->cursor;
    if (see < from || see >= end)
        see = is_riddle(s) ? from : worst_line(s, from, end);
    if (see >= from + rows)
        top = see - rows + 1;
    for (size_t i = top; i < end && i - top < rows; i++) {
        int y = r.y + (int)(i - top);
        draw_line(s, y, r, &s->lines.line[i]);
        hit_row(s->t, (struct rect){y, r.x, 1, r.cols}, &s->t->handshake, i);
        if (i == l->cursor)
            grid_cursor(&s->t->grid, y, r.x, 7);
    }
    if (end - top > rows && rows > 0)
        grid_text(&s->t->grid, r.y + (int)rows - 1, r.x + r.cols - 4, 4,
                  ROLE_DIM, " ...");
}

static void
draw_heads(struct opening *s, struct rect r)
{
    struct list *l = &s->t->handshake;
    size_t n = s->lines.n, request = s->lines.n_request;
    list_fit(l, n, n);
    struct rect left = r, right = r;
    if (r.cols >= BESIDE_COLS) {
        left.cols = r.cols / 2 - 1;
        right.x += r.cols / 2;
        right.cols -= r.cols / 2;
        for (int y = 1; y < r.rows; y++)
            grid_line(&s->t->grid, r.y + y, right.x - 1, 1, ROLE_DIM, 0x2502,
                      '|');
    } else {
        /* Each gets what it needs, or its share. */
        int need = (int)request + 1, other = (int)(n - request) + 1;
        int half = r.rows / 2;
        left.rows = need < half             ? need
                    : other < r.rows - half ? r.rows - other
                                            : half;
        if (left.rows > need)
            left.rows = need;
        right.y += left.rows;
        right.rows -= left.rows;
    }
    draw_title(s, left, true);
    draw_title(s, right, false);
    left.y++, left.rows--, right.y++, right.rows--;
    draw_lines(s, left, 0, request);
    draw_lines(s, right, request, n);
}

/* ---- The rest ---- */

static void
draw_result(struct opening *s, struct rect r)
{
    struct grid *g = &s->t->grid;
    enum shake_mark mark;
    char text[96];
    const char *result = shake_result(s->c, &s->lines, &mark);
    if (is_riddle(s)) {
        result = "so far: ?";
        mark = SHAKE_NO_MARK;
    }
    int used = grid_format(g, r.y, r.x + 1, r.cols - 1, ROLE_STRONG,
                           "Handshake of connection %" PRIu32, s->c->conn);
    snprintf(text, sizeof text, "%s%s",
             r.cols >= 80 ? "RFC 6455 section 4: " : "", result);
    int len = (int)strlen(text);
    if (used + 3 + len < r.cols)
        grid_text(g, r.y, r.x + r.cols - len - 1, len, mark_role(mark), text);
    else
        grid_text(g, r.y, r.x + 2 + used, r.cols - used - 2, mark_role(mark),
                  result);
}

static void
explain_line(struct opening *s, struct lines *out)
{
    const struct shake_line *line = &s->lines.line[s->t->handshake.cursor];
    bool request = s->t->handshake.cursor < s->lines.n_request;
    if (line->kind == SHAKE_SAYS) {
        lines_add(out, ROLE_TEXT, 0, "%s", line->says);
    } else if (line->kind == SHAKE_FOUND) {
        const struct store_finding *f = store_finding(s->t->store, line->row);
        const struct finding_info *info = finding_info(f->id);
        lines_add(out, mark_role((enum shake_mark)line->mark), 0, "%s (%s)",
                  info->id, info->reference);
        lines_add(out, ROLE_TEXT, 0, "%s", info->teach);
    } else {
        lines_add(out, ROLE_TEXT, 0, "%s", shake_explain(line, request));
    }
}

static void
draw_explain(struct opening *s, struct rect r)
{
    char command[256];
    struct lines out =
        lines_in(&s->t->grid,
                 (struct rect){r.y + 1, r.x + 1, r.rows - 1, r.cols - 2});
    bool of_step = s->t->shake_step > 0 && s->has_accept;
    grid_title(&s->t->grid, (struct rect){r.y, r.x, 1, r.cols}, false,
               of_step ? "Explain: step %u" : "Explain", s->t->shake_step);
    if (of_step)
        lines_add(&out, ROLE_TEXT, 0, "%s", shake_accept_why(s->t->shake_step));
    else if (s->lines.n > 0)
        explain_line(s, &out);
    if (!s->has_accept || of_step)
        return;
    if (r.rows >= 7)
        lines_add(&out, ROLE_DIM, 0, "%s", shake_accept_why(0));
    if (shake_accept_command(&s->c->handshake, command, sizeof command) &&
        (int)strlen(command) + 15 < out.r.cols)
        lines_add(&out, ROLE_DIM, 0, "Reproduce it: %s", command);
    else if (command[0] && r.rows >= 7)
        lines_add(&out, ROLE_DIM, 0, "%s", command);
}

/* Rows for the computation. */
static int
accept_rows(const struct opening *s, struct rect r)
{
    int mistake = s->accept.mistake != NULL;
    if (!s->has_accept)
        return 0;
    if (r.rows >= 34)
        return SHAKE_ACCEPT_LONG;
    if (r.rows >= 23 && r.cols >= 80)
        return SHAKE_ACCEPT_LONG - 3 + (r.cols < 100) +
               (mistake && r.cols < 102);
    return SHAKE_ACCEPT_SHORT - 1 + mistake;
}

static void
draw(struct tui *t, struct rect r)
{
    struct opening s = {.t = t};
    if (t->conn == STORE_NONE && t->store->conns.n > 0)
        t->conn = 0;
    if (t->conn == STORE_NONE) {
        grid_text(&t->grid, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM,
                  "no connection");
        return;
    }
    prepare(&s, t);
    draw_result(&s, r);
    r.y++, r.rows--;
    int explain = !t->explain ? 0 : r.rows >= 34 ? 8 : r.rows >= 19 ? 4 : 0;
    bool one = r.rows < 13;
    int accept = accept_rows(&s, r);
    if (one)
        accept = t->shake_accept && s.has_accept ? r.rows : 0;
    struct rect heads = {r.y, r.x, r.rows - accept - explain, r.cols};
    if (heads.rows >= 2)
        draw_heads(&s, heads);
    else
        list_fit(&t->handshake, s.lines.n, s.lines.n);
    if (accept > 0)
        shake_accept_draw(&s.accept, &t->grid,
                          (struct rect){r.y + heads.rows, r.x, accept, r.cols});
    if (explain > 0)
        draw_explain(&s, (struct rect){r.y + r.rows - explain, r.x, explain,
                                       r.cols});
}

static bool
act(struct tui *t, enum action a)
{
    switch (a) {
    case ACTION_SECRETS:
        t->secrets = !t->secrets;
        tui_say(t, t->secrets ? "secrets are shown" : "secrets are hidden");
        return true;
    case ACTION_STEP_NEXT:
        t->shake_step = t->shake_step < SHAKE_STEPS ? t->shake_step + 1 : 0;
        t->shake_accept = true;
        return true;
    case ACTION_STEP_BACK:
        t->shake_step = t->shake_step ? t->shake_step - 1 : SHAKE_STEPS;
        t->shake_accept = true;
        return true;
    case ACTION_ENTER:
        t->shake_step = 0;
        return true;
    case ACTION_PANE:
        t->shake_accept = !t->shake_accept;
        return true;
    default:
        return false;
    }
}

static void
status(const struct tui *t, char *out, size_t size)
{
    char took[32];
    if (t->conn == STORE_NONE)
        return;
    const struct store_conn *c = store_conn(t->store, t->conn);
    const struct store_handshake *h = &c->handshake;
    int n = snprintf(out, size, "connection %" PRIu32, c->conn);
    if (n > 0 && (size_t)n < size && h->request.packet && h->response.packet) {
        ladder_duration(h->response.time_ns - h->request.time_ns, took,
                        sizeof took);
        n += snprintf(out + n, size - (size_t)n, " - answered after %s", took);
    }
    if (n > 0 && (size_t)n < size && t->shake_step)
        snprintf(out + n, size - (size_t)n, " - step %u of %u", t->shake_step,
                 SHAKE_STEPS);
}

static struct list *
list(struct tui *t)
{
    return &t->handshake;
}

const struct view view_handshake = {
    .draw = draw,
    .act = act,
    .status = status,
    .list = list,
};
