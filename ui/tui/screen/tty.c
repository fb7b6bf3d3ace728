/* SPDX-License-Identifier: MIT */
#include "config.h"

/* A library of terminals wants this before any header: cchar_t, get_wch. */
#define NCURSES_WIDECHAR 1

#include "ui/tui/screen/tty.h"

#include <stdio.h>

#ifdef HAVE_NCURSES

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "ui/put.h"
#include "ui/text.h"

#define ROLE(symbol, mono, fg8, bg8, fg256, bg256)                             \
    {mono, {fg8, bg8}, {fg256, bg256}},
static const struct {
    uint8_t mono;
    short color8[2], color256[2];
} themes[] = {
#include "ui/tui/screen/role.def"
};
#undef ROLE

/* Codes of our own for keys that terminfo has no name for. */
enum {
    CODE_PASTE = 0x1000,
    CODE_PASTE_END,
};

struct tty {
    SCREEN *screen;
    struct grid shown; /* on the terminal now */
    bool fresh;        /* nothing of it is known */
    bool color, mouse;
    struct termios saved;
    struct tty_key pressed; /* last, with the mouse */
    int64_t pressed_ms;
};

/* Sent when the process dies: cursor on, colours off, no mouse, no bracketed
 * paste, the other screen left.  What a terminal does not know it ignores. */
static const char restore[] =
    "\033[?1006l\033[?1000l\033[?2004l\033[0m\033[?25h\033[?1049l";
static struct termios saved_modes;
static atomic_bool must_restore;

void
tty_restore(void)
{
    if (atomic_exchange(&must_restore, false)) {
        (void)!write(STDOUT_FILENO, restore, sizeof restore - 1);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved_modes);
    }
}

static void
on_death(int number)
{
    tty_restore();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* Who stopped it, and used the terminal meanwhile, left it as that likes. */
static atomic_bool resumed;

static void
on_resume(int number)
{
    (void)number;
    resumed = true;
}

/* Crashes, and what else ends a program unless it is caught (signal(7)); the
 * others are those of signals.h. */
static void
catch_signals(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS,  SIGABRT, SIGFPE,  SIGILL,
                                  SIGQUIT, SIGUSR2, SIGALRM, SIGXCPU, SIGSYS};
    struct sigaction a = {.sa_handler = on_death,
                          .sa_flags = (int)SA_RESETHAND};
    struct sigaction resume = {.sa_handler = on_resume};
    sigemptyset(&resume.sa_mask);
    (void)sigaction(SIGCONT, &resume, NULL);
    sigemptyset(&a.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        (void)sigaction(numbers[i], &a, NULL);
}

static void
send(const char *bytes)
{
    (void)!write(STDOUT_FILENO, bytes, strlen(bytes));
}

static void
init_colors(struct tty *t)
{
    if (!t->color || !has_colors() || start_color() == ERR) {
        t->color = false;
        return;
    }
    (void)use_default_colors();
    for (int i = 0; i < ROLE_COUNT; i++) {
        const short *c = COLORS >= 256 ? themes[i].color256 : themes[i].color8;
        (void)init_pair((short)(i + 1), c[0], c[1]);
    }
}

static void
ask_for_mouse(struct tty *t)
{
    mmask_t wanted = BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED;
    (void)mousemask(t->mouse ? wanted : 0, NULL);
}

void
tty_mouse(struct tty *t, bool on)
{
    if (t->mouse == on)
        return;
    t->mouse = on;
    ask_for_mouse(t);
}

static void
init_input(struct tty *t)
{
    (void)raw();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)set_escdelay(25);
    (void)define_key("\033[200~", CODE_PASTE);
    (void)define_key("\033[201~", CODE_PASTE_END);
    (void)mouseinterval(0); /* else each click is held back (curs_mouse(3X)) */
    ask_for_mouse(t);
    send("\033[?2004h");
}

static bool
can_move_cursor(void)
{
    const char *cup = tigetstr("cup");
    return cup && cup != (const char *)-1;
}

struct tty *
tty_open(const struct tty_options *o, char reason[TTY_REASON_MAX])
{
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        snprintf(reason, TTY_REASON_MAX,
                 "standard input and output must be a terminal");
        return NULL;
    }
    struct tty *t = calloc(1, sizeof *t);
    if (!t || tcgetattr(STDIN_FILENO, &t->saved) < 0) {
        snprintf(reason, TTY_REASON_MAX, "%s", strerror(errno));
        free(t);
        return NULL;
    }
    /* These would freeze the size (resizeterm(3X)). */
    (void)unsetenv("LINES");
    (void)unsetenv("COLUMNS");
    t->screen = newterm(NULL, stdout, stdin);
    if (!t->screen || !can_move_cursor()) {
        if (t->screen) {
            (void)endwin();
            delscreen(t->screen);
        }
        snprintf(reason, TTY_REASON_MAX,
                 "the terminal '%.40s' cannot place its cursor: set TERM, or "
                 "use 'wsray report'",
                 name ? name : "");
        free(t);
        return NULL;
    }
    t->color = o->color;
    t->mouse = o->mouse;
    t->fresh = true;
    saved_modes = t->saved;
    must_restore = true;
    catch_signals();
    init_colors(t);
    init_input(t);
    (void)curs_set(0);
    return t;
}

