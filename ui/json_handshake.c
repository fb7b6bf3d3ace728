/* SPDX-License-Identifier: MIT */
#include "ui/json_parts.h"
#include "ui/json_write.h"

static const struct slice none = {NULL, 0};

static void
write_u64_field(struct out *o, const char *name, bool has, uint64_t v)
{
    json_write_raw(o, ",\"");
    json_write_raw(o, name);
    json_write_raw(o, "\":");
    uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
    out_commit(o, json_put_u64(p, has, v));
}

static void
write_time_field(struct json *j, const char *name, struct stamp at)
{
    json_write_raw(j->out, ",\"");
    json_write_raw(j->out, name);
    json_write_raw(j->out, "\":");
    uint8_t *p = out_reserve(j->out, JSON_FIXED_MAX);
    out_commit(j->out, json_put_time(j, p, at));
}

static void
write_bool_field(struct out *o, const char *name, bool v)
{
    json_write_raw(o, ",\"");
    json_write_raw(o, name);
    json_write_raw(o, v ? "\":true" : "\":false");
}

static void
write_endpoint(struct out *o, const char *name, const struct endpoint *e)
{
    char text[ADDR_TEXT_MAX];
    size_t len = addr_text(&e->addr, text);
    json_write_raw(o, ",\"");
    json_write_raw(o, name);
    json_write_raw(o, "\":{\"ip\":");
    (void)json_write_string(o, slice_make(text, len));
    write_u64_field(o, "port", true, e->port);
    out_put(o, "}", 1);
}

static void
write_http_version(struct out *o, const struct http1_head *head)
{
    char text[3];
    if (!head) {
        json_write_field(o, "http_version", none);
        return;
    }
    text[0] = (char)('0' + head->major % 10);
    text[1] = '.';
    text[2] = (char)('0' + head->minor % 10);
    json_write_field(o, "http_version", slice_make(text, sizeof text));
}

/* [[name, value], ...], as text or as hex. */
static bool
write_header_list(struct out *o, const struct http1_head *head, bool hex)
{
    bool valid = true;
    out_put(o, "[", 1);
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct slice both[2] = {head->headers[i].name,
                                      head->headers[i].value};
        json_write_raw(o, i > 0 ? ",[" : "[");
        for (size_t k = 0; k < 2; k++) {
            if (k > 0)
                out_put(o, ",", 1);
            if (hex)
                json_write_hex(o, both[k]);
            else
                valid &= json_write_string(o, both[k]);
        }
        out_put(o, "]", 1);
    }
    out_put(o, "]", 1);
    return valid;
}

/* NAME, NAME_hex when a byte of it was replaced, NAME_dropped when there were
 * more than are kept, and NAME_partial when some may not have been seen. */
static void
write_headers(struct out *o, const char *name, const struct http1_head *head)
{
    json_write_raw(o, ",\"");
    json_write_raw(o, name);
    json_write_raw(o, "\":");
    if (!head) {
        json_write_raw(o, "null");
        return;
    }
    if (!write_header_list(o, head, false)) {
        json_write_raw(o, ",\"");
        json_write_raw(o, name);
        json_write_raw(o, "_hex\":");
        (void)write_header_list(o, head, true);
    }
    if (head->n_headers_dropped > 0) {
        json_write_raw(o, ",\"");
        json_write_raw(o, name);
        json_write_raw(o, "_dropped\":");
        uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
        out_commit(o, put_u64(p, head->n_headers_dropped));
    }
    if (head->partial) {
        json_write_raw(o, ",\"");
        json_write_raw(o, name);
        json_write_raw(o, "_partial\":true");
    }
}

/* Flags that stand there only when they are true. */
static void
write_if_true(struct out *o, const char *name, bool v)
{
    if (v)
        write_bool_field(o, name, true);
}

static bool
is_repeated(const struct ws_ext_list *list, size_t first, size_t i)
{
    for (size_t k = first; k < i; k++)
        if (slice_equal(list->params[k].name, list->params[i].name))
            return true;
    return false;
}

/* Without quotes and escapes. */
static void
write_param_value(struct out *o, const struct ws_ext_param *param)
{
    uint8_t value[WS_EXT_VALUE_MAX];
    if (param->escaped)
        (void)json_write_string(o,
                                slice_make(value, ws_ext_value(param, value,
                                                               sizeof value)));
    else
        (void)json_write_string(o, param->value);
}

/* {"name": "value", "flag": true}; of a repeated name the first counts. */
static void
write_params(struct out *o, const struct ws_ext_list *list,
             const struct ws_ext *ext)
{
    bool first = true;
    out_put(o, "{", 1);
    for (size_t k = 0; k < ext->n_params; k++) {
        size_t i = ext->first_param + k;
        if (is_repeated(list, ext->first_param, i))
            continue;
        if (!first)
            out_put(o, ",", 1);
        first = false;
        (void)json_write_string(o, list->params[i].name);
        out_put(o, ":", 1);
        if (list->params[i].value.ptr)
            write_param_value(o, &list->params[i]);
        else
            json_write_raw(o, "true");
    }
    out_put(o, "}", 1);
}

