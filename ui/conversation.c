/* SPDX-License-Identifier: MIT */
#include "ui/conversation.h"

#include <assert.h>
#include <string.h>

#include "base/rd.h"
#include "dissect/close_code.h"
#include "ui/json_scan.h"
#include "ui/put.h"
#include "ui/text.h"

/* "  123 ", and the least that a payload gets. */
#define NUMBER_COLS 6u
#define PAYLOAD_COLS_MIN 24u
/* What halves are made of where lines have no end. */
#define WIDTH_ENDLESS 80u

/* Of one line that is cut: more than any screen shows. */
#define LINE_BYTES 4096u

#define HEX_BYTES_MAX 16u
#define C_BYTES 12u
#define JSON_INDENT 2u

/* The line that is being written. */
struct pen {
    const struct conversation_look *look;
    const struct conversation_sink *sink;
    size_t col;   /* behind what it has */
    size_t left;  /* where payload begins */
    size_t hang;  /* ... in the lines that follow */
    size_t right; /* where payload ends; SIZE_MAX: nowhere */
    bool full;    /* one line: it was cut */
    bool stop;    /* no more lines are wanted */
    bool comment; /* of C, until its end */
    uint8_t last; /* byte of the line */
};

const char *
conversation_form_name(enum conversation_form form)
{
    static const char *const names[] = {"text", "json", "hex", "c"};
    assert(form < CONVERSATION_FORM_COUNT);
    return names[form];
}

struct slice
conversation_first_line(struct slice head, bool answer)
{
    size_t end = 0;
    while (head.len > 0 && (head.ptr[0] == '\r' || head.ptr[0] == '\n'))
        head = slice_skip(head, 1);
    while (end < head.len && head.ptr[end] != '\r' && head.ptr[end] != '\n')
        end++;
    struct slice line = slice_head(head, end);
    if (answer) {
        while (line.len > 0 && line.ptr[0] != ' ')
            line = slice_skip(line, 1);
        while (line.len > 0 && line.ptr[0] == ' ')
            line = slice_skip(line, 1);
    }
    return line.len > 0 ? line : slice_make(NULL, 0);
}

/* ---- lines ---- */

static void
emit(struct pen *p, enum conversation_style style, const uint8_t *ptr,
     size_t len, size_t cols)
{
    if (len == 0 || p->stop)
        return;
    p->sink->put(p->sink->ctx, p->col, cols, style, slice_make(ptr, len));
    p->col += cols;
    p->last = ptr[len - 1];
}

static void
end_line(struct pen *p)
{
    if (p->stop)
        return;
    /* A backslash at its end (or ??/, a trigraph) would make the next line
     * part of the comment, C11 section 5.1.1.2. */
    if (p->comment && (p->last == '\\' || p->last == '/'))
        emit(p, CONVERSATION_DIM, (const uint8_t *)".", 1, 1);
    p->stop = !p->sink->end(p->sink->ctx);
    p->comment = false;
    p->col = 0;
    p->last = 0;
}

static void
begin_comment(struct pen *p)
{
    if (p->look->form != CONVERSATION_C || !p->look->whole)
        return;
    emit(p, CONVERSATION_DIM, (const uint8_t *)"//", 2, 2);
    p->col++;
    p->comment = true;
}

/* Goes on in the next line. */
static void
next_line(struct pen *p)
{
    bool comment = p->comment;
    end_line(p);
    if (comment)
        begin_comment(p);
    p->col = p->hang;
}

static size_t
room(const struct pen *p)
{
    return p->right > p->col ? p->right - p->col : 0;
}

/* As much as the line holds, with an ellipsis. */
static void
cut(struct pen *p, enum conversation_style style, struct slice text, bool more)
{
    uint8_t bytes[LINE_BYTES];
    if (p->full)
        return;
    struct text_fit fit =
        text_fit(text, more, p->look->utf8, room(p), bytes, sizeof bytes);
    emit(p, style, bytes, fit.out_len, fit.cols);
    p->full = fit.cut;
}

