/* SPDX-License-Identifier: MIT */
#include "capture/save.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "capture/link.h"
#include "capture/save_ifaces.h"
#include "capture/save_pcap.h"

#define NS_PER_S 1000000000
#define RETRY_NS NS_PER_S

/* The largest packet, what waits before it, and the descriptions of as many
 * interfaces as are declared at a time. */
#define BUFFER_MAX                                                             \
    (SOURCE_PACKET_MAX + 2 * SAVE_BUFFER_LEN +                                 \
     (DECLARE_ALL_MAX + 1) * SAVE_PCAPNG_HEADER_MAX)

/* A source with no more interfaces than these has all of them declared, also
 * those without a packet. */
#define DECLARE_ALL_MAX 64u

/* libpcap's MAXIMUM_SNAPLEN: what tcpdump writes without -s. */
#define PCAP_SNAPLEN 262144u

#define NEWS_MAX 4u

/* When a file that failed is tried again. */
enum retry {
    RETRY_NOW = 0, /* nothing has failed, or a new file is due */
    RETRY_LATER,   /* RETRY_NS later */
    RETRY_NEVER,   /* not with this file */
};

/* Reasons that are told once in a run, as bits. */
enum told {
    TOLD_LINK = 1,
    TOLD_LINK_NUMBER = 2,
    TOLD_TIME = 4,
    TOLD_IFACES = 8,
    TOLD_MEMORY = 16,
};

struct save {
    struct save_options o; /* its texts are our own */
    char *base;            /* o.name */
    char *texts[3];        /* o.comment, application, filter */
    char os[200];          /* for shb_os */
    bool numbered;         /* names have numbers from here on */
    bool closed;
    uint32_t ring_next;
    bool in_ring; /* the file is */
    char **ring;  /* names of o.ring_files files, by number */

    int fd;          /* -1: no file is open */
    uint64_t number; /* of the file, 0: none yet */
    char name[SAVE_NAME_MAX];
    uint64_t file_len;     /* whole records that are in the file, bytes */
    uint64_t file_bytes;   /* the same with what waits and what was lost */
    uint64_t file_packets; /* as file_bytes */
    int64_t first_ns;      /* of the file's first packet */

    struct buf buf; /* whole records that wait */
    bool started;   /* the file's header is written or waits */
    struct save_ifaces ifaces;
    uint32_t n_stats;        /* interfaces with statistics */
    uint32_t ifaces_in_file; /* declared in file_len */
    struct save_pcap *pcap;
    uint32_t pcap_link; /* of the file */

    bool failing;
    enum retry retry;
    int64_t now_ns;    /* of the last packet */
    int64_t failed_ns; /* now_ns of the last failure */
    uint64_t missed;   /* packets since the first failure */
    int fail_errno;

    unsigned told;
    struct save_news news[NEWS_MAX];
    size_t n_news;
    struct save_figures figures;
};

/* ---- What the owner is told ------------------------------------------- */

__attribute__((format(printf, 5, 6))) static void
fill_news(struct save_news *news, enum save_news_kind kind, enum err code,
          int sys_errno, const char *format, ...)
{
    va_list args;
    *news =
        (struct save_news){.kind = kind, .code = code, .sys_errno = sys_errno};
    va_start(args, format);
    vsnprintf(news->reason, sizeof news->reason, format, args);
    va_end(args);
}

/* The next place for news.  An owner that does not ask loses the newest but
 * one: the last one tells how things are. */
static struct save_news *
add_news(struct save *s)
{
    if (s->n_news == NEWS_MAX)
        s->n_news--;
    return &s->news[s->n_news++];
}

static void
place_news(const struct save *s, struct save_news *news)
{
    news->offset = s->file_len;
    memcpy(news->name, s->name, sizeof news->name);
}

