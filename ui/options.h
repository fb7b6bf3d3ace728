/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line:
 *
 *     wsray [COMMAND] [OPTIONS] [FILE...]
 *
 * All of it comes from two tables, commands.def and options.def.  Options may
 * stand before and behind the command and between files; `--name value` and
 * `--name=value` are the same, so are `-c 5` and `-c5`; flags with a letter
 * can be joined (`-vvn`); names are not abbreviated; `--` ends the options.
 * The first word that is not an option is the command if it is one, else a
 * file; every other word is a file, or with `findings` the id of a finding,
 * with `fields` the name of a field.  The word behind `export` is what to make.
 *
 * Nothing here prints or exits: main.c shows messages, help.c writes help.
 */
#ifndef UI_OPTIONS_H
#define UI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dissect/finding.h"
#include "dissect/threshold.h"

#define COMMAND(symbol, name, summary, text) COMMAND_##symbol,
enum command {
#include "ui/commands.def"
    COMMAND_COUNT
};
#undef COMMAND

/* Sets of commands, for the column of options.def: one, all that read
 * captures, and all there are. */
#define COMMAND_BIT(symbol) (1u << COMMAND_##symbol)
#define EVERY_COMMAND ((1u << COMMAND_COUNT) - 1u)
#define ALL_COMMANDS                                                           \
    (EVERY_COMMAND &                                                           \
     ~(COMMAND_BIT(FIELDS) | COMMAND_BIT(FINDINGS) | COMMAND_BIT(INTERFACES)))

struct command_info {
    const char *name;
    const char *summary;
    const char *text;
};

enum option_type {
    OPTION_FLAG = 0, /* bool: given or not */
    OPTION_COUNT,    /* unsigned: how often it was given */
    OPTION_NUMBER,   /* uint64_t */
    OPTION_SIZE,     /* uint64_t, bytes; K, M, G, T (powers of 1024) allowed */
    OPTION_DURATION, /* int64_t, ns; a number with ns, us, ms, s, min or h,
                        without one seconds */
    OPTION_CHOICE,   /* unsigned: index of the word */
    OPTION_SET,      /* uint32_t: set of 1u << index of the words given */
    OPTION_RANGES,   /* struct option_ranges */
    OPTION_STRING,   /* const char * */
    OPTION_PATH,     /* const char *, the name of one file */
    OPTION_IDS,      /* struct option_ids; findings */
    OPTION_FILE,     /* struct option_files */
    OPTION_NAMES,    /* struct option_files, but no files */
    OPTION_BOUNDS,   /* struct option_bounds, WHAT:N */
    OPTION_SETTING,  /* struct thresholds; NAME=VALUE, see threshold.h */
};

#define GROUP(symbol, title) OPTION_GROUP_##symbol,
enum option_group {
#include "ui/options.def"
    OPTION_GROUP_COUNT
};

#define OPTION(symbol, name, letter, member, type, argument, choices,          \
               fallback, unit, min, max, group, commands, help, more)          \
    OPTION_ID_##symbol,
enum option_id {
#include "ui/options.def"
    OPTION_ID_COUNT
};

/* One row of options.def; see there. */
struct option_info {
    const char *name;
    char letter; /* '\0': none */
    enum option_type type;
    const char *argument; /* NULL: takes none */
    const char *choices;  /* NULL: none */
    const char *fallback; /* NULL: none */
    const char *unit;     /* NULL: none */
    uint64_t min, max;
    enum option_group group;
    uint32_t commands; /* set of 1u << enum command */
    const char *help;
    const char *more; /* NULL: none */
    size_t member;    /* offset in struct options */
};

/* The word behind `export`. */
#define EXPORT_KIND(symbol, name, summary) EXPORT_##symbol,
enum export_kind {
#include "ui/export.def"
    EXPORT_KIND_COUNT
};
#undef EXPORT_KIND

struct export_kind_info {
    const char *name;
    const char *summary;
};

