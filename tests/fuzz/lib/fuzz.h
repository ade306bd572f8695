/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target is written with. A target is one program: libFuzzer calls
 * LLVMFuzzerTestOneInput() with bytes that it thinks of, lib/replay.c with those
 * of tests/fuzz/corpus. Most read them as a small program, an operation after
 * the other, until they are used up. What must hold is said with lib/tap.h;
 * the first thing that does not ends the program.
 */
#ifndef TESTS_FUZZ_LIB_FUZZ_H
#define TESTS_FUZZ_LIB_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Always 0. The bytes may be read up to their end, and not beyond. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Before the first input; always 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What is left of an input. Zeros come behind its end. */
struct input {
	const uint8_t *p;
	size_t left;
};

uint8_t take8(struct input *in);
uint16_t take16(struct input *in); /* little-endian */
uint32_t take32(struct input *in);
/* Below n, which is at most 256. */
unsigned int take_below(struct input *in, unsigned int n);
/* Mostly at the edges of what 16 and 32 bits can say, or near 0. */
int32_t take_near(struct input *in);
/* The next n bytes, less at the end: how many. */
size_t take_bytes(struct input *in, void *to, size_t n);
/* A copy of exactly n bytes from malloc(), zeros behind the input's end. */
void *take_copy(struct input *in, size_t n);

/* Ends the program unless it holds. */
void must(bool cond, const char *what);
void must_equal(size_t got, size_t want, const char *what);

#endif
