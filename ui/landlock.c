/* SPDX-License-Identifier: MIT */
#include "ui/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#ifdef __linux__

#include <sys/syscall.h>
#include <unistd.h>

/* From linux/landlock.h of Linux 6.15 (and asm-generic/unistd.h): the header
 * of the build may be years older than the kernel of the run. */
#ifdef __alpha__
#define CALL_CREATE_RULESET 554
#define CALL_ADD_RULE 555
#define CALL_RESTRICT_SELF 556
#else
#define CALL_CREATE_RULESET 444
#define CALL_ADD_RULE 445
#define CALL_RESTRICT_SELF 446
#endif

#define CREATE_RULESET_VERSION UINT32_C(1)
#define RULE_PATH_BENEATH 1

#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */

struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* ABI 4 */
    uint64_t scoped;             /* ABI 6 */
};

struct path_beneath_attr {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

/* What each ABI added to what can be forbidden. */
static const struct {
    unsigned fs_bits; /* number of rights, from bit 0 on */
    unsigned net_bits;
    unsigned scope_bits;
    size_t attr_len;
} abis[LANDLOCK_ABI_KNOWN + 1] = {
    [1] = {13, 0, 0, 8},  /* execute ... make a symbolic link */
    [2] = {14, 0, 0, 8},  /* refer */
    [3] = {15, 0, 0, 8},  /* truncate */
    [4] = {15, 2, 0, 16}, /* TCP bind, connect */
    [5] = {16, 2, 0, 16}, /* ioctl of devices */
    [6] = {16, 2, 2, 24}, /* abstract Unix sockets, signals */
    [7] = {16, 2, 2, 24}, /* what is logged, nothing to forbid */
};

static uint64_t
low_bits(unsigned n)
{
    return (UINT64_C(1) << n) - 1;
}

int
landlock_abi(void)
{
    long abi =
        syscall(CALL_CREATE_RULESET, NULL, (size_t)0, CREATE_RULESET_VERSION);
    /* ENOSYS: not built in; EOPNOTSUPP: not switched on. */
    if (abi <= 0)
        return 0;
    return abi < LANDLOCK_ABI_KNOWN ? (int)abi : LANDLOCK_ABI_KNOWN;
}

static enum err
add_dirs(int ruleset, uint64_t handled, const int *dirs, size_t n_dirs,
         struct guard_error *e)
{
    for (size_t i = 0; i < n_dirs; i++) {
        struct path_beneath_attr rule = {
            .allowed_access = handled & (FS_WRITE_FILE | FS_REMOVE_FILE |
                                         FS_MAKE_REG | FS_TRUNCATE),
            .parent_fd = dirs[i],
        };
        if (syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
            return guard_fail(e, ERR_REFUSED, errno, "Landlock: directory %zu",
                              i + 1);
    }
    return ERR_OK;
}

enum err
landlock_enter(const int *dirs, size_t n_dirs, int *abi, struct guard_error *e)
{
    *abi = landlock_abi();
    if (*abi == 0)
        return ERR_OK;
    struct ruleset_attr attr = {
        .handled_access_fs = low_bits(abis[*abi].fs_bits),
        .handled_access_net = low_bits(abis[*abi].net_bits),
        .scoped = low_bits(abis[*abi].scope_bits),
    };
    int ruleset =
        (int)syscall(CALL_CREATE_RULESET, &attr, abis[*abi].attr_len, 0);
    if (ruleset < 0)
        return guard_fail(e, ERR_REFUSED, errno, "Landlock: no rules");
    enum err status =
        add_dirs(ruleset, attr.handled_access_fs, dirs, n_dirs, e);
    if (status == ERR_OK && syscall(CALL_RESTRICT_SELF, ruleset, 0) != 0)
        status = guard_fail(e, ERR_REFUSED, errno, "Landlock");
    close(ruleset);
    return status;
}

#else /* not Linux */

int
landlock_abi(void)
{
    return 0;
}

enum err
landlock_enter(const int *dirs, size_t n_dirs, int *abi, struct guard_error *e)
{
    (void)dirs;
    (void)n_dirs;
    (void)e;
    *abi = 0;
    return ERR_OK;
}

#endif
