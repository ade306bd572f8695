/* SPDX-License-Identifier: MIT */
/*
 * /proc/1, which /proc/self points to: the application as proc(5) shows it.
 * Descriptors come and go, so fd/ and fdinfo/ make their entries when they
 * are asked for. Owns nothing. Thread context.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/proc_impl.h"
#include "kernel/fs/vfs.h"
#include "kernel/mm/mm.h"
#include "kernel/seq_buf.h"
#include "kernel/task/exec.h"
#include "kernel/task/thread.h"

#define PID 1
#define FD_INO_BASE 0x100000000ULL /* inode numbers of fd/N, fdinfo/N */

static struct fdtable *the_files(void)
{
	return the_process() ? the_process()->files : NULL;
}

static struct file *file_of(const struct inode *inode)
{
	struct fdtable *fdt = the_files();

	return fdt ? fd_lookup(fdt, inode->i_private) : NULL;
}

/* ---- fd/N and fdinfo/N --------------------------------------------------- */

static int fd_readlink(struct inode *inode, char *buf, size_t len)
{
	struct file *file = file_of(inode);
	const char *name;
	size_t n;

	if (!file)
		return -ENOENT;
	name = file->f_name ? file->f_name : "anon_inode:";
	n = MIN(strlen(name), len);
	memcpy(buf, name, n);
	return n;
}

static void show_fdinfo(struct seq_buf *m, struct inode *inode)
{
	struct file *file = file_of(inode);
	struct file_id id;
	uint32_t flags;

	if (!file)
		return;
	flags = file->f_flags;
	if (fd_get_cloexec(the_files(), inode->i_private))
		flags |= O_CLOEXEC;
	file_identify(file, &id);
	seq_printf(m, "pos:\t%lli\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
		   (long long)file->f_pos, flags, id.dev,
		   (unsigned long long)id.ino);
	if (file->f_op->show_fdinfo)
		file->f_op->show_fdinfo(m, file);
}

