/* SPDX-License-Identifier: MIT */
/*
 * /proc's files about the machine as a whole: proc(5). Owns nothing. Thread
 * context.
 */
#include <string.h>

#include "kernel/fs/console.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/procfs/proc.h"
#include "kernel/procfs/proc_impl.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/thread.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"

#define TICK_NS (10 * NSEC_PER_MSEC) /* AT_CLKTCK is 100 */

/* Time that the application did not use. */
static uint64_t idle_ns(void)
{
	const struct process *p = the_process();
	uint64_t now = ktime_get_ns(), busy = p ? process_cpu_ns(p) : 0;

	return now > busy ? now - busy : 0;
}

static void show_uptime(struct seq_buf *m)
{
	unsigned long long up = ktime_get_ns() / TICK_NS;
	unsigned long long idle = idle_ns() / TICK_NS;

	seq_printf(m, "%llu.%02llu %llu.%02llu\n", up / 100, up % 100,
		   idle / 100, idle % 100);
}

static void show_version(struct seq_buf *m)
{
	seq_printf(m, "Linux version 6.1.0-pollux (Pollux) (gcc " __VERSION__
		      ") #1\n");
}

static void show_console(struct seq_buf *m)
{
	seq_printf(m, "input_dropped %zu\n", console_dropped());
}

static void add_count(int vector, const char *name, uint64_t count, void *sum)
{
	*(uint64_t *)sum += count;
}

/* user nice system idle iowait irq softirq steal guest guest_nice */
static void show_stat(struct seq_buf *m)
{
	const struct process *p = the_process();
	unsigned long long user = p ? process_cpu_ns(p) / TICK_NS : 0;
	unsigned long long idle = idle_ns() / TICK_NS;
	uint64_t irqs = 0;

	irq_for_each(add_count, &irqs);
	seq_printf(m, "cpu  %llu 0 0 %llu 0 0 0 0 0 0\n", user, idle);
	seq_printf(m, "cpu0 %llu 0 0 %llu 0 0 0 0 0 0\n", user, idle);
	seq_printf(m, "intr %llu\nctxt %llu\nbtime %llu\nprocesses 1\n",
		   (unsigned long long)irqs,
		   (unsigned long long)sched_switches(),
		   (unsigned long long)((ktime_get_real_ns() - ktime_get_ns()) /
					NSEC_PER_SEC));
	seq_printf(m, "procs_running 1\nprocs_blocked 0\n");
}

static void show_irq(int vector, const char *name, uint64_t count, void *m)
{
	if (vector == VECTOR_TIMER)
		seq_printf(m, "%4s: %10llu   Local timer interrupts\n", "LOC",
			   (unsigned long long)count);
	else if (vector == VECTOR_SPURIOUS)
		seq_printf(m, "%4s: %10llu   Spurious interrupts\n", "SPU",
			   (unsigned long long)count);
	else
		seq_printf(m, "%4d: %10llu   APIC  %s\n", vector,
			   (unsigned long long)count, name);
}

static void show_interrupts(struct seq_buf *m)
{
	seq_printf(m, "           CPU0       \n");
	irq_for_each(show_irq, m);
}

/* SDM vol 2, CPUID leaf 1: family and model in parts. */
static void show_cpu_model(struct seq_buf *m)
{
	uint32_t r[4], family, model;

	cpuid(1, 0, r);
	family = r[0] >> 8 & 15;
	model = r[0] >> 4 & 15;
	if (family == 6 || family == 15)
		model |= r[0] >> 12 & 0xf0;
	if (family == 15)
		family += r[0] >> 20 & 0xff;
	seq_printf(m, "cpu family\t: %u\nmodel\t\t: %u\n", family, model);
}

/* Leaves 0x80000002 to 4: 48 characters, padded with zeros. */
static void show_cpu_name(struct seq_buf *m)
{
	uint32_t r[13] = { 0 };

	cpuid(0x80000000, 0, r);
	if (r[0] < 0x80000004)
		return;
	for (uint32_t i = 0; i < 3; i++)
		cpuid(0x80000002 + i, 0, r + 4 * i);
	seq_printf(m, "model name\t: %s\n", (const char *)r);
}

static void show_cpuinfo(struct seq_buf *m)
{
	uint64_t khz = tsc_hz() / 1000;
	char vendor[13] = { 0 };
	uint32_t r[4], step[4];

	cpuid(0, 0, r);
	memcpy(vendor, &r[1], 4);
	memcpy(vendor + 4, &r[3], 4);
	memcpy(vendor + 8, &r[2], 4);
	cpuid(1, 0, step);
	seq_printf(m, "processor\t: 0\nvendor_id\t: %s\n", vendor);
	show_cpu_model(m);
	show_cpu_name(m);
	seq_printf(m, "stepping\t: %u\n", step[0] & 15);
	seq_printf(m, "cpu MHz\t\t: %llu.%03llu\n",
		   (unsigned long long)khz / 1000,
		   (unsigned long long)khz % 1000);
	seq_printf(m, "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\n"
		      "cpu cores\t: 1\nfpu\t\t: yes\n\n");
}

static const struct proc_entry files[] = {
	{ "uptime", show_uptime },	   { "version", show_version },
	{ "console", show_console },	   { "stat", show_stat },
	{ "interrupts", show_interrupts }, { "cpuinfo", show_cpuinfo },
};

int proc_info_init(void)
{
	return proc_register_all(files, ARRAY_SIZE(files));
}
