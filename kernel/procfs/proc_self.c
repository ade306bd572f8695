/* SPDX-License-Identifier: MIT */
/*
 * /proc/1, which /proc/self points to: the application as proc(5) shows it.
 * Descriptors are in proc_fd.c. Owns nothing. Thread context.
 */
#include <asm/resource.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/namei.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/uaccess.h"
#include "kernel/mm/vma.h"
#include "kernel/procfs/proc_impl.h"
#include "kernel/task/process.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/tid.h"

#define TICK_NS (10 * NSEC_PER_MSEC) /* AT_CLKTCK is 100 */
#define MAPS_NAME_COLUMN 73 /* where Linux begins the names in maps */

/* ---- Links --------------------------------------------------------------- */

static int copy_link(const char *target, char *buf, size_t len)
{
	size_t n = MIN(strlen(target), len);

	memcpy(buf, target, n);
	return n;
}

static int exe_readlink(struct inode *inode, char *buf, size_t len)
{
	const struct process *p = the_process();

	return p ? copy_link(p->exe, buf, len) : -ENOENT;
}

static int cwd_readlink(struct inode *inode, char *buf, size_t len)
{
	return copy_link(inode_path(vfs_cwd()), buf, len);
}

static int root_readlink(struct inode *inode, char *buf, size_t len)
{
	return copy_link("/", buf, len);
}

static const struct inode_operations exe_ops = { .readlink = exe_readlink };
static const struct inode_operations cwd_ops = { .readlink = cwd_readlink };
static const struct inode_operations root_ops = { .readlink = root_readlink };

/* ---- maps ---------------------------------------------------------------- */

static const char *vma_label(const struct vma *vma)
{
	if (vma->name)
		return vma->name;
	if (vma->flags & VMA_STACK)
		return "[stack]";
	return vma->flags & VMA_HEAP ? "[heap]" : NULL;
}

/* An area without a file shows no offset. */
static bool is_of_file(const struct vma *vma)
{
	return vma->data && vma->name && vma->name[0] == '/';
}

static void show_vma(struct seq_buf *m, const struct vma *vma)
{
	bool file = is_of_file(vma);
	const char *label = vma_label(vma);
	size_t start = m->len;

	seq_printf(m, "%08lx-%08lx %c%c%c%c %08llx 00:%02x 0 ", vma->start,
		   vma->end, vma->prot & 1 ? 'r' : '-',
		   vma->prot & 2 ? 'w' : '-', vma->prot & 4 ? 'x' : '-',
		   vma->flags & VMA_SHARED ? 's' : 'p',
		   file ? (unsigned long long)vma->offset : 0,
		   file ? DEV_ROOT : 0);
	if (label) {
		while (m->len - start < MAPS_NAME_COLUMN && !m->overflow)
			seq_putc(m, ' ');
		seq_printf(m, "%s", label);
	}
	seq_putc(m, '\n');
}

/* An area's key is its end: the next area lies there or above. */
static void walk_maps(struct seq_buf *m, struct seq_pos *pos)
{
	struct process *p = the_process();
	const struct vma *vma = p ? find_vma(p->mm, pos->key) : NULL;
	struct seq_walk w;

	seq_walk_begin(&w, m, pos);
	for (; vma && seq_walk_wants(&w); vma = find_vma(p->mm, vma->end)) {
		show_vma(m, vma);
		seq_walk_done(&w, vma->end);
	}
	seq_walk_end(&w);
}

/* ---- stat, statm, status ------------------------------------------------- */

static const char *comm(const struct process *p)
{
	const struct thread *first = thread_find(APP_PID);

	return first ? first->comm : p->name;
}

/* Bit i: the handler of signal i + 1 is SIG_IGN; "caught": any other. */
static uint64_t ignored_signals(const struct process *p)
{
	uint64_t set = 0;

	for (int i = 0; i < NR_SIGNALS; i++)
		if (p->sigaction[i].handler == 1)
			set |= BIT(i);
	return set;
}

static uint64_t caught_signals(const struct process *p)
{
	uint64_t set = 0;

	for (int i = 0; i < NR_SIGNALS; i++)
		if (p->sigaction[i].handler > 1)
			set |= BIT(i);
	return set;
}

