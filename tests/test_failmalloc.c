/* SPDX-License-Identifier: MIT */
/*
 * Each allocation fails once, on the whole program below the command line:
 * nothing crashes or leaks, the run goes on to the last packet or says at the
 * start that there is no memory, at most one connection suffers, and what is
 * missing from the output is never missing without a word.
 *
 * The linker puts the calls of this program, and of the static libraries in
 * it, through the functions below (--wrap, see Makefile.am).  What shared
 * libraries allocate is reached where they let us: zlib and liblzma take an
 * allocator, OpenSSL has a hook.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#include <openssl/crypto.h>
#include <zlib.h>

#include "tests/check_main.h"
#include "ui/check.h"
#include "ui/json.h"
#include "ui/pipeline.h"
#include "ui/report.h"
#include "ui/stats.h"

/* ---- Allocators ------------------------------------------------------- */

void *__real_malloc(size_t len);
void *__real_calloc(size_t n, size_t len);
void *__real_realloc(void *p, size_t len);
void *__real_aligned_alloc(size_t align, size_t len);
void __real_free(void *p);
int __real_inflateInit2_(z_streamp z, int bits, const char *version, int size);

void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__wrap_realloc(void *p, size_t len);
void *__wrap_aligned_alloc(size_t align, size_t len);
void __wrap_free(void *p);
int __wrap_inflateInit2_(z_streamp z, int bits, const char *version, int size);

static bool armed;       /* the calls below count */
static uint64_t calls;   /* so far */
static uint64_t fail_at; /* this call fails; 0: none */
static int64_t live;     /* blocks that were allocated and not freed */

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
__wrap_aligned_alloc(size_t align, size_t len)
{
    return fails() ? NULL : note(__real_aligned_alloc(align, len));
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

static void *
library_alloc(void *opaque, size_t n, size_t len)
{
    (void)opaque;
    return __wrap_calloc(n, len);
}

static void *
zlib_alloc(void *opaque, unsigned n, unsigned len)
{
    return library_alloc(opaque, n, len);
}

static void
library_free(void *opaque, void *p)
{
    (void)opaque;
    __wrap_free(p);
}

int
__wrap_inflateInit2_(z_streamp z, int bits, const char *version, int size)
{
    /* What brings its own comes through malloc() already. */
    if (!z->zalloc) {
        z->zalloc = zlib_alloc;
        z->zfree = library_free;
    }
    return __real_inflateInit2_(z, bits, version, size);
}

#ifdef HAVE_LZMA
lzma_ret __real_lzma_stream_decoder(lzma_stream *z, uint64_t memory,
                                    uint32_t flags);
lzma_ret __wrap_lzma_stream_decoder(lzma_stream *z, uint64_t memory,
                                    uint32_t flags);

lzma_ret
__wrap_lzma_stream_decoder(lzma_stream *z, uint64_t memory, uint32_t flags)
{
    static const lzma_allocator allocator = {library_alloc, library_free, NULL};
    z->allocator = &allocator;
    return __real_lzma_stream_decoder(z, memory, flags);
}
#endif

/* OpenSSL keeps what it allocates for later: its blocks are not counted. */
static void *
openssl_malloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : __real_malloc(len);
}

static void *
openssl_realloc(void *p, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : __real_realloc(p, len);
}

static void
openssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    __real_free(p);
}

/* ---- The run: no call of libcheck here, it allocates too ---------------- */

struct run {
    enum err start; /* of the writer and the pipeline */
    bool flushed;
    bool no_memory; /* a file could not be read on, and it was said */
    uint64_t told;  /* by the counters of the stages */
    uint64_t packets;
    uint8_t *output;
    size_t len;
};

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    (void)ctx;
    (void)info;
    (void)first_packet;
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    struct run *r = ctx;
    if (strstr(error->reason, err_text(ERR_NOMEM)))
        r->no_memory = true;
}

static void
on_unknown_link(void *ctx, const struct source_info *info, uint32_t link)
{
    (void)ctx;
    (void)info;
    (void)link;
}

static bool
on_packet(void *ctx, const struct source_info *info,
          const struct packet *packet, uint64_t packets)
{
    (void)packet;
    (void)ctx;
    (void)info;
    (void)packets;
    return true;
}

static void
run_pipeline(struct run *r, struct pipeline *p)
{
    struct pipeline_watch watch = {.ctx = r,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = on_unknown_link,
                                   .packet = on_packet};
    pipeline_run(p, &watch);
    struct pipeline_totals t = pipeline_totals(p);
    r->packets = t.packets;
    r->told = t.flow.no_memory + t.decap->frag.no_memory + t.dissect.no_memory +
              t.secrets_dropped;
}

enum writer {
    WRITER_JSON = 0,
    WRITER_REPORT,
    WRITER_CHECK_RULE,
    WRITER_CHECK_CONNECTION,
    WRITER_CHECK_JSON,
    WRITER_STATS,
    WRITER_COUNT
};

