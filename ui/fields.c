/* SPDX-License-Identifier: MIT */
#include "ui/fields.h"

#include <string.h>

#include "ui/wrap.h"

/* Where the parts of a row start, the name standing at 2. */
#define NAME_COLUMN 2u
#define TYPE_COLUMNS 12u /* of "IPv6 address" */
#define GAP 2u
/* Where the text starts in a line of its own, and when it does: with fewer
 * columns left than this. */
#define OWN_LINE_COLUMN 4u
#define TEXT_COLUMNS_MIN 24u
/* Of one field that is explained. */
#define TITLE_COLUMNS 10u
#define TEXT_COLUMN 2u

#define TEXT_MAX 8192u

static size_t
put(FILE *out, const struct fields_options *o, bool bold, const char *text)
{
    bold = bold && o->color;
    fprintf(out, "%s%s%s", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
    return strlen(text);
}

static void
put_to(FILE *out, size_t *at, size_t column)
{
    while (*at < column) {
        fputc(' ', out);
        ++*at;
    }
}

/* Those of Wireshark, and ours. */
static bool
is_ours(const struct field_info *info)
{
    return strncmp(info->name, "ws.", 3) == 0;
}

static size_t
longest_name(bool ours)
{
    size_t longest = 0;
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field_info *info = field_info((enum field_id)i);
        size_t len = strlen(info->name);
        if (is_ours(info) == ours && len > longest)
            longest = len;
    }
    return longest;
}

static void
write_row(FILE *out, const struct fields_options *o,
          const struct field_info *info, size_t type_column)
{
    size_t at = 0, text_column = type_column + TYPE_COLUMNS + GAP;
    if (o->columns && o->columns < text_column + TEXT_COLUMNS_MIN)
        text_column = OWN_LINE_COLUMN;
    put_to(out, &at, NAME_COLUMN);
    at += put(out, o, false, info->name);
    put_to(out, &at, type_column);
    at += put(out, o, false, field_type_name(info->type));
    wrap_write(out, info->text, at, text_column, o->columns);
}

void
fields_write_list(FILE *out, const struct fields_options *o)
{
    for (unsigned ours = 0; ours < 2; ours++) {
        size_t type_column = NAME_COLUMN + longest_name(ours) + GAP;
        put(out, o, true, ours ? "of wsray" : "of Wireshark");
        fputc('\n', out);
        for (unsigned i = 0; i < FIELD_COUNT; i++) {
            const struct field_info *info = field_info((enum field_id)i);
            if (is_ours(info) == ours)
                write_row(out, o, info, type_column);
        }
        fputc('\n', out);
    }
    fputs("'wsray fields NAME' explains one; wsray(1) the language.\n", out);
}

static void
append(char *text, const char *piece, size_t len)
{
    size_t at = strlen(text);
    snprintf(text + at, TEXT_MAX - at, "%.*s", (int)len, piece);
}

/* "text (1), close (8)", or only the names. */
static void
list_values(enum field_id id, char text[TEXT_MAX])
{
    struct slice name;
    uint64_t value;
    char number[32];
    text[0] = '\0';
    for (size_t i = 0; field_value(id, i, &name, &value); i++) {
        append(text, ", ", i ? 2 : 0);
        append(text, (const char *)name.ptr, name.len);
        if (field_info(id)->type == FIELD_TYPE_WORD)
            continue;
        snprintf(number, sizeof number, " (%llu)", (unsigned long long)value);
        append(text, number, strlen(number));
    }
}

/* What has the field. */
static void
list_events(const struct field_info *info, char text[TEXT_MAX])
{
    static const struct {
        uint32_t on;
        const char *name;
    } rows[] = {
        {ON_CONN, "all of a connection"},
        {ON_HANDSHAKE, "handshakes"},
        {ON_FRAME, "frames"},
        {ON_GAP, "gaps"},
        {ON_FINDING, "findings"},
        {ON_END, "ends"},
    };
    text[0] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (info->on & rows[i].on) {
            append(text, ", ", text[0] ? 2 : 0);
            append(text, rows[i].name, strlen(rows[i].name));
        }
}

static void
write_part(FILE *out, const struct fields_options *o, const char *title,
           const char *text)
{
    if (!text[0])
        return;
    fputs(title, out);
    wrap_write(out, text, strlen(title), TITLE_COLUMNS, o->columns);
}

void
fields_write_one(FILE *out, const struct fields_options *o, enum field_id id)
{
    const struct field_info *info = field_info(id);
    char text[TEXT_MAX];
    put(out, o, true, info->name);
    fputc('\n', out);
    wrap_write(out, info->text, 0, TEXT_COLUMN, o->columns);
    fputc('\n', out);
    write_part(out, o, "Type", field_type_name(info->type));
    list_values(id, text);
    write_part(out, o, "Values", text);
    list_events(info, text);
    write_part(out, o, "Of", text);
    write_part(out, o, "JSON", info->json);
    write_part(out, o, "Example", info->example);
}
