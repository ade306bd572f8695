/* SPDX-License-Identifier: MIT */
/*
 * struct sock: its defaults, its ties to a socket, and the five callbacks.
 */
#include "net/socket/sock.h"

#include <errno.h>
#include <string.h>

#include "kernel/fs/poll.h"
#include "kernel/task/clock.h"
#include "net/socket/socket.h"

void sock_init_data(struct socket *sock, struct sock *sk)
{
	sk->sk_state = TCP_CLOSE;
	sk->sk_family = AF_INET;
	sk->sk_rcvbuf = SOCK_DEFAULT_RCVBUF;
	sk->sk_sndbuf = SOCK_DEFAULT_SNDBUF;
	sk->sk_rcvlowat = 1;
	sk->sk_incoming_cpu = -1;
	sk->sk_txrehash = 1;
	sk->sk_rcvtimeo = UINT64_MAX;
	sk->sk_sndtimeo = UINT64_MAX;
	sk->sk_state_change = sock_def_wakeup;
	sk->sk_data_ready = sock_def_readable;
	sk->sk_write_space = sock_def_write_space;
	sk->sk_error_report = sock_def_error_report;
	sk->sk_destruct = sock_def_destruct;
	if (sock)
		sock_graft(sk, sock);
}

void sock_graft(struct sock *sk, struct socket *parent)
{
	sk->sk_socket = parent;
	sk->sk_wq = &parent->wq;
	sk->sk_type = parent->type;
	parent->sk = sk;
}

void sock_orphan(struct sock *sk)
{
	if (sk->sk_socket)
		sk->sk_socket->sk = NULL;
	sk->sk_socket = NULL;
	sk->sk_wq = NULL;
}

void sock_link(struct sock *sk, struct sock_list *list)
{
	struct sock *last = list_last_entry(&list->socks, struct sock, sk_node);
	bool is_first = list_empty(&list->socks);

	/* The newest is the rightmost. */
	rb_link_node(&sk->sk_rb, is_first ? NULL : &last->sk_rb,
		     is_first ? &list->tree.node : &last->sk_rb.right);
	rb_insert_color(&sk->sk_rb, &list->tree);
	sk->sk_serial = list->serial++;
	list_add_tail(&sk->sk_node, &list->socks);
	list->count++;
}

void sock_unlink(struct sock *sk, struct sock_list *list)
{
	rb_erase(&sk->sk_rb, &list->tree);
	list_del(&sk->sk_node);
	list->count--;
}

struct sock *sock_list_seek(const struct sock_list *list, uint64_t serial)
{
	struct rb_node *node = list->tree.node;
	struct sock *found = NULL;

	while (node) {
		struct sock *sk = rb_entry(node, struct sock, sk_rb);

		if (sk->sk_serial >= serial)
			found = sk;
		node = sk->sk_serial < serial ? node->right : node->left;
	}
	return found;
}

struct sock *sock_list_next(const struct sock_list *list, const struct sock *sk)
{
	if (sk->sk_node.next == &list->socks)
		return NULL;
	return list_entry(sk->sk_node.next, struct sock, sk_node);
}

/* Key 0 stands for all events: the socket's state has changed. */
void sock_def_wakeup(struct sock *sk)
{
	if (sk->sk_wq)
		wake_up_all(sk->sk_wq);
}

void sock_def_readable(struct sock *sk)
{
	if (sk->sk_wq)
		wake_up_poll(sk->sk_wq,
			     EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND);
}

void sock_def_write_space(struct sock *sk)
{
	if (sk->sk_wq)
		wake_up_poll(sk->sk_wq, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
}

void sock_def_error_report(struct sock *sk)
{
	if (sk->sk_wq)
		wake_up_poll(sk->sk_wq, EPOLLERR);
}

void sock_def_destruct(struct sock *sk)
{
}

static uint64_t deadline_after(uint64_t timeo)
{
	return timeo == UINT64_MAX ? UINT64_MAX : ktime_get_ns() + timeo;
}

uint64_t sock_rcv_deadline(const struct sock *sk, bool nonblock)
{
	return nonblock ? 0 : deadline_after(sk->sk_rcvtimeo);
}

uint64_t sock_snd_deadline(const struct sock *sk, bool nonblock)
{
	return nonblock ? 0 : deadline_after(sk->sk_sndtimeo);
}

int sock_no_accept(struct socket *sock, struct socket *newsock, bool nonblock)
{
	return -EOPNOTSUPP;
}

int sock_no_listen(struct socket *sock, int backlog)
{
	return -EOPNOTSUPP;
}

const char *sock_check(const struct sock *sk)
{
	const struct socket *sock = sk->sk_socket;

	if (sk->sk_wq != (sock ? &sock->wq : NULL) || (sock && sock->sk != sk))
		return "sock 1: a sock and its socket do not agree";
	return NULL;
}

const char *sock_list_check(const struct sock_list *list,
			    const char *(*more)(const struct sock *sk))
{
	const char *broken = NULL;
	const struct sock *sk;
	unsigned int n = 0;

	if (!list_is_intact(&list->socks))
		return "sock: the list of a protocol's socks is broken";
	list_for_each_entry(sk, &list->socks, sk_node) {
		n++;
		broken = sock_check(sk);
		if (!broken)
			broken = more(sk);
		if (broken)
			return broken;
	}
	return n == list->count ? NULL : "sock: a protocol's count is wrong";
}
