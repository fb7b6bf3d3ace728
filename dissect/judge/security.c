/* SPDX-License-Identifier: MIT */
/*
 * TLS is not read: all that comes here was sent in clear, at least where the
 * capture was made.  Secrets are never shown, only where they stand.
 */
#include "dissect/judge/detail.h"
#include "dissect/judge/peers.h"
#include "dissect/judge/rules.h"

/* RFC 6455 section 7.4.1: what a script sees when no Close frame came. */
#define CODE_ABNORMAL 1006u

/* A finding that is worth a note only, for one of these reasons. */
static void
find(struct judge *j, enum finding_id id, const enum ws_sender *from,
     struct stamp at, bool lowered, const char *detail)
{
    judge_find(j,
               &(struct event_finding){.id = id,
                                       .severity = SEVERITY_NOTE,
                                       .lowered = lowered,
                                       .has_from = from != NULL,
                                       .from = from ? *from : WS_SENDER_CLIENT,
                                       .at = at,
                                       .detail = detail});
}

static const enum ws_sender client = WS_SENDER_CLIENT;
static const enum ws_sender server = WS_SENDER_SERVER;

static bool
has_header(const struct http1_head *head, const char *name)
{
    return head && http1_value(head, name).ptr;
}

/* ---- Places --------------------------------------------------------- */

/* Loopback (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3) or link-local
 * (RFC 3927, RFC 4291 section 2.5.6), IPv4-mapped ones too. */
static bool
is_local(const struct addr *a)
{
    static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t loopback[] = {0, 0, 0, 0, 0, 0, 0, 0,
                                       0, 0, 0, 0, 0, 0, 0, 1};
    const uint8_t *b = a->bytes;
    if (a->family == 6 && memcmp(b, loopback, sizeof loopback) == 0)
        return true;
    if (a->family == 6 && memcmp(b, mapped, sizeof mapped) != 0)
        return b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
    if (a->family == 6)
        b += sizeof mapped;
    return a->family != 0 && (b[0] == 127 || (b[0] == 169 && b[1] == 254));
}

/* For use inside one network (RFC 1918, RFC 4193). */
static bool
is_private(const struct addr *a)
{
    const uint8_t *b = a->bytes;
    if (a->family == 6)
        return (b[0] & 0xfe) == 0xfc;
    return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
           (b[0] == 192 && b[1] == 168);
}

/* Whether text, in any case, stands somewhere in s. */
static bool
contains(struct slice s, const char *text)
{
    struct slice want = slice_cstr(text);
    for (size_t i = 0; i + want.len <= s.len; i++)
        if (slice_equal_nocase(slice_make(s.ptr + i, want.len), want))
            return true;
    return false;
}

/* Whether a proxy says that it ended TLS in front of the capture point
 * (RFC 7239 section 5.4, and what was used before it). */
static bool
is_behind_tls(const struct http1_head *request)
{
    if (!request)
        return false;
    return contains(http1_value(request, "Forwarded"), "proto=https") ||
           contains(http1_value(request, "Forwarded"), "proto=\"https\"") ||
           contains(http1_value(request, "X-Forwarded-Proto"), "https") ||
           contains(http1_value(request, "X-Forwarded-Proto"), "wss") ||
           contains(http1_value(request, "X-Forwarded-Ssl"), "on") ||
           contains(http1_value(request, "CF-Visitor"), "https");
}

/* Whether what is sent in clear stays where nobody listens. */
static bool
is_harmless_place(const struct event_handshake *ev)
{
    return is_local(&ev->server.addr) || is_local(&ev->client.addr) ||
           is_behind_tls(ev->request_head);
}

/* ---- Secrets -------------------------------------------------------- */

static bool
begins_with(struct slice s, const char *text)
{
    struct slice want = slice_cstr(text);
    return s.len >= want.len && memcmp(s.ptr, want.ptr, want.len) == 0;
}

/* A JSON Web Token: three parts, the first of which begins with {" in base64
 * (RFC 7519 section 3). */
static bool
is_jwt(struct slice s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.len; i++)
        dots += s.ptr[i] == '.';
    return begins_with(s, "eyJ") && dots >= 2 && s.len >= 20;
}

/* What a text is made of. */
struct letters {
    size_t lower, upper, digits, others, distinct;
    bool hex; /* hex digits and dashes only */
};

