/* SPDX-License-Identifier: MIT */
/*
 * /proc: for each file a name and a function that prints it. Owns the text of
 * open files. A read at offset 0 makes it anew, so that a program that keeps a
 * file open and rewinds sees the present; later reads see the same text. Files
 * with many records are made a part at a time. The process is in proc_self.c
 * and proc_fd.c, memory in proc_mem.c, settings in proc_sys.c, the rest of the
 * machine in proc_info.c. Thread context.
 */
#include "kernel/procfs/proc.h"

#include <errno.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/pipe/splice.h"
#include "kernel/printk.h"
#include "kernel/procfs/proc_impl.h"
#include "kernel/task/thread.h"

#define TEXT_FIRST PAGE_SIZE
#define TEXT_MAX (1 * MiB)

/* A part of the text: all of it, or the records that fit (seq_walk). */
struct proc_text {
	int64_t start; /* its place in the file */
	struct seq_pos next; /* the record after it */
	size_t len;
	char text[];
};

static void print(struct inode *inode, struct seq_buf *m, struct seq_pos *next)
{
	proc_walk_fn walk = (proc_walk_fn)inode->i_private;

	if (inode->i_show) {
		inode->i_show(m, inode);
		next->key = SEQ_WALK_END;
	} else {
		walk(m, next);
	}
}

/*
 * Prints inode's text from a record on, in a buffer that is doubled until it
 * fits. NULL: no memory.
 */
static struct proc_text *proc_print(struct inode *inode, int64_t start,
				    struct seq_pos from)
{
	struct proc_text *t;
	struct seq_buf m;
	size_t size = TEXT_FIRST;

	for (;; size *= 2) {
		t = kvmalloc(size);
		if (!t)
			return NULL;
		t->start = start;
		t->next = from;
		seq_init(&m, t->text, size - sizeof(*t));
		print(inode, &m, &t->next);
		t->len = m.len;
		if (!m.overflow)
			return t;
		if (size >= TEXT_MAX)
			break;
		kvfree(t);
	}
	t->next.key = SEQ_WALK_END;
	return t;
}

static bool is_behind(const struct proc_text *t, int64_t pos)
{
	return pos >= t->start + (int64_t)t->len && t->next.key != SEQ_WALK_END;
}

/*
 * Replaces the file's text by the part at pos; NULL: no memory. Meanwhile,
 * which may be long, the file has no text: another thread that reads it makes
 * its own.
 */
static struct proc_text *proc_seek(struct file *file, int64_t pos)
{
	struct proc_text *t = file->private_data;
	struct seq_pos next = { 0 };
	int64_t start = 0;

	file->private_data = NULL;
	if (t && (!pos || pos < t->start)) {
		kvfree(t);
		t = NULL;
	}
	while ((!t || is_behind(t, pos)) && !fatal_signal_pending()) {
		if (t) {
			start = t->start + t->len;
			next = t->next;
			kvfree(t);
		}
		t = proc_print(file->f_inode, start, next);
		if (!t)
			break;
		cond_resched();
	}
	kvfree(file->private_data);
	file->private_data = t;
	return t;
}

static ssize_t proc_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct proc_text *t = proc_seek(file, *pos);
	size_t n, done, at;

	if (!t)
		return -ENOMEM;
	at = *pos - t->start;
	if (at >= t->len)
		return 0;
	n = MIN(to->count, t->len - at);
	done = copy_to_iter(t->text + at, n, to);
	*pos += done;
	return done || !n ? (ssize_t)done : -EFAULT;
}

/* stat(2) shows size 0, and the end is not known: no SEEK_END. */
static int64_t proc_llseek(struct file *file, int64_t offset, int whence)
{
	if (whence > 1)
		return -EINVAL;
	return fixed_size_llseek(file, offset, whence, 0);
}

static void proc_release(struct file *file)
{
	kvfree(file->private_data);
}

static const struct file_operations proc_fops = {
	.read_iter = proc_read,
	.llseek = proc_llseek,
	.release = proc_release,
};

/* As on Linux, only files about the whole system can be spliced from. */
static const struct file_operations proc_system_fops = {
	.read_iter = proc_read,
	.splice_read = copy_splice_read,
	.llseek = proc_llseek,
	.release = proc_release,
};

void proc_set_show(struct inode *inode,
		   void (*show)(struct seq_buf *m, struct inode *inode))
{
	inode->i_dev = DEV_PROC;
	inode->i_fop = &proc_fops;
	inode->i_show = show;
}

void proc_set_walk(struct inode *inode, proc_walk_fn walk)
{
	proc_set_show(inode, NULL);
	inode->i_private = (uintptr_t)walk;
}

static struct inode *make_root(const char *name, uint32_t dev)
{
	struct inode *dir = inode_make_dir(vfs_root(), name, strlen(name));

	if (!IS_ERR(dir))
		dir->i_dev = dev;
	return dir;
}

struct inode *proc_root(void)
{
	return make_root("proc", DEV_PROC);
}

static void show_registered(struct seq_buf *m, struct inode *inode)
{
	void (*show)(struct seq_buf *) = (void (*)(
		struct seq_buf *))inode->i_private;

	show(m);
}

static int register_at(struct inode *root, const char *path,
		       void (*show)(struct seq_buf *m))
{
	uint32_t dev = root->i_dev;
	struct inode *inode = inode_add_path(root, path, S_IFREG | 0444);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	proc_set_show(inode, show_registered);
	if (strncmp(path, "net/", 4))
		inode->i_fop = &proc_system_fops;
	inode->i_dev = dev;
	inode->i_private = (uintptr_t)show;
	return 0;
}

int proc_register(const char *path, void (*show)(struct seq_buf *m))
{
	struct inode *root = proc_root();

	return IS_ERR(root) ? PTR_ERR(root) : register_at(root, path, show);
}

int proc_register_walk(const char *path, proc_walk_fn walk)
{
	struct inode *root = proc_root(), *inode;

	if (IS_ERR(root))
		return PTR_ERR(root);
	inode = inode_add_path(root, path, S_IFREG | 0444);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	proc_set_walk(inode, walk);
	return 0;
}

int sysfs_register(const char *path, void (*show)(struct seq_buf *m))
{
	struct inode *root = make_root("sys", DEV_SYS);

	return IS_ERR(root) ? PTR_ERR(root) : register_at(root, path, show);
}

int rootfs_register(const char *path, void (*show)(struct seq_buf *m))
{
	return register_at(vfs_root(), path, show);
}

int rootfs_symlink(const char *path, const char *target)
{
	struct inode *link = inode_add_path(vfs_root(), path, S_IFLNK | 0777);

	if (IS_ERR(link))
		return PTR_ERR(link);
	link->i_data = (const uint8_t *)target;
	link->i_size = strlen(target);
	return 0;
}

int proc_register_all(const struct proc_entry *entries, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = proc_register(entries[i].path, entries[i].show);
	return err;
}

void proc_init(void)
{
	if (proc_info_init() || proc_mem_init() || proc_sys_init() ||
	    proc_self_init())
		panic("no memory for /proc");
}
