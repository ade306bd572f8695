/* SPDX-License-Identifier: MIT */
/*
 * The interfaces as programs see them through ioctl(2), netlink and /proc/net:
 * lo is number 1; eth0, if there is a network device, number 2.
 */
#ifndef NET_LINK_LINK_H
#define NET_LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

/* <linux/if.h> and <linux/if_arp.h> need a C library's <sys/socket.h>. */
#ifndef IFNAMSIZ
#define IFNAMSIZ 16
#define IFF_UP 0x1
#define IFF_BROADCAST 0x2
#define IFF_LOOPBACK 0x8
#define IFF_RUNNING 0x40
#define IFF_MULTICAST 0x1000
#define ARPHRD_ETHER 1
#define ARPHRD_LOOPBACK 772
#endif
#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000
#endif

#define LINK_LO 1
#define LINK_ETH 2
#define LINK_NAME_ETH "eth0"

struct net_link_stats {
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped, rx_frame;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
	uint64_t rx_multicast;
};

/* Addresses are in network byte order; 0: none. */
struct net_link {
	unsigned int index;
	const char *name;
	uint16_t type; /* ARPHRD_* */
	uint32_t flags; /* IFF_*, with IFF_LOWER_UP */
	uint32_t mtu;
	uint32_t txqlen;
	uint8_t hwaddr[6];
	uint8_t hwbroadcast[6];
	uint32_t addr;
	uint32_t netmask;
	uint32_t broadcast;
	uint32_t gateway;
	struct net_link_stats stats;
};

/* The current state of an interface; false: there is none. */
bool net_link_get(unsigned int index, struct net_link *link);
/* The number of the interface with this name; 0: none. */
unsigned int net_link_index(const char *name);

/* Whether addr, in network byte order, is this machine's. */
bool inet_addr_is_local(uint32_t addr);

/*
 * Callbacks for changes; each may be NULL. Registered at the start, called in
 * the order of registration. Softirq, and the start.
 */
struct net_link_listener {
	/* The device's carrier went up or down. */
	void (*carrier)(const struct net_link *link, bool up);
	/* The interface's address has changed; is->addr 0: it was lost. */
	void (*address)(const struct net_link *was, const struct net_link *is);
	struct net_link_listener *next;
};
void net_link_listen(struct net_link_listener *listener);
void net_link_tell_carrier(const struct net_link *link, bool up);
void net_link_tell_address(const struct net_link *was,
			   const struct net_link *is);

/*
 * Data between sockets of this machine never enters a netif, but users expect
 * it in lo's statistics: net_lo_count() counts n bytes as one packet, sent and
 * received.
 */
struct net_lo_stats {
	uint64_t packets, bytes;
};
extern struct net_lo_stats net_lo_stats;

static inline void net_lo_count(uint64_t n)
{
	net_lo_stats.packets++;
	net_lo_stats.bytes += n;
}

#endif
