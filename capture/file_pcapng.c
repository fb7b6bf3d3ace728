/* SPDX-License-Identifier: MIT */
#include "capture/file_pcapng.h"

#include <stdlib.h>

#include "base/rd.h"
#include "capture/pcapng_clock.h"
#include "capture/source_file.h"

/* Block types, draft-ietf-opsawg-pcapng section 4 and 10.1. */
#define TYPE_IDB 1u
#define TYPE_OPB 2u
#define TYPE_SPB 3u
#define TYPE_EPB 6u
#define TYPE_DSB 10u
#define TYPE_SHB 0x0a0d0d0au

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define SECTION_LEN_UNKNOWN UINT64_MAX

/* Shortest blocks, with both lengths. */
#define BLOCK_MIN 12u
#define SHB_MIN 28u
#define IDB_MIN 20u
#define EPB_MIN 32u /* OPB too */
#define SPB_MIN 16u
#define DSB_MIN 20u

/* Options, sections 3.5 and 4.2. */
#define OPT_END 0u
#define OPT_IF_NAME 2u
#define OPT_IF_TSRESOL 9u
#define OPT_IF_TSOFFSET 14u

#define IFACE_NAME_MAX 255u
#define TSRESOL_DEFAULT 6u /* microseconds */

/* What only we need to know of an interface; beside f->info.ifaces. */
struct ng_iface {
    struct pcapng_clock clock;
    char *name;
};

struct file_pcapng {
    struct ng_iface *own;        /* one for each of ifaces */
    struct source_iface *ifaces; /* f->info.ifaces */
    size_t cap;                  /* of both */
    size_t first;                /* interface 0 of this section in them */
    size_t n_here;               /* interfaces of this section */
    uint64_t section_off;
    uint64_t section_end; /* as its header says, or UINT64_MAX: it does not */
    bool big;             /* this section is big-endian */

    bool lied; /* a section did not end where its header said */
    uint64_t lie_off, lie_section, lie_end;
};

/* What a block came to. */
enum ng_step {
    NG_NEXT = 0, /* nothing to deliver: the next block, please */
    NG_PACKET,
    NG_ERROR,
};

/* The block at the front of the reader. */
struct block {
    uint64_t off; /* in the file */
    uint32_t type;
    uint32_t len; /* with everything */
};

static inline uint32_t
load32(const uint8_t *p, bool big)
{
    return big ? rd_load_be32(p) : rd_load_le32(p);
}

static inline uint16_t
load16(const uint8_t *p, bool big)
{
    return big ? rd_load_be16(p) : rd_load_le16(p);
}

/* 64 bits of which the upper half stands first in either byte order, as in
 * time stamps (section 4.3). */
static inline uint64_t
load_high_low(const uint8_t *p, bool big)
{
    return (uint64_t)load32(p, big) << 32 | load32(p + 4, big);
}

static uint64_t
load64(const uint8_t *p, bool big)
{
    uint64_t a = load32(p, big), b = load32(p + 4, big);
    return big ? a << 32 | b : b << 32 | a;
}

bool
file_pcapng_detect(const uint8_t magic[4])
{
    return rd_load_be32(magic) == TYPE_SHB;
}

void
file_pcapng_free(struct file_pcapng *ng)
{
    if (!ng)
        return;
    for (size_t i = 0; i < ng->first + ng->n_here; i++)
        free(ng->own[i].name);
    free(ng->own);
    free(ng->ifaces);
    free(ng);
}

static enum ng_step
damaged_block(const struct source_file *f, struct source_error *error,
              const struct block *b, const char *what)
{
    source_file_fail(f, error, ERR_DAMAGED, b->off, "%s", what);
    return NG_ERROR;
}

static enum ng_step
cut_block(const struct source_file *f, struct source_error *error,
          const struct block *b, enum block_step step)
{
    source_file_cut(f, error, step, b->off, "a block", b->len);
    return NG_ERROR;
}

/* Checks the block's length for its type. */
static bool
check_len(const struct source_file *f, struct source_error *error,
          const struct block *b, uint32_t min)
{
    if (b->len % 4 == 0 && b->len >= min)
        return true;
    source_file_fail(f, error, ERR_DAMAGED, b->off,
                     b->len % 4 ? "block length %lu is not a multiple of 4"
                                : "block length %lu is less than the block "
                                  "type needs",
                     (unsigned long)b->len);
    return false;
}