/* Not verbose: that the server accepted (a finding of severity chat) is told
 * only where the Accept could be computed, and the handshake event that says
 * why not is not shown. */
static struct check *
new_check(enum writer writer, struct out *out)
{
    struct check_options o = {
        .format = writer == WRITER_CHECK_JSON ? OUTPUT_FORMAT_JSON
                                              : OUTPUT_FORMAT_TEXT,
        .by = writer == WRITER_CHECK_CONNECTION ? CHECK_BY_CONNECTION
                                                : CHECK_BY_RULE,
        .max = 1000,
        .width = 100,
        .utf8 = true,
    };
    return check_new(&o, out);
}

static void
run_writer(struct run *r, const char *name, enum writer writer, int fd)
{
    struct options o;
    struct out out = {0};
    struct source *source;
    struct pipeline *p = NULL;
    struct json *json = NULL;
    struct report *report = NULL;
    struct check *check = NULL;
    struct stats *stats = NULL;
    const struct stats_options to_tables = {.width = 100, .utf8 = true};
    struct event_sink sink = {0};
    struct summary summary;
    const char *names[] = {name};
    const struct json_options to_json = {"0", 4096, "sha1"};
    const struct report_options to_text = {.detail = REPORT_VERBOSE,
                                           .width = 100,
                                           .utf8 = true};
    options_init(&o);
    summary_init(&summary);
    r->start = out_init(&out, fd);
    if (r->start == ERR_OK && writer == WRITER_REPORT)
        report = report_new(&to_text, &out);
    else if (r->start == ERR_OK && writer == WRITER_JSON)
        json = json_new(&to_json, &out);
    else if (r->start == ERR_OK && writer == WRITER_STATS)
        stats = stats_new(&to_tables);
    else if (r->start == ERR_OK)
        check = new_check(writer, &out);
    if (report)
        sink = report_sink(report);
    else if (json)
        sink = json_sink(json);
    else if (check)
        sink = check_sink(check);
    else if (stats)
        sink = stats_sink(stats);
    else
        r->start = ERR_NOMEM;
    if (r->start == ERR_OK)
        r->start = source_new(&source, names, 1);
    if (r->start == ERR_OK)
        r->start = pipeline_new(&p, &o, source, &sink);
    if (r->start == ERR_OK)
        run_pipeline(r, p);
    if (r->start == ERR_OK && report)
        report_summary(report, &summary);
    else if (r->start == ERR_OK && json)
        json_summary(json, &summary);
    else if (r->start == ERR_OK && stats)
        stats_render(stats, NULL, &out);
    else if (r->start == ERR_OK)
        check_finish(check, &summary, true);
    r->flushed = out_flush(&out) == ERR_OK;
    pipeline_free(p);
    json_free(json);
    report_free(report);
    check_free(check);
    stats_free(stats);
    out_fini(&out);
}

/* Runs with the nth allocation failing (0: none).  The output is the
 * caller's. */
