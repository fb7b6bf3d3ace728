/* SPDX-License-Identifier: MIT */
/*
 * file_pcap.h - the classic capture file (draft-ietf-opsawg-pcap).
 *
 *   file   | magic 4 | major 2 | minor 2 | 0 4 | 0 4 | snap 4 | link 4 |
 *   record | seconds 4 | fraction 4 | captured 4 | on the wire 4 | bytes ...
 *
 * in the byte order that the magic number tells.  The number also tells
 * whether the fraction is in micro- or nanoseconds, and the "modified" form
 * of Alexey Kuznetzov's patched libpcap, whose records have 8 bytes more
 * (interface, protocol, packet type) before the packet.
 *
 * A packet longer than the snapshot length of the file is given whole
 * (libpcap cuts it): some writers put a wrong length there.
 */
#ifndef CAPTURE_FILE_PCAP_H
#define CAPTURE_FILE_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/source.h"

struct source_file;

/* Members are for file_pcap.c. */
struct file_pcap {
    struct source_iface iface;
    uint32_t fraction_ns; /* 1 or 1000 */
    size_t header_len;    /* of a record: 16, modified 24 bytes */
    bool big;             /* big-endian */
    uint16_t minor;       /* version; decides which length comes first */
};

/* True when a file that starts so is one. */
bool file_pcap_detect(const uint8_t magic[4]);

/* Reads the file header at the reader's front and sets f->next and the
 * interface.  False: *error tells. */
bool file_pcap_start(struct source_file *f, struct source_error *error);

#endif /* CAPTURE_FILE_PCAP_H */
