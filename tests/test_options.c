/* SPDX-License-Identifier: MIT */
#include "ui/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check_main.h"

#define WORDS_MAX 32

/* A command line, cut at blanks; "" stands for an empty word. */
struct line {
    char text[512];
    char *argv[WORDS_MAX + 1];
    int argc;
};

static void
line_make(struct line *l, const char *text)
{
    snprintf(l->text, sizeof l->text, "wsray %s", text);
    l->argc = 0;
    char *rest = NULL;
    for (char *w = strtok_r(l->text, " ", &rest); w;
         w = strtok_r(NULL, " ", &rest)) {
        ck_assert_int_lt(l->argc, WORDS_MAX);
        l->argv[l->argc++] = strcmp(w, "\"\"") == 0 ? w + 2 : w;
    }
    l->argv[l->argc] = NULL;
}

static char message[OPTIONS_MESSAGE_MAX];
static struct line line;

static enum options_result
parse(struct options *o, const char *text)
{
    line_make(&line, text);
    memset(message, 'x', sizeof message);
    return options_parse(o, line.argc, line.argv, message, sizeof message);
}

/* Appends " name=value" when the member is not what it is by default. */
static size_t
dump_option(char *out, size_t size, const struct option_info *info,
            const struct options *o, const struct options *by_default)
{
    const void *is = (const char *)o + info->member;
    const void *was = (const char *)by_default + info->member;
    const struct option_ranges *ranges = is;
    const struct option_files *files = is;
    const struct option_bounds *bounds = is;
    const struct option_ids *ids = is;
    const struct thresholds *now = is, *then = was;
    uint64_t value = 0, default_value = 0;
    size_t at = 0;
    switch (info->type) {
    case OPTION_FLAG:
        value = *(const bool *)is;
        default_value = *(const bool *)was;
        break;
    case OPTION_COUNT:
    case OPTION_CHOICE:
    case OPTION_SET:
        value = *(const uint32_t *)is;
        default_value = *(const uint32_t *)was;
        break;
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_DURATION:
        value = *(const uint64_t *)is;
        default_value = *(const uint64_t *)was;
        break;
    case OPTION_IDS:
        for (unsigned i = 0; i < FINDING_COUNT; i++)
            if (ids->has[i])
                at +=
                    (size_t)snprintf(out + at, size - at, " %s:%s", info->name,
                                     finding_info((enum finding_id)i)->id);
        return at;
    case OPTION_STRING:
    case OPTION_PATH:
        if (*(const char *const *)is)
            return (size_t)snprintf(out, size, " %s=%s", info->name,
                                    *(const char *const *)is);
        return 0;
    case OPTION_RANGES:
        for (size_t i = 0; i < ranges->n; i++)
            at +=
                (size_t)snprintf(out + at, size - at, " %u..%u",
                                 ranges->range[i].first, ranges->range[i].last);
        return at;
    case OPTION_SETTING:
        for (unsigned i = 0; i < THRESHOLD_COUNT; i++)
            if (now->value[i] != then->value[i])
                at +=
                    (size_t)snprintf(out + at, size - at, " %s=%ju",
                                     threshold_info((enum threshold_id)i)->name,
                                     (uintmax_t)now->value[i]);
        return at;
    case OPTION_BOUNDS:
        if (bounds->duration_ns)
            at += (size_t)snprintf(out + at, size - at, " %s=%jdns", info->name,
                                   (intmax_t)bounds->duration_ns);
        if (bounds->bytes)
            at += (size_t)snprintf(out + at, size - at, " %s=%juB", info->name,
                                   (uintmax_t)bounds->bytes);
        if (bounds->packets)
            at += (size_t)snprintf(out + at, size - at, " %s=%jup", info->name,
                                   (uintmax_t)bounds->packets);
        if (bounds->files)
            at += (size_t)snprintf(out + at, size - at, " %s=%juf", info->name,
                                   (uintmax_t)bounds->files);
        return at;
    case OPTION_NAMES:
        for (size_t i = 0; i < files->n; i++)
            at +=
                (size_t)snprintf(out + at, size - at, " <%s>", files->names[i]);
        return at;
    case OPTION_FILE:
        for (size_t i = 0; i < files->n; i++)
            at +=
                (size_t)snprintf(out + at, size - at, " [%s]", files->names[i]);
        return at;
    }
    if (value == default_value)
        return 0;
    return (size_t)snprintf(out, size, " %s=%ju", info->name, (uintmax_t)value);
}

/* The command, the files and what is not at its default. */
static const char *
dump(const struct options *o)
{
    static char out[1024];
    struct options by_default;
    options_init(&by_default);
    size_t at = (size_t)snprintf(out, sizeof out, "%s%s",
                                 command_info(o->command)->name,
                                 o->command_given ? "!" : "");
    for (unsigned i = 0; i < OPTION_ID_COUNT; i++)
        at += dump_option(out + at, sizeof out - at,
                          option_info((enum option_id)i), o, &by_default);
    options_fini(&by_default);
    return out;
}

/* ---- what is understood ---- */

