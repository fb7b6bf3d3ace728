/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define MAP_SLOTS_MIN 1024u

void
map_random(void *out, size_t len)
{
    uint8_t *bytes = out;
    while (len > 0) {
        /* getentropy() gives at most 256 bytes a call. */
        size_t n = len < 256 ? len : 256;
        if (getentropy(bytes, n) != 0) {
            /* Only a kernel without a random generator gets here.  Time and
             * addresses are guessable, so a peer could make lookups slow, but
             * results do not depend on the key. */
            struct timespec now = {0, 0};
            (void)timespec_get(&now, TIME_UTC);
            uint64_t x = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20 ^
                         (uint64_t)(uintptr_t)out;
            for (size_t i = 0; i < n; i++) {
                x = x * 6364136223846793005u + 1442695040888963407u;
                bytes[i] = (uint8_t)(x >> 56);
            }
        }
        bytes += n;
        len -= n;
    }
}

enum err
map_init(struct map *m)
{
    struct map_slot *slots = calloc(MAP_SLOTS_MIN, sizeof(*slots));
    if (!slots)
        return ERR_NOMEM;
    m->slots = slots;
    m->mask = MAP_SLOTS_MIN - 1;
    m->count = 0;
    map_random(m->key, sizeof(m->key));
    return ERR_OK;
}

void
map_fini(struct map *m)
{
    free(m->slots);
    m->slots = NULL;
    m->mask = 0;
    m->count = 0;
}

void
map_clear(struct map *m)
{
    memset(m->slots, 0, (m->mask + 1) * sizeof(*m->slots));
    m->count = 0;
}

static void
put(struct map_slot *slots, size_t mask, uint32_t hash, void *value)
{
    size_t i = hash & mask;
    while (slots[i].value)
        i = (i + 1) & mask;
    slots[i].hash = hash;
    slots[i].value = value;
}

static bool
grow(struct map *m)
{
    size_t old = m->mask + 1;
    if (old > SIZE_MAX / 2 / sizeof(*m->slots))
        return false;
    struct map_slot *slots = calloc(old * 2, sizeof(*slots));
    if (!slots)
        return false;
    for (size_t i = 0; i < old; i++) {
        if (m->slots[i].value)
            put(slots, old * 2 - 1, m->slots[i].hash, m->slots[i].value);
    }
    free(m->slots);
    m->slots = slots;
    m->mask = old * 2 - 1;
    return true;
}

enum err
map_insert(struct map *m, uint32_t hash, void *value)
{
    assert(value != NULL);
    /* Half full; without memory to grow, up to the last slot but one,
     * because a search ends at an empty slot. */
    if (m->count >= (m->mask + 1) / 2 && !grow(m) && m->count >= m->mask)
        return ERR_NOMEM;
    put(m->slots, m->mask, hash, value);
    m->count++;
    return ERR_OK;
}

bool
map_remove(struct map *m, uint32_t hash, const void *value)
{
    size_t hole = hash & m->mask;
    while (m->slots[hole].value != value) {
        if (!m->slots[hole].value)
            return false;
        hole = (hole + 1) & m->mask;
    }
    /* Moves later entries of the run back (Knuth, volume 3, section 6.4,
     * algorithm R), so that no tombstones are needed. */
    for (size_t i = (hole + 1) & m->mask; m->slots[i].value;
         i = (i + 1) & m->mask) {
        size_t home = m->slots[i].hash & m->mask;
        if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole].value = NULL;
    m->count--;
    return true;
}
