/* SPDX-License-Identifier: MIT */
#include "capture/tcp.h"

/* Kinds: IANA "TCP Parameters", option kind numbers. */
enum tcp_option_kind {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_WSCALE = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_TIMESTAMPS = 8,
};

static void
take_option(uint8_t kind, struct slice body, struct tcp_options *out)
{
    if (kind == OPTION_MSS && body.len == 2) {
        out->has_mss = true;
        out->mss = rd_load_be16(body.ptr);
    } else if (kind == OPTION_WSCALE && body.len == 1) {
        out->has_wscale = true;
        /* RFC 7323 section 2.3: a larger count is used as 14. */
        out->wscale =
            body.ptr[0] < TCP_WSCALE_MAX ? body.ptr[0] : TCP_WSCALE_MAX;
    } else if (kind == OPTION_SACK_PERMITTED && body.len == 0) {
        out->sack_permitted = true;
    } else if (kind == OPTION_TIMESTAMPS && body.len == 8) {
        out->has_timestamps = true;
        out->ts_value = rd_load_be32(body.ptr);
        out->ts_echo = rd_load_be32(body.ptr + 4);
    }
}

void
tcp_options_parse(struct slice options, struct tcp_options *out)
{
    *out = (struct tcp_options){0};
    uint8_t kind;
    while (rd_u8(&options, &kind) && kind != OPTION_END) {
        uint8_t len;
        struct slice body;
        if (kind == OPTION_NOP)
            continue;
        /* The length counts kind and length themselves. */
        if (!rd_u8(&options, &len) || len < 2 ||
            !rd_bytes(&options, len - 2u, &body))
            return;
        take_option(kind, body, out);
    }
}
