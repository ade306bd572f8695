/* SPDX-License-Identifier: MIT */
/*
 * Control messages: from a buffer of ring 3 to open files and credentials,
 * and back. Owns files that are to be closed. Thread context.
 *
 * Closing a file can close a socket whose messages hold files, and so on: the
 * application can make the chain as long as it likes. To bound the kernel's
 * stack, nested calls only queue their files, and the thread's outermost call
 * empties the queue. Each thread has its own queue, because a close may sleep
 * (SO_LINGER), and only the closing thread may wait for it.
 */
#include "net/socket/scm.h"

#include <asm/resource.h>
#include <asm/socket.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "net/socket/cmsg.h"
#include "net/socket/sock.h"
#include "net/socket/socket.h"

#define OVERFLOW_ID 65534 /* "nobody": the sender is not known */

struct sock_cred scm_own_cred(void)
{
	return (struct sock_cred){ APP_PID, APP_UID, APP_GID };
}

/* ---- Files --------------------------------------------------------------- */

static void put_all(struct list_head *doomed)
{
	while (!list_empty(doomed)) {
		struct scm_files *files = list_first_entry(
			doomed, struct scm_files, node);

		list_del(&files->node);
		for (unsigned int i = 0; i < files->count; i++)
			fput(files->file[i]);
		kfree(files);
	}
}

void scm_files_put(struct scm_files *files)
{
	LIST_HEAD(doomed);

	if (!files)
		return;
	if (current->doomed) {
		list_add_tail(&files->node, current->doomed);
		return;
	}
	list_add(&files->node, &doomed);
	current->doomed = &doomed;
	put_all(&doomed);
	current->doomed = NULL;
}

static size_t files_size(unsigned int n)
{
	return sizeof(struct scm_files) + n * sizeof(struct file *);
}

struct scm_files *scm_files_dup(const struct scm_files *files)
{
	struct scm_files *copy = kmalloc(files_size(files->count));

	if (!copy)
		return NULL;
	copy->count = files->count;
	for (unsigned int i = 0; i < files->count; i++)
		copy->file[i] = get_file(files->file[i]);
	return copy;
}

/* ---- Sending ------------------------------------------------------------- */

/* Room for n more: the control messages of one call add up. */
static int files_grow(struct scm *scm, unsigned int n)
{
	unsigned int have = scm->files ? scm->files->count : 0;
	struct scm_files *files;

	if (have + n > SCM_MAX_FD)
		return -EINVAL;
	files = krealloc(scm->files, files_size(have + n));
	if (!files)
		return -ENOMEM;
	files->count = have;
	scm->files = files;
	return 0;
}

static int take_rights(struct scm *scm, const void *data, size_t len)
{
	size_t n = len / sizeof(int);
	int err;

	if (!n)
		return 0;
	if (n > SCM_MAX_FD)
		return -EINVAL;
	err = files_grow(scm, n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		struct file *file;
		int fd;

		memcpy(&fd, (const char *)data + i * sizeof(fd), sizeof(fd));
		file = fd < 0 ? NULL : fget(the_process()->files, fd);
		if (!file)
			return -EBADF;
		scm->files->file[scm->files->count++] = file;
	}
	return 0;
}

/* Without capabilities, only the caller's own credentials are allowed. */
static int take_credentials(struct scm *scm, const void *data, size_t len)
{
	struct sock_cred own = scm_own_cred();

	if (len != sizeof(scm->cred))
		return -EINVAL;
	memcpy(&scm->cred, data, len);
	scm->has_cred = true;
	return memcmp(&scm->cred, &own, sizeof(own)) ? -EPERM : 0;
}

static int take_one(struct scm *scm, const struct cmsg *cmsg, const void *data)
{
	size_t len = cmsg->len - sizeof(*cmsg);

	if (cmsg->level != SOL_SOCKET)
		return 0;
	switch (cmsg->type) {
	case SCM_RIGHTS:
		return take_rights(scm, data, len);
	case SCM_CREDENTIALS:
		return take_credentials(scm, data, len);
	default:
		return -EINVAL;
	}
}

int scm_send(const struct msg *msg, struct scm *scm)
{
	const char *at = msg->control;
	size_t left = msg->controllen;
	const void *data;
	struct cmsg cmsg;
	int err;

	memset(scm, 0, sizeof(*scm));
	while ((err = next_cmsg(&at, &left, &cmsg, &data)) > 0) {
		err = take_one(scm, &cmsg, data);
		if (err)
			break;
	}
	if (err) {
		scm_files_put(scm->files);
		scm->files = NULL;
	}
	return err;
}

/* ---- Receiving ----------------------------------------------------------- */

/* Installs a descriptor and stores it at *to: 0, -EMFILE, -EFAULT. */
static int put_fd(struct file *file, int *to, bool cloexec)
{
	struct process *process = the_process();
	uint64_t limit = process->rlimit[RLIMIT_NOFILE].cur;
	int fd = get_unused_fd(process->files, 0,
			       MIN(limit, (uint64_t)FD_LIMIT_MAX), cloexec);

	if (fd < 0)
		return fd;
	if (put_user(fd, to)) {
		put_unused_fd(process->files, fd);
		return -EFAULT;
	}
	fd_install(process->files, fd, get_file(file));
	return 0;
}

static void put_rights(struct msg *msg, const struct scm_files *files,
		       bool cloexec)
{
	struct cmsg cmsg = { 0, SOL_SOCKET, SCM_RIGHTS };
	int *data = (int *)((char *)msg->control + sizeof(cmsg));
	size_t room = msg->controllen > sizeof(cmsg) ?
			      (msg->controllen - sizeof(cmsg)) / sizeof(int) :
			      0;
	size_t n = MIN(room, (size_t)files->count);
	size_t i;

	for (i = 0; i < n; i++) {
		if (put_fd(files->file[i], data + i, cloexec))
			break;
	}
	if (i < files->count)
		msg->flags |= MSG_CTRUNC;
	cmsg.len = sizeof(cmsg) + i * sizeof(int);
	if (!i || copy_to_user(msg->control, &cmsg, sizeof(cmsg)))
		return;
	room = MIN(CMSG_ROOM(i * sizeof(int)), msg->controllen);
	msg->control = (char *)msg->control + room;
	msg->controllen -= room;
}

void scm_recv(const struct sock *sk, struct msg *msg, struct scm *scm,
	      uint32_t flags)
{
	bool wants_cred = sock_flag(sk, SOCK_F_PASSCRED);

	if (!msg->control) {
		if (wants_cred || scm->files)
			msg->flags |= MSG_CTRUNC;
		goto out;
	}
	if (wants_cred) {
		if (!scm->has_cred)
			scm->cred = (struct sock_cred){ 0, OVERFLOW_ID,
							OVERFLOW_ID };
		put_cmsg(msg, SOL_SOCKET, SCM_CREDENTIALS, &scm->cred,
			 sizeof(scm->cred));
	}
	if (scm->files)
		put_rights(msg, scm->files, flags & MSG_CMSG_CLOEXEC);
out:
	scm_files_put(scm->files);
	scm->files = NULL;
}
