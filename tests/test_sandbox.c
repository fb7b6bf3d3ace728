/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "tests/check_main.h"
#include "tests/in_child.h"
#include "ui/sandbox.h"

#if defined(__linux__) && !defined(WITHOUT_SANDBOX)

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <wchar.h>

#include "dissect/digest.h"
#include "ui/landlock.h"

/* What a child finds open when it is locked in. */
struct inside {
    int row;
    struct sandbox_options options;
    int in, out;    /* a pipe */
    int status;     /* /proc/self/status */
    int root;       /* directory, to be opened from */
    pid_t parent;   /* the test */
    char here[128]; /* a file that can be read */
    struct sandbox_state state;
};

/* ---------------------------------------------- what must not be possible */

static long
try_open(const struct inside *in)
{
    return open(in->here, O_RDONLY);
}

static long
try_open_raw(const struct inside *in)
{
#ifdef SYS_open
    return syscall(SYS_open, in->here, O_RDONLY, 0);
#else
    return open(in->here, O_RDONLY);
#endif
}

static long
try_openat_of_open_directory(const struct inside *in)
{
    return openat(in->root, "etc/passwd", O_RDONLY);
}

static long
try_openat2(const struct inside *in)
{
    const uint64_t how[3] = {O_RDONLY, 0, 0};
    return syscall(437, in->root, "etc/passwd", how, sizeof how);
}

static long
try_creat(const struct inside *in)
{
    (void)in;
    return creat("/tmp/wsray-test-sandbox", 0600);
}

static long
try_unlink(const struct inside *in)
{
    return unlink(in->here);
}

static long
try_rename(const struct inside *in)
{
    return rename(in->here, "/tmp/wsray-test-sandbox");
}

static long
try_mkdir(const struct inside *in)
{
    (void)in;
    return mkdir("/tmp/wsray-test-sandbox", 0700);
}

static long
try_chmod(const struct inside *in)
{
    return chmod(in->here, 0777);
}

static long
try_stat(const struct inside *in)
{
    struct stat st;
    return stat(in->here, &st);
}

static long
try_memfd(const struct inside *in)
{
    (void)in;
    return memfd_create("x", 0);
}

static long
try_execve(const struct inside *in)
{
    char *const none[] = {NULL};
    (void)in;
    return execve("/bin/true", none, none);
}

static long
try_execveat(const struct inside *in)
{
    char *const none[] = {NULL};
    return syscall(SYS_execveat, in->root, "bin/true", none, none, 0);
}

static long
try_fork(const struct inside *in)
{
    (void)in;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid;
}

static long
try_vfork_flags(const struct inside *in)
{
    (void)in;
    /* As a thread would look, but in a user namespace of its own. */
    return syscall(SYS_clone,
                   CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUSER, 0,
                   0, 0, 0);
}

static long
try_unshare(const struct inside *in)
{
    (void)in;
    return unshare(CLONE_NEWUSER);
}

