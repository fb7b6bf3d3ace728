/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/conversation.h"

/* Select Graphic Rendition, ECMA-48 section 8.3.117. */
static const char reset[] = "\033[0m";
static const char *const style_codes[CONVERSATION_STYLE_COUNT] = {
    [CONVERSATION_PLAIN] = "",           [CONVERSATION_DIM] = "\033[2m",
    [CONVERSATION_STRONG] = "\033[1m",   [CONVERSATION_CLIENT] = "\033[36m",
    [CONVERSATION_SERVER] = "\033[35m",  [CONVERSATION_OF_CONTROL] = "\033[34m",
    [CONVERSATION_KEY] = "\033[36m",     [CONVERSATION_GOOD] = "\033[32m",
    [CONVERSATION_WARNING] = "\033[33m", [CONVERSATION_BAD] = "\033[1;31m",
};

static void
put(void *ctx, size_t col, size_t cols, enum conversation_style style,
    struct slice text)
{
    struct conversation_out *c = ctx;
    bool color = c->color && style != CONVERSATION_PLAIN;
    for (; c->col < col; c->col++)
        out_put(c->out, " ", 1);
    if (color)
        out_put(c->out, style_codes[style], strlen(style_codes[style]));
    out_put(c->out, text.ptr, text.len);
    if (color)
        out_put(c->out, reset, sizeof reset - 1);
    c->col += cols;
}

static bool
end(void *ctx)
{
    struct conversation_out *c = ctx;
    out_put(c->out, "\n", 1);
    c->col = 0;
    return !out_over(c->out);
}

struct conversation_sink
conversation_out_sink(struct conversation_out *c)
{
    return (struct conversation_sink){.ctx = c, .put = put, .end = end};
}