static const struct {
    const char *line, *want;
} good[] = {
    {"a.pcap", "report [a.pcap]"},
    {"report a", "report! [a]"},
    {"json a", "json! [a]"},
    {"-", "report [-]"},
    {"json -", "json! [-]"},
    {"-r a", "report [a]"},
    {"-ra", "report [a]"},
    {"-r -", "report [-]"},
    {"--read a --read=b c -r d", "report [a] [b] [c] [d]"},
    {"a b -r c d", "report [a] [b] [c] [d]"},
    /* Only the first word can be a command, and not behind "--". */
    {"a report", "report [a] [report]"},
    {"json report", "json! [report]"},
    {"./report", "report [./report]"},
    {"-- report", "report [report]"},
    {"-- -c", "report [-c]"},
    {"a -- -- b", "report [a] [--] [b]"},
    {"-n -- json a", "report [json] [a] no-names=1"},
    /* Options stand anywhere. */
    {"-c 5 report a", "report! [a] count=5"},
    {"report -c 5 a", "report! [a] count=5"},
    {"report a -c 5", "report! [a] count=5"},
    {"report a -c5 b", "report! [a] [b] count=5"},
    {"report a --count=5", "report! [a] count=5"},
    {"report a --count 5", "report! [a] count=5"},
    {"a -c 4 -c 5", "report [a] count=5"},
    {"a -c 18446744073709551615", "report [a] count=18446744073709551615"},
    {"a -v", "report [a] verbose=1"},
    {"a -vvv -v --verbose", "report [a] verbose=5"},
    {"a -nq", "report [a] no-names=1 quiet=1"},
    {"a -nc5", "report [a] count=5 no-names=1"},
    {"-nr a", "report [a] no-names=1"},
    {"-nra", "report [a] no-names=1"},
    /* A value may look like an option. */
    {"-r --read", "report [--read]"},
    {"-r -c", "report [-c]"},
    /* Choices, sets, strings. */
    {"a --time relative", "report [a]"},
    {"a --time delta", "report [a] time=1"},
    {"a --time=utc", "report [a] time=2"},
    {"a --time local", "report [a] time=3"},
    {"a --time epoch", "report [a] time=4"},
    {"a --color always", "report [a] color=1"},
    {"a --color never", "report [a] color=2"},
    {"a --only text", "report [a] only=2"},
    {"a --only text,text", "report [a] only=2"},
    {"a --only ping,continuation,reserved", "report [a] only=81"},
    {"a --only ping --only pong", "report [a] only=48"},
    {"json a --digest sha256", "json! [a] digest=sha256"},
    {"json a --digest=x=y", "json! [a] digest=x=y"},
    /* Ranges: sorted and joined. */
    {"a --conn 3", "report [a] 3..3"},
    {"a --conn 3-7", "report [a] 3..7"},
    {"a --conn 3-3", "report [a] 3..3"},
    {"a --conn 9-", "report [a] 9..4294967295"},
    {"a --conn 7,1,4-6", "report [a] 1..1 4..7"},
    {"a --conn 1-10,2-3,12", "report [a] 1..10 12..12"},
    {"a --conn 5- --conn 1,4294967295", "report [a] 1..1 5..4294967295"},
    {"a --conn 1 --conn 3 --conn 2", "report [a] 1..3"},
    /* Sizes. */
    {"json a --payload-limit 0", "json! [a] payload-limit=0"},
    {"json a --payload-limit 1", "json! [a] payload-limit=1"},
    {"json a --payload-limit 64K", "json! [a]"},
    {"json a --payload-limit 65536", "json! [a]"},
    {"json a --payload-limit 2k", "json! [a] payload-limit=2048"},
    {"json a --payload-limit 2KiB", "json! [a] payload-limit=2048"},
    {"json a --payload-limit 3M", "json! [a] payload-limit=3145728"},
    {"json a --payload-limit 1G", "json! [a] payload-limit=1073741824"},
    {"a --width 40", "report [a] width=40"},
    {"a --width 1000", "report [a] width=1000"},
    /* Durations. */
    {"stats a", "stats! [a]"},
    {"stats a --interval 250ms --width 60",
     "stats! [a] interval=250000000 width=60"},
    {"follow a", "follow! [a]"},
    {"follow a --conn 2 --from both --units messages --format text",
     "follow! [a] 2..2"},
    {"follow a --from server --units frames --no-control --format raw",
     "follow! [a] format=5 from=2 units=1 no-control=1"},
    {"follow a --payload-limit 1K --format c --width 90 --time utc -Y tcp",
     "follow! [a] display-filter=tcp time=2 payload-limit=1024 format=4 "
     "width=90"},
    {"a --gap-time 0", "report [a] gap-time=0"},
    {"a --gap-time 7ns", "report [a] gap-time=7"},
    {"a --gap-time 7us", "report [a] gap-time=7000"},
    {"a --gap-time 50ms", "report [a]"},
    {"a --gap-time 0.05s", "report [a]"},
    {"a --gap-time 2", "report [a] gap-time=2000000000"},
    {"a --gap-time 2s", "report [a] gap-time=2000000000"},
    {"a --gap-time 1.5", "report [a] gap-time=1500000000"},
    {"a --gap-time 0.000000001s", "report [a] gap-time=1"},
    {"a --gap-time 0.0000000019s", "report [a] gap-time=1"},
    {"a --gap-time 1.5min", "report [a] gap-time=90000000000"},
    {"a --gap-time 1h", "report [a] gap-time=3600000000000"},
    {"a --gap-time 9223372036s", "report [a] gap-time=9223372036000000000"},
    {"a --idle 1ms", "report [a] idle=1000000"},
    /* Each limit reaches its member. */
    {"a --memory 1M --flows 2 --half-open 3s --idle 4s",
     "report [a] memory=1048576 flows=2 half-open=3000000000 idle=4000000000"},
    {"a --early-bytes 5 --early-ranges 6 --gap-packets 7 --gap-time 8",
     "report [a] early-bytes=5 early-ranges=6 gap-packets=7 "
     "gap-time=8000000000"},
    {"a --fragment-bytes 9 --fragment-timeout 10 --http-head-limit 300",
     "report [a] fragment-bytes=9 fragment-timeout=10000000000 "
     "http-head-limit=300"},
    {"a --message-keep 12 --inflate-limit 13",
     "report [a] message-keep=12 inflate-limit=13"},
    /* Thresholds: the last one of a name counts. */
    {"a --threshold close-reply=10s", "report [a]"},
    {"a --threshold close-reply=5s", "report [a] close-reply=5000000000"},
    {"json a --threshold=bomb-ratio=50 --threshold bomb-size=2M",
     "json! [a] bomb-ratio=50 bomb-size=2097152"},
    {"a --threshold mask-run=7 --threshold mask-run=8",
     "report [a] mask-run=8"},
    {"a --threshold mask-run=8 --threshold mask-run=5", "report [a]"},
    {"a --threshold tiny-overhead=60%", "report [a] tiny-overhead=60"},
    /* Findings need no file. */
    {"findings", "findings!"},
    {"findings tcp-stream-gap", "findings! [tcp-stream-gap]"},
    {"findings tcp-stream-gap --width 60 deflate-bomb",
     "findings! [tcp-stream-gap] [deflate-bomb] width=60"},
    {"findings -- tcp-stream-gap", "findings! [tcp-stream-gap]"},
    {"findings --threshold mask-run=8", "findings! mask-run=8"},
    {"./findings", "report [./findings]"},
    /* Check. */
    {"check a", "check! [a]"},
    {"check a -v --width 60 --color never",
     "check! [a] verbose=1 color=2 width=60"},
    {"check a --by rule --format text --max 5 --fail-on error", "check! [a]"},
    {"check a --by connection --max 0", "check! [a] by=1 max=0"},
    {"check a --format json", "check! [a] format=1"},
    {"check a --format expect --max=1000", "check! [a] format=2 max=1000"},
    {"check a --fail-on warning", "check! [a] fail-on=1"},
    {"check a --fail-on note", "check! [a] fail-on=2"},
    {"check a --fail-on chat", "check! [a] fail-on=3"},
    {"check a --fail-on=never", "check! [a] fail-on=4"},
    {"check a --expect b --conn 2", "check! [a] 2..2 expect=b"},
    {"check a --expect -", "check! [a] expect=-"},
    {"check a --ignore deflate-bomb", "check! [a] ignore:deflate-bomb"},
    {"check a --ignore deflate-bomb,tcp-stream-gap,deflate-bomb",
     "check! [a] ignore:tcp-stream-gap ignore:deflate-bomb"},
    {"check a --ignore deflate-bomb --ignore=tcp-stream-gap",
     "check! [a] ignore:tcp-stream-gap ignore:deflate-bomb"},
    {"check a --findings deflate-bomb --ignore deflate-bomb",
     "check! [a] findings:deflate-bomb ignore:deflate-bomb"},
    /* Live: words are a capture filter. */
    {"-i lo", "report <lo>"},
    {"-i lo -i eth0 json", "json! <lo> <eth0>"},
    {"-i lo tcp port 80", "report <lo> filter=tcp port 80"},
    {"json -i lo port 80 -v or port 81",
     "json! <lo> filter=port 80 or port 81 verbose=1"},
    {"-i lo -f port -p -s 128 -B 4M --queue 8M --immediate-mode -j host",
     "report <lo> filter=port snapshot-length=128 no-promiscuous-mode=1 "
     "buffer-size=4194304 queue=8388608 immediate-mode=1 "
     "time-stamp-type=host"},
    {"-i lo -Z me --no-sandbox", "report <lo> user=me no-sandbox=1"},
    {"-i lo -a duration:5 -a packets:7", "report <lo> autostop=5000000000ns "
                                         "autostop=7p"},
    {"-D", "interfaces list-interfaces=1"},
    {"interfaces", "interfaces!"},
    {"a --tail", "report [a] tail=1"},
    /* Saving: -i or files. */
    {"a -w b", "report [a] write=b"},
    {"-i lo -w b --ws-only --comment hi -b filesize:10 -b files:3",
     "report <lo> write=b ws-only=1 ring-buffer=10000B ring-buffer=3f "
     "comment=hi"},
    {"-i lo -w b -b filesize:10K -b duration:1h -b packets:9 -a files:2",
     "report <lo> autostop=2f write=b ring-buffer=3600000000000ns "
     "ring-buffer=10240B ring-buffer=9p"},
};

