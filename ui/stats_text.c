/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect/close_code.h"
#include "ui/page.h"
#include "ui/put.h"
#include "ui/stats.h"
#include "ui/table.h"
#include "ui/when.h"

#define NS_PER_S 1000000000.0

/* A number with its unit, and any other text of ours. */
#define WORD_MAX 32u
#define WORDS_MAX 160u
#define PEERS_MAX (2 * ENDPOINT_TEXT_MAX + 8)

/* Findings and rows of sizes that are told. */
#define FINDINGS_SHOWN 10u
#define SIZES_WITHOUT_HOLES 16u

struct stats_text {
    struct page page;
    struct table table;
    struct when when;
    char peers[STATS_TOP][PEERS_MAX];
};

/* One drawing. */
struct drawing {
    const struct stats *s;
    struct page *page;
    struct table *table;
};

#define N_COLUMNS(columns) (sizeof(columns) / sizeof(columns)[0])

/* ---- numbers ---- */

static const char *
words_grouped(char out[WORD_MAX], uint64_t v)
{
    *put_grouped((uint8_t *)out, v) = '\0';
    return out;
}

/* "1,234 packets", "1 packet". */
static void
piece_count(struct page *p, uint64_t v, const char *noun)
{
    char words[WORDS_MAX], digits[WORD_MAX];
    snprintf(words, sizeof words, "%s %.60s%s", words_grouped(digits, v), noun,
             v == 1 ? "" : "s");
    page_piece(p, words);
}

/* "3 open now"; nothing for 0. */
static void
piece_some(struct page *p, uint64_t v, const char *what)
{
    char words[WORDS_MAX], digits[WORD_MAX];
    if (v == 0)
        return;
    snprintf(words, sizeof words, "%s %.90s", words_grouped(digits, v), what);
    page_piece(p, words);
}

/* "12 B", "3.4 MiB". */
static const char *
words_size(char out[WORD_MAX], uint64_t bytes)
{
    static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    size_t unit = 0;
    double v = (double)bytes;
    for (; v >= 1024 && unit + 1 < N_COLUMNS(units); unit++)
        v /= 1024;
    snprintf(out, WORD_MAX, "%.*f %s", unit > 0, v, units[unit]);
    return out;
}

/* "0.466 ms": three decimals, the rest cut off. */
static const char *
words_span(char out[WORD_MAX], int64_t ns)
{
    static const struct {
        int64_t from, divide;
        const char *unit;
    } units[] = {{1000000000, 1000000, "s"},
                 {1000000, 1000, "ms"},
                 {INT64_MIN, 1, "us"}};
    size_t i = 0;
    while (ns < units[i].from)
        i++;
    int64_t thousandths = ns < 0 ? 0 : ns / units[i].divide;
    snprintf(out, WORD_MAX, "%" PRId64 ".%03" PRId64 " %s", thousandths / 1000,
             thousandths % 1000, units[i].unit);
    return out;
}

static const char *
words_share(char out[WORD_MAX], uint64_t part, uint64_t all)
{
    if (all == 0)
        return "-";
    snprintf(out, WORD_MAX, "%.1f %%", 100.0 * (double)part / (double)all);
    return out;
}

/* n in that time, a second. */
static const char *
words_rate(char out[WORD_MAX], uint64_t n, int64_t ns)
{
    if (ns <= 0)
        return "-";
    double rate = (double)n * NS_PER_S / (double)ns;
    if (rate >= 1e18)
        return "-";
    if (rate >= 1000)
        return words_grouped(out, (uint64_t)(rate + 0.5));
    snprintf(out, WORD_MAX, "%.1f", rate);
    return out;
}

static void
put_note(struct page *p, const char *text)
{
    line_to(&p->line, 2, 0);
    line_style(&p->line, STYLE_DIM);
    line_put(&p->line, text);
    line_style(&p->line, STYLE_PLAIN);
    page_end_line(p);
}

static void
put_note_count(struct page *p, uint64_t v, const char *what)
{
    char words[WORDS_MAX], digits[WORD_MAX];
    if (v == 0)
        return;
    snprintf(words, sizeof words, "%s %.90s", words_grouped(digits, v), what);
    put_note(p, words);
}

