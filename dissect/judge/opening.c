/* SPDX-License-Identifier: MIT */
/* The request of the opening handshake, RFC 6455 section 4.1. */
#include "dissect/handshake.h"
#include "dissect/judge/detail.h"
#include "dissect/judge/rules.h"

/* Longest value shown, in bytes. */
#define VALUE_SHOWN 40u

/* Base64 of 16 bytes: 22 digits and two "=". */
#define KEY_LEN 24u
#define KEY_DIGITS 22u

/* The request, for the rules. */
struct request {
    struct judge *j;
    const struct event_handshake *ev;
    const struct http1_head *head;
    bool whole;   /* what is absent was not sent */
    bool unkeyed; /* of a draft without key and version */
};

static void
find(const struct request *r, enum finding_id id, const struct detail *d)
{
    judge_find_side(r->j, id, WS_SENDER_CLIENT, judge_requested(r->ev),
                    d && d->len ? d->text : NULL);
}

/* ---- The request as such --------------------------------------------- */

static void
tell_request(const struct request *r)
{
    const struct event_handshake *ev = r->ev;
    struct detail d = {0};
    detail_add_address(&d, r->head->target, VALUE_SHOWN);
    if (ev->host.ptr) {
        detail_add(&d, " at ");
        detail_add_address(&d, ev->host, VALUE_SHOWN);
    }
    /* Names of subprotocols are not shown: some are tokens in disguise. */
    if (ev->n_protocols_offered > 0)
        detail_addf(&d, "; %zu subprotocol%s", ev->n_protocols_offered,
                    ev->n_protocols_offered > 1 ? "s" : "");
    if (ev->offered.n > 0) {
        detail_add(&d, "; ");
        detail_add_part(&d, ev->offered.ext[0].name, 24);
    }
    find(r, FINDING_HANDSHAKE_REQUEST, &d);
}

static void
judge_method(const struct request *r)
{
    struct detail d = {0};
    if (!slice_equal_cstr(r->head->method, "GET")) {
        detail_add_quoted(&d, "", r->head->method, VALUE_SHOWN);
        find(r, FINDING_HANDSHAKE_METHOD_NOT_GET, &d);
    }
    if (r->head->minor == 0)
        find(r, FINDING_HANDSHAKE_HTTP_VERSION_LOW, NULL);
}

static void
judge_upgrade(const struct request *r)
{
    const struct http1_head *h = r->head;
    struct detail d = {0};
    struct slice upgrade = http1_value(h, "Upgrade");
    bool connection = http1_has_token(h, "Connection", "upgrade");
    if (!r->whole)
        return;
    if (!http1_has_token(h, "Upgrade", "websocket")) {
        if (upgrade.ptr)
            detail_add_quoted(&d, "Upgrade is ", upgrade, VALUE_SHOWN);
        else if (connection)
            detail_add(&d, "there is no Upgrade");
        else
            detail_add(&d, "neither Upgrade nor Connection: Upgrade; a proxy "
                           "may have taken them out");
        find(r, FINDING_HANDSHAKE_UPGRADE_MISSING, &d);
        if (!upgrade.ptr)
            return; /* what should Connection name? */
    }
    if (!connection) {
        struct slice value = http1_value(h, "Connection");
        detail_init(&d);
        if (value.ptr)
            detail_add_quoted(&d, "Connection is ", value, VALUE_SHOWN);
        find(r, FINDING_HANDSHAKE_CONNECTION_MISSING_UPGRADE, &d);
    }
}

/* ---- Sec-WebSocket-Key ----------------------------------------------- */

