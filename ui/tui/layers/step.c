/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/step.h"

#include <inttypes.h>
#include <stdio.h>

#include "ui/tui/hints.h"
#include "ui/tui/screen/lines.h"
#include "ui/tui/views/frame_parts.h"

/* Unmasked one by one: all bytes of the key, and that it begins again. */
#define ONE_BY_ONE 5u
#define QUESTION_ROWS 3
/* The title and so many lines of what a field says. */
#define EXPLAIN_ROWS 5

struct step_info {
    const char *title;
    enum frame_field field;
    const char *explain, *rule, *ask, *answer;
};

#define STEP(symbol, title, field, explain, rule, ask, answer)                 \
    {title, FRAME_FIELD_##field, explain, rule, ask, answer},
static const struct step_info steps[] = {
#include "ui/tui/layers/lesson.def"
};
#undef STEP

static const char *
bits_of(unsigned byte, char out[10])
{
    char *at = out;
    for (int i = 7; i >= 0; i--) {
        *at++ = (char)('0' + (byte >> i & 1));
        if (i == 4)
            *at++ = ' ';
    }
    *at = '\0';
    return out;
}

/* What is to be said of the mask bit of this very frame. */
static void
judge_mask(struct lines *l, const struct store_frame *f)
{
    bool server = f->flags & STORE_SERVER, masked = f->flags & STORE_MASKED;
    lines_add(l, server == masked ? ROLE_BAD : ROLE_GOOD, 0,
              "This frame goes from the %s to the %s, so %u is %s.",
              server ? "server" : "client", server ? "client" : "server",
              masked, server == masked ? "wrong" : "right");
}

static void
judge_utf8(struct lines *l, const struct tui *t, const struct store_frame *f)
{
    struct store_message m;
    if (!store_message_of(t->store, t->frame, &m) || m.opcode != WS_OP_TEXT)
        lines_add(l, ROLE_TEXT, 0, "This frame carries no text: %s.",
                  ws_opcode_name(store_frame_opcode(f)));
    else if (m.flags & STORE_MESSAGE_BAD_UTF8)
        lines_add(l, ROLE_BAD, 0, "Not valid from byte %" PRIu64 " on.",
                  m.utf8_error);
    else if (m.flags & STORE_MESSAGE_COMPLETE)
        lines_add(l, ROLE_GOOD, 0, "The message of this frame is valid.");
    else
        lines_add(l, ROLE_TEXT, 0,
                  "The message of this frame is not all in the capture.");
}

static void
tell_key(struct lines *l, const struct store_frame *f)
{
    if (f->flags & STORE_MASKED)
        lines_add(l, ROLE_STRONG, 0, "bytes %u-%u = %02x %02x %02x %02x",
                  f->header_len - 4u, f->header_len - 1u, f->mask >> 24,
                  f->mask >> 16 & 255, f->mask >> 8 & 255, f->mask & 255);
    else
        lines_add(l, ROLE_STRONG, 0, "not masked: there is no key");
}

static void
tell_extended(struct lines *l, const struct store_frame *f)
{
    unsigned n = frame_length_bytes(f);
    if (n == 0)
        lines_add(l, ROLE_STRONG, 0,
                  "none: the 7 bits are the length, %" PRIu64, f->payload_len);
    else
        lines_add(l, ROLE_STRONG, 0, "bytes 2-%u = %" PRIu64, 1 + n,
                  f->payload_len);
}

/* The field of this very frame: its byte, its bits, what they are. */
static void
draw_value(struct tui *t, struct lines *l)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    const struct step_info *s = &steps[t->lesson.step];
    char value[64], bits[10];
    uint8_t head[14];
    uint64_t from = 0, to;
    (void)frame_header_bytes(f, head);
    switch (t->lesson.step) {
    case LESSON_EXTENDED:
        tell_extended(l, f);
        return;
    case LESSON_KEY:
        tell_key(l, f);
        return;
    case LESSON_XOR:
        if (!(f->flags & STORE_MASKED))
            lines_add(l, ROLE_STRONG, 0, "not masked: the payload is as it is");
        frame_xor_draw(t, (struct rect){l->y, l->r.x, 4, l->r.cols},
                       t->lesson.unmasked);
        l->y += f->flags & STORE_MASKED ? 4 : 0;
        return;
    case LESSON_UTF8:
        judge_utf8(l, t, f);
        return;
    default:
        break;
    }
    (void)frame_field_bytes(f, s->field, &from, &to);
    frame_field_value(f, s->field, value, sizeof value);
    lines_add(l, ROLE_TEXT, 0, "byte %u = 0x%02x = %s", (unsigned)from,
              head[from], bits_of(head[from], bits));
    lines_add(l, ROLE_STRONG, 0, "%s = %s", s->title, value);
    if (t->lesson.step == LESSON_MASK)
        judge_mask(l, f);
}

