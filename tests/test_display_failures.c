/* SPDX-License-Identifier: MIT */
/*
 * Each allocation of a filter and of what stands behind it fails once: nothing
 * crashes or leaks, and what is not known hides nothing.
 *
 * The linker puts the calls through the functions below (--wrap, see
 * Makefile.am).
 */
#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "ui/display.h"

#include <stdlib.h>

void *__real_malloc(size_t len);
void *__real_calloc(size_t n, size_t len);
void *__real_realloc(void *p, size_t len);
void __real_free(void *p);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__wrap_realloc(void *p, size_t len);
void __wrap_free(void *p);

static bool armed;
static unsigned calls, fail_at;
static long live; /* blocks that were allocated and not freed */

static bool
fails(void)
{
    return armed && ++calls == fail_at;
}

static void *
note(void *p)
{
    live += armed && p;
    return p;
}

void *
__wrap_malloc(size_t len)
{
    return fails() ? NULL : note(__real_malloc(len));
}

void *
__wrap_calloc(size_t n, size_t len)
{
    return fails() ? NULL : note(__real_calloc(n, len));
}

void *
__wrap_realloc(void *p, size_t len)
{
    if (fails())
        return NULL;
    return p ? __real_realloc(p, len) : note(__real_realloc(p, len));
}

void
__wrap_free(void *p)
{
    live -= armed && p;
    __real_free(p);
}

static struct event_samples samples;
static struct options options;
static unsigned shown[EVENT_END + 1];

static void
count(void *ctx, const struct event *event)
{
    (void)ctx;
    shown[event->type]++;
}

/* A ping of the client and the pong to it. */
static void
send_ping(const struct event_sink *sink)
{
    struct event_frame ping = samples.frame;
    ping.header.opcode = WS_OP_PING;
    ping.header.payload_len = 2;
    ping.message = 0;
    ping.completed = NULL;
    ping.payload = slice_cstr("hi");
    sample_send_frame(sink, 1, &ping);
    ping.from = WS_SENDER_SERVER;
    ping.header.opcode = WS_OP_PONG;
    sample_send_frame(sink, 1, &ping);
}

/* What failed, or ERR_OK.  libcheck allocates as well: nothing is asserted
 * here. */
static enum err
run(struct display *display, struct filter_error *error)
{
    static const char text[] =
        "websocket.opcode == close || ws.rtt > 1h || lower(ws.text) contains "
        "\"hex\" || ws.text ~ \"x\" || tcp.port in {1, 2, 3, 4, 5, 6, 7, 8, 9}";
    struct event_sink inner = {.wants = 0x3f, .keep = 3, .event = count}, sink;
    struct filter *filter = NULL;
    enum err result = filter_new(&filter, slice_cstr(text), error);
    if (result != ERR_OK)
        return result;
    result = display_init(display, filter, &options, inner, &sink);
    if (result != ERR_OK)
        return result;
    sample_send_handshake(&sink, 1, &samples.handshake);
    sample_send_finding(&sink, 1, &samples.finding);
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_message(&sink, 1, &samples.message);
    send_ping(&sink);
    sample_send_frame(&sink, 1, &samples.close);
    sample_send_end(&sink, 1, &samples.end);
    return ERR_OK;
}

static void
finish(struct display *display)
{
    struct filter *filter = display->filter;
    display_fini(display);
    filter_free(filter);
}

START_TEST(a_failed_allocation_hides_nothing_that_matches)
{
    struct display display = {.filter = NULL};
    struct filter_error error;
    bool started = false, told = false;
    event_samples_init(&samples);
    for (fail_at = 1;; fail_at++) {
        memset(shown, 0, sizeof shown);
        calls = 0;
        live = 0;
        display = (struct display){.filter = NULL};
        armed = true;
        enum err result = run(&display, &error);
        bool ok = result == ERR_OK;
        bool last = calls < fail_at;
        uint64_t missed = display.without_memory + display.not_kept;
        finish(&display);
        armed = false;
        ck_assert(ok || result == ERR_NOMEM);
        ck_assert_msg(live == 0, "allocation %u: %ld blocks live", fail_at,
                      live);
        if (ok) { /* the Close frame, its handshake and end */
            ck_assert_uint_ge(shown[EVENT_FRAME], 1);
            ck_assert_uint_eq(shown[EVENT_HANDSHAKE], 1);
            ck_assert_uint_eq(shown[EVENT_END], 1);
            ck_assert_msg(last || missed > 0, "allocation %u: not told",
                          fail_at);
            told |= missed > 0;
        }
        started |= ok;
        if (last)
            break;
    }
    ck_assert(started && told);
    ck_assert_uint_gt(fail_at, 15);
}
END_TEST

static Suite *
display_failures_suite(void)
{
    Suite *suite = suite_create("display_failures");
    TCase *tc = tcase_create("memory");
    tcase_add_test(tc, a_failed_allocation_hides_nothing_that_matches);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(display_failures_suite)
