/* SPDX-License-Identifier: MIT */
#include "capture/file_pcap.h"

#include <assert.h>

#include "base/rd.h"
#include "capture/source_file.h"

#define FILE_HEADER_LEN 24u
#define RECORD_HEADER_LEN 16u
#define RECORD_HEADER_MODIFIED_LEN 24u
#define NS_PER_S 1000000000

static uint32_t
load32(const uint8_t *p, bool big)
{
    return big ? rd_load_be32(p) : rd_load_le32(p);
}

static uint16_t
load16(const uint8_t *p, bool big)
{
    return big ? rd_load_be16(p) : rd_load_le16(p);
}

/* What a magic number says. */
struct magic {
    uint32_t value;
    uint32_t fraction_ns;
    size_t header_len;
};

static const struct magic magics[] = {
    {0xa1b2c3d4, 1000, RECORD_HEADER_LEN},
    {0xa1b23c4d, 1, RECORD_HEADER_LEN},
    {0xa1b2cd34, 1000, RECORD_HEADER_MODIFIED_LEN},
};

static const struct magic *
find_magic(const uint8_t bytes[4], bool *big)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        for (int b = 0; b < 2; b++)
            if (load32(bytes, b) == magics[i].value) {
                *big = b;
                return &magics[i];
            }
    return NULL;
}

bool
file_pcap_detect(const uint8_t magic[4])
{
    bool big;
    return find_magic(magic, &big) != NULL;
}

/* The two lengths of a record header.  Before version 2.3 they stood the
 * other way round, and in 2.3 writers differed (libpcap, sf-pcap.c). */
static void
record_lens(const struct file_pcap *c, const uint8_t *p, uint32_t *cap_len,
            uint32_t *wire_len)
{
    uint32_t cap = load32(p + 8, c->big), wire = load32(p + 12, c->big);
    bool swapped = c->minor < 3 || (c->minor == 3 && cap > wire);
    *cap_len = swapped ? wire : cap;
    *wire_len = swapped ? cap : wire;
}

/* Makes the next record wholly there.  SOURCE_PACKET: it is. */
static enum source_step
fetch_record(struct source_file *f, struct source_error *error)
{
    const struct file_pcap *c = &f->pcap;
    struct block_reader *r = &f->reader;
    uint64_t off = block_reader_off(r);
    enum block_step step = block_reader_need(r, c->header_len);
    if (step == BLOCK_END && block_reader_left(r) == 0)
        return SOURCE_END;
    if (step != BLOCK_OK)
        return source_file_cut(f, error, step, off, "the header of a packet",
                               c->header_len);
    uint32_t cap_len, wire_len;
    record_lens(c, r->ptr, &cap_len, &wire_len);
    if (cap_len > SOURCE_PACKET_MAX)
        return source_file_fail(f, error, ERR_DAMAGED, off,
                                "a packet of %lu bytes is more than the %lu "
                                "that can be",
                                (unsigned long)cap_len,
                                (unsigned long)SOURCE_PACKET_MAX);
    step = block_reader_need(r, c->header_len + cap_len);
    if (step != BLOCK_OK)
        return source_file_cut(f, error, step, off, "a packet",
                               c->header_len + cap_len);
    return SOURCE_PACKET;
}

/* The packet of a record that is wholly there. */
static inline void
take_record(struct source_file *f, struct packet *out, bool big,
            size_t header_len, uint32_t cap_len, uint32_t wire_len)
{
    struct block_reader *r = &f->reader;
    const uint8_t *p = r->ptr;
    /* At most 2^32 s: no overflow. */
    out->time_ns = (int64_t)load32(p, big) * NS_PER_S +
                   (int64_t)load32(p + 4, big) * f->pcap.fraction_ns;
    out->data = slice_make(p + header_len, cap_len);
    out->file_off = block_reader_off(r);
    out->wire_len = wire_len;
    out->iface = 0;
    out->link = f->pcap.iface.link;
    out->dropped = 0;
    f->pcap.iface.packets++;
    r->ptr = p + header_len + cap_len;
}

/* The hot path, once for each byte order: a record that is there already. */
static inline enum source_step
next_plain(struct source_file *f, struct packet *out,
           struct source_error *error, bool big)
{
    struct block_reader *r = &f->reader;
    for (;;) {
        size_t left = block_reader_left(r);
        if (left >= RECORD_HEADER_LEN) {
            uint32_t cap_len = load32(r->ptr + 8, big);
            if (cap_len <= left - RECORD_HEADER_LEN) {
                take_record(f, out, big, RECORD_HEADER_LEN, cap_len,
                            load32(r->ptr + 12, big));
                return SOURCE_PACKET;
            }
        }
        enum source_step step = fetch_record(f, error);
        if (step != SOURCE_PACKET)
            return step;
    }
}

static enum source_step
next_little(struct source_file *f, struct packet *out,
            struct source_error *error)
{
    return next_plain(f, out, error, false);
}

static enum source_step
next_big(struct source_file *f, struct packet *out, struct source_error *error)
{
    return next_plain(f, out, error, true);
}

/* Modified headers, old versions. */
static enum source_step
next_odd(struct source_file *f, struct packet *out, struct source_error *error)
{
    const struct file_pcap *c = &f->pcap;
    uint32_t cap_len, wire_len;
    enum source_step step = fetch_record(f, error);
    if (step != SOURCE_PACKET)
        return step;
    record_lens(c, f->reader.ptr, &cap_len, &wire_len);
    take_record(f, out, c->big, c->header_len, cap_len, wire_len);
    return SOURCE_PACKET;
}

bool
file_pcap_start(struct source_file *f, struct source_error *error)
{
    struct file_pcap *c = &f->pcap;
    struct block_reader *r = &f->reader;
    enum block_step step = block_reader_need(r, FILE_HEADER_LEN);
    if (step != BLOCK_OK) {
        source_file_cut(f, error, step, 0, "its header", FILE_HEADER_LEN);
        return false;
    }
    bool big = false;
    const struct magic *m = find_magic(r->ptr, &big);
    assert(m); /* file_pcap_detect() has said so */
    uint16_t major = load16(r->ptr + 4, big), minor = load16(r->ptr + 6, big);
    if (major != 2) {
        source_file_fail(f, error, ERR_UNSUPPORTED, 4,
                         "pcap version %u.%u is not supported", major, minor);
        return false;
    }
    *c = (struct file_pcap){
        .iface = {.link = load32(r->ptr + 20, big) & 0xffff,
                  .snaplen = load32(r->ptr + 16, big)},
        .fraction_ns = m->fraction_ns,
        .header_len = m->header_len,
        .big = big,
        .minor = minor,
    };
    r->ptr += FILE_HEADER_LEN;
    f->info.ifaces = &c->iface;
    f->info.n_ifaces = 1;
    if (minor < 4 || m->header_len != RECORD_HEADER_LEN)
        f->next = next_odd;
    else
        f->next = big ? next_big : next_little;
    return true;
}
