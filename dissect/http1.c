/* SPDX-License-Identifier: MIT */
#include "dissect/http1.h"

#include <stdlib.h>
#include <string.h>

enum state {
    AT_START = 0,   /* before a head, of which no byte was seen */
    AT_HEAD,        /* in a head; its bytes so far are in held */
    AT_ASK,         /* head given out, http1_body() must come */
    AT_LENGTH,      /* left body bytes to come, may be 0 */
    AT_CLOSE,       /* body until the direction ends */
    AT_TUNNEL,      /* skips all */
    AT_CHUNK_SIZE,  /* hexadecimal digits; line_len of them seen */
    AT_CHUNK_EXT,   /* rest of the chunk-size line */
    AT_CHUNK_DATA,  /* left bytes to come, not 0 */
    AT_CHUNK_CRLF,  /* behind chunk-data; line_len: 1 when CR was seen */
    AT_TRAILER,     /* line_len: see enum trailer_line */
    AT_MESSAGE_END, /* to be reported */
    AT_LOST,
};

enum trailer_line {
    LINE_EMPTY = 0, /* no byte yet */
    LINE_CR,        /* one CR */
    LINE_FILLED,    /* a trailer field */
};

/* Header lines whose value http1_brief needs. */
enum field_kind {
    FIELD_NONE = 0,
    FIELD_CONNECTION,
    FIELD_CONTENT_LENGTH,
    FIELD_TRANSFER_ENCODING,
    FIELD_UPGRADE,
};

/* Blanks between method and target that are passed over; one is right. */
#define BLANKS_MAX 16u

/* Three letters as one number. */
#define LETTERS(a, b, c)                                                       \
    ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/* A start-line taken apart. */
struct start_line {
    struct slice method, target; /* request-line */
    struct slice reason;         /* status-line */
    uint16_t status;
    uint8_t minor;
};

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Drops white space, folds included, from both ends. */
static struct slice
trim(struct slice s)
{
    while (s.len &&
           (is_space(s.ptr[0]) || s.ptr[0] == '\r' || s.ptr[0] == '\n'))
        s = slice_skip(s, 1);
    while (s.len && (is_space(s.ptr[s.len - 1]) || s.ptr[s.len - 1] == '\r' ||
                     s.ptr[s.len - 1] == '\n'))
        s.len--;
    return s;
}

static bool
equal_nocase(struct slice s, const char *text)
{
    return slice_equal_nocase(s, slice_cstr(text));
}

/*
 * Start-lines.  The two *_prefix() functions look at a bounded number of
 * bytes, so that a line which grows byte by byte can be asked each time.
 */

/* A method is any token (RFC 9110 section 9.1), but those in use are made of
 * these, and a tighter set keeps other protocols out. */
static bool
is_method_char(uint8_t c, bool first)
{
    if (c >= 'A' && c <= 'Z')
        return true;
    return !first && (is_digit(c) || c == '-' || c == '_');
}

/* "get" in small letters: a slip of handmade clients, which some servers let
 * pass. */
static bool
is_small_get(uint8_t c, size_t at)
{
    return at < 3 && c == (uint8_t) "get"[at];
}

/* origin-form, "*", a scheme, or an authority (RFC 9112 section 3.2), or a path
 * that was forgotten. */
