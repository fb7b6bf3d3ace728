/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/check_main.h"
#include "tests/out_text.h"
#include "ui/put.h"
#include "ui/when.h"

START_TEST(bytes_leave_in_order_whatever_their_sizes)
{
    struct out_text t;
    static uint8_t expected[2 * 1024 * 1024];
    size_t len = 0;
    out_text_init(&t);
    /* Sizes around the buffer's and beyond; by copy and in place. */
    static const size_t sizes[] = {1, 7, 4096, 65536, 300000, 0, 262144, 3};
    for (size_t i = 0; i < 24; i++) {
        size_t n = sizes[i % 8];
        if (len + n > sizeof expected)
            break;
        memset(expected + len, (int)('a' + i), n);
        if (n <= OUT_RESERVE_MAX) {
            uint8_t *p = out_reserve(&t.out, n);
            memset(p, (int)('a' + i), n);
            out_commit(&t.out, p + n);
        } else {
            out_put(&t.out, expected + len, n);
        }
        len += n;
    }
    const char *text = out_text_get(&t);
    ck_assert_uint_eq(t.out.written, len);
    ck_assert_mem_eq(text, expected, len);
    ck_assert(!out_over(&t.out));
    out_text_fini(&t);
}
END_TEST

START_TEST(a_reader_that_went_away_is_no_error)
{
    int fds[2];
    struct out o;
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(out_init(&o, fds[1]), ERR_OK);
    close(fds[0]);
    out_put(&o, "x", 1);
    ck_assert(!out_over(&o));
    ck_assert_int_eq(out_flush(&o), ERR_OK);
    ck_assert(o.closed);
    ck_assert(out_over(&o));
    /* What comes later is swallowed. */
    out_put(&o, "y", 1);
    ck_assert_int_eq(out_flush(&o), ERR_OK);
    ck_assert_uint_eq(o.written, 0);
    out_fini(&o);
    close(fds[1]);
}
END_TEST

START_TEST(a_full_disk_is_remembered)
{
    struct out o;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        return; /* no such device here */
    ck_assert_int_eq(out_init(&o, fd), ERR_OK);
    out_put(&o, "x", 1);
    ck_assert_int_eq(out_flush(&o), ERR_WRITE);
    ck_assert_int_eq(o.error_errno, ENOSPC);
    ck_assert(out_over(&o));
    /* It stays an error though nothing waits any more. */
    ck_assert_int_eq(out_flush(&o), ERR_WRITE);
    out_fini(&o);
    close(fd);
}
END_TEST

/* What can be read from fd, to its end; slowly. */
static uint64_t
read_all(int fd)
{
    char bytes[1000];
    uint64_t sum = 0;
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        sum += (uint64_t)n;
    return sum;
}

