/* SPDX-License-Identifier: MIT */
/*
 * Options of level SOL_SOCKET: socket(7). The table has every option of
 * <asm/socket.h> that this kernel can honour; the others are answered as by a
 * Linux without the feature, never silently accepted. The application has no
 * capabilities: what needs one is -EPERM. Options with a time are in
 * net/socket/sockopt_time.c.
 */
#include "net/socket/sockopt_socket.h"

#include <asm/socket.h>
#include <errno.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <linux/socket.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "net/link/link.h"
#include "net/socket/scm.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"
#include "net/socket/sockopt_time.h"

#define FPROG_SIZE 16 /* struct sock_fprog */
#define PRIORITY_MAX 6 /* above it: CAP_NET_ADMIN */
#define NETNS_COOKIE 1 /* the only network there is */
#define BUF_LOCK_MASK (SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK)

static bool is_inet(const struct sock *sk)
{
	return sk->sk_family == AF_INET;
}

static bool is_tcp(const struct sock *sk)
{
	return is_inet(sk) && sk->sk_type == SOCK_STREAM;
}

/* Options that only families with credentials have. */
static bool may_pass(const struct sock *sk)
{
	return !is_inet(sk);
}

static int get_zero(struct sock *sk)
{
	return 0;
}

static int get_one(struct sock *sk)
{
	return 1;
}

static int set_ignored(struct sock *sk, int value)
{
	return 0;
}

static int set_forbidden(struct sock *sk, int value)
{
	return -EPERM;
}

static int set_debug(struct sock *sk, int value)
{
	return value ? -EACCES : 0;
}

/* Off is always allowed, on needs a capability. */
static int set_off_only(struct sock *sk, int value)
{
	return value ? -EPERM : 0;
}

/* ---- What the socket is -------------------------------------------------- */

static int get_error(struct sock *sk)
{
	return -sock_error(sk);
}

static int get_type(struct sock *sk)
{
	return sk->sk_type;
}

static int get_domain(struct sock *sk)
{
	return sk->sk_family;
}

static int get_protocol(struct sock *sk)
{
	return sk->sk_protocol;
}

static int get_acceptconn(struct sock *sk)
{
	return sk->sk_state == TCP_LISTEN;
}

static int get_cookie(struct sock *sk, struct sockopt_value *out)
{
	uint64_t cookie = sk->sk_socket->ino;

	if (out->room < (int)sizeof(cookie))
		return -EINVAL;
	return sockopt_give(out, &cookie, sizeof(cookie));
}

static int get_netns_cookie(struct sock *sk, struct sockopt_value *out)
{
	uint64_t cookie = NETNS_COOKIE;

	if (out->room != sizeof(cookie))
		return -EINVAL;
	return sockopt_give(out, &cookie, sizeof(cookie));
}

static int get_meminfo(struct sock *sk, struct sockopt_value *out)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	struct sock_queues queues = { 0 };

	if (sk->sk_prot->queues)
		sk->sk_prot->queues(sk, &queues);
	info[SK_MEMINFO_RMEM_ALLOC] = queues.rmem;
	info[SK_MEMINFO_RCVBUF] = sk->sk_rcvbuf;
	info[SK_MEMINFO_WMEM_ALLOC] = queues.wmem;
	info[SK_MEMINFO_SNDBUF] = sk->sk_sndbuf;
	info[SK_MEMINFO_WMEM_QUEUED] = queues.wmem;
	info[SK_MEMINFO_DROPS] = queues.drops;
	return sockopt_give(out, info, sizeof(info));
}

/* ---- The peer ------------------------------------------------------------ */

/* An Internet socket has no peer process. */
static int get_peercred(struct sock *sk, struct sockopt_value *out)
{
	static const struct sock_cred nobody = { 0, UINT32_MAX, UINT32_MAX };

	return sockopt_give(out, &nobody, sizeof(nobody));
}

static int get_peergroups(struct sock *sk, struct sockopt_value *out)
{
	return -ENODATA;
}