static bool
is_target_start(uint8_t c)
{
    return c == '/' || c == '*' || c == '[' || c == '?' || c == '#' ||
           is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* REQUEST stands for "method, SP and the start of a target are there"; that
 * target starts at *target then. */
static enum http1_guess
request_prefix(struct slice s, size_t *target)
{
    size_t i = 0, n;
    bool odd = false;
    while (i < s.len && i <= HTTP1_METHOD_MAX &&
           (is_method_char(s.ptr[i], !i) || is_small_get(s.ptr[i], i))) {
        odd |= s.ptr[i] >= 'a';
        i++;
    }
    if (i > HTTP1_METHOD_MAX)
        return HTTP1_GUESS_NO;
    if (i == s.len)
        return HTTP1_GUESS_SHORT;
    n = i;
    while (i < s.len && i - n < BLANKS_MAX && is_space(s.ptr[i]))
        i++;
    if (n == 0 || i == n)
        return HTTP1_GUESS_NO;
    if (i == s.len)
        return HTTP1_GUESS_SHORT;
    /* What is odd already has to be a request all the more. */
    odd |= i - n > 1 || s.ptr[n] != ' ';
    if (odd ? s.ptr[i] != '/' : !is_target_start(s.ptr[i]))
        return HTTP1_GUESS_NO;
    *target = i;
    return HTTP1_GUESS_REQUEST;
}

/* "HTTP/1.d ddd" and a byte that ends the number. */
static enum http1_guess
status_prefix(struct slice s)
{
    static const char shape[] = "HTTP/1.0 100 ";
    size_t n = s.len < sizeof shape - 1 ? s.len : sizeof shape - 1;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = s.ptr[i];
        bool ok;
        if (i == 12)
            ok = is_space(c) || c == '\r' || c == '\n';
        else if (i == 9)
            ok = is_digit(c) && c != '0';
        else if (is_digit((uint8_t)shape[i]) && i != 5)
            ok = is_digit(c);
        else
            ok = c == (uint8_t)shape[i];
        if (!ok)
            return HTTP1_GUESS_NO;
    }
    return s.len < sizeof shape - 1 ? HTTP1_GUESS_SHORT : HTTP1_GUESS_RESPONSE;
}

/* line ends with its LF.  White space between target and version, and behind
 * the version, may be more than one SP (RFC 9112 section 3). */
static bool
parse_request_line(struct slice line, struct start_line *out)
{
    size_t target;
    if (request_prefix(line, &target) != HTTP1_GUESS_REQUEST)
        return false;
    struct slice method = trim(slice_head(line, target));
    struct slice rest = trim(slice_skip(line, target));
    if (rest.len < sizeof " HTTP/1.1") /* a target has one byte at least */
        return false;
    const uint8_t *version = rest.ptr + rest.len - 8;
    if (!equal_nocase(slice_make(version, 7), "HTTP/1.") ||
        !is_digit(version[7]) || !is_space(version[-1]))
        return false;
    out->method = method;
    out->target = trim(slice_head(rest, rest.len - 9));
    out->reason = slice_make(NULL, 0);
    out->status = 0;
    out->minor = (uint8_t)(version[7] - '0');
    return true;
}

