/* SPDX-License-Identifier: MIT */
#include "ui/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In that directory. */
static int
open_in(const char *dir)
{
    char name[4096];
    int fd = -1;
#ifdef O_TMPFILE
    fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (fd >= 0)
        return fd;
#endif
    if ((size_t)snprintf(name, sizeof name, "%s/wsray-XXXXXX", dir) >=
        sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(name);
    return fd;
}

int
scratch_open(void)
{
    const char *tmpdir = getenv("TMPDIR");
    const char *dirs[] = {tmpdir && *tmpdir ? tmpdir : "/var/tmp", "/var/tmp",
                          "/tmp"};
    int fd = -1;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs && fd < 0; i++)
        fd = open_in(dirs[i]);
    return fd;
}

bool
scratch_read(int fd, uint64_t off, size_t len, uint8_t *out)
{
    while (len > 0) {
        ssize_t n = pread(fd, out, len, (off_t)off);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        out += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}
