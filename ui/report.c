/* SPDX-License-Identifier: MIT */
#include "ui/report.h"

#include <stdlib.h>
#include <string.h>

#include "dissect/close_code.h"
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
drop_held(struct report_conn *c)
{
    for (struct report_held *held = c->held, *next; held; held = next) {
        next = held->next;
        free(held);
    }
    c->held = NULL;
    c->n_held = 0;
}

static void
conn_drop(struct report *r, struct report_conn *c)
{
    if (r->last == c)
        r->last = NULL;
    if (c == &r->spare)
        return;
    drop_held(c);
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

void
report_add_count(struct report *r, uint64_t v, const char *noun)
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
    report_add_count(r, e->len, "byte");
    report_add_str(r, " not captured, from offset ");
    report_add_u64(r, e->offset);
    if (e->resynced) {
        report_add_str(r, "; frames start again at ");
        report_add_u64(r, e->resync_offset);
    }
    report_field_wrap(r, c->conn, "! gap", buf_slice(&r->scratch),
                      STYLE_WARNING);
}

enum report_style
report_severity_style(enum severity s)
{
    switch (s) {
    case SEVERITY_ERROR:
        return STYLE_ERROR;
    case SEVERITY_WARNING:
        return STYLE_WARNING;
    case SEVERITY_CHAT:
        return STYLE_DIM;
    default:
        return STYLE_NOTE;
    }
}

void
report_finding(struct report *r, uint32_t conn, const struct event_finding *e)
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
        report_add_count(r, e->count, "time");
    }
    report_add_str(r, " [");
    report_add_str(r, info->reference);
    report_add_str(r, "]");
    report_field_wrap(r, conn, labels[e->severity], buf_slice(&r->scratch),
                      report_severity_style(e->severity));
}

/* The findings that wait for that frame of the sender or one before it. */
static void
put_held(struct report *r, struct report_conn *c, enum ws_sender from,
         uint64_t frame)
{
    struct report_held **at = &c->held;
    while (*at) {
        struct report_held *held = *at;
        if (held->finding.from != from || held->finding.frame > frame) {
            at = &held->next;
            continue;
        }
        report_finding(r, c->conn, &held->finding);
        *at = held->next;
        c->n_held--;
        free(held);
    }
}

/* Keeps a finding until its frame has come; false: cannot. */
static bool
hold_finding(struct report_conn *c, const struct event_finding *e)
{
    if (c->n_held == REPORT_HELD_MAX)
        return false;
    struct report_held *held = malloc(sizeof *held);
    if (!held)
        return false;
    held->next = NULL;
    held->finding = *e;
    if (e->detail) {
        size_t len = strlen(e->detail);
        if (len > sizeof held->detail - 1)
            len = sizeof held->detail - 1;
        memcpy(held->detail, e->detail, len);
        held->detail[len] = '\0';
        held->finding.detail = held->detail;
    }
    struct report_held **end = &c->held;
    while (*end)
        end = &(*end)->next;
    *end = held;
    c->n_held++;
    return true;
}

/* What is wrong with a frame is found before it is complete, and is told
 * behind its line. */
static void
on_finding(struct report *r, struct report_conn *c,
           const struct event_finding *e)
{
    bool waits = e->has_from && e->frame > c->frame[e->from];
    /* The stand-in may soon be that of another connection. */
    if (!waits || c == &r->spare || !hold_finding(c, e))
        report_finding(r, c->conn, e);
}

static void
on_frame(struct report *r, struct report_conn *c, const struct event_frame *f)
{
    /* Frames before it that were not shown (--only) will not come. */
    if (c->held)
        put_held(r, c, f->from, f->number - 1);
    report_frame(r, c, f);
    c->frame[f->from] = f->number;
    if (c->held)
        put_held(r, c, f->from, f->number);
}