/* Checks the length at the block's end, at p, against the one before. */
static enum ng_step
check_trailer(const struct source_file *f, struct source_error *error,
              const struct block *b, const uint8_t *p)
{
    uint32_t again = load32(p, f->pcapng->big);
    if (again == b->len)
        return NG_NEXT;
    source_file_fail(f, error, ERR_DAMAGED, b->off,
                     "block length %lu at its start, %lu at its end",
                     (unsigned long)b->len, (unsigned long)again);
    return NG_ERROR;
}

/* Brings the whole block into memory and checks its end.  NG_NEXT: done. */
static enum ng_step
hold_block(struct source_file *f, struct source_error *error,
           const struct block *b, uint32_t min)
{
    if (!check_len(f, error, b, min))
        return NG_ERROR;
    if (b->len > SOURCE_PACKET_MAX) {
        source_file_fail(f, error, ERR_DAMAGED, b->off,
                         "a block of %lu bytes is more than the %lu that can "
                         "be",
                         (unsigned long)b->len,
                         (unsigned long)SOURCE_PACKET_MAX);
        return NG_ERROR;
    }
    enum block_step step = block_reader_need(&f->reader, b->len);
    if (step != BLOCK_OK)
        return cut_block(f, error, b, step);
    return check_trailer(f, error, b, f->reader.ptr + b->len - 4);
}

/* Drops the block, of any length, without holding it. */
static enum ng_step
skip_block(struct source_file *f, struct source_error *error,
           const struct block *b)
{
    enum block_step step = block_reader_skip(&f->reader, b->len - 4);
    if (step == BLOCK_OK)
        step = block_reader_need(&f->reader, 4);
    if (step != BLOCK_OK)
        return cut_block(f, error, b, step);
    enum ng_step checked = check_trailer(f, error, b, f->reader.ptr);
    f->reader.ptr += 4;
    return checked;
}

/* The section before off is over: did its header say so? */
static void
end_section(struct file_pcapng *ng, uint64_t off)
{
    if (ng->section_end == SECTION_LEN_UNKNOWN || ng->section_end == off ||
        ng->lied)
        return;
    ng->lied = true;
    ng->lie_off = off;
    ng->lie_section = ng->section_off;
    ng->lie_end = ng->section_end;
}

/* Section header block, section 4.1; b->len is not read yet. */
static enum ng_step
read_section(struct source_file *f, struct source_error *error, struct block *b)
{
    struct file_pcapng *ng = f->pcapng;
    const size_t fixed_len = 24; /* up to and with the section length */
    const uint8_t *p = f->reader.ptr;
    bool big = rd_load_be32(p + 8) == BYTE_ORDER_MAGIC;
    if (!big && rd_load_le32(p + 8) != BYTE_ORDER_MAGIC) {
        if (b->off)
            return damaged_block(f, error, b,
                                 "a section header without byte-order magic");
        source_file_fail(f, error, ERR_FORMAT, 0,
                         "is not a capture file (starts with 0a 0d 0d 0a but "
                         "has no byte-order magic)");
        return NG_ERROR;
    }
    end_section(ng, b->off);
    ng->big = big;
    b->len = load32(p + 4, big);
    if (!check_len(f, error, b, SHB_MIN))
        return NG_ERROR;
    enum block_step step = block_reader_need(&f->reader, fixed_len);
    if (step != BLOCK_OK)
        return cut_block(f, error, b, step);
    p = f->reader.ptr;
    uint16_t major = load16(p + 12, big), minor = load16(p + 14, big);
    if (major != 1) {
        source_file_fail(f, error, ERR_UNSUPPORTED, b->off,
                         "pcapng version %u.%u is not supported", major, minor);
        return NG_ERROR;
    }
    uint64_t len = load64(p + 16, big);
    uint64_t start = b->off + b->len;
    ng->section_off = b->off;
    ng->section_end = len == UINT64_MAX          ? SECTION_LEN_UNKNOWN
                      : len < UINT64_MAX - start ? start + len
                                                 : UINT64_MAX - 1;
    ng->first += ng->n_here;
    ng->n_here = 0;
    return skip_block(f, error, b);
}

