/* SPDX-License-Identifier: MIT */
#include "ui/check_parts.h"
#include "ui/json_parts.h"

static const char *
fail_on_name(const struct check_options *o)
{
    static const char *const names[] = {
        [FAIL_ON_ERROR] = "\"error\"", [FAIL_ON_WARNING] = "\"warning\"",
        [FAIL_ON_NOTE] = "\"note\"",   [FAIL_ON_CHAT] = "\"chat\"",
        [FAIL_ON_NEVER] = "\"never\"",
    };
    return o->expect ? "null" : names[o->fail_on];
}

static void
write_u64(struct out *o, uint64_t v)
{
    out_commit(o, put_u64(out_reserve(o, PUT_U64_MAX), v));
}

/* "id":count, of all that occurred, in the order of finding.def. */
static void
write_counts(struct check *c)
{
    const char *before = "\"";
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        if (c->rule[i].count == 0)
            continue;
        json_write_raw(c->out, before);
        json_write_raw(c->out, finding_info((enum finding_id)i)->id);
        json_write_raw(c->out, "\":");
        write_u64(c->out, c->rule[i].count);
        before = ",\"";
    }
}

/* Those that occurred more often than expected, or those that less often. */
static void
write_differences(struct check *c, bool more)
{
    struct check_difference d;
    unsigned at = 0;
    const char *before = "{\"id\":\"";
    while (check_next_difference(c, &at, &d)) {
        if ((d.found > d.expected) != more)
            continue;
        json_write_raw(c->out, before);
        json_write_raw(c->out, finding_info(d.id)->id);
        json_write_raw(c->out, "\",\"expected\":");
        write_u64(c->out, d.expected);
        json_write_raw(c->out, ",\"found\":");
        write_u64(c->out, d.found);
        json_write_raw(c->out, "}");
        before = ",{\"id\":\"";
    }
}

void
check_write_json(struct check *c, bool whole)
{
    bool failed = check_failed(c);
    json_write_raw(c->out, "{\"type\":\"check\",\"failed\":");
    /* What was not read could have failed. */
    json_write_raw(c->out, failed ? "true" : whole ? "false" : "null");
    json_write_raw(c->out, ",\"fail_on\":");
    json_write_raw(c->out, fail_on_name(&c->options));
    json_write_raw(c->out, ",\"findings\":{");
    write_counts(c);
    json_write_raw(c->out, "},\"ignored\":");
    write_u64(c->out, c->ignored);
    json_write_raw(c->out, ",\"unexpected\":[");
    write_differences(c, true);
    json_write_raw(c->out, "],\"missing\":[");
    write_differences(c, false);
    json_write_raw(c->out, "]}\n");
}
