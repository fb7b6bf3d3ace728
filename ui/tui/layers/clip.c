/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/clip.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "ui/export/har.h"
#include "ui/json_parts.h"
#include "ui/json_write.h"
#include "ui/put.h"
#include "ui/text.h"
#include "ui/tui/layers/pick.h"
#include "ui/tui/screen/picture.h"
#include "ui/tui/store/replay.h"
#include "ui/tui/views/frame_parts.h"

/* Bytes that are read at a time: a multiple of three (base64), four (the
 * masking key) and twelve (a line of a C array). */
#define PIECE_LEN 12288u
#define C_LINE_LEN 12u
/* Longest value of a field, with NUL. */
#define FIELD_MAX 256u
/* Columns of a time in a conversation: "12345.678901". */
#define CLIP_TIME_COLS 12u
/* Memory that a HAR may take while it is made, bytes. */
#define HAR_INDEX_MAX ((size_t)64 << 20)

#define CLIP(symbol, key, can, name, help) {key, can, name, help},
static const struct clip_info infos[] = {
#include "ui/tui/layers/clip.def"
};
#undef CLIP

const struct clip_info *
clip_info(enum clip c)
{
    return &infos[c];
}

/* What is known of the payload of a frame, or of the message it ends. */
struct payload {
    const struct store *store;
    const struct store_frame *frame;
    bool of_message; /* else the frame's own */
    struct store_message message;
    uint64_t len; /* bytes that are kept */
    bool whole;   /* that is all of it */
    struct store_known known;
};

static void
payload_of(const struct tui *t, struct payload *p)
{
    const struct store_frame *f = store_frame(t->store, t->frame);
    const struct store_message *m = &p->message;
    p->store = t->store;
    p->frame = f;
    p->len = 0;
    p->whole = false;
    p->known.bytes = (struct known_bytes){0};
    p->of_message = store_message_of(t->store, t->frame, &p->message);
    if (p->of_message) {
        p->len = m->flags & STORE_MESSAGE_KEPT ? m->kept : 0;
        p->whole = (m->flags & STORE_MESSAGE_DONE) &&
                   !(m->flags & STORE_MESSAGE_TRUNCATED);
        store_message_known(t->store, m, &p->known);
    } else if (f->flags & STORE_PAYLOAD) {
        p->len = f->plain_len;
        p->whole = p->len == f->payload_len;
    }
}

static size_t
read_piece(const struct payload *p, uint64_t off, uint8_t *out, size_t cap)
{
    uint8_t all[UINT8_MAX];
    bool whole;
    if (p->of_message)
        return store_message_payload(p->store, &p->message, off, out, cap);
    size_t n = store_frame_payload(p->store, p->frame, all, sizeof all, &whole);
    n = off < n ? n - (size_t)off : 0;
    n = n < cap ? n : cap;
    memcpy(out, all + off, n);
    return n;
}

typedef void (*piece_fn)(struct out *o, const uint8_t *bytes, size_t n);

/* One piece that stands at offset off; unknown: stands for each byte that is
 * not known, NULL: they are zeros. */
static void
put_piece(const struct payload *p, uint64_t off, struct slice bytes,
          struct out *o, piece_fn put, const char *unknown)
{
    uint64_t from = off, end = off + bytes.len;
    size_t range = 0;
    while (off < end) {
        bool known = true;
        uint64_t stop = end;
        if (unknown)
            stop = known_bytes_run(&p->known.bytes, off, end, &range, &known);
        if (known)
            put(o, bytes.ptr + (off - from), (size_t)(stop - off));
        for (uint64_t i = off; !known && i < stop; i++)
            out_put(o, unknown, strlen(unknown));
        off = stop;
    }
}

/* Hands out the payload, max bytes at most, as it is or as it was masked. */
static void
each_piece(const struct payload *p, uint64_t max, bool masked, struct out *o,
           piece_fn put, const char *unknown)
{
    uint8_t bytes[PIECE_LEN];
    uint64_t end = p->len < max ? p->len : max;
    for (uint64_t off = 0; off < end;) {
        uint64_t left = end - off;
        size_t n =
            read_piece(p, off, bytes,
                       left < sizeof bytes ? (size_t)left : sizeof bytes);
        if (n == 0)
            return;
        for (size_t i = 0; masked && i < n; i++)
            bytes[i] ^= (uint8_t)(p->frame->mask >> (8 * (3 - (off + i) % 4)));
        put_piece(p, off, slice_make(bytes, n), o, put, unknown);
        off += n;
    }
}

