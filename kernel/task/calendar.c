/* SPDX-License-Identifier: MIT */
/*
 * The PC's clock registers (MC146818: BCD or binary, 12 or 24 hours) to
 * seconds since 1970. No state.
 */
#include "kernel/task/calendar.h"

#define RTC_PM 0x80 /* in the hours of the 12 hour format */

static unsigned int number(uint8_t v, bool binary)
{
	return binary ? v : (v >> 4) * 10U + (v & 0x0f);
}

/* Days from 1970-01-01 to a day of the Gregorian calendar, year >= 1970. */
static uint64_t days_since_1970(unsigned int year, unsigned int month,
				unsigned int day)
{
	unsigned int y, m;

	/* Years that begin in March put the leap day last. */
	y = month > 2 ? year : year - 1;
	m = month > 2 ? month - 3 : month + 9;
	return y * 365ULL + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 +
	       day - 719469;
}

static unsigned int to_hour24(uint8_t hour, bool binary, bool h24)
{
	if (h24)
		return number(hour, binary);
	return number(hour & ~RTC_PM, binary) % 12 + (hour & RTC_PM ? 12 : 0);
}

bool rtc_to_unix(const struct rtc_registers *rtc, uint64_t *seconds)
{
	bool binary = rtc->status_b & RTC_B_BINARY;
	unsigned int second, minute, hour, day, month, year, century;

	second = number(rtc->second, binary);
	minute = number(rtc->minute, binary);
	day = number(rtc->day, binary);
	month = number(rtc->month, binary);
	year = number(rtc->year, binary);
	century = number(rtc->century, binary);
	hour = to_hour24(rtc->hour, binary, rtc->status_b & RTC_B_24H);

	if (second > 60 || minute > 59 || hour > 23 || day < 1 || day > 31 ||
	    month < 1 || month > 12 || year > 99)
		return false;
	year += century >= 20 && century <= 22 ? century * 100 : 2000;
	*seconds = days_since_1970(year, month, day) * 86400 + hour * 3600ULL +
		   minute * 60 + second;
	return true;
}
