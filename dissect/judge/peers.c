/* SPDX-License-Identifier: MIT */
#include "dissect/judge/peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "dissect/handshake.h"

/* A pause has grown when it is a quarter longer than the last one, and long
 * enough to be one at all. */
#define PAUSE_MIN_NS INT64_C(50000000)

/* Comings and drops of one client that are kept. */
#define LOG_MAX (2 * PEERS_RETURNS_MAX + 2)

/* A storm is told once in this time. */
#define TOLD_NS INT64_C(60000000000)

enum kind {
    KIND_KEY = 1,
    KIND_CLIENT, /* one client at one server */
    KIND_AIM,    /* ... and what it wants there */
    KIND_SERVER,
};

/* What all entries begin with. */
struct entry {
    uint32_t hash;
    uint8_t kind; /* enum kind; 0: not used yet */
};

static bool
is_kind(const void *value, enum kind kind)
{
    const struct entry *e = value;
    return e->kind == kind;
}

struct key_entry {
    struct entry entry;
    uint8_t len;
    uint8_t key[PEERS_KEY_MAX];
    struct peers_attempt last;
};

/* KIND_CLIENT, and what KIND_AIM begins with. */
struct client_entry {
    struct entry entry;
    struct peers_attempt last; /* the one that ended last */
};

struct aim_entry {
    struct client_entry client;
    bool told; /* of a storm, at told_ns */
    int64_t told_ns;
    size_t n_log;
    int64_t log[LOG_MAX]; /* times in ns, doubled; 1 more: it came, else it was
                             dropped */
};

struct server_entry {
    struct entry entry;
    struct endpoint server;
};

struct recent_key {
    uint8_t len;
    uint8_t key[PEERS_KEY_MAX];
};

struct peers {
    struct map map;                                /* of all entries */
    uint64_t n_keys, n_clients, n_aims, n_servers; /* ever made */
    uint64_t n_recent;
    struct recent_key recent[PEERS_KEYS_RECENT];
    struct key_entry keys[PEERS_MAX];
    struct client_entry clients[PEERS_MAX];
    struct aim_entry aims[PEERS_MAX];
    struct server_entry servers[PEERS_MAX];
};

