/* SPDX-License-Identifier: MIT */
/*
 * Starts \EFI\BOOT\BOOTX64.EFI of some volume under a firmware with faults: a
 * UEFI application for uefi.t. Its load options are names of faults, a colon,
 * and the load options of what it starts. When that comes back, its status is
 * printed and the machine is powered off.
 */
#include <efi.h>
#include <efilib.h>

#define MAP_SIZE 65536
#define MANY 100 /* ranges that are made of one */

static struct {
	EFI_GET_MEMORY_MAP get_memory_map;
	EFI_ALLOCATE_PAGES allocate_pages;
	EFI_EXIT_BOOT_SERVICES exit_boot_services;
	EFI_RNG_GET_RNG get_rng;
} real;

static CHAR16 *faults; /* our load options up to the colon, spaces around */
static CHAR16 *options; /* what is behind it */
static unsigned int exits;

static BOOLEAN has(const CHAR16 *fault)
{
	UINTN len = StrLen(fault);

	for (const CHAR16 *p = faults; *p; p++)
		if (*p == ' ' && !StrnCmp(p + 1, fault, len) &&
		    p[1 + len] == ' ')
			return TRUE;
	return FALSE;
}

/* Of the largest free range below 1 GiB the end becomes many. */
static UINTN split(char *map, UINTN size, UINTN stride)
{
	EFI_MEMORY_DESCRIPTOR *most = NULL, *d;
	UINTN end;

	for (UINTN i = 0; i < size; i += stride) {
		d = (EFI_MEMORY_DESCRIPTOR *)(map + i);
		if (d->Type == EfiConventionalMemory &&
		    (!most || d->NumberOfPages > most->NumberOfPages))
			most = d;
	}
	if (!most || most->NumberOfPages < 2 * MANY)
		return size;
	most->NumberOfPages -= 2 * MANY;
	end = most->PhysicalStart + most->NumberOfPages * EFI_PAGE_SIZE;
	for (UINTN i = 0; i < MANY; i++, end += 2 * EFI_PAGE_SIZE) {
		d = (EFI_MEMORY_DESCRIPTOR *)(map + size);
		*d = *most;
		d->PhysicalStart = end;
		d->NumberOfPages = 1;
		size += stride;
	}
	return size;
}

static void reverse(char *map, UINTN size, UINTN stride)
{
	for (UINTN i = 0, j = size - stride; i < j; i += stride, j -= stride) {
		EFI_MEMORY_DESCRIPTOR *a = (EFI_MEMORY_DESCRIPTOR *)(map + i);
		EFI_MEMORY_DESCRIPTOR *b = (EFI_MEMORY_DESCRIPTOR *)(map + j);
		EFI_MEMORY_DESCRIPTOR tmp = *a;

		*a = *b;
		*b = tmp;
	}
}

static void use_up(char *map, UINTN size, UINTN stride)
{
	for (UINTN i = 0; i < size; i += stride) {
		EFI_MEMORY_DESCRIPTOR *d = (EFI_MEMORY_DESCRIPTOR *)(map + i);

		if (d->Type == EfiConventionalMemory &&
		    d->PhysicalStart < 0x40000000)
			d->Type = EfiBootServicesData;
	}
}

static EFI_STATUS EFIAPI get_memory_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *map,
					UINTN *key, UINTN *stride,
					UINT32 *version)
{
	static char own[MAP_SIZE] __attribute__((aligned(8)));
	UINTN len = sizeof(own) / 2;
	EFI_STATUS status;

	if (has(L"nomap"))
		return EFI_DEVICE_ERROR;
	status = real.get_memory_map(&len, (EFI_MEMORY_DESCRIPTOR *)own, key,
				     stride, version);
	if (status)
		return status;
	if (has(L"split"))
		len = split(own, len, *stride);
	if (has(L"full"))
		use_up(own, len, *stride);
	if (has(L"reverse"))
		reverse(own, len, *stride);
	if (*size < len)
		status = EFI_BUFFER_TOO_SMALL;
	else
		CopyMem(map, own, len);
	*size = len;
	return status;
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how,
					EFI_MEMORY_TYPE type, UINTN pages,
					EFI_PHYSICAL_ADDRESS *address)
{
	if (how == AllocateMaxAddress && has(L"nolow"))
		return EFI_OUT_OF_RESOURCES;
	if (how == AllocateAddress && has(L"taken"))
		return EFI_NOT_FOUND;
	return real.allocate_pages(how, type, pages, address);
}

