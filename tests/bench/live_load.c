/* SPDX-License-Identifier: MIT */
/*
 * live_load.c - makes WebSocket traffic on the loopback device, for live.py.
 *
 *   live_load tcp RATE SECONDS KIND [CONNS [PER_WRITE]]
 *   live_load raw RATE SECONDS FILE
 *
 * tcp: CONNS (8) connections of this process to itself over 127.0.0.1, each
 * with a real handshake; then RATE frames a second (0: as fast as it goes),
 * prepared before, PER_WRITE (1) of them a write(2), the sides in turns.
 * KIND is small (20 to 200 bytes), large (64 to 256 KiB), mixed (one large
 * one for each 1,000 small ones).  What arrives is thrown away unread.  At the
 * end each connection is closed as RFC 6455 has it.
 *
 * raw: the packets of FILE (classic pcap of this machine's byte order,
 * Ethernet) through a packet socket, RATE packets a second, past the queueing
 * discipline: more packets a second than TCP can make here.  Not to this
 * machine, whose TCP does not look at them.
 *
 * One line of JSON at the end: what was sent, how long it took, and the CPU
 * time of this process, in which the kernel also delivers and captures.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#define NS INT64_C(1000000000)
#define PIECES 1000u /* prepared writes of each side */
#define CONNS_MAX 1000u
#define DRAIN_EACH 32u /* writes of a connection between two reads */
#define LARGE_MIN 65536u
#define LARGE_MAX 262144u
#define BATCH 64u /* packets of one sendmmsg(2) */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* One write. */
struct piece {
    uint8_t *bytes;
    size_t len;
    uint64_t payload;
    unsigned frames;
};

struct conn {
    int fd[2]; /* client, server */
    unsigned side;
    unsigned writes;
};

struct load {
    struct piece pieces[2][PIECES];
    struct conn conns[CONNS_MAX];
    unsigned n_conns;
    uint64_t rng;
    uint64_t frames, messages, payload, writes, packets;
    int64_t start_ns;
};

