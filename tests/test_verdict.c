/* SPDX-License-Identifier: MIT */
#include "dissect/verdict.h"

#include <stdio.h>

#include "tests/check_main.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

/* Packet n came n milliseconds after the first one. */
#define AT(n)                                                                  \
    {                                                                          \
        INT64_C(1000000) * (n), (n)                                            \
    }

/* How a side ended, all of it captured. */
#define ENDED(how) .ended = true, .why = STREAM_END_##how, .captured = true
#define CLOSE(n, c)                                                            \
    .sent_close = true, .close = AT(n), .has_code = true, .code = (c)

/* A connection that was opened. */
#define OPEN                                                                   \
    .answered = true, .accepted = true, .status = 101, .request = AT(4),       \
    .response = AT(5)
#define ASKED .request = AT(4)

struct row {
    const char *name;
    struct verdict_facts facts; /* side: client, server */
    enum verdict_id verdict;
    enum closed_by by;
    uint16_t onclose;
    const char *text;
    const char *evidence; /* "packet what;" */
};

static const struct row closed_rows[] = {
    {"answered",
     {OPEN, .side = {{ENDED(FIN), CLOSE(10, 1000), .fin = AT(13)},
                     {ENDED(FIN), CLOSE(12, 1001), .fin = AT(14)}}},
     VERDICT_CLEAN_CLOSE,
     CLOSED_BY_CLIENT,
     1001,
     "the client closed with code 1000; the server answered with code 1001 "
     "after 2.000 ms",
     "10 first Close frame;12 Close frame in answer;13 FIN of the client;"
     "14 FIN of the server;"},
    {"answered without codes, over gaps that hide nothing any more",
     {OPEN,
      .side = {{ENDED(RST), .sent_close = true, .close = AT(12), .lost = true},
               {ENDED(RST), .sent_close = true, .close = AT(10), .gap_bytes = 9,
                .reset = AT(13)}}},
     VERDICT_CLEAN_CLOSE,
     CLOSED_BY_SERVER,
     1005,
     "the server closed with no code; the client answered with no code after "
     "2.000 ms",
     "10 first Close frame;12 Close frame in answer;13 RST of the server;"},
    {"both at once",
     {OPEN, .crossed = true,
      .side = {{ENDED(FIN), CLOSE(11, 1001)}, {ENDED(FIN), CLOSE(10, 1000)}}},
     VERDICT_CLEAN_CLOSE,
     CLOSED_BY_BOTH,
     1000,
     "both closed at once: the server with code 1000, the client with code "
     "1001 1.000 ms later",
     "10 first Close frame;11 second Close frame, sent before the first one "
     "had come;"},
    {"not answered, and all was seen",
     {OPEN,
      .side = {{ENDED(FIN), .fin = AT(11)}, {ENDED(FIN), CLOSE(10, 1011)}}},
     VERDICT_CLOSE_UNANSWERED,
     CLOSED_BY_SERVER,
     1011,
     "the server closed with code 1011; the client sent no Close frame",
     "10 first Close frame;11 FIN of the client;"},
    {"the server did not answer, and all was seen",
     {OPEN,
      .side = {{ENDED(RST), CLOSE(10, 1000)}, {ENDED(RST), .reset = AT(11)}}},
     VERDICT_CLOSE_UNANSWERED,
     CLOSED_BY_CLIENT,
     1006,
     "the client closed with code 1000; the server sent no Close frame",
     "10 first Close frame;11 RST of the server;"},
    {"the other direction was not captured",
     {OPEN, .side = {{.ended = true}, {ENDED(FIN), CLOSE(10, 1000)}}},
     VERDICT_ANSWER_NOT_CAPTURED,
     CLOSED_BY_UNKNOWN,
     1000,
     "the server closed with code 1000; whether the client closed first or "
     "answered is not known: no packet of the client was captured",
     "10 first Close frame;"},
    {"the answer of the server may be in a gap",
     {OPEN,
      .side = {{ENDED(FIN), CLOSE(10, 1000), .fin = AT(11)},
               {ENDED(FIN), .gap_bytes = 1448, .lost = true, .fin = AT(12)}}},
     VERDICT_ANSWER_NOT_CAPTURED,
     CLOSED_BY_UNKNOWN,
     0,
     "the client closed with code 1000; whether the server closed first or "
     "answered is not known: 1448 bytes of the server were not captured",
     "10 first Close frame;11 FIN of the client;12 FIN of the server;"},
    {"the answer may stand behind a length that cannot be",
     {OPEN, .side = {{ENDED(FIN), .lost = true}, {ENDED(FIN), CLOSE(10, 1)}}},
     VERDICT_ANSWER_NOT_CAPTURED,
     CLOSED_BY_UNKNOWN,
     1006, /* a browser fails the connection over that code */
     "the server closed with code 1; whether the client closed first or "
     "answered is not known: the frames of the client could not be followed "
     "to their end",
     "10 first Close frame;"},
    {"let go before the answer",
     {OPEN, .side = {{ENDED(EVICTED), CLOSE(10, 1000)}, {ENDED(EVICTED)}}},
     VERDICT_ANSWER_NOT_CAPTURED,
     CLOSED_BY_UNKNOWN,
     0,
     "the client closed with code 1000; whether the server closed first or "
     "answered is not known: the end of the server was not seen",
     "10 first Close frame;"},
    {"the capture ended before the answer",
     {OPEN,
      .side = {{ENDED(FIN), CLOSE(10, 1000), .fin = AT(11)}, {ENDED(CAPTURE)}}},
     VERDICT_CLOSE_THEN_CAPTURE_END,
     CLOSED_BY_CLIENT,
     0,
     "the client closed with code 1000; the capture ends before an answer",
     "10 first Close frame;11 FIN of the client;"},
    {"for a broken rule of the other side",
     {OPEN, .side = {{ENDED(FIN), CLOSE(12, 1002), .fin = AT(13)},
                     {ENDED(FIN), CLOSE(10, 1002), .reason = "bad frame",
                      .cause = {"frame-client-unmasked", 3, AT(9)}}}},
     VERDICT_PROTOCOL_ERROR,
     CLOSED_BY_SERVER,
     1002,
     "the server closed with code 1002 \"bad frame\" because of frame 3 of the "
     "client (frame-client-unmasked); the client answered with code 1002 after "
     "2.000 ms",
     "9 the frame that broke a rule;10 first Close frame;12 Close frame in "
     "answer;13 FIN of the client;"},
    {"for a broken rule of the server, which a browser calls 1006",
     {OPEN, .side = {{ENDED(FIN), CLOSE(10, 1007),
                      .cause = {"message-invalid-utf8", 3, AT(9)}},
                     {ENDED(FIN), CLOSE(11, 1007)}}},
     VERDICT_PROTOCOL_ERROR,
     CLOSED_BY_CLIENT,
     1006,
     "the client closed with code 1007 because of frame 3 of the server "
     "(message-invalid-utf8); the server answered with code 1007 after 1.000 "
     "ms",
     "9 the frame that broke a rule;10 first Close frame;11 Close frame in "
     "answer;"},
    {"for a broken rule, and the other side only hung up",
     {OPEN, .side = {{ENDED(FIN), .fin = AT(12)},
                     {ENDED(FIN), CLOSE(10, 1009),
                      .cause = {"frame-length-high-bit", 0, AT(9)}}}},
     VERDICT_PROTOCOL_ERROR,
     CLOSED_BY_SERVER,
     1009,
     "the server closed with code 1009 because of what the client sent "
     "(frame-length-high-bit); the client sent no Close frame",
     "9 what broke a rule;10 first Close frame;12 FIN of the "
     "client;"},
    {"a broken rule that a normal code does not speak of",
     {OPEN, .side = {{ENDED(FIN), CLOSE(12, 1000)},
                     {ENDED(FIN), CLOSE(10, 1000),
                      .cause = {"frame-client-unmasked", 3, AT(9)}}}},
     VERDICT_CLEAN_CLOSE,
     CLOSED_BY_SERVER,
     1000,
     "the server closed with code 1000; the client answered with code 1000 "
     "after 2.000 ms",
     "10 first Close frame;12 Close frame in answer;"},
    {"for a ping that was not answered",
     {OPEN, .side = {{ENDED(FIN), .fin = AT(20003)},
                     {ENDED(FIN), CLOSE(20002, 1011), .reason = "ping timeout",
                      .ping = AT(2)}}},
     VERDICT_CLOSE_UNANSWERED,
     CLOSED_BY_SERVER,
     1011,
     "the server closed with code 1011 \"ping timeout\", 20.000 s after a ping "
     "that was not answered; the client sent no Close frame",
     "2 ping without an answer;20002 first Close frame;20003 FIN of the "
     "client;"},
    {"a ping that was only just sent is no reason",
     {OPEN, .side = {{ENDED(FIN), CLOSE(12, 1000)},
                     {ENDED(FIN), CLOSE(10, 1000), .ping = AT(9)}}},
     VERDICT_CLEAN_CLOSE,
     CLOSED_BY_SERVER,
     1000,
     "the server closed with code 1000; the client answered with code 1000 "
     "after 2.000 ms",
     "10 first Close frame;12 Close frame in answer;"},
    {"a code that must not be sent is 1006 to a script",
     {OPEN,
      .side = {{ENDED(FIN), CLOSE(12, 1000)}, {ENDED(FIN), CLOSE(10, 1005)}}},
     VERDICT_CLEAN_CLOSE,
     CLOSED_BY_SERVER,
     1006,
     "the server closed with code 1005; the client answered with code 1000 "
     "after 2.000 ms",
     "10 first Close frame;12 Close frame in answer;"},
};

