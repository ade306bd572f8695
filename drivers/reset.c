/* SPDX-License-Identifier: MIT */
/*
 * Resets the machine by each way in turn, and halts if none works. Owns the
 * order of the ways, set at boot.
 */
#include "drivers/reset.h"

#include <stdint.h>
#include <string.h>

#include "drivers/acpi/acpi_pm.h"
#include "kernel/base.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/x86/cpu.h"

#define RESET_CONTROL 0xcf9 /* of the PIIX and ICH chip sets */
#define RESET_HARD 0x02
#define RESET_NOW 0x04 /* going from 0 to 1 */

#define KEYBOARD_STATUS 0x64 /* read */
#define KEYBOARD_COMMAND 0x64 /* written */
#define KEYBOARD_FULL 0x02 /* accepts no command yet */
#define KEYBOARD_RESET 0xfe
#define KEYBOARD_NONE 0xff /* an empty bus reads as this */

#define KEYBOARD_LOOKS 10000 /* polls until it accepts a command: some ms */

#define RESET_NS (100 * NSEC_PER_MSEC) /* how long a reset may take */

static void reset_chip_set(void)
{
	outb(RESET_CONTROL, RESET_HARD);
	outb(RESET_CONTROL, RESET_HARD | RESET_NOW);
	delay_ns(RESET_NS);
}

static void reset_keyboard(void)
{
	for (int i = 0; i < KEYBOARD_LOOKS; i++) {
		uint8_t status = inb(KEYBOARD_STATUS);

		if (status == KEYBOARD_NONE || !(status & KEYBOARD_FULL))
			break;
	}
	outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
	delay_ns(RESET_NS);
}

/*
 * Without a descriptor table the breakpoint faults, and so do the faults after
 * it: a triple fault, on which a hypervisor resets or ends the machine.
 */
static void reset_triple_fault(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = { 0, 0 };

	pr_notice("power: a triple fault ends this machine, or it is halted");
	__asm__ volatile("lidt %0; int3" ::"m"(none));
}

static struct way {
	char letter; /* in reboot= */
	void (*try)(void);
} ways[] __ro_after_init_data = {
	{ 'a', acpi_pm_reset },
	{ 'k', reset_keyboard },
	{ 'p', reset_chip_set },
	{ 't', reset_triple_fault },
};

/* Moves the way with this letter to the front; the others keep their order. */
static bool prefer(char letter)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		struct way way = ways[i];

		if (way.letter != letter)
			continue;
		memmove(ways + 1, ways, i * sizeof(way));
		ways[0] = way;
		return true;
	}
	return false;
}

/*
 * Linux's other words are accepted and ignored: warm or cold start, the CPU,
 * force, and ways that need firmware.
 */
static bool is_known(char letter)
{
	return letter && strchr("wchsgfbeq", letter);
}

void reset_init(void)
{
	const char *word = cmdline_get("reboot");

	while (word && *word) {
		if (!prefer(*word) && !is_known(*word))
			pr_warn("reboot=%s: is not known", word);
		word = strchr(word, ',');
		if (word)
			word++;
	}
}

void reset_machine(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		ways[i].try();
	for (;;)
		__asm__ volatile("cli; hlt");
}
