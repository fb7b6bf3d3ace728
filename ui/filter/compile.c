/* SPDX-License-Identifier: MIT */
/*
 * compile.c - the text of a filter becomes a program, in one pass.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/filter/filter.h"
#include "ui/filter/program.h"
#include "ui/nearest.h"

/* Bytes shown of a word in a message. */
#define SHOWN_MAX 40

struct compile {
    struct filter *f;
    struct lexer lexer;
    struct token now;
    struct filter_error *error;
    enum err failed; /* ERR_OK: not yet */
    unsigned depth, patterns;
};

/* ---- What goes wrong ---- */

/* Only the first is told.  The program must still be left as it is. */
static void __attribute__((format(printf, 4, 5)))
fail(struct compile *c, size_t offset, size_t len, const char *format, ...)
{
    struct filter_error *e = c->error;
    va_list ap;
    if (c->failed != ERR_OK)
        return;
    c->failed = ERR_USAGE;
    e->offset = offset;
    e->len = len;
    va_start(ap, format);
    vsnprintf(e->text, sizeof e->text, format, ap);
    va_end(ap);
    for (char *at = e->text; *at; at++)
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
}

static void
fail_memory(struct compile *c)
{
    fail(c, 0, 0, "out of memory");
    c->failed = ERR_NOMEM;
}

/* At the token at hand. */
static void
fail_here(struct compile *c, const char *wanted)
{
    const struct token *t = &c->now;
    int shown = t->len < SHOWN_MAX ? (int)t->len : SHOWN_MAX;
    if (t->kind == TOKEN_BAD)
        fail(c, t->offset, t->len, "%s", c->lexer.error);
    else if (t->kind == TOKEN_END)
        fail(c, t->offset, 0, "%s is missing", wanted);
    else
        fail(c, t->offset, t->len, "'%.*s' is not %s", shown,
             (const char *)c->lexer.text.ptr + t->offset, wanted);
}

/* ---- Memory ---- */

/* Room for one more element; NULL: none, and the reason is told. */
static void *
grow(struct compile *c, void *list, size_t *n, size_t *cap, size_t size)
{
    if (c->failed != ERR_OK)
        return NULL;
    if (*n >= FILTER_OPS_MAX) {
        fail(c, c->now.offset, c->now.len, "the filter is too large");
        return NULL;
    }
    if (*n < *cap)
        return list;
    size_t more = *cap ? 2 * *cap : 8;
    list = realloc(list, more * size);
    if (list)
        *cap = more;
    else
        fail_memory(c);
    return list;
}

static void
emit(struct compile *c, struct filter_op op)
{
    struct filter *f = c->f;
    struct filter_op *ops = grow(c, f->ops, &f->n_ops, &f->cap_ops, sizeof op);
    if (!ops)
        return;
    f->ops = ops;
    ops[f->n_ops++] = op;
}

static uint32_t
add_operand(struct compile *c, const struct filter_operand *operand)
{
    struct filter *f = c->f;
    struct filter_operand *operands =
        grow(c, f->operands, &f->n_operands, &f->cap_operands, sizeof *operand);
    if (!operands)
        return 0;
    f->operands = operands;
    operands[f->n_operands] = *operand;
    return (uint32_t)f->n_operands++;
}

static struct filter_value *
add_value(struct compile *c)
{
    struct filter *f = c->f;
    struct filter_value *values =
        grow(c, f->values, &f->n_values, &f->cap_values, sizeof values[0]);
    if (!values)
        return NULL;
    f->values = values;
    values[f->n_values] = (struct filter_value){.number = 0};
    return &values[f->n_values++];
}

/* ---- Tokens ---- */

static void
next(struct compile *c)
{
    c->now = lexer_next(&c->lexer);
}

static bool
take(struct compile *c, enum token_kind kind)
{
    if (c->failed != ERR_OK || c->now.kind != kind)
        return false;
    next(c);
    return true;
}

static enum token_kind
peek(const struct compile *c)
{
    struct lexer ahead = c->lexer;
    return lexer_next(&ahead).kind;
}

/* ---- Operands ---- */

static bool
read_int(struct slice *s, int64_t *out)
{
    int64_t v = 0;
    bool negative = s->len > 1 && s->ptr[0] == '-', any = false;
    if (negative)
        *s = slice_skip(*s, 1);
    for (; s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9' && v <= INT32_MAX;
         *s = slice_skip(*s, 1), any = true)
        v = 10 * v + (s->ptr[0] - '0');
    *out = negative ? -v : v;
    return any;
}

