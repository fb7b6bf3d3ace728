/* SPDX-License-Identifier: MIT */
#include "ui/filter/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define SETS_MAX 256u
#define RANGES_MAX 1024u
/* Groups in groups. */
#define DEPTH_MAX 32u
/* What a byte that is no character is read as: above all of them. */
#define NO_CHARACTER 0x110000u

enum op_code {
    OP_CHAR,  /* the character arg */
    OP_ANY,   /* any one */
    OP_SET,   /* one of sets[arg] */
    OP_SPLIT, /* go on here and at this + arg */
    OP_JUMP,  /* go on at this + arg */
    OP_BEGIN, /* only at the beginning */
    OP_END,   /* only at the end */
    OP_MATCH,
};

/* Jumps are relative, so that code can be copied and moved. */
struct op {
    enum op_code code;
    int32_t arg;
};

struct range {
    uint32_t first, last;
};

struct set {
    uint64_t ascii[2];
    size_t first_range, n_ranges; /* of what is above ASCII */
    bool negated;                 /* above ASCII; ascii[] has it worked in */
};

/* Places in the program that wait for the next character; each once. */
struct places {
    size_t n;
    uint16_t at[PATTERN_OPS_MAX];
    uint16_t index[PATTERN_OPS_MAX]; /* where in at[]; need not be true */
};

struct pattern {
    size_t n_ops, n_sets, n_ranges;
    bool fold; /* ASCII letters are compared in lower case */
    struct op ops[PATTERN_OPS_MAX];
    struct set sets[SETS_MAX];
    struct range ranges[RANGES_MAX];
    struct op piece[PATTERN_OPS_MAX]; /* what is being repeated */
    /* With can_skip: ASCII characters that a match can begin with, others than
     * at the beginning of the text. */
    bool can_skip;
    uint64_t first[2];
    struct places places[2];
    uint16_t stack[PATTERN_OPS_MAX];
};

/* ---- Compiling ---- */

struct parse {
    struct pattern *p;
    struct slice text;
    size_t at;
    unsigned depth;
    const char *error; /* the first; NULL: none so far */
    size_t error_at;
};

static void parse_either(struct parse *s);

static void
fail(struct parse *s, size_t at, const char *text)
{
    if (!s->error) {
        s->error = text;
        s->error_at = at;
    }
}

static bool
is_next(const struct parse *s, char c)
{
    return !s->error && s->at < s->text.len && s->text.ptr[s->at] == c;
}

static bool
take(struct parse *s, char c)
{
    bool is = is_next(s, c);
    s->at += is;
    return is;
}

static bool
take_word(struct parse *s, const char *word)
{
    size_t len = strlen(word);
    bool is = s->text.len - s->at >= len &&
              memcmp(s->text.ptr + s->at, word, len) == 0;
    s->at += is ? len : 0;
    return is;
}

/* n free places at `at`; what stands there moves. */
static bool
open_up(struct parse *s, size_t at, size_t n)
{
    struct pattern *p = s->p;
    if (s->error || n > PATTERN_OPS_MAX - 1 - p->n_ops) {
        fail(s, s->at, "the pattern is too large");
        return false;
    }
    memmove(p->ops + at + n, p->ops + at, (p->n_ops - at) * sizeof p->ops[0]);
    p->n_ops += n;
    return true;
}

static void
insert(struct parse *s, size_t at, enum op_code code, int32_t arg)
{
    if (open_up(s, at, 1))
        s->p->ops[at] = (struct op){code, arg};
}

static void
append(struct parse *s, enum op_code code, int32_t arg)
{
    insert(s, s->p->n_ops, code, arg);
}

