/* SPDX-License-Identifier: MIT */
/*
 * har.h - WebSocket connections as an HTTP Archive (HAR 1.2,
 * http://www.softwareishard.com/blog/har-12-spec/) with the custom fields that
 * Chromium's DevTools write and read: `_resourceType` "websocket" and
 * `_webSocketMessages` [{type, time, opcode, data}], data in base64 unless the
 * opcode is that of text (Log.ts and Importer.ts of devtools-frontend).
 *
 *   events -> [nameless file until the connection ends] -> one document
 *
 * One entry a connection, in the order in which they end.  A message stands
 * there with its opcode, a Close, Ping or Pong frame with its own.  Beyond
 * DevTools' fields, all with an underscore in front:
 *
 *   of an entry    _conn     number of the connection
 *                  _client   "ADDRESS:PORT"
 *                  _findings as in the output of `wsray json`
 *                  _end      likewise; null: it was not told
 *                  _messagesLeftOut  for want of room; only if there are any
 *   of a message   _packet   that completed it
 *                  _complete false: bytes are missing; else it is not there
 *                  _length   of the whole message, where data is cut
 *                  _base64   the exact bytes, where text is not valid UTF-8
 *   of heads       _headersDropped, _partial: not all headers are there
 *
 * What was not captured is "" or -1 as HAR says, and `comment` tells.
 * Headers stand there as they were sent, cookies and credentials too, unless
 * har_options.no_secrets.
 */
#ifndef UI_EXPORT_HAR_H
#define UI_EXPORT_HAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dissect/event.h"
#include "ui/out.h"

struct har;

struct har_options {
    const char *version; /* of wsray; borrowed */
    const char *comment; /* borrowed; NULL: none */
    /* Leaves out the headers Cookie, Set-Cookie, Authorization and
     * Proxy-Authorization, as DevTools do. */
    bool no_secrets;
    /* Memory for what waits for the end of its connection, bytes: the last few
     * KiB of each, and where the rest stands in the nameless file, 24 for each
     * piece. */
    size_t index_max;
    /* A file to be read and written, without a name (scratch.h), in whose place
     * none is opened; it is emptied, borrowed until har_free() and then left
     * as it is.  has_scratch false: one is opened. */
    bool has_scratch;
    int scratch;
};

struct har_figures {
    uint64_t entries;
    uint64_t messages;  /* frames as well; written */
    uint64_t cut;       /* messages that were longer than what was kept */
    uint64_t left_out;  /* messages and findings, by one of the below */
    uint64_t over;      /* of these for index_max, or without memory */
    int spool_errno;    /* the nameless file failed; 0: it did not */
    uint64_t no_memory; /* connections that were left out */
};

/*
 * Begins the document on out, which is borrowed until har_free().  ERR_NOMEM,
 * ERR_OPEN (the nameless file; errno tells).
 */
ERR_CHECK enum err har_new(struct har **h, const struct har_options *options,
                           struct out *out);

/* NULL is fine. */
void har_free(struct har *h);

/* The sink to give to the dissector, or to replay events into. */
struct event_sink har_sink(struct har *h);

/* Writes the connections that have not ended, and the end of the document. */
void har_finish(struct har *h);

/* Lives as long as h and changes with each event. */
const struct har_figures *har_figures(const struct har *h);

#endif /* UI_EXPORT_HAR_H */
