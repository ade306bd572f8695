/* SPDX-License-Identifier: MIT */
/* Ends in the way its first argument names. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int recurse(int depth)
{
	volatile char room[4096];

	room[0] = depth;
	return recurse(depth + 1) + room[0];
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	static volatile int zero;
	static unsigned char code[] = { 0xc3 };

	printf("die: %s\n", how);
	fflush(stdout);
	if (!strcmp(how, "null"))
		*(volatile int *)(uintptr_t)zero = 1;
	if (!strcmp(how, "kernel"))
		*(volatile int *)0xffffffff80100000 = 1;
	if (!strcmp(how, "noncanonical"))
		*(volatile int *)0x8000000000000000 = 1;
	if (!strcmp(how, "rodata"))
		*(volatile char *)(uintptr_t) "constant" = 1;
	if (!strcmp(how, "data"))
		((void (*)(void))(uintptr_t)code)();
	if (!strcmp(how, "stack"))
		return recurse(0);
	if (!strcmp(how, "divide"))
		return 10 / zero;
	if (!strcmp(how, "illegal"))
		__asm__ volatile("ud2");
	if (!strcmp(how, "privileged"))
		__asm__ volatile("cli");
	if (!strcmp(how, "port"))
		__asm__ volatile("outb %%al, $0xe9" : : "a"(65));
	if (!strcmp(how, "breakpoint"))
		__asm__ volatile("int3");
	if (!strcmp(how, "abort"))
		abort();
	return atoi(how);
}