static void
draw_texts(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    const struct step_info *s = &steps[t->lesson.step];
    struct rect ask = {r.y + r.rows - QUESTION_ROWS, r.x, QUESTION_ROWS,
                       r.cols};
    r.rows -= QUESTION_ROWS;
    if (r.rows > 1) {
        struct lines l = lines_in(g, (struct rect){r.y + 1, r.x + 2, r.rows - 1,
                                                   r.cols - 3});
        grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, true, "What %s says",
                   s->title);
        lines_add(&l, ROLE_TEXT, 0, "%s", s->explain);
        lines_add(&l, ROLE_TEXT, 0, "%s", s->rule);
    }
    grid_title(g, (struct rect){ask.y, ask.x, 1, ask.cols}, true, "%s",
               t->lesson.answer ? "Question and answer"
                                : "Question (Enter shows the answer)");
    struct lines l = lines_in(g, (struct rect){ask.y + 1, ask.x + 2,
                                               ask.rows - 1, ask.cols - 3});
    if (!t->lesson.answer)
        lines_add(&l, ROLE_TEXT, 0, "%s", s->ask);
    else
        lines_add(&l, ROLE_GOOD, 0, "%s", s->answer);
}

static void
draw_head(struct tui *t)
{
    struct grid *g = &t->grid;
    const struct store_frame *f = store_frame(t->store, t->frame);
    char text[80];
    bool server = f->flags & STORE_SERVER;
    int len = snprintf(text, sizeof text,
                       g->cols >= 72 ? "STEP %d of %d - %s - frame header"
                                     : "STEP %d of %d",
                       (int)t->lesson.step + 1, (int)LESSON_STEPS,
                       t->present ? "PRESENT" : "lesson");
    int x = g->cols - len - 2;
    grid_line(g, 0, x > 30 ? 30 : x - 1, g->cols, ROLE_BAR, ' ', ' ');
    grid_text(g, 0, x, len, ROLE_BAR, text);
    grid_title(g, (struct rect){1, 0, 1, g->cols}, true,
               "Frame %" PRIu32 " of the %s: %s", f->number,
               server ? "server" : "client",
               g->utf8
                   ? (server ? "server \u2192 client" : "client \u2192 server")
                   : (server ? "server -> client" : "client -> server"));
}

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    for (int y = 1; y < g->rows; y++)
        grid_line(g, y, 0, g->cols, ROLE_TEXT, ' ', ' ');
    hints_text(t, "n next  N back  Enter answer  . , frame  s leave");
    if (t->frame == STORE_NONE)
        return;
    draw_head(t);
    struct rect r = {2, 0, body.rows + 1, body.cols};
    const struct store_frame *f = store_frame(t->store, t->frame);
    if (f->flags & STORE_GAP) {
        grid_text(g, r.y + 1, 2, r.cols - 2, ROLE_GAP,
                  "The capture has a gap here: . and , go to other frames.");
        return;
    }
    t->field = steps[t->lesson.step].field;
    int used =
        frame_figure_draw(t,
                          (struct rect){r.y, r.x, r.rows - QUESTION_ROWS - 3,
                                        r.cols},
                          (unsigned)t->lesson.step + 1);
    struct lines l =
        lines_in(g, (struct rect){r.y + used, r.x + 4,
                                  r.rows - used - QUESTION_ROWS, r.cols - 5});
    draw_value(t, &l);
    /* A blank line, where there is room for it. */
    int left = r.y + r.rows - l.y;
    if (left > QUESTION_ROWS + EXPLAIN_ROWS) {
        lines_skip(&l);
        left--;
    }
    draw_texts(t, (struct rect){l.y, r.x, left, r.cols});
}

/* ---- keys ---- */

static void
next_step(struct tui *t)
{
    struct lesson *l = &t->lesson;
    const struct store_frame *f = store_frame(t->store, t->frame);
    l->answer = false;
    if (l->step == LESSON_XOR && f->flags & STORE_MASKED &&
        l->unmasked < ONE_BY_ONE && l->unmasked < f->payload_len)
        l->unmasked++;
    else if (l->step == LESSON_XOR && l->unmasked < SIZE_MAX)
        l->unmasked = SIZE_MAX; /* the rest at once */
    else if (l->step + 1 < LESSON_STEPS)
        l->step = (enum lesson_step)(l->step + 1);
    if (l->step < LESSON_XOR)
        l->unmasked = 0;
}

static void
step_back(struct tui *t)
{
    struct lesson *l = &t->lesson;
    l->answer = false;
    if (l->step == LESSON_XOR && l->unmasked > 0)
        l->unmasked = l->unmasked > ONE_BY_ONE ? ONE_BY_ONE : l->unmasked - 1;
    else if (l->step > 0)
        l->step = (enum lesson_step)(l->step - 1);
}

static void
key(struct tui *t, struct tty_key key)
{
    if (key.ch == 's' || key.ch == 'q' || key.ch == 3 ||
        key.code == TTY_KEY_ESCAPE || t->frame == STORE_NONE)
        t->layer = NULL;
    else if (key.ch == 'n' || key.ch == ' ' || key.code == TTY_KEY_RIGHT)
        next_step(t);
    else if (key.ch == 'N' || key.code == TTY_KEY_LEFT)
        step_back(t);
    else if (key.code == TTY_KEY_ENTER)
        t->lesson.answer = !t->lesson.answer;
    else if (key.ch == '.' || key.ch == ',')
        (void)tui_act(t, key.ch == '.' ? ACTION_NEXT_FRAME
                                       : ACTION_PREVIOUS_FRAME);
    else if (key.ch == 'P')
        (void)tui_act(t, ACTION_PRESENT);
    else
        tui_say(t, "s leaves the lesson");
}

static const struct layer layer_step = {.draw = draw, .key = key};

void
step_open(struct tui *t)
{
    t->lesson = (struct lesson){.step = LESSON_FIN};
    t->layer = &layer_step;
}
