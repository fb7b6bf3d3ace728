/* SPDX-License-Identifier: MIT */
/*
 * close_code.h - names of close codes (RFC 6455 section 7.4); the table is
 * close_code.def.
 */
#ifndef UI_CLOSE_CODE_H
#define UI_CLOSE_CODE_H

#include <stdint.h>

/* The registered name, else what the range is for (section 7.4.2): "private
 * use", "unassigned", "not a close code".  Never NULL; static. */
const char *close_code_name(uint16_t code);

#endif /* UI_CLOSE_CODE_H */
