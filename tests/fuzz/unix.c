/* SPDX-License-Identifier: MIT */
/* fuzz: net/unix/unix.c net/unix/unix_names.c net/unix/unix_stream.c */
/* fuzz: net/unix/unix_dgram.c net/unix/unix_gc.c */
/* fuzz: net/socket/sockbuf.c net/socket/cmsg.c net/socket/scm.c */
/* fuzz: net/socket/socket.c net/socket/sock.c net/socket/sockopt.c */
/* fuzz: net/socket/sock_stamp.c kernel/fs/mksock.c */
/* fuzz: kernel/fs/inode.c kernel/fs/namei.c kernel/fs/modify.c */
/* fuzz: kernel/fs/file.c kernel/fs/fdtable.c */
/* fuzz: kernel/pipe/pipe.c kernel/pipe/pipe_buf.c kernel/pipe/splice.c */
/* fuzz: kernel/pipe/splice_pipe.c */
/* fuzz: kernel/fs/read_write.c kernel/fs/iov_iter.c kernel/fs/open.c */
/* fuzz: kernel/task/wait.c kernel/lib/rbtree.c */
/*
 * AF_UNIX: names, streams, datagrams, descriptors and credentials in flight,
 * and others who run in the collector's pauses. Allocations fail when the input
 * says so; at the end everything is back, cycles of sockets included.
 */
#include <errno.h>
#include <linux/fcntl.h>

#include "fuzz/lib/fuzz.h"
#include "kernel/check.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/mksock.h"
#include "kernel/fs/modify.h"
#include "lib/fake_unix.h"
#include "net/socket/cmsg.h"
#include "net/socket/scm.h"
#include "net/socket/sock.h"
#include "net/socket/sockopt.h"
#include "net/unix/unix.h"

#define OPERATIONS 150
#define FDS 40

static struct fdtable *fdt;
static struct input *rest; /* for those who run in between */

static const char *const paths[] = { "/tmp/a", "/tmp/b", "/run/c", "/tmp" };

/* ---- Descriptors --------------------------------------------------------- */

/* Held, as a call holds it: others may close its number meanwhile. */
static struct socket *pick(struct input *in)
{
	unsigned int start = take8(in);

	for (unsigned int i = 0; i < FDS; i++) {
		struct file *file = fd_lookup(fdt, (start + i) % FDS);

		if (file)
			return sock_from_file(get_file(file));
	}
	return NULL;
}

static void put_back(struct socket *sock)
{
	if (sock)
		fput(sock->file);
}

static void install(struct file *file)
{
	int fd;

	if (IS_ERR(file))
		return;
	fd = get_unused_fd(fdt, 0, FDS, false);
	if (fd < 0)
		fput(file);
	else
		fd_install(fdt, fd, file);
}

static int take_type(struct input *in)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET,
				     SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };

	return types[take_below(in, ARRAY_SIZE(types))];
}

static void open_socket(struct input *in)
{
	install(socket_create(AF_UNIX, take_type(in), take_below(in, 3) / 2,
			      O_RDWR | O_NONBLOCK));
}

static void open_pair(struct input *in)
{
	struct file *ends[2];

	if (socket_create_pair(AF_UNIX, take_type(in), 0, O_RDWR | O_NONBLOCK,
			       ends))
		return;
	install(ends[0]);
	install(ends[1]);
}

static void close_one(struct input *in)
{
	(void)fd_close(fdt, take8(in) % FDS);
}

/* ---- Names --------------------------------------------------------------- */

static int take_name(struct input *in, struct sockaddr_any *addr)
{
	uint8_t shape = take8(in);
	const char *path = paths[shape / 4 % ARRAY_SIZE(paths)];
	int len;

	memset(addr, 0, sizeof(*addr));
	addr->family = AF_UNIX;
	switch (shape % 4) {
	case 0: /* none: one is made up */
		return 2;
	case 1: /* abstract */
		len = 1 + take_below(in, 4);
		take_bytes(in, addr->un.path + 1, len - 1);
		return 2 + len;
	default:
		strcpy(addr->un.path, path);
		len = 2 + (int)strlen(path) + 1;
	}
	if (shape >= 0xf0) {
		take_bytes(in, addr->bytes, take_below(in, 120));
		len = take8(in) % (sizeof(*addr) + 1);
	}
	return len;
}