START_TEST(each_good_line_is_understood)
{
    struct options o;
    enum options_result r = parse(&o, good[_i].line);
    ck_assert_msg(r == OPTIONS_RUN, "%s: %s", good[_i].line, message);
    ck_assert_msg(message[0] == '\0', "%s: says %s", good[_i].line, message);
    const char *got = dump(&o);
    ck_assert_msg(strcmp(got, good[_i].want) == 0, "%s: got '%s', want '%s'",
                  good[_i].line, got, good[_i].want);
    options_fini(&o);
}
END_TEST

/* ---- what is not ---- */

#define KINDS "continuation, text, binary, close, ping, pong, reserved"

static const struct {
    const char *line, *want;
} bad[] = {
    {"", "nothing to read: name a FILE, - for standard input, or "
         "-i NAME for an interface; see \'wsray --help\'"},
    {"report", "nothing to read: name a FILE, - for standard input, or "
               "-i NAME for an interface; see \'wsray --help\'"},
    {"-q --", "nothing to read: name a FILE, - for standard input, or "
              "-i NAME for an interface; see \'wsray --help\'"},
    {"- -", "standard input (-) can be read only once"},
    {"-r - a -", "standard input (-) can be read only once"},
    {"\"\"", "a FILE without a name; see 'wsray --help'"},
    {"-r \"\"", "-r (--read): '' is not a FILE"},
    /* Unknown names. */
    {"a --frobnicate", "unknown option '--frobnicate'; see 'wsray --help'"},
    {"a --frobnicate=3", "unknown option '--frobnicate'; see 'wsray --help'"},
    {"a --=3", "unknown option '--'; see 'wsray --help'"},
    {"a --paylod-limit 3",
     "unknown option '--paylod-limit'; did you mean '--payload-limit'?"},
    {"a --paylod-limit=3",
     "unknown option '--paylod-limit'; did you mean '--payload-limit'?"},
    {"a --colour never", "unknown option '--colour'; did you mean '--color'?"},
    {"a --cuont 3", "unknown option '--cuont'; did you mean '--count'?"},
    {"a --Quiet", "unknown option '--Quiet'; did you mean '--quiet'?"},
    {"a --verb", "unknown option '--verb'; did you mean '--verbose'?"},
    {"a --payload 3",
     "unknown option '--payload'; did you mean '--payload-limit'?"},
    {"a -x", "unknown option '-x'; see 'wsray --help'"},
    {"a -vx", "unknown option '-x'; see 'wsray --help'"},
    {"a -time utc", "unknown option '-t'; did you mean '--time'?"},
    {"reprot a",
     "'reprot' is neither a command nor a file; did you mean 'report'?"},
    {"rep a", "'rep' is neither a command nor a file; did you mean 'report'?"},
    {"josn a", "'josn' is neither a command nor a file; did you mean 'json'?"},
    {"help", "'help' is neither a command nor a file; did you mean '--help'?"},
    /* Values. */
    {"a -c", "-c (--count) needs a value: N"},
    {"a --count", "--count needs a value: N"},
    {"-r", "-r (--read) needs a value: FILE"},
    {"a --quiet=1", "--quiet takes no value"},
    {"a --quiet=", "--quiet takes no value"},
    {"a -c x", "-c (--count): 'x' is not a number of packets, 1 or more"},
    {"a -c 0", "-c (--count): '0' is not a number of packets, 1 or more"},
    {"a -c -1", "-c (--count): '-1' is not a number of packets, 1 or more"},
    {"a -c +1", "-c (--count): '+1' is not a number of packets, 1 or more"},
    {"a -c 1x", "-c (--count): '1x' is not a number of packets, 1 or more"},
    {"a --count=", "--count: '' is not a number of packets, 1 or more"},
    {"a -c 18446744073709551616",
     "-c (--count): '18446744073709551616' is not a number of packets, 1 or "
     "more"},
    {"a -conn 3", "-c (--count): 'onn' is not a number of packets, 1 or more; "
                  "did you mean '--conn'?"},
    {"a --width 39",
     "--width: '39' is not a number of columns from 40 to 1000"},
    {"a --width 1001",
     "--width: '1001' is not a number of columns from 40 to 1000"},
    {"json a --payload-limit -1",
     "--payload-limit: '-1' is not a size such as 64K"},
    {"json a --payload-limit 64X",
     "--payload-limit: '64X' is not a size such as 64K"},
    {"json a --payload-limit 64KB",
     "--payload-limit: '64KB' is not a size such as 64K"},
    {"json a --payload-limit K",
     "--payload-limit: 'K' is not a size such as 64K"},
    {"json a --payload-limit 16777216T",
     "--payload-limit: '16777216T' is not a size such as 64K"},
    {"json a --payload-limit 18446744073709551615",
     "--payload-limit: '18446744073709551615' is not a size such as 64K"},
    {"a --memory 512", "--memory: '512' is not a size from 1M up such as 512M"},
    {"a --inflate-limit 0",
     "--inflate-limit: '0' is not a size from 1 up such as 64M"},
    {"a --idle 0", "--idle: '0' is not a time from 1ms up such as 10min "
                   "(ns, us, ms, s, min, h)"},
    {"a --gap-time 5x", "--gap-time: '5x' is not a time such as 50ms "
                        "(ns, us, ms, s, min, h)"},
    {"a --gap-time .5", "--gap-time: '.5' is not a time such as 50ms "
                        "(ns, us, ms, s, min, h)"},
    {"a --gap-time 5.", "--gap-time: '5.' is not a time such as 50ms "
                        "(ns, us, ms, s, min, h)"},
    {"a --gap-time 9223372037s",
     "--gap-time: '9223372037s' is not a time such as 50ms "
     "(ns, us, ms, s, min, h)"},
    {"a --gap-time 9223372036.9s",
     "--gap-time: '9223372036.9s' is not a time such as 50ms "
     "(ns, us, ms, s, min, h)"},
    {"a --time fast",
     "--time: 'fast' is not one of relative, delta, utc, local, epoch"},
    {"a --time rel", "--time: 'rel' is not one of relative, delta, utc, local, "
                     "epoch; did you mean 'relative'?"},
    {"a --only text,pinh",
     "--only: 'pinh' is not one of " KINDS "; did you mean 'ping'?"},
    {"a --only text,", "--only: '' is not one of " KINDS},
    {"a --conn 0", "--conn: '0' is not a number from 1 up or a range of them, "
                   "such as 1,4-6"},
    {"a --conn 1,7-4,9", "--conn: '7-4' is not a number from 1 up or a range "
                         "of them, such as 1,4-6"},
    {"a --conn 1,", "--conn: '' is not a number from 1 up or a range of them, "
                    "such as 1,4-6"},
    {"a --conn 1-2-3", "--conn: '1-2-3' is not a number from 1 up or a range "
                       "of them, such as 1,4-6"},
    {"a --conn 4294967296", "--conn: '4294967296' is not a number from 1 up or "
                            "a range of them, such as 1,4-6"},
    {"a --conn 1-99999999999999999999",
     "--conn: '1-99999999999999999999' is not a number from 1 up or a range of "
     "them, such as 1,4-6"},
    {"json a --digest=", "--digest: '' is not a NAME"},
    /* Live and saving. */
    {"-i", "-i (--interface) needs a value: NAME"},
    {"-i lo -r a", "-i and -r exclude each other"},
    {"-i lo -f tcp port 80", "'port': the capture filter was given with -f"},
    {"-i lo --tail", "--tail is for files, not for -i"},
    {"a -f tcp", "--filter is for live capture: it needs -i"},
    {"a -p", "--no-promiscuous-mode is for live capture: it needs -i"},
    {"a -B 4M", "--buffer-size is for live capture: it needs -i"},
    {"-i lo -i eth0 -i lo", "-i lo is there twice"},
    {"-i lo -i any", "-i any is all interfaces: name no other"},
    {"a -Z me", "--user is for live capture: it needs -i"},
    {"interfaces lo", "'lo': interfaces takes no names"},
    {"a -a duration", "-a (--autostop): 'duration' is not one of duration:N, "
                      "filesize:N, files:N, packets:N"},
    {"a -a duration:0", "-a (--autostop): 'duration:0' is not one of "
                        "duration:N, filesize:N, files:N, packets:N"},
    {"a -a size:3", "-a (--autostop): 'size:3' is not one of duration:N, "
                    "filesize:N, files:N, packets:N"},
    {"a -a filesize:99999999999999999999",
     "-a (--autostop): 'filesize:99999999999999999999' is not one of "
     "duration:N, filesize:N, files:N, packets:N"},
    {"a -b packets:3",
     "--ring-buffer is for saved packets: -w FILE is missing"},
    {"a --ws-only", "--ws-only is for saved packets: -w FILE is missing"},
    {"a --comment x", "--comment is for saved packets: -w FILE is missing"},
    {"a -a filesize:3", "filesize and files of --autostop are for saved "
                        "packets: -w FILE is missing"},
    {"a -w b -b files:3", "files:N needs another -b that says when a file "
                          "ends, such as -b filesize:10M"},
    {"a -w -", "-w -: standard output is for what wsray tells; name a file or "
               "a FIFO"},
    /* Thresholds. */
    {"a --threshold", "--threshold needs a value: NAME=VALUE"},
    {"a --threshold close-reply",
     "--threshold: 'close-reply' is not NAME=VALUE, such as close-reply=5s"},
    {"a --threshold=", "--threshold: '' is not NAME=VALUE, such as "
                       "close-reply=5s"},
    {"a --threshold =5s", "--threshold: no threshold ''; see 'wsray findings'"},
    {"a --threshold clsoe-reply=5s", "--threshold: no threshold 'clsoe-reply'; "
                                     "did you mean 'close-reply'?"},
    {"a --threshold whatever=5s",
     "--threshold: no threshold 'whatever'; see 'wsray findings'"},
    {"a --threshold close-reply=5M",
     "--threshold: close-reply: '5M' is not a time such as 10s "
     "(ns, us, ms, s, min, h)"},
    {"a --threshold bomb-size=5s",
     "--threshold: bomb-size: '5s' is not a size such as 64K"},
    {"a --threshold mask-run=5s",
     "--threshold: mask-run: '5s' is not a number"},
    {"a --threshold bomb-ratio=",
     "--threshold: bomb-ratio: '' is not a ratio such as 100:1"},
    {"a --threshold tiny-overhead=101",
     "--threshold: tiny-overhead: '101' is not a share such as 70%"},
    {"a --threshold mask-run=5 --threshold mask-run=x",
     "--threshold: mask-run: 'x' is not a number"},
    /* Findings. */
    {"findings tcp-stream-gpa",
     "no finding 'tcp-stream-gpa'; did you mean 'tcp-stream-gap'?"},
    {"findings tcp-stream-gap whatever",
     "no finding 'whatever'; see 'wsray findings'"},
    {"findings TCP-STREAM-GAP",
     "no finding 'TCP-STREAM-GAP'; see 'wsray findings'"},
    {"findings -", "no finding '-'; see 'wsray findings'"},
    {"findings \"\"", "a FILE without a name; see 'wsray --help'"},
    {"findings -r a", "--read is not an option of 'findings' but of 'report'"},
    {"findings --memory 2M",
     "--memory is not an option of 'findings' but of 'report'"},
    {"fidnings",
     "'fidnings' is neither a command nor a file; did you mean 'findings'?"},
    /* Check. */
    {"check", "nothing to read: name a FILE, - for standard input, or "
              "-i NAME for an interface; see \'wsray --help\'"},
    {"chekc a",
     "'chekc' is neither a command nor a file; did you mean 'check'?"},
    {"check a --ignore deflate-bmob",
     "--ignore: no finding 'deflate-bmob'; did you mean 'deflate-bomb'?"},
    {"check a --ignore deflate-bomb,tcp-stream-gpa,x",
     "--ignore: no finding 'tcp-stream-gpa'; did you mean 'tcp-stream-gap'?"},
    {"check a --findings whatever",
     "--findings: no finding 'whatever'; see 'wsray findings'"},
    {"check a --findings deflate-bomb,",
     "--findings: no finding ''; see 'wsray findings'"},
    {"check a --ignore=", "--ignore: no finding ''; see 'wsray findings'"},
    {"check a --ignore", "--ignore needs a value: ID,..."},
    {"check a --expect=", "--expect: '' is not a FILE"},
    {"check a --expect", "--expect needs a value: FILE"},
    {"check a --fail-on eror",
     "--fail-on: 'eror' is not one of error, warning, note, chat, never; "
     "did you mean 'error'?"},
    {"check a --fail-on warnign",
     "--fail-on: 'warnign' is not one of error, warning, note, chat, never; "
     "did you mean 'warning'?"},
    {"check a --by host", "--by: 'host' is not one of rule, connection"},
    {"check a --by connexion",
     "--by: 'connexion' is not one of rule, connection; "
     "did you mean 'connection'?"},
    {"check a --max 1001",
     "--max: '1001' is not a number of occurrences from 0 to 1000"},
    {"follow a --conn 1,2", "follow shows one connection: --conn N"},
    {"follow a --conn 3-", "follow shows one connection: --conn N"},
    {"follow a --format expect",
     "--format expect is not for 'follow' but for 'check'"},
    {"check a --format raw",
     "--format raw is not for 'check' but for 'follow'"},
    {"json a --from client",
     "--from is not an option of 'json' but of 'follow'"},
    {"follow a --from me", "--from: 'me' is not one of both, client, server"},
    {"check a --format expect --expect b",
     "--expect and --format expect exclude each other"},
    {"a --fail-on note",
     "--fail-on is not an option of 'report' but of 'check'"},
    {"json a --expect b", "--expect is not an option of 'json' but of 'check'"},
    {"check a --only ping",
     "--only is not an option of 'check' but of 'report'"},
    {"check a -q", "--quiet is not an option of 'check' but of 'report'"},
    {"stats a -v", "--verbose is not an option of 'stats' but of 'report'"},
    {"json a --interval 1s",
     "--interval is not an option of 'json' but of 'stats'"},
    /* Together. */
    {"json a -q", "--quiet is not an option of 'json' but of 'report'"},
    {"-q json a", "--quiet is not an option of 'json' but of 'report'"},
    {"a --digest sha1", "--digest is not an option of 'report' but of 'json'"},
    {"a -q -v", "--quiet and --verbose exclude each other"},
    {"export", "export what? One of har, payloads, pcapng"},
    {"export -r a", "export what? One of har, payloads, pcapng"},
    {"export a", "export: 'a' is not one of har, payloads, pcapng"},
    {"export pcap a", "export: 'pcap' is not one of har, payloads, pcapng; "
                      "did you mean 'pcapng'?"},
    {"export payloads a", "export payloads needs a directory: -w DIR"},
    {"export payloads a -w -", "export payloads needs a directory: -w DIR"},
    {"export payloads a -w b --comment c",
     "--comment is for 'export har' and 'export pcapng'"},
    {"export har a --force", "--force is for 'export payloads'"},
    {"export pcapng a --no-secrets", "--no-secrets is for 'export har'"},
    {"report a --no-secrets",
     "--no-secrets is not an option of 'report' but of 'export'"},
    {"export har a -w b -b packets:5",
     "--ring-buffer is not an option of 'export' but of 'report'"},
    {"export har a -w b --ws-only",
     "--ws-only is not an option of 'export' but of 'report'"},
    {"export har a -w b -a filesize:5",
     "filesize and files of --autostop are for saved packets: -w FILE is "
     "missing"},
    {"export pcapng a --only text",
     "--only chooses no connections: it is not for 'export pcapng'"},
    {"export pcapng -", "export pcapng reads twice, which standard input "
                        "cannot be: save it to a file first"},
    {"export pcapng -i lo", "export pcapng reads twice, which a live capture "
                            "cannot be: save it first, with -w FILE --ws-only"},
};

