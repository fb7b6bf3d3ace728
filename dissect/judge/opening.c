/* SPDX-License-Identifier: MIT */
#include "dissect/judge/rules.h"

static void
judge_101(struct judge *j, const struct event_handshake *ev)
{
    if (!ev->accept.ptr && !ev->response_head->partial)
        judge_find_side(j, FINDING_HANDSHAKE_ACCEPT_MISSING, WS_SENDER_SERVER,
                        ev->response, NULL);
    else if (ev->accept_ok == TRI_NO)
        judge_find_side(j, FINDING_HANDSHAKE_ACCEPT_MISMATCH, WS_SENDER_SERVER,
                        ev->response, NULL);
}

static void
judge_refusal(struct judge *j, const struct event_handshake *ev)
{
    uint16_t status = ev->response_head->status;
    if ((status >= 300 && status < 400) || status == 401 || status == 403 ||
        status == 407)
        judge_find_side(j, FINDING_HANDSHAKE_HTTP_ANSWER, WS_SENDER_SERVER,
                        ev->response, NULL);
    else if (status != 426 && status != 101)
        judge_find_side(j, FINDING_HANDSHAKE_REFUSED, WS_SENDER_SERVER,
                        ev->response, NULL);
}

void
judge_opening(struct judge *j, const struct event_handshake *ev)
{
    /* Not judged when the answer may be what the capture lacks. */
    if (ev->answer == ANSWER_NONE)
        judge_find_side(j, FINDING_HANDSHAKE_NO_RESPONSE, WS_SENDER_SERVER,
                        ev->at, NULL);
    if (!ev->response_head)
        return;
    if (ev->accepted)
        judge_101(j, ev);
    else
        judge_refusal(j, ev);
}
