/* SPDX-License-Identifier: MIT */
/*
 * help.h - --help and --version, written from options.def and commands.def.
 *
 * At most 80 columns, plain ASCII.  Errors of out are the caller's to ask for.
 */
#ifndef UI_HELP_H
#define UI_HELP_H

#include <stdio.h>

#include "ui/options.h"

/* Help on one command; COMMAND_COUNT: on all of wsray. */
void help_write(FILE *out, enum command command);

/* What was compiled in; NULL: nothing. */
struct help_features {
    const char *files;    /* compressions that can be read: "gzip, zstd" */
    const char *live;     /* the library that captures */
    const char *terminal; /* the library of the terminal interface */
    const char *sandbox;  /* the walls that can be put up */
};

/* Version, features, licence. */
void help_write_version(FILE *out, const struct help_features *features);

#endif /* UI_HELP_H */
