/* SPDX-License-Identifier: MIT */
/*
 * Rows in memory and, past a maximum, in a file (chunks.h, room.h).
 *
 * The linker puts posix_fallocate(), mmap() and the allocator of this program
 * through the functions below (--wrap, see Makefile.am): a disk and a memory of
 * any size.
 */
#include "ui/tui/store/chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/check_main.h"

int __real_posix_fallocate(int fd, off_t off, off_t len);
int __wrap_posix_fallocate(int fd, off_t off, off_t len);
int __real_posix_fallocate64(int fd, off_t off, off_t len);
int __wrap_posix_fallocate64(int fd, off_t off, off_t len);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
void *__real_mmap64(void *at, size_t len, int prot, int flags, int fd,
                    off_t off);
void *__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd,
                    off_t off);
void *__real_calloc(size_t n, size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_realloc(void *p, size_t len);

static uint64_t disk = UINT64_MAX; /* bytes */
static unsigned interrupts;        /* that come before the next answer */
static unsigned maps = UINT32_MAX, blocks = UINT32_MAX; /* that there are */
static unsigned n_fallocates;

/* What the disk says first; 0: nothing against it. */
static int
disk_error(off_t off, off_t len)
{
    n_fallocates++;
    if (interrupts > 0) {
        interrupts--;
        return EINTR;
    }
    return (uint64_t)(off + len) > disk ? ENOSPC : 0;
}

int
__wrap_posix_fallocate(int fd, off_t off, off_t len)
{
    int error = disk_error(off, len);
    return error ? error : __real_posix_fallocate(fd, off, len);
}

int
__wrap_posix_fallocate64(int fd, off_t off, off_t len)
{
    int error = disk_error(off, len);
    return error ? error : __real_posix_fallocate64(fd, off, len);
}

static bool
take_one(unsigned *left)
{
    if (*left == 0)
        errno = ENOMEM;
    return *left > 0 && (*left)-- > 0;
}

void *
__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
    ck_assert_int_eq(prot, PROT_READ | PROT_WRITE);
    return take_one(&maps) ? __real_mmap(at, len, prot, flags, fd, off)
                           : MAP_FAILED;
}

void *
__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
    ck_assert_int_eq(prot, PROT_READ | PROT_WRITE);
    return take_one(&maps) ? __real_mmap64(at, len, prot, flags, fd, off)
                           : MAP_FAILED;
}

void *
__wrap_calloc(size_t n, size_t len)
{
    return take_one(&blocks) ? __real_calloc(n, len) : NULL;
}

void *
__wrap_realloc(void *p, size_t len)
{
    return take_one(&blocks) ? __real_realloc(p, len) : NULL;
}

static struct room room;
static struct chunks chunks;

static void
setup(size_t max, uint64_t file_max, size_t row_len)
{
    ck_assert_int_eq(room_init(&room, max, file_max), ERR_OK);
    chunks_init(&chunks, row_len, &room);
}

static void
teardown(void)
{
    chunks_fini(&chunks);
    ck_assert_uint_eq(chunks.n, 0);
    room_fini(&room);
}

/* Adds rows until there is no room, n at most; each holds its number. */
static size_t
add_rows(size_t n)
{
    size_t i, dirty = 0;
    for (i = 0; i < n; i++) {
        uint8_t *row = chunks_add(&chunks);
        if (!row)
            break;
        dirty += row[0] != 0 || memcmp(row, row + 1, chunks.row_len - 1) != 0;
        size_t number = chunks.n;
        memcpy(row, &number, sizeof number);
        row[chunks.row_len - 1] |= (uint8_t)(number * 7);
    }
    ck_assert_uint_eq(dirty, 0);
    return i;
}

static void
assert_rows(void)
{
    size_t wrong = 0;
    for (size_t i = 0; i < chunks.n; i++) {
        const uint8_t *row = chunks_at(&chunks, i);
        size_t number = i + 1;
        wrong += memcmp(row, &number, sizeof number - 1) != 0;
        wrong += row[chunks.row_len - 1] != (uint8_t)(number * 7);
    }
    ck_assert_uint_eq(wrong, 0);
}

static const size_t row_lens[] = {8, 24, 64, 80, 1000, 65537, ROOM_PIECE_LEN};
#define N_LENS (sizeof row_lens / sizeof *row_lens)

static size_t
rows_of(size_t row_len)
{
    size_t n = 1;
    while (2 * n * row_len <= ROOM_PIECE_LEN)
        n *= 2;
    return n;
}

