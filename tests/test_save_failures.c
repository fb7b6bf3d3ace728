/* SPDX-License-Identifier: MIT */
/*
 * test_save_failures.c - writing that fails, at each byte and for each reason:
 * what is in the file can be read up to the last whole record, every packet is
 * counted as saved or not, and writing goes on where it can.
 *
 * The linker puts write(), ftruncate() and the allocator of this program
 * through the functions below (--wrap, see Makefile.am): a disk of any size
 * that fails in any way.  The real ones fail too: a file size limit, /dev/full,
 * pipes.
 */
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "capture/save_pcap.h"
#include "tests/check_main.h"
#include "tests/save_run.h"

/* ---- A disk that fails ------------------------------------------------ */

ssize_t __real_write(int fd, const void *ptr, size_t len);
ssize_t __wrap_write(int fd, const void *ptr, size_t len);
int __wrap_ftruncate(int fd, off_t len);
int __wrap_ftruncate64(int fd, off_t len);

static bool armed;          /* the functions below are the disk */
static uint64_t room;       /* bytes left on the disk */
static int fail_errno;      /* when it is full */
static size_t part_max;     /* bytes taken in one call; 0: any */
static unsigned interrupts; /* each n-th call is interrupted; 0: none */
static unsigned n_writes;
static bool cannot_cut;

ssize_t
__wrap_write(int fd, const void *ptr, size_t len)
{
    if (!armed)
        return __real_write(fd, ptr, len);
    n_writes++;
    if (interrupts && n_writes % interrupts == 0) {
        errno = EINTR;
        return -1;
    }
    if (len && !room) {
        errno = fail_errno;
        return fail_errno ? -1 : 0;
    }
    if (len > room)
        len = (size_t)room;
    if (part_max && len > part_max)
        len = part_max;
    ssize_t n = __real_write(fd, ptr, len);
    ck_assert_int_eq(n, (ssize_t)len);
    room -= len;
    return n;
}

int
__wrap_ftruncate(int fd, off_t len)
{
    if (armed && cannot_cut) {
        errno = EIO;
        return -1;
    }
    struct stat before;
    ck_assert_int_eq(fstat(fd, &before), 0);
    int rc = (int)syscall(SYS_ftruncate, fd, len);
    if (armed && rc == 0)
        room += (uint64_t)(before.st_size - len);
    return rc;
}

/* Its name in some C libraries with _FILE_OFFSET_BITS=64. */
int
__wrap_ftruncate64(int fd, off_t len)
{
    return __wrap_ftruncate(fd, len);
}

