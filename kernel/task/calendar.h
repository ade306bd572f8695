/* SPDX-License-Identifier: MIT */
/*
 * Dates of the PC's real-time clock as seconds since 1970.
 */
#ifndef KERNEL_TASK_CALENDAR_H
#define KERNEL_TASK_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* The clock's registers as read (MC146818). */
struct rtc_registers {
	uint8_t second, minute, hour, day, month, year;
	uint8_t century; /* 0 or nonsense: the years 2000 to 2099 */
	uint8_t status_b; /* the format of the others */
};

#define RTC_B_24H 0x02
#define RTC_B_BINARY 0x04

/* UTC seconds; false when the registers hold no date. */
bool rtc_to_unix(const struct rtc_registers *rtc, uint64_t *seconds);

#endif
