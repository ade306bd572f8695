/* SPDX-License-Identifier: MIT */
/*
 * Signals that sockets send: SIGPIPE for a write to a stream that is shut down
 * for sending, SIGURG for the owner of a socket with urgent data. A file of
 * its own because <linux/signal.h> and the C library's headers exclude each
 * other in the tests on the host.
 */
#include "net/socket/sock_signal.h"

#include <linux/signal.h>

#include "kernel/fs/file.h"
#include "kernel/task/process.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "net/socket/sock.h"
#include "net/socket/socket.h"

void sock_send_sigpipe(void)
{
	send_signal(current, SIGPIPE);
}

void sock_send_sigurg(const struct sock *sk)
{
	const struct signal_info info = { .sig = SIGURG, .code = SI_KERNEL };
	const struct socket *sock = sk->sk_socket;

	if (sock && sock->file && sock->file->f_owner)
		send_process_signal(the_process(), &info);
}
