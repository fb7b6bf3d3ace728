/* SPDX-License-Identifier: MIT */
#include "capture/link.h"

#include "base/rd.h"

#define ETHERTYPE_VLAN 0x8100u     /* IEEE 802.1Q */
#define ETHERTYPE_SVLAN 0x88a8u    /* IEEE 802.1ad */
#define ETHERTYPE_QINQ_OLD 0x9100u /* before 802.1ad */
#define ETHERTYPE_QINQ_OLD2 0x9200u
#define ETHERTYPE_PPPOE 0x8864u /* session stage, RFC 2516 */
#define ETHERTYPE_MPLS_UPSTREAM 0x8848u
/* A type field up to here is the length of an 802.2 frame. */
#define ETHERTYPE_LENGTH_MAX 1500u
/* Our own mark for 802.2 LLC and for "nothing that we follow". */
#define TYPE_LLC 0x0004u /* the same in Linux cooked captures */
#define TYPE_NONE 0xffffu

#define ETHER_HEADER_LEN 14u

/* What a step made of its header: LINK_NET means "go on with *type". */

static enum link_result
decode_none(struct slice *in, uint16_t *type)
{
    (void)in;
    (void)type;
    return LINK_UNKNOWN;
}

static enum link_result
decode_ethernet(struct slice *in, uint16_t *type)
{
    if (in->len < ETHER_HEADER_LEN)
        return LINK_MALFORMED;
    *type = rd_load_be16(in->ptr + 12);
    *in = slice_skip(*in, ETHER_HEADER_LEN);
    return LINK_NET;
}

/* By the version field, which IPv4 and IPv6 have in the same place. */
static enum link_result
decode_raw(struct slice *in, uint16_t *type)
{
    if (in->len == 0)
        return LINK_MALFORMED;
    switch (in->ptr[0] >> 4) {
    case 4:
        *type = LINK_TYPE_IPV4;
        return LINK_NET;
    case 6:
        *type = LINK_TYPE_IPV6;
        return LINK_NET;
    default:
        return LINK_MALFORMED;
    }
}

/*
 * Four bytes of address family, in the byte order of the machine that
 * captured (LOOP: network order).  AF_INET is 2 everywhere; AF_INET6 is 10 on
 * Linux, 23 on Windows, 24, 28 and 30 on the BSDs and macOS.
 */
static enum link_result
decode_null(struct slice *in, uint16_t *type)
{
    if (in->len < 4)
        return LINK_MALFORMED;
    uint32_t family = rd_load_be32(in->ptr);
    if (family > 0xffff)
        family = rd_load_le32(in->ptr);
    *in = slice_skip(*in, 4);
    switch (family) {
    case 2:
        *type = LINK_TYPE_IPV4;
        return LINK_NET;
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
        *type = LINK_TYPE_IPV6;
        return LINK_NET;
    default:
        return LINK_OTHER;
    }
}

/* The protocol field of cooked captures: an EtherType, 4 for 802.2, or a
 * number that means something else for each kind of device. */
static uint16_t
cooked_type(uint16_t proto)
{
    return proto > ETHERTYPE_LENGTH_MAX || proto == TYPE_LLC ? proto
                                                             : TYPE_NONE;
}

/* Linux cooked v1: packet type, ARPHRD_ type, address length, address (8),
 * protocol; https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html. */
static enum link_result
decode_sll(struct slice *in, uint16_t *type)
{
    if (in->len < 16)
        return LINK_MALFORMED;
    *type = cooked_type(rd_load_be16(in->ptr + 14));
    *in = slice_skip(*in, 16);
    return LINK_NET;
}

/* Linux cooked v2: protocol first, then reserved (2), interface index (4),
 * ARPHRD_ type (2), packet type, address length, address (8). */
static enum link_result
decode_sll2(struct slice *in, uint16_t *type)
{
    if (in->len < 20)
        return LINK_MALFORMED;
    *type = cooked_type(rd_load_be16(in->ptr));
    *in = slice_skip(*in, 20);
    return LINK_NET;
}

