/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys and /sys: what this kernel is set to, for programs that look
 * before they choose sizes. Nothing can be set. Owns nothing. Thread context.
 */
#include <linux/limits.h>

#include "kernel/fs/eventpoll_impl.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/proc.h"
#include "kernel/fs/proc_impl.h"
#include "kernel/mm/vma.h"
#include "kernel/seq_buf.h"
#include "kernel/task/exec.h"
#include "kernel/task/tid.h"
#include "kernel/utsname.h"

static void show_max_user_watches(struct seq_buf *m)
{
	seq_printf(m, "%zu\n", ep_max_user_watches);
}

static void show_file_max(struct seq_buf *m)
{
	seq_printf(m, "%zu\n", file_max());
}

static void show_file_nr(struct seq_buf *m)
{
	seq_printf(m, "%zu\t0\t%zu\n", nr_files(), file_max());
}

static void show_nr_open(struct seq_buf *m)
{
	seq_printf(m, "%d\n", FD_LIMIT_MAX);
}

static void show_max_map_count(struct seq_buf *m)
{
	seq_printf(m, "%d\n", MAX_MAP_COUNT);
}

/* 0: more is promised than there is, but not in one piece. */
static void show_overcommit(struct seq_buf *m)
{
	seq_printf(m, "0\n");
}

static void show_ngroups_max(struct seq_buf *m)
{
	seq_printf(m, "%d\n", NGROUPS_MAX);
}

static void show_pid_max(struct seq_buf *m)
{
	seq_printf(m, "%d\n", pid_max());
}

/* 2 is all of it, the heap included. */
static void show_randomize(struct seq_buf *m)
{
	seq_printf(m, "%d\n", exec_randomizes() ? 2 : 0);
}

static void show_ostype(struct seq_buf *m)
{
	seq_printf(m, "Linux\n");
}

static void show_hostname(struct seq_buf *m)
{
	seq_printf(m, UTS_NODENAME "\n");
}

static void show_domainname(struct seq_buf *m)
{
	seq_printf(m, UTS_DOMAINNAME "\n");
}

static void show_cpu_list(struct seq_buf *m)
{
	seq_printf(m, "0\n");
}

static void show_clocksource(struct seq_buf *m)
{
	seq_printf(m, "tsc\n");
}

static void show_huge_pages(struct seq_buf *m)
{
	seq_printf(m, "always madvise [never]\n");
}

static const struct proc_entry files[] = {
	{ "sys/fs/epoll/max_user_watches", show_max_user_watches },
	{ "sys/fs/file-max", show_file_max },
	{ "sys/fs/file-nr", show_file_nr },
	{ "sys/fs/nr_open", show_nr_open },
	{ "sys/kernel/domainname", show_domainname },
	{ "sys/kernel/hostname", show_hostname },
	{ "sys/kernel/ngroups_max", show_ngroups_max },
	{ "sys/kernel/ostype", show_ostype },
	{ "sys/kernel/pid_max", show_pid_max },
	{ "sys/kernel/randomize_va_space", show_randomize },
	{ "sys/vm/max_map_count", show_max_map_count },
	{ "sys/vm/overcommit_memory", show_overcommit },
};

static const struct proc_entry sysfs_files[] = {
	{ "devices/system/clocksource/clocksource0/current_clocksource",
	  show_clocksource },
	{ "devices/system/cpu/online", show_cpu_list },
	{ "devices/system/cpu/possible", show_cpu_list },
	{ "devices/system/cpu/present", show_cpu_list },
	{ "kernel/mm/transparent_hugepage/enabled", show_huge_pages },
};

int proc_sys_init(void)
{
	int error = proc_register_all(files, ARRAY_SIZE(files));

	for (size_t i = 0; i < ARRAY_SIZE(sysfs_files) && !error; i++)
		error = sysfs_register(sysfs_files[i].path,
				       sysfs_files[i].show);
	return error;
}