static bool
parse_status_line(struct slice line, struct start_line *out)
{
    if (status_prefix(line) != HTTP1_GUESS_RESPONSE)
        return false;
    const uint8_t *p = line.ptr;
    out->method = out->target = slice_make(NULL, 0);
    out->reason = trim(slice_skip(line, 12));
    out->status =
        (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
    out->minor = (uint8_t)(p[7] - '0');
    return true;
}

static bool
parse_start_line(struct slice line, bool is_request, struct start_line *out)
{
    return is_request ? parse_request_line(line, out)
                      : parse_status_line(line, out);
}

enum http1_guess
http1_guess_start(struct slice start)
{
    while (start.len && (start.ptr[0] == '\r' || start.ptr[0] == '\n'))
        start = slice_skip(start, 1);
    if (start.len == 0)
        return HTTP1_GUESS_SHORT;
    enum http1_guess guess = status_prefix(start);
    if (guess != HTTP1_GUESS_NO)
        return guess;
    size_t target;
    guess = request_prefix(start, &target);
    if (guess != HTTP1_GUESS_REQUEST)
        return guess;
    const uint8_t *lf = memchr(start.ptr, '\n', start.len);
    if (!lf)
        return HTTP1_GUESS_SHORT;
    struct start_line line;
    size_t len = (size_t)(lf - start.ptr) + 1;
    return parse_request_line(slice_head(start, len), &line)
               ? HTTP1_GUESS_REQUEST
               : HTTP1_GUESS_NO;
}

/*
 * The brief reading of a head.
 */

static uint8_t
method_of(struct slice name)
{
    if (slice_equal_cstr(name, "GET"))
        return HTTP1_METHOD_GET;
    if (slice_equal_cstr(name, "HEAD"))
        return HTTP1_METHOD_HEAD;
    if (slice_equal_cstr(name, "CONNECT"))
        return HTTP1_METHOD_CONNECT;
    return HTTP1_METHOD_OTHER;
}

/* 1*DIGIT below 2^63. */
static bool
parse_length(struct slice s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* One value, or the same value several times in a list or in lines
 * (RFC 9112 section 6.3, rule 5). */
static void
brief_content_length(struct http1_brief *b, struct slice value)
{
    struct slice element;
    bool any = false;
    while (http1_list_next(&value, &element)) {
        uint64_t len;
        any = true;
        if (!parse_length(element, &len)) {
            b->flags |= HTTP1_LENGTH_BAD;
        } else if (!(b->flags & HTTP1_LENGTH)) {
            b->flags |= HTTP1_LENGTH;
            b->content_length = len;
        } else if (b->content_length != len) {
            b->flags |= HTTP1_LENGTH_CONFLICT;
        }
    }
    if (!any)
        b->flags |= HTTP1_LENGTH_BAD;
}

/* The last coding over all lines decides.  "identity" was removed after
 * RFC 2616 and meant none. */
static void
brief_transfer_encoding(struct http1_brief *b, struct slice value)
{
    struct slice element;
    while (http1_list_next(&value, &element)) {
        if (equal_nocase(element, "identity"))
            continue;
        b->flags |= HTTP1_TRANSFER_ENCODING;
        if (equal_nocase(element, "chunked"))
            b->flags |= HTTP1_CHUNKED;
        else
            b->flags &= ~(uint32_t)HTTP1_CHUNKED;
    }
}

static void
brief_connection(struct http1_brief *b, struct slice value)
{
    struct slice element;
    while (http1_list_next(&value, &element)) {
        if (equal_nocase(element, "upgrade"))
            b->flags |= HTTP1_CONNECTION_UPGRADE;
        else if (equal_nocase(element, "close"))
            b->flags |= HTTP1_CONNECTION_CLOSE;
    }
}

static void
brief_upgrade(struct http1_brief *b, struct slice value)
{
    struct slice element;
    b->flags |= HTTP1_UPGRADE;
    while (http1_list_next(&value, &element))
        if (equal_nocase(element, "websocket"))
            b->flags |= HTTP1_UPGRADE_WEBSOCKET;
}

/* Reads the header whose line is complete, folds included, now that the next
 * line starts. */
static void
field_finish(struct http1 *h, struct slice text)
{
    struct slice value =
        trim(slice_make(text.ptr + h->field, h->line - h->field));
    switch ((enum field_kind)h->field_kind) {
    case FIELD_CONNECTION:
        brief_connection(&h->brief, value);
        break;
    case FIELD_CONTENT_LENGTH:
        brief_content_length(&h->brief, value);
        break;
    case FIELD_TRANSFER_ENCODING:
        brief_transfer_encoding(&h->brief, value);
        break;
    case FIELD_UPGRADE:
        brief_upgrade(&h->brief, value);
        break;
    case FIELD_NONE:
        break;
    }
    h->field_kind = FIELD_NONE;
}

/* Header lines that matter to the brief. */
static const struct field {
    const char *name;
    size_t len;           /* of name */
    enum field_kind kind; /* whose value is read */
    enum http1_flag flag; /* set by being there, for FIELD_NONE */
} fields[] = {
    {"Connection", 10, FIELD_CONNECTION, 0},
    {"Content-Length", 14, FIELD_CONTENT_LENGTH, 0},
    {"Transfer-Encoding", 17, FIELD_TRANSFER_ENCODING, 0},
    {"Upgrade", 7, FIELD_UPGRADE, 0},
    {"Sec-WebSocket-Key", 17, FIELD_NONE, HTTP1_WS_KEY},
    {"Sec-WebSocket-Version", 21, FIELD_NONE, HTTP1_WS_VERSION},
    {"Sec-WebSocket-Accept", 20, FIELD_NONE, HTTP1_WS_ACCEPT},
};

/* Where the value of field starts in line, or 0 when line is another one. */
static size_t
field_value(struct slice line, const struct field *field)
{
    size_t at = field->len;
    if (line.len <= at ||
        !slice_equal_nocase(slice_head(line, at), slice_make(field->name, at)))
        return 0;
    while (at < line.len && is_space(line.ptr[at]))
        at++;
    return at < line.len && line.ptr[at] == ':' ? at + 1 : 0;
}

/* Sees whether the header in line is one of those that matter here. */
static void
field_begin(struct http1 *h, struct slice line)
{
    /* The shortest of them is "Upgrade:" and LF. */
    if (line.len < 9)
        return;
    /* Few lines get past their first three letters. */
    const uint8_t *p = line.ptr;
    uint32_t start = (uint32_t)(p[0] | 0x20) << 16 |
                     (uint32_t)(p[1] | 0x20) << 8 | (p[2] | 0x20);
    if (start != LETTERS('c', 'o', 'n') && start != LETTERS('t', 'r', 'a') &&
        start != LETTERS('u', 'p', 'g') && start != LETTERS('s', 'e', 'c'))
        return;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct field *f = &fields[i];
        /* The letter that tells Connection, Content-Type and Content-Length
         * apart first. */
        if (((uint8_t)f->name[0] | 0x20) != (p[0] | 0x20) ||
            (f->len > 8 && ((uint8_t)f->name[8] | 0x20) != (p[8] | 0x20)))
            continue;
        size_t at = field_value(line, f);
        if (at == 0)
            continue;
        h->brief.flags |= (uint32_t)f->flag;
        h->field_kind = (uint8_t)f->kind;
        h->field = h->line + at;
        return;
    }
}

enum scan_result { SCAN_MORE = 0, SCAN_DONE, SCAN_BAD };

/* Reads the line [h->line, next), LF included; DONE: it was the empty one. */
static enum scan_result
scan_line(struct http1 *h, struct slice text, size_t next)
{
    struct slice line = slice_make(text.ptr + h->line, next - h->line);
    bool has_cr = line.len >= 2 && line.ptr[line.len - 2] == '\r';
    if (!has_cr)
        h->brief.flags |= HTTP1_BARE_LF;
    if (h->line == 0) {
        struct start_line start;
        if (!parse_start_line(line, h->is_request, &start))
            return SCAN_BAD;
        h->brief.method =
            h->is_request ? method_of(start.method) : HTTP1_METHOD_OTHER;
        h->brief.status = start.status;
        h->brief.minor = start.minor;
    } else if (is_space(line.ptr[0])) {
        h->brief.flags |= HTTP1_FOLDED;
    } else {
        if (h->field_kind != FIELD_NONE)
            field_finish(h, text);
        if (line.len == 1u + has_cr)
            return SCAN_DONE;
        field_begin(h, line);
    }
    return SCAN_MORE;
}

/* Reads on in the head that starts at text.ptr; DONE sets *len to its length.
 * What was scanned before is not looked at again. */
static enum scan_result
scan_head(struct http1 *h, struct slice text, size_t *len)
{
    for (;;) {
        const uint8_t *lf =
            memchr(text.ptr + h->scanned, '\n', text.len - h->scanned);
        if (!lf) {
            h->scanned = text.len;
            return SCAN_MORE;
        }
        size_t next = (size_t)(lf - text.ptr) + 1;
        enum scan_result r = scan_line(h, text, next);
        if (r != SCAN_MORE) {
            *len = next;
            return r;
        }
        h->line = h->scanned = next;
    }
}

/* Can what is known of an unfinished head still become one? */
static bool
head_plausible(const struct http1 *h, struct slice text)
{
    size_t target;
    if (h->line != 0)
        return true; /* the start-line was read whole */
    return (h->is_request ? request_prefix(text, &target)
                          : status_prefix(text)) != HTTP1_GUESS_NO;
}

static enum http1_step
head_done(struct http1 *h, struct http1_event *ev, struct slice text)
{
    ev->text = text;
    ev->brief = h->brief;
    ev->body_len = 0;
    h->state = AT_ASK;
    return HTTP1_HEAD;
}

/* Adds to the copy of a cut head; false: it cannot be. */
static bool
hold_head(struct http1 *h, struct slice bytes)
{
    enum err e = buf_append(&h->held, bytes.ptr, bytes.len);
    if (e != ERR_OK)
        h->loss = e == ERR_LIMIT ? HTTP1_LOSS_LIMIT : HTTP1_LOSS_MEMORY;
    return e == ERR_OK;
}

/* At the first byte of a head. */
static enum http1_step
next_start(struct http1 *h, struct slice *in, struct http1_event *ev)
{
    /* Empty lines before a request-line are passed over (RFC 9112
     * section 2.2); before a status-line they do no harm. */
    while (in->len && (in->ptr[0] == '\r' || in->ptr[0] == '\n'))
        *in = slice_skip(*in, 1);
    if (in->len == 0)
        return HTTP1_NEED_INPUT;
    h->brief = (struct http1_brief){0};
    h->scanned = h->line = h->field = 0;
    h->field_kind = FIELD_NONE;

    size_t len = 0;
    struct slice text = slice_head(*in, h->head_max);
    enum scan_result r = scan_head(h, text, &len);
    if (r == SCAN_DONE) {
        *in = slice_skip(*in, len);
        return head_done(h, ev, slice_head(text, len));
    }
    if (r == SCAN_BAD || !head_plausible(h, text))
        return HTTP1_NOT_HTTP;
    if (!hold_head(h, *in))
        return HTTP1_NOT_HTTP;
    *in = slice_skip(*in, in->len);
    h->state = AT_HEAD;
    return HTTP1_NEED_INPUT;
}

/* In a head cut by the slices: takes line by line, so that what is copied
 * ends with the head. */
static enum http1_step
next_head(struct http1 *h, struct slice *in, struct http1_event *ev)
{
    while (in->len) {
        const uint8_t *lf = memchr(in->ptr, '\n', in->len);
        size_t take = lf ? (size_t)(lf - in->ptr) + 1 : in->len;
        if (!hold_head(h, slice_head(*in, take)))
            return HTTP1_NOT_HTTP;
        size_t len = 0;
        enum scan_result r = scan_head(h, buf_slice(&h->held), &len);
        if (r == SCAN_BAD || !head_plausible(h, buf_slice(&h->held)))
            return HTTP1_NOT_HTTP;
        *in = slice_skip(*in, take);
        if (r == SCAN_DONE)
            return head_done(h, ev, buf_slice(&h->held));
    }
    return HTTP1_NEED_INPUT;
}

/*
 * Bodies.  Each of these takes what it can and sets the next state; false:
 * the framing is broken.  They are called with *in not empty.
 */

static void
take_run(struct http1 *h, struct slice *in)
{
    size_t n = h->left < in->len ? (size_t)h->left : in->len;
    *in = slice_skip(*in, n);
    h->left -= n;
    h->body_len += n;
}

static int
hex_digit(uint8_t c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
take_chunk_size(struct http1 *h, struct slice *in)
{
    uint8_t c = in->ptr[0];
    int digit = hex_digit(c);
    if (digit < 0) {
        if (h->line_len == 0 ||
            !(is_space(c) || c == ';' || c == '\r' || c == '\n'))
            return false;
        h->state = AT_CHUNK_EXT; /* does not take this byte */
        return true;
    }
    if (h->left >> 59 != 0) /* would pass 2^63 */
        return false;
    h->left = h->left << 4 | (unsigned)digit;
    h->line_len = 1;
    *in = slice_skip(*in, 1);
    return true;
}

/* chunk-ext: whatever it is, no LF can stand in it. */
static void
take_chunk_ext(struct http1 *h, struct slice *in)
{
    const uint8_t *lf = memchr(in->ptr, '\n', in->len);
    *in = slice_skip(*in, lf ? (size_t)(lf - in->ptr) + 1 : in->len);
    if (lf) {
        h->state = h->left ? AT_CHUNK_DATA : AT_TRAILER;
        h->line_len = LINE_EMPTY;
    }
}

static bool
take_chunk_crlf(struct http1 *h, struct slice *in)
{
    uint8_t c = in->ptr[0];
    if (c == '\n')
        h->state = AT_CHUNK_SIZE;
    else if (c != '\r' || h->line_len != 0)
        return false;
    h->line_len = c == '\r';
    *in = slice_skip(*in, 1);
    return true;
}

static void
take_trailer(struct http1 *h, struct slice *in)
{
    const uint8_t *lf = memchr(in->ptr, '\n', in->len);
    size_t n = lf ? (size_t)(lf - in->ptr) : in->len;
    if (n == 1 && in->ptr[0] == '\r' && h->line_len == LINE_EMPTY)
        h->line_len = LINE_CR;
    else if (n != 0)
        h->line_len = LINE_FILLED;
    *in = slice_skip(*in, n);
    if (!lf)
        return;
    *in = slice_skip(*in, 1);
    if (h->line_len != LINE_FILLED)
        h->state = AT_MESSAGE_END;
    h->line_len = LINE_EMPTY;
}

/* One move inside a body; false: broken. */
static bool
take_body(struct http1 *h, struct slice *in)
{
    switch ((enum state)h->state) {
    case AT_CLOSE:
        h->body_len += in->len;
        *in = slice_skip(*in, in->len);
        return true;
    case AT_TUNNEL:
        *in = slice_skip(*in, in->len);
        return true;
    case AT_CHUNK_SIZE:
        return take_chunk_size(h, in);
    case AT_CHUNK_EXT:
        take_chunk_ext(h, in);
        return true;
    case AT_CHUNK_DATA:
        take_run(h, in);
        return true;
    case AT_CHUNK_CRLF:
        return take_chunk_crlf(h, in);
    case AT_TRAILER:
        take_trailer(h, in);
        return true;
    default:
        return false;
    }
}

/* In a body, until its end or the end of *in. */
static enum http1_step
next_body(struct http1 *h, struct slice *in, struct http1_event *ev)
{
    for (;;) {
        if (h->state == AT_LENGTH) {
            take_run(h, in);
            if (h->left == 0)
                h->state = AT_MESSAGE_END;
        } else if (h->state == AT_CHUNK_DATA && h->left == 0) {
            h->state = AT_CHUNK_CRLF;
        }
        if (h->state == AT_MESSAGE_END) {
            h->state = AT_START;
            ev->text = slice_make(NULL, 0);
            ev->body_len = h->body_len;
            return HTTP1_MESSAGE_END;
        }
        if (in->len == 0)
            return HTTP1_NEED_INPUT;
        if (!take_body(h, in))
            return HTTP1_NOT_HTTP;
    }
}

void
http1_init(struct http1 *h, bool is_request, size_t head_max)
{
    *h = (struct http1){.is_request = is_request,
                        .head_max =
                            head_max ? head_max : HTTP1_HEAD_MAX_DEFAULT};
    buf_init(&h->held, h->head_max);
}

void
http1_fini(struct http1 *h)
{
    buf_fini(&h->held);
}

void
http1_reset(struct http1 *h)
{
    buf_fini(&h->held);
    h->state = AT_START;
    h->loss = HTTP1_LOSS_BYTES;
}

enum http1_step
http1_next(struct http1 *h, struct slice *in, struct http1_event *ev)
{
    struct slice start = *in;
    size_t held = h->held.len;
    enum http1_step step;

    assert(h->state != AT_ASK); /* http1_body() is missing */
    if (h->state == AT_LOST)
        return HTTP1_NOT_HTTP;
    /* A cut head was given out by the last call and is not needed now. */
    if (h->held.ptr && h->state != AT_HEAD) {
        buf_fini(&h->held);
        held = 0;
    }
    if (h->state == AT_START)
        step = next_start(h, in, ev);
    else if (h->state == AT_HEAD)
        step = next_head(h, in, ev);
    else
        step = next_body(h, in, ev);
    if (step == HTTP1_NOT_HTTP) {
        *in = start;
        h->held.len = held;
        h->state = AT_LOST;
    }
    return step;
}

void
http1_body(struct http1 *h, enum http1_body_kind kind, uint64_t len)
{
    static const uint8_t states[] = {
        [HTTP1_BODY_NONE] = AT_MESSAGE_END,   [HTTP1_BODY_LENGTH] = AT_LENGTH,
        [HTTP1_BODY_CHUNKED] = AT_CHUNK_SIZE, [HTTP1_BODY_CLOSE] = AT_CLOSE,
        [HTTP1_BODY_INTERIM] = AT_START,      [HTTP1_BODY_TUNNEL] = AT_TUNNEL,
    };
    assert(h->state == AT_ASK);
    h->state = states[kind];
    h->left = kind == HTTP1_BODY_LENGTH ? len : 0;
    h->body_len = 0;
    h->line_len = 0;
}

bool
http1_gap(struct http1 *h, uint64_t len)
{
    if (len == 0)
        return h->state != AT_LOST;
    switch ((enum state)h->state) {
    case AT_LENGTH:
    case AT_CHUNK_DATA:
        if (len > h->left)
            break;
        h->left -= len;
        h->body_len += len;
        return true;
    case AT_CLOSE:
        h->body_len += len;
        return true;
    case AT_TUNNEL:
        return true;
    default:
        break;
    }
    h->state = AT_LOST;
    return false;
}

bool
http1_idle(const struct http1 *h)
{
    return h->state == AT_START;
}

bool
http1_until_close(const struct http1 *h)
{
    return h->state == AT_CLOSE;
}

enum http1_loss
http1_loss(const struct http1 *h)
{
    return (enum http1_loss)h->loss;
}

struct slice
http1_held(const struct http1 *h)
{
    return buf_slice(&h->held);
}

bool
http1_partial(const struct http1 *h, struct slice *text)
{
    if (h->state != AT_HEAD || h->line == 0)
        return false;
    *text = slice_head(buf_slice(&h->held), h->line);
    return true;
}

/* What the headers alone say; transfer codings override Content-Length
 * (RFC 9112 section 6.3, rule 3).  A conflict of lengths is read with the
 * first one: when that is wrong, the next head shows it. */
static enum http1_body_kind
body_by_headers(const struct http1_brief *b, enum http1_body_kind otherwise,
                uint64_t *len)
{
    if (b->flags & HTTP1_CHUNKED)
        return HTTP1_BODY_CHUNKED;
    if (b->flags & HTTP1_TRANSFER_ENCODING)
        return HTTP1_BODY_CLOSE;
    if (b->flags & HTTP1_LENGTH) {
        *len = b->content_length;
        return HTTP1_BODY_LENGTH;
    }
    return otherwise;
}

enum http1_body_kind
http1_request_body(const struct http1_brief *request, uint64_t *len)
{
    *len = 0;
    return body_by_headers(request, HTTP1_BODY_NONE, len);
}

enum http1_body_kind
http1_response_body(const struct http1_brief *response,
                    enum http1_method of_request, uint64_t *len)
{
    uint16_t status = response->status;
    *len = 0;
    if (status == 101)
        return HTTP1_BODY_TUNNEL;
    if (status < 200)
        return HTTP1_BODY_INTERIM;
    if (of_request == HTTP1_METHOD_CONNECT && status < 300)
        return HTTP1_BODY_TUNNEL;
    if (of_request == HTTP1_METHOD_HEAD || status == 204 || status == 304)
        return HTTP1_BODY_NONE;
    return body_by_headers(response, HTTP1_BODY_CLOSE, len);
}

/*
 * The full reading of a head.
 */

/* Where the line at p ends, behind its LF. */
static const uint8_t *
line_end(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));
    return lf ? lf + 1 : end;
}

