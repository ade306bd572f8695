/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory, which QEMU shares with its devices: regions of guest
 * physical addresses, each a file that is mapped here.
 */
#ifndef LIAR_MEMORY_H
#define LIAR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL
#define REGIONS_MAX 8

/* As it stands in the message SET_MEM_TABLE. */
struct memory_region {
	uint64_t gpa;
	uint64_t size;
	uint64_t user; /* QEMU's address of it */
	uint64_t offset; /* in the file */
};

/* Replaces all regions; the descriptors stay the caller's. */
void memory_set(const struct memory_region *regions, const int *fds,
		unsigned int n);

/* NULL: not wholly in one region. */
void *memory_at(uint64_t gpa, uint64_t len);

/* By QEMU's address, as rings are told. NULL: in none. */
void *memory_at_user(uint64_t user);

/* The guest physical address of what memory_at() returned. */
uint64_t memory_gpa(const void *at);

/* The nth region's first address and size; false: there is none. */
bool memory_nth(unsigned int n, uint64_t *gpa, uint64_t *size);

#endif
