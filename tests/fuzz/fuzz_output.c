/* SPDX-License-Identifier: MIT */
/*
 * Everything that writes what a sink is told, but for the report: follow in
 * all formats, json, and the exports as HAR and as files of payloads.
 *
 *   byte 0, 1   how: enum look and enum look2
 *   the rest    a capture file if it begins as one; else events
 *               (tests/event_steps.h)
 *
 * The oracle: tests/output_oracle.h for each text; with colours follow writes
 * the same text; raw is the payloads one behind the other; HAR counts what it
 * holds, and what it leaves out adds up to what it was told; a file holds the
 * payload of its message; and all of it is the same when what the events point
 * to lies elsewhere, at the edge of what can be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/rd.h"
#include "tests/edge_page.h"
#include "tests/event_steps.h"
#include "tests/output_oracle.h"
#include "tests/quiet_watch.h"
#include "ui/export/har.h"
#include "ui/export/payloads.h"
#include "ui/follow.h"
#include "ui/json.h"
#include "ui/pipeline.h"
#include "ui/summary.h"

/* Payload bytes of a message that events carry, and that some writers are
 * asked for. */
#define KEEP 4096u
#define KEEP_LESS 20u

enum look {
    LOOK_UTF8 = 1u << 0,
    LOOK_NARROW = 1u << 1,
    LOOK_FRAMES = 1u << 2,
    LOOK_ANY = 1u << 3,
    LOOK_LESS = 1u << 4,
    LOOK_NO_SECRETS = 1u << 5, /* and above: index_max */
};

/* Bits 0 to 2: of enum time_format; 3 and 4: of enum follow_from. */
enum look2 {
    LOOK2_NO_CONTROL = 1u << 5,
    LOOK2_FAIL = 1u << 6, /* the third file cannot be created */
};

static const size_t index_sizes[] = {SIZE_MAX, 0, 100, 2000};
static const enum output_format formats[] = {
    OUTPUT_FORMAT_TEXT, OUTPUT_FORMAT_JSON, OUTPUT_FORMAT_HEX, OUTPUT_FORMAT_C,
    OUTPUT_FORMAT_RAW,  OUTPUT_FORMAT_TEXT, /* with colours */
};
#define N_FORMATS (sizeof formats / sizeof *formats)
#define FORMAT_RAW 4u
#define FORMAT_COLOR 5u
#define N_SINKS (N_FORMATS + 3)

static void
require(bool truth)
{
    if (!truth)
        abort();
}

static void
holds(const char *wrong)
{
    if (wrong)
        fprintf(stderr, "%s\n", wrong);
    require(!wrong);
}

/* ---- what was written ---- */

struct text {
    struct out out;
    int fd;
    struct slice all; /* of text_read(); owned */
};

static int
make_file(void)
{
    int fd = memfd_create("output", MFD_CLOEXEC);
    require(fd >= 0);
    return fd;
}

static void
text_init(struct text *t)
{
    t->fd = make_file();
    t->all = slice_make(NULL, 0);
    require(out_init(&t->out, t->fd) == ERR_OK);
}

static struct slice
read_file(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    require(size >= 0);
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    require(bytes && pread(fd, bytes, (size_t)size, 0) == (ssize_t)size);
    return slice_make(bytes, (size_t)size);
}

static void
text_read(struct text *t)
{
    require(out_flush(&t->out) == ERR_OK);
    t->all = read_file(t->fd);
}

static void
text_fini(struct text *t)
{
    out_fini(&t->out);
    close(t->fd);
    free((void *)t->all.ptr);
}

/* ---- files of payloads ---- */

struct folder {
    int index, file; /* -1: none */
    unsigned n_created, fail_at;
};

/* Takes over what payloads_create_fn asks for. */
static int
create_file(void *ctx, const char *name)
{
    struct folder *f = ctx;
    require(strlen(name) < PAYLOADS_NAME_MAX);
    if (f->n_created++ == f->fail_at) {
        errno = ENOSPC;
        return -1;
    }
    int fd = make_file(), *kept = f->index < 0 ? &f->index : &f->file;
    require(*kept < 0);
    *kept = fd;
    fd = dup(fd);
    require(fd >= 0);
    return fd;
}

/* ---- all writers, once ---- */

struct writers {
    struct follow *follow[N_FORMATS];
    struct json *json;
    struct har *har;
    struct payloads *payloads;
    struct text texts[N_FORMATS], json_text, har_text;
    struct slice index;
    struct folder folder;
    struct event_sink sinks[N_SINKS];
};