static struct letters
count_letters(struct slice s)
{
    struct letters n = {.hex = true};
    bool seen[256] = {false};
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        n.lower += c >= 'a' && c <= 'z';
        n.upper += c >= 'A' && c <= 'Z';
        n.digits += c >= '0' && c <= '9';
        n.others += c == '.' || c == '/' || c == ':';
        n.hex = n.hex && c != 0 && memchr("0123456789abcdefABCDEF-", c, 23);
        n.distinct += !seen[c];
        seen[c] = true;
    }
    return n;
}

/* Whether that looks like random characters and not like words. */
static bool
is_random(struct slice s)
{
    struct letters n = count_letters(s);
    if (n.others > 0 || n.distinct < 10 || n.digits < 2)
        return false;
    return (n.hex && n.lower + n.upper >= 3) || (n.lower >= 3 && n.upper >= 3);
}

/* Random characters from which on a name is one; the threshold says when it
 * is told. */
#define SECRET_LEN 16u

/* Names that carry a secret whatever else stands in the list. */
static bool
is_secret_by_form(struct slice name)
{
    return begins_with(name, "base64url.bearer.authorization.") ||
           begins_with(name, "openai-insecure-api-key.") ||
           (begins_with(name, "header-") && name.len >= 27) || is_jwt(name);
}

bool
judge_is_secret(struct slice name)
{
    return is_secret_by_form(name) ||
           (name.len >= SECRET_LEN && is_random(name) &&
            !judge_is_known_subprotocol(name));
}

/* "12 characters hidden" */
static void
add_hidden(struct detail *d, size_t len)
{
    detail_add_number(d, len);
    detail_add(d, len == 1 ? " character hidden" : " characters hidden");
}

/* ---- Headers in clear ----------------------------------------------- */

/* The scheme of an Authorization header, if it is a known one: anything else
 * may be the secret itself. */
static const char *
auth_scheme(struct slice value)
{
    static const char *const names[] = {"Basic", "Bearer",          "Digest",
                                        "NTLM",  "Negotiate",       "Token",
                                        "HOBA",  "AWS4-HMAC-SHA256"};
    size_t len = 0;
    while (len < value.len && value.ptr[len] != ' ')
        len++;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_equal_nocase(slice_head(value, len), slice_cstr(names[i])))
            return names[i];
    return NULL;
}

static void
judge_credentials(struct judge *j, const struct event_handshake *ev)
{
    static const char *const names[] = {
        "Authorization",  "Proxy-Authorization", "X-API-Key",      "Api-Key",
        "ApiKey",         "X-Auth-Token",        "X-Access-Token", "X-Auth-Key",
        "X-Goog-Api-Key", "X-Amz-Security-Token"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct http1_search search = http1_search(ev->request_head, names[i]);
        struct slice value;
        while (http1_search_next(&search, &value)) {
            const char *scheme = i < 2 ? auth_scheme(value) : NULL;
            struct detail d;
            if (value.len == 0)
                continue;
            detail_init(&d);
            detail_add(&d, names[i]);
            detail_add(&d, ": ");
            detail_add(&d, scheme ? scheme : "");
            detail_add(&d, scheme ? ", " : "");
            /* Behind the scheme stands a blank. */
            size_t shown = scheme ? strlen(scheme) + 1 : 0;
            add_hidden(&d, value.len > shown ? value.len - shown : 0);
            find(j, FINDING_SECURITY_CREDENTIALS_PLAINTEXT, &client,
                 judge_requested(ev), is_harmless_place(ev), d.text);
        }
    }
}

/* Adds "a, b" of "a=1; b=2"; a part without "=" may be a secret. */
static void
add_cookie_names(struct detail *d, struct slice value, bool only_first)
{
    size_t shown = 0;
    while (value.len > 0) {
        const uint8_t *semi = memchr(value.ptr, ';', value.len);
        size_t len = semi ? (size_t)(semi - value.ptr) : value.len;
        struct slice part = slice_head(value, len);
        value = slice_skip(value, semi ? len + 1 : len);
        while (part.len > 0 && part.ptr[0] == ' ')
            part = slice_skip(part, 1);
        const uint8_t *eq = part.len ? memchr(part.ptr, '=', part.len) : NULL;
        if (eq && shown < 3) {
            part.len = (size_t)(eq - part.ptr);
            detail_add(d, shown > 0 ? ", " : "");
            detail_add_value(d, slice_head(part, 20));
        }
        shown += eq != NULL;
        if (only_first)
            break;
    }
    detail_add(d, shown > 3 ? ", ..." : shown == 0 ? "no name" : "");
    detail_add(d, " (values hidden)");
}

