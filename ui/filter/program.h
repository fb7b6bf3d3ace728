/* SPDX-License-Identifier: MIT */
/*
 * program.h - a compiled filter: what compile.c writes and eval.c runs.
 *
 * The program works on a stack of answers, one bit each.  A test pushes its
 * answer; && and || are jumps over what need not be asked any more.
 */
#ifndef UI_FILTER_PROGRAM_H
#define UI_FILTER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/slice.h"
#include "ui/filter/field.h"
#include "ui/filter/lexer.h"
#include "ui/filter/pattern.h"

#define FILTER_SLICES_MAX 4u

/* Part of bytes or text; from the end when start is negative. */
struct filter_slice {
    int64_t start;
    uint64_t len; /* UINT64_MAX: all that follows */
};

/* A field and what is done with it: slices, lower() and upper(), len(). */
struct filter_operand {
    enum field_id field;
    enum field_type type; /* of the result */
    enum text_case as;
    bool is_len;
    uint8_t n_slices;
    struct filter_slice slice[FILTER_SLICES_MAX];
};

/* A value of the filter's text, of the type of what it is compared with. */
struct filter_value {
    uint64_t number; /* UINT, BOOL, WORD */
    int64_t time_ns;
    struct slice bytes; /* BYTES, TEXT */
    struct addr addr;
    unsigned prefix_bits; /* of addr that count */
    bool range;           /* from here to the value behind it */
    uint16_t *borders;    /* for contains behind lower() and upper() */
    struct pattern *pattern;
};

enum filter_op_code {
    FILTER_OP_EXISTS = 0, /* operand a */
    FILTER_OP_VALUE,      /* operand a, relation, value b */
    FILTER_OP_FIELD,      /* operand a, relation, operand b */
    FILTER_OP_IN,         /* operand a, the values b to b + n - 1 */
    FILTER_OP_NOT,
    FILTER_OP_XOR,
    FILTER_OP_AND, /* false: jump to b; true: pop */
    FILTER_OP_OR,  /* true: jump to b; false: pop */
};

struct filter_op {
    enum filter_op_code code;
    enum token_kind relation;
    uint32_t a, b, n;
};

struct filter {
    uint32_t needs;
    bool uses[FIELD_COUNT];
    bool has_start;
    int64_t start_ns;
    size_t n_ops, cap_ops;
    struct filter_op *ops;
    size_t n_operands, cap_operands;
    struct filter_operand *operands;
    size_t n_values, cap_values;
    struct filter_value *values;
    uint8_t *bytes; /* of values, as long as the filter's text */
    size_t bytes_len;
    struct buf printed;
};

/*
 * value.c: reads the value that a token stands for.
 */
struct value_error {
    size_t offset, len; /* in the token, bytes; len 0: all of it */
    char text[160];     /* "" when all there is to say is that it is none */
};

/* bytes: room for what a string decodes to, at most token->text.len; *used
 * grows by what was taken. */
bool value_read(struct filter_value *out, const struct filter_operand *operand,
                const struct token *token, uint8_t *bytes, size_t *used,
                struct value_error *error);

/* What is wanted instead, to stand behind "no value of NAME: ". */
void value_describe(const struct filter_operand *operand, char *out,
                    size_t size);

/* The named value that is most like it; false: none is. */
bool value_nearest(const struct filter_operand *operand, struct slice word,
                   struct slice *name);

#endif /* UI_FILTER_PROGRAM_H */
