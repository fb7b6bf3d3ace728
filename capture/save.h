/* SPDX-License-Identifier: MIT */
/*
 * save.h - writes packets to capture files: one, or one after another.
 *
 *   packet -> record (save_pcapng.h, save_pcap.h) -> buffer -> file
 *
 * Only whole records are handed to the system, all that the buffer has in one
 * go, so that the file can be read whenever and however the program ends.
 * Opens and removes nothing itself: a callback does, which may be another
 * process.  Asks no clock: all times are those of packets.
 *
 * A write that fails: the file is cut back to its last whole record, the owner
 * is told once, and packets are counted as not saved until writing works
 * again: for want of room (ENOSPC, EDQUOT) it is tried again each second, else
 * with the next file.  What cannot be cut back, such as a pipe with half a
 * record in it, is not written to any more.
 *
 * The owner ignores SIGPIPE and SIGXFSZ, for these to become errors, and calls
 * save_flush() when it has nothing else to do, but each 100 ms at least.
 */
#ifndef CAPTURE_SAVE_H
#define CAPTURE_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/packet.h"
#include "capture/save_name.h"
#include "capture/save_pcapng.h"
#include "capture/source.h"

/* Creates or empties the file and returns a descriptor to write to, which
 * save.c closes; or -1 with errno. */
typedef int (*save_open_fn)(void *ctx, const char *name);

/* Removes a file that open made: 0, or -1 with errno. */
typedef int (*save_remove_fn)(void *ctx, const char *name);

/* Files that a ring may have. */
#define SAVE_RING_MAX 100000u

/* Bytes of records that are collected before they are written, at most; one
 * record more may be there. */
#define SAVE_BUFFER_LEN (256u * 1024u)

/* All texts are copied. */
struct save_options {
    const char *name; /* as given to -w; below SAVE_NAME_MAX */
    enum save_format format;

    /* When the next file begins; 0: never.  With one of these, or ring_files,
     * names have numbers (save_name.h), and a file is opened when its first
     * packet comes; else it is opened at once. */
    /* No file is longer, but for a single packet, and for interfaces that show
     * up in the middle of it. */
    uint64_t rotate_bytes;
    int64_t rotate_ns; /* from the file's first packet on */
    uint64_t rotate_packets;

    /* The newest files that are kept; older ones are removed.  0: all. */
    uint32_t ring_files;

    /* After so many files no further one is opened, and packets count as not
     * saved: see save_is_over().  0: no end. */
    uint64_t max_files;

    /* pcapng only; each may be NULL. */
    const char *comment;
    const char *application;
    const char *filter; /* as pcap_compile() takes it */

    save_open_fn open;
    save_remove_fn remove; /* may be NULL without ring_files */
    void *ctx;             /* for both */
};

struct save;

enum save_news_kind {
    SAVE_FAILED = 0, /* packets are not saved from here on */
    SAVE_REFUSED,    /* some packets, of a kind that is told once, are not
                        saved, or not as they were */
    SAVE_NOT_REMOVED,
    SAVE_RESUMED, /* writing works again */
};

/* Something to tell the user: "NAME: REASON". */
struct save_news {
    enum save_news_kind kind;
    enum err code;                   /* ERR_OK: SAVE_RESUMED */
    int sys_errno;                   /* 0: none */
    uint64_t offset;                 /* bytes of whole records in the file */
    char name[SAVE_NAME_MAX];        /* of the file */
    char reason[SAVE_NAME_MAX / 16]; /* with what sys_errno means; no bytes of
                                        packets */
};

/* given = saved + unsaved + waiting */
struct save_figures {
    uint64_t given;         /* packets */
    uint64_t saved;         /* packets in files */
    uint64_t unsaved;       /* packets lost, or refused */
    uint64_t waiting;       /* packets in the buffer */
    uint64_t files;         /* opened */
    uint64_t removed;       /* files, by the ring */
    uint64_t bytes;         /* in all files, whole records */
    uint64_t waiting_bytes; /* in the buffer, whole records */
};

/*
 * Checks the options and, without rotation, opens the file.  *news is written
 * only with an error:
 *   ERR_NOMEM
 *   ERR_LIMIT        a name or a ring that is too long
 *   ERR_UNSUPPORTED  pcap, in a build without libpcap
 *   ERR_OPEN         sys_errno tells
 *
 * Reads the time zone (tzset(3)).
 */
ERR_CHECK enum err save_new(struct save **out, const struct save_options *o,
                            struct save_news *news);

/* save_close(), then frees.  NULL is fine. */
void save_free(struct save *s);

/*
 * Saves one packet.  info describes its interface; when it is of another
 * source (or NULL), as it may be for a packet that was held back, what earlier
 * packets of that source brought is used.  Nothing is kept by pointer.
 */
void save_packet(struct save *s, const struct packet *p,
                 const struct source_info *info);

/*
 * What the system tells of one interface of info, since the capture began;
 * the last ones told stand at the end of each pcapng file.
 */
void save_stats(struct save *s, const struct source_info *info, uint32_t iface,
                const struct save_pcapng_stats *stats);

/* Hands all that waits to the system. */
void save_flush(struct save *s);

/*
 * Ends the file; the next packet begins the next one, with the next number,
 * also without any of the criteria.  A file without packets is not ended: there
 * would be nothing in it.
 */
void save_rotate(struct save *s);

/* The last of max_files has ended. */
bool save_is_over(const struct save *s);

/* Ends the last file.  Packets after that are counted as unsaved. */
void save_close(struct save *s);

/* Takes the oldest thing that has to be told; false: there is none.  Worth
 * asking after save_packet(), save_flush(), save_rotate(), save_close(). */
bool save_next_news(struct save *s, struct save_news *out);

/* Lives as long as s and changes with each call. */
const struct save_figures *save_figures(const struct save *s);

/* Of the file being written, or the last one; "" before the first. */
const char *save_file_name(const struct save *s);

#endif /* CAPTURE_SAVE_H */
