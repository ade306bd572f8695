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

/* Starts eth0 over dev, with a static address or a DHCP client: 0, -errno. */
int eth_init(struct netdev *dev, const struct ipconfig *config);
/* Frees the frames that the device has sent. */
void eth_reclaim(void);
/* Whether frames are queued or not yet sent by the device. */
bool eth_busy(void);
/* The interface's address in network byte order; 0: none. */
uint32_t eth_address(void);

/* Fills in a zeroed link; false: there is no device. */
bool eth_link(struct net_link *link);
/* The Ethernet address of addr in ARP's table; false: it is not there. */
bool eth_neighbour(uint32_t addr, uint8_t hwaddr[6]);
/* Entry n of ARP's table; false: it is empty. */
#define ETH_NEIGHBOURS 256
bool eth_neighbour_at(unsigned int n, uint32_t *addr, uint8_t hwaddr[6]);

void net_device_show(struct seq_buf *m); /* counters of the device */

#endif
