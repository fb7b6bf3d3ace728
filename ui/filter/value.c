/* SPDX-License-Identifier: MIT */
/*
 * value.c - the values in a filter's text, read as what they are compared with.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "ui/filter/program.h"
#include "ui/nearest.h"

/* Numbers, times and addresses are shorter than this. */
#define WORD_MAX 64u

/* The token as a C string; false: it is too long, or has a NUL. */
static bool
as_string(struct slice text, char out[WORD_MAX])
{
    if (text.len == 0 || text.len >= WORD_MAX ||
        memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_hex(struct slice text, uint64_t *out)
{
    uint64_t v = 0;
    if (text.len == 0 || text.len > 16)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_digit(text.ptr[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (unsigned)digit;
    }
    *out = v;
    return true;
}

static bool
read_number(const struct filter_operand *operand, struct slice text,
            uint64_t *out)
{
    char word[WORD_MAX];
    if (!operand->is_len && field_value_find(operand->field, text, out))
        return true;
    if (text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] | 0x20) == 'x')
        return read_hex(slice_skip(text, 2), out);
    return as_string(text, word) && quantity_size(word, out);
}

static bool
read_bool(struct slice text, uint64_t *out)
{
    static const char *const names[2][3] = {{"0", "false", "no"},
                                            {"1", "true", "yes"}};
    for (unsigned v = 0; v < 2; v++)
        for (size_t i = 0; i < 3; i++)
            if (slice_equal_nocase(text, slice_cstr(names[v][i]))) {
                *out = v;
                return true;
            }
    return false;
}

static bool
read_time(struct slice text, int64_t *out)
{
    char word[WORD_MAX];
    uint64_t ns;
    bool negative = text.len > 0 && text.ptr[0] == '-';
    if (!as_string(slice_skip(text, negative), word) ||
        !quantity_time(word, &ns))
        return false;
    *out = negative ? -(int64_t)ns : (int64_t)ns;
    return true;
}

/* "81:88:e2", with : - or . between, or nothing. */
static bool
read_bytes(struct slice text, uint8_t *bytes, struct slice *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i += 2) {
        uint8_t c = text.ptr[i];
        if (n > 0 && (c == ':' || c == '-' || c == '.'))
            i++;
        int high = i < text.len ? hex_digit(text.ptr[i]) : -1;
        int low = i + 1 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
        if (high < 0 || low < 0)
            return false;
        bytes[n++] = (uint8_t)(high << 4 | low);
    }
    *out = slice_make(bytes, n);
    return n > 0;
}

static bool
read_prefix(struct slice text, unsigned bits, unsigned *out)
{
    unsigned v = 0;
    if (text.len == 0 || text.len > 3)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        v = 10 * v + (unsigned)(text.ptr[i] - '0');
    }
    *out = v;
    return v <= bits;
}

static bool
read_addr(enum field_type type, struct slice text, struct filter_value *out)
{
    char word[WORD_MAX];
    const uint8_t *stroke =
        text.len > 0 ? memchr(text.ptr, '/', text.len) : NULL;
    size_t len = stroke ? (size_t)(stroke - text.ptr) : text.len;
    out->addr = (struct addr){.family = 0};
    if (!as_string(slice_head(text, len), word))
        return false;
    if (type != FIELD_TYPE_IPV6 &&
        inet_pton(AF_INET, word, out->addr.bytes) == 1)
        out->addr.family = 4;
    else if (type != FIELD_TYPE_IPV4 &&
             inet_pton(AF_INET6, word, out->addr.bytes) == 1)
        out->addr.family = 6;
    else
        return false;
    out->prefix_bits = out->addr.family == 4 ? 32 : 128;
    return !stroke || read_prefix(slice_skip(text, len + 1), out->prefix_bits,
                                  &out->prefix_bits);
}

/* What a string says. */
static bool
read_string(const struct token *token, uint8_t *bytes, struct slice *out,
            struct value_error *error)
{
    struct slice text = token->text;
    size_t n = 0, at = 0;
    while (at < text.len) {
        size_t start = at;
        if (token->raw || text.ptr[at] != '\\') {
            bytes[n++] = text.ptr[at++];
        } else if (lexer_unescape(text, &at, &bytes[n])) {
            n++;
        } else {
            error->offset = 1 + start;
            error->len = 2;
            snprintf(error->text, sizeof error->text,
                     "unknown escape; a backslash is written as \\\\, or as it "
                     "is in r\"...\"");
            return false;
        }
    }
    *out = slice_make(bytes, n);
    return true;
}

