/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2) and ioctl(2). Owns nothing. Thread context, no sleep.
 */
#include "kernel/fs/fcntl.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <limits.h>
#include <linux/fcntl.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/mm/uaccess.h"
#include "kernel/pipe/pipe.h"
#include "kernel/task/process.h"

/*
 * Flags that F_SETFL changes. O_ASYNC is ignored, as Linux does for files that
 * cannot send SIGIO; O_DIRECT is refused except by pipes.
 */
#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_NOATIME)

static long do_dupfd(struct fdtable *fdt, struct file *file, unsigned long from,
		     uint64_t limit, bool cloexec)
{
	int fd;

	if ((unsigned int)from >= limit)
		return -EINVAL;
	fd = get_unused_fd(fdt, from, limit, cloexec);
	if (fd >= 0)
		fd_install(fdt, fd, get_file(file));
	return fd;
}

static long do_setfl(struct file *file, uint32_t flags)
{
	uint32_t mask = SETFL_MASK;

	if (is_file_pipe(file))
		mask |= O_DIRECT; /* packets: pipe(2) */
	else if (flags & O_DIRECT)
		return -EINVAL;
	file->f_flags = (file->f_flags & ~mask) | (flags & mask);
	return 0;
}

/* No conflicts: the only process holds all locks. */
static long do_lock(struct file *file, unsigned int cmd, struct flock *ulock)
{
	struct flock lock;

	if (get_user(lock, ulock))
		return -EFAULT;
	if (lock.l_type != F_RDLCK && lock.l_type != F_WRLCK &&
	    (lock.l_type != F_UNLCK || cmd == F_GETLK))
		return -EINVAL;
	if (lock.l_whence < 0 || lock.l_whence > 2)
		return -EINVAL;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK) {
		lock.l_type = F_UNLCK;
		return put_user(lock, ulock);
	}
	if (lock.l_type == F_RDLCK && !(file->f_mode & FMODE_READ))
		return -EBADF;
	if (lock.l_type == F_WRLCK && !(file->f_mode & FMODE_WRITE))
		return -EBADF;
	return 0;
}

/* There is one process and one process group. */
long file_set_owner(struct file *file, int owner)
{
	if (owner && owner != APP_PID && owner != -APP_PID)
		return owner == INT_MIN ? -EINVAL : -ESRCH;
	file->f_owner = owner;
	return 0;
}

static long do_getown_ex(const struct file *file, struct f_owner_ex *uowner)
{
	struct f_owner_ex owner = { .type = F_OWNER_PID, .pid = file->f_owner };

	if (owner.pid < 0) {
		owner.type = F_OWNER_PGRP;
		owner.pid = -owner.pid;
	}
	return put_user(owner, uowner);
}

static long do_setown_ex(struct file *file, const struct f_owner_ex *uowner)
{
	struct f_owner_ex owner;

	if (get_user(owner, uowner))
		return -EFAULT;
	if (owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP)
		return -EINVAL;
	if (owner.pid && owner.pid != APP_PID)
		return -ESRCH;
	file->f_owner = owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
	return 0;
}

static bool is_fcntl_of_path(unsigned int cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_GETFD ||
	       cmd == F_SETFD || cmd == F_GETFL;
}

long do_fcntl(struct fdtable *fdt, int fd, unsigned int cmd, unsigned long arg,
	      uint64_t limit)
{
	struct file *file = fd_lookup(fdt, fd);

	if (!file || ((file->f_flags & O_PATH) && !is_fcntl_of_path(cmd)))
		return -EBADF;
	switch (cmd) {
	case F_DUPFD:
		return do_dupfd(fdt, file, arg, limit, false);
	case F_DUPFD_CLOEXEC:
		return do_dupfd(fdt, file, arg, limit, true);
	case F_GETFD:
		return fd_get_cloexec(fdt, fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		fd_set_cloexec(fdt, fd, arg & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return file->f_flags;
	case F_SETFL:
		return do_setfl(file, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return do_lock(file, cmd, (struct flock *)arg);
	case F_GETOWN_EX:
		return do_getown_ex(file, (struct f_owner_ex *)arg);
	case F_SETOWN_EX:
		return do_setown_ex(file, (struct f_owner_ex *)arg);
	case F_GETOWN:
		return file->f_owner;
	case F_SETOWN:
		return file_set_owner(file, arg);
	case F_GETSIG:
		return 0;
	case F_SETSIG: /* 0 or the number of a signal */
		return arg <= 64 ? 0 : -EINVAL;
	case F_SETPIPE_SZ:
		return pipe_set_size(file, arg);
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	default:
		return -EINVAL;
	}
}

static long set_nonblock(struct file *file, const int *uon)
{
	int on;

	if (get_user(on, uon))
		return -EFAULT;
	if (on)
		file->f_flags |= O_NONBLOCK;
	else
		file->f_flags &= ~O_NONBLOCK;
	return 0;
}

/* There is no SIGIO. */
static long set_async(const int *uon)
{
	int on;

	if (get_user(on, uon))
		return -EFAULT;
	return on ? -ENOTTY : 0;
}

long do_ioctl(struct fdtable *fdt, int fd, unsigned int cmd, unsigned long arg)
{
	struct file *file = fd_lookup(fdt, fd);
	const struct inode *inode;

	if (!file || (file->f_flags & O_PATH))
		return -EBADF;
	inode = file->f_inode;
	switch (cmd) {
	case FIOCLEX:
		fd_set_cloexec(fdt, fd, true);
		return 0;
	case FIONCLEX:
		fd_set_cloexec(fdt, fd, false);
		return 0;
	case FIONBIO:
		return set_nonblock(file, (const int *)arg);
	case FIOASYNC:
		return set_async((const int *)arg);
	case FIONREAD:
		if (inode && S_ISREG(inode->i_mode)) {
			int left = inode->i_size - file->f_pos;

			return put_user(left, (int *)arg);
		}
		break;
	}
	return file->f_op->ioctl ? file->f_op->ioctl(file, cmd, arg) : -ENOTTY;
}
