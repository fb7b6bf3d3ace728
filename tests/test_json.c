/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/out_text.h"
#include "ui/json.h"
#include "ui/json_write.h"

static struct event_samples samples;
static struct out_text written;
static struct json *json;
static struct event_sink sink;

static void
open_json(size_t payload_limit, const char *digest)
{
    struct json_options options = {.version = "1.2.3",
                                   .payload_limit = payload_limit,
                                   .digest = digest};
    json_free(json);
    json = json_new(&options, &written.out);
    ck_assert_ptr_nonnull(json);
    sink = json_sink(json);
}

static void
setup(void)
{
    event_samples_init(&samples);
    out_text_init(&written);
    open_json(JSON_PAYLOAD_LIMIT_DEFAULT, NULL);
}

static void
teardown(void)
{
    json_free(json);
    json = NULL;
    out_text_fini(&written);
}

static void
expect(const char *line)
{
    ck_assert_str_eq(out_text_next(&written), line);
}

/* The line has that in it. */
static void
expect_part(const char *part)
{
    const char *line = out_text_next(&written);
    ck_assert_msg(strstr(line, part) != NULL, "no %s in %s", part, line);
}

#define T "2023-11-14T22:13:20."

START_TEST(the_sink_wants_everything)
{
    ck_assert_uint_eq(sink.wants, 0x3f);
    ck_assert_uint_eq(sink.keep, JSON_PAYLOAD_LIMIT_DEFAULT);
    ck_assert_ptr_null(sink.digest);
}
END_TEST

START_TEST(a_handshake_has_every_field)
{
    sample_send_handshake(&sink, 3, &samples.handshake);
    expect("{\"type\":\"handshake\",\"conn\":3,\"flow\":7,"
           "\"time\":\"" T "124690789Z\",\"packet\":5,"
           "\"request_packet\":4,\"request_time\":\"" T "123456789Z\","
           "\"response_packet\":5,\"response_time\":\"" T "124690789Z\","
           "\"client\":{\"ip\":\"192.0.2.10\",\"port\":54321},"
           "\"server\":{\"ip\":\"192.0.2.20\",\"port\":8080},"
           "\"http_version\":\"1.1\",\"h2_stream\":null,\"method\":\"GET\","
           "\"target\":\"/chat\",\"host\":\"server.example.com\","
           "\"origin\":\"http://example.com\",\"status\":101,"
           "\"accepted\":true,\"key\":\"dGhlIHNhbXBsZSBub25jZQ==\","
           "\"accept\":\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\","
           "\"accept_expected\":\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\","
           "\"accept_ok\":true,\"version\":\"13\","
           "\"subprotocols_offered\":[\"chat\",\"superchat\"],"
           "\"subprotocol\":\"chat\",\"extensions_offered\":[],"
           "\"extensions\":[],\"deflate\":null,"
           "\"request_headers\":[[\"Host\",\"server.example.com\"],"
           "[\"Upgrade\",\"websocket\"]],"
           "\"response_headers\":[[\"Upgrade\",\"websocket\"]],"
           "\"tls\":null,\"seen\":\"both\"}\n");
}
END_TEST

START_TEST(what_was_not_seen_is_null)
{
    struct event_handshake h = {
        .flow = 1,
        .at = sample_stamp(0, 9),
        .client = sample_endpoint(10, 1),
        .server = sample_endpoint(20, 2),
        .seen = HANDSHAKE_SEEN_NONE,
        .accepted = true,
    };
    sample_send_handshake(&sink, 1, &h);
    expect("{\"type\":\"handshake\",\"conn\":1,\"flow\":1,"
           "\"time\":\"" T "123456789Z\",\"packet\":9,"
           "\"request_packet\":null,\"request_time\":null,"
           "\"response_packet\":null,\"response_time\":null,"
           "\"client\":{\"ip\":\"192.0.2.10\",\"port\":1},"
           "\"server\":{\"ip\":\"192.0.2.20\",\"port\":2},"
           "\"http_version\":null,\"h2_stream\":null,\"method\":null,"
           "\"target\":null,\"host\":null,\"origin\":null,\"status\":null,"
           "\"accepted\":true,\"key\":null,\"accept\":null,"
           "\"accept_expected\":null,\"accept_ok\":null,\"version\":null,"
           "\"subprotocols_offered\":null,\"subprotocol\":null,"
           "\"extensions_offered\":null,\"extensions\":null,"
           "\"deflate\":null,\"request_headers\":null,"
           "\"response_headers\":null,\"tls\":null,\"seen\":\"none\"}\n");
}
END_TEST

