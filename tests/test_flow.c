/* SPDX-License-Identifier: MIT */
/*
 * Scripts of packets against the log of calls they must make, limits and
 * time-outs, and long random exchanges checked by tcp_model.h.
 *
 * A script has one packet a line:
 *
 *   [N*] > FLAGS SEQ ACK [payload] [cut=N] [win=N] [ws=N] [port=N]
 *
 * ">" is sent by the client (192.0.2.1 port 1000, or port=N), "<" by the
 * server (192.0.2.2 port 80); FLAGS are letters of SAFRP; N* repeats the
 * packet.  "+N" lets N milliseconds pass, "finish" ends the capture.  Packets
 * are one microsecond apart.  The log has one call a line:
 *
 *   open 01         the pair opened; which SYNs were seen
 *   0:5 text        data of direction 0 at offset 5
 *   0:9 gap 3       3 bytes at offset 9 are missing
 *   0 ack           any of enum stream_tcp
 *   0 end fin       and the other reasons
 *   close
 */
#include <stdarg.h>
#include <stdio.h>

#include "tests/check_main.h"
#include "tests/tcp_model.h"

struct log {
    char text[8192];
    size_t len;
    struct pkt_meta meta; /* of the last call that had one */
    bool refuse;          /* open() says NULL */
    unsigned detach_at;   /* data() says DETACH at this call, 1 = first */
    unsigned n_data;
    unsigned quiet; /* log no TCP events */
};

static const char *const tcp_names[] = {"syn",   "fin",      "rst", "ack",
                                        "again", "conflict", "zero"};
static const char *const end_names[] = {"fin", "rst", "evicted", "capture"};

static struct log log_now;

static void
note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(log_now.text + log_now.len,
                        sizeof(log_now.text) - log_now.len, format, args);
    va_end(args);
    ck_assert_int_ge(len, 0);
    log_now.len += (size_t)len;
    ck_assert_uint_lt(log_now.len, sizeof(log_now.text));
}

static void *
log_open(void *user, const struct stream_pair *pair,
         const struct pkt_meta *meta)
{
    log_now.meta = *meta;
    if (pair->end[1].port != 80)
        note("from %u ", pair->end[0].port);
    note("open %d%d\n", pair->syn_seen[0], pair->syn_seen[1]);
    return log_now.refuse ? NULL : user;
}

static enum stream_want
log_data(void *ctx, unsigned dir, uint64_t off, struct slice data,
         const struct pkt_meta *meta)
{
    ck_assert_ptr_eq(ctx, &log_now);
    log_now.meta = *meta;
    note("%u:%llu ", dir, (unsigned long long)off);
    if (data.len <= 40)
        note("%.*s\n", (int)data.len, (const char *)data.ptr);
    else
        note("(%zu)\n", data.len);
    log_now.n_data++;
    return log_now.n_data == log_now.detach_at ? STREAM_DETACH
                                               : STREAM_CONTINUE;
}

static enum stream_want
log_gap(void *ctx, unsigned dir, uint64_t off, uint64_t len,
        const struct pkt_meta *meta)
{
    ck_assert_ptr_eq(ctx, &log_now);
    log_now.meta = *meta;
    note("%u:%llu gap %llu\n", dir, (unsigned long long)off,
         (unsigned long long)len);
    return STREAM_CONTINUE;
}

static void
log_tcp(void *ctx, unsigned dir, enum stream_tcp what,
        const struct pkt_meta *meta)
{
    ck_assert_ptr_eq(ctx, &log_now);
    log_now.meta = *meta;
    if (!log_now.quiet)
        note("%u %s\n", dir, tcp_names[what]);
}

static void
log_end(void *ctx, unsigned dir, enum stream_end why,
        const struct pkt_meta *meta)
{
    ck_assert_ptr_eq(ctx, &log_now);
    log_now.meta = *meta;
    note("%u end %s\n", dir, end_names[why]);
}

static void
log_close(void *ctx)
{
    ck_assert_ptr_eq(ctx, &log_now);
    note("close\n");
}

static const struct stream_ops log_ops = {log_open, log_data, log_gap,
                                          log_tcp,  log_end,  log_close};

/* The table under test and the clock. */
static struct flow_table *table;
static struct flow_limits limits;
static uint64_t number;
static int64_t time_ns;
static bool ipv6;

static void
setup(void)
{
    memset(&log_now, 0, sizeof(log_now));
    limits = flow_limits_default();
    number = 0;
    time_ns = INT64_C(1700000000000000000);
    ipv6 = false;
    table = NULL;
}

static void
teardown(void)
{
    flow_table_free(table);
}

struct step {
    unsigned repeat;
    bool server;
    uint8_t flags;
    uint32_t seq, ack;
    uint16_t win, port;
    uint32_t cut;
    int wscale; /* -1: no option */
    struct slice payload;
};

