/* SPDX-License-Identifier: MIT */
#include "ui/broker.h"

#include <errno.h>
#include <string.h>

#include "config.h"

#ifdef __linux__

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ui/broker_wire.h"
#include "ui/output_dir.h"
#include "ui/sandbox.h"

#define FILE_MODE 0600
/* Where the broker keeps its socket; what is above is closed. */
#define SOCKET_FD 3

/* ------------------------------------------------- the broker's process */

/* A file that was made and may be removed. */
struct made {
    uint32_t dir;
    char *name; /* NULL: removed */
};

struct server {
    const struct broker_options *options;
    int dirs[BROKER_DIRS_MAX];
    struct made *made; /* ring of BROKER_MADE_MAX */
    size_t made_first; /* oldest that may still be there */
    size_t n_made;     /* from there on */
    size_t n_fresh;
};

/* As in ui/broker.h: a plain name, and one of this directory's. */
static int
check_name(const struct broker_dir *dir, const char *name, size_t len)
{
    size_t prefix_len = dir->prefix ? strlen(dir->prefix) : 0;
    size_t suffix_len = dir->suffix ? strlen(dir->suffix) : 0;
    if (len == 0 || len > BROKER_NAME_MAX || memchr(name, '/', len) ||
        memchr(name, '\0', len) || (len == 1 && name[0] == '.') ||
        (len == 2 && name[0] == '.' && name[1] == '.'))
        return EINVAL;
    if (prefix_len == 0 && name[0] == '.')
        return EPERM;
    if (len < prefix_len + suffix_len ||
        memcmp(name, dir->prefix ? dir->prefix : "", prefix_len) != 0 ||
        memcmp(name + len - suffix_len, dir->suffix ? dir->suffix : "",
               suffix_len) != 0)
        return EPERM;
    return 0;
}

static struct made *
made_at(const struct server *s, size_t i)
{
    return &s->made[(s->made_first + i) % BROKER_MADE_MAX];
}

/* The files of a ring are removed in the order they were made in, so that the
 * first look is nearly always the last. */
static struct made *
made_find(const struct server *s, uint32_t dir, const char *name)
{
    for (size_t i = 0; i < s->n_made; i++) {
        struct made *m = made_at(s, i);
        if (m->name && m->dir == dir && strcmp(m->name, name) == 0)
            return m;
    }
    return NULL;
}

static void
made_forget(struct server *s, struct made *m)
{
    free(m->name);
    m->name = NULL;
    while (s->n_made > 0 && !made_at(s, 0)->name) {
        s->made_first = (s->made_first + 1) % BROKER_MADE_MAX;
        s->n_made--;
    }
}

/* Without memory the file is not remembered: it stays. */
static void
made_add(struct server *s, uint32_t dir, const char *name)
{
    char *copy = strdup(name);
    if (!copy)
        return;
    if (s->n_made == BROKER_MADE_MAX)
        made_forget(s, made_at(s, 0));
    struct made *m = made_at(s, s->n_made);
    m->dir = dir;
    m->name = copy;
    s->n_made++;
}

/* A FIFO of somebody else, but for root, would hand him what was captured. */
static bool
may_be_opened(const struct stat *st)
{
    bool ours = st->st_uid == geteuid() || st->st_uid == 0;
    return S_ISREG(st->st_mode) || (S_ISFIFO(st->st_mode) && ours) ||
           (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3));
}

/* Empties a file that was there, and lets writes to a FIFO wait. */
static int
prepare_file(int fd, struct stat *st)
{
    if (fstat(fd, st) != 0)
        return errno;
    if (!may_be_opened(st))
        return EPERM;
    if (S_ISREG(st->st_mode) && st->st_size > 0 && ftruncate(fd, 0) != 0)
        return errno;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
        return errno;
    return 0;
}

