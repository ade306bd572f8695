/* SPDX-License-Identifier: MIT */
/*
 * /dev/null, zero, full, random, urandom and the names of the console: see
 * null(4), full(4), random(4). Owns their operations. Thread context.
 */
#include "kernel/fs/dev.h"

#include <errno.h>
#include <linux/random.h>
#include <string.h>

#include "kernel/fs/inode.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/uaccess.h"
#include "kernel/pipe/splice.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"

static ssize_t null_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	return 0;
}

static ssize_t null_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	size_t n = from->count;

	iov_iter_advance(from, n);
	return n;
}

/*
 * After each page: a pending signal ends a long call, as on Linux; else other
 * threads run.
 */
static bool is_interrupted(void)
{
	if (signal_pending())
		return true;
	cond_resched();
	return false;
}

static ssize_t zero_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	size_t done = 0, n;

	while (to->count) {
		n = iov_iter_zero(PAGE_SIZE, to);
		done += n;
		if (!n)
			return done ? (ssize_t)done : -EFAULT;
		if (is_interrupted())
			break;
	}
	return done;
}

static ssize_t full_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	return from->count ? -ENOSPC : 0;
}

#define CHUNK 256

ssize_t random_read_iter(struct iov_iter *to)
{
	uint8_t chunk[CHUNK];
	size_t done = 0, n, copied;
	ssize_t err = 0;

	while (to->count) {
		n = MIN(to->count, sizeof(chunk));
		random_bytes(chunk, n);
		copied = copy_to_iter(chunk, n, to);
		done += copied;
		if (copied < n) {
			err = -EFAULT;
			break;
		}
		if (IS_ALIGNED(done, PAGE_SIZE) && is_interrupted())
			break;
	}
	memset(chunk, 0, err ? sizeof(chunk) : MIN(done, sizeof(chunk)));
	barrier(); /* keeps the compiler from dropping the erasure */
	return done ? (ssize_t)done : err;
}

static ssize_t random_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	return random_read_iter(to);
}

static ssize_t random_write(struct file *file, struct iov_iter *from,
			    int64_t *pos)
{
	uint8_t chunk[CHUNK];
	size_t done = 0, n;

	while (from->count) {
		n = copy_from_iter(chunk, sizeof(chunk), from);
		if (!n)
			return done ? (ssize_t)done : -EFAULT;
		random_mix(chunk, n);
		done += n;
		if (IS_ALIGNED(done, PAGE_SIZE) && is_interrupted())
			break;
	}
	return done;
}

/* random(4): the entropy count is public; the rest needs CAP_SYS_ADMIN. */
static long random_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int bits = RANDOM_POOL_BITS;

	switch (cmd) {
	case RNDGETENTCNT:
		return put_user(bits, (int *)arg) ? -EFAULT : 0;
	case RNDADDTOENTCNT:
	case RNDADDENTROPY:
	case RNDZAPENTCNT:
	case RNDCLEARPOOL:
	case RNDRESEEDCRNG:
		return -EPERM;
	}
	return -EINVAL;
}

/* Always readable: the generator never runs dry. */
static uint32_t random_poll(struct file *file, struct poll_table *pt)
{
	return EPOLL_IN_SET;
}

static const struct file_operations null_fops = {
	.read_iter = null_read,
	.write_iter = null_write,
	.splice_write = iter_splice_write,
	.llseek = noop_llseek,
};

static const struct file_operations zero_fops = {
	.read_iter = zero_read,
	.write_iter = null_write,
	.splice_read = copy_splice_read,
	.splice_write = iter_splice_write,
	.llseek = noop_llseek,
};

static const struct file_operations full_fops = {
	.read_iter = zero_read,
	.write_iter = full_write,
	.splice_read = copy_splice_read,
	.llseek = noop_llseek,
};

static const struct file_operations random_fops = {
	.read_iter = random_read,
	.write_iter = random_write,
	.splice_read = copy_splice_read,
	.splice_write = iter_splice_write,
	.poll = random_poll,
	.ioctl = random_ioctl,
	.llseek = noop_llseek,
};

/* No poll: as on Linux, always ready and not for epoll. */
static const struct file_operations urandom_fops = {
	.read_iter = random_read,
	.write_iter = random_write,
	.splice_read = copy_splice_read,
	.splice_write = iter_splice_write,
	.ioctl = random_ioctl,
	.llseek = noop_llseek,
};

/* Numbers as the Linux kernel's admin-guide/devices.txt has them. */
static const struct {
	const char *name;
	uint32_t rdev;
	const struct file_operations *fops;
} devices[] = {
	{ "null", MKDEV(1, 3), &null_fops },
	{ "zero", MKDEV(1, 5), &zero_fops },
	{ "full", MKDEV(1, 7), &full_fops },
	{ "random", MKDEV(1, 8), &random_fops },
	{ "urandom", MKDEV(1, 9), &urandom_fops },
	{ "console", MKDEV(5, 1), &console_fops },
};

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

/* Replaces a name of the archive. */
static struct inode *dev_add(struct inode *dev, const char *name, uint32_t mode)
{
	struct inode *inode = inode_add(dev, name, strlen(name), mode);

	if (PTR_ERR(inode) == -EEXIST) {
		inode = inode_lookup(dev, name, strlen(name));
		inode->i_mode = mode;
		inode->i_op = NULL;
	}
	if (IS_ERR(inode))
		panic("no memory for /dev/%s", name);
	return inode;
}

void dev_init(void)
{
	struct inode *dev = inode_make_dir(vfs_root(), "dev", 3);
	struct inode *inode;

	if (IS_ERR(dev)) {
		pr_err("/dev is no directory in the initramfs");
		return;
	}
	dev->i_dev = DEV_DEV;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		inode = dev_add(dev, devices[i].name, S_IFCHR | 0666);
		inode->i_rdev = devices[i].rdev;
		inode->i_fop = devices[i].fops;
		inode->i_size = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		inode = dev_add(dev, links[i].name, S_IFLNK | 0777);
		inode->i_data = (const uint8_t *)links[i].target;
		inode->i_size = strlen(links[i].target);
	}
}
