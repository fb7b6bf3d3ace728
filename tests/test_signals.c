/* SPDX-License-Identifier: MIT */
/* Each test is a process of its own: signals_init() is for once a program. */
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "ui/signals.h"

/* How a child ends in which body runs after signals_init(rotate). */
static int
run_child(bool rotate, void (*body)(void))
{
    int status = 0;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        signals_init(rotate);
        body();
        _exit(99);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void
interrupt_twice(void)
{
    raise(SIGINT);
    raise(SIGINT);
    _exit(signals_pending && signals_stop() == SIGINT ? 0 : 1);
}

static void
interrupt_late(void)
{
    struct timespec wait = {.tv_nsec = 300 * 1000 * 1000};
    raise(SIGINT);
    while (nanosleep(&wait, &wait) != 0)
        ;
    raise(SIGINT);
    _exit(1);
}

static int last_words[2];

static void
say_last_words(void)
{
    (void)!write(last_words[1], "x", 1);
}

static void
interrupt_late_and_told(void)
{
    signals_before_death(say_last_words);
    interrupt_late();
}

static void
terminate(void)
{
    raise(SIGTERM);
    raise(SIGTERM);
    _exit(signals_stop() == SIGTERM ? 0 : 1);
}

static void
hang_up(void)
{
    raise(SIGHUP);
    _exit(signals_stop() == SIGHUP && !signals_take_rotate() ? 0 : 1);
}

static void
rotate(void)
{
    raise(SIGHUP);
    _exit(signals_stop() == 0 && signals_take_rotate() && !signals_take_rotate()
              ? 0
              : 1);
}

static void
ask(void)
{
    raise(SIGUSR1);
    _exit(signals_pending && signals_stop() == 0 && signals_take_figures() &&
                  !signals_take_figures()
              ? 0
              : 1);
}

static const struct {
    const char *name;
    void (*body)(void);
    bool rotate;
    int signal; /* that kills it; 0: none */
} cases[] = {
    {"an interrupt that comes twice is one", interrupt_twice, false, 0},
    {"a later one ends at once", interrupt_late, false, SIGINT},
    {"SIGTERM ends", terminate, false, 0},
    {"SIGHUP ends", hang_up, false, 0},
    {"SIGHUP rotates where something is saved", rotate, true, 0},
    {"SIGUSR1 asks", ask, false, 0},
};

START_TEST(each_signal_asks_for_its_thing)
{
    int status = run_child(cases[_i].rotate, cases[_i].body);
    if (cases[_i].signal)
        ck_assert_msg(WIFSIGNALED(status) &&
                          WTERMSIG(status) == cases[_i].signal,
                      "%s: %#x", cases[_i].name, (unsigned)status);
    else
        ck_assert_msg(status == 0, "%s: %#x", cases[_i].name, (unsigned)status);
}
END_TEST

START_TEST(before_an_interrupt_ends_all_there_is_a_call)
{
    char said = 0;
    ck_assert_int_eq(pipe(last_words), 0);
    int status = run_child(false, interrupt_late_and_told);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    ck_assert_int_eq(read(last_words[0], &said, 1), 1);
    ck_assert_int_eq(said, 'x');
}
END_TEST

START_TEST(a_hang_up_that_is_ignored_stays_so)
{
    signal(SIGHUP, SIG_IGN);
    int status = run_child(false, hang_up);
    signal(SIGHUP, SIG_DFL);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}
END_TEST

static Suite *
make_suite(void)
{
    Suite *suite = suite_create("signals");
    TCase *tc = tcase_create("signals");
    tcase_add_loop_test(tc, each_signal_asks_for_its_thing, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(tc, before_an_interrupt_ends_all_there_is_a_call);
    tcase_add_test(tc, a_hang_up_that_is_ignored_stays_so);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(make_suite)