static uint64_t
sum_of(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* ---- at the top ---- */

static void
put_live(const struct drawing *d, const struct stats_live *live)
{
    struct page *p = d->page;
    char words[WORDS_MAX], a[WORD_MAX], b[WORD_MAX], c[WORD_MAX];
    page_label(p, "live");
    snprintf(words, sizeof words, "%" PRId64 " s",
             live->elapsed_ns / INT64_C(1000000000));
    page_piece(p, words);
    snprintf(words, sizeof words, "%s received",
             words_grouped(a, live->received));
    page_piece(p, words);
    snprintf(words, sizeof words, "%s dropped",
             words_grouped(a, live->dropped));
    line_style(&p->line, live->dropped > 0 ? STYLE_ERROR : STYLE_PLAIN);
    page_piece(p, words);
    line_style(&p->line, STYLE_PLAIN);
    snprintf(words, sizeof words, "queue %s of %s (at most %s)",
             words_size(a, live->queue_now),
             words_size(b, live->queue_capacity),
             words_size(c, live->queue_peak));
    page_piece(p, words);
    snprintf(words, sizeof words, "memory %s (at most %s)",
             words_size(a, live->memory_now), words_size(b, live->memory_peak));
    page_piece(p, words);
    page_end_line(p);
}

static void
put_capture(const struct drawing *d)
{
    const struct stats_capture *c = &d->s->capture;
    struct page *p = d->page;
    uint8_t span[WHEN_TEXT_MAX];
    char words[WORDS_MAX];
    page_label(p, "capture");
    piece_count(p, c->packets, "packet");
    piece_count(p, c->bytes, "byte");
    piece_count(p, c->flows, "TCP flow");
    snprintf(words, sizeof words, "%.*s s",
             (int)(when_span6(c->duration_ns, span) - span),
             (const char *)span);
    page_piece(p, words);
    if (c->has_dropped)
        piece_some(p, c->dropped, "dropped by the system");
    page_end_line(p);
}

static void
put_connections(const struct drawing *d)
{
    const struct stats *s = d->s;
    struct page *p = d->page;
    char words[WORDS_MAX], a[WORD_MAX], b[WORD_MAX];
    page_label(p, "connections");
    snprintf(words, sizeof words, "%s", words_grouped(a, s->conns));
    if (s->capture.conns > s->conns)
        snprintf(words, sizeof words, "%s of %s", words_grouped(a, s->conns),
                 words_grouped(b, s->capture.conns));
    page_piece(p, words);
    piece_some(p, s->accepted + s->refused + s->unanswered, "attempted");
    piece_some(p, s->accepted, "accepted");
    piece_some(p, s->refused, "refused");
    piece_some(p, s->unanswered, "without an answer");
    piece_some(p, s->midstream, "found in mid-stream");
    piece_some(p, s->deflate_agreed, "with permessage-deflate");
    piece_some(p, s->conns - s->ended, "open now");
    page_end_line(p);
    if (s->ended == 0)
        return;
    page_label(p, "ended");
    page_piece(p, words_grouped(a, s->ended));
    piece_some(p, s->clean, "clean");
    page_end_line(p);
    page_label(p, "verdicts");
    for (unsigned v = 0; v < VERDICT_COUNT; v++)
        piece_some(p, s->verdicts[v], verdict_name((enum verdict_id)v));
    page_end_line(p);
}

static void
put_losses(const struct drawing *d)
{
    struct page *p = d->page;
    const struct stats_sender *c = &d->s->sender[0], *s = &d->s->sender[1];
    uint64_t undecoded = sum_of(c->undecoded_bytes, s->undecoded_bytes);
    if (c->gaps + s->gaps + c->incomplete + s->incomplete + c->found_again +
            s->found_again + undecoded ==
        0)
        return;
    page_label(p, "losses");
    if (c->gaps > 0)
        piece_count(p, c->gaps, "client gap");
    if (s->gaps > 0)
        piece_count(p, s->gaps, "server gap");
    if (c->gaps + s->gaps > 0)
        piece_count(p, sum_of(c->gap_bytes, s->gap_bytes), "missing byte");
    if (c->incomplete + s->incomplete > 0)
        piece_count(p, c->incomplete + s->incomplete, "incomplete frame");
    piece_some(p, c->found_again + s->found_again, "found by their shape");
    if (undecoded > 0)
        piece_count(p, undecoded, "undecoded byte");
    page_end_line(p);
}

static enum report_style
severity_style(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR:
        return STYLE_ERROR;
    case SEVERITY_WARNING:
        return STYLE_WARNING;
    case SEVERITY_NOTE:
    case SEVERITY_CHAT:
    case SEVERITY_COUNT:
        break;
    }
    return STYLE_NOTE;
}

