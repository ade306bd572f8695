/* SPDX-License-Identifier: MIT */
/*
 * The command line, split in place into words. Quotes keep white space
 * together; a pair around a whole word or a value is removed, as on Linux.
 */
#include "kernel/cmdline.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "kernel/base.h"
#include "kernel/printk.h"

#define WORDS_MAX 64

static char *words[WORDS_MAX] __ro_after_init; /* of the kernel: before "--" */
static bool asked_for[WORDS_MAX]; /* by some part of the kernel */
static unsigned int nr_words __ro_after_init;

/* Linux's own words, which are ignored here and are no variables. */
static const char *const linux_words[] = { "console", "root", "rootfstype",
					   "rootflags", "init" };

static char *app_args[CMDLINE_ARGS_MAX + 1] __ro_after_init;
static unsigned int nr_app_args __ro_after_init;

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

/* Removes the quotes around s, in place; the closing one may be missing. */
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

/* As on Linux, '-' and '_' are the same in a key. */
static char key_char(char c)
{
	return c == '-' ? '_' : c;
}

/* The value of `key=` in word, "" for the bare key, NULL: another key. */
static char *value_of(char *word, const char *key)
{
	for (; *key; word++, key++)
		if (key_char(*word) != key_char(*key))
			return NULL;
	if (*word == '=')
		return word + 1;
	return *word ? NULL : word;
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

/*
 * QEMU's microvm appends its devices to the command line, after "--" and the
 * application's arguments: takes these words away from the arguments.
 */
static void take_devices(void)
{
	unsigned int first = nr_app_args;

	while (first && value_of(app_args[first - 1], CMDLINE_DEVICE))
		first--;
	for (unsigned int i = first; i < nr_app_args; i++)
		add_word(words, &nr_words, WORDS_MAX, app_args[i]);
	nr_app_args = first;
}

void cmdline_init(char *text)
{
	bool app = false;
	char *word;

	nr_words = 0;
	nr_app_args = 0;
	memset(asked_for, 0, sizeof(asked_for));
	while ((word = next_word(&text))) {
		if (app)
			add_word(app_args, &nr_app_args, CMDLINE_ARGS_MAX,
				 word);
		else if (!strcmp(word, "--"))
			app = true;
		else
			add_word(words, &nr_words, WORDS_MAX, word);
	}
	take_devices();
	app_args[nr_app_args] = NULL;
}

const char *cmdline_get(const char *key)
{
	const char *last = NULL;

	for (unsigned int i = 0; i < nr_words; i++) {
		const char *value = value_of(words[i], key);

		if (!value)
			continue;
		asked_for[i] = true;
		last = value;
	}
	return last;
}

bool cmdline_is(const char *key, const char *value)
{
	const char *got = cmdline_get(key);

	return got && !strcmp(got, value);
}

const char *cmdline_next(const char *key, unsigned int *pos)
{
	while (*pos < nr_words) {
		unsigned int i = (*pos)++;
		const char *value = value_of(words[i], key);

		if (!value)
			continue;
		asked_for[i] = true;
		return value;
	}
	return NULL;
}

/* A name with a dot is a module's parameter. */
static bool is_variable(const char *word)
{
	size_t len = strcspn(word, "=.");

	return len && word[len] == '=';
}

static void set_variable(char **list, unsigned int *nr, unsigned int max,
			 char *word)
{
	size_t len = strcspn(word, "=") + 1;
	unsigned int i = 0;

	while (i < *nr && strncmp(list[i], word, len))
		i++;
	if (i == max) {
		pr_warn("command line: more than %u variables, %s is ignored",
			max, word);
		return;
	}
	list[i] = word;
	*nr = MAX(*nr, i + 1);
}

unsigned int cmdline_environment(char **list, unsigned int nr, unsigned int max)
{
	for (size_t i = 0; i < ARRAY_SIZE(linux_words); i++)
		cmdline_get(linux_words[i]);
	for (unsigned int i = 0; i < nr_words; i++)
		if (!asked_for[i] && is_variable(words[i]))
			set_variable(list, &nr, max, words[i]);
	return nr;
}

char **cmdline_app_args(int *argc)
{
	*argc = nr_app_args;
	return app_args;
}
