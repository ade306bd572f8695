/* SPDX-License-Identifier: MIT */
/*
 * The interface over the network device: received frames are checked and
 * wrapped, without a copy, into pbufs that live in the driver's buffers;
 * addresses come from the command line or from DHCP.
 */
#include "net/link/eth.h"

#include <stdio.h>
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "netif/ethernet.h"

#include "drivers/netdev.h"
#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/page.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/base/rx_buffers.h"
#include "net/link/dhcp.h"
#include "net/link/eth_tx.h"
#include "net/link/frame.h"
#include "net/link/ipconfig.h"
#include "net/link/link.h"
#include "net/link/loopback.h"
#include "net/lwip/pcb_table.h"
#include "net/softirq.h"

/* Frames in one run of the softirq. */
#define RX_BUDGET 64

static struct netif eth;
static struct netdev *dev; /* NULL without a device */
static bool uses_dhcp;
static uint64_t started_ns;

_Static_assert(sizeof(struct pbuf_custom) <= sizeof(((struct rx_buf *)0)->priv),
	       "a pbuf fits into the driver's buffer header");

static void rx_buffer_free(struct pbuf *p)
{
	struct rx_buf *buf = container_of((void *)p, struct rx_buf, priv);

	rx_buffer_put();
	netdev_rx_free(buf);
}

static void count_drop(enum frame_verdict why)
{
	switch (why) {
	case FRAME_RUNT:
		net_count(drop_runt);
		break;
	case FRAME_OVERSIZE:
		net_count(drop_oversize);
		break;
	case FRAME_FOREIGN:
		net_count(drop_foreign);
		break;
	default:
		net_count(drop_unknown_type);
	}
}

/* Zeros what follows a short frame, so that no stale bytes are read. */
static void zero_fill(struct rx_buf *buf)
{
	if (buf->len < ETH_MIN_LEN)
		memset(buf->data + buf->len, 0, ETH_MIN_LEN - buf->len);
}

static void eth_rx(struct netdev *netdev, struct rx_buf *buf)
{
	struct pbuf_custom *pc = (struct pbuf_custom *)buf->priv;
	enum frame_verdict v = frame_check(buf->data, buf->len, netdev->mac,
					   netdev->mtu);
	struct pbuf *p;

	if (v != FRAME_OK) {
		count_drop(v);
		netdev_rx_free(buf);
		return;
	}
	zero_fill(buf);
	pc->custom_free_function = rx_buffer_free;
	p = pbuf_alloced_custom(PBUF_RAW, buf->len, PBUF_REF, pc, buf->data,
				buf->size);
	rx_buffer_hold();
	if (!p) {
		rx_buffer_free(&pc->pbuf);
		return;
	}
	if (eth.input(p, &eth) != ERR_OK)
		pbuf_free(p);
	netdev->pause = net_rx_is_long();
}

/* The device decides how often the link changes: logs at most once a second. */
static void log_link(bool up)
{
	static uint64_t next_ns;
	uint64_t now = ktime_get_ns();

	if (now < next_ns)
		return;
	next_ns = now + NSEC_PER_SEC;
	pr_notice("net: %s link %s", LINK_NAME_ETH, up ? "up" : "down");
}

static void eth_link_changed(struct netdev *netdev)
{
	struct net_link link;

	if (netdev->link_up == !!netif_is_link_up(&eth))
		return;
	log_link(netdev->link_up);
	if (netdev->link_up)
		netif_set_link_up(&eth);
	else
		netif_set_link_down(&eth);
	net_link_get(LINK_ETH, &link);
	net_link_tell_carrier(&link, netdev->link_up);
}

static err_t eth_linkoutput(struct netif *netif, struct pbuf *p)
{
	eth_tx(dev, p);
	return ERR_OK;
}

/*
 * Packets to our own address go to the loopback queue. An error of ARP (no
 * gateway, a full table) is not returned: lwIP shall take the packet for lost,
 * not for unsent.
 */
