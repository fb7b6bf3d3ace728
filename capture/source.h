/* SPDX-License-Identifier: MIT */
/*
 * source.h - where packets come from: capture files one after another (pcap,
 * pcapng, compressed or not, or standard input).
 *
 * pcap: draft-ietf-opsawg-pcap, micro- and nanoseconds, both byte orders.
 * pcapng: draft-ietf-opsawg-pcapng, any number of sections and interfaces.
 * Compressed files are recognised by their first bytes, not by their names.
 *
 * Knows file formats, not what is inside a packet.
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/packet.h"
#include "capture/read_wait.h"

struct live;
struct source;

/* One interface of a capture file. */
struct source_iface {
    const char *name; /* NULL when the file does not tell; untrusted bytes */
    uint32_t link;    /* LINKTYPE_ value */
    uint32_t snaplen; /* bytes; 0 = no limit */
    uint32_t packets; /* read so far */
};

/* The file being read. */
struct source_info {
    const char *name;   /* as the user gave it; "-" is standard input */
    const char *format; /* "pcap", "pcapng", with "+gzip", "+zstd", "+lz4" or
                           "+xz" behind it; NULL until it is known */
    uint32_t index;     /* in the list the user gave */
    size_t n_ifaces;    /* so far; of all sections of a pcapng file */
    const struct source_iface *ifaces;
    uint64_t bytes_read;  /* of the file as stored, compressed */
    uint64_t bytes_total; /* 0 = unknown (a pipe) */
};

/* The body of one pcapng Decryption Secrets Block. */
struct source_secret {
    uint32_t type;     /* 0x544c534b = NSS key log, text */
    struct slice data; /* lives until source_free() */
};

/* All secrets that the files brought so far, in their order. */
struct source_secrets {
    const struct source_secret *list; /* moves with each source_next() */
    size_t n;
    uint64_t dropped; /* secrets past SOURCE_SECRETS_MAX, not kept */
};

/* Bytes of secrets, and number of them, that are kept over all files. */
#define SOURCE_SECRETS_MAX (1024u * 1024u)
#define SOURCE_SECRETS_COUNT_MAX 1024u

/* Captured bytes of one packet, in pcapng with everything in its block; more
 * is damage.  (libpcap and Wireshark: 256 KiB, 128 MiB for D-Bus.) */
#define SOURCE_PACKET_MAX (16u * 1024u * 1024u)

/* What went wrong, ready to be shown: "NAME: at byte OFF: REASON". */
struct source_error {
    enum err code;
    const char *name;
    uint64_t offset;  /* in the decompressed file, bytes */
    char reason[400]; /* no bytes of the file itself */
};

enum source_step {
    SOURCE_PACKET = 0, /* *out holds the next packet */
    SOURCE_ERROR,      /* *error tells; call again to go on with what is left:
                          the next file, after which packets go on counting */
    SOURCE_END,
    SOURCE_IDLE, /* nothing came in the time allowed: live captures only */
};

/*
 * Prepares to read the files named, in this order; opens none of them yet.
 * names is borrowed until source_free().  ERR_NOMEM is the only failure.
 */
ERR_CHECK enum err source_new(struct source **out, const char *const *names,
                              size_t n_names);
void source_free(struct source *s);

/*
 * Prepares to take packets from a live capture instead; live is borrowed until
 * source_free().  source_next() then waits for them, with source_on_idle() from
 * when the queue is empty; what idle stops, and what live_stop() stops, goes on
 * until the queue is empty.  ERR_NOMEM.
 */
ERR_CHECK enum err source_new_live(struct source **out, struct live *live);

/*
 * Opens all files now, for who may not open any later: source_next() opens
 * none then, and tells when it comes to it of those that could not be opened.
 * Does not wait for the writer of a FIFO: reading does, with source_on_idle().
 * Call it before source_next().  ERR_NOMEM.
 */
ERR_CHECK enum err source_open_all(struct source *s);

/* Has idle called while there is nothing to read; when it says stop,
 * source_next() returns SOURCE_END from then on. */
void source_on_idle(struct source *s, read_idle_fn idle, void *ctx);

/* When *flag is not 0, idle of source_on_idle() is called at each read, also
 * while there is something to read: a signal may want to end what never ends.
 * Borrowed. */
void source_interrupt(struct source *s, const atomic_int *flag);

/* At the end of the last file, if it is a regular one, source_next() waits for
 * more of it.  Needs source_on_idle(), which ends it. */
void source_follow(struct source *s);

/*
 * Reads on.  A packet's bytes live until the next call.
 *
 * A file that is damaged or cut gives its packets up to there, then one
 * SOURCE_ERROR, then the next file goes on; so does one that cannot be opened
 * or is no capture file.  Blocks while a pipe has nothing to read, and never
 * while a complete packet is there.
 */
enum source_step source_next(struct source *s, struct packet *out,
                             struct source_error *error);

/* The file that the last packet or error came from; lives until the next
 * source_next().  Never NULL: before the first call the name is NULL. */
const struct source_info *source_info(const struct source *s);

/* The secrets found so far; lives until the next source_next(). */
const struct source_secrets *source_secrets(const struct source *s);

/* What this build can decompress, for --version: "gzip, zstd, lz4, xz", or
 * "none"; static. */
const char *source_compressions(void);

#endif /* CAPTURE_SOURCE_H */
