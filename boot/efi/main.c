/* SPDX-License-Identifier: MIT */
/*
 * BOOTX64.EFI: the kernel and its initramfs as a UEFI application (UEFI 2.10).
 * Reads from efi_main() on: everything that can fail comes while the loader can
 * still return to the firmware; then it takes the memory map, ends the boot
 * services and enters the kernel with a struct boot_info.
 */
#include <stdbool.h>
#include <string.h>

#include "boot/efi/kernel_elf.h"
#include "boot/efi/loader.h"
#include "boot/efi/memory_map.h"
#include "kernel/base.h"
#include "kernel/x86/cpu.h"

/* QEMU's debug console and isa-debug-exit, as drivers/power.c uses them. */
#define DEBUG_CONSOLE 0xe9
#define DEBUG_EXIT 0xf4
#define PANIC_STATUS 0x7f

#define CPUID_EXTENDED 0x80000001
#define CPUID_EDX_NX BIT(20)

/* How long a message stays before the firmware continues, in microseconds. */
#define FAIL_PAUSE 5000000

/* Descriptors that may be added while the map is being read. */
#define MAP_SLACK 32
#define MAP_TRIES 8

/* The specification (7.4.6) has the first try fail when the map has changed. */
#define EXIT_TRIES 2

extern const uint8_t kernel_file[], kernel_file_end[]; /* kernel.S */

struct loader {
	EFI_HANDLE image;
	struct kernel_elf elf;
	uint64_t place; /* of elf.start */
	struct boot_info *bi; /* below KERNEL_LIMIT */
	struct memory_map map;
	UINTN map_room; /* bytes at map.data */
};

static EFI_STATUS cpu_check(void)
{
	uint32_t r[4];

	cpuid(CPUID_EXTENDED & 0x80000000, 0, r);
	if (r[0] >= CPUID_EXTENDED) {
		cpuid(CPUID_EXTENDED, 0, r);
		if (r[3] & CPUID_EDX_NX)
			return EFI_SUCCESS;
	}
	return refuse(EFI_UNSUPPORTED,
		      "this CPU cannot protect pages from execution (no NX)");
}

static EFI_STATUS kernel_check(struct loader *l)
{
	const char *problem;

	problem = kernel_elf_check(
		kernel_file, (size_t)(kernel_file_end - kernel_file), &l->elf);
	if (problem)
		return refuse(EFI_LOAD_ERROR, "the kernel is damaged: %s",
			      problem);
	return EFI_SUCCESS;
}

static EFI_STATUS info_alloc(struct loader *l)
{
	EFI_PHYSICAL_ADDRESS address = KERNEL_LIMIT - 1;
	EFI_STATUS status;

	status = efi_boot->AllocatePages(AllocateMaxAddress, EfiLoaderData,
					 EFI_SIZE_TO_PAGES(sizeof(*l->bi)),
					 &address);
	if (status)
		return refuse(status, "no memory below 1 GiB: error %lu",
			      efi_error_number(status));
	l->bi = (struct boot_info *)address;
	memset(l->bi, 0, sizeof(*l->bi));
	return EFI_SUCCESS;
}

/* Grows the pool until the map fits: allocating one changes the map. */
static EFI_STATUS map_get(struct loader *l)
{
	EFI_STATUS status = EFI_BUFFER_TOO_SMALL;
	struct memory_map *map = &l->map;
	UINT32 version;

	for (int i = 0; i < MAP_TRIES; i++) {
		map->size = l->map_room;
		status = efi_boot->GetMemoryMap(&map->size, map->data,
						&map->key, &map->stride,
						&version);
		if (status != EFI_BUFFER_TOO_SMALL)
			break;
		if (map->data)
			efi_boot->FreePool(map->data);
		map->data = NULL;
		l->map_room = map->size + MAP_SLACK * map->stride;
		status = efi_boot->AllocatePool(EfiLoaderData, l->map_room,
						&map->data);
		if (status) {
			map->data = NULL;
			l->map_room = 0;
			break;
		}
		status = EFI_BUFFER_TOO_SMALL;
	}
	if (!status && !memory_map_valid(map, version))
		status = EFI_INCOMPATIBLE_VERSION;
	return status;
}

static EFI_STATUS kernel_place(struct loader *l)
{
	const struct kernel_elf *elf = &l->elf;
	uint64_t size = elf->end - elf->start;
	EFI_PHYSICAL_ADDRESS place;
	EFI_STATUS status;

	status = map_get(l);
	if (status)
		return refuse(status, "cannot read the memory map: error %lu",
			      efi_error_number(status));
	place = memory_map_place(&l->map, size, elf->start % KERNEL_STEP,
				 KERNEL_STEP, KERNEL_LIMIT);
	if (!place)
		return refuse(EFI_OUT_OF_RESOURCES,
			      "too little memory for the image: %lu KiB in one "
			      "piece below 1 GiB",
			      size / KiB);
	status = efi_boot->AllocatePages(AllocateAddress, EfiLoaderCode,
					 EFI_SIZE_TO_PAGES(size), &place);
	if (status)
		return refuse(status, "no memory at %#lx: error %lu", place,
			      efi_error_number(status));
	l->place = place;
	kernel_elf_load(kernel_file, elf, (void *)place);
	return EFI_SUCCESS;
}

