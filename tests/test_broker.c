/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "tests/check_main.h"
#include "tests/in_child.h"
#include "ui/broker.h"

#ifdef __linux__

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/rng.h"
#include "ui/broker_wire.h"
#include "ui/sandbox.h"

/* Two directories: of -w (names like cap*.pcap), and of --export-dir. */
static char top[64], saves[96], exports[96];
static struct broker_dir dirs[3];
static struct broker_options options;
static struct broker broker;
static bool running;

/* An absolute path; dir is saves, exports or top. */
static const char *
path_of(const char *dir, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void
write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
}

static const char *
read_file(const char *path)
{
    static char text[256];
    int fd = open(path, O_RDONLY);
    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void
make_dirs(void)
{
    snprintf(top, sizeof top, "/tmp/wsray-broker-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(saves, sizeof saves, "%s/saves", top);
    snprintf(exports, sizeof exports, "%s/exports", top);
    ck_assert_int_eq(mkdir(saves, 0700), 0);
    ck_assert_int_eq(mkdir(exports, 0700), 0);
    write_file(path_of(top, "secret"), "secret");
    dirs[0] =
        (struct broker_dir){.path = saves, .prefix = "cap", .suffix = ".pcap"};
    dirs[1] = (struct broker_dir){.path = exports};
    dirs[2] =
        (struct broker_dir){.path = exports, .prefix = "new-", .fresh = true};
    options = (struct broker_options){.dirs = dirs,
                                      .n_dirs = 3,
                                      .sandbox = !under_valgrind()};
}

static void
setup(void)
{
    struct guard_error e = {0};
    make_dirs();
    enum err code = broker_start(&broker, &options, &e);
    ck_assert_msg(code == ERR_OK, "%s", e.reason);
    running = true;
}

static void
remove_all(const char *dir)
{
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            unlink(path_of(dir, e->d_name)) != 0)
            rmdir(path_of(dir, e->d_name));
    if (d)
        closedir(d);
    rmdir(dir);
}

static void
teardown(void)
{
    if (running)
        broker_stop(&broker);
    running = false;
    remove_all(saves);
    remove_all(exports);
    remove_all(top);
}

/* ------------------------------------------------------------ good requests */

START_TEST(a_file_is_made_written_and_removed)
{
    struct stat st;
    int fd = broker_create(&broker, 0, "cap_1.pcap");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "abc", 3), 3);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
    close(fd);
    ck_assert_str_eq(read_file(path_of(saves, "cap_1.pcap")), "abc");
    ck_assert_int_eq(broker_remove(&broker, 0, "cap_1.pcap"), 0);
    ck_assert_int_ne(access(path_of(saves, "cap_1.pcap"), F_OK), 0);
    /* It is gone from the list too. */
    ck_assert_int_eq(broker_remove(&broker, 0, "cap_1.pcap"), -1);
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

START_TEST(a_file_that_was_there_is_emptied)
{
    write_file(path_of(saves, "cap.pcap"), "old and long");
    int fd = broker_create(&broker, 0, "cap.pcap");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "new", 3), 3);
    close(fd);
    ck_assert_str_eq(read_file(path_of(saves, "cap.pcap")), "new");
    /* It is ours now. */
    ck_assert_int_eq(broker_remove(&broker, 0, "cap.pcap"), 0);
}
END_TEST

START_TEST(where_files_must_be_fresh_none_is_emptied)
{
    struct stat st;
    write_file(path_of(exports, "new-there"), "old");
    ck_assert_int_eq(symlink("nowhere", path_of(exports, "new-link")), 0);
    ck_assert_int_eq(broker_create(&broker, 2, "new-there"), -1);
    ck_assert_int_eq(errno, EEXIST);
    ck_assert_int_eq(broker_create(&broker, 2, "new-link"), -1);
    ck_assert_int_eq(errno, EEXIST);
    ck_assert_int_eq(access(path_of(exports, "nowhere"), F_OK), -1);
    int fd = broker_create(&broker, 2, "new-one");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(broker_create(&broker, 2, "new-one"), -1);
    ck_assert_int_eq(errno, EEXIST);
    ck_assert_int_eq(broker_remove(&broker, 2, "new-one"), -1);
    ck_assert_int_eq(errno, EPERM);
    for (unsigned i = 1; i < BROKER_FRESH_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "new-%u", i);
        fd = broker_create(&broker, 2, name);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(close(fd), 0);
    }
    ck_assert_int_eq(broker_create(&broker, 2, "new-more"), -1);
    ck_assert_int_eq(errno, EDQUOT);
    ck_assert_int_eq(stat(path_of(exports, "new-there"), &st), 0);
    ck_assert_int_eq(st.st_size, 3);
}
END_TEST

