/* SPDX-License-Identifier: MIT */
/*
 * out_text.h - what was written to a struct out, as a string.
 */
#ifndef TESTS_OUT_TEXT_H
#define TESTS_OUT_TEXT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ui/out.h"

/* A struct out in front of an unnamed file. */
struct out_text {
    struct out out;
    FILE *file;
    char *text; /* of the last out_text_get() */
};

static inline void
out_text_init(struct out_text *t)
{
    t->text = NULL;
    t->file = tmpfile();
    ck_assert_ptr_nonnull(t->file);
    ck_assert_int_eq(out_init(&t->out, fileno(t->file)), ERR_OK);
}

/* Everything written so far, NUL-terminated; lives until the next call. */
static inline const char *
out_text_get(struct out_text *t)
{
    ck_assert_int_eq(out_flush(&t->out), ERR_OK);
    size_t len = (size_t)t->out.written;
    free(t->text);
    t->text = malloc(len + 1);
    ck_assert_ptr_nonnull(t->text);
    ck_assert_int_eq(pread(fileno(t->file), t->text, len, 0), (ssize_t)len);
    t->text[len] = '\0';
    return t->text;
}

/* What was written since the last call of this. */
static inline const char *
out_text_next(struct out_text *t)
{
    const char *text = out_text_get(t);
    ck_assert_int_eq(ftruncate(fileno(t->file), 0), 0);
    ck_assert_int_eq(lseek(fileno(t->file), 0, SEEK_SET), 0);
    t->out.written = 0;
    return text;
}

static inline void
out_text_fini(struct out_text *t)
{
    out_fini(&t->out);
    fclose(t->file);
    free(t->text);
}

#endif /* TESTS_OUT_TEXT_H */
