/* SPDX-License-Identifier: MIT */
/*
 * live_counters.h - packets that kernel and interface count, received and
 * lost, for one device of a live capture.
 *
 * Everything is opened before a sandbox closes; reading opens nothing.
 */
#ifndef CAPTURE_LIVE_COUNTERS_H
#define CAPTURE_LIVE_COUNTERS_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

/* Interface counters in sysfs that tell packets the hardware lost. */
#define LIVE_COUNTERS_FILES 2u

/* Embed it; the members are for live_counters.c. */
struct live_counters {
    int fd;            /* the packet socket's, borrowed */
    bool socket_stats; /* ask the socket, not libpcap */
    struct pcap_stat pcap_seen;
    int fds[LIVE_COUNTERS_FILES]; /* -1: there is none */
    uint64_t seen[LIVE_COUNTERS_FILES];
};

/* What came on top, packets. */
struct live_counted {
    uint64_t received; /* with those dropped */
    uint64_t dropped;  /* by the kernel */
    uint64_t ifdropped;
};

/* Nothing is open yet; live_counters_close() may follow. */
void live_counters_init(struct live_counters *c);

/* Opens what there is for device name, whose descriptor is fd. */
void live_counters_open(struct live_counters *c, int fd, const char *name);

/* What was counted since the last call, or since the device was opened. */
struct live_counted live_counters_take(struct live_counters *c, pcap_t *pcap);

void live_counters_close(struct live_counters *c);

#endif /* CAPTURE_LIVE_COUNTERS_H */
