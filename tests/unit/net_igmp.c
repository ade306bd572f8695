/* SPDX-License-Identifier: MIT */
/* unit: @net */
/*
 * What the link hears of multicast groups: joining, leaving, and everything
 * again when the link comes back.
 */
#include <string.h>

#include "bed/net.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"

#define GROUP 0x050000ef /* 239.0.0.5 */

/* Options by number: the kernel's headers and the host's do not mix. */
#define IPPROTO_IP 0
#define IP_ADD_MEMBERSHIP 35
#define IP_DROP_MEMBERSHIP 36

#define IP_AT 14
#define PROTO_AT (IP_AT + 9)
#define IGMP_PROTO 2
#define V3_REPORT 0x22

/* IGMPv3 reports that name the group since the last call. */
static unsigned int reports(void)
{
	static const uint8_t group[4] = { 239, 0, 0, 5 };
	unsigned int n = 0;
	const uint8_t *frame;
	size_t len;

	while ((frame = bed_sent(&len))) {
		const uint8_t *igmp = frame + IP_AT + (frame[IP_AT] & 15) * 4;

		if (frame[PROTO_AT] == IGMP_PROTO && igmp[0] == V3_REPORT)
			n += !memcmp(igmp + 12, group, 4);
	}
	return n;
}

int main(void)
{
	uint32_t mreq[2] = { GROUP, 0 };
	struct socket *sock;
	int fd;

	bed_init();
	fd = sys_socket_open(SOCK_DGRAM, true);
	sock = fd_socket(fd);
	bed_sleep(NSEC_PER_SEC);
	bed_forget_sent();
	is(sock_setsockopt(sock, IPPROTO_IP, IP_ADD_MEMBERSHIP, mreq,
			   sizeof(mreq), sizeof(mreq)),
	   0, "IP_ADD_MEMBERSHIP");
	bed_sleep(5 * NSEC_PER_SEC);
	ok(reports() >= 2, "a group is reported, more than once");
	bed_sleep(60 * NSEC_PER_SEC);
	is(reports(), 0, "and then not without being asked");
	bed_link(false);
	bed_run();
	bed_link(true);
	bed_sleep(5 * NSEC_PER_SEC);
	ok(reports() >= 1, "a link that comes back hears of it again");
	sock_setsockopt(sock, IPPROTO_IP, IP_DROP_MEMBERSHIP, mreq,
			sizeof(mreq), sizeof(mreq));
	bed_sleep(5 * NSEC_PER_SEC);
	ok(reports() >= 1, "leaving is reported too");
	bed_link(false);
	bed_run();
	bed_link(true);
	bed_sleep(5 * NSEC_PER_SEC);
	is(reports(), 0, "and the group is forgotten");
	sys_close(fd);
	return bed_done();
}
