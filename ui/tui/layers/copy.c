/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/copy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ui/tui/layers/ask.h"
#include "ui/tui/layers/clip.h"

/* Of the payload, so that every form of it that can be sent fits a buffer. */
#define COPY_PAYLOAD_MAX 40000u

#define MENU_COLS 54

/* ---- the menu ---- */

static uint32_t
wanted(const struct tui *t)
{
    return t->saving ? CLIP_SAVE : CLIP_COPY;
}

static void
draw_menu(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    int n = 0, cols = body.cols < MENU_COLS ? body.cols : MENU_COLS;
    for (unsigned c = 0; c < CLIP_COUNT; c++)
        n += (clip_info((enum clip)c)->can & wanted(t)) != 0;
    int x = body.x + body.cols - cols, y = body.y + body.rows - n - 1;
    y = y > body.y ? y : body.y;
    grid_title(g, (struct rect){y, x, 1, cols}, true,
               t->saving ? "Save" : "Copy to the terminal's clipboard");
    for (unsigned c = 0; c < CLIP_COUNT; c++) {
        const struct clip_info *info = clip_info((enum clip)c);
        if (!(info->can & wanted(t)))
            continue;
        y++;
        grid_line(g, y, x, cols, ROLE_TEXT, ' ', ' ');
        grid_format(g, y, x + 1, 2, ROLE_KEY, "%c", info->key);
        grid_text(g, y, x + 4, cols - 4, ROLE_TEXT, info->help);
    }
}

static void
copy(struct tui *t, enum clip c)
{
    struct out o;
    const char *refused = clip_refuses(t, c);
    if (refused) {
        tui_say(t, "not copied: %s", refused);
        return;
    }
    tui_paint(t); /* the screen without the menu */
    if (out_init(&o, -1) != ERR_OK) {
        tui_say(t, "out of memory");
        return;
    }
    const char *why = clip_write(t, c, COPY_PAYLOAD_MAX, &o);
    if (!why && o.written + o.len > COPY_MAX)
        why = "too long";
    if (why)
        tui_say(t, "not copied: %s%s", why,
                clip_info(c)->can & CLIP_SAVE ? "; w saves it" : "");
    else if (!t->owner ||
             !t->owner->copy(t->owner->ctx, slice_make(o.ptr, o.len)))
        tui_say(t, "not copied: this terminal takes nothing");
    else
        /* Whether it took them, no terminal says. */
        tui_say(t, "sent %zu bytes to the clipboard of the terminal", o.len);
    out_fini(&o);
}

/* ---- the name ---- */

static void
save(struct tui *t)
{
    char name[sizeof SAVE_PREFIX + PROMPT_MAX];
    struct out o;
    if (strchr(t->prompt.text, '/')) {
        tui_say(t, "a name without a slash: files go where wsray was started");
        return;
    }
    snprintf(name, sizeof name, SAVE_PREFIX "%s", t->prompt.text);
    errno = EPERM;
    int fd = t->owner ? t->owner->create(t->owner->ctx, name) : -1;
    if (fd < 0) {
        tui_say(t, "%.80s: %s", name, strerror(errno));
        return;
    }
    if (out_init(&o, fd) != ERR_OK) {
        tui_say(t, "out of memory");
        (void)close(fd);
        return;
    }
    tui_paint(t); /* the screen without the prompt */
    const char *why = clip_write(t, t->clip, UINT64_MAX, &o);
    int error = out_flush(&o) == ERR_OK ? 0 : o.error_errno;
    /* close(2) is where some file systems tell that there is no room. */
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error != 0)
        tui_say(t, "%.80s: %s", name, strerror(error));
    else if (why)
        tui_say(t, "%.80s: %" PRIu64 " bytes; %s", name, o.written, why);
    else
        tui_say(t, "%.80s: %" PRIu64 " bytes saved", name, o.written);
    out_fini(&o);
}

/* Names that are free as long as one saves what is different. */
static void
ask_name(struct tui *t, enum clip c)
{
    char name[64];
    const char *refused = clip_refuses(t, c);
    if (refused) {
        tui_say(t, "cannot be saved: %s", refused);
        return;
    }
    if (c == CLIP_SCREEN || c == CLIP_PICTURE || t->frame == STORE_NONE)
        snprintf(name, sizeof name, "%s", clip_info(c)->name);
    else
        snprintf(name, sizeof name, "%" PRIu32 "-%s-%" PRIu32 "-%s",
                 store_conn(t->store, t->conn)->conn,
                 ws_sender_name(
                     store_frame_from(store_frame(t->store, t->frame))),
                 store_frame(t->store, t->frame)->number, clip_info(c)->name);
    t->clip = c;
    ask(t, " save as: " SAVE_PREFIX, name, save);
}

static void
menu_key(struct tui *t, struct tty_key key)
{
    t->layer = NULL;
    for (unsigned c = 0; c < CLIP_COUNT; c++) {
        const struct clip_info *info = clip_info((enum clip)c);
        if (!(info->can & wanted(t)) || key.ch != (uint32_t)info->key)
            continue;
        if (!t->saving) {
            copy(t, (enum clip)c);
            return;
        }
        ask_name(t, (enum clip)c);
        return;
    }
}

static const struct layer layer_menu = {.draw = draw_menu, .key = menu_key};

void
copy_open(struct tui *t)
{
    t->saving = false;
    t->layer = &layer_menu;
}

void
save_open(struct tui *t)
{
    t->saving = true;
    t->layer = &layer_menu;
}
