/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzer must not do to itself: signals that end it, waits that
 * nothing ends, a console that somebody else writes to. Included once, by
 * fuzz.c.
 */
#ifndef TESTS_SYSTEM_APPS_FUZZ_SIGNALS_H
#define TESTS_SYSTEM_APPS_FUZZ_SIGNALS_H

static bool is_console(long fd)
{
	return (int)fd >= 0 && (int)fd <= 2;
}

static long gentle_signal(void)
{
	return below(3) ? 0 : SIGUSR1;
}

static void tame_signals(long *a)
{
	static const uint64_t no_signal, usr2 = 1UL << (SIGUSR2 - 1);

	switch (a[0]) {
	case SYS_kill:
	case SYS_tkill:
	case SYS_rt_sigqueueinfo:
		a[2] = gentle_signal();
		break;
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
		a[3] = gentle_signal();
		break;
	case SYS_rt_sigsuspend: /* a mask that lets the timer's signal in */
		a[1] = (long)&no_signal;
		break;
	case SYS_rt_sigtimedwait: /* and these would swallow it */
		a[1] = (long)&usr2;
		break;
	case SYS_signalfd:
	case SYS_signalfd4:
		a[2] = (long)&usr2;
		break;
	}
}

#endif
