/* SPDX-License-Identifier: MIT */
/*
 * save_pcap.h - the records of a pcap file (draft-ietf-opsawg-pcap), as
 * libpcap writes them: nanoseconds, one link type, one snapshot length.
 *
 * libpcap writes into a buffer of the caller, one whole record a call, and
 * opens nothing.
 */
#ifndef CAPTURE_SAVE_PCAP_H
#define CAPTURE_SAVE_PCAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "capture/packet.h"
#include "capture/save_pcapng.h" /* struct save_scan */

/* The first and last second that a record can tell. */
#define SAVE_PCAP_TIME_MIN_S 0
#define SAVE_PCAP_TIME_MAX_S UINT32_MAX

#define SAVE_PCAP_HEADER_LEN 24u
#define SAVE_PCAP_RECORD_LEN 16u /* without data */

struct save_pcap;

/* Whether this build can write pcap files. */
bool save_pcap_is_built_in(void);

/*
 * Starts a file: appends its header to b, which is borrowed until
 * save_pcap_free().
 *
 * link     LINKTYPE_ value, at most 65,535
 * snaplen  bytes
 *
 * ERR_NOMEM; ERR_UNSUPPORTED in a build without libpcap.
 */
ERR_CHECK enum err save_pcap_new(struct save_pcap **out, struct buf *b,
                                 uint32_t link, uint32_t snaplen);

/* NULL is fine. */
void save_pcap_free(struct save_pcap *s);

/* Whether a time can be told exactly. */
bool save_pcap_has_time(int64_t time_ns);

/* Appends one whole record or nothing (ERR_NOMEM, ERR_LIMIT).  A time that
 * does not fit becomes the nearest one that does. */
ERR_CHECK enum err save_pcap_put_packet(struct save_pcap *s,
                                        const struct packet *p);

/* Looks at the first bytes of a file (at_start) or of some records, cut
 * anywhere. */
struct save_scan save_pcap_scan(struct slice bytes, bool at_start);

#endif /* CAPTURE_SAVE_PCAP_H */