static uint32_t
fold_char(const struct pattern *p, uint32_t c)
{
    return p->fold && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* One character; the pattern is not at its end. */
static uint32_t
next_char(struct parse *s)
{
    uint32_t c;
    size_t at = s->at;
    s->at += utf8_decode(slice_skip(s->text, s->at), &c);
    if (c != UTF8_BAD)
        return c;
    fail(s, at, "the pattern is not valid UTF-8");
    return NO_CHARACTER;
}

static struct set *
new_set(struct parse *s)
{
    struct pattern *p = s->p;
    if (p->n_sets == SETS_MAX) {
        fail(s, s->at, "the pattern has too many sets");
        return NULL;
    }
    struct set *set = &p->sets[p->n_sets++];
    *set = (struct set){.first_range = p->n_ranges};
    return set;
}

static void
set_add(struct parse *s, struct set *set, uint32_t first, uint32_t last)
{
    struct pattern *p = s->p;
    for (uint32_t c = first; c <= last && c < 128; c++) {
        set->ascii[c / 64] |= UINT64_C(1) << c % 64;
        /* Both cases, as the text is folded and the set may be negated. */
        if (p->fold && ((c | 32u) >= 'a' && (c | 32u) <= 'z'))
            set->ascii[(c ^ 32u) / 64] |= UINT64_C(1) << (c ^ 32u) % 64;
    }
    if (last < 128)
        return;
    if (p->n_ranges == RANGES_MAX) {
        fail(s, s->at, "the pattern has too many ranges");
        return;
    }
    p->ranges[p->n_ranges++] = (struct range){first < 128 ? 128 : first, last};
    set->n_ranges++;
}

static void
set_negate(struct set *set)
{
    set->negated = true;
    set->ascii[0] = ~set->ascii[0];
    set->ascii[1] = ~set->ascii[1];
}

/* Pairs of first and last, as in regex(7) in the locale C. */
static const struct {
    const char *name, *pairs;
} classes[] = {
    {"alnum", "09AZaz"}, {"alpha", "AZaz"},     {"blank", "\t\t  "},
    {"digit", "09"},     {"graph", "!~"},       {"lower", "az"},
    {"print", " ~"},     {"punct", "!/:@[`{~"}, {"space", "\t\r  "},
    {"upper", "AZ"},     {"xdigit", "09AFaf"},  {"word", "09AZaz__"},
};

static void
set_add_class(struct parse *s, struct set *set, struct slice name)
{
    if (slice_equal_cstr(name, "cntrl")) {
        set_add(s, set, 0, 31);
        set_add(s, set, 127, 127);
        return;
    }
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (!slice_equal_cstr(name, classes[i].name))
            continue;
        for (const char *pair = classes[i].pairs; *pair; pair += 2)
            set_add(s, set, (uint32_t)pair[0], (uint32_t)pair[1]);
        return;
    }
    fail(s, s->at, "no such class of characters");
}

/* \d and so on; false: it is none of these. */
static bool
set_add_letter(struct parse *s, struct set *set, uint32_t letter)
{
    const char *name = letter == 'd'   ? "digit"
                       : letter == 'w' ? "word"
                       : letter == 's' ? "space"
                                       : NULL;
    if (name)
        set_add_class(s, set, slice_cstr(name));
    return name != NULL;
}

/* What \ and that letter stand for; NO_CHARACTER: nothing. */
static uint32_t
escaped(uint32_t c)
{
    static const char letters[] = "nrtfv", values[] = "\n\r\t\f\v";
    bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                 (c >= 'a' && c <= 'z');
    const char *letter = c < 128 ? strchr(letters, (int)c) : NULL;
    if (c == 0 || c >= 128 || !alnum)
        return c;
    return letter ? (uint32_t)values[letter - letters] : NO_CHARACTER;
}

/* [:name:] behind its [ was seen. */
static void
parse_class(struct parse *s, struct set *set)
{
    size_t start = ++s->at;
    while (s->at + 1 < s->text.len && memcmp(s->text.ptr + s->at, ":]", 2) != 0)
        s->at++;
    if (s->at + 1 >= s->text.len) {
        fail(s, start, "[: without :]");
        return;
    }
    set_add_class(s, set, slice_make(s->text.ptr + start, s->at - start));
    s->at += 2;
}