bool
value_read(struct filter_value *out, const struct filter_operand *operand,
           const struct token *token, uint8_t *bytes, size_t *used,
           struct value_error *error)
{
    bool ok = false, quoted = token->kind == TOKEN_STRING;
    bool textual =
        operand->type == FIELD_TYPE_TEXT || operand->type == FIELD_TYPE_BYTES;
    *out = (struct filter_value){.number = 0};
    *error = (struct value_error){.len = 0};
    if (quoted && textual) {
        ok = read_string(token, bytes, &out->bytes, error);
        *used += out->bytes.len;
        return ok;
    }
    switch (operand->type) {
    case FIELD_TYPE_UINT:
        return !quoted && read_number(operand, token->text, &out->number);
    case FIELD_TYPE_BOOL:
        return read_bool(token->text, &out->number);
    case FIELD_TYPE_WORD:
        return field_value_find(operand->field, token->text, &out->number);
    case FIELD_TYPE_TIME:
        return !quoted && read_time(token->text, &out->time_ns);
    case FIELD_TYPE_IPV4:
    case FIELD_TYPE_IPV6:
    case FIELD_TYPE_ADDR:
        return read_addr(operand->type, token->text, out);
    case FIELD_TYPE_BYTES:
        ok = read_bytes(token->text, bytes, &out->bytes);
        *used += ok ? out->bytes.len : 0;
        return ok;
    case FIELD_TYPE_TEXT:
        if (token->text.len > 0)
            memcpy(bytes, token->text.ptr, token->text.len);
        out->bytes = slice_make(bytes, token->text.len);
        *used += token->text.len;
        return true;
    }
    return false;
}

/* ---- What is wanted ---- */

static void
append(char *out, size_t size, const char *text, size_t len)
{
    size_t at = strlen(out);
    snprintf(out + at, size - at, "%.*s", (int)len, text);
}

static void
append_text(char *out, size_t size, const char *text)
{
    append(out, size, text, strlen(text));
}

/* Names of values; of long lists the first ones. */
static void
append_names(const struct filter_operand *operand, char *out, size_t size)
{
    struct slice name;
    uint64_t value;
    size_t i = 0;
    for (; i < 6 && field_value(operand->field, i, &name, &value); i++) {
        append_text(out, size, i ? ", " : "");
        append(out, size, (const char *)name.ptr, name.len);
    }
    if (field_value(operand->field, i, &name, &value))
        append_text(out, size, ", ...");
}

void
value_describe(const struct filter_operand *operand, char *out, size_t size)
{
    static const char *const wanted[] = {
        [FIELD_TYPE_UINT] = "a number such as 1000, 0x3e8 or 64K",
        [FIELD_TYPE_BOOL] = "0 or 1",
        [FIELD_TYPE_TIME] = "a time such as 1.5s or 20ms",
        [FIELD_TYPE_BYTES] = "bytes such as 81:88:e2, or a \"text\"",
        [FIELD_TYPE_TEXT] = "a \"text\"",
        [FIELD_TYPE_IPV4] = "an address such as 192.0.2.1 or 10.0.0.0/8",
        [FIELD_TYPE_IPV6] = "an address such as ::1 or 2001:db8::/32",
        [FIELD_TYPE_ADDR] = "an address such as 10.0.0.0/8 or ::1",
        [FIELD_TYPE_WORD] = "one of ",
    };
    bool named = !operand->is_len && field_info(operand->field)->values;
    out[0] = '\0';
    append_text(out, size, named ? "a number, or " : wanted[operand->type]);
    if (named || operand->type == FIELD_TYPE_WORD)
        append_names(operand, out, size);
}

bool
value_nearest(const struct filter_operand *operand, struct slice word,
              struct slice *name)
{
    struct nearest n = nearest_make((const char *)word.ptr, word.len);
    struct slice each;
    uint64_t value;
    for (size_t i = 0;
         !operand->is_len && field_value(operand->field, i, &each, &value); i++)
        nearest_try(&n, (const char *)each.ptr, each.len);
    *name = slice_make(n.best, n.best_len);
    return n.best != NULL;
}