void *__real_malloc(size_t len);
void *__real_calloc(size_t n, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__wrap_realloc(void *p, size_t len);

static bool counting;    /* allocations: not those of libcheck */
static unsigned fail_at; /* the n-th from now on fails; 0: none */

static bool
has_memory(void)
{
    return !counting || !fail_at || --fail_at;
}

void *
__wrap_malloc(size_t len)
{
    return has_memory() ? __real_malloc(len) : NULL;
}

void *
__wrap_calloc(size_t n, size_t len)
{
    return has_memory() ? __real_calloc(n, len) : NULL;
}

void *
__wrap_realloc(void *p, size_t len)
{
    return has_memory() ? __real_realloc(p, len) : NULL;
}

static struct run run;

static const char *const both[] = {"a.pcapng", "a.pcap"};

/* Starts in that format, if this build has it. */
static bool
start_format(int i, struct save_options *o)
{
    *o = run_start(&run, both[i]);
    if (o->format != SAVE_PCAP || save_pcap_is_built_in())
        return true;
    run_fini(&run);
    return false;
}

static void
arm(uint64_t disk, int code)
{
    armed = true;
    room = disk;
    fail_errno = code;
    part_max = interrupts = n_writes = 0;
    cannot_cut = false;
}

/* Interface k of N_IFACES of the file; they show up one after another. */
#define N_IFACES 3u

static const struct source_info *
info_of(uint64_t n)
{
    static const struct source_iface ifaces[N_IFACES] = {
        {.name = "eth0", .link = 1},
        {.name = "eth1", .link = 1},
        {.name = "eth2", .link = 1},
    };
    static struct source_info info = {.ifaces = ifaces};
    info.n_ifaces = n / 4 + 1 < N_IFACES ? n / 4 + 1 : N_IFACES;
    return &info;
}

static void
give(uint64_t n)
{
    const struct source_info *info = info_of(n);
    struct packet p = run_packet(n, 20 + n % 7);
    p.iface = (uint32_t)(n % info->n_ifaces);
    counting = true;
    save_packet(run.save, &p, info);
    counting = false;
}

/* The packets in the file, whose numbers must rise; returns how many. */
static uint64_t
check_file(const char *name, size_t n_errors)
{
    struct reading r = run_read(name, n_errors);
    int64_t last = -1;
    for (size_t i = 0; i < r.n; i++) {
        int64_t n = (r.list[i].time_ns - RUN_START_NS) / 1000001;
        ck_assert_int_gt(n, last);
        run_check_packet(&r.list[i], (uint64_t)n);
        ck_assert_uint_eq(r.list[i].iface,
                          (uint64_t)n % info_of((uint64_t)n)->n_ifaces *
                              (strstr(run.name, ".pcapng") != NULL));
        last = n;
    }
    uint64_t n = r.n;
    reading_fini(&r);
    return n;
}

#define N_PACKETS 16u
#define FILE_LEN_MAX 4000u

/* How often the buffer is flushed: after each packet, or seldom. */
static const unsigned flush_each[] = {1, 5, 1000};

/* As start_format(), for tests with thousands of files: memory that is a file,
 * for which /proc has a name.  *kept is -1 or has to be closed. */
static bool
start_memory(int i, struct save_options *o, int *kept, char name[TEMP_NAME_MAX])
{
    *kept = -1;
    if (i && !save_pcap_is_built_in())
        return false;
    *kept = memfd_create("save", MFD_CLOEXEC);
    snprintf(name, TEMP_NAME_MAX, "/proc/self/fd/%d", *kept);
    *o = run_start_fd(&run, both[i], dup(*kept));
    ck_assert_int_ge(run.fd, 0);
    return true;
}

/* Length of the whole file. */
static uint64_t
whole_len(int i)
{
    struct save_options o;
    if (!start_format(i, &o))
        return 0;
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < N_PACKETS; n++)
        give(n);
    run_close(&run, N_PACKETS, 0);
    struct file_bytes f = run_bytes(run.name);
    uint64_t len = f.len;
    file_bytes_fini(&f);
    run_fini(&run);
    ck_assert_uint_lt(len, FILE_LEN_MAX);
    return len;
}

/*
 * The disk has room for `disk` bytes only.  With `again` it gets room for all
 * before packet 12, and time passes.
 */
static void
fill_disk(int format, uint64_t disk, int code, unsigned each, bool again)
{
    struct save_options o;
    char name[TEMP_NAME_MAX];
    int kept;
    if (!start_memory(format, &o, &kept, name))
        return;
    run_open_save(&run, &o);
    arm(disk, code);
    for (uint64_t n = 0; n < N_PACKETS; n++) {
        if (again && n == 12)
            room = FILE_LEN_MAX;
        give(n >= 12 ? n + 5000 : n);
        if (n % each == each - 1)
            save_flush(run.save);
        run_check_figures(&run);
    }
    save_close(run.save);
    armed = false;
    const struct save_figures f = *save_figures(run.save);
    struct stat st;
    ck_assert_int_eq(fstat(kept, &st), 0);
    ck_assert_uint_eq(f.bytes, (uint64_t)st.st_size);
    ck_assert_uint_eq(check_file(name, 0), f.saved);
    close(kept);
    ck_assert_uint_eq(f.given, N_PACKETS);
    ck_assert_uint_gt(f.unsaved + f.saved, 0);
    if (save_next_news(run.save, &run.news)) {
        ck_assert_int_eq(run.news.kind, SAVE_FAILED);
        ck_assert_int_eq(run.news.code, ERR_WRITE);
        ck_assert_int_eq(run.news.sys_errno, code ? code : EIO);
        ck_assert_str_eq(run.news.name, run.name);
        ck_assert_uint_le(run.news.offset, disk);
        if (again && f.saved && f.unsaved && each < 5)
            run_expect_news(&run, SAVE_RESUMED);
    }
    if (again && each < 5) {
        ck_assert_uint_ge(f.saved, N_PACKETS - 12);
        run_expect_no_news(&run);
    }
    run_close(&run, f.saved, f.unsaved);
    run_fini(&run);
}

