/* SPDX-License-Identifier: MIT */
#include "ui/options.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quantity.h"
#include "dissect/finding.h"
#include "ui/filter/field.h"
#include "ui/nearest.h"

/* ---- the tables ---- */

#define COMMAND(symbol, name, summary, text) {name, summary, text},
static const struct command_info command_table[] = {
#include "ui/commands.def"
};
#undef COMMAND

#define EXPORT_KIND(symbol, name, summary) {name, summary},
static const struct export_kind_info export_kind_table[] = {
#include "ui/export.def"
};
#undef EXPORT_KIND

#define GROUP(symbol, title) title,
static const char *const group_table[] = {
#include "ui/options.def"
};

#define OPTION(symbol, name, letter, member, type, argument, choices,          \
               fallback, unit, min, max, group, commands, help, more)          \
    {name,          letter,                                                    \
     OPTION_##type, argument,                                                  \
     choices,       fallback,                                                  \
     unit,          min,                                                       \
     max,           OPTION_GROUP_##group,                                      \
     commands,      help,                                                      \
     more,          offsetof(struct options, member)},
static const struct option_info option_table[] = {
#include "ui/options.def"
};

/* Each row's member must have the C type that enum option_type promises. */
#define FITS_FLAG(m) _Generic((m), bool : 1, default : 0)
#define FITS_COUNT(m) _Generic((m), unsigned : 1, default : 0)
#define FITS_NUMBER(m) _Generic((m), uint64_t : 1, default : 0)
#define FITS_SIZE(m) _Generic((m), uint64_t : 1, default : 0)
#define FITS_DURATION(m) _Generic((m), int64_t : 1, default : 0)
#define FITS_CHOICE(m) _Generic((m), unsigned : 1, default : 0)
#define FITS_SET(m) _Generic((m), uint32_t : 1, default : 0)
#define FITS_RANGES(m) _Generic((m), struct option_ranges : 1, default : 0)
#define FITS_STRING(m) _Generic((m), const char * : 1, default : 0)
#define FITS_PATH(m) _Generic((m), const char * : 1, default : 0)
#define FITS_IDS(m) _Generic((m), struct option_ids : 1, default : 0)
#define FITS_FILE(m) _Generic((m), struct option_files : 1, default : 0)
#define FITS_NAMES(m) _Generic((m), struct option_files : 1, default : 0)
#define FITS_BOUNDS(m) _Generic((m), struct option_bounds : 1, default : 0)
#define FITS_SETTING(m) _Generic((m), struct thresholds : 1, default : 0)
#define OPTION(symbol, name, letter, member, type, argument, choices,          \
               fallback, unit, min, max, group, commands, help, more)          \
    _Static_assert(FITS_##type(((struct options *)0)->member),                 \
                   "member of --" name);
#include "ui/options.def"

_Static_assert(COMMAND_COUNT < 32 && OPTION_ID_COUNT <= 64, "sets are words");

const struct option_info *
option_info(enum option_id id)
{
    assert(id < OPTION_ID_COUNT);
    return &option_table[id];
}

const struct command_info *
command_info(enum command c)
{
    assert(c < COMMAND_COUNT);
    return &command_table[c];
}

const struct export_kind_info *
export_kind_info(enum export_kind kind)
{
    assert(kind < EXPORT_KIND_COUNT);
    return &export_kind_table[kind];
}

const char *
option_group_title(enum option_group g)
{
    assert(g < OPTION_GROUP_COUNT);
    return group_table[g];
}

size_t
option_next_choice(const char **choices, const char **word)
{
    const char *start = *choices;
    size_t len = strcspn(start, "|");
    *word = start;
    *choices = start + len + (start[len] == '|');
    return len;
}

/* ---- "did you mean" ---- */

static size_t
min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static const char *
nearest_option(const char *word, size_t len)
{
    struct nearest n = nearest_make(word, len);
    for (size_t i = 0; i < OPTION_ID_COUNT; i++)
        nearest_try(&n, option_table[i].name, strlen(option_table[i].name));
    return n.best;
}

static const char *
nearest_command(const char *word)
{
    struct nearest n = nearest_make(word, strlen(word));
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        nearest_try(&n, command_table[i].name, strlen(command_table[i].name));
    return n.best;
}

static const char *
nearest_threshold(const char *word, size_t len)
{
    struct nearest n = nearest_make(word, len);
    for (unsigned i = 0; i < THRESHOLD_COUNT; i++) {
        const char *name = threshold_info((enum threshold_id)i)->name;
        nearest_try(&n, name, strlen(name));
    }
    return n.best;
}

/* ---- values ---- */

enum value {
    VALUE_OK = 0,
    VALUE_BAD,
    VALUE_NOMEM,
};