/* A map that has changed since it was read: what the real one finds, too. */
static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
	EFI_PHYSICAL_ADDRESS address;

	exits++;
	if (has(L"stale") || (has(L"stale1") && exits == 1))
		real.allocate_pages(AllocateAnyPages, EfiRuntimeServicesData, 1,
				    &address);
	return real.exit_boot_services(image, key);
}

static EFI_STATUS EFIAPI get_rng(EFI_RNG_PROTOCOL *this,
				 EFI_RNG_ALGORITHM *algorithm, UINTN len,
				 UINT8 *value)
{
	Print(L"hook: %d random bytes\n", len);
	if (has(L"norng"))
		return EFI_NOT_READY;
	return real.get_rng(this, algorithm, len, value);
}

static void hide_table(EFI_GUID guid)
{
	for (UINTN i = 0; i < ST->NumberOfTableEntries; i++)
		if (!CompareGuid(&ST->ConfigurationTable[i].VendorGuid, &guid))
			SetMem(&ST->ConfigurationTable[i].VendorGuid,
			       sizeof(guid), 0xee);
}

static void install(void)
{
	EFI_GUID rng_id = EFI_RNG_PROTOCOL_GUID;
	EFI_RNG_PROTOCOL *rng;

	real.get_memory_map = BS->GetMemoryMap;
	real.allocate_pages = BS->AllocatePages;
	real.exit_boot_services = BS->ExitBootServices;
	BS->GetMemoryMap = get_memory_map;
	BS->AllocatePages = allocate_pages;
	BS->ExitBootServices = exit_boot_services;
	if (!LibLocateProtocol(&rng_id, (void **)&rng)) {
		real.get_rng = rng->GetRNG;
		rng->GetRNG = get_rng;
	}
	if (has(L"acpi1"))
		hide_table((EFI_GUID)ACPI_20_TABLE_GUID);
}

/* Splits what we were given. */
static void read_options(EFI_LOADED_IMAGE *self)
{
	UINTN len = self->LoadOptionsSize / sizeof(CHAR16);
	CHAR16 *text = AllocateZeroPool((len + 4) * sizeof(CHAR16));

	text[0] = ' ';
	CopyMem(text + 1, self->LoadOptions, len * sizeof(CHAR16));
	faults = text;
	options = text + StrLen(text);
	for (CHAR16 *p = text; *p; p++)
		if (*p == ':') {
			*p = 0;
			options = p + 1;
			break;
		}
}

static EFI_HANDLE load(EFI_HANDLE self)
{
	CHAR16 name[] = L"\\EFI\\BOOT\\BOOTX64.EFI";
	EFI_HANDLE *handles, loaded;
	UINTN n;

	LibLocateHandle(AllHandles, NULL, NULL, &n, &handles);
	while (n)
		BS->ConnectController(handles[--n], NULL, NULL, TRUE);
	LibLocateHandle(ByProtocol, &FileSystemProtocol, NULL, &n, &handles);
	while (n) {
		EFI_DEVICE_PATH *path = FileDevicePath(handles[--n], name);

		if (!BS->LoadImage(FALSE, self, path, NULL, 0, &loaded))
			return loaded;
	}
	return NULL;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	static UINT32 number[] = { 1, 2 };
	EFI_LOADED_IMAGE *self, *other;
	EFI_STATUS status;
	EFI_HANDLE loaded;

	InitializeLib(image, system);
	BS->HandleProtocol(image, &LoadedImageProtocol, (void **)&self);
	read_options(self);
	loaded = load(image);
	if (!loaded) {
		Print(L"hook: nothing to start\n");
		return EFI_NOT_FOUND;
	}
	BS->HandleProtocol(loaded, &LoadedImageProtocol, (void **)&other);
	other->LoadOptions = has(L"binary") ? (void *)number : options;
	other->LoadOptionsSize = has(L"binary") ? sizeof(number) :
						  (UINT32)StrSize(options);
	install();
	if (has(L"noconsole"))
		system->ConsoleOutHandle = NULL;
	status = BS->StartImage(loaded, NULL, NULL);
	Print(L"hook: it came back: %r\n", status);
	RT->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	return status;
}
