/* SPDX-License-Identifier: MIT */
/*
 * Starts the application: the executable from the root file system, an address
 * space, a stack with arguments and auxiliary vector, three descriptors on the
 * console, one thread. Each failure is one line in the log. Entered once, by
 * the main kernel thread.
 */
#include "kernel/task/exec.h"

#include <asm/hwcap2.h>
#include <errno.h>
#include <linux/auxvec.h>
#include <linux/mman.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "kernel/fs/console.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/initramfs.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/mm/vma.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/elf.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/sigframe.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/ustack.h"
#include "kernel/vdso/vdso.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/regs.h"

/*
 * Bits of the random shifts, in pages: as many as on Linux.
 */
#define STACK_BITS 22
#define MMAP_BITS 28
#define PIE_BITS 28
#define BRK_BITS 18
#define STACK_SHIFT_MAX (8 * KiB) /* of the first byte, in its pages */

#define STACK_MAX (8 * MiB) /* RLIMIT_STACK */
#define STACK_FIRST (132 * KiB) /* mapped from the start, as Linux does */
#define ARGS_MAX (16 * KiB) /* strings and vectors together */

#define ENVIRONMENT_MAX 32 /* Linux has as many, MAX_INIT_ENVS */

bool exec_randomizes(void)
{
	return !cmdline_get("nokaslr") && !cmdline_get("norandmaps");
}

/* The bytes of a random number of pages below 2^bits. */
static uintptr_t random_pages(unsigned int bits)
{
	if (!exec_randomizes())
		return 0;
	return (random_u64() & (BIT(bits) - 1)) << PAGE_SHIFT;
}

/* Maps the stack; later mappings are placed below it. */
static int stack_map(struct mm *mm, bool exec, uintptr_t *top)
{
	uint32_t prot = PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0);
	uintptr_t end = USER_MAX - random_pages(STACK_BITS);

	*top = end;
	if (exec_randomizes())
		*top -= ALIGN_DOWN(random_u32() % STACK_SHIFT_MAX, 16);
	mm->stack_limit = end - STACK_MAX;
	mm->mmap_base = mm->stack_limit - random_pages(MMAP_BITS);
	return mm_map_fixed(mm, end - STACK_FIRST, STACK_FIRST, prot, VMA_STACK,
			    NULL, false);
}

static uint64_t hwcap(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	return r[3];
}

#define AUXV_MAX 20

struct auxv {
	uint64_t entry[AUXV_MAX][2];
	int n;
};

static void aux(struct auxv *auxv, uint64_t type, uint64_t value)
{
	ASSERT(auxv->n < AUXV_MAX);
	auxv->entry[auxv->n][0] = type;
	auxv->entry[auxv->n][1] = value;
	auxv->n++;
}

static void auxv_fill(struct auxv *auxv, const struct elf_image *image,
		      uintptr_t random, uintptr_t platform, uintptr_t execfn)
{
	aux(auxv, AT_SYSINFO_EHDR, image->vdso);
	aux(auxv, AT_HWCAP, hwcap());
	aux(auxv, AT_HWCAP2, cpu_features.fsgsbase ? HWCAP2_FSGSBASE : 0);
	aux(auxv, AT_MINSIGSTKSZ, sigframe_max_size());
	aux(auxv, AT_PAGESZ, PAGE_SIZE);
	aux(auxv, AT_CLKTCK, 100);
	aux(auxv, AT_PHDR, image->phdr);
	aux(auxv, AT_PHENT, image->phent);
	aux(auxv, AT_PHNUM, image->phnum);
	aux(auxv, AT_BASE, 0);
	aux(auxv, AT_FLAGS, 0);
	aux(auxv, AT_ENTRY, image->entry);
	aux(auxv, AT_UID, APP_UID);
	aux(auxv, AT_EUID, APP_UID);
	aux(auxv, AT_GID, APP_GID);
	aux(auxv, AT_EGID, APP_GID);
	aux(auxv, AT_SECURE, 0);
	aux(auxv, AT_RANDOM, random);
	aux(auxv, AT_EXECFN, execfn);
	aux(auxv, AT_PLATFORM, platform);
}

/* Fills the buffer; the stack pointer, or 0 when the arguments are too long. */
static uintptr_t stack_fill(struct mm *mm, struct user_stack *stack,
			    char **argv, int argc,
			    const struct elf_image *image)
{
	uintptr_t execfn, platform, random, sp;
	char *environment[ENVIRONMENT_MAX] = { (char *)"PATH=/bin",
					       (char *)"HOME=/",
					       (char *)"TERM=linux" };
	struct user_vectors vectors = {
		.argv = argv,
		.argc = argc,
		.envp = environment,
		.envc = 3,
	};
	struct auxv auxv = { .n = 0 };
	uint8_t seed[16];

	vectors.envc = cmdline_environment(environment, vectors.envc,
					   ENVIRONMENT_MAX);
	random_bytes(seed, sizeof(seed));
	execfn = user_stack_push(stack, argv[0], strlen(argv[0]) + 1);
	platform = user_stack_push(stack, "x86_64", sizeof("x86_64"));
	random = user_stack_push(stack, seed, sizeof(seed));
	if (!execfn || !platform || !random)
		return 0;
	auxv_fill(&auxv, image, random, platform, execfn);
	vectors.auxv = auxv.entry;
	vectors.nr_auxv = auxv.n;
	sp = user_stack_finish(stack, &vectors);
	mm->arg_start = vectors.arg_start;
	mm->arg_end = vectors.env_start;
	mm->env_start = vectors.env_start;
	mm->env_end = vectors.env_end;
	return sp;
}

