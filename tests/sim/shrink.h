/* SPDX-License-Identifier: MIT */
/*
 * The least of a plan that still fails.
 */
#ifndef TESTS_SIM_SHRINK_H
#define TESTS_SIM_SHRINK_H

#include "runs.h"

#define SHRINK_MAX 8192

/*
 * Leaves out faults and flows of a run that failed for as long as it fails, for
 * a minute at most. keep is what is left, for plan_keep(), or "" where only all
 * of it fails; run is then what that printed.
 */
void shrink(struct run *run, char keep[SHRINK_MAX]);

#endif
