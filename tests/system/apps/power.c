/* SPDX-License-Identifier: MIT */
/*
 * What an application may do about the power button, by its first argument:
 *   default   nothing
 *   spin      nothing, and does not sleep either
 *   exit      ends with 0 by itself
 *   handle    a handler, ends with 0
 *   signalfd  the signal is blocked and comes by a descriptor in an epoll set
 *   count N   a handler counts; after N signals it ends with 0
 *   pending   blocks it until told on the console, and counts what was kept
 *   linger A P  ends with 5, with data for port P of A, which nobody takes
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t signals;
static volatile sig_atomic_t code;

static void on_term(int sig, siginfo_t *info, void *context)
{
	signals++;
	code = info->si_code;
}

static void catch_term(void)
{
	struct sigaction action = { .sa_sigaction = on_term,
				    .sa_flags = SA_SIGINFO };

	sigaction(SIGTERM, &action, NULL);
}

static void say(const char *word)
{
	printf("power: %s\n", word);
	fflush(stdout);
}

static void wait_for_byte(void)
{
	char byte;

	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
}

static void block_term(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(how, &set, NULL);
}

static int by_default(bool sleeps)
{
	static volatile bool yes = true;

	say("ready");
	while (yes)
		if (sleeps)
			pause();
	return 1;
}

static int count(int wanted)
{
	catch_term();
	say("ready");
	for (int told = 0; told < wanted;) {
		if (signals == told) {
			usleep(1000);
			continue;
		}
		told = signals;
		printf("power: signal %d code %#x\n", told, code);
		fflush(stdout);
	}
	return 0;
}

static int by_signalfd(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct signalfd_siginfo info;
	int ep = epoll_create1(0), fd;
	sigset_t set;

	block_term(SIG_BLOCK);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	say("ready");
	if (epoll_wait(ep, &event, 1, -1) != 1 ||
	    read(fd, &info, sizeof(info)) != sizeof(info))
		return 1;
	printf("power: signalfd %u code %#x\n", info.ssi_signo, info.ssi_code);
	return 0;
}

static int pending(void)
{
	block_term(SIG_BLOCK);
	catch_term();
	say("ready");
	wait_for_byte();
	block_term(SIG_UNBLOCK);
	printf("power: kept %d\n", signals);
	return 0;
}

/*
 * Sends until the other end takes no more. The signal is blocked, so that it
 * is its own end, and not the button's, that the kernel sees.
 */
static int linger(const char *address, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(atoi(port)),
				  .sin_addr.s_addr = inet_addr(address) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	static char block[65536];

	block_term(SIG_BLOCK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return 1;
	for (int idle = 0; idle < 100; idle++) {
		while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
			idle = 0;
		usleep(10000);
	}
	say("ends");
	return 5;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "default";

	if (!strcmp(how, "handle"))
		return count(1);
	if (!strcmp(how, "count"))
		return count(atoi(argv[2]));
	if (!strcmp(how, "signalfd"))
		return by_signalfd();
	if (!strcmp(how, "pending"))
		return pending();
	if (!strcmp(how, "linger"))
		return linger(argv[2], argv[3]);
	if (!strcmp(how, "exit"))
		return say("ready"), 0;
	return by_default(strcmp(how, "spin"));
}
