/* SPDX-License-Identifier: MIT */
#include "ui/close_code.h"

const char *
close_code_name(uint16_t code)
{
#define CLOSE_CODE(number, name)                                               \
    case number:                                                               \
        return name;
    switch (code) {
#include "ui/close_code.def"
    default:
        break;
    }
#undef CLOSE_CODE
    if (code < 1000 || code > 4999)
        return "not a close code";
    return code >= 4000 ? "private use" : "unassigned";
}