/* Tells once that some packets are refused or changed. */
static void
tell_once(struct save *s, enum told what, enum err code, const char *reason)
{
    if (s->told & what)
        return;
    s->told |= what;
    struct save_news *news = add_news(s);
    fill_news(news, SAVE_REFUSED, code, 0, "%s", reason);
    place_news(s, news);
}

/* Something failed; told when it is the first time since it worked. */
static void
fail(struct save *s, enum retry retry, enum err code, int sys_errno,
     const char *what)
{
    s->retry = retry;
    s->failed_ns = s->now_ns;
    s->fail_errno = sys_errno;
    if (s->failing)
        return;
    s->failing = true;
    s->missed = 0;
    struct save_news *news = add_news(s);
    fill_news(news, SAVE_FAILED, code, sys_errno, "%s: %s", what,
              strerror(sys_errno));
    place_news(s, news);
}

static void
resume(struct save *s)
{
    s->failing = false;
    s->retry = RETRY_NOW;
    struct save_news *news = add_news(s);
    fill_news(news, SAVE_RESUMED, ERR_OK, 0,
              "is being written again; %llu packets were not saved",
              (unsigned long long)s->missed);
    place_news(s, news);
    s->missed = 0;
}

bool
save_next_news(struct save *s, struct save_news *out)
{
    if (!s->n_news)
        return false;
    *out = s->news[0];
    memmove(s->news, s->news + 1, --s->n_news * sizeof s->news[0]);
    return true;
}

const struct save_figures *
save_figures(const struct save *s)
{
    return &s->figures;
}

const char *
save_file_name(const struct save *s)
{
    return s->name;
}

/* ---- The ring --------------------------------------------------------- */

/* ENOENT: someone was faster. */
static void
remove_file(struct save *s, const char *name)
{
    if (s->o.remove(s->o.ctx, name) == 0) {
        s->figures.removed++;
    } else if (errno != ENOENT) {
        int sys_errno = errno;
        struct save_news *news = add_news(s);
        fill_news(news, SAVE_NOT_REMOVED, ERR_WRITE, sys_errno,
                  "cannot be removed: %s", strerror(sys_errno));
        snprintf(news->name, sizeof news->name, "%s", name);
    }
}

/*
 * Puts the file into the ring, once, and removes the oldest for it.  Not
 * before something is in the file, so that files which stay empty (a disk that
 * fails) do not push out all that is good; or when its room is needed.
 */
static void
turn_ring(struct save *s)
{
    if (!s->o.ring_files || s->in_ring)
        return;
    char **slot = &s->ring[s->ring_next];
    s->in_ring = true;
    s->ring_next = (s->ring_next + 1) % s->o.ring_files;
    if (*slot)
        remove_file(s, *slot);
    free(*slot);
    /* Without memory that file stays, which is better than to stop. */
    *slot = strdup(s->name);
}

/* ---- Bytes to the file ------------------------------------------------ */

/* Returns how many bytes the system took; *sys_errno is 0 when all. */
static size_t
write_all(int fd, struct slice bytes, int *sys_errno)
{
    size_t done = 0;
    *sys_errno = 0;
    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            *sys_errno = n == 0 ? EIO : errno;
            break;
        }
    }
    return done;
}

/* Cuts the file to len bytes, of which it has more, and goes on there. */
static bool
cut_file(int fd, uint64_t len)
{
    int rc;
    do
        rc = ftruncate(fd, (off_t)len);
    while (rc < 0 && errno == EINTR);
    return rc == 0 && lseek(fd, (off_t)len, SEEK_SET) == (off_t)len;
}

/* The format's memory of a file whose header is not there (any more). */
static void
forget_header(struct save *s)
{
    s->started = false;
    save_pcap_free(s->pcap);
    s->pcap = NULL;
}

/* Empties the buffer of what has been written or is lost, and gives back what
 * a giant packet needed. */
static void
clear_buffer(struct save *s)
{
    buf_clear(&s->buf);
    s->figures.waiting = s->figures.waiting_bytes = 0;
    if (s->buf.cap > 4 * SAVE_BUFFER_LEN)
        buf_fini(&s->buf);
}

