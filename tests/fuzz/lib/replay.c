/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target as a unit test: takes the inputs of its corpus, or files that
 * are named, one after the other, as TAP. It needs no libFuzzer.
 *
 * A corpus, a file of tests/fuzz/corpus, has an input a line, in base64, maybe with a
 * name and a space before it.
 */
#include <libgen.h>
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/fuzz.h"
#include "lib/tap.h"

#define PREFIX "fuzz_" /* of the program's name, before the target's */
#define INPUT_MAX (1 << 16)
#define DEADLINE 200

static char current[256];

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

/* However it ends. */
static void say_where(void)
{
	if (current[0])
		printf("# at %s\n", current);
	fflush(stdout);
	current[0] = '\0';
}

/* In memory of exactly its length. */
static void take_input(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	current[0] = '\0';
	free(copy);
}

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		bail_out("%s cannot be read", path);
	return file;
}

static void take_file(const char *path)
{
	static uint8_t room[INPUT_MAX];
	FILE *file = open_file(path);
	size_t len;

	len = fread(room, 1, sizeof(room), file);
	fclose(file);
	snprintf(current, sizeof(current), "%s", path);
	take_input(room, len);
	ok(true, "%s", path);
}

/* How many bytes; what is no digit ends the text. */
static size_t decode(const char *text, uint8_t *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	unsigned int bits = 0, value = 0;
	const char *digit;
	size_t len = 0;

	for (; *text && (digit = strchr(digits, *text)); text++) {
		value = value << 6 | (unsigned int)(digit - digits);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		to[len++] = value >> bits;
	}
	return len;
}

static void take_corpus(const char *target)
{
	static char line[2 * INPUT_MAX];
	static uint8_t bytes[2 * INPUT_MAX];
	unsigned int nr = 0, others = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s.b64", target);
	file = open_file(path);
	while (fgets(line, sizeof(line), file)) {
		char *space = strchr(line, ' ');
		size_t len = decode(space ? space + 1 : line, bytes);

		snprintf(current, sizeof(current), "%s:%u", path, ++nr);
		take_input(bytes, len);
		if (space)
			ok(true, "%s: %.*s", target, (int)(space - line), line);
		else
			others++;
	}
	fclose(file);
	ok(others > 0, "%s: %u other inputs", target, others);
}

int main(int argc, char **argv)
{
	tap_deadline(DEADLINE);
	atexit(say_where);
	__sanitizer_set_death_callback(say_where);
	LLVMFuzzerInitialize(&argc, &argv);
	if (argc == 1)
		take_corpus(basename(argv[0]) + strlen(PREFIX));
	for (int i = 1; i < argc; i++)
		take_file(argv[i]);
	return done_testing();
}