/* One character inside of []; true: it was \d or the like, and is added. */
static bool
parse_set_char(struct parse *s, struct set *set, uint32_t *c)
{
    size_t at = s->at;
    *c = next_char(s);
    /* Other than in POSIX, \ is special here too: as everywhere else. */
    if (*c != '\\' || s->at == s->text.len)
        return false;
    *c = next_char(s);
    if (set_add_letter(s, set, *c))
        return true;
    *c = escaped(*c);
    if (*c == NO_CHARACTER)
        fail(s, at, "unknown escape");
    return false;
}

/* Behind [. */
static void
parse_set(struct parse *s)
{
    size_t open_at = s->at - 1;
    struct set *set = new_set(s);
    bool negated = take(s, '^');
    for (bool first = true; set && !s->error; first = false) {
        uint32_t from, to;
        if (s->at >= s->text.len) {
            fail(s, open_at, "[ without ]");
            break;
        }
        if (!first && take(s, ']'))
            break;
        if (take_word(s, "[:")) {
            s->at--;
            parse_class(s, set);
            continue;
        }
        if (take_word(s, "[=") || take_word(s, "[.")) {
            fail(s, s->at - 2, "[= and [. are not supported");
            break;
        }
        if (parse_set_char(s, set, &from))
            continue;
        to = from;
        if (s->at + 1 < s->text.len && is_next(s, '-') &&
            s->text.ptr[s->at + 1] != ']') {
            s->at++;
            if (parse_set_char(s, set, &to) || to < from)
                fail(s, s->at, "a range that ends before it begins");
        }
        set_add(s, set, from, to);
    }
    if (negated && set)
        set_negate(set);
    append(s, OP_SET, (int32_t)s->p->n_sets - 1);
}

static void
parse_escape(struct parse *s)
{
    size_t at = s->at - 1;
    if (s->at == s->text.len) {
        fail(s, at, "\\ at the end");
        return;
    }
    uint32_t c = next_char(s), lower = c | 32u, value;
    if (lower == 'd' || lower == 'w' || lower == 's') {
        struct set *set = new_set(s);
        if (set)
            set_add_letter(s, set, lower);
        if (set && c != lower)
            set_negate(set);
        append(s, OP_SET, (int32_t)s->p->n_sets - 1);
        return;
    }
    value = escaped(c);
    if (c >= '1' && c <= '9')
        fail(s, at, "back-references are not supported");
    else if (value == NO_CHARACTER)
        fail(s, at, "unknown escape");
    append(s, OP_CHAR, (int32_t)value);
}

static void
parse_group(struct parse *s)
{
    size_t open_at = s->at - 1;
    if (!take_word(s, "?:") && is_next(s, '?')) {
        fail(s, open_at, "of (? only (?: is supported, and (?-i) in front");
        return;
    }
    if (++s->depth > DEPTH_MAX) {
        fail(s, open_at, "too many groups in each other");
        return;
    }
    parse_either(s);
    if (!take(s, ')'))
        fail(s, open_at, "( without )");
    s->depth--;
}

static void
parse_atom(struct parse *s)
{
    size_t at = s->at;
    uint32_t c = next_char(s);
    switch (c) {
    case '(':
        parse_group(s);
        break;
    case '[':
        parse_set(s);
        break;
    case '\\':
        parse_escape(s);
        break;
    case '.':
        append(s, OP_ANY, 0);
        break;
    case '^':
        append(s, OP_BEGIN, 0);
        break;
    case '$':
        append(s, OP_END, 0);
        break;
    case ')':
        fail(s, at, ") without (");
        break;
    case '*':
    case '+':
    case '?':
    case '{':
        fail(s, at, "nothing to repeat");
        break;
    default:
        append(s, OP_CHAR, (int32_t)fold_char(s->p, c));
        break;
    }
}

static bool
parse_count(struct parse *s, size_t *out)
{
    size_t n = 0, start = s->at;
    for (; s->at < s->text.len && s->text.ptr[s->at] >= '0' &&
           s->text.ptr[s->at] <= '9';
         s->at++)
        if (n <= PATTERN_OPS_MAX)
            n = 10 * n + (size_t)(s->text.ptr[s->at] - '0');
    *out = n;
    return s->at > start;
}

