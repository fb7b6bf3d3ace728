/* SPDX-License-Identifier: MIT */
#include "ui/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "capture/source.h"

#define NS_PER_S INT64_C(1000000000)
#define FIRST_NS NS_PER_S        /* nothing is drawn before */
#define REDRAW_NS (NS_PER_S / 4) /* between two drawings */

#define LINE_MAX_COLUMNS 160u
#define NAME_MAX_COLUMNS 32u

static int64_t
clock_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Columns of the terminal behind fd; 80 when it does not tell. */
static unsigned
terminal_columns(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

void
progress_init(struct progress *p, FILE *out)
{
    int fd = fileno(out);
    memset(p, 0, sizeof *p);
    p->out = out;
    p->on = fd >= 0 && isatty(fd) == 1;
    if (!p->on)
        return;
    p->columns = terminal_columns(fd);
    p->start_ns = clock_now_ns();
    p->next_ns = p->start_ns + FIRST_NS;
}

/* The end of a file's name, with nothing in it that a terminal obeys or that
 * is wider than one column. */
static void
clean_name(char out[NAME_MAX_COLUMNS + 1], const char *name)
{
    size_t len = strlen(name);
    bool cut = len > NAME_MAX_COLUMNS;
    if (cut)
        name += len - NAME_MAX_COLUMNS;
    size_t i = 0;
    for (; name[i] != '\0'; i++)
        out[i] = name[i] >= 0x20 && name[i] < 0x7f ? name[i] : '?';
    out[i] = '\0';
    if (cut)
        memset(out, '.', 3);
}

/* "123 B", "4.5 MiB". */
static void
format_bytes(char *out, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double value = (double)bytes;
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    snprintf(out, size, "%.*f %s", unit ? 1 : 0, value, units[unit]);
}

/* What is left, from how long the part before took; "" when unknown. */
static void
format_left(char *out, size_t size, const struct source_info *info,
            int64_t elapsed_ns)
{
    out[0] = '\0';
    if (info->bytes_read == 0 || info->bytes_read >= info->bytes_total ||
        info->index != 0)
        return;
    double share = (double)info->bytes_read / (double)info->bytes_total;
    double left = (double)elapsed_ns / (double)NS_PER_S * (1 - share) / share;
    if (left < 1e6)
        snprintf(out, size, ", %.0f s left", left);
}

void
progress_draw(struct progress *p, const struct source_info *info,
              uint64_t packets, int64_t now_ns)
{
    char line[LINE_MAX_COLUMNS + 1], name[NAME_MAX_COLUMNS + 1];
    char done[24], percent[8] = "", left[32];
    if (!p->on || now_ns < p->next_ns)
        return;
    p->next_ns = now_ns + REDRAW_NS;
    clean_name(name, info->name);
    format_bytes(done, sizeof done, info->bytes_read);
    format_left(left, sizeof left, info, now_ns - p->start_ns);
    if (info->bytes_total) {
        double share = (double)info->bytes_read / (double)info->bytes_total;
        snprintf(percent, sizeof percent, " %.0f%%",
                 share < 1 ? 100 * share : 100.0);
    }
    snprintf(line, sizeof line, "%s:%s %s, %ju packets%s", name, percent, done,
             (uintmax_t)packets, left);
    /* A line that wraps could not be taken away again. */
    int room = p->columns > 1 ? (int)p->columns - 1 : 1;
    fprintf(p->out, "\r%.*s\033[K", room, line);
    fflush(p->out);
    p->shown = true;
}

void
progress_look(struct progress *p, const struct source_info *info,
              uint64_t packets)
{
    progress_draw(p, info, packets, clock_now_ns());
}

void
progress_clear(struct progress *p)
{
    if (!p->shown)
        return;
    fputs("\r\033[K", p->out);
    fflush(p->out);
    p->shown = false;
}
