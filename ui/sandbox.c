/* SPDX-License-Identifier: MIT */
#include "ui/sandbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "config.h"
#include "dissect/digest.h"
#include "ui/landlock.h"
#include "ui/privileges.h"

#if defined(__linux__) && defined(HAVE_SECCOMP) && !defined(WITHOUT_SANDBOX)
#define USE_FILTER 1
#else
#define USE_FILTER 0
#endif

void
sandbox_prepare(void)
{
    uint8_t sum[DIGEST_SHA1_LEN];
    struct digest *digest;
    time_t now = time(NULL);
    struct tm tm;
    tzset();
    (void)localtime_r(&now, &tm);
    /* Not ASCII, so that the conversion itself is loaded too; whether the
     * character exists in this locale does not matter. */
    mbstate_t state = {0};
    wchar_t wide;
    char narrow[64]; /* MB_LEN_MAX is 16 */
    (void)mbrtowc(&wide, "\xc3\xa9", 2, &state);
    memset(&state, 0, sizeof state);
    (void)wcrtomb(narrow, L'\u00e9', &state);
    (void)strerror(ENOENT);
    (void)digest_sha1(NULL, 0, sum);
    if (digest_new(&digest, "sha256") == ERR_OK)
        digest_free(digest);
}

/* ----------------------------------------------------------- the filter */

#if USE_FILTER

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

/* Arguments that the kernel reads as int or unsigned int: their upper halves
 * are whatever the register held, and must not tell calls apart. */
#define INT_ARG UINT64_C(0xffffffff)

/* TCGETS2 of asm-generic/ioctls.h, which newer C libraries use in isatty();
 * the macro itself needs a header that collides with termios.h. */
#define TCGETS2_NUMBER 0x802c542aul

/* clone(2): another thread of this process and nothing else. */
#define CLONE_APART                                                            \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |             \
     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE)
#if defined(__s390__) || defined(__CRIS__)
#define CLONE_FLAGS 1u
#else
#define CLONE_FLAGS 0u
#endif

/* A call that is allowed when (argument & mask) == value. */
struct limit {
    int call;
    unsigned arg;
    uint64_t mask;
    uint64_t value;
};

/* Both processes: memory, time, locks, signals, the end. */
static const int common_calls[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_getres_time64),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(time),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

static const struct limit common_limits[] = {
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
    {SCMP_SYS(mmap2), 2, PROT_EXEC, 0},
    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
    /* fstat() of the C libraries; see the header for what it leaves open. */
    {SCMP_SYS(newfstatat), 3, INT_ARG, AT_EMPTY_PATH},
    {SCMP_SYS(fstatat64), 3, INT_ARG, AT_EMPTY_PATH},
    {SCMP_SYS(statx), 2, AT_EMPTY_PATH, AT_EMPTY_PATH},
    {SCMP_SYS(fcntl), 1, INT_ARG, F_GETFL},
    {SCMP_SYS(fcntl), 1, INT_ARG, F_SETFL},
    {SCMP_SYS(fcntl), 1, INT_ARG, F_GETFD},
    {SCMP_SYS(fcntl64), 1, INT_ARG, F_GETFL},
    {SCMP_SYS(fcntl64), 1, INT_ARG, F_SETFL},
    {SCMP_SYS(fcntl64), 1, INT_ARG, F_GETFD},
};

static const int decoder_calls[] = {
    SCMP_SYS(arm_fadvise64_64),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fadvise64_64),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fsync),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(getsockname),
    SCMP_SYS(_llseek),
    SCMP_SYS(lseek),
    SCMP_SYS(nanosleep),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pselect6),
    SCMP_SYS(pselect6_time64),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigtimedwait_time64),
    SCMP_SYS(sched_getaffinity), /* malloc(): how many arenas */
    SCMP_SYS(sched_yield),
    SCMP_SYS(select),
    SCMP_SYS(_newselect),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(wait4), /* broker_stop() */
};

