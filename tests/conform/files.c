/* SPDX-License-Identifier: MIT */
/*
 * Regular files, devices and directories: read(2), pread(2), readv(2),
 * lseek(2), write(2), open(2), and bad pointers. It reads itself.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "events.h"

#define SELF "/proc/self/exe"
#define PAGE 4096

static void test_read(void)
{
	int fd = MUST(open(SELF, O_RDONLY)), copy = MUST(dup(fd));
	char a[16], b[16];
	struct stat st;

	MUST(fstat(fd, &st));
	is(read(fd, a, 4), 4, "read: four bytes");
	ok(!memcmp(a, "\177ELF", 4), "read: the beginning");
	is(lseek(fd, 0, SEEK_CUR), 4, "read: moves the offset");
	is(read(copy, a, 12), 12, "read: by a duplicate");
	is(lseek(fd, 0, SEEK_CUR), 16, "read: which shares the offset");
	is(pread(fd, b, 16, 0), 16, "pread: sixteen");
	ok(!memcmp(b + 4, a, 12), "pread: the same bytes");
	is(lseek(fd, 0, SEEK_CUR), 16, "pread: does not move the offset");
	fails(pread(fd, b, 1, -1), EINVAL, "pread: at -1: EINVAL");
	is(pread(fd, b, 1, st.st_size), 0, "pread: at the end: 0");
	is(pread(fd, b, 1, LONG_MAX - 1), 0, "pread: far behind it: 0");
	fails(pread(fd, b, 1, LONG_MAX), EINVAL, "pread: too far: EINVAL");
	is(pread(fd, b, 16, st.st_size - 3), 3, "pread: up to the end");
	is(read(fd, b, 0), 0, "read: of no bytes");
	fails(read(fd, BAD_POINTER, 1), EFAULT, "read: EFAULT");
	fails(read(fd, (void *)-PAGE, 1), EFAULT,
	      "read: into the kernel's half: EFAULT");
	is(lseek(fd, 0, SEEK_CUR), 16, "read: EFAULT does not move");
	fails(write(fd, "x", 1), EBADF, "write: not open for writing: EBADF");
	close(fd);
	close(copy);
}

static void test_half_bad_buffer(void)
{
	int fd = MUST(open(SELF, O_RDONLY)), ends[2];
	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(map + PAGE, PAGE, PROT_NONE);
	is(read(fd, map + PAGE - 10, 20), 10, "half: read() up to the fault");
	is(lseek(fd, 0, SEEK_CUR), 10, "half: moves as far");
	fails(read(fd, map + PAGE, 20), EFAULT, "half: none: EFAULT");
	new_pipe(ends);
	put(ends[1], "0123456789");
	fails(read(ends[0], map + PAGE - 5, 10), EFAULT,
	      "half: a pipe: EFAULT");
	is(read(ends[0], map, 20), 10, "half: nothing is lost");
	fails(write(ends[1], map + PAGE - 5, 10), EFAULT,
	      "half: write() to a pipe: EFAULT");
	fails(read(ends[0], map, 20), EAGAIN, "half: nothing was stored");
	close_pipe(ends);
	munmap(map, 2 * PAGE);
	close(fd);
}

static void test_seek(void)
{
	int fd = MUST(open(SELF, O_RDONLY));
	struct stat st;
	char byte;

	MUST(fstat(fd, &st));
	is(lseek(fd, 100, SEEK_SET), 100, "lseek: SET");
	is(lseek(fd, -40, SEEK_CUR), 60, "lseek: CUR");
	ok(lseek(fd, -1, SEEK_END) == st.st_size - 1, "lseek: END");
	is(read(fd, &byte, 1), 1, "lseek: the last byte");
	is(read(fd, &byte, 1), 0, "lseek: the end");
	ok(lseek(fd, 1000, SEEK_END) == st.st_size + 1000,
	   "lseek: behind the end");
	is(read(fd, &byte, 1), 0, "lseek: where nothing is");
	fails(lseek(fd, -1, SEEK_SET), EINVAL, "lseek: before 0: EINVAL");
	fails(lseek(fd, 0, 99), EINVAL, "lseek: unknown: EINVAL");
	is(lseek(fd, 5, SEEK_DATA), 5, "lseek: DATA");
	ok(lseek(fd, 5, SEEK_HOLE) == st.st_size, "lseek: HOLE: the end");
	fails(lseek(fd, st.st_size, SEEK_DATA), ENXIO,
	      "lseek: DATA at the end: ENXIO");
	close(fd);
}

static void test_vectors(void)
{
	int fd = MUST(open(SELF, O_RDONLY)), ends[2];
	static struct iovec many[IOV_MAX + 1];
	char a[8] = "", b[8] = "";
	struct iovec iov[3] = { { a, 3 }, { NULL, 0 }, { b, 5 } };

	is(readv(fd, iov, 3), 8, "readv: two parts");
	ok(!memcmp(a, "\177EL", 3) && b[0] == 'F', "readv: in order");
	is(preadv(fd, iov, 3, 1), 8, "preadv: from 1");
	ok(!memcmp(a, "ELF", 3), "preadv: from there");
	is(lseek(fd, 0, SEEK_CUR), 8, "preadv: does not move");
	is(readv(fd, iov, 0), 0, "readv: no parts");
	fails(readv(fd, iov, -1), EINVAL, "readv: -1 parts: EINVAL");
	fails(readv(fd, many, IOV_MAX + 1), EINVAL,
	      "readv: more than IOV_MAX: EINVAL");
	is(readv(fd, many, IOV_MAX), 0, "readv: IOV_MAX empty parts");
	fails(readv(fd, BAD_POINTER, 1), EFAULT, "readv: EFAULT");
	iov[0].iov_len = -1ul;
	fails(readv(fd, iov, 3), EINVAL, "readv: a negative length: EINVAL");
	iov[0].iov_len = 3;
	iov[2].iov_base = BAD_POINTER;
	is(readv(fd, iov, 3), 3, "readv: a bad second part: the first");
	iov[0].iov_base = BAD_POINTER;
	fails(readv(fd, iov, 3), EFAULT, "readv: a bad first part: EFAULT");
	new_pipe(ends);
	iov[0] = (struct iovec){ "abc", 3 };
	iov[2] = (struct iovec){ "defgh", 5 };
	is(writev(ends[1], iov, 3), 8, "writev: two parts");
	is(read(ends[0], a, 8), 8, "writev: are one write");
	ok(!memcmp(a, "abcdefgh", 8), "writev: in order");
	fails(writev(ends[1], iov, -1), EINVAL, "writev: -1 parts: EINVAL");
	close_pipe(ends);
	close(fd);
}

static void test_open(void)
{
	char longest[PATH_MAX + 1];
	int fd;

	memset(longest, 'x', PATH_MAX);
	longest[PATH_MAX] = '\0';
	fails(open("/nowhere", O_RDONLY), ENOENT, "open: ENOENT");
	fails(open("/nowhere/file", O_RDONLY), ENOENT,
	      "open: in no directory: ENOENT");
	fails(open("", O_RDONLY), ENOENT, "open: no path: ENOENT");
	fails(open("/proc/self/exe/x", O_RDONLY), ENOTDIR,
	      "open: in a file: ENOTDIR");
	fails(open("/dev/null/", O_RDONLY), ENOTDIR,
	      "open: a file, with a slash: ENOTDIR");
	fails(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR,
	      "open: a file, O_DIRECTORY: ENOTDIR");
	fails(open("/", O_WRONLY), EISDIR, "open: a directory: EISDIR");
	fails(open("/", O_RDONLY | O_CREAT, 0600), EISDIR,
	      "open: a directory, O_CREAT: EISDIR");
	fails(open("/dev/null", O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST,
	      "open: O_EXCL: EEXIST");
	fails(open(longest, O_RDONLY), ENAMETOOLONG,
	      "open: too long a path: ENAMETOOLONG");
	longest[300] = '\0';
	fails(open(longest, O_RDONLY), ENAMETOOLONG,
	      "open: too long a name: ENAMETOOLONG");
	fails(syscall(SYS_open, BAD_POINTER, O_RDONLY), EFAULT, "open: EFAULT");
	fails(openat(900, "x", O_RDONLY), EBADF, "openat: EBADF");
	fails(openat(900, "", O_RDONLY), ENOENT, "openat: ENOENT first");
	fd = openat(900, "/dev/null", O_RDONLY);
	ok(fd >= 0, "openat: an absolute path needs no directory");
	fails(openat(fd, "x", O_RDONLY), ENOTDIR, "openat: ENOTDIR");
	close(fd);
	fails(open("/proc/self/exe", O_RDONLY | O_NOFOLLOW), ELOOP,
	      "open: a link, O_NOFOLLOW: ELOOP");
}

static void test_devices(void)
{
	int null = MUST(open("/dev/null", O_RDWR));
	int zero = MUST(open("/dev/zero", O_RDWR));
	int full = MUST(open("/dev/full", O_RDWR));
	int random = MUST(open("/dev/urandom", O_RDONLY));
	char a[64], b[64], none[64] = "";

	is(read(null, a, 8), 0, "null: reads nothing");
	is(write(null, "x", 1), 1, "null: takes all");
	is(write(null, BAD_POINTER, 1), 1, "null: does not look at it");
	is(lseek(null, 7, SEEK_SET), 0, "null: lseek()");
	memset(a, 1, 64);
	is(read(zero, a, 64), 64, "zero: reads");
	ok(!memcmp(a, none, 64), "zero: zeroes");
	is(write(zero, "x", 1), 1, "zero: takes all");
	fails(read(zero, BAD_POINTER, 1), EFAULT, "zero: EFAULT");
	is(read(full, a, 8), 8, "full: reads");
	fails(write(full, "x", 1), ENOSPC, "full: ENOSPC");
	is(read(random, a, 64), 64, "urandom: reads");
	MUST(read(random, b, 64));
	ok(memcmp(a, b, 64) != 0, "urandom: never the same");
	fails(ioctl(null, TIOCGWINSZ, a), ENOTTY, "ioctl: ENOTTY");
	fails(ioctl(900, TIOCGWINSZ, a), EBADF, "ioctl: EBADF");
	is(fcntl(null, F_GETFL) & ~0100000, O_RDWR, "null: F_GETFL");
	close(null);
	close(zero);
	close(full);
	close(random);
}

static void test_directory(void)
{
	int fd = MUST(open("/dev", O_RDONLY | O_DIRECTORY));
	char buffer[8192];
	struct stat st;
	long n, found = 0;

	fails(read(fd, buffer, 8), EISDIR, "directory: read(): EISDIR");
	fails(write(fd, buffer, 8), EBADF, "directory: write(): EBADF");
	fails(pread(fd, buffer, 8, 0), EISDIR, "directory: pread(): EISDIR");
	fails(syscall(SYS_getdents64, fd, buffer, 1), EINVAL,
	      "getdents64: too small a buffer: EINVAL");
	while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + n;
		     at += *(uint16_t *)(void *)(at + 16)) {
			found += !strcmp(at + 19, "null");
			found += !strcmp(at + 19, ".");
			found += !strcmp(at + 19, "..");
		}
	}
	is(n, 0, "getdents64: the end");
	is(found, 3, "getdents64: null, . and ..");
	fails(syscall(SYS_getdents64, 900, buffer, sizeof(buffer)), EBADF,
	      "getdents64: EBADF");
	MUST(fstat(fd, &st));
	ok(S_ISDIR(st.st_mode), "directory: fstat()");
	close(fd);
	fd = MUST(open("/dev/null", O_RDONLY));
	fails(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)), ENOTDIR,
	      "getdents64: a file: ENOTDIR");
	close(fd);
}

static void test_stat(void)
{
	struct stat a, b;
	char link[16];
	int fd = MUST(open(SELF, O_RDONLY));

	MUST(fstat(fd, &a));
	is(stat(SELF, &b), 0, "stat: a path");
	ok(a.st_ino == b.st_ino && a.st_dev == b.st_dev, "stat: the same file");
	ok(S_ISREG(a.st_mode) && a.st_size > 1000, "stat: a regular file");
	is(lstat(SELF, &b), 0, "lstat: the link");
	ok(S_ISLNK(b.st_mode), "lstat: is a link");
	is(fstatat(fd, "", &b, AT_EMPTY_PATH), 0, "fstatat: AT_EMPTY_PATH");
	fails(fstatat(fd, "", &b, 0), ENOENT, "fstatat: no path: ENOENT");
	fails(stat("/nowhere", &b), ENOENT, "stat: ENOENT");
	fails(fstat(900, &b), EBADF, "fstat: EBADF");
	fails(syscall(SYS_fstat, fd, BAD_POINTER), EFAULT, "fstat: EFAULT");
	fails(readlink("/", link, sizeof(link)), EINVAL,
	      "readlink: no link: EINVAL");
	fails(syscall(SYS_readlink, SELF, link, 0), EINVAL,
	      "readlink: no room: EINVAL");
	is(readlink(SELF, link, 1), 1, "readlink: is cut");
	is(link[0], '/', "readlink: an absolute path");
	is(access(SELF, R_OK | X_OK), 0, "access: can be run");
	fails(access("/nowhere", F_OK), ENOENT, "access: ENOENT");
	fails(access(SELF, 8), EINVAL, "access: unknown: EINVAL");
	close(fd);
}

int main(void)
{
	deadline(30);
	test_read();
	test_half_bad_buffer();
	test_seek();
	test_vectors();
	test_open();
	test_devices();
	test_directory();
	test_stat();
	return done_testing();
}
