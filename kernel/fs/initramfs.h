/* SPDX-License-Identifier: MIT */
/*
 * The root file system: a cpio archive (newc) linked into the image, indexed
 * once, never copied, read-only.
 */
#ifndef KERNEL_FS_INITRAMFS_H
#define KERNEL_FS_INITRAMFS_H

#include "kernel/base.h"

/* Indexes the archive; -EINVAL with one clear line when it is damaged. */
int initramfs_init(const void *archive, size_t size);

/*
 * Contents of a regular file, symbolic links followed: 0, path_lookup()'s
 * errors, -EISDIR, -EACCES. resolved (may be NULL) gets the path reached.
 */
int initramfs_lookup(const char *path, const uint8_t **data, size_t *len,
		     const char **resolved);

#endif
