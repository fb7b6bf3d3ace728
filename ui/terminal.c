/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ui/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80u
#define WIDTH_LEAST 40u
#define ROWS_DEFAULT 24u

#ifdef HAVE_NCURSES
#define HAS_TUI true
#else
#define HAS_TUI false
#endif

bool
terminal_color(const struct options *o)
{
    const char *no_color = getenv("NO_COLOR");
    if (o->color != COLOR_AUTO)
        return o->color == COLOR_ALWAYS;
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && *term &&
           strcmp(term, "dumb") != 0;
}

size_t
terminal_width(const struct options *o)
{
    struct winsize size;
    if (o->width)
        return (size_t)o->width;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col >= WIDTH_LEAST)
        return size.ws_col;
    return WIDTH_DEFAULT;
}

size_t
terminal_rows(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
        return size.ws_row;
    return ROWS_DEFAULT;
}

bool
terminal_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool
terminal_suits_tui(void)
{
    const char *term = getenv("TERM");
    return HAS_TUI && term && *term && strcmp(term, "dumb") != 0 &&
           isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}
