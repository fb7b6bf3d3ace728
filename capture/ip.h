/* SPDX-License-Identifier: MIT */
/*
 * ip.h - IPv4 (RFC 791) and IPv6 (RFC 8200) headers, extension headers too.
 *
 *      0       1       2       3        IPv4
 *     |V |IHL | TOS   | total length  |
 *     | identification|  DM| offset   |  offset in units of 8 bytes
 *     | TTL   | proto | checksum      |
 *     | source                        |
 *     | destination                   |  IHL * 4 bytes with options
 *
 *     |V | class, flow label          |  IPv6
 *     | payload length| next  | hops  |
 *     | source (16)                   |
 *     | destination (16)              |  then a chain of extension headers
 *
 * Reads in place, no checksums, no state.  Fragments are recognised here and
 * put together by ip_frag.h.
 */
#ifndef CAPTURE_IP_H
#define CAPTURE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/slice.h"

#define IP_PROTO_IPV4 4u /* RFC 2003 */
#define IP_PROTO_TCP 6u
#define IP_PROTO_UDP 17u
#define IP_PROTO_IPV6 41u /* RFC 4213 */
#define IP_PROTO_GRE 47u
#define IP_PROTO_MPLS 137u /* RFC 4023 */

/* Extension headers read in one IP packet; a longer chain is malformed. */
#define IP_EXTENSIONS_MAX 16u

/* One IP packet; slices are borrowed from the packet (or from the fragment
 * store, until the next packet). */
struct ip_packet {
    struct addr src, dst;
    struct slice payload; /* behind all headers, without link-layer padding */
    uint32_t missing;     /* payload bytes that the snap length cut off */
    uint8_t proto;        /* of payload: IP_PROTO_TCP, ... */
    uint8_t ttl;          /* time to live, hop limit */
    uint16_t id;          /* IPv4 identification; 0 for IPv6 */
    uint32_t scope;       /* what VLAN tag and tunnels it came through, below
                             2^31; 0: none.  Set by decap.h */
};

/* Where a fragment belongs. */
struct ip_fragment {
    uint32_t id;  /* 16 bits in IPv4, 32 in IPv6 */
    uint32_t off; /* of the payload in the datagram, bytes; a multiple of 8 */
    bool more;    /* not the last one */
};

enum ip_result {
    IP_WHOLE = 0, /* payload belongs to the protocol proto */
    IP_FRAGMENT,  /* payload is a piece of what proto names */
    IP_MALFORMED, /* a header is cut or wrong */
};

/*
 * Reads an IPv4 or IPv6 packet, told apart by the version field.
 *
 * in        from the IP header to the end of the captured bytes
 * missing   bytes behind in that were not captured; used when the header does
 *           not tell the length (0 after segmentation offload, jumbograms)
 * out       written unless IP_MALFORMED
 * frag      written with IP_FRAGMENT only
 */
enum ip_result ip_read(struct slice in, uint32_t missing, struct ip_packet *out,
                       struct ip_fragment *frag);

/*
 * Skips the extension headers at the front of ip->payload, which is what
 * ip->proto says; for datagrams put together from fragments.  Results as
 * ip_read(); ip is undefined after IP_MALFORMED.
 */
enum ip_result ip_skip_extensions(struct ip_packet *ip,
                                  struct ip_fragment *frag);

#endif /* CAPTURE_IP_H */