static void
judge_cookies(struct judge *j, const struct event_handshake *ev)
{
    bool lowered = is_harmless_place(ev);
    struct detail d;
    if (has_header(ev->request_head, "Cookie")) {
        detail_init(&d);
        detail_add(&d, "Cookie: ");
        add_cookie_names(&d, http1_value(ev->request_head, "Cookie"), false);
        find(j, FINDING_SECURITY_COOKIE_PLAINTEXT, &client, judge_requested(ev),
             lowered, d.text);
    }
    if (has_header(ev->response_head, "Set-Cookie")) {
        detail_init(&d);
        detail_add(&d, "Set-Cookie: ");
        add_cookie_names(&d, http1_value(ev->response_head, "Set-Cookie"),
                         true);
        find(j, FINDING_SECURITY_COOKIE_PLAINTEXT, &server, judge_answered(ev),
             lowered, d.text);
    }
}

/* ---- Tokens where they are logged ----------------------------------- */

static bool
is_secret_parameter(struct slice name)
{
    static const char *const names[] = {
        "token",      "access_token", "accesstoken",   "auth_token",
        "authtoken",  "id_token",     "refresh_token", "jwt",
        "auth",       "bearer",       "api_key",       "apikey",
        "api-key",    "key",          "secret",        "session",
        "session_id", "sessionid",    "sig",           "signature",
        "password",   "passwd",       "pwd",           "authorization",
        "sid"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_equal_nocase(name, slice_cstr(names[i])))
            return true;
    return false;
}

/* One "name=value" of the query; sids: only the id of a session, or only all
 * others. */
static void
judge_parameter(struct judge *j, const struct event_handshake *ev,
                struct slice name, struct slice value, bool sids)
{
    struct detail d;
    bool sid = slice_equal_nocase(name, slice_cstr("sid")) && !is_jwt(value);
    uint64_t least = j->config.limits->value[THRESHOLD_TOKEN_LENGTH];
    if (sid != sids ||
        (!is_jwt(value) && (!is_secret_parameter(name) || value.len < least)))
        return;
    detail_value(&d, "", slice_head(name, 24), ": ");
    add_hidden(&d, value.len);
    detail_add(&d, is_jwt(value) ? ", a JSON Web Token" : "");
    detail_add(&d, sid ? ", the session of Socket.IO or the like"
                       : "; a leak if it is long-lived");
    find(j, FINDING_SECURITY_TOKEN_IN_URL, &client, judge_requested(ev), sid,
         d.text);
}

static void
judge_query(struct judge *j, const struct event_handshake *ev, bool sids)
{
    struct slice q = ev->request_head->target;
    const uint8_t *mark = q.len ? memchr(q.ptr, '?', q.len) : NULL;
    if (!mark)
        return;
    q = slice_skip(q, (size_t)(mark - q.ptr) + 1);
    while (q.len > 0 && q.ptr[0] != '#') {
        size_t len = 0, eq = SIZE_MAX;
        for (; len < q.len && !memchr("&;#", q.ptr[len], 3); len++)
            if (q.ptr[len] == '=' && eq == SIZE_MAX)
                eq = len;
        if (eq != SIZE_MAX)
            judge_parameter(j, ev, slice_head(q, eq),
                            slice_make(q.ptr + eq + 1, len - eq - 1), sids);
        q = slice_skip(q, len);
        if (q.len > 0 && q.ptr[0] != '#')
            q = slice_skip(q, 1);
    }
}

static void
judge_subprotocol_tokens(struct judge *j, const struct event_handshake *ev)
{
    uint64_t least =
        j->config.limits->value[THRESHOLD_SUBPROTOCOL_TOKEN_LENGTH];
    struct detail d;
    for (size_t i = 0; i < ev->n_protocols_offered; i++) {
        struct slice name = ev->protocols_offered[i];
        bool random = ev->n_protocols_offered > 1 && name.len >= least &&
                      is_random(name) && !judge_is_known_subprotocol(name);
        if (!is_secret_by_form(name) && !random)
            continue;
        detail_init(&d);
        add_hidden(&d, name.len);
        find(j, FINDING_SECURITY_TOKEN_IN_SUBPROTOCOL, &client,
             judge_requested(ev), is_behind_tls(ev->request_head), d.text);
    }
}

/* ---- Origin, RFC 6455 section 10.2 ---------------------------------- */

/* Host and port of an authority; port empty: none. */
struct place {
    struct slice host, port;
};

