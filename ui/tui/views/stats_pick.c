/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/stats_pick.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/views/stats_panel.h"

static const char none[] = "there is none";

static const char *
add_side(const struct tui *t, char *out, size_t size)
{
    static const char *const sides[] = {"", " && ws.dir == c2s",
                                        " && ws.dir == s2c"};
    size_t n = strlen(out);
    snprintf(out + n, size - n, "%s", sides[t->stats_side]);
    return NULL;
}

/* Of the sides that the cursor is on. */
static uint64_t
count_of(const struct tui *t, const uint64_t n[2])
{
    return t->stats_side ? n[t->stats_side - 1] : n[0] + n[1];
}

/* "1.5": seconds. */
static void
seconds_text(int64_t ns, char *out, size_t size)
{
    uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    int n = snprintf(out, size, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "",
                     v / 1000000000, v % 1000000000);
    while (n > 2 && out[n - 1] == '0' && out[n - 2] != '.')
        out[--n] = '\0';
}

static const char *
pick_time(struct tui *t, size_t step, char *out, size_t size)
{
    const char *name = "frame.time_relative";
    int64_t from = stats_panel_time(t, step),
            to = stats_panel_time(t, step + 1);
    int64_t a, b;
    char low[32], high[32];
    if (stats_panel_frames(t, step) == 0)
        return none;
    if (!t->store->has_start ||
        __builtin_sub_overflow(from, t->store->first_ns, &a) ||
        __builtin_sub_overflow(to, t->store->first_ns, &b)) {
        name = "frame.time_epoch";
        a = from;
        b = to;
    }
    seconds_text(a, low, sizeof low);
    seconds_text(b, high, sizeof high);
    snprintf(out, size, "%s >= %s && %s < %s", name, low, name, high);
    return NULL;
}

static const char *
pick_opcode(const struct tui *t, const struct stats_figures *f, size_t row,
            char *out, size_t size)
{
    static const char *const tests[STATS_OPCODE_ROWS] = {
        [STATS_ROW_TEXT] = "== text",
        [STATS_ROW_BINARY] = "== binary",
        [STATS_ROW_CONTINUATION] = "== continuation",
        [STATS_ROW_PING] = "== ping",
        [STATS_ROW_PONG] = "== pong",
        [STATS_ROW_CLOSE] = "== close",
        [STATS_ROW_OTHER] = "in {3..7, 11..15}",
    };
    if (row >= STATS_OPCODE_ROWS || count_of(t, f->opcode[row]) == 0)
        return none;
    snprintf(out, size, "websocket.opcode %s", tests[row]);
    return add_side(t, out, size);
}

static const char *
pick_size(const struct stats_figures *f, size_t row, char *out, size_t size)
{
    size_t rows;
    size_t bits = stats_panel_first_size(f, &rows) + row;
    if (row >= rows || f->size[bits] == 0)
        return none;
    uint64_t low = bits ? UINT64_C(1) << (bits - 1) : 0;
    if (bits < 2)
        snprintf(out, size, "ws.msg.len == %" PRIu64, low);
    else
        snprintf(out, size, "ws.msg.len in {%" PRIu64 "..%" PRIu64 "}", low,
                 low + (low - 1));
    return NULL;
}

static const char *
pick_close(const struct tui *t, const struct stats_figures *f, size_t row,
           char *out, size_t size)
{
    bool coded = row < f->n_codes;
    if (row > f->n_codes ||
        count_of(t, coded ? f->code[row].n : f->close_without) == 0)
        return none;
    if (coded)
        snprintf(out, size, "websocket.payload.close.status_code == %u",
                 f->code[row].code);
    else
        snprintf(out, size, "websocket.opcode == close && ws.len < 2");
    return add_side(t, out, size);
}

static const char *
pick_conn(const struct tui *t, char *out, size_t size)
{
    if (t->conn_order.n == 0 || t->conn == STORE_NONE)
        return none;
    snprintf(out, size, "ws.conn == %" PRIu32,
             store_conn(t->store, t->conn)->conn);
    return NULL;
}

const char *
stats_pick(struct tui *t, char *out, size_t size)
{
    struct stats_figures f;
    size_t at = stats_panel_list(t, t->stats_panel)->cursor;
    stats_figures(stats_panel_stats(t), &f);
    switch (t->stats_panel) {
    case STATS_PANEL_CURVE:
        return pick_time(t, at, out, size);
    case STATS_PANEL_OPCODES:
        return pick_opcode(t, &f, at, out, size);
    case STATS_PANEL_SIZES:
        return pick_size(&f, at, out, size);
    case STATS_PANEL_CONNS:
        return pick_conn(t, out, size);
    case STATS_PANEL_CLOSES:
        return pick_close(t, &f, at, out, size);
    case STATS_PANEL_TURNS:
    case STATS_PANEL_COUNT:
        break;
    }
    return "no filter knows these times; ws.delta is to the frame before";
}

/* old: the filter already says so. */
static bool
holds(const char *old, const char *text)
{
    size_t n = strlen(old), len = strlen(text);
    return strcmp(old, text) == 0 ||
           (n > len + 4 && strcmp(old + n - len, text) == 0 &&
            strncmp(old + n - len - 4, " && ", 4) == 0);
}

void
stats_pick_apply(struct tui *t)
{
    char text[PROMPT_MAX], all[PROMPT_MAX];
    const char *why = stats_pick(t, text, sizeof text);
    const char *old = stats_panel_is_filtered(t) ? t->shown.text : NULL;
    int n;
    if (why) {
        tui_say(t, "%s", why);
        return;
    }
    if (old && holds(old, text))
        n = snprintf(all, sizeof all, "%s", old);
    else if (old)
        n = snprintf(all, sizeof all, "(%s) && %s", old, text);
    else
        n = snprintf(all, sizeof all, "%s", text);
    if (n < 0 || (size_t)n >= sizeof all) {
        tui_say(t, "that filter is too long");
        return;
    }
    t->frame = t->store->frames.n > 0 ? 0 : STORE_NONE;
    filter_apply(t, all);
    if (!t->shown.text || strcmp(t->shown.text, all) != 0)
        return; /* which was told */
    tui_set_scope(t, STORE_NONE);
    tui_go(t, VIEW_FRAMES);
}
