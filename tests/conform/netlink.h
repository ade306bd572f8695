/* SPDX-License-Identifier: MIT */
/*
 * Requests to NETLINK_ROUTE and what comes back, for the programs about it.
 */
#ifndef TESTS_CONFORM_NETLINK_H
#define TESTS_CONFORM_NETLINK_H

#include <stdint.h>

#include "sockets.h"

/* netlink(7), rtnetlink(7): musl's compiler finds no <linux/...> */
#define NL_ERROR 2
#define NL_DONE 3
#define NEWLINK 16
#define GETLINK 18
#define SETLINK 19
#define NEWADDR 20
#define GETADDR 22
#define NEWROUTE 24
#define DELROUTE 25
#define GETROUTE 26
#define GETNEIGH 30
#define GETRULE 34
#define REQUEST 1
#define MULTI 2
#define ACK 4
#define DUMP 0x300
#define CAPPED 0x100
#define NETLINK_LEVEL 270
#define ADD_MEMBERSHIP 1
#define DROP_MEMBERSHIP 2
#define NO_ENOBUFS 5
#define LIST_MEMBERSHIPS 9
#define CAP_ACK 10
#define EXT_ACK 11
#define STRICT_CHK 12

struct name {
	uint16_t family, zero;
	uint32_t portid, groups;
};

struct header {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, portid;
};

static char answer[65536];
static struct {
	struct header h;
	unsigned char payload[256];
} ask;

static inline int open_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static inline struct name own(int fd)
{
	struct name n;
	socklen_t len = sizeof(n);

	getsockname(fd, (struct sockaddr *)&n, &len);
	return n;
}

static inline int bind_name(int fd, uint32_t portid, uint32_t groups)
{
	struct name n = { AF_NETLINK, 0, portid, groups };

	return result(bind(fd, (struct sockaddr *)&n, sizeof(n)));
}

/* A request with a payload of len bytes, the first of them the family. */
static inline void prepare(int type, int flags, int len, int family)
{
	memset(&ask, 0, sizeof(ask));
	ask.h.len = sizeof(ask.h) + len;
	ask.h.type = type;
	ask.h.flags = flags;
	ask.h.seq = 4711;
	ask.payload[0] = family;
}

static inline int send_request(int fd)
{
	return result(send(fd, &ask, ask.h.len, 0));
}

static inline int next_answer(int fd)
{
	memset(answer, 0, sizeof(answer));
	return result(recv(fd, answer, sizeof(answer), MSG_DONTWAIT));
}

static inline struct header *first_answer(int fd)
{
	next_answer(fd);
	return (struct header *)answer;
}

static inline int error_of(const struct header *h)
{
	return h->type == NL_ERROR || h->type == NL_DONE ? *(int *)(h + 1) : 1;
}

/* The error that a request gets, 1: another answer, 2: none. */
static inline int try(int fd, int type, int flags, int len, int family)
{
	int error;

	prepare(type, flags, len, family);
	send_request(fd);
	error = next_answer(fd) < 0 ? 2 : error_of((struct header *)answer);
	while (next_answer(fd) >= 0)
		;
	return error;
}

/* An attribute of a message whose own header has skip bytes. */
static inline const void *attribute(const struct header *h, int skip, int type,
				    int *len)
{
	const char *at = (const char *)(h + 1) + skip;
	const char *end = (const char *)h + h->len;

	while (at + 4 <= end) {
		uint16_t size, kind;

		memcpy(&size, at, 2);
		memcpy(&kind, at + 2, 2);
		if (size < 4)
			break;
		if ((kind & 0x3fff) == type) {
			*len = size - 4;
			return at + 4;
		}
		at += (size + 3) & ~3;
	}
	return NULL;
}

#endif
