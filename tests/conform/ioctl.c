/* SPDX-License-Identifier: MIT */
/*
 * ioctls on sockets that ask about interfaces, for a user without
 * capabilities: netdevice(7). Of the interfaces only lo is the same on every
 * machine.
 */
#define _GNU_SOURCE
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "sockets.h"

#define ETHTOOL 0x8946
#define GET_LINK 0xa /* ETHTOOL_GLINK */
#define GET_ARP 0x8954

static struct ifreq req;

static int ask(int fd, int cmd, const char *name)
{
	memset(&req, 0, sizeof(req));
	strncpy(req.ifr_name, name, IFNAMSIZ);
	return result(ioctl(fd, cmd, &req));
}

static unsigned int address(void)
{
	struct sockaddr_in *a = (struct sockaddr_in *)&req.ifr_addr;

	return a->sin_family == AF_INET && !a->sin_port ?
		       ntohl(a->sin_addr.s_addr) :
		       0xdead;
}

static void test_link(int fd, const char *kind)
{
	char title[80];

#define TITLE(text) (sprintf(title, "%s: %s", kind, text), title)
	is(ask(fd, SIOCGIFINDEX, "lo"), 0, TITLE("SIOCGIFINDEX"));
	is(req.ifr_ifindex, 1, TITLE("lo is number 1"));
	is(ask(fd, SIOCGIFFLAGS, "lo"), 0, TITLE("SIOCGIFFLAGS"));
	is(req.ifr_flags, IFF_UP | IFF_LOOPBACK | IFF_RUNNING,
	   TITLE("flags of lo"));
	is(ask(fd, SIOCGIFMTU, "lo"), 0, TITLE("SIOCGIFMTU"));
	is(req.ifr_mtu, 65536, TITLE("MTU of lo"));
	is(ask(fd, SIOCGIFMETRIC, "lo"), 0, TITLE("SIOCGIFMETRIC"));
	is(req.ifr_metric, 0, TITLE("metric of lo"));
	is(ask(fd, SIOCGIFHWADDR, "lo"), 0, TITLE("SIOCGIFHWADDR"));
	is(req.ifr_hwaddr.sa_family, 772, TITLE("kind of lo"));
	ok(!memcmp(req.ifr_hwaddr.sa_data, "\0\0\0\0\0\0", 6),
	   TITLE("hardware address of lo"));
	is(ask(fd, SIOCGIFTXQLEN, "lo"), 0, TITLE("SIOCGIFTXQLEN"));
	is(req.ifr_qlen, 1000, TITLE("queue of lo"));
	is(ask(fd, SIOCGIFMAP, "lo"), 0, TITLE("SIOCGIFMAP"));
	is(ask(fd, SIOCGIFFLAGS, "nosuch"), -ENODEV, TITLE("no such link"));
	is(ask(fd, SIOCGIFFLAGS, "lo:7"), 0, TITLE("an alias is its link"));
	ok(!strcmp(req.ifr_name, "lo:7"), TITLE("the name stays"));
	is(ask(fd, SIOCGIFFLAGS, ""), -ENODEV, TITLE("no name"));
	memset(&req, 0, sizeof(req));
	req.ifr_ifindex = 1;
	is(result(ioctl(fd, SIOCGIFNAME, &req)), 0, TITLE("SIOCGIFNAME"));
	ok(!strcmp(req.ifr_name, "lo"), TITLE("number 1 is lo"));
	req.ifr_ifindex = 0;
	is(result(ioctl(fd, SIOCGIFNAME, &req)), -ENODEV, TITLE("number 0"));
	req.ifr_ifindex = 999999;
	is(result(ioctl(fd, SIOCGIFNAME, &req)), -ENODEV, TITLE("no number"));
	is(result(ioctl(fd, SIOCGIFFLAGS, NULL)), -EFAULT,
	   TITLE("a bad address"));
	is(ask(fd, SIOCSIFFLAGS, "lo"), -EPERM, TITLE("SIOCSIFFLAGS"));
	is(ask(fd, SIOCSIFMTU, "lo"), -EPERM, TITLE("SIOCSIFMTU"));
	is(ask(fd, SIOCSIFNAME, "lo"), -EPERM, TITLE("SIOCSIFNAME"));
	is(ask(fd, SIOCSIFHWADDR, "nosuch"), -EPERM, TITLE("SIOCSIFHWADDR"));
	is(ask(fd, SIOCSIFTXQLEN, "lo"), -EPERM, TITLE("SIOCSIFTXQLEN"));
	is(ask(fd, SIOCADDMULTI, "lo"), -EPERM, TITLE("SIOCADDMULTI"));
	is(ask(fd, SIOCGIFSLAVE, "lo"), -EINVAL, TITLE("SIOCGIFSLAVE"));
	is(ask(fd, 0x89f0, "lo"), -EOPNOTSUPP, TITLE("SIOCDEVPRIVATE"));
	is(ask(fd, 0x89f0, "nosuch"), -ENODEV, TITLE("of no link"));
	is(ask(fd, 0x8925, "lo"), -ENOTTY, TITLE("SIOCGIFENCAP"));
	is(ask(fd, 0x1234, "lo"), -ENOTTY, TITLE("another number"));
	is(result(ioctl(fd, 0x1234, NULL)), -ENOTTY,
	   TITLE("another number, a bad address"));
	is(result(ioctl(fd, 0x8925, NULL)), -EFAULT,
	   TITLE("SIOCGIFENCAP, a bad address"));
}

