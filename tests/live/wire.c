/* SPDX-License-Identifier: MIT */
/*
 * wire PID-A PID-B [NAME=VALUE...] - a bad wire between two network
 * namespaces, those of the processes A and B.
 *
 * Makes a TUN device "wire0" in each and carries whole IP packets between
 * them, badly.  A TUN device gets finished packets: checksums filled in, one
 * segment each (no segmentation offload), so what tcpdump sees on it is what
 * goes over the wire.  Prints "ready" when both devices are there (the caller
 * gives them addresses), works until SIGTERM, then prints what it did.
 *
 *   loss, duplicate, corrupt, reorder   percent of the packets
 *   burst       percent of the packets that start a burst of losses
 *               (it goes on with 7 in 8 after each packet: 8 in the mean)
 *   delay       of each packet, in milliseconds
 *   hold        further delay of a reordered packet, in milliseconds (3)
 *   corrupt_to  a or b: only what goes there is corrupted
 *   seed        of the random numbers
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_MAX = 65536, QUEUE_MAX = 16384 };

/* A packet on its way; a list sorted by the time it is due. */
struct packet {
    struct packet *next;
    uint64_t due_ns;
    size_t len;
    unsigned to; /* index of the device */
    uint8_t bytes[];
};

struct wire {
    double loss, burst, duplicate, corrupt, reorder; /* percent */
    double delay, hold;                              /* milliseconds */
    int corrupt_to;                                  /* device, -1: both */
    uint64_t random;
    int tun[2];
    bool in_burst[2];
    struct packet *first, *last;
    unsigned n_queued;
    unsigned carried, lost, duplicated, corrupted, reordered, overflowed;
};

static volatile sig_atomic_t stopped;

static void
stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void
die(const char *what)
{
    fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* splitmix64 (Steele, Lea, Flood 2014): a run's decisions can be repeated. */
static uint64_t
wire_random(struct wire *w)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool
wire_chance(struct wire *w, double percent)
{
    return (double)(wire_random(w) >> 11) / 9007199254740992.0 * 100 < percent;
}

static int
open_tun(const char *pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
    int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
        die(path);
    close(ns);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_name = "wire0"};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
        die("/dev/net/tun");
    return fd;
}

/* Sends bytes to device `to` after delay_ms; packets due at the same time
 * keep their order. */
static void
wire_enqueue(struct wire *w, unsigned to, const uint8_t *bytes, size_t len,
             double delay_ms)
{
    if (w->n_queued == QUEUE_MAX) {
        w->overflowed++;
        return;
    }
    struct packet *p = malloc(sizeof(*p) + len);
    if (!p)
        die("memory");
    *p = (struct packet){
        .due_ns = now_ns() + (uint64_t)(delay_ms * 1e6),
        .len = len,
        .to = to,
    };
    memcpy(p->bytes, bytes, len);
    w->n_queued++;
    if (!w->last || w->last->due_ns <= p->due_ns) {
        *(w->last ? &w->last->next : &w->first) = p;
        w->last = p;
        return;
    }
    struct packet **at = &w->first;
    while ((*at)->due_ns <= p->due_ns)
        at = &(*at)->next;
    p->next = *at;
    *at = p;
}

/* What happens to a packet: all of it is decided here. */
static void
wire_carry(struct wire *w, unsigned to, uint8_t *bytes, size_t len)
{
    w->carried++;
    w->in_burst[to] =
        w->in_burst[to] ? wire_chance(w, 87.5) : wire_chance(w, w->burst);
    if (w->in_burst[to] || wire_chance(w, w->loss)) {
        w->lost++;
        return;
    }
    double delay = w->delay;
    if (wire_chance(w, w->reorder)) {
        w->reordered++;
        delay += w->hold;
    }
    if (wire_chance(w, w->duplicate)) {
        w->duplicated++;
        wire_enqueue(w, to, bytes, len, delay);
    }
    if ((w->corrupt_to < 0 || (unsigned)w->corrupt_to == to) &&
        wire_chance(w, w->corrupt)) {
        w->corrupted++;
        bytes[wire_random(w) % len] ^= (uint8_t)(1 << wire_random(w) % 8);
    }
    wire_enqueue(w, to, bytes, len, delay);
}

static void
wire_receive(struct wire *w, unsigned from)
{
    static uint8_t bytes[PACKET_MAX];
    /* Not for ever: what is due must go out. */
    for (int i = 0; i < 64; i++) {
        ssize_t len = read(w->tun[from], bytes, sizeof(bytes));
        if (len <= 0)
            return;
        wire_carry(w, from ^ 1, bytes, (size_t)len);
    }
}

static void
wire_send_due(struct wire *w)
{
    uint64_t now = now_ns();
    while (w->first && w->first->due_ns <= now) {
        struct packet *p = w->first;
        w->first = p->next;
        if (!w->first)
            w->last = NULL;
        w->n_queued--;
        /* A corrupted IP header is refused here: that packet is lost. */
        if (write(w->tun[p->to], p->bytes, p->len) < 0 && errno == EBADFD)
            die("write");
        free(p);
    }
}

static void
wire_run(struct wire *w)
{
    struct pollfd fds[2] = {
        {.fd = w->tun[0], .events = POLLIN},
        {.fd = w->tun[1], .events = POLLIN},
    };
    while (!stopped) {
        struct timespec wait = {.tv_nsec = 200000000};
        uint64_t now = now_ns();
        if (w->first && w->first->due_ns < now + 200000000)
            wait.tv_nsec =
                w->first->due_ns > now ? (long)(w->first->due_ns - now) : 0;
        int n = ppoll(fds, 2, &wait, NULL);
        if (n < 0 && errno != EINTR)
            die("poll");
        for (unsigned i = 0; i < 2 && n > 0; i++)
            if (fds[i].revents)
                wire_receive(w, i);
        wire_send_due(w);
    }
}

static void
wire_option(struct wire *w, const char *option)
{
    const struct {
        const char *name;
        double *value;
    } numbers[] = {
        {"loss=", &w->loss},       {"burst=", &w->burst},
        {"corrupt=", &w->corrupt}, {"duplicate=", &w->duplicate},
        {"reorder=", &w->reorder}, {"delay=", &w->delay},
        {"hold=", &w->hold},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        size_t len = strlen(numbers[i].name);
        if (strncmp(option, numbers[i].name, len) == 0) {
            *numbers[i].value = strtod(option + len, NULL);
            return;
        }
    }
    if (strncmp(option, "corrupt_to=", 11) == 0) {
        w->corrupt_to = option[11] == 'b';
    } else if (strncmp(option, "seed=", 5) == 0) {
        w->random = strtoull(option + 5, NULL, 10);
    } else {
        fprintf(stderr, "wire: unknown option %s\n", option);
        exit(2);
    }
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: wire PID-A PID-B [NAME=VALUE...]\n", stderr);
        return 2;
    }
    struct wire w = {.hold = 3, .corrupt_to = -1};
    for (int i = 3; i < argc; i++)
        wire_option(&w, argv[i]);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    for (int i = 0; i < 2; i++)
        w.tun[i] = open_tun(argv[1 + i]);
    puts("ready");
    fflush(stdout);
    wire_run(&w);
    printf("%u packets: %u lost, %u duplicated, %u corrupted, %u reordered, "
           "%u too many\n",
           w.carried, w.lost, w.duplicated, w.corrupted, w.reordered,
           w.overflowed);
    while (w.first) {
        struct packet *p = w.first;
        w.first = p->next;
        free(p);
    }
    return 0;
}
