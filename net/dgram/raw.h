/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets, raw(7), for ICMP: they receive every message, with its IP
 * header, except the types in ICMP_FILTER.
 */
#ifndef NET_DGRAM_RAW_H
#define NET_DGRAM_RAW_H

#include "net/dgram/dgram.h"

extern const struct proto raw_prot;
extern struct sock_list raw_socks;

void raw_init(void);

#endif
