/* SPDX-License-Identifier: MIT */
#include "dissect/digest.h"

#include <stdio.h>

#include "tests/check_main.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

static void
to_hex(char *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sprintf(out + 2 * i, "%02x", bytes[i]);
    out[2 * len] = '\0';
}

/* FIPS 180-4 examples; MD5 from RFC 1321 section A.5. */
static const struct {
    const char *name, *text, *hex;
} rows[] = {
    {"sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"SHA1", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"sha256", "abc",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"SHA2-256", "abc",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"md5", "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"sha512", "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

START_TEST(a_digest_does_not_depend_on_the_portions)
{
    const char *text = rows[_i].text;
    size_t text_len = strlen(text);
    struct digest *d = NULL;
    ck_assert_int_eq(digest_new(&d, rows[_i].name), ERR_OK);
    for (size_t cut = 0; cut <= text_len; cut++) {
        uint8_t out[DIGEST_MAX];
        size_t len = 0;
        char hex[2 * DIGEST_MAX + 1];
        digest_update(d, "left over", cut);
        digest_reset(d);
        digest_update(d, text, cut);
        digest_update(d, text + cut, text_len - cut);
        ck_assert_int_eq(digest_final(d, out, &len), ERR_OK);
        to_hex(hex, out, len);
        ck_assert_str_eq(hex, rows[_i].hex);
    }
    digest_free(d);
}
END_TEST

START_TEST(an_unknown_name_is_bad_usage)
{
    static const char *const names[] = {"", "sha3", "no such digest", "aes128",
                                        "shake128"};
    struct digest *d = NULL;
    ck_assert_int_eq(digest_new(&d, names[_i]), ERR_USAGE);
    ck_assert_ptr_null(d);
    digest_free(d);
}
END_TEST

START_TEST(sha1_of_parts_is_that_of_the_whole)
{
    const struct slice parts[] = {slice_cstr("a"), slice_make(NULL, 0),
                                  slice_cstr("bc")};
    uint8_t out[DIGEST_SHA1_LEN];
    char hex[2 * DIGEST_SHA1_LEN + 1];
    ck_assert(digest_sha1(parts, 3, out));
    to_hex(hex, out, sizeof out);
    ck_assert_str_eq(hex, rows[0].hex);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("digest");
    TCase *t = tcase_create("digest");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_digest_does_not_depend_on_the_portions, 0,
                        ARRAY_LEN(rows));
    tcase_add_loop_test(t, an_unknown_name_is_bad_usage, 0, 5);
    tcase_add_test(t, sha1_of_parts_is_that_of_the_whole);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
