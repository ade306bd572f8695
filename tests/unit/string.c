/* SPDX-License-Identifier: MIT */
/*
 * libc/: memory and strings. Each block is a malloc() of just its size, so
 * that the sanitizer sees a byte read or written too many.
 */
#include "lib/check.h"
#include "lib/libc_names.h"
#include "lib/tap.h"

#include "libc/memory.c"
#include "libc/string.c"
#include "libc/strtol.c"

#define LEN_MAX 200

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = random_below(256);
}

static void test_memcpy(void)
{
	bool same = true, returned = true;

	for (size_t n = 0; n <= LEN_MAX; n++) {
		uint8_t *from = malloc(n + 1), *to = malloc(n + 1);

		fill(from, n);
		returned &= memcpy(to + 1, from + 1, n ? n - 1 : 0) == to + 1;
		for (size_t i = 1; i < n; i++)
			same &= to[i] == from[i];
		free(from);
		free(to);
	}
	ok(same, "memcpy: copies every length up to %d", LEN_MAX);
	ok(returned, "memcpy: returns where it copied to");
}

/* One move inside a block, against a copy made byte by byte. */
static bool move_is_right(size_t len, size_t to, size_t from, size_t n)
{
	uint8_t *block = malloc(len), *want = malloc(len);
	bool same = true;

	fill(block, len);
	for (size_t i = 0; i < len; i++)
		want[i] = block[i];
	for (size_t i = 0; i < n; i++)
		want[to + i] = block[from + i];
	memmove(block + to, block + from, n);
	for (size_t i = 0; i < len; i++)
		same &= block[i] == want[i];
	free(block);
	free(want);
	return same;
}

static void test_memmove(void)
{
	bool same = true;

	for (size_t n = 0; n <= LEN_MAX; n++)
		for (size_t shift = 0; shift <= 40; shift++) {
			size_t len = n + shift;

			same &= move_is_right(len, shift, 0, n);
			same &= move_is_right(len, 0, shift, n);
		}
	ok(same, "memmove: overlaps in both directions, every distance");
}

static void test_memset(void)
{
	bool same = true;

	for (size_t n = 0; n <= LEN_MAX; n++) {
		uint8_t *block = malloc(n + 2);

		block[0] = block[n + 1] = 0x11;
		memset(block + 1, 0x1a5, n);
		same &= block[0] == 0x11 && block[n + 1] == 0x11;
		for (size_t i = 1; i <= n; i++)
			same &= block[i] == 0xa5;
		free(block);
	}
	ok(same, "memset: sets every length with the low byte, no more");
}

static void test_memcmp(void)
{
	bool right = true;

	for (size_t n = 1; n <= 40; n++) {
		uint8_t *a = malloc(n), *b = malloc(n);

		fill(a, n);
		memcpy(b, a, n);
		right &= !memcmp(a, b, n);
		for (size_t i = 0; i < n; i++) {
			b[i] = a[i] ^ 0x80;
			right &= (memcmp(a, b, n) < 0) == (a[i] < b[i]);
			right &= (memcmp(b, a, n) < 0) == (b[i] < a[i]);
			right &= !memcmp(a, b, i);
			b[i] = a[i];
		}
		free(a);
		free(b);
	}
	ok(right, "memcmp: finds the first difference, bytes are unsigned");
	ok(!memcmp("a", "b", 0), "memcmp: nothing equals nothing");
}