/* How the report shows times (--time), in the order of options.def. */
enum time_format {
    TIME_FORMAT_RELATIVE = 0, /* since the connection's start */
    TIME_FORMAT_DELTA,        /* since the line before */
    TIME_FORMAT_UTC,
    TIME_FORMAT_LOCAL,
    TIME_FORMAT_EPOCH, /* seconds since 1970-01-01 UTC */
};

/* --color, in the order of options.def. */
enum color_when {
    COLOR_AUTO = 0,
    COLOR_ALWAYS,
    COLOR_NEVER,
};

/* --format, in the order of options.def. */
enum output_format {
    OUTPUT_FORMAT_TEXT = 0,
    OUTPUT_FORMAT_JSON,
    OUTPUT_FORMAT_EXPECT, /* a file for --expect; only of check, and the rest
                             only of follow */
    OUTPUT_FORMAT_HEX,
    OUTPUT_FORMAT_C,
    OUTPUT_FORMAT_RAW,
};

/* follow --from, in the order of options.def. */
enum follow_from {
    FOLLOW_FROM_BOTH = 0,
    FOLLOW_FROM_CLIENT,
    FOLLOW_FROM_SERVER,
};

/* follow --units, in the order of options.def. */
enum follow_units {
    FOLLOW_UNITS_MESSAGES = 0,
    FOLLOW_UNITS_FRAMES,
};

/* check --by, in the order of options.def. */
enum check_by {
    CHECK_BY_RULE = 0,
    CHECK_BY_CONNECTION,
};

/* check --fail-on, in the order of options.def. */
enum fail_on {
    FAIL_ON_ERROR = 0,
    FAIL_ON_WARNING,
    FAIL_ON_NOTE,
    FAIL_ON_CHAT,
    FAIL_ON_NEVER,
};

/* --only, in the order of options.def. */
enum frame_kind {
    FRAME_KIND_CONTINUATION = 0,
    FRAME_KIND_TEXT,
    FRAME_KIND_BINARY,
    FRAME_KIND_CLOSE,
    FRAME_KIND_PING,
    FRAME_KIND_PONG,
    FRAME_KIND_RESERVED,
};

/* Files in the order given, "-" for standard input.  The texts are argv's. */
struct option_files {
    size_t n;
    const char **names;
};

/* When to stop, or to begin another file; 0: never. */
struct option_bounds {
    uint64_t bytes, packets, files;
    int64_t duration_ns;
};

static inline bool
option_bounds_any(const struct option_bounds *b)
{
    return b->bytes || b->packets || b->files || b->duration_ns;
}

struct option_range {
    uint32_t first, last; /* both belong to it */
};

/* Sorted, disjoint. */
struct option_ranges {
    size_t n;
    struct option_range *range;
};

/* A set of findings. */
struct option_ids {
    unsigned n; /* 0: none was named */
    bool has[FINDING_COUNT];
};

struct options {
    enum command command;
    bool command_given;
    uint64_t given; /* set of 1u << enum option_id */
    struct option_files files;

    /* Live capture: no files then. */
    struct option_files ifaces;
    const char *filter;              /* BPF; NULL: none given */
    char *filter_words;              /* filter, when it was given as words */
    uint64_t snaplen, buffer, queue; /* bytes */
    const char *tstamp_type;         /* NULL: libpcap's default */
    const char *user;                /* NULL: not given */
    bool no_promiscuous, immediate, list_interfaces, no_sandbox, tail;
    bool no_mouse;
    struct option_bounds stop; /* of the whole run */

    /* Saving packets. */
    const char *write;   /* NULL: no */
    const char *comment; /* NULL: none */
    bool ws_only;
    struct option_bounds ring;

