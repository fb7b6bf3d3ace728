/* SPDX-License-Identifier: MIT */
#include "capture/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/decompress.h"
#include "capture/live.h"
#include "capture/secret_store.h"
#include "capture/source_file.h"

/* The kernel hands live packets over block by block: when none came for so
 * long, the block is over, and idle may do what waits for its end, such as
 * writing out what was printed.  Not at once: between two packets of a block
 * the queue may be empty for a moment too. */
#define PAUSE_MS 1

/* A file opened ahead: fd, or -1 and why not. */
struct opened {
    int fd;
    int error;
};

struct source {
    struct source_file file;
    struct read_wait wait;
    bool follow;           /* the last file */
    struct opened *opened; /* by index of the name; NULL: none ahead */
    uint64_t n_packets;
    const char *const *names;
    size_t n_names;
    size_t n_opened; /* names[n_opened] is the next one */
    struct secret_store secrets;
    struct live *live; /* NULL: files */
    int wait_ms;       /* how long to wait for a live packet */
};

enum err
source_new(struct source **out, const char *const *names, size_t n_names)
{
    struct source *s = calloc(1, sizeof *s);
    assert(n_names <= UINT32_MAX);
    if (!s)
        return ERR_NOMEM;
    s->names = names;
    s->n_names = n_names;
    *out = s;
    return ERR_OK;
}

enum err
source_new_live(struct source **out, struct live *live)
{
    enum err e = source_new(out, NULL, 0);
    if (e == ERR_OK)
        (*out)->live = live;
    return e;
}

static struct opened
open_name(const char *name, bool wait)
{
    struct opened o = {.fd = source_file_open_fd(name, wait)};
    if (o.fd < 0)
        o.error = errno;
    return o;
}

enum err
source_open_all(struct source *s)
{
    assert(!s->opened && s->n_opened == 0);
    if (s->n_names == 0)
        return ERR_OK;
    s->opened = calloc(s->n_names, sizeof *s->opened);
    if (!s->opened)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->n_names; i++)
        s->opened[i] = open_name(s->names[i], false);
    return ERR_OK;
}

void
source_on_idle(struct source *s, read_idle_fn idle, void *ctx)
{
    s->wait.idle = idle;
    s->wait.ctx = ctx;
}

void
source_interrupt(struct source *s, const atomic_int *flag)
{
    s->wait.interrupt = flag;
}

void
source_follow(struct source *s)
{
    s->follow = true;
}

/* Closes what was opened ahead and never read. */
static void
close_ahead(struct source *s)
{
    for (size_t i = s->n_opened; s->opened && i < s->n_names; i++)
        if (s->opened[i].fd >= 0 && strcmp(s->names[i], "-") != 0)
            close(s->opened[i].fd);
    free(s->opened);
}

void
source_free(struct source *s)
{
    if (!s)
        return;
    close_ahead(s);
    source_file_fini(&s->file);
    secret_store_fini(&s->secrets);
    free(s);
}

/* Opens the next file.  SOURCE_PACKET: go on with it. */
static enum source_step
open_next(struct source *s, struct source_error *error)
{
    if (s->n_opened == s->n_names)
        return SOURCE_END;
    size_t i = s->n_opened++;
    struct opened o = s->opened ? s->opened[i] : open_name(s->names[i], true);
    s->wait.follow = s->follow && s->n_opened == s->n_names;
    return source_file_start(&s->file, s->names[i], o.fd, o.error, (uint32_t)i,
                             &s->secrets, &s->wait, error)
               ? SOURCE_PACKET
               : SOURCE_ERROR;
}

/* Reads on in the open file. */
static inline enum source_step
next_in_file(struct source *s, struct packet *out, struct source_error *error)
{
    enum source_step step = s->file.next(&s->file, out, error);
    if (step == SOURCE_PACKET) {
        out->number = ++s->n_packets;
        out->source = s->file.info.index;
    }
    return step;
}

/* The open file, if any, has come to step: reads on in the files after it. */
static enum source_step
next_file(struct source *s, struct packet *out, struct source_error *error,
          enum source_step step)
{
    for (;;) {
        if (step == SOURCE_PACKET)
            return SOURCE_PACKET;
        source_file_close(&s->file);
        if (s->wait.stopped) /* in the middle of a record, perhaps */
            return SOURCE_END;
        if (step == SOURCE_ERROR)
            return SOURCE_ERROR;
        step = open_next(s, error);
        if (step != SOURCE_PACKET)
            return s->wait.stopped ? SOURCE_END : step;
        step = next_in_file(s, out, error);
    }
}

static enum source_step
next_live(struct source *s, struct packet *out, struct source_error *error)
{
    for (;;) {
        enum source_step step = live_next(s->live, out, s->wait_ms, error);
        if (step == SOURCE_PACKET && s->wait.idle)
            s->wait_ms = PAUSE_MS;
        if (step != SOURCE_IDLE)
            return step;
        if (!s->wait.idle) {
            s->wait_ms = -1;
            continue;
        }
        s->wait_ms = s->wait.idle(s->wait.ctx);
        if (s->wait_ms >= 0)
            continue;
        live_stop(s->live);
        s->wait_ms = 0;
        s->wait.idle = NULL;
    }
}

enum source_step
source_next(struct source *s, struct packet *out, struct source_error *error)
{
    enum source_step step = SOURCE_END;
    if (s->live)
        return next_live(s, out, error);
    if (s->file.next)
        step = next_in_file(s, out, error);
    return step == SOURCE_PACKET ? step : next_file(s, out, error, step);
}

const struct source_info *
source_info(const struct source *s)
{
    return s->live ? live_info(s->live) : &s->file.info;
}

const struct source_secrets *
source_secrets(const struct source *s)
{
    return &s->secrets.found;
}

const char *
source_compressions(void)
{
    return decompress_list();
}
