/* SPDX-License-Identifier: MIT */
/*
 * The loopback interface, and packets to the machine's own addresses: a
 * bounded queue of copies that the net softirq passes back into lwIP. They are
 * copies because TCP keeps the sent segment for retransmission and the
 * receiver modifies the packet.
 */
#include "net/link/loopback.h"

#include "lwip/ip.h"
#include "lwip/netif.h"

#include "kernel/base.h"
#include "kernel/task/softirq.h"
#include "net/base/counters.h"
#include "net/softirq.h"

#define LOOP_QUEUE_MAX 1024
#define LOOP_MTU 1500 /* TCP_MSS follows from it; lwIP does not fragment */

static struct netif lo;
static struct pbuf *queue_head;
static struct pbuf *queue_tail;
static unsigned int queue_len;

void loopback_queue(struct netif *netif, struct pbuf *p)
{
	struct pbuf *copy;

	if (queue_len >= LOOP_QUEUE_MAX) {
		net_count(drop_loop_queue_full);
		return;
	}
	copy = pbuf_alloc(PBUF_RAW, p->tot_len, PBUF_RAM);
	if (!copy) {
		net_count(drop_loop_no_memory);
		return;
	}
	pbuf_copy_partial(p, copy->payload, p->tot_len, 0);
	copy->if_idx = netif_get_index(netif);
	if (queue_tail)
		queue_tail->next = copy;
	else
		queue_head = copy;
	queue_tail = copy;
	queue_len++;
	raise_softirq(SOFTIRQ_NET);
}

static void deliver_first(void)
{
	struct pbuf *p = queue_head;
	struct netif *netif = netif_get_by_index(p->if_idx);

	queue_head = p->next;
	if (!queue_head)
		queue_tail = NULL;
	queue_len--;
	p->next = NULL;
	if (!netif || ip_input(p, netif) != ERR_OK)
		pbuf_free(p);
}

/* Delivers what was queued at the call; true: more is queued. */
static bool turn_round(void)
{
	for (unsigned int n = queue_len; n && !net_rx_is_long(); n--)
		deliver_first();
	return queue_len != 0;
}

/* Never fails: what cannot be queued is dropped and counted. */
static err_t loopback_output(struct netif *netif, struct pbuf *p,
			     const ip4_addr_t *dest)
{
	loopback_queue(netif, p);
	return ERR_OK;
}

static err_t loopback_setup(struct netif *netif)
{
	netif->name[0] = 'l';
	netif->name[1] = 'o';
	netif->mtu = LOOP_MTU;
	netif->output = loopback_output;
	return ERR_OK;
}

int loopback_init(void)
{
	static struct net_poller poller __ro_after_init_data = {
		.stage = NET_STAGE_LOOPBACK,
		.poll = turn_round,
	};
	ip4_addr_t addr, mask, gateway;

	IP4_ADDR(&addr, 127, 0, 0, 1);
	IP4_ADDR(&mask, 255, 0, 0, 0);
	ip4_addr_set_zero(&gateway);
	netif_add(&lo, &addr, &mask, &gateway, NULL, loopback_setup, ip_input);
	netif_set_link_up(&lo);
	netif_set_up(&lo);
	net_poller_register(&poller);
	return 0;
}
