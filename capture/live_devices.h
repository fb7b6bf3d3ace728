/* SPDX-License-Identifier: MIT */
/*
 * live_devices.h - the devices that can be captured on: pcap_findalldevs.
 *
 * Names and descriptions come from the system and from drivers: untrusted
 * bytes.  Opens devices only when link types are asked for.
 */
#ifndef CAPTURE_LIVE_DEVICES_H
#define CAPTURE_LIVE_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "capture/source.h"

/* Whether a device is connected; for wireless ones, to a network. */
enum live_connection {
    LIVE_CONNECTION_UNKNOWN = 0,
    LIVE_CONNECTED,
    LIVE_DISCONNECTED,
    LIVE_CONNECTION_NONE, /* it has nothing to be connected to, as loopback */
};

struct live_address {
    struct addr addr;
    uint8_t prefix_len; /* bits; all of them when there is no netmask */
};

struct live_device {
    const char *name;
    const char *description; /* NULL: none */
    const struct live_address *addrs;
    size_t n_addrs;
    const uint32_t *links; /* LINKTYPE_ values; the first is the usual one */
    size_t n_links;        /* 0 = unknown */
    enum live_connection connection;
    bool up;
    bool running;
    bool loopback;
    bool wireless;
};

struct live_devices;

/*
 * Lists the devices.  links: also opens each for a moment to see its link
 * types; they stay unknown where the right to do so is missing.
 *
 * ERR_NOMEM, ERR_UNSUPPORTED (built without libpcap), ERR_OPEN: *error tells,
 * its name being NULL.
 */
ERR_CHECK enum err live_devices_new(struct live_devices **out, bool links,
                                    struct source_error *error);
void live_devices_free(struct live_devices *l);

/* All of them, as libpcap orders them: the most useful ones first.  Lives
 * until live_devices_free(). */
const struct live_device *live_devices_list(const struct live_devices *l,
                                            size_t *n);

/*
 * libpcap's DLT_ value as a LINKTYPE_ value: they differ by system and for a
 * few types (dlt_to_linktype_map in libpcap's pcap-common.c).
 */
uint32_t live_devices_linktype(int dlt);

#endif /* CAPTURE_LIVE_DEVICES_H */