/* Needs the address space active: the copy faults the stack's pages in. */
static int stack_build(struct mm *mm, char **argv, int argc,
		       const struct elf_image *image, uintptr_t *sp)
{
	struct user_stack stack = { .size = ARGS_MAX, .top = image->stack };
	const char *from;
	int err = 0;

	stack.buf = kzalloc(ARGS_MAX);
	if (!stack.buf)
		return -ENOMEM;
	*sp = stack_fill(mm, &stack, argv, argc, image);
	from = stack.buf + stack.size - stack.used;
	if (!*sp)
		err = -E2BIG;
	else if (copy_to_user((void *)*sp, from, stack.used))
		err = -ENOMEM;
	kfree(stack.buf);
	return err;
}

static int open_console(struct process *process)
{
	struct file *file = console_open();
	int fd;

	if (!file)
		return -ENOMEM;
	for (int i = 0; i < 3; i++) {
		fd = get_unused_fd(process->files, 0, 3, false);
		if (fd < 0)
			break;
		fd_install(process->files, fd, get_file(file));
	}
	fput(file);
	return fd < 0 ? fd : 0;
}

static int address_space_fill(struct process *process, const uint8_t *data,
			      size_t len, struct elf_image *image)
{
	struct mm *mm = process->mm;
	int err = elf_load(mm, data, len, process->exe, random_pages(PIE_BITS),
			   image);

	if (err)
		return err;
	mm->brk_start = image->brk + random_pages(BRK_BITS);
	mm->brk = mm->brk_start;
	err = stack_map(mm, image->exec_stack, &image->stack);
	if (!err)
		err = vdso_map(mm, &image->vdso);
	if (err)
		pr_err("%s: no room for its stack and vDSO: error %d",
		       process->exe, -err);
	return err;
}

static struct thread *first_thread(struct process *process, uintptr_t entry,
				   uintptr_t sp)
{
	struct thread *thread = thread_create_user(process);

	if (!thread)
		return NULL;
	thread->regs->orig_rax = (uint64_t)-1;
	thread->regs->rip = entry;
	thread->regs->cs = USER_CS;
	thread->regs->rflags = RFLAGS_FIXED | RFLAGS_IF;
	thread->regs->rsp = sp;
	thread->regs->ss = USER_DS;
	process_adopt(process, thread);
	return thread;
}

/* The process is published, its address space active. */
static int process_launch(struct process *process, char **argv, int argc,
			  const struct elf_image *image)
{
	struct thread *thread;
	uintptr_t sp;
	int err;

	err = stack_build(process->mm, argv, argc, image, &sp);
	if (err == -E2BIG)
		pr_err("%s: arguments longer than %lu bytes", process->exe,
		       ARGS_MAX);
	else if (err)
		pr_err("%s: no memory for its stack", process->exe);
	if (err)
		return err;
	err = open_console(process);
	thread = err ? NULL : first_thread(process, image->entry, sp);
	if (!thread) {
		pr_err("%s: no memory to start it", process->exe);
		return -ENOMEM;
	}
	sched_start(thread);
	return 0;
}

static int lookup(const char *path, const uint8_t **data, size_t *len,
		  const char **resolved)
{
	int err = initramfs_lookup(path, data, len, resolved);

	if (err == -ENOENT)
		pr_err("%s: not in the image", path);
	else if (err)
		pr_err("%s: cannot be opened: error %d", path, -err);
	return err;
}

int process_start(const char *path, char **args, int argc)
{
	char *argv[CMDLINE_ARGS_MAX + 2];
	struct process *process;
	struct elf_image image;
	const char *resolved;
	const uint8_t *data;
	size_t len;
	int err;

	err = lookup(path, &data, &len, &resolved);
	if (err)
		return err;
	argc = MIN(argc, CMDLINE_ARGS_MAX);
	process = process_create(resolved);
	if (!process) {
		pr_err("%s: no memory to start it", resolved);
		return -ENOMEM;
	}
	err = address_space_fill(process, data, len, &image);
	if (err)
		goto out_free;
	argv[0] = process->exe;
	memcpy(argv + 1, args, argc * sizeof(*args));
	process_publish(process);
	sched_use_mm(process->mm);
	err = process_launch(process, argv, argc + 1, &image);
	if (!err)
		return 0;
	sched_use_mm(NULL);
	process_publish(NULL);
out_free:
	process_free(process);
	return err;
}
