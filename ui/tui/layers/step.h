/* SPDX-License-Identifier: MIT */
/*
 * step.h - a frame in steps, field after field, for a class: lesson.def.
 */
#ifndef UI_TUI_STEP_H
#define UI_TUI_STEP_H

#include <stdbool.h>
#include <stddef.h>

struct tui;

#define STEP(symbol, ...) LESSON_##symbol,
enum lesson_step {
#include "ui/tui/layers/lesson.def"
    LESSON_STEPS
};
#undef STEP

struct lesson {
    enum lesson_step step;
    size_t unmasked; /* bytes that were unmasked so far, in the step for it */
    bool answer;     /* is shown */
};

/* Begins with the first step of the frame that is selected. */
void step_open(struct tui *t);

#endif /* UI_TUI_STEP_H */
