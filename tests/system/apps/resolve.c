/* SPDX-License-Identifier: MIT */
/*
 * Resolves each argument as any program does, getaddrinfo(3), and prints what
 * came of it, a line each: "name: 10.0.0.1 10.0.0.2" or "name: the error". An
 * argument that begins with '/' is a file to print.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void print_file(const char *path)
{
	char line[256];
	FILE *f = fopen(path, "r");

	if (!f) {
		printf("%s: not there\n", path);
		return;
	}
	while (fgets(line, sizeof(line), f))
		printf("%s: %s", path, line);
	fclose(f);
}

static void resolve(const char *name)
{
	struct addrinfo hints = { .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *i;
	char text[INET_ADDRSTRLEN];
	int err = getaddrinfo(name, "80", &hints, &list);

	printf("%s:", name);
	if (err) {
		printf(" error %d\n", err);
		return;
	}
	for (i = list; i; i = i->ai_next) {
		struct sockaddr_in *a = (struct sockaddr_in *)i->ai_addr;

		printf(" %s",
		       inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text)));
	}
	printf("\n");
	freeaddrinfo(list);
}

int main(int argc, char **argv)
{
	char name[65] = "";

	gethostname(name, sizeof(name) - 1);
	printf("this is %s\n", name);
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '/')
			print_file(argv[i]);
		else
			resolve(argv[i]);
	}
	return 0;
}
