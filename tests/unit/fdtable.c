/* SPDX-License-Identifier: MIT */
/* unit: kernel/fs/fdtable.c kernel/fs/file.c kernel/fs/read_write.c */
/*
 * Descriptor tables against a model, and the life of a description.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "kernel/event/eventpoll.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "lib/fake_kernel.h"

static int nr_released;

void eventpoll_release(struct file *file)
{
	INIT_LIST_HEAD(&file->f_ep);
}

void iput(struct inode *inode)
{
}

static void release(struct file *file)
{
	nr_released++;
}

static int64_t llseek(struct file *file, int64_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, 100);
}

static const struct file_operations fops = { .release = release };
static const struct file_operations seekable_fops = { .llseek = llseek };

static struct file *new_file(void)
{
	return file_alloc(&fops, NULL, O_RDWR);
}

static int open_one(struct fdtable *fdt, unsigned int limit)
{
	int fd = get_unused_fd(fdt, 0, limit, false);

	if (fd >= 0)
		fd_install(fdt, fd, new_file());
	return fd;
}

static void test_numbers(void)
{
	struct fdtable *fdt = fdtable_create();
	int fd;

	is(open_one(fdt, 1024), 0, "fdtable: the first number is 0");
	is(open_one(fdt, 1024), 1, "fdtable: then 1");
	is(open_one(fdt, 1024), 2, "fdtable: then 2");
	is(fd_close(fdt, 1), 0, "fdtable: close");
	is(fd_close(fdt, 1), -EBADF, "fdtable: not twice");
	is(fd_close(fdt, -1), -EBADF, "fdtable: -1 is not open");
	is(fd_close(fdt, 1 << 30), -EBADF, "fdtable: nor a huge number");
	is(open_one(fdt, 1024), 1, "fdtable: the lowest free number is next");
	is(open_one(fdt, 3), -EMFILE, "fdtable: EMFILE at the limit");
	is(open_one(fdt, 0), -EMFILE, "fdtable: EMFILE with no limit at all");

	fd = get_unused_fd(fdt, 0, 1024, true);
	is(fd, 3, "fdtable: a number can be reserved");
	is_ptr(fd_lookup(fdt, fd), NULL, "fdtable: and is not open meanwhile");
	is(fd_close(fdt, fd), -EBADF, "fdtable: nor can be closed");
	is(fd_replace(fdt, fd, new_file(), false), -EBUSY,
	   "fdtable: dup2 onto a reserved number is EBUSY");
	is(open_one(fdt, 1024), 4, "fdtable: the next one gets another");
	put_unused_fd(fdt, fd);
	is(open_one(fdt, 1024), 3, "fdtable: given back it is free");

	is(get_unused_fd(fdt, 1000, 1000, false), -EINVAL,
	   "fdtable: F_DUPFD from the limit is EINVAL");
	is(get_unused_fd(fdt, 700, 1024, false), 700,
	   "fdtable: from a number beyond the table");
	is(get_unused_fd(fdt, 700, 1024, false), 701, "fdtable: the next");
	is(open_one(fdt, 1024), 5, "fdtable: below is still free");
	is(fd_next_open(fdt, 0), 0, "fdtable: walk of open numbers");
	is(fd_next_open(fdt, 5), 5, "fdtable: ... starts where it is told");
	is(fd_next_open(fdt, 6), -1, "fdtable: ... and skips reserved ones");
	put_unused_fd(fdt, 700);
	put_unused_fd(fdt, 701);
	fdtable_destroy(fdt);
	is(nr_files(), 0, "fdtable: its end closes all");
	is(live_objects, 0, "fdtable: and gives all memory back");
}

static void test_replace(void)
{
	struct fdtable *fdt = fdtable_create();
	struct file *file;

	nr_released = 0;
	open_one(fdt, 64);
	file = fget(fdt, 0);
	is(file->f_count, 2, "fdtable: fget() takes a reference");
	is(fd_replace(fdt, 300, file, true), 300, "fdtable: dup2 far away");
	ok(fd_lookup(fdt, 300) == file, "fdtable: the same description");
	ok(fd_get_cloexec(fdt, 300) && !fd_get_cloexec(fdt, 0),
	   "fdtable: close-on-exec belongs to the number");
	fd_close(fdt, 0);
	is(nr_released, 0, "fdtable: a description lives through its dup");
	fd_replace(fdt, 300, new_file(), false);
	is(nr_released, 1, "fdtable: dup2 closes what was there");
	ok(!fd_get_cloexec(fdt, 300), "fdtable: and sets close-on-exec anew");
	is(fd_replace(fdt, FD_LIMIT_MAX, new_file(), false), -EMFILE,
	   "fdtable: no number is beyond the limit of all");
	fdtable_destroy(fdt);
	is(nr_released, 3, "fdtable: every description is released");
	is(live_objects, 0, "fdtable: nothing leaks");
}

static void test_close_in_call(void)
{
	struct fdtable *fdt = fdtable_create();
	struct file *file;

	nr_released = 0;
	open_one(fdt, 64);
	file = fget(fdt, 0);
	fd_close(fdt, 0);
	is(nr_released, 0, "file: a call in progress keeps the file");
	is(open_one(fdt, 64), 0, "file: while its number is free already");
	fput(file);
	is(nr_released, 1, "file: released when the call ends");
	fdtable_destroy(fdt);
}

#define NR_MODEL 5000

/* Opens and closes at random, compared with an array of flags. */
static void test_random(void)
{
	static bool used[NR_MODEL + 1];
	struct fdtable *fdt = fdtable_create();
	unsigned int i, step, lowest;
	int fd;

	for (step = 0; step < 60000; step++) {
		unsigned int up = step / 10000 % 2 ? 40 : 60;

		if (step % 256 == 0)
			must_hold(fdtable_check(fdt));
		if (random_below(100) < up) {
			for (lowest = 0; used[lowest]; lowest++)
				;
			fd = open_one(fdt, NR_MODEL);
			if (fd != (lowest < NR_MODEL ? (int)lowest : -EMFILE))
				break;
			used[lowest] = lowest < NR_MODEL;
		} else {
			i = random_below(2000);
			if (fd_close(fdt, i) != (used[i] ? 0 : -EBADF))
				break;
			used[i] = false;
		}
	}
	is(step, 60000, "fdtable: random opens give the lowest free number");
	fdtable_destroy(fdt);
	is(live_objects, 0, "fdtable: nothing leaks");
}