static void
put_raw(struct out *o, const uint8_t *bytes, size_t n)
{
    out_put(o, bytes, n);
}

static void
put_digits_of(struct out *o, const uint8_t *bytes, size_t n)
{
    uint8_t *p = out_reserve(o, 2 * n);
    out_commit(o, put_hex(p, bytes, n));
}

static void
put_elements(struct out *o, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[8];
        int len = snprintf(text, sizeof text, " 0x%02x,", bytes[i]);
        if (i % C_LINE_LEN == 0)
            out_put(o, "\n   ", 4);
        out_put(o, text, (size_t)len);
    }
}

/* Whether terminals and shells can be trusted with it when it is pasted. */
static bool
is_harmless(const struct payload *p, uint64_t max)
{
    uint8_t bytes[PIECE_LEN];
    size_t keep = 0;
    for (uint64_t off = 0, end = p->len < max ? p->len : max; off < end;) {
        size_t n = read_piece(p, off, bytes, sizeof bytes);
        struct slice all = slice_make(bytes, n);
        for (size_t i = 0, range = 0; i < n; i++)
            if (!known_bytes_at(&p->known.bytes, off + i, &range))
                bytes[i] = '?'; /* has a mark instead */
        /* A character may go on in the next piece. */
        for (keep = 0; keep < 4 && keep < n && off + n < end; keep++)
            if (text_is_plain(slice_head(all, n - keep)))
                break;
        if (n == 0 || !text_is_plain(slice_head(all, n - keep)))
            return false;
        off += n - keep;
    }
    return true;
}

static const char *
write_text(const struct payload *p, uint64_t max, struct out *o)
{
    if (!is_harmless(p, max))
        return "it is no plain text: hex shows it, w saves it";
    each_piece(p, max, false, o, put_raw, KNOWN_BYTES_MARK);
    return NULL;
}

/* Why a frame cannot be had as it was on the wire; NULL: it can. */
static const char *
frame_refusal(const struct payload *p)
{
    const struct store_frame *f = p->frame;
    if (f->flags & STORE_COMPRESSED)
        return "of a compressed frame only what it inflates to is kept";
    if (p->of_message && p->message.n_frames > 1)
        return "of a fragment only its message is kept";
    if (p->len != f->payload_len)
        return "not all of the frame is kept";
    return NULL;
}

static void
write_frame(const struct payload *p, uint64_t max, struct out *o, piece_fn put)
{
    uint8_t header[14];
    size_t n = frame_header_bytes(p->frame, header);
    put(o, header, n);
    each_piece(p, max, p->frame->flags & STORE_MASKED, o, put, NULL);
}

static void
write_c(const struct payload *p, uint64_t max, struct out *o)
{
    static const char head[] = "static const unsigned char frame[] = {";
    out_put(o, head, sizeof head - 1);
    write_frame(p, max, o, put_elements);
    out_put(o, "\n};\n", 4);
}

/* A string of JSON, as in `wsray json`. */
static void
write_marked(const struct payload *p, struct slice text, struct out *o)
{
    struct buf marked;
    if (!p->known.bytes.ranges) {
        (void)json_write_string(o, text);
        return;
    }
    buf_init(&marked, KNOWN_BYTES_MARK_LEN * PIECE_LEN);
    (void)known_bytes_mark(&p->known.bytes, text, &marked);
    (void)json_write_string(o, buf_slice(&marked));
    buf_fini(&marked);
}