static const struct {
    const char *line;
    enum export_kind kind;
    size_t n_files;
    const char *write;
} exports[] = {
    {"export har a", EXPORT_HAR, 1, NULL},
    {"export har a -w -", EXPORT_HAR, 1, NULL},
    {"export har -", EXPORT_HAR, 1, NULL},
    {"export -w b har a c", EXPORT_HAR, 2, "b"},
    {"export -r a har", EXPORT_HAR, 1, NULL},
    {"export har har", EXPORT_HAR, 1, NULL},
    {"export payloads a -w b --force", EXPORT_PAYLOADS, 1, "b"},
    {"export pcapng a --conn 1 --comment c", EXPORT_PCAPNG, 1, NULL},
    {"export har -i lo tcp port 80", EXPORT_HAR, 0, NULL},
    {"-i lo export har", EXPORT_HAR, 0, NULL},
};

START_TEST(the_word_behind_export_is_what_to_make)
{
    struct options o;
    enum options_result r = parse(&o, exports[_i].line);
    ck_assert_msg(r == OPTIONS_RUN, "%s: %s", exports[_i].line, message);
    ck_assert_int_eq(o.command, COMMAND_EXPORT);
    ck_assert_int_eq(o.export_kind, exports[_i].kind);
    ck_assert_uint_eq(o.files.n, exports[_i].n_files);
    ck_assert_pstr_eq(o.write, exports[_i].write);
    options_fini(&o);
}
END_TEST