static void
put_severities(const struct drawing *d)
{
    static const char *const nouns[] = {"chat", "note", "warning", "error"};
    struct page *p = d->page;
    bool any = false;
    page_label(p, "findings");
    for (unsigned i = SEVERITY_COUNT; i-- > 0;) {
        if (d->s->severities[i] == 0)
            continue;
        any = true;
        line_style(&p->line, severity_style((enum severity)i));
        piece_count(p, d->s->severities[i], nouns[i]);
        line_style(&p->line, STYLE_PLAIN);
    }
    if (!any)
        page_piece(p, "none");
    page_end_line(p);
}

/* ---- rates ---- */

static uint64_t
all_frames(const struct stats *s, unsigned from)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 16; i++)
        sum += s->sender[from].frames[i];
    return sum;
}

static uint64_t
all_payload(const struct stats *s, unsigned from)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 16; i++)
        sum = sum_of(sum, s->sender[from].payload[i]);
    return sum;
}

static uint64_t
all_messages(const struct stats *s, unsigned from)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < STATS_KIND_COUNT; k++)
        sum += s->sender[from].messages[k].n;
    return sum;
}

static void
rate_row(const struct drawing *d, enum rates_what what, const char *name,
         uint64_t n)
{
    const struct stats *s = d->s;
    char words[WORDS_MAX];
    uint8_t date[WHEN_RFC3339_LEN];
    struct when *when = &s->text->when;
    int64_t busiest_ns, span = s->capture.duration_ns;
    if (span <= 0)
        span = rates_span(&s->rates);
    uint64_t most = rates_busiest(&s->rates, what, &busiest_ns);
    table_row(d->table);
    table_word(d->table, name);
    table_word(d->table, words_rate(words, n, span));
    table_number(d->table, most);
    when_rfc3339(when, busiest_ns, date);
    /* Whole seconds: "2024-05-06T07:08:09". */
    snprintf(words, sizeof words, "%.19sZ", (const char *)date);
    table_word(d->table, most > 0 ? words : "-");
}

/* One column: nothing, or an eighth block from U+2581 on. */
static void
put_spark(struct report_line *l, uint64_t v, uint64_t most)
{
    static const char ascii[] = " .:-=+*#";
    unsigned levels = l->utf8 ? 8 : sizeof ascii - 2;
    unsigned level = 0;
    if (v > 0)
        level = 1 + (unsigned)((double)v / (double)most * (levels - 1) + 0.5);
    if (level > levels)
        level = levels;
    uint8_t block[3] = {0xe2, 0x96, (uint8_t)(0x80 + level)};
    if (level == 0 || !l->utf8)
        line_put_mem(l, &ascii[l->utf8 ? 0 : level], 1);
    else
        line_text(l, slice_make(block, sizeof block), false, 1);
}

/* "  client  at most 448  ....": buckets side by side, some of them together
 * where the line is short. */
static void
put_curve(const struct drawing *d, enum ws_sender from, size_t together)
{
    const struct rates *r = &d->s->rates;
    struct report_line *l = &d->page->line;
    uint64_t sums[RATES_BUCKETS] = {0}, most = 0;
    char words[WORDS_MAX];
    size_t n = (r->n_buckets + together - 1) / together;
    for (size_t i = 0; i < r->n_buckets; i++)
        sums[i / together] += r->buckets[i].frames[from];
    for (size_t i = 0; i < n; i++)
        if (sums[i] > most)
            most = sums[i];
    if (most == 0)
        return;
    line_to(l, 2, 0);
    line_style(l, from == WS_SENDER_CLIENT ? STYLE_CLIENT : STYLE_SERVER);
    line_put(l, ws_sender_name(from));
    line_put(l, " ");
    for (size_t i = 0; i < n; i++)
        put_spark(l, sums[i], most);
    line_style(l, STYLE_PLAIN);
    line_put(l, " max ");
    line_put(l, words_grouped(words, most));
    page_end_line(d->page);
}

