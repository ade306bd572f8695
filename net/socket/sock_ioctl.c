/* SPDX-License-Identifier: MIT */
/*
 * ioctls that every socket has, whatever its protocol: netdevice(7). A
 * protocol is asked first (proto_ops->ioctl). Changing an interface needs a
 * capability that the application does not have: -EPERM. Owns nothing.
 * Thread context.
 */
#include "net/socket/sock_ioctl.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <string.h>

#include "kernel/base.h"
#include "kernel/fs/fcntl.h"
#include "kernel/fs/file.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/clock.h"
#include "net/link/eth.h"
#include "net/link/link.h"
#include "net/socket/sock.h"
#include "net/socket/socket.h"

#define SOCKET_IOCTL 0x89 /* the type of all numbers here */

/* netdevice(7): what goes in and comes out of most. */
struct interface_request { /* struct ifreq */
	char name[IFNAMSIZ];
	union {
		int32_t value;
		uint32_t flags; /* 16 bits of it */
		struct inet_address address;
		struct {
			uint16_t type;
			uint8_t address[14];
		} hardware;
		void *data;
		uint8_t bytes[24];
	};
};
_Static_assert(sizeof(struct interface_request) == 40, "struct ifreq");

struct interface_list { /* struct ifconf */
	int32_t len;
	void *buf;
};

struct arp_request { /* struct arpreq: arp(7) */
	struct inet_address protocol;
	uint16_t type;
	uint8_t hardware[14];
	int32_t flags;
	uint32_t netmask[4];
	char device[IFNAMSIZ];
};

#define MAP_SIZE 21 /* struct ifmap without the hole at its end */
#define ARP_COMPLETE 2 /* ATF_COM */

/* ---- Interfaces: of every family ----------------------------------------- */

/* "eth0:1" is an alias of eth0: the same interface. */
static int find_link(char *name, struct net_link *link)
{
	char *colon = strchr(name, ':');
	unsigned int index;

	if (colon)
		*colon = '\0';
	index = net_link_index(name);
	if (colon)
		*colon = ':';
	if (!index || !net_link_get(index, link))
		return -ENODEV;
	return 0;
}

static long get_name(struct interface_request *req)
{
	struct net_link link;

	if (req->value <= 0 || !net_link_get(req->value, &link))
		return -ENODEV;
	strcpy(req->name, link.name);
	return 0;
}

static void set_hardware(struct interface_request *req,
			 const struct net_link *link)
{
	req->hardware.type = link->type;
	memcpy(req->hardware.address, link->hwaddr, sizeof(link->hwaddr));
}

static long get_link(unsigned int cmd, struct interface_request *req)
{
	struct net_link link;
	int err = find_link(req->name, &link);

	if (err)
		return err;
	switch (cmd) {
	case SIOCGIFFLAGS:
		memcpy(req->bytes, &link.flags, sizeof(uint16_t));
		return 0;
	case SIOCGIFMETRIC:
		req->value = 0;
		return 0;
	case SIOCGIFMTU:
		req->value = link.mtu;
		return 0;
	case SIOCGIFHWADDR:
		set_hardware(req, &link);
		return 0;
	case SIOCGIFINDEX:
		req->value = link.index;
		return 0;
	case SIOCGIFTXQLEN:
		req->value = link.txqlen;
		return 0;
	case SIOCGIFMAP:
		memset(req->bytes, 0, MAP_SIZE);
		return 0;
	case SIOCGIFSLAVE:
		return -EINVAL;
	default: /* for other kinds of devices */
		return -EOPNOTSUPP;
	}
}

static void describe(struct interface_request *req, const struct net_link *link)
{
	memset(req, 0, sizeof(*req));
	strcpy(req->name, link->name);
	req->address.family = AF_INET;
	req->address.addr = link->addr;
}

/* Interfaces with an address, as many as fit; no buffer: the size needed. */
static long get_list(struct interface_list *ulist)
{
	struct interface_request req;
	struct interface_list list;
	struct net_link link;
	int32_t done = 0;

	if (copy_from_user(&list, ulist, sizeof(list)))
		return -EFAULT;
	for (unsigned int i = LINK_LO; net_link_get(i, &link); i++) {
		if (!link.addr)
			continue;
		describe(&req, &link);
		if (list.buf && list.len - done < (int)sizeof(req))
			break;
		if (list.buf &&
		    copy_to_user((char *)list.buf + done, &req, sizeof(req)))
			return -EFAULT;
		done += sizeof(req);
	}
	return put_user(done, &ulist->len);
}

