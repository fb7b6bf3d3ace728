/* SPDX-License-Identifier: MIT */
#include "ui/wrap.h"

#include <string.h>

static void
write_indent(FILE *out, size_t from, size_t to)
{
    fprintf(out, "%*s", (int)(to > from ? to - from : 0), "");
}

void
wrap_write(FILE *out, const char *text, size_t at, size_t indent,
           size_t columns)
{
    if (at > 0 && at + 2 > indent) {
        fputc('\n', out);
        at = 0;
    }
    write_indent(out, at, indent);
    at = indent;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (columns && at > indent && at + 1 + len > columns) {
            fputc('\n', out);
            write_indent(out, 0, indent);
            at = indent;
        }
        if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, len, out);
        at += len;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}