/* The part of a value that is wrong. */
struct culprit {
    const char *text;
    size_t len;
};

/* Index of a word in choices; false if it is not there. */
static bool
find_choice(const char *choices, const char *text, size_t len, unsigned *out)
{
    const char *word;
    size_t word_len;
    for (unsigned i = 0; (word_len = option_next_choice(&choices, &word)); i++)
        if (word_len == len && memcmp(word, text, len) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static enum value
set_words(uint32_t *set, const struct option_info *info, const char *text,
          struct culprit *culprit)
{
    uint32_t words = 0;
    for (;;) {
        unsigned index;
        size_t len = strcspn(text, ",");
        if (!find_choice(info->choices, text, len, &index)) {
            *culprit = (struct culprit){text, len};
            return VALUE_BAD;
        }
        words |= 1u << index;
        text += len;
        if (*text++ == '\0')
            break;
    }
    *set |= words;
    return VALUE_OK;
}

static enum value
set_ids(struct option_ids *ids, const char *text, struct culprit *culprit)
{
    for (;;) {
        size_t len = strcspn(text, ",");
        enum finding_id id;
        *culprit = (struct culprit){text, len};
        if (!finding_find_word(slice_make(text, len), &id))
            return VALUE_BAD;
        ids->n += !ids->has[id];
        ids->has[id] = true;
        text += len;
        if (*text++ == '\0')
            return VALUE_OK;
    }
}

/* "N", "N-M" or "N-"; moves *text behind it. */
static bool
read_range(const char **text, const struct option_info *info,
           struct option_range *out)
{
    uint64_t first, last;
    if (!quantity_digits(text, &first))
        return false;
    last = first;
    if (**text == '-') {
        ++*text;
        last = info->max;
        if (**text >= '0' && **text <= '9' && !quantity_digits(text, &last))
            return false;
    }
    if (first < info->min || last < first || last > info->max)
        return false;
    out->first = (uint32_t)first;
    out->last = (uint32_t)last;
    return true;
}

static int
range_order(const void *a, const void *b)
{
    const struct option_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Sorts ranges and joins those that touch. */
static void
ranges_tidy(struct option_ranges *r)
{
    size_t n = 0;
    qsort(r->range, r->n, sizeof *r->range, range_order);
    for (size_t i = 0; i < r->n; i++) {
        struct option_range *back = n ? &r->range[n - 1] : NULL;
        if (!back || (r->range[i].first > back->last &&
                      r->range[i].first - back->last > 1))
            r->range[n++] = r->range[i];
        else if (r->range[i].last > back->last)
            back->last = r->range[i].last;
    }
    r->n = n;
}

static enum value
set_ranges(struct option_ranges *r, const struct option_info *info,
           const char *text, struct culprit *culprit)
{
    size_t more = 1, n = r->n;
    for (const char *c = text; *c != '\0'; c++)
        more += *c == ',';
    struct option_range *range =
        realloc(r->range, (n + more) * sizeof *r->range);
    if (!range)
        return VALUE_NOMEM;
    r->range = range;
    for (;;) {
        const char *start = text;
        if (!read_range(&text, info, &range[n++]) ||
            (*text != ',' && *text != '\0')) {
            *culprit = (struct culprit){start, strcspn(start, ",")};
            return VALUE_BAD;
        }
        if (*text++ == '\0')
            break;
    }
    r->n = n;
    ranges_tidy(r);
    return VALUE_OK;
}

static bool
read_number(const struct option_info *info, const char *text, uint64_t *out)
{
    bool ok;
    if (info->type == OPTION_SIZE)
        ok = quantity_size(text, out);
    else if (info->type == OPTION_DURATION)
        ok = quantity_time(text, out);
    else
        ok = quantity_digits(&text, out) && *text == '\0';
    return ok && *out >= info->min && *out <= info->max;
}

/* A size of a file.  Plain numbers are thousands of bytes, as in tshark. */
static bool
read_file_size(const char *text, uint64_t *out)
{
    const char *end = text;
    if (quantity_digits(&end, out) && *end == '\0')
        return !__builtin_mul_overflow(*out, UINT64_C(1000), out);
    return quantity_size(text, out);
}

/* Takes one WHAT:N. */
static enum value
set_bounds(struct option_bounds *b, const char *text)
{
    const char *at = strchr(text, ':');
    size_t len = at ? (size_t)(at - text) : 0;
    unsigned what;
    uint64_t n;
    bool ok;
    if (!at ||
        !find_choice("duration|filesize|files|packets", text, len, &what))
        return VALUE_BAD;
    at++;
    if (what == 0)
        ok = quantity_time(at, &n);
    else if (what == 1)
        ok = read_file_size(at, &n);
    else
        ok = quantity_digits(&at, &n) && *at == '\0';
    if (!ok || n == 0)
        return VALUE_BAD;
    if (what == 0)
        b->duration_ns = (int64_t)n;
    else
        *(what == 1 ? &b->bytes : what == 2 ? &b->files : &b->packets) = n;
    return VALUE_OK;
}

/* Puts a value where its row says; text is NULL for flags. */
static enum value
set_value(struct options *o, const struct option_info *info, const char *text,
          struct culprit *culprit)
{
    void *member = (char *)o + info->member;
    uint64_t number;
    struct option_files *files;
    enum threshold_id threshold;

    *culprit = (struct culprit){text, text ? strlen(text) : 0};
    switch (info->type) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return VALUE_OK;
    case OPTION_COUNT:
        ++*(unsigned *)member;
        return VALUE_OK;
    case OPTION_NUMBER:
    case OPTION_SIZE:
        return read_number(info, text, member) ? VALUE_OK : VALUE_BAD;
    case OPTION_DURATION:
        if (!read_number(info, text, &number))
            return VALUE_BAD;
        *(int64_t *)member = (int64_t)number;
        return VALUE_OK;
    case OPTION_CHOICE:
        return find_choice(info->choices, text, strlen(text), member)
                   ? VALUE_OK
                   : VALUE_BAD;
    case OPTION_SET:
        return set_words(member, info, text, culprit);
    case OPTION_RANGES:
        return set_ranges(member, info, text, culprit);
    case OPTION_IDS:
        return set_ids(member, text, culprit);
    case OPTION_STRING:
    case OPTION_PATH:
        *(const char **)member = text;
        return *text ? VALUE_OK : VALUE_BAD;
    case OPTION_SETTING:
        return threshold_set(member, text, &threshold) == THRESHOLD_SETTING_OK
                   ? VALUE_OK
                   : VALUE_BAD;
    case OPTION_BOUNDS:
        return set_bounds(member, text);
    case OPTION_FILE:
    case OPTION_NAMES:
        files = member;
        files->names[files->n++] = text;
        return *text ? VALUE_OK : VALUE_BAD;
    }
    assert(false); /* a type without a parser */
    return VALUE_BAD;
}

/* ---- the command line ---- */

struct parse {
    struct options *o;
    int argc, at; /* argv[at] is the next word */
    char **argv;
    char *message;
    size_t message_size;
    bool ended;         /* "--" was seen */
    bool any_word;      /* the first word was seen */
    bool any_kind;      /* the word behind export was seen */
    size_t n_words;     /* files that were named without -r */
    char spelled[48];   /* the option at hand, for messages */
    const char *joined; /* "-name..." the option at hand is a letter of */
};

/* Writes the message.  Words of the command line are in it: no control
 * character of theirs may break the line or reach the terminal. */
static enum options_result __attribute__((format(printf, 2, 3)))
say(struct parse *p, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(p->message, p->message_size, format, ap);
    va_end(ap);
    for (char *c = p->message; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return OPTIONS_USAGE;
}

/* Appends where to look. */
static enum options_result
see(struct parse *p, const char *line)
{
    size_t at = strlen(p->message);
    snprintf(p->message + at, p->message_size - at, "; see '%s'", line);
    return OPTIONS_USAGE;
}

/* Appends "; did you mean 'PREFIXword'?", or where help is without one. */
static enum options_result
suggest(struct parse *p, const char *prefix, const char *word, size_t len)
{
    size_t at = strlen(p->message);
    if (!word)
        return see(p, "wsray --help");
    snprintf(p->message + at, p->message_size - at, "; did you mean '%s%.*s'?",
             prefix, (int)len, word);
    return OPTIONS_USAGE;
}

/* The words of choices with ", " between. */
static void
list_choices(const char *choices, char *out, size_t size)
{
    const char *word;
    size_t len, at = 0;
    out[0] = '\0';
    while ((len = option_next_choice(&choices, &word)) && at < size)
        at += (size_t)snprintf(out + at, size - at, "%s%.*s", at ? ", " : "",
                               (int)len, word);
}

static int
describe_least_size(uint64_t least, char *out, size_t size)
{
    if (least % (1u << 20) == 0)
        return snprintf(out, size, "from %juM up ", (uintmax_t)least >> 20);
    return snprintf(out, size, "from %ju up ", (uintmax_t)least);
}

/* What the option wants instead, to stand behind "is not". */
static void
describe_wanted(const struct option_info *info, char *out, size_t size)
{
    char words[128];
    int at;
    if (info->choices)
        list_choices(info->choices, words, sizeof words);
    switch (info->type) {
    case OPTION_NUMBER:
        if (info->max == UINT64_MAX)
            snprintf(out, size, "a number of %s, %ju or more", info->unit,
                     (uintmax_t)info->min);
        else
            snprintf(out, size, "a number of %s from %ju to %ju", info->unit,
                     (uintmax_t)info->min, (uintmax_t)info->max);
        break;
    case OPTION_SIZE:
        at = snprintf(out, size, "a size ");
        if (info->min)
            at += describe_least_size(info->min, out + at, size - (size_t)at);
        snprintf(out + at, size - (size_t)at, "such as %s", info->fallback);
        break;
    case OPTION_DURATION:
        snprintf(out, size, "a time%s such as %s (ns, us, ms, s, min, h)",
                 info->min ? " from 1ms up" : "", info->fallback);
        break;
    case OPTION_CHOICE:
    case OPTION_SET:
        snprintf(out, size, "one of %s", words);
        break;
    case OPTION_RANGES:
        snprintf(out, size,
                 "a number from %ju up or a range of them, "
                 "such as 1,4-6",
                 (uintmax_t)info->min);
        break;
    case OPTION_BOUNDS:
        snprintf(out, size,
                 "one of duration:N, filesize:N, files:N, packets:N");
        break;
    default:
        snprintf(out, size, "a %s", info->argument);
        break;
    }
}

/* text: what stood where NAME=VALUE has to. */
static enum options_result
bad_threshold(struct parse *p, const char *text)
{
    static const char *const wanted[] = {
        [THRESHOLD_UNIT_NS] = "a time such as 10s (ns, us, ms, s, min, h)",
        [THRESHOLD_UNIT_BYTES] = "a size such as 64K",
        [THRESHOLD_UNIT_COUNT] = "a number",
        [THRESHOLD_UNIT_RATIO] = "a ratio such as 100:1",
        [THRESHOLD_UNIT_PERCENT] = "a share such as 70%",
    };
    struct thresholds unused;
    enum threshold_id id = THRESHOLD_COUNT;
    size_t len = strcspn(text, "=");
    int shown = (int)min_of(len, NEAREST_WORD_MAX);
    const char *name;
    threshold_defaults(&unused);
    switch (threshold_set(&unused, text, &id)) {
    case THRESHOLD_SETTING_NO_VALUE:
        return say(p, "%s: '%.*s' is not NAME=VALUE, such as close-reply=5s",
                   p->spelled, shown, text);
    case THRESHOLD_SETTING_NO_NAME:
        say(p, "%s: no threshold '%.*s'", p->spelled, shown, text);
        name = nearest_threshold(text, len);
        if (name)
            return suggest(p, "", name, strlen(name));
        return see(p, "wsray findings");
    case THRESHOLD_SETTING_OK:
    case THRESHOLD_SETTING_BAD:
        break;
    }
    assert(id < THRESHOLD_COUNT); /* or it was taken */
    text += len + 1;
    return say(p, "%s: %s: '%.*s' is not %s", p->spelled,
               threshold_info(id)->name,
               (int)min_of(strlen(text), NEAREST_WORD_MAX), text,
               wanted[threshold_info(id)->unit]);
}

/* Appends what id may be meant, or where they are listed. */
static enum options_result
suggest_finding(struct parse *p, const char *word, size_t len)
{
    const char *near = nearest_finding(word, len);
    return near ? suggest(p, "", near, strlen(near)) : see(p, "wsray findings");
}

static enum options_result
bad_value(struct parse *p, const struct option_info *info,
          struct culprit culprit)
{
    char wanted[160];
    if (info->type == OPTION_SETTING)
        return bad_threshold(p, culprit.text);
    if (info->type == OPTION_IDS) {
        say(p, "%s: no finding '%.*s'", p->spelled,
            (int)min_of(culprit.len, NEAREST_WORD_MAX), culprit.text);
        return suggest_finding(p, culprit.text, culprit.len);
    }
    describe_wanted(info, wanted, sizeof wanted);
    say(p, "%s: '%.*s' is not %s", p->spelled,
        (int)min_of(culprit.len, NEAREST_WORD_MAX), culprit.text, wanted);

    /* "-conn 3" is read as -c with the value "onn". */
    size_t len = p->joined ? strcspn(p->joined, "=") : 0;
    for (size_t i = 0; len && i < OPTION_ID_COUNT; i++)
        if (strncmp(option_table[i].name, p->joined, len) == 0 &&
            option_table[i].name[len] == '\0')
            return suggest(p, "--", p->joined, len);

    if (info->type == OPTION_CHOICE || info->type == OPTION_SET) {
        struct nearest n = nearest_make(culprit.text, culprit.len);
        const char *choices = info->choices, *word;
        size_t word_len;
        while ((word_len = option_next_choice(&choices, &word)))
            nearest_try(&n, word, word_len);
        if (n.best)
            return suggest(p, "", n.best, n.best_len);
    }
    return OPTIONS_USAGE;
}

static enum options_result
no_memory(struct parse *p)
{
    say(p, "out of memory");
    return OPTIONS_NOMEM;
}

/* Takes the value that belongs to the option at hand (from its own word or
 * the next one) and stores it. */
static enum options_result
take_option(struct parse *p, const struct option_info *info, const char *value)
{
    struct culprit culprit;
    if (info->argument && !value) {
        if (p->at == p->argc)
            return say(p, "%s needs a value: %s", p->spelled, info->argument);
        value = p->argv[p->at++];
    }
    p->o->given |= UINT64_C(1) << (info - option_table);
    switch (set_value(p->o, info, value, &culprit)) {
    case VALUE_OK:
        break;
    case VALUE_BAD:
        return bad_value(p, info, culprit);
    case VALUE_NOMEM:
        return no_memory(p);
    }
    return OPTIONS_RUN;
}

/* word: behind the two dashes. */
static enum options_result
take_long(struct parse *p, const char *word)
{
    size_t len = strcspn(word, "=");
    const char *value = word[len] == '=' ? word + len + 1 : NULL;
    p->joined = NULL;
    for (size_t i = 0; i < OPTION_ID_COUNT; i++) {
        const struct option_info *info = &option_table[i];
        if (strncmp(info->name, word, len) != 0 || info->name[len] != '\0')
            continue;
        snprintf(p->spelled, sizeof p->spelled, "--%s", info->name);
        if (value && !info->argument)
            return say(p, "%s takes no value", p->spelled);
        return take_option(p, info, value);
    }
    say(p, "unknown option '--%.*s'", (int)min_of(len, NEAREST_WORD_MAX), word);
    const char *name = nearest_option(word, len);
    return suggest(p, "--", name, name ? strlen(name) : 0);
}

/* word: behind the dash, one letter at least. */
static enum options_result
take_letters(struct parse *p, const char *word)
{
    p->joined = word;
    for (const char *c = word; *c != '\0'; c++) {
        const struct option_info *info = option_table;
        const struct option_info *end = option_table + OPTION_ID_COUNT;
        while (info < end && info->letter != *c)
            info++;
        if (info == end) {
            const char *name =
                word[1] ? nearest_option(word, strlen(word)) : NULL;
            say(p, "unknown option '-%c'", *c);
            return suggest(p, "--", name, name ? strlen(name) : 0);
        }
        snprintf(p->spelled, sizeof p->spelled, "-%c (--%s)", *c, info->name);
        bool rest = info->argument && c[1] != '\0';
        enum options_result r = take_option(p, info, rest ? c + 1 : NULL);
        if (r != OPTIONS_RUN || rest)
            return r;
    }
    return OPTIONS_RUN;
}

/* A first word that is neither a command nor a file, but nearly a command (or
 * an option without its dashes), is a slip; a file is left to be opened. */
static enum options_result
check_first_word(struct parse *p, const char *word)
{
    const char *name = nearest_command(word);
    const char *prefix = "";
    for (size_t i = 0; !name && i < OPTION_ID_COUNT; i++)
        if (strcmp(word, option_table[i].name) == 0) {
            name = option_table[i].name;
            prefix = "--";
        }
    if (!name || strpbrk(word, "./") || access(word, F_OK) == 0)
        return OPTIONS_RUN;
    say(p, "'%.*s' is neither a command nor a file", (int)NEAREST_WORD_MAX,
        word);
    return suggest(p, prefix, name, strlen(name));
}

/* The word behind `export`. */
static enum options_result
take_kind(struct parse *p, const char *word)
{
    struct nearest n = nearest_make(word, strlen(word));
    p->any_kind = true;
    for (size_t i = 0; i < EXPORT_KIND_COUNT; i++) {
        const char *name = export_kind_table[i].name;
        p->o->export_kind = (enum export_kind)i;
        if (strcmp(word, name) == 0)
            return OPTIONS_RUN;
        nearest_try(&n, name, strlen(name));
    }
    say(p, "export: '%.*s' is not one of har, payloads, pcapng",
        (int)min_of(strlen(word), NEAREST_WORD_MAX), word);
    return n.best ? suggest(p, "", n.best, n.best_len) : OPTIONS_USAGE;
}

static enum options_result
take_word(struct parse *p, const char *word)
{
    bool first = !p->any_word;
    p->any_word = true;
    for (size_t i = 0; first && !p->ended && i < COMMAND_COUNT; i++)
        if (strcmp(word, command_table[i].name) == 0) {
            p->o->command = (enum command)i;
            p->o->command_given = true;
            return OPTIONS_RUN;
        }
    if (p->o->command_given && p->o->command == COMMAND_EXPORT && !p->any_kind)
        return take_kind(p, word);
    /* Behind -i a word is part of a capture filter. */
    if (first && !p->ended && p->o->ifaces.n == 0) {
        enum options_result r = check_first_word(p, word);
        if (r != OPTIONS_RUN)
            return r;
    }
    if (*word == '\0')
        return say(p, "a FILE without a name; see 'wsray --help'");
    p->n_words++;
    p->o->files.names[p->o->files.n++] = word;
    return OPTIONS_RUN;
}

static enum options_result
take_all(struct parse *p)
{
    enum options_result r = OPTIONS_RUN;
    while (r == OPTIONS_RUN && p->at < p->argc) {
        const char *word = p->argv[p->at++];
        if (p->ended || word[0] != '-' || word[1] == '\0')
            r = take_word(p, word);
        else if (word[1] != '-')
            r = take_letters(p, word + 1);
        else if (word[2] != '\0')
            r = take_long(p, word + 2);
        else
            p->ended = true;
    }
    return r;
}

/* ---- what only all words together tell ---- */

static enum options_result
check_commands(struct parse *p)
{
    for (size_t i = 0; i < OPTION_ID_COUNT; i++) {
        const struct option_info *info = &option_table[i];
        if (!(p->o->given >> i & 1u) || info->commands >> p->o->command & 1u)
            continue;
        size_t c = 0;
        while (c < COMMAND_COUNT && !(info->commands >> c & 1u))
            c++;
        assert(c < COMMAND_COUNT);
        return say(p, "--%s is not an option of '%s' but of '%s'", info->name,
                   command_table[p->o->command].name, command_table[c].name);
    }
    return OPTIONS_RUN;
}

/* With -i all words are a capture filter. */
static enum options_result
take_filter_words(struct parse *p)
{
    struct option_files *words = &p->o->files;
    size_t len = 1, at = 0;
    if (words->n > p->n_words)
        return say(p, "-i and -r exclude each other");
    if (words->n == 0)
        return OPTIONS_RUN;
    if (p->o->filter)
        return say(p, "'%.*s': the capture filter was given with -f",
                   (int)min_of(strlen(words->names[0]), NEAREST_WORD_MAX),
                   words->names[0]);
    for (size_t i = 0; i < words->n; i++)
        len += strlen(words->names[i]) + 1;
    char *text = malloc(len);
    if (!text)
        return no_memory(p);
    for (size_t i = 0; i < words->n; i++)
        at += (size_t)snprintf(text + at, len - at, "%s%s", i ? " " : "",
                               words->names[i]);
    words->n = 0;
    p->o->filter = p->o->filter_words = text;
    return OPTIONS_RUN;
}

/* A packet that comes twice would be told as sent twice. */
static enum options_result
check_ifaces(struct parse *p)
{
    const struct option_files *ifaces = &p->o->ifaces;
    for (size_t i = 0; i < ifaces->n; i++) {
        const char *name = ifaces->names[i];
        if (ifaces->n > 1 && strcmp(name, "any") == 0)
            return say(p, "-i any is all interfaces: name no other");
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, ifaces->names[k]) == 0)
                return say(p, "-i %.*s is there twice",
                           (int)min_of(strlen(name), NEAREST_WORD_MAX), name);
    }
    return OPTIONS_RUN;
}

/* Options that do nothing alone. */
static enum options_result
check_input(struct parse *p)
{
    const struct options *o = p->o;
    enum options_result r = check_ifaces(p);
    if (r != OPTIONS_RUN)
        return r;
    if (o->tail && o->ifaces.n > 0)
        return say(p, "--tail is for files, not for -i");
    for (size_t i = 0; i < OPTION_ID_COUNT && o->ifaces.n == 0; i++)
        if (p->o->given >> i & 1u &&
            option_table[i].group == OPTION_GROUP_LIVE &&
            i != OPTION_ID_AUTOSTOP)
            return say(p, "--%s is for live capture: it needs -i",
                       option_table[i].name);
    bool ring = option_bounds_any(&o->ring);
    bool saves = o->write && o->command != COMMAND_EXPORT;
    if (!saves && (ring || o->ws_only || o->stop.bytes || o->stop.files ||
                   (o->comment && o->command != COMMAND_EXPORT)))
        return say(p, "%s for saved packets: -w FILE is missing",
                   ring         ? "--ring-buffer is"
                   : o->ws_only ? "--ws-only is"
                   : o->comment ? "--comment is"
                                : "filesize and files of --autostop are");
    if ((o->ring.files || o->stop.files) && !o->ring.bytes &&
        !o->ring.packets && !o->ring.duration_ns)
        return say(p, "files:N needs another -b that says when a file ends, "
                      "such as -b filesize:10M");
    if (o->write && strcmp(o->write, "-") == 0 && o->command != COMMAND_EXPORT)
        return say(p, "-w -: standard output is for what wsray tells; name a "
                      "file or a FIFO");
    return OPTIONS_RUN;
}

static enum options_result
check_files(struct parse *p)
{
    enum options_result r = check_input(p);
    if (r != OPTIONS_RUN || p->o->ifaces.n > 0)
        return r == OPTIONS_RUN ? take_filter_words(p) : r;
    size_t n_stdin = 0;
    for (size_t i = 0; i < p->o->files.n; i++)
        n_stdin += strcmp(p->o->files.names[i], "-") == 0;
    if (n_stdin > 1)
        return say(p, "standard input (-) can be read only once");
    if (p->o->files.n == 0)
        return say(p, "nothing to read: name a FILE, - for standard input, or "
                      "-i NAME for an interface; see 'wsray --help'");
    return OPTIONS_RUN;
}

static enum options_result
check_no_words(struct parse *p)
{
    const struct option_files *f = &p->o->files;
    if (f->n == 0)
        return OPTIONS_RUN;
    return say(p, "'%.*s': interfaces takes no names",
               (int)min_of(strlen(f->names[0]), NEAREST_WORD_MAX), f->names[0]);
}

/* The words behind `findings`. */
static enum options_result
check_ids(struct parse *p)
{
    for (size_t i = 0; i < p->o->files.n; i++) {
        const char *word = p->o->files.names[i];
        enum finding_id id;
        if (finding_find(word, &id))
            continue;
        say(p, "no finding '%.*s'", (int)min_of(strlen(word), NEAREST_WORD_MAX),
            word);
        return suggest_finding(p, word, strlen(word));
    }
    return OPTIONS_RUN;
}

/* The words behind `fields`. */
static enum options_result
check_field_names(struct parse *p)
{
    for (size_t i = 0; i < p->o->files.n; i++) {
        const char *word = p->o->files.names[i];
        enum field_id id;
        if (field_find(slice_cstr(word), &id))
            continue;
        const char *near = field_nearest(slice_cstr(word));
        say(p, "no field '%.*s'", (int)min_of(strlen(word), NEAREST_WORD_MAX),
            word);
        return near ? suggest(p, "", near, strlen(near))
                    : see(p, "wsray fields");
    }
    return OPTIONS_RUN;
}

/* What stands behind `export` and goes together with it. */
static enum options_result
check_export(struct parse *p)
{
    struct options *o = p->o;
    bool pcapng = o->export_kind == EXPORT_PCAPNG;
    bool payloads = o->export_kind == EXPORT_PAYLOADS;
    if (!p->any_kind)
        return say(p, "export what? One of har, payloads, pcapng");
    if (o->write && strcmp(o->write, "-") == 0)
        o->write = NULL;
    if (payloads && !o->write)
        return say(p, "export payloads needs a directory: -w DIR");
    if (o->force && !payloads)
        return say(p, "--force is for 'export payloads'");
    if (o->no_secrets && o->export_kind != EXPORT_HAR)
        return say(p, "--no-secrets is for 'export har'");
    if (o->comment && payloads)
        return say(p, "--comment is for 'export har' and 'export pcapng'");
    if (!pcapng)
        return OPTIONS_RUN;
    if (o->only)
        return say(p, "--only chooses no connections: it is not for 'export "
                      "pcapng'");
    if (o->ifaces.n > 0 || o->tail)
        return say(p, "export pcapng reads twice, which a live capture cannot "
                      "be: save it first, with -w FILE --ws-only");
    for (size_t i = 0; i < o->files.n; i++)
        if (strcmp(o->files.names[i], "-") == 0)
            return say(p, "export pcapng reads twice, which standard input "
                          "cannot be: save it to a file first");
    return OPTIONS_RUN;
}

/* Not all formats are those of each command that has any. */
static enum options_result
check_format(struct parse *p)
{
    const struct options *o = p->o;
    bool of_check = o->format == OUTPUT_FORMAT_EXPECT;
    bool of_both =
        o->format == OUTPUT_FORMAT_TEXT || o->format == OUTPUT_FORMAT_JSON;
    if (of_both || (o->command == COMMAND_CHECK) == of_check)
        return OPTIONS_RUN;
    const char *choices = option_table[OPTION_ID_FORMAT].choices, *word;
    size_t len = 0;
    for (unsigned i = 0; i <= o->format; i++)
        len = option_next_choice(&choices, &word);
    return say(p, "--format %.*s is not for '%s' but for '%s'", (int)len, word,
               command_table[o->command].name, of_check ? "check" : "follow");
}

/* One connection is followed, not several. */
static enum options_result
check_followed(struct parse *p)
{
    const struct option_ranges *conns = &p->o->conns;
    if (p->o->command == COMMAND_FOLLOW && conns->n > 0 &&
        (conns->n > 1 || conns->range[0].first != conns->range[0].last))
        return say(p, "follow shows one connection: --conn N");
    return OPTIONS_RUN;
}

static enum options_result
check_together(struct parse *p)
{
    const struct options *o = p->o;
    enum options_result r = check_commands(p);
    if (r == OPTIONS_RUN)
        r = check_format(p);
    if (r == OPTIONS_RUN)
        r = check_followed(p);
    if (r != OPTIONS_RUN)
        return r;
    if (o->quiet && o->verbose)
        return say(p, "--quiet and --verbose exclude each other");
    if (o->expect && o->format == OUTPUT_FORMAT_EXPECT)
        return say(p, "--expect and --format expect exclude each other");
    if (o->command == COMMAND_EXPORT && (r = check_export(p)) != OPTIONS_RUN)
        return r;
    if (o->command == COMMAND_INTERFACES)
        return check_no_words(p);
    if (o->command == COMMAND_FIELDS)
        return check_field_names(p);
    return o->command == COMMAND_FINDINGS ? check_ids(p) : check_files(p);
}

/* RFC 6455 section 11.8: 3 to 7 and 11 to 15 are reserved. */
static uint16_t
opcodes_of_kinds(uint32_t kinds)
{
    static const uint16_t opcodes[] = {
        [FRAME_KIND_CONTINUATION] = 1u << 0x0, [FRAME_KIND_TEXT] = 1u << 0x1,
        [FRAME_KIND_BINARY] = 1u << 0x2,       [FRAME_KIND_CLOSE] = 1u << 0x8,
        [FRAME_KIND_PING] = 1u << 0x9,         [FRAME_KIND_PONG] = 1u << 0xa,
        [FRAME_KIND_RESERVED] = 0xf8f8,
    };
    uint16_t set = 0;
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++)
        if (kinds >> i & 1u)
            set |= opcodes[i];
    return set;
}

