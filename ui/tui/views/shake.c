/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/shake.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dissect/handshake.h"

/* ---- What was found ---- */

/* The header that a finding is about; "" the first line; NULL: none alone.
 * Those that are missing here concern no line. */
static const struct {
    enum finding_id id;
    const char *header;
} about[] = {
    {FINDING_HTTP_REQUEST_LINE_MALFORMED, ""},
    {FINDING_HANDSHAKE_METHOD_NOT_GET, ""},
    {FINDING_HANDSHAKE_HTTP_VERSION_LOW, ""},
    {FINDING_HANDSHAKE_TARGET_FRAGMENT, ""},
    {FINDING_HANDSHAKE_TARGET_INVALID, ""},
    {FINDING_HANDSHAKE_TARGET_ABSOLUTE_FORM, ""},
    {FINDING_HANDSHAKE_HTTP_ANSWER, ""},
    {FINDING_HANDSHAKE_REFUSED, ""},
    {FINDING_HANDSHAKE_BAD_REQUEST_ACCEPTED, ""},
    {FINDING_SECURITY_TOKEN_IN_URL, ""},
    {FINDING_HTTP_HOST_MISSING, "Host"},
    {FINDING_HTTP_HOST_INVALID, "Host"},
    {FINDING_HANDSHAKE_UPGRADE_MISSING, "Upgrade"},
    {FINDING_HANDSHAKE_426_WITHOUT_UPGRADE, "Upgrade"},
    {FINDING_HANDSHAKE_RESPONSE_UPGRADE_WRONG, "Upgrade"},
    {FINDING_HANDSHAKE_CONNECTION_MISSING_UPGRADE, "Connection"},
    {FINDING_HANDSHAKE_RESPONSE_CONNECTION_MISSING, "Connection"},
    {FINDING_HANDSHAKE_KEY_INVALID, "Sec-WebSocket-Key"},
    {FINDING_HANDSHAKE_KEY_DUPLICATED, "Sec-WebSocket-Key"},
    {FINDING_HANDSHAKE_KEY_PAD_BITS, "Sec-WebSocket-Key"},
    {FINDING_SECURITY_KEY_WEAK, "Sec-WebSocket-Key"},
    {FINDING_HANDSHAKE_VERSION_MALFORMED, "Sec-WebSocket-Version"},
    {FINDING_HANDSHAKE_VERSION_NOT_13, "Sec-WebSocket-Version"},
    {FINDING_HANDSHAKE_VERSION_REFUSED, "Sec-WebSocket-Version"},
    {FINDING_HANDSHAKE_ORIGIN_MALFORMED, "Origin"},
    {FINDING_HANDSHAKE_SUBPROTOCOL_OFFER_INVALID, "Sec-WebSocket-Protocol"},
    {FINDING_HANDSHAKE_SUBPROTOCOL_OFFER_DUPLICATED, "Sec-WebSocket-Protocol"},
    {FINDING_HANDSHAKE_SUBPROTOCOL_NOT_OFFERED, "Sec-WebSocket-Protocol"},
    {FINDING_HANDSHAKE_SUBPROTOCOL_MULTIPLE, "Sec-WebSocket-Protocol"},
    {FINDING_SECURITY_TOKEN_IN_SUBPROTOCOL, "Sec-WebSocket-Protocol"},
    {FINDING_HANDSHAKE_EXTENSION_SYNTAX, "Sec-WebSocket-Extensions"},
    {FINDING_HANDSHAKE_EXTENSION_UNREGISTERED, "Sec-WebSocket-Extensions"},
    {FINDING_HANDSHAKE_EXTENSION_NOT_OFFERED, "Sec-WebSocket-Extensions"},
    {FINDING_HANDSHAKE_EXTENSION_RSV_CONFLICT, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_OFFER_INVALID, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_INVALID_OFFER_ACCEPTED, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_RESPONSE_INVALID, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_CLIENT_WINDOW_NOT_OFFERED, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_SERVER_WINDOW_TOO_LARGE, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_REQUEST_NOT_ACKNOWLEDGED, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_WINDOW_8, "Sec-WebSocket-Extensions"},
    {FINDING_DEFLATE_LEGACY_NAME, "Sec-WebSocket-Extensions"},
    {FINDING_HANDSHAKE_ACCEPT_MISMATCH, "Sec-WebSocket-Accept"},
    {FINDING_HANDSHAKE_ACCEPT_DUPLICATED, "Sec-WebSocket-Accept"},
    {FINDING_HANDSHAKE_CONTENT_LENGTH_ON_101, "Content-Length"},
    {FINDING_HANDSHAKE_CONTENT_LENGTH_ON_101, "Transfer-Encoding"},
};

