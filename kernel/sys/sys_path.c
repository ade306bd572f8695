/* SPDX-License-Identifier: MIT */
/*
 * System calls that name a file by a path: open(2), stat(2), access(2),
 * readlink(2), chdir(2) and their *at() forms.
 */
#include "kernel/sys/sys_path.h"

#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/open.h"
#include "kernel/fs/stat.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/sys_file.h"
#include "kernel/sys/syscall.h"

#define ACCESS_MODES 7 /* R_OK | W_OK | X_OK */

char *getname(const char *upath)
{
	char *path = kmalloc(PATH_MAX);
	long len;

	if (!path)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(path, upath, PATH_MAX);
	if (len >= 0 && len < PATH_MAX)
		return path;
	kfree(path);
	return ERR_PTR(len < 0 ? len : -ENAMETOOLONG);
}

int dirfd_start(int dirfd, const char *path, struct inode **start)
{
	struct file *file;

	*start = vfs_cwd();
	if (*path == '/' || !*path || dirfd == AT_FDCWD)
		return 0;
	file = fd_lookup(sys_files(), dirfd);
	if (!file)
		return -EBADF;
	if (!file->f_inode || !S_ISDIR(file->f_inode->i_mode))
		return -ENOTDIR;
	*start = file->f_inode;
	return 0;
}

int user_path_at(int dirfd, const char *upath, unsigned int flags,
		 struct inode **out)
{
	char *path = getname(upath);
	struct inode *start;
	int err;

	if (IS_ERR(path))
		return PTR_ERR(path);
	err = dirfd_start(dirfd, path, &start);
	if (!err)
		err = path_lookup(start, path, flags, out);
	kfree(path);
	return err;
}

/* ---- open ---------------------------------------------------------------- */

static struct file *open_at(int dirfd, const char *path, uint32_t flags)
{
	struct inode *start;
	int err = dirfd_start(dirfd, path, &start);

	return err ? ERR_PTR(err) : vfs_open(start, path, flags);
}

/* As on Linux EMFILE comes before ENOENT. */
static long sys_openat(int dirfd, const char *upath, int flags,
		       unsigned int mode)
{
	struct fdtable *fdt = sys_files();
	char *path = getname(upath);
	struct file *file;
	int fd;

	if (IS_ERR(path))
		return PTR_ERR(path);
	fd = get_unused_fd(fdt, 0, sys_nofile(), flags & O_CLOEXEC);
	if (fd < 0) {
		kfree(path);
		return fd;
	}
	file = open_at(dirfd, path, flags);
	kfree(path);
	if (IS_ERR(file)) {
		put_unused_fd(fdt, fd);
		return PTR_ERR(file);
	}
	fd_install(fdt, fd, file);
	return fd;
}

static long sys_open(const char *path, int flags, unsigned int mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

static long sys_creat(const char *path, unsigned int mode)
{
	return sys_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* ---- stat ---------------------------------------------------------------- */

static long fd_stat(int fd, struct stat *st)
{
	struct file *file;

	if (fd == AT_FDCWD) {
		inode_getattr(vfs_cwd(), st);
		return 0;
	}
	file = fd_lookup(sys_files(), fd);
	return file ? file_getattr(file, st) : -EBADF;
}

/* Also true for NULL, which newer kernels accept for "". */
static bool is_empty_path(const char *upath)
{
	char c;

	return !upath || (!get_user(c, upath) && !c);
}

static long do_statat(int dirfd, const char *upath, unsigned int flags,
		      struct stat *st)
{
	bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
	struct inode *inode;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
		      AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && is_empty_path(upath))
		return fd_stat(dirfd, st);
	err = user_path_at(dirfd, upath, follow ? LOOKUP_FOLLOW : 0, &inode);
	if (err)
		return err;
	inode_getattr(inode, st);
	iput(inode);
	return 0;
}

static long sys_newfstatat(int dirfd, const char *path, struct stat *ust,
			   int flags)
{
	struct stat st;
	long err = do_statat(dirfd, path, flags, &st);

	return err ? err : put_user(st, ust);
}

static long sys_stat(const char *path, struct stat *ust)
{
	return sys_newfstatat(AT_FDCWD, path, ust, 0);
}

static long sys_lstat(const char *path, struct stat *ust)
{
	return sys_newfstatat(AT_FDCWD, path, ust, AT_SYMLINK_NOFOLLOW);
}

static long sys_fstat(int fd, struct stat *ust)
{
	struct stat st;
	long err = fd == AT_FDCWD ? -EBADF : fd_stat(fd, &st);

	return err ? err : put_user(st, ust);
}

static long sys_statx(int dirfd, const char *path, unsigned int flags,
		      unsigned int mask, struct statx *ustx)
{
	struct statx stx;
	struct stat st;
	long err;

	if (mask & STATX__RESERVED)
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	err = do_statat(dirfd, path, flags, &st);
	if (err)
		return err;
	stat_to_statx(&st, &stx);
	return put_user(stx, ustx);
}

/* ---- access, readlink ---------------------------------------------------- */

static long sys_faccessat2(int dirfd, const char *upath, int mode, int flags)
{
	unsigned int lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct inode *inode;
	int err;

	if (mode & ~ACCESS_MODES)
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && is_empty_path(upath))
		return fd_lookup(sys_files(), dirfd) ? 0 : -EBADF;
	err = user_path_at(dirfd, upath, lookup, &inode);
	if (err)
		return err;
	err = inode_access(inode, mode);
	iput(inode);
	return err;
}