START_TEST(a_disk_that_fills_at_any_byte_leaves_whole_records)
{
    int format = _i % 2;
    unsigned each = flush_each[_i / 2 % 3];
    bool again = _i / 6;
    uint64_t len = whole_len(format);
    for (uint64_t disk = 0; disk < len; disk += each == 1 ? 1 : 3)
        fill_disk(format, disk, ENOSPC, each, again);
}
END_TEST

static const int other_errnos[] = {EIO, EFBIG, EPIPE, EAGAIN, 0};

START_TEST(other_failures_end_the_file_with_whole_records)
{
    int format = _i % 2;
    uint64_t len = whole_len(format);
    for (uint64_t disk = 0; disk < len; disk += 7)
        fill_disk(format, disk, other_errnos[_i / 2], 1, false);
}
END_TEST

START_TEST(interrupted_and_partial_writes_change_nothing)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    run_open_save(&run, &o);
    arm(UINT64_MAX, EIO);
    part_max = 3;
    interrupts = 2;
    for (uint64_t n = 0; n < N_PACKETS; n++)
        give(n);
    save_flush(run.save);
    armed = false;
    run_expect_no_news(&run);
    run_close(&run, N_PACKETS, 0);
    ck_assert_uint_eq(check_file(run.name, 0), N_PACKETS);
    run_fini(&run);
}
END_TEST

START_TEST(a_file_that_cannot_be_cut_is_left_alone)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    run_open_save(&run, &o);
    give(0);
    save_flush(run.save);
    arm(10, ENOSPC); /* in the middle of the next record */
    cannot_cut = true;
    give(1);
    save_flush(run.save);
    room = FILE_LEN_MAX;
    give(5000);
    save_close(run.save);
    armed = false;
    run_expect_news(&run, SAVE_FAILED);
    run_expect_no_news(&run);
    run_close(&run, 1, 2);
    ck_assert_uint_eq(check_file(run.name, 1), 1); /* then the half record */
    run_fini(&run);
}
END_TEST

START_TEST(a_full_disk_is_tried_each_second_of_capture_time)
{
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    give(0);
    save_flush(run.save);
    arm(0, ENOSPC);
    for (uint64_t n = 1; n < 5000; n++) { /* 5 seconds */
        give(n);
        save_flush(run.save);
    }
    ck_assert_uint_eq(n_writes, 1 + 4); /* the first, and 4 tries */
    run_expect_news(&run, SAVE_FAILED);
    run_expect_no_news(&run);
    ck_assert_uint_eq(save_figures(run.save)->unsaved, 4999);
    room = UINT64_MAX;
    give(6000);
    ck_assert_uint_eq(save_figures(run.save)->saved, 2);
    run_expect_news(&run, SAVE_RESUMED);
    ck_assert_int_eq(run.news.code, ERR_OK);
    ck_assert_str_eq(run.news.reason, "is being written again; 4999 packets "
                                      "were not saved");
    /* Time may run backwards, too. */
    room = 0;
    give(6001);
    save_flush(run.save);
    run_expect_news(&run, SAVE_FAILED);
    room = UINT64_MAX;
    give(100);
    armed = false;
    run_expect_news(&run, SAVE_RESUMED);
    struct file_bytes f = run_bytes(run.name);
    static const char comment[] = "4999 packets before this one were not "
                                  "saved: No space left on device";
    ck_assert_ptr_nonnull(memmem(f.ptr, f.len, comment, strlen(comment)));
    file_bytes_fini(&f);
    run_close(&run, 3, 5000);
    struct reading r = run_read(run.name, 0);
    ck_assert_uint_eq(r.n, 3);
    run_check_packet(&r.list[1], 6000);
    run_check_packet(&r.list[2], 100);
    reading_fini(&r);
    run_fini(&run);
}
END_TEST

