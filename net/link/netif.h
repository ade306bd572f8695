/* SPDX-License-Identifier: MIT */
/*
 * The interfaces: the loopback one, and the one over the network device.
 * What the rest of the stack asks of them.
 */
#ifndef NET_LINK_NETIF_H
#define NET_LINK_NETIF_H

#include <stdbool.h>
#include <stdint.h>

struct ipconfig;
struct netdev;
struct netif; /* lwIP's */
struct seq_buf;

/* lo, 127.0.0.1/8. */
int loopback_init(void);
/* Turns round what the queue held when it was called; true: there is more. */
bool loopback_poll(void);
/* Queues a copy of an IP packet to ourselves, as if netif had received it. */
struct pbuf;
void loopback_queue(struct netif *netif, struct pbuf *p);

/* The interface over dev, with a static address or a DHCP client. */
int eth_init(struct netdev *dev, const struct ipconfig *config);
/* Receives up to a budget; true: there is more. */
bool eth_poll(void);
/* Of what both take packets from no more shall come in this run. */
bool net_rx_is_long(void);
/* Gives queued frames to the device and tells it. */
void eth_flush(void);
/* Gets back what the device has sent. */
void eth_reclaim(void);
/* Frames that have not left yet. */
bool eth_busy(void);
bool eth_has_address(void);
/* Receive buffers that the stack holds: more than is good. */
bool eth_rx_buffers_short(void);
/* Half as many: what is in order is copied, what is not still kept. */
bool eth_rx_buffers_scarce(void);

/* An address that this machine answers to; network byte order. */
bool inet_addr_is_local(uint32_t addr);

/* The machine has got, or lost, its address. */
void net_address_changed(void);

void net_device_show(struct seq_buf *m); /* counters of the device */
void net_lwip_stats_show(struct seq_buf *m);

/* net/link/dhcp.c */
int dhcp_client_start(struct netif *netif);
void net_pnp_show(struct seq_buf *m); /* /proc/net/pnp */
void net_set_name_server(uint32_t addr);

#endif
