/* SPDX-License-Identifier: MIT */
/*
 * copy.c, clip.c, picture.c: what is taken out of the interface is what the
 * capture holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"
#include "tests/tui_load.h"
#include "ui/scratch.h"
#include "ui/tui/layers/clip.h"
#include "ui/tui/layers/copy.h"

static struct store *store;
static struct stats *stats;
static struct tui_figures figures;
static struct tui tui;

/* What came to the owner. */
static uint8_t copied[1 << 18];
static size_t copied_len;
static char made[512];
static int pipe_ends[2];
static int create_errno;
static bool disk_full;
static int made_fd;

static int
create(void *ctx, const char *name)
{
    (void)ctx;
    snprintf(made, sizeof made, "%s", name);
    errno = create_errno;
    if (create_errno)
        return -1;
    made_fd = disk_full ? open("/dev/full", O_WRONLY) : dup(pipe_ends[1]);
    return made_fd;
}

static bool
copy(void *ctx, struct slice bytes)
{
    (void)ctx;
    ck_assert_uint_le(bytes.len, sizeof copied);
    memcpy(copied, bytes.ptr, bytes.len);
    copied_len = bytes.len;
    return true;
}

static struct tui_owner owner = {.create = create, .copy = copy};

static void
open_sample(const char *name)
{
    char path[512];
    const char *top = getenv("srcdir");
    snprintf(path, sizeof path, "%s/samples/%s", top ? top : ".", name);
    stats = stats_new(NULL);
    ck_assert_ptr_nonnull(stats);
    ck_assert_int_eq(store_new(&store, SIZE_MAX, 0, UINT64_MAX), ERR_OK);
    ck_assert(tui_load(path, store, stats));
    tui_init(&tui, store, stats, &figures);
    tui.owner = &owner;
    tui.file = "it's.pcap";
    tui.grid.utf8 = true;
    ck_assert(grid_resize(&tui.grid, 24, 80));
    copied_len = 0;
    create_errno = 0;
    disk_full = false;
    ck_assert_int_eq(pipe(pipe_ends), 0);
    owner.scratch = scratch_open();
    ck_assert_int_ge(owner.scratch, 0);
}

static void
close_sample(void)
{
    tui_fini(&tui);
    store_free(store);
    stats_free(stats);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    close(owner.scratch);
}

static void
press(const char *words)
{
    char text[256], *save = NULL;
    snprintf(text, sizeof text, "%s", words);
    for (char *w = strtok_r(text, " ", &save); w;
         w = strtok_r(NULL, " ", &save)) {
        tui_key(&tui, tui_load_key(w));
        tui_draw(&tui);
    }
}

#define U "\xef\xbf\xbd"
#define U11 U U U U U U U U U U U
#define UNKNOWN_TEXT U U U U U U U "3" U11 "DLTA" U11 U "74.7" U11 U U "4047}"
#define UNKNOWN_HEX                                                            \
    "??????????????33??????????????????????444c5441????????????????????????"   \
    "37342e37??????????????????????????343034377d"

static const struct {
    const char *sample, *keys, *want; /* NULL: nothing may be copied */
} copies[] = {
    /* RFC 6455 section 5.7: "Hello", not masked and masked. */
    {"good-rfc-examples.pcap", "2 g y t", "Hello"},
    {"good-rfc-examples.pcap", "2 g y h", "48656c6c6f"},
    {"good-rfc-examples.pcap", "2 g y f", "810548656c6c6f"},
    {"good-rfc-examples.pcap", "2 g Down y f", "818537fa213d7f9f4d5158"},
    {"good-rfc-examples.pcap", "2 g y c",
     "static const unsigned char frame[] = {\n    0x81, 0x05,\n    0x48, 0x65, "
     "0x6c, 0x6c, 0x6f,\n};\n"},
    {"good-rfc-examples.pcap", "2 g Right Right y v", "1 (text)"},
    {"good-rfc-examples.pcap", "2 g Right Right y l",
     "websocket.opcode == text"},
    {"good-rfc-examples.pcap", "1 y e",
     "wsray export har --conn 1 -w conn-1.har 'it'\\''s.pcap'"},
    /* Its sixth message after a loss: U+FFFD, "??" for what is not known. */
    {"broken-lost-deflate.pcap", "2 g PgDn Down y t", UNKNOWN_TEXT},
    {"broken-lost-deflate.pcap", "2 g PgDn Down y h", UNKNOWN_HEX},
    {"good-rfc-examples.pcap", "1 y x", NULL},
    {"good-rfc-examples.pcap", "2 g y q", NULL},
};

