/* SPDX-License-Identifier: MIT */
/*
 * pcapng_clock.h - time stamps of one pcapng interface to nanoseconds
 * (draft-ietf-opsawg-pcapng section 4.2, if_tsresol and if_tsoffset).
 */
#ifndef CAPTURE_PCAPNG_CLOCK_H
#define CAPTURE_PCAPNG_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Members are for pcapng_clock.* only. */
struct pcapng_clock {
    uint64_t factor;    /* nanoseconds per tick; 0: coarser, see below */
    uint64_t ticks_max; /* with factor: more are too late */
    int64_t offset_ns;
    uint64_t divisor; /* ticks per nanosecond; 0: binary */
    unsigned bits;    /* binary: 2^bits ticks per second */
};

/*
 * resolution  if_tsresol: ticks per second, 10^resolution, or with the top
 *             bit set 2^(the other bits); 6 when the option is missing
 * offset_s    if_tsoffset: seconds to add; 0 when missing
 *
 * False when the offset alone is beyond PACKET_TIME_MAX_NS (packet.h).
 */
bool pcapng_clock_init(struct pcapng_clock *c, uint8_t resolution,
                       int64_t offset_s);

/* The slow half of pcapng_clock_ns(). */
bool pcapng_clock_convert(const struct pcapng_clock *c, uint64_t ticks,
                          int64_t *out);

/* Sets *out to nanoseconds since 1970, rounded down; false when they are beyond
 * PACKET_TIME_MAX_NS. */
static inline bool
pcapng_clock_ns(const struct pcapng_clock *c, uint64_t ticks, int64_t *out)
{
    if (!c->factor)
        return pcapng_clock_convert(c, ticks, out);
    if (ticks > c->ticks_max)
        return false;
    *out = (int64_t)(ticks * c->factor) + c->offset_ns;
    return true;
}

#endif /* CAPTURE_PCAPNG_CLOCK_H */