/* All of it, over as many lines as it takes. */
static void
wrap(struct pen *p, enum conversation_style style, struct slice text, bool more)
{
    uint8_t bytes[1024];
    while (text.len > 0 && !p->stop) {
        struct text_fit fit =
            text_take(text, more, p->look->utf8, room(p), bytes, sizeof bytes);
        if (fit.in_len > 0) {
            emit(p, style, bytes, fit.out_len, fit.cols);
            text = slice_skip(text, fit.in_len);
        } else if ((more && text_is_unfinished(text)) || p->col <= p->hang) {
            break; /* a whole line holds any character */
        } else {
            next_line(p);
        }
    }
}

/* Bytes of the traffic; more: they are not all. */
static void
pen_put(struct pen *p, enum conversation_style style, struct slice text,
        bool more)
{
    if (p->look->whole)
        wrap(p, style, text, more);
    else
        cut(p, style, text, more);
}

static void
pen_str(struct pen *p, enum conversation_style style, const char *text)
{
    pen_put(p, style, slice_cstr(text), false);
}

static void
pen_number(struct pen *p, enum conversation_style style, uint64_t n)
{
    uint8_t digits[2 * PUT_U64_MAX];
    pen_put(p, style,
            slice_make(digits, (size_t)(put_grouped(digits, n) - digits)),
            false);
}

/* "1,234 bytes" */
static void
pen_count(struct pen *p, enum conversation_style style, uint64_t n,
          const char *noun)
{
    pen_number(p, style, n);
    pen_str(p, style, " ");
    pen_str(p, style, noun);
    if (n != 1)
        pen_str(p, style, "s");
}

/* ---- in front of a payload ---- */

static void
put_right(struct pen *p, enum conversation_style style, struct slice text,
          size_t cols)
{
    if (text.len < cols)
        p->col += cols - text.len;
    pen_put(p, style, text, false);
    p->col++;
}

static void
put_label(struct pen *p, const struct conversation_unit *u)
{
    uint8_t digits[PUT_U64_MAX];
    struct slice label = slice_make(NULL, 0);
    if (u->kind == CONVERSATION_REQUEST || u->kind == CONVERSATION_ANSWER)
        label = slice_cstr("H");
    else if (u->kind == CONVERSATION_GAP)
        label = slice_cstr("gap");
    else if (u->kind == CONVERSATION_END)
        label = slice_cstr("end");
    else if (u->number > 0)
        label =
            slice_make(digits, (size_t)(put_u64(digits, u->number) - digits));
    put_right(p, CONVERSATION_DIM, label, NUMBER_COLS - 1);
}

static void
put_arrow(struct pen *p, const struct conversation_unit *u)
{
    bool right = u->from == WS_SENDER_CLIENT;
    enum conversation_style style =
        right ? CONVERSATION_CLIENT : CONVERSATION_SERVER;
    if (u->kind == CONVERSATION_END)
        p->col += p->look->utf8 ? 1 : 2;
    else if (p->look->utf8)
        pen_str(p, style, right ? "\xe2\x86\x92" : "\xe2\x86\x90");
    else
        pen_str(p, style, right ? "->" : "<-");
    p->col++;
}

/* Time, number and arrow; then what belongs to the client begins here, and what
 * belongs to the server a third further right. */
static void
begin(struct pen *p, const struct conversation_unit *u)
{
    const struct conversation_look *look = p->look;
    size_t width = look->width ? look->width : WIDTH_ENDLESS;
    size_t time_cols = look->time_cols;
    p->right = SIZE_MAX;
    begin_comment(p);
    if (width < p->col + time_cols + NUMBER_COLS + 4 + PAYLOAD_COLS_MIN)
        time_cols = 0;
    if (time_cols > 0)
        put_right(p, CONVERSATION_DIM, u->time, time_cols);
    put_label(p, u);
    put_arrow(p, u);
    size_t rest = width > p->col ? width - p->col : 0, shift = rest / 3;
    if (rest - shift < PAYLOAD_COLS_MIN)
        shift = rest > PAYLOAD_COLS_MIN ? rest - PAYLOAD_COLS_MIN : 0;
    if (u->kind == CONVERSATION_END || look->level)
        shift = 0;
    if (look->width)
        p->right = width;
    if (u->from == WS_SENDER_SERVER)
        p->col += shift;
    else if (look->width)
        p->right -= shift;
    p->left = p->hang = p->col;
}

