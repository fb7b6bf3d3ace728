/* SPDX-License-Identifier: MIT */
#include "capture/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum source_step
source_file_fail(const struct source_file *f, struct source_error *error,
                 enum err code, uint64_t off, const char *format, ...)
{
    va_list args;
    error->code = code;
    error->name = f->info.name;
    error->offset = off;
    va_start(args, format);
    vsnprintf(error->reason, sizeof error->reason, format, args);
    va_end(args);
    return SOURCE_ERROR;
}

enum source_step
source_file_cut(const struct source_file *f, struct source_error *error,
                enum block_step step, uint64_t off, const char *what,
                uint64_t len)
{
    const struct block_reader *r = &f->reader;
    uint64_t end = block_reader_end_off(r);
    if (step == BLOCK_FAILED)
        return source_file_fail(f, error, r->code, end, "%s", r->reason);
    return source_file_fail(f, error, ERR_DAMAGED, off,
                            "the file ends inside %s (%llu of %llu bytes)",
                            what, (unsigned long long)(end - off),
                            (unsigned long long)len);
}

int
source_file_open_fd(const char *name, bool wait)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
    int fd;
    if (strcmp(name, "-") == 0)
        return STDIN_FILENO;
    do
        fd = open(name, wait ? flags : flags | O_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    /* Only opening must not wait. */
    int now = fd >= 0 && !wait ? fcntl(fd, F_GETFL) : -1;
    if (now >= 0)
        (void)fcntl(fd, F_SETFL, now & ~O_NONBLOCK);
    return fd;
}

/* Looks at what was opened; sets info.bytes_total of a regular file. */
static bool
look_at(struct source_file *f, int fd, struct source_error *error)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        source_file_fail(f, error, ERR_OPEN, 0, "cannot be opened: %s",
                         strerror(errno));
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        source_file_fail(f, error, ERR_OPEN, 0, "is a directory");
        return false;
    }
    off_t at = S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    if (at >= 0 && at < st.st_size)
        f->info.bytes_total = (uint64_t)(st.st_size - at);
#ifdef POSIX_FADV_SEQUENTIAL
    if (at >= 0)
        (void)posix_fadvise(fd, at, 0, POSIX_FADV_SEQUENTIAL);
#endif
    return true;
}

/* The file is neither pcap nor pcapng: says what it is. */
static void
fail_format(struct source_file *f, enum decompress_kind kind,
            struct source_error *error)
{
    const struct block_reader *r = &f->reader;
    size_t n = block_reader_left(r);
    char start[3 * DECOMPRESS_MAGIC_LEN + 1] = "", under[32] = "";
    if (kind != DECOMPRESS_NONE)
        snprintf(under, sizeof under, " under its %s compression",
                 decompress_name(kind));
    for (size_t i = 0; i < n && i < DECOMPRESS_MAGIC_LEN; i++)
        snprintf(start + 3 * i, 4, " %02x", r->ptr[i]);
    if (n == 0)
        source_file_fail(f, error, ERR_FORMAT, 0, "is empty%s", under);
    else
        source_file_fail(f, error, ERR_FORMAT, 0,
                         "is not a capture file%s (starts with%s)", under,
                         start);
}

/* Brings the first bytes; false when reading failed. */
static bool
peek(struct source_file *f, bool *there, struct source_error *error)
{
    enum block_step step = block_reader_need(&f->reader, DECOMPRESS_MAGIC_LEN);
    *there = step == BLOCK_OK;
    if (step != BLOCK_FAILED)
        return true;
    source_file_cut(f, error, step, 0, "its header", DECOMPRESS_MAGIC_LEN);
    return false;
}

/* Recognises the file by its first bytes. */
static bool
start_file(struct source_file *f, struct source_error *error)
{
    struct block_reader *r = &f->reader;
    enum decompress_kind kind = DECOMPRESS_NONE;
    bool there;
    if (!peek(f, &there, error))
        return false;
    if (there)
        kind = decompress_detect(r->ptr);
    if (kind != DECOMPRESS_NONE) {
        enum err e = block_reader_decompress(r, kind);
        if (e == ERR_UNSUPPORTED)
            source_file_fail(f, error, e, 0,
                             "is compressed with %s, which this wsray was "
                             "built without",
                             decompress_name(kind));
        else if (e != ERR_OK)
            source_file_fail(f, error, e, 0, "%s", err_text(e));
        if (e != ERR_OK || !peek(f, &there, error))
            return false;
    }
    bool pcap = there && file_pcap_detect(r->ptr);
    if (!pcap && !(there && file_pcapng_detect(r->ptr))) {
        fail_format(f, kind, error);
        return false;
    }
    snprintf(f->format, sizeof f->format, "%s%s%s", pcap ? "pcap" : "pcapng",
             kind == DECOMPRESS_NONE ? "" : "+",
             kind == DECOMPRESS_NONE ? "" : decompress_name(kind));
    f->info.format = f->format;
    return pcap ? file_pcap_start(f, error) : file_pcapng_start(f, error);
}

bool
source_file_start(struct source_file *f, const char *name, int fd,
                  int open_errno, uint32_t index, struct secret_store *secrets,
                  struct read_wait *wait, struct source_error *error)
{
    assert(!f->next);
    source_file_fini(f);
    f->info.name = name;
    f->info.index = index;
    f->secrets = secrets;
    f->own_fd = strcmp(name, "-") != 0;
    if (fd < 0) {
        source_file_fail(f, error, ERR_OPEN, 0, "cannot be opened: %s",
                         strerror(open_errno));
        return false;
    }
    enum err e = ERR_OPEN;
    if (look_at(f, fd, error)) {
        e = block_reader_init(&f->reader, fd, &f->info.bytes_read, wait);
        if (e != ERR_OK)
            source_file_fail(f, error, e, 0, "%s", err_text(e));
    }
    if (e != ERR_OK) {
        if (f->own_fd)
            close(fd);
        return false;
    }
    if (start_file(f, error))
        return true;
    source_file_close(f);
    return false;
}

void
source_file_close(struct source_file *f)
{
    if (f->reader.block && f->own_fd)
        close(f->reader.fd);
    block_reader_fini(&f->reader);
    f->next = NULL;
}

void
source_file_fini(struct source_file *f)
{
    source_file_close(f);
    file_pcapng_free(f->pcapng);
    *f = (struct source_file){.next = NULL};
}
