/* SPDX-License-Identifier: MIT */
/*
 * Names of AF_UNIX sockets, unix(7): abstract ones, in a table per socket type
 * that this file owns, and path names, which are inodes of the file system.
 * An inode outlives its socket until it is unlinked. Thread context.
 */
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#include "kernel/fs/inode.h"
#include "kernel/fs/mksock.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/open.h"
#include "kernel/mm/slab.h"
#include "kernel/random.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "net/unix/unix.h"

#define TABLE_SIZE 256
#define AUTOBIND_NAMES 0x100000 /* five hexadecimal digits */
#define AUTOBIND_LEN (UNIX_PATH_OFFSET + 1 + 5)

static struct list_head abstract_names[TABLE_SIZE];

/* Programs put sockets there, whether the image has the folder or not. */
static void make_directory(const char *name, uint32_t mode)
{
	struct inode *dir = inode_make_dir(vfs_root(), name, strlen(name));

	if (!IS_ERR(dir))
		dir->i_mode = S_IFDIR | mode;
}

void unix_names_init(void)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		INIT_LIST_HEAD(&abstract_names[i]);
	make_directory("tmp", 01777);
	make_directory("run", 0755);
}

/* ---- Addresses ----------------------------------------------------------- */

int unix_check_address(const struct sockaddr_any *addr, int len)
{
	if (len <= UNIX_PATH_OFFSET || len > (int)sizeof(addr->un) ||
	    addr->family != AF_UNIX)
		return -EINVAL;
	return 0;
}

static struct unix_address *address_alloc(const struct unix_name *name, int len)
{
	struct unix_address *addr = kzalloc(sizeof(*addr));

	if (!addr)
		return NULL;
	addr->refs = 1;
	addr->len = len;
	memcpy(addr->bytes, name, MIN((size_t)len, sizeof(*name)));
	return addr;
}

void unix_address_put(struct unix_address *addr)
{
	if (addr && !--addr->refs)
		kfree(addr);
}

/* ---- Abstract names ------------------------------------------------------ */

static struct list_head *bucket(const struct unix_name *name, int len, int type)
{
	const uint8_t *p = (const uint8_t *)name;
	uint32_t hash = type;

	for (int i = UNIX_PATH_OFFSET; i < len; i++)
		hash = hash * 31 + p[i];
	return &abstract_names[(hash ^ hash >> 8) % TABLE_SIZE];
}

static struct unix_sock *find_abstract(const struct unix_name *name, int len,
				       int type)
{
	struct unix_sock *u;

	list_for_each_entry(u, bucket(name, len, type), bound) {
		if (u->sk.sk_type == type && u->addr->len == len &&
		    !memcmp(&u->addr->name, name, len))
			return u;
	}
	return NULL;
}

static int bind_abstract(struct unix_sock *u, const struct unix_name *name,
			 int len)
{
	int type = u->sk.sk_type;

	if (u->addr)
		return -EINVAL;
	if (find_abstract(name, len, type))
		return -EADDRINUSE;
	u->addr = address_alloc(name, len);
	if (!u->addr)
		return -ENOMEM;
	list_add(&u->bound, bucket(name, len, type));
	return 0;
}

int unix_autobind(struct unix_sock *u)
{
	struct unix_name name = { .family = AF_UNIX };
	uint32_t start = random_u32();
	char digits[6];
	int err;

	if (u->addr)
		return 0;
	for (uint32_t i = 0; i < AUTOBIND_NAMES; i++) {
		snprintf(digits, sizeof(digits), "%05x",
			 (start + i) % AUTOBIND_NAMES);
		memcpy(name.path + 1, digits, 5);
		err = bind_abstract(u, &name, AUTOBIND_LEN);
		if (err != -EADDRINUSE)
			return err;
		cond_resched();
		if (u->addr) /* by another thread */
			return 0;
	}
	return -ENOSPC;
}

int unix_autobind_for_cred(struct unix_sock *u)
{
	return sock_flag(&u->sk, SOCK_F_PASSCRED) ? unix_autobind(u) : 0;
}

/* ---- Path names ---------------------------------------------------------- */

/*
 * The stored name ends with NUL even if the given one did not. The inode is
 * made first because errors of the path precede EINVAL.
 */
static int bind_path(struct unix_sock *u, const struct unix_name *name, int len)
{
	char path[sizeof(name->path) + 1] = { 0 };
	struct unix_address *addr;
	struct inode *inode;
	int err;

	memcpy(path, name->path, len - UNIX_PATH_OFFSET);
	err = vfs_mksock(vfs_cwd(), path, 0777 & ~the_process()->umask, &inode);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	len = UNIX_PATH_OFFSET + strlen(path) + 1;
	addr = u->addr ? NULL : address_alloc(name, len);
	if (!addr) {
		inode_unlink(inode);
		iput(inode);
		return u->addr ? -EINVAL : -ENOMEM;
	}
	u->addr = addr;
	u->inode = inode;
	inode->i_private = (uintptr_t)u;
	return 0;
}

static struct unix_sock *find_path(const struct unix_name *name, int len,
				   int type)
{
	char path[sizeof(name->path) + 1] = { 0 };
	struct inode *inode;
	struct unix_sock *u = NULL;
	int err;

	memcpy(path, name->path, len - UNIX_PATH_OFFSET);
	err = path_lookup(vfs_cwd(), path, LOOKUP_FOLLOW, &inode);
	if (err)
		return ERR_PTR(err);
	if (S_ISSOCK(inode->i_mode)) {
		err = inode_access(inode, 2 /* W_OK */);
		u = (struct unix_sock *)inode->i_private;
	}
	iput(inode);
	if (err)
		return ERR_PTR(err);
	if (!u)
		return ERR_PTR(-ECONNREFUSED);
	return u->sk.sk_type == type ? u : ERR_PTR(-EPROTOTYPE);
}

/* ---- Both ---------------------------------------------------------------- */

int unix_bind(struct socket *sock, const struct sockaddr_any *addr, int len)
{
	struct unix_sock *u = unix_sk(sock->sk);
	int err;

	if (len == UNIX_PATH_OFFSET && addr->family == AF_UNIX)
		return unix_autobind(u);
	err = unix_check_address(addr, len);
	if (err)
		return err;
	if (addr->un.path[0])
		return bind_path(u, &addr->un, len);
	return bind_abstract(u, &addr->un, len);
}

/* addr stays: it is the source address of messages still queued. */
void unix_unbind(struct unix_sock *u)
{
	list_del_init(&u->bound);
	if (!u->inode)
		return;
	u->inode->i_private = 0;
	iput(u->inode);
	u->inode = NULL;
}

struct unix_sock *unix_find(const struct sockaddr_any *addr, int len, int type)
{
	struct unix_sock *u;

	if (addr->un.path[0]) {
		u = find_path(&addr->un, len, type);
		if (IS_ERR(u))
			return u;
	} else {
		u = find_abstract(&addr->un, len, type);
		if (!u)
			return ERR_PTR(-ECONNREFUSED);
	}
	return unix_get(u);
}
