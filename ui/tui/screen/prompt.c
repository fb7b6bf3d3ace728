/* SPDX-License-Identifier: MIT */
#include "ui/tui/screen/prompt.h"

#include <string.h>

#include "ui/text.h"

/* Puts text where the cursor is; what does not fit is left out whole. */
static void
insert(struct prompt *p, const char *text, size_t len)
{
    if (len >= sizeof p->text - p->len)
        return;
    memmove(p->text + p->at + len, p->text + p->at, p->len - p->at + 1);
    memcpy(p->text + p->at, text, len);
    p->len += len;
    p->at += len;
}

void
prompt_set(struct prompt *p, const char *text)
{
    *p = (struct prompt){.len = 0};
    insert(p, text, strlen(text));
}

static bool
is_inside(const struct prompt *p, size_t at)
{
    return at > 0 && at < p->len && ((uint8_t)p->text[at] & 0xc0) == 0x80;
}

static size_t
before(const struct prompt *p, size_t at)
{
    at -= at > 0;
    while (is_inside(p, at))
        at--;
    return at;
}

static size_t
behind(const struct prompt *p, size_t at)
{
    at += at < p->len;
    while (is_inside(p, at))
        at++;
    return at;
}

static void
cut(struct prompt *p, size_t from, size_t to)
{
    memmove(p->text + from, p->text + to, p->len - to + 1);
    p->len -= to - from;
    p->at = from;
}

/* Where the word that ends at the cursor begins. */
static size_t
word_start(const struct prompt *p)
{
    size_t at = p->at;
    while (at > 0 && p->text[at - 1] == ' ')
        at--;
    while (at > 0 && p->text[at - 1] != ' ')
        at--;
    return at;
}

static bool
control_key(struct prompt *p, uint32_t letter)
{
    switch (letter) {
    case 'A':
        p->at = 0;
        return true;
    case 'E':
        p->at = p->len;
        return true;
    case 'U':
        cut(p, 0, p->at);
        return true;
    case 'K':
        cut(p, p->at, p->len);
        return true;
    case 'W':
        cut(p, word_start(p), p->at);
        return true;
    default:
        return false;
    }
}

bool
prompt_key(struct prompt *p, struct tty_key key)
{
    char utf8[4];
    if (key.ch >= 32) {
        insert(p, utf8, grid_encode(key.ch, (uint8_t *)utf8));
        return true;
    }
    if (key.ch > 0)
        return control_key(p, key.ch + '@');
    switch (key.code) {
    case TTY_KEY_LEFT:
        p->at = before(p, p->at);
        return true;
    case TTY_KEY_RIGHT:
        p->at = behind(p, p->at);
        return true;
    case TTY_KEY_HOME:
        p->at = 0;
        return true;
    case TTY_KEY_END:
        p->at = p->len;
        return true;
    case TTY_KEY_BACKSPACE:
        cut(p, before(p, p->at), p->at);
        return true;
    case TTY_KEY_DELETE:
        cut(p, p->at, behind(p, p->at));
        return true;
    default:
        return false;
    }
}

void
prompt_replace(struct prompt *p, size_t from, const char *text, size_t len)
{
    cut(p, from, p->at);
    insert(p, text, len);
}

/* Whether the bytes [from, p->at) take less than cols columns. */
static bool
fits(const struct prompt *p, size_t from, bool utf8, int cols)
{
    uint8_t shown[PROMPT_MAX * TEXT_CHAR_MAX];
    struct slice part =
        slice_make((const uint8_t *)p->text + from, p->at - from);
    return text_take(part, false, utf8, (size_t)cols - 1, shown, sizeof shown)
               .in_len == part.len;
}

size_t
prompt_from(const struct prompt *p, bool utf8, int cols)
{
    size_t low = 0, high = p->at;
    if (cols < 2 || fits(p, 0, utf8, cols))
        return 0;
    /* What stands in front of the cursor has to fit; low does not, high does.
     */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        while (is_inside(p, middle))
            middle--;
        if (middle == low)
            middle = behind(p, low);
        if (middle >= high)
            return high;
        if (fits(p, middle, utf8, cols))
            high = middle;
        else
            low = middle;
    }
    return high;
}

void
prompt_draw(const struct prompt *p, struct grid *g, int y, int x, int cols)
{
    struct slice all = slice_make((const uint8_t *)p->text, p->len);
    if (cols < 2)
        return;
    size_t from = prompt_from(p, g->utf8, cols);
    int used = grid_put(g, y, x, cols - 1, ROLE_TEXT,
                        slice_make(all.ptr + from, p->at - from), false);
    int rest = grid_put(g, y, x + used, cols - used, ROLE_TEXT,
                        slice_skip(all, p->at), false);
    if (rest == 0)
        grid_text(g, y, x + used, 1, ROLE_TEXT, " ");
    grid_cursor(g, y, x + used, 1);
}