static bool
is_base64(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* RFC 4648 section 4.  True: it is the text of 16 bytes. */
static bool
judge_key_text(const struct request *r, struct slice key)
{
    struct detail d = {0};
    size_t n = 0;
    while (n < key.len && is_base64(key.ptr[n]))
        n++;
    if (n < key.len && (key.ptr[n] == '-' || key.ptr[n] == '_'))
        detail_add_quoted(&d, "base64url: ", key, VALUE_SHOWN);
    else if (key.len != KEY_LEN)
        detail_addf(&d, "%zu characters instead of %u", key.len, KEY_LEN);
    else if (n != KEY_DIGITS || memcmp(key.ptr + n, "==", 2) != 0)
        detail_add_quoted(&d, "", key, VALUE_SHOWN);
    else
        return true;
    find(r, FINDING_HANDSHAKE_KEY_INVALID, &d);
    return false;
}

static void
judge_key(const struct request *r)
{
    size_t n = judge_count_fields(r->head, "Sec-WebSocket-Key");
    struct slice key = r->ev->key;
    struct detail d = {0};
    if (n == 0) {
        if (r->whole && !r->unkeyed)
            find(r, FINDING_HANDSHAKE_KEY_MISSING, NULL);
        return;
    }
    if (n > 1 || (key.len > 0 && memchr(key.ptr, ',', key.len))) {
        if (n > 1)
            detail_addf(&d, "%zu lines", n);
        else
            detail_add_quoted(&d, "a list: ", key, VALUE_SHOWN);
        find(r, FINDING_HANDSHAKE_KEY_DUPLICATED, &d);
        return;
    }
    if (!judge_key_text(r, key))
        return;
    /* The last digit has two bits of the 16 bytes, and four to spare. */
    uint8_t last = key.ptr[KEY_DIGITS - 1];
    if (!strchr("AQgw", last)) {
        detail_addf(&d, "it is \"%c\"", last);
        find(r, FINDING_HANDSHAKE_KEY_PAD_BITS, &d);
    }
}

/* ---- Sec-WebSocket-Version ------------------------------------------- */

/* RFC 6455 section 4.3: 0 to 255 without leading zeros; -1: it is no such
 * number. */
static int
read_version(struct slice s)
{
    int value = 0;
    if (s.len == 0 || s.len > 3 || (s.len > 1 && s.ptr[0] == '0'))
        return -1;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return -1;
        value = 10 * value + (s.ptr[i] - '0');
    }
    return value <= 255 ? value : -1;
}

static void
judge_version(const struct request *r)
{
    size_t n = judge_count_fields(r->head, "Sec-WebSocket-Version");
    int version = n == 1 ? read_version(r->ev->version) : -1;
    struct detail d = {0};
    if (n == 0) {
        if (r->whole && !r->unkeyed)
            find(r, FINDING_HANDSHAKE_VERSION_MISSING, NULL);
    } else if (version < 0) {
        if (n > 1)
            detail_addf(&d, "%zu lines", n);
        else
            detail_add_quoted(&d, "", r->ev->version, VALUE_SHOWN);
        find(r, FINDING_HANDSHAKE_VERSION_MALFORMED, &d);
    } else if (version != 13) {
        detail_addf(&d, "version %d", version);
        find(r, FINDING_HANDSHAKE_VERSION_NOT_13, &d);
    }
    detail_init(&d);
    if (r->unkeyed)
        detail_add(&d, "hixie-76: Sec-WebSocket-Key1 and -Key2");
    else if (http1_value(r->head, "Sec-WebSocket-Origin").ptr)
        detail_add(&d, "Sec-WebSocket-Origin, as in drafts 4 to 10");
    else if (version >= 0 && version <= 8)
        detail_addf(&d, "version %d", version);
    if (d.len > 0)
        find(r, FINDING_HANDSHAKE_OLD_DRAFT, &d);
}

/* ---- Origin ---------------------------------------------------------- */

static bool
begins_with(struct slice s, const char *text)
{
    size_t len = strlen(text);
    return s.len >= len && memcmp(s.ptr, text, len) == 0;
}

static bool
has_field_beginning(const struct http1_head *head, const char *prefix)
{
    size_t len = strlen(prefix);
    for (size_t i = 0; i < head->n_headers; i++)
        if (head->headers[i].value.ptr &&
            slice_equal_nocase(slice_head(head->headers[i].name, len),
                               slice_make(prefix, len)))
            return true;
    return false;
}

