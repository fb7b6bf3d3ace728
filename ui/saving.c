/* SPDX-License-Identifier: MIT */
#include "ui/saving.h"

#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "capture/live.h"

/* Flows whose WebSocket has ended and of which packets may still come, the
 * last acknowledgement above all. */
#define ENDED_MAX 1024u

_Static_assert(BROKER_MADE_MAX > SAVE_RING_MAX,
               "the broker must know the oldest file of a ring");

/* A flow that carries a WebSocket. */
struct chosen {
    uint64_t flow;
    uint32_t conn; /* the last one on it */
    bool over;     /* that one has ended */
    bool queued;   /* in saving.ended */
};

struct saving {
    const struct options *options;
    struct broker *broker;
    struct save *save;
    struct event_sink inner;
    const struct source_info *info; /* of the packet at hand, or the last */

    /* Only with --ws-only: */
    struct packet_hold *hold;
    struct map by_flow, by_conn; /* of struct chosen */
    struct chosen *ended[ENDED_MAX];
    size_t n_ended;      /* so far; the place of the next one, modulo */
    uint64_t not_chosen; /* for want of memory */
};

/* -w ../a/b.pcapng: "../a", "b", ".pcapng".  A name without a suffix gets one
 * only from rotation, where it stands behind the number. */
enum err
saving_dir_init(struct saving_dir *d, const struct options *o)
{
    const char *slash = strrchr(o->write, '/');
    const char *base = slash ? slash + 1 : o->write;
    size_t dir_len = slash ? (size_t)(slash - o->write) : 0;
    size_t len = strlen(o->write), base_len = strlen(base);
    const char *dot = strrchr(base, '.');
    size_t stem_len = dot && dot != base ? (size_t)(dot - base) : base_len;
    if (len >= SAVE_NAME_MAX || base_len == 0)
        return ERR_LIMIT;
    /* "." or "/" where the directory is empty. */
    d->texts = malloc(dir_len + 2 + 2 * (base_len + 1));
    if (!d->texts)
        return ERR_NOMEM;
    char *dir = d->texts, *prefix, *suffix;
    if (dir_len > 0) {
        memcpy(dir, o->write, dir_len);
    } else {
        dir[0] = slash ? '/' : '.';
        dir_len = 1;
    }
    dir[dir_len] = '\0';
    prefix = dir + dir_len + 1;
    memcpy(prefix, base, stem_len);
    prefix[stem_len] = '\0';
    suffix = prefix + stem_len + 1;
    memcpy(suffix, base + stem_len, base_len - stem_len);
    suffix[base_len - stem_len] = '\0';
    d->dir = (struct broker_dir){.path = dir,
                                 .prefix = *prefix ? prefix : NULL,
                                 .suffix = *suffix ? suffix : NULL};
    return ERR_OK;
}

void
saving_dir_fini(struct saving_dir *d)
{
    free(d->texts);
    d->texts = NULL;
}

static const char *
base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

