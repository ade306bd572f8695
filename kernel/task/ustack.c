/* SPDX-License-Identifier: MIT */
/*
 * The first stack of a program. From high to low addresses (System V ABI for
 * x86-64, figure 3.9): strings and other bytes, padding, the auxiliary vector
 * up to AT_NULL, envp and NULL, argv and NULL, argc, at which rsp points,
 * 16-byte aligned. Made in a kernel buffer; owns nothing; portable.
 */
#include "kernel/task/ustack.h"

#include <linux/auxvec.h>
#include <string.h>

static bool reserve(struct user_stack *stack, size_t len)
{
	if (len > stack->size - stack->used)
		return false;
	stack->used += len;
	return true;
}

static void *at(struct user_stack *stack, uintptr_t addr)
{
	return stack->buf + stack->size - (stack->top - addr);
}

uintptr_t user_stack_push(struct user_stack *stack, const void *data,
			  size_t len)
{
	uintptr_t addr;

	if (!reserve(stack, len))
		return 0;
	addr = stack->top - stack->used;
	memcpy(at(stack, addr), data, len);
	return addr;
}

static void write_word(struct user_stack *stack, uintptr_t *sp, uint64_t word)
{
	memcpy(at(stack, *sp), &word, sizeof(word));
	*sp += sizeof(word);
}

/*
 * Writes the strings upwards from *to and their addresses, then NULL. Programs
 * that change what ps shows rely on the order.
 */
static void write_strings(struct user_stack *stack, uintptr_t *sp,
			  uintptr_t *to, char *const *strings, int n)
{
	for (int i = 0; i < n; i++) {
		size_t len = strlen(strings[i]) + 1;

		memcpy(at(stack, *to), strings[i], len);
		write_word(stack, sp, *to);
		*to += len;
	}
	write_word(stack, sp, 0);
}

static size_t strings_size(char *const *strings, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		size += strlen(strings[i]) + 1;
	return size;
}

/*
 * The strings' lengths give the vectors' place before any string is written,
 * so that both are written in one pass.
 */
uintptr_t user_stack_finish(struct user_stack *stack, struct user_vectors *v)
{
	size_t words = 1 + v->argc + 1 + v->envc + 1 + 2 * (v->nr_auxv + 1);
	size_t strings = strings_size(v->argv, v->argc) +
			 strings_size(v->envp, v->envc);
	size_t room = stack->size - stack->used;
	uintptr_t start, sp, to;

	if (strings > room || words * sizeof(uint64_t) + 16 > room - strings)
		return 0;
	to = stack->top - stack->used - strings;
	start = ALIGN_DOWN(to - words * sizeof(uint64_t), 16);
	sp = start;
	write_word(stack, &sp, v->argc);
	v->arg_start = to;
	write_strings(stack, &sp, &to, v->argv, v->argc);
	v->env_start = to;
	write_strings(stack, &sp, &to, v->envp, v->envc);
	v->env_end = to;
	for (int i = 0; i < v->nr_auxv; i++) {
		write_word(stack, &sp, v->auxv[i][0]);
		write_word(stack, &sp, v->auxv[i][1]);
	}
	write_word(stack, &sp, AT_NULL);
	write_word(stack, &sp, 0);
	stack->used = stack->top - start;
	return start;
}