static void name_socket(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockaddr_any addr;
	uint8_t what = take8(in);
	int len = take_name(in, &addr);

	if (!sock)
		return;
	switch (what % 6) {
	case 0 ... 1:
		(void)sock->ops->bind(sock, &addr, len);
		break;
	case 2 ... 3:
		(void)sock->ops->connect(sock, &addr, len, true);
		break;
	case 4:
		(void)sock->ops->listen(sock, take_near(in));
		break;
	default:
		len = sock->ops->getname(sock, &addr, what / 6 % 2);
		must(len <= (int)sizeof(addr), "unix: a name's length");
	}
	put_back(sock);
}

static void accept_one(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockaddr_any addr;
	int len;

	if (sock)
		install(socket_accept(sock, O_RDWR | O_NONBLOCK, &addr, &len));
	put_back(sock);
}

/* ---- Messages ------------------------------------------------------------ */

/* Descriptors, good ones mostly, and credentials, our own mostly. */
static void *take_control(struct input *in, size_t *len)
{
	uint8_t bytes[256] = { 0 }, *copy;
	size_t at = 0;

	for (unsigned int n = take_below(in, 3); n; n--) {
		uint8_t what = take8(in);
		int fds[8];
		struct sock_cred cred = scm_own_cred();
		struct cmsg cmsg = { .level = 1, .type = SCM_RIGHTS };
		unsigned int nr = 1 + what % ARRAY_SIZE(fds);

		for (unsigned int i = 0; i < nr; i++)
			fds[i] = take8(in) % FDS - (what >= 0xf0);
		if (what & 0x40) {
			cmsg.type = SCM_CREDENTIALS;
			nr = sizeof(cred) / sizeof(int);
			cred.uid += take8(in) == 1;
			memcpy(fds, &cred, sizeof(cred));
		}
		cmsg.len = sizeof(cmsg) + nr * sizeof(int);
		if (what >= 0xf8)
			cmsg.len += (size_t)take_near(in);
		memcpy(bytes + at, &cmsg, sizeof(cmsg));
		memcpy(bytes + at + sizeof(cmsg), fds, nr * sizeof(int));
		at += CMSG_ROOM(nr * sizeof(int));
	}
	*len = at;
	copy = malloc(MAX(at, (size_t)1));
	memcpy(copy, bytes, at);
	return copy;
}

static size_t take_length(struct input *in)
{
	uint8_t n = take8(in);

	return n < 0xc0 ? n : take16(in) * 4;
}

static void send_message(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockaddr_any addr;
	struct msg msg = { .flags = MSG_NOSIGNAL | MSG_DONTWAIT };
	uint8_t shape = take8(in);
	size_t len = take_length(in);
	struct iovec iov = { calloc(1, MAX(len, (size_t)1)), len };
	struct iov_iter iter;
	void *control = NULL;

	if (shape & 1) {
		msg.namelen = take_name(in, &addr);
		msg.name = &addr;
	}
	if (shape & 2) {
		control = take_control(in, &msg.controllen);
		msg.control = msg.controllen ? control : NULL;
	}
	if (shape >= 0xe0)
		msg.flags |= take32(in) & ~(uint32_t)MSG_WAITALL;
	iov_iter_init(&iter, &iov, 1, len, true);
	msg.iter = &iter;
	if (sock)
		(void)sock_sendmsg(sock, &msg);
	put_back(sock);
	free(control);
	free(iov.iov_base);
}

