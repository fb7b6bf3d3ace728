/* SPDX-License-Identifier: MIT */
#include "config.h"

#ifdef HAVE_PCAP

#include <assert.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/live_devices.h"
#include "capture/live_parts.h"

/* Fills *error; the reason may be the longer one of a path. */
__attribute__((format(printf, 4, 5))) static enum err
fail(struct source_error *error, enum err code, const char *name,
     const char *format, ...)
{
    va_list args;
    memset(error, 0, sizeof *error);
    error->code = code;
    error->name = name;
    va_start(args, format);
    vsnprintf(error->reason, sizeof error->reason, format, args);
    va_end(args);
    return code;
}

static enum err
fail_memory(struct source_error *error)
{
    return fail(error, ERR_NOMEM, NULL, "%s", err_text(ERR_NOMEM));
}

static enum err
fail_rights(struct source_error *error, const char *name)
{
    char program[256];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n > 0)
        program[n] = '\0';
    return fail(error, ERR_OPEN, name,
                "no right to capture (cap_net_raw): start it as root, or "
                "give the right to it once: "
                "sudo setcap cap_net_raw,cap_net_admin=ep %s",
                n > 0 ? program : "wsray");
}

static enum err
fail_activate(struct source_error *error, const char *name, pcap_t *p,
              int status)
{
    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return fail_rights(error, name);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return fail(error, ERR_OPEN, name,
                    "no such interface; 'wsray interfaces' lists them");
    case PCAP_ERROR_IFACE_NOT_UP:
        return fail(error, ERR_OPEN, name, "the interface is not up");
    case PCAP_ERROR:
        return fail(error, ERR_OPEN, name, "%s", pcap_geterr(p));
    default:
        return fail(error, ERR_OPEN, name, "%s", pcap_statustostr(status));
    }
}

/* libpcap was content (status > 0), but has something to say: the i-th. */
static enum err
keep_warning(struct device *d, size_t i, int status, struct source_error *error)
{
    char **slot = &d->live->warnings[d->index * LIVE_WARNINGS_MAX + i];
    const char *why = pcap_geterr(d->pcap);
    if (*why == '\0' || status != PCAP_WARNING)
        why = pcap_statustostr(status);
    if (asprintf(slot, "%s: %s", d->name, why) < 0) {
        *slot = NULL;
        return fail_memory(error);
    }
    return ERR_OK;
}

static enum err
set_tstamp_type(struct device *d, const char *type, struct source_error *error)
{
    int value = pcap_tstamp_type_name_to_val(type);
    if (value == PCAP_ERROR)
        return fail(error, ERR_USAGE, d->name,
                    "'%.40s' is no time stamp type; pcap-tstamp(7) has them",
                    type);
    int status = pcap_set_tstamp_type(d->pcap, value);
    if (status == PCAP_ERROR_CANTSET_TSTAMP_TYPE)
        status = PCAP_WARNING_TSTAMP_TYPE_NOTSUP; /* it goes on with its own */
    if (status < 0)
        return fail(error, ERR_USAGE, d->name, "%s", pcap_statustostr(status));
    return status > 0 ? keep_warning(d, 0, status, error) : ERR_OK;
}

/* Everything that has to be said before pcap_activate(). */
static enum err
set_up(struct device *d, const struct live_options *o,
       struct source_error *error)
{
    uint64_t buffer_len = o->buffer_len ? o->buffer_len : LIVE_BUFFER_DEFAULT;
    if (buffer_len > INT_MAX)
        buffer_len = INT_MAX;
    pcap_set_snaplen(d->pcap, (int)d->live->snaplen);
    pcap_set_promisc(d->pcap, !o->no_promisc);
    pcap_set_buffer_size(d->pcap, (int)buffer_len);
    pcap_set_timeout(d->pcap, LIVE_RETIRE_MS);
    pcap_set_immediate_mode(d->pcap, o->immediate);
    pcap_set_tstamp_precision(d->pcap, PCAP_TSTAMP_PRECISION_NANO);
    return o->tstamp_type ? set_tstamp_type(d, o->tstamp_type, error) : ERR_OK;
}

