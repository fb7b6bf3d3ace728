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

bool
finding_needs_handshake(enum finding_id id)
{
    switch (id) {
    case FINDING_FRAME_RSV1_NOT_NEGOTIATED:
    case FINDING_FRAME_RSV2_OR_RSV3_SET:
    case FINDING_FRAME_OPCODE_RESERVED:
    case FINDING_MESSAGE_INVALID_UTF8:
    case FINDING_MESSAGE_UTF8_INCOMPLETE:
    case FINDING_DEFLATE_RSV1_ON_CONTINUATION:
    case FINDING_DEFLATE_RSV1_ON_CONTROL:
    case FINDING_DEFLATE_INFLATE_FAILED:
    case FINDING_DEFLATE_EMPTY_PAYLOAD:
    case FINDING_DEFLATE_WINDOW_EXCEEDED:
        return true;
    default:
        return false;
    }
}

const char *
severity_name(enum severity s)
{
    static const char *const names[] = {"chat", "note", "warning", "error"};
    assert((unsigned)s < SEVERITY_COUNT);
    return names[s];
}
