/* SPDX-License-Identifier: MIT */
/*
 * Segments and the task state segment. Owns the GDT, the TSS with the stack
 * pointers that the CPU loads on the way in, and the stacks of those
 * exceptions that do not run on the current thread's. Entered once at boot,
 * and by every thread switch.
 */
#include "kernel/x86/gdt.h"

#include "kernel/x86/cpu.h"
#include "kernel/x86/regs.h"

/* SDM vol 3 7.7, figure 7-11. */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap; /* beyond the limit: ring 3 has no ports */
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "SDM vol 3 7.7");

/* LGDT, LIDT: SDM vol 3 2.4. */
struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* Descriptor bits (SDM vol 3 3.4.5, 7.2.3). */
#define SEG_ACCESSED BIT(40)
#define SEG_WRITE BIT(41)
#define SEG_CODE BIT(43)
#define SEG_NOT_SYSTEM BIT(44)
#define SEG_DPL3 (BIT(45) | BIT(46))
#define SEG_PRESENT BIT(47)
#define SEG_LONG BIT(53)
#define SEG_TSS (9ULL << 40)
#define SEG_BASE (SEG_PRESENT | SEG_NOT_SYSTEM | SEG_ACCESSED | SEG_WRITE)
/*
 * What SYSCALL and SYSRET load into SS without reading the table: all 4 GiB, 32
 * bits (SDM vol 2). 64-bit mode ignores it, but QEMU's TCG keeps a translation
 * of the same code for each kind of stack segment.
 */
#define SEG_FLAT (BIT(55) | BIT(54) | 0xfULL << 48 | 0xffff)

#define IST_STACK_SIZE (8 * KiB) /* a panic's report is printed from there */

static uint64_t gdt[] __ro_after_init_data = {
	[KERNEL_CS / 8] = SEG_BASE | SEG_CODE | SEG_LONG,
	[KERNEL_DS / 8] = SEG_BASE | SEG_FLAT,
	[USER_DS / 8] = SEG_BASE | SEG_FLAT | SEG_DPL3,
	[USER_CS / 8] = SEG_BASE | SEG_DPL3 | SEG_CODE | SEG_LONG,
	[TSS_SEL / 8] = 0,
	[TSS_SEL / 8 + 1] = 0,
};

static struct tss tss;
/* The guard pages are unmapped when the kernel gets its page tables. */
static _Alignas(PAGE_SIZE) struct {
	struct ist_stack {
		uint8_t guard[PAGE_SIZE];
		uint8_t stack[IST_STACK_SIZE];
	} stacks[NR_IST];
	uint8_t last_guard[PAGE_SIZE];
} ist;

const void *ist_guard(unsigned int nr)
{
	return nr < NR_IST ? ist.stacks[nr].guard : ist.last_guard;
}

static void tss_init(void)
{
	uintptr_t base = (uintptr_t)&tss;

	tss.iomap = sizeof(tss);
	for (unsigned int i = 0; i < NR_IST; i++)
		tss.ist[i] = (uintptr_t)(ist.stacks[i].stack + IST_STACK_SIZE);

	/* SDM vol 3 figure 7-4. */
	gdt[TSS_SEL / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 |
			   SEG_TSS | SEG_PRESENT | (base >> 24 & 0xff) << 56;
	gdt[TSS_SEL / 8 + 1] = base >> 32;
}

static void load_gdt(void)
{
	struct table_register gdtr = { sizeof(gdt) - 1, (uintptr_t)gdt };

	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:"
			 :
			 : "m"(gdtr), "i"(KERNEL_CS)
			 : "rax", "memory");
	__asm__ volatile("mov %0, %%ss" : : "r"(KERNEL_DS));
	/* Ring 3 starts with null selectors, as under Linux. */
	__asm__ volatile("mov %0, %%ds\n\t"
			 "mov %0, %%es\n\t"
			 "mov %0, %%fs\n\t"
			 "mov %0, %%gs"
			 :
			 : "r"(0));
	__asm__ volatile("ltr %w0" : : "r"(TSS_SEL));
}

void gdt_init(void)
{
	tss_init();
	load_gdt();
}

void cpu_set_kernel_stack(uintptr_t top)
{
	cpu0.kernel_sp = top;
	tss.rsp[0] = top;
}