/* *fd is set when 0 is returned. */
static int
create_file(struct server *s, uint32_t dir, const char *name, int *fd)
{
    struct stat st;
    int error;
    /* Before opening: with some devices that alone has an effect. */
    bool there = fstatat(s->dirs[dir], name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    bool fresh = s->options->dirs[dir].fresh;
    if (there && fresh)
        return EEXIST;
    if (fresh && s->n_fresh == BROKER_FRESH_MAX)
        return EDQUOT;
    if (there && S_ISLNK(st.st_mode))
        return ELOOP;
    if (there && !may_be_opened(&st))
        return S_ISDIR(st.st_mode) ? EISDIR : EPERM;
    /* O_NONBLOCK: a FIFO without a reader must not keep the broker. */
    int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY |
                (fresh ? O_EXCL : 0);
    int opened =
        openat(s->dirs[dir], name, flags | O_NONBLOCK, (mode_t)FILE_MODE);
    if (opened < 0)
        return errno;
    error = prepare_file(opened, &st);
    if (error != 0) {
        close(opened);
        return error;
    }
    /* What was emptied is ours too.  A new file needs no look at the list. */
    if (S_ISREG(st.st_mode) && (!there || !made_find(s, dir, name)))
        made_add(s, dir, name);
    s->n_fresh += fresh;
    *fd = opened;
    return 0;
}

static int
remove_file(struct server *s, uint32_t dir, const char *name)
{
    struct made *m = made_find(s, dir, name);
    if (!m || s->options->dirs[dir].fresh)
        return EPERM;
    int error = unlinkat(s->dirs[dir], name, 0) == 0 ? 0 : errno;
    if (error == 0 || error == ENOENT)
        made_forget(s, m);
    return error;
}

/* Does what a message of len bytes asks for; errno, and a descriptor or -1. */
static int
obey(struct server *s, const struct broker_request *r, size_t len, int *fd)
{
    char name[BROKER_NAME_MAX + 1];
    if (len <= BROKER_HEAD_LEN || len > sizeof *r)
        return EINVAL;
    if (r->dir >= s->options->n_dirs)
        return EBADF;
    size_t name_len = len - BROKER_HEAD_LEN;
    int error = check_name(&s->options->dirs[r->dir], r->name, name_len);
    if (error != 0)
        return error;
    memcpy(name, r->name, name_len);
    name[name_len] = '\0';
    if (r->kind == BROKER_CREATE)
        return create_file(s, r->dir, name, fd);
    if (r->kind == BROKER_REMOVE)
        return remove_file(s, r->dir, name);
    return ENOSYS;
}

/* One message, with a descriptor unless fd is -1; false: the peer is gone, or
 * errno tells that the descriptor cannot travel. */
static bool
send_message(int socket, const void *bytes, size_t len, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        msg.msg_control = &control;
        msg.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    do
        n = sendmsg(socket, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

static bool
answer(int socket, int error, int fd)
{
    struct broker_answer a = {.error = error};
    if (send_message(socket, &a, sizeof a, fd))
        return true;
    /* Too many descriptors under way (unix(7)). */
    if (fd < 0 || errno != ETOOMANYREFS)
        return false;
    a.error = ETOOMANYREFS;
    return send_message(socket, &a, sizeof a, -1);
}

/* Until the peer closes its end.  An empty message looks the same
 * (recv(2)) and may end the broker too: the decoder sends none. */
static void
serve(struct server *s, int socket)
{
    for (;;) {
        struct broker_request r;
        struct iovec iov = {.iov_base = &r, .iov_len = sizeof r};
        /* No room for control data: the kernel then drops descriptors that
         * come along instead of giving them to this process. */
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        ssize_t n = recvmsg(socket, &msg, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        int fd = -1;
        bool cut = (msg.msg_flags & MSG_TRUNC) != 0;
        int error = cut ? EINVAL : obey(s, &r, (size_t)n, &fd);
        bool sent = answer(socket, error, fd);
        if (fd >= 0)
            close(fd);
        if (!sent)
            return;
    }
}

/* Descriptors from first on.  Without close_range(2) (Linux 5.9) one by one,
 * up to a limit that a hard limit of a billion does not move. */
static void
close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, UINT_MAX, 0) == 0)
        return;
#endif
    struct rlimit limit;
    int end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536)
        end = (int)limit.rlim_cur;
    for (int fd = first; fd < end; fd++)
        close(fd);
}

