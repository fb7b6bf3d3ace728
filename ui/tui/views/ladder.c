/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/ladder.h"

#include <stdlib.h>
#include <string.h>

/* How far back what TCP did is put in its place: the SYNs come right behind
 * the handshake event, when more may be there already. */
#define BACK_MAX 256u
/* After so many frames, what was read from the file is let go. */
#define REST_FRAMES 4096u

void
ladder_fini(struct ladder *l)
{
    free(l->row);
    l->row = NULL;
    l->n = l->cap = 0;
}

static bool
is_gap(const struct store_frame *f)
{
    return (f->flags & STORE_GAP) != 0;
}

/* ---- What a row stands for ---- */

static struct stamp
stamp_of(const struct ladder *l, const struct store *s,
         const struct ladder_row *r)
{
    const struct store_conn *c = store_conn(s, l->conn);
    const struct store_handshake *h = &c->handshake;
    switch ((enum ladder_kind)r->kind) {
    case LADDER_REQUEST:
        return h->request;
    case LADDER_RESPONSE:
    case LADDER_OPEN:
        return h->response;
    case LADDER_TCP: {
        const struct store_tcp *t = chunks_at(&s->tcp, r->ref);
        return (struct stamp){t->time_ns, t->packet};
    }
    case LADDER_FRAME:
    case LADDER_RUN: {
        const struct store_frame *f = store_frame(s, r->ref);
        return (struct stamp){f->time_ns, f->packet};
    }
    case LADDER_END:
        return (struct stamp){c->start_ns + c->duration_ns, UINT64_MAX};
    case LADDER_MIDSTREAM:
    case LADDER_BLANK:
        break;
    }
    return (struct stamp){c->start_ns, 0};
}

size_t
ladder_above(const struct ladder *l, size_t row)
{
    while (row > 0)
        if (l->row[--row].kind != LADDER_BLANK)
            return row;
    return SIZE_MAX;
}

int64_t
ladder_start_ns(const struct ladder *l, const struct store *s,
                const struct rows *frames, size_t row)
{
    if (l->row[row].kind == LADDER_BLANK) {
        size_t above = ladder_above(l, row);
        return above == SIZE_MAX ? 0 : ladder_end_ns(l, s, frames, above);
    }
    return stamp_of(l, s, &l->row[row]).time_ns;
}

int64_t
ladder_end_ns(const struct ladder *l, const struct store *s,
              const struct rows *frames, size_t row)
{
    const struct ladder_row *r = &l->row[row];
    if (r->kind == LADDER_RUN)
        return store_frame(s, rows_at(frames, r->pos + r->n - 1))->time_ns;
    return ladder_start_ns(l, s, frames, row);
}

uint64_t
ladder_packet(const struct ladder *l, const struct store *s, size_t row)
{
    uint64_t packet = stamp_of(l, s, &l->row[row]).packet;
    return packet == UINT64_MAX ? 0 : packet;
}

size_t
ladder_place(const struct ladder *l, const struct rows *frames, uint32_t frame)
{
    size_t pos = rows_place(frames, frame), low = 0, high = l->n;
    /* The first row with more than pos frames up to its end. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct ladder_row *r = &l->row[middle];
        size_t end = r->pos + (r->kind == LADDER_FRAME ? 1
                               : r->kind == LADDER_RUN ? r->n
                                                       : 0);
        if (end <= pos)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->n ? low : l->n ? l->n - 1 : 0;
}

/* ---- Adding rows ---- */

static struct ladder_row *
add(struct ladder *l, struct ladder_row row)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 256;
        struct ladder_row *rows = realloc(l->row, cap * sizeof *rows);
        if (!rows)
            return NULL;
        l->row = rows;
        l->cap = cap;
    }
    l->row[l->n] = row;
    return &l->row[l->n++];
}

/* Blank rows up to that time. */
static void
add_blanks(struct ladder *l, const struct store *s, const struct rows *frames,
           int64_t time_ns)
{
    if (!l->made.time || l->n == 0)
        return;
    int64_t by = time_ns - ladder_end_ns(l, s, frames, l->n - 1);
    int64_t n = by / l->step_ns - 1;
    bool more = n > (int64_t)LADDER_BLANKS_MAX;
    if (more)
        n = LADDER_BLANKS_MAX;
    for (int64_t i = 0; i < n; i++)
        (void)add(l,
                  (struct ladder_row){.pos = (uint32_t)l->pos,
                                      .kind = LADDER_BLANK,
                                      .flags = more && i == n / 2 ? LADDER_LONG
                                                                  : 0});
}

static void
add_row(struct ladder *l, const struct store *s, const struct rows *frames,
        struct ladder_row row)
{
    if (row.kind != LADDER_MIDSTREAM && row.kind != LADDER_OPEN &&
        row.kind != LADDER_END)
        add_blanks(l, s, frames, stamp_of(l, s, &row).time_ns);
    l->tail = add(l, row) && row.kind == LADDER_FRAME;
}

