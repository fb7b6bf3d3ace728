/* SPDX-License-Identifier: MIT */
/* Vectors 6.5 to 6.23 are those of the Autobahn test suite, derived from
 * Markus Kuhn's UTF-8-test.txt and RFC 3629 section 4. */
#include "base/utf8.h"

#include <stdio.h>

#include "tests/check_main.h"

/* ---- A slow decoder written straight from the RFC ------------------- */

/* Length of the valid character at p, or 0. */
static size_t
slow_char(const uint8_t *p, size_t len)
{
    static const struct {
        uint8_t lo[4], hi[4];
        size_t len;
    } rows[] = {
        {{0x00}, {0x7f}, 1},
        {{0xc2, 0x80}, {0xdf, 0xbf}, 2},
        {{0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}, 3},
        {{0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}, 3},
        {{0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}, 3},
        {{0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}, 3},
        {{0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}, 4},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        size_t i = 0;
        while (i < rows[r].len && i < len && p[i] >= rows[r].lo[i] &&
               p[i] <= rows[r].hi[i])
            i++;
        if (i == rows[r].len)
            return i;
    }
    return 0;
}

static size_t
slow_prefix(const uint8_t *p, size_t len)
{
    size_t at = 0, n;
    while (at < len && (n = slow_char(p + at, len - at)) > 0)
        at += n;
    return at;
}

/* ---- Every way to look at one text ---------------------------------- */

/* The vector being checked, for messages. */
static const char *name = "";

static void
check_pieces(const uint8_t *p, size_t len, size_t first, size_t rest,
             bool valid, size_t border)
{
    struct utf8 u;
    utf8_init(&u);
    utf8_feed(&u, p, first);
    for (size_t at = first; at < len; at += rest)
        utf8_feed(&u, p + at, rest < len - at ? rest : len - at);
    ck_assert_msg(utf8_done(&u) == valid, "%s, cut at %zu: %s", name, first,
                  valid ? "refused" : "accepted");
    ck_assert_msg(u.valid == border, "%s, cut at %zu: border %zu, not %zu",
                  name, first, (size_t)u.valid, border);
}

static void
check_text(const uint8_t *p, size_t len, bool valid)
{
    size_t border = slow_prefix(p, len);
    ck_assert((border == len) == valid);
    ck_assert_uint_eq(utf8_prefix(p, len), border);
    check_pieces(p, len, len, 1, valid, border);
    check_pieces(p, len, 0, 1, valid, border);
    check_pieces(p, len, 0, 3, valid, border);
    for (size_t cut = 0; cut <= len; cut++)
        check_pieces(p, len, cut, len, valid, border);
}

/* Also behind and in front of ASCII, so that each place in a block of the
 * fast check sees it. */
static void
check_everywhere(const uint8_t *p, size_t len, bool valid)
{
    uint8_t text[256];
    check_text(p, len, valid);
    for (size_t before = 0; before < 20; before++) {
        memset(text, 'a', sizeof text);
        memcpy(text + before, p, len);
        check_text(text, before + len, valid);
        check_text(text, before + len + 40,
                   slow_prefix(text, before + len + 40) == before + len + 40);
    }
}

static size_t
from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        out[n++] = (uint8_t)byte;
    return n;
}

/* ---- Vectors -------------------------------------------------------- */

