/* SPDX-License-Identifier: MIT */
#include "dissect/finding.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dissect/threshold.h"
#include "tests/check_main.h"

/* ---- findings ---- */

static const char *const symbols[] = {
#define FINDING(symbol, id, layer, severity, reference, text, teach, unless)   \
#symbol,
#include "dissect/finding.def"
#undef FINDING
};

static const struct finding_info *
row(int i)
{
    return finding_info((enum finding_id)i);
}

/* Lower-case words with single dashes between. */
static bool
is_name(const char *name)
{
    char before = '-';
    for (const char *c = name; *c != '\0'; before = *c++) {
        if (*c == '-' ? before == '-' : !islower(*c) && !isdigit(*c))
            return false;
    }
    return before != '-';
}

static bool
is_symbol_of(const char *symbol, const char *name)
{
    for (; *name != '\0'; name++, symbol++)
        if (*symbol != (*name == '-' ? '_' : toupper(*name)))
            return false;
    return *symbol == '\0';
}

static bool
is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e || (c[0] == ' ' && c[1] == ' '))
            return false;
    return text[0] != '\0' && text[0] != ' ' && text[strlen(text) - 1] != ' ';
}

START_TEST(an_id_is_lower_case_words_and_the_symbol_says_the_same)
{
    const char *id = row(_i)->id;
    ck_assert_msg(is_name(id), "%s", id);
    ck_assert_msg(is_symbol_of(symbols[_i], id), "%s: %s", id, symbols[_i]);
}
END_TEST

START_TEST(an_id_stands_in_the_table_once_and_is_found)
{
    enum finding_id found = FINDING_COUNT;
    ck_assert(finding_find(row(_i)->id, &found));
    ck_assert_int_eq((int)found, _i);
}
END_TEST

START_TEST(what_is_no_id_is_not_found)
{
    static const char *const words[] = {"",
                                        "tcp",
                                        "tcp-stream-ga",
                                        "tcp-stream-gap ",
                                        "tcp-stream-gaps",
                                        "TCP-STREAM-GAP",
                                        "tcp_stream_gap"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        enum finding_id found = FINDING_COUNT;
        ck_assert_msg(!finding_find(words[i], &found), "%s", words[i]);
        ck_assert_int_eq(found, FINDING_COUNT);
    }
}
END_TEST

START_TEST(a_text_is_one_short_phrase_without_a_full_stop)
{
    const char *id = row(_i)->id, *text = row(_i)->text;
    ck_assert_msg(is_plain(text), "%s", id);
    ck_assert_msg(strlen(text) <= 75, "%s: %zu bytes", id, strlen(text));
    ck_assert_msg(text[strlen(text) - 1] != '.', "%s ends in a full stop", id);
    ck_assert_msg(!strstr(text, ". "), "%s has two sentences", id);
}
END_TEST

START_TEST(what_is_taught_are_whole_sentences)
{
    const char *const texts[] = {row(_i)->teach, row(_i)->unless};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(texts[i]);
        ck_assert_msg(is_plain(texts[i]), "%s", row(_i)->id);
        ck_assert_msg(!islower(texts[i][0]), "%s: no capital", row(_i)->id);
        ck_assert_msg(texts[i][len - 1] == '.', "%s: no end", row(_i)->id);
        ck_assert_msg(len < 400, "%s: %zu bytes", row(_i)->id, len);
    }
}
END_TEST

START_TEST(a_reference_names_a_document)
{
    const char *ref = row(_i)->reference;
    unsigned rfc;
    int end = 0;
    ck_assert_msg(is_plain(ref), "%s", row(_i)->id);
    if (strncmp(ref, "pcap ", 5) == 0)
        return;
    ck_assert_msg(sscanf(ref, "RFC %u%n", &rfc, &end) == 1, "%s: %s",
                  row(_i)->id, ref);
    ck_assert_msg(rfc > 700 && rfc < 10000, "%s: %s", row(_i)->id, ref);
    ck_assert_msg(ref[end] == '\0' || strncmp(ref + end, " section ", 9) == 0 ||
                      strncmp(ref + end, " erratum ", 9) == 0,
                  "%s: %s", row(_i)->id, ref);
}
END_TEST

START_TEST(rows_are_sorted_by_layer)
{
    ck_assert_int_lt(row(_i)->layer, FINDING_LAYER_COUNT);
    ck_assert_int_lt(row(_i)->severity, SEVERITY_COUNT);
    if (_i > 0)
        ck_assert_int_ge(row(_i)->layer, row(_i - 1)->layer);
}
END_TEST