static err_t eth_output(struct netif *netif, struct pbuf *p,
			const ip4_addr_t *dest)
{
	if (ip4_addr_cmp(dest, netif_ip4_addr(netif)))
		loopback_queue(netif, p);
	else if (etharp_output(netif, p, dest) != ERR_OK)
		net_count(drop_tx_no_route);
	return ERR_OK;
}

static void log_address(struct netif *netif)
{
	uint32_t addr = netif_ip4_addr(netif)->addr;
	uint32_t gw = netif_ip4_gw(netif)->addr;
	unsigned int ms = (ktime_get_ns() - started_ns) / NSEC_PER_MSEC;
	char text[16], gateway[16], how[32] = "static";
	const uint8_t *m = dev->mac;

	if (uses_dhcp)
		snprintf(how, sizeof(how), "dhcp, %u ms", ms);
	pr_notice("net: %s %02x:%02x:%02x:%02x:%02x:%02x %s/%u gw %s (%s)",
		  LINK_NAME_ETH, m[0], m[1], m[2], m[3], m[4], m[5],
		  format_ipv4(text, addr),
		  prefix_length(netif_ip4_netmask(netif)->addr),
		  gw ? format_ipv4(gateway, gw) : "none", how);
}

static void eth_status_changed(struct netif *netif)
{
	static struct net_link last;
	struct net_link link;

	net_link_get(LINK_ETH, &link);
	if (link.addr == last.addr)
		return;
	if (link.addr)
		log_address(netif);
	else
		pr_warn("net: %s lost its address", LINK_NAME_ETH);
	net_link_tell_address(&last, &link);
	last = link;
}

static err_t eth_setup(struct netif *netif)
{
	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->mtu = dev->mtu;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, dev->mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		       NETIF_FLAG_ETHERNET;
	netif->output = eth_output;
	netif->linkoutput = eth_linkoutput;
	return ERR_OK;
}

static bool poll_device(void)
{
	bool more;

	dev->pause = false;
	net_pcb_batch_begin();
	more = dev->ops->poll(dev, RX_BUDGET) >= RX_BUDGET;
	net_pcb_batch_end();
	return more;
}

static void flush_device(void)
{
	eth_tx_flush(dev);
}

void eth_reclaim(void)
{
	if (dev)
		dev->ops->reclaim(dev);
}

static bool reclaim(void)
{
	eth_reclaim();
	return false;
}

static void attach(struct netdev *netdev)
{
	static struct net_poller reclaimer __ro_after_init_data = {
		.stage = NET_STAGE_RECLAIM,
		.poll = reclaim,
	};
	static struct net_poller receiver __ro_after_init_data = {
		.stage = NET_STAGE_DEVICE,
		.poll = poll_device,
	};
	static struct net_flusher flusher __ro_after_init_data = {
		.flush = flush_device,
		.waiting = eth_tx_waiting,
	};

	dev = netdev;
	started_ns = ktime_get_ns();
	rx_buffers_init();
	dev->rx = eth_rx;
	dev->tx_done = eth_tx_done;
	dev->link_changed = eth_link_changed;
	net_poller_register(&reclaimer);
	net_poller_register(&receiver);
	net_flusher_register(&flusher);
}

int eth_init(struct netdev *netdev, const struct ipconfig *config)
{
	ip4_addr_t addr = { config->addr };
	ip4_addr_t mask = { config->netmask };
	ip4_addr_t gateway = { config->gateway };
	int err;

	attach(netdev);
	uses_dhcp = config->dhcp;
	netif_add(&eth, NULL, NULL, NULL, NULL, eth_setup, ethernet_input);
	netif_set_default(&eth);
	netif_set_status_callback(&eth, eth_status_changed);
	err = netdev_start(dev);
	if (err)
		return err;
	if (dev->link_up)
		netif_set_link_up(&eth);
	netif_set_up(&eth);
	if (config->dhcp)
		return dhcp_client_start(&eth);
	netif_set_addr(&eth, &addr, &mask, &gateway);
	return 0;
}

