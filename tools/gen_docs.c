/* SPDX-License-Identifier: MIT */
/*
 * gen_docs.c - writes the man page and the shell completions out of
 * options.def and commands.def, at build time.
 *
 *     gen_docs man TEMPLATE    the template with @VERSION@ replaced anywhere,
 *                              and the lines @COMMANDS@ and @OPTIONS@
 *     gen_docs bash|zsh|fish
 *
 * All write to standard output; exit status 1 when that or the template fails.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/options.h"

#define ALL_COMMANDS ((1u << COMMAND_COUNT) - 1u)

static const struct option_info *
row(unsigned i)
{
    return option_info((enum option_id)i);
}

/* Options that add up when they are given again. */
static bool
is_repeatable(const struct option_info *info)
{
    return info->type == OPTION_COUNT || info->type == OPTION_FILE ||
           info->type == OPTION_SET || info->type == OPTION_RANGES;
}

/* Choices that the parser insists on; those of a string only help. */
static bool
has_fixed_choices(const struct option_info *info)
{
    return info->type == OPTION_CHOICE || info->type == OPTION_SET;
}

static void
put_choices(const struct option_info *info, const char *between)
{
    const char *choices = info->choices, *word;
    size_t len;
    for (int i = 0; (len = option_next_choice(&choices, &word)); i++)
        printf("%s%.*s", i ? between : "", (int)len, word);
}

static void
put_command_names(uint32_t commands, const char *between)
{
    bool first = true;
    for (unsigned c = 0; c < COMMAND_COUNT; c++)
        if (commands >> c & 1u) {
            printf("%s%s", first ? "" : between,
                   command_info((enum command)c)->name);
            first = false;
        }
}

/* ---- man page ---- */

/* Text in roff: dashes that stay dashes, nothing taken for a request, each
 * sentence on a line of its own. */
static void
put_roff(const char *text)
{
    bool line_start = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\''))
            fputs("\\&", stdout);
        line_start = c > text && c[-1] == '.' && *c == ' ';
        if (line_start)
            putchar('\n');
        else if (*c == '-')
            fputs("\\-", stdout);
        else if (*c == '\\')
            fputs("\\e", stdout);
        else
            putchar(*c);
    }
}

/* As a sentence: a capital first, a full stop last. */
static void
put_roff_sentence(const char *text)
{
    char first[2] = {text[0], '\0'};
    if (first[0] >= 'a' && first[0] <= 'z')
        first[0] = (char)(first[0] - 'a' + 'A');
    put_roff(first);
    put_roff(text + 1);
    puts(".");
}

static void
put_man_option(const struct option_info *info)
{
    puts(".TP");
    if (info->letter)
        printf("\\fB\\-%c\\fR, ", info->letter);
    fputs("\\fB\\-\\-", stdout);
    put_roff(info->name);
    fputs("\\fR", stdout);
    if (info->argument) {
        fputs(" \\fI", stdout);
        put_roff(info->argument);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    put_roff_sentence(info->help);
    if (has_fixed_choices(info)) {
        fputs("One of \\fB", stdout);
        put_choices(info, "\\fR, \\fB");
        puts(info->type == OPTION_SET ? "\\fR, or several with commas between."
                                      : "\\fR.");
    }
    if (info->more) {
        put_roff(info->more);
        putchar('\n');
    }
    if (info->fallback) {
        fputs("Default: \\fB", stdout);
        put_roff(info->fallback);
        puts("\\fR.");
    }
    if (info->commands != ALL_COMMANDS) {
        fputs("Only with \\fB", stdout);
        put_command_names(info->commands, "\\fR, \\fB");
        puts("\\fR.");
    }
}

static void
put_man_options(void)
{
    for (unsigned g = 0; g < OPTION_GROUP_COUNT; g++) {
        printf(".SS %s\n", option_group_title((enum option_group)g));
        for (unsigned i = 0; i < OPTION_ID_COUNT; i++)
            if (row(i)->group == g)
                put_man_option(row(i));
    }
}

static void
put_man_commands(void)
{
    for (unsigned c = 0; c < COMMAND_COUNT; c++) {
        const struct command_info *info = command_info((enum command)c);
        printf(".TP\n\\fB%s\\fR\n", info->name);
        put_roff_sentence(info->summary);
        put_roff(info->text);
        putchar('\n');
    }
}

static void
put_man_line(const char *line)
{
    const char mark[] = "@VERSION@";
    const char *at;
    while ((at = strstr(line, mark))) {
        printf("%.*s%s", (int)(at - line), line, PACKAGE_VERSION);
        line = at + strlen(mark);
    }
    fputs(line, stdout);
}

static int
write_man(const char *template_name)
{
    char line[512];
    bool options = false, commands = false;
    FILE *in = fopen(template_name, "r");
    if (!in) {
        perror(template_name);
        return EXIT_FAILURE;
    }
    while (fgets(line, sizeof line, in)) {
        if (strcmp(line, "@OPTIONS@\n") == 0) {
            put_man_options();
            options = true;
        } else if (strcmp(line, "@COMMANDS@\n") == 0) {
            put_man_commands();
            commands = true;
        } else {
            put_man_line(line);
        }
    }
    bool failed = ferror(in) != 0;
    fclose(in);
    if (!failed && options && commands)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s: unreadable, or without @OPTIONS@ or @COMMANDS@\n",
            template_name);
    return EXIT_FAILURE;
}

