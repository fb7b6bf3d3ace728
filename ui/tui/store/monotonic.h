/* SPDX-License-Identifier: MIT */
/*
 * monotonic.h - a clock that does not go back, for how long something takes.
 */
#ifndef UI_TUI_MONOTONIC_H
#define UI_TUI_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some moment in the past (CLOCK_MONOTONIC). */
static inline int64_t
monotonic_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#endif /* UI_TUI_MONOTONIC_H */
