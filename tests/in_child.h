/* SPDX-License-Identifier: MIT */
/*
 * in_child.h - what a process cannot undo (ids, filters) is tried in a forked
 * child, which tells through a pipe what it found wrong.
 */
#ifndef TESTS_IN_CHILD_H
#define TESTS_IN_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns what is wrong, NULL when nothing is. */
typedef const char *(*child_fn)(void *ctx);

/* Runs fn(ctx) in a child; fills text with what it returned, "" for NULL. */
static inline void
run_in_child(child_fn fn, void *ctx, char *text, size_t size)
{
    int fds[2], status = 0;
    size_t len = 0;
    if (pipe(fds) != 0)
        abort();
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        close(fds[0]);
        const char *wrong = fn(ctx);
        size_t n = wrong ? strlen(wrong) : 0;
        _exit(write(fds[1], wrong ? wrong : "", n) == (ssize_t)n ? 0 : 1);
    }
    close(fds[1]);
    for (ssize_t n; len + 1 < size; len += (size_t)n)
        if ((n = read(fds[0], text + len, size - 1 - len)) <= 0)
            break;
    text[len] = '\0';
    close(fds[0]);
    if (waitpid(child, &status, 0) != child || status != 0)
        snprintf(text + len, size - len, " (wait status %d)", status);
}

#define ck_assert_in_child(fn, ctx)                                            \
    do {                                                                       \
        char wrong_[512];                                                      \
        run_in_child(fn, ctx, wrong_, sizeof wrong_);                          \
        ck_assert_str_eq(wrong_, "");                                          \
    } while (0)

/* "Name:\tvalue" of a /proc/PID/status that was opened before; false: no such
 * line. */
static inline bool
status_line(int fd, const char *name, char *out, size_t size)
{
    char text[8192];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return false;
    text[n] = '\0';
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t len = strlen(name);
        if (strncmp(line, name, len) != 0 || line[len] != ':')
            continue;
        line += len + 1 + (line[len + 1] == '\t');
        snprintf(out, size, "%.*s", (int)strcspn(line, "\n"), line);
        return true;
    }
    return false;
}

/* For the log: a TAP comment.  libcheck has no skipped tests. */
static inline void
tell_skipped(const char *why)
{
    printf("# skipped: %s\n", why);
    fflush(stdout);
}

/* Valgrind makes system calls of its own, which a filter would forbid. */
static inline bool
under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload") != NULL;
}

#endif /* TESTS_IN_CHILD_H */
