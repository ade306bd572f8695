/* SPDX-License-Identifier: MIT */
/*
 * ACPI machine language that an input describes: mostly well-formed terms with
 * the names that the kernel looks for, their lengths sometimes wrong.
 */
#ifndef TESTS_FUZZ_LIB_AML_H
#define TESTS_FUZZ_LIB_AML_H

#include "fuzz/lib/fuzz.h"

/* At most max bytes to code: how many. */
size_t take_terms(struct input *in, uint8_t *code, size_t max);

#endif
