/* SPDX-License-Identifier: MIT */
/*
 * close_code.h - close codes (RFC 6455 section 7.4): names, kinds and whose
 * they are; the table is close_code.def.
 */
#ifndef DISSECT_CLOSE_CODE_H
#define DISSECT_CLOSE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "dissect/ws_frame.h"

enum close_code_kind {
    CLOSE_CODE_KIND_NORMAL = 0,
    CLOSE_CODE_KIND_ERROR,       /* its sender gave up over something wrong */
    CLOSE_CODE_KIND_LOCAL,       /* made up by a program, never on the wire */
    CLOSE_CODE_KIND_UNASSIGNED,  /* kept for the protocol or an extension */
    CLOSE_CODE_KIND_APPLICATION, /* of libraries (3000) or private (4000) */
    CLOSE_CODE_KIND_OUTSIDE,     /* below 1000 or above 4999 */
};

/* Never fails: what is not in the table is told by its range (section 7.4.2).
 */
enum close_code_kind close_code_kind(uint16_t code);

/* The registered name, else what the range is for: "private use",
 * "unassigned", "not a close code".  Never NULL; static. */
const char *close_code_name(uint16_t code);

/* What its sender says with it, a few words; NULL: only the programs know. */
const char *close_code_meaning(uint16_t code);

/* False for 1010 by the server and 1011 by the client. */
bool close_code_fits_sender(uint16_t code, enum ws_sender from);

#endif /* DISSECT_CLOSE_CODE_H */
