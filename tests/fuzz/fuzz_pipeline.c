/* SPDX-License-Identifier: MIT */
/*
 * The whole program below the command line: a capture file in, events out.
 *
 * The oracle: every handshake has one end and nothing comes behind it; frames
 * and messages are numbered without holes; frames of a sender do not overlap;
 * what `end` counts is what was reported; reading the same file twice gives
 * the same events.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/quiet_watch.h"
#include "ui/pipeline.h"

#define CONNS_MAX 64u

static void
require(bool truth)
{
    if (!truth)
        abort();
}

struct conn_state {
    bool open, ended;
    uint64_t frames[2], messages[2];
    uint64_t next_off[2];
    uint64_t headers[2]; /* bytes */
};

struct watcher {
    struct conn_state conn[CONNS_MAX + 1];
    uint64_t digest;
};

static void
mix(struct watcher *w, uint64_t value)
{
    w->digest = (w->digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    w->digest ^= w->digest >> 29;
}

static void
watch_frame(struct watcher *w, struct conn_state *c,
            const struct event_frame *ev)
{
    require(ev->number == ++c->frames[ev->from]);
    require(ev->header.offset >= c->next_off[ev->from]);
    require(ev->header.header_len >= 2);
    require(ev->first.packet <= ev->at.packet);
    c->headers[ev->from] += ev->header.header_len;
    c->next_off[ev->from] = ev->header.offset + ev->header.header_len;
    mix(w, ev->header.offset);
    mix(w, ev->header.opcode);
    mix(w, ev->header.payload_len);
    for (size_t i = 0; i < ev->payload.len; i++)
        mix(w, ev->payload.ptr[i]);
}

static void
watch_message(struct watcher *w, struct conn_state *c,
              const struct event_message *ev)
{
    require(ev->number == ++c->messages[ev->from]);
    require(!ev->has_len || ev->payload.len <= ev->len);
    require(!ev->complete || ev->has_len);
    require(!ev->complete || ev->truncated || ev->payload.len == ev->len);
    for (size_t i = 0; i < ev->payload.len; i++)
        mix(w, ev->payload.ptr[i]);
}

static void
watch_end(struct conn_state *c, const struct event_end *ev)
{
    for (unsigned i = 0; i < 2; i++) {
        require(ev->frames[i] >= c->frames[i]);
        require(ev->messages[i] == c->messages[i]);
        require(ev->frames[i] > c->frames[i] ||
                ev->wire_bytes[i] == c->headers[i] + ev->payload_bytes[i] +
                                         ev->undecoded_bytes[i]);
    }
    require(ev->n_evidence <= EVENT_EVIDENCE_MAX);
    require(ev->text != NULL);
    c->ended = true;
}

static void
on_event(void *ctx, const struct event *ev)
{
    struct watcher *w = ctx;
    require(ev->conn > 0);
    mix(w, ev->type);
    if (ev->conn > CONNS_MAX)
        return;
    struct conn_state *c = &w->conn[ev->conn];
    require(!c->ended);
    switch (ev->type) {
    case EVENT_HANDSHAKE:
        require(!c->open);
        c->open = true;
        break;
    case EVENT_FRAME:
        require(c->open);
        watch_frame(w, c, ev->frame);
        break;
    case EVENT_MESSAGE:
        require(c->open);
        watch_message(w, c, ev->message);
        break;
    case EVENT_END:
        require(c->open);
        watch_end(c, ev->end);
        break;
    case EVENT_TCP:
        require(c->open);
        require((unsigned)ev->tcp->what < EVENT_TCP_COUNT);
        require(ev->tcp->at.packet > 0);
        mix(w, ev->tcp->at.packet);
        mix(w, ev->tcp->seq);
        break;
    case EVENT_GAP:
        mix(w, ev->gap->len);
        break;
    case EVENT_FINDING:
        require((unsigned)ev->finding->id < FINDING_COUNT);
        mix(w, ev->finding->id);
        break;
    }
}

static void
on_capture(void *ctx, const struct source_info *info, uint64_t first_packet)
{
    (void)ctx;
    require(info->name != NULL && first_packet > 0);
}

static void
on_failed(void *ctx, const struct source_error *error)
{
    (void)ctx;
    require(strlen(error->reason) < sizeof error->reason);
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

static uint64_t
run(const char *name)
{
    static struct watcher w;
    struct options o;
    struct source *source;
    struct pipeline *p;
    const char *names[] = {name};
    struct event_sink sink = {.wants = ~0u,
                              .keep = 4096,
                              .ctx = &w,
                              .event = on_event};
    struct pipeline_watch watch = {.ctx = &w,
                                   .capture = on_capture,
                                   .failed = on_failed,
                                   .unknown_link = quiet_unknown_link,
                                   .packet = on_packet};
    memset(&w, 0, sizeof w);
    options_init(&o);
    o.inflate_limit = 1 << 20;
    o.early_bytes = 1 << 16;
    require(source_new(&source, names, 1) == ERR_OK);
    require(pipeline_new(&p, &o, source, &sink) == ERR_OK);
    pipeline_run(p, &watch);
    pipeline_free(p);
    for (unsigned i = 1; i <= CONNS_MAX; i++)
        require(w.conn[i].open == w.conn[i].ended);
    return w.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[32];
    int fd = memfd_create("capture", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    uint64_t once = run(name);
    require(run(name) == once);
    close(fd);
    return 0;
}
