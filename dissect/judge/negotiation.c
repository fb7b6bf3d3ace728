/* SPDX-License-Identifier: MIT */
#include "dissect/judge/detail.h"
#include "dissect/judge/rules.h"

/* Whether all of the head was seen. */
static bool
is_whole(const struct http1_head *head)
{
    return head && !head->partial;
}

/* A finding about the request or the answer, less than its row says. */
static void
find_lowered(struct judge *j, enum finding_id id, enum ws_sender from,
             struct stamp at, const char *detail)
{
    judge_find(j, &(struct event_finding){.id = id,
                                          .severity = SEVERITY_NOTE,
                                          .lowered = true,
                                          .has_from = true,
                                          .from = from,
                                          .at = at,
                                          .detail = detail});
}

/* ---- Subprotocols, RFC 6455 section 4.1 (request 10) ---------------- */

/* One place of the list of subprotocols, which may be empty. */
struct place {
    struct http1_search search;
    struct slice rest;
    bool in_line; /* rest has places left, perhaps an empty one */
};

static struct place
first_place(const struct http1_head *head)
{
    return (struct place){.search =
                              http1_search(head, "Sec-WebSocket-Protocol")};
}

static struct slice
trim(struct slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = slice_skip(s, 1);
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Takes what stands between two commas.  False: no more. */
static bool
next_place(struct place *p, struct slice *name)
{
    if (!p->in_line && !http1_search_next(&p->search, &p->rest))
        return false;
    const uint8_t *comma =
        p->rest.len ? memchr(p->rest.ptr, ',', p->rest.len) : NULL;
    size_t len = comma ? (size_t)(comma - p->rest.ptr) : p->rest.len;
    p->in_line = comma != NULL;
    *name = trim(slice_head(p->rest, len));
    p->rest = slice_skip(p->rest, comma ? len + 1 : len);
    return true;
}

static bool
is_token(struct slice s)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9');
        if (!letter && (c == 0 || !memchr(marks, c, sizeof marks - 1)))
            return false;
    }
    return s.len > 0;
}

/* A name, unless it is a secret. */
static void
describe_name(struct detail *d, const char *before, struct slice name)
{
    if (judge_is_secret(name))
        detail_value(d, before, slice_cstr("(hidden)"), "");
    else
        detail_value(d, before, name, "");
}

static void
judge_offered_names(struct judge *j, const struct event_handshake *ev)
{
    struct place p = first_place(ev->request_head);
    struct slice name;
    struct detail d;
    size_t n_names = 0, n_empty = 0;
    while (next_place(&p, &name)) {
        n_names += name.len > 0;
        n_empty += name.len == 0;
        if (name.len == 0 || is_token(name))
            continue;
        describe_name(&d, "not a token: ", name);
        judge_find_side(j, FINDING_HANDSHAKE_SUBPROTOCOL_OFFER_INVALID,
                        WS_SENDER_CLIENT, ev->request, d.text);
    }
    if (n_empty == 0)
        return;
    if (n_names == 0)
        judge_find_side(j, FINDING_HANDSHAKE_SUBPROTOCOL_OFFER_INVALID,
                        WS_SENDER_CLIENT, ev->request, "there is no name");
    else /* to be ignored by who reads it (RFC 9110 section 5.6.1.2) */
        find_lowered(j, FINDING_HANDSHAKE_SUBPROTOCOL_OFFER_INVALID,
                     WS_SENDER_CLIENT, ev->request,
                     "a place between commas is empty");
}

static void
judge_doubled_names(struct judge *j, const struct event_handshake *ev)
{
    struct detail d;
    /* At most HANDSHAKE_PROTOCOLS_MAX names are kept. */
    for (size_t i = 1; i < ev->n_protocols_offered; i++)
        for (size_t k = 0; k < i; k++) {
            if (!slice_equal(ev->protocols_offered[i],
                             ev->protocols_offered[k]))
                continue;
            describe_name(&d, "", ev->protocols_offered[i]);
            judge_find_side(j, FINDING_HANDSHAKE_SUBPROTOCOL_OFFER_DUPLICATED,
                            WS_SENDER_CLIENT, ev->request, d.text);
            break;
        }
}

