/* SPDX-License-Identifier: MIT */
/*
 * lws client|server|echo PORT LOG COUNT CONNS DEFLATE SEED - libwebsockets as
 * one end of the live checks; see peer.js.  The log stays empty: what is in
 * the messages is compared with other peers.
 */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 1 << 20, ECHO_MAX = 1 << 17, FRAGMENT_MAX = 9000 };
enum role { CLIENT, SERVER, ECHO };

/* One connection; zeroed by the library. */
struct session {
    unsigned sent, got; /* messages */
    size_t to_send, at; /* of the message being sent */
    bool sending, text, in_parts, ping_due, close_due;
    unsigned char *echo; /* what came so far, or what is to go back */
    size_t echo_len;
    bool echo_text, echo_due;
};

static enum role role;
static unsigned n_messages, n_conns, n_closed;
static bool closes, compresses, failed;
static size_t largest = MESSAGE_MAX; /* message */
static uint64_t random_state;
static unsigned char *letters; /* ASCII, so that it can be cut anywhere */

static uint64_t
random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % limit;
}

static void
start_message(struct session *s)
{
    /* 4.1.6 fails an assertion when it compresses nothing, or a part. */
    s->to_send = (size_t)random_below(UINT64_C(1) << random_below(19));
    s->to_send += compresses && s->to_send == 0;
    if (s->to_send > largest)
        s->to_send = largest;
    s->at = 0;
    s->sending = true;
    s->text = random_below(2) != 0;
    s->in_parts = s->to_send > 1 && !compresses && random_below(4) == 0;
    s->ping_due = random_below(8) == 0;
}

static int
send_ping(struct lws *wsi, const char *text)
{
    unsigned char buffer[LWS_PRE + 16];
    size_t len = strlen(text);

    memcpy(buffer + LWS_PRE, text, len);
    return lws_write(wsi, buffer + LWS_PRE, len, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int
write_part(struct lws *wsi, struct session *s)
{
    static unsigned char buffer[LWS_PRE + MESSAGE_MAX];
    size_t len = s->to_send - s->at;
    int how = s->at ? LWS_WRITE_CONTINUATION
                    : (s->text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);

    if (s->in_parts && len > 1) {
        len = 1 + (size_t)random_below(len - 1);
        if (len > FRAGMENT_MAX)
            len = FRAGMENT_MAX;
    }
    if (len < s->to_send - s->at)
        how |= LWS_WRITE_NO_FIN;
    memcpy(buffer + LWS_PRE, letters + s->at, len);
    if (lws_write(wsi, buffer + LWS_PRE, len, (enum lws_write_protocol)how) < 0)
        return -1;
    s->at += len;
    if (s->at == s->to_send) {
        s->sending = false;
        s->sent++;
    }
    return 0;
}

static int
end_session(struct lws *wsi)
{
    lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, (unsigned char *)"done", 4);
    return -1;
}

static int
writeable(struct lws *wsi, struct session *s)
{
    if (s->ping_due) { /* also between the parts of a message */
        s->ping_due = false;
        lws_callback_on_writable(wsi);
        return send_ping(wsi, "between");
    }
    if (!s->sending && s->sent < n_messages)
        start_message(s);
    if (s->sending) {
        if (write_part(wsi, s) != 0)
            return -1;
        lws_callback_on_writable(wsi);
        return 0;
    }
    return closes && s->got == n_messages ? end_session(wsi) : 0;
}

static int
echo_writeable(struct lws *wsi, struct session *s)
{
    int n;

    if (s->ping_due) {
        s->ping_due = false;
        return send_ping(wsi, "there?");
    }
    if (s->close_due)
        return end_session(wsi);
    if (!s->echo_due)
        return 0;
    s->echo_due = false;
    n = lws_write(wsi, s->echo + LWS_PRE, s->echo_len,
                  s->echo_text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
    s->echo_len = 0;
    return n < 0 ? -1 : 0;
}

static bool
echo_is(const struct session *s, const char *text)
{
    return s->echo_len == strlen(text) &&
           memcmp(s->echo + LWS_PRE, text, s->echo_len) == 0;
}

static int
receive(struct lws *wsi, struct session *s, const void *in, size_t len)
{
    bool whole =
        lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;

    if (role != ECHO) {
        s->got += whole;
        lws_callback_on_writable(wsi);
        return 0;
    }
    if (!s->echo && !(s->echo = malloc(LWS_PRE + ECHO_MAX)))
        return -1;
    if (s->echo_len + len > ECHO_MAX)
        return -1;
    memcpy(s->echo + LWS_PRE + s->echo_len, in, len);
    s->echo_len += len;
    s->echo_text = !lws_frame_is_binary(wsi);
    if (!whole)
        return 0;
    s->ping_due = echo_is(s, "#ping");
    s->close_due = echo_is(s, "#close");
    s->echo_due = !s->ping_due && !s->close_due;
    if (!s->echo_due)
        s->echo_len = 0;
    lws_callback_on_writable(wsi);
    return 0;
}

static int
happens(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in,
        size_t len)
{
    struct session *s = user;

    switch (why) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
    case LWS_CALLBACK_ESTABLISHED:
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return role == ECHO ? echo_writeable(wsi, s) : writeable(wsi, s);
    case LWS_CALLBACK_CLIENT_RECEIVE:
    case LWS_CALLBACK_RECEIVE:
        return receive(wsi, s, in, len);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "lws: %s\n", in ? (const char *)in : "no connection");
        failed = true;
        n_closed++;
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_CLOSED:
        free(s->echo);
        /* It tells not of every message that it inflates. */
        if (role != ECHO &&
            (s->sent != n_messages || (!compresses && s->got != n_messages))) {
            fprintf(stderr, "lws: sent %u, got %u\n", s->sent, s->got);
            failed = true;
        }
        n_closed++;
        return 0;
    default:
        return lws_callback_http_dummy(wsi, why, user, in, len);
    }
}

