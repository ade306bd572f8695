/* SPDX-License-Identifier: MIT */
/* The guest's memory as its device sees it. */
#include <err.h>
#include <sys/mman.h>

#include "memory.h"

static struct region {
	struct memory_region is;
	char *map; /* of the file, from its start */
	char *at;
} regions[REGIONS_MAX];
static unsigned int nr_regions;

void memory_set(const struct memory_region *new, const int *fds, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < nr_regions; i++)
		munmap(regions[i].map,
		       regions[i].is.size + regions[i].is.offset);
	for (i = 0; i < n; i++) {
		regions[i].is = new[i];
		regions[i].map = mmap(NULL, new[i].size + new[i].offset,
				      PROT_READ | PROT_WRITE, MAP_SHARED,
				      fds[i], 0);
		if (regions[i].map == MAP_FAILED)
			err(1, "the guest's memory");
		regions[i].at = regions[i].map + new[i].offset;
	}
	nr_regions = n;
}

void *memory_at(uint64_t gpa, uint64_t len)
{
	for (unsigned int i = 0; i < nr_regions; i++) {
		const struct memory_region *is = &regions[i].is;

		if (gpa >= is->gpa && gpa - is->gpa < is->size &&
		    len <= is->size - (gpa - is->gpa))
			return regions[i].at + (gpa - is->gpa);
	}
	return NULL;
}

void *memory_at_user(uint64_t user)
{
	for (unsigned int i = 0; i < nr_regions; i++) {
		const struct memory_region *is = &regions[i].is;

		if (user >= is->user && user - is->user < is->size)
			return regions[i].at + (user - is->user);
	}
	return NULL;
}

uint64_t memory_gpa(const void *at)
{
	for (unsigned int i = 0; i < nr_regions; i++) {
		const struct region *r = &regions[i];
		uint64_t offset = (const char *)at - r->at;

		if ((const char *)at >= r->at && offset < r->is.size)
			return r->is.gpa + offset;
	}
	return 0;
}

bool memory_nth(unsigned int n, uint64_t *gpa, uint64_t *size)
{
	if (n >= nr_regions)
		return false;
	*gpa = regions[n].is.gpa;
	*size = regions[n].is.size;
	return true;
}