/* Standard input, output and error are /dev/null: no file may get their
 * numbers, and what an assert would say must not land in one. */
static bool
settle_descriptors(int socket)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || socket <= STDERR_FILENO)
        return false;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) < 0)
            return false;
    if (socket != SOCKET_FD && dup2(socket, SOCKET_FD) < 0)
        return false;
    close_from(SOCKET_FD + 1);
    return true;
}

static void
ignore_signals(void)
{
    static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
}

static enum err
open_dirs(struct server *s, struct guard_error *e)
{
    for (size_t i = 0; i < s->options->n_dirs; i++) {
        const struct broker_dir *dir = &s->options->dirs[i];
        enum err made =
            dir->make ? output_dir_prepare(dir->path, !dir->any, e) : ERR_OK;
        if (made != ERR_OK)
            return made;
        s->dirs[i] = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (s->dirs[i] < 0)
            return guard_fail(e, ERR_OPEN, errno,
                              "directory to write in, as user %lu",
                              (unsigned long)geteuid());
    }
    return ERR_OK;
}

/* User 0 without capabilities is to a directory of somebody else what any
 * other user is. */
static bool
needs_override(const struct broker_options *o)
{
    for (size_t i = 0; i < o->n_dirs; i++) {
        struct stat st;
        if (stat(o->dirs[i].path, &st) == 0 && st.st_uid != 0 &&
            (st.st_mode & S_IWOTH) == 0 &&
            (st.st_gid != 0 || (st.st_mode & S_IWGRP) == 0))
            return true;
    }
    return false;
}

static enum err
lock_in(struct server *s, struct guard_error *e)
{
    const struct broker_options *o = s->options;
    struct sandbox_state state;
    enum err status = ERR_OK;
    if (o->privileges) {
        struct privileges p = privileges_for_broker(o->privileges);
        p.undumpable = true;
        p.override =
            o->privileges->reason == PRIVILEGES_NOBODY && needs_override(o);
        status = privileges_drop(&p, e);
    }
    if (status == ERR_OK)
        status = open_dirs(s, e);
    if (status != ERR_OK || !o->sandbox)
        return status;
    struct sandbox_options sandbox = {
        .profile = SANDBOX_BROKER,
        .socket = SOCKET_FD,
        .dirs = s->dirs,
        .n_dirs = o->n_dirs,
    };
    return sandbox_enter(&sandbox, &state, e);
}

/* The whole life of the child; its exit status is of no interest. */
static void
run_broker(const struct broker_options *o, int socket)
{
    struct server s = {.options = o};
    struct broker_hello hello;
    memset(&hello, 0, sizeof hello);
    if (!settle_descriptors(socket))
        return;
    prctl(PR_SET_NAME, "wsray-broker", 0, 0, 0);
    ignore_signals();
    umask(077);
    s.made = calloc(BROKER_MADE_MAX, sizeof s.made[0]);
    hello.error.code = s.made ? lock_in(&s, &hello.error)
                              : guard_fail(&hello.error, ERR_NOMEM, 0, "%s",
                                           err_text(ERR_NOMEM));
    if (!send_message(SOCKET_FD, &hello, sizeof hello, -1))
        return;
    if (hello.error.code == ERR_OK)
        serve(&s, SOCKET_FD);
}

/* --------------------------------------------------- the decoder's side */

/* One message of exactly len bytes, and the descriptor that came with it in
 * *fd (-1: none); false: the broker has died or talks nonsense, see errno. */
