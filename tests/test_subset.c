/* SPDX-License-Identifier: MIT */
/*
 * The subset property: whatever a capture lost, what is shown of it stands in
 * the lossless capture; and frames are found again behind a loss.
 *
 * -v or WSRAY_SEEDS shows the figures; WSRAY_SEEDS=N takes N lossy captures in
 * all, and no time limit.  WSRAY_FIRST=N starts at another seed, WSRAY_TRACE
 * tells the seeds with frames that should be found and are not.  A failure
 * tells what replays it: WSRAY_REPLAY=PROFILE:SEED or SAMPLE:SEED;
 * WSRAY_SAVE=FILE with it writes the lossy capture.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "capture/source.h"
#include "tests/check_main.h"
#include "tests/rng.h"
#include "tests/subset_oracle.h"

/* Lossy captures by default: of each profile, and of each sample. */
#define PROFILE_SEEDS 256u
#define SAMPLE_SEEDS 48u
/* One made capture serves so many of them. */
#define BASE_SEEDS 16u
/* Frames found of those far behind a loss, in percent. */
#define RECALL_MIN 99.0
/* Rates of loss told apart: none, 0.1, 0.3, 1, 3, 10 %. */
#define RATES 6u
#define SAMPLES_MAX 100u
#define LINKS_MAX 16u

static const char *const rate_names[RATES] = {"none", "0.1 %", "0.3 %",
                                              "1 %",  "3 %",   "10 %"};

static struct {
    bool shown;       /* figures are */
    bool replay;      /* only what WSRAY_REPLAY says */
    const char *save; /* where to write the lossy capture; NULL: nowhere */
    uint64_t first;   /* seed */
    uint64_t seeds;   /* of a profile */
    uint64_t sample_seeds;
    size_t n_samples;
    char *samples[SAMPLES_MAX]; /* file names in the folder */
    char folder[512];
    /* By profile, then one for all samples; shared with the tests' own
     * processes. */
    struct subset_result (*results)[RATES];
} self;

static unsigned
rate_of(const struct lossy_plan *plan)
{
    uint32_t ppm = plan->drop_ppm * plan->burst;
    static const uint32_t limit[] = {0, 2000, 5000, 20000, 50000};
    for (unsigned i = 0; i < RATES - 1; i++)
        if (ppm <= limit[i])
            return i;
    return RATES - 1;
}

/* Puts in front of a text what replays its seed. */
static void
name_seed(char *text, size_t size, const char *name, uint64_t seed)
{
    char *old = strdup(text);
    ck_assert_ptr_nonnull(old);
    snprintf(text, size, "%s:%" PRIu64 ": %s", name, seed, old);
    free(old);
}

/* One lossy capture. */
static void
check_seed(const struct subset_truth *truth, const char *name, uint64_t seed,
           struct subset_result results[RATES])
{
    struct lossy_plan plan;
    lossy_plan_random(&plan, seed);
    struct subset_result *r = &results[rate_of(&plan)];
    bool told = *r->first, told_missed = *r->missed;
    uint64_t missing = r->far_due + r->mid_due - r->far_found - r->mid_found;
    subset_check(truth, &plan, r);
    missing = r->far_due + r->mid_due - r->far_found - r->mid_found - missing;
    if (missing && getenv("WSRAY_TRACE"))
        printf("# %s:%" PRIu64 ": %" PRIu64 " frames are not found\n", name,
               seed, missing);
    if (self.save)
        ck_assert(subset_save(truth, &plan, self.save));
    if (*r->first && !told)
        name_seed(r->first, sizeof r->first, name, seed);
    if (*r->missed && !told_missed)
        name_seed(r->missed, sizeof r->missed, name, seed);
}

static struct subset_result
sum(struct subset_result results[RATES])
{
    struct subset_result all = {0};
    for (unsigned i = 0; i < RATES; i++)
        subset_result_add(&all, &results[i]);
    return all;
}

