/* SPDX-License-Identifier: MIT */
/*
 * save_ifaces.h - the interfaces that a saved file declares, each once, and
 * what is known of them for the next file.
 *
 * One entry for each interface of each source; two when it has packets of two
 * link types, or of both sides of 1970 (save_pcapng.h tells why).  Finding
 * one is one lookup; the number of entries has a limit, and so has each name.
 */
#ifndef CAPTURE_SAVE_IFACES_H
#define CAPTURE_SAVE_IFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "capture/save_pcapng.h"
#include "capture/source.h"

/* Entries; also what file_pcapng.h reads of one file. */
#define SAVE_IFACES_MAX 16384u

/* Bytes of a name, without NUL (Linux has 15, file_pcapng.h reads 255). */
#define SAVE_IFACE_NAME_MAX 255u

#define SAVE_IFACE_UNDECLARED UINT32_MAX

struct save_iface_key {
    uint32_t source; /* as in struct packet */
    uint32_t iface;  /* as in struct packet */
    uint32_t link;   /* LINKTYPE_ value */
    uint32_t early;  /* 1: for times before 1970 */
};

struct save_iface {
    struct save_iface_key key;
    uint32_t id;      /* in the file, or SAVE_IFACE_UNDECLARED */
    uint32_t snaplen; /* bytes; 0 = no limit */
    bool has_name;
    bool has_stats;
    struct save_pcapng_stats stats;
    char name[SAVE_IFACE_NAME_MAX + 1]; /* any bytes, cut */
};

/* Embed it; read n, list, n_declared and declared freely. */
struct save_ifaces {
    struct map map;
    struct save_iface **list; /* all entries */
    size_t n;
    struct save_iface **declared; /* by id; as long as list */
    uint32_t n_declared;
    size_t cap;              /* of both */
    struct save_iface *last; /* found; NULL: none */
};

/* ERR_OK or ERR_NOMEM (nothing to free). */
ERR_CHECK enum err save_ifaces_init(struct save_ifaces *t);
void save_ifaces_fini(struct save_ifaces *t);

/* NULL: not there.  An entry lives until save_ifaces_new_file(). */
struct save_iface *save_ifaces_find(struct save_ifaces *t,
                                    const struct save_iface_key *key);

/*
 * Finds or adds.  about: what the source says, or NULL; only for a new entry.
 * ERR_NOMEM, or ERR_LIMIT with SAVE_IFACES_MAX entries.
 */
ERR_CHECK enum err save_ifaces_get(struct save_ifaces *t,
                                   const struct save_iface_key *key,
                                   const struct source_iface *about,
                                   struct save_iface **out);

/* Gives i, not declared yet, the next id. */
void save_ifaces_declare(struct save_ifaces *t, struct save_iface *i);

/* Takes back all ids from n on. */
void save_ifaces_undeclare(struct save_ifaces *t, uint32_t n);

/* Takes back all ids; forgets interfaces without statistics if there are
 * very many. */
void save_ifaces_new_file(struct save_ifaces *t);

#endif /* CAPTURE_SAVE_IFACES_H */
