/* SPDX-License-Identifier: MIT */
/*
 * 16550 UART (National Semiconductor PC16550D data sheet, section 8). Output
 * waits for the FIFO, for a bounded number of looks: a line whose other end
 * reads nothing costs text, not the machine.
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

/* Looks at the status before text is given up: half a second, or a few. */
#define WAIT_LOOKS 4000000
/* Bytes taken in one interrupt: a mad device must not hold the machine. */
#define RECEIVE_MAX 256

static bool present;
static bool stuck; /* the other end stopped reading: no more long waits */
static bool break_seen; /* and not yet told */

/* Reading the register clears its break bit, whoever reads. */
static uint8_t line_status(void)
{
	uint8_t status = inb(UART_LSR);

	if (status & LSR_BREAK)
		break_seen = true;
	return status;
}

static bool wait_for(uint8_t status)
{
	unsigned int looks = stuck ? 1 : WAIT_LOOKS;

	while (looks--) {
		if (line_status() & status) {
			stuck = false;
			return true;
		}
	}
	stuck = true;
	return false;
}

static void serial_write(const char *text, size_t len)
{
	while (len) {
		size_t n = MIN(len, (size_t)FIFO_SIZE);

		if (!wait_for(LSR_THR_EMPTY))
			return;
		len -= n;
		while (n--)
			outb(UART_DATA, *text++);
	}
}

void serial_drain(void)
{
	if (present)
		wait_for(LSR_IDLE);
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

static void discard(const char *text, size_t len)
{
}

void serial_init(void)
{
	present = uart_present();
	if (!present) {
		console_register(discard);
		return;
	}
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_DLAB);
	outb(UART_DIVISOR_LOW, DIVISOR_115200);
	outb(UART_DIVISOR_HIGH, 0);
	outb(UART_LCR, LCR_8N1);
	outb(UART_FCR, FCR_ENABLE_CLEAR);
	outb(UART_MCR, MCR_DTR_RTS | MCR_OUT2);
	console_register(serial_write);
}

/* A break came with a byte of zeros, which nobody typed. */
static size_t without_break(char *text, size_t len)
{
	char *zero = memchr(text, 0, len);

	if (!zero)
		return len;
	memmove(zero, zero + 1, text + len - zero - 1);
	return len - 1;
}

/* Empties the FIFO: the line is an edge, and a byte left in it means none. */
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
