/* SPDX-License-Identifier: MIT */
/*
 * Starts the application: ELF loading (static and static-pie), the first
 * stack with argv, envp and auxv as the System V ABI lays them out.
 */
#ifndef KERNEL_TASK_EXEC_H
#define KERNEL_TASK_EXEC_H

#include "kernel/base.h"

struct mm;
struct process;

struct elf_image {
	uintptr_t entry;
	uintptr_t phdr; /* user address of the program headers */
	uint16_t phnum;
	uint16_t phent;
	uintptr_t load_bias;
	uintptr_t brk; /* end of the highest segment, page aligned */
	uintptr_t vdso; /* its ELF header, set when it is mapped */
	uintptr_t stack; /* its first byte's end, set when it is mapped */
	bool exec_stack; /* PT_GNU_STACK asks for an executable stack */
};

/*
 * Checks and maps an executable that lies in memory; shift moves one that is
 * position independent up from its usual place, by whole pages. -ENOEXEC with one
 * pr_err line that says what is wrong (no PT_LOAD, truncated, wrong machine,
 * dynamic, overlapping, outside user memory), -ENOMEM. file must stay.
 */
int elf_load(struct mm *mm, const uint8_t *file, size_t len, const char *name,
	     uintptr_t shift, struct elf_image *image);

/* Who the application is: not root, so that it drops no privileges. */
#define APP_PID 1
#define APP_UID 1000
#define APP_GID 1000

/*
 * The first stack as the System V ABI (x86-64, 3.4.1) lays it out, made in a
 * kernel buffer of size bytes whose end stands for user address top.
 */
struct user_stack {
	char *buf;
	size_t size;
	uintptr_t top;
	size_t used; /* bytes from the end */
};

struct user_vectors {
	char *const *argv; /* argc of them */
	int argc;
	char *const *envp;
	int envc;
	uint64_t (*auxv)[2]; /* type and value */
	int nr_auxv;
	/* Where the strings came to lie: argv's end where envp's start. */
	uintptr_t arg_start, env_start, env_end;
};

/* User address of a copy of len bytes, 0 when they do not fit. */
uintptr_t user_stack_push(struct user_stack *stack, const void *data,
			  size_t len);
/* Strings and vectors; the stack pointer, or 0 when they do not fit. */
uintptr_t user_stack_finish(struct user_stack *stack,
			    struct user_vectors *vectors);

/*
 * Builds the process from /init of the root file system and makes its first
 * thread runnable. argv[0] is the path. 0 or -errno after one clear line.
 */
int process_start(const char *path, char **args, int argc);

/* Whether its places are chosen at random: not with nokaslr, norandmaps. */
bool exec_randomizes(void);

/* Sleeps until the application has ended; its status (0-255). */
int process_wait(void);

struct process *the_process(void); /* NULL before process_start() */

/*
 * The kernel's own SIGTERM to the application: whoever runs the machine wants
 * it to end. False where there is nobody to tell: the application has not
 * been started, or is ending. Any context.
 */
bool process_terminate(void);
/* The status it is ending with; otherwise what is given. */
int process_status(int otherwise);

#endif
