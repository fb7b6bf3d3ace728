/* SPDX-License-Identifier: MIT */
/* The answer to the opening handshake, RFC 6455 sections 4.1 and 4.2.2, and
 * the first bytes behind it. */
#include "dissect/handshake.h"
#include "dissect/judge/detail.h"
#include "dissect/judge/rules.h"

/* Longest value shown, in bytes. */
#define VALUE_SHOWN 40u

static void
find(struct judge *j, const struct event_handshake *ev, enum finding_id id,
     const struct detail *d)
{
    judge_find_side(j, id, WS_SENDER_SERVER, judge_answered(ev),
                    d && d->len ? d->text : NULL);
}

/* ---- The 101 --------------------------------------------------------- */

static void
judge_101_upgrade(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *h = ev->response_head;
    size_t n = judge_count_fields(h, "Upgrade");
    struct slice value = http1_value(h, "Upgrade");
    struct detail d = {0};
    if (n == 0 && h->partial)
        return;
    if (n == 1 && slice_equal_nocase(value, slice_cstr("websocket")))
        return;
    if (n > 1)
        detail_addf(&d, "%zu lines", n);
    else if (n == 1)
        detail_add_quoted(&d, "", value, VALUE_SHOWN);
    else
        detail_add(&d, "there is none");
    find(j, ev, FINDING_HANDSHAKE_RESPONSE_UPGRADE_WRONG, &d);
}

static void
judge_101_connection(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *h = ev->response_head;
    struct slice value = http1_value(h, "Connection");
    struct detail d = {0};
    if (h->partial || http1_has_token(h, "Connection", "upgrade"))
        return;
    if (value.ptr)
        detail_add_quoted(&d, "Connection is ", value, VALUE_SHOWN);
    find(j, ev, FINDING_HANDSHAKE_RESPONSE_CONNECTION_MISSING, &d);
}

/* With several keys nobody knows which one is answered, and that has a finding
 * of its own. */
static bool
has_one_key(const struct event_handshake *ev)
{
    return judge_count_fields(ev->request_head, "Sec-WebSocket-Key") == 1 &&
           !memchr(ev->key.ptr, ',', ev->key.len);
}

static void
judge_101_accept(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *h = ev->response_head;
    size_t n = judge_count_fields(h, "Sec-WebSocket-Accept");
    struct detail d = {0};
    if (n == 0) {
        if (!h->partial)
            find(j, ev, FINDING_HANDSHAKE_ACCEPT_MISSING, NULL);
    } else if (n > 1) {
        detail_addf(&d, "%zu lines", n);
        find(j, ev, FINDING_HANDSHAKE_ACCEPT_DUPLICATED, &d);
    } else if (ev->accept_ok == TRI_NO && has_one_key(ev)) {
        judge_accept_slip(j->config.peers, ev, &d);
        find(j, ev, FINDING_HANDSHAKE_ACCEPT_MISMATCH, &d);
    }
}

/* RFC 9110 section 8.6, RFC 9112 section 6.1. */
static void
judge_101_body(struct judge *j, const struct event_handshake *ev)
{
    static const char *const names[] = {"Content-Length", "Transfer-Encoding"};
    for (size_t i = 0; i < 2; i++) {
        struct slice value = http1_value(ev->response_head, names[i]);
        struct detail d = {0};
        if (!value.ptr)
            continue;
        detail_addf(&d, "%s: ", names[i]);
        detail_add_part(&d, value, VALUE_SHOWN);
        find(j, ev, FINDING_HANDSHAKE_CONTENT_LENGTH_ON_101, &d);
        return;
    }
}

static void
judge_101_time(struct judge *j, const struct event_handshake *ev)
{
    struct detail d = {0};
    if (!ev->request.packet || !ev->response.packet)
        return;
    int64_t took = ev->response.time_ns - ev->request.time_ns;
    if (took <= judge_limit_ns(j, THRESHOLD_HANDSHAKE_SLOW))
        return;
    detail_add_time(&d, took);
    find(j, ev, FINDING_PERF_HANDSHAKE_SLOW, &d);
}

static void
judge_101_early(struct judge *j)
{
    const struct judge_opening *o = &j->opening;
    if (o->early_server.packet)
        judge_find(j, &(struct event_finding){
                          .id = FINDING_HANDSHAKE_SERVER_DATA_BEFORE_101,
                          .has_from = true,
                          .from = WS_SENDER_SERVER,
                          .at = o->early_server,
                          .has_offset = true,
                          .offset = o->early_server_off});
}

/* Something that wsray knows nothing of may change what frames look like. */
static bool
knows_extensions(const struct event_handshake *ev)
{
    const struct ws_ext_list *list = &ev->agreed;
    if (ev->response_head->partial || list->malformed || list->truncated)
        return false;
    for (size_t i = 0; i < list->n; i++)
        if (!slice_equal_nocase(list->ext[i].name,
                                slice_cstr("permessage-deflate")))
            return false;
    return true;
}

