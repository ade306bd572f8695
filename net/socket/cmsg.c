/* SPDX-License-Identifier: MIT */
/*
 * Control messages into and out of the buffers of sendmsg(2) and recvmsg(2).
 * Thread context.
 */
#include "net/socket/cmsg.h"

#include <errno.h>
#include <string.h>

#include "kernel/mm/uaccess.h"

static void move_on(struct msg *msg, size_t n)
{
	n = MIN(n, msg->controllen);
	msg->control = (char *)msg->control + n;
	msg->controllen -= n;
}

void put_cmsg(struct msg *msg, int level, int type, const void *data,
	      size_t len)
{
	struct cmsg cmsg = { sizeof(cmsg) + len, level, type };

	if (!msg->control || msg->controllen < sizeof(cmsg)) {
		msg->flags |= MSG_CTRUNC;
		return;
	}
	if (msg->controllen < cmsg.len) {
		msg->flags |= MSG_CTRUNC;
		cmsg.len = msg->controllen;
	}
	if (copy_to_user(msg->control, &cmsg, sizeof(cmsg)) ||
	    copy_to_user((char *)msg->control + sizeof(cmsg), data,
			 cmsg.len - sizeof(cmsg)))
		return;
	move_on(msg, CMSG_ROOM(len));
}

int next_cmsg(const char **at, size_t *left, struct cmsg *cmsg,
	      const void **data)
{
	size_t n;

	if (!*at || *left < sizeof(*cmsg))
		return 0;
	memcpy(cmsg, *at, sizeof(*cmsg));
	if (cmsg->len < sizeof(*cmsg) || cmsg->len > *left)
		return -EINVAL;
	*data = *at + sizeof(*cmsg);
	n = MIN(ALIGN_UP(cmsg->len, 8), *left);
	*at += n;
	*left -= n;
	return 1;
}
