/* SPDX-License-Identifier: MIT */
/*
 * fields.h - what `wsray fields` shows: the list of all fields of filters, or
 * one explained in full.  All of it comes from filter/fields.def.
 *
 * Plain ASCII; errors of out are the caller's to ask for.
 */
#ifndef UI_FIELDS_H
#define UI_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ui/filter/field.h"

struct fields_options {
    size_t columns; /* of a line, 0: the list is one line a field */
    bool color;
};

/* All fields with type and meaning. */
void fields_write_list(FILE *out, const struct fields_options *o);

/* One in full: meaning, type, values, what has it, its name in JSON, an
 * example. */
void fields_write_one(FILE *out, const struct fields_options *o,
                      enum field_id id);

#endif /* UI_FIELDS_H */
