/* SPDX-License-Identifier: MIT */
/* fuzz: boot/handover.c boot/pvh.c boot/linux_params.c boot/memmap.c */
/* fuzz: kernel/cmdline.c */
/*
 * What a hypervisor hands over at the start: PVH's start info or Linux's
 * boot_params, a memory map of any ranges, a command line of any text. The
 * physical memory that the first page tables map is this program's, at the
 * same addresses, and ends where they end.
 */
#include <asm/bootparam.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "boot/enter.h"
#include "boot/handover.h"
#include "boot/memmap.h"
#include "boot/pvh.h"
#include "fuzz/lib/fuzz.h"
#include "kernel/base.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"

/* No program has memory below it on Linux. */
#define MEMORY_START 0x10000
#define INFO 0x20000
#define MAP 0x30000
#define LINE 0x40000
#define MAP_MAX 100 /* entries */
#define LINE_MAX 3000 /* more than BOOT_CMDLINE_MAX */

/* The kernel's image: only its addresses count. */
static const char image[2 * PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE), used));
extern const char _text[], _image_end[];
__asm__(".globl _text, _image_end\n"
	".set _text, image\n"
	".set _image_end, image + 8192\n");

static struct boot_e820_entry map[MAP_MAX];
static unsigned int nr_map;

void printk(enum log_level level, const char *fmt, ...)
{
}

/* ---- Physical memory ----------------------------------------------------- */

static void *at(uint64_t phys)
{
	return (void *)phys;
}

/* Where something lies; what the program cannot have is where nothing is. */
static uint64_t take_place(struct input *in, uint64_t usual, size_t len)
{
	uint64_t place;

	switch (take_below(in, 8)) {
	case 0:
		place = (uint64_t)take32(in) << take_below(in, 33);
		break;
	case 1:
		place = EARLY_MAP_SIZE - take16(in);
		break;
	case 2:
		place = EARLY_MAP_SIZE - len;
		break;
	default:
		place = usual;
	}
	return place < MEMORY_START ? 0 : place;
}

static void put(uint64_t phys, const void *bytes, size_t len)
{
	if (phys && phys < EARLY_MAP_SIZE)
		memcpy(at(phys), bytes, MIN(len, EARLY_MAP_SIZE - phys));
}

static void wipe(uint64_t phys, size_t len)
{
	if (phys && phys < EARLY_MAP_SIZE)
		memset(at(phys), 0, MIN(len, EARLY_MAP_SIZE - phys));
}

/* ---- What is handed over ------------------------------------------------- */

static uint64_t take_address(struct input *in)
{
	static const uint64_t some[] = { 0,	     0x9fc00,	MiB,
					 2 * MiB,    64 * MiB,	3ULL << 30,
					 4ULL << 30, UINT64_MAX };
	uint8_t n = take8(in);
	uint64_t base = some[n % ARRAY_SIZE(some)];

	if (n >= 0xe0)
		return (uint64_t)take32(in) << take_below(in, 33);
	return n & 0x80 ? base + take_near(in) : base;
}

static void take_map(struct input *in)
{
	nr_map = take_below(in, MAP_MAX);
	for (unsigned int i = 0; i < nr_map; i++) {
		map[i].addr = take_address(in);
		map[i].size = take_address(in);
		map[i].type = take_below(in, 4);
	}
}

/* Words that mean something, and bytes. */
static size_t take_line(struct input *in, char *line)
{
	static const char *const words[] = {
		"ip=dhcp ",
		"-- ",
		"\"",
		"a=b ",
		"loglevel=7 ",
		"gw=",
		"10.0.0.1 ",
		"console",
		"\t",
		"virtio_mmio.device=",
		"=",
		"x-y_z ",
		"\" \"",
		"PATH=",
		"1K@0x1000:5 ",
	};
	size_t len = 0, n;

	for (unsigned int i = take8(in); i && len + 300 < LINE_MAX; i--) {
		unsigned int which = take8(in);

		if (which < 0xf0) {
			n = strlen(words[which % ARRAY_SIZE(words)]);
			memcpy(line + len, words[which % ARRAY_SIZE(words)], n);
		} else {
			n = take8(in);
			memset(line + len, 'y', n);
			take_bytes(in, line + len, MIN(n, which & 0xf));
		}
		len += n;
	}
	line[len] = '\0';
	return len + 1;
}

/* The map as it lies there: what came later may have been put over it. */
static void read_back(uint64_t place)
{
	if (!early_map(place, nr_map * PVH_MEM_ENTRY_SIZE))
		return;
	for (unsigned int i = 0; i < nr_map; i++)
		memcpy(&map[i], at(place + i * PVH_MEM_ENTRY_SIZE),
		       sizeof(map[i]));
}

