/* SPDX-License-Identifier: MIT */
/*
 * System calls on open files: transfers, descriptors, positions.
 *
 * A call that may sleep holds a reference to its file, so that a close(2) by
 * another thread does not free it.
 */
#include "kernel/sys/sys_file.h"

#include <asm/resource.h>
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/close_range.h>
#include <linux/fadvise.h>
#include <linux/fcntl.h>

#include "kernel/fs/fcntl.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/stat.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"

uint64_t sys_nofile(void)
{
	return MIN(the_process()->rlimit[RLIMIT_NOFILE].cur, FD_LIMIT_MAX);
}

long sys_fd_install(struct file *file, uint32_t flags)
{
	int fd;

	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd(sys_files(), 0, sys_nofile(), flags & O_CLOEXEC);
	if (fd < 0)
		fput(file);
	else
		fd_install(sys_files(), fd, file);
	return fd;
}

/* ---- Transfers ----------------------------------------------------------- */

typedef ssize_t (*rw_fn)(struct file *file, struct iov_iter *i, int64_t *pos);

/* At the file's own position, if it has one. */
static ssize_t rw_here(struct file *file, struct iov_iter *i, rw_fn rw)
{
	return rw(file, i, file->f_mode & FMODE_LSEEK ? &file->f_pos : NULL);
}

/* One buffer: read(2), write(2). */
static long do_rw(int fd, void *buf, size_t count, rw_fn rw)
{
	struct file *file = sys_fget(fd);
	struct iovec iov = { buf, MIN(count, MAX_RW_COUNT) };
	struct iov_iter i;
	long n = -EFAULT;

	if (!file)
		return -EBADF;
	if (access_ok(buf, count)) {
		iov_iter_init(&i, &iov, 1, iov.iov_len, true);
		n = rw_here(file, &i, rw);
	}
	fput(file);
	return n;
}

static long sys_read(int fd, void *buf, size_t count)
{
	return do_rw(fd, buf, count, file_read_iter);
}

static long sys_write(int fd, void *buf, size_t count)
{
	return do_rw(fd, buf, count, file_write_iter);
}

/* At the caller's position: pread64(2), pwrite64(2). */
static ssize_t rw_at(struct file *file, struct iov_iter *i, int64_t pos,
		     rw_fn rw)
{
	if (!(file->f_mode & FMODE_PREAD))
		return -ESPIPE;
	return rw(file, i, &pos);
}

static long do_rw_at(int fd, void *buf, size_t count, int64_t pos, rw_fn rw)
{
	struct iovec iov = { buf, MIN(count, MAX_RW_COUNT) };
	struct iov_iter i;
	struct file *file;
	long n = -EFAULT;

	if (pos < 0)
		return -EINVAL;
	file = sys_fget(fd);
	if (!file)
		return -EBADF;
	if (access_ok(buf, count)) {
		iov_iter_init(&i, &iov, 1, iov.iov_len, true);
		n = rw_at(file, &i, pos, rw);
	}
	fput(file);
	return n;
}

static long sys_pread64(int fd, void *buf, size_t count, int64_t pos)
{
	return do_rw_at(fd, buf, count, pos, file_read_iter);
}

static long sys_pwrite64(int fd, void *buf, size_t count, int64_t pos)
{
	return do_rw_at(fd, buf, count, pos, file_write_iter);
}

/* The result of a call that has nothing to transfer. */
static int rw_check(const struct file *file, rw_fn rw)
{
	bool is_read = rw == file_read_iter;
	void *op = is_read ? (void *)file->f_op->read_iter :
			     (void *)file->f_op->write_iter;

	if (!(file->f_mode & (is_read ? FMODE_READ : FMODE_WRITE)))
		return -EBADF;
	return op ? 0 : -EINVAL;
}

/*
 * Several buffers: readv(2) and its relatives. pos: -1 for the file's own.
 * Unlike read(2), an empty transfer does not reach the file.
 */
static long do_rwv(int fd, const struct iovec *uvec, unsigned long nr,
		   int64_t pos, rw_fn rw)
{
	struct iovec fast[UIO_FASTIOV], *to_free = NULL;
	struct file *file = sys_fget(fd);
	struct iov_iter i;
	ssize_t n;

	if (!file)
		return -EBADF;
	n = import_iovec(uvec, nr, fast, &to_free, &i);
	if (n >= 0) {
		if (!n)
			n = rw_check(file, rw);
		else if (pos >= 0)
			n = rw_at(file, &i, pos, rw);
		else
			n = rw_here(file, &i, rw);
		kvfree(to_free);
	}
	fput(file);
	return n;
}

static long sys_readv(int fd, const struct iovec *vec, unsigned long nr)
{
	return do_rwv(fd, vec, nr, -1, file_read_iter);
}

static long sys_writev(int fd, const struct iovec *vec, unsigned long nr)
{
	return do_rwv(fd, vec, nr, -1, file_write_iter);
}

static long sys_preadv(int fd, const struct iovec *vec, unsigned long nr,
		       int64_t pos)
{
	return pos < 0 ? -EINVAL : do_rwv(fd, vec, nr, pos, file_read_iter);
}

static long sys_pwritev(int fd, const struct iovec *vec, unsigned long nr,
			int64_t pos)
{
	return pos < 0 ? -EINVAL : do_rwv(fd, vec, nr, pos, file_write_iter);
}

