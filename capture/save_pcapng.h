/* SPDX-License-Identifier: MIT */
/*
 * save_pcapng.h - the blocks of a pcapng file, written
 * (draft-ietf-opsawg-pcapng; read again by file_pcapng.h).
 *
 *   section header (SHB)          one, in this machine's byte order
 *   interface description (IDB)   one for each interface, before its packets
 *   enhanced packet (EPB)         one for each packet
 *   interface statistics (ISB)    at the end
 *
 * Each call appends one whole block to a buffer, or nothing: ERR_NOMEM
 * without memory, ERR_LIMIT past the buffer's maximum.  Knows no files.
 *
 * Texts may be any bytes: what is not UTF-8 becomes U+FFFD, and what is past
 * 65,535 bytes is left out (section 3.5: an option has 16 bits of length).
 */
#ifndef CAPTURE_SAVE_PCAPNG_H
#define CAPTURE_SAVE_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "capture/packet.h"

/* Captured bytes of one packet; the rest is cut off, so that source.h, with
 * its SOURCE_PACKET_MAX for the whole block, can read it. */
#define SAVE_PCAPNG_DATA_MAX (16u * 1024u * 1024u - 1024u)

/* Seconds in if_tsoffset of an interface for times before 1970: EPBs count
 * upwards only (section 4.3).  The earliest that a packet can have. */
#define SAVE_PCAPNG_EARLY_S (-(PACKET_TIME_MAX_NS / 1000000000))

/* The longest SHB, or IDB, that can be: three options and all around them. */
#define SAVE_PCAPNG_HEADER_MAX (4u * 65536u)

/* The longest ISB. */
#define SAVE_PCAPNG_STATS_MAX 88u

/* A figure of struct save_pcapng_stats that is not known. */
#define SAVE_PCAPNG_UNKNOWN UINT64_MAX

/* Section header; each text may be NULL. */
struct save_pcapng_section {
    const char *comment;
    const char *os;
    const char *application;
};

struct save_pcapng_iface {
    const char *name;   /* NULL: not known */
    const char *filter; /* as pcap_compile() takes it; NULL: none */
    uint32_t link;      /* LINKTYPE_ value, at most 65,535 */
    uint32_t snaplen;   /* bytes; 0 = no limit */
    int64_t offset_s;   /* 0 or SAVE_PCAPNG_EARLY_S */
};

/* Since the capture on the interface began. */
struct save_pcapng_stats {
    int64_t start_ns;   /* since 1970; 0: not known */
    int64_t end_ns;     /* since 1970: when the figures were read */
    uint64_t received;  /* packets that the interface brought */
    uint64_t dropped;   /* of them lost for want of room */
    uint64_t delivered; /* of them handed to this program */
};

ERR_CHECK enum err save_pcapng_put_section(struct buf *b,
                                           const struct save_pcapng_section *s);
ERR_CHECK enum err save_pcapng_put_iface(struct buf *b,
                                         const struct save_pcapng_iface *i);

/*
 * id        number of the interface in this file
 * offset_s  of that interface
 * comment   NULL: none
 *
 * A time that does not fit becomes the nearest one that does.
 */
ERR_CHECK enum err save_pcapng_put_packet(struct buf *b, const struct packet *p,
                                          uint32_t id, int64_t offset_s,
                                          const char *comment);
ERR_CHECK enum err save_pcapng_put_stats(struct buf *b, uint32_t id,
                                         const struct save_pcapng_stats *s);

/* Bytes of the block that save_pcapng_put_packet() makes without comment. */
size_t save_pcapng_packet_len(const struct packet *p);

/* What stands in some bytes of a file: whole records. */
struct save_scan {
    size_t len; /* bytes of them */
    uint64_t n_packets;
    uint32_t n_ifaces;
};

/* Looks at the first bytes of what the calls above wrote, cut anywhere. */
struct save_scan save_pcapng_scan(struct slice bytes);

#endif /* CAPTURE_SAVE_PCAPNG_H */