/* The header in the line [start, first_end) and its folds up to end. */
static struct http1_header
parse_header(const uint8_t *start, const uint8_t *first_end, const uint8_t *end)
{
    struct http1_header header;
    const uint8_t *colon = memchr(start, ':', (size_t)(first_end - start));
    if (colon) {
        size_t len = (size_t)(colon - start);
        while (len && is_space(start[len - 1]))
            len--;
        header.name = slice_make(start, len);
        header.value = trim(slice_make(colon + 1, (size_t)(end - colon) - 1));
    } else {
        header.name = trim(slice_make(start, (size_t)(end - start)));
        header.value = slice_make(NULL, 0);
    }
    return header;
}

/* Takes the next header, folds included, from the front of *lines.  False, with
 * *lines where it was: the empty line or the end is next. */
static bool
take_header(struct slice *lines, struct http1_header *header)
{
    const uint8_t *p = lines->ptr, *end = p + lines->len;
    if (lines->len == 0 || *p == '\n' ||
        (*p == '\r' && end - p > 1 && p[1] == '\n'))
        return false;
    const uint8_t *first_end = line_end(p, end);
    const uint8_t *next = first_end;
    while (next < end && is_space(*next))
        next = line_end(next, end);
    *header = parse_header(p, first_end, next);
    *lines = slice_skip(*lines, (size_t)(next - p));
    return true;
}