START_TEST(with_rotation_the_next_file_is_tried)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    o.rotate_packets = 10;
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 40; n++) {
        if (n == 15)
            arm(5, EIO);
        if (n == 30)
            room = UINT64_MAX;
        give(n);
        save_flush(run.save);
    }
    armed = false;
    run_expect_news(&run, SAVE_FAILED);
    ck_assert_str_eq(run.news.name, run.opened[1]);
    run_expect_news(&run, SAVE_RESUMED);
    ck_assert_str_eq(run.news.name, run.opened[3]);
    run_expect_no_news(&run);
    run_close(&run, 25, 15);
    static const uint64_t want[] = {10, 5, 0, 10};
    ck_assert_uint_eq(run.n_opened, 4);
    for (size_t i = 0; i < 4; i++) {
        struct reading r = run_read(run.opened[i], 0);
        ck_assert_uint_eq(r.n, want[i]);
        reading_fini(&r);
    }
    run_fini(&run);
}
END_TEST

/* By size, too: what is lost counts as if it were there. */
START_TEST(a_file_size_limit_below_the_rotation_size_still_rotates)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_bytes = 2000;
    run_open_save(&run, &o);
    uint64_t each_file = 700;
    size_t n_files = 0;
    for (uint64_t n = 0; n < 300; n++) {
        if (run.n_opened > n_files)
            arm(each_file, EFBIG);
        n_files = run.n_opened;
        give(n);
        save_flush(run.save);
    }
    armed = false;
    ck_assert_uint_gt(run.n_opened, 8);
    const struct save_figures f = *save_figures(run.save);
    run_close(&run, f.saved, f.unsaved);
    uint64_t saved = 0;
    for (size_t i = 0; i < run.n_opened; i++)
        saved += check_file(run.opened[i], 0);
    ck_assert_uint_eq(saved, f.saved);
    run_fini(&run);
}
END_TEST

START_TEST(files_that_stay_empty_push_none_out_of_the_ring)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_packets = 10;
    o.ring_files = 2;
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 100; n++) {
        if (n == 20)
            arm(0, EIO);
        if (n == 80)
            room = UINT64_MAX;
        give(n);
        save_flush(run.save);
        if (n == 79) {
            ck_assert(run_has_file(&run, 0) && run_has_file(&run, 1));
            ck_assert_uint_eq(run.n_opened, 8);
            for (size_t i = 2; i < 7; i++)
                ck_assert(!run_has_file(&run, i));
        }
    }
    armed = false;
    run_close(&run, 40, 60);
    for (size_t i = 0; i < 10; i++)
        ck_assert(run_has_file(&run, i) == (i >= 8));
    run_fini(&run);
}
END_TEST

START_TEST(a_full_disk_gets_the_room_of_the_oldest_file)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_packets = 10;
    o.ring_files = 2;
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 21; n++) {
        if (n == 20)
            arm(0, ENOSPC);
        give(n);
        save_flush(run.save);
    }
    ck_assert(!run_has_file(&run, 0));
    ck_assert(run_has_file(&run, 1));
    room = UINT64_MAX;
    give(2000);
    armed = false;
    run_close(&run, 21, 1);
    ck_assert(run_has_file(&run, 1));
    ck_assert(run_has_file(&run, 2));
    run_fini(&run);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_told_at_once)
{
    struct save *s = NULL;
    struct save_options o = run_start(&run, "a.pcapng");
    run.open_errno = EACCES;
    ck_assert_int_eq(save_new(&s, &o, &run.news), ERR_OPEN);
    ck_assert_ptr_null(s);
    ck_assert_int_eq(run.news.sys_errno, EACCES);
    ck_assert_str_eq(run.news.name, run.name);
    ck_assert_str_eq(run.news.reason, "cannot be opened: Permission denied");
    run_fini(&run);
}
END_TEST

