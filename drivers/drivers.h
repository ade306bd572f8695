/* SPDX-License-Identifier: MIT */
/*
 * Finding the machine's devices.
 */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

/*
 * Looks for devices and starts their drivers. A device that is missing, or
 * does not work, is a line in the log. Thread context, once, after the
 * interrupts, the clock, the timers and the random generator.
 */
void drivers_init(void);

#endif