START_TEST(extensions_are_objects)
{
    struct event_handshake *h = &samples.handshake;
    h->offered.n = 2;
    h->offered.ext[0] =
        (struct ws_ext){.name = slice_cstr("permessage-deflate"),
                        .n_params = 3};
    h->offered.ext[1] =
        (struct ws_ext){.name = slice_cstr("x-mux"), .first_param = 3};
    h->offered.n_params = 3;
    h->offered.params[0] =
        (struct ws_ext_param){.name = slice_cstr("server_max_window_bits"),
                              .value = slice_cstr("10")};
    h->offered.params[1] =
        (struct ws_ext_param){.name = slice_cstr("client_max_window_bits")};
    /* A repeated name would make the object ambiguous. */
    h->offered.params[2] =
        (struct ws_ext_param){.name = slice_cstr("server_max_window_bits"),
                              .value = slice_cstr("11")};
    h->has_deflate = true;
    h->deflate = (struct ws_deflate_params){.client_max_window_bits = 15,
                                            .server_max_window_bits = 10,
                                            .server_no_context_takeover = true};
    sample_send_handshake(&sink, 1, h);
    expect_part("\"extensions_offered\":[{\"name\":\"permessage-deflate\","
                "\"params\":{\"server_max_window_bits\":\"10\","
                "\"client_max_window_bits\":true}},"
                "{\"name\":\"x-mux\",\"params\":{}}],\"extensions\":[],"
                "\"deflate\":{\"client_max_window_bits\":15,"
                "\"server_max_window_bits\":10,"
                "\"client_no_context_takeover\":false,"
                "\"server_no_context_takeover\":true}");
}
END_TEST

START_TEST(what_is_not_all_there_is_marked)
{
    struct event_handshake *h = &samples.handshake;
    sample_send_handshake(&sink, 1, h);
    const char *line = out_text_next(&written);
    ck_assert_ptr_null(strstr(line, "_truncated"));
    ck_assert_ptr_null(strstr(line, "_partial"));
    ck_assert_ptr_null(strstr(line, "unanswered"));
    h->offered.truncated = h->agreed.truncated = h->protocols_truncated = true;
    samples.request.partial = samples.response.partial = true;
    sample_send_handshake(&sink, 1, h);
    line = out_text_next(&written);
    static const char *const parts[] = {
        "\"subprotocols_offered\":[\"chat\",\"superchat\"],"
        "\"subprotocols_offered_truncated\":true,",
        "\"extensions_offered\":[],\"extensions_offered_truncated\":true,"
        "\"extensions\":[],\"extensions_truncated\":true,",
        "\"request_headers_partial\":true,\"response_headers\":[",
        "\"response_headers_partial\":true,\"tls\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(line, parts[i]) != NULL, "no %s in %s", parts[i],
                      line);
    h->response_head = NULL;
    h->answer = ANSWER_NONE;
    h->accepted = false;
    sample_send_handshake(&sink, 1, h);
    expect_part("\"status\":null,\"unanswered\":true,\"accepted\":false,");
}
END_TEST

START_TEST(parameters_have_no_escapes)
{
    struct event_handshake *h = &samples.handshake;
    ws_ext_parse(&h->offered, slice_cstr("a; b=\"1\\2\"; c=\"34\"; d=5"));
    sample_send_handshake(&sink, 1, h);
    expect_part("\"extensions_offered\":[{\"name\":\"a\",\"params\":{"
                "\"b\":\"12\",\"c\":\"34\",\"d\":\"5\"}}],");
}
END_TEST

START_TEST(invalid_utf8_has_its_bytes_beside_it)
{
    samples.request.target = slice_cstr("/\xff\xe4\xb8");
    samples.request.n_headers = 0;
    samples.request.n_headers_dropped = 2;
    sample_header(&samples.request, "A\"b", "x\xff");
    sample_send_handshake(&sink, 1, &samples.handshake);
    const char *line = out_text_next(&written);
    ck_assert_ptr_nonnull(strstr(line,
                                 "\"target\":\"/\xef\xbf\xbd\xef\xbf\xbd\","
                                 "\"target_hex\":\"2fffe4b8\",\"host\""));
    ck_assert_ptr_nonnull(
        strstr(line, "\"request_headers\":[[\"A\\\"b\",\"x\xef\xbf\xbd\"]],"
                     "\"request_headers_hex\":[[\"412262\",\"78ff\"]],"
                     "\"request_headers_dropped\":2,\"response_headers\""));
}
END_TEST