static long sys_faccessat(int dirfd, const char *path, int mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

static long sys_access(const char *path, int mode)
{
	return sys_faccessat(AT_FDCWD, path, mode);
}

/* An empty path names the link that dirfd was opened on with O_PATH. */
static int link_at(int dirfd, const char *upath, struct inode **out)
{
	struct file *file;

	if (!is_empty_path(upath))
		return user_path_at(dirfd, upath, 0, out);
	file = fd_lookup(sys_files(), dirfd);
	if (!file)
		return dirfd == AT_FDCWD ? -ENOENT : -EBADF;
	if (!file->f_inode || !S_ISLNK(file->f_inode->i_mode))
		return -ENOENT;
	*out = iget(file->f_inode);
	return 0;
}

static long sys_readlinkat(int dirfd, const char *upath, char *ubuf, int size)
{
	struct inode *inode;
	char *target;
	int len;

	if (size <= 0)
		return -EINVAL;
	len = link_at(dirfd, upath, &inode);
	if (len)
		return len;
	target = kmalloc(PATH_MAX);
	len = -ENOMEM;
	if (target)
		len = inode_readlink(inode, target, MIN(size, PATH_MAX));
	if (len > 0 && copy_to_user(ubuf, target, len))
		len = -EFAULT;
	kfree(target);
	iput(inode);
	return len;
}

static long sys_readlink(const char *path, char *buf, int size)
{
	return sys_readlinkat(AT_FDCWD, path, buf, size);
}

/* ---- The working directory ----------------------------------------------- */

static long sys_getcwd(char *ubuf, size_t size)
{
	const char *path = inode_path(vfs_cwd());
	size_t len = strlen(path) + 1;

	if (len > size)
		return -ERANGE;
	return copy_to_user(ubuf, path, len) ? -EFAULT : (long)len;
}

static long sys_chdir(const char *upath)
{
	struct inode *dir;
	int err = user_path_at(AT_FDCWD, upath, LOOKUP_FOLLOW, &dir);

	return err ? err : vfs_chdir(dir);
}

static long sys_fchdir(int fd)
{
	struct file *file = fd_lookup(sys_files(), fd);

	if (!file)
		return -EBADF;
	return file->f_inode ? vfs_chdir(iget(file->f_inode)) : -ENOTDIR;
}

const struct syscall_entry syscalls_path[] = {
	SYSCALL(open),	     SYSCALL(openat),	  SYSCALL(creat),
	SYSCALL(stat),	     SYSCALL(lstat),	  SYSCALL(fstat),
	SYSCALL(newfstatat), SYSCALL(statx),	  SYSCALL(access),
	SYSCALL(faccessat),  SYSCALL(faccessat2), SYSCALL(readlink),
	SYSCALL(readlinkat), SYSCALL(getcwd),	  SYSCALL(chdir),
	SYSCALL(fchdir),     { 0, NULL },
};
