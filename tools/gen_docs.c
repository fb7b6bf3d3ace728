/* SPDX-License-Identifier: MIT */
/*
 * gen_docs.c - writes the man pages and the shell completions out of
 * options.def, commands.def, finding.def, threshold.def, fields.def and
 * action.def, at build time.
 *
 *     gen_docs man TEMPLATE    the template with @VERSION@ replaced anywhere,
 *                              and the lines @COMMANDS@, @OPTIONS@, @FIELDS@
 *                              and @KEYS@
 *     gen_docs findings        wsray-findings(7)
 *     gen_docs bash|zsh|fish
 *
 * All write to standard output; exit status 1 when that or the template fails.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect/finding.h"
#include "dissect/threshold.h"
#include "ui/filter/field.h"
#include "ui/options.h"
#include "ui/tui/tui.h"

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
           info->type == OPTION_SET || info->type == OPTION_RANGES ||
           info->type == OPTION_IDS || info->type == OPTION_SETTING ||
           info->type == OPTION_NAMES || info->type == OPTION_BOUNDS;
}

/* Options whose value is the name of a file. */
static bool
is_file(const struct option_info *info)
{
    return info->type == OPTION_FILE || info->type == OPTION_PATH;
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
    if (info->commands != ALL_COMMANDS && info->commands != EVERY_COMMAND) {
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
put_man_fields(void)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field_info *info = field_info((enum field_id)i);
        fputs(".TP\n\\fB", stdout);
        put_roff(info->name);
        printf("\\fR (%s)\n", field_type_name(info->type));
        put_roff_sentence(info->text);
    }
}

/* Keys in bold, with commas between. */
static void
put_man_keys_of(const struct action_info *info)
{
    const char *keys = info->keys;
    puts(".TP");
    while (*keys) {
        int len = (int)strcspn(keys, " ");
        char key[16];
        snprintf(key, sizeof key, "%.*s", len, keys);
        fputs("\\fB", stdout);
        put_roff(key);
        fputs("\\fR", stdout);
        keys += len + (keys[len] == ' ');
        if (*keys)
            fputs(", ", stdout);
    }
    int len = (int)strcspn(info->command, " ");
    char command[64];
    snprintf(command, sizeof command, ":%.*s", len, info->command);
    fputs(" (", stdout);
    put_roff(command);
    puts(")");
    put_roff_sentence(info->help);
}

/* What can be done everywhere, then what in some views. */
static void
put_man_keys(void)
{
    for (unsigned a = 0; a < ACTION_COUNT; a++)
        if (action_info((enum action)a)->views == EVERY_VIEW)
            put_man_keys_of(action_info((enum action)a));
    for (unsigned a = 0; a < ACTION_COUNT; a++) {
        const struct action_info *info = action_info((enum action)a);
        if (info->views == EVERY_VIEW)
            continue;
        put_man_keys_of(info);
        fputs("In ", stdout);
        for (unsigned v = 0, n = 0; v < VIEW_COUNT; v++)
            if (info->views >> v & 1u)
                printf("%s%s", n++ ? ", " : "", view_name((enum view_id)v));
        puts(".");
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
    bool options = false, commands = false, fields = false, keys = false;
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
        } else if (strcmp(line, "@FIELDS@\n") == 0) {
            put_man_fields();
            fields = true;
        } else if (strcmp(line, "@KEYS@\n") == 0) {
            put_man_keys();
            keys = true;
        } else {
            put_man_line(line);
        }
    }
    bool failed = ferror(in) != 0;
    fclose(in);
    if (!failed && options && commands && fields && keys)
        return EXIT_SUCCESS;
    fprintf(stderr,
            "%s: unreadable, or without @OPTIONS@, @COMMANDS@, @FIELDS@ or "
            "@KEYS@\n",
            template_name);
    return EXIT_FAILURE;
}

/* ---- wsray-findings(7) ---- */

