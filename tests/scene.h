/* SPDX-License-Identifier: MIT */
/*
 * scene.h - made-up captures of conversations, octet by octet: whatever two
 * peers may do to each other, right or wrong, and what a capture makes of it.
 *
 *   scene_*() --> list of packets --scene_render()--> pcap --pipeline--> result
 *
 * A scene that asks for nothing special is a good conversation: loopback
 * addresses, random keys, each data segment acknowledged, and no finding above
 * chat.  Everything random comes from the scene's seed: the same calls make
 * the same octets.
 *
 *   struct scene *s = scene_new();
 *   scene_handshake(s);                       (with the TCP handshake)
 *   scene_text(s, WS_SENDER_CLIENT, "hello");
 *   scene_close(s, WS_SENDER_CLIENT, 1000);   (both Close frames, both FINs)
 *   scene_run(s, NULL, &result);
 *   scene_free(s);
 *
 * For tests; out of memory and wrong use abort.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "dissect/event.h"

struct options;
struct scene;

struct scene *scene_new(void);
void scene_free(struct scene *s);

/* ---- Places, times, and the TCP connection -------------------------- */

/* Keys, masks and sequence numbers come from here; call it first. */
void scene_seed(struct scene *s, uint64_t seed);

/* Where the next connection runs: IPv4 or IPv6 as text.  Default: 127.0.0.1,
 * port 40000, to 127.0.0.1, port 80. */
void scene_hosts(struct scene *s, const char *client, uint16_t client_port,
                 const char *server, uint16_t server_port);

/* Begins another TCP connection, from the next client port; what is called
 * next happens on it.  Returns its number, 0 being the first one. */
size_t scene_another(struct scene *s);

/* What is called next happens on this connection (again). */
void scene_use(struct scene *s, size_t connection);

/* Of all packets this sender sends from now on; defaults 64 and counting. */
void scene_ttl(struct scene *s, enum ws_sender from, uint8_t ttl);
void scene_ip_id(struct scene *s, enum ws_sender from, uint16_t next);

/* Time passes.  Packets are 100 us from each other otherwise. */
void scene_wait_ms(struct scene *s, uint64_t ms);

/* Each segment with data or FIN is acknowledged by the other side at once
 * (default); switch that off for what is sent "before it could be read", then
 * scene_ack() says what was read. */
void scene_auto_ack(struct scene *s, bool on);
void scene_ack(struct scene *s, enum ws_sender from);

/* Acknowledgement numbers in the segments that follow, by this sender: frozen
 * at what is read by now, until scene_reads(s, from, true).  For two sides
 * that speak at the same time.  Auto-acks by a side that does not read are
 * left out. */
void scene_reads(struct scene *s, enum ws_sender from, bool on);

/* SYN, SYN-ACK, ACK; done by scene_handshake*() if nothing was sent yet. */
void scene_open(struct scene *s);

void scene_syn(struct scene *s); /* the first of the three only */
void scene_fin(struct scene *s, enum ws_sender from);
void scene_rst(struct scene *s, enum ws_sender from);

/* FIN of this side, then of the other one, acknowledged. */
void scene_end(struct scene *s, enum ws_sender first);

/* The number (0 = first) of the last packet with payload, FIN, SYN or RST that
 * was sent; SIZE_MAX before any. */
size_t scene_last(const struct scene *s);

/* The number of packets so far, that is, of the next one. */
size_t scene_packets(const struct scene *s);

/* Whether the packet has payload, and whose it is. */
bool scene_is_data(const struct scene *s, size_t packet, enum ws_sender *from);

/* The same segment once more, under a new IP id. */
void scene_retransmit(struct scene *s, size_t packet);

#define SCENE_FIN 0x01u
#define SCENE_SYN 0x02u
#define SCENE_RST 0x04u
#define SCENE_PSH 0x08u
#define SCENE_ACK 0x10u
#define SCENE_URG 0x20u

/* Any segment at all.  It is never cut, acknowledged, or counted as sent,
 * unless it `advances`. */
struct scene_segment {
    enum ws_sender from;
    uint8_t flags;       /* SCENE_* */
    int64_t seq_shift;   /* from the next octet to send */
    int64_t ack_shift;   /* from what the other side has sent */
    uint16_t window;     /* 0 stands for 65535 ... */
    bool zero_window;    /* ... unless this is set */
    uint16_t urgent;     /* pointer; needs SCENE_URG in flags */
    const void *payload; /* NULL: none */
    size_t payload_len;
    struct slice options; /* TCP options, a multiple of 4 octets */
    uint8_t ttl;          /* 0: the sender's */
    bool has_ip_id;
    uint16_t ip_id;
    bool bad_checksum;
    bool advances; /* its octets (and SYN, FIN) count as sent */
};
void scene_segment_raw(struct scene *s, const struct scene_segment *segment);

