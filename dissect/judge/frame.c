/* SPDX-License-Identifier: MIT */
#include "dissect/judge/rules.h"

#include <inttypes.h>
#include <stdio.h>

#define DETAIL_MAX 100u

/* ---- Frames --------------------------------------------------------- */

static void
judge_length(struct judge *j, const struct judged_frame *f)
{
    char text[DETAIL_MAX];
    uint64_t len = f->header->payload_len;
    /* What was found behind a loss may be no header at all. */
    if (len <= judge_limit(j, THRESHOLD_FRAME_HUGE) || !f->synced)
        return;
    snprintf(text, sizeof text, "%" PRIu64 " bytes", len);
    judge_find(j, &(struct event_finding){.id = FINDING_FRAME_LENGTH_HUGE,
                                          .has_from = true,
                                          .from = f->from,
                                          .at = f->first,
                                          .has_offset = true,
                                          .offset = f->header->offset,
                                          .frame = f->number,
                                          .message = f->message,
                                          .detail = text});
}

/* More parts than anybody needs, or less in each of them. */
static bool
is_flood(const struct judge *j, const struct judge_frames *fs)
{
    uint64_t n = fs->n_fragments;
    if (n > judge_limit(j, THRESHOLD_MESSAGE_FRAGMENTS))
        return true;
    return n > judge_limit(j, THRESHOLD_MESSAGE_CRUMBS) &&
           fs->payload / n < judge_limit(j, THRESHOLD_MESSAGE_CRUMB_SIZE);
}

/* RFC 6455 section 5.4 */
static void
judge_fragment(struct judge *j, const struct judged_frame *f)
{
    struct judge_frames *fs = &j->frames[f->from];
    const struct ws_frame_header *h = f->header;
    bool first = h->opcode != WS_OP_CONT;
    fs->open = !h->fin;
    if (first && h->fin)
        return;
    if (first) {
        fs->n_fragments = fs->payload = 0;
        fs->flooded = false;
    }
    fs->n_fragments++;
    fs->payload += h->payload_len;
    if (h->payload_len == 0)
        judge_find_frame(j, FINDING_FRAME_EMPTY_FRAGMENT, f, NULL);
    if (fs->flooded || !is_flood(j, fs))
        return;
    char text[DETAIL_MAX];
    snprintf(text, sizeof text, "%" PRIu64 " parts so far, %" PRIu64 " bytes",
             fs->n_fragments, fs->payload);
    judge_find_frame(j, FINDING_MESSAGE_FRAGMENT_FLOOD, f, text);
    fs->flooded = true;
}

/* How frames lie in packets. */
static void
chat_packets(struct judge *j, const struct judged_frame *f)
{
    struct judge_frames *fs = &j->frames[f->from];
    const struct ws_frame_header *h = f->header;
    char text[DETAIL_MAX];
    if (!f->whole)
        return;
    if (fs->packet != f->meta->number)
        fs->packet_count = 0;
    fs->packet = f->meta->number;
    if (++fs->packet_count == 2)
        judge_find_frame(j, FINDING_FRAME_SEVERAL_IN_SEGMENT, f, NULL);
    if (f->first.packet == f->meta->number)
        return;
    if (f->header_cut > 0)
        snprintf(text, sizeof text,
                 "cut behind %u of the %u bytes of its header", f->header_cut,
                 h->header_len);
    else
        snprintf(text, sizeof text, "its first byte is in packet %" PRIu64,
                 f->first.packet);
    judge_find_frame(j, FINDING_FRAME_ACROSS_SEGMENTS, f, text);
}

void
judge_frame_rules(struct judge *j, const struct judged_frame *f)
{
    const struct ws_frame_header *h = f->header;
    struct judge_frames *fs = &j->frames[f->from];
    judge_length(j, f);
    if (j->chat)
        chat_packets(j, f);
    if (f->message > 0)
        judge_fragment(j, f);
    else if (j->chat && fs->open && ws_opcode_is_control(h->opcode))
        judge_find_frame(j, FINDING_FRAME_CONTROL_BETWEEN_FRAGMENTS, f, NULL);
    fs->closed |= h->opcode == WS_OP_CLOSE;
}

/* ---- Messages ------------------------------------------------------- */

static void
find_message(struct judge *j, enum finding_id id,
             const struct event_message *ev, const char *detail)
{
    judge_find(j, &(struct event_finding){.id = id,
                                          .has_from = true,
                                          .from = ev->from,
                                          .at = ev->at,
                                          .message = ev->number,
                                          .detail = detail});
}

static void
chat_message(struct judge *j, const struct event_message *ev)
{
    char text[DETAIL_MAX];
    if (ev->complete && judge_is_first(j, FINDING_MESSAGE_COMPLETE, ev->from))
        snprintf(text, sizeof text, "%s, %" PRIu64 " bytes",
                 ws_opcode_name(ev->opcode), ev->len);
    if (ev->complete)
        find_message(j, FINDING_MESSAGE_COMPLETE, ev, text);
    if (ev->n_frames > 1) {
        snprintf(text, sizeof text, "%" PRIu32 " frames, %" PRIu64 " bytes",
                 ev->n_frames, ev->wire_len);
        find_message(j, FINDING_MESSAGE_FRAGMENTED, ev, text);
    }
    if (j->has_deflate && !ev->compressed)
        find_message(j, FINDING_DEFLATE_MESSAGE_UNCOMPRESSED, ev, NULL);
}

/* Messages of a few bytes grow as a rule: RFC 7692 section 7.2.3.1 makes 7
 * bytes of "Hello". */
static void
judge_expansion(struct judge *j, const struct event_message *ev)
{
    char text[DETAIL_MAX];
    if (!ev->compressed || !ev->complete || ev->wire_len < ev->len ||
        ev->len < judge_limit(j, THRESHOLD_TINY_PAYLOAD) ||
        ev->wire_len - ev->len < judge_limit(j, THRESHOLD_EXPANSION))
        return;
    snprintf(text, sizeof text, "%" PRIu64 " bytes became %" PRIu64, ev->len,
             ev->wire_len);
    find_message(j, FINDING_DEFLATE_EXPANSION, ev, text);
}

void
judge_message_rules(struct judge *j, const struct event_message *ev,
                    const struct pkt_meta *meta)
{
    (void)meta;
    judge_expansion(j, ev);
    if (j->chat && (ev->opcode == WS_OP_TEXT || ev->opcode == WS_OP_BINARY))
        chat_message(j, ev);
}
