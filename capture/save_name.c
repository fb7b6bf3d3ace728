/* SPDX-License-Identifier: MIT */
#include "capture/save_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NS_PER_S 1000000000

/* Where the suffix, with its dot, starts; at the end when there is none.  A
 * dot at the start of the last component makes a hidden file, no suffix. */
static const char *
suffix_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    const char *dot = strrchr(base, '.');
    return dot && dot != base ? dot : name + strlen(name);
}

enum save_format
save_name_format(const char *name)
{
    return strcasecmp(suffix_of(name), ".pcap") == 0 ? SAVE_PCAP : SAVE_PCAPNG;
}

bool
save_name_numbered(char out[SAVE_NAME_MAX], const char *name, uint64_t number,
                   int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / NS_PER_S - (time_ns % NS_PER_S < 0));
    struct tm tm;
    char when[32];
    /* 64 bits of nanoseconds have years of four digits. */
    if (!localtime_r(&seconds, &tm) ||
        !strftime(when, sizeof when, "%Y%m%d%H%M%S", &tm))
        return false;
    const char *suffix = suffix_of(name);
    int n =
        snprintf(out, SAVE_NAME_MAX, "%.*s_%05llu_%s%s", (int)(suffix - name),
                 name, (unsigned long long)number, when, suffix);
    return n > 0 && n < (int)SAVE_NAME_MAX;
}
