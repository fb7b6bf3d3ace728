/* SPDX-License-Identifier: MIT */
/*
 * map.h - hash map from keys that a peer may choose to pointers.
 *
 * Open addressing with linear probing; slots hold the hash and the caller's
 * pointer, the key stays inside what the pointer points to.  The hash is
 * multilinear (Lemire and Kaser, "Strongly universal string hashing is fast",
 * 2012): with k[] random and m[] the 32-bit words of the key,
 *
 *   (k[0] + k[1] * m[0] + ... + k[n] * m[n - 1]  mod 2^64) / 2^32
 *
 * collides for any two keys of one length with probability 2^-32, whoever
 * chose them, as long as k[] stays secret.  A fixed bijection behind it keeps
 * runs of neighbouring keys from becoming runs of slots.
 *
 * Nothing that leaves the program may depend on the order of the slots: it
 * differs from run to run.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MAP_KEY_WORDS 12u /* longest key, in 32-bit words */

struct map_slot {
    void *value; /* NULL: empty */
    uint32_t hash;
};

/* Embed it; the members are for map.c and the calls below. */
struct map {
    struct map_slot *slots;
    size_t mask;  /* slots - 1; their number is a power of two */
    size_t count; /* slots in use */
    uint64_t key[MAP_KEY_WORDS + 1];
};

/* Whether the entry has that key. */
typedef bool (*map_equal_fn)(const void *value, const void *key);

/* Makes an empty map with a fresh random key.  ERR_OK or ERR_NOMEM. */
ERR_CHECK enum err map_init(struct map *m);

/* Frees the slots, not what they point to. */
void map_fini(struct map *m);

/* Takes everything out; keeps slots and key. */
void map_clear(struct map *m);

/* Random bytes from the system; never fails (but see map.c). */
void map_random(void *out, size_t len);

/* The hash of a key of n <= MAP_KEY_WORDS words. */
static inline uint32_t
map_hash(const struct map *m, const uint32_t *words, size_t n)
{
    uint64_t sum = m->key[0];
    for (size_t i = 0; i < n; i++)
        sum += m->key[i + 1] * words[i];
    uint32_t h = (uint32_t)(sum >> 32);
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    return h ^ h >> 12;
}

/* The value with that hash and key, or NULL.  Inlined with its comparison. */
static inline void *
map_find(const struct map *m, uint32_t hash, map_equal_fn equal,
         const void *key)
{
    size_t i = hash & m->mask;
    for (; m->slots[i].value; i = (i + 1) & m->mask) {
        const struct map_slot *slot = &m->slots[i];
        if (slot->hash == hash && equal(slot->value, key))
            return slot->value;
    }
    return NULL;
}

/*
 * Adds a value (not NULL) whose key is not in the map yet.  ERR_OK, or
 * ERR_NOMEM (map unchanged) when the map is full and cannot grow.
 */
ERR_CHECK enum err map_insert(struct map *m, uint32_t hash, void *value);

/* Takes out exactly this pointer; false when it is not there. */
bool map_remove(struct map *m, uint32_t hash, const void *value);

#endif /* BASE_MAP_H */
