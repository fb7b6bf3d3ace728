/* SPDX-License-Identifier: MIT */
/*
 * RFC 6455 section 5.3: each frame of a client has a masking key of its own
 * that cannot be foreseen.  What is looked at is in the tally (judge.h).
 */
#include "dissect/judge/rules.h"

#include <inttypes.h>
#include <stdio.h>

#define DETAIL_MAX 100u

/* So many bits that never change, in so many keys, come by chance once in
 * 10^13 connections. */
#define FIXED_BITS 4u
#define FIXED_KEYS 16u

static bool
is_zero(const uint8_t key[4])
{
    return (key[0] | key[1] | key[2] | key[3]) == 0;
}

/* Adds a key of a frame with payload; next: the one before was added as well.
 * True: it is worth a look. */
bool
judge_add_mask(struct judge_sampled *t, const uint8_t key[4], bool next)
{
    uint32_t mask;
    memcpy(&mask, key, sizeof mask);
    uint32_t step = mask - t->mask;
    bool same = step == t->mask_step;
    t->mask = mask;
    t->masks++;
    t->mask_and &= mask;
    t->mask_or |= mask;
    if (!next)
        return mask == 0;
    t->mask_run = same ? t->mask_run + 1 : 0;
    t->mask_step = step;
    return mask == 0 || step == 0 || same;
}

/* The key is not the first one, and follows from those before it. */
static void
judge_steps(struct judge *j, const struct judged_frame *f)
{
    const struct judge_sampled *t = &j->pub.some[f->from];
    char text[DETAIL_MAX];
    uint64_t keys = (uint64_t)t->mask_run + 2; /* in a row */
    if (t->mask_step == 0) {
        if (keys < judge_limit(j, THRESHOLD_MASK_EQUAL))
            return;
        snprintf(text, sizeof text, "%02x%02x%02x%02x again",
                 f->header->mask[0], f->header->mask[1], f->header->mask[2],
                 f->header->mask[3]);
        judge_find_frame(j, FINDING_SECURITY_MASK_CONSTANT, f, text);
        return;
    }
    uint64_t least = judge_limit(j, THRESHOLD_MASK_RUN);
    if (t->mask_run == 0 || keys < least || t->masks < least)
        return;
    snprintf(text, sizeof text,
             "%" PRIu64 " keys in a row, each as far from "
             "the one before",
             least);
    judge_find_frame(j, FINDING_SECURITY_MASK_PREDICTABLE, f, text);
}

void
judge_mask(struct judge *j, const struct judged_frame *f)
{
    struct judge_sampled *t = &j->pub.some[f->from];
    const struct ws_frame_header *h = f->header;
    bool control = ws_opcode_is_control(h->opcode);
    if (f->from != WS_SENDER_CLIENT || !h->masked)
        return;
    if (h->payload_len == 0) {
        struct stamp *first = &j->masks[f->from].empty_zero;
        if (control && is_zero(h->mask) && first->packet == 0)
            *first = judge_stamp(f->meta);
        return;
    }
    if (control)
        judge_add_mask(t, h->mask, true);
    else if (!judge_samples(j->pub.tally[f->from].frames))
        return;
    if (is_zero(h->mask))
        judge_find_frame(j, FINDING_SECURITY_MASK_ZERO, f, NULL);
    else if (memcmp(&t->mask, h->mask, sizeof t->mask) == 0)
        judge_steps(j, f);
}

static unsigned
count_bits(uint32_t v)
{
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

/* Nothing that says more about the keys was found. */
static bool
is_unjudged(const struct judge *j)
{
    return judge_is_first(j, FINDING_SECURITY_MASK_ZERO, WS_SENDER_CLIENT) &&
           judge_is_first(j, FINDING_SECURITY_MASK_CONSTANT,
                          WS_SENDER_CLIENT) &&
           judge_is_first(j, FINDING_SECURITY_MASK_PREDICTABLE,
                          WS_SENDER_CLIENT);
}

void
judge_mask_end(struct judge *j, const struct event_end *end)
{
    const struct judge_sampled *t = &j->pub.some[WS_SENDER_CLIENT];
    const struct judge_masks *m = &j->masks[WS_SENDER_CLIENT];
    unsigned fixed = 32 - count_bits(t->mask_and ^ t->mask_or);
    char text[DETAIL_MAX];
    if (!is_unjudged(j))
        return;
    if (t->masks >= FIXED_KEYS && fixed >= FIXED_BITS) {
        snprintf(text, sizeof text, "%u of 32 bits are the same in %u keys",
                 fixed, t->masks);
        judge_find_side(j, FINDING_SECURITY_MASK_PREDICTABLE, WS_SENDER_CLIENT,
                        end->at, text);
    } else if (m->empty_zero.packet > 0) {
        judge_find(j, &(struct event_finding){
                          .id = FINDING_SECURITY_MASK_ZERO,
                          .severity = SEVERITY_NOTE,
                          .lowered = true,
                          .has_from = true,
                          .from = WS_SENDER_CLIENT,
                          .at = m->empty_zero,
                          .detail = "of frames without payload only"});
    }
}
