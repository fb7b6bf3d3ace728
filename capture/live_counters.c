/* SPDX-License-Identifier: MIT */
#include "config.h"

#ifdef HAVE_PCAP

#include "capture/live_counters.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Those that pcap_stats(3pcap) reads for ps_ifdrop. */
static const char *const names[LIVE_COUNTERS_FILES] = {"rx_missed_errors",
                                                       "rx_fifo_errors"};

void
live_counters_init(struct live_counters *c)
{
    *c = (struct live_counters){.fd = -1};
    for (size_t i = 0; i < LIVE_COUNTERS_FILES; i++)
        c->fds[i] = -1;
}

/* The counter behind fd; last when it cannot be read. */
static uint64_t
read_counter(int fd, uint64_t last)
{
    char text[32];
    ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return last;
    text[n] = '\0';
    return strtoull(text, NULL, 10);
}

static uint64_t
take_ifdropped(struct live_counters *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LIVE_COUNTERS_FILES; i++) {
        uint64_t v = read_counter(c->fds[i], c->seen[i]);
        if (v > c->seen[i])
            sum += v - c->seen[i];
        c->seen[i] = v;
    }
    return sum;
}

/* packet(7): PACKET_STATISTICS; reading resets, packets include drops.  False:
 * it is not a packet socket. */
static bool
take_socket_stats(int fd, struct live_counted *out)
{
    struct tpacket_stats_v3 s;
    socklen_t len = sizeof s;
    memset(&s, 0, sizeof s);
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) != 0)
        return false;
    out->received += s.tp_packets;
    out->dropped += s.tp_drops;
    return true;
}

/* The same from libpcap, whose counters wrap at 32 bits. */
static void
take_pcap_stats(struct live_counters *c, pcap_t *pcap, struct live_counted *out)
{
    struct pcap_stat s;
    if (pcap_stats(pcap, &s) != 0)
        return;
    out->received += (uint32_t)(s.ps_recv - c->pcap_seen.ps_recv);
    out->dropped += (uint32_t)(s.ps_drop - c->pcap_seen.ps_drop);
    c->pcap_seen = s;
}

/*
 * Not by pcap_stats(3pcap) where it can be helped: on Linux that opens files
 * in sysfs each time (linux_if_drops() in libpcap 1.10), which a sandbox
 * forbids.  The socket's counters are then ours alone.
 */
struct live_counted
live_counters_take(struct live_counters *c, pcap_t *pcap)
{
    struct live_counted out = {0, 0, 0};
    if (!c->socket_stats)
        take_pcap_stats(c, pcap, &out);
    else if (!take_socket_stats(c->fd, &out))
        return out;
    out.ifdropped = take_ifdropped(c);
    return out;
}

/* Whether fd is a packet socket; asks for nothing that reading resets. */
static bool
is_packet_socket(int fd)
{
    int version;
    socklen_t len = sizeof version;
    return getsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, &len) == 0;
}

void
live_counters_open(struct live_counters *c, int fd, const char *name)
{
    char path[128];
    c->fd = fd;
    c->socket_stats = is_packet_socket(fd);
    for (size_t i = 0; i < LIVE_COUNTERS_FILES; i++) {
        int n = snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s",
                         name, names[i]);
        if (n < (int)sizeof path && !strchr(name, '/'))
            c->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        c->seen[i] = read_counter(c->fds[i], 0);
    }
}

void
live_counters_close(struct live_counters *c)
{
    for (size_t i = 0; i < LIVE_COUNTERS_FILES; i++)
        if (c->fds[i] >= 0)
            close(c->fds[i]);
    live_counters_init(c);
}

#endif /* HAVE_PCAP */