/* ---- The other answers ----------------------------------------------- */

static bool
names_other_version(const struct event_handshake *ev)
{
    struct http1_search search =
        http1_search(ev->response_head, "Sec-WebSocket-Version");
    struct slice list, version;
    bool other = false;
    while (http1_search_next(&search, &list))
        while (http1_list_next(&list, &version)) {
            if (ev->version.ptr && slice_equal(version, ev->version))
                return false;
            other = true;
        }
    return other;
}

static void
tell_status(struct detail *d, const struct http1_head *h)
{
    detail_addf(d, "%u", h->status);
    if (h->reason.len > 0) {
        detail_add(d, " ");
        detail_add_part(d, h->reason, VALUE_SHOWN);
    }
}

/* What it mostly means; "": the status says it all. */
static const char *
hint(uint16_t status)
{
    switch (status) {
    case 200:
        return ": no WebSocket is served at this path";
    case 400:
        return ": something in the request is missing or wrong";
    case 404:
        return ": there is nothing at this path";
    case 502:
    case 503:
    case 504:
        return ": mostly a proxy that did not reach the server behind it";
    default:
        return "";
    }
}

static void
judge_http_answer(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *h = ev->response_head;
    struct slice location = http1_value(h, "Location");
    struct detail d = {0};
    tell_status(&d, h);
    if (h->status < 400 && location.ptr) {
        detail_add(&d, ", to ");
        /* A login sends its token in the query or the fragment (RFC 6749
         * section 4.2.2). */
        detail_add_address(&d, location, VALUE_SHOWN);
    } else if (h->status == 403 && ev->origin.ptr) {
        detail_add(&d, ", Origin ");
        detail_add_address(&d, ev->origin, VALUE_SHOWN);
    }
    find(j, ev, FINDING_HANDSHAKE_HTTP_ANSWER, &d);
}

static void
judge_about_version(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *h = ev->response_head;
    struct slice named = http1_value(h, "Sec-WebSocket-Version");
    struct detail d = {0};
    if (named.ptr || !ev->version.ptr || slice_equal_cstr(ev->version, "13"))
        return;
    detail_add_quoted(&d, "the client asked for ", ev->version, VALUE_SHOWN);
    find(j, ev, FINDING_HANDSHAKE_VERSION_LIST_MISSING, &d);
}

static void
judge_refusal(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *h = ev->response_head;
    uint16_t status = h->status;
    struct detail d = {0};
    bool version = status == 400 || status == 426;
    if (status == 426 && !http1_value(h, "Upgrade").ptr)
        find(j, ev, FINDING_HANDSHAKE_426_WITHOUT_UPGRADE, NULL);
    if (version && names_other_version(ev)) {
        detail_add_quoted(&d, "the server knows ",
                          http1_value(h, "Sec-WebSocket-Version"), VALUE_SHOWN);
        find(j, ev, FINDING_HANDSHAKE_VERSION_REFUSED, &d);
        return;
    }
    if (version)
        judge_about_version(j, ev);
    if ((status >= 300 && status < 400) || status == 401 || status == 403 ||
        status == 407) {
        judge_http_answer(j, ev);
    } else if (status != 426) {
        tell_status(&d, h);
        detail_add(&d, hint(status));
        find(j, ev, FINDING_HANDSHAKE_REFUSED, &d);
    }
}

/* A 101 that opens no WebSocket.  That is right if the request gave a choice
 * of protocols. */
static void
judge_other_101(struct judge *j, const struct event_handshake *ev)
{
    const struct http1_head *request = ev->request_head;
    struct slice to = http1_value(ev->response_head, "Upgrade"), list, element;
    struct http1_search search;
    if (!request || j->opening.unkeyed)
        return;
    search = http1_search(request, "Upgrade");
    while (to.ptr && http1_search_next(&search, &list))
        while (http1_list_next(&list, &element))
            if (slice_equal_nocase(element, to))
                return;
    judge_101_upgrade(j, ev);
}

void
judge_answer(struct judge *j, const struct event_handshake *ev)
{
    j->opening.answer_packet = ev->response.packet;
    if (ev->accepted) {
        judge_101_upgrade(j, ev);
        judge_101_connection(j, ev);
        judge_101_accept(j, ev);
        judge_101_body(j, ev);
        judge_101_early(j);
        judge_101_time(j, ev);
        j->opening.plain = knows_extensions(ev);
    } else if (ev->response_head->status == 101) {
        judge_other_101(j, ev);
    } else {
        judge_refusal(j, ev);
    }
}

/* ---- Was it right to accept? ----------------------------------------- */