/* A number as the kernel prints it: no sign, no leading zero. */
static int parse_fd(const char *name, size_t len)
{
	int fd = 0;

	if (!len || len > 7 || (len > 1 && name[0] == '0'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		fd = fd * 10 + name[i] - '0';
	}
	return fd;
}

static struct inode *fd_inode(struct inode *dir, const char *name, size_t len,
			      uint32_t mode)
{
	struct fdtable *fdt = the_files();
	int fd = parse_fd(name, len);
	struct inode *inode;

	if (fd < 0 || !fdt || !fd_lookup(fdt, fd))
		return ERR_PTR(-ENOENT);
	inode = inode_alloc(name, len, mode);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->parent = dir;
	inode->i_dev = DEV_PROC;
	inode->i_ino = FD_INO_BASE + fd * 2ULL + S_ISREG(mode);
	inode->i_private = fd;
	return inode;
}

static const struct inode_operations fd_link_ops = {
	.readlink = fd_readlink,
};

static struct inode *fd_lookup_name(struct inode *dir, const char *name,
				    size_t len)
{
	struct inode *inode = fd_inode(dir, name, len, S_IFLNK | 0700);

	if (!IS_ERR(inode))
		inode->i_op = &fd_link_ops;
	return inode;
}

static struct inode *fdinfo_lookup_name(struct inode *dir, const char *name,
					size_t len)
{
	struct inode *inode = fd_inode(dir, name, len, S_IFREG | 0444);

	if (!IS_ERR(inode))
		proc_set_show(inode, show_fdinfo);
	return inode;
}

static bool fd_next(uint64_t *pos, char *name, uint64_t *ino)
{
	struct fdtable *fdt = the_files();
	int fd = fdt && *pos < FD_LIMIT_MAX ? fd_next_open(fdt, *pos) : -1;

	if (fd < 0)
		return false;
	*pos = fd;
	*ino = FD_INO_BASE + fd * 2ULL;
	snprintf(name, NAME_MAX + 1, "%d", fd);
	return true;
}

static bool fd_next_link(struct inode *dir, uint64_t *pos, char *name,
			 uint64_t *ino, uint32_t *mode)
{
	*mode = S_IFLNK;
	return fd_next(pos, name, ino);
}

static bool fd_next_info(struct inode *dir, uint64_t *pos, char *name,
			 uint64_t *ino, uint32_t *mode)
{
	*mode = S_IFREG;
	if (!fd_next(pos, name, ino))
		return false;
	++*ino;
	return true;
}

static const struct inode_operations fd_dir_ops = {
	.lookup = fd_lookup_name,
	.next = fd_next_link,
};

static const struct inode_operations fdinfo_dir_ops = {
	.lookup = fdinfo_lookup_name,
	.next = fd_next_info,
};

/* ---- exe, maps, stat, statm, status -------------------------------------- */

static int exe_readlink(struct inode *inode, char *buf, size_t len)
{
	const struct process *p = the_process();
	size_t n;

	if (!p)
		return -ENOENT;
	n = MIN(strlen(p->exe), len);
	memcpy(buf, p->exe, n);
	return n;
}

static int cwd_readlink(struct inode *inode, char *buf, size_t len)
{
	const char *path = inode_path(vfs_cwd());
	size_t n = MIN(strlen(path), len);

	memcpy(buf, path, n);
	return n;
}

static const struct inode_operations exe_ops = { .readlink = exe_readlink };
static const struct inode_operations cwd_ops = { .readlink = cwd_readlink };

static const char *vma_label(const struct vma *vma)
{
	if (vma->name)
		return vma->name;
	if (vma->flags & VMA_STACK)
		return "[stack]";
	return vma->flags & VMA_HEAP ? "[heap]" : "";
}

static void show_maps(struct seq_buf *m, struct inode *inode)
{
	struct process *p = the_process();
	struct rb_node *node = p ? rb_first(&p->mm->vmas) : NULL;

	for (; node && !m->overflow; node = rb_next(node)) {
		const struct vma *vma = rb_entry(node, struct vma, node);

		seq_printf(m, "%08lx-%08lx %c%c%cp %08llx 00:%02x %-20d %s\n",
			   vma->start, vma->end, vma->prot & 1 ? 'r' : '-',
			   vma->prot & 2 ? 'w' : '-', vma->prot & 4 ? 'x' : '-',
			   vma->data ? (unsigned long long)vma->offset : 0,
			   vma->data ? DEV_ROOT : 0, 0, vma_label(vma));
	}
}

/* CPU time of all threads, in ticks of 10 ms (AT_CLKTCK is 100). */
static unsigned long long cpu_ticks(const struct process *p)
{
	const struct thread *t;
	uint64_t ns = 0;

	list_for_each_entry(t, &p->threads, siblings)
		ns += t->cpu_ns;
	return ns / (10 * NSEC_PER_MSEC);
}

/* proc(5): 52 numbers; what does not exist here is 0. */
static void show_stat(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	if (!p)
		return;
	seq_printf(m, "%d (%.15s) R 0 %d %d 0 -1 0 ", PID, p->name, PID, PID);
	seq_printf(m, "0 0 0 0 %llu 0 0 0 20 0 %u 0 0 ", cpu_ticks(p),
		   p->nr_threads);
	seq_printf(m, "%zu %zu %llu ", p->mm->reserved, p->mm->resident,
		   (unsigned long long)p->rlimit[5].cur); /* RLIMIT_RSS */
	for (int field = 26; field < 52; field++)
		seq_printf(m, "0 ");
	seq_printf(m, "0\n");
}

static void show_statm(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	if (p)
		seq_printf(m, "%zu %zu 0 0 0 0 0\n",
			   p->mm->reserved / PAGE_SIZE, p->mm->resident);
}

static void show_status(struct seq_buf *m, struct inode *inode)
{
	const struct process *p = the_process();

	if (!p)
		return;
	seq_printf(m, "Name:\t%.15s\nUmask:\t%04o\nState:\tR (running)\n",
		   p->name, p->umask);
	seq_printf(m, "Tgid:\t%d\nPid:\t%d\nPPid:\t0\n", PID, PID);
	seq_printf(m, "FDSize:\t%u\n", p->files ? p->files->size : 0);
	seq_printf(m, "VmSize:\t%8zu kB\nVmRSS:\t%8zu kB\n",
		   p->mm->reserved / KiB, p->mm->resident * (PAGE_SIZE / KiB));
	seq_printf(m, "Threads:\t%u\n", p->nr_threads);
}

/* ---- The directory ------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t mode;
	const struct inode_operations *ops;
	void (*show)(struct seq_buf *m, struct inode *inode);
} entries[] = {
	{ "cwd", S_IFLNK | 0777, &cwd_ops, NULL },
	{ "exe", S_IFLNK | 0777, &exe_ops, NULL },
	{ "fd", S_IFDIR | 0500, &fd_dir_ops, NULL },
	{ "fdinfo", S_IFDIR | 0555, &fdinfo_dir_ops, NULL },
	{ "maps", S_IFREG | 0444, NULL, show_maps },
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
		if (entries[i].show)
			proc_set_show(inode, entries[i].show);
	}
	return 0;
}

int proc_self_init(void)
{
	static const char self[] = "1";
	struct inode *proc = proc_root();
	struct inode *dir, *link;

	if (IS_ERR(proc))
		return PTR_ERR(proc);
	dir = inode_make_dir(proc, self, 1);
	link = inode_add(proc, "self", 4, S_IFLNK | 0777);
	if (IS_ERR(dir) || IS_ERR(link))
		return -ENOMEM;
	link->i_data = (const uint8_t *)self;
	link->i_size = 1;
	return add_entries(dir);
}
