/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ui/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"

static char *
help_text(enum command command)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    help_write(out, command);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

/* _i: a command, or COMMAND_COUNT for the general help. */
START_TEST(help_is_plain_text_of_at_most_79_columns)
{
    char *text = help_text((enum command)_i);
    size_t column = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n') {
            ck_assert_msg(c == text || c[-1] != ' ', "blank at a line's end");
            column = 0;
            continue;
        }
        ck_assert_msg(*c >= 0x20 && *c < 0x7f, "not ASCII: %.20s", c);
        ck_assert_msg(++column <= 79, "too long: %.20s", c);
    }
    ck_assert_uint_eq(column, 0);
    free(text);
}
END_TEST

/* Is "--name" there, with nothing behind it that a name is made of? */
static bool
has_option(const char *text, const char *name)
{
    char word[64];
    size_t len = (size_t)snprintf(word, sizeof word, "--%s", name);
    for (const char *at = text; (at = strstr(at, word)); at += len)
        if (at[len] == ' ' || at[len] == '\n')
            return true;
    return false;
}

START_TEST(help_names_the_options_of_the_command_and_no_others)
{
    char *text = help_text((enum command)_i);
    for (unsigned i = 0; i < OPTION_ID_COUNT; i++) {
        const struct option_info *info = option_info((enum option_id)i);
        bool want = _i == COMMAND_COUNT || (info->commands >> _i & 1u);
        ck_assert_msg(has_option(text, info->name) == want, "--%s", info->name);
    }
    free(text);
}
END_TEST

START_TEST(help_tells_defaults_choices_and_commands)
{
    char *text = help_text(COMMAND_COUNT);
    ck_assert_ptr_nonnull(strstr(text, "Usage: wsray [COMMAND]"));
    ck_assert_ptr_nonnull(strstr(text, "(default 512M)"));
    ck_assert_ptr_nonnull(strstr(text, "auto, always, never (default auto)"));
    ck_assert_ptr_nonnull(strstr(text, "one line a connection [report]"));
    ck_assert_ptr_nonnull(strstr(text, "\n  -c, --count N  "));
    for (unsigned c = 0; c < COMMAND_COUNT; c++)
        ck_assert_ptr_nonnull(
            strstr(text, command_info((enum command)c)->name));
    free(text);
}
END_TEST

START_TEST(version_tells_features_and_licence)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    help_write_version(out, &(struct help_features){.files = "gzip zstd",
                                                    .sandbox = "walls"});
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(text, "wsray " PACKAGE_VERSION "\n"
                           "Files:      gzip zstd\n"
                           "Live:       no\n"
                           "Terminal:   no\n"
                           "Sandbox:    walls\n"
                           "Licence:    MIT, without any warranty\n");
    free(text);
}
END_TEST

static Suite *
help_suite(void)
{
    Suite *s = suite_create("help");
    TCase *t = tcase_create("help");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, help_is_plain_text_of_at_most_79_columns, 0,
                        COMMAND_COUNT + 1);
    tcase_add_loop_test(t, help_names_the_options_of_the_command_and_no_others,
                        0, COMMAND_COUNT + 1);
    tcase_add_test(t, help_tells_defaults_choices_and_commands);
    tcase_add_test(t, version_tells_features_and_licence);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(help_suite)