/* What TCP did, before what came in later packets. */
static void
add_tcp(struct ladder *l, const struct store *s, const struct rows *frames,
        uint32_t ref)
{
    uint64_t packet = ((struct store_tcp *)chunks_at(&s->tcp, ref))->packet;
    size_t to = l->n;
    for (unsigned looks = 0; to > 0 && looks < BACK_MAX; looks++, to--) {
        const struct ladder_row *r = &l->row[to - 1];
        if (r->kind != LADDER_BLANK && stamp_of(l, s, r).packet <= packet)
            break;
    }
    struct ladder_row row = {.pos = (uint32_t)l->pos,
                             .ref = ref,
                             .kind = LADDER_TCP};
    if (to == l->n) {
        add_row(l, s, frames, row);
        return;
    }
    row.pos = l->row[to].pos;
    if (!add(l, row))
        return;
    memmove(&l->row[to + 1], &l->row[to], (l->n - 1 - to) * sizeof row);
    l->row[to] = row;
    l->tail = 0;
}

/* ---- Runs ---- */

/* Number of bits of a length: lengths of one class are less than twice as
 * long as each other. */
static unsigned
length_class(uint64_t len)
{
    unsigned bits = 0;
    for (; len > 0; len >>= 1)
        bits++;
    return bits;
}

static bool
is_alike(const struct store_frame *a, const struct store_frame *b)
{
    const uint8_t flags =
        STORE_GAP | STORE_SERVER | STORE_COMPLETE | STORE_SYNCED | STORE_MASKED;
    return !is_gap(a) && a->byte0 == b->byte0 &&
           ((a->flags ^ b->flags) & flags) == 0 && a->severity == 0 &&
           b->severity == 0 && store_frame_opcode(a) != WS_OP_CLOSE &&
           length_class(a->payload_len) == length_class(b->payload_len);
}

/* Is the time between two frames that between the first two of their run, up
 * to a fifth? */
static bool
is_regular(int64_t by, int64_t first_by)
{
    int64_t off = by > first_by ? by - first_by : first_by - by;
    return off <= first_by / 5;
}

static uint8_t
flags_of_next(const struct store *s, const struct rows *frames,
              const struct ladder_row *run, const struct store_frame *f)
{
    const struct store_frame *first = store_frame(s, run->ref);
    const struct store_frame *second =
        store_frame(s, rows_at(frames, run->pos + 1));
    const struct store_frame *last =
        store_frame(s, rows_at(frames, run->pos + run->n - 1));
    uint8_t flags = run->flags;
    if (f->payload_len != first->payload_len)
        flags &= (uint8_t)~LADDER_SAME_LEN;
    if (!is_regular(f->time_ns - last->time_ns,
                    second->time_ns - first->time_ns))
        flags &= (uint8_t)~LADDER_REGULAR;
    return flags;
}

/* The last LADDER_RUN_MIN - 1 rows and the frame behind them become a run. */
static void
start_run(struct ladder *l, const struct store *s, const struct rows *frames,
          const struct store_frame *f)
{
    l->n -= LADDER_RUN_MIN - 2;
    struct ladder_row *r = &l->row[l->n - 1];
    const struct store_frame *first = store_frame(s, r->ref);
    r->kind = LADDER_RUN;
    r->flags = LADDER_SAME_LEN | LADDER_REGULAR;
    for (r->n = 1; r->n < LADDER_RUN_MIN - 1; r->n++)
        if (store_frame(s, rows_at(frames, r->pos + r->n))->payload_len !=
            first->payload_len)
            r->flags &= (uint8_t)~LADDER_SAME_LEN;
    r->flags = flags_of_next(s, frames, r, f);
    r->n++;
    l->folded += LADDER_RUN_MIN;
    l->tail = 0;
}

/* False: it is not part of a run yet. */
static bool
folds(struct ladder *l, const struct store *s, const struct rows *frames,
      const struct store_frame *f)
{
    if (l->made.unfold || l->made.time || l->n == 0)
        return false;
    struct ladder_row *r = &l->row[l->n - 1];
    if (r->kind == LADDER_RUN) {
        if (r->pos + r->n != l->pos || !is_alike(store_frame(s, r->ref), f))
            return false;
        r->flags = flags_of_next(s, frames, r, f);
        r->n++;
        l->folded++;
        return true;
    }
    if (r->kind != LADDER_FRAME || r->pos + 1 != l->pos ||
        !is_alike(store_frame(s, r->ref), f))
        return false;
    if (l->tail < LADDER_RUN_MIN - 1) {
        /* Only rows that are there can become a run. */
        if (add(l, (struct ladder_row){.pos = (uint32_t)l->pos,
                                       .ref = rows_at(frames, l->pos),
                                       .kind = LADDER_FRAME}))
            l->tail++;
        else
            l->tail = 0;
        return true;
    }
    start_run(l, s, frames, f);
    return true;
}