static void
put_curves(const struct drawing *d)
{
    const struct rates *r = &d->s->rates;
    char words[WORDS_MAX], span[WORD_MAX];
    /* "  client " in front, " max 12,345" behind. */
    size_t width = d->page->line.width, room = width > 30 ? width - 20 : 10;
    size_t together = (r->n_buckets + room - 1) / room;
    put_curve(d, WS_SENDER_CLIENT, together);
    put_curve(d, WS_SENDER_SERVER, together);
    uint64_t each = r->width_ns * together;
    snprintf(words, sizeof words, "frames, each column %s",
             words_span(span, each > INT64_MAX ? INT64_MAX : (int64_t)each));
    put_note(d->page, words);
}

static void
put_rates(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = ""},
        {.title = "a second", .kind = TABLE_RIGHT},
        {.title = "busiest second", .kind = TABLE_RIGHT, .leave = 1},
        {.title = "which was", .leave = 2},
    };
    const struct stats *s = d->s;
    uint64_t frames = all_frames(s, 0) + all_frames(s, 1);
    uint64_t messages = all_messages(s, 0) + all_messages(s, 1);
    uint64_t bytes = sum_of(all_payload(s, 0), all_payload(s, 1));
    bytes = sum_of(bytes, s->sender[0].header_bytes);
    bytes = sum_of(bytes, s->sender[1].header_bytes);
    if (frames == 0)
        return;
    page_heading(d->page, "Rates");
    table_begin(d->table, columns, N_COLUMNS(columns));
    rate_row(d, RATES_FRAMES, "frames", frames);
    rate_row(d, RATES_MESSAGES, "messages", messages);
    rate_row(d, RATES_BYTES, "bytes", bytes);
    table_draw(d->table, d->page);
    put_note_count(d->page, s->rates.late,
                   "frames out of time are not in any second");
    put_curves(d);
}

/* ---- frames and messages ---- */

static void
frame_row(const struct drawing *d, const char *name, uint64_t client,
          uint64_t server, uint64_t client_bytes, uint64_t server_bytes)
{
    table_row(d->table);
    table_word(d->table, name);
    table_number(d->table, client);
    table_number(d->table, server);
    table_number(d->table, client_bytes);
    table_number(d->table, server_bytes);
}

/* Of the opcodes with that name; nothing when there are none. */
static void
put_opcode(const struct drawing *d, uint8_t opcode)
{
    const char *name = ws_opcode_name(opcode);
    uint64_t frames[2] = {0}, bytes[2] = {0};
    for (uint8_t i = 0; i < 16; i++) {
        if (strcmp(ws_opcode_name(i), name) != 0)
            continue;
        for (unsigned from = 0; from < 2; from++) {
            frames[from] += d->s->sender[from].frames[i];
            bytes[from] = sum_of(bytes[from], d->s->sender[from].payload[i]);
        }
    }
    if (frames[0] + frames[1] == 0)
        return;
    frame_row(d, name, frames[0], frames[1], bytes[0], bytes[1]);
    table_bar(d->table, frames[0] + frames[1]);
}

static void
put_frames(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = "opcode"},
        {.title = "client", .kind = TABLE_RIGHT, .style = STYLE_CLIENT},
        {.title = "server", .kind = TABLE_RIGHT, .style = STYLE_SERVER},
        {.title = "client bytes",
         .kind = TABLE_RIGHT,
         .leave = 1,
         .style = STYLE_CLIENT},
        {.title = "server bytes",
         .kind = TABLE_RIGHT,
         .leave = 2,
         .style = STYLE_SERVER},
        {.title = "", .kind = TABLE_BAR, .leave = 3},
    };
    /* 3 stands for all that are reserved. */
    static const uint8_t opcodes[] = {WS_OP_TEXT, WS_OP_BINARY, WS_OP_CONT,
                                      WS_OP_PING, WS_OP_PONG,   WS_OP_CLOSE,
                                      3};
    uint64_t client = all_frames(d->s, 0), server = all_frames(d->s, 1);
    if (client + server == 0)
        return;
    page_heading(d->page, "Frames");
    table_begin(d->table, columns, N_COLUMNS(columns));
    for (size_t i = 0; i < sizeof opcodes; i++)
        put_opcode(d, opcodes[i]);
    frame_row(d, "all", client, server, all_payload(d->s, 0),
              all_payload(d->s, 1));
    table_draw(d->table, d->page);
}

