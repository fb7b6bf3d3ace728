/* SPDX-License-Identifier: MIT */
/*
 * What a handshake gives away and to whom, and what is known across
 * connections: keys, attempts, servers.
 */
#include <string.h>

#include "dissect/ws_frame.h"
#include "tests/finding_case.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

/* Random characters. */
#define KEY "x3JJHMbDL1EzLkh9GBhXDw=="
#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlIG5vdCByZWFs"

/* A handshake and where it takes place; NULL: on loopback. */
struct place {
    const char *client, *server;
    struct scene_handshake h;
};

static void
play_place(struct scene *s, const void *data)
{
    const struct place *p = data;
    if (p->client)
        scene_hosts(s, p->client, 40000, p->server, 80);
    scene_handshake_with(s, &p->h);
    if (p->h.no_response || p->h.status)
        scene_end(s, S);
    else
        scene_close(s, C, 1000);
}

#define LOOPBACK(...)                                                          \
    .play_with = play_place, .data = &(const struct place)                     \
    {                                                                          \
        .h = { __VA_ARGS__ }                                                   \
    }
#define BETWEEN(from, to, ...)                                                 \
    .play_with = play_place, .data = &(const struct place)                     \
    {                                                                          \
        .client = (from), .server = (to), .h = { __VA_ARGS__ }                 \
    }
#define OUTSIDE(...) BETWEEN("198.51.100.7", "192.0.2.80", __VA_ARGS__)

/* ---- Several connections -------------------------------------------- */

static const struct scene_handshake fixed_key = {.key = KEY};

static void
two_to_one_server(struct scene *s)
{
    scene_hosts(s, "198.51.100.7", 40000, "192.0.2.80", 80);
    scene_handshake(s);
    scene_close(s, C, 1000);
    scene_another(s);
    scene_handshake(s);
    scene_close(s, C, 1000);
}

static void
two_to_two_servers(struct scene *s)
{
    scene_hosts(s, "198.51.100.7", 40000, "192.0.2.80", 80);
    scene_handshake(s);
    scene_close(s, C, 1000);
    scene_another(s);
    scene_hosts(s, "198.51.100.7", 40001, "192.0.2.81", 80);
    scene_handshake(s);
    scene_close(s, C, 1000);
}

static void
key_reused(struct scene *s)
{
    scene_handshake_with(s, &fixed_key);
    scene_close(s, C, 1000);
    scene_another(s);
    scene_handshake_with(s, &fixed_key);
    scene_close(s, C, 1000);
}

/* The same, and neither waits for the other. */
static void
key_reused_at_once(struct scene *s)
{
    scene_request(s, &fixed_key);
    size_t second = scene_another(s);
    scene_request(s, &fixed_key);
    scene_use(s, 0);
    scene_response(s, &fixed_key);
    scene_close(s, C, 1000);
    scene_use(s, second);
    scene_response(s, &fixed_key);
    scene_close(s, C, 1000);
}

/* A proxy asks the server before it answers the client. */
static void
key_passed_on(struct scene *s)
{
    scene_hosts(s, "127.0.0.1", 40000, "127.0.0.1", 8080);
    scene_request(s, &fixed_key);
    size_t inner = scene_another(s);
    scene_hosts(s, "127.0.0.1", 50000, "127.0.0.1", 9000);
    scene_request(s, &fixed_key);
    scene_response(s, &fixed_key);
    scene_use(s, 0);
    scene_response(s, &fixed_key);
    scene_close(s, C, 1000);
    scene_use(s, inner);
    scene_close(s, C, 1000);
}

static void
weak_key_reused(struct scene *s)
{
    static const struct scene_handshake sample = {
        .key = "dGhlIHNhbXBsZSBub25jZQ=="};
    for (unsigned i = 0; i < 2; i++) {
        if (i > 0)
            scene_another(s);
        scene_handshake_with(s, &sample);
        scene_close(s, C, 1000);
    }
}

/* Two requests before the first answer. */
static void
two_at_once(struct scene *s, const char *headers)
{
    const struct scene_handshake first = {.request_headers =
                                              "User-Agent: one\r\n"};
    const struct scene_handshake second = {.request_headers = headers};
    scene_request(s, &first);
    size_t other = scene_another(s);
    scene_request(s, &second);
    scene_use(s, 0);
    scene_response(s, &first);
    scene_close(s, C, 1000);
    scene_use(s, other);
    scene_response(s, &second);
    scene_close(s, C, 1000);
}

