/* SPDX-License-Identifier: MIT */
/*
 * The first process of the Linux guest that the benchmark compares with:
 * loads the modules of /modules in the order of /modules/order, gives eth0
 * its address, and becomes the echo server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ADDRESS "10.99.0.2"
#define NETMASK "255.255.0.0"

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char path[128] = "/modules/";
	char *name = path + strlen(path);

	while (order &&
	       fgets(name, sizeof(path) - strlen("/modules/"), order)) {
		int fd;

		name[strcspn(name, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (syscall(SYS_finit_module, fd, "", 0))
			perror(path);
		close(fd);
	}
}

static void set_address(int fd, struct ifreq *ifr, unsigned long what,
			const char *text)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr->ifr_addr;

	sin->sin_family = AF_INET;
	inet_pton(AF_INET, text, &sin->sin_addr);
	if (ioctl(fd, what, ifr))
		perror(text);
}

int main(void)
{
	struct ifreq ifr = { .ifr_name = "eth0" };
	struct rlimit files = { 200000, 200000 };
	int fd;

	load_modules();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	set_address(fd, &ifr, SIOCSIFADDR, ADDRESS);
	set_address(fd, &ifr, SIOCSIFNETMASK, NETMASK);
	ioctl(fd, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		perror("eth0 up");
	setrlimit(RLIMIT_NOFILE, &files);
	execl("/echo", "echo", NULL);
	perror("/echo");
	return 1;
}