START_TEST(a_frame_has_every_field)
{
    sample_send_frame(&sink, 3, &samples.frame);
    expect("{\"type\":\"frame\",\"conn\":3,\"from\":\"client\",\"frame\":1,"
           "\"time\":\"" T "125456789Z\",\"first_time\":\"" T "125456789Z\","
           "\"packet\":6,\"first_packet\":6,\"offset\":160,\"fin\":true,"
           "\"rsv\":0,\"opcode\":1,\"name\":\"text\",\"masked\":true,"
           "\"mask\":\"37fa213d\",\"length\":5,\"header_length\":6,"
           "\"complete\":true,\"synced\":true,\"confidence\":null,"
           "\"message\":1}\n");
}
END_TEST

START_TEST(large_numbers_are_exact)
{
    struct event_frame *f = &samples.frame;
    f->from = WS_SENDER_SERVER;
    f->number = UINT64_MAX;
    f->at.packet = UINT64_C(9007199254740993); /* 2^53 + 1 */
    f->first = sample_stamp(-SAMPLE_START_NS - 1, 1);
    f->header = (struct ws_frame_header){.offset = UINT64_C(10000000000),
                                         .payload_len = INT64_MAX,
                                         .header_len = 10,
                                         .rsv = 7};
    f->complete = f->synced = false;
    f->confidence = 31.128;
    f->message = UINT64_C(4294967296);
    f->completed = NULL;
    sample_send_frame(&sink, UINT32_MAX, f);
    expect("{\"type\":\"frame\",\"conn\":4294967295,\"from\":\"server\","
           "\"frame\":18446744073709551615,\"time\":\"" T "125456789Z\","
           "\"first_time\":\"1969-12-31T23:59:59.999999999Z\","
           "\"packet\":9007199254740993,\"first_packet\":1,"
           "\"offset\":10000000000,\"fin\":false,\"rsv\":7,\"opcode\":0,"
           "\"name\":\"continuation\",\"masked\":false,\"mask\":null,"
           "\"length\":9223372036854775807,\"header_length\":10,"
           "\"complete\":false,\"synced\":false,\"confidence\":31.13,"
           "\"message\":4294967296}\n");
}
END_TEST

START_TEST(opcodes_have_the_names_of_the_dissector)
{
    char part[64];
    samples.frame.header.opcode = (uint8_t)_i;
    snprintf(part, sizeof part, "\"opcode\":%d,\"name\":\"%s\",\"masked\"", _i,
             ws_opcode_name((uint8_t)_i));
    sample_send_frame(&sink, 1, &samples.frame);
    expect_part(part);
}
END_TEST

static const struct {
    const char *name;
    bool has_code;
    const char *reason;
    const char *expected;
} closes[] = {
    {"reason", true, "bye",
     "\"message\":null,\"close_code\":1000,\"close_reason\":\"bye\"}\n"},
    {"no reason", true, NULL, "\"close_code\":1000,\"close_reason\":\"\"}\n"},
    {"no code", false, NULL, "\"close_code\":null,\"close_reason\":null}\n"},
    {"invalid reason", true, "\xff",
     "\"close_reason\":\"\xef\xbf\xbd\",\"close_reason_hex\":\"ff\"}\n"},
    {"escape sequence", true, "\x1b[2J\xc2\x9b",
     "\"close_reason\":\"\\u001b[2J\\u009b\"}\n"},
};

START_TEST(a_close_frame_has_code_and_reason)
{
    samples.close.has_close_code = closes[_i].has_code;
    samples.close.close_reason =
        closes[_i].reason ? slice_cstr(closes[_i].reason) : slice_make(NULL, 0);
    sample_send_frame(&sink, 1, &samples.close);
    expect_part(closes[_i].expected);
}
END_TEST

START_TEST(pings_and_pongs_have_their_payload_in_hex)
{
    struct event_frame *f = &samples.close;
    f->header.opcode = WS_OP_PING;
    f->payload = slice_make("\0\xff"
                            "a",
                            3);
    sample_send_frame(&sink, 1, f);
    expect_part("\"message\":null,\"payload\":\"00ff61\"}\n");
    f->header.opcode = WS_OP_PONG;
    f->payload = slice_make(NULL, 0);
    sample_send_frame(&sink, 1, f);
    expect_part("\"message\":null,\"payload\":\"\"}\n");
}
END_TEST

START_TEST(a_message_has_every_field)
{
    sample_send_message(&sink, 3, &samples.message);
    expect(
        "{\"type\":\"message\",\"conn\":3,\"from\":\"client\","
        "\"message\":1,\"time\":\"" T "125456789Z\",\"packet\":6,"
        "\"first_packet\":6,\"kind\":\"text\",\"frames\":1,"
        "\"wire_length\":5,\"compressed\":false,\"length\":5,"
        "\"complete\":true,\"synced\":true,\"known\":null,\"utf8_error\":null,"
        "\"text\":\"Hello\",\"truncated\":false}\n");
}
END_TEST

