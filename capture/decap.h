/* SPDX-License-Identifier: MIT */
/*
 * decap.h - from a captured packet to the innermost IP packet.
 *
 *     packet -> link.h -> ip.h -> TCP: done
 *                 ^        |  \-> ip_frag.h, then on with the whole datagram
 *                 +--------+ GRE, IP in IP, VXLAN, Geneve: once more
 *
 * Every layer is read where it stands in the packet; only IP fragments are
 * copied.  Checksums are not looked at: captures on the sending machine hold
 * packets whose checksums the network card has yet to fill in.
 *
 * Left alone (DECAP_OTHER): IPsec ESP, protected 802.11 frames, 802.11
 * aggregates (A-MSDU) and 802.11 fragments, GRE with source routing (RFC 1701)
 * or version 1 (PPTP), and tunnels that are not named above.
 */
#ifndef CAPTURE_DECAP_H
#define CAPTURE_DECAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/ip.h"
#include "capture/ip_frag.h"
#include "capture/link.h"
#include "capture/packet.h"

/* Headers read in one packet behind the link layer's own: tags, labels and IP
 * headers together; what nests deeper is DECAP_MALFORMED. */
#define DECAP_LAYERS_MAX 16u

enum decap_result {
    DECAP_TCP = 0,      /* the innermost IP packet carries TCP */
    DECAP_OTHER,        /* valid but not TCP */
    DECAP_FRAGMENT,     /* part of an IP datagram that is not whole yet */
    DECAP_MALFORMED,    /* a header is cut, wrong, or nested too deep */
    DECAP_UNKNOWN_LINK, /* the link type cannot be read: link.h */
    DECAP_RESULT_COUNT
};

/* Start from decap_limits_default(). */
struct decap_limits {
    struct ip_frag_limits frag;
};

struct decap_stats {
    uint64_t packets[DECAP_RESULT_COUNT]; /* by enum decap_result */
    uint64_t tunnels;                     /* tunnel headers looked behind */
    uint64_t too_deep;                    /* of the malformed packets */
    uint64_t cut; /* TCP packets of which bytes are missing */
    struct ip_frag_stats frag;
};

struct decap;

struct decap_limits decap_limits_default(void);

/*
 * Makes a decapsulator; limits are copied, NULL means the defaults.
 *
 * Sets *out and returns ERR_OK, or leaves it alone and returns ERR_NOMEM.
 */
ERR_CHECK enum err decap_new(struct decap **out,
                             const struct decap_limits *limits);

/* NULL is fine. */
void decap_free(struct decap *d);

/*
 * Takes one packet apart.
 *
 * out   written only with DECAP_TCP: the innermost IP packet.  Its payload
 *       points into p->data or, when fragments were put together, into memory
 *       of d that lives until the next decap_packet() or decap_free().
 *
 * The length in the IP header is believed: what it claims beyond the captured
 * bytes is out->missing, whatever p->wire_len says.  A length of 0, which
 * segmentation offload leaves behind, means up to the end of the packet; there
 * p->wire_len tells what is missing.
 *
 * Packets should come in the order of capture; p->time_ns decides when
 * fragments have waited too long.
 */
enum decap_result decap_packet(struct decap *d, const struct packet *p,
                               struct ip_packet *out);

/*
 * After decap_packet(): the IP datagram that the packet was a fragment of, by
 * ip_frag_datagram(), of several (in tunnels) the innermost; 0: it was none.
 */
uint64_t decap_datagram(const struct decap *d);

/* Counted since decap_new(); lives as long as d. */
const struct decap_stats *decap_stats(const struct decap *d);

#endif /* CAPTURE_DECAP_H */
