/* SPDX-License-Identifier: MIT */
/*
 * fuzz_http1.c - oracle: the same events however the stream is cut, also when
 * parts of bodies are replaced by gaps; each head can be read in full, with
 * all slices inside it, and both depths of reading agree.
 *
 * Input: one byte of options, four bytes of seed for the cuts, the stream.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect/handshake.h"
#include "dissect/http1.h"

#define LOG_MAX 512u

struct log_entry {
    enum http1_step step;
    uint64_t off; /* where the head starts or the message ends */
    uint64_t len; /* of the head, or of the body */
    struct http1_brief brief;
};

struct run {
    struct http1 http;
    enum http1_method of_request;
    struct slice stream;
    uint64_t off;
    bool lost;
    size_t n;
    struct log_entry log[LOG_MAX];
};

static struct run whole, other;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
    if (!ok)
        abort();
}

static void
check_inside(struct slice part, struct slice text)
{
    check(!part.ptr || (part.ptr >= text.ptr && part.len <= text.len &&
                        (size_t)(part.ptr - text.ptr) <= text.len - part.len));
}

static bool
has_flag(const struct http1_brief *b, enum http1_flag flag)
{
    return (b->flags & (uint32_t)flag) != 0;
}

static void
check_same_reading(const struct http1_head *head, const struct http1_brief *b)
{
    check(head->minor == b->minor && head->status == b->status);
    check(!head->partial);
    check(has_flag(b, HTTP1_UPGRADE) ==
          (http1_value(head, "Upgrade").ptr != NULL));
    check(has_flag(b, HTTP1_UPGRADE_WEBSOCKET) ==
          http1_has_token(head, "Upgrade", "websocket"));
    check(has_flag(b, HTTP1_CONNECTION_UPGRADE) ==
          http1_has_token(head, "Connection", "upgrade"));
    check(has_flag(b, HTTP1_CONNECTION_CLOSE) ==
          http1_has_token(head, "Connection", "close"));
    check(handshake_is_upgrade_brief(b) == handshake_is_upgrade_request(head));
    check(handshake_is_accepting_brief(b) == handshake_is_accepting(head));
}

static void
check_head(struct slice text, bool is_request, const struct http1_brief *b)
{
    static struct http1_head head;
    static struct event_handshake hs;
    struct http1_head *copy = NULL;
    enum http1_guess guess = http1_guess_start(text);
    check(guess == (is_request ? HTTP1_GUESS_REQUEST : HTTP1_GUESS_RESPONSE));
    check(http1_head_parse(&head, text, is_request));
    check_inside(head.method, text);
    check_inside(head.target, text);
    check_inside(head.reason, text);
    check_inside(head.dropped, text);
    for (size_t i = 0; i < head.n_headers; i++) {
        check_inside(head.headers[i].name, text);
        check_inside(head.headers[i].value, text);
    }
    check_same_reading(&head, b);
    check(http1_head_copy(&copy, &head) == ERR_OK);
    check(slice_equal(copy->text, text) && copy->n_headers == head.n_headers);
    for (size_t i = 0; i < head.n_headers; i++) {
        check_inside(copy->headers[i].name, copy->text);
        check(slice_equal(copy->headers[i].value, head.headers[i].value));
    }
    handshake_describe(&hs, is_request ? copy : NULL, is_request ? NULL : copy);
    check_inside(hs.host, copy->text);
    check_inside(hs.protocol, copy->text);
    for (size_t i = 0; i < hs.n_protocols_offered; i++)
        check_inside(hs.protocols_offered[i], copy->text);
    http1_head_free(copy);
}

/* Whatever is known of a head that is not whole can be read. */
static void
check_partial(const struct http1 *h)
{
    static struct http1_head head;
    struct slice text;
    if (!http1_partial(h, &text))
        return;
    check_inside(text, http1_held(h));
    check(http1_head_parse(&head, text, h->is_request) && head.partial);
}

static void
put(struct run *r, struct log_entry entry)
{
    if (r->n < LOG_MAX)
        r->log[r->n++] = entry;
}