static void test_address(int fd)
{
	is(ask(fd, SIOCGIFADDR, "lo"), 0, "SIOCGIFADDR");
	is(address(), 0x7f000001, "address of lo");
	is(ask(fd, SIOCGIFDSTADDR, "lo"), 0, "SIOCGIFDSTADDR");
	is(address(), 0x7f000001, "other end of lo");
	is(ask(fd, SIOCGIFNETMASK, "lo"), 0, "SIOCGIFNETMASK");
	is(address(), 0xff000000, "netmask of lo");
	is(ask(fd, SIOCGIFBRDADDR, "lo"), 0, "SIOCGIFBRDADDR");
	is(address(), 0, "lo has no broadcast address");
	is(ask(fd, SIOCGIFADDR, "nosuch"), -ENODEV, "SIOCGIFADDR: no link");
	is(ask(fd, SIOCGIFADDR, "lo:1"), -EADDRNOTAVAIL,
	   "SIOCGIFADDR: no alias");
	is(ask(fd, SIOCSIFADDR, "lo"), -EPERM, "SIOCSIFADDR");
	is(ask(fd, SIOCSIFNETMASK, "lo"), -EPERM, "SIOCSIFNETMASK");
	is(result(ioctl(fd, SIOCSIFADDR, NULL)), -EFAULT,
	   "SIOCSIFADDR: a bad address");
	is(result(ioctl(fd, SIOCADDRT, NULL)), -EFAULT,
	   "SIOCADDRT: a bad address");
	is(ask(fd, SIOCDELRT, "lo"), -EPERM, "SIOCDELRT");
	is(ask(fd, 0x8934, "lo"), -EINVAL, "SIOCSIFPFLAGS");
}

static void test_unix_has_none(int fd)
{
	is(ask(fd, SIOCGIFADDR, "lo"), -ENOTTY, "UNIX: SIOCGIFADDR");
	is(ask(fd, SIOCSIFADDR, "lo"), -ENOTTY, "UNIX: SIOCSIFADDR");
	is(ask(fd, SIOCADDRT, "lo"), -ENOTTY, "UNIX: SIOCADDRT");
	is(ask(fd, GET_ARP, "lo"), -ENOTTY, "UNIX: SIOCGARP");
}