static void
put_message_kind(const struct drawing *d, enum stats_kind kind,
                 enum ws_sender from)
{
    static const char *const names[] = {"text", "binary", "other"};
    const struct stats_messages *m = &d->s->sender[from].messages[kind];
    const struct histogram *h = &m->length;
    char name[WORDS_MAX];
    if (m->n == 0)
        return;
    snprintf(name, sizeof name, "%s by %s", names[kind], ws_sender_name(from));
    table_row(d->table);
    table_word(d->table, name);
    table_number(d->table, m->n);
    table_number(d->table, m->fragmented);
    table_number(d->table, m->n_frames);
    if (h->n == 0)
        return;
    table_number(d->table, h->total);
    table_number(d->table, h->min);
    table_number(d->table, histogram_percentile(h, 50));
    table_number(d->table, histogram_percentile(h, 95));
    table_number(d->table, h->max);
}

static void
put_messages(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = ""},
        {.title = "number", .kind = TABLE_RIGHT},
        {.title = "fragmented", .kind = TABLE_RIGHT, .leave = 6},
        {.title = "frames", .kind = TABLE_RIGHT, .leave = 7},
        {.title = "bytes", .kind = TABLE_RIGHT, .leave = 1},
        {.title = "min", .kind = TABLE_RIGHT, .leave = 5},
        {.title = "median", .kind = TABLE_RIGHT, .leave = 2},
        {.title = "p95", .kind = TABLE_RIGHT, .leave = 4},
        {.title = "max", .kind = TABLE_RIGHT, .leave = 3},
    };
    uint64_t unknown = 0;
    if (all_messages(d->s, 0) + all_messages(d->s, 1) == 0)
        return;
    page_heading(d->page, "Messages");
    table_begin(d->table, columns, N_COLUMNS(columns));
    for (unsigned k = 0; k < STATS_KIND_COUNT; k++)
        for (unsigned from = 0; from < 2; from++) {
            put_message_kind(d, (enum stats_kind)k, (enum ws_sender)from);
            unknown += d->s->sender[from].messages[k].unknown;
        }
    table_draw(d->table, d->page);
    put_note_count(d->page, unknown, "of unknown length");
}

/* "0", "512", "1 Ki": the least number of so many bits. */
static const char *
words_octave(char out[WORD_MAX], unsigned bits)
{
    static const char *const units[] = {"",    " Ki", " Mi", " Gi",
                                        " Ti", " Pi", " Ei"};
    unsigned e = bits > 0 ? bits - 1 : 0;
    snprintf(out, WORD_MAX, "%u%s", bits > 0 ? 1u << e % 10 : 0u,
             units[e / 10]);
    return out;
}

static void
put_sizes(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = "bytes from", .kind = TABLE_RIGHT},
        {.title = "client", .kind = TABLE_RIGHT, .style = STYLE_CLIENT},
        {.title = "server", .kind = TABLE_RIGHT, .style = STYLE_SERVER},
        {.title = "", .kind = TABLE_BAR, .leave = 1},
    };
    uint64_t n[2][HISTOGRAM_OCTAVES] = {{0}};
    unsigned first = HISTOGRAM_OCTAVES, last = 0;
    char words[WORDS_MAX];
    for (unsigned k = 0; k < STATS_KIND_COUNT; k++)
        for (unsigned from = 0; from < 2; from++)
            histogram_octaves(&d->s->sender[from].messages[k].length, n[from]);
    for (unsigned i = 0; i < HISTOGRAM_OCTAVES; i++) {
        if (n[0][i] + n[1][i] == 0)
            continue;
        first = first == HISTOGRAM_OCTAVES ? i : first;
        last = i;
    }
    if (first == HISTOGRAM_OCTAVES)
        return;
    page_heading(d->page, "Message sizes");
    table_begin(d->table, columns, N_COLUMNS(columns));
    for (unsigned i = first; i <= last; i++) {
        if (last - first > SIZES_WITHOUT_HOLES && n[0][i] + n[1][i] == 0)
            continue;
        table_row(d->table);
        table_word(d->table, words_octave(words, i));
        table_number(d->table, n[0][i]);
        table_number(d->table, n[1][i]);
        table_bar(d->table, n[0][i] + n[1][i]);
    }
    table_draw(d->table, d->page);
}

/* ---- compression, round trips, overhead ---- */

static void
deflate_row(const struct drawing *d, enum ws_sender from)
{
    const struct stats_deflate *f = &d->s->sender[from].deflate;
    char words[WORDS_MAX];
    if (f->n == 0)
        return;
    table_row(d->table);
    table_word(d->table, ws_sender_name(from));
    table_number(d->table, f->n);
    table_number(d->table, f->inflated);
    table_number(d->table, f->wire);
    snprintf(words, sizeof words, "%.2f : 1",
             f->wire ? (double)f->inflated / (double)f->wire : 0.0);
    table_word(d->table, f->wire ? words : "-");
    table_word(d->table, words_share(words, f->wire, f->inflated));
}