static long
try_socket(const struct inside *in)
{
    (void)in;
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long
try_packet_socket(const struct inside *in)
{
    (void)in;
    return socket(AF_PACKET, SOCK_RAW, 0);
}

static long
try_netlink_socket(const struct inside *in)
{
    (void)in;
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long
try_socketpair(const struct inside *in)
{
    int pair[2];
    (void)in;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static long
try_connect(const struct inside *in)
{
    const struct sockaddr_in to = {.sin_family = AF_INET};
    return connect(in->options.socket, (const struct sockaddr *)&to, sizeof to);
}

static long
try_bind(const struct inside *in)
{
    const struct sockaddr_in to = {.sin_family = AF_INET};
    return bind(in->options.socket, (const struct sockaddr *)&to, sizeof to);
}

static long
try_sendto(const struct inside *in)
{
    return send(in->options.socket, "x", 1, MSG_NOSIGNAL);
}

static long
try_sendmsg_elsewhere(const struct inside *in)
{
    struct msghdr msg = {0};
    return sendmsg(in->options.read_only[0], &msg, MSG_NOSIGNAL);
}

static long
try_write_read_only(const struct inside *in)
{
    return write(in->options.read_only[0], "x", 1);
}

static long
try_writev_read_only(const struct inside *in)
{
    const struct iovec v = {.iov_base = (void *)(uintptr_t) "x", .iov_len = 1};
    return writev(in->options.read_only[0], &v, 1);
}

/* The kernel looks at 32 bits of a descriptor, and so must the filter. */
static long
try_write_read_only_disguised(const struct inside *in)
{
    uint64_t fd = (uint64_t)in->options.read_only[0] | UINT64_C(1) << 32;
    return syscall(SYS_write, (long)fd, "x", (long)1);
}

static long
try_setsockopt(const struct inside *in)
{
    int on = 1;
    return setsockopt(in->options.socket, SOL_SOCKET, SO_PASSCRED, &on,
                      sizeof on);
}

static long
try_dup(const struct inside *in)
{
    return dup(in->options.read_only[0]);
}

static long
try_dup_by_fcntl(const struct inside *in)
{
    return fcntl(in->options.read_only[0], F_DUPFD, 0);
}

static long
try_set_owner(const struct inside *in)
{
    return fcntl(in->in, F_SETOWN, in->parent);
}

static long
try_ptrace(const struct inside *in)
{
    return ptrace(PTRACE_ATTACH, in->parent, NULL, NULL);
}

static long
try_traceme(const struct inside *in)
{
    (void)in;
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long
try_read_parent(const struct inside *in)
{
    char byte;
    struct iovec here = {.iov_base = &byte, .iov_len = 1};
    struct iovec there = {.iov_base = &byte, .iov_len = 1};
    return process_vm_readv(in->parent, &here, 1, &there, 1, 0);
}

static long
try_kill_parent(const struct inside *in)
{
    return kill(in->parent, 0);
}

static long
try_kill_group(const struct inside *in)
{
    (void)in;
    return kill(0, 0);
}

static long
try_tgkill_parent(const struct inside *in)
{
    return syscall(SYS_tgkill, in->parent, in->parent, 0);
}

static long
try_pidfd(const struct inside *in)
{
    return syscall(434, in->parent, 0);
}

static long
try_mount(const struct inside *in)
{
    (void)in;
    return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long
try_chroot(const struct inside *in)
{
    (void)in;
    return chroot("/");
}

static long
try_setuid(const struct inside *in)
{
    (void)in;
    return setuid(0);
}

static long
try_keyctl(const struct inside *in)
{
    (void)in;
    return syscall(SYS_keyctl, 0, -3, 0, 0, 0);
}

static long
try_bpf(const struct inside *in)
{
    (void)in;
    return syscall(SYS_bpf, 0, NULL, 0);
}

static long
try_io_uring(const struct inside *in)
{
    char params[256] = {0};
    (void)in;
    return syscall(425, 1, params);
}

static long
try_userfaultfd(const struct inside *in)
{
    (void)in;
    return syscall(SYS_userfaultfd, 0);
}

static long
try_perf(const struct inside *in)
{
    char attr[128] = {0};
    (void)in;
    return syscall(SYS_perf_event_open, attr, 0, -1, -1, 0);
}

static long
try_push_a_key(const struct inside *in)
{
    char key = 'x';
    return ioctl(in->in, TIOCSTI, &key);
}

static long
try_undumpable(const struct inside *in)
{
    (void)in;
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long
try_personality(const struct inside *in)
{
    (void)in;
    /* READ_IMPLIES_EXEC would make every mapping executable. */
    return syscall(SYS_personality, 0x0400000);
}

static long
try_mmap_exec(const struct inside *in)
{
    (void)in;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}

static long
try_mprotect_exec(const struct inside *in)
{
    (void)in;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 0 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long
try_shmat(const struct inside *in)
{
    (void)in;
    return syscall(SYS_shmget, 0, 4096, 0600);
}

#define ROW(function)                                                          \
    {                                                                          \
#function, function                                                    \
    }
static const struct {
    const char *name;
    long (*try)(const struct inside *in);
} forbidden[] = {
    ROW(try_open),
    ROW(try_open_raw),
    ROW(try_openat_of_open_directory),
    ROW(try_openat2),
    ROW(try_creat),
    ROW(try_unlink),
    ROW(try_rename),
    ROW(try_mkdir),
    ROW(try_chmod),
    ROW(try_stat),
    ROW(try_memfd),
    ROW(try_execve),
    ROW(try_execveat),
    ROW(try_fork),
    ROW(try_vfork_flags),
    ROW(try_unshare),
    ROW(try_socket),
    ROW(try_packet_socket),
    ROW(try_netlink_socket),
    ROW(try_socketpair),
    ROW(try_connect),
    ROW(try_bind),
    ROW(try_sendto),
    ROW(try_sendmsg_elsewhere),
    ROW(try_write_read_only),
    ROW(try_writev_read_only),
    ROW(try_write_read_only_disguised),
    ROW(try_setsockopt),
    ROW(try_dup),
    ROW(try_dup_by_fcntl),
    ROW(try_set_owner),
    ROW(try_ptrace),
    ROW(try_traceme),
    ROW(try_read_parent),
    ROW(try_kill_parent),
    ROW(try_kill_group),
    ROW(try_tgkill_parent),
    ROW(try_pidfd),
    ROW(try_mount),
    ROW(try_chroot),
    ROW(try_setuid),
    ROW(try_keyctl),
    ROW(try_bpf),
    ROW(try_io_uring),
    ROW(try_userfaultfd),
    ROW(try_perf),
    ROW(try_push_a_key),
    ROW(try_undumpable),
    ROW(try_personality),
    ROW(try_mmap_exec),
    ROW(try_mprotect_exec),
    ROW(try_shmat),
};

/* These Landlock forbids without the filter. */
static const struct {
    const char *name;
    long (*try)(const struct inside *in);
    int abi;
} landlocked[] = {
    {"try_open", try_open, 1},
    {"try_open_raw", try_open_raw, 1},
    {"try_openat_of_open_directory", try_openat_of_open_directory, 1},
    {"try_openat2", try_openat2, 1},
    {"try_creat", try_creat, 1},
    {"try_unlink", try_unlink, 1},
    {"try_rename", try_rename, 1},
    {"try_mkdir", try_mkdir, 1},
    {"try_execve", try_execve, 1},
    {"try_kill_parent", try_kill_parent, 6},
};

/* ------------------------------------------------------------ the harness */

static int pair[2], pipe_fds[2];
static struct inside inside;

static void
setup(void)
{
    static int read_only[1];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ck_assert_int_eq(pipe(pipe_fds), 0);
    read_only[0] = dup(pair[0]);
    inside = (struct inside){
        .options = {.profile = SANDBOX_DECODER,
                    .socket = pair[0],
                    .read_only = read_only,
                    .n_read_only = 1},
        .in = pipe_fds[0],
        .out = pipe_fds[1],
        .root = open("/", O_RDONLY | O_DIRECTORY),
        .parent = getpid(),
    };
    snprintf(inside.here, sizeof inside.here, "/tmp/wsray-test-XXXXXX");
    int fd = mkstemp(inside.here);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
    setlocale(LC_CTYPE, "");
}

static void
teardown(void)
{
    unlink(inside.here);
}

/* What the tests of the filter need. */
static bool
can_filter(void)
{
    if (!sandbox_has_filter() || under_valgrind()) {
        tell_skipped(under_valgrind() ? "valgrind makes its own system calls"
                                      : "no system call filter here");
        return false;
    }
    return true;
}

static const char *
enter(struct inside *in)
{
    static struct guard_error e;
    in->status = open("/proc/self/status", O_RDONLY);
    sandbox_prepare();
    return sandbox_enter(&in->options, &in->state, &e) == ERR_OK ? NULL
                                                                 : e.reason;
}

static const char *
complain(const char *name, const char *what)
{
    static char text[256];
    snprintf(text, sizeof text, "%s: %s (%s)", name, what, strerror(errno));
    return text;
}

static const char *
enter_and_try_forbidden(void *ctx)
{
    struct inside *in = ctx;
    const char *wrong = enter(in);
    if (wrong)
        return wrong;
    errno = 0;
    if (forbidden[in->row].try(in) != -1)
        return complain(forbidden[in->row].name, "was possible");
    return errno == EPERM ? NULL : complain(forbidden[in->row].name, "errno");
}

START_TEST(what_a_decoder_does_not_need_fails_with_eperm)
{
    if (!can_filter())
        return;
    inside.row = _i;
    ck_assert_in_child(enter_and_try_forbidden, &inside);
}
END_TEST

START_TEST(the_filter_holds_without_landlock)
{
    if (!can_filter())
        return;
    inside.row = _i;
    inside.options.without_landlock = true;
    ck_assert_in_child(enter_and_try_forbidden, &inside);
}
END_TEST

static const char *
enter_and_try_landlocked(void *ctx)
{
    struct inside *in = ctx;
    const char *wrong = enter(in);
    if (wrong)
        return wrong;
    errno = 0;
    if (landlocked[in->row].try(in) != -1)
        return complain(landlocked[in->row].name, "was possible");
    return errno == EACCES || errno == EPERM || errno == EXDEV
               ? NULL
               : complain(landlocked[in->row].name, "errno");
}

START_TEST(landlock_holds_without_the_filter)
{
    if (landlock_abi() < landlocked[_i].abi) {
        tell_skipped("the kernel's Landlock is missing or too old");
        return;
    }
    inside.row = _i;
    inside.options.without_filter = true;
    ck_assert_in_child(enter_and_try_landlocked, &inside);
}
END_TEST

/* With the filter off, and on a socket that was open before. */
static const char *
enter_and_connect(void *ctx)
{
    struct inside *in = ctx;
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(9),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const char *wrong = enter(in);
    if (wrong || fd < 0)
        return wrong;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != -1 ||
        errno != EACCES)
        return complain("connect", "no EACCES");
    return bind(fd, (const struct sockaddr *)&to, sizeof to) == -1 &&
                   errno == EACCES
               ? NULL
               : complain("bind", "no EACCES");
}

START_TEST(landlock_forbids_tcp_without_the_filter)
{
    if (landlock_abi() < 4) {
        tell_skipped("the kernel's Landlock is missing or too old");
        return;
    }
    inside.options.without_filter = true;
    ck_assert_in_child(enter_and_connect, &inside);
}
END_TEST

/* --------------------------------------------------- what must be possible */

static const char *
use_descriptors(const struct inside *in)
{
    char bytes[4096] = "x";
    struct iovec v = {.iov_base = bytes, .iov_len = 2};
    struct stat st;
    struct pollfd p = {.fd = in->in, .events = POLLIN};
    int waiting = 0;
    if (write(in->out, "ab", 2) != 2 || writev(in->out, &v, 1) != 2)
        return complain("pipe", "write");
    if (poll(&p, 1, 1000) != 1 || ppoll(&p, 1, NULL, NULL) != 1)
        return complain("pipe", "poll");
    if (ioctl(in->in, FIONREAD, &waiting) != 0 || waiting != 4)
        return complain("pipe", "FIONREAD");
    if (read(in->in, bytes, 2) != 2 || bytes[0] != 'a')
        return complain("pipe", "read");
    if (fstat(in->in, &st) != 0 || !S_ISFIFO(st.st_mode))
        return complain("pipe", "fstat");
    if (fcntl(in->in, F_SETFL, fcntl(in->in, F_GETFL) | O_NONBLOCK) != 0)
        return complain("pipe", "fcntl");
    if (isatty(in->in) != 0)
        return "a pipe is a terminal";
    if (pread(in->status, bytes, 16, 0) <= 0 ||
        lseek(in->status, 0, SEEK_SET) != 0)
        return complain("file", "read");
    return close(in->root) == 0 ? NULL : complain("directory", "close");
}

static const char *
use_socket(const struct inside *in)
{
    char byte = 'x';
    int error = 1;
    socklen_t len = sizeof error;
    struct iovec v = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &v, .msg_iovlen = 1};
    if (sendmsg(in->options.socket, &msg, MSG_NOSIGNAL) != 1)
        return complain("socket", "sendmsg");
    if (recvmsg(pair[1], &msg, 0) != 1)
        return complain("socket", "recvmsg");
    if (getsockopt(in->options.read_only[0], SOL_SOCKET, SO_ERROR, &error,
                   &len) != 0)
        return complain("socket", "getsockopt");
    if (recv(in->options.read_only[0], &byte, 1, MSG_DONTWAIT) != -1 ||
        errno != EAGAIN)
        return complain("socket", "recv");
    return NULL;
}

static const char *
use_memory(void)
{
    const size_t mib = 1024 * 1024;
    char *p = malloc(64 * mib);
    if (!p)
        return "malloc";
    memset(p, 1, 64 * mib);
    char *q = realloc(p, 128 * mib);
    if (!q)
        return "realloc";
    memset(q + 64 * mib, 1, 64 * mib);
    free(q);
    for (size_t i = 0; i < 1000; i++) {
        char *small = malloc(i * 97);
        if (!small)
            return "small malloc";
        memset(small, 1, i * 97);
        if (i % 3)
            free(small);
    }
    return NULL;
}

static const char *
use_clocks(void)
{
    const struct timespec tick = {.tv_nsec = 1000};
    struct timespec now;
    struct tm tm;
    time_t t = 1700000000;
    uint8_t bytes[8];
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 ||
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) != 0)
        return "clock_gettime";
    if (nanosleep(&tick, NULL) != 0)
        return "nanosleep";
    if (!localtime_r(&t, &tm) || !localtime(&t))
        return "localtime";
    return getrandom(bytes, sizeof bytes, 0) == 8 ? NULL : "getrandom";
}

static const char *
use_libraries(void)
{
    static const char abc[] = "abc";
    const struct slice part = {(const uint8_t *)abc, 3};
    struct digest *d;
    uint8_t sum[DIGEST_MAX];
    size_t len = 0;
    wchar_t wide = 0;
    mbstate_t state = {0};
    if (!digest_sha1(&part, 1, sum) || sum[0] != 0xa9 || sum[19] != 0x9d)
        return "SHA-1"; /* FIPS 180-2, A.1 */
    if (digest_new(&d, "sha256") != ERR_OK)
        return "no SHA-256";
    digest_update(d, abc, 3);
    if (digest_final(d, sum, &len) != ERR_OK || len != 32 || sum[0] != 0xba)
        return "SHA-256"; /* FIPS 180-2, B.1 */
    digest_free(d);
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0 &&
        (mbrtowc(&wide, "\xe4\xb8\x96", 3, &state) != 3 || wide != 0x4e16))
        return "mbrtowc";
    return strcmp(strerror(ENOENT), "No such file or directory") == 0
               ? NULL
               : "strerror";
}

static const char *
enter_and_work(void *ctx)
{
    struct inside *in = ctx;
    const char *wrong = enter(in);
    if (!wrong)
        wrong = use_descriptors(in);
    if (!wrong)
        wrong = use_socket(in);
    if (!wrong)
        wrong = use_memory();
    if (!wrong)
        wrong = use_clocks();
    return wrong ? wrong : use_libraries();
}

START_TEST(what_a_decoder_needs_goes_on)
{
    if (!under_valgrind())
        ck_assert_in_child(enter_and_work, &inside);
}
END_TEST

struct worker {
    const struct inside *in;
    const char *wrong;
};

/* The thread is as locked in as the process, and works. */
static void *
work(void *ctx)
{
    struct worker *w = ctx;
    prctl(PR_SET_NAME, "wsray-worker", 0, 0, 0);
    if (open(w->in->here, O_RDONLY) != -1)
        w->wrong = "a thread can open files";
    else
        w->wrong = use_memory();
    return w;
}

static const char *
enter_and_start_threads(void *ctx)
{
    enum { N = 4 };
    struct inside *in = ctx;
    pthread_t threads[N];
    struct worker workers[N];
    const char *wrong = enter(in);
    if (wrong)
        return wrong;
    for (int i = 0; i < N; i++) {
        workers[i] = (struct worker){in, NULL};
        int error = pthread_create(&threads[i], NULL, work, &workers[i]);
        if (error != 0)
            return strerror(error);
    }
    for (int i = 0; i < N; i++) {
        void *result = NULL;
        if (pthread_join(threads[i], &result) != 0 || result != &workers[i])
            return "join";
        if (workers[i].wrong)
            return workers[i].wrong;
    }
    return NULL;
}

START_TEST(threads_started_inside_work_and_are_inside)
{
    if (!under_valgrind())
        ck_assert_in_child(enter_and_start_threads, &inside);
}
END_TEST

static void *
wait_and_open(void *ctx)
{
    struct worker *w = ctx;
    char byte;
    if (read(w->in->in, &byte, 1) != 1)
        w->wrong = "read";
    else if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
        w->wrong = "a thread of before can open sockets";
    return w;
}

static const char *
enter_beside_a_thread(void *ctx)
{
    struct inside *in = ctx;
    struct worker w = {in, NULL};
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_and_open, &w) != 0)
        return "pthread_create";
    const char *wrong = enter(in);
    if (wrong || write(in->out, "x", 1) != 1)
        return wrong ? wrong : "write";
    if (pthread_join(thread, NULL) != 0)
        return "pthread_join";
    return w.wrong;
}

