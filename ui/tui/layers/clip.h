/* SPDX-License-Identifier: MIT */
/*
 * clip.h - what can be taken out of the interface: the bytes behind the rows of
 * clip.def.
 */
#ifndef UI_TUI_CLIP_H
#define UI_TUI_CLIP_H

#include "ui/out.h"
#include "ui/tui/tui.h"

/* Where it can go. */
enum clip_can {
    CLIP_COPY = 1u << 0, /* to the clipboard of the terminal */
    CLIP_SAVE = 1u << 1, /* into a file */
};

#define CLIP(symbol, key, can, name, help) CLIP_##symbol,
enum clip {
#include "ui/tui/layers/clip.def"
    CLIP_COUNT
};
#undef CLIP

struct clip_info {
    char key;
    uint32_t can;     /* set of enum clip_can */
    const char *name; /* of a file */
    const char *help;
};

const struct clip_info *clip_info(enum clip c);

/*
 * Writes it to o, of the payload at most max bytes (0: no more than that is
 * wanted).  NULL: it is all there; else why nothing was written, or that it is
 * cut.  Takes no lock.
 */
const char *clip_write(struct tui *t, enum clip c, uint64_t max, struct out *o);

#endif /* UI_TUI_CLIP_H */
