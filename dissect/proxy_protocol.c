/* SPDX-License-Identifier: MIT */
#include "dissect/proxy_protocol.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/rd.h"

/* The longest line of version 1, with its CRLF. */
#define V1_MAX 107u

static const char v1_signature[] = "PROXY ";
static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";
#define V2_HEADER_LEN 16u

/* Version 2, low half of byte 12 and the two halves of byte 13. */
enum {
    V2_CMD_LOCAL = 0,
    V2_CMD_PROXY = 1,
    V2_FAMILY_INET = 1,
    V2_FAMILY_INET6 = 2,
};

/* Do start and signature agree as far as start goes? */
static bool
could_be(struct slice start, const char *signature, size_t len)
{
    size_t n = start.len < len ? start.len : len;
    return n == 0 || memcmp(start.ptr, signature, n) == 0;
}

/* Takes the text up to the next SP or the end. */
static struct slice
take_word(struct slice *line)
{
    const uint8_t *sp = line->len ? memchr(line->ptr, ' ', line->len) : NULL;
    size_t len = sp ? (size_t)(sp - line->ptr) : line->len;
    struct slice word = slice_head(*line, len);
    *line = slice_skip(*line, sp ? len + 1 : len);
    return word;
}

static bool
parse_addr(struct slice word, uint8_t family, struct addr *out)
{
    char text[INET6_ADDRSTRLEN];
    struct addr addr = {.family = family};
    if (word.len == 0 || word.len >= sizeof text ||
        memchr(word.ptr, 0, word.len))
        return false;
    memcpy(text, word.ptr, word.len);
    text[word.len] = '\0';
    if (inet_pton(family == 4 ? AF_INET : AF_INET6, text, addr.bytes) != 1)
        return false;
    *out = addr;
    return true;
}

static bool
parse_port(struct slice word, uint16_t *out)
{
    unsigned port = 0;
    if (word.len == 0 || word.len > 5)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9')
            return false;
        port = port * 10 + (unsigned)(word.ptr[i] - '0');
    }
    if (port > UINT16_MAX)
        return false;
    *out = (uint16_t)port;
    return true;
}

/* line: what stands behind "PROXY ", without CRLF. */
static bool
parse_v1_ends(struct slice line, struct endpoint ends[2])
{
    struct slice kind = take_word(&line);
    struct endpoint e[2];
    uint8_t family = 0;
    if (slice_equal_cstr(kind, "TCP4"))
        family = 4;
    else if (slice_equal_cstr(kind, "TCP6"))
        family = 6;
    if (family == 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (!parse_addr(take_word(&line), family, &e[i].addr))
            return false;
    for (int i = 0; i < 2; i++)
        if (!parse_port(take_word(&line), &e[i].port))
            return false;
    memcpy(ends, e, sizeof e);
    return true;
}

/* "PROXY /x HTTP/1.1" would be a request with a method that nobody has. */
static bool
could_be_v1_kind(struct slice words)
{
    return could_be(words, "TCP4 ", 5) || could_be(words, "TCP6 ", 5) ||
           could_be(words, "UNKNOWN", 7);
}

static enum proxy_step
next_v1(struct slice start, size_t *len, struct endpoint ends[2],
        bool *has_ends)
{
    struct slice line = slice_head(start, V1_MAX);
    size_t sig = sizeof v1_signature - 1;
    if (line.len < sig)
        return PROXY_NEED_MORE;
    struct slice words = slice_skip(line, sig);
    if (!could_be_v1_kind(words))
        return PROXY_NONE;
    const uint8_t *lf = words.len ? memchr(words.ptr, '\n', words.len) : NULL;
    if (!lf)
        return line.len < V1_MAX ? PROXY_NEED_MORE : PROXY_NONE;
    size_t end = (size_t)(lf - line.ptr);
    if (line.ptr[end - 1] != '\r')
        return PROXY_NONE;
    words = slice_head(words, end - 1 - sig);
    *has_ends = parse_v1_ends(words, ends);
    *len = end + 1;
    return PROXY_FOUND;
}

/* body: the address block and what follows it. */
static bool
parse_v2_ends(uint8_t family, struct slice body, struct endpoint ends[2])
{
    size_t addr_len = family == V2_FAMILY_INET ? 4 : 16;
    struct endpoint e[2] = {{.port = 0}, {.port = 0}};
    if (family != V2_FAMILY_INET && family != V2_FAMILY_INET6)
        return false;
    for (int i = 0; i < 2; i++) {
        struct slice bytes;
        if (!rd_bytes(&body, addr_len, &bytes))
            return false;
        memcpy(e[i].addr.bytes, bytes.ptr, addr_len);
        e[i].addr.family = family == V2_FAMILY_INET ? 4 : 6;
    }
    for (int i = 0; i < 2; i++)
        if (!rd_be16(&body, &e[i].port))
            return false;
    memcpy(ends, e, sizeof e);
    return true;
}

static enum proxy_step
next_v2(struct slice start, size_t *len, struct endpoint ends[2],
        bool *has_ends)
{
    if (start.len > 12 && start.ptr[12] >> 4 != 2)
        return PROXY_NONE;
    if (start.len < V2_HEADER_LEN)
        return PROXY_NEED_MORE;
    size_t total = V2_HEADER_LEN + rd_load_be16(start.ptr + 14);
    if (start.len < total)
        return PROXY_NEED_MORE;
    struct slice body = slice_skip(slice_head(start, total), V2_HEADER_LEN);
    *has_ends = (start.ptr[12] & 0x0f) == V2_CMD_PROXY &&
                parse_v2_ends(start.ptr[13] >> 4, body, ends);
    *len = total;
    return PROXY_FOUND;
}

enum proxy_step
proxy_protocol_next(struct slice start, size_t *len, struct endpoint ends[2],
                    bool *has_ends)
{
    if (could_be(start, v1_signature, sizeof v1_signature - 1))
        return next_v1(start, len, ends, has_ends);
    if (could_be(start, v2_signature, sizeof v2_signature - 1))
        return next_v2(start, len, ends, has_ends);
    return PROXY_NONE;
}
