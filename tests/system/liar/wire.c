/* SPDX-License-Identifier: MIT */
/* Frames from and to a stream. */
#include "wire.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void wire_connect(struct wire *w, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	w->have = w->taken = w->waiting = 0;
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(w->fd, (void *)&sun, sizeof(sun)))
		err(1, "%s", path);
}

void wire_read(struct wire *w)
{
	ssize_t n;

	memmove(w->in, w->in + w->taken, w->have - w->taken);
	w->have -= w->taken;
	w->taken = 0;
	if (w->have == sizeof(w->in))
		return;
	n = recv(w->fd, w->in + w->have, sizeof(w->in) - w->have, MSG_DONTWAIT);
	if (!n || (n < 0 && errno != EAGAIN))
		exit(0);
	if (n > 0)
		w->have += n;
}

const uint8_t *wire_next(struct wire *w, size_t *len)
{
	const uint8_t *at = w->in + w->taken;
	uint32_t size;

	if (w->have - w->taken < sizeof(size))
		return NULL;
	memcpy(&size, at, sizeof(size));
	size = ntohl(size);
	if (size > WIRE_FRAME_MAX)
		errx(1, "a frame of %u bytes from the network", size);
	if (w->have - w->taken < sizeof(size) + size)
		return NULL;
	w->taken += sizeof(size) + size;
	*len = size;
	return at + sizeof(size);
}

void wire_flush(struct wire *w)
{
	ssize_t n;

	if (!w->waiting)
		return;
	n = send(w->fd, w->out, w->waiting, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		exit(0);
	if (n > 0) {
		w->waiting -= n;
		memmove(w->out, w->out + n, w->waiting);
	}
}

void wire_send(struct wire *w, const void *frame, size_t len)
{
	uint32_t size = htonl(len);

	if (w->waiting + sizeof(size) + len > sizeof(w->out))
		wire_flush(w);
	if (w->waiting + sizeof(size) + len > sizeof(w->out))
		return;
	memcpy(w->out + w->waiting, &size, sizeof(size));
	memcpy(w->out + w->waiting + sizeof(size), frame, len);
	w->waiting += sizeof(size) + len;
}
