/* SPDX-License-Identifier: MIT */
/*
 * One gibibyte of TCP, round trips and datagrams over 127.0.0.1 or, with an
 * argument, over that address, between two threads; before and after, what
 * the kernel has counted, for tests/system/loopback.t to compare.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK 65536
#define TOTAL (1UL << 30)
#define ROUND_TRIPS 10000

static const char *address = "127.0.0.1";
static uint64_t sent_sum, got_sum;
static size_t got;

static void fail(const char *what)
{
	printf("local: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in name(int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };

	inet_pton(AF_INET, address, &sin.sin_addr);
	return sin;
}

static void show(const char *when, const char *path)
{
	static char text[32768];
	int fd = open(path, O_RDONLY);
	ssize_t n, len = 0;

	if (fd < 0)
		return;
	while ((n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += n;
	close(fd);
	printf("--- %s %s\n%.*s--- end\n", when, path, (int)len, text);
}

static void show_all(const char *when)
{
	show(when, "/proc/net/netstat");
	show(when, "/proc/net/snmp");
	show(when, "/proc/net/pollux");
}

static uint64_t sum(const uint64_t *words, size_t bytes)
{
	uint64_t s = 0;

	for (size_t i = 0; i < bytes / 8; i++)
		s = s * 3 + words[i];
	return s;
}

/* Takes whole blocks, so that both sides sum the same words. */
static void *reader(void *arg)
{
	static uint64_t block[BLOCK / 8];
	int fd = *(int *)arg;

	while (recv(fd, block, BLOCK, MSG_WAITALL) == BLOCK) {
		got_sum += sum(block, BLOCK);
		got += BLOCK;
	}
	return NULL;
}

static void *echo(void *arg)
{
	char c;

	while (recv(*(int *)arg, &c, 1, 0) == 1)
		send(*(int *)arg, &c, 1, 0);
	return NULL;
}

static void pair(int fds[2])
{
	struct sockaddr_in sin = name(0);
	socklen_t len = sizeof(sin);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(l, (struct sockaddr *)&sin, sizeof(sin)) || listen(l, 1) ||
	    getsockname(l, (struct sockaddr *)&sin, &len))
		fail("listen");
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fds[0], (struct sockaddr *)&sin, sizeof(sin)))
		fail("connect");
	fds[1] = accept(l, NULL, NULL);
	close(l);
}

static void stream(void)
{
	static uint64_t block[BLOCK / 8];
	pthread_t thread;
	int fds[2];

	pair(fds);
	pthread_create(&thread, NULL, reader, &fds[1]);
	for (size_t n = 0; n < TOTAL; n += BLOCK) {
		for (size_t i = 0; i < BLOCK / 8; i += 64)
			block[i] = n + i;
		sent_sum += sum(block, BLOCK);
		if (send(fds[0], block, BLOCK, 0) != BLOCK)
			fail("send");
	}
	close(fds[0]);
	pthread_join(thread, NULL);
	close(fds[1]);
	printf("local: %zu bytes, %s\n", got,
	       sent_sum == got_sum ? "intact" : "damaged");
}

static void round_trips(void)
{
	pthread_t thread;
	int fds[2], good = 0;
	char c;

	pair(fds);
	pthread_create(&thread, NULL, echo, &fds[1]);
	for (int i = 0; i < ROUND_TRIPS; i++) {
		c = i;
		send(fds[0], &c, 1, 0);
		good += recv(fds[0], &c, 1, 0) == 1 && c == (char)i;
	}
	shutdown(fds[0], SHUT_WR);
	pthread_join(thread, NULL);
	close(fds[0]);
	close(fds[1]);
	printf("local: %d round trips\n", good);
}

static void datagrams(void)
{
	struct sockaddr_in sin = name(5000);
	int to = socket(AF_INET, SOCK_DGRAM, 0);
	int from = socket(AF_INET, SOCK_DGRAM, 0), good = 0;
	char message[1000] = "", back[1000];

	if (bind(to, (struct sockaddr *)&sin, sizeof(sin)) ||
	    connect(from, (struct sockaddr *)&sin, sizeof(sin)))
		fail("UDP");
	for (int i = 0; i < ROUND_TRIPS; i++) {
		message[0] = i;
		send(from, message, sizeof(message), 0);
		good += recv(to, back, sizeof(back), 0) == sizeof(back) &&
			!memcmp(message, back, sizeof(back));
	}
	close(to);
	close(from);
	printf("local: %d datagrams\n", good);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		address = argv[1];
	sleep(1); /* what start-up has sent has been sent */
	show_all("before");
	stream();
	round_trips();
	datagrams();
	show_all("after");
	return 0;
}