static const char *
header_of(enum finding_id id, size_t *from)
{
    for (size_t i = *from; i < sizeof about / sizeof *about; i++)
        if (about[i].id == id) {
            *from = i + 1;
            return about[i].header;
        }
    return NULL;
}

static bool
is_of_handshake(const struct store_finding *f)
{
    enum finding_layer layer = finding_info(f->id)->layer;
    size_t from = 0;
    return f->number == 0 &&
           (layer == FINDING_LAYER_HTTP || layer == FINDING_LAYER_HANDSHAKE ||
            header_of(f->id, &from));
}

void
shake_found_update(struct shake_found *f, const struct store *s, uint32_t conn)
{
    if (!f->begun || f->conn != conn)
        *f = (struct shake_found){.begun = true, .conn = conn};
    for (; f->scanned < s->findings.n; f->scanned++) {
        const struct store_finding *n = store_finding(s, f->scanned);
        if (n->conn == conn && f->n < SHAKE_FOUND_MAX && is_of_handshake(n))
            f->row[f->n++] = (uint32_t)f->scanned;
    }
}

uint32_t
shake_found_row(const struct shake_found *f, const struct store *s,
                enum finding_id id)
{
    for (size_t i = 0; i < f->n; i++)
        if (store_finding(s, f->row[i])->id == id)
            return f->row[i];
    return STORE_NONE;
}

static enum shake_mark
mark_of(enum severity s)
{
    return s == SEVERITY_ERROR     ? SHAKE_BAD
           : s == SEVERITY_WARNING ? SHAKE_WARN
           : s == SEVERITY_NOTE    ? SHAKE_NOTE
                                   : SHAKE_NO_MARK;
}

const char *
shake_mark_name(enum shake_mark mark)
{
    static const char *const names[] = {"", "ok", "note", "warn", "bad"};
    return names[mark];
}

/* ---- Lines ---- */

static struct slice
name_of(struct slice line)
{
    const uint8_t *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
    return colon ? slice_head(line, (size_t)(colon - line.ptr))
                 : slice_make(NULL, 0);
}