/* "[3 frames, 70→150, incomplete] " */
struct notes {
    struct pen *pen;
    bool any;
};

static void
note_begin(struct notes *n)
{
    pen_str(n->pen, CONVERSATION_DIM, n->any ? ", " : "[");
    n->any = true;
}

static void
note(struct notes *n, bool wanted, enum conversation_style style,
     const char *text)
{
    if (!wanted)
        return;
    note_begin(n);
    pen_str(n->pen, style, text);
}

static void
note_unknown(struct notes *n, const struct conversation_unit *u)
{
    note_begin(n);
    pen_number(n->pen, CONVERSATION_WARNING,
               known_bytes_missing(&u->known, u->len));
    pen_str(n->pen, CONVERSATION_WARNING, " unknown");
}

static bool
is_cut(const struct conversation_unit *u)
{
    return u->has_len && u->payload.len < u->len;
}

static void
put_notes(struct pen *p, const struct conversation_unit *u)
{
    struct notes n = {.pen = p};
    if (u->n_frames > 1) {
        note_begin(&n);
        pen_count(p, CONVERSATION_DIM, u->n_frames, "frame");
    }
    if (u->compressed) {
        note_begin(&n);
        pen_number(p, CONVERSATION_DIM, u->wire_len);
        pen_str(p, CONVERSATION_DIM, p->look->utf8 ? "\xe2\x86\x92" : "->");
        if (u->has_len)
            pen_number(p, CONVERSATION_DIM, u->len);
        else
            pen_str(p, CONVERSATION_DIM, "?");
    }
    note(&n, u->resynced, CONVERSATION_WARNING, "found again");
    note(&n, u->bad_utf8, CONVERSATION_BAD, "invalid UTF-8");
    note(&n, u->inflate_error != NULL, CONVERSATION_BAD, u->inflate_error);
    if (u->known.ranges && !u->known.more && u->has_len)
        note_unknown(&n, u);
    else
        note(&n, u->incomplete && !u->inflate_error, CONVERSATION_WARNING,
             "incomplete");
    if (p->look->whole && u->payload.len > 0 && is_cut(u)) {
        note_begin(&n);
        pen_str(p, CONVERSATION_WARNING, "the first ");
        pen_number(p, CONVERSATION_WARNING, u->payload.len);
        pen_str(p, CONVERSATION_WARNING, " of ");
        pen_count(p, CONVERSATION_WARNING, u->len, "byte");
    }
    if (n.any)
        pen_str(p, CONVERSATION_DIM, "]");
    p->col += n.any;
}

/* ---- payloads ---- */

/* Text, where lines are wrapped also at its own line feeds. */
static void
put_lines(struct pen *p, struct slice text, bool more)
{
    while (text.len > 0 && !p->stop && !p->full) {
        const uint8_t *feed = NULL;
        if (p->look->whole && p->look->width)
            feed = memchr(text.ptr, '\n', text.len);
        size_t len = feed ? (size_t)(feed - text.ptr) + 1 : text.len;
        pen_put(p, CONVERSATION_PLAIN, slice_head(text, len), more && !feed);
        text = slice_skip(text, len);
        if (feed && text.len > 0)
            next_line(p);
    }
}

/* "the price is <3 unknown>, it was" */
static void
put_known(struct pen *p, const struct conversation_unit *u)
{
    uint64_t at = 0, len = u->payload.len;
    size_t i = 0;
    while (at < len && !p->stop && !p->full) {
        bool known;
        uint64_t end = known_bytes_run(&u->known, at, len, &i, &known);
        if (known) {
            put_lines(p, slice_make(u->payload.ptr + at, (size_t)(end - at)),
                      end == len && is_cut(u));
        } else {
            pen_str(p, CONVERSATION_WARNING, "<");
            pen_number(p, CONVERSATION_WARNING, end - at);
            pen_str(p, CONVERSATION_WARNING, " unknown>");
        }
        at = end;
    }
}