START_TEST(the_filter_holds_for_threads_of_before)
{
    if (can_filter())
        ck_assert_in_child(enter_beside_a_thread, &inside);
}
END_TEST

static const char *
enter_and_look(void *ctx)
{
    struct inside *in = ctx;
    char line[64], text[200];
    const char *wrong = enter(in);
    if (wrong)
        return wrong;
    if (status_line(in->status, "NoNewPrivs", line, sizeof line) &&
        strcmp(line, "1") != 0)
        return "NoNewPrivs is not 1";
    if (in->state.filter &&
        status_line(in->status, "Seccomp", line, sizeof line) &&
        strcmp(line, "2") != 0)
        return "Seccomp is not 2";
    sandbox_describe(&in->state, text, sizeof text);
    if (in->state.filter && strncmp(text, "system call filter (", 20) != 0)
        return strdup(text);
    if (in->state.landlock_abi > 0 && !strstr(text, ", Landlock ABI "))
        return strdup(text);
    return in->state.entered ? NULL : "not entered";
}

START_TEST(the_kernel_confirms_what_is_told)
{
    if (!under_valgrind())
        ck_assert_in_child(enter_and_look, &inside);
}
END_TEST

static const char *
enter_and_abort(void *ctx)
{
    const char *wrong = enter(ctx);
    if (!wrong)
        abort();
    return wrong;
}