static const struct limit decoder_limits[] = {
    {SCMP_SYS(clone), CLONE_FLAGS, CLONE_THREAD | CLONE_APART, CLONE_THREAD},
    /* isatty(), the width of the terminal, how much a pipe holds. */
    {SCMP_SYS(ioctl), 1, INT_ARG, TCGETS},
    {SCMP_SYS(ioctl), 1, INT_ARG, TCGETS2_NUMBER},
    {SCMP_SYS(ioctl), 1, INT_ARG, TIOCGWINSZ},
    /* The terminal interface, when it takes and gives the terminal back. */
    {SCMP_SYS(ioctl), 1, INT_ARG, TCSETS},
    {SCMP_SYS(ioctl), 1, INT_ARG, TCSETSW},
    {SCMP_SYS(ioctl), 1, INT_ARG, TCSETSF},
    {SCMP_SYS(ioctl), 1, INT_ARG, FIONREAD},
    /* libpcap finds out whether a device that failed is still there. */
    {SCMP_SYS(ioctl), 1, INT_ARG, SIOCGIFNAME},
    {SCMP_SYS(ioctl), 1, INT_ARG, SIOCGIFFLAGS},
    {SCMP_SYS(ioctl), 1, INT_ARG, SIOCGIFINDEX},
    /* Its drop counters and a device's error. */
    {SCMP_SYS(getsockopt), 1, INT_ARG, SOL_PACKET},
    {SCMP_SYS(getsockopt), 1, INT_ARG, SOL_SOCKET},
    {SCMP_SYS(prctl), 0, INT_ARG, PR_SET_NAME},
    /* Disk for the rows of the terminal interface (ui/tui/store/room.h). */
    {SCMP_SYS(fallocate), 1, INT_ARG, 0},
};

/* broker.c opens with these flags and no others. */
static const struct limit broker_limits[] = {
    {SCMP_SYS(openat), 2,
     O_ACCMODE | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY | O_PATH,
     O_WRONLY | O_NOFOLLOW | O_CLOEXEC},
    {SCMP_SYS(newfstatat), 3, INT_ARG, AT_SYMLINK_NOFOLLOW},
    {SCMP_SYS(fstatat64), 3, INT_ARG, AT_SYMLINK_NOFOLLOW},
    {SCMP_SYS(unlinkat), 2, INT_ARG, 0},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int
allow_calls(scmp_filter_ctx ctx, const int *calls, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
    return rc;
}

static int
allow_limits(scmp_filter_ctx ctx, const struct limit *limits, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct limit *l = &limits[i];
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, l->call, 1,
                              SCMP_CMP(l->arg, SCMP_CMP_MASKED_EQ, l->mask,
                                       l->value));
    }
    return rc;
}

/* What depends on this run. */
static int
allow_own(scmp_filter_ctx ctx, const struct sandbox_options *o)
{
    const uint64_t self = (uint64_t)getpid();
    /* abort(), raise(). */
    const struct limit own[] = {
        {SCMP_SYS(tgkill), 0, INT_ARG, self},
        {SCMP_SYS(kill), 0, INT_ARG, self},
        {SCMP_SYS(sendmsg), 0, INT_ARG, (uint32_t)o->socket},
    };
    return allow_limits(ctx, own, o->socket >= 0 ? 3 : 2);
}

static int
add_rules(scmp_filter_ctx ctx, const struct sandbox_options *o)
{
    /* The C library then takes clone(), whose flags the filter can see. */
    int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (rc == 0)
        rc = allow_calls(ctx, common_calls, COUNT(common_calls));
    if (rc == 0)
        rc = allow_limits(ctx, common_limits, COUNT(common_limits));
    if (rc == 0)
        rc = allow_own(ctx, o);
    if (rc != 0)
        return rc;
    if (o->profile == SANDBOX_BROKER)
        return allow_limits(ctx, broker_limits, COUNT(broker_limits));
    rc = allow_calls(ctx, decoder_calls, COUNT(decoder_calls));
    if (rc == 0)
        rc = allow_limits(ctx, decoder_limits, COUNT(decoder_limits));
    return rc;
}

/* Loads a filter for all threads; system calls of another architecture
 * (i386 and x32 on x86-64) end the process: nobody here makes them. */
static int
load(scmp_filter_ctx ctx)
{
    int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    /* Kernels before 4.14 end the thread instead: the default. */
    if (rc == 0 && seccomp_api_get() >= 3)
        rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
                              SCMP_ACT_KILL_PROCESS);
    return rc == 0 ? seccomp_load(ctx) : rc;
}

static int
load_allow_list(const struct sandbox_options *o)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = ctx ? add_rules(ctx, o) : -ENOMEM;
    if (rc == 0)
        rc = load(ctx);
    if (ctx)
        seccomp_release(ctx);
    return rc;
}

/* A second filter, because one rule cannot say "any descriptor but these";
 * the stricter answer of the two counts (seccomp(2)).  dup(2) and F_DUPFD are
 * not on the list, so that no descriptor gets another number. */
