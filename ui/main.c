/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program: reads the command line and does what it says.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/live.h"
#include "capture/live_devices.h"
#include "capture/source.h"
#include "ui/exit_status.h"
#include "ui/fields.h"
#include "ui/findings.h"
#include "ui/help.h"
#include "ui/interfaces.h"
#include "ui/options.h"
#include "ui/run.h"
#include "ui/sandbox.h"
#include "ui/terminal.h"
#include "ui/tui/screen/tty.h"

/* Help and version are text for people: stdio will do. */
static enum exit_status
close_stdout(void)
{
    if (fflush(stdout) == 0 || errno == EPIPE)
        return EXIT_DONE;
    fprintf(stderr, PACKAGE_NAME ": standard output: %s\n", strerror(errno));
    return EXIT_IO;
}

/* One explained is prose and fits the terminal; the list is one line a
 * finding where no terminal cuts it, for grep. */
static enum exit_status
run_findings(const struct options *o)
{
    bool fit = o->files.n > 0 || o->width || isatty(STDOUT_FILENO);
    struct findings_options f = {
        .columns = fit ? terminal_width(o) : 0,
        .color = terminal_color(o),
        .thresholds = &o->thresholds,
    };
    if (o->files.n == 0)
        findings_write_list(stdout, &f);
    for (size_t i = 0; i < o->files.n; i++) {
        enum finding_id id;
        if (i > 0)
            putchar('\n');
        if (finding_find(o->files.names[i], &id))
            findings_write_one(stdout, &f, id);
    }
    return close_stdout();
}

/* As the findings. */
static enum exit_status
run_fields(const struct options *o)
{
    bool fit = o->files.n > 0 || o->width || isatty(STDOUT_FILENO);
    struct fields_options f = {.columns = fit ? terminal_width(o) : 0,
                               .color = terminal_color(o)};
    if (o->files.n == 0)
        fields_write_list(stdout, &f);
    for (size_t i = 0; i < o->files.n; i++) {
        enum field_id id;
        if (i > 0)
            putchar('\n');
        if (field_find(slice_cstr(o->files.names[i]), &id))
            fields_write_one(stdout, &f, id);
    }
    return close_stdout();
}

static int
run_interfaces(void)
{
    struct live_devices *devices;
    struct source_error error;
    struct interfaces_options how = {.utf8 = terminal_utf8()};
    size_t n;
    if (live_devices_new(&devices, true, &error) != ERR_OK) {
        fprintf(stderr, PACKAGE_NAME ": interfaces: %s\n", error.reason);
        return EXIT_IO;
    }
    const struct live_device *list = live_devices_list(devices, &n);
    interfaces_write(stdout, &how, list, n);
    live_devices_free(devices);
    if (n == 0)
        fputs(PACKAGE_NAME ": no interface was found\n", stderr);
    return close_stdout();
}

/* Who names no command and sits before a terminal looks around; but options
 * that only the report has ask for that. */
static void
choose_command(struct options *o)
{
    bool reads_stdin = false;
    for (size_t i = 0; i < o->files.n; i++)
        reads_stdin |= strcmp(o->files.names[i], "-") == 0;
    if (!o->command_given && o->command == COMMAND_REPORT && !reads_stdin &&
        options_suit(o, COMMAND_TUI) && terminal_suits_tui())
        o->command = COMMAND_TUI;
}

static int
run(const struct options *o)
{
    switch (o->command) {
    case COMMAND_FINDINGS:
        return run_findings(o);
    case COMMAND_FIELDS:
        return run_fields(o);
    case COMMAND_INTERFACES:
        return run_interfaces();
    default:
        return run_command(o);
    }
}

static int
show_version(void)
{
    char walls[128];
    const struct help_features features = {.files = source_compressions(),
                                           .live = live_library(),
                                           .terminal = tty_library(),
                                           .sandbox = walls};
    sandbox_describe(NULL, walls, sizeof walls);
    help_write_version(stdout, &features);
    return close_stdout();
}

/* No file or socket may get the number of a standard descriptor that the
 * caller closed: messages would land in it.  What takes their place cannot be
 * read or written, as before. */
static bool
fill_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

int
main(int argc, char **argv)
{
    struct options o;
    char message[OPTIONS_MESSAGE_MAX];
    int status = EXIT_USAGE;
    setlocale(LC_CTYPE, "");
    tzset();
    if (!fill_descriptors())
        return EXIT_IO;       /* and there is nobody to tell it to */
    signal(SIGPIPE, SIG_IGN); /* write() tells */
    signal(SIGXFSZ, SIG_IGN);
    switch (options_parse(&o, argc, argv, message, sizeof message)) {
    case OPTIONS_RUN:
        choose_command(&o);
        status = run(&o);
        break;
    case OPTIONS_HELP:
        help_write(stdout, o.command_given ? o.command : COMMAND_COUNT);
        status = close_stdout();
        break;
    case OPTIONS_VERSION:
        status = show_version();
        break;
    case OPTIONS_USAGE:
        fprintf(stderr, PACKAGE_NAME ": %s\n", message);
        break;
    case OPTIONS_NOMEM:
        fprintf(stderr, PACKAGE_NAME ": %s\n", message);
        status = EXIT_IO;
        break;
    }
    options_fini(&o);
    return status;
}
