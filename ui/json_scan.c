/* SPDX-License-Identifier: MIT */
#include "ui/json_scan.h"

#include <string.h>

enum expects {
    EXPECTS_VALUE = 0,
    EXPECTS_VALUE_OR_CLOSE, /* behind [ */
    EXPECTS_KEY,
    EXPECTS_KEY_OR_CLOSE, /* behind { */
    EXPECTS_COLON,
    EXPECTS_MORE, /* behind a value: a comma or the end of what it is in */
    EXPECTS_NOTHING,
    EXPECTS_FAILED,
};

void
json_scan_init(struct json_scan *s, struct slice in)
{
    *s = (struct json_scan){.rest = in, .expects = EXPECTS_VALUE};
}

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool
is_hex(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static size_t
digits(struct slice in, size_t at)
{
    while (at < in.len && is_digit(in.ptr[at]))
        at++;
    return at;
}

/* Length of the number at the front (RFC 8259 section 6); 0: none. */
static size_t
number_len(struct slice in)
{
    size_t at = in.len > 0 && in.ptr[0] == '-';
    size_t end = digits(in, at);
    if (end == at || (in.ptr[at] == '0' && end > at + 1))
        return 0;
    at = end;
    if (at < in.len && in.ptr[at] == '.') {
        end = digits(in, at + 1);
        if (end == at + 1)
            return 0;
        at = end;
    }
    if (at < in.len && (in.ptr[at] | 0x20) == 'e') {
        at++;
        if (at < in.len && (in.ptr[at] == '+' || in.ptr[at] == '-'))
            at++;
        end = digits(in, at);
        if (end == at)
            return 0;
        at = end;
    }
    return at;
}

/* Length of the escape sequence at the front (section 7); 0: none. */
static size_t
escape_len(struct slice in)
{
    if (in.len < 2)
        return 0;
    if (in.ptr[1] != 'u')
        return in.ptr[1] && strchr("\"\\/bfnrt", in.ptr[1]) ? 2 : 0;
    for (size_t i = 2; i < 6; i++)
        if (i >= in.len || !is_hex(in.ptr[i]))
            return 0;
    return 6;
}

/* Length of the string at the front with its quotes; 0: none. */
static size_t
string_len(struct slice in)
{
    size_t at = 1;
    while (at < in.len && in.ptr[at] != '"') {
        size_t len = 1;
        if (in.ptr[at] < 0x20)
            return 0;
        if (in.ptr[at] == '\\')
            len = escape_len(slice_skip(in, at));
        if (len == 0)
            return 0;
        at += len;
    }
    return at < in.len ? at + 1 : 0;
}

static size_t
word_len(struct slice in)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);
        if (in.len >= len && memcmp(in.ptr, words[i], len) == 0)
            return len;
    }
    return 0;
}

static void
after_value(struct json_scan *s)
{
    s->expects = s->depth > 0 ? EXPECTS_MORE : EXPECTS_NOTHING;
}

static bool
is_in_object(const struct json_scan *s)
{
    return s->depth > 0 && (s->objects >> (s->depth - 1) & 1u);
}

static enum json_token
fail(struct json_scan *s)
{
    s->expects = EXPECTS_FAILED;
    return JSON_TOKEN_BAD;
}

static enum json_token
take(struct json_scan *s, size_t len, struct slice *text, enum json_token token)
{
    if (len == 0)
        return fail(s);
    *text = slice_head(s->rest, len);
    s->rest = slice_skip(s->rest, len);
    return token;
}

static enum json_token
take_open(struct json_scan *s, struct slice *text)
{
    bool object = s->rest.ptr[0] == '{';
    if (s->depth == JSON_SCAN_DEPTH_MAX)
        return fail(s);
    uint64_t bit = UINT64_C(1) << s->depth++;
    s->objects = object ? s->objects | bit : s->objects & ~bit;
    s->expects = object ? EXPECTS_KEY_OR_CLOSE : EXPECTS_VALUE_OR_CLOSE;
    return take(s, 1, text, JSON_TOKEN_OPEN);
}

static enum json_token
take_value(struct json_scan *s, struct slice *text)
{
    uint8_t c = s->rest.ptr[0];
    if (c == '{' || c == '[')
        return take_open(s, text);
    after_value(s);
    if (c == '"')
        return take(s, string_len(s->rest), text, JSON_TOKEN_SCALAR);
    size_t len = word_len(s->rest);
    return take(s, len ? len : number_len(s->rest), text, JSON_TOKEN_SCALAR);
}

static enum json_token
take_key(struct json_scan *s, struct slice *text)
{
    if (s->rest.ptr[0] != '"')
        return fail(s);
    s->expects = EXPECTS_COLON;
    return take(s, string_len(s->rest), text, JSON_TOKEN_KEY);
}

static enum json_token
take_close(struct json_scan *s, struct slice *text)
{
    if (s->rest.ptr[0] != (is_in_object(s) ? '}' : ']'))
        return fail(s);
    s->depth--;
    after_value(s);
    return take(s, 1, text, JSON_TOKEN_CLOSE);
}

static bool
is_close(uint8_t c)
{
    return c == '}' || c == ']';
}

enum json_token
json_scan_next(struct json_scan *s, struct slice *text)
{
    size_t blanks = 0;
    *text = slice_make(NULL, 0);
    while (blanks < s->rest.len && s->rest.ptr[blanks] &&
           strchr(" \t\r\n", s->rest.ptr[blanks]))
        blanks++;
    s->rest = slice_skip(s->rest, blanks);
    if (s->rest.len == 0)
        return s->expects == EXPECTS_NOTHING ? JSON_TOKEN_END : fail(s);
    uint8_t c = s->rest.ptr[0];
    switch ((enum expects)s->expects) {
    case EXPECTS_VALUE:
        return take_value(s, text);
    case EXPECTS_VALUE_OR_CLOSE:
        return is_close(c) ? take_close(s, text) : take_value(s, text);
    case EXPECTS_KEY:
        return take_key(s, text);
    case EXPECTS_KEY_OR_CLOSE:
        return is_close(c) ? take_close(s, text) : take_key(s, text);
    case EXPECTS_COLON:
        s->expects = EXPECTS_VALUE;
        return c == ':' ? take(s, 1, text, JSON_TOKEN_COLON) : fail(s);
    case EXPECTS_MORE:
        if (is_close(c))
            return take_close(s, text);
        s->expects = is_in_object(s) ? EXPECTS_KEY : EXPECTS_VALUE;
        return c == ',' ? take(s, 1, text, JSON_TOKEN_COMMA) : fail(s);
    case EXPECTS_NOTHING:
    case EXPECTS_FAILED:
        break;
    }
    return fail(s);
}

bool
json_scan_is_json(struct slice in)
{
    struct json_scan s;
    struct slice text;
    enum json_token token;
    json_scan_init(&s, in);
    do
        token = json_scan_next(&s, &text);
    while (token != JSON_TOKEN_END && token != JSON_TOKEN_BAD);
    return token == JSON_TOKEN_END;
}