static int
load_read_only(const struct sandbox_options *o)
{
    static const int calls[] = {
        SCMP_SYS(write),   SCMP_SYS(writev),   SCMP_SYS(pwrite64),
        SCMP_SYS(sendto),  SCMP_SYS(sendmsg),  SCMP_SYS(sendmmsg),
        SCMP_SYS(pwritev), SCMP_SYS(pwritev2),
    };
    if (o->n_read_only == 0)
        return 0;
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int rc = ctx ? 0 : -ENOMEM;
    for (size_t i = 0; i < o->n_read_only; i++)
        for (size_t c = 0; rc == 0 && c < COUNT(calls); c++)
            rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[c], 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, INT_ARG,
                                          (uint32_t)o->read_only[i]));
    if (rc == 0)
        rc = load(ctx);
    if (ctx)
        seccomp_release(ctx);
    return rc;
}

/* Before the allow-list, which would forbid loading it. */
static enum err
enter_filter(const struct sandbox_options *o, struct guard_error *e)
{
    int rc = load_read_only(o);
    if (rc == 0)
        rc = load_allow_list(o);
    if (rc == -ENOMEM)
        return guard_fail(e, ERR_NOMEM, 0, "system call filter: %s",
                          err_text(ERR_NOMEM));
    if (rc != 0)
        return guard_fail(e, ERR_REFUSED, -rc, "system call filter");
    return ERR_OK;
}

bool
sandbox_has_filter(void)
{
    /* EINVAL: the kernel was built without (prctl(2)).  EFAULT tells that
     * filters are there: there is none at NULL. */
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 &&
           errno == EFAULT;
}

static void
describe_library(char *out, size_t size)
{
    const struct scmp_version *v = seccomp_version();
    snprintf(out, size, "system call filter (libseccomp %u.%u.%u)", v->major,
             v->minor, v->micro);
}

#else /* no filter */

static enum err
enter_filter(const struct sandbox_options *o, struct guard_error *e)
{
    (void)o;
    return guard_fail(e, ERR_UNSUPPORTED, 0, "no system call filter");
}

bool
sandbox_has_filter(void)
{
    return false;
}

static void
describe_library(char *out, size_t size)
{
    snprintf(out, size,
             "no system call filter (this wsray was built without "
             "libseccomp)");
}

#endif

/* --------------------------------------------------------- all of it */

#if defined(__linux__) && !defined(WITHOUT_SANDBOX)

#include <sys/prctl.h>

enum err
sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state,
              struct guard_error *e)
{
    struct sandbox_state now = {.no_capabilities = privileges_none()};
    enum err status = ERR_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "no_new_privs");
    if (!o->without_landlock)
        status = landlock_enter(o->dirs, o->n_dirs, &now.landlock_abi, e);
    if (status == ERR_OK && !o->without_filter && sandbox_has_filter()) {
        status = enter_filter(o, e);
        now.filter = true;
    }
    if (status != ERR_OK)
        return status;
    now.entered = true;
    *state = now;
    return ERR_OK;
}

#elif defined(WITHOUT_SANDBOX)

enum err
sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state,
              struct guard_error *e)
{
    (void)o;
    (void)e;
    (void)enter_filter;
    memset(state, 0, sizeof *state);
    return ERR_OK;
}

#else /* another system */

enum err
sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state,
              struct guard_error *e)
{
    (void)o;
    (void)enter_filter;
    memset(state, 0, sizeof *state);
    return guard_fail(e, ERR_UNSUPPORTED, 0,
                      "this wsray has no sandbox on this system");
}

#endif

#ifdef WITHOUT_SANDBOX

void
sandbox_describe(const struct sandbox_state *state, char *out, size_t size)
{
    (void)state;
    (void)describe_library;
    snprintf(out, size,
             "none (this wsray was built with instrumentation: "
             "sanitizers or coverage)");
}

#else

static void
describe_build(char *out, size_t size)
{
#ifdef __linux__
    char filter[96];
    describe_library(filter, sizeof filter);
    snprintf(out, size, "%s, Landlock up to ABI %d", filter,
             LANDLOCK_ABI_KNOWN);
#else
    (void)describe_library;
    snprintf(out, size, "none (not on this system)");
#endif
}

void
sandbox_describe(const struct sandbox_state *state, char *out, size_t size)
{
    char filter[96], landlock[64];
    if (!state) {
        describe_build(out, size);
        return;
    }
    if (!state->entered) {
        snprintf(out, size, "none");
        return;
    }
    if (state->filter || !USE_FILTER)
        describe_library(filter, sizeof filter);
    else
        snprintf(filter, sizeof filter,
                 "no system call filter (not in this kernel)");
    if (state->landlock_abi > 0)
        snprintf(landlock, sizeof landlock, "Landlock ABI %d",
                 state->landlock_abi);
    else
        snprintf(landlock, sizeof landlock, "no Landlock (not in this kernel)");
    snprintf(out, size, "%s, %s, %s", filter, landlock,
             state->no_capabilities ? "no capabilities" : "capabilities kept");
}

#endif
