/* SPDX-License-Identifier: MIT */
/*
 * What findings of the opening handshake say of what was seen: which slip fits
 * a wrong Sec-WebSocket-Accept, and that secrets are not shown.
 */
#include <string.h>

#include "tests/check_main.h"
#include "tests/scene.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* The detail of finding id in the only connection; "" when there is none. */
static const char *
detail_of(const struct scene_handshake *h, enum finding_id id)
{
    static struct scene_result r;
    struct scene *s = scene_new();
    scene_handshake_with(s, h);
    scene_end(s, WS_SENDER_SERVER);
    scene_run(s, NULL, &r);
    scene_free(s);
    for (size_t i = 0; i < r.n_findings; i++)
        if (r.findings[i].id == id)
            return r.findings[i].detail;
    return "";
}

/* Computed with Python's hashlib and base64. */
static const struct slip {
    const char *accept, *detail;
} slips[] = {
    {"BXhwxM0SZasKmCD9S4BfpPmCnEw=",
     "the key was decoded from base64 before it was hashed"},
    {"b37a4f2cc0624f1690f64606cf385945b2bec4ea",
     "the digest was written in hexadecimal digits"},
    {"YjM3YTRmMmNjMDYyNGYxNjkwZjY0NjA2Y2YzODU5NDViMmJlYzRlYQ==",
     "the digest was written in hexadecimal digits"},
    {"QjM3QTRGMkNDMDYyNEYxNjkwRjY0NjA2Q0YzODU5NDVCMkJFQzRFQQ==",
     "the digest was written in hexadecimal digits"},
    {"WJfwerbIozKsJXHxxI0JTO1SQgU=", "the GUID was taken in small letters"},
    {"xytUlkF2rVz2XzwONMCug9nn1qA=",
     "a blank or line end was hashed along with the key"},
    {"s3mCG3XUBfFRrUGpYOBQiHm5i8g=",
     "a blank or line end was hashed along with the key"},
    {"kex8Ji4w0ek1Mc3Dwcf4mOpf5b4=",
     "a blank or line end was hashed along with the key"},
    {"BQgomKt49tqcGtJYe4ASzQz1IXI=",
     "a blank or line end was hashed along with the key"},
    {"hHLtf2V1k8aDQZfNjw3Ia1hCwt0=", "the key was hashed without the GUID"},
    {"Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=", "the GUID was hashed without a key"},
    {"s3pPLMBiTxaQ9kYGzzhZRbK-xOo=", "the right value in base64url"},
    {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo", "the right value without its ="},
    {"S3PPLMBITXAQ9KYGZZHZRBK+XOO=", "the right value with other case"},
    {KEY, "it is the key itself"},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
     "\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\" instead of "
     "\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\""},
    {"\x01", "\"\\x01\" instead of \"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\""},
};

START_TEST(a_wrong_accept_is_explained_by_the_slip_that_fits)
{
    const struct slip *slip = &slips[_i];
    const char *detail =
        detail_of(&(struct scene_handshake){.key = KEY, .accept = slip->accept},
                  FINDING_HANDSHAKE_ACCEPT_MISMATCH);
    ck_assert_msg(strcmp(detail, slip->detail) == 0, "%s: %s", slip->accept,
                  detail);
}
END_TEST

