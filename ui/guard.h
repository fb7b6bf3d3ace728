/* SPDX-License-Identifier: MIT */
/*
 * guard.h - why a part of the protection (privileges.h, sandbox.h, broker.h)
 * could not be had: one line for the person who started wsray.
 */
#ifndef UI_GUARD_H
#define UI_GUARD_H

#include "base/err.h"

#define GUARD_REASON_MAX 200u

struct guard_error {
    enum err code;
    char reason[GUARD_REASON_MAX]; /* no final full stop */
};

/* Fills *e: "FORMAT...: strerror(number)"; number 0: without the latter.
 * Returns code, so that a caller can return what this returns. */
enum err guard_fail(struct guard_error *e, enum err code, int number,
                    const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif /* UI_GUARD_H */
