/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys and /sys: this kernel's settings, read-only, for programs that
 * read them to choose sizes. Owns nothing. Thread context.
 */
#include <linux/limits.h>
#include <string.h>

#include "kernel/event/eventpoll_impl.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/vma.h"
#include "kernel/procfs/proc.h"
#include "kernel/procfs/proc_impl.h"
#include "kernel/random.h"
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

/* 0: the sum of requests is not bounded, a single one is. */
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

/* 2: everything, the heap included. */
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

/* RFC 4122, 4.4: random but for version and variant. */
static void show_uuid_of(struct seq_buf *m, const uint8_t bytes[16])
{
	uint8_t u[16];

	memcpy(u, bytes, sizeof(u));
	u[6] = (u[6] & 0x0f) | 0x40;
	u[8] = (u[8] & 0x3f) | 0x80;
	for (unsigned int i = 0; i < sizeof(u); i++)
		seq_printf(m, "%s%02x",
			   i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			   u[i]);
	seq_printf(m, "\n");
}

static void show_uuid(struct seq_buf *m)
{
	uint8_t bytes[16];

	random_bytes(bytes, sizeof(bytes));
	show_uuid_of(m, bytes);
}

/* One for each boot: machines restored from one image have the same. */
static void show_boot_id(struct seq_buf *m)
{
	static uint8_t bytes[16];
	static bool is_drawn;

	if (!is_drawn)
		random_bytes(bytes, sizeof(bytes));
	is_drawn = true;
	show_uuid_of(m, bytes);
}

/* Linux's count reaches 256 bits once and stays there. */
static void show_entropy(struct seq_buf *m)
{
	seq_printf(m, "%d\n", RANDOM_POOL_BITS);
}

static void show_reseed_seconds(struct seq_buf *m)
{
	seq_printf(m, "%d\n", RANDOM_RESEED_SECONDS);
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
	{ "sys/kernel/random/boot_id", show_boot_id },
	{ "sys/kernel/random/entropy_avail", show_entropy },
	{ "sys/kernel/random/poolsize", show_entropy },
	{ "sys/kernel/random/urandom_min_reseed_secs", show_reseed_seconds },
	{ "sys/kernel/random/uuid", show_uuid },
	{ "sys/kernel/random/write_wakeup_threshold", show_entropy },
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
	int err = proc_register_all(files, ARRAY_SIZE(files));

	for (size_t i = 0; i < ARRAY_SIZE(sysfs_files) && !err; i++)
		err = sysfs_register(sysfs_files[i].path, sysfs_files[i].show);
	return err;
}