/* ---- bash ---- */

/* "-c|--count", the pattern of a case branch. */
static void
put_bash_names(const struct option_info *info)
{
    if (info->letter)
        printf("-%c|", info->letter);
    printf("--%s", info->name);
}

static void
put_bash_values(void)
{
    for (unsigned i = 0; i < OPTION_ID_COUNT; i++) {
        const struct option_info *info = row(i);
        if (!info->argument)
            continue;
        fputs("    ", stdout);
        put_bash_names(info);
        fputs(")\n        ", stdout);
        if (info->type == OPTION_FILE) {
            fputs("_wsray_files", stdout);
        } else if (!info->choices) {
            fputs("_wsray_nothing", stdout);
        } else {
            fputs(info->type == OPTION_SET ? "_wsray_list '" : "_wsray_words '",
                  stdout);
            put_choices(info, " ");
            putchar('\'');
        }
        puts(";;");
    }
}

/* The options of each command, and of a line that has none yet. */
static void
put_bash_options(void)
{
    for (unsigned c = 0; c <= COMMAND_COUNT; c++) {
        bool any = c == COMMAND_COUNT;
        printf("    %s) options='",
               any ? "*" : command_info((enum command)c)->name);
        const char *before = "";
        for (unsigned i = 0; i < OPTION_ID_COUNT; i++) {
            const struct option_info *info = row(i);
            if (!any && !(info->commands >> c & 1u))
                continue;
            if (info->letter)
                printf("%s-%c", before, info->letter);
            printf("%s--%s", info->letter ? " " : before, info->name);
            before = " ";
        }
        puts("';;");
    }
}

/* What does not depend on the tables. */
static void
put_bash_helpers(void)
{
    puts(
        "# bash completion for wsray; made from options.def and commands.def\n"
        "\n"
        "# Candidates go to COMPREPLY one a line, so that blanks in names are\n"
        "# kept; bash 3.2 (macOS) has neither mapfile nor compopt.\n"
        "_wsray_reply() {\n"
        "    local line\n"
        "    while IFS= read -r line; do\n"
        "        COMPREPLY+=(\"$line\")\n"
        "    done\n"
        "}\n"
        "_wsray_files() {\n"
        "    compopt -o filenames 2>/dev/null\n"
        "    _wsray_reply < <(compgen -f -- \"$cur\")\n"
        "}\n"
        "_wsray_nothing() {\n"
        "    compopt +o default 2>/dev/null\n"
        "}\n"
        "_wsray_words() {\n"
        "    _wsray_nothing\n"
        "    _wsray_reply < <(compgen -W \"$1\" -- \"$cur\")\n"
        "}\n"
        "# Words with commas between: the last one is completed.\n"
        "_wsray_list() {\n"
        "    local before='' last=${cur##*,}\n"
        "    [[ $cur == *,* ]] && before=${cur%,*},\n"
        "    _wsray_nothing\n"
        "    _wsray_reply < <(compgen -P \"$before\" -W \"$1\" -- \"$last\")\n"
        "}");
}

static void
write_bash(void)
{
    put_bash_helpers();
    puts("_wsray() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} option='' command=''\n"
         "    local options i\n"
         "    COMPREPLY=()\n"
         "    # --name=value arrives as three words.\n"
         "    if [[ $cur == = ]]; then\n"
         "        cur='' option=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    elif [[ ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then\n"
         "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
         "    else\n"
         "        option=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    fi\n"
         "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "        case ${COMP_WORDS[i]} in");
    fputs("        ", stdout);
    put_command_names(ALL_COMMANDS, "|");
    puts(") command=${COMP_WORDS[i]}; break;;\n"
         "        esac\n"
         "    done\n"
         "    case $option in");
    put_bash_values();
    puts("    *)\n"
         "        option='';;\n"
         "    esac\n"
         "    [[ -n $option ]] && return\n"
         "    case $command in");
    put_bash_options();
    puts("    esac\n"
         "    if [[ $cur == -* ]]; then\n"
         "        _wsray_words \"$options\"\n"
         "        return\n"
         "    fi\n"
         "    _wsray_files");
    fputs("    [[ -z $command ]] && _wsray_reply < <(compgen -W '", stdout);
    put_command_names(ALL_COMMANDS, " ");
    puts("' -- \"$cur\")\n"
         "    return 0\n"
         "}\n"
         "complete -o default -F _wsray wsray");
}

/* ---- zsh ---- */

/* Text inside '...[ ]...' of _arguments. */
static void
put_zsh(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *c))
            printf("\\%c", *c);
        else
            putchar(*c);
    }
}

