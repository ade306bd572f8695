/* SPDX-License-Identifier: MIT */
/*
 * /proc's files about the machine: proc(5). Owns nothing. Thread context.
 */
#include "kernel/fs/console.h"
#include "kernel/fs/eventpoll_impl.h"
#include "kernel/fs/file.h"
#include "kernel/fs/proc.h"
#include "kernel/fs/proc_impl.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/seq_buf.h"
#include "kernel/task/clock.h"

static size_t pages_to_kib(size_t pages)
{
	return pages * (PAGE_SIZE / KiB);
}

static void add_slab_pages(const struct kmem_cache *cache, void *arg)
{
	size_t *pages = arg;

	*pages += cache->slabs << cache->order;
}

static void show_meminfo(struct seq_buf *m)
{
	size_t slab_pages = 0;

	kmem_cache_for_each(add_slab_pages, &slab_pages);
	seq_printf(m, "MemTotal:       %8zu kB\n",
		   pages_to_kib(nr_total_pages()));
	seq_printf(m, "MemFree:        %8zu kB\n",
		   pages_to_kib(nr_free_pages()));
	seq_printf(m, "MemAvailable:   %8zu kB\n",
		   pages_to_kib(nr_free_pages()));
	seq_printf(m, "Buffers:        %8d kB\n", 0);
	seq_printf(m, "Cached:         %8d kB\n", 0);
	seq_printf(m, "SwapTotal:      %8d kB\n", 0);
	seq_printf(m, "SwapFree:       %8d kB\n", 0);
	seq_printf(m, "Slab:           %8zu kB\n", pages_to_kib(slab_pages));
}

/* slabinfo(5); the last column is ours: allocations refused. */
static void show_cache(const struct kmem_cache *cache, void *arg)
{
	seq_printf(arg,
		   "%-17s %6zu %6zu %6u %4u %4u : tunables    0    0    0"
		   " : slabdata %6zu %6zu %6zu\n",
		   cache->name, cache->active,
		   cache->slabs * (size_t)cache->per_slab, cache->stride,
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

static void show_uptime(struct seq_buf *m)
{
	unsigned long long cs = ktime_get_ns() / (10 * NSEC_PER_MSEC);

	seq_printf(m, "%llu.%02llu 0.00\n", cs / 100, cs % 100);
}

static void show_version(struct seq_buf *m)
{
	seq_printf(m, "Linux version 6.1.0-pollux (Pollux) (gcc " __VERSION__
		      ") #1\n");
}

static void show_max_user_watches(struct seq_buf *m)
{
	seq_printf(m, "%zu\n", ep_max_user_watches);
}

static void show_file_max(struct seq_buf *m)
{
	seq_printf(m, "%zu\n", file_max());
}

static void show_file_nr(struct seq_buf *m)
{
	seq_printf(m, "%zu\t0\t%zu\n", nr_files(), file_max());
}

static void show_console(struct seq_buf *m)
{
	seq_printf(m, "input_dropped %zu\n", console_dropped());
}

static const struct {
	const char *path;
	void (*show)(struct seq_buf *m);
} files[] = {
	{ "meminfo", show_meminfo },
	{ "slabinfo", show_slabinfo },
	{ "buddyinfo", show_buddyinfo },
	{ "uptime", show_uptime },
	{ "version", show_version },
	{ "console", show_console },
	{ "sys/fs/epoll/max_user_watches", show_max_user_watches },
	{ "sys/fs/file-max", show_file_max },
	{ "sys/fs/file-nr", show_file_nr },
};

int proc_info_init(void)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !error; i++)
		error = proc_register(files[i].path, files[i].show);
	return error;
}
