/* SPDX-License-Identifier: MIT */
#include "dissect/handshake.h"

#include <stddef.h>
#include <string.h>

#include "dissect/digest.h"

/* Base64 of 20 bytes is 27 digits and one "=". */
_Static_assert((DIGEST_SHA1_LEN + 2) / 3 * 4 + 1 == WS_ACCEPT_TEXT_MAX,
               "the text of a SHA-1 fits");

bool
handshake_is_upgrade_request(const struct http1_head *request)
{
    return http1_has_token(request, "Upgrade", "websocket") ||
           http1_value(request, "Sec-WebSocket-Key").ptr ||
           http1_value(request, "Sec-WebSocket-Version").ptr;
}

bool
handshake_is_accepting(const struct http1_head *response)
{
    return response->status == 101 &&
           (http1_has_token(response, "Upgrade", "websocket") ||
            http1_value(response, "Sec-WebSocket-Accept").ptr);
}

bool
handshake_is_unkeyed(const struct http1_head *request)
{
    return http1_value(request, "Sec-WebSocket-Key1").ptr &&
           http1_value(request, "Sec-WebSocket-Key2").ptr;
}

char
handshake_base64_digit(uint32_t v)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    return digits[v & 63];
}

/* RFC 4648 section 4, for a length that leaves two bytes over. */
static void
base64_sha1(const uint8_t in[DIGEST_SHA1_LEN], char out[WS_ACCEPT_TEXT_MAX])
{
    size_t o = 0;
    for (size_t i = 0; i < DIGEST_SHA1_LEN; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8;
        bool full = i + 2 < DIGEST_SHA1_LEN;
        if (full)
            v |= in[i + 2];
        out[o++] = handshake_base64_digit(v >> 18);
        out[o++] = handshake_base64_digit(v >> 12);
        out[o++] = handshake_base64_digit(v >> 6);
        out[o++] = full ? handshake_base64_digit(v) : '=';
    }
    out[o] = '\0';
}

/* -1: it is no digit of RFC 4648 section 4. */
static int
base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
handshake_key_bytes(struct slice key, uint8_t out[HANDSHAKE_KEY_LEN])
{
    uint32_t bits = 0;
    size_t n = 0;
    if (key.len != 24)
        return false;
    for (size_t i = 0; i < 22; i++) {
        int v = base64_value(key.ptr[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 != 0 && n < HANDSHAKE_KEY_LEN)
            out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return true;
}

void
handshake_sha1(const struct slice *parts, size_t n,
               char out[WS_ACCEPT_TEXT_MAX])
{
    uint8_t sha1[DIGEST_SHA1_LEN];
    out[0] = '\0';
    if (digest_sha1(parts, n, sha1))
        base64_sha1(sha1, out);
}

void
handshake_accept(struct slice key, char out[WS_ACCEPT_TEXT_MAX])
{
    const struct slice parts[] = {key, slice_cstr(HANDSHAKE_GUID)};
    handshake_sha1(parts, 2, out);
}

/* The value of the first header called name; ptr NULL when there is none. */
static struct slice
value_of(const struct http1_head *head, const char *name)
{
    return head ? http1_value(head, name) : slice_make(NULL, 0);
}

/* The authority of an absolute-form target (RFC 9112 section 3.2.2) or of
 * CONNECT; ptr NULL: none. */
static struct slice
target_authority(const struct http1_head *request)
{
    struct slice t = request->target;
    size_t i = 0;
    while (i < t.len && t.ptr[i] != ':' && t.ptr[i] != '/')
        i++;
    if (i + 3 > t.len || memcmp(t.ptr + i, "://", 3) != 0)
        return slice_make(NULL, 0);
    t = slice_skip(t, i + 3);
    size_t len = 0;
    while (len < t.len && t.ptr[len] != '/' && t.ptr[len] != '?' &&
           t.ptr[len] != '#')
        len++;
    t = slice_head(t, len);
    const uint8_t *at = len ? memchr(t.ptr, '@', len) : NULL;
    return at ? slice_skip(t, (size_t)(at - t.ptr) + 1) : t;
}

static void
list_protocols(struct event_handshake *out, const struct http1_head *request)
{
    struct http1_search search =
        http1_search(request, "Sec-WebSocket-Protocol");
    struct slice list, name;
    while (http1_search_next(&search, &list)) {
        while (http1_list_next(&list, &name)) {
            if (out->n_protocols_offered == HANDSHAKE_PROTOCOLS_MAX) {
                out->protocols_truncated = true;
                return;
            }
            out->protocols_offered[out->n_protocols_offered++] = name;
        }
    }
}

static void
list_extensions(struct ws_ext_list *out, const struct http1_head *head)
{
    struct http1_search search = http1_search(head, "Sec-WebSocket-Extensions");
    struct slice value;
    while (http1_search_next(&search, &value))
        ws_ext_parse(out, value);
}

static enum tristate
judge_accept(const struct event_handshake *hs)
{
    if (hs->accept_expected[0] == '\0' || !hs->accepted)
        return TRI_UNKNOWN;
    /* It may stand in the part that was not captured. */
    if (!hs->accept.ptr && hs->response_head->partial)
        return TRI_UNKNOWN;
    return slice_equal_cstr(hs->accept, hs->accept_expected) ? TRI_YES : TRI_NO;
}

static enum handshake_seen
what_was_seen(const struct http1_head *request,
              const struct http1_head *response)
{
    if (request)
        return response ? HANDSHAKE_SEEN_BOTH : HANDSHAKE_SEEN_REQUEST;
    return response ? HANDSHAKE_SEEN_RESPONSE : HANDSHAKE_SEEN_NONE;
}

void
handshake_describe(struct event_handshake *out,
                   const struct http1_head *request,
                   const struct http1_head *response)
{
    out->seen = what_was_seen(request, response);
    out->request_head = request;
    out->response_head = response;
    out->answer = response ? ANSWER_SEEN : ANSWER_NOT_CAPTURED;
    out->host = value_of(request, "Host");
    if (request && !out->host.ptr)
        out->host = target_authority(request);
    out->origin = value_of(request, "Origin");
    out->key = value_of(request, "Sec-WebSocket-Key");
    out->version = value_of(request, "Sec-WebSocket-Version");
    out->accept = value_of(response, "Sec-WebSocket-Accept");
    out->protocol = value_of(response, "Sec-WebSocket-Protocol");

    out->accept_expected[0] = '\0';
    if (out->key.ptr)
        handshake_accept(out->key, out->accept_expected);
    out->accepted = response && handshake_is_accepting(response);
    out->accept_ok = judge_accept(out);

    out->n_protocols_offered = 0;
    out->protocols_truncated = false;
    ws_ext_init(&out->offered);
    ws_ext_init(&out->agreed);
    if (request) {
        list_protocols(out, request);
        list_extensions(&out->offered, request);
    }
    if (response)
        list_extensions(&out->agreed, response);
    /* What a refusal says about extensions binds nobody. */
    out->has_deflate =
        out->accepted && ws_ext_deflate_agreed(&out->agreed, &out->deflate);
}
