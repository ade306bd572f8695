/* SPDX-License-Identifier: MIT */
/*
 * The network for the rest of the kernel: start and end.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdint.h>

/*
 * Reads the command line, starts lwIP, the loopback interface, and the first
 * network device if there is one. -EINVAL, with one line in the log, for a bad
 * ip=, gw=, dns= or netmem=; -ENOMEM. Thread context, once, after the drivers.
 */
int net_init(void);

/*
 * Sleeps until the machine has its address, 10 s at most; returns at once
 * when the address is static or there is no device. Thread context.
 */
void net_wait_address(void);

/*
 * Sleeps until what the application left in its sockets has been delivered,
 * at most until deadline (monotonic nanoseconds). Thread context.
 */
void net_drain(uint64_t deadline);

#endif