/* As many as there can be, and the last alone. */
/* Each damage by hand, and mended again. */
static void test_check(void)
{
	struct fdtable *fdt = fdtable_create();
	struct file **chunk;
	int i;

	for (i = 0; i < 3; i++)
		open_one(fdt, 1024);
	is_str(fdtable_check(fdt), NULL, "check: three files");
	fdt->used[0] &= ~2ULL;
	ok(fdtable_check(fdt), "check: a file at a number that is free");
	fdt->used[0] |= 2;
	fdt->next = 5;
	is_str(fdtable_check(fdt), "fdtable 2: a free number below next",
	       "check: a free number below next");
	fdt->next = 3;
	chunk = fdt->chunks[0];
	fdt->chunks[0] = NULL;
	is_str(fdtable_check(fdt), "fdtable 3: a number without a chunk",
	       "check: a number without a chunk");
	fdt->chunks[0] = chunk;
	is_str(fdtable_check(fdt), NULL, "check: mended");
	fdtable_destroy(fdt);
}

static void test_million(void)
{
	struct fdtable *fdt = fdtable_create();
	struct file *file = new_file();
	size_t few = live_objects;
	int fd, bad = 0;

	fd = get_unused_fd(fdt, FD_LIMIT_MAX - 1, FD_LIMIT_MAX, false);
	is(fd, FD_LIMIT_MAX - 1, "million: the last number");
	put_unused_fd(fdt, fd);
	is(live_objects, few + 1, "million: takes one chunk");
	is(get_unused_fd(fdt, FD_LIMIT_MAX, -1U, false), -EINVAL,
	   "million: behind it there is none");
	for (int i = 0; i < FD_LIMIT_MAX; i++) {
		fd = get_unused_fd(fdt, 0, FD_LIMIT_MAX, false);
		bad += fd != i;
		if (fd >= 0)
			fd_install(fdt, fd, get_file(file));
	}
	is(bad, 0, "million: all numbers in order");
	is(get_unused_fd(fdt, 0, -1U, false), -EMFILE, "million: then EMFILE");
	is_ptr(fd_lookup(fdt, FD_LIMIT_MAX - 1), file,
	       "million: they are open");
	is(fd_close(fdt, 777777), 0, "million: one is closed");
	is(get_unused_fd(fdt, 0, -1U, false), 777777,
	   "million: and used again");
	put_unused_fd(fdt, 777777);
	fdtable_destroy(fdt);
	is(file->f_count, 1, "million: all are closed");
	fput(file);
	is(live_objects, 0, "million: nothing leaks");
}

