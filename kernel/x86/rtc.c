/* SPDX-License-Identifier: MIT */
/*
 * The MC146818 real-time clock at ports 0x70 and 0x71. Once a second its
 * registers change one after the other: a reading is valid if no update was in
 * progress and a second reading is equal.
 */
#include "kernel/x86/rtc.h"

#include <string.h>

#include "kernel/task/calendar.h"
#include "kernel/x86/cpu.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

enum {
	RTC_SECOND = 0x00,
	RTC_MINUTE = 0x02,
	RTC_HOUR = 0x04,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_STATUS_A = 0x0a,
	RTC_STATUS_B = 0x0b,
	RTC_STATUS_D = 0x0d,
	RTC_CENTURY = 0x32, /* by convention: ACPI 6.4 table 5.9, CENTURY */
};

#define RTC_A_UPDATING 0x80
#define RTC_D_ZERO 0x40 /* a bit that no clock sets */
#define MAX_POLLS 10000 /* an update takes 2 ms, a port access 1 us or so */
#define MAX_READINGS 4

static uint8_t cmos_read(uint8_t reg)
{
	outb(CMOS_INDEX, reg);
	return inb(CMOS_DATA);
}

static bool wait_no_update(void)
{
	for (int i = 0; i < MAX_POLLS; i++) {
		if (!(cmos_read(RTC_STATUS_A) & RTC_A_UPDATING))
			return true;
	}
	return false;
}

static struct rtc_registers read_registers(void)
{
	return (struct rtc_registers){
		.second = cmos_read(RTC_SECOND),
		.minute = cmos_read(RTC_MINUTE),
		.hour = cmos_read(RTC_HOUR),
		.day = cmos_read(RTC_DAY),
		.month = cmos_read(RTC_MONTH),
		.year = cmos_read(RTC_YEAR),
		.century = cmos_read(RTC_CENTURY),
		.status_b = cmos_read(RTC_STATUS_B),
	};
}

/* False: they changed meanwhile. */
static bool read_twice(struct rtc_registers *registers)
{
	struct rtc_registers second;

	*registers = read_registers();
	second = read_registers();
	return !memcmp(registers, &second, sizeof(second));
}

bool rtc_read(uint64_t *seconds)
{
	struct rtc_registers registers;

	if (cmos_read(RTC_STATUS_D) & RTC_D_ZERO)
		return false; /* no device at these ports */
	for (int i = 0; i < MAX_READINGS; i++) {
		if (!wait_no_update())
			return false;
		if (read_twice(&registers))
			return rtc_to_unix(&registers, seconds);
	}
	return false;
}

bool rtc_read_now(uint64_t *seconds)
{
	struct rtc_registers registers;

	return !(cmos_read(RTC_STATUS_A) & RTC_A_UPDATING) &&
	       read_twice(&registers) && rtc_to_unix(&registers, seconds);
}
