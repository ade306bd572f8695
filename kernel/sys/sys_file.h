/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the file system calls: the tables in sys_file.c and
 * sys_poll.c name functions of their neighbours, and all of them take
 * descriptors and paths from ring 3 the same way.
 */
#ifndef KERNEL_SYS_SYS_FILE_H
#define KERNEL_SYS_SYS_FILE_H

#include <linux/fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/task/exec.h"
#include "kernel/task/thread.h"

struct iovec;
struct stat;
struct statx;

static inline struct fdtable *sys_files(void)
{
	return the_process()->files;
}

uint64_t sys_nofile(void); /* RLIMIT_NOFILE */

/* Borrowed until the caller sleeps; NULL also for a mere O_PATH. */
static inline struct file *sys_file(int fd)
{
	struct file *file = fd_lookup(sys_files(), fd);

	return file && !(file->f_flags & O_PATH) ? file : NULL;
}

/* The same with a reference. */
static inline struct file *sys_fget(int fd)
{
	struct file *file = sys_file(fd);

	return file ? get_file(file) : NULL;
}

/*
 * Gives a new file (consumed; an ERR_PTR is passed on) the lowest number.
 */
long sys_fd_install(struct file *file, uint32_t flags);

/* sys_path.c */
long sys_open(const char *path, int flags, unsigned int mode);
long sys_openat(int dirfd, const char *path, int flags, unsigned int mode);
long sys_creat(const char *path, unsigned int mode);
long sys_stat(const char *path, struct stat *st);
long sys_lstat(const char *path, struct stat *st);
long sys_fstat(int fd, struct stat *st);
long sys_newfstatat(int dirfd, const char *path, struct stat *st, int flags);
long sys_statx(int dirfd, const char *path, unsigned int flags,
	       unsigned int mask, struct statx *stx);
long sys_access(const char *path, int mode);
long sys_faccessat(int dirfd, const char *path, int mode);
long sys_faccessat2(int dirfd, const char *path, int mode, int flags);
long sys_readlink(const char *path, char *buf, int len);
long sys_readlinkat(int dirfd, const char *path, char *buf, int len);
long sys_getcwd(char *buf, size_t size);
long sys_chdir(const char *path);
long sys_fchdir(int fd);

/* sys_modify.c: what would change the file system */
long sys_mkdir(const char *path, unsigned int mode);
long sys_mkdirat(int dirfd, const char *path, unsigned int mode);
long sys_mknod(const char *path, unsigned int mode, unsigned int dev);
long sys_mknodat(int dirfd, const char *path, unsigned int mode,
		 unsigned int dev);
long sys_unlink(const char *path);
long sys_unlinkat(int dirfd, const char *path, int flags);
long sys_rmdir(const char *path);
long sys_rename(const char *from, const char *to);
long sys_renameat(int fromfd, const char *from, int tofd, const char *to);
long sys_renameat2(int fromfd, const char *from, int tofd, const char *to,
		   unsigned int flags);
long sys_link(const char *from, const char *to);
long sys_linkat(int fromfd, const char *from, int tofd, const char *to,
		int flags);
long sys_symlink(const char *target, const char *path);
long sys_symlinkat(const char *target, int dirfd, const char *path);
long sys_chmod(const char *path, unsigned int mode);
long sys_fchmod(int fd, unsigned int mode);
long sys_fchmodat(int dirfd, const char *path, unsigned int mode);
long sys_chown(const char *path, unsigned int uid, unsigned int gid);
long sys_lchown(const char *path, unsigned int uid, unsigned int gid);
long sys_fchown(int fd, unsigned int uid, unsigned int gid);
long sys_fchownat(int dirfd, const char *path, unsigned int uid,
		  unsigned int gid, int flags);
long sys_truncate(const char *path, int64_t length);
long sys_ftruncate(int fd, int64_t length);
long sys_utimensat(int dirfd, const char *path, const void *times, int flags);

#endif
