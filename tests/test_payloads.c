/* SPDX-License-Identifier: MIT */
#include "ui/export/payloads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/event_samples.h"

#define FILES_MAX 16u

/* What was made. */
struct made {
    char name[PAYLOADS_NAME_MAX];
    int fd; /* a second one of the file */
    bool removed;
};

static struct made made[FILES_MAX];
static size_t n_made;
static const char *full; /* writing to the file of that name fails */
static int create_errno; /* not 0: creating fails so */
static struct payloads *payloads;
static struct event_sink sink;
static struct event_samples samples;

static int
create(void *ctx, const char *name)
{
    char path[] = "/tmp/wsray-payload-XXXXXX";
    ck_assert_ptr_eq(ctx, made);
    ck_assert_ptr_null(strchr(name, '/'));
    errno = create_errno;
    if (create_errno != 0)
        return -1;
    ck_assert_uint_lt(n_made, FILES_MAX);
    struct made *m = &made[n_made++];
    snprintf(m->name, sizeof m->name, "%s", name);
    m->fd = mkstemp(path);
    ck_assert_int_ge(m->fd, 0);
    unlink(path);
    if (full && strcmp(name, full) == 0)
        return open("/dev/full", O_WRONLY);
    return dup(m->fd);
}

static int
remove_one(void *ctx, const char *name)
{
    (void)ctx;
    ck_assert_str_eq(made[n_made - 1].name, name);
    made[n_made - 1].removed = true;
    return 0;
}

static void
setup(void)
{
    const struct payloads_options options = {.create = create,
                                             .remove = remove_one,
                                             .ctx = made};
    n_made = 0;
    full = NULL;
    create_errno = 0;
    event_samples_init(&samples);
    ck_assert_int_eq(payloads_new(&payloads, &options), ERR_OK);
    sink = payloads_sink(payloads);
}

static void
teardown(void)
{
    payloads_free(payloads);
    for (size_t i = 0; i < n_made; i++)
        close(made[i].fd);
}

static void
start(void)
{
    ck_assert_int_eq(payloads_start(payloads), ERR_OK);
}

static void
send_payload(uint32_t conn, uint64_t number, const void *ptr, size_t len)
{
    samples.message.number = number;
    samples.message.payload = slice_make(ptr, len);
    samples.message.len = len;
    sample_send_message(&sink, conn, &samples.message);
}

static void
send_text(uint32_t conn, uint64_t number, const char *text)
{
    send_payload(conn, number, text, strlen(text));
}

/* The i-th file made has that name and holds that text. */
static void
expect(size_t i, const char *name, const char *want)
{
    char text[1024];
    ck_assert_uint_lt(i, n_made);
    ck_assert_str_eq(made[i].name, name);
    ssize_t n = pread(made[i].fd, text, sizeof text - 1, 0);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    ck_assert_str_eq(text, want);
}

#define COLUMNS                                                                \
    "file\tconn\tfrom\tmessage\ttime\tpacket\tkind\tlength\twritten\t"         \
    "complete\tunknown\n"

START_TEST(a_message_is_a_file_and_a_line)
{
    start();
    send_text(3, 12, "Hello");
    payloads_finish(payloads);
    expect(0, "index.tsv",
           COLUMNS "conn-0003-000012-client-text.txt\t3\tclient\t12\t"
                   "2023-11-14T22:13:20.125456789Z\t6\ttext\t5\t5\tyes\t0\n");
    expect(1, "conn-0003-000012-client-text.txt", "Hello");
    ck_assert_uint_eq(payloads_figures(payloads)->files, 1);
    ck_assert_uint_eq(payloads_figures(payloads)->bytes, 5);
    ck_assert_int_eq(payloads_figures(payloads)->error_errno, 0);
}
END_TEST

START_TEST(without_messages_there_is_a_list)
{
    start();
    payloads_finish(payloads);
    ck_assert_uint_eq(n_made, 1);
    expect(0, "index.tsv", COLUMNS);
}
END_TEST

