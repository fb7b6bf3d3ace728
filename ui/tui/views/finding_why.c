/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/finding_why.h"

#include <stdio.h>
#include <string.h>

#include "ui/text.h"

#define DETAIL_MAX 512u
/* Rules that are named. */
#define OTHERS_MAX 6u
/* Of a row, bytes. */
#define ROW_MAX 1024u

/* Where the next text goes. */
struct page {
    struct grid *g;
    struct rect r;
    int y;
};

/* How much of text stands in one row: words, or what fits of one. */
static size_t
row_len(const struct grid *g, struct slice text, int cols)
{
    uint8_t out[ROW_MAX];
    size_t len =
        text_take(text, false, g->utf8, (size_t)cols, out, sizeof out).in_len;
    if (len == 0 || len == text.len || text.ptr[len] == ' ')
        return len;
    size_t words = len;
    while (words > 0 && text.ptr[words - 1] != ' ')
        words--;
    return words > 0 ? words : len;
}

/* Text (untrusted) over as many rows as it takes. */
static void
put(struct page *p, enum role role, struct slice text)
{
    while (text.len > 0 && p->y < p->r.y + p->r.rows) {
        size_t len = row_len(p->g, text, p->r.cols);
        if (len == 0)
            return;
        grid_put(p->g, p->y++, p->r.x, p->r.cols, role, slice_head(text, len),
                 false);
        text = slice_skip(text, len);
        while (text.len > 0 && text.ptr[0] == ' ')
            text = slice_skip(text, 1);
    }
}

/* With what it is in front; nothing of it when it is empty. */
static void
put_named(struct page *p, enum role role, const char *name, struct slice text)
{
    char line[DETAIL_MAX + 32];
    if (text.len == 0)
        return;
    int n = snprintf(line, sizeof line, "%s: %.*s", name, (int)text.len,
                     (const char *)text.ptr);
    size_t len = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    put(p, role, slice_make((const uint8_t *)line, len));
}

/* The others that the same rule is about. */
static void
put_others(struct page *p, enum finding_id id)
{
    char ids[DETAIL_MAX] = "";
    size_t n = 0, left = OTHERS_MAX;
    for (unsigned i = 0; i < FINDING_COUNT && left > 0; i++) {
        const struct finding_info *other = finding_info((enum finding_id)i);
        if (i == (unsigned)id ||
            strcmp(other->reference, finding_info(id)->reference) != 0 ||
            n + strlen(other->id) + 3 > sizeof ids)
            continue;
        n += (size_t)snprintf(ids + n, sizeof ids - n, "%s%s", n ? ", " : "",
                              other->id);
        left--;
    }
    put_named(p, ROLE_DIM, "Look also at", slice_cstr(ids));
}

void
finding_why_draw(struct tui *t, struct rect r, uint32_t row)
{
    const struct store_finding *f = store_finding(t->store, row);
    const struct finding_info *info = finding_info(f->id);
    uint8_t detail[DETAIL_MAX];
    struct page p = {&t->grid, r, r.y};
    size_t n = f->detail_len < sizeof detail ? f->detail_len : sizeof detail;
    if (n > 0 && !spool_read(&t->store->spool, f->detail_off, n, detail))
        n = 0;
    put(&p, ROLE_STRONG, slice_cstr(info->text));
    put(&p, ROLE_TITLE, slice_cstr(info->reference));
    put(&p, ROLE_TEXT, slice_cstr(info->teach));
    put_named(&p, ROLE_WARNING, "Seen", slice_make(detail, n));
    put(&p, ROLE_DIM, slice_cstr(info->unless));
    put_others(&p, f->id);
}
