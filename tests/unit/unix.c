/* SPDX-License-Identifier: MIT */
/* unit: net/unix/unix.c net/unix/unix_names.c net/unix/unix_stream.c */
/* unit: net/unix/unix_dgram.c net/unix/unix_gc.c */
/* unit: net/socket/sockbuf.c net/socket/cmsg.c net/socket/scm.c */
/* unit: net/socket/socket.c net/socket/sock.c net/socket/sockopt.c */
/* unit: net/socket/sock_stamp.c kernel/fs/mksock.c */
/* unit: kernel/fs/inode.c kernel/fs/namei.c kernel/fs/modify.c */
/* unit: kernel/fs/file.c kernel/fs/fdtable.c */
/* unit: kernel/pipe/pipe.c kernel/pipe/pipe_buf.c kernel/pipe/splice.c */
/* unit: kernel/pipe/splice_pipe.c */
/* unit: kernel/fs/read_write.c kernel/fs/iov_iter.c kernel/fs/open.c */
/* unit: kernel/task/wait.c kernel/lib/rbtree.c */
/*
 * AF_UNIX sockets with each allocation in turn failing: an error comes out,
 * what was sent arrives or does not, and when all is closed, sockets in
 * flight and in cycles included, every byte is back.
 */
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/check.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/mksock.h"
#include "lib/fake_unix.h"
#include "net/socket/scm.h"
#include "net/socket/sock.h"
#include "net/unix/unix.h"

/* ---- Calls --------------------------------------------------------------- */

static struct fdtable *fdt;
static char out[100000], in[100000];

static struct socket *sock_of(int fd)
{
	return sock_from_file(fd_lookup(fdt, fd));
}

static int install(struct file *file)
{
	int fd;

	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd(fdt, 0, 1024, false);
	if (fd < 0)
		fput(file);
	else
		fd_install(fdt, fd, file);
	return fd;
}

static int pair(int type, int s[2])
{
	struct file *ends[2];
	int err = socket_create_pair(AF_UNIX, type, 0, O_RDWR | O_NONBLOCK,
				     ends);

	if (err)
		return err;
	s[0] = install(ends[0]);
	s[1] = install(ends[1]);
	return s[0] < 0 || s[1] < 0 ? -ENOMEM : 0;
}

/* With the descriptor pass, if it is one. */
static ssize_t put(int fd, size_t len, int pass)
{
	struct {
		size_t len;
		int level, type;
		int fd, pad;
	} control = { 20, 1, SCM_RIGHTS, pass, 0 };
	struct iovec iov = { out, len };
	struct iov_iter iter;
	struct msg msg = { .iter = &iter, .flags = MSG_NOSIGNAL };

	iov_iter_init(&iter, &iov, 1, len, true);
	if (pass >= 0) {
		msg.control = &control;
		msg.controllen = sizeof(control);
	}
	return sock_sendmsg(sock_of(fd), &msg);
}

/* *passed: a descriptor that came along, or -1. */
static ssize_t take(int fd, size_t len, uint32_t flags, int *passed)
{
	char control[64] = { 0 };
	struct iovec iov = { in, len };
	struct iov_iter iter;
	struct msg msg = { .iter = &iter,
			   .flags = flags,
			   .control = control,
			   .controllen = sizeof(control) };
	ssize_t n;

	iov_iter_init(&iter, &iov, 1, len, true);
	n = sock_recvmsg(sock_of(fd), &msg);
	*passed = -1;
	if (n >= 0 && msg.controllen < sizeof(control))
		memcpy(passed, control + 16, sizeof(*passed));
	return n;
}

static int address(struct sockaddr_any *addr, const char *name)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = AF_UNIX;
	strcpy(addr->un.path, name);
	return 2 + (name[0] ? strlen(name) + 1 : 0);
}

static int open_socket(int type)
{
	return install(socket_create(AF_UNIX, type, 0, O_RDWR | O_NONBLOCK));
}

static int bind_to(int fd, const char *name)
{
	struct sockaddr_any addr;
	int len = address(&addr, name);

	return sock_of(fd)->ops->bind(sock_of(fd), &addr, len);
}

static int connect_to(int fd, const char *name)
{
	struct sockaddr_any addr;
	int len = address(&addr, name);

	return sock_of(fd)->ops->connect(sock_of(fd), &addr, len, true);
}

/* ---- Scenarios: 0 when all went well, else the first error --------------- */

#define TRY(call)                              \
	do {                                   \
		long ret = (call);             \
		if (ret < 0 && ret != -EAGAIN) \
			return ret;            \
	} while (0)

static int stream(void)
{
	int s[2], fd;

	TRY(pair(SOCK_STREAM, s));
	TRY(put(s[0], 60000, -1));
	TRY(put(s[0], 10, s[0]));
	TRY(take(s[1], 60000, MSG_PEEK, &fd));
	TRY(take(s[1], sizeof(in), 0, &fd));
	if (fd >= 0 && memcmp(in, out, 60000))
		return -EBADMSG;
	TRY(put(s[1], 10, s[1])); /* never received */
	TRY(put(s[1], 70000, -1));
	return 0;
}

