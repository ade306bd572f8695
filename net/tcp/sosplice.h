/* SPDX-License-Identifier: MIT */
/*
 * SO_SPLICE: the kernel sends what arrives on one TCP socket on another, as
 * OpenBSD and FreeBSD do (setsockopt(2) there). The option's number is
 * OpenBSD's; Linux has no such option.
 *
 * setsockopt() on the source names the drain and starts; -1 ends. A source is
 * not readable. The splice ends by itself with the end of the stream or an
 * error of the source, which the application then sees as usual; with an error
 * of the drain, EPIPE when that cannot send any more, EFBIG when the maximum
 * has been moved, ETIMEDOUT when nothing moved for sp_idle: these become the
 * source's error. A socket may be a source and a drain at once.
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
	int32_t sp_fd; /* the drain; -1: ends the splice */
	int32_t pad;
	int64_t sp_max; /* bytes, 0: no limit */
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

/* Whether received data belongs to a splice. */
bool sosplice_is_source(const struct sock *sk);
/* Waits until sk is no source: 0, -EAGAIN, -ERESTARTSYS. */
int sosplice_wait(struct sock *sk, uint64_t deadline);
/* Ends sk's splices before it is closed or disconnected. */
void sosplice_release(struct sock *sk);
/* At the start: registers the option, and the stage of the net softirq. */
void sosplice_init(void);

#endif