START_TEST(each_bad_line_is_explained)
{
    struct options o;
    enum options_result r = parse(&o, bad[_i].line);
    ck_assert_msg(r == OPTIONS_USAGE, "%s: result %d", bad[_i].line, r);
    ck_assert_msg(strcmp(message, bad[_i].want) == 0,
                  "%s: says '%s', want '%s'", bad[_i].line, message,
                  bad[_i].want);
    options_fini(&o);
}
END_TEST

START_TEST(a_file_that_looks_like_a_command_is_a_file)
{
    char dir[] = "/tmp/test_options.XXXXXX";
    struct options o;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
    FILE *f = fopen("reprot", "w");
    ck_assert_ptr_nonnull(f);
    fclose(f);
    ck_assert_int_eq(parse(&o, "reprot"), OPTIONS_RUN);
    ck_assert_str_eq(dump(&o), "report [reprot]");
    options_fini(&o);
    ck_assert_int_eq(unlink("reprot"), 0);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

/* ---- help and version ---- */

static const struct {
    const char *line;
    enum options_result want;
    bool command_given;
    enum command command;
} asked[] = {
    {"--help", OPTIONS_HELP, false, COMMAND_REPORT},
    {"-h", OPTIONS_HELP, false, COMMAND_REPORT},
    {"-nh a", OPTIONS_HELP, false, COMMAND_REPORT},
    {"json --help", OPTIONS_HELP, true, COMMAND_JSON},
    {"--help json", OPTIONS_HELP, true, COMMAND_JSON},
    {"report a -h", OPTIONS_HELP, true, COMMAND_REPORT},
    {"--help --frobnicate", OPTIONS_HELP, false, COMMAND_REPORT},
    {"-hV", OPTIONS_HELP, false, COMMAND_REPORT},
    {"-V -h", OPTIONS_HELP, false, COMMAND_REPORT},
    {"json -q --help", OPTIONS_HELP, true, COMMAND_JSON},
    {"--version", OPTIONS_VERSION, false, COMMAND_REPORT},
    {"-V a", OPTIONS_VERSION, false, COMMAND_REPORT},
    {"json -V", OPTIONS_VERSION, true, COMMAND_JSON},
    {"-V --frobnicate", OPTIONS_USAGE, false, COMMAND_REPORT},
    {"--frobnicate --help", OPTIONS_USAGE, false, COMMAND_REPORT},
};

START_TEST(help_and_version_need_no_file)
{
    struct options o;
    enum options_result r = parse(&o, asked[_i].line);
    ck_assert_msg(r == asked[_i].want, "%s: result %d", asked[_i].line, r);
    ck_assert_msg(o.command_given == asked[_i].command_given &&
                      o.command == asked[_i].command,
                  "%s: wrong command", asked[_i].line);
    if (r != OPTIONS_USAGE)
        ck_assert_msg(message[0] == '\0', "%s: %s", asked[_i].line, message);
    options_fini(&o);
}
END_TEST

/* ---- defaults and the meaning of values ---- */

START_TEST(defaults_are_those_of_the_manual)
{
    struct options o;
    options_init(&o);
    ck_assert_int_eq(o.command, COMMAND_REPORT);
    ck_assert_uint_eq(o.count, 0);
    ck_assert_uint_eq(o.width, 0);
    ck_assert_uint_eq(o.time, TIME_FORMAT_RELATIVE);
    ck_assert_uint_eq(o.color, COLOR_AUTO);
    ck_assert_uint_eq(o.payload_limit, 64u << 10);
    ck_assert_uint_eq(o.early_bytes, 16u << 20);
    ck_assert_uint_eq(o.early_ranges, 16384);
    ck_assert_uint_eq(o.memory, 512u << 20);
    ck_assert_uint_eq(o.message_keep, 16u << 20);
    ck_assert_uint_eq(o.inflate_limit, 64u << 20);
    ck_assert_uint_eq(o.http_head_limit, 64u << 10);
    ck_assert_uint_eq(o.flows, 1000000);
    ck_assert_int_eq(o.half_open_ns, INT64_C(60000000000));
    ck_assert_int_eq(o.idle_ns, INT64_C(600000000000));
    ck_assert_uint_eq(o.fragment_bytes, 16u << 20);
    ck_assert_int_eq(o.fragment_timeout_ns, INT64_C(30000000000));
    ck_assert_uint_eq(o.gap_packets, 64);
    ck_assert_int_eq(o.gap_time_ns, INT64_C(50000000));
    ck_assert_ptr_null(o.digest);
    options_fini(&o);
}
END_TEST

START_TEST(choices_stand_in_the_order_of_their_enums)
{
    ck_assert_str_eq(option_info(OPTION_ID_TIME)->choices,
                     "relative|delta|utc|local|epoch");
    ck_assert_int_eq(TIME_FORMAT_RELATIVE, 0);
    ck_assert_int_eq(TIME_FORMAT_EPOCH, 4);
    ck_assert_str_eq(option_info(OPTION_ID_COLOR)->choices,
                     "auto|always|never");
    ck_assert_int_eq(COLOR_ALWAYS, 1);
    ck_assert_int_eq(COLOR_NEVER, 2);
    ck_assert_str_eq(option_info(OPTION_ID_ONLY)->choices,
                     "continuation|text|binary|close|ping|pong|reserved");
    ck_assert_int_eq(FRAME_KIND_CONTINUATION, 0);
    ck_assert_int_eq(FRAME_KIND_RESERVED, 6);
}
END_TEST

static const struct {
    const char *line;
    uint16_t want; /* set of 1u << opcode */
} opcodes[] = {
    {"a", 0xffff},
    {"a --only continuation", 0x0001},
    {"a --only text", 0x0002},
    {"a --only binary", 0x0004},
    {"a --only close", 0x0100},
    {"a --only ping", 0x0200},
    {"a --only pong", 0x0400},
    {"a --only reserved", 0xf8f8},
    {"a --only text,close", 0x0102},
    {"a --only continuation,text,binary,close,ping,pong,reserved", 0xffff},
};

START_TEST(only_chooses_opcodes)
{
    struct options o;
    uint16_t got = 0;
    ck_assert_int_eq(parse(&o, opcodes[_i].line), OPTIONS_RUN);
    for (uint8_t i = 0; i < 16; i++)
        if (options_want_opcode(&o, i))
            got |= (uint16_t)(1u << i);
    ck_assert_msg(got == opcodes[_i].want, "%s: 0x%04x", opcodes[_i].line, got);
    options_fini(&o);
}
END_TEST

static const struct {
    const char *line, *want; /* connections 1 to 9 */
} conns[] = {
    {"a", "123456789"},
    {"a --conn 1", "1"},
    {"a --conn 9,1", "19"},
    {"a --conn 4-6", "456"},
    {"a --conn 4-6,2,8-", "245689"},
    {"a --conn 100", ""},
    {"a --conn 1-", "123456789"},
};

START_TEST(conn_chooses_connections)
{
    struct options o;
    char got[10] = "";
    size_t n = 0;
    ck_assert_int_eq(parse(&o, conns[_i].line), OPTIONS_RUN);
    for (uint32_t c = 1; c <= 9; c++)
        if (options_want_conn(&o, c))
            got[n++] = (char)('0' + c);
    ck_assert_msg(strcmp(got, conns[_i].want) == 0, "%s: %s", conns[_i].line,
                  got);
    options_fini(&o);
}
END_TEST

START_TEST(the_last_connection_number_can_be_chosen)
{
    struct options o;
    ck_assert_int_eq(parse(&o, "a --conn 4294967295"), OPTIONS_RUN);
    ck_assert(options_want_conn(&o, UINT32_MAX));
    ck_assert(!options_want_conn(&o, UINT32_MAX - 1));
    options_fini(&o);
}
END_TEST

/* ---- messages ---- */

START_TEST(a_message_is_one_line_without_control_characters)
{
    char word[] = "--a\nb\x1b[31m\x7f";
    char name[] = "wsray";
    char *argv[] = {name, word, NULL};
    struct options o;
    ck_assert_int_eq(options_parse(&o, 2, argv, message, sizeof message),
                     OPTIONS_USAGE);
    ck_assert_str_eq(message,
                     "unknown option '--a?b?[31m?'; see 'wsray --help'");
    options_fini(&o);
}
END_TEST

START_TEST(a_message_fits_any_buffer)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t size = 1; size < sizeof message; size += 7) {
            struct options o;
            char *small = malloc(size);
            ck_assert_ptr_nonnull(small);
            line_make(&line, bad[i].line);
            ck_assert_int_eq(options_parse(&o, line.argc, line.argv, small,
                                           size),
                             OPTIONS_USAGE);
            size_t want = strlen(bad[i].want);
            ck_assert_uint_eq(strlen(small), want < size ? want : size - 1);
            ck_assert_int_eq(strncmp(small, bad[i].want, strlen(small)), 0);
            free(small);
            options_fini(&o);
        }
}
END_TEST

