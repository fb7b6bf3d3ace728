/* SPDX-License-Identifier: MIT */
#include "ui/export/slicer.h"

#include "tests/check_main.h"
#include "tests/event_samples.h"

static struct slicer *slicer;

static void
setup(void)
{
    ck_assert_int_eq(slicer_new(&slicer, SLICER_PARTS_BYTES), ERR_OK);
}

static void
teardown(void)
{
    slicer_free(slicer);
}

/* What the pipeline tells of a packet. */
struct sent {
    enum decap_result decap;
    uint64_t flow, datagram;
    bool want; /* with flows 2 and 5 chosen */
};

static struct pipeline_sight
sight_of(const struct sent *sent)
{
    return (struct pipeline_sight){.decap = sent->decap,
                                   .flow = {.flow = sent->flow},
                                   .datagram = sent->datagram};
}

static void
read_twice(const struct sent *sent, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pipeline_sight sight = sight_of(&sent[i]);
        slicer_see(slicer, i + 1, &sight);
    }
    slicer_turn(slicer);
    for (size_t i = 0; i < n; i++) {
        struct pipeline_sight sight = sight_of(&sent[i]);
        ck_assert_msg(slicer_wants(slicer, i + 1, &sight) == sent[i].want,
                      "packet %zu", i + 1);
    }
}

START_TEST(packets_of_chosen_flows_and_their_fragments_are_taken)
{
    static const struct sent sent[] = {
        {DECAP_TCP, 1, 0, false},
        {DECAP_TCP, 2, 0, true},
        {DECAP_FRAGMENT, 0, 1, false},
        {DECAP_FRAGMENT, 0, 2, true},
        {DECAP_OTHER, 2, 0, false}, /* flow: of the packet before */
        {DECAP_FRAGMENT, 0, 1, false},
        {DECAP_FRAGMENT, 0, 3, false}, /* never whole */
        {DECAP_FRAGMENT, 0, 2, true},
        {DECAP_TCP, 5, 2, true},  /* whole */
        {DECAP_TCP, 1, 1, false}, /* whole */
        {DECAP_FRAGMENT, 0, 4, true},
        {DECAP_TCP, 0, 0, false}, /* no room for its flow */
        {DECAP_MALFORMED, 0, 0, false},
        {DECAP_TCP, 2, 4, true},
        {DECAP_TCP, 5, 0, true},
    };
    slicer_choose(slicer, 5);
    slicer_choose(slicer, 2);
    slicer_choose(slicer, 5);
    read_twice(sent, sizeof sent / sizeof *sent);
    ck_assert_uint_eq(slicer_figures(slicer)->flows, 2);
    ck_assert_uint_eq(slicer_figures(slicer)->over, 0);
}
END_TEST

START_TEST(nothing_chosen_is_nothing)
{
    static const struct sent sent[] = {{DECAP_TCP, 1, 0, false},
                                       {DECAP_FRAGMENT, 0, 1, false},
                                       {DECAP_TCP, 1, 1, false}};
    read_twice(sent, sizeof sent / sizeof *sent);
    ck_assert_uint_eq(slicer_figures(slicer)->flows, 0);
}
END_TEST

START_TEST(a_handshake_chooses_its_flow)
{
    static const struct sent sent[] = {{DECAP_TCP, 7, 0, true},
                                       {DECAP_TCP, 8, 0, false}};
    struct event_samples samples;
    struct event_sink sink = slicer_sink(slicer);
    event_samples_init(&samples);
    sample_send_handshake(&sink, 1, &samples.handshake);
    sample_send_frame(&sink, 2, &samples.frame);
    read_twice(sent, sizeof sent / sizeof *sent);
}
END_TEST

START_TEST(past_the_limit_fragments_are_left_out_and_counted)
{
    const uint64_t n = 1000;
    slicer_free(slicer);
    ck_assert_int_eq(slicer_new(&slicer, 4096), ERR_OK);
    slicer_choose(slicer, 1);
    for (uint64_t i = 1; i <= n; i++) {
        const struct sent fragment = {DECAP_FRAGMENT, 0, i, true};
        struct pipeline_sight sight = sight_of(&fragment);
        slicer_see(slicer, i, &sight);
    }
    uint64_t over = slicer_figures(slicer)->over;
    ck_assert_uint_gt(over, 0);
    ck_assert_uint_lt(over, n);
    slicer_turn(slicer);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("slicer");
    TCase *t = tcase_create("slicer");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, packets_of_chosen_flows_and_their_fragments_are_taken);
    tcase_add_test(t, nothing_chosen_is_nothing);
    tcase_add_test(t, a_handshake_chooses_its_flow);
    tcase_add_test(t, past_the_limit_fragments_are_left_out_and_counted);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