/* What only browsers send; NULL: nothing. */
static const char *
browser_mark(const struct http1_head *head)
{
    if (has_field_beginning(head, "Sec-Fetch-"))
        return "Sec-Fetch-* is there";
    if (begins_with(http1_value(head, "User-Agent"), "Mozilla/") &&
        http1_value(head, "Accept-Language").ptr)
        return "User-Agent is Mozilla/..., with Accept-Language";
    return NULL;
}

/* scheme "://" host [ ":" port ], or "null" (RFC 6454 section 7.1). */
static bool
is_origin(struct slice s)
{
    size_t i = 0;
    if (slice_equal_cstr(s, "null"))
        return true;
    while (i < s.len && s.ptr[i] != ':') {
        uint8_t c = s.ptr[i] | 0x20, raw = s.ptr[i];
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !((raw >= '0' && raw <= '9') || raw == '+' ||
                                    raw == '-' || raw == '.')))
            return false;
        i++;
    }
    if (i == 0 || s.len - i < 3 || memcmp(s.ptr + i, "://", 3) != 0)
        return false;
    struct slice host = slice_skip(s, i + 3);
    /* Web views tell a local page by "file://" and the like. */
    if (host.len == 0)
        return !slice_equal_nocase(slice_head(s, i), slice_cstr("http")) &&
               !slice_equal_nocase(slice_head(s, i), slice_cstr("https"));
    return judge_is_host_port(host);
}

static void
judge_origin(const struct request *r)
{
    const char *mark = browser_mark(r->head);
    struct slice origin = r->ev->origin;
    struct detail d = {0};
    if (origin.ptr) {
        if (!is_origin(origin)) {
            detail_add_quoted_address(&d, "", origin, VALUE_SHOWN);
            find(r, FINDING_HANDSHAKE_ORIGIN_MALFORMED, &d);
        }
    } else if (mark && r->whole &&
               !http1_value(r->head, "Sec-WebSocket-Origin").ptr) {
        detail_add(&d, mark);
        find(r, FINDING_HANDSHAKE_ORIGIN_MISSING, &d);
    }
}

/* ---- The target ------------------------------------------------------ */

static bool
begins_nocase(struct slice s, const char *text)
{
    size_t len = strlen(text);
    return s.len >= len &&
           slice_equal_nocase(slice_head(s, len), slice_make(text, len));
}

/* Where the authority of an absolute http URI starts in t; 0: it is none. */
static size_t
authority_at(struct slice t)
{
    if (begins_nocase(t, "http://"))
        return 7;
    return begins_nocase(t, "https://") ? 8 : 0;
}

/* The first octet that stands in no URI (RFC 3986 section 2), or -1. */
static int
bad_octet(struct slice target)
{
    for (size_t i = 0; i < target.len; i++)
        if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7f)
            return target.ptr[i];
    return -1;
}

static void
judge_target(const struct request *r)
{
    struct slice t = r->head->target;
    size_t authority = authority_at(t);
    struct slice path = t;
    struct detail d = {0};
    if (authority > 0) {
        path = slice_skip(t, authority);
        while (path.len > 0 && path.ptr[0] != '/' && path.ptr[0] != '?' &&
               path.ptr[0] != '#')
            path = slice_skip(path, 1);
    }
    int octet = bad_octet(t);
    bool form = authority > 0 ? path.ptr != t.ptr + authority
                              : t.len > 0 && t.ptr[0] == '/';
    if (memchr(t.ptr, '#', t.len)) {
        detail_add_quoted_address(&d, "", t, VALUE_SHOWN);
        detail_add(&d, " and more");
        find(r, FINDING_HANDSHAKE_TARGET_FRAGMENT, &d);
    } else if (!form) {
        detail_add_quoted_address(&d, "", t, VALUE_SHOWN);
        find(r, FINDING_HANDSHAKE_TARGET_INVALID, &d);
    } else if (octet >= 0) {
        detail_addf(&d, "octet 0x%02x", (unsigned)octet);
        find(r, FINDING_HANDSHAKE_TARGET_INVALID, &d);
    }
    if (authority > 0) {
        detail_init(&d);
        if (r->ev->host.ptr)
            detail_add_quoted_address(&d, "Host is ", r->ev->host, VALUE_SHOWN);
        find(r, FINDING_HANDSHAKE_TARGET_ABSOLUTE_FORM, &d);
    }
    if (begins_with(path, "/.well-known/")) {
        detail_init(&d);
        detail_add_address(&d, path, VALUE_SHOWN);
        find(r, FINDING_HANDSHAKE_WELL_KNOWN_URI, &d);
    }
}