/* "Thresholds: NAME (10s), NAME (64M)." if it has any. */
static void
put_man_thresholds_of(const char *finding)
{
    const char *before = "Thresholds: ";
    for (unsigned i = 0; i < THRESHOLD_COUNT; i++) {
        enum threshold_id id = (enum threshold_id)i;
        char value[THRESHOLD_TEXT_MAX];
        if (!threshold_belongs(id, finding))
            continue;
        threshold_print(id, threshold_info(id)->fallback, value);
        printf("%s\\fB", before);
        put_roff(threshold_info(id)->name);
        printf("\\fR (%s)", value);
        before = ",\n";
    }
    if (before[0] == ',')
        puts(".");
}

static void
put_man_finding(const struct finding_info *info)
{
    fputs(".TP\n\\fB", stdout);
    put_roff(info->id);
    printf("\\fR (%s)\n", severity_name(info->severity));
    put_roff_sentence(info->text);
    put_roff(info->teach);
    fputs("\n.IP\n", stdout);
    put_roff(info->unless);
    fputs("\n.IP\n", stdout);
    put_roff_sentence(info->reference);
    put_man_thresholds_of(info->id);
}

static void
put_man_findings(void)
{
    puts(".SH FINDINGS\n"
         "Each with its severity, what it says, why that matters, when it is "
         "not told or\n"
         "no fault, the rule, and the defaults of its thresholds.");
    for (unsigned l = 0; l < FINDING_LAYER_COUNT; l++) {
        bool titled = false;
        for (unsigned i = 0; i < FINDING_COUNT; i++) {
            const struct finding_info *info = finding_info((enum finding_id)i);
            if (info->layer != l)
                continue;
            if (!titled)
                printf(".SS %s\n", finding_layer_name((enum finding_layer)l));
            titled = true;
            put_man_finding(info);
        }
    }
}

static void
put_man_thresholds(void)
{
    puts(".SH THRESHOLDS\n"
         "Set with\n"
         ".B \\-\\-threshold\n"
         ".IR NAME = VALUE ;\n"
         "shown with their defaults.");
    for (unsigned i = 0; i < THRESHOLD_COUNT; i++) {
        enum threshold_id id = (enum threshold_id)i;
        char value[THRESHOLD_TEXT_MAX];
        threshold_print(id, threshold_info(id)->fallback, value);
        fputs(".TP\n\\fB", stdout);
        put_roff(threshold_info(id)->name);
        printf("\\fR=\\fB%s\\fR\n", value);
        put_roff_sentence(threshold_info(id)->text);
    }
}

static void
write_findings(void)
{
    puts(".\\\" SPDX-License-Identifier: MIT\n"
         ".\\\" Made by gen_docs from finding.def and threshold.def.\n"
         ".TH WSRAY\\-FINDINGS 7 2026-11-21 \"wsray " PACKAGE_VERSION "\" "
         "\"Miscellaneous Information Manual\"\n"
         ".SH NAME\n"
         "wsray\\-findings \\- what wsray finds in WebSocket traffic\n"
         ".SH DESCRIPTION\n"
         "A finding is a fault of the traffic or something else worth "
         "knowing.\n"
         ".TP\n.B error\nA rule is broken: a MUST of an RFC.\n"
         ".TP\n.B warning\nAllowed or not certain, but likely to hurt.\n"
         ".TP\n.B note\nWorth knowing.\n"
         ".TP\n.B chat\nOrdinary traffic; told so that nothing is "
         "missing.\n"
         ".PP\n"
         "A finding whose proof could lie in bytes that the capture does not "
         "hold is not\n"
         "told, and neither is what only follows from another one.\n"
         "The severity is that of a certain finding: where the handshake was "
         "not captured,\n"
         "so that it is not known what was agreed, it may be less.\n"
         "Of several findings of one kind on a connection the first is told "
         "in full, the\n"
         "others are counted.\n"
         ".PP\n"
         "The names never change.");
    put_man_findings();
    put_man_thresholds();
    puts(".SH SEE ALSO\n.BR wsray (1)");
}

/* ---- bash ---- */

/* Ids with a blank between. */
static void
put_ids(void)
{
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        printf("%s%s", i ? " " : "", finding_info((enum finding_id)i)->id);
}

static void
put_fields(void)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        printf("%s%s", i ? " " : "", field_info((enum field_id)i)->name);
}