static void test_list(int fd)
{
	struct ifreq list[16] = { 0 };
	struct ifconf conf = { .ifc_len = sizeof(list), .ifc_req = list };
	struct sockaddr_in *a = (struct sockaddr_in *)&list[0].ifr_addr;
	int full;

	memset(list, 0xee, sizeof(list));
	is(result(ioctl(fd, SIOCGIFCONF, &conf)), 0, "SIOCGIFCONF");
	ok(conf.ifc_len > 0 && conf.ifc_len % sizeof(*list) == 0,
	   "SIOCGIFCONF: whole entries");
	full = conf.ifc_len;
	is_str(list[0].ifr_name, "lo", "SIOCGIFCONF: the first is lo");
	is(ntohl(a->sin_addr.s_addr), 0x7f000001,
	   "SIOCGIFCONF: with its address");
	is(a->sin_family, AF_INET, "SIOCGIFCONF: of IPv4");
	conf.ifc_len = 0;
	conf.ifc_buf = NULL;
	is(result(ioctl(fd, SIOCGIFCONF, &conf)), 0,
	   "SIOCGIFCONF: without a buffer");
	is(conf.ifc_len, full, "SIOCGIFCONF: how much it would be");
	conf.ifc_len = sizeof(*list) - 1;
	conf.ifc_req = list;
	is(result(ioctl(fd, SIOCGIFCONF, &conf)), 0, "SIOCGIFCONF: no room");
	is(conf.ifc_len, 0, "SIOCGIFCONF: nothing in no room");
	conf.ifc_len = sizeof(*list) + 3;
	conf.ifc_req = list;
	is(result(ioctl(fd, SIOCGIFCONF, &conf)), 0, "SIOCGIFCONF: for one");
	is(conf.ifc_len, sizeof(*list), "SIOCGIFCONF: one");
	conf.ifc_len = sizeof(list);
	conf.ifc_req = (void *)1;
	is(result(ioctl(fd, SIOCGIFCONF, &conf)), -EFAULT,
	   "SIOCGIFCONF: a bad buffer");
	is(result(ioctl(fd, SIOCGIFCONF, NULL)), -EFAULT,
	   "SIOCGIFCONF: a bad address");
}

static void test_ethtool(int fd)
{
	unsigned int value[2] = { GET_LINK, 7 };

	memset(&req, 0, sizeof(req));
	strcpy(req.ifr_name, "lo");
	req.ifr_data = (void *)value;
	is(result(ioctl(fd, ETHTOOL, &req)), 0, "ETHTOOL_GLINK");
	is(value[1], 1, "ETHTOOL_GLINK: lo is up");
	value[0] = 0x02; /* ETHTOOL_SSET */
	is(result(ioctl(fd, ETHTOOL, &req)), -EPERM, "ETHTOOL_SSET");
	req.ifr_data = (void *)1;
	is(result(ioctl(fd, ETHTOOL, &req)), -EFAULT, "ethtool: bad address");
	strcpy(req.ifr_name, "nosuch");
	req.ifr_data = (void *)value;
	value[0] = GET_LINK;
	is(result(ioctl(fd, ETHTOOL, &req)), -ENODEV, "ethtool: no link");
}

static void test_arp(int fd)
{
	struct {
		struct sockaddr_in address;
		struct sockaddr hardware;
		int flags;
		struct sockaddr netmask;
		char device[16];
	} arp = { .address = local(0), .device = "lo" };

	is(result(ioctl(fd, GET_ARP, &arp)), -ENXIO,
	   "SIOCGARP: not a neighbour");
	strcpy(arp.device, "nosuch");
	is(result(ioctl(fd, GET_ARP, &arp)), -ENODEV,
	   "SIOCGARP: no such device");
	arp.device[0] = '\0';
	is(result(ioctl(fd, GET_ARP, &arp)), -ENODEV, "SIOCGARP: no device");
	arp.address.sin_family = AF_UNIX;
	is(result(ioctl(fd, GET_ARP, &arp)), -EPFNOSUPPORT,
	   "SIOCGARP: another family");
	is(result(ioctl(fd, GET_ARP, NULL)), -EFAULT,
	   "SIOCGARP: a bad address");
	is(result(ioctl(fd, 0x8955, &arp)), -EPERM, "SIOCSARP");
}