/* The names are those of `wsray json`, as far as they are known here. */
static void
write_json(const struct tui *t, const struct payload *p, uint64_t max,
           struct out *o)
{
    const struct store_frame *f = p->frame;
    uint8_t opcode = store_frame_opcode(f);
    out_format(o,
               "{\"conn\":%" PRIu32 ",\"from\":\"%s\",\"frame\":%" PRIu32
               ",\"packet\":%" PRIu64 ",\"offset\":%" PRIu64
               ",\"fin\":%s,\"rsv\":%u,\"opcode\":%u,\"name\":\"%s\"",
               store_conn(t->store, f->conn)->conn,
               ws_sender_name(store_frame_from(f)), f->number, f->packet,
               f->offset, f->byte0 & 0x80 ? "true" : "false",
               f->byte0 >> 4 & 7u, opcode, ws_opcode_name(opcode));
    if (f->flags & STORE_MASKED)
        out_format(o, ",\"masked\":true,\"mask\":\"%08" PRIx32 "\"", f->mask);
    else
        out_format(o, ",\"masked\":false,\"mask\":null");
    out_format(o, ",\"length\":%" PRIu64 ",\"complete\":%s", f->payload_len,
               f->flags & STORE_COMPLETE ? "true" : "false");
    uint8_t bytes[PIECE_LEN];
    size_t n =
        read_piece(p, 0, bytes, max < PIECE_LEN ? (size_t)max : PIECE_LEN);
    if (p->of_message)
        out_format(o, ",\"message\":%" PRIu32, p->message.number);
    bool text = p->of_message && p->message.opcode == WS_OP_TEXT &&
                !(p->message.flags & STORE_MESSAGE_BAD_UTF8);
    out_format(o, ",\"%s\":", text ? "text" : "base64");
    if (text)
        write_marked(p, slice_make(bytes, n), o);
    else
        json_write_base64(o, slice_make(bytes, n));
    if (p->known.bytes.ranges) {
        out_format(o, ",\"known\":");
        json_write_known(o, &p->known.bytes);
    }
    out_format(o, ",\"truncated\":%s}\n",
               n < p->len || !p->whole ? "true" : "false");
}

/* All of it, as `wsray follow` has it. */
static const char *
write_talk(struct tui *t, uint64_t max, struct out *o)
{
    struct talk talk = {.options = t->talk_rows.options};
    struct conversation_out to = {.out = o};
    struct conversation_sink sink = conversation_out_sink(&to);
    struct conversation_look look = {.form = t->talk_rows.form,
                                     .utf8 = t->grid.utf8,
                                     .whole = true,
                                     .time_cols = CLIP_TIME_COLS};
    uint8_t bytes[PIECE_LEN];
    struct talk_payload room;
    room.bytes = bytes;
    room.cap = sizeof bytes;
    talk_update(&talk, t->store, t->conn, tui_conn_rows(t), true);
    for (size_t row = 0; row < talk_rows(&talk); row++) {
        char time[32];
        int64_t time_ns;
        struct conversation_unit u =
            talk_unit(&talk, t->store, row, &room, &time_ns);
        tui_time(t, time_ns, time_ns, time, sizeof time);
        u.time = slice_cstr(time);
        conversation_write(&look, &u, &sink);
        if (out_over(o) || o->written + o->len > max)
            break;
    }
    talk_fini(&talk);
    return o->written + o->len > max ? "too long" : NULL;
}

/* As `wsray export har`, without what only the end of a connection tells.
 * Cookies and credentials as on the screen: hidden until H shows them. */
static const char *
write_har(struct tui *t, struct out *o)
{
    const struct har_options options = {
        .version = PACKAGE_VERSION,
        .comment = "saved from the terminal interface",
        .no_secrets = !t->secrets,
        .index_max = HAR_INDEX_MAX,
        .has_scratch = true,
        .scratch = t->owner ? t->owner->scratch : -1,
    };
    struct har *har;
    if (har_new(&har, &options, o) != ERR_OK)
        return "no memory, or no room for files without a name";
    struct event_sink sink = har_sink(har);
    bool all = replay_conn(t->store, t->conn, tui_conn_rows(t), &sink);
    har_finish(har);
    all &= har_figures(har)->left_out == 0;
    har_free(har);
    return all ? NULL : "not all of it: no memory";
}