static double
percent(uint64_t found, uint64_t due)
{
    return due ? 100.0 * (double)found / (double)due : 100.0;
}

static void
show_line(const char *name, const char *rate, const struct subset_result *r)
{
    if (r->variants == 0)
        return;
    printf("# %-20s %6s %7" PRIu64 " %9" PRIu64 " %7" PRIu64 " %7" PRIu64
           " %8" PRIu64 " %8" PRIu64 " %4" PRIu64 " %7.2f %9" PRIu64
           " %6.2f %9" PRIu64 " %6.2f %6.1f\n",
           name, rate, r->variants, r->frames, r->found_again, r->unjudged,
           r->messages, r->partial, r->violations,
           percent(r->clean_found, r->clean_due), r->far_due,
           percent(r->far_found, r->far_due), r->mid_due,
           percent(r->mid_found, r->mid_due),
           percent(r->near_found, r->near_due));
}

static void
show(const char *name, struct subset_result results[RATES])
{
    if (!self.shown)
        return;
    struct subset_result all = sum(results);
    printf("# %-20s %6s %7s %9s %7s %7s %8s %8s %4s %7s %9s %6s %9s %6s %6s\n",
           "captures", "loss", "seeds", "frames", "again", "unjudg", "messages",
           "partial", "bad", "clean%", "far due", "far%", "mid due", "mid%",
           "near%");
    for (unsigned i = 0; i < RATES; i++)
        show_line(name, rate_names[i], &results[i]);
    show_line(name, "all", &all);
    printf("# %-20s %" PRIu64 " of %" PRIu64 " handshakes are told\n", name,
           all.heads_found, all.heads_due);
    if (all.uncertain)
        printf("# %-20s of %" PRIu64
               " inflated bytes with unknown ones, %" PRIu64
               " are told as certain\n",
               name, all.uncertain, all.certain);
    if (all.bytes_captured > all.bytes_delivered)
        printf("# %-20s %" PRIu64 " of %" PRIu64
               " captured bytes were not delivered\n",
               name, all.bytes_captured - all.bytes_delivered,
               all.bytes_captured);
    fflush(stdout);
}

/* Whether only one seed is wanted, of these captures; which: *seed. */
static bool
replays(const char *name, uint64_t *seed)
{
    const char *text = getenv("WSRAY_REPLAY");
    size_t len = strlen(name);
    if (!text || strncmp(text, name, len) != 0 || text[len] != ':')
        return false;
    *seed = strtoull(text + len + 1, NULL, 10);
    return true;
}

/* ---- Made captures -------------------------------------------------- */

static void
make_base(struct profile_capture *made, enum profile p, uint64_t seed)
{
    struct rng rng = {seed / BASE_SEEDS * PROFILE_COUNT + p};
    uint64_t talk = rng_next(&rng);
    size_t len = rng_below(&rng, 8) ? rng_range(&rng, 50000, 500000) : 1500000;
    profile_make(made, p, talk, len);
}

static void
check_profile(enum profile p, uint64_t first, uint64_t n)
{
    struct profile_capture made;
    struct subset_truth *truth = NULL;
    char why[200];
    for (uint64_t seed = first; seed < first + n; seed++) {
        if (!truth || seed % BASE_SEEDS == 0) {
            if (truth) {
                subset_truth_free(truth);
                profile_fini(&made);
            }
            make_base(&made, p, seed);
            truth = subset_truth_new(buf_slice(&made.pcap));
            ck_assert_msg(subset_truth_matches(truth, &made, why, sizeof why),
                          "%s, seed %" PRIu64 ": %s", profile_name(p), seed,
                          why);
        }
        check_seed(truth, profile_name(p), seed, self.results[p]);
    }
    if (truth) {
        subset_truth_free(truth);
        profile_fini(&made);
    }
}