static void
open_follow(struct writers *w, const uint8_t look[2])
{
    struct follow_options o = {
        .time = (enum time_format)((look[1] & 7) % (TIME_FORMAT_EPOCH + 1)),
        .from =
            (enum follow_from)((look[1] >> 3 & 3) % (FOLLOW_FROM_SERVER + 1)),
        .units =
            look[0] & LOOK_FRAMES ? FOLLOW_UNITS_FRAMES : FOLLOW_UNITS_MESSAGES,
        .no_control = look[1] & LOOK2_NO_CONTROL,
        .any = look[0] & LOOK_ANY,
        .payload_limit = look[0] & LOOK_LESS ? KEEP_LESS : KEEP,
        .width = look[0] & LOOK_NARROW ? 40 : 0,
        .utf8 = look[0] & LOOK_UTF8,
    };
    for (size_t i = 0; i < N_FORMATS; i++) {
        o.format = formats[i];
        o.color = i == FORMAT_COLOR;
        text_init(&w->texts[i]);
        w->follow[i] = follow_new(&o, &w->texts[i].out);
        require(w->follow[i]);
        w->sinks[i] = follow_sink(w->follow[i]);
    }
}

static void
writers_open(struct writers *w, const uint8_t look[2])
{
    const struct json_options json = {.version = "1.0",
                                      .payload_limit = look[0] & LOOK_LESS
                                                           ? KEEP_LESS
                                                           : KEEP};
    const struct har_options har = {.version = "1.0",
                                    .no_secrets = look[0] & LOOK_NO_SECRETS,
                                    .index_max = index_sizes[look[0] >> 6]};
    const struct payloads_options payloads = {.create = create_file,
                                              .ctx = &w->folder};
    w->folder =
        (struct folder){.index = -1,
                        .file = -1,
                        .fail_at = look[1] & LOOK2_FAIL ? 3 : UINT32_MAX};
    open_follow(w, look);
    text_init(&w->json_text);
    text_init(&w->har_text);
    w->json = json_new(&json, &w->json_text.out);
    require(w->json);
    require(har_new(&w->har, &har, &w->har_text.out) == ERR_OK);
    require(payloads_new(&w->payloads, &payloads) == ERR_OK);
    require(payloads_start(w->payloads) == ERR_OK);
    w->sinks[N_FORMATS] = json_sink(w->json);
    w->sinks[N_FORMATS + 1] = har_sink(w->har);
    w->sinks[N_FORMATS + 2] = payloads_sink(w->payloads);
}

/* The file that a message became, if it did. */
static void
check_file(struct writers *w, const struct event *event)
{
    bool failed = payloads_figures(w->payloads)->error_errno != 0;
    require((w->folder.file >= 0) == (event->type == EVENT_MESSAGE && !failed));
    if (w->folder.file < 0)
        return;
    struct slice file = read_file(w->folder.file);
    require(slice_equal(file, event->message->payload));
    free((void *)file.ptr);
    close(w->folder.file);
    w->folder.file = -1;
}

static void
writers_take(struct writers *w, const struct event *event)
{
    for (size_t i = 0; i < N_SINKS; i++)
        if (w->sinks[i].wants >> event->type & 1u)
            w->sinks[i].event(w->sinks[i].ctx, event);
    check_file(w, event);
}

static void
writers_finish(struct writers *w, const struct summary *summary)
{
    json_summary(w->json, summary);
    har_finish(w->har);
    payloads_finish(w->payloads);
    for (size_t i = 0; i < N_FORMATS; i++)
        text_read(&w->texts[i]);
    text_read(&w->json_text);
    text_read(&w->har_text);
    w->index = read_file(w->folder.index);
}

static void
writers_close(struct writers *w)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        follow_free(w->follow[i]);
        text_fini(&w->texts[i]);
    }
    json_free(w->json);
    text_fini(&w->json_text);
    har_free(w->har);
    text_fini(&w->har_text);
    payloads_free(w->payloads);
    close(w->folder.index);
    free((void *)w->index.ptr);
}

static void
require_same(const struct writers *a, const struct writers *b)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        require(slice_equal(a->texts[i].all, b->texts[i].all));
    require(slice_equal(a->json_text.all, b->json_text.all));
    require(slice_equal(a->har_text.all, b->har_text.all));
    require(slice_equal(a->index, b->index));
}

/* ---- the same events from other memory ---- */

struct edges {
    struct edge_page message, frame;
};

/* Where part of `from` lies in `to`, which has the same bytes. */
static struct slice
moved(struct slice part, struct slice from, struct slice to)
{
    uintptr_t at = (uintptr_t)part.ptr, start = (uintptr_t)from.ptr;
    if (!part.ptr || at < start || at + part.len > start + from.len)
        return part;
    return slice_make(to.ptr + (at - start), part.len);
}

static struct slice
move(struct edge_page *edge, struct slice bytes)
{
    return bytes.ptr ? edge_page_put(edge, bytes) : bytes;
}

static struct http1_head *
move_head(const struct http1_head *head)
{
    struct http1_head *copy = NULL;
    if (head)
        require(http1_head_copy(&copy, head) == ERR_OK);
    return copy;
}

