/* SPDX-License-Identifier: MIT */
/*
 * Control messages, cmsg(3): the format that all families share.
 */
#ifndef NET_SOCKET_CMSG_H
#define NET_SOCKET_CMSG_H

#include "net/socket/socket.h"

struct cmsg { /* struct cmsghdr: the data follow, then padding to 8 */
	size_t len; /* with this header */
	int level;
	int type;
};

#define CMSG_ROOM(n) (sizeof(struct cmsg) + ALIGN_UP((size_t)(n), 8))

/*
 * Receiving: appends to the caller's buffer in ring 3. What does not fit is
 * cut and sets MSG_CTRUNC.
 */
void put_cmsg(struct msg *msg, int level, int type, const void *data,
	      size_t len);

/*
 * Sending: parses the control message at *at of a kernel copy that has *left
 * bytes left, and advances both. 1, 0 at the end, -EINVAL for a bad length.
 */
int next_cmsg(const char **at, size_t *left, struct cmsg *cmsg,
	      const void **data);

#endif
