/* SPDX-License-Identifier: MIT */
#include "ui/privileges.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

/* The overflow ids of the kernel (user_namespaces(7)), "nobody" and
 * "nogroup" on most systems. */
#define NOBODY 65534u

static const char *const reasons[] = {
    [PRIVILEGES_STAY] = "who started it",
    [PRIVILEGES_REAL] = "who started it",
    [PRIVILEGES_SUDO] = "who called sudo",
    [PRIVILEGES_USER] = "-Z",
    [PRIVILEGES_NOBODY] = "started by root",
    [PRIVILEGES_BOUND] = "without the right to become another",
};

void
privileges_describe(const struct privileges *p, char *out, size_t size)
{
    snprintf(out, size, "as user %lu, group %lu (%s)", (unsigned long)p->uid,
             (unsigned long)p->gid, reasons[p->reason]);
}

struct privileges
privileges_for_broker(const struct privileges *p)
{
    struct privileges out = *p;
    if (p->reason == PRIVILEGES_NOBODY)
        out.uid = out.gid = 0;
    return out;
}

#if defined(__linux__) && defined(HAVE_LINUX_CAPABILITY_H)

#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

/* --------------------------------------------------------- capabilities */

/* capset(2) without libcap: version 3 has two words a set. */
#define CAP_WORDS _LINUX_CAPABILITY_U32S_3

static bool
caps_get(struct __user_cap_data_struct data[CAP_WORDS])
{
    struct __user_cap_header_struct head = {.version =
                                                _LINUX_CAPABILITY_VERSION_3};
    memset(data, 0, CAP_WORDS * sizeof data[0]);
    return syscall(SYS_capget, &head, data) == 0;
}

static bool
has_cap(unsigned cap)
{
    struct __user_cap_data_struct data[CAP_WORDS];
    return caps_get(data) &&
           (data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap)) != 0;
}

/* Ambient capabilities are a part of the permitted and inheritable ones
 * (capabilities(7)), so that three sets are all. */
static bool
has_only(const struct __user_cap_data_struct want[CAP_WORDS])
{
    struct __user_cap_data_struct data[CAP_WORDS];
    return caps_get(data) && memcmp(data, want, sizeof data) == 0;
}

bool
privileges_none(void)
{
    static const struct __user_cap_data_struct none[CAP_WORDS];
    return has_only(none);
}

/* ------------------------------------------------------------- the plan */

/* A decimal id: digits only; the highest means "unchanged" to setresuid(2)
 * and is none.  Returns what follows the digits, NULL when it is no id. */
static const char *
parse_id(const char *s, uint32_t *id)
{
    uint64_t v = 0;
    if (*s < '0' || *s > '9')
        return NULL;
    for (; *s >= '0' && *s <= '9'; s++) {
        v = v * 10 + (uint64_t)(*s - '0');
        if (v >= UINT32_MAX)
            return NULL;
    }
    *id = (uint32_t)v;
    return s;
}

/* The whole of s is an id. */
static bool
is_id(const char *s, uint32_t *id)
{
    const char *end = s ? parse_id(s, id) : NULL;
    return end && *end == '\0';
}

static enum err
find_user(struct privileges *p, const char *user, struct guard_error *e)
{
    uint32_t uid, gid;
    const struct passwd *entry = getpwnam(user);
    if (!entry && is_id(user, &uid)) {
        entry = getpwuid(uid);
        if (!entry)
            return guard_fail(e, ERR_USAGE, 0,
                              "nobody knows the group of user %lu: give "
                              "both, USER:GROUP",
                              (unsigned long)uid);
    }
    if (entry) {
        p->uid = entry->pw_uid;
        p->gid = entry->pw_gid;
        return ERR_OK;
    }
    const char *colon = parse_id(user, &uid);
    if (!colon || *colon != ':' || !is_id(colon + 1, &gid))
        return guard_fail(e, ERR_USAGE, 0, "no such user");
    p->uid = uid;
    p->gid = gid;
    return ERR_OK;
}

