/* SPDX-License-Identifier: MIT */
/*
 * live_parts.h - what live_open.c makes and live.c works with.  For these two.
 */
#ifndef CAPTURE_LIVE_PARTS_H
#define CAPTURE_LIVE_PARTS_H

#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/live.h"
#include "capture/live_counters.h"
#include "capture/packet_ring.h"

/* What libpcap can remark on a device: its time stamps, the rest. */
#define LIVE_WARNINGS_MAX 2u

struct device {
    struct live *live;
    pcap_t *pcap; /* once started, the capture thread's */
    char *name;
    int fd; /* pcap's, to poll; -1: the device is gone */
    uint32_t index;
    uint32_t link;
    int64_t ns_per_fraction; /* of the time stamps: 1 or 1000 */

    /* The capture thread's. */
    bool ready;     /* may have packets */
    bool past_stop; /* brought one from after live_stop() */
    unsigned empty; /* times in a row it was ready with nothing */
    int64_t rest_until_ns;
    int64_t down_ns; /* since when the interface is down; 0: it is up */
    bool told_down;
    uint64_t dropped_told; /* of dropped, on their way in records */

    /* Written by the capture thread, read by any. */
    atomic_uint_least64_t received;
    atomic_uint_least64_t dropped;
    atomic_uint_least64_t ifdropped;

    struct live_counters counters; /* once started, the capture thread's */
};

struct live {
    struct device *devices;
    struct source_iface *ifaces;
    struct pollfd *polls; /* one for each device, then stop_fd */
    char **warnings;      /* LIVE_WARNINGS_MAX for each device; NULL: none */
    size_t n;             /* devices */
    size_t n_open;        /* of them, pcap is set */
    struct source_info info;
    struct packet_ring *ring;
    uint32_t snaplen;
    uint64_t n_packets;
    pthread_t thread;
    bool started;
    bool abandoned; /* the capture thread's: nobody takes packets any more */
    int stop_fd;
    atomic_int_least64_t stop_ns; /* time of live_stop(); 0: not yet */
};

#endif /* CAPTURE_LIVE_PARTS_H */
