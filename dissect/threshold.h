/* SPDX-License-Identifier: MIT */
/*
 * threshold.h - the numbers that findings depend on, all from threshold.def:
 * names, units, defaults, and reading "close-reply=5s".
 *
 * What a number is compared with, and when, stands with the check.
 */
#ifndef DISSECT_THRESHOLD_H
#define DISSECT_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum threshold_unit {
    THRESHOLD_UNIT_NS = 0,  /* time of the capture; written 500ms, 10s, 2min */
    THRESHOLD_UNIT_BYTES,   /* written 20, 64K, 1M */
    THRESHOLD_UNIT_COUNT,   /* of what the text says */
    THRESHOLD_UNIT_RATIO,   /* to one; written 100 or 100:1 */
    THRESHOLD_UNIT_PERCENT, /* written 70 or 70%, at most 100 */
};

#define THRESHOLD(symbol, name, unit, fallback, findings, text)                \
    THRESHOLD_##symbol,
enum threshold_id {
#include "dissect/threshold.def"
    THRESHOLD_COUNT
};
#undef THRESHOLD

/* One row of threshold.def; see there. */
struct threshold_info {
    const char *name;
    enum threshold_unit unit;
    uint64_t fallback;
    const char *findings; /* "id|id" */
    const char *text;
};

/* What the checks compare with, indexed by enum threshold_id.  A time fits an
 * int64_t. */
struct thresholds {
    uint64_t value[THRESHOLD_COUNT];
};

/* The row of id; static. */
const struct threshold_info *threshold_info(enum threshold_id id);

/* Every threshold at its default. */
void threshold_defaults(struct thresholds *t);

enum threshold_setting {
    THRESHOLD_SETTING_OK = 0,
    THRESHOLD_SETTING_NO_VALUE, /* no "=" in it */
    THRESHOLD_SETTING_NO_NAME,  /* no threshold has that name */
    THRESHOLD_SETTING_BAD,      /* *id cannot have that value */
};

/*
 * Takes "NAME=VALUE" as a user writes it.  *id gets the threshold with
 * THRESHOLD_SETTING_OK and _BAD; *t changes with _OK only.
 */
enum threshold_setting threshold_set(struct thresholds *t, const char *setting,
                                     enum threshold_id *id);

/* Room that threshold_print() needs, with the terminator. */
#define THRESHOLD_TEXT_MAX 32u

/* Writes value as a user would: threshold_set() reads it back. */
void threshold_print(enum threshold_id id, uint64_t value,
                     char text[THRESHOLD_TEXT_MAX]);

/* True if threshold id belongs to that finding, named by its id. */
bool threshold_belongs(enum threshold_id id, const char *finding);

#endif /* DISSECT_THRESHOLD_H */
