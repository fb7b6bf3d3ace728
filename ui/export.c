/* SPDX-License-Identifier: MIT */
#include "ui/export.h"

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/export/har.h"
#include "ui/saving.h"

/* The index of what waits for the end of its connection may take this share of
 * --memory. */
#define INDEX_SHARE 4u

struct export
{
    const struct options *options;
    struct out *out; /* standard output, or ... */
    struct out file; /* ... the file of -w; fd -1 until it is open */
    struct har *har;
};

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

enum err
export_new(struct export **out, const struct options *options,
           struct out *standard, struct event_sink *sink)
{
    struct export *e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->options = options;
    e->file.fd = -1;
    e->out = options->write ? &e->file : standard;
    enum err err = options->write ? out_init(&e->file, -1) : ERR_OK;
    if (err == ERR_OK)
        err = new_har(e, sink);
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
    if (e->file.fd >= 0)
        close(e->file.fd);
    out_fini(&e->file);
    free(e);
}

enum err
export_open(struct export *e, struct broker *broker)
{
    if (!e->options->write)
        return ERR_OK;
    e->file.fd = saving_create_file(broker, e->options->write);
    return e->file.fd >= 0 ? ERR_OK : ERR_OPEN;
}

bool
export_is_over(const struct export *e)
{
    return out_over(e->out);
}

static const char *
place(const struct export *e)
{
    return e->options->write ? e->options->write : "standard output";
}

static enum exit_status
finish_har(struct export *e, const struct tell *t)
{
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

/* A connection that --conn names and that is not there, told; false: none. */
static bool
tell_missing(const struct export *e, const struct tell *t, uint64_t n)
{
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
export_finish(struct export *e, const struct tell *tell_,
              const struct summary *summary)
{
    enum exit_status status = finish_har(e, tell_);
    if (out_flush(e->out) != ERR_OK && e->options->write) {
        tell_format(tell_, place(e), "at byte %llu: %s",
                    (unsigned long long)e->out->written,
                    strerror(e->out->error_errno));
        status = EXIT_IO;
    }
    if (tell_missing(e, tell_, summary->connections) && status == EXIT_DONE)
        status = EXIT_USAGE;
    else if (summary->connections == 0)
        tell(tell_, "note", "no WebSocket connection was found");
    return status;
}