static void
move_extensions(struct ws_ext_list *list, struct slice from, struct slice to)
{
    for (size_t i = 0; i < list->n; i++)
        list->ext[i].name = moved(list->ext[i].name, from, to);
    for (size_t i = 0; i < list->n_params; i++) {
        list->params[i].name = moved(list->params[i].name, from, to);
        list->params[i].value = moved(list->params[i].value, from, to);
    }
}

static void
move_handshake(struct event_handshake *h, const struct http1_head *from,
               const struct http1_head *to)
{
    struct slice *parts[] = {&h->host,   &h->origin,  &h->key,
                             &h->accept, &h->version, &h->protocol};
    if (!from)
        return;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = moved(*parts[i], from->text, to->text);
    for (size_t i = 0; i < h->n_protocols_offered; i++)
        h->protocols_offered[i] =
            moved(h->protocols_offered[i], from->text, to->text);
    move_extensions(&h->offered, from->text, to->text);
    move_extensions(&h->agreed, from->text, to->text);
}

static void
take_moved_handshake(struct writers *w, struct event event)
{
    struct event_handshake h = *event.handshake;
    struct http1_head *request = move_head(h.request_head);
    struct http1_head *response = move_head(h.response_head);
    h.request_head = request;
    h.response_head = response;
    move_handshake(&h, event.handshake->request_head, request);
    move_handshake(&h, event.handshake->response_head, response);
    event.handshake = &h;
    writers_take(w, &event);
    http1_head_free(request);
    http1_head_free(response);
}

static struct event_message
move_message(struct edges *e, const struct event_message *message)
{
    struct event_message m = *message;
    m.payload = move(&e->message, m.payload);
    return m;
}

static void
take_moved(struct writers *w, struct edges *e, struct event event)
{
    struct event_message message;
    struct event_frame frame;
    if (event.type == EVENT_HANDSHAKE) {
        take_moved_handshake(w, event);
        return;
    }
    if (event.type == EVENT_MESSAGE) {
        message = move_message(e, event.message);
        event.message = &message;
    } else if (event.type == EVENT_FRAME) {
        frame = *event.frame;
        frame.payload = move(&e->frame, frame.payload);
        frame.close_reason =
            moved(frame.close_reason, event.frame->payload, frame.payload);
        if (frame.completed) {
            message = move_message(e, frame.completed);
            frame.completed = &message;
        }
        event.frame = &frame;
    }
    writers_take(w, &event);
}

/* ---- what was told ---- */

struct run {
    struct writers here, there;
    struct edges edges;
    struct summary summary;
    uint8_t look[2];
    uint64_t json_lines, har_things, messages, payload_bytes;
    struct text raw; /* what it should be */
};

static void
expect_raw(struct run *r, const struct event *event)
{
    static const enum follow_from froms[] = {FOLLOW_FROM_CLIENT,
                                             FOLLOW_FROM_SERVER};
    unsigned from = (r->look[1] >> 3 & 3) % (FOLLOW_FROM_SERVER + 1);
    const struct event_message *m = event->message;
    struct follow_figures figures = follow_figures(r->here.follow[FORMAT_RAW]);
    if (event->conn != figures.conn ||
        (from != FOLLOW_FROM_BOTH && from != froms[m->from]))
        return;
    struct slice bytes =
        slice_head(m->payload, r->look[0] & LOOK_LESS ? KEEP_LESS : KEEP);
    out_put(&r->raw.out, bytes.ptr, bytes.len);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct run *r = ctx;
    bool control =
        event->type == EVENT_FRAME && event->frame->header.opcode & 8u;
    summary_count(&r->summary, event);
    r->json_lines += event->type != EVENT_TCP;
    r->har_things +=
        control || event->type == EVENT_MESSAGE || event->type == EVENT_FINDING;
    writers_take(&r->here, event);
    take_moved(&r->there, &r->edges, *event);
    if (event->type != EVENT_MESSAGE)
        return;
    expect_raw(r, event);
    if (payloads_figures(r->here.payloads)->error_errno != 0)
        return;
    r->messages++;
    r->payload_bytes += event->message->payload.len;
}

/* Takes out what conversation_out.c puts in for colours. */
static struct slice
without_colors(struct slice text)
{
    uint8_t *plain = malloc(text.len ? text.len : 1);
    size_t len = 0;
    require(plain);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\033') {
            plain[len++] = text.ptr[i];
            continue;
        }
        for (require(++i < text.len && text.ptr[i] == '['); text.ptr[i] != 'm';)
            require(++i < text.len && strchr("0123456789;m", text.ptr[i]));
    }
    return slice_make(plain, len);
}

