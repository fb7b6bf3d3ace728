/* SPDX-License-Identifier: MIT */
#include "ui/expect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/quantity.h"
#include "ui/nearest.h"
#include "ui/text.h"

/* Columns of a word of the file in a message. */
#define SHOWN_COLUMNS 40u

/* A word of the file as ASCII that is safe to show. */
struct shown {
    char text[SHOWN_COLUMNS + 1];
};

static struct shown
show(struct slice word)
{
    struct shown s;
    struct text_fit fit = text_fit(word, false, false, SHOWN_COLUMNS,
                                   (uint8_t *)s.text, SHOWN_COLUMNS);
    s.text[fit.out_len] = '\0';
    return s;
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes what stands before the next byte end, and that byte. */
static struct slice
take_until(struct slice *text, uint8_t end)
{
    const uint8_t *at = text->len ? memchr(text->ptr, end, text->len) : NULL;
    size_t len = at ? (size_t)(at - text->ptr) : text->len;
    struct slice part = slice_head(*text, len);
    *text = slice_skip(*text, len + (at != NULL));
    return part;
}

/* Takes the next word; empty: there is none. */
static struct slice
take_word(struct slice *line)
{
    size_t n = 0;
    while (line->len > 0 && is_blank(line->ptr[0]))
        *line = slice_skip(*line, 1);
    while (n < line->len && !is_blank(line->ptr[n]))
        n++;
    struct slice word = slice_head(*line, n);
    *line = slice_skip(*line, n);
    return word;
}

static bool
read_count(struct slice word, uint64_t *out)
{
    char digits[24];
    const char *at = digits;
    if (word.len == 0 || word.len >= sizeof digits)
        return false;
    memcpy(digits, word.ptr, word.len);
    digits[word.len] = '\0';
    return quantity_digits(&at, out) && at == digits + word.len;
}

static bool
refuse_id(struct expect_error *error, struct slice id)
{
    const char *near = nearest_finding((const char *)id.ptr, id.len);
    snprintf(error->reason, sizeof error->reason, "no finding '%s'; %s%s%s",
             show(id).text, near ? "did you mean '" : "see 'wsray findings",
             near ? near : "", near ? "'?" : "'");
    return false;
}

/* "ID COUNT", or nothing. */
static bool
parse_line(struct expect *e, struct slice line, struct expect_error *error)
{
    struct slice id = take_word(&line), count = take_word(&line);
    struct slice rest = take_word(&line);
    enum finding_id found;
    struct expect_row row = {.line = error->line};
    if (id.len == 0)
        return true;
    if (!finding_find_word(id, &found))
        return refuse_id(error, id);
    if (count.len == 0) {
        snprintf(error->reason, sizeof error->reason,
                 "no count behind '%s': a number, or * for any", show(id).text);
        return false;
    }
    row.any = slice_equal_cstr(count, "*");
    if (!row.any && !read_count(count, &row.count)) {
        snprintf(error->reason, sizeof error->reason,
                 "'%s' is not a count: a number, or * for any",
                 show(count).text);
        return false;
    }
    if (rest.len > 0) {
        snprintf(error->reason, sizeof error->reason,
                 "'%s' is too much: a line is ID COUNT", show(rest).text);
        return false;
    }
    if (e->row[found].line != 0) {
        snprintf(error->reason, sizeof error->reason,
                 "'%s' stands in line %" PRIu64 " too", show(id).text,
                 e->row[found].line);
        return false;
    }
    e->row[found] = row;
    return true;
}

bool
expect_parse(struct expect *e, struct slice text, struct expect_error *error)
{
    *e = (struct expect){0};
    *error = (struct expect_error){0};
    while (text.len > 0) {
        struct slice line = take_until(&text, '\n');
        error->line++;
        if (!parse_line(e, take_until(&line, '#'), error))
            return false;
    }
    return true;
}

/* All of the file, and a byte more when it is too long. */
static enum err
read_all(int fd, struct buf *b)
{
    for (;;) {
        size_t left = b->max - b->len, some = left < 4096 ? left : 4096;
        if (left == 0)
            return ERR_OK;
        uint8_t *room = buf_reserve(b, some);
        if (!room)
            return ERR_NOMEM;
        ssize_t n = read(fd, room, some);
        if (n == 0)
            return ERR_OK;
        if (n > 0)
            b->len += (size_t)n;
        else if (errno != EINTR)
            return ERR_READ;
    }
}

enum err
expect_read(struct expect *e, const char *name, struct expect_error *error)
{
    struct buf b;
    *error = (struct expect_error){0};
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(error->reason, sizeof error->reason, "%s", strerror(errno));
        return ERR_OPEN;
    }
    buf_init(&b, EXPECT_FILE_MAX + 1);
    enum err result = read_all(fd, &b);
    if (result != ERR_OK) {
        snprintf(error->reason, sizeof error->reason, "%s",
                 result == ERR_READ ? strerror(errno) : err_text(result));
    } else if (b.len > EXPECT_FILE_MAX) {
        snprintf(error->reason, sizeof error->reason, "longer than 1 MiB");
        result = ERR_USAGE;
    } else if (!expect_parse(e, buf_slice(&b), error)) {
        result = ERR_USAGE;
    }
    buf_fini(&b);
    close(fd);
    return result;
}

bool
expect_allows(const struct expect *e, enum finding_id id, uint64_t found,
              uint64_t *wanted)
{
    const struct expect_row *row = &e->row[id];
    *wanted = row->count;
    return row->any || row->count == found;
}