static void
put_text(struct pen *p, const struct conversation_unit *u)
{
    if (u->known.ranges) {
        put_known(p, u);
        return;
    }
    put_lines(p, u->payload, is_cut(u));
    if (p->look->whole && is_cut(u))
        pen_str(p, CONVERSATION_DIM, p->look->utf8 ? "\xe2\x80\xa6" : "...");
}

/* "48 65 6c", unknown bytes as "??". */
static void
put_bytes(struct pen *p, const struct conversation_unit *u)
{
    uint8_t line[LINE_BYTES];
    size_t range = 0, n = u->payload.len;
    if (n > sizeof line / 3)
        n = sizeof line / 3;
    for (size_t i = 0; i < n; i++) {
        memcpy(line + 3 * i, "?? ", 3);
        if (known_bytes_at(&u->known, i, &range))
            put_hex(line + 3 * i, u->payload.ptr + i, 1);
    }
    pen_put(p, CONVERSATION_PLAIN, slice_make(line, n > 0 ? 3 * n - 1 : 0),
            n < u->payload.len || is_cut(u));
}

/* How many bytes a line of hex holds. */
static size_t
hex_bytes(const struct pen *p, size_t offset_cols)
{
    size_t n = HEX_BYTES_MAX;
    /* "0000  " and for each byte "xx " and its character, and two gaps. */
    while (n > 4 && offset_cols + 2 + 4 * n + 2 > room(p))
        n /= 2;
    return n;
}

static void
put_hex_line(struct pen *p, const struct conversation_unit *u, size_t at,
             size_t n, size_t offset_cols, size_t *range)
{
    uint8_t hex[3 * HEX_BYTES_MAX + 3], ascii[HEX_BYTES_MAX], offset[8];
    size_t len = slice_skip(u->payload, at).len;
    uint8_t big_endian[4] = {(uint8_t)(at >> 24), (uint8_t)(at >> 16),
                             (uint8_t)(at >> 8), (uint8_t)at};
    if (len > n)
        len = n;
    put_hex(offset, big_endian, sizeof big_endian);
    pen_put(p, CONVERSATION_DIM,
            slice_make(offset + sizeof offset - offset_cols, offset_cols),
            false);
    memset(hex, ' ', sizeof hex);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = u->payload.ptr[at + i];
        uint8_t *to = hex + 2 + 3 * i + (i >= HEX_BYTES_MAX / 2);
        bool known = known_bytes_at(&u->known, at + i, range);
        if (known)
            put_hex(to, &byte, 1);
        else
            memset(to, '?', 2);
        ascii[i] = !known ? '?' : byte >= 0x20 && byte < 0x7f ? byte : '.';
    }
    pen_put(p, CONVERSATION_PLAIN,
            slice_make(hex, 3 * n + 2 + (n == HEX_BYTES_MAX)), false);
    pen_put(p, CONVERSATION_DIM, slice_make(ascii, len), false);
}

static void
put_dump(struct pen *p, const struct conversation_unit *u)
{
    size_t range = 0, offset_cols = u->payload.len > 0x10000 ? 8 : 4;
    /* As far as the screen goes, whoever sent it. */
    p->right = p->look->width ? p->look->width : SIZE_MAX;
    if (p->col > p->left)
        next_line(p);
    size_t n = hex_bytes(p, offset_cols);
    for (size_t at = 0; at < u->payload.len && !p->stop; at += n) {
        if (at > 0)
            next_line(p);
        put_hex_line(p, u, at, n, offset_cols, &range);
    }
}

static void
put_payload_hex(struct pen *p, const struct conversation_unit *u)
{
    if (p->look->whole)
        put_dump(p, u);
    else
        put_bytes(p, u);
}

/* "static const unsigned char client_message_1[5] = {": its name owes nothing
 * to the traffic. */
static void
put_declaration(struct pen *p, const struct conversation_unit *u)
{
    uint8_t line[128], *at = put_str(line, "static const unsigned char ");
    const char *from = ws_sender_name(u->from);
    at = put_mem(at, from, strlen(from));
    at = u->is_frame ? put_str(at, "_frame_") : put_str(at, "_message_");
    at = put_u64(at, u->number);
    at = put_str(at, "[");
    at = put_u64(at, u->payload.len);
    at = put_str(at, "] = {");
    pen_put(p, CONVERSATION_PLAIN, slice_make(line, (size_t)(at - line)),
            false);
}

