/* SPDX-License-Identifier: MIT */
/*
 * payloads.h - one file a message, and a list of them.
 *
 *     conn-0001-000012-client-text.json        CONN MESSAGE SENDER KIND
 *     conn-0001-000007-server-binary.bin.part  not complete
 *     index.tsv
 *
 * Numbers are those of `wsray json`; no byte of the traffic is in a name.  A
 * file holds the payload after inflating.  Text ends in .json if it is an
 * object or an array (json_scan.h), in .txt, or in .bin if it is not UTF-8;
 * .part is behind that when bytes of the message are missing, or past what was
 * kept; bytes that are not known but counted are 00.
 *
 * index.tsv has a line a file, in the order in which messages were complete,
 * behind one with the names of its columns: file, conn, from, message, time,
 * packet, kind, length (bytes of the message; empty if not known), written
 * (bytes of the file), complete (yes, no).
 *
 * Opens nothing itself.  After a failure nothing more is written: what stands
 * there is whole.
 */
#ifndef UI_EXPORT_PAYLOADS_H
#define UI_EXPORT_PAYLOADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dissect/event.h"

/* No name is longer, with its NUL. */
#define PAYLOADS_NAME_MAX 96u

/* Creates or empties a file: a descriptor to write to, which is closed here; or
 * -1 with errno. */
typedef int (*payloads_create_fn)(void *ctx, const char *name);

/* Removes one that was made half. */
typedef int (*payloads_remove_fn)(void *ctx, const char *name);

struct payloads_options {
    payloads_create_fn create;
    payloads_remove_fn remove; /* NULL: it stays */
    void *ctx;                 /* for both */
};

struct payloads_figures {
    uint64_t files;
    uint64_t bytes;
    uint64_t cut;    /* messages that were longer than what was kept */
    int error_errno; /* of the first failure; 0: none */
    char error_name[PAYLOADS_NAME_MAX]; /* the file it was about */
};

struct payloads;

/* ERR_NOMEM.  Creates nothing yet. */
ERR_CHECK enum err payloads_new(struct payloads **p,
                                const struct payloads_options *options);

/* NULL is fine. */
void payloads_free(struct payloads *p);

/* Creates the list; before the first event.  ERR_OPEN: figures tell. */
ERR_CHECK enum err payloads_start(struct payloads *p);

/* The sink to give to the dissector, or to replay events into. */
struct event_sink payloads_sink(struct payloads *p);

/* Writes what waits of the list. */
void payloads_finish(struct payloads *p);

/* Lives as long as p and changes with each event. */
const struct payloads_figures *payloads_figures(const struct payloads *p);

#endif /* UI_EXPORT_PAYLOADS_H */
