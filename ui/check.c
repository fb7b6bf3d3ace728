/* SPDX-License-Identifier: MIT */
#include "ui/check.h"

#include <stdlib.h>
#include <string.h>

#include "ui/check_parts.h"

/* ---- connections ---- */

static bool
conn_equal(const void *value, const void *key)
{
    const struct check_conn *conn = value;
    return conn->conn == *(const uint32_t *)key;
}

static struct check_conn *
find_conn(struct check *c, uint32_t number)
{
    if (c->last && c->last->conn == number)
        return c->last;
    uint32_t hash = map_hash(&c->conns, &number, 1);
    struct check_conn *conn = map_find(&c->conns, hash, conn_equal, &number);
    if (conn)
        c->last = conn;
    return conn;
}

/* Made if there is none; NULL: no memory. */
static struct check_conn *
get_conn(struct check *c, uint32_t number)
{
    struct check_conn *conn = find_conn(c, number);
    if (conn)
        return conn;
    uint32_t hash = map_hash(&c->conns, &number, 1);
    conn = calloc(1, sizeof *conn);
    if (!conn || map_insert(&c->conns, hash, conn) != ERR_OK) {
        free(conn);
        c->without_memory++;
        return NULL;
    }
    conn->conn = number;
    conn->prev = &c->all;
    conn->next = c->all.next;
    if (conn->next)
        conn->next->prev = conn;
    c->all.next = conn;
    c->last = conn;
    return conn;
}

static void
conn_free(struct check_conn *conn)
{
    for (struct check_held *held = conn->held, *next; held; held = next) {
        next = held->next;
        free(held);
    }
    free(conn->target);
    free(conn);
}

static void
drop_conn(struct check *c, struct check_conn *conn)
{
    if (c->last == conn)
        c->last = NULL;
    for (const struct check_held *held = conn->held; held; held = held->next)
        c->held_bytes -= held->size;
    (void)map_remove(&c->conns, map_hash(&c->conns, &conn->conn, 1), conn);
    conn->prev->next = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    conn_free(conn);
}

static void
note_handshake(struct check *c, uint32_t number,
               const struct event_handshake *e)
{
    struct check_conn *conn = get_conn(c, number);
    if (!conn)
        return;
    conn->seen = true;
    conn->client = e->client;
    conn->server = e->server;
    if (!e->request_head || conn->target)
        return;
    struct slice whole = e->request_head->target;
    struct slice target = slice_head(whole, REPORT_TARGET_MAX);
    if (target.len > 0)
        conn->target = malloc(target.len);
    if (target.len > 0 && !conn->target)
        c->without_memory++;
    if (conn->target) {
        memcpy(conn->target, target.ptr, target.len);
        conn->target_len = target.len;
        conn->target_cut = target.len < whole.len;
    }
}

/* ---- what is kept of findings ---- */

static size_t
detail_len(const struct event_finding *e)
{
    return e->detail ? strnlen(e->detail, CHECK_DETAIL_MAX - 1) : 0;
}

static bool
same_place(const struct event_finding *a, const struct event_finding *b)
{
    return a->id == b->id && a->has_from == b->has_from &&
           (!a->has_from || a->from == b->from);
}

/* By connection. */
static void
hold(struct check *c, struct check_conn *conn, const struct event_finding *e)
{
    size_t len = detail_len(e);
    struct check_held *held = NULL;
    size_t size = sizeof *held + len + 1;
    if (conn->n_held < CHECK_HELD_MAX &&
        c->held_bytes + size <= CHECK_HELD_BYTES)
        held = malloc(size);
    if (!held) {
        conn->not_held++;
        return;
    }
    *held = (struct check_held){.size = size, .finding = *e};
    if (e->detail) {
        memcpy(held->detail, e->detail, len);
        held->detail[len] = '\0';
        held->finding.detail = held->detail;
    }
    if (conn->held_last)
        conn->held_last->next = held;
    else
        conn->held = held;
    conn->held_last = held;
    conn->n_held++;
    c->held_bytes += size;
}

static void
hold_count(struct check_conn *conn, const struct event_finding *e)
{
    for (struct check_held *held = conn->held; held; held = held->next)
        if (same_place(&held->finding, e))
            held->finding.count = e->count;
}

