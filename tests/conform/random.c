/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: getrandom(2), random(4), and /proc/sys/kernel/random.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tap.h"

#define BAD ((void *)8)

/* linux/random.h, which musl is without. */
#define GET_COUNT 0x80045200
#define ADD_TO_COUNT 0x40045201
#define GET_POOL 0x80085202
#define ADD_ENTROPY 0x40085203
#define ZAP_COUNT 0x5204
#define CLEAR_POOL 0x5206
#define RESEED 0x5207

#define NONBLOCK 1
#define RANDOM 2
#define INSECURE 4

static long get(void *buf, size_t len, unsigned int flags)
{
	return syscall(SYS_getrandom, buf, len, flags);
}

static void test_getrandom(void)
{
	static char big[1 << 20], other[1 << 20];
	long allowed = 0;

	for (unsigned int flags = 0; flags < 8; flags++)
		allowed |= (get(big, 8, flags) == 8) << flags;
	is(allowed, 0x3f, "getrandom: RANDOM and INSECURE exclude each other");
	fails(get(big, 8, 8), EINVAL, "getrandom: an unknown flag: EINVAL");
	fails(get(BAD, 8, 8), EINVAL, "getrandom: EINVAL before EFAULT");
	fails(get(BAD, 8, 0), EFAULT, "getrandom: EFAULT");
	is(get(big, 0, 0), 0, "getrandom: nothing is nothing");
	is(get(big, sizeof(big), 0), sizeof(big), "getrandom: a MiB at once");
	is(get(other, sizeof(other), RANDOM), sizeof(big),
	   "getrandom: of the blocking kind, too");
	ok(memcmp(big, other, sizeof(big)) != 0, "getrandom: another one");
	ok(memcmp(big, big + 4096, 4096) != 0, "getrandom: without a period");
}

static void test_device(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK), count = 0;
	char buf[300], zeros[300] = { 0 };
	struct iovec iov[2] = { { buf, 3 }, { buf + 100, 200 } };

	is(read(fd, buf, sizeof(buf)), sizeof(buf), "device: reads");
	ok(memcmp(buf, zeros, sizeof(buf)) != 0, "device: something");
	is(readv(fd, iov, 2), 203, "device: to several places");
	is(write(fd, zeros, sizeof(zeros)), sizeof(zeros), "device: writes");
	fails(read(fd, BAD, 8), EFAULT, "device: EFAULT");
	fails(write(fd, BAD, 8), EFAULT, "device: EFAULT of a write");
	ok(!ioctl(fd, GET_COUNT, &count) && count == 256,
	   "device: 256 bits of entropy");
	fails(ioctl(fd, GET_COUNT, BAD), EFAULT, "device: or EFAULT");
	fails(ioctl(fd, ADD_TO_COUNT, &count), EPERM, "device: more: EPERM");
	fails(ioctl(fd, ADD_ENTROPY, BAD), EPERM, "device: given: EPERM");
	fails(ioctl(fd, ZAP_COUNT, 0), EPERM, "device: less: EPERM");
	fails(ioctl(fd, CLEAR_POOL, 0), EPERM, "device: none: EPERM");
	fails(ioctl(fd, RESEED, 0), EPERM, "device: other: EPERM");
	fails(ioctl(fd, GET_POOL, BAD), EINVAL, "device: the pool: EINVAL");
	fails(ioctl(fd, 0x5401, BAD), EINVAL, "device: no terminal: EINVAL");
	close(fd);
}

static size_t slurp(const char *name, char buf[100])
{
	char path[100];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/sys/kernel/random/%s", name);
	fd = open(path, O_RDONLY);
	n = read(fd, buf, 99);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0 ? n : 0;
}

/* Version 4, and the variant of RFC 4122. */
static bool is_uuid(const char *s)
{
	return strlen(s) == 37 && strspn(s, "0123456789abcdef-\n") == 37 &&
	       s[8] == '-' && s[13] == '-' && s[14] == '4' && s[18] == '-' &&
	       strchr("89ab", s[19]) && s[23] == '-' && s[36] == '\n';
}

static void test_proc(void)
{
	char a[100], b[100];
	int fd;

	slurp("uuid", a);
	slurp("uuid", b);
	ok(is_uuid(a) && is_uuid(b), "proc: a uuid");
	ok(strcmp(a, b) != 0, "proc: another one each time");
	slurp("boot_id", a);
	slurp("boot_id", b);
	ok(is_uuid(a) && !strcmp(a, b), "proc: one of the boot, which stays");
	slurp("entropy_avail", a);
	is_str(a, "256\n", "proc: entropy_avail");
	slurp("poolsize", a);
	is_str(a, "256\n", "proc: poolsize");
	slurp("urandom_min_reseed_secs", a);
	is_str(a, "60\n", "proc: urandom_min_reseed_secs");
	slurp("write_wakeup_threshold", a);
	is_str(a, "256\n", "proc: write_wakeup_threshold");
	fd = open("/proc/sys/kernel/random/uuid", O_RDONLY);
	is(read(fd, a, 37), 37, "proc: a uuid in one read");
	is(read(fd, b, 37), 0, "proc: which is all of it");
	is(lseek(fd, 0, SEEK_SET), 0, "proc: back");
	ok(read(fd, b, 37) == 37 && memcmp(a, b, 37) != 0, "proc: a new one");
	close(fd);
	fails(open("/proc/sys/kernel/random/uuid", O_WRONLY), EACCES,
	      "proc: not for writing");
	fails(open("/proc/sys/kernel/random/none", O_RDONLY), ENOENT,
	      "proc: no other file");
}

int main(void)
{
	ok(!setuid(1000), "an ordinary user");
	test_getrandom();
	test_device("/dev/random");
	test_device("/dev/urandom");
	test_proc();
	return done_testing();
}
