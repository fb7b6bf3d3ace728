/* SPDX-License-Identifier: MIT */
#include "dissect/close_code.h"

#include <stddef.h>

enum sender { SENDER_ANY = 0, SENDER_CLIENT, SENDER_SERVER };

struct row {
    uint16_t code;
    enum close_code_kind kind;
    enum sender sender;
    const char *name;
    const char *meaning;
};

#define CLOSE_CODE(number, name, kind, sender, meaning)                        \
    {number, CLOSE_CODE_KIND_##kind, SENDER_##sender, name, meaning},
static const struct row table[] = {
#include "dissect/close_code.def"
};
#undef CLOSE_CODE

/* NULL: not registered. */
static const struct row *
find_row(uint16_t code)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code)
            return &table[i];
    return NULL;
}

enum close_code_kind
close_code_kind(uint16_t code)
{
    const struct row *row = find_row(code);
    if (row)
        return row->kind;
    if (code < 1000 || code > 4999)
        return CLOSE_CODE_KIND_OUTSIDE;
    return code < 3000 ? CLOSE_CODE_KIND_UNASSIGNED
                       : CLOSE_CODE_KIND_APPLICATION;
}

const char *
close_code_name(uint16_t code)
{
    const struct row *row = find_row(code);
    if (row)
        return row->name;
    if (code < 1000 || code > 4999)
        return "not a close code";
    return code >= 4000 ? "private use" : "unassigned";
}

const char *
close_code_meaning(uint16_t code)
{
    const struct row *row = find_row(code);
    return row ? row->meaning : NULL;
}

bool
close_code_fits_sender(uint16_t code, enum ws_sender from)
{
    const struct row *row = find_row(code);
    return !row || row->sender == SENDER_ANY ||
           (row->sender == SENDER_CLIENT) == (from == WS_SENDER_CLIENT);
}
