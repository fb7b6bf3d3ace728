/* SPDX-License-Identifier: MIT */
/* Why a Sec-WebSocket-Accept does not answer its key: the slips that are
 * known of programs that compute it (RFC 6455 section 4.2.2, step 5.4). */
#include "dissect/digest.h"
#include "dissect/handshake.h"
#include "dissect/judge/detail.h"
#include "dissect/judge/peers.h"
#include "dissect/judge/rules.h"

#define HEX_LEN (2u * DIGEST_SHA1_LEN)
#define HEX_BASE64_LEN 56u /* of HEX_LEN characters */

/* Base64 of the digest's hexadecimal digits: 40 characters, which leave one
 * over. */
static void
hex_base64(const char hex[HEX_LEN + 1], char out[HEX_BASE64_LEN + 1])
{
    size_t o = 0;
    for (size_t i = 0; i < HEX_LEN; i += 3) {
        size_t n = HEX_LEN - i < 3 ? HEX_LEN - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < n ? (uint8_t)hex[i + k] : 0u);
        for (size_t k = 0; k < 4; k++)
            out[o++] = k <= n ? handshake_base64_digit(v >> (18 - 6 * k)) : '=';
    }
    out[o] = '\0';
}

/* The digest in hexadecimal, as it is or once more in base64. */
static bool
is_hex_digest(struct slice accept, struct slice key)
{
    static const char *const digits[] = {"0123456789abcdef",
                                         "0123456789ABCDEF"};
    const struct slice parts[] = {key, slice_cstr(HANDSHAKE_GUID)};
    uint8_t sha1[DIGEST_SHA1_LEN];
    if (!digest_sha1(parts, 2, sha1))
        return false;
    for (size_t k = 0; k < 2; k++) {
        char hex[HEX_LEN + 1] = "", text[HEX_BASE64_LEN + 1];
        for (size_t i = 0; i < DIGEST_SHA1_LEN; i++) {
            hex[2 * i] = digits[k][sha1[i] >> 4];
            hex[2 * i + 1] = digits[k][sha1[i] & 15];
        }
        hex_base64(hex, text);
        if (slice_equal_cstr(accept, hex) || slice_equal_cstr(accept, text))
            return true;
    }
    return false;
}

/* Is accept the answer when these texts are hashed? */
static bool
answers(struct slice accept, struct slice a, struct slice b, struct slice c)
{
    const struct slice parts[] = {a, b, c};
    char text[WS_ACCEPT_TEXT_MAX];
    handshake_sha1(parts, 3, text);
    return text[0] && slice_equal_cstr(accept, text);
}

static bool
has_stray_space(struct slice accept, struct slice key)
{
    static const char *const spaces[] = {" ", "\r", "\n", "\r\n", "\t"};
    struct slice guid = slice_cstr(HANDSHAKE_GUID);
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        const char *space = spaces[i];
        if (answers(accept, slice_cstr(space), key, guid) ||
            answers(accept, key, slice_cstr(space), guid))
            return true;
    }
    return answers(accept, key, guid, slice_cstr("\n")) ||
           answers(accept, key, guid, slice_cstr("\r\n"));
}

/* The right text, but for its case, its alphabet or its padding. */
static const char *
damage(struct slice accept, const char *right)
{
    struct slice text = slice_cstr(right);
    bool url = accept.len == text.len, any = false;
    if (slice_equal_nocase(accept, text))
        return "the right value with other case";
    if (accept.len + 1 == text.len &&
        slice_equal(accept, slice_head(text, accept.len)))
        return "the right value without its =";
    for (size_t i = 0; url && i < text.len; i++) {
        uint8_t a = accept.ptr[i], r = text.ptr[i];
        bool other = (a == '-' && r == '+') || (a == '_' && r == '/');
        url = a == r || other;
        any |= other;
    }
    return url && any ? "the right value in base64url" : NULL;
}

static const char *
slip(const struct event_handshake *ev)
{
    static const char lower_guid[] = "258eafa5-e914-47da-95ca-c5ab0dc85b11";
    struct slice key = ev->key, accept = ev->accept;
    struct slice guid = slice_cstr(HANDSHAKE_GUID), none = slice_make(NULL, 0);
    uint8_t bytes[HANDSHAKE_KEY_LEN];
    const char *damaged = damage(accept, ev->accept_expected);
    if (damaged)
        return damaged;
    if (slice_equal(accept, key))
        return "it is the key itself";
    if (handshake_key_bytes(key, bytes) &&
        answers(accept, slice_make(bytes, HANDSHAKE_KEY_LEN), guid, none))
        return "the key was decoded from base64 before it was hashed";
    if (is_hex_digest(accept, key))
        return "the digest was written in hexadecimal digits";
    if (answers(accept, key, slice_cstr(lower_guid), none))
        return "the GUID was taken in small letters";
    if (has_stray_space(accept, key))
        return "a blank or line end was hashed along with the key";
    if (answers(accept, key, none, none))
        return "the key was hashed without the GUID";
    if (answers(accept, none, guid, none))
        return "the GUID was hashed without a key";
    return NULL;
}

void
judge_accept_slip(const struct peers *peers, const struct event_handshake *ev,
                  struct detail *d)
{
    const char *known = slip(ev);
    if (!known && peers_accept_of_other(peers, ev->accept, ev->key))
        known = "it answers the key of another handshake";
    if (known) {
        detail_add(d, known);
        return;
    }
    detail_add(d, "\"");
    detail_add_part(d, ev->accept, WS_ACCEPT_TEXT_MAX);
    detail_addf(d, "\" instead of \"%s\"", ev->accept_expected);
}
