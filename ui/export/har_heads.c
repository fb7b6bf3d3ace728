/* SPDX-License-Identifier: MIT */
#include "ui/export/har_parts.h"

#include <string.h>

#include "ui/json_parts.h"
#include "ui/json_write.h"
#include "ui/put.h"

static const char not_captured[] = " was not captured.";

void
har_write_name(struct out *o, const char *name)
{
    json_write_raw(o, ",\"");
    json_write_raw(o, name);
    json_write_raw(o, "\":");
}

static void
write_text(struct out *o, const char *name, struct slice text)
{
    har_write_name(o, name);
    (void)json_write_string(o, text);
}

static void
write_number(struct out *o, const char *name, uint64_t v)
{
    har_write_name(o, name);
    uint8_t *p = out_reserve(o, HAR_FIXED_MAX);
    out_commit(o, put_u64(p, v));
}

/* {"name":...,"value":...}, behind a comma unless it is the first. */
static void
write_pair(struct out *o, bool *first, struct slice name, struct slice value)
{
    json_write_raw(o, *first ? "{\"name\":" : ",{\"name\":");
    *first = false;
    (void)json_write_string(o, name);
    write_text(o, "value", value);
    json_write_raw(o, "}");
}

static bool
is_secret(struct slice name)
{
    static const char *const names[] = {"cookie", "set-cookie", "authorization",
                                        "proxy-authorization"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equal_nocase(name, slice_cstr(names[i])))
            return true;
    return false;
}

static void
write_headers(struct out *o, const struct http1_head *head, bool no_secrets)
{
    bool first = true;
    har_write_name(o, "headers");
    json_write_raw(o, "[");
    for (size_t i = 0; head && i < head->n_headers; i++)
        if (!no_secrets || !is_secret(head->headers[i].name))
            write_pair(o, &first, head->headers[i].name,
                       head->headers[i].value);
    json_write_raw(o, "]");
    if (head && head->n_headers_dropped > 0)
        write_number(o, "_headersDropped", head->n_headers_dropped);
    if (head && head->partial)
        json_write_raw(o, ",\"_partial\":true");
}