/* The system took only the first len bytes of the buffer. */
static void
flush_failed(struct save *s, size_t len, int sys_errno)
{
    struct slice taken = slice_head(buf_slice(&s->buf), len);
    struct save_scan scan = s->o.format == SAVE_PCAP
                                ? save_pcap_scan(taken, s->file_len == 0)
                                : save_pcapng_scan(taken);
    struct save_figures *f = &s->figures;
    bool whole = scan.len == len || cut_file(s->fd, s->file_len + scan.len);
    bool no_room = sys_errno == ENOSPC || sys_errno == EDQUOT;
    uint64_t lost = f->waiting - scan.n_packets;
    s->file_len += scan.len;
    f->bytes += scan.len;
    f->saved += scan.n_packets;
    f->unsaved += lost;
    clear_buffer(s);
    s->ifaces_in_file += scan.n_ifaces;
    save_ifaces_undeclare(&s->ifaces, s->ifaces_in_file);
    if (s->file_len == 0)
        forget_header(s);
    if (s->file_len || no_room)
        turn_ring(s);
    fail(s, whole && no_room ? RETRY_LATER : RETRY_NEVER, ERR_WRITE, sys_errno,
         err_text(ERR_WRITE));
    s->missed += lost;
}

void
save_flush(struct save *s)
{
    struct save_figures *f = &s->figures;
    if (s->fd < 0 || !s->buf.len)
        return;
    int sys_errno;
    size_t len = write_all(s->fd, buf_slice(&s->buf), &sys_errno);
    if (sys_errno) {
        flush_failed(s, len, sys_errno);
        return;
    }
    s->file_len += len;
    s->ifaces_in_file = s->ifaces.n_declared;
    f->bytes += len;
    f->saved += f->waiting;
    clear_buffer(s);
    turn_ring(s);
    if (s->failing)
        resume(s);
}

/* ---- Records ---------------------------------------------------------- */

/* What a record that did not come about leaves behind is taken back. */
struct mark {
    size_t buf_len;
    uint32_t n_declared;
    bool started;
};

static struct mark
set_mark(const struct save *s)
{
    return (struct mark){s->buf.len, s->ifaces.n_declared, s->started};
}

static void
go_back(struct save *s, const struct mark *m)
{
    s->buf.len = m->buf_len;
    save_ifaces_undeclare(&s->ifaces, m->n_declared);
    if (!m->started)
        forget_header(s);
}

static enum err
start_pcapng(struct save *s)
{
    if (s->started)
        return ERR_OK;
    struct save_pcapng_section section = {
        .comment = s->o.comment,
        .os = *s->os ? s->os : NULL,
        .application = s->o.application,
    };
    enum err e = save_pcapng_put_section(&s->buf, &section);
    s->started = e == ERR_OK;
    return e;
}

static enum err
declare(struct save *s, struct save_iface *i)
{
    if (i->id != SAVE_IFACE_UNDECLARED)
        return ERR_OK;
    struct save_pcapng_iface about = {
        .name = i->has_name ? i->name : NULL,
        .filter = s->o.filter,
        .link = i->key.link,
        .snaplen = i->snaplen,
        .offset_s = i->key.early ? SAVE_PCAPNG_EARLY_S : 0,
    };
    enum err e = save_pcapng_put_iface(&s->buf, &about);
    if (e == ERR_OK)
        save_ifaces_declare(&s->ifaces, i);
    return e;
}

/* Declares interface i of info. */
static enum err
declare_known(struct save *s, const struct source_info *info, size_t i)
{
    struct save_iface_key key = {.source = info->index,
                                 .iface = (uint32_t)i,
                                 .link = info->ifaces[i].link};
    struct save_iface *iface;
    if (key.link > UINT16_MAX)
        return ERR_OK; /* no file can hold its packets */
    enum err e = save_ifaces_get(&s->ifaces, &key, &info->ifaces[i], &iface);
    return e == ERR_OK ? declare(s, iface) : e;
}