/* No seed is no error: the kernel has other sources. */
static void seed_get(struct boot_info *bi)
{
	EFI_GUID id = EFI_RNG_PROTOCOL_GUID;
	EFI_RNG_PROTOCOL *rng;
	EFI_STATUS status;

	if (efi_boot->LocateProtocol(&id, NULL, (void **)&rng))
		return;
	status = rng->GetRNG(rng, NULL, sizeof(bi->seed), (UINT8 *)bi->seed);
	if (!status)
		return;
	say("the firmware's random numbers failed: error %lu",
	    efi_error_number(status));
	memset(bi->seed, 0, sizeof(bi->seed));
}

static uint64_t table_find(EFI_GUID id)
{
	const EFI_CONFIGURATION_TABLE *t = efi_system->ConfigurationTable;

	for (UINTN i = 0; i < efi_system->NumberOfTableEntries; i++)
		if (!memcmp(&t[i].VendorGuid, &id, sizeof(id)))
			return (uintptr_t)t[i].VendorTable;
	return 0;
}

static EFI_STATUS info_fill(struct loader *l)
{
	struct boot_info *bi = l->bi;

	strlcpy(bi->protocol, "uefi", sizeof(bi->protocol));
	bi->rsdp = table_find((EFI_GUID)ACPI_20_TABLE_GUID);
	if (!bi->rsdp)
		bi->rsdp = table_find((EFI_GUID)ACPI_TABLE_GUID);
	seed_get(bi);
	return cmdline_find(l->image, bi);
}

static EFI_STATUS prepare(struct loader *l)
{
	EFI_STATUS status = cpu_check();

	if (!status)
		status = kernel_check(l);
	if (!status)
		status = info_alloc(l);
	if (!status)
		status = info_fill(l);
	if (!status)
		status = kernel_place(l);
	return status;
}

/* Tells the host that the machine failed; on QEMU that may end it. */
static void report_failure(void)
{
	const char *report = "panic\n";

	if (inb(DEBUG_CONSOLE) == DEBUG_CONSOLE)
		while (*report)
			outb(DEBUG_CONSOLE, (uint8_t)*report++);
	outl(DEBUG_EXIT, PANIC_STATUS);
}

/* For errors after which the loader cannot return to the firmware. */
static _Noreturn void die(void)
{
	report_failure();
	for (;;)
		__asm__ volatile("cli; hlt");
}

/*
 * After the first try only memory services may be called (7.4.6), and no
 * message reaches the firmware's console.
 */
static void firmware_exit(struct loader *l)
{
	EFI_STATUS status = EFI_SUCCESS;

	for (int i = 0; i < EXIT_TRIES; i++) {
		status = map_get(l);
		if (status)
			break;
		status = efi_boot->ExitBootServices(l->image, l->map.key);
		if (status != EFI_INVALID_PARAMETER)
			break;
	}
	console_exit();
	if (!status)
		return;
	say("the firmware does not let go of the machine: error %lu",
	    efi_error_number(status));
	die();
}

/*
 * All memory is identity-mapped (2.3.4), the image and bi, too; boot/entry.S
 * needs no more.
 */
static _Noreturn void kernel_enter(struct loader *l)
{
	uint64_t entry = l->elf.entry - l->elf.start + l->place;
	uint64_t size = l->elf.end - l->elf.start;
	uint64_t lost;

	lost = memory_map_reduce(&l->map, l->place, l->place + size, l->bi);
	if (lost)
		say("more than %d ranges of memory: %lu KiB are not used",
		    BOOT_MEM_MAX, lost / KiB);
	__asm__ volatile("cli; jmp *%0"
			 :
			 : "r"(entry), "D"(l->bi), "S"(0L) /* no boot_params */
			 : "memory");
	__builtin_unreachable();
}

static void give_back(struct loader *l)
{
	if (l->place)
		efi_boot->FreePages(
			l->place, EFI_SIZE_TO_PAGES(l->elf.end - l->elf.start));
	if (l->bi)
		efi_boot->FreePages((uintptr_t)l->bi,
				    EFI_SIZE_TO_PAGES(sizeof(*l->bi)));
	if (l->map.data)
		efi_boot->FreePool(l->map.data);
}

/* GNU-EFI's start code calls it, in the System V ABI. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	struct loader l = { .image = image };
	EFI_STATUS status;

	efi_system = system;
	efi_boot = system->BootServices;
	console_init();
	status = prepare(&l);
	if (!status) {
		firmware_exit(&l);
		kernel_enter(&l);
	}
	report_failure();
	efi_boot->Stall(FAIL_PAUSE);
	give_back(&l);
	return status;
}
