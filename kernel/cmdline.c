/* SPDX-License-Identifier: MIT */
/*
 * The command line, split in place into words. Quotes keep white space
 * together; a pair around a whole word or around a value is taken off, as
 * Linux does.
 */
#include "kernel/cmdline.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "kernel/base.h"
#include "kernel/printk.h"

#define WORDS_MAX 64

static char *words[WORDS_MAX]; /* of the kernel: before "--" */
static unsigned int nr_words;

static char *app_args[CMDLINE_ARGS_MAX + 1];
static unsigned int nr_app_args;

/* Cuts the next word off *text; NULL at the end. */
static char *next_word(char **text)
{
	bool quoted = false;
	char *s = *text;
	char *word;

	while (isspace((unsigned char)*s))
		s++;
	if (!*s)
		return NULL;
	word = s;
	for (; *s && (quoted || !isspace((unsigned char)*s)); s++)
		if (*s == '"')
			quoted = !quoted;
	if (*s)
		*s++ = '\0';
	*text = s;
	return word;
}

/* Takes the quotes off that enclose s, in place; the last may be missing. */
static void strip_quotes(char *s)
{
	size_t len = strlen(s);

	if (s[0] != '"')
		return;
	if (len > 1 && s[len - 1] == '"')
		len--;
	memmove(s, s + 1, len - 1);
	s[len - 1] = '\0';
}

static void unquote(char *word)
{
	char *equals;

	if (word[0] == '"') {
		strip_quotes(word);
		return;
	}
	equals = strchr(word, '=');
	if (equals)
		strip_quotes(equals + 1);
}

static void add_word(char **list, unsigned int *nr, unsigned int max,
		     char *word)
{
	if (*nr == max) {
		pr_warn("command line: more than %u words, %s is ignored", max,
			word);
		return;
	}
	unquote(word);
	list[(*nr)++] = word;
}

void cmdline_init(char *text)
{
	bool app = false;
	char *word;

	nr_words = 0;
	nr_app_args = 0;
	while ((word = next_word(&text))) {
		if (app)
			add_word(app_args, &nr_app_args, CMDLINE_ARGS_MAX,
				 word);
		else if (!strcmp(word, "--"))
			app = true;
		else
			add_word(words, &nr_words, WORDS_MAX, word);
	}
	app_args[nr_app_args] = NULL;
}

const char *cmdline_get(const char *key)
{
	size_t len = strlen(key);

	for (unsigned int i = nr_words; i-- > 0;) {
		const char *word = words[i];

		if (strncmp(word, key, len))
			continue;
		if (word[len] == '=')
			return word + len + 1;
		if (!word[len])
			return "";
	}
	return NULL;
}

char **cmdline_app_args(int *argc)
{
	*argc = nr_app_args;
	return app_args;
}