/* The interface of p, declared. */
static enum err
iface_of(struct save *s, const struct packet *p, const struct source_info *info,
         struct save_iface **out)
{
    struct save_iface_key key = {.source = p->source,
                                 .iface = p->iface,
                                 .link = p->link,
                                 .early = p->time_ns < 0};
    *out = save_ifaces_find(&s->ifaces, &key);
    if (*out && (*out)->id != SAVE_IFACE_UNDECLARED)
        return ERR_OK;
    enum err e = ERR_OK;
    bool is_known = info && info->index == p->source;
    if (is_known && info->n_ifaces <= DECLARE_ALL_MAX)
        for (size_t i = 0; i < info->n_ifaces && e == ERR_OK; i++)
            e = declare_known(s, info, i);
    if (e == ERR_OK)
        e = save_ifaces_get(&s->ifaces, &key,
                            is_known && p->iface < info->n_ifaces
                                ? &info->ifaces[p->iface]
                                : NULL,
                            out);
    return e == ERR_OK ? declare(s, *out) : e;
}

static enum err
put_pcapng(struct save *s, const struct packet *p,
           const struct source_info *info)
{
    struct save_iface *iface;
    char text[200], *comment = NULL;
    enum err e = start_pcapng(s);
    if (e == ERR_OK)
        e = iface_of(s, p, info, &iface);
    if (e != ERR_OK)
        return e;
    if (s->failing && s->missed) {
        snprintf(text, sizeof text,
                 "%llu packets before this one were not saved: %s",
                 (unsigned long long)s->missed, strerror(s->fail_errno));
        comment = text;
    }
    return save_pcapng_put_packet(&s->buf, p, iface->id,
                                  iface->key.early ? SAVE_PCAPNG_EARLY_S : 0,
                                  comment);
}

static enum err
start_pcap(struct save *s, uint32_t link, uint32_t snaplen)
{
    if (s->started)
        return ERR_OK;
    if (snaplen < PCAP_SNAPLEN)
        snaplen = PCAP_SNAPLEN;
    if (snaplen > SOURCE_PACKET_MAX)
        snaplen = SOURCE_PACKET_MAX;
    enum err e = save_pcap_new(&s->pcap, &s->buf, link, snaplen);
    s->started = e == ERR_OK;
    s->pcap_link = link;
    return e;
}

static enum err
put_pcap(struct save *s, const struct packet *p, const struct source_info *info)
{
    bool is_known =
        info && info->index == p->source && p->iface < info->n_ifaces;
    uint32_t snaplen = is_known ? info->ifaces[p->iface].snaplen : 0;
    if (p->data.len > snaplen)
        snaplen = p->data.len < SOURCE_PACKET_MAX ? (uint32_t)p->data.len
                                                  : SOURCE_PACKET_MAX;
    enum err e = start_pcap(s, p->link, snaplen);
    if (e == ERR_OK)
        e = save_pcap_put_packet(s->pcap, p);
    if (e == ERR_OK && !save_pcap_has_time(p->time_ns))
        tell_once(s, TOLD_TIME, ERR_UNSUPPORTED,
                  "times before 1970 or after 2106 do not fit in a pcap file "
                  "and become the nearest that does; a .pcapng file holds "
                  "them");
    return e;
}

/* Puts the record of p into the buffer, or leaves all as it was. */
static enum err
put_packet(struct save *s, const struct packet *p,
           const struct source_info *info)
{
    struct mark m = set_mark(s);
    enum err e = s->o.format == SAVE_PCAP ? put_pcap(s, p, info)
                                          : put_pcapng(s, p, info);
    if (e != ERR_OK)
        go_back(s, &m);
    else
        s->figures.waiting++;
    s->figures.waiting_bytes = s->buf.len;
    return e;
}

