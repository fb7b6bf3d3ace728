/* SPDX-License-Identifier: MIT */
#include "dissect/midstream.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/rd.h"

/* Evidence from which on a chain is followed further: a coincidence gets that
 * far once in 2^20 searches (ws_sync.h). */
#define PROMISING_BITS 20.0

/* Packets that begin like a TLS record before a pair is taken for TLS: by
 * chance one in 2^23 packets does. */
#define TLS_RECORDS 2u

struct midstream {
    struct ws_sync *sync[2]; /* by direction; NULL: no bytes yet */
    uint64_t taken[2];       /* bytes */
    int client_dir;          /* -1: not known */
    bool rsv1_ok;
    bool found;
    bool refuted;
    unsigned doubts; /* chains that did not look right */
    bool failed[2];  /* no memory to search in that direction */
    unsigned tls[2]; /* packets of a direction that begin like a TLS record */
};

/* What the frames of a chain look like. */
struct looks {
    unsigned ends;    /* of these with FIN */
    unsigned starts;  /* text, binary or control */
    uint32_t opcodes; /* set of 1u << opcode */
    unsigned broken;  /* that break a rule */
    bool long_form;   /* a length of 16 or 64 bits */
};

/* Chains that do not look right before there is no use in going on. */
#define DOUBTS_MAX 16u

enum err
midstream_new(struct midstream **out, int client_dir, bool rsv1_ok)
{
    struct midstream *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    m->client_dir = client_dir;
    m->rsv1_ok = rsv1_ok;
    *out = m;
    return ERR_OK;
}

void
midstream_free(struct midstream *m)
{
    if (!m)
        return;
    ws_sync_free(m->sync[0]);
    ws_sync_free(m->sync[1]);
    free(m);
}

/* The search of dir; NULL without memory: then nothing is found there. */
static struct ws_sync *
sync_of(struct midstream *m, unsigned dir)
{
    struct ws_sync_config config = {
        .sender_known = m->client_dir >= 0,
        .from = m->client_dir == (int)dir ? WS_SENDER_CLIENT : WS_SENDER_SERVER,
        .rsv1_ok = m->rsv1_ok,
    };
    if (!m->sync[dir] && ws_sync_new(&m->sync[dir], &config) != ERR_OK) {
        m->failed[dir] = true;
        return NULL;
    }
    return m->sync[dir];
}

static void
look_at_header(struct looks *l, const struct ws_frame_header *h)
{
    l->ends += h->fin;
    l->starts += h->opcode != WS_OP_CONT;
    l->opcodes |= 1u << h->opcode;
    l->broken += h->findings != 0;
    l->long_form |= h->payload_len > 125;
}

/* Reads the headers of what is held from the first frame to tell on. */
static struct looks
look_at_frames(const struct midstream *m, unsigned dir)
{
    const struct ws_sync_verdict *v = ws_sync_verdict(m->sync[dir]);
    struct looks l = {0};
    struct ws_frame frame;
    struct ws_sync_piece piece;
    struct slice data;
    ws_frame_init(&frame, v->from, m->rsv1_ok ? WS_FRAME_RSV1 : 0, v->offset);
    for (size_t i = 0; ws_sync_held(m->sync[dir], i, &piece, &data); i++) {
        struct ws_frame_event ev;
        enum ws_frame_step step;
        if (piece.gap) {
            if (ws_frame_gap(&frame, piece.len) == WS_FRAME_HOLE_LOST)
                break;
            continue;
        }
        while ((step = ws_frame_next(&frame, &data, &ev)) !=
               WS_FRAME_NEED_INPUT) {
            if (step == WS_FRAME_LOST)
                return l;
            if (step == WS_FRAME_HEADER)
                look_at_header(&l, ev.header);
        }
    }
    return l;
}

static bool
is_power_of_two(uint32_t v)
{
    return (v & (v - 1)) == 0;
}

/*
 * Frames of a server carry no mask, which is half of what tells frames from
 * other length-prefixed records; so a chain of them needs messages that start
 * and end, and frames of more than one form.
 */