static int get_peername(struct sock *sk, struct sockopt_value *out)
{
	struct socket *sock = sk->sk_socket;
	struct sockaddr_any addr;
	int n = sock->ops->getname(sock, &addr, NAME_PEER);

	if (n < 0)
		return -ENOTCONN;
	if (n < out->room)
		return -EINVAL;
	return sockopt_give(out, &addr, out->room);
}

static int set_passcred(struct sock *sk, int value)
{
	if (!may_pass(sk))
		return -EOPNOTSUPP;
	sock_put_flag(sk, SOCK_F_PASSCRED, value);
	return 0;
}

static int get_passcred(struct sock *sk, struct sockopt_value *out)
{
	if (!may_pass(sk))
		return -EOPNOTSUPP;
	return sockopt_give_int(out, sock_flag(sk, SOCK_F_PASSCRED));
}

/* Messages carry no security labels. */
static int set_passsec(struct sock *sk, int value)
{
	if (!may_pass(sk))
		return -EOPNOTSUPP;
	sock_put_flag(sk, SOCK_F_PASSSEC, value);
	return 0;
}

static int get_passsec(struct sock *sk, struct sockopt_value *out)
{
	if (!may_pass(sk))
		return -EOPNOTSUPP;
	return sockopt_give_int(out, sock_flag(sk, SOCK_F_PASSSEC));
}

/* ---- Addresses and paths ------------------------------------------------- */

/* AF_INET has its own rows: net/inet/sockopt_ip.c. */
static int set_reuseport(struct sock *sk, int value)
{
	return value ? -EOPNOTSUPP : 0;
}

/* A socket that is bound to a device may not move without CAP_NET_RAW. */
static int bind_to_index(struct sock *sk, int index)
{
	if (sk->sk_bound_dev_if)
		return -EPERM;
	if (index < 0)
		return -EINVAL;
	sk->sk_bound_dev_if = index;
	return 0;
}

/* The name need not end with NUL; an empty one means no device. */
static int set_bindtodevice(struct sock *sk, const void *val, int len)
{
	char name[IFNAMSIZ] = "";
	int index = 0;

	if (len < 0)
		return -EINVAL;
	memcpy(name, val, MIN(len, IFNAMSIZ - 1));
	if (name[0]) {
		index = net_link_index(name);
		if (!index)
			return -ENODEV;
	}
	return bind_to_index(sk, index);
}

static int get_bindtodevice(struct sock *sk, struct sockopt_value *out)
{
	struct net_link link;

	if (!sk->sk_bound_dev_if)
		return 0;
	if (out->room < IFNAMSIZ)
		return -EINVAL;
	if (!net_link_get(sk->sk_bound_dev_if, &link))
		return -ENODEV;
	return sockopt_give(out, link.name, strlen(link.name) + 1);
}

static int set_bindtoifindex(struct sock *sk, int value)
{
	return bind_to_index(sk, value);
}

static int get_bindtoifindex(struct sock *sk)
{
	return sk->sk_bound_dev_if;
}

static int set_priority(struct sock *sk, int value)
{
	if (value < 0 || value > PRIORITY_MAX)
		return -EPERM;
	sk->sk_priority = value;
	return 0;
}

static int get_priority(struct sock *sk)
{
	return sk->sk_priority;
}

/* Kept only: there is one path to each peer, so nothing is rehashed. */
static int set_txrehash(struct sock *sk, int value)
{
	if (!is_tcp(sk))
		return -EOPNOTSUPP;
	if (value < -1 || value > 1)
		return -EINVAL;
	sk->sk_txrehash = value == -1 ? 1 : value;
	return 0;
}

static int get_txrehash(struct sock *sk, struct sockopt_value *out)
{
	if (!is_tcp(sk))
		return -EOPNOTSUPP;
	return sockopt_give_int(out, sk->sk_txrehash);
}

static int set_incoming_cpu(struct sock *sk, int value)
{
	sk->sk_incoming_cpu = value;
	return 0;
}

/* There is one CPU, and it receives everything. */
static int get_incoming_cpu(struct sock *sk)
{
	if (is_tcp(sk) && sk->sk_state != TCP_CLOSE &&
	    sk->sk_state != TCP_LISTEN)
		return 0;
	return sk->sk_incoming_cpu;
}

