/* SPDX-License-Identifier: MIT */
#include "tests/output_oracle.h"

#include <string.h>

#include "base/utf8.h"
#include "tests/safe_text.h"
#include "ui/json_scan.h"
#include "ui/text.h"

#define INDEX_COLUMNS 11u

/* Takes a line from the front, without its end.  False: there is no whole
 * one. */
static bool
next_line(struct slice *text, struct slice *line)
{
    const uint8_t *end =
        text->len > 0 ? memchr(text->ptr, '\n', text->len) : NULL;
    if (!end)
        return false;
    *line = slice_head(*text, (size_t)(end - text->ptr));
    *text = slice_skip(*text, line->len + 1);
    return true;
}

static bool
take_str(struct slice *text, const char *word)
{
    struct slice want = slice_cstr(word);
    if (!slice_equal(slice_head(*text, want.len), want))
        return false;
    *text = slice_skip(*text, want.len);
    return true;
}

static bool
take_number(struct slice *text, uint64_t *value)
{
    size_t len = 0;
    *value = 0;
    for (; len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9';
         len++)
        *value = *value * 10 + (uint64_t)(text->ptr[len] - '0');
    *text = slice_skip(*text, len);
    return len > 0;
}

static void
skip_blanks(struct slice *text)
{
    while (text->len > 0 && *text->ptr == ' ')
        *text = slice_skip(*text, 1);
}

static size_t
columns(struct slice line)
{
    size_t cols = 0;
    while (line.len > 0) {
        uint32_t cp;
        line = slice_skip(line, utf8_decode(line, &cp));
        cols += text_width(cp);
    }
    return cols;
}

const char *
oracle_lines(struct slice text, bool utf8, size_t width)
{
    struct slice line;
    while (next_line(&text, &line)) {
        if (!safe_text(line, utf8))
            return "a line is not safe on a terminal";
        if (width > 0 && columns(line) > width)
            return "a line is too wide";
    }
    return text.len > 0 ? "the last line has no end" : NULL;
}

/* ---- C ---- */

struct c_array {
    bool open;
    uint64_t announced, elements;
    uint64_t last[2][2]; /* number: by sender, by message or frame */
};

static const char *
begin_array(struct c_array *a, struct slice line)
{
    uint64_t number;
    if (!take_str(&line, "static const unsigned char "))
        return "neither a comment nor an array";
    bool client = take_str(&line, "client_");
    if (!client && !take_str(&line, "server_"))
        return "an array with a strange name";
    bool frame = take_str(&line, "frame_");
    if (!frame && !take_str(&line, "message_"))
        return "an array with a strange name";
    if (!take_number(&line, &number) || number <= a->last[client][frame])
        return "two arrays with one name";
    a->last[client][frame] = number;
    if (!take_str(&line, "[") || !take_number(&line, &a->announced) ||
        a->announced == 0 || !take_str(&line, "] = {") || line.len > 0)
        return "the declaration of an array is broken";
    a->open = true;
    a->elements = 0;
    return NULL;
}

static bool
is_hex_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static const char *
elements(struct c_array *a, struct slice line)
{
    if (slice_equal(line, slice_cstr("};"))) {
        a->open = false;
        return a->elements == a->announced ? NULL : "an array of wrong length";
    }
    while (line.len > 0) {
        if (!take_str(&line, "0x") || line.len < 3 ||
            !is_hex_digit(line.ptr[0]) || !is_hex_digit(line.ptr[1]) ||
            line.ptr[2] != ',')
            return "an element is no number";
        line = slice_skip(line, 3);
        skip_blanks(&line);
        a->elements++;
    }
    return NULL;
}

/* C11 sections 5.1.1.2 and 5.2.1.1: a line that ends so goes on. */
static bool
goes_on(struct slice line)
{
    struct slice end = slice_skip(line, line.len < 3 ? 0 : line.len - 3);
    return (line.len > 0 && line.ptr[line.len - 1] == '\\') ||
           slice_equal(end, slice_cstr("?"
                                       "?/"));
}

const char *
oracle_c(struct slice text)
{
    struct c_array array = {0};
    struct slice line;
    while (next_line(&text, &line)) {
        const char *wrong = NULL;
        skip_blanks(&line);
        if (array.open)
            wrong = elements(&array, line);
        else if (!take_str(&line, "//"))
            wrong = begin_array(&array, line);
        else if (goes_on(line))
            wrong = "a comment goes on in the next line";
        if (wrong)
            return wrong;
    }
    return array.open ? "an array has no end" : NULL;
}

/* ---- JSON ---- */

static bool
is_utf8(struct slice text)
{
    return utf8_prefix(text.ptr, text.len) == text.len;
}

