/* SPDX-License-Identifier: MIT */
/*
 * The battery-backed clock of the PC.
 */
#ifndef KERNEL_X86_RTC_H
#define KERNEL_X86_RTC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Seconds since 1970 UTC, rounded down. Waits for an update in progress (2 ms
 * at most), never for the next second. False: there is no such clock.
 */
bool rtc_read(uint64_t *seconds);
/* The same without waiting: false also while an update is in progress. */
bool rtc_read_now(uint64_t *seconds);

#endif
