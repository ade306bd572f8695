/* SPDX-License-Identifier: MIT */
/*
 * Messages: to the firmware's console, and to COM1, where the kernel will log,
 * unless the firmware's console includes COM1: then the variable ConOut (UEFI
 * 2.10 3.3), the paths of the active output devices, has one through COM1.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "boot/efi/device_path.h"
#include "boot/efi/loader.h"
#include "kernel/x86/cpu.h"

#define LINE_MAX 256

/* 16550 UART: PC16550D data sheet, section 8. */
#define COM1 0x3f8
#define COM1_IER (COM1 + 1)
#define COM1_FCR (COM1 + 2)
#define COM1_LCR (COM1 + 3)
#define COM1_MCR (COM1 + 4)
#define COM1_LSR (COM1 + 5)
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define FCR_ENABLE_CLEAR 0x07
#define MCR_DTR_RTS 0x03
#define LSR_THR_EMPTY 0x20
#define WAIT_LOOKS 100000

EFI_SYSTEM_TABLE *efi_system;
EFI_BOOT_SERVICES *efi_boot;

static bool to_firmware; /* ConOut may be called */
static bool to_com1;

static bool firmware_reaches_com1(void)
{
	EFI_RUNTIME_SERVICES *runtime = efi_system->RuntimeServices;
	EFI_GUID global = EFI_GLOBAL_VARIABLE;
	CHAR16 name[] = u"ConOut";
	bool reaches = false;
	UINTN size = 0;
	void *paths;

	if (runtime->GetVariable(name, &global, NULL, &size, NULL) !=
		    EFI_BUFFER_TOO_SMALL ||
	    efi_boot->AllocatePool(EfiLoaderData, size, &paths))
		return false;
	if (!runtime->GetVariable(name, &global, NULL, &size, paths))
		reaches = device_path_has_com1(paths, size);
	efi_boot->FreePool(paths);
	return reaches;
}

/* 115200 8N1, as the kernel sets it. */
static void com1_init(void)
{
	outb(COM1_IER, 0);
	outb(COM1_LCR, LCR_DLAB);
	outb(COM1, 1);
	outb(COM1_IER, 0);
	outb(COM1_LCR, LCR_8N1);
	outb(COM1_FCR, FCR_ENABLE_CLEAR);
	outb(COM1_MCR, MCR_DTR_RTS);
	to_com1 = true;
}

void console_init(void)
{
	to_firmware = efi_system->ConsoleOutHandle && efi_system->ConOut;
	if (!to_firmware || !firmware_reaches_com1())
		com1_init();
}

void console_exit(void)
{
	to_firmware = false;
	if (!to_com1)
		com1_init();
}

static void com1_put(char c)
{
	for (int looks = WAIT_LOOKS; looks; looks--)
		if (inb(COM1_LSR) & LSR_THR_EMPTY)
			break;
	outb(COM1, (uint8_t)c);
}

static void put(const char *line)
{
	CHAR16 wide[LINE_MAX + 3];
	size_t len = 0;

	for (; line[len]; len++) {
		wide[len] = (uint8_t)line[len];
		if (to_com1)
			com1_put(line[len]);
	}
	wide[len] = 0;
	if (to_firmware)
		efi_system->ConOut->OutputString(efi_system->ConOut, wide);
}

void say(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	put("Pollux: ");
	put(line);
	put("\r\n");
}
