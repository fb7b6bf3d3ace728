/* SPDX-License-Identifier: MIT */
/*
 * HTTP grammar of the two heads (RFC 9112, RFC 9110 section 5).  http1.c reads
 * leniently what peers may read leniently; here the octets are looked at again.
 */
#include "dissect/judge/detail.h"
#include "dissect/judge/rules.h"

/* Longest name shown, in bytes. */
#define NAME_SHOWN 40u

/* One head, on its way through its lines. */
struct reading {
    struct judge *j;
    const struct http1_head *head;
    enum ws_sender from;
    struct stamp at;
    uint64_t line; /* 1 = the start-line */
};

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool
is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

/* tchar, RFC 9110 section 5.6.2. */
static bool
is_tchar(uint8_t c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
           (c >= 'a' && c <= 'f');
}

static bool
contains(struct slice s, char c)
{
    return s.len > 0 && memchr(s.ptr, c, s.len);
}

static void
find(const struct reading *r, enum finding_id id, const struct detail *d)
{
    judge_find_side(r->j, id, r->from, r->at, d ? d->text : NULL);
}

/* ---- host[:port] ----------------------------------------------------- */

/* The octets of a reg-name (RFC 3986 section 3.2.2); a comma would make a list
 * of it. */
static bool
is_host_char(uint8_t c)
{
    return is_alnum(c) || (c != '\0' && strchr("-._~%!$&'()*+;=", c));
}

bool
judge_is_host_port(struct slice s)
{
    size_t i = 0;
    if (s.len > 0 && s.ptr[0] == '[') {
        i = 1;
        while (i < s.len &&
               (is_hex(s.ptr[i]) || s.ptr[i] == ':' || s.ptr[i] == '.'))
            i++;
        if (i < 3 || i == s.len || s.ptr[i] != ']')
            return false;
        i++;
    } else {
        while (i < s.len && is_host_char(s.ptr[i]))
            i++;
        if (i == 0)
            return false;
    }
    if (i < s.len && s.ptr[i] != ':')
        return false;
    for (i++; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

static void
judge_host(const struct reading *r)
{
    const struct http1_head *h = r->head;
    struct http1_search search = http1_search(h, "Host");
    struct slice value, first = slice_make(NULL, 0);
    struct detail d = {0};
    size_t n = 0;
    while (http1_search_next(&search, &value))
        if (n++ == 0)
            first = value;
    if (n == 0) {
        if (h->minor > 0 && !h->partial)
            find(r, FINDING_HTTP_HOST_MISSING, NULL);
    } else if (n > 1) {
        detail_addf(&d, "%zu lines", n);
        find(r, FINDING_HTTP_HOST_INVALID, &d);
    } else if (!judge_is_host_port(first)) {
        detail_add(&d, first.len ? "it is \"" : "it is empty");
        detail_add_address(&d, first, NAME_SHOWN);
        detail_add(&d, first.len ? "\"" : "");
        find(r, FINDING_HTTP_HOST_INVALID, &d);
    }
}

/* ---- Lines ----------------------------------------------------------- */

/* method SP request-target SP HTTP-version, RFC 9112 section 3.  A blank
 * inside the target is the target's fault (opening.c). */
static void
judge_request_line(const struct reading *r, struct slice line)
{
    const struct http1_head *h = r->head;
    size_t method = h->method.len, version = sizeof "HTTP/1.1" - 1;
    struct detail d = {0};
    if (line.len < method + version + 2)
        return; /* http1_head_parse() took no such line */
    const uint8_t *target = line.ptr + method + 1;
    const uint8_t *behind = h->target.ptr + h->target.len;
    if (line.ptr[method] != ' ' || target != h->target.ptr)
        detail_add(&d, "more than a space behind the method");
    else if (*behind != ' ' || is_blank(behind[1]))
        detail_add(&d, "more than a space before the version");
    else if (behind + 1 + version != line.ptr + line.len)
        detail_add(&d, "blanks behind the version");
    else if (memcmp(behind + 1, "HTTP/", 5) != 0)
        detail_add(&d, "HTTP is not in capital letters");
    else
        return;
    find(r, FINDING_HTTP_REQUEST_LINE_MALFORMED, &d);
}

/* The first octet that no field value may have (RFC 9110 section 5.5), or -1.
 * CR has a finding of its own. */
static int
bad_octet(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
            return c;
    }
    return -1;
}

/* field-name ":" OWS field-value OWS, RFC 9112 section 5. */
static void
judge_field(const struct reading *r, struct slice line)
{
    const uint8_t *colon = memchr(line.ptr, ':', line.len);
    struct slice name =
        slice_head(line, colon ? (size_t)(colon - line.ptr) : 0);
    struct detail d = {0};
    size_t token = 0;
    while (token < name.len && is_tchar(name.ptr[token]))
        token++;
    int octet = bad_octet(slice_skip(line, name.len));
    if (!colon) {
        detail_addf(&d, "line %llu has no colon", (unsigned long long)r->line);
    } else if (name.len == 0) {
        detail_addf(&d, "line %llu has no name", (unsigned long long)r->line);
    } else if (token < name.len && token > 0 && is_blank(name.ptr[token]) &&
               is_blank(name.ptr[name.len - 1])) {
        detail_add(&d, "a blank before the colon of ");
        detail_add_part(&d, slice_head(name, token), NAME_SHOWN);
    } else if (token < name.len) {
        detail_add(&d, "the name \"");
        detail_add_part(&d, name, NAME_SHOWN);
        detail_add(&d, "\"");
    } else if (octet >= 0) {
        detail_addf(&d, "octet 0x%02x in ", (unsigned)octet);
        detail_add_part(&d, name, NAME_SHOWN);
    } else {
        return;
    }
    find(r, FINDING_HTTP_FIELD_INVALID, &d);
}

/* Any line but the empty one; without its line end. */
static void
judge_line(const struct reading *r, struct slice line)
{
    struct detail d = {0};
    if (contains(line, '\r')) {
        detail_addf(&d, "a CR inside line %llu", (unsigned long long)r->line);
        find(r, FINDING_HTTP_LINE_ENDING_NOT_CRLF, &d);
        return;
    }
    if (r->line == 1) {
        if (r->head->is_request)
            judge_request_line(r, line);
        return;
    }
    if (is_blank(line.ptr[0])) {
        detail_addf(&d, "line %llu", (unsigned long long)r->line);
        find(r, FINDING_HTTP_HEADER_FOLDED, &d);
    } else {
        judge_field(r, line);
    }
}

static void
judge_lines(struct reading *r)
{
    struct slice rest = r->head->text;
    struct detail d = {0};
    while (rest.len > 0) {
        const uint8_t *lf = memchr(rest.ptr, '\n', rest.len);
        if (!lf)
            return; /* cut off */
        struct slice line = slice_head(rest, (size_t)(lf - rest.ptr));
        rest = slice_skip(rest, line.len + 1);
        r->line++;
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        } else {
            detail_init(&d);
            detail_addf(&d, "line %llu ends in LF alone",
                        (unsigned long long)r->line);
            find(r, FINDING_HTTP_LINE_ENDING_NOT_CRLF, &d);
        }
        if (line.len == 0)
            return;
        judge_line(r, line);
    }
}