/* "NAME=", each behind before. */
static void
put_threshold_names(const char *before)
{
    for (unsigned i = 0; i < THRESHOLD_COUNT; i++)
        printf("%s%s=", i ? before : "",
               threshold_info((enum threshold_id)i)->name);
}

static void
put_export_kinds(const char *between)
{
    for (unsigned i = 0; i < EXPORT_KIND_COUNT; i++)
        printf("%s%s", i ? between : "",
               export_kind_info((enum export_kind)i)->name);
}

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
        if (is_file(info)) {
            fputs("_wsray_files", stdout);
        } else if (info->type == OPTION_IDS) {
            fputs("_wsray_list '", stdout);
            put_ids();
            putchar('\'');
        } else if (info->type == OPTION_SETTING) {
            fputs("_wsray_settings '", stdout);
            put_threshold_names(" ");
            putchar('\'');
        } else if (info->type == OPTION_NAMES) {
            fputs("_wsray_words \"$(ls /sys/class/net 2>/dev/null) any\"",
                  stdout);
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
        "# bash completion for wsray; made from the tables of wsray\n"
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
        "# NAME= and the value is typed on.\n"
        "_wsray_settings() {\n"
        "    _wsray_words \"$1\"\n"
        "    compopt -o nospace 2>/dev/null\n"
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
    put_command_names(EVERY_COMMAND, "|");
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
         "    if [[ $command == findings ]]; then");
    fputs("        _wsray_words '", stdout);
    put_ids();
    puts("'\n"
         "        return\n"
         "    fi\n"
         "    if [[ $command == fields ]]; then");
    fputs("        _wsray_words '", stdout);
    put_fields();
    puts("'\n"
         "        return\n"
         "    fi\n"
         "    if [[ ${COMP_WORDS[COMP_CWORD-1]} == export ]]; then");
    fputs("        _wsray_words '", stdout);
    put_export_kinds(" ");
    puts("'\n"
         "        return\n"
         "    fi\n"
         "    _wsray_files");
    fputs("    [[ -z $command ]] && _wsray_reply < <(compgen -W '", stdout);
    put_command_names(EVERY_COMMAND, " ");
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
    if (is_file(info)) {
        fputs("_files", stdout);
    } else if (info->type == OPTION_IDS) {
        fputs("_wsray_ids", stdout);
    } else if (info->type == OPTION_SET) {
        fputs("_values -s , kind ", stdout);
        put_choices(info, " ");
    } else if (info->type == OPTION_SETTING) {
        fputs("_wsray_thresholds", stdout);
    } else if (info->type == OPTION_NAMES) {
        fputs("_net_interfaces", stdout);
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

/* Text inside "...", a word of _describe. */
static void
put_zsh_word(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (strchr("\"\\$`", *c))
            putchar('\\');
        putchar(*c);
    }
}

static void
put_zsh_findings(void)
{
    puts("_wsray_findings() {\n"
         "    local -a findings\n"
         "    findings=(");
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const struct finding_info *info = finding_info((enum finding_id)i);
        printf("        \"%s:", info->id);
        put_zsh_word(info->text);
        puts("\"");
    }
    fputs("    )\n"
          "    _describe -t findings finding findings\n"
          "}\n"
          "_wsray_thresholds() {\n"
          "    compadd -S '' ",
          stdout);
    put_threshold_names(" ");
    fputs("\n}\n"
          "_wsray_ids() {\n"
          "    _values -s , finding ",
          stdout);
    put_ids();
    puts("\n}");
    fputs("_wsray_fields() {\n"
          "    compadd ",
          stdout);
    put_fields();
    puts("\n}");
}

