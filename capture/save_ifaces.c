/* SPDX-License-Identifier: MIT */
#include "capture/save_ifaces.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* With more entries a new file starts with those only that have statistics:
 * the others come back with their next packet, if they have one. */
#define KEEP_MAX 1024u

#define KEY_WORDS (sizeof(struct save_iface_key) / sizeof(uint32_t))

static bool
is_same(const struct save_iface_key *a, const struct save_iface_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool
has_key(const void *value, const void *key)
{
    const struct save_iface *i = value;
    return is_same(&i->key, key);
}

static uint32_t
hash_of(const struct save_ifaces *t, const struct save_iface_key *key)
{
    uint32_t words[KEY_WORDS];
    memcpy(words, key, sizeof words);
    return map_hash(&t->map, words, KEY_WORDS);
}

enum err
save_ifaces_init(struct save_ifaces *t)
{
    *t = (struct save_ifaces){.n = 0};
    return map_init(&t->map);
}

void
save_ifaces_fini(struct save_ifaces *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->list[i]);
    free(t->list);
    free(t->declared);
    map_fini(&t->map);
    *t = (struct save_ifaces){.n = 0};
}

struct save_iface *
save_ifaces_find(struct save_ifaces *t, const struct save_iface_key *key)
{
    if (t->last && is_same(&t->last->key, key))
        return t->last;
    struct save_iface *i = map_find(&t->map, hash_of(t, key), has_key, key);
    if (i)
        t->last = i;
    return i;
}

/* Makes room for one entry more. */
static bool
grow(struct save_ifaces *t)
{
    if (t->n < t->cap)
        return true;
    size_t cap = t->cap ? t->cap * 2 : 4;
    struct save_iface **list = realloc(t->list, cap * sizeof *list);
    if (!list)
        return false;
    t->list = list;
    struct save_iface **declared = realloc(t->declared, cap * sizeof *declared);
    if (!declared)
        return false;
    t->declared = declared;
    t->cap = cap;
    return true;
}

enum err
save_ifaces_get(struct save_ifaces *t, const struct save_iface_key *key,
                const struct source_iface *about, struct save_iface **out)
{
    struct save_iface *i = save_ifaces_find(t, key);
    if (!i) {
        if (t->n == SAVE_IFACES_MAX)
            return ERR_LIMIT;
        i = grow(t) ? calloc(1, sizeof *i) : NULL;
        if (!i)
            return ERR_NOMEM;
        i->key = *key;
        i->id = SAVE_IFACE_UNDECLARED;
        i->snaplen = about ? about->snaplen : 0;
        i->has_name = about && about->name;
        if (i->has_name)
            memcpy(i->name, about->name,
                   strnlen(about->name, SAVE_IFACE_NAME_MAX));
        if (map_insert(&t->map, hash_of(t, key), i) != ERR_OK) {
            free(i);
            return ERR_NOMEM;
        }
        t->list[t->n++] = i;
        t->last = i;
    }
    *out = i;
    return ERR_OK;
}

void
save_ifaces_declare(struct save_ifaces *t, struct save_iface *i)
{
    assert(i->id == SAVE_IFACE_UNDECLARED && t->n_declared < t->n);
    i->id = t->n_declared;
    t->declared[t->n_declared++] = i;
}

void
save_ifaces_undeclare(struct save_ifaces *t, uint32_t n)
{
    while (t->n_declared > n)
        t->declared[--t->n_declared]->id = SAVE_IFACE_UNDECLARED;
}

void
save_ifaces_new_file(struct save_ifaces *t)
{
    save_ifaces_undeclare(t, 0);
    if (t->n <= KEEP_MAX)
        return;
    size_t kept = 0;
    t->last = NULL;
    for (size_t k = 0; k < t->n; k++) {
        struct save_iface *i = t->list[k];
        if (i->has_stats) {
            t->list[kept++] = i;
        } else {
            bool was_there = map_remove(&t->map, hash_of(t, &i->key), i);
            assert(was_there);
            free(i);
        }
    }
    t->n = kept;
}