static void
parallel(struct scene *s)
{
    two_at_once(s, "User-Agent: one\r\n");
}

static void
parallel_by_two(struct scene *s)
{
    two_at_once(s, "User-Agent: two\r\n");
}

/* One after the other, the first one still open. */
static void
one_after_the_other(struct scene *s)
{
    scene_handshake(s);
    size_t second = scene_another(s);
    scene_handshake(s);
    scene_close(s, C, 1000);
    scene_use(s, second - 1);
    scene_close(s, C, 1000);
}

/* The server resets n connections, each some ms after it was opened; the
 * client waits pause[i] ms, then comes back, and closes well at last. */
static void
dropped(struct scene *s, unsigned n, const unsigned *pause, bool reset)
{
    for (unsigned i = 0; i < n; i++) {
        scene_handshake(s);
        scene_text(s, S, "hello");
        if (reset)
            scene_rst(s, S);
        else
            scene_close(s, S, 1001);
        scene_wait_ms(s, pause[i]);
        scene_another(s);
    }
    scene_handshake(s);
    scene_close(s, C, 1000);
}

static void
storm(struct scene *s)
{
    dropped(s, 3, (const unsigned[]){100, 90, 110}, true);
}

static void
growing_pauses(struct scene *s)
{
    dropped(s, 4, (const unsigned[]){100, 200, 400, 800}, true);
}

static void
long_pauses(struct scene *s)
{
    dropped(s, 4, (const unsigned[]){1100, 1100, 1100, 1100}, true);
}

static void
only_twice(struct scene *s)
{
    dropped(s, 2, (const unsigned[]){10, 10}, true);
}

static void
clean_ends(struct scene *s)
{
    dropped(s, 4, (const unsigned[]){10, 10, 10, 10}, false);
}

static void
refused_as(struct scene *s, const char *status)
{
    const struct scene_handshake h = {.status = status};
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            scene_another(s);
        scene_handshake_with(s, &h);
        scene_end(s, S);
    }
}

static void
refused_again_and_again(struct scene *s)
{
    refused_as(s, "503 Service Unavailable");
}

static void
asked_again_and_again(struct scene *s)
{
    refused_as(s, "401 Unauthorized");
}

/* Four connections of one client end together, and all come back. */
static void
several_tabs(struct scene *s)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            scene_another(s);
        scene_handshake(s);
    }
    for (unsigned i = 0; i < 4; i++) {
        scene_use(s, i);
        scene_rst(s, S);
    }
    for (unsigned i = 0; i < 4; i++) {
        scene_another(s);
        scene_handshake(s);
        scene_close(s, C, 1000);
    }
}