/* ---- Files ------------------------------------------------------------ */

static bool
is_rotating(const struct save_options *o)
{
    return o->rotate_bytes || o->rotate_ns > 0 || o->rotate_packets ||
           o->ring_files;
}

/* Opens the next file; false: it failed. */
static bool
open_file(struct save *s, int64_t time_ns)
{
    int fd = -1;
    errno = ENAMETOOLONG;
    if (!s->numbered)
        memcpy(s->name, s->base, strlen(s->base) + 1);
    if (!s->numbered ||
        save_name_numbered(s->name, s->base, s->number + 1, time_ns))
        fd = s->o.open(s->o.ctx, s->name);
    s->file_len = 0;
    if (fd < 0) {
        fail(s, RETRY_LATER, ERR_OPEN, errno, err_text(ERR_OPEN));
        return false;
    }
    s->fd = fd;
    s->number++;
    s->figures.files++;
    s->file_bytes = s->file_packets = 0;
    s->in_ring = false;
    if (s->o.format == SAVE_PCAPNG && start_pcapng(s) == ERR_OK)
        s->file_bytes = s->buf.len;
    return true;
}

/* The statistics of all interfaces that have some. */
static void
put_all_stats(struct save *s)
{
    for (size_t k = 0; k < s->ifaces.n; k++) {
        struct save_iface *i = s->ifaces.list[k];
        if (!i->has_stats)
            continue;
        struct mark m = set_mark(s);
        if (declare(s, i) != ERR_OK ||
            save_pcapng_put_stats(&s->buf, i->id, &i->stats) != ERR_OK)
            go_back(s, &m);
        if (s->buf.len >= SAVE_BUFFER_LEN)
            save_flush(s);
        if (s->failing)
            return;
    }
}

/* Writes what is due and closes the file. */
static void
end_file(struct save *s)
{
    if (s->fd < 0)
        return;
    save_flush(s);
    if (!s->failing) {
        /* Also a file without packets is one that programs can read. */
        struct mark m = set_mark(s);
        enum err e = s->o.format == SAVE_PCAP ? start_pcap(s, LINK_ETHERNET, 0)
                                              : start_pcapng(s);
        if (e != ERR_OK)
            go_back(s, &m);
        else if (s->o.format == SAVE_PCAPNG)
            put_all_stats(s);
        save_flush(s);
    }
    /* Network file systems keep some errors for the last moment. */
    if (close(s->fd) < 0 && errno != EINTR)
        fail(s, RETRY_NOW, ERR_WRITE, errno, err_text(ERR_WRITE));
    s->fd = -1;
    s->retry = RETRY_NOW;
    if (s->o.ring_files && !s->in_ring)
        remove_file(s, s->name);
    clear_buffer(s);
    forget_header(s);
    s->ifaces_in_file = 0;
    save_ifaces_new_file(&s->ifaces);
}

/* Bytes that p will need in the file, with all that stands behind it. */
static uint64_t
len_with(const struct save *s, const struct packet *p)
{
    if (s->o.format == SAVE_PCAP)
        return SAVE_PCAP_RECORD_LEN + p->data.len;
    return save_pcapng_packet_len(p) +
           (uint64_t)s->n_stats * SAVE_PCAPNG_STATS_MAX;
}

/* Whether p belongs to the next file. */
static bool
is_due(const struct save *s, const struct packet *p)
{
    const struct save_options *o = &s->o;
    if (s->fd < 0 || !s->file_packets)
        return false;
    if (o->rotate_packets && s->file_packets >= o->rotate_packets)
        return true;
    if (o->rotate_bytes && s->file_bytes + len_with(s, p) > o->rotate_bytes)
        return true;
    return o->rotate_ns > 0 && p->time_ns > s->first_ns &&
           (uint64_t)p->time_ns - (uint64_t)s->first_ns >=
               (uint64_t)o->rotate_ns;
}

