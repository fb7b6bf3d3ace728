/* SPDX-License-Identifier: MIT */
/* The maker of conversations: packets, cuts, losses, and what comes back. */
#include <stdio.h>
#include <string.h>

#include "capture/decap.h"
#include "capture/tcp.h"
#include "dissect/ws_frame.h"
#include "tests/check_main.h"
#include "tests/scene.h"

#define C WS_SENDER_CLIENT
#define S WS_SENDER_SERVER

#define RECORDS_MAX 4096u

/* What one packet of a rendered scene is. */
struct record {
    int64_t time_ns;
    uint32_t wire_len;
    struct slice data; /* IP and up */
    struct tcp_header tcp;
    bool is_tcp;
};

static struct {
    struct buf pcap;
    size_t n;
    struct record list[RECORDS_MAX];
} made;

static uint32_t
get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void
render(const struct scene *s, const struct scene_options *o)
{
    struct decap *decap;
    struct ip_packet ip;
    buf_init(&made.pcap, SIZE_MAX / 2);
    scene_render(s, o, &made.pcap);
    ck_assert_int_eq(decap_new(&decap, NULL), ERR_OK);
    made.n = 0;
    for (size_t at = 24; at < made.pcap.len; made.n++) {
        const uint8_t *p = made.pcap.ptr + at;
        ck_assert_uint_lt(made.n, RECORDS_MAX);
        struct record *r = &made.list[made.n];
        r->time_ns = get32(p) * INT64_C(1000000000) + get32(p + 4);
        r->wire_len = get32(p + 12);
        r->data = slice_make(p + 16, get32(p + 8));
        struct packet packet = {.data = r->data,
                                .number = made.n + 1,
                                .wire_len = r->wire_len,
                                .link = get32(made.pcap.ptr + 20)};
        r->is_tcp = decap_packet(decap, &packet, &ip) == DECAP_TCP &&
                    tcp_parse(ip.payload, ip.missing, &r->tcp);
        at += 16 + r->data.len;
    }
    decap_free(decap);
}

static void
tear_down(void)
{
    buf_fini(&made.pcap);
}

static struct scene *
short_talk(void)
{
    struct scene *s = scene_new();
    scene_handshake(s);
    scene_text(s, C, "hello");
    scene_text(s, S, "good day");
    scene_close(s, C, 1000);
    return s;
}

