/* SPDX-License-Identifier: MIT */
/*
 * run.h - one run of a command that reads packets: input, pipeline, writer,
 * saving and signals put together, what goes wrong said on standard error.
 */
#ifndef UI_RUN_H
#define UI_RUN_H

#include "ui/exit_status.h"
#include "ui/options.h"

/* Does o->command on o->files or o->ifaces.  Returns the exit status of the
 * program, with a signal 128 and its number. */
int run_command(const struct options *o);

#endif /* UI_RUN_H */
