/* SPDX-License-Identifier: MIT */
/*
 * struct socket under struct file: creation of sockets, and read, write, poll
 * and close of their descriptors. Thread context.
 */
#include "net/socket/socket.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/pipe/splice.h"
#include "net/socket/sock.h"
#include "net/socket/sock_ioctl.h"
#include "net/socket/sockopt_socket.h"

#define SOCKET_MODE 0140777 /* S_IFSOCK, as fstat(2) shows it on Linux */

static struct kmem_cache *cache;
static uint64_t last_ino;
static size_t nr_live;
static struct net_proto_family *families __ro_after_init;

void socket_init(void)
{
	cache = kmem_cache_create("socket", sizeof(struct socket), 0);
	if (!cache)
		panic("no memory for sockets");
	sockopt_socket_init();
}

size_t nr_sockets(void)
{
	return nr_live;
}

static struct socket *file_socket(const struct file *file)
{
	return file->private_data;
}

ssize_t sock_sendmsg(struct socket *sock, struct msg *msg)
{
	if (sock->file->f_flags & O_NONBLOCK)
		msg->flags |= MSG_DONTWAIT;
	return sock->ops->sendmsg(sock, msg);
}

ssize_t sock_recvmsg(struct socket *sock, struct msg *msg)
{
	if (sock->file->f_flags & O_NONBLOCK)
		msg->flags |= MSG_DONTWAIT;
	return sock->ops->recvmsg(sock, msg);
}

/* read(2) of 0 bytes returns 0 even when data waits, as on Linux. */
static ssize_t socket_read_iter(struct file *file, struct iov_iter *to,
				int64_t *pos)
{
	struct msg msg = { .iter = to };

	if (!to->count)
		return 0;
	return sock_recvmsg(file_socket(file), &msg);
}

static ssize_t socket_write_iter(struct file *file, struct iov_iter *from,
				 int64_t *pos)
{
	struct msg msg = { .iter = from };

	return sock_sendmsg(file_socket(file), &msg);
}

static ssize_t socket_splice_read(struct file *file, int64_t *pos,
				  struct pipe *pipe, size_t len,
				  unsigned int flags)
{
	struct socket *sock = file_socket(file);

	if (!sock->ops->splice_read)
		return copy_splice_read(file, pos, pipe, len, flags);
	return sock->ops->splice_read(sock, pipe, len, flags);
}

static ssize_t write_batch(struct file *file, struct iov_iter *from,
			   int64_t *pos, bool more)
{
	struct msg msg = {
		.iter = from,
		.flags = more ? MSG_MORE : 0,
		.is_spliced = true,
	};

	return sock_sendmsg(file_socket(file), &msg);
}

static size_t take_slots(struct file *file, struct pipe *pipe, size_t len)
{
	struct socket *sock = file_socket(file);

	return sock->ops->splice_take ?
		       sock->ops->splice_take(sock, pipe, len) :
		       0;
}

static ssize_t socket_splice_write(struct pipe *pipe, struct file *file,
				   int64_t *pos, size_t len, unsigned int flags)
{
	return splice_by_batches(pipe, file, pos, len, flags, take_slots,
				 write_batch);
}

static void socket_splice_eof(struct file *file)
{
	struct socket *sock = file_socket(file);

	if (sock->ops->splice_eof)
		sock->ops->splice_eof(sock);
}

static uint32_t socket_poll(struct file *file, struct poll_table *pt)
{
	struct socket *sock = file_socket(file);

	return sock->ops->poll(file, sock, pt);
}

static long socket_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return sock_ioctl(file_socket(file), cmd, arg);
}

static int socket_getattr(struct file *file, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_dev = DEV_ANON;
	st->st_ino = file_socket(file)->ino;
	st->st_nlink = 1;
	st->st_mode = SOCKET_MODE;
	st->st_blksize = PAGE_SIZE;
	return 0;
}

static void socket_free(struct socket *sock)
{
	ASSERT(!waitqueue_active(&sock->wq));
	nr_live--;
	kmem_cache_free(cache, sock);
}

static void socket_release(struct file *file)
{
	struct socket *sock = file_socket(file);

	sock->ops->release(sock);
	socket_free(sock);
}

static const struct file_operations socket_fops = {
	.read_iter = socket_read_iter,
	.write_iter = socket_write_iter,
	.splice_read = socket_splice_read,
	.splice_write = socket_splice_write,
	.splice_eof = socket_splice_eof,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.getattr = socket_getattr,
	.release = socket_release,
};

static struct socket *socket_alloc(int type)
{
	struct socket *sock = kmem_cache_zalloc(cache);