static bool
was_found(const struct judge *j, enum finding_id id, enum ws_sender from)
{
    return emit_finding_count(j->config.emit, id, from) > 0;
}

/* What a server has to check (RFC 6455 section 4.2.1), and the grammar below
 * it.  It need not decode the key. */
static void
judge_bad_accepted(struct judge *j, const struct event_handshake *ev)
{
    static const struct {
        enum finding_id id;
        bool key;
    } table[] = {
        {FINDING_HANDSHAKE_METHOD_NOT_GET, false},
        {FINDING_HANDSHAKE_HTTP_VERSION_LOW, false},
        {FINDING_HTTP_HOST_MISSING, false},
        {FINDING_HTTP_HOST_INVALID, false},
        {FINDING_HANDSHAKE_UPGRADE_MISSING, false},
        {FINDING_HANDSHAKE_CONNECTION_MISSING_UPGRADE, false},
        {FINDING_HANDSHAKE_KEY_MISSING, false},
        {FINDING_HANDSHAKE_VERSION_MISSING, false},
        {FINDING_HANDSHAKE_VERSION_MALFORMED, false},
        {FINDING_HANDSHAKE_TARGET_FRAGMENT, false},
        {FINDING_HANDSHAKE_TARGET_INVALID, false},
        {FINDING_HTTP_REQUEST_LINE_MALFORMED, false},
        {FINDING_HTTP_HEADER_FOLDED, false},
        {FINDING_HTTP_FIELD_INVALID, false},
        {FINDING_HANDSHAKE_KEY_INVALID, true},
        {FINDING_HANDSHAKE_KEY_DUPLICATED, true},
    };
    struct detail d = {0};
    bool only_key = true;
    if (ev->response_head->minor == 0) {
        only_key = false;
        detail_add(&d, "the 101 is HTTP/1.0");
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (!was_found(j, table[i].id, WS_SENDER_CLIENT))
            continue;
        only_key &= table[i].key;
        detail_addf(&d, "%s%s", d.len ? ", " : "",
                    finding_info(table[i].id)->id);
    }
    if (d.len == 0)
        return;
    judge_find(
        j, &(struct event_finding){.id = FINDING_HANDSHAKE_BAD_REQUEST_ACCEPTED,
                                   .severity = SEVERITY_NOTE,
                                   .lowered = only_key,
                                   .has_from = true,
                                   .from = WS_SENDER_SERVER,
                                   .at = judge_answered(ev),
                                   .detail = d.text});
}

/* The list of RFC 6455 section 4.1 that a client goes through. */
static bool
passes_checks(const struct judge *j, const struct event_handshake *ev)
{
    static const enum finding_id checks[] = {
        FINDING_HANDSHAKE_RESPONSE_UPGRADE_WRONG,
        FINDING_HANDSHAKE_RESPONSE_CONNECTION_MISSING,
        FINDING_HANDSHAKE_ACCEPT_DUPLICATED,
        FINDING_HANDSHAKE_SUBPROTOCOL_NOT_OFFERED,
        FINDING_HANDSHAKE_EXTENSION_NOT_OFFERED,
        FINDING_HANDSHAKE_EXTENSION_SYNTAX,
    };
    if (ev->accept_ok != TRI_YES || ev->response_head->partial)
        return false;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (was_found(j, checks[i], WS_SENDER_SERVER))
            return false;
    return true;
}

static void
tell_accepted(struct judge *j, const struct event_handshake *ev)
{
    struct detail d = {0};
    if (ev->request.packet && ev->response.packet) {
        detail_add(&d, "after ");
        detail_add_time(&d, ev->response.time_ns - ev->request.time_ns);
    }
    if (ev->protocol.ptr) {
        detail_add(&d, d.len ? "; subprotocol " : "subprotocol ");
        if (judge_is_secret(ev->protocol))
            detail_add(&d, "(hidden)");
        else
            detail_add_part(&d, ev->protocol, 24);
    }
    for (size_t i = 0; i < ev->agreed.n && i < 2; i++) {
        detail_add(&d, d.len ? "; " : "");
        detail_add_part(&d, ev->agreed.ext[i].name, 24);
    }
    find(j, ev, FINDING_HANDSHAKE_ACCEPTED, &d);
}

/* What a client has to fail the connection for, and before it is open: without
 * a Close frame (RFC 6455 sections 4.1 and 7.1.7). */
