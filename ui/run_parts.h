/* SPDX-License-Identifier: MIT */
/*
 * run_parts.h - a run, and what the files of run.h do for each other:
 *
 *   run_open.c   puts it together and gives up what is not needed
 *   run.c        what happens while packets come, and at the end
 *   run_again.c  reads the same files once more
 *   run_tell.c   figures: for people, for the summary, for saved files
 */
#ifndef UI_RUN_PARTS_H
#define UI_RUN_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "capture/live.h"
#include "capture/source.h"
#include "ui/confine.h"
#include "ui/display.h"
#include "ui/exit_status.h"
#include "ui/expect.h"
#include "ui/export.h"
#include "ui/options.h"
#include "ui/out.h"
#include "ui/pipeline.h"
#include "ui/progress.h"
#include "ui/saving.h"
#include "ui/select.h"
#include "ui/stats.h"
#include "ui/summary.h"
#include "ui/tell.h"
#include "ui/tui/app.h"
#include "ui/writer.h"

struct run {
    const struct options *options;
    struct out out;
    struct tell tell;
    struct expect expect; /* the file of --expect */
    struct writer writer;
    struct select select;
    struct filter *filter;  /* of -Y; NULL: none */
    struct display display; /* with filter */
    struct summary summary;
    struct progress progress;
    struct confine confine;
    struct saving_dir dir;  /* of -w */
    struct saving *saving;  /* NULL: nothing is saved */
    struct live *live;      /* NULL: files */
    struct export *export;  /* NULL: another command */
    struct source *again;   /* the same files, where export reads twice */
    struct event_sink sink; /* of the pipeline */
    struct app *app;        /* NULL: no terminal interface */
    atomic_bool left;       /* the person has left it */
    struct pipeline *pipeline;
    read_idle_fn on_idle; /* of the source, with the run */
    bool watching;     /* the input comes as it happens: a pipe, a growing file,
                          an interface */
    bool screen;       /* stats are drawn while it runs */
    bool any;          /* a packet came */
    bool told_start;   /* filter knows when the first one came */
    bool idle;         /* none since idle_ns */
    int64_t packet_ns; /* time of the last packet, and ... */
    int64_t looked_ns; /* ... of the one when the clock was looked at */
    int64_t end_ns;    /* of files: packets' time when -a duration is over; 0:
                          not set */
    int64_t start_real_ns; /* since 1970 */
    int64_t start_ns;      /* of CLOCK_MONOTONIC, like all below */
    int64_t idle_ns;       /* when the last packet had been there for a while */
    bool plain;            /* nothing is to be done behind each packet */
    int64_t chores_ns;     /* when they were done last */
    int64_t told_ns;       /* when lost packets were told last */
    int64_t redraw_ns;     /* when stats are due again */
    uint64_t told_lost;    /* packets */
    enum exit_status status;
};

static inline int64_t
run_now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- run_open.c */

/* Puts all together; false: what failed was told, and r->status tells. */
bool run_open(struct run *r);

/* Gives up all rights, then starts what is live.  As run_open(). */
bool run_start(struct run *r);

/* ---- run_again.c */

/* The second reading for export; what fails is told. */
void run_again(struct run *r);

/* ---- run_tell.c */

/* What save.c has to say. */
void run_tell_saving(struct run *r);

/* SIGUSR1: how far it is. */
void run_tell_figures(struct run *r);

/* Packets that were lost since the last time, now and then, or at last. */
void run_tell_lost(struct run *r, int64_t now, bool last);

/* Files: with -v that root stays, with -vv what is in force. */
void run_tell_walls(struct run *r);

void run_tell_listening(struct run *r);

/* Which connection was followed, and what of it is not there. */
void run_tell_followed(struct run *r);

/* What the system counted, for the end of each saved file. */
void run_save_stats(struct run *r);

/* For the live line of stats; now of CLOCK_MONOTONIC. */
struct stats_live run_live_figures(const struct run *r, int64_t now);

/* The figures of the summary that no event tells. */
void run_take_totals(struct run *r);

#endif /* UI_RUN_PARTS_H */