/* ---- What is written ------------------------------------------------ */

/* Bytes as they are; one write is one segment (16 KiB and more: several). */
void scene_send(struct scene *s, enum ws_sender from, const void *ptr,
                size_t len);

/* Between the two everything one side writes is joined to one write. */
void scene_join(struct scene *s, enum ws_sender from);
void scene_flush(struct scene *s, enum ws_sender from);

/* Later writes are cut to segments of this many octets; 0: no more. */
void scene_piece_len(struct scene *s, size_t len);

/* ---- The opening handshake ------------------------------------------ */

/*
 * NULL and 0 everywhere is the normal upgrade.  Header text is lines with
 * CRLF each.  "{key}" and "{accept}" in any text stand for a fresh key and
 * the right answer to the key that was sent.
 *
 * *_replace: a line "Name: value" takes the place of the default one of that
 * name, a line "Name" without colon takes that one out; *_headers: lines added
 * at the end as they are.
 */
struct scene_handshake {
    const char *request; /* the whole head instead; the rest is ignored */
    size_t request_len;  /* 0: up to its NUL */
    const char *response;
    size_t response_len;
    const char *method;  /* GET */
    const char *target;  /* /chat */
    const char *version; /* HTTP/1.1, in both heads */
    const char *request_headers, *request_replace;
    const char *status; /* 101 Switching Protocols */
    const char *response_headers, *response_replace;
    const char *key;             /* a fresh one */
    const char *accept;          /* the right one */
    const char *deflate;         /* offered and agreed, both the same */
    const char *deflate_offer;   /* Sec-WebSocket-Extensions of the request */
    const char *deflate_answer;  /* ... of the response */
    const char *protocol;        /* offered and agreed */
    const char *protocol_offer;  /* Sec-WebSocket-Protocol of the request */
    const char *protocol_answer; /* ... of the response */
    uint64_t answer_ms;          /* time from request to response */
    bool no_response;
    bool no_request; /* a response only */
};
void scene_handshake(struct scene *s);
void scene_handshake_with(struct scene *s, const struct scene_handshake *h);

/* Only one of the two heads, to put something between them. */
void scene_request(struct scene *s, const struct scene_handshake *h);
void scene_response(struct scene *s, const struct scene_handshake *h);

/* The key of the last request, as it was sent; "" if it had none. */
const char *scene_key(const struct scene *s);

/* ---- Frames --------------------------------------------------------- */

enum scene_mask {
    SCENE_MASK_RIGHT = 0, /* client: yes, server: no */
    SCENE_MASK_ON,
    SCENE_MASK_OFF,
};

enum scene_len_form {
    SCENE_LEN_MINIMAL = 0,
    SCENE_LEN_16,
    SCENE_LEN_64,
};

struct scene_frame {
    uint8_t opcode; /* WS_OP_CONT is 0 */
    bool more;      /* FIN = 0 */
    uint8_t rsv;    /* 0-7, RSV1 is 4 */
    enum scene_mask mask_on;
    bool has_key; /* use key, else a random one */
    uint8_t key[4];
    enum scene_len_form len_form;
    bool has_declared_len; /* the header tells declared_len instead */
    uint64_t declared_len;
    const char *text;    /* payload up to its NUL, or */
    const void *payload; /* payload of payload_len octets */
    size_t payload_len;
};
void scene_frame(struct scene *s, enum ws_sender from,
                 const struct scene_frame *f);

/* One frame each, by default right in everything. */
void scene_text(struct scene *s, enum ws_sender from, const char *text);
void scene_binary(struct scene *s, enum ws_sender from, const void *ptr,
                  size_t len);
void scene_ping(struct scene *s, enum ws_sender from, const char *payload);
void scene_pong(struct scene *s, enum ws_sender from, const char *payload);

/* code 0: an empty Close frame; reason NULL: none. */
void scene_close_frame(struct scene *s, enum ws_sender from, uint16_t code,
                       const char *reason);

/* The goodbye as it should be: Close frame of `first`, the same code back,
 * FIN of the server, FIN of the client. */
void scene_close(struct scene *s, enum ws_sender first, uint16_t code);

/* ---- permessage-deflate --------------------------------------------- */