START_TEST(what_a_lossy_capture_shows_stands_in_the_lossless_one)
{
    enum profile p = (enum profile)_i;
    uint64_t first = self.first, n = self.seeds;
    if (self.replay) {
        if (!replays(profile_name(p), &first))
            return;
        n = 1;
    }
    check_profile(p, first, n);
    show(profile_name(p), self.results[p]);
    struct subset_result all = sum(self.results[p]);
    ck_assert_msg(all.violations == 0, "%" PRIu64 " violations; %s",
                  all.violations, all.first);
    ck_assert_msg(all.clean_found == all.clean_due, "%s", all.missed);
}
END_TEST

static void
check_recall(const char *name, uint64_t found, uint64_t due)
{
    ck_assert_msg(percent(found, due) >= RECALL_MIN,
                  "%s: %" PRIu64 " of %" PRIu64 " frames, %.2f %%", name, found,
                  due, percent(found, due));
}

START_TEST(frames_far_behind_a_loss_are_found_again)
{
    enum profile p = (enum profile)_i;
    struct subset_result all = sum(self.results[p]);
    if (self.seeds >= PROFILE_SEEDS && !self.replay)
        ck_assert_uint_gt(all.far_due, 0);
    check_recall(profile_name(p), all.far_found, all.far_due);
}
END_TEST

START_TEST(frames_of_a_capture_without_handshake_are_found)
{
    enum profile p = (enum profile)_i;
    struct subset_result all = sum(self.results[p]);
    if (self.seeds >= PROFILE_SEEDS && !self.replay)
        ck_assert_uint_gt(all.mid_due, 0);
    check_recall(profile_name(p), all.mid_found, all.mid_due);
}
END_TEST

/* ---- Samples -------------------------------------------------------- */

/* A sample as one pcap file for each link type in it. */
struct sample {
    size_t n;
    uint32_t link[LINKS_MAX];
    struct buf pcap[LINKS_MAX];
};

static void
read_sample(struct sample *out, const char *path)
{
    struct source *source;
    struct packet p;
    struct source_error error;
    enum source_step step;
    ck_assert_int_eq(source_new(&source, &path, 1), ERR_OK);
    out->n = 0;
    while ((step = source_next(source, &p, &error)) != SOURCE_END) {
        size_t i = 0;
        if (step == SOURCE_ERROR)
            continue; /* broken-truncated */
        while (i < out->n && out->link[i] != p.link)
            i++;
        if (i == out->n) {
            ck_assert_uint_lt(i, LINKS_MAX);
            out->link[out->n++] = p.link;
            buf_init(&out->pcap[i], SIZE_MAX / 2);
            lossy_put_header(&out->pcap[i], p.link);
        }
        lossy_put_packet(&out->pcap[i], p.time_ns, p.wire_len, p.data);
    }
    source_free(source);
}

START_TEST(a_lossy_sample_shows_a_subset_of_the_sample)
{
    const char *name = self.samples[_i];
    char path[1024];
    struct sample sample;
    struct subset_result results[RATES] = {{0}};
    uint64_t first = self.first, n = self.sample_seeds;
    if (self.replay) {
        if (!replays(name, &first))
            return;
        n = 1;
    }
    snprintf(path, sizeof path, "%s/%s", self.folder, name);
    read_sample(&sample, path);
    ck_assert_uint_gt(sample.n, 0);
    for (size_t i = 0; i < sample.n; i++) {
        struct subset_truth *truth =
            subset_truth_new(buf_slice(&sample.pcap[i]));
        for (uint64_t seed = first; seed < first + n; seed++)
            check_seed(truth, name, seed, results);
        subset_truth_free(truth);
        buf_fini(&sample.pcap[i]);
    }
    struct subset_result all = sum(results);
    for (unsigned i = 0; i < RATES; i++)
        subset_result_add(&self.results[PROFILE_COUNT][i], &results[i]);
    if (self.shown)
        show_line(name, "all", &all);
    ck_assert_msg(all.violations == 0, "%" PRIu64 " violations; %s",
                  all.violations, all.first);
}
END_TEST

