/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc, for the bed: a list of those that the stack registered.
 */
#include "kernel/procfs/proc.h"

#include "bed/net.h"
#include "kernel/lib/seq_buf.h"
#include "lib/tap.h"

#define MAX_FILES 64

static struct {
	void (*show)(struct seq_buf *m);
	proc_walk_fn walk;
} files[MAX_FILES];
static unsigned int nr_files;

static int add(void (*show)(struct seq_buf *m), proc_walk_fn walk)
{
	if (nr_files == MAX_FILES)
		bail_out("too many files of /proc");
	files[nr_files].show = show;
	files[nr_files++].walk = walk;
	return 0;
}

int proc_register(const char *path, void (*show)(struct seq_buf *m))
{
	return add(show, NULL);
}

int proc_register_walk(const char *path, proc_walk_fn walk)
{
	return add(NULL, walk);
}

int rootfs_register(const char *path, void (*show)(struct seq_buf *m))
{
	return add(show, NULL);
}

int rootfs_symlink(const char *path, const char *target)
{
	return 0;
}

unsigned int bed_proc_files(void)
{
	return nr_files;
}

void bed_proc_read(unsigned int n, char *buf, size_t size)
{
	struct seq_pos pos = { 0 };
	struct seq_buf m;

	do {
		seq_init(&m, buf, size);
		if (files[n].show) {
			files[n].show(&m);
			return;
		}
		files[n].walk(&m, &pos);
	} while (pos.key != SEQ_WALK_END && m.len);
}
