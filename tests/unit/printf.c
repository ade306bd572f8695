/* SPDX-License-Identifier: MIT */
/*
 * libc/printf.c against the host's vsnprintf: fixed cases, then specifications
 * put together at random.
 */
#include "lib/check.h"
#include "lib/libc_names.h"
#include "lib/tap.h"

#include "libc/memory.c"
#include "libc/printf.c"
#include "libc/string.c"

#define RANDOM_CASES 20000
#define TEXT_MAX 128

/* Whether both print the same, and say the same length, into size bytes. */
static bool agree(size_t size, const char *fmt, ...)
{
	char *ours = malloc(size + 1), *theirs = malloc(size + 1);
	va_list ap, again;
	int n, want;
	bool same;

	memset(ours, '#', size + 1);
	memset(theirs, '#', size + 1);
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(ours, size, fmt, ap);
	want = host_vsnprintf(theirs, size, fmt, again);
	va_end(again);
	va_end(ap);
	same = n == want && !memcmp(ours, theirs, size + 1);
	if (!same)
		diag("'%s': '%.*s' (%d), the host '%.*s' (%d)", fmt, (int)size,
		     ours, n, (int)size, theirs, want);
	free(ours);
	free(theirs);
	return same;
}

#define SAME(fmt, ...) \
	ok(agree(TEXT_MAX, fmt, ##__VA_ARGS__), "printf: %s", #fmt)

static void test_cases(void)
{
	SAME("plain");
	SAME("100%%");
	SAME("%d %i %u", -1, 2, 3U);
	SAME("%c%5c|%-5c|", 'a', 'b', 'c');
	SAME("%s|%10s|%-10s|%.2s|%.0s", "abc", "abc", "abc", "abc", "abc");
	SAME("%*d|%-*d|%*d|", 6, 1, 6, 2, -6, 3);
	SAME("%.*d|%.*s|%.*d|", 4, 7, 2, "abc", -1, 7);
	SAME("%x %X %#x %#X %#x", 255, 255, 255, 255, 0);
	SAME("%o %#o %#o %#.3o", 8, 8, 0, 8);
	SAME("%+d % d %+d % d %+ d", 1, 1, -1, -1, 1);
	SAME("%05d|%-05d|%05.2d|%+05d|%#06x", 42, 42, 42, 42, 42);
	SAME("%.0d|%.0x|%#.0o|%5.0d|", 0, 0, 0, 0);
	SAME("%hhd %hhu %hd %hu", 511, 511, 98304, 98304);
	SAME("%ld %lld %zd %jd %td", LONG_MIN, LLONG_MIN, (ssize_t)-5,
	     (intmax_t)-6, (ptrdiff_t)-7);
	SAME("%lu %llx %zx %jo %tx", ULONG_MAX, ULLONG_MAX, SIZE_MAX,
	     UINTMAX_MAX, (ptrdiff_t)-1);
	SAME("%d %d", INT_MIN, INT_MAX);
	SAME("%p|%20p|%-20p|", (void *)0x1234, (void *)0x1234, (void *)0x1234);
	SAME("%.3s", "abcdef");
}

/* The end of the buffer, at every place in the text. */
static void test_cut(void)
{
	bool same = true;
	char none = '#';

	for (size_t size = 1; size < 24; size++)
		same &= agree(size, "%s and %08d", "something", 42);
	ok(same, "printf: cuts at every size, always ends with a NUL");
	is(snprintf(NULL, 0, "%d", 12345), 5, "printf: size 0 counts");
	snprintf(&none, 0, "x");
	ok(none == '#', "printf: size 0 writes nothing");
}

static void test_own(void)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%s", (char *)NULL);
	is_str(buf, "(null)", "printf: NULL string");
	snprintf(buf, sizeof(buf), "%p", (void *)NULL);
	is_str(buf, "0x0", "printf: NULL pointer");
	snprintf(buf, sizeof(buf), "%k %d", 7);
	is_str(buf, "%k 7", "printf: an unknown conversion stays as it is");
	snprintf(buf, sizeof(buf), "50%");
	is_str(buf, "50%", "printf: a percent sign at the end");
}

static size_t random_spec(char *fmt, const char *conversions)
{
	static const char *const lengths[] = { "hh", "h", "",  "l",
					       "ll", "z", "j", "t" };
	static const char flags[] = "-+ #0";
	size_t length = random_below(ARRAY_SIZE(lengths));
	char *p = fmt;

	*p++ = '%';
	for (unsigned int i = random_below(4); i; i--)
		*p++ = flags[random_below(5)];
	if (random_below(2))
		p += sprintf(p, "%d", 1 + (int)random_below(30));
	if (random_below(2))
		p += sprintf(p, ".%d", (int)random_below(25));
	p += sprintf(p, "%s", lengths[length]);
	*p++ = conversions[random_below(strlen(conversions))];
	*p = '\0';
	return length;
}

static uint64_t random_value(void)
{
	uint64_t v = random_below(1ULL << 32) << 32 | random_below(1ULL << 32);

	return v >> random_below(64);
}

static void test_random(void)
{
	char fmt[32];
	bool same = true;

	for (int i = 0; i < RANDOM_CASES && same; i++) {
		uint64_t v = random_value();
		size_t length = random_spec(fmt, "diuoxX");

		if (random_below(2))
			v = -v;
		if (length < 3)
			same = agree(TEXT_MAX, fmt, (int)v);
		else
			same = agree(TEXT_MAX, fmt, (long)v);
	}
	ok(same, "printf: %d random integer specifications as the host",
	   RANDOM_CASES);
}

int main(void)
{
	random_seed();
	test_cases();
	test_cut();
	test_own();
	test_random();
	return done_testing();
}