/* "N", "N:LEN", ":LEN", "N:" or "N-LAST". */
static bool
read_slice(struct slice s, struct filter_slice *out)
{
    int64_t start = 0, v = 1;
    bool any = read_int(&s, &start);
    *out = (struct filter_slice){start, 1};
    if (s.len == 0)
        return any;
    uint8_t sign = s.ptr[0];
    s = slice_skip(s, 1);
    if (sign == ':' && s.len == 0) {
        out->len = UINT64_MAX;
        return any;
    }
    if (!read_int(&s, &v) || s.len > 0 || v < 0)
        return false;
    if (sign == '-') {
        out->len = (uint64_t)(v - start + 1);
        return any && start >= 0 && v >= start;
    }
    out->len = (uint64_t)v;
    return sign == ':' && v > 0;
}

static bool
is_textual(const struct filter_operand *operand)
{
    return operand->type == FIELD_TYPE_TEXT ||
           operand->type == FIELD_TYPE_BYTES;
}

static void
parse_slices(struct compile *c, struct filter_operand *operand)
{
    const char *name = field_info(operand->field)->name;
    while (c->failed == ERR_OK && c->now.kind == TOKEN_SLICE) {
        const struct token t = c->now;
        if (!is_textual(operand))
            fail(c, t.offset, t.len,
                 "a slice is part of bytes or text; %s%s is neither",
                 operand->is_len ? "the length of " : "", name);
        else if (operand->n_slices == FILTER_SLICES_MAX)
            fail(c, t.offset, t.len, "more than %u slices", FILTER_SLICES_MAX);
        else if (!read_slice(t.text, &operand->slice[operand->n_slices++]))
            fail(c, t.offset, t.len,
                 "a slice is [N], [N:LENGTH], [:LENGTH], [N:] or [N-LAST]");
        next(c);
    }
}

static void
fail_field(struct compile *c, const struct token *t)
{
    const char *near = field_nearest(t->text);
    int shown = t->len < SHOWN_MAX ? (int)t->len : SHOWN_MAX;
    const char *word = (const char *)t->text.ptr;
    if (near)
        fail(c, t->offset, t->len, "no field '%.*s'; did you mean '%s'?", shown,
             word, near);
    else
        fail(c, t->offset, t->len, "no field '%.*s'; 'wsray fields' lists them",
             shown, word);
}

static void
parse_field(struct compile *c, struct filter_operand *out)
{
    enum field_id field = 0;
    if (c->now.kind != TOKEN_WORD) {
        fail_here(c, "a field");
        return;
    }
    if (!field_find(c->now.text, &field))
        fail_field(c, &c->now);
    const struct field_info *info = field_info(field);
    *out = (struct filter_operand){.field = field, .type = info->type};
    c->f->uses[field] = true;
    c->f->needs |= info->needs;
    if (info->needs & FILTER_NEEDS_PAYLOAD)
        c->f->needs |= FILTER_NEEDS_MESSAGES;
    if (info->on & (ON_FRAME | ON_SIDE))
        c->f->needs |= FILTER_NEEDS_FRAMES;
    next(c);
}

enum function {
    FUNCTION_LEN = 0,
    FUNCTION_LOWER,
    FUNCTION_UPPER,
    FUNCTION_COUNT
};

/* FUNCTION_COUNT, and told: there is no such one. */
static enum function
find_function(struct compile *c, const struct token *t)
{
    static const char *const names[] = {"len", "lower", "upper"};
    int shown = t->len < SHOWN_MAX ? (int)t->len : SHOWN_MAX;
    for (unsigned i = 0; i < FUNCTION_COUNT; i++)
        if (slice_equal_cstr(t->text, names[i]))
            return (enum function)i;
    fail(c, t->offset, t->len,
         "no function '%.*s'; there are len, lower and "
         "upper",
         shown, (const char *)t->text.ptr);
    return FUNCTION_COUNT;
}

