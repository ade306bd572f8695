/* SPDX-License-Identifier: MIT */
/*
 * System calls that would change the file system. It is read-only but for
 * the nodes of sockets, so nearly each ends in an error; the part that is
 * left is to find the one that Linux gives on a read-only root: what is wrong
 * with the path comes before EROFS.
 */
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/mksock.h"
#include "kernel/fs/vfs.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/sys_file.h"
#include "kernel/sys/sys_path.h"

#define RENAME_FLAGS 7 /* NOREPLACE | EXCHANGE | WHITEOUT */

/* A new name: EEXIST is told before EROFS, ENOENT only of the way there. */
static long refuse_new(int dirfd, const char *upath)
{
	struct inode *inode;
	int error = user_path_at(dirfd, upath, LOOKUP_CREATE, &inode);

	if (error)
		return error;
	iput(inode);
	return -EEXIST;
}

/* A name to be removed: only the way there is looked at. */
static long refuse_removal(int dirfd, const char *upath)
{
	struct inode *dir;
	int error = user_path_at(dirfd, upath, LOOKUP_PARENT, &dir);

	if (error)
		return error;
	iput(dir);
	return -EROFS;
}

/* Nodes of sockets are the application's own: who changes one may. */
static long refuse_change(int dirfd, const char *upath, bool follow)
{
	struct inode *inode;
	int error = user_path_at(dirfd, upath, follow ? LOOKUP_FOLLOW : 0,
				 &inode);

	if (error)
		return error;
	error = S_ISSOCK(inode->i_mode) ? 0 : -EROFS;
	iput(inode);
	return error;
}

/* Files without a name may be changed, and nobody would see it. */
static long refuse_fd_change(int fd)
{
	struct file *file = sys_file(fd);

	if (!file)
		return -EBADF;
	return file->f_inode ? -EROFS : 0;
}

long sys_mkdirat(int dirfd, const char *path, unsigned int mode)
{
	return refuse_new(dirfd, path);
}

long sys_mkdir(const char *path, unsigned int mode)
{
	return refuse_new(AT_FDCWD, path);
}

long sys_mknodat(int dirfd, const char *path, unsigned int mode,
		 unsigned int dev)
{
	return refuse_new(dirfd, path);
}

long sys_mknod(const char *path, unsigned int mode, unsigned int dev)
{
	return refuse_new(AT_FDCWD, path);
}

static long remove_at(int dirfd, const char *upath, bool is_dir)
{
	char *path = getname(upath);
	struct inode *start;
	int error;

	if (IS_ERR(path))
		return PTR_ERR(path);
	error = dirfd_start(dirfd, path, &start);
	if (!error)
		error = is_dir ? vfs_rmdir(start, path) :
				 vfs_unlink(start, path);
	kfree(path);
	return error;
}

long sys_unlinkat(int dirfd, const char *path, int flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return remove_at(dirfd, path, flags);
}

long sys_unlink(const char *path)
{
	return remove_at(AT_FDCWD, path, false);
}

long sys_rmdir(const char *path)
{
	return remove_at(AT_FDCWD, path, true);
}

long sys_renameat2(int fromfd, const char *from, int tofd, const char *to,
		   unsigned int flags)
{
	long error;

	if (flags & ~RENAME_FLAGS)
		return -EINVAL;
	error = refuse_removal(fromfd, from);
	return error == -EROFS ? refuse_removal(tofd, to) : error;
}

long sys_renameat(int fromfd, const char *from, int tofd, const char *to)
{
	return sys_renameat2(fromfd, from, tofd, to, 0);
}

long sys_rename(const char *from, const char *to)
{
	return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

long sys_linkat(int fromfd, const char *from, int tofd, const char *to,
		int flags)
{
	long error;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = refuse_change(fromfd, from, flags & AT_SYMLINK_FOLLOW);
	return error == -EROFS ? refuse_new(tofd, to) : error;
}

long sys_link(const char *from, const char *to)
{
	return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

long sys_symlinkat(const char *target, int dirfd, const char *path)
{
	char c;

	if (get_user(c, target))
		return -EFAULT;
	return c ? refuse_new(dirfd, path) : -ENOENT;
}

long sys_symlink(const char *target, const char *path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

long sys_fchmodat(int dirfd, const char *path, unsigned int mode)
{
	struct inode *inode;
	int error = user_path_at(dirfd, path, LOOKUP_FOLLOW, &inode);

	if (error)
		return error;
	error = -EROFS;
	if (S_ISSOCK(inode->i_mode)) {
		inode_chmod(inode, mode);
		error = 0;
	}
	iput(inode);
	return error;
}

long sys_chmod(const char *path, unsigned int mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_fchmod(int fd, unsigned int mode)
{
	return refuse_fd_change(fd);
}

long sys_fchownat(int dirfd, const char *path, unsigned int uid,
		  unsigned int gid, int flags)
{
	char c;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && !get_user(c, path) && !c)
		return refuse_fd_change(dirfd);
	return refuse_change(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
}

long sys_chown(const char *path, unsigned int uid, unsigned int gid)
{
	return refuse_change(AT_FDCWD, path, true);
}

long sys_lchown(const char *path, unsigned int uid, unsigned int gid)
{
	return refuse_change(AT_FDCWD, path, false);
}

long sys_fchown(int fd, unsigned int uid, unsigned int gid)
{
	return refuse_fd_change(fd);
}

long sys_truncate(const char *upath, int64_t length)
{
	struct inode *inode;
	int error;

	if (length < 0)
		return -EINVAL;
	error = user_path_at(AT_FDCWD, upath, LOOKUP_FOLLOW, &inode);
	if (error)
		return error;
	error = -EINVAL;
	if (S_ISDIR(inode->i_mode))
		error = -EISDIR;
	else if (S_ISREG(inode->i_mode))
		error = -EROFS;
	iput(inode);
	return error;
}

/* Needs a regular file that is open for writing, and there is none. */
long sys_ftruncate(int fd, int64_t length)
{
	if (length < 0)
		return -EINVAL;
	return sys_file(fd) ? -EINVAL : -EBADF;
}

long sys_utimensat(int dirfd, const char *path, const void *times, int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!path)
		return refuse_fd_change(dirfd);
	return refuse_change(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
}
