/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/check_parts.h"
#include "ui/put.h"

/* Where the parts of a rule start. */
#define RULE_ID_COL 9u /* behind "warning" */
#define RULE_TEXT_COL 2u
#define PLACE_COL 4u
#define PLACE_VALUE_COL 10u
#define PLACE_HANG 12u
#define DIFFERENCE_HANG 4u

static void
start(struct check *c, size_t col)
{
    buf_clear(&c->page->scratch);
    line_to(&c->page->line, col, 0);
}

/* Puts what was added into the line and ends it. */
static void
finish(struct check *c, enum report_style style, size_t hang)
{
    struct report *r = c->page;
    report_wrap(r, 0, buf_slice(&r->scratch), style, hang);
    line_style(&r->line, STYLE_PLAIN);
    line_end(&r->line, r->out);
}

/* ---- by rule ---- */

/* "client, packet 12, frame 3: detail (4 times)" */
static void
put_place(struct check *c, const struct check_place *place)
{
    struct report *r = c->page;
    const struct event_finding *e = &place->finding;
    start(c, PLACE_COL);
    line_style(&r->line, STYLE_DIM);
    line_put(&r->line, "#");
    line_u64(&r->line, place->conn);
    line_style(&r->line, STYLE_PLAIN);
    line_to(&r->line, PLACE_VALUE_COL, 1);
    report_add_str(r, e->has_from ? ws_sender_name(e->from) : "both");
    if (e->at.packet) {
        report_add_str(r, ", packet ");
        report_add_u64(r, e->at.packet);
    }
    if (e->frame || e->has_offset) {
        report_add_str(r, e->frame ? ", frame " : ", offset ");
        report_add_u64(r, e->frame ? e->frame : e->offset);
    }
    if (e->detail) {
        report_add_str(r, ": ");
        report_add_str(r, e->detail);
    }
    if (e->count > 1) {
        report_add_str(r, " (");
        report_add_count(r, e->count, "time");
        report_add_str(r, ")");
    }
    finish(c, STYLE_PLAIN, PLACE_HANG);
}

static void
put_rule(struct check *c, enum finding_id id)
{
    struct report *r = c->page;
    const struct check_rule *rule = &c->rule[id];
    const struct finding_info *info = finding_info(id);
    start(c, 0);
    line_style(&r->line, report_severity_style(rule->severity));
    line_put(&r->line, severity_name(rule->severity));
    line_style(&r->line, STYLE_PLAIN);
    line_to(&r->line, RULE_ID_COL, 1);
    report_add_str(r, info->id);
    report_add_str(r, ": ");
    report_add_count(r, rule->count, "time");
    report_add_str(r, " on ");
    report_add_count(r, rule->conns, "connection");
    finish(c, STYLE_STRONG, RULE_ID_COL);
    start(c, RULE_TEXT_COL);
    report_add_str(r, info->text);
    report_add_str(r, " [");
    report_add_str(r, info->reference);
    report_add_str(r, "]");
    finish(c, STYLE_PLAIN, RULE_TEXT_COL);
    if (c->options.verbose) {
        start(c, RULE_TEXT_COL);
        report_add_str(r, info->teach);
        finish(c, STYLE_DIM, RULE_TEXT_COL);
    }
    for (size_t i = 0; i < rule->n_kept; i++)
        put_place(c, &rule->kept[i]);
    if (c->options.max > 0 && rule->places > rule->n_kept) {
        start(c, PLACE_COL);
        report_add_str(r, "and ");
        report_add_u64(r, rule->places - rule->n_kept);
        report_add_str(r, " more");
        finish(c, STYLE_PLAIN, PLACE_HANG);
    }
    line_end(&r->line, r->out);
}

static void
put_rules(struct check *c)
{
    for (unsigned s = SEVERITY_COUNT; s-- > 0;)
        for (unsigned i = 0; i < FINDING_COUNT; i++)
            if (c->rule[i].count > 0 && c->rule[i].severity == s)
                put_rule(c, (enum finding_id)i);
}

static void
put_verdicts(struct check *c)
{
    struct report_line *l = &c->page->line;
    uint64_t most = 0;
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        if (c->verdicts[i] > most)
            most = c->verdicts[i];
    if (most == 0)
        return;
    uint8_t digits[PUT_U64_MAX];
    size_t cols = (size_t)(put_u64(digits, most) - digits);
    line_style(l, STYLE_STRONG);
    line_put(l, "Verdicts");
    line_style(l, STYLE_PLAIN);
    line_end(l, c->out);
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        if (c->verdicts[i] == 0)
            continue;
        size_t len = (size_t)(put_u64(digits, c->verdicts[i]) - digits);
        line_right(l, RULE_TEXT_COL + cols, len, 0);
        line_put_mem(l, digits, len);
        line_put(l, "  ");
        line_put(l, verdict_name((enum verdict_id)i));
        line_end(l, c->out);
    }
    line_end(l, c->out);
}

/* ---- by connection ---- */

/* "#1  192.0.2.10:54321 -> 192.0.2.20:8080  /chat" */
static void
put_peers(struct report *r, const struct check_conn *conn)
{
    struct report_line *l = &r->line;
    char text[ENDPOINT_TEXT_MAX];
    report_prefix(r, conn->conn);
    if (conn->seen) {
        line_text(l, slice_make(text, endpoint_text(&conn->client, text)),
                  false, SIZE_MAX);
        line_put(l, " ");
        line_arrow(l, true);
        line_put(l, " ");
        line_text(l, slice_make(text, endpoint_text(&conn->server, text)),
                  false, SIZE_MAX);
    }
    if (conn->target_len > 0) {
        line_put(l, "  ");
        line_text(l, slice_make(conn->target, conn->target_len),
                  conn->target_cut, SIZE_MAX);
    }
    line_end(l, r->out);
}

