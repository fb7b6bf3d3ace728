/* SPDX-License-Identifier: MIT */
#include "capture/packet_hold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define CELL_LEN 256u
#define REST_LEN (CELL_LEN - 8) /* data in a cell behind the first */
#define NONE UINT32_MAX

/* What map.c needs for one flow, at most: it grows at half full, and has the
 * old and the new slots while it does; and what it starts with. */
#define MAP_PER_FLOW (6 * sizeof(struct map_slot))
#define MAP_START (1024 * sizeof(struct map_slot))

/* Of a packet; it is named by the index of its first cell. */
struct head {
    struct packet packet; /* data.ptr is not used */
    uint32_t flow;        /* index into flows */
    uint32_t before;      /* neighbours in the queue of all packets */
    uint32_t behind;
    uint32_t next; /* of the same flow */
};

#define FIRST_LEN (REST_LEN - sizeof(struct head))

struct cell {
    union {
        struct {
            struct head head;
            uint8_t data[FIRST_LEN];
        } first;
        uint8_t rest[REST_LEN];
    } u;
    uint32_t more; /* the next cell of the packet, or the next free one */
};

_Static_assert(sizeof(struct cell) == CELL_LEN, "no hole but the last");

/* A flow that has packets here. */
struct flow_entry {
    uint64_t number;
    uint32_t first; /* packet; of a free entry: the next free one */
    uint32_t last;
};

struct packet_hold {
    struct map map; /* of struct flow_entry */
    struct cell *cells;
    struct flow_entry *flows; /* as many as cells */
    uint32_t n_cells;
    uint32_t free_cells;   /* list of those that were in use */
    uint32_t n_used_cells; /* those behind were never touched */
    uint32_t n_free_cells; /* in the list, or never touched */
    uint32_t free_flows;   /* the same for flows */
    uint32_t n_used_flows;
    uint32_t oldest, newest; /* packets */
    size_t max_packets;
    uint8_t *whole; /* one packet in one piece */
    struct packet_hold_figures figures;
};

/* ---- Cells and flows -------------------------------------------------- */

static struct head *
head_of(const struct packet_hold *h, uint32_t packet)
{
    return &h->cells[packet].u.first.head;
}

static uint32_t
cells_for(size_t data_len)
{
    size_t behind = data_len > FIRST_LEN ? data_len - FIRST_LEN : 0;
    return 1 + (uint32_t)((behind + REST_LEN - 1) / REST_LEN);
}

static uint32_t
take_cell(struct packet_hold *h)
{
    uint32_t c = h->free_cells;
    assert(h->n_free_cells > 0);
    h->n_free_cells--;
    if (c == NONE)
        return h->n_used_cells++;
    h->free_cells = h->cells[c].more;
    return c;
}

/* The cells of one packet to the free ones. */
static void
give_cells(struct packet_hold *h, uint32_t packet)
{
    uint32_t last = packet;
    for (h->n_free_cells++; h->cells[last].more != NONE; h->n_free_cells++)
        last = h->cells[last].more;
    h->cells[last].more = h->free_cells;
    h->free_cells = packet;
}

static bool
has_number(const void *value, const void *key)
{
    const struct flow_entry *f = value;
    const uint64_t *number = key;
    return f->number == *number;
}

static uint32_t
hash_of(const struct packet_hold *h, uint64_t number)
{
    uint32_t words[] = {(uint32_t)number, (uint32_t)(number >> 32)};
    return map_hash(&h->map, words, 2);
}

static struct flow_entry *
find_flow(const struct packet_hold *h, uint64_t number)
{
    return map_find(&h->map, hash_of(h, number), has_number, &number);
}

/* NULL without memory. */
static struct flow_entry *
add_flow(struct packet_hold *h, uint64_t number)
{
    uint32_t i = h->free_flows == NONE ? h->n_used_flows : h->free_flows;
    struct flow_entry *f = &h->flows[i];
    if (map_insert(&h->map, hash_of(h, number), f) != ERR_OK)
        return NULL;
    if (i == h->n_used_flows)
        h->n_used_flows++;
    else
        h->free_flows = f->first;
    *f = (struct flow_entry){number, NONE, NONE};
    h->figures.flows++;
    return f;
}

static void
remove_flow(struct packet_hold *h, struct flow_entry *f)
{
    bool was_there = map_remove(&h->map, hash_of(h, f->number), f);
    assert(was_there);
    f->first = h->free_flows;
    h->free_flows = (uint32_t)(f - h->flows);
    h->figures.flows--;
}

/* ---- Packets ---------------------------------------------------------- */

/* Takes a packet out of the queue, not out of its flow. */
static void
forget(struct packet_hold *h, uint32_t packet)
{
    const struct head *p = head_of(h, packet);
    if (p->before == NONE)
        h->oldest = p->behind;
    else
        head_of(h, p->before)->behind = p->behind;
    if (p->behind == NONE)
        h->newest = p->before;
    else
        head_of(h, p->behind)->before = p->before;
    h->figures.packets--;
    h->figures.bytes -= p->packet.data.len;
    give_cells(h, packet);
}

/* The oldest of all packets is the first one of its flow, too. */
static void
give_up_oldest(struct packet_hold *h)
{
    uint32_t packet = h->oldest;
    assert(packet != NONE);
    const struct head *p = head_of(h, packet);
    struct flow_entry *f = &h->flows[p->flow];
    assert(f->first == packet);
    f->first = p->next;
    if (f->first == NONE)
        remove_flow(h, f);
    h->figures.given_up_packets++;
    h->figures.given_up_bytes += p->packet.data.len;
    forget(h, packet);
}

