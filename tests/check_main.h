/* SPDX-License-Identifier: MIT */
/*
 * check_main.h - the main() of every libcheck program: TAP on standard
 * output for automake's driver (the exit status is then always 0), or with
 * -v the usual listing and exit status for a person.
 */
#ifndef TESTS_CHECK_MAIN_H
#define TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

static inline int
check_main(int argc, char **argv, Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    if (argc > 1 && strcmp(argv[1], "-v") == 0) {
        srunner_run_all(runner, CK_VERBOSE);
        failed = srunner_ntests_failed(runner);
    } else {
        srunner_set_tap(runner, "-");
        srunner_run_all(runner, CK_SILENT);
    }
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define CHECK_MAIN(suite_fn)                                                   \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        return check_main(argc, argv, suite_fn());                             \
    }

#endif /* TESTS_CHECK_MAIN_H */