/* known: the head it comes from was seen. */
static void
write_extensions(struct out *o, const char *name, bool known,
                 const struct ws_ext_list *list)
{
    json_write_raw(o, ",\"");
    json_write_raw(o, name);
    json_write_raw(o, known ? "\":[" : "\":null");
    for (size_t i = 0; known && i < list->n; i++) {
        json_write_raw(o, i > 0 ? ",{\"name\":" : "{\"name\":");
        (void)json_write_string(o, list->ext[i].name);
        json_write_raw(o, ",\"params\":");
        write_params(o, list, &list->ext[i]);
        out_put(o, "}", 1);
    }
    if (known)
        out_put(o, "]", 1);
}

static void
write_subprotocols(struct out *o, const struct event_handshake *e)
{
    json_write_raw(o, ",\"subprotocols_offered\":");
    if (!e->request_head) {
        json_write_raw(o, "null");
    } else {
        out_put(o, "[", 1);
        for (size_t i = 0; i < e->n_protocols_offered; i++) {
            if (i > 0)
                out_put(o, ",", 1);
            (void)json_write_string(o, e->protocols_offered[i]);
        }
        out_put(o, "]", 1);
    }
    write_if_true(o, "subprotocols_offered_truncated", e->protocols_truncated);
    json_write_field(o, "subprotocol", e->protocol);
}

static void
write_deflate(struct out *o, const struct event_handshake *e)
{
    if (!e->has_deflate) {
        json_write_raw(o, ",\"deflate\":null");
        return;
    }
    const struct ws_deflate_params *d = &e->deflate;
    uint8_t *p = out_reserve(o, JSON_FIXED_MAX);
    p = put_str(p, ",\"deflate\":{\"client_max_window_bits\":");
    p = put_u64(p, d->client_max_window_bits);
    p = put_str(p, ",\"server_max_window_bits\":");
    p = put_u64(p, d->server_max_window_bits);
    p = put_str(p, ",\"client_no_context_takeover\":");
    p = json_put_bool(p, d->client_no_context_takeover);
    p = put_str(p, ",\"server_no_context_takeover\":");
    p = json_put_bool(p, d->server_no_context_takeover);
    *p++ = '}';
    out_commit(o, p);
}

static void
write_accept(struct out *o, const struct event_handshake *e)
{
    json_write_field(o, "key", e->key);
    json_write_field(o, "accept", e->accept);
    json_write_field(o, "accept_expected",
                     e->accept_expected[0] ? slice_cstr(e->accept_expected)
                                           : none);
    if (e->accept_ok == TRI_UNKNOWN)
        json_write_raw(o, ",\"accept_ok\":null");
    else
        write_bool_field(o, "accept_ok", e->accept_ok == TRI_YES);
}

void
json_handshake(struct json *j, uint32_t conn, const struct event_handshake *e)
{
    struct out *o = j->out;
    const struct http1_head *request = e->request_head;
    const struct http1_head *response = e->response_head;
    json_write_raw(o, "{\"type\":\"handshake\"");
    write_u64_field(o, "conn", true, conn);
    write_u64_field(o, "flow", true, e->flow);
    write_time_field(j, "time", e->at);
    write_u64_field(o, "packet", e->at.packet != 0, e->at.packet);
    write_u64_field(o, "request_packet", e->request.packet != 0,
                    e->request.packet);
    write_time_field(j, "request_time", e->request);
    write_u64_field(o, "response_packet", e->response.packet != 0,
                    e->response.packet);
    write_time_field(j, "response_time", e->response);
    write_endpoint(o, "client", &e->client);
    write_endpoint(o, "server", &e->server);
    write_http_version(o, request ? request : response);
    json_write_raw(o, ",\"h2_stream\":null"); /* HTTP/1.1 has no streams */
    json_write_field(o, "method", request ? request->method : none);
    json_write_field(o, "target", request ? request->target : none);
    json_write_field(o, "host", e->host);
    json_write_field(o, "origin", e->origin);
    write_u64_field(o, "status", response != NULL,
                    response ? response->status : 0);
    write_if_true(o, "unanswered", e->answer == ANSWER_NONE);
    write_bool_field(o, "accepted", e->accepted);
    write_accept(o, e);
    json_write_field(o, "version", e->version);
    write_subprotocols(o, e);
    write_extensions(o, "extensions_offered", request != NULL, &e->offered);
    write_if_true(o, "extensions_offered_truncated", e->offered.truncated);
    write_extensions(o, "extensions", response != NULL, &e->agreed);
    write_if_true(o, "extensions_truncated", e->agreed.truncated);
    write_deflate(o, e);
    write_headers(o, "request_headers", request);
    write_headers(o, "response_headers", response);
    json_write_raw(o, ",\"tls\":null"); /* plain TCP */
    json_write_field(o, "seen", slice_cstr(handshake_seen_name(e->seen)));
    json_write_raw(o, "}\n");
}