/* Room for one more; false: there is none. */
static bool
grow_kept(struct check_rule *rule, size_t max)
{
    if (rule->n_kept < rule->cap_kept)
        return true;
    size_t cap = rule->cap_kept ? 2 * rule->cap_kept : 4;
    if (cap > max)
        cap = max;
    if (cap == rule->cap_kept)
        return false;
    struct check_place *kept = realloc(rule->kept, cap * sizeof *kept);
    if (!kept)
        return false;
    rule->kept = kept;
    rule->cap_kept = cap;
    return true;
}

/* By rule. */
static void
keep_place(struct check *c, uint32_t number, const struct event_finding *e)
{
    struct check_rule *rule = &c->rule[e->id];
    size_t len = detail_len(e);
    char *detail = NULL;
    rule->places++;
    if (!grow_kept(rule, c->options.max))
        return;
    if (e->detail) {
        detail = malloc(len + 1);
        if (!detail)
            return;
        memcpy(detail, e->detail, len);
        detail[len] = '\0';
    }
    struct check_place *place = &rule->kept[rule->n_kept++];
    *place = (struct check_place){number, *e, detail};
    place->finding.detail = detail;
}

static void
keep_count(struct check_rule *rule, uint32_t number,
           const struct event_finding *e)
{
    for (size_t i = 0; i < rule->n_kept; i++)
        if (rule->kept[i].conn == number &&
            same_place(&rule->kept[i].finding, e))
            rule->kept[i].finding.count = e->count;
}

/* ---- counting ---- */

/* Findings of severity chat are for who asks for them. */
static bool
wants_chat(const struct check_options *o, enum finding_id id)
{
    if (o->verbose || o->only.has[id])
        return true;
    return o->expect ? o->expect->row[id].line != 0
                     : o->fail_on == FAIL_ON_CHAT;
}

static bool
reaches(const struct check_options *o, enum severity s)
{
    static const enum severity least[] = {
        [FAIL_ON_ERROR] = SEVERITY_ERROR,
        [FAIL_ON_WARNING] = SEVERITY_WARNING,
        [FAIL_ON_NOTE] = SEVERITY_NOTE,
        [FAIL_ON_CHAT] = SEVERITY_CHAT,
    };
    return o->fail_on != FAIL_ON_NEVER && s >= least[o->fail_on];
}

/* False: it is not told and does not count. */
static bool
passes(struct check *c, const struct event_finding *e, uint64_t times)
{
    const struct check_options *o = &c->options;
    if (e->severity == SEVERITY_CHAT && !wants_chat(o, e->id))
        return false;
    if (o->only.n > 0 && !o->only.has[e->id])
        return false;
    if (o->ignore.has[e->id]) {
        c->ignored += times;
        return false;
    }
    return true;
}

static void
count_times(struct check *c, const struct event_finding *e, uint64_t times)
{
    const struct check_options *o = &c->options;
    struct check_rule *rule = &c->rule[e->id];
    rule->count += times;
    if (e->severity > rule->severity)
        rule->severity = e->severity;
    if (e->severity >= SEVERITY_NOTE ||
        (o->expect && o->expect->row[e->id].line != 0))
        rule->judged += times;
    c->counts[e->severity] += times;
    if (reaches(o, e->severity))
        c->reaching += times;
}

/* Without memory, a second one on the connection counts as another. */
static void
count_conn(struct check *c, struct check_conn *conn, enum finding_id id)
{
    uint64_t bit = UINT64_C(1) << id % 64;
    if (!conn || !conn->any)
        c->with_findings++;
    if (!conn || !(conn->has[id / 64] & bit))
        c->rule[id].conns++;
    if (conn) {
        conn->any = true;
        conn->has[id / 64] |= bit;
    }
}

static void
on_first(struct check *c, uint32_t number, const struct event_finding *e)
{
    struct check_conn *conn = get_conn(c, number);
    count_conn(c, conn, e->id);
    if (c->options.by == CHECK_BY_RULE)
        keep_place(c, number, e);
    else if (conn)
        hold(c, conn, e);
}

static void
on_total(struct check *c, uint32_t number, const struct event_finding *e)
{
    struct check_conn *conn = find_conn(c, number);
    if (c->options.by == CHECK_BY_RULE)
        keep_count(&c->rule[e->id], number, e);
    else if (conn)
        hold_count(conn, e);
}

/* ---- events ---- */

static void
on_finding(struct check *c, const struct event *event)
{
    const struct event_finding *e = event->finding;
    uint64_t times = e->count > 1 ? e->count - 1 : 1;
    if (!passes(c, e, times))
        return;
    count_times(c, e, times);
    if (c->json)
        json_event(c->json, event);
    else if (e->count > 1)
        on_total(c, event->conn, e);
    else
        on_first(c, event->conn, e);
}

