/* SPDX-License-Identifier: MIT */
#include "ui/export.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/save.h"
#include "ui/export/har.h"
#include "ui/export/payloads.h"
#include "ui/export/slicer.h"
#include "ui/output_dir.h"
#include "ui/saving.h"

/* The index of what waits for the end of its connection may take this share of
 * --memory. */
#define INDEX_SHARE 4u

struct export
{
    const struct options *options;
    const struct tell *tell;
    struct out *out; /* standard output, or ... */
    struct out file; /* ... the file of -w; fd -1 until it is open */
    struct har *har;
    struct payloads *payloads;
    struct slicer *slicer;
    struct save *save;       /* with slicer, once it is open */
    bool failed;             /* it cannot be written any more */
    enum exit_status status; /* of save */
    struct broker *broker;   /* of the files of payloads; NULL: ... */
    int dir;                 /* ... made here; -1: not open */
};

/* The broker's numbers of them: a rule for names each. */
enum { DIR_MESSAGES = 0, DIR_INDEX };

size_t
export_dirs(const struct options *o, struct broker_dir dirs[EXPORT_DIRS_MAX])
{
    if (o->command != COMMAND_EXPORT || o->export_kind != EXPORT_PAYLOADS)
        return 0;
    dirs[DIR_MESSAGES] = (struct broker_dir){.path = o->write,
                                             .prefix = "conn-",
                                             .make = true,
                                             .any = o->force};
    dirs[DIR_INDEX] = (struct broker_dir){.path = o->write,
                                          .prefix = "index",
                                          .suffix = ".tsv"};
    return EXPORT_DIRS_MAX;
}

static unsigned
dir_of(const char *name)
{
    return strncmp(name, "conn-", 5) == 0 ? DIR_MESSAGES : DIR_INDEX;
}

