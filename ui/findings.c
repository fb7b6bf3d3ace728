/* SPDX-License-Identifier: MIT */
#include "ui/findings.h"

#include <string.h>

#include "ui/wrap.h"

/* Where the parts of a row start, the id standing at 2. */
#define ID_COLUMN 2u
#define SEVERITY_COLUMNS 7u /* of "warning" */
#define GAP 2u
/* Where the text starts in a line of its own, and when it does: with fewer
 * columns left than this. */
#define OWN_LINE_COLUMN 4u
#define TEXT_COLUMNS_MIN 24u
/* Of one finding that is explained. */
#define FIELD_COLUMN 10u
#define TEXT_COLUMN 2u

enum style {
    STYLE_NONE = 0,
    STYLE_HEADING,
    STYLE_CHAT,
    STYLE_NOTE,
    STYLE_WARNING,
    STYLE_ERROR,
};

/* Writes text and returns its columns, in which colours do not count. */
static size_t
put(FILE *out, const struct findings_options *o, enum style style,
    const char *text)
{
    /* The same as in the report. */
    static const char *const codes[] = {
        [STYLE_NONE] = "",
        [STYLE_HEADING] = "\033[1m",
        [STYLE_CHAT] = "\033[2m",
        [STYLE_NOTE] = "\033[34m",
        [STYLE_WARNING] = "\033[33m",
        [STYLE_ERROR] = "\033[1;31m",
    };
    bool styled = o->color && style != STYLE_NONE;
    fprintf(out, "%s%s%s", styled ? codes[style] : "", text,
            styled ? "\033[0m" : "");
    return strlen(text);
}

static size_t
put_severity(FILE *out, const struct findings_options *o, enum severity s)
{
    static const enum style styles[] = {
        [SEVERITY_CHAT] = STYLE_CHAT,
        [SEVERITY_NOTE] = STYLE_NOTE,
        [SEVERITY_WARNING] = STYLE_WARNING,
        [SEVERITY_ERROR] = STYLE_ERROR,
    };
    return put(out, o, styles[s], severity_name(s));
}

static void
put_to(FILE *out, size_t *at, size_t column)
{
    while (*at < column) {
        fputc(' ', out);
        ++*at;
    }
}

/* Columns of the longest id of that layer; 0: it has none. */
static size_t
longest_id(enum finding_layer layer)
{
    size_t longest = 0;
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const struct finding_info *info = finding_info((enum finding_id)i);
        size_t len = strlen(info->id);
        if (info->layer == layer && len > longest)
            longest = len;
    }
    return longest;
}

static void
write_row(FILE *out, const struct findings_options *o,
          const struct finding_info *info, size_t severity_column)
{
    size_t at = 0, text_column = severity_column + SEVERITY_COLUMNS + GAP;
    if (o->columns && o->columns < text_column + TEXT_COLUMNS_MIN)
        text_column = OWN_LINE_COLUMN;
    put_to(out, &at, ID_COLUMN);
    at += put(out, o, STYLE_NONE, info->id);
    put_to(out, &at, severity_column);
    at += put_severity(out, o, info->severity);
    wrap_write(out, info->text, at, text_column, o->columns);
}

/* Room for the setting and for what it is about. */
#define SETTING_MAX 80u
#define ABOUT_MAX 160u

/* "close-reply=10s". */
static size_t
make_setting(char setting[SETTING_MAX], const struct findings_options *o,
             enum threshold_id id)
{
    char value[THRESHOLD_TEXT_MAX];
    threshold_print(id, o->thresholds->value[id], value);
    snprintf(setting, SETTING_MAX, "%s=%s", threshold_info(id)->name, value);
    return strlen(setting);
}

static void
write_threshold(FILE *out, const struct findings_options *o,
                enum threshold_id id, size_t about_column)
{
    const struct threshold_info *info = threshold_info(id);
    char setting[SETTING_MAX], about[ABOUT_MAX], value[THRESHOLD_TEXT_MAX];
    size_t at = 0;
    make_setting(setting, o, id);
    threshold_print(id, info->fallback, value);
    if (o->thresholds->value[id] == info->fallback)
        snprintf(about, sizeof about, "%s", info->text);
    else
        snprintf(about, sizeof about, "%s (default %s)", info->text, value);
    put_to(out, &at, ID_COLUMN);
    at += put(out, o, STYLE_NONE, setting);
    wrap_write(out, about, at, about_column, o->columns);
}

/* Those that belong to a finding, NULL: all; nothing when there are none. */
static void
write_thresholds(FILE *out, const struct findings_options *o,
                 const char *finding)
{
    char setting[SETTING_MAX];
    size_t longest = 0;
    bool want[THRESHOLD_COUNT];
    for (unsigned i = 0; i < THRESHOLD_COUNT; i++) {
        enum threshold_id id = (enum threshold_id)i;
        want[i] = !finding || threshold_belongs(id, finding);
        size_t len = want[i] ? make_setting(setting, o, id) : 0;
        if (len > longest)
            longest = len;
    }
    if (longest == 0)
        return;
    fputc('\n', out);
    put(out, o, STYLE_HEADING, "Thresholds");
    fputs(" (--threshold NAME=VALUE)\n", out);
    for (unsigned i = 0; i < THRESHOLD_COUNT; i++)
        if (want[i])
            write_threshold(out, o, (enum threshold_id)i,
                            ID_COLUMN + longest + GAP);
}

void
findings_write_list(FILE *out, const struct findings_options *o)
{
    for (unsigned l = 0; l < FINDING_LAYER_COUNT; l++) {
        enum finding_layer layer = (enum finding_layer)l;
        size_t longest = longest_id(layer);
        if (longest == 0)
            continue;
        put(out, o, STYLE_HEADING, finding_layer_name(layer));
        fputc('\n', out);
        for (unsigned i = 0; i < FINDING_COUNT; i++) {
            const struct finding_info *info = finding_info((enum finding_id)i);
            if (info->layer == layer)
                write_row(out, o, info, ID_COLUMN + longest + GAP);
        }
        fputc('\n', out);
    }
    fputs("'wsray findings ID' explains one.\n", out);
    write_thresholds(out, o, NULL);
}

static void
write_field(FILE *out, const char *name, const char *value)
{
    size_t at = 0;
    fputs(name, out);
    at += strlen(name);
    put_to(out, &at, FIELD_COLUMN);
    fprintf(out, "%s\n", value);
}

static void
write_section(FILE *out, const struct findings_options *o, const char *heading,
              const char *text)
{
    fputc('\n', out);
    put(out, o, STYLE_HEADING, heading);
    fputc('\n', out);
    wrap_write(out, text, 0, TEXT_COLUMN, o->columns);
}

void
findings_write_one(FILE *out, const struct findings_options *o,
                   enum finding_id id)
{
    const struct finding_info *info = finding_info(id);
    size_t at = 0;
    put(out, o, STYLE_HEADING, info->id);
    fputc('\n', out);
    wrap_write(out, info->text, 0, TEXT_COLUMN, o->columns);
    fputs("\nSeverity", out);
    at = strlen("Severity");
    put_to(out, &at, FIELD_COLUMN);
    put_severity(out, o, info->severity);
    fputc('\n', out);
    write_field(out, "Layer", finding_layer_name(info->layer));
    write_field(out, "Rule", info->reference);
    write_section(out, o, "Why it matters", info->teach);
    write_section(out, o, "When it is not told, or no fault", info->unless);
    write_thresholds(out, o, info->id);
}