static void
put_compression(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = "from"},
        {.title = "messages", .kind = TABLE_RIGHT},
        {.title = "bytes before", .kind = TABLE_RIGHT},
        {.title = "after", .kind = TABLE_RIGHT},
        {.title = "ratio", .kind = TABLE_RIGHT, .leave = 1},
        {.title = "remains", .kind = TABLE_RIGHT, .leave = 2},
    };
    const struct stats_deflate *c = &d->s->sender[0].deflate;
    const struct stats_deflate *s = &d->s->sender[1].deflate;
    if (c->n + s->n == 0)
        return;
    page_heading(d->page, "Compression");
    table_begin(d->table, columns, N_COLUMNS(columns));
    deflate_row(d, WS_SENDER_CLIENT);
    deflate_row(d, WS_SENDER_SERVER);
    table_draw(d->table, d->page);
    put_note_count(d->page, c->unknown + s->unknown,
                   "could not be inflated; their bytes are not in it");
}

/* "1.2 ms", or of several connections "1.2 ms - 3.4 ms". */
static void
table_spans(struct table *t, const int64_t ns[2])
{
    char words[WORDS_MAX], a[WORD_MAX], b[WORD_MAX];
    words_span(a, ns[0]);
    words_span(b, ns[1]);
    snprintf(words, sizeof words, ns[0] == ns[1] ? "%.30s" : "%.30s - %.30s", a,
             b);
    table_word(t, words);
}

static void
put_pings(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = "ping by"},
        {.title = "answered", .kind = TABLE_RIGHT},
        {.title = "connections", .kind = TABLE_RIGHT, .leave = 3},
        {.title = "min", .kind = TABLE_RIGHT, .leave = 1},
        {.title = "median", .kind = TABLE_RIGHT},
        {.title = "p95", .kind = TABLE_RIGHT, .leave = 4},
        {.title = "max", .kind = TABLE_RIGHT, .leave = 2},
    };
    char words[WORDS_MAX];
    bool range = false;
    if (d->s->sender[0].pings.n + d->s->sender[1].pings.n == 0)
        return;
    page_heading(d->page, "Round trips of pings");
    table_begin(d->table, columns, N_COLUMNS(columns));
    for (unsigned from = 0; from < 2; from++) {
        const struct stats_pings *p = &d->s->sender[from].pings;
        if (p->n == 0)
            continue;
        range |= p->conns > 1;
        table_row(d->table);
        table_word(d->table, ws_sender_name((enum ws_sender)from));
        table_number(d->table, p->n);
        table_number(d->table, p->conns);
        table_word(d->table, words_span(words, p->min_ns));
        table_spans(d->table, p->median_ns);
        table_spans(d->table, p->p95_ns);
        table_word(d->table, words_span(words, p->max_ns));
    }
    table_draw(d->table, d->page);
    if (range)
        put_note(d->page, "median and p95: least and greatest of a "
                          "connection");
}

static uint64_t
overhead_row(const struct drawing *d, const char *name, uint64_t client,
             uint64_t server, uint64_t all)
{
    char words[WORDS_MAX];
    uint64_t both = sum_of(client, server);
    table_row(d->table);
    table_word(d->table, name);
    table_number(d->table, client);
    table_number(d->table, server);
    table_number(d->table, both);
    table_word(d->table, words_share(words, both, all));
    return both;
}

