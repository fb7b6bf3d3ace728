/* SPDX-License-Identifier: MIT */
/*
 * confine.h - the order in which a run gives up its rights:
 *
 *   confine_plan()     who to become; the broker is forked, where files will be
 *                      written
 *   (the owner opens input files or interfaces, and all else)
 *   confine_enter()    other user, no capability, system call filter, Landlock
 *   (the owner starts threads, and reads bytes of strangers)
 *   confine_end()
 *
 * The parts are in privileges.h, sandbox.h and broker.h.  What a system or a
 * build does not have is left out, and confine_describe() tells.
 */
#ifndef UI_CONFINE_H
#define UI_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ui/broker.h"
#include "ui/guard.h"
#include "ui/options.h"
#include "ui/privileges.h"
#include "ui/sandbox.h"

/* Zeroed is a run that has given up nothing. */
struct confine {
    struct privileges privileges;
    struct sandbox_state state;
    struct broker broker;
    bool has_broker;
    bool keeps_rights; /* this build or system cannot give them up */
};

/* dirs: where files may be written, n_dirs of them; 0: nowhere.  Errors as of
 * privileges_plan() and broker_start(), told in *e; ERR_REFUSED: root that must
 * stay root (PRIVILEGES_BOUND) wants to capture. */
ERR_CHECK enum err confine_plan(struct confine *c, const struct options *o,
                                const struct broker_dir *dirs, size_t n_dirs,
                                struct guard_error *e);

/* read_only: descriptors that nothing may be written to (n of them).  Errors as
 * of privileges_drop() and sandbox_enter(); the process must not go on. */
ERR_CHECK enum err confine_enter(struct confine *c, const struct options *o,
                                 const int *read_only, size_t n,
                                 struct guard_error *e);

/* One line: "as user 1000 ..., system call filter ..., Landlock ABI 7". */
void confine_describe(const struct confine *c, char *out, size_t size);

/* The broker, or NULL. */
struct broker *confine_broker(struct confine *c);

/* Ends the broker. */
void confine_end(struct confine *c);

#endif /* UI_CONFINE_H */
