/* SPDX-License-Identifier: MIT */
/*
 * What the guest must not do, however much its device lies: post a buffer that
 * is not one, post one twice, post memory of somebody else, or send bytes that
 * it was never given. And pages of the guest that the device was never given
 * and that do not change: their sums are kept.
 */
#ifndef LIAR_GUARD_H
#define LIAR_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

/* The shortest frame buffer (5.1.6.3.1), and the longest frame sent. */
#define FRAME_BUFFER 1514
#define FRAME_MAX 1518

/* Printed, the first of them, and counted. */
void guard_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
unsigned long guard_complaints(void);

/* The rings that ring_start() knows are nobody's buffers. */
void guard_init(struct ring *rings, unsigned int *header);
void guard_rings(void);
void guard_posted(const struct ring *ring, const struct chain *chain);
void guard_given_back(const struct ring *ring, const struct chain *chain);

/* These pages are never posted and never change. */
void guard_keep(uint64_t gpa, uint64_t len);
/*
 * Finds the canaries of the application, tests/system/apps/inspect.c; how many
 * pages.
 */
unsigned long guard_find_canaries(void);
/* Compares all pages that are kept, or one of them; how many have changed. */
unsigned long guard_verify(void);
void guard_verify_one(unsigned long random);

/* Bytes that no guest may send: behind what the device said it wrote. */
void guard_poison(void *at, size_t len);
void guard_sent(const uint8_t *frame, size_t len);

#endif
