/* SPDX-License-Identifier: MIT */
#include "ui/confine.h"

#include <stdio.h>
#include <string.h>

enum err
confine_plan(struct confine *c, const struct options *o,
             const struct broker_dir *dirs, size_t n_dirs,
             struct guard_error *e)
{
    struct broker_options broker = {.dirs = dirs,
                                    .n_dirs = n_dirs,
                                    .privileges = &c->privileges,
                                    .sandbox = !o->no_sandbox};
    enum err err = privileges_plan(&c->privileges, o->user, e);
    c->keeps_rights = err == ERR_UNSUPPORTED && !o->user;
    if (c->keeps_rights)
        broker.privileges = NULL;
    else if (err != ERR_OK)
        return err;
    if (o->ifaces.n > 0 && c->privileges.reason == PRIVILEGES_BOUND)
        return guard_fail(e, ERR_REFUSED, 0,
                          "no right to become another user than root "
                          "(CAP_SETUID, CAP_SETGID); -Z root stays root");
    c->privileges.undumpable = o->ifaces.n > 0;
    if (n_dirs == 0)
        return ERR_OK;
    err = broker_start(&c->broker, &broker, e);
    c->has_broker = err == ERR_OK;
    return err == ERR_UNSUPPORTED ? ERR_OK : err;
}

enum err
confine_enter(struct confine *c, const struct options *o, const int *read_only,
              size_t n, struct guard_error *e)
{
    struct sandbox_options sandbox = {
        .profile = SANDBOX_DECODER,
        .socket = c->has_broker ? c->broker.socket : -1,
        .read_only = read_only,
        .n_read_only = n,
    };
    sandbox_prepare();
    enum err err =
        c->keeps_rights ? ERR_OK : privileges_drop(&c->privileges, e);
    if (err != ERR_OK || o->no_sandbox)
        return err;
    err = sandbox_enter(&sandbox, &c->state, e);
    return err == ERR_UNSUPPORTED ? ERR_OK : err;
}

void
confine_describe(const struct confine *c, char *out, size_t size)
{
    char walls[128];
    if (c->keeps_rights)
        snprintf(out, size, "with the rights of who started it");
    else
        privileges_describe(&c->privileges, out, size);
    sandbox_describe(&c->state, walls, sizeof walls);
    size_t len = strlen(out);
    snprintf(out + len, size - len, ", %s", walls);
}

struct broker *
confine_broker(struct confine *c)
{
    return c->has_broker ? &c->broker : NULL;
}

void
confine_end(struct confine *c)
{
    if (c->has_broker)
        broker_stop(&c->broker);
    c->has_broker = false;
}