/* ---- The calls -------------------------------------------------------- */

/* Whether p's link type can stand in the file. */
static bool
has_place(struct save *s, const struct packet *p)
{
    if (p->link > UINT16_MAX) {
        tell_once(s, TOLD_LINK_NUMBER, ERR_UNSUPPORTED,
                  "packets with a link type above 65,535 are not saved: no "
                  "capture file has room for the number");
        return false;
    }
    if (s->o.format != SAVE_PCAP || !s->started || p->link == s->pcap_link)
        return true;
    const char *theirs = link_description(p->link);
    const char *ours = link_description(s->pcap_link);
    char text[sizeof s->news[0].reason];
    snprintf(text, sizeof text,
             "packets of link type %lu (%s) are not saved: a pcap file holds "
             "one link type, here %lu (%s); a .pcapng file holds both",
             (unsigned long)p->link, theirs ? theirs : "unknown",
             (unsigned long)s->pcap_link, ours ? ours : "unknown");
    tell_once(s, TOLD_LINK, ERR_UNSUPPORTED, text);
    return false;
}

static void
tell_refused(struct save *s, enum err e)
{
    if (e == ERR_LIMIT)
        tell_once(s, TOLD_IFACES, e,
                  "packets of more interfaces than 16,384 are not saved");
    else
        tell_once(s, TOLD_MEMORY, e,
                  "some packets are not saved: out of memory");
}

/* Whether writing may be tried with p. */
static bool
is_time(const struct save *s, const struct packet *p)
{
    if (s->retry != RETRY_LATER)
        return s->retry == RETRY_NOW;
    uint64_t passed = p->time_ns > s->failed_ns
                          ? (uint64_t)p->time_ns - (uint64_t)s->failed_ns
                          : (uint64_t)s->failed_ns - (uint64_t)p->time_ns;
    return passed >= RETRY_NS;
}

/* Counts p as lost to a failure.  It counts in the file all the same, so that
 * the next file, which may do better, comes when it would have come. */
static void
miss_packet(struct save *s, const struct packet *p)
{
    s->figures.unsaved++;
    s->missed++;
    if (s->fd >= 0) {
        s->file_bytes += len_with(s, p);
        s->file_packets++;
    }
}

bool
save_is_over(const struct save *s)
{
    return s->o.max_files && s->fd < 0 && s->figures.files >= s->o.max_files;
}

void
save_packet(struct save *s, const struct packet *p,
            const struct source_info *info)
{
    s->figures.given++;
    if (s->closed) {
        s->figures.unsaved++;
        return;
    }
    if (is_due(s, p))
        end_file(s);
    if (save_is_over(s) || !has_place(s, p)) {
        s->figures.unsaved++;
        return;
    }
    s->now_ns = p->time_ns;
    if (!is_time(s, p) || (s->fd < 0 && !open_file(s, p->time_ns))) {
        miss_packet(s, p);
        return;
    }
    size_t before = s->buf.len;
    uint64_t file_bytes = s->file_bytes;
    enum err e = put_packet(s, p, info);
    if (e != ERR_OK) {
        s->figures.unsaved++;
        tell_refused(s, e);
        return;
    }
    if (!s->file_packets++)
        s->first_ns = p->time_ns;
    s->file_bytes = file_bytes + s->buf.len - before;
    if (s->failing || s->buf.len >= SAVE_BUFFER_LEN)
        save_flush(s);
}

void
save_stats(struct save *s, const struct source_info *info, uint32_t iface,
           const struct save_pcapng_stats *stats)
{
    if (iface >= info->n_ifaces || info->ifaces[iface].link > UINT16_MAX)
        return;
    const struct source_iface *about = &info->ifaces[iface];
    struct save_iface_key key = {.source = info->index,
                                 .iface = iface,
                                 .link = about->link};
    struct save_iface *i;
    if (save_ifaces_get(&s->ifaces, &key, about, &i) != ERR_OK)
        return; /* its packets tell */
    s->n_stats += !i->has_stats;
    i->has_stats = true;
    i->stats = *stats;
}