static int set_busy_poll(struct sock *sk, int value)
{
	if (value < 0)
		return -EINVAL;
	sk->sk_ll_usec = value;
	return 0;
}

static int get_busy_poll(struct sock *sk)
{
	return sk->sk_ll_usec;
}

static int set_busy_poll_budget(struct sock *sk, int value)
{
	if (value < 0 || value > UINT16_MAX)
		return -EINVAL;
	return value ? -EPERM : 0;
}

/* ---- Buffers ------------------------------------------------------------- */

/* Doubled, to allow for overhead, within bounds: socket(7). */
static uint32_t buffer_size(int value, uint32_t least)
{
	uint32_t size = MIN((uint32_t)value, (uint32_t)SOCK_MAX_BUF) * 2;

	return MAX(size, least);
}

static int set_sndbuf(struct sock *sk, int value)
{
	sk->sk_sndbuf = buffer_size(value, SOCK_MIN_SNDBUF);
	sock_set_flag(sk, SOCK_F_SNDBUF_SET);
	sk->sk_write_space(sk);
	return 0;
}

static int get_sndbuf(struct sock *sk)
{
	return sk->sk_sndbuf;
}

static int set_rcvbuf(struct sock *sk, int value)
{
	sk->sk_rcvbuf = buffer_size(value, SOCK_MIN_RCVBUF);
	sock_set_flag(sk, SOCK_F_RCVBUF_SET);
	/* The window may be wider now. */
	if (sk->sk_state == TCP_ESTABLISHED && sk->sk_prot->data_taken)
		sk->sk_prot->data_taken(sk, 0);
	return 0;
}

static int get_rcvbuf(struct sock *sk)
{
	return sk->sk_rcvbuf;
}

static int set_buf_lock(struct sock *sk, int value)
{
	if (value & ~BUF_LOCK_MASK)
		return -EINVAL;
	sock_put_flag(sk, SOCK_F_SNDBUF_SET, value & SOCK_SNDBUF_LOCK);
	sock_put_flag(sk, SOCK_F_RCVBUF_SET, value & SOCK_RCVBUF_LOCK);
	return 0;
}

static int get_buf_lock(struct sock *sk)
{
	return (sock_flag(sk, SOCK_F_SNDBUF_SET) ? SOCK_SNDBUF_LOCK : 0) |
	       (sock_flag(sk, SOCK_F_RCVBUF_SET) ? SOCK_RCVBUF_LOCK : 0);
}

/* On Linux possible only inside a memory cgroup. */
static int set_reserve_mem(struct sock *sk, int value)
{
	return value < 0 ? -EINVAL : -EOPNOTSUPP;
}

static int set_rcvlowat(struct sock *sk, int value)
{
	if (value < 0)
		value = INT_MAX;
	sk->sk_rcvlowat = value ? value : 1;
	return 0;
}

static int get_rcvlowat(struct sock *sk)
{
	return sk->sk_rcvlowat;
}

/* ---- Filters: there is no BPF ------------------------------------------- */

static int no_filter(struct sock *sk, const void *val, int len)
{
	if (is_tcp(sk))
		return -EPERM;
	return len == FPROG_SIZE ? -ENOPROTOOPT : -EINVAL;
}

static int no_reuseport_filter(struct sock *sk, const void *val, int len)
{
	return len == FPROG_SIZE ? -ENOPROTOOPT : -EINVAL;
}

/* The value is a BPF program's descriptor, which no descriptor here is. */
static int no_program(struct sock *sk, const void *val, int len)
{
	struct file *file;
	int fd;

	if (len != sizeof(fd))
		return -EINVAL;
	memcpy(&fd, val, sizeof(fd));
	file = fget(the_process()->files, fd);
	if (!file)
		return -EBADF;
	fput(file);
	return -EINVAL;
}

static int no_filter_there(struct sock *sk, int value)
{
	return sock_flag(sk, SOCK_F_FILTER_LOCKED) ? -EPERM : -ENOENT;
}

static int detach_reuseport_filter(struct sock *sk, int value)
{
	return -EINVAL;
}

static int get_nothing(struct sock *sk, struct sockopt_value *out)
{
	return 0;
}