START_TEST(rows_do_not_move_wherever_they_are)
{
    size_t rows = rows_of(row_lens[_i]);
    setup(ROOM_PIECE_LEN * 4, UINT64_MAX, row_lens[_i]);
    uint8_t *first = chunks_add(&chunks), *last = NULL;
    size_t number = 1;
    memcpy(first, &number, sizeof number);
    first[row_lens[_i] - 1] |= 7;
    ck_assert_uint_eq(add_rows(9 * rows), 9 * rows);
    last = chunks_at(&chunks, 9 * rows);
    ck_assert_uint_eq(room.file_len, 7 * ROOM_PIECE_LEN);
    ck_assert_uint_eq(room.used, 3 * ROOM_PIECE_LEN);
    ck_assert_uint_eq(room.error, 0);
    assert_rows();
    chunks_rest(&chunks, 0, chunks.n);
    assert_rows();
    ck_assert_ptr_eq(chunks_at(&chunks, 0), first);
    ck_assert_ptr_eq(chunks_at(&chunks, 9 * rows), last);
    teardown();
}
END_TEST

START_TEST(a_row_in_the_file_can_be_written_again)
{
    setup(0, UINT64_MAX, 64);
    ck_assert_uint_eq(add_rows(5 * 16384), 5 * 16384);
    for (int round = 1; round < 4; round++) {
        for (size_t i = 0; i < chunks.n; i += 1000)
            ((uint8_t *)chunks_at(&chunks, i))[20] = (uint8_t)round;
        chunks_rest(&chunks, 0, chunks.n);
        for (size_t i = 0; i < chunks.n; i += 1000)
            ck_assert_uint_eq(((uint8_t *)chunks_at(&chunks, i))[20], round);
    }
    assert_rows();
    teardown();
}
END_TEST

START_TEST(the_file_has_a_maximum)
{
    setup(0, 3 * ROOM_PIECE_LEN - 1, 64);
    ck_assert_uint_eq(add_rows(4 * 16384), 2 * 16384);
    ck_assert_int_eq(room.error, EFBIG);
    assert_rows();
    teardown();
}
END_TEST

/* Asked once: a call for each row that is not kept would be slow. */
START_TEST(a_full_disk_is_asked_no_more)
{
    setup(ROOM_PIECE_LEN * 8 / 7 + 8, UINT64_MAX, 64);
    disk = 2 * ROOM_PIECE_LEN + 4096;
    ck_assert_uint_eq(add_rows(10 * 16384), 3 * 16384);
    ck_assert_uint_eq(add_rows(10), 0);
    ck_assert_int_eq(room.error, ENOSPC);
    ck_assert_uint_eq(n_fallocates, 3);
    assert_rows();
    teardown();
}
END_TEST

START_TEST(an_interrupted_call_is_made_again)
{
    setup(0, UINT64_MAX, 64);
    interrupts = 3;
    ck_assert_uint_eq(add_rows(1), 1);
    ck_assert_uint_eq(n_fallocates, 4);
    teardown();
}
END_TEST

START_TEST(a_mapping_that_fails_leaves_the_rows_before_it)
{
    setup(0, UINT64_MAX, 64);
    maps = (unsigned)_i;
    ck_assert_uint_eq(add_rows(5 * 16384), (size_t)_i * 16384);
    ck_assert_int_eq(room.error, ENOMEM);
    ck_assert_uint_eq(room.file_len, (uint64_t)_i * ROOM_PIECE_LEN);
    assert_rows();
    teardown();
}
END_TEST

/* Of the list of chunks, and of each chunk, which then is in the file. */
START_TEST(each_allocation_may_fail)
{
    setup(SIZE_MAX, UINT64_MAX, 1000);
    blocks = (unsigned)_i;
    size_t n = add_rows(20 * 1024);
    blocks = UINT32_MAX;
    ck_assert_uint_eq(n, _i == 0 ? 0 : _i < 18 ? 16 * 1024 : 20 * 1024);
    ck_assert_uint_eq(chunks.n, n);
    assert_rows();
    /* And goes on when there is memory again. */
    ck_assert_uint_eq(add_rows(1024), 1024);
    assert_rows();
    teardown();
}
END_TEST

START_TEST(memory_is_counted)
{
    setup(100, 0, 64);
    ck_assert(room_take(&room, 60));
    ck_assert(!room_take(&room, 41));
    ck_assert(!room_take(&room, SIZE_MAX));
    ck_assert(room_take(&room, 40));
    room_give(&room, 50);
    ck_assert(room_take(&room, 50));
    ck_assert_uint_eq(room.used, 100);
    ck_assert_uint_eq(add_rows(1), 0);
    teardown();
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("tui_chunks");
    TCase *tc = tcase_create("chunks");
    tcase_add_loop_test(tc, rows_do_not_move_wherever_they_are, 0, N_LENS);
    tcase_add_test(tc, a_row_in_the_file_can_be_written_again);
    tcase_add_test(tc, the_file_has_a_maximum);
    tcase_add_test(tc, a_full_disk_is_asked_no_more);
    tcase_add_test(tc, an_interrupted_call_is_made_again);
    tcase_add_loop_test(tc, a_mapping_that_fails_leaves_the_rows_before_it, 0,
                        4);
    tcase_add_loop_test(tc, each_allocation_may_fail, 0, 24);
    tcase_add_test(tc, memory_is_counted);
    suite_add_tcase(s, tc);
    return s;
}

CHECK_MAIN(suite)
