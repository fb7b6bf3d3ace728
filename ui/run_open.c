/* SPDX-License-Identifier: MIT */
#include "ui/run_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ui/signals.h"

/* Descriptors beside those of the files that are read. */
#define OTHER_FILES 32u

/* Told, and its exit status kept. */
static bool
fail(struct run *r, enum err e, const char *name, const char *reason)
{
    /* The terminal is given back first, or nobody would see it. */
    app_close(r->app);
    r->tell.show = NULL;
    tell(&r->tell, name, reason);
    r->status = e == ERR_USAGE ? EXIT_USAGE : EXIT_IO;
    return false;
}

/* Reads the file of --expect; false: something is wrong with it. */
static bool
read_expect(struct run *r)
{
    struct expect_error error;
    const char *name = r->options->expect;
    enum err e = name ? expect_read(&r->expect, name, &error) : ERR_OK;
    if (e == ERR_OK)
        return true;
    if (error.line > 0)
        tell_format(&r->tell, name, "line %llu: %s",
                    (unsigned long long)error.line, error.reason);
    else
        tell(&r->tell, name, error.reason);
    r->status = e == ERR_USAGE ? EXIT_USAGE : EXIT_IO;
    return false;
}

/* Reads -Y; false: something is wrong with it. */
static bool
read_filter(struct run *r)
{
    struct filter_error error;
    const char *text = r->options->display_filter;
    if (!text)
        return true;
    enum err e = filter_new(&r->filter, slice_cstr(text), &error);
    /* The terminal interface has all events, and a filter of its own. */
    if (e == ERR_OK && r->options->command == COMMAND_TUI) {
        filter_free(r->filter);
        r->filter = NULL;
    }
    if (e == ERR_OK)
        return true;
    tell_format(&r->tell, "-Y", "column %llu: %s",
                (unsigned long long)error.column, error.text);
    tell_place(&r->tell, slice_cstr(text), error.offset, error.len);
    r->status = e == ERR_USAGE ? EXIT_USAGE : EXIT_IO;
    return false;
}

/* All files are open before the first one is read. */
static void
raise_limit(size_t n_files)
{
    struct rlimit limit;
    rlim_t want = (rlim_t)n_files + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return;
    limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* opening will tell */
}

/* Only what can be read from its start again. */
static bool
check_twice(struct run *r)
{
    const struct option_files *files = &r->options->files;
    struct stat st;
    for (size_t i = 0; i < files->n; i++)
        if (stat(files->names[i], &st) == 0 && !S_ISREG(st.st_mode))
            return fail(r, ERR_USAGE, files->names[i],
                        "export pcapng reads twice, which this cannot be: save "
                        "it to a file first");
    return true;
}

static enum err
open_again(struct run *r)
{
    const struct option_files *files = &r->options->files;
    enum err e = source_new(&r->again, files->names, files->n);
    return e == ERR_OK ? source_open_all(r->again) : e;
}

/* The interface is no place to learn that there is nothing to look at. */
static bool
can_be_read(struct run *r)
{
    const struct option_files *files = &r->options->files;
    const char *name = files->names[0];
    return files->n > 1 || strcmp(name, "-") == 0 || access(name, R_OK) == 0 ||
           fail(r, ERR_OPEN, name, strerror(errno));
}

static enum err
open_files(struct run *r, struct source **source)
{
    const struct option_files *files = &r->options->files;
    raise_limit(r->export ? 2 * files->n : files->n);
    enum err e = source_new(source, files->names, files->n);
    if (e != ERR_OK)
        return e;
    e = source_open_all(*source);
    if (e != ERR_OK) {
        source_free(*source);
        return e;
    }
    if (export_reads_twice(r->options) && (e = open_again(r)) != ERR_OK) {
        source_free(*source);
        return e;
    }
    r->watching = r->options->tail;
    for (size_t i = 0; i < files->n; i++)
        r->watching |= strcmp(files->names[i], "-") == 0;
    if (r->options->tail)
        source_follow(*source);
    return ERR_OK;
}

