/* SPDX-License-Identifier: MIT */
/*
 * What travels beside the bytes of a message: descriptors and credentials,
 * as unix(7) and cmsg(3) describe them.
 */
#ifndef NET_SOCKET_SCM_H
#define NET_SOCKET_SCM_H

#include "kernel/base.h"
#include "kernel/lib/list.h"

struct file;
struct msg;
struct sock;

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define SCM_MAX_FD 253 /* unix(7) */

struct sock_cred { /* struct ucred */
	int pid;
	uint32_t uid;
	uint32_t gid;
};

_Static_assert(sizeof(struct sock_cred) == 12, "as in <sys/socket.h>");

/* Open files; holds a reference to each. */
struct scm_files {
	struct list_head node; /* while they wait to be put */
	unsigned int count;
	struct file *file[];
};

struct scm {
	struct sock_cred cred;
	bool has_cred;
	struct scm_files *files; /* NULL: none */
};

struct sock_cred scm_own_cred(void);

/*
 * Parses msg->control, which is kernel memory here, and sets all of *scm.
 * On error (-EINVAL, -EBADF, -EPERM, -ENOMEM) no reference is held.
 */
int scm_send(const struct msg *msg, struct scm *scm);
/*
 * Writes *scm to the receiver's control buffer, installs the descriptors and
 * consumes *scm.
 */
void scm_recv(const struct sock *sk, struct msg *msg, struct scm *scm,
	      uint32_t flags);

struct scm_files *scm_files_dup(const struct scm_files *files);
/* NULL is fine. */
void scm_files_put(struct scm_files *files);

#endif