	if (!sock)
		return NULL;
	sock->state = SS_UNCONNECTED;
	sock->type = type;
	sock->ino = ++last_ino;
	nr_live++;
	init_waitqueue_head(&sock->wq);
	return sock;
}

/* A file for a socket that has its operations. NULL: sock is not freed. */
static struct file *socket_file(struct socket *sock, uint32_t f_flags)
{
	struct file *file = file_alloc_accepted(&socket_fops, sock, f_flags);

	if (!file)
		return NULL;
	file->f_name = "socket:";
	sock->file = file;
	return file;
}

struct socket *sock_from_file(struct file *file)
{
	return file->f_op == &socket_fops ? file_socket(file) : NULL;
}

void sock_register(struct net_proto_family *family)
{
	struct net_proto_family **at = &families;

	while (*at && *at != family)
		at = &(*at)->next;
	*at = family;
}

static const struct net_proto_family *find_family(int number)
{
	const struct net_proto_family *f = families;

	while (f && f->family != number)
		f = f->next;
	return f;
}

static int check_arguments(const struct net_proto_family *family, int type,
			   int protocol)
{
	if (type < 0 || type >= SOCK_MAX)
		return -EINVAL;
	if (!family)
		return -EAFNOSUPPORT;
	if (family->nr_protocols &&
	    (protocol < 0 || protocol >= family->nr_protocols))
		return -EINVAL;
	return 0;
}

/* A socket of the family, with operations and sock but no file; or ERR_PTR. */
static struct socket *socket_make(int family, int type, int protocol)
{
	const struct net_proto_family *f = find_family(family);
	int err = check_arguments(f, type, protocol);
	struct socket *sock;

	if (err)
		return ERR_PTR(err);
	sock = pages_are_low(ALLOC_FILE) ? NULL : socket_alloc(type);
	if (!sock)
		return ERR_PTR(-ENOBUFS);
	err = f->create(sock, protocol);
	if (!err)
		return sock;
	socket_free(sock);
	return ERR_PTR(err);
}

static void socket_unmake(struct socket *sock)
{
	sock->ops->release(sock);
	socket_free(sock);
}

struct file *socket_create(int family, int type, int protocol, uint32_t f_flags)
{
	struct socket *sock = socket_make(family, type, protocol);
	struct file *file;
	int err;

	if (IS_ERR(sock))
		return ERR_PTR(PTR_ERR(sock));
	file = socket_file(sock, f_flags);
	if (file)
		return file;
	err = file_alloc_error();
	socket_unmake(sock);
	return ERR_PTR(err);
}

/* Joined before either has a file: without files both can be unmade. */
int socket_create_pair(int family, int type, int protocol, uint32_t f_flags,
		       struct file *ends[2])
{
	struct socket *a = socket_make(family, type, protocol);
	struct socket *b;
	int err;

	if (IS_ERR(a))
		return PTR_ERR(a);
	b = socket_make(family, type, protocol);
	if (IS_ERR(b)) {
		socket_unmake(a);
		return PTR_ERR(b);
	}
	err = a->ops->pair ? a->ops->pair(a, b) : -EOPNOTSUPP;
	if (err)
		goto out_unmake;
	ends[0] = socket_file(a, f_flags);
	ends[1] = ends[0] ? socket_file(b, f_flags) : NULL;
	if (ends[1])
		return 0;
	err = file_alloc_error();
	if (ends[0])
		fput(ends[0]);
	else
		socket_unmake(a);
	socket_unmake(b);
	return err;

out_unmake:
	socket_unmake(a);
	socket_unmake(b);
	return err;
}

/*
 * The new file is made before the wait, so that a connection taken off the
 * queue is not lost for lack of a file.
 */
struct file *socket_accept(struct socket *sock, uint32_t f_flags,
			   struct sockaddr_any *addr, int *len)
{
	bool nonblock = sock->file->f_flags & O_NONBLOCK;
	struct socket *newsock = socket_alloc(sock->type);
	struct file *file;
	int err;

	if (!newsock)
		return ERR_PTR(-ENOBUFS);
	newsock->ops = sock->ops;
	file = socket_file(newsock, f_flags);
	if (!file) {
		socket_free(newsock);
		return ERR_PTR(file_alloc_error());
	}
	err = sock->ops->accept(sock, newsock, nonblock);
	if (!err && addr) {
		*len = newsock->ops->getname(newsock, addr, NAME_ACCEPTED);
		if (*len < 0)
			err = -ECONNABORTED;
	}
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return file;
}
