/* SPDX-License-Identifier: MIT */
/*
 * The smallest appliance: prints a line, and its arguments if it has any,
 * and ends the machine with status 0.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
	printf("Hello from Pollux.\n");
	for (int i = 1; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	return 0;
}
