/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "capture/decompress.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZ4
#include <lz4frame.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif

#define ZSTD_WINDOW_BITS 27 /* DECOMPRESS_MEMORY_MAX */

/* What is left of the caller's bytes and room. */
struct work {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
    bool in_end;
};

/* One step of a library: takes and writes some, or sets d->reason. */
typedef void (*step_fn)(struct decompress *d, struct work *w);

struct codec {
    const char *name;
    enum err (*init)(struct decompress *d); /* NULL: built without */
    step_fn step;
    void (*fini)(struct decompress *d);
};

struct decompress {
    const struct codec *codec;
    const char *reason; /* NULL: not broken */
    bool complete;
    bool need_end; /* the library only closes the stream when told the end */
    bool full;     /* the last call filled its room; more may be waiting */
    size_t hint;   /* zstd and lz4: bytes they want next */
    union {
#ifdef HAVE_ZLIB
        z_stream zlib;
#endif
#ifdef HAVE_ZSTD
        ZSTD_DStream *zstd;
#endif
#ifdef HAVE_LZ4
        LZ4F_dctx *lz4;
#endif
#ifdef HAVE_LZMA
        lzma_stream lzma;
#endif
        char none; /* a union must not be empty */
    } u;
};

#if defined(HAVE_ZLIB) || defined(HAVE_ZSTD) || defined(HAVE_LZ4) ||           \
    defined(HAVE_LZMA)
static void
work_done(struct work *w, size_t taken, size_t written)
{
    w->in += taken;
    w->in_len -= taken;
    w->out += written;
    w->out_len -= written;
}
#endif

#if defined(HAVE_ZSTD) || defined(HAVE_LZ4)
/*
 * Bytes to give zstd or lz4 in this step.
 *
 * When they fail they do not say what they wrote before in the same call, so
 * no call may both write good bytes and meet bad ones: each gets one block,
 * without the header of the next one (tail bytes), which is part of what they
 * ask for, and nothing at all while older output may still be inside.
 */
static size_t
feed_len(const struct decompress *d, const struct work *w, size_t tail)
{
    const size_t start = 4; /* magic number of a frame */
    size_t want = d->hint > tail ? d->hint - tail : d->hint;
    if (d->full)
        return 0;
    if (want == 0)
        want = start;
    return want < w->in_len ? want : w->in_len;
}
#endif

#ifdef HAVE_ZLIB
static enum err
gzip_init(struct decompress *d)
{
    /* RFC 1952 only: 16 is zlib's way of asking for it. */
    return inflateInit2(&d->u.zlib, MAX_WBITS + 16) == Z_OK ? ERR_OK
                                                            : ERR_NOMEM;
}

static uInt
uint_of(size_t len)
{
    const uInt most = 1u << 30;
    return len < most ? (uInt)len : most;
}

static void
gzip_step(struct decompress *d, struct work *w)
{
    /* Zero bytes after a member are padding, for tapes; gzip(1) skips them. */
    while (d->complete && w->in_len && *w->in == 0)
        work_done(w, 1, 0);
    if (d->complete && w->in_len == 0)
        return;
    z_stream *z = &d->u.zlib;
    uInt in_len = uint_of(w->in_len), out_len = uint_of(w->out_len);
    z->next_in = (z_const Bytef *)w->in;
    z->avail_in = in_len;
    z->next_out = w->out;
    z->avail_out = out_len;
    int rc = inflate(z, Z_NO_FLUSH);
    work_done(w, in_len - z->avail_in, out_len - z->avail_out);
    d->complete = rc == Z_STREAM_END;
    if (d->complete)
        rc = inflateReset(z);
    if (rc == Z_OK || rc == Z_BUF_ERROR)
        return;
    d->reason = z->msg              ? z->msg
                : rc == Z_MEM_ERROR ? err_text(ERR_NOMEM)
                                    : "broken data";
}

static void
gzip_fini(struct decompress *d)
{
    inflateEnd(&d->u.zlib);
}
#endif

#ifdef HAVE_ZSTD
static enum err
zstd_init(struct decompress *d)
{
    d->u.zstd = ZSTD_createDStream();
    if (!d->u.zstd)
        return ERR_NOMEM;
    size_t rc = ZSTD_DCtx_setParameter(d->u.zstd, ZSTD_d_windowLogMax,
                                       ZSTD_WINDOW_BITS);
    if (!ZSTD_isError(rc))
        return ERR_OK;
    ZSTD_freeDStream(d->u.zstd);
    return ERR_NOMEM;
}

