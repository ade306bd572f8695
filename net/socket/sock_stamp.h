/* SPDX-License-Identifier: MIT */
/* The control messages of SO_TIMESTAMP, SO_TIMESTAMPNS and SO_TIMESTAMPING. */
#ifndef NET_SOCKET_SOCK_STAMP_H
#define NET_SOCKET_SOCK_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct msg;
struct sock;

/*
 * Writes those that the sock's options ask for. stamp: when software received
 * the message, CLOCK_REALTIME in nanoseconds. false: they ask for none.
 */
bool sock_put_stamps(struct sock *sk, struct msg *msg, uint64_t stamp);

#endif