static bool
open_live(struct run *r, struct source **source)
{
    const struct options *o = r->options;
    struct live_options live = {
        .ifaces = o->ifaces.names,
        .n_ifaces = o->ifaces.n,
        .filter = o->filter,
        .snaplen = (uint32_t)o->snaplen,
        .no_promisc = o->no_promiscuous,
        .immediate = o->immediate,
        .tstamp_type = o->tstamp_type,
        .buffer_len = o->buffer,
        .queue_len = o->queue,
    };
    struct source_error error;
    const char *warning;
    enum err e = live_open(&r->live, &live, &error);
    if (e != ERR_OK)
        return fail(r, e, error.name ? error.name : "live capture",
                    error.reason);
    for (size_t i = 0; (warning = live_warning(r->live, i)) != NULL; i++)
        tell(&r->tell, "note", warning);
    r->watching = true;
    e = source_new_live(source, r->live);
    return e == ERR_OK || fail(r, e, "start", err_text(e));
}

/* A file is emptied when it is opened for writing: not one that is read. */
static bool
check_apart(struct run *r)
{
    const struct options *o = r->options;
    struct stat out, in;
    if (option_bounds_any(&o->ring) || stat(o->write, &out) != 0 ||
        !S_ISREG(out.st_mode))
        return true;
    for (size_t i = 0; i < o->files.n; i++) {
        const char *name = o->files.names[i];
        int failed =
            strcmp(name, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(name, &in);
        if (!failed && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return fail(r, ERR_USAGE, o->write,
                        "cannot be read and written at the same time");
    }
    return true;
}

/* The file of -w. */
static bool
open_saving(struct run *r)
{
    struct save_news news;
    if (!check_apart(r))
        return false;
    enum err e =
        saving_new(&r->saving, r->options, confine_broker(&r->confine), &news);
    if (e == ERR_OK)
        return true;
    const char *reason = news.reason[0] ? news.reason : err_text(e);
    struct privileges writer = privileges_for_broker(&r->confine.privileges);
    if (news.sys_errno == EACCES && geteuid() == 0)
        tell_format(&r->tell, r->options->write,
                    "%s (to user %lu, without the rights of root; -Z USER "
                    "chooses another)",
                    reason, (unsigned long)writer.uid);
    else
        tell(&r->tell, r->options->write, reason);
    r->status = e == ERR_LIMIT ? EXIT_USAGE : EXIT_IO;
    return false;
}

/* What export makes. */
static bool
open_export(struct run *r)
{
    struct guard_error error;
    if (r->options->write && !check_apart(r))
        return false;
    enum err e = export_open(r->export, confine_broker(&r->confine), &error);
    return e == ERR_OK ||
           fail(r, e, r->options->write ? r->options->write : "standard output",
                error.reason);
}

/* Who to become, and the process that writes files for it. */
static bool
plan(struct run *r)
{
    struct guard_error error;
    struct broker_dir dirs[EXPORT_DIRS_MAX]; /* or of -w and app.h */
    const struct options *o = r->options;
    size_t n_dirs = export_dirs(o, dirs);
    enum err e = ERR_OK;
    if (o->write && n_dirs == 0) {
        e = saving_dir_init(&r->dir, o);
        dirs[0] = r->dir.dir;
        n_dirs = 1;
    }
    if (e == ERR_LIMIT)
        return fail(r, ERR_USAGE, o->write, "is not the name of a file");
    if (e != ERR_OK)
        return fail(r, e, o->write, err_text(e));
    if (r->app)
        dirs[n_dirs++] = app_dir();
    e = confine_plan(&r->confine, o, dirs, n_dirs, &error);
    /* Where nothing can be saved, one can still look. */
    if (e == ERR_OPEN && r->app)
        e = confine_plan(&r->confine, o, dirs, n_dirs - 1, &error);
    const char *name = e == ERR_OPEN && o->write   ? o->write
                       : e == ERR_USAGE && o->user ? "-Z"
                                                   : "start";
    return e == ERR_OK || fail(r, e, name, error.reason);
}

/* Gives up all that is not needed any more. */
static bool
enter(struct run *r)
{
    struct guard_error error;
    int sockets[64];
    size_t n = r->live ? live_info(r->live)->n_ifaces : 0;
    if (n > sizeof sockets / sizeof *sockets)
        return fail(r, ERR_USAGE, "start", "more than 64 interfaces");
    for (size_t i = 0; i < n; i++)
        sockets[i] = live_socket(r->live, i);
    enum err e = confine_enter(&r->confine, r->options, sockets, n, &error);
    return e == ERR_OK || fail(r, e, "start", error.reason);
}

/* What is made of the events. */
static bool
open_output(struct run *r, struct event_sink *sink)
{
    const struct options *o = r->options;
    enum err e;
    if (o->command == COMMAND_FOLLOW && o->format == OUTPUT_FORMAT_RAW &&
        isatty(STDOUT_FILENO))
        return fail(r, ERR_USAGE, "--format raw",
                    "raw payload does not go to a terminal; redirect it");
    if (o->command == COMMAND_EXPORT) {
        e = export_new(&r->export, o, &r->tell, &r->out, sink);
        return e == ERR_OK ||
               fail(r, e, "temporary file",
                    e == ERR_OPEN ? strerror(errno) : err_text(e));
    }
    if (o->command != COMMAND_TUI) {
        e = writer_init(&r->writer, o, &r->expect, &r->out, sink);
        return e == ERR_OK || fail(r, e, "start", err_text(e));
    }
    e = app_new(&r->app, o);
    if (e == ERR_OK)
        *sink = app_sink(r->app);
    return e == ERR_OK || fail(r, e, "spool file",
                               e == ERR_OPEN ? strerror(errno) : err_text(e));
}

bool
run_open(struct run *r)
{
    const struct options *o = r->options;
    struct event_sink sink;
    struct source *source = NULL;
    summary_init(&r->summary);
    enum err e = out_init(&r->out, STDOUT_FILENO);
    if (e != ERR_OK)
        return fail(r, e, "start", err_text(e));
    /* The writer wants to know what is expected. */
    if (!read_filter(r) || !read_expect(r))
        return false;
    if (!open_output(r, &sink) || !plan(r))
        return false;
    if (export_reads_twice(o) && !check_twice(r))
        return false;
    if (o->ifaces.n > 0) {
        if (!open_live(r, &source))
            return false;
    } else if (r->app && !can_be_read(r)) {
        return false;
    } else if ((e = open_files(r, &source)) != ERR_OK) {
        return fail(r, e, "start", err_text(e));
    }
    bool opened = r->export ? open_export(r) : o->write ? open_saving(r) : true;
    if (!opened) {
        source_free(source);
        return false;
    }
    if (!r->filter) {
        sink = select_sink(&r->select, o, sink);
    } else if (display_init(&r->display, r->filter, o, sink, &sink) != ERR_OK) {
        source_free(source);
        return fail(r, ERR_NOMEM, "start", err_text(ERR_NOMEM));
    }
    sink = summary_sink(&r->summary, sink);
    if (r->saving)
        sink = saving_sink(r->saving, sink);
    r->sink = sink;
    source_on_idle(source, r->on_idle, r);
    source_interrupt(source, &signals_pending);
    e = pipeline_new(&r->pipeline, o, source, &sink);
    if (e == ERR_USAGE)
        return fail(r, e, "--digest", "OpenSSL has no digest of that name");
    return e == ERR_OK || fail(r, e, "start", err_text(e));
}

static void
show_line(void *ctx, const char *line)
{
    app_say(ctx, line);
}

/* The terminal is taken over when all is open, and before nothing can be opened
 * any more: curses reads its description. */
static bool
open_terminal(struct run *r)
{
    char reason[APP_REASON_MAX];
    if (!app_open(r->app, reason))
        return fail(r, ERR_USAGE, "terminal", reason);
    r->tell.show = show_line;
    r->tell.show_ctx = r->app;
    return true;
}

bool
run_start(struct run *r)
{
    if (r->app)
        app_set_broker(r->app, confine_broker(&r->confine),
                       r->options->write != NULL);
    if (r->app && !open_terminal(r))
        return false;
    if (!enter(r))
        return false;
    if (!r->live) {
        run_tell_walls(r);
        return true;
    }
    enum err e = live_start(r->live);
    if (e != ERR_OK)
        return fail(r, e, "start", err_text(e));
    run_tell_listening(r);
    return true;
}
