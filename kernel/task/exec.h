/* SPDX-License-Identifier: MIT */
/*
 * Starts the application.
 */
#ifndef KERNEL_TASK_EXEC_H
#define KERNEL_TASK_EXEC_H

#include "kernel/base.h"

/*
 * Builds the process from /init of the root file system and makes its first
 * thread runnable. argv[0] is the path. 0 or -errno after one clear line.
 */
int process_start(const char *path, char **args, int argc);

/* Whether its addresses are randomised: not with nokaslr, norandmaps. */
bool exec_randomizes(void);

#endif