void
tty_close(struct tty *t)
{
    if (!t)
        return;
    send("\033[?2004l");
    (void)endwin();
    must_restore = false;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
    delscreen(t->screen);
    grid_fini(&t->shown);
    free(t);
}

void
tty_size(const struct tty *t, int *rows, int *cols)
{
    (void)t;
    getmaxyx(stdscr, *rows, *cols);
}

static void
cell_style(const struct tty *t, const struct cell *c, attr_t *attrs,
           short *pair)
{
    *attrs = A_NORMAL;
    *pair = 0;
    uint8_t mono = themes[c->role].mono;
    /* One colour for all of a selected row, or it would fall to pieces. */
    if (t->color)
        *pair = (short)((c->cursor ? ROLE_CURSOR : c->role) + 1);
    if (mono == 1)
        *attrs |= A_BOLD;
    if (!t->color && mono == 2)
        *attrs |= A_UNDERLINE;
    if (!t->color && mono == 3)
        *attrs |= A_REVERSE;
    if (!t->color && c->cursor)
        *attrs |= A_REVERSE;
}

static void
draw_cell(const struct tty *t, int y, int x, const struct cell *c)
{
    cchar_t shown;
    wchar_t text[GRID_CHARS_MAX + 1];
    attr_t attrs;
    short pair;
    size_t n = 0;
    if (c->ch[0] == 0)
        return; /* the right half of a wide one */
    for (; n < GRID_CHARS_MAX && c->ch[n]; n++)
        text[n] = (wchar_t)c->ch[n];
    text[n] = L'\0';
    cell_style(t, c, &attrs, &pair);
    /* What the C library has another width for, or none (a newer Unicode),
     * would move all behind it. */
    bool known = wcwidth(text[0]) == (int)text_width(c->ch[0]);
    for (size_t i = 1; i < n; i++)
        known &= wcwidth(text[i]) == 0;
    if (!known) {
        bool wide = text_width(c->ch[0]) == 2;
        text[0] = L'?';
        text[1] = L'\0';
        if (wide && setcchar(&shown, L" ", attrs, pair, NULL) == OK)
            (void)mvwadd_wch(stdscr, y, x + 1, &shown);
    }
    if (setcchar(&shown, text, attrs, pair, NULL) == OK)
        /* The last cell of the screen cannot be left behind: ERR is fine. */
        (void)mvwadd_wch(stdscr, y, x, &shown);
}

void
tty_draw(struct tty *t, const struct grid *g)
{
    int rows, cols;
    if (atomic_exchange(&resumed, false)) {
        (void)reset_prog_mode();
        send("\033[?2004h");
        t->fresh = true;
    }
    tty_size(t, &rows, &cols);
    bool all = t->fresh || t->shown.rows != g->rows || t->shown.cols != g->cols;
    if (all) {
        if (!grid_resize(&t->shown, g->rows, g->cols))
            return;
        (void)erase();
        (void)clearok(stdscr, TRUE);
    }
    for (int y = 0; y < g->rows && y < rows; y++)
        for (int x = 0; x < g->cols && x < cols; x++) {
            const struct cell *now = grid_cell(g, y, x);
            struct cell *was = grid_cell(&t->shown, y, x);
            if (!all && memcmp(now, was, sizeof *now) == 0)
                continue;
            *was = *now;
            draw_cell(t, y, x, now);
        }
    t->fresh = false;
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
}

void
tty_redraw(struct tty *t)
{
    t->fresh = true;
}

/* Waits while the terminal does not take any more. */
static void
send_all(const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);
        if (n < 0 && errno != EINTR)
            return;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

void
tty_copy(struct tty *t, struct slice bytes)
{
    uint8_t text[4096];
    (void)t;
    send("\033]52;c;");
    while (bytes.len > 0) {
        /* Of whole groups of three, so that padding stands at the end. */
        size_t n = bytes.len < 3000 ? bytes.len : 3000;
        uint8_t *end = put_base64(text, slice_head(bytes, n));
        send_all(text, (size_t)(end - text));
        bytes = slice_skip(bytes, n);
    }
    send("\a");
}

bool
tty_wait(struct tty *t, int ms)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    int n = 0;
    (void)t;
    if (poll(&p, 1, ms) < 0)
        return errno == EINTR;
    if (p.revents & (POLLERR | POLLNVAL | POLLHUP))
        return false;
    /* Readable, but with nothing to read: the end.  curses would say "no key"
     * for ever. */
    return !(p.revents & POLLIN) || ioctl(STDIN_FILENO, FIONREAD, &n) < 0 ||
           n > 0;
}

