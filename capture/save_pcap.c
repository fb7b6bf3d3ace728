/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "capture/save_pcap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_PCAP
#include <pcap/pcap.h>
#endif

#define NS_PER_S 1000000000
#define HEADER_LINK_OFF 20u /* of the link type in the file's header */
#define RECORD_CAPLEN_OFF 8u
#define DATA_MAX (16u * 1024u * 1024u) /* SOURCE_PACKET_MAX of source.h */

bool
save_pcap_has_time(int64_t time_ns)
{
    return time_ns >= 0 && time_ns / NS_PER_S <= SAVE_PCAP_TIME_MAX_S;
}

struct save_scan
save_pcap_scan(struct slice bytes, bool at_start)
{
    struct save_scan scan = {.len = 0};
    if (at_start) {
        if (bytes.len < SAVE_PCAP_HEADER_LEN)
            return scan;
        scan.len = SAVE_PCAP_HEADER_LEN;
        bytes = slice_skip(bytes, SAVE_PCAP_HEADER_LEN);
    }
    while (bytes.len >= SAVE_PCAP_RECORD_LEN) {
        uint32_t cap_len;
        memcpy(&cap_len, bytes.ptr + RECORD_CAPLEN_OFF, sizeof cap_len);
        if (cap_len > bytes.len - SAVE_PCAP_RECORD_LEN)
            break;
        size_t len = SAVE_PCAP_RECORD_LEN + cap_len;
        scan.len += len;
        scan.n_packets++;
        bytes = slice_skip(bytes, len);
    }
    return scan;
}

#ifdef HAVE_PCAP

struct save_pcap {
    struct buf *buf;
    FILE *stream;
    pcap_t *pcap;
    pcap_dumper_t *dumper; /* owns stream */
};

bool
save_pcap_is_built_in(void)
{
    return true;
}

/* What stdio calls instead of write(2). */
static ssize_t
take_bytes(void *cookie, const char *ptr, size_t len)
{
    struct save_pcap *s = cookie;
    return buf_append(s->buf, ptr, len) == ERR_OK ? (ssize_t)len : 0;
}

void
save_pcap_free(struct save_pcap *s)
{
    if (!s)
        return;
    if (s->dumper)
        pcap_dump_close(s->dumper);
    if (s->pcap)
        pcap_close(s->pcap);
    free(s);
}

/* Opens the dumper on our buffer, into which it writes the header. */
static enum err
start_dump(struct save_pcap *s, uint32_t link, uint32_t snaplen)
{
    static const cookie_io_functions_t calls = {.write = take_bytes};
    size_t start = s->buf->len;
    if (!buf_reserve(s->buf, SAVE_PCAP_HEADER_LEN))
        return ERR_NOMEM;
    s->stream = fopencookie(s, "w", calls);
    if (!s->stream)
        return ERR_NOMEM;
    /* Nothing waits in stdio: each record is in the buffer at once. */
    setvbuf(s->stream, NULL, _IONBF, 0);
    /* Any link type would do, see below. */
    s->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, (int)snaplen,
                                                   PCAP_TSTAMP_PRECISION_NANO);
    if (s->pcap)
        s->dumper = pcap_dump_fopen(s->pcap, s->stream);
    if (!s->dumper || s->buf->len != start + SAVE_PCAP_HEADER_LEN) {
        /* It closes the stream only when the header cannot be written, for
         * which there is room. */
        if (!s->dumper)
            fclose(s->stream);
        s->buf->len = start;
        return ERR_NOMEM;
    }
    /* libpcap takes a DLT_ value, which differs between systems, and makes
     * the LINKTYPE_ value of it that we have already: pcap-linktype(7). */
    memcpy(s->buf->ptr + start + HEADER_LINK_OFF, &link, sizeof link);
    return ERR_OK;
}

enum err
save_pcap_new(struct save_pcap **out, struct buf *b, uint32_t link,
              uint32_t snaplen)
{
    assert(link <= UINT16_MAX && snaplen <= INT32_MAX);
    struct save_pcap *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->buf = b;
    enum err e = start_dump(s, link, snaplen);
    if (e != ERR_OK) {
        save_pcap_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

/* The time in the form of libpcap: with nanoseconds in tv_usec. */
static struct timeval
time_of(int64_t time_ns)
{
    struct timeval tv = {.tv_sec = (time_t)SAVE_PCAP_TIME_MAX_S,
                         .tv_usec = NS_PER_S - 1};
    if (time_ns < 0)
        time_ns = 0;
    if (save_pcap_has_time(time_ns)) {
        tv.tv_sec = (time_t)(time_ns / NS_PER_S);
        tv.tv_usec = (suseconds_t)(time_ns % NS_PER_S);
    }
    return tv;
}

enum err
save_pcap_put_packet(struct save_pcap *s, const struct packet *p)
{
    struct slice data = slice_head(p->data, DATA_MAX);
    struct pcap_pkthdr h = {
        .ts = time_of(p->time_ns),
        .caplen = (bpf_u_int32)data.len,
        .len = p->wire_len,
    };
    size_t len = SAVE_PCAP_RECORD_LEN + data.len;
    /* With room for all of it, no write can fail half way. */
    if (len > s->buf->max - s->buf->len)
        return ERR_LIMIT;
    if (!buf_reserve(s->buf, len))
        return ERR_NOMEM;
    size_t start = s->buf->len;
    static const uint8_t none[1];
    pcap_dump((u_char *)s->dumper, &h, data.len ? data.ptr : none);
    assert(s->buf->len == start + len);
    return ERR_OK;
}

#else /* !HAVE_PCAP */

bool
save_pcap_is_built_in(void)
{
    return false;
}

enum err
save_pcap_new(struct save_pcap **out, struct buf *b, uint32_t link,
              uint32_t snaplen)
{
    (void)out;
    (void)b;
    (void)link;
    (void)snaplen;
    return ERR_UNSUPPORTED;
}

void
save_pcap_free(struct save_pcap *s)
{
    (void)s;
}

enum err
save_pcap_put_packet(struct save_pcap *s, const struct packet *p)
{
    (void)s;
    (void)p;
    return ERR_UNSUPPORTED;
}

#endif /* HAVE_PCAP */
