/* SPDX-License-Identifier: MIT */
#include "dissect/midstream.h"

#include <stdlib.h>

#include "base/budget.h"

/* Evidence from which on a chain is followed further: a coincidence gets that
 * far once in 2^20 searches (ws_sync.h). */
#define PROMISING_BITS 20.0

struct midstream {
    struct ws_sync *sync[2]; /* by direction; NULL: no bytes yet */
    uint64_t taken[2];       /* bytes */
    int client_dir;          /* -1: not known */
    bool rsv1_ok;
    bool found;
};

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
    if (!m->sync[dir] && ws_sync_new(&m->sync[dir], &config) != ERR_OK)
        return NULL;
    return m->sync[dir];
}

/* Takes over what the search of dir believes now, if it does. */
static void
look(struct midstream *m, unsigned dir)
{
    const struct ws_sync_verdict *v = ws_sync_verdict(m->sync[dir]);
    if (!v->believed || m->found)
        return;
    m->found = true;
    m->client_dir = (int)(v->from == WS_SENDER_CLIENT ? dir : !dir);
}

size_t
midstream_data(struct midstream *m, unsigned dir, uint64_t off,
               struct slice data, const struct pkt_meta *meta)
{
    struct ws_sync *sync = sync_of(m, dir);
    if (!sync)
        return data.len;
    size_t taken = ws_sync_data(sync, off, data, meta);
    m->taken[dir] += taken;
    look(m, dir);
    return taken;
}

void
midstream_gap(struct midstream *m, unsigned dir, uint64_t off, uint64_t len,
              const struct pkt_meta *meta)
{
    if (!m->sync[dir])
        return;
    ws_sync_gap(m->sync[dir], off, len, meta);
    look(m, dir);
}

void
midstream_end(struct midstream *m, unsigned dir)
{
    if (!m->sync[dir])
        return;
    ws_sync_end(m->sync[dir]);
    look(m, dir);
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

size_t
midstream_memory(const struct midstream *m)
{
    size_t len = budget_block(sizeof *m);
    for (unsigned dir = 0; dir < 2; dir++)
        if (m->sync[dir])
            len += ws_sync_memory(m->sync[dir]);
    return len;
}
