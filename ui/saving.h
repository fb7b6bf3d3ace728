/* SPDX-License-Identifier: MIT */
/*
 * saving.h - which packets go into the file of -w, and where that file is made.
 *
 *   pipeline -> saving_packet() -> [packet_hold until its connection is known]
 *                               -> save -> file, from the broker
 *
 * With --ws-only the packets of a flow wait until a WebSocket handshake, or
 * frames in mid-stream, are told of it, and are forgotten when nobody listens
 * to the flow any more.  Fragments of IP datagrams are always saved: what they
 * carry shows only when the last one comes.
 */
#ifndef UI_SAVING_H
#define UI_SAVING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/packet_hold.h"
#include "capture/save.h"
#include "dissect/event.h"
#include "ui/broker.h"
#include "ui/options.h"
#include "ui/pipeline.h"

struct saving;

/* Of the packets that wait for --ws-only, bytes. */
#define SAVING_HOLD_BYTES ((size_t)64 << 20)

/*
 * The directory that the broker needs for o->write, with what its names begin
 * and end with.  The texts live until saving_dir_fini().  ERR_NOMEM, or
 * ERR_LIMIT: the name is too long, or none (it ends in a slash).
 */
struct saving_dir {
    struct broker_dir dir;
    char *texts;
};
ERR_CHECK enum err saving_dir_init(struct saving_dir *d,
                                   const struct options *o);
void saving_dir_fini(struct saving_dir *d);

/* Creates or empties the file of -w, by broker in its directory 0, or here
 * where broker is NULL.  Returns a descriptor to write to; -1 with errno. */
int saving_create_file(struct broker *broker, const char *name);

/*
 * Opens what -w and its options say; files are made by broker in its directory
 * 0, or here where broker is NULL.  o and broker are borrowed until
 * saving_free().  Errors as of save_new(), told in *news.
 */
ERR_CHECK enum err saving_new(struct saving **out, const struct options *o,
                              struct broker *broker, struct save_news *news);

/* Writes what waits and closes the file.  NULL is fine. */
void saving_free(struct saving *s);

/* A sink in front of inner that also learns which flows are WebSockets. */
struct event_sink saving_sink(struct saving *s, struct event_sink inner);

/* Takes the packet at hand, after the pipeline. */
void saving_packet(struct saving *s, const struct packet *packet,
                   const struct source_info *info,
                   const struct pipeline_sight *sight);

/* Whether -a filesize:N or files:N is reached. */
bool saving_is_full(const struct saving *s);

/* For the calls of save.h on the file itself: flush, rotate, news, figures. */
struct save *saving_save(struct saving *s);

/* Packets that --ws-only had to give up for want of room. */
uint64_t saving_given_up(const struct saving *s);

#endif /* UI_SAVING_H */
