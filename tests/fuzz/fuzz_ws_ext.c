/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ws_ext.c - oracle: all slices lie inside the input, in order and
 * without overlap; names and unquoted values are tokens; a well-formed list
 * that is written out again and read again is the same list.
 *
 * Input: the value of the header; its first byte is where it is cut into two
 * header lines for a second reading, which must stay inside its bytes too.
 */
#include <stdlib.h>
#include <string.h>

#include "dissect/ws_ext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
    if (!ok)
        abort();
}

/* part must lie in [*at, end); moves *at behind it. */
static void
check_next(struct slice part, const uint8_t **at, const uint8_t *end)
{
    check(part.ptr >= *at && part.ptr <= end &&
          part.len <= (size_t)(end - part.ptr));
    *at = part.ptr + part.len;
}

static void
check_token(struct slice token)
{
    for (size_t i = 0; i < token.len; i++)
        check(token.ptr[i] > ' ' && token.ptr[i] < 0x7f &&
              !strchr("\"(),/:;<=>?@[\\]{}", token.ptr[i]));
}

static void
check_list(const struct ws_ext_list *list, const uint8_t *at,
           const uint8_t *end)
{
    size_t n_params = 0;
    check(list->n <= WS_EXT_MAX && list->n_params <= WS_EXT_PARAMS_MAX);
    for (size_t i = 0; i < list->n; i++) {
        const struct ws_ext *ext = &list->ext[i];
        check(ext->name.len != 0 && ext->first_param == n_params);
        check_next(ext->name, &at, end);
        check_token(ext->name);
        for (size_t k = 0; k < ext->n_params; k++) {
            const struct ws_ext_param *p = &list->params[n_params + k];
            check(p->name.len != 0 && (p->quoted || !p->escaped));
            check_next(p->name, &at, end);
            check_token(p->name);
            if (p->value.ptr)
                check_next(p->value, &at, end);
            if (!p->quoted || (!list->malformed && !p->escaped))
                check_token(p->value);
        }
        n_params += ext->n_params;
    }
    check(n_params == list->n_params);
}

static uint8_t *
append(uint8_t *out, struct slice s)
{
    if (s.len)
        memcpy(out, s.ptr, s.len);
    return out + s.len;
}

/* Writes the list in its shortest form; at most twice the input is needed. */
static size_t
write_list(uint8_t *out, const struct ws_ext_list *list)
{
    uint8_t *start = out;
    for (size_t i = 0; i < list->n; i++) {
        const struct ws_ext *ext = &list->ext[i];
        if (i)
            *out++ = ',';
        out = append(out, ext->name);
        for (size_t k = 0; k < ext->n_params; k++) {
            const struct ws_ext_param *p = &list->params[ext->first_param + k];
            *out++ = ';';
            out = append(out, p->name);
            if (!p->value.ptr)
                continue;
            *out++ = '=';
            if (p->quoted)
                *out++ = '"';
            out = append(out, p->value);
            if (p->quoted)
                *out++ = '"';
        }
    }
    return (size_t)(out - start);
}

static void
check_same(const struct ws_ext_list *a, const struct ws_ext_list *b)
{
    check(a->n == b->n && a->n_params == b->n_params && !b->malformed);
    for (size_t i = 0; i < a->n; i++)
        check(slice_equal(a->ext[i].name, b->ext[i].name) &&
              a->ext[i].n_params == b->ext[i].n_params);
    for (size_t k = 0; k < a->n_params; k++) {
        uint8_t value[2][64];
        const struct ws_ext_param *p = &a->params[k], *q = &b->params[k];
        check(slice_equal(p->name, q->name) && slice_equal(p->value, q->value));
        check(!p->value.ptr == !q->value.ptr && p->escaped == q->escaped);
        size_t n = ws_ext_value(p, value[0], sizeof value[0]);
        check(n == ws_ext_value(q, value[1], sizeof value[1]));
        check(memcmp(value[0], value[1], n) == 0);
    }
}

static void
check_deflate(const struct ws_ext_list *list)
{
    struct ws_deflate_params p;
    if (ws_ext_deflate_agreed(list, &p))
        check(p.client_max_window_bits >= 8 && p.client_max_window_bits <= 15 &&
              p.server_max_window_bits >= 8 && p.server_max_window_bits <= 15);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ws_ext_list list, again;
    ws_ext_init(&list);
    ws_ext_parse(&list, slice_make(data, size));
    check_list(&list, data, data + size);
    check_deflate(&list);
    if (!list.malformed && size) {
        uint8_t *out = malloc(2 * size);
        check(out != NULL);
        size_t len = write_list(out, &list);
        ws_ext_init(&again);
        ws_ext_parse(&again, slice_make(out, len));
        check_list(&again, out, out + len);
        check_same(&list, &again);
        free(out);
    }
    if (size) {
        size_t cut = data[0] % size;
        ws_ext_init(&list);
        ws_ext_parse(&list, slice_make(data, cut));
        ws_ext_parse(&list, slice_make(data + cut, size - cut));
        check_list(&list, data, data + size);
        check_deflate(&list);
    }
    return 0;
}
