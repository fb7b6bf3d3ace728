/* SPDX-License-Identifier: MIT */
#include "ui/tui/layers/pick.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "ui/tui/hints.h"
#include "ui/tui/layers/filter_layer.h"
#include "ui/tui/tui.h"
#include "ui/tui/views/frame_parts.h"

/* Bytes of a payload that a filter compares. */
#define PAYLOAD_MAX 48u

/* ---- the filter ---- */

/* A string of the filter language. */
static size_t
write_string(char *out, size_t size, const uint8_t *bytes, size_t n)
{
    size_t len = (size_t)snprintf(out, size, "\"");
    for (size_t i = 0; i < n; i++) {
        uint8_t c = bytes[i];
        len += (size_t)snprintf(out + len, size - len,
                                c == '"' || c == '\\'  ? "\\%c"
                                : c < 0x20 || c > 0x7e ? "\\x%02x"
                                                       : "%c",
                                c);
    }
    return len + (size_t)snprintf(out + len, size - len, "\"");
}

/* A filter sees the payload of a data frame: with its message, which is
 * whole. */
static bool
has_payload(const struct tui *t, const struct store_frame *f)
{
    struct store_message m;
    return ws_opcode_is_control(store_frame_opcode(f)) ||
           f->flags & STORE_SINGLE ||
           (store_message_of(t->store, t->frame, &m) && !m.partly_known &&
            m.flags & STORE_MESSAGE_FINISHED);
}

/* Its payload, or the beginning of it. */
static bool
pick_payload(const struct tui *t, const struct store_frame *f,
             char out[PICK_MAX])
{
    uint8_t bytes[PAYLOAD_MAX];
    bool whole, text = store_frame_opcode(f) == WS_OP_TEXT;
    size_t n = store_frame_payload(t->store, f, bytes, sizeof bytes, &whole);
    if (store_frame_opcode(f) == WS_OP_CLOSE && n >= 2) {
        snprintf(out, PICK_MAX, "websocket.payload.close.status_code == %u",
                 rd_load_be16(bytes));
        return true;
    }
    if (n == 0 || !has_payload(t, f))
        return false;
    int at =
        snprintf(out, PICK_MAX, "websocket.payload%s", text ? ".text" : "");
    if (!whole)
        at += snprintf(out + at, PICK_MAX - (size_t)at, "[0:%zu]", n);
    at += snprintf(out + at, PICK_MAX - (size_t)at, " == ");
    if (text) {
        write_string(out + at, PICK_MAX - (size_t)at, bytes, n);
        return true;
    }
    for (size_t i = 0; i < n; i++)
        at += snprintf(out + at, PICK_MAX - (size_t)at, "%s%02x", i ? ":" : "",
                       bytes[i]);
    return true;
}

static bool
pick_opcode(const char *name, const struct store_frame *f, char out[PICK_MAX])
{
    uint8_t opcode = store_frame_opcode(f);
    struct slice word = field_value_name(FIELD_WEBSOCKET_OPCODE, opcode);
    if (word.ptr)
        snprintf(out, PICK_MAX, "%s == %.*s", name, (int)word.len,
                 (const char *)word.ptr);
    else
        snprintf(out, PICK_MAX, "%s == %u", name, opcode);
    return true;
}