static void
zstd_step(struct decompress *d, struct work *w)
{
    if (d->complete && w->in_len == 0)
        return;
    const size_t block_header_len = 3; /* RFC 8878 section 3.1.1.2 */
    ZSTD_inBuffer in = {w->in, feed_len(d, w, block_header_len), 0};
    ZSTD_outBuffer out = {w->out, w->out_len, 0};
    size_t rc = ZSTD_decompressStream(d->u.zstd, &out, &in);
    work_done(w, in.pos, out.pos);
    if (ZSTD_isError(rc))
        d->reason = ZSTD_getErrorName(rc);
    d->complete = rc == 0;
    d->hint = rc;
}

static void
zstd_fini(struct decompress *d)
{
    ZSTD_freeDStream(d->u.zstd);
}
#endif

#ifdef HAVE_LZ4
static enum err
lz4_init(struct decompress *d)
{
    return LZ4F_isError(
               LZ4F_createDecompressionContext(&d->u.lz4, LZ4F_VERSION))
               ? ERR_NOMEM
               : ERR_OK;
}

static void
lz4_step(struct decompress *d, struct work *w)
{
    if (d->complete && w->in_len == 0)
        return;
    const size_t block_size_len = 4; /* lz4_Frame_format.md, Data Blocks */
    size_t taken = feed_len(d, w, block_size_len), written = w->out_len;
    size_t rc =
        LZ4F_decompress(d->u.lz4, w->out, &written, w->in, &taken, NULL);
    if (LZ4F_isError(rc)) {
        d->reason = LZ4F_getErrorName(rc);
        return;
    }
    work_done(w, taken, written);
    d->complete = rc == 0;
    d->hint = rc;
}

static void
lz4_fini(struct decompress *d)
{
    LZ4F_freeDecompressionContext(d->u.lz4);
}
#endif

#ifdef HAVE_LZMA
static enum err
xz_init(struct decompress *d)
{
    d->u.lzma = (lzma_stream)LZMA_STREAM_INIT;
    d->need_end = true;
    lzma_ret rc = lzma_stream_decoder(&d->u.lzma, DECOMPRESS_MEMORY_MAX,
                                      LZMA_CONCATENATED);
    return rc == LZMA_OK ? ERR_OK : ERR_NOMEM;
}

static const char *
xz_reason(lzma_ret rc)
{
    switch (rc) {
    case LZMA_MEM_ERROR:
        return err_text(ERR_NOMEM);
    case LZMA_MEMLIMIT_ERROR:
        return "needs more than 128 MiB of memory";
    case LZMA_FORMAT_ERROR:
        return "no xz stream where one should start";
    case LZMA_OPTIONS_ERROR:
        return "unknown filter or option";
    default:
        return "broken data";
    }
}

static void
xz_step(struct decompress *d, struct work *w)
{
    lzma_stream *z = &d->u.lzma;
    if (d->complete)
        return;
    z->next_in = w->in;
    z->avail_in = w->in_len;
    z->next_out = w->out;
    z->avail_out = w->out_len;
    lzma_ret rc = lzma_code(z, w->in_end ? LZMA_FINISH : LZMA_RUN);
    work_done(w, w->in_len - z->avail_in, w->out_len - z->avail_out);
    if (rc == LZMA_STREAM_END)
        d->complete = true;
    else if (rc != LZMA_OK && rc != LZMA_BUF_ERROR)
        d->reason = xz_reason(rc);
}

static void
xz_fini(struct decompress *d)
{
    lzma_end(&d->u.lzma);
}
#endif

