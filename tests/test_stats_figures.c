/* SPDX-License-Identifier: MIT */
#include "ui/stats_figures.h"

#include "tests/check_main.h"
#include "tests/event_samples.h"

static struct stats *stats;
static struct event_sink sink;
static struct event_samples samples;
static struct stats_figures f;

static void
setup(void)
{
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    sink = stats_sink(stats);
    event_samples_init(&samples);
    sample_send_handshake(&sink, 1, &samples.handshake);
}

static void
teardown(void)
{
    stats_free(stats);
}

static void
send_frame(uint32_t conn, enum ws_sender from, int64_t after_us, uint8_t opcode)
{
    struct event_frame e = samples.frame;
    e.from = from;
    e.at = sample_stamp(after_us * 1000, 9);
    e.header.opcode = opcode & 15u;
    sample_send_frame(&sink, conn, &e);
}

static void
send_message(uint64_t len)
{
    struct event_message e = samples.message;
    e.len = len;
    sample_send_message(&sink, 1, &e);
}

START_TEST(nothing_is_all_zero)
{
    stats_figures(stats, &f);
    ck_assert_uint_eq(f.sizes.n + f.sizes.median + f.sizes.max, 0);
    ck_assert_uint_eq(f.turns.n + f.turns.p95 + f.turns.max, 0);
    ck_assert_uint_eq(f.n_codes, 0);
}
END_TEST

START_TEST(every_opcode_has_its_row)
{
    for (uint8_t op = 0; op < 16; op++)
        for (uint8_t i = 0; i <= op; i++)
            send_frame(1, i % 2 ? WS_SENDER_SERVER : WS_SENDER_CLIENT, 0, op);
    stats_figures(stats, &f);
    static const struct {
        enum stats_opcode_row row;
        uint64_t n;
    } want[] = {{STATS_ROW_CONTINUATION, 1},
                {STATS_ROW_TEXT, 2},
                {STATS_ROW_BINARY, 3},
                {STATS_ROW_CLOSE, 9},
                {STATS_ROW_PING, 10},
                {STATS_ROW_PONG, 11},
                {STATS_ROW_OTHER, 4 + 5 + 6 + 7 + 8 + 12 + 13 + 14 + 15 + 16}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        ck_assert_uint_eq(f.opcode[want[i].row][0] + f.opcode[want[i].row][1],
                          want[i].n);
    ck_assert_uint_eq(f.opcode[STATS_ROW_TEXT][WS_SENDER_SERVER], 1);
}
END_TEST

START_TEST(sizes_of_all_kinds_and_senders_are_one_list)
{
    static const uint64_t lengths[] = {0, 1, 2, 3, 4, 7, 8, 1000, UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        samples.message.from = (enum ws_sender)(i % 2);
        samples.message.opcode = i % 3 ? WS_OP_TEXT : WS_OP_BINARY;
        send_message(lengths[i]);
    }
    stats_figures(stats, &f);
    ck_assert_uint_eq(f.size[0], 1);
    ck_assert_uint_eq(f.size[1], 1);
    ck_assert_uint_eq(f.size[2], 2);
    ck_assert_uint_eq(f.size[3], 2);
    ck_assert_uint_eq(f.size[4], 1);
    ck_assert_uint_eq(f.size[10], 1);
    ck_assert_uint_eq(f.size[64], 1);
    ck_assert_uint_eq(f.sizes.n, 9);
    ck_assert_uint_eq(f.sizes.median, 4);
    ck_assert_uint_eq(f.sizes.max, UINT64_MAX);
    ck_assert_uint_eq(f.sizes.total, UINT64_MAX);
}
END_TEST

START_TEST(a_turn_is_from_a_frame_to_the_next_of_the_other_side)
{
    send_frame(1, WS_SENDER_CLIENT, 0, WS_OP_TEXT);
    send_frame(1, WS_SENDER_CLIENT, 1000, WS_OP_TEXT);
    send_frame(2, WS_SENDER_SERVER, 1001, WS_OP_TEXT);    /* another one */
    send_frame(1, WS_SENDER_SERVER, 3000, WS_OP_TEXT);    /* 2 ms */
    send_frame(1, WS_SENDER_CLIENT, 3050, WS_OP_TEXT);    /* 50 us */
    send_frame(1, WS_SENDER_SERVER, 2000, WS_OP_TEXT);    /* found late */
    send_frame(1, WS_SENDER_CLIENT, 2002000, WS_OP_TEXT); /* 2 s */
    stats_figures(stats, &f);
    ck_assert_uint_eq(f.turns.n, 3);
    ck_assert_uint_eq(f.turn[0], 1);
    ck_assert_uint_eq(f.turn[2], 1);
    ck_assert_uint_eq(f.turn[STATS_TURN_ROWS - 1], 1);
    ck_assert_uint_eq(f.turns.max, 2000000);
}
END_TEST

START_TEST(every_turn_is_below_what_its_row_says)
{
    size_t i = (size_t)_i;
    int64_t us = (int64_t)stats_turn_us(i);
    send_frame(1, WS_SENDER_CLIENT, 0, WS_OP_TEXT);
    send_frame(1, WS_SENDER_SERVER, us * 9 / 10, WS_OP_TEXT);
    send_frame(1, WS_SENDER_CLIENT, us * 2, WS_OP_TEXT);
    stats_figures(stats, &f);
    ck_assert_uint_eq(f.turn[i], 1);
    ck_assert_uint_eq(f.turn[i + 1], 1);
}
END_TEST

START_TEST(close_codes_stand_in_their_order)
{
    static const uint16_t codes[] = {4001, 1000, 1006, 1000, 3000};
    for (size_t i = 0; i < 5; i++) {
        samples.close.close_code = codes[i];
        samples.close.from = (enum ws_sender)(i % 2);
        sample_send_frame(&sink, 1, &samples.close);
    }
    samples.close.has_close_code = false;
    samples.close.header.payload_len = 0;
    sample_send_frame(&sink, 1, &samples.close);
    sample_send_end(&sink, 1, &samples.end);
    samples.end.has_close_code[1] = false;
    sample_send_end(&sink, 2, &samples.end);
    stats_figures(stats, &f);
    ck_assert_uint_eq(f.n_codes, 4);
    ck_assert_uint_eq(f.code[0].code, 1000);
    ck_assert_uint_eq(f.code[0].n[WS_SENDER_SERVER], 2);
    ck_assert_uint_eq(f.code[1].code, 1006);
    ck_assert_uint_eq(f.code[2].code, 3000);
    ck_assert_uint_eq(f.code[3].code, 4001);
    ck_assert_uint_eq(f.close_without[0] + f.close_without[1], 1);
    ck_assert_uint_eq(f.conns_unclosed, 1);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("stats_figures");
    TCase *tc = tcase_create("figures");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nothing_is_all_zero);
    tcase_add_test(tc, every_opcode_has_its_row);
    tcase_add_test(tc, sizes_of_all_kinds_and_senders_are_one_list);
    tcase_add_test(tc, a_turn_is_from_a_frame_to_the_next_of_the_other_side);
    tcase_add_loop_test(tc, every_turn_is_below_what_its_row_says, 0,
                        STATS_TURN_ROWS - 1);
    tcase_add_test(tc, close_codes_stand_in_their_order);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