static void
note_unacceptable(struct judge *j, const struct event_handshake *ev)
{
    static const enum finding_id reasons[] = {
        FINDING_HANDSHAKE_RESPONSE_UPGRADE_WRONG,
        FINDING_HANDSHAKE_RESPONSE_CONNECTION_MISSING,
        FINDING_HANDSHAKE_ACCEPT_MISSING,
        FINDING_HANDSHAKE_ACCEPT_MISMATCH,
        FINDING_HANDSHAKE_ACCEPT_DUPLICATED,
        FINDING_HANDSHAKE_SUBPROTOCOL_NOT_OFFERED,
        FINDING_HANDSHAKE_SUBPROTOCOL_MULTIPLE,
        FINDING_HANDSHAKE_EXTENSION_NOT_OFFERED,
        FINDING_HANDSHAKE_EXTENSION_SYNTAX,
        FINDING_HANDSHAKE_EXTENSION_RSV_CONFLICT,
        FINDING_DEFLATE_RESPONSE_INVALID,
        FINDING_DEFLATE_CLIENT_WINDOW_NOT_OFFERED,
        FINDING_DEFLATE_SERVER_WINDOW_TOO_LARGE,
        FINDING_DEFLATE_REQUEST_NOT_ACKNOWLEDGED,
    };
    j->opening.answered = judge_answered(ev);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (was_found(j, reasons[i], WS_SENDER_SERVER)) {
            j->opening.unacceptable = finding_info(reasons[i])->id;
            return;
        }
    /* Browsers insist on one of their subprotocols. */
    if (ev->origin.ptr &&
        was_found(j, FINDING_HANDSHAKE_SUBPROTOCOL_NONE_CHOSEN,
                  WS_SENDER_SERVER))
        j->opening.unacceptable =
            finding_info(FINDING_HANDSHAKE_SUBPROTOCOL_NONE_CHOSEN)->id;
}

void
judge_acceptance(struct judge *j, const struct event_handshake *ev)
{
    if (!ev->accepted || !ev->response_head)
        return;
    if (ev->request_head || ev->response_head->minor == 0)
        judge_bad_accepted(j, ev);
    note_unacceptable(j, ev);
    if (passes_checks(j, ev))
        tell_accepted(j, ev);
}

/* ---- The first bytes ------------------------------------------------- */

/* FIN and a known opcode without RSV bits, not masked: all that a server would
 * begin with that does not yet know of extensions. */
static bool
begins_frame(uint8_t first)
{
    uint8_t opcode = first & 0x0f;
    return (first & 0x70) == 0 &&
           (opcode == WS_OP_TEXT || opcode == WS_OP_BINARY ||
            ((first & 0x80) && (opcode == WS_OP_CLOSE || opcode == WS_OP_PING ||
                                opcode == WS_OP_PONG)));
}

bool
judge_early_server(struct judge *j, uint64_t off, uint8_t first,
                   const struct pkt_meta *meta)
{
    if (!begins_frame(first))
        return false;
    if (!j->opening.early_server.packet) {
        j->opening.early_server = judge_stamp(meta);
        j->opening.early_server_off = off;
    }
    return true;
}

void
judge_first_segment(struct judge *j, enum ws_sender from, uint64_t off,
                    const struct pkt_meta *meta)
{
    struct judge_opening *o = &j->opening;
    if (from != WS_SENDER_SERVER || o->answer_packet == 0)
        return;
    if (meta->number == o->answer_packet)
        judge_find(j, &(struct event_finding){
                          .id = FINDING_HANDSHAKE_SERVER_FRAMES_WITH_101,
                          .has_from = true,
                          .from = from,
                          .at = judge_stamp(meta),
                          .has_offset = true,
                          .offset = off});
    o->answer_packet = 0;
}

bool
judge_first_header(struct judge *j, enum ws_sender from,
                   const struct ws_frame_header *h, const struct pkt_meta *meta)
{
    static const uint32_t wrong[] = {
        WS_FRAME_BAD_OPCODE, WS_FRAME_BAD_RSV1 | WS_FRAME_BAD_RSV23,
        WS_FRAME_BAD_MASK,   WS_FRAME_LEN_PADDED,
        WS_FRAME_CTL_FRAG,   WS_FRAME_CTL_LONG,
    };
    struct detail d = {0};
    unsigned n = 0;
    /* One slip in a frame is a bug; with two the bytes are no frame. */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        n += (h->findings & wrong[i]) != 0;
    if (!(h->findings & (WS_FRAME_BAD_OPCODE | WS_FRAME_BAD_RSV23)) || n < 2 ||
        !j->opening.plain || j->side[from].gap)
        return false;
    detail_addf(&d, "read as a frame: opcode %u, RSV %u, %s", h->opcode,
                (unsigned)h->rsv, h->masked ? "masked" : "not masked");
    judge_find(j, &(struct event_finding){
                      .id = FINDING_HANDSHAKE_NOT_WEBSOCKET_AFTER_101,
                      .has_from = true,
                      .from = from,
                      .at = judge_stamp(meta),
                      .has_offset = true,
                      .offset = h->offset,
                      .detail = d.text});
    return true;
}