static void
apply(struct compile *c, const struct token *t, enum function function,
      struct filter_operand *operand)
{
    bool text = operand->type == FIELD_TYPE_TEXT;
    if (function == FUNCTION_LEN ? !is_textual(operand) : !text) {
        fail(c, t->offset, t->len, "%s() is of %s, not of %s (%s)",
             function == FUNCTION_LEN     ? "len"
             : function == FUNCTION_LOWER ? "lower"
                                          : "upper",
             function == FUNCTION_LEN ? "bytes and text" : "text",
             field_info(operand->field)->name, field_type_name(operand->type));
        return;
    }
    if (function == FUNCTION_LEN) {
        operand->is_len = true;
        operand->type = FIELD_TYPE_UINT;
    } else {
        operand->as = function == FUNCTION_LOWER ? TEXT_LOWER : TEXT_UPPER;
    }
}

/* Functions stand around each other, so that the last one is done first. */
static void
parse_operand(struct compile *c, struct filter_operand *out)
{
    struct token names[FILTER_SLICES_MAX];
    enum function functions[FILTER_SLICES_MAX];
    unsigned n = 0;
    while (c->failed == ERR_OK && c->now.kind == TOKEN_WORD &&
           peek(c) == TOKEN_OPEN) {
        if (n == FILTER_SLICES_MAX) {
            fail(c, c->now.offset, c->now.len,
                 "more than %u functions around a field", FILTER_SLICES_MAX);
            return;
        }
        names[n] = c->now;
        functions[n] = find_function(c, &c->now);
        n++;
        next(c);
        next(c);
    }
    if (c->failed != ERR_OK)
        return;
    parse_field(c, out);
    parse_slices(c, out);
    while (n-- > 0 && c->failed == ERR_OK) {
        if (!take(c, TOKEN_CLOSE))
            fail_here(c, "the ) of a function");
        else
            apply(c, &names[n], functions[n], out);
        parse_slices(c, out);
    }
}

/* ---- Values ---- */

static void
fail_value(struct compile *c, const struct filter_operand *operand,
           const struct value_error *e)
{
    const struct token *t = &c->now;
    char wanted[160], hint[80] = "";
    struct slice near;
    int shown = t->len < SHOWN_MAX ? (int)t->len : SHOWN_MAX;
    if (e->text[0]) {
        fail(c, t->offset + e->offset + t->raw, e->len, "%s", e->text);
        return;
    }
    value_describe(operand, wanted, sizeof wanted);
    if (value_nearest(operand, t->text, &near))
        snprintf(hint, sizeof hint, "; did you mean '%.*s'?", (int)near.len,
                 (const char *)near.ptr);
    fail(c, t->offset, t->len, "'%.*s' is no value of %s%s: %s%s", shown,
         (const char *)c->lexer.text.ptr + t->offset,
         operand->is_len ? "the length of " : "",
         field_info(operand->field)->name, wanted, hint);
}

static struct filter_value *
parse_value(struct compile *c, const struct filter_operand *operand)
{
    struct value_error error;
    struct filter *f = c->f;
    if (c->now.kind != TOKEN_WORD && c->now.kind != TOKEN_STRING) {
        fail_here(c, "a value");
        return NULL;
    }
    struct filter_value *v = add_value(c);
    if (!v)
        return NULL;
    if (value_read(v, operand, &c->now, f->bytes + f->bytes_len, &f->bytes_len,
                   &error))
        next(c);
    else
        fail_value(c, operand, &error);
    return v;
}

static void
parse_pattern(struct compile *c, const struct filter_operand *operand)
{
    struct pattern_error error;
    const struct token t = c->now;
    struct filter_operand text = *operand;
    text.type = FIELD_TYPE_TEXT; /* also of bytes */
    struct filter_value *v = parse_value(c, &text);
    if (c->failed != ERR_OK)
        return;
    if (++c->patterns > FILTER_PATTERNS_MAX) {
        fail(c, t.offset, t.len, "more than %u patterns", FILTER_PATTERNS_MAX);
        return;
    }
    switch (pattern_new(&v->pattern, v->bytes, &error)) {
    case ERR_OK:
        break;
    case ERR_USAGE:
        /* Where escapes were taken out, only the whole can be pointed at. */
        if (v->bytes.len == t.text.len && error.offset < t.text.len)
            fail(c, (size_t)(t.text.ptr - c->lexer.text.ptr) + error.offset, 1,
                 "in the pattern: %s", error.text);
        else
            fail(c, t.offset, t.len, "in the pattern: %s", error.text);
        break;
    default:
        fail_memory(c);
    }
}

/* Lengths of the longest proper beginning of bytes[0..i] that is its end too
 * (Knuth, Morris and Pratt). */
