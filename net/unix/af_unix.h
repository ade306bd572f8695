/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX as the socket layer sees it.
 */
#ifndef NET_UNIX_AF_UNIX_H
#define NET_UNIX_AF_UNIX_H

/* At the start: the family, its names, /tmp and /run. */
void unix_init(void);

#endif