/* ---- Silence --------------------------------------------------------- */

/* The client was the first to end TCP. */
static bool
has_left(const struct judge *j)
{
    uint64_t c = j->tcp[WS_SENDER_CLIENT].end_packet;
    uint64_t s = j->tcp[WS_SENDER_SERVER].end_packet;
    return c > 0 && (s == 0 || c < s);
}

/* Not judged when the answer may be what the capture lacks.  No fault of the
 * server if the client did not wait for it. */
static void
judge_silence(const struct request *r)
{
    const struct event_handshake *ev = r->ev;
    int64_t waited = ev->at.time_ns - ev->request.time_ns;
    unsigned server_dir = !r->j->config.client_dir;
    bool all_seen = r->j->config.pair->syn_seen[server_dir] &&
                    !r->j->side[WS_SENDER_SERVER].gap;
    bool long_enough = waited > judge_limit_ns(r->j, THRESHOLD_HANDSHAKE_REPLY);
    bool left = ev->answer == ANSWER_NONE && has_left(r->j);
    struct detail d = {0};
    if (ev->response_head || ev->accepted)
        return;
    if (ev->answer == ANSWER_NONE)
        detail_add(&d, left ? "the client ended TCP " : "TCP ended ");
    else if (!r->whole || !all_seen || !long_enough)
        return;
    if (r->whole) {
        detail_add_time(&d, waited);
        detail_add(&d, ev->answer == ANSWER_NONE ? " after the request"
                                                 : " without an answer");
    }
    judge_find(r->j,
               &(struct event_finding){.id = FINDING_HANDSHAKE_NO_RESPONSE,
                                       .severity = SEVERITY_NOTE,
                                       .lowered =
                                           left && r->whole && !long_enough,
                                       .has_from = true,
                                       .from = WS_SENDER_SERVER,
                                       .at = ev->at,
                                       .detail = r->whole ? d.text : NULL});
}

/* ---- All of it ------------------------------------------------------- */

void
judge_opening(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *head = ev->request_head;
    if (head) {
        struct request r = {.j = j,
                            .ev = ev,
                            .head = head,
                            .whole = !head->partial,
                            .unkeyed = handshake_is_unkeyed(head)};
        tell_request(&r);
        if (j->config.via_connect)
            find(&r, FINDING_HANDSHAKE_VIA_PROXY_CONNECT, NULL);
        judge_method(&r);
        judge_upgrade(&r);
        judge_key(&r);
        judge_version(&r);
        judge_origin(&r);
        judge_target(&r);
        judge_silence(&r);
        j->opening.unkeyed = r.unkeyed;
    }
    if (ev->response_head)
        judge_answer(j, ev);
}

void
judge_early_client(struct judge *j, uint64_t off, const struct pkt_meta *meta)
{
    /* The eight bytes behind such a request belong to its key. */
    if (j->opening.unkeyed)
        return;
    judge_find(j, &(struct event_finding){
                      .id = FINDING_HANDSHAKE_CLIENT_DATA_BEFORE_101,
                      .has_from = true,
                      .from = WS_SENDER_CLIENT,
                      .at = judge_stamp(meta),
                      .has_offset = true,
                      .offset = off});
}
