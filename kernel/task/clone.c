/* SPDX-License-Identifier: MIT */
/*
 * New threads of the application: clone(2) with CLONE_THREAD. Thread context.
 */
#include "kernel/task/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#include "kernel/mm/mm.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/sched.h"
#include "kernel/task/thread.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/regs.h"

#define THREADS_MAX 4096

/* What threads of a process share on Linux; here all of it is required. */
#define CLONE_SHARED (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND)

static int check_flags(uint64_t flags)
{
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if (!(flags & CLONE_THREAD) || (flags & CLONE_VFORK) ||
	    (flags & CLONE_SHARED) != CLONE_SHARED)
		return -ENOSYS; /* a new process */
	return 0;
}

/* What the child inherits besides the address space and the files. */
static void inherit(struct thread *child, const struct clone_request *args)
{
	struct thread *self = current;

	user_state_save(self);
	memcpy(child->fpu, self->fpu, cpu_features.xsave_size);
	child->fs_base = args->flags & CLONE_SETTLS ? args->tls : self->fs_base;
	child->gs_base = self->gs_base;
	child->blocked = self->blocked;
	*child->regs = *self->regs;
	child->regs->rax = 0;
	if (args->stack)
		child->regs->rsp = args->stack;
	if (args->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = (uintptr_t)args->child_tid;
}

static int store_tids(const struct clone_request *args, int tid)
{
	if ((args->flags & CLONE_PARENT_SETTID) &&
	    put_user(tid, args->parent_tid))
		return -EFAULT;
	/* One address space: the child's write can be done here. */
	if (args->flags & CLONE_CHILD_SETTID)
		put_user(tid, args->child_tid);
	return 0;
}

long thread_clone(const struct clone_request *args)
{
	struct process *process = current->process;
	struct thread *child;
	int err = check_flags(args->flags);

	if (err)
		return err;
	if ((args->flags & CLONE_SETTLS) && args->tls >= USER_MAX)
		return -EPERM;
	if (process->nr_threads >= THREADS_MAX)
		return -EAGAIN;
	child = thread_create_user(process);
	if (!child)
		return -EAGAIN;
	err = store_tids(args, child->tid);
	if (err) {
		thread_free(child);
		return err;
	}
	inherit(child, args);
	process_adopt(process, child);
	memcpy(child->comm, current->comm, sizeof(child->comm));
	sched_start(child);
	return child->tid;
}
