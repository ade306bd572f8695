/* SPDX-License-Identifier: MIT */
/*
 * The start of a host, and the table by which the simulator has it.
 */
#include <string.h>

#include "lwip/tcpbase.h"

#include "kernel/check.h"
#include "kernel/event/eventpoll.h"
#include "kernel/fs/file.h"
#include "kernel/pipe/pipe.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/task/wait.h"
#include "machine/parts.h"
#include "net/base/counters.h"
#include "net/base/rx_buffers.h"
#include "net/lwip/hooks.h"
#include "net/net.h"
#include "net/tcp/tcp_timewait.h"

#define SENT_MAX (2U << 20) /* bytes that a connection sends */
#define HOUR_MS (3600 * 1000ULL)

struct machine_config config;
struct machine_env env;

u32_t sys_now(void);
extern u32_t tcp_ticks;
u32_t __real_net_hook_tcp_isn(const ip_addr_t *, u16_t, const ip_addr_t *,
			      u16_t);
u32_t __wrap_net_hook_tcp_isn(const ip_addr_t *, u16_t, const ip_addr_t *,
			      u16_t);

/*
 * lwIP's own numbers, or some within 64 KiB of the wrap. When addresses and
 * ports are used again the next number is above all that the last connection
 * has sent, as a clock would have it.
 */
u32_t __wrap_net_hook_tcp_isn(const ip_addr_t *local, u16_t lport,
			      const ip_addr_t *remote, u16_t rport)
{
	static uint8_t uses[1 << 16];
	u32_t isn = __real_net_hook_tcp_isn(local, lport, remote, rport);
	uint16_t key = lport * 40503U ^ rport ^ ip4_addr_get_u32(remote) >> 16;
	uint32_t before = uses[key]++;

	if (!config.isn_wraps)
		return isn;
	return (key & 1 ? 0 : 1U << 31) - (isn >> 16) + before * SENT_MAX;
}

/*
 * lwIP leaves out what of a pause is longer than an hour, so its clock is
 * brought to any other count by pauses, before anything runs on it.
 */
static void set_lwip_clock(void)
{
	uint32_t ahead;

	sys_now();
	while ((ahead = (uint32_t)config.lwip_ms - sys_now())) {
		config.boot_ns += MIN(ahead, HOUR_MS) * NSEC_PER_MSEC;
		clock_sync(0);
	}
}

static void boot(const struct machine_config *c, const struct machine_env *e)
{
	config = *c;
	env = *e;
	config.look_ns = 0;
	clock_sync(0);
	if (config.lwip_ms)
		set_lwip_clock();
	config.look_ns = c->look_ns;
	sched_up();
	timers_init();
	calls_up();
	file_init();
	eventpoll_init();
	pipe_init();
	nic_up();
	if (config.tcp_ticks)
		tcp_ticks = config.tcp_ticks;
	if (net_init())
		panic("no network");
	memory_up();
}

static void run(uint64_t now)
{
	clock_sync(now);
	sched_run();
	if (nic_complaint())
		panic("the driver breaks virtio's rules: %s", nic_complaint());
}

static void state(struct machine_state *s)
{
	memset(s, 0, sizeof(*s));
	memory_state(s);
	nic_state(s);
	s->threads = sched_threads();
	s->time_waits = tcp_time_wait_count();
	s->rx_held = rx_buffers_held();
	s->wait_tripped = wait_counts.tripped;
}

static bool counter(unsigned int n, const char **name, uint64_t *value)
{
	static const char *const names[] = {
#define X(name) #name,
		NET_COUNTERS(X)
#undef X
	};
	if (n >= ARRAY_SIZE(names))
		return false;
	*name = names[n];
	memcpy(value, (uint64_t *)&net_counters + n, sizeof(*value));
	return true;
}

static const char *check(void)
{
	return check_all() ? "an invariant does not hold" : NULL;
}

__attribute__((visibility("default"))) const struct machine_ops machine_ops = {
	.boot = boot,
	.run = run,
	.next = clock_next,
	.wants_to_run = sched_wants_to_run,
	.thread_start = sched_thread_start,
	.syscall = calls_enter,
	.clock = ktime_get_ns,
	.sleep = sched_sleep,
	.receive = nic_receive,
	.serve = nic_serve,
	.doorbell = nic_doorbell,
	.link = nic_link,
	.lie = nic_lie,
	.state = state,
	.poll_mask = calls_poll_mask,
	.counter = counter,
	.check = check,
	.leaks = memory_leaks,
};