static const struct codec codecs[] = {
    [DECOMPRESS_NONE] = {"none", NULL, NULL, NULL},
#ifdef HAVE_ZLIB
    [DECOMPRESS_GZIP] = {"gzip", gzip_init, gzip_step, gzip_fini},
#else
    [DECOMPRESS_GZIP] = {"gzip", NULL, NULL, NULL},
#endif
#ifdef HAVE_ZSTD
    [DECOMPRESS_ZSTD] = {"zstd", zstd_init, zstd_step, zstd_fini},
#else
    [DECOMPRESS_ZSTD] = {"zstd", NULL, NULL, NULL},
#endif
#ifdef HAVE_LZ4
    [DECOMPRESS_LZ4] = {"lz4", lz4_init, lz4_step, lz4_fini},
#else
    [DECOMPRESS_LZ4] = {"lz4", NULL, NULL, NULL},
#endif
#ifdef HAVE_LZMA
    [DECOMPRESS_XZ] = {"xz", xz_init, xz_step, xz_fini},
#else
    [DECOMPRESS_XZ] = {"xz", NULL, NULL, NULL},
#endif
};

/* ", " stands in front of each, so that the list starts at byte 2. */
#ifdef HAVE_ZLIB
#define LIST_GZIP ", gzip"
#else
#define LIST_GZIP ""
#endif
#ifdef HAVE_ZSTD
#define LIST_ZSTD ", zstd"
#else
#define LIST_ZSTD ""
#endif
#ifdef HAVE_LZ4
#define LIST_LZ4 ", lz4"
#else
#define LIST_LZ4 ""
#endif
#ifdef HAVE_LZMA
#define LIST_XZ ", xz"
#else
#define LIST_XZ ""
#endif

const char *
decompress_list(void)
{
    static const char list[] = LIST_GZIP LIST_ZSTD LIST_LZ4 LIST_XZ;
    return sizeof list > 1 ? list + 2 : "none";
}

const char *
decompress_name(enum decompress_kind kind)
{
    assert((unsigned)kind < sizeof codecs / sizeof codecs[0]);
    return codecs[kind].name;
}

enum decompress_kind
decompress_detect(const uint8_t magic[DECOMPRESS_MAGIC_LEN])
{
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const uint8_t skippable[] = {0x2a, 0x4d, 0x18};
    static const uint8_t lz4[] = {0x04, 0x22, 0x4d, 0x18};
    static const uint8_t xz[] = {0xfd, '7', 'z', 'X'};
    if (magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8)
        return DECOMPRESS_GZIP;
    if (!memcmp(magic, zstd, sizeof zstd))
        return DECOMPRESS_ZSTD;
    /* RFC 8878 section 3.1.2; pzstd puts one of these first. */
    if (magic[0] >> 4 == 5 && !memcmp(magic + 1, skippable, sizeof skippable))
        return DECOMPRESS_ZSTD;
    if (!memcmp(magic, lz4, sizeof lz4))
        return DECOMPRESS_LZ4;
    if (!memcmp(magic, xz, sizeof xz))
        return DECOMPRESS_XZ;
    return DECOMPRESS_NONE;
}

enum err
decompress_new(struct decompress **out, enum decompress_kind kind)
{
    const struct codec *codec = &codecs[kind];
    if (!codec->init)
        return ERR_UNSUPPORTED;
    struct decompress *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    d->codec = codec;
    enum err e = codec->init(d);
    if (e != ERR_OK) {
        free(d);
        return e;
    }
    *out = d;
    return ERR_OK;
}

void
decompress_free(struct decompress *d)
{
    if (!d)
        return;
    d->codec->fini(d);
    free(d);
}

bool
decompress_run(struct decompress *d, struct slice *in, bool in_end,
               uint8_t *out, size_t cap, size_t *out_len)
{
    struct work w = {in->ptr, in->len, out, cap, in_end};
    assert(!d->reason && cap);
    for (;;) {
        size_t in_before = w.in_len, out_before = w.out_len;
        bool was_full = d->full;
        d->codec->step(d, &w);
        d->full = w.out_len == 0;
        if (d->reason || d->full)
            break;
        bool moved = w.in_len != in_before || w.out_len != out_before;
        if (w.in_len == 0) {
            if (d->need_end && in_end && moved)
                continue;
            break;
        }
        if (!moved && !was_full) {
            /* No way on: xz behind its last stream.  The other libraries
             * never do this, and must not loop here if one ever does. */
            d->reason = "data after its end";
            break;
        }
    }
    *in = slice_make(w.in, w.in_len);
    *out_len = cap - w.out_len;
    return !d->reason;
}

bool
decompress_complete(const struct decompress *d)
{
    return d->complete;
}

const char *
decompress_reason(const struct decompress *d)
{
    return d->reason;
}