START_TEST(layers_and_severities_have_names)
{
    for (int i = 0; i < FINDING_LAYER_COUNT; i++)
        ck_assert(is_name(finding_layer_name((enum finding_layer)i)));
    for (int i = 0; i < SEVERITY_COUNT; i++)
        ck_assert(is_name(severity_name((enum severity)i)));
    ck_assert_str_eq(finding_layer_name(FINDING_LAYER_TCP), "tcp");
    ck_assert_str_eq(finding_layer_name(FINDING_LAYER_PERFORMANCE),
                     "performance");
    ck_assert_str_eq(severity_name(SEVERITY_ERROR), "error");
}
END_TEST

/* ---- thresholds ---- */

static const char *const threshold_symbols[] = {
#define THRESHOLD(symbol, name, unit, fallback, findings, text) #symbol,
#include "dissect/threshold.def"
#undef THRESHOLD
};

static const struct threshold_info *
threshold_row(int i)
{
    return threshold_info((enum threshold_id)i);
}

START_TEST(a_threshold_has_a_name_of_its_own_and_its_symbol)
{
    const char *name = threshold_row(_i)->name;
    ck_assert_msg(is_name(name), "%s", name);
    ck_assert_msg(is_symbol_of(threshold_symbols[_i], name), "%s", name);
    for (int j = 0; j < _i; j++)
        ck_assert_str_ne(threshold_row(j)->name, name);
    ck_assert_msg(is_plain(threshold_row(_i)->text), "%s", name);
    ck_assert_msg(!strchr(threshold_row(_i)->text, '.'), "%s", name);
}
END_TEST

START_TEST(a_threshold_belongs_to_findings_that_exist)
{
    unsigned n = 0;
    size_t len = 0;
    for (int j = 0; j < FINDING_COUNT; j++)
        if (threshold_belongs((enum threshold_id)_i, row(j)->id)) {
            n++;
            len += strlen(row(j)->id);
        }
    ck_assert_msg(n > 0, "%s", threshold_row(_i)->name);
    /* What is left of the list are the bars between them. */
    ck_assert_msg(strlen(threshold_row(_i)->findings) == len + n - 1, "%s",
                  threshold_row(_i)->name);
    ck_assert(!threshold_belongs((enum threshold_id)_i, ""));
}
END_TEST

/* Sets threshold i to the text of value, and reads it back. */
static void
check_round_trip(int i, uint64_t value)
{
    struct thresholds t;
    enum threshold_id id = THRESHOLD_COUNT;
    char text[THRESHOLD_TEXT_MAX], setting[96];
    threshold_defaults(&t);
    threshold_print((enum threshold_id)i, value, text);
    snprintf(setting, sizeof setting, "%s=%s", threshold_row(i)->name, text);
    ck_assert_msg(threshold_set(&t, setting, &id) == THRESHOLD_SETTING_OK, "%s",
                  setting);
    ck_assert_int_eq((int)id, i);
    ck_assert_msg(t.value[i] == value, "%s: %" PRIu64, setting, t.value[i]);
}

START_TEST(what_a_threshold_prints_it_reads)
{
    static const uint64_t values[] = {
        0,
        1,
        20,
        100,
        999,
        1000,
        1024,
        1500000,
        UINT64_C(1) << 30,
        UINT64_C(60000000000),
        UINT64_C(1) << 42,
        INT64_MAX,
    };
    const struct threshold_info *info = threshold_row(_i);
    struct thresholds t;
    threshold_defaults(&t);
    ck_assert_uint_eq(t.value[_i], info->fallback);
    check_round_trip(_i, info->fallback);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (info->unit != THRESHOLD_UNIT_PERCENT || values[i] <= 100)
            check_round_trip(_i, values[i]);
}
END_TEST

struct setting_case {
    const char *setting;
    enum threshold_setting want;
    enum threshold_id id;
    uint64_t value;
};

#define OK(setting, symbol, value)                                             \
    {                                                                          \
        setting, THRESHOLD_SETTING_OK, THRESHOLD_##symbol, value               \
    }
#define BAD(setting, symbol)                                                   \
    {                                                                          \
        setting, THRESHOLD_SETTING_BAD, THRESHOLD_##symbol, 0                  \
    }
#define WRONG(setting, what)                                                   \
    {                                                                          \
        setting, THRESHOLD_SETTING_##what, THRESHOLD_COUNT, 0                  \
    }