static void
on_end(struct check *c, const struct event *event)
{
    c->verdicts[event->end->verdict]++;
    if (c->json) {
        json_event(c->json, event);
        return;
    }
    struct check_conn *conn = find_conn(c, event->conn);
    if (!conn)
        return;
    if (conn->any && c->options.by == CHECK_BY_CONNECTION)
        check_write_connection(c, conn, event->end);
    drop_conn(c, conn);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct check *c = ctx;
    switch (event->type) {
    case EVENT_HANDSHAKE:
        c->connections++;
        if (c->options.by == CHECK_BY_CONNECTION && !c->json)
            note_handshake(c, event->conn, event->handshake);
        break;
    case EVENT_FINDING:
        on_finding(c, event);
        break;
    case EVENT_END:
        on_end(c, event);
        break;
    case EVENT_FRAME:
    case EVENT_MESSAGE:
    case EVENT_GAP:
    case EVENT_TCP:
        break;
    }
}

struct event_sink
check_sink(struct check *c)
{
    struct event_sink sink = {.wants = 1u << EVENT_HANDSHAKE |
                                       1u << EVENT_FINDING | 1u << EVENT_END,
                              .least = SEVERITY_NOTE,
                              .ctx = c,
                              .event = on_event};
    /* They cost time for each frame, and few ask for them. */
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        if (finding_info((enum finding_id)i)->severity == SEVERITY_CHAT &&
            wants_chat(&c->options, (enum finding_id)i))
            sink.least = SEVERITY_CHAT;
    return sink;
}

/* ---- judgement ---- */

bool
check_expects(const struct check *c, enum finding_id id)
{
    const struct check_options *o = &c->options;
    return o->expect && !o->ignore.has[id] &&
           (o->only.n == 0 || o->only.has[id]);
}

bool
check_next_difference(const struct check *c, unsigned *at,
                      struct check_difference *out)
{
    while (*at < FINDING_COUNT) {
        enum finding_id id = (enum finding_id)(*at)++;
        out->id = id;
        out->found = c->rule[id].judged;
        if (check_expects(c, id) &&
            !expect_allows(c->options.expect, id, out->found, &out->expected))
            return true;
    }
    return false;
}

bool
check_failed(const struct check *c)
{
    struct check_difference unused;
    unsigned at = 0;
    if (c->options.format == OUTPUT_FORMAT_EXPECT)
        return false;
    if (c->options.expect)
        return check_next_difference(c, &at, &unused);
    return c->reaching > 0;
}

void
check_finish(struct check *c, const struct summary *s, bool whole)
{
    if (c->json) {
        json_summary(c->json, s);
        check_write_json(c, whole);
    } else if (c->options.format == OUTPUT_FORMAT_EXPECT) {
        check_write_expect(c);
    } else {
        check_write_text(c, whole);
    }
}

/* ---- life ---- */

static bool
open_writer(struct check *c)
{
    const struct check_options *o = &c->options;
    struct report_options report = {.width = o->width,
                                    .color = o->color,
                                    .utf8 = o->utf8};
    struct json_options json = {.version = ""};
    if (o->format == OUTPUT_FORMAT_JSON) {
        c->json = json_new(&json, c->out);
        return c->json != NULL;
    }
    c->page = report_new(&report, c->out);
    return c->page != NULL;
}

struct check *
check_new(const struct check_options *options, struct out *o)
{
    struct check *c = calloc(1, sizeof *c);
    if (!c || map_init(&c->conns) != ERR_OK) {
        free(c);
        return NULL;
    }
    c->options = *options;
    c->out = o;
    /* Nothing but the counts is shown of an expectation. */
    if (options->format == OUTPUT_FORMAT_EXPECT) {
        c->options.by = CHECK_BY_RULE;
        c->options.max = 0;
    }
    if (!open_writer(c)) {
        check_free(c);
        return NULL;
    }
    return c;
}

void
check_free(struct check *c)
{
    if (!c)
        return;
    for (struct check_conn *conn = c->all.next, *next; conn; conn = next) {
        next = conn->next;
        conn_free(conn);
    }
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        struct check_rule *rule = &c->rule[i];
        for (size_t k = 0; k < rule->n_kept; k++)
            free(rule->kept[k].detail);
        free(rule->kept);
    }
    map_fini(&c->conns);
    json_free(c->json);
    report_free(c->page);
    free(c);
}
