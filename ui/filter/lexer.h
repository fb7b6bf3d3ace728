/* SPDX-License-Identifier: MIT */
/*
 * lexer.h - the text of a filter as tokens.
 */
#ifndef UI_FILTER_LEXER_H
#define UI_FILTER_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum token_kind {
    TOKEN_END = 0, /* there is nothing more */
    TOKEN_WORD,    /* a field, a function, a value */
    TOKEN_STRING,  /* in quotes; text is what stands between them */
    TOKEN_SLICE,   /* [...]; text is what stands between them */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_BRACE,
    TOKEN_CLOSE_BRACE,
    TOKEN_COMMA,
    TOKEN_DOTS, /* .. */
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_XOR,
    TOKEN_NOT,
    TOKEN_IN,
    /* Relations; TOKEN_EQ is the first. */
    TOKEN_EQ,
    TOKEN_ALL_EQ,
    TOKEN_NE,
    TOKEN_ANY_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_BITS, /* & */
    TOKEN_CONTAINS,
    TOKEN_MATCHES,
    TOKEN_BAD, /* text is what it is; lexer.error says what is wrong */
};

struct token {
    enum token_kind kind;
    struct slice text;  /* of the filter */
    size_t offset, len; /* all of it, with quotes; bytes */
    bool raw;           /* TOKEN_STRING: r"...", \ is nothing special */
};

struct lexer {
    struct slice text;
    size_t at;
    const char *error; /* with TOKEN_BAD; static */
};

/* The next token.  Behind the end, or something bad, the same again. */
struct token lexer_next(struct lexer *l);

/* How it is written in output, such as "&&"; NULL: it has a text. */
const char *token_spelling(enum token_kind kind);

/* What \ and the characters behind it stand for; moves *at, which stands on
 * the \, behind them.  False: nothing. */
bool lexer_unescape(struct slice text, size_t *at, uint8_t *out);

#endif /* UI_FILTER_LEXER_H */
