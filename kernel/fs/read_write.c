/* SPDX-License-Identifier: MIT */
/*
 * Moving bytes and positions: the checks that every read, write and seek
 * passes before a file's own operation. Owns nothing. Thread context; may
 * sleep where the file's operation does.
 */
#include <errno.h>
#include <linux/fs.h>

#include "kernel/fs/file.h"

/* A position has 63 bits, as has the end of the transfer; a stream has none. */
static bool is_too_far(const int64_t *pos, size_t count)
{
	return pos && count > (uint64_t)(INT64_MAX - *pos);
}

ssize_t file_read_iter(struct file *file, struct iov_iter *to, int64_t *pos)
{
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!file->f_op->read_iter || is_too_far(pos, to->count))
		return -EINVAL;
	return file->f_op->read_iter(file, to, pos);
}

ssize_t file_write_iter(struct file *file, struct iov_iter *from, int64_t *pos)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!file->f_op->write_iter || is_too_far(pos, from->count))
		return -EINVAL;
	return file->f_op->write_iter(file, from, pos);
}

int64_t noop_llseek(struct file *file, int64_t offset, int whence)
{
	return file->f_pos;
}

int64_t fixed_size_llseek(struct file *file, int64_t offset, int whence,
			  int64_t size)
{
	int64_t base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = file->f_pos;
		break;
	case SEEK_END:
		base = size;
		break;
	case SEEK_DATA: /* all is data, and a hole at the end */
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		if (whence == SEEK_HOLE)
			offset = size;
		break;
	}
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

int64_t vfs_llseek(struct file *file, int64_t offset, int whence)
{
	if (whence < SEEK_SET || whence > SEEK_MAX)
		return -EINVAL;
	if (!(file->f_mode & FMODE_LSEEK))
		return -ESPIPE;
	return file->f_op->llseek(file, offset, whence);
}
