/* SPDX-License-Identifier: MIT */
#include "capture/save_pcapng.h"

#include <string.h>

#include "base/utf8.h"

/* Block types, draft-ietf-opsawg-pcapng section 4. */
#define TYPE_IDB 1u
#define TYPE_ISB 5u
#define TYPE_EPB 6u
#define TYPE_SHB 0x0a0d0d0au

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

/* Options, sections 3.5 and 4.1 to 4.6. */
enum {
    OPT_END = 0,
    OPT_COMMENT = 1,
    OPT_SHB_OS = 3,
    OPT_SHB_USERAPPL = 4,
    OPT_IF_NAME = 2,
    OPT_IF_TSRESOL = 9,
    OPT_IF_FILTER = 11,
    OPT_IF_TSOFFSET = 14,
    OPT_EPB_DROPCOUNT = 4,
    OPT_ISB_STARTTIME = 2,
    OPT_ISB_ENDTIME = 3,
    OPT_ISB_IFRECV = 4,
    OPT_ISB_IFDROP = 5,
    OPT_ISB_USRDELIV = 8,
};

#define OPTION_LEN_MAX 65535u
#define TSRESOL_NS 9u
#define FILTER_IS_TEXT 0u /* section 4.2: a libpcap string follows */
#define NS_PER_S 1000000000

#define EPB_LEN 32u /* without data and options */
#define DROPCOUNT_LEN 12u
#define END_LEN 4u

/* A block being written; the pieces after one that found no room do nothing,
 * and end_block() takes the others back. */
struct writer {
    struct buf *buf;
    size_t start; /* of the block in buf */
    enum err code;
};

static void
put(struct writer *w, const void *ptr, size_t len)
{
    if (w->code == ERR_OK)
        w->code = buf_append(w->buf, ptr, len);
}

static void
put16(struct writer *w, uint16_t v)
{
    put(w, &v, sizeof v);
}

static void
put32(struct writer *w, uint32_t v)
{
    put(w, &v, sizeof v);
}

/* A time: the upper half first in either byte order (section 4.3). */
static void
put_time(struct writer *w, uint64_t ticks)
{
    put32(w, (uint32_t)(ticks >> 32));
    put32(w, (uint32_t)ticks);
}

static void
put_padding(struct writer *w)
{
    static const uint8_t zeros[3];
    put(w, zeros, -(w->buf->len - w->start) % 4);
}

static struct writer
start_block(struct buf *b, uint32_t type)
{
    struct writer w = {b, b->len, ERR_OK};
    put32(&w, type);
    put32(&w, 0); /* end_block() knows */
    return w;
}

static enum err
end_block(struct writer *w)
{
    put_padding(w);
    uint32_t len = (uint32_t)(w->buf->len - w->start + 4);
    put32(w, len);
    if (w->code == ERR_OK)
        memcpy(w->buf->ptr + w->start + 4, &len, sizeof len);
    else
        w->buf->len = w->start;
    return w->code;
}

/* How much of the text fits in max bytes of UTF-8. */
static size_t
text_len(struct slice text, size_t max)
{
    size_t len = 0;
    while (text.len) {
        uint32_t c;
        size_t n = utf8_decode(text, &c), made = c == UTF8_BAD ? 3 : n;
        if (len + made > max)
            break;
        len += made;
        text = slice_skip(text, n);
    }
    return len;
}

/* Writes len bytes, as counted by text_len(). */
static void
put_text(struct writer *w, struct slice text, size_t len)
{
    static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
    while (len) {
        size_t good = utf8_prefix(text.ptr, text.len < len ? text.len : len);
        put(w, text.ptr, good);
        text = slice_skip(text, good);
        len -= good;
        if (!len)
            break;
        uint32_t c;
        text = slice_skip(text, utf8_decode(text, &c));
        put(w, replacement, sizeof replacement);
        len -= sizeof replacement;
    }
}

/* An option that is text, with prefix_len (0 or 1) bytes before it. */
static void
put_text_option(struct writer *w, uint16_t code, const char *text,
                const uint8_t *prefix, size_t prefix_len)
{
    if (!text)
        return;
    /* What is written is never shorter; 4 more, so as to cut no character. */
    struct slice s = slice_make(text, strnlen(text, OPTION_LEN_MAX + 4));
    size_t len = text_len(s, OPTION_LEN_MAX - prefix_len);
    put16(w, code);
    put16(w, (uint16_t)(prefix_len + len));
    put(w, prefix, prefix_len);
    put_text(w, s, len);
    put_padding(w);
}

static void
put_option(struct writer *w, uint16_t code, const void *value, uint16_t len)
{
    put16(w, code);
    put16(w, len);
    put(w, value, len);
    put_padding(w);
}

