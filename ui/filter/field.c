/* SPDX-License-Identifier: MIT */
#include "ui/filter/field.h"

#include "dissect/event.h"
#include "ui/nearest.h"

#define FIELD(symbol, name, type, on, needs, values, json, example, text)      \
    {name, FIELD_TYPE_##type, on, needs, values, json, example, text},
static const struct field_info table[] = {
#include "ui/filter/fields.def"
};
#undef FIELD

const struct field_info *
field_info(enum field_id id)
{
    assert(id < FIELD_COUNT);
    return &table[id];
}

bool
field_find(struct slice name, enum field_id *out)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (slice_equal_cstr(name, table[i].name)) {
            *out = (enum field_id)i;
            return true;
        }
    return false;
}

const char *
field_nearest(struct slice name)
{
    struct nearest n = nearest_make((const char *)name.ptr, name.len);
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        nearest_try(&n, table[i].name, strlen(table[i].name));
    /* "opcode" and "ws.opcode" mean "websocket.opcode". */
    if (!n.best && name.len > 3 && memcmp(name.ptr, "ws.", 3) == 0)
        name = slice_skip(name, 3);
    for (unsigned i = 0; i < FIELD_COUNT && !n.best && name.len > 2; i++) {
        size_t len = strlen(table[i].name);
        if (len > name.len && table[i].name[len - name.len - 1] == '.' &&
            memcmp(table[i].name + len - name.len, name.ptr, name.len) == 0)
            n.best = table[i].name;
    }
    return n.best;
}

const char *
field_type_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_TYPE_UINT] = "number",       [FIELD_TYPE_BOOL] = "yes or no",
        [FIELD_TYPE_TIME] = "time",         [FIELD_TYPE_BYTES] = "bytes",
        [FIELD_TYPE_TEXT] = "text",         [FIELD_TYPE_IPV4] = "IPv4 address",
        [FIELD_TYPE_IPV6] = "IPv6 address", [FIELD_TYPE_ADDR] = "address",
        [FIELD_TYPE_WORD] = "word",
    };
    return names[type];
}

/* ---- Names of values ---- */

/* The i-th of "NAME=NUMBER NAME=NUMBER". */
static bool
listed_value(const char *values, size_t i, struct slice *name, uint64_t *value)
{
    for (; values && *values; i--) {
        size_t len = strcspn(values, "=");
        const char *digit = values + len + 1;
        uint64_t v = 0;
        for (; *digit >= '0' && *digit <= '9'; digit++)
            v = 10 * v + (uint64_t)(*digit - '0');
        if (i == 0) {
            *name = slice_make(values, len);
            *value = v;
            return true;
        }
        values = digit + (*digit == ' ');
    }
    return false;
}

static const char *
type_name(size_t i)
{
    static const char *const names[] = {"handshake", "frame", "gap", "finding",
                                        "end"};
    return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

/* The word with that number; NULL: there are no more. */
static const char *
word_name(enum field_id id, size_t i)
{
    static const char *const dirs[] = {"c2s", "s2c"};
    switch (id) {
    case FIELD_WS_TYPE:
        return type_name(i);
    case FIELD_WS_DIR:
        return i < 2 ? dirs[i] : NULL;
    case FIELD_WS_FINDING:
        return i < FINDING_COUNT ? finding_info((enum finding_id)i)->id : NULL;
    case FIELD_WS_SEVERITY:
        return i < SEVERITY_COUNT ? severity_name((enum severity)i) : NULL;
    case FIELD_WS_CLOSED_BY: /* 0 is nobody */
        return i <= CLOSED_BY_MIDDLEBOX - CLOSED_BY_CLIENT
                   ? closed_by_name((enum closed_by)(i + CLOSED_BY_CLIENT))
                   : NULL;
    case FIELD_WS_VERDICT:
        return i < VERDICT_COUNT ? verdict_name((enum verdict_id)i) : NULL;
    default:
        return NULL;
    }
}

bool
field_value(enum field_id id, size_t i, struct slice *name, uint64_t *value)
{
    if (table[id].type != FIELD_TYPE_WORD)
        return listed_value(table[id].values, i, name, value);
    const char *word = word_name(id, i);
    if (!word)
        return false;
    *name = slice_cstr(word);
    *value = i + (id == FIELD_WS_CLOSED_BY ? CLOSED_BY_CLIENT : 0);
    return true;
}

bool
field_value_find(enum field_id id, struct slice name, uint64_t *value)
{
    struct slice each;
    uint64_t v;
    for (size_t i = 0; field_value(id, i, &each, &v); i++)
        if (slice_equal(each, name)) {
            *value = v;
            return true;
        }
    return false;
}

struct slice
field_value_name(enum field_id id, uint64_t value)
{
    struct slice each;
    uint64_t v;
    for (size_t i = 0; field_value(id, i, &each, &v); i++)
        if (v == value)
            return each;
    return slice_make(NULL, 0);
}
