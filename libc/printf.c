/* SPDX-License-Identifier: MIT */
/*
 * vsnprintf, C11 7.21.6.1 without floating point, wide characters and %n.
 *
 * An unknown conversion is written out as it stands. %p is "0x" and digits,
 * a NULL %s is "(null)".
 */
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, cut or not */
};

struct spec {
	bool left, plus, space, alt, zero;
	bool upper; /* digits above 9 as capitals */
	int width;
	int precision; /* -1: none given */
	char length; /* 'H' is hh, 'q' is ll; 0: int */
};

/* 64 bits in octal. */
#define DIGITS_MAX 22

static void put(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_text(struct out *out, const char *text, size_t n)
{
	while (n--)
		put(out, *text++);
}

static void pad(struct out *out, char c, int n)
{
	while (n-- > 0)
		put(out, c);
}

static int parse_number(const char **fmt)
{
	int n = 0;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		if (n < INT_MAX / 10 - 1)
			n = n * 10 + (**fmt - '0');
	return n;
}

static bool parse_flag(char c, struct spec *spec)
{
	switch (c) {
	case '-':
		return spec->left = true;
	case '+':
		return spec->plus = true;
	case ' ':
		return spec->space = true;
	case '#':
		return spec->alt = true;
	case '0':
		return spec->zero = true;
	default:
		return false;
	}
}

/* The pairs hh and ll become one letter. */
static char parse_length(const char **fmt)
{
	const char *s = *fmt;

	if (!*s || !strchr("hlLqjzt", *s))
		return 0;
	*fmt += 1;
	if (s[1] == s[0] && (*s == 'h' || *s == 'l')) {
		*fmt += 1;
		return *s == 'h' ? 'H' : 'q';
	}
	return *s;
}

static int64_t get_signed(char length, va_list *ap)
{
	switch (length) {
	case 'H':
		return (signed char)va_arg(*ap, int);
	case 'h':
		return (short)va_arg(*ap, int);
	case 0:
		return va_arg(*ap, int);
	default:
		return va_arg(*ap, int64_t); /* LP64: all others are 64 bits */
	}
}

static uint64_t get_unsigned(char length, va_list *ap)
{
	switch (length) {
	case 'H':
		return (unsigned char)va_arg(*ap, unsigned int);
	case 'h':
		return (unsigned short)va_arg(*ap, unsigned int);
	case 0:
		return va_arg(*ap, unsigned int);
	default:
		return va_arg(*ap, uint64_t);
	}
}

/* Fills digits[DIGITS_MAX] from its end; returns where the first one is. */
static int make_digits(char *digits, uint64_t value, unsigned int base,
		       bool upper)
{
	char ten = upper ? 'A' : 'a';
	int i = DIGITS_MAX;

	for (; value; value /= base) {
		unsigned int d = value % base;

		digits[--i] = d < 10 ? '0' + d : ten + d - 10;
	}
	return i;
}

/* prefix: sign or base, stays in front of zeros that fill the width. */
static void put_integer(struct out *out, const struct spec *spec,
			const char *prefix, uint64_t value, unsigned int base)
{
	char digits[DIGITS_MAX];
	int first = make_digits(digits, value, base, spec->upper);
	int n = DIGITS_MAX - first;
	int prefix_len = strlen(prefix);
	int zeros = (spec->precision < 0 ? 1 : spec->precision) - n;
	int blanks;

	if (spec->alt && base == 8 && zeros <= 0)
		zeros = 1;
	if (zeros < 0)
		zeros = 0;
	blanks = spec->width - prefix_len - zeros - n;
	if (spec->zero && !spec->left && spec->precision < 0 && blanks > 0) {
		zeros += blanks;
		blanks = 0;
	}
	if (!spec->left)
		pad(out, ' ', blanks);
	put_text(out, prefix, prefix_len);
	pad(out, '0', zeros);
	put_text(out, digits + first, n);
	if (spec->left)
		pad(out, ' ', blanks);
}

static void put_signed(struct out *out, const struct spec *spec, int64_t value)
{
	const char *sign = spec->plus ? "+" : spec->space ? " " : "";
	uint64_t magnitude = value;

	if (value < 0) {
		sign = "-";
		magnitude = -magnitude;
	}
	put_integer(out, spec, sign, magnitude, 10);
}

static void put_hex(struct out *out, struct spec *spec, uint64_t value)
{
	const char *prefix = spec->upper ? "0X" : "0x";

	put_integer(out, spec, spec->alt && value ? prefix : "", value, 16);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	size_t max = spec->precision < 0 ? INT_MAX : spec->precision;
	int n;

	if (!s)
		s = "(null)";
	n = strnlen(s, max);
	if (!spec->left)
		pad(out, ' ', spec->width - n);
	put_text(out, s, n);
	if (spec->left)
		pad(out, ' ', spec->width - n);
}

static void put_char(struct out *out, struct spec *spec, char c)
{
	if (!spec->left)
		pad(out, ' ', spec->width - 1);
	put(out, c);
	if (spec->left)
		pad(out, ' ', spec->width - 1);
}

/* Parses from after '%' up to the conversion letter. */
static const char *parse_spec(const char *fmt, struct spec *spec, va_list *ap)
{
	*spec = (struct spec){ .precision = -1 };
	while (parse_flag(*fmt, spec))
		fmt++;
	if (*fmt == '*') {
		spec->width = va_arg(*ap, int);
		fmt++;
		if (spec->width < 0) {
			spec->left = true;
			spec->width = spec->width == INT_MIN ? 0 : -spec->width;
		}
	} else {
		spec->width = parse_number(&fmt);
	}
	if (*fmt == '.') {
		fmt++;
		if (*fmt == '*') {
			spec->precision = va_arg(*ap, int);
			fmt++;
		} else {
			spec->precision = parse_number(&fmt);
		}
	}
	spec->length = parse_length(&fmt);
	return fmt;
}

static bool convert(struct out *out, char conversion, struct spec *spec,
		    va_list *ap)
{
	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(out, spec, get_signed(spec->length, ap));
		return true;
	case 'u':
		put_integer(out, spec, "", get_unsigned(spec->length, ap), 10);
		return true;
	case 'o':
		put_integer(out, spec, "", get_unsigned(spec->length, ap), 8);
		return true;
	case 'X':
		spec->upper = true;
		put_hex(out, spec, get_unsigned(spec->length, ap));
		return true;
	case 'x':
		put_hex(out, spec, get_unsigned(spec->length, ap));
		return true;
	case 'p':
		put_integer(out, spec, "0x", (uintptr_t)va_arg(*ap, void *),
			    16);
		return true;
	case 'c':
		put_char(out, spec, (char)va_arg(*ap, int));
		return true;
	case 's':
		put_string(out, spec, va_arg(*ap, const char *));
		return true;
	case '%':
		put(out, '%');
		return true;
	default:
		return false;
	}
}

static void format(struct out *out, const char *fmt, va_list *ap)
{
	struct spec spec;

	while (*fmt) {
		const char *start = fmt++;

		if (*start != '%') {
			put(out, *start);
			continue;
		}
		fmt = parse_spec(fmt, &spec, ap);
		if (*fmt && convert(out, *fmt, &spec, ap)) {
			fmt++;
		} else {
			put(out, '%');
			fmt = start + 1;
		}
	}
}

int vsnprintf(char *restrict buf, size_t size, const char *restrict fmt,
	      va_list ap)
{
	struct out out = { .buf = buf, .size = size };
	va_list args;

	va_copy(args, ap);
	format(&out, fmt, &args);
	va_end(args);
	if (size)
		buf[out.len < size ? out.len : size - 1] = '\0';
	return out.len < INT_MAX ? (int)out.len : INT_MAX;
}

int snprintf(char *restrict buf, size_t size, const char *restrict fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
