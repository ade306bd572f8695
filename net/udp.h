/* SPDX-License-Identifier: MIT */
/*
 * UDP sockets over lwIP's pcbs.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/sock.h"

extern const struct proto udp_prot;

void udp_init_sockets(void);
uint32_t udp_poll_mask(struct sock *sk);
long udp_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);

/*
 * An ICMP message says that a datagram from saddr:sport did not get to
 * daddr:dport; err: positive errno. Told to a connected socket.
 */
void udp_error(uint32_t saddr, uint16_t sport, uint32_t daddr, uint16_t dport,
	       int err);

#endif