/* ---- ethtool ------------------------------------------------------------- */

static long get_driver(const struct net_link *link, void *udata)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	if (link->index == LINK_LO)
		return -EOPNOTSUPP;
	strcpy(info.driver, "virtio_net");
	strcpy(info.version, "1.0.0");
	return copy_to_user(udata, &info, sizeof(info)) ? -EFAULT : 0;
}

static long get_carrier(const struct net_link *link, void *udata)
{
	struct ethtool_value value = { ETHTOOL_GLINK,
				       !!(link->flags & IFF_LOWER_UP) };

	return copy_to_user(udata, &value, sizeof(value)) ? -EFAULT : 0;
}

/* The queries that need no CAP_NET_ADMIN. */
static bool is_public_question(uint32_t cmd)
{
	switch (cmd) {
	case ETHTOOL_GSET:
	case ETHTOOL_GMSGLVL:
	case ETHTOOL_GRINGPARAM:
	case ETHTOOL_GPAUSEPARAM:
	case ETHTOOL_GSTRINGS:
	case ETHTOOL_GSTATS:
	case ETHTOOL_GSSET_INFO:
	case ETHTOOL_GFEATURES:
	case ETHTOOL_GCHANNELS:
	case ETHTOOL_GET_TS_INFO:
	case ETHTOOL_GLINKSETTINGS:
		return true;
	default:
		return false;
	}
}

static long ethtool(struct interface_request *req)
{
	struct net_link link;
	uint32_t cmd;
	int err;

	if (get_user(cmd, (uint32_t *)req->data))
		return -EFAULT;
	err = find_link(req->name, &link);
	if (err)
		return err;
	if (cmd == ETHTOOL_GLINK)
		return get_carrier(&link, req->data);
	if (cmd == ETHTOOL_GDRVINFO)
		return get_driver(&link, req->data);
	return is_public_question(cmd) ? -EOPNOTSUPP : -EPERM;
}

/* ---- Addresses: of Internet sockets -------------------------------------- */

static long get_address(unsigned int cmd, struct interface_request *req)
{
	struct net_link link;
	int err = find_link(req->name, &link);
	struct inet_address a = { .family = AF_INET };

	if (err)
		return err;
	if (!link.addr || strchr(req->name, ':'))
		return -EADDRNOTAVAIL;
	if (cmd == SIOCGIFBRDADDR)
		a.addr = link.broadcast;
	else if (cmd == SIOCGIFNETMASK)
		a.addr = link.netmask;
	else
		a.addr = link.addr;
	req->address = a;
	return 0;
}

static long get_arp(struct arp_request *ureq)
{
	struct arp_request req;
	unsigned int index;

	if (copy_from_user(&req, ureq, sizeof(req)))
		return -EFAULT;
	if (req.protocol.family != AF_INET)
		return -EPFNOSUPPORT;
	req.device[IFNAMSIZ - 1] = '\0';
	index = net_link_index(req.device);
	if (!index)
		return -ENODEV;
	memset(req.hardware, 0, sizeof(req.hardware));
	if (index != LINK_ETH ||
	    !eth_neighbour(req.protocol.addr, req.hardware))
		return -ENXIO;
	req.type = ARPHRD_ETHER;
	req.flags = ARP_COMPLETE;
	return copy_to_user(ureq, &req, sizeof(req)) ? -EFAULT : 0;
}

/*
 * When the datagram last read arrived. Times are kept from the first query on;
 * for a datagram that came earlier the answer is the present time.
 */
static long get_stamp(struct sock *sk, bool ns, void *uarg)
{
	int64_t t[2];

	sock_set_flag(sk, SOCK_F_TIMESTAMP);
	if (!sk->sk_stamp)
		return -ENOENT;
	if (sk->sk_stamp == SOCK_STAMP_UNKNOWN)
		sk->sk_stamp = ktime_get_real_ns();
	t[0] = sk->sk_stamp / NSEC_PER_SEC;
	t[1] = sk->sk_stamp % NSEC_PER_SEC;
	if (!ns)
		t[1] /= NSEC_PER_USEC;
	return copy_to_user(uarg, t, sizeof(t)) ? -EFAULT : 0;
}

static bool is_address_question(unsigned int cmd)
{
	return cmd == SIOCGIFADDR || cmd == SIOCGIFDSTADDR ||
	       cmd == SIOCGIFBRDADDR || cmd == SIOCGIFNETMASK;
}

