/* SPDX-License-Identifier: MIT */
#include "ui/tui/store/payload_find.h"

#include <string.h>

/* Bytes that are searched at a time. */
#define PIECE_LEN 16384u

/* Pieces overlap by what a hit may be cut at. */
static bool
message_holds(const struct store *s, const struct store_message *m,
              const char *text, size_t len)
{
    uint8_t bytes[PIECE_LEN];
    size_t n;
    for (uint64_t off = 0;
         (n = store_message_payload(s, m, off, bytes, sizeof bytes)) >= len;
         off += n - (len - 1))
        if (memmem(bytes, n, text, len))
            return true;
    return false;
}

static bool
control_holds(const struct store *s, const struct store_frame *f,
              const char *text, size_t len)
{
    uint8_t bytes[UINT8_MAX];
    bool whole;
    size_t n = store_frame_payload(s, f, bytes, sizeof bytes, &whole);
    return memmem(bytes, n, text, len) != NULL;
}

bool
payload_holds(const struct store *s, uint32_t frame, const char *text)
{
    const struct store_frame *f = store_frame(s, frame);
    struct store_message m;
    size_t len = strlen(text);
    if (len == 0 || len > PAYLOAD_FIND_MAX || f->flags & STORE_GAP)
        return false;
    if (ws_opcode_is_control(store_frame_opcode(f)))
        return control_holds(s, f, text, len);
    return store_message_of(s, frame, &m) && m.last_frame == frame &&
           message_holds(s, &m, text, len);
}