static void hand_over_pvh(struct input *in, struct boot_info *bi, uint64_t line)
{
	struct pvh_start_info info = { .magic = PVH_MAGIC,
				       .version = PVH_MEMMAP_VERSION,
				       .cmdline_paddr = line };
	uint64_t place = take_place(in, MAP, nr_map * sizeof(struct pvh_mem));

	for (unsigned int i = 0; place && i < nr_map; i++) {
		struct pvh_mem mem = { map[i].addr, map[i].size, map[i].type,
				       0 };

		put(place + i * sizeof(mem), &mem, sizeof(mem));
	}
	info.memmap_paddr = place;
	info.memmap_entries = nr_map;
	if (take_below(in, 8) == 1) /* more than can be mapped */
		info.memmap_entries = UINT32_MAX - take8(in);
	put(INFO, &info, sizeof(info));
	read_back(place);
	pvh_read(bi, INFO);
	wipe(place, nr_map * sizeof(struct pvh_mem));
	wipe(INFO, sizeof(info));
}

static void hand_over_linux(struct input *in, struct boot_info *bi,
			    uint64_t line)
{
	static struct boot_params params;
	uint64_t place = take_place(in, INFO, sizeof(params));

	place = place > UINT32_MAX ? 0 : place; /* as boot_enter() has it */
	memset(&params, 0, sizeof(params));
	params.hdr.boot_flag = 0xaa55 + (take_below(in, 16) == 1);
	params.hdr.header = 0x53726448 + (take_below(in, 16) == 1);
	params.hdr.cmd_line_ptr = (uint32_t)line;
	params.ext_cmd_line_ptr = (uint32_t)(line >> 32);
	params.e820_entries = take8(in) == 1 ? UINT8_MAX : nr_map;
	memcpy(params.e820_table, map, nr_map * sizeof(map[0]));
	put(place, &params, sizeof(params));
	(void)linux_read(bi, (uint32_t)place);
	wipe(place, sizeof(params));
}

/* ---- What must hold ------------------------------------------------------ */

static bool overlap(const struct boot_mem *m, uint64_t start, uint64_t end)
{
	return m->start < end && start < m->end;
}

static uint64_t end_of(const struct boot_e820_entry *e)
{
	return e->size > UINT64_MAX - e->addr ? UINT64_MAX : e->addr + e->size;
}

static void check_ram(const struct boot_mem *m)
{
	bool is_given = false;

	must(m->start >= LOW_MEMORY_END, "boot: no RAM in low memory");
	must(!overlap(m, (uintptr_t)_text, (uintptr_t)_image_end),
	     "boot: the kernel is not free");
	for (unsigned int i = 0; i < nr_map; i++) {
		if (map[i].type == 1)
			is_given |= map[i].addr <= m->start &&
				    end_of(&map[i]) > m->start;
		else if (map[i].size)
			must(!overlap(m, map[i].addr, end_of(&map[i])),
			     "boot: what is reserved is not free");
	}
	must(is_given, "boot: RAM is what the map says");
}

static void check_map(const struct boot_info *bi)
{
	must(bi->nr_mem <= BOOT_MEM_MAX, "boot: ranges");
	for (unsigned int i = 0; i < bi->nr_mem; i++) {
		const struct boot_mem *m = &bi->mem[i];

		must(m->start < m->end, "boot: no empty range");
		must(IS_ALIGNED(m->start | m->end, PAGE_SIZE),
		     "boot: whole pages");
		must(!i || m[-1].end <= m->start, "boot: in order");
		if (m->type == BOOT_MEM_RAM)
			check_ram(m);
	}
}

static void read_line(char *line)
{
	static const char *const keys[] = { "ip", "gw", "loglevel", "x_y-z",
					    CMDLINE_DEVICE };
	char *list[8] = { "PATH=/bin", "HOME=/" };
	unsigned int pos = 0, nr;
	char **args;
	int argc;

	cmdline_init(line);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		(void)cmdline_get(keys[i]);
	while (cmdline_next(CMDLINE_DEVICE, &pos))
		;
	args = cmdline_app_args(&argc);
	must(argc <= CMDLINE_ARGS_MAX && !args[argc], "boot: arguments end");
	for (int i = 0; i < argc; i++)
		must(strlen(args[i]) < BOOT_CMDLINE_MAX, "boot: an argument");
	nr = cmdline_environment(list, 2, ARRAY_SIZE(list));
	must(nr <= ARRAY_SIZE(list), "boot: the environment");
	for (unsigned int i = 0; i < nr; i++)
		must(strchr(list[i], '='), "boot: a variable");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	void *low = mmap(at(MEMORY_START), EARLY_MAP_SIZE - MEMORY_START,
			 PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				 MAP_FIXED_NOREPLACE,
			 -1, 0);

	must(low == at(MEMORY_START), "boot: memory at low addresses");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[LINE_MAX];
	struct input in = { data, size };
	struct boot_info *bi = calloc(1, sizeof(*bi));
	size_t len = take_line(&in, line);
	uint64_t place = take_place(&in, LINE, len);

	take_map(&in);
	put(place, line, len);
	if (take8(&in) & 1)
		hand_over_pvh(&in, bi, place);
	else
		hand_over_linux(&in, bi, place);
	wipe(place, len);
	must(memchr(bi->cmdline, 0, BOOT_CMDLINE_MAX), "boot: the line ends");
	check_map(bi);
	read_line(bi->cmdline);
	free(bi);
	return 0;
}
