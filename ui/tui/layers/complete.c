/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/complete.h"

#include <stdio.h>
#include <string.h>

#include "ui/filter/program.h"

/* ---- what a text is ---- */

/* What may follow the last word of a filter that is not whole: the rest of a
 * number, address, bytes or time, and what closes text, slices, patterns. */
static const char *const endings[] = {
    "\"",  ")\"",  "]\"",   "])\"",   "a]\"",    "a])\"", "0)\"", "\"\"",
    "]",   "0]",   "1]",    "0:1]",   "=",       "|",     "0",    ".0",
    "0.0", ".0.0", "0.0.0", ".0.0.0", "0.0.0.0", ":0",    "::",   ":",
    "00",  "s",    "5s",    "&",      "^",
};

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Nothing is wrong with it but that it ends. */
static bool
can_go_on(struct slice text)
{
    struct filter *f = NULL;
    struct filter_error error;
    enum err e = filter_new(&f, text, &error);
    filter_free(f);
    return e == ERR_OK || (e == ERR_USAGE && error.offset >= text.len);
}

static bool
with_ending(struct slice text, size_t start, struct slice ending)
{
    uint8_t all[4096];
    if (start > text.len || start + ending.len > sizeof all)
        return false;
    memcpy(all, text.ptr, start);
    memcpy(all + start, ending.ptr, ending.len);
    return can_go_on(slice_make(all, start + ending.len));
}

/* Whether a candidate for the last word, or an ending, makes it one. */
static bool
can_become(struct slice text)
{
    struct completion c;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (with_ending(text, text.len, slice_cstr(endings[i])))
            return true;
    complete(&c, text, text.len);
    for (size_t i = 0; i < c.n; i++) {
        struct slice word = slice_skip(text, c.start);
        const struct candidate *a = &c.list[i];
        /* Only what begins with the word: the likely ones stand first. */
        if (a->text.len < word.len ||
            memcmp(a->text.ptr, word.ptr, word.len) != 0)
            continue;
        if (with_ending(text, c.start, a->text))
            return true;
    }
    return false;
}

enum filter_state
filter_judge(struct slice text, struct filter_error *error)
{
    struct filter *f = NULL;
    size_t len = text.len;
    while (len > 0 && is_blank(text.ptr[len - 1]))
        len--;
    *error = (struct filter_error){.column = 1};
    if (len == 0)
        return FILTER_STATE_EMPTY;
    if (filter_new(&f, text, error) == ERR_OK) {
        filter_free(f);
        return FILTER_STATE_OK;
    }
    if (error->offset >= len)
        return FILTER_STATE_INCOMPLETE;
    /* A blank behind a word, but not in a text, says that it is whole. */
    bool goes_on = len == text.len || text.ptr[error->offset] == '"' ||
                   text.ptr[error->offset] == 'r';
    return goes_on && can_become(text) ? FILTER_STATE_INCOMPLETE
                                       : FILTER_STATE_BAD;
}

bool
filter_is_portable(struct slice text)
{
    struct filter *f = NULL;
    struct filter_error error;
    bool portable = true;
    if (filter_new(&f, text, &error) != ERR_OK)
        return false;
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (filter_uses(f, (enum field_id)i) &&
            strncmp(field_info((enum field_id)i)->name, "ws.", 3) == 0)
            portable = false;
    filter_free(f);
    return portable;
}

/* ---- where the cursor is ---- */

enum place {
    AT_OPERAND = 0, /* a field, a function, not, ( */
    AT_RELATION,    /* behind a field */
    AT_BRACE,       /* behind in */
    AT_VALUE,
    AT_MORE, /* in a set: a value or } */
    AT_JOINER,
};

struct walk {
    enum place place;
    bool has_field, is_len, set;
    enum field_id field;
    unsigned functions; /* that are open */
};

static bool
is_function(struct slice word)
{
    return slice_equal_cstr(word, "len") || slice_equal_cstr(word, "lower") ||
           slice_equal_cstr(word, "upper");
}

static bool
is_relation(enum token_kind kind)
{
    return kind >= TOKEN_EQ && kind <= TOKEN_MATCHES;
}

static void
take_word(struct walk *w, const struct token *t)
{
    if (w->place == AT_OPERAND && is_function(t->text)) {
        w->is_len |= slice_equal_cstr(t->text, "len");
    } else if (w->place == AT_OPERAND) {
        w->has_field = field_find(t->text, &w->field);
        w->place = AT_RELATION;
    } else if (w->place == AT_VALUE && is_function(t->text)) {
        /* len(...) behind a relation: another operand */
    } else if (w->set) {
        w->place = AT_MORE;
    } else {
        w->place = AT_JOINER;
    }
}

