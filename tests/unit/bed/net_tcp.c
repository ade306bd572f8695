/* SPDX-License-Identifier: MIT */
/*
 * What the tests of TCP begin with: a listener, connections to it, and the
 * proof that nothing is left.
 */
#include "bed/net_tcp.h"

#include <stdlib.h>

#include "kernel/base.h"
#include "lib/tap.h"
#include "net/socket/socket.h"

uint8_t data[1 << 20];
uint8_t buf[1 << 20];
uint16_t next_port = 20000;

static size_t at_start;

int listener(int backlog)
{
	int fd = sys_socket_open(SOCK_STREAM, true);
	int err = sys_set(fd, 1, 2, 1); /* SO_REUSEADDR */

	if (!err)
		err = sys_bind_to(fd, NULL, PORT);
	if (!err)
		err = sys_listen_on(fd, backlog);
	if (err)
		bail_out("listen: %d", err);
	return fd;
}

/* A connection: the accepted socket; p is its peer. */
int accepted(int lfd, struct peer *p)
{
	int fd;

	if (!peer_connect(p, next_port++, PORT))
		bail_out("no handshake");
	fd = sys_accept_from(lfd, true);
	if (fd < 0)
		bail_out("accept: %d", fd);
	return fd;
}

/* All TIME-WAITs pass, all caches of addresses too. */
void forget(void)
{
	bed_sleep(400 * NSEC_PER_SEC);
	bed_forget_sent();
}

void no_leaks(const char *name)
{
	forget();
	is(bed_objects(), at_start, "%s: every object is back", name);
	is(bed_rx_held, 0, "%s: every receive buffer is back", name);
}

bool got_rst(struct peer *p)
{
	while (peer_take(p)) {
		if (p->got_flags & RST)
			return true;
	}
	return false;
}

void begin(void)
{
	srand(1);
	tap_deadline(300);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + (i >> 8);
	bed_init();
	forget();
	at_start = bed_objects();
}

/* Bytes are acknowledged as they come, the window is always open. */
size_t swallow(struct peer *p, uint8_t *to, size_t size, bool *fin)
{
	size_t done = 0;

	*fin = false;
	for (int idle = 0; idle < 3;) {
		size_t n = peer_drain(p, to + done, size - done);

		*fin |= p->got_flags & FIN;
		done += n;
		idle = n ? 0 : idle + 1;
		peer_send(p, ACK, NULL, 0);
		bed_sleep(300 * NSEC_PER_MSEC);
	}
	return done;
}
