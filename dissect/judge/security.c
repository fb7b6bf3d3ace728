/* SPDX-License-Identifier: MIT */
#include "dissect/judge/rules.h"

void
judge_security(struct judge *j, const struct event_handshake *ev)
{
    (void)j;
    (void)ev;
}