START_TEST(a_slow_reader_gets_everything)
{
    enum { N = 20 };
    static const uint8_t zeros[100000];
    int fds[2], status;
    struct out o;
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(fds[1]);
        _exit(read_all(fds[0]) == N * sizeof zeros ? 0 : 1);
    }
    close(fds[0]);
    /* Non-blocking, as a terminal shared with others may be. */
    ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(out_init(&o, fds[1]), ERR_OK);
    for (int i = 0; i < N; i++)
        out_put(&o, zeros, sizeof zeros);
    ck_assert_int_eq(out_flush(&o), ERR_OK);
    ck_assert_uint_eq(o.written, N * sizeof zeros);
    out_fini(&o);
    close(fds[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(numbers_are_written_like_printf_does)
{
    uint8_t bytes[64];
    char want[64];
    uint64_t v = 1;
    for (int i = 0; i < 64; i++, v = v * 2 + (uint64_t)(i & 1)) {
        for (uint64_t w = v - 1; w <= v + 1; w++) {
            snprintf(want, sizeof want, "%" PRIu64, w);
            *put_u64(bytes, w) = '\0';
            ck_assert_str_eq((char *)bytes, want);
            uint32_t small = (uint32_t)(w % 1000000000);
            snprintf(want, sizeof want, "%09" PRIu32, small);
            *put_digits(bytes, small, 9) = '\0';
            ck_assert_str_eq((char *)bytes, want);
        }
    }
    *put_u64(bytes, 0) = '\0';
    ck_assert_str_eq((char *)bytes, "0");
    *put_u64(bytes, UINT64_MAX) = '\0';
    ck_assert_str_eq((char *)bytes, "18446744073709551615");
    for (v = 10; v < UINT64_MAX / 10; v *= 10) {
        for (uint64_t w = v - 1; w <= v; w++) {
            snprintf(want, sizeof want, "%" PRIu64, w);
            *put_u64(bytes, w) = '\0';
            ck_assert_str_eq((char *)bytes, want);
        }
    }
}
END_TEST

START_TEST(groups_of_digits_have_commas)
{
    static const struct {
        uint64_t v;
        const char *text;
    } rows[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1,000"},
        {123456, "123,456"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[32];
        *put_grouped(bytes, rows[i].v) = '\0';
        ck_assert_str_eq((char *)bytes, rows[i].text);
    }
}
END_TEST

static const struct {
    const char *name;
    enum time_format format;
    int64_t ns, start_ns;
    const char *text;
} times[] = {
    {"relative", TIME_FORMAT_RELATIVE, 1700000001500000999, 1700000000000000000,
     "1.500000"},
    {"before the start", TIME_FORMAT_RELATIVE, 1000, 2000, "-0.000001"},
    {"delta", TIME_FORMAT_DELTA, 1700000001500000999, 1700000001400000000,
     "0.100000"},
    {"utc", TIME_FORMAT_UTC, 1700000000123456789, 0,
     "2023-11-14T22:13:20.123456Z"},
    {"leap day", TIME_FORMAT_UTC, 1709208000000000000, 0,
     "2024-02-29T12:00:00.000000Z"},
    {"before 1970", TIME_FORMAT_UTC, -1, 0, "1969-12-31T23:59:59.999999Z"},
    {"end of time", TIME_FORMAT_UTC, INT64_MAX, 0,
     "2262-04-11T23:47:16.854775Z"},
    {"beginning of time", TIME_FORMAT_UTC, INT64_MIN, 0,
     "1677-09-21T00:12:43.145224Z"},
    {"longest span", TIME_FORMAT_RELATIVE, INT64_MAX, INT64_MIN,
     "9223372036.854775"},
    {"longest span back", TIME_FORMAT_RELATIVE, INT64_MIN, INT64_MAX,
     "-9223372036.854775"},
    {"epoch", TIME_FORMAT_EPOCH, 1700000000123456789, 0, "1700000000.123456"},
    {"local", TIME_FORMAT_LOCAL, 1700000000123456789, 0,
     "2023-11-14T19:13:20.123456"},
};

START_TEST(times_are_written_as_asked)
{
    struct when w = {0};
    uint8_t text[WHEN_TEXT_MAX + 1];
    setenv("TZ", "TST3", 1);
    tzset();
    /* Twice: the second time from what is kept. */
    for (int i = 0; i < 2; i++) {
        *when_text(&w, times[_i].format, times[_i].ns, times[_i].start_ns,
                   text) = '\0';
        ck_assert_msg(strcmp((char *)text, times[_i].text) == 0, "%s: %s",
                      times[_i].name, text);
    }
}
END_TEST

START_TEST(every_day_of_many_years_is_right)
{
    struct when w = {0};
    for (int64_t day = -106751; day < 106751; day++) {
        uint8_t text[WHEN_RFC3339_LEN + 1];
        char want[64];
        time_t t = (time_t)(day * 86400 + (day * 7919 & 0xffff));
        struct tm tm;
        ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000000042Z", &tm);
        *when_rfc3339(&w, (int64_t)t * 1000000000 + 42, text) = '\0';
        ck_assert_str_eq((char *)text, want);
    }
}
END_TEST

START_TEST(spans_have_nine_decimals)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "0.000000000"},
        {1, "0.000000001"},
        {-1, "-0.000000001"},
        {1234567890123, "1234.567890123"},
        {INT64_MIN, "-9223372036.854775808"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t text[WHEN_TEXT_MAX + 1];
        *when_span9(rows[i].ns, text) = '\0';
        ck_assert_str_eq((char *)text, rows[i].text);
    }
}
END_TEST

static Suite *
out_suite(void)
{
    Suite *suite = suite_create("out");
    TCase *tc = tcase_create("out");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, bytes_leave_in_order_whatever_their_sizes);
    tcase_add_test(tc, a_reader_that_went_away_is_no_error);
    tcase_add_test(tc, a_full_disk_is_remembered);
    tcase_add_test(tc, a_slow_reader_gets_everything);
    suite_add_tcase(suite, tc);
    tc = tcase_create("put");
    tcase_add_test(tc, numbers_are_written_like_printf_does);
    tcase_add_test(tc, groups_of_digits_have_commas);
    suite_add_tcase(suite, tc);
    tc = tcase_create("when");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, times_are_written_as_asked, 0,
                        (int)(sizeof times / sizeof times[0]));
    tcase_add_test(tc, every_day_of_many_years_is_right);
    tcase_add_test(tc, spans_have_nine_decimals);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(out_suite)