static struct place
split_authority(struct slice a)
{
    size_t end = a.len;
    for (size_t i = a.len; i > 0 && a.ptr[i - 1] != ']'; i--)
        if (a.ptr[i - 1] == ':')
            end = i - 1;
    struct place p = {.host = slice_head(a, end)};
    if (end < a.len)
        p.port = slice_skip(a, end + 1);
    return p;
}

/* What stands behind "://", without a path; ptr NULL: nothing. */
static struct slice
origin_authority(struct slice origin, struct slice *scheme)
{
    for (size_t i = 0; i + 3 <= origin.len; i++)
        if (memcmp(origin.ptr + i, "://", 3) == 0) {
            *scheme = slice_head(origin, i);
            origin = slice_skip(origin, i + 3);
            size_t len = 0;
            while (len < origin.len && !memchr("/?#", origin.ptr[len], 3))
                len++;
            return slice_head(origin, len);
        }
    return slice_make(NULL, 0);
}

static bool
is_loopback_name(struct slice host)
{
    return slice_equal_nocase(host, slice_cstr("localhost")) ||
           slice_equal_cstr(host, "[::1]") || begins_with(host, "127.");
}

/* The last labels of a name, which a site has in common: two, or three where
 * the last but one is short (co.uk). */
static struct slice
site_of(struct slice host)
{
    size_t dots = 0, want = 2, last = host.len; /* where the label behind
                                                   the last dot starts */
    for (size_t i = host.len; i > 0; i--) {
        if (host.ptr[i - 1] != '.')
            continue;
        if (++dots == 2 && host.len - last == 2 && last - 1 - i <= 3)
            want = 3;
        if (dots == want)
            return slice_skip(host, i);
        last = i;
    }
    return host;
}

static bool
is_ip_literal(struct slice host)
{
    for (size_t i = 0; i < host.len; i++)
        if ((host.ptr[i] < '0' || host.ptr[i] > '9') && host.ptr[i] != '.' &&
            host.ptr[0] != '[')
            return false;
    return true;
}

/* How far the origin is from the host; 0: the same. */
enum distance {
    SAME = 0,
    OTHER_PORT,
    OTHER_SUBDOMAIN,
    OTHER_SITE,
};

/* Which one is the default depends on who ends TLS, so either. */
static bool
is_default_port(struct slice port)
{
    return port.len == 0 || slice_equal_cstr(port, "80") ||
           slice_equal_cstr(port, "443");
}

static enum distance
distance(const struct place *origin, const struct place *host)
{
    if (slice_equal_nocase(origin->host, host->host) ||
        (is_loopback_name(origin->host) && is_loopback_name(host->host))) {
        bool same =
            slice_equal(origin->port, host->port) ||
            (is_default_port(origin->port) && is_default_port(host->port));
        return same ? SAME : OTHER_PORT;
    }
    if (!is_ip_literal(origin->host) && !is_ip_literal(host->host) &&
        slice_equal_nocase(site_of(origin->host), site_of(host->host)))
        return OTHER_SUBDOMAIN;
    return OTHER_SITE;
}

/* Whether the request came through a proxy, which may have put its own name
 * for the server into Host. */
static bool
is_forwarded(const struct http1_head *request)
{
    return has_header(request, "Forwarded") || has_header(request, "Via") ||
           has_header(request, "X-Forwarded-For") ||
           has_header(request, "X-Forwarded-Host") ||
           has_header(request, "X-Real-IP");
}

static void
judge_cross_origin(struct judge *j, const struct event_handshake *ev)
{
    struct slice scheme;
    struct slice authority = origin_authority(ev->origin, &scheme);
    struct detail d;
    if (!authority.ptr || !ev->host.ptr)
        return;
    struct place origin = split_authority(authority);
    struct slice asked = http1_value(ev->request_head, "X-Forwarded-Host");
    struct place host = split_authority(asked.len > 0 ? asked : ev->host);
    bool page = slice_equal_nocase(scheme, slice_cstr("http")) ||
                slice_equal_nocase(scheme, slice_cstr("https"));
    bool cookies = has_header(ev->request_head, "Cookie");
    enum distance far = distance(&origin, &host);
    if (far == SAME && page)
        return;
    detail_init(&d);
    detail_add(&d, "Origin ");
    detail_add_address(&d, ev->origin, 40);
    detail_add(&d, ", Host ");
    detail_add_address(&d, ev->host, 32);
    detail_add(&d, cookies ? ": check that it is meant" : ", no cookies");
    find(j, FINDING_SECURITY_CROSS_ORIGIN_ACCEPTED, NULL, judge_answered(ev),
         !cookies || !page || far != OTHER_SITE ||
             is_forwarded(ev->request_head),
         d.text);
}