static void
put_zsh_action(const struct option_info *info)
{
    if (!info->argument)
        return;
    putchar(':');
    put_zsh(info->argument);
    putchar(':');
    if (info->type == OPTION_FILE) {
        fputs("_files", stdout);
    } else if (info->type == OPTION_SET) {
        fputs("_values -s , kind ", stdout);
        put_choices(info, " ");
    } else if (info->choices) {
        putchar('(');
        put_choices(info, " ");
        putchar(')');
    } else {
        putchar(' ');
    }
}

static void
put_zsh_option(const struct option_info *info)
{
    const char *value = info->argument ? "=" : "";
    const char *joined = info->argument ? "+" : "";
    fputs("        ", stdout);
    if (is_repeatable(info))
        fputs("'*'", stdout);
    else if (info->letter)
        printf("'(-%c --%s)'", info->letter, info->name);
    if (info->letter)
        printf("{-%c%s,--%s%s}'", info->letter, joined, info->name, value);
    else
        printf("'--%s%s", info->name, value);
    putchar('[');
    put_zsh(info->help);
    putchar(']');
    put_zsh_action(info);
    puts("'");
}

static void
put_zsh_options(uint32_t commands)
{
    for (unsigned i = 0; i < OPTION_ID_COUNT; i++)
        if (row(i)->commands == commands)
            put_zsh_option(row(i));
}

static void
write_zsh(void)
{
    puts("#compdef wsray\n"
         "# zsh completion for wsray; made from options.def and commands.def\n"
         "\n"
         "_wsray_first() {\n"
         "    local -a commands\n"
         "    commands=(");
    for (unsigned c = 0; c < COMMAND_COUNT; c++) {
        const struct command_info *info = command_info((enum command)c);
        printf("        '%s:", info->name);
        put_zsh(info->summary);
        puts("'");
    }
    puts("    )\n"
         "    _describe -t commands command commands\n"
         "    _files\n"
         "}\n"
         "_wsray() {\n"
         "    local word command=\n"
         "    local -a options\n"
         "    for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "        case $word in");
    fputs("        ", stdout);
    put_command_names(ALL_COMMANDS, "|");
    puts(") command=$word; break;;\n"
         "        esac\n"
         "    done\n"
         "    options=(");
    put_zsh_options(ALL_COMMANDS);
    puts("    )");
    /* Each other set of commands that some option has, once. */
    for (uint32_t set = 1; set < ALL_COMMANDS; set++) {
        unsigned i = 0;
        while (i < OPTION_ID_COUNT && row(i)->commands != set)
            i++;
        if (i == OPTION_ID_COUNT)
            continue;
        fputs("    case $command in\n    ", stdout);
        put_command_names(set, "|");
        puts("|'') options+=(");
        put_zsh_options(set);
        puts("    );;\n"
             "    esac");
    }
    puts("    _arguments -s -S \"${options[@]}\" \\\n"
         "        '1:command or file:_wsray_first' '*:file:_files'\n"
         "}\n"
         "_wsray \"$@\"");
}

/* ---- fish ---- */

/* Text inside '...'. */
static void
put_fish(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
}

static void
put_fish_option(const struct option_info *info)
{
    fputs("complete -c wsray", stdout);
    if (info->commands != ALL_COMMANDS) {
        fputs(" -n 'not __fish_seen_subcommand_from ", stdout);
        put_command_names(ALL_COMMANDS & ~info->commands, " ");
        putchar('\'');
    }
    if (info->letter)
        printf(" -s %c", info->letter);
    printf(" -l %s", info->name);
    if (info->type == OPTION_FILE)
        fputs(" -r -F", stdout);
    else if (info->argument)
        fputs(" -x", stdout);
    if (info->argument && info->choices) {
        fputs(info->type == OPTION_SET ? " -a '(__fish_append , " : " -a '",
              stdout);
        put_choices(info, " ");
        fputs(info->type == OPTION_SET ? ")'" : "'", stdout);
    }
    fputs(" -d '", stdout);
    put_fish(info->help);
    puts("'");
}

static void
write_fish(void)
{
    puts("# fish completion for wsray; made from options.def and commands.def");
    for (unsigned c = 0; c < COMMAND_COUNT; c++) {
        const struct command_info *info = command_info((enum command)c);
        printf("complete -c wsray -n __fish_is_first_arg -a %s -d '",
               info->name);
        put_fish(info->summary);
        puts("'");
    }
    for (unsigned i = 0; i < OPTION_ID_COUNT; i++)
        put_fish_option(row(i));
}

int
main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;
    if (argc == 3 && strcmp(argv[1], "man") == 0) {
        status = write_man(argv[2]);
    } else if (argc == 2 && strcmp(argv[1], "bash") == 0) {
        write_bash();
    } else if (argc == 2 && strcmp(argv[1], "zsh") == 0) {
        write_zsh();
    } else if (argc == 2 && strcmp(argv[1], "fish") == 0) {
        write_fish();
    } else {
        fputs("usage: gen_docs man TEMPLATE|bash|zsh|fish\n", stderr);
        return EXIT_FAILURE;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("standard output");
        return EXIT_FAILURE;
    }
    return status;
}