/* The lock cannot be undone. */
static int lock_filter(struct sock *sk, int value)
{
	if (sock_flag(sk, SOCK_F_FILTER_LOCKED) && !value)
		return -EPERM;
	sock_put_flag(sk, SOCK_F_FILTER_LOCKED, value);
	return 0;
}

static int get_filter_lock(struct sock *sk)
{
	return sock_flag(sk, SOCK_F_FILTER_LOCKED);
}

/* ---- Options that would change sending ----------------------------------- */

/* It would need completion messages. */
static int set_zerocopy(struct sock *sk, int value)
{
	return -EOPNOTSUPP;
}

/* There is no pacing, so only the unlimited rate is accepted. */
static int set_pacing_rate(struct sock *sk, const void *val, int len)
{
	uint64_t rate = 0;

	memcpy(&rate, val, MIN(len, (int)sizeof(rate)));
	if (len < (int)sizeof(rate) && (uint32_t)rate == UINT32_MAX)
		rate = UINT64_MAX;
	return rate == UINT64_MAX ? 0 : -ENOPROTOOPT;
}

static int get_pacing_rate(struct sock *sk, struct sockopt_value *out)
{
	uint64_t rate = UINT64_MAX;

	return sockopt_give(out, &rate,
			    out->room < (int)sizeof(rate) ? 4 : sizeof(rate));
}