/* PPP protocol numbers, by their EtherTypes. */
static uint16_t
ppp_type(uint16_t proto)
{
    switch (proto) {
    case 0x0021:
        return LINK_TYPE_IPV4;
    case 0x0057:
        return LINK_TYPE_IPV6;
    case 0x0281:
        return LINK_TYPE_MPLS;
    case 0x0283:
        return ETHERTYPE_MPLS_UPSTREAM;
    default:
        return TYPE_NONE;
    }
}

/* The protocol field of RFC 1661 section 2; one byte when it is compressed,
 * which its low bit tells (section 6.5). */
static enum link_result
ppp_proto(struct slice *in, uint16_t *type)
{
    uint8_t byte;
    uint16_t proto;
    if (in->len > 0 && (in->ptr[0] & 1) != 0) {
        (void)rd_u8(in, &byte);
        proto = byte;
    } else if (!rd_be16(in, &proto)) {
        return LINK_MALFORMED;
    }
    *type = ppp_type(proto);
    return LINK_NET;
}

/* Address and control of HDLC-like framing (RFC 1662 section 3.1) may stand
 * in front, or have been compressed away. */
static enum link_result
decode_ppp(struct slice *in, uint16_t *type)
{
    if (in->len >= 2 && in->ptr[0] == 0xff && in->ptr[1] == 0x03)
        *in = slice_skip(*in, 2);
    return ppp_proto(in, type);
}

/* Direction, then either PPP or only the control byte of its framing. */
static enum link_result
decode_ppp_dir(struct slice *in, uint16_t *type)
{
    if (!rd_skip(in, 1))
        return LINK_MALFORMED;
    if (in->len > 0 && in->ptr[0] == 0x03)
        *in = slice_skip(*in, 1);
    return decode_ppp(in, type);
}

/* PPP, or Cisco's framing with an EtherType: address 0x0f (unicast) or 0x8f
 * (broadcast), control 0 (RFC 1547 section 4.3.1). */
static enum link_result
decode_hdlc(struct slice *in, uint16_t *type)
{
    if (in->len < 2 || (in->ptr[0] != 0x0f && in->ptr[0] != 0x8f))
        return decode_ppp(in, type);
    *in = slice_skip(*in, 2);
    return rd_be16(in, type) ? LINK_NET : LINK_MALFORMED;
}

/* RFC 2516 section 4: version and type (0x11), code (0 in the session stage),
 * session id (2), length (2), then PPP. */
static enum link_result
decode_pppoe(struct slice *in, uint16_t *type)
{
    if (in->len < 6 || in->ptr[0] != 0x11)
        return LINK_MALFORMED;
    if (in->ptr[1] != 0)
        return LINK_OTHER;
    *in = slice_skip(*in, 6);
    return ppp_proto(in, type);
}

/* Frame control of IEEE 802.11, section 9.2.4.1: first byte. */
#define WIFI_VERSION_MASK 0x03u
#define WIFI_TYPE_MASK 0x0cu
#define WIFI_TYPE_DATA 0x08u
#define WIFI_NO_DATA 0x40u
#define WIFI_QOS 0x80u
/* Second byte. */
#define WIFI_TO_AND_FROM_DS 0x03u
#define WIFI_MORE_FRAGMENTS 0x04u
#define WIFI_PROTECTED 0x40u
#define WIFI_HTC 0x80u
/* QoS control: the payload is several frames (A-MSDU). */
#define WIFI_AMSDU 0x80u

/*
 * frame control (2), duration (2), three addresses (18), sequence control
 * (2) [fourth address (6)] [QoS control (2)] [HT control (4)], then LLC.
 * padded: some cards fill the header up to a multiple of four bytes.
 */
