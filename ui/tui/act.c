/* SPDX-License-Identifier: MIT */
/* What actions do that mean the same in all views, and when they can be done.
 */
#include <stdio.h>
#include <string.h>

#include "ui/tui/layers/copy.h"
#include "ui/tui/layers/find.h"
#include "ui/tui/layers/goto.h"
#include "ui/tui/layers/help.h"
#include "ui/tui/layers/pick.h"
#include "ui/tui/layers/settings.h"
#include "ui/tui/tui.h"

static bool
act_on_list(struct tui *t, enum action a)
{
    const struct view *v = tui_view(t);
    struct list *l = v->list ? v->list(t) : NULL;
    if (!l)
        return false;
    long page = l->height > 1 ? (long)l->height - 1 : 1;
    switch (a) {
    case ACTION_UP:
        list_move(l, -1);
        return true;
    case ACTION_DOWN:
        list_move(l, 1);
        return true;
    case ACTION_PAGE_UP:
        list_move(l, -page);
        return true;
    case ACTION_PAGE_DOWN:
        list_move(l, page);
        return true;
    case ACTION_FIRST:
        list_first(l);
        return true;
    case ACTION_LAST:
        list_last(l, atomic_load(t->loading));
        return true;
    case ACTION_FOLLOW:
        list_last(l, !l->follow);
        return true;
    default:
        return false;
    }
}

static void
step_frame(struct tui *t, long step)
{
    if (t->rows.n == 0)
        return;
    t->frames.n = t->rows.n;
    list_move(&t->frames, step);
    t->frame = rows_at(&t->rows, t->frames.cursor);
    t->conn = store_frame(t->store, t->frame)->conn;
}

static void
next_time(struct tui *t)
{
    t->time = (enum tui_time)((t->time + 1) % TUI_TIME_COUNT);
    if (t->time == TUI_TIME_REFERENCE && t->reference == STORE_NONE)
        t->time = TUI_TIME_RELATIVE;
    tui_say(t, "times %s", tui_time_name(t->time));
}

/* Again on the same frame takes it away. */
static void
set_reference(struct tui *t)
{
    bool again = t->reference == t->frame;
    t->reference = again ? STORE_NONE : t->frame;
    t->time = again ? TUI_TIME_RELATIVE : TUI_TIME_REFERENCE;
    tui_say(t, "%s",
            again ? "times since the first packet"
                  : "times since this frame: T again ends that");
}

static void
go_back(struct tui *t)
{
    if (t->view == VIEW_CONNS)
        t->quit = true;
    else
        t->view = t->before != t->view ? t->before : VIEW_CONNS,
        t->before = VIEW_CONNS;
}

/* What means the same in all views. */
static bool
act_everywhere(struct tui *t, enum action a)
{
    if (a >= ACTION_VIEW_CONNS && a <= ACTION_VIEW_FINDINGS) {
        tui_go(t, (enum view_id)(a - ACTION_VIEW_CONNS));
        return true;
    }
    switch (a) {
    case ACTION_HELP:
        help_open(t);
        return true;
    case ACTION_BACK:
        go_back(t);
        return true;
    case ACTION_ESCAPE:
        if (t->view != VIEW_CONNS)
            go_back(t);
        else
            tui_say(t, "q quits");
        return true;
    case ACTION_QUIT:
        t->quit = true;
        return true;
    case ACTION_PAUSE:
        t->paused = !t->paused;
        return true;
    case ACTION_NEXT_FRAME:
        step_frame(t, 1);
        return true;
    case ACTION_PREVIOUS_FRAME:
        step_frame(t, -1);
        return true;
    case ACTION_NEXT_CONN:
        view_conns_step(t, 1);
        return true;
    case ACTION_PREVIOUS_CONN:
        view_conns_step(t, -1);
        return true;
    case ACTION_NEXT_FINDING:
        view_findings_step(t, 1);
        return true;
    case ACTION_PREVIOUS_FINDING:
        view_findings_step(t, -1);
        return true;
    case ACTION_FILTER:
        filter_ask(t, NULL);
        return true;
    case ACTION_PICK:
        pick_apply(t);
        return true;
    case ACTION_PREPARE:
        pick_prepare(t);
        return true;
    case ACTION_GOTO:
        goto_ask(t);
        return true;
    case ACTION_FIND:
    case ACTION_FIND_HERE:
        find_ask(t);
        return true;
    case ACTION_FIND_NEXT:
        find_next(t, true);
        return true;
    case ACTION_FIND_PREVIOUS:
        find_next(t, false);
        return true;
    case ACTION_TIME:
        next_time(t);
        return true;
    case ACTION_SETTINGS:
        settings_open(t);
        return true;
    case ACTION_STEP:
        tui_paint(t); /* which frame is selected */
        step_open(t);
        return true;
    case ACTION_PRESENT:
        t->present = !t->present;
        t->secrets = false;
        tui_say(t, "%s",
                t->present ? "addresses, secrets and file names are hidden"
                           : "everything is shown");
        return true;
    case ACTION_REFERENCE:
        set_reference(t);
        return true;
    case ACTION_EXPLAIN:
        t->explain = !t->explain;
        return true;
    case ACTION_COPY:
        copy_open(t);
        return true;
    case ACTION_SAVE:
        save_open(t);
        return true;
    case ACTION_REDRAW:
        t->redraw = true;
        return true;
    case ACTION_SUSPEND:
        t->suspend = true;
        return true;
    default:
        return false;
    }
}

/* "in Frames, Talk" */
static const char *
where(uint32_t in, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        if (in >> v & 1u && n < size) {
            snprintf(out + n, size - n, "%s%s", n ? ", " : "in ",
                     view_name((enum view_id)v));
            n += strlen(out + n);
        }
    return out;
}

const char *
tui_why_not(struct tui *t, enum action a, char *out, size_t size)
{
    const struct action_info *info = action_info(a);
    const char *at_rest = t->live ? "the capture has ended" : "this is a file";
    bool grows = atomic_load(t->loading);
    if (!(info->views >> t->view & 1u))
        return where(info->views, out, size);
    if (t->present && a == ACTION_SECRETS)
        return "others look on: P ends that";
    switch (info->need) {
    case NEED_ANY:
        break;
    case NEED_CONN:
        return t->store->conns.n ? NULL : "there is no connection yet";
    case NEED_FRAME:
        return t->rows.n ? NULL : "there is no frame";
    case NEED_FINDING:
        return t->store->findings.n ? NULL : "there are no findings";
    case NEED_FILTER:
        return tui_filtered(t) ? NULL : "there is no filter: / asks for one";
    case NEED_TEXT:
        return t->find[0] ? NULL : "nothing was looked for yet: ^F asks";
    case NEED_FOLLOW: {
        const struct view *v = tui_view(t);
        const struct list *l = v->list ? v->list(t) : NULL;
        return grows || (l && l->follow) ? NULL : at_rest;
    }
    case NEED_PAUSE:
        return grows || t->paused ? NULL : at_rest;
    }
    return NULL;
}

bool
tui_act(struct tui *t, enum action a)
{
    const struct view *v = tui_view(t);
    return (v->act && v->act(t, a)) || act_on_list(t, a) ||
           act_everywhere(t, a);
}