/* The application may not set routes, addresses or neighbours. */
static long change_inet(unsigned int cmd, void *uarg)
{
	struct interface_request req;

	switch (cmd) {
	case SIOCADDRT:
	case SIOCDELRT:
	case SIOCSIFADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
		return copy_from_user(&req, uarg, sizeof(req)) ? -EFAULT :
								 -EPERM;
	case SIOCDARP:
	case SIOCSARP:
		return -EPERM;
	case SIOCRTMSG:
	case SIOCSIFPFLAGS:
	case SIOCGIFPFLAGS:
		return -EINVAL;
	default:
		return -ENOTTY;
	}
}

static long inet_link_ioctl(struct sock *sk, unsigned int cmd, void *uarg)
{
	struct interface_request req;
	long err;

	if (cmd == SIOCGSTAMP_OLD || cmd == SIOCGSTAMPNS_OLD)
		return get_stamp(sk, cmd == SIOCGSTAMPNS_OLD, uarg);
	if (cmd == SIOCGARP)
		return get_arp(uarg);
	if (!is_address_question(cmd))
		return change_inet(cmd, uarg);
	if (copy_from_user(&req, uarg, sizeof(req)))
		return -EFAULT;
	req.name[IFNAMSIZ - 1] = '\0';
	err = get_address(cmd, &req);
	if (!err && copy_to_user(uarg, &req, sizeof(req)))
		return -EFAULT;
	return err;
}

/* ---- Entry --------------------------------------------------------------- */

static long link_ioctl(unsigned int cmd, struct interface_request *req)
{
	switch (cmd) {
	case SIOCGIFNAME:
		return get_name(req);
	case SIOCETHTOOL:
		return ethtool(req);
	case SIOCGIFFLAGS:
	case SIOCGIFMETRIC:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFINDEX:
	case SIOCGIFTXQLEN:
	case SIOCGIFMAP:
	case SIOCGIFSLAVE:
	case SIOCGHWTSTAMP:
	case SIOCWANDEV:
	case SIOCBONDSLAVEINFOQUERY:
	case SIOCBONDINFOQUERY:
		return get_link(cmd, req);
	case SIOCSIFFLAGS:
	case SIOCSIFMETRIC:
	case SIOCSIFMTU:
	case SIOCSIFNAME:
	case SIOCSIFHWADDR:
	case SIOCSIFHWBROADCAST:
	case SIOCSIFSLAVE:
	case SIOCADDMULTI:
	case SIOCDELMULTI:
	case SIOCSIFTXQLEN:
	case SIOCSIFMAP:
	case SIOCGMIIPHY:
	case SIOCGMIIREG:
	case SIOCSMIIREG:
	case SIOCSHWTSTAMP:
	case SIOCBONDENSLAVE:
	case SIOCBONDRELEASE:
	case SIOCBONDSETHWADDR:
	case SIOCBONDCHANGEACTIVE:
	case SIOCBRADDBR:
	case SIOCBRDELBR:
	case SIOCBRADDIF:
	case SIOCBRDELIF:
		return -EPERM;
	default:
		if (cmd >= SIOCDEVPRIVATE && cmd < SIOCDEVPRIVATE + 16)
			return get_link(cmd, req);
		return -ENOTTY;
	}
}

static long set_owner(struct file *file, const int *uowner)
{
	int owner;

	return get_user(owner, uowner) ? -EFAULT : file_set_owner(file, owner);
}

static long common_ioctl(unsigned int cmd, void *uarg)
{
	struct interface_request req;
	long err;

	if (cmd >> 8 != SOCKET_IOCTL)
		return -ENOTTY;
	if (copy_from_user(&req, uarg, sizeof(req)))
		return -EFAULT;
	req.name[IFNAMSIZ - 1] = '\0';
	err = link_ioctl(cmd, &req);
	if (!err && cmd != SIOCETHTOOL && copy_to_user(uarg, &req, sizeof(req)))
		return -EFAULT;
	return err;
}

long sock_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	void *uarg = (void *)arg;
	long err;

	switch (cmd) {
	case FIOSETOWN:
	case SIOCSPGRP:
		return set_owner(sock->file, uarg);
	case FIOGETOWN:
	case SIOCGPGRP:
		return put_user(sock->file->f_owner, (int *)uarg);
	case SIOCGIFCONF:
		return get_list(uarg);
	}
	err = sock->ops->ioctl(sock, cmd, arg);
	if (err == -ENOTTY && sock->sk->sk_family == AF_INET)
		err = inet_link_ioctl(sock->sk, cmd, uarg);
	return err == -ENOTTY ? common_ioctl(cmd, uarg) : err;
}