START_TEST(a_next_file_that_cannot_be_opened_is_tried_each_second)
{
    struct save_options o = run_start(&run, "a.pcapng");
    o.rotate_packets = 10;
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 3500; n++) {
        run.open_errno = n >= 10 && n < 1500 ? EMFILE : 0;
        give(n);
    }
    run_expect_news(&run, SAVE_FAILED);
    ck_assert_int_eq(run.news.code, ERR_OPEN);
    ck_assert_int_eq(run.news.sys_errno, EMFILE);
    run_expect_news(&run, SAVE_RESUMED);
    run_expect_no_news(&run);
    /* Failed at 10 and 1010, works at 2010, with number 2. */
    run_close(&run, 1500, 2000);
    ck_assert_ptr_nonnull(strstr(run.opened[1], "a_00002_20231114221322"));
    run_fini(&run);
}
END_TEST

START_TEST(rotation_on_demand_tries_a_failed_file_again)
{
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    give(0);
    save_flush(run.save);
    arm(0, EIO);
    give(1);
    save_flush(run.save);
    room = UINT64_MAX;
    give(5000); /* not with this file */
    run.open_errno = EACCES;
    save_rotate(run.save);
    give(5001);
    run.open_errno = 0;
    give(5002); /* too early */
    save_rotate(run.save);
    give(5003);
    armed = false;
    run_close(&run, 2, 4);
    ck_assert_uint_eq(run.n_opened, 2);
    run_fini(&run);
}
END_TEST

START_TEST(an_owner_that_never_asks_for_news_gets_the_first_and_the_last)
{
    struct save_options o = run_start(&run, "a.pcapng");
    run_open_save(&run, &o);
    arm(0, ENOSPC);
    for (uint64_t n = 0; n < 20; n++) {
        room = n % 2 ? UINT64_MAX : 0;
        give(n * 1100);
        save_flush(run.save);
    }
    armed = false;
    unsigned n = 0;
    while (save_next_news(run.save, &run.news))
        ck_assert_int_eq(n++ == 0, run.news.kind == SAVE_FAILED && n == 1);
    ck_assert_uint_eq(n, 4);
    ck_assert_int_eq(run.news.kind, SAVE_RESUMED);
    run_close(&run, 10, 10);
    run_fini(&run);
}
END_TEST

static int
open_uncounted(void *ctx, const char *name)
{
    bool before = counting;
    counting = false;
    int fd = run_open(ctx, name);
    counting = before;
    return fd;
}

START_TEST(each_allocation_may_fail_and_costs_one_packet_at_most)
{
    struct save_options o;
    unsigned at = 0;
    uint64_t unsaved = 1;
    for (bool failed = true; failed;) {
        if (!start_format(_i, &o))
            return;
        o.rotate_packets = 6;
        o.ring_files = 2;
        o.comment = o.filter = "x";
        o.open = open_uncounted;
        fail_at = ++at;
        counting = true;
        enum err e = save_new(&run.save, &o, &run.news);
        counting = false;
        if (e != ERR_OK) {
            ck_assert_int_eq(e, ERR_NOMEM);
            run_fini(&run);
            continue;
        }
        for (uint64_t n = 0; n < N_PACKETS; n++)
            give(n);
        counting = true;
        save_close(run.save);
        counting = false;
        failed = fail_at == 0;
        fail_at = 0;
        unsaved = save_figures(run.save)->unsaved;
        ck_assert_uint_le(unsaved, 1);
        if (unsaved)
            run_expect_news(&run, SAVE_REFUSED);
        run_expect_no_news(&run);
        run_close(&run, N_PACKETS - unsaved, unsaved);
        run_fini(&run);
    }
    ck_assert_uint_eq(unsaved, 0); /* the last run had all memory */
    ck_assert_uint_gt(at, 6);
}
END_TEST

/* ---- Real failures ---------------------------------------------------- */

/* Returns the limit before. */
static rlim_t
set_file_limit(rlim_t len)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = len;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return before;
}

