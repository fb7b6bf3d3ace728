/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/palette.h"

#include <string.h>
#include <strings.h>

/* Of a text that is longer nothing is found. */
#define TEXT_MAX_LEN 60u

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_letter(char c)
{
    c = lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* 3: the text is one of the words, 2: one begins with it, 0: none does. */
static unsigned
fits_word(const char *words, const char *text, size_t len, bool same_case)
{
    unsigned best = 0;
    while (*words) {
        size_t n = strcspn(words, " ");
        bool begins =
            n >= len && (same_case ? strncmp(words, text, len) == 0
                                   : strncasecmp(words, text, len) == 0);
        if (begins && n == len)
            return 3;
        if (begins)
            best = 2;
        words += n + (words[n] == ' ');
    }
    return best;
}

/* 2: text stands in help from the begin of a word on; 1: anywhere. */
static unsigned
fits_help(const char *help, const char *text, size_t len)
{
    unsigned best = 0;
    for (const char *at = help; *at; at++)
        if (strncasecmp(at, text, len) == 0) {
            if (at == help || !is_letter(at[-1]))
                return 2;
            best = 1;
        }
    return best;
}

/* Whether the letters of text stand in `in`, in this order, each behind the one
 * before or at the begin of a word. */
static bool
fits_letters(const char *in, const char *text, size_t len)
{
    size_t n = strlen(in);
    /* ends[i]: what was looked at of text can end with letter i. */
    bool ends[128] = {false}, next[128] = {false}, any = true;
    if (n > sizeof ends)
        n = sizeof ends;
    for (size_t k = 0; k < len && any; k++) {
        bool before = k == 0; /* one ends somewhere in front of i */
        any = false;
        for (size_t i = 0; i < n; i++) {
            bool begins = i == 0 || !is_letter(in[i - 1]);
            bool behind = i > 0 && k > 0 && ends[i - 1];
            next[i] = lower(in[i]) == lower(text[k]) &&
                      (behind || (begins && before));
            any |= next[i];
            before |= ends[i];
        }
        memcpy(ends, next, sizeof ends);
    }
    return any;
}

unsigned
palette_score(const struct action_info *info, const char *text)
{
    size_t len = strlen(text);
    if (len == 0)
        return 1;
    if (len > TEXT_MAX_LEN)
        return 0;
    unsigned command = fits_word(info->command, text, len, false);
    if (command == 3)
        return 8;
    if (fits_word(info->keys, text, len, true) == 3)
        return 7;
    if (command == 2)
        return 6;
    unsigned help = fits_help(info->help, text, len);
    if (help == 2)
        return 5;
    if (len > 1 && fits_word(info->keys, text, len, false))
        return 4;
    if (help == 1 && len > 1)
        return 3;
    if (len > 1 && fits_letters(info->command, text, len))
        return 2;
    return len > 1 && fits_letters(info->help, text, len);
}

static enum palette_group
group_of(struct tui *t, enum action a)
{
    char reason[TUI_TEXT_MAX];
    if (tui_why_not(t, a, reason, sizeof reason))
        return PALETTE_NOT_NOW;
    return action_info(a)->views == EVERY_VIEW ? PALETTE_EVERYWHERE
                                               : PALETTE_HERE;
}

size_t
palette_collect(struct tui *t, const char *text,
                struct palette_line out[PALETTE_LINES_MAX], size_t *best)
{
    enum palette_group groups[ACTION_COUNT];
    unsigned scores[ACTION_COUNT], most = 0;
    size_t n = 0;
    text += *text == ':';
    *best = 0;
    for (unsigned a = 0; a < ACTION_COUNT; a++) {
        scores[a] = palette_score(action_info((enum action)a), text);
        groups[a] = group_of(t, (enum action)a);
    }
    for (unsigned g = 0; g < PALETTE_GROUPS; g++) {
        bool first = true;
        for (unsigned a = 0; a < ACTION_COUNT; a++) {
            if (scores[a] == 0 || groups[a] != (enum palette_group)g)
                continue;
            if (first)
                out[n++] =
                    (struct palette_line){ACTION_COUNT, (enum palette_group)g};
            first = false;
            /* What can be done comes first: its scores count more. */
            unsigned score = 2 * scores[a] + (g != PALETTE_NOT_NOW);
            if (score > most) {
                most = score;
                *best = n;
            }
            out[n++] =
                (struct palette_line){(enum action)a, (enum palette_group)g};
        }
    }
    return n;
}

bool
palette_row(const char *text, size_t *row)
{
    size_t n = 0;
    text += *text == ':';
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        size_t digit = (size_t)(*text - '0');
        n = n > (SIZE_MAX - digit) / 10 ? SIZE_MAX : n * 10 + digit;
    }
    *row = n;
    return n > 0;
}
