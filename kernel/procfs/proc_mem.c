/* SPDX-License-Identifier: MIT */
/*
 * /proc's files about memory: proc(5), slabinfo(5). Owns nothing. Thread
 * context.
 */
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/procfs/proc_impl.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"

static size_t pages_to_kib(size_t pages)
{
	return pages * (PAGE_SIZE / KiB);
}

static void add_slab_pages(const struct kmem_cache *cache, void *arg)
{
	size_t *pages = arg;

	*pages += cache->pages;
}

/* Always 0: every page belongs to the kernel or to the application. */
static const char *const absent[] = {
	"Buffers:", "Cached:",	  "SwapCached:", "SwapTotal:", "SwapFree:",
	"Dirty:",   "Writeback:", "Mapped:",	 "Shmem:",
};

static void show_meminfo(struct seq_buf *m)
{
	const struct process *p = the_process();
	size_t reserve = page_mark(ALLOC_USER);
	size_t slab_pages = 0;

	kmem_cache_for_each(add_slab_pages, &slab_pages);
	seq_printf(m, "MemTotal:       %8zu kB\n",
		   pages_to_kib(nr_total_pages()));
	seq_printf(m, "MemFree:        %8zu kB\n",
		   pages_to_kib(nr_free_pages()));
	seq_printf(m, "MemAvailable:   %8zu kB\n",
		   pages_to_kib(nr_free_pages() > reserve ?
					nr_free_pages() - reserve :
					0));
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		seq_printf(m, "%-15s %8d kB\n", absent[i], 0);
	seq_printf(m, "AnonPages:      %8zu kB\n",
		   p ? pages_to_kib(p->mm->resident) : 0);
	seq_printf(m, "Slab:           %8zu kB\n", pages_to_kib(slab_pages));
	seq_printf(m, "SReclaimable:   %8d kB\nSUnreclaim:     %8zu kB\n", 0,
		   pages_to_kib(slab_pages));
	seq_printf(m, "Committed_AS:   %8zu kB\n",
		   p ? p->mm->reserved / KiB : 0);
}

/* slabinfo(5); the last column is ours: allocations refused. */
static void show_cache(const struct kmem_cache *cache, void *arg)
{
	seq_printf(arg,
		   "%-17s %6zu %6zu %6u %4u %4u : tunables    0    0    0"
		   " : slabdata %6zu %6zu %6zu\n",
		   cache->name, cache->active, cache->room, cache->stride,
		   cache->per_slab, 1U << cache->order, cache->slabs,
		   cache->slabs, cache->failures);
}

static void show_slabinfo(struct seq_buf *m)
{
	seq_printf(m, "slabinfo - version: 2.1\n"
		      "# name            <active_objs> <num_objs> <objsize>"
		      " <objperslab> <pagesperslab> : tunables <limit>"
		      " <batchcount> <sharedfactor> : slabdata"
		      " <active_slabs> <num_slabs> <refused>\n");
	kmem_cache_for_each(show_cache, m);
}

static void show_buddyinfo(struct seq_buf *m)
{
	seq_printf(m, "Node 0, zone   Normal");
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		seq_printf(m, " %6zu", nr_free_blocks(order));
	seq_putc(m, '\n');
}

/* One node, one zone. The highest mark is for ring 3's own pages. */
static void show_zoneinfo(struct seq_buf *m)
{
	seq_printf(m, "Node 0, zone   Normal\n  pages free     %zu\n",
		   nr_free_pages());
	seq_printf(m,
		   "        min      %zu\n        low      %zu\n"
		   "        high     %zu\n",
		   page_mark(ALLOC_PACKET), page_mark(0),
		   page_mark(ALLOC_USER));
	seq_printf(m,
		   "        spanned  %zu\n        present  %zu\n"
		   "        managed  %zu\n",
		   nr_total_pages(), nr_total_pages(), nr_total_pages());
}

static const struct proc_entry files[] = {
	{ "meminfo", show_meminfo },
	{ "slabinfo", show_slabinfo },
	{ "buddyinfo", show_buddyinfo },
	{ "zoneinfo", show_zoneinfo },
};

int proc_mem_init(void)
{
	return proc_register_all(files, ARRAY_SIZE(files));
}