static void
check_follow(const struct run *r)
{
    const struct text *texts = r->here.texts;
    bool utf8 = r->look[0] & LOOK_UTF8;
    size_t width = r->look[0] & LOOK_NARROW ? 40 : 0;
    for (size_t i = 0; i < FORMAT_RAW; i++)
        holds(oracle_lines(texts[i].all, utf8,
                           formats[i] == OUTPUT_FORMAT_C ? 0 : width));
    for (size_t i = 0; i < FORMAT_RAW; i++)
        if (formats[i] == OUTPUT_FORMAT_C)
            holds(oracle_c(texts[i].all));
    require(slice_equal(texts[FORMAT_RAW].all, r->raw.all));
    struct slice plain = without_colors(texts[FORMAT_COLOR].all);
    require(slice_equal(plain, texts[0].all));
    free((void *)plain.ptr);
}

static void
check_har(const struct run *r)
{
    const struct har_figures *figures = har_figures(r->here.har);
    struct oracle_har found;
    holds(
        oracle_har(r->here.har_text.all, r->look[0] & LOOK_NO_SECRETS, &found));
    require(found.entries == figures->entries);
    require(found.entries == r->summary.connections);
    require(found.messages == figures->messages);
    require(found.messages + found.findings + figures->left_out ==
            r->har_things);
    require(figures->over >= figures->left_out);
    require(figures->over == 0 || r->look[0] >> 6 != 0);
    require(figures->spool_errno == 0 && figures->no_memory == 0);
}

static void
check(const struct run *r)
{
    const struct payloads_figures *files = payloads_figures(r->here.payloads);
    uint64_t n;
    check_follow(r);
    check_har(r);
    holds(oracle_json_lines(r->here.json_text.all, &n));
    require(n == r->json_lines + 1);
    holds(oracle_index(r->here.index, &n));
    require(n == files->files && n == r->messages);
    require(files->bytes == r->payload_bytes);
    /* Behind a failure none is asked for. */
    require(r->here.folder.n_created ==
            n + 1 + (files->error_errno != 0 ? 1 : 0));
    require_same(&r->here, &r->there);
}

/* ---- where events come from ---- */

static void
from_steps(struct run *r, struct slice in)
{
    static struct event_steps steps;
    event_steps_init(&steps, in, on_event, r);
    while (steps.in.len > 0)
        event_steps_make(&steps, event_steps_next(&steps) % EVENT_STEPS_KINDS);
}

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    struct run *r = ctx;
    /* Its name is that of a descriptor. */
    json_capture(r->here.json, info, first_packet);
    json_capture(r->there.json, info, first_packet);
    r->json_lines++;
}

static void
from_capture(struct run *r, struct slice in)
{
    struct options o;
    struct source *source;
    struct pipeline *p;
    char name[32];
    const char *names[] = {name};
    struct event_sink sink = {.wants = ~0u,
                              .keep = KEEP,
                              .least = SEVERITY_CHAT,
                              .ctx = r,
                              .event = on_event};
    struct pipeline_watch watch = {.ctx = r,
                                   .capture = on_capture,
                                   .failed = quiet_failed,
                                   .unknown_link = quiet_unknown_link,
                                   .packet = quiet_packet};
    int fd = make_file();
    require(write(fd, in.ptr, in.len) == (ssize_t)in.len);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    options_init(&o);
    o.inflate_limit = 1 << 20;
    o.early_bytes = 1 << 16;
    require(source_new(&source, names, 1) == ERR_OK);
    require(pipeline_new(&p, &o, source, &sink) == ERR_OK);
    pipeline_run(p, &watch);
    pipeline_free(p);
    close(fd);
}

/* pcap, either byte order, micro- or nanoseconds; pcapng. */
static bool
is_capture(struct slice in)
{
    static const uint32_t magics[] = {0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d,
                                      0x4d3cb2a1, 0x0a0d0d0a};
    for (size_t i = 0; in.len >= 4 && i < sizeof magics / sizeof *magics; i++)
        if (rd_load_be32(in.ptr) == magics[i])
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct edges edges;
    static struct run run;
    struct run *r = &run;
    if (size < 2)
        return 0;
    if (!edges.frame.map) {
        edge_page_init(&edges.message, KEEP);
        edge_page_init(&edges.frame, WS_FRAME_CONTROL_MAX);
    }
    memset(r, 0, sizeof *r);
    r->edges = edges;
    memcpy(r->look, data, sizeof r->look);
    summary_init(&r->summary);
    text_init(&r->raw);
    writers_open(&r->here, r->look);
    writers_open(&r->there, r->look);
    struct slice in = slice_make(data + 2, size - 2);
    if (is_capture(in))
        from_capture(r, in);
    else
        from_steps(r, in);
    text_read(&r->raw);
    writers_finish(&r->here, &r->summary);
    writers_finish(&r->there, &r->summary);
    check(r);
    writers_close(&r->here);
    writers_close(&r->there);
    text_fini(&r->raw);
    return 0;
}
