/* SPDX-License-Identifier: MIT */
/*
 * The memory map: firmware's ranges come in any order and may overlap or end
 * inside a page; the result is sorted, disjoint and page aligned.
 */
#include "boot/memmap.h"

#include <string.h>

#include "kernel/base.h"

static void mem_remove(struct boot_info *bi, unsigned int i)
{
	bi->nr_mem--;
	memmove(&bi->mem[i], &bi->mem[i + 1],
		(bi->nr_mem - i) * sizeof(bi->mem[0]));
}

static bool mem_insert(struct boot_info *bi, unsigned int i, uint64_t start,
		       uint64_t end, enum boot_mem_type type)
{
	if (bi->nr_mem == BOOT_MEM_MAX)
		return false;
	memmove(&bi->mem[i + 1], &bi->mem[i],
		(bi->nr_mem - i) * sizeof(bi->mem[0]));
	bi->nr_mem++;
	bi->mem[i] = (struct boot_mem){ start, end, type };
	return true;
}

/*
 * Afterwards no entry overlaps [start, end). An entry around it is split; if
 * the table is full, the upper part is lost. Returns the index at which an
 * entry for the range belongs.
 */
static unsigned int mem_clear(struct boot_info *bi, uint64_t start,
			      uint64_t end)
{
	unsigned int i = 0;

	while (i < bi->nr_mem && bi->mem[i].start < end) {
		struct boot_mem *m = &bi->mem[i];

		if (m->end <= start) {
			i++;
		} else if (m->start < start) {
			if (m->end > end)
				mem_insert(bi, i + 1, end, m->end, m->type);
			m->end = start;
			i++;
		} else if (m->end > end) {
			m->start = end;
			break;
		} else {
			mem_remove(bi, i);
		}
	}
	return i;
}

static void mem_join(struct boot_info *bi, unsigned int i)
{
	struct boot_mem *m = &bi->mem[i];

	if (i + 1 < bi->nr_mem && m[0].end == m[1].start &&
	    m[0].type == m[1].type) {
		m[0].end = m[1].end;
		mem_remove(bi, i + 1);
	}
}

void boot_mem_set(struct boot_info *bi, uint64_t start, uint64_t end,
		  enum boot_mem_type type)
{
	unsigned int i;

	if (type == BOOT_MEM_RAM) {
		start = start > UINT64_MAX - PAGE_SIZE ?
				UINT64_MAX :
				ALIGN_UP(start, PAGE_SIZE);
		end = ALIGN_DOWN(end, PAGE_SIZE);
	} else {
		start = ALIGN_DOWN(start, PAGE_SIZE);
		end = end > UINT64_MAX - PAGE_SIZE ?
			      ALIGN_DOWN(end, PAGE_SIZE) :
			      ALIGN_UP(end, PAGE_SIZE);
	}
	if (start >= end)
		return;
	i = mem_clear(bi, start, end);
	if (!mem_insert(bi, i, start, end, type))
		return;
	mem_join(bi, i);
	if (i)
		mem_join(bi, i - 1);
}