/* "0x48, " for each byte; returns the end. */
static uint8_t *
put_elements(uint8_t *at, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        at = put_str(at, "0x");
        at = put_hex(at, bytes.ptr + i, 1);
        at = put_str(at, ", ");
    }
    return at;
}

/* "{0x48, 0x65}" */
static void
put_array_line(struct pen *p, const struct conversation_unit *u)
{
    uint8_t line[LINE_BYTES], *at = put_str(line, "{");
    struct slice bytes = slice_head(u->payload, sizeof line / 6 - 1);
    at = put_elements(at, bytes) - 2;
    bool more = bytes.len < u->payload.len || is_cut(u);
    if (!more)
        at = put_str(at, "}");
    pen_put(p, CONVERSATION_PLAIN, slice_make(line, (size_t)(at - line)), more);
}

/* Lines of an array are C, and never wrapped. */
static void
put_array(struct pen *p, const struct conversation_unit *u)
{
    uint8_t line[6 * C_BYTES];
    end_line(p);
    p->right = SIZE_MAX;
    p->hang = 4;
    put_declaration(p, u);
    for (size_t i = 0; i < u->payload.len && !p->stop; i += C_BYTES) {
        struct slice bytes = slice_head(slice_skip(u->payload, i), C_BYTES);
        uint8_t *end = put_elements(line, bytes) - 1;
        next_line(p);
        pen_put(p, CONVERSATION_PLAIN, slice_make(line, (size_t)(end - line)),
                false);
    }
    end_line(p);
    pen_str(p, CONVERSATION_PLAIN, "};");
}

static void
put_payload_c(struct pen *p, const struct conversation_unit *u)
{
    if (!p->look->whole) {
        put_array_line(p, u);
        return;
    }
    if (u->kind == CONVERSATION_DATA) {
        pen_str(p, CONVERSATION_DIM, ws_opcode_name(u->opcode));
        pen_str(p, CONVERSATION_DIM, ", ");
        pen_count(p, CONVERSATION_DIM, u->payload.len, "byte");
    }
    put_array(p, u);
}

/* ---- JSON ---- */

static void
json_line(struct pen *p, unsigned depth)
{
    size_t indent = (size_t)depth * JSON_INDENT, most = SIZE_MAX;
    /* A narrow column still has room for what is deep inside. */
    if (p->look->width)
        most = (p->right - p->left) / 2;
    p->hang = p->left + (indent < most ? indent : most);
    next_line(p);
}

static enum conversation_style
json_style(enum json_token token)
{
    return token == JSON_TOKEN_KEY ? CONVERSATION_KEY : CONVERSATION_PLAIN;
}

/* Over lines, as people lay it out. */
static void
put_json_whole(struct pen *p, struct slice json)
{
    struct json_scan s;
    struct slice text;
    enum json_token token, before = JSON_TOKEN_END;
    json_scan_init(&s, json);
    while ((token = json_scan_next(&s, &text)) != JSON_TOKEN_END &&
           token != JSON_TOKEN_BAD && !p->stop) {
        bool empty = token == JSON_TOKEN_CLOSE && before == JSON_TOKEN_OPEN;
        bool begins = before == JSON_TOKEN_OPEN || before == JSON_TOKEN_COMMA;
        /* Of a token that opens, the depth counts already. */
        unsigned depth = s.depth - (token == JSON_TOKEN_OPEN);
        if (!empty && (begins || token == JSON_TOKEN_CLOSE))
            json_line(p, depth);
        pen_put(p, json_style(token), text, false);
        if (token == JSON_TOKEN_COLON)
            pen_str(p, CONVERSATION_PLAIN, " ");
        before = token;
    }
}

