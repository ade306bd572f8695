/* SPDX-License-Identifier: MIT */
/*
 * Tells where the parts of its address space lie, then stays.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	int on_stack;
	void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	printf("program %p\nheap %p\nmapped %p\nvdso %p\nstack %p\n",
	       (void *)main, sbrk(0), mapped,
	       (void *)getauxval(AT_SYSINFO_EHDR), (void *)&on_stack);
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}
