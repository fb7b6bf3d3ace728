/* SPDX-License-Identifier: MIT */
/*
 * ws_unmask.h - WebSocket masking (RFC 6455, section 5.3): payload byte i is
 * XORed with mask[i % 4].
 */
#ifndef DISSECT_WS_UNMASK_H
#define DISSECT_WS_UNMASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Removes (or applies) the mask: dst[i] = src[i] ^ mask[(offset + i) % 4],
 * offset being where src starts in its payload.  dst == src is allowed; any
 * other overlap is not.
 */
void ws_unmask(uint8_t *dst, const uint8_t *src, size_t len,
               const uint8_t mask[4], uint64_t offset);

/*
 * Whether all len bytes at src are ASCII (below 0x80) once unmasked; writes
 * nothing.  Parameters as above.
 */
bool ws_unmask_is_ascii(const uint8_t *src, size_t len, const uint8_t mask[4],
                        uint64_t offset);

#endif /* DISSECT_WS_UNMASK_H */
