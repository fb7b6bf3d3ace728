/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ui/help.h"

#include <string.h>

#include "ui/wrap.h"

/* The last column of a terminal stays free: some wrap when it is written. */
#define COLUMNS 79u
/* Where the sentences of the two lists start. */
#define COMMAND_COLUMN 14u
#define OPTION_COLUMN 31u

/* Room for a row's sentence with its choices, default and commands. */
#define SENTENCE_MAX 400u

/* Appends to a text of SENTENCE_MAX bytes. */
static void
append(char *text, const char *piece, size_t len)
{
    size_t at = strlen(text);
    snprintf(text + at, SENTENCE_MAX - at, "%.*s", (int)len, piece);
}

static void
append_text(char *text, const char *piece)
{
    append(text, piece, strlen(piece));
}

/* "sentence: choice, choice (default 64K) [json]". */
static void
make_sentence(char *text, const struct option_info *info, bool with_commands)
{
    const char *choices = info->choices, *word;
    size_t len;
    text[0] = '\0';
    append_text(text, info->help);
    bool closed = info->type == OPTION_CHOICE || info->type == OPTION_SET;
    for (int i = 0; closed && (len = option_next_choice(&choices, &word));
         i++) {
        append_text(text, i ? ", " : ": ");
        append(text, word, len);
    }
    if (info->fallback) {
        append_text(text, " (default ");
        append_text(text, info->fallback);
        append_text(text, ")");
    }
    if (!with_commands || (info->commands & ALL_COMMANDS) == ALL_COMMANDS)
        return;
    const char *before = " [";
    for (unsigned c = 0; c < COMMAND_COUNT; c++)
        if (info->commands >> c & 1u) {
            append_text(text, before);
            append_text(text, command_info((enum command)c)->name);
            before = ", ";
        }
    append_text(text, "]");
}

static void
write_option(FILE *out, const struct option_info *info, bool with_commands)
{
    char sentence[SENTENCE_MAX];
    int at;
    if (info->letter)
        at = fprintf(out, "  -%c, --%s", info->letter, info->name);
    else
        at = fprintf(out, "      --%s", info->name);
    if (info->argument)
        at += fprintf(out, " %s", info->argument);
    make_sentence(sentence, info, with_commands);
    wrap_write(out, sentence, at > 0 ? (size_t)at : 0, OPTION_COLUMN, COLUMNS);
}

/* All groups with the options that command takes; COMMAND_COUNT: all. */
static void
write_options(FILE *out, enum command command)
{
    bool all = command == COMMAND_COUNT;
    for (unsigned g = 0; g < OPTION_GROUP_COUNT; g++) {
        bool titled = false;
        for (unsigned i = 0; i < OPTION_ID_COUNT; i++) {
            const struct option_info *info = option_info((enum option_id)i);
            if (info->group != g || !(all || info->commands >> command & 1u))
                continue;
            if (!titled)
                fprintf(out, "\n%s:\n", option_group_title(info->group));
            titled = true;
            write_option(out, info, all);
        }
    }
}

static void
write_general(FILE *out)
{
    fputs("wsray - X-ray vision for WebSocket traffic\n\n"
          "Usage: wsray [COMMAND] [OPTIONS] [FILE...]\n"
          "       wsray -i NAME [COMMAND] [OPTIONS] [FILTER...]\n\n",
          out);
    wrap_write(out,
               "FILE is a pcap or pcapng capture, also compressed (.gz "
               ".zst .lz4 .xz); - is standard input. A first word that is "
               "not a command is a file.",
               0, 0, COLUMNS);
    fputs("\nCommands:\n", out);
    for (unsigned c = 0; c < COMMAND_COUNT; c++) {
        const struct command_info *info = command_info((enum command)c);
        char text[SENTENCE_MAX] = "";
        int at = fprintf(out, "  %s", info->name);
        append_text(text, info->summary);
        if (c == COMMAND_TUI || c == COMMAND_REPORT)
            append_text(text, c == COMMAND_TUI ? " (the default there)"
                                               : " (the default elsewhere)");
        wrap_write(out, text, at > 0 ? (size_t)at : 0, COMMAND_COLUMN, COLUMNS);
    }
}

void
help_write(FILE *out, enum command command)
{
    if (command == COMMAND_COUNT) {
        write_general(out);
    } else {
        const struct command_info *info = command_info(command);
        const char *kind =
            command == COMMAND_EXPORT ? " har|payloads|pcapng" : "";
        fprintf(out, "Usage: wsray %s%s [OPTIONS]%s\n", info->name, kind,
                command == COMMAND_FINDINGS    ? " [ID...]"
                : command == COMMAND_FIELDS    ? " [NAME...]"
                : ALL_COMMANDS >> command & 1u ? " FILE..."
                                               : "");
        if (ALL_COMMANDS >> command & 1u)
            fprintf(out, "       wsray %s%s -i NAME [OPTIONS] [FILTER...]\n",
                    info->name, kind);
        fputc('\n', out);
        wrap_write(out, info->text, 0, 0, COLUMNS);
    }
    write_options(out, command);
    fputc('\n', out);
    wrap_write(out,
               "SIZE may end in K, M, G or T (powers of 1024), TIME in ns, "
               "us, ms, s, min or h (s when it does not).",
               0, 0, COLUMNS);
    if (command == COMMAND_COUNT)
        fputs("[...]: only with these commands. More: man wsray.\n", out);
    fprintf(out, "Exit status: 0 done, %s2 usage, 3 input or output failed.\n",
            command == COMMAND_COUNT   ? "1 check failed, "
            : command == COMMAND_CHECK ? "1 failed, "
                                       : "");
}

static void
write_feature(FILE *out, const char *title, const char *text)
{
    int at = fprintf(out, "%-10s", title);
    wrap_write(out, text ? text : "no", at > 0 ? (size_t)at : 0, 12, COLUMNS);
}

void
help_write_version(FILE *out, const struct help_features *features)
{
    fputs("wsray " PACKAGE_VERSION "\n", out);
    write_feature(out, "Files:", features->files);
    write_feature(out, "Live:", features->live);
    write_feature(out, "Terminal:", features->terminal);
    write_feature(out, "Sandbox:", features->sandbox);
    write_feature(out, "Licence:", "MIT, without any warranty");
}