bool eth_busy(void)
{
	return dev && !dev->broken && eth_tx_busy();
}

uint32_t eth_address(void)
{
	return dev ? netif_ip4_addr(&eth)->addr : 0;
}

/* Leaves the addresses 0 until DHCP has set them. */
static void link_addresses(struct net_link *link)
{
	link->addr = netif_ip4_addr(&eth)->addr;
	if (!link->addr)
		return;
	link->netmask = netif_ip4_netmask(&eth)->addr;
	link->gateway = netif_ip4_gw(&eth)->addr;
	link->broadcast = link->addr | ~link->netmask;
}

static void link_stats(struct net_link_stats *to)
{
	const struct netdev_stats *s = &dev->stats;

	to->rx_bytes = s->rx_bytes;
	to->rx_packets = s->rx_packets;
	to->rx_errors = s->rx_bad_used;
	to->rx_dropped = s->rx_no_buffer;
	to->rx_frame = net_counters.drop_runt + net_counters.drop_oversize;
	to->tx_bytes = s->tx_bytes;
	to->tx_packets = s->tx_packets;
	to->tx_errors = net_counters.drop_tx_device + s->tx_bad_used;
	to->tx_dropped = net_counters.drop_tx_queue_full +
			 net_counters.drop_tx_no_memory;
}

bool eth_link(struct net_link *link)
{
	if (!dev)
		return false;
	link->name = LINK_NAME_ETH;
	link->type = ARPHRD_ETHER;
	link->flags = IFF_BROADCAST | IFF_MULTICAST | IFF_UP;
	if (dev->link_up && !dev->broken)
		link->flags |= IFF_RUNNING | IFF_LOWER_UP;
	link->mtu = dev->mtu;
	link->txqlen = ETH_TX_QUEUE_MAX;
	memcpy(link->hwaddr, dev->mac, ETH_HWADDR_LEN);
	memset(link->hwbroadcast, 0xff, ETH_HWADDR_LEN);
	link_addresses(link);
	link_stats(&link->stats);
	return true;
}

bool eth_neighbour(uint32_t addr, uint8_t hwaddr[6])
{
	ip4_addr_t ip = { addr };
	const ip4_addr_t *found_ip;
	struct eth_addr *found;

	if (!dev || etharp_find_addr(&eth, &ip, &found, &found_ip) < 0)
		return false;
	memcpy(hwaddr, found->addr, ETH_HWADDR_LEN);
	return true;
}

_Static_assert(ETH_NEIGHBOURS == ARP_TABLE_SIZE, "the whole table");

bool eth_neighbour_at(unsigned int n, uint32_t *addr, uint8_t hwaddr[6])
{
	struct netif *netif;
	struct eth_addr *found;
	ip4_addr_t *ip;

	if (!etharp_get_entry(n, &ip, &netif, &found))
		return false;
	*addr = ip->addr;
	memcpy(hwaddr, found->addr, ETH_HWADDR_LEN);
	return true;
}

void net_device_show(struct seq_buf *m)
{
	const struct netdev_stats *s;

	if (!dev)
		return;
	s = &dev->stats;
#define SHOW(name) \
	seq_printf(m, "dev_" #name " %llu\n", (unsigned long long)s->name)
	SHOW(rx_packets);
	SHOW(rx_bytes);
	SHOW(tx_packets);
	SHOW(tx_bytes);
	SHOW(rx_bad_used);
	SHOW(tx_bad_used);
	SHOW(needs_reset);
	SHOW(rx_no_buffer);
	SHOW(rx_rescued);
	SHOW(tx_ring_full);
	SHOW(kicks);
	SHOW(interrupts);
	SHOW(resets);
#undef SHOW
	seq_printf(m, "rx_buffers_held %u\n", rx_buffers_held());
}
