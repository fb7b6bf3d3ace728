/* SPDX-License-Identifier: MIT */
#include "dissect/close_code.h"
#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/out_text.h"
#include "tests/safe_text.h"
#include "ui/report.h"
#include "ui/text.h"

#define RIGHT "\xe2\x86\x92"
#define LEFT "\xe2\x86\x90"
#define DOTS "\xe2\x80\xa6"
#define SHADE "\xe2\x96\x91"

static struct event_samples samples;
static struct out_text written;
static struct report *report;
static struct event_sink sink;

static void
open_report(const struct report_options *options)
{
    report_free(report);
    report = report_new(options, &written.out);
    ck_assert_ptr_nonnull(report);
    sink = report_sink(report);
}

static void
setup(void)
{
    event_samples_init(&samples);
    out_text_init(&written);
    open_report(&(struct report_options){.detail = REPORT_NORMAL,
                                         .width = 80,
                                         .utf8 = true});
}

static void
teardown(void)
{
    report_free(report);
    report = NULL;
    out_text_fini(&written);
}

static void
expect(const char *text)
{
    ck_assert_str_eq(out_text_next(&written), text);
}

static void
expect_part(const char *part)
{
    const char *text = out_text_next(&written);
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in:\n%s", part, text);
}

/* Prints the handshake and forgets it, so that only what follows counts. */
static void
begin(uint32_t conn)
{
    sample_send_handshake(&sink, conn, &samples.handshake);
    (void)out_text_next(&written);
}

static void
send_connection(uint32_t conn)
{
    sample_send_handshake(&sink, conn, &samples.handshake);
    sample_send_finding(&sink, conn, &samples.finding);
    sample_send_frame(&sink, conn, &samples.frame);
    sample_send_message(&sink, conn, &samples.message);
    sample_send_frame(&sink, conn, &samples.close);
    sample_send_gap(&sink, conn, &samples.gap);
    sample_send_end(&sink, conn, &samples.end);
}

START_TEST(one_connection_reads_from_top_to_bottom)
{
    struct summary s = {.packets = 10,
                        .bytes = 1234,
                        .flows = 1,
                        .connections = 1,
                        .accepted = 1,
                        .frames = 2,
                        .messages = 1,
                        .duration_ns = 6000000};
    s.findings[SEVERITY_ERROR] = 1;
    s.findings[SEVERITY_NOTE] = 2;
    send_connection(1);
    report_summary(report, &s);
    expect(
        "#1  192.0.2.10:54321 " RIGHT
        " 192.0.2.20:8080  2023-11-14T22:13:20.123456Z\n"
        "#1    request       GET /chat HTTP/1.1\n"
        "#1    host          server.example.com\n"
        "#1    origin        http://example.com\n"
        "#1    response      101 Switching Protocols (after 0.001234 s)\n"
        "#1    subprotocol   chat (offered: chat, superchat)\n"
        "#1    accept        key      dGhlIHNhbXBsZSBub25jZQ==\n"
        "#1                  computed s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
        "#1                  received s3pPLMBiTxaQ9kYGzzhZRbK+xOo=  match\n"
        "conn  nr       time  from      opcode flags       length  payload\n"
        "#1     1   0.002000  client " RIGHT
        "  text   FIN    MASK      5  Hello\n"
        "#1    ! error       frame-client-unmasked (client frame 1): a frame "
        "of the\n"
        "#1                  client is not masked [RFC 6455 section 5.1]\n"
        "#1     1   0.003000  " LEFT
        " server  close  FIN              5  1000: bye\n"
        "#1    ! gap         server: 1,448 bytes not captured, from offset "
        "1234; frames\n"
        "#1                  start again at 2682\n"
        "#1    end           the server closed with code 1000; the client "
        "sent no Close\n"
        "#1                  frame\n"
        "#1      by client   1 frame, 1 message, 5 bytes\n"
        "#1      by server   1 frame, 0 messages, 5 bytes, close 1000 Normal "
        "Closure\n"
        "#1      lasted      0.005000 s\n"
        "\n"
        "1 connection, 1 accepted; 2 frames, 1 message\n"
        "10 packets, 1,234 bytes, 1 TCP flow in 0.006000 s\n"
        "Findings: 1 error, 2 notes\n");
}
END_TEST

START_TEST(verbose_shows_headers_bits_and_evidence)
{
    open_report(&(struct report_options){.detail = REPORT_VERBOSE,
                                         .width = 120,
                                         .utf8 = true});
    samples.frame.from = WS_SENDER_CLIENT;
    samples.frame.header.rsv = WS_FRAME_RSV1;
    send_connection(1);
    const char *text = out_text_next(&written);
    static const char *const lines[] = {
        "#1    request       GET /chat HTTP/1.1 (packet 4)\n",
        "#1    version       13\n",
        "#1    sent          Host: server.example.com\n"
        "#1                  Upgrade: websocket\n"
        "#1    answered      Upgrade: websocket\n",
        "#1                  FIN=1 RSV=100 opcode=0x1 MASK=1 len=5 "
        "key=37fa213d header=6 offset=160 packet=6 message=1\n",
        "#1                  FIN=1 RSV=000 opcode=0x8 MASK=0 len=5 header=2 "
        "offset=129 packet=7\n",
        "#1      verdict     close-unanswered; a script sees close code 1000 "
        "Normal Closure\n"
        "#1      evidence    packet 7: first Close frame\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_msg(strstr(text, lines[i]) != NULL, "no \"%s\" in:\n%s",
                      lines[i], text);
}
END_TEST