START_TEST(an_answer_to_another_connection_is_recognised)
{
    static struct scene_result r;
    struct scene *s = scene_new();
    scene_handshake_with(s, &(struct scene_handshake){.key = KEY});
    scene_close(s, WS_SENDER_CLIENT, 1000);
    scene_another(s);
    scene_handshake_with(s, &(struct scene_handshake){
                                .accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="});
    scene_close(s, WS_SENDER_CLIENT, 1000);
    scene_run(s, NULL, &r);
    scene_free(s);
    for (size_t i = 0; i < r.n_findings; i++)
        if (r.findings[i].id == FINDING_HANDSHAKE_ACCEPT_MISMATCH) {
            ck_assert_uint_eq(r.findings[i].conn, 2);
            ck_assert_str_eq(r.findings[i].detail,
                             "it answers the key of another handshake");
            return;
        }
    ck_abort_msg("not found");
}
END_TEST

#define NO "Upgrade\r\nConnection\r\nSec-WebSocket-Accept"

static const struct said {
    enum finding_id id;
    struct scene_handshake handshake;
    const char *detail;
} said[] = {
    {FINDING_HANDSHAKE_REQUEST,
     {.target = "/chat?token=secret", .protocol = "a, b"},
     "/chat at localhost; 2 subprotocols"},
    {FINDING_HANDSHAKE_REQUEST,
     {.deflate = "permessage-deflate"},
     "/chat at localhost; permessage-deflate"},
    {FINDING_HANDSHAKE_ACCEPTED,
     {.answer_ms = 250, .deflate = "permessage-deflate", .protocol = "chat"},
     "after 250.2 ms; subprotocol chat; permessage-deflate"},
    {FINDING_HANDSHAKE_ACCEPTED,
     {.answer_ms = 250, .protocol = "openai-insecure-api-key.secret"},
     "after 250.2 ms; subprotocol (hidden)"},
    {FINDING_HANDSHAKE_HTTP_ANSWER,
     {.status = "302 Found",
      .response_replace = NO,
      .response_headers = "Location: /login?token=secret\r\n"},
     "302 Found, to /login"},
    {FINDING_HANDSHAKE_HTTP_ANSWER,
     {.status = "302 Found",
      .response_replace = NO,
      .response_headers = "Location: /login#access_token=secret\r\n"},
     "302 Found, to /login"},
    {FINDING_HANDSHAKE_HTTP_ANSWER,
     {.request_headers = "Origin: http://a.example\r\n",
      .status = "403 Forbidden",
      .response_replace = NO},
     "403 Forbidden, Origin http://a.example"},
    {FINDING_HANDSHAKE_REFUSED,
     {.status = "502 Bad Gateway", .response_replace = NO},
     "502 Bad Gateway: mostly a proxy that did not reach the server behind "
     "it"},
    {FINDING_HANDSHAKE_TARGET_FRAGMENT,
     {.target = "/chat?token=secret#top"},
     "\"/chat\" and more"},
    {FINDING_HANDSHAKE_TARGET_INVALID,
     {.target = "ws://bob:secret@host/a@b"},
     "\"ws://(hidden)@host/a@b\""},
    {FINDING_HANDSHAKE_TARGET_ABSOLUTE_FORM,
     {.target = "http://host/", .request_replace = "Host: bob:secret@host"},
     "Host is \"(hidden)@host\""},
    {FINDING_HTTP_HOST_INVALID,
     {.request_replace = "Host: bob:secret@host"},
     "it is \"(hidden)@host\""},
    {FINDING_HANDSHAKE_ORIGIN_MALFORMED,
     {.request_headers =
          "Origin: http://bob:secret@a.example/?token=secret\r\n"},
     "\"http://(hidden)@a.example/\""},
    {FINDING_HANDSHAKE_HTTP_ANSWER,
     {.status = "302 Found",
      .response_replace = NO,
      .response_headers = "Location: https://bob:secret@a.example/x?y\r\n"},
     "302 Found, to https://(hidden)@a.example/x"},
    {FINDING_HTTP_FIELD_INVALID,
     {.request_headers = "Cookie : id=secret\r\n"},
     "a blank before the colon of Cookie"},
    {FINDING_HTTP_FIELD_INVALID,
     {.request_headers = "Cookie: id=\x1bsecret\r\n"},
     "octet 0x1b in Cookie"},
    {FINDING_HTTP_FIELD_INVALID,
     {.request_headers = "B\xc3\xa4: a\r\n"},
     "the name \"B\\xc3\\xa4\""},
    {FINDING_HANDSHAKE_KEY_INVALID,
     {.key = "abc"},
     "3 characters instead of 24"},
    {FINDING_HANDSHAKE_BAD_REQUEST_ACCEPTED,
     {.method = "POST", .request_replace = "Host"},
     "handshake-method-not-get, http-host-missing"},
};

START_TEST(the_detail_of_a_finding_says_what_was_seen)
{
    const struct said *row = &said[_i];
    const char *detail = detail_of(&row->handshake, row->id);
    ck_assert_msg(strcmp(detail, row->detail) == 0, "%s: %s",
                  finding_info(row->id)->id, detail);
}
END_TEST

static Suite *
opening_details_suite(void)
{
    Suite *suite = suite_create("opening details");
    TCase *tc = tcase_create("details");
    tcase_add_loop_test(tc, a_wrong_accept_is_explained_by_the_slip_that_fits,
                        0, (int)(sizeof slips / sizeof slips[0]));
    tcase_add_test(tc, an_answer_to_another_connection_is_recognised);
    tcase_add_loop_test(tc, the_detail_of_a_finding_says_what_was_seen, 0,
                        (int)(sizeof said / sizeof said[0]));
    suite_add_tcase(suite, tc);
    return suite;
}

CHECK_MAIN(opening_details_suite)
