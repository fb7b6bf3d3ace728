/* SPDX-License-Identifier: MIT */
/*
 * source_file.h - one capture file: opened, recognised, read to its end.
 *
 * What pcap and pcapng have in common.  Numbers of packets and the list of
 * files are source.c's.
 */
#ifndef CAPTURE_SOURCE_FILE_H
#define CAPTURE_SOURCE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/block_reader.h"
#include "capture/file_pcap.h"
#include "capture/file_pcapng.h"
#include "capture/packet.h"
#include "capture/secret_store.h"
#include "capture/source.h"

struct source_file;

/* source_next() for one file: sets all of *out but number and source. */
typedef enum source_step (*source_file_next_fn)(struct source_file *f,
                                                struct packet *out,
                                                struct source_error *error);

/* Zeroed is closed.  Members are for source*.c and file_*.c. */
struct source_file {
    source_file_next_fn next; /* NULL: closed */
    struct block_reader reader;
    struct file_pcap pcap;      /* in use for pcap */
    struct file_pcapng *pcapng; /* for pcapng, else NULL */
    struct source_info info;    /* kept after closing */
    struct secret_store *secrets;
    bool own_fd;
    char format[16]; /* info.format */
};

/*
 * Opens a file of that name ("-" is standard input, which is never closed).
 * wait: for the writer of a FIFO.  Returns a descriptor, or -1 with errno.
 */
int source_file_open_fd(const char *name, bool wait);

/*
 * Recognises the file open as fd, or, with fd -1, says why it could not be
 * opened (open_errno).  name is borrowed until the next start; secrets (where
 * its secrets go) and wait until it is closed; fd is f's from now on.  f must
 * be closed.
 *
 * Returns true, or false with *error filled in and f closed; f->info is valid
 * either way.
 */
bool source_file_start(struct source_file *f, const char *name, int fd,
                       int open_errno, uint32_t index,
                       struct secret_store *secrets, struct read_wait *wait,
                       struct source_error *error);

/* Frees all but what info shows. */
void source_file_close(struct source_file *f);

/* Frees everything. */
void source_file_fini(struct source_file *f);

/* Fills in *error; returns SOURCE_ERROR, for the caller to return. */
enum source_step source_file_fail(const struct source_file *f,
                                  struct source_error *error, enum err code,
                                  uint64_t off, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * The same for a record at off that the reader could not bring (step is not
 * BLOCK_OK): a read error or broken compression with where the reading got
 * to, else "the file ends inside WHAT (N of LEN bytes)".
 */
enum source_step source_file_cut(const struct source_file *f,
                                 struct source_error *error,
                                 enum block_step step, uint64_t off,
                                 const char *what, uint64_t len);

#endif /* CAPTURE_SOURCE_FILE_H */
