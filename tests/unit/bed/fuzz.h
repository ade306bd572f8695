/* SPDX-License-Identifier: MIT */
/*
 * Random segments. The peer knows the true numbers and stays near them, so
 * that most segments get far. All comes from rand(): the seed tells the run.
 */
#ifndef TESTS_UNIT_BED_FUZZ_H
#define TESTS_UNIT_BED_FUZZ_H

#include "bed/net.h"

unsigned int below(unsigned int n);
/* 0, almost nothing, a segment, or all that 16 bits can say. */
uint16_t random_window(void);
/* Sends one; the peer's numbers stay as they are. */
void random_segment(struct peer *p);
/* The peer follows what our side has said, as a real one would, mostly. */
void follow(struct peer *p);
/* Sends most of a window of 65,535, so that its end is near. */
void fill_window(struct peer *p);

#endif