/*
 * What the sender's compressor makes of a message (RFC 7692 section 7.2.1, the
 * tail taken off).  The first call, or scene_deflate_window(), makes the
 * compressor; with takeover it keeps its history.  The bytes live until the
 * next call for this scene.
 */
struct slice scene_deflate(struct scene *s, enum ws_sender from,
                           const void *ptr, size_t len, bool takeover);

/* A new compressor for a window of 9 to 15 bits; the default is 15. */
void scene_deflate_window(struct scene *s, enum ws_sender from, int bits);

/* One compressed message in one frame, takeover as said. */
void scene_deflated(struct scene *s, enum ws_sender from, uint8_t opcode,
                    const void *ptr, size_t len, bool takeover);

/* ---- The capture ---------------------------------------------------- */

/* What is done to the capture; zero: nothing. */
struct scene_options {
    uint32_t cut_every; /* data segments into pieces of this many octets */
    uint64_t cut_at;    /* cut before this octet of all payload of the scene,
                           in the order of its packets; 0: no cut */
    const size_t *drop; /* packets (0 = first) that were not captured */
    size_t n_drop;
    bool drop_from[2];   /* nothing of this sender was captured */
    size_t first_packet; /* the capture starts here */
    size_t end_packet;   /* ... and ends before this one; 0: never */
    uint32_t snaplen;    /* octets of a packet, IP and up; 0: all */
    uint32_t noise;      /* unrelated packets put before each packet */
    uint32_t noise_lost; /* ... in percent, that got lost again */
    uint32_t acks_lost;  /* bare acknowledgements, in percent, lost */
    uint64_t noise_seed; /* of these three */
    void (*tune)(struct options *o); /* options of the run; NULL: defaults */
};

/* The payload octets of all packets, for cut_at. */
uint64_t scene_payload_len(const struct scene *s);

/* Appends the capture, a pcap file of raw IP. */
void scene_render(const struct scene *s, const struct scene_options *o,
                  struct buf *out);

/* Writes the capture to a file; false: it failed. */
bool scene_save(const struct scene *s, const struct scene_options *o,
                const char *path);

/* ---- What is found in it -------------------------------------------- */

#define SCENE_FINDINGS_MAX 64u
#define SCENE_CONNS_MAX 8u
#define SCENE_GAPS_MAX 16u
#define SCENE_TCP_MAX 32u

struct scene_finding {
    enum finding_id id;
    enum severity severity;
    uint32_t conn;
    bool has_from;
    enum ws_sender from;
    uint64_t count;
    uint64_t packet; /* 1 = first of the capture, as shown to users */
    uint64_t offset, frame, message;
    char detail[160]; /* "": none */
};

struct scene_conn {
    bool has_handshake, accepted, has_deflate;
    enum handshake_seen seen;
    enum tristate accept_ok;
    bool has_end;
    enum verdict_id verdict;
    enum closed_by closed_by;
    bool clean;
    uint16_t onclose_code;
    char text[256]; /* the sentence */
    struct {
        uint64_t packet;
        char what[64];
    } evidence[EVENT_EVIDENCE_MAX];
    size_t n_evidence;
    uint64_t frames[2], messages[2]; /* told, by sender */
    uint64_t n_bad_utf8;             /* messages with a UTF-8 error */
};

struct scene_gap {
    uint32_t conn;
    enum ws_sender from;
    uint64_t offset, len;
};

/* Findings are listed once for each connection, id and sender. */
struct scene_result {
    size_t n_findings; /* all; the list has no more than its size */
    struct scene_finding findings[SCENE_FINDINGS_MAX];
    size_t n_gaps;
    struct scene_gap gaps[SCENE_GAPS_MAX];
    size_t n_tcp;
    struct event_tcp tcp[SCENE_TCP_MAX];
    size_t n_conns;
    struct scene_conn conns[SCENE_CONNS_MAX]; /* [0] is connection 1 */
    uint64_t packets;
    size_t read_errors; /* of the source: none, unless a test means it */
};

/* Renders, and drives the whole pipeline over it.  o may be NULL. */
void scene_run(const struct scene *s, const struct scene_options *o,
               struct scene_result *out);

/* How often it was found, by this sender on any connection; from -1: by
 * anybody. */
uint64_t scene_count(const struct scene_result *r, enum finding_id id,
                     int from);

/* All findings in one line, "id:client*2 id:server", those below `least` left
 * out; for messages of tests. */
void scene_findings_text(const struct scene_result *r, enum severity least,
                         char *out, size_t size);

#endif /* TESTS_SCENE_H */