static const struct row dropped_rows[] = {
    {"a FIN",
     {OPEN, .side = {{ENDED(FIN), .fin = AT(11)}, {ENDED(FIN), .fin = AT(12)}}},
     VERDICT_FIN_WITHOUT_CLOSE,
     CLOSED_BY_CLIENT,
     1006,
     "the client ended the TCP connection without a Close frame",
     "11 first FIN;"},
    {"a RST",
     {OPEN, .side = {{ENDED(RST)}, {ENDED(RST), .reset = AT(12)}}},
     VERDICT_RESET,
     CLOSED_BY_SERVER,
     1006,
     "the server reset the TCP connection without a Close frame",
     "12 RST;"},
    {"a FIN, answered by a RST",
     {OPEN,
      .side = {{ENDED(RST), .fin = AT(11)}, {ENDED(RST), .reset = AT(12)}}},
     VERDICT_FIN_WITHOUT_CLOSE,
     CLOSED_BY_CLIENT,
     1006,
     "the client ended the TCP connection without a Close frame; then it was "
     "reset",
     "11 first FIN;12 RST of the server;"},
    {"a FIN of the server, both FIN and RST of the client later",
     {OPEN, .side = {{ENDED(RST), .fin = AT(13), .reset = AT(14)},
                     {ENDED(FIN), .fin = AT(12)}}},
     VERDICT_FIN_WITHOUT_CLOSE,
     CLOSED_BY_SERVER,
     1006,
     "the server ended the TCP connection without a Close frame; then it was "
     "reset",
     "12 first FIN;14 RST of the client;"},
    {"a RST, then a FIN that was on its way, then a RST",
     {OPEN, .side = {{ENDED(RST), .reset = AT(11)},
                     {ENDED(RST), .fin = AT(12), .reset = AT(13)}}},
     VERDICT_RESET,
     CLOSED_BY_CLIENT,
     1006,
     "the client reset the TCP connection without a Close frame",
     "11 RST;13 RST of the server;"},
    {"a FIN by whose side the Close frame may be lost",
     {OPEN, .side = {{ENDED(FIN), .fin = AT(11), .lost = true, .gap_bytes = 8},
                     {ENDED(FIN), .fin = AT(12)}}},
     VERDICT_FIN_CLOSE_UNKNOWN,
     CLOSED_BY_CLIENT,
     1006,
     "the client ended the TCP connection; whether a Close frame came before "
     "is not known: 8 bytes of the client were not captured",
     "11 first FIN;"},
    {"a FIN, after which the other side may have closed before",
     {OPEN, .side = {{ENDED(FIN), .fin = AT(11)}, {ENDED(FIN), .lost = true}}},
     VERDICT_FIN_CLOSE_UNKNOWN,
     CLOSED_BY_UNKNOWN,
     0,
     "the client ended the TCP connection; whether a Close frame came before "
     "is not known: the frames of the server could not be followed to their "
     "end",
     "11 first FIN;"},
    {"a RST, and the other direction was not captured",
     {OPEN, .side = {{.ended = true}, {ENDED(RST), .reset = AT(12)}}},
     VERDICT_RESET,
     CLOSED_BY_UNKNOWN,
     1006,
     "the server reset the TCP connection; whether a Close frame came before "
     "is not known: no packet of the client was captured",
     "12 RST;"},
    {"a FIN, then nothing until it was let go",
     {OPEN, .side = {{ENDED(FIN), .fin = AT(11)}, {ENDED(EVICTED)}}},
     VERDICT_FIN_WITHOUT_CLOSE,
     CLOSED_BY_CLIENT,
     0,
     "the client ended the TCP connection without a Close frame",
     "11 first FIN;"},
    {"still open",
     {OPEN, .side = {{ENDED(CAPTURE)}, {ENDED(CAPTURE)}}},
     VERDICT_CAPTURE_ENDED,
     CLOSED_BY_NOBODY,
     0,
     "still open when the capture ended",
     ""},
    {"TCP is open, but there is a gap at the end",
     {OPEN, .side = {{ENDED(CAPTURE)},
                     {ENDED(CAPTURE), .lost = true, .gap_bytes = 100}}},
     VERDICT_CAPTURE_ENDED,
     CLOSED_BY_UNKNOWN,
     0,
     "TCP was still open when the capture ended; whether a Close frame came "
     "before is not known: 100 bytes of the server were not captured",
     ""},
    {"let go",
     {OPEN, .side = {{ENDED(EVICTED)}, {ENDED(EVICTED)}}},
     VERDICT_EVICTED,
     CLOSED_BY_UNKNOWN,
     0,
     "the end was not seen; its addresses and ports were used again or memory "
     "was short",
     ""},
    {"frames without an answer that was seen",
     {.accepted = true,
      .side = {{ENDED(FIN), .fin = AT(9)}, {ENDED(FIN), .fin = AT(10)}}},
     VERDICT_FIN_WITHOUT_CLOSE,
     CLOSED_BY_CLIENT,
     1006,
     "the client ended the TCP connection without a Close frame",
     "9 first FIN;"},
    {"a round time of silence",
     {OPEN, .timeout_s = 60,
      .side = {{ENDED(FIN), .last_frame = AT(12)},
               {ENDED(FIN), .last_frame = AT(10), .fin = AT(60112)}}},
     VERDICT_IDLE_CUT,
     CLOSED_BY_SERVER,
     1006,
     "the server ended the TCP connection without a Close frame after 60.100 s "
     "of silence, as by a time-out of 60 s",
     "60112 first FIN;12 the last frame before the silence;"},
    {"a silence that fits no time-out, and a ping of the other side",
     {OPEN, .side = {{ENDED(FIN), .last_frame = AT(12), .ping = AT(12)},
                     {ENDED(FIN), .reset = AT(13012)}}},
     VERDICT_RESET,
     CLOSED_BY_SERVER,
     1006,
     "the server reset the TCP connection without a Close frame after 13.000 s "
     "of silence; the last ping of the client was not answered",
     "13012 RST;12 the last frame before the silence;"},
    {"a short silence is not worth a word",
     {OPEN, .side = {{ENDED(FIN), .last_frame = AT(12)},
                     {ENDED(FIN), .reset = AT(10011)}}},
     VERDICT_RESET,
     CLOSED_BY_SERVER,
     1006,
     "the server reset the TCP connection without a Close frame",
     "10011 RST;"},
    {"after its own ping",
     {OPEN,
      .side = {{ENDED(FIN), .last_frame = AT(12), .ping = AT(12)},
               {ENDED(FIN), .last_frame = AT(9)}},
      .side[0].fin = AT(30012)},
     VERDICT_FIN_WITHOUT_CLOSE,
     CLOSED_BY_CLIENT,
     1006,
     "the client ended the TCP connection without a Close frame, 30.000 s "
     "after a ping that was not answered",
     "30012 first FIN;12 ping without an answer;"},
    {"over a broken rule, without a Close frame",
     {OPEN, .side = {{ENDED(FIN)},
                     {ENDED(FIN), .fin = AT(12),
                      .cause = {"frame-opcode-reserved", 7, AT(11)}}}},
     VERDICT_FIN_WITHOUT_CLOSE,
     CLOSED_BY_SERVER,
     1006,
     "the server ended the TCP connection without a Close frame because of "
     "frame 7 of the client (frame-opcode-reserved)",
     "12 first FIN;11 the frame that broke a rule;"},
    {"a RST from another distance",
     {OPEN, .side = {{ENDED(RST)},
                     {ENDED(RST), .reset = AT(12),
                      .host = {.n = 5,
                               .ttl_min = 52,
                               .ttl_max = 53,
                               .last = 9,
                               .rst_ttl = 61}}}},
     VERDICT_RESET_BY_MIDDLEBOX,
     CLOSED_BY_MIDDLEBOX,
     1006,
     "TCP was reset in the name of the server, most likely by a device in "
     "between (TTL 61 instead of 52 to 53)",
     "12 RST;9 the last packet of that side itself;"},
    {"a RST that differs in all, after a round time of silence",
     {OPEN, .timeout_s = 350,
      .side = {{ENDED(RST), .reset = AT(350010), .last_frame = AT(10),
                .host = {.n = 5,
                         .ttl_min = 64,
                         .ttl_max = 64,
                         .rst_ttl = 63,
                         .ids = true,
                         .ip_id = 100,
                         .rst_ip_id = 54321,
                         .has_seq = true,
                         .has_peer_acked = true,
                         .seq = 7000,
                         .peer_acked = 6000,
                         .rst_seq = 6999}},
               {ENDED(RST)}}},
     VERDICT_RESET_BY_MIDDLEBOX,
     CLOSED_BY_MIDDLEBOX,
     1006,
     "TCP was reset in the name of the client, most likely by a device in "
     "between (TTL 63 instead of 64, IP id 54321 after 100, sequence number "
     "off by -1) after 350.000 s of silence, as by a time-out of 350 s",
     "350010 RST;10 the last frame before the silence;"},
};