static const struct sockopt options[] = {
	INT_OPTION(SO_DEBUG, set_debug, get_zero),
	BIT_OPTION(SO_REUSEADDR, SOCK_F_REUSE),
	INT_OPTION(SO_TYPE, NULL, get_type),
	INT_OPTION(SO_ERROR, NULL, get_error),
	BIT_OPTION(SO_DONTROUTE, SOCK_F_DONTROUTE),
	BIT_OPTION(SO_BROADCAST, SOCK_F_BROADCAST),
	INT_OPTION(SO_SNDBUF, set_sndbuf, get_sndbuf),
	INT_OPTION(SO_RCVBUF, set_rcvbuf, get_rcvbuf),
	INT_OPTION(SO_SNDBUFFORCE, set_forbidden, NULL),
	INT_OPTION(SO_RCVBUFFORCE, set_forbidden, NULL),
	BIT_OPTION(SO_KEEPALIVE, SOCK_F_KEEPALIVE),
	BIT_OPTION(SO_OOBINLINE, SOCK_F_URGINLINE),
	BIT_OPTION(SO_NO_CHECK, SOCK_F_NO_CHECK),
	INT_OPTION(SO_PRIORITY, set_priority, get_priority),
	STRUCT_OPTION(SO_LINGER, 8, sock_set_linger, sock_get_linger),
	INT_OPTION(SO_BSDCOMPAT, set_ignored, get_zero),
	INT_OPTION(SO_REUSEPORT, set_reuseport, get_zero),
	MIX_OPTION(SO_PASSCRED, set_passcred, get_passcred),
	RAW_OPTION(SO_PEERCRED, NULL, get_peercred),
	INT_OPTION(SO_RCVLOWAT, set_rcvlowat, get_rcvlowat),
	INT_OPTION(SO_SNDLOWAT, NULL, get_one),
	STRUCT_OPTION(SO_RCVTIMEO_OLD, 16, sock_set_rcvtimeo,
		      sock_get_rcvtimeo),
	STRUCT_OPTION(SO_SNDTIMEO_OLD, 16, sock_set_sndtimeo,
		      sock_get_sndtimeo),
	{
		.name = SO_BINDTODEVICE,
		.no_int = true,
		.reads = IFNAMSIZ - 1,
		.set_raw = set_bindtodevice,
		.get_raw = get_bindtodevice,
	},
	STRUCT_OPTION(SO_ATTACH_FILTER, FPROG_SIZE, no_filter, get_nothing),
	INT_OPTION(SO_DETACH_FILTER, no_filter_there, NULL),
	RAW_OPTION(SO_PEERNAME, NULL, get_peername),
	MIX_OPTION(SO_TIMESTAMP_OLD, sock_set_timestamp, sock_get_timestamp),
	INT_OPTION(SO_ACCEPTCONN, NULL, get_acceptconn),
	MIX_OPTION(SO_PASSSEC, set_passsec, get_passsec),
	MIX_OPTION(SO_TIMESTAMPNS_OLD, sock_set_timestampns,
		   sock_get_timestampns),
	INT_OPTION(SO_MARK, set_forbidden, get_zero),
	STRUCT_OPTION(SO_TIMESTAMPING_OLD, 8, sock_set_timestamping,
		      sock_get_timestamping),
	INT_OPTION(SO_PROTOCOL, NULL, get_protocol),
	INT_OPTION(SO_DOMAIN, NULL, get_domain),
	BIT_OPTION(SO_RXQ_OVFL, SOCK_F_RXQ_OVFL),
	BIT_OPTION(SO_WIFI_STATUS, SOCK_F_WIFI_STATUS),
	BIT_OPTION(SO_NOFCS, SOCK_F_NOFCS),
	INT_OPTION(SO_LOCK_FILTER, lock_filter, get_filter_lock),
	BIT_OPTION(SO_SELECT_ERR_QUEUE, SOCK_F_SELECT_ERR_QUEUE),
	INT_OPTION(SO_BUSY_POLL, set_busy_poll, get_busy_poll),
	STRUCT_OPTION(SO_MAX_PACING_RATE, 8, set_pacing_rate, get_pacing_rate),
	INT_OPTION(SO_INCOMING_CPU, set_incoming_cpu, get_incoming_cpu),
	RAW_OPTION(SO_ATTACH_BPF, no_program, NULL),
	STRUCT_OPTION(SO_ATTACH_REUSEPORT_CBPF, FPROG_SIZE, no_reuseport_filter,
		      NULL),
	RAW_OPTION(SO_ATTACH_REUSEPORT_EBPF, no_program, NULL),
	INT_OPTION(SO_CNX_ADVICE, set_ignored, NULL),
	RAW_OPTION(SO_MEMINFO, NULL, get_meminfo),
	INT_OPTION(SO_INCOMING_NAPI_ID, NULL, get_zero),
	RAW_OPTION(SO_COOKIE, NULL, get_cookie),
	RAW_OPTION(SO_PEERGROUPS, NULL, get_peergroups),
	INT_OPTION(SO_ZEROCOPY, set_zerocopy, get_zero),
	INT_OPTION(SO_BINDTOIFINDEX, set_bindtoifindex, get_bindtoifindex),
	MIX_OPTION(SO_TIMESTAMP_NEW, sock_set_timestamp_new,
		   sock_get_timestamp_new),
	MIX_OPTION(SO_TIMESTAMPNS_NEW, sock_set_timestampns_new,
		   sock_get_timestampns_new),
	STRUCT_OPTION(SO_TIMESTAMPING_NEW, 8, sock_set_timestamping_new,
		      sock_get_timestamping_new),
	STRUCT_OPTION(SO_RCVTIMEO_NEW, 16, sock_set_rcvtimeo,
		      sock_get_rcvtimeo),
	STRUCT_OPTION(SO_SNDTIMEO_NEW, 16, sock_set_sndtimeo,
		      sock_get_sndtimeo),
	INT_OPTION(SO_DETACH_REUSEPORT_BPF, detach_reuseport_filter, NULL),
	INT_OPTION(SO_PREFER_BUSY_POLL, set_off_only, get_zero),
	INT_OPTION(SO_BUSY_POLL_BUDGET, set_busy_poll_budget, NULL),
	RAW_OPTION(SO_NETNS_COOKIE, NULL, get_netns_cookie),
	INT_OPTION(SO_BUF_LOCK, set_buf_lock, get_buf_lock),
	INT_OPTION(SO_RESERVE_MEM, set_reserve_mem, get_zero),
	MIX_OPTION(SO_TXREHASH, set_txrehash, get_txrehash),
	BIT_OPTION(SO_RCVMARK, SOCK_F_RCVMARK),
};

void sockopt_socket_init(void)
{
	static struct sockopt_level socket __ro_after_init_data = {
		.level = SOL_SOCKET,
		.first = SOCKOPT_INT,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};

	sockopt_register(&socket);
}
