/* SPDX-License-Identifier: MIT */
/*
 * The lockup detector. A kernel that neither calls schedule() nor returns to
 * ring 3 for lockup=N seconds (command line; default 10, 0: off) will never do
 * so: it panics with the backtrace of where it is, and panic=N restarts the
 * machine.
 */
#ifndef KERNEL_TASK_LOCKUP_H
#define KERNEL_TASK_LOCKUP_H

struct pt_regs;

extern unsigned int lockup_ticks; /* lockup.c's */

/* Reads lockup=; from then on timer interrupts never cease. */
void lockup_init(void);
/* The timer interrupted ring 0: counts, and panics. Interrupts off. */
void lockup_tick(const struct pt_regs *regs);
/* Seconds, 0: off. For a hardware watchdog behind the detector. */
unsigned int lockup_timeout(void);

/* schedule(), and the way back to ring 3 that follows a tick. */
static inline void lockup_progress(void)
{
	lockup_ticks = 0;
}

#endif