/* "client -> 3 frames, 3 messages, 15 bytes, close 1000 Normal Closure" */
static void
put_side(struct report *r, struct report_conn *c, const struct event_end *e,
         enum ws_sender from)
{
    buf_clear(&r->scratch);
    report_add_count(r, e->frames[from], "frame");
    report_add_str(r, ", ");
    report_add_count(r, e->messages[from], "message");
    report_add_str(r, ", ");
    report_add_count(r, e->payload_bytes[from], "byte");
    if (e->has_close_code[from]) {
        report_add_str(r, ", close ");
        report_add_u64(r, e->close_code[from]);
        report_add_str(r, " ");
        report_add_str(r, close_code_name(e->close_code[from]));
    }
    if (e->gap_bytes[from]) {
        report_add_str(r, ", ");
        report_add_count(r, e->gap_bytes[from], "byte");
        report_add_str(r, " not captured");
    }
    if (e->undecoded_bytes[from]) {
        report_add_str(r, ", ");
        report_add_count(r, e->undecoded_bytes[from], "byte");
        report_add_str(r, " in which no frame was found");
    }
    report_field_wrap(r, c->conn,
                      from == WS_SENDER_CLIENT ? "  by client" : "  by server",
                      buf_slice(&r->scratch), STYLE_PLAIN);
}

static void
add_span(struct report *r, const char *name, int64_t ns)
{
    uint8_t span[WHEN_TEXT_MAX];
    uint8_t *end = when_span6(ns, span);
    report_add_str(r, name);
    report_add(r, slice_make(span, (size_t)(end - span)));
}

/* "12 by client answered after 0.000120 to 0.004100 s, median 0.000200, 95 %
 * within 0.004000 s" */
static void
put_round_trips(struct report *r, struct report_conn *c,
                const struct event_end *e)
{
    bool first = true;
    for (unsigned i = 0; i < 2; i++) {
        const struct event_rtt *rtt = &e->rtt[i];
        if (rtt->n == 0)
            continue;
        buf_clear(&r->scratch);
        report_add_u64(r, rtt->n);
        report_add_str(r, " by ");
        report_add_str(r, ws_sender_name((enum ws_sender)i));
        report_add_str(r, " answered after ");
        add_span(r, "", rtt->min_ns);
        if (rtt->n > 1) {
            add_span(r, " to ", rtt->max_ns);
            add_span(r, " s, median ", rtt->median_ns);
            add_span(r, ", 95 % within ", rtt->p95_ns);
        }
        report_add_str(r, " s");
        report_field_wrap(r, c->conn, first ? "  pings" : "",
                          buf_slice(&r->scratch), STYLE_PLAIN);
        first = false;
    }
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
                      e->verdict == VERDICT_CLEAN_CLOSE ? STYLE_GOOD
                                                        : STYLE_WARNING);
    if (c->accepted || e->frames[0] || e->frames[1] || e->gap_bytes[0] ||
        e->gap_bytes[1]) {
        put_side(r, c, e, WS_SENDER_CLIENT);
        put_side(r, c, e, WS_SENDER_SERVER);
        put_round_trips(r, c, e);
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

/* ---- One line a connection ------------------------------------------- */

/* Which columns there are, by the width: the heading stands for all lines. */
enum quiet_columns {
    QUIET_TINY,  /* no client, sums and close code */
    QUIET_SHORT, /* no messages, shorter words */
    QUIET_WHOLE,
};

static enum quiet_columns
quiet_columns(const struct report *r)
{
    if (r->line.width < REPORT_QUIET_SHORT)
        return QUIET_TINY;
    return r->line.width < REPORT_QUIET_WHOLE ? QUIET_SHORT : QUIET_WHOLE;
}

/* What one line does without, so that it fits. */
struct quiet_form {
    bool client, client_port, bytes;
    size_t target, server; /* columns that they have at least */
};

static const struct quiet_form quiet_forms[] = {
    {true, true, true, 12, ENDPOINT_TEXT_MAX},
    {true, false, true, 12, ENDPOINT_TEXT_MAX},
    {true, false, true, 6, ENDPOINT_TEXT_MAX},
    {false, false, true, 6, ENDPOINT_TEXT_MAX},
    {false, false, true, 1, ENDPOINT_TEXT_MAX},
    {false, false, false, 1, ENDPOINT_TEXT_MAX},
    {false, false, false, 1, 9},
    {false, false, false, 1, 4},
};

/* "→3/3/15": frames, messages, bytes of the client; ← for the server. */
static void
put_quiet_side(struct report *r, const struct event_end *e, enum ws_sender from,
               bool bytes)
{
    struct report_line *l = &r->line;
    line_put(l, " ");
    line_arrow(l, from == WS_SENDER_CLIENT);
    line_u64(l, e->frames[from]);
    if (quiet_columns(r) == QUIET_WHOLE) {
        line_put(l, "/");
        line_u64(l, e->messages[from]);
    }
    if (bytes) {
        line_put(l, "/");
        line_u64(l, e->payload_bytes[from]);
    }
}

static void
put_quiet_peers(struct report *r, const struct report_conn *c,
                const struct quiet_form *form)
{
    struct report_line *l = &r->line;
    char text[ENDPOINT_TEXT_MAX];
    size_t len = 0;
    if (quiet_columns(r) != QUIET_TINY) {
        if (form->client_port)
            len = endpoint_text(&c->client, text);
        else if (form->client)
            len = addr_text(&c->client.addr, text);
        line_text(l, slice_make(text, len), !form->client, SIZE_MAX);
        line_put(l, " ");
        line_arrow(l, true);
        line_put(l, " ");
    }
    len = endpoint_text(&c->server, text);
    line_text(l, slice_make(text, len), false, form->server);
}

/* The code of the side that closed first, as far as we know. */
static void
put_quiet_code(struct report_line *l, const struct event_end *e)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned from = e->closed_by == CLOSED_BY_SERVER ? 1 - i : i;
        if (e->has_close_code[from]) {
            line_put(l, " ");
            line_u64(l, e->close_code[from]);
            return;
        }
    }
}

