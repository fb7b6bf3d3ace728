/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include "base/map.h"
#include "tests/check_main.h"

struct entry {
    uint32_t key[2];
    bool in; /* by the test's own books */
};

#define ENTRIES 5000u

static struct entry entries[ENTRIES];
static struct map map;

static bool
entry_is(const void *value, const void *key)
{
    const struct entry *e = value;
    return memcmp(e->key, key, sizeof(e->key)) == 0;
}

static void
setup(void)
{
    ck_assert_int_eq(map_init(&map), ERR_OK);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        entries[i].key[0] = i % 7; /* as peers would choose them */
        entries[i].key[1] = i;
        entries[i].in = false;
    }
}

static void
teardown(void)
{
    map_fini(&map);
}

static struct entry *
find(uint32_t i)
{
    return map_find(&map, map_hash(&map, entries[i].key, 2), entry_is,
                    entries[i].key);
}

static void
insert(uint32_t i)
{
    uint32_t hash = map_hash(&map, entries[i].key, 2);
    ck_assert_int_eq(map_insert(&map, hash, &entries[i]), ERR_OK);
    entries[i].in = true;
}

static bool
take_out(uint32_t i)
{
    return map_remove(&map, map_hash(&map, entries[i].key, 2), &entries[i]);
}

START_TEST(what_was_inserted_is_found)
{
    for (uint32_t i = 0; i < ENTRIES; i++)
        insert(i);
    ck_assert_uint_eq(map.count, ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++)
        ck_assert_ptr_eq(find(i), &entries[i]);
}
END_TEST

START_TEST(what_was_not_inserted_is_not_found)
{
    ck_assert_ptr_null(find(0));
    ck_assert(!take_out(0));
    insert(1);
    ck_assert_ptr_null(find(0));
    ck_assert(!take_out(0));
}
END_TEST

START_TEST(any_order_of_inserts_and_removals_agrees_with_a_list)
{
    uint32_t random = 1;
    size_t count = 0;
    unsigned wrong = 0; /* an assertion a step would take minutes */
    for (uint32_t step = 0; step < 200000; step++) {
        random = random * 1664525u + 1013904223u;
        uint32_t i = (random >> 8) % ENTRIES;
        struct entry *e = &entries[i];
        uint32_t hash = map_hash(&map, e->key, 2);
        wrong += map_find(&map, hash, entry_is, e->key) != (e->in ? e : NULL);
        if (e->in)
            wrong += !map_remove(&map, hash, e);
        else
            wrong += map_insert(&map, hash, e) != ERR_OK;
        e->in = !e->in;
        count = e->in ? count + 1 : count - 1;
        wrong += map.count != count;
    }
    ck_assert_uint_eq(wrong, 0);
    for (uint32_t i = 0; i < ENTRIES; i++)
        ck_assert_ptr_eq(find(i), entries[i].in ? &entries[i] : NULL);
}
END_TEST

START_TEST(removal_takes_exactly_the_pointer_given)
{
    struct entry twin = entries[3];
    uint32_t hash = map_hash(&map, twin.key, 2);
    insert(3);
    ck_assert(!map_remove(&map, hash, &twin));
    ck_assert_ptr_eq(find(3), &entries[3]);
}
END_TEST

START_TEST(a_run_over_the_end_of_the_table_survives_removals)
{
    /* Hashes that all want the last slot. */
    uint32_t hash = (uint32_t)map.mask;
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_int_eq(map_insert(&map, hash, &entries[i]), ERR_OK);
    for (uint32_t i = 0; i < 10; i += 3)
        ck_assert(map_remove(&map, hash, &entries[i]));
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_ptr_eq(map_find(&map, hash, entry_is, entries[i].key),
                         i % 3 == 0 ? NULL : &entries[i]);
}
END_TEST

START_TEST(clearing_empties_the_map)
{
    for (uint32_t i = 0; i < 100; i++)
        insert(i);
    map_clear(&map);
    ck_assert_uint_eq(map.count, 0);
    ck_assert_ptr_null(find(5));
    insert(5);
    ck_assert_ptr_eq(find(5), &entries[5]);
}
END_TEST

START_TEST(two_maps_hash_differently)
{
    struct map other;
    unsigned same = 0;
    ck_assert_int_eq(map_init(&other), ERR_OK);
    for (uint32_t i = 0; i < 100; i++)
        same += map_hash(&map, entries[i].key, 2) ==
                map_hash(&other, entries[i].key, 2);
    ck_assert_uint_lt(same, 3);
    map_fini(&other);
}
END_TEST

START_TEST(neighbouring_keys_spread_over_the_table)
{
    /* Consecutive ports in one word, as scans choose them: of 65,536 keys,
     * about 1 - 1/e fill the slots of a table of their number. */
    static bool used[65536];
    unsigned slots = 0;
    memset(used, 0, sizeof(used));
    for (uint32_t i = 0; i < 65536; i++) {
        const uint32_t key[3] = {0x0100007f, 0x0200007f, i << 16 | 80};
        uint32_t slot = map_hash(&map, key, 3) & 0xffff;
        slots += !used[slot];
        used[slot] = true;
    }
    ck_assert_uint_gt(slots, 65536 / 3);
}
END_TEST

START_TEST(random_bytes_differ_from_call_to_call)
{
    uint8_t a[300] = {0}, b[300] = {0};
    map_random(a, sizeof(a));
    map_random(b, sizeof(b));
    ck_assert_int_ne(memcmp(a, b, 32), 0);
    ck_assert_int_ne(memcmp(a + 268, b + 268, 32), 0);
}
END_TEST

static Suite *
map_suite(void)
{
    Suite *s = suite_create("map");
    TCase *t = tcase_create("map");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_was_inserted_is_found);
    tcase_add_test(t, what_was_not_inserted_is_not_found);
    tcase_add_test(t, any_order_of_inserts_and_removals_agrees_with_a_list);
    tcase_add_test(t, removal_takes_exactly_the_pointer_given);
    tcase_add_test(t, a_run_over_the_end_of_the_table_survives_removals);
    tcase_add_test(t, clearing_empties_the_map);
    tcase_add_test(t, two_maps_hash_differently);
    tcase_add_test(t, neighbouring_keys_spread_over_the_table);
    tcase_add_test(t, random_bytes_differ_from_call_to_call);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(map_suite)