static void
parse_headers(struct http1_head *out, struct slice lines)
{
    struct http1_header header;
    out->n_headers = out->n_headers_dropped = 0;
    /* A fold without a header before it is passed over (RFC 9112
     * section 2.2). */
    while (lines.len && is_space(lines.ptr[0]))
        lines = slice_skip(lines,
                           (size_t)(line_end(lines.ptr, lines.ptr + lines.len) -
                                    lines.ptr));
    while (out->n_headers < HTTP1_HEADERS_MAX &&
           take_header(&lines, &out->headers[out->n_headers]))
        out->n_headers++;
    out->dropped = lines;
    while (take_header(&lines, &header))
        out->n_headers_dropped++;
    out->dropped.len -= lines.len;
    out->partial = lines.len == 0;
}

bool
http1_head_parse(struct http1_head *out, struct slice text, bool is_request)
{
    struct start_line start;
    if (text.len == 0)
        return false;
    const uint8_t *first_end = line_end(text.ptr, text.ptr + text.len);
    size_t first_len = (size_t)(first_end - text.ptr);
    if (!parse_start_line(slice_head(text, first_len), is_request, &start))
        return false;
    out->text = text;
    out->is_request = is_request;
    out->major = 1;
    out->minor = start.minor;
    out->method = start.method;
    out->target = start.target;
    out->status = start.status;
    out->reason = start.reason;
    parse_headers(out, slice_skip(text, first_len));
    return true;
}

