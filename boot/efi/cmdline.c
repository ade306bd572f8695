/* SPDX-License-Identifier: MIT */
/*
 * The sources of the command line: load options first, which a user gives on
 * purpose; else a file on the disk.
 */
#include <efi.h>
#include <efishellintf.h>
#include <stdbool.h>
#include <string.h>

#include "boot/efi/device_path.h"
#include "boot/efi/loader.h"
#include "boot/efi/options.h"
#include "kernel/base.h"

#define FILE_NAME u"pollux.cmdline"
#define PATH_UNITS 512

/* Fits any command line, also in UTF-16, and shows that one is too long. */
#define TEXT_SIZE (4UL * BOOT_CMDLINE_MAX)

/* Old and new shells each put a protocol of theirs on the image. */
static bool started_by_shell(EFI_HANDLE image)
{
	EFI_GUID shells[] = { EFI_SHELL_PARAMETERS_PROTOCOL_GUID,
			      SHELL_INTERFACE_PROTOCOL_GUID };
	void *shell;

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (!efi_boot->HandleProtocol(image, &shells[i], &shell))
			return true;
	return false;
}

/* Reads until the end or until size bytes are there. */
static EFI_STATUS read_all(EFI_FILE_HANDLE file, char *buf, UINTN *size)
{
	EFI_STATUS status;
	UINTN have = 0, n;

	do {
		n = *size - have;
		status = file->Read(file, &n, buf + have);
		if (status)
			return status;
		have += n;
	} while (n && have < *size);
	*size = have;
	return EFI_SUCCESS;
}

static EFI_STATUS take_open_file(EFI_FILE_HANDLE file, char *buf,
				 struct boot_info *bi)
{
	EFI_GUID info_id = EFI_FILE_INFO_ID;
	EFI_FILE_INFO *info = (EFI_FILE_INFO *)buf;
	UINTN size = TEXT_SIZE;
	EFI_STATUS status;

	status = file->GetInfo(file, &info_id, &size, info);
	if (!status && info->Attribute & EFI_FILE_DIRECTORY)
		return refuse(EFI_INVALID_PARAMETER,
			      "pollux.cmdline is a folder");
	size = TEXT_SIZE;
	if (!status)
		status = read_all(file, buf, &size);
	if (status)
		return refuse(status, "cannot read pollux.cmdline: error %lu",
			      efi_error_number(status));
	if (!options_take_file(bi, buf, size))
		return refuse(EFI_INVALID_PARAMETER,
			      "pollux.cmdline is not a text file");
	return EFI_SUCCESS;
}

/* Replaces the program's path by that of the file beside it. */
static void path_beside(CHAR16 *path)
{
	size_t folder = 0;

	for (size_t i = 0; path[i]; i++)
		if (path[i] == '\\')
			folder = i + 1;
	if (folder > PATH_UNITS - ARRAY_SIZE(FILE_NAME))
		folder = 0;
	memcpy(path + folder, FILE_NAME, sizeof(FILE_NAME));
}

static EFI_STATUS take_file(EFI_FILE_HANDLE root, CHAR16 *path,
			    struct boot_info *bi)
{
	CHAR16 in_root[] = u"\\" FILE_NAME;
	EFI_FILE_HANDLE file;
	EFI_STATUS status;
	void *buf;

	path_beside(path);
	status = root->Open(root, &file, path, EFI_FILE_MODE_READ, 0);
	if (status == EFI_NOT_FOUND)
		status = root->Open(root, &file, in_root, EFI_FILE_MODE_READ,
				    0);
	if (status == EFI_NOT_FOUND)
		return EFI_SUCCESS;
	if (status)
		return refuse(status, "cannot open pollux.cmdline: error %lu",
			      efi_error_number(status));
	status = efi_boot->AllocatePool(EfiLoaderData, TEXT_SIZE, &buf);
	if (status) {
		say("no memory to read pollux.cmdline");
		goto out_close;
	}
	status = take_open_file(file, buf, bi);
	efi_boot->FreePool(buf);
out_close:
	file->Close(file);
	return status;
}

/* Finds nothing if the program came from no file system. */
static EFI_STATUS search_volume(EFI_HANDLE device, CHAR16 *path,
				struct boot_info *bi)
{
	EFI_GUID fs_id = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_FILE_IO_INTERFACE *fs;
	EFI_FILE_HANDLE root;
	EFI_STATUS status;

	if (!device || efi_boot->HandleProtocol(device, &fs_id, (void **)&fs))
		return EFI_SUCCESS;
	status = fs->OpenVolume(fs, &root);
	if (status)
		return refuse(status,
			      "cannot open the volume that this came from: "
			      "error %lu",
			      efi_error_number(status));
	status = take_file(root, path, bi);
	root->Close(root);
	return status;
}

EFI_STATUS cmdline_find(EFI_HANDLE image, struct boot_info *bi)
{
	EFI_GUID loaded_id = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	CHAR16 path[PATH_UNITS] = { 0 };
	EFI_LOADED_IMAGE *loaded;
	EFI_STATUS status;

	status = efi_boot->HandleProtocol(image, &loaded_id, (void **)&loaded);
	if (status)
		return refuse(status,
			      "the firmware does not say what it "
			      "started: error %lu",
			      efi_error_number(status));
	if (loaded->FilePath)
		device_path_file(loaded->FilePath, path, ARRAY_SIZE(path));
	if (loaded->LoadOptions &&
	    !options_take(bi, loaded->LoadOptions, loaded->LoadOptionsSize,
			  path,
			  started_by_shell(image) ? OPTIONS_NAME_FIRST :
						    OPTIONS_NAME_MAYBE))
		say("the load options are not text: ignored");
	if (bi->cmdline[0])
		return EFI_SUCCESS;
	return search_volume(loaded->DeviceHandle, path, bi);
}