static void test_owner(int fd)
{
	int pid = getpid(), nobody = 0x7ffffff0;

	is(result(ioctl(fd, SIOCSPGRP, &nobody)), -ESRCH,
	   "SIOCSPGRP: no such process");
	is(result(ioctl(fd, SIOCSPGRP, &pid)), 0, "SIOCSPGRP: ourselves");
	is(result(ioctl(fd, SIOCGPGRP, &nobody)), 0, "SIOCGPGRP");
	ok(nobody == pid, "SIOCGPGRP: ourselves");
	is(fcntl(fd, F_GETOWN), pid, "F_GETOWN: the same");
	is(fcntl(fd, F_SETOWN, 0), 0, "F_SETOWN: nobody");
	is(result(ioctl(fd, SIOCGPGRP, &nobody)), 0, "SIOCGPGRP");
	is(nobody, 0, "SIOCGPGRP: nobody");
}

/* When what was read last came: from the first question on. */
static void test_stamp(void)
{
	struct timespec t = { 0 }, again = { 0 }, before;
	struct timeval tv = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), port;
	char c;

	bind_to(fd, 0);
	port = port_of(fd);
	connect_to(fd, port);
	is(result(ioctl(fd, 0x8907, &t)), -ENOENT, "SIOCGSTAMPNS: nothing");
	is(result(ioctl(fd, 0x8906, &tv)), -ENOENT, "SIOCGSTAMP: nothing");
	clock_gettime(CLOCK_REALTIME, &before);
	send(fd, "a", 1, 0);
	recv(fd, &c, 1, 0);
	is(result(ioctl(fd, 0x8907, &t)), 0, "SIOCGSTAMPNS: kept");
	ok(t.tv_sec >= before.tv_sec && t.tv_sec < before.tv_sec + 60 &&
		   t.tv_nsec < 1000000000,
	   "SIOCGSTAMPNS: of now");
	is(result(ioctl(fd, 0x8907, &again)), 0, "SIOCGSTAMPNS: again");
	ok(!memcmp(&t, &again, sizeof(t)), "SIOCGSTAMPNS: the same");
	is(result(ioctl(fd, 0x8906, &tv)), 0, "SIOCGSTAMP");
	ok(tv.tv_sec == t.tv_sec && tv.tv_usec == t.tv_nsec / 1000,
	   "SIOCGSTAMP: the same in microseconds");
	is(result(ioctl(fd, 0x8906, NULL)), -EFAULT,
	   "SIOCGSTAMP: a bad address");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	bind_to(fd, 0);
	connect_to(fd, port_of(fd));
	send(fd, "a", 1, 0);
	recv(fd, &c, 1, 0);
	is(result(ioctl(fd, 0x8907, &t)), 0, "SIOCGSTAMPNS: not kept");
	ok(t.tv_sec >= before.tv_sec, "SIOCGSTAMPNS: then it is now");
	close(fd);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	is(result(ioctl(fd, 0x8906, &tv)), -ENOTTY, "UNIX: SIOCGSTAMP");
	close(fd);
}

static void test_names(void)
{
	char name[IFNAMSIZ] = "";

	is(if_nametoindex("lo"), 1, "if_nametoindex");
	is(if_nametoindex("nosuch"), 0, "if_nametoindex: none");
	is_str(if_indextoname(1, name), "lo", "if_indextoname");
	ok(!if_indextoname(999999, name), "if_indextoname: none");
}

int main(void)
{
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	deadline(30);
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	test_link(tcp, "TCP");
	test_link(udp, "UDP");
	test_link(fd, "UNIX");
	test_address(udp);
	test_unix_has_none(fd);
	test_list(udp);
	test_list(fd);
	test_ethtool(udp);
	test_arp(udp);
	test_owner(tcp);
	test_stamp();
	test_names();
	return done_testing();
}
