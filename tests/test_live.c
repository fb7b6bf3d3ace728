/* SPDX-License-Identifier: MIT */
/*
 * Captures on the loopback and on a tun device of a network namespace of its
 * own; each test has a new one.  What the system does not permit is skipped,
 * with a reason on standard error.
 */
#include "capture/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "capture/live_devices.h"
#include "tests/check_main.h"

#define WAIT_MS 20000 /* until a test gives up; never reached when it works */
#define PORT 9
#define HEADERS 42u /* Ethernet, IPv4, UDP */

static struct live *live;
static struct source_error error;
static struct packet packet;
static int udp = -1;
static int tun = -1;

static bool
skip(const char *why)
{
    fprintf(stderr, "test_live: skipped: %s\n", why);
    return false;
}

static void
set_up(const char *name, bool up)
{
    struct ifreq r;
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_ge(s, 0);
    memset(&r, 0, sizeof r);
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    ck_assert_int_eq(ioctl(s, SIOCGIFFLAGS, &r), 0);
    r.ifr_flags = (short)(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
    ck_assert_int_eq(ioctl(s, SIOCSIFFLAGS, &r), 0);
    close(s);
}

/* A network namespace where this process may do everything, with a loopback
 * that is up. */
static bool
enter_namespace(void)
{
    if (!live_library())
        return skip("built without libpcap");
    if (unshare(CLONE_NEWNET) != 0 &&
        unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return skip("no network namespace is permitted");
    set_up("lo", true);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(PORT),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_ge(udp, 0);
    /* Its own receiver, or an ICMP error comes back. */
    ck_assert_int_eq(bind(udp, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(connect(udp, (struct sockaddr *)&to, sizeof to), 0);
    return true;
}

/* A device "tun0" that is up and disappears when its descriptor is closed. */
static bool
make_tun(void)
{
    struct ifreq r;
    tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (tun < 0)
        return skip("no /dev/net/tun");
    memset(&r, 0, sizeof r);
    r.ifr_flags = IFF_TUN | IFF_NO_PI;
    memcpy(r.ifr_name, "tun0", 5);
    if (ioctl(tun, TUNSETIFF, &r) != 0)
        return skip("no tun device is permitted");
    set_up("tun0", true);
    return true;
}

static enum err
try_open(const char *ifaces, const struct live_options *options)
{
    static const char *names[2];
    static char text[64];
    struct live_options o = *options;
    snprintf(text, sizeof text, "%s", ifaces);
    char *second = strchr(text, ',');
    if (second)
        *second++ = '\0';
    names[0] = text;
    names[1] = second;
    o.ifaces = names;
    o.n_ifaces = second ? 2 : 1;
    return live_open(&live, &o, &error);
}

static void
start(const char *ifaces, const struct live_options *options)
{
    enum err e = try_open(ifaces, options);
    ck_assert_msg(e == ERR_OK, "%s: %s", error.name, error.reason);
    ck_assert_int_eq(live_start(live), ERR_OK);
}

/* Byte i of the payload of datagram n. */
static uint8_t
byte_of(unsigned n, size_t i)
{
    return (uint8_t)(n * 31 + i * 7);
}

static void
send_datagram(unsigned n, size_t len)
{
    uint8_t bytes[2000];
    ck_assert_uint_le(len, sizeof bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_of(n, i);
    ck_assert_int_eq(send(udp, bytes, len, 0), (ssize_t)len);
}

static void
check_datagram(unsigned n, size_t len)
{
    ck_assert_uint_eq(packet.wire_len, HEADERS + len);
    ck_assert_uint_eq(packet.data.len, HEADERS + len);
    for (size_t i = 0; i < len; i++) /* an assertion each takes too long */
        if (packet.data.ptr[HEADERS + i] != byte_of(n, i))
            ck_abort_msg("datagram %u, byte %zu", n, i);
}

static void
expect_packet(void)
{
    enum source_step step = live_next(live, &packet, WAIT_MS, &error);
    ck_assert_msg(step == SOURCE_PACKET, "step %d", step);
}

static void
expect_end(void)
{
    ck_assert_int_eq(live_next(live, &packet, WAIT_MS, &error), SOURCE_END);
    ck_assert_int_eq(live_next(live, &packet, 0, &error), SOURCE_END);
}

static const struct live_options all_udp = {.filter = "udp"};

/* ---------------------------------------------------------------- packets */

START_TEST(packets_come_out_in_order_with_their_bytes)
{
    static const struct live_options modes[] = {
        {.filter = "udp"},
        {.filter = "udp", .immediate = true},
        {.filter = "udp", .no_promisc = true, .queue_len = 1, .snaplen = 2048},
        {.filter = "udp", .tstamp_type = "host"},
    };
    int64_t last_ns = 0;
    if (!enter_namespace())
        return;
    start("lo", &modes[_i]);
    for (unsigned n = 0; n < 300; n++)
        send_datagram(n, n * 5);
    for (unsigned n = 0; n < 300; n++) {
        expect_packet();
        check_datagram(n, n * 5);
        ck_assert_uint_eq(packet.number, n + 1);
        ck_assert_uint_eq(packet.iface, 0);
        ck_assert_uint_eq(packet.source, 0);
        ck_assert_uint_eq(packet.link, 1);
        ck_assert_uint_eq(packet.dropped, 0);
        ck_assert_int_ge(packet.time_ns, last_ns);
        last_ns = packet.time_ns;
    }
    ck_assert_int_eq(live_next(live, &packet, 0, &error), SOURCE_IDLE);
    live_stop(live);
    expect_end();
    struct live_stats s = live_stats(live);
    ck_assert_uint_eq(s.received, 300);
    ck_assert_uint_eq(s.dropped, 0);
    ck_assert_uint_eq(s.queue_len, 0);
    ck_assert_uint_gt(s.queue_peak_len, 0);
    live_free(live);
}
END_TEST

START_TEST(the_facts_are_there_from_the_start)
{
    if (!enter_namespace())
        return;
    struct live_options o = {.filter = "udp", .snaplen = 100};
    start("lo", &o);
    const struct source_info *info = live_info(live);
    ck_assert_str_eq(info->name, "lo");
    ck_assert_str_eq(info->format, "live");
    ck_assert_uint_eq(info->n_ifaces, 1);
    ck_assert_str_eq(info->ifaces[0].name, "lo");
    ck_assert_uint_eq(info->ifaces[0].link, 1);
    ck_assert_uint_eq(info->ifaces[0].snaplen, 100);
    send_datagram(1, 500);
    expect_packet();
    ck_assert_uint_eq(packet.data.len, 100);
    ck_assert_uint_eq(packet.wire_len, HEADERS + 500);
    ck_assert_uint_eq(info->ifaces[0].packets, 1);
    ck_assert_uint_eq(info->bytes_read, 100);
    ck_assert_ptr_null(live_warning(live, 0));
    live_free(live);
}
END_TEST

START_TEST(without_a_filter_only_tcp_is_captured)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;
    unsigned n = 0;
    if (!enter_namespace())
        return;
    start("lo", &(struct live_options){.filter = NULL});
    send_datagram(1, 100);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(server, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(getsockname(server, (struct sockaddr *)&to, &len), 0);
    ck_assert_int_eq(listen(server, 1), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(write(client, "hello", 5), 5);
    live_stop(live);
    while (live_next(live, &packet, WAIT_MS, &error) == SOURCE_PACKET) {
        ck_assert_uint_gt(packet.data.len, 14 + 20 + 20);
        ck_assert_uint_eq(packet.data.ptr[14 + 9], IPPROTO_TCP);
        n++;
    }
    /* SYN, SYN and ACK, ACK, data, and mostly its ACK. */
    ck_assert_uint_ge(n, 4);
    ck_assert_uint_le(n, 5);
    close(client);
    close(server);
    live_free(live);
}
END_TEST

START_TEST(packets_of_two_devices_say_where_they_came_from)
{
    static const uint8_t ip[20] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, 99};
    unsigned seen = 0;
    if (!enter_namespace() || !make_tun())
        return;
    start("lo,tun0", &(struct live_options){.filter = "udp or ip proto 99"});
    const struct source_info *info = live_info(live);
    ck_assert_str_eq(info->name, "live");
    ck_assert_uint_eq(info->n_ifaces, 2);
    ck_assert_str_eq(info->ifaces[1].name, "tun0");
    ck_assert_uint_eq(info->ifaces[1].link, 101);
    send_datagram(1, 10);
    ck_assert_int_eq(write(tun, ip, sizeof ip), sizeof ip);
    for (int i = 0; i < 2; i++) {
        expect_packet();
        ck_assert_uint_lt(packet.iface, 2);
        ck_assert_uint_eq(packet.link, info->ifaces[packet.iface].link);
        ck_assert_uint_eq(packet.wire_len,
                          packet.iface ? sizeof ip : HEADERS + 10);
        seen |= 1u << packet.iface;
    }
    ck_assert_uint_eq(seen, 3);
    live_stop(live);
    expect_end();
    ck_assert_uint_eq(live_iface_stats(live, 0).received, 1);
    ck_assert_uint_eq(live_iface_stats(live, 1).received, 1);
    ck_assert_uint_eq(live_stats(live).received, 2);
    live_free(live);
    close(tun);
}
END_TEST

START_TEST(what_libpcap_remarks_is_kept)
{
    if (!enter_namespace())
        return;
    ck_assert_int_eq(try_open("any", &all_udp), ERR_OK);
    ck_assert_str_eq(live_info(live)->name, "any");
    /* LINUX_SLL or LINUX_SLL2, as libpcap likes. */
    ck_assert_uint_gt(live_info(live)->ifaces[0].link, 1);
    /* libpcap 1.10.3 forgets to say that there is no promiscuous mode. */
    if (live_warning(live, 0))
        ck_assert_int_eq(strncmp(live_warning(live, 0), "any: ", 5), 0);
    live_free(live);
    /* A time stamp type that exists, but not for this device. */
    struct live_options o = {.filter = "", .tstamp_type = "adapter"};
    ck_assert_int_eq(try_open("lo", &o), ERR_OK);
    ck_assert_ptr_nonnull(live_warning(live, 0));
    ck_assert_int_eq(strncmp(live_warning(live, 0), "lo: ", 4), 0);
    ck_assert_ptr_null(live_warning(live, 1));
    live_free(live);
}
END_TEST

/* ------------------------------------------------------------ a full queue */

START_TEST(a_full_queue_waits_and_loses_nothing)
{
    const unsigned n = 3000;
    if (!enter_namespace())
        return;
    struct live_options o = {.filter = "udp", .snaplen = 2000, .queue_len = 1};
    start("lo", &o);
    for (unsigned i = 0; i < n; i++)
        send_datagram(i, 1000);
    while (live_stats(live).waits == 0)
        sched_yield();
    for (unsigned i = 0; i < n; i++) {
        expect_packet();
        check_datagram(i, 1000);
    }
    live_stop(live);
    expect_end();
    struct live_stats s = live_stats(live);
    ck_assert_uint_eq(s.received, n);
    ck_assert_uint_eq(s.dropped, 0);
    ck_assert_uint_le(s.queue_peak_len, s.queue_capacity);
    live_free(live);
}
END_TEST

START_TEST(what_the_kernel_drops_is_counted_and_told_with_a_packet)
{
    const unsigned n = 20000;
    unsigned got = 0;
    uint64_t told = 0;
    if (!enter_namespace())
        return;
    struct live_options o = {.filter = "udp",
                             .snaplen = 2000,
                             .queue_len = 1,
                             .buffer_len = 1 << 20};
    start("lo", &o);
    for (unsigned i = 0; i < n; i++)
        send_datagram(i, 1000); /* 20 MB into 1 MiB */
    while (got + live_stats(live).dropped < n) {
        enum source_step step = live_next(live, &packet, 50, &error);
        if (step == SOURCE_PACKET) {
            told += packet.dropped;
            got++;
        } else {
            ck_assert_int_eq(step, SOURCE_IDLE);
        }
    }
    ck_assert_uint_lt(got, n);
    send_datagram(0, 1);
    expect_packet();
    told += packet.dropped;
    live_stop(live);
    expect_end();
    struct live_stats s = live_stats(live);
    ck_assert_uint_eq(s.received, n + 1);
    ck_assert_uint_eq(got + 1 + s.dropped, n + 1);
    ck_assert_uint_eq(told, s.dropped);
    live_free(live);
}
END_TEST

START_TEST(freeing_never_waits_for_a_full_queue)
{
    if (!enter_namespace())
        return;
    struct live_options o = {.filter = "udp", .snaplen = 2000, .queue_len = 1};
    start("lo", &o);
    for (unsigned i = 0; i < 100; i++)
        send_datagram(i, 1000);
    while (live_stats(live).waits == 0)
        sched_yield();
    live_free(live);
}
END_TEST

/* ------------------------------------------------------------------ its end */

START_TEST(stop_hands_out_all_that_arrived_before)
{
    const unsigned n = 500;
    if (!enter_namespace())
        return;
    start("lo", &all_udp);
    for (unsigned i = 0; i < n; i++)
        send_datagram(i, 100);
    live_stop(live);
    for (unsigned i = 0; i < n; i++) {
        expect_packet();
        check_datagram(i, 100);
    }
    expect_end();
    live_stop(live); /* once more does nothing */
    live_free(live);
}
END_TEST

static void
on_signal(int number)
{
    if (number == SIGUSR1)
        live_stop(live);
}

START_TEST(a_signal_handler_may_stop)
{
    if (!enter_namespace())
        return;
    start("lo", &all_udp);
    send_datagram(1, 10);
    expect_packet();
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    expect_end();
    live_free(live);
}
END_TEST

START_TEST(a_signal_ends_the_waiting_for_a_packet)
{
    struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
    if (!enter_namespace())
        return;
    start("lo", &all_udp);
    struct sigaction a = {.sa_handler = on_signal};
    sigaction(SIGALRM, &a, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    ck_assert_int_eq(live_next(live, &packet, -1, &error), SOURCE_IDLE);
    setitimer(ITIMER_REAL, &never, NULL);
    live_free(live);
}
END_TEST

START_TEST(a_capture_that_never_starts_can_be_freed)
{
    if (!enter_namespace())
        return;
    ck_assert_int_eq(try_open("lo", &all_udp), ERR_OK);
    live_free(live);
    live_free(NULL);
}
END_TEST

/* -------------------------------------------------- devices that come and go
 */

START_TEST(a_device_that_disappears_ends_alone)
{
    if (!enter_namespace() || !make_tun())
        return;
    start("tun0,lo", &all_udp);
    send_datagram(1, 10);
    expect_packet();
    close(tun);
    ck_assert_int_eq(live_next(live, &packet, WAIT_MS, &error), SOURCE_ERROR);
    ck_assert_str_eq(error.name, "tun0");
    ck_assert_int_eq(error.code, ERR_READ);
    ck_assert_uint_gt(strlen(error.reason), 0);
    send_datagram(2, 20);
    expect_packet();
    check_datagram(2, 20);
    live_stop(live);
    expect_end();
    live_free(live);
}
END_TEST

START_TEST(the_capture_ends_with_its_last_device)
{
    if (!enter_namespace() || !make_tun())
        return;
    start("tun0", &all_udp);
    close(tun);
    ck_assert_int_eq(live_next(live, &packet, WAIT_MS, &error), SOURCE_ERROR);
    ck_assert_str_eq(error.name, "tun0");
    expect_end();
    live_free(live);
}
END_TEST

static void
expect_news(const char *part)
{
    ck_assert_int_eq(live_next(live, &packet, WAIT_MS, &error), SOURCE_ERROR);
    ck_assert_str_eq(error.name, "tun0");
    ck_assert_msg(strstr(error.reason, part) != NULL, "%s", error.reason);
}

START_TEST(a_device_taken_down_may_come_back)
{
    static const uint8_t ip[20] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, 99};
    if (!enter_namespace() || !make_tun())
        return;
    start("tun0", &(struct live_options){.filter = "ip proto 99"});
    ck_assert_int_eq(write(tun, ip, sizeof ip), sizeof ip);
    expect_packet();
    set_up("tun0", false);
    expect_news("went down");
    ck_assert_int_eq(live_next(live, &packet, 200, &error), SOURCE_IDLE);
    set_up("tun0", true);
    expect_news("is up again");
    ck_assert_int_eq(write(tun, ip, sizeof ip), sizeof ip);
    expect_packet();
    ck_assert_uint_eq(packet.number, 2);
    live_free(live);
    close(tun);
}
END_TEST

/* ------------------------------------------------------------------- errors */

static const struct {
    const char *name;
    const char *iface;
    struct live_options options;
    enum err code;
    const char *reason; /* part of it */
} errors[] = {
    {"no such device", "nix0", {0}, ERR_OPEN, "'wsray interfaces'"},
    {"second device", "lo,nix0", {0}, ERR_OPEN, "'wsray interfaces'"},
    {"bad filter",
     "lo",
     {.filter = "tcp and ("},
     ERR_USAGE,
     "filter 'tcp and (': "},
    {"filter of nothing",
     "lo",
     {.filter = "wlan"},
     ERR_USAGE,
     "filter 'wlan': "},
    {"time stamp type", "lo", {.tstamp_type = "sun"}, ERR_USAGE, "'sun'"},
};

START_TEST(what_cannot_be_opened_says_why)
{
    const char *bad = strchr(errors[_i].iface, ',');
    if (!enter_namespace())
        return;
    enum err e = try_open(errors[_i].iface, &errors[_i].options);
    ck_assert_msg(e == errors[_i].code, "%s: %d", errors[_i].name, e);
    ck_assert_int_eq(error.code, e);
    ck_assert_str_eq(error.name, bad ? bad + 1 : errors[_i].iface);
    ck_assert_msg(strstr(error.reason, errors[_i].reason) != NULL, "%s: %s",
                  errors[_i].name, error.reason);
}
END_TEST

START_TEST(a_device_that_is_down_says_so)
{
    if (!enter_namespace() || !make_tun())
        return;
    set_up("tun0", false);
    ck_assert_int_eq(try_open("tun0", &all_udp), ERR_OPEN);
    ck_assert_str_eq(error.reason, "the interface is not up");
    close(tun);
}
END_TEST

START_TEST(a_missing_right_names_the_capability_and_the_command)
{
    const char *fork_mode = getenv("CK_FORK");
    if (!live_library() || (fork_mode && strcmp(fork_mode, "no") == 0)) {
        skip("needs libpcap and a process of its own");
        return;
    }
    if (geteuid() == 0)
        ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    enum err e = try_open("lo", &all_udp);
    if (e == ERR_OK) {
        skip("every user may capture here");
        return;
    }
    ck_assert_int_eq(e, ERR_OPEN);
    ck_assert_ptr_nonnull(
        strstr(error.reason, "(cap_net_raw): start it as root, or "));
    ck_assert_ptr_nonnull(
        strstr(error.reason, ": sudo setcap cap_net_raw,cap_net_admin=ep "));
    ck_assert_ptr_nonnull(strstr(error.reason, "=ep /"));
    ck_assert_ptr_null(strchr(error.reason, '\n'));
}
END_TEST

START_TEST(without_libpcap_everything_says_so)
{
    struct live_devices *devices;
    if (live_library())
        return;
    ck_assert_int_eq(try_open("lo", &all_udp), ERR_UNSUPPORTED);
    ck_assert_str_eq(error.reason, "this wsray was built without libpcap");
    ck_assert_int_eq(live_devices_new(&devices, false, &error),
                     ERR_UNSUPPORTED);
    ck_assert_str_eq(error.reason, "this wsray was built without libpcap");
}
END_TEST

/* ------------------------------------------------------------------ devices */

static const struct live_device *
find(const struct live_devices *devices, const char *name)
{
    size_t n;
    const struct live_device *list = live_devices_list(devices, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

START_TEST(devices_have_addresses_states_and_link_types)
{
    struct live_devices *devices = NULL;
    bool found = false;
    if (!enter_namespace() || !make_tun())
        return;
    ck_assert_int_eq(live_devices_new(&devices, _i, &error), ERR_OK);
    const struct live_device *lo = find(devices, "lo");
    ck_assert_ptr_nonnull(lo);
    ck_assert(lo->up && lo->running && lo->loopback && !lo->wireless);
    ck_assert_int_eq(lo->connection, LIVE_CONNECTION_NONE);
    ck_assert_uint_eq(lo->n_links, _i ? 1 : 0);
    if (_i)
        ck_assert_uint_eq(lo->links[0], 1);
    for (size_t i = 0; i < lo->n_addrs; i++) {
        static const uint8_t home[4] = {127, 0, 0, 1};
        const struct live_address *a = &lo->addrs[i];
        if (a->addr.family == 4 && memcmp(a->addr.bytes, home, 4) == 0) {
            ck_assert_uint_eq(a->prefix_len, 8);
            found = true;
        }
    }
    ck_assert(found);
    const struct live_device *t = find(devices, "tun0");
    ck_assert_ptr_nonnull(t);
    ck_assert(t->up && !t->loopback);
    ck_assert_uint_eq(t->n_links, _i ? 1 : 0);
    if (_i)
        ck_assert_uint_eq(t->links[0], 101);
    live_devices_free(devices);
    live_devices_free(NULL);
    close(tun);
}
END_TEST

#define N(table) (int)(sizeof(table) / sizeof *(table))

static Suite *
suite(void)
{
    Suite *s = suite_create("live");
    TCase *t = tcase_create("packets");
    tcase_add_loop_test(t, packets_come_out_in_order_with_their_bytes, 0, 4);
    tcase_add_test(t, the_facts_are_there_from_the_start);
    tcase_add_test(t, without_a_filter_only_tcp_is_captured);
    tcase_add_test(t, packets_of_two_devices_say_where_they_came_from);
    tcase_add_test(t, what_libpcap_remarks_is_kept);
    tcase_add_test(t, a_full_queue_waits_and_loses_nothing);
    tcase_add_test(t, what_the_kernel_drops_is_counted_and_told_with_a_packet);
    tcase_add_test(t, freeing_never_waits_for_a_full_queue);
    suite_add_tcase(s, t);
    t = tcase_create("ends");
    tcase_add_test(t, stop_hands_out_all_that_arrived_before);
    tcase_add_test(t, a_signal_handler_may_stop);
    tcase_add_test(t, a_signal_ends_the_waiting_for_a_packet);
    tcase_add_test(t, a_capture_that_never_starts_can_be_freed);
    tcase_add_test(t, a_device_that_disappears_ends_alone);
    tcase_add_test(t, the_capture_ends_with_its_last_device);
    tcase_add_test(t, a_device_taken_down_may_come_back);
    suite_add_tcase(s, t);
    t = tcase_create("opening");
    tcase_add_loop_test(t, what_cannot_be_opened_says_why, 0, N(errors));
    tcase_add_test(t, a_device_that_is_down_says_so);
    tcase_add_test(t, a_missing_right_names_the_capability_and_the_command);
    tcase_add_test(t, without_libpcap_everything_says_so);
    tcase_add_loop_test(t, devices_have_addresses_states_and_link_types, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
