/* SPDX-License-Identifier: MIT */
/*
 * Streams of AF_INET as the application has them, above TCP.
 */
#ifndef NET_TCP_INET_STREAM_H
#define NET_TCP_INET_STREAM_H

#include "net/socket/socket.h"

extern const struct proto_ops inet_stream_ops;

#endif
