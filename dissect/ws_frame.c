/* SPDX-License-Identifier: MIT */
#include "dissect/ws_frame.h"

#include "base/rd.h"

#define BIT_FIN 0x80u
#define BIT_MASK 0x80u
#define LEN7(byte1) ((byte1)&0x7fu)
#define LEN7_16 126u /* a 16-bit length follows */
#define LEN7_64 127u /* a 64-bit length follows */

/* Opcodes 3 to 7 and 11 to 15, RFC 6455 section 11.8. */
#define OPCODES_RESERVED 0xf8f8u

void
ws_frame_init(struct ws_frame *f, enum ws_sender sender, uint8_t rsv_ok,
              uint64_t offset)
{
    *f = (struct ws_frame){.offset = offset,
                           .rsv_ok = rsv_ok,
                           .sender = (uint8_t)sender};
    f->cur.offset = offset;
}

/* Length of the whole header whose second byte is byte1. */
static inline unsigned
header_len(uint8_t byte1)
{
    unsigned len7 = LEN7(byte1);
    unsigned len = 2u + (byte1 >> 5 & 4u);
    if (len7 >= LEN7_16)
        len += len7 == LEN7_16 ? 2u : 8u;
    return len;
}

/* The rules that the current header breaks. */
static uint32_t
judge(const struct ws_frame *f)
{
    const struct ws_frame_header *h = &f->cur;
    bool control = ws_opcode_is_control(h->opcode);
    unsigned alien = h->rsv & ~(unsigned)f->rsv_ok;
    uint32_t found = 0;
    if (h->masked != (f->sender == WS_SENDER_CLIENT))
        found |= WS_FRAME_BAD_MASK;
    if (alien & WS_FRAME_RSV1)
        found |= WS_FRAME_BAD_RSV1;
    if (alien & (WS_FRAME_RSV2 | WS_FRAME_RSV3))
        found |= WS_FRAME_BAD_RSV23;
    if (OPCODES_RESERVED >> h->opcode & 1u)
        found |= WS_FRAME_BAD_OPCODE;
    if (control && !h->fin)
        found |= WS_FRAME_CTL_FRAG;
    if (control && h->payload_len > WS_FRAME_CONTROL_MAX)
        found |= WS_FRAME_CTL_LONG;
    if (h->rsv & f->rsv_ok & WS_FRAME_RSV1) {
        if (control)
            found |= WS_FRAME_RSV1_CTL;
        else if (h->opcode == WS_OP_CONT)
            found |= WS_FRAME_RSV1_CONT;
    }
    return found;
}

/* Reads the complete header at p.  Returns false when it cannot be followed:
 * the top bit of a 64-bit length "MUST be 0" (section 5.2). */
static inline bool
parse(struct ws_frame *f, const uint8_t *p, unsigned len)
{
    struct ws_frame_header *h = &f->cur;
    uint64_t payload_len = LEN7(p[1]);
    bool padded = false;
    if (payload_len == LEN7_16) {
        payload_len = rd_load_be16(p + 2);
        padded = payload_len < LEN7_16;
    } else if (payload_len == LEN7_64) {
        payload_len = rd_load_be64(p + 2);
        padded = payload_len <= UINT16_MAX;
    }
    h->header_len = (uint8_t)len;
    h->opcode = p[0] & 0x0fu;
    h->rsv = p[0] >> 4 & 7u;
    h->fin = (p[0] & BIT_FIN) != 0;
    h->masked = (p[1] & BIT_MASK) != 0;
    h->findings = 0;
    if (h->masked)
        memcpy(h->mask, p + len - 4, 4);
    else
        memset(h->mask, 0, 4);
    if (payload_len >> 63)
        return false;
    h->payload_len = payload_len;
    f->left = payload_len;
    /* One test for the frames that cannot break a rule. */
    bool plain = h->rsv == 0 && h->opcode <= WS_OP_BINARY &&
                 h->masked == (f->sender == WS_SENDER_CLIENT);
    if (!plain)
        h->findings = judge(f);
    if (padded)
        h->findings |= WS_FRAME_LEN_PADDED;
    return true;
}

/* Takes header bytes from *in.  Returns where the complete header lies, in
 * *in or in f->head, or NULL when more are needed. */
static const uint8_t *
collect(struct ws_frame *f, struct slice *in, unsigned *len)
{
    while (in->len > 0) {
        unsigned want = f->have < 2 ? 2 : header_len(f->head[1]);
        unsigned n = want - f->have;
        if (n > in->len)
            n = (unsigned)in->len;
        memcpy(f->head + f->have, in->ptr, n);
        f->have = (uint8_t)(f->have + n);
        f->offset += n;
        *in = slice_skip(*in, n);
        if (f->have >= 2 && f->have == header_len(f->head[1])) {
            *len = f->have;
            f->have = 0;
            return f->head;
        }
    }
    return NULL;
}

static enum ws_frame_step
next_header(struct ws_frame *f, struct slice *in, struct ws_frame_event *ev)
{
    const uint8_t *p = in->ptr;
    unsigned len = 0;
    if (f->have == 0 && in->len >= 2 &&
        in->len >= (len = header_len(in->ptr[1]))) {
        *in = slice_make(p + len, in->len - len);
        f->offset += len;
    } else {
        p = collect(f, in, &len);
        if (!p)
            return WS_FRAME_NEED_INPUT;
    }
    f->cur.offset = f->offset - len;
    ev->header = &f->cur;
    ev->data = slice_make(NULL, 0);
    ev->data_off = 0;
    if (!parse(f, p, len)) {
        f->lost = true;
        return WS_FRAME_LOST;
    }
    ev->end = f->left == 0;
    return WS_FRAME_HEADER;
}

enum ws_frame_step
ws_frame_next(struct ws_frame *f, struct slice *in, struct ws_frame_event *ev)
{
    if (f->lost) {
        ev->header = &f->cur;
        return WS_FRAME_LOST;
    }
    if (in->len == 0)
        return WS_FRAME_NEED_INPUT;
    if (f->left == 0)
        return next_header(f, in, ev);
    size_t len = f->left < in->len ? (size_t)f->left : in->len;
    ev->header = &f->cur;
    ev->data = slice_make(in->ptr, len);
    ev->data_off = f->cur.payload_len - f->left;
    f->left -= len;
    f->offset += len;
    ev->end = f->left == 0;
    *in = slice_make(in->ptr + len, in->len - len);
    return WS_FRAME_PAYLOAD;
}

enum ws_frame_hole
ws_frame_gap(struct ws_frame *f, uint64_t len)
{
    f->offset += len;
    if (f->lost || len > f->left) {
        f->lost = true;
        f->have = 0;
        f->left = 0;
        return WS_FRAME_HOLE_LOST;
    }
    f->left -= len;
    return f->left > 0 ? WS_FRAME_HOLE_INSIDE : WS_FRAME_HOLE_TO_END;
}
