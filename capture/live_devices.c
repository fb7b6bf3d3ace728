/* SPDX-License-Identifier: MIT */
#include "capture/live_devices.h"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_PCAP
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <sys/socket.h>

/* All memory hangs on the list of libpcap and on the arrays of each device. */
struct live_devices {
    struct live_device *list;
    size_t n;
    pcap_if_t *found;
};

static enum err
fail(struct source_error *error, enum err code, const char *reason)
{
    memset(error, 0, sizeof *error);
    error->code = code;
    snprintf(error->reason, sizeof error->reason, "%s", reason);
    return code;
}

uint32_t
live_devices_linktype(int dlt)
{
    switch (dlt) {
    case DLT_ATM_RFC1483:
        return 100;
    case DLT_RAW:
        return 101;
    case DLT_SLIP_BSDOS:
        return 102;
    case DLT_PPP_BSDOS:
        return 103;
    case DLT_PFSYNC:
        return 246;
    default:
        return (uint32_t)dlt;
    }
}

/* The IP address in a socket address; family 0: it is none. */
static struct addr
addr_of(const struct sockaddr *sa)
{
    struct addr a;
    memset(&a, 0, sizeof a);
    if (sa && sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        memcpy(a.bytes, &in.sin_addr, 4);
        a.family = 4;
    } else if (sa && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        memcpy(a.bytes, &in6.sin6_addr, 16);
        a.family = 6;
    }
    return a;
}

/* The ones that a netmask starts with. */
static uint8_t
prefix_of(const struct sockaddr *netmask, uint8_t family)
{
    struct addr mask = addr_of(netmask);
    unsigned bits = family == 4 ? 32 : 128, n = 0;
    if (mask.family != family)
        return (uint8_t)bits;
    while (n < bits && mask.bytes[n / 8] & 0x80u >> n % 8)
        n++;
    return (uint8_t)n;
}

static bool
add_addrs(struct live_device *d, const pcap_if_t *found)
{
    size_t n = 0;
    for (const pcap_addr_t *a = found->addresses; a; a = a->next)
        n++;
    struct live_address *addrs = calloc(n + 1, sizeof *addrs);
    if (!addrs)
        return false;
    d->addrs = addrs;
    for (const pcap_addr_t *a = found->addresses; a; a = a->next) {
        struct addr addr = addr_of(a->addr);
        if (addr.family == 0)
            continue;
        addrs[d->n_addrs].addr = addr;
        addrs[d->n_addrs++].prefix_len = prefix_of(a->netmask, addr.family);
    }
    return true;
}

/* The link types of an open device. */
static bool
add_links(struct live_device *d, pcap_t *p)
{
    int *dlts = NULL;
    int n = pcap_list_datalinks(p, &dlts);
    if (n <= 0)
        return true;
    uint32_t *links = calloc((size_t)n, sizeof *links);
    if (!links) {
        pcap_free_datalinks(dlts);
        return false;
    }
    d->links = links;
    int usual = pcap_datalink(p);
    links[d->n_links++] = live_devices_linktype(usual);
    for (int i = 0; i < n && d->n_links < (size_t)n; i++)
        if (dlts[i] != usual)
            links[d->n_links++] = live_devices_linktype(dlts[i]);
    pcap_free_datalinks(dlts);
    return true;
}

/* Opens the device for a moment.  False: no memory. */
static bool
find_links(struct live_device *d)
{
    char text[PCAP_ERRBUF_SIZE];
    pcap_t *p = pcap_create(d->name, text);
    bool done = true;
    if (!p)
        return true;
    pcap_set_buffer_size(p, 1 << 16);
    if (pcap_activate(p) >= 0)
        done = add_links(d, p);
    pcap_close(p);
    return done;
}

static bool
add_device(struct live_device *d, const pcap_if_t *found, bool links)
{
    static const enum live_connection connections[] = {LIVE_CONNECTION_UNKNOWN,
                                                       LIVE_CONNECTED,
                                                       LIVE_DISCONNECTED,
                                                       LIVE_CONNECTION_NONE};
    d->name = found->name;
    d->description = found->description;
    d->up = found->flags & PCAP_IF_UP;
    d->running = found->flags & PCAP_IF_RUNNING;
    d->loopback = found->flags & PCAP_IF_LOOPBACK;
    d->wireless = found->flags & PCAP_IF_WIRELESS;
    d->connection =
        connections[(found->flags & PCAP_IF_CONNECTION_STATUS) >> 4];
    return add_addrs(d, found) && (!links || find_links(d));
}

enum err
live_devices_new(struct live_devices **out, bool links,
                 struct source_error *error)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct live_devices *l = calloc(1, sizeof *l);
    size_t n = 0;
    if (!l)
        return fail(error, ERR_NOMEM, err_text(ERR_NOMEM));
    if (pcap_findalldevs(&l->found, text) != 0) {
        live_devices_free(l);
        return fail(error, ERR_OPEN, text);
    }
    for (const pcap_if_t *p = l->found; p; p = p->next)
        n++;
    l->list = calloc(n + 1, sizeof *l->list);
    bool done = l->list != NULL;
    for (const pcap_if_t *p = l->found; p && done; p = p->next)
        done = add_device(&l->list[l->n++], p, links);
    if (!done) {
        live_devices_free(l);
        return fail(error, ERR_NOMEM, err_text(ERR_NOMEM));
    }
    *out = l;
    return ERR_OK;
}

void
live_devices_free(struct live_devices *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++) {
        free((void *)(uintptr_t)l->list[i].addrs);
        free((void *)(uintptr_t)l->list[i].links);
    }
    free(l->list);
    if (l->found)
        pcap_freealldevs(l->found);
    free(l);
}

const struct live_device *
live_devices_list(const struct live_devices *l, size_t *n)
{
    *n = l->n;
    return l->list;
}

#else

uint32_t
live_devices_linktype(int dlt)
{
    return (uint32_t)dlt;
}

enum err
live_devices_new(struct live_devices **out, bool links,
                 struct source_error *error)
{
    (void)out;
    (void)links;
    memset(error, 0, sizeof *error);
    error->code = ERR_UNSUPPORTED;
    snprintf(error->reason, sizeof error->reason,
             "this wsray was built without libpcap");
    return ERR_UNSUPPORTED;
}

void
live_devices_free(struct live_devices *l)
{
    (void)l;
}

const struct live_device *
live_devices_list(const struct live_devices *l, size_t *n)
{
    (void)l;
    *n = 0;
    return NULL;
}

#endif
