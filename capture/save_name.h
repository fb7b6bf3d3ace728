/* SPDX-License-Identifier: MIT */
/*
 * save_name.h - names of saved files: what their suffix says, and what the
 * files of a rotation are called.
 *
 *   trace.pcapng -> trace_00001_20240131235959.pcapng   as dumpcap names them
 *
 * The time is that of the file's first packet, in the local time zone.
 */
#ifndef CAPTURE_SAVE_NAME_H
#define CAPTURE_SAVE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of any name, with NUL (PATH_MAX of Linux). */
#define SAVE_NAME_MAX 4096u

enum save_format {
    SAVE_PCAPNG = 0,
    SAVE_PCAP,
};

/* By the suffix, in any case: ".pcap" is pcap, all others are pcapng. */
enum save_format save_name_format(const char *name);

/*
 * The name of file `number` (1 = first), with its first packet at time_ns;
 * false: longer than SAVE_NAME_MAX.
 *
 * Reads the time zone from the system at most once in a process, and not
 * after a call of tzset(3): a sandbox may have closed that file by then.
 */
bool save_name_numbered(char out[SAVE_NAME_MAX], const char *name,
                        uint64_t number, int64_t time_ns);

#endif /* CAPTURE_SAVE_NAME_H */
