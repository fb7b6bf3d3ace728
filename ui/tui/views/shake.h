/* SPDX-License-Identifier: MIT */
/*
 * shake.h - the lines of the view of a handshake: both heads, each line with a
 * mark, and below them what was found and what it means.
 *
 * Marks come from the findings of the handshake and, where there is none, from
 * the plain checks of RFC 6455 sections 4.1 and 4.2.
 */
#ifndef UI_TUI_SHAKE_H
#define UI_TUI_SHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tui/store/store.h"

/* Lines and findings that are shown; of more the first ones. */
#define SHAKE_LINES_MAX 256u
#define SHAKE_FOUND_MAX 32u
#define SHAKE_SAYS_MAX 6u

enum shake_mark {
    SHAKE_NO_MARK = 0,
    SHAKE_OK,
    SHAKE_NOTE,
    SHAKE_WARN,
    SHAKE_BAD,
};

enum shake_kind {
    SHAKE_HEAD = 0, /* a line of a head: text */
    SHAKE_FOUND,    /* a finding: row */
    SHAKE_SAYS,     /* what the heads mean: says */
};

struct shake_line {
    uint8_t kind; /* enum shake_kind */
    uint8_t mark; /* enum shake_mark */
    bool secret;  /* from secret_at on it is not to be shown */
    size_t secret_at;
    struct slice text; /* of the store */
    uint32_t row;      /* of the store's findings */
    const char *says;  /* lives as long as the struct shake */
};

struct shake {
    size_t n;
    size_t n_request; /* lines of the request; the others are the answer's */
    bool cut;         /* there are more */
    struct shake_line line[SHAKE_LINES_MAX];
    char says[SHAKE_SAYS_MAX][200];
    size_t n_says;
};

/* Findings of the handshake of one connection, carried on as they come.
 * Zeroed: those of row 0. */
struct shake_found {
    bool begun;
    uint32_t conn;
    size_t scanned; /* findings of the store that were looked at */
    size_t n;
    uint32_t row[SHAKE_FOUND_MAX];
};

void shake_found_update(struct shake_found *f, const struct store *s,
                        uint32_t conn);

/* Was that found?  Its row, or STORE_NONE. */
uint32_t shake_found_row(const struct shake_found *f, const struct store *s,
                         enum finding_id id);

void shake_make(struct shake *out, const struct store *s,
                const struct store_conn *c, const struct shake_found *f);

/* "VERIFIED", "FAILED", "REFUSED", ...; *mark says how good that is. */
const char *shake_result(const struct store_conn *c, const struct shake *lines,
                         enum shake_mark *mark);

/* What a line of a head is for: sentences. */
const char *shake_explain(const struct shake_line *line, bool request);

const char *shake_mark_name(enum shake_mark mark);

#endif /* UI_TUI_SHAKE_H */
