/* SPDX-License-Identifier: MIT */
#include "ui/export/payloads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "ui/json_scan.h"
#include "ui/known_bytes.h"
#include "ui/out.h"
#include "ui/put.h"
#include "ui/when.h"

#define INDEX_NAME "index.tsv"
/* Room for a line of it. */
#define LINE_MAX_LEN ((size_t)512)

struct payloads {
    struct payloads_options options;
    struct payloads_figures figures;
    struct out index; /* fd -1 until it is open */
    struct when when;
};

enum err
payloads_new(struct payloads **out, const struct payloads_options *options)
{
    struct payloads *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->options = *options;
    enum err e = out_init(&p->index, -1);
    if (e != ERR_OK) {
        free(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

void
payloads_free(struct payloads *p)
{
    if (!p)
        return;
    if (p->index.fd >= 0)
        close(p->index.fd);
    out_fini(&p->index);
    free(p);
}

/* The first failure is the one that is told. */
static void
fail(struct payloads *p, const char *name, int error)
{
    if (p->figures.error_errno != 0)
        return;
    p->figures.error_errno = error != 0 ? error : EIO;
    snprintf(p->figures.error_name, sizeof p->figures.error_name, "%s", name);
}

enum err
payloads_start(struct payloads *p)
{
    static const char columns[] = "file\tconn\tfrom\tmessage\ttime\tpacket\t"
                                  "kind\tlength\twritten\tcomplete\tunknown\n";
    p->index.fd = p->options.create(p->options.ctx, INDEX_NAME);
    if (p->index.fd < 0) {
        fail(p, INDEX_NAME, errno);
        return ERR_OPEN;
    }
    out_put(&p->index, columns, sizeof columns - 1);
    return ERR_OK;
}

/* Only objects and arrays: nobody calls a file of "1" JSON. */
static bool
is_json(struct slice text)
{
    struct json_scan scan;
    struct slice token;
    json_scan_init(&scan, text);
    return json_scan_next(&scan, &token) == JSON_TOKEN_OPEN &&
           json_scan_is_json(text);
}

static const char *
ending(const struct event_message *m)
{
    if (m->opcode != WS_OP_TEXT ||
        utf8_prefix(m->payload.ptr, m->payload.len) < m->payload.len)
        return "bin";
    return m->complete && !m->truncated && is_json(m->payload) ? "json" : "txt";
}

static void
make_name(char name[PAYLOADS_NAME_MAX], uint32_t conn,
          const struct event_message *m)
{
    bool part = !m->complete || m->truncated;
    snprintf(name, PAYLOADS_NAME_MAX, "conn-%04lu-%06llu-%s-%s.%s%s",
             (unsigned long)conn, (unsigned long long)m->number,
             ws_sender_name(m->from), ws_opcode_name(m->opcode), ending(m),
             part ? ".part" : "");
}

/* 0, or errno. */
static int
write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n > 0)
            bytes = slice_skip(bytes, (size_t)n);
        else if (n == 0 || errno != EINTR)
            return n == 0 ? ENOSPC : errno;
    }
    return 0;
}

/* 0, or errno; then nothing is left of the file, if that can be. */
static int
write_file(const struct payloads *p, const char *name, struct slice bytes)
{
    int fd = p->options.create(p->options.ctx, name);
    if (fd < 0)
        return errno;
    int error = write_all(fd, bytes);
    if (close(fd) != 0 && error == 0 && errno != EINTR)
        error = errno;
    if (error != 0 && p->options.remove)
        (void)p->options.remove(p->options.ctx, name);
    return error;
}

static void
write_line(struct payloads *p, const char *name, uint32_t conn,
           const struct event_message *m)
{
    uint8_t *at = out_reserve(&p->index, LINE_MAX_LEN);
    at = put_str(at, name);
    *at++ = '\t';
    at = put_u64(at, conn);
    *at++ = '\t';
    at = put_str(at, ws_sender_name(m->from));
    *at++ = '\t';
    at = put_u64(at, m->number);
    *at++ = '\t';
    at = when_rfc3339(&p->when, m->at.time_ns, at);
    *at++ = '\t';
    at = put_u64(at, m->at.packet);
    *at++ = '\t';
    at = put_str(at, ws_opcode_name(m->opcode));
    *at++ = '\t';
    if (m->has_len)
        at = put_u64(at, m->len);
    *at++ = '\t';
    at = put_u64(at, m->payload.len);
    at = put_str(at, m->complete ? "\tyes\t" : "\tno\t");
    const struct known_bytes known = known_bytes_of(m);
    at = put_u64(at, known_bytes_missing(&known, m->payload.len));
    *at++ = '\n';
    out_commit(&p->index, at);
}

static void
on_event(void *ctx, const struct event *event)
{
    struct payloads *p = ctx;
    const struct event_message *m = event->message;
    char name[PAYLOADS_NAME_MAX];
    if (event->type != EVENT_MESSAGE || p->figures.error_errno != 0)
        return;
    make_name(name, event->conn, m);
    int error = write_file(p, name, m->payload);
    if (error != 0) {
        fail(p, name, error);
        return;
    }
    write_line(p, name, event->conn, m);
    if (out_over(&p->index))
        fail(p, INDEX_NAME, p->index.error_errno);
    p->figures.files++;
    p->figures.bytes += m->payload.len;
    p->figures.cut += m->complete && m->truncated;
}

struct event_sink
payloads_sink(struct payloads *p)
{
    return (struct event_sink){.wants = 1u << EVENT_MESSAGE,
                               .keep = SIZE_MAX, /* --message-keep */
                               .least = SEVERITY_ERROR,
                               .ctx = p,
                               .event = on_event};
}

void
payloads_finish(struct payloads *p)
{
    if (out_flush(&p->index) != ERR_OK)
        fail(p, INDEX_NAME, p->index.error_errno);
}

const struct payloads_figures *
payloads_figures(const struct payloads *p)
{
    return &p->figures;
}
