/* SPDX-License-Identifier: MIT */
/*
 * event_steps.h - events made from bytes, in any order and yet as the
 * dissector may send them: numbers count up, nothing comes behind an end, a
 * message's event follows its last frame, and what its fields say fits
 * together.  For fuzzing and for tests that want a bit of everything.
 *
 *   0 -  3   a handshake, its heads made up or from the bytes
 *   4 - 43   a frame, and the message that it completes
 *  44 - 46   a gap
 *  47 - 48   what TCP did
 *  49 - 57   a finding
 *  58 - 59   an end
 *
 * Bytes behind it say which and of whom; where there are none left they are 0.
 */
#ifndef TESTS_EVENT_STEPS_H
#define TESTS_EVENT_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "dissect/event.h"
#include "tests/event_samples.h"

#define EVENT_STEPS_KINDS 60u
#define EVENT_STEPS_CONNS_MAX 40u
#define EVENT_STEPS_KNOWN_MAX 4u
/* No payload of a message is longer, bytes. */
#define EVENT_STEPS_PAYLOAD_MAX 255u

/* Embed it; big.  The members are for event_steps.c. */
struct event_steps {
    struct slice in; /* what is left of the bytes; borrowed */
    void *ctx;
    void (*send)(void *ctx, const struct event *event);
    struct event_samples samples;
    uint32_t n_conns;
    struct {
        uint64_t frames[2], messages[2];
        uint8_t open[2]; /* opcode of the message that goes on; 0: none */
        uint32_t fragments[2];
        struct stamp first[2];
        bool ended;
    } conn[EVENT_STEPS_CONNS_MAX];
    int64_t time_ns;
    uint8_t payload[EVENT_STEPS_PAYLOAD_MAX]; /* with unknown bytes as 0 */
    struct event_range known[EVENT_STEPS_KNOWN_MAX];
};

/* in is borrowed while events are made; each goes to send. */
void event_steps_init(struct event_steps *s, struct slice in,
                      void (*send)(void *ctx, const struct event *event),
                      void *ctx);

/* Takes a byte from the front; 0: none is left. */
uint8_t event_steps_next(struct event_steps *s);

/* Makes an event of that kind, 0 to EVENT_STEPS_KINDS - 1.  None when there is
 * no connection for it, or too many. */
void event_steps_make(struct event_steps *s, uint8_t kind);

#endif /* TESTS_EVENT_STEPS_H */