static void
add_frame(struct ladder *l, const struct store *s, const struct rows *frames)
{
    const struct store_frame *f = store_frame(s, rows_at(frames, l->pos));
    bool hidden =
        l->made.hide_control && !is_gap(f) && store_frame_opcode(f) & 8;
    if (!hidden && !folds(l, s, frames, f))
        add_row(l, s, frames,
                (struct ladder_row){.pos = (uint32_t)l->pos,
                                    .ref = rows_at(frames, l->pos),
                                    .kind = LADDER_FRAME});
    l->pos++;
}

/* ---- Merging ---- */

/* The next head of the handshake, or what stands for it; false: no more. */
static bool
next_head(struct ladder *l, const struct store_handshake *h,
          struct ladder_row *row)
{
    static const uint8_t kinds[] = {LADDER_REQUEST, LADDER_RESPONSE,
                                    LADDER_OPEN};
    const bool has[] = {h->request.packet || h->seen == HANDSHAKE_SEEN_NONE,
                        h->response.packet != 0,
                        h->response.packet != 0 && h->accepted};
    while (l->heads < 3 && !has[l->heads])
        l->heads++;
    if (l->heads == 3)
        return false;
    *row =
        (struct ladder_row){.pos = (uint32_t)l->pos, .kind = kinds[l->heads]};
    if (l->heads == 0 && !h->request.packet)
        row->kind = LADDER_MIDSTREAM;
    return true;
}

/* The next row of the connection; false: no more before end. */
static bool
next_tcp(struct ladder *l, const struct store *s, size_t end)
{
    for (; l->tcp_scanned < end; l->tcp_scanned++) {
        const struct store_tcp *t = chunks_at(&s->tcp, l->tcp_scanned);
        if (t->conn == l->conn && !l->made.hide_tcp)
            return true;
    }
    return false;
}

/* 1, 2 or 5 times a power of ten, not less than step_ns. */
static int64_t
nice_step(int64_t step_ns)
{
    int64_t step = 1000;
    while (step < step_ns && step < INT64_MAX / 10)
        step *= 10;
    if (step / 5 >= step_ns && step > 1000)
        return step / 5;
    return step / 2 >= step_ns && step > 1000 ? step / 2 : step;
}

static int64_t
scale_of(const struct store_conn *c, int64_t span_ns)
{
    uint64_t rows = (c->frames[0] + c->frames[1]) / 2;
    if (rows < LADDER_SCALE_ROWS)
        rows = LADDER_SCALE_ROWS;
    if (rows > LADDER_SCALE_ROWS_MAX)
        rows = LADDER_SCALE_ROWS_MAX;
    return nice_step(span_ns / (int64_t)rows);
}

static bool
is_as_made(const struct ladder *l, const struct store_conn *c)
{
    const struct ladder_options *o = &l->options, *m = &l->made;
    return l->begun && l->conn == c->row && o->hide_tcp == m->hide_tcp &&
           o->hide_control == m->hide_control && o->unfold == m->unfold &&
           o->time == m->time &&
           !(m->time && (c->last_ns - c->start_ns) / 2 > l->span_ns);
}

static void
begin(struct ladder *l, const struct store_conn *c)
{
    l->n = l->pos = l->tcp_scanned = l->folded = 0;
    l->heads = l->tail = 0;
    l->ended = false;
    l->begun = true;
    if (l->conn != c->row)
        l->selected = STORE_NONE;
    l->conn = c->row;
    l->made = l->options;
    l->span_ns = c->last_ns > c->start_ns ? c->last_ns - c->start_ns : 0;
    l->step_ns = scale_of(c, l->span_ns);
}

void
ladder_update(struct ladder *l, const struct store *s, uint32_t conn,
              const struct rows *frames, size_t tcp_end, bool end)
{
    const struct store_conn *c = store_conn(s, conn);
    if (!is_as_made(l, c))
        begin(l, c);
    for (;;) {
        struct ladder_row head;
        bool has_head = next_head(l, &c->handshake, &head);
        bool has_tcp = next_tcp(l, s, tcp_end);
        bool has_frame = l->pos < frames->n;
        uint64_t frame = has_frame
                             ? store_frame(s, rows_at(frames, l->pos))->packet
                             : UINT64_MAX;
        uint64_t tcp = UINT64_MAX;
        if (has_tcp)
            tcp = ((struct store_tcp *)chunks_at(&s->tcp, l->tcp_scanned))
                      ->packet;
        uint64_t at = has_head ? stamp_of(l, s, &head).packet : UINT64_MAX;
        if (has_head && at <= frame && at <= tcp) {
            add_row(l, s, frames, head);
            l->heads++;
        } else if (has_tcp && tcp < frame) {
            add_tcp(l, s, frames, (uint32_t)l->tcp_scanned++);
        } else if (has_frame) {
            add_frame(l, s, frames);
            if (l->pos % REST_FRAMES == 0)
                chunks_rest(&s->frames, rows_at(frames, l->pos - REST_FRAMES),
                            rows_at(frames, l->pos - 1));
        } else {
            break;
        }
    }
    if (end && c->ended && !l->ended) {
        add_row(l, s, frames,
                (struct ladder_row){.pos = (uint32_t)l->pos,
                                    .kind = LADDER_END});
        l->ended = true;
    }
}