static int
create_file(void *ctx, const char *name)
{
    struct export *e = ctx;
    int fd;
    if (e->broker)
        return broker_create(e->broker, dir_of(name), name);
    do
        fd = openat(e->dir, name,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC |
                        O_NOCTTY,
                    0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static int
remove_file(void *ctx, const char *name)
{
    struct export *e = ctx;
    return e->broker ? broker_remove(e->broker, dir_of(name), name)
                     : unlinkat(e->dir, name, 0);
}

static enum err
new_payloads(struct export *e, struct event_sink *sink)
{
    const struct payloads_options payloads = {.create = create_file,
                                              .remove = remove_file,
                                              .ctx = e};
    enum err err = payloads_new(&e->payloads, &payloads);
    if (err == ERR_OK)
        *sink = payloads_sink(e->payloads);
    return err;
}

static enum err
new_har(struct export *e, struct event_sink *sink)
{
    const struct har_options har = {
        .version = PACKAGE_VERSION,
        .comment = e->options->comment,
        .no_secrets = e->options->no_secrets,
        .index_max = (size_t)(e->options->memory / INDEX_SHARE),
    };
    enum err err = har_new(&e->har, &har, e->out);
    if (err == ERR_OK)
        *sink = har_sink(e->har);
    return err;
}

static enum err
new_slicer(struct export *e, struct event_sink *sink)
{
    enum err err = slicer_new(&e->slicer, SLICER_PARTS_BYTES);
    if (err == ERR_OK)
        *sink = slicer_sink(e->slicer);
    return err;
}

static enum err
new_maker(struct export *e, struct event_sink *sink)
{
    switch (e->options->export_kind) {
    case EXPORT_PAYLOADS:
        return new_payloads(e, sink);
    case EXPORT_PCAPNG:
        return new_slicer(e, sink);
    case EXPORT_HAR:
    case EXPORT_KIND_COUNT:
        break;
    }
    return new_har(e, sink);
}

enum err
export_new(struct export **out, const struct options *options,
           const struct tell *tell, struct out *standard,
           struct event_sink *sink)
{
    struct export *e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->options = options;
    e->tell = tell;
    e->file.fd = e->dir = -1;
    e->out = options->write ? &e->file : standard;
    enum err err = options->write ? out_init(&e->file, -1) : ERR_OK;
    if (err == ERR_OK)
        err = new_maker(e, sink);
    if (err != ERR_OK) {
        int error = errno;
        export_free(e);
        errno = error;
        return err;
    }
    *out = e;
    return ERR_OK;
}

void
export_free(struct export *e)
{
    if (!e)
        return;
    har_free(e->har);
    payloads_free(e->payloads);
    slicer_free(e->slicer);
    save_free(e->save);
    if (e->dir >= 0)
        close(e->dir);
    if (e->file.fd >= 0)
        close(e->file.fd);
    out_fini(&e->file);
    free(e);
}

static enum err
open_payloads(struct export *e, struct guard_error *error)
{
    const char *path = e->options->write;
    if (!e->broker) {
        enum err err = output_dir_prepare(path, !e->options->force, error);
        if (err != ERR_OK)
            return err;
        e->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (e->dir < 0)
            return guard_fail(error, ERR_OPEN, errno, "directory to write in");
    }
    if (payloads_start(e->payloads) == ERR_OK)
        return ERR_OK;
    const struct payloads_figures *f = payloads_figures(e->payloads);
    return guard_fail(error, ERR_OPEN, f->error_errno, "%s", f->error_name);
}

static int
open_save(void *ctx, const char *name)
{
    struct export *e = ctx;
    return e->options->write ? saving_create_file(e->broker, name)
                             : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static enum err
open_pcapng(struct export *e, struct guard_error *error)
{
    const char *name = e->options->write;
    const struct save_options save = {
        .name = name ? name : "standard output",
        .format = name ? save_name_format(name) : SAVE_PCAPNG,
        .comment = e->options->comment,
        .application = PACKAGE_NAME " " PACKAGE_VERSION,
        .open = open_save,
        .ctx = e,
    };
    struct save_news news = {.code = ERR_NOMEM};
    if (!name && isatty(STDOUT_FILENO))
        return guard_fail(error, ERR_USAGE, 0,
                          "is a terminal, and packets are not for it: -w FILE, "
                          "or a pipe");
    enum err err = save_new(&e->save, &save, &news);
    return err == ERR_OK
               ? ERR_OK
               : guard_fail(error, err, 0, "%s",
                            news.reason[0] ? news.reason : err_text(err));
}

enum err
export_open(struct export *e, struct broker *broker, struct guard_error *error)
{
    e->broker = broker;
    if (e->payloads)
        return open_payloads(e, error);
    if (e->slicer)
        return open_pcapng(e, error);
    if (!e->options->write)
        return ERR_OK;
    e->file.fd = saving_create_file(broker, e->options->write);
    return e->file.fd >= 0
               ? ERR_OK
               : guard_fail(error, ERR_OPEN, errno, "cannot be opened");
}

/* What save.c has to say.  A reader that has gone is no failure (out.h). */
static void
tell_news(struct export *e)
{
    struct save_news news;
    while (save_next_news(e->save, &news)) {
        e->failed |= news.kind == SAVE_FAILED;
        if (!e->options->write && news.sys_errno == EPIPE)
            continue;
        if (news.kind == SAVE_FAILED)
            tell_format(e->tell, news.name, "at byte %llu: %s",
                        (unsigned long long)news.offset, news.reason);
        else
            tell(e->tell, news.name, news.reason);
        e->status = EXIT_IO;
    }
}

bool
export_reads_twice(const struct options *options)
{
    return options->command == COMMAND_EXPORT &&
           options->export_kind == EXPORT_PCAPNG;
}

void
export_see(struct export *e, uint64_t packet,
           const struct pipeline_sight *sight)
{
    if (e->slicer)
        slicer_see(e->slicer, packet, sight);
}

void
export_turn(struct export *e)
{
    if (e->slicer)
        slicer_turn(e->slicer);
}

void
export_take(struct export *e, const struct packet *packet,
            const struct source_info *info, const struct pipeline_sight *sight)
{
    if (!e->slicer || !slicer_wants(e->slicer, packet->number, sight))
        return;
    save_packet(e->save, packet, info);
    if (save_figures(e->save)->unsaved > 0)
        tell_news(e);
}

bool
export_is_over(const struct export *e)
{
    return out_over(e->out) || e->failed ||
           (e->payloads && payloads_figures(e->payloads)->error_errno != 0);
}

static enum exit_status
finish_har(struct export *e)
{
    const struct tell *t = e->tell;
    const struct har_figures *f = har_figures(e->har);
    har_finish(e->har);
    tell_limit(t, f->cut, "messages were cut", "--message-keep");
    tell_limit(t, f->over, "messages were left out of the HAR",
               "their index takes a quarter of --memory");
    tell_limit(t, f->no_memory, "connections were left out of the HAR",
               "there was no memory for them");
    if (f->spool_errno == 0)
        return EXIT_DONE;
    tell_format(t, "temporary file", "%s: %llu messages were left out",
                strerror(f->spool_errno), (unsigned long long)f->left_out);
    return EXIT_IO;
}

static enum exit_status
finish_payloads(struct export *e)
{
    const struct tell *t = e->tell;
    const struct payloads_figures *f = payloads_figures(e->payloads);
    payloads_finish(e->payloads);
    tell_limit(t, f->cut, "messages were cut", "--message-keep");
    if (f->error_errno == 0)
        return EXIT_DONE;
    tell_format(t, e->options->write,
                "%s: %s: nothing is written from here on; %llu messages were",
                f->error_name, strerror(f->error_errno),
                (unsigned long long)f->files);
    return EXIT_IO;
}

static enum exit_status
finish_pcapng(struct export *e)
{
    const struct slicer_figures *f = slicer_figures(e->slicer);
    save_close(e->save);
    tell_news(e);
    tell_limit(e->tell, f->over, "IP fragments were left out",
               "64 MiB for what they are part of");
    tell_limit(e->tell, f->no_memory,
               "connections or IP fragments were left out",
               "there was no memory for them");
    return e->status;
}

static enum exit_status
finish_maker(struct export *e)
{
    if (e->payloads)
        return finish_payloads(e);
    return e->slicer ? finish_pcapng(e) : finish_har(e);
}

/* A connection that --conn names and that is not there, told; false: none. */
static bool
tell_missing(const struct export *e, uint64_t n)
{
    const struct tell *t = e->tell;
    const struct option_ranges *conns = &e->options->conns;
    for (size_t i = 0; i < conns->n; i++) {
        unsigned long first = conns->range[i].first;
        if (first <= n)
            continue;
        if (n == 0)
            tell_format(t, "--conn", "connection %lu: there is none", first);
        else
            tell_format(t, "--conn", "connection %lu: there %s only %llu",
                        first, n == 1 ? "is" : "are", (unsigned long long)n);
        return true;
    }
    return false;
}

enum exit_status
export_finish(struct export *e, const struct summary *summary)
{
    enum exit_status status = finish_maker(e);
    if (e->options->write && out_flush(e->out) != ERR_OK) {
        tell_format(e->tell, e->options->write, "at byte %llu: %s",
                    (unsigned long long)e->out->written,
                    strerror(e->out->error_errno));
        status = EXIT_IO;
    }
    if (tell_missing(e, summary->connections)) {
        if (status == EXIT_DONE)
            status = EXIT_USAGE;
    } else if (summary->connections == 0) {
        tell(e->tell, "note", "no WebSocket connection was found");
    }
    return status;
}
