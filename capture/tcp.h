/* SPDX-License-Identifier: MIT */
/*
 * tcp.h - the TCP header (RFC 9293 section 3.1) and its options.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |          Source Port          |       Destination Port        |
 *   |                        Sequence Number                        |
 *   |                    Acknowledgment Number                      |
 *   | Offset| Rsrvd |     Flags     |            Window             |
 *   |           Checksum            |         Urgent Pointer        |
 *   | Options (Offset * 4 - 20 bytes), then payload                 |
 *
 * Knows one segment only: streams are in tcp_stream.h.  The checksum is never
 * looked at, see flow.h.  Urgent bytes are ordinary bytes of the stream (RFC
 * 6093 section 3.4).
 */
#ifndef CAPTURE_TCP_H
#define CAPTURE_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rd.h"
#include "base/slice.h"
#include "base/stream.h"

#define TCP_HEADER_MIN 20u
/* More payload than any segment can have (RFC 7323 section 2.3: the largest
 * window); a packet that claims it is not believed. */
#define TCP_PAYLOAD_MAX (UINT32_C(1) << 30)
#define TCP_WSCALE_MAX 14u /* RFC 7323 section 2.3 */

/* Slices are borrowed from the segment. */
struct tcp_header {
    struct slice payload; /* as far as captured */
    struct slice options; /* as far as captured */
    uint32_t missing;     /* payload bytes that the snap length cut off */
    uint32_t seq, ack;
    uint16_t src_port, dst_port;
    uint16_t window; /* as on the wire */
    uint16_t urgent; /* pointer, valid with TCP_URG */
    uint8_t flags;   /* set of enum tcp_flag; ECE and CWR stay in too */
};

struct tcp_options {
    bool has_mss, has_wscale, has_timestamps, sack_permitted;
    uint16_t mss;
    uint8_t wscale; /* shift count, at most TCP_WSCALE_MAX */
    uint32_t ts_value, ts_echo;
};

/*
 * Reads the header at the front of segment (what IP carried); missing: bytes
 * of it that were not captured.  False, with *out undefined: fewer than 20
 * bytes, an offset below 5 or past the segment's end, an absurd length.
 * A header cut inside its options gives no payload.
 */
static inline bool
tcp_parse(struct slice segment, uint32_t missing, struct tcp_header *out)
{
    if (segment.len < TCP_HEADER_MIN)
        return false;
    const uint8_t *p = segment.ptr;
    size_t header_len = (size_t)(p[12] >> 4) * 4;
    out->src_port = rd_load_be16(p);
    out->dst_port = rd_load_be16(p + 2);
    out->seq = rd_load_be32(p + 4);
    out->ack = rd_load_be32(p + 8);
    out->flags = p[13];
    out->window = rd_load_be16(p + 14);
    out->urgent = rd_load_be16(p + 18);
    out->missing = missing;
    if (header_len < TCP_HEADER_MIN)
        return false;
    if (header_len > segment.len) {
        if (header_len - segment.len > missing)
            return false;
        out->missing = missing - (uint32_t)(header_len - segment.len);
        header_len = segment.len;
    }
    out->options = slice_make(p + TCP_HEADER_MIN, header_len - TCP_HEADER_MIN);
    out->payload = slice_make(p + header_len, segment.len - header_len);
    return out->payload.len <= TCP_PAYLOAD_MAX / 2 &&
           out->missing <= TCP_PAYLOAD_MAX / 2;
}

/*
 * Reads the options that matter here (RFC 9293 section 3.2, RFC 7323, RFC
 * 2018).  Unknown ones are skipped; reading stops at the first malformed or
 * cut one.  Always fills *out.
 */
void tcp_options_parse(struct slice options, struct tcp_options *out);

#endif /* CAPTURE_TCP_H */