static const struct setting_case setting_cases[] = {
    OK("close-reply=10s", CLOSE_REPLY, UINT64_C(10000000000)),
    OK("close-reply=500ms", CLOSE_REPLY, 500000000),
    OK("close-reply=1.5s", CLOSE_REPLY, 1500000000),
    OK("close-reply=2", CLOSE_REPLY, 2000000000),
    OK("close-reply=2min", CLOSE_REPLY, UINT64_C(120000000000)),
    OK("close-reply=0", CLOSE_REPLY, 0),
    OK("frame-huge=64M", FRAME_HUGE, UINT64_C(64) << 20),
    OK("frame-huge=1GiB", FRAME_HUGE, UINT64_C(1) << 30),
    OK("frame-huge=17", FRAME_HUGE, 17),
    OK("mask-run=100", MASK_RUN, 100),
    OK("mask-run=18446744073709551615", MASK_RUN, UINT64_MAX),
    OK("bomb-ratio=50", BOMB_RATIO, 50),
    OK("bomb-ratio=50:1", BOMB_RATIO, 50),
    OK("tiny-overhead=50", TINY_OVERHEAD, 50),
    OK("tiny-overhead=100%", TINY_OVERHEAD, 100),
    BAD("close-reply=", CLOSE_REPLY),
    BAD("close-reply=-1s", CLOSE_REPLY),
    BAD("close-reply=10M", CLOSE_REPLY),
    BAD("close-reply=10s ", CLOSE_REPLY),
    BAD("close-reply= 10s", CLOSE_REPLY),
    BAD("close-reply=.5s", CLOSE_REPLY),
    BAD("close-reply=1.s", CLOSE_REPLY),
    BAD("close-reply=10=s", CLOSE_REPLY),
    BAD("close-reply=9223372037s", CLOSE_REPLY),
    BAD("close-reply=9999999h", CLOSE_REPLY),
    BAD("frame-huge=10s", FRAME_HUGE),
    BAD("frame-huge=M", FRAME_HUGE),
    BAD("frame-huge=18446744073709551615K", FRAME_HUGE),
    BAD("mask-run=5x", MASK_RUN),
    BAD("mask-run=1K", MASK_RUN),
    BAD("mask-run=5%", MASK_RUN),
    BAD("mask-run=18446744073709551616", MASK_RUN),
    BAD("bomb-ratio=50:2", BOMB_RATIO),
    BAD("bomb-ratio=50:", BOMB_RATIO),
    BAD("tiny-overhead=101%", TINY_OVERHEAD),
    WRONG("", NO_VALUE),
    WRONG("close-reply", NO_VALUE),
    WRONG("no-such-thing", NO_VALUE),
    WRONG("=", NO_NAME),
    WRONG("=10s", NO_NAME),
    WRONG("close=10s", NO_NAME),
    WRONG("close-replyy=10s", NO_NAME),
    WRONG("CLOSE-REPLY=10s", NO_NAME),
};

START_TEST(a_setting_changes_one_threshold_or_none)
{
    const struct setting_case *c = &setting_cases[_i];
    struct thresholds t, before;
    enum threshold_id id = THRESHOLD_COUNT;
    threshold_defaults(&t);
    before = t;
    ck_assert_msg(threshold_set(&t, c->setting, &id) == c->want, "'%s'",
                  c->setting);
    ck_assert_msg(id == c->id, "'%s'", c->setting);
    if (c->want == THRESHOLD_SETTING_OK) {
        ck_assert_msg(t.value[id] == c->value, "'%s': %" PRIu64, c->setting,
                      t.value[id]);
        before.value[id] = c->value;
    }
    ck_assert_msg(memcmp(&t, &before, sizeof t) == 0, "'%s'", c->setting);
}
END_TEST

static Suite *
finding_suite(void)
{
    Suite *s = suite_create("finding");
    TCase *t = tcase_create("finding");
    tcase_add_loop_test(t,
                        an_id_is_lower_case_words_and_the_symbol_says_the_same,
                        0, FINDING_COUNT);
    tcase_add_loop_test(t, an_id_stands_in_the_table_once_and_is_found, 0,
                        FINDING_COUNT);
    tcase_add_test(t, what_is_no_id_is_not_found);
    tcase_add_loop_test(t, a_text_is_one_short_phrase_without_a_full_stop, 0,
                        FINDING_COUNT);
    tcase_add_loop_test(t, what_is_taught_are_whole_sentences, 0,
                        FINDING_COUNT);
    tcase_add_loop_test(t, a_reference_names_a_document, 0, FINDING_COUNT);
    tcase_add_loop_test(t, rows_are_sorted_by_layer, 0, FINDING_COUNT);
    tcase_add_test(t, layers_and_severities_have_names);
    suite_add_tcase(s, t);

    t = tcase_create("threshold");
    tcase_add_loop_test(t, a_threshold_has_a_name_of_its_own_and_its_symbol, 0,
                        THRESHOLD_COUNT);
    tcase_add_loop_test(t, a_threshold_belongs_to_findings_that_exist, 0,
                        THRESHOLD_COUNT);
    tcase_add_loop_test(t, what_a_threshold_prints_it_reads, 0,
                        THRESHOLD_COUNT);
    tcase_add_loop_test(t, a_setting_changes_one_threshold_or_none, 0,
                        (int)(sizeof setting_cases / sizeof *setting_cases));
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(finding_suite)
