/* SPDX-License-Identifier: MIT */
#include "dissect/tcp_news.h"

#include <stdlib.h>

#include "base/budget.h"

bool
tcp_news_is_twin(const struct tcp_news *n, unsigned dir,
                 const struct pkt_meta *meta, int64_t within_ns)
{
    for (size_t i = 0; i < TCP_NEWS_PRINTS; i++) {
        const struct tcp_print *p = &n->print[dir][i];
        int64_t by = meta->time_ns - p->time_ns;
        if (p->seq == meta->seq && p->ip_id == meta->ip_id && p->time_ns != 0 &&
            by >= 0 && by <= within_ns)
            return true;
    }
    return false;
}

void
tcp_news_keep(struct tcp_news *n, unsigned dir, enum stream_tcp what,
              const struct pkt_meta *meta)
{
    if (n->n == TCP_NEWS_MAX)
        return;
    if (!n->heard)
        n->heard = malloc(TCP_NEWS_MAX * sizeof n->heard[0]);
    if (!n->heard) {
        n->no_memory = true;
        return;
    }
    n->heard[n->n++] = (struct tcp_heard){*meta, what, dir};
}

void
tcp_news_fini(struct tcp_news *n)
{
    free(n->heard);
    n->heard = NULL;
    n->n = 0;
}

size_t
tcp_news_memory(const struct tcp_news *n)
{
    return n->heard ? budget_block(TCP_NEWS_MAX * sizeof n->heard[0]) : 0;
}