/* A field begins anew. */
static void
begin(struct walk *w)
{
    w->place = AT_OPERAND;
    w->has_field = w->is_len = w->set = false;
    w->functions = 0;
}

static void
take(struct walk *w, const struct token *t, const struct token *before)
{
    switch (t->kind) {
    case TOKEN_WORD:
    case TOKEN_STRING:
        take_word(w, t);
        break;
    case TOKEN_OPEN:
        w->functions += before->kind == TOKEN_WORD;
        break;
    case TOKEN_CLOSE:
        if (w->functions > 0)
            w->functions--;
        else
            w->place = AT_JOINER;
        break;
    case TOKEN_OPEN_BRACE:
        w->set = true;
        w->place = AT_VALUE;
        break;
    case TOKEN_COMMA:
    case TOKEN_DOTS:
        w->place = AT_VALUE;
        break;
    case TOKEN_CLOSE_BRACE:
        w->set = false;
        w->place = AT_JOINER;
        break;
    case TOKEN_AND:
    case TOKEN_OR:
    case TOKEN_XOR:
        begin(w);
        break;
    case TOKEN_IN:
        w->place = AT_BRACE;
        break;
    default:
        if (is_relation(t->kind))
            w->place = AT_VALUE;
        break;
    }
}

/* ---- candidates ---- */

struct list {
    struct completion *out;
    struct slice word;
};

static bool
begins(struct slice text, struct slice word)
{
    return text.len >= word.len &&
           (word.len == 0 || memcmp(text.ptr, word.ptr, word.len) == 0);
}

static bool
holds(struct slice text, struct slice word)
{
    return word.len > 0 &&
           memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
}

/* pass 0: those that begin with the word; 1: those that hold it. */
static void
add(struct list *l, unsigned pass, struct slice text, const char *type,
    const char *meaning)
{
    bool first = begins(text, l->word);
    if (pass == 0 ? !first : first || !holds(text, l->word))
        return;
    if (l->out->n < COMPLETE_MAX)
        l->out->list[l->out->n++] = (struct candidate){text, type, meaning};
}

static void
add_fields(struct list *l)
{
    l->out->kind = COMPLETE_FIELDS;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < FIELD_COUNT; i++) {
            const struct field_info *info = field_info((enum field_id)i);
            add(l, pass, slice_cstr(info->name), field_type_name(info->type),
                info->text);
        }
        add(l, pass, slice_cstr("not"), "operator", "what does not pass");
        add(l, pass, slice_cstr("len("), "function",
            "bytes of a payload or text");
        add(l, pass, slice_cstr("lower("), "function", "text in lower case");
        add(l, pass, slice_cstr("upper("), "function", "text in upper case");
    }
}

static void
add_joiners(struct list *l)
{
    add(l, 0, slice_cstr("&&"), "operator", "both, as 'and'");
    add(l, 0, slice_cstr("||"), "operator", "one of them, as 'or'");
    if (l->word.len > 0) {
        add(l, 0, slice_cstr("and"), "operator", "both");
        add(l, 0, slice_cstr("or"), "operator", "one of them");
        add(l, 0, slice_cstr("xor"), "operator", "one and not the other");
    }
}

static enum field_type
type_of(const struct walk *w)
{
    return w->is_len ? FIELD_TYPE_UINT : field_info(w->field)->type;
}

static bool
is_textual(enum field_type type)
{
    return type == FIELD_TYPE_TEXT || type == FIELD_TYPE_BYTES;
}

static bool
has_order(const struct walk *w)
{
    enum field_type type = type_of(w);
    return type == FIELD_TYPE_UINT || type == FIELD_TYPE_TIME ||
           is_textual(type) || w->field == FIELD_WS_SEVERITY;
}

static void
add_operators(struct list *l, const struct walk *w)
{
    l->out->kind = COMPLETE_OPERATORS;
    if (!w->has_field)
        return;
    add(l, 0, slice_cstr("=="), "operator", "is");
    add(l, 0, slice_cstr("!="), "operator", "is not");
    if (has_order(w)) {
        add(l, 0, slice_cstr("<"), "operator", "less than");
        add(l, 0, slice_cstr("<="), "operator", "at most");
        add(l, 0, slice_cstr(">"), "operator", "more than");
        add(l, 0, slice_cstr(">="), "operator", "at least");
    }
    if (type_of(w) == FIELD_TYPE_UINT)
        add(l, 0, slice_cstr("&"), "operator", "any of these bits is set");
    if (is_textual(type_of(w))) {
        add(l, 0, slice_cstr("contains"), "operator", "has it somewhere");
        add(l, 0, slice_cstr("matches"), "operator", "fits the pattern");
    }
    add(l, 0, slice_cstr("in"), "operator", "is one of { ... }");
    add_joiners(l);
}