/* Copies data into the cells of a packet, taking those it needs. */
static void
fill_cells(struct packet_hold *h, uint32_t packet, struct slice data)
{
    struct cell *c = &h->cells[packet];
    struct slice part = slice_head(data, FIRST_LEN);
    uint8_t *room = c->u.first.data;
    for (;;) {
        if (part.len)
            memcpy(room, part.ptr, part.len);
        data = slice_skip(data, part.len);
        if (!data.len)
            break;
        c->more = take_cell(h);
        c = &h->cells[c->more];
        room = c->u.rest;
        part = slice_head(data, REST_LEN);
    }
    c->more = NONE;
}

/* The bytes of a packet in one piece; they live until the next call. */
static struct slice
gather(struct packet_hold *h, uint32_t packet)
{
    const struct cell *c = &h->cells[packet];
    size_t len = c->u.first.head.packet.data.len;
    size_t done = len < FIRST_LEN ? len : FIRST_LEN;
    if (done == len)
        return slice_make(c->u.first.data, len);
    memcpy(h->whole, c->u.first.data, done);
    while (done < len) {
        c = &h->cells[c->more];
        size_t part = len - done < REST_LEN ? len - done : REST_LEN;
        memcpy(h->whole + done, c->u.rest, part);
        done += part;
    }
    return slice_make(h->whole, len);
}

static bool
give_up_new(struct packet_hold *h, const struct packet *p)
{
    h->figures.given_up_packets++;
    h->figures.given_up_bytes += p->data.len;
    return false;
}

bool
packet_hold_add(struct packet_hold *h, uint64_t flow, const struct packet *p)
{
    if (p->data.len > PACKET_HOLD_DATA_MAX)
        return give_up_new(h, p);
    uint32_t need = cells_for(p->data.len);
    if (need > h->n_cells)
        return give_up_new(h, p);
    while (h->n_free_cells < need || h->figures.packets == h->max_packets)
        give_up_oldest(h);
    struct flow_entry *f = find_flow(h, flow);
    if (!f && !(f = add_flow(h, flow)))
        return give_up_new(h, p);
    uint32_t packet = take_cell(h);
    fill_cells(h, packet, p->data);
    *head_of(h, packet) = (struct head){.packet = *p,
                                        .flow = (uint32_t)(f - h->flows),
                                        .before = h->newest,
                                        .behind = NONE,
                                        .next = NONE};
    if (h->newest == NONE)
        h->oldest = packet;
    else
        head_of(h, h->newest)->behind = packet;
    h->newest = packet;
    if (f->first == NONE)
        f->first = packet;
    else
        head_of(h, f->last)->next = packet;
    f->last = packet;
    h->figures.packets++;
    h->figures.bytes += p->data.len;
    return true;
}

size_t
packet_hold_release(struct packet_hold *h, uint64_t flow, packet_hold_fn take,
                    void *ctx)
{
    struct flow_entry *f = find_flow(h, flow);
    size_t n = 0;
    if (!f)
        return 0;
    for (uint32_t packet = f->first; packet != NONE; n++) {
        uint32_t next = head_of(h, packet)->next;
        if (take) {
            struct packet p = head_of(h, packet)->packet;
            p.data = gather(h, packet);
            take(ctx, &p);
        }
        forget(h, packet);
        packet = next;
    }
    remove_flow(h, f);
    return n;
}

size_t
packet_hold_drop(struct packet_hold *h, uint64_t flow)
{
    return packet_hold_release(h, flow, NULL, NULL);
}

/* All cells and flows free again. */
static void
make_empty(struct packet_hold *h)
{
    h->free_cells = h->free_flows = NONE;
    h->n_used_cells = h->n_used_flows = 0;
    h->n_free_cells = h->n_cells;
    h->oldest = h->newest = NONE;
    h->figures.packets = h->figures.bytes = h->figures.flows = 0;
}

void
packet_hold_drop_all(struct packet_hold *h)
{
    map_clear(&h->map);
    make_empty(h);
}

const struct packet_hold_figures *
packet_hold_figures(const struct packet_hold *h)
{
    return &h->figures;
}

void
packet_hold_free(struct packet_hold *h)
{
    if (!h)
        return;
    map_fini(&h->map);
    free(h->cells);
    free(h->flows);
    free(h->whole);
    free(h);
}

enum err
packet_hold_new(struct packet_hold **out, size_t max_bytes, size_t max_packets)
{
    const size_t fixed =
        sizeof(struct packet_hold) + PACKET_HOLD_DATA_MAX + MAP_START;
    const size_t per_cell =
        sizeof(struct cell) + sizeof(struct flow_entry) + MAP_PER_FLOW;
    if (max_bytes < PACKET_HOLD_BYTES_MIN)
        max_bytes = PACKET_HOLD_BYTES_MIN;
    size_t n_cells = (max_bytes - fixed) / per_cell;
    struct packet_hold *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NOMEM;
    h->n_cells = n_cells < NONE ? (uint32_t)n_cells : NONE - 1;
    h->max_packets = max_packets ? max_packets : SIZE_MAX;
    /* The system gives the pages of these when they are used first. */
    h->cells = malloc(h->n_cells * sizeof *h->cells);
    h->flows = malloc(h->n_cells * sizeof *h->flows);
    h->whole = malloc(PACKET_HOLD_DATA_MAX);
    if (!h->cells || !h->flows || !h->whole || map_init(&h->map) != ERR_OK) {
        packet_hold_free(h);
        return ERR_NOMEM;
    }
    make_empty(h);
    *out = h;
    return ERR_OK;
}
