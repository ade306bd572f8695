/* SPDX-License-Identifier: MIT */
/*
 * The last report: reason, registers, symbolised stack, broken invariants,
 * "Bail out!" for the reader of a test's output, and the end of the machine.
 *
 * The stack is walked by its frame pointers. Only kernel stacks are read: they
 * are mapped by 4 KiB pages, in the image or in the vmap range, so a present
 * entry there proves that the read cannot fault.
 */
#include "kernel/panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/check.h"
#include "kernel/ksyms.h"
#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/x86/paging.h"
#include "kernel/x86/regs.h"

#define REASON_MAX 256
#define FRAMES_MAX 32

/* What -fno-omit-frame-pointer leaves at RBP. */
struct frame {
	uintptr_t rbp; /* of the caller */
	uintptr_t rip; /* return address */
};

extern const char _data[], _ebss[];
extern const char boot_stack[], boot_stack_top[];

static void (*machine_exit)(void) __ro_after_init;
static unsigned int depth; /* panics begun */
static const char *first_reason; /* on the first panic's stack */

void panic_set_exit(void (*fn)(void))
{
	machine_exit = fn;
}

static bool in_range(uintptr_t addr, const char *start, const char *end)
{
	return addr >= (uintptr_t)start && addr < (uintptr_t)end;
}

static bool can_read(uintptr_t addr)
{
	uint64_t *pte;

	if (in_range(addr, boot_stack, boot_stack_top))
		return true;
	if (!kernel_pgd ||
	    !(in_range(addr, _data, _ebss) || addr - vmap_base < VMAP_SIZE))
		return false;
	pte = pte_lookup(kernel_pgd, addr, false);
	return pte && *pte & PTE_P;
}

/* call: rip is a return address; the call itself ends one byte before. */
static void print_address(uintptr_t rip, bool call)
{
	uintptr_t offset;
	const char *name = ksym_lookup(rip - call, &offset);

	if (name)
		pr_err("  %016lx %s+%#lx", rip, name, offset + call);
	else
		pr_err("  %016lx", rip);
}

/* The callers of the function whose frame rbp points to, innermost first. */
static void print_callers(uintptr_t rbp)
{
	for (int i = 0; i < FRAMES_MAX && rbp; i++) {
		const struct frame *frame = (const struct frame *)rbp;

		if (!IS_ALIGNED(rbp, sizeof(rbp)) || !can_read(rbp) ||
		    !can_read((uintptr_t)&frame->rip)) {
			pr_err("  (frame pointer %016lx leads nowhere)", rbp);
			return;
		}
		if (!frame->rip)
			return;
		print_address(frame->rip, true);
		rbp = frame->rbp;
	}
}

void backtrace_dump(uintptr_t rip, uintptr_t rbp)
{
	pr_err("stack:");
	print_address(rip, false);
	print_callers(rbp);
}

void regs_dump(const struct pt_regs *r)
{
	pr_err("rip %016lx cs %02lx rflags %08lx rsp %016lx ss %02lx", r->rip,
	       r->cs, r->rflags, r->rsp, r->ss);
	pr_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx,
	       r->rcx, r->rdx);
	pr_err("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi,
	       r->rbp, r->r8);
	pr_err("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10,
	       r->r11, r->r12);
	pr_err("r13 %016lx r14 %016lx r15 %016lx error %04lx", r->r13, r->r14,
	       r->r15, r->error);
	if (!user_mode(r))
		backtrace_dump(r->rip, r->rbp);
}

static void write_string(const char *s)
{
	console_write(s, strlen(s));
}

static _Noreturn void end_machine(void)
{
	if (machine_exit && depth <= 2)
		machine_exit();
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void report(const struct pt_regs *regs, uintptr_t rbp,
		   const char *reason)
{
	log_set_level(LOG_DEBUG);
	pr_err("panic: %s", reason);
	if (regs) {
		regs_dump(regs);
	} else {
		pr_err("stack:");
		print_callers(rbp);
	}
}

/* A broken structure may be the cause of the panic. */
static void report_checks(void)
{
	unsigned int broken = check_all();

	if (broken)
		pr_err("invariants: %u of the checks failed", broken);
	else
		pr_err("invariants: all checks passed");
}

/*
 * regs NULL: rbp is the frame of panic(). A panic inside the report ends with
 * one line, one inside that with none.
 */
static _Noreturn void die(const struct pt_regs *regs, uintptr_t rbp,
			  const char *reason)
{
	__asm__ volatile("cli");
	depth++;
	if (depth > 2)
		end_machine();
	if (depth == 1) {
		first_reason = reason;
		report(regs, rbp, reason);
		report_checks();
	} else if (check_running()) {
		pr_err("the check of %s stumbled: %s", check_running(), reason);
		reason = first_reason;
	}
	write_string("Bail out! ");
	write_string(reason);
	write_string("\n");
	end_machine();
}

void panic(const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	die(NULL, (uintptr_t)__builtin_frame_address(0), reason);
}

void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	die(regs, 0, reason);
}
