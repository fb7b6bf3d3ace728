/* SPDX-License-Identifier: MIT */
/*
 * err.h - our own failures (memory, files, arguments).
 *
 * What the traffic did wrong is never an error but a finding
 * (dissect/finding.def); a broken promise inside wsray is an assert.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_TABLE(X)                                                           \
    X(ERR_OK, "success")                                                       \
    X(ERR_NOMEM, "out of memory")                                              \
    X(ERR_LIMIT, "a configured limit was reached")                             \
    X(ERR_OPEN, "cannot be opened")                                            \
    X(ERR_READ, "cannot be read")                                              \
    X(ERR_WRITE, "cannot be written")                                          \
    X(ERR_FORMAT, "is not a capture file")                                     \
    X(ERR_DAMAGED, "is damaged or cut short")                                  \
    X(ERR_UNSUPPORTED, "is not supported")                                     \
    X(ERR_REFUSED, "was refused by the system")                                \
    X(ERR_USAGE, "bad usage")

#define ERR_ENUM(name, text) name,
enum err { ERR_TABLE(ERR_ENUM) ERR_COUNT };
#undef ERR_ENUM

/* Results that nobody looks at are bugs. */
#define ERR_CHECK __attribute__((warn_unused_result))

/* A static English text for e, without a final full stop. */
const char *err_text(enum err e);

#endif /* BASE_ERR_H */
