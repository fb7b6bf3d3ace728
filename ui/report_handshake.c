/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/addr.h"
#include "ui/put.h"
#include "ui/report_parts.h"

/* The label of a continued field. */
static const char *const indent = "";

/* Behind a list of which only the first elements are kept. */
static const char *const and_more = ", and more";

/* "192.0.2.1:50000 -> 192.0.2.2:80  time" */
static void
put_heading(struct report *r, const struct report_conn *c,
            const struct event_handshake *e)
{
    struct report_line *l = &r->line;
    char text[ENDPOINT_TEXT_MAX];
    size_t hang = REPORT_LABEL_COL, len;
    report_prefix(r, c->conn);
    len = endpoint_text(&e->client, text);
    report_wrap(r, c->conn, slice_make(text, len), STYLE_CLIENT, hang);
    line_style(l, STYLE_PLAIN);
    len = endpoint_text(&e->server, text);
    if (line_left(l) < len + line_arrow_cols(l) + 2)
        report_next_line(r, c->conn, STYLE_PLAIN, hang);
    else
        line_put(l, " ");
    line_arrow(l, true);
    line_put(l, " ");
    report_wrap(r, c->conn, slice_make(text, len), STYLE_SERVER, hang);
    line_style(l, STYLE_PLAIN);
    if (line_left(l) < report_date_cols(r) + 2)
        report_next_line(r, c->conn, STYLE_PLAIN, hang);
    else
        line_put(l, "  ");
    report_put_date(r, c->start_ns);
    line_end(l, r->out);
}

static void
add_version(struct report *r, const struct http1_head *head)
{
    report_add_str(r, "HTTP/");
    report_add_u64(r, head->major);
    report_add_str(r, ".");
    report_add_u64(r, head->minor);
}

/* " (packet 4)" for the verbose report. */
static void
add_packet(struct report *r, struct stamp at)
{
    if (r->options.detail != REPORT_VERBOSE || at.packet == 0)
        return;
    report_add_str(r, " (packet ");
    report_add_u64(r, at.packet);
    report_add_str(r, ")");
}

/* Long values are whole in the verbose report only. */
static void
put_field(struct report *r, uint32_t conn, const char *label,
          struct slice value, enum report_style style)
{
    if (r->options.detail == REPORT_VERBOSE)
        report_field_wrap(r, conn, label, value, style);
    else
        report_field_cut(r, conn, label, value, style);
}

static void
put_optional(struct report *r, uint32_t conn, const char *label,
             struct slice value)
{
    if (value.ptr)
        put_field(r, conn, label, value, STYLE_PLAIN);
}

static void
put_request(struct report *r, uint32_t conn, const struct event_handshake *e)
{
    const struct http1_head *head = e->request_head;
    if (!head) {
        report_field_cut(r, conn, "request", slice_cstr("not captured"),
                         STYLE_WARNING);
        return;
    }
    buf_clear(&r->scratch);
    report_add(r, head->method);
    report_add_str(r, " ");
    report_add(r, head->target);
    report_add_str(r, " ");
    add_version(r, head);
    add_packet(r, e->request);
    put_field(r, conn, "request", buf_slice(&r->scratch), STYLE_STRONG);
    put_optional(r, conn, "host", e->host);
    put_optional(r, conn, "origin", e->origin);
    if (!slice_equal_cstr(e->version, "13") ||
        r->options.detail == REPORT_VERBOSE)
        put_optional(r, conn, "version", e->version);
}

/* What stands between the choice of the server and the client's offer. */
static void
add_offered(struct report *r, const struct event_handshake *e, bool chosen)
{
    if (chosen)
        report_add_str(r, " (offered: ");
    else
        report_add_str(r, e->accepted ? "none (offered: " : "(offered: ");
}

static void
put_subprotocols(struct report *r, uint32_t conn,
                 const struct event_handshake *e)
{
    if (!e->protocol.ptr && e->n_protocols_offered == 0)
        return;
    buf_clear(&r->scratch);
    report_add(r, e->protocol);
    if (e->n_protocols_offered > 0)
        add_offered(r, e, e->protocol.ptr != NULL);
    for (size_t i = 0; i < e->n_protocols_offered; i++) {
        if (i > 0)
            report_add_str(r, ", ");
        report_add(r, e->protocols_offered[i]);
    }
    if (e->protocols_truncated)
        report_add_str(r, and_more);
    if (e->n_protocols_offered > 0)
        report_add_str(r, ")");
    report_field_wrap(r, conn, "subprotocol", buf_slice(&r->scratch),
                      STYLE_PLAIN);
}

/* The value as it was meant: without its quotes and escapes. */
static void
add_value(struct report *r, const struct ws_ext_param *param)
{
    uint8_t value[WS_EXT_VALUE_MAX];
    if (param->escaped)
        report_add(r,
                   slice_make(value, ws_ext_value(param, value, sizeof value)));
    else
        report_add(r, param->value);
}

static void
add_extensions(struct report *r, const struct ws_ext_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct ws_ext *ext = &list->ext[i];
        if (i > 0)
            report_add_str(r, ", ");
        report_add(r, ext->name);
        for (size_t k = 0; k < ext->n_params; k++) {
            const struct ws_ext_param *param =
                &list->params[ext->first_param + k];
            report_add_str(r, "; ");
            report_add(r, param->name);
            if (param->value.ptr) {
                report_add_str(r, "=");
                add_value(r, param);
            }
        }
    }
    if (list->truncated)
        report_add_str(r, and_more);
}