START_TEST(a_long_word_is_cut_in_the_message)
{
    static char word[5000];
    char name[] = "wsray", option[] = "--only";
    memset(word, 'w', sizeof word - 1);
    memcpy(word, "--", 2);
    char *unknown[] = {name, word, NULL};
    char *value[] = {name, option, word, NULL};
    struct options o;
    ck_assert_int_eq(options_parse(&o, 2, unknown, message, sizeof message),
                     OPTIONS_USAGE);
    ck_assert_uint_lt(strlen(message), 100);
    ck_assert_ptr_nonnull(strstr(message, "see 'wsray --help'"));
    options_fini(&o);
    ck_assert_int_eq(options_parse(&o, 3, value, message, sizeof message),
                     OPTIONS_USAGE);
    ck_assert_uint_lt(strlen(message), 160);
    options_fini(&o);
}
END_TEST

/* ---- any command line ---- */

START_TEST(any_words_give_a_result_that_keeps_its_promises)
{
    static const char *const words[] = {
        "report",      "json",       "a",         "-",         "--",
        "-c",          "5",          "-c5",       "-v",        "-q",
        "-vq",         "--conn",     "1-3,7",     "--conn=2-", "--only",
        "text",        "ping,",      "--time",    "--time=x",  "-h",
        "--version",   "-r",         "--b",       "reprt",     "64K",
        "--memory",    "-nr",        "--digest",  "findings",  "tcp-stream-gap",
        "--threshold", "mask-run=7", "mask-run=",
    };
    uint32_t random = (uint32_t)_i * 2654435761u + 1;
    for (int round = 0; round < 200; round++) {
        char *argv[12], name[] = "wsray";
        int argc = 1;
        argv[0] = name;
        for (uint32_t n = (random >> 8) % 9; n > 0; n--) {
            random = random * 1664525u + 1013904223u;
            argv[argc++] =
                strdup(words[(random >> 16) % (sizeof words / sizeof *words)]);
        }
        argv[argc] = NULL;
        struct options o;
        enum options_result r =
            options_parse(&o, argc, argv, message, sizeof message);
        if (r == OPTIONS_RUN) {
            ck_assert_uint_ge(o.files.n, o.command != COMMAND_FINDINGS);
            ck_assert_uint_lt(o.files.n, (size_t)argc);
        }
        for (size_t i = 1; i < o.conns.n; i++)
            ck_assert_uint_gt(o.conns.range[i].first,
                              o.conns.range[i - 1].last + 1);
        ck_assert((r == OPTIONS_USAGE) == (message[0] != '\0'));
        ck_assert_int_ne(r, OPTIONS_NOMEM);
        options_fini(&o);
        while (argc > 1)
            free(argv[--argc]);
    }
}
END_TEST