static void
put_overhead(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = "bytes"},
        {.title = "client",
         .kind = TABLE_RIGHT,
         .leave = 1,
         .style = STYLE_CLIENT},
        {.title = "server",
         .kind = TABLE_RIGHT,
         .leave = 2,
         .style = STYLE_SERVER},
        {.title = "both", .kind = TABLE_RIGHT},
        {.title = "share", .kind = TABLE_RIGHT},
    };
    const struct stats_sender *c = &d->s->sender[0], *s = &d->s->sender[1];
    uint64_t client = all_payload(d->s, 0), server = all_payload(d->s, 1);
    uint64_t all_client = sum_of(client, c->header_bytes + c->head_bytes);
    uint64_t all_server = sum_of(server, s->header_bytes + s->head_bytes);
    uint64_t all = sum_of(all_client, all_server);
    char words[WORDS_MAX], digits[WORD_MAX], share[WORD_MAX];
    if (all == 0)
        return;
    page_heading(d->page, "Overhead");
    table_begin(d->table, columns, N_COLUMNS(columns));
    overhead_row(d, "payload", client, server, all);
    overhead_row(d, "frame headers", c->header_bytes - 4 * c->masked,
                 s->header_bytes - 4 * s->masked, all);
    overhead_row(d, "masking keys", 4 * c->masked, 4 * s->masked, all);
    overhead_row(d, "HTTP heads", c->head_bytes, s->head_bytes, all);
    overhead_row(d, "all", all_client, all_server, all);
    table_draw(d->table, d->page);
    /* Only of a whole capture that holds all these bytes once. */
    if (d->s->capture.bytes < all || d->s->capture.conns != d->s->conns)
        return;
    snprintf(words, sizeof words, "%s of all %s bytes; the rest: TCP/IP, other",
             words_share(share, all, d->s->capture.bytes),
             words_grouped(digits, d->s->capture.bytes));
    put_note(d->page, words);
}

/* ---- close codes, findings, connections ---- */

static int
compare_codes(const void *a, const void *b)
{
    const struct stats_code *x = a, *y = b;
    uint64_t n = x->n[0] + x->n[1], m = y->n[0] + y->n[1];
    if (n != m)
        return n > m ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

static void
code_row(const struct drawing *d, const char *code, const char *name,
         uint64_t client, uint64_t server)
{
    if (client + server == 0)
        return;
    table_row(d->table);
    table_word(d->table, code);
    table_word(d->table, name);
    table_number(d->table, client);
    table_number(d->table, server);
}

static void
put_codes(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = "code"},
        {.title = "name", .leave = 1},
        {.title = "client", .kind = TABLE_RIGHT, .style = STYLE_CLIENT},
        {.title = "server", .kind = TABLE_RIGHT, .style = STYLE_SERVER},
    };
    const struct stats *s = d->s;
    const struct stats_sender *from = s->sender;
    struct stats_code codes[STATS_CODES_MAX];
    char words[WORDS_MAX];
    if (from[0].frames[WS_OP_CLOSE] + from[1].frames[WS_OP_CLOSE] == 0)
        return;
    memcpy(codes, s->codes, sizeof codes);
    qsort(codes, s->n_codes, sizeof codes[0], compare_codes);
    page_heading(d->page, "Close codes");
    table_begin(d->table, columns, N_COLUMNS(columns));
    for (size_t i = 0; i < s->n_codes; i++) {
        snprintf(words, sizeof words, "%u", codes[i].code);
        code_row(d, words, close_code_name(codes[i].code), codes[i].n[0],
                 codes[i].n[1]);
    }
    code_row(d, "none", "a Close frame without a code", from[0].close_without,
             from[1].close_without);
    code_row(d, "?", "not captured", from[0].close_unknown,
             from[1].close_unknown);
    code_row(d, "other", "more codes than are counted one by one",
             from[0].close_more, from[1].close_more);
    table_draw(d->table, d->page);
}

/* The finding that stands behind `before` in the list (FINDING_COUNT: the
 * first one): the most frequent first.  FINDING_COUNT: no more. */
static unsigned
next_finding(const struct stats *s, unsigned before)
{
    unsigned best = FINDING_COUNT;
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        uint64_t n = s->findings[i];
        if (n == 0)
            continue;
        if (before < FINDING_COUNT &&
            (n > s->findings[before] ||
             (n == s->findings[before] && i <= before)))
            continue;
        if (best == FINDING_COUNT || n > s->findings[best])
            best = i;
    }
    return best;
}

static void
put_findings(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = "times", .kind = TABLE_RIGHT},
        {.title = "severity", .leave = 2},
        {.title = "finding"},
        {.title = "what", .kind = TABLE_TEXT, .leave = 1},
    };
    const struct stats *s = d->s;
    unsigned id = next_finding(s, FINDING_COUNT);
    uint64_t more = 0;
    if (id == FINDING_COUNT)
        return;
    page_heading(d->page, "Most frequent findings");
    table_begin(d->table, columns, N_COLUMNS(columns));
    for (unsigned i = 0; id < FINDING_COUNT; i++, id = next_finding(s, id)) {
        const struct finding_info *info = finding_info((enum finding_id)id);
        if (i >= FINDINGS_SHOWN) {
            more++;
            continue;
        }
        table_row(d->table);
        table_number(d->table, s->findings[id]);
        table_word(d->table, severity_name(s->severity[id]));
        table_word(d->table, info->id);
        table_text(d->table, slice_cstr(info->text), false);
    }
    table_draw(d->table, d->page);
    put_note_count(d->page, more, "more; all of them: wsray check");
}

