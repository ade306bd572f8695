/* SPDX-License-Identifier: MIT */
/*
 * The servers of tests/system/soak.t in one machine, each in a thread: the HTTP
 * server on port 80, which has files too, a proxy to it on port 81, and an echo
 * on port 7. They are the programs themselves, with main() by another name.
 */
#include <pthread.h>
#include <stdio.h>

#include "soak.h"

static void *run_echo(void *arg)
{
	static char *argv[] = { "echo", NULL };

	echo_main(1, argv);
	return NULL;
}

static void *run_proxy(void *arg)
{
	static char *argv[] = { "proxy", "81", "127.0.0.1", "80", NULL };

	proxy_main(4, argv);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_echo, NULL) ||
	    pthread_create(&thread, NULL, run_proxy, NULL)) {
		printf("soak: no thread\n");
		return 1;
	}
	return http_main();
}
