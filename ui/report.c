/* SPDX-License-Identifier: MIT */
#include "ui/report.h"

#include <stdlib.h>
#include <string.h>

#include "ui/close_code.h"
#include "ui/put.h"
#include "ui/report_parts.h"

/* Longer values are cut; a whole HTTP head fits. */
#define SCRATCH_MAX ((size_t)256 * 1024)

static bool
conn_equal(const void *value, const void *key)
{
    const struct report_conn *c = value;
    return c->conn == *(const uint32_t *)key;
}

static void
conn_reset(struct report_conn *c, uint32_t conn, int64_t start_ns)
{
    *c = (struct report_conn){.conn = conn,
                              .start_ns = start_ns,
                              .last_ns = start_ns};
}

struct report_conn *
report_conn(struct report *r, uint32_t conn, int64_t start_ns)
{
    if (r->last && r->last->conn == conn)
        return r->last;
    uint32_t hash = map_hash(&r->conns, &conn, 1);
    struct report_conn *c = map_find(&r->conns, hash, conn_equal, &conn);
    if (c) {
        r->last = c;
        return c;
    }
    c = malloc(sizeof *c);
    if (!c || map_insert(&r->conns, hash, c) != ERR_OK) {
        /* Lines still come out, only with times since this event. */
        free(c);
        r->without_memory++;
        conn_reset(&r->spare, conn, start_ns);
        return &r->spare;
    }
    conn_reset(c, conn, start_ns);
    c->prev = &r->all;
    c->next = r->all.next;
    if (c->next)
        c->next->prev = c;
    r->all.next = c;
    r->last = c;
    return c;
}

static void
conn_drop(struct report *r, struct report_conn *c)
{
    if (r->last == c)
        r->last = NULL;
    if (c == &r->spare)
        return;
    (void)map_remove(&r->conns, map_hash(&r->conns, &c->conn, 1), c);
    c->prev->next = c->next;
    if (c->next)
        c->next->prev = c->prev;
    free(c);
}

static void
note_handshake(struct report_conn *c, const struct event_handshake *e)
{
    c->start_ns = e->request.packet ? e->request.time_ns : e->at.time_ns;
    c->last_ns = c->start_ns;
    c->client = e->client;
    c->server = e->server;
    c->seen = true;
    c->accept_ok = e->accept_ok;
    c->accepted = e->accepted;
    if (e->response_head) {
        c->has_status = true;
        c->status = e->response_head->status;
    }
    if (e->request_head) {
        struct slice target =
            slice_head(e->request_head->target, sizeof c->target);
        if (target.len > 0)
            memcpy(c->target, target.ptr, target.len);
        c->target_len = target.len;
        c->target_cut = target.len < e->request_head->target.len;
    }
}

static void
add_count(struct report *r, uint64_t v, const char *noun)
{
    uint8_t digits[2 * PUT_U64_MAX];
    report_add(r,
               slice_make(digits, (size_t)(put_grouped(digits, v) - digits)));
    report_add_str(r, " ");
    report_add_str(r, noun);
    if (v != 1)
        report_add_str(r, "s");
}

static void
put_gap(struct report *r, struct report_conn *c, const struct event_gap *e)
{
    buf_clear(&r->scratch);
    report_add_str(r, ws_sender_name(e->from));
    report_add_str(r, ": ");
    add_count(r, e->len, "byte");
    report_add_str(r, " not captured, from offset ");
    report_add_u64(r, e->offset);
    if (e->resynced) {
        report_add_str(r, "; frames start again at ");
        report_add_u64(r, e->resync_offset);
    }
    report_field_wrap(r, c->conn, "! gap", buf_slice(&r->scratch),
                      STYLE_WARNING);
}

static enum report_style
severity_style(enum severity s)
{
    switch (s) {
    case SEVERITY_ERROR:
        return STYLE_ERROR;
    case SEVERITY_WARNING:
        return STYLE_WARNING;
    default:
        return STYLE_NOTE;
    }
}

