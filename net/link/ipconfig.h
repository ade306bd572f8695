/* SPDX-License-Identifier: MIT */
/*
 * The machine's address as the command line gives it: `ip=dhcp`, the default,
 * `ip=A.B.C.D/N gw=A.B.C.D dns=A.B.C.D`, or Linux's form (Documentation/
 * admin-guide/nfs/nfsroot.rst), `ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:
 * DEVICE:AUTOCONF:DNS:...`, of which server, host name and what follows the
 * first name server are ignored. Linux's words on, any and both mean DHCP; off
 * and none leave the device unused.
 */
#ifndef NET_LINK_IPCONFIG_H
#define NET_LINK_IPCONFIG_H

#include <stdbool.h>
#include <stdint.h>

/* Addresses are in network byte order; 0: none. */
struct ipconfig {
	bool dhcp;
	bool off; /* no address: loopback only */
	uint32_t addr;
	uint32_t netmask;
	uint32_t gateway;
	uint32_t dns;
};

/* Parses a dotted quad with nothing after it. */
bool parse_ipv4(const char *text, uint32_t *addr);

/*
 * Parses the values of ip=, gw= and dns=, NULL where absent. Returns NULL, or
 * what is wrong, as text for the log, and in *word the value concerned.
 */
const char *ipconfig_parse(struct ipconfig *config, const char *ip,
			   const char *gw, const char *dns, const char **word);

/* The N of A.B.C.D/N. */
unsigned int prefix_length(uint32_t netmask);

/* "10.0.2.15" into buf of 16 bytes; returns buf. */
char *format_ipv4(char *buf, uint32_t addr);

#endif
