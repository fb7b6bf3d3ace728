/* SPDX-License-Identifier: MIT */
/*
 * link.h - from the link layer to the IP packet: link types (link.def), then
 * whatever stands between them and IP.
 *
 *     Ethernet, cooked, PPP, 802.11 ...
 *       -> 802.1Q and 802.1ad tags, LLC/SNAP (RFC 1042), MPLS (RFC 3032),
 *          PPPoE (RFC 2516) in any order -> IPv4 or IPv6
 *
 * Stateless; reads in place.  Does not know what is behind IP: decap.h.
 */
#ifndef CAPTURE_LINK_H
#define CAPTURE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* The link types that callers name; all of them: link.def. */
#define LINK_ETHERNET 1u

/* EtherTypes (IEEE 802 numbers) that callers name. */
enum link_ethertype {
    LINK_TYPE_IPV4 = 0x0800,
    LINK_TYPE_BRIDGED = 0x6558, /* an Ethernet frame, RFC 1701 */
    LINK_TYPE_IPV6 = 0x86dd,
    LINK_TYPE_MPLS = 0x8847,
};

enum link_result {
    LINK_NET = 0,   /* an IP packet starts here */
    LINK_OTHER,     /* valid as far as read, but not IP */
    LINK_MALFORMED, /* a header is cut or wrong */
    LINK_TOO_DEEP,  /* more layers than the caller allowed */
    LINK_UNKNOWN,   /* no decoder for this link type */
};

/* VLAN id of no tag; also what a tag has that only tells a priority (IEEE
 * 802.1Q section 9.6). */
#define LINK_VLAN_NONE 0u

/*
 * Skips everything in front of the IP packet.
 *
 * link     LINKTYPE_ value
 * in       the captured bytes; starts at the IP header after LINK_NET,
 *          anywhere after other results
 * layers   headers that may still be read; counted down
 * type     LINK_TYPE_IPV4 or LINK_TYPE_IPV6; written with LINK_NET only
 * vlan     the id of the innermost VLAN tag; left alone when there is none
 */
enum link_result link_decode(uint32_t link, struct slice *in, unsigned *layers,
                             uint16_t *type, uint16_t *vlan);

/*
 * The same for bytes whose EtherType is known already, as in a tunnel.
 *
 * type     the EtherType; LINK_TYPE_IPV4 or LINK_TYPE_IPV6 after LINK_NET
 */
enum link_result link_decode_type(struct slice *in, unsigned *layers,
                                  uint16_t *type, uint16_t *vlan);

/* tcpdump's name of a LINKTYPE_ value ("EN10MB"); NULL if we have none.
 * Static.  A name does not mean that we can read it. */
const char *link_name(uint32_t link);

/* The same in words ("Ethernet"); NULL together with link_name(). */
const char *link_description(uint32_t link);

/* Whether link_decode() knows this link type. */
bool link_supported(uint32_t link);

#endif /* CAPTURE_LINK_H */