static void
put_finding(struct report *r, struct report_conn *c,
            const struct event_finding *e)
{
    static const char *const labels[SEVERITY_COUNT] = {"! chat", "! note",
                                                       "! warning", "! error"};
    const struct finding_info *info = finding_info(e->id);
    buf_clear(&r->scratch);
    report_add_str(r, info->id);
    if (e->has_from || e->frame) {
        report_add_str(r, " (");
        if (e->has_from)
            report_add_str(r, ws_sender_name(e->from));
        if (e->has_from && e->frame)
            report_add_str(r, " ");
        if (e->frame) {
            report_add_str(r, "frame ");
            report_add_u64(r, e->frame);
        }
        report_add_str(r, ")");
    }
    report_add_str(r, ": ");
    report_add_str(r, info->text);
    if (e->detail) {
        report_add_str(r, ": ");
        report_add_str(r, e->detail);
    }
    if (e->count > 1) {
        report_add_str(r, ", ");
        add_count(r, e->count, "time");
    }
    report_add_str(r, " [");
    report_add_str(r, info->reference);
    report_add_str(r, "]");
    report_field_wrap(r, c->conn, labels[info->severity],
                      buf_slice(&r->scratch), severity_style(info->severity));
}

/* "client -> 3 frames, 3 messages, 15 bytes, close 1000 Normal Closure" */
static void
put_side(struct report *r, struct report_conn *c, const struct event_end *e,
         enum ws_sender from)
{
    buf_clear(&r->scratch);
    add_count(r, e->frames[from], "frame");
    report_add_str(r, ", ");
    add_count(r, e->messages[from], "message");
    report_add_str(r, ", ");
    add_count(r, e->payload_bytes[from], "byte");
    if (e->has_close_code[from]) {
        report_add_str(r, ", close ");
        report_add_u64(r, e->close_code[from]);
        report_add_str(r, " ");
        report_add_str(r, close_code_name(e->close_code[from]));
    }
    if (e->gap_bytes[from]) {
        report_add_str(r, ", ");
        add_count(r, e->gap_bytes[from], "byte");
        report_add_str(r, " not captured");
    }
    report_field_wrap(r, c->conn,
                      from == WS_SENDER_CLIENT ? "  by client" : "  by server",
                      buf_slice(&r->scratch), STYLE_PLAIN);
}

static void
put_duration(struct report *r, struct report_conn *c, int64_t ns)
{
    uint8_t span[WHEN_TEXT_MAX];
    uint8_t *end = when_span6(ns, span);
    buf_clear(&r->scratch);
    report_add(r, slice_make(span, (size_t)(end - span)));
    report_add_str(r, " s");
    report_field_wrap(r, c->conn, "  lasted", buf_slice(&r->scratch),
                      STYLE_PLAIN);
}

static void
put_end(struct report *r, struct report_conn *c, const struct event_end *e)
{
    buf_clear(&r->scratch);
    report_add_str(r, e->text ? e->text : verdict_name(e->verdict));
    report_field_wrap(r, c->conn, "end", buf_slice(&r->scratch),
                      e->clean ? STYLE_GOOD : STYLE_WARNING);
    if (c->accepted || e->frames[0] || e->frames[1] || e->gap_bytes[0] ||
        e->gap_bytes[1]) {
        put_side(r, c, e, WS_SENDER_CLIENT);
        put_side(r, c, e, WS_SENDER_SERVER);
        put_duration(r, c, e->duration_ns);
    }
    if (r->options.detail != REPORT_VERBOSE)
        return;
    buf_clear(&r->scratch);
    report_add_str(r, verdict_name(e->verdict));
    if (e->onclose_code) {
        report_add_str(r, "; a script sees close code ");
        report_add_u64(r, e->onclose_code);
        report_add_str(r, " ");
        report_add_str(r, close_code_name(e->onclose_code));
    }
    report_field_wrap(r, c->conn, "  verdict", buf_slice(&r->scratch),
                      STYLE_PLAIN);
    for (size_t i = 0; i < e->n_evidence; i++) {
        buf_clear(&r->scratch);
        report_add_str(r, "packet ");
        report_add_u64(r, e->evidence[i].packet);
        report_add_str(r, ": ");
        report_add_str(r, e->evidence[i].what);
        report_field_wrap(r, c->conn, i == 0 ? "  evidence" : "",
                          buf_slice(&r->scratch), STYLE_PLAIN);
    }
}

/* "→3/3/15": frames, messages, bytes of the client; ← for the server. */
static void
put_quiet_side(struct report_line *l, const struct event_end *e,
               enum ws_sender from)
{
    line_arrow(l, from == WS_SENDER_CLIENT);
    line_u64(l, e->frames[from]);
    line_put(l, "/");
    line_u64(l, e->messages[from]);
    line_put(l, "/");
    line_u64(l, e->payload_bytes[from]);
}

/* All of a quiet line but the target; it is drawn twice, the first time to
 * know how wide it gets. */