START_TEST(a_ring_of_files_goes_round)
{
    enum { RING = 3, FILES = 300 };
    char name[32];
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "cap_%05d.pcap", i);
        int fd = broker_create(&broker, 0, name);
        ck_assert_int_ge(fd, 0);
        close(fd);
        if (i < RING)
            continue;
        snprintf(name, sizeof name, "cap_%05d.pcap", i - RING);
        ck_assert_int_eq(broker_remove(&broker, 0, name), 0);
        ck_assert_int_ne(access(path_of(saves, name), F_OK), 0);
    }
    /* In another order than they were made in. */
    for (int i = FILES - 1; i >= FILES - RING; i--) {
        snprintf(name, sizeof name, "cap_%05d.pcap", i);
        ck_assert_int_eq(broker_remove(&broker, 0, name), 0);
    }
    ck_assert_int_eq(rmdir(saves), 0);
    ck_assert_int_eq(mkdir(saves, 0700), 0);
}
END_TEST

START_TEST(a_fifo_of_somebody_else_is_not_opened)
{
    if (geteuid() != 0)
        return; /* only root can make one */
    ck_assert_int_eq(mkfifo(path_of(exports, "theirs"), 0666), 0);
    ck_assert_int_eq(chown(path_of(exports, "theirs"), 12345, 12345), 0);
    int in = open(path_of(exports, "theirs"), O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(in, 0);
    ck_assert_int_eq(broker_create(&broker, 1, "theirs"), -1);
    ck_assert_int_eq(errno, EPERM);
    close(in);
}
END_TEST

START_TEST(a_fifo_is_opened_when_somebody_reads_it)
{
    char byte = 0;
    ck_assert_int_eq(mkfifo(path_of(exports, "fifo"), 0600), 0);
    ck_assert_int_eq(broker_create(&broker, 1, "fifo"), -1);
    ck_assert_int_eq(errno, ENXIO);
    int in = open(path_of(exports, "fifo"), O_RDONLY | O_NONBLOCK);
    int out = broker_create(&broker, 1, "fifo");
    ck_assert_int_ge(out, 0);
    ck_assert_int_eq(fcntl(out, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(write(out, "x", 1), 1);
    ck_assert_int_eq(read(in, &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    close(out);
    close(in);
    /* The user's, not ours. */
    ck_assert_int_eq(broker_remove(&broker, 1, "fifo"), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(access(path_of(exports, "fifo"), F_OK), 0);
}
END_TEST

/* ------------------------------------------------------------- bad requests */

static char name_255[256], name_256[257], name_long[5000];

static const struct {
    const char *what;
    unsigned dir;
    const char *name;
    int error;
} bad_names[] = {
    {"empty", 1, "", EINVAL},
    {"this directory", 1, ".", EINVAL},
    {"its parent", 1, "..", EINVAL},
    {"a slash in front", 1, "/etc/passwd", EINVAL},
    {"a slash inside", 1, "a/b", EINVAL},
    {"a slash behind", 1, "a/", EINVAL},
    {"out of it", 1, "../secret", EINVAL},
    {"to the other one", 1, "../saves/cap.pcap", EINVAL},
    {"only a slash", 1, "/", EINVAL},
    {"hidden", 1, ".profile", EPERM},
    {"three dots", 1, "...", EPERM},
    {"256 bytes", 1, name_256, EINVAL},
    {"5,000 bytes", 1, name_long, EINVAL},
    {"another prefix", 0, "x.pcap", EPERM},
    {"another suffix", 0, "cap.sh", EPERM},
    {"hidden, with the suffix", 0, ".cap.pcap", EPERM},
    {"cut short", 0, "cap", EPERM},
    {"prefix and suffix overlap", 0, "cap.pca", EPERM},
    {"a slash between both", 0, "cap/.pcap", EINVAL},
    {"no such directory", 3, "a", EBADF},
    {"no such directory at all", 0xffffffffu, "a", EBADF},
    {"a directory", 1, "directory", EISDIR},
    {"a symbolic link", 1, "link", ELOOP},
    {"a symbolic link to nothing", 1, "dangling", ELOOP},
    {"a socket", 1, "socket", EPERM},
};

static void
make_obstacles(void)
{
    memset(name_256, 'n', 256);
    memset(name_long, 'n', sizeof name_long - 1);
    ck_assert_int_eq(mkdir(path_of(exports, "directory"), 0700), 0);
    ck_assert_int_eq(symlink("../secret", path_of(exports, "link")), 0);
    ck_assert_int_eq(symlink("../made", path_of(exports, "dangling")), 0);
    ck_assert_int_eq(mknod(path_of(exports, "socket"), S_IFSOCK | 0600, 0), 0);
}

START_TEST(bad_names_are_refused)
{
    make_obstacles();
    ck_assert_int_eq(broker_create(&broker, bad_names[_i].dir,
                                   bad_names[_i].name),
                     -1);
    ck_assert_msg(errno == bad_names[_i].error, "%s: %s", bad_names[_i].what,
                  strerror(errno));
    ck_assert_int_eq(broker_remove(&broker, bad_names[_i].dir,
                                   bad_names[_i].name),
                     -1);
    ck_assert_str_eq(read_file(path_of(top, "secret")), "secret");
    ck_assert_int_ne(access(path_of(top, "made"), F_OK), 0);
    /* And it goes on. */
    int fd = broker_create(&broker, 1, "good");
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

START_TEST(the_longest_name_is_a_name)
{
    memset(name_255, 'n', 255);
    int fd = broker_create(&broker, 1, name_255);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(broker_remove(&broker, 1, name_255), 0);
}
END_TEST

START_TEST(what_it_did_not_make_is_not_removed)
{
    write_file(path_of(saves, "cap_before.pcap"), "kept");
    ck_assert_int_eq(broker_remove(&broker, 0, "cap_before.pcap"), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_str_eq(read_file(path_of(saves, "cap_before.pcap")), "kept");
    /* Not in the other directory either. */
    int fd = broker_create(&broker, 1, "cap_before.pcap");
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(broker_remove(&broker, 0, "cap_before.pcap"), -1);
    ck_assert_int_eq(broker_remove(&broker, 1, "cap_before.pcap"), 0);
}
END_TEST

START_TEST(devices_are_refused_but_the_bottomless_one)
{
    const char *null = path_of(exports, "null");
    if (mknod(null, S_IFCHR | 0600, makedev(1, 3)) != 0) {
        tell_skipped("making devices needs root");
        return;
    }
    int fd = broker_create(&broker, 1, "null");
    /* EACCES: a file system that knows no devices (nodev). */
    ck_assert(fd >= 0 || errno == EACCES);
    if (fd >= 0)
        ck_assert_int_eq(write(fd, "x", 1), 1);
    close(fd);
    ck_assert_int_eq(mknod(path_of(exports, "zero"), S_IFCHR | 0600,
                           makedev(1, 5)),
                     0);
    ck_assert_int_eq(broker_create(&broker, 1, "zero"), -1);
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

/* ------------------------------------------------------------ raw messages */

/* Sends len bytes, and a descriptor unless fd is -1; the answer's errno. */
static int
send_raw(const void *bytes, size_t len, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct broker_answer a = {-1};
    if (fd >= 0) {
        msg.msg_control = &control;
        msg.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ck_assert_int_eq(sendmsg(broker.socket, &msg, MSG_NOSIGNAL), (int)len);
    ck_assert_int_eq(recv(broker.socket, &a, sizeof a, 0), (int)sizeof a);
    return a.error;
}

static const struct {
    const char *what;
    struct broker_request r;
    size_t len;
    int error;
} messages[] = {
    {"one byte", {1, 1, "a"}, 1, EINVAL},
    {"half a head", {1, 1, "a"}, 4, EINVAL},
    {"no name", {1, 1, ""}, BROKER_HEAD_LEN, EINVAL},
    {"a NUL", {1, 1, ""}, BROKER_HEAD_LEN + 1, EINVAL},
    {"a NUL inside", {1, 1, "a\0b"}, BROKER_HEAD_LEN + 3, EINVAL},
    {"a NUL behind", {1, 1, "a"}, BROKER_HEAD_LEN + 2, EINVAL},
    {"nothing to do", {0, 1, "a"}, BROKER_HEAD_LEN + 1, ENOSYS},
    {"unknown", {3, 1, "a"}, BROKER_HEAD_LEN + 1, ENOSYS},
    {"far unknown", {0xffffffffu, 1, "a"}, BROKER_HEAD_LEN + 1, ENOSYS},
    {"no directory", {1, 3, "a"}, BROKER_HEAD_LEN + 1, EBADF},
    {"negative", {1, 0xffffffffu, "a"}, BROKER_HEAD_LEN + 1, EBADF},
    {"a slash", {1, 1, "/"}, BROKER_HEAD_LEN + 1, EINVAL},
    {"a slash at the end", {1, 1, "a/"}, BROKER_HEAD_LEN + 2, EINVAL},
};

START_TEST(nonsense_is_answered_and_does_nothing)
{
    int error = send_raw(&messages[_i].r, messages[_i].len, -1);
    ck_assert_msg(error == messages[_i].error, "%s: %s", messages[_i].what,
                  strerror(error));
    ck_assert_int_eq(rmdir(exports), 0);
    ck_assert_int_eq(mkdir(exports, 0700), 0);
}
END_TEST

START_TEST(overlong_messages_are_refused_whole)
{
    static const size_t lengths[] = {264, 265, 1000, 65536, 100000};
    static char bytes[100000];
    const struct broker_request r = {1, 1, "a"};
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, &r, BROKER_HEAD_LEN);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        ck_assert_int_eq(send_raw(bytes, lengths[i], -1), EINVAL);
    int fd = broker_create(&broker, 1, "good");
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

START_TEST(descriptors_sent_to_it_are_not_kept)
{
    const struct broker_request r = {BROKER_REMOVE, 1, "a"};
    int fds[2];
    char byte;
    ck_assert_int_eq(pipe(fds), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(send_raw(&r, BROKER_HEAD_LEN + 1, fds[1]), EPERM);
    close(fds[1]);
    /* The end of file shows that nobody else holds the other end. */
    ck_assert_int_eq(read(fds[0], &byte, 1), 0);
    close(fds[0]);
}
END_TEST

START_TEST(a_flood_of_nonsense_changes_nothing)
{
    uint8_t bytes[600];
    struct rng rng = {.state = 1};
    for (int i = 0; i < 20000; i++) {
        size_t len = 1 + rng_next(&rng) % sizeof bytes;
        uint32_t head[2] = {(uint32_t)(rng_next(&rng) % 4),
                            (uint32_t)(rng_next(&rng) % 3)};
        for (size_t k = 0; k < len; k++)
            bytes[k] = (uint8_t)rng_next(&rng);
        if (len >= sizeof head)
            memcpy(bytes, head, sizeof head);
        /* A name of random bytes could be one: end it with a slash. */
        bytes[len - 1] = '/';
        ck_assert_int_ne(send_raw(bytes, len, -1), 0);
    }
    ck_assert_int_eq(rmdir(exports), 0);
    ck_assert_int_eq(mkdir(exports, 0700), 0);
    ck_assert_str_eq(read_file(path_of(top, "secret")), "secret");
    ck_assert_int_eq(kill(broker.pid, 0), 0);
}
END_TEST

/* Thousands of requests whose answers nobody takes: the broker waits, and
 * goes when the decoder does. */
START_TEST(a_peer_that_never_listens_blocks_only_itself)
{
    const struct broker_request r = {BROKER_CREATE, 1, "a"};
    int sent = 0;
    while (send(broker.socket, &r, BROKER_HEAD_LEN + 1,
                MSG_NOSIGNAL | MSG_DONTWAIT) > 0 &&
           sent < 100000)
        sent++;
    ck_assert_int_gt(sent, 0);
    broker_stop(&broker); /* returns */
}
END_TEST

/* ------------------------------------------------------------ life and death
 */

START_TEST(signals_of_the_terminal_do_not_end_it)
{
    static const int signals[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                                  SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        ck_assert_int_eq(kill(broker.pid, signals[i]), 0);
    int fd = broker_create(&broker, 1, "after");
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

START_TEST(the_decoder_survives_its_death)
{
    ck_assert_int_eq(kill(broker.pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(broker.pid, NULL, 0), broker.pid);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(broker_create(&broker, 1, "a"), -1);
        ck_assert_int_eq(errno, EPIPE);
        ck_assert_int_eq(broker_remove(&broker, 1, "a"), -1);
        ck_assert_int_eq(errno, EPIPE);
    }
    broker_stop(&broker);
    broker_stop(&broker);
    ck_assert_int_eq(broker_create(&broker, 1, "a"), -1);
    ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(it_ends_with_the_decoder_and_leaves_no_zombie)
{
    pid_t pid = broker.pid;
    broker_stop(&broker);
    ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_int_eq(kill(pid, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
}
END_TEST

/* A decoder that is killed: its broker sees the end of the socket. */
static const char *
start_and_die(void *ctx)
{
    const int *alive = ctx;
    struct broker b;
    struct guard_error e;
    (void)alive;
    if (broker_start(&b, &options, &e) != ERR_OK)
        return strdup(e.reason);
    pid_t pid = b.pid;
    if (write(alive[1], &pid, sizeof pid) != sizeof pid)
        return "write";
    raise(SIGKILL);
    return "alive";
}

START_TEST(it_ends_when_the_decoder_is_killed)
{
    int alive[2];
    char text[256];
    pid_t pid = 0;
    ck_assert_int_eq(pipe(alive), 0);
    run_in_child(start_and_die, alive, text, sizeof text);
    ck_assert_str_eq(text, " (wait status 9)");
    ck_assert_int_eq(read(alive[0], &pid, sizeof pid), (int)sizeof pid);
    ck_assert_int_gt(pid, 0);
    /* It belongs to init now, which may take its time to bury it. */
    for (int i = 0; i < 5000 && kill(pid, 0) == 0; i++) {
        char state[64];
        snprintf(text, sizeof text, "/proc/%d/status", (int)pid);
        int fd = open(text, O_RDONLY);
        bool dead = fd < 0 || !status_line(fd, "State", state, sizeof state) ||
                    state[0] == 'Z' || state[0] == 'X';
        close(fd);
        if (dead)
            return;
        usleep(1000);
    }
    ck_assert_int_eq(kill(pid, 0), -1);
}
END_TEST

START_TEST(it_keeps_no_descriptor_of_the_decoder)
{
    int fds[2], high;
    char byte;
    struct broker b;
    struct guard_error e;
    ck_assert_int_eq(pipe(fds), 0);
    high = fcntl(fds[1], F_DUPFD, 500);
    ck_assert_int_ge(high, 500);
    ck_assert_int_eq(broker_start(&b, &options, &e), ERR_OK);
    close(fds[1]);
    close(high);
    ck_assert_int_eq(read(fds[0], &byte, 1), 0);
    broker_stop(&b);
}
END_TEST

/* What the broker's /proc/PID/status says; skipped where it cannot be read. */
START_TEST(the_kernel_confirms_that_it_is_locked_in)
{
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)broker.pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return;
    ck_assert(status_line(fd, "Name", line, sizeof line));
    ck_assert_str_eq(line, "wsray-broker");
#ifndef WITHOUT_SANDBOX
    if (options.sandbox) {
        ck_assert(status_line(fd, "NoNewPrivs", line, sizeof line));
        ck_assert_str_eq(line, "1");
        ck_assert(status_line(fd, "Seccomp", line, sizeof line));
        ck_assert_str_eq(line, sandbox_has_filter() ? "2" : "0");
    }
#endif
    close(fd);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_an_error_with_a_reason)
{
    static const char *const paths[] = {"/nonexistent/x", "/etc/passwd", ""};
    struct guard_error e;
    struct broker b;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct broker_dir none = {.path = paths[i]};
        const struct broker_options o = {.dirs = &none, .n_dirs = 1};
        ck_assert_int_eq(broker_start(&b, &o, &e), ERR_OPEN);
        ck_assert_int_eq(strncmp(e.reason, "directory to write in, ", 23), 0);
        ck_assert_int_eq(waitpid(-1, NULL, 0), -1); /* no child is left */
        ck_assert_int_eq(broker_create(&b, 0, "a"), -1);
        broker_stop(&b);
    }
}
END_TEST

START_TEST(a_directory_is_made_for_who_asks_and_must_else_be_empty)
{
    struct guard_error e = {0};
    struct stat st;
    struct broker b;
    char made[sizeof exports + 8];
    snprintf(made, sizeof made, "%s/made", exports);
    struct broker_dir dir = {.path = made, .make = true};
    const struct broker_options o = {.dirs = &dir,
                                     .n_dirs = 1,
                                     .sandbox = options.sandbox};
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_OK);
    ck_assert_int_eq(stat(made, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0700);
    int fd = broker_create(&b, 0, "file");
    ck_assert_int_ge(fd, 0);
    close(fd);
    broker_stop(&b);
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_OPEN);
    ck_assert_ptr_nonnull(strstr(e.reason, "is not empty"));
    dir.any = true;
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_OK);
    broker_stop(&b);
    remove_all(made);
    dir.path = path_of(made, "none");
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_OPEN);
    ck_assert_ptr_nonnull(strstr(e.reason, "No such file"));
}
END_TEST

START_TEST(too_many_directories_are_an_error)
{
    struct broker_dir many[BROKER_DIRS_MAX + 1];
    struct broker_options o = {.dirs = many};
    struct guard_error e;
    struct broker b;
    for (size_t i = 0; i <= BROKER_DIRS_MAX; i++)
        many[i] = dirs[1];
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_LIMIT);
    o.n_dirs = BROKER_DIRS_MAX + 1;
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_LIMIT);
    o.n_dirs = BROKER_DIRS_MAX;
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_OK);
    int fd = broker_create(&b, BROKER_DIRS_MAX - 1, "last");
    ck_assert_int_ge(fd, 0);
    close(fd);
    broker_stop(&b);
}
END_TEST

/* -------------------------------------------------------------- all of it */

/* As main() does it: broker, ids, sandbox, then files. */
static const char *
work_locked_in(void *ctx)
{
    struct privileges *p = ctx;
    struct broker b;
    struct guard_error e;
    struct sandbox_state state;
    static char text[512];
    options.privileges = p;
    if (broker_start(&b, &options, &e) != ERR_OK)
        return strdup(e.reason);
    struct sandbox_options sandbox = {.socket = b.socket};
    sandbox_prepare();
    if (p && privileges_drop(p, &e) != ERR_OK)
        return strdup(e.reason);
    if (options.sandbox && sandbox_enter(&sandbox, &state, &e) != ERR_OK)
        return strdup(e.reason);
    int fd = broker_create(&b, 0, "cap_inside.pcap");
    if (fd < 0 || write(fd, "inside", 6) != 6 || ftruncate(fd, 3) != 0 ||
        fsync(fd) != 0 || lseek(fd, 0, SEEK_SET) != 0 || close(fd) != 0) {
        snprintf(text, sizeof text, "create and write: %s", strerror(errno));
        return text;
    }
    fd = broker_create(&b, 0, "cap_ring.pcap");
    if (fd < 0 || close(fd) != 0 || broker_remove(&b, 0, "cap_ring.pcap") != 0)
        return "remove";
    if (broker_create(&b, 0, "../secret") != -1)
        return "escaped";
    broker_stop(&b);
    return b.pid == -1 ? NULL : "stop";
}

START_TEST(a_locked_in_decoder_gets_its_files)
{
    struct stat st;
    ck_assert_in_child(work_locked_in, NULL);
    ck_assert_str_eq(read_file(path_of(saves, "cap_inside.pcap")), "ins");
    ck_assert_int_eq(stat(path_of(saves, "cap_inside.pcap"), &st), 0);
    ck_assert_uint_eq(st.st_uid, geteuid());
}
END_TEST

static bool
can_become_others(void)
{
    struct privileges p;
    struct guard_error e;
    unsetenv("SUDO_UID");
    return geteuid() == 0 && privileges_plan(&p, NULL, &e) == ERR_OK &&
           p.reason == PRIVILEGES_NOBODY;
}

/* Whose the files are: `who called sudo` owns them, root keeps its own. */
static const struct {
    const char *name;
    struct privileges p;
    unsigned owner;
} owners[] = {
    {"sudo", {65534, 65534, PRIVILEGES_SUDO, true, false}, 65534},
    {"-Z", {65534, 65534, PRIVILEGES_USER, true, false}, 65534},
    {"root", {65534, 65534, PRIVILEGES_NOBODY, true, false}, 0},
};

START_TEST(files_belong_to_whom_they_should)
{
    struct stat st;
    struct privileges p;
    if (!can_become_others()) {
        tell_skipped("needs root and more than one user id");
        return;
    }
    p = owners[_i].p;
    ck_assert_int_eq(chmod(top, 0711), 0);
    ck_assert_int_eq(chown(saves, owners[_i].owner, owners[_i].owner), 0);
    ck_assert_int_eq(chown(exports, owners[_i].owner, owners[_i].owner), 0);
    ck_assert_in_child(work_locked_in, &p);
    ck_assert_int_eq(stat(path_of(saves, "cap_inside.pcap"), &st), 0);
    ck_assert_msg(st.st_uid == owners[_i].owner, "%s: %u", owners[_i].name,
                  (unsigned)st.st_uid);
}
END_TEST

/* Root without CAP_DAC_OVERRIDE does not write where it is not allowed to. */
START_TEST(a_broker_has_only_the_rights_of_its_user)
{
    struct privileges p = {65534, 65534, PRIVILEGES_SUDO, true, false};
    struct broker b;
    struct guard_error e;
    if (!can_become_others()) {
        tell_skipped("needs root and more than one user id");
        return;
    }
    ck_assert_int_eq(chmod(top, 0711), 0);
    options.privileges = &p;
    enum err code = broker_start(&b, &options, &e);
    ck_assert_msg(code == ERR_OK, "%s", e.reason);
    ck_assert_int_eq(broker_create(&b, 0, "cap.pcap"), -1);
    ck_assert_int_eq(errno, EACCES);
    broker_stop(&b);
    /* Where it may not even look, it says so at the start. */
    ck_assert_int_eq(chmod(top, 0700), 0);
    ck_assert_int_eq(broker_start(&b, &options, &e), ERR_OPEN);
    ck_assert_str_eq(e.reason, "directory to write in, as user 65534: "
                               "Permission denied");
}
END_TEST

/* As in a home directory: nobody else may write there, root may. */
START_TEST(root_writes_in_the_directory_of_somebody_else)
{
    struct privileges p = {65534, 65534, PRIVILEGES_NOBODY, true, false};
    struct stat st;
    if (!can_become_others()) {
        tell_skipped("needs root and more than one user id");
        return;
    }
    ck_assert_int_eq(chown(saves, 65533, 65533), 0);
    ck_assert_int_eq(chmod(saves, _i ? 0700 : 0755), 0);
    ck_assert_int_eq(chown(exports, 65533, 65533), 0);
    ck_assert_in_child(work_locked_in, &p);
    ck_assert_int_eq(stat(path_of(saves, "cap_inside.pcap"), &st), 0);
    ck_assert_uint_eq(st.st_uid, 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

static TCase *
bad_requests(void)
{
    TCase *t = tcase_create("bad requests");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, bad_names_are_refused, 0,
                        sizeof bad_names / sizeof bad_names[0]);
    tcase_add_test(t, the_longest_name_is_a_name);
    tcase_add_test(t, what_it_did_not_make_is_not_removed);
    tcase_add_test(t, devices_are_refused_but_the_bottomless_one);
    tcase_add_loop_test(t, nonsense_is_answered_and_does_nothing, 0,
                        sizeof messages / sizeof messages[0]);
    tcase_add_test(t, overlong_messages_are_refused_whole);
    tcase_add_test(t, descriptors_sent_to_it_are_not_kept);
    tcase_add_test(t, a_flood_of_nonsense_changes_nothing);
    tcase_add_test(t, a_peer_that_never_listens_blocks_only_itself);
    return t;
}

static Suite *
broker_suite(void)
{
    Suite *s = suite_create("broker");
    TCase *good = tcase_create("files");
    tcase_add_checked_fixture(good, setup, teardown);
    tcase_add_test(good, a_file_is_made_written_and_removed);
    tcase_add_test(good, a_file_that_was_there_is_emptied);
    tcase_add_test(good, where_files_must_be_fresh_none_is_emptied);
    tcase_add_test(good, a_ring_of_files_goes_round);
    tcase_add_test(good, a_fifo_is_opened_when_somebody_reads_it);
    tcase_add_test(good, a_fifo_of_somebody_else_is_not_opened);
    suite_add_tcase(s, good);
    suite_add_tcase(s, bad_requests());
    TCase *life = tcase_create("life");
    tcase_add_checked_fixture(life, setup, teardown);
    tcase_add_test(life, signals_of_the_terminal_do_not_end_it);
    tcase_add_test(life, the_decoder_survives_its_death);
    tcase_add_test(life, it_ends_with_the_decoder_and_leaves_no_zombie);
    tcase_add_test(life, the_kernel_confirms_that_it_is_locked_in);
    suite_add_tcase(s, life);
    TCase *start = tcase_create("start");
    tcase_add_checked_fixture(start, make_dirs, teardown);
    tcase_add_test(start, it_ends_when_the_decoder_is_killed);
    tcase_add_test(start, it_keeps_no_descriptor_of_the_decoder);
    tcase_add_test(start,
                   a_directory_that_is_not_there_is_an_error_with_a_reason);
    tcase_add_test(start,
                   a_directory_is_made_for_who_asks_and_must_else_be_empty);
    tcase_add_test(start, too_many_directories_are_an_error);
    tcase_add_test(start, a_locked_in_decoder_gets_its_files);
    tcase_add_loop_test(start, files_belong_to_whom_they_should, 0,
                        sizeof owners / sizeof owners[0]);
    tcase_add_test(start, a_broker_has_only_the_rights_of_its_user);
    tcase_add_loop_test(start, root_writes_in_the_directory_of_somebody_else, 0,
                        2);
    suite_add_tcase(s, start);
    return s;
}

#else /* not Linux */

START_TEST(elsewhere_it_says_so)
{
    const struct broker_options o = {0};
    struct broker b;
    struct guard_error e;
    ck_assert_int_eq(broker_start(&b, &o, &e), ERR_UNSUPPORTED);
    ck_assert_str_ne(e.reason, "");
    broker_stop(&b);
}
END_TEST

static Suite *
broker_suite(void)
{
    Suite *s = suite_create("broker");
    TCase *t = tcase_create("none");
    tcase_add_test(t, elsewhere_it_says_so);
    suite_add_tcase(s, t);
    return s;
}

#endif

CHECK_MAIN(broker_suite)