static enum err
plan_user(struct privileges *p, const struct privileges_facts *f,
          struct guard_error *e)
{
    enum err status = find_user(p, f->user, e);
    p->reason = PRIVILEGES_USER;
    if (status != ERR_OK)
        return status;
    /* In a set-user-ID binary -Z would be a gift to whoever starts it. */
    if ((f->uid != 0 || f->euid != 0) && (p->uid != f->uid || p->gid != f->gid))
        return guard_fail(e, ERR_USAGE, 0, "only root can become another user");
    return ERR_OK;
}

static enum err
plan_sudo(struct privileges *p, const struct privileges_facts *f,
          struct guard_error *e)
{
    uint32_t uid, gid;
    if (!is_id(f->sudo_uid, &uid))
        return guard_fail(e, ERR_USAGE, 0, "SUDO_UID is not a user's number");
    if (!is_id(f->sudo_gid, &gid))
        return guard_fail(e, ERR_USAGE, 0, "SUDO_GID is not a group's number");
    p->uid = uid;
    p->gid = gid;
    p->reason = PRIVILEGES_SUDO;
    return ERR_OK;
}

static void
plan_nobody(struct privileges *p)
{
    const struct passwd *entry = getpwnam("nobody");
    bool usable = entry && entry->pw_uid != 0 && entry->pw_gid != 0;
    p->uid = usable ? entry->pw_uid : NOBODY;
    p->gid = usable ? entry->pw_gid : NOBODY;
    p->reason = PRIVILEGES_NOBODY;
}

enum err
privileges_plan_from(struct privileges *p, const struct privileges_facts *f,
                     struct guard_error *e)
{
    struct privileges out = {.reason = PRIVILEGES_STAY};
    enum err status = ERR_OK;
    /* Root is dropped on whichever side it stands. */
    out.uid = f->uid != 0 ? f->uid : f->euid;
    out.gid = f->uid != 0 ? f->gid : f->egid;
    if (f->uid != f->euid)
        out.reason = PRIVILEGES_REAL;
    bool root = f->uid == 0 && f->euid == 0;
    if (f->user)
        status = plan_user(&out, f, e);
    else if (root && f->bound)
        out.reason = PRIVILEGES_BOUND;
    else if (root && f->sudo_uid && strcmp(f->sudo_uid, "0") != 0)
        status = plan_sudo(&out, f, e);
    else if (root && f->nobody_is_mapped)
        plan_nobody(&out);
    if (status == ERR_OK)
        *p = out;
    return status;
}

/* Up to size - 1 bytes of a file under /proc; "" when there is none. */
static void
read_proc(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, out, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
}

/* Lines "INSIDE OUTSIDE COUNT" (user_namespaces(7)); at most 340 of them. */
static bool
id_is_mapped(const char *path, unsigned long id)
{
    char text[16384], *save = NULL;
    read_proc(path, text, sizeof text);
    if (text[0] == '\0')
        return true; /* no /proc, or no user namespaces */
    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        unsigned long inside, outside, count;
        if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
            id >= inside && id - inside < count)
            return true;
    }
    return false;
}

enum err
privileges_plan(struct privileges *p, const char *user, struct guard_error *e)
{
    struct privileges_facts facts = {
        .bound = !has_cap(CAP_SETUID) || !has_cap(CAP_SETGID),
        .user = user,
        .uid = getuid(),
        .euid = geteuid(),
        .gid = getgid(),
        .egid = getegid(),
        .sudo_uid = getenv("SUDO_UID"),
        .sudo_gid = getenv("SUDO_GID"),
        .nobody_is_mapped = id_is_mapped("/proc/self/uid_map", NOBODY) &&
                            id_is_mapped("/proc/self/gid_map", NOBODY),
    };
    return privileges_plan_from(p, &facts, e);
}

/* -------------------------------------------------------- giving them up */

/* Bounds what an execve(2) could ever give back; no_new_privs does so too,
 * this one holds in children that find a hole there. */
static enum err
drop_bounding_set(struct guard_error *e)
{
    const unsigned long bits =
        SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
        SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (!has_cap(CAP_SETPCAP))
        return ERR_OK;
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0;
         cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            return guard_fail(e, ERR_REFUSED, errno,
                              "capability %lu stays in the bounding set", cap);
    if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "securebits");
    return ERR_OK;
}