static void
write_zsh(void)
{
    puts("#compdef wsray\n"
         "# zsh completion for wsray; made from the tables of wsray\n"
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
         "}");
    put_zsh_findings();
    puts("_wsray_rest() {\n"
         "    if [[ $command == findings ]]; then\n"
         "        _wsray_findings\n"
         "    elif [[ $command == fields ]]; then\n"
         "        _wsray_fields\n"
         "    elif [[ ${words[CURRENT-1]} == export ]]; then");
    fputs("        _values kind ", stdout);
    put_export_kinds(" ");
    puts("\n"
         "    else\n"
         "        _files\n"
         "    fi\n"
         "}\n"
         "_wsray() {\n"
         "    local word command=\n"
         "    local -a options\n"
         "    for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "        case $word in");
    fputs("        ", stdout);
    put_command_names(EVERY_COMMAND, "|");
    puts(") command=$word; break;;\n"
         "        esac\n"
         "    done\n"
         "    options=(");
    put_zsh_options(EVERY_COMMAND);
    puts("    )");
    /* Each other set of commands that some option has, once. */
    for (uint32_t set = 1; set < EVERY_COMMAND; set++) {
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
         "        '1:command or file:_wsray_first' '*:file:_wsray_rest'\n"
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
    if (info->commands != EVERY_COMMAND) {
        fputs(" -n 'not __fish_seen_subcommand_from ", stdout);
        put_command_names(EVERY_COMMAND & ~info->commands, " ");
        putchar('\'');
    }
    if (info->letter)
        printf(" -s %c", info->letter);
    printf(" -l %s", info->name);
    if (is_file(info))
        fputs(" -r -F", stdout);
    else if (info->argument)
        fputs(" -x", stdout);
    if (info->argument && info->choices) {
        fputs(info->type == OPTION_SET ? " -a '(__fish_append , " : " -a '",
              stdout);
        put_choices(info, " ");
        fputs(info->type == OPTION_SET ? ")'" : "'", stdout);
    }
    if (info->type == OPTION_IDS) {
        fputs(" -a '(__fish_append , ", stdout);
        put_ids();
        fputs(")'", stdout);
    }
    if (info->type == OPTION_SETTING) {
        fputs(" -a '", stdout);
        put_threshold_names(" ");
        putchar('\'');
    }
    if (info->type == OPTION_NAMES)
        fputs(" -a '(__fish_print_interfaces)'", stdout);
    fputs(" -d '", stdout);
    put_fish(info->help);
    puts("'");
}

static void
write_fish(void)
{
    puts("# fish completion for wsray; made from the tables of wsray");
    for (unsigned c = 0; c < COMMAND_COUNT; c++) {
        const struct command_info *info = command_info((enum command)c);
        printf("complete -c wsray -n __fish_is_first_arg -a %s -d '",
               info->name);
        put_fish(info->summary);
        puts("'");
    }
    for (unsigned i = 0; i < OPTION_ID_COUNT; i++)
        put_fish_option(row(i));
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const struct finding_info *info = finding_info((enum finding_id)i);
        printf("complete -c wsray -n '__fish_seen_subcommand_from findings' "
               "-f -a %s -d '",
               info->id);
        put_fish(info->text);
        puts("'");
    }
    for (unsigned i = 0; i < EXPORT_KIND_COUNT; i++) {
        const struct export_kind_info *info =
            export_kind_info((enum export_kind)i);
        printf("complete -c wsray -n '__fish_seen_subcommand_from export; and "
               "not __fish_seen_subcommand_from ");
        put_export_kinds(" ");
        printf("' -a %s -d '", info->name);
        put_fish(info->summary);
        puts("'");
    }
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field_info *info = field_info((enum field_id)i);
        printf("complete -c wsray -n '__fish_seen_subcommand_from fields' "
               "-f -a %s -d '",
               info->name);
        put_fish(info->text);
        puts("'");
    }
}

int
main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;
    if (argc == 3 && strcmp(argv[1], "man") == 0) {
        status = write_man(argv[2]);
    } else if (argc == 2 && strcmp(argv[1], "findings") == 0) {
        write_findings();
    } else if (argc == 2 && strcmp(argv[1], "bash") == 0) {
        write_bash();
    } else if (argc == 2 && strcmp(argv[1], "zsh") == 0) {
        write_zsh();
    } else if (argc == 2 && strcmp(argv[1], "fish") == 0) {
        write_fish();
    } else {
        fputs("usage: gen_docs man TEMPLATE|findings|bash|zsh|fish\n", stderr);
        return EXIT_FAILURE;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("standard output");
        return EXIT_FAILURE;
    }
    return status;
}
