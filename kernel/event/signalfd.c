/* SPDX-License-Identifier: MIT */
/*
 * signalfd(2): a read takes pending signals, as many as fit, instead of their
 * handlers. The pending signals are those of the calling thread and of the
 * process. Owns its masks. Thread context; reads sleep.
 */
#include <linux/signal.h>

#include "kernel/event/signalfd.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/signalfd.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/fs/poll.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/slab.h"
#include "kernel/task/signal.h"

_Static_assert(sizeof(struct signalfd_siginfo) == 128, "signalfd(2)");

struct signalfd {
	uint64_t mask;
};

static struct signalfd *signalfd_of(const struct file *file)
{
	return file->private_data;
}

static bool is_fault(const struct signal_info *info)
{
	return info->code > SI_USER && info->code < SI_KERNEL;
}

/* As siginfo_fill() for a handler, but each field has its own place. */
static void fill(struct signalfd_siginfo *to, const struct signal_info *info)
{
	memset(to, 0, sizeof(*to));
	to->ssi_signo = info->sig;
	to->ssi_errno = info->error;
	to->ssi_code = info->code;
	if (is_fault(info)) {
		to->ssi_addr = info->addr;
		return;
	}
	to->ssi_pid = info->pid;
	to->ssi_uid = info->uid;
	if (info->code < 0) { /* sent with a value */
		to->ssi_int = (int32_t)info->addr;
		to->ssi_ptr = info->addr;
	}
}

/* The mask may change meanwhile. */
static int wait_signal(struct file *file, struct signal_info *info)
{
	const struct signalfd *ctx = signalfd_of(file);

	return wait_attempt(signalfd_wq(),
			    signal_take(ctx->mask, info) ? 0 : -EAGAIN,
			    file->f_flags & O_NONBLOCK ? 0 : UINT64_MAX);
}

/* Waits for the first signal only; one that cannot be copied is lost. */
static ssize_t signalfd_read(struct file *file, struct iov_iter *to,
			     int64_t *pos)
{
	struct signalfd *ctx = signalfd_of(file);
	struct signalfd_siginfo out;
	struct signal_info info;
	ssize_t total = 0;
	int err;

	if (to->count < sizeof(out))
		return -EINVAL;
	err = wait_signal(file, &info);
	if (err)
		return err;
	do {
		fill(&out, &info);
		if (copy_to_iter(&out, sizeof(out), to) < sizeof(out))
			return total ? total : -EFAULT;
		total += sizeof(out);
	} while (to->count >= sizeof(out) && signal_take(ctx->mask, &info));
	return total;
}

static uint32_t signalfd_poll(struct file *file, struct poll_table *pt)
{
	poll_wait(file, signalfd_wq(), pt);
	return signals_pending_of(signalfd_of(file)->mask) ? EPOLLIN : 0;
}

static void signalfd_release(struct file *file)
{
	kfree(file->private_data);
}

static void signalfd_show_fdinfo(struct seq_buf *m, struct file *file)
{
	seq_printf(m, "sigmask:\t%016llx\n",
		   (unsigned long long)signalfd_of(file)->mask);
}

static const struct file_operations signalfd_fops = {
	.read_iter = signalfd_read,
	.poll = signalfd_poll,
	.llseek = noop_llseek,
	.release = signalfd_release,
	.show_fdinfo = signalfd_show_fdinfo,
};

bool is_file_signalfd(const struct file *file)
{
	return file->f_op == &signalfd_fops;
}

void signalfd_set_mask(struct file *file, uint64_t mask)
{
	signalfd_of(file)->mask = mask & ~signals_unblockable();
	wake_up(signalfd_wq());
}

struct file *signalfd_create(uint64_t mask, uint32_t flags)
{
	struct signalfd *ctx = kzalloc(sizeof(*ctx));
	struct file *file;

	if (!ctx)
		return NULL;
	file = file_alloc(&signalfd_fops, ctx, O_RDWR | (flags & O_NONBLOCK));
	if (!file) {
		kfree(ctx);
		return NULL;
	}
	ctx->mask = mask & ~signals_unblockable();
	file->f_name = "anon_inode:[signalfd]";
	return file;
}
