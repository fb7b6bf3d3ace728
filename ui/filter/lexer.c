/* SPDX-License-Identifier: MIT */
#include "ui/filter/lexer.h"

#include <string.h>

/* The first spelling of a kind is the one of output.  Longer ones stand before
 * those that they begin with. */
static const struct {
    const char *spelling;
    enum token_kind kind;
} signs[] = {
    {"===", TOKEN_ALL_EQ}, {"!==", TOKEN_ANY_NE},   {"==", TOKEN_EQ},
    {"!=", TOKEN_NE},      {"<=", TOKEN_LE},        {">=", TOKEN_GE},
    {"<", TOKEN_LT},       {">", TOKEN_GT},         {"&&", TOKEN_AND},
    {"||", TOKEN_OR},      {"^^", TOKEN_XOR},       {"&", TOKEN_BITS},
    {"~", TOKEN_MATCHES},  {"!", TOKEN_NOT},        {"(", TOKEN_OPEN},
    {")", TOKEN_CLOSE},    {"{", TOKEN_OPEN_BRACE}, {"}", TOKEN_CLOSE_BRACE},
    {",", TOKEN_COMMA},    {"..", TOKEN_DOTS},
};

static const struct {
    const char *spelling;
    enum token_kind kind;
} words[] = {
    {"and", TOKEN_AND},
    {"or", TOKEN_OR},
    {"xor", TOKEN_XOR},
    {"not", TOKEN_NOT},
    {"in", TOKEN_IN},
    {"eq", TOKEN_EQ},
    {"any_eq", TOKEN_EQ},
    {"all_eq", TOKEN_ALL_EQ},
    {"ne", TOKEN_NE},
    {"all_ne", TOKEN_NE},
    {"any_ne", TOKEN_ANY_NE},
    {"lt", TOKEN_LT},
    {"le", TOKEN_LE},
    {"gt", TOKEN_GT},
    {"ge", TOKEN_GE},
    {"bitand", TOKEN_BITS},
    {"bitwise_and", TOKEN_BITS},
    {"contains", TOKEN_CONTAINS},
    {"matches", TOKEN_MATCHES},
};

const char *
token_spelling(enum token_kind kind)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (signs[i].kind == kind && kind != TOKEN_MATCHES)
            return signs[i].spelling;
    if (kind == TOKEN_IN)
        return "in";
    if (kind == TOKEN_CONTAINS)
        return "contains";
    return kind == TOKEN_MATCHES ? "matches" : NULL;
}

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Of names, numbers, addresses, bytes and times. */
static bool
is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' ||
           c == '/' || c == '-' || c == '+' || c == '%' || c == '*' ||
           c == '?' || c == '@' || c == '#';
}

static bool
is_here(const struct lexer *l, const char *spelling)
{
    size_t len = strlen(spelling);
    return l->text.len - l->at >= len &&
           memcmp(l->text.ptr + l->at, spelling, len) == 0;
}

static uint8_t
byte_at(const struct lexer *l, size_t at)
{
    return at < l->text.len ? l->text.ptr[at] : 0;
}

static struct token
make(struct lexer *l, enum token_kind kind, size_t start)
{
    return (struct token){.kind = kind,
                          .text =
                              slice_make(l->text.ptr + start, l->at - start),
                          .offset = start,
                          .len = l->at - start};
}

static struct token
bad(struct lexer *l, size_t start, const char *error)
{
    struct token t = make(l, TOKEN_BAD, start);
    l->error = error;
    l->at = start;
    return t;
}

/* On the opening quote, or the r before it. */
static struct token
string(struct lexer *l)
{
    size_t start = l->at;
    bool raw = l->text.ptr[l->at] == 'r';
    l->at += 1u + raw;
    size_t text = l->at;
    while (l->at < l->text.len && l->text.ptr[l->at] != '"')
        l->at += !raw && l->text.ptr[l->at] == '\\' ? 2 : 1;
    if (l->at >= l->text.len) {
        l->at = start + 1u + raw;
        return bad(l, start, "a quote that nothing closes");
    }
    l->at++;
    struct token t = make(l, TOKEN_STRING, start);
    t.text = slice_make(l->text.ptr + text, l->at - 1 - text);
    t.raw = raw;
    return t;
}

static struct token
slice(struct lexer *l)
{
    size_t start = l->at;
    while (l->at < l->text.len && l->text.ptr[l->at] != ']')
        l->at++;
    if (l->at == l->text.len) {
        l->at = start + 1;
        return bad(l, start, "[ without ]");
    }
    l->at++;
    struct token t = make(l, TOKEN_SLICE, start);
    t.text = slice_make(l->text.ptr + start + 1, l->at - start - 2);
    return t;
}

static struct token
word(struct lexer *l)
{
    size_t start = l->at;
    while (is_word(byte_at(l, l->at)) && !is_here(l, ".."))
        l->at++;
    struct token t = make(l, TOKEN_WORD, start);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_equal_cstr(t.text, words[i].spelling))
            t.kind = words[i].kind;
    return t;
}

struct token
lexer_next(struct lexer *l)
{
    while (is_space(byte_at(l, l->at)))
        l->at++;
    size_t start = l->at;
    uint8_t c = byte_at(l, start);
    if (start == l->text.len)
        return make(l, TOKEN_END, start);
    if (c == '"' || (c == 'r' && byte_at(l, start + 1) == '"'))
        return string(l);
    if (c == '[')
        return slice(l);
    if (is_word(c) && !is_here(l, ".."))
        return word(l);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (is_here(l, signs[i].spelling)) {
            l->at += strlen(signs[i].spelling);
            return make(l, signs[i].kind, start);
        }
    l->at++;
    while (l->at < l->text.len && (l->text.ptr[l->at] & 0xc0u) == 0x80u)
        l->at++;
    if (c == '=')
        return bad(l, start, "= is written as == here");
    if (c == '|')
        return bad(l, start, "| is written as || here");
    if (c == '\'')
        return bad(l, start, "text stands in double quotes");
    return bad(l, start, "unexpected character");
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
lexer_unescape(struct slice text, size_t *at, uint8_t *out)
{
    static const char letters[] = "abfnrtv\\\"'?",
                      values[] = "\a\b\f\n\r\t\v\\\"'?";
    const uint8_t *p = text.ptr + *at + 1;
    size_t left = text.len - *at - 1, n = 0;
    unsigned v = 0;
    if (left == 0)
        return false;
    const char *letter = *p ? strchr(letters, *p) : NULL;
    if (letter) {
        *out = (uint8_t)values[letter - letters];
        *at += 2;
        return true;
    }
    if (*p == 'x') {
        for (n = 1; n < left && n < 3 && hex_digit(p[n]) >= 0; n++)
            v = 16 * v + (unsigned)hex_digit(p[n]);
        if (n == 1)
            return false;
    } else {
        for (; n < left && n < 3 && p[n] >= '0' && p[n] <= '7'; n++)
            v = 8 * v + (unsigned)(p[n] - '0');
    }
    if (n == 0 || v > 255)
        return false;
    *out = (uint8_t)v;
    *at += 1 + n;
    return true;
}