/* In one line, without the blanks between its tokens. */
static void
put_json_line(struct pen *p, struct slice json)
{
    uint8_t line[4096];
    size_t len = 0;
    struct json_scan s;
    struct slice text;
    enum json_token token;
    json_scan_init(&s, json);
    while ((token = json_scan_next(&s, &text)) != JSON_TOKEN_END &&
           token != JSON_TOKEN_BAD && len < sizeof line) {
        text = slice_head(text, sizeof line - len);
        memcpy(line + len, text.ptr, text.len);
        len += text.len;
    }
    pen_put(p, CONVERSATION_PLAIN, slice_make(line, len),
            token != JSON_TOKEN_END);
}

static void
put_json(struct pen *p, const struct conversation_unit *u)
{
    if (u->known.ranges || is_cut(u) || !json_scan_is_json(u->payload)) {
        put_text(p, u);
        return;
    }
    if (p->look->whole && p->look->width && p->col > p->left)
        next_line(p);
    if (p->look->whole)
        put_json_whole(p, u->payload);
    else
        put_json_line(p, u->payload);
}

/* ---- pieces ---- */

static void
put_reserved(struct pen *p, uint8_t opcode)
{
    uint8_t hex[2];
    put_hex(hex, &opcode, 1);
    pen_str(p, CONVERSATION_BAD, "opcode 0x");
    pen_put(p, CONVERSATION_BAD, slice_make(hex, 2), false);
    p->col++;
}

static void
put_fragment(struct pen *p, const struct conversation_unit *u)
{
    pen_str(p, CONVERSATION_DIM, ws_opcode_name(u->opcode));
    pen_str(p, CONVERSATION_DIM, ", a fragment of ");
    pen_count(p, CONVERSATION_DIM, u->len, "byte");
}

/* Of a payload that is not here, or whose beginning says nothing. */
static void
put_missing(struct pen *p, const struct conversation_unit *u)
{
    pen_count(p, CONVERSATION_DIM, u->len, "byte");
    pen_str(p, CONVERSATION_DIM, ", not shown");
}

static void
put_data(struct pen *p, const struct conversation_unit *u)
{
    if (u->opcode > WS_OP_BINARY)
        put_reserved(p, u->opcode);
    put_notes(p, u);
    if (u->fragment) {
        put_fragment(p, u);
    } else if (u->payload.len == 0) {
        pen_str(p, CONVERSATION_DIM, u->has_len && u->len == 0 ? "empty" : "");
        if (u->has_len && u->len > 0)
            put_missing(p, u);
    } else if (p->look->form == CONVERSATION_C) {
        put_payload_c(p, u);
    } else if (p->look->form == CONVERSATION_HEX || u->opcode != WS_OP_TEXT) {
        put_payload_hex(p, u);
    } else if (p->look->form == CONVERSATION_JSON) {
        put_json(p, u);
    } else {
        put_text(p, u);
    }
}

/* "1000 Normal Closure: reason" */
static void
put_close(struct pen *p, const struct conversation_unit *u)
{
    uint8_t digits[PUT_U64_MAX];
    if (u->payload.len < 2 && is_cut(u)) {
        put_missing(p, u);
        return;
    }
    if (u->payload.len < 2) {
        pen_str(p, CONVERSATION_DIM,
                u->payload.len == 0 ? "no code" : "half a code");
        return;
    }
    uint16_t code = rd_load_be16(u->payload.ptr);
    struct slice reason = slice_skip(u->payload, 2);
    pen_put(p, CONVERSATION_OF_CONTROL,
            slice_make(digits, (size_t)(put_u64(digits, code) - digits)),
            false);
    pen_str(p, CONVERSATION_OF_CONTROL, " ");
    pen_str(p, CONVERSATION_OF_CONTROL, close_code_name(code));
    if (reason.len > 0)
        pen_str(p, CONVERSATION_OF_CONTROL, ": ");
    pen_put(p, CONVERSATION_PLAIN, reason, false);
}