START_TEST(the_file_size_limit_of_the_system_leaves_whole_records)
{
    struct save_options o;
    char name[TEMP_NAME_MAX];
    int kept;
    signal(SIGXFSZ, SIG_IGN);
    uint64_t len = whole_len(_i);
    for (uint64_t limit = 0; limit < len; limit += 3) {
        ck_assert(start_memory(_i, &o, &kept, name));
        run_open_save(&run, &o);
        rlim_t before = set_file_limit((rlim_t)limit);
        for (uint64_t n = 0; n < N_PACKETS; n++) {
            give(n);
            if (n % 3 == 0)
                save_flush(run.save);
        }
        save_close(run.save);
        set_file_limit(before);
        run_expect_news(&run, SAVE_FAILED);
        ck_assert_int_eq(run.news.sys_errno, EFBIG);
        const struct save_figures f = *save_figures(run.save);
        ck_assert_uint_eq(check_file(name, 0), f.saved);
        close(kept);
        run_close(&run, f.saved, N_PACKETS - f.saved);
        run_fini(&run);
    }
}
END_TEST

START_TEST(dev_full_is_full)
{
    struct save_options o;
    if (!start_format(_i, &o))
        return;
    run.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (run.fd < 0) {
        puts("# skipped: no /dev/full here");
        run_fini(&run);
        return;
    }
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 5000; n++)
        give(n);
    save_flush(run.save);
    run_expect_news(&run, SAVE_FAILED);
    ck_assert_int_eq(run.news.sys_errno, ENOSPC);
    run_expect_no_news(&run);
    run_close(&run, 0, 5000);
    run_fini(&run);
}
END_TEST

/* Reads what is in the pipe into file `name`. */
static void
drain_to(int fd, const char *name)
{
    struct file_bytes f = {.len = 0};
    uint8_t part[4096];
    for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;)
        put_bytes(&f, part, (size_t)n);
    FILE *out = fopen(name, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(f.ptr, 1, f.len, out), f.len);
    ck_assert_int_eq(fclose(out), 0);
    file_bytes_fini(&f);
}

START_TEST(a_pipe_is_written_like_a_file)
{
    struct save_options o;
    int ends[2];
    if (!start_format(_i, &o))
        return;
    ck_assert_int_eq(pipe(ends), 0);
    run.fd = ends[1];
    run_open_save(&run, &o);
    for (uint64_t n = 0; n < 100; n++)
        give(n);
    run_expect_no_news(&run);
    run_close(&run, 100, 0);
    drain_to(ends[0], run.name);
    close(ends[0]);
    ck_assert_uint_eq(check_file(run.name, 0), 100);
    run_fini(&run);
}
END_TEST

START_TEST(a_pipe_without_reader_ends_saving)
{
    struct save_options o = run_start(&run, "a.pcapng");
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    run.fd = ends[1];
    run_open_save(&run, &o);
    give(0);
    save_flush(run.save);
    close(ends[0]);
    give(1);
    save_flush(run.save);
    for (uint64_t n = 2; n < 3000; n++)
        give(n);
    run_expect_news(&run, SAVE_FAILED);
    ck_assert_int_eq(run.news.sys_errno, EPIPE);
    run_expect_no_news(&run);
    run_close(&run, 1, 2999);
    run_fini(&run);
}
END_TEST

START_TEST(a_pipe_with_half_a_record_gets_nothing_more)
{
    struct save_options o = run_start(&run, "a.pcapng");
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    run.fd = ends[1];
    run_open_save(&run, &o);
    uint64_t n = 0;
    for (struct save_news news; !save_next_news(run.save, &news); n++) {
        struct packet p = run_packet(n, 9000);
        save_packet(run.save, &p, run_info());
        save_flush(run.save);
        run.news = news;
    }
    const struct save_figures f = *save_figures(run.save);
    ck_assert_uint_eq(f.unsaved, 1);
    ck_assert_uint_eq(f.saved, n - 1);
    drain_to(ends[0], run.name);
    give(n); /* there is room again */
    save_close(run.save);
    uint8_t byte;
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    run_close(&run, f.saved, 2);
    struct reading r = run_read(run.name, 1);
    ck_assert_uint_eq(r.n, f.saved);
    reading_fini(&r);
    run_fini(&run);
}
END_TEST