static void
send_step(const struct step *s)
{
    static uint8_t raw[70000];
    uint16_t from = s->server ? 80 : s->port, to = s->server ? s->port : 80;
    size_t head = s->wscale >= 0 ? 24 : 20;
    const uint32_t word[6] = {(uint32_t)from << 16 | to,
                              s->seq,
                              s->ack,
                              (uint32_t)head << 26 | (uint32_t)s->flags << 16 |
                                  s->win,
                              0xbad0000,
                              UINT32_C(0x01030300) | (uint32_t)s->wscale};
    for (size_t i = 0; i < head; i++)
        raw[i] = (uint8_t)(word[i / 4] >> (24 - i % 4 * 8));
    ck_assert_uint_le(head + s->payload.len, sizeof(raw));
    if (s->payload.len)
        memcpy(raw + head, s->payload.ptr, s->payload.len);
    struct ip_packet ip = {.proto = IP_PROTO_TCP, .ttl = 64, .id = 7};
    ip.src.family = ip.dst.family = ipv6 ? 6 : 4;
    const uint8_t bytes[4] = {192, 0, 2, (uint8_t)(1 + s->server)};
    memcpy(ip.src.bytes + (ipv6 ? 12 : 0), bytes, 4);
    memcpy(ip.dst.bytes + (ipv6 ? 12 : 0), bytes, 4);
    ip.dst.bytes[ipv6 ? 15 : 3] = (uint8_t)(2 - s->server);
    ip.missing = s->cut;
    ip.payload = slice_make(raw, head + s->payload.len);
    struct packet p = {.number = ++number,
                       .time_ns = time_ns += 1000,
                       .file_off = number * 100,
                       .wire_len = 1000,
                       .source = 2,
                       .iface = 3};
    flow_table_packet(table, &p, &ip);
}

static uint8_t
parse_flags(const char *word)
{
    uint8_t flags = 0;
    for (; *word; word++) {
        const char *letters = "FSRPAU", *at = strchr(letters, *word);
        ck_assert_ptr_nonnull(at);
        flags |= (uint8_t)(1u << (at - letters));
    }
    return flags;
}

static void
parse_option(struct step *s, const char *word)
{
    unsigned value;
    if (sscanf(word, "cut=%u", &value) == 1)
        s->cut = value;
    else if (sscanf(word, "win=%u", &value) == 1)
        s->win = (uint16_t)value;
    else if (sscanf(word, "ws=%u", &value) == 1)
        s->wscale = (int)value;
    else if (sscanf(word, "port=%u", &value) == 1)
        s->port = (uint16_t)value;
    else
        s->payload = slice_cstr(word);
}

static void
run_line(char *line)
{
    struct step s = {.repeat = 1, .win = 1000, .port = 1000, .wscale = -1};
    char *save = NULL, *word = strtok_r(line, " ", &save);
    if (!word)
        return;
    if (word[0] == '+') {
        time_ns += INT64_C(1000000) * atoll(word + 1);
        return;
    }
    if (strcmp(word, "finish") == 0) {
        flow_table_finish(table);
        return;
    }
    if (strchr(word, '*')) {
        s.repeat = (unsigned)atoi(word);
        word = strtok_r(NULL, " ", &save);
    }
    s.server = word[0] == '<';
    s.flags = parse_flags(strtok_r(NULL, " ", &save));
    s.seq = (uint32_t)strtoul(strtok_r(NULL, " ", &save), NULL, 10);
    s.ack = (uint32_t)strtoul(strtok_r(NULL, " ", &save), NULL, 10);
    while ((word = strtok_r(NULL, " ", &save)) != NULL)
        parse_option(&s, word);
    for (unsigned i = 0; i < s.repeat; i++)
        send_step(&s);
}

/* Runs a script; the table is made at the first one, with `limits`. */
static void
run(const char *script)
{
    char text[4096];
    ck_assert_uint_lt(strlen(script), sizeof(text));
    strcpy(text, script);
    if (!table)
        ck_assert_int_eq(flow_table_new(&table, &limits, &log_ops, &log_now),
                         ERR_OK);
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        run_line(line);
}

/* Checks what was logged since the last time. */
static void
expect(const char *want)
{
    ck_assert_str_eq(log_now.text, want);
    log_now.len = 0;
    log_now.text[0] = '\0';
}

#define HANDSHAKE "> S 99 0\n< SA 299 100\n> A 100 300\n"

struct row {
    const char *name;
    const char *script;
    const char *log;
};

static const struct row rows[] = {
#include "tests/test_flow_rows.h"
};

START_TEST(scripts_give_their_log)
{
    const struct row *r = &rows[_i];
    for (unsigned pass = 0; pass < 2; pass++) {
        setup();
        ipv6 = pass == 1;
        run(r->script);
        if (strcmp(log_now.text, r->log) != 0)
            ck_abort_msg("%s (IPv%c): got\n%s", r->name, ipv6 ? '6' : '4',
                         log_now.text);
        struct flow_stats stats = flow_table_stats(table);
        ck_assert_msg(!strstr(r->script, "finish") || stats.held_now == 0,
                      "%s: held", r->name);
        flow_table_free(table);
        table = NULL;
    }
}
END_TEST

static Suite *
flow_suite(void)
{
    Suite *s = suite_create("flow");
    TCase *t = tcase_create("scripts");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, scripts_give_their_log, 0,
                        sizeof(rows) / sizeof(rows[0]));
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(flow_suite)