/* ---- Fields ---------------------------------------------------------- */

static void
judge_singletons(const struct reading *r)
{
    static const char *const names[] = {
        "Authorization",  "Proxy-Authorization",
        "Content-Length", "Content-Type",
        "Origin",         "Referer",
        "User-Agent",     "Location",
        "Date",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct detail d = {0};
        size_t n = judge_count_fields(r->head, names[i]);
        if (n < 2)
            continue;
        detail_addf(&d, "%zu lines of %s", n, names[i]);
        find(r, FINDING_HTTP_SINGLETON_DUPLICATED, &d);
    }
}

/* Does some Content-Length tell of at least one byte? */
static bool
has_length(const struct http1_head *head)
{
    struct http1_search search = http1_search(head, "Content-Length");
    struct slice value;
    while (http1_search_next(&search, &value))
        for (size_t i = 0; i < value.len; i++)
            if (value.ptr[i] >= '1' && value.ptr[i] <= '9')
                return true;
    return false;
}

static void
judge_body(const struct reading *r)
{
    const struct http1_head *h = r->head;
    struct detail d = {0};
    if (!slice_equal_cstr(h->method, "GET"))
        return;
    struct slice coding = http1_value(h, "Transfer-Encoding");
    struct slice len = http1_value(h, "Content-Length");
    if (coding.ptr) {
        detail_add(&d, "Transfer-Encoding: ");
        detail_add_part(&d, coding, NAME_SHOWN);
    } else if (has_length(h)) {
        detail_add(&d, "Content-Length: ");
        detail_add_part(&d, len, NAME_SHOWN);
    } else {
        return;
    }
    find(r, FINDING_HTTP_REQUEST_WITH_BODY, &d);
}

size_t
judge_count_fields(const struct http1_head *head, const char *name)
{
    struct http1_search search = http1_search(head, name);
    struct slice value;
    size_t n = 0;
    while (http1_search_next(&search, &value))
        n++;
    return n;
}

void
judge_heads(struct judge *j, const struct event_handshake *ev)
{
    if (ev->request_head) {
        struct reading r = {.j = j,
                            .head = ev->request_head,
                            .from = WS_SENDER_CLIENT,
                            .at = judge_requested(ev)};
        judge_lines(&r);
        judge_host(&r);
        judge_body(&r);
        judge_singletons(&r);
    }
    if (ev->response_head) {
        struct reading r = {.j = j,
                            .head = ev->response_head,
                            .from = WS_SENDER_SERVER,
                            .at = judge_answered(ev)};
        judge_lines(&r);
        judge_singletons(&r);
    }
}
