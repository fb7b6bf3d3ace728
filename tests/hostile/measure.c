/* SPDX-License-Identifier: MIT */
/*
 * measure.c - runs a program and says what it cost: one line
 *
 *   STATUS PEAK_KIB SECONDS OUT_BYTES
 *
 * on standard output: its exit status (128 + signal when it was killed), the
 * most memory it had resident, its processor time, and the bytes it wrote to
 * standard output, which go nowhere.
 *
 *   measure ERRORS SECONDS PROGRAM [ARGUMENT...]
 *
 * ERRORS gets its standard error.  It is killed after SECONDS of processor
 * time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void
become(const char *errors, rlim_t seconds, int out, char **argv)
{
    struct rlimit limit = {seconds, seconds + 1};
    int err = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (err < 0 || dup2(err, 2) < 0 || dup2(out, 1) < 0 ||
        setrlimit(RLIMIT_CPU, &limit) < 0)
        _exit(126);
    execvp(argv[0], argv);
    _exit(127);
}

int
main(int argc, char **argv)
{
    static char bytes[1 << 16];
    int pipe_fd[2], state = 0;
    unsigned long long total = 0;
    struct rusage used;
    ssize_t n;
    if (argc < 4 || pipe(pipe_fd) < 0)
        return 2;
    pid_t child = fork();
    if (child < 0)
        return 2;
    if (child == 0) {
        close(pipe_fd[0]);
        become(argv[1], (rlim_t)strtoul(argv[2], NULL, 10), pipe_fd[1],
               argv + 3);
    }
    close(pipe_fd[1]);
    while ((n = read(pipe_fd[0], bytes, sizeof bytes)) > 0 ||
           (n < 0 && errno == EINTR))
        total += n > 0 ? (unsigned long long)n : 0;
    while (wait4(child, &state, 0, &used) < 0)
        if (errno != EINTR)
            return 2;
    double seconds =
        (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
        (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%d %ld %.2f %llu\n",
           WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state),
           used.ru_maxrss, seconds, total);
    return 0;
}
