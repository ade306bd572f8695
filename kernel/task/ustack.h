/* SPDX-License-Identifier: MIT */
/*
 * The first stack of a program, with argv, envp and auxv.
 */
#ifndef KERNEL_TASK_USTACK_H
#define KERNEL_TASK_USTACK_H

#include "kernel/base.h"

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
	/* Set to where the strings are: argv's end where envp's start. */
	uintptr_t arg_start, env_start, env_end;
};

/* User address of a copy of len bytes, 0 when they do not fit. */
uintptr_t user_stack_push(struct user_stack *stack, const void *data,
			  size_t len);
/* Strings and vectors; the stack pointer, or 0 when they do not fit. */
uintptr_t user_stack_finish(struct user_stack *stack,
			    struct user_vectors *vectors);

#endif