START_TEST(what_is_copied_is_what_was_sent)
{
    open_sample(copies[_i].sample);
    press(copies[_i].keys);
    const char *want = copies[_i].want;
    ck_assert_ptr_null(tui.layer);
    ck_assert_msg(copied_len == (want ? strlen(want) : 0) &&
                      memcmp(copied, want ? want : "", copied_len) == 0,
                  "%s of %s: \"%.*s\"; %s", copies[_i].keys, copies[_i].sample,
                  (int)copied_len, (const char *)copied, tui.message);
    close_sample();
}
END_TEST

/* Of a fragmented message, of a compressed one. */
static const struct {
    const char *sample, *keys, *says;
} refusals[] = {
    {"good-deflate-context.pcapng", "2 g y f", "only what it inflates to"},
    {"good-fragments-ping.pcapng", "2 g y f", "only its message"},
    {"broken-lost-segment.pcap", "2 g y f", ""},
    {"odd-utf8.pcap", "2 g y t", ""},
};

START_TEST(what_is_not_known_is_not_made_up)
{
    open_sample(refusals[_i].sample);
    bool refused = false;
    press("2 g");
    /* Every frame of it: those whose bytes are not kept are refused. */
    for (size_t i = 0; i < store->frames.n; i++) {
        copied_len = 0;
        press(refusals[_i].keys + 4);
        const struct store_frame *f = store_frame(store, tui.frame);
        refused |= copied_len == 0;
        ck_assert(strstr(tui.message, "not copied") != NULL || copied_len > 0 ||
                  f->payload_len == 0);
        if (copied_len == 0 && refusals[_i].says[0] &&
            (f->flags & STORE_COMPRESSED))
            ck_assert_ptr_nonnull(strstr(tui.message, refusals[_i].says));
        press("J");
    }
    ck_assert(refused);
    close_sample();
}
END_TEST

START_TEST(a_file_gets_the_prefix_and_every_byte)
{
    char got[64];
    open_sample("good-rfc-examples.pcap");
    press("2 g w b");
    ck_assert_ptr_nonnull(tui.layer);
    press("Enter");
    ck_assert_str_eq(made, SAVE_PREFIX "1-server-1-payload.bin");
    ck_assert_int_eq(read(pipe_ends[0], got, sizeof got), 5);
    ck_assert_mem_eq(got, "Hello", 5);
    ck_assert_ptr_nonnull(strstr(tui.message, "5 bytes saved"));
    close_sample();
}
END_TEST

static size_t
count(const char *text, const char *word)
{
    size_t n = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        n++;
    return n;
}

/* Twice: the file that it is made in is used again. */
START_TEST(a_har_has_every_message_of_its_connection)
{
    static char got[1 << 16];
    open_sample("good-chat.pcapng");
    for (int i = 0; i < 2; i++) {
        press("2 g w a Enter");
        ssize_t n = read(pipe_ends[0], got, sizeof got - 1);
        ck_assert_int_gt(n, 0);
        got[n] = '\0';
        ck_assert_ptr_nonnull(strstr(tui.message, "bytes saved"));
        ck_assert_uint_eq(count(got, "\"opcode\":"), 14);
        ck_assert_uint_eq(count(got, "hello, is anybody there?"), 2);
        ck_assert_str_eq(got + n - 4, "]}}\n");
    }
    close_sample();
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_told)
{
    open_sample("good-rfc-examples.pcap");
    create_errno = EEXIST;
    press("2 g w b Enter");
    ck_assert_ptr_nonnull(strstr(tui.message, strerror(EEXIST)));
    press("w b Esc");
    ck_assert_ptr_null(tui.layer);
    close_sample();
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told_and_closed)
{
    open_sample("good-rfc-examples.pcap");
    disk_full = true;
    press("2 g w b Enter");
    ck_assert_ptr_nonnull(strstr(tui.message, strerror(ENOSPC)));
    errno = 0;
    ck_assert_int_eq(fcntl(made_fd, F_GETFD), -1);
    ck_assert_int_eq(errno, EBADF);
    close_sample();
}
END_TEST