static int datagrams(void)
{
	int s[2], fd, a;

	TRY(pair(SOCK_DGRAM, s));
	TRY(put(s[0], 50000, s[1]));
	TRY(put(s[0], 0, -1));
	TRY(take(s[1], 10, MSG_PEEK, &fd));
	TRY(take(s[1], 50000, 0, &fd));
	a = open_socket(SOCK_DGRAM);
	TRY(a);
	TRY(bind_to(a, ""));
	TRY(bind_to(s[0], "/tmp/d"));
	TRY(connect_to(a, "/tmp/d") == -EPERM ? 0 : -EBADMSG);
	return 0;
}

/* A socket with a name is closed, and a message of it is still unread. */
static int sender_gone(void)
{
	int s[2], fd;

	TRY(pair(SOCK_DGRAM, s));
	TRY(bind_to(s[0], "/tmp/d"));
	TRY(put(s[0], 10, -1));
	fd_close(fdt, s[0]);
	TRY(check_all() ? -EIO : 0);
	TRY(take(s[1], 10, 0, &fd));
	return 0;
}

static int connections(void)
{
	int l = open_socket(SOCK_SEQPACKET), c, d;
	struct file *file;

	TRY(l);
	TRY(bind_to(l, "/run/l"));
	TRY(sock_of(l)->ops->listen(sock_of(l), 5));
	c = open_socket(SOCK_SEQPACKET);
	TRY(c);
	d = open_socket(SOCK_SEQPACKET);
	TRY(d);
	TRY(connect_to(c, "/run/l"));
	TRY(connect_to(d, "/run/l"));
	TRY(put(c, 100, l));
	TRY(put(d, 100, d));
	file = socket_accept(sock_of(l), O_RDWR | O_NONBLOCK, NULL, NULL);
	TRY(install(file));
	return 0;
}

/* Sockets in queues of sockets in queues: only messages hold them. */
static int cycles(void)
{
	int a[2], b[2], last[2];

	TRY(pair(SOCK_STREAM, a));
	TRY(pair(SOCK_SEQPACKET, b));
	TRY(put(a[0], 1, b[1]));
	TRY(put(b[0], 1, a[1]));
	TRY(put(a[0], 1, a[1]));
	fd_close(fdt, a[1]);
	fd_close(fdt, b[1]);
	TRY(pair(SOCK_STREAM, last));
	for (int i = 0; i < 50; i++) {
		int next[2];

		TRY(pair(SOCK_STREAM, next));
		TRY(put(next[0], 1, last[1]));
		fd_close(fdt, last[0]);
		fd_close(fdt, last[1]);
		memcpy(last, next, sizeof(last));
	}
	return 0;
}

/* ---- Others while the collector looks ------------------------------------ */

/*
 * What a program does at random, in the collector's pauses too, beside a model
 * that knows what is in which queue: what can be reached is never lost.
 */
#define QUEUE_MAX 32
#define LISTENERS 4
#define OBJECTS_MAX 2000

struct object {
	int peer;
	bool listens;
	int queue[QUEUE_MAX]; /* objects passed, or connections that wait */
	unsigned int queued;
};

static struct object objects[OBJECTS_MAX];
static int nr_objects;
static int object_of[1024]; /* by descriptor */
static int open_fds[1024], nr_open;
static long nr_lost, nr_paused;
static uint64_t state;

static unsigned int draw(unsigned int n)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (state >> 33) % n;
}

static int new_object(int peer, bool listens)
{
	objects[nr_objects] = (struct object){ .peer = peer,
					       .listens = listens };
	return nr_objects++;
}

static void opened(int fd, int object)
{
	object_of[fd] = object;
	open_fds[nr_open++] = fd;
}

static void push(struct object *o, int what)
{
	o->queue[o->queued++] = what;
}

static int pop(struct object *o)
{
	int first = o->queue[0];

	memmove(o->queue, o->queue + 1, --o->queued * sizeof(int));
	return first;
}

static void make_pair(void)
{
	int s[2], n = nr_objects;

	if (pair(SOCK_SEQPACKET, s))
		bail_out("no pair");
	opened(s[0], new_object(n + 1, false));
	opened(s[1], new_object(n, false));
}

static const char *name_of(unsigned int slot)
{
	static const char *const names[LISTENERS] = { "/tmp/a", "/tmp/b",
						      "/tmp/c", "/tmp/d" };

	return names[slot];
}

static int listener_at[LISTENERS];

static void make_listener(unsigned int slot)
{
	int fd = open_socket(SOCK_SEQPACKET);

	vfs_unlink(vfs_root(), name_of(slot));
	if (bind_to(fd, name_of(slot)) ||
	    sock_of(fd)->ops->listen(sock_of(fd), 5))
		bail_out("no listener");
	listener_at[slot] = new_object(-1, true);
	opened(fd, listener_at[slot]);
}

