/* SPDX-License-Identifier: MIT */
/*
 * Faults, as the plan has them.
 */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include "plan.h"

void faults_plan(const struct plan *plan);
/* All of them are over. */
void faults_end(void);
/* What can end a connection, or lose an answer: has it been there? */
bool faults_cut(void);

#endif