START_TEST(a_picture_shows_the_text_of_the_screen)
{
    static uint8_t text[1 << 16];
    struct out o;
    open_sample("good-rfc-examples.pcap");
    press("2 g");
    ck_assert_int_eq(out_init(&o, -1), ERR_OK);
    ck_assert_ptr_null(clip_write(&tui, CLIP_PICTURE, 0, &o));
    ck_assert_uint_lt(o.len, sizeof text);
    memcpy(text, o.ptr, o.len);
    text[o.len] = '\0';
    ck_assert_ptr_nonnull(strstr((char *)text, "<svg xmlns="));
    ck_assert_ptr_nonnull(strstr((char *)text, "Hello"));
    ck_assert_ptr_nonnull(strstr((char *)text, "</svg>"));
    /* No character of the screen is taken for one of XML. */
    for (const char *at = (char *)text; (at = strchr(at, '&')); at++)
        ck_assert(!strncmp(at, "&lt;", 4) || !strncmp(at, "&gt;", 4) ||
                  !strncmp(at, "&amp;", 5));
    out_fini(&o);
    close_sample();
}
END_TEST

/* Binary, of which one byte is known that is no text: what stands for the
 * others is not put into hex as if it had been sent. */
START_TEST(marks_are_not_shown_as_bytes)
{
    static const struct event_range first[] = {{0, 1}};
    static const char *const views[] = {"2 G", "3 G", "4 G"};
    static struct event_samples samples;
    open_sample("good-rfc-examples.pcap");
    struct event_sink sink = store_sink(store, 64);
    event_samples_init(&samples);
    samples.frame.header.opcode = WS_OP_BINARY;
    samples.frame.compressed = true;
    samples.message.opcode = WS_OP_BINARY;
    samples.message.compressed = true;
    samples.message.complete = false;
    samples.message.payload = slice_make("\xff\0\0", 3);
    samples.message.len = 3;
    samples.message.known = first;
    samples.message.n_known = 1;
    sample_send_handshake(&sink, 99, &samples.handshake);
    sample_send_frame(&sink, 99, &samples.frame);
    sample_send_message(&sink, 99, &samples.message);
    ck_assert(grid_resize(&tui.grid, 48, 160));
    press("1 G");
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        press(views[i]);
        press("y s");
        ck_assert_uint_gt(copied_len, 0);
        copied[copied_len] = '\0';
        const char *text = (const char *)copied;
        ck_assert_msg(strstr(text, "3c 32") == NULL, "%s", text);
        ck_assert_msg(strstr(text, "ff ??") || strstr(text, "<2 unknown>"),
                      "%s: %s", views[i], text);
    }
    close_sample();
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_copy");
    TCase *t = tcase_create("copy");
    tcase_add_loop_test(t, what_is_copied_is_what_was_sent, 0,
                        sizeof copies / sizeof *copies);
    tcase_add_loop_test(t, what_is_not_known_is_not_made_up, 0,
                        sizeof refusals / sizeof *refusals);
    tcase_add_test(t, a_file_gets_the_prefix_and_every_byte);
    tcase_add_test(t, a_har_has_every_message_of_its_connection);
    tcase_add_test(t, a_file_that_cannot_be_made_is_told);
    tcase_add_test(t, a_file_that_cannot_be_written_is_told_and_closed);
    tcase_add_test(t, a_picture_shows_the_text_of_the_screen);
    tcase_add_test(t, marks_are_not_shown_as_bytes);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
