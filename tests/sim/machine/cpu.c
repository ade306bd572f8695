/* SPDX-License-Identifier: MIT */
/*
 * The machine's clock and its one-shot timer, random numbers from the seed,
 * the log, and what a host does not have: interrupts, /proc, files, signals.
 */
#include "kernel/x86/cpu.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "kernel/fs/fcntl.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/stat.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/procfs/proc.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/signal.h"
#include "kernel/task/softirq.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/irq.h"
#include "machine/parts.h"
#include "net/socket/scm.h"
#include "net/socket/sock.h"
#include "net/socket/sock_signal.h"
#include "net/unix/unix.h"

/* Since 1970, when the host's clock was zero. */
#define EPOCH (1600000000 * NSEC_PER_SEC)

struct percpu cpu0;

/* ---- Time ---------------------------------------------------------------- */

static uint64_t now; /* the host's */
static uint64_t timer_at = UINT64_MAX;

/* A host that took longer than the others is ahead of them. */
void clock_sync(uint64_t simulated)
{
	now = MAX(now, config.boot_ns + simulated);
	if (timer_at > now)
		return;
	timer_at = UINT64_MAX;
	raise_softirq(SOFTIRQ_TIMER);
}

uint64_t clock_next(void)
{
	if (timer_at == UINT64_MAX)
		return UINT64_MAX;
	return timer_at > config.boot_ns ? timer_at - config.boot_ns : 0;
}

uint64_t ktime_get_ns(void)
{
	return now += config.look_ns;
}

uint64_t ktime_get_real_ns(void)
{
	return ktime_get_ns() + EPOCH;
}

uint64_t ktime_of(uint64_t moment)
{
	if (!(moment & REAL_TIME) || moment == UINT64_MAX)
		return moment;
	moment &= ~REAL_TIME;
	return moment > EPOCH ? moment - EPOCH : 0;
}

uint64_t real_of(uint64_t ns)
{
	return (ns + EPOCH) | REAL_TIME;
}

void apic_timer_set(uint64_t expires)
{
	timer_at = expires;
}

void irq_serve_recorded(void)
{
}

bool in_irq(void)
{
	return false;
}

/* ---- Random numbers ------------------------------------------------------ */

static uint64_t random_state;

/* splitmix64 */
uint64_t random_u64(void)
{
	uint64_t z;

	if (!random_state)
		random_state = config.seed;
	z = (random_state += 0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t random_u32(void)
{
	return random_u64() >> 32;
}

uint32_t random_epoch(void)
{
	return 1;
}

void random_bytes(void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = random_u64();
}

/* ---- Log ----------------------------------------------------------------- */

void panic(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	env.panic(env.host, text);
	__builtin_trap();
}

void vprintk(enum log_level level, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	env.log(env.host, text);
}

void printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(level, fmt, ap);
	va_end(ap);
}

void backtrace_dump(uintptr_t rip, uintptr_t rbp)
{
}

/* ---- What there is not --------------------------------------------------- */

const char *cmdline_get(const char *key)
{
	return strcmp(key, "ip") ? NULL : config.addr;
}

int proc_register(const char *path, void (*show)(struct seq_buf *m))
{
	return 0;
}

int proc_register_walk(const char *path, proc_walk_fn walk)
{
	return 0;
}

int rootfs_register(const char *path, void (*show)(struct seq_buf *m))
{
	return 0;
}

int rootfs_symlink(const char *path, const char *target)
{
	return 0;
}

int mm_get_page(struct mm *mm, uintptr_t addr, struct page **page)
{
	return -EFAULT;
}

void iput(struct inode *inode)
{
}

void file_identify(struct file *file, struct file_id *id)
{
	*id = (struct file_id){ 0 };
}

bool signal_pending(void)
{
	return false;
}

bool fatal_signal_pending(void)
{
	return false;
}

void sigmask_set(uint64_t mask)
{
}

void sigmask_restore_unless(bool interrupted)
{
}

void send_signal(struct thread *thread, int sig)
{
}

void sock_send_sigpipe(void)
{
}

void sock_send_sigurg(const struct sock *sk)
{
}

void scm_recv(const struct sock *sk, struct msg *msg, struct scm *scm,
	      uint32_t flags)
{
}

struct sock_list unix_socks = SOCK_LIST_INIT(unix_socks);

void unix_init(void)
{
}
