/* SPDX-License-Identifier: MIT */
#include "ui/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err
guard_fail(struct guard_error *e, enum err code, int number, const char *format,
           ...)
{
    va_list args;
    e->code = code;
    va_start(args, format);
    int n = vsnprintf(e->reason, sizeof e->reason, format, args);
    va_end(args);
    if (n < 0)
        e->reason[0] = '\0';
    size_t len = strlen(e->reason);
    if (number != 0)
        snprintf(e->reason + len, sizeof e->reason - len, ": %s",
                 strerror(number));
    return code;
}
