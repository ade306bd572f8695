/* SPDX-License-Identifier: MIT */
/* /proc/sys/net. */
#ifndef NET_PROC_PROC_SYSCTL_H
#define NET_PROC_PROC_SYSCTL_H

int net_sysctl_init(void);

#endif