static bool
pick_field(const struct tui *t, const struct store_frame *f, char out[PICK_MAX])
{
    const char *name = frame_field_info((enum frame_field)t->field)->filter;
    unsigned key[4];
    for (unsigned i = 0; i < 4; i++)
        key[i] = f->mask >> (24 - 8 * i) & 255u;
    switch ((enum frame_field)t->field) {
    case FRAME_FIELD_FIN:
        snprintf(out, PICK_MAX, "%s == %d", name, f->byte0 >> 7);
        return true;
    case FRAME_FIELD_RSV:
        snprintf(out, PICK_MAX, "%s == %d", name, f->byte0 >> 4 & 7);
        return true;
    case FRAME_FIELD_OPCODE:
        return pick_opcode(name, f, out);
    case FRAME_FIELD_MASK:
        snprintf(out, PICK_MAX, "%s == %d", name,
                 (f->flags & STORE_MASKED) != 0);
        return true;
    case FRAME_FIELD_LENGTH:
        snprintf(out, PICK_MAX, "%s == %" PRIu64, name, f->payload_len);
        return true;
    case FRAME_FIELD_KEY:
        snprintf(out, PICK_MAX, "%s == %02x:%02x:%02x:%02x", name, key[0],
                 key[1], key[2], key[3]);
        return f->flags & STORE_MASKED;
    default:
        return pick_payload(t, f, out);
    }
}

static bool
pick_frame(const struct tui *t, char out[PICK_MAX])
{
    if (t->rows.n == 0 || t->frame == STORE_NONE)
        return false;
    const struct store_frame *f = store_frame(t->store, t->frame);
    if (!(f->flags & STORE_GAP))
        return pick_field(t, f, out);
    snprintf(out, PICK_MAX, "ws.gap_len == %" PRIu64, f->payload_len);
    return true;
}

bool
pick_filter(const struct tui *t, char out[PICK_MAX])
{
    if (t->view == VIEW_FRAMES)
        return pick_frame(t, out);
    if (t->view == VIEW_FINDINGS) {
        if (t->finding == STORE_NONE)
            return false;
        const struct store_finding *f = store_finding(t->store, t->finding);
        snprintf(out, PICK_MAX, "ws.finding == %s", finding_info(f->id)->id);
        return true;
    }
    if (t->conn == STORE_NONE)
        return false;
    snprintf(out, PICK_MAX, "ws.conn == %" PRIu32,
             store_conn(t->store, t->conn)->conn);
    return true;
}

/* ---- what is done with it ---- */

static bool
pick(struct tui *t, char out[PICK_MAX])
{
    if (pick_filter(t, out))
        return true;
    tui_say(t, "no filter can be made of what is selected");
    return false;
}

void
pick_apply(struct tui *t)
{
    char text[PICK_MAX];
    if (pick(t, text))
        filter_apply(t, text);
}

static void
draw(struct tui *t, struct rect body)
{
    struct grid *g = &t->grid;
    char text[PICK_MAX];
    (void)body;
    grid_line(g, g->rows - 2, 0, g->cols, ROLE_TEXT, ' ', ' ');
    if (pick_filter(t, text))
        grid_text(g, g->rows - 2, 1, g->cols - 2, ROLE_STRONG, text);
    hints_text(t, "i is  n is not  a and  o or  Esc close");
}

/* What joins it to the filter there is. */
static void
prepare(struct tui *t, const char *before, const char *text)
{
    char all[PROMPT_MAX];
    const char *old = t->shown.text;
    int n = old && before[0] != 'n'
                ? snprintf(all, sizeof all, "(%s) %s %s", old, before, text)
                : snprintf(all, sizeof all, "%s%s",
                           before[0] == 'n' ? "not " : "", text);
    if (n < 0 || (size_t)n >= sizeof all)
        tui_say(t, "that filter is too long");
    else
        filter_ask(t, all);
}

static void
key(struct tui *t, struct tty_key key)
{
    char text[PICK_MAX];
    t->layer = NULL;
    if (!pick_filter(t, text))
        return;
    if (key.ch == 'i' || key.code == TTY_KEY_ENTER)
        filter_ask(t, text);
    else if (key.ch == 'n')
        prepare(t, "n", text);
    else if (key.ch == 'a')
        prepare(t, "&&", text);
    else if (key.ch == 'o')
        prepare(t, "||", text);
}

static const struct layer layer_pick = {.draw = draw, .key = key};

void
pick_prepare(struct tui *t)
{
    char text[PICK_MAX];
    if (pick(t, text))
        t->layer = &layer_pick;
}
