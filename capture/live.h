/* SPDX-License-Identifier: MIT */
/*
 * live.h - packets from interfaces, through libpcap.
 *
 *     devices -> kernel buffers -> capture thread -> packet_ring -> live_next()
 *
 * One thread of its own reads all devices and does nothing but copy what they
 * bring into the queue, where the decoding thread takes it.  Nothing is
 * dropped in between: while the queue is full the thread reads no more, the
 * kernel's buffer of each device fills, and the kernel drops and counts.
 *
 * Devices are opened by live_open(); what needs rights or opens a file happens
 * there.  The thread starts in live_start() and needs no right at all.  It
 * makes these system calls (strace, libpcap 1.10.3 and glibc 2.36, interfaces
 * going down and away), which a filter has to let through:
 *
 *     poll read write            on descriptors that are open already
 *     pread64                    counters in sysfs
 *     getsockopt                 PACKET_STATISTICS, SO_ERROR
 *     getsockname ioctl          SIOCGIFFLAGS: libpcap asks whether a device
 *                                that went down is gone
 *     clock_gettime              where the vDSO has none
 *     rseq set_robust_list rt_sigprocmask madvise exit
 *                                its own beginning and end
 *
 * live_free() adds setsockopt, munmap, close and futex in the caller's thread,
 * live_start() clone3 (or clone), mmap and mprotect.
 *
 * Packets of one interface come in the order of the kernel.  Between
 * interfaces they may change places by as much as a kernel block waits
 * (LIVE_RETIRE_MS).
 *
 * Does not look inside packets.  Without libpcap everything compiles, and
 * live_open() says that it is missing.
 */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/packet.h"
#include "capture/source.h"

struct live;

/* Bytes of a packet that are captured when the user does not say: all, as
 * libpcap and tcpdump have it; more is not possible. */
#define LIVE_SNAPLEN_MAX 262144u
/* Kernel buffer of each device, bytes. */
#define LIVE_BUFFER_DEFAULT (UINT64_C(64) << 20)
/* Queue between the threads, bytes. */
#define LIVE_QUEUE_DEFAULT (UINT64_C(16) << 20)
/* How long the kernel keeps packets to hand them over together. */
#define LIVE_RETIRE_MS 10
/* What is captured when the user does not say. */
#define LIVE_FILTER_DEFAULT "tcp"

struct live_options {
    const char *const *ifaces; /* names, as of live_devices.h, or "any" */
    size_t n_ifaces;           /* >= 1 */
    const char *filter;        /* pcap-filter(7); NULL: LIVE_FILTER_DEFAULT,
                                  "": everything */
    uint32_t snaplen;          /* bytes; 0 = LIVE_SNAPLEN_MAX */
    bool no_promisc;           /* leave the interfaces as they are */
    bool immediate;            /* hand packets over one by one, at the price of
                                  a wake-up each */
    const char *tstamp_type;   /* pcap-tstamp(7); NULL: the usual */
    uint64_t buffer_len;       /* bytes; 0 = LIVE_BUFFER_DEFAULT */
    uint64_t queue_len;        /* bytes; 0 = LIVE_QUEUE_DEFAULT; raised to hold
                                  four packets */
};

/*
 * Opens all devices; from here on the kernel captures.  Takes the rights to
 * capture (CAP_NET_RAW).  The options are not needed afterwards.
 *
 * On failure *error tells, its name being the device's as in the options, or
 * NULL when it is about none: ERR_USAGE (filter, time stamp type), ERR_OPEN
 * (no such device, it is down, no right), ERR_UNSUPPORTED, ERR_NOMEM.
 */
ERR_CHECK enum err live_open(struct live **out,
                             const struct live_options *options,
                             struct source_error *error);

/* What libpcap had to remark when opening ("any: promiscuous mode is not
 * ..."), i = 0, 1, ...; NULL: no more.  Lives until live_free(). */
const char *live_warning(const struct live *l, size_t i);

/* Starts the capture thread, with all signals blocked in it.  Once.
 * ERR_NOMEM: the system does not give a thread. */
ERR_CHECK enum err live_start(struct live *l);

/*
 * Takes the next packet; its bytes live until the next call.  Waits up to
 * wait_ms while there is none: 0 = not at all, negative = for ever.  Between
 * live_start() and live_free(), from one thread.
 *
 * SOURCE_ERROR  a device failed or disappeared; the others go on.  Or it went
 *               down, or is up again after that: it goes on too.  The name in
 *               *error lives until live_free().
 * SOURCE_IDLE   nothing came in time, or a signal came.
 * SOURCE_END    no device is left, or live_stop(); all was handed out.
 */
enum source_step live_next(struct live *l, struct packet *out, int wait_ms,
                           struct source_error *error);

/* Ends the capture.  What arrived before is still handed out.  May be called
 * from any thread and from signal handlers, more than once. */
void live_stop(struct live *l);

/* Figures since live_open().  The kernel's are read four times a second by
 * the capture thread, and at its end. */
struct live_stats {
    uint64_t received;  /* passed the filter, dropped ones included.  The "any"
                           device sees packets over loopback twice. */
    uint64_t dropped;   /* by the kernel: its buffer was full */
    uint64_t ifdropped; /* by the interface or its driver */
    uint64_t queue_len; /* bytes that wait between the threads */
    uint64_t queue_peak_len;
    uint64_t queue_capacity;
    uint64_t waits; /* times the capture thread waited for room */
};

/* Of all interfaces; from the decoding thread at any time. */
struct live_stats live_stats(const struct live *l);

/* The kernel's figures of one interface (< source_info.n_ifaces); those of
 * the queue are 0. */
struct live_stats live_iface_stats(const struct live *l, size_t iface);

/*
 * The whole capture as one source: name "live", or the device's when there is
 * only one, format "live", all interfaces from the start, bytes_read those
 * handed out.  packet.iface is an index of its ifaces.  Lives until
 * live_free(), and counts on with live_next().
 */
const struct source_info *live_info(const struct live *l);

/* The packet socket of one interface (< source_info.n_ifaces): nothing may be
 * written to it, for that would be sent.  -1: it has none. */
int live_socket(const struct live *l, size_t iface);

/* Ends the capture without waiting for anyone, and closes the devices. */
void live_free(struct live *l);

/* "libpcap version 1.10.3", for --version; NULL without libpcap.  Static. */
const char *live_library(void);

#endif /* CAPTURE_LIVE_H */