static void
put_quiet_rest(struct report *r, const struct report_conn *c,
               const struct event_end *e)
{
    static const char *const accept[] = {"accept ?", "MISMATCH", "match"};
    static const enum report_style styles[] = {STYLE_PLAIN, STYLE_ERROR,
                                               STYLE_GOOD};
    struct report_line *l = &r->line;
    if (c->has_status)
        line_u64(l, c->status);
    else
        line_put(l, "-");
    if (c->accepted) {
        line_put(l, " ");
        line_style(l, styles[c->accept_ok]);
        line_put(l, accept[c->accept_ok]);
        line_style(l, STYLE_PLAIN);
    }
    line_put(l, " ");
    put_quiet_side(l, e, WS_SENDER_CLIENT);
    line_put(l, " ");
    put_quiet_side(l, e, WS_SENDER_SERVER);
    for (unsigned i = 0; i < 2; i++) {
        /* The code of the side that closed first, as far as we know. */
        unsigned from = e->closed_by == CLOSED_BY_SERVER ? 1 - i : i;
        if (e->has_close_code[from]) {
            line_put(l, " ");
            line_u64(l, e->close_code[from]);
            break;
        }
    }
    line_put(l, " ");
    line_style(l, e->clean ? STYLE_GOOD : STYLE_WARNING);
    line_put(l, verdict_name(e->verdict));
    line_style(l, STYLE_PLAIN);
    if (c->n_findings) {
        line_put(l, " ");
        line_style(l, STYLE_ERROR);
        line_count(l, c->n_findings, "finding");
        line_style(l, STYLE_PLAIN);
    }
}

/* Once, above the first line. */
static void
put_quiet_heading(struct report *r)
{
    struct report_line *l = &r->line;
    if (r->timeline)
        return;
    r->timeline = true;
    line_style(l, STYLE_DIM);
    line_put(l, "conn client ");
    line_arrow(l, true);
    line_put(l, " server target status accept ");
    line_arrow(l, true);
    line_put(l, "frames/messages/bytes ");
    line_arrow(l, false);
    line_put(l, "ditto close end");
    line_end(l, r->out);
}

static void
put_quiet(struct report *r, const struct report_conn *c,
          const struct event_end *e)
{
    struct report_line *l = &r->line;
    char text[ENDPOINT_TEXT_MAX];
    put_quiet_heading(r);
    put_quiet_rest(r, c, e);
    size_t rest_cols = l->cols + 1;
    l->len = l->cols = 0;
    report_prefix(r, c->conn);
    line_put_mem(l, text, endpoint_text(&c->client, text));
    line_put(l, " ");
    line_arrow(l, true);
    line_put(l, " ");
    line_put_mem(l, text, endpoint_text(&c->server, text));
    line_put(l, " ");
    /* The target takes what the rest leaves, but at least a glimpse. */
    size_t left = line_left(l);
    size_t cols = left > rest_cols + 12 ? left - rest_cols : 12;
    if (c->target_len > 0)
        line_text(l, slice_make(c->target, c->target_len), c->target_cut, cols);
    else
        line_put(l, "-");
    line_put(l, " ");
    put_quiet_rest(r, c, e);
    line_end(l, r->out);
}

static void
on_event_quiet(void *ctx, const struct event *event)
{
    struct report *r = ctx;
    if (event->type == EVENT_HANDSHAKE) {
        note_handshake(report_conn(r, event->conn, 0), event->handshake);
    } else if (event->type == EVENT_FINDING) {
        report_conn(r, event->conn, 0)->n_findings +=
            event->finding->count == 1;
    } else if (event->type == EVENT_END) {
        struct report_conn *c = report_conn(r, event->conn, 0);
        put_quiet(r, c, event->end);
        conn_drop(r, c);
    }
}

static int64_t
time_of(const struct event *event)
{
    switch (event->type) {
    case EVENT_HANDSHAKE:
        return event->handshake->at.time_ns;
    case EVENT_FRAME:
        return event->frame->at.time_ns;
    case EVENT_MESSAGE:
        return event->message->at.time_ns;
    case EVENT_GAP:
        return event->gap->at.time_ns;
    case EVENT_FINDING:
        return event->finding->at.time_ns;
    case EVENT_END:
        return event->end->at.time_ns;
    }
    return 0;
}

