/* SPDX-License-Identifier: MIT */
/*
 * /proc/1/fd and /proc/1/fdinfo. Descriptors come and go, so the entries are
 * made on request. Owns nothing. Thread context.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/stat.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/procfs/proc_impl.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"

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

/* "socket:" becomes "socket:[ino]". */
static const char *with_number(struct file *file, const char *name, char *buf,
			       size_t size)
{
	struct file_id id;

	file_identify(file, &id);
	snprintf(buf, size, "%s[%llu]", name, (unsigned long long)id.ino);
	return buf;
}

static int fd_readlink(struct inode *inode, char *buf, size_t len)
{
	struct file *file = file_of(inode);
	char numbered[32];
	const char *name;
	size_t n;

	if (!file)
		return -ENOENT;
	name = file->f_name ? file->f_name : "anon_inode:";
	if (name[strlen(name) - 1] == ':')
		name = with_number(file, name, numbered, sizeof(numbered));
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
	get_file(file); /* another thread may run and close it */
	flags = file->f_flags;
	if (fd_get_cloexec(the_files(), inode->i_private))
		flags |= O_CLOEXEC;
	file_identify(file, &id);
	seq_printf(m, "pos:\t%lli\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
		   (long long)file->f_pos, flags, id.dev,
		   (unsigned long long)id.ino);
	if (file->f_op->show_fdinfo)
		file->f_op->show_fdinfo(m, file);
	fput(file);
}

/* Accepts a number as the kernel prints it: no sign, no leading zero. */
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
	inode->i_owner = dir->i_owner;
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

const struct inode_operations proc_fd_ops = {
	.lookup = fd_lookup_name,
	.next = fd_next_link,
};

const struct inode_operations proc_fdinfo_ops = {
	.lookup = fdinfo_lookup_name,
	.next = fd_next_info,
};
