/* SPDX-License-Identifier: MIT */
#include "ui/findings.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"

/* What is written about one finding, FINDING_COUNT: the list. */
static char *
written(int id, const struct findings_options *o)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    if (id == FINDING_COUNT)
        findings_write_list(out, o);
    else
        findings_write_one(out, o, (enum finding_id)id);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

/* Takes the colours out. */
static void
strip(char *text)
{
    char *to = text;
    for (const char *c = text; *c != '\0';) {
        if (*c == '\033')
            c = strchr(c, 'm') + 1;
        else
            *to++ = *c++;
    }
    *to = '\0';
}

START_TEST(lines_fit_the_columns_and_are_plain_text)
{
    static const size_t columns[] = {60, 79, 80, 120};
    struct thresholds t;
    threshold_defaults(&t);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct findings_options o = {.columns = columns[i], .thresholds = &t};
        char *text = written(_i, &o);
        size_t column = 0;
        for (const char *c = text; *c != '\0'; c++) {
            if (*c == '\n') {
                ck_assert_msg(c == text || c[-1] != ' ', "blank at the end");
                column = 0;
                continue;
            }
            ck_assert_msg(*c >= 0x20 && *c < 0x7f, "not plain: %.20s", c);
            ck_assert_msg(++column <= columns[i], "too long: %.20s", c);
        }
        ck_assert_uint_eq(column, 0);
        free(text);
    }
}
END_TEST

START_TEST(colour_changes_no_text)
{
    struct thresholds t;
    threshold_defaults(&t);
    struct findings_options o = {.columns = 72, .thresholds = &t};
    char *plain = written(_i, &o);
    o.color = true;
    char *coloured = written(_i, &o);
    ck_assert_uint_gt(strlen(coloured), strlen(plain));
    strip(coloured);
    ck_assert_str_eq(coloured, plain);
    free(coloured);
    free(plain);
}
END_TEST

START_TEST(without_columns_the_list_has_one_line_a_finding)
{
    struct thresholds t;
    threshold_defaults(&t);
    struct findings_options o = {.thresholds = &t};
    char *text = written(FINDING_COUNT, &o);
    for (int i = 0; i < FINDING_COUNT; i++) {
        const struct finding_info *info = finding_info((enum finding_id)i);
        char id[64];
        snprintf(id, sizeof id, "\n  %s ", info->id);
        const char *line = strstr(text, id);
        ck_assert_msg(line != NULL, "%s", info->id);
        size_t len = strcspn(line + 1, "\n"), want = strlen(info->text);
        ck_assert_msg(len > want &&
                          memcmp(line + 1 + len - want, info->text, want) == 0,
                      "%s: %.*s", info->id, (int)len, line + 1);
    }
    free(text);
}
END_TEST

START_TEST(one_explained_says_all_of_its_row_and_its_thresholds)
{
    const struct finding_info *info = finding_info((enum finding_id)_i);
    struct thresholds t;
    threshold_defaults(&t);
    struct findings_options o = {.thresholds = &t};
    char *text = written(_i, &o);
    const char *const parts[] = {
        info->id,     severity_name(info->severity),
        info->text,   finding_layer_name(info->layer),
        info->teach,  info->reference,
        info->unless,
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(strstr(text, parts[i]) != NULL, "%s: %s", info->id,
                      parts[i]);
    const char *thresholds = strstr(text, "\nThresholds ");
    for (int i = 0; i < THRESHOLD_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof name,
                 "\n  %s=", threshold_info((enum threshold_id)i)->name);
        bool want = threshold_belongs((enum threshold_id)i, info->id);
        ck_assert_msg((thresholds && strstr(thresholds, name)) == want,
                      "%s: %s", info->id, name + 1);
    }
    free(text);
}
END_TEST

START_TEST(a_changed_threshold_is_shown_with_its_default)
{
    struct thresholds t;
    threshold_defaults(&t);
    struct findings_options o = {.thresholds = &t};
    char *text = written(FINDING_COUNT, &o);
    ck_assert_ptr_null(strstr(text, "(default"));
    free(text);
    t.value[THRESHOLD_BOMB_RATIO] = 7;
    text = written(FINDING_COUNT, &o);
    const char *line = strstr(text, "\n  bomb-ratio=7:1 ");
    ck_assert_ptr_nonnull(line);
    line = strstr(line, "(default 100:1)\n");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strstr(line + 1, "(default"));
    free(text);
}
END_TEST

static Suite *
findings_suite(void)
{
    Suite *s = suite_create("findings");
    TCase *t = tcase_create("findings");
    /* The last one is the list. */
    tcase_add_loop_test(t, lines_fit_the_columns_and_are_plain_text, 0,
                        FINDING_COUNT + 1);
    tcase_add_loop_test(t, colour_changes_no_text, 0, FINDING_COUNT + 1);
    tcase_add_test(t, without_columns_the_list_has_one_line_a_finding);
    tcase_add_loop_test(t, one_explained_says_all_of_its_row_and_its_thresholds,
                        0, FINDING_COUNT);
    tcase_add_test(t, a_changed_threshold_is_shown_with_its_default);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(findings_suite)
