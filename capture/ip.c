/* SPDX-License-Identifier: MIT */
#include "capture/ip.h"

#include <string.h>

#include "base/rd.h"

#define IP4_HEADER_LEN 20u
#define IP4_MORE 0x2000u
#define IP4_OFFSET 0x1fffu
#define IP6_HEADER_LEN 40u

/* Extension headers, RFC 8200 section 4 and the IANA registry of IPv6
 * extension header types.  ESP (50) hides what follows: not skipped. */
#define EXT_HOP_BY_HOP 0u
#define EXT_ROUTING 43u
#define EXT_FRAGMENT 44u
#define EXT_AH 51u /* RFC 4302; in IPv4 too */
#define EXT_DESTINATION 60u
#define EXT_MOBILITY 135u
#define EXT_HIP 139u
#define EXT_SHIM6 140u

/* RFC 8200 section 4.5: next header, reserved, offset (13 bits), reserved
 * (2), M, identification (4).  Takes it from the front of ip->payload. */
static enum ip_result
fragment_header(struct ip_packet *ip, struct ip_fragment *frag)
{
    const uint8_t *p = ip->payload.ptr;
    if (ip->payload.len < 8)
        return IP_MALFORMED;
    uint16_t place = rd_load_be16(p + 2);
    ip->proto = p[0];
    ip->payload = slice_skip(ip->payload, 8);
    /* Whole after all: an atomic fragment, RFC 6946. */
    if ((place & 0xfff9u) == 0)
        return IP_WHOLE;
    frag->id = rd_load_be32(p + 4);
    frag->off = place & 0xfff8u;
    frag->more = (place & 1) != 0;
    return IP_FRAGMENT;
}

/* Skips one header whose length is (second byte + add) * unit. */
static bool
skip_extension(struct ip_packet *ip, size_t add, size_t unit)
{
    const uint8_t *p = ip->payload.ptr;
    if (ip->payload.len < 2)
        return false;
    size_t len = (p[1] + add) * unit;
    if (ip->payload.len < len)
        return false;
    ip->proto = p[0];
    ip->payload = slice_skip(ip->payload, len);
    return true;
}

enum ip_result
ip_skip_extensions(struct ip_packet *ip, struct ip_fragment *frag)
{
    bool v6 = ip->src.family == 6;
    for (unsigned i = 0; i <= IP_EXTENSIONS_MAX; i++) {
        switch (ip->proto) {
        case IP_PROTO_TCP:
        case IP_PROTO_UDP:
            return IP_WHOLE;
        case EXT_AH:
            if (!skip_extension(ip, 2, 4))
                return IP_MALFORMED;
            break;
        case EXT_FRAGMENT:
            if (!v6)
                return IP_WHOLE;
            enum ip_result result = fragment_header(ip, frag);
            if (result != IP_WHOLE)
                return result;
            break;
        case EXT_HOP_BY_HOP:
        case EXT_ROUTING:
        case EXT_DESTINATION:
        case EXT_MOBILITY:
        case EXT_HIP:
        case EXT_SHIM6:
            if (!v6)
                return IP_WHOLE;
            if (!skip_extension(ip, 1, 8))
                return IP_MALFORMED;
            break;
        default:
            return IP_WHOLE;
        }
    }
    return IP_MALFORMED;
}

/* Cuts the payload at its length, or notes what is missing of it. */
static void
set_payload(struct ip_packet *ip, struct slice rest, uint32_t len)
{
    ip->payload = slice_head(rest, len);
    ip->missing = rest.len < len ? len - (uint32_t)rest.len : 0;
}

static enum ip_result
read_ip4(struct slice in, uint32_t missing, struct ip_packet *out,
         struct ip_fragment *frag)
{
    const uint8_t *p = in.ptr;
    if (in.len < IP4_HEADER_LEN)
        return IP_MALFORMED;
    uint32_t header_len = (p[0] & 0x0fu) * 4u;
    uint32_t total_len = rd_load_be16(p + 2);
    if (header_len < IP4_HEADER_LEN || header_len > in.len)
        return IP_MALFORMED;

    struct slice rest = slice_skip(in, header_len);
    if (total_len >= header_len) {
        set_payload(out, rest, total_len - header_len);
    } else if (total_len == 0) {
        out->payload = rest;
        out->missing = missing;
    } else {
        return IP_MALFORMED;
    }
    out->id = rd_load_be16(p + 4);
    out->ttl = p[8];
    out->proto = p[9];
    memset(&out->src, 0, sizeof out->src);
    memset(&out->dst, 0, sizeof out->dst);
    memcpy(out->src.bytes, p + 12, 4);
    memcpy(out->dst.bytes, p + 16, 4);
    out->src.family = out->dst.family = 4;

    uint16_t place = rd_load_be16(p + 6);
    if ((place & (IP4_MORE | IP4_OFFSET)) != 0) {
        frag->id = out->id;
        frag->off = (place & IP4_OFFSET) * 8u;
        frag->more = (place & IP4_MORE) != 0;
        return IP_FRAGMENT;
    }
    return ip_skip_extensions(out, frag);
}

static enum ip_result
read_ip6(struct slice in, uint32_t missing, struct ip_packet *out,
         struct ip_fragment *frag)
{
    const uint8_t *p = in.ptr;
    if (in.len < IP6_HEADER_LEN)
        return IP_MALFORMED;
    uint32_t payload_len = rd_load_be16(p + 4);
    struct slice rest = slice_skip(in, IP6_HEADER_LEN);
    if (payload_len > 0) {
        set_payload(out, rest, payload_len);
    } else {
        /* A jumbogram (RFC 2675) or segmentation offload. */
        out->payload = rest;
        out->missing = missing;
    }
    out->id = 0;
    out->proto = p[6];
    out->ttl = p[7];
    memcpy(out->src.bytes, p + 8, 16);
    memcpy(out->dst.bytes, p + 24, 16);
    out->src.family = out->dst.family = 6;
    return ip_skip_extensions(out, frag);
}

enum ip_result
ip_read(struct slice in, uint32_t missing, struct ip_packet *out,
        struct ip_fragment *frag)
{
    if (in.len == 0)
        return IP_MALFORMED;
    switch (in.ptr[0] >> 4) {
    case 4:
        return read_ip4(in, missing, out, frag);
    case 6:
        return read_ip6(in, missing, out, frag);
    default:
        return IP_MALFORMED;
    }
}
