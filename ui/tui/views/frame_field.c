/* SPDX-License-Identifier: MIT */
/* The parts of a frame: where they stand and what they hold. */
#include <inttypes.h>
#include <stdio.h>

#include "ui/filter/field.h"
#include "ui/tui/views/frame_parts.h"

#define FIELD(symbol, name, role, section, filter, what, rule)                 \
    {name, role, section, filter, what, rule},
static const struct frame_field_info fields[] = {
#include "ui/tui/views/frame_field.def"
};
#undef FIELD

const struct frame_field_info *
frame_field_info(enum frame_field f)
{
    return &fields[f];
}

const char *
frame_kind_name(const struct store_frame *f)
{
    return f->flags & STORE_GAP ? "gap" : ws_opcode_name(store_frame_opcode(f));
}

unsigned
frame_length_bytes(const struct store_frame *f)
{
    return f->header_len - 2u - (f->flags & STORE_MASKED ? 4u : 0);
}

size_t
frame_header_bytes(const struct store_frame *f, uint8_t out[14])
{
    unsigned more = frame_length_bytes(f);
    unsigned form = more == 8   ? 127
                    : more == 2 ? 126
                                : (unsigned)f->payload_len;
    size_t at = 0;
    out[at++] = f->byte0;
    out[at++] = (uint8_t)((f->flags & STORE_MASKED ? 0x80 : 0) | form);
    for (unsigned i = 0; i < more; i++)
        out[at++] = (uint8_t)(f->payload_len >> (8 * (more - 1 - i)));
    for (unsigned i = 0; f->flags & STORE_MASKED && i < 4; i++)
        out[at++] = (uint8_t)(f->mask >> (8 * (3 - i)));
    return at;
}

bool
frame_field_bytes(const struct store_frame *f, enum frame_field field,
                  uint64_t *from, uint64_t *to)
{
    switch (field) {
    case FRAME_FIELD_FIN:
    case FRAME_FIELD_RSV:
    case FRAME_FIELD_OPCODE:
        *from = 0;
        *to = 1;
        return true;
    case FRAME_FIELD_MASK:
        *from = 1;
        *to = 2;
        return true;
    case FRAME_FIELD_LENGTH:
        *from = 1;
        *to = 2 + frame_length_bytes(f);
        return true;
    case FRAME_FIELD_KEY:
        *from = 2 + frame_length_bytes(f);
        *to = f->header_len;
        return f->flags & STORE_MASKED;
    case FRAME_FIELD_PAYLOAD:
        *from = f->header_len;
        *to = f->header_len + f->payload_len;
        return f->payload_len > 0;
    case FRAME_FIELD_COUNT:
        break;
    }
    return false;
}

void
frame_field_step(struct tui *t, int step)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    uint64_t from, to;
    unsigned n = FRAME_FIELD_COUNT, field = t->field;
    do
        field = (field + n + (unsigned)step) % n;
    while (!frame_field_bytes(f, (enum frame_field)field, &from, &to));
    t->field = field;
}

void
frame_field_value(const struct store_frame *f, enum frame_field field,
                  char *out, size_t size)
{
    uint8_t head[14];
    uint8_t opcode = store_frame_opcode(f);
    (void)frame_header_bytes(f, head);
    out[0] = '\0';
    switch (field) {
    case FRAME_FIELD_FIN:
        snprintf(out, size, "%u", f->byte0 >> 7);
        break;
    case FRAME_FIELD_RSV:
        snprintf(out, size, "%u", f->byte0 >> 4 & 7);
        break;
    case FRAME_FIELD_OPCODE:
        snprintf(out, size, "%u (%s)", opcode, ws_opcode_name(opcode));
        break;
    case FRAME_FIELD_MASK:
        snprintf(out, size, "%u", head[1] >> 7);
        break;
    case FRAME_FIELD_LENGTH:
        snprintf(out, size, "%u", head[1] & 127u);
        if (frame_length_bytes(f) > 0)
            snprintf(out, size, "%u (%" PRIu64 " behind it)", head[1] & 127u,
                     f->payload_len);
        break;
    case FRAME_FIELD_KEY:
        snprintf(out, size, "%02x:%02x:%02x:%02x", f->mask >> 24,
                 f->mask >> 16 & 255, f->mask >> 8 & 255, f->mask & 255);
        break;
    case FRAME_FIELD_PAYLOAD:
        snprintf(out, size, "%" PRIu64 " bytes", f->payload_len);
        break;
    case FRAME_FIELD_COUNT:
        break;
    }
}

/* "bits 4-7 of byte 0", "bytes 2-5". */
static void
put_place(const struct store_frame *f, enum frame_field field, char *out,
          size_t size)
{
    static const struct {
        unsigned first, last;
    } bits[FRAME_FIELD_COUNT] = {[FRAME_FIELD_FIN] = {0, 0},
                                 [FRAME_FIELD_RSV] = {1, 3},
                                 [FRAME_FIELD_OPCODE] = {4, 7},
                                 [FRAME_FIELD_MASK] = {0, 0},
                                 [FRAME_FIELD_LENGTH] = {1, 7}};
    uint64_t from, to;
    if (!frame_field_bytes(f, field, &from, &to))
        return;
    if (field > FRAME_FIELD_LENGTH)
        snprintf(out, size, "bytes %" PRIu64 "-%" PRIu64, from, to - 1);
    else if (bits[field].first == bits[field].last)
        snprintf(out, size, "bit %u of byte %" PRIu64, bits[field].first, from);
    else
        snprintf(out, size, "bits %u-%u of byte %" PRIu64, bits[field].first,
                 bits[field].last, from);
}

void
frame_field_status(const struct tui *t, char *out, size_t size)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    enum frame_field field = (enum frame_field)t->field;
    const char *name = fields[field].filter;
    char value[64], place[64] = "";
    enum field_id id;
    uint64_t from, to;
    if (!frame_field_bytes(f, field, &from, &to)) {
        snprintf(out, size, "%s is not in this frame", name);
        return;
    }
    frame_field_value(f, field, value, sizeof value);
    put_place(f, field, place, sizeof place);
    if (t->grid.cols < 72 || !field_find(slice_cstr(name), &id))
        snprintf(out, size, "%s = %s", name, value);
    else
        snprintf(out, size, "%s   %s   %s   %s", name,
                 field_type_name(field_info(id)->type), value, place);
}