static struct slice
trim(struct slice s)
{
    while (s.len > 0 && (*s.ptr == ' ' || *s.ptr == '\t'))
        s = slice_skip(s, 1);
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Takes what stands before the next separator from the front of *list; false:
 * nothing is left. */
static bool
next_part(struct slice *list, char separator, struct slice *part)
{
    if (list->len == 0)
        return false;
    const uint8_t *end = memchr(list->ptr, separator, list->len);
    size_t len = end ? (size_t)(end - list->ptr) : list->len;
    *part = slice_head(*list, len);
    *list = slice_skip(*list, end ? len + 1 : len);
    return true;
}

/* NAME=VALUE; without = all is name. */
static void
write_assignment(struct out *o, bool *first, struct slice part)
{
    struct slice name = part, rest = slice_make("", 0);
    const uint8_t *equals =
        part.len > 0 ? memchr(part.ptr, '=', part.len) : NULL;
    if (equals) {
        name = slice_head(part, (size_t)(equals - part.ptr));
        rest = slice_skip(part, name.len + 1);
    }
    write_pair(o, first, name, rest);
}

/* RFC 6265 sections 4.1 and 4.2: of Set-Cookie only what stands before the
 * attributes. */
static void
write_cookies(struct out *o, const struct http1_head *head, bool no_secrets)
{
    struct slice value, part;
    bool first = true;
    har_write_name(o, "cookies");
    json_write_raw(o, "[");
    if (head && !no_secrets) {
        struct http1_search s =
            http1_search(head, head->is_request ? "Cookie" : "Set-Cookie");
        while (http1_search_next(&s, &value))
            while (next_part(&value, ';', &part)) {
                if (trim(part).len > 0)
                    write_assignment(o, &first, trim(part));
                if (!head->is_request)
                    break;
            }
    }
    json_write_raw(o, "]");
}

static void
write_version(struct out *o, const struct http1_head *head)
{
    char text[] = "HTTP/x.y";
    if (!head) {
        write_text(o, "httpVersion", slice_make("", 0));
        return;
    }
    text[5] = (char)('0' + head->major % 10);
    text[7] = (char)('0' + head->minor % 10);
    write_text(o, "httpVersion", slice_cstr(text));
}

/* -1: not known (HAR 1.2). */
static void
write_sizes(struct out *o, const struct http1_head *head)
{
    if (head && !head->partial)
        write_number(o, "headersSize", head->text.len);
    else
        json_write_raw(o, ",\"headersSize\":-1");
    json_write_raw(o, head ? ",\"bodySize\":0" : ",\"bodySize\":-1");
}

static bool
starts_with_nocase(struct slice s, const char *prefix)
{
    struct slice want = slice_cstr(prefix);
    return s.len >= want.len &&
           slice_equal_nocase(slice_head(s, want.len), want);
}

/* With a scheme already, as a proxy gets it (RFC 9112 section 3.2.2). */
static bool
is_absolute(struct slice target)
{
    return starts_with_nocase(target, "ws://") ||
           starts_with_nocase(target, "wss://") ||
           starts_with_nocase(target, "http://") ||
           starts_with_nocase(target, "https://");
}

/* Without memory, or past the maximum, the rest of it is left out. */
static void
build_url(struct buf *url, const struct event_handshake *e)
{
    char server[ENDPOINT_TEXT_MAX];
    struct slice host = slice_make("unknown", 7);
    struct slice target = slice_make(NULL, 0);
    if (e) {
        host = e->host.len > 0
                   ? e->host
                   : slice_make(server, endpoint_text(&e->server, server));
        if (e->request_head)
            target = e->request_head->target;
    }
    buf_clear(url);
    if (!is_absolute(target)) {
        (void)buf_append_some(url, "ws://", 5);
        (void)buf_append_some(url, host.ptr, host.len);
        if (target.len == 0 || *target.ptr != '/')
            (void)buf_append_some(url, "/", 1);
    }
    if (target.len > 0)
        (void)buf_append_some(url, target.ptr, target.len);
}

/* As DevTools: the pairs of the query as they were sent. */
static void
write_query(struct out *o, struct slice url)
{
    struct slice part;
    bool first = true;
    const uint8_t *query = url.len > 0 ? memchr(url.ptr, '?', url.len) : NULL;
    har_write_name(o, "queryString");
    json_write_raw(o, "[");
    if (query) {
        url = slice_skip(url, (size_t)(query - url.ptr) + 1);
        const uint8_t *hash =
            url.len > 0 ? memchr(url.ptr, '#', url.len) : NULL;
        if (hash)
            url.len = (size_t)(hash - url.ptr);
        while (next_part(&url, '&', &part))
            if (part.len > 0)
                write_assignment(o, &first, part);
    }
    json_write_raw(o, "]");
}

static void
write_comment(struct out *o, const char *what, const char *why)
{
    json_write_raw(o, ",\"comment\":\"The ");
    json_write_raw(o, what);
    json_write_raw(o, why);
    json_write_raw(o, "\"");
}

static void
write_request(struct out *o, const struct event_handshake *e, const char *why,
              bool no_secrets, struct buf *url)
{
    const struct http1_head *head = e ? e->request_head : NULL;
    build_url(url, e);
    json_write_raw(o, "\"request\":{\"method\":");
    (void)json_write_string(o, head ? head->method : slice_cstr("GET"));
    write_text(o, "url", buf_slice(url));
    write_version(o, head);
    write_cookies(o, head, no_secrets);
    write_headers(o, head, no_secrets);
    write_query(o, buf_slice(url));
    write_sizes(o, head);
    if (!head)
        write_comment(o, "request", why);
    json_write_raw(o, "}");
}

static void
write_response(struct out *o, const struct event_handshake *e, const char *why,
               bool no_secrets)
{
    const struct http1_head *head = e ? e->response_head : NULL;
    struct slice location =
        head ? http1_value(head, "Location") : slice_make("", 0);
    uint8_t *p = out_reserve(o, HAR_FIXED_MAX);
    p = put_str(p, ",\n\"response\":{\"status\":");
    out_commit(o, put_u64(p, head ? head->status : 0));
    write_text(o, "statusText", head ? head->reason : slice_make("", 0));
    write_version(o, head);
    write_cookies(o, head, no_secrets);
    write_headers(o, head, no_secrets);
    json_write_raw(o, ",\"content\":{\"size\":0,\"mimeType\":\"x-unknown\"}");
    write_text(o, "redirectURL", location);
    write_sizes(o, head);
    if (!head && e && e->answer == ANSWER_NONE)
        json_write_raw(o, ",\"comment\":\"There was no response.\"");
    else if (!head)
        write_comment(o, "response", why);
    json_write_raw(o, "}");
}

void
har_write_heads(struct out *o, const struct event_handshake *e, bool no_secrets,
                struct buf *url)
{
    write_request(o, e, not_captured, no_secrets, url);
    write_response(o, e, not_captured, no_secrets);
}

void
har_write_no_heads(struct out *o, bool left_out, struct buf *url)
{
    const char *why = left_out ? " was left out: no room." : not_captured;
    write_request(o, NULL, why, false, url);
    write_response(o, NULL, why, false);
}