/* The options of an interface that matter to us. */
struct iface_options {
    struct slice name;
    uint8_t tsresol;
    int64_t tsoffset;
};

/* Reads options up to the end of opts; NULL, or what is wrong with them. */
static const char *
read_iface_options(struct slice opts, bool big, struct iface_options *out)
{
    while (opts.len >= 4) {
        uint16_t code = load16(opts.ptr, big), len = load16(opts.ptr + 2, big);
        size_t padded = (len + 3u) & ~3u;
        if (code == OPT_END)
            break;
        opts = slice_skip(opts, 4);
        if (padded > opts.len)
            return "an option of an interface is longer than its block";
        if (code == OPT_IF_NAME) {
            out->name = slice_make(opts.ptr, len);
        } else if (code == OPT_IF_TSRESOL) {
            if (len != 1)
                return "an if_tsresol option that is not 1 byte long";
            out->tsresol = opts.ptr[0];
        } else if (code == OPT_IF_TSOFFSET) {
            if (len != 8)
                return "an if_tsoffset option that is not 8 bytes long";
            out->tsoffset = (int64_t)load64(opts.ptr, big);
        }
        opts = slice_skip(opts, padded);
    }
    return NULL;
}

/* Makes room for one interface more. */
static bool
grow_ifaces(struct file_pcapng *ng)
{
    if (ng->first + ng->n_here < ng->cap)
        return true;
    size_t cap = ng->cap ? ng->cap * 2 : 4;
    struct ng_iface *own = realloc(ng->own, cap * sizeof *own);
    if (!own)
        return false;
    ng->own = own;
    struct source_iface *ifaces = realloc(ng->ifaces, cap * sizeof *ifaces);
    if (!ifaces)
        return false;
    ng->ifaces = ifaces;
    ng->cap = cap;
    return true;
}

static char *
copy_name(struct slice name)
{
    size_t len = 0;
    while (len < name.len && len < IFACE_NAME_MAX && name.ptr[len])
        len++;
    char *copy = malloc(len + 1);
    if (copy) {
        if (len)
            memcpy(copy, name.ptr, len);
        copy[len] = '\0';
    }
    return copy;
}

/* Interface description block, section 4.2. */
static enum ng_step
read_iface(struct source_file *f, struct source_error *error,
           const struct block *b)
{
    struct file_pcapng *ng = f->pcapng;
    if (hold_block(f, error, b, IDB_MIN) != NG_NEXT)
        return NG_ERROR;
    const uint8_t *p = f->reader.ptr;
    struct iface_options opt = {.tsresol = TSRESOL_DEFAULT};
    struct slice body = slice_make(p + 16, b->len - IDB_MIN);
    const char *wrong = read_iface_options(body, ng->big, &opt);
    struct ng_iface own = {.name = NULL};
    if (!wrong && !pcapng_clock_init(&own.clock, opt.tsresol, opt.tsoffset))
        wrong = "an if_tsoffset beyond the year 2116";
    if (wrong)
        return damaged_block(f, error, b, wrong);
    size_t n = ng->first + ng->n_here;
    if (n == FILE_PCAPNG_IFACES_MAX) {
        source_file_fail(f, error, ERR_LIMIT, b->off, "more than %u interfaces",
                         FILE_PCAPNG_IFACES_MAX);
        return NG_ERROR;
    }
    if (!grow_ifaces(ng) ||
        (opt.name.len && !(own.name = copy_name(opt.name)))) {
        source_file_fail(f, error, ERR_NOMEM, b->off, "%s",
                         err_text(ERR_NOMEM));
        return NG_ERROR;
    }
    ng->own[n] = own;
    ng->ifaces[n] = (struct source_iface){
        .name = own.name,
        .link = load16(p + 8, ng->big),
        .snaplen = load32(p + 12, ng->big),
    };
    ng->n_here++;
    f->info.ifaces = ng->ifaces;
    f->info.n_ifaces = n + 1;
    f->reader.ptr += b->len;
    return NG_NEXT;
}