static void
make_borders(struct compile *c, struct filter_value *v)
{
    size_t len = v->bytes.len, border = 0;
    if (len == 0)
        return;
    v->borders = calloc(len, sizeof v->borders[0]);
    if (!v->borders) {
        fail_memory(c);
        return;
    }
    for (size_t i = 1; i < len; i++) {
        while (border > 0 && v->bytes.ptr[border] != v->bytes.ptr[i])
            border = v->borders[border - 1];
        border += v->bytes.ptr[border] == v->bytes.ptr[i];
        v->borders[i] = (uint16_t)border;
    }
}

/* ---- Tests ---- */

static bool
is_relation(enum token_kind kind)
{
    return kind >= TOKEN_EQ && kind <= TOKEN_MATCHES;
}

static bool
has_order(const struct filter_operand *operand)
{
    switch (operand->type) {
    case FIELD_TYPE_BOOL:
    case FIELD_TYPE_IPV4:
    case FIELD_TYPE_IPV6:
    case FIELD_TYPE_ADDR:
        return false;
    case FIELD_TYPE_WORD:
        return operand->field == FIELD_WS_SEVERITY;
    default:
        return true;
    }
}

/* Whether that can be asked of it; else it is told. */
static bool
check_relation(struct compile *c, const struct filter_operand *operand,
               const struct token *t)
{
    bool ok = true;
    switch (t->kind) {
    case TOKEN_LT:
    case TOKEN_LE:
    case TOKEN_GT:
    case TOKEN_GE:
        ok = has_order(operand);
        break;
    case TOKEN_BITS:
        ok = operand->type == FIELD_TYPE_UINT;
        break;
    case TOKEN_CONTAINS:
    case TOKEN_MATCHES:
        ok = is_textual(operand);
        break;
    default:
        break;
    }
    if (!ok)
        fail(c, t->offset, t->len, "'%s' cannot be asked of %s (%s)",
             token_spelling(t->kind), field_info(operand->field)->name,
             field_type_name(operand->type));
    return ok;
}

static bool
is_address(enum field_type type)
{
    return type == FIELD_TYPE_IPV4 || type == FIELD_TYPE_IPV6 ||
           type == FIELD_TYPE_ADDR;
}

static bool
is_comparable(const struct filter_operand *a, const struct filter_operand *b)
{
    if (a->type == FIELD_TYPE_WORD)
        return a->field == b->field;
    if (is_textual(a))
        return is_textual(b);
    return is_address(a->type) ? is_address(b->type) : a->type == b->type;
}

/* Whether a field or a function comes, and no value. */
static bool
is_operand_next(const struct compile *c)
{
    enum field_id field;
    return c->now.kind == TOKEN_WORD &&
           (field_find(c->now.text, &field) || peek(c) == TOKEN_OPEN);
}

static void
parse_relation(struct compile *c, uint32_t a,
               const struct filter_operand *operand)
{
    const struct token t = c->now;
    if (!check_relation(c, operand, &t))
        return;
    next(c);
    struct filter_op op = {.code = FILTER_OP_VALUE, .relation = t.kind, .a = a};
    op.b = (uint32_t)c->f->n_values;
    if (t.kind == TOKEN_MATCHES) {
        parse_pattern(c, operand);
    } else if (is_operand_next(c) && t.kind != TOKEN_CONTAINS) {
        struct filter_operand other = {.field = 0};
        const struct token at = c->now;
        parse_operand(c, &other);
        if (c->failed == ERR_OK && !is_comparable(operand, &other))
            fail(c, at.offset, at.len, "%s and %s cannot be compared",
                 field_info(operand->field)->name,
                 field_info(other.field)->name);
        op.code = FILTER_OP_FIELD;
        op.b = add_operand(c, &other);
    } else {
        struct filter_value *v = parse_value(c, operand);
        if (v && c->failed == ERR_OK && t.kind == TOKEN_CONTAINS &&
            operand->as != TEXT_AS_IS)
            make_borders(c, v);
    }
    emit(c, op);
}

