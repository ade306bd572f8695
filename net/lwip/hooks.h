/* SPDX-License-Identifier: MIT */
/*
 * lwIP's hooks, included by lwIP's own files. The functions are in
 * net/tcp (tcp_input.c, tcp_output.c, tcp_isn.c, tcp_demux.c, tcp_timer.c),
 * net/lwip/memp.c, net/inet/ip_input.c and net/link/dhcp.c; those that do
 * nothing, for tests of lwIP alone, in tests/unit/bed/lwip.c.
 */
#ifndef LWIP_HOOKS_H
#define LWIP_HOOKS_H

#include "lwip/err.h"
#include "lwip/ip_addr.h"

struct netif;
struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

/* Initial sequence number: RFC 6528. */
u32_t net_hook_tcp_isn(const ip_addr_t *local_ip, u16_t local_port,
		       const ip_addr_t *remote_ip, u16_t remote_port);
#define LWIP_HOOK_TCP_ISN net_hook_tcp_isn

/* Every segment for a known pcb; anything but ERR_OK drops it. */
err_t net_hook_tcp_input(struct tcp_pcb *pcb, struct tcp_hdr *hdr, u16_t optlen,
			 u16_t opt1len, u8_t *opt2, struct pbuf *p);
#define LWIP_HOOK_TCP_INPACKET_PCB net_hook_tcp_input

/* The listener for a segment, whose header is in host order, or NULL. */
struct tcp_pcb_listen;
struct tcp_pcb_listen *net_hook_tcp_find_listener(const struct tcp_hdr *hdr);
#define LWIP_HOOK_TCP_FIND_LISTENER net_hook_tcp_find_listener

/* A segment of no known connection, in host order; non-zero: consumed. */
int net_hook_tcp_no_connection(const struct tcp_hdr *hdr, u16_t len);
#define LWIP_HOOK_TCP_NO_CONNECTION net_hook_tcp_no_connection

/* A segment has been dealt with; non-zero: the pcb is not needed any more. */
int net_hook_tcp_segment_done(struct tcp_pcb *pcb);
#define LWIP_HOOK_TCP_SEGMENT_DONE net_hook_tcp_segment_done

/* The segment goes, and its pcb may have gone. */
void net_hook_tcp_input_done(void);
#define LWIP_HOOK_TCP_INPUT_DONE net_hook_tcp_input_done

/* Every segment to send, complete except for its checksum. */
u32_t *net_hook_tcp_output(const struct pbuf *p, struct tcp_hdr *hdr,
			   const struct tcp_pcb *pcb, u32_t *opts);
#define LWIP_HOOK_TCP_OUT_ADD_TCPOPTS net_hook_tcp_output

/* Each tick of the slow timer; non-zero: the connection has timed out. */
int net_hook_tcp_give_up(const struct tcp_pcb *pcb);
#define LWIP_HOOK_TCP_GIVE_UP net_hook_tcp_give_up

/* Before a segment is sent for the first time; non-zero: hold it back. */
struct tcp_seg;
int net_hook_tcp_hold(const struct tcp_pcb *pcb, const struct tcp_seg *seg);
#define LWIP_HOOK_TCP_HOLD net_hook_tcp_hold

/* Before a reset answers a segment with these options; 0: no reset. */
int net_hook_tcp_reset_allowed(struct tcp_hdr *hdr, u16_t optlen);
#define LWIP_HOOK_TCP_RESET_ALLOWED net_hook_tcp_reset_allowed

/* How many packets may wait for one pending ARP request: memp.c. */
unsigned int net_arp_queue_share(void);

/* Every IPv4 packet; non-zero: it was consumed. */
int net_hook_ip4_input(struct pbuf *p, struct netif *netif);
#define LWIP_HOOK_IP4_INPUT net_hook_ip4_input

/* DHCP options that lwIP does not handle: net/link/dhcp.c. */
#define DHCP_OPTION_NAME_SERVERS 6 /* RFC 2132 3.8 */
#define DHCP_OPTION_DOMAIN_NAME 15 /* RFC 2132 3.17 */
#define DHCP_OPTION_DOMAIN_SEARCH 119 /* RFC 3397 */
#define LWIP_HOOK_DHCP_REQUEST_OPTIONS                     \
	DHCP_OPTION_NAME_SERVERS, DHCP_OPTION_DOMAIN_NAME, \
		DHCP_OPTION_DOMAIN_SEARCH
void net_hook_dhcp_option(u8_t option, u8_t len, struct pbuf *p, u16_t offset);
#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, msg, msg_type, option, \
				    len, p, offset)                            \
	do {                                                                   \
		(void)(msg);                                                   \
		net_hook_dhcp_option(option, len, p, offset);                  \
	} while (0)

#endif
