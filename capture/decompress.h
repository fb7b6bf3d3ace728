/* SPDX-License-Identifier: MIT */
/*
 * decompress.h - gzip, zstd, lz4 and xz streams to bytes, piece by piece.
 *
 * gzip: RFC 1952, by zlib.  zstd: RFC 8878, by libzstd.  lz4: the frame
 * format of lz4_Frame_format.md, by liblz4.  xz: xz-file-format.txt, by
 * liblzma.  Each library is optional (HAVE_ZLIB, HAVE_ZSTD, HAVE_LZ4,
 * HAVE_LZMA); this is the only file of capture/ that includes them.
 * Several members, frames or streams in a row are one stream of bytes.
 *
 * Memory is bounded whatever the stream asks for: DECOMPRESS_MEMORY_MAX.
 * Does no I/O.
 */
#ifndef CAPTURE_DECOMPRESS_H
#define CAPTURE_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* Largest window or dictionary: what the zstd program accepts without being
 * asked (ZSTD_WINDOWLOG_LIMIT_DEFAULT, 27 bits), and twice what xz -9 needs. */
#define DECOMPRESS_MEMORY_MAX (128u * 1024u * 1024u)

/* First bytes that tell a compression. */
#define DECOMPRESS_MAGIC_LEN 4u

enum decompress_kind {
    DECOMPRESS_NONE = 0,
    DECOMPRESS_GZIP,
    DECOMPRESS_ZSTD,
    DECOMPRESS_LZ4,
    DECOMPRESS_XZ,
};

struct decompress;

/* Tells the compression from the first bytes of a file. */
enum decompress_kind
decompress_detect(const uint8_t magic[DECOMPRESS_MAGIC_LEN]);

/* "gzip", "zstd", "lz4", "xz"; kind is not DECOMPRESS_NONE. */
const char *decompress_name(enum decompress_kind kind);

/* What this build has: "gzip, zstd", or "none". */
const char *decompress_list(void);

/* Returns ERR_OK and sets *out; else ERR_NOMEM or, built without that
 * library, ERR_UNSUPPORTED. */
ERR_CHECK enum err decompress_new(struct decompress **out,
                                  enum decompress_kind kind);

/* NULL is fine. */
void decompress_free(struct decompress *d);

/*
 * Takes bytes from the front of *in and writes at most cap (not 0) bytes to
 * out; *out_len gets their number, also on failure.  Stops when *in is used
 * up or out is full.  When out was filled, more may be waiting inside: call
 * again, even with an empty *in.
 *
 * in_end   nothing will ever follow *in.
 *
 * Returns false once the stream is broken; decompress_reason() tells why, and
 * there must be no further call.
 */
bool decompress_run(struct decompress *d, struct slice *in, bool in_end,
                    uint8_t *out, size_t cap, size_t *out_len);

/* True when the input so far may end here: no member, frame or stream is
 * open.  For xz only known after a call with in_end. */
bool decompress_complete(const struct decompress *d);

/* After a failure: a static text of the library or ours. */
const char *decompress_reason(const struct decompress *d);

#endif /* CAPTURE_DECOMPRESS_H */
