/* SPDX-License-Identifier: MIT */
/*
 * A ring of events, made into text only when they are printed.
 */
#include "history.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define RING 4096
#define BYTES 64

enum kind {
	FRAME,
	CALL,
	LOG,
	FAULT,
};

static struct event {
	uint64_t time;
	enum kind kind;
	unsigned int host;
	const char *what;
	long nr, ret;
	uint64_t args[3];
	size_t len;
	char bytes[BYTES]; /* of the frame, or text */
} ring[RING];

static uint64_t count, hash = 0xcbf29ce484222325;
bool history_verbose;

static void print_event(const struct event *e);

static void stir(uint64_t v)
{
	hash = (hash ^ v) * 0x100000001b3;
}

static struct event *new_event(enum kind kind, unsigned int host)
{
	static uint64_t shown;
	struct event *e;

	if (history_verbose && count > shown) {
		shown = count;
		print_event(&ring[(count - 1) % RING]);
	}
	e = &ring[count++ % RING];
	stir(now);
	stir(kind << 8 | host);
	e->time = now;
	e->kind = kind;
	e->host = host;
	return e;
}

void history_frame(unsigned int host, const char *what, const uint8_t *frame,
		   size_t len)
{
	struct event *e = new_event(FRAME, host);

	e->what = what;
	e->len = len;
	memcpy(e->bytes, frame, MIN(len, (size_t)BYTES));
	for (size_t i = 0; i < MIN(len, (size_t)BYTES); i++)
		stir((uint8_t)e->bytes[i]);
}

void history_call(unsigned int host, long nr, const uint64_t args[6], long ret)
{
	struct event *e = new_event(CALL, host);

	e->nr = nr;
	e->ret = ret;
	memcpy(e->args, args, sizeof(e->args));
	stir(nr);
	stir(ret);
}

void history_log(unsigned int host, const char *text)
{
	struct event *e = new_event(LOG, host);

	snprintf(e->bytes, sizeof(e->bytes), "%s", text);
}

void history_fault(const char *what, const char *name, unsigned int nr)
{
	struct event *e = new_event(FAULT, 0);

	e->what = what;
	snprintf(e->bytes, sizeof(e->bytes), "f%u %s", nr, name);
}

uint64_t history_hash(void)
{
	return hash;
}

uint64_t history_count(void)
{
	return count;
}

/* ---- Text ---------------------------------------------------------------- */

static uint32_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void print_tcp(const uint8_t *tcp, uint32_t len)
{
	static const char letters[] = "FSRPAU";
	char flags[8] = "", *f = flags;
	uint32_t header = (tcp[12] >> 4) * 4;

	for (unsigned int i = 0; i < 6; i++) {
		if (tcp[13] & 1 << i)
			*f++ = letters[i];
	}
	*f = 0;
	printf("tcp %u>%u %s seq %u ack %u win %u len %d", get16(tcp),
	       get16(tcp + 2), flags, get32(tcp + 4), get32(tcp + 8),
	       get16(tcp + 14), (int)(len - header));
}

static void print_ip(const uint8_t *ip)
{
	uint32_t fragment = get16(ip + 6) & 0x3fff;
	uint32_t len = get16(ip + 2) - 20;

	printf("%d>%d ", ip[14] << 8 | ip[15], ip[18] << 8 | ip[19]);
	if (fragment)
		printf("fragment id %u at %u%s len %u", get16(ip + 4),
		       (fragment & 0x1fff) * 8, fragment & 0x2000 ? "+" : "",
		       len);
	else if (ip[9] == 6)
		print_tcp(ip + 20, len);
	else
		printf("proto %u len %u", ip[9], len);
}

static const char *call_name(long nr)
{
	static const struct {
		long nr;
		const char *name;
	} names[] = {
		{ SYS_socket, "socket" },
		{ SYS_bind, "bind" },
		{ SYS_listen, "listen" },
		{ SYS_accept4, "accept" },
		{ SYS_connect, "connect" },
		{ SYS_sendto, "send" },
		{ SYS_recvfrom, "recv" },
		{ SYS_setsockopt, "setsockopt" },
		{ SYS_getsockopt, "getsockopt" },
		{ SYS_shutdown, "shutdown" },
		{ SYS_close, "close" },
		{ SYS_ppoll, "poll" },
		{ SYS_epoll_ctl, "epoll_ctl" },
		{ SYS_epoll_wait, "epoll_wait" },
		{ SYS_epoll_create1, "epoll_create" },
		{ SYS_ioctl, "ioctl" },
		{ SYS_splice, "splice" },
		{ SYS_pipe2, "pipe" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].nr == nr)
			return names[i].name;
	}
	return "call";
}

static void print_event(const struct event *e)
{
	printf("# %4llu.%09llu ", (unsigned long long)(e->time / SEC),
	       (unsigned long long)(e->time % SEC));
	if (e->kind != FAULT)
		printf("h%u ", e->host);
	switch (e->kind) {
	case FRAME:
		printf("%s %zu ", e->what, e->len);
		if (get16((const uint8_t *)e->bytes + 12) == 0x0800)
			print_ip((const uint8_t *)e->bytes + 14);
		else
			printf("arp or other");
		break;
	case CALL:
		printf("%s(%lld, %llx, %llx) = %ld", call_name(e->nr),
		       (long long)e->args[0], (unsigned long long)e->args[1],
		       (unsigned long long)e->args[2], e->ret);
		break;
	case LOG:
		printf("log: %s", e->bytes);
		break;
	case FAULT:
		printf("fault %s %s", e->bytes, e->what);
		break;
	}
	printf("\n");
}

void history_print(unsigned int n)
{
	uint64_t from = count > n ? count - n : 0;

	for (uint64_t i = MAX(from, count > RING ? count - RING : 0); i < count;
	     i++)
		print_event(&ring[i % RING]);
}
