/* SPDX-License-Identifier: MIT */
/*
 * Every finding: at least one conversation it must be found in, and one near
 * miss it must not be found in; whatever the borders of segments, and whatever
 * else is in the capture.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/finding_case.h"

#define CASES_MAX 2048u
#define ID_MAX 64u
#define TEXT_MAX 2048u

/* Cuts are tried before every octet of a scene with this much payload, else,
 * and for the long tables, at a sample of SAMPLED_CUTS. */
#define ALL_CUTS_MAX 1000u
#define SAMPLED_CUTS 12u

static struct {
    size_t n;
    const struct finding_case *list[CASES_MAX];
    const char *topic[CASES_MAX];
} all;

static void
add_cases(const struct finding_cases *cases)
{
    for (size_t i = 0; i < cases->n; i++) {
        if (all.n == CASES_MAX)
            abort();
        all.list[all.n] = &cases->list[i];
        all.topic[all.n++] = cases->topic;
    }
}

/* ---- Lists of findings ---------------------------------------------- */

/* One of a list: "id", "id:client", "id:both*3". */
struct expected {
    char id[ID_MAX];
    char who;       /* 'c', 's', 'b'; 0: not told */
    uint64_t count; /* 0: not told */
};

/* Takes the next one off *list; false: there is none. */
static bool
next_expected(const char **list, struct expected *out)
{
    const char *p = *list ? *list : "";
    p += strspn(p, " ");
    if (!*p)
        return false;
    size_t len = strcspn(p, " "), id_len = strcspn(p, " :*");
    const char *who = memchr(p, ':', len), *count = memchr(p, '*', len);
    ck_assert_uint_lt(id_len, ID_MAX);
    *out = (struct expected){0};
    memcpy(out->id, p, id_len);
    if (who)
        out->who = who[1];
    ck_assert_msg(!who || strchr("csb", out->who), "a list says %s", p);
    if (count)
        out->count = strtoull(count + 1, NULL, 10);
    *list = p + len;
    return true;
}

/* The number of an id, or FINDING_COUNT. */
static enum finding_id
find_id(const char *id)
{
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        if (strcmp(finding_info((enum finding_id)i)->id, id) == 0)
            return (enum finding_id)i;
    return FINDING_COUNT;
}

static bool
fits(const struct expected *e, const struct scene_finding *f)
{
    char who = f->has_from ? ws_sender_name(f->from)[0] : 'b';
    return strcmp(e->id, finding_info(f->id)->id) == 0 &&
           (!e->who || e->who == who) && (!e->count || e->count == f->count);
}

static bool
list_has(const char *list, const struct scene_finding *f)
{
    struct expected e;
    while (next_expected(&list, &e))
        if (fits(&e, f))
            return true;
    return false;
}

static bool
result_has(const struct scene_result *r, const struct expected *e)
{
    for (size_t i = 0; i < r->n_findings; i++)
        if (fits(e, &r->findings[i]))
            return true;
    return false;
}

/* ---- One case ------------------------------------------------------- */

static struct scene *
play(const struct finding_case *c)
{
    struct scene *s = scene_new();
    if (c->play_with)
        c->play_with(s, c->data);
    else
        c->play(s);
    return s;
}

/* "" or what is wrong with the result. */
static void
judge_findings(const struct finding_case *c, const struct scene_result *r,
               char *why, size_t size)
{
    const char *lists[] = {c->expect, c->also};
    struct expected e;
    for (size_t i = 0; i < r->n_findings; i++) {
        const struct scene_finding *f = &r->findings[i];
        if (f->severity >= SEVERITY_WARNING && !list_has(c->expect, f))
            snprintf(why, size, "not expected: %s (%s), packet %" PRIu64,
                     finding_info(f->id)->id, f->detail, f->packet);
        if (list_has(c->absent, f))
            snprintf(why, size, "a false alarm: %s (%s), packet %" PRIu64,
                     finding_info(f->id)->id, f->detail, f->packet);
    }
    for (size_t i = 0; i < 2; i++)
        while (next_expected(&lists[i], &e))
            if (!result_has(r, &e))
                snprintf(why, size, "not found: %s", e.id);
}

static bool
verdict_fits(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = list; *p; p += strcspn(p, "|"), p += *p == '|')
        if (strcspn(p, "|") == len && strncmp(p, name, len) == 0)
            return true;
    return false;
}