static const struct {
    const char *name;
    uint8_t opcode;
    const char *payload;
    size_t len;
    bool incomplete, truncated, bad;
    size_t limit;
    const char *expected;
} payloads[] = {
    {"empty", WS_OP_TEXT, "", 0, false, false, false, 10,
     "\"text\":\"\",\"truncated\":false"},
    {"escapes", WS_OP_TEXT, "\"\\/\b\f\n\r\t\0\x1f\x7f", 11, false, false,
     false, 20,
     "\"text\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\","
     "\"truncated\":false"},
    {"bidi controls", WS_OP_TEXT,
     "a\xe2\x80\xae\xe2\x81\xa6\xd8\x9c"
     "b",
     10, false, false, false, 20,
     "\"text\":\"a\\u202e\\u2066\\u061cb\",\"truncated\":false"},
    {"line separator passes", WS_OP_TEXT, "\xe2\x80\xa8", 3, false, false,
     false, 20, "\"text\":\"\xe2\x80\xa8\",\"truncated\":false"},
    {"all lengths of utf-8", WS_OP_TEXT, "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80",
     9, false, false, false, 20,
     "\"text\":\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\",\"truncated\":false"},
    {"limit", WS_OP_TEXT, "Hello", 5, false, false, false, 4,
     "\"text\":\"Hell\",\"truncated\":true"},
    {"limit inside a character", WS_OP_TEXT, "ab\xe4\xb8\xad", 5, false, false,
     false, 4, "\"text\":\"ab\",\"truncated\":true"},
    {"kept only up to there", WS_OP_TEXT, "ab\xe4\xb8", 4, false, true, false,
     4, "\"text\":\"ab\",\"truncated\":true"},
    {"lost after half a character", WS_OP_TEXT, "ab\xe4\xb8", 4, true, false,
     false, 20, "\"text\":\"ab\",\"truncated\":true"},
    {"invalid", WS_OP_TEXT, "ab\xff", 3, false, false, true, 20,
     "\"base64\":\"YWL/\",\"truncated\":false"},
    {"invalid behind the limit", WS_OP_TEXT, "ab\xff", 3, false, false, true, 2,
     "\"base64\":\"YWI=\",\"truncated\":true"},
    {"not checked and invalid", WS_OP_TEXT,
     "a\xff"
     "b",
     3, true, false, false, 20, "\"base64\":\"Yf9i\",\"truncated\":false"},
    {"binary", WS_OP_BINARY, "\0\1\2\3", 4, false, false, false, 20,
     "\"base64\":\"AAECAw==\",\"truncated\":false"},
    {"binary, limit", WS_OP_BINARY, "\0\1\2\3", 4, false, false, false, 3,
     "\"base64\":\"AAEC\",\"truncated\":true"},
    {"reserved opcode", 3, "abc", 3, false, false, false, 20,
     "\"base64\":\"YWJj\",\"truncated\":false"},
    {"no payload wanted", WS_OP_TEXT, "abc", 3, false, false, false, 0,
     "\"text\":null,\"truncated\":true"},
    {"no payload wanted, none there", WS_OP_BINARY, "", 0, false, false, false,
     0, "\"base64\":null,\"truncated\":false"},
};

START_TEST(payloads_are_text_or_base64)
{
    struct event_message *m = &samples.message;
    open_json(payloads[_i].limit, NULL);
    m->opcode = payloads[_i].opcode;
    m->payload = slice_make(payloads[_i].payload, payloads[_i].len);
    m->complete = !payloads[_i].incomplete;
    m->truncated = payloads[_i].truncated;
    m->has_utf8_error = payloads[_i].bad;
    sample_send_message(&sink, 1, m);
    const char *line = out_text_next(&written);
    ck_assert_msg(strstr(line, payloads[_i].expected) != NULL, "%s: %s",
                  payloads[_i].name, line);
}
END_TEST

START_TEST(compressed_and_unknown_are_told)
{
    struct event_message *m = &samples.message;
    m->opcode = WS_OP_BINARY;
    m->n_frames = 3;
    m->compressed = true;
    m->has_len = false;
    m->complete = false;
    sample_send_message(&sink, 1, m);
    expect_part(
        "\"kind\":\"binary\",\"frames\":3,\"wire_length\":5,"
        "\"compressed\":true,\"length\":null,\"complete\":false,"
        "\"synced\":true,\"known\":null,\"utf8_error\":null,\"base64\":");
    m->opcode = WS_OP_TEXT;
    m->has_utf8_error = true;
    m->utf8_error = 3;
    sample_send_message(&sink, 1, m);
    expect_part("\"utf8_error\":3,\"base64\":");
}
END_TEST