static const struct lws_protocols protocols[] = {
    {"wsray-live", happens, sizeof(struct session), 65536, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static const struct lws_extension deflate[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate,
     "permessage-deflate; client_max_window_bits"},
    {NULL, NULL, NULL},
};

static void
connect_all(struct lws_context *context, int port)
{
    struct lws_client_connect_info info = {
        .context = context,
        .address = "127.0.0.1",
        .host = "127.0.0.1",
        .path = "/",
        .port = port,
        .ietf_version_or_minus_one = -1,
        .local_protocol_name = "wsray-live",
    };
    unsigned i;

    for (i = 0; i < n_conns; i++) {
        if (!lws_client_connect_via_info(&info))
            fprintf(stderr, "lws: connection %u failed\n", i);
    }
}

int
main(int argc, char **argv)
{
    struct lws_context_creation_info info = {0};
    struct lws_context *context;
    const char *closer = getenv("WSRAY_CLOSER");
    size_t i;

    if (argc != 8)
        return 2;
    if (getenv("WSRAY_LARGEST"))
        largest = strtoul(getenv("WSRAY_LARGEST"), NULL, 10);
    role = strcmp(argv[1], "client") == 0   ? CLIENT
           : strcmp(argv[1], "server") == 0 ? SERVER
                                            : ECHO;
    closes = strcmp(argv[1], closer ? closer : "client") == 0;
    compresses = strcmp(argv[6], "none") != 0;
    n_messages = (unsigned)strtoul(argv[4], NULL, 10);
    n_conns = (unsigned)strtoul(argv[5], NULL, 10);
    random_state = strtoul(argv[7], NULL, 10) * 2654435761 + 88172645463325252;
    letters = malloc(MESSAGE_MAX);
    if (!letters)
        return 1;
    for (i = 0; i < MESSAGE_MAX; i++)
        letters[i] = (unsigned char)('a' + random_below(random_below(26) + 1));

    lws_set_log_level(LLL_ERR, NULL);
    info.port = role == CLIENT ? CONTEXT_PORT_NO_LISTEN : atoi(argv[2]);
    info.iface = role == CLIENT ? NULL : "127.0.0.1";
    info.protocols = protocols;
    info.extensions = compresses ? deflate : NULL;
    info.gid = (gid_t)-1;
    info.uid = (uid_t)-1;
    context = lws_create_context(&info);
    if (!context)
        return 1;
    if (role == CLIENT)
        connect_all(context, atoi(argv[2]));
    puts("ready");
    fflush(stdout);
    while (role == ECHO || n_closed < n_conns)
        lws_service(context, 0);
    lws_context_destroy(context);
    free(letters);
    return failed;
}
