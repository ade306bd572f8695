/* SPDX-License-Identifier: MIT */
/*
 * Intel 6300ESB I/O controller hub data sheet (300641), chapter 16: watchdog
 * timer. Two stages count down one after the other from their preloads, one
 * count per millisecond; a reload restarts the first. Owns the device and the
 * timer that reloads it.
 */
#include "drivers/i6300esb.h"

#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/lockup.h"
#include "kernel/task/timer.h"

#define VENDOR_INTEL 0x8086
#define DEVICE_6300ESB_WDT 0x25ab

/* Configuration space. */
#define WDT_CONFIG 0x60
#define CONFIG_NO_INTERRUPT 0x3 /* reboot at the end, counts of 1 ms */
#define WDT_LOCK 0x68
#define LOCK_ENABLE 0x2

/* Registers of BAR 0. */
#define WDT_PRELOAD_1 0x0
#define WDT_PRELOAD_2 0x4
#define WDT_RELOAD 0xc
#define RELOAD_RESTART 0x100
#define RELOAD_TIMED_OUT 0x200 /* before the last reset; a write clears it */
#define REGISTERS_SIZE 0x10
#define PRELOAD_MAX 0xfffffU

/* Before each write these two go to the reload register. */
#define UNLOCK_1 0x80
#define UNLOCK_2 0x86

static volatile uint8_t *registers; /* NULL: no device */
static uint64_t reload_ns;
static struct timer timer;

static volatile uint16_t *reload_register(void)
{
	return (volatile uint16_t *)(registers + WDT_RELOAD);
}

static void unlock(void)
{
	*reload_register() = UNLOCK_1;
	*reload_register() = UNLOCK_2;
}

static void write_preload(unsigned int at, uint32_t count)
{
	unlock();
	*(volatile uint32_t *)(registers + at) = count;
}

static void write_reload(uint16_t bits)
{
	unlock();
	*reload_register() = bits;
}

static void reload(struct timer *t)
{
	write_reload(RELOAD_RESTART);
	timer_start(t, ktime_get_ns() + reload_ns);
}

bool i6300esb_is(const struct pci_dev *pdev)
{
	return pdev->vendor == VENDOR_INTEL &&
	       pdev->device == DEVICE_6300ESB_WDT;
}

void i6300esb_start(const struct pci_dev *pdev)
{
	unsigned int seconds = lockup_timeout();
	uint32_t stage = MIN(seconds * 1000, PRELOAD_MAX);

	if (!seconds || registers)
		return;
	pci_enable(pdev);
	registers = pci_map_bar(pdev, 0, 0, REGISTERS_SIZE);
	if (!registers) {
		pr_warn("%s: watchdog without registers", pdev->name);
		return;
	}
	pci_write16(pdev, WDT_CONFIG, CONFIG_NO_INTERRUPT);
	pci_write8(pdev, WDT_LOCK, 0);
	if (*reload_register() & RELOAD_TIMED_OUT)
		pr_warn("watchdog: it has reset the machine");
	write_reload(RELOAD_RESTART | RELOAD_TIMED_OUT);
	write_preload(WDT_PRELOAD_1, stage);
	write_preload(WDT_PRELOAD_2, stage);
	reload_ns = stage * NSEC_PER_MSEC / 2;
	timer_setup(&timer, reload);
	reload(&timer);
	pci_write8(pdev, WDT_LOCK, LOCK_ENABLE);
	pr_info("watchdog: i6300esb at %s, %u s", pdev->name, 2 * stage / 1000);
}