/* Any number of times, from start to the end of the code. */
static void
repeat_any(struct parse *s, size_t start)
{
    int32_t len = (int32_t)(s->p->n_ops - start);
    insert(s, start, OP_SPLIT, len + 2);
    append(s, OP_JUMP, -(len + 1));
}

static void
repeat_optional(struct parse *s, size_t start)
{
    insert(s, start, OP_SPLIT, (int32_t)(s->p->n_ops - start) + 1);
}

/* Puts the code in p->piece at the end. */
static void
append_piece(struct parse *s, size_t len)
{
    size_t to = s->p->n_ops;
    if (open_up(s, to, len))
        memcpy(s->p->ops + to, s->p->piece, len * sizeof s->p->ops[0]);
}

/* {min,max} of the code from start on; max SIZE_MAX: no end. */
static void
repeat(struct parse *s, size_t start, size_t min, size_t max)
{
    struct pattern *p = s->p;
    size_t len = p->n_ops - start;
    memcpy(p->piece, p->ops + start, len * sizeof p->ops[0]);
    p->n_ops = start;
    for (size_t i = 0; i < min && !s->error; i++)
        append_piece(s, len);
    if (max == SIZE_MAX && min == 0) {
        append_piece(s, len);
        repeat_any(s, start);
    } else if (max == SIZE_MAX) {
        append(s, OP_SPLIT, -(int32_t)len);
    } else {
        for (size_t i = min; i < max && !s->error; i++) {
            size_t at = p->n_ops;
            append_piece(s, len);
            repeat_optional(s, at);
        }
    }
}

static void
parse_interval(struct parse *s, size_t start)
{
    size_t at = s->at - 1, min, max;
    bool any_min = parse_count(s, &min);
    max = min;
    if (take(s, ',') && !parse_count(s, &max))
        max = SIZE_MAX;
    if (!take(s, '}') || !any_min || max < min) {
        fail(s, at, "a repetition is {N}, {N,} or {N,M}");
        return;
    }
    repeat(s, start, min, max);
}

/* An atom with what repeats it. */
static void
parse_repeated(struct parse *s)
{
    size_t start = s->p->n_ops;
    parse_atom(s);
    while (!s->error) {
        if (take(s, '*'))
            repeat_any(s, start);
        else if (take(s, '+'))
            repeat(s, start, 1, SIZE_MAX);
        else if (take(s, '?'))
            repeat_optional(s, start);
        else if (take(s, '{'))
            parse_interval(s, start);
        else
            break;
        take(s, '?'); /* as few as possible: it is found or not all the same */
    }
}

/* a|b|c: every branch but the last ends in a jump behind the last. */
static void
parse_either(struct parse *s)
{
    struct pattern *p = s->p;
    size_t start = p->n_ops, last_jump = 0; /* 0: none; a jump is never first */
    for (;;) {
        while (!s->error && s->at < s->text.len && !is_next(s, '|') &&
               !(s->depth > 0 && is_next(s, ')')))
            parse_repeated(s);
        if (!take(s, '|'))
            break;
        insert(s, start, OP_SPLIT, (int32_t)(p->n_ops - start) + 2);
        append(s, OP_JUMP, (int32_t)last_jump);
        last_jump = p->n_ops - 1;
        start = p->n_ops;
    }
    while (last_jump > 0 && !s->error) {
        size_t before = (size_t)p->ops[last_jump].arg;
        p->ops[last_jump].arg = (int32_t)(p->n_ops - last_jump);
        last_jump = before;
    }
}

/* ---- Searching ---- */

static bool
set_has(const struct pattern *p, const struct set *set, uint32_t c)
{
    if (c < 128)
        return set->ascii[c / 64] >> c % 64 & 1u;
    bool in = false;
    for (size_t i = 0; i < set->n_ranges && !in; i++) {
        const struct range *r = &p->ranges[set->first_range + i];
        in = c >= r->first && c <= r->last;
    }
    return in != set->negated;
}

