/* SPDX-License-Identifier: MIT */
#include "ui/when.h"

#include <string.h>
#include <time.h>

#include "ui/put.h"

#define NS_PER_S INT64_C(1000000000)
#define S_PER_DAY INT64_C(86400)

/* Rounds towards minus infinity, so that the rest is never negative. */
static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The rest of floor_div(ns, NS_PER_S): 0 .. 999,999,999. */
static uint32_t
floor_rest(int64_t ns)
{
    int64_t rest = ns % NS_PER_S;
    return (uint32_t)(rest < 0 ? rest + NS_PER_S : rest);
}

static void
put_date_time(uint8_t *p, uint32_t year, uint32_t month, uint32_t day,
              uint32_t second_of_day)
{
    p = put_digits(p, year, 4);
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    p = put_digits(p, day, 2);
    *p++ = 'T';
    p = put_digits(p, second_of_day / 3600, 2);
    *p++ = ':';
    p = put_digits(p, second_of_day / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, second_of_day % 60, 2);
    *p = '.';
}

/* Proleptic Gregorian calendar in eras of 400 years that begin in March
 * (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
 * civil_from_days).  64-bit nanoseconds cover 1677 to 2262. */
static void
put_utc(uint8_t *p, int64_t sec)
{
    int64_t days = floor_div(sec, S_PER_DAY);
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);
    put_date_time(p, (uint32_t)year, (uint32_t)month, (uint32_t)day,
                  (uint32_t)(sec - days * S_PER_DAY));
}

static void
refresh_utc(struct when *w, int64_t sec)
{
    if (w->have_utc && w->utc_sec == sec)
        return;
    put_utc(w->utc, sec);
    w->utc_sec = sec;
    w->have_utc = true;
}

static void
refresh_local(struct when *w, int64_t sec)
{
    if (w->have_local && w->local_sec == sec)
        return;
    time_t t = (time_t)sec;
    struct tm tm;
    if (localtime_r(&t, &tm)) /* a leap second shows as :59 once more */
        put_date_time(w->local, (uint32_t)(tm.tm_year + 1900),
                      (uint32_t)tm.tm_mon + 1, (uint32_t)tm.tm_mday,
                      (uint32_t)(tm.tm_hour * 3600 + tm.tm_min * 60 +
                                 (tm.tm_sec > 59 ? 59 : tm.tm_sec)));
    else
        put_utc(w->local, sec);
    w->local_sec = sec;
    w->have_local = true;
}

uint8_t *
when_rfc3339(struct when *w, int64_t ns, uint8_t *p)
{
    if (!w->have_last || w->last_ns != ns) {
        int64_t sec = floor_div(ns, NS_PER_S);
        refresh_utc(w, sec);
        memcpy(w->last, w->utc, sizeof w->utc);
        put_digits(w->last + sizeof w->utc, floor_rest(ns), 9);
        w->last[WHEN_RFC3339_LEN - 1] = 'Z';
        w->last_ns = ns;
        w->have_last = true;
    }
    return put_mem(p, w->last, WHEN_RFC3339_LEN);
}

/* The sign and the whole seconds; *rest_ns is what is left. */
static uint8_t *
put_seconds(int64_t ns, uint32_t *rest_ns, uint8_t *p)
{
    uint64_t abs_ns = ns < 0 ? UINT64_C(0) - (uint64_t)ns : (uint64_t)ns;
    if (ns < 0)
        *p++ = '-';
    *rest_ns = (uint32_t)(abs_ns % (uint64_t)NS_PER_S);
    p = put_u64(p, abs_ns / (uint64_t)NS_PER_S);
    *p++ = '.';
    return p;
}

uint8_t *
when_span9(int64_t ns, uint8_t *p)
{
    uint32_t rest_ns;
    p = put_seconds(ns, &rest_ns, p);
    return put_digits(p, rest_ns, 9);
}

uint8_t *
when_span6(int64_t ns, uint8_t *p)
{
    uint32_t rest_ns;
    p = put_seconds(ns, &rest_ns, p);
    return put_digits(p, rest_ns / 1000, 6);
}

/* Spans of hostile time stamps may pass 2^63: stop there. */
static int64_t
subtract(int64_t a, int64_t b)
{
    int64_t out;
    if (__builtin_sub_overflow(a, b, &out))
        return a < b ? INT64_MIN : INT64_MAX;
    return out;
}

uint8_t *
when_text(struct when *w, enum time_format format, int64_t ns, int64_t start_ns,
          uint8_t *p)
{
    int64_t sec = floor_div(ns, NS_PER_S);
    uint32_t micro = floor_rest(ns) / 1000;
    switch (format) {
    case TIME_FORMAT_RELATIVE:
    case TIME_FORMAT_DELTA:
        return when_span6(subtract(ns, start_ns), p);
    case TIME_FORMAT_EPOCH:
        return when_span6(ns, p);
    case TIME_FORMAT_UTC:
        refresh_utc(w, sec);
        p = put_mem(p, w->utc, sizeof w->utc);
        p = put_digits(p, micro, 6);
        *p++ = 'Z';
        return p;
    case TIME_FORMAT_LOCAL:
        refresh_local(w, sec);
        p = put_mem(p, w->local, sizeof w->local);
        return put_digits(p, micro, 6);
    }
    return p;
}

size_t
when_columns(enum time_format format)
{
    switch (format) {
    case TIME_FORMAT_RELATIVE:
    case TIME_FORMAT_DELTA:
        return 10;
    case TIME_FORMAT_UTC:
        return 27;
    case TIME_FORMAT_LOCAL:
        return 26;
    case TIME_FORMAT_EPOCH:
        return 17;
    }
    return 10;
}