/* The page came over TLS: browsers allow ws:// to loopback only, so mostly
 * some proxy stands in between. */
static void
judge_mixed_content(struct judge *j, const struct event_handshake *ev)
{
    struct slice scheme;
    if (!origin_authority(ev->origin, &scheme).ptr ||
        !slice_equal_nocase(scheme, slice_cstr("https")) ||
        is_harmless_place(ev))
        return;
    find(j, FINDING_SECURITY_MIXED_CONTENT, &client, judge_requested(ev),
         is_private(&ev->client.addr), NULL);
}

static void
judge_origin(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *request = ev->request_head;
    if (!ev->origin.ptr) {
        if (!request->partial && has_header(request, "Cookie"))
            find(j, FINDING_SECURITY_ORIGIN_ABSENT, &client,
                 judge_requested(ev), false, NULL);
        return;
    }
    judge_mixed_content(j, ev);
    if (!ev->accepted || !ev->response_head)
        return;
    if (slice_equal_cstr(ev->origin, "null"))
        find(j, FINDING_SECURITY_ORIGIN_NULL_ACCEPTED, NULL, judge_answered(ev),
             is_local(&ev->server.addr), NULL);
    else
        judge_cross_origin(j, ev);
}

/* ---- The key, RFC 6455 section 4.1 (request 7) ---------------------- */