static enum err
drop_capabilities(const struct privileges *p, struct guard_error *e)
{
    struct __user_cap_header_struct head = {.version =
                                                _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct kept[CAP_WORDS] = {{0, 0, 0}};
    bool override = p->override && has_cap(CAP_DAC_OVERRIDE);
    if (override) {
        struct __user_cap_data_struct *word =
            &kept[CAP_TO_INDEX(CAP_DAC_OVERRIDE)];
        word->effective = word->permitted = CAP_TO_MASK(CAP_DAC_OVERRIDE);
    }
    /* Kernels before 4.3 have no ambient set: EINVAL. */
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 &&
        errno != EINVAL)
        return guard_fail(e, ERR_REFUSED, errno, "ambient capabilities stay");
    if (syscall(SYS_capset, &head, kept) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "capabilities stay");
    if (!has_only(kept))
        return guard_fail(e, ERR_REFUSED, 0, "capabilities stay");
    return ERR_OK;
}

/* ------------------------------------------------------------------ ids */

/* A user namespace made without rights forbids setgroups(2); the groups in it
 * are those of the ordinary user who made it. */
static bool
setgroups_is_denied(void)
{
    char text[16];
    read_proc("/proc/self/setgroups", text, sizeof text);
    return strncmp(text, "deny", 4) == 0;
}

static enum err
become(const struct privileges *p, struct guard_error *e)
{
    uid_t u[3] = {0, 0, 0};
    gid_t g[3] = {0, 0, 0};
    if (has_cap(CAP_SETGID) && setgroups(0, NULL) != 0 &&
        !(errno == EPERM && setgroups_is_denied()))
        return guard_fail(e, ERR_REFUSED, errno, "supplementary groups stay");
    if (setresgid(p->gid, p->gid, p->gid) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "cannot become group %lu",
                          (unsigned long)p->gid);
    if (setresuid(p->uid, p->uid, p->uid) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "cannot become user %lu",
                          (unsigned long)p->uid);
    if (getresuid(&u[0], &u[1], &u[2]) != 0 ||
        getresgid(&g[0], &g[1], &g[2]) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "ids are not known");
    for (size_t i = 0; i < 3; i++)
        if (u[i] != p->uid || g[i] != p->gid)
            return guard_fail(e, ERR_REFUSED, 0, "old ids stay");
    return ERR_OK;
}

/* The way back must be closed: try it. */
static enum err
check_no_return(const struct privileges *p, struct guard_error *e)
{
    const uid_t same_user = (uid_t)-1;
    const gid_t same_group = (gid_t)-1;
    if (p->uid != 0 && setresuid(same_user, 0, same_user) == 0)
        return guard_fail(e, ERR_REFUSED, 0, "root could be had again");
    if (p->uid != 0 && p->gid != 0 && setresgid(same_group, 0, same_group) == 0)
        return guard_fail(e, ERR_REFUSED, 0,
                          "the group of root could be had again");
    return ERR_OK;
}

enum err
privileges_drop(const struct privileges *p, struct guard_error *e)
{
    enum err status = drop_bounding_set(e);
    if (status == ERR_OK)
        status = become(p, e);
    if (status == ERR_OK)
        status = drop_capabilities(p, e);
    if (status == ERR_OK)
        status = check_no_return(p, e);
    if (status != ERR_OK)
        return status;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return guard_fail(e, ERR_REFUSED, errno, "no_new_privs");
    /* Last: changing ids sets it anew (proc(5), suid_dumpable). */
    if (p->undumpable && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return guard_fail(e, ERR_REFUSED, errno, "dumpable");
    return ERR_OK;
}

#else /* not Linux */

enum err
privileges_plan_from(struct privileges *p, const struct privileges_facts *f,
                     struct guard_error *e)
{
    (void)p;
    (void)f;
    return guard_fail(e, ERR_UNSUPPORTED, 0,
                      "this wsray cannot give up privileges on this system");
}

enum err
privileges_plan(struct privileges *p, const char *user, struct guard_error *e)
{
    (void)user;
    return privileges_plan_from(p, NULL, e);
}

enum err
privileges_drop(const struct privileges *p, struct guard_error *e)
{
    (void)p;
    return guard_fail(e, ERR_UNSUPPORTED, 0,
                      "this wsray cannot give up privileges on this system");
}

bool
privileges_none(void)
{
    return false;
}

#endif
