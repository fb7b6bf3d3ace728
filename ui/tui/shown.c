/* SPDX-License-Identifier: MIT */
#include "ui/tui/shown.h"

#include <stdlib.h>
#include <string.h>

#include "ui/tui/tui.h"

/* Frames that are put into the list between two drawings. */
#define ROWS_AT_A_TIME 100000u

void
shown_init(struct shown *s)
{
    *s = (struct shown){.want = STORE_NONE};
}

void
shown_fini(struct shown *s)
{
    refine_fini(&s->refine);
    free(s->text);
}

/* ---- the rows of the Frames view ---- */

/* The place of the frame that is wanted, or of the nearest one. */
static size_t
nearest_place(const struct rows *r, uint32_t frame)
{
    size_t place = rows_place(r, frame);
    if (place == r->n)
        return r->n - 1;
    if (place > 0 && rows_at(r, place) - frame > frame - rows_at(r, place - 1))
        place--;
    return place;
}

/* Selects the frame that is wanted as soon as that can be. */
static void
seek(struct tui *t, bool more)
{
    struct shown *s = &t->shown;
    const struct rows *r = &t->rows;
    if (s->want == STORE_NONE)
        return;
    if (t->frames.cursor != s->want_at) {
        s->want = STORE_NONE;
        return;
    }
    bool passed = r->n > 0 && rows_at(r, r->n - 1) >= s->want;
    if (!passed && more)
        return;
    if (r->n > 0) {
        t->frames.n = r->n;
        list_go(&t->frames, nearest_place(r, s->want));
        t->frame = rows_at(r, t->frames.cursor);
        t->conn = store_frame(t->store, t->frame)->conn;
    }
    s->want = STORE_NONE;
}

/* The rows begin anew, with the cursor where it was if that is shown. */
static void
restart_rows(struct tui *t, uint32_t conn)
{
    rows_start(&t->rows, conn);
    t->rows.filter = tui_filtered(t) ? &t->shown.refine : NULL;
    t->frames.cursor = t->frames.top = t->frames.n = 0;
    t->shown.want = t->frames.follow ? STORE_NONE : t->frame;
    t->shown.want_at = 0;
}

bool
tui_rows_update(struct tui *t)
{
    struct refine *r = &t->shown.refine;
    size_t end = t->paused ? t->shown_end : t->store->frames.n;
    if (r->filter && t->store->has_start)
        filter_set_start(r->filter, t->store->first_ns);
    bool more =
        refine_update(r, t->store, end, atomic_load(t->loading), t->slice_ns);
    if (rows_update(&t->rows, t->store, end, ROWS_AT_A_TIME))
        more = true;
    t->shown_end = end;
    seek(t, more);
    return more;
}

void
tui_set_scope(struct tui *t, uint32_t conn)
{
    if (t->rows.conn == conn && t->rows.scanned > 0)
        return;
    t->frames.follow = false;
    restart_rows(t, conn);
    if (t->frame != STORE_NONE)
        tui_select_frame(t, t->frame);
}

struct rows *
tui_conn_rows(struct tui *t)
{
    if (t->conn != t->conn_rows.conn)
        rows_start(&t->conn_rows, t->conn);
    if (t->conn != STORE_NONE)
        (void)rows_update(&t->conn_rows, t->store, t->shown_end, SIZE_MAX);
    return &t->conn_rows;
}

void
tui_select_frame(struct tui *t, uint32_t frame)
{
    const struct refine *r = &t->shown.refine;
    if (frame >= t->shown_end) /* came while the display was paused, or just */
        t->shown_end = t->paused ? t->shown_end : t->store->frames.n;
    while (t->rows.scanned <= frame &&
           rows_update(&t->rows, t->store, t->shown_end, ROWS_AT_A_TIME))
        ;
    t->frame = frame;
    t->conn = store_frame(t->store, frame)->conn;
    t->frames.n = t->rows.n;
    t->frames.follow = false;
    if (t->frames.n > 0 && t->frames.cursor >= t->frames.n)
        t->frames.cursor = t->frames.n - 1;
    t->shown.want = frame;
    t->shown.want_at = t->frames.cursor;
    seek(t, r->filter && r->scanned <= frame && !r->stopped);
    t->frame = frame;
    t->conn = store_frame(t->store, frame)->conn;
    if (t->view != VIEW_CONNS && r->filter && frame < r->scanned &&
        !refine_frame(r, frame))
        tui_say(t, "the filter hides that frame; the nearest one is selected");
}

/* ---- the filter ---- */

bool
tui_filter(struct tui *t, const char *text, struct filter_error *error)
{
    struct filter *f = NULL;
    char *copy = NULL;
    if (text[0]) {
        if (filter_new(&f, slice_cstr(text), error) != ERR_OK)
            return false;
        copy = strdup(text);
        if (!copy) {
            filter_free(f);
            *error = (struct filter_error){.text = "out of memory"};
            return false;
        }
    }
    refine_start(&t->shown.refine, f);
    recount_reset(&t->recount);
    free(t->shown.text);
    t->shown.text = copy;
    restart_rows(t, t->rows.conn);
    return true;
}

bool
tui_filter_stop(struct tui *t)
{
    struct refine *r = &t->shown.refine;
    if (!r->filter || r->stopped || r->scanned >= t->shown_end)
        return false;
    refine_stop(r);
    tui_say(t, "the filter was stopped: only the frames before are shown");
    return true;
}

bool
tui_filtered(const struct tui *t)
{
    return t->shown.refine.filter != NULL;
}