static const struct row not_open_rows[] = {
    {"refused",
     {ASKED, .answered = true, .status = 403, .response = AT(5),
      .side = {{ENDED(FIN), .fin = AT(6)}, {ENDED(FIN)}}},
     VERDICT_REFUSED,
     CLOSED_BY_SERVER,
     1006,
     "the server did not upgrade: status 403, often for the Origin or a "
     "missing login",
     "4 request;5 response;"},
    {"another protocol",
     {ASKED, .answered = true, .status = 101, .response = AT(5),
      .protocol = "h2c"},
     VERDICT_OTHER_PROTOCOL,
     CLOSED_BY_NOBODY,
     1006,
     "the server upgraded to h2c instead",
     "4 request;5 response;"},
    {"another protocol without a name",
     {ASKED, .answered = true, .status = 101, .response = AT(5)},
     VERDICT_OTHER_PROTOCOL,
     CLOSED_BY_NOBODY,
     1006,
     "the server upgraded to an unnamed protocol instead",
     "4 request;5 response;"},
    {"the server closed",
     {ASKED, .side = {{ENDED(FIN), .fin = AT(8)}, {ENDED(FIN), .fin = AT(7)}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_SERVER,
     1006,
     "the server closed the connection without answering",
     "4 request;8 FIN of the client;7 FIN of the server;"},
    {"the server reset",
     {ASKED, .side = {{ENDED(RST)}, {ENDED(RST), .reset = AT(7)}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_SERVER,
     1006,
     "the server reset the connection without answering",
     "4 request;7 RST of the server;"},
    {"the client closed first",
     {ASKED,
      .side = {{ENDED(FIN), .fin = AT(7)}, {ENDED(RST), .reset = AT(8)}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_CLIENT,
     1006,
     "the client closed the connection before an answer came",
     "4 request;7 FIN of the client;8 RST of the server;"},
    {"the answer may be in a gap",
     {ASKED, .side = {{ENDED(FIN), .fin = AT(8)},
                      {ENDED(FIN), .fin = AT(7), .gap_bytes = 1}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_UNKNOWN,
     0,
     "no answer to the upgrade request was captured",
     "4 request;"},
    {"the direction of the answer was not captured",
     {ASKED, .side = {{ENDED(FIN), .fin = AT(8)}, {.ended = true}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_UNKNOWN,
     0,
     "no answer to the upgrade request was captured",
     "4 request;"},
    {"the client had a gap, which hides no answer",
     {ASKED,
      .side = {{ENDED(FIN), .gap_bytes = 5}, {ENDED(FIN), .fin = AT(7)}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_SERVER,
     1006,
     "the server closed the connection without answering",
     "4 request;7 FIN of the server;"},
    {"the capture ended first",
     {ASKED, .side = {{ENDED(CAPTURE)}, {ENDED(CAPTURE)}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_NOBODY,
     0,
     "the capture ends before an answer to the upgrade request",
     "4 request;"},
    {"another request came before an answer",
     {ASKED, .side = {{.captured = true}, {.captured = true}}},
     VERDICT_NO_ANSWER,
     CLOSED_BY_NOBODY,
     0,
     "no answer to the upgrade request was captured",
     "4 request;"},
};

static void
check_row(const struct row *row)
{
    char text[VERDICT_TEXT_MAX], evidence[512] = "";
    struct event_end end;
    size_t n = 0;
    /* Whatever stood in the event before must not show. */
    memset(&end, 0x5a, sizeof end);
    verdict_decide(&row->facts, &end, text);
    ck_assert_msg(end.verdict == row->verdict, "%s: %s", row->name,
                  verdict_name(end.verdict));
    ck_assert_msg(end.closed_by == row->by, "%s: closed by %d", row->name,
                  end.closed_by);
    ck_assert_msg(end.onclose_code == row->onclose, "%s: onclose %d", row->name,
                  end.onclose_code);
    ck_assert_msg(strcmp(text, row->text) == 0, "%s: %s", row->name, text);
    ck_assert_ptr_eq(end.text, text);
    ck_assert(end.clean ==
              (row->facts.side[0].sent_close && row->facts.side[1].sent_close));
    ck_assert_uint_le(end.n_evidence, EVENT_EVIDENCE_MAX);
    for (size_t i = 0; i < end.n_evidence; i++)
        n += (size_t)sprintf(evidence + n, "%d %s;",
                             (int)end.evidence[i].packet, end.evidence[i].what);
    ck_assert_msg(strcmp(evidence, row->evidence) == 0, "%s: %s", row->name,
                  evidence);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(end.has_close_code[i] == row->facts.side[i].has_code);
        ck_assert(end.close_code[i] == row->facts.side[i].code);
    }
}

START_TEST(a_close_frame_tells_who_closed)
{
    check_row(&closed_rows[_i]);
}
END_TEST

START_TEST(without_a_close_frame_the_first_tcp_end_counts)
{
    check_row(&dropped_rows[_i]);
}
END_TEST

START_TEST(an_upgrade_that_failed_has_its_reason)
{
    check_row(&not_open_rows[_i]);
}
END_TEST

/* Nothing is said not to have been sent when that cannot be known. */
/* Whose the RST is, by what stands beside it. */
START_TEST(a_rst_is_foreign_only_with_proof)
{
    static const struct {
        const char *name;
        struct verdict_host host;
        bool forged;
    } rows[] = {
        {"like all others",
         {.n = 9, .ttl_min = 57, .ttl_max = 57, .rst_ttl = 57},
         false},
        {"another distance",
         {.n = 9, .ttl_min = 57, .ttl_max = 57, .rst_ttl = 59},
         true},
        {"one hop alone",
         {.n = 9, .ttl_min = 57, .ttl_max = 57, .rst_ttl = 58},
         false},
        {"inside the range",
         {.n = 9, .ttl_min = 50, .ttl_max = 60, .rst_ttl = 55},
         false},
        {"too few to compare",
         {.n = 2, .ttl_min = 57, .ttl_max = 57, .rst_ttl = 64},
         false},
        {"from 128 instead of 64",
         {.n = 9, .ttl_min = 57, .ttl_max = 57, .rst_ttl = 121},
         false},
        {"from 255 instead of 64",
         {.n = 9, .ttl_min = 57, .ttl_max = 57, .rst_ttl = 248},
         false},
        {"one hop and another IP id",
         {.n = 9,
          .ttl_min = 57,
          .ttl_max = 57,
          .rst_ttl = 56,
          .ids = true,
          .ip_id = 10,
          .rst_ip_id = 30000},
         true},
        {"another IP id alone",
         {.n = 9,
          .ttl_min = 57,
          .ttl_max = 57,
          .rst_ttl = 57,
          .ids = true,
          .ip_id = 10,
          .rst_ip_id = 30000},
         false},
        {"an IP id of 0, as of a kernel",
         {.n = 9,
          .ttl_min = 57,
          .ttl_max = 57,
          .rst_ttl = 56,
          .ids = true,
          .ip_id = 10000,
          .rst_ip_id = 0},
         false},
        {"random IP ids",
         {.n = 9,
          .ttl_min = 57,
          .ttl_max = 57,
          .rst_ttl = 56,
          .ids = true,
          .jumps = true,
          .ip_id = 10,
          .rst_ip_id = 30000},
         false},
        {"another IP id and a wrong sequence number",
         {.n = 9,
          .ttl_min = 57,
          .ttl_max = 57,
          .rst_ttl = 57,
          .ids = true,
          .ip_id = 10,
          .rst_ip_id = 30000,
          .has_seq = true,
          .has_peer_acked = true,
          .seq = 5,
          .peer_acked = 4,
          .rst_seq = 3},
         true},
        {"another IP id, where the peer had come",
         {.n = 9,
          .ttl_min = 57,
          .ttl_max = 57,
          .rst_ttl = 57,
          .ids = true,
          .ip_id = 10,
          .rst_ip_id = 30000,
          .has_seq = true,
          .has_peer_acked = true,
          .seq = 5,
          .peer_acked = 3,
          .rst_seq = 3},
         false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct verdict_side side = {.reset = AT(5), .host = rows[i].host};
        ck_assert_msg(verdict_is_forged(&side) == rows[i].forged, "%s",
                      rows[i].name);
        side.reset.packet = 0;
        ck_assert(!verdict_is_forged(&side));
    }
}
END_TEST

START_TEST(packets_of_a_host_are_summed_up)
{
    struct verdict_host host = {0};
    struct pkt_meta meta = {.number = 1, .ttl = 60, .ip_id = 65535};
    verdict_note_packet(&host, &meta);
    verdict_note_packet(&host, &meta);
    meta = (struct pkt_meta){.number = 2, .ttl = 58, .ip_id = 4};
    verdict_note_packet(&host, &meta);
    ck_assert_uint_eq(host.n, 2);
    ck_assert_uint_eq(host.ttl_min, 58);
    ck_assert_uint_eq(host.ttl_max, 60);
    ck_assert_uint_eq(host.ip_id, 4);
    ck_assert(host.ids && !host.jumps);
    meta.number = 3;
    meta.ip_id = 2000;
    verdict_note_packet(&host, &meta);
    ck_assert(host.jumps);
    meta = (struct pkt_meta){.ttl = 1, .ip_id = 2, .seq = 3};
    verdict_note_reset(&host, &meta);
    ck_assert_uint_eq(host.rst_ttl, 1);
    ck_assert_uint_eq(host.rst_ip_id, 2);
    ck_assert_uint_eq(host.rst_seq, 3);
}
END_TEST

START_TEST(a_silence_fits_a_usual_time_out_within_its_slack)
{
    static const struct {
        int64_t ms;
        unsigned want;
    } rows[] = {
        {58799, 0}, {58800, 60},     {60000, 60}, {61200, 60},
        {61201, 0}, {350100, 350},   {0, 0},      {-1, 0},
        {42000, 0}, {3590000, 3600}, {75000, 0},  {10010, 10},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_uint_eq(verdict_timeout(rows[i].ms * 1000000, 2),
                          rows[i].want);
    ck_assert_uint_eq(verdict_timeout(INT64_MAX, 100), 0);
}
END_TEST

START_TEST(silence_is_measured_only_where_nothing_is_missing)
{
    struct verdict_facts facts = {OPEN, .side = {{ENDED(FIN)},
                                                 {ENDED(FIN), .fin = AT(9)}}};
    ck_assert_int_eq(verdict_silence(&facts), 4000000);
    facts.side[0].last_frame = (struct stamp)AT(7);
    ck_assert_int_eq(verdict_silence(&facts), 2000000);
    facts.side[0].lost = true;
    ck_assert_int_eq(verdict_silence(&facts), -1);
    facts.side[0].lost = false;
    facts.side[1].fin.packet = 0;
    ck_assert_int_eq(verdict_silence(&facts), -1);
}
END_TEST

START_TEST(absence_is_told_only_of_what_was_captured)
{
    static const char *const claims[] = {"sent no", "without", "unanswered"};
    for (unsigned bits = 0; bits < 1u << 8; bits++) {
        char text[VERDICT_TEXT_MAX];
        struct event_end end;
        struct verdict_facts facts = {OPEN};
        facts.accepted = bits & 1u;
        facts.answered = facts.accepted;
        unsigned in_doubt = bits >> 1 & 1u;
        for (unsigned i = 0; i < 2; i++) {
            struct verdict_side *side = &facts.side[i];
            *side = (struct verdict_side){ENDED(FIN)};
            side->sent_close = bits >> (2 + i) & 1u;
            side->close = (struct stamp)AT(10);
            if (bits >> (4 + i) & 1u)
                side->fin = (struct stamp)AT(11);
            if (bits >> (6 + i) & 1u)
                side->reset = (struct stamp)AT(12);
        }
        for (unsigned why = 0; why < 3; why++) {
            struct verdict_side *side = &facts.side[in_doubt];
            side->captured = why != 0;
            side->lost = why == 1;
            side->gap_bytes = why == 2;
            if (side->sent_close || (!facts.accepted && in_doubt == 0))
                continue;
            verdict_decide(&facts, &end, text);
            for (size_t i = 0; i < ARRAY_LEN(claims); i++)
                ck_assert_msg(!strstr(text, claims[i]), "%x: %s", bits, text);
            ck_assert_msg(!strstr(verdict_name(end.verdict), "without") &&
                              end.verdict != VERDICT_CLOSE_UNANSWERED,
                          "%x: %s", bits, verdict_name(end.verdict));
            if (in_doubt == WS_SENDER_SERVER)
                ck_assert_msg(end.onclose_code == 0, "%x", bits);
        }
    }
}
END_TEST

START_TEST(the_name_of_another_protocol_is_made_harmless)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"h2c", "h2c"},
        {"", ""},
        {"a\x1b[31m\r\n\t\xff\x7fz", "a?[31m?????z"},
        {"1234567890123456789012345678901", "1234567890123456789012345678901"},
        {"12345678901234567890123456789012", "1234567890123456789012345678..."},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct verdict_facts facts = {OPEN};
        memset(facts.protocol, 'x', sizeof facts.protocol);
        verdict_set_protocol(&facts, slice_cstr(rows[i].value));
        ck_assert_str_eq(facts.protocol, rows[i].want);
    }
    struct verdict_facts facts = {.protocol = "x"};
    verdict_set_protocol(&facts, slice_make(NULL, 0));
    ck_assert_str_eq(facts.protocol, "");
}
END_TEST

START_TEST(the_longest_sentence_fits)
{
    char text[VERDICT_TEXT_MAX];
    struct event_end end;
    struct verdict_facts facts = {OPEN, .side = {{ENDED(FIN), CLOSE(10, 65535)},
                                                 {ENDED(FIN), .lost = true,
                                                  .gap_bytes = UINT64_MAX}}};
    verdict_decide(&facts, &end, text);
    const char *tail = "18446744073709551615 bytes of the server were not "
                       "captured";
    ck_assert_uint_ge(strlen(text), strlen(tail));
    ck_assert_str_eq(text + strlen(text) - strlen(tail), tail);
    facts.side[1] = (struct verdict_side){ENDED(FIN), CLOSE(11, 65535)};
    facts.side[1].close.time_ns = INT64_MAX;
    facts.crossed = true;
    verdict_decide(&facts, &end, text);
    ck_assert_str_eq(text + strlen(text) - strlen(" ms later"), " ms later");
}
END_TEST

START_TEST(every_verdict_has_a_name)
{
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        const char *name = verdict_name((enum verdict_id)i);
        ck_assert_ptr_nonnull(name);
        ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"),
                          strlen(name));
        for (unsigned k = 0; k < i; k++)
            ck_assert_str_ne(name, verdict_name((enum verdict_id)k));
    }
}
END_TEST

START_TEST(only_a_seen_end_without_holes_means_unanswered)
{
    struct verdict_facts facts = {ASKED, .side = {{ENDED(FIN)},
                                                  {ENDED(FIN), .fin = AT(7)}}};
    ck_assert(verdict_is_unanswered(&facts));
    facts.side[1].fin.packet = 0;
    ck_assert(!verdict_is_unanswered(&facts));
    facts.side[0].reset = (struct stamp)AT(8);
    ck_assert(verdict_is_unanswered(&facts));
    facts.side[1].gap_bytes = 1;
    ck_assert(!verdict_is_unanswered(&facts));
    facts.side[1].gap_bytes = 0;
    facts.side[1].why = STREAM_END_EVICTED;
    ck_assert(!verdict_is_unanswered(&facts));
    facts.side[1].why = STREAM_END_FIN;
    facts.answered = true;
    ck_assert(!verdict_is_unanswered(&facts));
    facts.answered = false;
    facts.request.packet = 0; /* its head was cut by a gap */
    ck_assert(verdict_is_unanswered(&facts));
    facts.accepted = true; /* frames were found */
    ck_assert(!verdict_is_unanswered(&facts));
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("verdict");
    TCase *t = tcase_create("verdict");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_close_frame_tells_who_closed, 0,
                        ARRAY_LEN(closed_rows));
    tcase_add_loop_test(t, without_a_close_frame_the_first_tcp_end_counts, 0,
                        ARRAY_LEN(dropped_rows));
    tcase_add_loop_test(t, an_upgrade_that_failed_has_its_reason, 0,
                        ARRAY_LEN(not_open_rows));
    tcase_add_test(t, a_rst_is_foreign_only_with_proof);
    tcase_add_test(t, packets_of_a_host_are_summed_up);
    tcase_add_test(t, a_silence_fits_a_usual_time_out_within_its_slack);
    tcase_add_test(t, silence_is_measured_only_where_nothing_is_missing);
    tcase_add_test(t, absence_is_told_only_of_what_was_captured);
    tcase_add_test(t, the_name_of_another_protocol_is_made_harmless);
    tcase_add_test(t, the_longest_sentence_fits);
    tcase_add_test(t, every_verdict_has_a_name);
    tcase_add_test(t, only_a_seen_end_without_holes_means_unanswered);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
