/* SPDX-License-Identifier: MIT */
/*
 * The last things that happened, for a failure's report.
 */
#ifndef TESTS_SIM_HISTORY_H
#define TESTS_SIM_HISTORY_H

#include "sim.h"

void history_frame(unsigned int host, const char *what, const uint8_t *frame,
		   size_t len);
void history_call(unsigned int host, long nr, const uint64_t args[6], long ret);
void history_log(unsigned int host, const char *text);
void history_fault(const char *what, const char *name, unsigned int nr);
/* The last n, oldest first. */
void history_print(unsigned int n);
/* A number that all of it led to: the same for the same seed. */
uint64_t history_hash(void);
uint64_t history_count(void);
extern bool history_verbose; /* all of it is printed as it happens */

#endif