static void
die(const char *what)
{
    fprintf(stderr, "live_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* xorshift64* */
static uint32_t
below(struct load *l, uint32_t n)
{
    l->rng ^= l->rng >> 12;
    l->rng ^= l->rng << 25;
    l->rng ^= l->rng >> 27;
    return (uint32_t)(((l->rng * 2685821657736338717u) >> 32) * n >> 32);
}

/* ------------------------------------------------------------------ frames */

/* One frame (RFC 6455 section 5.2) to p; returns its length. */
static size_t
put_frame(struct load *l, unsigned side, unsigned b0, uint32_t len, uint8_t *p)
{
    uint8_t *start = p, mask[4] = {0, 0, 0, 0};
    unsigned bit = side == 0 ? 0x80 : 0;
    *p++ = (uint8_t)b0;
    if (len < 126) {
        *p++ = (uint8_t)(bit | len);
    } else if (len < 65536) {
        *p++ = (uint8_t)(bit | 126);
        *p++ = (uint8_t)(len >> 8);
        *p++ = (uint8_t)len;
    } else {
        *p++ = (uint8_t)(bit | 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            *p++ = (uint8_t)((uint64_t)len >> shift);
    }
    for (unsigned i = 0; side == 0 && i < 4; i++)
        *p++ = mask[i] = (uint8_t)below(l, 256);
    if (b0 == 0x88) {
        *p++ = (uint8_t)(1000 >> 8 ^ mask[0]);
        *p++ = (uint8_t)((1000 & 0xff) ^ mask[1]);
        return (size_t)(p - start);
    }
    for (uint32_t i = 0; i < len; i++)
        *p++ = (uint8_t)((unsigned)"{\"price\": 1234}"[i % 15] ^ mask[i % 4]);
    return (size_t)(p - start);
}

static void
prepare_piece(struct load *l, unsigned side, bool large, unsigned frames)
{
    static uint32_t at[2];
    struct piece *piece = &l->pieces[side][at[side]++ % PIECES];
    piece->bytes = malloc((size_t)frames * (large ? LARGE_MAX + 14 : 256));
    if (!piece->bytes)
        die("malloc");
    for (unsigned i = 0; i < frames; i++) {
        uint32_t len = large ? LARGE_MIN + below(l, LARGE_MAX - LARGE_MIN)
                             : 20 + below(l, 181);
        piece->len += put_frame(l, side, large ? 0x82 : 0x81, len,
                                piece->bytes + piece->len);
        piece->payload += len;
    }
    piece->frames = frames;
}

static void
prepare(struct load *l, const char *kind, unsigned per_write)
{
    l->rng = 0x9e3779b97f4a7c15u;
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < PIECES; i++) {
            bool large = strcmp(kind, "large") == 0 ||
                         (strcmp(kind, "mixed") == 0 && i == 0);
            /* Few large ones are enough, and take little memory. */
            if (strcmp(kind, "large") == 0 && i >= 50)
                l->pieces[side][i] = l->pieces[side][i % 50];
            else
                prepare_piece(l, side, large, large ? 1 : per_write);
        }
}

/* ------------------------------------------------------------- connections */

static void
set_up(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        die("fcntl");
}

/* What has come is thrown away (tcp(7): MSG_TRUNC); false: none comes any
 * more. */
static bool
drain(int fd)
{
    for (;;) {
        ssize_t n = recv(fd, NULL, 1 << 24, MSG_TRUNC);
        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN;
    }
}

/* Writes all; the other side takes what does not fit into buffers. */
static void
send_all(struct conn *c, unsigned side, const uint8_t *p, size_t len)
{
    while (len) {
        ssize_t n = send(c->fd[side], p, len, MSG_NOSIGNAL);
        if (n > 0) {
            p += n;
            len -= (size_t)n;
            continue;
        }
        if (errno != EAGAIN)
            die("send");
        drain(c->fd[1 - side]);
    }
}

/* Reads a head up to its empty line. */
static void
read_head(int fd, char *head, size_t size)
{
    size_t at = 0;
    while (at < 4 || memcmp(head + at - 4, "\r\n\r\n", 4) != 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 1000);
        ssize_t n = recv(fd, head + at, size - 1 - at, 0);
        if (n <= 0)
            die("no head");
        at += (size_t)n;
    }
    head[at] = '\0';
}

static void
shake_hands(struct load *l, struct conn *c)
{
    char head[2048], key[64], text[128], accept[64];
    uint8_t nonce[16], digest[20];
    for (unsigned i = 0; i < 16; i++)
        nonce[i] = (uint8_t)below(l, 256);
    EVP_EncodeBlock((unsigned char *)key, nonce, 16);
    int n = snprintf(head, sizeof head,
                     "GET /load HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                     "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: %s\r\n\r\n",
                     key);
    send_all(c, 0, (uint8_t *)head, (size_t)n);
    read_head(c->fd[1], head, sizeof head);
    n = snprintf(text, sizeof text, "%s" GUID, key);
    EVP_Digest(text, (size_t)n, digest, NULL, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *)accept, digest, 20);
    n = snprintf(head, sizeof head,
                 "HTTP/1.1 101 Switching Protocols\r\n"
                 "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Accept: %s\r\n\r\n",
                 accept);
    send_all(c, 1, (uint8_t *)head, (size_t)n);
    read_head(c->fd[0], head, sizeof head);
}

static void
open_conns(struct load *l)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&a, &len) != 0)
        die("listen");
    for (unsigned i = 0; i < l->n_conns; i++) {
        struct conn *c = &l->conns[i];
        c->fd[0] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->fd[0], (struct sockaddr *)&a, sizeof a) != 0)
            die("connect");
        c->fd[1] = accept(listener, NULL, NULL);
        if (c->fd[1] < 0)
            die("accept");
        set_up(c->fd[0]);
        set_up(c->fd[1]);
        shake_hands(l, c);
    }
    close(listener);
}

static void
close_conns(struct load *l)
{
    uint8_t frame[16];
    for (unsigned i = 0; i < l->n_conns; i++) {
        struct conn *c = &l->conns[i];
        for (unsigned side = 0; side < 2; side++) {
            send_all(c, side, frame, put_frame(l, side, 0x88, 2, frame));
            drain(c->fd[1 - side]);
            l->frames++;
        }
        shutdown(c->fd[1], SHUT_WR);
        while (drain(c->fd[0]))
            poll(NULL, 0, 1);
        close(c->fd[0]);
        drain(c->fd[1]);
        close(c->fd[1]);
    }
}

/* -------------------------------------------------------------------- time */

/* How many may have been sent by now; waits a little when that many were. */
static uint64_t
due(const struct load *l, double rate, uint64_t sent)
{
    for (;;) {
        if (rate == 0)
            return sent + BATCH;
        double want = rate * (double)(now_ns() - l->start_ns) / 1e9;
        if (want >= (double)sent + 1)
            return (uint64_t)want;
        struct timespec t = {.tv_nsec = 200 * 1000};
        nanosleep(&t, NULL);
    }
}