START_TEST(a_failed_assert_still_ends_the_process)
{
    char text[256];
    if (!can_filter())
        return;
    run_in_child(enter_and_abort, &inside, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "(wait status "));
    unsigned status = (unsigned)strtoul(strrchr(text, ' '), NULL, 10);
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

/* System calls of i386 have other numbers: 5 is its open, x86-64's fstat. */
#if defined(__x86_64__)
static const char *
enter_and_call_i386(void *ctx)
{
    const char *wrong = enter(ctx);
    long result = 20; /* getpid */
    if (wrong)
        return wrong;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return "i386 calls are possible";
}

START_TEST(calls_of_another_architecture_end_the_process)
{
    char text[256];
    if (!can_filter())
        return;
    run_in_child(enter_and_call_i386, &inside, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "(wait status "));
    unsigned status = (unsigned)strtoul(strrchr(text, ' '), NULL, 10);
    /* SIGSEGV: a kernel without those calls. */
    ck_assert(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
}
END_TEST
#endif

/* ------------------------------------------------------ the broker's list */

static const char *
enter_as_broker(void *ctx)
{
    struct inside *in = ctx;
    struct stat st;
    char *const none[] = {NULL};
    const char *wrong = enter(in);
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    int dir = in->options.dirs[0];
    if (wrong)
        return wrong;
    int fd = openat(dir, "wsray-test-broker-file", flags, 0600);
    if (fd < 0)
        return complain("openat", "of what it may");
    if (ftruncate(fd, 0) != 0 || fstat(fd, &st) != 0)
        return complain("file", "ftruncate, fstat");
    if (unlinkat(dir, "wsray-test-broker-file", 0) != 0)
        return complain("unlinkat", "of what it may");
    if (openat(dir, "wsray-test-broker-file", O_RDONLY) != -1 || errno != EPERM)
        return complain("openat", "to read");
    if (openat(dir, "../wsray-test-outside", flags, 0600) != -1)
        return "openat beside its directory";
    if (openat(AT_FDCWD, in->here, O_WRONLY | O_NOFOLLOW | O_CLOEXEC) != -1)
        return "openat of another file";
    if (unlinkat(AT_FDCWD, in->here, 0) != -1)
        return "unlinkat of another file";
    if (execve("/bin/true", none, none) != -1 || errno != EPERM)
        return complain("execve", "was possible");
    if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
        return complain("socket", "was possible");
    if (fork() != -1 || errno != EPERM)
        return complain("fork", "was possible");
    if (kill(in->parent, 0) != -1 || errno != EPERM)
        return complain("kill", "was possible");
    return NULL;
}

