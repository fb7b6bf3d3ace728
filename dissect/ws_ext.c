/* SPDX-License-Identifier: MIT */
#include "dissect/ws_ext.h"

#include <string.h>

/* White space, and the CR LF of folded header lines. */
static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 9110 section 5.6.2. */
static bool
is_token_char(uint8_t c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
        (c >= 'a' && c <= 'z'))
        return true;
    return c != 0 && c < 0x80 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static void
skip_space(struct slice *in)
{
    while (in->len && is_space(in->ptr[0]))
        *in = slice_skip(*in, 1);
}

/* Takes the longest token, maybe an empty one. */
static struct slice
take_token(struct slice *in)
{
    size_t n = 0;
    while (n < in->len && is_token_char(in->ptr[n]))
        n++;
    struct slice token = slice_head(*in, n);
    *in = slice_skip(*in, n);
    return token;
}

/* Takes a quoted-string; *in stands on its first quote.  What stands between
 * the quotes must be a token once unescaped (RFC 6455 section 9.1). */
static void
take_quoted(struct slice *in, struct ws_ext_param *param, bool *malformed)
{
    struct slice s = slice_skip(*in, 1);
    size_t n = 0;
    param->quoted = true;
    while (n < s.len && s.ptr[n] != '"') {
        if (s.ptr[n] == '\\' && n + 1 < s.len) {
            param->escaped = true;
            n++;
        }
        if (!is_token_char(s.ptr[n]))
            *malformed = true;
        n++;
    }
    param->value = slice_head(s, n);
    if (n == 0 || n == s.len)
        *malformed = true; /* empty, or without its second quote */
    *in = slice_skip(s, n < s.len ? n + 1 : n);
}

/* Passes over whatever stands before the next ";" or ",", quoted strings
 * taken as one. */
static void
skip_garbage(struct slice *in, bool *malformed)
{
    skip_space(in);
    while (in->len && in->ptr[0] != ';' && in->ptr[0] != ',') {
        struct ws_ext_param dropped;
        *malformed = true;
        if (in->ptr[0] == '"')
            take_quoted(in, &dropped, malformed);
        else
            *in = slice_skip(*in, 1);
    }
}

/* Takes one extension-param behind its ";".  False: there is no name. */
static bool
take_param(struct slice *in, struct ws_ext_param *param, bool *malformed)
{
    *param = (struct ws_ext_param){.quoted = false};
    skip_space(in);
    param->name = take_token(in);
    skip_space(in);
    if (in->len && in->ptr[0] == '=') {
        *in = slice_skip(*in, 1);
        skip_space(in);
        if (in->len && in->ptr[0] == '"') {
            take_quoted(in, param, malformed);
        } else {
            param->value = take_token(in);
            if (param->value.len == 0)
                *malformed = true;
        }
    }
    skip_garbage(in, malformed);
    if (param->name.len == 0)
        *malformed = true;
    return param->name.len != 0;
}

size_t
ws_ext_value(const struct ws_ext_param *param, uint8_t *out, size_t max)
{
    struct slice v = param->value;
    size_t n = 0;
    for (size_t i = 0; i < v.len && n < max; i++) {
        if (param->escaped && v.ptr[i] == '\\' && i + 1 < v.len)
            i++;
        out[n++] = v.ptr[i];
    }
    return n;
}

/* "8".."15" without leading zeros (RFC 7692 sections 7.1.2.1 and 7.1.2.2);
 * 0: none of these. */