static void
put_extensions(struct report *r, uint32_t conn, const struct event_handshake *e)
{
    if (e->agreed.n == 0 && e->offered.n == 0)
        return;
    buf_clear(&r->scratch);
    add_extensions(r, &e->agreed);
    if (e->offered.n > 0) {
        add_offered(r, e, e->agreed.n > 0);
        add_extensions(r, &e->offered);
        report_add_str(r, ")");
    }
    report_field_wrap(r, conn, "extensions", buf_slice(&r->scratch),
                      STYLE_PLAIN);
}

static void
put_response(struct report *r, uint32_t conn, const struct event_handshake *e)
{
    const struct http1_head *head = e->response_head;
    if (!head) {
        const char *what = e->answer == ANSWER_NONE
                               ? "none: the connection ended without one"
                               : "not captured";
        report_field_cut(r, conn, "response", slice_cstr(what), STYLE_WARNING);
        return;
    }
    buf_clear(&r->scratch);
    report_add_u64(r, head->status);
    report_add_str(r, " ");
    report_add(r, head->reason);
    if (e->request.packet && e->response.packet) {
        uint8_t span[WHEN_TEXT_MAX];
        int64_t ns = e->response.time_ns - e->request.time_ns;
        uint8_t *end = when_span6(ns, span);
        report_add_str(r, " (after ");
        report_add(r, slice_make(span, (size_t)(end - span)));
        report_add_str(r, " s)");
    }
    add_packet(r, e->response);
    put_field(r, conn, "response", buf_slice(&r->scratch),
              e->accepted ? STYLE_GOOD : STYLE_ERROR);
}

/* One part of the proof, "computed s3pPLM..."; never cut. */
static void
put_proof(struct report *r, uint32_t conn, const char *label, const char *what,
          struct slice value, const char *missing)
{
    struct report_line *l = &r->line;
    report_label(r, conn, label, STYLE_PLAIN);
    line_put(l, what);
    line_to(l, report_is_narrow(r) ? 0 : REPORT_VALUE_COL + 9, 1);
    /* A hash stays in one piece if a line can hold it. */
    size_t hang =
        line_left(l) >= WS_ACCEPT_TEXT_MAX - 1 ? l->cols : report_hang_col(r);
    report_wrap(r, conn, value.ptr ? value : slice_cstr(missing), STYLE_PLAIN,
                hang);
}

/* Behind what was received, or in a line of its own. */
static void
put_accept_verdict(struct report *r, uint32_t conn, enum tristate ok)
{
    static const struct {
        const char *text;
        enum report_style style;
    } rows[] = {
        [TRI_UNKNOWN] = {"not verified", STYLE_WARNING},
        [TRI_NO] = {"MISMATCH", STYLE_ERROR},
        [TRI_YES] = {"match", STYLE_GOOD},
    };
    struct report_line *l = &r->line;
    if (line_left(l) < strlen(rows[ok].text) + 2) {
        line_end(l, r->out);
        report_label(r, conn, indent, STYLE_PLAIN);
    } else {
        line_put(l, "  ");
    }
    line_style(l, rows[ok].style);
    line_put(l, rows[ok].text);
    line_end(l, r->out);
}

/* RFC 6455 section 4.2.2: the answer is the hash of the key and a GUID. */
static void
put_accept(struct report *r, uint32_t conn, const struct event_handshake *e)
{
    if (!e->accept.ptr && !e->accepted)
        return; /* refused or never answered: there is nothing to prove */
    struct report_line *l = &r->line;
    struct slice expected = slice_make(NULL, 0);
    if (e->accept_expected[0])
        expected = slice_cstr(e->accept_expected);
    put_proof(r, conn, "accept", "key", e->key, "not seen");
    line_end(l, r->out);
    put_proof(r, conn, indent, "computed", expected, "-");
    line_end(l, r->out);
    put_proof(r, conn, indent, "received", e->accept,
              e->response_head && !e->response_head->partial
                  ? "no Sec-WebSocket-Accept"
                  : "not seen");
    put_accept_verdict(r, conn, e->accept_ok);
}

/* Every line of a head as it was sent; "> " client, "< " server. */
static void
put_headers(struct report *r, uint32_t conn, const struct http1_head *head,
            const char *label)
{
    if (!head)
        return;
    for (size_t i = 0; i < head->n_headers; i++) {
        buf_clear(&r->scratch);
        report_add(r, head->headers[i].name);
        report_add_str(r, ": ");
        report_add(r, head->headers[i].value);
        report_field_wrap(r, conn, i == 0 ? label : indent,
                          buf_slice(&r->scratch), STYLE_PLAIN);
    }
    if (head->n_headers_dropped > 0) {
        buf_clear(&r->scratch);
        report_add_str(r, "... and ");
        report_add_u64(r, head->n_headers_dropped);
        report_add_str(r, " more");
        report_field_cut(r, conn, indent, buf_slice(&r->scratch),
                         STYLE_WARNING);
    }
    if (head->partial)
        report_field_cut(r, conn, head->n_headers == 0 ? label : indent,
                         slice_cstr("... the rest was not captured"),
                         STYLE_WARNING);
}

void
report_handshake(struct report *r, struct report_conn *c,
                 const struct event_handshake *e)
{
    if (r->begun)
        line_end(&r->line, r->out);
    put_heading(r, c, e);
    if (e->seen == HANDSHAKE_SEEN_NONE) {
        report_field_cut(r, c->conn, "handshake",
                         slice_cstr("not captured: found in mid-stream"),
                         STYLE_WARNING);
        report_timeline_heading(r);
        return;
    }
    put_request(r, c->conn, e);
    put_response(r, c->conn, e);
    put_subprotocols(r, c->conn, e);
    put_extensions(r, c->conn, e);
    put_accept(r, c->conn, e);
    if (r->options.detail == REPORT_VERBOSE) {
        put_headers(r, c->conn, e->request_head, "sent");
        put_headers(r, c->conn, e->response_head, "answered");
    }
    if (e->accepted)
        report_timeline_heading(r);
}
