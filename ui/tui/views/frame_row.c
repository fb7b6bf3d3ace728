/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/frame_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "ui/text.h"

/* Bytes of a payload that a row can show. */
#define SHOWN_MAX 1024u

/* Where each column begins; 0: left out. */
struct columns {
    int packet, time, delta, conn, from, opcode, bits, length, payload;
};

static struct columns
columns_of(const struct tui *t, int cols)
{
    struct columns c = {0};
    int x = 6;
    /* For who looks on, few columns are better. */
    if (t->present && cols >= 70)
        cols = 69;
    if (cols >= 100) {
        c.packet = x;
        x += 8;
    }
    c.time = x;
    x += t->time == TUI_TIME_UTC ? 16 : cols >= 60 ? 13 : 9;
    if (cols >= 130) {
        c.delta = x;
        x += 12;
    }
    if (cols >= 70 && t->rows.conn == STORE_NONE) {
        c.conn = x;
        x += 6;
    }
    c.from = x;
    x += cols >= 60 ? 5 : 2;
    c.opcode = x;
    x += cols >= 60 ? 8 : 5;
    if (cols >= 60) {
        c.bits = x;
        x += cols >= 100 ? 12 : 4;
    }
    c.length = x;
    x += 8;
    c.payload = x;
    return c;
}

static bool
wide(const struct tui *t, int cols)
{
    return cols >= 100 && !t->present;
}

void
frame_row_head(struct tui *t, int y, int x, int cols)
{
    struct columns at = columns_of(t, cols);
    struct grid *g = &t->grid;
    grid_text(g, y, x + 2, 3, ROLE_STRONG, "No");
    if (at.packet)
        grid_text(g, y, x + at.packet + 3, 4, ROLE_STRONG, "Pkt");
    grid_text(g, y, x + at.time, at.from - at.time, ROLE_STRONG,
              t->time == TUI_TIME_UTC         ? "Time UTC"
              : t->time == TUI_TIME_DELTA     ? "Delta"
              : t->time == TUI_TIME_REFERENCE ? "Since *REF*"
                                              : "Time");
    if (at.delta)
        grid_text(g, y, x + at.delta, 7, ROLE_STRONG, "+Delta");
    if (at.conn)
        grid_text(g, y, x + at.conn, 5, ROLE_STRONG, "Conn");
    grid_text(g, y, x + at.from, 4, ROLE_STRONG, cols >= 60 ? "Dir" : "");
    grid_text(g, y, x + at.opcode, 7, ROLE_STRONG, "Op");
    if (at.bits)
        grid_text(g, y, x + at.bits, 11, ROLE_STRONG,
                  wide(t, cols) ? "FIN RSV M" : "FM");
    grid_text(g, y, x + at.length + 4, 3, ROLE_STRONG, "Len");
    grid_text(g, y, x + at.payload, 7, ROLE_STRONG, "Payload");
}

static void
draw_gap(struct tui *t, int y, int x, int cols, const struct columns *at,
         const struct store_frame *f)
{
    grid_format(&t->grid, y, x + at->opcode, cols - at->opcode, ROLE_GAP,
                "gap: %" PRIu64 " bytes of the %s are not in the capture",
                f->payload_len, ws_sender_name(store_frame_from(f)));
}

static void
draw_hex(struct grid *g, int y, int x, int cols, struct slice bytes,
         const struct known_bytes *known)
{
    size_t range = 0;
    for (size_t i = 0; i < bytes.len && (int)(3 * i) + 2 <= cols; i++)
        if (known_bytes_at(known, i, &range))
            grid_format(g, y, x + (int)(3 * i), 3, ROLE_FIELD_PAYLOAD, "%02x",
                        bytes.ptr[i]);
        else
            grid_text(g, y, x + (int)(3 * i), 3, ROLE_GAP, "??");
}

static void
draw_payload(struct tui *t, int y, int x, int cols, uint32_t row)
{
    struct grid *g = &t->grid;
    const struct store_frame *f = store_frame(t->store, row);
    struct store_message m;
    uint8_t bytes[SHOWN_MAX];
    bool whole;
    uint8_t opcode = store_frame_opcode(f);
    size_t n =
        (opcode == WS_OP_TEXT
             ? store_frame_text
             : store_frame_payload)(t->store, f, bytes, sizeof bytes, &whole);
    if (opcode == WS_OP_CLOSE && n >= 2) {
        int used = grid_format(g, y, x, cols, ROLE_OP_CONTROL, "%u ",
                               rd_load_be16(bytes));
        grid_put(g, y, x + used, cols - used, ROLE_FIELD_PAYLOAD,
                 slice_make(bytes + 2, n - 2), !whole);
    } else if (n == 0 && store_message_of(t->store, row, &m) &&
               m.n_frames > 1) {
        grid_format(g, y, x, cols, ROLE_DIM, "part of message %" PRIu32,
                    m.number);
    } else if (n == 0 && f->payload_len > 0) {
        grid_text(g, y, x, cols, ROLE_DIM,
                  f->flags & STORE_COMPLETE ? "(not kept)"
                                            : "(not captured whole)");
    } else if (text_is_plain(slice_make(bytes, n)) || opcode == WS_OP_TEXT) {
        grid_put(g, y, x, cols, ROLE_FIELD_PAYLOAD, slice_make(bytes, n),
                 !whole);
    } else {
        struct store_known known;
        store_frame_known(t->store, f, &known);
        draw_hex(g, y, x, cols, slice_make(bytes, n), &known.bytes);
    }
}