START_TEST(an_empty_argv_is_no_crime)
{
    char *argv[] = {NULL};
    struct options o;
    ck_assert_int_eq(options_parse(&o, 0, argv, message, sizeof message),
                     OPTIONS_USAGE);
    options_fini(&o);
    options_fini(&o);
}
END_TEST

/* ---- the table itself ---- */

START_TEST(every_row_is_complete_and_unique)
{
    for (unsigned i = 0; i < OPTION_ID_COUNT; i++) {
        const struct option_info *a = option_info((enum option_id)i);
        bool flag = a->type == OPTION_FLAG || a->type == OPTION_COUNT;
        size_t len = strlen(a->name);
        ck_assert_msg(len >= 2 && len <= 24, "%s", a->name);
        ck_assert_msg(strspn(a->name, "abcdefghijklmnopqrstuvwxyz-") == len,
                      "%s", a->name);
        ck_assert_msg(flag == (a->argument == NULL), "%s", a->name);
        ck_assert_msg(a->commands != 0 && a->commands < 1u << COMMAND_COUNT,
                      "%s", a->name);
        ck_assert_msg(a->help[strlen(a->help) - 1] != '.', "%s", a->name);
        ck_assert_msg(!a->more || a->more[strlen(a->more) - 1] == '.', "%s",
                      a->name);
        if (a->type == OPTION_CHOICE || a->type == OPTION_SET)
            ck_assert_msg(a->choices != NULL, "%s", a->name);
        if (a->type == OPTION_SIZE || a->type == OPTION_DURATION)
            ck_assert_msg(a->fallback != NULL, "%s", a->name);
        if (a->type == OPTION_NUMBER)
            ck_assert_msg(a->unit && a->min <= a->max, "%s", a->name);
        for (unsigned j = 0; j < i; j++) {
            const struct option_info *b = option_info((enum option_id)j);
            ck_assert_str_ne(a->name, b->name);
            ck_assert_msg(!a->letter || a->letter != b->letter, "-%c",
                          a->letter);
        }
    }
}
END_TEST

