/* SPDX-License-Identifier: MIT */
/*
 * The interface over the network device, eth0.
 */
#ifndef NET_LINK_ETH_H
#define NET_LINK_ETH_H

#include <stdbool.h>
#include <stdint.h>

struct ipconfig;
struct net_link;
struct netdev;
struct seq_buf;

/* The interface over dev, with a static address or a DHCP client. */
int eth_init(struct netdev *dev, const struct ipconfig *config);
/* Gets back what the device has sent. */
void eth_reclaim(void);
/* Frames have not left yet. */
bool eth_busy(void);
/* In network byte order; 0: there is none. */
uint32_t eth_address(void);

/* Fills in a zeroed link; false: there is no device. */
bool eth_link(struct net_link *link);
/* The Ethernet address that ARP knows for addr; false: it knows none. */
bool eth_neighbour(uint32_t addr, uint8_t hwaddr[6]);
/* Entry n of ARP's table, false: it is empty. */
#define ETH_NEIGHBOURS 256
bool eth_neighbour_at(unsigned int n, uint32_t *addr, uint8_t hwaddr[6]);

void net_device_show(struct seq_buf *m); /* counters of the device */

#endif
