/* SPDX-License-Identifier: MIT */
#include "dissect/finding.h"

#include <assert.h>

#define FINDING(symbol, id, severity, reference, text)                         \
    {id, SEVERITY_##severity, reference, text},
static const struct finding_info table[] = {
#include "dissect/finding.def"
};
#undef FINDING

const struct finding_info *
finding_info(enum finding_id id)
{
    assert((unsigned)id < FINDING_COUNT);
    return &table[id];
}

const char *
severity_name(enum severity s)
{
    static const char *const names[] = {"chat", "note", "warning", "error"};
    assert((unsigned)s < SEVERITY_COUNT);
    return names[s];
}