START_TEST(a_broker_writes_beneath_its_directory_and_nowhere_else)
{
    char path[] = "/tmp/wsray-test-dir-XXXXXX";
    if (!can_filter())
        return;
    if (landlock_abi() < 3) {
        tell_skipped("the kernel's Landlock is missing or too old");
        return;
    }
    ck_assert_ptr_nonnull(mkdtemp(path));
    int dir = open(path, O_PATH | O_DIRECTORY);
    inside.options.profile = SANDBOX_BROKER;
    inside.options.dirs = &dir;
    inside.options.n_dirs = 1;
    ck_assert_in_child(enter_as_broker, &inside);
    ck_assert_int_eq(access(inside.here, F_OK), 0);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* ----------------------------------------------------------- what is told */

START_TEST(what_this_build_can_do_is_told)
{
    char text[200];
    sandbox_describe(NULL, text, sizeof text);
#ifdef HAVE_SECCOMP
    ck_assert_ptr_nonnull(strstr(text, "system call filter (libseccomp "));
#else
    ck_assert_ptr_nonnull(strstr(text, "without libseccomp"));
#endif
    ck_assert_ptr_nonnull(strstr(text, "Landlock"));
}
END_TEST

START_TEST(what_is_missing_is_told)
{
    char text[200];
    const struct sandbox_state off = {0};
    const struct sandbox_state bare = {.entered = true};
    const struct sandbox_state full = {.entered = true,
                                       .filter = true,
                                       .landlock_abi = 7,
                                       .no_capabilities = true};
    sandbox_describe(&off, text, sizeof text);
    ck_assert_str_eq(text, "none");
    sandbox_describe(&bare, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "no system call filter ("));
    ck_assert_ptr_nonnull(strstr(text, ", no Landlock (not in this kernel), "
                                       "capabilities kept"));
    sandbox_describe(&full, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, ", Landlock ABI 7, no capabilities"));
    ck_assert_uint_lt(strlen(text), 160);
}
END_TEST

