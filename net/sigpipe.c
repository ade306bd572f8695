/* SPDX-License-Identifier: MIT */
/*
 * The one signal that sockets send: to whoever writes to a stream that takes
 * nothing any more. In a file of its own because <linux/signal.h> and the C
 * library's headers exclude each other in the tests on the host.
 */
#include <linux/signal.h>

#include "kernel/task/thread.h"
#include "net/sock.h"

void sock_send_sigpipe(void)
{
	send_signal(current, SIGPIPE);
}
