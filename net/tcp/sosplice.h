/* SPDX-License-Identifier: MIT */
/*
 * SO_SPLICE: what arrives on one TCP socket leaves on another without the
 * application, as OpenBSD and FreeBSD have it (setsockopt(2) there). The
 * number is OpenBSD's; Linux has no such option.
 *
 * setsockopt() of the source names the drain and starts; -1 ends. While a
 * socket is a source, it is not readable. The splice ends by itself with the
 * end of the stream or an error of the source, which are then seen as ever;
 * with an error of the drain, EPIPE when it takes no more, EFBIG when the
 * maximum has been moved, ETIMEDOUT when nothing moved for so long: those
 * become the source's error. A socket may be a source and a drain at once.
 */
#ifndef NET_TCP_SOSPLICE_H
#define NET_TCP_SOSPLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sock;

#define SO_SPLICE 0x1023

/* The option's value; a mere int is sp_fd. */
struct sosplice_request {
	int32_t sp_fd; /* the drain; -1: no more */
	int32_t pad;
	int64_t sp_max; /* bytes, 0: no end */
	struct {
		int64_t tv_sec;
		int64_t tv_usec;
	} sp_idle; /* 0: for ever */
};

/*
 * Setting it: -EBADF, -ENOTSOCK, -EINVAL, -EPROTONOSUPPORT (not both TCP),
 * -EOPNOTSUPP (a listener), -ENOTCONN, -EBUSY (spliced already), -ENOMEM.
 * Getting it gives the bytes moved by this or the last splice, an int64_t.
 */

/* Whether what arrives belongs to a splice. */
bool sosplice_is_source(const struct sock *sk);
/* Waits until it does not: 0, -EAGAIN, -ERESTARTSYS. */
int sosplice_wait(struct sock *sk, uint64_t deadline);
/* The sock is about to be closed or disconnected: its splices end. */
void sosplice_release(struct sock *sk);
/* At the start: the option, and the turn in the net softirq. */
void sosplice_init(void);

#endif