static const struct {
    const char *name;
    bool valid;
    const char *hex;
} vectors[] = {
    {"6.5.1", true, "68656c6c6f24776f726c64"},
    {"6.5.2", true, "68656c6c6fc2a2776f726c64"},
    {"6.5.3", true, "68656c6c6fe282ac776f726c64"},
    {"6.5.4", true, "68656c6c6ff0a4ada2776f726c64"},
    {"6.5.5", true, "cebae1bdb9cf83cebcceb5"},
    {"6.6.1", false, "ce"},
    {"6.6.2", true, "ceba"},
    {"6.6.3", false, "cebae1"},
    {"6.6.4", false, "cebae1bd"},
    {"6.6.5", true, "cebae1bdb9"},
    {"6.6.6", false, "cebae1bdb9cf"},
    {"6.6.7", true, "cebae1bdb9cf83"},
    {"6.6.8", false, "cebae1bdb9cf83ce"},
    {"6.6.9", true, "cebae1bdb9cf83cebc"},
    {"6.6.10", false, "cebae1bdb9cf83cebcce"},
    {"6.6.11", true, "cebae1bdb9cf83cebcceb5"},
    {"6.7.1", true, "00"},
    {"6.7.2", true, "c280"},
    {"6.7.3", true, "e0a080"},
    {"6.7.4", true, "f0908080"},
    {"6.8.1", false, "f888808080"},
    {"6.8.2", false, "fc8480808080"},
    {"6.9.1", true, "7f"},
    {"6.9.2", true, "dfbf"},
    {"6.9.3", true, "efbfbf"},
    {"6.9.4", true, "f48fbfbf"},
    {"6.10.1", false, "f7bfbfbf"},
    {"6.10.2", false, "fbbfbfbfbf"},
    {"6.10.3", false, "fdbfbfbfbfbf"},
    {"6.11.1", true, "ed9fbf"},
    {"6.11.2", true, "ee8080"},
    {"6.11.3", true, "efbfbd"},
    {"6.11.4", true, "f48fbfbf"},
    {"6.11.5", false, "f4908080"},
    {"6.12.1", false, "80"},
    {"6.12.2", false, "bf"},
    {"6.12.3", false, "80bf"},
    {"6.12.4", false, "80bf80"},
    {"6.12.5", false, "80bf80bf"},
    {"6.12.6", false, "80bf80bf80"},
    {"6.12.7", false, "80bf80bf80bf"},
    {"6.12.8", false,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
     "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe"},
    {"6.13.1", false,
     "c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20"
     "d020d120d220d320d420d520d620d720d820d920da20db20dc20dd20de20"},
    {"6.13.2", false,
     "e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20"},
    {"6.13.3", false, "f020f120f220f320f420f520f620"},
    {"6.13.4", false, "f820f920fa20"},
    {"6.13.5", false, "fc20"},
    {"6.14.1", false, "c0"},
    {"6.14.2", false, "e080"},
    {"6.14.3", false, "f08080"},
    {"6.14.4", false, "f8808080"},
    {"6.14.5", false, "fc80808080"},
    {"6.14.6", false, "df"},
    {"6.14.7", false, "efbf"},
    {"6.14.8", false, "f7bfbf"},
    {"6.14.9", false, "fbbfbfbf"},
    {"6.14.10", false, "fdbfbfbfbf"},
    {"6.15.1", false,
     "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"},
    {"6.16.1", false, "fe"},
    {"6.16.2", false, "ff"},
    {"6.16.3", false, "fefeffff"},
    {"6.17.1", false, "c0af"},
    {"6.17.2", false, "e080af"},
    {"6.17.3", false, "f08080af"},
    {"6.17.4", false, "f8808080af"},
    {"6.17.5", false, "fc80808080af"},
    {"6.18.1", false, "c1bf"},
    {"6.18.2", false, "e09fbf"},
    {"6.18.3", false, "f08fbfbf"},
    {"6.18.4", false, "f887bfbfbf"},
    {"6.18.5", false, "fc83bfbfbfbf"},
    {"6.19.1", false, "c080"},
    {"6.19.2", false, "e08080"},
    {"6.19.3", false, "f0808080"},
    {"6.19.4", false, "f880808080"},
    {"6.19.5", false, "fc8080808080"},
    {"6.20.1", false, "eda080"},
    {"6.20.2", false, "edadbf"},
    {"6.20.3", false, "edae80"},
    {"6.20.4", false, "edafbf"},
    {"6.20.5", false, "edb080"},
    {"6.20.6", false, "edbe80"},
    {"6.20.7", false, "edbfbf"},
    {"6.21.1", false, "eda080edb080"},
    {"6.21.2", false, "eda080edbfbf"},
    {"6.21.3", false, "edadbfedb080"},
    {"6.21.4", false, "edadbfedbfbf"},
    {"6.21.5", false, "edae80edb080"},
    {"6.21.6", false, "edae80edbfbf"},
    {"6.21.7", false, "edafbfedb080"},
    {"6.21.8", false, "edafbfedbfbf"},
    {"6.23.1", true, "efbfb9"},
    {"6.23.2", true, "efbfba"},
    {"6.23.3", true, "efbfbb"},
    {"6.23.4", true, "efbfbc"},
    {"6.23.5", true, "efbfbd"},
    {"6.23.6", true, "efbfbe"},
    {"6.23.7", true, "efbfbf"},
    {"6.3.1", false, "cebae1bdb9cf83cebcceb5eda080656469746564"},
    {"6.4.1", false, "cebae1bdb9cf83cebcceb5f4908080656469746564"},
    {"empty", true, ""},
    {"byte order mark", true, "efbbbf61"},
};
#define N_VECTORS ((int)(sizeof vectors / sizeof vectors[0]))

START_TEST(vectors_are_judged_right_wherever_they_are_cut)
{
    uint8_t text[128];
    size_t len = from_hex(vectors[_i].hex, text);
    name = vectors[_i].name;
    check_everywhere(text, len, vectors[_i].valid);
}
END_TEST