static void test_no_memory(void)
{
	struct fdtable *fdt;
	int fd, n;

	for (n = 0;; n++) {
		fail_at = n;
		fdt = fdtable_create();
		if (fdt)
			break;
		if (live_objects)
			break;
	}
	fail_at = -1;
	is(n, 5, "fdtable: each allocation of create may fail");
	for (fd = 0; fd < 64; fd++)
		open_one(fdt, 1024);
	for (n = 0; n < 4; n++) {
		fail_at = n;
		fd = get_unused_fd(fdt, 0, 1024, false);
		fail_at = -1;
		is(fd, -ENOMEM, "fdtable: growing without memory is ENOMEM");
	}
	is(open_one(fdt, 1024), 64, "fdtable: and works when there is some");
	fail_at = 0;
	is_ptr(new_file(), NULL, "file: no memory, no file");
	is(file_alloc_error(), -ENOMEM, "file: that was ENOMEM");
	fail_at = -1;
	fdtable_destroy(fdt);
	is(live_objects, 0, "fdtable: nothing leaks");
}

static void test_file_max(void)
{
	struct file **f = calloc(file_max(), sizeof(*f));
	size_t n;

	for (n = 0; n < file_max(); n++)
		f[n] = new_file();
	ok(f[n - 1], "file: file-max descriptions can be had");
	is_ptr(new_file(), NULL, "file: one more cannot");
	is(file_alloc_error(), -ENFILE, "file: that is ENFILE");
	while (n--)
		fput(f[n]);
	free(f);
	is(nr_files(), 0, "file: all are back");
}

static void test_flags(void)
{
	struct file *file = file_alloc(&fops, NULL,
				       O_WRONLY | O_CLOEXEC | O_CREAT |
					       O_TRUNC | O_APPEND);
	struct iov_iter none = { 0 };

	is(file->f_flags, O_WRONLY | O_APPEND,
	   "file: F_GETFL shows no flags of the opening");
	is(file_read_iter(file, &none, NULL), -EBADF,
	   "file: reading what is open for writing is EBADF");
	is(file_write_iter(file, &none, NULL), -EINVAL,
	   "file: without an operation it is EINVAL");
	is(vfs_llseek(file, 0, SEEK_SET), -ESPIPE, "lseek: ESPIPE");
	is(vfs_llseek(file, 0, 99), -EINVAL, "lseek: EINVAL before ESPIPE");
	is(vfs_poll(file, NULL), 0x145, "poll: always ready without poll");
	fput(file);
}

static void test_llseek(void)
{
	struct file *file = file_alloc(&seekable_fops, NULL, O_RDONLY);

	is(vfs_llseek(file, 30, SEEK_SET), 30, "lseek: SEEK_SET");
	is(vfs_llseek(file, -10, SEEK_CUR), 20, "lseek: SEEK_CUR");
	is(vfs_llseek(file, -1, SEEK_END), 99, "lseek: SEEK_END");
	is(vfs_llseek(file, 1000, SEEK_END), 1100, "lseek: beyond the end");
	is(vfs_llseek(file, -1, SEEK_SET), -EINVAL, "lseek: not below 0");
	is(vfs_llseek(file, INT64_MAX, SEEK_CUR), -EINVAL, "lseek: no wrap");
	is(vfs_llseek(file, 7, SEEK_DATA), 7, "lseek: SEEK_DATA");
	is(vfs_llseek(file, 7, SEEK_HOLE), 100, "lseek: SEEK_HOLE");
	is(vfs_llseek(file, 100, SEEK_DATA), -ENXIO, "lseek: no data there");
	fput(file);
}

int main(void)
{
	random_seed();
	file_init();
	test_numbers();
	test_replace();
	test_close_in_call();
	test_random();
	test_check();
	test_million();
	test_no_memory();
	test_file_max();
	test_flags();
	test_llseek();
	return done_testing();
}