enum err
save_pcapng_put_section(struct buf *b, const struct save_pcapng_section *s)
{
    struct writer w = start_block(b, TYPE_SHB);
    put32(&w, BYTE_ORDER_MAGIC);
    put16(&w, 1);
    put16(&w, 0);
    put_time(&w, UINT64_MAX); /* the section's length is not known */
    put_text_option(&w, OPT_COMMENT, s->comment, NULL, 0);
    put_text_option(&w, OPT_SHB_OS, s->os, NULL, 0);
    put_text_option(&w, OPT_SHB_USERAPPL, s->application, NULL, 0);
    if (s->comment || s->os || s->application)
        put32(&w, OPT_END);
    return end_block(&w);
}

enum err
save_pcapng_put_iface(struct buf *b, const struct save_pcapng_iface *i)
{
    static const uint8_t resolution = TSRESOL_NS, filter = FILTER_IS_TEXT;
    struct writer w = start_block(b, TYPE_IDB);
    assert(i->link <= UINT16_MAX);
    put16(&w, (uint16_t)i->link);
    put16(&w, 0);
    put32(&w, i->snaplen);
    put_text_option(&w, OPT_IF_NAME, i->name, NULL, 0);
    put_option(&w, OPT_IF_TSRESOL, &resolution, 1);
    if (i->filter)
        put_text_option(&w, OPT_IF_FILTER, i->filter, &filter, 1);
    if (i->offset_s)
        put_option(&w, OPT_IF_TSOFFSET, &i->offset_s, sizeof i->offset_s);
    put32(&w, OPT_END);
    return end_block(&w);
}

/* Nanoseconds from offset_s to time_ns, not below 0. */
static uint64_t
ticks_since(int64_t time_ns, int64_t offset_s)
{
    int64_t offset_ns = offset_s * NS_PER_S;
    return time_ns > offset_ns ? (uint64_t)time_ns - (uint64_t)offset_ns : 0;
}

static size_t
data_len(const struct packet *p)
{
    return p->data.len < SAVE_PCAPNG_DATA_MAX ? p->data.len
                                              : SAVE_PCAPNG_DATA_MAX;
}

size_t
save_pcapng_packet_len(const struct packet *p)
{
    size_t padded = (data_len(p) + 3) & ~(size_t)3;
    return EPB_LEN + padded + (p->dropped ? DROPCOUNT_LEN + END_LEN : 0);
}

enum err
save_pcapng_put_packet(struct buf *b, const struct packet *p, uint32_t id,
                       int64_t offset_s, const char *comment)
{
    uint64_t ticks = ticks_since(p->time_ns, offset_s);
    size_t cap_len = data_len(p);
    uint32_t fixed[] = {TYPE_EPB,
                        0, /* end_block() knows */
                        id,
                        (uint32_t)(ticks >> 32),
                        (uint32_t)ticks,
                        (uint32_t)cap_len,
                        p->wire_len};
    struct writer w = {b, b->len, ERR_OK};
    put(&w, fixed, sizeof fixed);
    put(&w, p->data.ptr, cap_len);
    put_padding(&w);
    put_text_option(&w, OPT_COMMENT, comment, NULL, 0);
    if (p->dropped) {
        uint64_t n = p->dropped;
        put_option(&w, OPT_EPB_DROPCOUNT, &n, sizeof n);
    }
    if (comment || p->dropped)
        put32(&w, OPT_END);
    return end_block(&w);
}

static void
put_count_option(struct writer *w, uint16_t code, uint64_t n)
{
    if (n != SAVE_PCAPNG_UNKNOWN)
        put_option(w, code, &n, sizeof n);
}

enum err
save_pcapng_put_stats(struct buf *b, uint32_t id,
                      const struct save_pcapng_stats *s)
{
    uint64_t end = ticks_since(s->end_ns, 0);
    struct writer w = start_block(b, TYPE_ISB);
    put32(&w, id);
    put_time(&w, end);
    if (s->start_ns > 0) {
        put16(&w, OPT_ISB_STARTTIME);
        put16(&w, 8);
        put_time(&w, ticks_since(s->start_ns, 0));
    }
    put16(&w, OPT_ISB_ENDTIME);
    put16(&w, 8);
    put_time(&w, end);
    put_count_option(&w, OPT_ISB_IFRECV, s->received);
    put_count_option(&w, OPT_ISB_IFDROP, s->dropped);
    put_count_option(&w, OPT_ISB_USRDELIV, s->delivered);
    put32(&w, OPT_END);
    return end_block(&w);
}

struct save_scan
save_pcapng_scan(struct slice bytes)
{
    struct save_scan scan = {.len = 0};
    while (bytes.len >= 8) {
        uint32_t type, len;
        memcpy(&type, bytes.ptr, sizeof type);
        memcpy(&len, bytes.ptr + 4, sizeof len);
        if (len > bytes.len)
            break;
        scan.len += len;
        scan.n_packets += type == TYPE_EPB;
        scan.n_ifaces += type == TYPE_IDB;
        bytes = slice_skip(bytes, len);
    }
    return scan;
}