START_TEST(quiet_is_one_line_a_connection)
{
    open_report(&(struct report_options){.detail = REPORT_QUIET,
                                         .width = 100,
                                         .utf8 = true});
    ck_assert_uint_eq(sink.wants, 1u << EVENT_HANDSHAKE | 1u << EVENT_FINDING |
                                      1u << EVENT_END);
    ck_assert_uint_eq(sink.keep, 0);
    send_connection(1);
    expect("conn client " RIGHT " server target status accept " RIGHT LEFT
           "frames/messages/bytes close end findings\n"
           "#1  192.0.2.10:54321 " RIGHT
           " 192.0.2.20:8080 /chat 101 match " RIGHT "1/1/5 " LEFT
           "1/0/5 1000 close-unanswered 1 finding\n");
    samples.handshake.accept_ok = TRI_NO;
    samples.request.target = slice_cstr("/a/target/that/is/much/too/long");
    send_connection(22);
    expect("#22 192.0.2.10 " RIGHT " 192.0.2.20:8080 /a/targ" DOTS
           " 101 MISMATCH " RIGHT "1/1/5 " LEFT
           "1/0/5 1000 close-unanswered 1 finding\n");
}
END_TEST

START_TEST(quiet_tells_refusals)
{
    open_report(&(struct report_options){.detail = REPORT_QUIET, .width = 80});
    samples.handshake.accepted = false;
    samples.response.status = 403;
    struct event_end end = {.verdict = VERDICT_REFUSED};
    sample_send_handshake(&sink, 1, &samples.handshake);
    sample_send_end(&sink, 1, &end);
    expect("conn client -> server target status accept -><-frames/bytes close "
           "end !findings\n"
           "#1  192.0.2.10:54321 -> 192.0.2.20:8080 /chat 403 ->0/0 <-0/0 "
           "refused\n");
}
END_TEST

/* Addresses, a target and sums that are longer and longer, and what is left
 * of them. */
static const struct {
    const char *name;
    size_t width;
    uint8_t first; /* of both addresses; 0: IPv6 */
    const char *target;
    uint64_t frames, bytes;
    const char *expected;
} quiets[] = {
    {"whole", 80, 10, "/chat", 1, 2,
     "#1  10.0.2.10 " RIGHT " 10.0.2.20:8080 /chat 101 ok " RIGHT "1/2 " LEFT
     "1/5 1000 close-unanswered !1\n"},
    {"target", 80, 10, "/a/long/target", 1, 2,
     "#1  10.0.2.10 " RIGHT " 10.0.2.20:8080 /a/lon" DOTS " 101 ok "},
    {"no client", 80, 192, "/a/long/target", 1234, 56789,
     "#1  " DOTS " " RIGHT " 192.0.2.20:8080 /a/lon" DOTS " 101 ok " RIGHT
     "1234/56789 " LEFT "1/5 1000"},
    {"no bytes", 80, 192, "/chat", UINT64_MAX, UINT64_MAX,
     ":8" DOTS " " DOTS " 101 ok " RIGHT "18446744073709551615 " LEFT "1 1000"},
    {"IPv6", 80, 0, "/chat", 1, 2,
     "#1  " DOTS " " RIGHT " [2001:db8:1111:2222:3333:4444:5" DOTS " " DOTS
     " 101 ok"},
    {"tiny", 44, 192, "/chat", 1, 2,
     "#1  192.0.2.20:8080 " DOTS " ok close-unanswered !1\n"},
    {"tiny and long", 40, 192, "/chat", 1, 2,
     "#1  192.0.2.20" DOTS " " DOTS " ok close-unanswered !1\n"},
};

/* Columns of a line of safe text. */
static size_t
columns(struct slice line)
{
    size_t cols = 0;
    while (line.len > 0) {
        uint32_t cp;
        line = slice_skip(line, utf8_decode(line, &cp));
        cols += text_width(cp);
    }
    return cols;
}

/* No line is longer than that, in columns. */
static void
expect_width(const char *text, size_t width)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        ck_assert_ptr_nonnull(end);
        struct slice line = slice_make(text, (size_t)(end - text));
        ck_assert_msg(columns(line) <= width, "%zu columns of %zu: %.*s",
                      columns(line), width, (int)line.len, text);
        text = end + 1;
    }
}

static void
set_family(struct endpoint *e, uint8_t first)
{
    static const uint8_t group[] = {0x20, 0x01, 0x0d, 0xb8, 0x11, 0x11,
                                    0x22, 0x22, 0x33, 0x33, 0x44, 0x44,
                                    0x55, 0x55, 0x66, 0x66};
    e->addr.bytes[0] = first;
    if (first != 0)
        return;
    e->addr.family = 6;
    memcpy(e->addr.bytes, group, sizeof group);
}

START_TEST(quiet_lines_fit)
{
    open_report(&(struct report_options){.detail = REPORT_QUIET,
                                         .width = quiets[_i].width,
                                         .utf8 = true});
    set_family(&samples.handshake.client, quiets[_i].first);
    set_family(&samples.handshake.server, quiets[_i].first);
    samples.request.target = slice_cstr(quiets[_i].target);
    samples.end.frames[0] = quiets[_i].frames;
    samples.end.payload_bytes[0] = quiets[_i].bytes;
    send_connection(1);
    const char *text = out_text_next(&written);
    ck_assert_msg(strstr(text, quiets[_i].expected) != NULL,
                  "%s: no \"%s\" in:\n%s", quiets[_i].name, quiets[_i].expected,
                  text);
    expect_width(text, quiets[_i].width);
}
END_TEST

