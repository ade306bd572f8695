/* SPDX-License-Identifier: MIT */
/*
 * Starts lwIP's DHCP client and keeps the name servers and domains that it
 * receives, for /proc/net/pnp: there Linux shows the kernel's own
 * configuration.
 */
#include "net/link/dhcp.h"

#include <errno.h>
#include <string.h>

#include "lwip/dhcp.h"
#include "lwip/netif.h"

#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/printk.h"
#include "net/link/dns_name.h"
#include "net/link/ipconfig.h"
#include "net/lwip/hooks.h"

/* RFC 2131 2: a client must be able to receive a message of this length. */
#define MTU_MIN 576

#define NAME_SERVERS_MAX 3 /* resolv.conf(5): MAXNS */

static uint32_t name_servers[NAME_SERVERS_MAX];
static char domain[DOMAIN_TEXT_MAX];
static char search[DOMAIN_TEXT_MAX];
static bool configured; /* by the command line: DHCP does not override it */

static void set_name_servers(const uint8_t *data, size_t len)
{
	unsigned int nr = MIN(len / 4, (size_t)NAME_SERVERS_MAX);

	if (configured || !nr)
		return;
	memset(name_servers, 0, sizeof(name_servers));
	memcpy(name_servers, data, nr * 4);
}

void net_hook_dhcp_option(u8_t option, u8_t len, struct pbuf *p, u16_t offset)
{
	uint8_t data[UINT8_MAX];

	if (pbuf_copy_partial(p, data, len, offset) != len)
		return;
	if (option == DHCP_OPTION_NAME_SERVERS)
		set_name_servers(data, len);
	else if (option == DHCP_OPTION_DOMAIN_NAME)
		(void)domain_from_text(data, len, domain);
	else if (option == DHCP_OPTION_DOMAIN_SEARCH)
		(void)domain_from_list(data, len, search);
}

void net_set_name_server(uint32_t addr)
{
	name_servers[0] = addr;
	configured = addr != 0;
}

int dhcp_client_start(struct netif *netif)
{
	if (netif->mtu < MTU_MIN) {
		pr_err("net: a MTU of %u is too small for DHCP, which needs "
		       "%d; give an address by ip=",
		       netif->mtu, MTU_MIN);
		return -EMSGSIZE;
	}
	return dhcp_start(netif) == ERR_OK ? 0 : -ENOMEM;
}

void net_pnp_show(struct seq_buf *m)
{
	char text[16];

	if (search[0])
		seq_printf(m, "search %s\n", search);
	else if (domain[0])
		seq_printf(m, "domain %s\n", domain);
	for (unsigned int i = 0; i < NAME_SERVERS_MAX; i++) {
		if (name_servers[i])
			seq_printf(m, "nameserver %s\n",
				   format_ipv4(text, name_servers[i]));
	}
}
