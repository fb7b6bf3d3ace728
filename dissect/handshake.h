/* SPDX-License-Identifier: MIT */
/*
 * handshake.h - the opening handshake of a WebSocket over HTTP/1.1
 * (RFC 6455 section 4).
 *
 *   GET /chat HTTP/1.1               HTTP/1.1 101 Switching Protocols
 *   Host: ...                        Upgrade: websocket
 *   Upgrade: websocket               Connection: Upgrade
 *   Connection: Upgrade              Sec-WebSocket-Accept: base64(SHA-1(
 *   Sec-WebSocket-Key: ...               key as sent + GUID))
 *   Sec-WebSocket-Version: 13        Sec-WebSocket-Protocol: ...
 *   Sec-WebSocket-Protocol: ...      Sec-WebSocket-Extensions: ...
 *   Sec-WebSocket-Extensions: ...
 *
 * Looks at heads that http1.h read; keeps nothing.  Reports no finding:
 * what is missing or wrong shows in the fields.
 */
#ifndef DISSECT_HANDSHAKE_H
#define DISSECT_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "dissect/event.h"
#include "dissect/http1.h"

/* An attempt at a WebSocket: an Upgrade header with the token "websocket", or
 * a Sec-WebSocket-Key or -Version.  The same answer from either depth of
 * reading. */
static inline bool
handshake_is_upgrade_brief(const struct http1_brief *request)
{
    return (request->flags &
            (HTTP1_UPGRADE_WEBSOCKET | HTTP1_WS_KEY | HTTP1_WS_VERSION)) != 0;
}

bool handshake_is_upgrade_request(const struct http1_head *request);

/* A 101 that opens a WebSocket: with an Upgrade header with the token
 * "websocket" or a Sec-WebSocket-Accept (a 101 to h2c is none). */
static inline bool
handshake_is_accepting_brief(const struct http1_brief *response)
{
    return response->status == 101 &&
           (response->flags & (HTTP1_UPGRADE_WEBSOCKET | HTTP1_WS_ACCEPT)) != 0;
}

bool handshake_is_accepting(const struct http1_head *response);

/* A request of the drafts before Sec-WebSocket-Key (hixie-76): two keys of
 * another kind, and eight bytes behind the head.  Their frames are not those
 * of RFC 6455. */
bool handshake_is_unkeyed(const struct http1_head *request);

/* RFC 6455 section 1.3. */
#define HANDSHAKE_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* The digit for the lowest six bits of v, RFC 4648 section 4. */
char handshake_base64_digit(uint32_t v);

/* Bytes that a Sec-WebSocket-Key stands for (RFC 6455 section 4.1). */
#define HANDSHAKE_KEY_LEN 16u

/* Decodes a key; the two characters at its end that pad it are not looked at.
 * False, out undefined: it is not the text of 16 bytes. */
bool handshake_key_bytes(struct slice key, uint8_t out[HANDSHAKE_KEY_LEN]);

/* The SHA-1 of n parts, one behind the other, in base64 and NUL-terminated; ""
 * when OpenSSL has no SHA-1 for us. */
void handshake_sha1(const struct slice *parts, size_t n,
                    char out[WS_ACCEPT_TEXT_MAX]);

/* Sec-WebSocket-Accept for the key as sent (RFC 6455 section 4.2.2, step 5.4),
 * NUL-terminated; "" when OpenSSL has no SHA-1 for us. */
void handshake_accept(struct slice key, char out[WS_ACCEPT_TEXT_MAX]);

/*
 * Fills everything of *out that stands in the heads; either may be NULL.
 * Slices point into the texts of the heads, and out->*_head to the heads
 * themselves.  flow, the stamps and the endpoints are left alone.
 *
 * accept_ok is known when the response is a 101 and the key was seen: NO also
 * when the 101 has no Sec-WebSocket-Accept, unless part of it was not captured.
 *
 * answer is ANSWER_NOT_CAPTURED without a response; whoever knows that none
 * was sent makes it ANSWER_NONE.
 */
void handshake_describe(struct event_handshake *out,
                        const struct http1_head *request,
                        const struct http1_head *response);

#endif /* DISSECT_HANDSHAKE_H */
