/* SPDX-License-Identifier: MIT */
/*
 * The system call table: one array indexed by number, joined from the
 * families' tables. An unknown call returns -ENOSYS, which programs expect,
 * and is logged once. entry.S calls the entries for every SYSCALL. Owns the
 * table.
 */
#include "kernel/sys/syscall.h"

#include <errno.h>
#include <stddef.h>

#include "kernel/base.h"
#include "kernel/printk.h"
#include "kernel/task/thread.h"
#include "kernel/x86/regs.h"

static const char *const names[NR_SYSCALLS] = {
#include "build/gen/syscall_names.h"
};

syscall_fn syscall_table[NR_SYSCALLS + 1] __ro_after_init;
static uint64_t reported[NR_SYSCALLS / 64]; /* bitmap of unknown numbers */
static bool reported_other;

static void join(const struct syscall_entry *entry)
{
	for (; entry->fn; entry++) {
		ASSERT(entry->nr < NR_SYSCALLS && !syscall_table[entry->nr]);
		syscall_table[entry->nr] = entry->fn;
	}
}

/* Once for each number, so that a loop over it cannot fill the log. */
static bool first_report(uint64_t nr)
{
	bool first;

	if (nr >= NR_SYSCALLS) {
		first = !reported_other;
		reported_other = true;
		return first;
	}
	first = !(reported[nr / 64] & BIT(nr % 64));
	reported[nr / 64] |= BIT(nr % 64);
	return first;
}

static long sys_unknown(void)
{
	uint64_t nr = current->regs->orig_rax;
	const char *name = nr < NR_SYSCALLS ? names[nr] : NULL;

	if (first_report(nr))
		pr_notice("%s[%d]: system call %lu (%s) is not implemented",
			  current->process->name, current->tid, nr,
			  name ? name : "unknown");
	return -ENOSYS;
}

void syscall_init(void)
{
	unsigned int nr;

	join(syscalls_file);
	join(syscalls_path);
	join(syscalls_modify);
	join(syscalls_splice);
	join(syscalls_poll);
	join(syscalls_event);
	join(syscalls_mm);
	join(syscalls_task);
	join(syscalls_thread);
	join(syscalls_signal);
	join(syscalls_time);
	join(syscalls_timex);
	join(syscalls_socket);
	join(syscalls_message);
	for (nr = 0; nr <= NR_SYSCALLS; nr++) {
		if (!syscall_table[nr])
			syscall_table[nr] = SYSCALL_FN(sys_unknown);
	}
}