static struct run
run(const char *name, enum writer writer, uint64_t nth)
{
    struct run r = {0};
    int fd = memfd_create("output", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    calls = 0;
    fail_at = nth;
    live = 0;
    armed = true;
    run_writer(&r, name, writer, fd);
    armed = false;
    ck_assert(r.flushed);
    r.len = (size_t)lseek(fd, 0, SEEK_END);
    r.output = malloc(r.len + 1);
    ck_assert_ptr_nonnull(r.output);
    ck_assert_int_eq(pread(fd, r.output, r.len, 0), (ssize_t)r.len);
    r.output[r.len] = '\0';
    close(fd);
    return r;
}

static unsigned
count(const struct run *r, const char *what)
{
    unsigned n = 0;
    const char *at = (const char *)r->output;
    while ((at = strstr(at, what)) != NULL) {
        at++;
        n++;
    }
    return n;
}

/* The first line of a that is another one in b, NUL-terminated; NULL: none. */
static char *
first_difference(const struct run *a, const struct run *b)
{
    size_t at = 0, start = 0;
    while (at < a->len && at < b->len && a->output[at] == b->output[at])
        if (a->output[at++] == '\n')
            start = at;
    if (at == a->len && at == b->len)
        return NULL;
    size_t len = strcspn((const char *)a->output + start, "\n");
    char *line = malloc(len + 1);
    ck_assert_ptr_nonnull(line);
    memcpy(line, a->output + start, len);
    line[len] = '\0';
    return line;
}

/* Whether both have the same bytes, in whatever order. */
static bool
same_bytes(const struct run *a, const struct run *b)
{
    int64_t more[256] = {0};
    for (size_t i = 0; i < a->len; i++)
        more[a->output[i]]++;
    for (size_t i = 0; i < b->len; i++)
        more[b->output[i]]--;
    for (size_t i = 0; i < 256; i++)
        if (more[i] != 0)
            return false;
    return true;
}

/* Whether that line itself says that something could not be done: a message
 * of which not all is kept or that cannot be inflated, a digest that could not
 * be computed, frames that are not found again. */
static bool
line_tells(const char *line)
{
    static const char *const marks[] = {
        "\"truncated\":true",
        "\"digest\":null",
        "\"accept_expected\":null",
        "\"resynced\":null",
        "deflate-context-missing",
        "deflate-inflate-failed",
        " accept ? ",
        "\xe2\x80\xa6", /* an ellipsis */

        "  computed -",
        "! gap",
    };
    for (size_t i = 0; line && i < sizeof marks / sizeof marks[0]; i++)
        if (strstr(line, marks[i]))
            return true;
    return false;
}

/* The number that the line of `at` begins with; 0: none. */
static unsigned long
times_before(const struct run *r, const char *at)
{
    while (at > (const char *)r->output && at[-1] != '\n')
        at--;
    return strtoul(at, NULL, 10);
}

/* Whether the check says of more findings than else that they are only
 * counted, or come from a lack of memory: it does not say so in the line that
 * is the first to differ. */
static bool
counts_more(const struct run *r, const struct run *all)
{
    static const char *const marks[] = {"    and ", " more; all of them: ",
                                        "deflate-context-missing"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (count(r, marks[i]) > count(all, marks[i]))
            return true;
    /* The stats have one line for all of them, with their number in front. */
    const char *a = strstr((const char *)r->output, marks[2]);
    const char *b = strstr((const char *)all->output, marks[2]);
    return a && b && times_before(r, a) > times_before(all, b);
}

static const char *
what_is_wrong(const struct run *r, const struct run *all)
{
    if (live != 0)
        return "leaks";
    if (r->start == ERR_NOMEM)
        return NULL;
    if (r->start != ERR_OK)
        return "starts with another error";
    if (r->no_memory)
        return r->packets > all->packets ? "finds packets" : NULL;
    if (r->packets != all->packets)
        return "does not read all packets";
    if (count(r, "\"type\":\"end\"") + 1 < count(all, "\"type\":\"end\""))
        return "loses more than one connection";
    if (same_bytes(r, all)) /* a finding may stand before its frame */
        return NULL;
    char *line = first_difference(r, all);
    bool silent = line && r->told == 0 && !line_tells(line) &&
                  !counts_more(r, all) &&
                  !strstr((const char *)r->output, "Memory was short");
    free(line);
    return silent ? "says nothing" : NULL;
}

static const char *const files[] = {
    "samples/good-deflate-context.pcapng",
    "samples/good-deflate-examples.pcap",
    "samples/good-fragments-ping.pcapng",
    "samples/good-keepalive-upgrade.pcapng",
    "samples/good-lengths.pcapng",
    "samples/good-proxy-connect.pcapng",
    "samples/good-proxy-protocol.pcap",
    "samples/good-tunnels.pcap",
    "samples/odd-frames.pcap",
    "samples/odd-refused.pcapng",
    "samples/odd-reordered.pcap",
    "samples/broken-lost-deflate.pcap",
    "samples/broken-lost-segment.pcap",
    "samples/broken-midstream.pcap",
    "samples/broken-one-direction.pcap",
    "tests/fuzz/corpus/source/gzip",
    "tests/fuzz/corpus/source/lz4",
    "tests/fuzz/corpus/source/xz",
    "tests/fuzz/corpus/source/zstd",
    "tests/fuzz/corpus/source/pcapng-sections",
};
#define N_FILES (sizeof files / sizeof files[0])

/* _i: the file, once for each writer. */
START_TEST(a_failed_allocation_degrades_one_thing_and_is_told)
{
    char name[512];
    const char *srcdir = getenv("srcdir");
    enum writer writer = (enum writer)((size_t)_i / N_FILES);
    snprintf(name, sizeof name, "%s/%s", srcdir ? srcdir : ".",
             files[(size_t)_i % N_FILES]);
    /* Libraries make what they make once. */
    free(run(name, writer, 0).output);
    struct run all = run(name, writer, 0);
    uint64_t n = calls;
    ck_assert_msg(all.start == ERR_OK, "%s: %s", name, err_text(all.start));
    ck_assert_msg(live == 0, "%s: %" PRId64 " blocks live", name, live);
    ck_assert_uint_gt(n, 5);
    for (uint64_t nth = 1; nth <= n; nth++) {
        struct run r = run(name, writer, nth);
        const char *wrong = what_is_wrong(&r, &all);
        ck_assert_msg(!wrong, "%s: allocation %" PRIu64 " of %" PRIu64 " %s",
                      name, nth, n, wrong);
        free(r.output);
    }
    free(all.output);
}
END_TEST

static Suite *
failmalloc_suite(void)
{
    Suite *s = suite_create("failmalloc");
    TCase *tc = tcase_create("pipeline");
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc,
                                 openssl_free) != 1)
        abort();
    tcase_add_loop_test(tc, a_failed_allocation_degrades_one_thing_and_is_told,
                        0, (int)(WRITER_COUNT * N_FILES));
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(failmalloc_suite)
