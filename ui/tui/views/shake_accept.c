/* SPDX-License-Identifier: MIT */
#include "ui/tui/views/shake_accept.h"

#include <stdio.h>
#include <string.h>

#include "dissect/digest.h"
#include "dissect/handshake.h"

/* A key that is longer is shown, but not pointed at. */
#define POINTED_MAX 40u

const char *
shake_accept_why(unsigned step)
{
    static const char *const texts[] = {
        "A plain HTTP server or a cache does not know the GUID, so it cannot "
        "give this answer by accident. The key is a nonce, not a password: it "
        "gives no secrecy and no authentication. Common mistakes: to decode "
        "the key first, to hash hexadecimal text, to forget the = at the end.",
        "The client made 16 random bytes and wrote them in base64. The server "
        "takes the text as it is; it need not decode it. Ask the class: why is "
        "the key new for each connection?",
        "The GUID is the same for every WebSocket server in the world. Who "
        "knows it has read RFC 6455, or was written by someone who has. Ask "
        "the class: why append a GUID and not just hash the key?",
        "SHA-1 turns any text into 20 bytes. Here it is not used for secrecy: "
        "it only shows that the server mixed this key with the GUID that every "
        "WebSocket server knows.",
        "20 bytes are 28 characters of base64. The client computes the same "
        "and compares; if one character differs it must fail the connection "
        "(RFC 6455 section 4.1).",
    };
    return texts[step <= SHAKE_STEPS ? step : 0];
}

bool
shake_accept_command(const struct store_handshake *h, char *out, size_t size)
{
    if (!h->key.ptr || h->key.len == 0 || h->key.len > POINTED_MAX)
        return false;
    for (size_t i = 0; i < h->key.len; i++) {
        uint8_t c = h->key.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
            !(c >= '0' && c <= '9') && c != '+' && c != '/' && c != '=')
            return false;
    }
    snprintf(out, size, "printf %%s \"%.*s%s\" | openssl sha1 -binary | base64",
             (int)h->key.len, (const char *)h->key.ptr, HANDSHAKE_GUID);
    return true;
}

/* ---- Both forms ---- */

struct drawing {
    const struct shake_accept *a;
    struct grid *g;
    struct rect r;
    int y;
    uint8_t sha1[DIGEST_SHA1_LEN];
    bool has_sha1;
};

static bool
shows(const struct drawing *d, unsigned step)
{
    return d->a->step == 0 || step <= d->a->step;
}

static bool
is_now(const struct drawing *d, unsigned step)
{
    return d->a->step == step;
}

static bool
fits(const struct drawing *d)
{
    return d->y < d->r.y + d->r.rows;
}

static int
put(const struct drawing *d, int x, enum role role, const char *text)
{
    return fits(d)
               ? grid_text(d->g, d->y, d->r.x + x, d->r.cols - x, role, text)
               : 0;
}

static int
put_slice(const struct drawing *d, int x, enum role role, struct slice text)
{
    return fits(d) ? grid_put(d->g, d->y, d->r.x + x, d->r.cols - x, role, text,
                              false)
                   : 0;
}

static void
put_hex(const struct drawing *d, int x, const uint8_t *bytes, size_t n,
        size_t group)
{
    for (size_t i = 0; i < n; i++) {
        char text[4];
        snprintf(text, sizeof text, "%02x", bytes[i]);
        put(d, x, ROLE_FIELD_PAYLOAD, text);
        x += group && (i + 1) % group == 0 ? 4 : 3;
    }
}

static size_t
first_difference(const struct store_handshake *h)
{
    size_t i = 0;
    while (i < h->accept.len && h->accept_expected[i] &&
           h->accept.ptr[i] == (uint8_t)h->accept_expected[i])
        i++;
    return i;
}

/* What the comparison says, in words. */
static const char *
comparison(const struct store_handshake *h, enum role *role)
{
    *role = ROLE_BAD;
    if (!h->accept.ptr)
        return "none came: the client must fail the connection";
    if (h->accept_ok == TRI_NO)
        return "they differ: the client must hang up";
    *role = h->accept_ok == TRI_YES ? ROLE_GOOD : ROLE_DIM;
    return h->accept_ok == TRI_YES ? "equal: the server saw this very request"
                                   : "";
}

/* Under both values, at column x: equal all along, or where they differ
 * first. */