int
saving_create_file(struct broker *broker, const char *name)
{
    int fd;
    if (broker)
        return broker_create(broker, 0, base_name(name));
    do
        fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
                  0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static int
create_file(void *ctx, const char *name)
{
    struct saving *s = ctx;
    return saving_create_file(s->broker, name);
}

static int
remove_file(void *ctx, const char *name)
{
    struct saving *s = ctx;
    return s->broker ? broker_remove(s->broker, 0, base_name(name))
                     : unlink(name);
}

enum err
saving_new(struct saving **out, const struct options *o, struct broker *broker,
           struct save_news *news)
{
    struct save_options save = {
        .name = o->write,
        .format = save_name_format(o->write),
        .rotate_bytes = o->ring.bytes,
        .rotate_ns = o->ring.duration_ns,
        .rotate_packets = o->ring.packets,
        /* save_new() says what is too many. */
        .ring_files =
            o->ring.files < UINT32_MAX ? (uint32_t)o->ring.files : UINT32_MAX,
        .max_files = o->stop.files,
        .comment = o->comment,
        .application = PACKAGE_NAME " " PACKAGE_VERSION,
        .filter = o->ifaces.n == 0 ? NULL
                  : o->filter      ? o->filter
                                   : LIVE_FILTER_DEFAULT,
        .open = create_file,
        .remove = remove_file,
    };
    *news = (struct save_news){.code = ERR_NOMEM};
    struct saving *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->options = o;
    s->broker = broker;
    save.ctx = s;
    enum err e = ERR_OK;
    if (o->ws_only) {
        e = packet_hold_new(&s->hold, SAVING_HOLD_BYTES, 0);
        if (e == ERR_OK)
            e = map_init(&s->by_flow);
        if (e == ERR_OK)
            e = map_init(&s->by_conn);
    }
    if (e == ERR_OK)
        e = save_new(&s->save, &save, news);
    if (e != ERR_OK) {
        saving_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

static uint32_t
hash_flow(const struct saving *s, uint64_t flow)
{
    const uint32_t words[2] = {(uint32_t)flow, (uint32_t)(flow >> 32)};
    return map_hash(&s->by_flow, words, 2);
}

static uint32_t
hash_conn(const struct saving *s, uint32_t conn)
{
    return map_hash(&s->by_conn, &conn, 1);
}

static bool
has_flow(const void *value, const void *key)
{
    return ((const struct chosen *)value)->flow == *(const uint64_t *)key;
}

static bool
has_conn(const void *value, const void *key)
{
    return ((const struct chosen *)value)->conn == *(const uint32_t *)key;
}

static void
take_held(void *ctx, const struct packet *packet)
{
    struct saving *s = ctx;
    save_packet(s->save, packet, s->info);
}

/* The entry of a flow, made when there is none; NULL without memory. */
static struct chosen *
chosen_get(struct saving *s, uint64_t flow)
{
    uint32_t hash = hash_flow(s, flow);
    struct chosen *c = map_find(&s->by_flow, hash, has_flow, &flow);
    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->flow = flow;
    c->over = true;
    if (map_insert(&s->by_flow, hash, c) == ERR_OK)
        return c;
    free(c);
    return NULL;
}

/* A flow may carry several handshakes, one after another: the last counts. */
static void
choose(struct saving *s, uint64_t flow, uint32_t conn)
{
    struct chosen *c = chosen_get(s, flow);
    if (!c) {
        s->not_chosen++;
        return;
    }
    if (!c->over)
        map_remove(&s->by_conn, hash_conn(s, c->conn), c);
    c->conn = conn;
    /* Without memory for it the flow is not forgotten before the end. */
    c->over = false;
    (void)!map_insert(&s->by_conn, hash_conn(s, conn), c);
    packet_hold_release(s->hold, flow, take_held, s);
}

/* The connection has ended: its flow is forgotten when ENDED_MAX others have
 * ended behind it. */
static void
end_conn(struct saving *s, uint32_t conn)
{
    struct chosen *c =
        map_find(&s->by_conn, hash_conn(s, conn), has_conn, &conn);
    if (!c)
        return;
    map_remove(&s->by_conn, hash_conn(s, conn), c);
    c->over = true;
    if (c->queued)
        return;
    struct chosen **place = &s->ended[s->n_ended++ % ENDED_MAX];
    struct chosen *oldest = *place;
    *place = c;
    c->queued = true;
    if (!oldest)
        return;
    oldest->queued = false;
    if (oldest->over) {
        map_remove(&s->by_flow, hash_flow(s, oldest->flow), oldest);
        free(oldest);
    }
}

static void
on_event(void *ctx, const struct event *event)
{
    struct saving *s = ctx;
    if (event->type == EVENT_HANDSHAKE)
        choose(s, event->handshake->flow, event->conn);
    else if (event->type == EVENT_END)
        end_conn(s, event->conn);
    if (s->inner.wants >> event->type & 1u)
        s->inner.event(s->inner.ctx, event);
}

struct event_sink
saving_sink(struct saving *s, struct event_sink inner)
{
    struct event_sink sink = inner;
    if (!s->hold)
        return inner;
    s->inner = inner;
    sink.wants |= 1u << EVENT_HANDSHAKE | 1u << EVENT_END;
    sink.ctx = s;
    sink.event = on_event;
    return sink;
}

void
saving_packet(struct saving *s, const struct packet *packet,
              const struct source_info *info,
              const struct pipeline_sight *sight)
{
    s->info = info;
    uint64_t flow = sight->flow.flow;
    if (!s->hold || sight->decap == DECAP_FRAGMENT) {
        save_packet(s->save, packet, info);
    } else if (sight->decap != DECAP_TCP || flow == 0) {
        return;
    } else if (map_find(&s->by_flow, hash_flow(s, flow), has_flow, &flow)) {
        save_packet(s->save, packet, info);
    } else if (sight->flow.wanted) {
        (void)packet_hold_add(s->hold, flow, packet);
    } else {
        packet_hold_drop(s->hold, flow);
    }
}

bool
saving_is_full(const struct saving *s)
{
    const struct save_figures *f = save_figures(s->save);
    uint64_t max = s->options->stop.bytes;
    return (max > 0 && f->bytes + f->waiting_bytes >= max) ||
           save_is_over(s->save);
}

struct save *
saving_save(struct saving *s)
{
    return s->save;
}

uint64_t
saving_given_up(const struct saving *s)
{
    return s->hold
               ? packet_hold_figures(s->hold)->given_up_packets + s->not_chosen
               : 0;
}

void
saving_free(struct saving *s)
{
    if (!s)
        return;
    save_free(s->save);
    packet_hold_free(s->hold);
    for (size_t i = 0; s->by_flow.slots && i <= s->by_flow.mask; i++)
        free(s->by_flow.slots[i].value);
    map_fini(&s->by_flow);
    map_fini(&s->by_conn);
    free(s);
}