/* The same slice of the copied text. */
static struct slice
moved(struct slice s, struct slice from, const uint8_t *to)
{
    return s.ptr ? slice_make(to + (s.ptr - from.ptr), s.len) : s;
}

enum err
http1_head_copy(struct http1_head **out, const struct http1_head *head)
{
    struct slice from = head->text;
    struct http1_head *copy = malloc(sizeof *copy + from.len);
    if (!copy)
        return ERR_NOMEM;
    uint8_t *to = (uint8_t *)(copy + 1);
    memcpy(to, from.ptr, from.len);
    memcpy(copy, head, offsetof(struct http1_head, headers));
    copy->text = moved(from, from, to);
    copy->method = moved(head->method, from, to);
    copy->target = moved(head->target, from, to);
    copy->reason = moved(head->reason, from, to);
    copy->dropped = moved(head->dropped, from, to);
    for (size_t i = 0; i < head->n_headers; i++) {
        copy->headers[i].name = moved(head->headers[i].name, from, to);
        copy->headers[i].value = moved(head->headers[i].value, from, to);
    }
    *out = copy;
    return ERR_OK;
}

void
http1_head_free(struct http1_head *head)
{
    free(head);
}

static bool
is_called(const struct http1_header *header, struct slice name)
{
    return header->value.ptr && slice_equal_nocase(header->name, name);
}