static struct slice
value_of(struct slice line)
{
    struct slice name = name_of(line);
    if (!name.ptr)
        return name;
    line = slice_skip(line, name.len + 1);
    while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        line = slice_skip(line, 1);
    while (line.len > 0 &&
           (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t'))
        line.len--;
    return line;
}

/* One of the words between commas. */
static bool
has_token(struct slice value, const char *token)
{
    struct slice element;
    while (http1_list_next(&value, &element))
        if (slice_equal_nocase(element, slice_cstr(token)))
            return true;
    return false;
}

static bool
ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

static enum shake_mark
check(bool right)
{
    return right ? SHAKE_OK : SHAKE_BAD;
}

/* RFC 6455 section 4.1, the list of what a request has. */
static enum shake_mark
check_request(struct slice name, struct slice value)
{
    uint8_t bytes[HANDSHAKE_KEY_LEN];
    if (slice_equal_nocase(name, slice_cstr("Host")))
        return SHAKE_OK;
    if (slice_equal_nocase(name, slice_cstr("Upgrade")))
        return check(has_token(value, "websocket"));
    if (slice_equal_nocase(name, slice_cstr("Connection")))
        return has_token(value, "upgrade") ? SHAKE_OK : SHAKE_NO_MARK;
    if (slice_equal_nocase(name, slice_cstr("Sec-WebSocket-Key")))
        return check(handshake_key_bytes(value, bytes) &&
                     ends_with(value, "=="));
    if (slice_equal_nocase(name, slice_cstr("Sec-WebSocket-Version")))
        return slice_equal_cstr(value, "13") ? SHAKE_OK : SHAKE_WARN;
    return SHAKE_NO_MARK;
}

/* RFC 6455 section 4.1, what a client checks of the answer. */
static enum shake_mark
check_answer(const struct store_handshake *h, struct slice name,
             struct slice value)
{
    if (!h->accepted)
        return SHAKE_NO_MARK;
    if (slice_equal_nocase(name, slice_cstr("Upgrade")))
        return check(slice_equal_nocase(value, slice_cstr("websocket")));
    if (slice_equal_nocase(name, slice_cstr("Connection")))
        return has_token(value, "upgrade") ? SHAKE_OK : SHAKE_NO_MARK;
    if (slice_equal_nocase(name, slice_cstr("Sec-WebSocket-Accept")))
        return h->accept_ok == TRI_YES  ? SHAKE_OK
               : h->accept_ok == TRI_NO ? SHAKE_BAD
                                        : SHAKE_NO_MARK;
    if (slice_equal_nocase(name, slice_cstr("Sec-WebSocket-Extensions")))
        return h->has_deflate ? SHAKE_OK : SHAKE_NO_MARK;
    if (slice_equal_nocase(name, slice_cstr("Sec-WebSocket-Protocol")))
        return SHAKE_OK;
    return SHAKE_NO_MARK;
}

static enum shake_mark
check_first(const struct store_handshake *h, bool request, struct slice line)
{
    if (!request)
        return h->status == 101 ? SHAKE_OK : SHAKE_NOTE;
    return check(line.len > 4 && memcmp(line.ptr, "GET ", 4) == 0 &&
                 (ends_with(line, " HTTP/1.1") || ends_with(line, " HTTP/2")));
}

#define HEADER(name, secret, text) {name, secret, text},
static const struct {
    const char *name;
    bool secret;
    const char *text;
} headers[] = {
#include "ui/tui/views/shake_header.def"
};
#undef HEADER

static bool
is_secret(struct slice name)
{
    for (size_t i = 2; i < sizeof headers / sizeof *headers; i++)
        if (headers[i].secret &&
            slice_equal_nocase(name, slice_cstr(headers[i].name)))
            return true;
    return false;
}

const char *
shake_explain(const struct shake_line *line, bool request)
{
    struct slice name = name_of(line->text);
    if (line->kind != SHAKE_HEAD)
        return "";
    const uint8_t *first = line->text.ptr;
    if (!name.ptr || (name.len > 5 && memchr(first, ' ', name.len)))
        name = slice_cstr(request ? "" : " ");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (slice_equal_nocase(name, slice_cstr(headers[i].name)))
            return headers[i].text;
    return "No part of the opening handshake: a WebSocket works the same with "
           "and without it.";
}

/* ---- Making them ---- */

struct making {
    struct shake *out;
    const struct store *s;
    const struct store_conn *c;
    const struct shake_found *found;
};

static const char cut_text[] =
    "there are more lines than are shown here: wsray json has them";

/* NULL: there is no room, which the last line says. */
static struct shake_line *
add(struct making *m, enum shake_kind kind, enum shake_mark mark)
{
    struct shake *out = m->out;
    if (out->n == SHAKE_LINES_MAX) {
        out->line[out->n - 1] =
            (struct shake_line){.kind = SHAKE_SAYS, .says = cut_text};
        out->cut = true;
        return NULL;
    }
    struct shake_line *line = &out->line[out->n++];
    *line = (struct shake_line){.kind = (uint8_t)kind, .mark = (uint8_t)mark};
    return line;
}

__attribute__((format(printf, 3, 4))) static void
say(struct making *m, enum shake_mark mark, const char *format, ...)
{
    struct shake *out = m->out;
    va_list args;
    if (out->n_says == SHAKE_SAYS_MAX)
        return;
    char *text = out->says[out->n_says];
    va_start(args, format);
    vsnprintf(text, sizeof out->says[0], format, args);
    va_end(args);
    struct shake_line *line = add(m, SHAKE_SAYS, mark);
    if (!line)
        return;
    line->says = text;
    out->n_says++;
}

static bool
is_of_side(const struct store_finding *f, bool request)
{
    return request == (f->has_from && f->from == WS_SENDER_CLIENT);
}

/* The worst that was found about the line called name. */
static enum shake_mark
found_about(const struct making *m, bool request, struct slice name)
{
    enum shake_mark worst = SHAKE_NO_MARK;
    for (size_t i = 0; i < m->found->n; i++) {
        const struct store_finding *f = store_finding(m->s, m->found->row[i]);
        const char *header;
        size_t from = 0;
        if (!is_of_side(f, request))
            continue;
        while ((header = header_of(f->id, &from)) != NULL)
            if (slice_equal_nocase(name, slice_cstr(header)) &&
                mark_of(f->severity) > worst)
                worst = mark_of(f->severity);
    }
    return worst;
}

static void
hide(const struct making *m, struct shake_line *line, bool first, bool request,
     struct slice name)
{
    const uint8_t *query;
    if (first && request &&
        shake_found_row(m->found, m->s, FINDING_SECURITY_TOKEN_IN_URL) !=
            STORE_NONE &&
        (query = memchr(line->text.ptr, '?', line->text.len)) != NULL) {
        line->secret = true;
        line->secret_at = (size_t)(query - line->text.ptr) + 1;
    }
    if (!first &&
        (is_secret(name) ||
         (slice_equal_nocase(name, slice_cstr("Sec-WebSocket-Protocol")) &&
          shake_found_row(m->found, m->s,
                          FINDING_SECURITY_TOKEN_IN_SUBPROTOCOL) !=
              STORE_NONE))) {
        line->secret = true;
        line->secret_at = name.len + 1;
    }
}

static void
add_head(struct making *m, bool request, struct slice head)
{
    const struct store_handshake *h = &m->c->handshake;
    bool first = true, secret = false;
    while (head.len > 0) {
        const uint8_t *end = memchr(head.ptr, '\n', head.len);
        size_t len = end ? (size_t)(end - head.ptr) : head.len;
        struct slice line = slice_head(head, len);
        head = slice_skip(head, end ? len + 1 : len);
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (line.len == 0)
            continue;
        struct shake_line *to = add(m, SHAKE_HEAD, SHAKE_NO_MARK);
        if (!to)
            return;
        to->text = line;
        /* A folded line is part of the one above. */
        bool folded = !first && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        struct slice name =
            first || folded ? slice_make(NULL, 0) : name_of(line);
        if (folded) {
            to->secret = secret;
            continue;
        }
        hide(m, to, first, request, name);
        secret = to->secret && !first;
        enum shake_mark mark = first ? check_first(h, request, line)
                               : request
                                   ? check_request(name, value_of(line))
                                   : check_answer(h, name, value_of(line));
        enum shake_mark worse = first || name.len > 0
                                    ? found_about(m, request, name)
                                    : SHAKE_NO_MARK;
        to->mark = (uint8_t)(worse > mark ? worse : mark);
        first = false;
    }
}

static void
add_found(struct making *m, bool request)
{
    for (size_t i = 0; i < m->found->n; i++) {
        const struct store_finding *f = store_finding(m->s, m->found->row[i]);
        struct shake_line *line;
        if (is_of_side(f, request) &&
            (line = add(m, SHAKE_FOUND, mark_of(f->severity))) != NULL)
            line->row = m->found->row[i];
    }
}

/* ---- What it means ---- */

static const char *
meaning_of(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *text;
    } table[] = {
        {101, "changed to another protocol than WebSocket"},
        {200, "an ordinary page: no WebSocket is served at this path"},
        {301, "moved: browsers do not follow that for a WebSocket"},
        {302, "elsewhere: browsers do not follow that for a WebSocket"},
        {303, "elsewhere: browsers do not follow that for a WebSocket"},
        {307, "elsewhere: browsers do not follow that for a WebSocket"},
        {308, "moved: browsers do not follow that for a WebSocket"},
        {400, "the server finds something in the request missing or wrong"},
        {401, "the server wants a login first"},
        {403, "the server refuses, often for the Origin or a missing login"},
        {404, "nothing is at that path"},
        {407, "the proxy wants a login first"},
        {426, "the server wants another version or protocol"},
        {429, "too many attempts: later, please"},
        {500, "the application behind the server failed"},
        {502, "a proxy got no proper answer from the server behind it"},
        {503, "the server, or the one behind a proxy, is not available"},
        {504, "a proxy waited too long for the server behind it"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == status)
            return table[i].text;
    return status >= 500   ? "the server failed"
           : status >= 400 ? "the server refused"
           : status >= 300 ? "the server sends the client elsewhere"
                           : "no upgrade";
}

static void
say_deflate(struct making *m, const struct ws_deflate_params *d)
{
    say(m, SHAKE_OK,
        "permessage-deflate: messages may be compressed, RSV1 marks them");
    say(m, SHAKE_NO_MARK, "the client compresses with a window of %u bytes, %s",
        1u << d->client_max_window_bits,
        d->client_no_context_takeover ? "anew for each message"
                                      : "kept from message to message");
    say(m, SHAKE_NO_MARK, "the server compresses with a window of %u bytes, %s",
        1u << d->server_max_window_bits,
        d->server_no_context_takeover ? "anew for each message"
                                      : "kept from message to message");
}

static const char not_kept[] =
    "captured, but not kept: --memory was full (wsray json has it)";

static void
say_answer(struct making *m)
{
    const struct store_handshake *h = &m->c->handshake;
    if (!h->response_head.ptr && h->status != 0) {
        say(m, SHAKE_NOTE, "%u: %s", h->status, not_kept);
        return;
    }
    if (!h->response_head.ptr) {
        if (m->c->verdict == VERDICT_NO_ANSWER && m->c->ended)
            say(m, SHAKE_BAD, "no answer came");
        else
            say(m, SHAKE_NO_MARK, "not in the capture");
        return;
    }
    if (!h->accepted) {
        say(m, SHAKE_NOTE, "%u: %s", h->status, meaning_of(h->status));
        return;
    }
    if (h->has_deflate)
        say_deflate(m, &h->deflate);
    else
        say(m, SHAKE_NO_MARK,
            "no compression was agreed: RSV1 must stay 0 in every frame");
    if (h->protocol.ptr)
        say(m, SHAKE_NO_MARK,
            "the server chose the subprotocol: what messages mean is agreed");
    else
        say(m, SHAKE_NO_MARK, "no subprotocol was agreed");
}

void
shake_make(struct shake *out, const struct store *s, const struct store_conn *c,
           const struct shake_found *f)
{
    struct making m = {out, s, c, f};
    const struct store_handshake *h = &c->handshake;
    out->n = out->n_request = out->n_says = 0;
    out->cut = false;
    if (h->request_head.ptr)
        add_head(&m, true, h->request_head);
    else if (!store_heads_kept(h) && h->request.packet != 0)
        say(&m, SHAKE_NOTE, "%s", not_kept);
    else
        say(&m, SHAKE_NO_MARK,
            h->seen == HANDSHAKE_SEEN_NONE
                ? "not in the capture, which begins in mid-stream"
                : "not in the capture");
    add_found(&m, true);
    out->n_request = out->n;
    if (h->response_head.ptr)
        add_head(&m, false, h->response_head);
    say_answer(&m);
    add_found(&m, false);
}

const char *
shake_result(const struct store_conn *c, const struct shake *lines,
             enum shake_mark *mark)
{
    const struct store_handshake *h = &c->handshake;
    enum shake_mark worst = SHAKE_OK;
    for (size_t i = 0; i < lines->n; i++)
        if (lines->line[i].mark > worst)
            worst = (enum shake_mark)lines->line[i].mark;
    *mark = worst;
    if (h->accepted && h->accept_ok == TRI_NO)
        *mark = SHAKE_BAD;
    else if (!h->accepted || h->accept_ok == TRI_UNKNOWN)
        *mark = worst < SHAKE_NOTE ? SHAKE_NOTE : worst;
    if (h->seen == HANDSHAKE_SEEN_NONE)
        return "not in the capture";
    if (!h->response_head.ptr && h->status == 0)
        return c->ended && c->verdict == VERDICT_NO_ANSWER ? "NO ANSWER"
                                                           : "no answer seen";
    if (!h->accepted)
        return "REFUSED";
    if (h->accept_ok == TRI_NO)
        return "FAILED";
    return h->accept_ok == TRI_YES ? "VERIFIED"
                                   : "accepted, the key was not captured";
}
