/* SPDX-License-Identifier: MIT */
#include "ui/export/json_look.h"

#include <string.h>

struct look {
    const uint8_t *at, *end;
    unsigned depth;
    uint8_t is_object[JSON_LOOK_DEPTH_MAX / 8]; /* a bit for each level */
};

static int
peek(const struct look *l)
{
    return l->at < l->end ? *l->at : -1;
}

static bool
take(struct look *l, char c)
{
    if (peek(l) != c)
        return false;
    l->at++;
    return true;
}

static void
skip_space(struct look *l)
{
    while (take(l, ' ') || take(l, '\t') || take(l, '\n') || take(l, '\r'))
        ;
}

static bool
is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool
is_hex(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind a backslash. */
static bool
take_escape(struct look *l)
{
    int c = peek(l);
    if (c < 0 || !strchr("\"\\/bfnrtu", c) || c == 0)
        return false;
    l->at++;
    for (int i = 0; c == 'u' && i < 4; i++, l->at++)
        if (!is_hex(peek(l)))
            return false;
    return true;
}

static bool
take_string(struct look *l)
{
    if (!take(l, '"'))
        return false;
    for (int c; (c = peek(l)) >= 0x20;) {
        l->at++;
        if (c == '"')
            return true;
        if (c == '\\' && !take_escape(l))
            return false;
    }
    return false;
}

static bool
take_digits(struct look *l)
{
    if (!is_digit(peek(l)))
        return false;
    while (is_digit(peek(l)))
        l->at++;
    return true;
}

static bool
take_number(struct look *l)
{
    (void)take(l, '-');
    if (!take(l, '0') && !take_digits(l))
        return false;
    if (take(l, '.') && !take_digits(l))
        return false;
    if (take(l, 'e') || take(l, 'E')) {
        if (!take(l, '+'))
            (void)take(l, '-');
        return take_digits(l);
    }
    return true;
}

static bool
take_word(struct look *l, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(l->end - l->at) < len || memcmp(l->at, word, len) != 0)
        return false;
    l->at += len;
    return true;
}

static bool
in_object(const struct look *l)
{
    unsigned level = l->depth - 1;
    return l->is_object[level / 8] >> level % 8 & 1u;
}

/* Goes into an object or an array; false: too deep. */
static bool
enter(struct look *l, bool object)
{
    if (l->depth == JSON_LOOK_DEPTH_MAX)
        return false;
    unsigned level = l->depth++;
    uint8_t bit = (uint8_t)(1u << level % 8);
    if (object)
        l->is_object[level / 8] |= bit;
    else
        l->is_object[level / 8] &= (uint8_t)~bit;
    return true;
}

/* "name": where an object has one. */
static bool
take_name(struct look *l)
{
    if (!in_object(l))
        return true;
    skip_space(l);
    if (!take_string(l))
        return false;
    skip_space(l);
    return take(l, ':');
}

/* Leaves what ends here, and goes on to the next value.  False: neither, or an
 * error; the depth is 0 at the end. */
static bool
go_on(struct look *l)
{
    for (;;) {
        skip_space(l);
        if (take(l, ','))
            return take_name(l);
        if (!take(l, in_object(l) ? '}' : ']') || --l->depth == 0)
            return false;
    }
}

/* One value, or the start of one that holds others; *open tells. */
static bool
take_value(struct look *l, bool *open)
{
    skip_space(l);
    int c = peek(l);
    *open = c == '{' || c == '[';
    if (*open) {
        l->at++;
        return enter(l, c == '{');
    }
    if (c == '"')
        return take_string(l);
    return take_word(l, "true") || take_word(l, "false") ||
           take_word(l, "null") || take_number(l);
}

bool
json_look(struct slice text)
{
    struct look l = {.at = text.ptr, .end = text.ptr + text.len};
    bool more = true;
    if (text.len == 0)
        return false;
    skip_space(&l);
    if (peek(&l) != '{' && peek(&l) != '[')
        return false;
    while (more) {
        bool open;
        if (!take_value(&l, &open))
            return false;
        skip_space(&l);
        bool empty = open && peek(&l) == (in_object(&l) ? '}' : ']');
        more = open && !empty ? take_name(&l) : go_on(&l);
    }
    skip_space(&l);
    return l.depth == 0 && l.at == l.end;
}