static bool
places_add(struct places *l, uint16_t at)
{
    uint16_t i = l->index[at];
    if (i < l->n && l->at[i] == at)
        return false;
    l->index[at] = (uint16_t)l->n;
    l->at[l->n++] = at;
    return true;
}

/* Adds all places that can be reached from `from` without a character.  Each is
 * pushed once, so the stack is large enough.  True: the pattern has matched. */
static bool
follow(struct pattern *p, struct places *l, size_t from, bool begin, bool end)
{
    size_t n = 0;
    if (places_add(l, (uint16_t)from))
        p->stack[n++] = (uint16_t)from;
    while (n > 0) {
        uint16_t at = p->stack[--n], next = (uint16_t)(at + 1);
        const struct op *op = &p->ops[at];
        uint16_t target = (uint16_t)(at + op->arg);
        bool go_on = op->code == OP_SPLIT || (op->code == OP_BEGIN && begin) ||
                     (op->code == OP_END && end);
        bool jump = op->code == OP_SPLIT || op->code == OP_JUMP;
        if (op->code == OP_MATCH)
            return true;
        if (jump && places_add(l, target))
            p->stack[n++] = target;
        if (go_on && places_add(l, next))
            p->stack[n++] = next;
    }
    return false;
}

static bool
op_takes(const struct pattern *p, const struct op *op, uint32_t c)
{
    switch (op->code) {
    case OP_CHAR:
        return (uint32_t)op->arg == c;
    case OP_ANY:
        return true;
    case OP_SET:
        return set_has(p, &p->sets[op->arg], c);
    default:
        return false;
    }
}

/* Finds out what a match can begin with. */
static void
find_first(struct pattern *p)
{
    struct places *l = &p->places[0];
    l->n = 0;
    p->can_skip = !follow(p, l, 0, false, false);
    for (size_t i = 0; i < l->n; i++) {
        p->can_skip &= p->ops[l->at[i]].code != OP_END;
        for (uint32_t c = 0; c < 128; c++)
            if (op_takes(p, &p->ops[l->at[i]], fold_char(p, c)))
                p->first[c / 64] |= UINT64_C(1) << c % 64;
    }
}

static bool
is_first(const struct pattern *p, uint8_t c)
{
    return c >= 128 || (p->first[c / 64] >> c % 64 & 1u);
}

bool
pattern_found(struct pattern *p, struct slice text, enum text_case as)
{
    struct places *now = &p->places[0], *next = &p->places[1];
    text = slice_head(text, PATTERN_TEXT_MAX);
    now->n = 0;
    for (size_t at = 0;;) {
        uint32_t c;
        if (now->n == 0 && at > 0 && p->can_skip)
            while (at < text.len &&
                   !is_first(p, text_case_of(text.ptr[at], as)))
                at++;
        if (follow(p, now, 0, at == 0, at == text.len))
            return true;
        if (at == text.len)
            return false;
        if (text.ptr[at] < 128)
            c = text_case_of(text.ptr[at++], as);
        else
            at += utf8_decode(slice_skip(text, at), &c);
        c = c == UTF8_BAD ? NO_CHARACTER : fold_char(p, c);
        next->n = 0;
        for (size_t i = 0; i < now->n; i++)
            if (op_takes(p, &p->ops[now->at[i]], c) &&
                follow(p, next, now->at[i] + 1u, false, at == text.len))
                return true;
        struct places *spare = now;
        now = next;
        next = spare;
    }
}

/* ---- Life ---- */

enum err
pattern_new(struct pattern **out, struct slice text,
            struct pattern_error *error)
{
    struct pattern *p = calloc(1, sizeof *p);
    struct parse s = {.p = p, .text = text};
    if (!p)
        return ERR_NOMEM;
    p->fold = !take_word(&s, "(?-i)");
    parse_either(&s);
    append(&s, OP_MATCH, 0);
    if (s.error) {
        *error = (struct pattern_error){s.error_at, s.error};
        pattern_free(p);
        return ERR_USAGE;
    }
    find_first(p);
    *out = p;
    return ERR_OK;
}

void
pattern_free(struct pattern *p)
{
    free(p);
}