/* Behind `in`. */
static void
parse_set(struct compile *c, uint32_t a, const struct filter_operand *operand)
{
    struct filter_op op = {.code = FILTER_OP_IN, .a = a};
    op.b = (uint32_t)c->f->n_values;
    if (!take(c, TOKEN_OPEN_BRACE)) {
        fail_here(c, "a set in { }");
        return;
    }
    do {
        const struct token first = c->now;
        parse_value(c, operand);
        size_t last = c->f->n_values - 1;
        if (c->failed == ERR_OK && c->now.kind == TOKEN_DOTS) {
            if (operand->type == FIELD_TYPE_BOOL ||
                operand->type == FIELD_TYPE_WORD)
                fail(c, c->now.offset, c->now.len,
                     "there is no range of these values");
            next(c);
            parse_value(c, operand);
            if (c->failed == ERR_OK)
                c->f->values[last].range = true;
        }
        if (c->now.offset == first.offset)
            break; /* nothing was taken: it is told */
        if (take(c, TOKEN_COMMA) && c->now.kind == TOKEN_CLOSE_BRACE)
            fail_here(c, "a value");
    } while (c->failed == ERR_OK && c->now.kind != TOKEN_CLOSE_BRACE);
    if (!take(c, TOKEN_CLOSE_BRACE))
        fail_here(c, "the } of a set");
    op.n = (uint32_t)c->f->n_values - op.b;
    emit(c, op);
}

static void
parse_comparison(struct compile *c)
{
    struct filter_operand operand = {.field = 0};
    parse_operand(c, &operand);
    uint32_t a = add_operand(c, &operand);
    if (c->failed != ERR_OK)
        return;
    if (is_relation(c->now.kind)) {
        parse_relation(c, a, &operand);
        return;
    }
    bool negated = c->now.kind == TOKEN_NOT && peek(c) == TOKEN_IN;
    if (negated)
        next(c);
    if (take(c, TOKEN_IN))
        parse_set(c, a, &operand);
    else
        emit(c, (struct filter_op){.code = FILTER_OP_EXISTS, .a = a});
    if (negated)
        emit(c, (struct filter_op){.code = FILTER_OP_NOT});
}

static void parse_joined(struct compile *c, unsigned level);

static void
parse_negated(struct compile *c)
{
    bool negated = false;
    while (take(c, TOKEN_NOT))
        negated = !negated;
    const struct token open = c->now;
    if (!take(c, TOKEN_OPEN)) {
        parse_comparison(c);
    } else if (c->depth == FILTER_DEPTH_MAX) {
        fail(c, open.offset, open.len, "more than %u parentheses in each other",
             FILTER_DEPTH_MAX);
    } else {
        c->depth++;
        parse_joined(c, 0);
        c->depth--;
        if (!take(c, TOKEN_CLOSE))
            fail_here(c, "&&, || or a )");
    }
    if (negated)
        emit(c, (struct filter_op){.code = FILTER_OP_NOT});
}

/* What binds least first. */
static const struct {
    enum token_kind kind;
    enum filter_op_code code;
} levels[] = {
    {TOKEN_OR, FILTER_OP_OR},
    {TOKEN_XOR, FILTER_OP_XOR},
    {TOKEN_AND, FILTER_OP_AND},
};

/* a && b && c: jumps behind all of it wait in a chain, each with the number of
 * the one before; none is number 0. */
static void
parse_joined(struct compile *c, unsigned level)
{
    struct filter *f = c->f;
    uint32_t chain = 0;
    if (level == sizeof levels / sizeof levels[0]) {
        parse_negated(c);
        return;
    }
    parse_joined(c, level + 1);
    while (take(c, levels[level].kind)) {
        if (levels[level].code == FILTER_OP_XOR) {
            parse_joined(c, level + 1);
            emit(c, (struct filter_op){.code = FILTER_OP_XOR});
            continue;
        }
        emit(c, (struct filter_op){.code = levels[level].code, .b = chain});
        chain = (uint32_t)f->n_ops - 1;
        parse_joined(c, level + 1);
    }
    while (chain != 0 && c->failed == ERR_OK) {
        uint32_t before = f->ops[chain].b;
        f->ops[chain].b = (uint32_t)f->n_ops;
        chain = before;
    }
}

/* ---- How it was understood ---- */

static bool
print_string(struct buf *out, const struct token *t)
{
    char escaped[8];
    size_t at = 0;
    bool ok = buf_append(out, "\"", 1) == ERR_OK;
    while (at < t->text.len && ok) {
        uint8_t byte = t->text.ptr[at];
        if (t->raw || byte != '\\' || !lexer_unescape(t->text, &at, &byte))
            at++;
        int len = snprintf(escaped, sizeof escaped,
                           byte == '"' || byte == '\\'   ? "\\%c"
                           : byte < 0x20 || byte == 0x7f ? "\\x%02x"
                                                         : "%c",
                           byte);
        ok = buf_append(out, escaped, (size_t)len) == ERR_OK;
    }
    return ok && buf_append(out, "\"", 1) == ERR_OK;
}