static void make_connection(unsigned int slot)
{
	int fd = open_socket(SOCK_SEQPACKET), n = nr_objects;

	if (connect_to(fd, name_of(slot))) {
		fd_close(fdt, fd);
		return;
	}
	opened(fd, new_object(n + 1, false));
	push(&objects[listener_at[slot]], new_object(n, false));
}

static void send_one(int fd, int what)
{
	const struct object *o = &objects[object_of[fd]];

	if (!o->listens && objects[o->peer].queued < QUEUE_MAX &&
	    put(fd, 1, what) == 1)
		push(&objects[o->peer], object_of[what]);
}

static void accept_one(int fd, struct object *o)
{
	struct file *file = socket_accept(sock_of(fd), O_RDWR | O_NONBLOCK,
					  NULL, NULL);

	if (IS_ERR(file) != !o->queued)
		nr_lost++;
	else if (o->queued)
		opened(install(file), pop(o));
}

static void receive_one(int fd, uint32_t flags)
{
	struct object *o = &objects[object_of[fd]];
	int passed;
	ssize_t n;

	if (o->listens) {
		accept_one(fd, o);
		return;
	}
	n = take(fd, 1, flags, &passed);
	if (n == -ECONNRESET)
		n = take(fd, 1, flags, &passed);
	if (!o->queued)
		return;
	if (n != 1 || passed < 0)
		nr_lost++;
	else
		opened(passed, flags & MSG_PEEK ? o->queue[0] : pop(o));
}

static void close_one(unsigned int i)
{
	int fd = open_fds[i];

	open_fds[i] = open_fds[--nr_open];
	fd_close(fdt, fd);
}

static void do_something(void)
{
	unsigned int what = draw(16);

	if (nr_open < 4 || (what == 0 && nr_open < 40))
		make_pair();
	else if (what == 1 && nr_open < 40)
		make_listener(draw(LISTENERS));
	else if (what < 4 && nr_open < 40)
		make_connection(draw(LISTENERS));
	else if (what < 8)
		send_one(open_fds[draw(nr_open)], open_fds[draw(nr_open)]);
	else if (what < 11 && nr_open < 60)
		receive_one(open_fds[draw(nr_open)], what == 10 ? MSG_PEEK : 0);
	else
		close_one(draw(nr_open));
}

static void others(void)
{
	nr_paused++;
	if (nr_objects < OBJECTS_MAX / 2 && !draw(4))
		do_something();
}

static int crowd(void)
{
	nr_open = nr_objects = 0;
	for (unsigned int i = 0; i < LISTENERS; i++)
		make_listener(i);
	in_pause = others;
	for (int i = 0; i < 300; i++)
		do_something();
	in_pause = NULL;
	return 0;
}

/* ---- All of them --------------------------------------------------------- */

static int run(int (*scenario)(void), long fail)
{
	static const char *const nodes[] = { "/tmp/a", "/tmp/b", "/tmp/c",
					     "/tmp/d", "/run/l" };
	int err;

	fail_at = -1;
	fdt = fdtable_create();
	process.files = fdt;
	fail_at = fail;
	err = scenario();
	fail_at = -1;
	fdtable_destroy(fdt);
	/* Whose last number is closed in flight is found by the next close. */
	fput(socket_create(AF_UNIX, SOCK_STREAM, 0, O_RDWR));
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		vfs_unlink(vfs_root(), nodes[i]);
	return err;
}

static void test_scenario(int (*scenario)(void), const char *name)
{
	long before = live_objects;
	bool balanced = true, told = true;
	long n = 0;
	int err;

	is(run(scenario, -1), 0, "%s: goes well", name);
	is(live_objects - before, 0, "%s: everything is given back", name);
	for (;; n++) {
		err = run(scenario, n);
		balanced &= live_objects == before;
		if (!err)
			break;
		told &= err == -ENOMEM || err == -ENOBUFS || err == -EBADMSG;
	}
	ok(n > 5 && told, "%s: short of memory in %ld places, it says so", name,
	   n);
	ok(balanced, "%s: and nothing leaks", name);
}

static void test_crowd(void)
{
	long before = live_objects, i;

	for (i = 0; i < 300 && !nr_lost && live_objects == before; i++) {
		state = i;
		run(crowd, -1);
	}
	is(nr_lost, 0, "crowd: what can be reached is never lost (seed %ld)",
	   i - 1);
	ok(nr_paused > 1000, "crowd: others ran %ld times meanwhile",
	   nr_paused);
	is(live_objects - before, 0, "crowd: everything is given back");
}

int main(void)
{
	file_init();
	socket_init();
	unix_init();
	process.rlimit[7].cur = 1024; /* RLIMIT_NOFILE */
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 251;
	test_scenario(stream, "stream");
	test_scenario(datagrams, "datagrams");
	test_scenario(sender_gone, "sender gone");
	test_scenario(connections, "connections");
	test_scenario(cycles, "cycles");
	test_crowd();
	is(check_all(), 0, "all invariants hold at the end");
	return done_testing();
}