/* Saves for ever, telling how many packets are in the file. */
static void
save_until_killed(int fd)
{
    for (uint64_t n = 0;; n++) {
        struct packet p = run_packet(n, 1000);
        save_packet(run.save, &p, run_info());
        uint64_t saved = save_figures(run.save)->saved;
        if (n % 50 == 0) {
            save_flush(run.save);
            saved = save_figures(run.save)->saved;
        }
        if (write(fd, &saved, sizeof saved) != (ssize_t)sizeof saved)
            _exit(1);
    }
}

START_TEST(what_was_flushed_survives_sigkill)
{
    struct save_options o;
    int ends[2], status;
    uint64_t saved = 0;
    if (!start_format(_i % 2, &o))
        return;
    run_open_save(&run, &o);
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        save_until_killed(ends[1]);
    }
    close(ends[1]);
    for (int k = 0; k < 500 + _i * 37; k++)
        ck_assert_int_eq(read(ends[0], &saved, sizeof saved), sizeof saved);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    while (read(ends[0], &saved, sizeof saved) == sizeof saved)
        ; /* told before it died */
    close(ends[0]);
    ck_assert_uint_gt(saved, 0);
    /* A write that was under way may have been cut short. */
    struct reading r = run_read(run.name, 1);
    ck_assert_uint_ge(r.n, saved);
    for (size_t k = 0; k < r.n; k++)
        run_check_packet(&r.list[k], k);
    reading_fini(&r);
    run_close(&run, 0, 0);
    run_fini(&run);
}
END_TEST

static void
add_disk(Suite *s)
{
    TCase *tc = tcase_create("disk");
    tcase_add_loop_test(tc, a_disk_that_fills_at_any_byte_leaves_whole_records,
                        0, 12);
    tcase_add_loop_test(tc, other_failures_end_the_file_with_whole_records, 0,
                        2 * sizeof other_errnos / sizeof other_errnos[0]);
    tcase_add_loop_test(tc, interrupted_and_partial_writes_change_nothing, 0,
                        2);
    tcase_add_loop_test(tc, a_file_that_cannot_be_cut_is_left_alone, 0, 2);
    tcase_add_test(tc, a_full_disk_is_tried_each_second_of_capture_time);
    tcase_add_loop_test(tc, with_rotation_the_next_file_is_tried, 0, 2);
    tcase_add_test(tc, a_file_size_limit_below_the_rotation_size_still_rotates);
    tcase_add_test(tc, files_that_stay_empty_push_none_out_of_the_ring);
    tcase_add_test(tc, a_full_disk_gets_the_room_of_the_oldest_file);
    tcase_add_test(tc, a_file_that_cannot_be_opened_is_told_at_once);
    tcase_add_test(tc, a_next_file_that_cannot_be_opened_is_tried_each_second);
    tcase_add_test(tc, rotation_on_demand_tries_a_failed_file_again);
    tcase_add_test(
        tc, an_owner_that_never_asks_for_news_gets_the_first_and_the_last);
    tcase_add_loop_test(tc,
                        each_allocation_may_fail_and_costs_one_packet_at_most,
                        0, 2);
    suite_add_tcase(s, tc);
}

static void
add_system(Suite *s)
{
    TCase *tc = tcase_create("system");
    tcase_add_loop_test(tc,
                        the_file_size_limit_of_the_system_leaves_whole_records,
                        0, save_pcap_is_built_in() ? 2 : 1);
    tcase_add_loop_test(tc, dev_full_is_full, 0, 2);
    tcase_add_loop_test(tc, a_pipe_is_written_like_a_file, 0, 2);
    tcase_add_test(tc, a_pipe_without_reader_ends_saving);
    tcase_add_test(tc, a_pipe_with_half_a_record_gets_nothing_more);
    tcase_add_loop_test(tc, what_was_flushed_survives_sigkill, 0, 6);
    suite_add_tcase(s, tc);
}

static Suite *
suite(void)
{
    Suite *s = suite_create("save_failures");
    setenv("TZ", "UTC0", 1);
    add_disk(s);
    add_system(s);
    return s;
}

CHECK_MAIN(suite)