START_TEST(a_narrow_report_keeps_the_proof_and_the_payload)
{
    open_report(&(struct report_options){.detail = REPORT_NORMAL,
                                         .width = 60,
                                         .utf8 = true});
    send_connection(1);
    expect_part("#1    accept        key      dGhlIHNhbXBsZSBub25jZQ==\n"
                "#1                  computed s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
                "#1                  received s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
                "#1                  match\n"
                "conn  nr       time  from      opcode  payload\n"
                "#1     1   0.002000  client " RIGHT "  text    Hello\n");
    open_report(&(struct report_options){.detail = REPORT_NORMAL,
                                         .width = 40,
                                         .utf8 = true});
    send_connection(1);
    expect("#1  192.0.2.10:54321 " RIGHT " 192.0.2.20:8080\n"
           "#1    2023-11-14T22:13:20.123456Z\n"
           "#1  request     GET /chat HTTP/1.1\n"
           "#1  host        server.example.com\n"
           "#1  origin      http://example.com\n"
           "#1  response    101 Switching Protocols\n"
           "#1    (after 0.001234 s)\n"
           "#1  subprotocol chat (offered: chat,\n"
           "#1    superchat)\n"
           "#1  accept      key\n"
           "#1    dGhlIHNhbXBsZSBub25jZQ==\n"
           "#1              computed\n"
           "#1    s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
           "#1              received\n"
           "#1    s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
           "#1              match\n"
           "conn  nr    opcode  payload\n"
           "#1     1  " RIGHT " text    Hello\n"
           "#1  ! error     frame-client-unmasked\n"
           "#1    (client frame 1): a frame of the\n"
           "#1    client is not masked [RFC 6455\n"
           "#1    section 5.1]\n"
           "#1     1  " LEFT " close   1000: bye\n"
           "#1  ! gap       server: 1,448 bytes not\n"
           "#1    captured, from offset 1234; frames\n"
           "#1    start again at 2682\n"
           "#1  end         the server closed with\n"
           "#1    code 1000; the client sent no\n"
           "#1    Close frame\n"
           "#1    by client 1 frame, 1 message, 5\n"
           "#1    bytes\n"
           "#1    by server 1 frame, 0 messages, 5\n"
           "#1    bytes, close 1000 Normal Closure\n"
           "#1    lasted    0.005000 s\n");
}
END_TEST

/* Everything but the spaces and line ends of the text, and the "#1" of each
 * line. */
static void
squeeze(const char *text, char *out, size_t size)
{
    size_t len = 0;
    for (const char *p = text; *p; p++) {
        if (strncmp(p, "#1", 2) == 0 && (p == text || p[-1] == '\n'))
            p++;
        else if (*p != ' ' && *p != '\n' && len + 1 < size)
            out[len++] = *p;
    }
    out[len] = '\0';
}

START_TEST(no_width_cuts_the_proof_or_all_of_the_payload)
{
    static const char key[] = "a-key-that-no-line-can-hold-as-it-is-longer-"
                              "than-the-widest-one-here-and-not-base64-either-"
                              "1234567890";
    static char whole[8192];
    size_t width = (size_t)_i;
    samples.message.payload = slice_cstr("0123456789abcdefghijklmnopqrstuvw");
    for (unsigned mode = 0; mode < 8; mode++) {
        static const enum time_format formats[] = {TIME_FORMAT_RELATIVE,
                                                   TIME_FORMAT_DELTA,
                                                   TIME_FORMAT_EPOCH,
                                                   TIME_FORMAT_UTC};
        open_report(&(struct report_options){.detail = REPORT_NORMAL,
                                             .time = formats[mode / 2],
                                             .width = width,
                                             .utf8 = mode % 2 == 0});
        samples.handshake.key = slice_cstr(mode / 2 ? key : "short==");
        send_connection(1);
        const char *text = out_text_next(&written);
        expect_width(text, width);
        /* All 16 columns: 15 characters and an ellipsis, or 13 and three. */
        const char *least = mode % 2 ? "  0123456789abc" : "  0123456789abcde";
        ck_assert_msg(width >= 80 || strstr(text, least) != NULL,
                      "width %zu:\n%s", width, text);
        squeeze(text, whole, sizeof whole);
        ck_assert_msg(strstr(whole, mode / 2 ? key : "short==") != NULL, "%s",
                      text);
        ck_assert_msg(strstr(whole, "computeds3pPLMBiTxaQ9kYGzzhZRbK+xOo="
                                    "receiveds3pPLMBiTxaQ9kYGzzhZRbK+xOo="
                                    "match") != NULL,
                      "%s", text);
    }
}
END_TEST

START_TEST(findings_follow_the_frame_they_name)
{
    static const char first[] = "#1    ! error       frame-client-unmasked "
                                "(client frame 1): a frame of the\n"
                                "#1                  client is not masked [RFC "
                                "6455 section 5.1]\n";
    char detail[] = "12 bytes";
    begin(1);
    sample_send_finding(&sink, 1, &samples.finding);
    expect("");
    /* One of the other side's next frame, and what its detail was. */
    struct event_finding other = samples.finding;
    other.id = FINDING_FRAME_SERVER_MASKED;
    other.from = WS_SENDER_SERVER;
    other.frame = 2;
    other.detail = detail;
    sample_send_finding(&sink, 1, &other);
    memset(detail, 'x', sizeof detail - 1);
    /* The frames of the other side do not set it free. */
    sample_send_frame(&sink, 1, &samples.close);
    expect("#1     1   0.003000  " LEFT
           " server  close  FIN              5  1000: bye\n");
    sample_send_gap(&sink, 1, &samples.gap);
    (void)out_text_next(&written);
    sample_send_frame(&sink, 1, &samples.frame);
    const char *text = out_text_next(&written);
    const char *line = strchr(text, '\n');
    ck_assert_ptr_nonnull(line);
    ck_assert_str_eq(line + 1, first);
    /* The frame has gone by: at once. */
    sample_send_finding(&sink, 1, &samples.finding);
    expect(first);
    /* Its frame is left out (--only): in front of the next one. */
    samples.close.number = 3;
    sample_send_frame(&sink, 1, &samples.close);
    expect("#1    ! error       frame-server-masked (server frame 2): a frame "
           "of the server\n"
           "#1                  is masked: 12 bytes [RFC 6455 section 5.1]\n"
           "#1     3   0.003000  " LEFT
           " server  close  FIN              5  1000: bye\n");
}
END_TEST

START_TEST(findings_without_a_frame_do_not_wait)
{
    begin(1);
    samples.finding.frame = 0;
    sample_send_finding(&sink, 1, &samples.finding);
    expect_part("frame-client-unmasked (client): a frame");
    samples.finding.has_from = false;
    sample_send_finding(&sink, 1, &samples.finding);
    expect_part("frame-client-unmasked: a frame");
}
END_TEST