START_TEST(an_undamaged_copy_of_a_capture_shows_all_of_it)
{
    struct lossy_plan plan = {.burst = 1, .senders = 3, .late_max = 1};
    struct profile_capture made;
    struct subset_result r = {0};
    make_base(&made, (enum profile)_i, 7);
    struct subset_truth *truth = subset_truth_new(buf_slice(&made.pcap));
    subset_check(truth, &plan, &r);
    ck_assert_msg(r.violations == 0, "%s", r.first);
    ck_assert_uint_gt(r.frames, 0);
    ck_assert_uint_eq(r.frames, subset_truth_frames(truth));
    ck_assert_uint_eq(r.messages, subset_truth_messages(truth));
    ck_assert_uint_eq(r.clean_found, r.frames);
    ck_assert_uint_eq(r.unjudged + r.found_again + r.far_due + r.near_due, 0);
    ck_assert_uint_eq(r.bytes_captured, r.bytes_delivered);
    subset_truth_free(truth);
    profile_fini(&made);
}
END_TEST

/* ---- The program ---------------------------------------------------- */

static int
is_sample(const struct dirent *e)
{
    return strstr(e->d_name, ".pcap") != NULL;
}

static void
find_samples(void)
{
    const char *dir = getenv("srcdir");
    struct dirent **list;
    snprintf(self.folder, sizeof self.folder, "%s/samples", dir ? dir : ".");
    int n = scandir(self.folder, &list, is_sample, alphasort);
    for (int i = 0; i < n; i++) {
        if (self.n_samples < SAMPLES_MAX)
            self.samples[self.n_samples++] = strdup(list[i]->d_name);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

static void
set_up(void)
{
    const char *seeds = getenv("WSRAY_SEEDS"), *first = getenv("WSRAY_FIRST");
    size_t size = (PROFILE_COUNT + 1) * sizeof *self.results;
    find_samples();
    self.seeds = PROFILE_SEEDS;
    self.sample_seeds = SAMPLE_SEEDS;
    self.replay = getenv("WSRAY_REPLAY") != NULL;
    self.save = self.replay ? getenv("WSRAY_SAVE") : NULL;
    self.first = first ? strtoull(first, NULL, 10) : 0;
    if (seeds) {
        /* A quarter goes to the samples, which are small. */
        uint64_t n = strtoull(seeds, NULL, 10);
        self.shown = true;
        self.seeds = n * 3 / 4 / PROFILE_COUNT + 1;
        self.sample_seeds = n / 4 / (self.n_samples ? self.n_samples : 1) + 1;
    }
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    self.results = shared;
}

START_TEST(there_are_samples)
{
    ck_assert_uint_gt(self.n_samples, 20);
}
END_TEST

static void
show_samples(void)
{
    show("samples", self.results[PROFILE_COUNT]);
}

static Suite *
subset_suite(void)
{
    Suite *suite = suite_create("subset");
    TCase *tc = tcase_create("subset");
    set_up();
    tcase_set_timeout(tc, self.shown ? 0 : 600);
    tcase_add_unchecked_fixture(tc, NULL, show_samples);
    tcase_add_loop_test(tc, an_undamaged_copy_of_a_capture_shows_all_of_it, 0,
                        PROFILE_COUNT);
    tcase_add_loop_test(tc,
                        what_a_lossy_capture_shows_stands_in_the_lossless_one,
                        0, PROFILE_COUNT);
    tcase_add_loop_test(tc, frames_far_behind_a_loss_are_found_again, 0,
                        PROFILE_COUNT);
    tcase_add_loop_test(tc, frames_of_a_capture_without_handshake_are_found, 0,
                        PROFILE_COUNT);
    tcase_add_test(tc, there_are_samples);
    tcase_add_loop_test(tc, a_lossy_sample_shows_a_subset_of_the_sample, 0,
                        (int)self.n_samples);
    suite_add_tcase(suite, tc);
    return suite;
}

int
main(int argc, char **argv)
{
    self.shown = argc > 1 && strcmp(argv[1], "-v") == 0;
    return check_main(argc, argv, subset_suite());
}
