/* SPDX-License-Identifier: MIT */
/*
 * What the programs about datagrams share.
 */
#ifndef TESTS_CONFORM_UDP_H
#define TESTS_CONFORM_UDP_H

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "sockets.h"

#define SA(addr) ((struct sockaddr *)&(addr)), sizeof(addr)

/* ip(7); musl's compiler finds none of the kernel's own headers. */
struct extended_err {
	uint32_t err;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};

struct pktinfo {
	int ifindex;
	struct in_addr spec_dst;
	struct in_addr addr;
};

static inline struct sockaddr_in at(const char *addr, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = inet_addr(addr);
	a.sin_port = htons(port);
	return a;
}

static inline int udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		exit(9);
	return fd;
}

/* A socket that is bound to an address, any port. */
static inline int udp_at(const char *addr)
{
	struct sockaddr_in a = at(addr, 0);
	int fd = udp();

	if (bind(fd, SA(a)))
		exit(9);
	return fd;
}

/* The text of a socket's own address, with '*' for any port but 0. */
static inline const char *name_of(int fd)
{
	static char text[64];
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len))
		return "error";
	snprintf(text, sizeof(text), "%s:%s", inet_ntoa(a.sin_addr),
		 a.sin_port ? "*" : "0");
	return text;
}

static inline long send_to(int fd, const char *addr, int port, const char *text)
{
	struct sockaddr_in a = at(addr, port);

	return result(sendto(fd, text, strlen(text), 0, SA(a)));
}

/* What a read that does not wait gives: -errno, or the text in buf. */
static inline long take(int fd, char *buf, size_t size)
{
	long n = result(recv(fd, buf, size - 1, MSG_DONTWAIT));

	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* One message with its control messages; recv_msg() may be called again. */
struct received {
	char data[128];
	char control[512];
	struct sockaddr_in from;
	struct iovec iov;
	struct msghdr hdr;
};

static inline long recv_msg(int fd, struct received *r, int flags)
{
	memset(r, 0, sizeof(*r));
	r->iov = (struct iovec){ r->data, sizeof(r->data) - 1 };
	r->hdr = (struct msghdr){ .msg_name = &r->from,
				  .msg_namelen = sizeof(r->from),
				  .msg_iov = &r->iov,
				  .msg_iovlen = 1,
				  .msg_control = r->control,
				  .msg_controllen = sizeof(r->control) };
	return result(recvmsg(fd, &r->hdr, flags | MSG_DONTWAIT));
}

/* The data of a control message, or NULL; *len is theirs. */
static inline const void *control(struct received *r, int level, int type,
				  size_t *len)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(&r->hdr); c; c = CMSG_NXTHDR(&r->hdr, c)) {
		if (c->cmsg_level == level && c->cmsg_type == type) {
			*len = c->cmsg_len - CMSG_LEN(0);
			return CMSG_DATA(c);
		}
	}
	*len = 0;
	return NULL;
}

static inline int controls(struct received *r)
{
	struct cmsghdr *c;
	int n = 0;

	for (c = CMSG_FIRSTHDR(&r->hdr); c; c = CMSG_NXTHDR(&r->hdr, c))
		n++;
	return n;
}

/* sendmsg(2) with one control message. */
static inline long send_cmsg(int fd, const struct sockaddr_in *to, int level,
			     int type, const void *data, size_t len)
{
	char space[256] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr m = { .msg_name = (void *)to,
			    .msg_namelen = to ? sizeof(*to) : 0,
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = space,
			    .msg_controllen = CMSG_SPACE(len) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	return result(sendmsg(fd, &m, 0));
}

#endif
