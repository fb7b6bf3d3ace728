/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - regular expressions that can neither be slow nor grow.
 *
 * The extended regular expressions of POSIX (regex(7)), found anywhere in a
 * text; further \d \w \s \D \W \S, (?:...) and a ? behind a repetition, which
 * changes nothing here.  As in Wireshark, ASCII letters match in either case
 * unless the pattern begins with (?-i).  Texts are UTF-8: . and [] take one
 * character, of bytes that are none . and [^] take one byte.  No
 * back-references, classes of letters are ASCII.
 *
 * Not regcomp(3): with the GNU C library a short pattern can take gigabytes to
 * compile, and states are made, and kept, as a text of the peer's asks for
 * them.  Here all ways through the pattern are followed at once (Thompson,
 * "Regular expression search algorithm", 1968): n characters of text and m
 * instructions take n * m steps at most, and memory is taken when the pattern
 * is compiled only.
 */
#ifndef UI_FILTER_PATTERN_H
#define UI_FILTER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* Instructions of one pattern, repetitions written out. */
#define PATTERN_OPS_MAX 2048u
/* Bytes of a text that are searched; what lies behind never matches. */
#define PATTERN_TEXT_MAX 65536u

struct pattern;

/* How the letters of ASCII are taken. */
enum text_case {
    TEXT_AS_IS = 0,
    TEXT_LOWER,
    TEXT_UPPER,
};

/* What is wrong with a pattern. */
struct pattern_error {
    size_t offset;    /* in the pattern, bytes */
    const char *text; /* static, a few words */
};

/*
 * Compiles text.  ERR_USAGE: *error says what is wrong; ERR_NOMEM.
 */
ERR_CHECK enum err pattern_new(struct pattern **out, struct slice text,
                               struct pattern_error *error);
void pattern_free(struct pattern *p);

/* Whether it matches somewhere in text, of which the letters are taken so.
 * Uses memory inside p: not for two threads at a time. */
bool pattern_found(struct pattern *p, struct slice text, enum text_case as);

static inline uint8_t
text_case_of(uint8_t c, enum text_case as)
{
    if (as == TEXT_LOWER && c >= 'A' && c <= 'Z')
        return (uint8_t)(c + ('a' - 'A'));
    if (as == TEXT_UPPER && c >= 'a' && c <= 'z')
        return (uint8_t)(c - ('a' - 'A'));
    return c;
}

#endif /* UI_FILTER_PATTERN_H */