/* Whether the name was offered: YES, or UNKNOWN when only the case differs. */
static enum tristate
was_offered(const struct event_handshake *ev, struct slice chosen)
{
    struct place p = first_place(ev->request_head);
    struct slice name;
    enum tristate offered = TRI_NO;
    while (next_place(&p, &name)) {
        if (slice_equal(name, chosen))
            return TRI_YES;
        if (slice_equal_nocase(name, chosen))
            offered = TRI_UNKNOWN;
    }
    return offered;
}

/* Nothing was chosen. */
static void
judge_no_name(struct judge *j, const struct event_handshake *ev)
{
    if (!is_whole(ev->request_head) || ev->n_protocols_offered == 0 ||
        !is_whole(ev->response_head))
        return;
    judge_find_side(j, FINDING_HANDSHAKE_SUBPROTOCOL_NONE_CHOSEN,
                    WS_SENDER_SERVER, judge_answered(ev),
                    ev->origin.ptr ? "the request has an Origin: a browser "
                                     "fails the connection then"
                                   : NULL);
}

static void
judge_chosen_name(struct judge *j, const struct event_handshake *ev)
{
    struct place p = first_place(ev->response_head);
    struct slice name, other;
    struct detail d;
    if (!next_place(&p, &name)) {
        judge_no_name(j, ev);
        return;
    }
    if (next_place(&p, &other) || name.len == 0) {
        describe_name(&d, "Sec-WebSocket-Protocol: ", ev->protocol);
        judge_find_side(j, FINDING_HANDSHAKE_SUBPROTOCOL_MULTIPLE,
                        WS_SENDER_SERVER, judge_answered(ev),
                        name.len == 0 ? "there is no name" : d.text);
        return;
    }
    if (!is_whole(ev->request_head))
        return;
    enum tristate offered = was_offered(ev, name);
    if (offered == TRI_YES)
        return;
    describe_name(&d, "", name);
    if (offered == TRI_UNKNOWN)
        detail_add(&d, ": what was offered differs in case, which counts");
    judge_find_side(j, FINDING_HANDSHAKE_SUBPROTOCOL_NOT_OFFERED,
                    WS_SENDER_SERVER, judge_answered(ev), d.text);
}

/* ---- Extensions, RFC 6455 section 9.1 ------------------------------- */

static bool
is_one_of(struct slice name, const char *const *list)
{
    for (; *list; list++)
        if (slice_equal_nocase(name, slice_cstr(*list)))
            return true;
    return false;
}

/* RFC 6455 section 11.4: the registry of IANA. */
static bool
is_registered(struct slice name)
{
    static const char *const names[] = {"permessage-deflate",
                                        "bbf-usp-protocol", NULL};
    return is_one_of(name, names);
}

/* Names from drafts of what became RFC 7692, and from Safari. */
static bool
is_legacy(struct slice name)
{
    static const char *const names[] = {
        "x-webkit-deflate-frame", "deflate-frame",
        "perframe-deflate",       "permessage-compress",
        "permessage-bzip2",       "permessage-snappy",
        "deflate-stream",         NULL};
    return is_one_of(name, names);
}

/* All of these set RSV1, but for deflate-stream, which had no frames. */
static bool
uses_rsv1(struct slice name)
{
    return slice_equal_nocase(name, slice_cstr("permessage-deflate")) ||
           (is_legacy(name) &&
            !slice_equal_nocase(name, slice_cstr("deflate-stream")));
}

static bool
list_has(const struct ws_ext_list *list, struct slice name)
{
    for (size_t i = 0; i < list->n; i++)
        if (slice_equal_nocase(list->ext[i].name, name))
            return true;
    return false;
}

/* The names and the grammar of one head. */
static void
judge_extensions(struct judge *j, const struct http1_head *head,
                 const struct ws_ext_list *list, enum ws_sender from,
                 struct stamp at)
{
    struct detail d;
    struct slice value = http1_value(head, "Sec-WebSocket-Extensions");
    if (!value.ptr || !is_whole(head))
        return;
    if (list->malformed || list->n == 0) {
        detail_value(&d, "Sec-WebSocket-Extensions: ", value, "");
        judge_find_side(j, FINDING_HANDSHAKE_EXTENSION_SYNTAX, from, at,
                        list->malformed ? d.text : "there is no name");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        struct slice name = list->ext[i].name;
        detail_value(&d, "", name, "");
        if (is_legacy(name))
            judge_find_side(j, FINDING_DEFLATE_LEGACY_NAME, from, at, d.text);
        else if (!is_registered(name))
            judge_find_side(j, FINDING_HANDSHAKE_EXTENSION_UNREGISTERED, from,
                            at, d.text);
    }
}