enum err
peers_new(struct peers **out)
{
    /* Pages that are never written cost nothing. */
    struct peers *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    enum err e = map_init(&p->map);
    if (e != ERR_OK) {
        free(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

void
peers_free(struct peers *p)
{
    if (!p)
        return;
    map_fini(&p->map);
    free(p);
}

/* Makes the entry, the next of its ring, new; the oldest one goes for it.
 * False: no memory, and the entry is unused. */
static bool
entry_renew(struct peers *p, struct entry *e, enum kind kind, uint32_t hash)
{
    if (e->kind)
        map_remove(&p->map, e->hash, e);
    e->kind = 0;
    if (map_insert(&p->map, hash, e) != ERR_OK)
        return false;
    e->kind = (uint8_t)kind;
    e->hash = hash;
    return true;
}

/* ---- Keys ----------------------------------------------------------- */

void
peers_note_key(struct peers *p, struct slice key)
{
    if (!p || key.len == 0 || key.len > PEERS_KEY_MAX)
        return;
    struct recent_key *r = &p->recent[p->n_recent++ % PEERS_KEYS_RECENT];
    r->len = (uint8_t)key.len;
    memcpy(r->key, key.ptr, key.len);
}

bool
peers_accept_of_other(const struct peers *p, struct slice accept,
                      struct slice own_key)
{
    if (!p)
        return false;
    for (size_t i = 0; i < PEERS_KEYS_RECENT && i < p->n_recent; i++) {
        char answer[WS_ACCEPT_TEXT_MAX];
        struct slice key = slice_make(p->recent[i].key, p->recent[i].len);
        if (slice_equal(key, own_key))
            continue;
        handshake_accept(key, answer);
        if (answer[0] != '\0' && slice_equal_cstr(accept, answer))
            return true;
    }
    return false;
}

static bool
equal_key(const void *value, const void *key)
{
    const struct key_entry *e = value;
    const struct slice *want = key;
    return is_kind(value, KIND_KEY) &&
           slice_equal(slice_make(e->key, e->len), *want);
}

/* Whether two handshakes with one key are one request, seen twice. */
static bool
is_copy(const struct peers_attempt *a, const struct peers_attempt *b)
{
    if (!addr_equal(&a->client.addr, &b->client.addr) ||
        !endpoint_equal(&a->server, &b->server))
        return a->start_ns <= b->end_ns && b->start_ns <= a->end_ns;
    return a->client.port == b->client.port;
}

bool
peers_is_key_reused(struct peers *p, struct slice key,
                    const struct peers_attempt *attempt, uint64_t *packet)
{
    uint32_t words[2 + PEERS_KEY_MAX / 4] = {KIND_KEY, (uint32_t)key.len};
    if (!p || key.len == 0 || key.len > PEERS_KEY_MAX)
        return false;
    memcpy(words + 2, key.ptr, key.len);
    uint32_t hash = map_hash(&p->map, words, sizeof words / sizeof words[0]);
    struct key_entry *e = map_find(&p->map, hash, equal_key, &key);
    if (e) {
        if (is_copy(&e->last, attempt))
            return false;
        *packet = e->last.packet;
        return true;
    }
    e = &p->keys[p->n_keys++ % PEERS_MAX];
    if (!entry_renew(p, &e->entry, KIND_KEY, hash))
        return false;
    e->len = (uint8_t)key.len;
    memcpy(e->key, key.ptr, key.len);
    e->last = *attempt;
    return false;
}

/* ---- Clients -------------------------------------------------------- */

struct client_key {
    enum kind kind;
    const struct peers_attempt *attempt;
};

static bool
equal_client(const void *value, const void *key)
{
    const struct client_entry *e = value;
    const struct client_key *want = key;
    return is_kind(value, want->kind) && e->last.who == want->attempt->who &&
           addr_equal(&e->last.client.addr, &want->attempt->client.addr) &&
           endpoint_equal(&e->last.server, &want->attempt->server);
}

static uint32_t
hash_client(const struct peers *p, const struct client_key *key)
{
    const struct peers_attempt *a = key->attempt;
    uint32_t words[12] = {(uint32_t)key->kind,
                          (uint32_t)a->client.addr.family << 16 |
                              a->server.addr.family,
                          a->server.port, (uint32_t)a->who};
    memcpy(words + 4, a->client.addr.bytes, 16);
    memcpy(words + 8, a->server.addr.bytes, 16);
    return map_hash(&p->map, words, sizeof words / sizeof words[0]);
}

/* The entry of that client, a new one (*is_new) if there is none.  NULL: no
 * memory. */
static struct client_entry *
find_client(struct peers *p, const struct peers_attempt *attempt, bool *is_new)
{
    const struct client_key key = {KIND_CLIENT, attempt};
    uint32_t hash = hash_client(p, &key);
    struct client_entry *e = map_find(&p->map, hash, equal_client, &key);
    *is_new = !e;
    if (e)
        return e;
    e = &p->clients[p->n_clients++ % PEERS_MAX];
    if (!entry_renew(p, &e->entry, KIND_CLIENT, hash))
        return NULL;
    e->last = *attempt;
    return e;
}

static struct aim_entry *
find_aim(struct peers *p, const struct peers_attempt *attempt)
{
    const struct client_key key = {KIND_AIM, attempt};
    uint32_t hash = hash_client(p, &key);
    struct aim_entry *e = map_find(&p->map, hash, equal_client, &key);
    if (e)
        return e;
    e = &p->aims[p->n_aims++ % PEERS_MAX];
    if (!entry_renew(p, &e->client.entry, KIND_AIM, hash))
        return NULL;
    e->client.last = *attempt;
    e->told = false;
    e->n_log = 0;
    return e;
}

bool
peers_is_parallel(struct peers *p, const struct peers_attempt *attempt,
                  uint64_t *packet)
{
    bool is_new;
    struct client_entry *e = p ? find_client(p, attempt, &is_new) : NULL;
    if (!e || is_new)
        return false;
    bool parallel = e->last.client.port != attempt->client.port &&
                    e->last.end_ns > attempt->start_ns &&
                    e->last.start_ns < attempt->end_ns;
    if (parallel)
        *packet = e->last.packet;
    if (attempt->end_ns >= e->last.end_ns)
        e->last = *attempt;
    return parallel;
}

/* Puts an event into the log of that client, in the order of time; the oldest
 * one goes for it. */
static void
log_event(struct aim_entry *e, int64_t ns, bool came)
{
    int64_t event = ns * 2 + came;
    if (e->n_log == LOG_MAX) {
        if (event < e->log[0])
            return;
        e->n_log--;
        memmove(e->log, e->log + 1, e->n_log * sizeof e->log[0]);
    }
    size_t i = e->n_log++;
    for (; i > 0 && e->log[i - 1] > event; i--)
        e->log[i] = e->log[i - 1];
    e->log[i] = event;
}

static bool
log_has_storm(const struct aim_entry *e, const struct peers_storm *storm)
{
    uint64_t returns = 0;
    bool dropped = false;
    int64_t drop_ns = 0, last_pause = 0;
    uint64_t enough =
        storm->returns < PEERS_RETURNS_MAX ? storm->returns : PEERS_RETURNS_MAX;
    for (size_t i = 0; i < e->n_log; i++) {
        int64_t ns = e->log[i] >> 1;
        if (!(e->log[i] & 1)) {
            dropped = true;
            drop_ns = ns;
            continue;
        }
        int64_t pause = ns - drop_ns;
        bool grown =
            pause >= PAUSE_MIN_NS && pause - last_pause > last_pause / 4;
        /* Each end is good for one return: several tabs that lose their
         * connections together are not one that comes again and again. */
        if (!dropped || pause > storm->window_ns)
            returns = 0;
        else
            returns = returns > 0 && grown ? 1 : returns + 1;
        dropped = false;
        last_pause = pause;
        if (returns >= enough)
            return true;
    }
    return false;
}

static bool
note_event(struct peers *p, const struct peers_attempt *attempt, bool came,
           const struct peers_storm *storm)
{
    struct aim_entry *e = p ? find_aim(p, attempt) : NULL;
    int64_t ns = came ? attempt->start_ns : attempt->end_ns;
    /* The lowest bit of an event is its kind. */
    if (!e || ns < 0 || ns > INT64_MAX / 2 - 1)
        return false;
    log_event(e, ns, came);
    if (e->told && ns - e->told_ns < TOLD_NS)
        return false;
    e->told = log_has_storm(e, storm);
    e->told_ns = ns;
    return e->told;
}

bool
peers_came(struct peers *p, const struct peers_attempt *attempt,
           const struct peers_storm *storm)
{
    return note_event(p, attempt, true, storm);
}

bool
peers_dropped(struct peers *p, const struct peers_attempt *attempt,
              const struct peers_storm *storm)
{
    return note_event(p, attempt, false, storm);
}

/* ---- Servers -------------------------------------------------------- */

static bool
equal_server(const void *value, const void *key)
{
    const struct server_entry *e = value;
    return is_kind(value, KIND_SERVER) && endpoint_equal(&e->server, key);
}

bool
peers_is_new_server(struct peers *p, const struct endpoint *server)
{
    uint32_t words[7] = {KIND_SERVER, server->addr.family, server->port};
    if (!p)
        return true;
    memcpy(words + 3, server->addr.bytes, 16);
    uint32_t hash = map_hash(&p->map, words, sizeof words / sizeof words[0]);
    if (map_find(&p->map, hash, equal_server, server))
        return false;
    struct server_entry *e = &p->servers[p->n_servers++ % PEERS_MAX];
    if (entry_renew(p, &e->entry, KIND_SERVER, hash))
        e->server = *server;
    return true;
}