START_TEST(findings_whose_frame_never_comes_are_told_at_the_end)
{
    begin(1);
    begin(2);
    sample_send_finding(&sink, 1, &samples.finding);
    sample_send_frame(&sink, 2, &samples.frame);
    sample_send_end(&sink, 2, &samples.end);
    ck_assert_ptr_null(
        strstr(out_text_next(&written), "frame-client-unmasked"));
    sample_send_end(&sink, 1, &samples.end);
    const char *text = out_text_next(&written);
    ck_assert_msg(strncmp(text, "#1    ! error  ", 15) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "#1    end "));
    /* Of those that wait when all is over, nothing leaks. */
    begin(3);
    sample_send_finding(&sink, 3, &samples.finding);
}
END_TEST

START_TEST(not_too_many_findings_wait)
{
    begin(1);
    for (unsigned i = 0; i < 1000; i++) {
        samples.finding.frame = 1 + i % 3;
        sample_send_finding(&sink, 1, &samples.finding);
    }
    sample_send_frame(&sink, 1, &samples.frame);
    sample_send_end(&sink, 1, &samples.end);
    unsigned n = 0;
    const char *text = out_text_next(&written);
    for (const char *p = text; (p = strstr(p, "! error")) != NULL; p++)
        n++;
    ck_assert_uint_eq(n, 1000);
    /* In front of the frame: those for which there was no room. */
    const char *frame = strstr(text, "  Hello\n");
    ck_assert_ptr_nonnull(frame);
    ck_assert_uint_gt((size_t)(frame - text), 900 * 100);
}
END_TEST

START_TEST(connections_found_in_mid_stream_are_not_called_accepted)
{
    struct summary s = {.connections = 3, .accepted = 2, .midstream = 1};
    send_connection(1);
    send_connection(2);
    samples.handshake.seen = HANDSHAKE_SEEN_NONE;
    send_connection(3);
    for (unsigned partial = 0; partial < 2; partial++) {
        s.connections += partial; /* else the report's own counts are shown */
        (void)out_text_next(&written);
        report_summary(report, &s);
        const char *text = out_text_next(&written);
        ck_assert_ptr_nonnull(
            strstr(text, ", 2 accepted, 1 found in mid-stream;"));
    }
}
END_TEST

START_TEST(what_is_in_no_frame_is_told)
{
    samples.end.undecoded_bytes[WS_SENDER_SERVER] = 1234;
    sample_send_end(&sink, 1, &samples.end);
    ck_assert_ptr_nonnull(strstr(
        out_text_next(&written),
        "#1                  1,234 bytes in which no frame was found\n"));
}
END_TEST

START_TEST(the_summary_says_when_not_all_was_shown)
{
    struct summary s = {.packets = 100,
                        .bytes = 12345,
                        .flows = 9,
                        .connections = 9,
                        .accepted = 8,
                        .frames = 70,
                        .messages = 60,
                        .duration_ns = 6000000};
    s.findings[SEVERITY_ERROR] = 5;
    s.findings[SEVERITY_NOTE] = 2;
    for (unsigned quiet = 0; quiet < 2; quiet++) {
        open_report(&(struct report_options){.detail = quiet ? REPORT_QUIET
                                                             : REPORT_NORMAL,
                                             .width = 80});
        send_connection(3);
        (void)out_text_next(&written);
        report_summary(report, &s);
        expect("\n"
               "1 of 9 connections shown, 1 accepted; 2 frames, 1 message\n"
               "100 packets, 12,345 bytes, 9 TCP flows in 0.006000 s\n"
               "Findings: 1 error\n");
    }
    open_report(&(struct report_options){.detail = REPORT_NORMAL, .width = 40});
    report_summary(report, &s);
    expect("0 of 9 connections shown, 0 accepted; 0\n"
           "  frames, 0 messages\n"
           "100 packets, 12,345 bytes, 9 TCP flows\n"
           "  in 0.006000 s\n"
           "No findings.\n");
    s.connections = 0;
    report_summary(report, &s);
    expect_part("Findings: 5 errors, 2 notes\n");
}
END_TEST

START_TEST(refused_handshakes_prove_nothing)
{
    samples.handshake.accepted = false;
    samples.handshake.accept = slice_make(NULL, 0);
    samples.handshake.protocol = slice_make(NULL, 0);
    samples.handshake.accept_ok = TRI_UNKNOWN;
    samples.response.status = 403;
    samples.response.reason = slice_cstr("For\x1b[31mbidden");
    sample_send_handshake(&sink, 1, &samples.handshake);
    expect("#1  192.0.2.10:54321 " RIGHT
           " 192.0.2.20:8080  2023-11-14T22:13:20.123456Z\n"
           "#1    request       GET /chat HTTP/1.1\n"
           "#1    host          server.example.com\n"
           "#1    origin        http://example.com\n"
           "#1    response      403 For\xe2\x90\x9b[31mbidden (after 0.001234 "
           "s)\n"
           "#1    subprotocol   (offered: chat, superchat)\n");
}
END_TEST

