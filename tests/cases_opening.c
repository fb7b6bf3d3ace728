/* SPDX-License-Identifier: MIT */
/*
 * The opening handshake: HTTP grammar of the two heads, the request, the
 * answer, and what stands right behind it.
 */
#include "dissect/ws_frame.h"
#include "tests/finding_case.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

static void
talk(struct scene *s)
{
    scene_text(s, C, "hello");
    scene_text(s, S, "hello");
    scene_close(s, C, 1000);
}

static void
play_handshake(struct scene *s, const void *data)
{
    const struct scene_handshake *h = data;
    scene_handshake_with(s, h);
    if (h->no_response || h->status)
        scene_end(s, S);
    else
        talk(s);
}

#define HANDSHAKE(...)                                                         \
    .play_with = play_handshake, .data = &(const struct scene_handshake)       \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* The normal lines of a request behind its first one, and of an answer. */
#define FIELDS                                                                 \
    "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"         \
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
#define REQUEST_LINE(line) HANDSHAKE(.request = line "\r\n" FIELDS "\r\n")
#define ANSWER_FIELDS                                                          \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"                            \
    "Sec-WebSocket-Accept: {accept}\r\n"

/* An answer that is no 101. */
#define REFUSED(text)                                                          \
    .status = text, .response_replace = "Upgrade\r\nConnection\r\n"            \
                                        "Sec-WebSocket-Accept"

#define ACCEPTED " handshake-bad-request-accepted:server"

/* ---- Things that take more than two heads ---------------------------- */

static void
empty_line_first(struct scene *s)
{
    scene_open(s);
    scene_send(s, C, "\r\n", 2);
    scene_handshake(s);
    talk(s);
}

static void
request_with_body(struct scene *s)
{
    struct scene_handshake h = {.request_headers = "Content-Length: 4\r\n"};
    scene_request(s, &h);
    scene_send(s, C, "body", 4);
    scene_response(s, &h);
    talk(s);
}

static void
hixie_76(struct scene *s)
{
    static const char request[] =
        "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n"
        "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n"
        "Origin: http://example.com\r\n\r\n^n:ds[4U";
    static const char response[] =
        "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Origin: http://example.com\r\n"
        "Sec-WebSocket-Location: ws://example.com/demo\r\n\r\n"
        "8jKS'y:G*Co,Wxa-";
    scene_open(s);
    scene_send(s, C, request, sizeof request - 1);
    scene_send(s, S, response, sizeof response - 1);
    scene_send(s, C, "\0hello\xff", 7);
    scene_send(s, S, "\0hello\xff", 7);
    scene_end(s, C);
}

