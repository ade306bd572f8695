/* SPDX-License-Identifier: MIT */
/*
 * Start and end of the network: initialises its parts from the command line,
 * waits for an address, and sends what is left at the end.
 */
#include "net/net.h"

#include <errno.h>

#include "lwip/init.h"

#include "drivers/netdev.h"
#include "kernel/base.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/wait.h"
#include "net/base/memory.h"
#include "net/dgram/dgram.h"
#include "net/dgram/inet_dgram.h"
#include "net/dgram/ping.h"
#include "net/dgram/raw.h"
#include "net/dgram/udp.h"
#include "net/inet/af_inet.h"
#include "net/inet/icmp.h"
#include "net/inet/igmp.h"
#include "net/inet/inet_ports.h"
#include "net/link/dhcp.h"
#include "net/link/eth.h"
#include "net/link/ipconfig.h"
#include "net/link/link.h"
#include "net/link/loopback.h"
#include "net/lwip/timers.h"
#include "net/netlink/af_netlink.h"
#include "net/proc/proc_net.h"
#include "net/socket/socket.h"
#include "net/softirq.h"
#include "net/tcp/tcp.h"
#include "net/unix/unix.h"

#define DHCP_PATIENCE_NS (10 * NSEC_PER_SEC)

/* How often net_drain() polls. */
#define DRAIN_STEP_NS (5 * NSEC_PER_MSEC)

static struct wait_queue_head address_wq = { LIST_HEAD_INIT(address_wq.head) };
static bool waits_for_dhcp;

static void address_changed(const struct net_link *was,
			    const struct net_link *is)
{
	wake_up_all(&address_wq);
}

static int parse_config(struct ipconfig *config)
{
	const char *word = NULL;
	const char *wrong = ipconfig_parse(config, cmdline_get("ip"),
					   cmdline_get("gw"),
					   cmdline_get("dns"), &word);

	if (!wrong)
		return 0;
	pr_err("net: \"%s\": %s", word, wrong);
	return -EINVAL;
}

static int start_device(const struct ipconfig *config)
{
	struct netdev *dev = netdev_first();
	int err;

	if (!dev) {
		pr_notice("net: no network device: loopback only");
		return 0;
	}
	if (config->off) {
		pr_info("net: ip=off: loopback only");
		return 0;
	}
	err = eth_init(dev, config);
	if (err) {
		pr_err("net: %s does not start: error %d", dev->name, -err);
		return 0;
	}
	waits_for_dhcp = config->dhcp;
	return 0;
}

int net_init(void)
{
	static struct net_link_listener listener __ro_after_init_data = {
		.address = address_changed
	};
	struct ipconfig config;
	int err = parse_config(&config);

	if (err)
		return err;
	err = net_memory_init();
	if (err)
		return err;
	net_softirq_init();
	lwip_init();
	socket_init();
	if (!inet_ports_setup())
		return -ENOMEM;
	tcp_init_sockets();
	dgram_init();
	inet_dgram_init();
	inet_init();
	icmp_init();
	igmp_init();
	udp_init_sockets();
	raw_init();
	ping_init();
	unix_init();
	netlink_init();
	net_link_listen(&listener);
	net_lwip_timers_init();
	net_set_name_server(config.dns);
	net_proc_init();
	err = loopback_init();
	if (!err)
		err = start_device(&config);
	net_flush();
	return err;
}

void net_wait_address(void)
{
	uint64_t deadline = ktime_get_ns() + DHCP_PATIENCE_NS;

	if (!waits_for_dhcp)
		return;
	if (wait_event_until(&address_wq, eth_address() != 0, deadline))
		pr_warn("net: no DHCP answer after 10 s: loopback only, "
			"still trying");
}

static bool drained(void)
{
	eth_reclaim();
	return !tcp_has_unsent() && !eth_busy();
}

/* Polls: no event reports the last acknowledgement to a closed socket. */
void net_drain(uint64_t deadline)
{
	struct wait_queue_head nobody;

	init_waitqueue_head(&nobody);
	while (!drained() && ktime_get_ns() < deadline) {
		net_flush();
		wait_event_until(&nobody, false,
				 ktime_get_ns() + DRAIN_STEP_NS);
	}
}
