/* SPDX-License-Identifier: MIT */
/*
 * System calls that move bytes between descriptors: sendfile, splice, tee,
 * vmsplice, copy_file_range. Looks up descriptors and offsets; the work is
 * done behind kernel/pipe/splice.h.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/stat.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/uaccess.h"
#include "kernel/pipe/pipe.h"
#include "kernel/pipe/sendfile.h"
#include "kernel/pipe/splice.h"
#include "kernel/pipe/vmsplice.h"
#include "kernel/sys/sys_file.h"
#include "kernel/sys/syscall.h"

/* A call's two files, each with a reference, or NULL. */
struct pair {
	struct file *in;
	struct file *out;
};

static int get_pair(struct pair *p, int fd_in, int fd_out)
{
	p->in = sys_fget(fd_in);
	p->out = p->in ? sys_fget(fd_out) : NULL;
	if (p->out)
		return 0;
	if (p->in)
		fput(p->in);
	return -EBADF;
}

static void put_pair(struct pair *p)
{
	fput(p->in);
	fput(p->out);
}

/* ---- sendfile(2) --------------------------------------------------------- */

/* As on Linux, the offset is stored even if the call failed. */
static long sys_sendfile(int fd_out, int fd_in, int64_t *offset, size_t count)
{
	struct file *in, *out;
	int64_t pos;
	long n = -EBADF;

	if (offset && get_user(pos, offset))
		return -EFAULT;
	in = sys_fget(fd_in);
	out = sys_fget(fd_out);
	if (in)
		n = do_sendfile(in, offset ? &pos : NULL, out, count);
	if (in)
		fput(in);
	if (out)
		fput(out);
	if (offset && put_user(pos, offset))
		return -EFAULT;
	return n;
}

/* ---- splice(2), tee(2) --------------------------------------------------- */

static int get_offset(const int64_t *off, int64_t *pos)
{
	return off ? get_user(*pos, off) : 0;
}

/* As on Linux, misplaced offsets are rejected before any is read. */
static long splice_pair(const struct pair *p, int64_t *off_in, int64_t *off_out,
			size_t len, unsigned int flags)
{
	int64_t pos_in = 0, pos_out = 0;
	long n;

	if ((off_in && is_file_pipe(p->in)) ||
	    (off_out && is_file_pipe(p->out)))
		return -ESPIPE;
	if (get_offset(off_out, &pos_out) || get_offset(off_in, &pos_in))
		return -EFAULT;
	n = do_splice(p->in, off_in ? &pos_in : NULL, p->out,
		      off_out ? &pos_out : NULL, len, flags);
	if (n < 0)
		return n;
	if ((off_out && put_user(pos_out, off_out)) ||
	    (off_in && put_user(pos_in, off_in)))
		return -EFAULT;
	return n;
}

static long sys_splice(int fd_in, int64_t *off_in, int fd_out, int64_t *off_out,
		       size_t len, unsigned int flags)
{
	struct pair p;
	long n;

	if (!len)
		return 0;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	n = get_pair(&p, fd_in, fd_out);
	if (n)
		return n;
	n = splice_pair(&p, off_in, off_out, len, flags);
	put_pair(&p);
	return n;
}

static long sys_tee(int fd_in, int fd_out, size_t len, unsigned int flags)
{
	struct pair p;
	long n;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	n = get_pair(&p, fd_in, fd_out);
	if (n)
		return n;
	n = do_tee(p.in, p.out, len, flags);
	put_pair(&p);
	return n;
}

/* ---- vmsplice(2) --------------------------------------------------------- */

static long sys_vmsplice(int fd, const struct iovec *uvec, unsigned long nr,
			 unsigned int flags)
{
	struct iovec fast[UIO_FASTIOV], *to_free = NULL;
	struct iov_iter i;
	struct file *file;
	long n = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	file = sys_fget(fd);
	if (!file)
		return -EBADF;
	if (file->f_mode & (FMODE_READ | FMODE_WRITE))
		n = import_iovec(uvec, nr, fast, &to_free, &i);
	if (n >= 0)
		n = do_vmsplice(file, the_process()->mm, &i, flags);
	kvfree(to_free);
	fput(file);
	return n;
}

/* ---- copy_file_range(2) -------------------------------------------------- */

/*
 * No file has a size and can be written, so all that is left of the call are
 * its errors.
 */
static long copy_range_error(const struct pair *p)
{
	struct file_id in, out;

	file_identify(p->in, &in);
	file_identify(p->out, &out);
	if (S_ISDIR(in.mode) || S_ISDIR(out.mode))
		return -EISDIR;
	if (!S_ISREG(in.mode) || !S_ISREG(out.mode))
		return -EINVAL;
	if (!(p->in->f_mode & FMODE_READ) || !(p->out->f_mode & FMODE_WRITE) ||
	    (p->out->f_flags & O_APPEND))
		return -EBADF;
	return -EXDEV;
}

static long sys_copy_file_range(int fd_in, int64_t *off_in, int fd_out,
				int64_t *off_out, size_t len,
				unsigned int flags)
{
	int64_t pos;
	struct pair p;
	long n = get_pair(&p, fd_in, fd_out);

	if (n)
		return n;
	if (get_offset(off_in, &pos) || get_offset(off_out, &pos))
		n = -EFAULT;
	else
		n = flags ? -EINVAL : copy_range_error(&p);
	put_pair(&p);
	return n;
}

const struct syscall_entry syscalls_splice[] = {
	SYSCALL(sendfile), SYSCALL(splice),	     SYSCALL(tee),
	SYSCALL(vmsplice), SYSCALL(copy_file_range), { 0, NULL },
};