/* The packet at p, of interface i, its block len bytes long. */
static inline void
take_packet(struct source_file *f, struct packet *out, size_t i,
            struct slice data, uint32_t wire_len, uint32_t len)
{
    struct source_iface *iface = &f->pcapng->ifaces[i];
    out->data = data;
    out->file_off = block_reader_off(&f->reader);
    out->wire_len = wire_len;
    out->iface = (uint32_t)i;
    out->link = iface->link;
    out->dropped = 0;
    iface->packets++;
    f->reader.ptr += len;
}

/*
 * The hot path: an EPB (section 4.3) or OPB (appendix A), wholly there and
 * sound.  Their fields differ only in that an OPB has 16 bits of interface,
 * then 16 of drops.  Anything else: false, and nothing was touched.
 */
static inline bool
take_sound_packet(struct source_file *f, struct packet *out)
{
    const struct file_pcapng *ng = f->pcapng;
    const uint8_t *p = f->reader.ptr;
    size_t left = block_reader_left(&f->reader);
    bool big = ng->big;
    if (left < EPB_MIN)
        return false;
    uint32_t type = load32(p, big), len = load32(p + 4, big);
    if ((type != TYPE_EPB && type != TYPE_OPB) || len < EPB_MIN || len % 4 ||
        len > left || load32(p + len - 4, big) != len)
        return false;
    uint32_t id = type == TYPE_EPB ? load32(p + 8, big) : load16(p + 8, big);
    uint32_t cap_len = load32(p + 20, big);
    if (id >= ng->n_here || cap_len > len - EPB_MIN)
        return false;
    size_t i = ng->first + id;
    if (!pcapng_clock_ns(&ng->own[i].clock, load_high_low(p + 12, big),
                         &out->time_ns))
        return false;
    take_packet(f, out, i, slice_make(p + 28, cap_len), load32(p + 24, big),
                len);
    return true;
}

static enum ng_step
undefined_iface(const struct source_file *f, struct source_error *error,
                const struct block *b, uint32_t id)
{
    source_file_fail(f, error, ERR_DAMAGED, b->off,
                     "a packet of interface %lu, but the section has defined "
                     "only %lu",
                     (unsigned long)id, (unsigned long)f->pcapng->n_here);
    return NG_ERROR;
}

static enum ng_step
too_long_for_block(const struct source_file *f, struct source_error *error,
                   const struct block *b, uint32_t cap_len)
{
    source_file_fail(f, error, ERR_DAMAGED, b->off,
                     "a packet of %lu captured bytes in a block of %lu",
                     (unsigned long)cap_len, (unsigned long)b->len);
    return NG_ERROR;
}

/* An EPB or OPB that was not wholly there, or is not sound. */
static enum ng_step
read_packet(struct source_file *f, struct packet *out,
            struct source_error *error, const struct block *b)
{
    bool big = f->pcapng->big;
    if (hold_block(f, error, b, EPB_MIN) != NG_NEXT)
        return NG_ERROR;
    if (take_sound_packet(f, out))
        return NG_PACKET;
    const uint8_t *p = f->reader.ptr;
    uint32_t id = b->type == TYPE_EPB ? load32(p + 8, big) : load16(p + 8, big);
    uint32_t cap_len = load32(p + 20, big);
    if (id >= f->pcapng->n_here)
        return undefined_iface(f, error, b, id);
    if (cap_len > b->len - EPB_MIN)
        return too_long_for_block(f, error, b, cap_len);
    return damaged_block(f, error, b, "a time stamp beyond the year 2116");
}

/* Simple packet block, section 4.4: interface 0, no time, and the captured
 * length is the shorter of its snapshot length and the packet's. */
static enum ng_step
read_simple_packet(struct source_file *f, struct packet *out,
                   struct source_error *error, const struct block *b)
{
    const struct file_pcapng *ng = f->pcapng;
    if (hold_block(f, error, b, SPB_MIN) != NG_NEXT)
        return NG_ERROR;
    if (ng->n_here == 0)
        return undefined_iface(f, error, b, 0);
    const uint8_t *p = f->reader.ptr;
    uint32_t wire_len = load32(p + 8, ng->big);
    uint32_t snaplen = ng->ifaces[ng->first].snaplen;
    uint32_t cap_len = snaplen && snaplen < wire_len ? snaplen : wire_len;
    if (cap_len > b->len - SPB_MIN)
        return too_long_for_block(f, error, b, cap_len);
    out->time_ns = 0;
    take_packet(f, out, ng->first, slice_make(p + 12, cap_len), wire_len,
                b->len);
    return NG_PACKET;
}

