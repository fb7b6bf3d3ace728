/* SPDX-License-Identifier: MIT */
#include "dissect/finding.h"

#include <assert.h>

#define FINDING(symbol, id, layer, severity, reference, text, teach, unless)   \
    {                                                                          \
        id,                                                                    \
        FINDING_LAYER_##layer,                                                 \
        SEVERITY_##severity,                                                   \
        reference,                                                             \
        text,                                                                  \
        teach,                                                                 \
        unless},
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

bool
finding_find(const char *id, enum finding_id *out)
{
    return finding_find_word(slice_cstr(id), out);
}

bool
finding_find_word(struct slice word, enum finding_id *out)
{
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        if (slice_equal_cstr(word, table[i].id)) {
            *out = (enum finding_id)i;
            return true;
        }
    return false;
}

const char *
finding_layer_name(enum finding_layer layer)
{
    static const char *const names[] = {
        [FINDING_LAYER_TCP] = "tcp",
        [FINDING_LAYER_HTTP] = "http",
        [FINDING_LAYER_HANDSHAKE] = "handshake",
        [FINDING_LAYER_FRAME] = "frame",
        [FINDING_LAYER_MESSAGE] = "message",
        [FINDING_LAYER_DEFLATE] = "deflate",
        [FINDING_LAYER_CLOSE] = "close",
        [FINDING_LAYER_SUBPROTOCOL] = "subprotocol",
        [FINDING_LAYER_SECURITY] = "security",
        [FINDING_LAYER_PERFORMANCE] = "performance",
    };
    assert((unsigned)layer < FINDING_LAYER_COUNT);
    return names[layer];
}

const char *
severity_name(enum severity s)
{
    static const char *const names[] = {"chat", "note", "warning", "error"};
    assert((unsigned)s < SEVERITY_COUNT);
    return names[s];
}
