/* SPDX-License-Identifier: MIT */
/*
 * line_delay.c - how old the packets of lines are when the lines arrive.
 *
 *   wsray -i lo json                 | line_delay SECONDS
 *   wsray -i lo report --time epoch  | line_delay SECONDS
 *
 * Reads standard input to its end.  The time in a line is when the kernel saw
 * the packet; it is compared with the clock behind the read(2) that brought the
 * line's end.  Lines of json are those of frames; of report, those with a time
 * in seconds since 1970 as third word.  The first SECONDS are left out.
 *
 * One line of JSON: the number of lines, and of their ages the median, the
 * 99th percentile and the greatest, in milliseconds.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS INT64_C(1000000000)
#define CLASS_NS 10000 /* width of a class of the histogram */
#define CLASSES 1000000u
#define BUFFER (1u << 20)

static uint64_t classes[CLASSES], lines;
static int64_t greatest;

static int64_t
now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* Digits at p as a number; *end: behind them. */
static int64_t
number(const char *p, const char **end)
{
    int64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        v = 10 * v + (*p - '0');
    *end = p;
    return v;
}

/* A fraction's digits at p (behind the point) in ns. */
static int64_t
fraction(const char *p)
{
    int64_t v = 0;
    int n = 0;
    for (; n < 9 && p[n] >= '0' && p[n] <= '9'; n++)
        v = 10 * v + (p[n] - '0');
    for (; n < 9; n++)
        v *= 10;
    return v;
}

/* "2026-11-21T09:01:21.417303145Z"; the midnight before is looked up once. */
static int64_t
utc(const char *p)
{
    static char day[11];
    static int64_t midnight;
    if (memcmp(day, p, 10) != 0) {
        struct tm tm = {0};
        memcpy(day, p, 10);
        if (!strptime(day, "%Y-%m-%d", &tm))
            exit(1);
        midnight = (int64_t)timegm(&tm);
    }
    const char *end;
    int64_t s = number(p + 11, &end) * 3600 + number(p + 14, &end) * 60 +
                number(p + 17, &end);
    return (midnight + s) * NS + (*end == '.' ? fraction(end + 1) : 0);
}

/* The time in a line, since 1970; 0: it has none. */
static int64_t
time_of(const char *line)
{
    static const char frame[] = "{\"type\":\"frame\"", key[] = "\"time\":\"";
    if (*line == '{') {
        if (strncmp(line, frame, sizeof frame - 1) != 0)
            return 0;
        const char *p = strstr(line, key);
        return p ? utc(p + sizeof key - 1) : 0;
    }
    if (*line != '#')
        return 0;
    /* "#1    12  1795251681.417303  <- server ..." */
    const char *p = line + strcspn(line, " "), *end;
    p += strspn(p, " ");
    p += strspn(p, "0123456789");
    p += strspn(p, " ");
    int64_t s = number(p, &end);
    return s > INT64_C(1000000000) && *end == '.' ? s * NS + fraction(end + 1)
                                                  : 0;
}

static void
take(const char *line, int64_t now)
{
    int64_t at = time_of(line);
    if (at == 0)
        return;
    int64_t age = now - at;
    int64_t class = age < 0 ? 0 : age / CLASS_NS;
    classes[class < CLASSES ? class : CLASSES - 1]++;
    lines++;
    if (age > greatest)
        greatest = age;
}

static double
percentile(unsigned percent)
{
    uint64_t rank = (lines * percent + 99) / 100, sum = 0;
    for (uint64_t i = 0; i < CLASSES; i++)
        if ((sum += classes[i]) >= rank && sum > 0)
            return (double)(i * CLASS_NS + CLASS_NS / 2) / 1e6;
    return 0;
}

int
main(int argc, char **argv)
{
    static char buffer[BUFFER + 1];
    double skip = argc > 1 ? strtod(argv[1], NULL) : 0;
    int64_t from = now_ns(CLOCK_MONOTONIC) + (int64_t)(skip * 1e9);
    size_t have = 0;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, buffer + have, BUFFER - have);
        if (n <= 0)
            break;
        int64_t now = now_ns(CLOCK_REALTIME);
        bool counts = now_ns(CLOCK_MONOTONIC) >= from;
        have += (size_t)n;
        char *line = buffer, *end;
        while ((end = memchr(line, '\n', have - (size_t)(line - buffer)))) {
            *end = '\0';
            if (counts)
                take(line, now);
            line = end + 1;
        }
        have -= (size_t)(line - buffer);
        memmove(buffer, line, have);
        if (have == BUFFER)
            have = 0; /* no line of ours is that long */
    }
    printf("{\"lines\": %llu, \"median\": %.3f, \"p99\": %.3f, \"max\": "
           "%.3f}\n",
           (unsigned long long)lines, percentile(50), percentile(99),
           (double)greatest / 1e6);
    return 0;
}
