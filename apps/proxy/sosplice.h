/* SPDX-License-Identifier: MIT */
/*
 * SO_SPLICE for applications: what arrives on one TCP socket, the source,
 * leaves on another, the drain, inside the kernel.
 *
 *	int drain = fd;
 *	setsockopt(source, SOL_SOCKET, SO_SPLICE, &drain, sizeof(drain));
 *
 * or with a struct splice, for a maximum and an idle time. sp_fd -1 ends the
 * splice. getsockopt() gives the bytes moved by this or the last splice, an
 * int64_t. While it lasts nothing can be read from the source, and arriving
 * bytes wake nobody. When it ends the source becomes readable and, unless its
 * stream just ended, has an error, read with SO_ERROR:
 *
 *	EFBIG		sp_max bytes have been moved
 *	ETIMEDOUT	nothing arrived for sp_idle
 *	EPIPE		the drain can no longer be written to
 *	others		an error of the source or of the drain
 *
 * The end of the stream is not passed on: the application does that with
 * shutdown(2). A socket can be a source and a drain at once, so a proxy makes
 * two splices for each pair of connections. setsockopt() fails with EBUSY when
 * the source or the drain is taken, with ENOTCONN, EPROTONOSUPPORT (TCP only)
 * and EOPNOTSUPP (a listener).
 *
 * OpenBSD and FreeBSD have the option too. On Linux it is ENOPROTOOPT: use
 * splice(2) and a pipe there, as proxy.c does.
 */
#ifndef APPS_PROXY_SOSPLICE_H
#define APPS_PROXY_SOSPLICE_H

#include <stdint.h>
#include <sys/time.h>

#ifndef SO_SPLICE
#define SO_SPLICE 0x1023

struct splice {
	int sp_fd;
	int64_t sp_max; /* bytes, 0: no maximum */
	struct timeval sp_idle; /* 0: for ever */
};
#endif

#endif