static void
draw_comparison(struct drawing *d, int x, bool wide)
{
    const struct store_handshake *h = d->a->h;
    enum role role;
    const char *text = comparison(h, &role);
    if (!fits(d))
        return;
    int beside = x + 31, room = d->r.cols - beside;
    bool fits_beside = wide && (int)strlen(text) <= room;
    if (h->accept_ok == TRI_YES && wide) {
        grid_line(d->g, d->y, d->r.x + x, 28, ROLE_GOOD, 0x2550, '=');
    } else if (h->accept_ok == TRI_NO && h->accept.ptr) {
        int at = (int)first_difference(h);
        put(d, x + (at > 28 ? 28 : at), ROLE_BAD, "^");
        if (!wide) {
            put(d, x + (at > 28 ? 28 : at) + 2, role, "differs from here on");
            text = "";
        }
    } else {
        fits_beside = false;
        d->y--;
    }
    if (wide && !fits_beside)
        d->y++;
    put(d, fits_beside ? beside : wide ? 10 : 2, role, text);
    d->y++;
}

/* ---- The long form ---- */

static void
heading(struct drawing *d, unsigned step, const char *text, const char *right)
{
    char name[16];
    snprintf(name, sizeof name, "Step %u", step);
    put(d, 0, ROLE_KEY, is_now(d, step) ? ">" : " ");
    put(d, 1, ROLE_STRONG, name);
    put(d, 10, ROLE_STRONG, text);
    int len = (int)strlen(right);
    if (shows(d, step))
        put(d, d->r.cols - len - 1, ROLE_DIM, right);
    d->y++;
}

static void
long_key(struct drawing *d)
{
    const struct store_handshake *h = d->a->h;
    uint8_t bytes[HANDSHAKE_KEY_LEN];
    bool right = handshake_key_bytes(h->key, bytes);
    heading(d, 1,
            "take the key exactly as sent (24 characters, base64 of 16 random "
            "bytes)",
            right ? "ok" : "not so");
    int used = put_slice(d, 10, ROLE_FIELD_KEY, h->key);
    if (!right) {
        put(d, 12 + used, ROLE_BAD, "is not the text of 16 bytes");
    } else if (d->r.cols >= 100) {
        put(d, 11 + used, ROLE_DIM, "=");
        put_hex(d, 13 + used, bytes, sizeof bytes, 0);
        put(d, 14 + used + 48, ROLE_DIM, "16 bytes");
    } else {
        d->y++;
        put_hex(d, 10, bytes, sizeof bytes, 0);
    }
    d->y++;
}

/* "|___ the key ___||___ the GUID ___|" below both. */
static void
draw_braces(struct drawing *d, int x, int len, const char *name)
{
    if (!fits(d))
        return;
    grid_line(d->g, d->y, d->r.x + x, len, ROLE_DIM, 0x2500, '-');
    grid_line(d->g, d->y, d->r.x + x, 1, ROLE_DIM, 0x2514, '|');
    grid_line(d->g, d->y, d->r.x + x + len - 1, 1, ROLE_DIM, 0x2518, '|');
    int text = (int)strlen(name);
    if (text + 2 <= len)
        put(d, x + (len - text) / 2, ROLE_DIM, name);
}

static void
long_guid(struct drawing *d)
{
    const struct store_handshake *h = d->a->h;
    char chars[24];
    snprintf(chars, sizeof chars, "%zu chars", h->key.len + 36);
    heading(d, 2,
            d->r.cols >= 120
                ? "append the fixed GUID from RFC 6455 section 1.3 (text, not "
                  "bytes: the key is not decoded first)"
                : "append the fixed GUID from RFC 6455 section 1.3, as text",
            chars);
    if (!shows(d, 2)) {
        put(d, 10, ROLE_DIM, "? (n shows)");
        d->y += 2;
        return;
    }
    int used = put_slice(d, 10, ROLE_FIELD_KEY, h->key);
    put(d, 10 + used, ROLE_FIELD_OPCODE, HANDSHAKE_GUID);
    d->y++;
    if (h->key.len >= 2 && h->key.len <= POINTED_MAX &&
        used == (int)h->key.len) {
        draw_braces(d, 10, used, " the key ");
        draw_braces(d, 10 + used, 36, " the GUID ");
    }
    d->y++;
}

static void
long_hash(struct drawing *d)
{
    char text[80];
    snprintf(text, sizeof text, "SHA-1 of those %zu characters gives 20 bytes",
             d->a->h->key.len + 36);
    heading(d, 3, text, "");
    if (shows(d, 3) && d->has_sha1)
        put_hex(d, 10, d->sha1, sizeof d->sha1, 4);
    else
        put(d, 10, ROLE_DIM, shows(d, 3) ? "not computed" : "? (n shows)");
    d->y++;
}

