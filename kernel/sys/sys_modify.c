/* SPDX-License-Identifier: MIT */
/*
 * System calls that change names and attributes of files.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/inode.h"
#include "kernel/fs/mksock.h"
#include "kernel/fs/modify.h"
#include "kernel/fs/namei.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/sys_file.h"
#include "kernel/sys/sys_path.h"
#include "kernel/sys/syscall.h"

#define RENAME_FLAGS 7 /* NOREPLACE | EXCHANGE | WHITEOUT */

/* ---- Names --------------------------------------------------------------- */

/* Calls fn with a path of ring 3 and the directory where it starts. */
static long with_path(int dirfd, const char *upath,
		      int (*fn)(struct inode *start, const char *path))
{
	char *path = getname(upath);
	struct inode *start;
	int err;

	if (IS_ERR(path))
		return PTR_ERR(path);
	err = dirfd_start(dirfd, path, &start);
	if (!err)
		err = fn(start, path);
	kfree(path);
	return err;
}

static long sys_mkdirat(int dirfd, const char *path, unsigned int mode)
{
	return with_path(dirfd, path, vfs_create);
}

static long sys_mkdir(const char *path, unsigned int mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

static long sys_mknodat(int dirfd, const char *path, unsigned int mode,
			unsigned int dev)
{
	return with_path(dirfd, path, vfs_create);
}

static long sys_mknod(const char *path, unsigned int mode, unsigned int dev)
{
	return sys_mknodat(AT_FDCWD, path, mode, dev);
}

static long sys_unlinkat(int dirfd, const char *path, int flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return with_path(dirfd, path, flags ? vfs_rmdir : vfs_unlink);
}

static long sys_unlink(const char *path)
{
	return with_path(AT_FDCWD, path, vfs_unlink);
}

static long sys_rmdir(const char *path)
{
	return with_path(AT_FDCWD, path, vfs_rmdir);
}

static long sys_renameat2(int fromfd, const char *from, int tofd,
			  const char *to, unsigned int flags)
{
	struct inode *from_dir, *to_dir;
	int err;

	if (flags & ~RENAME_FLAGS)
		return -EINVAL;
	err = user_path_at(fromfd, from, LOOKUP_PARENT, &from_dir);
	if (err)
		return err;
	err = user_path_at(tofd, to, LOOKUP_PARENT, &to_dir);
	if (!err) {
		err = vfs_rename(from_dir, to_dir);
		iput(to_dir);
	}
	iput(from_dir);
	return err;
}

static long sys_renameat(int fromfd, const char *from, int tofd, const char *to)
{
	return sys_renameat2(fromfd, from, tofd, to, 0);
}

static long sys_rename(const char *from, const char *to)
{
	return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static long sys_linkat(int fromfd, const char *from, int tofd, const char *to,
		       int flags)
{
	bool follow = flags & AT_SYMLINK_FOLLOW;
	struct inode *inode;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path_at(fromfd, from, follow ? LOOKUP_FOLLOW : 0, &inode);
	if (err)
		return err;
	iput(inode);
	return with_path(tofd, to, vfs_create);
}

static long sys_link(const char *from, const char *to)
{
	return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static long sys_symlinkat(const char *target, int dirfd, const char *path)
{
	char c;

	if (get_user(c, target))
		return -EFAULT;
	return c ? with_path(dirfd, path, vfs_create) : -ENOENT;
}

static long sys_symlink(const char *target, const char *path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

/* ---- Attributes ---------------------------------------------------------- */

static long sys_fchmodat(int dirfd, const char *path, unsigned int mode)
{
	struct inode *inode;
	int err = user_path_at(dirfd, path, LOOKUP_FOLLOW, &inode);

	if (err)
		return err;
	err = inode_chmod(inode, mode);
	iput(inode);
	return err;
}

static long sys_chmod(const char *path, unsigned int mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

/* For changes of an open file, which are allowed or not but never stored. */
static long fd_want_write(int fd)
{
	struct file *file = sys_file(fd);

	return file ? file_want_write(file) : -EBADF;
}

static long sys_fchmod(int fd, unsigned int mode)
{
	return fd_want_write(fd);
}

static long do_chownat(int dirfd, const char *path, bool follow)
{
	struct inode *inode;
	int err = user_path_at(dirfd, path, follow ? LOOKUP_FOLLOW : 0, &inode);

	if (err)
		return err;
	err = inode_chown(inode);
	iput(inode);
	return err;
}

static long sys_fchownat(int dirfd, const char *path, unsigned int uid,
			 unsigned int gid, int flags)
{
	char c;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && !get_user(c, path) && !c)
		return fd_want_write(dirfd);
	return do_chownat(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
}

static long sys_chown(const char *path, unsigned int uid, unsigned int gid)
{
	return do_chownat(AT_FDCWD, path, true);
}

static long sys_lchown(const char *path, unsigned int uid, unsigned int gid)
{
	return do_chownat(AT_FDCWD, path, false);
}

static long sys_fchown(int fd, unsigned int uid, unsigned int gid)
{
	return fd_want_write(fd);
}

static long sys_truncate(const char *path, int64_t length)
{
	struct inode *inode;
	int err;

	if (length < 0)
		return -EINVAL;
	err = user_path_at(AT_FDCWD, path, LOOKUP_FOLLOW, &inode);
	if (err)
		return err;
	err = inode_truncate(inode);
	iput(inode);
	return err;
}

static long sys_ftruncate(int fd, int64_t length)
{
	struct file *file = sys_file(fd);

	if (length < 0)
		return -EINVAL;
	return file ? file_truncate(file) : -EBADF;
}

static long sys_utimensat(int dirfd, const char *path, const void *times,
			  int flags)
{
	bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
	struct inode *inode;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!path)
		return fd_want_write(dirfd);
	err = user_path_at(dirfd, path, follow ? LOOKUP_FOLLOW : 0, &inode);
	if (err)
		return err;
	err = inode_set_times(inode);
	iput(inode);
	return err;
}

const struct syscall_entry syscalls_modify[] = {
	SYSCALL(mkdir),	    SYSCALL(mkdirat),	SYSCALL(mknod),
	SYSCALL(mknodat),   SYSCALL(unlink),	SYSCALL(unlinkat),
	SYSCALL(rmdir),	    SYSCALL(rename),	SYSCALL(renameat),
	SYSCALL(renameat2), SYSCALL(link),	SYSCALL(linkat),
	SYSCALL(symlink),   SYSCALL(symlinkat), SYSCALL(chmod),
	SYSCALL(fchmod),    SYSCALL(fchmodat),	SYSCALL(chown),
	SYSCALL(lchown),    SYSCALL(fchown),	SYSCALL(fchownat),
	SYSCALL(truncate),  SYSCALL(ftruncate), SYSCALL(utimensat),
	{ 0, NULL },
};
