/* SPDX-License-Identifier: MIT */
/*
 * ws_ext.h - Sec-WebSocket-Extensions (RFC 6455 section 9.1) and the
 * parameters of permessage-deflate (RFC 7692 section 7.1).
 *
 *   extension-list  = 1#extension
 *   extension       = extension-token *( ";" extension-param )
 *   extension-param = token [ "=" ( token | quoted-string ) ]
 *
 * With white space allowed between all of these (the "implied *LWS" of
 * RFC 2616 section 2.1, which RFC 6455 uses) and empty list elements.
 */
#ifndef DISSECT_WS_EXT_H
#define DISSECT_WS_EXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define WS_EXT_MAX 16u        /* extensions kept of one head */
#define WS_EXT_PARAMS_MAX 32u /* parameters kept of one head, all together */

struct ws_ext_param {
    struct slice name;
    /* Of a quoted-string what stands between the quotes, backslash escapes as
     * sent (see escaped).  ptr NULL: no value. */
    struct slice value;
    bool quoted;  /* the value was a quoted-string */
    bool escaped; /* ... with backslashes: ws_ext_value() takes them out */
};

/* Parameters of permessage-deflate; absent and invalid ones are 15 and
 * false. */
struct ws_deflate_params {
    uint8_t client_max_window_bits; /* 8..15 */
    uint8_t server_max_window_bits; /* 8..15 */
    bool client_no_context_takeover;
    bool server_no_context_takeover;
    /* Something in them breaks RFC 7692 section 7.1 (unknown or repeated
     * name, value missing, out of range or where none may stand): a client
     * must fail the connection.  Such a parameter is passed over. */
    bool invalid;
};

/* One element called permessage-deflate.  The same words mean less in an offer
 * (RFC 7692 section 7.1.2.2): there client_max_window_bits may stand without
 * a value. */
struct ws_deflate_element {
    struct ws_deflate_params params; /* read as those of a response */
    bool offer_invalid;              /* a server must decline it */
    bool has_client_window;          /* client_max_window_bits, with or without
                                        a value */
    bool has_server_window;          /* server_max_window_bits=8..15 */
    /* The first parameter that makes it invalid as a response, and as an
     * offer, as sent; ptr NULL: none. */
    struct slice fault, offer_fault;
};

struct ws_ext {
    struct slice name;
    size_t first_param; /* index into ws_ext_list.params */
    size_t n_params;
    bool is_deflate;                   /* it is permessage-deflate */
    struct ws_deflate_element deflate; /* with is_deflate; all parameters */
};

/* Elements in the order sent, over all header lines. */
struct ws_ext_list {
    size_t n;
    struct ws_ext ext[WS_EXT_MAX];
    size_t n_params;
    struct ws_ext_param params[WS_EXT_PARAMS_MAX];
    bool malformed; /* the grammar was broken somewhere */
    bool truncated; /* more extensions or parameters than are kept */
    /* permessage-deflate is among them, kept or not; of several the first
     * one, with all its parameters, read as those of a response. */
    bool has_deflate;
    struct ws_deflate_params deflate;
};

/* Empties the list; needed before the first ws_ext_parse(). */
void ws_ext_init(struct ws_ext_list *list);

/*
 * Adds the extensions of one header line to list; call it for each of the
 * repeated lines, in order.  Slices point into value.
 *
 * Never fails: what breaks the grammar sets list->malformed and is passed
 * over up to the next ";" or ",", what does not fit sets list->truncated, and
 * permessage-deflate is found even then.
 */
void ws_ext_parse(struct ws_ext_list *list, struct slice value);

/* Escaped values are shown up to this length; a token for which escapes make
 * sense at all has a few bytes. */
#define WS_EXT_VALUE_MAX 1024u

/*
 * Writes the value of param, backslash escapes taken out (RFC 9110 section
 * 5.6.4), into out.  Returns its length, at most max; a longer value is cut.
 */
size_t ws_ext_value(const struct ws_ext_param *param, uint8_t *out, size_t max);

/*
 * Finds permessage-deflate among the agreed extensions (those of the
 * response).  False: not agreed, *out untouched.
 */
bool ws_ext_deflate_agreed(const struct ws_ext_list *agreed,
                           struct ws_deflate_params *out);

#endif /* DISSECT_WS_EXT_H */
