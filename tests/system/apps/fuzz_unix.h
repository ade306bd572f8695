/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzer needs to know of AF_UNIX: names, pairs, descriptors in
 * messages. Included once, by fuzz.c.
 */
#ifndef TESTS_SYSTEM_APPS_FUZZ_UNIX_H
#define TESTS_SYSTEM_APPS_FUZZ_UNIX_H

#define NR_NODES 4

static unsigned int unix_type(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	return types[below(3)] | (below(2) ? SOCK_NONBLOCK : 0);
}

static void help_unix_address(long *a, int at)
{
	struct sockaddr_un *sun = (void *)(ARENA + 64);
	unsigned int n = below(2 * NR_NODES);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (n < NR_NODES)
		snprintf(sun->sun_path, 20, "/tmp/fuzz%u", n);
	else
		sun->sun_path[1] = 'a' + n;
	a[at] = (long)sun;
	a[at + 1] = n < NR_NODES ? (long)sizeof(*sun) : 4;
}

/* Descriptors of whatever is open but the console; sockets in flight, too. */
static void help_control(struct msghdr *msg)
{
	struct cmsghdr *c = (void *)(ARENA + 640);
	unsigned int n = below(5);
	int *fds = (int *)(c + 1);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = 1 + below(2);
	c->cmsg_len = CMSG_LEN(c->cmsg_type == 1 ? n * sizeof(int) : 12);
	for (unsigned int i = 0; i < n; i++)
		fds[i] = 3 + (int)below(40);
	msg->msg_control = c;
	msg->msg_controllen = below(4) ? CMSG_SPACE(n * sizeof(int)) :
					 below(80);
}

static void unix_pairs(void)
{
	int s[2];

	for (int i = 0; i < 2; i++)
		if (socketpair(AF_UNIX, unix_type(), 0, s))
			return;
}

/* Nodes stay, and so do sockets in flight until the next one is closed. */
static void unix_forget(void)
{
	char path[20];

	for (int i = 0; i < NR_NODES; i++) {
		snprintf(path, sizeof(path), "/tmp/fuzz%d", i);
		unlink(path);
	}
	close(socket(AF_UNIX, SOCK_STREAM, 0));
}

#endif
