/* SPDX-License-Identifier: MIT */
/*
 * fuzz_text.c - the first two bytes choose columns, room and mode, the rest
 * is payload.  Oracle: what text.h, json_write.h and report.h promise of their
 * output.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/safe_text.h"
#include "ui/json_write.h"
#include "ui/report.h"
#include "ui/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
    if (!holds)
        abort();
}

static void
check_fit(struct slice in, bool more, bool utf8, size_t cols, size_t cap)
{
    uint8_t *out = malloc(cap + 1); /* its end is where the sanitizer looks */
    require(out != NULL);
    struct text_fit fit = text_fit(in, more, utf8, cols, out, cap);
    require(fit.out_len <= cap && fit.cols <= cols && fit.in_len <= in.len);
    require(safe_text(slice_make(out, fit.out_len), utf8));
    require(fit.cut || fit.in_len == in.len);
    /* ASCII has no marks: columns are bytes. */
    require(utf8 || fit.cols == fit.out_len);
    /* All of it, with room for all: nothing is left behind. */
    free(out);
    out = malloc(TEXT_CHAR_MAX * in.len + 1);
    require(out != NULL);
    fit = text_take(in, false, utf8, SIZE_MAX, out, TEXT_CHAR_MAX * in.len);
    require(fit.in_len == in.len);
    require(safe_text(slice_make(out, fit.out_len), utf8));
    free(out);
}

/* Reads the string back: escapes are undone, so that *text is what a JSON
 * parser would see, as UTF-8.  Only escapes that the writer may use. */
static size_t
read_back(const uint8_t *p, const uint8_t *end, uint8_t *text)
{
    static const char letters[] = "\"\\bfnrt", meant[] = "\"\\\b\f\n\r\t";
    size_t len = 0;
    require(end - p >= 2 && *p == '"' && end[-1] == '"');
    for (p++, end--; p < end; p++) {
        require(*p >= 0x20 && *p != '"' && *p != 0x7f);
        if (*p != '\\') {
            text[len++] = *p;
            continue;
        }
        require(++p < end);
        const char *letter = *p ? strchr(letters, *p) : NULL;
        if (letter) {
            text[len++] = (uint8_t)meant[letter - letters];
            continue;
        }
        require(*p == 'u' && end - p > 4);
        char digits[5] = {(char)p[1], (char)p[2], (char)p[3], (char)p[4], 0};
        char *stop;
        unsigned long cp = strtoul(digits, &stop, 16);
        require(*stop == '\0');
        if (cp >= 0x800)
            text[len++] = (uint8_t)(0xe0 | cp >> 12);
        if (cp >= 0x800)
            text[len++] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
        else if (cp >= 0x80)
            text[len++] = (uint8_t)(0xc0 | cp >> 6);
        text[len++] = (uint8_t)(cp < 0x80 ? cp : 0x80 | (cp & 0x3f));
        p += 4;
    }
    return len;
}

static void
check_json(struct slice in)
{
    bool valid = true;
    uint8_t *out = malloc(JSON_WRITE_AT_ROOM(in.len));
    uint8_t *text = malloc(3 * in.len + 1);
    require(out && text);
    uint8_t *end = json_write_string_at(out, in, &valid);
    size_t len = read_back(out, end, text);
    struct slice line = slice_make(out, (size_t)(end - out));
    require(valid == (utf8_prefix(in.ptr, in.len) == in.len));
    require(utf8_prefix(line.ptr, line.len) == line.len);
    require(!valid || slice_equal(slice_make(text, len), in));
    while (line.len > 0) {
        uint32_t cp;
        line = slice_skip(line, utf8_decode(line, &cp));
        require(cp >= 0x20 && !(cp >= 0x7f && cp < 0xa0));
        require(!(cp >= 0x202a && cp <= 0x202e));
        require(!(cp >= 0x2066 && cp <= 0x2069));
    }
    free(text);
    free(out);
}

/* Every line begins with its connection, is safe, and fits. */
static void
check_lines(struct slice text, bool utf8, size_t width)
{
    while (text.len > 0) {
        const uint8_t *end = memchr(text.ptr, '\n', text.len);
        require(end != NULL);
        struct slice line = slice_make(text.ptr, (size_t)(end - text.ptr));
        text = slice_skip(text, line.len + 1);
        require(slice_equal_cstr(slice_head(line, 4), "#1  ") ||
                slice_equal_cstr(slice_head(line, 4), "conn"));
        require(safe_text(line, utf8));
        size_t cols = 0;
        while (line.len > 0) {
            uint32_t cp;
            line = slice_skip(line, utf8_decode(line, &cp));
            cols += text_width(cp);
        }
        require(cols <= width);
    }
}

static void
check_report(struct slice in, bool utf8, size_t width)
{
    static struct http1_head request;
    struct out o;
    require(out_init(&o, -1) == ERR_OK);
    struct report *r =
        report_new(&(struct report_options){.detail = REPORT_VERBOSE,
                                            .width = width,
                                            .utf8 = utf8},
                   &o);
    require(r != NULL);
    struct event_sink sink = report_sink(r);
    request.method = request.target = in;
    request.headers[0] = (struct http1_header){in, slice_make("x", 1)};
    request.n_headers = 1;
    struct event_handshake h = {.request_head = &request,
                                .host = in,
                                .key = in,
                                .accepted = true};
    sink.event(sink.ctx, &(struct event){.type = EVENT_HANDSHAKE,
                                         .conn = 1,
                                         .handshake = &h});
    struct event_message m = {.opcode = WS_OP_TEXT,
                              .n_frames = 1,
                              .complete = true,
                              .payload = in};
    struct event_frame f = {
        .header = {.opcode = WS_OP_TEXT, .fin = true},
        .complete = true,
        .synced = true,
        .completed = &m,
    };
    sink.event(sink.ctx,
               &(struct event){.type = EVENT_FRAME, .conn = 1, .frame = &f});
    check_lines(slice_make(o.ptr, o.len), utf8, width);
    report_free(r);
    out_fini(&o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    /* A copy of its own: reads past the end are seen. */
    size_t len = size - 2;
    uint8_t *copy = malloc(len + 1);
    require(copy != NULL);
    memcpy(copy, data + 2, len);
    memmove(copy + 1, copy, len);
    struct slice in = slice_make(copy + 1, len);
    check_fit(in, data[1] & 1, data[1] & 2, data[0], data[1]);
    if (len <= JSON_WRITE_AT_MAX)
        check_json(in);
    /* So that all of it fits the buffer of its output. */
    if (len <= 1024)
        check_report(in, data[1] & 2, 80 + data[0]);
    free(copy);
    return 0;
}