static const struct finding_case list[] = {
    /* Encryption */
    {.name = "in clear between two hosts, told once for the server",
     .expect = "security-plaintext:both*1",
     .play = two_to_one_server},
    {.name = "in clear to two servers",
     .expect = "security-plaintext:both*1",
     .play = two_to_two_servers},
    {.name = "in clear on loopback is a note",
     .also = "security-plaintext:both",
     LOOPBACK(0)},
    {.name = "in clear behind a proxy that ended TLS is a note",
     .also = "security-plaintext:both",
     OUTSIDE(.request_headers = "X-Forwarded-Proto: https\r\n"
                                "Origin: https://localhost\r\n"),
     .absent = "security-mixed-content"},
    {.name = "in clear between link-local addresses is a note",
     .also = "security-plaintext:both",
     BETWEEN("fe80::1", "fe80::2", 0)},
    {.name = "a refusal in clear",
     .expect = "handshake-refused",
     .absent = "security-plaintext",
     OUTSIDE(.status = "500 Internal Server Error")},

    {.name = "a password in clear",
     .expect = "security-plaintext security-credentials-plaintext:client",
     OUTSIDE(.request_headers = "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n")},
    {.name = "an API key in clear",
     .expect = "security-plaintext security-credentials-plaintext:client",
     OUTSIDE(.request_headers = "x-api-key: 0123456789\r\n")},
    {.name = "a password on loopback is a note",
     .also = "security-credentials-plaintext:client",
     .absent = "security-cookie-plaintext",
     LOOPBACK(.request_headers = "Authorization: Bearer " JWT "\r\n")},
    {.name = "no password",
     .absent = "security-credentials-plaintext security-cookie-plaintext "
               "security-origin-absent security-token-in-url "
               "security-token-in-subprotocol security-key-weak",
     LOOPBACK(0)},

    {.name = "a cookie in clear",
     .expect = "security-plaintext security-cookie-plaintext:client",
     .also = "security-origin-absent:client",
     .absent = "security-cross-origin-accepted",
     OUTSIDE(.request_headers = "Cookie: session=0123; theme=dark\r\n")},
    {.name = "a cookie is set in clear",
     .expect = "security-plaintext security-cookie-plaintext:server",
     OUTSIDE(.response_headers = "Set-Cookie: session=0123; HttpOnly\r\n")},

    /* Tokens */
    {.name = "a token in the address",
     .expect = "security-token-in-url:client",
     LOOPBACK(.target = "/chat?room=1&access_token=0123456789abcdef")},
    {.name = "a JSON Web Token in the address",
     .expect = "security-token-in-url:client",
     LOOPBACK(.target = "/chat?q=" JWT)},
    {.name = "a session of Socket.IO in the address is a note",
     .also = "security-token-in-url:client",
     LOOPBACK(.target = "/socket.io/?EIO=4&sid=0123456789abcdef")},
    {.name = "a token behind a session of Socket.IO in the address",
     .expect = "security-token-in-url:client*2",
     LOOPBACK(.target = "/socket.io/?sid=0123456789abcdef&"
                        "token=0123456789abcdef")},
    {.name = "a JSON Web Token as the session in the address",
     .expect = "security-token-in-url:client",
     LOOPBACK(.target = "/socket.io/?EIO=4&sid=" JWT)},
    {.name = "short values and other names in the address",
     .absent = "security-token-in-url",
     LOOPBACK(.target = "/chat?token=on&room=0123456789abcdef&key=")},
    {.name = "a token of Kubernetes among the subprotocols",
     .expect = "security-token-in-subprotocol:client",
     LOOPBACK(.protocol_offer = "base64url.bearer.authorization.k8s.io."
                                "c2VjcmV0, v4.channel.k8s.io",
              .protocol_answer = "v4.channel.k8s.io")},
    {.name = "random characters among the subprotocols",
     .expect = "security-token-in-subprotocol:client",
     LOOPBACK(.protocol_offer = "soap, q7Zk0PxW2mB9vT4sLr8Y",
              .protocol_answer = "soap")},
    {.name = "long names of subprotocols",
     .absent = "security-token-in-subprotocol",
     LOOPBACK(.protocol_offer =
                  "notificationchannel-netapi-rest.openmobilealliance.org, "
                  "v1.kernel.websocket.jupyter.org, "
                  "my-company-messaging-protocol-2024, TLCP-2.4.0"
                  ".lightstreamer.com",
              .protocol_answer =
                  "notificationchannel-netapi-rest.openmobilealliance.org")},

    /* Origin */
    {.name = "a page of another site with cookies",
     .expect = "security-cross-origin-accepted:both",
     .absent = "security-origin-absent",
     LOOPBACK(.request_headers = "Origin: http://evil.example\r\n"
                                 "Cookie: session=0123\r\n")},
    {.name = "a page of another site without cookies is a note",
     .also = "security-cross-origin-accepted:both",
     LOOPBACK(.request_headers = "Origin: http://evil.example\r\n")},
    {.name = "a page of a sibling subdomain is a note",
     .also = "security-cross-origin-accepted:both",
     LOOPBACK(.request_replace = "Host: ws.example.co.uk\r\n",
              .request_headers = "Origin: http://www.example.co.uk\r\n"
                                 "Cookie: session=0123\r\n")},
    {.name = "two sites of one country are two sites",
     .expect = "security-cross-origin-accepted:both",
     LOOPBACK(.request_replace = "Host: one.co.uk\r\n",
              .request_headers = "Origin: http://two.co.uk\r\n"
                                 "Cookie: session=0123\r\n")},
    {.name = "a page from another port is a note",
     .also = "security-cross-origin-accepted:both",
     LOOPBACK(.request_headers = "Origin: http://localhost:3000\r\n"
                                 "Cookie: session=0123\r\n")},
    {.name = "a proxy that put its own name into Host is a note",
     .also = "security-cross-origin-accepted:both",
     LOOPBACK(.request_replace = "Host: backend\r\n",
              .request_headers = "Origin: http://www.example\r\n"
                                 "X-Forwarded-For: 192.0.2.1\r\n"
                                 "Cookie: session=0123\r\n")},
    {.name = "a page of the same site",
     .absent = "security-cross-origin-accepted security-origin-null-accepted "
               "security-mixed-content",
     LOOPBACK(.request_headers = "Origin: http://LOCALHOST:80\r\n"
                                 "Cookie: session=0123\r\n")},
    {.name = "a page of another site is refused",
     .expect = "",
     .also = "handshake-http-answer",
     .absent = "security-cross-origin-accepted security-origin-null-accepted",
     LOOPBACK(.status = "403 Forbidden", .request_headers =
                                             "Origin: http://evil.example\r\n"
                                             "Cookie: session=0123\r\n")},
    {.name = "a page without an origin",
     .expect = "security-plaintext security-origin-null-accepted:both",
     OUTSIDE(.request_headers = "Origin: null\r\n")},
    {.name = "a page without an origin is refused",
     .also = "handshake-http-answer",
     .absent = "security-origin-null-accepted",
     OUTSIDE(.status = "403 Forbidden", .request_headers = "Origin: null\r\n")},
    {.name = "an encrypted page and a server that is not",
     .expect = "security-plaintext security-mixed-content:client",
     OUTSIDE(.request_replace = "Host: example.com\r\n",
             .request_headers = "Origin: https://example.com\r\n")},
    {.name = "an encrypted page and a server on loopback",
     .absent = "security-mixed-content",
     LOOPBACK(.request_headers = "Origin: https://localhost\r\n")},

    /* Keys */
    {.name = "the key that RFC 6455 prints",
     .expect = "security-key-weak:client",
     LOOPBACK(.key = "dGhlIHNhbXBsZSBub25jZQ==")},
    {.name = "the key that RFC 6455 prints with wrong padding",
     .expect = "security-key-weak:client",
     LOOPBACK(.key = "AQIDBAUGBwgJCgsMDQ4PEA==")},
    {.name = "a key of zeros",
     .expect = "security-key-weak:client",
     LOOPBACK(.key = "AAAAAAAAAAAAAAAAAAAAAA==")},
    {.name = "a key of text",
     .expect = "security-key-weak:client",
     LOOPBACK(.key = "aGVsbG8gd29ybGQgMTIzNA==")},
    {.name = "a key with one byte that is no text",
     .absent = "security-key-weak",
     LOOPBACK(.key = "AGVsbG8gd29ybGQgMTIzNA==")},
    {.name = "the same key for two connections",
     .expect = "security-key-reused:client",
     .play = key_reused},
    {.name = "the same key for two connections at once",
     .expect = "security-key-reused:client",
     .also = "handshake-parallel-connecting:client",
     .play = key_reused_at_once},
    {.name = "a request that a proxy passed on",
     .absent = "security-key-reused handshake-parallel-connecting",
     .play = key_passed_on},
    {.name = "a weak key that comes again is weak",
     .expect = "security-key-weak:client",
     .absent = "security-key-reused",
     .play = weak_key_reused},

    /* Several connections */
    {.name = "two handshakes of one client at the same time",
     .also = "handshake-parallel-connecting:client",
     .play = parallel},
    {.name = "two handshakes of two programs at the same time",
     .absent = "handshake-parallel-connecting",
     .play = parallel_by_two},
    {.name = "two handshakes, one after the other",
     .absent = "handshake-parallel-connecting perf-reconnect-storm",
     .play = one_after_the_other},
    {.name = "a client that comes back at once, three times",
     .expect = "perf-reconnect-storm:client tcp-rst-while-open:server",
     .play = storm},
    {.name = "a client whose pauses grow",
     .expect = "tcp-rst-while-open:server",
     .absent = "perf-reconnect-storm",
     .play = growing_pauses},
    {.name = "a client that waits for a second",
     .expect = "tcp-rst-while-open:server",
     .absent = "perf-reconnect-storm",
     .play = long_pauses},
    {.name = "a client that comes back twice",
     .expect = "tcp-rst-while-open:server",
     .absent = "perf-reconnect-storm",
     .play = only_twice},
    {.name = "a client that comes back after clean ends",
     .absent = "perf-reconnect-storm",
     .play = clean_ends},
    {.name = "a client that is refused and comes back at once",
     .expect = "handshake-refused perf-reconnect-storm:client",
     .play = refused_again_and_again},
    {.name = "a client that is asked to log in",
     .also = "handshake-http-answer",
     .absent = "perf-reconnect-storm",
     .play = asked_again_and_again},
    {.name = "several tabs that come back together",
     .expect = "tcp-rst-while-open:server",
     .absent = "perf-reconnect-storm",
     .play = several_tabs},
};

const struct finding_cases cases_security = {"security", list,
                                             sizeof list / sizeof list[0]};
