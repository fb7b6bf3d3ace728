/* SPDX-License-Identifier: MIT */
/*
 * packet.h - one captured packet, as a source hands it out.
 */
#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

#include <stdint.h>

#include "base/slice.h"

/* No time is further from 1970 (1823 to 2116), so that the difference of any
 * two fits in 64 bits. */
#define PACKET_TIME_MAX_NS (INT64_MAX / 2)

struct packet {
    struct slice data; /* captured bytes; borrowed until the next packet */
    uint64_t number;   /* 1 = first, over all sources of the run */
    int64_t time_ns;   /* since 1970-01-01 UTC; see PACKET_TIME_MAX_NS */
    uint64_t file_off; /* of the record in the (decompressed) file, bytes */
    uint32_t wire_len; /* bytes on the wire, >= data.len unless the file lies */
    uint32_t source;   /* index of the source, 0 = first named */
    uint32_t iface;    /* index of the interface in its source */
    uint32_t link;     /* LINKTYPE_ value, see link.def */
    uint32_t dropped;  /* packets lost before this one on its interface; live
                          captures only */
};

#endif /* CAPTURE_PACKET_H */