static bool
looks_right(const struct looks *l, enum ws_sender from)
{
    if (l->broken > 0 || l->starts == 0 || l->ends == 0)
        return false;
    if (from == WS_SENDER_CLIENT)
        return true;
    return !is_power_of_two(l->opcodes) || l->long_form ||
           (l->opcodes & 1u << WS_OP_TEXT);
}

/*
 * Takes over what the search of dir believes now, if it does.  What does not
 * look right is searched again from here on: the next frames may, or those of
 * the other side.
 */
static void
look(struct midstream *m, unsigned dir)
{
    const struct ws_sync_verdict *v = ws_sync_verdict(m->sync[dir]);
    if (!v->believed || m->found)
        return;
    struct looks l = look_at_frames(m, dir);
    if (looks_right(&l, v->from)) {
        m->found = true;
        m->client_dir = (int)(v->from == WS_SENDER_CLIENT ? dir : !dir);
        return;
    }
    m->refuted = ++m->doubts >= DOUBTS_MAX;
    ws_sync_free(m->sync[dir]);
    m->sync[dir] = NULL;
}

/* RFC 8446 section 5.1: type 20 to 23, version 3.0 to 3.4, at most 2^14 + 256
 * bytes.  Records start packets often, because that is how they are written. */
static bool
begins_like_tls(struct slice s)
{
    return s.len >= 5 && s.ptr[0] >= 20 && s.ptr[0] <= 23 && s.ptr[1] == 3 &&
           s.ptr[2] <= 4 && rd_load_be16(s.ptr + 3) <= (1u << 14) + 256;
}

size_t
midstream_data(struct midstream *m, unsigned dir, uint64_t off,
               struct slice data, const struct pkt_meta *meta)
{
    struct ws_sync *sync = m->refuted ? NULL : sync_of(m, dir);
    m->tls[dir] += begins_like_tls(data);
    if (m->tls[0] + m->tls[1] >= TLS_RECORDS)
        m->refuted = true;
    if (!sync)
        return data.len;
    size_t taken = ws_sync_data(sync, off, data, meta);
    m->taken[dir] += taken;
    look(m, dir);
    return m->found ? taken : data.len;
}

void
midstream_gap(struct midstream *m, unsigned dir, uint64_t off, uint64_t len,
              const struct pkt_meta *meta)
{
    if (!m->sync[dir] || m->found || m->refuted)
        return;
    ws_sync_gap(m->sync[dir], off, len, meta);
    look(m, dir);
}

void
midstream_end(struct midstream *m, unsigned dir)
{
    if (!m->sync[dir] || m->found || m->refuted)
        return;
    ws_sync_end(m->sync[dir]);
    look(m, dir);
}

bool
midstream_is_refuted(const struct midstream *m)
{
    return m->refuted;
}

bool
midstream_found(const struct midstream *m, unsigned *client_dir)
{
    if (!m->found)
        return false;
    *client_dir = (unsigned)m->client_dir;
    return true;
}

bool
midstream_is_promising(const struct midstream *m, unsigned dir)
{
    return m->sync[dir] && ws_sync_best(m->sync[dir]) >= PROMISING_BITS;
}

struct ws_sync *
midstream_take(struct midstream *m, unsigned dir, uint64_t *taken)
{
    struct ws_sync *sync = m->sync[dir];
    m->sync[dir] = NULL;
    *taken = m->taken[dir];
    return sync;
}

unsigned
midstream_failed(const struct midstream *m)
{
    unsigned n = 0;
    for (unsigned dir = 0; m && dir < 2; dir++)
        n += m->failed[dir] || (m->sync[dir] && ws_sync_failed(m->sync[dir]));
    return n;
}

size_t
midstream_memory(const struct midstream *m)
{
    size_t len = budget_block(sizeof *m);
    for (unsigned dir = 0; dir < 2; dir++)
        if (m->sync[dir])
            len += ws_sync_memory(m->sync[dir]);
    return len;
}