/* Status and what the Accept was worth; tiny: one of the two. */
static void
put_quiet_answer(struct report *r, const struct report_conn *c)
{
    static const struct {
        const char *whole, *brief;
        enum report_style style;
    } rows[] = {
        [TRI_UNKNOWN] = {" accept ?", " ?", STYLE_PLAIN},
        [TRI_NO] = {" MISMATCH", " MISMATCH", STYLE_ERROR},
        [TRI_YES] = {" match", " ok", STYLE_GOOD},
    };
    struct report_line *l = &r->line;
    enum quiet_columns columns = quiet_columns(r);
    if (columns != QUIET_TINY || !c->accepted) {
        line_put(l, " ");
        if (c->has_status)
            line_u64(l, c->status);
        else
            line_put(l, "-");
    }
    if (c->accepted) {
        line_style(l, rows[c->accept_ok].style);
        line_put(l, columns == QUIET_WHOLE ? rows[c->accept_ok].whole
                                           : rows[c->accept_ok].brief);
        line_style(l, STYLE_PLAIN);
    }
}

/* A whole line but for its end. */
static void
draw_quiet(struct report *r, const struct report_conn *c,
           const struct event_end *e, const struct quiet_form *form)
{
    struct report_line *l = &r->line;
    enum quiet_columns columns = quiet_columns(r);
    report_prefix(r, c->conn);
    put_quiet_peers(r, c, form);
    line_put(l, " ");
    if (c->target_len > 0)
        line_text(l, slice_make(c->target, c->target_len), c->target_cut,
                  form->target);
    else
        line_put(l, "-");
    put_quiet_answer(r, c);
    if (columns != QUIET_TINY) {
        put_quiet_side(r, e, WS_SENDER_CLIENT, form->bytes);
        put_quiet_side(r, e, WS_SENDER_SERVER, form->bytes);
        put_quiet_code(l, e);
    }
    line_put(l, " ");
    line_style(l, e->clean ? STYLE_GOOD : STYLE_WARNING);
    line_put(l, verdict_name(e->verdict));
    line_style(l, STYLE_PLAIN);
    if (c->n_findings == 0)
        return;
    line_put(l, " ");
    line_style(l, STYLE_ERROR);
    if (columns == QUIET_WHOLE) {
        line_count(l, c->n_findings, "finding");
    } else {
        line_put(l, "!");
        line_u64(l, c->n_findings);
    }
    line_style(l, STYLE_PLAIN);
}

