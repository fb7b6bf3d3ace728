/* SPDX-License-Identifier: MIT */
/* What the keys of action.def mean. */
#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

#define ACTION(symbol, keys, views, help) {keys, views, help},
static const struct action_info actions[] = {
#include "ui/tui/action.def"
};
#undef ACTION

const struct action_info *
action_info(enum action a)
{
    return &actions[a];
}

/* A key as action.def spells it. */
static void
key_name(struct tty_key key, char out[8])
{
    static const char *const names[] = {
        [TTY_KEY_UP] = "Up",          [TTY_KEY_DOWN] = "Down",
        [TTY_KEY_LEFT] = "Left",      [TTY_KEY_RIGHT] = "Right",
        [TTY_KEY_PAGE_UP] = "PgUp",   [TTY_KEY_PAGE_DOWN] = "PgDn",
        [TTY_KEY_HOME] = "Home",      [TTY_KEY_END] = "End",
        [TTY_KEY_ENTER] = "Enter",    [TTY_KEY_ESCAPE] = "Esc",
        [TTY_KEY_TAB] = "Tab",        [TTY_KEY_BACK_TAB] = "BackTab",
        [TTY_KEY_BACKSPACE] = "Bksp", [TTY_KEY_DELETE] = "Del",
        [TTY_KEY_WHEEL_UP] = "Up",    [TTY_KEY_WHEEL_DOWN] = "Down",
    };
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
    else if (key.ch == 0 && (size_t)key.code < sizeof names / sizeof *names &&
             names[key.code])
        snprintf(out, 8, "%s", names[key.code]);
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
