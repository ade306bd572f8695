/* SPDX-License-Identifier: MIT */
/*
 * 16550 UART (National Semiconductor PC16550D data sheet, section 8). Output
 * goes into the FIFO when that is empty. Nothing waits here for the FIFO:
 * kernel/printk.c and kernel/fs/console.c do.
 */
#include "drivers/serial.h"

#include <stdbool.h>
#include <string.h>

#include "kernel/fs/console.h"
#include "kernel/printk.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"

#define COM1 0x3f8
#define COM1_IRQ 4

/* Registers, some with another meaning while LCR_DLAB is set. */
#define UART_DATA (COM1 + 0)
#define UART_IER (COM1 + 1)
#define UART_FCR (COM1 + 2) /* written; read: IIR */
#define UART_LCR (COM1 + 3)
#define UART_MCR (COM1 + 4)
#define UART_LSR (COM1 + 5)
#define UART_SCRATCH (COM1 + 7)
#define UART_DIVISOR_LOW UART_DATA
#define UART_DIVISOR_HIGH UART_IER

#define IER_RECEIVE 0x01
#define FCR_ENABLE_CLEAR 0x07 /* FIFOs on, both emptied, trigger at 1 byte */
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_RTS 0x03
#define MCR_OUT2 0x08 /* connects the interrupt line */
#define LSR_DATA 0x01
#define LSR_BREAK 0x10
#define LSR_THR_EMPTY 0x20
#define LSR_IDLE 0x40

#define DIVISOR_115200 1
#define FIFO_SIZE 16

/* Polls before the last bytes are given up: tens of milliseconds. */
#define DRAIN_LOOKS 100000
/* Bytes taken in one interrupt: a broken device must not hold the CPU. */
#define RECEIVE_MAX 256

static bool present;
static bool break_seen; /* not yet reported */

/* Each read clears the register's break bit, so it is kept here. */
static uint8_t line_status(void)
{
	uint8_t status = inb(UART_LSR);

	if (status & LSR_BREAK)
		break_seen = true;
	return status;
}

static bool serial_ready(void)
{
	return line_status() & LSR_THR_EMPTY;
}

/* An empty FIFO takes FIFO_SIZE bytes without another status read. */
static size_t serial_write(const char *text, size_t len)
{
	size_t done = 0;

	while (done < len && serial_ready()) {
		size_t n = MIN(len - done, (size_t)FIFO_SIZE);

		while (n--)
			outb(UART_DATA, text[done++]);
	}
	return done;
}

void serial_drain(void)
{
	unsigned int looks = DRAIN_LOOKS;

	while (present && looks-- && !(line_status() & LSR_IDLE))
		;
}

/* The scratch register keeps what is written; open bus does not. */
static bool uart_present(void)
{
	outb(UART_SCRATCH, 0x5a);
	if (inb(UART_SCRATCH) != 0x5a)
		return false;
	outb(UART_SCRATCH, 0xa5);
	return inb(UART_SCRATCH) == 0xa5;
}

static bool always_ready(void)
{
	return true;
}

static size_t discard(const char *text, size_t len)
{
	return len;
}

void serial_init(void)
{
	static const struct console line = { serial_ready, serial_write };
	static const struct console none = { always_ready, discard };

	present = uart_present();
	if (!present) {
		console_register(&none);
		return;
	}
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_DLAB);
	outb(UART_DIVISOR_LOW, DIVISOR_115200);
	outb(UART_DIVISOR_HIGH, 0);
	outb(UART_LCR, LCR_8N1);
	outb(UART_FCR, FCR_ENABLE_CLEAR);
	outb(UART_MCR, MCR_DTR_RTS | MCR_OUT2);
	console_register(&line);
}

/* A break comes with a zero byte, which is not input. */
static size_t without_break(char *text, size_t len)
{
	char *zero = memchr(text, 0, len);

	if (!zero)
		return len;
	memmove(zero, zero + 1, text + len - zero - 1);
	return len - 1;
}

/* Empties the FIFO: with a byte left in it the line would have no new edge. */
static void serial_interrupt(void *arg)
{
	char text[RECEIVE_MAX];
	size_t len = 0;

	while (len < sizeof(text) && line_status() & LSR_DATA)
		text[len++] = (char)inb(UART_DATA);
	if (break_seen) {
		break_seen = false;
		len = without_break(text, len);
		console_break();
	}
	if (len)
		console_receive(text, len);
}

void serial_input_init(void)
{
	int vector, err;

	if (!present)
		return;
	vector = irq_alloc_vector("serial", serial_interrupt, NULL);
	err = vector < 0 ? vector : irq_route_isa(COM1_IRQ, vector);
	if (err) {
		pr_warn("serial: no interrupt (%d), no input", err);
		return;
	}
	outb(UART_IER, IER_RECEIVE);
}