/* Its name in seven columns or, where there is little room, in four. */
static void
draw_opcode(struct grid *g, int y, int x, int cols, uint8_t opcode)
{
    enum role role = tui_opcode_role(opcode);
    const char *name = ws_opcode_name(opcode);
    if (opcode == WS_OP_CONT)
        grid_text(g, y, x, cols, role, "cont");
    else if (strcmp(name, "reserved") == 0)
        grid_format(g, y, x, cols, role, "op %u", opcode);
    else
        grid_text(g, y, x, cols, role,
                  cols < 6 && opcode == WS_OP_BINARY ? "bin" : name);
}

void
frame_row_draw(struct tui *t, int y, int x, int cols, uint32_t row,
               int64_t before_ns)
{
    struct grid *g = &t->grid;
    const struct store_frame *f = store_frame(t->store, row);
    struct columns at = columns_of(t, cols);
    enum ws_sender from = store_frame_from(f);
    char text[32];
    if (before_ns == 0)
        before_ns = f->time_ns;
    if (f->number)
        grid_format(g, y, x, 5, ROLE_DIM, "%5" PRIu32, f->number);
    if (at.packet)
        grid_format(g, y, x + at.packet, 7, ROLE_DIM, "%6" PRIu64, f->packet);
    tui_time(t, f->time_ns, before_ns, text, sizeof text);
    int time_cols = (at.delta ? at.delta : at.from) - at.time - 1;
    grid_text(g, y, x + at.time, time_cols, ROLE_TEXT,
              row == t->reference ? "*REF*" : text);
    if (at.delta) {
        int64_t us = (f->time_ns - before_ns) / 1000;
        grid_format(g, y, x + at.delta, 11, ROLE_DIM, "%c%" PRId64 ".%06d",
                    us < 0 ? '-' : '+', (us < 0 ? -us : us) / 1000000,
                    (int)((us < 0 ? -us : us) % 1000000));
    }
    if (at.conn)
        grid_format(g, y, x + at.conn, 5, ROLE_TEXT, "%4" PRIu32,
                    store_conn(t->store, f->conn)->conn);
    grid_text(g, y, x + at.from, 4, tui_sender_role(from),
              cols < 60 ? (from == WS_SENDER_SERVER ? "<" : ">")
              : g->utf8 ? (from == WS_SENDER_SERVER ? "S\u2192C" : "C\u2192S")
                        : (from == WS_SENDER_SERVER ? "S>C" : "C>S"));
    if (f->flags & STORE_GAP) {
        draw_gap(t, y, x, cols, &at, f);
        return;
    }
    uint8_t opcode = store_frame_opcode(f);
    draw_opcode(g, y, x + at.opcode, cols >= 60 ? 7 : 4, opcode);
    bool fin = f->byte0 & 0x80, masked = f->flags & STORE_MASKED;
    if (at.bits && wide(t, cols))
        grid_format(g, y, x + at.bits, 11, ROLE_FIELD_FLAGS, " %d  %d%d%d %d",
                    fin, f->byte0 >> 6 & 1, f->byte0 >> 5 & 1,
                    f->byte0 >> 4 & 1, masked);
    else if (at.bits)
        grid_format(g, y, x + at.bits, 3, ROLE_FIELD_FLAGS, "%c%c",
                    fin ? 'F' : '-', masked ? 'M' : '-');
    tui_bytes(f->payload_len, text, sizeof text);
    grid_format(g, y, x + at.length, 7, ROLE_FIELD_LENGTH, "%7s", text);
    int right = cols;
    if (f->severity > 0) {
        enum severity s = (enum severity)(f->severity - 1);
        const char *name = severity_name(s);
        right -= 8;
        grid_text(g, y, x + right, 8, tui_severity_role(s), name);
    }
    draw_payload(t, y, x + at.payload, right - at.payload - 1, row);
}
