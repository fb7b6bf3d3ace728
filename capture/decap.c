/* SPDX-License-Identifier: MIT */
#include "capture/decap.h"

#include <stdlib.h>
#include <string.h>

#include "base/rd.h"

#define UDP_HEADER_LEN 8u
#define UDP_PORT_VXLAN 4789u       /* RFC 7348 */
#define UDP_PORT_VXLAN_LINUX 8472u /* Linux's default, older than the RFC */
#define UDP_PORT_GENEVE 6081u      /* RFC 8926 */

struct decap {
    struct decap_stats stats;
    struct ip_frag_store *frags;
    uint64_t datagram; /* of the packet at hand; 0: none */
};

struct decap_limits
decap_limits_default(void)
{
    struct decap_limits limits = {.frag = ip_frag_limits_default()};
    return limits;
}

enum err
decap_new(struct decap **out, const struct decap_limits *limits)
{
    struct decap_limits defaults = decap_limits_default();
    struct decap *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    enum err err =
        ip_frag_new(&d->frags, limits ? &limits->frag : &defaults.frag);
    if (err != ERR_OK) {
        free(d);
        return err;
    }
    *out = d;
    return ERR_OK;
}

void
decap_free(struct decap *d)
{
    if (!d)
        return;
    ip_frag_free(d->frags);
    free(d);
}

uint64_t
decap_datagram(const struct decap *d)
{
    return d->datagram;
}

const struct decap_stats *
decap_stats(const struct decap *d)
{
    return &d->stats;
}

/*
 * RFC 2784 and RFC 2890: flags and version (2), EtherType (2), then what the
 * flags announce: checksum (4), key (4), sequence number (4).
 */
static enum link_result
read_gre(struct slice *in, uint16_t *type, uint32_t *id)
{
    if (in->len < 4)
        return LINK_MALFORMED;
    uint16_t flags = rd_load_be16(in->ptr);
    *type = rd_load_be16(in->ptr + 2);
    /* Version 1 is PPTP's (RFC 2637); 0x4000 is RFC 1701's routing. */
    if ((flags & 0x4007u) != 0)
        return LINK_OTHER;
    size_t len = 4;
    len += (flags & 0x8000u) != 0 ? 4 : 0;
    size_t key_off = len;
    len += (flags & 0x2000u) != 0 ? 4 : 0;
    len += (flags & 0x1000u) != 0 ? 4 : 0;
    if (in->len < len)
        return LINK_MALFORMED;
    if ((flags & 0x2000u) != 0)
        *id = rd_load_be32(in->ptr + key_off);
    *in = slice_skip(*in, len);
    return LINK_NET;
}

/* RFC 7348 section 5: flags (I = 8), reserved (3), VNI (3), reserved (1),
 * then an Ethernet frame. */
static enum link_result
read_vxlan(struct slice *in, uint16_t *type, uint32_t *id)
{
    /* The port alone proves nothing: what does not fit is something else. */
    if (in->len < 8 || (in->ptr[0] & 0x08) == 0)
        return LINK_OTHER;
    *id = rd_load_be32(in->ptr + 4) >> 8;
    *in = slice_skip(*in, 8);
    *type = LINK_TYPE_BRIDGED;
    return LINK_NET;
}

/* RFC 8926 section 3.4: version (2 bits), length of options in words (6),
 * flags (8), EtherType (16), VNI (3), reserved (1), options. */
static enum link_result
read_geneve(struct slice *in, uint16_t *type, uint32_t *id)
{
    if (in->len < 8 || (in->ptr[0] & 0xc0) != 0)
        return LINK_OTHER;
    size_t len = 8 + (in->ptr[0] & 0x3fu) * 4u;
    if (in->len < len)
        return LINK_OTHER;
    *type = rd_load_be16(in->ptr + 2);
    *id = rd_load_be32(in->ptr + 4) >> 8;
    *in = slice_skip(*in, len);
    return LINK_NET;
}

/* By destination port: the source port of a tunnel is picked for balance. */
static enum link_result
read_udp(struct slice *in, uint16_t *type, uint32_t *id)
{
    if (in->len < UDP_HEADER_LEN)
        return LINK_MALFORMED;
    uint16_t port = rd_load_be16(in->ptr + 2);
    *in = slice_skip(*in, UDP_HEADER_LEN);
    switch (port) {
    case UDP_PORT_VXLAN:
    case UDP_PORT_VXLAN_LINUX:
        return read_vxlan(in, type, id);
    case UDP_PORT_GENEVE:
        return read_geneve(in, type, id);
    default:
        return LINK_OTHER;
    }
}

/* Looks behind the header of a tunnel; LINK_OTHER if there is none.  id: the
 * network or key that it names, left alone when it names none. */
static enum link_result
read_tunnel(uint8_t proto, struct slice *in, uint16_t *type, uint32_t *id)
{
    switch (proto) {
    case IP_PROTO_IPV4:
        *type = LINK_TYPE_IPV4;
        return LINK_NET;
    case IP_PROTO_IPV6:
        *type = LINK_TYPE_IPV6;
        return LINK_NET;
    case IP_PROTO_GRE:
        return read_gre(in, type, id);
    case IP_PROTO_MPLS:
        *type = LINK_TYPE_MPLS;
        return LINK_NET;
    case IP_PROTO_UDP:
        return read_udp(in, type, id);
    default:
        return LINK_OTHER;
    }
}

