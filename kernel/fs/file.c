/* SPDX-License-Identifier: MIT */
/*
 * Open file descriptions: their slab cache, number and reference counts.
 * Entered by system calls; read_write.c has the transfers.
 */
#include "kernel/fs/file.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "kernel/event/eventpoll.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"

/* The least file-max, whatever the RAM (Linux's NR_FILE). */
#define FILE_MAX_MIN 8192
/*
 * One description for so many bytes of RAM. Linux reckons 10 KiB, for files
 * with an inode and a dentry each; a connection, which most files are here,
 * needs less than 1 KiB.
 */
#define FILE_MAX_BYTES (4 * KiB)

/* open(2)'s flags that say how to open, not how the description behaves. */
#define OPEN_ONLY (O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC)

static struct kmem_cache *filp_cache __ro_after_init;
static size_t files;
static size_t files_max __ro_after_init;

void file_init(void)
{
	size_t n = nr_total_pages() * PAGE_SIZE / FILE_MAX_BYTES;

	files_max = MAX(n, FILE_MAX_MIN);
	filp_cache = kmem_cache_create("filp", sizeof(struct file), 0);
	if (!filp_cache)
		panic("no memory for files");
}

size_t nr_files(void)
{
	return files;
}

size_t file_max(void)
{
	return files_max;
}

int file_alloc_error(void)
{
	return files >= files_max ? -ENFILE : -ENOMEM;
}

static uint32_t flags_to_mode(uint32_t flags)
{
	if (flags & O_PATH)
		return 0;
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return FMODE_READ;
	case O_WRONLY:
		return FMODE_WRITE;
	case O_RDWR:
		return FMODE_READ | FMODE_WRITE;
	default: /* 3: ioctl(2) only */
		return 0;
	}
}

struct file *file_alloc(const struct file_operations *fop, void *private_data,
			uint32_t flags)
{
	return pages_are_low(ALLOC_FILE) ?
		       NULL :
		       file_alloc_accepted(fop, private_data, flags);
}

struct file *file_alloc_accepted(const struct file_operations *fop,
				 void *private_data, uint32_t flags)
{
	struct file *file;

	if (files >= files_max)
		return NULL;
	file = kmem_cache_zalloc(filp_cache);
	if (!file)
		return NULL;
	files++;
	file->f_count = 1;
	file->f_flags = flags & ~OPEN_ONLY;
	file->f_mode = flags_to_mode(flags);
	if (fop->llseek)
		file->f_mode |= FMODE_LSEEK;
	file->f_op = fop;
	file->private_data = private_data;
	INIT_LIST_HEAD(&file->f_ep);
	return file;
}

/*
 * The file leaves the sets that watch it first: their entries are on wait
 * queues that release() frees.
 */
void __fput(struct file *file)
{
	if (!list_empty(&file->f_ep))
		eventpoll_release(file);
	if (file->f_op->release)
		file->f_op->release(file);
	if (file->f_inode)
		iput(file->f_inode);
	files--;
	kmem_cache_free(filp_cache, file);
}

uint32_t vfs_poll(struct file *file, struct poll_table *pt)
{
	if (!file->f_op->poll)
		return EPOLL_IN_SET | EPOLL_OUT_SET;
	return file->f_op->poll(file, pt);
}
