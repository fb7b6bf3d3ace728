/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/settings.h"

#include "ui/tui/hints.h"
#include "ui/tui/tui.h"

#define VALUE_COL 26

struct setting {
    const char *name;
    const char *(*value)(const struct tui *t);
    void (*change)(struct tui *t);
};

static const char *
on_or_off(bool on)
{
    return on ? "on" : "off";
}

static const char *
time_value(const struct tui *t)
{
    return tui_time_name(t->time);
}

static void
time_change(struct tui *t)
{
    (void)tui_act(t, ACTION_TIME);
}

static const char *
characters_value(const struct tui *t)
{
    return t->grid.utf8 ? "UTF-8"
           : t->ascii   ? "ASCII"
                        : "ASCII (the terminal's)";
}

/* Those of the terminal, or ASCII. */
static void
characters_change(struct tui *t)
{
    if (!t->grid.utf8 && !t->ascii)
        return;
    t->ascii = !t->ascii;
    t->grid.utf8 = !t->ascii;
}

static const char *
explain_value(const struct tui *t)
{
    return on_or_off(t->explain);
}

static void
explain_change(struct tui *t)
{
    t->explain = !t->explain;
}

static const char *
mouse_value(const struct tui *t)
{
    return t->mouse ? "selects and scrolls" : "left to the terminal";
}

static void
mouse_change(struct tui *t)
{
    t->mouse = !t->mouse;
}

static const char *
secrets_value(const struct tui *t)
{
    return t->secrets ? "shown" : "hidden";
}

static void
secrets_change(struct tui *t)
{
    if (!t->present)
        t->secrets = !t->secrets;
}

static const char *
present_value(const struct tui *t)
{
    return t->present ? "no addresses, secrets, file names" : "off";
}

static void
present_change(struct tui *t)
{
    (void)tui_act(t, ACTION_PRESENT);
}

static const struct setting settings[] = {
    {"Times", time_value, time_change},
    {"Characters", characters_value, characters_change},
    {"Explanations", explain_value, explain_change},
    {"Mouse", mouse_value, mouse_change},
    {"Secrets in headers", secrets_value, secrets_change},
    {"Others look on", present_value, present_change},
};
#define N_SETTINGS (sizeof settings / sizeof *settings)

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    struct list *l = &t->settings;
    struct rect r = {body.y, body.x, body.rows, body.cols};
    for (int y = r.y; y < r.y + r.rows; y++)
        grid_line(g, y, r.x, r.cols, ROLE_TEXT, ' ', ' ');
    grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, true,
               "Settings (until the end: nothing is saved)");
    list_fit(l, N_SETTINGS, (size_t)r.rows - 1);
    hit_list(t, (struct rect){r.y + 1, r.x, r.rows - 1, r.cols}, l);
    for (size_t i = 0; i < l->height && l->top + i < N_SETTINGS; i++) {
        const struct setting *s = &settings[l->top + i];
        int y = r.y + 1 + (int)i;
        grid_text(g, y, r.x + 2, VALUE_COL - 3, ROLE_TEXT, s->name);
        grid_text(g, y, r.x + VALUE_COL, r.cols - VALUE_COL, ROLE_STRONG,
                  s->value(t));
        if (l->top + i == l->cursor)
            grid_cursor(g, y, r.x, r.cols);
    }
    hints_text(t, "Up Down choose  Enter change  Esc close");
}

static void
key(struct tui *t, struct tty_key key)
{
    struct list *l = &t->settings;
    enum action a = tui_action_of(t->view, key);
    if (a == ACTION_BACK || a == ACTION_ESCAPE || a == ACTION_SETTINGS ||
        key.ch == 3) {
        t->layer = NULL;
    } else if (a == ACTION_UP || a == ACTION_DOWN) {
        list_move(l, a == ACTION_DOWN ? 1 : -1);
    } else if ((a == ACTION_ENTER || a == ACTION_RIGHT || key.ch == ' ') &&
               l->cursor < N_SETTINGS) {
        settings[l->cursor].change(t);
    }
}

static const struct layer layer_settings = {.draw = draw, .key = key};

void
settings_open(struct tui *t)
{
    t->settings = (struct list){.n = N_SETTINGS};
    t->layer = &layer_settings;
}
