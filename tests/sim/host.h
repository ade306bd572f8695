/* SPDX-License-Identifier: MIT */
/*
 * Hosts: copies of the machine, their devices, and threads of the programs.
 */
#ifndef TESTS_SIM_HOST_H
#define TESTS_SIM_HOST_H

#include "machine/machine.h"
#include "sim.h"

/* How programs wait: a personality of the host's servers and of each client. */
enum style {
	STYLE_BLOCK, /* blocking calls, two threads a connection */
	STYLE_POLL, /* poll(2), a thread a connection */
	STYLE_EPOLL_LT, /* one epoll set, level-triggered */
	STYLE_EPOLL_ET,
	STYLE_EPOLL_ONESHOT, /* a set that several threads wait for */
	NR_STYLES,
};

struct epset;

struct host {
	unsigned int nr;
	const struct machine_ops *ops;
	struct machine_config config;
	uint32_t addr; /* network byte order */
	enum style style; /* of its servers */
	struct rng rng;
	uint64_t run_at; /* something is to be done; NEVER */
	uint64_t latency; /* from an interrupt to its handler, at most */
	struct machine_state at_start; /* when nothing has happened */
	/* Faults. */
	uint64_t frozen_until;
	uint64_t device_stopped_until;
	uint64_t refuse_until; /* allocations: one of refuse_one_of fails */
	unsigned int refuse_one_of;
	uint64_t refused; /* so many */
	uint64_t irq_lost_until;
	bool had_lies; /* its device was reset */
	bool serve_planned;
	/* Programs. */
	struct task *tasks;
	struct epset *epsets;
	/* Frames that its device got. */
	uint64_t received, no_buffer;
};

extern struct host hosts[HOSTS_MAX];
extern unsigned int nr_hosts;

/* Loads so many copies of the machine, once a program. */
void hosts_load(const char *object, unsigned int n);
void host_boot(struct host *h);
void host_run(struct host *h);
/* When it wants to run; NEVER. */
uint64_t host_due(const struct host *h);
/* A frame reaches the device: false: there is no room. */
void host_receive(struct host *h, const void *frame, size_t len);
/* Memory has been short: what failed may have failed for that. */
bool host_had_trouble(struct host *h);

/* ---- Programs' threads and their calls ----------------------------------- */

/* A thread of a program. */
struct task {
	struct host *host;
	void (*fn)(struct task *task, void *arg);
	void *arg;
	const char *name;
	struct task *next; /* of the host */
	struct rng rng;
	/* The call that it is in, for watch.c. */
	bool in_call;
	long nr;
	uint64_t args[6];
	uint64_t ready_since; /* what it waits for is there; 0: it is not */
};

struct task *task_start(struct host *h, const char *name,
			void (*fn)(struct task *task, void *arg), void *arg);
void task_sleep(struct task *t, uint64_t ns);

/* A system call: its result, or -errno. */
long sys(struct task *t, long nr, uint64_t a, uint64_t b, uint64_t c,
	 uint64_t d, uint64_t e, uint64_t f);

#define ARG(x) ((uint64_t)(uintptr_t)(x))

int sys_socket(struct task *t, int type, bool nonblock);
int sys_bind(struct task *t, int fd, uint32_t addr, uint16_t port);
int sys_listen(struct task *t, int fd, int backlog);
int sys_accept(struct task *t, int fd, bool nonblock);
int sys_connect(struct task *t, int fd, uint32_t addr, uint16_t port);
long sys_send(struct task *t, int fd, const void *buf, size_t len, int flags);
long sys_recv(struct task *t, int fd, void *buf, size_t len, int flags);
long sys_sendto(struct task *t, int fd, const void *buf, size_t len,
		uint32_t addr, uint16_t port);
long sys_recvfrom(struct task *t, int fd, void *buf, size_t len, uint32_t *addr,
		  uint16_t *port);
int sys_set(struct task *t, int fd, int level, int name, int value);
int sys_get(struct task *t, int fd, int level, int name);
int sys_shutdown(struct task *t, int fd, int how);
int sys_close(struct task *t, int fd);
/* EPOLL* bits; -1 ns: for ever. What is there, 0 when the time is over. */
int sys_poll(struct task *t, int fd, uint32_t events, int64_t ns);
int sys_ioctl_int(struct task *t, int fd, unsigned long cmd);

#endif