static void
connect_first(struct scene *s)
{
    static const char connect[] = "CONNECT example.com:80 HTTP/1.1\r\n"
                                  "Host: example.com:80\r\n\r\n";
    static const char no[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                             "Content-Length: 0\r\n\r\n";
    static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    scene_open(s);
    scene_send(s, C, connect, sizeof connect - 1);
    scene_send(s, S, no, sizeof no - 1);
    scene_send(s, C, connect, sizeof connect - 1);
    scene_send(s, S, yes, sizeof yes - 1);
    scene_handshake(s);
    talk(s);
}

/* Some send all their headers to the proxy, too. */
static void
connect_with_upgrade(struct scene *s)
{
    scene_handshake_with(
        s, &(struct scene_handshake){
               .method = "CONNECT",
               .target = "example.com:80",
               .response = "HTTP/1.1 200 Connection established\r\n\r\n"});
    scene_handshake(s);
    talk(s);
}

static void
connect_refused(struct scene *s)
{
    static const char connect[] = "CONNECT example.com:80 HTTP/1.1\r\n"
                                  "Host: example.com:80\r\n\r\n";
    static const char no[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                             "Content-Length: 0\r\n\r\n";
    scene_open(s);
    scene_send(s, C, connect, sizeof connect - 1);
    scene_send(s, S, no, sizeof no - 1);
    scene_handshake(s);
    talk(s);
}

static void
silence_for_31_s(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_wait_ms(s, 31000);
    scene_ack(s, S);
}

static void
silence_for_29_s(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_wait_ms(s, 29000);
    scene_ack(s, S);
}

static void
client_leaves_at_once(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_end(s, C);
}

static void
client_resets_at_once(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_rst(s, C);
}

static void
client_leaves_after_31_s(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_wait_ms(s, 31000);
    scene_end(s, C);
}

static void
server_leaves_at_once(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_end(s, S);
}

static void
interim_first(struct scene *s)
{
    static const char hints[] =
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    scene_request(s, &(struct scene_handshake){0});
    scene_send(s, S, hints, sizeof hints - 1);
    scene_response(s, &(struct scene_handshake){0});
    talk(s);
}

static void
frames_with_101(struct scene *s)
{
    struct scene_handshake h = {0};
    scene_request(s, &h);
    scene_join(s, S);
    scene_response(s, &h);
    scene_text(s, S, "welcome");
    scene_flush(s, S);
    talk(s);
}

static void
frames_before_101(struct scene *s)
{
    struct scene_handshake h = {0};
    scene_request(s, &h);
    scene_text(s, S, "too early");
    scene_response(s, &h);
    talk(s);
}

static void
page_before_101(struct scene *s)
{
    static const char get[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                             "\x81\x05";
    scene_open(s);
    scene_send(s, C, get, sizeof get - 1);
    scene_send(s, S, ok, sizeof ok - 1);
    scene_handshake(s);
    talk(s);
}

static void
tls_after_101(struct scene *s)
{
    static const uint8_t hello[] = {0x16, 0x03, 0x01, 0x00, 0x2f, 0x01, 0x00,
                                    0x00, 0x2b, 0x03, 0x03, 0x81, 0x05, 0x48,
                                    0x65, 0x6c, 0x6c, 0x6f, 0x81, 0x05};
    scene_handshake(s);
    scene_send(s, C, hello, sizeof hello);
    scene_send(s, S, hello, sizeof hello);
    scene_send(s, C, hello, sizeof hello);
    scene_end(s, C);
}

/* One slip is a bug in a WebSocket, not another protocol. */
static void
reserved_opcode_first(struct scene *s)
{
    scene_handshake(s);
    scene_frame(s, C, &(struct scene_frame){.opcode = 3, .text = "hello"});
    scene_close(s, C, 1002);
}

static void
foreign_with_private_extension(struct scene *s)
{
    scene_handshake_with(s,
                         &(struct scene_handshake){.deflate_offer = "x-private",
                                                   .deflate_answer =
                                                       "x-private"});
    scene_frame(s, C,
                &(struct scene_frame){.opcode = 3, .rsv = 7, .text = "hello"});
    scene_close(s, C, 1000);
}

static void
ten_seconds_of_tcp(struct scene *s)
{
    scene_open(s);
    scene_wait_ms(s, 10000);
    scene_handshake(s);
    talk(s);
}

/* Packets: 0-2 SYN, 3 the first octets of the request, 4 ACK, 5 the rest. */
static void
request_in_two_packets(struct scene *s)
{
    scene_open(s);
    scene_piece_len(s, 70);
    scene_request(s, &(struct scene_handshake){0});
    scene_piece_len(s, 0);
    scene_response(s, &(struct scene_handshake){0});
    talk(s);
}
static const size_t rest_of_request[] = {5, 7};

/* 3 the request, 4 ACK, 5 the first octets of the answer, 6 ACK, 7 more. */
static void
answer_in_pieces(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_piece_len(s, 60);
    scene_response(s, &(struct scene_handshake){0});
    scene_piece_len(s, 0);
    talk(s);
    for (unsigned i = 0; i < 12; i++)
        scene_text(s, S, "a text with some words in it");
}
static const size_t rest_of_answer[] = {7, 9};

static void
request_sent_twice(struct scene *s)
{
    scene_request(s, &(struct scene_handshake){0});
    scene_retransmit(s, 3);
    scene_response(s, &(struct scene_handshake){0});
    talk(s);
}

static const struct finding_case list[] = {
    {.name = "a good handshake",
     .also = "handshake-request:client handshake-accepted:server",
     .absent =
         "http-request-line-malformed http-line-ending-not-crlf "
         "http-header-folded http-field-invalid http-host-missing "
         "http-host-invalid http-request-with-body http-singleton-duplicated "
         "handshake-method-not-get handshake-http-version-low "
         "handshake-upgrade-missing handshake-connection-missing-upgrade "
         "handshake-key-missing handshake-key-invalid "
         "handshake-key-duplicated handshake-key-pad-bits "
         "handshake-version-missing handshake-version-malformed "
         "handshake-version-not-13 handshake-old-draft "
         "handshake-origin-missing handshake-target-fragment "
         "handshake-target-invalid handshake-target-absolute-form "
         "handshake-well-known-uri handshake-via-proxy-connect "
         "handshake-bad-request-accepted handshake-response-upgrade-wrong "
         "handshake-response-connection-missing "
         "handshake-content-length-on-101 handshake-server-frames-with-101 "
         "handshake-server-data-before-101 handshake-not-websocket-after-101 "
         "perf-handshake-slow",
     HANDSHAKE(0)},

    /* The request line */
    {.name = "two spaces behind GET",
     .expect = "http-request-line-malformed:client" ACCEPTED,
     REQUEST_LINE("GET  /chat HTTP/1.1")},
    {.name = "a tab before the version",
     .expect = "http-request-line-malformed:client" ACCEPTED,
     REQUEST_LINE("GET /chat\tHTTP/1.1")},
    {.name = "a space behind the version",
     .expect = "http-request-line-malformed:client" ACCEPTED,
     REQUEST_LINE("GET /chat HTTP/1.1 ")},
    {.name = "http in small letters",
     .expect = "http-request-line-malformed:client" ACCEPTED,
     REQUEST_LINE("GET /chat http/1.1")},
    {.name = "an empty line before the request",
     .absent = "http-request-line-malformed",
     .play = empty_line_first},
    {.name = "get in small letters",
     .expect = "handshake-method-not-get:client" ACCEPTED,
     .absent = "http-request-line-malformed",
     HANDSHAKE(.method = "get")},
    {.name = "a WebSocket by POST",
     .expect = "handshake-method-not-get:client" ACCEPTED,
     HANDSHAKE(.method = "POST")},
    {.name = "POST with a body, refused",
     .expect = "handshake-method-not-get:client handshake-refused:server",
     .absent = "http-request-with-body handshake-bad-request-accepted",
     HANDSHAKE(.method = "POST", .request_headers = "Content-Length: 0\r\n",
               REFUSED("405 Method Not Allowed"),
               .response_headers = "Content-Length: 0\r\n")},
    {.name = "HTTP/1.0",
     .expect = "handshake-http-version-low:client" ACCEPTED,
     .absent = "http-host-missing",
     HANDSHAKE(.request = "GET /chat HTTP/1.0\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                          "Sec-WebSocket-Version: 13\r\n\r\n")},
    {.name = "only the 101 is HTTP/1.0",
     .expect = "handshake-bad-request-accepted:server",
     .absent = "handshake-http-version-low",
     HANDSHAKE(.response = "HTTP/1.0 101 Switching Protocols\r\n" ANSWER_FIELDS
                           "\r\n")},
    {.name = "a fragment",
     .expect = "handshake-target-fragment:client" ACCEPTED,
     .absent = "handshake-target-invalid",
     HANDSHAKE(.target = "/chat#top")},
    {.name = "an escaped fragment, slashes and a question mark in the query",
     .absent = "handshake-target-fragment handshake-target-invalid "
               "handshake-target-absolute-form",
     HANDSHAKE(.target = "/chat%23top?a=/b/?c&d=%C3%A4")},
    {.name = "a path without slash",
     .expect = "handshake-target-invalid:client" ACCEPTED,
     HANDSHAKE(.target = "chat")},
    {.name = "a query without path",
     .expect = "handshake-target-invalid:client" ACCEPTED,
     HANDSHAKE(.target = "?room=1")},
    {.name = "a ws address",
     .expect = "handshake-target-invalid:client" ACCEPTED,
     .absent = "handshake-target-absolute-form",
     HANDSHAKE(.target = "ws://localhost/chat")},
    {.name = "a space in the path",
     .expect = "handshake-target-invalid:client" ACCEPTED,
     .absent = "http-request-line-malformed",
     HANDSHAKE(.target = "/chat room")},
    {.name = "raw UTF-8 in the path",
     .expect = "handshake-target-invalid:client" ACCEPTED,
     HANDSHAKE(.target = "/ch\xc3\xa4t")},
    {.name = "an absolute http address",
     .also = "handshake-target-absolute-form:client",
     .absent = "handshake-target-invalid handshake-well-known-uri",
     HANDSHAKE(.target = "http://localhost/chat")},
    {.name = "a well-known URI",
     .also = "handshake-well-known-uri:client",
     HANDSHAKE(.target = "/.well-known/coap")},
    {.name = "well-known elsewhere in the path",
     .absent = "handshake-well-known-uri",
     HANDSHAKE(.target = "/chat/.well-known/x")},

    /* What the capture lacks */
    {.name = "the rest of the request was not captured",
     .expect = "tcp-stream-gap:client",
     .absent = "handshake-upgrade-missing handshake-key-missing "
               "handshake-connection-missing-upgrade handshake-accepted "
               "handshake-version-missing handshake-bad-request-accepted",
     .not_cuttable = true,
     .play = request_in_two_packets,
     .options = {.drop = rest_of_request, .n_drop = 2}},
    {.name = "the rest of the answer was not captured",
     .expect = "tcp-stream-gap:server",
     .absent = "handshake-response-connection-missing handshake-accepted "
               "handshake-accept-missing handshake-accept-mismatch "
               "handshake-no-response",
     .not_cuttable = true,
     .play = answer_in_pieces,
     .options = {.drop = rest_of_answer, .n_drop = 2}},
    {.name = "the request was sent twice",
     .absent = "handshake-key-duplicated http-host-invalid",
     .play = request_sent_twice},

    /* The lines of the heads */
    {.name = "a bare LF in the request",
     .expect = "http-line-ending-not-crlf:client*1",
     HANDSHAKE(.request = "GET /chat HTTP/1.1\r\nHost: localhost\n"
                          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: {key}\r\n"
                          "Sec-WebSocket-Version: 13\r\n\r\n")},
    {.name = "nothing but bare LF in the 101",
     .expect = "http-line-ending-not-crlf:server*5",
     HANDSHAKE(.response = "HTTP/1.1 101 Switching Protocols\n"
                           "Upgrade: websocket\nConnection: Upgrade\n"
                           "Sec-WebSocket-Accept: {accept}\n\n")},
    {.name = "a bare CR in a value",
     .expect = "http-line-ending-not-crlf:client",
     .absent = "http-field-invalid",
     HANDSHAKE(.request_headers = "X-Note: one\rtwo\r\n")},
    {.name = "LF and CR in frames",
     .absent = "http-line-ending-not-crlf",
     .play = frames_with_101},
    {.name = "a folded header",
     .expect = "http-header-folded:client" ACCEPTED,
     .absent = "http-field-invalid",
     HANDSHAKE(.request_headers = "X-Note: one\r\n two\r\n")},
    {.name = "a folded header in the 101",
     .expect = "http-header-folded:server",
     .absent = "handshake-bad-request-accepted",
     HANDSHAKE(.response_headers = "X-Note: one\r\n\ttwo\r\n")},
    {.name = "a space before the colon",
     .expect = "http-field-invalid:client" ACCEPTED,
     HANDSHAKE(.request_headers = "X-Note : one\r\n")},
    {.name = "a name that is no token",
     .expect = "http-field-invalid:client" ACCEPTED,
     HANDSHAKE(.request_headers = "X(Note): one\r\n")},
    {.name = "a line without a colon, and one without a name",
     .expect = "http-field-invalid:client*2" ACCEPTED,
     HANDSHAKE(.request_headers = "X-Note\r\n: one\r\n")},
    {.name = "a control character in a value of the 101",
     .expect = "http-field-invalid:server",
     HANDSHAKE(.response_headers = "X-Note: a\x01z\r\n")},
    {.name = "tabs and bytes above 127 in values, no space behind the colon",
     .absent = "http-field-invalid http-header-folded",
     HANDSHAKE(.request_headers = "X-Note:\tcaf\xe9\tau lait\t\r\n")},

    /* Host and single fields */
    {.name = "no Host",
     .expect = "http-host-missing:client" ACCEPTED,
     .absent = "http-host-invalid",
     HANDSHAKE(.request_replace = "Host")},
    {.name = "two Hosts",
     .expect = "http-host-invalid:client" ACCEPTED,
     .absent = "http-host-missing http-singleton-duplicated",
     HANDSHAKE(.request_headers = "Host: example.com\r\n")},
    {.name = "a Host with a path",
     .expect = "http-host-invalid:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Host: localhost/chat")},
    {.name = "a Host with a user",
     .expect = "http-host-invalid:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Host: joe@localhost")},
    {.name = "an IPv6 Host without brackets",
     .expect = "http-host-invalid:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Host: ::1")},
    {.name = "an empty Host",
     .expect = "http-host-invalid:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Host:")},
    {.name = "a list of Hosts",
     .expect = "http-host-invalid:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Host: a.example,b.example")},
    {.name = "an IPv6 Host with a port",
     .absent = "http-host-invalid",
     HANDSHAKE(.request_replace = "Host: [::1]:80")},
    {.name = "the default port and capital letters in Host",
     .absent = "http-host-invalid",
     HANDSHAKE(.request_replace = "Host: Example.COM:80")},
    {.name = "a request with a body",
     .expect = "http-request-with-body:client",
     .absent = "handshake-client-data-before-101",
     .play = request_with_body},
    {.name = "a body of no bytes",
     .absent = "http-request-with-body",
     HANDSHAKE(.request_headers = "Content-Length: 0\r\n")},
    {.name = "two Origins",
     .expect = "http-singleton-duplicated:client",
     HANDSHAKE(.request_headers = "Origin: http://localhost\r\n"
                                  "Origin: http://localhost\r\n")},
    {.name = "list fields and Set-Cookie in several lines",
     .absent = "http-singleton-duplicated",
     HANDSHAKE(.request_headers = "Connection: keep-alive\r\nVia: 1.1 a\r\n"
                                  "Via: 1.1 b\r\n",
               .response_headers = "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n")},

    /* Upgrade and Connection */
    {.name = "no Upgrade: websocket but h2c",
     .expect = "handshake-upgrade-missing:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Upgrade: h2c")},
    {.name = "a proxy took out Upgrade and Connection",
     .expect = "handshake-upgrade-missing:client handshake-refused:server",
     .absent = "handshake-connection-missing-upgrade",
     HANDSHAKE(.request_replace = "Upgrade\r\nConnection",
               REFUSED("400 Bad Request"),
               .response_headers = "Content-Length: 0\r\n")},
    {.name = "websocket in a list and in capital letters",
     .absent = "handshake-upgrade-missing",
     HANDSHAKE(.request_replace = "Upgrade: h2c, WebSocket")},
    {.name = "Connection: keep-alive",
     .expect = "handshake-connection-missing-upgrade:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Connection: keep-alive")},
    {.name = "Connection: keep-alive, Upgrade",
     .absent = "handshake-connection-missing-upgrade",
     HANDSHAKE(.request_replace = "Connection: keep-alive, UPGRADE")},
    {.name = "h2c with a key is not taken for another protocol",
     .absent = "handshake-request handshake-upgrade-missing",
     HANDSHAKE(.request = "GET / HTTP/1.1\r\nHost: localhost\r\n"
                          "Connection: Upgrade, HTTP2-Settings\r\n"
                          "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
               .status = "200 OK",
               .response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},

    /* The key */
    {.name = "no key",
     .expect = "handshake-key-missing:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Sec-WebSocket-Key")},
    {.name = "a key of 15 bytes",
     .expect = "handshake-key-invalid:client",
     .also = "handshake-bad-request-accepted:server",
     .absent = "handshake-accept-mismatch handshake-key-pad-bits",
     HANDSHAKE(.key = "AAECAwQFBgcICQoLDA0O")},
    {.name = "a key in base64url",
     .expect = "handshake-key-invalid:client",
     HANDSHAKE(.key = "-_ECAwQFBgcICQoLDA0ODw==")},
    {.name = "a key of 16 bytes as text",
     .expect = "handshake-key-invalid:client",
     HANDSHAKE(.key = "0123456789abcdef")},
    {.name = "spaces around the key",
     .absent = "handshake-key-invalid",
     HANDSHAKE(.request_replace = "Sec-WebSocket-Key: \t {key} \t")},
    {.name = "two keys",
     .expect = "handshake-key-duplicated:client",
     .absent = "handshake-key-invalid handshake-accept-mismatch",
     HANDSHAKE(.request_headers =
                   "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n")},
    {.name = "a list of keys",
     .expect = "handshake-key-duplicated:client",
     HANDSHAKE(.key = "AAECAwQFBgcICQoLDA0ODw==, AAECAwQFBgcICQoLDA0ODw==")},
    {.name = "the key of the RFC with its slip",
     .expect = "security-key-weak:client",
     .also = "handshake-key-pad-bits:client",
     .absent = "handshake-key-invalid handshake-bad-request-accepted",
     HANDSHAKE(.key = "AQIDBAUGBwgJCgsMDQ4PEC==")},
    {.name = "the key of the RFC as corrected",
     .expect = "security-key-weak:client",
     .absent = "handshake-key-pad-bits",
     HANDSHAKE(.key = "AQIDBAUGBwgJCgsMDQ4PEA==")},

    /* The version */
    {.name = "no version",
     .expect = "handshake-version-missing:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version")},
    {.name = "a list of versions",
     .expect = "handshake-version-malformed:client" ACCEPTED,
     .absent = "handshake-version-not-13",
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version: 13, 8")},
    {.name = "a version with a leading zero",
     .expect = "handshake-version-malformed:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version: 013")},
    {.name = "version 256",
     .expect = "handshake-version-malformed:client" ACCEPTED,
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version: 256")},
    {.name = "two lines of version",
     .expect = "handshake-version-malformed:client" ACCEPTED,
     HANDSHAKE(.request_headers = "Sec-WebSocket-Version: 13\r\n")},
    {.name = "spaces around the version",
     .absent = "handshake-version-malformed handshake-version-not-13",
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version:  13 ")},
    {.name = "version 25, refused with a list",
     .expect = "handshake-version-not-13:client",
     .also = "handshake-version-refused:server",
     .absent = "handshake-refused handshake-version-list-missing "
               "handshake-426-without-upgrade handshake-old-draft",
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version: 25",
               REFUSED("426 Upgrade Required"),
               .response_headers = "Upgrade: websocket\r\n"
                                   "Connection: Upgrade\r\n"
                                   "Sec-WebSocket-Version: 13, 8\r\n"
                                   "Content-Length: 0\r\n")},
    {.name = "version 25, refused without a list and without Upgrade",
     .expect = "handshake-version-not-13:client "
               "handshake-version-list-missing:server "
               "handshake-426-without-upgrade:server",
     .absent = "handshake-version-refused",
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version: 25",
               REFUSED("426 Upgrade Required"),
               .response_headers = "Content-Length: 0\r\n")},
    {.name = "version 13, refused with 400",
     .expect = "handshake-refused:server",
     .absent = "handshake-version-list-missing handshake-426-without-upgrade "
               "handshake-version-refused",
     HANDSHAKE(REFUSED("400 Bad Request"),
               .response_headers = "Content-Length: 0\r\n")},
    {.name = "version 8, with the Origin of its draft",
     .expect = "handshake-version-not-13:client",
     .also = "handshake-old-draft:client",
     HANDSHAKE(.request_replace = "Sec-WebSocket-Version: 8",
               .request_headers =
                   "Sec-WebSocket-Origin: http://localhost\r\n")},
    {.name = "hixie-76",
     .also = "handshake-old-draft:client",
     .absent = "handshake-key-missing handshake-version-missing "
               "handshake-client-data-before-101 handshake-accept-missing "
               "handshake-not-websocket-after-101",
     .verdict = "other-protocol",
     .play = hixie_76},

    /* Origin */
    {.name = "a browser without Origin",
     .expect = "handshake-origin-missing:client",
     HANDSHAKE(.request_headers = "User-Agent: Mozilla/5.0 (X11)\r\n"
                                  "Accept-Language: de\r\n")},
    {.name = "Sec-Fetch without Origin",
     .expect = "handshake-origin-missing:client",
     HANDSHAKE(.request_headers = "Sec-Fetch-Mode: websocket\r\n")},
    {.name = "no browser, no Origin",
     .absent = "handshake-origin-missing",
     HANDSHAKE(.request_headers = "User-Agent: Mozilla/5.0 (script)\r\n")},
    {.name = "an Origin with a path",
     .expect = "handshake-origin-malformed:client",
     HANDSHAKE(.request_headers = "Origin: http://localhost/\r\n")},
    {.name = "an Origin without scheme",
     .expect = "handshake-origin-malformed:client",
     HANDSHAKE(.request_headers = "Origin: localhost\r\n")},
    {.name = "a null Origin",
     .absent = "handshake-origin-malformed handshake-origin-missing",
     HANDSHAKE(.request_headers = "Origin: null\r\n")},
    {.name = "the Origin of a local page in a web view",
     .absent = "handshake-origin-malformed",
     HANDSHAKE(.request_headers = "Origin: file://\r\n")},
    {.name = "an Origin without host",
     .expect = "handshake-origin-malformed:client",
     HANDSHAKE(.request_headers = "Origin: http://\r\n")},
    {.name = "the Origin of a browser extension",
     .absent = "handshake-origin-malformed",
     HANDSHAKE(.request_headers = "Origin: chrome-extension://abcdefgh\r\n")},

    /* Through a proxy */
    {.name = "a tunnel by CONNECT, at the second try",
     .also = "handshake-via-proxy-connect:client handshake-accepted:server",
     .absent = "handshake-method-not-get",
     .play = connect_first},
    {.name = "CONNECT with the headers of an upgrade",
     .also = "handshake-via-proxy-connect:client handshake-accepted:server",
     .absent = "handshake-method-not-get handshake-refused",
     .play = connect_with_upgrade},
    {.name = "no tunnel: CONNECT was refused",
     .also = "handshake-accepted:server",
     .absent = "handshake-via-proxy-connect",
     .play = connect_refused},

    /* No answer */
    {.name = "a client that does not wait for the answer is a note",
     .also = "handshake-no-response:server",
     .verdict = "no-answer",
     .play = client_leaves_at_once},
    {.name = "a client that resets before the answer is a note",
     .also = "handshake-no-response:server",
     .verdict = "no-answer",
     .play = client_resets_at_once},
    {.name = "a client that waited 31 s for the answer",
     .expect = "handshake-no-response:server",
     .verdict = "no-answer",
     .play = client_leaves_after_31_s},
    {.name = "a server that ends TCP instead of an answer",
     .expect = "handshake-no-response:server",
     .verdict = "no-answer",
     .play = server_leaves_at_once},
    {.name = "no answer for 31 s",
     .expect = "handshake-no-response:server",
     .needs_acks = true,
     .play = silence_for_31_s},
    {.name = "no answer for 29 s",
     .absent = "handshake-no-response",
     .play = silence_for_29_s},
    {.name = "no answer for 31 s, but the server was not captured",
     .absent = "handshake-no-response",
     .play = silence_for_31_s,
     .options = {.drop_from = {[S] = true}}},

    /* Other answers */
    {.name = "302",
     .also = "handshake-http-answer:server",
     .absent = "handshake-refused",
     HANDSHAKE(REFUSED("302 Found"), .response_headers =
                                         "Location: /login?token=secret\r\n"
                                         "Content-Length: 0\r\n")},
    {.name = "403 to an Origin",
     .also = "handshake-http-answer:server",
     .absent = "handshake-refused",
     HANDSHAKE(.request_headers = "Origin: http://evil.example\r\n",
               REFUSED("403 Forbidden"),
               .response_headers = "Content-Length: 0\r\n")},
    {.name = "200 with a page",
     .expect = "handshake-refused:server",
     .absent = "handshake-http-answer handshake-accepted",
     HANDSHAKE(REFUSED("200 OK"), .response_headers = "Content-Length: 0\r\n")},
    {.name = "a 103 before the 101",
     .also = "handshake-accepted:server",
     .absent = "handshake-refused handshake-no-response "
               "handshake-server-data-before-101",
     .play = interim_first},

    /* The 101 */
    {.name = "a 101 without Upgrade",
     .expect = "handshake-response-upgrade-wrong:server",
     .absent = "handshake-response-connection-missing handshake-accepted",
     HANDSHAKE(.response_replace = "Upgrade")},
    {.name = "a 101 to a list",
     .expect = "handshake-response-upgrade-wrong:server",
     HANDSHAKE(.response_replace = "Upgrade: websocket, h2c")},
    {.name = "a 101 to another protocol than the one asked for",
     .expect = "handshake-response-upgrade-wrong:server",
     .absent = "handshake-accept-missing handshake-refused",
     .verdict = "other-protocol",
     HANDSHAKE(.status = "101 Switching Protocols",
               .response = "HTTP/1.1 101 Switching Protocols\r\n"
                           "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n")},
    {.name = "a 101 to the other one of two protocols",
     .absent = "handshake-response-upgrade-wrong handshake-refused",
     .verdict = "other-protocol",
     HANDSHAKE(.request_replace = "Upgrade: h2c, websocket",
               .status = "101 Switching Protocols",
               .response = "HTTP/1.1 101 Switching Protocols\r\n"
                           "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n")},
    {.name = "WEBSOCKET in capital letters",
     .absent = "handshake-response-upgrade-wrong",
     HANDSHAKE(.response_replace = "Upgrade: WEBSOCKET")},
    {.name = "a 101 without Connection",
     .expect = "handshake-response-connection-missing:server",
     HANDSHAKE(.response_replace = "Connection")},
    {.name = "a 101 with a list in Connection",
     .absent = "handshake-response-connection-missing",
     HANDSHAKE(.response_replace = "Connection: keep-alive, upgrade")},
    {.name = "two Accepts",
     .expect = "handshake-accept-duplicated:server",
     .absent = "handshake-accept-mismatch handshake-accepted",
     HANDSHAKE(.response_headers = "Sec-WebSocket-Accept: {accept}\r\n")},
    {.name = "an Accept that does not fit",
     .expect = "handshake-accept-mismatch:server",
     .absent = "handshake-accept-duplicated handshake-accepted",
     HANDSHAKE(.accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")},
    {.name = "a 101 with Content-Length: 0",
     .expect = "handshake-content-length-on-101:server",
     HANDSHAKE(.response_headers = "Content-Length: 0\r\n")},
    {.name = "a 101 that is chunked",
     .expect = "handshake-content-length-on-101:server",
     HANDSHAKE(.response_headers = "Transfer-Encoding: chunked\r\n")},
    {.name = "the 101 took 1.2 s",
     .also = "perf-handshake-slow:server",
     HANDSHAKE(.answer_ms = 1200)},
    {.name = "the 101 took 0.9 s",
     .absent = "perf-handshake-slow",
     HANDSHAKE(.answer_ms = 900)},
    {.name = "10 s between TCP and the request",
     .absent = "perf-handshake-slow",
     .play = ten_seconds_of_tcp},

    /* The first bytes */
    {.name = "a frame in the segment of the 101",
     .also = "handshake-server-frames-with-101:server",
     .absent = "handshake-server-data-before-101",
     .not_cuttable = true,
     .play = frames_with_101},
    {.name = "a frame before the 101",
     .expect = "handshake-server-data-before-101:server",
     .absent = "handshake-server-frames-with-101",
     .play = frames_before_101},
    {.name = "a page before the 101, of bytes like those of a frame",
     .absent = "handshake-server-data-before-101 handshake-refused",
     .play = page_before_101},
    {.name = "TLS behind the 101",
     .expect = "handshake-not-websocket-after-101:client "
               "handshake-not-websocket-after-101:server",
     .absent = "frame-opcode-reserved frame-rsv2-or-rsv3-set",
     .play = tls_after_101},
    {.name = "a reserved opcode behind the 101",
     .expect = "frame-opcode-reserved:client",
     .absent = "handshake-not-websocket-after-101",
     .play = reserved_opcode_first},
    {.name = "a private extension behind the 101",
     .expect = "frame-opcode-reserved:client frame-rsv1-not-negotiated:client "
               "frame-rsv2-or-rsv3-set:client",
     .absent = "handshake-not-websocket-after-101",
     .play = foreign_with_private_extension},
};

const struct finding_cases cases_opening = {
    .topic = "opening",
    .list = list,
    .n = sizeof list / sizeof list[0],
};
