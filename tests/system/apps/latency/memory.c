/* SPDX-License-Identifier: MIT */
/* Address spaces: much memory, few pages in much space, many areas. */
#include "latency.h"

#define MANY_AREAS 60000
#define MADV_POPULATE_WRITE 23 /* the C library may not have it */

void dense_memory(void)
{
	size_t len = 200 * MIB;
	unsigned char *vec = (void *)map(len / PAGE, MAP_POPULATE);
	char *p = map(len, 0), *q = map(8 * MIB, 0);

	MEASURE("madvise/populate", madvise(p, len, MADV_POPULATE_WRITE));
	MEASURE("mlock", mlock(p, len));
	MEASURE("mincore/dense", mincore(p, len, vec));
	MEASURE("mprotect/dense", mprotect(p, len, PROT_READ));
	MEASURE("mprotect/none", mprotect(p, len, PROT_NONE));
	mprotect(p, len, PROT_READ | PROT_WRITE);
	q = p;
	MEASURE("mremap/dense", p = mremap(p, len, len + MIB, MREMAP_MAYMOVE));
	need(p != MAP_FAILED && p != q, "mremap");
	MEASURE("madvise/dontneed", madvise(p, len, MADV_DONTNEED));
	need(!madvise(p, len, MADV_POPULATE_WRITE), "populate");
	MEASURE("mmap/fixed",
		mmap(p, len, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		     -1, 0));
	need(!madvise(p, len, MADV_POPULATE_WRITE), "populate");
	MEASURE("munmap/dense", munmap(p, len + MIB));
	MEASURE("mmap/populate", p = map(len, MAP_POPULATE));
	munmap(p, len);
	munmap(vec, len / PAGE);
}

void sparse_memory(void)
{
	size_t len = 64 * TIB, i;
	unsigned char *vec = (void *)map(64 * MIB, 0);
	char *p = map(len, 0);

	MEASURE("mincore/256G", mincore(p, 256 * GIB, vec));
	munmap(vec, 64 * MIB);
	for (i = 0; i < 8000; i++)
		p[i * 2 * MIB] = 1;
	for (i = 0; i < 1000; i++)
		p[TIB + i * 40 * GIB] = 1;
	MEASURE("mprotect/sparse", mprotect(p, len, PROT_READ));
	MEASURE("madvise/sparse", madvise(p, len, MADV_DONTNEED));
	MEASURE("munmap/sparse", munmap(p, len));
}

void many_areas(void)
{
	size_t len = MANY_AREAS * PAGE, i;
	char *p = map(len, 0), line[100];
	int maps = open("/proc/self/maps", O_RDONLY);

	for (i = 0; i < MANY_AREAS; i += 2)
		need(!mprotect(p + i * PAGE, PAGE, PROT_READ), "mprotect");
	MEASURE("mmap/areas", map(GIB, 0));
	MEASURE("pread/maps", pread(maps, line, sizeof(line), 3 * MIB));
	close(maps);
	MEASURE("madvise/areas", madvise(p, len, MADV_DONTNEED));
	MEASURE("msync/areas", msync(p, len, MS_SYNC));
	MEASURE("munlock/areas", munlock(p, len));
	MEASURE("mprotect/areas", mprotect(p, len, PROT_READ));
	for (i = 0; i < MANY_AREAS; i += 2)
		need(!mprotect(p + i * PAGE, PAGE, PROT_NONE), "mprotect");
	MEASURE("munmap/areas", munmap(p, len));
}
