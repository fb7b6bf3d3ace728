/* SPDX-License-Identifier: MIT */
/*
 * finding.h - ids, severities and texts of everything noteworthy in the
 * traffic; all of it comes from finding.def.
 */
#ifndef DISSECT_FINDING_H
#define DISSECT_FINDING_H

#include <stdbool.h>

enum severity {
    SEVERITY_CHAT = 0,
    SEVERITY_NOTE,
    SEVERITY_WARNING,
    SEVERITY_ERROR,
    SEVERITY_COUNT
};

#define FINDING(symbol, id, severity, reference, text) FINDING_##symbol,
enum finding_id {
#include "dissect/finding.def"
    FINDING_COUNT
};
#undef FINDING

struct finding_info {
    const char *id;
    enum severity severity;
    const char *reference;
    const char *text;
};

/* The row of id; static. */
const struct finding_info *finding_info(enum finding_id id);

/* Whether the extensions or the subprotocol may make it right, so that it says
 * less where the handshake was not seen. */
bool finding_needs_handshake(enum finding_id id);

/* "error", "warning", "note", "chat". */
const char *severity_name(enum severity s);

#endif /* DISSECT_FINDING_H */
