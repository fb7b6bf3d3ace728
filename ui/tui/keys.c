/* SPDX-License-Identifier: MIT */
/* What the keys of action.def mean; the names of things there. */
#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

#define ACTION(symbol, keys, views, need, command, help)                       \
    {keys, views, NEED_##need, command, help},
static const struct action_info actions[] = {
#include "ui/tui/action.def"
};

#define HINT(symbol, views, text) {ACTION_##symbol, views, text},
static const struct action_hint hints[] = {
#include "ui/tui/action.def"
};

const char *
view_name(enum view_id v)
{
    static const char *const views[VIEW_COUNT] = {
        [VIEW_CONNS] = "Conns",         [VIEW_FRAMES] = "Frames",
        [VIEW_TALK] = "Talk",           [VIEW_LADDER] = "Ladder",
        [VIEW_HANDSHAKE] = "Handshake", [VIEW_STATS] = "Stats",
        [VIEW_FINDINGS] = "Findings",
    };
    return views[v];
}

static const char *const names[] = {
    [TTY_KEY_UP] = "Up",          [TTY_KEY_DOWN] = "Down",
    [TTY_KEY_LEFT] = "Left",      [TTY_KEY_RIGHT] = "Right",
    [TTY_KEY_PAGE_UP] = "PgUp",   [TTY_KEY_PAGE_DOWN] = "PgDn",
    [TTY_KEY_HOME] = "Home",      [TTY_KEY_END] = "End",
    [TTY_KEY_ENTER] = "Enter",    [TTY_KEY_ESCAPE] = "Esc",
    [TTY_KEY_TAB] = "Tab",        [TTY_KEY_BACK_TAB] = "BackTab",
    [TTY_KEY_BACKSPACE] = "Bksp", [TTY_KEY_DELETE] = "Del",
};
#define N_NAMES (sizeof names / sizeof *names)

const struct action_info *
action_info(enum action a)
{
    return &actions[a];
}

const struct action_hint *
action_hint(size_t i)
{
    return i < sizeof hints / sizeof *hints ? &hints[i] : NULL;
}

/* A key as action.def spells it. */
static void
key_name(struct tty_key key, char out[8])
{
    out[0] = '\0';
    if (key.ch == ' ')
        snprintf(out, 8, "Space");
    else if (key.ch > 0 && key.ch < 27)
        snprintf(out, 8, "^%c", (char)('@' + key.ch));
    else if (key.ch > 32 && key.ch < 127)
        snprintf(out, 8, "%c", (char)key.ch);
    else if (key.ch == 0 && key.code >= TTY_KEY_F1 &&
             key.code < TTY_KEY_F1 + 12)
        snprintf(out, 8, "F%d", (int)(key.code - TTY_KEY_F1) + 1);
    else if (key.ch == 0 && (size_t)key.code < N_NAMES && names[key.code])
        snprintf(out, 8, "%s", names[key.code]);
}

static bool
is_word(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(word, name, len) == 0;
}

struct tty_key
tui_key_named(const char *word, size_t len)
{
    for (size_t i = 0; i < N_NAMES; i++)
        if (names[i] && is_word(word, len, names[i]))
            return (struct tty_key){.code = (enum tty_key_code)i};
    for (unsigned f = 1; f <= 12; f++) {
        char name[8];
        snprintf(name, sizeof name, "F%u", f);
        if (is_word(word, len, name))
            return (struct tty_key){
                .code = (enum tty_key_code)(TTY_KEY_F1 + f - 1)};
    }
    if (is_word(word, len, "Space"))
        return (struct tty_key){.ch = ' '};
    if (len == 2 && word[0] == '^')
        return (struct tty_key){.ch = (uint32_t)word[1] & 31u};
    return (struct tty_key){.ch = len == 1 ? (uint8_t)word[0] : 0};
}

/* Whether the words of keys hold name. */
static bool
has_key(const char *keys, const char *name)
{
    size_t len = strlen(name);
    while (*keys) {
        size_t n = strcspn(keys, " ");
        if (n == len && memcmp(keys, name, n) == 0)
            return true;
        keys += n + (keys[n] == ' ');
    }
    return false;
}

enum action
tui_action_of(enum view_id view, struct tty_key key)
{
    char name[8];
    key_name(key, name);
    for (unsigned a = 0; name[0] && a < ACTION_COUNT; a++)
        if ((actions[a].views >> view & 1u) && has_key(actions[a].keys, name))
            return (enum action)a;
    return ACTION_COUNT;
}
