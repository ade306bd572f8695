/* SPDX-License-Identifier: MIT */
/*
 * The system calls of files, sockets and events: the kernel's own functions,
 * by number.
 */
#include <errno.h>
#include <asm/unistd_64.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/sys/syscall.h"
#include "kernel/task/process.h"
#include "machine/parts.h"
#include "net/socket/sock.h"
#include "net/socket/socket.h"

#define NR_CALLS 512

static syscall_fn table[NR_CALLS];
static struct process process;

struct process *the_process(void)
{
	return &process;
}

void calls_up(void)
{
	static const struct syscall_entry *const families[] = {
		syscalls_file, syscalls_poll, syscalls_socket, syscalls_message,
		syscalls_splice
	};

	process.files = fdtable_create();
	for (unsigned int i = 0; i < NR_RLIMITS; i++)
		process.rlimit[i] = (struct rlimit_pair){ FD_LIMIT_MAX,
							  FD_LIMIT_MAX };
	for (unsigned int i = 0; i < ARRAY_SIZE(families); i++) {
		for (const struct syscall_entry *e = families[i]; e->fn; e++)
			table[e->nr] = e->fn;
	}
}

long calls_enter(long nr, const uint64_t args[6])
{
	long ret = -ENOSYS;

	if (nr >= 0 && nr < NR_CALLS && table[nr])
		ret = table[nr](args[0], args[1], args[2], args[3], args[4],
				args[5]);
	sched_leave_call();
	return ret;
}

/* Asking for room is a promise of the kernel's to tell; here it is not. */
uint32_t calls_poll_mask(int fd)
{
	struct file *file = fd_lookup(process.files, fd);
	struct socket *sock = file ? sock_from_file(file) : NULL;
	uint32_t flags, mask;

	if (!file)
		return 0;
	if (!sock)
		return vfs_poll(file, NULL);
	flags = sock->sk->sk_flags;
	mask = vfs_poll(file, NULL);
	sock->sk->sk_flags = flags;
	return mask;
}
