/* SPDX-License-Identifier: MIT */
/* live.h without libpcap: there never is a struct live. */
#include "config.h"

#ifndef HAVE_PCAP

#include "capture/live.h"

#include <stdio.h>
#include <string.h>

enum err
live_open(struct live **out, const struct live_options *options,
          struct source_error *error)
{
    (void)out;
    memset(error, 0, sizeof *error);
    error->code = ERR_UNSUPPORTED;
    error->name = options->n_ifaces ? options->ifaces[0] : NULL;
    snprintf(error->reason, sizeof error->reason,
             "this wsray was built without libpcap");
    return ERR_UNSUPPORTED;
}

const char *
live_warning(const struct live *l, size_t i)
{
    (void)l;
    (void)i;
    return NULL;
}

enum err
live_start(struct live *l)
{
    (void)l;
    return ERR_UNSUPPORTED;
}

enum source_step
live_next(struct live *l, struct packet *out, int wait_ms,
          struct source_error *error)
{
    (void)l;
    (void)out;
    (void)wait_ms;
    (void)error;
    return SOURCE_END;
}

void
live_stop(struct live *l)
{
    (void)l;
}

struct live_stats
live_stats(const struct live *l)
{
    (void)l;
    return (struct live_stats){0};
}

struct live_stats
live_iface_stats(const struct live *l, size_t iface)
{
    (void)iface;
    return live_stats(l);
}

int
live_socket(const struct live *l, size_t iface)
{
    (void)l;
    (void)iface;
    return -1;
}

const struct source_info *
live_info(const struct live *l)
{
    static const struct source_info none;
    (void)l;
    return &none;
}

void
live_free(struct live *l)
{
    (void)l;
}

const char *
live_library(void)
{
    return NULL;
}

#endif /* !HAVE_PCAP */
