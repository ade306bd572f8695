/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and the calls of sockets, without ring 3.
 */
#include <errno.h>
#include <string.h>

#include "bed/net.h"
#include "kernel/base.h"
#include "kernel/check.h"
#include "kernel/fs/fcntl.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/slab.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"
#include "lib/tap.h"
#include "net/link/ipconfig.h"
#include "net/socket/scm.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"
#include "net/unix/unix.h"

#define READ_WRITE 2 /* O_RDWR */
#define NONBLOCK 04000 /* O_NONBLOCK */

#define MAX_FDS 4096

static struct file *files[MAX_FDS];

struct watch {
	struct wait_queue_entry entry;
	unsigned int edges;
	uint32_t keys;
};

static struct watch watches[MAX_FDS];

struct file *file_alloc_accepted(const struct file_operations *fop,
				 void *private_data, uint32_t flags)
{
	struct file *file = kmalloc(sizeof(*file));

	if (!file)
		return NULL;
	memset(file, 0, sizeof(*file));
	file->f_count = 1;
	file->f_op = fop;
	file->private_data = private_data;
	file->f_flags = flags;
	file->f_mode = (flags + 1) & (FMODE_READ | FMODE_WRITE);
	return file;
}

struct file *file_alloc(const struct file_operations *fop, void *private_data,
			uint32_t flags)
{
	return file_alloc_accepted(fop, private_data, flags);
}

/* The bed has the Internet only. */
struct sock_list unix_socks = SOCK_LIST_INIT(unix_socks);

void unix_init(void)
{
}

int file_alloc_error(void)
{
	return -ENOMEM;
}

struct process *the_process(void)
{
	static struct process process;

	return &process;
}

struct file *fget(struct fdtable *fdt, int fd)
{
	struct file *file = fd >= 0 && fd < MAX_FDS ? files[fd] : NULL;

	return file ? get_file(file) : NULL;
}

void __fput(struct file *file)
{
	file->f_op->release(file);
	kfree(file);
}

static int install(struct file *file)
{
	if (IS_ERR(file))
		return PTR_ERR(file);
	for (int fd = 3; fd < MAX_FDS; fd++) {
		if (!files[fd]) {
			files[fd] = file;
			return fd;
		}
	}
	bail_out("too many files");
}

struct socket *fd_socket(int fd)
{
	return sock_from_file(files[fd]);
}

int sys_socket_in(int family, int type, int protocol, bool nonblock)
{
	return install(socket_create(family, type, protocol,
				     READ_WRITE | (nonblock ? NONBLOCK : 0)));
}

int sys_socket_of(int type, int protocol, bool nonblock)
{
	return sys_socket_in(AF_INET, type, protocol, nonblock);
}

int sys_socket_open(int type, bool nonblock)
{
	return sys_socket_of(type, 0, nonblock);
}

void sys_close(int fd)
{
	struct watch *w = &watches[fd];

	if (w->entry.func) {
		remove_wait_queue(&fd_socket(fd)->wq, &w->entry);
		memset(w, 0, sizeof(*w));
	}
	fput(files[fd]);
	files[fd] = NULL;
}

static struct sockaddr_any address(const char *addr, uint16_t port)
{
	struct sockaddr_any a = { 0 };

	a.in.family = AF_INET;
	a.in.port = __builtin_bswap16(port);
	if (addr && !parse_ipv4(addr, &a.in.addr))
		bail_out("%s is no address", addr);
	return a;
}

int sys_bind_to(int fd, const char *addr, uint16_t port)
{
	struct sockaddr_any a = address(addr, port);
	struct socket *sock = fd_socket(fd);

	return sock->ops->bind(sock, &a, sizeof(a.in));
}

int sys_connect_to(int fd, const char *addr, uint16_t port)
{
	struct sockaddr_any a = address(addr, port);
	struct socket *sock = fd_socket(fd);

	return sock->ops->connect(sock, &a, sizeof(a.in),
				  sock->file->f_flags & NONBLOCK);
}

int sys_listen_on(int fd, int backlog)
{
	struct socket *sock = fd_socket(fd);

	return sock->ops->listen(sock, backlog);
}

int sys_accept_from(int fd, bool nonblock)
{
	return install(socket_accept(fd_socket(fd),
				     READ_WRITE | (nonblock ? NONBLOCK : 0),
				     NULL, NULL));
}

static struct iov_iter iter_of(const void *buf, size_t len, struct iovec *iov)
{
	struct iov_iter i;

	iov->iov_base = (void *)buf;
	iov->iov_len = len;
	iov_iter_init(&i, iov, 1, len, true);
	return i;
}

ssize_t sys_send(int fd, const void *buf, size_t len, int flags)
{
	struct iovec iov;
	struct iov_iter i = iter_of(buf, len, &iov);
	struct msg msg = { .iter = &i, .flags = flags };

	return sock_sendmsg(fd_socket(fd), &msg);
}

ssize_t sys_sendto_addr(int fd, const void *buf, size_t len, const char *addr,
			uint16_t port)
{
	struct sockaddr_any a = address(addr, port);
	struct iovec iov;
	struct iov_iter i = iter_of(buf, len, &iov);
	struct msg msg = { .iter = &i, .name = &a, .namelen = sizeof(a.in) };

	return sock_sendmsg(fd_socket(fd), &msg);
}

ssize_t sys_recv(int fd, void *buf, size_t len, int flags)
{
	struct iovec iov;
	struct iov_iter i = iter_of(buf, len, &iov);
	struct msg msg = { .iter = &i, .flags = flags };

	return sock_recvmsg(fd_socket(fd), &msg);
}

int sys_shutdown_how(int fd, int how)
{
	struct socket *sock = fd_socket(fd);

	return sock->ops->shutdown(sock, how);
}

uint32_t sys_poll_mask(int fd)
{
	return files[fd]->f_op->poll(files[fd], NULL);
}

int sys_set(int fd, int level, int name, int value)
{
	return sock_setsockopt(fd_socket(fd), level, name, &value,
			       sizeof(value), sizeof(value));
}

int sys_get(int fd, int level, int name)
{
	struct sockopt_value out = { 0 };
	int value, err = sock_getsockopt(fd_socket(fd), level, name,
					 sizeof(value), &out);

	memcpy(&value, out.data, sizeof(value));
	return err ? err : value;
}

static int count_edge(struct wait_queue_entry *entry, uint32_t key)
{
	struct watch *w = container_of(entry, struct watch, entry);

	w->edges++;
	w->keys |= key ? key : UINT32_MAX;
	return 0;
}

void sys_watch(int fd)
{
	watches[fd].entry.func = count_edge;
	add_wait_queue(&fd_socket(fd)->wq, &watches[fd].entry);
}

unsigned int sys_edges(int fd, uint32_t *keys)
{
	unsigned int edges = watches[fd].edges;

	if (keys)
		*keys = watches[fd].keys;
	watches[fd].edges = 0;
	watches[fd].keys = 0;
	return edges;
}

long file_set_owner(struct file *file, int owner)
{
	return 0;
}

void scm_recv(const struct sock *sk, struct msg *msg, struct scm *scm,
	      uint32_t flags)
{
}

int bed_done(void)
{
	is(check_all(), 0, "all invariants hold at the end");
	return done_testing();
}
