/* SPDX-License-Identifier: MIT */
/*
 * fuzz_filter.c - oracle: whatever the text, the filter is refused with a place
 * inside of it, or understood; then what it prints is understood as well,
 * prints the same, and gives the same answers; and its negation the opposite.
 *
 * Input: the filter, a NUL, the payload of a text message; or only the filter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/event_samples.h"
#include "ui/filter/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 4096u

static void
check(bool ok)
{
    if (!ok)
        abort();
}

static struct filter *
compile(struct slice text)
{
    struct filter *f = NULL;
    struct filter_error e;
    if (filter_new(&f, text, &e) == ERR_OK) {
        filter_set_start(f, SAMPLE_START_NS);
        return f;
    }
    check(e.offset <= text.len && e.len <= text.len - e.offset);
    check(e.column >= 1 && e.column <= text.len + 1);
    check(e.text[0] && memchr(e.text, '\0', sizeof e.text));
    return NULL;
}

/* A bit for each event that passes. */
static unsigned
run(struct filter *f, const struct event_samples *s)
{
    const struct event events[] = {
        {.type = EVENT_HANDSHAKE, .conn = 1, .handshake = &s->handshake},
        {.type = EVENT_FINDING, .conn = 1, .finding = &s->finding},
        {.type = EVENT_FRAME, .conn = 1, .frame = &s->frame},
        {.type = EVENT_GAP, .conn = 1, .gap = &s->gap},
        {.type = EVENT_FRAME, .conn = 1, .frame = &s->close},
        {.type = EVENT_END, .conn = 1, .end = &s->end},
    };
    struct filter_conn conn = {.conn = 1};
    unsigned passed = 0;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        check(filter_conn_update(&conn, filter_needs(f), &events[i]));
        passed = passed << 1 | filter_passes(f, &events[i], &conn);
    }
    filter_conn_fini(&conn);
    return passed;
}

static void
check_printed(struct filter *f, const struct event_samples *s)
{
    size_t len = filter_print(f, (char[1]){0}, 1);
    char *text = malloc(len + 4), *again = malloc(len + 1);
    check(text && again && filter_print(f, text, len + 1) == len);
    struct filter *g = compile(slice_make(text, len));
    check(g && filter_needs(g) == filter_needs(f) && run(g, s) == run(f, s));
    check(filter_print(g, again, len + 1) == len &&
          memcmp(text, again, len) == 0);
    filter_free(g);
    memmove(text + 2, text, len);
    memcpy(text, "!(", 2);
    text[len + 2] = ')';
    /* One parenthesis more may be one too many. */
    g = compile(slice_make(text, len + 3));
    check(!g || run(g, s) == (run(f, s) ^ 0x3fu));
    filter_free(g);
    free(text);
    free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event_samples samples;
    struct slice text = slice_make(data, size);
    const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
    event_samples_init(&samples);
    if (end) {
        text.len = (size_t)(end - data);
        samples.message.payload =
            slice_skip(slice_make(data, size), text.len + 1);
        samples.message.len = samples.message.payload.len;
    }
    if (text.len > TEXT_MAX)
        return 0;
    struct filter *f = compile(text);
    if (f)
        check_printed(f, &samples);
    filter_free(f);
    return 0;
}