    bool help, version, no_names, no_midstream, quiet;
    unsigned verbose;           /* times given */
    unsigned time;              /* enum time_format */
    unsigned color;             /* enum color_when */
    uint64_t count;             /* packets to read; 0: all */
    uint64_t width;             /* columns; 0: the terminal's, else 80 */
    uint64_t payload_limit;     /* bytes */
    const char *digest;         /* OpenSSL's name for it; NULL: none */
    const char *display_filter; /* of -Y, not read yet; NULL: none */
    struct option_ranges conns; /* empty: all; see options_want_conn() */
    uint32_t only;              /* set of enum frame_kind; 0: all */
    uint16_t only_opcodes;      /* the same as a set of 1u << opcode, 0: none
                                   is hidden; see options_want_opcode() */

    unsigned format; /* enum output_format; of check and follow */

    /* Of follow. */
    unsigned from;  /* enum follow_from */
    unsigned units; /* enum follow_units */
    bool no_control;

    /* Of check. */
    unsigned by;                /* enum check_by */
    unsigned fail_on;           /* enum fail_on */
    uint64_t max;               /* occurrences shown of each finding */
    struct option_ids findings; /* only these; n 0: all */
    struct option_ids ignore;
    const char *expect; /* a file of expect.h; NULL: none */

    /* Of export.  write: where to; NULL: standard output. */
    enum export_kind export_kind;
    bool force, no_secrets;

    int64_t interval_ns; /* of stats: between two screens */

    /* Limits.  Sizes in bytes, they fit a size_t. */
    uint64_t memory, flows, early_bytes, early_ranges, gap_packets;
    uint64_t fragment_bytes, http_head_limit, message_keep, inflate_limit;
    int64_t half_open_ns, idle_ns, gap_time_ns, fragment_timeout_ns;

    struct thresholds thresholds; /* of findings */
};

/* Largest SIZE: what any machine can still add one to. */
#define OPTIONS_BYTES_MAX ((uint64_t)SIZE_MAX / 2)

enum options_result {
    OPTIONS_RUN = 0, /* do o->command on o->files or o->ifaces, at least one
                        of either; with COMMAND_FINDINGS the files are ids of
                        findings, or none; with COMMAND_FIELDS names of
                        fields; none with COMMAND_INTERFACES */
    OPTIONS_HELP,    /* show help; of o->command if o->command_given */
    OPTIONS_VERSION, /* show the version */
    OPTIONS_USAGE,   /* message says what was wrong: exit 2 */
    OPTIONS_NOMEM,   /* message says so: exit 3 */
};

/* Room that any message fits in; longer ones are cut, not wrong. */
#define OPTIONS_MESSAGE_MAX 320u

/*
 * Reads the command line.  argv[0] is skipped; argv must live as long as *o.
 * *o is written in any case and needs options_fini() in any case; what it
 * holds is complete with OPTIONS_RUN only.
 *
 * message (message_size bytes, at least 1) gets one line without line feed,
 * without the program's name and without control characters, "" when there is
 * nothing to say.
 */
enum options_result options_parse(struct options *o, int argc, char **argv,
                                  char *message, size_t message_size);

/* Every option at its default; no files. */
void options_init(struct options *o);

void options_fini(struct options *o);

/* True if every option that was given is one of that command. */
bool options_suit(const struct options *o, enum command command);

/* True if connection number conn (1 = first) is to be shown. */
bool options_want_conn(const struct options *o, uint32_t conn);

/* True if frames with this opcode (0..15) are to be shown. */
static inline bool
options_want_opcode(const struct options *o, uint8_t opcode)
{
    return o->only_opcodes == 0 || (o->only_opcodes >> (opcode & 15u) & 1u);
}

/* Rows of the tables; static. */
const struct option_info *option_info(enum option_id id);
const struct command_info *command_info(enum command c);
const struct export_kind_info *export_kind_info(enum export_kind kind);
const char *option_group_title(enum option_group g);

/*
 * Walks the words of a row's choices: *choices points to the first word to
 * read and moves behind it.  Returns its length in bytes and sets *word, or
 * returns 0 at the end.
 */
size_t option_next_choice(const char **choices, const char **word);

#endif /* UI_OPTIONS_H */