static void
tell(const struct load *l)
{
    double elapsed = (double)(now_ns() - l->start_ns) / 1e9;
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    printf("{\"frames\": %" PRIu64 ", \"messages\": %" PRIu64
           ", \"payload\": %" PRIu64 ", \"writes\": %" PRIu64
           ", \"packets\": %" PRIu64 ", \"elapsed\": %.4f, \"cpu\": %.4f}\n",
           l->frames, l->messages, l->payload, l->writes, l->packets, elapsed,
           (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

static void
run_tcp(struct load *l, double rate, double seconds)
{
    unsigned at = 0;
    int64_t end_ns;
    uint64_t until = 0;
    open_conns(l);
    l->start_ns = now_ns();
    end_ns = l->start_ns + (int64_t)(seconds * 1e9);
    while (now_ns() < end_ns) {
        until = due(l, rate, l->frames);
        /* Not behind the end, be it long overdue. */
        for (unsigned n = 0; l->frames < until && n < 10 * BATCH; n++) {
            struct conn *c = &l->conns[at++ % l->n_conns];
            const struct piece *p = &l->pieces[c->side][c->writes++ % PIECES];
            send_all(c, c->side, p->bytes, p->len);
            c->side = 1 - c->side;
            if (c->writes % DRAIN_EACH == 0) {
                drain(c->fd[0]);
                drain(c->fd[1]);
            }
            l->frames += p->frames;
            l->messages += p->frames;
            l->payload += p->payload;
            l->writes++;
        }
    }
    tell(l);
    l->frames = 0;
    close_conns(l);
}

/* --------------------------------------------------------------------- raw */

static int
open_raw(void)
{
    struct sockaddr_ll a = {.sll_family = AF_PACKET};
    int on = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);
    a.sll_ifindex = (int)if_nametoindex("lo");
    a.sll_protocol = htons(ETH_P_IP);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
        die("packet socket");
    if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0)
        die("PACKET_QDISC_BYPASS");
    return fd;
}

/* Up to max packets from *at on into a batch; returns their number. */
static unsigned
fill(struct mmsghdr *batch, struct iovec *iov, unsigned max, uint8_t **at,
     const uint8_t *end)
{
    unsigned n = 0;
    for (; n < max && end - *at >= 16; n++) {
        uint32_t len;
        memcpy(&len, *at + 8, 4); /* the record's caplen */
        if ((uint64_t)(end - *at) < 16u + (uint64_t)len)
            break;
        iov[n] = (struct iovec){*at + 16, len};
        batch[n].msg_hdr = (struct msghdr){.msg_iov = &iov[n], .msg_iovlen = 1};
        *at += 16 + len;
    }
    return n;
}

static void
run_raw(struct load *l, double rate, double seconds, const char *name)
{
    struct mmsghdr batch[BATCH];
    struct iovec iov[BATCH];
    struct stat st;
    int file = open(name, O_RDONLY), fd = open_raw();
    if (file < 0 || fstat(file, &st) != 0)
        die(name);
    uint8_t *at =
        mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (at == MAP_FAILED)
        die("mmap");
    const uint8_t *end = at + st.st_size;
    at += 24;
    l->start_ns = now_ns();
    int64_t end_ns = l->start_ns + (int64_t)(seconds * 1e9);
    while (now_ns() < end_ns) {
        uint64_t may = due(l, rate, l->packets) - l->packets;
        unsigned n =
            fill(batch, iov, may < BATCH ? (unsigned)may : BATCH, &at, end);
        if (n == 0)
            break; /* the file is over */
        for (unsigned done = 0; done < n;) {
            int sent = sendmmsg(fd, batch + done, n - done, 0);
            if (sent <= 0 && errno != ENOBUFS && errno != EAGAIN)
                die("sendmmsg");
            done += sent > 0 ? (unsigned)sent : 0;
        }
        l->packets += n;
    }
    tell(l);
}

int
main(int argc, char **argv)
{
    static struct load l;
    if (argc < 5) {
        fprintf(stderr, "usage: live_load tcp RATE SECONDS KIND [CONNS "
                        "[PER_WRITE]]\n       live_load raw RATE SECONDS "
                        "FILE\n");
        return 2;
    }
    double rate = strtod(argv[2], NULL), seconds = strtod(argv[3], NULL);
    l.n_conns = argc > 5 ? (unsigned)atoi(argv[5]) : 8;
    if (l.n_conns == 0 || l.n_conns > CONNS_MAX)
        die("1 to 1000 connections");
    if (strcmp(argv[1], "raw") == 0) {
        run_raw(&l, rate, seconds, argv[4]);
    } else {
        prepare(&l, argv[4], argc > 6 ? (unsigned)atoi(argv[6]) : 1);
        run_tcp(&l, rate, seconds);
    }
    return 0;
}
