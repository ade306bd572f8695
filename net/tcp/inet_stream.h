/* SPDX-License-Identifier: MIT */
/*
 * System calls on AF_INET stream sockets, above TCP.
 */
#ifndef NET_TCP_INET_STREAM_H
#define NET_TCP_INET_STREAM_H

#include "net/socket/socket.h"

extern const struct proto_ops inet_stream_ops;

#endif