static void
judge_verdict(const struct finding_case *c, const struct scene_result *r,
              char *why, size_t size)
{
    const struct scene_conn *conn = &r->conns[0];
    if (!c->verdict && !c->onclose)
        return;
    if (!conn->has_end)
        snprintf(why, size, "no verdict at all");
    else if (c->verdict &&
             !verdict_fits(c->verdict, verdict_name(conn->verdict)))
        snprintf(why, size, "the verdict is %s (%s), not %s",
                 verdict_name(conn->verdict), conn->text, c->verdict);
    else if (c->onclose && c->onclose != conn->onclose_code)
        snprintf(why, size, "a script would see %u, not %d", conn->onclose_code,
                 c->onclose);
}

static void
check_variant(size_t index, const struct scene *s,
              const struct scene_options *o, const char *variant)
{
    static struct scene_result r;
    const struct finding_case *c = all.list[index];
    char why[512] = "", found[TEXT_MAX];
    scene_run(s, o, &r);
    ck_assert_uint_le(r.n_findings, SCENE_FINDINGS_MAX);
    judge_verdict(c, &r, why, sizeof why);
    judge_findings(c, &r, why, sizeof why);
    scene_findings_text(&r, SEVERITY_NOTE, found, sizeof found);
    if (*why)
        ck_abort_msg("%s: \"%s\", %s: %s; found is: %s", all.topic[index],
                     c->name, variant, why, found);
}

static void
check_as_it_is(size_t index)
{
    struct scene *s = play(all.list[index]);
    check_variant(index, s, &all.list[index]->options, "as it is");
    scene_free(s);
}

/* No two octets in the same segment. */
static void
check_octet_wise(size_t index)
{
    const struct finding_case *c = all.list[index];
    struct scene_options o = c->options;
    if (c->not_cuttable || c->heavy)
        return;
    struct scene *s = play(c);
    o.cut_every = 1;
    check_variant(index, s, &o, "octet-wise");
    scene_free(s);
}

static void
check_cut(size_t index, const struct scene *s, uint64_t at)
{
    struct scene_options o = all.list[index]->options;
    char variant[64];
    o.cut_at = at;
    snprintf(variant, sizeof variant, "cut before octet %" PRIu64, at);
    check_variant(index, s, &o, variant);
}

static void
check_cuts(size_t index)
{
    const struct finding_case *c = all.list[index];
    if (c->not_cuttable || c->heavy)
        return;
    struct scene *s = play(c);
    uint64_t len = scene_payload_len(s);
    bool sampled = len > ALL_CUTS_MAX || c->sampled;
    uint64_t step = sampled ? len / SAMPLED_CUTS + 1 : 1;
    for (uint64_t at = 1 + index % step; at < len; at += step)
        check_cut(index, s, at);
    scene_free(s);
}

static void
check_noise(size_t index)
{
    const struct finding_case *c = all.list[index];
    struct scene_options o = c->options;
    if (c->heavy)
        return;
    struct scene *s = play(c);
    o.noise = 3;
    o.noise_seed = index;
    check_variant(index, s, &o, "among others");
    o.noise_lost = 40;
    check_variant(index, s, &o, "among others with losses");
    scene_free(s);
}

static void
check_few_acks(size_t index)
{
    const struct finding_case *c = all.list[index];
    struct scene_options o = c->options;
    if (c->heavy || c->needs_acks)
        return;
    struct scene *s = play(c);
    o.noise_seed = index;
    o.acks_lost = 50;
    check_variant(index, s, &o, "half of the acknowledgements lost");
    scene_free(s);
}