static enum link_result
wifi_data(struct slice *in, bool padded, uint16_t *type)
{
    const uint8_t *p = in->ptr;
    if (in->len < 2 || (p[0] & WIFI_VERSION_MASK) != 0)
        return LINK_MALFORMED;
    if ((p[0] & WIFI_TYPE_MASK) != WIFI_TYPE_DATA ||
        (p[0] & WIFI_NO_DATA) != 0 ||
        (p[1] & (WIFI_PROTECTED | WIFI_MORE_FRAGMENTS)) != 0)
        return LINK_OTHER;
    size_t len = 24;
    if ((p[1] & WIFI_TO_AND_FROM_DS) == WIFI_TO_AND_FROM_DS)
        len += 6;
    bool qos = (p[0] & WIFI_QOS) != 0;
    size_t qos_off = len;
    if (qos)
        len += (p[1] & WIFI_HTC) != 0 ? 6 : 2;
    if (padded)
        len = (len + 3) & ~(size_t)3;
    if (in->len < len)
        return LINK_MALFORMED;
    if ((p[22] & 0x0f) != 0) /* fragment number: not the first fragment */
        return LINK_OTHER;
    if (qos && (p[qos_off] & WIFI_AMSDU) != 0)
        return LINK_OTHER;
    *in = slice_skip(*in, len);
    *type = TYPE_LLC;
    return LINK_NET;
}

static enum link_result
decode_wifi(struct slice *in, uint16_t *type)
{
    return wifi_data(in, false, type);
}

/* radiotap.org/fields/Flags */
#define RADIOTAP_PADDED 0x20u
#define RADIOTAP_BAD_FCS 0x40u

/*
 * version (0), pad, length (2), then words that tell which fields follow;
 * all little-endian.  Bit 31 of a word: one more word.  Bit 0: TSFT, 8 bytes
 * aligned to 8; bit 1: flags, one byte.
 */
static enum link_result
decode_radiotap(struct slice *in, uint16_t *type)
{
    const uint8_t *p = in->ptr;
    if (in->len < 8 || p[0] != 0)
        return LINK_MALFORMED;
    size_t len = rd_load_le16(p + 2);
    if (len < 8 || len > in->len)
        return LINK_MALFORMED;
    uint32_t present = rd_load_le32(p + 4);
    size_t off = 8;
    for (uint32_t word = present; (word >> 31) != 0; off += 4) {
        if (off + 4 > len)
            return LINK_MALFORMED;
        word = rd_load_le32(p + off);
    }
    uint8_t flags = 0;
    if ((present & 2) != 0) {
        if ((present & 1) != 0)
            off = ((off + 7) & ~(size_t)7) + 8;
        if (off >= len)
            return LINK_MALFORMED;
        flags = p[off];
    }
    /* Damaged on the air: the receiver dropped it and gets another copy. */
    if ((flags & RADIOTAP_BAD_FCS) != 0)
        return LINK_OTHER;
    *in = slice_skip(*in, len);
    return wifi_data(in, (flags & RADIOTAP_PADDED) != 0, type);
}

/*
 * IEEE 802.2: DSAP, SSAP, control.  aa aa 03 is SNAP (RFC 1042): OUI (3) and
 * an EtherType; 06 06 03 is IP.
 */
static enum link_result
decode_llc(struct slice *in, uint16_t *type)
{
    const uint8_t *p = in->ptr;
    if (in->len < 3)
        return LINK_MALFORMED;
    if (p[0] == 0x06 && p[1] == 0x06 && p[2] == 0x03) {
        *in = slice_skip(*in, 3);
        return decode_raw(in, type);
    }
    if (p[0] != 0xaa || p[1] != 0xaa || p[2] != 0x03)
        return LINK_OTHER;
    if (in->len < 8)
        return LINK_MALFORMED;
    /* 00-00-00, or 00-00-f8 of IEEE 802.1H bridges. */
    if (p[3] != 0 || p[4] != 0 || (p[5] != 0 && p[5] != 0xf8))
        return LINK_OTHER;
    *type = rd_load_be16(p + 6);
    if (*type <= ETHERTYPE_LENGTH_MAX)
        *type = TYPE_NONE;
    *in = slice_skip(*in, 8);
    return LINK_NET;
}

/* IEEE 802.1Q section 9.6: priority (3), drop eligible (1), VLAN id (12),
 * then an EtherType. */
