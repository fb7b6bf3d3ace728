/* SPDX-License-Identifier: MIT */
#include "ui/output_dir.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_empty(DIR *dir)
{
    const struct dirent *entry;
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    return true;
}

enum err
output_dir_prepare(const char *path, bool must_be_empty, struct guard_error *e)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return guard_fail(e, ERR_OPEN, errno,
                          "directory to be made, as user %lu",
                          (unsigned long)geteuid());
    if (!must_be_empty)
        return ERR_OK;
    DIR *dir = opendir(path);
    if (!dir)
        return guard_fail(e, ERR_OPEN, errno, "directory to write in");
    bool empty = is_empty(dir);
    closedir(dir);
    return empty ? ERR_OK
                 : guard_fail(e, ERR_OPEN, 0,
                              "is not empty; --force writes into it");
}