/* As a word of a shell, whatever the name is. */
static void
put_quoted(struct out *o, const char *name)
{
    out_put(o, "'", 1);
    for (; *name; name++)
        if (*name == '\'')
            out_put(o, "'\\''", 4);
        else
            out_put(o, name, 1);
    out_put(o, "'", 1);
}

static const char *
write_command(const struct tui *t, struct out *o)
{
    if (!t->file)
        return "only what is read from one file can be exported so; -w saves "
               "what is live";
    if (!text_is_plain(slice_cstr(t->file)) || strchr(t->file, '\n'))
        return "the name of the file is no plain text";
    uint32_t conn = store_conn(t->store, t->conn)->conn;
    out_format(o,
               "wsray export har --conn %" PRIu32 " -w conn-%" PRIu32 ".har ",
               conn, conn);
    put_quoted(o, t->file);
    return NULL;
}

static const char *
write_filter(const struct tui *t, struct out *o)
{
    char picked[PICK_MAX];
    const char *text = t->shown.text;
    if (!text && pick_filter(t, picked))
        text = picked;
    if (!text)
        return "there is none, and none for what is selected";
    out_put(o, text, strlen(text));
    return NULL;
}

static const char *
write_field(const struct tui *t, struct out *o)
{
    char value[FIELD_MAX];
    frame_field_value(store_frame(t->store, t->frame),
                      (enum frame_field)t->field, value, sizeof value);
    out_put(o, value, strlen(value));
    return value[0] ? NULL : "the field has no value";
}

/* What is of more than a frame; false: it is of a frame. */
static bool
write_other(struct tui *t, enum clip c, uint64_t max, struct out *o,
            const char **why)
{
    *why = NULL;
    switch (c) {
    case CLIP_SCREEN:
        grid_write(&t->grid, o);
        return true;
    case CLIP_PICTURE:
        picture_write(&t->grid, o);
        return true;
    case CLIP_TALK:
        *why = write_talk(t, max, o);
        return true;
    case CLIP_HAR:
        *why = write_har(t, o);
        return true;
    case CLIP_FILTER:
        *why = write_filter(t, o);
        return true;
    case CLIP_EXPORT:
        *why = write_command(t, o);
        return true;
    default:
        return false;
    }
}

const char *
clip_refuses(const struct tui *t, enum clip c)
{
    bool of_conn = c == CLIP_TALK || c == CLIP_HAR || c == CLIP_EXPORT;
    if (of_conn && t->conn == STORE_NONE)
        return "no connection is selected";
    if ((c == CLIP_HAR || c == CLIP_EXPORT) && t->present)
        return "names of machines and files are hidden (P)";
    if (c >= CLIP_TALK)
        return NULL;
    if (t->frame == STORE_NONE)
        return "no frame is selected";
    struct payload p;
    payload_of(t, &p);
    if (p.frame->flags & STORE_GAP)
        return "a gap has no bytes";
    return c == CLIP_FRAME || c == CLIP_C_ARRAY ? frame_refusal(&p) : NULL;
}

const char *
clip_write(struct tui *t, enum clip c, uint64_t max, struct out *o)
{
    struct payload p;
    const char *why = clip_refuses(t, c);
    if (why || write_other(t, c, max, o, &why))
        return why;
    payload_of(t, &p);
    switch (c) {
    case CLIP_FIELD:
        return write_field(t, o);
    case CLIP_TEXT:
        why = write_text(&p, max, o);
        break;
    case CLIP_BYTES:
        each_piece(&p, max, false, o, put_raw, NULL);
        break;
    case CLIP_HEX:
        each_piece(&p, max, false, o, put_digits_of, "??");
        break;
    case CLIP_FRAME:
        write_frame(&p, max, o, put_digits_of);
        break;
    case CLIP_C_ARRAY:
        write_c(&p, max, o);
        break;
    case CLIP_JSON:
        write_json(t, &p, max, o);
        break;
    default:
        break;
    }
    if (!why && (p.len > max || !p.whole) && c != CLIP_JSON)
        why = p.len > max ? "too long" : "cut: only its beginning is kept";
    if (!why && c == CLIP_BYTES && p.known.bytes.ranges)
        why = "bytes that are not known are zeros";
    return why;
}
