/* SPDX-License-Identifier: MIT */
/*
 * Clients: a thread for each flow of the plan, which makes its connections one
 * after the other.
 */
#ifndef TESTS_SIM_CLIENTS_H
#define TESTS_SIM_CLIENTS_H

#include "plan.h"

/* The plan stays the caller's; it has to be there until the run is over. */
void clients_plan(const struct plan *plan);
/* Every flow has begun, and is over. */
bool clients_are_done(void);

#endif