START_TEST(names_tell_what_is_in_them)
{
    start();
    send_text(1, 1, "{\"a\": 1}");
    send_text(12345, 1234567, "");
    send_text(1, 2, "a\xff");
    samples.message.complete = false;
    send_text(1, 3, "{}");
    samples.message.complete = true;
    samples.message.truncated = true;
    send_text(1, 4, "ab");
    samples.message.truncated = false;
    samples.message.opcode = WS_OP_BINARY;
    samples.message.from = WS_SENDER_SERVER;
    send_text(1, 5, "{}");
    samples.message.opcode = 3;
    send_text(1, 6, "x");
    expect(1, "conn-0001-000001-client-text.json", "{\"a\": 1}");
    expect(2, "conn-12345-1234567-client-text.txt", "");
    expect(3, "conn-0001-000002-client-text.bin", "a\xff");
    expect(4, "conn-0001-000003-client-text.txt.part", "{}");
    expect(5, "conn-0001-000004-client-text.txt.part", "ab");
    expect(6, "conn-0001-000005-server-binary.bin", "{}");
    expect(7, "conn-0001-000006-server-reserved.bin", "x");
    ck_assert_uint_eq(payloads_figures(payloads)->cut, 1);
}
END_TEST

START_TEST(no_name_is_too_long)
{
    start();
    samples.message.complete = false;
    samples.message.opcode = 3;
    send_payload(UINT32_MAX, UINT64_MAX, "x", 1);
    expect(1, "conn-4294967295-18446744073709551615-client-reserved.bin.part",
           "x");
}
END_TEST

START_TEST(a_length_that_is_not_known_is_empty)
{
    start();
    samples.message.has_len = false;
    samples.message.complete = false;
    send_text(1, 1, "ab");
    payloads_finish(payloads);
    expect(0, "index.tsv",
           COLUMNS "conn-0001-000001-client-text.txt.part\t1\tclient\t1\t"
                   "2023-11-14T22:13:20.125456789Z\t6\ttext\t\t2\tno\t0\n");
}
END_TEST

START_TEST(after_a_failure_nothing_more_is_written)
{
    full = "conn-0001-000002-client-text.txt";
    if (access("/dev/full", W_OK) != 0)
        return;
    start();
    send_text(1, 1, "one");
    send_text(1, 2, "two");
    send_text(1, 3, "three");
    payloads_finish(payloads);
    const struct payloads_figures *f = payloads_figures(payloads);
    ck_assert_int_eq(f->error_errno, ENOSPC);
    ck_assert_str_eq(f->error_name, full);
    ck_assert_uint_eq(f->files, 1);
    ck_assert_uint_eq(n_made, 3);
    ck_assert(made[2].removed && !made[1].removed);
    expect(0, "index.tsv",
           COLUMNS "conn-0001-000001-client-text.txt\t1\tclient\t1\t"
                   "2023-11-14T22:13:20.125456789Z\t6\ttext\t3\t3\tyes\t0\n");
}
END_TEST

START_TEST(a_list_that_cannot_be_made_is_an_error)
{
    create_errno = EACCES;
    ck_assert_int_eq(payloads_start(payloads), ERR_OPEN);
    ck_assert_int_eq(payloads_figures(payloads)->error_errno, EACCES);
    ck_assert_str_eq(payloads_figures(payloads)->error_name, "index.tsv");
}
END_TEST

START_TEST(a_list_that_cannot_be_written_is_an_error)
{
    full = "index.tsv";
    if (access("/dev/full", W_OK) != 0)
        return;
    start();
    send_text(1, 1, "one");
    payloads_finish(payloads);
    ck_assert_int_eq(payloads_figures(payloads)->error_errno, ENOSPC);
    ck_assert_str_eq(payloads_figures(payloads)->error_name, "index.tsv");
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("payloads");
    TCase *t = tcase_create("payloads");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_message_is_a_file_and_a_line);
    tcase_add_test(t, without_messages_there_is_a_list);
    tcase_add_test(t, names_tell_what_is_in_them);
    tcase_add_test(t, no_name_is_too_long);
    tcase_add_test(t, a_length_that_is_not_known_is_empty);
    tcase_add_test(t, after_a_failure_nothing_more_is_written);
    tcase_add_test(t, a_list_that_cannot_be_made_is_an_error);
    tcase_add_test(t, a_list_that_cannot_be_written_is_an_error);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