/* Once, above the first line. */
static void
put_quiet_heading(struct report *r)
{
    struct report_line *l = &r->line;
    enum quiet_columns columns = quiet_columns(r);
    if (r->timeline)
        return;
    r->timeline = true;
    line_style(l, STYLE_DIM);
    if (columns == QUIET_TINY) {
        line_put(l, "conn server target accept end !findings");
    } else {
        line_put(l, "conn client ");
        line_arrow(l, true);
        line_put(l, " server target status accept ");
        line_arrow(l, true);
        line_arrow(l, false);
        line_put(l, columns == QUIET_WHOLE
                        ? "frames/messages/bytes close end findings"
                        : "frames/bytes close end !findings");
    }
    line_end(l, r->out);
}

static void
put_quiet(struct report *r, const struct report_conn *c,
          const struct event_end *e)
{
    struct report_line *l = &r->line;
    const struct quiet_form *form = quiet_forms;
    size_t n = sizeof quiet_forms / sizeof quiet_forms[0];
    put_quiet_heading(r);
    /* Drawn until it fits, and once more with all the room that is left. */
    for (;; form++) {
        draw_quiet(r, c, e, form);
        if (l->cols <= l->width || form == &quiet_forms[n - 1])
            break;
        l->len = l->cols = 0;
    }
    struct quiet_form grown = *form;
    if (form->server < ENDPOINT_TEXT_MAX)
        grown.server += line_left(l);
    else
        grown.target += line_left(l);
    l->len = l->cols = 0;
    draw_quiet(r, c, e, &grown);
    line_end(l, r->out);
}

/* Chat says in words what the frames beside it show. */
static bool
is_told(const struct report *r, enum severity severity)
{
    return severity > SEVERITY_CHAT || r->options.detail == REPORT_VERBOSE;
}

static void
on_event_quiet(void *ctx, const struct event *event)
{
    struct report *r = ctx;
    summary_count(&r->shown, event);
    if (event->type == EVENT_HANDSHAKE) {
        note_handshake(report_conn(r, event->conn, 0), event->handshake);
    } else if (event->type == EVENT_FINDING) {
        report_conn(r, event->conn, 0)->n_findings +=
            event->finding->count == 1 && is_told(r, event->finding->severity);
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
    case EVENT_TCP:
        return event->tcp->at.time_ns;
    }
    return 0;
}

static void
on_event(void *ctx, const struct event *event)
{
    struct report *r = ctx;
    summary_count(&r->shown, event);
    if (out_over(r->out))
        return;
    struct report_conn *c = report_conn(r, event->conn, time_of(event));
    switch (event->type) {
    case EVENT_HANDSHAKE:
        note_handshake(c, event->handshake);
        report_handshake(r, c, event->handshake);
        break;
    case EVENT_FRAME:
        r->shown_frames++;
        on_frame(r, c, event->frame);
        break;
    case EVENT_MESSAGE:
        r->shown_messages++;
        if (c->shown[event->message->from] != event->message->number)
            report_message(r, c, event->message);
        break;
    case EVENT_GAP:
        put_gap(r, c, event->gap);
        break;
    case EVENT_FINDING:
        if (is_told(r, event->finding->severity))
            on_finding(r, c, event->finding);
        break;
    case EVENT_END:
        put_held(r, c, WS_SENDER_CLIENT, UINT64_MAX);
        put_held(r, c, WS_SENDER_SERVER, UINT64_MAX);
        put_end(r, c, event->end);
        conn_drop(r, c);
        break;
    case EVENT_TCP:
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
        drop_held(c);
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

/* Text of r->scratch, on as many lines as it takes. */
static void
put_summary_part(struct report *r, enum report_style style)
{
    report_wrap(r, 0, buf_slice(&r->scratch), style, REPORT_SUMMARY_HANG);
    line_style(&r->line, STYLE_PLAIN);
}

static void
put_findings(struct report *r, const struct summary *s)
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
    struct report_line *l = &r->line;
    bool any = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t n = s->findings[rows[i].severity];
        if (n == 0 || !is_told(r, rows[i].severity))
            continue;
        line_put(l, any ? "," : "Findings:");
        any = true;
        buf_clear(&r->scratch);
        report_add_str(r, " ");
        report_add_count(r, n, rows[i].noun);
        put_summary_part(r, rows[i].style);
    }
    if (!any)
        line_put(l, "No findings.");
    line_end(l, r->out);
}