static const struct {
    const char *name;
    uint8_t opcode;
    const char *payload; /* 0 for unknown bytes */
    size_t len;
    size_t n_known;
    struct event_range known[3];
    bool truncated, more, bad;
    size_t limit;
    const char *expected[2];
} unknowns[] = {
    {"two holes",
     WS_OP_TEXT,
     "a\0\0\"\0",
     5,
     2,
     {{0, 1}, {3, 4}},
     false,
     false,
     false,
     10,
     {"\"known\":[[0,1],[3,4]],\"utf8_error\":null,",
      ",\"text\":\"a\xef\xbf\xbd\xef\xbf\xbd\\\"\xef\xbf\xbd\","
      "\"truncated\":false"}},
    {"nothing certain",
     WS_OP_TEXT,
     "\0",
     1,
     0,
     {{0, 0}},
     false,
     false,
     false,
     10,
     {"\"known\":[],\"utf8_error\"",
      "\"text\":\"\xef\xbf\xbd\",\"truncated\":false"}},
    {"half a character",
     WS_OP_TEXT,
     "\xc3\0!\0\x9f",
     5,
     3,
     {{0, 1}, {2, 3}, {4, 5}},
     false,
     false,
     false,
     10,
     {"\"known\":[[0,1],[2,3],[4,5]]",
      "\"text\":\"\xef\xbf\xbd\xef\xbf\xbd!\xef\xbf\xbd\xef\xbf\xbd\","
      "\"text_hex\":\"c30021009f\",\"truncated\":false"}},
    {"cut inside a character",
     WS_OP_TEXT,
     "\0ab\xe6\x97",
     5,
     1,
     {{1, 5}},
     true,
     false,
     false,
     10,
     {"\"known\":[[1,5]]", "\"text\":\"\xef\xbf\xbd"
                           "ab\",\"truncated\":true"}},
    {"cut by the limit",
     WS_OP_TEXT,
     "ab\0\0cd",
     6,
     2,
     {{0, 2}, {4, 6}},
     false,
     false,
     false,
     3,
     {"\"known\":[[0,2],[4,6]]",
      "\"text\":\"ab\xef\xbf\xbd\",\"truncated\":true"}},
    {"more ranges than are told",
     WS_OP_TEXT,
     "a\0",
     2,
     1,
     {{0, 1}},
     true,
     true,
     false,
     10,
     {"\"known\":[[0,1]],\"known_more\":true,\"utf8_error\"",
      "\"text\":\"a\xef\xbf\xbd\",\"truncated\":true"}},
    {"binary",
     WS_OP_BINARY,
     "a\0\0",
     3,
     1,
     {{0, 1}},
     false,
     false,
     false,
     10,
     {"\"known\":[[0,1]],", "\"base64\":\"YQAA\",\"truncated\":false"}},
    {"bad in front of the unknown",
     WS_OP_TEXT,
     "\xff\0",
     2,
     1,
     {{0, 1}},
     false,
     false,
     true,
     10,
     {"\"known\":[[0,1]],\"utf8_error\":0,",
      "\"base64\":\"/wA=\",\"truncated\":false"}},
    {"not shown",
     WS_OP_TEXT,
     "a\0",
     2,
     1,
     {{0, 1}},
     false,
     false,
     false,
     0,
     {"\"known\":[[0,1]],", "\"text\":null,\"truncated\":true"}},
};

START_TEST(unknown_bytes_are_marked)
{
    struct event_message *m = &samples.message;
    open_json(unknowns[_i].limit, NULL);
    m->opcode = unknowns[_i].opcode;
    m->payload = slice_make(unknowns[_i].payload, unknowns[_i].len);
    m->len = unknowns[_i].len;
    m->compressed = true;
    m->complete = false;
    m->truncated = unknowns[_i].truncated;
    m->has_utf8_error = unknowns[_i].bad;
    m->known = unknowns[_i].known;
    m->n_known = unknowns[_i].n_known;
    m->known_more = unknowns[_i].more;
    sample_send_message(&sink, 1, m);
    const char *line = out_text_next(&written);
    for (size_t i = 0; i < 2; i++)
        ck_assert_msg(strstr(line, unknowns[_i].expected[i]) != NULL,
                      "%s: no %s in %s", unknowns[_i].name,
                      unknowns[_i].expected[i], line);
}
END_TEST