static bool
print_slice(struct buf *out, const struct token *t)
{
    return buf_append(out, "[", 1) == ERR_OK &&
           buf_append(out, t->text.ptr, t->text.len) == ERR_OK &&
           buf_append(out, "]", 1) == ERR_OK;
}

static bool
print_token(struct buf *out, const struct token *t, enum token_kind before)
{
    const char *sign = token_spelling(t->kind);
    bool tight = out->len == 0 || before == TOKEN_OPEN || before == TOKEN_NOT ||
                 t->kind == TOKEN_CLOSE || t->kind == TOKEN_SLICE ||
                 t->kind == TOKEN_COMMA ||
                 (t->kind == TOKEN_OPEN && before == TOKEN_WORD);
    if (!tight && buf_append(out, " ", 1) != ERR_OK)
        return false;
    if (sign)
        return buf_append(out, sign, strlen(sign)) == ERR_OK;
    if (t->kind == TOKEN_STRING)
        return print_string(out, t);
    if (t->kind == TOKEN_SLICE)
        return print_slice(out, t);
    return buf_append(out, t->text.ptr, t->text.len) == ERR_OK;
}

static bool
print_all(struct filter *f, struct slice text)
{
    struct lexer l = {.text = text};
    enum token_kind before = TOKEN_END;
    /* A string can grow by four, anything else by a blank. */
    buf_init(&f->printed, 4 * text.len + 16);
    for (;;) {
        struct token t = lexer_next(&l);
        if (t.kind == TOKEN_END)
            return true;
        if (!print_token(&f->printed, &t, before))
            return false;
        before = t.kind;
    }
}

/* ---- Life ---- */

static void
compile_all(struct compile *c, struct slice text)
{
    if (text.len > FILTER_TEXT_MAX) {
        fail(c, FILTER_TEXT_MAX, 0, "the filter is longer than %u bytes",
             FILTER_TEXT_MAX);
        return;
    }
    next(c);
    if (c->now.kind == TOKEN_END)
        fail(c, 0, 0, "the filter is empty");
    parse_joined(c, 0);
    if (c->failed == ERR_OK && c->now.kind != TOKEN_END)
        fail_here(c, "&&, ||, or the end of the filter");
    if (c->failed == ERR_OK && !print_all(c->f, text))
        fail_memory(c);
}

static size_t
column_of(struct slice text, size_t offset)
{
    size_t column = 1;
    for (size_t i = 0; i < offset && i < text.len; i++)
        column += (text.ptr[i] & 0xc0u) != 0x80u;
    return column;
}

enum err
filter_new(struct filter **out, struct slice text, struct filter_error *error)
{
    struct filter *f = calloc(1, sizeof *f);
    struct compile c = {.f = f, .lexer = {.text = text}, .error = error};
    *error = (struct filter_error){.column = 1};
    if (f)
        f->bytes = malloc(text.len + 1);
    if (f && f->bytes)
        compile_all(&c, text);
    else
        fail_memory(&c);
    if (c.failed != ERR_OK) {
        error->column = column_of(text, error->offset);
        filter_free(f);
        return c.failed;
    }
    *out = f;
    return ERR_OK;
}

void
filter_free(struct filter *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_values; i++) {
        free(f->values[i].borders);
        pattern_free(f->values[i].pattern);
    }
    free(f->values);
    free(f->operands);
    free(f->ops);
    free(f->bytes);
    buf_fini(&f->printed);
    free(f);
}

uint32_t
filter_needs(const struct filter *f)
{
    return f->needs;
}

bool
filter_uses(const struct filter *f, enum field_id field)
{
    return f->uses[field];
}

void
filter_set_start(struct filter *f, int64_t start_ns)
{
    f->has_start = true;
    f->start_ns = start_ns;
}

size_t
filter_print(const struct filter *f, char *out, size_t size)
{
    size_t len = f->printed.len < size - 1 ? f->printed.len : size - 1;
    if (len > 0)
        memcpy(out, f->printed.ptr, len);
    out[len] = '\0';
    return f->printed.len;
}
