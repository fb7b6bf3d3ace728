/* SPDX-License-Identifier: MIT */
/* The opening handshake: both heads, and how the Accept hash comes about (RFC
 * 6455 section 4.2.2). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/tui/tui.h"

#define ACCEPT_ROWS 12
/* RFC 6455 section 1.3. */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* Header names whose values are not shown: screens get projected. */
static bool
is_secret(struct slice line)
{
    static const char *const names[] = {
        "cookie:", "set-cookie:", "authorization:", "proxy-authorization:"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (line.len >= len &&
            strncasecmp((const char *)line.ptr, names[i], len) == 0)
            return true;
    }
    return false;
}

static bool
is_of_websocket(struct slice line)
{
    static const char *const names[] = {"upgrade:",       "connection:",
                                        "sec-websocket-", "host:",
                                        "get ",           "http/",
                                        "origin:"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (line.len >= len &&
            strncasecmp((const char *)line.ptr, names[i], len) == 0)
            return true;
    }
    return false;
}

static void
draw_head(struct tui *t, struct rect r, const char *title, struct slice head,
          const struct stamp *at)
{
    struct grid *g = &t->grid;
    if (at->packet)
        grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, false,
                   "%s, packet %" PRIu64, title, at->packet);
    else
        grid_title(g, (struct rect){r.y, r.x, 1, r.cols}, false, "%s", title);
    if (!head.ptr) {
        grid_text(g, r.y + 1, r.x + 1, r.cols - 1, ROLE_DIM,
                  "not in the capture");
        return;
    }
    int y = r.y + 1;
    while (head.len > 0 && y < r.y + r.rows) {
        const uint8_t *end = memchr(head.ptr, '\n', head.len);
        size_t len = end ? (size_t)(end - head.ptr) : head.len;
        struct slice line = slice_head(head, len);
        head = slice_skip(head, end ? len + 1 : len);
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (line.len == 0)
            continue;
        if (is_secret(line) && !t->secrets) {
            const uint8_t *colon = memchr(line.ptr, ':', line.len);
            size_t name = (size_t)(colon - line.ptr) + 1;
            int used = grid_put(g, y, r.x + 1, r.cols - 1, ROLE_DIM,
                                slice_head(line, name), false);
            grid_text(g, y, r.x + 2 + used, r.cols - 2 - used, ROLE_DIM,
                      "[hidden; H shows]");
        } else {
            grid_put(g, y, r.x + 1, r.cols - 1,
                     is_of_websocket(line) ? ROLE_TEXT : ROLE_DIM, line, false);
        }
        y++;
    }
}

static void
draw_accept(struct tui *t, struct rect r, const struct store_handshake *h)
{
    struct grid *g = &t->grid;
    int y = r.y, x = r.x + 1, cols = r.cols - 1;
    grid_title(g, (struct rect){y++, r.x, 1, r.cols}, true,
               "How the server proves it understood: Sec-WebSocket-Accept");
    if (!h->key.ptr) {
        grid_text(g, y, x, cols, ROLE_DIM,
                  "The request with its key is not in the capture.");
        return;
    }
    grid_format(g, y++, x, cols, ROLE_STRONG,
                "1  the key exactly as sent, %zu characters", h->key.len);
    grid_put(g, y++, x + 3, cols - 3, ROLE_FIELD_KEY, h->key, false);
    grid_text(g, y++, x, cols, ROLE_STRONG,
              "2  behind it the GUID of RFC 6455 section 1.3, as text");
    int used = grid_put(g, y, x + 3, cols - 3, ROLE_FIELD_KEY, h->key, false);
    grid_text(g, y++, x + 3 + used, cols - 3 - used, ROLE_FIELD_OPCODE, GUID);
    grid_text(g, y++, x, cols, ROLE_STRONG,
              "3  SHA-1 of these characters: 20 bytes; 4  base64 of them: 28 "
              "characters");
    grid_text(g, y, x + 3, 9, ROLE_DIM, "computed");
    grid_text(g, y++, x + 13, cols - 13, ROLE_TEXT, h->accept_expected);
    grid_text(g, y, x + 3, 9, ROLE_DIM, "received");
    if (h->accept.ptr)
        grid_put(g, y, x + 13, cols - 13, ROLE_TEXT, h->accept, false);
    else
        grid_text(g, y, x + 13, cols - 13, ROLE_DIM, "none");
    y++;
    if (h->accept_ok == TRI_YES)
        grid_text(g, y, x + 3, cols - 3, ROLE_GOOD,
                  "equal: this server speaks WebSocket and saw this request");
    else if (h->accept_ok == TRI_NO)
        grid_text(g, y, x + 3, cols - 3, ROLE_BAD,
                  "they differ: the client must fail the connection");
}

static void
draw(struct tui *t, struct rect r)
{
    struct grid *g = &t->grid;
    if (t->conn == STORE_NONE) {
        grid_text(g, r.y + 1, r.x + 2, r.cols - 4, ROLE_DIM, "no connection");
        return;
    }
    const struct store_conn *c = store_conn(t->store, t->conn);
    const struct store_handshake *h = &c->handshake;
    int accept = r.rows >= 19 ? ACCEPT_ROWS : r.rows / 2;
    struct rect heads = {r.y, r.x, r.rows - accept, r.cols};
    struct rect left = heads, right = heads;
    if (r.cols >= 100) {
        left.cols = r.cols / 2 - 1;
        right.x += r.cols / 2;
        right.cols -= r.cols / 2;
    } else {
        left.rows = heads.rows * 3 / 5;
        right.y += left.rows;
        right.rows -= left.rows;
    }
    draw_head(t, left, "Request", h->request_head, &h->request);
    draw_head(t, right, "Response", h->response_head, &h->response);
    draw_accept(t, (struct rect){r.y + heads.rows, r.x, accept, r.cols}, h);
}

static bool
act(struct tui *t, enum action a)
{
    if (a != ACTION_SECRETS)
        return false;
    t->secrets = !t->secrets;
    return true;
}

static void
status(const struct tui *t, char *out, size_t size)
{
    if (t->conn != STORE_NONE)
        snprintf(out, size, "connection %" PRIu32,
                 store_conn(t->store, t->conn)->conn);
}

const struct view view_handshake = {
    .draw = draw,
    .act = act,
    .status = status,
};