static enum err
set_filter(struct device *d, const char *filter, struct source_error *error)
{
    struct bpf_program program;
    if (pcap_compile(d->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fail(error, ERR_USAGE, d->name, "filter '%.100s': %s", filter,
                    pcap_geterr(d->pcap));
    int status = pcap_setfilter(d->pcap, &program);
    pcap_freecode(&program);
    if (status != 0)
        return fail(error, ERR_OPEN, d->name, "filter: %s",
                    pcap_geterr(d->pcap));
    return ERR_OK;
}

/*
 * A packet socket on the loopback device gets each packet twice, once on its
 * way out; libpcap throws that one away, but it takes room in the buffer and
 * counts as received and dropped.  Not asked for, it costs nothing
 * (packet(7): PACKET_IGNORE_OUTGOING, Linux 4.20).
 */
static void
ignore_loopback_copies(const struct device *d)
{
    struct ifreq request;
    int on = 1;
    size_t len = strlen(d->name);
    memset(&request, 0, sizeof request);
    if (len >= sizeof request.ifr_name)
        return;
    memcpy(request.ifr_name, d->name, len);
    if (ioctl(d->fd, SIOCGIFFLAGS, &request) == 0 &&
        (request.ifr_flags & IFF_LOOPBACK))
        (void)setsockopt(d->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
                         sizeof on);
}

/* An activated device: filter, descriptor, facts. */
static enum err
finish_device(struct live *l, struct device *d, const struct live_options *o,
              struct source_error *error)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct source_iface *iface = &l->ifaces[d->index];
    enum err e =
        set_filter(d, o->filter ? o->filter : LIVE_FILTER_DEFAULT, error);
    if (e)
        return e;
    if (pcap_setnonblock(d->pcap, 1, text) != 0)
        return fail(error, ERR_OPEN, d->name, "%s", text);
    d->fd = pcap_get_selectable_fd(d->pcap);
    if (d->fd < 0)
        return fail(error, ERR_UNSUPPORTED, d->name,
                    "this device gives no descriptor to wait for");
    d->link = live_devices_linktype(pcap_datalink(d->pcap));
    d->ns_per_fraction =
        pcap_get_tstamp_precision(d->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1
                                                                         : 1000;
    iface->name = d->name;
    iface->link = d->link;
    iface->snaplen = l->snaplen;
    ignore_loopback_copies(d);
    live_counters_open(&d->counters, d->fd, d->name);
    l->polls[d->index].events = POLLIN;
    d->ready = true;
    return ERR_OK;
}

/* error->name points to the options until live_open() fails. */
static enum err
open_device(struct live *l, size_t i, const struct live_options *o,
            struct source_error *error)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct device *d = &l->devices[i];
    d->live = l;
    d->index = (uint32_t)i;
    d->fd = -1;
    live_counters_init(&d->counters);
    d->name = strdup(o->ifaces[i]);
    if (!d->name)
        return fail_memory(error);
    d->pcap = pcap_create(d->name, text);
    if (!d->pcap)
        return fail(error, ERR_OPEN, d->name, "%s", text);
    enum err e = set_up(d, o, error);
    if (e)
        return e;
    int status = pcap_activate(d->pcap);
    if (status < 0)
        return fail_activate(error, d->name, d->pcap, status);
    if (status > 0) {
        e = keep_warning(d, 1, status, error);
        if (e)
            return e;
    }
    return finish_device(l, d, o, error);
}

/* The memory for n devices and the queue. */
static enum err
make(struct live **out, const struct live_options *o)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->n = o->n_ifaces;
    l->snaplen = o->snaplen && o->snaplen < LIVE_SNAPLEN_MAX ? o->snaplen
                                                             : LIVE_SNAPLEN_MAX;
    l->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->devices = calloc(l->n, sizeof *l->devices);
    l->ifaces = calloc(l->n, sizeof *l->ifaces);
    l->polls = calloc(l->n + 1, sizeof *l->polls);
    l->warnings = calloc(l->n * LIVE_WARNINGS_MAX, sizeof *l->warnings);
    enum err e = l->stop_fd < 0 ? ERR_OPEN : ERR_OK;
    if (!l->devices || !l->ifaces || !l->polls || !l->warnings)
        e = ERR_NOMEM;
    uint32_t record_max =
        l->snaplen > PCAP_ERRBUF_SIZE ? l->snaplen : PCAP_ERRBUF_SIZE;
    if (!e)
        e = packet_ring_new(&l->ring,
                            o->queue_len ? o->queue_len : LIVE_QUEUE_DEFAULT,
                            record_max);
    if (e) {
        live_free(l);
        return e;
    }
    l->polls[l->n].events = POLLIN;
    l->info.name = "live";
    l->info.format = "live";
    l->info.n_ifaces = l->n;
    l->info.ifaces = l->ifaces;
    *out = l;
    return ERR_OK;
}

enum err
live_open(struct live **out, const struct live_options *options,
          struct source_error *error)
{
    struct live *l = NULL;
    assert(options->n_ifaces > 0 && options->n_ifaces <= INT32_MAX);
    enum err e = make(&l, options);
    if (e)
        return fail(error, e, NULL, "%s", err_text(e));
    while (l->n_open < l->n && !e)
        e = open_device(l, l->n_open++, options, error);
    if (e) {
        if (error->name)
            error->name = options->ifaces[l->n_open - 1];
        l->n = l->n_open;
        live_free(l);
        return e;
    }
    if (l->n == 1)
        l->info.name = l->devices[0].name;
    *out = l;
    return ERR_OK;
}

const char *
live_warning(const struct live *l, size_t i)
{
    for (size_t k = 0; k < l->n * LIVE_WARNINGS_MAX; k++)
        if (l->warnings[k] && i-- == 0)
            return l->warnings[k];
    return NULL;
}

const char *
live_library(void)
{
    return pcap_lib_version();
}

#endif /* HAVE_PCAP */