void
save_rotate(struct save *s)
{
    if (s->fd < 0)
        s->retry = RETRY_NOW;
    if (s->fd < 0 || !s->file_packets)
        return;
    end_file(s);
    s->numbered = true;
}

void
save_close(struct save *s)
{
    end_file(s);
    s->closed = true;
}

static void
free_all(struct save *s)
{
    for (uint32_t i = 0; s->ring && i < s->o.ring_files; i++)
        free(s->ring[i]);
    free(s->ring);
    for (size_t i = 0; i < sizeof s->texts / sizeof s->texts[0]; i++)
        free(s->texts[i]);
    free(s->base);
    save_pcap_free(s->pcap);
    save_ifaces_fini(&s->ifaces);
    buf_fini(&s->buf);
    free(s);
}

void
save_free(struct save *s)
{
    if (!s)
        return;
    save_close(s);
    free_all(s);
}

/* A copy of text (or NULL) in *slot, which *out then shows. */
static bool
copy_text(char **slot, const char **out)
{
    if (*out && !(*slot = strdup(*out)))
        return false;
    *out = *slot;
    return true;
}

/* Memory for all that the options need. */
static bool
make_room(struct save *s)
{
    struct save_options *o = &s->o;
    if (o->ring_files && !(s->ring = calloc(o->ring_files, sizeof *s->ring)))
        return false;
    return copy_text(&s->base, &o->name) &&
           copy_text(&s->texts[0], &o->comment) &&
           copy_text(&s->texts[1], &o->application) &&
           copy_text(&s->texts[2], &o->filter) &&
           save_ifaces_init(&s->ifaces) == ERR_OK;
}

static enum err
check_options(const struct save_options *o, struct save_news *news)
{
    assert(o->open && (o->remove || !o->ring_files));
    if (strlen(o->name) >= SAVE_NAME_MAX) {
        fill_news(news, SAVE_FAILED, ERR_LIMIT, ENAMETOOLONG,
                  "a file name of more than %u bytes", SAVE_NAME_MAX - 1);
        return ERR_LIMIT;
    }
    if (o->ring_files > SAVE_RING_MAX) {
        fill_news(news, SAVE_FAILED, ERR_LIMIT, 0,
                  "a ring of more than %u files", SAVE_RING_MAX);
        return ERR_LIMIT;
    }
    if (o->format == SAVE_PCAP && !save_pcap_is_built_in()) {
        fill_news(news, SAVE_FAILED, ERR_UNSUPPORTED, 0,
                  "this wsray was built without libpcap and cannot write "
                  ".pcap; .pcapng it can");
        return ERR_UNSUPPORTED;
    }
    return ERR_OK;
}

enum err
save_new(struct save **out, const struct save_options *o,
         struct save_news *news)
{
    enum err e = check_options(o, news);
    struct save *s = e == ERR_OK ? calloc(1, sizeof *s) : NULL;
    if (s) {
        s->o = *o;
        s->fd = -1;
        s->numbered = is_rotating(o);
        buf_init(&s->buf, BUFFER_MAX);
    }
    if (!s || !make_room(s)) {
        if (s)
            free_all(s);
        if (e == ERR_OK) {
            e = ERR_NOMEM;
            fill_news(news, SAVE_FAILED, e, ENOMEM, "%s", err_text(e));
        }
        snprintf(news->name, sizeof news->name, "%s", o->name);
        return e;
    }
    struct utsname system;
    if (uname(&system) == 0)
        snprintf(s->os, sizeof s->os, "%s %s", system.sysname, system.release);
    tzset();
    if (!s->numbered && !open_file(s, 0)) {
        *news = s->news[0];
        free_all(s);
        return ERR_OPEN;
    }
    *out = s;
    return ERR_OK;
}