/* proc(5): 52 numbers; what does not exist here is 0. */
static void show_stat(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();
	const struct mm *mm = p ? p->mm : NULL;

	if (!p)
		return;
	seq_printf(m, "%d (%.15s) R 0 %d %d 0 -1 0 0 0 0 0 %llu 0 0 0 20 0 ",
		   APP_PID, comm(p), APP_PID, APP_PID,
		   (unsigned long long)(process_cpu_ns(p) / TICK_NS));
	seq_printf(m, "%u 0 0 %zu %zu %llu ", p->nr_threads, mm->reserved,
		   mm->resident, (unsigned long long)p->rlimit[RLIMIT_RSS].cur);
	/* Code and stack, registers, signals, wait channel, swap. */
	seq_printf(m, "0 0 0 0 0 %llu %llu %llu %llu 0 0 0 ",
		   (unsigned long long)p->pending,
		   (unsigned long long)current->blocked,
		   (unsigned long long)ignored_signals(p),
		   (unsigned long long)caught_signals(p));
	/* Exit signal SIGCHLD; CPU 0; ...; the addresses of its data. */
	seq_printf(m, "17 0 0 0 0 0 0 0 0 %lu %lu %lu %lu %lu 0\n",
		   mm->brk_start, mm->arg_start, mm->arg_end, mm->env_start,
		   mm->env_end);
}

static void show_statm(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	if (p)
		seq_printf(m, "%zu %zu 0 0 0 %zu 0\n",
			   p->mm->reserved / PAGE_SIZE, p->mm->resident,
			   p->mm->reserved / PAGE_SIZE);
}

static void status_identity(struct seq_buf *m, const struct process *p)
{
	seq_printf(m, "Name:\t%.15s\nUmask:\t%04o\nState:\tR (running)\n",
		   comm(p), p->umask);
	seq_printf(m, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t0\n", APP_PID,
		   APP_PID);
	seq_printf(m, "TracerPid:\t0\n");
	seq_printf(m, "Uid:\t%d\t%d\t%d\t%d\n", APP_UID, APP_UID, APP_UID,
		   APP_UID);
	seq_printf(m, "Gid:\t%d\t%d\t%d\t%d\n", APP_GID, APP_GID, APP_GID,
		   APP_GID);
	seq_printf(m, "FDSize:\t%u\nGroups:\t \n",
		   p->files ? p->files->size : 0);
}

static void status_memory(struct seq_buf *m, const struct mm *mm)
{
	size_t resident = mm->resident * (PAGE_SIZE / KiB);

	seq_printf(m, "VmSize:\t%8zu kB\nVmLck:\t%8d kB\nVmPin:\t%8d kB\n",
		   mm->reserved / KiB, 0, 0);
	seq_printf(m, "VmRSS:\t%8zu kB\nRssAnon:\t%8zu kB\n", resident,
		   resident);
	seq_printf(m, "RssFile:\t%8d kB\nRssShmem:\t%8d kB\n", 0, 0);
	seq_printf(m, "VmSwap:\t%8d kB\n", 0);
}

static void status_signals(struct seq_buf *m, const struct process *p)
{
	seq_printf(m, "SigPnd:\t%016llx\nShdPnd:\t%016llx\n",
		   (unsigned long long)current->pending,
		   (unsigned long long)p->pending);
	seq_printf(m, "SigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		   (unsigned long long)current->blocked,
		   (unsigned long long)ignored_signals(p),
		   (unsigned long long)caught_signals(p));
}

static void show_status(struct seq_buf *m, struct inode *inode)
{
	static const char *const capabilities[] = { "Inh", "Prm", "Eff", "Bnd",
						    "Amb" };
	const struct process *p = the_process();

	if (!p)
		return;
	status_identity(m, p);
	status_memory(m, p->mm);
	seq_printf(m, "Threads:\t%u\n", p->nr_threads);
	status_signals(m, p);
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		seq_printf(m, "Cap%s:\t%016x\n", capabilities[i], 0);
	seq_printf(m, "NoNewPrivs:\t0\nSeccomp:\t0\nCpus_allowed:\t1\n"
		      "Cpus_allowed_list:\t0\nMems_allowed:\t1\n"
		      "Mems_allowed_list:\t0\n");
}

/* ---- cmdline, environ, comm, limits -------------------------------------- */

/* Reads the application's memory, which may have been changed or unmapped. */
static void show_user(struct seq_buf *m, uintptr_t start, uintptr_t end)
{
	char chunk[128];

	while (start < end && !m->overflow) {
		size_t n = MIN(end - start, sizeof(chunk));

		if (copy_from_user(chunk, (const void *)start, n))
			return;
		for (size_t i = 0; i < n; i++)
			seq_putc(m, chunk[i]);
		start += n;
	}
}

static void show_cmdline(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	if (p)
		show_user(m, p->mm->arg_start, p->mm->arg_end);
}