static void
add_values(struct list *l, const struct walk *w)
{
    struct slice name;
    uint64_t value;
    l->out->kind = COMPLETE_VALUES;
    if (!w->has_field || w->is_len)
        return;
    if (type_of(w) == FIELD_TYPE_BOOL) {
        add(l, 0, slice_cstr("1"), "value", "yes");
        add(l, 0, slice_cstr("0"), "value", "no");
    }
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; field_value(w->field, i, &name, &value); i++)
            add(l, pass, name, "value",
                w->field == FIELD_WS_FINDING
                    ? finding_info((enum finding_id)value)->text
                    : NULL);
}

/* ---- what is expected ---- */

static void
describe_value(struct completion *out, const struct walk *w)
{
    char wanted[160] = "";
    struct filter_operand operand = {.field = w->field, .is_len = w->is_len};
    if (!w->has_field) {
        snprintf(out->expected, sizeof out->expected, "a value");
        return;
    }
    operand.type = type_of(w);
    value_describe(&operand, wanted, sizeof wanted);
    snprintf(out->expected, sizeof out->expected, "%s", wanted);
}

static void
describe_operator(struct completion *out, const struct walk *w)
{
    snprintf(out->expected, sizeof out->expected,
             w->functions > 0 ? "the ) of a function"
                              : "an operator (==%s%s) "
                                "or end",
             !w->has_field || has_order(w) ? " != < <= > >=" : " !=",
             w->has_field && is_textual(type_of(w)) ? " contains matches in"
                                                    : " in");
}

static void
fill(struct list *l, const struct walk *w)
{
    struct completion *out = l->out;
    switch (w->place) {
    case AT_OPERAND:
        add_fields(l);
        snprintf(out->expected, sizeof out->expected, "a field");
        break;
    case AT_RELATION:
        if (w->functions == 0)
            add_operators(l, w);
        describe_operator(out, w);
        break;
    case AT_BRACE:
        out->kind = COMPLETE_VALUES;
        snprintf(out->expected, sizeof out->expected, "a set in { }");
        break;
    case AT_VALUE:
        add_values(l, w);
        describe_value(out, w);
        break;
    case AT_MORE:
        add_values(l, w);
        snprintf(out->expected, sizeof out->expected, "a value or }");
        break;
    case AT_JOINER:
        out->kind = COMPLETE_JOINERS;
        add_joiners(l);
        snprintf(out->expected, sizeof out->expected, "&&, || or end");
        break;
    }
}

/* A sign that may become a longer one, or a word that may go on. */
static bool
is_open(const struct token *t, struct slice text)
{
    if (t->offset + t->len < text.len)
        return false;
    uint8_t last = text.ptr[text.len - 1];
    return t->kind == TOKEN_WORD ||
           ((t->kind == TOKEN_BAD || is_relation(t->kind)) && t->len == 1 &&
            strchr("=!<>&|", last)) ||
           t->kind == TOKEN_NOT ||
           /* and, or, in, contains, ...: as long as no blank follows */
           (last >= 'a' && last <= 'z' && t->kind != TOKEN_BAD);
}

void
complete(struct completion *out, struct slice text, size_t cursor)
{
    struct walk w = {.place = AT_OPERAND};
    struct token before = {.kind = TOKEN_END}, t;
    text = slice_head(text, cursor);
    struct lexer lexer = {.text = text};
    out->n = 0;
    out->start = text.len;
    out->expected[0] = '\0';
    out->kind = COMPLETE_FIELDS;
    for (;;) {
        t = lexer_next(&lexer);
        if (t.kind == TOKEN_END)
            break;
        if (is_open(&t, text)) {
            out->start = t.offset;
            break;
        }
        if (t.kind == TOKEN_BAD) {
            snprintf(out->expected, sizeof out->expected, "%s", lexer.error);
            return;
        }
        take(&w, &t, &before);
        before = t;
    }
    struct list l = {out, slice_skip(text, out->start)};
    fill(&l, &w);
    /* Nothing more to say than what stands there. */
    if (out->n == 1 && slice_equal(out->list[0].text, l.word))
        out->n = 0;
}

size_t
complete_text(const struct completion *c, size_t i, char *out, size_t size)
{
    struct slice text = c->list[i].text;
    bool tight = c->kind == COMPLETE_VALUES || text.ptr[text.len - 1] == '(';
    int n = snprintf(out, size, "%.*s%s", (int)text.len, (const char *)text.ptr,
                     tight ? "" : " ");
    return n < 0 || (size_t)n >= size ? 0 : (size_t)n;
}
