/* SPDX-License-Identifier: MIT */
/*
 * start(): the table of contents of the kernel. A boot protocol enters it
 * with a struct boot_info, interrupts off, on the boot stack. The boot thread
 * brings the machine up, turns interrupts on and becomes the idle loop. The main
 * thread starts the devices, the network and the application, and ends the
 * machine when the application ends.
 */
#include "drivers/drivers.h"
#include "drivers/power.h"
#include "drivers/serial.h"
#include "kernel/boot_info.h"
#include "kernel/cmdline.h"
#include "kernel/event/eventpoll.h"
#include "kernel/fs/dev.h"
#include "kernel/fs/file.h"
#include "kernel/fs/initramfs.h"
#include "kernel/mm/page.h"
#include "kernel/mm/poison.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vma.h"
#include "kernel/pipe/pipe.h"
#include "kernel/printk.h"
#include "kernel/procfs/proc.h"
#include "kernel/random.h"
#include "kernel/selftest.h"
#include "kernel/sys/syscall.h"
#include "kernel/task/clock.h"
#include "kernel/task/exec.h"
#include "kernel/task/lockup.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "kernel/task/tid.h"
#include "kernel/task/timer.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"
#include "kernel/x86/paging.h"
#include "net/net.h"

/* Exit statuses when the application never ran, as in shells. */
#define STATUS_BAD_CONFIG 125
#define STATUS_CANNOT_EXEC 126

/* How long unsent data of the application's sockets is waited for. */
#define DRAIN_NS (10 * NSEC_PER_SEC)

extern const uint8_t __initramfs_start[], __initramfs_end[];

static void log_init(void)
{
	const char *level = cmdline_get("loglevel");

	if (level && level[0] >= '0' && level[0] <= '7' && !level[1])
		log_set_level(level[0] - '0');
	else if (level)
		pr_warn("loglevel=%s: not a number from 0 to 7", level);
}

static void memory_init(struct boot_info *bi)
{
	poison_is_on = cmdline_get("slub_debug");
	if (paging_init(bi) || page_alloc_init(bi))
		power_off(STATUS_BAD_CONFIG);
	slab_init();
	if (vma_init())
		panic("no memory for areas");
}

static void files_init(void)
{
	size_t size = __initramfs_end - __initramfs_start;

	file_init();
	eventpoll_init();
	pipe_init();
	proc_init();
	syscall_init();
	if (initramfs_init(__initramfs_start, size))
		power_off(STATUS_BAD_CONFIG);
	dev_init();
}

static void main_thread(void *arg)
{
	char **args;
	int argc, status;

	drivers_init();
	random_ready();
	if (net_init())
		power_off(STATUS_BAD_CONFIG);
	net_wait_address();

	paging_seal();
	if (cmdline_get("selftest"))
		power_off(selftest(cmdline_get("selftest")));
	args = cmdline_app_args(&argc);
	if (process_start("/init", args, argc))
		power_off(STATUS_CANNOT_EXEC);
	status = process_wait();
	net_drain(ktime_get_ns() + DRAIN_NS);
	power_off(status);
}

_Noreturn void start(struct boot_info *bi)
{
	power_early_init();
	serial_init();
	cmdline_init(bi->cmdline);
	log_init();
	cpu_init();
	memory_init(bi);
	acpi_init(bi->rsdp);
	power_init();
	irq_init();
	clock_init();
	timers_init();
	apic_timer_init();
	random_init(bi->seed);
	sched_init();
	lockup_init();
	irq_enable();
	tid_init();
	serial_input_init();
	power_button_init();
	pr_info("Pollux: %zu MiB, booted by %s",
		nr_total_pages() * PAGE_SIZE / MiB, bi->protocol);
	if (bi->cmdline_cut)
		pr_warn("command line cut to %d bytes", BOOT_CMDLINE_MAX - 1);
	files_init();

	if (!kthread_create("main", main_thread, NULL))
		panic("no memory for the main thread");
	idle();
}