/* What was accepted, against what was offered. */
static void
judge_accepted_extensions(struct judge *j, const struct event_handshake *ev)
{
    const struct ws_ext_list *agreed = &ev->agreed;
    struct detail d;
    size_t n_rsv1 = 0;
    bool offers_known = is_whole(ev->request_head) && !ev->offered.truncated &&
                        !ev->offered.malformed && !agreed->malformed;
    for (size_t i = 0; i < agreed->n; i++) {
        struct slice name = agreed->ext[i].name;
        n_rsv1 += uses_rsv1(name);
        if (!offers_known || list_has(&ev->offered, name))
            continue;
        detail_value(&d, "", name, "");
        judge_find_side(j, FINDING_HANDSHAKE_EXTENSION_NOT_OFFERED,
                        WS_SENDER_SERVER, judge_answered(ev), d.text);
    }
    if (n_rsv1 < 2)
        return;
    detail_init(&d);
    detail_add_number(&d, n_rsv1);
    detail_add(&d, " of the accepted extensions use RSV1");
    judge_find_side(j, FINDING_HANDSHAKE_EXTENSION_RSV_CONFLICT,
                    WS_SENDER_SERVER, judge_answered(ev), d.text);
}

/* ---- permessage-deflate, RFC 7692 section 7.1 ----------------------- */

static void
judge_deflate_offers(struct judge *j, const struct event_handshake *ev)
{
    const struct ws_ext_list *list = &ev->offered;
    struct detail d;
    if (list->malformed)
        return; /* that is the cause */
    for (size_t i = 0; i < list->n; i++) {
        const struct ws_ext *ext = &list->ext[i];
        if (!ext->is_deflate || !ext->deflate.offer_invalid)
            continue;
        detail_value(&d, "", ext->deflate.offer_fault, "");
        judge_find_side(j, FINDING_DEFLATE_OFFER_INVALID, WS_SENDER_CLIENT,
                        ev->request, d.text);
    }
}

/* The accepted element; NULL: it is beyond those that are kept. */
static const struct ws_deflate_element *
agreed_deflate(const struct event_handshake *ev)
{
    for (size_t i = 0; i < ev->agreed.n; i++)
        if (ev->agreed.ext[i].is_deflate)
            return &ev->agreed.ext[i].deflate;
    return NULL;
}

/* What the offers, all together, allow the answer to say. */
struct offers {
    size_t n, n_valid;
    bool client_window;   /* one has client_max_window_bits */
    bool acknowledged;    /* one has all its conditions repeated */
    bool fits;            /* ... and the window is no larger than it allows */
    uint8_t window_limit; /* the largest that an acknowledged one allows */
};

/* Adds one offer, compared with the answer. */
static void
add_offer(struct offers *all, const struct ws_deflate_element *offer,
          const struct ws_deflate_element *answer)
{
    all->n++;
    all->client_window |= offer->has_client_window;
    if (offer->offer_invalid)
        return;
    all->n_valid++;
    if ((offer->has_server_window && !answer->has_server_window) ||
        (offer->params.server_no_context_takeover &&
         !answer->params.server_no_context_takeover))
        return;
    uint8_t limit = offer->params.server_max_window_bits;
    all->acknowledged = true;
    all->fits |= answer->params.server_max_window_bits <= limit;
    if (limit > all->window_limit)
        all->window_limit = limit;
}

/* The answer, against all offers: each of them is a fallback for the ones
 * before (RFC 7692 section 5). */