/* Rules about the octets of one direction, which need nothing of the other. */
static bool
is_one_sided(const struct expected *e)
{
    static const char *const prefixes[] = {"frame-", "message-", "deflate-"};
    if (!e->who || strncmp(e->id, "frame-violation", 15) == 0)
        return false;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(e->id, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void
check_without(size_t index, const struct scene *s, size_t packet, char who)
{
    static struct scene_result r;
    const struct finding_case *c = all.list[index];
    struct scene_options o = c->options;
    const char *list = c->expect;
    struct expected e;
    o.drop = &packet;
    o.n_drop = 1;
    scene_run(s, &o, &r);
    while (next_expected(&list, &e))
        if (is_one_sided(&e) && e.who != who)
            ck_assert_msg(result_has(&r, &e),
                          "%s: \"%s\", without packet %zu: %s is lost",
                          all.topic[index], c->name, packet + 1, e.id);
}

static void
check_losses(size_t index)
{
    const struct finding_case *c = all.list[index];
    enum ws_sender from;
    bool spoke[2] = {false, false};
    if (c->heavy || c->options.n_drop || !c->expect || !*c->expect)
        return;
    struct scene *s = play(c);
    for (size_t i = 0; i < scene_packets(s); i++) {
        if (!scene_is_data(s, i, &from))
            continue;
        if (spoke[from]) /* the first thing is the handshake */
            check_without(index, s, i, ws_sender_name(from)[0]);
        spoke[from] = true;
    }
    scene_free(s);
}

/* ---- The tables ----------------------------------------------------- */

/* Which ids some case expects, and which some case is a near miss of. */
struct coverage {
    bool expected[FINDING_COUNT];
    bool absent[FINDING_COUNT];
};

static void
mark(bool *set, const char *list, const char *name)
{
    struct expected e;
    while (next_expected(&list, &e)) {
        enum finding_id id = find_id(e.id);
        ck_assert_msg(id != FINDING_COUNT,
                      "\"%s\" speaks of %s, which is no finding", name, e.id);
        set[id] = true;
    }
}

static void
measure(struct coverage *out)
{
    *out = (struct coverage){0};
    for (size_t i = 0; i < all.n; i++) {
        const struct finding_case *c = all.list[i];
        mark(out->expected, c->expect, c->name);
        mark(out->expected, c->also, c->name);
        mark(out->absent, c->absent, c->name);
    }
}

START_TEST(every_finding_has_a_trigger_and_a_near_miss)
{
    struct coverage have;
    char missing[8192] = "";
    size_t at = 0;
    measure(&have);
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const char *id = finding_info((enum finding_id)i)->id;
        bool complete = have.expected[i] && have.absent[i];
        if (!complete && at < sizeof missing)
            at += (size_t)snprintf(missing + at, sizeof missing - at,
                                   " %s (no %s)", id,
                                   have.expected[i] ? "near miss" : "trigger");
    }
    ck_assert_msg(at == 0, "without cases:%s", missing);
}
END_TEST

/* ---- Tests ---------------------------------------------------------- */

/* Each test is a process: several cases share one. */
#define CASES_PER_TEST 24

static void
for_some(int test, void (*check)(size_t index))
{
    size_t first = (size_t)test * CASES_PER_TEST;
    for (size_t i = first; i < first + CASES_PER_TEST && i < all.n; i++)
        check(i);
}

START_TEST(a_conversation_shows_exactly_what_is_wrong_with_it)
{
    for_some(_i, check_as_it_is);
}
END_TEST

START_TEST(the_same_is_found_octet_by_octet)
{
    for_some(_i, check_octet_wise);
}
END_TEST

START_TEST(the_same_is_found_wherever_a_segment_is_cut)
{
    for_some(_i, check_cuts);
}
END_TEST

START_TEST(the_same_is_found_among_packets_of_others)
{
    for_some(_i, check_noise);
}
END_TEST

START_TEST(the_same_is_found_without_every_bare_acknowledgement)
{
    for_some(_i, check_few_acks);
}
END_TEST

START_TEST(what_one_side_did_is_found_whatever_is_lost_of_the_other)
{
    for_some(_i, check_losses);
}
END_TEST

static Suite *
findings_suite(void)
{
    Suite *suite = suite_create("findings");
    TCase *tc = tcase_create("findings");
    add_cases(&cases_close);
    add_cases(&cases_frame);
    add_cases(&cases_opening);
    add_cases(&cases_negotiation);
    add_cases(&cases_security);
    add_cases(&cases_traffic);
    add_cases(&cases_ping);
    add_cases(&cases_tcp);
    add_cases(cases_autobahn());
    int n = (int)((all.n + CASES_PER_TEST - 1) / CASES_PER_TEST);
    tcase_set_timeout(tc, getenv("WSRAY_FULL") ? 0 : 300);
    tcase_add_test(tc, every_finding_has_a_trigger_and_a_near_miss);
    tcase_add_loop_test(tc, a_conversation_shows_exactly_what_is_wrong_with_it,
                        0, n);
    tcase_add_loop_test(tc, the_same_is_found_octet_by_octet, 0, n);
    tcase_add_loop_test(tc, the_same_is_found_wherever_a_segment_is_cut, 0, n);
    tcase_add_loop_test(tc, the_same_is_found_among_packets_of_others, 0, n);
    tcase_add_loop_test(tc,
                        the_same_is_found_without_every_bare_acknowledgement, 0,
                        n);
    tcase_add_loop_test(
        tc, what_one_side_did_is_found_whatever_is_lost_of_the_other, 0, n);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(findings_suite)