START_TEST(long_text_with_unknown_bytes_has_no_seam)
{
    static char text[9000], want[3 * 9000];
    static struct event_range known[1000];
    struct event_message *m = &samples.message;
    size_t n = 0;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 1000; i++) {
        known[i] = (struct event_range){9 * i + 1, 9 * i + 9};
        text[9 * i] = 0;
        memcpy(want + n, "\xef\xbf\xbdxxxxxxxx", 11);
        n += 11;
    }
    m->payload = slice_make(text, sizeof text);
    m->len = sizeof text;
    m->complete = false;
    m->known = known;
    m->n_known = 1000;
    sample_send_message(&sink, 1, m);
    const char *line = out_text_next(&written);
    ck_assert_ptr_nonnull(strstr(line, want));
    ck_assert_ptr_nonnull(strstr(line, ",[8983,8991],[8992,9000]],"));
}
END_TEST

START_TEST(a_digest_stands_there_only_when_asked_for)
{
    open_json(0, "sha1");
    ck_assert_str_eq(sink.digest, "sha1");
    samples.message.has_digest = true;
    samples.message.digest = slice_make("\1\2\xab", 3);
    sample_send_message(&sink, 1, &samples.message);
    expect_part("\"truncated\":true,\"digest\":\"0102ab\"}\n");
    samples.message.has_digest = false;
    sample_send_message(&sink, 1, &samples.message);
    expect_part("\"digest\":null}\n");
}
END_TEST

START_TEST(a_gap_has_every_field)
{
    sample_send_gap(&sink, 2, &samples.gap);
    expect("{\"type\":\"gap\",\"conn\":2,\"from\":\"server\","
           "\"time\":\"" T "127456789Z\",\"packet\":9,\"offset\":1234,"
           "\"length\":1448,\"resynced\":2682}\n");
    samples.gap.resynced = false;
    sample_send_gap(&sink, 2, &samples.gap);
    expect_part("\"resynced\":null}\n");
}
END_TEST

START_TEST(a_finding_has_every_field)
{
    sample_send_finding(&sink, 2, &samples.finding);
    expect("{\"type\":\"finding\",\"conn\":2,\"from\":\"client\","
           "\"time\":\"" T "125456789Z\",\"packet\":6,\"offset\":160,"
           "\"frame\":1,\"message\":null,\"id\":\"frame-client-unmasked\","
           "\"severity\":\"error\",\"reference\":\"RFC 6455 section 5.1\","
           "\"text\":\"a frame of the client is not masked\","
           "\"detail\":null,\"count\":1}\n");
    samples.finding.has_from = false;
    samples.finding.has_offset = false;
    samples.finding.frame = 0;
    samples.finding.message = 4;
    samples.finding.count = 12;
    samples.finding.detail = "what \"it\" was";
    sample_send_finding(&sink, 2, &samples.finding);
    const char *line = out_text_next(&written);
    ck_assert_ptr_nonnull(strstr(line, "\"from\":null"));
    ck_assert_ptr_nonnull(
        strstr(line, "\"offset\":null,\"frame\":null,\"message\":4"));
    ck_assert_ptr_nonnull(
        strstr(line, "\"detail\":\"what \\\"it\\\" was\",\"count\":12}\n"));
}
END_TEST

START_TEST(an_end_has_every_field)
{
    samples.end.undecoded_bytes[WS_SENDER_CLIENT] = 3;
    sample_send_end(&sink, 2, &samples.end);
    expect("{\"type\":\"end\",\"conn\":2,\"time\":\"" T "128456789Z\","
           "\"packet\":10,\"duration\":0.005000000,"
           "\"frames\":{\"client\":1,\"server\":1},"
           "\"messages\":{\"client\":1,\"server\":0},"
           "\"payload_bytes\":{\"client\":5,\"server\":5},"
           "\"wire_bytes\":{\"client\":11,\"server\":7},"
           "\"gap_bytes\":{\"client\":0,\"server\":0},"
           "\"undecoded_bytes\":{\"client\":3,\"server\":0},"
           "\"close_code\":{\"client\":null,\"server\":1000},"
           "\"closed_by\":\"server\",\"clean\":false,"
           "\"onclose_code\":1000,\"verdict\":\"close-unanswered\","
           "\"text\":\"the server closed with code 1000; the client sent no "
           "Close frame\",\"evidence\":[{\"packet\":7,"
           "\"what\":\"first Close frame\"}],"
           "\"ping_rtt\":{\"client\":null,\"server\":null}}\n");
    samples.end.closed_by = CLOSED_BY_NOBODY;
    samples.end.onclose_code = 0;
    samples.end.n_evidence = 0;
    samples.end.rtt[WS_SENDER_SERVER] =
        (struct event_rtt){4, 100, 2000, 3000000, 4000000000};
    sample_send_end(&sink, 2, &samples.end);
    const char *line = out_text_next(&written);
    ck_assert_ptr_nonnull(strstr(line, "\"closed_by\":null"));
    ck_assert_ptr_nonnull(strstr(line, "\"onclose_code\":null"));
    ck_assert_ptr_nonnull(strstr(line, "\"evidence\":[],"));
    ck_assert_ptr_nonnull(strstr(line,
                                 "\"ping_rtt\":{\"client\":null,\"server\":{"
                                 "\"count\":4,\"min\":0.000000100,"
                                 "\"median\":0.000002000,\"p95\":0.003000000,"
                                 "\"max\":4.000000000}}}\n"));
}
END_TEST

