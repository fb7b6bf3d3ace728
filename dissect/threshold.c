/* SPDX-License-Identifier: MIT */
#include "dissect/threshold.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"

#define THRESHOLD(symbol, name, unit, fallback, findings, text)                \
    {name, THRESHOLD_UNIT_##unit, fallback, findings, text},
static const struct threshold_info table[] = {
#include "dissect/threshold.def"
};
#undef THRESHOLD

const struct threshold_info *
threshold_info(enum threshold_id id)
{
    assert((unsigned)id < THRESHOLD_COUNT);
    return &table[id];
}

void
threshold_defaults(struct thresholds *t)
{
    for (size_t i = 0; i < THRESHOLD_COUNT; i++)
        t->value[i] = table[i].fallback;
}

/* A number that may be followed by suffix, and nothing else. */
static bool
read_number(const char *text, const char *suffix, uint64_t *out)
{
    return quantity_digits(&text, out) &&
           (*text == '\0' || strcmp(text, suffix) == 0);
}

static bool
read_value(enum threshold_unit unit, const char *text, uint64_t *out)
{
    switch (unit) {
    case THRESHOLD_UNIT_NS:
        return quantity_time(text, out);
    case THRESHOLD_UNIT_BYTES:
        return quantity_size(text, out);
    case THRESHOLD_UNIT_COUNT:
        return read_number(text, "", out);
    case THRESHOLD_UNIT_RATIO:
        return read_number(text, ":1", out);
    case THRESHOLD_UNIT_PERCENT:
        return read_number(text, "%", out) && *out <= 100;
    }
    assert(false); /* a unit without a reader */
    return false;
}

enum threshold_setting
threshold_set(struct thresholds *t, const char *setting, enum threshold_id *id)
{
    uint64_t value;
    size_t len = strcspn(setting, "="), i = 0;
    if (setting[len] == '\0')
        return THRESHOLD_SETTING_NO_VALUE;
    while (i < THRESHOLD_COUNT && (strncmp(table[i].name, setting, len) != 0 ||
                                   table[i].name[len] != '\0'))
        i++;
    if (i == THRESHOLD_COUNT)
        return THRESHOLD_SETTING_NO_NAME;
    *id = (enum threshold_id)i;
    if (!read_value(table[i].unit, setting + len + 1, &value))
        return THRESHOLD_SETTING_BAD;
    t->value[i] = value;
    return THRESHOLD_SETTING_OK;
}

/* The largest of n units, from large to small, that value is a whole number
 * of; the last one is 1. */
struct scale {
    uint64_t unit;
    const char *name;
};

static void
print_scaled(uint64_t value, const struct scale *scale, char *text)
{
    while (scale->unit > 1 && (value == 0 || value % scale->unit != 0))
        scale++;
    snprintf(text, THRESHOLD_TEXT_MAX, "%" PRIu64 "%s", value / scale->unit,
             scale->name);
}

void
threshold_print(enum threshold_id id, uint64_t value,
                char text[THRESHOLD_TEXT_MAX])
{
    static const struct scale times[] = {{1000000000, "s"},
                                         {1000000, "ms"},
                                         {1000, "us"},
                                         {1, "ns"}};
    static const struct scale sizes[] = {{UINT64_C(1) << 40, "T"},
                                         {UINT64_C(1) << 30, "G"},
                                         {UINT64_C(1) << 20, "M"},
                                         {UINT64_C(1) << 10, "K"},
                                         {1, ""}};
    static const struct scale plain[] = {{1, ""}};
    static const struct scale ratio[] = {{1, ":1"}};
    static const struct scale percent[] = {{1, "%"}};
    static const struct scale *const scales[] = {
        [THRESHOLD_UNIT_NS] = times,        [THRESHOLD_UNIT_BYTES] = sizes,
        [THRESHOLD_UNIT_COUNT] = plain,     [THRESHOLD_UNIT_RATIO] = ratio,
        [THRESHOLD_UNIT_PERCENT] = percent,
    };
    print_scaled(value, scales[threshold_info(id)->unit], text);
}

bool
threshold_belongs(enum threshold_id id, const char *finding)
{
    const char *at = threshold_info(id)->findings;
    size_t want = strlen(finding);
    for (;;) {
        size_t len = strcspn(at, "|");
        if (len == want && memcmp(at, finding, len) == 0)
            return true;
        at += len;
        if (*at++ == '\0')
            return false;
    }
}
