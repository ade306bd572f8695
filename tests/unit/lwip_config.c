/* SPDX-License-Identifier: MIT */
/* unit: @lwip */
/*
 * What net/lwip/lwipopts.h keeps away by leaving it out, and the numbers in it
 * that a defect of lwIP depends on. docs/lwip.md says which and why.
 */
#include <stdlib.h>

#include "bed/lwip.h"
#include "lib/tap.h"

#include "lwip/memp.h"
#include "lwip/opt.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"

#define MOST 100000 /* far above each pool's limit on the bed's 16 MiB */

static void test_left_out(void)
{
	is(LWIP_IPV6, 0, "no IPv6: no ND6, no extension headers");
	is(IP_REASSEMBLY, 0, "lwIP puts no fragments together");
	is(IP_FRAG, 0, "and makes none");
	is(IP_FORWARD, 0, "nothing is forwarded");
	is(LWIP_NETCONN + LWIP_SOCKET, 0, "lwIP's own sockets are not used");
	is(LWIP_DHCP_MAX_DNS_SERVERS, 0, "DHCP stores no name servers in lwIP");
	is(LWIP_TCP_TIMESTAMPS, 0, "no timestamps: a reset has no options");
}

static void test_references(void)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, 1, PBUF_RAM);

	for (int i = 0; i < 70000; i++)
		pbuf_ref(p);
	is(p->ref, 70001, "a pbuf counts more than 65,535 references");
	for (int i = 0; i < 70001; i++)
		pbuf_free(p);
}

static void test_pool(const char *name, memp_t type)
{
	static void *objects[MOST];
	int n = 0;

	while (n < MOST && (objects[n] = memp_malloc(type)))
		n++;
	ok(n > 0 && n < MOST, "the pool of %s ends, after %d", name, n);
	while (n > 0)
		memp_free(type, objects[--n]);
}

/* A flood of SYNs takes no connection's pcb that has data on its way. */
static void test_pools(void)
{
	test_pool("pcbs", MEMP_TCP_PCB);
	test_pool("listening pcbs", MEMP_TCP_PCB_LISTEN);
	test_pool("segments", MEMP_TCP_SEG);
	test_pool("UDP pcbs", MEMP_UDP_PCB);
	test_pool("packets that wait for ARP", MEMP_ARP_QUEUE);
	test_pool("pbufs", MEMP_PBUF);
	test_pool("pool pbufs", MEMP_PBUF_POOL);
}

/* 0043: what is counted at 32 bits' end. */
static void test_counters(void)
{
	lwip_stats.mib2.tcpinsegs = UINT32_MAX;
	lwip_stats.tcp.recv = UINT32_MAX;
	MIB2_STATS_INC(mib2.tcpinsegs);
	TCP_STATS_INC(tcp.recv);
	is(lwip_stats.mib2.tcpinsegs >> 32, 1, "counters of a MIB go on");
	is(lwip_stats.tcp.recv >> 32, 1, "those of a protocol too");
}

int main(void)
{
	bed_init();
	test_left_out();
	test_references();
	test_pools();
	test_counters();
	return done_testing();
}
