/* SPDX-License-Identifier: MIT */
/*
 * frame_parts.h - the panes of the frame view: the fields of a frame one below
 * the other, its bytes with the figure of RFC 6455 section 5.2 and the XOR of
 * the masking key, and what the selected field means.
 */
#ifndef UI_TUI_FRAME_PARTS_H
#define UI_TUI_FRAME_PARTS_H

#include "ui/tui/tui.h"

/* Values of t->pane in the frame view. */
enum frame_pane {
    FRAME_PANE_LIST = 0,
    FRAME_PANE_DETAIL,
    FRAME_PANE_BYTES,
    FRAME_PANE_EXPLAIN,
    FRAME_PANE_COUNT
};

#define FIELD(symbol, ...) FRAME_FIELD_##symbol,
enum frame_field {
#include "ui/tui/views/frame_field.def"
    FRAME_FIELD_COUNT
};
#undef FIELD

struct frame_field_info {
    const char *name;
    enum role role;
    const char *section; /* of RFC 6455 */
    const char *filter;  /* its name in the filter language */
    const char *what, *rule;
};

const struct frame_field_info *frame_field_info(enum frame_field f);

/* Where a field stands: bytes of the frame [from, to).  False: the frame has
 * none of it. */
bool frame_field_bytes(const struct store_frame *f, enum frame_field field,
                       uint64_t *from, uint64_t *to);

/* What it holds, short: "1 (text)". */
void frame_field_value(const struct store_frame *f, enum frame_field field,
                       char *out, size_t size);

/* The name, type, value and place of the selected field. */
void frame_field_status(const struct tui *t, char *out, size_t size);

/* Selects the next (step 1) or previous (-1) field that the frame has. */
void frame_field_step(struct tui *t, int step);

/* The name of its opcode, or "gap"; static. */
const char *frame_kind_name(const struct store_frame *f);

/* Bytes of the extended length: 0, 2 or 8. */
unsigned frame_length_bytes(const struct store_frame *f);

/* The header as it was on the wire; returns header_len. */
size_t frame_header_bytes(const struct store_frame *f, uint8_t out[14]);

/* t->frame is a frame; t->field the field selected. */
void frame_detail_draw(struct tui *t, struct rect r, bool focused);
void frame_bytes_draw(struct tui *t, struct rect r, bool focused);
void frame_explain_draw(struct tui *t, struct rect r, bool focused);

/* The figure alone, with the fields up to that step of lesson.def; others are
 * dots.  Returns the rows it took, 0: there was no room. */
int frame_figure_draw(struct tui *t, struct rect r, unsigned step);

/* Masked bytes, the key and what comes out, n of them at most: four rows. */
void frame_xor_draw(struct tui *t, struct rect r, size_t most);

#endif /* UI_TUI_FRAME_PARTS_H */