struct http1_search
http1_search(const struct http1_head *head, const char *name)
{
    return (struct http1_search){.head = head,
                                 .name = slice_cstr(name),
                                 .rest = head->dropped};
}

bool
http1_search_next(struct http1_search *s, struct slice *value)
{
    struct http1_header header;
    while (s->next < s->head->n_headers) {
        const struct http1_header *kept = &s->head->headers[s->next++];
        if (is_called(kept, s->name)) {
            *value = kept->value;
            return true;
        }
    }
    while (take_header(&s->rest, &header)) {
        if (is_called(&header, s->name)) {
            *value = header.value;
            return true;
        }
    }
    return false;
}

struct slice
http1_value(const struct http1_head *head, const char *name)
{
    struct http1_search search = http1_search(head, name);
    struct slice value;
    return http1_search_next(&search, &value) ? value : slice_make(NULL, 0);
}

bool
http1_list_next(struct slice *list, struct slice *element)
{
    while (list->len) {
        const uint8_t *comma = memchr(list->ptr, ',', list->len);
        size_t len = comma ? (size_t)(comma - list->ptr) : list->len;
        *element = trim(slice_head(*list, len));
        *list = slice_skip(*list, comma ? len + 1 : len);
        if (element->len)
            return true;
    }
    return false;
}

bool
http1_has_token(const struct http1_head *head, const char *name,
                const char *token)
{
    struct http1_search search = http1_search(head, name);
    struct slice list, element;
    while (http1_search_next(&search, &list)) {
        while (http1_list_next(&list, &element))
            if (equal_nocase(element, token))
                return true;
    }
    return false;
}