static void
conn_row(const struct drawing *d, const struct stats_conn *c, char *peers)
{
    char words[WORDS_MAX], client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];
    struct slice target = slice_make(c->target, c->target_len);
    table_row(d->table);
    snprintf(words, sizeof words, "#%" PRIu32, c->conn);
    table_word(d->table, words);
    table_text(d->table, target.len ? target : slice_cstr("-"), c->target_cut);
    peers[0] = '-';
    peers[1] = '\0';
    if (c->seen) {
        endpoint_text(&c->client, client);
        endpoint_text(&c->server, server);
        snprintf(peers, PEERS_MAX, "%s > %s", client, server);
    }
    table_text(d->table, slice_cstr(peers), false);
    table_number(d->table, c->frames[0] + c->frames[1]);
    table_number(d->table, c->messages[0] + c->messages[1]);
    table_number(d->table, sum_of(c->bytes[0], c->bytes[1]));
    table_word(d->table, c->ended ? verdict_name(c->verdict) : "open");
}

static void
put_top(const struct drawing *d)
{
    static const struct table_column columns[] = {
        {.title = ""},
        {.title = "path", .kind = TABLE_TEXT, .leave = 1},
        {.title = "peers", .kind = TABLE_TEXT, .leave = 3, .least = 80},
        {.title = "frames", .kind = TABLE_RIGHT, .leave = 2},
        {.title = "messages", .kind = TABLE_RIGHT, .leave = 4},
        {.title = "bytes", .kind = TABLE_RIGHT},
        {.title = "end"},
    };
    const struct stats *s = d->s;
    const struct stats_conn *top[STATS_TOP];
    size_t n = stats_top(s, top);
    if (n > 0) {
        page_heading(d->page, "Connections with most payload");
        table_begin(d->table, columns, N_COLUMNS(columns));
        for (size_t i = 0; i < n; i++)
            conn_row(d, top[i], s->text->peers[i]);
        table_draw(d->table, d->page);
    }
    put_note_count(d->page, s->over_limit,
                   "connections too many at a time: path unknown");
    if (s->no_memory > 0)
        put_note(d->page, "Memory was short: some paths are unknown");
}

/* ---- all of it ---- */

static void
put_all(const struct drawing *d, const struct stats_live *live)
{
    if (live)
        put_live(d, live);
    put_capture(d);
    if (d->s->conns == 0) {
        line_put(&d->page->line, d->s->capture.conns > 0
                                     ? "No WebSocket connection is selected."
                                     : "No WebSocket connection was found.");
        page_end_line(d->page);
        return;
    }
    put_connections(d);
    put_losses(d);
    put_severities(d);
    put_rates(d);
    put_frames(d);
    put_messages(d);
    put_sizes(d);
    put_compression(d);
    put_pings(d);
    put_overhead(d);
    put_codes(d);
    put_findings(d);
    put_top(d);
}

void
stats_render(struct stats *s, const struct stats_live *live, struct out *o)
{
    struct page *p = &s->text->page;
    struct drawing d = {.s = s, .page = p, .table = &s->text->table};
    page_begin(p, o);
    put_all(&d, live);
    page_finish(p);
}

void
stats_screen(struct stats *s, const struct stats_live *live, size_t rows,
             size_t columns, struct out *o)
{
    struct page *p = &s->text->page;
    struct drawing d = {.s = s, .page = p, .table = &s->text->table};
    page_begin_screen(p, rows, columns, o);
    put_all(&d, live);
    page_finish(p);
}

struct stats_text *
stats_text_new(const struct stats_options *options)
{
    struct stats_text *t = calloc(1, sizeof *t);
    if (!t ||
        !page_init(&t->page, options->width, options->color, options->utf8)) {
        free(t);
        return NULL;
    }
    return t;
}

void
stats_text_free(struct stats_text *t)
{
    if (!t)
        return;
    page_fini(&t->page);
    free(t);
}
