/* SPDX-License-Identifier: MIT */
#include "dissect/emit.h"

#include "tests/check_main.h"

#define N_TOLD 1000u

/* What came out. */
static struct event_finding told[N_TOLD];
static size_t n_told;

static void
on_event(void *ctx, const struct event *event)
{
    (void)ctx;
    ck_assert_int_eq(event->type, EVENT_FINDING);
    ck_assert_uint_eq(event->conn, 7);
    ck_assert_uint_lt(n_told, N_TOLD);
    told[n_told++] = *event->finding;
}

static const struct event_sink sink = {.wants = 1u << EVENT_FINDING,
                                       .event = on_event};

static struct event_finding
finding(unsigned id, unsigned who, uint64_t offset)
{
    return (struct event_finding){.id = (enum finding_id)id,
                                  .has_from = who < 2,
                                  .from = (enum ws_sender)(who & 1),
                                  .offset = offset,
                                  .detail = "seen"};
}

START_TEST(each_finding_is_told_once_and_counted)
{
    struct emitter e;
    struct budget budget = {.max = 1};
    emit_init(&e, &sink, 7);
    e.budget = &budget;
    n_told = 0;
    /* The i-th of them comes i % 3 + 1 times, others in between. */
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < 3 * FINDING_COUNT; i++) {
            struct event_finding f = finding(i / 3, i % 3, 1000 * round + i);
            if (i % 3 >= round)
                emit_finding(&e, &f);
        }
    ck_assert_uint_eq(n_told, 3 * FINDING_COUNT);
    for (unsigned i = 0; i < n_told; i++) {
        ck_assert_uint_eq(told[i].offset, i);
        ck_assert_uint_eq(told[i].count, 1);
        ck_assert_str_eq(told[i].detail, "seen");
    }
    for (unsigned id = 0; id < FINDING_COUNT; id++)
        for (unsigned who = 0; who < 2; who++)
            ck_assert_uint_eq(emit_finding_count(&e, (enum finding_id)id,
                                                 (enum ws_sender)who),
                              who + 1);
    ck_assert_uint_ge(budget.used, n_told * sizeof told[0]);
    n_told = 0;
    emit_repeated_findings(&e);
    ck_assert_uint_eq(n_told, 2 * FINDING_COUNT);
    for (unsigned i = 0; i < n_told; i++) {
        unsigned who = 1 + i % 2;
        ck_assert_uint_eq(told[i].id, i / 2);
        ck_assert_uint_eq(told[i].offset, 3 * (i / 2) + who);
        ck_assert_uint_eq(told[i].count, who + 1);
        ck_assert_ptr_null(told[i].detail);
    }
    emit_fini(&e);
    ck_assert_uint_eq(budget.used, 0);
}
END_TEST

START_TEST(without_findings_nothing_is_allocated)
{
    struct emitter e;
    struct budget budget = {.max = 1};
    emit_init(&e, &sink, 7);
    e.budget = &budget;
    n_told = 0;
    ck_assert_uint_eq(emit_finding_count(&e, (enum finding_id)0,
                                         WS_SENDER_CLIENT),
                      0);
    emit_repeated_findings(&e);
    ck_assert_uint_eq(n_told, 0);
    ck_assert_uint_eq(budget.peak, 0);
    emit_fini(&e);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("emit");
    TCase *t = tcase_create("emit");
    tcase_add_test(t, each_finding_is_told_once_and_counted);
    tcase_add_test(t, without_findings_nothing_is_allocated);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
