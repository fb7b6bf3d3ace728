/* SPDX-License-Identifier: MIT */
/*
 * broker_wire.h - messages between decoder and broker: of one machine and one
 * program, so that integers are native.  For broker.c and its test.
 */
#ifndef UI_BROKER_WIRE_H
#define UI_BROKER_WIRE_H

#include <stdint.h>

#include "ui/broker.h"
#include "ui/guard.h"

enum broker_kind { BROKER_CREATE = 1, BROKER_REMOVE = 2 };

/* The head, then the name without a NUL: 1 .. BROKER_NAME_MAX bytes. */
struct broker_request {
    uint32_t kind;
    uint32_t dir;
    char name[BROKER_NAME_MAX];
};
#define BROKER_HEAD_LEN 8u

/* error 0 and CREATE: SCM_RIGHTS brings one descriptor. */
struct broker_answer {
    int32_t error; /* errno */
};

/* The broker's first message: whether it is ready (ERR_OK) or has given up. */
struct broker_hello {
    struct guard_error error;
};

#endif /* UI_BROKER_WIRE_H */
