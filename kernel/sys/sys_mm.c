/* SPDX-License-Identifier: MIT */
/*
 * System calls on memory: looks descriptors up and checks flags; the work is
 * done behind kernel/mm/mm.h.
 */
#include <errno.h>

#include <asm/resource.h>
#include <asm/unistd_64.h>
#include <linux/mman.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/mmap.h"
#include "kernel/mm/mremap.h"
#include "kernel/mm/uaccess.h"
#include "kernel/mm/vma.h"
#include "kernel/sys/syscall.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"

#define MINCORE_CHUNK 256
#define MINCORE_RUN 2048 /* pages checked before other threads may run */

static struct mm *current_mm(void)
{
	return the_process()->mm;
}

/* What a descriptor's file can be mapped from: 0 or -errno. */
static int file_backing(int fd, uint32_t prot, uint32_t flags, uint64_t offset,
			struct vma_backing *backing)
{
	struct file *file = fd_lookup(the_process()->files, fd);
	int err;

	if (!file)
		return -EBADF;
	if (flags & MAP_SHARED && prot & PROT_WRITE &&
	    !(file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (!file->f_op->mmap)
		return -ENODEV;
	err = file->f_op->mmap(file, backing);
	backing->offset = offset;
	return err;
}

static long sys_mmap(uintptr_t addr, size_t len, uint32_t prot, uint32_t flags,
		     int fd, uint64_t offset)
{
	struct vma_backing backing = { .data = NULL };
	int err;

	if (!IS_ALIGNED(offset, PAGE_SIZE))
		return -EINVAL;
	if (flags & MAP_ANONYMOUS)
		return mm_mmap(current_mm(), addr, len, prot, flags, NULL);
	if (!len)
		return fd_lookup(the_process()->files, fd) ? -EINVAL : -EBADF;
	err = file_backing(fd, prot, flags, offset, &backing);
	if (err)
		return err;
	return mm_mmap(current_mm(), addr, len, prot, flags, &backing);
}

static long sys_munmap(uintptr_t addr, size_t len)
{
	return mm_unmap(current_mm(), addr, len);
}

static long sys_mprotect(uintptr_t addr, size_t len, uint32_t prot)
{
	return mm_protect(current_mm(), addr, len, prot);
}

static long sys_brk(uintptr_t brk)
{
	return mm_brk(current_mm(), brk);
}

static long sys_mremap(uintptr_t old, size_t old_len, size_t new_len,
		       uint32_t flags, uintptr_t new_addr)
{
	return mm_mremap(current_mm(), old, old_len, new_len, flags, new_addr);
}

static long sys_madvise(uintptr_t addr, size_t len, int advice)
{
	return mm_madvise(current_mm(), addr, len, advice);
}

/* Stores n bytes of 1 or 0. */
static int put_presence(uint8_t *vec, size_t n, bool present)
{
	static const uint8_t ones[MINCORE_CHUNK] = { [0 ... MINCORE_CHUNK -
						      1] = 1 };
	size_t part;

	if (!present)
		return clear_user(vec, n) ? -EFAULT : 0;
	for (; n; n -= part, vec += part) {
		part = MIN(n, sizeof(ones));
		if (copy_to_user(vec, ones, part))
			return -EFAULT;
	}
	return 0;
}

static long sys_mincore(uintptr_t addr, size_t len, uint8_t *vec)
{
	size_t pages = ALIGN_UP(len, PAGE_SIZE) >> PAGE_SHIFT;
	size_t done, n;
	bool present;

	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (!access_ok((void *)addr, len))
		return -ENOMEM;
	if (!access_ok(vec, pages))
		return -EFAULT;
	for (done = 0; done < pages; done += n) {
		n = mm_presence(current_mm(), addr + (done << PAGE_SHIFT),
				MIN(pages - done, (size_t)MINCORE_RUN),
				&present);
		if (!n)
			return -ENOMEM;
		if (put_presence(vec + done, n, present))
			return -EFAULT;
		cond_resched();
		if (fatal_signal_pending())
			return -EINTR;
	}
	return 0;
}

static long sys_msync(uintptr_t addr, size_t len, uint32_t flags)
{
	return mm_sync(current_mm(), addr, len, flags);
}

static long sys_mlock(uintptr_t addr, size_t len)
{
	return mm_lock(current_mm(), addr, len, true);
}

static long sys_mlock2(uintptr_t addr, size_t len, uint32_t flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return mm_lock(current_mm(), addr, len, !(flags & MLOCK_ONFAULT));
}

static long sys_munlock(uintptr_t addr, size_t len)
{
	return mm_lock(current_mm(), addr, len, false);
}

/* MCL_FUTURE has no effect: later pages appear on first touch. */
static long sys_mlockall(uint32_t flags)
{
	uint64_t limit = the_process()->rlimit[RLIMIT_MEMLOCK].cur;

	if (!flags || flags == MCL_ONFAULT ||
	    flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	if (!(flags & MCL_CURRENT))
		return 0;
	if (current_mm()->reserved > limit)
		return limit ? -ENOMEM : -EPERM;
	if (!(flags & MCL_ONFAULT))
		mm_lock_all(current_mm());
	return 0;
}

static long sys_munlockall(void)
{
	return 0;
}

const struct syscall_entry syscalls_mm[] = {
	SYSCALL(mmap),	     SYSCALL(munmap),
	SYSCALL(mprotect),   SYSCALL(brk),
	SYSCALL(mremap),     SYSCALL(madvise),
	SYSCALL(mincore),    SYSCALL(msync),
	SYSCALL(mlock),	     SYSCALL(mlock2),
	SYSCALL(munlock),    SYSCALL(mlockall),
	SYSCALL(munlockall), { 0 },
};