static uint8_t
window_bits(const struct ws_ext_param *param)
{
    uint8_t text[3];
    size_t n = ws_ext_value(param, text, sizeof text);
    if (n == 1 && text[0] >= '8' && text[0] <= '9')
        return (uint8_t)(text[0] - '0');
    if (n == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5')
        return (uint8_t)(10 + text[1] - '0');
    return 0;
}

/* What a parameter is worth. */
enum param_worth {
    PARAM_GOOD = 0,
    PARAM_WISH, /* only in an offer */
    PARAM_BAD,
};

/* A parameter with one of the four names, once. */
static enum param_worth
read_param(const struct ws_ext_param *param, struct ws_deflate_element *out,
           unsigned *seen)
{
    struct ws_deflate_params *p = &out->params;
    const struct {
        const char *name;
        uint8_t *bits; /* or: */
        bool *flag;
        bool *has;    /* with bits */
        bool is_wish; /* without a value */
    } known[] = {
        {"client_max_window_bits", &p->client_max_window_bits, NULL,
         &out->has_client_window, true},
        {"server_max_window_bits", &p->server_max_window_bits, NULL,
         &out->has_server_window, false},
        {"client_no_context_takeover", NULL, &p->client_no_context_takeover,
         NULL, false},
        {"server_no_context_takeover", NULL, &p->server_no_context_takeover,
         NULL, false},
    };
    for (unsigned i = 0; i < 4; i++) {
        if (!slice_equal_nocase(param->name, slice_cstr(known[i].name)))
            continue;
        uint8_t bits = window_bits(param);
        bool wish = known[i].is_wish && !param->value.ptr;
        bool ok = known[i].flag ? !param->value.ptr : bits != 0 || wish;
        if (*seen >> i & 1u || !ok)
            return PARAM_BAD;
        *seen |= 1u << i;
        if (known[i].flag) {
            *known[i].flag = true;
            return PARAM_GOOD;
        }
        *known[i].has = true;
        if (wish)
            return PARAM_WISH;
        *known[i].bits = bits;
        return PARAM_GOOD;
    }
    return PARAM_BAD;
}

/* text: the parameter as sent. */
static void
take_deflate_param(struct ws_deflate_element *out,
                   const struct ws_ext_param *param, struct slice text,
                   unsigned *seen)
{
    enum param_worth worth = read_param(param, out, seen);
    if (worth != PARAM_GOOD && !out->params.invalid) {
        out->params.invalid = true;
        out->fault = text;
    }
    if (worth == PARAM_BAD && !out->offer_invalid) {
        out->offer_invalid = true;
        out->offer_fault = text;
    }
}

static bool
is_deflate_name(struct slice name)
{
    return slice_equal_nocase(name, slice_cstr("permessage-deflate"));
}

/* Makes room for an element called name; NULL: there is none. */
static struct ws_ext *
add_extension(struct ws_ext_list *list, struct slice name)
{
    if (name.len == 0) {
        list->malformed = true;
        return NULL;
    }
    if (list->n == WS_EXT_MAX) {
        list->truncated = true;
        return NULL;
    }
    struct ws_ext *ext = &list->ext[list->n++];
    *ext = (struct ws_ext){.name = name, .first_param = list->n_params};
    return ext;
}

/* Takes one element of the list, up to its "," or the end. */
static void
take_extension(struct ws_ext_list *list, struct slice *in)
{
    struct slice name = take_token(in);
    bool is_deflate = is_deflate_name(name);
    struct ws_deflate_element deflate = {
        .params = {.client_max_window_bits = 15, .server_max_window_bits = 15}};
    unsigned seen = 0;
    skip_garbage(in, &list->malformed);
    struct ws_ext *ext = add_extension(list, name);
    while (in->len && in->ptr[0] == ';') {
        struct ws_ext_param param;
        *in = slice_skip(*in, 1);
        const uint8_t *end = in->ptr + in->len;
        if (!take_param(in, &param, &list->malformed))
            continue;
        if (is_deflate) {
            size_t len = (size_t)(end - param.name.ptr) - in->len;
            take_deflate_param(&deflate, &param,
                               slice_make(param.name.ptr, len), &seen);
        }
        if (!ext)
            continue;
        if (list->n_params == WS_EXT_PARAMS_MAX) {
            list->truncated = true;
            continue;
        }
        list->params[list->n_params++] = param;
        ext->n_params++;
    }
    if (is_deflate && !list->has_deflate) {
        list->has_deflate = true;
        list->deflate = deflate.params;
    }
    if (is_deflate && ext) {
        ext->is_deflate = true;
        ext->deflate = deflate;
    }
}

void
ws_ext_init(struct ws_ext_list *list)
{
    list->n = list->n_params = 0;
    list->malformed = list->truncated = list->has_deflate = false;
}

void
ws_ext_parse(struct ws_ext_list *list, struct slice value)
{
    for (;;) {
        /* Empty elements are allowed (RFC 9110 section 5.6.1.2). */
        while (value.len && (is_space(value.ptr[0]) || value.ptr[0] == ','))
            value = slice_skip(value, 1);
        if (value.len == 0)
            return;
        take_extension(list, &value);
    }
}

bool
ws_ext_deflate_agreed(const struct ws_ext_list *agreed,
                      struct ws_deflate_params *out)
{
    if (agreed->has_deflate)
        *out = agreed->deflate;
    return agreed->has_deflate;
}