START_TEST(a_wrong_accept_is_told_with_both_hashes)
{
    samples.handshake.accept = slice_cstr("AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    samples.handshake.accept_ok = TRI_NO;
    sample_send_handshake(&sink, 1, &samples.handshake);
    expect_part("computed s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
                "#1                  received AAAAAAAAAAAAAAAAAAAAAAAAAAA=  "
                "MISMATCH\n");
    samples.handshake.accept = slice_make(NULL, 0);
    sample_send_handshake(&sink, 2, &samples.handshake);
    expect_part("received no Sec-WebSocket-Accept  MISMATCH\n");
    samples.handshake.accept_ok = TRI_UNKNOWN;
    samples.handshake.key = slice_make(NULL, 0);
    samples.handshake.accept_expected[0] = '\0';
    sample_send_handshake(&sink, 3, &samples.handshake);
    expect_part("accept        key      not seen\n"
                "#3                  computed -\n"
                "#3                  received no Sec-WebSocket-Accept  not "
                "verified\n");
}
END_TEST

START_TEST(what_was_not_captured_is_told)
{
    samples.handshake.seen = HANDSHAKE_SEEN_NONE;
    samples.handshake.request_head = samples.handshake.response_head = NULL;
    sample_send_handshake(&sink, 1, &samples.handshake);
    expect_part("#1    handshake     not captured: found in mid-stream\n");
    samples.handshake.seen = HANDSHAKE_SEEN_REQUEST;
    samples.handshake.accepted = false;
    samples.handshake.accept = slice_make(NULL, 0);
    samples.handshake.request_head = &samples.request;
    sample_send_handshake(&sink, 2, &samples.handshake);
    expect_part("#2    response      not captured\n");
    samples.handshake.answer = ANSWER_NONE;
    sample_send_handshake(&sink, 3, &samples.handshake);
    expect_part("#3    response      none: the connection ended without one\n");
}
END_TEST

START_TEST(what_is_not_all_there_is_marked)
{
    struct event_handshake *h = &samples.handshake;
    open_report(
        &(struct report_options){.detail = REPORT_VERBOSE, .width = 120});
    ws_ext_parse(&h->offered, slice_cstr("a; b=\"1\\2\"; c=\"34\""));
    h->offered.truncated = h->protocols_truncated = true;
    samples.request.partial = samples.response.partial = true;
    samples.request.n_headers_dropped = 3;
    h->accept = slice_make(NULL, 0);
    h->accept_ok = TRI_UNKNOWN;
    sample_send_handshake(&sink, 1, h);
    const char *text = out_text_next(&written);
    static const char *const parts[] = {
        "chat (offered: chat, superchat, and more)\n",
        "none (offered: a; b=12; c=34, and more)\n",
        "received not seen  not verified\n",
        "Upgrade: websocket\n"
        "#1                  ... and 3 more\n"
        "#1                  ... the rest was not captured\n"
        "#1    answered      Upgrade: websocket\n"
        "#1                  ... the rest was not captured\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(text, parts[i]) != NULL, "no \"%s\" in:\n%s",
                      parts[i], text);
}
END_TEST

START_TEST(extensions_wrap_and_show_their_parameters)
{
    struct event_handshake *h = &samples.handshake;
    h->offered.n = 1;
    h->offered.n_params = 2;
    h->offered.ext[0] =
        (struct ws_ext){.name = slice_cstr("permessage-deflate"),
                        .n_params = 2};
    h->offered.params[0].name = slice_cstr("client_max_window_bits");
    h->offered.params[1].name = slice_cstr("server_max_window_bits");
    h->offered.params[1].value = slice_cstr("10");
    sample_send_handshake(&sink, 1, h);
    expect_part("#1    extensions    none (offered: permessage-deflate; "
                "client_max_window_bits;\n"
                "#1                  server_max_window_bits=10)\n");
}
END_TEST

/* Changes to the sample frame and its message, and the line they make. */
static const struct {
    const char *name;
    const char *payload;
    size_t payload_len; /* 0: strlen */
    uint8_t opcode, message_opcode, rsv;
    bool no_fin, no_message, from_server, compressed, incomplete, bad_utf8;
    bool more, unsynced;
    uint32_t frames;
    const char *expected;
} lines[] = {
    {.name = "binary",
     .payload = "\0\1\xff",
     .payload_len = 3,
     .opcode = WS_OP_BINARY,
     .expected = "client " RIGHT "  binary FIN    MASK      5  00 01 ff\n"},
    {.name = "long binary",
     .payload = "0123456789",
     .opcode = WS_OP_BINARY,
     .expected = "  30 31 32 33 34 35 36 " DOTS "\n"},
    {.name = "binary that goes on",
     .payload = "01",
     .opcode = WS_OP_BINARY,
     .more = true,
     .expected = "  30 31 " DOTS "\n"},
    {.name = "from the server",
     .payload = "Hi",
     .opcode = WS_OP_TEXT,
     .from_server = true,
     .expected = LEFT " server  text   FIN    MASK      5  Hi\n"},
    {.name = "first fragment",
     .payload = "Hi",
     .opcode = WS_OP_TEXT,
     .no_fin = true,
     .no_message = true,
     .expected = "  text          MASK      5  [fragment]\n"},
    {.name = "last fragment",
     .payload = "Hi",
     .opcode = WS_OP_CONT,
     .message_opcode = WS_OP_TEXT,
     .frames = 3,
     .expected = "  cont.  FIN    MASK      5  [3 frames: 5] Hi\n"},
    {.name = "compressed",
     .payload = "Hi",
     .opcode = WS_OP_TEXT,
     .rsv = 4,
     .compressed = true,
     .expected = "  text   FIN R1 MASK      5  [" RIGHT "5] Hi\n"},
    {.name = "compressed fragments",
     .payload = "Hi",
     .opcode = WS_OP_CONT,
     .message_opcode = WS_OP_TEXT,
     .compressed = true,
     .frames = 2,
     .expected = "[2 frames, 5" RIGHT "5] Hi\n"},
    {.name = "all reserved bits",
     .payload = "Hi",
     .opcode = 3,
     .rsv = 7,
     .no_message = true,
     .expected = "  op 0x3 FIN R123 MASK    5  Hello\n"},
    {.name = "escape sequence and wide text",
     .payload = "\x1b[2J\xe2\x80\xae\xe4\xb8\xad\xe6\x96\x87",
     .opcode = WS_OP_TEXT,
     .expected = "  5  \xe2\x90\x9b[2J<U+202E>\xe4\xb8\xad\xe6\x96\x87\n"},
    {.name = "long text",
     .payload = "0123456789012345678901234567890",
     .opcode = WS_OP_TEXT,
     .expected = "  5  012345678901234567890" DOTS "\n"},
    {.name = "invalid UTF-8",
     .payload = "a\xff",
     .opcode = WS_OP_TEXT,
     .bad_utf8 = true,
     .expected = "[invalid UTF-8] a<FF>\n"},
    {.name = "incomplete",
     .payload = "a",
     .opcode = WS_OP_TEXT,
     .incomplete = true,
     .more = true,
     .expected = "  5  [incomplete] a" DOTS "\n"},
    {.name = "found again",
     .payload = "a",
     .opcode = WS_OP_TEXT,
     .unsynced = true,
     .expected = "  5  [found again] a\n"},
    {.name = "ping",
     .payload = "",
     .opcode = WS_OP_PING,
     .no_message = true,
     .expected = "  ping   FIN    MASK      5  Hello\n"},
};

START_TEST(frames_are_shown_as_expected)
{
    struct event_frame *f = &samples.frame;
    struct event_message *m = &samples.message;
    begin(1);
    f->from = lines[_i].from_server ? WS_SENDER_SERVER : WS_SENDER_CLIENT;
    f->header.opcode = lines[_i].opcode;
    f->header.fin = !lines[_i].no_fin;
    f->header.rsv = lines[_i].rsv;
    f->synced = !lines[_i].unsynced;
    f->complete = !lines[_i].incomplete;
    m->opcode =
        lines[_i].message_opcode ? lines[_i].message_opcode : lines[_i].opcode;
    m->payload = slice_make(lines[_i].payload, lines[_i].payload_len
                                                   ? lines[_i].payload_len
                                                   : strlen(lines[_i].payload));
    m->compressed = lines[_i].compressed;
    m->complete = !lines[_i].incomplete;
    m->has_utf8_error = lines[_i].bad_utf8;
    m->truncated = lines[_i].more;
    if (lines[_i].frames)
        m->n_frames = lines[_i].frames;
    if (lines[_i].no_message) {
        f->completed = NULL;
        if (f->header.fin)
            f->payload = slice_cstr("Hello"); /* as for control frames */
    }
    sample_send_frame(&sink, 1, f);
    const char *text = out_text_next(&written);
    ck_assert_msg(strstr(text, lines[_i].expected) != NULL,
                  "%s: no \"%s\" in:\n%s", lines[_i].name, lines[_i].expected,
                  text);
}
END_TEST

static const struct {
    const char *name;
    uint8_t opcode;
    const char *payload; /* 0 for unknown bytes */
    size_t payload_len, len, n_known;
    struct event_range known[3];
    bool ascii, truncated, more;
    const char *expected;
} unknowns[] = {
    {"a few are marked one by one",
     WS_OP_TEXT,
     "a\0\0\0b\0",
     6,
     6,
     2,
     {{0, 1}, {4, 5}},
     false,
     false,
     false,
     "[" RIGHT "6, 4 unknown] a" SHADE SHADE SHADE "b" SHADE "\n"},
    {"many are counted",
     WS_OP_TEXT,
     "\0\0\0\0b",
     5,
     5,
     1,
     {{4, 5}},
     false,
     false,
     false,
     "[" RIGHT "5, 4 unknown] \xe2\x9f\xa8"
     "4 unknown\xe2\x9f\xa9"
     "b\n"},
    {"in ASCII",
     WS_OP_TEXT,
     "a\0b",
     3,
     3,
     2,
     {{0, 1}, {2, 3}},
     true,
     false,
     false,
     "[->3, 1 unknown] a<1 unknown>b\n"},
    {"behind what is shown",
     WS_OP_TEXT,
     "ab",
     2,
     9,
     2,
     {{0, 3}, {7, 9}},
     false,
     true,
     false,
     "[" RIGHT "9, 4 unknown] ab" DOTS "\n"},
    {"nothing certain",
     WS_OP_TEXT,
     "\0",
     1,
     1,
     0,
     {{0, 0}},
     false,
     false,
     false,
     "[" RIGHT "1, 1 unknown] " SHADE "\n"},
    {"more than told",
     WS_OP_TEXT,
     "a\0",
     2,
     9,
     1,
     {{0, 1}},
     false,
     true,
     true,
     "[" RIGHT "9, incomplete] a" SHADE DOTS "\n"},
    {"bytes",
     WS_OP_BINARY,
     "\1\0\3",
     3,
     3,
     2,
     {{0, 1}, {2, 3}},
     false,
     false,
     false,
     "[" RIGHT "3, 1 unknown] 01 ?? 03\n"},
};

START_TEST(unknown_bytes_are_marked)
{
    struct event_message *m = &samples.message;
    open_report(&(struct report_options){.detail = REPORT_NORMAL,
                                         .width = 110,
                                         .utf8 = !unknowns[_i].ascii});
    begin(1);
    samples.frame.header.opcode = m->opcode = unknowns[_i].opcode;
    m->payload = slice_make(unknowns[_i].payload, unknowns[_i].payload_len);
    m->len = unknowns[_i].len;
    m->compressed = true;
    m->complete = false;
    m->truncated = unknowns[_i].truncated;
    m->known = unknowns[_i].known;
    m->n_known = unknowns[_i].n_known;
    m->known_more = unknowns[_i].more;
    sample_send_frame(&sink, 1, &samples.frame);
    const char *text = out_text_next(&written);
    ck_assert_msg(strstr(text, unknowns[_i].expected) != NULL,
                  "%s: no \"%s\" in:\n%s", unknowns[_i].name,
                  unknowns[_i].expected, text);
}
END_TEST

START_TEST(a_flood_of_unknown_bytes_is_one_line)
{
    static uint8_t text[100000];
    static struct event_range known[1000];
    struct event_message *m = &samples.message;
    begin(1);
    for (size_t i = 0; i < 1000; i++) {
        known[i] = (struct event_range){100 * i + 3, 100 * i + 100};
        memset(text + 100 * i + 3, 'x', 97);
    }
    m->payload = slice_make(text, sizeof text);
    m->len = sizeof text;
    m->complete = false;
    m->known = known;
    m->n_known = 1000;
    sample_send_frame(&sink, 1, &samples.frame);
    const char *line = out_text_next(&written);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    ck_assert_ptr_nonnull(strstr(line, " " SHADE SHADE SHADE "x"));
    ck_assert_uint_lt(strlen(line), 120);
}
END_TEST

static const struct {
    const char *name;
    bool has_code;
    uint16_t code;
    const char *reason;
    size_t width;
    const char *expected;
} closes[] = {
    {"name", true, 1001, "", 80, "  5  1001 Going Away\n"},
    {"name and reason", true, 1000, "bye", 100,
     "  5  1000 Normal Closure: bye\n"},
    {"narrow", true, 1000, "bye", 80, "  5  1000: bye\n"},
    {"private", true, 4000, "", 80, "  5  4000 private use\n"},
    {"no code", false, 0, "", 80, "  5  code missing\n"},
    {"unsafe reason", true, 1000, "\x9b\xe2\x80\xae", 100,
     "  5  1000 Normal Closure: <9B><U+202E>\n"},
};

START_TEST(close_frames_have_code_name_and_reason)
{
    open_report(&(struct report_options){.detail = REPORT_NORMAL,
                                         .width = closes[_i].width,
                                         .utf8 = true});
    begin(1);
    samples.close.has_close_code = closes[_i].has_code;
    samples.close.close_code = closes[_i].code;
    samples.close.close_reason = slice_cstr(closes[_i].reason);
    sample_send_frame(&sink, 1, &samples.close);
    expect_part(closes[_i].expected);
}
END_TEST

START_TEST(every_close_code_has_a_name)
{
    ck_assert_str_eq(close_code_name(0), "not a close code");
    ck_assert_str_eq(close_code_name(999), "not a close code");
    ck_assert_str_eq(close_code_name(1000), "Normal Closure");
    ck_assert_str_eq(close_code_name(1015), "TLS Handshake");
    ck_assert_str_eq(close_code_name(1016), "unassigned");
    ck_assert_str_eq(close_code_name(2999), "unassigned");
    ck_assert_str_eq(close_code_name(3000), "Unauthorized");
    ck_assert_str_eq(close_code_name(4999), "private use");
    ck_assert_str_eq(close_code_name(5000), "not a close code");
    ck_assert_str_eq(close_code_name(65535), "not a close code");
}
END_TEST

static const struct {
    enum time_format format;
    size_t width;
    const char *first, *second;
} times[] = {
    {TIME_FORMAT_RELATIVE, 80, "#1     1   0.002000  c", "#1     1   0.003000"},
    {TIME_FORMAT_DELTA, 80, "#1     1   0.002000  c", "#1     1   0.001000"},
    {TIME_FORMAT_EPOCH, 80, "#1     1 1700000000.125456  c",
     "#1     1 1700000000.126456"},
    {TIME_FORMAT_UTC, 80, "#1     1 22:13:20.125456Z  c",
     "#1     1 22:13:20.126456Z"},
    {TIME_FORMAT_UTC, 120, "#1     1 2023-11-14T22:13:20.125456Z  c",
     "#1     1 2023-11-14T22:13:20.126456Z"},
    {TIME_FORMAT_LOCAL, 120, "#1     1 2023-11-14T19:13:20.125456  c",
     "#1     1 2023-11-14T19:13:20.126456"},
};

START_TEST(times_are_shown_as_asked)
{
    setenv("TZ", "TST3", 1);
    open_report(&(struct report_options){.detail = REPORT_NORMAL,
                                         .time = times[_i].format,
                                         .width = times[_i].width,
                                         .utf8 = true});
    begin(1);
    sample_send_frame(&sink, 1, &samples.frame);
    expect_part(times[_i].first);
    sample_send_frame(&sink, 1, &samples.close);
    expect_part(times[_i].second);
}
END_TEST

START_TEST(connections_do_not_mix)
{
    begin(1);
    samples.handshake.request.time_ns += 1000000000;
    begin(200);
    sample_send_frame(&sink, 1, &samples.frame);
    expect_part("#1     1   0.002000  ");
    samples.frame.at.time_ns += 1000000000;
    sample_send_frame(&sink, 200, &samples.frame);
    expect_part("#200   1   0.002000  ");
    /* After its end nothing of it is left: times start anew. */
    sample_send_end(&sink, 200, &samples.end);
    (void)out_text_next(&written);
    sample_send_frame(&sink, 200, &samples.frame);
    expect_part("#200   1   0.000000  ");
    sample_send_frame(&sink, 1, &samples.frame);
    expect_part("#1     1   1.002000  ");
}
END_TEST

START_TEST(a_message_without_its_frame_gets_a_line)
{
    begin(1);
    sample_send_frame(&sink, 1, &samples.frame);
    (void)out_text_next(&written);
    sample_send_message(&sink, 1, &samples.message);
    expect("");
    samples.message.number = 2;
    samples.message.complete = false;
    samples.message.truncated = true;
    sample_send_message(&sink, 1, &samples.message);
    expect("#1         0.002000  client " RIGHT
           "  message 2 text             [incomplete] Hello" DOTS "\n");
}
END_TEST

START_TEST(ascii_terminals_get_ascii)
{
    open_report(&(struct report_options){.detail = REPORT_NORMAL, .width = 80});
    samples.message.payload = slice_cstr("h\xc3\xa9llo and so on, and so on");
    samples.message.compressed = true;
    send_connection(1);
    const char *text = out_text_next(&written);
    for (const char *p = text; *p; p++)
        ck_assert_msg((*p >= 0x20 && *p < 0x7f) || *p == '\n', "%s", p);
    ck_assert_msg(
        strstr(text,
               "client ->  text   FIN    MASK      5  [->5] h<U+00E9>llo...\n"),
        "%s", text);
}
END_TEST

START_TEST(colour_changes_nothing_but_colour)
{
    static char plain[8192];
    send_connection(1);
    const char *text = out_text_next(&written);
    ck_assert_uint_lt(strlen(text), sizeof plain);
    memcpy(plain, text, strlen(text) + 1);
    open_report(&(struct report_options){
        .detail = REPORT_NORMAL, .width = 80, .color = true, .utf8 = true});
    send_connection(1);
    text = out_text_next(&written);
    ck_assert_ptr_nonnull(strstr(text, "\033[2m#1\033[0m"));
    ck_assert_ptr_nonnull(strstr(text, "\033[36mclient " RIGHT "\033[0m"));
    ck_assert_ptr_nonnull(strstr(text, "\033[32mmatch\033[0m\n"));
    ck_assert_ptr_nonnull(strstr(text, "\033[1;31m! error\033[0m"));
    /* Each line ends in plain. */
    const char *want = plain;
    bool colored = false;
    for (; *text; text++) {
        if (*text == '\033') {
            colored = strncmp(text, "\033[0m", 4) != 0;
            text = strchr(text, 'm');
        } else {
            ck_assert(!(colored && *text == '\n'));
            ck_assert_msg(*text == *want, "at \"%.20s\"", want);
            want++;
        }
    }
    ck_assert_int_eq(*want, '\0');
}
END_TEST

/* Hostile in every field that comes from the network. */
static void
poison(void)
{
    static const char bad[] =
        "\x1b]0;title\x07\r\n#9  fake line \xe2\x80\xae\xc2\x9b\xff "
        "\xe4\xb8\xad\xe6\x96\x87\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"
        "and-a-word-without-any-space-that-is-longer-than-a-line-can-be-"
        "and-a-word-without-any-space-that-is-longer-than-a-line-can-be";
    struct slice s = slice_make(bad, sizeof bad - 1);
    struct event_handshake *h = &samples.handshake;
    samples.request.method = samples.request.target = s;
    samples.response.reason = s;
    samples.request.headers[0] = (struct http1_header){s, s};
    samples.response.headers[0] = (struct http1_header){s, s};
    h->host = h->origin = h->key = h->accept = h->version = s;
    h->protocols_offered[0] = h->protocol = s;
    h->offered.n = h->offered.n_params = 1;
    h->offered.ext[0] = (struct ws_ext){.name = s, .n_params = 1};
    h->offered.params[0].name = h->offered.params[0].value = s;
    h->agreed = h->offered;
    samples.message.payload = s;
    samples.close.close_reason = s;
}

START_TEST(nothing_hostile_gets_through)
{
    static const size_t widths[] = {40, 60, 72, 80, 100, 132, 0};
    poison();
    size_t width = widths[_i / 4];
    enum report_detail detail = _i & 1 ? REPORT_VERBOSE : REPORT_NORMAL;
    open_report(&(struct report_options){.detail = detail,
                                         .width = width,
                                         .utf8 = (_i & 2) != 0});
    send_connection(1);
    const char *text = out_text_next(&written);
    while (*text) {
        const char *end = strchr(text, '\n');
        ck_assert_ptr_nonnull(end);
        struct slice line = slice_make(text, (size_t)(end - text));
        ck_assert_msg(safe_text(line, (_i & 2) != 0), "%.*s", (int)line.len,
                      text);
        /* The line starts with its connection, whatever was sent. */
        ck_assert_msg(strncmp(text, "#1  ", 4) == 0 ||
                          strncmp(text, "conn", 4) == 0,
                      "%.*s", (int)line.len, text);
        if (width > 0)
            ck_assert_msg(columns(line) <= width, "%zu columns: %.*s",
                          columns(line), (int)line.len, text);
        text = end + 1;
    }
}
END_TEST

START_TEST(a_thousand_open_connections_are_kept_apart)
{
    for (uint32_t conn = 1; conn <= 1000; conn++) {
        samples.handshake.request.time_ns = SAMPLE_START_NS - 1000 * conn;
        sample_send_handshake(&sink, conn, &samples.handshake);
    }
    (void)out_text_next(&written);
    for (uint32_t conn = 1000; conn > 0; conn -= 37 % conn + 1) {
        char want[64];
        samples.frame.at.time_ns = SAMPLE_START_NS;
        sample_send_frame(&sink, conn, &samples.frame);
        snprintf(want, sizeof want, " 0.%06u  client", (unsigned)conn);
        expect_part(want);
        if (conn % 2)
            sample_send_end(&sink, conn, &samples.end);
        (void)out_text_next(&written);
    }
}
END_TEST

static Suite *
report_suite(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("report");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, one_connection_reads_from_top_to_bottom);
    tcase_add_test(tc, verbose_shows_headers_bits_and_evidence);
    tcase_add_test(tc, quiet_is_one_line_a_connection);
    tcase_add_test(tc, quiet_tells_refusals);
    tcase_add_loop_test(tc, quiet_lines_fit, 0,
                        (int)(sizeof quiets / sizeof quiets[0]));
    tcase_add_test(tc, a_narrow_report_keeps_the_proof_and_the_payload);
    tcase_add_loop_test(tc, no_width_cuts_the_proof_or_all_of_the_payload, 40,
                        133);
    tcase_add_test(tc, findings_follow_the_frame_they_name);
    tcase_add_test(tc, findings_without_a_frame_do_not_wait);
    tcase_add_test(tc, findings_whose_frame_never_comes_are_told_at_the_end);
    tcase_add_test(tc, not_too_many_findings_wait);
    tcase_add_test(tc, the_summary_says_when_not_all_was_shown);
    tcase_add_test(tc, connections_found_in_mid_stream_are_not_called_accepted);
    tcase_add_test(tc, what_is_in_no_frame_is_told);
    tcase_add_test(tc, refused_handshakes_prove_nothing);
    tcase_add_test(tc, a_wrong_accept_is_told_with_both_hashes);
    tcase_add_test(tc, what_was_not_captured_is_told);
    tcase_add_test(tc, what_is_not_all_there_is_marked);
    tcase_add_test(tc, extensions_wrap_and_show_their_parameters);
    tcase_add_loop_test(tc, frames_are_shown_as_expected, 0,
                        (int)(sizeof lines / sizeof lines[0]));
    tcase_add_loop_test(tc, close_frames_have_code_name_and_reason, 0,
                        (int)(sizeof closes / sizeof closes[0]));
    tcase_add_loop_test(tc, unknown_bytes_are_marked, 0,
                        (int)(sizeof unknowns / sizeof unknowns[0]));
    tcase_add_test(tc, a_flood_of_unknown_bytes_is_one_line);
    tcase_add_test(tc, every_close_code_has_a_name);
    tcase_add_loop_test(tc, times_are_shown_as_asked, 0,
                        (int)(sizeof times / sizeof times[0]));
    tcase_add_test(tc, connections_do_not_mix);
    tcase_add_test(tc, a_message_without_its_frame_gets_a_line);
    tcase_add_test(tc, ascii_terminals_get_ascii);
    tcase_add_test(tc, colour_changes_nothing_but_colour);
    tcase_add_loop_test(tc, nothing_hostile_gets_through, 0, 28);
    tcase_add_test(tc, a_thousand_open_connections_are_kept_apart);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(report_suite)
