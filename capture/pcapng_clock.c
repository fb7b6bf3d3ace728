/* SPDX-License-Identifier: MIT */
#include "capture/pcapng_clock.h"

#include <stddef.h>

#include "capture/packet.h"

#define NS_PER_S 1000000000
#define BINARY 0x80u

static uint64_t
power_of_10(unsigned n)
{
    uint64_t p = 1;
    while (n--)
        p *= 10;
    return p;
}

bool
pcapng_clock_init(struct pcapng_clock *c, uint8_t resolution, int64_t offset_s)
{
    const int64_t offset_max = PACKET_TIME_MAX_NS / NS_PER_S;
    if (offset_s > offset_max || offset_s < -offset_max)
        return false;
    *c = (struct pcapng_clock){.offset_ns = offset_s * NS_PER_S};
    if (resolution & BINARY) {
        c->bits = resolution & ~BINARY;
    } else if (resolution <= 9) {
        int64_t room =
            PACKET_TIME_MAX_NS - (c->offset_ns > 0 ? c->offset_ns : 0);
        c->factor = power_of_10(9u - resolution);
        c->ticks_max = (uint64_t)room / c->factor;
    } else if (resolution <= 9 + 19) {
        c->divisor = power_of_10(resolution - 9u);
    } else {
        /* 10^20 ticks and more in a nanosecond: 64 bits of them are none, as
         * with this. */
        c->bits = 127;
    }
    return true;
}

/* ticks / 2^bits in nanoseconds below one second; ticks < 2^bits. */
static uint64_t
fraction_ns(uint64_t ticks, unsigned bits)
{
    if (bits <= 32)
        return (ticks * NS_PER_S) >> bits;
    /* 96 bits of product in two parts that cannot overflow (10^9 < 2^30). */
    uint64_t high = (ticks >> 32) * NS_PER_S;
    uint64_t low = (ticks & UINT32_MAX) * NS_PER_S;
    unsigned shift = bits - 32;
    return shift < 64 ? (high + (low >> 32)) >> shift : 0;
}

bool
pcapng_clock_convert(const struct pcapng_clock *c, uint64_t ticks, int64_t *out)
{
    uint64_t ns;
    if (c->divisor) {
        ns = ticks / c->divisor;
    } else {
        unsigned bits = c->bits;
        uint64_t seconds = bits < 64 ? ticks >> bits : 0;
        uint64_t rest = bits < 64 ? ticks - (seconds << bits) : ticks;
        if (seconds > INT64_MAX / NS_PER_S)
            return false;
        ns = seconds * NS_PER_S + fraction_ns(rest, bits);
    }
    int64_t room = PACKET_TIME_MAX_NS - (c->offset_ns > 0 ? c->offset_ns : 0);
    if (ns > (uint64_t)room)
        return false;
    *out = (int64_t)ns + c->offset_ns;
    return true;
}