static void
feed(struct run *r, struct slice piece)
{
    while (!r->lost) {
        struct http1_event ev;
        size_t before = piece.len;
        uint64_t len;
        enum http1_step step = http1_next(&r->http, &piece, &ev);
        r->off += before - piece.len;
        if (step == HTTP1_NEED_INPUT) {
            check(piece.len == 0);
            check_partial(&r->http);
            return;
        }
        if (step == HTTP1_HEAD) {
            uint64_t start = r->off - ev.text.len;
            check(slice_equal(ev.text,
                              slice_make(r->stream.ptr + start, ev.text.len)));
            check(ev.text.len <= r->http.head_max);
            if (r == &whole)
                check_head(ev.text, r->http.is_request, &ev.brief);
            put(r, (struct log_entry){step, start, ev.text.len, ev.brief});
            enum http1_body_kind kind =
                r->http.is_request
                    ? http1_request_body(&ev.brief, &len)
                    : http1_response_body(&ev.brief, r->of_request, &len);
            http1_body(&r->http, kind, len);
        } else if (step == HTTP1_MESSAGE_END) {
            put(r, (struct log_entry){.step = step,
                                      .off = r->off,
                                      .len = ev.body_len});
        } else {
            check(piece.len == before);
            put(r, (struct log_entry){.step = step});
            r->lost = true;
        }
    }
}

static void
start(struct run *r, uint8_t options, struct slice stream)
{
    static const size_t max[] = {0, 64, 300, 24};
    http1_init(&r->http, options & 1u, max[options >> 1 & 3]);
    r->of_request = (enum http1_method)(options >> 3 & 3);
    r->stream = stream;
    r->off = 0;
    r->lost = false;
    r->n = 0;
}

/* Do the first n events agree? */
static void
check_log(size_t n)
{
    check(n <= whole.n);
    for (size_t i = 0; i < n; i++) {
        const struct log_entry *a = &whole.log[i], *b = &other.log[i];
        check(a->step == b->step && a->off == b->off && a->len == b->len);
        check(a->brief.flags == b->brief.flags &&
              a->brief.status == b->brief.status &&
              a->brief.method == b->brief.method &&
              a->brief.minor == b->brief.minor &&
              a->brief.content_length == b->brief.content_length);
    }
}

/* 1..max, by a linear congruential generator. */
static size_t
next_len(uint32_t *seed, size_t max)
{
    *seed = *seed * 1664525u + 1013904223u;
    return 1 + (*seed >> 16) % max;
}

static void
run_cut(struct slice stream, uint32_t seed, size_t max, bool with_gaps)
{
    while (stream.len) {
        struct slice piece = slice_head(stream, next_len(&seed, max));
        stream = slice_skip(stream, piece.len);
        if (with_gaps && seed >> 30 == 0) {
            if (!http1_gap(&other.http, piece.len)) {
                check_log(other.n);
                return;
            }
            other.off += piece.len;
            feed(&other, slice_make(NULL, 0));
        } else {
            /* A copy of its own size, so that reading past it shows. */
            uint8_t *copy = malloc(piece.len);
            check(copy != NULL);
            memcpy(copy, piece.ptr, piece.len);
            feed(&other, slice_make(copy, piece.len));
            free(copy);
        }
    }
    check(other.n == whole.n);
    check_log(other.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t max[] = {1, 7, 40, 200};
    uint32_t seed;
    if (size < 5)
        return 0;
    memcpy(&seed, data + 1, sizeof seed);
    struct slice stream = slice_make(data + 5, size - 5);
    start(&whole, data[0], stream);
    feed(&whole, stream);
    http1_fini(&whole.http);
    for (size_t i = 0; i < sizeof max / sizeof max[0]; i++) {
        for (int gaps = 0; gaps < 2; gaps++) {
            start(&other, data[0], stream);
            run_cut(stream, seed, max[i], gaps);
            http1_fini(&other.http);
        }
    }
    return 0;
}