/* Decryption secrets block, section 4.7. */
static enum ng_step
read_secrets(struct source_file *f, struct source_error *error,
             const struct block *b)
{
    bool big = f->pcapng->big;
    const size_t fixed_len = 16;
    if (!check_len(f, error, b, DSB_MIN))
        return NG_ERROR;
    enum block_step step = block_reader_need(&f->reader, fixed_len);
    if (step != BLOCK_OK)
        return cut_block(f, error, b, step);
    uint32_t len = load32(f->reader.ptr + 12, big);
    if (len > b->len - DSB_MIN)
        return damaged_block(f, error, b, "secrets longer than their block");
    if (!secret_store_fits(f->secrets, len)) {
        f->secrets->found.dropped++;
        return skip_block(f, error, b);
    }
    step = block_reader_need(&f->reader, fixed_len + len);
    if (step != BLOCK_OK)
        return cut_block(f, error, b, step);
    const uint8_t *p = f->reader.ptr;
    secret_store_add(f->secrets, load32(p + 8, big),
                     slice_make(p + fixed_len, len));
    return skip_block(f, error, b);
}

/* Any block, of which the first 12 bytes are there. */
static enum ng_step
read_block(struct source_file *f, struct packet *out,
           struct source_error *error, uint64_t off)
{
    const uint8_t *p = f->reader.ptr;
    bool big = f->pcapng->big;
    struct block b = {off, load32(p, big), load32(p + 4, big)};
    switch (b.type) {
    case TYPE_SHB: /* the same in both byte orders */
        return read_section(f, error, &b);
    case TYPE_IDB:
        return read_iface(f, error, &b);
    case TYPE_EPB:
    case TYPE_OPB:
        return read_packet(f, out, error, &b);
    case TYPE_SPB:
        return read_simple_packet(f, out, error, &b);
    case TYPE_DSB:
        return read_secrets(f, error, &b);
    default:
        if (!check_len(f, error, &b, BLOCK_MIN))
            return NG_ERROR;
        return skip_block(f, error, &b);
    }
}

/* The file ends cleanly at off. */
static enum source_step
end_file(struct source_file *f, struct source_error *error, uint64_t off)
{
    struct file_pcapng *ng = f->pcapng;
    end_section(ng, off);
    if (!ng->lied)
        return SOURCE_END;
    return source_file_fail(
        f, error, ERR_DAMAGED, ng->lie_off,
        "the section that starts at byte %llu was to end at byte %llu",
        (unsigned long long)ng->lie_section, (unsigned long long)ng->lie_end);
}

static enum source_step
next_pcapng(struct source_file *f, struct packet *out,
            struct source_error *error)
{
    if (take_sound_packet(f, out))
        return SOURCE_PACKET;
    for (;;) {
        uint64_t off = block_reader_off(&f->reader);
        enum block_step step = block_reader_need(&f->reader, BLOCK_MIN);
        if (step == BLOCK_END && block_reader_left(&f->reader) == 0)
            return end_file(f, error, off);
        if (step != BLOCK_OK)
            return source_file_cut(f, error, step, off, "a block", BLOCK_MIN);
        enum ng_step block = read_block(f, out, error, off);
        if (block != NG_NEXT)
            return block == NG_PACKET ? SOURCE_PACKET : SOURCE_ERROR;
    }
}

bool
file_pcapng_start(struct source_file *f, struct source_error *error)
{
    struct block b = {0, TYPE_SHB, 0};
    f->pcapng = calloc(1, sizeof *f->pcapng);
    if (!f->pcapng) {
        source_file_fail(f, error, ERR_NOMEM, 0, "%s", err_text(ERR_NOMEM));
        return false;
    }
    f->pcapng->section_end = SECTION_LEN_UNKNOWN;
    enum block_step step = block_reader_need(&f->reader, BLOCK_MIN);
    if (step != BLOCK_OK) {
        source_file_cut(f, error, step, 0, "its header", SHB_MIN);
        return false;
    }
    f->next = next_pcapng;
    return read_section(f, error, &b) == NG_NEXT;
}
