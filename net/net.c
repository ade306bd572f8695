/* SPDX-License-Identifier: MIT */
/*
 * The net softirq and the life of the stack.
 *
 * One run: what the device has sent is reclaimed first, so that no segment
 * looks busy to TCP's timers; then packets to ourselves, then up to a budget
 * of received frames, then what spliced sockets got, then lwIP's timers. All of
 * that only queues frames; they reach the device in one go at the end, with one
 * kick. A run that did not finish, or became long, raises the softirq again.
 *
 * lwIP's timers hang on one kernel timer, armed for the first of them.
 */
#include "net/core.h"

#include <errno.h>

#include "lwip/init.h"
#include "lwip/timeouts.h"

#include "drivers/netdev.h"
#include "kernel/base.h"
#include "kernel/cmdline.h"
#include "kernel/mm/page.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/task/timer.h"
#include "kernel/task/wait.h"
#include "kernel/x86/irq.h"
#include "net/base/memory.h"
#include "net/base/rxqueue.h"
#include "net/dgram/ping.h"
#include "net/dgram/raw.h"
#include "net/dgram/udp.h"
#include "net/inet/inet_ports.h"
#include "net/link/eth.h"
#include "net/link/ipconfig.h"
#include "net/link/netif.h"
#include "net/lwip/memp_limits.h"
#include "net/lwip/pcb_table.h"
#include "net/net.h"
#include "net/netlink/af_netlink.h"
#include "net/proc/proc_net.h"
#include "net/socket/sock.h"
#include "net/socket/socket.h"
#include "net/tcp/sosplice.h"
#include "net/tcp/tcp.h"
#include "net/unix/af_unix.h"

#define DHCP_PATIENCE_NS (10 * NSEC_PER_SEC)

/* Frames that may wait for a doorbell while a thread goes on sending. */
#define KICK_BATCH 16

/* How often net_drain() looks. */
#define DRAIN_STEP_NS (5 * NSEC_PER_MSEC)

static struct timer lwip_timer;
static struct wait_queue_head address_wq = { LIST_HEAD_INIT(address_wq.head) };
static bool waits_for_dhcp;

void net_assert_context(void)
{
	ASSERT(!in_irq());
}

static void lwip_timer_fired(struct timer *timer)
{
	raise_softirq(SOFTIRQ_NET);
}

/* The timer stands unless it has fired, or lwIP has started one since. */
static void arm_timer(void)
{
	uint32_t ms;

	if (timer_pending(&lwip_timer) && !net_timeouts_changed)
		return;
	net_timeouts_changed = false;
	ms = sys_timeouts_sleeptime();
	if (ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE)
		timer_start(&lwip_timer, ktime_get_ns() + ms * NSEC_PER_MSEC);
}

void net_flush(void)
{
	eth_flush();
	arm_timer();
}

void net_flush_soon(void)
{
	if (eth_tx_waiting() >= KICK_BATCH)
		eth_flush();
	else
		raise_softirq_lazily(SOFTIRQ_NET);
}

bool net_rx_is_long(void)
{
	return udp_rcv_is_long() || raw_deliver_is_long() || softirq_is_long();
}

/* The order of packets stays: first those that are on their way. */
static bool take_packets(void)
{
	bool more = udp_rcv_more();

	more |= raw_deliver_more();
	if (more)
		return true;
	more = loopback_poll();
	return net_rx_is_long() || eth_poll() || more;
}

static void net_rx_action(void)
{
	bool more;

	eth_reclaim();
	more = take_packets();
	more |= sosplice_poll();
	sys_check_timeouts();
	more |= tcp_memory_relieve();
	more |= net_pcb_run_timers();
	net_flush();
	if (more)
		raise_softirq(SOFTIRQ_NET);
}

void net_address_changed(void)
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
	struct ipconfig config;
	int err = parse_config(&config);

	if (err)
		return err;
	err = net_memory_init();
	if (err)
		return err;
	lwip_init();
	socket_init();
	if (!inet_ports_setup())
		return -ENOMEM;
	tcp_init_sockets();
	dgram_init();
	udp_init_sockets();
	ping_init();
	unix_init();
	netlink_init();
	timer_setup(&lwip_timer, lwip_timer_fired);
	softirq_set(SOFTIRQ_NET, net_rx_action);
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
	if (wait_event_until(&address_wq, eth_has_address(), deadline))
		pr_warn("net: no DHCP answer after 10 s: loopback only, "
			"still trying");
}

static bool drained(void)
{
	eth_reclaim();
	return !tcp_has_unsent() && !eth_busy();
}

/* Nobody announces the last acknowledgement of the last orphan: look. */
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