static void
put_control(struct pen *p, const struct conversation_unit *u)
{
    enum conversation_form form = p->look->form;
    bool text = form == CONVERSATION_TEXT || form == CONVERSATION_JSON;
    if (u->opcode > WS_OP_PONG) {
        put_reserved(p, u->opcode);
    } else {
        pen_str(p, CONVERSATION_OF_CONTROL, ws_opcode_name(u->opcode));
        p->col++;
    }
    put_notes(p, u);
    if (u->opcode == WS_OP_CLOSE)
        put_close(p, u);
    else if (u->payload.len == 0 && is_cut(u))
        put_missing(p, u);
    else if (text && text_is_plain(u->payload))
        pen_put(p, CONVERSATION_PLAIN, u->payload, false);
    else if (form != CONVERSATION_C)
        put_bytes(p, u);
    if (form == CONVERSATION_C && u->payload.len > 0 &&
        (p->look->whole || u->opcode != WS_OP_CLOSE))
        put_payload_c(p, u);
}

static void
put_request(struct pen *p, const struct conversation_unit *u)
{
    if (u->text.ptr)
        pen_put(p, CONVERSATION_PLAIN, u->text, false);
    else if (u->unkept)
        pen_str(p, CONVERSATION_DIM, "the request was not kept");
    else
        pen_str(p, CONVERSATION_WARNING, "no request was captured");
}

static void
put_answer(struct pen *p, const struct conversation_unit *u)
{
    static const struct {
        const char *text;
        enum conversation_style style;
    } proofs[] = {
        [TRI_UNKNOWN] = {"not verified", CONVERSATION_WARNING},
        [TRI_NO] = {"Accept is wrong", CONVERSATION_BAD},
        [TRI_YES] = {"verified", CONVERSATION_GOOD},
    };
    if (!u->text.ptr && !u->unkept) {
        pen_str(p, CONVERSATION_WARNING, "no answer was captured");
        return;
    }
    if (u->text.ptr)
        pen_put(p, u->accepted ? CONVERSATION_PLAIN : CONVERSATION_BAD, u->text,
                false);
    else
        pen_str(p, CONVERSATION_DIM, "the answer was not kept");
    pen_str(p, CONVERSATION_PLAIN, "  ");
    if (u->accepted)
        pen_str(p, proofs[u->accept_ok].style, proofs[u->accept_ok].text);
    else
        pen_str(p, CONVERSATION_BAD, "refused");
}

static void
put_gap(struct pen *p, const struct conversation_unit *u)
{
    pen_count(p, CONVERSATION_WARNING, u->len, "byte");
    pen_str(p, CONVERSATION_WARNING,
            u->len == 1 ? " was not captured" : " were not captured");
}

/* Wrapped between words. */
static void
put_sentence(struct pen *p, enum conversation_style style, struct slice text)
{
    while (p->look->whole && p->look->width && text.len > room(p)) {
        size_t len = room(p) + 1;
        while (len > 0 && text.ptr[len - 1] != ' ')
            len--;
        if (len == 0)
            break; /* a word that no line holds */
        pen_put(p, style, slice_head(text, len - 1), false);
        text = slice_skip(text, len);
        next_line(p);
    }
    pen_put(p, style, text, false);
}

static void
put_head(struct pen *p, const struct conversation_unit *u)
{
    p->right = p->look->width ? p->look->width : SIZE_MAX;
    begin_comment(p);
    p->left = p->col;
    p->hang = p->col + 2;
    pen_put(p, CONVERSATION_STRONG, u->text, false);
}

void
conversation_write(const struct conversation_look *look,
                   const struct conversation_unit *u,
                   const struct conversation_sink *sink)
{
    struct pen p = {.look = look, .sink = sink};
    assert(look->width >= CONVERSATION_WIDTH_MIN ||
           (look->whole && look->width == 0));
    if (u->kind == CONVERSATION_HEAD)
        put_head(&p, u);
    else
        begin(&p, u);
    switch (u->kind) {
    case CONVERSATION_HEAD:
        break;
    case CONVERSATION_REQUEST:
        put_request(&p, u);
        break;
    case CONVERSATION_ANSWER:
        put_answer(&p, u);
        break;
    case CONVERSATION_DATA:
        put_data(&p, u);
        break;
    case CONVERSATION_CONTROL:
        put_control(&p, u);
        break;
    case CONVERSATION_GAP:
        put_gap(&p, u);
        break;
    case CONVERSATION_END:
        put_sentence(&p, u->accepted ? CONVERSATION_GOOD : CONVERSATION_WARNING,
                     u->text);
        break;
    }
    end_line(&p);
}