/* What json_write.h says is escaped. */
static bool
is_escaped(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c ||
           cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

static const char *
wrong_bytes(struct slice text)
{
    if (!is_utf8(text))
        return "not UTF-8";
    while (text.len > 0) {
        uint32_t cp = *text.ptr;
        text = slice_skip(text, cp < 0x80 ? 1 : utf8_decode(text, &cp));
        if (cp != '\n' && is_escaped(cp))
            return "a control character that is not escaped";
    }
    return NULL;
}

const char *
oracle_json_lines(struct slice text, uint64_t *n)
{
    const char *wrong = wrong_bytes(text);
    struct slice line;
    *n = 0;
    while (!wrong && next_line(&text, &line)) {
        ++*n;
        if (line.len == 0 || *line.ptr != '{' || !json_scan_is_json(line))
            wrong = "a line is no object";
    }
    return wrong ? wrong : text.len > 0 ? "the last line has no end" : NULL;
}

/* ---- HAR ---- */

/* Levels of the document: log, entries, an entry, its messages, a message;
 * or, of the entry, a head, its headers, a header. */
#define LEVEL_LOG 2u
#define LEVEL_ENTRY 4u
#define LEVEL_HEAD 5u
#define LEVEL_THING 6u
#define LEVEL_PAIR 7u
#define LEVELS 8u

struct har_walk {
    struct slice key[LEVELS + 1]; /* the last one of each level */
    struct oracle_har *found;
};

static bool
is_key(const struct har_walk *w, unsigned level, const char *name)
{
    struct slice key = w->key[level];
    return key.len >= 2 &&
           slice_equal(slice_make(key.ptr + 1, key.len - 2), slice_cstr(name));
}

static void
har_open(struct har_walk *w, unsigned level, struct slice text)
{
    if (*text.ptr != '{' || !is_key(w, LEVEL_LOG, "entries"))
        return;
    if (level == LEVEL_ENTRY)
        w->found->entries++;
    else if (level == LEVEL_THING &&
             is_key(w, LEVEL_ENTRY, "_webSocketMessages"))
        w->found->messages++;
    else if (level == LEVEL_THING && is_key(w, LEVEL_ENTRY, "_findings"))
        w->found->findings++;
}

/* Whether the name of a header or a cookie is one that is left out. */
static bool
is_secret(const struct har_walk *w, unsigned level, struct slice text)
{
    static const char *const names[] = {"\"cookie\"", "\"set-cookie\"",
                                        "\"authorization\"",
                                        "\"proxy-authorization\""};
    if (level != LEVEL_PAIR || !is_key(w, LEVEL_PAIR, "name"))
        return false;
    if (is_key(w, LEVEL_HEAD, "cookies"))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_key(w, LEVEL_HEAD, "headers") &&
            slice_equal_nocase(text, slice_cstr(names[i])))
            return true;
    return false;
}

const char *
oracle_har(struct slice text, bool without_secrets, struct oracle_har *found)
{
    struct har_walk w = {.found = found};
    struct json_scan s;
    struct slice part;
    enum json_token token;
    const char *wrong = wrong_bytes(text);
    *found = (struct oracle_har){0};
    json_scan_init(&s, text);
    while ((token = json_scan_next(&s, &part)) != JSON_TOKEN_END && !wrong) {
        if (token == JSON_TOKEN_BAD)
            return "the document is not JSON";
        if (s.depth > LEVELS)
            continue;
        if (token == JSON_TOKEN_KEY)
            w.key[s.depth] = part;
        else if (token == JSON_TOKEN_OPEN)
            har_open(&w, s.depth, part);
        else if (token == JSON_TOKEN_SCALAR && without_secrets &&
                 is_secret(&w, s.depth, part))
            wrong = "a secret was written";
    }
    return wrong;
}

/* ---- index.tsv ---- */

static bool
is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", s.ptr[i]) ||
            s.ptr[i] == '\0')
            return false;
    return take_str(&s, "conn-") && s.len > 0;
}

const char *
oracle_index(struct slice text, uint64_t *n)
{
    struct slice line;
    *n = 0;
    if (!next_line(&text, &line) || !take_str(&line, "file\t"))
        return "the list has no head";
    while (next_line(&text, &line)) {
        size_t cols = 1;
        const uint8_t *tab =
            line.len > 0 ? memchr(line.ptr, '\t', line.len) : NULL;
        ++*n;
        if (!tab || !is_name(slice_head(line, (size_t)(tab - line.ptr))))
            return "a file with a strange name";
        for (size_t i = 0; i < line.len; i++)
            cols += line.ptr[i] == '\t';
        if (cols != INDEX_COLUMNS)
            return "a line of the list has a wrong number of columns";
    }
    return text.len > 0 ? "the last line has no end" : NULL;
}
