/* SPDX-License-Identifier: MIT */
/*
 * output_oracle.h - what must hold of text that wsray wrote, whatever the
 * traffic was.  For tests and fuzzing; each returns NULL, or what is wrong.
 */
#ifndef TESTS_OUTPUT_ORACLE_H
#define TESTS_OUTPUT_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Lines that a terminal only shows, none of them unfinished or wider than that
 * many columns; width 0: of any length. */
const char *oracle_lines(struct slice text, bool utf8, size_t width);

/* A translation unit of C that holds comments to the end of their line and
 * arrays of constant bytes, each of the announced length and with a name of
 * its own: nothing of the traffic is outside a comment but as a number. */
const char *oracle_c(struct slice text);

/* One object a line (RFC 8259), valid UTF-8, nothing that a terminal obeys;
 * *n gets the number of lines. */
const char *oracle_json_lines(struct slice text, uint64_t *n);

/* What an HTTP Archive of har.h holds. */
struct oracle_har {
    uint64_t entries, messages, findings;
};

/* The document is JSON and valid UTF-8; without_secrets: there is no cookie,
 * and no header that har_options.no_secrets names. */
const char *oracle_har(struct slice text, bool without_secrets,
                       struct oracle_har *found);

/* index.tsv of payloads.h: ten columns a line, names that owe nothing to the
 * traffic; *n gets the number of files. */
const char *oracle_index(struct slice text, uint64_t *n);

#endif /* TESTS_OUTPUT_ORACLE_H */
