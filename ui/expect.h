/* SPDX-License-Identifier: MIT */
/*
 * expect.h - the findings that a capture must have, as a file:
 *
 *     # what our server is known to do
 *     frame-client-unmasked 3
 *     close-reply-missing   *     # any number of times, also never
 *
 * One finding a line with how often it occurs over all connections; blank
 * lines and what follows a # are skipped.  An id that is not listed must not
 * occur.
 */
#ifndef UI_EXPECT_H
#define UI_EXPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "dissect/finding.h"

/* Bytes of a file that are read; a longer one is refused. */
#define EXPECT_FILE_MAX ((size_t)1024 * 1024)

struct expect_row {
    uint64_t line;  /* where it stands, 1 = first; 0: not listed */
    bool any;       /* any number of times */
    uint64_t count; /* else exactly so often */
};

struct expect {
    struct expect_row row[FINDING_COUNT];
};

#define EXPECT_REASON_MAX 200u

struct expect_error {
    uint64_t line;                  /* 0: of the whole file */
    char reason[EXPECT_REASON_MAX]; /* one line of printable ASCII */
};

/* Reads all of text.  False, with *error filled in, at the first line that is
 * wrong; *e is then to be forgotten. */
bool expect_parse(struct expect *e, struct slice text,
                  struct expect_error *error);

/* The same with the file of that name.  ERR_OPEN, ERR_READ or ERR_NOMEM: it
 * could not be read; ERR_USAGE: what it says is wrong. */
ERR_CHECK enum err expect_read(struct expect *e, const char *name,
                               struct expect_error *error);

/* Whether id may occur found times; *wanted is how often it has to, where the
 * answer is false. */
bool expect_allows(const struct expect *e, enum finding_id id, uint64_t found,
                   uint64_t *wanted);

#endif /* UI_EXPECT_H */
