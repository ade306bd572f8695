/* SPDX-License-Identifier: MIT */
/*
 * The DHCP client is lwIP's; here it is started, and the name servers that
 * it was told are kept for /proc/net/pnp, where Linux shows what the kernel
 * itself was configured with.
 */
#include <errno.h>

#include "lwip/dhcp.h"
#include "lwip/netif.h"

#include "kernel/base.h"
#include "kernel/seq_buf.h"
#include "net/ipconfig.h"
#include "net/lwip/hooks.h"
#include "net/netif.h"

#define DHCP_OPTION_NAME_SERVERS 6 /* RFC 2132 3.8 */
#define NAME_SERVERS_MAX 3 /* resolv.conf(5): MAXNS */

static uint32_t name_servers[NAME_SERVERS_MAX];
static bool configured; /* by the command line: DHCP does not overrule it */

void net_hook_dhcp_option(u8_t option, u8_t len, struct pbuf *p, u16_t offset)
{
	unsigned int nr = MIN(len / 4, NAME_SERVERS_MAX);
	uint32_t list[NAME_SERVERS_MAX];

	if (option != DHCP_OPTION_NAME_SERVERS || configured || !nr)
		return;
	if (pbuf_copy_partial(p, list, nr * 4, offset) != nr * 4)
		return;
	for (unsigned int i = 0; i < NAME_SERVERS_MAX; i++)
		name_servers[i] = i < nr ? list[i] : 0;
}

void net_set_name_server(uint32_t addr)
{
	name_servers[0] = addr;
	configured = addr != 0;
}

int dhcp_client_start(struct netif *netif)
{
	return dhcp_start(netif) == ERR_OK ? 0 : -ENOMEM;
}

void net_pnp_show(struct seq_buf *m)
{
	char text[16];

	for (unsigned int i = 0; i < NAME_SERVERS_MAX; i++) {
		if (name_servers[i])
			seq_printf(m, "nameserver %s\n",
				   format_ipv4(text, name_servers[i]));
	}
}
