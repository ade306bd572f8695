/* SPDX-License-Identifier: MIT */
/*
 * How much of the caller's memory options touch. What getsockopt(2) writes: of
 * every number of every level, on sockets of all kinds, with room for none to
 * more bytes than any option has. The room is
 * filled with one pattern and then with another: what both calls leave as it
 * was has not been written, and the rest has to be the same both times, inside
 * of the room, in one piece, and as long as the call says.
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "sockets.h"

#define SIZE 512
#define NETLINK 270 /* SOL_NETLINK */
#define ADD_MEMBERSHIP 1
#define LIST_MEMBERSHIPS 9
#define GROUP_LINK 1 /* RTNLGRP_LINK */
#define PEERPIDFD 77 /* opens a descriptor */
#define ZEROCOPY_RECEIVE 35 /* of TCP: a request lies in the room */

static const int levels[] = {
	SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP, 255, /* SOL_RAW */
	NETLINK,    -1,		12345,
};

struct answer {
	uint8_t bytes[SIZE];
	int len, error;
};

static void ask(int fd, int level, int name, int room, uint8_t pattern,
		struct answer *answer)
{
	socklen_t len = room;

	memset(answer->bytes, pattern, SIZE);
	answer->error = getsockopt(fd, level, name, answer->bytes, &len) ?
				errno :
				0;
	answer->len = len;
}

static bool was_written(const struct answer *one, const struct answer *two,
			int i)
{
	return one->bytes[i] != 0xc3 || two->bytes[i] != 0x5a;
}

/* Asked twice, these may have two answers. */
static bool is_time(int level, int name)
{
	return level == IPPROTO_TCP &&
	       (name == TCP_INFO || name == TCP_TIMESTAMP);
}

/* NULL, or what is wrong. */
static const char *look(int fd, int level, int name, int room)
{
	struct answer one, two;
	int written = 0, limit = room < 0 ? 0 : room;

	ask(fd, level, name, room, 0xc3, &one);
	ask(fd, level, name, room, 0x5a, &two);
	if (one.error != two.error || one.len != two.len)
		return "two answers to the same question";
	if (room < 0 && one.error == 0)
		return "an answer for less than no room";
	while (written < SIZE && was_written(&one, &two, written))
		written++;
	for (int i = written; i < SIZE; i++)
		if (was_written(&one, &two, i))
			return "pieces";
	if (memcmp(one.bytes, two.bytes, written) && !is_time(level, name))
		return "bytes of something else";
	if (written > limit)
		return "more than there is room for";
	if (one.error ? written != 0 : written > one.len)
		return "more than it says";
	if (!one.error && written < one.len && name != LIST_MEMBERSHIPS)
		return "less than it says";
	return NULL;
}

static bool skipped(int level, int name)
{
	return (level == SOL_SOCKET && name == PEERPIDFD) ||
	       (level == IPPROTO_TCP && name == ZEROCOPY_RECEIVE);
}

static void sweep(const char *kind, int fd)
{
	static const int rooms[] = { -1, 65, 96, 128, 232, 256, 257, SIZE };
	const char *wrong = NULL;
	char title[80];

	for (size_t l = 0; l < sizeof(levels) / sizeof(*levels); l++) {
		for (int name = 0; name < 256 && !wrong; name++) {
			if (skipped(levels[l], name))
				continue;
			for (int i = 0; i < 72 && !wrong; i++)
				wrong = look(fd, levels[l], name,
					     i < 64 ? i : rooms[i - 64]);
			if (wrong)
				printf("# level %d, option %d: %s\n", levels[l],
				       name, wrong);
		}
	}
	sprintf(title, "getsockopt: %s: writes what it says", kind);
	ok(!wrong, title);
}

static void test_all(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int udp = socket(AF_INET, SOCK_DGRAM, 0), fds[2], local[2];

	bind(udp, (struct sockaddr *)&any, sizeof(any));
	sweep("TCP", socket(AF_INET, SOCK_STREAM, 0));
	pair(fds);
	sweep("TCP, connected", fds[0]);
	sweep("UDP", udp);
	sweep("UNIX, stream", socket(AF_UNIX, SOCK_STREAM, 0));
	sweep("UNIX, datagrams", socket(AF_UNIX, SOCK_DGRAM, 0));
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, local);
	sweep("UNIX, packets, a pair", local[0]);
	sweep("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
}

static int memberships(int fd, int room, uint32_t words[4])
{
	socklen_t len = room;

	memset(words, 0xc3, 16);
	return getsockopt(fd, NETLINK, LIST_MEMBERSHIPS, words, &len) ?
		       -errno :
		       (int)len;
}

