/* SPDX-License-Identifier: MIT */
/*
 * A loadable object for GNU make: $(exit-with FILE) removes FILE and ends make
 * with the status that it holds, or does nothing when that is 0.
 *
 * make turns every failure of a recipe into its own status 2; `make run` shall
 * hand on the status of the application instead. The function is expanded just
 * before the recipe line it stands in is run (GNU make manual, "Loading Dynamic
 * Objects").
 */
#include <gnumake.h>
#include <stdio.h>
#include <stdlib.h>

int plugin_is_GPL_compatible;

int make_exit_gmk_setup(void);

static char *exit_with(const char *name, unsigned int argc, char **argv)
{
	FILE *file = fopen(argv[0], "r");
	int status = EXIT_FAILURE;

	(void)name;
	(void)argc;
	if (file) {
		if (fscanf(file, "%d", &status) != 1)
			status = EXIT_FAILURE;
		fclose(file);
		remove(argv[0]);
	}
	if (status)
		exit(status);
	return NULL;
}

int make_exit_gmk_setup(void)
{
	gmk_add_function("exit-with", exit_with, 1, 1, GMK_FUNC_DEFAULT);
	return 1;
}
