/* SPDX-License-Identifier: MIT */
/*
 * The network stack on the host: lwIP and all of net/ as they are, over a
 * machine that is only a clock, a softirq and a network device without a
 * wire. Allocations can be made to fail, and are counted.
 */
#ifndef TESTS_UNIT_BED_NET_H
#define TESTS_UNIT_BED_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BED_ADDR "10.99.0.2"
#define PEER_ADDR "10.99.0.1"

struct file;
struct socket;

/* Boots the stack; once a program. Before that bed_stop() sets the clock. */
void bed_init(void);
/* "ip=" of the command line: BED_ADDR, unless a test says "dhcp" before. */
extern const char *bed_ip;

/* Runs what is pending, without time passing. */
void bed_run(void);
/* Lets time pass, timer by timer. */
void bed_sleep(uint64_t ns);
uint64_t bed_now(void);
/* The machine stands still for so long, and then finds that it was late. */
void bed_stop(uint64_t ns);

/* Called whenever a thread of the stack sleeps, before time passes. */
extern void (*bed_meanwhile)(void);
/* Called where a thread of the stack would let others run. */
extern void (*bed_others)(void);
extern unsigned int bed_sigpipes;

/* The n-th allocation from now on fails, 0: none; bed_failed tells. */
void bed_fail(unsigned int n);
bool bed_failed(void);
/* So few pages are free that only headers and packets get some. */
extern bool bed_pages_low;
/* There is none to spare, and yet none is refused. */
extern bool bed_pages_few;
/* All of them fail. */
void bed_no_memory(bool none);
/* Objects that are out: kmalloc()'s and those of each cache. */
size_t bed_objects(void);
size_t bed_cache_objects(const char *name);

extern uint32_t bed_epoch; /* another one: the machine was copied */

/* Files of /proc that the stack registered, of which each is read by number. */
unsigned int bed_proc_files(void);
void bed_proc_read(unsigned int n, char *buf, size_t size);

/* The device. */
#define BED_STALE 0xbe /* what allocated memory holds at first */
extern bool bed_tx_stuck; /* the ring takes nothing and gives nothing back */
extern unsigned int bed_rx_held; /* receive buffers inside the stack */
void bed_link(bool up);
void bed_receive(const void *frame, size_t len);
/* The oldest frame that was sent, or NULL; valid until the next call. */
const uint8_t *bed_sent(size_t *len);
void bed_forget_sent(void);

/*
 * A TCP peer at PEER_ADDR that keeps count of nothing by itself: what it
 * sends is what the test says, what it got is what the last segment said.
 */
struct peer {
	uint16_t port; /* its own */
	uint16_t dport; /* ours */
	uint32_t seq; /* next to send */
	uint32_t ack; /* next expected */
	uint16_t window;
	uint8_t scale; /* that our side announced */
	uint16_t urgp; /* goes with URG */
	/* The last segment from our side. */
	bool got;
	uint32_t got_seq, got_ack;
	uint8_t got_flags;
	uint16_t got_window;
	uint16_t got_urgp;
	size_t got_len;
	uint8_t got_data[2048];
};

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20

/* A segment with everything given; options padded by the caller to 4. */
void peer_raw(struct peer *p, uint32_t seq, uint32_t ack, uint8_t flags,
	      uint16_t window, const void *options, size_t optlen,
	      const void *data, size_t len);
/* The next segment in order; seq moves on. */
void peer_send(struct peer *p, uint8_t flags, const void *data, size_t len);
/* Takes the next segment that was sent to this peer; false: none. */
bool peer_take(struct peer *p);
/* Takes all there are, in-order data is appended to buf: its length. */
size_t peer_drain(struct peer *p, void *buf, size_t size);
/* Handshake with a listener; false: it did not come about. */
bool peer_connect(struct peer *p, uint16_t port, uint16_t dport);

/* Sockets, as the system calls use them. */
int sys_socket_open(int type, bool nonblock);
int sys_socket_of(int type, int protocol, bool nonblock);
int sys_socket_in(int family, int type, int protocol, bool nonblock);
void sys_close(int fd);
int sys_bind_to(int fd, const char *addr, uint16_t port);
int sys_connect_to(int fd, const char *addr, uint16_t port);
int sys_listen_on(int fd, int backlog);
int sys_accept_from(int fd, bool nonblock);
ssize_t sys_send(int fd, const void *buf, size_t len, int flags);
ssize_t sys_recv(int fd, void *buf, size_t len, int flags);
ssize_t sys_sendto_addr(int fd, const void *buf, size_t len, const char *addr,
			uint16_t port);
int sys_shutdown_how(int fd, int how);
uint32_t sys_poll_mask(int fd);
int sys_set(int fd, int level, int name, int value);
int sys_get(int fd, int level, int name); /* value, or -errno */
struct socket *fd_socket(int fd);
/* Edges that the wait queue of fd has seen since the last call. */
unsigned int sys_edges(int fd, uint32_t *keys);
void sys_watch(int fd);

/* The end of a test: all registered invariants hold. As done_testing(). */
int bed_done(void);

#endif
