/* SPDX-License-Identifier: MIT */
#include "net/socket/sock_stamp.h"

#include <asm/socket.h>
#include <linux/net_tstamp.h>

#include "kernel/task/clock.h"
#include "net/socket/cmsg.h"
#include "net/socket/sock.h"

static void put_stamp(struct sock *sk, struct msg *msg, uint64_t stamp)
{
	bool is_new = sock_flag(sk, SOCK_F_TSTAMP_NEW);
	int64_t t[2] = { stamp / NSEC_PER_SEC, stamp % NSEC_PER_SEC };
	int type;

	if (sock_flag(sk, SOCK_F_RCVTSTAMPNS)) {
		type = is_new ? SO_TIMESTAMPNS_NEW : SO_TIMESTAMPNS_OLD;
	} else {
		type = is_new ? SO_TIMESTAMP_NEW : SO_TIMESTAMP_OLD;
		t[1] /= 1000;
	}
	put_cmsg(msg, SOL_SOCKET, type, t, sizeof(t));
}

/* struct scm_timestamping: by software, none, by the device. */
static void put_stamping(struct sock *sk, struct msg *msg, uint64_t stamp)
{
	int64_t t[6] = { stamp / NSEC_PER_SEC, stamp % NSEC_PER_SEC };
	int type = sock_flag(sk, SOCK_F_TSTAMP_NEW) ? SO_TIMESTAMPING_NEW :
						      SO_TIMESTAMPING_OLD;

	put_cmsg(msg, SOL_SOCKET, type, t, sizeof(t));
}

bool sock_put_stamps(struct sock *sk, struct msg *msg, uint64_t stamp)
{
	bool plain = sock_flag(sk, SOCK_F_RCVTSTAMP);
	bool stamping = (sk->sk_tsflags & SOF_TIMESTAMPING_SOFTWARE) &&
			(plain ||
			 sk->sk_tsflags & SOF_TIMESTAMPING_RX_SOFTWARE);

	if (plain)
		put_stamp(sk, msg, stamp);
	if (stamping)
		put_stamping(sk, msg, stamp);
	return plain || stamping;
}