static int
base64_digit(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? memchr(digits, c, sizeof digits - 1) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Reads a key of 16 bytes, its padding bits whatever they are: one of the
 * samples has them wrong (erratum 3150). */
static bool
read_key(struct slice key, uint8_t out[16])
{
    uint32_t bits = 0;
    size_t n = 0;
    if (key.len != 24 || key.ptr[22] != '=' || key.ptr[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++) {
        int digit = base64_digit(key.ptr[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0)
            out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return n == 16;
}

/* What is not random about it; NULL: nothing. */
static const char *
key_weakness(const uint8_t key[16])
{
    /* RFC 6455 sections 1.2 and 4.1. */
    static const uint8_t counting[16] = {1, 2,  3,  4,  5,  6,  7,  8,
                                         9, 10, 11, 12, 13, 14, 15, 16};
    bool text = true, steady = true;
    for (size_t i = 0; i < 16; i++) {
        text = text && key[i] >= 0x20 && key[i] <= 0x7e;
        steady = steady && (i == 0 || (uint8_t)(key[i] - key[i - 1]) ==
                                          (uint8_t)(key[1] - key[0]));
    }
    if (memcmp(key, "the sample nonce", 16) == 0 ||
        memcmp(key, counting, sizeof counting) == 0)
        return "it is an example of RFC 6455";
    if (steady)
        return key[0] == key[1] ? "all bytes are equal" : "the bytes count";
    return text ? "it is text" : NULL;
}

/* True: it is weak, which was told. */
static bool
judge_key(struct judge *j, const struct event_handshake *ev)
{
    uint8_t key[16];
    if (!ev->key.ptr || !read_key(ev->key, key))
        return false;
    const char *why = key_weakness(key);
    if (why)
        find(j, FINDING_SECURITY_KEY_WEAK, &client, judge_requested(ev), false,
             why);
    return why != NULL;
}

/* ---- Other connections ---------------------------------------------- */

static uint64_t
add_hash(uint64_t hash, struct slice s)
{
    /* FNV-1a: who chooses texts that collide is taken for one client. */
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ s.ptr[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

/* What tells clients behind one address apart. */
static uint64_t
hash_client(const struct http1_head *request)
{
    static const char *const names[] = {"User-Agent", "Cookie",
                                        "X-Forwarded-For", "Authorization"};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        hash = add_hash(hash, http1_value(request, names[i]));
    return hash;
}

/* The target up to its query. */
static struct slice
path_of(struct slice target)
{
    const uint8_t *mark =
        target.len ? memchr(target.ptr, '?', target.len) : NULL;
    return mark ? slice_head(target, (size_t)(mark - target.ptr)) : target;
}

static void
find_other(struct judge *j, enum finding_id id,
           const struct event_handshake *ev, uint64_t packet)
{
    struct detail d;
    detail_init(&d);
    detail_add(&d, "the other request is in packet ");
    detail_add_number(&d, packet);
    find(j, id, &client, judge_requested(ev), false, d.text);
}

/* Whether the answer asks the client to come again, in another way. */
static bool
asks_again(const struct http1_head *response)
{
    unsigned status = response ? response->status : 0;
    return (status >= 300 && status < 400) || status == 401 || status == 407 ||
           status == 426;
}

static struct peers_storm
storm_limits(const struct judge *j)
{
    const uint64_t *limits = j->config.limits->value;
    return (struct peers_storm){.window_ns =
                                    (int64_t)limits[THRESHOLD_RECONNECT_WINDOW],
                                .returns = limits[THRESHOLD_RECONNECT_COUNT]};
}

static void
tell_storm(struct judge *j, struct stamp at)
{
    struct detail d;
    detail_init(&d);
    detail_add_number(&d, storm_limits(j).returns);
    detail_add(&d, " times in a row right after an abnormal end");
    find(j, FINDING_PERF_RECONNECT_STORM, &client, at, false, d.text);
}

static void
judge_others(struct judge *j, const struct event_handshake *ev, bool weak_key)
{
    struct peers *peers = j->config.peers;
    struct peers_attempt attempt = {.client = ev->client,
                                    .server = ev->server,
                                    .who = hash_client(ev->request_head),
                                    .start_ns = judge_requested(ev).time_ns,
                                    .end_ns = ev->at.time_ns,
                                    .packet = judge_requested(ev).packet};
    uint64_t packet;
    /* A key that is weak comes again for that reason. */
    if (ev->key.ptr && !weak_key &&
        peers_is_key_reused(peers, ev->key, &attempt, &packet))
        find_other(j, FINDING_SECURITY_KEY_REUSED, ev, packet);
    /* An answer that was not captured may have come long before. */
    if (ev->answer != ANSWER_NOT_CAPTURED &&
        peers_is_parallel(peers, &attempt, &packet))
        find_other(j, FINDING_HANDSHAKE_PARALLEL_CONNECTING, ev, packet);
    attempt.who = add_hash(add_hash(attempt.who, ev->host),
                           path_of(ev->request_head->target));
    j->security.aim = attempt.who;
    j->security.has_aim = !asks_again(ev->response_head);
    const struct peers_storm storm = storm_limits(j);
    if (peers_came(peers, &attempt, &storm))
        tell_storm(j, judge_requested(ev));
}

/* The connection has ended, abnormally unless a Close frame was seen: will it
 * come back? */
static void
note_end(struct judge *j, struct stamp at)
{
    const struct endpoint *ends = j->config.pair->end;
    unsigned dir = j->config.client_dir;
    const struct peers_storm storm = storm_limits(j);
    if (!j->security.has_aim)
        return;
    j->security.has_aim = false;
    if (j->side[0].gap || j->side[1].gap || j->security.close_seen)
        return;
    if (peers_dropped(j->config.peers,
                      &(struct peers_attempt){.client = ends[dir],
                                              .server = ends[!dir],
                                              .who = j->security.aim,
                                              .end_ns = at.time_ns},
                      &storm))
        tell_storm(j, at);
}

void
judge_security_frame(struct judge *j, const struct judged_frame *f)
{
    j->security.close_seen |= f->header->opcode == WS_OP_CLOSE;
}

/* The end itself may be told much later: capture/ waits for segments that are
 * captured behind an RST, and the other side may never send its FIN. */
void
judge_security_tcp(struct judge *j, enum stream_tcp what,
                   const struct pkt_meta *meta)
{
    if (j->accepted && (what == STREAM_TCP_FIN || what == STREAM_TCP_RST))
        note_end(j, judge_stamp(meta));
}

void
judge_security_end(struct judge *j, const struct event_end *end)
{
    if (end->onclose_code == CODE_ABNORMAL)
        note_end(j, end->at);
}

/* ---- All of it ------------------------------------------------------ */

void
judge_security(struct judge *j, const struct event_handshake *ev)
{
    if (ev->accepted && peers_is_new_server(j->config.peers, &ev->server))
        find(j, FINDING_SECURITY_PLAINTEXT, NULL, ev->at, is_harmless_place(ev),
             NULL);
    judge_cookies(j, ev);
    if (!ev->request_head)
        return;
    judge_credentials(j, ev);
    /* What is told first sets the severity; a session's id is a note. */
    judge_query(j, ev, false);
    judge_query(j, ev, true);
    judge_subprotocol_tokens(j, ev);
    judge_origin(j, ev);
    judge_others(j, ev, judge_key(j, ev));
}