/* The one's complement sum over 16-bit words: ffff for a right checksum. */
static uint32_t
sum_of(uint32_t sum, struct slice words)
{
    for (size_t i = 0; i < words.len; i++)
        sum += (uint32_t)words.ptr[i] << (i % 2 ? 0 : 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

START_TEST(checksums_are_right)
{
    struct scene *s = short_talk();
    struct scene_options o = {.cut_every = _i ? 3 : 0};
    render(s, &o);
    for (size_t i = 0; i < made.n; i++) {
        const struct record *r = &made.list[i];
        struct slice tcp = slice_skip(r->data, 20);
        uint32_t pseudo =
            sum_of(6 + (uint32_t)tcp.len, slice_make(r->data.ptr + 12, 8));
        ck_assert_uint_eq(sum_of(0, slice_head(r->data, 20)), 0xffff);
        ck_assert_uint_eq(sum_of(pseudo, tcp), 0xffff);
    }
    scene_free(s);
}
END_TEST

/* All payload of the server port's side, or of the other one, in order of the
 * capture; sequence numbers have no hole. */
static void
collect(bool of_server, struct buf *out)
{
    uint32_t next = 0;
    bool begun = false;
    for (size_t i = 0; i < made.n; i++) {
        const struct tcp_header *t = &made.list[i].tcp;
        if ((t->src_port == 80) != of_server)
            continue;
        if (begun)
            ck_assert_uint_eq(t->seq, next);
        begun = true;
        next = t->seq + (uint32_t)t->payload.len +
               ((t->flags & SCENE_SYN) != 0) + ((t->flags & SCENE_FIN) != 0);
        ck_assert_int_eq(buf_append(out, t->payload.ptr, t->payload.len),
                         ERR_OK);
    }
}

START_TEST(cuts_move_borders_and_nothing_else)
{
    static const struct scene_options cuts[] = {{.cut_every = 1},
                                                {.cut_every = 7},
                                                {.cut_at = 1},
                                                {.cut_at = 200}};
    struct scene *s = short_talk();
    for (unsigned side = 0; side < 2; side++) {
        struct buf whole, cut;
        buf_init(&whole, SIZE_MAX / 2);
        buf_init(&cut, SIZE_MAX / 2);
        render(s, NULL);
        size_t n = made.n;
        collect(side, &whole);
        buf_fini(&made.pcap);
        render(s, &cuts[_i]);
        collect(side, &cut);
        buf_fini(&made.pcap);
        ck_assert_uint_gt(whole.len, 100);
        ck_assert_uint_eq(whole.len, cut.len);
        ck_assert_mem_eq(whole.ptr, cut.ptr, cut.len);
        ck_assert_uint_eq(made.n, cuts[_i].cut_at ? n + 1
                                  : cuts[_i].cut_every == 1
                                      ? n - 6 + scene_payload_len(s)
                                      : made.n);
        ck_assert_uint_gt(made.n, n);
        buf_fini(&whole);
        buf_fini(&cut);
    }
    scene_free(s);
}
END_TEST

START_TEST(time_never_goes_back)
{
    struct scene *s = short_talk();
    struct scene_options o = {.cut_every = 1, .noise = 2};
    render(s, &o);
    for (size_t i = 1; i < made.n; i++)
        ck_assert_int_ge(made.list[i].time_ns, made.list[i - 1].time_ns);
    scene_free(s);
}
END_TEST

START_TEST(the_same_calls_make_the_same_octets)
{
    struct scene *a = short_talk(), *b = short_talk();
    struct buf first, second;
    buf_init(&first, SIZE_MAX / 2);
    buf_init(&second, SIZE_MAX / 2);
    scene_render(a, NULL, &first);
    scene_render(b, NULL, &second);
    ck_assert_uint_eq(first.len, second.len);
    ck_assert_mem_eq(first.ptr, second.ptr, first.len);
    buf_fini(&first);
    buf_fini(&second);
    scene_free(a);
    scene_free(b);
}
END_TEST

START_TEST(captures_lose_what_they_are_told_to)
{
    static const size_t gone[] = {3, 5};
    struct scene *s = short_talk();
    size_t n = scene_packets(s);
    static const struct {
        struct scene_options o;
        size_t lost;
    } plans[] = {
        {{.drop = gone, .n_drop = 2}, 2},
        {{.first_packet = 3}, 3},
        {{.acks_lost = 100}, 8 + 1},
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        render(s, &plans[i].o);
        ck_assert_uint_eq(made.n, n - plans[i].lost);
        buf_fini(&made.pcap);
    }
    render(s, &(struct scene_options){.end_packet = 4, .snaplen = 60});
    ck_assert_uint_eq(made.n, 4);
    ck_assert_uint_eq(made.list[3].data.len, 60);
    ck_assert_uint_gt(made.list[3].wire_len, 60);
    buf_fini(&made.pcap);
    render(s, &(struct scene_options){.drop_from = {true, false}});
    for (size_t i = 0; i < made.n; i++)
        ck_assert_uint_eq(made.list[i].tcp.src_port, 80);
    scene_free(s);
}
END_TEST

START_TEST(an_acknowledgement_stands_still_while_a_side_does_not_read)
{
    struct scene *s = scene_new();
    scene_handshake(s);
    scene_reads(s, S, false);
    scene_text(s, C, "one");
    size_t packets = scene_packets(s);
    scene_text(s, S, "two");
    scene_reads(s, S, true);
    scene_text(s, S, "three");
    render(s, NULL);
    const struct tcp_header *one = &made.list[packets - 1].tcp;
    const struct tcp_header *two = &made.list[packets].tcp;
    const struct tcp_header *three = &made.list[packets + 2].tcp;
    ck_assert_uint_eq(one->payload.len, 6 + 3);
    ck_assert_uint_eq(two->ack, one->seq);
    ck_assert_uint_eq(three->ack, one->seq + one->payload.len);
    scene_free(s);
}
END_TEST

START_TEST(connections_of_one_scene_are_told_apart)
{
    static struct scene_result r;
    struct scene *s = scene_new();
    scene_handshake(s);
    char key[32];
    snprintf(key, sizeof key, "%s", scene_key(s));
    size_t second = scene_another(s);
    scene_handshake(s);
    ck_assert_str_ne(scene_key(s), key);
    scene_text(s, S, "on the second one");
    scene_use(s, 0);
    ck_assert_str_eq(scene_key(s), key);
    scene_close(s, S, 1001);
    scene_use(s, second);
    scene_rst(s, C);
    scene_run(s, NULL, &r);
    ck_assert_uint_eq(r.n_conns, 2);
    ck_assert_str_eq(verdict_name(r.conns[0].verdict), "clean-close");
    ck_assert_uint_eq(r.conns[0].onclose_code, 1001);
    ck_assert_str_eq(verdict_name(r.conns[1].verdict), "reset");
    ck_assert_uint_eq(r.conns[1].messages[S], 1);
    ck_assert_uint_eq(r.read_errors, 0);
    scene_free(s);
}
END_TEST

START_TEST(findings_are_listed_once_with_their_count)
{
    static struct scene_result r;
    char text[200];
    struct scene *s = scene_new();
    scene_handshake(s);
    for (unsigned i = 0; i < 3; i++)
        scene_frame(s, C,
                    &(struct scene_frame){.opcode = WS_OP_TEXT,
                                          .mask_on = SCENE_MASK_OFF});
    scene_close(s, C, 1000);
    scene_run(s, NULL, &r);
    scene_findings_text(&r, SEVERITY_WARNING, text, sizeof text);
    ck_assert_str_eq(text, "frame-client-unmasked:client*3");
    ck_assert_uint_eq(scene_count(&r, FINDING_FRAME_CLIENT_UNMASKED, C), 3);
    ck_assert_uint_eq(scene_count(&r, FINDING_FRAME_CLIENT_UNMASKED, S), 0);
    ck_assert_uint_eq(scene_count(&r, FINDING_FRAME_CLIENT_UNMASKED, -1), 3);
    scene_free(s);
}
END_TEST

/* Any head: defaults replaced, taken out, added to, or all of it given. */
START_TEST(heads_of_the_handshake_are_as_asked_for)
{
    static const struct {
        struct scene_handshake h;
        const char *head;
    } heads[] = {
        {{.key = "k"},
         "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
         "Connection: Upgrade\r\nSec-WebSocket-Key: k\r\n"
         "Sec-WebSocket-Version: 13\r\n\r\n"},
        {{.key = "k",
          .target = "/",
          .request_replace = "host: a\r\nUpgrade\r\nconnection",
          .request_headers = "X: y\r\nX: z\r\n",
          .protocol = "chat"},
         "GET / HTTP/1.1\r\nhost: a\r\nSec-WebSocket-Key: k\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n"
         "X: y\r\nX: z\r\n\r\n"},
        {{.request = "GET\nany", .response = ""}, "GET\nany"},
    };
    struct scene *s = scene_new();
    scene_request(s, &heads[_i].h);
    render(s, NULL);
    struct slice head = made.list[3].tcp.payload;
    ck_assert_uint_eq(head.len, strlen(heads[_i].head));
    ck_assert_mem_eq(head.ptr, heads[_i].head, head.len);
    scene_free(s);
}
END_TEST

START_TEST(compressed_examples_of_the_rfc_come_out)
{
    /* RFC 7692 section 7.2.3.2, as zlib makes them (7.2.3.6: empty) */
    struct scene *s = scene_new();
    struct slice out = scene_deflate(s, C, "Hello", 5, true);
    ck_assert_uint_eq(out.len, 7);
    ck_assert_mem_eq(out.ptr, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
    out = scene_deflate(s, C, "Hello", 5, true);
    ck_assert_uint_lt(out.len, 7);
    out = scene_deflate(s, C, "Hello", 5, false);
    ck_assert_uint_eq(out.len, 7);
    out = scene_deflate(s, C, "", 0, true);
    ck_assert_uint_eq(out.len, 1);
    ck_assert_uint_eq(out.ptr[0], 0);
    scene_free(s);
}
END_TEST

static Suite *
scene_suite(void)
{
    Suite *suite = suite_create("scene");
    TCase *tc = tcase_create("scene");
    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_add_loop_test(tc, checksums_are_right, 0, 2);
    tcase_add_loop_test(tc, cuts_move_borders_and_nothing_else, 0, 4);
    tcase_add_test(tc, time_never_goes_back);
    tcase_add_test(tc, the_same_calls_make_the_same_octets);
    tcase_add_test(tc, captures_lose_what_they_are_told_to);
    tcase_add_test(tc,
                   an_acknowledgement_stands_still_while_a_side_does_not_read);
    tcase_add_test(tc, connections_of_one_scene_are_told_apart);
    tcase_add_test(tc, findings_are_listed_once_with_their_count);
    tcase_add_loop_test(tc, heads_of_the_handshake_are_as_asked_for, 0, 3);
    tcase_add_test(tc, compressed_examples_of_the_rfc_come_out);
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(scene_suite)