/* preadv2(2): position -1 means the file's own; no flag is supported. */
static long do_rwv2(int fd, const struct iovec *vec, unsigned long nr,
		    int64_t pos, unsigned int flags, rw_fn rw)
{
	if (flags)
		return -EOPNOTSUPP;
	return pos < -1 ? -EINVAL : do_rwv(fd, vec, nr, pos, rw);
}

static long sys_preadv2(int fd, const struct iovec *vec, unsigned long nr,
			int64_t pos, unsigned long high, unsigned int flags)
{
	return do_rwv2(fd, vec, nr, pos, flags, file_read_iter);
}

static long sys_pwritev2(int fd, const struct iovec *vec, unsigned long nr,
			 int64_t pos, unsigned long high, unsigned int flags)
{
	return do_rwv2(fd, vec, nr, pos, flags, file_write_iter);
}

/* ---- Descriptors --------------------------------------------------------- */

static long sys_close(int fd)
{
	return fd_close(sys_files(), fd);
}

static long sys_close_range(unsigned int first, unsigned int last,
			    unsigned int flags)
{
	struct fdtable *fdt = sys_files();
	int fd;

	if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (first > last)
		return -EINVAL;
	if (!(flags & CLOSE_RANGE_CLOEXEC)) {
		fd_close_range(fdt, first, last);
		return 0;
	}
	while (first < fdt->size && (fd = fd_next_open(fdt, first)) >= 0 &&
	       (unsigned int)fd <= last) {
		fd_set_cloexec(fdt, fd, true);
		first = fd + 1;
		cond_resched();
	}
	return 0;
}

static long sys_dup(int fd)
{
	struct file *file = fd_lookup(sys_files(), fd);

	return file ? sys_fd_install(get_file(file), 0) : -EBADF;
}

/* dup2(2): a newfd out of range is EBADF. */
static long do_dup3(int oldfd, int newfd, bool cloexec)
{
	struct fdtable *fdt = sys_files();
	struct file *file;
	int fd;

	if ((unsigned int)newfd >= sys_nofile())
		return -EBADF;
	file = fget(fdt, oldfd);
	if (!file)
		return -EBADF;
	fd = fd_replace(fdt, newfd, file, cloexec);
	return fd == -EMFILE ? -EBADF : fd;
}

static long sys_dup2(int oldfd, int newfd)
{
	if (oldfd == newfd)
		return fd_lookup(sys_files(), oldfd) ? oldfd : -EBADF;
	return do_dup3(oldfd, newfd, false);
}

static long sys_dup3(int oldfd, int newfd, int flags)
{
	if ((flags & ~O_CLOEXEC) || oldfd == newfd)
		return -EINVAL;
	return do_dup3(oldfd, newfd, flags & O_CLOEXEC);
}

static long sys_fcntl(int fd, unsigned int cmd, unsigned long arg)
{
	return do_fcntl(sys_files(), fd, cmd, arg, sys_nofile());
}

static long sys_ioctl(int fd, unsigned int cmd, unsigned long arg)
{
	return do_ioctl(sys_files(), fd, cmd, arg);
}

/* flock(2): never waits, since there is one process. 4 is LOCK_NB. */
static long sys_flock(int fd, unsigned int op)
{
	if (!sys_file(fd))
		return -EBADF;
	op &= ~4U;
	return op == 1 || op == 2 || op == 8 ? 0 : -EINVAL;
}

/* ---- Positions and contents ---------------------------------------------- */

static long sys_lseek(int fd, int64_t offset, int whence)
{
	struct file *file = sys_file(fd);

	return file ? vfs_llseek(file, offset, whence) : -EBADF;
}

static long sys_getdents64(int fd, void *buf, unsigned int len)
{
	struct file *file = sys_fget(fd);
	long ret = -ENOTDIR;

	if (!file)
		return -EBADF;
	if (file->f_op->getdents)
		ret = file->f_op->getdents(file, buf, len);
	fput(file);
	return ret;
}

/* Files lie in memory and never change: nothing has to be written. */
static long sys_fsync(int fd)
{
	struct file *file = sys_file(fd);

	if (!file)
		return -EBADF;
	if (!file->f_inode || file->f_inode->i_dev != DEV_ROOT)
		return -EINVAL;
	return 0;
}

static long sys_fadvise64(int fd, int64_t offset, int64_t len, int advice)
{
	struct file *file = sys_file(fd);
	struct file_id id;

	if (!file)
		return -EBADF;
	file_identify(file, &id);
	if (S_ISFIFO(id.mode))
		return -ESPIPE;
	if (len < 0 || advice < POSIX_FADV_NORMAL ||
	    advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	return 0;
}

const struct syscall_entry syscalls_file[] = {
	SYSCALL(read),	    SYSCALL(write),
	SYSCALL(pread64),   SYSCALL(pwrite64),
	SYSCALL(readv),	    SYSCALL(writev),
	SYSCALL(preadv),    SYSCALL(pwritev),
	SYSCALL(preadv2),   SYSCALL(pwritev2),
	SYSCALL(close),	    SYSCALL(close_range),
	SYSCALL(dup),	    SYSCALL(dup2),
	SYSCALL(dup3),	    SYSCALL(fcntl),
	SYSCALL(ioctl),	    SYSCALL(flock),
	SYSCALL(lseek),	    SYSCALL(getdents64),
	SYSCALL(fsync),	    { __NR_fdatasync, SYSCALL_FN(sys_fsync) },
	SYSCALL(fadvise64), { 0, NULL },
};