static void
on_event(void *ctx, const struct event *event)
{
    struct report *r = ctx;
    if (out_over(r->out))
        return;
    struct report_conn *c = report_conn(r, event->conn, time_of(event));
    switch (event->type) {
    case EVENT_HANDSHAKE:
        note_handshake(c, event->handshake);
        report_handshake(r, c, event->handshake);
        break;
    case EVENT_FRAME:
        report_frame(r, c, event->frame);
        break;
    case EVENT_MESSAGE:
        if (c->shown[event->message->from] != event->message->number)
            report_message(r, c, event->message);
        break;
    case EVENT_GAP:
        put_gap(r, c, event->gap);
        break;
    case EVENT_FINDING:
        put_finding(r, c, event->finding);
        break;
    case EVENT_END:
        put_end(r, c, event->end);
        conn_drop(r, c);
        break;
    }
}

struct report *
report_new(const struct report_options *options, struct out *o)
{
    struct report *r = calloc(1, sizeof *r);
    uint8_t *bytes = malloc(REPORT_LINE_BYTES);
    if (!r || !bytes || map_init(&r->conns) != ERR_OK) {
        free(bytes);
        free(r);
        return NULL;
    }
    size_t width = options->width;
    if (width == 0 || width > REPORT_LINE_COLUMNS_MAX)
        width = REPORT_LINE_COLUMNS_MAX;
    r->options = *options;
    r->out = o;
    r->line = (struct report_line){.bytes = bytes,
                                   .width = width,
                                   .color = options->color,
                                   .utf8 = options->utf8};
    buf_init(&r->scratch, SCRATCH_MAX);
    /* All of it now, so that no line can lack a part for want of memory; the
     * system gives the pages when they are used. */
    if (!buf_reserve(&r->scratch, SCRATCH_MAX)) {
        report_free(r);
        return NULL;
    }
    return r;
}

void
report_free(struct report *r)
{
    if (!r)
        return;
    for (struct report_conn *c = r->all.next, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    map_fini(&r->conns);
    buf_fini(&r->scratch);
    free(r->line.bytes);
    free(r);
}

struct event_sink
report_sink(struct report *r)
{
    struct event_sink sink = {.ctx = r, .event = on_event_quiet};
    sink.wants = 1u << EVENT_HANDSHAKE | 1u << EVENT_FINDING | 1u << EVENT_END;
    if (r->options.detail != REPORT_QUIET) {
        sink.wants |= 1u << EVENT_FRAME | 1u << EVENT_MESSAGE | 1u << EVENT_GAP;
        /* No character of a preview has more than 4 bytes, and marks on it
         * are few in practice. */
        sink.keep = 4 * r->line.width;
        sink.event = on_event;
    }
    return sink;
}

static void
put_findings(struct report_line *l, const struct summary *s)
{
    static const struct {
        enum severity severity;
        const char *noun;
        enum report_style style;
    } rows[] = {
        {SEVERITY_ERROR, "error", STYLE_ERROR},
        {SEVERITY_WARNING, "warning", STYLE_WARNING},
        {SEVERITY_NOTE, "note", STYLE_NOTE},
        {SEVERITY_CHAT, "chat", STYLE_NOTE},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t n = s->findings[rows[i].severity];
        if (n == 0)
            continue;
        line_put(l, any ? ", " : "Findings: ");
        any = true;
        line_style(l, rows[i].style);
        line_count(l, n, rows[i].noun);
        line_style(l, STYLE_PLAIN);
    }
    if (!any)
        line_put(l, "No findings.");
}

void
report_summary(struct report *r, const struct summary *s)
{
    struct report_line *l = &r->line;
    uint8_t span[WHEN_TEXT_MAX];
    if (r->begun)
        line_end(l, r->out);
    line_count(l, s->connections, "connection");
    line_put(l, ", ");
    line_u64(l, s->accepted);
    line_put(l, " accepted; ");
    line_count(l, s->frames, "frame");
    line_put(l, ", ");
    line_count(l, s->messages, "message");
    line_end(l, r->out);
    line_count(l, s->packets, "packet");
    line_put(l, ", ");
    line_count(l, s->bytes, "byte");
    line_put(l, ", ");
    line_count(l, s->flows, "TCP flow");
    line_put(l, " in ");
    line_put_mem(l, span, (size_t)(when_span6(s->duration_ns, span) - span));
    line_put(l, " s");
    if (s->has_dropped) {
        line_put(l, "; dropped by the system: ");
        line_u64(l, s->dropped);
    }
    line_end(l, r->out);
    put_findings(l, s);
    line_end(l, r->out);
    if (r->without_memory > 0) {
        line_put(l, "Memory was short: times and addresses are missing in ");
        line_count(l, r->without_memory, "line");
        line_end(l, r->out);
    }
}
