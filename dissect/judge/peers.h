/* SPDX-License-Identifier: MIT */
/*
 * peers.h - what is known across the connections of one dissector: keys that
 * were used, who is connecting to whom, who came back how soon after what.
 *
 * Bounded: the oldest of PEERS_MAX entries of each kind goes first, so that
 * what is very old is no longer compared; nothing else is lost.  Its memory
 * is below 1 MiB, taken as it fills.  All calls take p == NULL, and know
 * nothing then.
 *
 * Does not decode and tells nothing: security.c does.
 */
#ifndef DISSECT_JUDGE_PEERS_H
#define DISSECT_JUDGE_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/slice.h"

#define PEERS_MAX 1024u

/* Keys whose answers are compared with an answer that does not fit. */
#define PEERS_KEYS_RECENT 16u

/* Longest Sec-WebSocket-Key that is remembered, in bytes; a right one has
 * 24. */
#define PEERS_KEY_MAX 32u

struct peers;

ERR_CHECK enum err peers_new(struct peers **out);
void peers_free(struct peers *p);

/* Remembers the key of a request, as soon as that is seen. */
void peers_note_key(struct peers *p, struct slice key);

/* Whether accept answers one of the last keys, other than own_key. */
bool peers_accept_of_other(const struct peers *p, struct slice accept,
                           struct slice own_key);

/* True at the first call for this server, as long as that is known. */
bool peers_is_new_server(struct peers *p, const struct endpoint *server);

/* One handshake that is over. */
struct peers_attempt {
    struct endpoint client, server;
    uint64_t who;     /* hash of what tells clients behind one address apart */
    int64_t start_ns; /* the request */
    int64_t end_ns;   /* the answer, or the end without one */
    uint64_t packet;  /* of the request */
};

/*
 * Whether the key was used in another handshake, by whomever; *packet is the
 * other request then.  Remembers it.
 *
 * No for a copy of one request: the same two endpoints (captured twice), or
 * another path while the other handshake was open (a proxy or a translator of
 * addresses that passed the request on).
 */
bool peers_is_key_reused(struct peers *p, struct slice key,
                         const struct peers_attempt *attempt, uint64_t *packet);

/* Whether the same client had another handshake with the same server open at
 * the same time.  *packet as above.  Remembers it. */
bool peers_is_parallel(struct peers *p, const struct peers_attempt *attempt,
                       uint64_t *packet);

/* What is a storm: so many returns (at most PEERS_RETURNS_MAX), each within
 * window_ns after an abnormal end. */
#define PEERS_RETURNS_MAX 12u

struct peers_storm {
    int64_t window_ns;
    uint64_t returns;
};

/*
 * The client comes to this server, at attempt->start_ns, for the aim that
 * attempt->who has in it too; or its connection ended abnormally, at
 * attempt->end_ns.  The two may be told in any order, as ends are often known
 * late.
 *
 * True: it has come back in a storm, each time without a longer pause than
 * before; not told again for a minute.
 */
bool peers_came(struct peers *p, const struct peers_attempt *attempt,
                const struct peers_storm *storm);
bool peers_dropped(struct peers *p, const struct peers_attempt *attempt,
                   const struct peers_storm *storm);

#endif /* DISSECT_JUDGE_PEERS_H */
