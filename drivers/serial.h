/* SPDX-License-Identifier: MIT */
/*
 * 16550 UART at COM1: the console. Output is polled; input comes by IRQ 4
 * and goes to console_receive(), a break to console_break().
 */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

void serial_init(void); /* output works from here, before any allocator */
void serial_input_init(void); /* after irq_init() */

/* Waits, for a bounded time, until everything written has left. */
void serial_drain(void);

#endif
