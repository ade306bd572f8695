/* SPDX-License-Identifier: MIT */
/*
 * Creation and close of UDP sockets, and the options of level IPPROTO_UDP.
 */
#include "net/dgram/udp.h"

#include <errno.h>
#include <linux/udp.h>

#include "kernel/check.h"
#include "kernel/random.h"
#include "net/dgram/inet_dgram.h"
#include "net/inet/af_inet.h"
#include "net/inet/ip_mcast.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"

struct inet_ports udp_ports;

static struct sock *udp_alloc(void)
{
	struct dgram_sock *ds = dgram_sock_alloc(&udp_prot, IPPROTO_UDP);

	return ds ? dgram_to_sk(ds) : NULL;
}

static void udp_close(struct sock *sk)
{
	struct dgram_sock *ds = dgram_sk(sk);

	udp_drop_cork(ds);
	ip_mcast_drop(&ds->inet);
	inet_release_port(&ds->inet.binding);
	dgram_sock_close(ds);
}

const struct proto udp_prot = {
	.name = "UDP",
	.ports = &udp_ports,
	.alloc = udp_alloc,
	.close = udp_close,
	.connect = inet_dgram_connect_sock,
	.disconnect = inet_dgram_disconnect,
	.sendmsg = udp_sendmsg,
	.recvmsg = udp_recvmsg,
	.queues = dgram_queues,
};

/* ---- Options ------------------------------------------------------------- */

static int set_cork(struct sock *sk, int value)
{
	struct dgram_sock *ds = dgram_sk(sk);

	ds->corked = value;
	return value ? 0 : udp_uncork(ds);
}

static int get_cork(struct sock *sk)
{
	return dgram_sk(sk)->corked;
}

static int set_segment(struct sock *sk, int value)
{
	if (value < 0 || value > UINT16_MAX)
		return -EINVAL;
	dgram_sk(sk)->gso_size = value;
	return 0;
}

static int get_segment(struct sock *sk)
{
	return dgram_sk(sk)->gso_size;
}

static const struct sockopt options[] = {
	INT_OPTION(UDP_CORK, set_cork, get_cork),
	INT_OPTION(UDP_SEGMENT, set_segment, get_segment),
};

static const char *udp_check(void)
{
	return dgram_ports_check(&udp_ports);
}

void udp_init_sockets(void)
{
	static struct inet_protosw protosw __ro_after_init_data = {
		.type = SOCK_DGRAM,
		.protocol = IPPROTO_UDP,
		.prot = &udp_prot,
		.ops = &inet_dgram_ops,
	};
	static struct sockopt_level level __ro_after_init_data = {
		.level = IPPROTO_UDP,
		.family = AF_INET,
		.protocol = IPPROTO_UDP,
		.first = SOCKOPT_INT,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};

	udp_ports.random = random_u32;
	check_register("UDP", udp_check);
	sockopt_register(&level);
	udp_rcv_init();
	inet_register_protosw(&protosw);
}