static Suite *
sandbox_suite(void)
{
    Suite *s = suite_create("sandbox");
    TCase *no = tcase_create("forbidden");
    tcase_add_checked_fixture(no, setup, teardown);
    tcase_add_loop_test(no, what_a_decoder_does_not_need_fails_with_eperm, 0,
                        sizeof forbidden / sizeof forbidden[0]);
    tcase_add_loop_test(no, the_filter_holds_without_landlock, 0,
                        sizeof forbidden / sizeof forbidden[0]);
    tcase_add_loop_test(no, landlock_holds_without_the_filter, 0,
                        sizeof landlocked / sizeof landlocked[0]);
    tcase_add_test(no, landlock_forbids_tcp_without_the_filter);
    tcase_add_test(no, the_filter_holds_for_threads_of_before);
#if defined(__x86_64__)
    tcase_add_test(no, calls_of_another_architecture_end_the_process);
#endif
    suite_add_tcase(s, no);
    TCase *yes = tcase_create("allowed");
    tcase_add_checked_fixture(yes, setup, teardown);
    tcase_add_test(yes, what_a_decoder_needs_goes_on);
    tcase_add_test(yes, threads_started_inside_work_and_are_inside);
    tcase_add_test(yes, a_failed_assert_still_ends_the_process);
    tcase_add_test(yes, the_kernel_confirms_what_is_told);
    tcase_add_test(yes, a_broker_writes_beneath_its_directory_and_nowhere_else);
    suite_add_tcase(s, yes);
    TCase *told = tcase_create("told");
    tcase_add_test(told, what_this_build_can_do_is_told);
    tcase_add_test(told, what_is_missing_is_told);
    suite_add_tcase(s, told);
    return s;
}

#else /* no sandbox in this build */

START_TEST(without_a_sandbox_it_says_why)
{
    const struct sandbox_options o = {.socket = -1};
    struct sandbox_state state;
    struct guard_error e;
    char text[200];
    tell_skipped("built without a sandbox (sanitizers, coverage, system)");
    enum err code = sandbox_enter(&o, &state, &e);
#ifdef __linux__
    ck_assert_int_eq(code, ERR_OK);
#else
    ck_assert_int_eq(code, ERR_UNSUPPORTED);
#endif
    ck_assert(!state.entered);
    sandbox_prepare();
    sandbox_describe(&state, text, sizeof text);
    ck_assert_int_eq(strncmp(text, "none (", 6), 0);
}
END_TEST

static Suite *
sandbox_suite(void)
{
    Suite *s = suite_create("sandbox");
    TCase *t = tcase_create("none");
    tcase_add_test(t, without_a_sandbox_it_says_why);
    suite_add_tcase(s, t);
    return s;
}

#endif

CHECK_MAIN(sandbox_suite)