static enum decap_result
from_link(struct decap *d, enum link_result result)
{
    switch (result) {
    case LINK_OTHER:
        return DECAP_OTHER;
    case LINK_UNKNOWN:
        return DECAP_UNKNOWN_LINK;
    case LINK_TOO_DEEP:
        d->stats.too_deep++;
        return DECAP_MALFORMED;
    default:
        return DECAP_MALFORMED;
    }
}

/* Whether anything that we look into can stand behind proto: the rest need
 * not be put together.  IPv6 tells it only in the first fragment. */
static bool
is_fragment_wanted(const struct ip_packet *ip)
{
    return ip->src.family == 6 || (ip->proto != 1 && ip->proto != 50);
}

/* Reads one IP packet, put together if need be.  DECAP_TCP stands for "done,
 * look at ip->proto". */
static enum decap_result
read_ip(struct decap *d, struct slice in, uint32_t missing, int64_t now_ns,
        struct ip_packet *ip)
{
    struct ip_fragment frag;
    enum ip_result result = ip_read(in, missing, ip, &frag);
    if (result == IP_FRAGMENT) {
        if (!is_fragment_wanted(ip))
            return DECAP_OTHER;
        enum ip_frag_result added = ip_frag_add(d->frags, now_ns, &frag, ip);
        d->stats.frag = *ip_frag_stats(d->frags);
        d->datagram = ip_frag_datagram(d->frags);
        if (added != IP_FRAG_WHOLE)
            return added == IP_FRAG_BAD ? DECAP_MALFORMED : DECAP_FRAGMENT;
        result = ip_skip_extensions(ip, &frag);
    }
    /* A fragment header inside a whole datagram: RFC 8200 section 4.5 lets a
     * packet be cut once only. */
    return result == IP_WHOLE ? DECAP_TCP : DECAP_MALFORMED;
}

/* Adds an id to a scope (struct ip_packet); 0 and "none" change nothing.  Who
 * makes two scopes the same on purpose fools nobody but himself. */
static uint32_t
scope_add(uint32_t scope, uint32_t id)
{
    if (id == 0)
        return scope;
    scope = (scope + id) * UINT32_C(0x9e3779b1);
    return (scope ^ scope >> 15) & INT32_MAX;
}

/* From the link layer inwards until an IP packet carries no tunnel. */
static enum decap_result
peel(struct decap *d, const struct packet *p, struct ip_packet *out)
{
    struct slice in = p->data;
    uint32_t missing =
        p->wire_len > in.len ? p->wire_len - (uint32_t)in.len : 0;
    unsigned layers = DECAP_LAYERS_MAX;
    uint16_t type, vlan = LINK_VLAN_NONE;
    uint32_t scope = 0;
    enum link_result found = link_decode(p->link, &in, &layers, &type, &vlan);
    while (found == LINK_NET) {
        struct ip_packet ip;
        if (layers == 0)
            return from_link(d, LINK_TOO_DEEP);
        layers--;
        enum decap_result result = read_ip(d, in, missing, p->time_ns, &ip);
        if (result != DECAP_TCP)
            return result;
        if (ip.proto == IP_PROTO_TCP) {
            *out = ip;
            out->scope = scope_add(scope, (uint32_t)vlan << 20);
            return DECAP_TCP;
        }
        in = ip.payload;
        missing = ip.missing;
        uint32_t id = 0;
        found = read_tunnel(ip.proto, &in, &type, &id);
        if (found == LINK_NET) {
            d->stats.tunnels++;
            scope = scope_add(scope, id);
            found = link_decode_type(&in, &layers, &type, &vlan);
        }
    }
    return from_link(d, found);
}

/*
 * Ethernet, IPv4 without options, TCP, not a fragment, a plausible length:
 * nearly every packet, so without any detour.  False leaves out alone.
 */
static bool
read_plain(const struct packet *p, struct ip_packet *out)
{
    const uint8_t *eth = p->data.ptr;
    if (p->link != LINK_ETHERNET || p->data.len < 34)
        return false;
    const uint8_t *ip = eth + 14;
    if (eth[12] != 0x08 || eth[13] != 0x00 || ip[0] != 0x45 ||
        ip[9] != IP_PROTO_TCP || (rd_load_be16(ip + 6) & 0x3fffu) != 0)
        return false;
    uint32_t total_len = rd_load_be16(ip + 2);
    if (total_len < 20)
        return false;

    size_t len = total_len - 20;
    size_t have = p->data.len - 34;
    memset(&out->src, 0, sizeof out->src);
    memset(&out->dst, 0, sizeof out->dst);
    memcpy(out->src.bytes, ip + 12, 4);
    memcpy(out->dst.bytes, ip + 16, 4);
    out->src.family = out->dst.family = 4;
    out->payload = slice_make(ip + 20, have < len ? have : len);
    out->missing = have < len ? (uint32_t)(len - have) : 0;
    out->proto = IP_PROTO_TCP;
    out->ttl = ip[8];
    out->id = rd_load_be16(ip + 4);
    out->scope = 0;
    return true;
}

enum decap_result
decap_packet(struct decap *d, const struct packet *p, struct ip_packet *out)
{
    d->datagram = 0;
    enum decap_result result = read_plain(p, out) ? DECAP_TCP : peel(d, p, out);
    d->stats.packets[result]++;
    if (result == DECAP_TCP && out->missing > 0)
        d->stats.cut++;
    return result;
}