START_TEST(captures_name_their_interfaces)
{
    const struct source_iface ifaces[] = {
        {.name = "eth0", .link = 1, .snaplen = 262144},
        {.name = NULL, .link = 65000, .snaplen = 0},
    };
    struct source_info info = {.name = "a\xff.pcapng",
                               .format = "pcapng+gzip",
                               .n_ifaces = 2,
                               .ifaces = ifaces};
    json_capture(json, &info, 17);
    expect("{\"type\":\"capture\",\"v\":1,\"wsray\":\"1.2.3\","
           "\"source\":\"a\xef\xbf\xbd.pcapng\","
           "\"source_hex\":\"61ff2e706361706e67\","
           "\"format\":\"pcapng+gzip\",\"interfaces\":["
           "{\"name\":\"eth0\",\"link\":\"EN10MB\",\"snaplen\":262144},"
           "{\"name\":null,\"link\":\"LINKTYPE_65000\",\"snaplen\":0}],"
           "\"first_packet\":17}\n");
}
END_TEST

START_TEST(the_summary_has_every_field)
{
    struct summary s = {.packets = 1,
                        .bytes = 2,
                        .flows = 3,
                        .connections = 4,
                        .frames = 5,
                        .messages = 6,
                        .duration_ns = 1500000000};
    s.findings[SEVERITY_ERROR] = 7;
    s.findings[SEVERITY_WARNING] = 8;
    s.findings[SEVERITY_NOTE] = 9;
    s.findings[SEVERITY_CHAT] = 10;
    json_summary(json, &s);
    expect("{\"type\":\"summary\",\"packets\":1,\"bytes\":2,\"flows\":3,"
           "\"connections\":4,\"frames\":5,\"messages\":6,"
           "\"findings\":{\"error\":7,\"warning\":8,\"note\":9,\"chat\":10},"
           "\"dropped\":null,\"duration\":1.500000000}\n");
    s.has_dropped = true;
    s.dropped = 11;
    json_summary(json, &s);
    expect_part("\"dropped\":11,");
}
END_TEST

/* A text with what needs care at every place of a vector and of a part. */
static void
fill_mixed(uint8_t *bytes, size_t len, size_t phase)
{
    static const char pattern[] = "abcdefghijklmnopqrstuvw\"\xe4\xb8\xad\n"
                                  "0123456789\xf0\x9f\x98\x80\\xyz\xff";
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)pattern[(i + phase) % (sizeof pattern - 1)];
}

START_TEST(long_strings_are_written_like_short_ones)
{
    /* In one go and in parts: the same text, wherever the parts end. */
    enum { LEN = 3 * 8192 + 100 };
    static uint8_t bytes[LEN], expected[6 * LEN + 16];
    for (size_t phase = 0; phase < 48; phase++) {
        bool valid = true, part_valid = true;
        fill_mixed(bytes, LEN, phase);
        /* Pieces of one character each, with their quotes taken away. */
        uint8_t *p = expected;
        *p++ = '"';
        for (struct slice rest = slice_make(bytes, LEN); rest.len > 0;) {
            uint32_t cp;
            uint8_t piece[64];
            size_t len = utf8_decode(rest, &cp);
            uint8_t *end =
                json_write_string_at(piece, slice_head(rest, len), &part_valid);
            memcpy(p, piece + 1, (size_t)(end - piece) - 2);
            p += end - piece - 2;
            rest = slice_skip(rest, len);
        }
        *p++ = '"';
        valid = json_write_string(&written.out, slice_make(bytes, LEN));
        const char *text = out_text_next(&written);
        ck_assert(valid == part_valid);
        ck_assert_uint_eq(strlen(text), (size_t)(p - expected));
        ck_assert_mem_eq(text, expected, (size_t)(p - expected));
    }
}
END_TEST

