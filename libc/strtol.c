/* SPDX-License-Identifier: MIT */
/*
 * Numbers from text, C11 7.22.1.4: white space, a sign, a prefix, digits.
 * One scanner; the functions differ in the limits that they clamp to.
 */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#define NO_DIGIT 36

struct scanned {
	unsigned long long value; /* ULLONG_MAX when it does not fit */
	bool negative;
	bool overflow;
};

static int digit_value(char c)
{
	if (isdigit(c))
		return c - '0';
	if (isalpha(c))
		return tolower(c) - 'a' + 10;
	return NO_DIGIT;
}

/* Skips "0x" where base allows it; only when a digit follows (7.22.1.4 3). */
static const char *skip_prefix(const char *s, int *base)
{
	bool hex = s[0] == '0' && (s[1] | 32) == 'x' && isxdigit(s[2]);

	if (hex && (*base == 0 || *base == 16)) {
		*base = 16;
		return s + 2;
	}
	if (*base == 0)
		*base = s[0] == '0' ? 8 : 10;
	return s;
}

static void scan(const char *s, char **end, int base, struct scanned *out)
{
	const char *start = s;
	bool any = false;

	*out = (struct scanned){ 0 };
	while (isspace(*s))
		s++;
	if (*s == '-' || *s == '+')
		out->negative = *s++ == '-';
	s = skip_prefix(s, &base);
	for (; digit_value(*s) < base; s++) {
		any = true;
		if (__builtin_mul_overflow(out->value, (unsigned int)base,
					   &out->value) ||
		    __builtin_add_overflow(out->value,
					   (unsigned int)digit_value(*s),
					   &out->value))
			out->overflow = true;
	}
	if (out->overflow)
		out->value = ULLONG_MAX;
	if (end)
		*end = (char *)(any ? s : start);
}

unsigned long long strtoull(const char *restrict s, char **restrict end,
			    int base)
{
	struct scanned n;

	scan(s, end, base, &n);
	return n.negative && !n.overflow ? -n.value : n.value;
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
	return strtoull(s, end, base);
}

long strtol(const char *restrict s, char **restrict end, int base)
{
	struct scanned n;

	scan(s, end, base, &n);
	if (n.negative)
		return n.value > LONG_MAX ? LONG_MIN : -(long)n.value;
	return n.value > LONG_MAX ? LONG_MAX : (long)n.value;
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}