/* "3 of 14 frames" of these connections, or only "14 frames". */
static void
add_shown(struct report *r, uint64_t shown, uint64_t all, const char *noun)
{
    if (r->options.partial && r->options.detail != REPORT_QUIET &&
        shown != all) {
        report_add_u64(r, shown);
        report_add_str(r, " of ");
    }
    report_add_count(r, all, noun);
}

/* The counts of what was shown; all, if that is not everything, the number of
 * all connections. */
static void
put_counts(struct report *r, const struct summary *s, uint64_t all)
{
    buf_clear(&r->scratch);
    if (s->connections == all) {
        report_add_count(r, all, "connection");
    } else {
        report_add_u64(r, s->connections);
        report_add_str(r, " of ");
        report_add_count(r, all, "connection");
        report_add_str(r, " shown");
    }
    if (s->accepted > 0 || s->midstream == 0) {
        report_add_str(r, ", ");
        report_add_u64(r, s->accepted);
        report_add_str(r, " accepted");
    }
    if (s->midstream > 0) {
        report_add_str(r, ", ");
        report_add_u64(r, s->midstream);
        report_add_str(r, " found in mid-stream");
    }
    report_add_str(r, "; ");
    add_shown(r, r->shown_frames, s->frames, "frame");
    report_add_str(r, ", ");
    add_shown(r, r->shown_messages, s->messages, "message");
    put_summary_part(r, STYLE_PLAIN);
    line_end(&r->line, r->out);
}

/* What the capture was. */
static void
put_capture(struct report *r, const struct summary *s)
{
    uint8_t span[WHEN_TEXT_MAX];
    size_t len = (size_t)(when_span6(s->duration_ns, span) - span);
    buf_clear(&r->scratch);
    report_add_count(r, s->packets, "packet");
    report_add_str(r, ", ");
    report_add_count(r, s->bytes, "byte");
    report_add_str(r, ", ");
    report_add_count(r, s->flows, "TCP flow");
    report_add_str(r, " in ");
    report_add(r, slice_make(span, len));
    report_add_str(r, " s");
    if (s->has_dropped) {
        report_add_str(r, "; dropped by the system: ");
        report_add_u64(r, s->dropped);
    }
    put_summary_part(r, STYLE_PLAIN);
    line_end(&r->line, r->out);
}

void
report_summary(struct report *r, const struct summary *s)
{
    struct report_line *l = &r->line;
    /* With --conn or -Y, this writer has not seen them all. */
    const struct summary *shown =
        r->shown.connections == s->connections && !r->options.partial
            ? s
            : &r->shown;
    if (r->begun)
        line_end(l, r->out);
    put_counts(r, shown, s->connections);
    put_capture(r, s);
    put_findings(r, shown);
    if (r->without_memory > 0) {
        line_put(l, "Memory was short: times and addresses are missing in ");
        line_count(l, r->without_memory, "line");
        line_end(l, r->out);
    }
}
