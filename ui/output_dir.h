/* SPDX-License-Identifier: MIT */
/*
 * output_dir.h - a directory that many files will be written into.
 */
#ifndef UI_OUTPUT_DIR_H
#define UI_OUTPUT_DIR_H

#include <stdbool.h>

#include "base/err.h"
#include "ui/guard.h"

/* Makes the directory (mode 0700) if it is not there; the one above it must be.
 * ERR_OPEN with the reason in *e: also when must_be_empty and it is not. */
enum err output_dir_prepare(const char *path, bool must_be_empty,
                            struct guard_error *e) ERR_CHECK;

#endif /* UI_OUTPUT_DIR_H */