void
options_init(struct options *o)
{
    memset(o, 0, sizeof *o);
    threshold_defaults(&o->thresholds);
    for (size_t i = 0; i < OPTION_ID_COUNT; i++) {
        const struct option_info *info = &option_table[i];
        struct culprit culprit;
        if (!info->fallback)
            continue;
        enum value v = set_value(o, info, info->fallback, &culprit);
        assert(v == VALUE_OK);
        (void)v;
    }
}

void
options_fini(struct options *o)
{
    free(o->files.names);
    free(o->ifaces.names);
    free(o->filter_words);
    free(o->conns.range);
    o->files = o->ifaces = (struct option_files){0, NULL};
    o->filter = o->filter_words = NULL;
    o->conns = (struct option_ranges){0, NULL};
}

enum options_result
options_parse(struct options *o, int argc, char **argv, char *message,
              size_t message_size)
{
    struct parse p = {.o = o,
                      .argc = argc,
                      .at = 1,
                      .argv = argv,
                      .message = message,
                      .message_size = message_size};
    assert(message_size > 0);
    message[0] = '\0';
    options_init(o);
    /* No word can be more than one file or interface. */
    o->files.names = calloc((size_t)argc + 1, sizeof *o->files.names);
    o->ifaces.names = calloc((size_t)argc + 1, sizeof *o->ifaces.names);
    if (!o->files.names || !o->ifaces.names)
        return no_memory(&p);

    enum options_result r = argc > 1 ? take_all(&p) : OPTIONS_RUN;
    /* Who asks for help gets it, whatever else is wrong. */
    if (o->help || (r == OPTIONS_RUN && o->version)) {
        message[0] = '\0';
        return o->help ? OPTIONS_HELP : OPTIONS_VERSION;
    }
    if (o->list_interfaces)
        o->command = COMMAND_INTERFACES;
    if (r == OPTIONS_RUN)
        r = check_together(&p);
    o->only_opcodes = opcodes_of_kinds(o->only);
    return r;
}

bool
options_suit(const struct options *o, enum command command)
{
    for (size_t i = 0; i < OPTION_ID_COUNT; i++)
        if ((o->given >> i & 1u) && !(option_table[i].commands >> command & 1u))
            return false;
    return true;
}

bool
options_want_conn(const struct options *o, uint32_t conn)
{
    size_t low = 0, high = o->conns.n;
    if (high == 0)
        return true;
    /* The first range that does not end before conn. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->conns.range[middle].last < conn)
            low = middle + 1;
        else
            high = middle;
    }
    return low < o->conns.n && o->conns.range[low].first <= conn;
}