/* The length is that of all words; only whole ones are written. */
static void test_memberships(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, 0), group = 999, len;
	uint32_t words[4];

	is(memberships(fd, 16, words), 0, "memberships: none was asked for");
	is(words[0], 0xc3c3c3c3, "memberships: nothing is written");
	setsockopt(fd, NETLINK, ADD_MEMBERSHIP, &group, sizeof(group));
	len = memberships(fd, 16, words);
	is(len, 8, "memberships: two words, once one was asked for in vain");
	is(words[0] | words[1], 0, "memberships: of no group");
	is(words[2], 0xc3c3c3c3, "memberships: and no third");
	group = GROUP_LINK;
	is(setsockopt(fd, NETLINK, ADD_MEMBERSHIP, &group, sizeof(group)), 0,
	   "memberships: a group");
	is(memberships(fd, 0, words), 8, "memberships: no room");
	is(words[0], 0xc3c3c3c3, "memberships: no room: nothing is written");
	is(memberships(fd, 3, words), 8, "memberships: room for 3 bytes");
	is(words[0], 0xc3c3c3c3, "memberships: nothing of a word is written");
	is(memberships(fd, 7, words), 8, "memberships: room for 7 bytes");
	is(words[0], 1, "memberships: one word");
	is(words[1], 0xc3c3c3c3, "memberships: nothing of the second");
	is(memberships(fd, -1, words), -EINVAL, "memberships: less than none");
	close(fd);
}

/* ---- Values at the end of memory ----------------------------------------- */

/* A letter for each length, of a value of which so much can be read. */
static void set_at_end(int family, int type, int level, int name,
		       const char *want)
{
	static const int lengths[] = { 0, 1, 3, 4, 8, 16, 64, 257 };
	static const int readable[] = { 0, 1, 4, 8, 16 };
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char text[64], *to = text, title[80];

	munmap(page + 4096, 4096);
	for (int r = 0; r < 5; r++) {
		for (int i = 0; i < 8; i++) {
			int fd = socket(family, type, 0);
			int got = setsockopt(fd, level, name,
					     page + 4096 - readable[r],
					     lengths[i]);

			*to++ = !got		? '.' :
				errno == EINVAL ? 'I' :
				errno == EFAULT ? 'F' :
				errno == ENODEV ? 'D' :
				errno == EDOM	? 'D' :
				errno == ENOENT ? 'E' :
						  'O';
			close(fd);
		}
		*to++ = ' ';
	}
	to[-1] = '\0';
	munmap(page, 4096);
	sprintf(title, "setsockopt: level %d, option %d, at the end of memory",
		level, name);
	is_str(text, want, title);
}

static void test_values(void)
{
	set_at_end(AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_BROADCAST,
		   "IIIFFFFF IIIFFFFF III..... III..... III.....");
	set_at_end(AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_LINGER,
		   "IIIFFFFF IIIFFFFF IIIIFFFF IIII.... IIII....");
	set_at_end(AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_RCVTIMEO,
		   "IIIFFFFF IIIFFFFF IIIIIFFF IIIIIFFF IIIII...");
	set_at_end(AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_BINDTODEVICE,
		   ".FFFFFFF ..FFFFFF ....FFFF .....FFF ........");
	set_at_end(AF_INET, SOCK_DGRAM, SOL_SOCKET, 250,
		   "IIIFFFFF IIIFFFFF IIIOOOOO IIIOOOOO IIIOOOOO");
	set_at_end(AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_TOS,
		   ".FFFFFFF ...FFFFF ........ ........ ........");
	set_at_end(AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_TTL,
		   "IFFFFFFF IIIFFFFF IIIIIIII IIIIIIII IIIIIIII");
	set_at_end(AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_ADD_MEMBERSHIP,
		   "IIIIFFFF IIIIFFFF IIIIFFFF IIIIIFFF IIIIIIII");
	set_at_end(AF_INET, SOCK_DGRAM, IPPROTO_IP, 250,
		   "OOOOOOOO OOOOOOOO OOOOOOOO OOOOOOOO OOOOOOOO");
	set_at_end(AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY,
		   "IIIFFFFF IIIFFFFF III..... III..... III.....");
	set_at_end(AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_CONGESTION,
		   "IFFFFFFF IEEEEEEE IEEEEEEE IEEEEEEE IEEEEEEE");
	set_at_end(AF_INET, SOCK_STREAM, IPPROTO_TCP, 250,
		   "IIIFFFFF IIIFFFFF IIIOOOOO IIIOOOOO IIIOOOOO");
	set_at_end(AF_UNIX, SOCK_STREAM, SOL_SOCKET, SO_PASSCRED,
		   "IIIFFFFF IIIFFFFF III..... III..... III.....");
	set_at_end(AF_UNIX, SOCK_STREAM, IPPROTO_IP, IP_TTL,
		   "OOOOOOOO OOOOOOOO OOOOOOOO OOOOOOOO OOOOOOOO");
	set_at_end(AF_NETLINK, SOCK_RAW, NETLINK, 3 /* PKTINFO */,
		   "...FFFFF ...FFFFF ........ ........ ........");
	set_at_end(AF_NETLINK, SOCK_RAW, NETLINK, 250,
		   "OOOFFFFF OOOFFFFF OOOOOOOO OOOOOOOO OOOOOOOO");
	set_at_end(AF_NETLINK, SOCK_RAW, IPPROTO_IP, IP_TTL,
		   "OOOOOOOO OOOOOOOO OOOOOOOO OOOOOOOO OOOOOOOO");
}

int main(void)
{
	deadline(60);
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	test_all();
	test_memberships();
	test_values();
	return done_testing();
}