static void
long_text(struct drawing *d)
{
    const struct store_handshake *h = d->a->h;
    bool shown = shows(d, 4);
    heading(d, 4, "base64 of the 20 bytes gives 28 characters",
            h->accept_ok == TRI_YES  ? "VERIFIED"
            : h->accept_ok == TRI_NO ? "FAILED"
                                     : "");
    put(d, 10, ROLE_DIM, "computed");
    put(d, 21, ROLE_TEXT, shown ? h->accept_expected : "?");
    d->y++;
    put(d, 10, ROLE_DIM, "received");
    if (shown && h->accept.ptr)
        put_slice(d, 21, ROLE_TEXT, h->accept);
    else
        put(d, 21, ROLE_DIM, shown ? "none" : "?");
    d->y++;
    if (!shown)
        return;
    draw_comparison(d, 21, true);
    if (d->a->mistake && fits(d)) {
        int used = put(d, 10, ROLE_BAD, "the mistake: ");
        put(d, 10 + used, ROLE_STRONG, d->a->mistake);
    }
    d->y++;
}

static void
draw_long(struct drawing *d)
{
    bool airy = d->r.y + d->r.rows - d->y >= SHAKE_ACCEPT_LONG - 1;
    long_key(d);
    d->y += airy;
    long_guid(d);
    d->y += airy;
    long_hash(d);
    d->y += airy;
    long_text(d);
}

/* ---- The short form ---- */

/* The name of a step; returns the column of its value. */
static int
name_step(struct drawing *d, unsigned step, const char *name)
{
    bool beside = d->r.cols >= SHAKE_ACCEPT_COLS;
    put(d, 0, ROLE_KEY, is_now(d, step) ? ">" : " ");
    put(d, 2, ROLE_STRONG, name);
    if (beside)
        return 21;
    d->y++;
    return 3;
}

static void
short_hash(struct drawing *d)
{
    int x = name_step(d, 3, "3 SHA-1, 20 bytes");
    if (shows(d, 3) && d->has_sha1) {
        put_hex(d, x, d->sha1, 10, 0);
        d->y++;
        put_hex(d, x, d->sha1 + 10, 10, 0);
    } else {
        put(d, x, ROLE_DIM, shows(d, 3) ? "not computed" : "?");
    }
    d->y++;
}

static void
short_steps(struct drawing *d)
{
    const struct store_handshake *h = d->a->h;
    /* Where not all fits, what was done long ago goes. */
    unsigned from = 1;
    if (d->r.rows < SHAKE_ACCEPT_SHORT - 1 && d->a->step > 0)
        from = d->a->step;
    int x;
    if (from <= 1) {
        x = name_step(d, 1, "1 key, as sent");
        put_slice(d, x, ROLE_FIELD_KEY, h->key);
        d->y++;
    }
    if (from <= 2) {
        x = name_step(d, 2, "2 append the GUID");
        if (shows(d, 2))
            put(d, x, ROLE_FIELD_OPCODE, HANDSHAKE_GUID);
        else
            put(d, x, ROLE_DIM, "? (n shows)");
        d->y++;
    }
    if (from <= 3)
        short_hash(d);
    x = name_step(d, 4, "4 base64");
    put(d, x, ROLE_TEXT, shows(d, 4) ? h->accept_expected : "?");
    d->y++;
    x = name_step(d, 5, "  received");
    if (shows(d, 4) && h->accept.ptr)
        put_slice(d, x, ROLE_TEXT, h->accept);
    else
        put(d, x, ROLE_DIM, shows(d, 4) ? "none" : "?");
    d->y++;
    if (!shows(d, 4))
        return;
    draw_comparison(d, x, false);
    if (d->a->mistake)
        put(d, 2, ROLE_BAD, d->a->mistake);
}

void
shake_accept_draw(const struct shake_accept *a, struct grid *g, struct rect r)
{
    struct drawing d = {.a = a, .g = g, .r = r, .y = r.y};
    const struct slice parts[] = {a->h->key, slice_cstr(HANDSHAKE_GUID)};
    bool big = r.rows >= SHAKE_ACCEPT_LONG - 3 && r.cols >= 80;
    d.has_sha1 = digest_sha1(parts, 2, d.sha1);
    grid_title(g, (struct rect){d.y++, r.x, 1, r.cols}, true,
               big ? "How the server proves it understood: "
                     "Sec-WebSocket-Accept  (n next step, N back, Enter all)"
                   : "Accept computation");
    d.r.x++;
    d.r.cols -= 2;
    if (big)
        draw_long(&d);
    else
        short_steps(&d);
}