static void show_environ(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	if (p)
		show_user(m, p->mm->env_start, p->mm->env_end);
}

static void show_comm(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	if (p)
		seq_printf(m, "%.15s\n", comm(p));
}

static const struct {
	const char *name;
	const char *unit;
} limits[NR_RLIMITS] = {
	[RLIMIT_CPU] = { "Max cpu time", "seconds" },
	[RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[RLIMIT_DATA] = { "Max data size", "bytes" },
	[RLIMIT_STACK] = { "Max stack size", "bytes" },
	[RLIMIT_CORE] = { "Max core file size", "bytes" },
	[RLIMIT_RSS] = { "Max resident set", "bytes" },
	[RLIMIT_NPROC] = { "Max processes", "processes" },
	[RLIMIT_NOFILE] = { "Max open files", "files" },
	[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
	[RLIMIT_AS] = { "Max address space", "bytes" },
	[RLIMIT_LOCKS] = { "Max file locks", "locks" },
	[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
	[RLIMIT_NICE] = { "Max nice priority", "" },
	[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
	[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void show_limit(struct seq_buf *m, uint64_t limit)
{
	if (limit == RLIM_INFINITY)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20llu ", (unsigned long long)limit);
}

static void show_limits(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		   "Hard Limit", "Units");
	for (int i = 0; p && i < NR_RLIMITS; i++) {
		seq_printf(m, "%-25s ", limits[i].name);
		show_limit(m, p->rlimit[i].cur);
		show_limit(m, p->rlimit[i].max);
		seq_printf(m, limits[i].unit[0] ? "%-10s\n" : "%s\n",
			   limits[i].unit);
	}
}

/* fstab(5): the parts of the one tree. */
static void show_mounts(struct seq_buf *m, struct inode *inode)
{
	seq_printf(m, "rootfs / rootfs ro 0 0\nproc /proc proc ro 0 0\n"
		      "sysfs /sys sysfs ro 0 0\n"
		      "devtmpfs /dev devtmpfs ro 0 0\n");
}

/* ---- The directory ------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t mode;
	const struct inode_operations *ops;
	void (*show)(struct seq_buf *m, struct inode *inode);
} entries[] = {
	{ "cmdline", S_IFREG | 0444, NULL, show_cmdline },
	{ "comm", S_IFREG | 0444, NULL, show_comm },
	{ "cwd", S_IFLNK | 0777, &cwd_ops, NULL },
	{ "environ", S_IFREG | 0400, NULL, show_environ },
	{ "exe", S_IFLNK | 0777, &exe_ops, NULL },
	{ "fd", S_IFDIR | 0500, &proc_fd_ops, NULL },
	{ "fdinfo", S_IFDIR | 0555, &proc_fdinfo_ops, NULL },
	{ "limits", S_IFREG | 0444, NULL, show_limits },
	{ "mounts", S_IFREG | 0444, NULL, show_mounts },
	{ "root", S_IFLNK | 0777, &root_ops, NULL },
	{ "stat", S_IFREG | 0444, NULL, show_stat },
	{ "statm", S_IFREG | 0444, NULL, show_statm },
	{ "status", S_IFREG | 0444, NULL, show_status },
};

static int add_entries(struct inode *dir)
{
	struct inode *inode;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		inode = inode_add(dir, entries[i].name, strlen(entries[i].name),
				  entries[i].mode);
		if (IS_ERR(inode))
			return PTR_ERR(inode);
		inode->i_op = entries[i].ops;
		inode->i_owner = APP_UID;
		if (entries[i].show)
			proc_set_show(inode, entries[i].show);
	}
	inode = inode_add(dir, "maps", strlen("maps"), S_IFREG | 0444);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_owner = APP_UID;
	proc_set_walk(inode, walk_maps);
	return 0;
}

/* A permanent link; the pointer to target is kept. */
static int add_link(struct inode *dir, const char *name, const char *target)
{
	struct inode *link = inode_add(dir, name, strlen(name), S_IFLNK | 0777);

	if (IS_ERR(link))
		return PTR_ERR(link);
	link->i_data = (const uint8_t *)target;
	link->i_size = strlen(target);
	return 0;
}

int proc_self_init(void)
{
	struct inode *proc = proc_root();
	struct inode *dir;

	if (IS_ERR(proc))
		return PTR_ERR(proc);
	dir = inode_make_dir(proc, "1", 1);
	if (IS_ERR(dir) || add_link(proc, "self", "1") ||
	    add_link(proc, "mounts", "self/mounts"))
		return -ENOMEM;
	dir->i_owner = APP_UID;
	return add_entries(dir);
}
