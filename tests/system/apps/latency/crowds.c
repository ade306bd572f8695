/* SPDX-License-Identifier: MIT */
/* Many who hear of one thing, and much for who is not there. */
#include "latency.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct sockaddr_in address(uint32_t ip, int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip),
	};
}

/* TCP: a peer that has closed, and one that does not read. */
void peers(void)
{
	struct sockaddr_in a = address(INADDR_LOOPBACK, 81);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, peer;
	size_t len = 256 * MIB;
	char *p = map(len, 0);

	need(!bind(listener, (void *)&a, sizeof(a)) && !listen(listener, 9),
	     "listen");
	for (int i = 0; i < 2; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		need(!connect(fd, (void *)&a, sizeof(a)), "connect");
		peer = accept(listener, NULL, NULL);
		if (i)
			close(peer);
		MEASURE(i ? "tcp/nobody" : "tcp/fill",
			send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL));
		if (!i) {
			MEASURE("tcp/peek", recv(peer, p, len, MSG_PEEK));
			MEASURE("tcp/close", close(peer));
		}
		close(fd);
	}
	close(listener);
	munmap(p, len);
}
