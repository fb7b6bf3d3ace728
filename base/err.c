/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <assert.h>

#define ERR_TEXT(name, text) text,
static const char *const texts[] = {ERR_TABLE(ERR_TEXT)};
#undef ERR_TEXT

const char *
err_text(enum err e)
{
    assert((unsigned)e < ERR_COUNT);
    return texts[e];
}
