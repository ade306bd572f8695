/* SPDX-License-Identifier: MIT */
/*
 * The ways to reset the machine, in the order that the command line's
 * reboot= asks for.
 */
#ifndef DRIVERS_RESET_H
#define DRIVERS_RESET_H

/*
 * Reads reboot=, whose words are Linux's: the letter of a way makes it the
 * first to be tried. After cmdline_init().
 */
void reset_init(void);

/* Tries one way after the other. Any context. */
_Noreturn void reset_machine(void);

#endif
