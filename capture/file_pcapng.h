/* SPDX-License-Identifier: MIT */
/*
 * file_pcapng.h - the block-structured capture file
 * (draft-ietf-opsawg-pcapng).
 *
 *   block | type 4 | length 4 | body ... padded to 4 | length 4 again |
 *
 * A section header starts a section, with its own byte order and interfaces.
 * Packets are in enhanced (EPB), simple (SPB) and obsolete (OPB) packet
 * blocks; decryption secrets are kept (secret_store.h); names, statistics,
 * custom and unknown blocks are skipped without being held.
 *
 * Interfaces are numbered over the whole file: section 2's interface 0 is
 * behind all of section 1.  A packet without a time (SPB) has time 0, as in
 * libpcap.
 *
 * A section whose header names a wrong length is read by its blocks all the
 * same, and reported when the rest of the file has been read.
 */
#ifndef CAPTURE_FILE_PCAPNG_H
#define CAPTURE_FILE_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/source.h"

/* Interfaces of one file; more is an error. */
#define FILE_PCAPNG_IFACES_MAX 16384u

struct source_file;
struct file_pcapng;

/* True when a file that starts so is (most likely) one. */
bool file_pcapng_detect(const uint8_t magic[4]);

/* Reads the first section header and sets f->next and f->pcapng.  False:
 * *error tells. */
bool file_pcapng_start(struct source_file *f, struct source_error *error);

/* NULL is fine. */
void file_pcapng_free(struct file_pcapng *ng);

#endif /* CAPTURE_FILE_PCAPNG_H */