START_TEST(choices_are_walked_word_by_word)
{
    const char *choices = "a|bc|d", *word;
    ck_assert_uint_eq(option_next_choice(&choices, &word), 1);
    ck_assert_int_eq(word[0], 'a');
    ck_assert_uint_eq(option_next_choice(&choices, &word), 2);
    ck_assert_int_eq(strncmp(word, "bc", 2), 0);
    ck_assert_uint_eq(option_next_choice(&choices, &word), 1);
    ck_assert_int_eq(word[0], 'd');
    ck_assert_uint_eq(option_next_choice(&choices, &word), 0);
    ck_assert_uint_eq(option_next_choice(&choices, &word), 0);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof *(table))

static Suite *
options_suite(void)
{
    Suite *s = suite_create("options");
    TCase *t = tcase_create("options");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, each_good_line_is_understood, 0, ROWS(good));
    tcase_add_loop_test(t, the_word_behind_export_is_what_to_make, 0,
                        sizeof exports / sizeof *exports);
    tcase_add_loop_test(t, each_bad_line_is_explained, 0, ROWS(bad));
    tcase_add_test(t, a_file_that_looks_like_a_command_is_a_file);
    tcase_add_loop_test(t, help_and_version_need_no_file, 0, ROWS(asked));
    tcase_add_test(t, defaults_are_those_of_the_manual);
    tcase_add_test(t, choices_stand_in_the_order_of_their_enums);
    tcase_add_loop_test(t, only_chooses_opcodes, 0, ROWS(opcodes));
    tcase_add_loop_test(t, conn_chooses_connections, 0, ROWS(conns));
    tcase_add_test(t, the_last_connection_number_can_be_chosen);
    tcase_add_test(t, a_message_is_one_line_without_control_characters);
    tcase_add_test(t, a_message_fits_any_buffer);
    tcase_add_test(t, a_long_word_is_cut_in_the_message);
    tcase_add_loop_test(t, any_words_give_a_result_that_keeps_its_promises, 0,
                        20);
    tcase_add_test(t, an_empty_argv_is_no_crime);
    tcase_add_test(t, every_row_is_complete_and_unique);
    tcase_add_test(t, choices_are_walked_word_by_word);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(options_suite)