static void
judge_deflate_terms(struct judge *j, const struct event_handshake *ev,
                    const struct ws_deflate_element *answer)
{
    struct offers all = {0};
    struct detail d;
    for (size_t i = 0; i < ev->offered.n; i++)
        if (ev->offered.ext[i].is_deflate)
            add_offer(&all, &ev->offered.ext[i].deflate, answer);
    if (all.n == 0)
        return; /* handshake-extension-not-offered says it */
    if (answer->has_client_window && !all.client_window)
        judge_find_side(j, FINDING_DEFLATE_CLIENT_WINDOW_NOT_OFFERED,
                        WS_SENDER_SERVER, judge_answered(ev), NULL);
    if (all.n_valid == 0) {
        judge_find_side(j, FINDING_DEFLATE_INVALID_OFFER_ACCEPTED,
                        WS_SENDER_SERVER, judge_answered(ev), NULL);
    } else if (!all.acknowledged) {
        judge_find_side(j, FINDING_DEFLATE_REQUEST_NOT_ACKNOWLEDGED,
                        WS_SENDER_SERVER, judge_answered(ev), NULL);
    } else if (!all.fits) {
        detail_init(&d);
        detail_add(&d, "server_max_window_bits=");
        detail_add_number(&d, answer->params.server_max_window_bits);
        detail_add(&d, ", the offer allows ");
        detail_add_number(&d, all.window_limit);
        judge_find_side(j, FINDING_DEFLATE_SERVER_WINDOW_TOO_LARGE,
                        WS_SENDER_SERVER, judge_answered(ev), d.text);
    }
}

static void
tell_deflate(struct judge *j, const struct event_handshake *ev)
{
    const struct ws_deflate_params *p = &ev->deflate;
    const uint8_t bits[] = {p->client_max_window_bits,
                            p->server_max_window_bits};
    struct detail d;
    detail_init(&d);
    detail_add(&d, "windows: client ");
    detail_add_number(&d, bits[WS_SENDER_CLIENT]);
    detail_add(&d, p->client_no_context_takeover ? " bits, fresh each time"
                                                 : " bits");
    detail_add(&d, "; server ");
    detail_add_number(&d, bits[WS_SENDER_SERVER]);
    detail_add(&d, p->server_no_context_takeover ? " bits, fresh each time"
                                                 : " bits");
    judge_find(j, &(struct event_finding){.id = FINDING_DEFLATE_NEGOTIATED,
                                          .at = judge_answered(ev),
                                          .detail = d.text});
    for (unsigned i = 0; i < 2; i++)
        if (bits[i] == 8)
            judge_find_side(j, FINDING_DEFLATE_WINDOW_8, (enum ws_sender)i,
                            judge_answered(ev), NULL);
}

static void
judge_deflate(struct judge *j, const struct event_handshake *ev)
{
    const struct ws_deflate_element *answer = agreed_deflate(ev);
    struct detail d;
    if (!ev->has_deflate) {
        if (ev->offered.has_deflate && is_whole(ev->response_head))
            judge_find_side(j, FINDING_DEFLATE_DECLINED, WS_SENDER_SERVER,
                            judge_answered(ev), NULL);
        return;
    }
    tell_deflate(j, ev);
    if (!answer || ev->agreed.malformed)
        return;
    if (answer->params.invalid) {
        detail_value(&d, "", answer->fault, "");
        judge_find_side(j, FINDING_DEFLATE_RESPONSE_INVALID, WS_SENDER_SERVER,
                        judge_answered(ev), d.text);
    } else if (is_whole(ev->request_head) && !ev->offered.truncated &&
               !ev->offered.malformed) {
        judge_deflate_terms(j, ev, answer);
    }
}

void
judge_negotiation(struct judge *j, const struct event_handshake *ev)
{
    if (is_whole(ev->request_head)) {
        judge_offered_names(j, ev);
        judge_doubled_names(j, ev);
        judge_extensions(j, ev->request_head, &ev->offered, WS_SENDER_CLIENT,
                         ev->request);
        judge_deflate_offers(j, ev);
    }
    /* What a refusal says of extensions and subprotocols binds nobody. */
    if (!ev->accepted || !ev->response_head)
        return;
    judge_extensions(j, ev->response_head, &ev->agreed, WS_SENDER_SERVER,
                     judge_answered(ev));
    judge_accepted_extensions(j, ev);
    judge_deflate(j, ev);
    judge_chosen_name(j, ev);
}
