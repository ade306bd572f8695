/* SPDX-License-Identifier: MIT */
/* Repeats what comes from the console, and ends with 7 at SIGTERM. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t asked_to_end;

static void on_term(int sig)
{
	asked_to_end = 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };
	char text[64];

	if (argc < 2 || strcmp(argv[1], "default"))
		sigaction(SIGTERM, &action, NULL);
	printf("console: ready\n");
	fflush(stdout);
	while (!asked_to_end) {
		ssize_t n = read(0, text, sizeof(text));

		if (n > 0)
			fwrite(text, 1, n, stdout);
		else if (n < 0 && errno != EINTR)
			return 1;
		fflush(stdout);
	}
	return 7;
}