static void test_search(void)
{
	const char *s = "one two one";

	is_ptr(memchr(s, 't', 11), s + 4, "memchr: first match");
	is_ptr(memchr(s, 't', 4), NULL, "memchr: stays within n");
	is_ptr(memchr("\xff", 0x1ff, 1) ? s : NULL, s,
	       "memchr: compares the low byte");
	is_ptr(strchr(s, 'o'), s, "strchr: first match");
	is_ptr(strchr(s, 'x'), NULL, "strchr: no match");
	is_ptr(strchr(s, 0), s + 11, "strchr: finds the NUL");
	is_ptr(strrchr(s, 'o'), s + 8, "strrchr: last match");
	is_ptr(strrchr(s, 0), s + 11, "strrchr: finds the NUL");
	is_ptr(strrchr(s, 'x'), NULL, "strrchr: no match");
	is_ptr(strstr(s, "two"), s + 4, "strstr: a word");
	is_ptr(strstr(s, "one"), s, "strstr: the first of two");
	is_ptr(strstr(s, ""), s, "strstr: the empty word is at the start");
	is_ptr(strstr(s, "ones"), NULL, "strstr: not a longer word");
	is_ptr(strstr("aab", "ab") ? s : NULL, s,
	       "strstr: after a false start");
	is(strspn("aabbc", "ab"), 4, "strspn: a run");
	is(strspn("", "ab"), 0, "strspn: of nothing");
	is(strcspn("path/name", "/"), 4, "strcspn: up to a separator");
	is(strcspn("name", "/"), 4, "strcspn: to the end without one");
}

static void test_compare(void)
{
	is(strlen(""), 0, "strlen: empty");
	is(strlen("four"), 4, "strlen: four");
	is(strnlen("four", 2), 2, "strnlen: stops at max");
	is(strnlen("four", 9), 4, "strnlen: stops at the NUL");
	is(strcmp("same", "same"), 0, "strcmp: equal");
	ok(strcmp("a", "ab") < 0, "strcmp: a prefix is less");
	ok(strcmp("\x80", "a") > 0, "strcmp: bytes are unsigned");
	is(strncmp("abc", "abd", 2), 0, "strncmp: equal within n");
	ok(strncmp("abc", "abd", 3) < 0, "strncmp: differs within n");
	is(strncmp("ab", "ab", 9), 0, "strncmp: stops at the NUL");
	is(strncmp("a", "b", 0), 0, "strncmp: n of zero");
}

static void test_copy(void)
{
	char buf[8];

	is_str(strcpy(buf, "four"), "four", "strcpy: copies");
	memset(buf, 'x', sizeof(buf));
	strncpy(buf, "ab", 5);
	is_mem(buf, "ab\0\0\0xxx", 8, "strncpy: fills up with NULs");
	strncpy(buf, "abcdef", 3);
	is_mem(buf, "abc\0\0xxx", 8, "strncpy: cuts without a NUL");
	is(strlcpy(buf, "too long by far", sizeof(buf)), 15,
	   "strlcpy: returns the whole length");
	is_str(buf, "too lon", "strlcpy: cuts with a NUL");
	is(strlcpy(NULL, "abc", 0), 3, "strlcpy: size zero writes nothing");
}

static void test_numbers(void)
{
	static const char *const texts[] = {
		"",
		"0",
		"42",
		"-42",
		" \t+7x",
		"0x1f",
		"0X",
		"0xg",
		"077",
		"08",
		"zz",
		"-",
		"- 1",
		"1 2",
		"7fffffffffffffff",
		"-8000000000000000",
		"ffffffffffffffffff",
		"99999999999999999999",
		"-99999999999999999999",
	};
	static const int bases[] = { 0, 8, 10, 16, 36 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		bool same = true;

		for (size_t b = 0; b < ARRAY_SIZE(bases); b++) {
			const char *s = texts[i];
			char *end, *want;

			same &= strtol(s, &end, bases[b]) ==
				host_strtol(s, &want, bases[b]);
			same &= end == want;
			same &= strtoul(s, &end, bases[b]) ==
				host_strtoul(s, &want, bases[b]);
			same &= end == want;
		}
		ok(same, "strtol, strtoul: \"%s\" as the host reads it",
		   texts[i]);
	}
	is(atoi("12abc"), 12, "atoi: stops at the first other character");
	ok(strtoull("18446744073709551615", NULL, 10) == UINT64_MAX,
	   "strtoull: the largest");
}

int main(void)
{
	random_seed();
	test_memcpy();
	test_memmove();
	test_memset();
	test_memcmp();
	test_search();
	test_compare();
	test_copy();
	test_numbers();
	return done_testing();
}