START_TEST(every_length_and_place_of_a_special_byte_is_right)
{
    static const uint8_t specials[] = {'"', '\\', 0, 0x1f, 0x7f, 0x80, 0xc3};
    uint8_t bytes[64], text[JSON_WRITE_AT_ROOM(64)], want[512];
    for (size_t len = 1; len <= 50; len++) {
        for (size_t at = 0; at < len; at++) {
            for (size_t k = 0; k < sizeof specials; k++) {
                bool valid = true;
                memset(bytes, 'x', sizeof bytes);
                bytes[at] = specials[k];
                uint8_t *end =
                    json_write_string_at(text, slice_make(bytes, len), &valid);
                static const char *const shown[] = {
                    "\\\"",    "\\\\",         "\\u0000",     "\\u001f",
                    "\\u007f", "\xef\xbf\xbd", "\xef\xbf\xbd"};
                int n =
                    snprintf((char *)want, sizeof want, "\"%.*s%s%.*s\"",
                             (int)at, (const char *)bytes, shown[k],
                             (int)(len - at - 1), (const char *)bytes + at + 1);
                ck_assert_int_eq(end - text, n);
                ck_assert_mem_eq(text, want, (size_t)n);
                ck_assert(valid == (k < 5));
            }
        }
    }
}
END_TEST

static const struct {
    const char *plain, *base64;
} base64s[] = {
    /* RFC 4648 section 10 */
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"foobarfoobarfo", "Zm9vYmFyZm9vYmFyZm8="},
};

START_TEST(base64_is_that_of_rfc_4648)
{
    char want[64];
    snprintf(want, sizeof want, "\"%s\"", base64s[_i].base64);
    json_write_base64(&written.out, slice_cstr(base64s[_i].plain));
    expect(want);
}
END_TEST

START_TEST(long_base64_has_no_seam)
{
    static uint8_t bytes[20000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 3 == 0 ? 0x4d : i % 3 == 1 ? 0x61 : 0x6e);
    json_write_base64(&written.out, slice_make(bytes, 19998));
    const char *text = out_text_next(&written);
    ck_assert_uint_eq(strlen(text), 19998 / 3 * 4 + 2);
    for (size_t i = 0; i < 19998 / 3; i++)
        ck_assert_mem_eq(text + 1 + 4 * i, "TWFu", 4);
    json_write_hex(&written.out, slice_make(bytes, sizeof bytes));
    text = out_text_next(&written);
    ck_assert_uint_eq(strlen(text), 2 * sizeof bytes + 2);
    ck_assert_mem_eq(text + 1 + 2 * 19998, "4d61\"", 5);
}
END_TEST

static void
add_string_tests(Suite *suite)
{
    TCase *tc = tcase_create("strings");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, long_strings_are_written_like_short_ones);
    tcase_add_test(tc, every_length_and_place_of_a_special_byte_is_right);
    tcase_add_loop_test(tc, base64_is_that_of_rfc_4648, 0,
                        (int)(sizeof base64s / sizeof base64s[0]));
    tcase_add_test(tc, long_base64_has_no_seam);
    suite_add_tcase(suite, tc);
}

static Suite *
json_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tc = tcase_create("events");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_sink_wants_everything);
    tcase_add_test(tc, a_handshake_has_every_field);
    tcase_add_test(tc, what_was_not_seen_is_null);
    tcase_add_test(tc, extensions_are_objects);
    tcase_add_test(tc, what_is_not_all_there_is_marked);
    tcase_add_test(tc, parameters_have_no_escapes);
    tcase_add_test(tc, invalid_utf8_has_its_bytes_beside_it);
    tcase_add_test(tc, a_frame_has_every_field);
    tcase_add_test(tc, large_numbers_are_exact);
    tcase_add_loop_test(tc, opcodes_have_the_names_of_the_dissector, 0, 16);
    tcase_add_loop_test(tc, a_close_frame_has_code_and_reason, 0,
                        (int)(sizeof closes / sizeof closes[0]));
    tcase_add_test(tc, pings_and_pongs_have_their_payload_in_hex);
    tcase_add_test(tc, a_message_has_every_field);
    tcase_add_loop_test(tc, payloads_are_text_or_base64, 0,
                        (int)(sizeof payloads / sizeof payloads[0]));
    tcase_add_test(tc, compressed_and_unknown_are_told);
    tcase_add_loop_test(tc, unknown_bytes_are_marked, 0,
                        (int)(sizeof unknowns / sizeof unknowns[0]));
    tcase_add_test(tc, long_text_with_unknown_bytes_has_no_seam);
    tcase_add_test(tc, a_digest_stands_there_only_when_asked_for);
    tcase_add_test(tc, a_gap_has_every_field);
    tcase_add_test(tc, a_finding_has_every_field);
    tcase_add_test(tc, an_end_has_every_field);
    tcase_add_test(tc, captures_name_their_interfaces);
    tcase_add_test(tc, the_summary_has_every_field);
    suite_add_tcase(suite, tc);
    add_string_tests(suite);
    return suite;
}

CHECK_MAIN(json_suite)
