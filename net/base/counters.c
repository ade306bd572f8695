/* SPDX-License-Identifier: MIT */
/*
 * The counters themselves, and their text: one "name value" a line.
 */
#include "net/base/counters.h"

#include "kernel/lib/seq_buf.h"

struct net_counters net_counters;

void net_counters_show(struct seq_buf *m)
{
#define X(name) \
	seq_printf(m, #name " %llu\n", (unsigned long long)net_counters.name);
	NET_COUNTERS(X)
#undef X
}