static void
put_why(struct check *c, uint32_t conn, enum finding_id id)
{
    struct report *r = c->page;
    if (c->taught[id])
        return;
    c->taught[id] = true;
    buf_clear(&r->scratch);
    report_add_str(r, finding_info(id)->teach);
    report_field_wrap(r, conn, "  why", buf_slice(&r->scratch), STYLE_PLAIN);
}

void
check_write_connection(struct check *c, const struct check_conn *conn,
                       const struct event_end *end)
{
    struct report *r = c->page;
    if (c->n_blocks++ > 0)
        line_end(&r->line, r->out);
    put_peers(r, conn);
    buf_clear(&r->scratch);
    report_add_str(r, end->text ? end->text : verdict_name(end->verdict));
    report_field_wrap(r, conn->conn, "end", buf_slice(&r->scratch),
                      end->clean ? STYLE_GOOD : STYLE_WARNING);
    for (const struct check_held *held = conn->held; held; held = held->next) {
        report_finding(r, conn->conn, &held->finding);
        if (c->options.verbose)
            put_why(c, conn->conn, held->finding.id);
    }
    if (conn->not_held > 0) {
        buf_clear(&r->scratch);
        report_add_str(r, "and ");
        report_add_u64(r, conn->not_held);
        report_add_str(r, " more; all of them: wsray report --conn ");
        report_add_u64(r, conn->conn);
        report_field_wrap(r, conn->conn, "", buf_slice(&r->scratch),
                          STYLE_PLAIN);
    }
}

/* ---- at the end ---- */

/* What --expect FILE has other than the capture, as a diff. */
static uint64_t
put_differences(struct check *c)
{
    struct check_difference d;
    unsigned at = 0;
    uint64_t n = 0;
    for (; check_next_difference(c, &at, &d); n++) {
        bool more = d.found > d.expected;
        start(c, 0);
        report_add_str(c->page, more ? "+ expected " : "- expected ");
        report_add_u64(c->page, d.expected);
        report_add_str(c->page, ", found ");
        report_add_u64(c->page, d.found);
        report_add_str(c->page, ": ");
        report_add_str(c->page, finding_info(d.id)->id);
        finish(c, more ? STYLE_WARNING : STYLE_ERROR, DIFFERENCE_HANG);
    }
    if (n > 0)
        line_end(&c->page->line, c->out);
    return n;
}

/* "3 errors, 1 note on 2 of 16 connections" */
static void
add_totals(struct check *c)
{
    static const char *const nouns[] = {"chat", "note", "warning", "error"};
    struct report *r = c->page;
    const char *before = "";
    for (unsigned s = SEVERITY_COUNT; s-- > 0;) {
        if (c->counts[s] == 0)
            continue;
        report_add_str(r, before);
        report_add_count(r, c->counts[s], nouns[s]);
        before = ", ";
    }
    if (before[0] == '\0') {
        report_add_str(r, "no findings on ");
    } else {
        report_add_str(r, " on ");
        report_add_u64(r, c->with_findings);
        report_add_str(r, " of ");
    }
    report_add_count(r, c->connections, "connection");
    if (c->ignored > 0) {
        report_add_str(r, "; ");
        report_add_u64(r, c->ignored);
        report_add_str(r, " ignored");
    }
}

static void
put_result(struct check *c, bool whole, uint64_t differences)
{
    static const char *const names[] = {"error", "warning", "note", "chat"};
    struct report *r = c->page;
    const struct check_options *o = &c->options;
    bool failed = check_failed(c);
    start(c, 0);
    report_add_str(r, failed ? "Failed" : whole ? "Passed" : "Not all read");
    report_add_str(r, ": ");
    add_totals(c);
    if (o->expect) {
        report_add_str(r, differences ? "; " : "; as expected");
        if (differences)
            report_add_count(r, differences, "difference");
    } else if (o->fail_on == FAIL_ON_NEVER) {
        report_add_str(r, "; never fails");
    } else {
        report_add_str(r, "; fails on ");
        report_add_str(r, names[o->fail_on]);
    }
    finish(c, failed || !whole ? STYLE_ERROR : STYLE_GOOD, RULE_TEXT_COL);
}

void
check_write_text(struct check *c, bool whole)
{
    if (c->options.by == CHECK_BY_RULE) {
        put_rules(c);
        put_verdicts(c);
    } else if (c->n_blocks > 0) {
        line_end(&c->page->line, c->out);
    }
    uint64_t differences = put_differences(c);
    if (c->without_memory > 0) {
        start(c, 0);
        report_add_str(c->page, "Memory was short: parts are missing or "
                                "counted wrong, times: ");
        report_add_u64(c->page, c->without_memory);
        finish(c, STYLE_ERROR, RULE_TEXT_COL);
    }
    put_result(c, whole, differences);
}

void
check_write_expect(struct check *c)
{
    struct report *r = c->page;
    line_put(&r->line, "# for wsray check --expect: ID COUNT, * is any number");
    line_end(&r->line, r->out);
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        if (c->rule[i].count == 0)
            continue;
        line_put(&r->line, finding_info((enum finding_id)i)->id);
        line_put(&r->line, " ");
        line_u64(&r->line, c->rule[i].count);
        line_end(&r->line, r->out);
    }
}