START_TEST(non_characters_are_valid)
{
    /* 6.22: U+nFFFE and U+nFFFF of all 17 planes. */
    for (uint32_t plane = 0; plane <= 16; plane++)
        for (uint32_t low = 0xfffe; low <= 0xffff; low++) {
            uint32_t c = plane << 16 | low, got;
            uint8_t p[4];
            size_t len = 4;
            if (plane == 0) {
                len = 3;
                p[0] = (uint8_t)(0xe0 | c >> 12);
                p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
                p[2] = (uint8_t)(0x80 | (c & 0x3f));
            } else {
                p[0] = (uint8_t)(0xf0 | c >> 18);
                p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
                p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
                p[3] = (uint8_t)(0x80 | (c & 0x3f));
            }
            check_everywhere(p, len, true);
            ck_assert_uint_eq(utf8_decode(slice_make(p, len), &got), len);
            ck_assert_uint_eq(got, c);
        }
}
END_TEST

/* ---- Against the slow decoder --------------------------------------- */

START_TEST(every_two_bytes_are_judged_as_by_the_rfc)
{
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            uint8_t p[2] = {(uint8_t)a, (uint8_t)b};
            ck_assert_uint_eq(utf8_prefix(p, 2), slow_prefix(p, 2));
        }
}
END_TEST

START_TEST(every_lead_and_second_byte_of_long_characters_is_judged)
{
    static const uint8_t ends[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
    for (unsigned a = 0xe0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (size_t c = 0; c < sizeof ends; c++)
                for (size_t d = 0; d < sizeof ends; d++) {
                    uint8_t p[4] = {(uint8_t)a, (uint8_t)b, ends[c], ends[d]};
                    for (size_t len = 3; len <= 4; len++)
                        ck_assert_uint_eq(utf8_prefix(p, len),
                                          slow_prefix(p, len));
                }
}
END_TEST

static uint32_t seed = 1;

static uint32_t
next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

START_TEST(random_texts_are_judged_as_by_the_rfc)
{
    static const char *const parts[] = {"a",
                                        "plain text ",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\xed\xa0\x80",
                                        "\xc0",
                                        "\x80",
                                        "\xf4\x90",
                                        "\xe2\x82"};
    for (int round = 0; round < 500; round++) {
        uint8_t text[300];
        size_t len = 0;
        /* Mostly valid parts, so that errors stand deep inside. */
        while (len < 80) {
            uint32_t r = next_random() % 64;
            const char *part = parts[r < 59 ? r % 5 : 5 + r % 5];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        check_text(text, len, slow_prefix(text, len) == len);
    }
}
END_TEST

/* ---- utf8_decode ---------------------------------------------------- */

static const struct {
    const char *hex;
    size_t len;
    uint32_t code;
} decodes[] = {
    {"41", 1, 0x41},           {"00", 1, 0},
    {"c3a9", 2, 0xe9},         {"e282ac", 3, 0x20ac},
    {"f09f9880", 4, 0x1f600},  {"f48fbfbf", 4, 0x10ffff},
    {"c3", 1, UTF8_BAD},       {"c341", 1, UTF8_BAD},
    {"e28241", 2, UTF8_BAD},   {"f09f98", 3, UTF8_BAD},
    {"f09f9841", 3, UTF8_BAD}, {"eda080", 1, UTF8_BAD},
    {"e08080", 1, UTF8_BAD},   {"80", 1, UTF8_BAD},
    {"bf80", 1, UTF8_BAD},     {"c080", 1, UTF8_BAD},
    {"f8888080", 1, UTF8_BAD}, {"ffff", 1, UTF8_BAD},
};

START_TEST(one_character_is_decoded_or_its_bad_part_measured)
{
    uint8_t text[8];
    uint32_t code = 0;
    size_t len = from_hex(decodes[_i].hex, text);
    ck_assert_msg(utf8_decode(slice_make(text, len), &code) == decodes[_i].len,
                  "%s", decodes[_i].hex);
    ck_assert_msg(code == decodes[_i].code, "%s: %x", decodes[_i].hex, code);
}
END_TEST

START_TEST(counting_known_ascii_moves_the_border)
{
    struct utf8 u;
    utf8_init(&u);
    utf8_skip_ascii(&u, 10);
    ck_assert(utf8_feed(&u, "\xc3", 1));
    ck_assert(!utf8_done(&u));
    ck_assert(!utf8_feed(&u, "x", 1));
    ck_assert_uint_eq(u.valid, 10);
    ck_assert(!utf8_feed(&u, "x", 1));
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("utf8");
    TCase *t = tcase_create("utf8");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, vectors_are_judged_right_wherever_they_are_cut, 0,
                        N_VECTORS);
    tcase_add_test(t, non_characters_are_valid);
    tcase_add_test(t, every_two_bytes_are_judged_as_by_the_rfc);
    tcase_add_test(t, every_lead_and_second_byte_of_long_characters_is_judged);
    tcase_add_test(t, random_texts_are_judged_as_by_the_rfc);
    tcase_add_loop_test(t, one_character_is_decoded_or_its_bad_part_measured, 0,
                        (int)(sizeof decodes / sizeof decodes[0]));
    tcase_add_test(t, counting_known_ascii_moves_the_border);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
