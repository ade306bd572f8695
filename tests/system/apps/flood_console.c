/* SPDX-License-Identifier: MIT */
/*
 * Prints without end in one thread while another serves: each byte that comes
 * to port 7 is answered by how much has been printed.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile unsigned long printed;

static void *print(void *arg)
{
	static char line[1000];

	memset(line, '.', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (;;) {
		ssize_t n = write(1, line, sizeof(line));

		if (n > 0)
			printed += n;
	}
	return NULL;
}

int main(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(7) };
	int l = socket(AF_INET, SOCK_STREAM, 0), fd;
	pthread_t thread;
	char byte, text[32];

	bind(l, (struct sockaddr *)&any, sizeof(any));
	listen(l, 5);
	write(1, "console: ready\n", 15);
	fd = accept(l, NULL, NULL);
	pthread_create(&thread, NULL, print, NULL);
	while (read(fd, &byte, 1) == 1) {
		int n = sprintf(text, "%lu\n", printed);

		write(fd, text, n);
	}
	return 0;
}
