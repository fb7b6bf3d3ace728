/* SPDX-License-Identifier: MIT */
#include "base/quantity.h"

#include <stddef.h>
#include <string.h>

bool
quantity_digits(const char **text, uint64_t *out)
{
    const char *at = *text;
    uint64_t value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (at == *text)
        return false;
    *text = at;
    *out = value;
    return true;
}

bool
quantity_size(const char *text, uint64_t *out)
{
    static const char suffixes[] = "kmgt";
    uint64_t value;
    unsigned shift = 0;
    if (!quantity_digits(&text, &value))
        return false;
    if (*text != '\0') {
        char lower = (char)(*text | 0x20);
        const char *suffix = strchr(suffixes, lower);
        if (!suffix || (text[1] != '\0' && strcmp(text + 1, "iB") != 0))
            return false;
        shift = 10u * (unsigned)(suffix - suffixes + 1);
    }
    if (value > UINT64_MAX >> shift)
        return false;
    *out = value << shift;
    return true;
}

bool
quantity_time(const char *text, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"ms", 1000000},
        {"s", 1000000000},
        {"", 1000000000},
        {"min", UINT64_C(60) * 1000000000},
        {"h", UINT64_C(3600) * 1000000000},
    };
    uint64_t whole;
    const char *fraction = "";
    if (!quantity_digits(&text, &whole))
        return false;
    if (*text == '.') {
        fraction = ++text;
        text += strspn(text, "0123456789");
        if (text == fraction)
            return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        uint64_t ns = units[i].ns;
        if (whole > (uint64_t)INT64_MAX / ns)
            return false;
        *out = whole * ns;
        for (; *fraction >= '0' && *fraction <= '9'; fraction++)
            *out += (ns /= 10) * (uint64_t)(*fraction - '0');
        return *out <= (uint64_t)INT64_MAX;
    }
    return false;
}