/* curses' code as ours; TTY_KEY_NONE: it means nothing here. */
static enum tty_key_code
key_code(wint_t code)
{
    static const struct {
        int curses;
        enum tty_key_code ours;
    } codes[] = {
        {KEY_UP, TTY_KEY_UP},
        {KEY_DOWN, TTY_KEY_DOWN},
        {KEY_LEFT, TTY_KEY_LEFT},
        {KEY_RIGHT, TTY_KEY_RIGHT},
        {KEY_PPAGE, TTY_KEY_PAGE_UP},
        {KEY_NPAGE, TTY_KEY_PAGE_DOWN},
        {KEY_HOME, TTY_KEY_HOME},
        {KEY_END, TTY_KEY_END},
        {KEY_ENTER, TTY_KEY_ENTER},
        {KEY_BTAB, TTY_KEY_BACK_TAB},
        {KEY_BACKSPACE, TTY_KEY_BACKSPACE},
        {KEY_DC, TTY_KEY_DELETE},
        {KEY_RESIZE, TTY_KEY_RESIZE},
        {CODE_PASTE, TTY_KEY_PASTE},
        {CODE_PASTE_END, TTY_KEY_PASTE_END},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if ((wint_t)codes[i].curses == code)
            return codes[i].ours;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return (enum tty_key_code)(TTY_KEY_F1 + (int)(code - KEY_F(1)));
    return TTY_KEY_NONE;
}

/* Two presses within this time are one of the person. */
#define TWICE_MS 400

static bool
is_twice(struct tty *t, const struct tty_key *key)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    bool twice = t->pressed.code == TTY_KEY_MOUSE && t->pressed.y == key->y &&
                 t->pressed.x == key->x && ms - t->pressed_ms <= TWICE_MS;
    t->pressed = *key;
    t->pressed_ms = ms;
    if (twice)
        t->pressed.code = TTY_KEY_NONE;
    return twice;
}

static struct tty_key
mouse_key(struct tty *t)
{
    MEVENT m;
    struct tty_key key = {.code = TTY_KEY_NONE};
    if (getmouse(&m) != OK)
        return key;
    key.y = m.y;
    key.x = m.x;
    if (m.bstate & BUTTON4_PRESSED)
        key.code = TTY_KEY_WHEEL_UP;
    else if (m.bstate & BUTTON5_PRESSED)
        key.code = TTY_KEY_WHEEL_DOWN;
    else if (m.bstate & BUTTON1_PRESSED)
        key.code = TTY_KEY_MOUSE;
    key.twice = key.code == TTY_KEY_MOUSE && is_twice(t, &key);
    return key;
}

struct tty_key
tty_key(struct tty *t)
{
    wint_t code;
    for (;;) {
        int r = get_wch(&code);
        if (r == ERR)
            return (struct tty_key){.code = TTY_KEY_NONE};
        if (r == KEY_CODE_YES) {
            struct tty_key key = code == KEY_MOUSE
                                     ? mouse_key(t)
                                     : (struct tty_key){.code = key_code(code)};
            if (key.code != TTY_KEY_NONE)
                return key;
            continue; /* one we do not know */
        }
        switch (code) {
        case '\r':
        case '\n':
            return (struct tty_key){.code = TTY_KEY_ENTER};
        case '\t':
            return (struct tty_key){.code = TTY_KEY_TAB};
        case 27:
            return (struct tty_key){.code = TTY_KEY_ESCAPE};
        case 8:
        case 127:
            return (struct tty_key){.code = TTY_KEY_BACKSPACE};
        default:
            return (struct tty_key){.ch = (uint32_t)code};
        }
    }
}

void
tty_suspend(struct tty *t)
{
    (void)t;
    send("\033[?2004l");
    (void)endwin();
    must_restore = false;
    (void)raise(SIGTSTP);
    must_restore = true;
    resumed = true; /* also where stopping is not allowed */
}

#else /* !HAVE_NCURSES */

void
tty_restore(void)
{
}

struct tty *
tty_open(const struct tty_options *o, char reason[TTY_REASON_MAX])
{
    (void)o;
    snprintf(reason, TTY_REASON_MAX,
             "this wsray was built without a terminal interface (ncursesw)");
    return NULL;
}

void
tty_close(struct tty *t)
{
    (void)t;
}

void
tty_size(const struct tty *t, int *rows, int *cols)
{
    (void)t;
    *rows = *cols = 1;
}

void
tty_draw(struct tty *t, const struct grid *g)
{
    (void)t;
    (void)g;
}

void
tty_mouse(struct tty *t, bool on)
{
    (void)t;
    (void)on;
}

void
tty_redraw(struct tty *t)
{
    (void)t;
}

void
tty_copy(struct tty *t, struct slice bytes)
{
    (void)t;
    (void)bytes;
}

bool
tty_wait(struct tty *t, int ms)
{
    (void)t;
    (void)ms;
    return false;
}

struct tty_key
tty_key(struct tty *t)
{
    (void)t;
    return (struct tty_key){.code = TTY_KEY_NONE};
}

void
tty_suspend(struct tty *t)
{
    (void)t;
}

#endif /* HAVE_NCURSES */