static bool
receive_message(int socket, void *bytes, size_t len, int *fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = bytes, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    ssize_t n;
    *fd = -1;
    do
        n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0) {
        errno = EPIPE;
        return false;
    }
    const struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    if ((size_t)n == len && (msg.msg_flags & MSG_TRUNC) == 0)
        return true;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = EPROTO;
    return false;
}

/* 0 and a descriptor or -1; -1 with errno. */
static int
ask(struct broker *b, enum broker_kind kind, unsigned dir, const char *name,
    int *fd)
{
    struct broker_request r = {.kind = kind, .dir = dir};
    struct broker_answer a;
    size_t len = strlen(name);
    *fd = -1;
    /* The broker would say the same; here so that the copy fits. */
    if (len == 0 || len > BROKER_NAME_MAX) {
        errno = EINVAL;
        return -1;
    }
    memcpy(r.name, name, len);
    if (b->socket < 0 ||
        !send_message(b->socket, &r, BROKER_HEAD_LEN + len, -1)) {
        errno = EPIPE;
        return -1;
    }
    if (!receive_message(b->socket, &a, sizeof a, fd))
        return -1;
    if (a.error == 0)
        return 0;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = a.error;
    return -1;
}

int
broker_create(struct broker *b, unsigned dir, const char *name)
{
    int fd;
    if (ask(b, BROKER_CREATE, dir, name, &fd) != 0)
        return -1;
    if (fd < 0)
        errno = EMFILE; /* there was one, and no room for it (unix(7)) */
    return fd;
}

int
broker_remove(struct broker *b, unsigned dir, const char *name)
{
    int fd;
    int result = ask(b, BROKER_REMOVE, dir, name, &fd);
    if (fd >= 0)
        close(fd);
    return result;
}

void
broker_stop(struct broker *b)
{
    if (b->socket >= 0)
        close(b->socket);
    b->socket = -1;
    /* ECHILD: SIGCHLD is ignored and the kernel has waited. */
    while (b->pid > 0 && waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    b->pid = -1;
}

enum err
broker_start(struct broker *b, const struct broker_options *o,
             struct guard_error *e)
{
    int pair[2], fd;
    struct broker_hello hello;
    b->socket = -1;
    b->pid = -1;
    if (o->n_dirs == 0 || o->n_dirs > BROKER_DIRS_MAX)
        return guard_fail(e, ERR_LIMIT, 0, "1 to %u directories",
                          BROKER_DIRS_MAX);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "socketpair");
    pid_t pid = fork();
    if (pid < 0) {
        int error = errno;
        close(pair[0]);
        close(pair[1]);
        return guard_fail(e, ERR_REFUSED, error, "fork");
    }
    if (pid == 0) {
        run_broker(o, pair[1]);
        _exit(0);
    }
    close(pair[1]);
    b->socket = pair[0];
    b->pid = pid;
    if (!receive_message(b->socket, &hello, sizeof hello, &fd))
        (void)guard_fail(&hello.error, ERR_REFUSED, 0,
                         "the process that opens output files has died");
    if (fd >= 0)
        close(fd);
    if (hello.error.code == ERR_OK)
        return ERR_OK;
    broker_stop(b);
    *e = hello.error;
    return e->code;
}

#else /* not Linux */

enum err
broker_start(struct broker *b, const struct broker_options *o,
             struct guard_error *e)
{
    (void)o;
    b->socket = -1;
    b->pid = -1;
    return guard_fail(e, ERR_UNSUPPORTED, 0,
                      "this wsray has no broker on this system");
}

int
broker_create(struct broker *b, unsigned dir, const char *name)
{
    (void)b;
    (void)dir;
    (void)name;
    errno = ENOSYS;
    return -1;
}

int
broker_remove(struct broker *b, unsigned dir, const char *name)
{
    return broker_create(b, dir, name);
}

void
broker_stop(struct broker *b)
{
    (void)b;
}

#endif
