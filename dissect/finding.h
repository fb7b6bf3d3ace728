/* SPDX-License-Identifier: MIT */
/*
 * finding.h - ids, severities and texts of everything noteworthy in the
 * traffic; all of it comes from finding.def.
 */
#ifndef DISSECT_FINDING_H
#define DISSECT_FINDING_H

#include <stdbool.h>

#include "base/slice.h"

enum severity {
    SEVERITY_CHAT = 0,
    SEVERITY_NOTE,
    SEVERITY_WARNING,
    SEVERITY_ERROR,
    SEVERITY_COUNT
};

/* What a finding is about, from the wire up; the rows are in this order. */
enum finding_layer {
    FINDING_LAYER_TCP = 0,
    FINDING_LAYER_HTTP,
    FINDING_LAYER_HANDSHAKE,
    FINDING_LAYER_FRAME,
    FINDING_LAYER_MESSAGE,
    FINDING_LAYER_DEFLATE,
    FINDING_LAYER_CLOSE,
    FINDING_LAYER_SUBPROTOCOL,
    FINDING_LAYER_SECURITY,
    FINDING_LAYER_PERFORMANCE,
    FINDING_LAYER_COUNT
};

#define FINDING(symbol, id, layer, severity, reference, text, teach, unless)   \
    FINDING_##symbol,
enum finding_id {
#include "dissect/finding.def"
    FINDING_COUNT
};
#undef FINDING

/* One row of finding.def; see there.  All texts are ASCII. */
struct finding_info {
    const char *id;
    enum finding_layer layer;
    enum severity severity;
    const char *reference; /* "RFC 6455 section 5.1" */
    const char *text;      /* one sentence, no full stop */
    const char *teach;     /* why it matters: sentences */
    const char *unless;    /* when it is not told: sentences */
};

/* The row of id; static. */
const struct finding_info *finding_info(enum finding_id id);

/* Whether the extensions or the subprotocol may make it right, so that it says
 * less where the handshake was not seen. */
bool finding_needs_handshake(enum finding_id id);

/* Finds a row by its id as written, such as "tcp-stream-gap".  False, with
 * *out untouched, if there is none. */
bool finding_find(const char *id, enum finding_id *out);
bool finding_find_word(struct slice word, enum finding_id *out);

/* "tcp", "http", "handshake", ... */
const char *finding_layer_name(enum finding_layer layer);

/* "error", "warning", "note", "chat". */
const char *severity_name(enum severity s);

#endif /* DISSECT_FINDING_H */