static void receive_message(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockaddr_any addr;
	struct msg msg = { .flags = MSG_DONTWAIT };
	uint8_t shape = take8(in);
	size_t len = take_length(in), room = take_below(in, 80);
	struct iovec iov = { calloc(1, MAX(len, (size_t)1)), len };
	void *control = malloc(MAX(room, (size_t)1));
	struct iov_iter iter;

	iov_iter_init(&iter, &iov, 1, len, true);
	msg.iter = &iter;
	msg.name = shape & 1 ? memset(&addr, 0, sizeof(addr)) : NULL;
	msg.control = shape & 2 ? control : NULL;
	msg.controllen = msg.control ? room : 0;
	msg.flags |= shape & 4 ? MSG_PEEK : 0;
	msg.flags |= shape & 8 ? MSG_TRUNC : 0;
	msg.flags |= shape & 16 ? MSG_CMSG_CLOEXEC : 0;
	if (sock)
		(void)sock_recvmsg(sock, &msg);
	put_back(sock);
	must(msg.namelen <= (int)sizeof(addr), "unix: a sender's length");
	free(control);
	free(iov.iov_base);
}

/* ---- The rest ------------------------------------------------------------ */

static void set_option(struct input *in)
{
	static const int names[] = {
		16, 17, 59, 34, 42, 4
	}; /* SO_PASSCRED... */
	struct socket *sock = pick(in);
	int name = names[take_below(in, ARRAY_SIZE(names))];
	int value = take_below(in, 3), len = take8(in) & 7 ? 4 : take_near(in);
	struct sockopt_value out = { 0 };

	if (!sock)
		return;
	(void)sock_setsockopt(sock, 1, name, &value, MIN(len, 4),
			      MAX(MIN(len, 4), 0));
	(void)sock_getsockopt(sock, 1, name, len, &out);
	put_back(sock);
}

static void other_call(struct input *in)
{
	static const unsigned int requests[] = { 0x541b, 0x5411, 0x894b, 0x8906,
						 0x8905 };
	struct socket *sock = pick(in);
	uint8_t what = take8(in);
	int value;

	if (!sock)
		return;
	switch (what % 5) {
	case 0:
		(void)sock->ops->shutdown(sock, what / 5 % 4);
		break;
	case 1:
		(void)sock->ops->poll(sock->file, sock, NULL);
		break;
	case 2:
		value = 0;
		(void)sock->ops->ioctl(
			sock, requests[what / 5 % ARRAY_SIZE(requests)],
			(unsigned long)&value);
		break;
	case 3:
		(void)vfs_unlink(vfs_root(), paths[what / 5 % 3]);
		break;
	default:
		fail_at = what / 5;
	}
	put_back(sock);
}

static void operation(struct input *in)
{
	static void (*const operations[])(struct input * in) = {
		open_socket, open_pair,	   close_one,	    name_socket,
		accept_one,  send_message, receive_message, set_option,
		other_call,  send_message, receive_message, name_socket,
	};

	operations[take_below(in, ARRAY_SIZE(operations))](in);
}

static void others(void)
{
	if (rest->left)
		operation(rest);
}

/* Whatever names the sockets got; directories stay. */
static void unlink_all(struct inode *dir)
{
	struct rb_node *node = rb_first(&dir->children);

	while (node) {
		struct inode *child = rb_entry(node, struct inode, node);

		node = rb_next(node);
		if (S_ISDIR(child->i_mode)) {
			unlink_all(child);
		} else {
			inode_remove(child);
			iput(child);
		}
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	file_init();
	socket_init();
	unix_init();
	process.rlimit[7].cur = FDS; /* RLIMIT_NOFILE */
	/* The directories of names are for ever. */
	inode_add_path(vfs_root(), "tmp", S_IFDIR | 0777);
	inode_add_path(vfs_root(), "run", S_IFDIR | 0777);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };
	long before = live_objects;

	rest = &in;
	fail_at = -1;
	fdt = fdtable_create();
	process.files = fdt;
	in_pause = others;
	for (int i = 0; i < OPERATIONS && in.left; i++)
		operation(&in);
	in_pause = NULL;
	fail_at = -1;
	must_equal(check_all(), 0, "unix: invariants that do not hold");
	fdtable_destroy(fdt);
	/* Whose last number is closed in flight is found by the next close. */
	fput(socket_create(AF_UNIX, SOCK_STREAM, 0, O_RDWR));
	unlink_all(vfs_root());
	must_equal(check_all(), 0, "unix: invariants at the end");
	must_equal(live_objects, before, "unix: objects at the end");
	return 0;
}