static enum link_result
decode_vlan(struct slice *in, uint16_t *type, uint16_t *vlan)
{
    if (in->len < 4)
        return LINK_MALFORMED;
    *vlan = rd_load_be16(in->ptr) & 0x0fff;
    *type = rd_load_be16(in->ptr + 2);
    *in = slice_skip(*in, 4);
    return LINK_NET;
}

/*
 * One label of RFC 3032: label (20), class (3), bottom of stack (1), TTL (8).
 * Nothing names what is below the last one; the first nibble decides, 0 being
 * the control word of a pseudowire (RFC 4385 section 3), here of Ethernet
 * (RFC 4448).
 */
static enum link_result
decode_mpls(struct slice *in, uint16_t *type)
{
    if (in->len < 4)
        return LINK_MALFORMED;
    bool bottom = (in->ptr[2] & 1) != 0;
    *in = slice_skip(*in, 4);
    if (!bottom)
        return LINK_NET; /* *type stays */
    if (in->len == 0)
        return LINK_MALFORMED;
    if (in->ptr[0] >> 4 == 0) {
        if (!rd_skip(in, 4))
            return LINK_MALFORMED;
        *type = LINK_TYPE_BRIDGED;
        return LINK_NET;
    }
    return decode_raw(in, type) == LINK_NET ? LINK_NET : LINK_OTHER;
}

enum link_result
link_decode_type(struct slice *in, unsigned *layers, uint16_t *type,
                 uint16_t *vlan)
{
    for (;;) {
        enum link_result result;
        uint16_t t = *type;
        switch (t) {
        case LINK_TYPE_IPV4:
        case LINK_TYPE_IPV6:
            return LINK_NET;
        case ETHERTYPE_VLAN:
        case ETHERTYPE_SVLAN:
        case ETHERTYPE_QINQ_OLD:
        case ETHERTYPE_QINQ_OLD2:
            result = decode_vlan(in, &t, vlan);
            break;
        case LINK_TYPE_MPLS:
        case ETHERTYPE_MPLS_UPSTREAM:
            result = decode_mpls(in, &t);
            break;
        case ETHERTYPE_PPPOE:
            result = decode_pppoe(in, &t);
            break;
        case LINK_TYPE_BRIDGED:
            result = decode_ethernet(in, &t);
            break;
        default:
            if (t > ETHERTYPE_LENGTH_MAX)
                return LINK_OTHER;
            result = decode_llc(in, &t);
            break;
        }
        if (result != LINK_NET)
            return result;
        if (*layers == 0)
            return LINK_TOO_DEEP;
        *layers -= 1;
        *type = t;
    }
}

enum link_result
link_decode(uint32_t link, struct slice *in, unsigned *layers, uint16_t *type,
            uint16_t *vlan)
{
    enum link_result result;
    uint16_t t = TYPE_NONE;
    switch (link) {
#define LINK(number, name, description, decoder)                               \
    case number:                                                               \
        result = decode_##decoder(in, &t);                                     \
        break;
#include "capture/link.def"
#undef LINK
    default:
        return LINK_UNKNOWN;
    }
    if (result == LINK_NET)
        result = link_decode_type(in, layers, &t, vlan);
    if (result == LINK_NET)
        *type = t;
    return result;
}

struct link_info {
    uint32_t link;
    const char *name;
    const char *description;
    enum link_result (*decode)(struct slice *in, uint16_t *type);
};

#define LINK(number, name, description, decoder)                               \
    {number, name, description, decode_##decoder},
static const struct link_info table[] = {
#include "capture/link.def"
};
#undef LINK

static const struct link_info *
link_info(uint32_t link)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].link == link)
            return &table[i];
    }
    return NULL;
}

const char *
link_name(uint32_t link)
{
    const struct link_info *info = link_info(link);
    return info ? info->name : NULL;
}

const char *
link_description(uint32_t link)
{
    const struct link_info *info = link_info(link);
    return info ? info->description : NULL;
}

bool
link_supported(uint32_t link)
{
    const struct link_info *info = link_info(link);
    return info && info->decode != decode_none;
}
